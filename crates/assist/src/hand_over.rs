//! When a person takes over, and what the person is told. Who the person is, and when the desk is open, is asked of the
//! shop's rules; the queue itself is kept elsewhere.

use serde::{Deserialize, Serialize};

/// A conversation goes to a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HandOver {
    pub reason: Reason,
    /// The queue, by the rules of the shop.
    pub skill: String,
    /// 0 (can wait) to 3 (now).
    pub priority: u8,
    /// What it is about, for the person: a few lines in the shop's language.
    pub summary: String,
    pub customer_id: Option<String>,
    pub product_ids: Vec<String>,
    pub order_ids: Vec<String>,
    /// Replies the person may send as they are, best first.
    pub suggested: Vec<String>,
    /// Whether somebody is there now; if not, the customer has been told when.
    pub desk_open: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The customer asked for a person.
    #[default]
    Asked,
    /// A rule of the shop.
    Rule,
    /// Not understood, or no evidence for an answer.
    Unanswered,
    Anger,
    /// A form that no policy allows, or that could not be filled in.
    Form,
    /// A part of the shop could not be asked.
    Failure,
}
