//! What a customer's words ask for, read as conditions: `5000元以下 16G 轻薄本 不要苹果` is a price, a memory, a kind of
//! product, a weight that would be welcome, a brand that is not. Every condition knows the bytes it was read from, so that
//! it can be shown and taken away; what is left is searched as words. Only what the shop's own index has becomes a
//! condition. For products; a question to a manual is all words.

mod names;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use rustc_hash::FxHashMap;

use super::answer::{Request, Sort};
use super::filter::{Condition, Filter};
use super::index::NUMBERS;
use super::numbers;
use super::plan::check_length;
use super::snapshot::Snapshot;
use super::units::{fold, is_ideograph};
use crate::LanguageError;
use crate::text::{Bound, MAKERS, Quantity, QuantityKind, quantities};

/// Kilograms that are not much to carry.
const LIGHT_KG: f64 = 1.5;
/// What `左右` leaves open, of a price.
const ABOUT: f64 = 0.2;
/// What a price without a bound leaves open.
const EXACTLY: f64 = 0.1;
/// A number without a unit is a price from here on, if it is bounded.
const PRICE_MIN: f64 = 50.0;
/// Bytes of a name.
const NAME_MAX: usize = 32;

/// What the shop has: brands and kinds of products by all their names, and the measures its products state.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    names: FxHashMap<String, Meaning>,
    measured: Vec<&'static str>,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq)]
enum Meaning {
    Brand(Vec<String>),
    Kind(Vec<String>),
    Purpose(&'static [&'static str]),
    Order(Sort),
    Light,
    Not,
    /// A word that only looks like one of the others.
    Nothing,
}

/// What was understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Understood {
    /// Hard conditions and soft ones, each with the bytes of the query it was read from.
    pub filters: Vec<Filter>,
    /// Words that entries may have: what somebody with this purpose looks for.
    pub hints: Vec<String>,
    pub sort: Sort,
    /// The bytes that asked for the order.
    pub sort_from: Option<Range<usize>>,
    /// What is left to search as words.
    pub words: String,
}

impl Understood {
    /// A request for what was understood.
    pub fn request(&self) -> Request<'_> {
        let (filters, hints) = (self.filters.clone(), self.hints.clone());
        Request { filters, hints, sort: self.sort, ..Request::new(&self.words) }
    }
}

impl Attributes {
    /// From what an index has.
    pub fn of(snapshot: &Snapshot) -> Self {
        let values = |name: &str| {
            let range = snapshot.facts.names.get(name).cloned().unwrap_or(0..0);
            &snapshot.facts.values[range]
        };
        let has = |at: &usize| snapshot.numbers[*at].iter().any(|number| !number.is_nan());
        let measured = (0..NUMBERS.len()).filter(has).map(|at| NUMBERS[at]).collect();
        Attributes::new(values("brand"), values("category"), measured)
    }

    fn new(brands: &[String], categories: &[String], measured: Vec<&'static str>) -> Self {
        let mut attributes = Attributes { names: FxHashMap::default(), measured };
        for (words, hints) in names::PURPOSES {
            attributes.add_all(words, &Meaning::Purpose(hints));
        }
        for (words, sort) in names::ORDERS {
            attributes.add_all(words, &Meaning::Order(*sort));
        }
        attributes.add_all(names::NOT, &Meaning::Not);
        attributes.add_all(names::NOT_NOT, &Meaning::Nothing);
        for (name, values) in named(categories, names::KINDS.iter().map(|kind| kind.to_vec()), |path| {
            path.rsplit('/').next().unwrap_or(path)
        }) {
            attributes.names.insert(name, Meaning::Kind(values));
        }
        for (name, values) in named(brands, MAKERS.iter().map(|maker| maker.all().collect()), |brand| brand) {
            attributes.names.insert(name, Meaning::Brand(values));
        }
        for word in names::LIGHT {
            attributes.names.entry((*word).to_owned()).or_insert(Meaning::Light);
        }
        attributes
    }

