//! Free baselines: the last value, the last season, the straight line from first to last. Hyndman and Athanasopoulos,
//! "Forecasting: principles and practice", 3rd edition, sections 5.2 and 5.5 (their intervals too).

use super::method::Path;

/// The last value goes on. `values` must not be empty.
pub(super) fn naive(values: &[f64], horizon: usize) -> Path {
    let sigma = root_mean_square(values.windows(2).map(|pair| pair[1] - pair[0]));
    let deviations = (1..=horizon).map(|h| sigma * (h as f64).sqrt()).collect();
    Path { mean: vec![values[values.len() - 1]; horizon], deviations, df: (values.len() as f64 - 1.0).max(1.0) }
}

/// Each value is the one of a season before; with less than a whole season the last value goes on.
pub(super) fn seasonal_naive(values: &[f64], season: usize, horizon: usize) -> Path {
    let (n, season) = (values.len(), season.max(1));
    if n <= season {
        return naive(values, horizon);
    }
    let sigma = root_mean_square(values[season..].iter().zip(values).map(|(late, early)| late - early));
    Path {
        mean: (0..horizon).map(|h| values[n - season + h % season]).collect(),
        deviations: (0..horizon).map(|h| sigma * ((h / season + 1) as f64).sqrt()).collect(),
        df: (n - season) as f64,
    }
}

/// The line from the first value to the last goes on.
pub(super) fn drift(values: &[f64], horizon: usize) -> Path {
    let n = values.len();
    if n < 3 {
        return naive(values, horizon);
    }
    let (last, steps) = (values[n - 1], (n - 1) as f64);
    let slope = (last - values[0]) / steps;
    let square: f64 = values.windows(2).map(|pair| (pair[1] - pair[0] - slope).powi(2)).sum();
    let sigma = (square / (steps - 1.0)).sqrt();
    let ahead = || (1..=horizon).map(|h| h as f64);
    Path {
        mean: ahead().map(|h| last + h * slope).collect(),
        deviations: ahead().map(|h| sigma * (h * (1.0 + h / steps)).sqrt()).collect(),
        df: steps - 1.0,
    }
}

fn root_mean_square(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0usize), |(sum, n), value| (sum + value * value, n + 1));
    if n == 0 { 0.0 } else { (sum / n as f64).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_on_as_their_names_say() {
        let values = [1.0, 5.0, 2.0, 6.0, 3.0, 7.0];
        assert_eq!(naive(&values, 2).mean, [7.0, 7.0]);
        assert_eq!(seasonal_naive(&values, 2, 3).mean, [3.0, 7.0, 3.0]);
        // Each value is one above that of a season before; a second season back doubles the variance.
        let deviations = seasonal_naive(&values, 2, 3).deviations;
        assert_eq!((deviations[0], deviations[2]), (1.0, 2.0_f64.sqrt()));
        assert_eq!(drift(&[1.0, 3.0, 5.0], 2).mean, [7.0, 9.0]);
        assert_eq!(drift(&[1.0, 3.0, 5.0], 2).deviations, [0.0, 0.0]);
        assert_eq!((naive(&[4.0], 1).mean, naive(&[4.0], 1).deviations), (vec![4.0], vec![0.0]));
        assert_eq!(seasonal_naive(&[4.0, 5.0], 7, 1).mean, [5.0]);
    }
}
