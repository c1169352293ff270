//! What a price does: how sales answer to it (own price and that of what could be bought instead), how prices fall over a
//! product's life, and at what prices stock is best sold before the successor comes.
//!
//! Not here: which prices the law or a contract allows, and costs of changing them.

pub mod decay;
pub mod elasticity;
mod lab;
pub mod markdown;

pub use decay::{DecayPoint, decay};
pub use elasticity::{Elasticities, GroupElasticity, Sales, elasticities};
pub use lab::{ELASTICITY, MARKDOWN};
pub use markdown::{Clearance, Schedule, Stock, clear, over_hold_at};
