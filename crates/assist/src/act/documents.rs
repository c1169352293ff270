//! Curated answers and documents. A document is quoted: the fewest sentences that answer, word for word, with the citation
//! of the piece they stand in. What a document says is told as its words and never obeyed.

use language::text::is_stop_word;

use super::{Answer, Scene};
use crate::evidence::Evidence;
use crate::say;
use crate::turn::Author;
use crate::world::Passage;

/// How much is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The sentences that answer.
    Answer,
    /// A procedure: from the best sentence on.
    Steps,
}

impl Cut {
    /// Bytes quoted at most; the first sentence is quoted whole, up to [`SENTENCE_MAX`].
    fn bytes(self) -> usize {
        match self {
            Cut::Answer => 420,
            Cut::Steps => 1200,
        }
    }
}

/// Bytes of a sentence that are quoted.
const SENTENCE_MAX: usize = 900;
/// Bytes of a question that are compared with sentences.
const QUESTION_MAX: usize = 1 << 10;
/// Passages looked at.
const N_PASSAGES: usize = 3;

/// The answer a person of the shop has written to this question, if there is one near enough.
pub fn curated(scene: &Scene) -> Option<Answer> {
    let hits = match scene.world.library.curated(scene.question, 1) {
        Ok(hits) => hits,
        Err(_) => return None,
    };
    let hit = hits.into_iter().next().filter(|hit| hit.similarity >= scene.policies.assistant.curated_threshold)?;
    if hit.answer.trim().is_empty() {
        return None;
    }
    let mut answer = Answer { author: Author::Curated, ..Answer::of(say::format::quoted(hit.answer.trim())) };
    answer.step("curated", format!("{} ({:.2})", hit.answer_id, hit.similarity));
    answer.cite(Evidence::Curated { answer_id: hit.answer_id, question: hit.question, text: hit.answer });
    Some(answer)
}

/// What the shop's documents say to a question; nothing if none covers enough of it.
pub fn search(scene: &Scene, question: &str, product_ids: &[&str], cut: Cut) -> Option<Answer> {
    let passages = scene.world.library.passages(question, product_ids, N_PASSAGES).ok()?;
    let threshold = scene.policies.assistant.document_threshold;
    let passage =
        passages.into_iter().find(|passage| passage.coverage >= threshold && !passage.text.trim().is_empty())?;
    let mut answer = Answer { rewordable: true, ..Answer::default() };
    answer.step(
        "documents",
        format!("{} {}..{} ({:.2})", passage.document_id, passage.start, passage.end, passage.coverage),
    );
    let quote = say::format::quoted(quote(&passage.text, question, cut));
    let title = say::format::plain(&passage.title);
    let n = answer.cite(evidence(passage));
    answer.text = say::talk::quotation(scene.lang, &title, &quote, n);
    Some(answer)
}

/// A piece of a document as evidence.
pub fn evidence(passage: Passage) -> Evidence {
    let Passage { document_id, version, title, text, start, end, .. } = passage;
    Evidence::Document { document_id, version, title, text, start, end }
}

/// The fewest sentences of a piece that answer a question.
pub fn quote<'t>(text: &'t str, question: &str, cut: Cut) -> &'t str {
    let sentences = sentences(text);
    let wanted = terms(&question[..question.floor_char_boundary(QUESTION_MAX)]);
    let worth = |range: &std::ops::Range<usize>| {
        let has = terms(&text[range.clone()]);
        wanted.iter().filter(|term| has.contains(term)).count()
    };
    let worths: Vec<usize> = sentences.iter().map(worth).collect();
    // Of sentences that answer as much, the first: what follows depends on it.
    let Some(best) = (0..sentences.len()).rev().max_by_key(|&at| worths[at]) else { return text.trim() };
    let start = sentences[best].start;
    let first_end = sentences[best].end.min(text.floor_char_boundary(start + SENTENCE_MAX));
    let mut end = first_end;
    for at in best + 1..sentences.len() {
        let said = &text[start..end];
        let leads_on = said.trim_end().ends_with(['：', ':']);
        let goes_on = cut == Cut::Steps || leads_on || worths[at] > 0 && worths[at] * 2 >= worths[best];
        if !goes_on || sentences[at].end - start > cut.bytes() {
            break;
        }
        end = sentences[at].end;
    }
    text[start..end].trim()
}

/// Where sentences stand: ends of lines, Chinese full stops, and points before a space. A list's number is no sentence.
fn sentences(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut all = Vec::new();
    let mut start = 0;
    let mut push = |from: &mut usize, to: usize| {
        if !text[*from..to].trim().is_empty() {
            all.push(*from..to);
        }
        *from = to;
    };
    let mut before = ' ';
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map_or('\n', |&(_, next)| next);
        let ends = match character {
            '\n' | '。' | '！' | '？' | '；' => true,
            '.' => next.is_whitespace() && !before.is_ascii_digit(),
            '!' | '?' => next.is_whitespace(),
            _ => false,
        };
        if ends {
            push(&mut start, at + character.len_utf8());
        }
        before = character;
    }
    push(&mut start, text.len());
    all
}

/// What a text is about: words of Latin script without endings, and pairs of neighbouring ideographs.
pub(super) fn terms(text: &str) -> std::collections::BTreeSet<String> {
    let lower = text.to_lowercase();
    let mut all = std::collections::BTreeSet::new();
    let mut word = String::new();
    let mut last: Option<char> = None;
    let mut flush = |word: &mut String, all: &mut std::collections::BTreeSet<String>| {
        if word.len() > 1 && !is_stop_word(word) {
            let stem = word.strip_suffix("ing").or_else(|| word.strip_suffix("ed")).or_else(|| word.strip_suffix('s'));
            all.insert(stem.filter(|stem| stem.len() > 2).unwrap_or(word).to_owned());
        }
        word.clear();
    };
    for character in lower.chars() {
        if character.is_alphanumeric() && !is_ideograph(character) {
            word.push(character);
            last = None;
            continue;
        }
        flush(&mut word, &mut all);
        let this = is_ideograph(character).then_some(character);
        if let (Some(first), Some(second)) = (last, this) {
            let pair: String = [first, second].iter().collect();
            if !is_stop_word(&pair) {
                all.insert(pair);
            }
        }
        last = this;
    }
    flush(&mut word, &mut all);
    all
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_that_answers_is_quoted() {
        let text = "Charge it before first use. To reset the router, hold the button for 10 seconds. The light turns red.\nClean it with a dry cloth.";
        assert_eq!(
            quote(text, "how do I reset the router?", Cut::Answer),
            "To reset the router, hold the button for 10 seconds."
        );
        assert!(quote(text, "how do I reset the router?", Cut::Steps).ends_with("dry cloth."));
        let text = "首次使用前请充满电。重置路由器：\n1. 按住按钮 10 秒。\n2. 等待指示灯变红。\n保养：用干布擦拭。";
        assert!(quote(text, "路由器怎么重置", Cut::Answer).starts_with("重置路由器："));
    }

    #[test]
    fn a_quotation_is_a_piece_of_the_text() {
        for text in ["", "。。。", "no end", "长".repeat(2000).as_str(), "a. b. c. 1. d"] {
            for question in ["", "a?", "长吗"] {
                let quote = quote(text, question, Cut::Steps);
                assert!(text.contains(quote));
                assert!(quote.len() <= 1200);
            }
        }
    }
}
