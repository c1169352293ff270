//! Boosted trees: laws that hold for any data, functions that are recovered, and inputs that are refused.

use super::*;

fn number(values: impl IntoIterator<Item = f64>) -> Feature {
    Feature::Number(values.into_iter().collect())
}

fn features(columns: Vec<Feature>) -> Features {
    Features::new(columns.into_iter().enumerate().map(|(at, column)| (format!("x{at}"), column)).collect()).unwrap()
}

/// Rows with three numbers, of which one is sometimes missing, and a category; the target knows two of them.
fn rows(n: usize, seed: u64) -> (Features, Vec<f64>) {
    let mut random = Random::new(seed);
    let mut columns = [Vec::new(), Vec::new(), Vec::new()];
    let (mut category, mut target) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let x: [f64; 3] = std::array::from_fn(|_| random.uniform());
        let code = random.below(12);
        let is_missing = random.uniform() < 0.1;
        let margin =
            3.0 * (x[0] - 0.5) + if is_missing { 1.5 } else { 0.0 } + if code.is_multiple_of(3) { 1.0 } else { -0.5 };
        columns[0].push(x[0]);
        columns[1].push(if is_missing { f64::NAN } else { x[1] });
        columns[2].push(x[2]);
        category.push(code as u32);
        target.push(f64::from(random.uniform() < Loss::Logistic.mean(margin)));
    }
    let mut all: Vec<Feature> = columns.into_iter().map(Feature::Number).collect();
    all.push(Feature::Category(category));
    (features(all), target)
}

#[test]
fn one_split_is_the_one_worked_by_hand() {
    // y = 0, 0, 1, 1 at x = 1, 2, 3, 4: the mean is 0.5, the leaves' steps are −0.5 and 0.5, times the rate 0.1.
    let settings =
        BoostSettings { loss: Loss::Squared, n_trees: 1, n_leaves: 2, min_rows_in_leaf: 1, ..BoostSettings::default() };
    let x = features(vec![number([1.0, 2.0, 3.0, 4.0])]);
    let model = Boosted::fit(&x, &[0.0, 0.0, 1.0, 1.0], None, &settings).unwrap();
    let asked = features(vec![number([-5.0, 2.4, 2.6, 9.0])]);
    for (found, expected) in model.predict(&asked).unwrap().into_iter().zip([0.45, 0.45, 0.55, 0.55]) {
        assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
    }
    assert_eq!(model.gains(), [("x0", 1.0)]);
}

