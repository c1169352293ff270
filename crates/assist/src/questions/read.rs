//! Words to a typed question: known words are found longest first, then put together. What is left over is told.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use domain::Day;
use regex::Regex;

use super::measures::{Dimension, Measure, Source};
use super::names::{Lexicon, folded};
use super::period::{self, Calendar, Period, Spec};
pub use super::words::Goal;
use super::words::{ABSENT, Each, Sense};
use super::{CHARACTERS_MAX, Compare, Filter, MEASURES_MAX, Order, Question, ROWS_MAX, Show, TOP};

/// How words were understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// What is asked, where anything of it was understood.
    pub question: Option<Question>,
    /// Where it leads instead of a figure.
    pub goal: Option<Goal>,
    /// Words that were not understood, as they were written.
    pub unread: Vec<String>,
    /// Words read as others: found, and read as.
    pub mended: Vec<(String, String)>,
    /// What is spoken of and no table tells: Chinese and English.
    pub absent: Vec<(&'static str, &'static str)>,
    /// Whether what is measured, or the time, was not said and is the usual one.
    pub assumed_measure: bool,
    pub assumed_period: bool,
    /// Whether it changes the question before.
    pub follows: bool,
}

#[derive(Clone, Debug)]
enum Kind {
    Words(Vec<Sense>),
    Time(Spec),
    Number(usize),
    Unknown,
}

#[derive(Clone, Debug)]
struct Token {
    text: String,
    /// Bytes of the folded text.
    at: usize,
    end: usize,
    kind: Kind,
}

/// Reads a question. `today` is the day that "last week" counts from; `before` is the question that it may follow.
///
/// # Errors
/// If it is empty or longer than questions are; the number of its characters.
pub fn read(text: &str, lexicon: &Lexicon, today: Day, before: Option<&Question>) -> Result<Reading, usize> {
    // Counted no further than needed: a text may have millions.
    let n = text.chars().take(CHARACTERS_MAX + 1).count();
    if n > CHARACTERS_MAX {
        return Err(text.chars().count());
    }
    let text = folded(text);
    if text.is_empty() {
        return Err(0);
    }
    let mut reading = Reading::default();
    let tokens = scan(&text, lexicon);
    let tokens = products(tokens, &text, lexicon);
    let tokens = slips(tokens, lexicon, &mut reading);
    let tokens = open_times(times(tokens, &text));
    let draft = Draft::of(&tokens, &text);
    draft.into_reading(today, before, &mut reading);
    Ok(reading)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

fn scan(text: &str, lexicon: &Lexicon) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let before = text[..at].chars().next_back();
        let inside = is_word(c) && before.is_some_and(is_word);
        let found = if inside { None } else { known(&text[at..], lexicon) };
        let (end, kind) = match found {
            Some((length, kind)) => (at + length, kind),
            None if is_mark(c) => {
                at += c.len_utf8();
                continue;
            }
            None if is_word(c) => {
                let length = text[at..].find(|c: char| !is_word(c) && c != '\'').unwrap_or(text.len() - at);
                let word = &text[at..at + length];
                (at + length, counted(word).map_or(Kind::Unknown, Kind::Number))
            }
            None => (at + c.len_utf8(), Kind::Unknown),
        };
        let joins = matches!(kind, Kind::Unknown) && !is_word(c);
        match tokens.last_mut() {
            Some(last)
                if joins && matches!(last.kind, Kind::Unknown) && last.end == at && !last.text.ends_with(is_word) =>
            {
                last.text.push_str(&text[at..end]);
                last.end = end;
            }
            _ => tokens.push(Token { text: text[at..end].to_owned(), at, end, kind }),
        }
        at = end;
    }
    tokens
}

/// A number in figures or as an English word.
fn counted(word: &str) -> Option<usize> {
    word.parse().ok().or_else(|| match word {
        "a" | "one" => None,
        _ if word.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            period::number(word).and_then(|n| usize::try_from(n).ok())
        }
        _ => None,
    })
}

fn is_mark(c: char) -> bool {
    !c.is_alphanumeric() && !matches!(c, '&' | '~' | '、')
}

/// The longest known thing that a text begins with.
fn known(text: &str, lexicon: &Lexicon) -> Option<(usize, Kind)> {
    let time = period::begins(text).map(|(length, spec)| (length, Kind::Time(spec)));
    let top = top(text).map(|(length, n)| (length, Kind::Words(vec![Sense::Top(n)])));
    // The longest; of those as long the first.
    let found = [time, top, ordinal(text)].into_iter().flatten();
    let mut best = found.reduce(|best, one| if one.0 > best.0 { one } else { best });
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8()).take(lexicon.longest());
    for end in ends.collect::<Vec<_>>().into_iter().rev() {
        if best.as_ref().is_some_and(|best| best.0 >= end) {
            break;
        }
        let word = &text[..end];
        let splits = word.ends_with(is_word) && text[end..].starts_with(|c: char| is_word(c));
        if splits || word.ends_with(' ') {
            continue;
        }
        if let Some(senses) = lexicon.senses(word) {
            best = Some((end, Kind::Words(senses)));
            break;
        }
    }
    best
}

