//! How far predicted ratings are from given ones. Any function that predicts can be judged; ranking is not judged here.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Bootstrap, Estimate};
use crate::Interactions;

/// Root mean squared and mean absolute error over all held-out ratings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RatingReport {
    pub n_users: usize,
    pub n_ratings: usize,
    /// `rmse`, `mae`; intervals resample ratings.
    pub metrics: BTreeMap<String, Estimate>,
}

/// Judges `predict(user, item)` on every entry of `test`; `None` when there is none.
pub fn evaluate_ratings(
    test: &Interactions,
    bootstrap: &Bootstrap,
    predict: impl Fn(u32, u32) -> f64,
) -> Option<RatingReport> {
    let mut errors = Vec::with_capacity(test.matrix.n_stored());
    for user in 0..test.n_users() {
        let (items, ratings) = test.matrix.row(user);
        errors.extend(items.iter().zip(ratings).map(|(&item, &rating)| predict(user as u32, item) - f64::from(rating)));
    }
    if errors.is_empty() {
        return None;
    }
    let n_users = (0..test.n_users()).filter(|&user| !test.matrix.row(user).0.is_empty()).count();
    let squared: Vec<f64> = errors.iter().map(|error| error * error).collect();
    let absolute: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
    let mse = Estimate::of(&squared, bootstrap);
    let rmse = Estimate { mean: mse.mean.sqrt(), low: mse.low.map(f64::sqrt), high: mse.high.map(f64::sqrt) };
    let metrics = [("rmse".to_owned(), rmse), ("mae".to_owned(), Estimate::of(&absolute, bootstrap))].into();
    Some(RatingReport { n_users, n_ratings: errors.len(), metrics })
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Csr;

    #[test]
    fn errors_are_as_on_paper() {
        let matrix = Csr::from_triplets(3, 2, &[(0, 0, 5.0), (0, 1, 3.0), (2, 1, 1.0)]);
        let test = Interactions { matrix, times: None };
        let report = evaluate_ratings(&test, &Bootstrap::default(), |_, _| 3.0).unwrap();
        assert!((report.metrics["rmse"].mean - (8f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((report.metrics["mae"].mean - 4.0 / 3.0).abs() < 1e-12);
        assert_eq!((report.n_users, report.n_ratings), (2, 3));
        let none = Interactions { matrix: Csr::empty(1, 1), times: None };
        assert!(evaluate_ratings(&none, &Bootstrap::default(), |_, _| 3.0).is_none());
    }
}
