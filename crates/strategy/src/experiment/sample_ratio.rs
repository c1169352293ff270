//! Did the groups get the shares they were meant to get? A split that chance would hardly produce means that units went missing
//! on one side, and then a comparison is not one (Fabijan et al. 2019). Whether an unequal split was wanted is not asked here.

use math::distributions::chi_squared_upper;

use crate::StrategyError;

/// Below this probability the split is taken as broken, as is customary: with many looks a larger bound cries wolf.
pub const P_MIN: f64 = 0.001;

/// The probability of a split at least as uneven as `counts`, if units are assigned in the proportions `weights` (Pearson's
/// chi-squared test). Shape of both: (n_arms).
///
/// # Errors
/// If the two differ in length, there are fewer than two arms, or a weight is not positive.
pub fn p_value(counts: &[usize], weights: &[f64]) -> Result<f64, StrategyError> {
    if counts.len() != weights.len() {
        let what = "the expected shares".to_owned();
        return Err(StrategyError::Length { what, found: weights.len(), expected: counts.len() });
    }
    if counts.len() < 2 {
        return Err(StrategyError::unfit("arms", counts.len(), "at least 2"));
    }
    if let Some(row) = weights.iter().position(|weight| !(weight.is_finite() && *weight > 0.0)) {
        return Err(StrategyError::bad_value("the expected shares", row, weights[row], "a number above 0"));
    }
    let n = counts.iter().sum::<usize>() as f64;
    if n == 0.0 {
        return Ok(1.0);
    }
    let whole: f64 = weights.iter().sum();
    let part = |(count, weight): (&usize, &f64)| {
        let expected = n * weight / whole;
        (*count as f64 - expected).powi(2) / expected
    };
    let statistic: f64 = counts.iter().zip(weights).map(part).sum();
    Ok(chi_squared_upper(statistic, (counts.len() - 1) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SciPy 1.17.1: `scipy.stats.chisquare(counts, expected).pvalue`.
    #[test]
    fn p_values_are_those_of_scipy() {
        for (counts, weights, expected) in [
            (&[821_588, 815_482][..], &[1.0, 1.0][..], 1.8217928726191858e-06),
            (&[5000, 5100], &[0.5, 0.5], 0.3197181768128675),
            (&[900, 1050, 2050], &[1.0, 1.0, 2.0], 0.001033297638647637),
        ] {
            let found = p_value(counts, weights).unwrap();
            assert!((found - expected).abs() <= 1e-9 * expected, "{counts:?}: {found}");
        }
    }

    #[test]
    fn shares_that_cannot_be_are_named() {
        assert!(p_value(&[1, 2], &[1.0]).is_err() && p_value(&[1], &[1.0]).is_err());
        assert!(p_value(&[1, 2], &[1.0, 0.0]).unwrap_err().to_string().contains("row 1 holds 0"));
        assert_eq!(p_value(&[0, 0], &[1.0, 1.0]).unwrap(), 1.0);
    }
}
