//! A blend of several models. Each model's scores are divided by their usual spread; the weights are learned on a
//! validation split by coordinate ascent on NDCG@20 and are never negative. Because the divisors are constants of the
//! fit, a blend's score is a fixed linear combination, and its contributions are exact.

use std::collections::BTreeMap;

use domain::{Card, Kind, Param, Settings};
use rayon::prelude::*;

use crate::bytes::{Reader, Writer};
use crate::evaluate::{ListMetrics, Split, SplitKind, mean, top};
use crate::fitting::{checked_matrix, on_threads};
use crate::{Algorithm, Contribution, FitError, FitOptions, HistoryEntry, Interactions, Recommender};

pub static CARD: Card = Card {
    name: "hybrid",
    sentence: "A blend of several models whose weights are learned on a validation split.",
    family: "hybrid",
    params: &[
        Param {
            name: "models",
            sentence: "Cards to blend, separated by spaces, with their settings: ease(l2=300) rp3beta.",
            unit: "",
            kind: Kind::Text { default: "ease rp3beta ials" },
        },
        Param {
            name: "validation",
            sentence: "What is held out to learn the weights: the latest entries, random ones, or the latest if times are known and enough users have entries before and after.",
            unit: "",
            kind: Kind::Choice { options: &["auto", "temporal", "random"], default: "auto" },
        },
        Param {
            name: "validation_share",
            sentence: "Share of the entries held out to learn the weights; of each user's if random.",
            unit: "",
            kind: Kind::Float { min: 0.01, max: 0.5, default: 0.2 },
        },
        Param {
            name: "n_users",
            sentence: "Users the weights are learned on, at most.",
            unit: "users",
            kind: Kind::Int { min: 1, max: 100_000, default: 2000 },
        },
    ],
    input: "(n_users, n_items) interactions, one row per user",
    source: "Linear blend; weights by coordinate ascent on NDCG@20 (as in Metzler and Croft 2007)",
};

pub static ALGORITHM: Algorithm = Algorithm { card: &CARD, fit, from_bytes };

const K: usize = 20;
/// Of each model's list this many are held while learning weights. What no model has among its first so many is not
/// among the first `K` of a blend either, but for weights that contradict every model.
const N_HEAD: usize = 300;
/// Factors tried on each weight, in this order; a tie keeps the earlier.
const STEPS: [f32; 6] = [0.0, 0.5, 0.8, 1.25, 2.0, 4.0];
const N_ROUNDS: usize = 4;

/// A fitted blend.
struct Hybrid {
    settings: Settings,
    models: Vec<Box<dyn Recommender>>,
    /// Shape: (n_models). Learned weight over the model's usual spread.
    factors: Vec<f32>,
    validation_ndcg: f64,
}

