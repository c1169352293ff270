//! What a turn does for an intent: looks up, compares, checks, lists. Each act fills an answer with sentences (from
//! [`crate::say`]) and what they rest on; which act is called is decided in [`crate::decide`].

pub mod attributes;
pub mod compare;
pub mod coverage;
pub mod documents;
pub mod facts;
pub mod find;
pub mod fits;
pub mod groups;
pub mod makers;
pub mod nearest;
pub mod needs;
pub mod opinions;
pub mod orders;
pub mod places;
pub mod policies;
pub mod purposes;
pub mod talk;
pub mod values;
pub mod wishes;

#[cfg(test)]
pub mod fixture;

use std::sync::Arc;

use domain::{Day, Product};

use crate::evidence::Evidence;
use crate::policy::Policies;
use crate::say;
use crate::small_talk::SmallTalk;
use crate::state::Asked;
use crate::turn::{Action, Author, Block, Lang, Message, ProductCard, Step};
use crate::understand::{Entity, Named, Understanding};
use crate::world::World;

/// Texts to click.
const SUGGESTIONS_MAX: usize = 5;

/// Whether a product is sold on a day.
pub(crate) fn is_sold(product: &Product, today: Day) -> bool {
    product.retired_on.is_none_or(|day| day > today)
}

/// Everything that an act may look at.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub lang: Lang,
    pub policies: &'a Policies,
    pub world: &'a World<'a>,
    pub message: &'a Message<'a>,
    pub understood: &'a Understanding,
    /// The question to be answered: the message, or the earlier one that it completes.
    pub question: &'a str,
    pub small_talk: Option<&'a SmallTalk>,
}

/// How it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// There is something to say, with evidence.
    #[default]
    Answered,
    /// Understood, but nothing in the shop answers it.
    Unknown,
    /// Not understood.
    Missed,
    /// The customer has to say more first.
    AskedBack,
}

/// An answer in the making.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    pub text: String,
    /// The text without what blocks show, once there is such a thing.
    pub brief: Option<String>,
    pub blocks: Vec<Block>,
    pub evidence: Vec<Evidence>,
    pub suggestions: Vec<String>,
    pub author: Author,
    pub action: Action,
    pub asked: Option<Asked>,
    pub outcome: Outcome,
    /// Whether a writer may word it anew: only where a changed word cannot turn a yes into a no.
    pub rewordable: bool,
    pub trace: Vec<Step>,
}

impl Answer {
    /// An answer of one sentence.
    pub fn of(text: impl Into<String>) -> Self {
        Answer { text: text.into(), ..Answer::default() }
    }

    /// Nothing found for what was understood.
    pub fn unknown(text: impl Into<String>) -> Self {
        Answer { outcome: Outcome::Unknown, ..Answer::of(text) }
    }

    /// A question back.
    pub fn ask(text: impl Into<String>, what: &str, asked: Asked) -> Self {
        Answer {
            action: Action::AskBack { what: what.to_owned() },
            asked: Some(asked),
            outcome: Outcome::AskedBack,
            ..Answer::of(text)
        }
    }

    /// Adds a sentence to the last line.
    pub fn say(&mut self, sentence: impl AsRef<str>) {
        self.texts().for_each(|text| add_sentence(text, sentence.as_ref()));
    }

    /// Begins a line.
    pub fn line(&mut self, sentence: impl AsRef<str>) {
        self.texts().for_each(|text| add_line(text, sentence.as_ref()));
    }

    /// Begins a line with what a block shows as well.
    pub fn shown_line(&mut self, sentence: impl AsRef<str>) {
        self.brief.get_or_insert_with(|| self.text.clone());
        add_line(&mut self.text, sentence.as_ref());
    }

    /// Adds to the last line what a block shows as well.
    pub fn say_shown(&mut self, sentence: impl AsRef<str>) {
        self.brief.get_or_insert_with(|| self.text.clone());
        add_sentence(&mut self.text, sentence.as_ref());
    }

    /// Puts something before everything said so far.
    pub fn begin_with(&mut self, beginning: &str) {
        for text in self.texts() {
            let rest = std::mem::replace(text, beginning.to_owned());
            add_sentence(text, &rest);
        }
    }

    /// Says something else before a list than what it begins with; before what begins otherwise.
    pub fn replace_head(&mut self, head: &str, other: &str) {
        for text in self.texts() {
            match text.strip_prefix(head).map(str::to_owned) {
                Some(rest) => *text = format!("{other}{rest}"),
                None => *text = format!("{other}\n{text}"),
            }
        }
    }

    /// Says something else instead, with nothing of it in a block.
    pub fn say_instead(&mut self, text: impl Into<String>) {
        (self.text, self.brief) = (text.into(), None);
    }

    fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        std::iter::once(&mut self.text).chain(&mut self.brief)
    }

    /// What the text rests on; the number by which it is cited.
    pub fn cite(&mut self, evidence: Evidence) -> usize {
        match self.evidence.iter().position(|known| *known == evidence) {
            Some(at) => at + 1,
            None => {
                self.evidence.push(evidence);
                self.evidence.len()
            }
        }
    }

    pub fn step(&mut self, stage: &str, found: impl Into<String>) {
        self.trace.push(Step::new(stage, found));
    }

    pub fn suggest(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.suggestions.contains(&text) && self.suggestions.len() < SUGGESTIONS_MAX {
            self.suggestions.push(text);
        }
    }

    /// Another answer below this one, its citations counted on.
    pub fn append(&mut self, other: Answer) {
        let before = self.evidence.len();
        if let Some(brief) = &other.brief {
            let own = self.brief.get_or_insert_with(|| self.text.clone());
            add_line(own, &shifted(brief, before));
            add_line(&mut self.text, &shifted(&other.text, before));
        } else {
            self.line(shifted(&other.text, before));
        }
        self.evidence.extend(other.evidence);
        self.blocks.extend(other.blocks);
        other.suggestions.into_iter().for_each(|text| self.suggest(text));
        self.trace.extend(other.trace);
    }
}

fn add_line(text: &mut String, sentence: &str) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(sentence);
}

fn add_sentence(text: &mut String, sentence: &str) {
    // Sentences of Latin script stand apart.
    let needs_space = text.chars().next_back().is_some_and(|last| last.is_ascii() && last != '\n');
    if needs_space && !sentence.is_empty() && !sentence.starts_with('\n') {
        text.push(' ');
    }
    text.push_str(sentence);
}

/// A text whose citations count from `by` on.
fn shifted(text: &str, by: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (n, range) in crate::evidence::citations(text) {
        out.push_str(&text[copied..range.start]);
        out.push_str(&format!("[{}]", n + by));
        copied = range.end;
    }
    out.push_str(&text[copied..]);
    out
}

impl Scene<'_> {
    pub fn product(&self, product_id: &str) -> Option<Arc<Product>> {
        self.world.catalogue.product(product_id).map(|product| self.spoken(product))
    }

    /// All variants of a product; none if it is the only one.
    pub fn variants(&self, product_id: &str) -> Vec<Arc<Product>> {
        let variants = self.world.catalogue.variants(product_id);
        variants.into_iter().map(|product| self.spoken(product)).collect()
    }

    /// A product under its name in the customer's language, where the catalogue has one (`name_zh`, `name_en` in `extra`).
    pub fn spoken(&self, product: Arc<Product>) -> Arc<Product> {
        let extra = product.extra.as_deref().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
        let key = self.lang.choose("name_zh", "name_en");
        let name = extra.as_ref().and_then(|extra| extra.get(key)?.as_str()).map(str::trim);
        match name.filter(|name| !name.is_empty() && *name != product.name) {
            Some(name) => Arc::new(Product { name: name.to_owned(), ..(*product).clone() }),
            None => product,
        }
    }

    /// Products that the shop still knows, in order.
    pub fn products(&self, ids: &[String]) -> Vec<Arc<Product>> {
        ids.iter().filter_map(|id| self.product(id)).collect()
    }

    /// Kinds of things asked for, with the words they stand in: of a compound its last part, for a `电视支架` or a `TV mount` is
    /// no television.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, &str)> {
        let entities = &self.understood.entities;
        let text = self.message.text;
        let is_category = |entity: &Entity| matches!(entity.what, Named::Category { .. });
        let goes_on = move |end: usize| {
            entities.iter().any(|next| {
                let between = text.get(end..next.range.start);
                is_category(next) && between.is_some_and(|between| between.trim().is_empty())
            })
        };
        entities.iter().filter_map(move |entity| match &entity.what {
            Named::Category { value } if !goes_on(entity.range.end) => {
                Some((value.as_str(), text.get(entity.range.clone()).unwrap_or_default()))
            }
            _ => None,
        })
    }

    pub fn money(&self, cents: i64) -> String {
        say::format::money(cents, self.world.currency)
    }

    /// The shop's day of a moment.
    pub fn day_of(&self, at: domain::Millis) -> Day {
        (self.world.day_of)(at)
    }

    /// A product to show.
    pub fn card(&self, product: &Product, why: Option<String>) -> ProductCard {
        ProductCard {
            product_id: product.product_id.clone(),
            name: say::format::name(product),
            price_cents: product.price_cents.map(|price| price.0),
            in_stock: in_stock(product, self.world.today),
            image_url: product.image_url.clone(),
            why,
        }
    }
}

/// Whether it can be had: nothing is said of what is not tracked.
pub fn in_stock(product: &Product, today: Day) -> Option<bool> {
    if product.retired_on.is_some_and(|day| day <= today) {
        return Some(false);
    }
    product.stock.map(|stock| stock > 0)
}

/// A field of a product as evidence.
pub fn field(product: &Product, field: &str, value: impl Into<String>) -> Evidence {
    Evidence::Product {
        product_id: product.product_id.clone(),
        name: product.name.clone(),
        field: field.to_owned(),
        value: value.into(),
    }
}
