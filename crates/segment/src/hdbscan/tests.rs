//! HDBSCAN against the `hdbscan` package (golden values of bench/peers/segment/golden_hdbscan.py, hdbscan 0.8.44 with
//! numpy 2.4.6) and its laws.

use proptest::prelude::*;

use super::*;
use crate::agreement::adjusted_rand_index;

/// The generator of the golden script.
fn lcg_points(n: usize, d: usize, n_groups: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut value = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let places: Vec<f64> = (0..n_groups * d).map(|_| value() * 10.0).collect();
    let mut values = Vec::new();
    for at in 0..n {
        let group = at % n_groups;
        let spread = 0.3 + 0.2 * group as f64;
        for column in 0..d {
            values.push(if at % 10 == 9 {
                value() * 12.0 - 1.0
            } else {
                places[group * d + column] + spread * (value() + value() + value() + value() - 2.0)
            });
        }
    }
    values
}

struct Golden {
    n: usize,
    d: usize,
    n_groups: usize,
    seed: u64,
    min_cluster_size: usize,
    min_samples: usize,
    selection: Selection,
    epsilon: f64,
    allow_single_cluster: bool,
    /// A letter per cluster, a dot for noise.
    labels: &'static str,
    /// Of each: the sum, and the sum of squares times rows.
    probabilities: [f64; 2],
    outlier_scores: [f64; 2],
    /// The sum of the single-linkage tree's heights.
    heights: f64,
    /// Rows of the condensed tree, and the sum of their densities.
    condensed: (usize, f64),
}

#[rustfmt::skip]
const GOLDENS: &[Golden] = &[
    Golden { n: 200, d: 2, n_groups: 4, seed: 5, min_cluster_size: 10, min_samples: 5, selection: Selection::Eom, epsilon: 0.0, allow_single_cluster: false,
        labels: "cdbacdbac.bacdbacdb.cdbacdbacabacdbacdbacdbacdbac.bacdbacdb.cdbacdbac.bacdbacdbbcdbacdbacabacdbacdbacdbacdbac.bacdbacdb.cdbacdbacabacdbacdbacdbacdbac.bacdbacdb.cdbacdbac.bacdbacdb.cdbacdbacabacdbacdbb",
        probabilities: [142.3789267819585, 11227.892043737824],
        outlier_scores: [57.08447221257286, 3328.4435280961043],
        heights: 95.13163291171024,
        condensed: (206, 899.3820959007036) },
    Golden { n: 200, d: 2, n_groups: 4, seed: 1, min_cluster_size: 8, min_samples: 1, selection: Selection::Leaf, epsilon: 0.0, allow_single_cluster: false,
        labels: "i.gfjdgebe.e.dgebag..c.e.cg.b..eidh..a..idgebcgfi.hfidgebc..icgeiche..gf.cge.dh.b..fba.ei.heb..e.ch.ba.eia.....eba.e.a..jdhe.dh...g..cg.icg..cgejchej..fjd.ej.g...g.jag...geb.g..cg.j.g..cgfi.gf.age.c..",
        probabilities: [122.62825661644051, 11000.071238945811],
        outlier_scores: [46.22403625331586, 3158.643229356724],
        heights: 51.51637908485955,
        condensed: (218, 1477.4597826715087) },
    Golden { n: 200, d: 2, n_groups: 4, seed: 1, min_cluster_size: 8, min_samples: 1, selection: Selection::Leaf, epsilon: 1.1, allow_single_cluster: false,
        labels: "accbaccbabcbaccbacc.accbaccba.cbaccbacc.accbaccba.cbaccbaccaaccbaccbaccbaccbaccaaccbaccbabcbaccbacc.accbaccbabcbaccbacc.accbaccbabcbaccbacccaccbaccbaacbaccbacc.accbaccbaacbaccbacc.accbaccbaccbaccbaccc",
        probabilities: [180.97643513278905, 17257.83403236435],
        outlier_scores: [46.22403625331586, 3158.643229356724],
        heights: 51.51637908485955,
        condensed: (218, 1477.4597826715087) },
    Golden { n: 150, d: 1, n_groups: 3, seed: 3, min_cluster_size: 8, min_samples: 4, selection: Selection::Eom, epsilon: 0.0, allow_single_cluster: false,
        labels: "cbadbacbaaba.bacbadaacbacbacbacbadbacbaabacbacbac.adba.bacbacbadba.baabadbadbad.acbadbadb.cbadbadbabbadbacbac.acbadbacbadbacbacbabbadbacbadaacbadba.b.",
        probabilities: [117.5071766288289, 8050.710234581298],
        outlier_scores: [52.28577775377794, 2680.3948404586076],
        heights: 21.264085969590376,
        condensed: (162, 3882.7052058806034) },
    Golden { n: 300, d: 5, n_groups: 6, seed: 6, min_cluster_size: 10, min_samples: 10, selection: Selection::Eom, epsilon: 0.0, allow_single_cluster: false,
        labels: "ebfdacebf.acebfdace.fdacebfda.ebfdacebf.acebfdaceafdacebfdaaebfdacebf.acebfdace.fdacebfda.ebfdacebf.acebfdace.fdacebfda.ebfdacebf.acebfdace.fdacebfda.ebfdacebf.acebfdace.fdacebfda.ebfdacebf.acebfdace.fdacebfda.ebfdacebf.acebfdace.fdacebfdacebfdacebf.acebfdace.fdacebfda.ebfdacebf.acebfdace.fdacebfda.",
        probabilities: [235.37825879228532, 31210.47213237857],
        outlier_scores: [62.91804928393118, 5072.8226702086695],
        heights: 496.3154085454604,
        condensed: (310, 328.70230572618175) },
    Golden { n: 120, d: 2, n_groups: 1, seed: 2, min_cluster_size: 10, min_samples: 5, selection: Selection::Eom, epsilon: 0.0, allow_single_cluster: true,
        labels: "......................a.....a..aa........a.a..........................a......aa.a..............a.........a.a..a.........",
        probabilities: [14.0, 919.0],
        outlier_scores: [48.21348073878151, 1703.061485173916],
        heights: 62.59375137434583,
        condensed: (120, 1394.1446137078192) },
    Golden { n: 120, d: 2, n_groups: 1, seed: 2, min_cluster_size: 10, min_samples: 5, selection: Selection::Eom, epsilon: 0.5, allow_single_cluster: true,
        labels: "aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.",
        probabilities: [71.63765423252738, 3296.58729235166],
        outlier_scores: [48.21348073878151, 1703.061485173916],
        heights: 62.59375137434583,
        condensed: (120, 1394.1446137078192) },
];

