//! From a fitted model to a list: filters, rules, retail terms, diversity and exploration, as one additive score.
//!
//! The score of an item is the exact sum of named terms. The model's part is divided by its best score among what may
//! be shown, so that every weight of the [`Policy`] reads "of the best model score". Each value is rounded to a multiple
//! of 2⁻³² and kept within ±2¹⁷, so `f64` sums are exact in any order and an [`Answer`] can be checked to the bit.
//!
//! Filters and rules are bitmaps inside the selection: n items come back whenever n are eligible. The propensity of each
//! place is known, and `(Request, Versions)` replays the answer exactly.
//!
//! Not here: learning (models, [`crate::retail`]) and words for people ([`crate::explain`]).

mod allocate;
mod answer;
mod board;
mod catalogue;
mod policy;
mod ranker;
mod rules;
mod select;
mod terms;
#[cfg(test)]
mod tests;

pub use allocate::{Allocation, allocate};
pub use answer::{Answer, AnswerItem, AuditError, Filters, OwnEvent, Request, Term, TermName, Versions};
pub use catalogue::Catalogue;
pub(crate) use catalogue::key;
pub use policy::{ALLOCATION, DIVERSITY, EXPLORATION, MARGIN, POPULARITY_TERM, Policy, PolicyError, STOCK, term_cards};
pub use ranker::{ColdStart, RankError, Ranker, RankerParts};
pub use rules::{Action, CapBy, Rule, RuleError, check_rules};

/// How alike two items are, 0 to 1, for diversity.
pub trait Similarity: Send + Sync {
    fn similarity(&self, a: u32, b: u32) -> f64;
}

/// Rounds to the score's grid: a multiple of 2⁻³² within ±2¹⁷. Not a number counts as 0.
pub(crate) fn grid(value: f64) -> f64 {
    // Adding 1.5 · 2²⁰ leaves exactly 32 binary places in a double's 52.
    const SHIFT: f64 = 1.5 * (1u64 << 20) as f64;
    const LIMIT: f64 = (1u64 << 17) as f64;
    if value.is_nan() { 0.0 } else { (value.clamp(-LIMIT, LIMIT) + SHIFT) - SHIFT }
}

#[cfg(test)]
mod grid_tests {
    use super::grid;

    #[test]
    fn the_grid_is_exact() {
        for value in [0.1, -0.3, 1.0 / 3.0, 1e5, -1e-7, 1e-12, 1e300] {
            let on = grid(value);
            assert_eq!((on * 4_294_967_296.0).fract(), 0.0, "{value}");
            assert!(value.abs() > 1e6 || (on - value).abs() <= 0.5 / 4_294_967_296.0, "{value} {on}");
        }
        assert_eq!(grid(f64::NAN), 0.0);
        let sum: f64 = (1..1000).map(|at| grid(1.0 / f64::from(at))).sum();
        let back: f64 = (1..1000).rev().map(|at| grid(1.0 / f64::from(at))).sum();
        assert_eq!(sum, back);
    }
}
