//! A draft in the other language: the same claims, said by the grammar and checked like any other text. Names and terms are those of
//! the shop's list (`content.terms` of its rules). How it is done is the business of `content::translate`.

use std::collections::BTreeMap;

use content::brief::Lang;
use content::check::copy;
use content::check::report::Report;
use content::plan::Evidence;
use content::translate::{TranslateError, again};
use content::write::Draft;
use serde::Serialize;
use utoipa::ToSchema;

use super::write::{Prepared, verdict_name};
use super::{Voiced, WriteAsked};
use crate::error::{Result, ServiceError, clipped};

/// A draft in the other language, and what became of what it says.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TranslatedCopy)]
pub struct Translated {
    /// What the draft was written for, in its new language.
    pub brief: WriteAsked,
    #[schema(value_type = Object)]
    pub draft: Draft,
    /// By field.
    #[schema(value_type = Object)]
    pub report: BTreeMap<String, Report>,
    /// ok, needs_review or blocked.
    pub verdict: &'static str,
    /// What both rest on,
    #[schema(value_type = Vec<Object>)]
    pub kept: Vec<Evidence>,
    /// and what only the first does: there was no room, or no way to say it in the language.
    #[schema(value_type = Vec<Object>)]
    pub lost: Vec<Evidence>,
    /// Names and words for which the shop's list has nothing.
    pub untranslated: Vec<String>,
}

/// The request of the same copy in the other language.
///
/// # Errors
/// If `to` is no language or the draft's own.
pub fn asked_in(asked: &WriteAsked, from: &str, to: &str) -> Result<WriteAsked> {
    if !["zh", "en"].contains(&to) {
        return Err(ServiceError::usage("to", format!("to is '{}'; allowed: zh, en", clipped(to))));
    }
    if from == to {
        return Err(ServiceError::usage("to", format!("the draft is in '{to}' already; allowed: the other language")));
    }
    Ok(WriteAsked { language: Some(to.to_owned()), ..asked.clone() })
}

/// Says a draft again for a request that was prepared in the other language.
///
/// # Errors
/// If the channel is not written in it, or a text is too long to be checked.
pub fn translate(draft: &Draft, brief: WriteAsked, prepared: &Prepared, voiced: &Voiced) -> Result<Translated> {
    let said = again(draft, &prepared.brief, &prepared.plan).map_err(|error| match error {
        TranslateError::Brief(error) => error.into(),
        other => ServiceError::conflict("translate", other.to_string()),
    })?;
    let report = prepared.reports(&said.draft, voiced)?;
    let text = said.draft.plain();
    // Of names that the draft does not say nobody asks.
    let lacks = |one: &&String| prepared.brief.lang == Lang::Zh || said_in(&text, one);
    let untranslated = prepared.untranslated.iter().filter(lacks).cloned().collect();
    let verdict = verdict_name(copy::verdict(report.values()));
    Ok(Translated { brief, draft: said.draft, report, verdict, kept: said.kept, lost: said.lost, untranslated })
}

/// Whether any run of Chinese characters of a name stands in a text.
fn said_in(text: &str, name: &str) -> bool {
    let is_han = |one: char| ('\u{4e00}'..='\u{9fff}').contains(&one);
    let mut runs = name.split(|one| !is_han(one)).filter(|run| !run.is_empty());
    runs.any(|run| text.contains(run)) || !name.chars().any(is_han)
}
