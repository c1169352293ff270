//! Several questions in one message (`多少钱，有货吗`, "how much is it and do you charge for delivery?"): each is answered, or said not to
//! be known. Where none is, or one wants something done, the message is taken as a whole.

use std::sync::LazyLock;

use regex::Regex;

use super::{Turning, understanding_step};
use crate::act::{Answer, Outcome, Scene};
use crate::assistant::Assistant;
use crate::forms::FormBook;
use crate::say;
use crate::state::Dialogue;
use crate::turn::{Action, Message, Step};
use crate::understand::intents::Family;
use crate::understand::{Intent, Named};

/// Questions of one message that are answered one by one.
const PARTS_MAX: usize = 4;
/// Characters of a message that is looked at: what is longer tells a story.
const CHARACTERS_MAX: usize = 160;

/// The parts of a message, if it has several that ask; those that only greet or thank are left out.
pub(super) fn parts(text: &str) -> Vec<&str> {
    if text.chars().count() > CHARACTERS_MAX {
        return Vec::new();
    }
    // "Which is lighter, and by how much?" is one question.
    if asks_difference(text) {
        return Vec::new();
    }
    let sentences = sentences(text);
    if !sentences.is_empty() {
        return sentences;
    }
    let all = cut(text);
    // `能用手写笔吗 哪款`: which one is asked of what stands before it.
    const WHICH: &[&str] = &["哪款", "哪个", "哪种", "哪一款", "哪一个", "哪台", "which one", "which"];
    if all.iter().any(|part| WHICH.contains(&part.to_lowercase().as_str())) {
        return Vec::new();
    }
    let asks = |part: &&str| opens_question(part) || crate::knowledge::asks_something(part);
    let asking: Vec<&str> = all.iter().copied().filter(asks).collect();
    let is_short = |part: &&str| part.chars().filter(|character| character.is_alphanumeric()).count() <= 8;
    let rest_is_little = all.iter().all(|part| asks(part) || is_short(part));
    if (2..=PARTS_MAX).contains(&asking.len()) && rest_is_little { asking } else { Vec::new() }
}

/// `轻多少`, "by how much".
fn asks_difference(text: &str) -> bool {
    static DIFFERENCE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(?:^|[^\p{Han}])(?:又)?(?:轻|重|贵|便宜|大|小|快|慢|高|长|差)(?:了|出|上)?(?:多少|几)|by how (?:much|many)")
            .expect("a sound pattern")
    });
    DIFFERENCE.is_match(text)
}

/// Whole sentences of letters, where several ask and the others say little: "The strap I got, does it fit the watch? Also compare these two."
fn sentences(text: &str) -> Vec<&str> {
    static END: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[a-z)'][.?!]+\s+(?:[A-Za-z])").expect("a sound pattern"));
    let mut all = Vec::new();
    let mut from = 0;
    for found in END.find_iter(text) {
        let end = found.end() - 1;
        all.push(text[from..end].trim());
        from = end;
    }
    all.push(text[from..].trim());
    let asks = |part: &&str| opens_question(part) || crate::knowledge::asks_something(part) || wants_comparison(part);
    let is_short = |part: &&str| part.split_whitespace().count() <= 3;
    let asking: Vec<&str> = all.iter().copied().filter(asks).collect();
    let rest_is_little = all.iter().all(|part| asks(part) || is_short(part));
    if (2..=PARTS_MAX).contains(&asking.len()) && rest_is_little { asking } else { Vec::new() }
}

/// "Also compare these two": asks without a word that asks.
fn wants_comparison(part: &str) -> bool {
    part.to_ascii_lowercase().contains("compare")
}

/// "What ink does it take", "and what's the cheapest": begins as a question does.
fn opens_question(part: &str) -> bool {
    const ZH: &[&str] = &["什么", "哪", "多少", "多久", "怎么", "几"];
    // `签收没有啊`.
    const ENDS: &[&str] = &["没有", "没", "了没"];
    let said = part.trim_end_matches(['啊', '呀', '呢', '啦', '哦', '?', '？']);
    if ZH.iter().any(|word| part.contains(word)) || ENDS.iter().any(|end| said.ends_with(end)) {
        return true;
    }
    const WORDS: &[&str] = &["what", "which", "how", "where", "when", "who"];
    let folded = part.to_ascii_lowercase();
    let first =
        folded.strip_prefix("and ").unwrap_or(&folded).split([' ', '\'', '’']).next().unwrap_or_default().to_owned();
    WORDS.contains(&first.as_str()) && folded.split_whitespace().count() > 2
}

