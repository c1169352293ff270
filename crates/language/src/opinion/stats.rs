//! Shares with intervals, differences, many comparisons, and changes over months. No texts.

use math::special::normal_cdf;
use serde::Serialize;

/// Two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// A share with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// Wilson's interval (1927) of `part` of `n`; of nothing, everything between 0 and 1.
pub fn wilson(part: f64, n: f64) -> Share {
    if n <= 0.0 {
        return Share { value: 0.5, low: 0.0, high: 1.0 };
    }
    let p = (part / n).clamp(0.0, 1.0);
    let z2 = Z * Z / n;
    let centre = (p + z2 / 2.0) / (1.0 + z2);
    let half = Z / (1.0 + z2) * (p * (1.0 - p) / n + z2 / (4.0 * n)).sqrt();
    Share { value: p, low: (centre - half).max(0.0), high: (centre + half).min(1.0) }
}

/// A difference of two shares: Newcombe's interval (1998, method 10) and the two-sided probability of one as large if
/// there were none (pooled).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    pub p: f64,
}

/// None if either has no rows.
pub fn difference(part: f64, n: f64, other_part: f64, other_n: f64) -> Option<Difference> {
    if n <= 0.0 || other_n <= 0.0 {
        return None;
    }
    let (x, y) = (wilson(part, n), wilson(other_part, other_n));
    let value = x.value - y.value;
    let below = ((x.value - x.low).powi(2) + (y.high - y.value).powi(2)).sqrt();
    let above = ((x.high - x.value).powi(2) + (y.value - y.low).powi(2)).sqrt();
    let pooled = (part + other_part) / (n + other_n);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / other_n)).sqrt();
    let p = if error > 0.0 { two_sided(value / error) } else { 1.0 };
    Some(Difference { value, low: (value - below).max(-1.0), high: (value + above).min(1.0), p })
}

fn two_sided(z: f64) -> f64 {
    (2.0 * normal_cdf(-z.abs())).min(1.0)
}

/// The least share of false discoveries at which each would be told (Benjamini and Hochberg 1995), in the given order.
pub fn q_values(ps: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ps.len()).collect();
    order.sort_by(|&x, &y| ps[x].total_cmp(&ps[y]));
    let mut qs = vec![1.0; ps.len()];
    let mut least = 1.0f64;
    for (rank, &at) in order.iter().enumerate().rev() {
        least = least.min(ps[at] * ps.len() as f64 / (rank + 1) as f64);
        qs[at] = least;
    }
    qs
}

/// How much a category tells of one product: the number of rows that its mean is worth. From the products' spread around
/// it, by moments of the beta-binomial; between 2 and 100.
pub fn prior_strength(counts: &[(f64, f64)]) -> f64 {
    let counts: Vec<(f64, f64)> = counts.iter().copied().filter(|count| count.1 > 0.0).collect();
    let n: f64 = counts.iter().map(|count| count.1).sum();
    let mean = counts.iter().map(|count| count.0).sum::<f64>() / n.max(1.0);
    let noise = mean * (1.0 - mean);
    if counts.len() < 2 || noise <= 0.0 {
        return 10.0;
    }
    // Pearson's statistic is k − 1 without spread; each product adds n_i − n_i²/n times the intra-class correlation.
    let spread: f64 = counts.iter().map(|&(part, n)| n * (part / n - mean).powi(2)).sum::<f64>() / noise;
    let squares: f64 = counts.iter().map(|count| count.1 * count.1).sum();
    let degrees = counts.len() as f64 - 1.0;
    let correlation = (spread - degrees) / (n - squares / n - degrees).max(1e-9);
    if correlation <= 0.01 { 100.0 } else { (1.0 / correlation - 1.0).clamp(2.0, 100.0) }
}

/// One month's rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Month {
    /// Months since the year 0: year · 12 + month − 1.
    pub month: i32,
    pub n: f64,
    pub part: f64,
}

/// Whether a share rises or falls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Trend {
    /// Change of the share a month, by weighted least squares.
    pub slope: f64,
    /// The two-sided probability of one as steep by chance (Cochran 1954, Armitage 1955).
    pub p: f64,
}

