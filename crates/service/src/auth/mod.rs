//! Who may do what: API keys with scopes, the console's password and its sessions, and the limits that slow guessing.
//! No HTTP here; `api/access.rs` reads the headers.

pub mod keys;
pub mod limits;
pub mod password;
pub mod sessions;

pub use keys::{NewKey, Scope};
