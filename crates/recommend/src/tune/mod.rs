//! Which algorithm with which settings? A seeded search: each card's defaults and random draws from its space are tried
//! on a sample of users, the better third is tried again on more (successive halving, Jamieson and Talwalkar 2016), the
//! last on everything; a few draws near the best follow, and the winners of different families are blended. Judged by
//! NDCG on a validation split carved from the training data; the test data of an evaluation are never seen here. A list
//! that is the same for everyone wins only if it is surely better than the best personal one.
//!
//! No clock is read: a budget is a number of trials and, if given, of estimated operations.

mod space;

use domain::Settings;
use math::Random;
use serde::Serialize;

pub use space::{Dimension, Range, Size, cost_flops, space};

use crate::evaluate::{
    Bootstrap, Comparison, EvaluateError, EvaluateOptions, Split, SplitError, SplitKind, evaluate, mean, select,
};
use crate::{Algorithm, FitError, FitOptions, HistoryEntry, Interactions, Recommender, algorithm};

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
    /// The trial of the last round with the highest NDCG, or the best personal one if one that is the same for everyone
    /// leads by no more than chance explains: a personal list answers to what a customer does and gives reasons.
    pub best: Trial,
    /// Set when `best` was preferred so: NDCG of the one that led minus that of `best`, with its 95 % paired interval.
    pub popularity_lead: Option<Comparison>,
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
/// The card whose lists are the same for everyone by definition.
const POPULARITY: &str = "popularity";
/// Judges asked whether a model answers to what they did.
const N_ASKED: usize = 20;

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
    let judges = judges(&split, options);
    let mut search = Search { options, judges, split, trials: Vec::new(), verdicts: Vec::new(), flops: 0.0, done: 0 };
    let has_times = data.times.is_some();
    let mut candidates = first_candidates(&algorithms, has_times, options);
    let shares = search.shares();
    for (round, &share) in shares.iter().enumerate() {
        let last = round + 1 == shares.len();
        let ranked = search.round(&candidates, round, share, last)?;
        candidates = if last { ranked } else { keep(ranked) };
    }
    let mut random = Random::new(options.seed ^ 0x6e65_6172);
    for _ in 0..N_REFINEMENTS {
        let near = candidates_near(&candidates, has_times, options.n_trials / REFINED_SHARE, &mut random);
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
fn first_candidates(algorithms: &[&'static Algorithm], has_times: bool, options: &TuneOptions) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = algorithms.iter().map(|found| (*found, found.card.defaults())).collect();
    let spacious: Vec<&&Algorithm> =
        algorithms.iter().filter(|found| !space(found.card.name, has_times).is_empty()).collect();
    let mut random = Random::new(options.seed);
    let n_refined = N_REFINEMENTS * (options.n_trials / REFINED_SHARE);
    for at in 0..options.n_trials.saturating_sub(candidates.len() + n_refined) {
        let Some(found) = spacious.get(at % spacious.len().max(1)) else { break };
        let draws =
            space(found.card.name, has_times).iter().filter(|dimension| found.card.param(dimension.param).is_some());
        let draws: Vec<(&str, String)> =
            draws.map(|dimension| (dimension.param, dimension.range.draw(&mut random))).collect();
        let settings = found.card.settings(draws.iter().map(|(name, value)| (*name, value.as_str())));
        candidates.extend(settings.ok().map(|settings| (**found, settings)));
    }
    candidates
}

/// Settings near those of the best candidates, by turns over the best of each card that has a space.
fn candidates_near(ranked: &[Candidate], has_times: bool, n: usize, random: &mut Random) -> Vec<Candidate> {
    let mut best: Vec<&Candidate> = Vec::new();
    for candidate in ranked.iter().filter(|(algorithm, _)| !space(algorithm.card.name, has_times).is_empty()) {
        if best.iter().all(|(algorithm, _)| algorithm.card.name != candidate.0.card.name) {
            best.push(candidate);
        }
    }
    let near = |(algorithm, settings): &Candidate, random: &mut Random| {
        let varied = space(algorithm.card.name, has_times)
            .iter()
            .filter_map(|dimension| Some((dimension, settings.get(dimension.param)?)));
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

/// A blend of the best settings of up to three personal cards, best first, and of popularity: what sells now and what
/// this customer likes are different news, and the blend learns how much each is worth.
fn hybrid_of(ranked: &[Candidate]) -> Option<Candidate> {
    let hybrid = algorithm("hybrid")?;
    let mut best: Vec<&Candidate> = Vec::new();
    for candidate in ranked.iter().filter(|(algorithm, _)| algorithm.card.name != POPULARITY) {
        if best.len() < 3 && best.iter().all(|other| other.0.card.name != candidate.0.card.name) {
            best.push(candidate);
        }
    }
    if best.is_empty() {
        return None;
    }
    best.extend(ranked.iter().find(|(algorithm, _)| algorithm.card.name == POPULARITY));
    let text = |(algorithm, settings): &&Candidate| {
        let given: Vec<String> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}({})", algorithm.card.name, given.join(","))
    };
    let texts: Vec<String> = best.iter().map(text).collect();
    let settings = hybrid.card.settings([("models", texts.join(" ").as_str())]).ok()?;
    (texts.len() > 1).then_some((hybrid, settings))
}

/// How a model did before the judges.
#[derive(Default)]
struct Verdict {
    /// NDCG of each judge.
    values: Vec<f64>,
    /// Whether anybody's scores differ from those of someone without a past. A blend may be popularity in all but name.
    is_personal: bool,
}

struct Search<'a> {
    options: &'a TuneOptions<'a>,
    split: Split,
    judges: Vec<u32>,
    trials: Vec<Trial>,
    /// What came of each trial; empty for a failed one.
    verdicts: Vec<Verdict>,
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
        let (verdict, error) = match (algorithm.fit)(train, settings, &fit) {
            Ok(model) => (self.judge(model.as_ref())?, None),
            Err(error) => (Verdict::default(), Some(error.to_string())),
        };
        let ndcg = error.is_none().then(|| mean(&verdict.values));
        self.verdicts.push(verdict);
        Ok(Trial { card: algorithm.card.name, settings: settings.clone(), round, n_users, ndcg, flops, error })
    }

    fn judge(&self, model: &dyn Recommender) -> Result<Verdict, TuneError> {
        let options = EvaluateOptions {
            k: vec![self.options.k],
            bootstrap: Bootstrap { n_samples: 0, ..Bootstrap::default() },
            n_threads: self.options.n_threads,
            users: Some(self.judges.clone()),
            ..EvaluateOptions::default()
        };
        let mut report = evaluate(model, &self.split, &options)?;
        let values = report.per_user.remove(&self.metric()).expect("the report has what was asked for");
        Ok(Verdict { values, is_personal: self.is_personal(model) })
    }

    fn is_personal(&self, model: &dyn Recommender) -> bool {
        let scores = |history: &[HistoryEntry]| {
            let mut scores = vec![0f32; model.n_items()];
            model.score(history, &mut scores);
            scores
        };
        let to_a_stranger = scores(&[]);
        let asked = self.judges.iter().take(N_ASKED);
        asked.into_iter().any(|&user| scores(&self.split.train.history(user as usize)) != to_a_stranger)
    }

    fn metric(&self) -> String {
        format!("ndcg@{}", self.options.k)
    }

    /// The place of the best trial of the last round, or of the best personal one.
    fn best(&self, last: usize, only_personal: bool) -> Option<usize> {
        let value = |at: usize| self.trials[at].ndcg.unwrap_or(f64::NEG_INFINITY);
        let finals = (0..self.trials.len()).filter(|&at| {
            let trial = &self.trials[at];
            trial.round == last && trial.ndcg.is_some() && (self.verdicts[at].is_personal || !only_personal)
        });
        finals.reduce(|best, at| if value(at) > value(best) { at } else { best })
    }

    fn finish(self, last: usize) -> Result<Tuning, TuneError> {
        let said = || self.trials.iter().rev().find_map(|trial| trial.error.clone()).unwrap_or_default();
        let mut best = self.best(last, false).ok_or_else(|| TuneError::AllFailed(said()))?;
        let mut popularity_lead = None;
        if !self.verdicts[best].is_personal
            && let Some(personal) = self.best(last, true)
        {
            let bootstrap = Bootstrap { seed: self.options.seed, ..Bootstrap::default() };
            let (first, second) = (&self.verdicts[personal].values, &self.verdicts[best].values);
            let lead = Comparison::of(&self.metric(), first, second, &bootstrap);
            if lead.difference.low.is_none_or(|low| low <= 0.0) {
                best = personal;
                popularity_lead = Some(lead);
            }
        }
        let best = self.trials[best].clone();
        Ok(Tuning { metric: self.metric(), trials: self.trials, best, popularity_lead })
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

    /// Everybody takes from the same few, so personal lists are no better than the list for everyone, and hardly worse.
    fn alike(n_users: u32) -> Interactions {
        let mut random = Random::new(5);
        let mut triplets = Vec::new();
        for user in 0..n_users {
            for item in 0..400u32 {
                if random.uniform() < 0.08 * 0.98f64.powi(item as i32) {
                    triplets.push((user, item, 1.0));
                }
            }
        }
        Interactions { matrix: Csr::from_triplets(n_users as usize, 400, &triplets), times: None }
    }

    #[test]
    fn popularity_wins_only_when_it_surely_leads() {
        let options = |n_users_max: usize| TuneOptions {
            cards: vec!["popularity".into(), "item_knn".into()],
            n_trials: 2,
            n_users_max,
            ..TuneOptions::default()
        };
        let tuning = tune(&alike(2000), &options(5000)).unwrap();
        let value = |card: &str| tuning.trials.iter().find(|trial| trial.card == card).unwrap().ndcg.unwrap();
        assert!(value("popularity") > value("item_knn") + 0.01, "{:?}", tuning.trials);
        assert_eq!((tuning.best.card, &tuning.popularity_lead), ("popularity", &None), "2000 judges are sure");
        let tuning = tune(&alike(2000), &options(10)).unwrap();
        let Some(lead) = &tuning.popularity_lead else { panic!("{:?}", tuning.trials) };
        assert!(lead.difference.mean > 0.0 && lead.difference.low.unwrap() <= 0.0, "{lead:?}");
        assert_eq!(tuning.best.card, "item_knn", "10 judges are not");
    }

    /// A blend whose weights leave only popularity is no personal model, whatever its card says.
    #[test]
    fn a_blend_of_popularity_alone_is_not_personal() {
        let data = alike(300);
        let options = TuneOptions::default();
        let split = Split::new(&data, options.validation, options.seed).unwrap();
        let judges = judges(&split, &options);
        let search =
            Search { options: &options, judges, split, trials: Vec::new(), verdicts: Vec::new(), flops: 0.0, done: 0 };
        for (models, expected) in [("popularity", false), ("item_knn", true)] {
            let found = algorithm("hybrid").unwrap();
            let settings = found.card.settings([("models", models)]).unwrap();
            let model = (found.fit)(&search.split.train, &settings, &FitOptions::default()).unwrap();
            assert_eq!(search.is_personal(model.as_ref()), expected, "{models}");
        }
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