/// `top 5`, `前五名`, `5 best`, `最高的3个`.
fn top(text: &str) -> Option<(usize, usize)> {
    static TOP: LazyLock<Regex> = LazyLock::new(|| {
        let zh = "[0-9]{1,4}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九]";
        let en = "[0-9]{1,4}|one|two|three|four|five|six|seven|eight|nine|ten|twenty";
        Regex::new(&format!(
            "^(?:top[ -]?(?P<a>{en})\\b|前(?P<b>{zh})(?:名|个|位|大|款|种|家)?(?P<time>[天日周月季年星礼])?|(?P<c>{zh})(?:个|款|种|家|名|大|位)(?P<time2>[天日周月季年星礼小])?|(?P<d>{en}) (?:best|top|worst|highest|lowest|biggest|largest|fewest|leading)\\b)"
        ))
        .expect("a pattern of ours")
    });
    let captures = TOP.captures(text)?;
    if captures.name("time").is_some() || captures.name("time2").is_some() {
        return None;
    }
    let number = ["a", "b", "c", "d"].iter().find_map(|name| captures.name(name))?;
    let n = usize::try_from(period::number(number.as_str())?).ok()?;
    // The word that says which end is read by itself.
    let end = if captures.name("d").is_some() { number.end() } else { captures.get(0)?.end() };
    (n > 0).then_some((end, n.min(ROWS_MAX)))
}

/// `第一名`: the first. Another place in a row, or a part of a time by its number (`第一周`), is nothing that the grammar answers.
fn ordinal(text: &str) -> Option<(usize, Kind)> {
    static ORDINAL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("^第(?P<n>[0-9]{1,4}|[一二三四五六七八九十百]+)(?P<time>个?(?:周|星期|礼拜|月|天|日|年|小时))?(?:名|位|大|个|款|家|种)?")
            .expect("a pattern of ours")
    });
    let captures = ORDINAL.captures(text)?;
    let is_first = captures.name("time").is_none() && matches!(&captures["n"], "一" | "1");
    let sense = if is_first { Sense::Top(1) } else { Sense::Foreign };
    Some((captures.get(0)?.end(), Kind::Words(vec![sense])))
}

/// Words beside each other that stand in names of products become one name.
fn products(tokens: Vec<Token>, text: &str, lexicon: &Lexicon) -> Vec<Token> {
    let open = |token: &Token| matches!(token.kind, Kind::Unknown | Kind::Number(_));
    // Within a run words that are known too may be part of a name: `Strato Pro`.
    let mut out: Vec<Token> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_start = matches!(tokens[at].kind, Kind::Unknown);
        let last = (at..tokens.len().min(at + 8)).rev().find(|last| {
            let name = &text[tokens[at].at..tokens[*last].end];
            name.chars().count() >= 2 && open(&tokens[*last]) && lexicon.n_products(name) > 0
        });
        match last.filter(|_| is_start) {
            Some(last) => {
                let name = text[tokens[at].at..tokens[last].end].to_owned();
                let sense = Sense::Value(Dimension::Product, vec![name.clone()]);
                let (start, end) = (tokens[at].at, tokens[last].end);
                out.push(Token { text: name, at: start, end, kind: Kind::Words(vec![sense]) });
                at = last + 1;
            }
            None => {
                out.push(tokens[at].clone());
                at += 1;
            }
        }
    }
    out
}

/// Unknown words that are slips of known ones, or sound like a name of the shop.
fn slips(tokens: Vec<Token>, lexicon: &Lexicon, reading: &mut Reading) -> Vec<Token> {
    let mut out = Vec::new();
    for token in tokens {
        if !matches!(token.kind, Kind::Unknown) {
            out.push(token);
            continue;
        }
        if let Some(word) = lexicon.slip_of(&token.text)
            && let Some(senses) = lexicon.senses(&word)
        {
            reading.mended.push((token.text.clone(), word));
            out.push(Token { kind: Kind::Words(senses), ..token });
            continue;
        }
        out.extend(heard(token, lexicon, reading));
    }
    out
}

/// A run of unknown characters with the names in it that sound as they do.
fn heard(token: Token, lexicon: &Lexicon, reading: &mut Reading) -> Vec<Token> {
    let chars: Vec<(usize, char)> = token.text.char_indices().collect();
    let byte = |at: usize| chars.get(at).map_or(token.text.len(), |(byte, _)| *byte);
    for length in (2..=chars.len().min(6)).rev() {
        for start in 0..=chars.len() - length {
            let part = &token.text[byte(start)..byte(start + length)];
            let Some(name) = lexicon.sounds_like(part) else { continue };
            let Some(senses) = lexicon.senses(name) else { continue };
            reading.mended.push((part.to_owned(), name.clone()));
            let piece = |from: usize, to: usize, kind: Kind| Token {
                text: token.text[from..to].to_owned(),
                at: token.at + from,
                end: token.at + to,
                kind,
            };
            let (from, to) = (byte(start), byte(start + length));
            let around = [piece(0, from, Kind::Unknown), piece(to, token.text.len(), Kind::Unknown)];
            let [before, after] = around;
            let all = [before, piece(from, to, Kind::Words(senses)), after];
            return all.into_iter().filter(|piece| !piece.text.is_empty()).collect();
        }
    }
    vec![token]
}

