//! Figures in a text: numbers with their units, money, days, times of day and names with digits (`i7-13700H`), each in one
//! form, so that `1,299.00` meets `1299`, `16GB` meets `16 GB` and `七天` meets `7 days`. Ordinals, marks of citations and
//! numbers of lists are no figures. What supports a figure is decided one level up.

use std::ops::Range;

/// A figure with the bytes it stands at.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub range: Range<usize>,
    pub text: String,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `raw` as it is written, `base` in the base unit of what is measured.
    Number {
        raw: f64,
        base: f64,
        unit: Unit,
    },
    Day {
        year: Option<i32>,
        month: u8,
        day: u8,
    },
    /// Minutes since midnight.
    Time(u32),
    /// Letters and digits in one word, or a number too long to count with: in capitals, parts joined by `-`.
    Name(String),
}

/// What is measured; the base unit in the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// No unit, or a word that is none.
    Bare,
    /// `台`, `pieces`: things counted.
    Count,
    Gigabyte,
    Inch,
    MilliampHour,
    WattHour,
    Watt,
    Hertz,
    Gram,
    Millimetre,
    Hour,
    Month,
    WorkingDay,
    Percent,
    /// Tenths of the price that are paid.
    Discount,
    Times,
    Megapixel,
    FramePerSecond,
    Nit,
    Dpi,
    Decibel,
    Volt,
    Ampere,
    Celsius,
    Megabit,
    MegabytePerSecond,
    Yuan,
    Dollar,
    Euro,
    Pound,
    Rupee,
}

use Unit::*;

impl Unit {
    pub fn is_money(self) -> bool {
        matches!(self, Yuan | Dollar | Euro | Pound | Rupee)
    }
}

