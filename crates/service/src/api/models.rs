//! Models, evaluations and the cards of all algorithms.

use axum::Json;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::access::{Known, Manage};
use super::error::ErrorBody;
use super::input::Id;
use crate::error::Result;
use crate::flows::evaluate::Evaluation;
use crate::flows::models::{self, ModelInfo};

#[derive(Serialize, ToSchema)]
pub struct ModelView {
    #[serde(flatten)]
    info: ModelInfo,
    /// In service now.
    current: bool,
}

impl ModelView {
    pub fn new(info: ModelInfo, current: bool) -> Self {
        ModelView { info, current }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ModelList {
    items: Vec<ModelView>,
}

#[derive(Serialize, ToSchema)]
pub struct EvaluationList {
    items: Vec<Evaluation>,
}

#[derive(Serialize, ToSchema)]
pub struct CardList {
    /// Cards as the algorithms state them: name, sentence, family, params, input, source.
    items: Vec<Value>,
    /// Cards of the terms of a list's score, which `[recommend.terms]` of tercet.toml sets.
    terms: Vec<Value>,
}

/// All models of the shop, newest first.
#[utoipa::path(get, path = "/v1/models", tag = "models", responses((status = 200, body = ModelList), (status = "4XX", body = ErrorBody)))]
pub async fn list_models(Manage(caller): Manage) -> Result<Json<ModelList>> {
    let root = caller.shop.shop.root();
    let current = models::current(root);
    let view = |info: ModelInfo| ModelView { current: current.as_ref() == Some(&info.version), info };
    Ok(Json(ModelList { items: models::list(root)?.into_iter().map(view).collect() }))
}

/// Puts a model into service; no request is dropped.
#[utoipa::path(post, path = "/v1/models/{version}/activate", tag = "models", params(("version" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = ModelList), (status = "4XX", body = ErrorBody)))]
pub async fn activate_model(Manage(caller): Manage, Id(version): Id) -> Result<Json<ModelList>> {
    caller.shop.activate(&version).await?;
    list_models(Manage(caller)).await
}

/// Comparisons of algorithms, newest first.
#[utoipa::path(get, path = "/v1/evaluations", tag = "models", responses((status = 200, body = EvaluationList), (status = "4XX", body = ErrorBody)))]
pub async fn list_evaluations(Manage(caller): Manage) -> Result<Json<EvaluationList>> {
    let stored = caller.shop.store.evaluations(100)?;
    let items = stored.iter().map(|body| serde_json::from_str(body)).collect::<std::result::Result<_, _>>()?;
    Ok(Json(EvaluationList { items }))
}

/// Every algorithm with its parameters, and every term of a list's score.
#[utoipa::path(get, path = "/v1/cards", tag = "models", responses((status = 200, body = CardList), (status = "4XX", body = ErrorBody)))]
pub async fn list_cards(Known(_): Known) -> Result<Json<CardList>> {
    let algorithms = recommend::registry::registry().iter().map(|algorithm| serde_json::to_value(algorithm.card));
    let terms = recommend::rank::term_cards().iter().map(serde_json::to_value);
    Ok(Json(CardList {
        items: algorithms.collect::<std::result::Result<_, _>>()?,
        terms: terms.collect::<std::result::Result<_, _>>()?,
    }))
}
