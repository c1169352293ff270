//! Choosing while learning: policies that try arms, see what each brings, and choose better the next time. Every policy says
//! with what probability it would choose each arm, and a choice is drawn from exactly these probabilities: they are logged, and
//! `policy` can later say from the log what another way of choosing would have brought.
//!
//! What is not here: who may be reached at all, and the storing of what was learnt.

mod choose;
mod greedy;
mod lab;
mod linear;
mod logistic;
pub mod simulate;
mod thompson;
mod tree;

pub use choose::{Bandit, Choice, Context, Slate, choose, slate};
pub use greedy::{EpsilonGreedy, Ucb1};
pub use lab::{MODEL, TREE_MODEL};
pub use linear::LinUcb;
pub use logistic::LogisticThompson;
pub use thompson::{BetaThompson, GaussianThompson, chances_best};
pub use tree::{Attribute, AttributeTree, Condition, Growth, History};
