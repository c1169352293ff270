//! What every variant promises, on a small world whose right answer is obvious: ids of two kinds that never meet.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use math::{Factors, Random};

use super::*;
use crate::NeuralError;

const N_IDS: usize = 300;

/// Sequences within one of `n_kinds` kinds; id modulo n_kinds is its kind.
fn world(n_sequences: usize, n_kinds: usize) -> (Vec<u32>, Vec<usize>) {
    let mut random = Random::new(4);
    let (mut ids, mut ends) = (Vec::new(), Vec::new());
    for _ in 0..n_sequences {
        let kind = random.below(n_kinds);
        for _ in 0..5 + random.below(20) {
            // The square makes some ids much more frequent than others.
            let place = (random.uniform().powi(2) * (N_IDS / n_kinds) as f64) as usize;
            ids.push((place * n_kinds + kind) as u32);
        }
        ends.push(ids.len());
    }
    (ids, ends)
}

/// Each id has itself and one of a few shared parts.
fn parts() -> Parts {
    let rows = (0..N_IDS as u32).flat_map(|id| [id, N_IDS as u32 + id % 6]).collect();
    Parts { starts: (0..=N_IDS).map(|id| id * 2).collect(), rows, n_rows: N_IDS + 6 }
}

fn variants() -> Vec<(Embedding, bool)> {
    let mut variants = Vec::new();
    for architecture in [Architecture::SkipGram, Architecture::Cbow] {
        for loss in [Loss::NegativeSampling { n_negatives: 5 }, Loss::HierarchicalSoftmax] {
            for has_parts in [false, true] {
                let wanted = Embedding {
                    architecture,
                    loss,
                    dim: 20,
                    n_epochs: 5,
                    learning_rate: 0.05,
                    seed: 3,
                    ..Embedding::default()
                };
                variants.push((wanted, has_parts));
            }
        }
    }
    variants
}

fn fit(wanted: &Embedding, has_parts: bool) -> Embedded {
    let (ids, ends) = world(1500, 3);
    let parts = parts();
    let sequences = Sequences { ids: &ids, ends: &ends };
    embed(sequences, N_IDS, has_parts.then_some(&parts), wanted, &|_| true).unwrap()
}

/// The vector of each id.
fn vectors(found: &Embedded, has_parts: bool) -> Factors {
    let parts = parts();
    let mut vectors = Factors::zeros(N_IDS, found.input.n_factors);
    for id in 0..N_IDS {
        let own = [id as u32];
        let rows = if has_parts { parts.of(id) } else { &own[..] };
        for &row in rows {
            let times = 1.0 / rows.len() as f32;
            vectors
                .row_mut(id)
                .iter_mut()
                .zip(found.input.row(row as usize))
                .for_each(|(sum, value)| *sum += times * value);
        }
    }
    vectors
}

/// The share of the five nearest of each frequent id that are of its kind.
fn same_kind(vectors: &Factors, n_kinds: usize) -> f64 {
    let cosine = |a: usize, b: usize| {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let (a, b) = (vectors.row(a), vectors.row(b));
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    };
    let (mut n_same, mut n) = (0, 0);
    for id in 0..60 {
        let mut others: Vec<usize> = (0..60).filter(|&other| other != id).collect();
        others.sort_by(|&a, &b| cosine(id, b).total_cmp(&cosine(id, a)));
        n_same += others[..5].iter().filter(|&&other| other % n_kinds == id % n_kinds).count();
        n += 5;
    }
    f64::from(n_same as u32) / f64::from(n)
}

