//! What recurrent models must hold: gradients of the whole network against finite differences, outputs learned by heart,
//! the step of writing against the pass of learning, padding that changes nothing.

use neural::testing::assert_gradients;
use neural::{Builder, Compute, Gradients, Params, Precision};

use super::*;
use crate::seq2seq::decode::{END, Next, StepModel};
use crate::seq2seq::train::{Batch, Draw, Network};

fn shape(cell: &str, attention: &str) -> Shape {
    Shape {
        n_source_words: 11,
        n_target_words: 11,
        cell: cell.to_owned(),
        attention: attention.to_owned(),
        dim_embedding: 3,
        dim_hidden: 4,
        layers: 1,
        bidirectional: false,
        input_feeding: false,
        copy: false,
        coverage: 0.0,
        dropout: 0.0,
        label_smoothing: 0.0,
    }
}

/// Every cell with every attention, and every option at least twice.
fn shapes() -> Vec<Shape> {
    let base = shape;
    vec![
        base("gru", "additive"),
        Shape { bidirectional: true, layers: 2, ..base("lstm", "additive") },
        Shape { input_feeding: true, ..base("gru", "dot") },
        Shape { input_feeding: true, layers: 2, ..base("lstm", "general") },
        Shape { bidirectional: true, ..base("gru", "concat") },
        base("lstm", "dot"),
        Shape { copy: true, label_smoothing: 0.1, ..base("gru", "additive") },
        Shape { copy: true, coverage: 0.7, input_feeding: true, ..base("lstm", "concat") },
        Shape { coverage: 1.0, input_feeding: true, layers: 2, ..base("gru", "additive") },
        Shape { coverage: 0.5, copy: true, ..base("gru", "general") },
        Shape { dropout: 0.3, layers: 2, bidirectional: true, ..base("gru", "additive") },
        Shape { dropout: 0.3, layers: 2, input_feeding: true, ..base("lstm", "dot") },
    ]
}

fn build(shape: &Shape, seed: u64) -> (Recurrent, Params) {
    let mut builder = Builder::fresh(seed);
    let model = Recurrent::new(&mut builder, shape.clone()).unwrap();
    let mut params = builder.finish();
    // Away from the places where parameters begin at 0, whose gradients would be tried in one point only.
    let ids: Vec<_> = params.iter().map(|(id, _)| id).collect();
    for (at, id) in ids.into_iter().enumerate() {
        let value = params.value_mut(id);
        let moved = neural::testing::random_matrix(value.n_rows, value.n_cols, 0.2, seed + at as u64);
        value.values.iter_mut().zip(moved.values).for_each(|(value, by)| *value += by);
    }
    (model, params)
}

/// Mixed lengths, an empty source, repeated words; 11 and 12 are unknown words of their sources.
fn batch() -> Batch<'static> {
    Batch {
        sources: vec![&[5, 6, 5, 7], &[], &[8, 11, 4], &[9]],
        outputs: vec![&[5, 7, END], &[6, END], &[4, 11, 8, 4, END], &[END]],
    }
}

#[test]
fn gradients_of_the_whole_network_are_those_of_differences() {
    let compute = Compute::new(Precision::F32);
    let draw = Draw { seed: 3, step: 5 };
    for shape in shapes() {
        let (model, params) = build(&shape, 7);
        let mut gradients = Gradients::zeros(&params);
        let batch = batch();
        let n = batch.n_targets() as f64;
        let loss = model.learn(&compute, &params, &mut gradients, &batch, draw).unwrap();
        assert_eq!(loss.n_targets, 11);
        assert_gradients(&params, &gradients, |params| {
            let mut unused = Gradients::zeros(params);
            model.learn(&compute, params, &mut unused, &batch, draw).unwrap().sum / n
        });
        if shape.dropout == 0.0 {
            let evaluated = model.evaluate(&compute, &params, &batch).unwrap();
            assert!((evaluated.sum - loss.sum).abs() < 1e-4 * loss.sum, "{shape:?}");
        }
    }
}

#[test]
fn a_batch_is_learned_by_heart() {
    let compute = Compute::new(Precision::F32);
    for shape in shapes() {
        let shape = Shape { dim_embedding: 8, dim_hidden: 16, dropout: 0.0, label_smoothing: 0.0, ..shape };
        let mut builder = Builder::fresh(1);
        let model = Recurrent::new(&mut builder, shape.clone()).unwrap();
        let mut params = builder.finish();
        let options = neural::adam::AdamOptions { learning_rate: 0.02, ..Default::default() };
        let mut adam = neural::adam::Adam::new(&params, options);
        let mut gradients = Gradients::zeros(&params);
        let draw = Draw { seed: 1, step: 1 };
        for _ in 0..250 {
            model.learn(&compute, &params, &mut gradients, &batch(), draw).unwrap();
            adam.update(&mut params, &mut gradients).unwrap();
        }
        let loss = model.evaluate(&compute, &params, &batch()).unwrap();
        assert!(loss.mean_nats() < 0.05, "{shape:?}: {loss:?}");
    }
}