type Parts = Vec<(&'static Algorithm, Settings)>;

fn fit(data: &Interactions, settings: &Settings, options: &FitOptions) -> Result<Box<dyn Recommender>, FitError> {
    checked_matrix(data, false)?;
    let parts = parse_models(settings.text("models"))?;
    let (split, users) = held_out(data, settings, options.seed)?;
    let (factors, validation_ndcg) = if users.is_empty() {
        (vec![1.0; parts.len()], 0.0)
    } else {
        let models = fit_parts(&parts, &split.train, options, 0.0)?;
        on_threads(options.n_threads, || learn(&models, &split, &users))
    };
    let models = fit_parts(&parts, data, options, 0.5)?;
    Ok(Box::new(Hybrid { settings: settings.clone(), models, factors, validation_ndcg }))
}

fn unfit(found: String) -> FitError {
    let allowed = "cards of this program, such as: ease(l2=300) rp3beta ials".to_owned();
    FitError::Unfit { what: "the models of a hybrid", found, allowed }
}

/// With fewer users, what came last says less than what was drawn from everybody.
const N_TEMPORAL_MIN: usize = 200;

/// The split on which weights are learned, and its users: those with entries on both sides, at most `n_users`. To
/// someone without a past every model shows the same.
fn held_out(data: &Interactions, settings: &Settings, seed: u64) -> Result<(Split, Vec<u32>), FitError> {
    let test_share = settings.float("validation_share");
    let split = |kind: SplitKind| -> Result<(Split, Vec<u32>), FitError> {
        let split = Split::new(data, kind, seed).map_err(|error| unfit(error.to_string()))?;
        let has_past = |user: &u32| !split.train.matrix.row(*user as usize).0.is_empty();
        let mut users = split.test_users();
        users.retain(has_past);
        Ok((split, users))
    };
    let wanted = settings.text("validation");
    let (split, users) = match wanted {
        "random" => split(SplitKind::Random { test_share })?,
        "auto" if data.times.is_none() => split(SplitKind::Random { test_share })?,
        _ => match split(SplitKind::TemporalShare { test_share })? {
            (_, users) if wanted == "auto" && users.len() < N_TEMPORAL_MIN => split(SplitKind::Random { test_share })?,
            found => found,
        },
    };
    let step = users.len().div_ceil(settings.usize("n_users")).max(1);
    Ok((split, users.into_iter().step_by(step).collect()))
}

/// Reads `ease(l2=300,n_neighbors=50) rp3beta`.
fn parse_models(text: &str) -> Result<Parts, FitError> {
    let parts: Result<Parts, FitError> = text.split_whitespace().map(parse_model).collect();
    let parts = parts?;
    if parts.is_empty() { Err(unfit("none".to_owned())) } else { Ok(parts) }
}

fn parse_model(text: &str) -> Result<(&'static Algorithm, Settings), FitError> {
    let (name, rest) = text.split_once('(').unwrap_or((text, ")"));
    let assignments = rest.strip_suffix(')').ok_or_else(|| unfit(format!("'{text}' without its closing bracket")))?;
    let algorithm = crate::algorithm(name).filter(|algorithm| algorithm.card.name != CARD.name);
    let algorithm = algorithm.ok_or_else(|| unfit(format!("'{name}'")))?;
    let assignments: Vec<&str> = assignments.split(',').filter(|text| !text.is_empty()).collect();
    let settings = algorithm.card.settings_from_texts(&assignments).map_err(|error| unfit(error.to_string()))?;
    Ok((algorithm, settings))
}

fn fit_parts(
    parts: &Parts,
    data: &Interactions,
    options: &FitOptions,
    start: f64,
) -> Result<Vec<Box<dyn Recommender>>, FitError> {
    let share = 0.5 / parts.len() as f64;
    let fit = |(at, (algorithm, settings)): (usize, &(&'static Algorithm, Settings))| {
        let progress = |done: f64| (options.progress)(start + share * (at as f64 + done));
        let options = FitOptions { progress: &progress, ..*options };
        (algorithm.fit)(data, settings, &options)
    };
    parts.iter().enumerate().map(fit).collect()
}

/// One validation user: the scores of what any model would show, and what was held out.
struct Case {
    /// Ascending, without training items.
    items: Vec<u32>,
    /// Shape: (n_models, n_items of this case).
    scores: Vec<Vec<f32>>,
    /// Shape: (n_models). Standard deviation of the scores of all items that can be shown.
    spreads: Vec<f64>,
    relevant: Vec<u32>,
}

/// The factors of the best blend found, and its NDCG.
fn learn(models: &[Box<dyn Recommender>], split: &Split, users: &[u32]) -> (Vec<f32>, f64) {
    let cases: Vec<Case> = users.par_iter().map(|&user| case(models, split, user as usize)).collect();
    let spreads: Vec<f32> = (0..models.len()).map(|at| spread(cases.iter().map(|case| case.spreads[at]))).collect();
    ascend(&cases, &spreads)
}

fn case(models: &[Box<dyn Recommender>], split: &Split, user: usize) -> Case {
    let history = split.train.history(user);
    let seen = split.train.matrix.row(user).0;
    let score = |model: &dyn Recommender| {
        let mut scores = vec![0.0; model.n_items()];
        model.score(&history, &mut scores);
        seen.iter().for_each(|&item| scores[item as usize] = f32::NEG_INFINITY);
        scores
    };
    let all: Vec<Vec<f32>> = models.iter().map(|model| score(model.as_ref())).collect();
    let mut items: Vec<u32> = all.iter().flat_map(|scores| top(scores, N_HEAD)).collect();
    items.sort_unstable();
    items.dedup();
    let of_items = |scores: &Vec<f32>| items.iter().map(|&item| scores[item as usize]).collect();
    let scores = all.iter().map(of_items).collect();
    let spreads = all.iter().map(|scores| deviation(scores)).collect();
    Case { items, scores, spreads, relevant: split.test.matrix.row(user).0.to_vec() }
}

/// The standard deviation of the finite scores.
fn deviation(scores: &[f32]) -> f64 {
    let values: Vec<f64> = scores.iter().filter(|score| score.is_finite()).map(|&score| f64::from(score)).collect();
    let centre = mean(&values);
    mean(&values.iter().map(|value| (value - centre).powi(2)).collect::<Vec<_>>()).sqrt()
}

/// The mean over users of how far a model's scores spread; 1 when they do not vary.
fn spread(users: impl Iterator<Item = f64>) -> f32 {
    let usual = mean(&users.collect::<Vec<_>>());
    if usual > 0.0 && usual.is_finite() { usual as f32 } else { 1.0 }
}

/// Coordinate ascent from the better of equal weights and the best single model.
fn ascend(cases: &[Case], spreads: &[f32]) -> (Vec<f32>, f64) {
    let unit = |at: usize| (0..spreads.len()).map(|other| f32::from(u8::from(other == at))).collect::<Vec<f32>>();
    let starts = std::iter::once(vec![1.0; spreads.len()]).chain((0..spreads.len()).map(unit));
    let factors =
        |weights: &[f32]| weights.iter().zip(spreads).map(|(weight, spread)| weight / spread).collect::<Vec<_>>();
    let value = |weights: &[f32]| ndcg(cases, &factors(weights));
    let mut best = (vec![], f64::NEG_INFINITY);
    for start in starts {
        let found = value(&start);
        if found > best.1 {
            best = (start, found);
        }
    }
    for _ in 0..N_ROUNDS {
        let before = best.1;
        for at in 0..spreads.len() {
            let current = if best.0[at] > 0.0 { best.0[at] } else { 0.5 };
            for step in STEPS {
                let mut weights = best.0.clone();
                weights[at] = current * step;
                // A blend of nothing scores every item 0; ranked by id, that may even look good.
                if weights.iter().all(|&weight| weight == 0.0) {
                    continue;
                }
                let found = value(&weights);
                if found > best.1 {
                    best = (weights, found);
                }
            }
        }
        if best.1 <= before {
            break;
        }
    }
    (factors(&best.0), best.1)
}

fn ndcg(cases: &[Case], factors: &[f32]) -> f64 {
    let values: Vec<f64> = cases
        .par_iter()
        .map(|case| {
            let mut blend = vec![0f32; case.scores[0].len()];
            for (scores, factor) in case.scores.iter().zip(factors).filter(|(_, factor)| **factor != 0.0) {
                blend.iter_mut().zip(scores).for_each(|(sum, score)| *sum += factor * score);
            }
            let list: Vec<u32> = top(&blend, K).into_iter().map(|at| case.items[at as usize]).collect();
            ListMetrics::of(&list, &case.relevant, K).ndcg
        })
        .collect();
    mean(&values)
}

impl Recommender for Hybrid {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn n_items(&self) -> usize {
        self.models[0].n_items()
    }

    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        let mut own = vec![0f32; scores.len()];
        scores.fill(0.0);
        for (model, factor) in self.active() {
            model.score(history, &mut own);
            scores.iter_mut().zip(&own).for_each(|(sum, score)| *sum += factor * score);
        }
    }

    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        let mut parts: Vec<Contribution> = Vec::new();
        for (model, factor) in self.active() {
            for part in model.contributions(history, item) {
                let value = factor * part.value;
                match parts.iter_mut().find(|other| other.source == part.source) {
                    Some(other) => other.value += value,
                    None => parts.push(Contribution { value, ..part }),
                }
            }
        }
        parts.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
        parts
    }

    /// By the weighted sum of the models' similarities; an item outside a model's longer list counts 0 there.
    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        let mut sums: BTreeMap<u32, f32> = BTreeMap::new();
        for (model, factor) in self.active() {
            for (other, similarity) in model.similar(item, 5 * n) {
                *sums.entry(other).or_default() += factor * similarity;
            }
        }
        let mut best: Vec<(u32, f32)> = sums.into_iter().collect();
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        best.truncate(n);
        best
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        vec![("n_models", self.active().count() as f64), ("validation_ndcg@20", self.validation_ndcg)]
    }

    fn to_bytes(&self) -> Vec<u8> {
        let writer = Writer::new(&CARD, &self.settings)
            .f32s("factors", &self.factors)
            .f64("validation_ndcg", self.validation_ndcg);
        let named = self.models.iter().enumerate();
        named.fold(writer, |writer, (at, model)| pack(writer, at, &model.to_bytes())).finish()
    }
}

