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
        let mut backing = Backing {
            verdict: verdict.to_owned(),
            n: answer.support.n as u64,
            caveats: Vec::new(),
            would_change: answer.would_change.iter().cloned().map(Text::from).collect(),
        };
        for caveat in &answer.caveats {
            backing.caveats.push(Doubt { kind: caveat.kind.to_owned(), text: caveat.text.clone().into() });
        }
        backing
    }

    /// Says that there is nothing to plan with, and what would help.
    pub fn refused(kind: &str, zh: impl Into<String>, en: impl Into<String>) -> Backing {
        Backing { verdict: "refused".to_owned(), n: 0, caveats: Vec::new(), would_change: Vec::new() }.but(kind, zh, en)
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

    pub fn is_refused(&self) -> bool {
        self.verdict == "refused"
    }
}