#[test]
fn every_variant_learns_the_kinds_and_lowers_the_loss() {
    for (wanted, has_parts) in variants() {
        let found = fit(&wanted, has_parts);
        let share = same_kind(&vectors(&found, has_parts), 3);
        let case = format!("{:?} {:?} parts {has_parts}", wanted.architecture, wanted.loss);
        assert!(share > 0.95, "{case}: {share}");
        let (first, last) = (found.losses[0], found.losses[wanted.n_epochs - 1]);
        assert!(last < first, "{case}: {:?}", found.losses);
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_for_any_number_of_threads() {
    for (wanted, has_parts) in variants() {
        let wanted = Embedding { n_epochs: 1, ..wanted };
        let one = fit(&Embedding { n_threads: 1, ..wanted.clone() }, has_parts);
        for n_threads in [2, 5] {
            assert_eq!(fit(&Embedding { n_threads, ..wanted.clone() }, has_parts), one);
        }
        assert_ne!(fit(&Embedding { seed: 4, ..wanted }, has_parts).input, one.input);
    }
}

/// Stopped anywhere, and gone on from what was kept by then, learning ends with the same bits.
#[test]
fn learning_goes_on_as_if_it_had_not_stopped() {
    let (ids, ends) = world(1500, 3);
    let (sequences, parts) = (Sequences { ids: &ids, ends: &ends }, parts());
    for (wanted, has_parts) in variants() {
        let wanted = Embedding { n_epochs: 2, n_threads: 1, ..wanted };
        let parts = has_parts.then_some(&parts);
        let n_calls = AtomicUsize::new(0);
        let counts = |_: f64| n_calls.fetch_add(1, Relaxed) < usize::MAX;
        let whole = embed(sequences, N_IDS, parts, &wanted, &counts).unwrap();
        let n_calls = n_calls.into_inner();
        assert!(n_calls >= 4, "{n_calls}");
        for stop in [0, 1, n_calls / 2, n_calls - 1] {
            let (kept, calls) = (Mutex::new(None), AtomicUsize::new(0));
            let watch = |reached: &Reached| {
                let goes_on = calls.fetch_add(1, Relaxed) < stop;
                if !goes_on {
                    *kept.lock().unwrap() = Some(reached.under_way());
                }
                goes_on
            };
            let stopped = embed_from(sequences, N_IDS, parts, &wanted, None, &watch);
            assert_eq!(stopped, Err(NeuralError::Cancelled));
            let kept = kept.into_inner().unwrap().unwrap();
            let whole_again = embed_from(sequences, N_IDS, parts, &wanted, Some(&kept), &|_| true).unwrap();
            assert_eq!(whole_again, whole, "{wanted:?} stopped at {stop} of {n_calls}");
            let other = Embedding { dim: wanted.dim + 1, ..wanted.clone() };
            let error = embed_from(sequences, N_IDS, parts, &other, Some(&kept), &|_| true).unwrap_err();
            assert!(error.to_string().contains("what was reached before"), "{error}");
        }
    }
}

#[test]
fn any_number_of_blocks_learns_as_well() {
    for n_blocks in [1, 2, 3, 7, 64] {
        let wanted = Embedding { n_blocks, dim: 20, learning_rate: 0.05, ..Embedding::default() };
        let share = same_kind(&fit(&wanted, false).input, 3);
        assert!(share > 0.95, "{n_blocks} blocks: {share}");
    }
}

#[test]
fn little_and_strange_input_does_no_harm() {
    let long: Vec<u32> = (0..100_000).map(|at| at % 2).collect();
    let cases: [(&[u32], &[usize], usize); 6] = [
        (&[0], &[1], 1),
        (&[0, 0, 0, 0], &[4], 1),
        (&[0, 1], &[0, 0, 2, 2], 2),
        (&[0, 1], &[1, 2], 9),
        (&[1, 1, 1, 1, 1, 1], &[6], 2),
        (&long, &[100_000], 2),
    ];
    for (ids, ends, n_ids) in cases {
        for (wanted, has_parts) in variants() {
            let parts = Parts { starts: vec![0; n_ids + 1], rows: Vec::new(), n_rows: 0 };
            let wanted = Embedding { n_epochs: 1, dim: 3, ..wanted };
            let parts = has_parts.then_some(&parts);
            let found = embed(Sequences { ids, ends }, n_ids, parts, &wanted, &|_| true).unwrap();
            assert_eq!(found.input.n_rows, if has_parts { 0 } else { n_ids });
        }
    }
}

#[test]
fn what_does_not_fit_is_said() {
    let (ids, ends) = ([0u32, 1, 2], [3usize]);
    let check = |wanted: Embedding, sequences: Sequences, parts: Option<&Parts>, said: &str| {
        let error = embed(sequences, 3, parts, &wanted, &|_| true).unwrap_err().to_string();
        assert!(error.contains(said), "{error}, wanted {said}");
    };
    let fine = Sequences { ids: &ids, ends: &ends };
    let default = Embedding::default;
    check(Embedding { dim: 0, ..default() }, fine, None, "length of the vectors: found 0, allowed 1 to 4096");
    check(Embedding { window: 0, ..default() }, fine, None, "window");
    check(Embedding { n_epochs: 0, ..default() }, fine, None, "epochs");
    check(Embedding { learning_rate: f32::NAN, ..default() }, fine, None, "learning rate: found NaN");
    check(Embedding { sample: -1.0, ..default() }, fine, None, "sample");
    check(Embedding { loss: Loss::NegativeSampling { n_negatives: 0 }, ..default() }, fine, None, "negatives");
    check(default(), Sequences { ids: &[0, 3], ends: &[2] }, None, "id: found 3, allowed 0 to 2");
    check(default(), Sequences { ids: &[], ends: &[] }, None, "no id");
    check(default(), Sequences { ids: &ids, ends: &[2] }, None, "ends of sequences");
    check(default(), Sequences { ids: &ids, ends: &[9, 3] }, None, "ends of sequences");
    let parts = Parts { starts: vec![0, 1, 1, 2], rows: vec![0, 5], n_rows: 5 };
    check(default(), fine, Some(&parts), "row of a part: found 5, allowed less than 5");
    check(default(), fine, Some(&Parts { starts: vec![0, 2], ..parts }), "starts of parts");
    let cancelled = embed(fine, 3, None, &default(), &|_| false);
    assert_eq!(cancelled, Err(NeuralError::Cancelled));
}