fn is_nothing(token: &Token) -> bool {
    // "From" begins a time; of anything else it says nothing.
    matches!(&token.kind, Kind::Words(senses) if senses.iter().all(|sense| matches!(sense, Sense::Nothing | Sense::From)))
}

fn has(token: &Token, wanted: &Sense) -> bool {
    matches!(&token.kind, Kind::Words(senses) if senses.contains(wanted))
}

/// Times beside each other become one: a year and its month, from one day to another.
fn times(tokens: Vec<Token>, text: &str) -> Vec<Token> {
    let between = text.contains("between") || text.contains("介于");
    let mut out: Vec<Token> = Vec::new();
    for token in tokens {
        let Kind::Time(now) = &token.kind else {
            // "March onwards".
            match out.last_mut() {
                Some(last) if has(&token, &Sense::Since) && matches!(last.kind, Kind::Time(_)) => since(last),
                _ => out.push(token),
            }
            continue;
        };
        // The time before, with nothing, or only a word for "to", in between.
        let last = out.iter().rposition(|token| !is_nothing(token));
        let joined = last.and_then(|last| {
            let to = has(&out[last], &Sense::To) || (between && has(&out[last], &Sense::And));
            let first = if to { out[..last].iter().rposition(|token| !is_nothing(token))? } else { last };
            let Kind::Time(then) = &out[first].kind else { return None };
            let one = match to {
                true => range(then.clone(), now.clone())?,
                false => beside(then, now)?,
            };
            Some((first, one))
        });
        match joined {
            Some((first, spec)) => {
                let start = out[first].at;
                out.truncate(first);
                out.push(Token {
                    text: text[start..token.end].to_owned(),
                    at: start,
                    end: token.end,
                    kind: Kind::Time(spec),
                });
            }
            None => {
                let is_since = last.filter(|last| has(&out[*last], &Sense::Since));
                if let Some(last) = is_since {
                    out.remove(last);
                }
                out.push(token);
                out.last_mut().into_iter().filter(|_| is_since.is_some()).for_each(since);
            }
        }
    }
    out
}

/// From a time on, up to the day that counts.
fn since(token: &mut Token) {
    if let Kind::Time(spec) = &token.kind {
        token.kind = Kind::Time(Spec::Range(Box::new(spec.clone()), Box::new(Spec::Unit(Calendar::Day, 0))));
    }
}

/// "Until May" and "from 1 May": times of which one end is said. "Orders from May" are those of May, "从5月" is since then.
fn open_times(tokens: Vec<Token>) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    for mut token in tokens {
        if let (Kind::Time(spec), Some(before)) = (&token.kind, out.last()) {
            let is_word = before.text.chars().any(char::is_alphanumeric);
            let (is_date, is_range) = (matches!(spec, Spec::Date(..)), matches!(spec, Spec::Range(..)));
            let is_relative = matches!(spec, Spec::Last(..) | Spec::All | Spec::Ahead);
            if has(before, &Sense::To) && is_word && !is_range && !is_relative {
                token.kind = Kind::Time(Spec::Range(Box::new(Spec::Beginning), Box::new(spec.clone())));
                out.pop();
            } else if has(before, &Sense::From) && !is_range && !is_relative && (is_date || before.text != "from") {
                since(&mut token);
            }
        }
        out.push(token);
    }
    out
}

/// Values that the words leave out, by their place; and what of such words stands by no value, or by what can only be left out together.
fn left_out(tokens: &[Token], text: &str) -> (BTreeSet<usize>, Vec<String>) {
    let field = |token: &Token| match &token.kind {
        Kind::Words(senses) => senses.iter().find_map(|sense| match sense {
            Sense::Value(field, _) => Some(*field),
            _ => None,
        }),
        _ => None,
    };
    let is_dim = |token: &Token| matches!(&token.kind, Kind::Words(senses) if senses.iter().any(|sense| matches!(sense, Sense::Dim(_))));
    // Only what means something, in the order of the text.
    let said: Vec<usize> = (0..tokens.len()).filter(|at| !is_nothing(&tokens[*at])).collect();
    let (mut out, mut unread) = (BTreeSet::new(), Vec::new());
    for (place, &at) in said.iter().enumerate() {
        let is_after = has(&tokens[at], &Sense::ExceptBefore);
        if !is_after && !has(&tokens[at], &Sense::Except) {
            continue;
        }
        let others: Vec<usize> = match is_after {
            true => said[..place].iter().rev().copied().collect(),
            false => said[place + 1..].to_vec(),
        };
        let (mut n, mut last) = (0, None::<usize>);
        while let Some(&one) = others.get(n) {
            let Some(of) = field(&tokens[one]) else {
                // "The brand Korvane": the word for the kind beside the value.
                let goes_on = has(&tokens[one], &Sense::And) && last.is_some() || is_dim(&tokens[one]);
                let has_more = others[n + 1..].first().is_some_and(|next| field(&tokens[*next]).is_some());
                match goes_on && has_more {
                    true => n += 1,
                    false => break,
                }
                continue;
            };
            if let Some(last) = last {
                let (left, right) = (last.min(one), last.max(one));
                let between = text[tokens[left].end..tokens[right].at].trim();
                let is_listed = (left + 1..right).any(|at| has(&tokens[at], &Sense::And));
                let is_same = field(&tokens[last]) == Some(of);
                if !is_listed && ((between.is_empty() && !is_same) || (between == "," && is_same)) {
                    // "Except Apple phones" leaves out neither all of Apple nor all phones; of "except phones, tablets" both may be meant.
                    unread.push(text[tokens[left.min(at)].at..tokens[right.max(at)].end].to_owned());
                    break;
                }
                if !is_listed {
                    break;
                }
            }
            out.insert(one);
            last = Some(one);
            n += 1;
        }
        if last.is_none() {
            let next = others.first().map_or("", |next| tokens[*next].text.as_str());
            let (first, second) = if is_after { (next, &*tokens[at].text) } else { (&*tokens[at].text, next) };
            unread.push(format!("{first} {second}").trim().to_owned());
        }
    }
    (out, unread)
}

