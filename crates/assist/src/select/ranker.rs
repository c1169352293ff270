//! What each feature is worth: a choice among candidates by a weighted sum of features (conditional logit, McFadden 1974),
//! learned by full gradient steps from lists whose first candidate is the right one.

use super::N_FEATURES;

const ROUNDS: usize = 400;
const STEP: f64 = 0.3;
/// What large weights cost, beside one list: a few lists alone move no weight far.
const L2: f64 = 2.0;

/// A weighted sum of features.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ranker {
    pub means: [f32; N_FEATURES],
    pub scales: [f32; N_FEATURES],
    pub weights: [f32; N_FEATURES],
}

type Features = [f32; N_FEATURES];

impl Ranker {
    pub fn learn(lists: &[Vec<Features>]) -> Self {
        let mut ranker = Ranker::standard(lists);
        let lists: Vec<Vec<Features>> =
            lists.iter().map(|list| list.iter().map(|features| ranker.scaled(features)).collect()).collect();
        let mut weights = [0f64; N_FEATURES];
        let mut squares = [1e-8f64; N_FEATURES];
        for _ in 0..ROUNDS {
            let slopes = slopes(&lists, &weights);
            for ((weight, square), slope) in weights.iter_mut().zip(&mut squares).zip(slopes) {
                let slope = slope + L2 / lists.len().max(1) as f64 * *weight;
                *square += slope * slope;
                *weight -= STEP * slope / square.sqrt();
            }
        }
        ranker.weights = weights.map(|weight| weight as f32);
        ranker
    }

    /// Means and spreads of the features.
    fn standard(lists: &[Vec<Features>]) -> Self {
        let n = lists.iter().map(Vec::len).sum::<usize>().max(1) as f64;
        let mut ranker = Ranker::default();
        for at in 0..N_FEATURES {
            let values = || lists.iter().flatten().map(|features| f64::from(features[at]));
            let mean = values().sum::<f64>() / n;
            let spread = (values().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
            ranker.means[at] = mean as f32;
            // A feature that never differs says nothing.
            ranker.scales[at] = if spread > 1e-6 { (1.0 / spread) as f32 } else { 0.0 };
        }
        ranker
    }

    fn scaled(&self, features: &Features) -> Features {
        std::array::from_fn(|at| ((features[at] - self.means[at]) * self.scales[at]).clamp(-6.0, 6.0))
    }

    pub fn score(&self, features: &Features) -> f32 {
        self.scaled(features).iter().zip(&self.weights).map(|(value, weight)| value * weight).sum()
    }

    pub fn weights(&self) -> [f32; N_FEATURES] {
        self.weights
    }
}

fn slopes(lists: &[Vec<Features>], weights: &[f64; N_FEATURES]) -> [f64; N_FEATURES] {
    let mut slopes = [0f64; N_FEATURES];
    for list in lists.iter().filter(|list| list.len() > 1) {
        let score =
            |features: &Features| features.iter().zip(weights).map(|(value, weight)| f64::from(*value) * weight).sum();
        let scores: Vec<f64> = list.iter().map(score).collect();
        let largest = scores.iter().copied().fold(f64::MIN, f64::max);
        let total: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
        for (at, (features, score)) in list.iter().zip(scores).enumerate() {
            let off = (score - largest).exp() / total - f64::from(u8::from(at == 0));
            slopes.iter_mut().zip(features).for_each(|(slope, value)| *slope += off * f64::from(*value));
        }
    }
    slopes.map(|slope| slope / lists.len().max(1) as f64)
}
