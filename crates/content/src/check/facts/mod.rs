//! Every figure, name with digits, maker, spec word and comparison of a text bound to a field; what is bound to none is
//! marked, with what the fields say. The binding is by value and unit, not by meaning: that 5000 mAh stands in the text as
//! in the field is seen, that the sentence around it is fair is not.

mod binding;
mod compare;
mod features;
mod figures;
mod grounds;
mod names;
mod spelled;
mod verbatim;

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use grounds::{Grounds, Other, Relation, Stated, sign_of};

use self::grounds::{Field, Fields};
use super::finding::{Check, Finding, Fix, Places, Risk, Said, Span};
use crate::plan::names::{clean, short};

/// What kind of claim a place in the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// A number with its unit.
    Figure,
    /// A number without one.
    Number,
    /// A name with digits.
    Model,
    Brand,
    /// A word for what the product has.
    Feature,
    Comparison,
    /// A sentence that the caller knows to be true, word for word.
    Statement,
}

/// A field that a claim rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Nothing for what the caller stated.
    pub product_id: Option<String>,
    pub field: String,
    pub value: String,
}

/// A claim that is borne out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub span: Span,
    pub claim: ClaimKind,
    /// At least one; two for a comparison.
    pub sources: Vec<Source>,
}

/// What was found, and the evidence for the rest, both in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FactReport {
    pub findings: Vec<Finding>,
    pub evidence: Vec<Evidence>,
}

/// The fact check of one product's texts.
#[derive(Debug)]
pub struct Facts {
    fields: Fields,
    said: Vec<Stated>,
    /// What other products are called, in full and in short: figures in their names are no claims about this one.
    called: Vec<Stated>,
}

/// Checks one text. For many texts of one product make a [`Facts`] once.
pub fn check(text: &str, grounds: &Grounds) -> FactReport {
    Facts::new(grounds).check(text)
}

impl Facts {
    pub fn new(grounds: &Grounds) -> Self {
        let called = |other: &Other| {
            let name = clean(&other.product.name);
            [short(&name, other.product.brand.as_deref()), name]
        };
        let called = grounds.others.iter().flat_map(called).map(|value| Stated { field: "name".to_owned(), value });
        Facts { fields: Fields::new(grounds), said: grounds.said.clone(), called: called.collect() }
    }

    /// Binds every claim of a text. Time is linear in its length for a given number of fields.
    pub fn check(&self, text: &str) -> FactReport {
        let places = Places::new(text);
        let mut report = FactReport::default();
        let (masked, said) = verbatim::find(text, &self.said);
        let mut places_said = Vec::with_capacity(said.len());
        for (range, one) in said {
            places_said.push(range.clone());
            let source = Source { product_id: None, field: one.field.clone(), value: one.value.clone() };
            let span = places.span(range);
            report.evidence.push(Evidence { span, claim: ClaimKind::Statement, sources: vec![source] });
        }
        let text = masked.as_str();
        let mut writer = Writer { places: &places, report: &mut report };
        let compared = compare::find(text, &self.fields, &places_said, &mut writer);
        names::makers(text, &self.fields, &mut writer);
        let (unnamed, named) = verbatim::find(text, &self.called);
        for (range, name) in named {
            names::of_another(&range, &name.value, &self.fields, &mut writer);
        }
        let text = unnamed.as_str();
        let mut taken = binding::bind_figures(text, &self.fields, &compared, &mut writer);
        names::models(text, &self.fields, &mut taken, &mut writer);
        binding::bare_numbers(text, &self.fields, &taken, &mut writer);
        names::features(text, &self.fields, &mut writer);
        let start = |span: &Span| (span.bytes.start, span.bytes.end);
        report.findings.sort_by_key(|found| found.span.as_ref().map(start));
        report.evidence.sort_by_key(|one| start(&one.span));
        report
    }
}

/// Where claims and findings go.
struct Writer<'a> {
    places: &'a Places<'a>,
    report: &'a mut FactReport,
}

impl Writer<'_> {
    fn bound(&mut self, range: &Range<usize>, claim: ClaimKind, fields: &[&Field]) {
        let source = |field: &&Field| Source {
            product_id: field.product_id.clone(),
            field: field.name.clone(),
            value: field.value.chars().take(80).collect(),
        };
        let span = self.places.span(range.clone());
        self.report.evidence.push(Evidence { span, claim, sources: fields.iter().map(source).collect() });
    }

    fn unbound(
        &mut self,
        range: &Range<usize>,
        category: &'static str,
        risk: Risk,
        message: Said,
        with: Option<String>,
    ) {
        let span = self.places.span(range.clone());
        self.report.findings.push(Finding {
            check: Check::Facts,
            category: Cow::Borrowed(category),
            risk,
            matched: self.places.words(range),
            article: None,
            message,
            suggestion: Said::fixed("按商品字段改，或者删去", "write what the field says, or leave it out"),
            fix: with.map(|with| Fix { span: span.clone(), with }),
            span: Some(span),
        });
    }
}

#[cfg(test)]
mod tests;
