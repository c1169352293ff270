//! DBSCAN against scikit-learn's labels, against comparing all pairs, on shapes where mistakes hide, and its laws.

use proptest::prelude::*;

use super::*;

/// Written by `bench/peers/segment/golden_dbscan.py`, which says what the cases are.
const GOLDEN: &str = include_str!("golden.txt");

/// Knuth's MMIX generator; the upper 53 bits as a number in [0, 1).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() * n as f64) as usize
    }
}

struct Case {
    values: Vec<f64>,
    d: usize,
    eps: f64,
    min_points: usize,
    weights: Option<Vec<f64>>,
}

/// The script's data, number by number in the same order.
fn golden_case(number: usize, seed: u64) -> Case {
    let mut r = Numbers(seed);
    let kind = number % 6;
    let (n, d) = (20 + r.below(100), 1 + r.below(4));
    let n_places = 2 + r.below(4);
    let places: Vec<f64> = (0..n_places * d).map(|_| r.next() * 10.0).collect();
    let directions: Vec<f64> = (0..d).map(|_| r.next() - 0.5).collect();
    let mut values: Vec<f64> = Vec::with_capacity(n * d);
    for at in 0..n {
        match kind {
            3 => values.extend((0..d).map(|_| r.below(7) as f64)),
            5 => values.extend((0..d).map(|_| r.below(7) as f64 * 0.1)),
            2 => {
                let along = r.next() * 40.0;
                values.extend(directions.iter().map(|direction| along * direction));
            }
            _ => {
                let place = r.below(n_places);
                let spread = if at % 9 == 8 { 12.0 } else { 2.0 };
                values.extend((0..d).map(|c| places[place * d + c] + spread * (r.next() + r.next() - 1.0)));
            }
        }
        if kind == 1 && at % 3 != 0 {
            values.copy_within((at - 1) * d..at * d, at * d);
        }
        if kind == 4 {
            values[at * d] = 7.25;
        }
    }
    let eps = match kind {
        3 => [1.0, 2f64.sqrt(), 2.0][r.below(3)],
        5 => [0.1, 0.2, 0.30000000000000004][r.below(3)],
        _ => (0.3 + r.next()) * (d as f64).sqrt(),
    };
    let min_points = 2 + r.below(8);
    let weights = (number % 4 == 3).then(|| (0..n).map(|_| 0.5 * r.below(5) as f64).collect());
    Case { values, d, eps, min_points, weights }
}

/// The labels themselves: clusters are numbered, and border points that two clusters could have are given, as scikit-learn does.
#[test]
fn labels_are_those_of_scikit_learn() {
    let (mut n_cases, mut n_borders, mut n_contested) = (0, 0, 0);
    for line in GOLDEN.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let mut number = || words.next().unwrap().parse::<usize>().unwrap();
        let (number, seed) = (number(), number());
        let expected: Vec<&str> = words.collect();
        let Case { values, d, eps, min_points, weights } = golden_case(number, seed as u64);
        let n = values.len() / d;
        let options = RunOptions { weights: weights.as_deref(), ..RunOptions::default() };
        let found = dbscan(Points::new(&values, n, d).unwrap(), eps, min_points, &options).unwrap();
        let word = |at: usize| match (found.labels[at], found.is_core[at]) {
            (NOISE, _) => ".".to_owned(),
            (label, is_core) => format!("{label}{}", if is_core { "*" } else { "" }),
        };
        assert_eq!((0..n).map(word).collect::<Vec<_>>(), expected, "case {number}");
        let near = |a: usize, b: usize| {
            (0..d).map(|c| (values[a * d + c] - values[b * d + c]).powi(2)).sum::<f64>() <= eps * eps
        };
        for border in (0..n).filter(|&at| found.labels[at] != NOISE && !found.is_core[at]) {
            let reach = (0..n).filter(|&at| found.is_core[at] && near(at, border)).map(|at| found.labels[at]);
            let reach: std::collections::BTreeSet<i32> = reach.collect();
            (n_borders, n_contested) = (n_borders + 1, n_contested + usize::from(reach.len() > 1));
        }
        n_cases += 1;
    }
    assert!(n_cases == 36 && n_borders > 50 && n_contested > 3, "{n_cases} {n_borders} {n_contested}");
}

