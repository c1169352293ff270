//! The steps of a conversation: opened, spoken, answered, handed to a person and back, rated, closed. Each is written whole
//! before anybody hears of it. A message is on disk before it is answered; one that a crash left unanswered is answered
//! before whatever comes next.

use std::sync::Arc;

use assist::Dialogue;
use assist::hand_over::{HandOver, Reason};
use assist::turn::{Action, Author, Lang, Reply, Turn};
use data::state::SqliteState;
use data::state::conversations::{Case, Conversation, Message, Note, Step};
use data::state::outbox::Outgoing;
use data::state::remembered::RememberedFact;
use data::state::threads::{Heard, Thread};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::hear::{Origin, say_unreadable};
use super::hub::News;
use super::memory;
use super::views::{self, Body, CaseBody, CaseView, ChatMessage, ChatState, For, lang_name, lang_named};
use super::wait::{self, Wish};
use crate::auth::keys::digest;
use crate::error::{Kind, Result, ServiceError};
use crate::serving::{Ready, Said, ServedShop};
use crate::{channels, clock, random};

/// What somebody at the desk is called who gave no name, by the shop's language.
pub(crate) const NAMELESS: [&str; 2] = ["客服", "Service desk"];
const BOT: &str = "bot";
const WAITING: &str = "waiting";
const PERSON: &str = "person";
pub(super) const CLOSED: &str = "closed";
/// A conversation that nobody goes on with for so long is over.
const IDLE_MS: i64 = 24 * 3_600_000;
/// The setting that names the day on which old conversations were last forgotten.
const FORGOTTEN_ON: &str = "conversations_forgotten_on";
/// Products of a conversation that are noted.
const PRODUCTS_MAX: usize = 20;
/// Characters of a message that lists show.
const LAST_CHARS: usize = 120;
/// Conversations that a restart takes up again by itself; others go on when their customer comes back.
const RESUMED_MAX: usize = 1_000;

/// How a conversation begins.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    pub lang: Option<Lang>,
    pub page_product_id: Option<String>,
    pub customer_id: Option<String>,
    pub channel: String,
    /// Not greeted: the first answer introduces the assistant.
    pub is_silent: bool,
    pub(crate) origin: Option<Origin>,
}

/// A conversation just opened: the only moment its secret is known.
pub struct Opened {
    pub conversation_id: String,
    pub secret: String,
    pub lang: Lang,
    pub assistant_name: String,
    pub greeting: ChatMessage,
    pub suggestions: Vec<String>,
    pub desk_open: bool,
}

/// What became of a message.
pub struct Spoken {
    pub message: ChatMessage,
    /// Absent while a person answers.
    pub answer: Option<ChatMessage>,
    pub state: String,
}

/// A step being put together: the row as it will be, and the messages that come with it.
#[derive(Default)]
pub(super) struct Draft {
    pub row: Conversation,
    pub messages: Vec<Message>,
    case: Option<Case>,
    note: Option<Note>,
    used: Vec<String>,
    facts: Vec<RememberedFact>,
    pub thread: Option<Thread>,
    pub heard: Option<Heard>,
    /// Numbers of messages that matter only to somebody who is watching.
    asides: Vec<i64>,
    /// News for the shop's own systems.
    events: Vec<Outgoing>,
}

impl Draft {
    pub fn of(row: &Conversation) -> Draft {
        Draft { row: row.clone(), ..Draft::default() }
    }

    /// Adds a message; its number.
    pub fn add(&mut self, sender: &str, text: &str, at: i64, body: Option<&Body>) -> Result<i64> {
        let seq = self.row.n_messages + 1;
        let body = body.map(serde_json::to_string).transpose()?;
        let message = Message { seq, at, sender: sender.to_owned(), text: text.to_owned(), body, ..Message::default() };
        self.messages.push(message);
        self.row.n_messages = seq;
        self.row.last_at = at;
        if sender != "system" {
            self.row.last_text = text.chars().take(LAST_CHARS).collect();
        }
        Ok(seq)
    }

    fn tell(&mut self, zh: &str, en: &str, at: i64) -> Result<i64> {
        let text = lang_named(&self.row.lang).choose(zh, en).to_owned();
        self.add("system", &text, at, None)
    }

    /// Tells what only matters to somebody who is watching: who answers now, that it is over.
    fn tell_aside(&mut self, zh: &str, en: &str, at: i64) -> Result<()> {
        let seq = self.tell(zh, en, at)?;
        self.asides.push(seq);
        Ok(())
    }

