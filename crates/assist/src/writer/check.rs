//! Whether a writer's words say what the draft says, all of it and no more: as long as allowed, in its language, with its
//! citations and its figures, each beside what it is of; no sentence twice; with no figure, address, name or word that draft
//! and evidence do not have; as much said no, and as much only under conditions.

use std::collections::BTreeSet;

use super::words::{Features, new_word};
use super::{LONGER, binding};
use crate::evidence::{Evidence, Figure, citations, unsupported};
use crate::turn::Lang;

/// What a rewording is held against.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    pub lang: Lang,
    pub draft: &'a str,
    pub evidence: &'a [Evidence],
    /// What the customer said, and names of the shop: names in them may be said, facts not.
    pub allowed: &'a [&'a str],
}

impl Basis<'_> {
    pub fn characters_max(&self) -> usize {
        self.draft.chars().count() * 3 / 2 + LONGER
    }
}

/// Words that turn a sentence round.
const NOT_ZH: &[&str] = &["不", "没", "无", "未", "别", "非"];
const NOT_EN: &[&str] = &["not", "no", "never", "without", "cannot", "none", "neither", "nor"];

/// Words under which something holds, by kind: a rewording has each kind if and only if the reply has it.
const CONDITIONS: &[(&str, &[&str], &[&str])] = &[
    ("if", &["if", "unless", "provided", "when", "once"], &["如果", "若", "假如", "一旦"]),
    ("only", &["only", "except", "excluding", "just"], &["仅", "只", "除"]),
    (
        "limit",
        &[
            "within",
            "until",
            "before",
            "after",
            "least",
            "most",
            "under",
            "over",
            "than",
            "up",
            "about",
            "approximately",
        ],
        &["以内", "之内", "至少", "最多", "不超过", "超过", "以上", "以下", "之前", "之后", "大约", "左右", "比"],
    ),
    ("must", &["must", "need", "needs", "required", "requires", "should"], &["必须", "需", "须", "应当"]),
    ("may", &["may", "can", "could", "might", "will", "would"], &["可以", "可能", "能够", "将会"]),
];

/// The text to say, or why it may not be said.
///
/// # Errors
/// What is wrong with it, for the trace.
pub fn check(basis: &Basis, written: &str) -> Result<String, String> {
    let text = without_added_marks(written.trim(), basis);
    in_form(basis, &text)?;
    let sources = sources(basis);
    if let Some(host) = hosts(&text).into_iter().find(|host| !sources.contains(host.as_str())) {
        return Err(format!("an address: {host}"));
    }
    if is_chinese(&text) != (basis.lang == Lang::Zh) {
        return Err("another language".to_owned());
    }
    same_figures(basis, &text)?;
    let (repeated, in_draft) = (repeated(&text), repeated(basis.draft));
    if let Some(sentence) = repeated.get(in_draft.len()) {
        return Err(format!("says the same twice: {sentence}"));
    }
    if negates(&text) != negates(basis.draft) {
        return Err("says yes where the draft says no, or the reverse".to_owned());
    }
    let has = |text: &str, en: &[&str], zh: &[&str]| {
        let lower = text.to_lowercase();
        zh.iter().any(|word| lower.contains(word)) || english(&lower).iter().any(|word| en.contains(word))
    };
    if let Some((kind, ..)) = CONDITIONS.iter().find(|(_, en, zh)| has(&text, en, zh) != has(basis.draft, en, zh)) {
        return Err(format!("other conditions: {kind}"));
    }
    if let Some(name) = names(&text, basis.lang).into_iter().find(|name| !sources.contains(name.as_str())) {
        return Err(format!("a name: {name}"));
    }
    if let Some(word) = new_word(&text, &features(basis)) {
        return Err(format!("a word that the reply and its evidence do not have: {word}"));
    }
    binding::check(&text, basis.draft, basis.evidence)?;
    Ok(text)
}