/// Units as they are written, folded to lower case, with their factor to the base unit.
const UNITS: &[(&str, Unit, f64)] = &[
    ("gb", Gigabyte, 1.0),
    ("gib", Gigabyte, 1.0),
    ("tb", Gigabyte, 1024.0),
    ("mb", Gigabyte, 1.0 / 1024.0),
    ("in", Inch, 1.0),
    ("inch", Inch, 1.0),
    ("inches", Inch, 1.0),
    ("英寸", Inch, 1.0),
    ("寸", Inch, 1.0),
    ("mah", MilliampHour, 1.0),
    ("毫安时", MilliampHour, 1.0),
    ("毫安", MilliampHour, 1.0),
    ("wh", WattHour, 1.0),
    ("瓦时", WattHour, 1.0),
    ("w", Watt, 1.0),
    ("瓦", Watt, 1.0),
    ("watt", Watt, 1.0),
    ("watts", Watt, 1.0),
    ("kw", Watt, 1000.0),
    ("hz", Hertz, 1.0),
    ("赫兹", Hertz, 1.0),
    ("khz", Hertz, 1e3),
    ("mhz", Hertz, 1e6),
    ("ghz", Hertz, 1e9),
    ("g", Gram, 1.0),
    ("克", Gram, 1.0),
    ("kg", Gram, 1000.0),
    ("公斤", Gram, 1000.0),
    ("千克", Gram, 1000.0),
    ("斤", Gram, 500.0),
    ("lb", Gram, 453.592_37),
    ("lbs", Gram, 453.592_37),
    ("mm", Millimetre, 1.0),
    ("毫米", Millimetre, 1.0),
    ("cm", Millimetre, 10.0),
    ("厘米", Millimetre, 10.0),
    ("m", Millimetre, 1000.0),
    ("米", Millimetre, 1000.0),
    ("h", Hour, 1.0),
    ("hour", Hour, 1.0),
    ("hours", Hour, 1.0),
    ("小时", Hour, 1.0),
    ("个小时", Hour, 1.0),
    ("min", Hour, 1.0 / 60.0),
    ("minute", Hour, 1.0 / 60.0),
    ("minutes", Hour, 1.0 / 60.0),
    ("分钟", Hour, 1.0 / 60.0),
    ("s", Hour, 1.0 / 3600.0),
    ("second", Hour, 1.0 / 3600.0),
    ("seconds", Hour, 1.0 / 3600.0),
    ("秒", Hour, 1.0 / 3600.0),
    ("day", Hour, 24.0),
    ("days", Hour, 24.0),
    ("天", Hour, 24.0),
    ("日", Hour, 24.0),
    ("week", Hour, 168.0),
    ("weeks", Hour, 168.0),
    ("周", Hour, 168.0),
    ("个星期", Hour, 168.0),
    ("month", Month, 1.0),
    ("months", Month, 1.0),
    ("个月", Month, 1.0),
    ("year", Month, 12.0),
    ("years", Month, 12.0),
    ("年", Month, 12.0),
    ("working day", WorkingDay, 1.0),
    ("working days", WorkingDay, 1.0),
    ("business days", WorkingDay, 1.0),
    ("个工作日", WorkingDay, 1.0),
    ("工作日", WorkingDay, 1.0),
    ("%", Percent, 1.0),
    ("percent", Percent, 1.0),
    ("折", Discount, 1.0),
    ("倍", Times, 1.0),
    ("times", Times, 1.0),
    ("mp", Megapixel, 1.0),
    ("万像素", Megapixel, 0.01),
    ("fps", FramePerSecond, 1.0),
    ("帧", FramePerSecond, 1.0),
    ("nit", Nit, 1.0),
    ("nits", Nit, 1.0),
    ("尼特", Nit, 1.0),
    ("dpi", Dpi, 1.0),
    ("db", Decibel, 1.0),
    ("分贝", Decibel, 1.0),
    ("v", Volt, 1.0),
    ("伏", Volt, 1.0),
    ("a", Ampere, 1.0),
    ("安", Ampere, 1.0),
    ("℃", Celsius, 1.0),
    ("°c", Celsius, 1.0),
    ("mbps", Megabit, 1.0),
    ("gbps", Megabit, 1000.0),
    ("mb/s", MegabytePerSecond, 1.0),
    ("gb/s", MegabytePerSecond, 1024.0),
    ("元", Yuan, 1.0),
    ("块", Yuan, 1.0),
    ("块钱", Yuan, 1.0),
    ("人民币", Yuan, 1.0),
    ("yuan", Yuan, 1.0),
    ("cny", Yuan, 1.0),
    ("rmb", Yuan, 1.0),
    ("美元", Dollar, 1.0),
    ("usd", Dollar, 1.0),
    ("dollar", Dollar, 1.0),
    ("dollars", Dollar, 1.0),
    ("欧元", Euro, 1.0),
    ("eur", Euro, 1.0),
    ("euro", Euro, 1.0),
    ("euros", Euro, 1.0),
    ("英镑", Pound, 1.0),
    ("gbp", Pound, 1.0),
    ("pounds", Pound, 1.0),
    ("inr", Rupee, 1.0),
    ("个", Count, 1.0),
    ("件", Count, 1.0),
    ("台", Count, 1.0),
    ("款", Count, 1.0),
    ("部", Count, 1.0),
    ("条", Count, 1.0),
    ("单", Count, 1.0),
    ("笔", Count, 1.0),
    ("人", Count, 1.0),
    ("位", Count, 1.0),
    ("pieces", Count, 1.0),
    ("items", Count, 1.0),
    ("orders", Count, 1.0),
    ("reviews", Count, 1.0),
    ("customers", Count, 1.0),
];

/// Characters of the longest unit.
const UNIT_MAX: usize = 13;

/// Currency marks before a number.
const MARKS: &[(char, Unit)] = &[('¥', Yuan), ('￥', Yuan), ('$', Dollar), ('€', Euro), ('£', Pound), ('₹', Rupee)];

/// In lower case, the first first.
pub(crate) const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// English numbers that texts write out.
const WORDS: &[(&str, f64)] = &[
    ("one", 1.0),
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
    ("eleven", 11.0),
    ("twelve", 12.0),
    ("fourteen", 14.0),
    ("fifteen", 15.0),
    ("twenty", 20.0),
    ("thirty", 30.0),
    ("sixty", 60.0),
    ("ninety", 90.0),
];

/// All figures of a text, in order. Time is linear in its length.
pub fn figures(text: &str) -> Vec<Figure> {
    Scanner::new(text).all()
}

