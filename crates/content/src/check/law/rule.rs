//! What a rule of the law check is: terms, in which surroundings they count, and what is said about them. Rules are data
//! (`rules`); this file gives them their shape and the few kinds of surroundings that they may ask for.

use serde::{Deserialize, Serialize};

use super::articles::Article;
use super::fold::{Folded, ends_clause, ends_sentence};
use crate::check::finding::Risk;

/// What a hit of the law check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Best, first, only: what no advertiser can know.
    Absolute,
    /// Names or marks of the state, and honours that may not advertise.
    Authority,
    /// Superstition, indecency, discrimination.
    Order,
    /// Cures and health effects of what is no medicine.
    Medical,
    /// Promised yields.
    Financial,
    /// Guarantees without limits, and figures without a source.
    Unproven,
    /// Rivals made small.
    Disparaging,
    /// Advertising that says it is none, or does not say that it is.
    HiddenAd,
    /// Clicks, shares and data got by false alarms and prizes.
    Inducement,
    /// Prices that are not, were not or cannot be compared.
    FalsePrice,
    /// Terms that take from customers what the law gives them.
    UnfairTerm,
    /// Praise that is paid for.
    FakeReview,
    /// Children made to press their parents.
    Minors,
    /// Promised marks and passed examinations.
    Education,
    /// Patents without their number.
    Patent,
}

impl Category {
    pub const ALL: [Category; 15] = [
        Category::Absolute,
        Category::Authority,
        Category::Order,
        Category::Medical,
        Category::Financial,
        Category::Unproven,
        Category::Disparaging,
        Category::HiddenAd,
        Category::Inducement,
        Category::FalsePrice,
        Category::UnfairTerm,
        Category::FakeReview,
        Category::Minors,
        Category::Education,
        Category::Patent,
    ];

    /// The name in reports and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Category::Absolute => "absolute",
            Category::Authority => "authority",
            Category::Order => "order",
            Category::Medical => "medical",
            Category::Financial => "financial",
            Category::Unproven => "unproven",
            Category::Disparaging => "disparaging",
            Category::HiddenAd => "hidden_ad",
            Category::Inducement => "inducement",
            Category::FalsePrice => "false_price",
            Category::UnfairTerm => "unfair_term",
            Category::FakeReview => "fake_review",
            Category::Minors => "minors",
            Category::Education => "education",
            Category::Patent => "patent",
        }
    }
}

