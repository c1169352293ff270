//! Trains a recommender: aggregate, choose (by a search judged on what came last, unless an algorithm is named), fit on
//! everything, save with its figures, put into service.

use std::collections::BTreeMap;
use std::time::Instant;

use data::Shop;
use domain::Settings;
use recommend::evaluate::{EvaluateOptions, Report, Split, SplitKind, evaluate};
use recommend::registry::{algorithm, registry};
use recommend::{Algorithm, FitOptions};

use super::models::{Interval, ModelInfo, Tried};
use super::{Progress, dataset, models};
use crate::clock;
use crate::error::{Result, ServiceError};

/// What to train.
#[derive(Clone, Debug)]
pub struct TrainRequest {
    /// A card, or `None` to search.
    pub algorithm: Option<String>,
    /// `name=value`, for a named algorithm.
    pub set: Vec<String>,
    pub seed: u64,
    pub n_threads: usize,
}

/// The measure by which candidates are compared.
const MEASURE: &str = "ndcg@10";
/// Users judged while searching; more change the choice little and cost much.
const JUDGED_MAX: usize = 5_000;
/// Dense item-item matrices beyond this are left out of the search.
const DENSE_ITEMS_MAX: usize = 8_000;

/// The algorithm called `name`, or an error that lists them.
pub fn named(name: &str) -> Result<&'static Algorithm> {
    algorithm(name).ok_or_else(|| {
        let allowed: Vec<_> = registry().iter().map(|algorithm| algorithm.card.name).collect();
        let message =
            format!("there is no algorithm '{}'; allowed: {}", crate::error::clipped(name), allowed.join(", "));
        ServiceError::usage("algorithm", message).help("tercet lab list describes each")
    })
}

/// Trains and puts the model into service.
pub async fn train(shop: &Shop, request: TrainRequest, progress: Progress<'_>) -> Result<ModelInfo> {
    let chosen = request.algorithm.as_deref().map(named).transpose()?;
    if chosen.is_none() && !request.set.is_empty() {
        return Err(ServiceError::usage("set", "--set needs --algorithm: settings belong to one card"));
    }
    let settings = chosen.map(|chosen| chosen.card.settings_from_texts(&request.set)).transpose()?;
    progress(0.0, "reading events and orders");
    let data = dataset::load(shop).await?;
    tokio::task::block_in_place(|| train_on(shop, &data, &request, chosen.zip(settings), progress))
}

fn train_on(
    shop: &Shop,
    data: &dataset::Dataset,
    request: &TrainRequest,
    chosen: Option<(&'static Algorithm, Settings)>,
    progress: Progress<'_>,
) -> Result<ModelInfo> {
    let started = Instant::now();
    let kind = SplitKind::TemporalShare { test_share: 0.1 };
    let split = Split::new(&data.interactions, kind, request.seed).map_err(wrong_split)?;
    let candidates = match chosen {
        Some(chosen) => vec![chosen],
        None => candidates(data.product_ids.len()),
    };
    let judged = judge(&candidates, &split, request, progress)?;
    let best = judged.iter().max_by(|a, b| a.value.total_cmp(&b.value));
    let best =
        best.ok_or_else(|| ServiceError::conflict("no_algorithm", "no algorithm could be fitted to this data"))?;
    let (algorithm, settings) = &candidates[best.at];
    progress(0.8, &format!("fitting {} on everything", algorithm.card.name));
    let on = |share: f64| progress(0.8 + 0.18 * share, &format!("fitting {} on everything", algorithm.card.name));
    let options = FitOptions { seed: request.seed, n_threads: request.n_threads, progress: &on };
    let recommender = (algorithm.fit)(&data.interactions, settings, &options)?;
    let now = clock::now().0;
    let info = ModelInfo {
        version: models::new_version(shop.root(), now),
        card: algorithm.card.name.to_owned(),
        settings: plain(settings),
        seed: request.seed,
        trained_at: now,
        seconds: started.elapsed().as_secs_f64(),
        n_users: data.interactions.n_users(),
        n_items: data.interactions.n_items(),
        n_interactions: data.interactions.matrix.n_stored(),
        data_version: data.data_version.clone(),
        split: match best.report {
            Some(_) => "temporal, last 10 % of the entries".to_owned(),
            None => "none: nothing was left to judge on".to_owned(),
        },
        metrics: best.report.as_ref().map(intervals).unwrap_or_default(),
        tried: judged.iter().map(|judged| judged.tried(&candidates)).collect(),
    };
    models::save(shop.root(), &info, &data.product_ids, &*recommender)?;
    progress(1.0, "in service");
    Ok(info)
}

/// What the search tries: every algorithm at its defaults that suits the size.
fn candidates(n_items: usize) -> Vec<(&'static Algorithm, Settings)> {
    let suits = |algorithm: &&&'static Algorithm| {
        let dense = matches!(algorithm.card.name, "ease" | "slim");
        let ratings = algorithm.card.name == "svd";
        let hybrid = algorithm.card.family == "hybrid";
        !(ratings || hybrid || dense && n_items > DENSE_ITEMS_MAX)
    };
    registry().iter().filter(suits).map(|algorithm| (*algorithm, algorithm.card.defaults())).collect()
}

