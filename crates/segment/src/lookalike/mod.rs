//! From a seed audience to more customers like it: every customer scored by likeness, by one of two methods, whichever
//! finds more of seeds that it was not shown.
//!
//! [`Taste`] compares histories through vectors of items: whom do the seeds' tastes point to? [`Logistic`] tells seeds from
//! the rest by features. Customers who are no seeds count as different although some are alike; scores rank them well all
//! the same, and are no probabilities of anything. What is not here: who may be written to (consent), and the choice of
//! seeds.

mod card;
mod choose;
mod judge;
mod logistic;
mod taste;

pub use card::CARD;
pub use choose::{Audience, Likeness, Lookalike, LookalikeOptions, MethodEvaluation, Ranked, look_alike};
pub use judge::{Evaluation, Lift, evaluate};
pub use logistic::{ClassWeight, Logistic, LogisticOptions};
pub use taste::{ItemVectors, Taste};
