//! `/v1/seq2seq`: models of the shop that write, how their learning goes, and what they write.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::access::Manage;
use super::error::ErrorBody;
use super::input::{Body, Id, check_text};
use crate::error::Result;
use crate::flows::seq2seq::{self, CurveView, Seq2SeqItem, Seq2SeqRequest, WriteRequest, Written};
use crate::jobs::Handle;
use crate::serving::{ServedShop, off_thread};
use crate::store::JobRecord;

#[derive(Serialize, ToSchema)]
pub struct Seq2SeqList {
    items: Vec<Seq2SeqItem>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteBody {
    /// At most 2,000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    text: String,
    /// Texts kept side by side while searching; 5 if nothing is said.
    #[schema(minimum = 1, maximum = 16)]
    beam: Option<usize>,
    /// Texts returned, when searching not more than `beam`; 3 if nothing is said.
    #[schema(minimum = 1, maximum = 10)]
    n: Option<usize>,
    /// Phrases that must occur; only when searching.
    #[schema(max_items = 8)]
    must: Option<Vec<String>>,
    /// Phrases that must not.
    #[schema(max_items = 8)]
    must_not: Option<Vec<String>>,
    /// No sequence of so many words and characters of Chinese occurs twice; 0 allows it.
    #[schema(minimum = 0, maximum = 10)]
    no_repeat: Option<usize>,
    /// Draws at random instead of searching.
    #[schema(minimum = 0.01, maximum = 5)]
    temperature: Option<f64>,
    /// The same, among the likeliest words that together have this probability.
    #[schema(minimum = 0.01, maximum = 1)]
    top_p: Option<f64>,
    /// Another seed draws other texts.
    seed: Option<u64>,
}

/// All models that write, with those being learned.
#[utoipa::path(get, path = "/v1/seq2seq", tag = "seq2seq", operation_id = "list_seq2seq", responses((status = 200, body = Seq2SeqList), (status = "4XX", body = ErrorBody)))]
pub async fn list_models(Manage(caller): Manage) -> Result<Json<Seq2SeqList>> {
    Ok(Json(Seq2SeqList { items: off_thread(move || seq2seq::list(&caller.shop.shop)).await? }))
}

/// Removes a model with all its versions, and what was being learned.
#[utoipa::path(delete, path = "/v1/seq2seq/{name}", tag = "seq2seq", operation_id = "delete_seq2seq", params(("name" = String, Path, min_length = 1, max_length = 40, pattern = "^[a-z][a-z0-9_-]*$")),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn delete_model(Manage(caller): Manage, Id(name): Id) -> Result<StatusCode> {
    off_thread(move || seq2seq::remove(&caller.shop.shop, &name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a model's learning goes, or went.
#[utoipa::path(get, path = "/v1/seq2seq/{name}/curve", tag = "seq2seq", params(("name" = String, Path, min_length = 1, max_length = 40, pattern = "^[a-z][a-z0-9_-]*$")),
    responses((status = 200, body = CurveView), (status = "4XX", body = ErrorBody)))]
pub async fn get_curve(Manage(caller): Manage, Id(name): Id) -> Result<Json<CurveView>> {
    Ok(Json(off_thread(move || seq2seq::curve(&caller.shop.shop, &name)).await?))
}

/// Writes for a text. Nothing is stored.
#[utoipa::path(post, path = "/v1/seq2seq/{name}/write", tag = "seq2seq", params(("name" = String, Path, min_length = 1, max_length = 40, pattern = "^[a-z][a-z0-9_-]*$")), request_body = WriteBody,
    responses((status = 200, body = Written), (status = "4XX", body = ErrorBody)))]
pub async fn write_text(Manage(caller): Manage, Id(name): Id, Body(body): Body<WriteBody>) -> Result<Json<Written>> {
    check_text("text", &body.text, seq2seq::TEXT_CHARS_MAX)?;
    let usual = WriteRequest::default();
    let beam = body.beam.unwrap_or(usual.beam);
    let request = WriteRequest {
        text: body.text,
        beam,
        n: body.n.unwrap_or(usual.n.min(beam.max(1))),
        must: body.must.unwrap_or_default(),
        must_not: body.must_not.unwrap_or_default(),
        no_repeat: body.no_repeat.unwrap_or(usual.no_repeat),
        temperature: body.temperature,
        top_p: body.top_p,
        seed: body.seed.unwrap_or(usual.seed),
    };
    Ok(Json(off_thread(move || seq2seq::write(&caller.shop.shop, &name, &request)).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seq2SeqParams {
    name: String,
    /// titles, descriptions, questions, or a path in the shop's folder.
    pairs: Option<String>,
    #[serde(default)]
    settings: BTreeMap<String, Value>,
    seed: Option<u64>,
    #[serde(default)]
    resume: bool,
    #[serde(default)]
    restart: bool,
}

/// A job that learns to write. Cancelled, it keeps what it learned, and another with `resume` goes on.
pub(super) fn start(shop: Arc<ServedShop>, params: Value) -> Result<JobRecord> {
    let asked: Seq2SeqParams = serde_json::from_value(params.clone()).map_err(super::input::not_json)?;
    let request = Seq2SeqRequest {
        pairs: asked.pairs,
        set: super::runs::assignments(&asked.settings),
        seed: asked.seed,
        resume: asked.resume,
        restart: asked.restart,
        ..Seq2SeqRequest::new(&asked.name)
    };
    let request = request.checked()?;
    let jobs = shop.jobs.clone();
    jobs.start("seq2seq", params, move |handle: Handle| async move {
        let on = |share: f64, message: &str| handle.report(share, message);
        let info = seq2seq::train(&shop.shop, request, &on).await?;
        Ok(json!({"name": info.name, "version": info.version, "bleu": info.bleu, "exact": info.exact,
            "valid_loss": info.valid_loss, "n_pairs": info.n_pairs, "n_rejected": info.n_rejected}))
    })
}
