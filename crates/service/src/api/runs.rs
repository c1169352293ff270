//! `/v1/jobs`: long work, started, watched and cancelled.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::access::Manage;
use super::error::ErrorBody;
use super::input::{Body, Id};
use crate::error::{Result, ServiceError, clipped};
use crate::flows::assist::{self, AssistRequest};
use crate::flows::audience::{self, condition::Condition};
use crate::flows::evaluate::{EvaluateRequest, evaluate};
use crate::flows::hold_out::split_kind;
use crate::flows::plan::customers::{self, Lifetimes};
use crate::flows::plan::{crowd, launch};
use crate::flows::segment::{self, By, SegmentRequest};
use crate::flows::train::{N_TRIALS, TrainRequest, named, train};
use crate::jobs::Handle;
use crate::schedule::KINDS;
use crate::serving::{CSV_HEADER, ServedShop, write_csv};
use crate::store::JobRecord;

/// What to do.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobBody {
    /// `train`, `evaluate`, `segment`, `language`, `assist`, `content` (drafts for a category), `writer` (learns to word copies), `seq2seq`, `strategy` (what customers are worth, what they may replace, how near they are), `predict`
    /// (everybody's first ten, for conditions to ask), `recommend` (an audience's lists as a file), `decide` (what to do today), `report` (the
    /// weekly report, sent once for each week) or `alerts` (what is out of order).
    #[schema(
        pattern = "^(train|evaluate|segment|language|assist|content|writer|seq2seq|strategy|predict|recommend|decide|report|alerts)$"
    )]
    kind: String,
    /// For `train`: algorithm?, settings?, trials?, seed?. For `evaluate`: algorithms, split?, k?, seed?. For `segment`: by?, n_clusters?, algorithm?, settings?, seed?.
    /// For `language`: dim?, epochs?, seed?. For `assist`: seed?. For `content`: channel, goal, category?, language?, tone?, length?, n_variants?, seed?, segment?, offer?, writer?. For `writer`: language?, settings?, plans?, seed?. For `seq2seq`: name, and pairs, settings?, seed?, restart?, or resume. For `strategy` and `predict`: nothing. For `recommend`: audience, n?, and channel or all. For `decide`: day?. For `report`: lang?, formats?, to?, day?. For `alerts`: nothing.
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
struct NoParams {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssistParams {
    seed: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecommendParams {
    /// Its id.
    audience: String,
    /// Products for each.
    n: Option<usize>,
    /// Only those who agreed to be addressed on this channel.
    channel: Option<String>,
    /// All, whatever they agreed to.
    all: Option<bool>,
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
    let job = start_kind(caller.shop, &body.kind, params, caller.name).await?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Starts a job of one of [`KINDS`], in the name of `by`.
///
/// # Errors
/// If the kind is another, the parameters cannot be read, or the queue is full.
pub async fn start_kind(shop: Arc<ServedShop>, kind: &str, params: Value, by: Option<String>) -> Result<JobRecord> {
    match kind {
        "train" => start_train(shop, params),
        "evaluate" => start_evaluate(shop, params),
        "segment" => start_segment(shop, params),
        "language" => super::language::start(shop, params),
        "assist" => start_assist(shop, params),
        "content" => super::content::start(shop, params, by).await,
        "writer" => super::content::start_writer(shop, params),
        "seq2seq" => super::seq2seq::start(shop, params),
        "strategy" => start_strategy(&shop, params),
        "predict" => start_predict(&shop, params),
        "recommend" => start_recommend(shop, params),
        "decide" => super::decisions::start(&shop, params),
        "report" => super::reports::start(&shop, params),
        "alerts" => super::reports::start_alerts(&shop, params),
        other => {
            let message = format!("kind is '{}'; allowed: {}", clipped(other), KINDS.join(", "));
            Err(ServiceError::usage("kind", message))
        }
    }
}

/// The file that a job of kind `recommend` made: who is recommended what, as CSV.
#[utoipa::path(get, path = "/v1/jobs/{id}/file", tag = "jobs", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = String, content_type = "text/csv"), (status = "4XX", body = ErrorBody)))]
pub async fn get_job_file(Manage(caller): Manage, Id(id): Id) -> Result<Response> {
    let job = caller.shop.jobs.get(&id)?;
    let path = match job.kind == "recommend" && job.state == "done" {
        true => caller.shop.shop.export(&file_name(&job.id))?,
        false => None,
    };
    let path = path.ok_or_else(|| {
        ServiceError::not_found("file of the job", &id).help(
            "files are kept for twenty jobs of kind recommend, and until a customer in them is erased; start it again",
        )
    })?;
    super::download::csv_file(path, "recommendations.csv").await
}

fn file_name(job: &str) -> String {
    format!("{job}.csv")
}

pub(super) fn assignments(settings: &BTreeMap<String, Value>) -> Vec<String> {
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
        slice_max: segment::slices::CUSTOMERS_MAX,
    };
    let request = request.checked()?;
    let jobs = shop.jobs.clone();
    jobs.start("segment", params, move |handle: Handle| async move {
        handle.report(0.0, "moving new events into the tables");
        shop.flush().await?;
        let _alone = shop.maintenance.lock().await;
        let on = |share: f64, message: &str| handle.report(share, message);
        let made = segment::train(&shop.shop, request, &on).await?;
        // What they ask for may mean other customers now.
        audience::refresh_where(shop.home(), |asked| !asked.values_of("segment").is_empty()).await?;
        let groups: Vec<Value> = made
            .groups
            .iter()
            .map(|group| serde_json::json!({"key": group.key, "name": group.name, "n_customers": group.n_customers}))
            .collect();
        Ok(serde_json::json!({"version": made.version, "stability": made.stability, "groups": groups}))
    })
}

/// Learns customer service anew.
fn start_assist(shop: Arc<ServedShop>, params: Value) -> Result<JobRecord> {
    let AssistParams { seed } = serde_json::from_value(params.clone()).map_err(super::input::not_json)?;
    let request = AssistRequest { seed: seed.unwrap_or(1), n_threads: 1 };
    let jobs = shop.jobs.clone();
    jobs.start("assist", params, move |handle: Handle| async move {
        let info = assist::train(&shop.shop, request, &|share, message| handle.report(share, message)).await?;
        // Made ready here, so that nobody who talks waits for it.
        shop.made_assistant().await?;
        Ok(serde_json::to_value(info)?)
    })
}

/// Works out what everybody is worth, may replace and how near they are, and refreshes the audiences that ask for it.
fn start_strategy(shop: &Arc<ServedShop>, params: Value) -> Result<JobRecord> {
    let NoParams {} = serde_json::from_value(params.clone()).map_err(super::input::not_json)?;
    let (jobs, shop) = (shop.jobs.clone(), shop.clone());
    jobs.start("strategy", params, move |handle: Handle| async move {
        let _alone = shop.maintenance.lock().await;
        let made = customers::train(&shop.shop, &|share, message| handle.report(share * 0.5, message)).await?;
        let part = |share: f64, message: &str| handle.report(0.5 + share * 0.25, message);
        let generations = launch::train(&shop.shop, &part).await?;
        crowd::train(&shop.shop, &|share, message| handle.report(0.75 + share * 0.2, message)).await?;
        handle.report(0.95, "refreshing audiences");
        audience::refresh_where(shop.home(), Condition::asks_lifetimes).await?;
        let Lifetimes { version, process, n_customers, n_alive, value_cents, backing, .. } = made;
        Ok(serde_json::json!({"version": version, "process": process, "n_customers": n_customers, "n_alive": n_alive,
            "value_cents": value_cents, "verdict": backing.verdict, "n_lines": generations.n_lines,
            "verdict_of_generations": generations.backing.verdict}))
    })
}

/// Works out what everybody would be recommended, and refreshes the audiences that ask for it.
pub fn start_predict(shop: &Arc<ServedShop>, params: Value) -> Result<JobRecord> {
    let NoParams {} = serde_json::from_value(params.clone()).map_err(super::input::not_json)?;
    let (jobs, shop) = (shop.jobs.clone(), shop.clone());
    jobs.start("predict", params, move |handle: Handle| async move {
        let report = shop.keep_everyone(&|share, message| handle.report(share * 0.9, message)).await?;
        handle.report(0.9, "refreshing audiences");
        let _alone = shop.maintenance.lock().await;
        let n = audience::refresh_where(shop.home(), Condition::asks_recommendations).await?;
        let (n_customers, n_places) = (report.n_customers, report.n_places);
        Ok(serde_json::json!({"n_customers": n_customers, "n_places": n_places, "n_audiences": n}))
    })
}

fn start_recommend(shop: Arc<ServedShop>, params: Value) -> Result<JobRecord> {
    let asked: RecommendParams = serde_json::from_value(params.clone()).map_err(super::input::not_json)?;
    let RecommendParams { audience, n, channel, all } = asked;
    let audience = audience::get(&shop.store, &audience)?;
    let n = super::input::check_limit("n", n, 10)?;
    let channel = super::audiences::checked_channel(channel, all)?;
    let jobs = shop.jobs.clone();
    jobs.start("recommend", params, move |handle: Handle| async move {
        let only = audience::members_of(&shop.shop, &audience.id, channel.as_deref()).await?;
        let (_, file) = shop.shop.create_export(&file_name(handle.id()))?;
        let mut file = std::io::BufWriter::new(file);
        writeln!(file, "{CSV_HEADER}")?;
        let on = |share: f64, message: &str| handle.report(share, message);
        let report = shop.recommend_everyone(n, Some(&only), &on, |list| Ok(write_csv(&mut file, list)?)).await?;
        file.flush()?;
        let (n_customers, n_places) = (report.n_customers, report.n_places);
        Ok(serde_json::json!({"audience": audience.id, "n_customers": n_customers, "n_places": n_places}))
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
