//! What every algorithm of the registry promises, checked on one small shop whose right answer is obvious.

use crate::{Algorithm, FitError, FitOptions, HistoryEntry, Interactions, Recommender, registry};
use math::{Csr, Random};

const N_USERS: usize = 90;
const N_ITEMS: usize = 40;

/// A checkerboard with gaps: even users touch even items, odd users odd ones. Weights differ.
fn checkerboard() -> Interactions {
    let mut random = Random::new(11);
    let mut triplets = Vec::new();
    for user in 0..N_USERS as u32 {
        for item in (user % 2..N_ITEMS as u32).step_by(2) {
            if random.uniform() < 0.6 {
                triplets.push((user, item, 1.0 + random.below(4) as f32));
            }
        }
    }
    let matrix = Csr::from_triplets(N_USERS, N_ITEMS, &triplets);
    let times = Some((0..matrix.n_stored() as i64).map(|at| 1_700_000_000_000 + at * 60_000).collect());
    Interactions { matrix, times }
}

fn fit(algorithm: &Algorithm, texts: &[&str], options: &FitOptions) -> Result<Box<dyn Recommender>, FitError> {
    let settings = algorithm.card.settings_from_texts(texts).expect("settings are the card's");
    (algorithm.fit)(&checkerboard(), &settings, options)
}

fn scores(model: &dyn Recommender, history: &[HistoryEntry]) -> Vec<f32> {
    let mut scores = vec![f32::NAN; model.n_items()];
    model.score(history, &mut scores);
    scores
}

/// The default settings, and those with weights in use where a card has the choice.
fn variants(algorithm: &Algorithm) -> Vec<Vec<&'static str>> {
    let mut variants = vec![vec![]];
    if algorithm.card.param("binary").is_some() {
        variants.push(vec!["binary=false"]);
    }
    variants
}

fn for_all(check: impl Fn(&Algorithm, &[&str], &dyn Recommender)) {
    for algorithm in registry() {
        for texts in variants(algorithm) {
            let model = fit(algorithm, &texts, &FitOptions::default()).expect("the checkerboard can be learned");
            check(algorithm, &texts, model.as_ref());
        }
    }
}

#[test]
fn contributions_sum_to_the_score() {
    let data = checkerboard();
    for_all(|algorithm, texts, model| {
        for user in [0, 1, 42] {
            let history = data.history(user);
            let scores = scores(model, &history);
            let largest = scores.iter().fold(0f32, |largest, score| largest.max(score.abs()));
            for item in 0..N_ITEMS as u32 {
                let parts = model.contributions(&history, item);
                let sum: f32 = parts.iter().map(|part| part.value).sum();
                let (name, score) = (algorithm.card.name, scores[item as usize]);
                assert!(
                    (sum - score).abs() <= 1e-4 * largest.max(1.0),
                    "{name} {texts:?} {user} {item}: {sum} {score}"
                );
                assert!(parts.windows(2).all(|pair| pair[0].value.abs() >= pair[1].value.abs()), "{name} unordered");
            }
        }
    });
}

#[test]
fn bytes_bring_the_same_model_back() {
    let history = checkerboard().history(7);
    for_all(|algorithm, texts, model| {
        let bytes = model.to_bytes();
        let read = crate::registry::from_bytes(&bytes).expect("own bytes are read");
        assert_eq!(read.card().name, algorithm.card.name);
        assert_eq!(scores(read.as_ref(), &history), scores(model, &history), "{} {texts:?}", algorithm.card.name);
        assert_eq!(read.similar(3, 5), model.similar(3, 5));
        assert_eq!(read.to_bytes(), bytes);
    });
}

#[test]
fn same_seed_same_model_whatever_the_threads() {
    for_all(|algorithm, texts, model| {
        let options = FitOptions { n_threads: 1, ..FitOptions::default() };
        let again = fit(algorithm, texts, &options).expect("fits again");
        assert_eq!(again.to_bytes(), model.to_bytes(), "{}", algorithm.card.name);
    });
}

#[test]
fn strange_histories_do_no_harm() {
    let entry = |item| HistoryEntry { item, weight: 1.0, at: 0 };
    for_all(|algorithm, _, model| {
        let name = algorithm.card.name;
        assert_eq!(model.n_items(), N_ITEMS);
        assert!(scores(model, &[]).iter().all(|score| score.is_finite()), "{name}");
        let with_unknown = scores(model, &[entry(3), entry(N_ITEMS as u32), entry(u32::MAX)]);
        assert_eq!(with_unknown, scores(model, &[entry(3)]), "{name}");
        assert!(model.similar(3, 0).is_empty(), "{name}");
        assert!(model.similar(3, 99).iter().all(|&(item, _)| item != 3 && (item as usize) < N_ITEMS), "{name}");
    });
}

#[test]
fn cancelling_and_bad_input_are_errors() {
    for algorithm in registry() {
        let name = algorithm.card.name;
        let cancel = FitOptions { progress: &|_| false, ..FitOptions::default() };
        if let Err(error) = fit(algorithm, &[], &cancel) {
            assert!(matches!(error, FitError::Cancelled), "{name}: {error}");
        }
        let settings = algorithm.card.defaults();
        let empty = Interactions { matrix: Csr::empty(3, 4), times: None };
        let error = (algorithm.fit)(&empty, &settings, &FitOptions::default()).err();
        assert!(matches!(error, Some(FitError::Empty { .. })), "{name}");
        let mut spoiled = checkerboard();
        spoiled.matrix.values[5] = f32::NAN;
        let error = (algorithm.fit)(&spoiled, &settings, &FitOptions::default()).err();
        assert!(matches!(error, Some(FitError::NotFinite { at: 5, .. })), "{name}");
        assert!((algorithm.from_bytes)(b"TERCETMD and no more").is_err(), "{name}");
    }
}
