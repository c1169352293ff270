//! Attention and transformers against a plain reading of the formulas, finite differences, and one row at a time.

use super::heads::{self, Attended, Heads, Part, Targets};
use super::*;
use crate::Matrix;
use crate::params::{Builder, Gradients, Init, Params};
use crate::product::{Compute, Precision};
use crate::testing::{assert_gradients, random_matrix};

/// The formulas, in double precision, one number at a time.
fn plain_attention(heads: &Heads, attended: &Attended) -> Vec<f64> {
    let at = |part: &Part, row: usize, head: usize, col: usize| {
        f64::from(part.values[row * part.stride + part.from + head * heads.dim + col])
    };
    let mut out = vec![0.0; attended.query_spans.n_rows() * heads.n * heads.dim];
    for nth in 0..attended.query_spans.n() {
        let (queries, keys) = (attended.query_spans.range(nth), attended.key_spans.range(nth));
        for (head, (place, query)) in
            (0..heads.n).flat_map(|head| queries.clone().enumerate().map(move |row| (head, row)))
        {
            let seen = keys.clone().take(if heads.causal { place + 1 } else { keys.len() });
            let score = |key: usize| {
                let products = (0..heads.dim)
                    .map(|col| at(&attended.queries, query, head, col) * at(&attended.keys, key, head, col));
                (products.sum::<f64>() / (heads.dim as f64).sqrt()).exp()
            };
            let total: f64 = seen.clone().map(score).sum();
            for key in seen {
                for col in 0..heads.dim {
                    out[(query * heads.n + head) * heads.dim + col] +=
                        score(key) / total * at(&attended.values, key, head, col);
                }
            }
        }
    }
    out
}

#[test]
fn fused_attention_is_the_formula() {
    for (dim, causal) in [(16, false), (16, true), (5, false), (5, true), (40, true), (64, false)] {
        let heads = Heads { n: 3, dim, causal };
        let width = 3 * dim;
        let query_spans = Spans::of_lens([1, 7, 0, 37]);
        let key_spans = if causal { query_spans.clone() } else { Spans::of_lens([3, 0, 4, 35]) };
        let queries = random_matrix(query_spans.n_rows(), width, 2.0, 1);
        let others = random_matrix(key_spans.n_rows(), 2 * width + 1, 2.0, 2);
        let attended = Attended {
            queries: Part { values: &queries.values, stride: width, from: 0 },
            keys: Part { values: &others.values, stride: 2 * width + 1, from: 1 },
            values: Part { values: &others.values, stride: 2 * width + 1, from: width + 1 },
            query_spans: &query_spans,
            key_spans: &key_spans,
            dropped: None,
        };
        let mut out = vec![9.0; query_spans.n_rows() * width];
        heads::forward(&heads, &attended, &mut out);
        for (found, expected) in out.iter().zip(plain_attention(&heads, &attended)) {
            assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} {expected} {heads:?}");
        }
    }
}

/// The seam between attention and its backward pass, dropout included, checked by differences.
#[test]
fn attention_gradients_are_those_of_differences() {
    for (causal, rate, dim) in [(false, 0.0, 5), (true, 0.0, 16), (true, 0.4, 5), (false, 0.4, 3)] {
        let heads = Heads { n: 2, dim, causal };
        let width = 2 * dim;
        let query_spans = Spans::of_lens([3, 1, 6]);
        let key_spans = if causal { query_spans.clone() } else { Spans::of_lens([2, 5, 4]) };
        let mut builder = Builder::fresh(4);
        let q = builder.param("queries", query_spans.n_rows(), width, Init::Normal(1.0)).unwrap();
        let kv = builder.param("others", key_spans.n_rows(), 2 * width, Init::Normal(1.0)).unwrap();
        let params = builder.finish();
        let wanted = random_matrix(query_spans.n_rows(), width, 1.0, 5);
        fn attended<'a>(
            queries: &'a Matrix,
            others: &'a Matrix,
            spans: (&'a Spans, &'a Spans),
            rate: f32,
        ) -> Attended<'a> {
            let width = queries.n_cols;
            Attended {
                queries: Part { values: &queries.values, stride: width, from: 0 },
                keys: Part { values: &others.values, stride: 2 * width, from: 0 },
                values: Part { values: &others.values, stride: 2 * width, from: width },
                query_spans: spans.0,
                key_spans: spans.1,
                dropped: (rate > 0.0).then_some((Dropout { rate }, 7)),
            }
        }
        let spans = (&query_spans, &key_spans);
        let run = |params: &Params, out: &mut Vec<f32>| {
            out.resize(wanted.values.len(), 0.0);
            heads::forward(&heads, &attended(params.value(q), params.value(kv), spans, rate), out)
        };
        let loss = |params: &Params| {
            let mut out = Vec::new();
            run(params, &mut out);
            out.iter().zip(&wanted.values).map(|(y, w)| f64::from(y * w)).sum()
        };
        let mut weights = run(&params, &mut Vec::new());
        let mut gradients = Gradients::zeros(&params);
        let mut by_queries = Matrix::zeros(query_spans.n_rows(), width);
        let mut by_others = Matrix::zeros(key_spans.n_rows(), 2 * width);
        let into = Targets { queries: &mut by_queries.values, keys_and_values: Some(&mut by_others.values) };
        heads::backward(
            &heads,
            &attended(params.value(q), params.value(kv), spans, rate),
            &mut weights,
            &wanted.values,
            into,
        );
        *gradients.dense_mut(q) = by_queries;
        *gradients.dense_mut(kv) = by_others;
        assert_gradients(&params, &gradients, loss);
    }
}

