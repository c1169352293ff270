//! Questions that the people of a shop ask about its figures, in words: what is measured, by what, of what, when, compared to what.
//!
//! [`read`](read::read) turns words of Chinese and English into a typed [`Question`] by a grammar written here and the shop's own
//! [`Names`](names::Names); [`sql`] turns a question into statements that only read; [`say`] says it back, and what came out.
//! A word that is not understood is named, never dropped. Nothing is run here, and no customer is named.

pub mod answer;
mod distance;
pub mod measures;
pub mod names;
pub mod period;
pub mod read;
pub mod say;
pub mod sql;
#[cfg(test)]
mod tests;
mod words;

use serde::{Deserialize, Serialize};

pub use measures::{Dimension, Measure, Source, Unit};
pub use period::Period;

/// Characters of a question. More is no question.
pub const CHARACTERS_MAX: usize = 500;
/// Rows of an answer where the question names no number.
pub const ROWS_MAX: usize = 1000;
/// Rows shown of what has many, such as products, where the question names no number.
pub const TOP: usize = 10;
const MEASURES_MAX: usize = 3;
const FILTERS_MAX: usize = 8;
const VALUES_MAX: usize = 60;
const VALUE_CHARACTERS_MAX: usize = 200;

/// What a question asks, whatever its words were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// One to three.
    pub measures: Vec<Measure>,
    /// A row for each of these; none: one figure.
    #[serde(default)]
    pub by: Option<Dimension>,
    /// A point for each of these spans of time; with `by`, a line for each.
    #[serde(default)]
    pub over: Option<Dimension>,
    #[serde(default)]
    pub filters: Vec<Filter>,
    /// None: all there is.
    #[serde(default)]
    pub period: Option<Period>,
    #[serde(default)]
    pub compare: Option<Compare>,
    #[serde(default)]
    pub show: Show,
    #[serde(default)]
    pub order: Order,
    /// Rows at most.
    #[serde(default)]
    pub top: Option<usize>,
}

/// Only what has one of these values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    pub field: Dimension,
    /// As the shop writes them. Of products: a part of their names.
    pub values: Vec<String>,
    /// Only what has none of them.
    #[serde(default)]
    pub excluded: bool,
}

/// What a figure is held against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// The same length before.
    Previous,
    /// The same days of the year before.
    YearBefore,
    /// Another time.
    With(Period),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Show {
    #[default]
    Plain,
    /// The part of the whole that each row is.
    Share,
    /// Rows by their change.
    Growth,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Time in its order, everything else from the most on.
    #[default]
    Natural,
    Most,
    Least,
}

/// Why a question cannot be answered as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub zh: String,
    pub en: String,
}

impl Refusal {
    fn new(zh: impl Into<String>, en: impl Into<String>) -> Refusal {
        Refusal { zh: zh.into(), en: en.into() }
    }
}

impl Question {
    pub fn of(measure: Measure) -> Question {
        Question {
            measures: vec![measure],
            by: None,
            over: None,
            filters: Vec::new(),
            period: None,
            compare: None,
            show: Show::Plain,
            order: Order::Natural,
            top: None,
        }
    }

    /// Whether the tables can answer it; whoever makes a question, a person, a page or a model, it passes here.
    ///
    /// # Errors
    /// What was found, and what is allowed.
    pub fn check(&self) -> Result<(), Refusal> {
        self.check_sizes()?;
        if let Some(over) = self.over
            && !over.is_time()
        {
            return Err(Refusal::new(
                format!("“{}”不是时间；可用：天、周、月、季度、年", over.name_zh()),
                format!("'{}' is no span of time; allowed: day, week, month, quarter, year", over.name_en()),
            ));
        }
        if let Some(by) = self.by.filter(|by| by.is_time()) {
            return Err(Refusal::new(
                format!("“{}”是时间，请写在“over”里", by.name_zh()),
                format!("{} is a span of time and stands in 'over'", by.name_en()),
            ));
        }
        for measure in &self.measures {
            let source = measure.source();
            for field in self.by.iter().chain(&self.over).chain(self.filters.iter().map(|filter| &filter.field)) {
                if !source.has(*field) {
                    return Err(self.lacks(*measure, *field));
                }
            }
        }
        if self.filters.iter().any(|filter| filter.field.is_time()) {
            return Err(Refusal::new("时间请写在“period”里", "a time stands in 'period', not among the filters"));
        }
        self.check_days()
    }