/// Definition and scikit-learn's search, word for word.
fn by_all_pairs(values: &[f64], d: usize, eps: f64, min_points: usize, weights: Option<&[f64]>) -> Vec<i32> {
    let n = values.len() / d;
    let near = |a: usize, b: usize| {
        let pairs = values[a * d..(a + 1) * d].iter().zip(&values[b * d..(b + 1) * d]);
        pairs.fold(0.0, |sum, (x, y)| sum + (x - y) * (x - y)) <= eps * eps
    };
    let lists: Vec<Vec<usize>> = (0..n).map(|a| (0..n).filter(|&b| near(a, b)).collect()).collect();
    let weight = |at: usize| weights.map_or(1.0, |weights| weights[at]);
    let is_core: Vec<bool> =
        lists.iter().map(|list| list.iter().map(|&at| weight(at)).sum::<f64>() >= min_points as f64).collect();
    let (mut labels, mut next) = (vec![NOISE; n], 0);
    for from in 0..n {
        if labels[from] != NOISE || !is_core[from] {
            continue;
        }
        let mut stack = vec![from];
        while let Some(at) = stack.pop() {
            if labels[at] == NOISE {
                labels[at] = next;
                if is_core[at] {
                    stack.extend(lists[at].iter().filter(|&&other| labels[other] == NOISE));
                }
            }
        }
        next += 1;
    }
    labels
}

fn ours(values: &[f64], d: usize, eps: f64, min_points: usize) -> Dbscan {
    let points = Points::new(values, values.len() / d, d).unwrap();
    dbscan(points, eps, min_points, &RunOptions::default()).unwrap()
}

#[test]
fn worked_by_hand() {
    // Two pairs of cores with a border point in reach of both, and one far away; the first core row names cluster 0.
    let values = [10.0, 2.0, 3.0, 2.5, 5.0, 4.0, 5.5, 6.0];
    let found = ours(&values, 1, 1.0, 4);
    assert_eq!(found.labels, by_all_pairs(&values, 1, 1.0, 4, None));
    let line = [0.0, 1.0, 2.0, 3.0, 4.0, 9.0];
    assert_eq!(ours(&line, 1, 1.0, 3).labels, [0, 0, 0, 0, 0, NOISE]);
    assert_eq!(ours(&line, 1, 1.0, 3).is_core, [false, true, true, true, false, false]);
    assert_eq!(ours(&line, 1, 0.5, 2).labels, [NOISE; 6]);
    // Row 3 (at 2) is a border of both; the cluster whose first core comes first takes it.
    let both = [3.0, 3.5, 4.0, 2.0, 1.0, 0.5, 0.0];
    assert_eq!(ours(&both, 1, 1.0, 4).labels, by_all_pairs(&both, 1, 1.0, 4, None));
}

#[test]
fn a_distance_equal_to_eps_is_near() {
    assert_eq!(ours(&[0.0, 0.0, 3.0, 4.0], 2, 5.0, 2).labels, [0, 0]);
    // In single precision 0.1f32 is above 0.1: decided in double precision, as scikit-learn's tree does.
    let values = [0.0f32, 0.1];
    let points = Points::new(&values, 2, 1).unwrap();
    let labels = |eps| dbscan(points, eps, 2, &RunOptions::default()).unwrap().labels;
    assert_eq!(labels(0.1), [NOISE; 2]);
    assert_eq!(labels(f64::from(0.1f32)), [0, 0]);
}