fn beside(then: &Spec, now: &Spec) -> Option<Spec> {
    let year = |spec: &Spec| match spec {
        Spec::Year(year) => Some(*year),
        Spec::Unit(Calendar::Year, n) => Some(period::YearRef::Back(*n)),
        _ => None,
    };
    match (year(then), year(now)) {
        (Some(year), None) => now.clone().of_year(year),
        (None, Some(year)) => then.clone().of_year(year),
        _ => None,
    }
}

/// Both ends, kept until the day is known that they count from.
fn range(from: Spec, to: Spec) -> Option<Spec> {
    let from = match (from.year(), to.year()) {
        (None, Some(year)) => from.clone().of_year(year).unwrap_or(from),
        _ => from,
    };
    let to = match (from.year(), to.year()) {
        (Some(year), None) => to.clone().of_year(year).unwrap_or(to),
        _ => to,
    };
    Some(Spec::Range(Box::new(from), Box::new(to)))
}

/// A time as it stands in a question.
struct Said {
    spec: Spec,
    /// Whether it is held against what came before.
    against: bool,
    /// Whether it follows another time without a word in between.
    touches: bool,
    text: String,
}

/// What was found, before it is put together.
#[derive(Default)]
struct Draft {
    measures: Vec<Measure>,
    dims: Vec<(Dimension, String)>,
    filters: Vec<Filter>,
    times: Vec<Said>,
    /// Places of values that are left out.
    left_out: BTreeSet<usize>,
    /// What a figure is divided by, and a mean that is asked for, by their words.
    per: Option<(Each, String)>,
    average: Option<String>,
    /// "By customer", of which no rows are told.
    by_buyers: Option<String>,
    compare: Option<Compare>,
    order: Order,
    top: Option<usize>,
    share: bool,
    growth: bool,
    trend: bool,
    best: bool,
    /// Which end was said to be asked for.
    better: Option<bool>,
    sold: bool,
    ordered: bool,
    which: bool,
    are_buyers_asked: bool,
    counts_products: bool,
    /// Fields of which values were named, one for each word.
    named: Vec<Dimension>,
    how_many: Option<String>,
    has_cue: bool,
    versus: bool,
    number: Option<usize>,
    goal: Option<Goal>,
    absent: Vec<usize>,
    unread: Vec<String>,
}

impl Draft {
    fn of(tokens: &[Token], text: &str) -> Draft {
        let (left_out, unread) = left_out(tokens, text);
        let mut draft = Draft { left_out, unread, ..Draft::default() };
        for at in 0..tokens.len() {
            match &tokens[at].kind {
                Kind::Unknown => draft.unread.push(tokens[at].text.clone()),
                Kind::Number(n) => {
                    draft.unread.extend(draft.number.map(|n| n.to_string()));
                    draft.number = Some(*n);
                }
                Kind::Time(spec) => {
                    let against = tokens[..at].iter().rev().find(|token| !is_nothing(token));
                    let touches = at > 0 && matches!(tokens[at - 1].kind, Kind::Time(_));
                    let against = against.is_some_and(|token| has(token, &Sense::Versus));
                    draft.times.push(Said { spec: spec.clone(), against, touches, text: tokens[at].text.clone() });
                }
                Kind::Words(senses) => draft.word(tokens, at, senses),
            }
        }
        // "And orders?"
        draft.has_cue |= tokens.iter().find(|token| !is_nothing(token)).is_some_and(|token| has(token, &Sense::And));
        draft.settle_measures();
        draft.settle_means();
        draft.settle_order();
        draft.settle_numbers();
        draft
    }

