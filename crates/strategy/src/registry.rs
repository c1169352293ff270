//! The list of all models, one line each, and what each offers to the lab, the command line and the console: a card, and
//! a run on a table of named columns. Each model's own module also has typed functions with everything it can tell.

use domain::{Card, Kind, Param, Settings, Text};
use serde::Serialize;

use crate::{Answer, Estimate, StrategyError, Table};

/// One model of the registry.
pub struct Model {
    pub card: &'static Card,
    /// Columns the table must have, each with what it holds; the lab and the console tell them.
    pub columns: &'static [(&'static str, &'static str)],
    pub run: fn(&Table, &Settings, &RunOptions) -> Result<Answer<Report>, StrategyError>,
}

/// What a run needs beyond rows and settings.
#[derive(Clone)]
pub struct RunOptions<'a> {
    pub seed: u64,
    pub n_threads: usize,
    /// Called now and then with the share done, 0 to 1; returning `false` cancels the run.
    pub progress: &'a (dyn Fn(f64) -> bool + Sync),
}

impl Default for RunOptions<'_> {
    fn default() -> Self {
        RunOptions { seed: 1, n_threads: 2, progress: &|_| true }
    }
}

/// What a model says of a table, for people.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// The answer in a sentence or two.
    pub summary: Text,
    pub figures: Vec<Figure>,
    pub tables: Vec<ReportTable>,
}

/// One figure of a report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// A stable name for programs: `log_likelihood`, `alpha`, `qini` …
    pub name: String,
    pub estimate: Estimate,
    /// Whether this is the free baseline beside the model: equal split, seasonal naive, rank by spend.
    pub is_baseline: bool,
    /// Whether it is one of the model's own parameters.
    pub is_parameter: bool,
}

impl Figure {
    /// A figure that is computed, not estimated.
    pub fn exact(name: impl Into<String>, value: f64) -> Self {
        Figure::estimated(name, Estimate::exact(value))
    }

    pub fn estimated(name: impl Into<String>, estimate: Estimate) -> Self {
        Figure { name: name.into(), estimate, is_baseline: false, is_parameter: false }
    }

    /// A parameter of the model that was fitted.
    pub fn parameter(name: impl Into<String>, estimate: Estimate) -> Self {
        Figure { is_parameter: true, ..Figure::estimated(name, estimate) }
    }

    #[must_use]
    pub fn as_baseline(mut self) -> Self {
        self.is_baseline = true;
        self
    }
}

/// Rows of a report: a curve, a calibration, an allocation.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReportTable {
    /// A stable name for programs: `calibration`, `allocation`, `forecast` …
    pub name: &'static str,
    pub title: Text,
    pub table: Table,
}

/// The parameter of every model whose report has intervals.
pub(crate) const LEVEL: Param = Param {
    name: "level",
    sentence: "The share of intervals that hold the truth.",
    unit: "",
    kind: Kind::Float { min: 0.5, max: 0.999, default: 0.9 },
};

static REGISTRY: &[&Model] = &[
    &crate::attribution::ATTRIBUTION,
    &crate::bandit::MODEL,
    &crate::bandit::TREE_MODEL,
    &crate::boost::MODEL,
    &crate::budget::BUDGET,
    &crate::budget::COUPONS,
    &crate::budget::TRADE_IN,
    &crate::choice::CHOICE,
    &crate::experiment::MODEL,
    &crate::forecast::lab::FORECAST,
    &crate::forecast::lab::FORECAST_EFFECTS,
    &crate::forecast::lab::FORECAST_HIERARCHY,
    &crate::forecast::lab::LAUNCH_CURVE,
    &crate::generation::GENERATIONS,
    &crate::launch::LAUNCH_DESK,
    &crate::lifetime::BG_NBD,
    &crate::lifetime::CUSTOMER_VALUE,
    &crate::lifetime::GAMMA_GAMMA,
    &crate::lifetime::HAZARD,
    &crate::lifetime::MBG_NBD,
    &crate::lifetime::PARETO_NBD,
    &crate::mix::MIX,
    &crate::policy::MODEL,
    &crate::price::ELASTICITY,
    &crate::price::MARKDOWN,
    &crate::promotion::PROMOTIONS,
    &crate::uplift::MODEL,
];

/// Every model, in the order in which lists show them.
pub fn registry() -> &'static [&'static Model] {
    REGISTRY
}

/// The model whose card has this name.
pub fn model(name: &str) -> Option<&'static Model> {
    registry().iter().copied().find(|model| model.card.name == name)
}
