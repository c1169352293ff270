//! What every plan says beside its figures, as the API sends it: intervals, what the answer rests on, what speaks against it.

use serde::{Deserialize, Serialize};
use strategy::{Answer, Estimate, Verdict};
use utoipa::ToSchema;

use crate::flows::segment::Text;

/// A figure that was estimated: the truth lies between `low` and `high` in the share `level` of such answers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = PlanInterval)]
pub struct Interval {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    pub level: f64,
}

impl From<Estimate> for Interval {
    fn from(estimate: Estimate) -> Self {
        let Estimate { value, low, high, level } = estimate;
        Interval { value, low, high, level }
    }
}

/// Something that speaks against trusting the answer as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Doubt {
    pub kind: String,
    pub text: Text,
}

/// What an answer rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Backing {
    /// `enough`, `thin` (an answer with doubts) or `refused` (no answer: it would be a guess).
    pub verdict: String,
    /// Rows that took part.
    pub n: u64,
    /// As many equally weighted rows would say as much, where rows count differently.
    pub effective_n: Option<f64>,
    /// The share of rows for which both treatments, or all actions, were possible at all.
    pub overlap: Option<f64>,
    /// Probability of a split between groups as uneven as the one found, if they were drawn as planned.
    pub sample_ratio_p: Option<f64>,
    pub caveats: Vec<Doubt>,
    /// What would change the answer: more rows of a kind, an experiment.
    pub would_change: Vec<Text>,
}

impl Backing {
    pub fn of<T>(answer: &Answer<T>) -> Backing {
        let verdict = match answer.support.verdict {
            Verdict::Enough => "enough",
            Verdict::Thin => "thin",
            Verdict::Refused => "refused",
        };
        let support = &answer.support;
        let mut backing = Backing {
            verdict: verdict.to_owned(),
            effective_n: (support.effective_n != support.n as f64).then_some(support.effective_n),
            overlap: support.overlap,
            sample_ratio_p: support.sample_ratio_p,
            would_change: answer.would_change.iter().cloned().map(Text::from).collect(),
            ..Backing::enough(support.n as u64)
        };
        for caveat in &answer.caveats {
            backing.caveats.push(Doubt { kind: caveat.kind.to_owned(), text: caveat.text.clone().into() });
        }
        backing
    }

    /// `n` rows, against which nothing speaks.
    pub fn enough(n: u64) -> Backing {
        Backing {
            verdict: "enough".to_owned(),
            n,
            effective_n: None,
            overlap: None,
            sample_ratio_p: None,
            caveats: Vec::new(),
            would_change: Vec::new(),
        }
    }

    /// Says that there is nothing to plan with, and what would help.
    pub fn refused(kind: &str, zh: impl Into<String>, en: impl Into<String>) -> Backing {
        Backing { verdict: "refused".to_owned(), ..Backing::enough(0) }.but(kind, zh, en)
    }

    /// Adds a doubt; what was enough is thin from then on.
    #[must_use]
    pub fn but(mut self, kind: &str, zh: impl Into<String>, en: impl Into<String>) -> Backing {
        if self.verdict == "enough" {
            "thin".clone_into(&mut self.verdict);
        }
        self.caveats.push(Doubt { kind: kind.to_owned(), text: Text { zh: zh.into(), en: en.into() } });
        self
    }

    /// Adds what would change the answer.
    #[must_use]
    pub fn changed_by(mut self, zh: impl Into<String>, en: impl Into<String>) -> Backing {
        self.would_change.push(Text { zh: zh.into(), en: en.into() });
        self
    }

    pub fn is_refused(&self) -> bool {
        self.verdict == "refused"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strategy::Support;

    #[test]
    fn the_support_check_is_handed_on() {
        let support =
            Support { effective_n: 2.0, overlap: Some(0.4), sample_ratio_p: Some(0.01), ..Support::of(10_000) };
        let backing = Backing::of(&Answer::given((), support));
        assert_eq!((backing.n, backing.effective_n), (10_000, Some(2.0)));
        assert_eq!((backing.overlap, backing.sample_ratio_p), (Some(0.4), Some(0.01)));
        // Where all rows count alike, that is one figure.
        assert_eq!(Backing::of(&Answer::given((), Support::of(7))).effective_n, None);
    }
}
