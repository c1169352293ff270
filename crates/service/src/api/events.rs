//! `POST /v1/events`: what customers do, as it happens. The answer comes when it is on disk.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use domain::{Cents, Event, EventKind, Millis};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::App;
use super::access::Ingest;
use super::error::ErrorBody;
use super::input::{Body, check_id, check_text};
use crate::clock;
use crate::error::{Result, ServiceError, clipped};

/// Events of one request.
const BATCH_MAX: usize = 1000;
/// Clocks may differ by so much.
const FUTURE_MS: i64 = 24 * 3_600_000;

/// A point in time: UTC milliseconds, or RFC 3339 text.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Instant {
    Millis(i64),
    Text(String),
}

/// One event as sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventBody {
    /// Now, if absent.
    at: Option<Instant>,
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    customer_id: String,
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    session_id: Option<String>,
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    product_id: Option<String>,
    /// view, search, favourite, cart, uncart, purchase, rate, return or ask.
    #[schema(pattern = "^(view|search|favourite|cart|uncart|purchase|rate|return|ask)$")]
    kind: String,
    /// Stars, 1 to 5, for `rate`.
    #[schema(minimum = 0, maximum = 5)]
    value: Option<f64>,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    quantity: Option<i64>,
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    price_cents: Option<i64>,
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    channel: Option<String>,
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    campaign_id: Option<String>,
    #[schema(max_length = 1000, pattern = r"^[^\x00]*$")]
    query: Option<String>,
}

/// Many events; those that cannot be accepted are named in the answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "the shape for the document")]
pub struct EventBatch {
    #[schema(min_items = 1, max_items = 1000)]
    events: Vec<EventBody>,
}

/// One event, or many.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "the shape for the document; the body is read event by event to name each that is refused")]
pub enum EventsBody {
    Batch(EventBatch),
    One(Box<EventBody>),
}

#[derive(Serialize, ToSchema)]
pub struct Accepted {
    /// Events now on disk.
    accepted: usize,
    rejected: Vec<Rejected>,
    /// The idempotency key was seen before; nothing was added now.
    duplicate: bool,
}

#[derive(Serialize, ToSchema)]
pub struct Rejected {
    /// Place in the batch, from 0.
    index: usize,
    message: String,
}