/// Between sentences, at a comma, at a space between ideographs, and where `and` begins a question.
fn cut(text: &str) -> Vec<&str> {
    const AND: &[&str] = &[
        "n is ",
        "n are ",
        "n do ",
        "n does ",
        "n how ",
        "n what ",
        "n whats ",
        "n can ",
        "& is ",
        "& how ",
        "and do ",
        "and does ",
        "and is ",
        "and are ",
        "and what ",
        "and what's ",
        "and how's ",
        "and where's ",
        "and how ",
        "and can ",
        "and when ",
        "and where ",
        "and which ",
        "and will ",
        "and who ",
    ];
    let is_ideograph = |character: Option<char>| character.is_some_and(crate::knowledge::words::is_ideograph);
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        let after = text[end..].chars().next();
        let before = text[..at].chars().next_back();
        let cuts = match character {
            '。' | '？' | '?' | '！' | '!' | '；' | ';' | '\n' | '，' => true,
            // A point, and a comma between digits, belong to numbers.
            ',' => !after.is_some_and(|next| next.is_ascii_digit()),
            ' ' => {
                let rest = text[end..].to_ascii_lowercase();
                is_ideograph(before) && is_ideograph(after) || AND.iter().any(|word| rest.starts_with(word))
            }
            _ => false,
        };
        if cuts {
            parts.push(text[from..at].trim());
            from = end;
        }
    }
    parts.push(text[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// All parts answered, one below the other, with what led to it; nothing, and nothing remembered, if none is, or one asks or does
/// something.
pub(super) fn answered(
    assistant: &Assistant,
    scene: &Scene,
    book: &FormBook,
    dialogue: &mut Dialogue,
) -> Option<(Answer, Vec<Step>)> {
    let is_free = dialogue.forms.is_empty() && !scene.understood.is_injection;
    let parts = if is_free { parts(scene.message.text) } else { Vec::new() };
    if parts.is_empty() {
        return None;
    }
    let mut trial = Dialogue { asked: None, ..dialogue.clone() };
    let (mut whole, mut trace, mut n_answered): (Option<Answer>, Vec<Step>, usize) = (None, Vec::new(), 0);
    let mut left: Vec<&str> = Vec::new();
    for part in parts {
        let message = Message { text: part, ..scene.message.clone() };
        let threshold = scene.policies.assistant.intent_threshold;
        let understood = assistant.understander.understand(&message, &trial, scene.world.today, threshold);
        let family = understood.intent.as_deref().and_then(Intent::named).map(|intent| intent.family);
        if matches!(family, Some(Family::Talk | Family::Person | Family::Form)) {
            return None;
        }
        // `延保怎么买，多少钱`: what a thing costs of which nothing is known is not known either, and is no price of another thing.
        let is_name =
            |what: &Named| matches!(what, Named::Product { .. } | Named::Category { .. } | Named::Brand { .. });
        let names_nothing =
            !understood.entities.iter().any(|entity| is_name(&entity.what)) && understood.references.is_empty();
        let is_open = whole.as_ref().is_some_and(|whole| whole.outcome == Outcome::Unknown);
        if is_open && n_answered == 0 && names_nothing && family == Some(Family::Product) {
            continue;
        }
        let own = Scene { message: &message, understood: &understood, question: part, ..*scene };
        let before = trial.clone();
        let mut turning =
            Turning { scene: own, book, dialogue: &mut trial, trace: vec![understanding_step(&understood)] };
        let answer = turning.route();
        trace.append(&mut turning.trace);
        if answer.outcome == Outcome::AskedBack || !matches!(answer.action, Action::None) || answer.asked.is_some() {
            // What asks back has to be alone; it is not passed over in silence.
            trial = before;
            left.push(part);
            continue;
        }
        n_answered += usize::from(answer.outcome == Outcome::Answered);
        // The nearest rule to one question may be the answer to the other.
        let is_told = |whole: &Answer| answer.evidence.iter().all(|one| whole.evidence.contains(one));
        let answer = match &whole {
            Some(whole) if answer.outcome == Outcome::Unknown && !answer.evidence.is_empty() && is_told(whole) => {
                Answer { trace: answer.trace, ..Answer::unknown(say::talk::no_answer(scene.lang)) }
            }
            _ => answer,
        };
        match &mut whole {
            None => whole = Some(answer),
            Some(whole) if whole.text.contains(&answer.text) => {}
            Some(whole) => {
                whole.rewordable &= answer.rewordable;
                // What is not known is said, and a person offered for it.
                if answer.outcome != Outcome::Answered {
                    whole.outcome = Outcome::Unknown;
                }
                whole.append(answer);
            }
        }
    }
    if n_answered == 0 {
        return None;
    }
    let mut whole = whole?;
    if !left.is_empty() {
        let left: Vec<String> = left.iter().map(|part| say::format::plain(part)).collect();
        whole.line(say::talk::left_over(scene.lang, &left));
        whole.rewordable = false;
        left.iter().take(1).for_each(|part| whole.suggest(part));
    }
    *dialogue = trial;
    Some((whole, trace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_told_from_what_stands_around_them() {
        for (text, wanted) in [
            ("Luma 4 多少钱，有货吗，保修多久", vec!["Luma 4 多少钱", "有货吗", "保修多久"]),
            ("多少钱 送货安装收费吗", vec!["多少钱", "送货安装收费吗"]),
            (
                "how much is it and do you charge for delivery?",
                vec!["how much is it", "and do you charge for delivery"],
            ),
            (
                "What ink does the Drift 3 take and what's the cheapest one you have?",
                vec!["What ink does the Drift 3 take", "and what's the cheapest one you have"],
            ),
            ("你好，这个防水吗？多少钱", vec!["这个防水吗", "多少钱"]),
            (
                "that strap i got w it, does it fit the watch. also can u compare nimbo 8 and plume 4",
                vec!["that strap i got w it, does it fit the watch.", "also can u compare nimbo 8 and plume 4"],
            ),
            ("哪个轻 轻多少", vec![]),
            ("which is lighter, and by how much?", vec![]),
            ("is it 1,299 yuan?", vec![]),
            ("耳机坏了 我要退货", vec![]),
            ("手机屏幕昨天晚上不小心摔碎了，换一个多少钱，要多久", vec![]),
        ] {
            assert_eq!(parts(text), wanted, "{text}");
        }
    }
}
