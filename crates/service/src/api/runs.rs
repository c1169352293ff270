//! `/v1/jobs`: long work, started, watched and cancelled.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::access::Manage;
use super::error::ErrorBody;
use super::input::{Body, Id};
use crate::error::{Result, ServiceError, clipped};
use crate::flows::evaluate::{EvaluateRequest, evaluate};
use crate::flows::hold_out::split_kind;
use crate::flows::segment::{self, By, SegmentRequest};
use crate::flows::train::{N_TRIALS, TrainRequest, named, train};
use crate::jobs::Handle;
use crate::serving::ServedShop;
use crate::store::JobRecord;

/// What to do.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobBody {
    /// `train`, `evaluate` or `segment`.
    #[schema(pattern = "^(train|evaluate|segment)$")]
    kind: String,
    /// For `train`: algorithm?, settings?, trials?, seed?. For `evaluate`: algorithms, split?, k?, seed?. For `segment`: by?, n_clusters?, algorithm?, settings?, seed?.
    #[schema(value_type = Option<Object>)]
    params: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrainParams {
    algorithm: Option<String>,
    #[serde(default)]
    settings: BTreeMap<String, Value>,
    /// Settings the search tries when no algorithm is named.
    trials: Option<usize>,
    seed: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SegmentParams {
    /// behaviour or taste.
    by: Option<String>,
    n_clusters: Option<usize>,
    algorithm: Option<String>,
    #[serde(default)]
    settings: BTreeMap<String, Value>,
    seed: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EvaluateParams {
    algorithms: Vec<Candidate>,
    split: Option<String>,
    k: Option<Vec<usize>>,
    seed: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Candidate {
    Name(String),
    Card {
        card: String,
        #[serde(default)]
        settings: BTreeMap<String, Value>,
    },
}

#[derive(Serialize, ToSchema)]
pub struct JobList {
    items: Vec<JobRecord>,
}

/// Jobs, newest first.
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", responses((status = 200, body = JobList), (status = "4XX", body = ErrorBody)))]
pub async fn list_jobs(Manage(caller): Manage) -> Result<Json<JobList>> {
    Ok(Json(JobList { items: caller.shop.jobs.list(200)? }))
}

/// One job.
#[utoipa::path(get, path = "/v1/jobs/{id}", tag = "jobs", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = JobRecord), (status = "4XX", body = ErrorBody)))]
pub async fn get_job(Manage(caller): Manage, Id(id): Id) -> Result<Json<JobRecord>> {
    Ok(Json(caller.shop.jobs.get(&id)?))
}

/// Asks a job to stop.
#[utoipa::path(delete, path = "/v1/jobs/{id}", tag = "jobs", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 202, body = JobRecord), (status = "4XX", body = ErrorBody)))]
pub async fn cancel_job(Manage(caller): Manage, Id(id): Id) -> Result<(StatusCode, Json<JobRecord>)> {
    Ok((StatusCode::ACCEPTED, Json(caller.shop.jobs.cancel(&id)?)))
}

/// Starts a job; the same job already under way is answered instead of started twice.
#[utoipa::path(post, path = "/v1/jobs", tag = "jobs", request_body = JobBody,
    responses((status = 202, body = JobRecord), (status = "4XX", body = ErrorBody)))]
pub async fn start_job(Manage(caller): Manage, Body(body): Body<JobBody>) -> Result<(StatusCode, Json<JobRecord>)> {
    let params = body.params.filter(|params| !params.is_null()).unwrap_or_else(|| serde_json::json!({}));
    let job = match body.kind.as_str() {
        "train" => start_train(caller.shop, params)?,
        "evaluate" => start_evaluate(caller.shop, params)?,
        "segment" => start_segment(caller.shop, params)?,
        other => {
            let message = format!("kind is '{}'; allowed: train, evaluate, segment", clipped(other));
            return Err(ServiceError::usage("kind", message));
        }
    };
    Ok((StatusCode::ACCEPTED, Json(job)))
}

fn assignments(settings: &BTreeMap<String, Value>) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    settings.iter().map(|(name, value)| format!("{name}={}", text(value))).collect()
}