impl Hybrid {
    fn active(&self) -> impl Iterator<Item = (&dyn Recommender, f32)> {
        let pairs = self.models.iter().zip(&self.factors).filter(|(_, factor)| **factor != 0.0);
        pairs.map(|(model, &factor)| (model.as_ref(), factor))
    }
}

/// A model inside a model: its length, and its bytes in words padded with zeros.
fn pack(writer: Writer, at: usize, model: &[u8]) -> Writer {
    let word = |chunk: &[u8]| {
        let mut bytes = [0u8; 4];
        bytes[..chunk.len()].copy_from_slice(chunk);
        u32::from_le_bytes(bytes)
    };
    let words: Vec<u32> = model.chunks(4).map(word).collect();
    writer.u64(&format!("model{at}.n_bytes"), model.len() as u64).u32s(&format!("model{at}.words"), &words)
}

fn unpack(reader: &Reader, at: usize) -> Result<Vec<u8>, FitError> {
    let n_bytes = reader.usize(&format!("model{at}.n_bytes"))?;
    let words = reader.u32s(&format!("model{at}.words"))?;
    if words.len() != n_bytes.div_ceil(4) {
        return Err(FitError::Corrupt(format!("model {at} announces {n_bytes} bytes and has {} words", words.len())));
    }
    let mut model: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
    model.truncate(n_bytes);
    Ok(model)
}

