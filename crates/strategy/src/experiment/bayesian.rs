//! The Bayesian reading of an effect: how likely is it better, and what is lost on average if one decides and is wrong? The
//! effect is taken as normal, the prior too; without a prior all effects count as equally likely beforehand.

use math::distributions::normal_quantile;
use math::special::{normal_cdf, normal_density};
use serde::Serialize;

use super::Effect;
use crate::Estimate;

/// What was believed of the effect before, in the effect's unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Prior {
    pub mean: f64,
    pub deviation: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Posterior {
    pub effect: Estimate,
    /// The probability that the treated group is better, taking more as better.
    pub chance_better: f64,
    /// What is given up on average by staying with the control: the mean of the effect's positive part.
    pub loss_if_kept: f64,
    /// What is given up on average by going over to the treatment: the mean of the negative part.
    pub loss_if_shipped: f64,
}

/// Combines the effect with the prior, weighted by precision.
pub fn posterior(effect: &Effect, prior: Option<Prior>, level: f64) -> Posterior {
    let variance = effect.standard_error.powi(2);
    let (mean, deviation) = match prior {
        Some(prior) if variance > 0.0 => {
            let (data, before) = (1.0 / variance, 1.0 / prior.deviation.powi(2));
            ((effect.value * data + prior.mean * before) / (data + before), (data + before).sqrt().recip())
        }
        _ => (effect.value, effect.standard_error),
    };
    let half = normal_quantile(0.5 + 0.5 * level) * deviation;
    let effect = Estimate { value: mean, low: mean - half, high: mean + half, level };
    let (chance_better, loss_if_shipped) = if deviation > 0.0 {
        let z = mean / deviation;
        (normal_cdf(z), deviation * normal_density(z) - mean * normal_cdf(-z))
    } else {
        (
            if mean > 0.0 {
                1.0
            } else if mean < 0.0 {
                0.0
            } else {
                0.5
            },
            (-mean).max(0.0),
        )
    };
    Posterior { effect, chance_better, loss_if_kept: mean + loss_if_shipped, loss_if_shipped }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_prior_holds_the_effect_back() {
        let effect = Effect { value: 0.2, standard_error: 0.1, df: 1e3, n: 1000 };
        let flat = posterior(&effect, None, 0.95);
        let held = posterior(&effect, Some(Prior { mean: 0.0, deviation: 0.1 }), 0.95);
        assert!((held.effect.value - 0.1).abs() < 1e-12, "{held:?}");
        assert!(held.chance_better < flat.chance_better && held.loss_if_shipped > flat.loss_if_shipped);
        assert!((flat.loss_if_kept - flat.loss_if_shipped - 0.2).abs() < 1e-12);
    }

    #[test]
    fn without_noise_there_is_no_doubt() {
        let effect = Effect { value: -0.2, standard_error: 0.0, df: 1e3, n: 1000 };
        let known = posterior(&effect, None, 0.9);
        assert_eq!((known.chance_better, known.loss_if_kept, known.loss_if_shipped), (0.0, 0.0, 0.2));
    }
}