/// A text as characters with one form for width and case of what can be part of a figure.
struct Scanner<'a> {
    text: &'a str,
    /// Byte and character; letters and digits of full width are made narrow.
    chars: Vec<(usize, char)>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        let narrow = |character: char| match character {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xfee0).expect("the narrow form is ASCII"),
            '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{3000}' => ' ',
            '‐' | '‑' | '–' | '−' => '-',
            other => other,
        };
        Scanner { text, chars: text.char_indices().map(|(at, character)| (at, narrow(character))).collect() }
    }

    fn at(&self, index: usize) -> char {
        self.chars.get(index).map_or('\0', |&(_, character)| character)
    }

    fn before(&self, index: usize) -> char {
        if index == 0 { '\0' } else { self.at(index - 1) }
    }

    fn all(&self) -> Vec<Figure> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.chars.len() {
            let (next, value) = self.one(at);
            if let Some(value) = value {
                let byte = |index: usize| self.chars.get(index).map_or(self.text.len(), |&(byte, _)| byte);
                let range = byte(at)..byte(next);
                found.push(Figure { text: self.text[range.clone()].to_owned(), range, value });
            }
            at = next.max(at + 1);
        }
        found
    }

    /// The figure at a place, if any, and where to go on.
    fn one(&self, at: usize) -> (usize, Option<Value>) {
        let character = self.at(at);
        if character.is_ascii_digit() {
            return self.figure_of_digit(at);
        }
        if character.is_ascii_alphabetic() {
            return self.figure_of_letter(at);
        }
        if let Some((_, unit)) = MARKS.iter().find(|(mark, _)| *mark == character) {
            let from = if self.at(at + 1) == ' ' { at + 2 } else { at + 1 };
            if self.at(from).is_ascii_digit() {
                let (end, raw) = self.number(from);
                return (end, Some(Value::Number { raw, base: raw, unit: *unit }));
            }
        }
        if character == '第' {
            return (self.after_ordinal(at + 1), None);
        }
        if chinese_digit(character).is_some() || character == '百' && self.at(at + 1) == '分' {
            return self.figure_of_chinese(at);
        }
        (at + 1, None)
    }

    /// `第二`, `第 2`: no figure.
    fn after_ordinal(&self, from: usize) -> usize {
        let mut at = from;
        while self.at(at) == ' ' || self.at(at).is_ascii_digit() || chinese_digit(self.at(at)).is_some() {
            at += 1;
        }
        at
    }

    fn figure_of_digit(&self, at: usize) -> (usize, Option<Value>) {
        if let Some(end) = self.citation(at).or_else(|| self.list_number(at)).or_else(|| self.ordinal(at)) {
            return (end, None);
        }
        if let Some((end, value)) = self.day(at).or_else(|| self.time(at)).or_else(|| self.name(at)) {
            return (end, Some(value));
        }
        let (end, raw) = self.number(at);
        let (end, unit, factor) = self.unit(end).unwrap_or((end, Bare, 1.0));
        (end, Some(Value::Number { raw, base: raw * factor, unit }))
    }

    /// The end of `[12`, which is a citation if `]` follows.
    fn citation(&self, at: usize) -> Option<usize> {
        let end = self.digits(at);
        (self.before(at) == '[' && self.at(end) == ']' && end - at <= 3).then_some(end + 1)
    }

    /// `1. `, `2) `, `3、` where a line begins.
    fn list_number(&self, at: usize) -> Option<usize> {
        let end = self.digits(at);
        let mut line = at;
        while line > 0 && self.at(line - 1) == ' ' {
            line -= 1;
        }
        let begins = line == 0 || matches!(self.at(line - 1), '\n' | '“' | '「');
        let marked = matches!(self.at(end), '.' | ')' | '、') && !self.at(end + 1).is_ascii_digit();
        (begins && marked && end - at <= 2).then_some(end + 1)
    }

    /// `1st` to `10th`.
    fn ordinal(&self, at: usize) -> Option<usize> {
        let end = self.digits(at);
        let suffix: String = (end..end + 2).map(|index| self.at(index).to_ascii_lowercase()).collect();
        let small = self.integer(at, end).is_some_and(|number| number <= 10);
        let whole = !self.at(end + 2).is_ascii_alphanumeric();
        (small && whole && ["st", "nd", "rd", "th"].contains(&suffix.as_str())).then_some(end + 2)
    }

    fn digits(&self, from: usize) -> usize {
        let mut end = from;
        while self.at(end).is_ascii_digit() {
            end += 1;
        }
        end
    }

    fn integer(&self, from: usize, to: usize) -> Option<u32> {
        if to - from > 9 || to == from {
            return None;
        }
        (from..to).try_fold(0u32, |sum, index| Some(sum * 10 + self.at(index).to_digit(10)?))
    }

    /// `2026-11-03`, `2026/11/3`, `2026年11月3日`, `11月3日`, `3 November 2026`.
    fn day(&self, at: usize) -> Option<(usize, Value)> {
        let first_end = self.digits(at);
        let first = self.integer(at, first_end)?;
        let joint = self.at(first_end);
        if first_end - at == 4 && matches!(joint, '-' | '/' | '.' | '年') {
            let (month_end, month) = self.small(first_end + 1)?;
            let second = self.at(month_end);
            if second != if joint == '年' { '月' } else { joint } {
                return None;
            }
            let (end, day) = self.small(month_end + 1)?;
            let end = end + usize::from(matches!(self.at(end), '日' | '号'));
            return calendar(Some(first as i32), month, day).map(|value| (end, value));
        }
        if joint == '月' && first_end - at <= 2 {
            let (end, day) = self.small(first_end + 1)?;
            if matches!(self.at(end), '日' | '号') {
                return calendar(None, first, day).map(|value| (end + 1, value));
            }
        }
        if joint == ' ' && first_end - at <= 2 {
            let (end, month) = self.month(first_end + 1)?;
            let (end, year) = self.year(end);
            return calendar(year, month, first).map(|value| (end, value));
        }
        None
    }

    fn small(&self, from: usize) -> Option<(usize, u32)> {
        let end = self.digits(from);
        if end - from > 2 { None } else { Some((end, self.integer(from, end)?)) }
    }

    /// The name of a month, or its first three letters.
    fn month(&self, from: usize) -> Option<(usize, u32)> {
        let word = self.word(from);
        let length = word.chars().count();
        let place = MONTHS.iter().position(|name| *name == word || length == 3 && name.starts_with(&word))?;
        Some((from + length, place as u32 + 1))
    }

    fn year(&self, from: usize) -> (usize, Option<i32>) {
        let start = from + usize::from(self.at(from) == ',');
        let start = start + usize::from(self.at(start) == ' ');
        let end = self.digits(start);
        match self.integer(start, end) {
            Some(year) if end - start == 4 => (end, Some(year as i32)),
            _ => (from, None),
        }
    }

    /// A word in letters, in lower case, at most as long as a unit.
    fn word(&self, from: usize) -> String {
        let letters = (from..from + UNIT_MAX).map(|index| self.at(index));
        letters.take_while(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase()).collect()
    }

    fn time(&self, at: usize) -> Option<(usize, Value)> {
        let (end, hour) = self.small(at)?;
        if self.at(end) != ':' {
            return None;
        }
        let (end, minute) = self.small(end + 1).filter(|(last, _)| last - end == 3)?;
        (hour <= 24 && minute < 60).then_some((end, Value::Time(hour * 60 + minute)))
    }

    /// Letters and digits that are one word and no number with a unit: `13700H`, `4K`, `802.11ax`; or a long number.
    fn name(&self, at: usize) -> Option<(usize, Value)> {
        let (number_end, _) = self.number(at);
        let digits_end = self.digits(at);
        if digits_end - at >= 8 && !self.at(digits_end).is_ascii_alphabetic() {
            return Some((digits_end, Value::Name(self.capitals(at, digits_end))));
        }
        let next = self.at(number_end);
        let crossed = matches!(next, 'x' | 'X') && self.at(number_end + 1).is_ascii_digit();
        if !next.is_ascii_alphabetic() || crossed || self.unit(number_end).is_some() {
            return None;
        }
        let end = self.name_end(number_end);
        Some((end, Value::Name(self.capitals(at, end))))
    }

    fn name_end(&self, from: usize) -> usize {
        let mut end = from;
        loop {
            let character = self.at(end);
            let joins = matches!(character, '-' | '_') && self.at(end + 1).is_ascii_alphanumeric();
            if !character.is_ascii_alphanumeric() && !joins {
                return end;
            }
            end += 1;
        }
    }

    fn capitals(&self, from: usize, to: usize) -> String {
        let characters = (from..to).map(|index| self.at(index).to_ascii_uppercase());
        characters.map(|character| if character == '_' { '-' } else { character }).collect()
    }

    fn figure_of_letter(&self, at: usize) -> (usize, Option<Value>) {
        // `1920x1080` is two numbers.
        if matches!(self.at(at), 'x' | 'X') && self.before(at).is_ascii_digit() && self.at(at + 1).is_ascii_digit() {
            return (at + 1, None);
        }
        let end = self.name_end(at);
        if (at..end).any(|index| self.at(index).is_ascii_digit()) {
            return (end, Some(Value::Name(self.capitals(at, end))));
        }
        let word = self.word(at);
        let word_end = at + word.chars().count();
        if self.at(word_end).is_ascii_alphabetic() {
            return (end, None);
        }
        if let Some((end, month)) = self.month(at).filter(|(end, _)| self.at(*end) == ' ')
            && let Some((end, day)) = self.small(end + 1)
            && !self.at(end).is_ascii_digit()
        {
            let (end, year) = self.year(end);
            if let Some(value) = calendar(year, month, day) {
                return (end, Some(value));
            }
        }
        if let Some((_, raw)) = WORDS.iter().find(|(known, _)| *known == word)
            && let Some((end, unit, factor)) = self.unit(word_end).filter(|(_, unit, _)| !matches!(unit, Count | Times))
        {
            return (end, Some(Value::Number { raw: *raw, base: raw * factor, unit }));
        }
        let currency = matches!(word.as_str(), "cny" | "rmb" | "usd" | "eur" | "gbp" | "inr");
        if currency && self.at(word_end) == ' ' && self.at(word_end + 1).is_ascii_digit() {
            let (end, raw) = self.number(word_end + 1);
            let unit = UNITS.iter().find(|(known, ..)| *known == word).map_or(Bare, |(_, unit, _)| *unit);
            return (end, Some(Value::Number { raw, base: raw, unit }));
        }
        (end, None)
    }

    /// A number with its thousands separators, its decimals, and 千, 万, 亿 behind it.
    fn number(&self, at: usize) -> (usize, f64) {
        let mut end = self.digits(at);
        let mut digits: String = (at..end).map(|index| self.at(index)).collect();
        while end - at <= 15 && self.at(end) == ',' && self.digits(end + 1) == end + 4 {
            digits.extend((end + 1..end + 4).map(|index| self.at(index)));
            end += 4;
        }
        if self.at(end) == '.' && self.at(end + 1).is_ascii_digit() {
            let last = self.digits(end + 1);
            digits.push('.');
            digits.extend((end + 1..last).map(|index| self.at(index)));
            end = last;
        }
        let number: f64 = digits.parse().unwrap_or(f64::INFINITY);
        match self.at(end) {
            // `5000万像素` is a unit of its own.
            '万' if self.at(end + 1) != '像' => (end + 1, number * 1e4),
            '千' if self.at(end + 1) != '克' => (end + 1, number * 1e3),
            '亿' => (end + 1, number * 1e8),
            _ => (end, number),
        }
    }

    /// The unit that begins here, after at most one space or hyphen.
    fn unit(&self, at: usize) -> Option<(usize, Unit, f64)> {
        let gap = usize::from(matches!(self.at(at), ' ' | '-') && !self.at(at + 1).is_ascii_digit());
        let from = at + gap;
        let written: Vec<char> =
            (from..from + UNIT_MAX).map(|index| self.at(index)).take_while(|character| *character != '\n').collect();
        // `16G` is memory or storage, `200g` a weight.
        if written.first() == Some(&'G') && gap == 0 && !written.get(1).is_some_and(char::is_ascii_alphabetic) {
            return Some((from + 1, Gigabyte, 1.0));
        }
        for length in (1..=written.len()).rev() {
            let folded: String = written[..length].iter().map(char::to_ascii_lowercase).collect();
            let Some((_, unit, factor)) = UNITS.iter().find(|(known, ..)| *known == folded) else { continue };
            let splits = written[length - 1].is_ascii_alphabetic()
                && written.get(length).is_some_and(|next| next.is_ascii_alphanumeric());
            // `7 a day` is no current.
            let is_word = gap == 1 && *unit == Ampere && written.get(1) == Some(&' ');
            if !splits && !is_word {
                return Some((from + length, *unit, *factor));
            }
        }
        if written.first() == Some(&'"') || written.first() == Some(&'″') {
            return Some((from + 1, Inch, 1.0));
        }
        None
    }

    /// `七天`, `两年`, `半年`, `百分之三十`: only with a unit, since `一样` and `万一` count nothing.
    fn figure_of_chinese(&self, at: usize) -> (usize, Option<Value>) {
        if self.at(at) == '百' {
            if (self.at(at + 1), self.at(at + 2)) != ('分', '之') {
                return (at + 1, None);
            }
            let (end, raw) = self.chinese_number(at + 3);
            let value = (end > at + 3).then_some(Value::Number { raw, base: raw, unit: Percent });
            return (end.max(at + 1), value);
        }
        let (end, raw) = self.chinese_number(at);
        match self.unit(end) {
            Some((unit_end, unit, factor))
                if !(matches!(unit, Count | Times | Ampere) || raw == 1.0 && unit == Yuan) && self.at(end) != ' ' =>
            {
                (unit_end, Some(Value::Number { raw, base: raw * factor, unit }))
            }
            _ => (end.max(at + 1), None),
        }
    }

    fn chinese_number(&self, at: usize) -> (usize, f64) {
        let (mut end, mut total, mut pending) = (at, 0.0, None);
        // Longer numbers are not written in characters.
        while end - at < 12 {
            match (self.at(end), chinese_digit(self.at(end))) {
                ('半', _) => pending = Some(pending.unwrap_or(0.0) + 0.5),
                ('十', _) => total += pending.take().unwrap_or(1.0) * 10.0,
                ('百', _) => total += pending.take().unwrap_or(1.0) * 100.0,
                ('千', _) => total += pending.take().unwrap_or(1.0) * 1000.0,
                ('万', _) => total = (total + pending.take().unwrap_or(0.0)) * 10_000.0,
                (_, Some(digit)) => pending = Some(pending.unwrap_or(0.0) * 10.0 + digit),
                _ => break,
            }
            end += 1;
        }
        (end, total + pending.unwrap_or(0.0))
    }
}