/// None for less than three months with rows.
pub fn trend(months: &[Month]) -> Option<Trend> {
    let months: Vec<&Month> = months.iter().filter(|month| month.n > 0.0).collect();
    if months.len() < 3 {
        return None;
    }
    let n: f64 = months.iter().map(|month| month.n).sum();
    let mean = months.iter().map(|month| month.part).sum::<f64>() / n;
    let middle = months.iter().map(|month| month.n * f64::from(month.month)).sum::<f64>() / n;
    let away = |month: &Month| f64::from(month.month) - middle;
    let spread: f64 = months.iter().map(|month| month.n * away(month).powi(2)).sum();
    let moved: f64 = months.iter().map(|month| away(month) * (month.part - month.n * mean)).sum();
    let error = (mean * (1.0 - mean) * spread).sqrt();
    Some(Trend { slope: moved / spread, p: if error > 0.0 { two_sided(moved / error) } else { 1.0 } })
}

/// Where a share became another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The first month after it.
    pub month: i32,
    pub before: f64,
    pub after: f64,
    /// Of a change as clear anywhere by chance: at most this (times the number of places it could be).
    pub p: f64,
}

/// The likeliest place of one change, if its probability by chance is at most `p_max`.
pub fn change(months: &[Month], p_max: f64) -> Option<Change> {
    let months: Vec<&Month> = months.iter().filter(|month| month.n > 0.0).collect();
    let sum = |months: &[&Month]| months.iter().fold((0.0, 0.0), |(part, n), month| (part + month.part, n + month.n));
    let mut best: Option<Change> = None;
    for at in 1..months.len() {
        let ((part, n), (later, later_n)) = (sum(&months[..at]), sum(&months[at..]));
        let Some(found) = difference(later, later_n, part, n) else { continue };
        let p = (found.p * (months.len() - 1) as f64).min(1.0);
        if best.is_none_or(|best| p < best.p) {
            best = Some(Change { month: months[at].month, before: part / n, after: later / later_n, p });
        }
    }
    best.filter(|best| best.p <= p_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newcombe 1998, Statistics in Medicine 17: tables I (81/263) and II (56/70 against 48/80).
    #[test]
    fn intervals_are_those_of_newcombe() {
        let share = wilson(81.0, 263.0);
        assert!((share.low - 0.2553).abs() < 5e-5 && (share.high - 0.3662).abs() < 5e-5, "{share:?}");
        let found = difference(56.0, 70.0, 48.0, 80.0).expect("rows");
        assert!((found.low - 0.0524).abs() < 5e-5 && (found.high - 0.3339).abs() < 5e-5, "{found:?}");
        assert_eq!(wilson(0.0, 0.0), Share { value: 0.5, low: 0.0, high: 1.0 });
        assert_eq!(difference(1.0, 2.0, 0.0, 0.0), None);
    }

    #[test]
    fn false_discoveries_are_held() {
        let qs = q_values(&[0.01, 0.5, 0.02, 0.04]);
        let expected = [0.04, 0.5, 0.04, 0.16 / 3.0];
        assert!(qs.iter().zip(expected).all(|(q, e)| (q - e).abs() < 1e-12), "{qs:?}");
        assert!(q_values(&[]).is_empty());
    }

    #[test]
    fn products_that_differ_trust_the_category_less() {
        let alike: Vec<(f64, f64)> = (0..20).map(|at| (f64::from(50 + at % 2), 100.0)).collect();
        let apart: Vec<(f64, f64)> = (0..20).map(|at| (f64::from(20 + 60 * (at % 2)), 100.0)).collect();
        assert_eq!(prior_strength(&alike), 100.0);
        // Shares of 0.2 and 0.8: variance 0.09 of at most 0.25, a correlation near 0.36, worth about 1.8 rows.
        assert_eq!(prior_strength(&apart), 2.0);
        assert_eq!(prior_strength(&[]), 10.0);
    }

    #[test]
    fn a_fall_is_found_where_it_was() {
        let months: Vec<Month> =
            (0..8).map(|at| Month { month: 24_000 + at, n: 50.0, part: if at < 5 { 40.0 } else { 20.0 } }).collect();
        let found = change(&months, 0.01).expect("a change");
        assert_eq!(found.month, 24_005);
        assert!((found.before - 0.8).abs() < 1e-12 && (found.after - 0.4).abs() < 1e-12);
        let trend = trend(&months).expect("a trend");
        assert!(trend.slope < -0.05 && trend.p < 1e-6, "{trend:?}");
        let flat: Vec<Month> = (0..8).map(|month| Month { month, n: 50.0, part: 30.0 }).collect();
        assert_eq!(change(&flat, 0.05), None);
        assert_eq!(super::trend(&flat[..2]), None);
    }
}
