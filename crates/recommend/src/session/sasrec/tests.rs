//! `sasrec` on shops whose next item is obvious, and its promises beyond those that all recommenders make.

use math::Csr;

use super::*;
use crate::{FitOptions, registry};

const N_ITEMS: usize = 24;

/// Customers walk round a ring of items, from anywhere, one step at a time; two of three in one direction.
fn ring() -> Interactions {
    let (mut triplets, mut times) = (Vec::new(), Vec::new());
    for user in 0..480usize {
        let step = if user % 3 == 0 { N_ITEMS - 1 } else { 1 };
        let mut walk: Vec<(usize, i64)> = (0..8).map(|at| ((user + at * step) % N_ITEMS, at as i64)).collect();
        walk.sort_unstable();
        for (item, at) in walk {
            triplets.push((user as u32, item as u32, 1.0));
            times.push(at);
        }
    }
    Interactions { matrix: Csr::from_triplets(480, N_ITEMS, &triplets), times: Some(times) }
}

fn fitted(texts: &[&str]) -> Sasrec {
    let base = ["dim=16", "dropout=0", "n_epochs=60", "patience=0", "batch=32", "learning_rate=0.005", "n_layers=2"];
    let settings = CARD.settings_from_texts(&[&base, texts].concat()).unwrap();
    learn::fit(&ring(), &settings, &FitOptions::default()).unwrap()
}

fn walk(items: &[u32]) -> Vec<HistoryEntry> {
    (0..).zip(items).map(|(at, &item)| HistoryEntry { item, weight: 1.0, at }).collect()
}

/// The next item follows from the order alone: the same items walked the other way round lead elsewhere.
#[test]
fn order_decides() {
    for texts in [&[][..], &["loss=sampled", "n_negatives=8"]] {
        let model = fitted(texts);
        let best = |items: &[u32]| {
            let mut scores = vec![0.0; N_ITEMS];
            model.score(&walk(items), &mut scores);
            items.iter().for_each(|&item| scores[item as usize] = f32::NEG_INFINITY);
            crate::evaluate::top(&scores, 1)[0]
        };
        let n_right = (0..20u32).filter(|&at| best(&[at, at + 1, at + 2]) == (at + 3) % N_ITEMS as u32).count();
        let n_back = (1..20u32).filter(|&at| best(&[at + 2, at + 1, at]) == at - 1).count();
        assert!(n_right >= 18 && n_back >= 16, "{texts:?}: {n_right} of 20, {n_back} of 19");
        let report = model.fit_report();
        assert!(report.iter().any(|&(name, value)| name == "valid_recall@10" && value > 0.9), "{report:?}");
    }
}

/// Lists for all are those of one at a time, to rounding; long histories are cut, the newest kept.
#[test]
fn lists_are_those_of_scores_and_old_items_are_forgotten() {
    let model = fitted(&["n_epochs=3", "max_length=4", "n_layers=2"]);
    let data = ring();
    let lists = model.recommend_batch(&data, 0..20, 5, 2);
    for user in 0..20 {
        let mut scores = vec![0.0; N_ITEMS];
        model.score(&data.history(user), &mut scores);
        let (items, values) = lists.row(user);
        assert_eq!(items.len(), 5);
        assert!(items.iter().zip(values).all(|(&item, value)| (scores[item as usize] - value).abs() < 1e-4));
        let unseen = (0..N_ITEMS as u32).filter(|item| !data.matrix.row(user).0.contains(item));
        assert!(unseen.filter(|&item| scores[item as usize] > values[4] + 1e-4).count() <= 4);
    }
    let score = |items: &[u32]| {
        let mut scores = vec![0.0; N_ITEMS];
        model.score(&walk(items), &mut scores);
        scores
    };
    assert_eq!(score(&[9, 8, 1, 2, 3, 4]), score(&[1, 2, 3, 4]));
    assert_ne!(score(&[1, 2, 3, 4]), score(&[2, 1, 3, 4]));
    assert_eq!(model.contributions(&walk(&[9, 8, 1, 2, 3, 4]), 5).len(), 5);
}

