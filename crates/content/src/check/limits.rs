//! How long a text may be where it is shown: in characters, in columns (a Chinese character is two), or in messages that are
//! paid for. Which channel has which limits is not known here.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::finding::{Check, Finding, Fix, Places, Risk, Said};

/// How a channel counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Unicode characters.
    #[default]
    Characters,
    /// Half-width columns: a character outside Latin script is two, as market places count titles.
    Columns,
    /// UTF-16 units, as short messages and push services count: most emoji are two.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
}

/// The limits of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limit {
    /// What the field is called, for the message: `title`.
    pub field: String,
    pub measure: Measure,
    pub min: Option<usize>,
    pub max: Option<usize>,
    /// Most lines.
    pub lines_max: Option<usize>,
}

impl Measure {
    /// How much one character counts.
    pub fn of(self, character: char) -> usize {
        match self {
            Measure::Characters => 1,
            Measure::Columns => columns(character),
            Measure::Utf16 => character.len_utf16(),
            Measure::Bytes => character.len_utf8(),
        }
    }

    /// How much a text counts.
    pub fn length(self, text: &str) -> usize {
        text.chars().map(|character| self.of(character)).sum()
    }

    fn name(self) -> (&'static str, &'static str) {
        match self {
            Measure::Characters => ("个字符", "characters"),
            Measure::Columns => ("个半角字符", "half-width characters"),
            Measure::Utf16 => ("个字", "units"),
            Measure::Bytes => ("个字节", "bytes"),
        }
    }
}

/// Columns of a character: none for marks that join the one before, one for Latin and its like, two for the rest.
fn columns(character: char) -> usize {
    match character as u32 {
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f | 0x20d0..=0x20ff | 0xfeff => 0,
        0..=0x2017 | 0x2020..=0x2e7f | 0xff61..=0xffdc | 0xffe8..=0xffee => 1,
        _ => 2,
    }
}

/// Marks at which a text may be cut.
const CUTS: &[char] = &['。', '！', '？', '；', '，', '、', '\n', '.', '!', '?', ';', ',', ' '];

/// Checks a text against the limits of a field.
pub fn check(text: &str, limit: &Limit) -> Vec<Finding> {
    let places = Places::new(text);
    let length = limit.measure.length(text);
    let (unit_zh, unit_en) = limit.measure.name();
    let mut found = Vec::new();
    if let Some(max) = limit.max.filter(|max| length > *max) {
        let fits = fitting(text, limit.measure, max);
        let cut = cut_before(text, fits);
        found.push(Finding {
            span: Some(places.span(fits..text.len())),
            matched: text[fits..].chars().take(40).collect(),
            fix: Some(Fix { span: places.span(cut..text.len()), with: String::new() }),
            ..finding(
                "too_long",
                Said::new(
                    format!("{}{length}{unit_zh}，最多 {max}", name_zh(limit)),
                    format!("{}{length} {unit_en}, at most {max} allowed", name_en(limit)),
                ),
                Said::new(format!("删去 {}{unit_zh}", length - max), format!("leave out {} {unit_en}", length - max)),
            )
        });
    }
    if let Some(min) = limit.min.filter(|min| length < *min) {
        found.push(finding(
            "too_short",
            Said::new(
                format!("{}{length}{unit_zh}，至少 {min}", name_zh(limit)),
                format!("{}{length} {unit_en}, at least {min} wanted", name_en(limit)),
            ),
            Said::fixed("补充一个有依据的卖点", "add a point that can be proved"),
        ));
    }
    let n_lines = text.lines().count();
    if let Some(max) = limit.lines_max.filter(|max| n_lines > *max) {
        found.push(finding(
            "too_many_lines",
            Said::new(
                format!("{}{n_lines} 行，最多 {max}", name_zh(limit)),
                format!("{}{n_lines} lines, at most {max} allowed", name_en(limit)),
            ),
            Said::fixed("合并或者删去几行", "join or leave out lines"),
        ));
    }
    found
}

fn name_zh(limit: &Limit) -> String {
    if limit.field.is_empty() { String::new() } else { format!("{}：", limit.field) }
}

fn name_en(limit: &Limit) -> String {
    if limit.field.is_empty() { String::new() } else { format!("{}: ", limit.field) }
}

fn finding(category: &'static str, message: Said, suggestion: Said) -> Finding {
    Finding {
        check: Check::Limits,
        category: Cow::Borrowed(category),
        risk: Risk::Block,
        span: None,
        matched: String::new(),
        article: None,
        message,
        suggestion,
        fix: None,
    }
}

/// The bytes from the beginning that fit, ending between characters.
fn fitting(text: &str, measure: Measure, max: usize) -> usize {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        used += measure.of(character);
        if used > max {
            return at;
        }
    }
    text.len()
}

/// The last place at or before `fits` where a phrase ends, if one is in the second half; else `fits`.
fn cut_before(text: &str, fits: usize) -> usize {
    let head = &text[..fits];
    match head.rfind(CUTS) {
        Some(at) if at * 2 >= fits => at,
        _ => fits,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limit(measure: Measure, max: usize) -> Limit {
        Limit { field: "标题".into(), measure, max: Some(max), ..Limit::default() }
    }

    #[test]
    fn channels_count_differently() {
        let text = "星曜X7 手机😀";
        for (measure, length) in
            [(Measure::Characters, 8), (Measure::Columns, 13), (Measure::Utf16, 9), (Measure::Bytes, 19)]
        {
            assert_eq!(measure.length(text), length, "{measure:?}");
            assert_eq!(check(text, &limit(measure, length)), []);
            assert_eq!(check(text, &limit(measure, length - 1)).len(), 1);
        }
    }

    #[test]
    fn what_is_too_long_is_shown_and_cut_at_a_phrase() {
        let text = "屏幕清楚，续航很长，拍照也好";
        let found = &check(text, &limit(Measure::Characters, 11))[0];
        assert_eq!(found.matched, "照也好");
        assert_eq!(found.message.zh, "标题：14个字符，最多 11");
        let fix = found.fix.as_ref().unwrap();
        assert_eq!(super::super::finding::apply(text, [fix]).0, "屏幕清楚，续航很长");
    }

    #[test]
    fn too_short_and_too_many_lines() {
        let wanted = Limit { min: Some(5), lines_max: Some(1), ..Limit::default() };
        let categories: Vec<_> = check("a\nb", &wanted).into_iter().map(|found| found.category).collect();
        assert_eq!(categories, ["too_short", "too_many_lines"]);
    }

    proptest! {
        #[test]
        fn a_cut_text_fits(text in "\\PC{0,60}", max in 0usize..50) {
            for measure in [Measure::Characters, Measure::Columns, Measure::Utf16, Measure::Bytes] {
                let wanted = limit(measure, max);
                for found in check(&text, &wanted) {
                    let (cut, n) = super::super::finding::apply(&text, found.fix.as_ref());
                    prop_assert_eq!(n, 1);
                    prop_assert!(measure.length(&cut) <= max);
                }
            }
        }
    }
}