#[test]
fn edges() {
    assert_eq!(ours(&[7.0], 1, 1.0, 1).labels, [0]);
    assert_eq!(ours(&[7.0], 1, 1.0, 2).labels, [NOISE]);
    assert_eq!(ours(&[7.0; 400], 4, 1.0, 100).labels, [0; 100]);
    assert_eq!(ours(&[7.0; 400], 4, 1.0, 101).labels, [NOISE; 100]);
    let point = Points::new(&[0.0], 1, 1).unwrap();
    let error = |eps, min_points, weights: Option<&[f64]>| {
        dbscan(point, eps, min_points, &RunOptions { weights, ..RunOptions::default() }).unwrap_err().to_string()
    };
    assert!(error(0.0, 1, None).contains("a positive number"));
    assert!(error(1.0, 0, None).contains("at least 1"));
    assert!(error(1.0, 1, Some(&[-1.0])).contains("found -1"));
    assert!(error(1.0, 1, Some(&[])).contains("one per point"));
    let cancelled = RunOptions { progress: &|_| false, ..RunOptions::default() };
    assert_eq!(dbscan(point, 1.0, 1, &cancelled), Err(SegmentError::Cancelled));
}

#[test]
fn tables_of_mixed_columns_are_clustered_and_what_is_wrong_is_said() {
    use crate::features::{Column, ColumnKind, ColumnSpec, Table, Values};
    let column = |name, kind, values| Column { spec: ColumnSpec::new(name, kind), values };
    // Ages far apart within 0 to 100, and a word. Gower of rows 0 and 1: (0.02 + 0) / 2.
    let ages = [20.0, 22.0, 21.0, 60.0, 61.0, 62.0, 0.0, 100.0].map(Some).to_vec();
    let words = ["a", "a", "a", "b", "b", "b", "c", "d"].map(Some).into_iter().collect();
    let table = Table::new(vec![
        column("age", ColumnKind::Numeric, Values::Numbers(ages)),
        column("word", ColumnKind::Category, Values::Levels(words)),
    ])
    .unwrap();
    let run = METHOD.run_table.unwrap();
    let settings = CARD.settings([("metric", "gower"), ("eps", "0.05"), ("min_points", "3")]).unwrap();
    let found = run(&table, &settings, &RunOptions::default()).unwrap();
    assert_eq!(found.labels, [0, 0, 0, 1, 1, 1, NOISE, NOISE]);
    assert_eq!(found.figures, [("n_clusters", 2.0), ("n_noise", 2.0)]);
    let points = Points::new(&[0.0, 1.0], 2, 1).unwrap();
    let of_points = |assignments: &[(&str, &str)]| {
        let settings = CARD.settings(assignments.iter().copied()).unwrap();
        (METHOD.run_f64)(points, &settings, &RunOptions::default()).unwrap_err().to_string()
    };
    assert!(of_points(&[("metric", "gower")]).contains("a table of mixed columns"));
    assert!(of_points(&[("weights", "visits")]).contains("found visits"), "weights are never ignored");
    let of = |distances: &[f32], n| dbscan_of_distances(distances, n, 1.0, 1, &RunOptions::default());
    assert!(of(&[1.0; 4], 3).unwrap_err().to_string().contains("found 4, allowed 3"));
    assert!(of(&[], 0).unwrap_err().to_string().contains("one point or more"));
    assert!(of(&[1.0, f32::NAN, 2.0], 3).unwrap_err().to_string().contains("found NaN"));
    assert_eq!(of(&[], 1).unwrap().labels, [0]);
}

