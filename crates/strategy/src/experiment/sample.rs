//! What a test needs to know of a group: its size, its mean, and the variance of one unit's contribution to that mean. Means,
//! shares of yes, ratios of two sums (delta method) and means adjusted by what was known before (CUPED) all become a [`Sample`].

use serde::Serialize;

use crate::StrategyError;

/// Size, mean and sum of squared deviations of a column; parts merge without loss (Chan, Golub, LeVeque 1983).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Moments {
    pub n: usize,
    pub mean: f64,
    /// Σ (x − mean)².
    pub squares: f64,
}

impl Moments {
    pub fn of(values: &[f64]) -> Self {
        Joint::of(values, values).x()
    }

    /// From what a query sums up. Far from zero the sum of squares loses digits that [`Moments::of`] keeps.
    pub fn from_sums(n: usize, sum: f64, sum_squares: f64) -> Self {
        let mean = if n > 0 { sum / n as f64 } else { 0.0 };
        Moments { n, mean, squares: (sum_squares - sum * mean).max(0.0) }
    }

    /// The unbiased variance; 0 for fewer than two.
    pub fn variance(&self) -> f64 {
        if self.n > 1 { self.squares / (self.n - 1) as f64 } else { 0.0 }
    }
}

/// As [`Moments`], of two columns of the same units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Joint {
    pub n: usize,
    pub mean_x: f64,
    pub mean_y: f64,
    /// Sums of products of deviations.
    pub xx: f64,
    pub yy: f64,
    pub xy: f64,
}

impl Joint {
    /// Shape of both: (n). The shorter one ends them.
    pub fn of(x: &[f64], y: &[f64]) -> Self {
        let n = x.len().min(y.len());
        if n == 0 {
            return Joint::default();
        }
        let mean = |values: &[f64]| values[..n].iter().sum::<f64>() / n as f64;
        let mut joint = Joint { n, mean_x: mean(x), mean_y: mean(y), ..Joint::default() };
        for (x, y) in x.iter().zip(y) {
            let (x, y) = (x - joint.mean_x, y - joint.mean_y);
            joint.xx += x * x;
            joint.yy += y * y;
            joint.xy += x * y;
        }
        joint
    }

    /// From what a query sums up: `x` and `y` as in [`Moments::from_sums`], and Σ xy.
    pub fn from_sums(n: usize, x: (f64, f64), y: (f64, f64), sum_products: f64) -> Self {
        let (first, second) = (Moments::from_sums(n, x.0, x.1), Moments::from_sums(n, y.0, y.1));
        let xy = sum_products - x.0 * second.mean;
        Joint { n, mean_x: first.mean, mean_y: second.mean, xx: first.squares, yy: second.squares, xy }
    }

    pub fn x(&self) -> Moments {
        Moments { n: self.n, mean: self.mean_x, squares: self.xx }
    }

    pub fn y(&self) -> Moments {
        Moments { n: self.n, mean: self.mean_y, squares: self.yy }
    }

    fn covariance(&self) -> f64 {
        if self.n > 1 { self.xy / (self.n - 1) as f64 } else { 0.0 }
    }

    /// Both parts as one.
    #[must_use]
    pub fn merged(self, other: Joint) -> Joint {
        if self.n == 0 || other.n == 0 {
            return if self.n == 0 { other } else { self };
        }
        let n = self.n + other.n;
        let (x, y) = (other.mean_x - self.mean_x, other.mean_y - self.mean_y);
        let share = other.n as f64 / n as f64;
        let weight = self.n as f64 * share;
        Joint {
            n,
            mean_x: self.mean_x + x * share,
            mean_y: self.mean_y + y * share,
            xx: self.xx + other.xx + x * x * weight,
            yy: self.yy + other.yy + y * y * weight,
            xy: self.xy + other.xy + x * y * weight,
        }
    }
}

/// One group as a test sees it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sample {
    pub n: usize,
    pub mean: f64,
    /// Of one unit's contribution: the mean's variance is this over `n`.
    pub variance: f64,
    /// The mean before adjustment: what relative effects are relative to.
    pub base: f64,
    /// For shares: how many said the rarer of yes and no.
    pub n_rarer: Option<usize>,
}

impl Sample {
    /// `n_yes` of `n` units did it.
    ///
    /// # Errors
    /// If more did it than there are.
    pub fn share(n: usize, n_yes: usize) -> Result<Self, StrategyError> {
        if n_yes > n {
            return Err(StrategyError::unfit("units that did it", n_yes, format!("at most the {n} there are")));
        }
        let mean = if n > 0 { n_yes as f64 / n as f64 } else { 0.0 };
        Ok(Sample { n, mean, variance: mean * (1.0 - mean), base: mean, n_rarer: Some(n_yes.min(n - n_yes)) })
    }

