//! Trains a recommender: aggregate, search settings on what came last but a little (unless an algorithm is named), judge
//! the winner on the last part, which the search has not seen, fit on everything, save with its figures and with what
//! else is learned, put into service.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use data::Shop;
use domain::Settings;
use recommend::evaluate::{EvaluateOptions, Report, SplitKind, evaluate};
use recommend::registry::{algorithm, registry};
use recommend::tune::{Trial, TuneError, TuneOptions, tune};
use recommend::{Algorithm, FitError, FitOptions, Interactions};

use super::hold_out::{Held, JUDGED_MAX, TEMPORAL};
use super::models::{Interval, ModelInfo, Trained, Tried};
use super::{Progress, dataset, learned, models, policy};
use crate::clock;
use crate::error::{Result, ServiceError};

/// What to train.
#[derive(Clone, Debug)]
pub struct TrainRequest {
    /// A card, or `None` to search.
    pub algorithm: Option<String>,
    /// `name=value`, for a named algorithm.
    pub set: Vec<String>,
    /// Settings tried by the search.
    pub n_trials: usize,
    pub seed: u64,
    pub n_threads: usize,
}

/// Settings tried by default.
pub const N_TRIALS: usize = 24;
/// Length of the lists by which candidates are compared.
const K: usize = 10;
/// With fewer customers to judge on, figures would be noise.
const JUDGED_MIN: usize = 20;
/// The search starts no further fit beyond so many operations: minutes on two cores.
const FLOPS_MAX: f64 = 3e12;
/// What is fitted when nothing can be judged.
const UNJUDGED: &str = "item_knn";

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
    let policy = policy::read(shop.root())?;
    let started = Instant::now();
    progress(0.0, "reading events and orders");
    let data = dataset::load(shop).await?;
    progress(0.03, "learning what lasts, fits and goes together");
    let (learned, popularity) = learned::learn(shop, &data, &policy).await?;
    let chosen = chosen.zip(settings);
    tokio::task::block_in_place(|| {
        let found = choose(&data.interactions, chosen, &request, progress)?;
        let (algorithm, settings) = &found.candidate;
        let message = format!("fitting {} on everything", algorithm.card.name);
        let on = |share: f64| progress(0.85 + 0.14 * share, &message);
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
            split: found.split,
            metrics: found.report.as_ref().map(intervals).unwrap_or_default(),
            tried: found.tried,
        };
        let product_ids = &data.product_ids;
        let trained = Trained {
            info: &info,
            product_ids,
            recommender: &*recommender,
            learned: &learned,
            popularity: &popularity,
        };
        models::save(shop.root(), &trained)?;
        progress(1.0, "in service");
        Ok(info)
    })
}