    fn add_all(&mut self, words: &[&str], meaning: &Meaning) {
        words.iter().for_each(|word| {
            self.names.insert((*word).to_owned(), meaning.clone());
        });
    }

    fn measures(&self, name: &str) -> bool {
        self.measured.contains(&name)
    }
}

/// Every name of every value: its own, the parts of `华为（HUAWEI）`, and what else the lists know them by. A value's own
/// name counts before one from the lists.
fn named<'l>(
    values: &[String],
    lists: impl Iterator<Item = Vec<&'l str>>,
    own: impl Fn(&str) -> &str,
) -> BTreeMap<String, Vec<String>> {
    let lists: Vec<Vec<&str>> = lists.collect();
    let mut by_own: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut by_list: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for value in values {
        let folded = fold(own(value)).into_text().into_owned();
        let parts = folded.split(['(', ')', '（', '）', '/', '&', '|', ',', '、']).map(str::trim);
        let parts: Vec<&str> = [folded.trim()].into_iter().chain(parts).filter(|part| !part.is_empty()).collect();
        for part in &parts {
            add(&mut by_own, part, value);
        }
        let is = |name: &str| {
            parts.iter().any(|part| *part == name || part.strip_suffix(name).is_some_and(|rest| rest.ends_with(' ')))
        };
        for list in lists.iter().filter(|list| list.iter().any(|name| is(name))) {
            list.iter().for_each(|name| add(&mut by_list, name, value));
        }
    }
    for (name, values) in by_list {
        by_own.entry(name).or_insert(values);
    }
    by_own.retain(|name, _| name.len() <= NAME_MAX && !(name.len() < 2 && name.is_ascii()));
    by_own
}

fn add(names: &mut BTreeMap<String, Vec<String>>, name: &str, value: &str) {
    let values = names.entry(name.to_owned()).or_default();
    if values.iter().all(|known| known != value) {
        values.push(value.to_owned());
    }
}

/// A name found in a folded query.
struct Found<'a> {
    range: Range<usize>,
    meaning: &'a Meaning,
}

/// Reads conditions out of a query.
///
/// # Errors
/// If the query is longer than [`super::QUERY_MAX`] bytes.
pub fn parse_query(query: &str, attributes: &Attributes) -> Result<Understood, LanguageError> {
    check_length(query)?;
    let folded = fold(query);
    let mut reader = Reader {
        text: folded.text(),
        attributes,
        understood: Understood::default(),
        taken: Vec::new(),
        kinds: Vec::new(),
        original: &|range| folded.original(range),
    };
    for quantity in quantities(folded.text()) {
        reader.quantity(&quantity);
    }
    reader.thousands();
    reader.names();
    reader.understood.words = reader.rest();
    Ok(reader.understood)
}

struct Reader<'a> {
    text: &'a str,
    attributes: &'a Attributes,
    understood: Understood,
    /// Bytes of the folded text that have become conditions.
    taken: Vec<Range<usize>>,
    /// Those of them that named kinds of products.
    kinds: Vec<Range<usize>>,
    original: &'a dyn Fn(Range<usize>) -> Range<usize>,
}

impl<'a> Reader<'a> {
    fn filter(&mut self, attribute: &str, condition: Condition, is_soft: bool, range: &Range<usize>) {
        let from = Some((self.original)(range.clone()));
        let filter = Filter { attribute: attribute.to_owned(), condition, is_soft, from };
        self.understood.filters.push(filter);
    }

    fn is_taken(&self, range: &Range<usize>) -> bool {
        self.taken.iter().any(|taken| taken.start < range.end && range.start < taken.end)
    }

    fn quantity(&mut self, quantity: &Quantity) {
        let Some((name, factor)) = measure_of(quantity) else { return };
        if !self.attributes.measures(name) || self.is_taken(&quantity.extent) {
            return;
        }
        let (value, high) = (quantity.value * factor, quantity.high.map(|high| high * factor));
        let (min, max) = bounds(name, value, high, quantity.bound);
        self.filter(name, Condition::Between { min, max }, false, &quantity.extent);
        self.taken.push(quantity.extent.clone());
    }

