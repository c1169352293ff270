//! `/v1/chat`: customer service for customers. A key of scope `converse` opens conversations; each has a secret of its own,
//! without which nobody reads or writes in it.

use assist::turn::Lang;
use axum::Json;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use data::state::conversations::Conversation;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::{Caller, Converse};
use super::error::ErrorBody;
use super::input::{Id, Params, SmallBody, check_id, check_text};
use super::sse;
use crate::auth::keys::digest;
use crate::clock;
use crate::conversations::token::{customer_of, is_same};
use crate::conversations::views::{self, For, lang_name};
use crate::conversations::{ChatMessage, ChatState, Opening, TEXT_CHARS_MAX};
use crate::error::{Kind, Result, ServiceError, clipped};
use crate::serving::off_thread;

/// The header with a conversation's secret.
const SECRET: &str = "x-conversation";
/// Messages of one answer.
const MESSAGES_MAX: usize = 500;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatBody {
    /// `zh` or `en`; the shop's language if absent.
    #[schema(pattern = "^(zh|en)$")]
    lang: Option<String>,
    /// The product of the page that the widget stands on.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    page_product_id: Option<String>,
    /// By which the shop vouches for a customer: BASE64URL({"sub", "exp"}) . BASE64URL(HMAC-SHA256).
    #[schema(max_length = 4096)]
    customer_token: Option<String>,
    /// `web` if absent.
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z][a-z0-9_-]*$")]
    channel: Option<String>,
}

