//! `/v1/experiments`: experiments that run, which arm a customer gets, and what it brought.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::{Ingest, Known, Manage, Serve};
use super::error::ErrorBody;
use super::input::{Id, SmallBody, check_id, check_name, check_text};
use crate::error::{Result, ServiceError};
use crate::experiments::{Decided, Experiment, Standing, Wanted};

/// What may be said of one customer.
const ATTRIBUTES_MAX: usize = 50;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideBody {
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    customer_id: String,
    /// What is known of the customer, by name; what the experiment does not ask for is not kept.
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeBody {
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    customer_id: String,
    /// 1 for yes. Of several the largest counts.
    #[schema(minimum = 0, maximum = 1)]
    reward: f64,
}

#[derive(Serialize, ToSchema)]
pub struct ExperimentList {
    items: Vec<Experiment>,
}

/// All experiments, the last to begin first.
#[utoipa::path(get, path = "/v1/experiments", tag = "experiments", responses((status = 200, body = ExperimentList), (status = "4XX", body = ErrorBody)))]
pub async fn list_experiments(Known(caller): Known) -> Result<Json<ExperimentList>> {
    Ok(Json(ExperimentList { items: caller.shop.experiments.rules() }))
}

/// Begins an experiment.
#[utoipa::path(post, path = "/v1/experiments", tag = "experiments", request_body = Wanted,
    responses((status = 201, body = Experiment), (status = "4XX", body = ErrorBody)))]
pub async fn start_experiment(
    Manage(caller): Manage,
    SmallBody(wanted): SmallBody<Wanted>,
) -> Result<(StatusCode, Json<Experiment>)> {
    Ok((StatusCode::CREATED, Json(caller.shop.start_experiment(wanted).await?)))
}

/// How an experiment stands: what each arm brought, and how likely it is the best.
#[utoipa::path(get, path = "/v1/experiments/{id}", tag = "experiments", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = Standing), (status = "4XX", body = ErrorBody)))]
pub async fn get_experiment(Known(caller): Known, Id(id): Id) -> Result<Json<Standing>> {
    Ok(Json(caller.shop.standing(&id).await?))
}

/// The arm of a customer, the same at every call. The answer comes when it is on disk.
#[utoipa::path(post, path = "/v1/experiments/{id}/decide", tag = "experiments", request_body = DecideBody, params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = Decided), (status = "4XX", body = ErrorBody)))]
pub async fn decide_arm(
    Serve(caller): Serve,
    Id(id): Id,
    SmallBody(body): SmallBody<DecideBody>,
) -> Result<Json<Decided>> {
    check_id("customer_id", &body.customer_id)?;
    if body.attributes.len() > ATTRIBUTES_MAX {
        let message = format!("there are {} attributes; allowed: at most {ATTRIBUTES_MAX}", body.attributes.len());
        return Err(ServiceError::usage("attributes", message));
    }
    for (name, value) in &body.attributes {
        check_name("an attribute's name", name, 80)?;
        check_text(&format!("attribute {name}"), value, 1000)?;
    }
    Ok(Json(caller.shop.decide(&id, &body.customer_id, &body.attributes).await?))
}

/// Tells what a customer's arm brought; 204 means on disk.
#[utoipa::path(post, path = "/v1/experiments/{id}/outcome", tag = "experiments", request_body = OutcomeBody, params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn tell_outcome(
    Ingest(caller): Ingest,
    Id(id): Id,
    SmallBody(body): SmallBody<OutcomeBody>,
) -> Result<StatusCode> {
    check_id("customer_id", &body.customer_id)?;
    caller.shop.outcome(&id, &body.customer_id, body.reward).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends an experiment: who took part becomes exposures of the campaign with its id.
#[utoipa::path(post, path = "/v1/experiments/{id}/stop", tag = "experiments", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = Experiment), (status = "4XX", body = ErrorBody)))]
pub async fn stop_experiment(Manage(caller): Manage, Id(id): Id) -> Result<Json<Experiment>> {
    Ok(Json(caller.shop.stop_experiment(&id).await?))
}

/// Forgets an ended experiment; its exposures stay.
#[utoipa::path(delete, path = "/v1/experiments/{id}", tag = "experiments", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn forget_experiment(Manage(caller): Manage, Id(id): Id) -> Result<StatusCode> {
    caller.shop.forget_experiment(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}