fn in_form(basis: &Basis, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("empty".to_owned());
    }
    let (n, allowed) = (text.chars().count(), basis.characters_max());
    if n > allowed {
        return Err(format!("{n} characters, allowed {allowed}"));
    }
    if text.chars().any(|character| character.is_control() && character != '\n') {
        return Err("control characters".to_owned());
    }
    let marks = ["<", "](", "```", "**", "://", "www."];
    match marks.into_iter().find(|mark| text.contains(mark) && !basis.draft.contains(mark)) {
        Some(mark) => Err(format!("markup or an address: {mark}")),
        None => Ok(()),
    }
}

/// The figures and citations of the draft, each of them and no other.
fn same_figures(basis: &Basis, text: &str) -> Result<(), String> {
    let missing = unsupported(text, basis.evidence, basis.allowed);
    if let Some(figure) = missing.first().cloned().or_else(|| figure_not_in(text, basis.draft)) {
        return Err(format!("unsupported: {}", figure.text));
    }
    if let Some(figure) = figure_not_in(basis.draft, text) {
        return Err(format!("leaves out {}", figure.text));
    }
    if marks(text) != marks(basis.draft) {
        return Err("other citations".to_owned());
    }
    Ok(())
}

/// The first figure of one text that another does not have; citations are none.
fn figure_not_in(text: &str, other: &str) -> Option<Figure> {
    let cited = citations(text);
    let is_figure = |figure: &Figure| cited.iter().all(|(_, range)| *range != figure.range);
    unsupported(text, &[], &[other]).into_iter().find(is_figure)
}

fn marks(text: &str) -> BTreeSet<usize> {
    citations(text).into_iter().map(|(n, _)| n).collect()
}

/// Without marks that our reply does not have, if there is such evidence: the writer saw its number. What it then says must be
/// in the reply all the same.
fn without_added_marks(text: &str, basis: &Basis) -> String {
    let ours = marks(basis.draft);
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (n, range) in citations(text) {
        if !ours.contains(&n) && (1..=basis.evidence.len()).contains(&n) {
            out.push_str(text[copied..range.start].trim_end());
            copied = range.end;
        }
    }
    out.push_str(&text[copied..]);
    out
}

/// Every word that may be said: of the draft and of what it rests on, not of the customer's.
fn features(basis: &Basis) -> Features {
    let mut all = Features::of(basis.draft);
    for one in basis.evidence {
        all.add(one.text());
        one.names().into_iter().for_each(|name| all.add(name));
        if let Evidence::Product { field, .. } = one {
            all.add(field);
        }
    }
    all
}

/// Everything that names may come from, in lower case.
fn sources(basis: &Basis) -> String {
    let mut all = vec![basis.draft.to_lowercase()];
    all.extend(basis.allowed.iter().map(|text| text.to_lowercase()));
    for one in basis.evidence {
        all.push(one.text().to_lowercase());
        all.extend(one.names().map(str::to_lowercase));
    }
    all.join("\n")
}

/// Sentences that say what one before them said: four fifths of the words (ideographs) of both are the same ones.
/// Shorter ones than four words are none: "16 GB." may follow "How much memory? 16 GB."
fn repeated(text: &str) -> Vec<&str> {
    let (mut said, mut repeated) = (Vec::<BTreeSet<String>>::new(), Vec::new());
    for sentence in sentences(text) {
        let words = words_of(sentence);
        let is_same = |other: &BTreeSet<String>| {
            let n_shared = other.intersection(&words).count();
            n_shared * 5 >= (other.len() + words.len() - n_shared) * 4
        };
        if words.len() >= 4 && said.iter().any(is_same) {
            repeated.push(sentence);
        }
        said.push(words);
    }
    repeated
}

/// Cut after marks that end a sentence; a dot between figures or letters ends none.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let ends = |(at, mark): (usize, char)| {
            let after = rest[at + mark.len_utf8()..].chars().next();
            let is_end = matches!(mark, '。' | '！' | '？' | '；' | '\n' | '!' | '?' | ';')
                || mark == '.' && after.is_none_or(char::is_whitespace);
            is_end.then_some(at + mark.len_utf8())
        };
        let (sentence, left) = rest.split_at(rest.char_indices().find_map(ends).unwrap_or(rest.len()));
        rest = left;
        (!sentence.is_empty()).then_some(sentence)
    })
}