/// A conversation just opened.
#[derive(Serialize, ToSchema)]
pub struct ChatOpened {
    conversation_id: String,
    /// Shown this once; to be sent as the header `x-conversation`.
    secret: String,
    lang: String,
    assistant_name: String,
    greeting: ChatMessage,
    suggestions: Vec<String>,
    /// Whether a person could take over now.
    desk_open: bool,
    /// Of amounts; ISO 4217.
    currency: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatMessageBody {
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
    /// The same key again sends nothing and is answered as the first time.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    message_key: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ChatAnswer {
    message: ChatMessage,
    /// Absent while a person answers.
    answer: Option<ChatMessage>,
    /// `bot`, `waiting`, `person` or `closed`.
    state: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AfterParams {
    /// Only messages with a larger number.
    #[param(minimum = 0)]
    after: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct ChatMessages {
    /// At most 500; ask again with the last number for more.
    messages: Vec<ChatMessage>,
    #[serde(flatten)]
    state: ChatState,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingBody {
    #[schema(minimum = 1, maximum = 5)]
    stars: i64,
    #[schema(max_length = 1000, pattern = r"^[^\x00]*$")]
    comment: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentifyBody {
    #[schema(max_length = 4096)]
    customer_token: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackBody {
    /// `up` or `down`.
    #[schema(pattern = "^(up|down)$")]
    feedback: String,
}

/// A conversation's id and a message's number in the address.
pub struct MessageId(String, i64);

impl<S: Send + Sync> FromRequestParts<S> for MessageId {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let wrong =
            |_| ServiceError::usage("path", "the address is not understood; allowed: a conversation's id and a number");
        let Path((id, seq)) = Path::<(String, i64)>::from_request_parts(parts, state).await.map_err(wrong)?;
        check_id("the id in the address", &id)?;
        Ok(MessageId(id, seq))
    }
}

/// A language by its name, if one is given.
pub(super) fn lang_of(asked: Option<&str>) -> Result<Option<Lang>> {
    match asked {
        None => Ok(None),
        Some("zh") => Ok(Some(Lang::Zh)),
        Some("en") => Ok(Some(Lang::En)),
        Some(other) => Err(ServiceError::usage("lang", format!("lang is '{}'; allowed: zh, en", clipped(other)))),
    }
}

/// What a person writes: 1 to 4000 characters with something to read.
pub fn checked_message(text: &str) -> Result<String> {
    let n_chars = text.chars().count();
    if n_chars > TEXT_CHARS_MAX || text.trim().is_empty() {
        let message =
            format!("the text has {n_chars} characters; allowed: 1 to {TEXT_CHARS_MAX} with something to read");
        return Err(ServiceError::usage("text", message));
    }
    // Zeros end texts elsewhere.
    Ok(text.replace('\0', "\u{fffd}"))
}

/// The conversation, if the caller holds its secret.
fn owned(caller: &Caller, headers: &HeaderMap, id: &str) -> Result<Conversation> {
    let row = caller.shop.shop.state()?.conversation(id)?;
    let row = row.ok_or_else(|| {
        ServiceError::not_found("conversation", id).help("open one: POST /v1/chat; erased ones are gone")
    })?;
    let given = headers.get(SECRET).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_same(digest(given).as_bytes(), row.secret_digest.as_bytes()) {
        let message = "the header x-conversation does not hold the conversation's secret";
        return Err(ServiceError::new(Kind::Unauthorised, "conversation", message)
            .help("send the secret that POST /v1/chat answered"));
    }
    Ok(row)
}

/// Opens a conversation.
#[utoipa::path(post, path = "/v1/chat", tag = "chat", request_body = ChatBody,
    responses((status = 201, body = ChatOpened), (status = "4XX", body = ErrorBody)))]
pub async fn open_chat(
    Converse(caller): Converse,
    SmallBody(body): SmallBody<ChatBody>,
) -> Result<(StatusCode, Json<ChatOpened>)> {
    caller.shop.conversations.count_opening(&caller.id)?;
    let lang = lang_of(body.lang.as_deref())?;
    body.page_product_id.as_deref().map_or(Ok(()), |id| check_id("page_product_id", id))?;
    let channel = body.channel.unwrap_or_else(|| "web".to_owned());
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if channel.is_empty() || channel.len() > 40 || !channel.chars().all(is_plain) {
        let message = format!("channel is '{}'; allowed: 1 to 40 small letters, digits, - and _", clipped(&channel));
        return Err(ServiceError::usage("channel", message));
    }
    let store = &caller.shop.store;
    let vouched = |token: String| customer_of(store, &token, clock::now().0 / 1000);
    let customer_id = body.customer_token.map(vouched).transpose()?;
    let page_product_id = body.page_product_id;
    let opened = caller
        .shop
        .open_conversation(Opening { lang, page_product_id, customer_id, channel, ..Opening::default() })
        .await?;
    let answer = ChatOpened {
        conversation_id: opened.conversation_id,
        secret: opened.secret,
        lang: lang_name(opened.lang).to_owned(),
        assistant_name: opened.assistant_name,
        greeting: opened.greeting,
        suggestions: opened.suggestions,
        desk_open: opened.desk_open,
        currency: caller.shop.shop.config().currency.clone(),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Says something; answered when the answer is on disk.
#[utoipa::path(post, path = "/v1/chat/{id}/messages", tag = "chat", request_body = ChatMessageBody,
    params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), ("x-conversation" = String, Header)),
    responses((status = 201, body = ChatAnswer), (status = "4XX", body = ErrorBody)))]
pub async fn post_message(
    Converse(caller): Converse,
    headers: HeaderMap,
    Id(id): Id,
    SmallBody(body): SmallBody<ChatMessageBody>,
) -> Result<(StatusCode, Json<ChatAnswer>)> {
    let row = owned(&caller, &headers, &id)?;
    caller.shop.conversations.count_message(&row.id)?;
    body.message_key.as_deref().map_or(Ok(()), |key| check_id("message_key", key))?;
    let text = checked_message(&body.text)?;
    let spoken = caller.shop.say(&row.id, text, body.message_key).await?;
    let answer = ChatAnswer { message: spoken.message, answer: spoken.answer, state: spoken.state };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// What was said, and how the conversation stands.
#[utoipa::path(get, path = "/v1/chat/{id}/messages", tag = "chat",
    params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), ("x-conversation" = String, Header), AfterParams),
    responses((status = 200, body = ChatMessages), (status = "4XX", body = ErrorBody)))]
pub async fn list_messages(
    Converse(caller): Converse,
    headers: HeaderMap,
    Id(id): Id,
    Params(params): Params<AfterParams>,
) -> Result<Json<ChatMessages>> {
    let row = owned(&caller, &headers, &id)?;
    let after = params.after.unwrap_or(0);
    off_thread(move || {
        let messages = caller.shop.shop.state()?.messages(&row.id, after, MESSAGES_MAX)?;
        let messages = messages.iter().map(|message| views::message(message, For::Customer)).collect::<Result<_>>()?;
        Ok(Json(ChatMessages { messages, state: caller.shop.chat_state(&row)? }))
    })
    .await
}

/// The conversation as it goes on: `event: message` (its number is the event's id), `state`, `typing`.
#[utoipa::path(get, path = "/v1/chat/{id}/stream", tag = "chat",
    params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), ("x-conversation" = String, Header),
        ("Last-Event-ID" = Option<String>, Header), AfterParams),
    responses((status = 200, body = String, content_type = "text/event-stream"), (status = "4XX", body = ErrorBody)))]
