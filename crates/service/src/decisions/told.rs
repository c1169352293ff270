//! A decision as the API and the console show it: what to do, what it is expected to bring and how sure that is, what it rests on.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::flows::plan::{Backing, Interval};
use crate::flows::segment::Text;

/// A figure of a decision and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = DecisionFigure)]
pub struct Figure {
    pub label: Text,
    pub value: f64,
    /// `money` (hundredths of the currency), `share`, `count`, `days` or `number`.
    pub unit: String,
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// The statement over the shop's tables that it is the answer of.
    pub sql: Option<String>,
    /// The request of the API that it is taken from.
    pub api: Option<String>,
}

impl Figure {
    pub fn new(zh: &str, en: &str, value: f64, unit: &str) -> Figure {
        let label = Text { zh: zh.to_owned(), en: en.to_owned() };
        Figure { label, value, unit: unit.to_owned(), low: None, high: None, sql: None, api: None }
    }

    #[must_use]
    pub fn within(mut self, interval: Interval) -> Figure {
        (self.value, self.low, self.high) = (interval.value, Some(interval.low), Some(interval.high));
        self
    }

    #[must_use]
    pub fn by_sql(mut self, sql: &str) -> Figure {
        self.sql = Some(sql.split_whitespace().collect::<Vec<_>>().join(" "));
        self
    }

    #[must_use]
    pub fn by_api(mut self, api: &str) -> Figure {
        self.api = Some(api.to_owned());
        self
    }
}

/// What passed a gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = DecisionGate)]
pub struct GateTrace {
    /// `matches`, `eligible`, `fits`, `ranks` or `reconciled`.
    pub gate: String,
    pub text: Text,
    /// Customers left behind it.
    pub n: u64,
}

/// Something to decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    pub id: String,
    /// What stays the same from day to day: the kind, and what it is about.
    pub key: String,
    pub kind: String,
    pub day: String,
    pub title: Text,
    /// Figures stand in it as `{0}`, `{1}` …
    pub paragraph: Text,
    pub figures: Vec<Figure>,
    /// What happens when it is accepted.
    pub next: Text,
    /// Who is asked: `marketing`, `buying`, `service` or `management`.
    pub who: String,
    /// Expected, in hundredths of the currency, after costs; absent where nothing tells.
    pub gain_cents: Option<Interval>,
    /// `margin` or `sales`.
    pub gain_of: String,
    pub cost_cents: f64,
    /// Days in which the gain is expected to come.
    pub within_days: i32,
    /// Those on its list, with those left out as a control group.
    pub n_customers: Option<u64>,
    pub n_control: Option<u64>,
    pub gates: Vec<GateTrace>,
    /// The page of the console that tells more.
    pub page: Option<String>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// A kind of decision that has nothing to say today, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = DecisionQuiet)]
pub struct Quiet {
    pub kind: String,
    pub why: Text,
}

impl Quiet {
    pub fn new(kind: &str, zh: impl Into<String>, en: impl Into<String>) -> Quiet {
        Quiet { kind: kind.to_owned(), why: Text { zh: zh.into(), en: en.into() } }
    }
}

/// Somebody on the list of a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// The decision's id.
    pub decision: String,
    pub customer_id: String,
    pub channel: String,
    pub product_id: Option<String>,
    /// Left out, as a control.
    pub is_control: bool,
    /// The chance with which this one came to be where it is.
    pub propensity: f64,
    pub cost_cents: f64,
}

/// What was found out about a day.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub decisions: Vec<Decision>,
    pub quiet: Vec<Quiet>,
    pub listed: Vec<Listed>,
}
