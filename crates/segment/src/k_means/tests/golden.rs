//! Labels, inertia and iterations against scikit-learn 1.9, `KMeans(init=centres, algorithm="lloyd", max_iter=100)`, as
//! bench/peers/segment/golden_kmeans.py prints them. That script and `case` here generate the same data.

use math::nearest::Near;

use crate::k_means::choose::silhouette;
use crate::k_means::{KMeans, fit};
use crate::{Matrix, Points, RunOptions};

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

pub struct Case {
    pub x: Matrix,
    pub weights: Option<Vec<f64>>,
    pub centres: Matrix,
}

/// Points around some places, first centres among the points; every third case weighted, every fifth with copies.
pub fn case(number: usize) -> Case {
    let mut r = Numbers(1000 + number as u64);
    let (n, d, k) = (50 + r.below(400), 1 + r.below(9), 2 + r.below(12));
    let n_places = 2 + r.below(10);
    let places: Vec<Vec<f64>> = (0..n_places).map(|_| (0..d).map(|_| r.next() * 20.0).collect()).collect();
    let spread = 1.0 + r.next() * 6.0;
    let mut x = Matrix::zeros(n, d);
    for row in 0..n {
        let place = &places[r.below(n_places)];
        x.row_mut(row)
            .iter_mut()
            .zip(place)
            .for_each(|(x, p)| *x = p + spread * (r.next() + r.next() + r.next() - 1.5));
    }
    if number % 5 == 4 {
        (1..n).step_by(2).for_each(|row| x.values.copy_within((row - 1) * d..row * d, row * d));
    }
    let weights = (number % 3 == 2).then(|| (0..n).map(|_| r.next() * 3.0).collect());
    let mut centres = Matrix::zeros(k, d);
    for c in 0..k {
        let row = r.below(n);
        centres.row_mut(c).copy_from_slice(x.row(row));
    }
    if number % 7 == 6 {
        // Nobody is near: an empty cluster.
        centres.row_mut(0).fill(1000.0);
    }
    Case { x, weights, centres }
}

pub fn hashed(labels: &[i32]) -> u64 {
    labels.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &label| (hash ^ label as u64).wrapping_mul(0x0100_0000_01b3))
}

fn check<T: Near>(number: usize, (labels, inertia, n_iterations): (u64, f64, usize)) {
    let case = case(number);
    let values: Vec<T> = case.x.values.iter().map(|&x| T::from_f64(x)).collect();
    let points = Points::new(&values, case.x.n, case.x.d).unwrap();
    let tolerance = if number % 2 == 1 { 1e-4 } else { 0.0 };
    for algorithm in super::ALGORITHMS {
        let wanted = KMeans { max_iterations: 100, tolerance, algorithm, ..KMeans::new(case.centres.n) };
        let run =
            RunOptions { centres: Some(&case.centres), weights: case.weights.as_deref(), ..RunOptions::default() };
        let fitted = fit(points, &wanted, &run).unwrap();
        assert_eq!(hashed(&fitted.labels), labels, "case {number}, {algorithm:?}: inertia {}", fitted.inertia);
        assert!((fitted.inertia / inertia - 1.0).abs() < 1e-5, "case {number}: {} not {inertia}", fitted.inertia);
        assert_eq!(fitted.n_iterations, n_iterations, "case {number}");
    }
}

#[test]
fn labels_are_those_of_scikit_learn() {
    for (number, &golden) in GOLDEN.iter().enumerate() {
        // Every fourth case in single precision, as in the script.
        if number % 4 == 3 { check::<f32>(number, golden) } else { check::<f64>(number, golden) }
    }
}

/// Labels as FNV-1a, inertia, iterations.
#[rustfmt::skip]
const GOLDEN: [(u64, f64, usize); 36] = [
    (0x05f1d1d2e31136e0, 163.51500581922176, 5),
    (0xb2abbe74bea9d029, 889.7113360277558, 12),
    (0xa9e7575f5f0ccf42, 12924.19105198848, 13),
    (0xddfb9dc95de714a1, 7.454618453979492, 13),
    (0x4368a0df51acfb96, 702.5746974433157, 5),
    (0x421183301aeaa648, 42124.07480740435, 9),
    (0x5d23668f64f93243, 1631.722142466369, 5),
    (0x0d2c3e0669a9adea, 8134.583984375, 8),
    (0xcc1deadf875496fa, 386.2182795670076, 12),
    (0xa1045396061bb9a2, 11960.85875176649, 4),
    (0xbccc238c447e542e, 73511.39777219798, 19),
    (0x7b516603d4aa1048, 32840.33203125, 22),
    (0xe14888af5b6781a1, 17651.319678213385, 8),
    (0x2a974fb20347eb24, 711.6146755499287, 12),
    (0x1baf7f59b39c87e1, 44215.366679094266, 8),
    (0xdbdf0937f3e29465, 21649.328125, 6),
    (0x7633140400a8d7fe, 18108.581232243727, 25),
    (0x62eaa35902840591, 62028.955852273095, 12),
    (0x52ae857501cf1483, 1825.6382361423432, 12),
    (0x5cb932add9a88bb4, 23093.9609375, 6),
    (0x6be7084b1feeb77d, 42035.77352515455, 10),
    (0x70cc6b5fbb97ed23, 5531.445554199448, 6),
    (0x1a7527701363d0e5, 5704.816305830639, 8),
    (0x65a6da25626b8bf8, 169.78271484375, 4),
    (0x24a4501bcd78f636, 2073.3671612575736, 6),
    (0x0064f15f53b1277e, 135.0671431204854, 15),
    (0x13e495d091607ca0, 1444.32147294457, 4),
    (0x96672112aaa11083, 11008.84765625, 4),
    (0x8de7c6a06ccd6bed, 6048.395124492245, 9),
    (0x597f73627e057d9d, 2547.6215601175954, 4),
    (0x0e9c905be221e93e, 46.392448584682505, 12),
    (0xfa70df941571f938, 578.8281860351562, 9),
    (0x625c34ae261022c1, 26773.360832991464, 4),
    (0x2bda840ef6723ddb, 14405.493869352515, 9),
    (0x000cda5ce19cfd5d, 38139.89002866475, 4),
    (0xf4a86a425133e5cc, 187.19009399414062, 4),
];

/// Case, and scikit-learn's `silhouette_score` of its labels.
#[rustfmt::skip]
const SILHOUETTES: [(usize, f64); 4] = [
    (0, 0.11413356097197794),
    (1, 0.3279906879871402),
    (3, 0.5751914561229463),
    (6, 0.2540353583336665),
];

#[test]
fn silhouettes_are_those_of_scikit_learn() {
    for (number, expected) in SILHOUETTES {
        let case = case(number);
        let points = Points::new(&case.x.values, case.x.n, case.x.d).unwrap();
        let wanted = KMeans { max_iterations: 100, tolerance: 0.0, ..KMeans::new(case.centres.n) };
        let fitted =
            fit(points, &wanted, &RunOptions { centres: Some(&case.centres), ..RunOptions::default() }).unwrap();
        let found = silhouette(points, &fitted.labels).unwrap();
        assert!((found - expected).abs() < 1e-12, "case {number}: {found}, not {expected}");
    }
}
