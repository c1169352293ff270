//! What would another way of choosing have brought? Off-policy evaluation: from rounds in which one policy chose, and wrote
//! down with what probability, the value of a policy that never ran; with intervals, and a refusal where the log says too
//! little of it. Policies that learn while they choose are in `bandit`.

pub mod evaluate;
mod lab;
pub mod reward;
pub mod rounds;
pub mod simulate;

pub use evaluate::{Estimator, Evaluation, Interval, bootstrap, estimates, evaluate};
pub use lab::MODEL;
pub use reward::{CellPolicy, RewardTable};
pub use rounds::{Choices, Predicted, Rounds, Weights};
