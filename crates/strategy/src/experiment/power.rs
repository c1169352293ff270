//! Before an experiment: how many units, how long, and what could be found? By the normal approximation; for always-valid tests
//! the chance of having found the effect at that look, which is a little below that of having found it by then.

use math::distributions::normal_quantile;
use math::special::normal_cdf;
use serde::Serialize;

use super::sequential;
use crate::StrategyError;

/// What is known beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Design {
    /// The measure's mean without treatment.
    pub mean: f64,
    /// Its variance between units; for a share the treated group's follows from its mean.
    pub variance: f64,
    pub is_share: bool,
    /// The part of the units that is treated, above 0 and below 1.
    pub share_treated: f64,
    /// Of the interval, 0.95: an effect of 0 is taken for one in 5 % of experiments.
    pub level: f64,
    /// The square of the correlation with what is known before, which CUPED takes off; 0 without it.
    pub explained: f64,
    /// For always-valid tests: at how many units they are tuned to be narrowest.
    pub sequential_units: Option<f64>,
}

impl Design {
    /// Of a share such as a conversion rate, half of the units treated, read once.
    pub fn of_share(share: f64) -> Self {
        Design { is_share: true, variance: share * (1.0 - share), ..Design::of_mean(share, 0.0) }
    }

    pub fn of_mean(mean: f64, variance: f64) -> Self {
        Design {
            mean,
            variance,
            is_share: false,
            share_treated: 0.5,
            level: 0.95,
            explained: 0.0,
            sequential_units: None,
        }
    }

    fn check(&self) -> Result<(), StrategyError> {
        let within = |what, value: f64, is_allowed: bool, allowed| {
            if is_allowed { Ok(()) } else { Err(StrategyError::unfit(what, value, allowed)) }
        };
        within("the mean", self.mean, self.mean.is_finite(), "a finite number")?;
        if self.is_share {
            within("a share", self.mean, 0.0 < self.mean && self.mean < 1.0, "above 0 and below 1")?;
        }
        within("the variance", self.variance, self.variance > 0.0 && self.variance.is_finite(), "above 0")?;
        let share = self.share_treated;
        within("the share treated", share, 0.0 < share && share < 1.0, "above 0 and below 1")?;
        within("the level", self.level, (0.5..1.0).contains(&self.level), "0.5 or more and below 1")?;
        within("the part explained", self.explained, (0.0..1.0).contains(&self.explained), "0 or more and below 1")
    }

    fn standard_error(&self, effect: f64, n: f64) -> f64 {
        let treated = if self.is_share {
            let share = (self.mean + effect).clamp(0.0, 1.0);
            share * (1.0 - share)
        } else {
            self.variance
        };
        let spread = self.variance / (1.0 - self.share_treated) + treated / self.share_treated;
        (spread * (1.0 - self.explained) / n).sqrt()
    }

    fn reach(&self, n: f64) -> f64 {
        match self.sequential_units {
            Some(units) => sequential::reach_at(n, units, self.level),
            None => normal_quantile(0.5 + 0.5 * self.level),
        }
    }

    /// The probability that the interval excludes 0 with `n` units in both groups, if the absolute effect is `effect`.
    ///
    /// # Errors
    /// If the design has a value outside its range.
    pub fn power(&self, effect: f64, n: f64) -> Result<f64, StrategyError> {
        self.check()?;
        Ok(self.power_unchecked(effect, n))
    }

    fn power_unchecked(&self, effect: f64, n: f64) -> f64 {
        let (z, reach) = (effect / self.standard_error(effect, n), self.reach(n));
        normal_cdf(z - reach) + normal_cdf(-z - reach)
    }

    /// The units needed in both groups together to find `effect` with probability `power`.
    ///
    /// # Errors
    /// If the design has a value outside its range, the effect is 0 or more units than there are people would be needed.
    pub fn units(&self, effect: f64, power: f64) -> Result<usize, StrategyError> {
        const UNITS_MAX: f64 = 1e11;
        self.check()?;
        check_power(power)?;
        if self.is_share && !(0.0..=1.0).contains(&(self.mean + effect)) {
            return Err(StrategyError::unfit("the treated share", self.mean + effect, "0 to 1"));
        }
        let is_enough = |n: f64| self.power_unchecked(effect, n) >= power;
        if effect == 0.0 || !is_enough(UNITS_MAX) {
            return Err(StrategyError::unfit("the effect", effect, "one that 100 billion units could show"));
        }
        Ok(smallest(2.0, UNITS_MAX, 0.5, is_enough).ceil() as usize)
    }

