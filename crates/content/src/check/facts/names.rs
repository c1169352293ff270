//! Names with digits, makers and words for features, each looked up in the fields. Names without digits that are no maker's
//! are not known here.

use std::ops::Range;
use std::sync::LazyLock;

use language::text::MAKERS;

use super::super::clause::{clause, has_word};
use super::super::finding::{Risk, Said};
use super::features::{FEATURES, Feature};
use super::grounds::{Field, Fields, Owner, folded};
use super::{ClaimKind, Writer};
use crate::check::law::{FoldedText, Terms};
use crate::plan::names::clean;

/// Words with digits that name no product.
const WORDS: &[&str] = &[
    "3C", "MP3", "MP4", "3D", "2D", "H5", "B2B", "B2C", "O2O", "24H", "7X24", "3A", "2B", "4S", "A4", "A5", "CO2",
    "5S", "1V1", "V1", "Q1", "Q2", "Q3", "Q4", "8D",
];

/// Binds words of letters and digits; adds their bytes to `taken`.
pub(super) fn models(text: &str, fields: &Fields, taken: &mut Vec<Range<usize>>, writer: &mut Writer) {
    for range in words_with_digits(text) {
        // 16GB inside a quantity is no name; a name that holds what looks like one is.
        if taken.iter().any(|other| other.start <= range.start && range.end <= other.end) {
            continue;
        }
        let overlaps = taken.iter().any(|other| other.start < range.end && range.start < other.end);
        let name = &text[range.clone()];
        let joined: String =
            folded(name).chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
        let is_known_word = WORDS.contains(&joined.as_str());
        if is_known_word || overlaps {
            taken.push(range);
            continue;
        }
        match fields.all.iter().find(|field| has_name(field, name, &joined)) {
            Some(field) => writer.bound(&range, ClaimKind::Model, &[field]),
            None => {
                let message =
                    Said::new(format!("型号“{name}”在商品字段里找不到"), format!("no field has the name “{name}”"));
                writer.unbound(&range, "unbound_name", Risk::Block, message, None);
            }
        }
        taken.push(range);
    }
}

/// Binds what another product is called to its name.
pub(super) fn of_another(range: &Range<usize>, called: &str, fields: &Fields, writer: &mut Writer) {
    let is_called = |field: &&Field| {
        matches!(field.owner, Owner::Other(_))
            && field.name == "name"
            && (field.value.contains(called) || clean(&field.value).contains(called))
    };
    if let Some(field) = fields.all.iter().find(is_called) {
        writer.bound(range, ClaimKind::Model, &[field]);
    }
}

/// Whether a field has the name as one word, or all its parts with digits.
fn has_name(field: &Field, name: &str, joined: &str) -> bool {
    let with_digit = |part: &&str| part.bytes().any(|byte| byte.is_ascii_digit());
    let parts = || name.split(|character: char| !character.is_ascii_alphanumeric()).filter(with_digit);
    field.has_word(joined)
        || (name.contains(['-', '/', '+', '.'])
            && parts().next().is_some()
            && parts().all(|part| field.has_word(&part.to_ascii_uppercase())))
}

/// Runs of Latin letters and digits with at least one of each; hyphens and points inside belong to them.
fn words_with_digits(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let from = at;
        let part = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        while part(at) || (matches!(bytes.get(at), Some(b'-' | b'.')) && part(at + 1)) {
            at += 1;
        }
        let word = &bytes[from..at];
        if word.iter().any(u8::is_ascii_digit) && word.iter().any(u8::is_ascii_alphabetic) {
            found.push(from..at);
        }
    }
    found
}

/// The makers that a folded text names.
pub(super) fn makers_in(folded: &str) -> impl Iterator<Item = usize> {
    MAKERS_NAMED.find(&FoldedText::new(folded)).into_iter().map(|(at, _)| at)
}

/// Words that hold a maker's name and mean another thing.
const NO_MAKERS: &[(&str, &[&str])] = &[
    ("荣耀", &["王者荣耀", "荣耀时刻", "荣耀之"]),
    ("联想", &["联想到", "让人联想", "联想起"]),
    ("苹果", &["苹果绿", "吃苹果", "苹果汁", "红苹果"]),
    ("小米", &["小米粥"]),
    ("真我", &["真我风"]),
    ("一加", &["一加一"]),
    (
        "sharp",
        &["sharp image", "sharp picture", "sharp detail", "sharp and", "sharp display", "sharp text", "razor sharp"],
    ),
    ("canon", &["canonical"]),
    ("honor", &["in honor", "honor of"]),
];

/// Binds makers' names: the product's own, and those that its fields name.
pub(super) fn makers(text: &str, fields: &Fields, writer: &mut Writer) {
    for (at, range) in MAKERS_NAMED.find(&FoldedText::new(text)) {
        let names = MAKERS[at].names;
        let field = fields
            .makers
            .contains(&at)
            .then(|| fields.all.iter().find(|field| has_word(&field.folded, names) || field.name == "brand"));
        let around = folded(&text[clause(text, &range)]);
        let name = folded(&text[range.clone()]);
        let is_other =
            NO_MAKERS.iter().any(|(word, means)| *word == name && means.iter().any(|mean| around.contains(mean)));
        match field.flatten() {
            _ if is_other => {}
            Some(field) => writer.bound(&range, ClaimKind::Brand, &[field]),
            None => {
                let written = &text[range.clone()];
                let message = Said::new(
                    format!("品牌“{written}”在商品字段里找不到"),
                    format!("no field names the maker “{written}”"),
                );
                writer.unbound(&range, "unbound_brand", Risk::Block, message, None);
            }
        }
    }
}

