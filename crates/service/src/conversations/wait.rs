//! What a customer who waits for a person is told: how many are before them, an answer where the assistant has one, and that what it cannot
//! answer is kept for the person; and the way back to the assistant. Nobody is left without a word. The queue itself is in `steps`.

use assist::state::Dialogue;
use assist::turn::{Action, Lang, Turn};

/// What somebody who waits wants of the waiting itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To hear how long it takes.
    Place,
    /// To wait no longer.
    Back,
}

impl Wish {
    pub(super) fn of(text: &str) -> Option<Wish> {
        const BACK: &[&str] = &[
            "不等了",
            "不想等",
            "别等了",
            "不用人工",
            "不要人工",
            "不需要人工",
            "不用转",
            "取消转",
            "取消人工",
            "取消排队",
            "退出排队",
            "你来吧",
            "还是你来",
            "你继续",
            "never mind",
            "nevermind",
            "stop waiting",
            "not wait",
            "won't wait",
            "wont wait",
            "don't need a person",
            "no person needed",
            "cancel the hand",
            "leave the queue",
            "go on with you",
            "continue with you",
        ];
        const PLACE: &[&str] = &[
            "等多久",
            "要多久才",
            "还要多久",
            "排到",
            "排队",
            "前面还有",
            "前面几个",
            "几位",
            "怎么还没人",
            "还没人",
            "有人吗",
            "人呢",
            "什么时候接",
            "多久能接",
            "how long",
            "how much longer",
            "queue",
            "anyone there",
            "anybody there",
            "still waiting",
            "when will someone",
            "when will a person",
        ];
        let folded = text.to_lowercase().replace('’', "'");
        let has = |words: &[&str]| words.iter().any(|word| folded.contains(word));
        // "How long does a repair take" asks of something else.
        let is_short = text.chars().count() <= if text.is_ascii() { 48 } else { 16 };
        match () {
            () if has(BACK) => Some(Wish::Back),
            () if has(PLACE) && is_short => Some(Wish::Place),
            () => None,
        }
    }
}

/// Before how many a customer waits, and what they can do meanwhile.
pub(super) fn place(lang: Lang, n_before: u64, is_open: bool) -> String {
    match (lang, is_open) {
        (Lang::Zh, true) => format!("您前面还有{n_before}位。等待时可以继续问我；不想等了，说“不等了”就行。"),
        (Lang::Zh, false) => {
            "现在不是人工客服的工作时间，上班后会按顺序回复您。这段时间可以继续问我；不想等了，说“不等了”就行。".to_owned()
        }
        (Lang::En, true) => format!(
            "There {} before you. You can go on asking me meanwhile; say “never mind” if you no longer want to wait.",
            if n_before == 1 { "is 1 person".to_owned() } else { format!("are {n_before} people") }
        ),
        (Lang::En, false) => "Our people are not at work now; they answer in turn when they are. You can go on asking me meanwhile; say “never mind” if you no longer want to wait.".to_owned(),
    }
}

pub(super) fn back(lang: Lang) -> &'static str {
    lang.choose("好的，已取消排队，我继续为您服务。", "All right, you no longer wait; I go on from here.")
}

/// Makes the assistant's turn that of somebody who waits: what it cannot answer is kept for the person, who is not called again. `asks_place`:
/// how long it takes is asked, and nothing else.
pub(super) fn while_waiting(turn: &mut Turn, dialogue: &mut Dialogue, place: &str, asks_place: bool) {
    if !is_unanswered(&turn.action) && !asks_place {
        return;
    }
    let lang = turn.reply.lang;
    let kept = lang.choose(
        "这一点我答不了，已经记下，人工客服接入后会看到。",
        "I cannot answer this; it is kept for the person who takes over.",
    );
    let is_only_place = asks_place || turn.understood.is("human");
    say(turn, dialogue, if is_only_place { place.to_owned() } else { format!("{kept}\n{place}") });
    // Being asked for again makes it no less urgent.
    if !matches!(turn.action, Action::HandOver(_)) {
        turn.action = Action::None;
    }
    dialogue.n_misses = 0;
}

/// Says this instead, resting on nothing and asking nothing.
fn say(turn: &mut Turn, dialogue: &mut Dialogue, text: String) {
    let reply = &mut turn.reply;
    (reply.text, reply.brief) = (text, None);
    (reply.suggestions, reply.evidence, reply.blocks) = (Vec::new(), Vec::new(), Vec::new());
    dialogue.asked = None;
    heard(turn, dialogue);
}

/// Remembers what was said in the end.
fn heard(turn: &Turn, dialogue: &mut Dialogue) {
    if let Some(last) = dialogue.said.last_mut().filter(|last| !last.by_customer) {
        last.text.clone_from(&turn.reply.text);
    }
}

/// Makes the assistant's turn that of somebody who waits no longer: with the answer to what else they said, if there is one.
pub(super) fn back_again(turn: &mut Turn, dialogue: &mut Dialogue) {
    let told = back(turn.reply.lang);
    if is_unanswered(&turn.action) || turn.reply.text.trim().is_empty() {
        say(turn, dialogue, told.to_owned());
        turn.action = Action::None;
    } else {
        turn.reply.text = format!("{told}\n{}", turn.reply.text);
        turn.reply.brief = turn.reply.brief.take().map(|brief| format!("{told}\n{brief}"));
        heard(turn, dialogue);
    }
    dialogue.n_misses = 0;
}

fn is_unanswered(action: &Action) -> bool {
    match action {
        Action::HandOver(_) => true,
        Action::AskBack { what } => what == "hand_over" || what == "rephrase",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_about_the_waiting_are_told_from_questions() {
        for (text, wanted) in [
            ("还要等多久", Some(Wish::Place)),
            ("How much longer?", Some(Wish::Place)),
            ("算了不等了，帮我查订单", Some(Wish::Back)),
            ("never mind, I'll go on with you", Some(Wish::Back)),
            ("我的订单到哪了", None),
            ("How long does it take until a repaired phone comes back to me by courier", None),
        ] {
            assert_eq!(Wish::of(text), wanted, "{text}");
        }
    }
}
