//! Both methods learned from parts of the seeds, each judged by the seeds left out, and the better one learned from all.

use math::{Csr, Random};
use serde::{Deserialize, Serialize};

use super::judge::{Evaluation, Fold, combined};
use super::logistic::{Logistic, LogisticOptions};
use super::taste::{ItemVectors, Taste};
use crate::cluster::on_threads;
use crate::{Points, SegmentError};

/// Fewer seeds than this cannot be spared for judging.
const N_SEEDS_JUDGED: usize = 10;
/// The method is chosen by its lift among this share of the best: the second of an evaluation's.
const CHOSEN_BY: usize = 1;

/// Customers, of whom some are seeds. What a method needs may be missing; one of both must be there.
#[derive(Clone, Copy)]
pub struct Audience<'a> {
    pub n_customers: usize,
    /// Rows, in any order.
    pub seeds: &'a [u32],
    /// What customers touched, shape (n_customers, n_items), and the items' vectors.
    pub histories: Option<(&'a Csr, ItemVectors<'a>)>,
    /// Prepared features. Shape: (n_customers, d).
    pub features: Option<Points<'a, f32>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LookalikeOptions {
    pub logistic: LogisticOptions,
    /// Seeds are dealt into so many parts, each held out once: a method is judged by every seed, and learned as often.
    pub n_folds: usize,
    /// The regression learns from at most so many customers who are no seeds, drawn at random.
    pub n_unlabelled_max: usize,
    pub seed: u64,
    pub n_threads: usize,
}

impl Default for LookalikeOptions {
    fn default() -> Self {
        LookalikeOptions {
            logistic: LogisticOptions::default(),
            n_folds: 4,
            n_unlabelled_max: 200_000,
            seed: 1,
            n_threads: 2,
        }
    }
}

/// A learned likeness, to be kept and applied to block after block of customers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    Taste(Taste),
    Logistic(Logistic),
}

