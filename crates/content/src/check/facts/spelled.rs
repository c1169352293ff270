//! Numbers in words before a unit (`two hundred yuan`, `内存十六GB`, `翻三倍`) as digits, so that they are read and bound as those are. Chinese
//! numerals before Chinese units are read in `language`; a word for a number without a unit is none here (`one more thing`).

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// A text with its numbers in digits, and where its pieces come from.
pub(super) struct Spelled {
    pub text: String,
    /// Replaced pieces: in the new text, and in the old.
    pieces: Vec<(Range<usize>, Range<usize>)>,
}

const ONES: &[&str] = &[
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: &[&str] = &["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

fn pattern() -> &'static Regex {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
        let number = format!("(?:{}|{}|hundred|thousand)", ONES.join("|"), TENS.join("|"));
        let units = "yuan|rmb|dollars?|bucks|euros?|per ?cent|percent|%|hours?|days?|nights?|weeks?|months?|years?|minutes?|seconds?|gb|tb|gigabytes?|terabytes?|mah|watts?|inch(?:es)?|megapixels?|grams?|kilos?|kilograms?|kg|times";
        // Of letters alone: ideographs are letters too, and stand right beside units.
        let en = format!(r"(?i)(?-u:\b)((?:a )?{number}(?:[ -](?:and )?{number})*)[ -](?:{units})(?-u:\b)");
        let zh = r"([〇零一二两三四五六七八九十百千]+)(?:倍|[GgTtMm][Bb](?-u:\b)|[Ww](?-u:\b)|[Hh][Zz](?-u:\b)|m[Aa]h(?-u:\b)|mm(?-u:\b)|cm(?-u:\b)|kg(?-u:\b)|[Mm][Pp](?-u:\b))";
        Regex::new(&format!("{en}|{zh}")).expect("a sound pattern")
    });
    &PATTERN
}

impl Spelled {
    /// Nothing where no number stands in words.
    pub(super) fn of(text: &str) -> Option<Spelled> {
        let mut spelled = Spelled { text: String::with_capacity(text.len()), pieces: Vec::new() };
        let mut at = 0;
        for found in pattern().captures_iter(text) {
            let Some(number) = found.get(1).or_else(|| found.get(2)) else { continue };
            let value = if found.get(1).is_some() { english(number.as_str()) } else { chinese(number.as_str()) };
            let Some(value) = value else { continue };
            spelled.text.push_str(&text[at..number.start()]);
            let start = spelled.text.len();
            spelled.text.push_str(&value.to_string());
            spelled.pieces.push((start..spelled.text.len(), number.range()));
            at = number.end();
        }
        spelled.text.push_str(&text[at..]);
        (!spelled.pieces.is_empty()).then_some(spelled)
    }

    /// A range of the new text in the old.
    pub(super) fn back(&self, range: Range<usize>) -> Range<usize> {
        self.place(range.start, true)..self.place(range.end, false)
    }

    fn place(&self, at: usize, is_start: bool) -> usize {
        let mut shift: isize = 0;
        for (new, old) in &self.pieces {
            if at < new.start || at == new.start && is_start {
                break;
            }
            if at < new.end || at == new.end && !is_start {
                return if is_start { old.start } else { old.end };
            }
            shift = old.end as isize - new.end as isize;
        }
        (at as isize + shift) as usize
    }
}

/// `two hundred and fifty`: 250.
fn english(words: &str) -> Option<u64> {
    let folded = words.to_ascii_lowercase();
    let (mut sum, mut part) = (0, 0);
    for word in folded.split([' ', '-']).filter(|word| !matches!(*word, "and" | "")) {
        match word {
            "a" => part = 1,
            "hundred" => part = part.max(1) * 100,
            "thousand" => (sum, part) = (sum + part.max(1) * 1000, 0),
            word => {
                let one = ONES.iter().position(|own| *own == word);
                part += one.or_else(|| Some(20 + 10 * TENS.iter().position(|own| *own == word)?))? as u64;
            }
        }
    }
    Some(sum + part)
}

/// `十六`: 16, `三百二`: no number that is read.
fn chinese(numerals: &str) -> Option<u64> {
    let digit = |character: char| match character {
        '两' => Some(2),
        character => "零一二三四五六七八九".chars().position(|own| own == character).map(|at| at as u64),
    };
    let (mut sum, mut last) = (0, None);
    for character in numerals.chars() {
        match character {
            '十' | '百' | '千' => {
                let times = match character {
                    '十' => 10,
                    '百' => 100,
                    _ => 1000,
                };
                sum += last.take().unwrap_or(1) * times;
            }
            '〇' => last = Some(0),
            character => last = Some(digit(character)?),
        }
    }
    Some(sum + last.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_words_are_digits_and_lead_back() {
        for (text, wanted, old) in [
            ("Two hundred yuan off", "200 yuan off", "Two hundred"),
            ("A battery that lasts twenty-four hours", "A battery that lasts 24 hours", "twenty-four"),
            ("a hundred and fifty dollars", "150 dollars", "a hundred and fifty"),
            ("内存十六GB起", "内存16GB起", "十六"),
            ("销量翻三倍", "销量翻3倍", "三"),
        ] {
            let spelled = Spelled::of(text).unwrap();
            assert_eq!(spelled.text, wanted);
            let new = spelled.pieces[0].0.clone();
            assert_eq!(&text[spelled.back(new)], old);
            // What stands behind is found again too.
            let (end, last) = (spelled.text.len(), text.len());
            assert_eq!(spelled.back(end - 1..end).end, last);
        }
        assert!(Spelled::of("one more thing, and two friends").is_none());
    }
}