type Candidate = (&'static Algorithm, Settings);

/// What will be fitted, and how good it was found to be.
struct Found {
    candidate: Candidate,
    split: String,
    report: Option<Report>,
    tried: Vec<Tried>,
}

/// The last tenth if enough customers have a past before it and something in it, else the last thing of each customer,
/// else nothing.
fn hold_out(data: &Interactions, seed: u64) -> Result<Option<Held>> {
    for kind in [TEMPORAL, SplitKind::LeaveOneOut] {
        let held = Held::new(data, kind, seed)?;
        if held.users.len() >= JUDGED_MIN {
            return Ok(Some(held.sampled()));
        }
    }
    Ok(None)
}

fn choose(
    data: &Interactions,
    chosen: Option<Candidate>,
    request: &TrainRequest,
    progress: Progress<'_>,
) -> Result<Found> {
    let unjudged = || -> Candidate {
        let algorithm = algorithm(UNJUDGED).expect("the registry has it");
        (algorithm, algorithm.card.defaults())
    };
    let Some(held) = hold_out(data, request.seed)? else {
        let split = format!("none: fewer than {JUDGED_MIN} customers have anything to hold out");
        return Ok(Found { candidate: chosen.unwrap_or_else(unjudged), split, report: None, tried: Vec::new() });
    };
    let given = |candidate: Candidate| Searched { candidate, tried: Vec::new(), note: String::new() };
    let Searched { candidate, tried, note } = match chosen {
        Some(chosen) => given(chosen),
        None => search(&held, request, progress)?.unwrap_or_else(|| given(unjudged())),
    };
    let report = judge(&candidate, &held, request, progress)?;
    let part = held.words();
    let unseen = if tried.is_empty() { "" } else { ", none of which the search has seen" };
    let split = format!("{part}{unseen}; customers with a past: {}{note}", report.n_users);
    Ok(Found { candidate, split, report: Some(report), tried })
}

/// What a search found.
struct Searched {
    candidate: Candidate,
    tried: Vec<Tried>,
    /// Why the candidate is not the one with the highest value, if it is not.
    note: String,
}

/// The winner of a search on what comes before the part held out, and everything tried. `None` when too little is left.
fn search(held: &Held, request: &TrainRequest, progress: Progress<'_>) -> Result<Option<Searched>> {
    let seconds = Mutex::new((Instant::now(), Vec::new()));
    let on_trial = |share: f64, trial: &Trial| {
        let mut seconds = seconds.lock().expect("no holder panics");
        let spent = seconds.0.elapsed().as_secs_f64();
        seconds.1.push(spent);
        seconds.0 = Instant::now();
        let reached = trial.ndcg.map_or_else(|| "failed".to_owned(), |ndcg| format!("{ndcg:.4}"));
        let message = format!("tried {}: NDCG@{K} {reached} from {} customers", trial.card, trial.n_users);
        progress(0.05 + 0.7 * share, &message)
    };
    progress(0.05, "searching settings");
    let options = TuneOptions {
        n_trials: request.n_trials,
        flops_max: Some(FLOPS_MAX),
        k: K,
        validation: held.kind,
        n_users_max: JUDGED_MAX,
        seed: request.seed,
        n_threads: request.n_threads,
        progress: &on_trial,
        ..TuneOptions::default()
    };
    let tuning = match tune(&held.split.train, &options) {
        Ok(tuning) => tuning,
        Err(TuneError::Cancelled) => return Err(FitError::Cancelled.into()),
        Err(error @ (TuneError::Evaluate(_) | TuneError::Split(_))) => {
            tracing::info!(%error, "nothing could be searched");
            return Ok(None);
        }
        Err(error) => return Err(ServiceError::conflict("no_algorithm", error.to_string())),
    };
    let seconds = seconds.into_inner().expect("no holder panics").1;
    let tried = |(trial, seconds): (&Trial, f64)| Tried {
        card: trial.card.to_owned(),
        settings: plain(&trial.settings),
        metric: tuning.metric.clone(),
        value: trial.ndcg.unwrap_or(0.0),
        seconds,
        round: trial.round,
        n_users: trial.n_users,
        error: trial.error.clone(),
    };
    let all = tuning.trials.iter().zip(seconds).map(tried).collect();
    let note = tuning.popularity_lead.as_ref().map(|lead| {
        let (low, high) = (lead.difference.low.unwrap_or(f64::NAN), lead.difference.high.unwrap_or(f64::NAN));
        format!(
            "; in the search a list that is the same for everyone led by {:.4} [{low:.4}, {high:.4}], which may be chance, so the best personal model was kept",
            lead.difference.mean
        )
    });
    let candidate = (named(tuning.best.card)?, tuning.best.settings.clone());
    Ok(Some(Searched { candidate, tried: all, note: note.unwrap_or_default() }))
}

/// The figures of a candidate on the part held out.
fn judge(candidate: &Candidate, held: &Held, request: &TrainRequest, progress: Progress<'_>) -> Result<Report> {
    let (algorithm, settings) = candidate;
    let name = algorithm.card.name;
    let fitting = |share: f64| progress(0.76 + 0.06 * share, &format!("fitting {name} to judge it"));
    let judging = |share: f64| progress(0.82 + 0.03 * share, &format!("judging {name}"));
    let options = FitOptions { seed: request.seed, n_threads: request.n_threads, progress: &fitting };
    let model = (algorithm.fit)(&held.split.train, settings, &options)?;
    let options = EvaluateOptions {
        n_threads: request.n_threads,
        users: Some(held.users.clone()),
        progress: &judging,
        ..Default::default()
    };
    let report = evaluate(&*model, &held.split, &options);
    let report = report.map_err(|error| ServiceError::conflict("evaluate", error.to_string()))?;
    match progress(0.85, &format!("judged {name}")) {
        true => Ok(report),
        false => Err(FitError::Cancelled.into()),
    }
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