    fn word(&mut self, tokens: &[Token], at: usize, senses: &[Sense]) {
        let before = tokens[..at].iter().rev().find(|token| !is_nothing(token)).cloned();
        let after = tokens[at + 1..].iter().find(|token| !is_nothing(token)).cloned();
        let grouped = before.as_ref().is_some_and(|token| has(token, &Sense::By) || has(token, &Sense::Which));
        let of_kind = |wanted: fn(&Sense) -> bool| senses.iter().find(|sense| wanted(sense));
        // A city that is a province too is the city.
        let value = of_kind(|sense| matches!(sense, Sense::Value(Dimension::City, _)))
            .or_else(|| of_kind(|sense| matches!(sense, Sense::Value(..))));
        let dim = of_kind(|sense| matches!(sense, Sense::Dim(_)));
        let nothing = senses.contains(&Sense::Nothing);
        let chosen: &Sense = match (value, dim) {
            (Some(_), _) if nothing && at == 0 => &Sense::Nothing,
            (Some(_), Some(dim)) if grouped => dim,
            (Some(value), _) => value,
            (None, Some(dim)) => dim,
            (None, None) => senses.iter().find(|sense| **sense != Sense::Nothing).unwrap_or(&Sense::Nothing),
        };
        match chosen {
            Sense::Value(field, values) => {
                self.add_filter(*field, values, self.left_out.contains(&at));
                self.named.push(*field);
            }
            Sense::Dim(dim) => {
                let beside = |token: &Option<Token>| {
                    token.as_ref().is_some_and(|token| {
                        matches!(&token.kind, Kind::Words(senses)
                        if senses.iter().any(|sense| matches!(sense, Sense::Value(of, _) if of == dim)))
                    })
                };
                let counted =
                    before.as_ref().is_some_and(|token| has(token, &Sense::HowMany) && token.text != "how much");
                if *dim == Dimension::Product && counted {
                    self.counts_products = true;
                } else if counted && !grouped && !dim.is_time() {
                    // How many brands there are is no measure.
                    let how_many = before.as_ref().map_or("", |token| token.text.as_str());
                    self.unread.push(format!("{how_many} {}", tokens[at].text).trim().to_owned());
                } else if grouped || !(beside(&before) || beside(&after)) {
                    self.dims.push((*dim, tokens[at].text.clone()));
                }
            }
            Sense::Measure(measure) => {
                // "customers" stands beside other measures in many questions without being one.
                if *measure == Measure::Buyers {
                    let by = before.as_ref().filter(|token| has(token, &Sense::By));
                    self.by_buyers = by.map(|by| format!("{} {}", by.text, tokens[at].text));
                    let listed = |token: &Option<Token>, wanted: &[Sense]| {
                        token.as_ref().is_some_and(|token| wanted.iter().any(|sense| has(token, sense)))
                    };
                    let counts =
                        before.as_ref().is_some_and(|token| has(token, &Sense::HowMany) && token.text != "how much");
                    self.are_buyers_asked |= counts || listed(&before, &[Sense::And]) || listed(&after, &[Sense::And]);
                }
                if !self.measures.contains(measure) {
                    self.measures.push(*measure);
                }
            }
            other => self.sign(other, &tokens[at].text),
        }
    }

    fn sign(&mut self, sense: &Sense, text: &str) {
        match sense {
            Sense::Versus => self.versus = true,
            Sense::Previous => self.compare = Some(Compare::Previous),
            Sense::YearBefore => self.compare = Some(Compare::YearBefore),
            Sense::Desc => self.order = Order::Most,
            Sense::Asc => self.order = Order::Least,
            Sense::Better => self.better = Some(true),
            Sense::Worse => self.better = Some(false),
            Sense::Foreign | Sense::Since => self.unread.push(text.to_owned()),
            // "Worst first" says nothing more.
            Sense::First if self.order == Order::Natural && self.better.is_none() => self.unread.push(text.to_owned()),
            Sense::To if matches!(text, "until" | "till") => self.unread.push(text.to_owned()),
            Sense::Average => self.average = Some(text.to_owned()),
            Sense::AverageOf(measure) => {
                self.average = Some(text.to_owned());
                self.measures.push(*measure);
            }
            Sense::Per(each) => {
                self.unread.extend(self.per.take().filter(|own| own.0 != *each).map(|own| own.1));
                self.per = Some((*each, text.to_owned()));
            }
            Sense::BestSelling => (self.best, self.order) = (true, Order::Most),
            Sense::WorstSelling => (self.best, self.order) = (true, Order::Least),
            Sense::Share => self.share = true,
            Sense::Growth => self.growth = true,
            Sense::Decline => (self.growth, self.order) = (true, Order::Least),
            Sense::Trend => self.trend = true,
            Sense::Top(n) => self.top = Some(*n),
            Sense::HowMany => self.how_many = Some(text.to_owned()),
            Sense::Sold => self.sold = true,
            Sense::Ordered => self.ordered = true,
            Sense::Which => self.which = true,
            Sense::Cue => self.has_cue = true,
            Sense::Goal(goal) => self.goal = self.goal.or(Some(*goal)),
            Sense::Absent(at) => self.absent.push(*at),
            _ => {}
        }
    }

    fn add_filter(&mut self, field: Dimension, values: &[String], excluded: bool) {
        match self.filters.iter_mut().find(|own| own.field == field && own.excluded == excluded) {
            Some(own) => {
                let new: Vec<String> = values.iter().filter(|value| !own.values.contains(value)).cloned().collect();
                own.values.extend(new);
            }
            None => self.filters.push(Filter { field, values: values.to_vec(), excluded }),
        }
    }