/// Surroundings of a hit. Words of a list are separated by spaces; `_` stands for a space inside one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// The text goes on with one of these.
    Next(&'static str),
    /// One of these stands just before.
    Prev(&'static str),
    /// One of these begins within so many characters after, in the same sentence.
    NextIn(usize, &'static str),
    /// One of these ends within so many characters before, in the same sentence.
    PrevIn(usize, &'static str),
    /// In the same clause.
    Clause(&'static str),
    /// In the same sentence.
    Sentence(&'static str),
    /// A maker that is not one's own is named within so many characters, on either side, in the same sentence.
    Brand(usize),
    /// A maker that is not one's own is named within so many characters after.
    BrandNext(usize),
    /// A number follows within so many characters, in the same clause.
    NumberNext(usize),
    /// A share (`98%`, 九成) stands within so many characters before.
    ShareBefore(usize),
    /// The clause ends right after.
    EndsClause,
    /// Inside 《》.
    Title,
}

/// Terms with the surroundings in which they count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub category: Category,
    pub risk: Risk,
    pub article: Article,
    /// Separated by spaces and line breaks; `_` stands for a space inside one.
    pub terms: &'static str,
    /// Whether homophones and pinyin of the terms are looked for as well.
    pub heard: bool,
    /// All of these have to hold.
    pub all: &'static [When],
    /// One of these has to hold, if there are any.
    pub only: &'static [When],
    /// None of these may hold.
    pub unless: &'static [When],
    /// Any of these makes a note of it: allowed where it can be proved.
    pub lower: &'static [When],
    /// Any of these makes it the gravest.
    pub raise: &'static [When],
}

/// A rule that counts everywhere.
pub(crate) const fn rule(category: Category, risk: Risk, article: Article, terms: &'static str) -> Rule {
    Rule { category, risk, article, terms, heard: false, all: &[], only: &[], unless: &[], lower: &[], raise: &[] }
}

impl Rule {
    pub const fn heard(mut self) -> Self {
        self.heard = true;
        self
    }

    pub const fn all(mut self, when: &'static [When]) -> Self {
        self.all = when;
        self
    }

    pub const fn only(mut self, when: &'static [When]) -> Self {
        self.only = when;
        self
    }

    pub const fn unless(mut self, when: &'static [When]) -> Self {
        self.unless = when;
        self
    }

    pub const fn lower(mut self, when: &'static [When]) -> Self {
        self.lower = when;
        self
    }

    pub const fn raise(mut self, when: &'static [When]) -> Self {
        self.raise = when;
        self
    }
}

/// A list of words as characters.
pub(crate) fn words(list: &str) -> impl Iterator<Item = String> {
    list.split_whitespace().map(|word| word.replace('_', " "))
}

/// [`When`], ready to be asked.
#[derive(Debug)]
pub(crate) enum Asked {
    Next(Vec<Vec<char>>),
    Prev(Vec<Vec<char>>),
    NextIn(usize, Vec<Vec<char>>),
    PrevIn(usize, Vec<Vec<char>>),
    Clause(Vec<Vec<char>>),
    Sentence(Vec<Vec<char>>),
    Brand(usize, usize),
    NumberNext(usize),
    ShareBefore(usize),
    EndsClause,
    Title,
}

/// Characters of a clause or sentence that are looked at on either side: enough for any that is read, and a bound on what a
/// text without marks may cost.
const N_NEAR: usize = 60;

impl Asked {
    pub fn new(when: &When) -> Self {
        let read = |list: &str| words(list).map(|word| word.chars().collect()).collect();
        match when {
            When::Next(list) => Asked::Next(read(list)),
            When::Prev(list) => Asked::Prev(read(list)),
            When::NextIn(n, list) => Asked::NextIn(*n, read(list)),
            When::PrevIn(n, list) => Asked::PrevIn(*n, read(list)),
            When::Clause(list) => Asked::Clause(read(list)),
            When::Sentence(list) => Asked::Sentence(read(list)),
            When::Brand(n) => Asked::Brand(*n, *n),
            When::BrandNext(n) => Asked::Brand(0, *n),
            When::NumberNext(n) => Asked::NumberNext(*n),
            When::ShareBefore(n) => Asked::ShareBefore(*n),
            When::EndsClause => Asked::EndsClause,
            When::Title => Asked::Title,
        }
    }

    /// Whether it holds around the characters `start..end`. `brands` are where names of makers stand, in order.
    pub fn holds(&self, text: &Folded, start: usize, end: usize, brands: &[(usize, usize)]) -> bool {
        let chars = &text.chars;
        match self {
            Asked::Next(list) => list.iter().any(|word| chars[end..].starts_with(word)),
            Asked::Prev(list) => list.iter().any(|word| chars[..start].ends_with(word)),
            Asked::NextIn(n, list) => {
                let to = forward(chars, end, *n, ends_sentence);
                list.iter().any(|word| within(chars, end, (to + word.len()).min(chars.len()), word))
            }
            Asked::PrevIn(n, list) => {
                let from = backward(chars, start, *n, ends_sentence);
                list.iter().any(|word| within(chars, from.saturating_sub(word.len()), start, word))
            }
            Asked::Clause(list) => {
                let (from, to) = (backward(chars, start, N_NEAR, is_pause), forward(chars, end, N_NEAR, is_pause));
                list.iter().any(|word| within(chars, from, to, word))
            }
            Asked::Sentence(list) => {
                let from = backward(chars, start, N_NEAR, ends_sentence);
                let to = forward(chars, end, N_NEAR, ends_sentence);
                list.iter().any(|word| within(chars, from, to, word))
            }
            Asked::Brand(before, after) => {
                let from = backward(chars, start, *before, ends_sentence);
                let to = forward(chars, end, *after, ends_sentence);
                let first = brands.partition_point(|brand| brand.0 < from);
                brands[first..].iter().take_while(|brand| brand.0 < to).any(|brand| brand.1 <= start || brand.0 >= end)
            }
            Asked::NumberNext(n) => {
                let to = forward(chars, end, *n, is_pause);
                chars[end..to].iter().any(|character| is_numeral(*character))
            }
            Asked::ShareBefore(n) => {
                let from = backward(chars, start, *n, ends_sentence);
                chars[from..start].iter().any(|character| matches!(character, '%' | '成' | '‰'))
            }
            Asked::EndsClause => chars.get(end).is_none_or(|next| ends_clause(*next)),
            Asked::Title => {
                let opened =
                    chars[..start].iter().rev().take(N_NEAR).find(|character| matches!(character, '《' | '》'));
                opened == Some(&'《')
            }
        }
    }
}

fn is_numeral(character: char) -> bool {
    character.is_ascii_digit() || "一二三四五六七八九十百千万两几".contains(character)
}

/// Where a clause ends: an enumeration, a title or a bracket does not end it.
fn is_pause(character: char) -> bool {
    ends_sentence(character) || matches!(character, ',' | '…')
}

fn forward(chars: &[char], at: usize, n: usize, stops: impl Fn(char) -> bool) -> usize {
    let to = (at + n).min(chars.len());
    chars[at..to].iter().position(|character| stops(*character)).map_or(to, |found| at + found)
}

fn backward(chars: &[char], at: usize, n: usize, stops: impl Fn(char) -> bool) -> usize {
    let from = at.saturating_sub(n);
    chars[from..at].iter().rposition(|character| stops(*character)).map_or(from, |found| from + found + 1)
}

fn within(chars: &[char], from: usize, to: usize, word: &[char]) -> bool {
    let Some(first) = word.first() else { return false };
    let inside = &chars[from..to];
    inside.iter().enumerate().any(|(at, character)| character == first && inside[at..].starts_with(word))
}