    /// Prices in thousands that only shoppers write: `3k-5k`, `5k以下`, `under 5k`. A bare `4k` is a screen.
    fn thousands(&mut self) {
        static PRICES: LazyLock<Regex> = LazyLock::new(|| {
            let number = r"\d{1,4}(?:\.\d{1,2})?";
            let amount = format!(
                "(?:{number}[kw千万]|[一二两三四五六七八九十]{{1,3}}[百千万][一二两三四五六七八九百千]{{0,4}})"
            );
            let most = "以下|以内|之内|封顶|or less";
            let before = "under|below|within|less than|up to|max|不超过|低于|最多";
            Regex::new(&format!(
                r"(?P<low>{amount}|{number})\s*(?:-|~|到|至|to)\s*(?P<high>{amount})(?:元|块)?|(?:{before})\s*(?P<below>{amount})(?:元|块)?|(?P<most>{amount})(?:元|块)?\s*(?:{most})|(?P<least>{amount})(?:元|块)?\s*(?:以上|起)|(?P<about>{amount})(?:元|块)?\s*(?:左右|上下)"
            ))
            .expect("a sound pattern")
        });
        if !self.attributes.measures("price")
            || self.understood.filters.iter().any(|filter| filter.attribute == "price")
        {
            return;
        }
        let Some(found) = PRICES.captures(self.text) else { return };
        let range = found.get(0).expect("the whole").range();
        let is_letter = |character: char| character.is_ascii_alphanumeric() || character == '.';
        let inside = self.text[..range.start].ends_with(is_letter) || self.text[range.end..].starts_with(is_letter);
        let amount = |name: &str| found.name(name).and_then(|text| numbers::amount(text.as_str()));
        let (min, max) = match (amount("low"), amount("high")) {
            (Some(low), Some(high)) => {
                // `3-5k`: the unit is said once.
                let unit = if found["high"].ends_with(['w', '万']) { 10_000.0 } else { 1000.0 };
                let low = if low < 100.0 && high >= unit { low * unit } else { low };
                (Some(low.min(high)), Some(low.max(high)))
            }
            _ => match amount("about") {
                Some(about) => (Some(about * (1.0 - ABOUT)), Some(about * (1.0 + ABOUT))),
                None => (amount("least"), amount("below").or(amount("most"))),
            },
        };
        if !inside && !self.is_taken(&range) && (min.is_some() || max.is_some()) {
            self.filter("price", Condition::Between { min, max }, false, &range);
            self.taken.push(range);
        }
    }

    /// Names from left to right, the longest at each place.
    fn names(&mut self) {
        let mut at = 0;
        let mut not: Option<Range<usize>> = None;
        while let Some(character) = self.text[at..].chars().next() {
            let found = self.name_at(at);
            let next = found.as_ref().map_or(at + character.len_utf8(), |found| found.range.end);
            match found {
                Some(found) if *found.meaning == Meaning::Not => not = Some(found.range),
                Some(found) => {
                    self.name(&found, not.take());
                }
                None if character.is_whitespace() => {}
                None => {
                    if let Some(not) = not.take().filter(|_| is_ideograph(character)) {
                        at = self.lacks(not, at);
                        continue;
                    }
                }
            }
            at = next;
        }
    }

