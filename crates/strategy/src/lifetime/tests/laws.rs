//! What must hold whatever the data: gradients, invariances, limits, refusals.

use math::special::hyp2f1;
use proptest::prelude::*;

use super::super::histories::Groups;
use super::super::likelihood::Objective;
use super::super::*;
use super::{PROCESSES, cdnow_like, histories};
use crate::{StrategyError, Verdict};

#[test]
fn gradients_are_those_of_the_value() {
    for process in PROCESSES {
        let simulation =
            Simulation { buying_effects: vec![0.3, -0.2], leaving_effects: vec![0.1, 0.4], ..cdnow_like(process, 200) };
        let drawn = simulate(&simulation, 1);
        let covariates = Covariates { values: &drawn.covariates, n_columns: 2, on_leaving: true };
        let groups = Groups::of(&histories(&drawn), Some(&covariates));
        let objective = Objective::new(process, &groups, true, 0.01);
        // α above β, below it, and near it.
        for log_alpha in [3.0, 0.1, 1.52] {
            let point = [-0.7, log_alpha, 0.2, 1.5, 0.2, -0.1, 0.3, 0.1];
            let mut gradient = [0.0; 8];
            objective.value(&point, &mut gradient);
            for (at, found) in gradient.iter().enumerate() {
                let moved = |step: f64| {
                    let mut point = point;
                    point[at] += step;
                    objective.value(&point, &mut [0.0; 8])
                };
                let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((slope - found).abs() < 1e-8, "{process:?}, {at}: {found}, not {slope}");
            }
        }
    }
}

/// A row with weight 2 equals the row twice, the order does not matter, and neither does the unit of time.
#[test]
fn order_repetition_and_unit_do_not_matter() {
    for process in PROCESSES {
        let drawn = simulate(&cdnow_like(process, 1500), 2);
        let fitted =
            |of: &Simulated| fit(process, &histories(of), None, &FitOptions::default()).unwrap().value.unwrap();
        let changed = |order: &dyn Fn(usize) -> usize, n: usize, unit: f64| Simulated {
            frequency: (0..n).map(|at| drawn.frequency[order(at)]).collect(),
            recency: (0..n).map(|at| unit * drawn.recency[order(at)]).collect(),
            age: (0..n).map(|at| unit * drawn.age[order(at)]).collect(),
            ..Simulated::default()
        };
        let one = fitted(&drawn);
        let twice = fitted(&changed(&|at| at / 2, 3000, 1.0));
        let turned = fitted(&changed(&|at| 1499 - at, 1500, 1.0));
        let days = fitted(&changed(&|at| at, 1500, 7.0));
        let purchases: u32 = drawn.frequency.iter().sum();
        assert_eq!(one.n_groups, twice.n_groups);
        assert!((twice.log_likelihood / one.log_likelihood - 2.0).abs() < 1e-6);
        assert!((days.log_likelihood + f64::from(purchases) * 7f64.ln() - one.log_likelihood).abs() < 1e-3);
        for at in 0..4 {
            let unit = if at == 1 || (at == 3 && process == Process::ParetoNbd) { 7.0 } else { 1.0 };
            for (what, found) in [
                ("twice", twice.parameters[at]),
                ("turned", turned.parameters[at]),
                ("days", days.parameters[at] / unit),
            ] {
                assert!((found / one.parameters[at] - 1.0).abs() < 2e-3, "{process:?} {what} {at}: {found}");
            }
        }
        let halved = (twice.covariance.unwrap()[0] / one.covariance.unwrap()[0] - 0.5).abs();
        assert!(halved < 1e-2, "{process:?}: {halved}");
    }
}

fn model(process: Process, parameters: [f64; 4]) -> Lifetime {
    let drawn = simulate(&cdnow_like(process, 600), 1);
    let fitted = fit(process, &histories(&drawn), None, &FitOptions::default()).unwrap().value.unwrap();
    Lifetime { parameters, ..fitted }
}