#[test]
fn a_split_of_missing_values_and_of_categories_is_found() {
    let settings = BoostSettings {
        loss: Loss::Squared,
        n_trees: 1,
        n_leaves: 2,
        min_rows_in_leaf: 1,
        learning_rate: 1.0,
        ..BoostSettings::default()
    };
    let missing = features(vec![number([f64::NAN, 1.0, f64::NAN, 2.0])]);
    let model = Boosted::fit(&missing, &[5.0, 1.0, 5.0, 1.0], None, &settings).unwrap();
    let found = model.predict(&missing).unwrap();
    assert!(found.iter().zip([5.0, 1.0, 5.0, 1.0]).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
    let codes = features(vec![Feature::Category(vec![4, 9, 2, 9, 7, 2])]);
    let model = Boosted::fit(&codes, &[0.0, 3.0, 0.0, 3.0, 0.0, 0.0], None, &settings).unwrap();
    let asked = features(vec![Feature::Category(vec![9, 2, 12345, MISSING])]);
    let found = model.predict(&asked).unwrap();
    // What was never seen goes with the rest.
    assert!(found.iter().zip([3.0, 0.0, 0.0, 0.0]).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
}

#[test]
fn probabilities_come_near_the_truth() {
    let (train, target) = rows(20_000, 1);
    let settings = BoostSettings { n_leaves: 8, ..BoostSettings::default() };
    let model = Boosted::fit(&train, &target, None, &settings).unwrap();
    let (test, outcome) = rows(20_000, 2);
    let found = model.scores(&test).unwrap();
    let loss = Loss::Logistic.average(&outcome, None, &found);
    let start = Loss::Logistic.average(&outcome, None, &vec![Loss::Logistic.start(&target, None); outcome.len()]);
    let truth: Vec<f64> = {
        let columns = test.columns();
        let (Feature::Number(a), Feature::Number(b), Feature::Category(c)) = (&columns[0], &columns[1], &columns[3])
        else {
            unreachable!("as they were made")
        };
        let margin = |row: usize| {
            3.0 * (a[row] - 0.5) + if b[row].is_nan() { 1.5 } else { 0.0 } + if c[row] % 3 == 0 { 1.0 } else { -0.5 }
        };
        (0..outcome.len()).map(margin).collect()
    };
    let best = Loss::Logistic.average(&outcome, None, &truth);
    assert!(loss - best < 0.1 * (start - best), "loss {loss}, truth {best}, without features {start}");
    let gains = model.gains();
    assert!(gains.iter().position(|(name, _)| *name == "x2") == Some(3), "noise gains least: {gains:?}");
}

#[test]
fn threads_do_not_change_a_bit() {
    let (x, y) = rows(150_000, 3);
    let with = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        let settings =
            BoostSettings { n_trees: 5, row_fraction: 0.8, feature_fraction: 0.6, ..BoostSettings::default() };
        pool.install(|| Boosted::fit(&x, &y, None, &settings).unwrap())
    };
    assert!(with(1) == with(3));
}

#[test]
fn a_weight_of_two_is_the_row_twice_and_of_none_no_row() {
    let (x, y) = rows(600, 4);
    let settings = BoostSettings { n_trees: 20, min_rows_in_leaf: 1, ..BoostSettings::default() };
    let weights: Vec<f64> = (0..600).map(|row| f64::from(row % 3)).collect();
    let repeated: Vec<u32> = (0..600).flat_map(|row| std::iter::repeat_n(row, row as usize % 3)).collect();
    let weighted = Boosted::fit(&x, &y, Some(&weights), &settings).unwrap();
    // The same bins, as edges would lie elsewhere without the rows that weigh nothing.
    let binned = Binned::new(&x, 255).unwrap().take(&repeated);
    let target: Vec<f64> = repeated.iter().map(|&row| y[row as usize]).collect();
    let twice = Boosted::fit_binned(&binned, &target, None, &settings, &|_| true).unwrap();
    for (a, b) in weighted.scores(&x).unwrap().into_iter().zip(twice.scores(&x).unwrap()) {
        assert!((a - b).abs() < 1e-3, "{a} {b}");
    }
}

#[test]
fn a_monotone_feature_never_turns() {
    // Falls and rises: without the constraint the fit must follow, with it never fall.
    let x: Vec<f64> = (0..2000).map(|at| f64::from(at) / 2000.0).collect();
    let noise: Vec<f64> = {
        let mut random = Random::new(5);
        (0..2000).map(|_| random.uniform()).collect()
    };
    let y: Vec<f64> = x.iter().zip(&noise).map(|(x, e)| (x - 0.3) * (x - 0.3) + 0.1 * e).collect();
    let features = features(vec![number(x), number(noise)]);
    let settings = BoostSettings { loss: Loss::Squared, ..BoostSettings::default() };
    let falls = |monotone: Vec<i8>| {
        let model = Boosted::fit(&features, &y, None, &BoostSettings { monotone, ..settings.clone() }).unwrap();
        let grid = self::features(vec![number((0..500).map(|at| f64::from(at) / 500.0)), number([0.5; 500])]);
        let line = model.predict(&grid).unwrap();
        let up: usize = line.windows(2).filter(|pair| pair[1] > pair[0] + 1e-12).count();
        let down: usize = line.windows(2).filter(|pair| pair[1] < pair[0] - 1e-12).count();
        (up > 0, down > 0)
    };
    assert_eq!(falls(vec![]), (true, true));
    assert_eq!(falls(vec![1, 0]), (true, false));
    assert!(!falls(vec![-1, 0]).0);
}

#[test]
fn early_stopping_keeps_the_trees_that_helped() {
    let (x, y) = rows(3000, 6);
    let settings = BoostSettings { n_trees: 500, patience: 10, ..BoostSettings::default() };
    let model = Boosted::fit(&x, &y, None, &settings).unwrap();
    let losses = model.valid_losses();
    let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(model.n_trees() < 200 && losses.len() == model.n_trees() + 10, "{} {}", model.n_trees(), losses.len());
    assert_eq!(losses[model.n_trees() - 1], least);
    // Of pure noise no tree is kept.
    let mut random = Random::new(7);
    let noise: Vec<f64> = (0..3000).map(|_| f64::from(random.uniform() < 0.5)).collect();
    assert!(Boosted::fit(&x, &noise, None, &settings).unwrap().n_trees() <= 3);
}

#[test]
fn a_model_survives_being_written_down() {
    let (x, y) = rows(500, 8);
    let model = Boosted::fit(&x, &y, None, &BoostSettings { n_trees: 5, ..BoostSettings::default() }).unwrap();
    let read: Boosted = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
    // serde_json reads some numbers one unit in the last place off.
    let off = |(a, b): (f64, f64)| (a - b).abs();
    let most = read.predict(&x).unwrap().into_iter().zip(model.predict(&x).unwrap()).map(off).fold(0.0, f64::max);
    assert!(most < 1e-14, "{most}");
}

#[test]
fn extremes_neither_fail_nor_run_away() {
    let x = features(vec![number([1.0, f64::NAN, 3.0])]);
    let all_alike = Boosted::fit(&x, &[1.0; 3], None, &BoostSettings::default()).unwrap().predict(&x).unwrap();
    assert!(all_alike.iter().all(|p| (p - 0.875).abs() < 1e-12), "3.5 of 4: {all_alike:?}");
    let only_missing = features(vec![number([f64::NAN; 50])]);
    let target: Vec<f64> = (0..50).map(|row| f64::from(row % 2)).collect();
    let found = Boosted::fit(&only_missing, &target, None, &BoostSettings::default()).unwrap();
    assert_eq!(found.predict(&only_missing).unwrap(), [0.5; 50]);
    let x = features(vec![number((0..100).map(|row| f64::from(row) * 1e300))]);
    let y: Vec<f64> = (0..100).map(|row| f64::from(row) * 1e12).collect();
    let settings = BoostSettings { loss: Loss::Squared, ..BoostSettings::default() };
    let found = Boosted::fit(&x, &y, None, &settings).unwrap().predict(&x).unwrap();
    assert!(found.iter().zip(&y).all(|(a, b)| (a - b).abs() < 2.5e13), "{found:?}");
}

#[test]
fn what_is_wrong_is_told() {
    let x = features(vec![number([1.0, 2.0]), Feature::Category(vec![1, 2])]);
    let told = |y: &[f64], weights: Option<&[f64]>, settings: BoostSettings| {
        Boosted::fit(&x, y, weights, &settings).unwrap_err().to_string()
    };
    let settings = BoostSettings::default;
    assert_eq!(told(&[1.0], None, settings()), "target has 1 rows where 2 were expected");
    assert_eq!(told(&[1.0, 2.0], None, settings()), "target, row 1 holds 2; allowed: 0 to 1");
    assert_eq!(
        told(&[1.0, 0.0], Some(&[1.0, -1.0]), settings()),
        "weights, row 1 holds -1; allowed: a finite number, 0 or more"
    );
    assert_eq!(told(&[1.0, 0.0], Some(&[0.0, 0.0]), settings()), "sum of weights: found 0, allowed more than 0");
    assert_eq!(
        told(&[1.0, 0.0], None, BoostSettings { learning_rate: f64::NAN, ..settings() }),
        "learning_rate: found NaN, allowed 0.000001 to 1"
    );
    assert_eq!(
        told(&[1.0, 0.0], None, BoostSettings { monotone: vec![0, 1], ..settings() }),
        "monotone: found 1 for 'x1', allowed -1, 0, 1; for categories 0"
    );
    let cancelled = Boosted::fit_binned(&Binned::new(&x, 9).unwrap(), &[1.0, 0.0], None, &settings(), &|_| false);
    assert_eq!(cancelled.unwrap_err(), StrategyError::Cancelled);
    let model = Boosted::fit(&x, &[1.0, 0.0], None, &settings()).unwrap();
    let other = features(vec![number([1.0])]);
    assert_eq!(model.predict(&other).unwrap_err().to_string(), "features: found x0, allowed x0, x1");
}
