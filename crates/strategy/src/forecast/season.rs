//! Whether a series has a season, and its classical decomposition: moving average, then the mean of each place in the
//! season. Not for several seasons at once.

/// How the season joins the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    Add,
    Multiply,
}

/// A season found in a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Season {
    pub join: Join,
    /// One index for each place, beginning with the place of the first value; they sum to 0, or multiply around 1.
    pub indices: Vec<f64>,
}

impl Season {
    /// The index of the value at `at`, counted from the first; beyond the end the season goes on.
    pub fn at(&self, at: usize) -> f64 {
        self.indices[at % self.indices.len()]
    }

    pub fn remove(&self, values: &[f64]) -> Vec<f64> {
        let pairs = values.iter().enumerate();
        match self.join {
            Join::Add => pairs.map(|(at, value)| value - self.at(at)).collect(),
            Join::Multiply => pairs.map(|(at, value)| value / self.at(at)).collect(),
        }
    }

    /// Puts the season back onto a value without it.
    pub fn put_back(&self, at: usize, value: f64) -> f64 {
        match self.join {
            Join::Add => value + self.at(at),
            Join::Multiply => value * self.at(at),
        }
    }

    /// What a deviation at `at` is worth once the season is back.
    pub fn scale(&self, at: usize) -> f64 {
        match self.join {
            Join::Add => 1.0,
            Join::Multiply => self.at(at),
        }
    }
}

/// The test of the Theta method (Assimakopoulos and Nikolopoulos 2000; Fiorucci et al. 2016, section 4): is the
/// autocorrelation one season back significant at 10 %, given all shorter ones (Bartlett)? At least two whole seasons are
/// needed, and seasons shorter than four are never looked for.
pub fn is_seasonal(values: &[f64], season: usize) -> bool {
    if season < 4 || values.len() < 2 * season {
        return false;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let correlation = |lag: usize| {
        values[lag..].iter().zip(values).map(|(late, early)| (late - mean) * (early - mean)).sum::<f64>() / square
    };
    let shorter: f64 = (1..season).map(|lag| correlation(lag).powi(2)).sum();
    // A constant series gives NaN here, which is no season.
    correlation(season).abs() / ((1.0 + 2.0 * shorter) / n).sqrt() > 1.644_853_626_951_472_2
}

/// Classical decomposition (Kendall and Stuart 1983): multiplicative where all values are positive and no index comes out
/// below 0.01, else additive. `None` for fewer than two whole seasons.
pub fn decompose(values: &[f64], season: usize) -> Option<Season> {
    if season < 2 || values.len() < 2 * season {
        return None;
    }
    if values.iter().all(|value| *value > 0.0) {
        let found = decompose_as(values, season, Join::Multiply);
        if found.indices.iter().all(|index| *index >= 0.01) {
            return Some(found);
        }
    }
    Some(decompose_as(values, season, Join::Add))
}

/// The decomposition of one kind. `values` must hold two whole seasons, and be positive for [`Join::Multiply`].
pub fn decompose_as(values: &[f64], season: usize, join: Join) -> Season {
    let half = season / 2;
    let (mut sums, mut counts) = (vec![0.0; season], vec![0usize; season]);
    for at in half..values.len() - half {
        let trend = moving_average(values, at, season);
        sums[at % season] += match join {
            Join::Add => values[at] - trend,
            Join::Multiply => values[at] / trend,
        };
        counts[at % season] += 1;
    }
    let mut indices: Vec<f64> = sums.iter().zip(&counts).map(|(sum, count)| sum / (*count).max(1) as f64).collect();
    let mean = indices.iter().sum::<f64>() / season as f64;
    for index in &mut indices {
        match join {
            Join::Add => *index -= mean,
            Join::Multiply => *index /= mean,
        }
    }
    Season { join, indices }
}

/// Centred on `at`, over one season; an even season counts its two ends half.
fn moving_average(values: &[f64], at: usize, season: usize) -> f64 {
    let half = season / 2;
    let window = &values[at - half..=at + half];
    let sum: f64 = window.iter().sum();
    if season.is_multiple_of(2) {
        (sum - 0.5 * (window[0] + window[season])) / season as f64
    } else {
        sum / season as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line times a season: the moving average of a line is the line, so the indices come out exactly when added.
    #[test]
    fn an_added_season_on_a_line_is_found_exactly() {
        let truth = [3.0, -1.0, -4.0, 2.0];
        let values: Vec<f64> = (0..20).map(|t| 50.0 + 0.1 * t as f64 + truth[t % 4]).collect();
        assert!(is_seasonal(&values, 4));
        let found = decompose_as(&values, 4, Join::Add);
        assert!(found.indices.iter().zip(truth).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        let without = found.remove(&values);
        assert!(without.iter().enumerate().all(|(t, value)| (value - 50.0 - 0.1 * t as f64).abs() < 1e-12));
        assert_eq!(found.put_back(21, 0.0), found.indices[1]);
        assert_eq!(decompose(&values, 4).unwrap().join, Join::Multiply);
        let negative: Vec<f64> = values.iter().map(|value| value - 60.0).collect();
        assert_eq!(decompose(&negative, 4).unwrap().join, Join::Add);
    }

    #[test]
    fn odd_seasons_constants_and_short_series_are_no_trouble() {
        let values: Vec<f64> = (0..21).map(|t| [1.0, 2.0, 3.0, 2.0, 2.0, 2.0, 2.0][t % 7]).collect();
        let found = decompose_as(&values, 7, Join::Multiply);
        assert!((found.indices.iter().sum::<f64>() - 7.0).abs() < 1e-12);
        assert!(!is_seasonal(&[5.0; 30], 7) && !is_seasonal(&values[..13], 7));
        assert!(decompose(&values[..13], 7).is_none());
    }
}
