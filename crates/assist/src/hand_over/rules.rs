//! The shop's own rules of when a person takes over, `[[desk.rules]]`: which message, about what, goes to which queue and how soon.
//! Read and checked with the other policies; here they are held against a message.

use super::Find;
use crate::forms::Words;
use crate::policy::{DeskRule, DeskRules};
use crate::state::Dialogue;
use crate::understand::Understanding;

/// A message as rules see it.
pub(super) struct Said<'a> {
    pub text: &'a str,
    pub understanding: &'a Understanding,
    pub dialogue: &'a Dialogue,
    pub product: Find<'a>,
    /// Whether the intent is surely the one.
    pub is_sure: bool,
}

/// The first rule that a message falls under.
pub(super) fn first<'a>(desk: &'a DeskRules, said: &Said) -> Option<&'a DeskRule> {
    desk.rules.iter().find(|rule| fits(rule, said))
}

/// Whether all that a rule asks for is so.
fn fits(rule: &DeskRule, said: &Said) -> bool {
    let is_wanted = |intent: &String| said.is_sure && said.understanding.is(intent);
    let message = Words::of(said.text);
    (rule.intents.is_empty() || rule.intents.iter().any(is_wanted))
        && (rule.words.is_empty() || rule.words.iter().any(|word| message.has(word)))
        && (!rule.asks_of_product() || is_about(rule, said))
}

/// Whether the product last talked about is one that a rule is for.
fn is_about(rule: &DeskRule, said: &Said) -> bool {
    let Some(product) = said.dialogue.products.first().and_then(|id| (said.product)(id)) else { return false };
    let category = product.category.as_deref().unwrap_or_default();
    let below = |path: &str| category.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let costs = |from: i64| product.price_cents.is_some_and(|price| price.0 >= from);
    (rule.categories.is_empty() || rule.categories.iter().any(|path| below(path.trim_end_matches('/'))))
        && rule.price_from_cents.is_none_or(costs)
}