/// Points on a coarse grid (many equal distances, duplicates, constant columns) around a few places.
fn cases() -> impl Strategy<Value = (usize, Vec<f64>, f64, usize)> {
    (1usize..=20, 1usize..150, 0usize..3).prop_flat_map(|(d, n, kind)| {
        let value = (0u32..12).prop_map(move |at| f64::from(at) * [1.0, 0.1, 0.0][kind]);
        (Just(d), prop::collection::vec(value, n * d), 0.05..6.0, prop_oneof![1usize..12, 12usize..150])
            .prop_map(move |(d, values, eps, min_points)| (d, values, eps * (d as f64).sqrt() * 0.5, min_points))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn labels_are_those_of_comparing_all((d, values, eps, min_points) in cases(), weigh in any::<bool>()) {
        let n = values.len() / d;
        let weights: Vec<f64> = (0..n).map(|at| (at % 4) as f64 * 0.5).collect();
        let weights = weigh.then_some(&weights[..]);
        let options = RunOptions { weights, ..RunOptions::default() };
        let found = dbscan(Points::new(&values, n, d).unwrap(), eps, min_points, &options).unwrap();
        prop_assert_eq!(&found.labels, &by_all_pairs(&values, d, eps, min_points, weights));
        let alone = RunOptions { n_threads: 1, ..options };
        prop_assert_eq!(&found, &dbscan(Points::new(&values, n, d).unwrap(), eps, min_points, &alone).unwrap());
    }

    /// On a line of whole numbers distances are exact in either precision.
    #[test]
    fn distances_give_the_labels_of_their_points(
        values in prop::collection::vec(0u8..60, 1..120), eps in 1u8..6, min_points in 1usize..9, weigh in any::<bool>(),
    ) {
        let (n, values): (usize, Vec<f64>) = (values.len(), values.into_iter().map(f64::from).collect());
        let of_row = |a: usize| values[a + 1..].iter().map(move |&b| (a, b));
        let distances: Vec<f32> = (0..n).flat_map(of_row).map(|(a, b)| (values[a] - b).abs() as f32).collect();
        let weights: Vec<f64> = (0..n).map(|at| (at % 4) as f64 * 0.5).collect();
        let options = RunOptions { weights: weigh.then_some(&weights[..]), ..RunOptions::default() };
        let found = dbscan_of_distances(&distances, n, f64::from(eps), min_points, &options).unwrap();
        let expected = dbscan(Points::new(&values, n, 1).unwrap(), f64::from(eps), min_points, &options).unwrap();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn scaling_points_and_eps_by_a_power_of_two_changes_nothing((d, values, eps, min_points) in cases()) {
        let scaled: Vec<f64> = values.iter().map(|value| value * 8.0).collect();
        prop_assert_eq!(ours(&values, d, eps, min_points), ours(&scaled, d, eps * 8.0, min_points));
    }

    #[test]
    fn turning_the_rows_around_keeps_cores_and_their_groups((d, values, eps, min_points) in cases()) {
        let turned: Vec<f64> = values.chunks(d).rev().flatten().copied().collect();
        let (found, mut back) = (ours(&values, d, eps, min_points), ours(&turned, d, eps, min_points));
        back.labels.reverse();
        back.is_core.reverse();
        prop_assert_eq!(&found.is_core, &back.is_core);
        let cores = |of: &Dbscan| -> Vec<i32> {
            of.labels.iter().zip(&found.is_core).filter(|pair| *pair.1).map(|pair| *pair.0).collect()
        };
        prop_assert_eq!(crate::agreement::adjusted_rand_index(&cores(&found), &cores(&back)), 1.0);
    }
}

#[test]
fn products_decide_as_distances_do() {
    let (mut random, mut n_of_interest) = (math::Random::new(17), 0);
    for (n, d, eps, away) in [(700, 2, 0.03, 0.0), (500, 8, 0.55, 3.0), (400, 33, 1.75, 1e4), (300, 5, 0.35, 1e9)] {
        let mut values: Vec<f64> = (0..n * d).map(|_| random.uniform() + away).collect();
        // Copies, and distances of exactly eps.
        values.copy_within(0..50 * d, 100 * d);
        (200..250).for_each(|row| {
            values.copy_within((row - 200) * d..(row - 199) * d, row * d);
            values[row * d] += eps;
        });
        let weights: Vec<f64> = (0..n).map(|at| (at % 3) as f64).collect();
        let tree = KdTree::new(&values, d);
        for weights in [None, Some(weights)] {
            let by = |tiles: &LeafTiles| {
                let search = Search { tree: &tree, tiles, eps2: eps * eps, min_weight: 4.0, weights: weights.clone() };
                search.run(&|_| Ok(())).unwrap()
            };
            let found = by(&LeafTiles::new(&tree));
            n_of_interest += usize::from(found.n_clusters > 0 && found.labels.contains(&NOISE));
            assert_eq!(found, by(&LeafTiles::exact(&tree)));
        }
    }
    assert!(n_of_interest > 0, "clusters and noise");
}
