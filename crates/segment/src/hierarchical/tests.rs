//! Every linkage against SciPy's tables, a definition-by-definition loop, and laws.

use super::*;
use math::Random;
use proptest::prelude::*;

/// Written by `bench/peers/segment/golden_hierarchical.py`, which says what the data are.
const GOLDEN: &str = include_str!("golden.txt");

struct Generator(u64);

impl Generator {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1u32 << 31)
    }
}

/// Values and number of columns.
fn golden_data(name: &str) -> (Vec<f64>, usize) {
    if name == "grid" {
        let mut numbers = Generator(2);
        return ((0..72).map(|_| (numbers.next() * 5.0).floor()).collect(), 2);
    }
    let mut numbers = Generator(1);
    ((0..120).map(|at| numbers.next() * 10.0 + f64::from(8 * (at / 3 % 4))).collect(), 3)
}

fn points(values: &[f64], d: usize) -> Points<'_, f64> {
    Points::new(values, values.len() / d, d).unwrap()
}

fn tree(values: &[f64], d: usize, kind: Linkage) -> Dendrogram {
    linkage(points(values, d), kind, Metric::Euclidean, &RunOptions::default()).unwrap()
}

fn tree_of_distances(values: &[f64], d: usize, kind: Linkage) -> Dendrogram {
    let distances = condensed::distances(values, d, Metric::Euclidean);
    linkage_of_distances(distances, values.len() / d, kind, &RunOptions::default()).unwrap()
}

fn assert_near(found: &Dendrogram, expected: &[Merge], context: &str) {
    assert_eq!(found.merges().len(), expected.len(), "{context}");
    for (k, (found, expected)) in found.merges().iter().zip(expected).enumerate() {
        let near = (found.height - expected.height).abs() <= 1e-9 * expected.height.max(1e-3);
        assert!(near, "{context}, merge {k}: {found:?}, not {expected:?}");
        let same = (found.left, found.right, found.size) == (expected.left, expected.right, expected.size);
        assert!(same, "{context}, merge {k}: {found:?}, not {expected:?}");
    }
}

/// SciPy's table of one case.
fn golden(data: &str, kind: &str, metric: &str) -> Vec<Merge> {
    let prefix = format!("{data} {kind} {metric} ");
    let merge = |line: &str| {
        let fields: Vec<f64> = line.split(' ').map(|field| field.parse().unwrap()).collect();
        Merge { left: fields[0] as usize, right: fields[1] as usize, height: fields[2], size: fields[3] as usize }
    };
    let merges: Vec<Merge> = GOLDEN.lines().filter_map(|line| line.strip_prefix(&prefix)).map(merge).collect();
    assert!(!merges.is_empty(), "{prefix}");
    merges
}

const NAMES: [&str; 7] = ["ward", "average", "complete", "single", "weighted", "centroid", "median"];

#[test]
fn merges_are_scipys() {
    let (values, d) = golden_data("scattered");
    for name in NAMES {
        let (kind, expected) = (Linkage::named(name), golden("scattered", name, "euclidean"));
        assert_near(&tree(&values, d, kind), &expected, name);
        assert_near(&tree_of_distances(&values, d, kind), &expected, &format!("{name} of distances"));
    }
    for metric in ["manhattan", "cosine"] {
        for name in ["average", "complete", "single", "weighted"] {
            let (kind, options) = (Linkage::named(name), RunOptions::default());
            let found = linkage(points(&values, d), kind, Metric::named(metric), &options).unwrap();
            assert_near(&found, &golden("scattered", name, metric), &format!("{name} {metric}"));
        }
    }
}

#[test]
fn ties_fall_as_scipys() {
    let (values, d) = golden_data("grid");
    for name in ["ward", "average", "complete", "single", "weighted"] {
        let expected = golden("grid", name, "euclidean");
        assert_near(&tree_of_distances(&values, d, Linkage::named(name)), &expected, name);
    }
    for name in ["average", "complete", "single", "weighted"] {
        assert_near(&tree(&values, d, Linkage::named(name)), &golden("grid", name, "euclidean"), name);
    }
}

