//! The life of a product line: generations that take over from one another, how many own which, who moves from which to which
//! and when, who skips one, and when the old one's stock stops selling.
//!
//! Norton and Bass (1987), A diffusion theory model of adoption and substitution for successive generations of high-technology
//! products, Management Science 33 (how many use which); Jiang and Jain (2012), A generalized Norton–Bass model for multigeneration
//! diffusion, Management Science 58 (who leapfrogs and who switches, so that it can be fitted to sales).
//!
//! Beside it, of what the shop itself saw: when owners replace what they own (`replace`), and how an old generation's sales run
//! off (`run_off`).
//!
//! Not here: which customer owns what.

mod fit;
mod lab;
mod line;
mod replace;
mod run_off;

pub use fit::{Fitted, Generation, Observed, Outlook, fit};
pub use lab::GENERATIONS;
pub use line::{Flow, Line};
pub use replace::{AGES_MAX, Ages, Replacing, replacing};
pub use run_off::{Exit, RunOff, Succession, run_off};
