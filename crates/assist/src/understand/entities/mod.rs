//! What a message names: products, makers, kinds of things, attributes and their values, orders, money, days, counts, ways to
//! reach somebody, reasons, yes and no, stars. By form and by lists; nothing is learned, nothing decided.

mod answers;
mod days;
mod numbers;

use std::ops::Range;

use domain::Day;
use language::text::{Normalised, PersonalKind, mask};
use regex::Regex;

pub(super) use self::answers::yes_or_no;
pub(super) use self::numbers::numeral;
use super::heard::Words;
use super::lists;
use super::products::ProductNames;
use super::{Entity, Named};

/// Entities of one message that are told.
pub const ENTITIES_MAX: usize = 48;

/// What a message is read against.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub names: &'a ProductNames,
    /// Forms of the shop's order numbers, over texts in half width.
    pub order_numbers: &'a [Regex],
    pub today: Day,
    /// A yes or no was asked for: `好，帮我转` begins with it.
    pub asks_yes_no: bool,
    /// Stars were asked for: a bare `5` is meant as such.
    pub asks_rating: bool,
}

/// Everything named in `text`, whose folded form is `folded`, in the order of the text.
pub(super) fn find(text: &str, folded: &Normalised, context: &Context) -> Vec<Entity> {
    let mut gathered = Gathered { text, folded, taken: vec![false; text.len()], entities: Vec::new() };
    numbers::shop_orders(&mut gathered, context.order_numbers);
    numbers::marked_orders(&mut gathered);
    personal(&mut gathered);
    products(&mut gathered, context.names);
    numbers::orders(&mut gathered);
    if context.asks_rating || answers::speaks_of_rating(folded.text()) {
        answers::stars(&mut gathered, context.asks_rating);
    }
    days::find(&mut gathered, context.today);
    numbers::measures(&mut gathered);
    numbers::thousands(&mut gathered);
    numbers::counts(&mut gathered);
    words(&mut gathered, &context.names.brands, |value| Named::Brand { value: value.clone() });
    words(&mut gathered, &context.names.categories, |value| Named::Category { value: value.clone() });
    attributes(&mut gathered);
    answers::reason(&mut gathered);
    if let Some((range, yes)) = yes_or_no(folded.text(), context.asks_yes_no) {
        gathered.add_beside(range, Named::YesNo { yes });
    }
    let mut entities = gathered.entities;
    entities.sort_by_key(|entity| (entity.range.start, entity.range.end));
    entities.truncate(ENTITIES_MAX);
    entities
}

/// Entities found so far, and the bytes of the message they were read from.
pub(super) struct Gathered<'a> {
    text: &'a str,
    folded: &'a Normalised<'a>,
    taken: Vec<bool>,
    entities: Vec<Entity>,
}

impl Gathered<'_> {
    fn is_full(&self) -> bool {
        self.entities.len() >= 4 * ENTITIES_MAX
    }

    fn is_free(&self, range: &Range<usize>) -> bool {
        !range.is_empty() && !self.taken[range.clone()].contains(&true)
    }

    /// Adds what stands at bytes of the message, if nothing else was read from them.
    fn add(&mut self, range: Range<usize>, what: Named) -> bool {
        let is_new = self.is_free(&range) && !self.is_full();
        if is_new {
            self.taken[range.clone()].fill(true);
            self.entities.push(Entity { range, what });
        }
        is_new
    }

    /// The same for bytes of the folded text.
    fn add_folded(&mut self, range: Range<usize>, what: Named) -> bool {
        self.add(self.folded.original(range), what)
    }

    /// Adds what others may be read from too. Bytes of the folded text.
    fn add_beside(&mut self, range: Range<usize>, what: Named) {
        let range = self.folded.original(range);
        if !range.is_empty() && !self.is_full() {
            self.entities.push(Entity { range, what });
        }
    }

    /// A message's bytes as they stand, in half width and without spaces.
    fn code(&self, range: Range<usize>) -> String {
        let half = |c: char| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            _ => c,
        };
        self.text[range].chars().map(half).filter(|c| !c.is_whitespace()).collect()
    }
}

/// Telephones, mail, addresses.
fn personal(gathered: &mut Gathered) {
    for hidden in mask(gathered.text).hidden {
        let value = || gathered.code(hidden.range.clone());
        let what = match hidden.kind {
            PersonalKind::Phone => Named::Phone { value: value().replace(['-', '(', ')', '.'], "") },
            PersonalKind::Email => Named::Email { value: value() },
            PersonalKind::Address => Named::Address { value: gathered.text[hidden.range.clone()].trim().to_owned() },
            _ => continue,
        };
        gathered.add(hidden.range, what);
    }
}

fn products(gathered: &mut Gathered, names: &ProductNames) {
    for found in names.find(gathered.folded.text()) {
        let range = gathered.folded.original(found.range);
        let text = gathered.text[range.clone()].to_owned();
        gathered.add(range, Named::Product { candidates: found.candidates, text });
    }
}

fn words(gathered: &mut Gathered, words: &Words<String>, what: impl Fn(&String) -> Named) {
    if words.is_empty() {
        return;
    }
    for (range, value) in words.find(gathered.folded.text()) {
        // "Can I order by phone?" names a way, and nothing that is sold.
        let before = &gathered.folded.text()[..range.start];
        let word = &gathered.folded.text()[range.clone()];
        let is_none = ["by ", "over the "].iter().any(|way| before.ends_with(way))
            || lists::is_end_of_other(word, before.chars().next_back());
        if !is_none {
            gathered.add_folded(range, what(value));
        }
    }
}

/// Attributes stand beside what else was read, but within no name: the memory of a `内存条` is none.
fn attributes(gathered: &mut Gathered) {
    let mut seen: Vec<&str> = Vec::new();
    for (range, name) in lists::ATTRIBUTE_WORDS.find(gathered.folded.text()) {
        if seen.contains(name) {
            continue;
        }
        let original = gathered.folded.original(range.clone());
        let is_within = gathered
            .entities
            .iter()
            .any(|entity| entity.range.start <= original.start && original.end <= entity.range.end);
        if !is_within {
            seen.push(name);
            gathered.add_beside(range, Named::Attribute { name: (*name).to_owned() });
        }
    }
}

#[cfg(test)]
mod tests;