pub async fn stream_chat(
    Converse(caller): Converse,
    headers: HeaderMap,
    Id(id): Id,
    Params(params): Params<AfterParams>,
) -> Result<Response> {
    let row = owned(&caller, &headers, &id)?;
    let after = sse::last_event_id(&headers).or(params.after).unwrap_or(0);
    // Before the first look at the store, so that nothing falls between.
    let listener = caller.shop.conversations.hub.listen(&row.id)?;
    if row.unanswered.is_some() {
        let (shop, id) = (caller.shop.clone(), row.id.clone());
        tokio::spawn(async move { shop.catch_up(&id).await });
    }
    Ok(sse::conversation(caller.shop, listener, row.id, after))
}

/// Rates the service.
#[utoipa::path(post, path = "/v1/chat/{id}/rating", tag = "chat", request_body = RatingBody,
    params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), ("x-conversation" = String, Header)),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn rate_chat(
    Converse(caller): Converse,
    headers: HeaderMap,
    Id(id): Id,
    SmallBody(body): SmallBody<RatingBody>,
) -> Result<StatusCode> {
    let row = owned(&caller, &headers, &id)?;
    if !(1..=5).contains(&body.stars) {
        return Err(ServiceError::usage("stars", format!("stars is {}; allowed: 1 to 5", body.stars)));
    }
    body.comment.as_deref().map_or(Ok(()), |comment| check_text("comment", comment, 1000))?;
    caller.shop.rate(&row.id, body.stars, body.comment).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the conversation.
#[utoipa::path(post, path = "/v1/chat/{id}/close", tag = "chat",
    params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), ("x-conversation" = String, Header)),
    responses((status = 200, body = ChatState), (status = "4XX", body = ErrorBody)))]
pub async fn close_chat(Converse(caller): Converse, headers: HeaderMap, Id(id): Id) -> Result<Json<ChatState>> {
    let row = owned(&caller, &headers, &id)?;
    let row = caller.shop.close_conversation(&row.id).await?;
    Ok(Json(caller.shop.chat_state(&row)?))
}

/// Asks for a person.
#[utoipa::path(post, path = "/v1/chat/{id}/person", tag = "chat",
    params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), ("x-conversation" = String, Header)),
    responses((status = 200, body = ChatState), (status = "4XX", body = ErrorBody)))]
pub async fn ask_for_person(Converse(caller): Converse, headers: HeaderMap, Id(id): Id) -> Result<Json<ChatState>> {
    let row = owned(&caller, &headers, &id)?;
    caller.shop.conversations.count_message(&row.id)?;
    Ok(Json(caller.shop.ask_for_person(&row.id).await?))
}

/// Signs the conversation in: the shop vouches for its customer from here on.
#[utoipa::path(post, path = "/v1/chat/{id}/identify", tag = "chat", request_body = IdentifyBody,
    params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), ("x-conversation" = String, Header)),
    responses((status = 200, body = ChatState), (status = "4XX", body = ErrorBody)))]
pub async fn identify_chat(
    Converse(caller): Converse,
    headers: HeaderMap,
    Id(id): Id,
    SmallBody(body): SmallBody<IdentifyBody>,
) -> Result<Json<ChatState>> {
    let row = owned(&caller, &headers, &id)?;
    caller.shop.conversations.count_message(&row.id)?;
    let customer_id = customer_of(&caller.shop.store, &body.customer_token, clock::now().0 / 1000)?;
    Ok(Json(caller.shop.identify(&row.id, customer_id).await?))
}

/// Whether an answer helped.
#[utoipa::path(post, path = "/v1/chat/{id}/messages/{seq}/feedback", tag = "chat", request_body = FeedbackBody,
    params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), ("seq" = i64, Path, minimum = 1), ("x-conversation" = String, Header)),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn give_feedback(
    Converse(caller): Converse,
    headers: HeaderMap,
    MessageId(id, seq): MessageId,
    SmallBody(body): SmallBody<FeedbackBody>,
) -> Result<StatusCode> {
    let row = owned(&caller, &headers, &id)?;
    if !matches!(body.feedback.as_str(), "up" | "down") {
        let message = format!("feedback is '{}'; allowed: up, down", clipped(&body.feedback));
        return Err(ServiceError::usage("feedback", message));
    }
    caller.shop.feedback(&row.id, seq, body.feedback).await?;
    Ok(StatusCode::NO_CONTENT)
}
