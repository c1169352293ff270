//! `/v1/desk`: customer service for the people who answer: the queue, conversations with all that is known, canned replies,
//! submitted forms, and how the service does.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use data::state::conversations::ConversationFilter;
use data::state::notices::{StoredNotice, WantedNotices};
use data::state::{Record, RecordKind, StateStore};
use domain::Day;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::access::{Caller, Desk};
use super::chat::checked_message;
use super::error::ErrorBody;
use super::input::{Id, Params, SmallBody, check_id, check_limit, check_name, check_offset, check_text};
use super::sse;
use crate::clock;
use crate::conversations::NAMELESS;
use crate::conversations::figures::{DeskMetrics, UnansweredList};
use crate::conversations::hub::News;
use crate::conversations::memory::{self, RememberedView};
use crate::conversations::notices::{self, NoticeKind, NoticeView, NoticesFound};
use crate::conversations::views::{self, CaseView, For, lang_named};
use crate::conversations::{ChatMessage, ConversationRow};
use crate::error::{Result, ServiceError, clipped};
use crate::flows::audience::gate::Gate;
use crate::serving::off_thread;

/// Messages of a conversation that the desk is shown, the newest.
const MESSAGES_MAX: usize = 1_000;
const ORDERS_MAX: usize = 10;
const CANNED_MAX: usize = 1_000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConversationParams {
    /// `waiting`, `person`, `bot`, `closed` or `all`.
    #[param(pattern = "^(waiting|person|bot|closed|all)$")]
    state: Option<String>,
    /// Stands in a message, or is a customer's or a conversation's id.
    #[param(max_length = 200, pattern = r"^[^\x00]*$")]
    query: Option<String>,
    #[param(max_length = 200, pattern = r"^[^\x00]*$")]
    skill: Option<String>,
    #[param(maximum = 100_000)]
    offset: Option<usize>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct ConversationPage {
    total: u64,
    items: Vec<ConversationRow>,
    counts: ConversationCounts,
    /// Queues in which somebody waits or is with a person.
    skills: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ConversationCounts {
    waiting: u64,
    person: u64,
    bot: u64,
    closed: u64,
}

/// A conversation with all that is known.
#[derive(Serialize, ToSchema)]
pub struct ConversationDetail {
    row: ConversationRow,
    messages: Vec<ChatMessage>,
    /// What the assistant tells the person who takes over.
    #[schema(value_type = Option<Object>)]
    hand_over: Option<Value>,
    customer: Option<DeskCustomer>,
    /// The newest orders: order_id, ordered_at, status, lines, total_cents, carrier, tracking_number, expected_on or delivered_on.
    #[schema(value_type = Vec<Object>)]
    orders: Vec<Value>,
    /// Replies that may be sent as they are.
    suggested: Vec<String>,
    notes: Vec<NoteView>,
    cases: Vec<CaseView>,
    /// What the assistant remembers of the customer from earlier conversations; empty for somebody unknown.
    remembered: Vec<RememberedView>,
}

#[derive(Serialize, ToSchema)]
pub struct DeskCustomer {
    customer_id: String,
    city: Option<String>,
    joined_on: Option<String>,
    n_orders: i64,
    spent_cents: i64,
}

#[derive(Serialize, ToSchema)]
pub struct NoteView {
    at: i64,
    agent: String,
    text: String,
}

/// Who acts; the name of the key, or of the desk, if absent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentBody {
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    agent: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeskTextBody {
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    agent: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveBackBody {
    /// For other people; the customer does not see it.
    #[schema(max_length = 4000, pattern = r"^[^\x00]*$")]
    note: Option<String>,
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    agent: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct CannedView {
    canned_id: String,
    title: String,
    text_zh: String,
    text_en: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CannedBody {
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    title: String,
    #[schema(max_length = 4000, pattern = r"^[^\x00]*$")]
    text_zh: String,
    #[schema(max_length = 4000, pattern = r"^[^\x00]*$")]
    text_en: String,
}

#[derive(Serialize, ToSchema)]
pub struct CannedList {
    items: Vec<CannedView>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DaysParams {
    /// 1 to 366; 30 if absent.
    #[param(minimum = 1, maximum = 366)]
    days: Option<i64>,
}

impl DaysParams {
    fn checked(&self) -> Result<i64> {
        match self.days.unwrap_or(30) {
            days @ 1..=366 => Ok(days),
            days => Err(ServiceError::usage("days", format!("days is {days}; allowed: 1 to 366"))),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CaseParams {
    /// `open`, `done`, `refused` or `all`.
    #[param(pattern = "^(open|done|refused|all)$")]
    state: Option<String>,
    #[param(maximum = 100_000)]
    offset: Option<usize>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct CasePage {
    items: Vec<CaseView>,
    total: u64,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoticeParams {
    /// `proposed`, `sent`, `dismissed` or `all`.
    #[param(pattern = "^(proposed|sent|dismissed|all)$")]
    state: Option<String>,
    /// `delivery_late`, `order_shipped`, `price_protection`, `back_in_stock`, `upgrade_due` or `all`.
    #[param(pattern = "^(delivery_late|order_shipped|price_protection|back_in_stock|upgrade_due|all)$")]
    kind: Option<String>,
    #[param(maximum = 100_000)]
    offset: Option<usize>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct NoticePage {
    items: Vec<NoticeView>,
    /// Of the wanted state and kind.
    total: u64,
    /// Of all kinds, by state.
    states: BTreeMap<String, u64>,
    /// Of the wanted state, by kind.
    kinds: BTreeMap<String, u64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookBody {
    /// `YYYY-MM-DD`; today where the shop is, if absent.
    #[schema(format = "date", pattern = r"^\d{4}-\d{2}-\d{2}$")]
    day: Option<String>,
}

/// A notice given, and the message that gave it; none if it left by a channel.
#[derive(Serialize, ToSchema)]
pub struct NoticeSent {
    notice: NoticeView,
    message: Option<ChatMessage>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseBody {
    /// `open`, `done` or `refused`.
    #[schema(pattern = "^(open|done|refused)$")]
    state: String,
    /// The customer sees it.
    #[schema(max_length = 1000, pattern = r"^[^\x00]*$")]
    note: Option<String>,
}

/// The name that the customer sees.
fn agent(caller: &Caller, asked: Option<String>) -> Result<String> {
    if let Some(name) = asked {
        check_name("agent", &name, 100)?;
        return Ok(name);
    }
    let of_session = || NAMELESS[usize::from(caller.shop.shop.config().language != "zh")];
    Ok(caller.name.clone().unwrap_or_else(|| of_session().to_owned()))
}

fn one_of(name: &'static str, found: Option<String>, default: &str, allowed: &[&str]) -> Result<Option<String>> {
    let found = found.unwrap_or_else(|| default.to_owned());
    if !allowed.contains(&found.as_str()) {
        let message = format!("{name} is '{}'; allowed: {}", clipped(&found), allowed.join(", "));
        return Err(ServiceError::usage(name, message));
    }
    Ok(Some(found).filter(|found| found != "all"))
}

/// Queues that are named.
const SKILLS_MAX: usize = 100;

/// Conversations: those that wait first, the most urgent before others.
#[utoipa::path(get, path = "/v1/desk/conversations", tag = "desk", params(ConversationParams),
    responses((status = 200, body = ConversationPage), (status = "4XX", body = ErrorBody)))]
pub async fn list_conversations(
    Desk(caller): Desk,
    Params(params): Params<ConversationParams>,
) -> Result<Json<ConversationPage>> {
    let (offset, limit) = (check_offset(params.offset)?, check_limit("limit", params.limit, 50)?);
    for text in [&params.query, &params.skill].into_iter().flatten() {
        check_text("a filter", text, 200)?;
    }
    let state = one_of("state", params.state, "all", &["waiting", "person", "bot", "closed", "all"])?;
    let query = params.query.filter(|query| !query.is_empty());
    let filter = ConversationFilter { state, query, skill: params.skill, ..ConversationFilter::default() };
    off_thread(move || {
        let store = caller.shop.shop.state()?;
        let (total, rows) = store.conversations(&filter, offset, limit)?;
        let counts = store.conversation_counts()?;
        Ok(Json(ConversationPage {
            total,
            items: rows.iter().map(ConversationRow::from).collect(),
            skills: store.open_skills(SKILLS_MAX)?,
            counts: ConversationCounts {
                waiting: counts.waiting,
                person: counts.person,
                bot: counts.bot,
                closed: counts.closed,
            },
        }))
    })
    .await
}

/// One conversation with its messages, customer, orders and forms.
#[utoipa::path(get, path = "/v1/desk/conversations/{id}", tag = "desk", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = ConversationDetail), (status = "4XX", body = ErrorBody)))]
pub async fn get_conversation(Desk(caller): Desk, Id(id): Id) -> Result<Json<ConversationDetail>> {
    let shop = caller.shop;
    let row = shop.shop.state()?.conversation(&id)?;
    let row = row.ok_or_else(|| ServiceError::not_found("conversation", &id))?;
    let customer = match &row.customer_id {
        // Vouched for by the shop, yet perhaps in no table of ours.
        Some(id) => shop.customer(id).await.ok().map(|found| DeskCustomer {
            customer_id: found.customer.customer_id,
            city: found.customer.city,
            joined_on: found.customer.joined_on.map(|day| day.to_string()),
            n_orders: found.n_orders,
            spent_cents: found.spent_cents,
        }),
        None => None,
    };
    let orders = match &row.customer_id {
        Some(id) => shop.orders_of(id).await?,
        None => Arc::default(),
    };
    off_thread(move || {
        let store = shop.shop.state()?;
        let after = (row.n_messages - MESSAGES_MAX as i64).max(0);
        let messages = store.messages(&id, after, MESSAGES_MAX)?;
        let hand_over: Option<Value> = row.hand_over.as_deref().map(serde_json::from_str).transpose()?;
        let suggested = hand_over.as_ref().and_then(|told| serde_json::from_value(told["suggested"].clone()).ok());
        let snapshot = shop.snapshot();
        let lang = lang_named(&shop.shop.config().language);
        let card = |order| serde_json::to_value(views::order_card(order, &snapshot, &|id| shop.ids.find(id), lang));
        let note =
            |note: data::state::conversations::Note| NoteView { at: note.at, agent: note.agent, text: note.text };
        let name = |id: &str| Some(snapshot.row(shop.ids.find(id)?)?.product.name.clone());
        let remembered = match &row.customer_id {
            Some(customer) => {
                memory::views(&memory::facts(&store, customer, lang)?, &shop.shop.config().currency, &name)
            }
            None => Vec::new(),
        };
        Ok(Json(ConversationDetail {
            remembered,
            messages: messages.iter().map(|message| views::message(message, For::Desk)).collect::<Result<_>>()?,
            suggested: suggested.unwrap_or_default(),
            hand_over,
            customer,
            orders: orders.iter().take(ORDERS_MAX).map(card).collect::<std::result::Result<_, _>>()?,
            notes: store.conversation_notes(&id)?.into_iter().map(note).collect(),
            cases: store.cases(None, Some(&id), 0, 100)?.1.iter().map(views::case).collect::<Result<_>>()?,
            row: ConversationRow::from(&row),
        }))
    })
    .await
}

/// Takes a conversation over; the customer is told.
#[utoipa::path(post, path = "/v1/desk/conversations/{id}/take", tag = "desk", request_body = AgentBody, params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = ConversationRow), (status = "4XX", body = ErrorBody)))]
pub async fn take_conversation(
    Desk(caller): Desk,
    Id(id): Id,
    SmallBody(body): SmallBody<AgentBody>,
) -> Result<Json<ConversationRow>> {
    let agent = agent(&caller, body.agent)?;
    Ok(Json(ConversationRow::from(&caller.shop.take_conversation(&id, agent).await?)))
}

/// Writes to the customer; whoever had not taken the conversation takes it.
#[utoipa::path(post, path = "/v1/desk/conversations/{id}/reply", tag = "desk", request_body = DeskTextBody, params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 201, body = ChatMessage), (status = "4XX", body = ErrorBody)))]
pub async fn reply_to_conversation(
    Desk(caller): Desk,
    Id(id): Id,
    SmallBody(body): SmallBody<DeskTextBody>,
) -> Result<(StatusCode, Json<ChatMessage>)> {
    let agent = agent(&caller, body.agent)?;
    let text = checked_message(&body.text)?;
    Ok((StatusCode::CREATED, Json(caller.shop.reply(&id, agent, text).await?)))
}

/// Gives a conversation back to the assistant; the customer is told.
#[utoipa::path(post, path = "/v1/desk/conversations/{id}/give-back", tag = "desk", request_body = GiveBackBody, params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = ConversationRow), (status = "4XX", body = ErrorBody)))]
pub async fn give_back_conversation(
    Desk(caller): Desk,
    Id(id): Id,
    SmallBody(body): SmallBody<GiveBackBody>,
) -> Result<Json<ConversationRow>> {
    let agent = agent(&caller, body.agent)?;
    body.note.as_deref().map_or(Ok(()), |note| check_text("note", note, 4000))?;
    let note = body.note.filter(|note| !note.trim().is_empty());
    Ok(Json(ConversationRow::from(&caller.shop.give_back(&id, agent, note).await?)))
}

/// Notes something for other people.
#[utoipa::path(post, path = "/v1/desk/conversations/{id}/note", tag = "desk", request_body = DeskTextBody, params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = ConversationRow), (status = "4XX", body = ErrorBody)))]
pub async fn note_on_conversation(
    Desk(caller): Desk,
    Id(id): Id,
    SmallBody(body): SmallBody<DeskTextBody>,
) -> Result<Json<ConversationRow>> {
    let agent = agent(&caller, body.agent)?;
    let text = checked_message(&body.text)?;
    Ok(Json(ConversationRow::from(&caller.shop.note(&id, agent, text).await?)))
}

/// Ends a conversation.
#[utoipa::path(post, path = "/v1/desk/conversations/{id}/close", tag = "desk", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = ConversationRow), (status = "4XX", body = ErrorBody)))]
pub async fn close_conversation(Desk(caller): Desk, Id(id): Id) -> Result<Json<ConversationRow>> {
    Ok(Json(ConversationRow::from(&caller.shop.close_conversation(&id).await?)))
}

/// Shows the customer that a person is writing.
#[utoipa::path(post, path = "/v1/desk/conversations/{id}/typing", tag = "desk", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn type_in_conversation(Desk(caller): Desk, Id(id): Id) -> Result<StatusCode> {
    caller.shop.conversations.hub.tell(&id, News::Typing);
    Ok(StatusCode::NO_CONTENT)
}

/// Every conversation that changes: `event: changed` with its row; `missed` when the reader was too slow and is to ask anew.
#[utoipa::path(get, path = "/v1/desk/stream", tag = "desk",
    responses((status = 200, body = String, content_type = "text/event-stream"), (status = "4XX", body = ErrorBody)))]
pub async fn stream_desk(Desk(caller): Desk) -> Result<Response> {
    let listener = caller.shop.conversations.hub.listen_to_all();
    Ok(sse::desk(caller.shop, listener))
}

/// Replies that are sent as they are.
#[utoipa::path(get, path = "/v1/desk/canned", tag = "desk", responses((status = 200, body = CannedList), (status = "4XX", body = ErrorBody)))]
pub async fn list_canned(Desk(caller): Desk) -> Result<Json<CannedList>> {
    let records = caller.shop.shop.state()?.records(RecordKind::Canned, CANNED_MAX)?;
    let mut items: Vec<CannedView> =
        records.iter().map(|record| serde_json::from_str(&record.body)).collect::<std::result::Result<_, _>>()?;
    items.sort_by(|a, b| a.title.cmp(&b.title).then_with(|| a.canned_id.cmp(&b.canned_id)));
    Ok(Json(CannedList { items }))
}

/// Adds or replaces one.
#[utoipa::path(put, path = "/v1/desk/canned/{id}", tag = "desk", request_body = CannedBody, params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn put_canned(Desk(caller): Desk, Id(id): Id, SmallBody(body): SmallBody<CannedBody>) -> Result<StatusCode> {
    check_name("title", &body.title, 100)?;
    for (name, text) in [("text_zh", &body.text_zh), ("text_en", &body.text_en)] {
        check_text(name, text, 4000)?;
    }
    let CannedBody { title, text_zh, text_en } = body;
    if text_zh.trim().is_empty() && text_en.trim().is_empty() {
        return Err(ServiceError::usage("text", "both texts are empty; allowed: text_zh, text_en or both"));
    }
    let view = CannedView { canned_id: id.clone(), title, text_zh, text_en };
    let record = Record { id, at: clock::now().0, body: serde_json::to_string(&view)? };
    off_thread(move || {
        let store = caller.shop.shop.state()?;
        if store.record(RecordKind::Canned, &record.id)?.is_none()
            && store.records(RecordKind::Canned, CANNED_MAX)?.len() >= CANNED_MAX
        {
            return Err(ServiceError::conflict("canned", format!("there are {CANNED_MAX} already")).help("delete some"));
        }
        store.put_record(RecordKind::Canned, record)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Deletes one.
#[utoipa::path(delete, path = "/v1/desk/canned/{id}", tag = "desk", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn delete_canned(Desk(caller): Desk, Id(id): Id) -> Result<StatusCode> {
    match caller.shop.shop.state()?.delete_record(RecordKind::Canned, &id)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ServiceError::not_found("canned reply", &id)),
    }
}

/// How the service did in the last days.
#[utoipa::path(get, path = "/v1/desk/metrics", tag = "desk", params(DaysParams), responses((status = 200, body = DeskMetrics), (status = "4XX", body = ErrorBody)))]
pub async fn get_desk_metrics(Desk(caller): Desk, Params(params): Params<DaysParams>) -> Result<Json<DeskMetrics>> {
    let days = params.checked()?;
    off_thread(move || Ok(Json(caller.shop.service_metrics(days)?))).await
}

/// What nobody could answer in the last days, put together by what it asks.
#[utoipa::path(get, path = "/v1/desk/unanswered", tag = "desk", params(DaysParams), responses((status = 200, body = UnansweredList), (status = "4XX", body = ErrorBody)))]
pub async fn list_unanswered(Desk(caller): Desk, Params(params): Params<DaysParams>) -> Result<Json<UnansweredList>> {
    let days = params.checked()?;
    Ok(Json(caller.shop.unanswered(days).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleQuestionBody {
    /// One of the group's examples.
    #[schema(min_length = 1, max_length = 4000)]
    question: String,
    /// answered or ignored.
    #[schema(pattern = "^(answered|ignored)$")]
    how: String,
    /// As the list was asked for; 30 if absent.
    #[schema(minimum = 1, maximum = 366)]
    days: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct SettledQuestions {
    /// Questions that stood together.
    n: usize,
}

/// Takes a group of unanswered questions off the list: `ignored` for good, `answered` unless they are asked again and still not
/// answered.
#[utoipa::path(post, path = "/v1/desk/unanswered/settle", tag = "desk", request_body = SettleQuestionBody, responses((status = 200, body = SettledQuestions), (status = "4XX", body = ErrorBody)))]
pub async fn settle_unanswered(
    Desk(caller): Desk,
    SmallBody(body): SmallBody<SettleQuestionBody>,
) -> Result<Json<SettledQuestions>> {
    let SettleQuestionBody { question, how, days } = body;
    let days = DaysParams { days }.checked()?;
    check_text("question", &question, 4_000)?;
    let is_ignored = match how.as_str() {
        "ignored" => true,
        "answered" => false,
        _ => return Err(ServiceError::usage("how", format!("how is '{}'; allowed: answered, ignored", clipped(&how)))),
    };
    let n = caller.shop.settle_unanswered(question, days, is_ignored).await?;
    Ok(Json(SettledQuestions { n }))
}

/// Submitted forms, newest first.
#[utoipa::path(get, path = "/v1/desk/cases", tag = "desk", params(CaseParams), responses((status = 200, body = CasePage), (status = "4XX", body = ErrorBody)))]
pub async fn list_cases(Desk(caller): Desk, Params(params): Params<CaseParams>) -> Result<Json<CasePage>> {
    let (offset, limit) = (check_offset(params.offset)?, check_limit("limit", params.limit, 50)?);
    let state = one_of("state", params.state, "all", &["open", "done", "refused", "all"])?;
    off_thread(move || {
        let (total, cases) = caller.shop.shop.state()?.cases(state.as_deref(), None, offset, limit)?;
        Ok(Json(CasePage { items: cases.iter().map(views::case).collect::<Result<_>>()?, total }))
    })
    .await
}

/// Says what became of a submitted form; the customer is told.
#[utoipa::path(post, path = "/v1/desk/cases/{id}", tag = "desk", request_body = CaseBody, params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = CaseView), (status = "4XX", body = ErrorBody)))]
pub async fn settle_case(
    Desk(caller): Desk,
    Id(id): Id,
    SmallBody(body): SmallBody<CaseBody>,
) -> Result<Json<CaseView>> {
    let state = one_of("state", Some(body.state), "open", &["open", "done", "refused"])?.unwrap_or_default();
    body.note.as_deref().map_or(Ok(()), |note| check_text("note", note, 1000))?;
    check_id("the id in the address", &id)?;
    Ok(Json(caller.shop.settle_case(&id, state, body.note).await?))
}

/// What the shop may tell customers of its own accord, the newest first.
#[utoipa::path(get, path = "/v1/desk/notices", tag = "desk", params(NoticeParams), responses((status = 200, body = NoticePage), (status = "4XX", body = ErrorBody)))]
pub async fn list_notices(Desk(caller): Desk, Params(params): Params<NoticeParams>) -> Result<Json<NoticePage>> {
    let (offset, limit) = (check_offset(params.offset)?, check_limit("limit", params.limit, 50)?);
    let state = one_of("state", params.state, "proposed", &["proposed", "sent", "dismissed", "all"])?;
    let kinds = NoticeKind::ALL.map(NoticeKind::as_str);
    let kind = one_of("kind", params.kind, "all", &[&kinds[..], &["all"]].concat())?;
    let ready = caller.shop.assistant().await?;
    let (shop, of_state, of_kind) = (caller.shop.clone(), state.clone(), kind.clone());
    let (counts, rows) = off_thread(move || {
        let wanted = WantedNotices { state: of_state.as_deref(), kind: of_kind.as_deref(), offset, limit };
        Ok(shop.shop.state()?.notices(wanted)?)
    })
    .await?;
    let gate = if notices::any_promotes(&rows) { Gate::read(&caller.shop.shop).await? } else { Gate::default() };
    off_thread(move || {
        let stored = caller.shop.shop.state()?;
        let moment =
            notices::Moment { policies: &ready.assistant.policies, minute: caller.shop.minute_now(), gate: &gate };
        let view = |row: &StoredNotice| notices::view(row, &moment, &stored);
        let items = rows.iter().map(view).collect::<Result<_>>()?;
        let mut page = NoticePage { items, total: 0, states: BTreeMap::new(), kinds: BTreeMap::new() };
        for count in counts {
            *page.states.entry(count.state.clone()).or_default() += count.n;
            if state.as_ref().is_none_or(|wanted| *wanted == count.state) {
                *page.kinds.entry(count.kind.clone()).or_default() += count.n;
                page.total += if kind.as_ref().is_none_or(|wanted| *wanted == count.kind) { count.n } else { 0 };
            }
        }
        Ok(Json(page))
    })
    .await
}

/// Looks for what there is to tell on a day. A cause that is known brings no second notice.
#[utoipa::path(post, path = "/v1/desk/notices", tag = "desk", request_body = LookBody, responses((status = 200, body = NoticesFound), (status = "4XX", body = ErrorBody)))]
pub async fn find_notices(Desk(caller): Desk, SmallBody(body): SmallBody<LookBody>) -> Result<Json<NoticesFound>> {
    let day = match &body.day {
        Some(text) => text.parse::<Day>().map_err(|_| {
            ServiceError::usage("day", format!("day is '{}'; allowed: a day as 2026-06-30", clipped(text)))
        })?,
        None => clock::today(&caller.shop.shop.config().time_zone),
    };
    Ok(Json(caller.shop.find_notices(day).await?))
}

/// Gives a notice, outside quiet hours: into the customer's open conversation, with consent where it promotes; without one, by a
/// channel that carries a way to which the customer agreed.
#[utoipa::path(post, path = "/v1/desk/notices/{id}/send", tag = "desk", request_body = AgentBody, params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 201, body = NoticeSent), (status = "4XX", body = ErrorBody)))]
pub async fn send_notice(
    Desk(caller): Desk,
    Id(id): Id,
    SmallBody(body): SmallBody<AgentBody>,
) -> Result<(StatusCode, Json<NoticeSent>)> {
    let agent = agent(&caller, body.agent)?;
    let (notice, message) = caller.shop.send_notice(&id, agent).await?;
    Ok((StatusCode::CREATED, Json(NoticeSent { notice, message })))
}

/// Settles a notice that is not to be given.
#[utoipa::path(post, path = "/v1/desk/notices/{id}/dismiss", tag = "desk", request_body = AgentBody, params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = NoticeView), (status = "4XX", body = ErrorBody)))]
pub async fn dismiss_notice(
    Desk(caller): Desk,
    Id(id): Id,
    SmallBody(body): SmallBody<AgentBody>,
) -> Result<Json<NoticeView>> {
    let agent = agent(&caller, body.agent)?;
    Ok(Json(caller.shop.dismiss_notice(&id, agent).await?))
}