/// Equation 10 of Fader, Hardie and Lee (2005) as it is printed.
#[test]
fn the_transformed_expectation_is_the_printed_one() {
    for (parameters, x, age, horizon) in [
        ([0.25, 4.4, 0.79, 2.4], 2, 38.0, 39.0),
        ([3.0, 10.0, 2.5, 0.4], 0, 5.0, 100.0),
        ([0.5, 1.0, 1.7, 9.0], 60, 20.0, 5.0),
    ] {
        let [r, alpha, a, b] = parameters;
        let of_x = f64::from(x);
        let z = horizon / (alpha + age + horizon);
        let c = a + b + of_x - 1.0;
        let printed = c / (a - 1.0)
            * (1.0 - ((alpha + age) / (alpha + age + horizon)).powf(r + of_x) * hyp2f1(r + of_x, b + of_x, c, z));
        let found = beta_geometric::purchases_if_alive(&parameters, 0, x, age, horizon);
        assert!((found / printed - 1.0).abs() < 1e-9, "{found}, not {printed}");
    }
    // The formula has a hole at a = 1, and at a + b = 1 without a repeat purchase; the function has none.
    let at = |a: f64, b: f64| beta_geometric::purchases_if_alive(&[0.5, 4.0, a, b], 0, 0, 30.0, 30.0);
    assert!(
        (at(1.0, 2.0) / at(1.0 + 1e-7, 2.0) - 1.0).abs() < 1e-6
            && (at(1.0, 2.0) / at(1.0 - 1e-9, 2.0) - 1.0).abs() < 1e-6
    );
    assert!((at(0.5, 0.5) / at(0.5, 0.5 + 1e-9) - 1.0).abs() < 1e-6, "{} {}", at(0.5, 0.5), at(0.5, 0.5 + 1e-9));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn scores_are_probabilities_and_counts(
        logs in prop::array::uniform4(-4.0..4.0f64),
        frequency in 0u32..200,
        share in 0.0..1.0f64,
        age in 0.5..500.0f64,
        which in 0usize..3,
    ) {
        let model = model_of(PROCESSES[which], logs.map(f64::exp));
        let recency = if frequency == 0 { 0.0 } else { (share * age).max(1e-3) };
        let of = Histories { frequency: &[frequency], recency: &[recency], age: &[age] };
        let (near, far) = (model.score(&of, None, 5.0).unwrap(), model.score(&of, None, 50.0).unwrap());
        prop_assert!((0.0..=1.0).contains(&near.alive[0]) && near.alive[0].is_finite());
        prop_assert!(near.purchases[0].is_finite() && far.purchases[0].is_finite());
        prop_assert!(-1e-12 <= near.purchases[0] && near.purchases[0] <= far.purchases[0] * (1.0 + 1e-9) + 1e-12);
        prop_assert_eq!(model.score(&of, None, 0.0).unwrap().purchases[0], 0.0);
        let later = Histories { age: &[age * 2.0], ..of };
        prop_assert!(model.score(&later, None, 5.0).unwrap().alive[0] <= near.alive[0] + 1e-12);
    }
}

fn model_of(process: Process, parameters: [f64; 4]) -> Lifetime {
    Lifetime {
        process,
        parameters,
        buying_effects: Vec::new(),
        leaving_effects: Vec::new(),
        log_likelihood: 0.0,
        covariance: None,
        n_customers: 0,
        n_groups: 0,
        n_iterations: 0,
        n_evaluations: 0,
        converged: true,
    }
}

/// The mean of what is drawn for one customer is what is expected of it.
#[test]
fn draws_have_the_mean_that_is_expected() {
    for process in PROCESSES {
        let model = model(process, cdnow_like(process, 1).parameters);
        for history in [(4, 30.0, 38.0), (0, 0.0, 20.0)] {
            let of = Histories { frequency: &[history.0], recency: &[history.1], age: &[history.2] };
            let expected = model.score(&of, None, 39.0).unwrap().purchases[0];
            let draws = model.draws(history, &[], 39.0, 40_000, 9);
            let mean = draws.iter().map(|n| f64::from(*n)).sum::<f64>() / 40_000.0;
            let spread = (draws.iter().map(|n| (f64::from(*n) - mean).powi(2)).sum::<f64>() / 40_000.0).sqrt();
            assert!((mean - expected).abs() < 4.0 * spread / 200.0, "{process:?}: {mean}, not {expected}");
        }
        let alive = model.alive_with_interval((4, 20.0, 38.0), &[], 0.9);
        assert!(
            0.0 < alive.low && alive.low < alive.value && alive.value < alive.high && alive.high < 1.0,
            "{alive:?}"
        );
    }
}

