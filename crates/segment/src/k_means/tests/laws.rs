//! Laws that hold for all points, and edge cases with a known answer.

use proptest::prelude::*;

use super::ALGORITHMS;
use crate::k_means::choose::{Choose, choose, silhouette};
use crate::k_means::{Algorithm, Assigner, Fitted, Init, KMeans, Near, fit};
use crate::{Matrix, Points, RunOptions, method};

/// Overlapping blobs. Shape: (n, d).
fn blobs<T: Near>(n: usize, d: usize, seed: u64) -> Vec<T> {
    let mut random = math::Random::new(seed);
    let places: Vec<f64> = (0..7 * d).map(|_| random.uniform() * 8.0 + 100.0).collect();
    let mut values = Vec::with_capacity(n * d);
    for _ in 0..n {
        let place = random.below(7);
        values.extend((0..d).map(|at| T::from_f64(places[place * d + at] + random.uniform() * 6.0)));
    }
    values
}

fn fitted<T: Near>(values: &[T], d: usize, wanted: &KMeans, run: &RunOptions) -> Fitted {
    fit(Points::new(values, values.len() / d, d).unwrap(), wanted, run).unwrap()
}

/// Every algorithm finds the same, bit for bit, on any number of threads; and inertia never rises.
fn check<T: Near>(n: usize, d: usize, k: usize, spherical: bool, weighted: bool, seed: u64) {
    let values = blobs::<T>(n, d, seed);
    let weights: Vec<f64> = (0..n).map(|at| (at % 4) as f64).collect();
    let wanted = |algorithm| KMeans { algorithm, spherical, tolerance: 0.0, max_iterations: 40, ..KMeans::new(k) };
    let run =
        |n_threads| RunOptions { seed, n_threads, weights: weighted.then_some(&weights[..]), ..RunOptions::default() };
    let lloyd = fitted(&values, d, &wanted(Algorithm::Lloyd), &run(1));
    // What may raise it. A point takes the wrong one of two centres if their scores differ by less than their rounding,
    // which concerns the few points midway between two; sums of squared lengths cancel in double precision; and a direction
    // rounded to single precision has not quite length 1, in proportion to the inertia.
    let (epsilon, square) = (T::EPSILON.to_f64(), if spherical { 1.0 } else { 49.0 * d as f64 });
    let midway = n.min(4 + n / 1000) as f64 * 4.0 * (d + 4) as f64 * epsilon * square;
    let cancelled = 4.0 * f64::EPSILON * n as f64 * square;
    let stretched = if spherical { 2.0 * epsilon } else { 0.0 };
    for pair in lloyd.history.windows(2) {
        let limit = pair[0] * (1.0 + 1e-9 + stretched) + midway + cancelled;
        assert!(pair[1] <= limit, "inertia rises: {:?}", lloyd.history);
    }
    for algorithm in ALGORITHMS {
        for n_threads in [1, 3] {
            let other = fitted(&values, d, &wanted(algorithm), &run(n_threads));
            assert_eq!(other, Fitted { n_distances: other.n_distances, ..lloyd.clone() }, "{algorithm:?} {n_threads}");
        }
    }
}

#[test]
fn algorithms_agree_on_many_points() {
    check::<f32>(9000, 3, 20, false, false, 1);
    check::<f32>(9000, 17, 70, false, true, 2);
    check::<f64>(5000, 5, 33, true, false, 3);
    check::<f64>(6000, 2, 150, false, false, 4);
    check::<f32>(5000, 1, 9, false, false, 5);
    check::<f32>(9000, 16, 64, false, false, 6);
}

/// Algorithms find the same from some first centres, where bytes tell little or bounds are as tight as they get.
fn check_hard<T: Near>(name: &str, values: &[f64], d: usize, k: usize) {
    let values: Vec<T> = values.iter().map(|&x| T::from_f64(x)).collect();
    let n = values.len() / d;
    let first = (0..k).flat_map(|c| &values[c * (n / k) * d..][..d]).map(|x| x.to_f64()).collect();
    let centres = Matrix { values: first, n: k, d };
    let run = RunOptions { centres: Some(&centres), ..RunOptions::default() };
    let wanted = |algorithm| KMeans { algorithm, tolerance: 0.0, max_iterations: 25, ..KMeans::new(k) };
    let lloyd = fitted(&values, d, &wanted(Algorithm::Lloyd), &run);
    for algorithm in ALGORITHMS {
        let other = fitted(&values, d, &wanted(algorithm), &run);
        assert_eq!(other, Fitted { n_distances: other.n_distances, ..lloyd.clone() }, "{name}, {algorithm:?}");
    }
}