fn shape(activation: Activation, dropout: f32) -> StackShape {
    StackShape { dim: 8, n_heads: 2, dim_inner: 12, n_layers: 2, activation, dropout }
}

/// An encoder and a decoder behind it.
struct Both {
    source: crate::params::ParamId,
    target: crate::params::ParamId,
    encoder: Stack,
    decoder: Stack,
    positions: Positions,
    params: Params,
    source_spans: Spans,
    target_spans: Spans,
}

fn both(activation: Activation, dropout: f32) -> Both {
    let (source_spans, target_spans) = (Spans::of_lens([3, 1, 4]), Spans::of_lens([2, 5, 1]));
    let mut builder = Builder::fresh(11);
    let shape = shape(activation, dropout);
    let source = builder.param("source", source_spans.n_rows(), 8, Init::Normal(1.0)).unwrap();
    let target = builder.param("target", target_spans.n_rows(), 8, Init::Normal(1.0)).unwrap();
    let positions = Positions::learned(&mut builder, "places", 4, 8, Init::Normal(0.5)).unwrap();
    let encoder = Stack::encoder(&mut builder, "encoder", &shape, false, 0).unwrap();
    let decoder = Stack::decoder(&mut builder, "decoder", &shape, 100).unwrap();
    Both { source, target, encoder, decoder, positions, params: builder.finish(), source_spans, target_spans }
}

impl Both {
    fn forward(&self, pass: &Pass) -> (Matrix, Matrix, Stacked, Stacked) {
        let mut source = pass.params.value(self.source).clone();
        self.positions.add(pass, &mut source, self.source_spans.places());
        let mut target = pass.params.value(self.target).clone();
        self.positions.add(pass, &mut target, self.target_spans.places());
        let (encoded, of_encoder) = self.encoder.forward(pass, source, &self.source_spans, None);
        let other = Other { rows: &encoded, spans: &self.source_spans };
        let (y, of_decoder) = self.decoder.forward(pass, target, &self.target_spans, Some(other));
        (y, encoded, of_encoder, of_decoder)
    }
}

#[test]
fn stack_gradients_are_those_of_differences() {
    let compute = Compute::new(Precision::F32);
    // Without bends, across which differences say nothing.
    for dropout in [0.0, 0.3] {
        let net = both(Activation::Gelu, dropout);
        let learning = Some(3);
        let wanted = random_matrix(net.target_spans.n_rows(), 8, 1.0, 6);
        let loss = |params: &Params| {
            let (y, ..) = net.forward(&Pass { compute: &compute, params, learning });
            y.values.iter().zip(&wanted.values).map(|(y, w)| f64::from(y * w)).sum()
        };
        let pass = Pass { compute: &compute, params: &net.params, learning };
        let (_, encoded, of_encoder, of_decoder) = net.forward(&pass);
        let mut gradients = Gradients::zeros(&net.params);
        let mut by_encoded = Matrix::zeros(encoded.n_rows, 8);
        let other = (Other { rows: &encoded, spans: &net.source_spans }, &mut by_encoded);
        let by_target =
            net.decoder.backward(&pass, &mut gradients, of_decoder, &net.target_spans, wanted.view(), Some(other));
        let by_source =
            net.encoder.backward(&pass, &mut gradients, of_encoder, &net.source_spans, by_encoded.view(), None);
        net.positions.backward(&mut gradients, net.target_spans.places(), by_target.view());
        net.positions.backward(&mut gradients, net.source_spans.places(), by_source.view());
        *gradients.dense_mut(net.source) = by_source;
        *gradients.dense_mut(net.target) = by_target;
        assert_gradients(&net.params, &gradients, loss);
    }
}

