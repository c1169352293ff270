//! Compares algorithms on one division of the shop's data, with intervals, and keeps the result for the console.

use std::collections::BTreeMap;
use std::time::Instant;

use data::Shop;
use recommend::evaluate::{EvaluateOptions, SplitKind, evaluate as measure};
use recommend::{FitOptions, Interactions};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::hold_out::{Held, TEMPORAL, split_kind};
use super::models::Interval;
use super::train::{intervals, named, plain};
use super::{Progress, dataset};
use crate::clock;
use crate::error::{Result, ServiceError};

/// What to compare.
#[derive(Clone, Debug)]
pub struct EvaluateRequest {
    /// Cards, each with its settings as `name=value`.
    pub algorithms: Vec<(String, Vec<String>)>,
    /// `temporal`, `random` or `leave-one-out`.
    pub split: String,
    pub k: Vec<usize>,
    pub seed: u64,
    pub n_threads: usize,
}

/// The stored comparison.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Evaluation {
    pub id: String,
    pub at: i64,
    pub split: String,
    pub k: Vec<usize>,
    pub seed: u64,
    pub n_users: usize,
    pub n_test: usize,
    pub data_version: String,
    pub rows: Vec<EvaluationRow>,
}

/// One algorithm's figures.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EvaluationRow {
    pub card: String,
    pub settings: BTreeMap<String, serde_json::Value>,
    pub metrics: BTreeMap<String, Interval>,
    pub fit_seconds: f64,
}

/// What `train` holds out under the same name, judged by the same customers; by everybody where time does not decide.
fn hold_out(data: &Interactions, kind: SplitKind, seed: u64) -> Result<Held> {
    let held = Held::new(data, kind, seed)?;
    if held.users.is_empty() {
        let message = format!("nobody can be judged ({}): no customer has something held out and a past", held.words());
        return Err(ServiceError::conflict("evaluate", message).help("try --split leave-one-out, or bring more data"));
    }
    Ok(if kind == TEMPORAL { held.sampled() } else { held })
}

pub async fn evaluate(shop: &Shop, request: EvaluateRequest, progress: Progress<'_>) -> Result<Evaluation> {
    if request.algorithms.is_empty() || request.algorithms.len() > 50 {
        return Err(ServiceError::usage("algorithm", "name 1 to 50 algorithms"));
    }
    if request.k.is_empty() || request.k.iter().any(|k| !(1..=1000).contains(k)) {
        return Err(ServiceError::usage("k", format!("k is {:?}; allowed: lengths from 1 to 1000", request.k)));
    }
    let kind = split_kind(&request.split)?;
    let mut chosen = Vec::new();
    for (name, set) in &request.algorithms {
        let algorithm = named(name)?;
        chosen.push((algorithm, algorithm.card.settings_from_texts(set)?));
    }
    progress(0.0, "reading events and orders");
    let data = dataset::load(shop).await?;
    tokio::task::block_in_place(|| {
        let held = hold_out(&data.interactions, kind, request.seed)?;
        let mut rows = Vec::new();
        let mut counts = (0, 0);
        for (at, (algorithm, settings)) in chosen.iter().enumerate() {
            let name = algorithm.card.name;
            let share = |part: f64| (at as f64 + part) / chosen.len() as f64;
            let fitting = |done: f64| progress(share(done * 0.6), &format!("fitting {name}"));
            let judging = |done: f64| progress(share(0.6 + done * 0.4), &format!("judging {name}"));
            let started = Instant::now();
            let options = FitOptions { seed: request.seed, n_threads: request.n_threads, progress: &fitting };
            let model = (algorithm.fit)(&held.split.train, settings, &options)?;
            let fit_seconds = started.elapsed().as_secs_f64();
            let options = EvaluateOptions {
                k: request.k.clone(),
                n_threads: request.n_threads,
                users: Some(held.users.clone()),
                progress: &judging,
                ..Default::default()
            };
            let report = measure(&*model, &held.split, &options)
                .map_err(|error| ServiceError::conflict("evaluate", error.to_string()))?;
            counts = (report.n_users, report.n_test);
            rows.push(EvaluationRow {
                card: name.to_owned(),
                settings: plain(settings),
                metrics: intervals(&report),
                fit_seconds,
            });
        }
        let at = clock::now().0;
        Ok(Evaluation {
            id: format!("eval_{}", crate::random::token(8)?),
            at,
            split: request.split.clone(),
            k: request.k.clone(),
            seed: request.seed,
            n_users: counts.0,
            n_test: counts.1,
            data_version: data.data_version.clone(),
            rows,
        })
    })
}
