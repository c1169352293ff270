//! When and how a turn goes to a person: what the customer is told, and what the person gets to see.

use crate::act::{Answer, Scene, documents};
use crate::evidence::Evidence;
use crate::forms::FormBook;
use crate::hand_over::{self, Reason, Said, Story};
use crate::say;
use crate::state::{Asked, Dialogue};
use crate::turn::Action;

/// Why this message calls a person whatever it asks; nothing if it does not.
pub fn called(scene: &Scene, dialogue: &Dialogue) -> Option<Reason> {
    let reason =
        hand_over::called(scene.policies, dialogue, scene.understood, scene.message.text, &|id| scene.product(id));
    reason.or(scene.understood.is("complaint").then_some(Reason::Rule))
}

/// Hands over: the customer is told, also when nobody is there.
pub fn hand_over(scene: &Scene, book: &FormBook, dialogue: &Dialogue, reason: Reason) -> Answer {
    let (today, minute_of_day) = (scene.world.today, scene.world.minute_of_day);
    let customer_id = scene.message.customer_id;
    let orders = customer_id.and_then(|id| scene.world.orders.orders_of(id).ok()).unwrap_or_default();
    let before = dialogue.said.iter().map(|one| Said { by_customer: one.by_customer, text: &one.text });
    let said: Vec<Said> = before.chain([Said { by_customer: true, text: scene.message.text }]).collect();
    let question = hand_over::question(&said, scene.understood).unwrap_or(scene.question);
    let made = hand_over::hand_over(
        reason,
        &Story {
            policies: scene.policies,
            book,
            dialogue,
            understanding: scene.understood,
            said: &said,
            customer_id,
            orders: &orders,
            product: &|id| scene.product(id),
            evidence: &near(scene, question),
            today,
            minute_of_day,
            lang: scene.lang,
        },
    );
    let (text, evidence) = hand_over::told(&made, scene.policies, today, minute_of_day, scene.lang);
    let mut answer = Answer { evidence, ..Answer::of(text) };
    answer.step("hand_over", format!("{reason:?} to {}", made.skill));
    answer.action = Action::HandOver(made);
    answer
}

/// What the shop has near the question, though not near enough to be said: for the person. What shares some words alone is left out.
fn near(scene: &Scene, question: &str) -> Vec<Evidence> {
    const SIMILARITY_MIN: f32 = 0.5;
    const COVERAGE_MIN: f32 = 0.45;
    let curated = scene.world.library.curated(question, 2).unwrap_or_default();
    let curated = curated.into_iter().filter(|hit| hit.similarity >= SIMILARITY_MIN);
    let mut all: Vec<Evidence> = curated
        .map(|hit| Evidence::Curated { answer_id: hit.answer_id, question: hit.question, text: hit.answer })
        .collect();
    let passages = scene.world.library.passages(question, &[], 1).unwrap_or_default();
    all.extend(passages.into_iter().filter(|passage| passage.coverage >= COVERAGE_MIN).map(documents::evidence));
    all
}

/// Asks whether a person is wanted, below what has been said.
pub fn offer(scene: &Scene, answer: &mut Answer, reason: &str) {
    // Behind a list the question stands by itself.
    match answer.text.contains('\n') {
        true => answer.line(say::person::offer(scene.lang)),
        false => answer.say(say::person::offer(scene.lang)),
    }
    offer_only(scene, answer, reason);
}

/// The same where the text asks already.
pub fn offer_only(scene: &Scene, answer: &mut Answer, reason: &str) {
    answer.suggestions.clear();
    answer.suggest(say::person::yes(scene.lang));
    answer.suggest(say::person::no(scene.lang));
    answer.asked = Some(Asked::HandOver { reason: reason.to_owned() });
    answer.action = Action::AskBack { what: "hand_over".to_owned() };
    answer.step("hand_over", format!("offered: {reason}"));
}
