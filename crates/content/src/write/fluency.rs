//! How smoothly a text reads, by what stands beside what in texts that read well: three units in a row, interpolated after Witten
//! and Bell (1991, method C), figures and names all alike. Learned in milliseconds, so it is never stored. Not here: whether what
//! is said is true.

use rustc_hash::FxHashMap;

use super::grammar::{Facet, Grammar, Piece, Slot};
use super::parts::units;
use crate::brief::Lang;

/// Stands before and behind a sentence, and for every figure or name.
const EDGE: &str = "\u{2}";
pub(super) const FIGURE: &str = "0";
/// Units of a text that are weighed.
const UNITS_MAX: usize = 2_000;
/// Standard deviations below other texts at which a text counts for nothing.
const N_DEVIATIONS: f64 = 4.0;

/// How often a context was followed by anything, and by how many different units.
#[derive(Clone, Copy, Debug, Default)]
struct Followed {
    n: u32,
    n_different: u32,
}

/// Counts of units by the one or two before them.
#[derive(Debug, Default)]
struct Counts {
    numbers: FxHashMap<String, u32>,
    threes: FxHashMap<[u32; 3], u32>,
    twos: FxHashMap<[u32; 2], u32>,
    ones: FxHashMap<u32, u32>,
    behind_two: FxHashMap<[u32; 2], Followed>,
    behind_one: FxHashMap<u32, Followed>,
    n: u32,
}

impl Counts {
    fn of<'t>(texts: impl Iterator<Item = &'t str>) -> Counts {
        let mut counts = Counts::default();
        for text in texts {
            let row: Vec<u32> = read(text).into_iter().map(|unit| counts.number(unit)).collect();
            row.windows(3).for_each(|three| counts.add([three[0], three[1], three[2]]));
        }
        counts
    }

    fn number(&mut self, unit: String) -> u32 {
        let next = self.numbers.len() as u32 + 1;
        *self.numbers.entry(unit).or_insert(next)
    }

    fn add(&mut self, [a, b, c]: [u32; 3]) {
        let three = self.threes.entry([a, b, c]).or_default();
        *three += 1;
        let behind = self.behind_two.entry([a, b]).or_default();
        (behind.n, behind.n_different) = (behind.n + 1, behind.n_different + u32::from(*three == 1));
        let two = self.twos.entry([b, c]).or_default();
        *two += 1;
        let behind = self.behind_one.entry(b).or_default();
        (behind.n, behind.n_different) = (behind.n + 1, behind.n_different + u32::from(*two == 1));
        *self.ones.entry(c).or_default() += 1;
        self.n += 1;
    }

    fn probability(&self, [a, b, c]: [u32; 3]) -> f64 {
        let mixed = |count: Option<&u32>, behind: Option<&Followed>, rest: f64| {
            let behind = behind.copied().unwrap_or_default();
            let (n, t) = (f64::from(behind.n), f64::from(behind.n_different));
            if behind.n == 0 { rest } else { (f64::from(count.copied().unwrap_or(0)) + t * rest) / (n + t) }
        };
        // One more for what was never met.
        let n_units = self.numbers.len() as f64 + 1.0;
        let one = (f64::from(self.ones.get(&c).copied().unwrap_or(0)) + 1.0) / (f64::from(self.n) + n_units);
        let two = mixed(self.twos.get(&[b, c]), self.behind_one.get(&b), one);
        mixed(self.threes.get(&[a, b, c]), self.behind_two.get(&[a, b]), two)
    }

    /// The mean natural logarithm of a unit's probability; none for a text without units.
    fn mean(&self, text: &str) -> Option<f64> {
        let row: Vec<u32> = read(text).iter().map(|unit| self.numbers.get(unit).copied().unwrap_or(0)).collect();
        let logarithms: Vec<f64> =
            row.windows(3).map(|three| self.probability([three[0], three[1], three[2]]).ln()).collect();
        (!logarithms.is_empty()).then(|| logarithms.iter().sum::<f64>() / logarithms.len() as f64)
    }
}

/// A measure of how smoothly sentences read.
#[derive(Debug)]
pub struct Fluency {
    counts: Counts,
    /// Of the mean log-probability of sentences that were not learned from: one half of them by the other.
    mean: f64,
    deviation: f64,
}

