//! Conversations as they are told: messages for customers and for the desk, rows of the queue, cases. What a person at the
//! desk is told of a hand-over is no business of the customer's page.

use assist::act::orders::card_of;
use assist::forms::FormBook;
use assist::turn::{Action, Lang, OrderCard, Turn};
use assist::world::OrderRecord;
use data::state::conversations::{self as state, Case, Conversation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::error::Result;
use crate::serving::Snapshot;

/// A message as told.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ChatMessage {
    pub seq: i64,
    /// UTC milliseconds.
    pub at: i64,
    /// `customer`, `bot`, `person` or `system`.
    pub from: String,
    /// Plain text; nothing in it is markup.
    pub text: String,
    /// Of the person who writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What an answer is besides its text: lang, blocks, evidence, suggestions, author.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub reply: Option<Value>,
    /// What is done besides answering; absent if nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub action: Option<Value>,
    /// `up` or `down`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback: Option<String>,
    /// For the desk: how the customer's message was understood, and the way to the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub understood: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub trace: Option<Value>,
}

/// How a conversation stands, for its customer.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ChatState {
    /// `bot`, `waiting`, `person` or `closed`.
    pub state: String,
    /// The name of the person who answers.
    pub person: Option<String>,
    /// From 1, while waiting.
    pub queue_position: Option<u64>,
}

/// A conversation in the desk's lists.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConversationRow {
    pub conversation_id: String,
    /// `bot`, `waiting`, `person` or `closed`.
    pub state: String,
    pub channel: String,
    pub lang: String,
    pub customer_id: Option<String>,
    pub skill: Option<String>,
    /// 0 (can wait) to 3 (now).
    pub priority: i64,
    /// Why it went to a person.
    pub reason: Option<String>,
    pub last_text: String,
    pub last_at: i64,
    pub opened_at: i64,
    pub waiting_since: Option<i64>,
    pub agent: Option<String>,
    pub n_messages: i64,
    /// 0 to 1.
    pub anger: f64,
    pub rating: Option<i64>,
}

impl From<&Conversation> for ConversationRow {
    fn from(row: &Conversation) -> Self {
        ConversationRow {
            conversation_id: row.id.clone(),
            state: row.state.clone(),
            channel: row.channel.clone(),
            lang: row.lang.clone(),
            customer_id: row.customer_id.clone(),
            skill: row.skill.clone(),
            priority: row.priority,
            reason: row.reason.clone(),
            last_text: row.last_text.clone(),
            last_at: row.last_at,
            opened_at: row.opened_at,
            waiting_since: row.waiting_since,
            agent: row.agent.clone(),
            n_messages: row.n_messages,
            anger: row.anger,
            rating: row.rating,
        }
    }
}

/// What is kept of a message beside its text.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub understood: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback: Option<String>,
    /// The customer's message that this answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<i64>,
}

impl Body {
    pub fn of(message: &state::Message) -> Result<Body> {
        Ok(message.body.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default())
    }

    /// Of an answer to the message `seq`.
    pub fn of_turn(turn: &Turn, seq: Option<i64>) -> Result<Body> {
        let mut reply = serde_json::to_value(&turn.reply)?;
        if let Some(reply) = reply.as_object_mut() {
            reply.remove("text");
        }
        let action = match &turn.action {
            Action::None => None,
            action => Some(serde_json::to_value(action)?),
        };
        Ok(Body {
            reply: Some(reply),
            action,
            understood: Some(serde_json::to_value(&turn.understood)?),
            trace: Some(serde_json::to_value(&turn.trace)?),
            answers: seq,
            ..Body::default()
        })
    }
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    Customer,
    Desk,
}

/// A stored message as told.
pub fn message(stored: &state::Message, whom: For) -> Result<ChatMessage> {
    let Body { name, reply, mut action, understood, trace, feedback, .. } = Body::of(stored)?;
    if whom == For::Customer
        && let Some(action) = action.as_mut().and_then(Value::as_object_mut)
    {
        ["summary", "suggested", "skill", "priority"].iter().for_each(|name| drop(action.remove(*name)));
    }
    let for_desk = |value: Option<Value>| value.filter(|_| whom == For::Desk);
    Ok(ChatMessage {
        seq: stored.seq,
        at: stored.at,
        from: stored.sender.clone(),
        text: stored.text.clone(),
        name,
        reply,
        action,
        feedback,
        understood: for_desk(understood),
        trace: for_desk(trace),
    })
}

