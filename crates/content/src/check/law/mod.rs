//! Advertising law, for a text from anywhere, in Chinese and English: terms found in one pass over the folded text, judged
//! by what stands around them. It knows words, not truth: what a product really is, and what a price really was, is checked
//! beside it; and it is no lawyer. A text without findings may still be unlawful.

mod articles;
mod automaton;
mod book;
mod fold;
mod rule;
mod rules;
mod sentences;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use rule::Category;

use self::automaton::{Automaton, Hit};
use self::book::{BOOK, Book, Verdict};
use self::fold::Folded;
use super::finding::{Check, Finding, Fix, Places, Risk};

pub(crate) use automaton::Automaton as Terms;
pub(crate) use fold::Folded as FoldedText;

/// What is known of a text beside its words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Names of the shop's own brands and products: terms inside them are names, and they are no rivals.
    pub names: Vec<String>,
    /// Words for which a proof is kept: what they hold becomes a note.
    pub proven: Vec<String>,
    /// Whether the text has to say that it is advertising, as articles and reviews with a link to buy have to.
    pub needs_label: bool,
}

/// Most findings of one text; of a text with more the first are told.
pub const N_FINDINGS_MAX: usize = 1000;

/// Words by which a text says that it is advertising.
const LABELS: &str = "【广告】 广告: 广告| (广告) [广告] 本文为广告 本文包含广告 含广告 推广合作 商业推广 合作推广 商业合作 赞助 #ad# #ad sponsored \
                      advertisement paid_partnership";

/// The law check with its settings, ready for any number of texts.
#[derive(Debug)]
pub struct Law {
    needs_label: bool,
    /// Names first, then what is proven.
    own: Automaton,
    n_names: usize,
}

/// Where things begin and end, in characters.
type Ranges = Vec<(usize, usize)>;

/// A term with what the rules make of it.
#[derive(Clone, Copy)]
struct Judged {
    start: usize,
    end: usize,
    term: u32,
    /// Nothing where the surroundings make it lawful.
    risk: Option<Risk>,
}

impl Default for Law {
    fn default() -> Self {
        Law::new(&Settings::default())
    }
}

/// Checks a text by the rules alone. Time is linear in its length.
pub fn check(text: &str) -> Vec<Finding> {
    Law::default().check(text)
}

impl Law {
    pub fn new(settings: &Settings) -> Self {
        let folded = |text: &String| Folded::new(text).chars.iter().collect::<String>();
        let own: Vec<String> = settings.names.iter().chain(&settings.proven).map(folded).collect();
        Law { needs_label: settings.needs_label, own: Automaton::new(&own), n_names: settings.names.len() }
    }

    /// Checks a text; findings in the order of the text, at most [`N_FINDINGS_MAX`]. Time is linear in its length.
    pub fn check(&self, text: &str) -> Vec<Finding> {
        let places = Places::new(text);
        let folded = Folded::new(text);
        let mut found: Vec<Finding> = self
            .judge(&folded)
            .into_iter()
            .take(N_FINDINGS_MAX)
            .map(|judged| finding(&BOOK, &folded, &places, judged))
            .collect();
        if self.needs_label && !is_labelled(&folded) {
            found.insert(0, sentences::unlabelled(&places));
        }
        found
    }

