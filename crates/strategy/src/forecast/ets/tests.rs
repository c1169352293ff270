//! Exponential smoothing against R's `ets`, against its own assumptions, and on what it must not choke on.

use super::super::testing::AIR_PASSENGERS;
use super::*;

const DAMPED: Form = Form { error: Joined::Multiply, trend: Trend::Damped, season: Some(Joined::Multiply) };

/// R, forecast 8: `ets(AirPassengers)` is ETS(M,Ad,M) with AIC 1395.166, AICc 1400.638 and the rounded parameters below.
#[test]
fn the_likelihood_of_the_airline_is_that_of_r_and_the_search_does_not_do_worse() {
    let newest_first = [0.8944, 0.7993, 0.9217, 1.0592, 1.2203, 1.2318, 1.1105, 0.9786, 0.9804, 1.011, 0.8869, 0.9059];
    let parameters = Parameters {
        alpha: 0.7096,
        beta: 0.0204,
        gamma: 1e-4,
        phi: 0.98,
        level: 120.9939,
        slope: 1.7705,
        season: newest_first.into_iter().rev().collect(),
    };
    let aic = loss(&AIR_PASSENGERS, DAMPED, &parameters) + 2.0 * 18.0;
    assert!((aic - 1395.166).abs() < 0.02, "{aic}");
    let found = fit(&AIR_PASSENGERS, 12, Some(DAMPED)).unwrap();
    assert!(found.aic < 1395.166 + 1e-3, "{} {:?}", found.aic, found.parameters);
    assert!((found.aicc - found.aic - (1400.638 - 1395.166)).abs() < 1e-3);
    let chosen = fit(&AIR_PASSENGERS, 12, None).unwrap();
    assert!(chosen.aicc <= found.aicc);
    assert_eq!(
        (chosen.form.error, chosen.form.season),
        (Joined::Multiply, Some(Joined::Multiply)),
        "{:?}",
        chosen.form
    );
}

#[test]
fn intervals_cover_what_their_model_draws() {
    let none = |trend| Form { error: Joined::Add, trend, season: None };
    let seasonal = Form { error: Joined::Multiply, trend: Trend::Add, season: Some(Joined::Multiply) };
    let parameters = |season: &[f64], phi| Parameters {
        alpha: 0.4,
        beta: 0.05,
        gamma: 0.1,
        phi,
        level: 200.0,
        slope: 1.0,
        season: season.to_vec(),
    };
    for (form, parameters, sigma) in
        [(none(Trend::Damped), parameters(&[], 0.9), 5.0), (seasonal, parameters(&[1.2, 0.9, 0.7, 1.2], 1.0), 0.03)]
    {
        let mut n_inside = 0;
        for seed in 0..100 {
            let values = simulate(84, form, &parameters, sigma, &mut Random::new(seed));
            let found = fit(&values[..80], 4, Some(form)).unwrap().forecast(4, 0.9, seed);
            n_inside += (0..4).filter(|h| (found.low[*h]..=found.high[*h]).contains(&values[80 + h])).count();
        }
        // 400 values in 100 paths; errors of one path go together, so three deviations are about 7 %.
        assert!((330..=384).contains(&n_inside), "{form:?} {n_inside}");
    }
}

#[test]
fn smoothing_constants_are_recovered() {
    let form = Form { error: Joined::Add, trend: Trend::None, season: None };
    let truth = Parameters { alpha: 0.35, phi: 1.0, level: 50.0, ..Parameters::default() };
    let mean = (0..40).map(|seed| {
        let values = simulate(200, form, &truth, 2.0, &mut Random::new(seed));
        fit(&values, 1, Some(form)).unwrap().parameters.alpha
    });
    let mean = mean.sum::<f64>() / 40.0;
    assert!((mean - 0.35).abs() < 0.04, "{mean}");
}

#[test]
fn what_does_not_suit_is_told_and_constants_are_no_trouble() {
    let negative: Vec<f64> = (0..20).map(|t| f64::from(t % 5) - 2.0).collect();
    let told = fit(&negative, 1, Some(Form { season: None, ..DAMPED })).unwrap_err().to_string();
    assert!(told.contains("found ETS(M,Ad,N), allowed ETS(A,N,N)"), "{told}");
    assert!(fit(&[1.0; 3], 1, None).unwrap_err().to_string().contains("at least 6"));
    assert!(fit(&[1.0, f64::NAN], 1, None).is_err());
    for level in [0.0, 7.0, 1e12] {
        let found = fit(&[level; 20], 4, None).unwrap().forecast(3, 0.9, 1);
        assert!(found.mean.iter().all(|value| (value - level).abs() <= 1e-6 * level), "{found:?}");
    }
    // A season of 52 weeks is taken out before.
    let weekly: Vec<f64> = (0..156).map(|t| 100.0 + if t % 52 == 45 { 80.0 } else { f64::from(t % 3) }).collect();
    let found = fit(&weekly, 52, None).unwrap().forecast(52, 0.9, 1);
    assert!(found.mean[45] > 150.0 && found.mean[20] < 120.0, "{:?}", found.mean);
}
