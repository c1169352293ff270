//! Uplift: values of the libraries people compare with, effects recovered from simulated trials, intervals that cover the
//! truth, and the real promotion.

use super::judge::{average_effect, calibration_slope, deciles, qini};
use super::*;
use crate::boost::{Features, Loss};
use math::Random;

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    let (x, y) = (mean(a), mean(b));
    let sum = |of: &dyn Fn(usize) -> f64| (0..a.len()).map(of).sum::<f64>();
    let together = sum(&|row| (a[row] - x) * (b[row] - y));
    together / (sum(&|row| (a[row] - x).powi(2)) * sum(&|row| (b[row] - y).powi(2))).sqrt()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn treated(trial: &Trial) -> Vec<bool> {
    trial.arms.iter().map(|&arm| arm > 0).collect()
}

#[test]
fn every_learner_finds_whom_the_treatment_changes() {
    let shop = simulate(&SimulateSettings { n_rows: 30_000, ..SimulateSettings::default() }, 1).unwrap();
    let other = simulate(&SimulateSettings { n_rows: 5000, ..SimulateSettings::default() }, 2).unwrap();
    let truth = &other.effects[0];
    for (base, least) in [(Base::default(), 0.6), (Base::Linear { l2: 1.0 }, 0.4)] {
        for learner in [Learner::S, Learner::T, Learner::X, Learner::R, Learner::Dr, Learner::Transformed] {
            let settings = MetaSettings { learner, base: base.clone(), ..MetaSettings::default() };
            let found = Meta::fit(&shop.trial(), &settings).unwrap().effects(&other.features).unwrap();
            let agreement = correlation(&found[0], truth);
            let bias = mean(&found[0]) - mean(truth);
            assert!(agreement > least, "{learner:?} over {base:?}: correlation {agreement}");
            // The average of 30,000 rows has a standard error of 0.0055.
            assert!(bias.abs() < 0.02, "{learner:?} over {base:?}: bias {bias}");
        }
    }
    for criterion in [Criterion::Kl, Criterion::Euclid, Criterion::Chi] {
        for (n_trees, least) in [(1, 0.6), (30, 0.65)] {
            let settings = TreeSettings { criterion, n_trees, ..TreeSettings::default() };
            let found = Forest::fit(&shop.trial(), &settings).unwrap().effects(&other.features).unwrap();
            let agreement = correlation(&found[0], truth);
            assert!(agreement > least, "{n_trees} trees by {criterion:?}: correlation {agreement}");
        }
    }
}

#[test]
fn without_an_effect_none_is_found() {
    let settings = SimulateSettings { n_rows: 20_000, strength: 0.0, ..SimulateSettings::default() };
    let shop = simulate(&settings, 3).unwrap();
    let other = simulate(&settings, 4).unwrap();
    let found = Meta::fit(&shop.trial(), &MetaSettings::default()).unwrap().effects(&other.features).unwrap();
    let trial = other.trial();
    let ranked = Ranked::new(&found[0], trial.outcome, &treated(&trial)).unwrap();
    let qini = qini(&ranked, 200, 1).unwrap();
    assert!(qini.low < 0.0 && qini.high > 0.0, "{qini:?}");
    let slope = calibration_slope(&deciles(&found[0], trial.outcome, &treated(&trial))).unwrap();
    assert!(slope.low < 0.3, "{slope:?}");
}

/// Those who would buy anyway are treated more often: the plain difference is wrong, learners that know chances are not.
#[test]
fn chances_take_the_bias_out() {
    let settings = SimulateSettings { n_rows: 40_000, is_confounded: true, ..SimulateSettings::default() };
    let shop = simulate(&settings, 5).unwrap();
    let truth = mean(&shop.effects[0]);
    let trial = shop.trial();
    let plain = average_effect(trial.outcome, &treated(&trial)).unwrap().value;
    assert!(plain - truth > 0.04, "{plain} {truth}");
    for assignment in [trial.assignment, Assignment::Estimated] {
        for learner in [Learner::Dr, Learner::R, Learner::X] {
            let found = Meta::fit(&Trial { assignment, ..trial }, &MetaSettings { learner, ..MetaSettings::default() });
            let found = mean(&found.unwrap().effects(trial.features).unwrap()[0]);
            assert!((found - truth).abs() < 0.02, "{learner:?}, {assignment:.0?}: {found}, not {truth}");
        }
    }
}

