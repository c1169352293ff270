//! Predictions against what came after: total, errors, and customers by how often they had bought, beside the free
//! baseline that everybody goes on as before.

use serde::Serialize;

use super::Histories;
use crate::StrategyError;

/// Frequencies from here on share a row.
const FREQUENCY_LAST: u32 = 7;

/// How far predictions of one customer are off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Errors {
    pub total: f64,
    pub mean_absolute: f64,
    pub root_mean_square: f64,
    /// NaN if either side does not vary.
    pub correlation: f64,
}

/// Customers who had bought equally often.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CalibrationRow {
    /// Repeat purchases before; the last row holds those with more too.
    pub frequency: u32,
    pub n_customers: usize,
    /// Means a customer.
    pub predicted: f64,
    pub actual: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    pub actual_total: f64,
    pub model: Errors,
    /// Everybody keeps its rate so far: frequency / age × horizon.
    pub naive: Errors,
    pub rows: Vec<CalibrationRow>,
}

/// Compares purchases `predicted` for the time `horizon` with those that came. Shapes: (n_customers).
///
/// # Errors
/// If the histories are not as described there, or the columns are not of one length.
pub fn calibrate(
    histories: &Histories,
    predicted: &[f64],
    actual: &[u32],
    horizon: f64,
) -> Result<Calibration, StrategyError> {
    histories.check()?;
    let expected = histories.len();
    for (what, found) in [("predictions", predicted.len()), ("purchases in the holdout period", actual.len())] {
        if found != expected {
            return Err(StrategyError::Length { what: what.to_owned(), found, expected });
        }
    }
    let came: Vec<f64> = actual.iter().map(|n| f64::from(*n)).collect();
    let rates = histories.frequency.iter().zip(histories.age);
    let naive: Vec<f64> = rates.map(|(x, age)| if *age > 0.0 { f64::from(*x) / age * horizon } else { 0.0 }).collect();
    let rows = (0..=FREQUENCY_LAST).filter_map(|frequency| {
        let of = |x: u32| x == frequency || (frequency == FREQUENCY_LAST && x > frequency);
        let members: Vec<usize> = (0..expected).filter(|&at| of(histories.frequency[at])).collect();
        let mean = |of: &[f64]| members.iter().map(|&at| of[at]).sum::<f64>() / members.len() as f64;
        (!members.is_empty()).then(|| CalibrationRow {
            frequency,
            n_customers: members.len(),
            predicted: mean(predicted),
            actual: mean(&came),
        })
    });
    Ok(Calibration {
        actual_total: came.iter().sum(),
        model: errors(predicted, &came),
        naive: errors(&naive, &came),
        rows: rows.collect(),
    })
}

fn errors(predicted: &[f64], actual: &[f64]) -> Errors {
    let n = predicted.len() as f64;
    let off = || predicted.iter().zip(actual).map(|(predicted, actual)| predicted - actual);
    Errors {
        total: predicted.iter().sum(),
        mean_absolute: off().map(f64::abs).sum::<f64>() / n,
        root_mean_square: (off().map(|off| off * off).sum::<f64>() / n).sqrt(),
        correlation: correlation(predicted, actual),
    }
}

/// Pearson's.
pub(super) fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xy += (x - mean_x) * (y - mean_y);
        xx += (x - mean_x) * (x - mean_x);
        yy += (y - mean_y) * (y - mean_y);
    }
    xy / (xx * yy).sqrt()
}
