//! `/v1/channels`: what comes by channels of others. No key: each request is signed as its channel signs. What it is, is read in
//! `channels`; here it is taken off the wire, bounded, and answered in time.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data::state::threads::Heard;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::chat::{checked_message, lang_of};
use super::error::ErrorBody;
use super::input::{Id, check_id, not_json, read_bytes};
use crate::channels::email::RAW_BYTES_MAX;
use crate::channels::signed::{self, Refusal};
use crate::channels::{Callback, CallbackQuery, Channel, Incoming, Posted, Reply, Told, Webhook, hear_and_wait};
use crate::conversations::ChatMessage;
use crate::conversations::token::customer_of;
use crate::error::{Kind, Result, ServiceError};
use crate::serving::{ServedShop, off_thread};
use crate::{clock, random};

const CALLBACK_BYTES_MAX: usize = 64 << 10;
const POSTED_BYTES_MAX: usize = 64 << 10;
const POSTED_PATIENCE: Duration = Duration::from_secs(30);

/// What became of a message.
#[derive(Serialize, ToSchema)]
pub struct ChannelAnswer {
    /// Absent for a mail: it may be none that is answered.
    conversation_id: Option<String>,
    /// `bot`, `waiting`, `person` or `closed`.
    state: Option<String>,
    message: Option<ChatMessage>,
    /// Absent while a person answers, and where answers go to an address of their own.
    answer: Option<ChatMessage>,
}

fn shop_of(app: &App, name: &str) -> Result<Arc<ServedShop>> {
    let shop = app.shops.by_channel(name).filter(|_| name != crate::channels::EVENTS);
    let shop = shop.ok_or_else(|| {
        ServiceError::not_found("channel", name)
            .help("[channels.NAME] of tercet.toml describes one; docs/service.md says how")
    })?;
    let taken = app.request_limits.take(&format!("channel {name}"), 1.0, clock::now().0);
    taken.map_err(|seconds| {
        ServiceError::new(Kind::TooMany, "rate", "this channel has sent too many requests")
            .detail(serde_json::json!({"retry_after_seconds": seconds}))
    })?;
    Ok(shop)
}

/// What a platform says in the address; one that cannot be read says nothing, and nothing is not signed.
fn query_of(request: &Request) -> CallbackQuery {
    Query::try_from_uri(request.uri()).map_or_else(|_| CallbackQuery::default(), |Query(query)| query)
}

fn refused(message: impl Into<String>) -> ServiceError {
    ServiceError::new(Kind::Unauthorised, "signature", message).help(
        "the channel's secrets stand in the environment variables that tercet.toml names; `tercet doctor` checks them",
    )
}

/// Answers a platform that asks whether this address is the account's.
#[utoipa::path(get, path = "/v1/channels/{name}", tag = "channels", security(()), params(CallbackQuery,
        ("name" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = String, content_type = "text/plain"), (status = "4XX", body = ErrorBody)))]
pub async fn verify_channel(State(app): State<Arc<App>>, Id(name): Id, request: Request) -> Result<String> {
    let shop = shop_of(&app, &name)?;
    let query = query_of(&request);
    match shop.channels.get(&name) {
        Some(Channel::Callback(callback)) => {
            let echo = callback.verify_address(&query, clock::now().0 / 1000);
            echo.map_err(|refusal| refused(refusal.to_string()))
        }
        _ => Err(ServiceError::usage("channel", "this channel is not asked whether it is there; POST to it")),
    }
}

/// Takes what a channel brings: a signed message of the shop's own program, a callback of WeChat or WeCom, a raw mail.
#[utoipa::path(post, path = "/v1/channels/{name}", tag = "channels", security(()),
    request_body(content((Posted = "application/json"), (String = "text/xml"), (String = "message/rfc822"))), params(CallbackQuery,
        ("name" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"),
        ("x-tercet-time" = Option<String>, Header), ("x-tercet-signature" = Option<String>, Header)),
    responses((status = 200, body = String, content_type = "text/xml"), (status = 201, body = ChannelAnswer),
        (status = 202, body = ChannelAnswer), (status = "4XX", body = ErrorBody)))]
pub async fn post_channel(State(app): State<Arc<App>>, Id(name): Id, request: Request) -> Result<Response> {
    let shop = shop_of(&app, &name)?;
    let (query, headers) = (query_of(&request), request.headers().clone());
    match shop.channels.get(&name) {
        Some(Channel::Callback(callback)) => {
            let body = read_bytes(request, CALLBACK_BYTES_MAX).await?;
            answer_callback((&shop, app.callback_patience), &name, callback, &query, &body).await
        }
        Some(Channel::Webhook(webhook)) => {
            let body = read_bytes(request, POSTED_BYTES_MAX).await?;
            let at = admit(&shop, &name, webhook.secret(), &headers, &body).await?;
            answer_posted(&shop, &name, webhook, &body, at).await
        }
        Some(Channel::Email(mailbox)) => {
            let secret = mailbox.secret.as_deref().ok_or_else(|| {
                ServiceError::usage("channel", "this mailbox reads a folder; it takes mail here with secret_env set")
            })?;
            let body = read_bytes(request, RAW_BYTES_MAX).await?;
            admit(&shop, &name, secret, &headers, &body).await?;
            crate::channels::email::receive(&shop, &name, body.to_vec()).await?;
            let taken = ChannelAnswer { conversation_id: None, state: None, message: None, answer: None };
            Ok((StatusCode::ACCEPTED, Json(taken)).into_response())
        }
        Some(Channel::Events(_)) | None => Err(ServiceError::not_found("channel", &name)),
    }
}