/// Words in lower case and ideographs, each once; citations are none.
fn words_of(sentence: &str) -> BTreeSet<String> {
    let mut bare = String::with_capacity(sentence.len() * 2);
    let cited = citations(sentence);
    for (at, character) in sentence.char_indices().filter(|(at, _)| cited.iter().all(|(_, range)| !range.contains(at)))
    {
        match character {
            '\u{4e00}'..='\u{9fff}' => bare.extend([' ', character, ' ']),
            '.' if sentence[at + 1..].starts_with(|next: char| next.is_ascii_digit()) => bare.push('.'),
            _ if character.is_alphanumeric() => bare.extend(character.to_lowercase()),
            _ => bare.push(' '),
        }
    }
    bare.split_whitespace().map(str::to_owned).collect()
}

/// Words that look like addresses of the web: `shop.example`.
fn hosts(text: &str) -> Vec<String> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric() && !matches!(character, '.' | '-'));
    let is_host = |word: &&str| {
        let word = word.trim_matches('.');
        word.split('.').count() > 1
            && word.split('.').all(|part| !part.is_empty())
            && word
                .rsplit('.')
                .next()
                .is_some_and(|last| last.len() > 1 && last.bytes().all(|byte| byte.is_ascii_alphabetic()))
    };
    words.filter(is_host).map(|word| word.trim_matches('.').to_lowercase()).collect()
}

/// Whether a text is in Chinese: names of products in Latin letters make it no other language.
fn is_chinese(text: &str) -> bool {
    let ideographs = text.chars().filter(|character| matches!(character, '\u{4e00}'..='\u{9fff}')).count();
    let words = text
        .split_whitespace()
        .filter(|word| word.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic()))
        .count();
    ideographs > 0 && ideographs * 2 > words
}

fn negates(text: &str) -> bool {
    let lower = text.to_lowercase();
    NOT_ZH.iter().any(|word| lower.contains(word))
        || english(&lower).iter().any(|word| NOT_EN.contains(word) || word.ends_with("n't") || word.ends_with("n’t"))
}

fn english(lower: &str) -> Vec<&str> {
    lower.split(|character: char| !character.is_alphabetic() && character != '\'' && character != '’').collect()
}

