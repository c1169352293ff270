//! Many products with their categories and brands: each series and each sum forecast for itself, then brought into
//! agreement ([`super::reconcile`]).

use rayon::prelude::*;

use super::method::{Forecast, Options, forecast};
use super::reconcile::{Hierarchy, Weighting, reconcile};
use crate::{Answer, Caveat, StrategyError, Support};

/// One-step errors are taken from forecasts from this many origins in the past.
const N_ERRORS_MAX: usize = 24;
const N_ERRORS_MIN: usize = 6;

/// Forecasts that add up, in the order of [`Hierarchy::names`].
#[derive(Clone, Debug, PartialEq)]
pub struct Agreed {
    pub forecasts: Vec<Forecast>,
    /// How far correlations of errors were shrunk, 0 to 1, where they were estimated.
    pub shrinkage: Option<f64>,
}

/// Forecasts all sums and single series of a hierarchy. `singles`: (n_single) of (n), over the same periods. Intervals are
/// the base forecasts', narrowed as reconciliation narrows one-step errors. With too short a past for errors, a weighting
/// that needs them becomes the structural one, which is said.
///
/// # Errors
/// If there are not as many series as the hierarchy's, they differ in length, or as [`forecast`] says.
pub fn forecast_agreed(
    hierarchy: &Hierarchy,
    singles: &[Vec<f64>],
    options: &Options,
    weighting: Weighting,
) -> Result<Answer<Agreed>, StrategyError> {
    let expected = hierarchy.n() - hierarchy.n_sums();
    if singles.len() != expected {
        return Err(StrategyError::Length { what: "single series".to_owned(), found: singles.len(), expected });
    }
    let n = singles[0].len();
    if let Some(other) = singles.iter().find(|series| series.len() != n) {
        return Err(StrategyError::Length { what: "a single series".to_owned(), found: other.len(), expected: n });
    }
    let support = Support::of(n * singles.len());
    if n < 2 {
        return Ok(Answer::refused(
            support,
            Caveat::new(
                "one_value",
                "只有一期数据，无法预测。",
                "There is one period alone, which nothing can be forecast from.",
            ),
        ));
    }
    let mut all = vec![Vec::with_capacity(n); hierarchy.n()];
    for t in 0..n {
        let now: Vec<f64> = singles.iter().map(|series| series[t]).collect();
        all.iter_mut().zip(hierarchy.add_up(&now)).for_each(|(series, value)| series.push(value));
    }
    let n_errors = N_ERRORS_MAX.min(n / 2);
    let has_errors = n_errors >= N_ERRORS_MIN;
    let one = |series: &Vec<f64>| -> Result<(Forecast, Vec<f64>, Vec<Caveat>), StrategyError> {
        let told = forecast(series, options)?;
        let base = told.value.expect("two values are enough for some forecast");
        let errors = if has_errors { one_step_errors(series, options, n_errors)? } else { Vec::new() };
        Ok((base, errors, told.caveats))
    };
    let told: Vec<(Forecast, Vec<f64>, Vec<Caveat>)> = all.par_iter().map(one).collect::<Result<_, _>>()?;
    // What speaks against the whole speaks against all.
    let of_whole = told.first().map(|(.., caveats)| caveats.clone()).unwrap_or_default();
    let (forecasts, errors): (Vec<Forecast>, Vec<Vec<f64>>) = told.into_iter().map(|(f, e, _)| (f, e)).unzip();
    let needs_errors = matches!(weighting, Weighting::WlsVariance | Weighting::MintShrink);
    let used = if needs_errors && !has_errors { Weighting::WlsStructural } else { weighting };
    let errors = has_errors.then_some(&errors);
    // Series that never erred (nothing sold for a year) or erred alike have no covariance to weight by.
    let (agreed, is_singular) = match agree(hierarchy, forecasts.clone(), errors, used) {
        Err(_) if needs_errors && has_errors => (agree(hierarchy, forecasts, errors, Weighting::WlsStructural)?, true),
        told => (told?, false),
    };
    let mut answer = of_whole.into_iter().fold(Answer::given(agreed, support), Answer::doubted);
    if is_singular {
        answer = answer.doubted(Caveat::new(
            "errors_alike",
            "有的序列没有误差或误差完全相同，按结构加权。",
            "Some series have no errors, or the same as others; weights are by structure.",
        ));
    }
    if used != weighting {
        answer = answer.doubted(Caveat::new(
            "few_values",
            format!("只有 {n} 期，估不出误差，按结构加权。"),
            format!("{n} periods are too few to tell the errors of each series; weights are by structure."),
        ));
    }
    Ok(answer)
}

fn one_step_errors(series: &[f64], options: &Options, n_errors: usize) -> Result<Vec<f64>, StrategyError> {
    let ahead = Options { horizon: 1, ..*options };
    let error = |origin: usize| {
        let found = forecast(&series[..origin], &ahead)?.value;
        Ok(series[origin] - found.map_or(series[origin], |found| found.mean[0]))
    };
    (series.len() - n_errors..series.len()).map(error).collect()
}

