//! How far the treated group is from the control group, in the measure's unit or as a share of the control's mean, with the
//! standard error, or with Fieller's interval; and the fixed-horizon test of it, which may be read once, when the planned number of units is reached.

use math::distributions::{student_t_cdf, student_t_quantile};
use serde::Serialize;

use super::Sample;
use crate::Estimate;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// In the measure's unit.
    Absolute,
    /// As a share of the control's mean: 0.05 is 5 % more.
    Relative,
}

/// The interval of the treated group's lead as a share of the control's mean (Fieller 1954): all shares ρ for which `lead` − ρ
/// times the control's base is within `reach` standard errors of 0. It holds 0 exactly if `lead` itself is within reach of 0, which
/// an interval by the delta method does not promise. `lead`: treated less control, in the measure's unit; `kept`: its variance in
/// parts of that of the data. `None` if the control's mean is within reach of 0, where no share is shut out on one side.
pub(super) fn fieller(
    control: &Sample,
    treated: &Sample,
    lead: f64,
    kept: f64,
    reach: f64,
    level: f64,
) -> Option<Estimate> {
    let base = control.base;
    let squared = |sample: &Sample| kept * reach * reach * sample.variance / sample.n as f64;
    let (a, b) = (squared(control), squared(treated));
    let square = base * base - a;
    if base <= 0.0 || square <= 0.0 {
        return None;
    }
    // (lead − ρ base)² = b + (1 + ρ)² a, solved for ρ.
    let middle = lead * base + a;
    let root = (middle * middle - square * (lead * lead - a - b)).max(0.0).sqrt();
    let value = lead / base;
    // Rounding must not put the value outside where nothing varies.
    Some(Estimate {
        value,
        low: ((middle - root) / square).min(value),
        high: ((middle + root) / square).max(value),
        level,
    })
}

/// A difference, approximately normal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Effect {
    pub value: f64,
    pub standard_error: f64,
    /// Welch and Satterthwaite's degrees of freedom, of the absolute difference.
    pub df: f64,
    /// Units in both groups.
    pub n: usize,
}

impl Effect {
    /// `None` if a group has fewer than two units, or a relative effect has nothing positive to be relative to. The standard
    /// error of a relative effect is that of the delta method, with the means before adjustment.
    pub fn between(control: &Sample, treated: &Sample, scale: Scale) -> Option<Effect> {
        if control.n < 2 || treated.n < 2 {
            return None;
        }
        let (a, b) = (control.variance / control.n as f64, treated.variance / treated.n as f64);
        let df = (a + b).powi(2) / (a * a / (control.n - 1) as f64 + b * b / (treated.n - 1) as f64);
        let df = if df.is_finite() { df } else { f64::INFINITY };
        let n = control.n + treated.n;
        let difference = treated.mean - control.mean;
        match scale {
            Scale::Absolute => Some(Effect { value: difference, standard_error: (a + b).sqrt(), df, n }),
            Scale::Relative if control.base > 0.0 => {
                let base = control.base;
                let variance = b / base.powi(2) + a * treated.base.powi(2) / base.powi(4);
                Some(Effect { value: difference / base, standard_error: variance.sqrt(), df, n })
            }
            Scale::Relative => None,
        }
    }

    /// The interval that holds the effect with probability `level`, if it is looked at once.
    pub fn interval(&self, level: f64) -> Estimate {
        self.around(student_t_quantile(0.5 + 0.5 * level, self.df) * self.standard_error, level)
    }

    pub(super) fn around(&self, half_width: f64, level: f64) -> Estimate {
        Estimate { value: self.value, low: self.value - half_width, high: self.value + half_width, level }
    }

    /// The probability of an effect at least as far from 0 if there were none, if it is looked at once (Welch's t-test).
    pub fn p_value(&self) -> f64 {
        if self.standard_error == 0.0 {
            return if self.value == 0.0 { 1.0 } else { 0.0 };
        }
        2.0 * student_t_cdf(-self.z().abs(), self.df)
    }

    /// The effect in standard errors.
    pub fn z(&self) -> f64 {
        self.value / self.standard_error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fieller's interval by hand: lead 4 of 20, variances of the means 4 and 5, two standard errors. 384 ρ² − 192 ρ − 20 = 0.
    #[test]
    fn a_share_has_fiellers_interval() {
        let sample = |mean: f64, variance: f64| Sample { n: 100, mean, variance, base: mean, n_rarer: None };
        let (control, treated) = (sample(20.0, 400.0), sample(24.0, 500.0));
        let found = fieller(&control, &treated, 4.0, 1.0, 2.0, 0.95).unwrap();
        let root = (96.0f64 * 96.0 + 384.0 * 20.0).sqrt();
        assert!((found.low - (96.0 - root) / 384.0).abs() < 1e-12, "{found:?}");
        assert!((found.high - (96.0 + root) / 384.0).abs() < 1e-12 && (found.value - 0.2).abs() < 1e-12);
        // The control's mean is within ten standard errors of 0.
        assert_eq!(fieller(&control, &treated, 4.0, 1.0, 10.0, 0.95), None);
    }
}