fn start_train(shop: Arc<ServedShop>, params: Value) -> Result<JobRecord> {
    let asked: TrainParams = serde_json::from_value(params.clone()).map_err(super::input::not_json)?;
    let set = assignments(&asked.settings);
    match &asked.algorithm {
        Some(name) => drop(named(name)?.card.settings_from_texts(&set)?),
        None if !set.is_empty() => return Err(ServiceError::usage("settings", "settings need an algorithm")),
        None => {}
    }
    let n_trials = asked.trials.unwrap_or(N_TRIALS);
    if !(1..=1000).contains(&n_trials) {
        return Err(ServiceError::usage("trials", format!("trials is {n_trials}; allowed: 1 to 1000")));
    }
    let seed = asked.seed.unwrap_or(1);
    let request = TrainRequest { algorithm: asked.algorithm, set, n_trials, seed, n_threads: 1 };
    let jobs = shop.jobs.clone();
    jobs.start("train", params, move |handle: Handle| async move {
        handle.report(0.0, "moving new events into the tables");
        shop.flush().await?;
        let info = train(&shop.shop, request, &|share, message| handle.report(share, message)).await?;
        shop.reload().await?;
        Ok(serde_json::to_value(info)?)
    })
}

fn start_segment(shop: Arc<ServedShop>, params: Value) -> Result<JobRecord> {
    let asked: SegmentParams = serde_json::from_value(params.clone()).map_err(super::input::not_json)?;
    let SegmentParams { by, n_clusters, algorithm, settings, seed } = asked;
    let by = by.as_deref().map_or(Ok(By::default()), By::named)?;
    let request = SegmentRequest {
        by,
        n_clusters,
        algorithm,
        set: assignments(&settings),
        seed: seed.unwrap_or(1),
        n_threads: 1,
    };
    let request = request.checked()?;
    let jobs = shop.jobs.clone();
    jobs.start("segment", params, move |handle: Handle| async move {
        handle.report(0.0, "moving new events into the tables");
        shop.flush().await?;
        let _alone = shop.maintenance.lock().await;
        let on = |share: f64, message: &str| handle.report(share, message);
        let made = segment::train(&shop.shop, request, &on).await?;
        let groups: Vec<Value> = made
            .groups
            .iter()
            .map(|group| serde_json::json!({"key": group.key, "name": group.name, "n_customers": group.n_customers}))
            .collect();
        Ok(serde_json::json!({"version": made.version, "stability": made.stability, "groups": groups}))
    })
}

fn start_evaluate(shop: Arc<ServedShop>, params: Value) -> Result<JobRecord> {
    let asked: EvaluateParams = serde_json::from_value(params.clone()).map_err(super::input::not_json)?;
    let mut algorithms = Vec::new();
    for candidate in asked.algorithms {
        let (card, set) = match candidate {
            Candidate::Name(name) => (name, Vec::new()),
            Candidate::Card { card, settings } => (card, assignments(&settings)),
        };
        named(&card)?.card.settings_from_texts(&set)?;
        algorithms.push((card, set));
    }
    let split = asked.split.unwrap_or_else(|| "temporal".to_owned());
    split_kind(&split)?;
    let k = asked.k.unwrap_or_else(|| vec![10, 20]);
    let request = EvaluateRequest { algorithms, split, k, seed: asked.seed.unwrap_or(1), n_threads: 1 };
    let jobs = shop.jobs.clone();
    jobs.start("evaluate", params, move |handle: Handle| async move {
        shop.flush().await?;
        let found = evaluate(&shop.shop, request, &|share, message| handle.report(share, message)).await?;
        shop.store.put_evaluation(&found.id, found.at, &found)?;
        Ok(serde_json::to_value(found)?)
    })
}