    fn settle_order(&mut self) {
        if let Some(better) = self.better {
            let low = self.measures.first().is_some_and(|measure| measure.is_better_low());
            self.order = if better == low { Order::Least } else { Order::Most };
        }
    }

    fn settle_numbers(&mut self) {
        if let Some(n) = self.number.take() {
            let ordered = self.best || self.order != Order::Natural;
            match ordered && self.top.is_none() && (1..=ROWS_MAX).contains(&n) {
                true => self.top = Some(n),
                false => self.unread.push(n.to_string()),
            }
        }
        if self.top.is_some() && self.order == Order::Natural {
            self.order = Order::Most;
        }
    }

    /// What words about customers mean beside other measures, and what is measured where only "sold" is said.
    fn settle_measures(&mut self) {
        let of_type = |measure: &Measure| matches!(measure, Measure::NewBuyers | Measure::ReturningBuyers);
        let others = self.measures.iter().any(|measure| !of_type(measure) && *measure != Measure::Buyers);
        if others && !self.are_buyers_asked {
            self.measures.retain(|measure| *measure != Measure::Buyers);
            self.unread.extend(self.by_buyers.take());
        }
        let types: Vec<Measure> = self.measures.iter().copied().filter(of_type).collect();
        if types.len() == 2 || (others && !types.is_empty()) || (self.share && !types.is_empty()) {
            self.measures.retain(|measure| !of_type(measure) && (*measure != Measure::Buyers || !others));
            if types.len() == 2 || self.share {
                self.dims.push((Dimension::CustomerType, String::new()));
            } else {
                let value = if types[0] == Measure::NewBuyers { "new" } else { "returning" };
                self.add_filter(Dimension::CustomerType, &[value.to_owned()], false);
            }
            if self.measures.is_empty() {
                self.measures.push(Measure::Buyers);
            }
        }
        let plain = self.measures.is_empty() && !self.best && self.order == Order::Natural && self.how_many.is_some();
        if self.counts_products || (plain && self.dims.iter().any(|(dim, _)| *dim == Dimension::Product)) {
            self.dims.retain(|(dim, _)| *dim != Dimension::Product);
            self.measures.push(if self.sold { Measure::Units } else { Measure::Products });
        }
        if self.best && self.measures == [Measure::Buyers] && !self.are_buyers_asked {
            self.measures.clear();
        }
        if self.measures.is_empty() && self.best {
            self.measures.push(Measure::Units);
        }
        if self.measures.is_empty() && self.sold {
            let counts = self.how_many.as_deref().is_some_and(|word| !matches!(word, "how much" | "多少"));
            self.measures = match (counts, self.how_many.as_deref()) {
                (true, _) => vec![Measure::Units],
                (_, Some("多少")) => vec![Measure::Revenue, Measure::Units],
                _ => vec![Measure::Revenue],
            };
        }
        if self.measures.is_empty() && self.ordered {
            self.measures.push(Measure::Orders);
        }
        self.settle_spending();
    }

    /// A figure for each day, order, customer or piece. A mean of which nobody says over what is not made up.
    fn settle_means(&mut self) {
        let by_day = self.dims.iter().position(|(dim, _)| *dim == Dimension::Day);
        if let (Some(at), Some(_), None) = (by_day, &self.average, &self.per)
            && self.measures.iter().any(|measure| measure.for_each(Each::Day).is_some())
        {
            self.per = Some((Each::Day, self.dims.remove(at).1));
        }
        if let Some((each, text)) = self.per.take() {
            let usual = match each {
                Each::Order | Each::Customer | Each::Unit if self.measures.is_empty() => vec![Measure::Revenue],
                _ => std::mem::take(&mut self.measures),
            };
            let means: Vec<Measure> = usual.iter().filter_map(|measure| measure.for_each(each)).collect();
            let is_known = !means.is_empty() && means.len() == usual.len();
            self.measures = if is_known { means } else { usual };
            self.unread.extend((!is_known).then_some(text));
            return;
        }
        // Rates and prices are means already.
        let adds_up = self.measures.is_empty() || self.measures.iter().any(|measure| measure.adds_up());
        self.unread.extend(self.average.take().filter(|_| adds_up));
    }

    /// What customers spend is what the shop takes; only channels and days tell what advertising costs.
    fn settle_spending(&mut self) {
        let fields = self.dims.iter().map(|(dim, _)| *dim).chain(self.filters.iter().map(|filter| filter.field));
        let of_customers = fields.into_iter().any(|field| !Source::Spend.has(field));
        if of_customers && self.measures.contains(&Measure::Spend) {
            let at = self.measures.iter().position(|measure| *measure == Measure::Spend);
            let has_revenue = self.measures.contains(&Measure::Revenue);
            if let Some(at) = at {
                match has_revenue {
                    true => {
                        self.measures.remove(at);
                    }
                    false => self.measures[at] = Measure::Revenue,
                }
            }
        }
    }

    /// Whether anything of a figure was said.
    fn says_something(&self) -> bool {
        !(self.measures.is_empty()
            && self.dims.is_empty()
            && self.filters.is_empty()
            && self.times.is_empty()
            && self.compare.is_none()
            && !self.share
            && !self.growth
            && !self.trend
            && self.top.is_none()
            && self.order == Order::Natural)
    }

