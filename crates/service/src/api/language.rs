//! `/v1/language`, `/v1/words`, `/v1/opinions`, `/v1/search`: the shop's words, what customers say, and what people look for.

use std::sync::Arc;

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::access::{Manage, Serve};
use super::error::ErrorBody;
use super::input::{Body, Id, Params, check_limit, check_offset, check_text};
use crate::error::{Result, ServiceError};
use crate::flows::language::find::{self, Asked, Found, Suggestions};
use crate::flows::language::opinions::{self, Analysis, OpinionList, OpinionPage};
use crate::flows::language::words::{WordMap, WordNeighbour, WordNeighbours};
use crate::flows::language::{self, LanguageInfo, LanguageRequest, Loaded, Segmenter};
use crate::jobs::Handle;
use crate::serving::{ServedShop, off_thread};
use crate::store::JobRecord;

/// Characters of a query.
const QUERY_MAX: usize = 1_000;
/// Characters of a word.
const WORD_MAX: usize = 30;

/// Some lists are shorter than others.
fn at_most(name: &str, asked: usize, most: usize) -> Result<usize> {
    if asked > most {
        return Err(ServiceError::usage("limit", format!("{name} is {asked}; allowed: 1 to {most}")));
    }
    Ok(asked)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WordParams {
    #[param(min_length = 1, max_length = 30)]
    word: String,
    #[param(minimum = 1, maximum = 500)]
    n: Option<usize>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AnalogyParams {
    /// `a` is to `b` as `c` is to …
    #[param(min_length = 1, max_length = 30)]
    a: String,
    #[param(min_length = 1, max_length = 30)]
    b: String,
    #[param(min_length = 1, max_length = 30)]
    c: String,
    #[param(minimum = 1, maximum = 500)]
    n: Option<usize>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WordMapParams {
    #[param(minimum = 1, maximum = 500)]
    n: Option<usize>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OpinionParams {
    /// `reviews` (the most reviewed first), `best` or `worst`.
    #[param(pattern = "^(reviews|best|worst)$")]
    sort: Option<String>,
    #[param(maximum = 100_000)]
    offset: Option<usize>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    #[param(max_length = 1000)]
    q: String,
    /// `products`, `documents` or `all`.
    #[serde(rename = "in")]
    #[param(pattern = "^(products|documents|all)$")]
    within: Option<String>,
    #[param(maximum = 900)]
    offset: Option<usize>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// Ids of conditions read from the text that are not wanted, separated by commas.
    #[param(max_length = 1000)]
    drop: Option<String>,
    /// Choices among facets, `attribute:value`, separated by `|`.
    #[param(max_length = 1000)]
    filter: Option<String>,
    /// In which order products come: `relevance`, `price_asc`, `price_desc`, `newest` or `best_selling`. As the text says if
    /// absent; `relevance` if it says nothing.
    #[param(pattern = "^(relevance|price_asc|price_desc|newest|best_selling)$")]
    sort: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SuggestParams {
    #[param(max_length = 100)]
    q: String,
    #[param(minimum = 1, maximum = 50)]
    n: Option<usize>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalyseBody {
    /// At most 20,000 bytes.
    #[schema(min_length = 1, max_length = 20_000)]
    text: String,
}

#[derive(Serialize, ToSchema)]
pub struct AnalogyAnswer {
    items: Vec<WordNeighbour>,
}

/// What is in service.
async fn learned(shop: &Arc<ServedShop>) -> Result<Arc<Loaded>> {
    let learned = shop.words.needed(&shop.shop).await?;
    shop.follow();
    Ok(learned)
}

/// What was learned of the shop's words, and how well.
#[utoipa::path(get, path = "/v1/language", tag = "language", responses((status = 200, body = LanguageInfo), (status = "4XX", body = ErrorBody)))]
pub async fn get_language(Manage(caller): Manage) -> Result<Json<LanguageInfo>> {
    Ok(Json(learned(&caller.shop).await?.info.clone()))
}

/// The words used most like a word.
#[utoipa::path(get, path = "/v1/words", tag = "language", params(WordParams), responses((status = 200, body = WordNeighbours), (status = "4XX", body = ErrorBody)))]
pub async fn get_words(Manage(caller): Manage, Params(params): Params<WordParams>) -> Result<Json<WordNeighbours>> {
    let n = check_limit("n", params.n, 20)?;
    check_text("word", &params.word, WORD_MAX)?;
    let loaded = learned(&caller.shop).await?;
    Ok(Json(off_thread(move || loaded.neighbours(&params.word, n)).await?))
}

/// `a` is to `b` as `c` is to which words?
#[utoipa::path(get, path = "/v1/words/analogy", tag = "language", params(AnalogyParams), responses((status = 200, body = AnalogyAnswer), (status = "4XX", body = ErrorBody)))]
pub async fn get_analogy(Manage(caller): Manage, Params(params): Params<AnalogyParams>) -> Result<Json<AnalogyAnswer>> {
    let n = check_limit("n", params.n, 10)?;
    for (name, word) in [("a", &params.a), ("b", &params.b), ("c", &params.c)] {
        check_text(name, word, WORD_MAX)?;
    }
    let loaded = learned(&caller.shop).await?;
    let items = off_thread(move || loaded.analogy(&params.a, &params.b, &params.c, n)).await?;
    Ok(Json(AnalogyAnswer { items }))
}

/// The most used words as points of a map.
#[utoipa::path(get, path = "/v1/words/map", tag = "language", params(WordMapParams), responses((status = 200, body = WordMap), (status = "4XX", body = ErrorBody)))]
pub async fn get_word_map(Manage(caller): Manage, Params(params): Params<WordMapParams>) -> Result<Json<WordMap>> {
    let n = check_limit("n", params.n, 400)?;
    let loaded = learned(&caller.shop).await?;
    Ok(Json(off_thread(move || loaded.word_map(n)).await?))
}

/// Products with reviews, and what is praised and blamed of each.
#[utoipa::path(get, path = "/v1/opinions", tag = "language", params(OpinionParams), responses((status = 200, body = OpinionList), (status = "4XX", body = ErrorBody)))]
pub async fn list_opinions(Manage(caller): Manage, Params(params): Params<OpinionParams>) -> Result<Json<OpinionList>> {
    let (offset, limit) = (check_offset(params.offset)?, check_limit("limit", params.limit, 50)?);
    let loaded = learned(&caller.shop).await?;
    Ok(Json(loaded.opinions.list(params.sort.as_deref().unwrap_or("reviews"), offset, limit)?))
}

/// One product's opinions, aspect by aspect, with quotes.
#[utoipa::path(get, path = "/v1/opinions/{id}", tag = "language", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = OpinionPage), (status = "4XX", body = ErrorBody)))]
pub async fn get_opinions(Manage(caller): Manage, Id(id): Id) -> Result<Json<OpinionPage>> {
    Ok(Json(learned(&caller.shop).await?.opinions.page(&id)?.clone()))
}

/// What one text says: praise or complaint, of which aspects, in which words. Nothing is stored.
#[utoipa::path(post, path = "/v1/opinions/analyse", tag = "language", request_body = AnalyseBody,
    responses((status = 200, body = Analysis), (status = "4XX", body = ErrorBody)))]
pub async fn analyse_text(Manage(caller): Manage, Body(body): Body<AnalyseBody>) -> Result<Json<Analysis>> {
    let loaded = learned(&caller.shop).await.ok();
    Ok(Json(off_thread(move || opinions::analyse(loaded.as_deref(), &body.text)).await?))
}

/// Products and documents for what somebody typed, with the conditions that were read out of it.
#[utoipa::path(get, path = "/v1/search", tag = "language", params(SearchParams), responses((status = 200, body = Found), (status = "4XX", body = ErrorBody)))]
pub async fn search(Serve(caller): Serve, Params(params): Params<SearchParams>) -> Result<Json<Found>> {
    check_text("q", &params.q, QUERY_MAX)?;
    let within = params.within.as_deref().unwrap_or("all");
    if !matches!(within, "products" | "documents" | "all") {
        let message = format!("in is '{}'; allowed: products, documents, all", crate::error::clipped(within));
        return Err(ServiceError::usage("in", message));
    }
    let limit = at_most("limit", check_limit("limit", params.limit, 10)?, find::LIMIT_MAX)?;
    let offset = params.offset.unwrap_or(0);
    if offset > 900 {
        return Err(ServiceError::usage("offset", format!("offset is {offset}; allowed: 0 to 900")));
    }
    let (products, documents) = (within != "documents", within != "products");
    let list = |text: &Option<String>, by: char| -> Vec<String> {
        let parts = text.iter().flat_map(|text| text.split(by));
        parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let sort = params.sort.as_deref().map(find::sort_named).transpose()?;
    let (dropped, chosen) = (list(&params.drop, ','), list(&params.filter, '|'));
    let loaded = learned(&caller.shop).await?;
    let found = off_thread(move || {
        let (dropped, chosen) = (&dropped[..], &chosen[..]);
        find::find(&loaded, &Asked { text: &params.q, products, documents, offset, limit, dropped, chosen, sort })
    });
    Ok(Json(found.await?))
}

/// How what is being typed may go on.
#[utoipa::path(get, path = "/v1/search/suggest", tag = "language", params(SuggestParams), responses((status = 200, body = Suggestions), (status = "4XX", body = ErrorBody)))]
pub async fn get_suggestions(Serve(caller): Serve, Params(params): Params<SuggestParams>) -> Result<Json<Suggestions>> {
    check_text("q", &params.q, 100)?;
    let n = at_most("n", check_limit("n", params.n, 8)?, 50)?;
    let loaded = learned(&caller.shop).await?;
    Ok(Json(find::suggest(&loaded, &params.q, n)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LanguageParams {
    dim: Option<usize>,
    epochs: Option<usize>,
    /// `dictionary`, or `learned`: that of the models in service.
    segmenter: Option<String>,
    seed: Option<u64>,
}

/// A job that learns the shop's words anew.
pub(super) fn start(shop: Arc<ServedShop>, params: Value) -> Result<JobRecord> {
    let asked: LanguageParams = serde_json::from_value(params.clone()).map_err(super::input::not_json)?;
    let usual = LanguageRequest::default();
    let request = LanguageRequest {
        dim: asked.dim.unwrap_or(usual.dim),
        epochs: asked.epochs,
        segmenter: asked.segmenter.as_deref().map_or(Ok(Segmenter::default()), Segmenter::named)?,
        seed: asked.seed.unwrap_or(usual.seed),
        n_threads: 1,
        ..usual
    };
    let request = request.checked()?;
    let jobs = shop.jobs.clone();
    jobs.start("language", params, move |handle: Handle| async move {
        let on = |share: f64, message: &str| handle.report(share, message);
        let _alone = shop.maintenance.lock().await;
        let info = language::train(&shop.shop, request, &on).await?;
        // Made ready here, so that nobody who asks waits for it.
        learned(&shop).await?;
        Ok(serde_json::to_value(info)?)
    })
}