/// What a turn led to, in a word: for counting.
pub(super) fn outcome(action: &Action) -> String {
    match action {
        Action::None => "none".to_owned(),
        Action::AskBack { what } => format!("ask_back:{what}"),
        Action::Submit(submission) => format!("submit:{}", submission.form),
        Action::HandOver(hand_over) => format!("hand_over:{}", reason_of(hand_over)),
        Action::Close => "close".to_owned(),
    }
}

pub(super) fn reason_of(hand_over: &assist::hand_over::HandOver) -> String {
    let value = serde_json::to_value(hand_over.reason).unwrap_or_default();
    value.as_str().unwrap_or("asked").to_owned()
}

/// A submitted form as told.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseView {
    pub case_id: String,
    pub form: String,
    pub title_zh: String,
    pub title_en: String,
    pub customer_id: Option<String>,
    pub conversation_id: String,
    pub values: Vec<CaseValue>,
    /// `open`, `done` or `refused`.
    pub state: String,
    pub at: i64,
    pub note: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CaseValue {
    pub name: String,
    pub label_zh: String,
    pub label_en: String,
    pub value: String,
}

/// What is kept of a case beside its columns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct CaseBody {
    pub form: String,
    pub title_zh: String,
    pub title_en: String,
    pub values: Vec<CaseValue>,
    pub allowed_by: Vec<String>,
    pub note: Option<String>,
}

impl CaseBody {
    /// With the words of the form as it is now; a later form may have others.
    pub fn of(submission: &assist::forms::Submission, book: &FormBook) -> CaseBody {
        let form = book.form(&submission.form);
        let value = |(name, value): (&String, &String)| {
            let field = form.and_then(|form| form.fields.iter().find(|field| field.name == *name));
            CaseValue {
                name: name.clone(),
                label_zh: field.map_or_else(|| name.clone(), |field| field.label_zh.clone()),
                label_en: field.map_or_else(|| name.clone(), |field| field.label_en.clone()),
                value: value.clone(),
            }
        };
        // In the order of the form; what it does not know stands last.
        let place = |name: &str| form.and_then(|form| form.fields.iter().position(|field| field.name == name));
        let mut values: Vec<CaseValue> = submission.values.iter().map(value).collect();
        values.sort_by_key(|value| place(&value.name).unwrap_or(usize::MAX));
        CaseBody {
            form: submission.form.clone(),
            title_zh: form.map_or_else(|| submission.form.clone(), |form| form.title_zh.clone()),
            title_en: form.map_or_else(|| submission.form.clone(), |form| form.title_en.clone()),
            values,
            allowed_by: submission.allowed_by.clone(),
            note: None,
        }
    }
}

/// A stored case as told.
pub fn case(stored: &Case) -> Result<CaseView> {
    let CaseBody { form, title_zh, title_en, values, note, .. } = serde_json::from_str(&stored.body)?;
    Ok(CaseView {
        case_id: stored.id.clone(),
        form,
        title_zh,
        title_en,
        customer_id: stored.customer_id.clone(),
        conversation_id: stored.conversation_id.clone(),
        values,
        state: stored.state.clone(),
        at: stored.at,
        note,
    })
}

/// An order as the desk sees it.
pub fn order_card(
    order: &OrderRecord,
    snapshot: &Snapshot,
    find: &dyn Fn(&str) -> Option<u32>,
    lang: Lang,
) -> OrderCard {
    let name = |id: &str| {
        let row = find(id).and_then(|number| snapshot.row(number));
        row.map_or_else(|| id.to_owned(), |row| row.product.name.clone())
    };
    card_of(order, lang, &name)
}

/// `zh` or `en`.
pub fn lang_name(lang: Lang) -> &'static str {
    lang.choose("zh", "en")
}

/// The language of this name; Chinese for any other.
pub fn lang_named(name: &str) -> Lang {
    if name == "en" { Lang::En } else { Lang::Zh }
}

/// What a webhook or a page is told of an event of a conversation, besides its own fields.
pub(crate) fn of_conversation(row: &Conversation) -> Value {
    json!({"conversation_id": row.id, "customer_id": row.customer_id, "channel": row.channel, "lang": row.lang})
}
