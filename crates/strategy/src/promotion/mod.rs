//! What past promotions brought once everything is counted: sales beside what the same days would have sold, less what customers
//! held back before and bought ahead of time.
//!
//! One regression over all days of the shop: level, trend, a yearly wave, the days of the week, and for every promotion three
//! shifts, of its own days, of those before and of those after. The effect is what its days sold over what the rest says, the net
//! effect with the days around it. Intervals from the noise of ordinary days: its variance grows with the mean, and neighbouring
//! days are alike (their correlations with the weights of Newey and West 1987, Econometrica 55). A shift of a whole block takes
//! the block's own noise with it, so that noise is never read off the promotion's days.
//!
//! On the parts of the effect: van Heerde, Leeflang and Wittink (2004), Decomposing the sales promotion bump with store data,
//! Marketing Science 23.
//!
//! Not here: which products were on offer, and money that came back.

mod lab;
mod ledger;

pub use lab::PROMOTIONS;
pub use ledger::{Effect, Ledger, LedgerSettings, OCCASIONS_MAX, Occasion, ledger};