fn from_bytes(bytes: &[u8]) -> Result<Box<dyn Recommender>, FitError> {
    let reader = Reader::new(bytes, &CARD)?;
    let factors = reader.f32s("factors")?;
    let models: Result<Vec<_>, FitError> =
        (0..factors.len()).map(|at| crate::registry::from_bytes(&unpack(&reader, at)?)).collect();
    let models = models?;
    if models.is_empty() || models.iter().any(|model| model.n_items() != models[0].n_items()) {
        return Err(FitError::Corrupt("the blended models do not share their items".to_owned()));
    }
    let validation_ndcg = reader.f64("validation_ndcg")?;
    Ok(Box::new(Hybrid { settings: reader.settings().clone(), models, factors, validation_ndcg }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first model ranks every user's held-out item first, the second ranks it last: the blend follows the first.
    #[test]
    fn weights_follow_what_helps() {
        let cases: Vec<Case> = (0..20u32)
            .map(|user| {
                let good = (0..30).map(|item| f32::from(u8::from(item == user))).collect();
                let bad = (0..30).map(|item| if item == user { -3.0 } else { item as f32 / 30.0 }).collect();
                Case { items: (0..30).collect(), scores: vec![bad, good], spreads: vec![1.0; 2], relevant: vec![user] }
            })
            .collect();
        let (factors, value) = ascend(&cases, &[1.0, 1.0]);
        assert_eq!(value, 1.0, "{factors:?}");
        assert!(factors[1] > 3.0 * factors[0], "{factors:?}");
    }

    /// The only model is worse than the order of ids, and still is all there is.
    #[test]
    fn a_blend_is_never_of_nothing() {
        let cases: Vec<Case> = (0..20)
            .map(|_| Case {
                items: (0..30).collect(),
                scores: vec![(0..30).map(|item| item as f32).collect()],
                spreads: vec![1.0],
                relevant: vec![0],
            })
            .collect();
        let (factors, value) = ascend(&cases, &[1.0]);
        assert!(factors[0] > 0.0 && value == 0.0, "{factors:?} {value}");
    }

    #[test]
    fn models_are_read_with_their_settings() {
        let parts = parse_models(" ease(l2=300)  rp3beta(alpha=1,beta=0.5) ").unwrap();
        let read: Vec<_> = parts.iter().map(|(algorithm, _)| algorithm.card.name).collect();
        assert_eq!(read, ["ease", "rp3beta"]);
        assert_eq!((parts[0].1.float("l2"), parts[1].1.float("beta")), (300.0, 0.5));
        for (text, said) in [
            ("", "none"),
            ("eas", "'eas'"),
            ("hybrid", "'hybrid'"),
            ("ease(l2=1", "closing"),
            ("ease(k=1)", "no parameter"),
        ] {
            assert!(parse_models(text).err().unwrap().to_string().contains(said), "{text}");
        }
    }
}