    pub fn mean(moments: Moments) -> Self {
        let mean = moments.mean;
        Sample { n: moments.n, mean, variance: moments.variance(), base: mean, n_rarer: None }
    }

    /// The ratio of two sums over units: `x` above, `y` below, such as revenue per order where customers are assigned. Its
    /// variance is that of the first-order expansion (Deng, Knoblich, Lu 2018, eq. 4).
    ///
    /// # Errors
    /// If the sum below is not positive.
    pub fn ratio(joint: Joint) -> Result<Self, StrategyError> {
        let below = joint.mean_y;
        if joint.n > 0 && (below.is_nan() || below <= 0.0) {
            return Err(StrategyError::unfit("the mean of a ratio's denominator", below, "above 0"));
        }
        let ratio = if joint.n > 0 { joint.mean_x / below } else { 0.0 };
        let spread = joint.x().variance() + ratio * ratio * joint.y().variance() - 2.0 * ratio * joint.covariance();
        let variance = if joint.n > 0 { (spread / (below * below)).max(0.0) } else { 0.0 };
        Ok(Sample { n: joint.n, mean: ratio, variance, base: ratio, n_rarer: None })
    }
}

/// Both groups after adjustment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Adjusted {
    pub control: Sample,
    pub treated: Sample,
    /// How much of what was known before is taken off; 0 without it.
    pub theta: f64,
    /// The variance of the difference over the one before adjustment: 1 − ρ² in the best case.
    pub variance_kept: f64,
}

impl Adjusted {
    fn none(control: Sample, treated: Sample) -> Self {
        Adjusted { control, treated, theta: 0.0, variance_kept: 1.0 }
    }

    /// CUPED (Deng, Xu, Kohavi, Walker 2013): from each unit's measure `x`, θ times what was known of it before the experiment,
    /// `y`, is taken off; θ is the slope over both groups together.
    pub fn cuped(control: Joint, treated: Joint) -> Self {
        let both = control.merged(treated);
        let theta = if both.yy > 0.0 { both.xy / both.yy } else { 0.0 };
        let adjust = |group: Joint| {
            let kept = group.x().variance() + theta * theta * group.y().variance() - 2.0 * theta * group.covariance();
            Sample {
                n: group.n,
                mean: group.mean_x - theta * group.mean_y,
                variance: kept.max(0.0),
                base: group.mean_x,
                n_rarer: None,
            }
        };
        let (first, second) = (adjust(control), adjust(treated));
        let squared_error = |a: f64, b: f64| a / control.n.max(1) as f64 + b / treated.n.max(1) as f64;
        let before = squared_error(control.x().variance(), treated.x().variance());
        let after = squared_error(first.variance, second.variance);
        let variance_kept = if before > 0.0 { after / before } else { 1.0 };
        Adjusted { control: first, treated: second, theta, variance_kept }
    }
}

/// Beyond this a sum of squares of squares is no finite number.
const SIZE_MAX: f64 = 1e100;

/// The units of one group, one row each. Shape of every column: (n).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Units<'a> {
    pub value: &'a [f64],
    /// For ratios: what the value is counted per, such as orders or sessions of the unit.
    pub per: Option<&'a [f64]>,
    /// The same measure of the unit before the experiment began; for CUPED.
    pub before: Option<&'a [f64]>,
    /// What `before` is counted per; without it `before` is taken as it stands.
    pub before_per: Option<&'a [f64]>,
}

impl<'a> Units<'a> {
    pub fn of(value: &'a [f64]) -> Self {
        Units { value, per: None, before: None, before_per: None }
    }

    fn check(&self) -> Result<(), StrategyError> {
        let columns = [Some(self.value), self.per, self.before, self.before_per];
        for (name, column) in ["value", "per", "before", "before_per"].into_iter().zip(columns) {
            let Some(column) = column else { continue };
            if column.len() != self.value.len() {
                let (found, expected) = (column.len(), self.value.len());
                return Err(StrategyError::Length { what: format!("'{name}'"), found, expected });
            }
            if let Some(row) = column.iter().position(|value| !value.is_finite()) {
                return Err(StrategyError::bad_value(format!("'{name}'"), row, column[row], "a finite number"));
            }
            if let Some(row) = column.iter().position(|value| value.abs() > SIZE_MAX) {
                let allowed = "a number between -1e100 and 1e100";
                return Err(StrategyError::bad_value(format!("'{name}'"), row, column[row], allowed));
            }
            if name.ends_with("per")
                && let Some(row) = column.iter().position(|value| *value < 0.0)
            {
                return Err(StrategyError::bad_value(format!("'{name}'"), row, column[row], "0 or more"));
            }
        }
        Ok(())
    }

    fn is_yes_or_no(&self) -> bool {
        self.per.is_none() && self.before.is_none() && self.value.iter().all(|value| *value == 0.0 || *value == 1.0)
    }