#[test]
fn algorithms_agree_on_hard_points() {
    let (n, d, k) = (3000, 9, 40);
    let mut random = math::Random::new(11);
    let mut points = |value: &mut dyn FnMut(usize, usize, &mut math::Random) -> f64| -> Vec<f64> {
        (0..n).flat_map(|row| (0..d).map(|at| value(row, at, &mut random)).collect::<Vec<_>>()).collect()
    };
    let cases = [
        // Whole numbers, so that many points are midway between centres.
        ("ties", points(&mut |_, _, random| random.below(3) as f64)),
        ("copies", points(&mut |row, at, _| (row % 60 * (at + 3) % 17) as f64)),
        ("one place", points(&mut |_, at, _| at as f64)),
        ("constant columns", points(&mut |_, at, random| if at % 2 == 0 { 5.0 } else { random.uniform() })),
        ("one wide column", points(&mut |_, at, random| random.uniform() * if at == 3 { 1e4 } else { 1.0 })),
        ("few far points", points(&mut |row, _, random| random.uniform() * if row % 500 == 7 { 1e5 } else { 1.0 })),
        ("large", points(&mut |_, _, random| random.uniform() * 1e11 + 1e12)),
        ("larger", points(&mut |_, _, random| random.uniform() * 1e15)),
        ("small", points(&mut |_, _, random| random.uniform() * 1e-11)),
        ("smaller", points(&mut |_, _, random| random.uniform() * 1e-15)),
        ("far from 0", points(&mut |_, _, random| random.uniform() + 1e4)),
    ];
    for (name, values) in &cases {
        check_hard::<f32>(name, values, d, k);
        check_hard::<f64>(name, values, d, k);
    }
}

#[test]
fn lists_leave_most_distances_out() {
    if !math::nearest::coarse::is_available() {
        return println!("skipped: this processor has no AVX-512 VNNI");
    }
    let values = blobs::<f32>(20_000, 16, 4);
    let wanted = KMeans { tolerance: 0.0, max_iterations: 20, ..KMeans::new(150) };
    let auto = fitted(&values, 16, &wanted, &RunOptions::default());
    let lists = fitted(&values, 16, &KMeans { algorithm: Algorithm::Lists, ..wanted }, &RunOptions::default());
    assert!(auto == lists, "of 150 centres in 16 columns lists are the choice");
    assert!(lists.n_distances < 20_000 * 150 * 21 / 8, "{} distances", lists.n_distances);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn algorithms_agree(n in 1usize..400, d in 1usize..20, share in 0.0f64..1.0, flags in 0u8..4, seed in 0u64..1000) {
        let k = 1 + (share * share * (n - 1) as f64) as usize;
        check::<f32>(n, d, k, flags & 1 == 1, flags & 2 == 2 && n > 3, seed);
        check::<f64>(n, d, k, flags & 1 == 1, flags & 2 == 2 && n > 3, seed);
    }
}

/// Three places far apart, and points that are one place: the card takes three groups and one.
#[test]
fn the_card_chooses_the_number() {
    let mut random = math::Random::new(2);
    let values: Vec<f64> = (0..360).map(|at| random.uniform() + (at / 2 % 3 * 30) as f64).collect();
    let run = |values: &[f64], assignments: &[(&str, &str)], run: &RunOptions| {
        let settings = crate::k_means::CARD.settings(assignments.iter().copied()).unwrap();
        (method("k_means").unwrap().run_f64)(Points::new(values, values.len() / 2, 2).unwrap(), &settings, run)
    };
    let plain = RunOptions::default();
    let most = [("n_clusters_max", "6"), ("n_init", "3")];
    let found = run(&values, &most, &plain).unwrap();
    let curves = found.choice.unwrap();
    assert_eq!((curves.ks.as_slice(), curves.recommended), (&[1, 2, 3, 4, 5, 6][..], 3));
    assert_eq!(found.centres.unwrap().n, 3);
    assert_eq!(found.labels[..6], [found.labels[0], found.labels[1], found.labels[2]].repeat(2));
    // One heap, dense in the middle.
    let heap: Vec<f64> = (0..360).map(|_| (0..4).map(|_| random.uniform()).sum()).collect();
    assert_eq!(run(&heap, &most, &plain).unwrap().centres.unwrap().n, 1);
    // No more numbers than points.
    assert_eq!(run(&values[..8], &[("n_clusters_max", "50")], &plain).unwrap().choice.unwrap().ks, [1, 2, 3, 4]);
    let centres = Matrix { values: values[..4].to_vec(), n: 2, d: 2 };
    let error = run(&values, &most, &RunOptions { centres: Some(&centres), ..plain.clone() }).unwrap_err();
    assert!(error.to_string().contains("first centres"), "{error}");
    let error = run(&values, &[("weights", "visits")], &plain).unwrap_err().to_string();
    assert!(error.contains("found visits"), "weights are never ignored: {error}");
}