fn chinese_digit(character: char) -> Option<f64> {
    match character {
        '两' => Some(2.0),
        '半' => Some(0.5),
        '十' | '百' | '千' | '万' => Some(0.0),
        _ => "零一二三四五六七八九".chars().position(|digit| digit == character).map(|digit| digit as f64),
    }
}

fn calendar(year: Option<i32>, month: u32, day: u32) -> Option<Value> {
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(Value::Day {
        year,
        month: month as u8,
        day: day as u8,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<Value> {
        figures(text).into_iter().map(|figure| figure.value).collect()
    }

    fn number(base: f64, unit: Unit) -> Value {
        let raw = base;
        Value::Number { raw, base, unit }
    }

    #[test]
    fn one_form_for_what_is_the_same() {
        for (a, b) in [
            ("1,299.00元", "¥1299"),
            ("16GB", "16 GB"),
            ("七天", "7 days"),
            ("十五天", "15日"),
            ("1.5 kg", "1500克"),
            ("15.6英寸", "15.6 in"),
            ("2026年11月3日", "2026-11-03"),
            ("3 November 2026", "November 3, 2026"),
            ("1 TB", "1024GB"),
            ("两年", "24个月"),
            ("百分之三十", "30%"),
            ("１６ＧＢ", "16 GB"),
            ("seven days", "7天"),
        ] {
            let base = |text| match values(text).as_slice() {
                [Value::Number { base, unit, .. }] => format!("{base:.3} {unit:?}"),
                [other] => format!("{other:?}"),
                all => panic!("{text}: {all:?}"),
            };
            assert_eq!(base(a), base(b), "{a} | {b}");
        }
    }

    #[test]
    fn what_counts_nothing_is_no_figure() {
        for text in [
            "第二个",
            "第 2 款",
            "the 2nd one",
            "答案见 [1]",
            "1. 一样的\n2. 万一",
            "写道：“1. 好”",
            "一个一块看看",
            "USB-C",
            "十分好",
            "",
        ] {
            assert_eq!(values(text), [], "{text}");
        }
    }

    #[test]
    fn names_with_digits_stand_whole() {
        assert_eq!(values("i7-13700H"), [Value::Name("I7-13700H".into())]);
        assert_eq!(values("订单 20261103000123"), [Value::Name("20261103000123".into())]);
        assert_eq!(values("4K 屏"), [Value::Name("4K".into())]);
        assert_eq!(values("1920x1080"), [number(1920.0, Bare), number(1080.0, Bare)]);
        assert_eq!(values("09:30"), [Value::Time(570)]);
        assert_eq!(values("1.2万元"), [number(12_000.0, Yuan)]);
    }

    #[test]
    fn ranges_are_those_of_the_original() {
        let text = "价格：１，２９９元，保修七天。";
        for figure in figures(text) {
            assert_eq!(&text[figure.range.clone()], figure.text);
        }
    }
}
