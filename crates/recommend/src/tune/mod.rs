//! Which algorithm with which settings? A seeded search: each card's defaults and random draws from its space are tried
//! on a sample of users, the better third is tried again on more (successive halving, Jamieson and Talwalkar 2016), the
//! last on everything; a few draws near the best follow, and the winners of different families are blended. Judged by NDCG on a validation split carved
//! from the training data; the test data of an evaluation are never seen here.
//!
//! No clock is read: a budget is a number of trials and, if given, of estimated operations.

mod space;

use std::collections::BTreeMap;

use domain::Settings;
use math::Random;
use serde::Serialize;

pub use space::{Dimension, Range, Size, cost_flops, space};

use crate::evaluate::{Bootstrap, EvaluateError, EvaluateOptions, Split, SplitError, SplitKind, evaluate, select};
use crate::{Algorithm, FitError, FitOptions, Interactions, Recommender, algorithm};

/// How to search.
pub struct TuneOptions<'a> {
    /// Cards to try; empty for [`auto_cards`].
    pub cards: Vec<String>,
    /// Settings tried in the first round, over all cards.
    pub n_trials: usize,
    /// No further trial starts once the estimated operations of all fits exceed this.
    pub flops_max: Option<f64>,
    /// Judged by NDCG at this length.
    pub k: usize,
    pub validation: SplitKind,
    /// Users judged, at most; drawn with the seed.
    pub n_users_max: usize,
    /// Below this many users every round uses all of them.
    pub n_users_first: usize,
    pub seed: u64,
    pub n_threads: usize,
    /// Called after each trial with the share done; `false` cancels.
    pub progress: &'a (dyn Fn(f64, &Trial) -> bool + Sync),
}

impl Default for TuneOptions<'_> {
    fn default() -> Self {
        TuneOptions {
            cards: Vec::new(),
            n_trials: 24,
            flops_max: None,
            k: 20,
            validation: SplitKind::Random { test_share: 0.2 },
            n_users_max: 5000,
            n_users_first: 3000,
            seed: 1,
            n_threads: 2,
            progress: &|_, _| true,
        }
    }
}

/// One fit and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trial {
    pub card: &'static str,
    pub settings: Settings,
    /// 0 is the first round, on the fewest users.
    pub round: usize,
    /// Users the fit learned from.
    pub n_users: usize,
    /// NDCG on the validation split; `None` when the fit failed.
    pub ndcg: Option<f64>,
    pub flops: f64,
    pub error: Option<String>,
}

/// Everything tried, and the winner.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tuning {
    pub metric: String,
    pub trials: Vec<Trial>,
    /// The trial of the last round with the highest NDCG.
    pub best: Trial,
}

