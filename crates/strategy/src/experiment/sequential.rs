//! Tests that may be read at any time, as often as one likes, and stopped when one likes: the interval covers the effect at all
//! times at once with the promised probability. The price is width. Not for measures whose units are still growing a value
//! after they were counted.

use serde::Serialize;

use super::Effect;
use crate::Estimate;

/// Where the intervals are to be narrowest: they are valid everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Mixture {
    /// At about this many units in both groups together (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas 2023, eq. 9 and 161;
    /// GrowthBook's tuning parameter).
    Units(f64),
    /// For effects of about this size: the standard deviation of the normal mixture of the mixture sequential probability
    /// ratio test (Johari, Koomen, Pekelis, Walsh 2017, eq. 11), in the effect's unit.
    Effects(f64),
}

impl Mixture {
    /// The mixture's variance over the effect's squared error, the one number by which both forms differ.
    fn ratio(self, effect: &Effect, level: f64) -> f64 {
        match self {
            Mixture::Units(units) => effect.n as f64 * precision(units, level),
            Mixture::Effects(deviation) => (deviation / effect.standard_error).powi(2),
        }
    }
}

/// ρ² of the cited eq. 161.
fn precision(units: f64, level: f64) -> f64 {
    let doubled = -2.0 * (1.0 - level).ln();
    (doubled + (doubled + 1.0).ln()) / units
}

/// How many standard errors the interval reaches to either side.
pub(super) fn reach(ratio: f64, level: f64) -> f64 {
    ((1.0 + ratio) / ratio * (ratio.ln_1p() - 2.0 * (1.0 - level).ln())).sqrt()
}

/// The reach with `n` units when the interval is to be narrowest at `units`.
pub(super) fn reach_at(n: f64, units: f64, level: f64) -> f64 {
    reach(n * precision(units, level), level)
}

/// The interval at this moment; with those of all other moments it covers the effect with probability `level`.
pub fn interval(effect: &Effect, mixture: Mixture, level: f64) -> Estimate {
    if effect.standard_error == 0.0 {
        return effect.around(0.0, level);
    }
    effect.around(reach(mixture.ratio(effect, level), level) * effect.standard_error, level)
}

/// The p-value at this moment; the smallest so far is valid whenever one stops. `level` tunes the mixture alone.
pub fn p_value(effect: &Effect, mixture: Mixture, level: f64) -> f64 {
    if effect.standard_error == 0.0 {
        return effect.p_value();
    }
    let ratio = mixture.ratio(effect, level);
    let ln_evidence = 0.5 * effect.z().powi(2) * ratio / (1.0 + ratio) - 0.5 * ratio.ln_1p();
    (-ln_evidence).exp().min(1.0)
}

/// What all looks so far allow to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Looks {
    pub n_looks: usize,
    /// The smallest p-value.
    pub p_value: Option<f64>,
    /// What all intervals have in common. `None` at the beginning, and from a moment on at which they have nothing in
    /// common: then the effect itself has changed, or the one time in many has come.
    pub interval: Option<Estimate>,
    pub has_contradiction: bool,
}

impl Looks {
    /// Takes in one more look.
    pub fn look(&mut self, effect: &Effect, mixture: Mixture, level: f64) {
        let (now, p) = (interval(effect, mixture, level), p_value(effect, mixture, level));
        self.n_looks += 1;
        self.p_value = Some(self.p_value.map_or(p, |before| before.min(p)));
        let (low, high) =
            self.interval.map_or((now.low, now.high), |before| (before.low.max(now.low), before.high.min(now.high)));
        self.has_contradiction |= low > high;
        let value = effect.value.clamp(low.min(high), high.max(low));
        self.interval = (!self.has_contradiction).then_some(Estimate { value, low, high, level });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(value: f64, n: usize) -> Effect {
        Effect { value, standard_error: 2.0 / (n as f64).sqrt(), df: 1e6, n }
    }

    #[test]
    fn an_interval_excludes_zero_exactly_when_its_p_value_says_so() {
        for mixture in [Mixture::Units(2000.0), Mixture::Effects(0.1)] {
            for step in 1..60 {
                let effect = effect(0.01 * f64::from(step), 2000);
                let excludes = interval(&effect, mixture, 0.95).low > 0.0;
                assert_eq!(excludes, p_value(&effect, mixture, 0.95) < 0.05, "{mixture:?} {step}");
            }
        }
    }

    #[test]
    fn the_interval_is_narrowest_near_the_units_it_is_tuned_to() {
        let reach = |n: f64| reach_at(n, 10_000.0, 0.95);
        assert!(reach(10_000.0) < reach(300.0) && reach(10_000.0) < reach(1e7));
        assert!(
            (8_000.0..12_500.0).contains(
                &(1..400).map(|k| 100.0 * f64::from(k)).min_by(|a, b| reach(*a).total_cmp(&reach(*b))).unwrap()
            )
        );
    }

    #[test]
    fn looks_only_narrow_and_tell_a_contradiction() {
        let mut looks = Looks::default();
        looks.look(&effect(0.3, 1000), Mixture::Units(1000.0), 0.95);
        let first = looks.interval.unwrap();
        looks.look(&effect(0.25, 4000), Mixture::Units(1000.0), 0.95);
        let second = looks.interval.unwrap();
        assert!(second.low >= first.low && second.high <= first.high && !looks.has_contradiction);
        looks.look(&effect(-0.5, 100_000), Mixture::Units(1000.0), 0.95);
        assert!(looks.has_contradiction && looks.interval.is_none());
        assert_eq!(looks.n_looks, 3);
    }
}