    /// The smallest positive absolute effect found with probability `power` by `n` units in both groups together.
    ///
    /// # Errors
    /// If the design has a value outside its range, or no effect would be found.
    pub fn effect(&self, n: usize, power: f64) -> Result<f64, StrategyError> {
        self.check()?;
        check_power(power)?;
        let largest = if self.is_share { 1.0 - self.mean } else { 1e6 * self.variance.sqrt() };
        let is_found = |effect: f64| self.power_unchecked(effect, n as f64) >= power;
        if n < 2 || !is_found(largest) {
            return Err(StrategyError::unfit("the number of units", n, "enough to show some effect"));
        }
        Ok(smallest(0.0, largest, largest * 1e-15, is_found))
    }

    /// The days until `effect` is found with probability `power`, when `units_per_day` new units come every day: whole weeks,
    /// since customers of a Saturday are not those of a Tuesday.
    ///
    /// # Errors
    /// As [`Design::units`], or if no units come.
    pub fn days(&self, effect: f64, power: f64, units_per_day: f64) -> Result<usize, StrategyError> {
        if !(units_per_day > 0.0 && units_per_day.is_finite()) {
            return Err(StrategyError::unfit("the units of a day", units_per_day, "above 0"));
        }
        let days = self.units(effect, power)? as f64 / units_per_day;
        Ok((days / 7.0).ceil() as usize * 7)
    }
}

fn check_power(power: f64) -> Result<(), StrategyError> {
    if (0.05..1.0).contains(&power) {
        return Ok(());
    }
    Err(StrategyError::unfit("the power", power, "0.05 or more and below 1"))
}

/// The smallest value between `low` and `high` at which `holds` begins to hold, by halving; it holds at `high`.
fn smallest(mut low: f64, mut high: f64, width: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if high - low <= width {
            break;
        }
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 16 σ²/δ² a group (Kohavi's rule for power 0.8), exactly 15.70: (1.95996 + 0.84162)² × 2.
    #[test]
    fn units_follow_the_textbook() {
        let units = Design::of_mean(10.0, 4.0).units(0.1, 0.8).unwrap();
        let expected: f64 = 2.0 * 2.0 * 4.0 * (1.959_964_f64 + 0.841_621).powi(2) / 0.01;
        assert!((units as f64 - expected).abs() < 2.0, "{units} {expected}");
        let adjusted = Design { explained: 0.36, ..Design::of_mean(10.0, 4.0) }.units(0.1, 0.8).unwrap();
        assert!((adjusted as f64 - 0.64 * expected).abs() < 2.0, "{adjusted}");
    }

    #[test]
    fn the_effect_that_is_found_needs_the_units_it_was_found_with() {
        for design in [
            Design::of_share(0.05),
            Design { share_treated: 0.1, ..Design::of_mean(3.0, 50.0) },
            Design { sequential_units: Some(40_000.0), ..Design::of_share(0.05) },
        ] {
            let effect = design.effect(40_000, 0.8).unwrap();
            assert!((design.power(effect, 40_000.0).unwrap() - 0.8).abs() < 1e-6);
            assert!(design.units(effect, 0.8).unwrap().abs_diff(40_000) <= 1, "{design:?}");
        }
    }

    #[test]
    fn reading_at_any_time_costs_units() {
        let fixed = Design::of_share(0.05);
        let anytime = Design { sequential_units: Some(20_000.0), ..fixed };
        assert!(anytime.units(0.01, 0.8).unwrap() > fixed.units(0.01, 0.8).unwrap());
    }

    #[test]
    fn durations_are_whole_weeks_and_impossible_wishes_are_errors() {
        let design = Design::of_share(0.05);
        assert_eq!(design.days(0.02, 0.8, 1e9).unwrap(), 7);
        let units = design.units(0.005, 0.8).unwrap();
        assert_eq!(design.days(0.005, 0.8, units as f64 / 15.0).unwrap(), 21);
        assert!(design.units(0.0, 0.8).is_err() && design.units(0.99, 0.8).is_err());
        assert!(design.effect(1, 0.8).is_err() && design.days(0.01, 0.8, 0.0).is_err());
        assert!(Design::of_share(1.2).units(0.1, 0.8).unwrap_err().to_string().contains("above 0 and below 1"));
    }
}