#[test]
fn a_point_of_weight_two_counts_as_two() {
    let once = blobs::<f64>(60, 2, 9);
    let twice: Vec<f64> = once.chunks(2).flat_map(|row| [row, row].concat()).collect();
    let centres = Matrix { values: once[..8].to_vec(), n: 4, d: 2 };
    let weights = vec![2.0; 60];
    let run = RunOptions { centres: Some(&centres), ..RunOptions::default() };
    let doubled = fitted(&twice, 2, &KMeans::new(4), &run);
    let weighted = fitted(&once, 2, &KMeans::new(4), &RunOptions { weights: Some(&weights), ..run });
    assert_eq!(weighted.labels, doubled.labels.iter().step_by(2).copied().collect::<Vec<_>>());
    assert!((weighted.inertia / doubled.inertia - 1.0).abs() < 1e-12);
}

#[test]
fn what_has_left_a_group_leaves_no_trace() {
    // Four points in a row that outweigh all others by far, or lie far from them: the inner two begin in the group of the
    // others, and go to the outer two once these have drawn their centres near.
    for (weight, scale) in [(1e15, 1.0), (1.0, 1e12)] {
        let mut values: Vec<f64> = (0..50).flat_map(|at| [f64::from(at % 3) * 0.1, f64::from(at % 7) * 0.1]).collect();
        [-14.0, -10.0, 10.0, 14.0].iter().for_each(|x| values.extend([x * scale, 0.0]));
        let mut weights = vec![1.0; 54];
        weights[50..].fill(weight);
        let centres = Matrix { values: vec![0.0, 0.0, -25.0 * scale, 0.0, 25.0 * scale, 0.0], n: 3, d: 2 };
        let run = RunOptions { centres: Some(&centres), weights: Some(&weights), ..RunOptions::default() };
        for algorithm in ALGORITHMS {
            let wanted = KMeans { algorithm, tolerance: 0.0, ..KMeans::new(3) };
            let found = fitted(&values, 2, &wanted, &run);
            assert_eq!(found.labels[50..], [1, 1, 2, 2]);
            assert!(found.labels[..50].iter().all(|&label| label == 0));
            for column in 0..2 {
                let mean = (0..50).map(|at| values[at * 2 + column]).sum::<f64>() / 50.0;
                let off = (found.centres.values[column] - mean).abs();
                assert!(off < 1e-9 * scale.min(1e4), "{algorithm:?}, weight {weight}: {off} off the mean");
            }
        }
    }
}

#[test]
fn edge_cases() {
    // One point; as many clusters as points; fewer distinct points than clusters; constant columns.
    let one = fitted(&[3.0, 4.0], 2, &KMeans::new(1), &RunOptions::default());
    assert_eq!((one.labels, one.centres.values, one.inertia), (vec![0], vec![3.0, 4.0], 0.0));
    for init in [Init::PlusPlus, Init::Parallel] {
        let wanted = KMeans { init, ..KMeans::new(4) };
        let each = fitted(&[0.0, 1.0, 5.0, 9.0], 1, &wanted, &RunOptions::default());
        assert_eq!((each.inertia, each.n_clusters_found), (0.0, 4));
        let few = fitted(&[1.0f32, 7.0, 1.0, 7.0, 1.0, 7.0], 1, &wanted, &RunOptions::default());
        assert_eq!((few.inertia, few.n_clusters_found), (0.0, 2));
        assert_eq!(few.labels[0], few.labels[2]);
        let same = fitted(&[2.5f32; 30], 3, &wanted, &RunOptions::default());
        assert_eq!((same.inertia, same.n_clusters_found), (0.0, 1));
    }
}

#[test]
fn what_does_not_fit_is_said() {
    let values = [0.0, 1.0, 2.0];
    let points = Points::new(&values, 3, 1).unwrap();
    let error = |k, run: &RunOptions| fit(points, &KMeans::new(k), run).unwrap_err().to_string();
    let plain = RunOptions::default();
    assert!(error(4, &plain).contains("found 4, allowed 1 to the number of points, 3"));
    let centres = Matrix::zeros(2, 2);
    assert!(error(2, &RunOptions { centres: Some(&centres), ..plain.clone() }).contains("2 rows of 2 columns"));
    assert!(error(2, &RunOptions { weights: Some(&[1.0]), ..plain.clone() }).contains("one for each of 3 points"));
    assert!(error(2, &RunOptions { weights: Some(&[1.0, -1.0, 1.0]), ..plain.clone() }).contains("-1"));
    assert!(error(2, &RunOptions { weights: Some(&[0.0; 3]), ..plain.clone() }).contains("only 0"));
    let spherical = KMeans { spherical: true, ..KMeans::new(1) };
    assert!(fit(points, &spherical, &plain).unwrap_err().to_string().contains("row 0"));
    let cancelled = RunOptions { progress: &|_| false, ..plain };
    assert_eq!(fit(points, &KMeans::new(1), &cancelled).unwrap_err(), crate::SegmentError::Cancelled);
}