#[test]
fn learning_from_everything_needs_nothing_held_out() {
    let model = fitted(&["valid_share=0", "n_epochs=2"]);
    assert_eq!(model.fit_report()[2], ("best_epoch", 2.0));
    let settings = CARD.settings_from_texts(&["n_heads=3"]).unwrap();
    let error = learn::fit(&ring(), &settings, &FitOptions::default()).err().expect("64 is no multiple of 3");
    assert!(error.to_string().contains("heads"), "{error}");
}

#[test]
fn damaged_bytes_are_refused() {
    let model = fitted(&["n_epochs=1"]);
    let good = model.to_bytes();
    for at in (0..good.len()).step_by(97) {
        assert!(registry::from_bytes(&good[..at]).is_err(), "cut at {at}");
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        assert!(registry::from_bytes(&bytes).is_err(), "bit flipped at {at}");
    }
    // Whole, with a right checksum, and yet no model.
    let settings = CARD.defaults();
    let writer = || Writer::new(&CARD, &settings).f64s("report", &[0.0; 5]);
    for bytes in [
        writer().finish(),
        writer().f32s("items", &[]).finish(),
        writer().f32s("items", &[0.0; 64 * 3]).finish(),
        writer().f32s("items", &[f32::NAN; 64 * 3]).finish(),
    ] {
        assert!(matches!(registry::from_bytes(&bytes), Err(FitError::Corrupt(_))));
    }
}

/// A small network whose parameters are of size 1, as finite differences want it.
fn small(texts: &[&str]) -> (Network, Params) {
    let base = ["dim=8", "n_heads=2", "n_layers=1", "widening=1", "max_length=4", "temperature=0.7", "precision=f32"];
    let settings = CARD.settings_from_texts(&[&base, texts].concat()).unwrap();
    let (network, mut params) = Network::new(7, &settings, 3).unwrap();
    let items = neural::testing::random_matrix(8, 8, 0.5, 5);
    params.value_mut(network.items).values.copy_from_slice(&items.values);
    (network, params)
}

const HISTORIES: [&[u32]; 3] = [&[3, 1, 0], &[], &[6, 6]];
const TARGETS: [u32; 8] = [3, 1, 0, 2, 5, 6, 6, 4];

#[test]
fn gradients_are_those_of_differences() {
    let compute = Compute::new(Precision::F32);
    for texts in [&["score=product"], &["score=cosine"]] {
        let (network, params) = small(texts);
        let learn = |params: &Params, gradients: &mut neural::Gradients| {
            let pass = neural::layers::Pass { compute: &compute, params, learning: None };
            let (answers, read) = network.forward(&pass, &HISTORIES);
            let classes = Classes::all(&network, params);
            let learned = softmax::learn(&compute, &network, &answers, &classes, &TARGETS, 0.1, gradients);
            network.backward(&pass, gradients, read, learned.by_answers);
            learned.loss / TARGETS.len() as f64
        };
        let mut gradients = neural::Gradients::zeros(&params);
        learn(&params, &mut gradients);
        neural::testing::assert_gradients(&params, &gradients, |params| {
            learn(params, &mut neural::Gradients::zeros(params))
        });
    }
}

/// An item that is there with probability 1/2 counts for two; a sample of all items is the softmax over all.
#[test]
fn sampled_items_stand_for_as_many_as_their_chances_say() {
    let compute = Compute::new(Precision::F32);
    let (network, params) = small(&[]);
    let pass = neural::layers::Pass { compute: &compute, params: &params, learning: None };
    let (answers, _) = network.forward(&pass, &[&[]]);
    let loss = |classes: &Classes, target: u32| {
        let mut gradients = neural::Gradients::zeros(&params);
        let learned = softmax::learn(&compute, &network, &answers, classes, &[target], 0.0, &mut gradients);
        (learned.loss, learned.by_answers, gradients)
    };
    let all = Classes::some(&network, &params, (0..7).collect(), vec![0.0; 7]);
    assert_eq!(loss(&all, 5), loss(&Classes::all(&network, &params), 5));
    let score = |item| f64::from(dot(answers.rows.row(0), network.item_vector(&params, item)));
    let some = Classes::some(&network, &params, vec![1, 4, 5], vec![0.5f32.ln(), 0.25f32.ln(), 0.125f32.ln()]);
    let expected = (2.0 * score(1).exp() + 4.0 * score(4).exp() + score(5).exp()).ln() - score(5);
    assert!((loss(&some, 5).0 - expected).abs() < 1e-5, "{} {expected}", loss(&some, 5).0);
}