/// Lets in what was signed just now and for the first time; when (unix seconds).
async fn admit(shop: &Arc<ServedShop>, channel: &str, secret: &str, headers: &HeaderMap, body: &Bytes) -> Result<i64> {
    let now = clock::now().0;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = text(signed::SIGNATURE).to_owned();
    signed::verify(secret, text(signed::TIME), &given, body, now / 1000).map_err(|refusal| {
        refused(match refusal {
            Refusal::Form => "the headers X-Tercet-Time (unix seconds) and X-Tercet-Signature (sha256=HEX) are missing or of another form".to_owned(),
            Refusal::Signature => "the request was not signed with the channel's secret: HMAC-SHA256 of TIME.BODY".to_owned(),
            Refusal::Time => format!("the request was signed more than {} seconds ago or ahead", signed::WINDOW_SECONDS),
        })
    })?;
    // Beside messages, whose ids have no line breaks.
    let heard = Heard { channel: channel.to_owned(), key: format!("\n{given}"), at: now };
    let own = shop.clone();
    if !off_thread(move || Ok(own.shop.state()?.hear_once(heard)?)).await? {
        return Err(ServiceError::conflict("replay", "this very request was sent before")
            .help("to send a message again, sign it anew with the time of now; the same message_id changes nothing"));
    }
    Ok(now / 1000)
}

async fn answer_posted(
    shop: &Arc<ServedShop>,
    name: &str,
    webhook: &Webhook,
    body: &Bytes,
    at: i64,
) -> Result<Response> {
    let posted: Posted = serde_json::from_slice(body).map_err(not_json)?;
    check_id("message_id", &posted.message_id)?;
    check_id("from", &posted.from)?;
    let customer_id = posted.customer_token.map(|token| customer_of(&shop.store, &token, at)).transpose()?;
    let incoming = Incoming {
        channel: name.to_owned(),
        key: format!("{} {}", posted.from, posted.message_id),
        told: Told::Text(checked_message(&posted.text)?),
        lang: lang_of(posted.lang.as_deref())?,
        thread: serde_json::json!({}),
        customer_id,
        peer: posted.from,
    };
    let handed = hear_and_wait(shop, incoming, POSTED_PATIENCE).await?;
    let status = if handed.is_some() { StatusCode::CREATED } else { StatusCode::ACCEPTED };
    let (conversation_id, state, message, answer) = match handed {
        Some(handed) => (Some(handed.conversation_id), Some(handed.state), handed.message, handed.answer),
        None => (None, None, None, None),
    };
    let answer = answer.filter(|_| webhook.answers_in_response());
    Ok((status, Json(ChannelAnswer { conversation_id, state, message, answer })).into_response())
}

async fn answer_callback(
    (shop, patience): (&Arc<ServedShop>, Duration),
    name: &str,
    callback: &Callback,
    query: &CallbackQuery,
    body: &Bytes,
) -> Result<Response> {
    let now = clock::now().0;
    let message = callback.open(query, body, now / 1000).map_err(|refusal| match refusal {
        crate::channels::CallbackRefusal::Xml(_) => ServiceError::usage("xml", refusal.to_string()),
        _ => refused(refusal.to_string()),
    })?;
    let incoming = match callback.read(name, &message) {
        Reply::Heard(incoming) => *incoming,
        Reply::Pull { token, account } => {
            let (own, pull) = (shop.clone(), crate::channels::pull_soon(name, &token, &account, now));
            off_thread(move || Ok(own.shop.state()?.queue_outgoing(vec![pull])?)).await?;
            shop.channels.wake();
            return Ok("success".into_response());
        }
        Reply::Nothing => return Ok("success".into_response()),
    };
    let text = match hear_and_wait(shop, incoming, patience).await {
        Ok(handed) => handed.and_then(|handed| handed.text),
        // Said to the customer: the platform would only send the same again.
        Err(error) if error.kind == Kind::TooMany => {
            Some("您发送得太快了，请稍候再试。Too many messages; please wait a moment.".to_owned())
        }
        Err(error) => return Err(error),
    };
    // What is not handed over here leaves through the outbox.
    let Some(text) = text else { return Ok("success".into_response()) };
    let (random, nonce) = (random::bytes()?, random::token(8)?);
    let body = callback.answer(&message, &text, now / 1000, random, &nonce);
    Ok(([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], body).into_response())
}
