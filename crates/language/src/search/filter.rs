//! Conditions on attributes: which entries pass. What somebody's words mean as conditions is read in `understand`.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use tantivy::schema::IndexRecordOption;

use super::index::{NUMBERS, broken};
use super::snapshot::Snapshot;
use super::units::{Kind, fold, units};
use crate::LanguageError;

/// What an attribute must be. An entry without the attribute passes only negative conditions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// A number within bounds, both included: `price` in whole units of the currency, `memory` and `storage` in GB,
    /// `screen` in inches, `weight` in kg, `battery` in mAh, `refresh` in Hz, `launched` in days since 1970-01-01,
    /// `popularity`.
    Between { min: Option<f64>, max: Option<f64> },
    /// One of these values, as facets give them.
    OneOf(Vec<String>),
    /// None of these values.
    NoneOf(Vec<String>),
    /// The word stands nowhere in the entry; the attribute is `text`.
    Lacks(String),
}

/// A condition on an attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    pub attribute: String,
    pub condition: Condition,
    /// Entries that pass are raised, the others kept.
    #[serde(default)]
    pub is_soft: bool,
    /// The bytes of the query that said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Range<usize>>,
}

impl Filter {
    pub fn new(attribute: impl Into<String>, condition: Condition) -> Self {
        Filter { attribute: attribute.into(), condition, is_soft: false, from: None }
    }

    pub fn between(attribute: &str, min: Option<f64>, max: Option<f64>) -> Self {
        Filter::new(attribute, Condition::Between { min, max })
    }

    pub fn one_of(attribute: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Filter::new(attribute, Condition::OneOf(values.into_iter().map(Into::into).collect()))
    }
}

impl Snapshot {
    /// Which entries pass a condition. Shape: (n).
    ///
    /// # Errors
    /// If the attribute has no numbers but bounds are given, or a bound is not a number.
    pub(super) fn passing(&self, filter: &Filter) -> Result<Vec<bool>, LanguageError> {
        match &filter.condition {
            Condition::Between { min, max } => self.between(&filter.attribute, *min, *max),
            Condition::OneOf(values) => Ok(self.having(&filter.attribute, values)),
            Condition::NoneOf(values) => {
                Ok(self.having(&filter.attribute, values).into_iter().map(|has| !has).collect())
            }
            Condition::Lacks(word) => Ok(self.with_word(word)?.into_iter().map(|has| !has).collect()),
        }
    }

    fn between(&self, attribute: &str, min: Option<f64>, max: Option<f64>) -> Result<Vec<bool>, LanguageError> {
        let at = NUMBERS.iter().position(|name| *name == attribute);
        let at = at.ok_or_else(|| LanguageError::unfit("attribute with bounds", attribute, NUMBERS.join(", ")))?;
        let (low, high) = (min.unwrap_or(f64::NEG_INFINITY), max.unwrap_or(f64::INFINITY));
        if low.is_nan() || high.is_nan() {
            return Err(LanguageError::unfit("bound", f64::NAN, "a number"));
        }
        Ok(self.numbers[at].iter().map(|number| (low..=high).contains(number)).collect())
    }

    fn having(&self, attribute: &str, values: &[String]) -> Vec<bool> {
        let mut has = vec![false; self.n()];
        for value in values.iter().filter_map(|value| self.facts.find(attribute, value)) {
            self.facts.with(value).iter().for_each(|&entry| has[entry as usize] = true);
        }
        has
    }

    /// Entries that have every unit of a word.
    fn with_word(&self, word: &str) -> Result<Vec<bool>, LanguageError> {
        super::plan::check_length(word)?;
        let folded = fold(word);
        let all = units(folded.text());
        let has_pair = all.iter().any(|(.., kind)| *kind == Kind::Pair);
        let needed: Vec<&String> = all
            .iter()
            .filter(|(.., kind)| {
                matches!(kind, Kind::Pair | Kind::Word | Kind::Model) || *kind == Kind::Character && !has_pair
            })
            .map(|(text, ..)| text)
            .collect();
        let mut has = vec![!needed.is_empty(); self.n()];
        for text in needed {
            let mut with = vec![false; self.n()];
            self.each_posting(self.fields.all, text, |entry, _| with[entry] = true)?;
            has.iter_mut().zip(with).for_each(|(has, with)| *has &= with);
        }
        Ok(has)
    }

    /// Calls `visit` with every entry that has a term, and how often.
    pub(super) fn each_posting(
        &self,
        field: tantivy::schema::Field,
        term: &str,
        mut visit: impl FnMut(usize, u32),
    ) -> Result<(), LanguageError> {
        let term = tantivy::Term::from_field_text(field, term);
        for (segment, &start) in self.searcher.segment_readers().iter().zip(&self.starts) {
            let list = segment.inverted_index(field).map_err(broken)?;
            let Some(mut block) = list.read_block_postings(&term, IndexRecordOption::WithFreqs).map_err(broken)? else {
                continue;
            };
            while block.block_len() > 0 {
                for (&own, &times) in block.docs().iter().zip(block.freqs()) {
                    visit(start + own as usize, times);
                }
                block.advance();
            }
        }
        Ok(())
    }
}