/// Words that may be names: in Chinese all in Latin letters, in English those with a capital inside a sentence.
fn names(text: &str, lang: Lang) -> Vec<String> {
    let mut all = Vec::new();
    let mut begins = true;
    let mut word = String::new();
    for character in text.chars().chain(['\n']) {
        if character.is_alphanumeric() && !matches!(character, '\u{4e00}'..='\u{9fff}') {
            word.push(character);
            continue;
        }
        if !word.is_empty() {
            // What has digits is a figure.
            let has_capital = word.chars().any(char::is_uppercase) && !word.chars().any(|one| one.is_ascii_digit());
            let is_name = match lang {
                Lang::Zh => word.chars().all(char::is_alphabetic),
                Lang::En => has_capital && !begins && word != "I",
            };
            if is_name {
                all.push(word.to_lowercase());
            }
            begins = false;
        }
        word.clear();
        if matches!(character, '.' | '!' | '?' | ':' | '\n' | '。' | '“' | '"') {
            begins = true;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence() -> Vec<Evidence> {
        vec![Evidence::Product {
            product_id: "P1".into(),
            name: "Nimbo 14".into(),
            field: "memory".into(),
            value: "16 GB".into(),
        }]
    }

    fn told(lang: Lang, draft: &str, written: &str) -> Result<String, String> {
        let evidence = evidence();
        let basis = Basis { lang, draft, evidence: &evidence, allowed: &["how much memory, is 64 GB good"] };
        check(&basis, written)
    }

    #[test]
    fn what_says_the_same_is_used() {
        let draft = "Nimbo 14: Memory 16 GB. [1]";
        assert!(told(Lang::En, draft, "The Nimbo 14 comes with 16GB of memory. [1]").is_ok());
        assert!(told(Lang::Zh, "Nimbo 14：内存 16 GB。", "这款 Nimbo 14 配有 16GB 内存。").is_ok());
        // The writer saw the number of the evidence.
        let written = told(Lang::En, "Nimbo 14: Memory 16 GB.", "The Nimbo 14 has 16 GB of memory [1].");
        assert_eq!(written.as_deref(), Ok("The Nimbo 14 has 16 GB of memory."));
    }

    #[test]
    fn what_adds_or_drops_something_is_not() {
        let draft = "Nimbo 14: Memory 16 GB. [1]";
        for (written, why) in [
            ("", "empty"),
            ("The Nimbo 14 has 32 GB. [1]", "unsupported"),
            ("The Nimbo 14 has 16 GB of memory, 64 GB [1]", "unsupported: 64 GB"),
            ("The Nimbo 14 has memory. [1]", "leaves out 16 GB"),
            ("The Nimbo 14 has 16 GB.", "citations"),
            ("The Nimbo 14 has 16 GB. [1] [1] [2]", "unsupported"),
            ("The Nimbo 14 has 16 GB, see shop.example [1]", "address"),
            ("The Nimbo 14 has 16 GB, see https://x [1]", "address"),
            ("The Nimbo 14, unlike the Galaxy, has 16 GB. [1]", "name"),
            ("The Nimbo 14 does not have 16 GB. [1]", "reverse"),
            ("The Nimbo 14 has 16 GB of memory if needed. [1]", "conditions: if"),
            ("The Nimbo 14 has up to 16 GB of memory. [1]", "conditions: limit"),
            ("The Nimbo 14 has 16 GB of good memory. [1]", "a word that"),
            ("Sure! The Nimbo 14 has 16 GB of memory. [1]", "a word that"),
            ("这款有 16 GB 内存。[1]", "language"),
            (&"The Nimbo 14 has 16 GB. [1] ".repeat(9), "characters"),
            ("<b>16 GB</b> [1]", "markup"),
            ("The Nimbo 14 has 16 GB. It has 16 GB, the Nimbo 14. [1]", "twice"),
        ] {
            let error = told(Lang::En, draft, written).unwrap_err();
            assert!(error.contains(why), "{written}: {error}");
        }
        assert!(told(Lang::Zh, "内存 16 GB。", "比 Galaxy 好，内存 16 GB。").is_err());
        assert!(told(Lang::Zh, "内存 16 GB。", "Galaxy 内存 16 GB。").unwrap_err().contains("name"));
        assert!(told(Lang::Zh, "内存 16 GB。", "内存 16 GB，非常流畅。").unwrap_err().contains("reverse"));
        assert!(told(Lang::Zh, "内存 16 GB。", "内存 16 GB，运行流畅。").unwrap_err().contains("运行流畅"));
    }

    #[test]
    fn a_sentence_is_said_once() {
        for (text, n) in [
            ("It has 16 GB of memory. It has 16 GB of memory.", 1),
            ("It has 16 GB of memory [1]. Of memory, it has 16 GB [2]! It has 16 GB of memory [3].", 2),
            ("It has 16 GB of memory. It has 512 GB of storage.", 0),
            ("The A1 weighs 1.2 kg and has 16 GB. The A2 weighs 1.3 kg and has 32 GB.", 0),
            ("内存是 16 GB。内存为 16 GB。", 0),
            ("这款手机的内存是 16 GB。这款手机内存是 16 GB。", 1),
            ("Yes. Yes. Yes. 16 GB. 16 GB.", 0),
            ("", 0),
        ] {
            assert_eq!(repeated(text).len(), n, "{text}");
        }
    }

    #[test]
    fn conditions_are_kept() {
        let draft = "You can return it within 16 days if it is unopened.";
        let basis = Basis { lang: Lang::En, draft, evidence: &[], allowed: &["", draft] };
        assert!(check(&basis, "If it is unopened, you can return it within 16 days.").is_ok());
        assert!(check(&basis, "You can return it within 16 days.").unwrap_err().contains("conditions: if"));
    }
}
