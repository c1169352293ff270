//! What customers are worth: purchases to come times what each spends, discounted.

use math::distributions::normal_quantile;

use super::{Covariates, Histories, Lifetime, Spend};
use crate::{Estimate, StrategyError};

const PERIODS_MAX: usize = 1200;

/// How far and how dearly to look ahead.
#[derive(Clone, Copy, Debug)]
pub struct Horizon {
    pub n_periods: usize,
    /// The length of a period in the histories' unit of time: 4.345 for months over weeks.
    pub period: f64,
    /// Of money a period later: 0.01 for 1 %.
    pub discount: f64,
    /// The share of spending that stays with the shop; 1 for revenue.
    pub margin: f64,
}

/// All customers' worth with its interval: relative errors of the number of purchases to come and of the mean of what one brought,
/// by Pythagoras. `spent`: what a purchase brought on average, of those who came back. `None` where either is not known.
pub fn worth_interval(worth: f64, bought: Estimate, spent: &[f64]) -> Option<Estimate> {
    let n = spent.len() as f64;
    let mean = spent.iter().sum::<f64>() / n;
    let deviation = (spent.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let of_mean = normal_quantile(0.5 + bought.level / 2.0) * deviation / n.sqrt() / mean;
    if !(of_mean.is_finite() && mean > 0.0 && bought.value > 0.0) {
        return None;
    }
    let (below, above) = (1.0 - bought.low / bought.value, bought.high / bought.value - 1.0);
    let (low, high) = (worth * (1.0 - below.hypot(of_mean)).max(0.0), worth * (1.0 + above.hypot(of_mean)));
    Some(Estimate { value: worth, low: low.min(high), high: high.max(low), level: bought.level })
}

/// Each customer's discounted value, Σᵢ margin · spend · (E(i) − E(i − 1)) / (1 + discount)^i over the periods, of
/// customers with these mean values a repeat purchase. Shapes: (n_customers).
///
/// # Errors
/// As [`Lifetime::score`]; or if the columns are not of one length, the horizon is not as allowed, or spending has no mean
/// (q ≤ 1).
pub fn values(
    model: &Lifetime,
    spend: &Spend,
    histories: &Histories,
    covariates: Option<&Covariates>,
    mean_value: &[f64],
    horizon: Horizon,
) -> Result<Vec<f64>, StrategyError> {
    let (found, expected) = (mean_value.len(), histories.len());
    if found != expected {
        return Err(StrategyError::Length { what: "mean value".to_owned(), found, expected });
    }
    if let Some(row) = mean_value.iter().position(|value| !value.is_finite()) {
        return Err(StrategyError::bad_value("mean value", row, mean_value[row], "a finite number"));
    }
    check(horizon)?;
    if !spend.population_mean().is_finite() {
        let allowed = "above 1; with less the mean of spending does not exist";
        return Err(StrategyError::unfit("q of the model of spending", spend.parameters[1], allowed));
    }
    let mut before = vec![0.0; expected];
    let mut values = vec![0.0; expected];
    for period in 1..=horizon.n_periods {
        let until = model.score(histories, covariates, period as f64 * horizon.period)?.purchases;
        let worth = horizon.margin / (1.0 + horizon.discount).powi(period as i32);
        for ((value, before), until) in values.iter_mut().zip(&before).zip(&until) {
            *value += worth * (until - before);
        }
        before = until;
    }
    for (at, value) in values.iter_mut().enumerate() {
        *value *= spend.expected(histories.frequency[at], mean_value[at]);
    }
    Ok(values)
}

fn check(horizon: Horizon) -> Result<(), StrategyError> {
    if !(1..=PERIODS_MAX).contains(&horizon.n_periods) {
        return Err(StrategyError::unfit("periods", horizon.n_periods, format!("1 to {PERIODS_MAX}")));
    }
    for (what, found, low, high) in [
        ("length of a period", horizon.period, 1e-9, 1e6),
        ("discount", horizon.discount, 0.0, 10.0),
        ("margin", horizon.margin, 0.0, 1.0),
    ] {
        if !(low..=high).contains(&found) {
            return Err(StrategyError::unfit(what, found, format!("{low} to {high}")));
        }
    }
    Ok(())
}