#[test]
fn each_of_several_treatments_is_set_against_the_control() {
    let shop = simulate(&SimulateSettings { n_rows: 40_000, n_arms: 3, ..SimulateSettings::default() }, 6).unwrap();
    for learner in [Learner::S, Learner::T, Learner::X, Learner::Dr] {
        let found = Meta::fit(&shop.trial(), &MetaSettings { learner, ..MetaSettings::default() }).unwrap();
        let found = found.effects(&shop.features).unwrap();
        for (found, truth) in found.iter().zip(&shop.effects) {
            assert!((mean(found) - mean(truth)).abs() < 0.02, "{learner:?}: {} {}", mean(found), mean(truth));
        }
    }
    let forest = Forest::fit(&shop.trial(), &TreeSettings::default()).unwrap();
    assert!(correlation(&forest.effects(&shop.features).unwrap()[1], &shop.effects[1]) > 0.6);
}

/// How many of the intervals hold the truth.
fn coverage(truth: f64, intervals: impl Iterator<Item = crate::Estimate>) -> usize {
    intervals.filter(|one| one.low <= truth && truth <= one.high).count()
}

/// A fixed order of customers: by visits, unknown ones last.
fn by_visits(features: &Features) -> Vec<f64> {
    let crate::boost::Feature::Number(visits) = &features.columns()[2] else { unreachable!("as it is simulated") };
    visits.iter().map(|&visits| if visits.is_nan() { -1.0 } else { visits }).collect()
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let settings = SimulateSettings { n_rows: 2000, ..SimulateSettings::default() };
    let shops: Vec<Simulated> = (100..300).map(|seed| simulate(&settings, seed).unwrap()).collect();
    // The truth of the order is what a million customers show.
    let many = simulate(&SimulateSettings { n_rows: 1_000_000, ..settings }, 1).unwrap();
    let trial = many.trial();
    let truth = Ranked::new(&by_visits(&many.features), trial.outcome, &treated(&trial)).unwrap().qini();
    let found = coverage(
        truth,
        shops.iter().map(|shop| {
            let trial = shop.trial();
            let ranked = Ranked::new(&by_visits(&shop.features), trial.outcome, &treated(&trial)).unwrap();
            qini(&ranked, 200, 1).unwrap()
        }),
    );
    crate::coverage::assert_covers("uplift: Qini", found, 200);
    let average = mean(&many.effects[0]);
    let found =
        coverage(average, shops.iter().map(|shop| average_effect(&shop.outcome, &treated(&shop.trial())).unwrap()));
    crate::coverage::assert_covers("uplift: average effect", found, 200);
}

#[test]
fn the_value_of_a_policy_is_covered_with_unequal_chances() {
    let costs = [vec![0.02]];
    let money = Money { margin: 1.0, costs: &costs, budget: None };
    let chosen = |shop: &Simulated| by_visits(&shop.features).iter().map(|v| u32::from(*v > 0.4)).collect::<Vec<u32>>();
    let settings = SimulateSettings { n_rows: 3000, is_confounded: true, ..SimulateSettings::default() };
    let many = simulate(&SimulateSettings { n_rows: 1_000_000, ..settings }, 1).unwrap();
    let gain = |(row, arm): (usize, u32)| if arm == 1 { many.effects[0][row] - 0.02 } else { 0.0 };
    let truth = chosen(&many).into_iter().enumerate().map(gain).sum::<f64>() / 1e6;
    let shops = (500..700).map(|seed| simulate(&settings, seed).unwrap());
    let found = coverage(truth, shops.map(|shop| policy::value(&chosen(&shop), &shop.trial(), &money).unwrap()));
    crate::coverage::assert_covers("uplift: gain of a policy", found, 200);
}

