//! The order in which a turn is decided: who speaks, what must come first, the form in hand, what was asked back, the
//! intent. What each decision leads to stands in [`crate::act`]; what is said at the end is checked in `finish`.

mod answered;
mod finish;
mod fit;
mod follow_up;
mod form;
mod meant;
mod owned;
mod parts;
pub mod person;
mod products;
pub mod referents;
mod relative;
mod route;
mod sides;
#[cfg(test)]
mod tests;
mod things;
mod whole_wish;
mod wording;

use crate::act::{Answer, Scene};
use crate::assistant::Assistant;
use crate::forms::{self, FormBook};
use crate::hand_over::Reason;
use crate::say;
use crate::state::Dialogue;
use crate::turn::{Action, Lang, Message, Reply, Step, Turn};
use crate::understand::{Named, Understanding, markup, shorthand};
use crate::world::World;
use crate::writer::{self, Writer};

/// Characters of a message that is answered.
pub const MESSAGE_MAX: usize = 4000;

/// Of anger, what is left one turn later.
const FADING: f32 = 0.5;

/// Answers one message; see [`Assistant::turn`].
pub fn turn(
    assistant: &Assistant,
    message: &Message,
    dialogue: &mut Dialogue,
    world: &World,
    writer: Option<&dyn Writer>,
) -> Turn {
    let said = message.text;
    let unmarked = shorthand::written_out(&markup::blanked(message.text));
    let message = &Message { text: &unmarked, ..message.clone() };
    let understand = |message: &Message, dialogue: &Dialogue| {
        let threshold = assistant.policies.assistant.intent_threshold;
        assistant.understander.understand(message, dialogue, world.today, threshold)
    };
    let mut understood = match is_readable(message.text) {
        true => understand(message, dialogue),
        false => {
            let lang = dialogue.lang.or(message.page_lang).unwrap_or_default();
            Understanding { lang, ..Understanding::default() }
        }
    };
    let earlier = |text: &str| understand(&Message { text, ..message.clone() }, dialogue);
    if let Some(wish) = whole_wish::of(message.text, &understood, dialogue, earlier) {
        let whole = Message { text: &wish, ..message.clone() };
        let meant = understand(&whole, dialogue);
        let own = Understanding { intent: meant.intent.clone(), confidence: meant.confidence, ..understood };
        let mut turn = decided(assistant, meant, &whole, said, dialogue, world, writer);
        turn.understood = own;
        turn.trace.insert(0, Step::new("understand", "a condition of the list before, said anew"));
        return turn;
    }
    let chosen = writer.and_then(|writer| chosen(assistant, writer, message, dialogue, &mut understood));
    let mut turn = decided(assistant, understood, message, said, dialogue, world, writer);
    if let Some(step) = chosen {
        turn.trace.insert(0, step);
    }
    turn
}

/// A message that our own model is not sure of, as a writer understands it: one of the intents that ours holds likely. While a
/// form is filled in, or an answer is waited for, the words before say what is meant.
fn chosen(
    assistant: &Assistant,
    writer: &dyn Writer,
    message: &Message,
    dialogue: &Dialogue,
    understood: &mut Understanding,
) -> Option<Step> {
    if dialogue.with_person || dialogue.asked.is_some() || !dialogue.forms.is_empty() {
        return None;
    }
    match writer::choose(writer, message.text, understood) {
        Ok(None) => None,
        Ok(Some(intent)) => {
            understood.intent = Some(intent.to_owned());
            understood.confidence = assistant.policies.assistant.intent_threshold;
            Some(Step::new("writer", format!("understood as {intent}")))
        }
        Err(why) => Some(Step::new("writer", format!("not understood: {why}"))),
    }
}

/// Neither empty nor longer than anybody writes.
fn is_readable(text: &str) -> bool {
    !is_empty(text) && !is_too_long(text)
}

fn is_empty(text: &str) -> bool {
    text.chars().all(|character| character.is_whitespace() || character.is_control())
}

fn is_too_long(text: &str) -> bool {
    text.len() > MESSAGE_MAX && text.chars().nth(MESSAGE_MAX).is_some()
}