/// Sends one event or a batch of up to 1000; 202 means on disk.
#[utoipa::path(post, path = "/v1/events", tag = "events", request_body = EventsBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key again adds nothing, for seven days", min_length = 1, max_length = 200, pattern = r"^[\x21-\x7e]+$")),
    responses((status = 202, body = Accepted), (status = "4XX", body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn post_events(
    State(app): State<Arc<App>>,
    Ingest(caller): Ingest,
    headers: HeaderMap,
    Body(body): Body<Value>,
) -> Result<(StatusCode, Json<Accepted>)> {
    let key = idempotency_key(&headers)?;
    let (bodies, single) = bodies(body)?;
    let now = clock::now();
    let (mut events, mut rejected) = (Vec::with_capacity(bodies.len()), Vec::new());
    for (index, body) in bodies.into_iter().enumerate() {
        match event_of(body, now) {
            Ok(event) => events.push(event),
            Err(error) if single => return Err(error),
            Err(error) => rejected.push(Rejected { index, message: error.message }),
        }
    }
    app.metrics.events_rejected.fetch_add(rejected.len() as u64, std::sync::atomic::Ordering::Relaxed);
    if events.is_empty() && !rejected.is_empty() {
        return Err(ServiceError::usage("events", format!("none of the {} events could be accepted", rejected.len()))
            .detail(json!({"rejected": rejected})));
    }
    let appended = caller.shop.accept(events, key).await?;
    let accepted = Accepted { accepted: appended.n_events, rejected, duplicate: appended.duplicate };
    Ok((StatusCode::ACCEPTED, Json(accepted)))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text =
        value.to_str().map_err(|_| ServiceError::usage("idempotency_key", "the Idempotency-Key is not ASCII"))?;
    check_id("the Idempotency-Key", text)?;
    Ok(Some(text.to_owned()))
}

fn bodies(body: Value) -> Result<(Vec<Value>, bool)> {
    let Value::Object(mut object) = body else {
        return Err(ServiceError::usage("body", "the body must be one event or {\"events\": […]}"));
    };
    match object.remove("events") {
        None => Ok((vec![Value::Object(object)], true)),
        Some(Value::Array(events)) if object.is_empty() && (1..=BATCH_MAX).contains(&events.len()) => {
            Ok((events, false))
        }
        Some(Value::Array(events)) if object.is_empty() => {
            let message = format!("the batch has {} events; allowed: 1 to {BATCH_MAX}", events.len());
            Err(ServiceError::usage("events", message))
        }
        Some(_) => Err(ServiceError::usage("events", "'events' must be a list and stand alone")),
    }
}

fn event_of(body: Value, now: Millis) -> Result<Event> {
    let body: EventBody = serde_json::from_value(body).map_err(super::input::not_json)?;
    check_id("customer_id", &body.customer_id)?;
    for (name, id) in [
        ("session_id", &body.session_id),
        ("product_id", &body.product_id),
        ("channel", &body.channel),
        ("campaign_id", &body.campaign_id),
    ] {
        id.as_deref().map_or(Ok(()), |id| check_id(name, id))?;
    }
    body.query.as_deref().map_or(Ok(()), |query| check_text("query", query, 1000))?;
    let kind = EventKind::from_name(&body.kind).ok_or_else(|| {
        let allowed = domain::table::EVENT_KINDS.join(", ");
        ServiceError::usage("kind", format!("kind is '{}'; allowed: {allowed}", clipped(&body.kind)))
    })?;
    let within = |name: &str, value: Option<i64>, high: i64| match value {
        Some(value) if !(0..=high).contains(&value) => {
            Err(ServiceError::usage("range", format!("{name} is {value}; allowed: 0 to {high}")))
        }
        _ => Ok(()),
    };
    within("quantity", body.quantity, 1_000_000_000)?;
    within("price_cents", body.price_cents, 1_000_000_000_000)?;
    if let Some(value) = body.value.filter(|value| !(0.0..=5.0).contains(value)) {
        return Err(ServiceError::usage("value", format!("value is {value}; allowed: 0 to 5")));
    }
    Ok(Event {
        at: instant(body.at, now)?,
        customer_id: body.customer_id,
        session_id: body.session_id,
        product_id: body.product_id,
        kind,
        value: body.value,
        quantity: body.quantity,
        price_cents: body.price_cents.map(Cents),
        channel: body.channel,
        campaign_id: body.campaign_id,
        query: body.query,
        extra: None,
    })
}

fn instant(at: Option<Instant>, now: Millis) -> Result<Millis> {
    let wrong = |found: &str| {
        let allowed = "allowed: UTC milliseconds or RFC 3339 text, from 1990 to one day ahead";
        ServiceError::usage("at", format!("at is '{}'; {allowed}", clipped(found)))
    };
    let (at, sent) = match at {
        None => return Ok(now),
        Some(Instant::Millis(at)) => (at, at.to_string()),
        Some(Instant::Text(text)) => {
            (text.parse::<jiff::Timestamp>().map_err(|_| wrong(&text))?.as_millisecond(), text)
        }
    };
    const YEAR_1990: i64 = 631_152_000_000;
    if !(YEAR_1990..=now.0 + FUTURE_MS).contains(&at) {
        return Err(wrong(&sent));
    }
    Ok(Millis(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_checked_one_by_one() {
        let now = Millis(1_700_000_000_000);
        let check = |body: Value, said: Option<&str>| match (event_of(body.clone(), now), said) {
            (Ok(_), None) => {}
            (Err(error), Some(said)) => assert!(error.message.contains(said), "{body}: {error}"),
            (result, said) => panic!("{body}: {:?} against {said:?}", result.map(|event| event.at)),
        };
        check(json!({"customer_id": "c", "kind": "view", "product_id": "p"}), None);
        check(json!({"customer_id": "c", "kind": "view", "at": "2023-11-01T00:00:00Z"}), None);
        check(json!({"customer_id": "c", "kind": "view", "at": 1_700_000_000_001_i64}), None);
        check(json!({"customer_id": "", "kind": "view"}), Some("allowed: 1 to 200"));
        check(json!({"customer_id": "x".repeat(201), "kind": "view"}), Some("201 characters"));
        check(json!({"customer_id": "a\nb", "kind": "view"}), Some("one line"));
        check(json!({"customer_id": 5, "kind": "view"}), Some("not understood"));
        check(json!({"customer_id": "c", "kind": "buy"}), Some("purchase"));
        check(json!({"customer_id": "c", "kind": "view", "quantity": -1}), Some("allowed: 0 to"));
        check(json!({"customer_id": "c", "kind": "rate", "value": 9}), Some("allowed: 0 to 5"));
        check(json!({"customer_id": "c", "kind": "view", "at": 1_800_000_000_000_i64}), Some("one day ahead"));
        check(json!({"customer_id": "c", "kind": "view", "at": 1_800_000_000_000_i64}), Some("at is '1800000000000'"));
        let later = "2027-01-15T08:00:00+08:00";
        check(json!({"customer_id": "c", "kind": "view", "at": later}), Some(&format!("at is '{later}'")));
        check(json!({"customer_id": "c", "kind": "view", "at": "yesterday"}), Some("RFC 3339"));
        check(json!({"customer_id": "c", "kind": "view", "colour": "red"}), Some("colour"));
    }
}