#[test]
fn a_penalty_draws_parameters_towards_nothing() {
    let drawn = simulate(&cdnow_like(Process::BgNbd, 500), 4);
    let fitted = |penalty: f64| {
        let options = FitOptions { penalty, ..FitOptions::default() };
        fit(Process::BgNbd, &histories(&drawn), None, &options).unwrap().value.unwrap()
    };
    let (free, drawn_in) = (fitted(0.0), fitted(0.1));
    assert!(drawn_in.parameters[3] < free.parameters[3] && drawn_in.log_likelihood < free.log_likelihood);
}

#[test]
fn bad_input_is_refused_or_named() {
    let fitted = |frequency: &[u32], recency: &[f64], age: &[f64]| {
        fit(Process::BgNbd, &Histories { frequency, recency, age }, None, &FitOptions::default())
    };
    let one = fitted(&[3], &[10.0], &[20.0]).unwrap();
    assert_eq!((one.value, one.support.verdict, one.caveats[0].kind), (None, Verdict::Refused, "few_repeating"));
    let nobody = fitted(&[0; 500], &[0.0; 500], &[20.0; 500]).unwrap();
    assert_eq!((nobody.value, nobody.caveats[0].kind), (None, "few_repeating"));
    // Customers of today have age 0: they say nothing, and break nothing.
    let mut drawn = simulate(&cdnow_like(Process::BgNbd, 1000), 6);
    let before = fitted(&drawn.frequency, &drawn.recency, &drawn.age).unwrap().value.unwrap();
    drawn.frequency.extend([0; 50]);
    drawn.recency.extend([0.0; 50]);
    drawn.age.extend([0.0; 50]);
    let after = fitted(&drawn.frequency, &drawn.recency, &drawn.age).unwrap().value.unwrap();
    assert!((after.parameters[0] / before.parameters[0] - 1.0).abs() < 1e-3);
    assert!(matches!(fitted(&[1], &[9.0], &[8.0]), Err(StrategyError::BadValue { .. })));
    assert!(matches!(fitted(&[1], &[9.0], &[8.0, 9.0]), Err(StrategyError::Length { .. })));
    // Everybody came back exactly once, after the same time: no spread to estimate from, and no panic.
    for process in PROCESSES {
        let of = Histories { frequency: &[1; 200], recency: &[5.0; 200], age: &[20.0; 200] };
        let same = fit(process, &of, None, &FitOptions::default()).unwrap();
        assert_eq!(same.support.verdict, Verdict::Thin, "{same:?}");
    }
    // Ten years without a purchase, after many: almost surely gone.
    let gone = model_of(Process::BgNbd, [0.25, 4.4, 0.79, 2.4]);
    let of = Histories { frequency: &[40], recency: &[52.0], age: &[572.0] };
    assert!(gone.score(&of, None, 39.0).unwrap().alive[0] < 1e-6);
    let covariates = Covariates { values: &[1.0], n_columns: 1, on_leaving: false };
    assert!(gone.score(&of, Some(&covariates), 39.0).unwrap_err().to_string().contains("0, as in the fit"));
}

#[test]
fn bad_values_are_refused_or_named() {
    assert_eq!(fit_spend(&[2; 9], &[5.0; 9], 0.0).unwrap().caveats[0].kind, "few_rows");
    assert_eq!(fit_spend(&[2; 50], &[5.0; 50], 0.0).unwrap().caveats[0].kind, "no_spread");
    let frequency: Vec<u32> = (0..400).map(|at| at % 5).collect();
    let mut mean_value = simulate_spend([6.0, 4.0, 15.0], &frequency, 1);
    mean_value[1] = -20.0;
    let answer = fit_spend(&frequency, &mean_value, 0.0).unwrap();
    assert_eq!((answer.caveats[0].kind, answer.value.unwrap().n_customers), ("no_revenue", 319));
    mean_value[7] = f64::NAN;
    assert!(fit_spend(&frequency, &mean_value, 0.0).unwrap_err().to_string().contains("mean value, row 7"));
}
