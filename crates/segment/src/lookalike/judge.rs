//! How well scores find seeds that were held out: lift among the best, and the area under the curve with an interval.

use math::Random;
use serde::{Deserialize, Serialize};

use crate::SegmentError;

/// Customers that an interval's resamples draw from, at most, per class.
const N_RESAMPLED_MAX: usize = 20_000;
const N_RESAMPLES: usize = 200;

/// How well held-out seeds were found among everyone else, over all folds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// In all folds together.
    pub n_held_out: usize,
    /// In each fold.
    pub n_others: usize,
    /// At 1, 5 and 10 %.
    pub lifts: [Lift; 3],
    /// The chance that a held-out seed scores above another customer, ties counting a half.
    pub auc: f64,
    /// Its 95 % interval, by a bootstrap of either class.
    pub auc_interval: (f64, f64),
}

/// How many times as many held-out seeds the best customers hold as equally many taken by chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lift {
    /// The share of customers looked at.
    pub share: f64,
    pub lift: f64,
    /// The share of held-out seeds among them.
    pub found: f64,
}

/// Judges `scores` by which customers were held out. The best p % are the ⌈p n⌉ with the largest scores; where a score is
/// shared across that border, seeds count in proportion.
///
/// # Errors
/// If either class is empty, lengths differ, or a score is NaN.
pub fn evaluate(scores: &[f64], is_held_out: &[bool], seed: u64) -> Result<Evaluation, SegmentError> {
    Ok(combined(&[Fold::judge(scores, is_held_out, seed)?]))
}

/// The figures of one fold.
pub(super) struct Fold {
    n_held_out: usize,
    n_others: usize,
    lifts: [Lift; 3],
    auc: f64,
    /// Of resamples.
    aucs: Vec<f64>,
}

/// Folds in one: each counts by the seeds that it held out. A resample of all is one of each.
pub(super) fn combined(folds: &[Fold]) -> Evaluation {
    let n_held_out: usize = folds.iter().map(|fold| fold.n_held_out).sum();
    let mean = |of: &dyn Fn(&Fold) -> f64| {
        folds.iter().map(|fold| of(fold) * fold.n_held_out as f64).sum::<f64>() / n_held_out as f64
    };
    let mut aucs: Vec<f64> = (0..N_RESAMPLES).map(|at| mean(&|fold| fold.aucs[at])).collect();
    aucs.sort_unstable_by(f64::total_cmp);
    let tail = N_RESAMPLES / 40;
    Evaluation {
        n_held_out,
        n_others: folds.iter().map(|fold| fold.n_others).max().unwrap_or(0),
        lifts: std::array::from_fn(|at| Lift {
            share: folds[0].lifts[at].share,
            lift: mean(&|fold| fold.lifts[at].lift),
            found: mean(&|fold| fold.lifts[at].found),
        }),
        auc: mean(&|fold| fold.auc),
        auc_interval: (aucs[tail], aucs[N_RESAMPLES - 1 - tail]),
    }
}

impl Fold {
    pub fn judge(scores: &[f64], is_held_out: &[bool], seed: u64) -> Result<Self, SegmentError> {
        if scores.len() != is_held_out.len() {
            return Err(SegmentError::unfit("truths of scores", is_held_out.len(), scores.len()));
        }
        if let Some(row) = scores.iter().position(|score| score.is_nan()) {
            return Err(SegmentError::NotFinite { row, column: 0, value: f64::NAN });
        }
        let of = |class: bool| {
            let both = scores.iter().zip(is_held_out);
            both.filter(|&(_, &held_out)| held_out == class).map(|(&score, _)| score).collect::<Vec<f64>>()
        };
        let (held_out, others) = (of(true), of(false));
        if held_out.is_empty() || others.is_empty() {
            let found = format!("{} held out, {} others", held_out.len(), others.len());
            return Err(SegmentError::unfit("customers to judge by", found, "1 or more of each"));
        }
        let mut pairs: Vec<(f64, bool)> = scores.iter().copied().zip(is_held_out.iter().copied()).collect();
        pairs.sort_unstable_by(|x, y| y.0.total_cmp(&x.0));
        Ok(Fold {
            n_held_out: held_out.len(),
            n_others: others.len(),
            lifts: [0.01, 0.05, 0.1].map(|share| lift(&pairs, held_out.len(), share)),
            auc: Ranks::new(&held_out, &others).auc(),
            aucs: resampled(held_out, others, seed),
        })
    }
}

/// `pairs` are in order from the largest score.
fn lift(pairs: &[(f64, bool)], n_held_out: usize, share: f64) -> Lift {
    let n_best = (share * pairs.len() as f64).ceil() as usize;
    let (mut left, mut hits) = (n_best, 0.0);
    for equal in pairs.chunk_by(|x, y| x.0 == y.0) {
        let taken = left.min(equal.len());
        let n_hits = equal.iter().filter(|pair| pair.1).count();
        hits += n_hits as f64 * taken as f64 / equal.len() as f64;
        left -= taken;
        if left == 0 {
            break;
        }
    }
    let found = hits / n_held_out as f64;
    Lift { share, lift: found * pairs.len() as f64 / n_best as f64, found }
}