impl Fluency {
    /// Learns from sentences; of each the figures should stand out as digits.
    pub fn learn<S: AsRef<str>>(texts: &[S]) -> Fluency {
        let half = |odd: usize| texts.iter().skip(odd).step_by(2).map(AsRef::as_ref);
        let of_half = |odd: usize| {
            let counts = Counts::of(half(1 - odd));
            half(odd).filter_map(|text| counts.mean(text)).collect::<Vec<f64>>()
        };
        let seen = [of_half(0), of_half(1)].concat();
        let n = seen.len().max(1) as f64;
        let mean = seen.iter().sum::<f64>() / n;
        let deviation = (seen.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / n).sqrt().max(0.1);
        Fluency { counts: Counts::of(texts.iter().map(AsRef::as_ref)), mean, deviation }
    }

    /// By the sentences of the grammar of a language, their places filled alike: what there is before a shop has texts.
    pub fn of_grammar(lang: Lang) -> Fluency {
        let words = |piece: &Piece| match piece {
            Piece::Words(words) => *words,
            Piece::Slot(Slot::Agreeing(one, _)) => *one,
            Piece::Slot(Slot::Point(_, Facet::Means)) => "means",
            Piece::Slot(Slot::Point(_, Facet::Helps)) => "helps",
            Piece::Slot(Slot::Point(_, Facet::There)) => "there is",
            Piece::Slot(Slot::Specs) => "",
            _ => FIGURE,
        };
        let said = |pieces: &[Piece]| pieces.iter().map(words).collect::<String>().replace("a(n) ", "a ");
        let texts: Vec<String> = Grammar::of(lang).ways_of_all().map(|way| said(&way.pieces)).collect();
        Fluency::learn(&texts)
    }

    /// How a sentence reads, 0 to 1: 1 as well as others of its kind on the average or better, 0 four deviations below them.
    pub fn score(&self, text: &str) -> f64 {
        let below = |found: f64| (self.mean - found) / (N_DEVIATIONS * self.deviation);
        self.counts.mean(text).map_or(0.0, |found| (1.0 - below(found)).clamp(0.0, 1.0))
    }
}

/// The units of a text between edges, what has digits all alike.
fn read(text: &str) -> Vec<String> {
    let mut row = vec![EDGE.to_owned(), EDGE.to_owned()];
    for unit in units(text).into_iter().take(UNITS_MAX) {
        let is_figure = unit.bytes().any(|byte| byte.is_ascii_digit());
        let unit = if is_figure { FIGURE.to_owned() } else { unit.trim_start_matches('\u{2581}').to_lowercase() };
        // Of a figure in several parts one is enough; spaces tell nothing.
        let is_again = is_figure && row.last().is_some_and(|last| last == FIGURE);
        if !unit.is_empty() && !is_again {
            row.push(unit);
        }
    }
    if row.len() > 2 {
        row.push(EDGE.to_owned());
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one() {
        let counts = Counts::of(["a b c", "a b d", "b c"].into_iter());
        let all: Vec<u32> = (0..=counts.numbers.len() as u32).collect();
        for a in &all {
            for b in &all {
                let sum: f64 = all.iter().map(|c| counts.probability([*a, *b, *c])).sum();
                assert!((sum - 1.0).abs() < 1e-9, "{a} {b}: {sum}");
            }
        }
    }

    /// P(b | edge a) by hand: `a` follows the edge twice, and is followed twice, each time by `b`.
    #[test]
    fn a_probability_by_hand() {
        let counts = Counts::of(["a b", "a b"].into_iter());
        let id = |unit: &str| counts.numbers[unit];
        let one = (2.0 + 1.0) / (6.0 + 4.0);
        let two = (2.0 + one) / 3.0;
        let three = (2.0 + two) / 3.0;
        assert!((counts.probability([id(EDGE), id("a"), id("b")]) - three).abs() < 1e-12);
    }

    #[test]
    fn what_is_said_in_order_reads_better() {
        for (lang, good, bad) in [
            (Lang::Zh, "看中了就加进购物车。", "车物购进加就了中看。"),
            (Lang::Zh, "0上架了，0，0。", "0，了0架上，。0"),
            (Lang::En, "Have a look at the 0.", "Look the a have 0 at."),
        ] {
            let fluency = Fluency::of_grammar(lang);
            assert!(
                fluency.score(good) > fluency.score(bad) + 0.1,
                "{good}: {} {}",
                fluency.score(good),
                fluency.score(bad)
            );
        }
        assert_eq!(Fluency::of_grammar(Lang::Zh).score(""), 0.0);
    }
}