/// Inputs far enough from the bend that no difference crosses it.
#[test]
fn feed_forward_gradients_are_those_of_differences() {
    let compute = Compute::new(Precision::F32);
    for dropout in [0.0, 0.4] {
        let mut made = (0..1000).map(|seed| {
            let mut builder = Builder::fresh(seed);
            let feed = FeedForward::new(&mut builder, "feed", (4, 6), Activation::Relu, dropout, 1).unwrap();
            let x = builder.param("x", 2, 4, Init::Normal(1.0)).unwrap();
            (feed, x, builder.finish())
        });
        let far = |(feed, x, params): &(FeedForward, crate::params::ParamId, Params)| {
            let before = feed.inner.forward(&compute, params, params.value(*x).view());
            before.values.iter().all(|value| value.abs() > 0.1)
        };
        let (feed, x, params) = made.find(far).expect("one of many");
        let wanted = random_matrix(2, 4, 1.0, 6);
        let learning = Some(2);
        let run = |params: &Params| {
            let pass = Pass { compute: &compute, params, learning };
            feed.forward(&pass, params.value(x).clone())
        };
        let loss =
            |params: &Params| run(params).0.values.iter().zip(&wanted.values).map(|(y, w)| f64::from(y * w)).sum();
        let mut gradients = Gradients::zeros(&params);
        let pass = Pass { compute: &compute, params: &params, learning };
        let by_x = feed.backward(&pass, &mut gradients, run(&params).1, &wanted);
        *gradients.dense_mut(x) = by_x;
        assert_gradients(&params, &gradients, loss);
    }
}

/// Row by row with kept keys and values, forking on the way, a decoder gives what it gives for whole sequences.
#[test]
fn steps_give_what_whole_sequences_give() {
    let compute = Compute::new(Precision::F32);
    let net = both(Activation::Relu, 0.2);
    let pass = Pass { compute: &compute, params: &net.params, learning: None };
    let inputs = random_matrix(7, 8, 1.0, 8);
    let encoded = random_matrix(net.source_spans.n_rows(), 8, 1.0, 9);
    let stepper = Stepper::new(&net.decoder, &compute, &net.params);
    let mut steps = stepper.start(&compute, &net.params, encoded.view(), &net.source_spans);
    // Which inputs each row has been fed; the third output forks, the first ends.
    let mut fed: Vec<Vec<usize>> = vec![Vec::new(); 3];
    for (tokens, rows) in
        [(vec![0, 1, 2], vec![1, 2, 2]), (vec![3, 4, 5], vec![2, 0, 1]), (vec![6, 6, 1], vec![0, 1, 2])]
    {
        let others = steps.other_of_row().to_vec();
        let x = Matrix::new(3, 8, tokens.iter().flat_map(|&at| inputs.row(at).to_vec()).collect()).unwrap();
        let mut shown = vec![0f32; 3 * 4];
        let y = stepper.step(&compute, &net.params, &mut steps, x, Some((&mut shown, 4)));
        fed.iter_mut().zip(&tokens).for_each(|(fed, &token)| fed.push(token));
        for row in 0..3 {
            let whole =
                Matrix::new(fed[row].len(), 8, fed[row].iter().flat_map(|&at| inputs.row(at).to_vec()).collect())
                    .unwrap();
            let range = net.source_spans.range(others[row] as usize);
            let source = encoded.rows(range.start, range.end).to_matrix();
            let other = Other { rows: &source, spans: &Spans::of_lens([range.len()]) };
            let (expected, _) = net.decoder.forward(&pass, whole, &Spans::of_lens([fed[row].len()]), Some(other));
            let last = expected.row(fed[row].len() - 1);
            assert!(last.iter().zip(y.row(row)).all(|(a, b)| (a - b).abs() < 1e-5), "{last:?} {:?}", y.row(row));
            let weights = &shown[row * 4..(row + 1) * 4];
            assert!(
                (weights.iter().sum::<f32>() - 1.0).abs() < 1e-5 && weights[range.len()..].iter().all(|&w| w == 0.0)
            );
        }
        steps.select(&rows);
        fed = rows.iter().map(|&row| fed[row as usize].clone()).collect();
    }
    assert_eq!((steps.n_rows(), steps.n_steps()), (3, 3));
}

/// The same bits whatever the number of threads; waves of places as in the paper; heads that do not divide are refused.
#[test]
fn threads_places_and_mistakes() {
    let compute = Compute::new(Precision::F32);
    let net = both(Activation::Gelu, 0.3);
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| net.forward(&Pass { compute: &compute, params: &net.params, learning: Some(1) }).0)
    };
    assert_eq!(run(1), run(3));
    let mut x = Matrix::zeros(2, 4);
    let pass = Pass { compute: &compute, params: &net.params, learning: None };
    Positions::Sinusoidal { dim: 4 }.add(&pass, &mut x, [0, 3].into_iter());
    let expected = [0.0, 1.0, 0.0, 1.0, 3f32.sin(), 3f32.cos(), 0.03f32.sin(), 0.03f32.cos()];
    assert!(x.values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{:?}", x.values);
    let bad = StackShape { n_heads: 3, ..shape(Activation::Relu, 0.0) };
    assert!(Stack::encoder(&mut Builder::fresh(1), "x", &bad, false, 0).unwrap_err().to_string().contains("divisor"));
    assert!(Positions::learned(&mut Builder::fresh(1), "x", 0, 8, Init::Normal(1.0)).is_err());
}