    /// Whether the days are told that a figure is divided by, or held against.
    fn check_days(&self) -> Result<(), Refusal> {
        let is_open = self.period.as_ref().is_none_or(Period::is_open);
        if self.compare.is_some() && is_open {
            return Err(Refusal::new(
                "对比需要一段有起点的时间，例如上个月",
                "what is held against another time needs one that has a beginning, such as last month",
            ));
        }
        let Some(daily) = self.measures.iter().find(|measure| measure.of_days().is_some()) else { return Ok(()) };
        let (zh, en) = (daily.name_zh(), daily.name_en());
        if is_open {
            return Err(Refusal::new(
                format!("“{zh}”需要一段有起点的时间，例如上个月"),
                format!("{en} needs a time that has a beginning, such as last month"),
            ));
        }
        let of_days = |field: &Dimension| matches!(field, Dimension::Weekday | Dimension::Hour);
        let mut fields = self.by.iter().chain(self.filters.iter().map(|filter| &filter.field));
        if self.over.is_some() || fields.any(of_days) {
            return Err(Refusal::new(
                format!("“{zh}”是整段时间的日均，不能再按时间、星期或小时分；请去掉其中一个"),
                format!(
                    "{en} is over the whole time and is not told by spans of time, weekdays or hours; leave one out"
                ),
            ));
        }
        Ok(())
    }

    fn check_sizes(&self) -> Result<(), Refusal> {
        let n = self.measures.len();
        if n == 0 || n > MEASURES_MAX {
            return Err(Refusal::new(
                format!("问了 {n} 个指标；可用：1 到 {MEASURES_MAX} 个"),
                format!("{n} measures are asked; allowed: 1 to {MEASURES_MAX}"),
            ));
        }
        let fits = |filter: &Filter| {
            !filter.values.is_empty()
                && filter.values.len() <= VALUES_MAX
                && filter.values.iter().all(|value| {
                    !value.is_empty() && value.chars().count() <= VALUE_CHARACTERS_MAX && !value.contains('\0')
                })
        };
        if self.filters.len() > FILTERS_MAX || !self.filters.iter().all(fits) {
            return Err(Refusal::new(
                format!("条件过多或过长；可用：至多 {FILTERS_MAX} 个条件，每个 1 到 {VALUES_MAX} 个值"),
                format!("too many or too long conditions; allowed: {FILTERS_MAX}, each of 1 to {VALUES_MAX} values"),
            ));
        }
        if self.top.is_some_and(|top| top == 0 || top > ROWS_MAX) {
            return Err(Refusal::new(
                format!("行数应为 1 到 {ROWS_MAX}"),
                format!("the number of rows is from 1 to {ROWS_MAX}"),
            ));
        }
        let periods = self.period.iter().chain(match &self.compare {
            Some(Compare::With(period)) => Some(period),
            _ => None,
        });
        if periods.into_iter().any(|period| period.first > period.last) {
            return Err(Refusal::new("时间的起点晚于终点", "the time ends before it begins"));
        }
        Ok(())
    }

    fn lacks(&self, measure: Measure, field: Dimension) -> Refusal {
        let fields: Vec<Dimension> =
            Dimension::ALL.iter().copied().filter(|field| measure.source().has(*field)).collect();
        let of = |name: fn(Dimension) -> &'static str| fields.iter().map(|field| name(*field)).collect::<Vec<_>>();
        Refusal::new(
            format!(
                "“{}”没有按“{}”记录；可以按：{}",
                measure.name_zh(),
                field.name_zh(),
                of(Dimension::name_zh).join("、")
            ),
            format!(
                "{} is not known by {}; it is by: {}",
                measure.name_en(),
                field.name_en(),
                of(Dimension::name_en).join(", ")
            ),
        )
    }

    /// The time it is compared with, if it is and has one.
    pub fn other_period(&self) -> Option<Period> {
        let period = self.period.as_ref()?;
        match self.compare.as_ref()? {
            Compare::Previous => period.before(),
            Compare::YearBefore => period.year_before(),
            Compare::With(other) => Some(other.clone()),
        }
    }

    /// Whether rows are to be put in order after the statements ran, since what orders them is not in one of them.
    pub fn ordered_by_change(&self) -> bool {
        self.show == Show::Growth && self.compare.is_some()
    }
}