    fn dialogue(&self) -> Result<Dialogue> {
        Ok(serde_json::from_str(&self.row.dialogue)?)
    }

    fn set_dialogue(&mut self, dialogue: &Dialogue) -> Result<()> {
        self.row.dialogue = serde_json::to_string(dialogue)?;
        self.row.anger = f64::from(dialogue.anger);
        Ok(())
    }

    fn close(&mut self, at: i64) {
        self.row.state = CLOSED.to_owned();
        self.row.closed_at = Some(at);
        self.row.waiting_since = None;
        self.row.unanswered = None;
    }

    /// Writes it; what came before it in the store is the row as it was read.
    pub fn write(self, shop: &ServedShop, state: &SqliteState) -> Result<Conversation> {
        let mut outgoing = self.parcels(shop, state)?;
        let Draft { row, messages, case, note, used, facts, thread, heard, events, .. } = self;
        outgoing.extend(events);
        let (kept, leaves) = (row.clone(), !outgoing.is_empty());
        state.put_step(Step { conversation: row, messages, note, case, used, facts, thread, heard, outgoing })?;
        shop.conversations.hub.tell(&kept.id, News::Changed);
        if leaves {
            shop.channels.wake();
        }
        Ok(kept)
    }

    /// What is to reach the customer by the channel that they came by; in the same step, so that no stop falls between.
    fn parcels(&self, shop: &ServedShop, state: &SqliteState) -> Result<Vec<Outgoing>> {
        let Some(channel) = shop.channels.get(&self.row.channel).filter(|_| !self.messages.is_empty()) else {
            return Ok(Vec::new());
        };
        let thread = match &self.thread {
            Some(thread) => Some(thread.clone()),
            None => state.thread_of(&self.row.id)?,
        };
        // A page may call its channel as it likes: without a thread nobody is reached.
        match thread.filter(|thread| thread.channel == self.row.channel) {
            Some(thread) => channel.parcels(&self.row, &self.messages, &self.asides, &thread),
            None => Ok(Vec::new()),
        }
    }
}

fn gone(id: &str) -> ServiceError {
    ServiceError::not_found("conversation", id).help("open one: POST /v1/chat")
}

fn closed() -> ServiceError {
    ServiceError::conflict("closed", "the conversation is closed").help("open another: POST /v1/chat")
}

impl ServedShop {
    pub(super) fn row_of(&self, id: &str) -> Result<Conversation> {
        self.shop.state()?.conversation(id)?.ok_or_else(|| gone(id))
    }