fn agree(
    hierarchy: &Hierarchy,
    mut forecasts: Vec<Forecast>,
    errors: Option<&Vec<Vec<f64>>>,
    weighting: Weighting,
) -> Result<Agreed, StrategyError> {
    let horizon = forecasts[0].mean.len();
    let base: Vec<Vec<f64>> = (0..horizon).map(|h| forecasts.iter().map(|one| one.mean[h]).collect()).collect();
    let found = reconcile(hierarchy, &base, errors.map(Vec::as_slice), weighting)?;
    for (at, one) in forecasts.iter_mut().enumerate() {
        let narrowed = match (&found.deviations, errors) {
            (Some(after), Some(errors)) => {
                let square: f64 = errors[at].iter().map(|error| error * error).sum();
                let before = (square / errors[at].len() as f64).sqrt();
                if before > 0.0 { (after[at] / before).min(1.0) } else { 1.0 }
            }
            _ => 1.0,
        };
        let is_positive = one.low.iter().all(|low| *low >= 0.0);
        for h in 0..horizon {
            let (mean, low, high) = (one.mean[h], one.low[h], one.high[h]);
            let agreed = found.mean[h][at];
            one.mean[h] = agreed;
            one.low[h] = agreed - narrowed * (mean - low);
            one.high[h] = agreed + narrowed * (high - mean);
            if is_positive {
                one.low[h] = one.low[h].max(0.0);
                one.high[h] = one.high[h].max(0.0);
            }
        }
    }
    Ok(Agreed { forecasts, shrinkage: found.shrinkage })
}

#[cfg(test)]
mod tests {
    use math::Random;

    use super::*;
    use crate::Verdict;

    fn shop(n: usize, seed: u64) -> (Hierarchy, Vec<Vec<f64>>) {
        let names: Vec<String> = (0..6).map(|at| format!("p{at}")).collect();
        let categories = names.iter().enumerate().map(|(at, _)| ["phone", "laptop"][at % 2].to_owned()).collect();
        let hierarchy = Hierarchy::new(&names, &[("category".to_owned(), categories)]).unwrap();
        let mut random = Random::new(seed);
        let mut level = 100.0;
        let mut singles = vec![Vec::new(); 6];
        for _ in 0..n {
            level += 2.0 * random.normal();
            singles.iter_mut().for_each(|series| series.push((level + 12.0 * random.normal()).max(0.0)));
        }
        (hierarchy, singles)
    }

    #[test]
    fn all_forecasts_add_up_and_their_intervals_cover() {
        let options = Options { horizon: 2, ..Options::default() };
        let mut n_inside = 0;
        for seed in 0..60 {
            let (hierarchy, singles) = shop(62, seed);
            let past: Vec<Vec<f64>> = singles.iter().map(|series| series[..60].to_vec()).collect();
            let told = forecast_agreed(&hierarchy, &past, &options, Weighting::MintShrink).unwrap().value.unwrap();
            for h in 0..2 {
                let single: Vec<f64> = told.forecasts[hierarchy.n_sums()..].iter().map(|one| one.mean[h]).collect();
                let summed = hierarchy.add_up(&single);
                let truth: Vec<f64> = singles.iter().map(|series| series[60 + h]).collect();
                for (at, truth) in hierarchy.add_up(&truth).into_iter().enumerate() {
                    let one = &told.forecasts[at];
                    assert!((one.mean[h] - summed[at]).abs() < 1e-6);
                    n_inside += usize::from((one.low[h]..=one.high[h]).contains(&truth));
                }
            }
        }
        // 1,080 values that go together in 60 shops; the intervals are narrowed by estimated errors.
        let share = n_inside as f64 / (60.0 * 18.0);
        assert!((0.82..=0.95).contains(&share), "{share}");
    }

    #[test]
    fn series_that_err_alike_are_weighted_by_structure() {
        // The sum of a single series errs as that series does.
        let hierarchy = Hierarchy::new(&["all there is".to_owned()], &[]).unwrap();
        let singles = [(0..30).map(f64::from).collect::<Vec<f64>>()];
        let answer = forecast_agreed(&hierarchy, &singles, &Options::default(), Weighting::MintShrink).unwrap();
        assert_eq!(answer.caveats.last().map(|caveat| caveat.kind), Some("errors_alike"));
        let forecasts = answer.value.unwrap().forecasts;
        assert!((forecasts[0].mean[0] - forecasts[1].mean[0]).abs() < 1e-9);
    }

    #[test]
    fn what_speaks_against_the_whole_is_told() {
        let hierarchy = Hierarchy::new(&["a".to_owned(), "b".to_owned()], &[]).unwrap();
        let singles = [vec![40.0; 30], vec![60.0; 30]];
        let answer = forecast_agreed(&hierarchy, &singles, &Options::default(), Weighting::Ols).unwrap();
        assert_eq!((answer.support.verdict, answer.caveats[0].kind), (Verdict::Thin, "constant"));
    }

    #[test]
    fn short_and_ragged_input_is_told() {
        let options = Options::default();
        let (hierarchy, singles) = shop(6, 1);
        let short = forecast_agreed(&hierarchy, &singles, &options, Weighting::MintShrink).unwrap();
        assert_eq!((short.support.verdict, short.caveats[0].kind), (Verdict::Thin, "few_values"));
        let (_, one) = shop(1, 1);
        let refused = forecast_agreed(&hierarchy, &one, &options, Weighting::Ols).unwrap();
        assert_eq!(refused.support.verdict, Verdict::Refused);
        assert!(forecast_agreed(&hierarchy, &singles[..2], &options, Weighting::Ols).is_err());
        let mut ragged = singles;
        ragged[3].pop();
        assert!(forecast_agreed(&hierarchy, &ragged, &options, Weighting::Ols).is_err());
    }
}