/// Every assignment of three arms to seven customers, tried out.
#[test]
fn the_budget_is_spent_within_a_customer_of_the_best() {
    let mut random = Random::new(7);
    for _ in 0..60 {
        let n = 7;
        let effects: Vec<Vec<f64>> = (0..2).map(|_| (0..n).map(|_| random.uniform() - 0.2).collect()).collect();
        let costs: Vec<Vec<f64>> = (0..2).map(|_| (0..n).map(|_| 0.05 + 0.3 * random.uniform()).collect()).collect();
        let money = Money { margin: 1.0, costs: &costs, budget: Some(0.6) };
        let found = whom_to_treat(&effects, &money).unwrap();
        assert!(found.cost <= 0.6 + 1e-12, "{found:?}");
        let (mut best, mut largest) = (0.0f64, 0.0f64);
        for code in 0..3usize.pow(n as u32) {
            let arms = (0..n).map(|row| (row, code / 3usize.pow(row as u32) % 3)).filter(|&(_, arm)| arm > 0);
            let cost: f64 = arms.clone().map(|(row, arm)| costs[arm - 1][row]).sum();
            if cost <= 0.6 {
                best = best.max(arms.map(|(row, arm)| effects[arm - 1][row] - costs[arm - 1][row]).sum());
            }
        }
        for arm in 0..2 {
            (0..n).for_each(|row| largest = largest.max(effects[arm][row] - costs[arm][row]));
        }
        assert!(found.expected_gain >= best - largest - 1e-9, "{} {best} {largest}", found.expected_gain);
    }
}

#[test]
fn money_that_does_not_pay_is_not_spent() {
    let effects = [vec![0.1, 0.01, -0.2, 0.05]];
    let costs = [vec![0.3]];
    let free = whom_to_treat(&effects, &Money { margin: 10.0, costs: &costs, budget: None }).unwrap();
    assert_eq!((free.arms.as_slice(), free.shadow_price), (&[1, 0, 0, 1][..], 0.0));
    let tight = whom_to_treat(&effects, &Money { margin: 10.0, costs: &costs, budget: Some(0.3) }).unwrap();
    assert_eq!(tight.arms, [1, 0, 0, 0]);
    // The next one would bring 0.5 for 0.3.
    assert!((tight.shadow_price - (0.5 - 0.3) / 0.3).abs() < 1e-6, "{}", tight.shadow_price);
    let none = whom_to_treat(&effects, &Money { margin: 10.0, costs: &costs, budget: Some(0.0) }).unwrap();
    assert_eq!(none.n_treated, 0);
    let told = whom_to_treat(&effects, &Money { margin: 1.0, costs: &[vec![-1.0]], budget: None }).unwrap_err();
    assert_eq!(told.to_string(), "costs, row 0 holds -1; allowed: a finite number, 0 or more");
}

/// Entropies, Ginis and divergences by hand.
#[test]
fn divergences_are_those_of_the_paper() {
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    near(Criterion::Kl.divergence(0.5, 0.25), 0.5 * 2f64.ln() + 0.5 * (0.5f64 / 0.75).ln());
    near(Criterion::Euclid.divergence(0.5, 0.25), 0.125);
    near(Criterion::Chi.divergence(0.5, 0.25), 0.0625 / 0.25 + 0.0625 / 0.75);
    let features = Features::new(vec![("x".to_owned(), crate::boost::Feature::Number(vec![1.0, 2.0]))]).unwrap();
    let trial = Trial::new(&features, &[0, 1], &[0.0, 3.5], Assignment::Randomised).unwrap();
    let told = Forest::fit(&trial, &TreeSettings::default()).unwrap_err().to_string();
    assert_eq!(told, "outcome, row 1 holds 3.5; allowed: 0 or 1 for a tree of effects");
}

#[test]
fn amounts_are_learned_as_well_as_purchases() {
    let shop = simulate(&SimulateSettings { n_rows: 20_000, ..SimulateSettings::default() }, 8).unwrap();
    let outcome: Vec<f64> = shop.outcome.iter().map(|y| 250.0 * y - 3.0).collect();
    let trial = Trial { outcome: &outcome, ..shop.trial() };
    let found = Meta::fit(&trial, &MetaSettings { learner: Learner::Dr, ..MetaSettings::default() }).unwrap();
    let found = found.effects(&shop.features).unwrap();
    assert!((mean(&found[0]) / 250.0 - mean(&shop.effects[0])).abs() < 0.02);
    assert!(correlation(&found[0], &shop.effects[0]) > 0.6);
    assert_eq!(Loss::Squared.mean(2.0), 2.0);
}