    /// Runs a step that changes a conversation: nobody else changes it meanwhile, nobody is erased, and it goes on to its end
    /// even if whoever asked goes away.
    pub(super) async fn step<T: Send + 'static>(
        self: &Arc<Self>,
        id: &str,
        work: impl FnOnce(&Arc<Self>, &Handle, Conversation) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (shop, id) = (self.clone(), id.to_owned());
        let whole = async move {
            let _present = shop.erasing.read().await;
            let _alone = shop.conversations.alone(&id).await;
            let _room = shop.conversations.room().await;
            let (own, runtime) = (shop.clone(), Handle::current());
            crate::serving::off_thread(move || {
                let row = own.row_of(&id)?;
                work(&own, &runtime, row)
            })
            .await
        };
        tokio::spawn(whole).await.map_err(|error| ServiceError::failed(format!("a step broke off: {error}")))?
    }

    /// Opens a conversation.
    ///
    /// # Errors
    /// If nothing can be made ready to answer, or nothing can be written.
    pub async fn open_conversation(self: &Arc<Self>, opening: Opening) -> Result<Opened> {
        let ready = self.assistant().await?;
        let shop = self.clone();
        crate::serving::off_thread(move || {
            let shop_lang = lang_named(&shop.shop.config().language);
            let known = match &opening.customer_id {
                Some(id) => memory::facts(&*shop.shop.state()?, id, opening.lang.unwrap_or(shop_lang))?,
                None => Vec::new(),
            };
            let lang = opening.lang.or(memory::language(&known)).unwrap_or(shop_lang);
            let now = clock::now().0;
            let secret = random::token(24)?;
            let rules = &ready.assistant.policies.assistant;
            let assistant_name = lang.choose(&rules.name_zh, &rules.name_en).clone();
            let dialogue = Dialogue { lang: Some(lang), introduced: !opening.is_silent, ..Dialogue::default() };
            let row = Conversation {
                id: format!("cv_{}", random::token(12)?),
                secret_digest: digest(&secret),
                channel: opening.channel,
                lang: lang_name(lang).to_owned(),
                customer_id: opening.customer_id,
                state: BOT.to_owned(),
                dialogue: serde_json::to_string(&dialogue)?,
                opened_at: now,
                last_at: now,
                page_product_id: opening.page_product_id,
                product_ids: "[]".to_owned(),
                ..Conversation::default()
            };
            let suggestions = suggestions(lang, row.page_product_id.is_some(), row.customer_id.is_some());
            let mut text = greeting(lang, &shop.shop.config().name, &assistant_name);
            let open = memory::greeting(&known, lang);
            if !open.is_empty() {
                text.push('\n');
                text.push_str(&open);
            }
            let reply = Reply { lang, suggestions: suggestions.clone(), author: Author::BuiltIn, ..Reply::default() };
            let turn = Turn { reply, action: Action::None, understood: Default::default(), trace: Vec::new() };
            let body = Body { understood: None, trace: None, ..Body::of_turn(&turn, None)? };
            let mut draft = Draft::of(&row);
            if let Some(origin) = &opening.origin {
                origin.note(&mut draft);
            }
            if opening.is_silent {
                // It is heard with the message that comes next.
                draft.heard = None;
            } else {
                draft.add(BOT, &text, now, Some(&body))?;
            }
            let greeting = draft.messages.first().map(|message| views::message(message, For::Customer)).transpose()?;
            let greeting = greeting.unwrap_or_default();
            let row = draft.write(&shop, &*shop.shop.state()?)?;
            let desk_open = shop.is_desk_open(&ready);
            Ok(Opened { conversation_id: row.id, secret, lang, assistant_name, greeting, suggestions, desk_open })
        })
        .await
    }

    /// Whether somebody sits at the desk now, by the shop's rules.
    pub fn is_desk_open(&self, ready: &Ready) -> bool {
        let zone = self.shop.config().zone();
        let now = clock::now();
        ready.assistant.policies.desk.is_open(clock::day_of(now, &zone), clock::minute_of_day(now, &zone))
    }

    /// A customer's message: kept, then answered if the assistant answers. The same key again changes nothing and answers as
    /// the first did.
    ///
    /// # Errors
    /// If there is no such conversation, it is closed, or nothing can be written.
    pub async fn say(self: &Arc<Self>, id: &str, text: String, key: Option<String>) -> Result<Spoken> {
        self.say_from(id, text, key, None).await
    }

    /// The same, for a message of a channel.
    pub(super) async fn say_from(
        self: &Arc<Self>,
        id: &str,
        text: String,
        key: Option<String>,
        origin: Option<Origin>,
    ) -> Result<Spoken> {
        self.step(id, move |shop, runtime, row| shop.said(runtime, row, &text, key, origin)).await
    }

    fn said(
        self: &Arc<Self>,
        runtime: &Handle,
        mut row: Conversation,
        text: &str,
        key: Option<String>,
        origin: Option<Origin>,
    ) -> Result<Spoken> {
        let state = self.shop.state()?;
        let before = match &key {
            Some(key) => state.message_with_key(&row.id, key)?,
            None => None,
        };
        // What a crash left.
        row = self.answered(runtime, &state, row)?.0;
        if let Some(before) = before {
            let answer = self.answer_to(&state, &row.id, before.seq)?;
            let message = views::message(&before, For::Customer)?;
            return Ok(Spoken { message, answer, state: row.state });
        }
        if row.state == CLOSED {
            return Err(closed());
        }
        let mut draft = Draft::of(&row);
        let seq = draft.add("customer", text, clock::now().0, None)?;
        draft.messages[0].key = key;
        if let Some(origin) = &origin {
            origin.note(&mut draft);
        }
        let message = views::message(&draft.messages[0], For::Customer)?;
        // Who waits is not left without a word until a person takes over.
        let is_for_bot = matches!(row.state.as_str(), BOT | WAITING);
        if let Some(what) = origin.and_then(|origin| origin.unreadable).filter(|_| is_for_bot) {
            say_unreadable(&mut draft, what, seq)?;
            let answer = views::message(&draft.messages[1], For::Customer)?;
            let row = draft.write(self, &state)?;
            return Ok(Spoken { message, answer: Some(answer), state: row.state });
        }
        draft.row.unanswered = is_for_bot.then_some(seq);
        row = draft.write(self, &state)?;
        let (row, answer) = self.answered(runtime, &state, row)?;
        Ok(Spoken { message, answer, state: row.state })
    }

    /// The answer to a customer's message, if there is one.
    fn answer_to(&self, state: &SqliteState, id: &str, seq: i64) -> Result<Option<ChatMessage>> {
        for message in state.messages(id, seq, 8)? {
            if message.sender == BOT && Body::of(&message)?.answers == Some(seq) {
                return Ok(Some(views::message(&message, For::Customer)?));
            }
        }
        Ok(None)
    }

    /// Answers the message that waits for it, if one does.
    fn answered(
        self: &Arc<Self>,
        runtime: &Handle,
        state: &SqliteState,
        row: Conversation,
    ) -> Result<(Conversation, Option<ChatMessage>)> {
        let Some(seq) = row.unanswered else { return Ok((row, None)) };
        let asked = state.messages(&row.id, seq - 1, 1)?.pop().filter(|message| message.seq == seq);
        let mut draft = Draft::of(&row);
        draft.row.unanswered = None;
        let Some(asked) = asked else { return Ok((draft.write(self, state)?, None)) };
        let started = std::time::Instant::now();
        let ready = runtime.block_on(self.assistant())?;
        let mut dialogue = draft.dialogue()?;
        dialogue.with_person = false;
        // Nobody's but the customer's for whom the shop vouches in this conversation.
        let known = match &row.customer_id {
            Some(id) => memory::facts(state, id, lang_named(&row.lang))?,
            None => Vec::new(),
        };
        let said = Said {
            memory: &known,
            text: &asked.text,
            at: domain::Millis(asked.at),
            customer_id: row.customer_id.as_deref(),
            page_product_id: row.page_product_id.as_deref(),
            page_lang: Some(lang_named(&row.lang)),
        };
        let mut turn = self.turn(&ready, &said, &mut dialogue, runtime);
        if row.state == WAITING {
            self.of_waiting(&mut draft, &mut turn, &mut dialogue, &asked.text, self.is_desk_open(&ready))?;
        }
        draft.set_dialogue(&dialogue)?;
        self.take_turn(&mut draft, &turn, &dialogue, &ready, Some(seq))?;
        if row.customer_id.is_some() {
            draft.facts = memory::learned(&turn, &dialogue, seq, asked.at);
        }
        let took_ms = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
        draft.messages[0].took_ms = Some(took_ms);
        self.metrics.turn(started.elapsed());
        let answer = views::message(&draft.messages[0], For::Customer)?;
        Ok((draft.write(self, state)?, Some(answer)))
    }

    /// What becomes of a turn of somebody who waits for a person.
    fn of_waiting(
        &self,
        draft: &mut Draft,
        turn: &mut Turn,
        dialogue: &mut Dialogue,
        text: &str,
        is_open: bool,
    ) -> Result<()> {
        let wish = Wish::of(text);
        if wish == Some(Wish::Back) {
            wait::back_again(turn, dialogue);
            (draft.row.state, draft.row.waiting_since) = (BOT.to_owned(), None);
            return Ok(());
        }
        let n_before = self.shop.state()?.n_waiting_before(&draft.row)?;
        let place = wait::place(turn.reply.lang, n_before, is_open);
        wait::while_waiting(turn, dialogue, &place, wish == Some(Wish::Place));
        Ok(())
    }

    /// What a turn does to a conversation.
    fn take_turn(
        &self,
        draft: &mut Draft,
        turn: &Turn,
        dialogue: &Dialogue,
        ready: &Ready,
        answers: Option<i64>,
    ) -> Result<()> {
        let now = clock::now().0;
        let body = Body::of_turn(turn, answers)?;
        draft.add(BOT, &turn.reply.text, now, Some(&body))?;
        let answer = draft.messages.last_mut().expect("added above");
        answer.intent = turn.understood.intent.clone();
        answer.outcome = Some(views::outcome(&turn.action));
        draft.row.lang = lang_name(turn.reply.lang).to_owned();
        draft.row.product_ids = serde_json::to_string(&products(&draft.row.product_ids, dialogue)?)?;
        let curated = |evidence: &assist::evidence::Evidence| match evidence {
            assist::evidence::Evidence::Curated { answer_id, .. } => Some(answer_id.clone()),
            _ => None,
        };
        draft.used = turn.reply.evidence.iter().filter_map(curated).collect();
        match &turn.action {
            Action::HandOver(hand_over) => self.hand_over(draft, hand_over, now)?,
            Action::Submit(submission) => {
                let body = CaseBody::of(submission, &ready.assistant.book);
                let case = Case {
                    id: format!("case_{}", random::token(8)?),
                    at: now,
                    state: "open".to_owned(),
                    customer_id: submission.customer_id.clone().or_else(|| draft.row.customer_id.clone()),
                    conversation_id: draft.row.id.clone(),
                    body: serde_json::to_string(&body)?,
                };
                self.announce(draft, "case", &case.id, json!({"case": views::case(&case)?}), now);
                draft.case = Some(case);
            }
            Action::Close => draft.close(now),
            Action::None | Action::AskBack { .. } => {}
        }
        Ok(())
    }

    fn hand_over(&self, draft: &mut Draft, hand_over: &HandOver, now: i64) -> Result<()> {
        let row = &mut draft.row;
        row.hand_over = Some(serde_json::to_string(hand_over)?);
        row.reason = Some(views::reason_of(hand_over));
        let is_new = row.state == BOT;
        // Asked for again, it is no less urgent and has waited no less long.
        row.priority = if is_new { hand_over.priority.into() } else { row.priority.max(hand_over.priority.into()) };
        if is_new {
            row.state = WAITING.to_owned();
            row.waiting_since = Some(now);
            row.skill = Some(if hand_over.skill.is_empty() { "general".to_owned() } else { hand_over.skill.clone() });
            let id = format!("{}-{now}", row.id);
            self.announce(draft, "hand_over", &id, json!({"hand_over": hand_over}), now);
        }
        Ok(())
    }

    /// The customer asks for a person, by a button.
    ///
    /// # Errors
    /// If there is no such conversation, it is closed, or nothing can be written.
    pub async fn ask_for_person(self: &Arc<Self>, id: &str) -> Result<ChatState> {
        let work = |shop: &Arc<Self>, runtime: &Handle, row: Conversation| {
            let state = shop.shop.state()?;
            let (row, _) = shop.answered(runtime, &state, row)?;
            match row.state.as_str() {
                CLOSED => return Err(closed()),
                BOT => {}
                _ => return shop.chat_state(&row),
            }
            let text = lang_named(&row.lang).choose("转人工客服", "I would like to talk to a person");
            let spoken = shop.said(runtime, row.clone(), text, None, None)?;
            let mut row = shop.row_of(&row.id)?;
            if spoken.state == BOT {
                // Whatever was made of the words: the button says it.
                let ready = runtime.block_on(shop.assistant())?;
                let hand_over = HandOver {
                    reason: Reason::Asked,
                    skill: "general".to_owned(),
                    priority: 1,
                    customer_id: row.customer_id.clone(),
                    desk_open: shop.is_desk_open(&ready),
                    ..HandOver::default()
                };
                let now = clock::now().0;
                let mut draft = Draft::of(&row);
                shop.hand_over(&mut draft, &hand_over, now)?;
                draft.tell("已为您转接人工客服，请稍候。", "A person will be with you.", now)?;
                row = draft.write(shop, &state)?;
            }
            shop.chat_state(&row)
        };
        self.step(id, work).await
    }

    /// Vouches for the customer of a conversation.
    ///
    /// # Errors
    /// If there is no such conversation, or it is another customer's.
    pub async fn identify(self: &Arc<Self>, id: &str, customer_id: String) -> Result<ChatState> {
        let work = move |shop: &Arc<Self>, _: &Handle, row: Conversation| {
            if row.state == CLOSED {
                return Err(closed());
            }
            if row.customer_id.as_ref().is_some_and(|known| *known != customer_id) {
                let message = "the conversation is another customer's";
                return Err(ServiceError::new(Kind::Forbidden, "customer", message).help("open another: POST /v1/chat"));
            }
            let mut draft = Draft::of(&row);
            draft.row.customer_id = Some(customer_id);
            shop.chat_state(&draft.write(shop, &*shop.shop.state()?)?)
        };
        self.step(id, work).await
    }

    /// What the customer thinks of the service.
    ///
    /// # Errors
    /// If there is no such conversation.
    pub async fn rate(self: &Arc<Self>, id: &str, stars: i64, comment: Option<String>) -> Result<()> {
        let work = move |shop: &Arc<Self>, _: &Handle, row: Conversation| {
            let mut draft = Draft::of(&row);
            (draft.row.rating, draft.row.rating_comment) = (Some(stars), comment);
            draft.write(shop, &*shop.shop.state()?).map(drop)
        };
        self.step(id, work).await
    }

    /// Whether an answer helped.
    ///
    /// # Errors
    /// If there is no such conversation or message, or the message is no answer.
    pub async fn feedback(self: &Arc<Self>, id: &str, seq: i64, feedback: String) -> Result<()> {
        let work = move |shop: &Arc<Self>, _: &Handle, row: Conversation| {
            let state = shop.shop.state()?;
            let message = state.messages(&row.id, seq - 1, 1)?.pop().filter(|message| message.seq == seq);
            let message = message.ok_or_else(|| ServiceError::not_found("message", &seq.to_string()))?;
            if !matches!(message.sender.as_str(), BOT | PERSON) {
                return Err(ServiceError::usage("feedback", format!("message {seq} is no answer")));
            }
            let body = Body { feedback: Some(feedback), ..Body::of(&message)? };
            state.set_message_body(&row.id, seq, serde_json::to_string(&body)?)?;
            shop.conversations.hub.tell(&row.id, News::Changed);
            Ok(())
        };
        self.step(id, work).await
    }

    /// Ends a conversation, for the customer or for the desk. Ending it twice changes nothing.
    ///
    /// # Errors
    /// If there is no such conversation.
    pub async fn close_conversation(self: &Arc<Self>, id: &str) -> Result<Conversation> {
        let work = |shop: &Arc<Self>, runtime: &Handle, row: Conversation| {
            let state = shop.shop.state()?;
            let (row, _) = shop.answered(runtime, &state, row)?;
            if row.state == CLOSED {
                return Ok(row);
            }
            let now = clock::now().0;
            let mut draft = Draft::of(&row);
            draft.close(now);
            draft.tell_aside("会话已结束，感谢您的咨询。", "The conversation is over. Thank you.", now)?;
            draft.write(shop, &state)
        };
        self.step(id, work).await
    }

    /// A person takes the conversation over; the customer is told.
    ///
    /// # Errors
    /// If there is no such conversation, it is closed, or another person has it.
    pub async fn take_conversation(self: &Arc<Self>, id: &str, agent: String) -> Result<Conversation> {
        let work = move |shop: &Arc<Self>, runtime: &Handle, row: Conversation| {
            let state = shop.shop.state()?;
            let (row, _) = shop.answered(runtime, &state, row)?;
            shop.taken_over(&state, row, &agent)
        };
        self.step(id, work).await
    }

    fn taken_over(self: &Arc<Self>, state: &SqliteState, row: Conversation, agent: &str) -> Result<Conversation> {
        match row.state.as_str() {
            CLOSED => return Err(closed()),
            PERSON if row.agent.as_deref() == Some(agent) => return Ok(row),
            PERSON => {
                let message = format!("'{}' has the conversation", row.agent.unwrap_or_default());
                return Err(ServiceError::conflict("taken", message).help("they can give it back"));
            }
            _ => {}
        }
        let now = clock::now().0;
        let mut draft = Draft::of(&row);
        if draft.row.taken_at.is_none() {
            draft.row.taken_at = Some(now);
            draft.row.waited_ms = draft.row.waiting_since.map(|since| now - since);
        }
        (draft.row.state, draft.row.agent) = (PERSON.to_owned(), Some(agent.to_owned()));
        (draft.row.waiting_since, draft.row.unanswered) = (None, None);
        let dialogue = Dialogue { with_person: true, ..draft.dialogue()? };
        draft.set_dialogue(&dialogue)?;
        // Whoever gave no name is called by the language of the conversation, not by that of the shop.
        let (zh, en) = match NAMELESS.contains(&agent) {
            true => ("人工客服为您服务。".to_owned(), "One of our colleagues is with you now.".to_owned()),
            false => (format!("人工客服“{agent}”为您服务。"), format!("{agent} is with you now.")),
        };
        draft.tell_aside(&zh, &en, now)?;
        draft.write(self, state)
    }

    /// A person writes; whoever had not taken the conversation takes it by that.
    ///
    /// # Errors
    /// As for taking it.
    pub async fn reply(self: &Arc<Self>, id: &str, agent: String, text: String) -> Result<ChatMessage> {
        let work = move |shop: &Arc<Self>, runtime: &Handle, row: Conversation| {
            let state = shop.shop.state()?;
            let (row, _) = shop.answered(runtime, &state, row)?;
            let row = shop.taken_over(&state, row, &agent)?;
            let mut draft = Draft::of(&row);
            let body = Body { name: Some(agent), ..Body::default() };
            draft.add(PERSON, &text, clock::now().0, Some(&body))?;
            let message = views::message(&draft.messages[0], For::Desk)?;
            draft.write(shop, &state)?;
            Ok(message)
        };
        self.step(id, work).await
    }

    /// Something is told to a customer that they have not asked; `remember` is what the assistant makes of it.
    pub(super) fn tell_customer(
        &self,
        state: &SqliteState,
        row: Conversation,
        text: &str,
        at: i64,
        body: &Body,
        remember: impl FnOnce(&mut Dialogue),
    ) -> Result<Message> {
        let mut draft = Draft::of(&row);
        let mut dialogue = draft.dialogue()?;
        remember(&mut dialogue);
        draft.set_dialogue(&dialogue)?;
        draft.add(BOT, text, at, Some(body))?;
        let message = draft.messages[0].clone();
        draft.write(self, state)?;
        Ok(message)
    }

    /// The assistant answers again; the customer is told.
    ///
    /// # Errors
    /// If there is no such conversation, or no person has it or is waited for.
    pub async fn give_back(self: &Arc<Self>, id: &str, agent: String, note: Option<String>) -> Result<Conversation> {
        let work = move |shop: &Arc<Self>, _: &Handle, row: Conversation| {
            if !matches!(row.state.as_str(), PERSON | WAITING) {
                return Err(ServiceError::conflict("state", format!("the conversation's state is {}", row.state))
                    .help("only what a person has, or what waits for one, can be given back"));
            }
            let now = clock::now().0;
            let mut draft = Draft::of(&row);
            (draft.row.state, draft.row.agent, draft.row.waiting_since) = (BOT.to_owned(), None, None);
            let dialogue = Dialogue { with_person: false, n_misses: 0, anger: 0.0, ..draft.dialogue()? };
            draft.set_dialogue(&dialogue)?;
            draft.note = note.map(|text| Note { at: now, agent, text });
            draft.tell_aside("人工服务已结束，智能客服继续为您服务。", "The assistant answers you again.", now)?;
            draft.write(shop, &*shop.shop.state()?)
        };
        self.step(id, work).await
    }

    /// A note for other people.
    ///
    /// # Errors
    /// If there is no such conversation.
    pub async fn note(self: &Arc<Self>, id: &str, agent: String, text: String) -> Result<Conversation> {
        let work = move |shop: &Arc<Self>, _: &Handle, row: Conversation| {
            let mut draft = Draft::of(&row);
            draft.note = Some(Note { at: clock::now().0, agent, text });
            draft.write(shop, &*shop.shop.state()?)
        };
        self.step(id, work).await
    }

    /// What became of a submitted form; the customer is told if the conversation is still open.
    ///
    /// # Errors
    /// If there is no such case.
    pub async fn settle_case(self: &Arc<Self>, id: &str, to: String, note: Option<String>) -> Result<CaseView> {
        let missing = || ServiceError::not_found("case", id).help("GET /v1/desk/cases lists them");
        let case = self.shop.state()?.case(id)?.ok_or_else(missing)?;
        let (id, conversation_id) = (id.to_owned(), case.conversation_id);
        let work = move |shop: &Arc<Self>, _: &Handle, row: Conversation| {
            let state = shop.shop.state()?;
            // Read again, now that nobody else changes it.
            let mut case = state.case(&id)?.ok_or_else(|| ServiceError::not_found("case", &id))?;
            let mut body: CaseBody = serde_json::from_str(&case.body)?;
            body.note = note.or(body.note);
            case.body = serde_json::to_string(&body)?;
            let is_news = case.state != to && to != "open" && row.state != CLOSED;
            case.state = to;
            let mut draft = Draft::of(&row);
            if is_news {
                let (zh, en) = match case.state.as_str() {
                    "refused" => ("未能通过", "was refused"),
                    _ => ("已处理完成", "is done"),
                };
                let note = body.note.as_deref().map_or(String::new(), |note| format!(" {note}"));
                let (title_zh, title_en) = (&body.title_zh, &body.title_en);
                let at = clock::now().0;
                draft.tell(
                    &format!("您的申请“{title_zh}”{zh}。{note}"),
                    &format!("Your request ({title_en}) {en}.{note}"),
                    at,
                )?;
            }
            let view = views::case(&case)?;
            draft.case = Some(case);
            draft.write(shop, &state)?;
            Ok(view)
        };
        self.step(&conversation_id, work).await
    }

    /// Closes conversations that nobody has gone on with for a day; those that wait for a person, or have one, stay.
    ///
    /// # Errors
    /// If nothing can be written.
    pub async fn close_idle(self: &Arc<Self>) -> Result<u64> {
        let (shop, now) = (self.clone(), clock::now().0);
        crate::serving::off_thread(move || Ok(shop.shop.state()?.close_idle_conversations(now - IDLE_MS, now)?)).await
    }

    /// Forgets, once a day, conversations that ended before the days that `[service] keep_days` keeps them; how many.
    ///
    /// # Errors
    /// If nothing can be written.
    pub async fn forget_old_conversations(self: &Arc<Self>) -> Result<u64> {
        let Some(days) = self.conversations.config.keep_days else { return Ok(0) };
        let (shop, now) = (self.clone(), clock::now().0);
        let today = clock::today(&self.shop.config().time_zone).to_string();
        crate::serving::off_thread(move || {
            if shop.store.setting(FORGOTTEN_ON)?.as_deref() == Some(&today) {
                return Ok(0);
            }
            let n = shop.shop.state()?.forget_conversations(now - i64::from(days) * 86_400_000)?;
            shop.store.set_setting(FORGOTTEN_ON, &today)?;
            Ok(n)
        })
        .await
    }

    /// How a conversation stands, for its customer.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn chat_state(&self, row: &Conversation) -> Result<ChatState> {
        let is_waiting = row.state == WAITING;
        let queue_position = match is_waiting {
            true => Some(self.shop.state()?.n_waiting_before(row)? + 1),
            false => None,
        };
        Ok(ChatState {
            state: row.state.clone(),
            person: row.agent.clone().filter(|_| row.state == PERSON),
            queue_position,
        })
    }

    /// Answers a message that waits for it.
    pub async fn catch_up(self: &Arc<Self>, id: &str) {
        let work = |shop: &Arc<Self>, runtime: &Handle, row: Conversation| {
            shop.answered(runtime, &*shop.shop.state()?, row).map(drop)
        };
        if let Err(error) = self.step(id, work).await {
            tracing::error!(message = %error.message, "a conversation could not be taken up again");
        }
    }

    /// Answers what a stop or a crash left unanswered.
    ///
    /// # Errors
    /// If the store cannot be read; what a single conversation meets is logged.
    pub async fn resume_conversations(self: &Arc<Self>) -> Result<usize> {
        let ids = self.shop.state()?.unanswered_conversations(RESUMED_MAX)?;
        for id in &ids {
            self.catch_up(id).await;
        }
        Ok(ids.len())
    }
}