    fn name_at(&self, at: usize) -> Option<Found<'a>> {
        let is_letter = |character: char| character.is_alphanumeric() && !is_ideograph(character);
        let rest = &self.text[at..];
        let starts_word = |end: usize| {
            let first = rest.chars().next().is_some_and(is_letter);
            let last = rest[..end].chars().next_back().is_some_and(is_letter);
            let inside = first && self.text[..at].chars().next_back().is_some_and(is_letter);
            !(inside || last && rest[end..].chars().next().is_some_and(is_letter))
        };
        let ends = rest.char_indices().map(|(at, character)| at + character.len_utf8());
        let ends: Vec<usize> = ends.take_while(|end| *end <= NAME_MAX).collect();
        ends.into_iter().rev().find_map(|end| {
            let meaning = self.attributes.names.get(&rest[..end])?;
            let range = at..at + end;
            (starts_word(end) && !self.is_taken(&range)).then_some(Found { range, meaning })
        })
    }

    fn name(&mut self, found: &Found<'a>, not: Option<Range<usize>>) {
        let range = not.as_ref().map_or(found.range.clone(), |not| not.start..found.range.end);
        match found.meaning {
            Meaning::Brand(values) if not.is_some() => self.exclude("brand", values, range),
            Meaning::Kind(values) if not.is_some() => self.exclude("category", values, range),
            Meaning::Brand(values) => {
                let is_soft = self.belongs_to_something();
                self.filter("brand", Condition::OneOf(values.clone()), is_soft, &range);
                if !is_soft {
                    self.taken.push(range);
                }
            }
            Meaning::Kind(values) => self.kind(values, range),
            Meaning::Purpose(hints) if not.is_none() => {
                self.understood.hints.extend(hints.iter().map(|hint| (*hint).to_owned()));
            }
            Meaning::Order(sort) if not.is_none() && self.understood.sort_from.is_none() => {
                self.understood.sort = *sort;
                self.understood.sort_from = Some((self.original)(range.clone()));
                self.taken.push(range);
            }
            Meaning::Light => self.light(&range),
            _ => {}
        }
    }

    /// Whether the query looks for something that goes with a product: its brand is then not the maker's.
    fn belongs_to_something(&self) -> bool {
        names::ACCESSORIES.iter().any(|word| match word.is_ascii() {
            true => self.text.split(|character: char| !character.is_ascii_alphanumeric()).any(|own| own == *word),
            false => self.text.contains(word),
        })
    }

    fn kind(&mut self, values: &[String], range: Range<usize>) {
        let word = &self.text[range.clone()];
        let goes_with = self.text[range.end..].starts_with(['壳', '膜', '套']);
        if goes_with {
            return;
        }
        if names::LIGHT.contains(&word) {
            self.light(&range);
        }
        if let Some((_, hints)) =
            names::PURPOSES.iter().find(|(words, _)| words.iter().any(|purpose| word.contains(purpose)))
        {
            self.understood.hints.extend(hints.iter().map(|hint| (*hint).to_owned()));
        }
        self.kind_before(&range);
        let known = self.understood.filters.iter_mut().find(|filter| filter.attribute == "category" && !filter.is_soft);
        match known {
            Some(Filter { condition: Condition::OneOf(known), .. }) => {
                let new: Vec<String> = values.iter().filter(|value| !known.contains(value)).cloned().collect();
                known.extend(new);
            }
            _ => self.filter("category", Condition::OneOf(values.to_vec()), false, &range),
        }
        self.kinds.push(range.clone());
        self.taken.push(range);
    }

    /// Of two kinds either will do if `或` stands between them; otherwise the last is meant and those before say for what
    /// (`iphone case`): they stay words.
    fn kind_before(&mut self, range: &Range<usize>) {
        let Some(last) = self.kinds.last() else { return };
        let between = &self.text[last.end..range.start];
        if ["或", "和", "、", ",", "/", " or ", " and "].iter().any(|join| between.contains(join)) {
            return;
        }
        for filter in &mut self.understood.filters {
            filter.is_soft |= filter.attribute == "category" && matches!(filter.condition, Condition::OneOf(_));
        }
        let kinds = std::mem::take(&mut self.kinds);
        self.taken.retain(|taken| !kinds.contains(taken));
    }

    fn light(&mut self, range: &Range<usize>) {
        self.understood.hints.push("轻薄".to_owned());
        if self.attributes.measures("weight")
            && self.understood.filters.iter().all(|filter| filter.attribute != "weight")
        {
            self.filter("weight", Condition::Between { min: None, max: Some(LIGHT_KG) }, true, range);
        }
        self.taken.push(range.clone());
    }

    fn exclude(&mut self, attribute: &str, values: &[String], range: Range<usize>) {
        self.filter(attribute, Condition::NoneOf(values.to_vec()), false, &range);
        self.taken.push(range);
    }

    /// The word in ideographs behind a `不要` that is no name: it must not stand in an entry. Where it ends.
    fn lacks(&mut self, not: Range<usize>, at: usize) -> usize {
        let run = self.text[at..].char_indices().take_while(|(_, character)| is_ideograph(*character));
        let end = run.take(4).last().map_or(at, |(own, character)| at + own + character.len_utf8());
        let word = self.text[at..end].trim_end_matches(['的', '屏', '款', '版']);
        let end = at + word.len();
        if word.chars().count() >= 2 && !self.is_taken(&(at..end)) {
            let range = not.start..end;
            self.filter("text", Condition::Lacks(word.to_owned()), false, &range);
            self.taken.push(range);
            return end;
        }
        at + self.text[at..].chars().next().map_or(0, char::len_utf8)
    }

    /// What is not taken, without words that only joined conditions.
    fn rest(&mut self) -> String {
        self.taken.sort_by_key(|range| (range.start, range.end));
        let (mut pieces, mut at) = (Vec::new(), 0);
        for range in &self.taken {
            pieces.push(&self.text[at.min(range.start)..range.start]);
            at = at.max(range.end);
        }
        pieces.push(&self.text[at..]);
        let is_join = |word: &&str| !self.taken.is_empty() && names::JOINS.contains(word);
        let words = pieces.iter().flat_map(|piece| {
            piece.split(|character: char| character.is_whitespace() || ",，、;；".contains(character))
        });
        words.map(trimmed).filter(|word| !word.is_empty() && !is_join(word)).collect::<Vec<_>>().join(" ")
    }
}