/// Log-probabilities of the outputs, written step by step, sum up to the loss.
#[test]
fn writing_gives_what_learning_sees() {
    let compute = Compute::new(Precision::F32);
    for shape in shapes() {
        let (model, params) = build(&shape, 7);
        let writer = Writer::new(&model, &params, compute);
        let batch = batch();
        let mut state = writer.start(&batch.sources);
        let (mut sum, mut next) = (0.0, Next::default());
        let (mut rows, mut tokens) = (vec![0usize, 1, 2, 3], vec![crate::seq2seq::decode::BEGIN; 4]);
        for step in 0.. {
            writer.step(&mut state, &tokens, &mut next);
            let n_words = writer.n_words(&state);
            assert_eq!(n_words, if shape.copy { 12 } else { 11 });
            for (at, &row) in rows.iter().enumerate() {
                let wanted = batch.outputs[row][step];
                let wanted = if shape.copy || wanted < 11 { wanted } else { UNKNOWN };
                sum -= f64::from(next.log_probabilities[at * n_words + wanted as usize]);
                let own = &next.log_probabilities[at * n_words..(at + 1) * n_words];
                let total: f64 = own.iter().map(|&log| f64::from(log).exp()).sum();
                // An empty source has nothing to copy: what the gate gives to copying is lost.
                assert!((total - 1.0).abs() < 1e-4 || (shape.copy && batch.sources[row].is_empty()), "{total}");
                let attended: f32 = next.attention[at * next.source_len..(at + 1) * next.source_len].iter().sum();
                assert!((attended - if batch.sources[row].is_empty() { 0.0 } else { 1.0 }).abs() < 1e-5);
            }
            let going: Vec<u32> =
                (0..rows.len() as u32).filter(|&at| batch.outputs[rows[at as usize]].len() > step + 1).collect();
            rows = going.iter().map(|&at| rows[at as usize]).collect();
            if rows.is_empty() {
                break;
            }
            writer.select(&mut state, &going);
            tokens = rows.iter().map(|&row| batch.outputs[row][step]).collect();
        }
        let loss = model.evaluate(&compute, &params, &batch).unwrap();
        assert!((loss.sum_nats - sum).abs() < 1e-3, "{shape:?}: {} {sum}", loss.sum_nats);
    }
}

/// The gradients of a batch are the means of those of its pairs: neighbours of other lengths change nothing.
#[test]
fn pairs_learn_in_a_batch_what_they_learn_alone() {
    let compute = Compute::new(Precision::F32);
    let draw = Draw { seed: 3, step: 5 };
    for shape in shapes().into_iter().filter(|shape| shape.dropout == 0.0) {
        let (model, params) = build(&shape, 7);
        let whole = batch();
        let mut together = Gradients::zeros(&params);
        model.learn(&compute, &params, &mut together, &whole, draw).unwrap();
        let mut sums = vec![0f64; params.n_values()];
        let values = |gradients: &Gradients| -> Vec<f32> {
            let each = params.iter().flat_map(|(id, param)| {
                let cells =
                    (0..param.value.n_rows).flat_map(move |row| (0..param.value.n_cols).map(move |col| (row, col)));
                cells.map(move |(row, col)| gradients.at(id, row, col))
            });
            each.collect()
        };
        for at in 0..4 {
            let alone = Batch { sources: vec![whole.sources[at]], outputs: vec![whole.outputs[at]] };
            let mut gradients = Gradients::zeros(&params);
            model.learn(&compute, &params, &mut gradients, &alone, draw).unwrap();
            let share = alone.n_targets() as f64 / whole.n_targets() as f64;
            sums.iter_mut().zip(values(&gradients)).for_each(|(sum, by)| *sum += f64::from(by) * share);
        }
        for (sum, by) in sums.iter().zip(values(&together)) {
            assert!((sum - f64::from(by)).abs() < 1e-5, "{shape:?}: {sum} {by}");
        }
    }
}

#[test]
fn threads_change_nothing() {
    let shape =
        Shape { dim_embedding: 33, dim_hidden: 96, bidirectional: true, copy: true, ..shape("gru", "additive") };
    for precision in [Precision::F32, Precision::Bf16] {
        let compute = Compute::new(precision);
        let (model, params) = build(&shape, 7);
        let learn = |n_threads: usize| {
            neural::on_threads(n_threads, || {
                let mut gradients = Gradients::zeros(&params);
                let draw = Draw { seed: 3, step: 5 };
                let loss = model.learn(&compute, &params, &mut gradients, &batch(), draw).unwrap();
                (loss, gradients)
            })
        };
        assert!(learn(1) == learn(2));
    }
}