/// Products talked about, those of late first.
fn products(before: &str, dialogue: &Dialogue) -> Result<Vec<String>> {
    let mut all = dialogue.products.clone();
    for known in serde_json::from_str::<Vec<String>>(before)? {
        if !all.contains(&known) {
            all.push(known);
        }
    }
    all.truncate(PRODUCTS_MAX);
    Ok(all)
}

fn greeting(lang: Lang, shop: &str, name: &str) -> String {
    lang.choose(
        format!("您好，我是{shop}的智能客服{name}（不是真人），可以帮您查商品、订单、物流和售后。请问有什么可以帮您？"),
        format!(
            "Hello, I am {name}, the automatic assistant of {shop} (not a person). I can help with products, orders, deliveries and returns. What can I do for you?"
        ),
    )
}

/// What may be asked first.
fn suggestions(lang: Lang, on_product_page: bool, is_known: bool) -> Vec<String> {
    let mut all: Vec<(&str, &str)> = Vec::new();
    if on_product_page {
        all.extend([("这款有货吗？", "Is this in stock?"), ("这款的参数是什么？", "What are its specifications?")]);
    }
    if is_known {
        all.push(("我的订单到哪了？", "Where is my order?"));
    }
    all.extend([
        ("推荐一款笔记本", "Recommend a notebook"),
        ("怎么退货？", "How do I return something?"),
        ("转人工", "Talk to a person"),
    ]);
    all.into_iter().take(4).map(|(zh, en)| lang.choose(zh, en).to_owned()).collect()
}

impl ServedShop {
    /// Tells the shop's own systems, if it wants to be told: with the step, and again until they have heard.
    fn announce(&self, draft: &mut Draft, what: &str, id: &str, body: Value, at: i64) {
        if self.channels.tells_events() {
            draft.events.push(channels::event(what, id, body, &draft.row, at));
        }
    }
}