/// The script's case of this number, and its number of columns.
fn golden_case(number: u64) -> (Vec<f64>, usize) {
    let mut numbers = Generator(100 + number);
    let kind = number % 6;
    let (n, d) = (2 + (numbers.next() * 60.0) as usize, 1 + (numbers.next() * 6.0) as usize);
    let places: Vec<f64> = (0..5 * d).map(|_| numbers.next() * 20.0).collect();
    let mut values = vec![0.0; n * d];
    for point in 0..n {
        let place = (numbers.next() * 5.0) as usize;
        let along = numbers.next() * 50.0;
        for at in 0..d {
            let value = numbers.next();
            values[point * d + at] = match kind {
                0 | 2 => places[place * d + at] + 3.0 * value,
                1 => 10.0 * value,
                3 => along * (at + 1) as f64,
                4 => places[place * d + at] + value,
                _ => (value * 5.0).floor(),
            };
        }
        if kind == 2 && point % 2 == 1 {
            values.copy_within((point - 1) * d..point * d, point * d);
        }
        if kind == 4 {
            values[point * d] = -3.5;
        }
    }
    (values, d)
}

/// FNV-1a over left, right and size of every merge.
fn hashed(tree: &Dendrogram) -> u64 {
    let numbers = tree.merges().iter().flat_map(|merge| [merge.left, merge.right, merge.size]);
    numbers.fold(0xcbf2_9ce4_8422_2325, |hash, value| (hash ^ value as u64).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn generated_cases_are_scipys() {
    let (mut n_checked, mut wrong) = (0, Vec::new());
    for line in GOLDEN.lines().filter_map(|line| line.strip_prefix("case ")) {
        let fields: Vec<&str> = line.split(' ').collect();
        let (values, d) = golden_case(fields[0].parse().unwrap());
        let (hash, sum) = (u64::from_str_radix(fields[2], 16).unwrap(), fields[3].parse::<f64>().unwrap());
        let found = tree_of_distances(&values, d, Linkage::named(fields[1]));
        let heights: f64 = found.merges().iter().map(|merge| merge.height).sum();
        if hashed(&found) != hash || (heights - sum).abs() > 1e-9 * sum.max(1e-3) {
            wrong.push(format!("{} {}: heights {heights}, not {sum}", fields[0], fields[1]));
        }
        n_checked += 1;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(n_checked, 30 * 7 - 10 * 2);
}

/// Points 0, 2, 6 and 16 of a line. Ward: {0, 2} at 2; {0, 2} to 6: √(2·2·1/3)·5; then to 16: √(2·3·1/4)·(16 − 8/3).
#[test]
fn worked_by_hand() {
    let values = [0.0, 2.0, 6.0, 16.0];
    let heights = |kind| tree(&values, 1, kind).merges().iter().map(|merge| merge.height).collect::<Vec<_>>();
    let check = |kind, expected: [f64; 3]| {
        let found = heights(kind);
        assert!(found.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-12), "{kind:?}: {found:?}");
    };
    check(Linkage::Ward, [2.0, (4.0f64 / 3.0).sqrt() * 5.0, 1.5f64.sqrt() * (16.0 - 8.0 / 3.0)]);
    check(Linkage::Average, [2.0, 5.0, (16.0 + 14.0 + 10.0) / 3.0]);
    check(Linkage::Complete, [2.0, 6.0, 16.0]);
    check(Linkage::Single, [2.0, 4.0, 10.0]);
    check(Linkage::Weighted, [2.0, 5.0, (15.0 + 10.0) / 2.0]);
    check(Linkage::Centroid, [2.0, 5.0, 16.0 - 8.0 / 3.0]);
    check(Linkage::Median, [2.0, 5.0, 16.0 - 3.5]);
}

/// Merges by the definition: of all pairs of clusters the nearest, again and again, in O(n³).
fn plainly(values: &[f64], d: usize, kind: Linkage) -> Vec<f64> {
    let mut clusters: Vec<Vec<&[f64]>> = values.chunks(d).map(|row| vec![row]).collect();
    let distance = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt();
    let centre = |points: &[&[f64]]| -> Vec<f64> {
        (0..d).map(|column| points.iter().map(|point| point[column]).sum::<f64>() / points.len() as f64).collect()
    };
    let apart = |x: &[&[f64]], y: &[&[f64]]| {
        let pairs: Vec<f64> = x.iter().flat_map(|x| y.iter().map(|y| distance(x, y))).collect();
        let (nx, ny) = (x.len() as f64, y.len() as f64);
        match kind {
            Linkage::Average => pairs.iter().sum::<f64>() / (nx * ny),
            Linkage::Complete => pairs.into_iter().fold(0.0, f64::max),
            Linkage::Single => pairs.into_iter().fold(f64::MAX, f64::min),
            Linkage::Ward => (2.0 * nx * ny / (nx + ny)).sqrt() * distance(&centre(x), &centre(y)),
            Linkage::Centroid => distance(&centre(x), &centre(y)),
            _ => unreachable!(),
        }
    };
    let mut heights = Vec::new();
    while clusters.len() > 1 {
        let pairs = (0..clusters.len()).flat_map(|i| (0..i).map(move |j| (j, i)));
        let all = pairs.map(|(j, i)| (apart(&clusters[j], &clusters[i]), j, i));
        let (height, j, i) = all.min_by(|x, y| x.0.total_cmp(&y.0)).unwrap();
        let gone = clusters.remove(i);
        clusters[j].extend(gone);
        heights.push(height);
    }
    heights
}

#[test]
fn heights_are_those_of_the_definition() {
    let mut random = Random::new(5);
    for (n, d) in [(2, 1), (3, 2), (70, 2), (90, 7)] {
        let values: Vec<f64> = (0..n * d).map(|_| random.uniform()).collect();
        for kind in [Linkage::Ward, Linkage::Average, Linkage::Complete, Linkage::Single, Linkage::Centroid] {
            let expected = plainly(&values, d, kind);
            for found in [tree(&values, d, kind), tree_of_distances(&values, d, kind)] {
                for (merge, expected) in found.merges().iter().zip(&expected) {
                    let context = format!("{kind:?} {n} {d}");
                    assert!((merge.height - expected).abs() < 1e-9 * expected, "{context}: {merge:?} {expected}");
                }
            }
        }
    }
}

/// Large enough that cells and groups fill, are packed and built again.
#[test]
fn vectors_and_distances_give_the_same_tree() {
    let (n, d) = (1500, 4);
    let mut random = Random::new(9);
    let values: Vec<f64> = (0..n * d).map(|at| random.uniform() + f64::from(at as u32 / 4 % 5)).collect();
    for kind in [Linkage::Ward, Linkage::Single, Linkage::Average] {
        assert_near(&tree(&values, d, kind), tree_of_distances(&values, d, kind).merges(), &format!("{kind:?}"));
    }
}

/// From where the table of all pairs is avoided.
#[test]
fn many_points_give_the_same_tree_as_their_distances() {
    let (n, d) = (aggregate::N_MIN, 3);
    let mut random = Random::new(12);
    let blobs: Vec<f64> = (0..n * d).map(|at| 1e3 + random.uniform() + f64::from(at as u32 / 3 % 7)).collect();
    // A core so dense that it is one large cluster while the rest are still points.
    let core: Vec<f64> = (0..n * d).map(|at| random.uniform() * if at < n * 2 { 0.01 } else { 10.0 }).collect();
    for (values, name) in [(blobs, "blobs"), (core, "core")] {
        for kind in [Linkage::Average, Linkage::Complete, Linkage::Weighted] {
            let expected = tree_of_distances(&values, d, kind);
            assert_near(&tree(&values, d, kind), expected.merges(), &format!("{kind:?} {name}"));
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let mut random = Random::new(3);
    let values: Vec<f64> = (0..aggregate::N_MIN * 2).map(|_| random.uniform()).collect();
    let large = [Linkage::Ward, Linkage::Average];
    for (values, kinds) in [(&values[..600], &Linkage::ALL[..]), (&values[..], &large[..])] {
        for &kind in kinds {
            let with = |n_threads| {
                let options = RunOptions { n_threads, ..RunOptions::default() };
                linkage(points(values, 2), kind, Metric::Euclidean, &options).unwrap()
            };
            assert_eq!(with(1), with(2));
            assert_eq!(with(1), with(5));
        }
    }
}

#[test]
fn one_point_two_points_and_all_the_same() {
    for kind in Linkage::ALL {
        let one = tree(&[3.0, 4.0], 2, kind);
        assert_eq!((one.merges().len(), one.cut_by_count(5).unwrap(), one.matrix().n), (0, vec![0], 0));
        let two = tree(&[0.0, 0.0, 3.0, 4.0], 2, kind);
        assert_eq!(two.merges(), [Merge { left: 0, right: 1, height: 5.0, size: 2 }]);
        let same = tree(&[0.1; 300], 3, kind);
        assert!(same.merges().iter().all(|merge| merge.height == 0.0), "{kind:?}");
        assert_eq!(same.merges()[98].size, 100);
        assert_eq!(same.cut_by_height(0.0).unwrap(), [0; 100]);
    }
}

#[test]
fn every_duplicate_merges_at_nothing_before_all_else() {
    let mut random = Random::new(4);
    let distinct: Vec<f64> = (0..100).map(|_| random.uniform()).collect();
    for (n, kinds) in [(2000, &Linkage::ALL[..]), (aggregate::N_MIN, &Linkage::ALL[..5])] {
        let values: Vec<f64> = (0..2 * n).map(|at| distinct[at % 100]).collect();
        for &kind in kinds {
            let found = tree(&values, 2, kind);
            assert!(found.merges()[..n - 50].iter().all(|merge| merge.height == 0.0), "{kind:?}");
            assert!(found.merges()[n - 50].height > 0.0, "{kind:?}");
            let labels = found.cut_by_count(50).unwrap();
            (0..n).for_each(|point| assert_eq!(labels[point], (point % 50) as i32));
        }
    }
}

#[test]
fn constant_columns_and_collinear_points() {
    let line: Vec<f64> = (0..64).flat_map(|at| [7.0, f64::from(at * at), -2.0 * f64::from(at * at)]).collect();
    let bare: Vec<f64> = (0..64).map(|at| f64::from(at * at) * 5f64.sqrt()).collect();
    for kind in [Linkage::Ward, Linkage::Average, Linkage::Complete, Linkage::Single] {
        let (found, expected) = (tree(&line, 3, kind), tree(&bare, 1, kind));
        for (found, expected) in found.merges().iter().zip(expected.merges()) {
            assert!((found.height - expected.height).abs() < 1e-9 * expected.height, "{kind:?}");
        }
    }
}

#[test]
fn what_is_wrong_is_said() {
    let options = RunOptions::default();
    let error =
        |values: &[f64], kind, metric| linkage(points(values, 2), kind, metric, &options).unwrap_err().to_string();
    assert!(error(&[1.0; 4], Linkage::Ward, Metric::Cosine).contains("found Cosine, allowed Euclidean"));
    assert!(error(&[1.0, 1.0, 0.0, 0.0], Linkage::Average, Metric::Cosine).contains("row 1"));
    assert!(error(&[1e200, 0.0, 0.0, 0.0], Linkage::Ward, Metric::Euclidean).contains("1e200"));
    let of = |distances: &[f64], n| linkage_of_distances(distances.to_vec(), n, Linkage::Ward, &options);
    assert!(of(&[1.0; 4], 3).unwrap_err().to_string().contains("found 4, allowed 3"));
    assert!(of(&[], 0).unwrap_err().to_string().contains("one point or more"));
    assert!(of(&[1.0, -1.0, 2.0], 3).unwrap_err().to_string().contains("found -1"));
    assert!(of(&[1.0, f64::NAN, 2.0], 3).is_err());
    assert!(of(&[], 1).is_ok());
    let cancelled = RunOptions { progress: &|_| false, ..RunOptions::default() };
    for kind in Linkage::ALL {
        let found = linkage(points(&[1.0, 2.0, 3.0, 4.0], 2), kind, Metric::Euclidean, &cancelled);
        assert_eq!(found, Err(SegmentError::Cancelled));
    }
}

#[test]
fn the_card_runs() {
    let values: Vec<f32> = vec![0.0, 0.1, 5.0, 5.2, 9.0];
    let run = |assignments: &[(&str, &str)]| {
        let settings = CARD.settings(assignments.iter().copied()).unwrap();
        (METHOD.run_f32)(Points::new(&values, 5, 1).unwrap(), &settings, &RunOptions::default())
    };
    let found = run(&[("n_clusters", "3")]).unwrap();
    assert_eq!((found.labels, found.figures[0]), (vec![0, 0, 1, 1, 2], ("n_clusters", 3.0)));
    assert_eq!((found.merges.as_ref().unwrap().n, found.merges.unwrap().d), (4, 4));
    assert_eq!(run(&[("linkage", "single"), ("height", "1")]).unwrap().labels, [0, 0, 1, 1, 2]);
    assert_eq!(run(&[]).unwrap().labels, [0; 5]);
    assert_eq!(run(&[("n_clusters", "9"), ("linkage", "median")]).unwrap().labels, [0, 1, 2, 3, 4]);
    assert!(run(&[("n_clusters", "2"), ("height", "1")]).unwrap_err().to_string().contains("one of them"));
    let names = |kind: &Kind| match *kind {
        Kind::Choice { options, .. } => options,
        _ => &[],
    };
    assert_eq!(names(&CARD.params[0].kind).iter().map(|name| Linkage::named(name)).collect::<Vec<_>>(), Linkage::ALL);
}

/// Ages over a range of 40 and a word: (0 + 1) / 2 apart are rows 0 and 1, (0.5 + 0) / 2 rows 2 and 3.
#[test]
fn tables_of_mixed_columns_are_merged() {
    use crate::features::{Column, ColumnKind, ColumnSpec, Table, Values};
    let column = |name, kind, values| Column { spec: ColumnSpec::new(name, kind), values };
    let table = Table::new(vec![
        column("age", ColumnKind::Numeric, Values::Numbers([20.0, 20.0, 40.0, 60.0].map(Some).to_vec())),
        column("word", ColumnKind::Category, Values::Levels(["a", "b", "c", "c"].map(Some).into_iter().collect())),
    ])
    .unwrap();
    let run = |assignments: &[(&str, &str)]| {
        let settings = CARD.settings(assignments.iter().copied()).unwrap();
        (METHOD.run_table.unwrap())(&table, &settings, &RunOptions::default())
    };
    let found = run(&[("metric", "gower"), ("linkage", "average"), ("n_clusters", "2")]).unwrap();
    assert_eq!(found.labels, [0, 0, 1, 1]);
    let merges = found.merges.unwrap();
    let heights: Vec<f64> = (0..3).map(|at| merges.row(at)[2]).collect();
    // Rows 2 and 3 differ by half of the range alone: 0.25; those to 0 and 1 are 0.75, 1, 0.75, 1.
    assert_eq!(heights, [0.25, 0.5, 0.875]);
    let error = run(&[("metric", "gower"), ("linkage", "ward")]).unwrap_err().to_string();
    assert!(error.contains("found ward, allowed average"), "{error}");
    let both = run(&[("linkage", "single"), ("n_clusters", "2"), ("height", "1")]).unwrap_err().to_string();
    assert!(both.contains("one of them"));
    let settings = CARD.settings([("metric", "gower"), ("linkage", "average")]).unwrap();
    let of_points = (METHOD.run_f64)(points(&[1.0, 2.0], 1), &settings, &RunOptions::default()).unwrap_err();
    assert!(of_points.to_string().contains("a table of mixed columns"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Sizes add up, heights ascend where the linkage is reducible, and a cut into more clusters refines one into fewer.
    #[test]
    fn laws(values in prop::collection::vec(-9i8..9, 2..160), d in 1usize..4, scale in prop::sample::select(vec![1.0, 0.137])) {
        prop_assume!(values.len() >= d);
        let n = values.len() / d;
        let values: Vec<f64> = values[..n * d].iter().map(|&value| f64::from(value) * scale).collect();
        for kind in Linkage::ALL {
            let found = tree(&values, d, kind);
            let mut sizes = vec![1; n];
            let mut seen = vec![false; 2 * n - 1];
            for merge in found.merges() {
                prop_assert!(merge.left < merge.right && merge.right < sizes.len());
                prop_assert!(!seen[merge.left] && !seen[merge.right]);
                (seen[merge.left], seen[merge.right]) = (true, true);
                prop_assert_eq!(merge.size, sizes[merge.left] + sizes[merge.right]);
                sizes.push(merge.size);
            }
            prop_assert_eq!(sizes[2 * n - 2], n);
            if !matches!(kind, Linkage::Centroid | Linkage::Median) {
                prop_assert!(found.merges().is_sorted_by(|x, y| x.height <= y.height));
            }
            let mut finer = found.cut_by_count(n).unwrap();
            for n_clusters in (1..n).rev() {
                let coarser = found.cut_by_count(n_clusters).unwrap();
                prop_assert_eq!(coarser.iter().max(), Some(&(n_clusters as i32 - 1)));
                let mut parents = vec![-1; n];
                for (&fine, &coarse) in finer.iter().zip(&coarser) {
                    prop_assert!(parents[fine as usize] == -1 || parents[fine as usize] == coarse);
                    parents[fine as usize] = coarse;
                }
                finer = coarser;
            }
            let mut order = found.leaf_order();
            order.sort_unstable();
            prop_assert!(order.iter().enumerate().all(|(at, &point)| at == point as usize));
        }
    }
}
