//! What a conversation remembers from turn to turn: a value that is stored with the conversation, goes into a turn and comes
//! out changed. Small on purpose: ten thousand conversations are open at once.

use domain::Millis;
use serde::{Deserialize, Serialize};

use crate::forms::Filling;
use crate::turn::Lang;

/// Things listed at most: "the tenth one" is the last that can be meant.
pub const LISTED_MAX: usize = 10;
/// Questions that may stand open below one another.
pub const FORMS_MAX: usize = 3;

/// Things said that are remembered, and characters of each.
pub const SAID_MAX: usize = 6;
const SAID_CHARACTERS_MAX: usize = 120;

/// Turns after which nobody means a question any more by "and the black one?".
const WONDERS_MAX: u32 = 4;

/// The memory of one conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dialogue {
    pub lang: Option<Lang>,
    pub n_turns: u32,
    pub last_at: Option<Millis>,
    /// Products talked about, the last first; at most [`LISTED_MAX`].
    pub products: Vec<String>,
    /// Of those, products that stood for all their variants (colours, storage): no single one was meant.
    pub groups: Vec<String>,
    /// Products last shown as a list, in its order: what "the second one" counts.
    pub listed: Vec<String>,
    /// Orders last shown, in order.
    pub listed_orders: Vec<String>,
    /// The order talked about.
    pub order_id: Option<String>,
    /// The intent of the last turn that had one: "and the black one?" takes it up.
    pub last_intent: Option<String>,
    /// The text of the last question asked of documents or search.
    pub last_question: Option<String>,
    /// The turn in which it was asked.
    pub wondered_at: u32,
    /// What was looked for when products were listed last: "and in black?" changes one condition of it.
    pub wish: Option<Wish>,
    /// Forms being filled in; the last is the one in hand, those before were interrupted by it.
    pub forms: Vec<Filling>,
    /// Forms submitted in this conversation, the last first, each with its order; at most [`LISTED_MAX`].
    pub filed: Vec<Filed>,
    /// What the last turn asked back.
    pub asked: Option<Asked>,
    /// Turns in a row that were not understood.
    pub n_misses: u8,
    /// How angry the customer has been, 0 to 1, fading from turn to turn.
    pub anger: f32,
    /// The last things said by both, oldest first, for a person who takes over: at most [`SAID_MAX`], the head of each.
    pub said: Vec<Remark>,
    /// A person answers; the assistant keeps quiet.
    pub with_person: bool,
    /// Whether the customer has been told that this is no person.
    pub introduced: bool,
}

/// What somebody looked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Wish {
    pub text: String,
    /// The turn in which it was said.
    pub said_in: u32,
}

/// A form that was submitted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Filed {
    pub form: String,
    pub order_id: Option<String>,
    /// The thing of the order, where the form is about one.
    pub product_id: Option<String>,
}

/// The head of something said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Remark {
    pub by_customer: bool,
    pub text: String,
}

/// A question the assistant asked, and what it wanted to do with the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Asked {
    WhichProduct {
        intent: String,
        candidates: Vec<String>,
        question: String,
    },
    WhichOrder {
        intent: String,
        candidates: Vec<String>,
    },
    /// Yes or no: hand over?
    HandOver {
        reason: String,
    },
    SignIn {
        intent: String,
    },
    Rephrase,
    /// How was it? 1 to 5.
    Rating,
}

impl Dialogue {
    /// A product was talked about.
    pub fn mention(&mut self, product_id: &str) {
        self.products.retain(|known| known != product_id);
        self.products.insert(0, product_id.to_owned());
        self.products.truncate(LISTED_MAX);
    }

    /// Something was asked that what is said next may take up.
    pub fn wonder(&mut self, question: String) {
        self.last_question = Some(question);
        self.wondered_at = self.n_turns;
    }

    /// Products were listed for a wish.
    pub fn wish(&mut self, text: String) {
        self.wish = Some(Wish { text, said_in: self.n_turns });
    }

    /// The last question, if it is one of the last few turns.
    pub fn recent_question(&self) -> Option<&String> {
        let is_recent = self.n_turns.saturating_sub(self.wondered_at) <= WONDERS_MAX;
        self.last_question.as_ref().filter(|_| is_recent)
    }

    /// A form was submitted.
    pub fn file(&mut self, filed: Filed) {
        self.filed.insert(0, filed);
        self.filed.truncate(LISTED_MAX);
    }

    /// Whether a form was submitted for an order.
    pub fn has_filed(&self, form: &str, order_id: &str) -> bool {
        self.filed.iter().any(|one| one.form == form && one.order_id.as_deref() == Some(order_id))
    }

    /// Something was said.
    pub fn hear(&mut self, by_customer: bool, text: &str) {
        let mut head: String = text.chars().take(SAID_CHARACTERS_MAX).collect();
        if head.len() < text.len() {
            head.push('…');
        }
        self.said.push(Remark { by_customer, text: head });
        let over = self.said.len().saturating_sub(SAID_MAX);
        self.said.drain(..over);
    }

    /// Remembers whether a product stands for all its variants.
    pub fn mark_group(&mut self, product_id: &str, is_group: bool) {
        self.groups.retain(|known| known != product_id);
        if is_group {
            self.groups.insert(0, product_id.to_owned());
            self.groups.truncate(2 * LISTED_MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_of_long_ago_is_not_taken_up() {
        let mut dialogue = Dialogue { n_turns: 7, ..Dialogue::default() };
        dialogue.wonder("how heavy is it?".to_owned());
        dialogue.n_turns += WONDERS_MAX;
        assert_eq!(dialogue.recent_question().map(String::as_str), Some("how heavy is it?"));
        dialogue.n_turns += 1;
        assert_eq!(dialogue.recent_question(), None);
    }
}