/// Why there is no winner.
#[derive(Debug, thiserror::Error)]
pub enum TuneError {
    #[error("there is no algorithm '{found}'; algorithms: {allowed}")]
    UnknownCard { found: String, allowed: String },
    #[error(transparent)]
    Split(#[from] SplitError),
    #[error("nothing can be validated: {0}")]
    Evaluate(#[from] EvaluateError),
    #[error("every trial failed; the last said: {0}")]
    AllFailed(String),
    #[error("cancelled")]
    Cancelled,
}

/// EASE inverts an items × items matrix: beyond this it is not tried unasked.
const EASE_ITEMS_MAX: usize = 15_000;
/// How often settings near the best are drawn, and what share of the trials each time.
const N_REFINEMENTS: usize = 2;
const REFINED_SHARE: usize = 6;
/// Of each round the best third goes on.
const KEPT_SHARE: usize = 3;

/// The cards tried by default for this many items, as far as the registry has them.
pub fn auto_cards(n_items: usize) -> Vec<&'static str> {
    let wanted = ["popularity", "item_knn", "ease", "rp3beta", "ials"];
    let affordable = |card: &&str| *card != "ease" || n_items <= EASE_ITEMS_MAX;
    wanted.into_iter().filter(affordable).filter(|card| algorithm(card).is_some()).collect()
}

/// Searches on `data`, which is training data; the winner is yet to be fitted on all of it ([`Trial::fit`]).
pub fn tune(data: &Interactions, options: &TuneOptions) -> Result<Tuning, TuneError> {
    let algorithms = algorithms(data, options)?;
    let split = Split::new(data, options.validation, options.seed)?;
    if split.test_users().is_empty() {
        return Err(EvaluateError::NoTestUser.into());
    }
    let mut search =
        Search { options, judges: judges(&split, options), split, trials: Vec::new(), flops: 0.0, done: 0 };
    let mut candidates = first_candidates(&algorithms, options);
    let shares = search.shares();
    for (round, &share) in shares.iter().enumerate() {
        let last = round + 1 == shares.len();
        let ranked = search.round(&candidates, round, share, last)?;
        candidates = if last { ranked } else { keep(ranked) };
    }
    let mut random = Random::new(options.seed ^ 0x6e65_6172);
    for _ in 0..N_REFINEMENTS {
        let near = candidates_near(&candidates, options.n_trials / REFINED_SHARE, &mut random);
        let ranked = search.round(&near, shares.len() - 1, 1.0, true)?;
        candidates = search.ranking(ranked.into_iter().chain(candidates));
    }
    let wants_hybrid = options.cards.is_empty() || options.cards.iter().any(|card| card == "hybrid");
    if wants_hybrid && let Some(hybrid) = hybrid_of(&candidates) {
        search.round(&[hybrid], shares.len() - 1, 1.0, true)?;
    }
    search.finish(shares.len() - 1)
}

impl Trial {
    /// Fits the winner on all data.
    pub fn fit(&self, data: &Interactions, options: &FitOptions) -> Result<Box<dyn Recommender>, FitError> {
        let algorithm = algorithm(self.card).expect("a trial's card is in the registry");
        (algorithm.fit)(data, &self.settings, options)
    }
}

type Candidate = (&'static Algorithm, Settings);

fn algorithms(data: &Interactions, options: &TuneOptions) -> Result<Vec<&'static Algorithm>, TuneError> {
    let auto = auto_cards(data.n_items());
    let names: Vec<&str> = match options.cards.is_empty() {
        true => auto,
        false => options.cards.iter().map(String::as_str).filter(|name| *name != "hybrid").collect(),
    };
    let names = if names.is_empty() { auto_cards(data.n_items()) } else { names };
    let find = |name: &str| {
        let known = || crate::registry().iter().map(|algorithm| algorithm.card.name).collect::<Vec<_>>().join(", ");
        algorithm(name).ok_or_else(|| TuneError::UnknownCard { found: name.to_owned(), allowed: known() })
    };
    names.into_iter().map(find).collect()
}

/// Each card's defaults, then draws by turns until the budget is used.
fn first_candidates(algorithms: &[&'static Algorithm], options: &TuneOptions) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = algorithms.iter().map(|found| (*found, found.card.defaults())).collect();
    let spacious: Vec<&&Algorithm> = algorithms.iter().filter(|found| !space(found.card.name).is_empty()).collect();
    let mut random = Random::new(options.seed);
    let n_refined = N_REFINEMENTS * (options.n_trials / REFINED_SHARE);
    for at in 0..options.n_trials.saturating_sub(candidates.len() + n_refined) {
        let Some(found) = spacious.get(at % spacious.len().max(1)) else { break };
        let draws = space(found.card.name).iter().filter(|dimension| found.card.param(dimension.param).is_some());
        let draws: Vec<(&str, String)> =
            draws.map(|dimension| (dimension.param, dimension.range.draw(&mut random))).collect();
        let settings = found.card.settings(draws.iter().map(|(name, value)| (*name, value.as_str())));
        candidates.extend(settings.ok().map(|settings| (**found, settings)));
    }
    candidates
}

/// Settings near those of the best candidates, by turns over the best of each card that has a space.
fn candidates_near(ranked: &[Candidate], n: usize, random: &mut Random) -> Vec<Candidate> {
    let mut best: Vec<&Candidate> = Vec::new();
    for candidate in ranked.iter().filter(|(algorithm, _)| !space(algorithm.card.name).is_empty()) {
        if best.iter().all(|(algorithm, _)| algorithm.card.name != candidate.0.card.name) {
            best.push(candidate);
        }
    }
    let near = |(algorithm, settings): &Candidate, random: &mut Random| {
        let varied =
            space(algorithm.card.name).iter().filter_map(|dimension| Some((dimension, settings.get(dimension.param)?)));
        let varied: Vec<(&str, String)> = varied
            .map(|(dimension, value)| (dimension.param, dimension.range.draw_near(&value.to_string(), random)))
            .collect();
        algorithm.card.settings(varied.iter().map(|(name, value)| (*name, value.as_str()))).ok()
    };
    let turns = best.iter().cycle().take(if best.is_empty() { 0 } else { n });
    turns.filter_map(|candidate| Some((candidate.0, near(candidate, random)?))).collect()
}

/// The users to judge by, ascending: those with a past, as to others every model shows the same; all if nobody has one.
fn judges(split: &Split, options: &TuneOptions) -> Vec<u32> {
    let mut users = split.test_users();
    let has_past = |user: &u32| !split.train.matrix.row(*user as usize).0.is_empty();
    if users.iter().any(has_past) {
        users.retain(has_past);
    }
    Random::new(options.seed ^ 0x6a75_6467).shuffle(&mut users);
    users.truncate(options.n_users_max.max(1));
    users.sort_unstable();
    users
}

/// The best third, and of each card its best, in order.
fn keep(ranked: Vec<Candidate>) -> Vec<Candidate> {
    let n_kept = ranked.len().div_ceil(KEPT_SHARE);
    let mut seen: Vec<&str> = Vec::new();
    let kept = ranked.into_iter().enumerate().filter(|(at, (algorithm, _))| {
        let first = !seen.contains(&algorithm.card.name);
        seen.push(algorithm.card.name);
        first || *at < n_kept
    });
    kept.map(|(_, candidate)| candidate).collect()
}

/// A blend of the best settings of up to three cards, best first.
fn hybrid_of(ranked: &[Candidate]) -> Option<Candidate> {
    let hybrid = algorithm("hybrid")?;
    let mut best: BTreeMap<&str, ()> = BTreeMap::new();
    let mut texts = Vec::new();
    for (algorithm, settings) in ranked.iter().filter(|(algorithm, _)| algorithm.card.name != "popularity") {
        if texts.len() < 3 && best.insert(algorithm.card.name, ()).is_none() {
            let given: Vec<String> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
            texts.push(format!("{}({})", algorithm.card.name, given.join(",")));
        }
    }
    let settings = hybrid.card.settings([("models", texts.join(" ").as_str())]).ok()?;
    (texts.len() > 1).then_some((hybrid, settings))
}

struct Search<'a> {
    options: &'a TuneOptions<'a>,
    split: Split,
    judges: Vec<u32>,
    trials: Vec<Trial>,
    flops: f64,
    done: usize,
}

impl Search<'_> {
    /// The share of users learned from in each round.
    fn shares(&self) -> Vec<f64> {
        let first = self.options.n_users_first as f64 / self.split.train.n_users().max(1) as f64;
        if first >= 1.0 {
            vec![1.0]
        } else {
            let middle = first.sqrt();
            if middle < 0.5 { vec![first, middle, 1.0] } else { vec![first, 1.0] }
        }
    }

