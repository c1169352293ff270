//! What every model of this crate gives back beside its own numbers: effects with intervals, what they rest on, what
//! speaks against them and what would change them. A model that has too little to go on refuses, and says why.

use domain::Text;
use serde::Serialize;

/// A quantity that was estimated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    pub value: f64,
    /// The interval's ends: `low ≤ value ≤ high`.
    pub low: f64,
    pub high: f64,
    /// The share of such intervals that hold the truth, 0.9 for 90 %.
    pub level: f64,
}

impl Estimate {
    /// Known exactly: an interval of no width.
    pub fn exact(value: f64) -> Self {
        Estimate { value, low: value, high: value, level: 1.0 }
    }

    /// A share of `n`, by Wilson (1927), Journal of the American Statistical Association 22; from 0 to 1 where `n` is 0.
    pub fn share(k: f64, n: f64, level: f64) -> Self {
        if n <= 0.0 {
            return Estimate { value: 0.0, low: 0.0, high: 1.0, level };
        }
        let (p, z) = (k / n, math::distributions::normal_quantile(0.5 + level / 2.0));
        let centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
        Estimate { value: p, low: (centre - half).clamp(0.0, p), high: (centre + half).clamp(p, 1.0), level }
    }

    /// The same in another unit, or of the other sign.
    pub fn scaled(self, factor: f64) -> Self {
        let (a, b) = (self.low * factor, self.high * factor);
        Estimate { value: self.value * factor, low: a.min(b), high: a.max(b), level: self.level }
    }
}

/// Whether there is enough to decide on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Enough,
    /// An answer is given, with its caveats first.
    Thin,
    /// No answer: it would be a guess.
    Refused,
}

/// What an answer rests on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Support {
    pub verdict: Verdict,
    /// Rows that took part.
    pub n: usize,
    /// As many equally weighted rows would say as much (Kish 1965): (Σw)² / Σw².
    pub effective_n: f64,
    /// The share of rows for which both treatments, or all actions, were possible at all.
    pub overlap: Option<f64>,
    /// Probability of a split between groups as uneven as the one found, if the assignment worked as planned.
    pub sample_ratio_p: Option<f64>,
}

impl Support {
    /// All rows count alike, and there are enough of them.
    pub fn of(n: usize) -> Self {
        Support { verdict: Verdict::Enough, n, effective_n: n as f64, overlap: None, sample_ratio_p: None }
    }
}

/// Something that speaks against trusting the answer as it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Caveat {
    /// A stable name for programs: `few_rows`, `no_convergence`, `collinear_channels` …
    pub kind: &'static str,
    pub text: Text,
}

impl Caveat {
    pub fn new(kind: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Caveat { kind, text: Text::new(zh, en) }
    }
}

/// What a model says, with everything that is needed to judge it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer<T> {
    /// `None` exactly when the support's verdict is [`Verdict::Refused`].
    pub value: Option<T>,
    pub support: Support,
    pub caveats: Vec<Caveat>,
    /// What would change the answer: more rows of a kind, an experiment, a price that moves.
    pub would_change: Vec<Text>,
}

impl<T> Answer<T> {
    pub fn given(value: T, support: Support) -> Self {
        debug_assert!(support.verdict != Verdict::Refused);
        Answer { value: Some(value), support, caveats: Vec::new(), would_change: Vec::new() }
    }

    /// No answer, and why.
    pub fn refused(support: Support, why: Caveat) -> Self {
        let support = Support { verdict: Verdict::Refused, ..support };
        Answer { value: None, support, caveats: vec![why], would_change: Vec::new() }
    }

    /// Adds something that speaks against the answer; it is thin from then on.
    #[must_use]
    pub fn doubted(mut self, caveat: Caveat) -> Self {
        if self.support.verdict == Verdict::Enough {
            self.support.verdict = Verdict::Thin;
        }
        self.caveats.push(caveat);
        self
    }

    #[must_use]
    pub fn changed_by(mut self, what: Text) -> Self {
        self.would_change.push(what);
        self
    }
}

/// Kish's effective sample size of `weights`; 0 for none.
pub fn effective_n(weights: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut squares) = (0.0, 0.0);
    for weight in weights {
        sum += weight;
        squares += weight * weight;
    }
    if squares > 0.0 { sum * sum / squares } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_weights_count_whole_and_one_large_weight_counts_as_one() {
        assert_eq!(effective_n([2.0; 50]), 50.0);
        assert!(effective_n(std::iter::once(1e6).chain([1.0; 99])) < 1.001);
        assert_eq!(effective_n([]), 0.0);
    }

    /// R's prop.test(15, 50, conf.level = 0.95, correct = FALSE): 0.191 to 0.438.
    #[test]
    fn a_share_has_the_interval_of_wilson() {
        let share = Estimate::share(15.0, 50.0, 0.95);
        assert!((share.low - 0.191).abs() < 5e-4 && (share.high - 0.438).abs() < 5e-4, "{share:?}");
        assert_eq!(Estimate::share(0.0, 0.0, 0.9).high, 1.0);
        assert_eq!((Estimate::share(0.0, 9.0, 0.9).low, Estimate::share(9.0, 9.0, 0.9).high), (0.0, 1.0));
    }

    #[test]
    fn a_negative_factor_turns_the_interval_round() {
        let gain = Estimate { value: 2.0, low: 1.0, high: 4.0, level: 0.9 };
        assert_eq!(gain.scaled(-10.0), Estimate { value: -20.0, low: -40.0, high: -10.0, level: 0.9 });
    }

    #[test]
    fn doubts_make_an_answer_thin_and_a_refusal_stays_one() {
        let doubt = || Caveat::new("few_rows", "行数太少", "few rows");
        assert_eq!(Answer::given(1, Support::of(3)).doubted(doubt()).support.verdict, Verdict::Thin);
        let refused = Answer::<i32>::refused(Support::of(3), doubt()).doubted(doubt());
        assert_eq!((refused.value, refused.support.verdict, refused.caveats.len()), (None, Verdict::Refused, 2));
    }
}
