//! Messages that come by a channel of others: whose conversation it is, whether it was heard before, and what is said to what
//! cannot be read. What follows is the step of any conversation.

use std::sync::Arc;

use assist::turn::{Action, Author, Reply, Turn};
use data::state::conversations::Conversation;
use data::state::threads::{Heard, Thread};

use super::steps::{CLOSED, Draft, Opening};
use super::views::{self, Body, ChatMessage, For, lang_named};
use crate::channels::{Incoming, Told};
use crate::clock;
use crate::error::Result;
use crate::serving::{ServedShop, off_thread};

/// Where a message came from, to be kept in the step that it causes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// Without a conversation yet.
    pub thread: Thread,
    pub heard: Heard,
    pub customer_id: Option<String>,
    /// What it is, if it cannot be read: in Chinese and English.
    pub unreadable: Option<(&'static str, &'static str)>,
}

/// What became of a message.
pub(crate) struct HeardBy {
    pub conversation_id: String,
    pub state: String,
    pub message: Option<ChatMessage>,
    pub answer: Option<ChatMessage>,
}

impl Origin {
    fn of(incoming: &Incoming, now: i64) -> Result<Origin> {
        let Incoming { channel, peer, key, told, thread, customer_id, .. } = incoming;
        Ok(Origin {
            thread: Thread {
                channel: channel.clone(),
                peer: peer.clone(),
                conversation_id: String::new(),
                body: serde_json::to_string(thread)?,
                at: now,
            },
            heard: Heard { channel: channel.clone(), key: key.clone(), at: now },
            customer_id: customer_id.clone(),
            unreadable: match told {
                Told::Unreadable(zh, en) => Some((*zh, *en)),
                Told::Text(_) | Told::Arrived => None,
            },
        })
    }

    pub(super) fn note(&self, draft: &mut Draft) {
        draft.thread = Some(Thread { conversation_id: draft.row.id.clone(), ..self.thread.clone() });
        draft.heard = Some(self.heard.clone());
        if draft.row.customer_id.is_none() {
            draft.row.customer_id = self.customer_id.clone();
        }
    }
}

impl ServedShop {
    /// Takes a message of a channel: the same key again changes nothing and is answered as the first time.
    ///
    /// # Errors
    /// If there were too many messages of late, or nothing can be written.
    pub(crate) async fn hear(self: &Arc<Self>, incoming: Incoming) -> Result<HeardBy> {
        // Two first messages at once open one conversation.
        let _alone = self.conversations.alone(&format!("{} {}", incoming.channel, incoming.peer)).await;
        let (shop, asked) = (self.clone(), incoming.clone());
        let (before, open) = off_thread(move || {
            let state = shop.shop.state()?;
            if let Some(id) = state.heard_in(&asked.channel, &asked.key)? {
                return Ok((Some(id), None));
            }
            let Some(thread) = state.thread(&asked.channel, &asked.peer)? else { return Ok((None, None)) };
            let is_same = |row: &Conversation| match (&row.customer_id, &asked.customer_id) {
                (Some(known), Some(vouched)) => known == vouched,
                _ => true,
            };
            let row = state.conversation(&thread.conversation_id)?;
            Ok((None, row.filter(|row| row.state != CLOSED && is_same(row))))
        })
        .await?;
        match (before, open) {
            (Some(id), _) => self.heard_before(&id, incoming).await,
            (None, Some(row)) => self.heard_in(row, incoming).await,
            (None, None) => self.heard_first(incoming).await,
        }
    }

    async fn heard_before(self: &Arc<Self>, id: &str, incoming: Incoming) -> Result<HeardBy> {
        if incoming.told == Told::Arrived {
            let (shop, id) = (self.clone(), id.to_owned());
            return off_thread(move || {
                let state = shop.shop.state()?;
                let first = state.messages(&id, 0, 1)?.pop().filter(|message| message.sender == "bot");
                let answer = first.map(|message| views::message(&message, For::Customer)).transpose()?;
                Ok(HeardBy { conversation_id: id, state: "bot".to_owned(), message: None, answer })
            })
            .await;
        }
        let spoken = self.say(id, text_of(&incoming.told), Some(incoming.key)).await?;
        Ok(HeardBy {
            conversation_id: id.to_owned(),
            state: spoken.state,
            message: Some(spoken.message),
            answer: spoken.answer,
        })
    }

    async fn heard_in(self: &Arc<Self>, row: Conversation, incoming: Incoming) -> Result<HeardBy> {
        // Who comes again while a conversation is open is not greeted again.
        if incoming.told == Told::Arrived {
            return Ok(HeardBy { conversation_id: row.id, state: row.state, message: None, answer: None });
        }
        self.conversations.count_message(&row.id)?;
        let origin = Origin::of(&incoming, clock::now().0)?;
        let spoken = self.say_from(&row.id, text_of(&incoming.told), Some(incoming.key), Some(origin)).await?;
        Ok(HeardBy {
            conversation_id: row.id,
            state: spoken.state,
            message: Some(spoken.message),
            answer: spoken.answer,
        })
    }

    async fn heard_first(self: &Arc<Self>, incoming: Incoming) -> Result<HeardBy> {
        self.conversations.count_opening(&format!("channel {}", incoming.channel))?;
        let is_greeted = incoming.told == Told::Arrived;
        let opening = Opening {
            lang: incoming.lang,
            customer_id: incoming.customer_id.clone(),
            channel: incoming.channel.clone(),
            is_silent: !is_greeted,
            origin: Some(Origin::of(&incoming, clock::now().0)?),
            ..Opening::default()
        };
        let opened = self.open_conversation(opening).await?;
        if is_greeted {
            let answer = Some(opened.greeting);
            let conversation_id = opened.conversation_id;
            return Ok(HeardBy { conversation_id, state: "bot".to_owned(), message: None, answer });
        }
        let shop = self.clone();
        let row = off_thread(move || shop.row_of(&opened.conversation_id)).await?;
        self.heard_in(row, incoming).await
    }
}

/// What the conversation shows.
fn text_of(told: &Told) -> String {
    match told {
        Told::Text(text) => text.clone(),
        Told::Unreadable(zh, en) => format!("[{zh} / {en}]"),
        Told::Arrived => String::new(),
    }
}

/// Says that something cannot be read; it answers the message `seq`.
pub(super) fn say_unreadable(draft: &mut Draft, (zh, en): (&str, &str), seq: i64) -> Result<()> {
    let lang = lang_named(&draft.row.lang);
    let text = lang.choose(
        format!("抱歉，我暂时看不了{zh}。请用文字描述您的问题；需要人工客服时，请回复“转人工”。"),
        format!("I cannot make out {en} here. Please say it in words, or write \"talk to a person\" for a person."),
    );
    let reply = Reply { lang, text: text.clone(), author: Author::BuiltIn, ..Reply::default() };
    let action = Action::AskBack { what: "words".to_owned() };
    let turn = Turn { reply, action, understood: Default::default(), trace: Vec::new() };
    let body = Body { understood: None, trace: None, ..Body::of_turn(&turn, Some(seq))? };
    draft.add("bot", &text, clock::now().0, Some(&body))?;
    let answer = draft.messages.last_mut().expect("added above");
    answer.outcome = Some(views::outcome(&turn.action));
    Ok(())
}