    /// Tries all candidates; returns those that could be fitted, best first, ties in the order given.
    fn round(
        &mut self,
        candidates: &[Candidate],
        round: usize,
        share: f64,
        last: bool,
    ) -> Result<Vec<Candidate>, TuneError> {
        let (train, n_users) = self.sample(share);
        let mut ranked: Vec<(f64, Candidate)> = Vec::new();
        for (algorithm, settings) in candidates {
            let spent = self.options.flops_max.is_some_and(|most| self.flops > most);
            if spent && !ranked.is_empty() {
                break;
            }
            let trial = self.attempt(algorithm, settings, &train, (round, n_users))?;
            ranked.extend(trial.ndcg.map(|ndcg| (ndcg, (*algorithm, settings.clone()))));
            self.done += 1;
            let expected = self.options.n_trials as f64 * 1.6;
            let share_done = if last { 0.9 } else { (self.done as f64 / expected).min(0.9) };
            let goes_on = (self.options.progress)(share_done, &trial);
            self.trials.push(trial);
            if !goes_on {
                return Err(TuneError::Cancelled);
            }
        }
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        Ok(ranked.into_iter().map(|(_, candidate)| candidate).collect())
    }

    /// The candidates by their value in the last round, best first, ties in the order given.
    fn ranking(&self, candidates: impl Iterator<Item = Candidate>) -> Vec<Candidate> {
        let value = |(algorithm, settings): &Candidate| {
            let of_these = |trial: &&Trial| trial.card == algorithm.card.name && trial.settings == *settings;
            self.trials.iter().rev().find(of_these).and_then(|trial| trial.ndcg).unwrap_or(f64::NEG_INFINITY)
        };
        let mut ranked: Vec<(f64, Candidate)> = candidates.map(|candidate| (value(&candidate), candidate)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        ranked.into_iter().map(|(_, candidate)| candidate).collect()
    }

    /// Training data of a share of the users, in the same shape. The users judged keep their history: models are
    /// item-side and are asked with it.
    fn sample(&self, share: f64) -> (Interactions, usize) {
        let train = &self.split.train;
        let keeps = |user: usize| share >= 1.0 || Random::stream(self.options.seed, user as u64).uniform() < share;
        let kept: Vec<bool> = (0..train.n_users()).map(keeps).collect();
        let n_users = kept.iter().filter(|kept| **kept).count();
        let mut kept_entry = vec![false; train.matrix.n_stored()];
        for user in (0..train.n_users()).filter(|&user| kept[user]) {
            kept_entry[train.matrix.indptr[user]..train.matrix.indptr[user + 1]].fill(true);
        }
        (select(train, |at| kept_entry[at]), n_users)
    }

    fn attempt(
        &mut self,
        algorithm: &'static Algorithm,
        settings: &Settings,
        train: &Interactions,
        (round, n_users): (usize, usize),
    ) -> Result<Trial, TuneError> {
        let size = Size { n_users, n_items: train.n_items(), n_stored: train.matrix.n_stored() };
        let flops = cost_flops(algorithm.card.name, settings, size);
        self.flops += flops;
        let fit = FitOptions { seed: self.options.seed, n_threads: self.options.n_threads, progress: &|_| true };
        let (ndcg, error) = match (algorithm.fit)(train, settings, &fit) {
            Ok(model) => (Some(self.judge(model.as_ref())?), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Ok(Trial { card: algorithm.card.name, settings: settings.clone(), round, n_users, ndcg, flops, error })
    }

    fn judge(&self, model: &dyn Recommender) -> Result<f64, TuneError> {
        let options = EvaluateOptions {
            k: vec![self.options.k],
            bootstrap: Bootstrap { n_samples: 0, ..Bootstrap::default() },
            n_threads: self.options.n_threads,
            users: Some(self.judges.clone()),
            ..EvaluateOptions::default()
        };
        let report = evaluate(model, &self.split, &options)?;
        Ok(report.metrics[&format!("ndcg@{}", self.options.k)].mean)
    }

    fn finish(self, last: usize) -> Result<Tuning, TuneError> {
        let finals = self.trials.iter().filter(|trial| trial.round == last && trial.ndcg.is_some());
        let value = |trial: &Trial| trial.ndcg.unwrap_or(f64::NEG_INFINITY);
        let best = finals.reduce(|best, trial| if value(trial) > value(best) { trial } else { best }).cloned();
        let said = || self.trials.iter().rev().find_map(|trial| trial.error.clone()).unwrap_or_default();
        let best = best.ok_or_else(|| TuneError::AllFailed(said()))?;
        Ok(Tuning { metric: format!("ndcg@{}", self.options.k), trials: self.trials, best })
    }
}

#[cfg(test)]
mod tests {
    use math::Csr;

    use super::*;

    /// Users of two tastes, with noise.
    fn data(n_users: u32) -> Interactions {
        let mut random = Random::new(2);
        let mut triplets = Vec::new();
        for user in 0..n_users {
            for item in 0..60u32 {
                let chance = if user % 2 == item % 2 { 0.3 } else { 0.03 };
                if random.uniform() < chance {
                    triplets.push((user, item, 1.0));
                }
            }
        }
        Interactions { matrix: Csr::from_triplets(n_users as usize, 60, &triplets), times: None }
    }

    #[test]
    fn the_search_is_repeatable_and_reports_everything() {
        let data = data(300);
        let options = || TuneOptions { n_trials: 8, n_users_first: 100, ..TuneOptions::default() };
        let tuning = tune(&data, &options()).unwrap();
        assert_eq!(tuning, tune(&data, &options()).unwrap());
        let cards: Vec<&str> = tuning.trials.iter().map(|trial| trial.card).collect();
        assert!(auto_cards(60).iter().all(|card| cards.contains(card)), "{cards:?}");
        let failed: Vec<_> = tuning.trials.iter().filter(|trial| trial.error.is_some()).collect();
        assert!(cards.contains(&"hybrid") && failed.is_empty(), "{cards:?} {failed:?}");
        let most = tuning.trials.iter().filter(|trial| trial.n_users == 300).filter_map(|trial| trial.ndcg);
        assert_eq!(tuning.best.ndcg, most.reduce(f64::max));
        assert!(tuning.trials.iter().any(|trial| trial.round == 0 && trial.n_users < 150));
        assert_eq!(tuning.best.fit(&data, &FitOptions::default()).unwrap().n_items(), 60);
    }

    #[test]
    fn it_can_be_cancelled_and_mistakes_are_named() {
        let data = data(50);
        let cancelled = tune(&data, &TuneOptions { progress: &|_, _| false, ..TuneOptions::default() });
        assert!(matches!(cancelled, Err(TuneError::Cancelled)));
        let unknown = tune(&data, &TuneOptions { cards: vec!["eas".into()], ..TuneOptions::default() });
        assert!(unknown.unwrap_err().to_string().contains("no algorithm 'eas'; algorithms: "));
        let empty = Interactions { matrix: Csr::empty(3, 3), times: None };
        assert!(tune(&empty, &TuneOptions::default()).unwrap_err().to_string().contains("held-out"));
    }
}