/// Words before a feature that say that it is missing.
const DENIALS: &[&str] =
    &["不支持", "没有", "不带", "不含", "无", "未配备", "不具备", "no ", "without ", "not ", "lacks ", "doesn't have "];

/// Words with 无 that say nothing of what stands behind them.
const NO_DENIALS: &[&str] = &["无人机", "无线", "无锁", "无论", "无须", "无需"];

/// Binds words for features.
pub(super) fn features(text: &str, fields: &Fields, writer: &mut Writer) {
    for (at, range) in FEATURES_NAMED.find(&FoldedText::new(text)) {
        let before = folded(&text[clause(text, &range).start..range.start]);
        // The words just in front alone: 没有背光, but not 没有风扇声的背光键盘.
        let from = before.char_indices().rev().nth(7).map_or(0, |(at, _)| at);
        // 无人机 and 无线 deny nothing.
        let near = NO_DENIALS.iter().fold(before[from..].to_owned(), |near, word| near.replace(word, ""));
        let is_denied = DENIALS.iter().any(|word| has_word(&near, &[word.trim_end()]));
        feature_at(text, &range, &FEATURES[at], is_denied, fields, writer);
    }
}

fn feature_at(
    text: &str,
    range: &Range<usize>,
    feature: &Feature,
    is_denied: bool,
    fields: &Fields,
    writer: &mut Writer,
) {
    let speaks = |field: &&Field| {
        has_word(&field.folded, feature.names) || feature.fields.iter().any(|word| is_in_field(&field.folded, word))
    };
    let speaking: Vec<&Field> = fields.all.iter().filter(speaks).collect();
    let written = &text[range.clone()];
    if let Some(field) = speaking.iter().find(|field| field.is_denied == is_denied) {
        return writer.bound(range, ClaimKind::Feature, &[field]);
    }
    // That something is missing may be said where no field has it.
    if is_denied && speaking.is_empty() {
        return;
    }
    let message = match speaking.first() {
        Some(field) => Said::new(
            format!("文案写“{written}”，商品的 {} 是 {}", field.name, field.value),
            format!("the text says “{written}”, the product's {} is {}", field.name, field.value),
        ),
        None => Said::new(format!("“{written}”在商品字段里找不到"), format!("no field says “{written}”")),
    };
    writer.unbound(range, "unbound_feature", Risk::Block, message, None);
}

/// Words of Latin letters begin where a word begins, so that `ir` is not found in `wireless`.
fn is_in_field(field: &str, word: &str) -> bool {
    let is_latin = |character: Option<char>| character.is_some_and(|one| one.is_ascii_alphabetic());
    field.match_indices(word).any(|(at, _)| {
        let inside =
            word.starts_with(|first: char| first.is_ascii_alphabetic()) && is_latin(field[..at].chars().next_back());
        let short = word.len() <= 3 && word.is_ascii() && is_latin(field[at + word.len()..].chars().next());
        !inside && !short
    })
}

/// Groups of names, found in one pass.
struct Index {
    terms: Terms,
    /// By term: its group and its name.
    names: Vec<(usize, &'static str)>,
}

static MAKERS_NAMED: LazyLock<Index> = LazyLock::new(|| Index::new(MAKERS.iter().map(|maker| maker.names)));
static FEATURES_NAMED: LazyLock<Index> = LazyLock::new(|| Index::new(FEATURES.iter().map(|feature| feature.names)));

impl Index {
    fn new(groups: impl Iterator<Item = &'static [&'static str]>) -> Self {
        let of_group = |(group, names): (usize, &'static [&'static str])| names.iter().map(move |name| (group, *name));
        let names: Vec<(usize, &'static str)> = groups.enumerate().flat_map(of_group).collect();
        let written: Vec<&str> = names.iter().map(|one| one.1).collect();
        Index { terms: Terms::new(&written), names }
    }

    /// Group and bytes of every name, as whole words, in order; of names that overlap the longer one that begins first.
    fn find(&self, read: &FoldedText) -> Vec<(usize, Range<usize>)> {
        let mut found: Vec<(usize, usize, usize)> = Vec::new();
        self.terms.each(&read.chars, |hit| {
            let (group, name) = self.names[hit.term as usize];
            let joins = |at: Option<&char>| at.is_some_and(char::is_ascii_alphanumeric);
            let edge = |own: Option<char>| own.is_some_and(|own| own.is_ascii_alphanumeric());
            let before = hit.start.checked_sub(1).and_then(|at| read.chars.get(at));
            let parted = (edge(name.chars().next()) && joins(before))
                || (edge(name.chars().next_back()) && joins(read.chars.get(hit.end)));
            if !parted {
                found.push((hit.start, hit.end, group));
            }
        });
        found.sort_by_key(|(start, end, group)| (*start, std::cmp::Reverse(*end), *group));
        let mut reached = 0;
        found.retain(|(start, end, _)| {
            let is_apart = *start >= reached;
            reached = reached.max(*end);
            is_apart
        });
        found.into_iter().map(|(start, end, group)| (group, read.original(start..end))).collect()
    }
}