/// Without `的` at its ends.
fn trimmed(word: &str) -> &str {
    word.trim_matches('的')
}

/// The attribute a quantity is of, and what its number is multiplied with.
fn measure_of(quantity: &Quantity) -> Option<(&'static str, f64)> {
    Some(match quantity.kind {
        QuantityKind::Price => ("price", 1.0),
        QuantityKind::Count
            if quantity.value >= PRICE_MIN && (quantity.bound != Bound::Exactly || quantity.high.is_some()) =>
        {
            ("price", 1.0)
        }
        QuantityKind::Memory => ("memory", 1.0),
        QuantityKind::Storage => ("storage", 1.0),
        QuantityKind::Screen => ("screen", 1.0),
        QuantityKind::Weight => ("weight", 1e-3),
        QuantityKind::Battery => ("battery", 1.0),
        QuantityKind::RefreshRate => ("refresh", 1.0),
        _ => return None,
    })
}

/// What a number of an attribute leaves open.
fn bounds(name: &str, value: f64, high: Option<f64>, bound: Bound) -> (Option<f64>, Option<f64>) {
    if let Some(high) = high {
        return (Some(value.min(high)), Some(value.max(high)));
    }
    let near = |part: f64| (Some(value * (1.0 - part)), Some(value * (1.0 + part)));
    match (bound, name) {
        (Bound::AtMost, _) => (None, Some(value)),
        (Bound::AtLeast, _) => (Some(value), None),
        (Bound::About, "price") => near(ABOUT),
        (Bound::Exactly, "price") => near(EXACTLY),
        (_, "screen") if value.fract() == 0.0 => (Some(value - 0.5), Some(value + 0.49)),
        (_, "screen") => (Some(value - 0.11), Some(value + 0.11)),
        // More charge or frames, and less to carry, is nothing to complain about.
        (_, "battery" | "refresh") => (Some(value), None),
        (_, "weight") => (None, Some(value)),
        _ => (Some(value), Some(value)),
    }
}