fn fit(values: &[f64], d: usize, min_cluster_size: usize, min_samples: usize) -> Hdbscan {
    let told = HdbscanOptions {
        min_cluster_size,
        min_samples,
        selection: Selection::Eom,
        epsilon: 0.0,
        allow_single_cluster: false,
    };
    hdbscan(Points::new(values, values.len() / d, d).unwrap(), &told, &RunOptions::default()).unwrap()
}

/// Tolerance: 1e-9 relative; labels the same up to renaming.
#[test]
fn golden_values_of_the_hdbscan_package() {
    for (case, golden) in GOLDENS.iter().enumerate() {
        let values = lcg_points(golden.n, golden.d, golden.n_groups, golden.seed);
        let told = HdbscanOptions {
            min_cluster_size: golden.min_cluster_size,
            min_samples: golden.min_samples,
            selection: golden.selection,
            epsilon: golden.epsilon,
            allow_single_cluster: golden.allow_single_cluster,
        };
        let points = Points::new(&values, golden.n, golden.d).unwrap();
        let found = hdbscan(points, &told, &RunOptions::default()).unwrap();
        let expected: Vec<i32> =
            golden.labels.bytes().map(|byte| if byte == b'.' { NOISE } else { i32::from(byte - b'a') }).collect();
        assert_eq!(adjusted_rand_index(&found.labels, &expected), 1.0, "case {case}: {:?}", found.labels);
        let noise = |labels: &[i32]| labels.iter().map(|&label| label == NOISE).collect::<Vec<_>>();
        assert_eq!(noise(&found.labels), noise(&expected), "case {case}");
        let near = |what: &str, found: f64, expected: f64| {
            assert!((found - expected).abs() <= 1e-9 * expected.abs(), "case {case}, {what}: {found}, not {expected}");
        };
        let sums = |of: &[f64]| {
            [of.iter().sum::<f64>(), of.iter().enumerate().map(|(row, value)| value * value * row as f64).sum()]
        };
        for at in 0..2 {
            near("probabilities", sums(&found.probabilities)[at], golden.probabilities[at]);
            near("outlier scores", sums(&found.outlier_scores)[at], golden.outlier_scores[at]);
        }
        near("heights", (0..golden.n - 1).map(|at| found.merges.row(at)[2]).sum(), golden.heights);
        assert_eq!(found.condensed.len(), golden.condensed.0, "case {case}");
        near("densities", found.condensed.iter().map(|row| row.lambda).sum(), golden.condensed.1);
    }
}