    fn into_reading(mut self, today: Day, before: Option<&Question>, reading: &mut Reading) {
        reading.absent = self.absent.iter().map(|at| (ABSENT[*at].1, ABSENT[*at].2)).collect();
        reading.goal = self.goal;
        if self.times.iter().any(|said| said.spec == Spec::Ahead) {
            reading.goal = reading.goal.or(Some(Goal::Forecast));
            self.times.retain(|said| said.spec != Spec::Ahead);
        }
        if !self.says_something() {
            reading.unread = std::mem::take(&mut self.unread);
            return;
        }
        let follows = before.is_some() && (self.has_cue || self.measures.is_empty());
        reading.follows = follows;
        let former = before.filter(|_| follows);
        reading.assumed_measure = self.measures.is_empty() && former.is_none();
        let mut question = former.cloned().unwrap_or_else(|| Question::of(Measure::Revenue));
        if !self.measures.is_empty() {
            question.measures.clone_from(&self.measures);
        }
        self.put_dims(&mut question, former);
        self.put_filters(&mut question, former);
        self.put_times(&mut question, today, former.is_some(), reading);
        self.put_order(&mut question);
        self.put_show(&mut question);
        reading.unread = self.unread;
        reading.question = Some(question);
    }

    fn put_dims(&mut self, question: &mut Question, former: Option<&Question>) {
        if former.is_none() && self.best && self.dims.iter().all(|(dim, _)| dim.is_time()) && !self.has_many_values() {
            self.dims.push((Dimension::Product, String::new()));
        }
        let mut by = None;
        for (dim, text) in std::mem::take(&mut self.dims) {
            match (dim.is_time(), by, question.over) {
                (true, _, Some(own)) if own != dim && former.is_none() => self.unread.push(text),
                (true, ..) => question.over = Some(dim),
                (false, None, _) => by = Some(dim),
                (false, Some(own), _) if own == dim => {}
                (false, Some(Dimension::Category), _) if dim == Dimension::Department => by = Some(dim),
                // A figure is told apart by one thing at a time; the other is not dropped unsaid.
                (false, Some(_), _) => self.unread.push(text),
            }
        }
        question.by = by.or(question.by);
    }

    /// Whether values were named one by one, not several by one word.
    fn is_list(&self, field: Dimension) -> bool {
        self.named.iter().filter(|own| **own == field).count() > 1
    }

    fn has_many_values(&self) -> bool {
        self.filters.iter().any(|filter| self.is_list(filter.field) && !filter.excluded)
    }

    fn put_filters(&mut self, question: &mut Question, former: Option<&Question>) {
        for filter in std::mem::take(&mut self.filters) {
            if former.is_some_and(|former| former.by == Some(filter.field)) && question.by == Some(filter.field) {
                // "And phones?" after all categories.
                question.by = (filter.values.len() > 1).then_some(filter.field);
            }
            question.filters.retain(|own| own.field != filter.field || own.excluded != filter.excluded);
            question.filters.push(filter);
        }
        // Several named beside each other are told apart.
        if question.by.is_none() && former.is_none() {
            let many = question.filters.iter().find(|filter| self.is_list(filter.field) && !filter.excluded);
            question.by = many.map(|filter| filter.field);
        }
    }

    fn put_times(&mut self, question: &mut Question, today: Day, follows: bool, reading: &mut Reading) {
        let times = std::mem::take(&mut self.times);
        let is_all = times.iter().any(|said| said.spec == Spec::All);
        let is_held = self.versus || self.growth || self.compare.is_some();
        let mut found: Vec<(Spec, bool, Period)> = Vec::new();
        for Said { spec, against, touches, text } in times {
            let resolved = spec.resolve(today);
            // A day that no calendar has, an end before its beginning; a time too many, or one within another.
            let is_odd = found.len() == 2 || (touches && !found.is_empty() && !is_held);
            if (resolved.is_none() && spec != Spec::All) || is_odd {
                self.unread.push(text);
                continue;
            }
            found.extend(resolved.map(|period| (spec, against, period)));
        }
        if self.compare.is_some() {
            question.compare = self.compare.clone();
        }
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (None, _) => {
                if is_all {
                    question.period = None;
                } else if !follows {
                    reading.assumed_period = true;
                    question.period = usual(question, self.trend, today);
                }
            }
            (Some((spec, true, other)), None) => {
                // Only what it is held against is named: this one of its kind, up to the day.
                if !follows {
                    question.period = Some(current(&spec, today).unwrap_or_else(|| {
                        Spec::Last(other.n_days(), Calendar::Day).resolve(today).unwrap_or(other.clone())
                    }));
                }
                question.compare = Some(against(&spec, other, question.period.as_ref()));
            }
            (Some((spec, _, main)), None) => {
                let halves = if self.growth { spec.halves(today) } else { None };
                match halves {
                    // "Change from May to June".
                    Some((from, to)) => (question.period, question.compare) = (Some(to), Some(Compare::With(from))),
                    None => question.period = Some(main),
                }
                if follows && self.compare.is_none() && matches!(question.compare, Some(Compare::With(_))) {
                    question.compare = None;
                }
            }
            (Some((_, _, main)), Some((spec, _, other))) => {
                question.compare = Some(against(&spec, other, Some(&main)));
                question.period = Some(main);
            }
        }
    }

    fn put_order(&mut self, question: &mut Question) {
        if self.order != Order::Natural {
            question.order = self.order;
        } else if self.growth && self.which {
            // "Which grew".
            question.order = Order::Most;
        }
        if self.top.is_some() {
            question.top = self.top;
        }
        // "Top 5" of what goes without saying.
        if self.top.is_some() && question.by.is_none() && question.over.is_none() {
            question.by = Some(Dimension::Product);
        }
        let many = question.by == Some(Dimension::Product) || question.order != Order::Natural;
        if question.top.is_none() && many && question.by.is_some() {
            question.top = Some(TOP);
        }
        if self.trend && question.over.is_none() {
            question.over = Some(question.period.as_ref().map_or(Dimension::Month, Period::grain));
        }
    }

    fn put_show(&mut self, question: &mut Question) {
        if self.share {
            question.show = Show::Share;
        }
        if self.growth && (question.over.is_none() || question.compare.is_some()) {
            question.show = Show::Growth;
            question.compare = question.compare.take().or(Some(Compare::Previous));
        }
        if self.versus && question.compare.is_none() && question.by.is_none() && !self.has_many_values() {
            question.compare = Some(Compare::Previous);
        }
    }
}