struct Judged {
    /// Which candidate.
    at: usize,
    value: f64,
    seconds: f64,
    report: Option<Report>,
}

impl Judged {
    fn tried(&self, candidates: &[(&'static Algorithm, Settings)]) -> Tried {
        let (algorithm, settings) = &candidates[self.at];
        Tried {
            card: algorithm.card.name.to_owned(),
            settings: plain(settings),
            metric: MEASURE.to_owned(),
            value: self.value,
            seconds: self.seconds,
        }
    }
}

fn judge(
    candidates: &[(&'static Algorithm, Settings)],
    split: &Split,
    request: &TrainRequest,
    progress: Progress<'_>,
) -> Result<Vec<Judged>> {
    let mut users = split.test_users();
    let stride = users.len().div_ceil(JUDGED_MAX).max(1);
    users = users.into_iter().step_by(stride).collect();
    let mut judged = Vec::new();
    for (at, (algorithm, settings)) in candidates.iter().enumerate() {
        let name = algorithm.card.name;
        let base = 0.05 + 0.75 * at as f64 / candidates.len() as f64;
        let step = 0.75 / candidates.len() as f64;
        let fitting = |share: f64| progress(base + step * 0.7 * share, &format!("trying {name}"));
        let judging = |share: f64| progress(base + step * (0.7 + 0.3 * share), &format!("judging {name}"));
        let options = FitOptions { seed: request.seed, n_threads: request.n_threads, progress: &fitting };
        let started = Instant::now();
        let model = match (algorithm.fit)(&split.train, settings, &options) {
            Ok(model) => model,
            Err(recommend::FitError::Cancelled) => return Err(recommend::FitError::Cancelled.into()),
            // In a search, what does not fit this data is left out; a named algorithm must fit.
            Err(error) if candidates.len() > 1 => {
                tracing::info!(card = name, %error, "left out of the search");
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let seconds = started.elapsed().as_secs_f64();
        let options = EvaluateOptions {
            n_threads: request.n_threads,
            users: Some(users.clone()),
            progress: &judging,
            ..Default::default()
        };
        let report = if users.is_empty() { None } else { evaluate(&*model, split, &options).ok() };
        let value = report.as_ref().and_then(|report| report.metrics.get(MEASURE)).map_or(0.0, |found| found.mean);
        judged.push(Judged { at, value, seconds, report });
        if !progress(base + step, &format!("tried {name}")) {
            return Err(recommend::FitError::Cancelled.into());
        }
    }
    Ok(judged)
}

/// Settings as JSON.
pub fn plain(settings: &Settings) -> BTreeMap<String, serde_json::Value> {
    settings.iter().map(|(name, value)| (name.to_owned(), serde_json::json!(value))).collect()
}

/// The intervals of a report.
pub fn intervals(report: &Report) -> BTreeMap<String, Interval> {
    let of = |found: &recommend::evaluate::Estimate| Interval {
        mean: found.mean,
        low: found.low.unwrap_or(found.mean),
        high: found.high.unwrap_or(found.mean),
    };
    report.metrics.iter().map(|(name, found)| (name.clone(), of(found))).collect()
}

pub fn wrong_split(error: recommend::evaluate::SplitError) -> ServiceError {
    ServiceError::usage("split", error.to_string())
}
