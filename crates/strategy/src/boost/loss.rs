//! The two losses, their first and second derivatives by the score, and what they start from. Not here: trees.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::grow::{Cell, Scales};

/// Rows that one thread works through at a time.
const CHUNK: usize = 1 << 14;

/// What is made small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// −y ln p − (1 − y) ln(1 − p) with p = 1/(1 + e^−score): for outcomes of 0 and 1, or shares between.
    #[default]
    Logistic,
    /// (y − score)² / 2.
    Squared,
}

impl Loss {
    /// The score that fits best without any feature. Never infinite: where all outcomes are alike, half a row of each other
    /// kind is added.
    pub(crate) fn start(self, target: &[f64], weights: Option<&[f64]>) -> f64 {
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let (mut sum, mut total) = (0.0, 0.0);
        for (row, &y) in target.iter().enumerate() {
            sum += weight(row) * y;
            total += weight(row);
        }
        match self {
            Loss::Squared => sum / total,
            Loss::Logistic => {
                let mean = if sum <= 0.0 || sum >= total { (sum + 0.5) / (total + 1.0) } else { sum / total };
                (mean / (1.0 - mean)).ln()
            }
        }
    }

    /// From a score to what the target is expected to be.
    #[inline]
    pub fn mean(self, score: f64) -> f64 {
        match self {
            Loss::Logistic => 1.0 / (1.0 + (-score).exp()),
            Loss::Squared => score,
        }
    }

    pub(crate) fn of(self, target: f64, score: f64) -> f64 {
        match self {
            // ln(1 + e^s) − y s, without overflow.
            Loss::Logistic => score.max(0.0) + (-score.abs()).exp().ln_1p() - target * score,
            Loss::Squared => 0.5 * (target - score) * (target - score),
        }
    }

    /// Mean weighted loss. Shapes: all (n_rows).
    pub(super) fn average(self, target: &[f64], weights: Option<&[f64]>, scores: &[f64]) -> f64 {
        let (mut sum, mut total) = (0.0, 0.0);
        for (row, (&y, &score)) in target.iter().zip(scores).enumerate() {
            let weight = weights.map_or(1.0, |weights| weights[row]);
            sum += weight * self.of(y, score);
            total += weight;
        }
        sum / total
    }

    /// How large the derivatives of any row can be at these scores.
    fn largest(self, target: &[f64], weights: Option<&[f64]>, scores: &[f64]) -> (f64, f64) {
        let heaviest = weights.map_or(1.0, |weights| weights.iter().copied().fold(0.0, f64::max));
        match self {
            Loss::Logistic => (heaviest, 0.25 * heaviest),
            Loss::Squared => {
                let off = |(y, score): (&f64, &f64)| (y - score).abs();
                (heaviest * target.iter().zip(scores).map(off).fold(0.0, f64::max), heaviest)
            }
        }
    }

    /// Writes every row's derivatives. Shapes: all (n_rows).
    pub(super) fn gradients(self, target: &[f64], weights: Option<&[f64]>, scores: &[f64], out: &mut [Cell]) -> Scales {
        let (first, second) = self.largest(target, weights, scores);
        let scales = Scales::new(target.len(), first, second);
        let one = |chunk: usize, out: &mut [Cell]| {
            let from = chunk * CHUNK;
            let (target, scores) = (&target[from..][..out.len()], &scores[from..][..out.len()]);
            let weights = weights.map(|weights| &weights[from..][..out.len()]);
            for (row, ((out, &y), &score)) in out.iter_mut().zip(target).zip(scores).enumerate() {
                let weight = weights.map_or(1.0, |weights| weights[row]);
                let (first, second) = match self {
                    Loss::Logistic => {
                        let p = self.mean(score);
                        (p - y, p * (1.0 - p))
                    }
                    Loss::Squared => (score - y, 1.0),
                };
                *out = scales.cell(weight * first, weight * second);
            }
        };
        if out.len() > 4 * CHUNK {
            out.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, out)| one(chunk, out));
        } else {
            out.chunks_mut(CHUNK).enumerate().for_each(|(chunk, out)| one(chunk, out));
        }
        scales
    }
}