#[test]
fn separate_groups_are_found_by_every_start() {
    let mut random = math::Random::new(5);
    let mut values = Vec::new();
    for at in 0..3000 {
        values.extend([(at % 10) as f32 * 50.0 + random.uniform() as f32, random.uniform() as f32]);
    }
    for init in [Init::PlusPlus, Init::Parallel] {
        for seed in 0..5 {
            let run = RunOptions { seed, ..RunOptions::default() };
            let found = fitted(&values, 2, &KMeans { init, ..KMeans::new(10) }, &run);
            assert!((0..3000).all(|at| found.labels[at] == found.labels[at % 10]), "{init:?} {seed}");
        }
    }
}

#[test]
fn new_points_get_the_labels_of_old_ones() {
    let values = blobs::<f32>(5000, 6, 3);
    let found = fitted(&values, 6, &KMeans::new(12), &RunOptions::default());
    let assigner = Assigner::<f32>::new(&found.centres).unwrap();
    let (mut labels, mut squares) = (vec![0; 5000], vec![0.0; 5000]);
    assigner.assign(&values, &mut labels, &mut squares).unwrap();
    assert_eq!(labels, found.labels);
    assert!((squares.iter().sum::<f64>() / found.inertia - 1.0).abs() < 1e-5);
    assert!(assigner.assign(&values[1..], &mut labels, &mut squares).is_err());
}

#[test]
fn the_registry_runs_it() {
    let method = method("k_means").unwrap();
    let values = blobs::<f64>(300, 2, 8);
    let points = Points::new(&values, 300, 2).unwrap();
    let settings = method.card.settings_from_texts(&["n_clusters=5", "init=k_means_parallel"]).unwrap();
    let found = (method.run_f64)(points, &settings, &RunOptions::default()).unwrap();
    assert_eq!(found.figures.iter().find(|(name, _)| *name == "n_clusters").unwrap().1, 5.0);
    let settings = method.card.settings_from_texts(&["init=somewhere"]).unwrap();
    let error = (method.run_f64)(points, &settings, &RunOptions::default()).unwrap_err().to_string();
    assert!(error.contains("k_means_plus_plus, k_means_parallel"), "{error}");
}

#[test]
fn mini_batches_come_near_the_whole() {
    let values = blobs::<f32>(20_000, 4, 6);
    let whole = fitted(&values, 4, &KMeans::new(7), &RunOptions::default());
    let wanted = KMeans { batch_size: 1000, ..KMeans::new(7) };
    let batches = fitted(&values, 4, &wanted, &RunOptions::default());
    assert!(batches.inertia < whole.inertia * 1.2, "{} {}", batches.inertia, whole.inertia);
    assert_eq!(batches, fitted(&values, 4, &wanted, &RunOptions { n_threads: 1, ..RunOptions::default() }));
}

#[test]
fn the_number_of_groups_is_found() {
    let mut random = math::Random::new(2);
    let mut values = Vec::new();
    for at in 0..800 {
        let place = [(0.0, 0.0), (9.0, 1.0), (2.0, 9.0), (10.0, 10.0)][at % 4];
        values.extend([place.0 + random.uniform() * 3.0, place.1 + random.uniform() * 3.0]);
    }
    let wanted = Choose {
        ks: (1..=8).collect(),
        n_sample: 400,
        n_references: 5,
        k_means: KMeans { n_init: 4, ..KMeans::new(1) },
    };
    let points = Points::new(&values, 800, 2).unwrap();
    let curves = choose(points, &wanted, &RunOptions::default()).unwrap();
    assert_eq!((curves.by_elbow, curves.by_silhouette, curves.by_gap, curves.recommended), (4, Some(4), 4, 4));
    assert_eq!(curves.silhouette[0], None);
    let none: Vec<f64> = (0..600).map(|_| random.uniform()).collect();
    let curves = choose(Points::new(&none, 300, 2).unwrap(), &wanted, &RunOptions::default()).unwrap();
    assert_eq!((curves.by_gap, curves.recommended), (1, 1));
    let bad = Choose { ks: vec![3, 2], ..wanted };
    assert!(choose(points, &bad, &RunOptions::default()).unwrap_err().to_string().contains("[3, 2]"));
    // By hand: a = 1 for the first two, b = 10 and 9; the last stands alone.
    let line = Points::new(&[0.0, 1.0, 10.0], 3, 1).unwrap();
    let expected = (9.0 / 10.0 + 8.0 / 9.0 + 0.0) / 3.0;
    assert!((silhouette(line, &[0, 0, 1]).unwrap() - expected).abs() < 1e-15);
}
