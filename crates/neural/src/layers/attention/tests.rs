//! Attention against finite differences, and what is refused.

use super::*;
use crate::product::Precision;
use crate::testing::{assert_gradients, random_matrix};

struct Case {
    attention: Attention,
    params: Params,
    queries: ParamId,
    words: ParamId,
    coverage: ParamId,
}

const STARTS: [usize; 4] = [0, 4, 4, 6];

fn case(score: Score, with_coverage: bool) -> Case {
    let mut builder = Builder::fresh(9);
    let attention = Attention::new(&mut builder, "attention", score, (5, 5, 19), with_coverage).unwrap();
    let queries = builder.param("queries", 3, 5, Init::Normal(1.0)).unwrap();
    let words = builder.param("words", 6, 5, Init::Normal(1.0)).unwrap();
    let coverage = builder.param("covered", 3, 4, Init::Uniform(1.0)).unwrap();
    let mut params = builder.finish();
    if let Some(id) = attention.coverage {
        params.value_mut(id).values = random_matrix(1, 19, 0.5, 7).values;
    }
    Case { attention, params, queries, words, coverage }
}

struct Attended {
    memory: Memory,
    projected: Matrix,
    weights: Matrix,
    contexts: Matrix,
}

fn attend(case: &Case, params: &Params) -> Attended {
    let (attention, compute) = (&case.attention, Compute::new(Precision::F32));
    let packed = attention.pack_query(&compute, params, true);
    let memory = attention.memory(&compute, params, params.value(case.words).clone(), STARTS.to_vec());
    let mut projected = Matrix::zeros(3, attention.n_inner);
    let (mut weights, mut contexts) = (Matrix::zeros(3, 4), Matrix::zeros(3, 5));
    attention.forward(
        &compute,
        params,
        &packed,
        &memory,
        &[0, 1, 2],
        params.value(case.queries).view(),
        attention.has_coverage().then(|| params.value(case.coverage).view()),
        projected.view_mut(),
        weights.view_mut(),
        contexts.view_mut(),
    );
    Attended { memory, projected, weights, contexts }
}

#[test]
fn gradients_are_those_of_differences() {
    let compute = Compute::new(Precision::F32);
    for (score, with_coverage) in [
        (Score::Additive, false),
        (Score::Additive, true),
        (Score::Dot, false),
        (Score::General, false),
        (Score::Concat, false),
        (Score::Concat, true),
    ] {
        let case = case(score, with_coverage);
        let (attention, params) = (&case.attention, &case.params);
        let (by_weights, by_contexts) = (random_matrix(3, 4, 1.0, 1), random_matrix(3, 5, 1.0, 2));
        let dot = |a: &Matrix, b: &Matrix| a.values.iter().zip(&b.values).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        let loss = |params: &Params| {
            let attended = attend(&case, params);
            dot(&attended.weights, &by_weights) + dot(&attended.contexts, &by_contexts)
        };
        let attended = attend(&case, params);
        for (row, n) in [4, 0, 2].into_iter().enumerate() {
            let sum: f32 = attended.weights.row(row).iter().sum();
            assert!((sum - if n > 0 { 1.0 } else { 0.0 }).abs() < 1e-6, "{sum}");
            assert!(attended.weights.row(row)[n..].iter().all(|&weight| weight == 0.0));
        }
        let mut gradients = Gradients::zeros(params);
        let mut gathered = attention.by_memory(&attended.memory);
        let mut by_projected = Matrix::zeros(3, attention.n_inner);
        let mut by_coverage = Matrix::zeros(3, 4);
        attention.backward(
            params,
            &attended.memory,
            &mut gathered,
            attended.projected.view(),
            attended.weights.view(),
            with_coverage.then(|| params.value(case.coverage).view()),
            by_contexts.view(),
            Some(by_weights.view()),
            by_projected.view_mut(),
            with_coverage.then(|| by_coverage.view_mut()),
        );
        let packed = attention.pack_query(&compute, params, true);
        let mut by_queries = Matrix::zeros(3, 5);
        attention.query_backward(&compute, &packed, by_projected.view(), by_queries.view_mut());
        let queries = params.value(case.queries).view();
        let by_words = attention.finish(
            &compute,
            params,
            &mut gradients,
            &attended.memory,
            gathered,
            queries,
            by_projected.view(),
        );
        gradients.dense_mut(case.queries).values = by_queries.values;
        gradients.dense_mut(case.words).values = by_words.values;
        gradients.dense_mut(case.coverage).values = by_coverage.values;
        assert_gradients(params, &gradients, loss);
    }
}

#[test]
fn many_states_may_share_a_source() {
    let (case, compute) = (case(Score::Additive, false), Compute::new(Precision::F32));
    let (attention, params) = (&case.attention, &case.params);
    let attended = attend(&case, params);
    let packed = attention.pack_query(&compute, params, false);
    let query = params.value(case.queries).rows(2, 3).to_matrix();
    let queries = Matrix::new(2, 5, [query.values.clone(), query.values].concat()).unwrap();
    let mut projected = Matrix::zeros(2, 19);
    let (mut weights, mut contexts) = (Matrix::zeros(2, 4), Matrix::zeros(2, 5));
    attention.forward(
        &compute,
        params,
        &packed,
        &attended.memory,
        &[2, 2],
        queries.view(),
        None,
        projected.view_mut(),
        weights.view_mut(),
        contexts.view_mut(),
    );
    for row in 0..2 {
        assert_eq!((weights.row(row), contexts.row(row)), (attended.weights.row(2), attended.contexts.row(2)));
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let new = |score, sizes, coverage| Attention::new(&mut Builder::fresh(1), "a", score, sizes, coverage).map(|_| ());
    assert!(new(Score::Dot, (4, 6, 3), false).unwrap_err().to_string().contains("found 6, allowed the state's, 4"));
    assert!(new(Score::General, (4, 6, 3), true).is_err());
    assert!(new(Score::General, (4, 6, 3), false).is_ok());
    assert!(Score::from_name("none").unwrap_err().to_string().contains("additive, dot, general, concat"));
}