#[test]
fn worked_by_hand() {
    // Two groups of three on a line and a point far from both. Each point's second nearest other is 2 (ends) or 1 away.
    let values = [0.0, 1.0, 2.0, 10.0, 11.0, 12.0, 50.0];
    let found = fit(&values, 1, 3, 2);
    assert_eq!(found.core_distances, [2.0, 1.0, 2.0, 2.0, 1.0, 2.0, 39.0]);
    let heights: Vec<f64> = (0..6).map(|at| found.merges.row(at)[2]).collect();
    assert_eq!(heights, [2.0, 2.0, 2.0, 2.0, 8.0, 39.0]);
    assert_eq!(found.labels, [0, 0, 0, 1, 1, 1, NOISE]);
    assert_eq!(found.probabilities, [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
    assert_eq!(found.outlier_scores[6], 1.0 - (1.0 / 39.0) / 0.5);
}

#[test]
fn the_card_tells_the_condensed_tree() {
    let values = [0.0, 1.0, 2.0, 10.0, 11.0, 12.0, 50.0];
    let settings = CARD.settings([("min_cluster_size", "3"), ("min_samples", "2")]).unwrap();
    let found = (METHOD.run_f64)(Points::new(&values, 7, 1).unwrap(), &settings, &RunOptions::default()).unwrap();
    let tree = found.condensed.unwrap();
    // The far point leaves the root (7) at 1/39; then both groups part at 1/8, and each loses its points at 1/2.
    let rows: Vec<&[f64]> = (0..tree.n).map(|row| tree.row(row)).collect();
    assert_eq!(rows.len(), 9);
    assert!(rows.contains(&&[7.0, 6.0, 1.0 / 39.0, 1.0][..]), "{rows:?}");
    assert!(rows.contains(&&[7.0, 8.0, 1.0 / 8.0, 3.0][..]), "{rows:?}");
    assert!(rows.contains(&&[7.0, 9.0, 1.0 / 8.0, 3.0][..]), "{rows:?}");
    assert_eq!(rows.iter().filter(|row| row[2] == 0.5).count(), 6);
}

#[test]
fn edges() {
    let one = fit(&[3.0], 1, 2, 1);
    assert_eq!((one.labels, one.probabilities, one.outlier_scores), (vec![NOISE], vec![0.0], vec![0.0]));
    // Fewer points than a cluster needs.
    assert_eq!(fit(&[1.0, 2.0, 3.0], 1, 5, 2).labels, [NOISE; 3]);
    // Duplicates: two piles, infinitely dense.
    let piles: Vec<f64> = (0..100).map(|at| f64::from(at % 2)).collect();
    let found = fit(&piles, 1, 5, 3);
    assert_eq!(adjusted_rand_index(&found.labels, &(0..100).map(|at| at % 2).collect::<Vec<_>>()), 1.0);
    assert!(found.probabilities.iter().all(|&probability| probability == 1.0));
    // Constant columns change nothing.
    let line: Vec<f64> = (0..60).map(|at| f64::from(at * at % 47) + f64::from(at) * 0.01).collect();
    let flat: Vec<f64> = line.iter().flat_map(|&x| [5.0, x, -2.0]).collect();
    assert_eq!(fit(&line, 1, 4, 3), fit(&flat, 3, 4, 3));
    let point = Points::new(&[0.0], 1, 1).unwrap();
    let good = HdbscanOptions {
        min_cluster_size: 2,
        min_samples: 1,
        selection: Selection::Eom,
        epsilon: 0.0,
        allow_single_cluster: false,
    };
    let error = |told: HdbscanOptions| hdbscan(point, &told, &RunOptions::default()).unwrap_err().to_string();
    assert!(error(HdbscanOptions { min_cluster_size: 1, ..good }).contains("at least 2"));
    assert!(error(HdbscanOptions { min_samples: 0, ..good }).contains("at least 1"));
    assert!(error(HdbscanOptions { epsilon: -1.0, ..good }).contains("found -1"));
    let cancelled = RunOptions { progress: &|_| false, ..RunOptions::default() };
    let two = Points::new(&[0.0, 1.0], 2, 1).unwrap();
    assert_eq!(hdbscan(two, &good, &cancelled), Err(SegmentError::Cancelled));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn turned_rows_scaled_values_and_threads(
        values in prop::collection::vec(0.0f64..10.0, 8..600), d in 1usize..4, min_samples in 1usize..6,
    ) {
        let values = &values[..values.len() / d * d];
        let n = values.len() / d;
        let found = fit(values, d, 4, min_samples);
        prop_assert!(found.probabilities.iter().chain(&found.outlier_scores).all(|share| (0.0..=1.0).contains(share)));
        let turned: Vec<f64> = values.chunks(d).rev().flatten().copied().collect();
        let mut back = fit(&turned, d, 4, min_samples);
        back.core_distances.reverse();
        prop_assert_eq!(&found.core_distances, &back.core_distances);
        let heights = |of: &Hdbscan| (0..n - 1).map(|at| of.merges.row(at)[2]).collect::<Vec<_>>();
        prop_assert_eq!(heights(&found), heights(&back));
        let scaled: Vec<f64> = values.iter().map(|value| value * 4.0).collect();
        prop_assert_eq!(&found.labels, &fit(&scaled, d, 4, min_samples).labels);
        let told = HdbscanOptions {
            min_cluster_size: 4, min_samples, selection: Selection::Eom, epsilon: 0.0, allow_single_cluster: false,
        };
        let alone = RunOptions { n_threads: 1, ..RunOptions::default() };
        prop_assert_eq!(&found, &hdbscan(Points::new(values, n, d).unwrap(), &told, &alone).unwrap());
    }
}
