//! The end of every turn: a person offered where there was no answer, the introduction, a writer's words where they are
//! allowed, and the last check: what no evidence supports is not said.

use super::person;
use super::route::reason_word;
use crate::act::{Answer, Outcome, Scene, talk};
use crate::evidence::{Figure, unsupported};
use crate::say;
use crate::state::Dialogue;
use crate::turn::{Action, Author, Block, Reply, Step};
use crate::writer::{self, Basis, Writer};

/// Turns an answer into what is said and done, and remembers it.
pub(super) fn finish(
    scene: &Scene,
    dialogue: &mut Dialogue,
    mut answer: Answer,
    mut trace: Vec<Step>,
    writer: Option<&dyn Writer>,
    handed: impl Fn(&Dialogue) -> Answer,
) -> (Reply, Action, Vec<Step>) {
    count_misses(scene, dialogue, &mut answer, handed);
    check(scene, dialogue, &mut answer);
    if let Some(writer) = writer {
        reword(scene, dialogue, &mut answer, writer);
    }
    if !dialogue.introduced && !answer.text.is_empty() {
        let introduction = say::talk::introduction(scene.lang, talk::name(scene), scene.world.shop_name);
        let introduces_itself = scene.understood.is("who_are_you");
        if !introduces_itself {
            answer.begin_with(&introduction);
        }
        dialogue.introduced = true;
    }
    dialogue.asked = answer.asked;
    trace.extend(answer.trace);
    let Answer { text, brief, blocks, evidence, suggestions, author, action, .. } = answer;
    (Reply { lang: scene.lang, text, brief, blocks, evidence, suggestions, author }, action, trace)
}

/// Where there was no answer a person is offered; after several turns in a row that were not understood, called. That the shop has no answer
/// was understood, and whoever hears it says themselves whether they want a person.
fn count_misses(scene: &Scene, dialogue: &mut Dialogue, answer: &mut Answer, handed: impl Fn(&Dialogue) -> Answer) {
    match answer.outcome {
        Outcome::Answered => dialogue.n_misses = 0,
        Outcome::AskedBack | Outcome::Unknown => {}
        Outcome::Missed => dialogue.n_misses = dialogue.n_misses.saturating_add(1),
    }
    let missed = matches!(answer.outcome, Outcome::Unknown | Outcome::Missed);
    if !missed || matches!(answer.action, Action::HandOver(_) | Action::Submit(_)) {
        return;
    }
    if dialogue.n_misses >= scene.policies.assistant.misses_max {
        let handed = handed(dialogue);
        dialogue.n_misses = 0;
        answer.action = handed.action.clone();
        answer.asked = None;
        answer.suggestions.clear();
        // "Please rephrase" is not said to somebody who is handed over.
        if answer.outcome == Outcome::Missed {
            answer.say_instead(String::new());
        }
        answer.append(handed);
    } else if answer.outcome == Outcome::Unknown && matches!(answer.action, Action::None) {
        let reason = reason_word(answer);
        person::offer(scene, answer, reason);
    }
}

/// Texts that may be said without evidence: what the customer said, and names of the shop.
fn allowed<'a>(scene: &'a Scene, dialogue: &'a Dialogue) -> Vec<&'a str> {
    let mut all = vec![scene.message.text, scene.question, scene.world.shop_name, talk::name(scene)];
    all.extend(dialogue.last_question.as_deref());
    all.extend(dialogue.forms.iter().flat_map(|filling| filling.values.values().map(String::as_str)));
    all
}

/// The figures of an answer that nothing supports.
fn unproved(scene: &Scene, dialogue: &Dialogue, answer: &Answer) -> Vec<Figure> {
    let mut allowed = allowed(scene, dialogue);
    // A form shows the customer's own words back, what is personal in them masked.
    for block in &answer.blocks {
        let Block::Form(view) = block else { continue };
        allowed.extend(view.fields.iter().filter_map(|field| field.value.as_deref()));
        allowed.extend(view.fields.iter().flat_map(|field| field.options.iter().map(String::as_str)));
    }
    if let Action::Submit(submission) = &answer.action {
        allowed.extend(submission.values.values().map(String::as_str));
    }
    unsupported(&answer.text, &answer.evidence, &allowed)
}

/// A reply with a figure that nothing supports is not given.
fn check(scene: &Scene, dialogue: &Dialogue, answer: &mut Answer) {
    let missing = unproved(scene, dialogue, answer);
    if missing.is_empty() {
        return;
    }
    let figures: Vec<&str> = missing.iter().map(|figure| figure.text.as_str()).collect();
    answer.step("unsupported", figures.join(", "));
    // What is done stands, whatever was said of it.
    if matches!(answer.action, Action::Submit(_) | Action::HandOver(_) | Action::Close) {
        answer.say_instead(say::talk::done(scene.lang, matches!(answer.action, Action::HandOver(_))));
        return;
    }
    let trace = std::mem::take(&mut answer.trace);
    *answer = Answer { trace, ..Answer::of(say::talk::not_proved(scene.lang)) };
    person::offer_only(scene, answer, "unanswered");
}

/// A writer's words in place of ours, if they say the same.
fn reword(scene: &Scene, dialogue: &Dialogue, answer: &mut Answer, writer: &dyn Writer) {
    if let Some(why) = not_to_be_worded(scene, answer) {
        return answer.step("writer", format!("not asked: {why}"));
    }
    let allowed = allowed(scene, dialogue);
    let strangers = |text: &str| strangers(scene, text, &answer.text);
    let basis = Basis { lang: scene.lang, draft: &answer.text, evidence: &answer.evidence, allowed: &allowed };
    match writer::reword(writer, &basis, scene.question, &strangers) {
        Ok(text) => {
            answer.text = text;
            answer.author = Author::Writer;
            answer.step("writer", "used");
        }
        Err(why) => answer.step("writer", why),
    }
}

/// Why a reply is not given to a writer.
fn not_to_be_worded(scene: &Scene, answer: &Answer) -> Option<&'static str> {
    if scene.understood.is_injection {
        return Some("the message gives orders to the service");
    }
    if answer.author != Author::BuiltIn {
        return Some("a person of the shop wrote the answer");
    }
    if matches!(answer.action, Action::AskBack { .. } | Action::HandOver(_)) {
        return Some("a question back and a hand-over are said as they are");
    }
    if answer.evidence.is_empty() {
        return Some("the reply tells no fact");
    }
    (!answer.rewordable).then_some("another word could turn a yes into a no")
}

/// Brands and names of the shop's products that a text has and our reply has not.
fn strangers(scene: &Scene, text: &str, draft: &str) -> Vec<String> {
    let found = scene.world.catalogue.search(text, 8).unwrap_or_default();
    let draft = draft.to_lowercase();
    let text = text.to_lowercase();
    let names = found.iter().flat_map(|found| [Some(found.product.name.clone()), found.product.brand.clone()]);
    names
        .flatten()
        .filter(|name| {
            !name.trim().is_empty() && text.contains(&name.to_lowercase()) && !draft.contains(&name.to_lowercase())
        })
        .collect()
}
