//! What is remembered of a customer from one conversation to the next, as stored and as told: to the turn, and to the desk. Read
//! only for the customer for whom the shop vouches, written in the step that it comes from, gone with the customer.

use assist::memory::{self, Fact, FactName, Learned};
use assist::turn::{Lang, Turn};
use assist::{Dialogue, say};
use data::state::SqliteState;
use data::state::conversations::Case;
use data::state::remembered::RememberedFact;
use domain::Millis;
use serde::Serialize;
use utoipa::ToSchema;

use super::views::{CaseBody, lang_named};
use crate::error::Result;

/// Open requests that are told of.
const CASES_MAX: usize = 3;

/// One thing that is remembered, for people.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RememberedView {
    /// `product`, `category`, `budget`, `brand`, `wish`, `language` or `open_case`.
    pub name: String,
    pub label_zh: String,
    pub label_en: String,
    /// As it is kept: a product's id, cents, `memory=16 GB`.
    pub value: String,
    /// As people read it.
    pub text_zh: String,
    pub text_en: String,
    /// The conversation and the message it comes from; 0 where it is no message's.
    pub conversation_id: String,
    pub seq: i64,
    /// UTC milliseconds.
    pub at: i64,
}

/// What is known of a customer: what was remembered, and what is still open.
///
/// # Errors
/// If the store cannot be read.
pub fn facts(state: &SqliteState, customer_id: &str, lang: Lang) -> Result<Vec<Fact>> {
    let stored = state.remembered(customer_id)?.into_iter().filter_map(|fact| {
        let RememberedFact { name, value, conversation_id, seq, at, .. } = fact;
        Some(Fact { name: FactName::named(&name)?, value, conversation_id, seq, at: Millis(at) })
    });
    let mut all: Vec<Fact> = stored.collect();
    for case in state.open_cases_of(customer_id, CASES_MAX)? {
        all.push(open_case(&case, lang)?);
    }
    all.truncate(memory::FACTS_MAX + CASES_MAX);
    Ok(all)
}

fn open_case(case: &Case, lang: Lang) -> Result<Fact> {
    let body: CaseBody = serde_json::from_str(&case.body)?;
    Ok(Fact {
        name: FactName::OpenCase,
        value: lang.choose(body.title_zh, body.title_en),
        conversation_id: case.conversation_id.clone(),
        seq: 0,
        at: Millis(case.at),
    })
}

/// What a turn adds, ready to be stored with its step.
pub(super) fn learned(turn: &Turn, dialogue: &Dialogue, seq: i64, at: i64) -> Vec<RememberedFact> {
    let fact = |one: Learned| RememberedFact {
        slot: one.slot(),
        name: one.name.as_str().to_owned(),
        value: one.value,
        conversation_id: String::new(),
        seq,
        at,
    };
    memory::learn(turn, dialogue).into_iter().map(fact).collect()
}

/// The language that a customer spoke last.
pub(super) fn language(facts: &[Fact]) -> Option<Lang> {
    facts.iter().find(|fact| fact.name == FactName::Language).map(|fact| lang_named(&fact.value))
}

/// Below a greeting: the requests that are still open. Empty if there are none.
pub(super) fn greeting(facts: &[Fact], lang: Lang) -> String {
    let open = facts.iter().filter(|fact| fact.name == FactName::OpenCase);
    let titles: Vec<String> = open.map(|fact| fact.value.clone()).collect();
    if titles.is_empty() { String::new() } else { say::memory::open_cases(lang, &titles) }
}

/// Facts as the desk sees them. `product` names products by id.
pub fn views(facts: &[Fact], currency: &str, product: &dyn Fn(&str) -> Option<String>) -> Vec<RememberedView> {
    let view = |fact: &Fact| {
        let text = |lang: Lang| memory::shown(fact.name, &fact.value, lang, currency, product);
        RememberedView {
            name: fact.name.as_str().to_owned(),
            label_zh: fact.name.label(Lang::Zh).to_owned(),
            label_en: fact.name.label(Lang::En).to_owned(),
            value: fact.value.clone(),
            text_zh: text(Lang::Zh),
            text_en: text(Lang::En),
            conversation_id: fact.conversation_id.clone(),
            seq: fact.seq,
            at: fact.at.0,
        }
    };
    facts.iter().map(view).collect()
}