    /// What stands in the text, in order, without what a longer or graver term holds.
    fn judge(&self, folded: &Folded) -> Vec<Judged> {
        let (mut hits, mut brands) = (Vec::new(), Vec::new());
        BOOK.automaton.each(&folded.chars, |hit| {
            if BOOK.is_whole(&folded.chars, hit) {
                if BOOK.is_brand(hit) { brands.push((hit.start, hit.end)) } else { hits.push(hit) }
            }
        });
        brands.sort_unstable();
        let (names, proven) = self.own_words(folded);
        brands.retain(|brand| !is_inside(&names, brand.0, brand.1));
        hits.sort_unstable_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end), hit.term));
        let mut judged = Vec::new();
        for hit in hits {
            if is_inside(&names, hit.start, hit.end) {
                continue;
            }
            let risk = match BOOK.judge(folded, hit, &brands) {
                Verdict::NoTerm => continue,
                Verdict::Lawful => None,
                Verdict::Found(_) if is_inside(&proven, hit.start, hit.end) => Some(Risk::Note),
                Verdict::Found(risk) => Some(risk),
            };
            judged.push(Judged { start: hit.start, end: hit.end, term: hit.term, risk });
        }
        resolve(&judged)
    }

    /// Where the shop's names stand, and what it has proven, each in order.
    fn own_words(&self, folded: &Folded) -> (Ranges, Ranges) {
        let (mut names, mut proven) = (Vec::new(), Vec::new());
        self.own.each(&folded.chars, |Hit { term, start, end }| {
            if (term as usize) < self.n_names { names.push((start, end)) } else { proven.push((start, end)) }
        });
        (in_order(names), in_order(proven))
    }
}

/// Sorted, overlapping ranges joined.
fn in_order(mut ranges: Ranges) -> Ranges {
    ranges.sort_unstable();
    let mut joined: Ranges = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match joined.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

fn is_inside(ranges: &[(usize, usize)], start: usize, end: usize) -> bool {
    let n = ranges.partition_point(|range| range.0 <= start);
    n.checked_sub(1).is_some_and(|last| end <= ranges[last].1)
}

/// Of terms within others the outer or the graver is told; what is lawful covers what it holds. Overlapping terms of one
/// category become one. Expects them by start, longer ones first.
fn resolve(judged: &[Judged]) -> Vec<Judged> {
    let mut kept: Vec<Judged> = Vec::new();
    let mut outer: Vec<Judged> = Vec::new();
    for &one in judged {
        outer.retain(|other| other.end > one.start);
        let category = BOOK.category(one.term);
        // The same words in two categories are told twice: 绝对不会 is absolute and promises without limits.
        let outweighs = |other: &Judged| {
            let is_longer = (other.start, other.end) != (one.start, one.end);
            other.risk.is_none() || (other.risk >= one.risk && (is_longer || BOOK.category(other.term) == category))
        };
        if outer.iter().any(|other| other.end >= one.end && outweighs(other)) {
            continue;
        }
        outer.push(one);
        if one.risk.is_none() {
            continue;
        }
        // The graver term inside a longer one takes its place, and parts of one claim are one finding.
        match kept.last_mut() {
            Some(last) if one.start < last.end && BOOK.category(last.term) == category => {
                let graver = one.risk > last.risk;
                let (term, risk) = if graver { (one.term, one.risk) } else { (last.term, last.risk) };
                *last = Judged { start: last.start, end: last.end.max(one.end), term, risk };
            }
            _ => kept.push(one),
        }
    }
    kept
}

fn finding(book: &Book, folded: &Folded, places: &Places, judged: Judged) -> Finding {
    let bytes = folded.original(judged.start..judged.end);
    let span = places.span(bytes.clone());
    let matched = places.words(&bytes);
    let term = &book.terms[judged.term as usize];
    let rule = book.rule(judged.term);
    let risk = judged.risk.unwrap_or(Risk::Note);
    let hidden = term.is_disguised || folded.is_parted(judged.start..judged.end);
    let is_joined = judged.end - judged.start != term.n_chars;
    let mended = book.mended(term).filter(|_| risk > Risk::Note && !is_joined);
    Finding {
        check: Check::Law,
        category: Cow::Borrowed(rule.category.name()),
        risk,
        message: sentences::message(rule.category, risk, &matched, hidden),
        suggestion: sentences::suggestion(rule.category, risk),
        article: Some(rule.article.said()),
        fix: mended.map(|with| Fix { span: span.clone(), with }),
        span: Some(span),
        matched,
    }
}

fn is_labelled(folded: &Folded) -> bool {
    let text: String = folded.chars.iter().collect();
    rule::words(LABELS).any(|label| text.contains(&label))
}

#[cfg(test)]
mod tests;
