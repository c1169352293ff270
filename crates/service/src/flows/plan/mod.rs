//! Plans from the shop's own tables: what will sell, what customers will be worth, where money should go, and whether it
//! worked. Each is one model of the crate `strategy` on rows that the engine added up, answered with intervals, with what
//! it rests on, and with the free baseline beside it.
//!
//! What is not here: the models, and any decision (a plan says what is to be expected, a person decides).

pub mod attribution;
pub mod budget;
pub mod crowd;
pub mod customers;
pub mod experiment;
mod festivals;
pub mod forecast;
mod kept;
pub mod launch;
pub mod launch_desk;
mod made;
pub mod measures;
mod periods;
pub mod price;
pub mod promotions;
pub mod selling_points;
mod told;
pub mod trade_in;
pub mod treat;

pub use self::festivals::FestivalAhead;
pub use self::periods::Step;
pub use self::told::{Backing, Doubt, Interval};
