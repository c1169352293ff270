//! Whether a writer's words say what the draft says: as long as allowed, in its language, with its citations, with no figure,
//! address or name that the draft, the evidence and the customer do not have, and neither more nor less negation.

use std::collections::BTreeSet;

use super::Task;
use crate::evidence::{citations, unsupported};
use crate::turn::Lang;

/// Words that turn a sentence round.
const NOT_ZH: &[&str] = &["不", "没", "无", "未", "别", "非"];
const NOT_EN: &[&str] = &["not", "no", "never", "without", "cannot", "none", "neither", "nor"];

/// The text to say, or why it may not be said.
///
/// # Errors
/// What is wrong with it, for the trace.
pub fn check(task: &Task, written: &str, allowed: &[&str]) -> Result<String, String> {
    let text = written.trim();
    if text.is_empty() {
        return Err("empty".to_owned());
    }
    let n = text.chars().count();
    if n > task.characters_max {
        return Err(format!("{n} characters, allowed {}", task.characters_max));
    }
    if text.chars().any(|character| character.is_control() && character != '\n') {
        return Err("control characters".to_owned());
    }
    if let Some(mark) =
        ["<", "](", "```", "://", "www."].into_iter().find(|mark| text.contains(mark) && !task.draft.contains(mark))
    {
        return Err(format!("markup or an address: {mark}"));
    }
    let sources = sources(task, allowed);
    if let Some(host) = hosts(text).into_iter().find(|host| !sources.contains(host.as_str())) {
        return Err(format!("an address: {host}"));
    }
    let missing = unsupported(text, task.evidence, allowed);
    if let Some(figure) = missing.first() {
        return Err(format!("unsupported: {}", figure.text));
    }
    let marks = |text: &str| citations(text).into_iter().map(|(n, _)| n).collect::<BTreeSet<_>>();
    if marks(text) != marks(task.draft) {
        return Err("other citations".to_owned());
    }
    if is_chinese(text) != (task.lang == Lang::Zh) {
        return Err("another language".to_owned());
    }
    if negates(text) != negates(task.draft) {
        return Err("says yes where the draft says no, or the reverse".to_owned());
    }
    match names(text, task.lang).into_iter().find(|name| !sources.contains(name.as_str())) {
        Some(name) => Err(format!("a name: {name}")),
        None => Ok(text.to_owned()),
    }
}

/// Everything that names may come from, in lower case.
fn sources(task: &Task, allowed: &[&str]) -> String {
    let mut all = vec![task.draft.to_lowercase(), task.question.to_lowercase()];
    all.extend(allowed.iter().map(|text| text.to_lowercase()));
    for one in task.evidence {
        all.push(one.text().to_lowercase());
        all.extend(one.names().map(str::to_lowercase));
    }
    all.join("\n")
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
    let words: Vec<&str> =
        lower.split(|character: char| !character.is_alphabetic() && character != '\'' && character != '’').collect();
    NOT_ZH.iter().any(|word| lower.contains(word))
        || words.iter().any(|word| NOT_EN.contains(word) || word.ends_with("n't") || word.ends_with("n’t"))
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
    use crate::evidence::Evidence;

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
        let task = Task { lang, question: "how much memory", draft, evidence: &evidence, characters_max: 120 };
        check(&task, written, &["how much memory"])
    }

    #[test]
    fn what_says_the_same_is_used() {
        let draft = "Nimbo 14: Memory 16 GB. [1]";
        assert!(told(Lang::En, draft, "The Nimbo 14 comes with 16GB of memory. [1]").is_ok());
        assert!(told(Lang::Zh, "Nimbo 14：内存 16 GB。", "这款 Nimbo 14 配有 16GB 内存。").is_ok());
    }

    #[test]
    fn what_adds_or_drops_something_is_not() {
        let draft = "Nimbo 14: Memory 16 GB. [1]";
        for (written, why) in [
            ("", "empty"),
            ("The Nimbo 14 has 32 GB. [1]", "unsupported"),
            ("The Nimbo 14 has 16 GB.", "citations"),
            ("The Nimbo 14 has 16 GB. [1] [1] [2]", "unsupported"),
            ("The Nimbo 14 has 16 GB, see shop.example [1]", "address"),
            ("The Nimbo 14 has 16 GB, see https://x [1]", "address"),
            ("The Nimbo 14, unlike the Galaxy, has 16 GB. [1]", "name"),
            ("The Nimbo 14 does not have 16 GB. [1]", "reverse"),
            ("这款有 16 GB 内存。[1]", "language"),
            (&"The Nimbo 14 has 16 GB. [1] ".repeat(9), "characters"),
            ("<b>16 GB</b> [1]", "markup"),
        ] {
            let error = told(Lang::En, draft, written).unwrap_err();
            assert!(error.contains(why), "{written}: {error}");
        }
        assert!(told(Lang::Zh, "内存 16 GB。", "比 Galaxy 好，内存 16 GB。").unwrap_err().contains("name"));
    }
}