/// The time that is meant where none is said.
fn usual(question: &Question, trend: bool, today: Day) -> Option<Period> {
    let source = question.measures[0].source();
    if matches!(source, Source::Products | Source::Exposures) || question.by == Some(Dimension::Campaign) {
        return None;
    }
    let spec = match question.over {
        Some(Dimension::Week) => Spec::Last(13, Calendar::Week),
        Some(Dimension::Month) => Spec::Last(12, Calendar::Month),
        Some(Dimension::Quarter) => Spec::Last(8, Calendar::Quarter),
        Some(Dimension::Year) => return None,
        None if trend => Spec::Last(12, Calendar::Month),
        _ => Spec::Last(30, Calendar::Day),
    };
    spec.resolve(today)
}

/// The span of the same kind that the day lies in, up to the day.
fn current(spec: &Spec, today: Day) -> Option<Period> {
    match spec {
        Spec::Unit(calendar, _) => Spec::Unit(*calendar, 0).resolve(today),
        Spec::Year(_) => Spec::Unit(Calendar::Year, 0).resolve(today),
        Spec::Month(..) => Spec::Unit(Calendar::Month, 0).resolve(today),
        Spec::Quarter(..) => Spec::Unit(Calendar::Quarter, 0).resolve(today),
        Spec::Festival(_, name) => Spec::Festival(None, name).resolve(today),
        _ => None,
    }
}

/// What a time is held against: days against as many days, where one of them has only begun.
fn against(spec: &Spec, other: Period, main: Option<&Period>) -> Compare {
    let Some(main) = main else { return Compare::With(other) };
    let is_last_year = matches!(spec, Spec::Year(period::YearRef::Back(1)));
    let is_year = main.whole() == Some(Calendar::Year);
    if is_last_year && !is_year {
        return Compare::YearBefore;
    }
    if let Spec::Unit(calendar, _) = spec
        && main.before().is_some_and(|before| before.first == other.first)
        && main.whole() != Some(*calendar)
    {
        return Compare::Previous;
    }
    if main.year_before().is_some_and(|year| year.first == other.first && year.n_days() < other.n_days()) {
        return Compare::YearBefore;
    }
    Compare::With(other)
}

/// Questions near to what was understood, which can be answered: the same without the words that were not, and usual ones.
pub fn nearest(reading: &Reading, today: Day) -> Vec<Question> {
    let mut all: Vec<Question> = reading.question.iter().filter(|question| question.check().is_ok()).cloned().collect();
    let last = Spec::Last(30, Calendar::Day).resolve(today);
    let plain = |measure: Measure| Question { period: last.clone(), ..Question::of(measure) };
    if let Some(question) = reading.question.as_ref().filter(|question| question.check().is_err()) {
        // The same by what it is known by.
        let source = question.measures[0].source();
        let mut near = question.clone();
        near.measures.retain(|measure| measure.source() == source);
        near.measures.truncate(MEASURES_MAX);
        near.filters.retain(|filter| source.has(filter.field));
        near.by = near.by.filter(|by| source.has(*by));
        near.over = near.over.filter(|over| source.has(*over));
        all.extend(Some(near).filter(|near| near.check().is_ok()));
    }
    all.push(Question { by: Some(Dimension::Category), ..plain(Measure::Revenue) });
    let by_product =
        Question { by: Some(Dimension::Product), order: Order::Most, top: Some(TOP), ..plain(Measure::Units) };
    all.push(by_product);
    all.push(Question { compare: Some(Compare::YearBefore), ..plain(Measure::Revenue) });
    let mut seen: Vec<Question> = Vec::new();
    for question in all {
        if !seen.contains(&question) {
            seen.push(question);
        }
    }
    seen.truncate(4);
    seen
}