/// Answers one message that has been understood; `said` is what the customer wrote of it.
fn decided(
    assistant: &Assistant,
    understood: Understanding,
    message: &Message,
    said: &str,
    dialogue: &mut Dialogue,
    world: &World,
    writer: Option<&dyn Writer>,
) -> Turn {
    remember(&understood, message, dialogue);
    if dialogue.with_person {
        return silence(understood);
    }
    let book = &assistant.book;
    let scene = Scene {
        lang: understood.lang,
        policies: &assistant.policies,
        world,
        message,
        understood: &understood,
        question: message.text,
        small_talk: assistant.small_talk.as_deref(),
    };
    let by_part = if is_readable(message.text) { parts::answered(assistant, &scene, book, dialogue) } else { None };
    let mut turning = Turning { scene, book, dialogue, trace: vec![understanding_step(&understood)] };
    let mut answer = match by_part {
        Some((answer, trace)) => {
            turning.trace.extend(trace);
            answer
        }
        None => turning.answer(),
    };
    turning.follow_up(&mut answer);
    let trace = std::mem::take(&mut turning.trace);
    let (reply, action, trace) = finish::finish(&scene, turning.dialogue, answer, trace, writer, |dialogue| {
        person::hand_over(&scene, book, dialogue, Reason::Unanswered)
    });
    dialogue.hear(true, said);
    dialogue.hear(false, &reply.text);
    Turn { reply, action, understood, trace }
}

fn remember(understood: &Understanding, message: &Message, dialogue: &mut Dialogue) {
    dialogue.lang = Some(understood.lang);
    dialogue.n_turns = dialogue.n_turns.saturating_add(1);
    dialogue.last_at = Some(message.at);
    dialogue.anger = (dialogue.anger * FADING + understood.emotion.anger).clamp(0.0, 1.0);
}

/// A person answers: nothing is said, the turn is recorded.
fn silence(understood: Understanding) -> Turn {
    let reply = Reply { lang: understood.lang, ..Reply::default() };
    let trace = vec![understanding_step(&understood), Step::new("person", "a person answers")];
    Turn { reply, action: Action::None, understood, trace }
}

fn understanding_step(understood: &Understanding) -> Step {
    let intent = understood.intent.as_deref().unwrap_or("none");
    Step::new("understand", format!("{intent} ({:.2})", understood.confidence))
}

/// A turn on its way to an answer.
struct Turning<'a, 'd> {
    scene: Scene<'a>,
    book: &'a FormBook,
    dialogue: &'d mut Dialogue,
    trace: Vec<Step>,
}

impl Turning<'_, '_> {
    fn lang(&self) -> Lang {
        self.scene.lang
    }

    fn step(&mut self, stage: &str, found: impl Into<String>) {
        self.trace.push(Step::new(stage, found));
    }

    /// The first that has something to say.
    fn answer(&mut self) -> Answer {
        let text = self.scene.message.text;
        if is_empty(text) {
            return self.aside("empty", say::talk::empty(self.lang()));
        }
        if is_too_long(text) {
            return self.aside("too_long", say::talk::too_long(self.lang()));
        }
        if self.scene.understood.is_injection {
            self.step("injection", "orders to the service are answered as any text and never followed");
        }
        // "A person" is also what an invoice may be made out to.
        let is_for_form = self.is_choice_of_form() || self.gives_number() || self.agrees_to_form();
        let called = if is_for_form { None } else { person::called(&self.scene, self.dialogue) };
        if let Some(reason) = called {
            return self.agreed_first().unwrap_or_else(|| self.hand_over(reason));
        }
        // What was asked back is newer than the question of a form.
        if let Some(answer) = self.asked_back() {
            return answer;
        }
        match self.form_in_hand() {
            form::Progress::Answered(answer) => *answer,
            form::Progress::Digression => {
                let answer = self.route();
                self.back_to_form(answer)
            }
            form::Progress::NoForm => self.route(),
        }
    }

    /// "Call me on 13700001111", where a form waits for a number: nobody is called now.
    fn gives_number(&self) -> bool {
        let understood = &self.scene.understood;
        let has_number = understood.entities.iter().any(|entity| matches!(entity.what, Named::Phone { .. }));
        // `不是给了吗 17712345678` is cross, and gives it.
        has_number && !self.dialogue.forms.is_empty() && !(understood.is("human") && understood.confidence >= 1.0)
    }

    /// "Sure do it", where a form waits for a yes, complains of nothing.
    fn agrees_to_form(&self) -> bool {
        let is_yes = || forms::yes_no(&forms::Words::of(self.scene.message.text)) == Some(true);
        !self.dialogue.forms.is_empty() && is_yes()
    }

    /// Something said beside the conversation, which stays as it was.
    fn aside(&mut self, stage: &str, text: &str) -> Answer {
        self.step(stage, "not read");
        let mut answer = Answer::of(text);
        answer.action = Action::AskBack { what: "rephrase".to_owned() };
        answer.asked = self.dialogue.asked.clone();
        answer
    }

    fn hand_over(&mut self, reason: Reason) -> Answer {
        person::hand_over(&self.scene, self.book, self.dialogue, reason)
    }
}
