//! How well a method would have done: forecasts from origins in the past, each with what was known then, against what
//! came, and beside the seasonal naive forecast. Hyndman and Koehler (2006), "Another look at measures of forecast
//! accuracy", International Journal of Forecasting 22.

use serde::Serialize;

use super::method::{Forecast, Method, Options, forecast};
use crate::StrategyError;

/// Errors of a method over all origins and horizons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Accuracy {
    pub n_origins: usize,
    /// Mean absolute error over that of the seasonal naive forecast inside the past; below 1 is better than it.
    /// NaN where the past is constant.
    pub mase: f64,
    /// Percent: 200 |y − ŷ| / (|y| + |ŷ|), where both are zero 0.
    pub smape: f64,
    /// Mean pinball loss of the interval's ends and the mean as median, in the same scale as `mase`.
    pub pinball: f64,
    /// The share of values inside the intervals; to be compared with their level.
    pub coverage: f64,
}

/// Forecasts from the last `n_origins` origins that leave `options.horizon` values to compare with, `step` apart, and gives
/// the accuracy of the method, and of the seasonal naive forecast at the same places.
///
/// # Errors
/// If no origin leaves at least two values before and one whole horizon after it, or as [`forecast`] says.
pub fn backtest(
    values: &[f64],
    options: &Options,
    n_origins: usize,
    step: usize,
) -> Result<(Accuracy, Accuracy), StrategyError> {
    let (n, h) = (values.len(), options.horizon);
    let before = (2 * options.season).max(4);
    let origins: Vec<usize> = (0..n_origins)
        .map_while(|back| n.checked_sub(h + back * step.max(1)))
        .take_while(|origin| *origin >= before)
        .collect();
    if origins.is_empty() {
        return Err(StrategyError::unfit("values for a forecast from the past", n, format!("at least {}", before + h)));
    }
    let naive = Options { method: Method::SeasonalNaive, ..*options };
    let (mut ours, mut theirs) = (Sums::default(), Sums::default());
    for origin in origins {
        let (past, truth) = values.split_at(origin);
        for (options, sums) in [(options, &mut ours), (&naive, &mut theirs)] {
            if let Some(found) = forecast(past, options)?.value {
                sums.add(past, &truth[..h], &found, options.season);
            }
        }
    }
    Ok((ours.mean(), theirs.mean()))
}

/// The mean absolute error of the seasonal naive forecast inside `values`; with less than a season of the naive one.
/// NaN for a single value.
pub fn scale(values: &[f64], season: usize) -> f64 {
    let lag = if values.len() > season { season.max(1) } else { 1 };
    if values.len() <= lag {
        return f64::NAN;
    }
    let sum: f64 = values[lag..].iter().zip(values).map(|(late, early)| (late - early).abs()).sum();
    sum / (values.len() - lag) as f64
}

/// Symmetric percentage error of one value; 0 where both are zero.
pub fn smape(truth: f64, forecast: f64) -> f64 {
    let size = truth.abs() + forecast.abs();
    if size == 0.0 { 0.0 } else { 200.0 * (truth - forecast).abs() / size }
}

/// The loss of `quantile` as the value that `truth` stays below with probability `p`.
pub fn pinball(truth: f64, quantile: f64, p: f64) -> f64 {
    let over = truth - quantile;
    if over >= 0.0 { p * over } else { (p - 1.0) * over }
}

#[derive(Default)]
struct Sums {
    n_origins: usize,
    n: f64,
    n_scaled: f64,
    scaled: f64,
    smape: f64,
    pinball: f64,
    inside: f64,
}

impl Sums {
    fn add(&mut self, past: &[f64], truth: &[f64], found: &Forecast, season: usize) {
        self.n_origins += 1;
        let scale = scale(past, season);
        for (h, truth) in truth.iter().enumerate() {
            let (low, mean, high) = (found.low[h], found.mean[h], found.high[h]);
            self.n += 1.0;
            self.smape += smape(*truth, mean);
            self.inside += f64::from((low..=high).contains(truth));
            if scale > 0.0 {
                let tail = 0.5 - found.level / 2.0;
                let losses =
                    pinball(*truth, low, tail) + pinball(*truth, mean, 0.5) + pinball(*truth, high, 1.0 - tail);
                self.n_scaled += 1.0;
                self.scaled += (truth - mean).abs() / scale;
                self.pinball += losses / 3.0 / scale;
            }
        }
    }

    fn mean(self) -> Accuracy {
        Accuracy {
            n_origins: self.n_origins,
            mase: self.scaled / self.n_scaled,
            smape: self.smape / self.n,
            pinball: self.pinball / self.n_scaled,
            coverage: self.inside / self.n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_their_definitions() {
        assert_eq!(scale(&[1.0, 2.0, 4.0, 8.0], 1), 7.0 / 3.0);
        assert_eq!(scale(&[1.0, 2.0, 4.0, 8.0], 2), 4.5);
        assert_eq!(scale(&[1.0, 3.0], 12), 2.0);
        assert!(scale(&[1.0], 1).is_nan());
        assert_eq!((smape(100.0, 50.0), smape(0.0, 0.0), smape(0.0, 3.0)), (200.0 / 3.0, 0.0, 200.0));
        assert_eq!((pinball(10.0, 8.0, 0.9), pinball(8.0, 10.0, 0.9)), (1.8, 2.0 * (1.0 - 0.9)));
    }

    #[test]
    fn the_past_is_forecast_with_what_was_known_then() {
        let values: Vec<f64> = (0..40).map(|t| 200.0 + t as f64 + [0.0, 5.0, -5.0, 2.0][t % 4]).collect();
        let options = Options { season: 4, horizon: 4, ..Options::default() };
        let (ours, naive) = backtest(&values, &options, 3, 4).unwrap();
        // The naive forecast misses a line that climbs by 1 by exactly one season's climb, which is its scale.
        assert_eq!((naive.n_origins, naive.mase), (3, 1.0));
        assert!(ours.mase < 0.5, "{ours:?}");
        let error = backtest(&values[..11], &options, 3, 4).unwrap_err().to_string();
        assert!(error.contains("at least 12"), "{error}");
    }
}