impl Likeness {
    pub fn method(&self) -> &'static str {
        match self {
            Likeness::Taste(_) => "taste",
            Likeness::Logistic(_) => "logistic",
        }
    }

    /// How alike each customer of a block is; comparable within a method. Shape: (n_customers).
    ///
    /// # Errors
    /// If what the method needs is missing or of another shape than learned from.
    pub fn scores(
        &self,
        histories: Option<(&Csr, ItemVectors)>,
        features: Option<Points<f32>>,
    ) -> Result<Vec<f64>, SegmentError> {
        match (self, histories, features) {
            (Likeness::Taste(taste), Some((histories, vectors)), _) => taste.scores(histories, &vectors),
            (Likeness::Logistic(logistic), _, Some(features)) => {
                let (found, allowed) = (features.d(), logistic.coefficients.len());
                if found != allowed {
                    return Err(SegmentError::unfit("columns of features", found, allowed));
                }
                Ok(logistic.scores(features))
            }
            (Likeness::Taste(_), ..) => Err(SegmentError::unfit("histories", "none", "histories and items' vectors")),
            (Likeness::Logistic(_), ..) => Err(SegmentError::unfit("features", "none", "prepared features")),
        }
    }
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lookalike {
    /// The better method, learned from all seeds.
    pub likeness: Likeness,
    pub method: &'static str,
    /// Every method that could be judged; none if there were fewer than ten seeds.
    pub evaluations: Vec<MethodEvaluation>,
    /// Customers who are no seeds, from the most alike; equal ones by row.
    pub ranked: Vec<Ranked>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MethodEvaluation {
    pub method: &'static str,
    pub evaluation: Evaluation,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ranked {
    /// The customer's row.
    pub row: u32,
    pub score: f64,
}

/// Ranks the customers of an audience by their likeness to its seeds. A method is better by its held-out lift among the
/// best 5 %, then by its area under the curve. With fewer than ten seeds none is judged, and tastes are preferred, which
/// need no counterexamples.
///
/// # Errors
/// If seeds are none, all, twice or out of range, the number of folds is not 2 to 10, shapes differ, or neither
/// method can be learned.
pub fn look_alike(audience: &Audience, options: &LookalikeOptions) -> Result<Lookalike, SegmentError> {
    let is_seed = audience.check(options)?;
    on_threads(options.n_threads, || {
        let mut seeds = audience.seeds.to_vec();
        seeds.sort_unstable();
        let evaluations = if seeds.len() >= N_SEEDS_JUDGED { audience.judge(&seeds, options)? } else { Vec::new() };
        let better = |x: &&MethodEvaluation, y: &&MethodEvaluation| {
            let (x, y) = (&x.evaluation, &y.evaluation);
            x.lifts[CHOSEN_BY].lift.total_cmp(&y.lifts[CHOSEN_BY].lift).then(x.auc.total_cmp(&y.auc))
        };
        let chosen = evaluations.iter().max_by(better).map(|best| best.method);
        let methods = audience.methods();
        let likeness = match chosen {
            Some(method) => audience.learn(method, &seeds, &is_seed, options)?,
            None => first_learned(methods.iter().map(|method| audience.learn(method, &seeds, &is_seed, options)))?,
        };
        let scores = likeness.scores(audience.histories, audience.features)?;
        let ranked = rank(&scores, &is_seed);
        Ok(Lookalike { method: likeness.method(), likeness, evaluations, ranked })
    })
}

fn first_learned(attempts: impl Iterator<Item = Result<Likeness, SegmentError>>) -> Result<Likeness, SegmentError> {
    let mut first_error = None;
    for attempt in attempts {
        match attempt {
            Ok(likeness) => return Ok(likeness),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.expect("one method at least"))
}

fn rank(scores: &[f64], is_seed: &[bool]) -> Vec<Ranked> {
    let others = scores.iter().zip(is_seed).enumerate().filter(|(_, (_, is_seed))| !**is_seed);
    let mut ranked: Vec<Ranked> = others.map(|(row, (&score, _))| Ranked { row: row as u32, score }).collect();
    ranked.sort_unstable_by(|x, y| y.score.total_cmp(&x.score).then(x.row.cmp(&y.row)));
    ranked
}

impl Audience<'_> {
    /// Whether each customer is a seed.
    fn check(&self, options: &LookalikeOptions) -> Result<Vec<bool>, SegmentError> {
        let n = self.n_customers;
        if self.methods().is_empty() {
            return Err(SegmentError::unfit(
                "what customers are compared by",
                "nothing",
                "histories, features or both",
            ));
        }
        if !(2..=N_SEEDS_JUDGED).contains(&options.n_folds) {
            return Err(SegmentError::unfit("number of folds", options.n_folds, format!("2 to {N_SEEDS_JUDGED}")));
        }
        let rows = [self.histories.map(|(histories, _)| histories.n_rows), self.features.map(|points| points.n())];
        if let Some(found) = rows.into_iter().flatten().find(|&rows| rows != n) {
            return Err(SegmentError::unfit("rows of customers", found, n));
        }
        let mut is_seed = vec![false; n];
        for &seed in self.seeds {
            match is_seed.get_mut(seed as usize) {
                None => return Err(SegmentError::unfit("row of a seed", seed, format!("below {n}"))),
                Some(true) => return Err(SegmentError::unfit("seeds", format!("{seed} twice"), "each once")),
                Some(is_seed) => *is_seed = true,
            }
        }
        if self.seeds.is_empty() || self.seeds.len() == n {
            let allowed = format!("1 to {} of {n} customers", n.saturating_sub(1));
            return Err(SegmentError::unfit("number of seeds", self.seeds.len(), allowed));
        }
        Ok(is_seed)
    }

    fn methods(&self) -> Vec<&'static str> {
        let taste = self.histories.map(|_| "taste");
        taste.into_iter().chain(self.features.map(|_| "logistic")).collect()
    }

    /// Learns from `seeds`; `is_seed` also marks those held out, who are nobody's counterexample.
    fn learn(
        &self,
        method: &str,
        seeds: &[u32],
        is_seed: &[bool],
        options: &LookalikeOptions,
    ) -> Result<Likeness, SegmentError> {
        match (method, self.histories, self.features) {
            ("taste", Some((histories, vectors)), _) => Ok(Likeness::Taste(Taste::learn(histories, seeds, &vectors)?)),
            (_, _, Some(features)) => {
                let mut others: Vec<u32> = (0..self.n_customers as u32).filter(|&row| !is_seed[row as usize]).collect();
                if others.len() > options.n_unlabelled_max {
                    Random::stream(options.seed, 1).shuffle(&mut others);
                    others.truncate(options.n_unlabelled_max.max(1));
                    others.sort_unstable();
                }
                let rows = seeds.iter().chain(&others);
                let values: Vec<f32> = rows.flat_map(|&row| features.row(row as usize)).copied().collect();
                let n = seeds.len() + others.len();
                let is_positive: Vec<bool> = (0..n).map(|at| at < seeds.len()).collect();
                let points = Points::new(&values, n, features.d())?;
                Ok(Likeness::Logistic(Logistic::fit(points, &is_positive, &options.logistic)?))
            }
            _ => unreachable!("only methods whose input is there are asked for"),
        }
    }

    /// Every method that can be learned from parts of the seeds, judged by the others among all who are no seeds.
    fn judge(&self, seeds: &[u32], options: &LookalikeOptions) -> Result<Vec<MethodEvaluation>, SegmentError> {
        let mut dealt = seeds.to_vec();
        Random::stream(options.seed, 0).shuffle(&mut dealt);
        let mut is_seed = vec![false; self.n_customers];
        seeds.iter().for_each(|&seed| is_seed[seed as usize] = true);
        let mut evaluations = Vec::new();
        for method in self.methods() {
            let folds = (0..options.n_folds).map(|fold| self.judge_fold(method, fold, &dealt, &is_seed, options));
            let folds: Option<Vec<Fold>> = folds.collect::<Result<_, _>>()?;
            evaluations.extend(folds.map(|folds| MethodEvaluation { method, evaluation: combined(&folds) }));
        }
        Ok(evaluations)
    }

    /// Learns without one part of the seeds and judges by it; those learned from are judged by nobody. `None` if the method
    /// cannot be learned, as tastes of seeds without any history.
    fn judge_fold(
        &self,
        method: &str,
        fold: usize,
        dealt: &[u32],
        is_seed: &[bool],
        options: &LookalikeOptions,
    ) -> Result<Option<Fold>, SegmentError> {
        let is_of_fold = |at: usize| at % options.n_folds == fold;
        let mut is_held_out = vec![false; self.n_customers];
        dealt
            .iter()
            .enumerate()
            .filter(|&(at, _)| is_of_fold(at))
            .for_each(|(_, &row)| is_held_out[row as usize] = true);
        let mut shown: Vec<u32> = dealt.iter().copied().filter(|&row| !is_held_out[row as usize]).collect();
        shown.sort_unstable();
        let Ok(likeness) = self.learn(method, &shown, is_seed, options) else { return Ok(None) };
        let scores = likeness.scores(self.histories, self.features)?;
        let judged: Vec<usize> = (0..self.n_customers).filter(|&row| !is_seed[row] || is_held_out[row]).collect();
        let truths: Vec<bool> = judged.iter().map(|&row| is_held_out[row]).collect();
        let scores: Vec<f64> = judged.iter().map(|&row| scores[row]).collect();
        Fold::judge(&scores, &truths, options.seed.wrapping_add(fold as u64)).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: usize = 600;

    /// One in five likes items 0 to 4, the others items 5 to 9; features tell them apart by `signal`. A third of those who
    /// like the first five are seeds.
    fn shop(signal: f32, taste: bool) -> (Csr, Vec<f32>, Vec<u32>) {
        let mut random = Random::new(9);
        let (mut entries, mut features, mut seeds) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..N {
            let likes = row % 5 == 0;
            for _ in 0..3 {
                let side = if taste && likes {
                    0
                } else if taste {
                    5
                } else {
                    5 * random.below(2)
                };
                entries.push((row as u32, (side + random.below(5)) as u32, 1.0));
            }
            features.push(random.uniform() as f32 + if likes { signal } else { 0.0 });
            features.push(random.uniform() as f32);
            if likes && row % 15 == 0 {
                seeds.push(row as u32);
            }
        }
        (Csr::from_triplets(N, 10, &entries), features, seeds)
    }

    /// Ten items around two directions.
    fn vectors() -> Vec<f32> {
        (0..10)
            .flat_map(|item| if item < 5 { [1.0, 0.1 * item as f32] } else { [0.1 * item as f32 - 0.5, 1.0] })
            .collect()
    }

    fn run(signal: f32, taste: bool) -> (Lookalike, Vec<u32>) {
        let (histories, features, seeds) = shop(signal, taste);
        let vectors = vectors();
        let audience = Audience {
            n_customers: N,
            seeds: &seeds,
            histories: Some((&histories, ItemVectors::new(&vectors, 2).unwrap())),
            features: Some(Points::new(&features, N, 2).unwrap()),
        };
        let found = look_alike(&audience, &LookalikeOptions::default()).unwrap();
        for n_threads in [1, 3] {
            let again = look_alike(&audience, &LookalikeOptions { n_threads, ..Default::default() }).unwrap();
            assert_eq!(again, found);
        }
        (found, seeds)
    }

    #[test]
    fn the_method_that_tells_seeds_apart_is_chosen_and_finds_the_rest() {
        for (signal, taste, expected) in [(0.0, true, "taste"), (2.0, false, "logistic")] {
            let (found, seeds) = run(signal, taste);
            assert_eq!(found.method, expected);
            assert_eq!(found.evaluations.len(), 2);
            let best = found.evaluations.iter().find(|of| of.method == expected).unwrap();
            assert!(best.evaluation.auc > 0.9, "{best:?}");
            assert_eq!(best.evaluation.n_held_out, seeds.len());
            assert_eq!(found.ranked.len(), N - seeds.len());
            assert!(found.ranked.iter().all(|of| !seeds.contains(&of.row)));
            let hits = found.ranked[..80].iter().filter(|of| of.row % 5 == 0).count();
            assert!(hits >= 78, "{hits} of 80");
            assert!(serde_json::to_string(&found).unwrap().contains("\"auc\""));
        }
    }

    #[test]
    fn few_seeds_are_not_judged_and_one_input_is_enough() {
        let (histories, features, seeds) = shop(2.0, true);
        let vectors = vectors();
        let few = Audience {
            n_customers: N,
            seeds: &seeds[..3],
            histories: Some((&histories, ItemVectors::new(&vectors, 2).unwrap())),
            features: Some(Points::new(&features, N, 2).unwrap()),
        };
        let found = look_alike(&few, &LookalikeOptions::default()).unwrap();
        assert_eq!((found.method, found.evaluations.len()), ("taste", 0));
        let bare = look_alike(&Audience { histories: None, ..few }, &LookalikeOptions::default()).unwrap();
        assert_eq!(bare.method, "logistic");
        // Seeds without histories leave the features.
        let empty = Csr::empty(N, 10);
        let silent = Audience { histories: few.histories.map(|(_, vectors)| (&empty, vectors)), ..few };
        assert_eq!(look_alike(&silent, &LookalikeOptions::default()).unwrap().method, "logistic");
        let kept: Likeness = serde_json::from_str(&serde_json::to_string(&bare.likeness).unwrap()).unwrap();
        // Through JSON the last bit of a number may go.
        let scores = |likeness: &Likeness| likeness.scores(None, few.features).unwrap();
        for (found, expected) in scores(&kept).iter().zip(scores(&bare.likeness)) {
            assert!((found - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let features = [1f32, 2.0, 3.0];
        let audience = Audience {
            n_customers: 3,
            seeds: &[0],
            histories: None,
            features: Some(Points::new(&features, 3, 1).unwrap()),
        };
        let error = |audience: Audience| look_alike(&audience, &LookalikeOptions::default()).unwrap_err().to_string();
        assert!(error(Audience { seeds: &[], ..audience }).contains("found 0, allowed 1 to 2"));
        assert!(error(Audience { seeds: &[0, 1, 2], ..audience }).contains("found 3"));
        assert!(error(Audience { seeds: &[0, 0], ..audience }).contains("0 twice"));
        assert!(error(Audience { seeds: &[3], ..audience }).contains("found 3, allowed below 3"));
        assert!(error(Audience { n_customers: 4, ..audience }).contains("found 3, allowed 4"));
        assert!(error(Audience { features: None, ..audience }).contains("histories, features or both"));
    }
}