/// Scores of both classes as places among the distinct scores.
struct Ranks {
    held_out: Vec<usize>,
    others: Vec<usize>,
    n_places: usize,
}

impl Ranks {
    fn new(held_out: &[f64], others: &[f64]) -> Self {
        let mut distinct: Vec<f64> = held_out.iter().chain(others).copied().collect();
        distinct.sort_unstable_by(f64::total_cmp);
        distinct.dedup();
        let place = |score: &f64| distinct.partition_point(|other| other < score);
        Ranks {
            held_out: held_out.iter().map(place).collect(),
            others: others.iter().map(place).collect(),
            n_places: distinct.len(),
        }
    }

    fn auc(&self) -> f64 {
        self.auc_of(self.held_out.iter().copied(), self.others.iter().copied())
    }

    fn auc_of(&self, held_out: impl Iterator<Item = usize>, others: impl Iterator<Item = usize>) -> f64 {
        let mut counts = vec![(0u64, 0u64); self.n_places];
        held_out.for_each(|place| counts[place].0 += 1);
        others.for_each(|place| counts[place].1 += 1);
        let (mut below, mut n_held_out, mut wins) = (0, 0, 0.0);
        for (held_out, others) in counts {
            wins += held_out as f64 * (below as f64 + others as f64 / 2.0);
            below += others;
            n_held_out += held_out;
        }
        wins / (n_held_out as f64 * below as f64)
    }
}

/// Areas under the curve of resamples of either class.
fn resampled(mut held_out: Vec<f64>, mut others: Vec<f64>, seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed);
    for class in [&mut held_out, &mut others] {
        if class.len() > N_RESAMPLED_MAX {
            random.shuffle(class);
            class.truncate(N_RESAMPLED_MAX);
        }
    }
    let ranks = Ranks::new(&held_out, &others);
    let mut draw =
        |places: &[usize]| -> Vec<usize> { (0..places.len()).map(|_| places[random.below(places.len())]).collect() };
    (0..N_RESAMPLES)
        .map(|_| {
            let (held_out, others) = (draw(&ranks.held_out), draw(&ranks.others));
            ranks.auc_of(held_out.into_iter(), others.into_iter())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_worked_by_hand() {
        // Ten customers, two held out: at places 1 and 4 from the top.
        let scores = [10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0];
        let truth = [true, false, false, true, false, false, false, false, false, false];
        let found = evaluate(&scores, &truth, 1).unwrap();
        // (8 + 6) of 16 pairs.
        assert_eq!(found.auc, 14.0 / 16.0);
        assert_eq!(found.lifts[2], Lift { share: 0.1, lift: 5.0, found: 0.5 });
        assert!(found.auc_interval.0 <= found.auc && found.auc <= found.auc_interval.1);
        // All alike: chance.
        let even = evaluate(&[1.0; 10], &truth, 1).unwrap();
        assert_eq!((even.auc, even.auc_interval), (0.5, (0.5, 0.5)));
        assert!((even.lifts[0].lift - 1.0).abs() < 1e-12);
    }

    #[test]
    fn folds_count_by_the_seeds_they_held_out() {
        let fold = |scores: &[f64], truths: &[bool]| Fold::judge(scores, truths, 1).unwrap();
        // One of one found first; one of two last.
        let good = fold(&[3.0, 2.0, 1.0], &[true, false, false]);
        let bad = fold(&[4.0, 3.0, 2.0, 1.0], &[false, true, false, true]);
        assert_eq!((good.auc, bad.auc), (1.0, 0.25));
        let both = combined(&[good, bad]);
        assert_eq!((both.n_held_out, both.auc), (3, 0.5));
        assert_eq!(both.lifts[0].lift, 1.0);
    }

    #[test]
    fn intervals_narrow_with_more_customers_and_cover_chance() {
        let mut random = Random::new(4);
        let mut width = |n: usize| {
            let scores: Vec<f64> = (0..n).map(|_| random.uniform()).collect();
            let truth: Vec<bool> = (0..n).map(|at| at % 10 == 0).collect();
            let (low, high) = evaluate(&scores, &truth, 2).unwrap().auc_interval;
            assert!(low < 0.5 && high > 0.5, "{low} {high}");
            high - low
        };
        let (few, many) = (width(300), width(30_000));
        assert!(many < few / 4.0, "{few} {many}");
    }

    #[test]
    fn what_cannot_be_judged_is_refused() {
        assert!(evaluate(&[1.0], &[true], 1).unwrap_err().to_string().contains("1 held out, 0 others"));
        assert!(evaluate(&[1.0], &[], 1).is_err());
        assert!(evaluate(&[f64::NAN, 1.0], &[true, false], 1).unwrap_err().to_string().contains("row 0"));
    }
}