    fn joint(&self) -> Result<Joint, StrategyError> {
        let before = self.before.expect("the caller has looked");
        let value = match self.per {
            Some(per) => linearised(self.value, per)?,
            None => self.value.to_vec(),
        };
        let before = match self.before_per {
            Some(per) => linearised(before, per)?,
            None => before.to_vec(),
        };
        Ok(Joint::of(&value, &before))
    }
}

/// Each unit's contribution to the ratio R = Σ value / Σ per: R + (value − R per) / mean of per. Its mean is R, and its variance
/// that of the delta method (Deng, Knoblich, Lu 2018), so that a ratio can be adjusted as a mean is.
fn linearised(value: &[f64], per: &[f64]) -> Result<Vec<f64>, StrategyError> {
    let below = per.iter().sum::<f64>() / per.len().max(1) as f64;
    if !per.is_empty() && below <= 0.0 {
        return Err(StrategyError::unfit("the mean of a ratio's denominator", below, "above 0"));
    }
    let ratio = value.iter().sum::<f64>() / per.iter().sum::<f64>();
    Ok(value.iter().zip(per).map(|(value, per)| ratio + (value - ratio * per) / below).collect())
}

/// Both groups as the test sees them: shares where all values are 0 or 1, ratios where there is something to count per, means
/// otherwise; adjusted where both have a `before`.
///
/// # Errors
/// If columns differ in length, a value is not finite, or a denominator is negative or sums to 0.
pub fn samples(control: &Units, treated: &Units) -> Result<Adjusted, StrategyError> {
    control.check()?;
    treated.check()?;
    if control.before.is_some() && treated.before.is_some() {
        return Ok(Adjusted::cuped(control.joint()?, treated.joint()?));
    }
    let are_shares = control.is_yes_or_no() && treated.is_yes_or_no();
    let sample = |units: &Units| match units.per {
        Some(per) => Sample::ratio(Joint::of(units.value, per)),
        None if are_shares => Sample::share(units.value.len(), units.value.iter().sum::<f64>() as usize),
        None => Ok(Sample::mean(Moments::of(units.value))),
    };
    Ok(Adjusted::none(sample(control)?, sample(treated)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> (Vec<f64>, Vec<f64>) {
        let x: Vec<f64> = (0..50).map(|i| f64::from(i * 7 % 11)).collect();
        let y: Vec<f64> = (0..50).map(|i| f64::from(1 + i % 3)).collect();
        (x, y)
    }

    #[test]
    fn parts_merge_to_the_whole() {
        let (x, y) = columns();
        let merged = Joint::of(&x[..13], &y[..13]).merged(Joint::of(&x[13..], &y[13..]));
        let whole = Joint::of(&x, &y);
        for (a, b) in
            [(merged.mean_x, whole.mean_x), (merged.xx, whole.xx), (merged.yy, whole.yy), (merged.xy, whole.xy)]
        {
            assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
        let sums = Joint::from_sums(
            50,
            (x.iter().sum(), x.iter().map(|x| x * x).sum()),
            (y.iter().sum(), y.iter().map(|y| y * y).sum()),
            x.iter().zip(&y).map(|(x, y)| x * y).sum(),
        );
        assert!((sums.xy - whole.xy).abs() < 1e-9 && (sums.xx - whole.xx).abs() < 1e-9);
    }

    #[test]
    fn a_linearised_ratio_has_the_ratios_mean_and_variance() {
        let (x, y) = columns();
        let ratio = Sample::ratio(Joint::of(&x, &y)).unwrap();
        let linear = Moments::of(&linearised(&x, &y).unwrap());
        assert!((ratio.mean - linear.mean).abs() < 1e-12, "{ratio:?} {linear:?}");
        assert!((ratio.variance - linear.variance()).abs() < 1e-12);
    }

    #[test]
    fn what_is_wrong_with_a_column_is_said() {
        let told = |units: Units| samples(&units, &units).unwrap_err().to_string();
        assert_eq!(
            told(Units { per: Some(&[1.0]), ..Units::of(&[1.0, 2.0]) }),
            "'per' has 1 rows where 2 were expected"
        );
        assert_eq!(told(Units::of(&[1.0, f64::NAN])), "'value', row 1 holds NaN; allowed: a finite number");
        assert_eq!(
            told(Units { per: Some(&[-1.0]), ..Units::of(&[1.0]) }),
            "'per', row 0 holds -1; allowed: 0 or more"
        );
        let told = told(Units { per: Some(&[0.0, 0.0]), ..Units::of(&[1.0, 2.0]) });
        assert_eq!(told, "the mean of a ratio's denominator: found 0, allowed above 0");
        assert!(Sample::share(3, 4).is_err());
    }
}
