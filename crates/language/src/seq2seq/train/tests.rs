//! Learning as a whole: a task learned, resumed bit for bit, stopped, ended early; files that are not models.

use neural::Builder;
use neural::adam::AdamOptions;

use super::*;
use crate::seq2seq::checkpoint::{learner_from_bytes, learner_to_bytes, model_from_bytes, model_to_bytes};
use crate::seq2seq::model::{CARD, Recurrent, Shape};

fn options() -> TrainOptions {
    let settings = CARD.settings_from_texts(&["batch=8", "epochs=3", "learning_rate=0.01", "patience=0"]).unwrap();
    TrainOptions::new(&settings, 5, 1).unwrap()
}

fn model(texts: &[&str]) -> (Recurrent, Params) {
    let all = ["dim_embedding=8", "dim_hidden=16"].iter().chain(texts).copied().collect::<Vec<_>>();
    let shape = Shape::new(&CARD.settings_from_texts(&all).unwrap(), 12, 12).unwrap();
    let mut builder = Builder::fresh(2);
    (Recurrent::new(&mut builder, shape).unwrap(), builder.finish())
}

/// Sequences to be written backwards.
fn reversed(n: usize, seed: u64) -> Pairs {
    let mut random = math::Random::new(seed);
    let source = |random: &mut math::Random| (0..1 + random.below(5)).map(|_| 4 + random.below(8) as u32).collect();
    let sources: Vec<Vec<u32>> = (0..n).map(|_| source(&mut random)).collect();
    let targets = sources.iter().map(|source| source.iter().rev().copied().collect()).collect();
    Pairs::new(sources, targets).unwrap()
}

#[test]
fn stopped_and_resumed_is_as_if_never_stopped() {
    let (pairs, validation) = (reversed(40, 1), reversed(16, 2));
    let options = TrainOptions { average: 0.9, ..options() };
    let texts = ["dropout=0.2", "copy=true", "input_feeding=true", "layers=2"];
    let (model, params) = model(&texts);
    let mut whole = Learner::new(params.clone(), &options);
    assert_eq!(whole.run(&model, &pairs, &validation, &options, &|_| true), Ok(Ended::Done));
    // Within the first epoch, at the end of the second, within the third.
    let mut bytes = learner_to_bytes(&model, &Learner::new(params, &options), &options, "vocabulary".into());
    for stop in [2, 10, 13] {
        let (model, mut learner, more) = learner_from_bytes::<Recurrent>(&bytes, &options).unwrap();
        assert_eq!(more, "vocabulary");
        let ended = learner.run(&model, &pairs, &validation, &options, &|trace| trace.step < stop);
        assert_eq!((ended, learner.adam.step()), (Ok(Ended::Stopped), stop));
        bytes = learner_to_bytes(&model, &learner, &options, more);
    }
    let (model, mut learner, _) = learner_from_bytes::<Recurrent>(&bytes, &options).unwrap();
    assert_eq!(learner.run(&model, &pairs, &validation, &options, &|_| true), Ok(Ended::Done));
    assert!(learner == whole);
    let other = TrainOptions { seed: 6, ..options };
    let error = learner_from_bytes::<Recurrent>(&bytes, &other).unwrap_err().to_string();
    assert!(error.contains("found 6, allowed 5"), "{error}");
    let other = TrainOptions { average: 0.0, ..options };
    let error = learner_from_bytes::<Recurrent>(&bytes, &other).unwrap_err().to_string();
    assert!(error.contains("average: found none, allowed one"), "{error}");
}

/// After one step the mean keeps 2/11 of where parameters began, after the second 3/12 of itself.
#[test]
fn the_average_follows_the_parameters_and_is_the_result() {
    let (model, params) = model(&[]);
    let options = TrainOptions { average: 0.5, epochs: 1, ..options() };
    let mut learner = Learner::new(params.clone(), &options);
    let mut expected = params.clone();
    let ids: Vec<_> = params.iter().map(|(id, _)| id).collect();
    for (step, keep) in [(1u64, 2.0 / 11.0), (2, 3.0 / 12.0)] {
        let ended = learner.run(&model, &reversed(40, 1), &Pairs::default(), &options, &|trace| trace.step < step);
        assert_eq!(ended, Ok(Ended::Stopped));
        for &id in &ids {
            let now = &learner.params.value(id).values;
            let mean = expected.value_mut(id).values.iter_mut();
            mean.zip(now).for_each(|(mean, now)| *mean = keep * *mean + (1.0 - keep) * now);
            let found = &learner.result().value(id).values;
            assert!(found.iter().zip(&expected.value(id).values).all(|(a, b)| (a - b).abs() < 1e-6));
        }
    }
}

#[test]
fn learning_is_traced_and_ends_when_validation_gets_no_better() {
    let (pairs, validation) = (reversed(32, 1), reversed(16, 2));
    let (model, params) = model(&[]);
    // So large a learning rate soon makes validation worse.
    let adam = AdamOptions { learning_rate: 0.5, clip: 1.0, ..AdamOptions::default() };
    let options = TrainOptions { epochs: 50, patience: 2, adam, ..options() };
    let traces = std::sync::Mutex::new(Vec::new());
    let mut learner = Learner::new(params, &options);
    let watch = |trace: &Trace| {
        traces.lock().unwrap().push(*trace);
        true
    };
    assert_eq!(learner.run(&model, &pairs, &validation, &options, &watch), Ok(Ended::NoBetter));
    let traces = traces.into_inner().unwrap();
    let validations: Vec<f64> = traces.iter().filter_map(|trace| trace.validation).collect();
    let best = learner.best.as_ref().unwrap();
    assert_eq!(validations.len() as u64, best.epoch + 3);
    assert!(validations.iter().all(|&nats| nats >= best.nats));
    assert_eq!(validations[best.epoch as usize], best.nats);
    for (at, trace) in traces.iter().enumerate() {
        assert_eq!((trace.step, trace.epoch, trace.n_steps_in_epoch), (at as u64 + 1, at as u64 / 4, 4));
        assert_eq!(trace.validation.is_some(), at % 4 == 3);
    }
    assert!(std::ptr::eq(learner.result(), &best.params));
}

#[test]
fn what_cannot_be_learned_from_is_refused() {
    let (model, params) = model(&[]);
    let mut learner = Learner::new(params.clone(), &options());
    let none = Pairs::default();
    assert!(learner.run(&model, &none, &none, &options(), &|_| true).is_err());
    let zero = TrainOptions { batch: 0, ..options() };
    assert!(learner.run(&model, &reversed(3, 1), &none, &zero, &|_| true).is_err());
    let adam = AdamOptions { learning_rate: 1e38, ..AdamOptions::default() };
    let wild = TrainOptions { adam, ..options() };
    let mut learner = Learner::new(params, &wild);
    let error = learner.run(&model, &reversed(30, 1), &none, &wild, &|_| true).unwrap_err().to_string();
    assert!(error.contains("diverged"), "{error}");
}

#[test]
fn files_that_are_no_models_are_refused() {
    let (model, params) = model(&["layers=2"]);
    let bytes = model_to_bytes(&model, &params, serde_json::Value::Null);
    let (again, again_params, _) = model_from_bytes::<Recurrent>(&bytes).unwrap();
    assert_eq!((again.shape(), &again_params), (model.shape(), &params));
    assert!(
        learner_from_bytes::<Recurrent>(&bytes, &options())
            .unwrap_err()
            .to_string()
            .contains("of kind 'seq2seq.recurrent'")
    );
    assert!(model_from_bytes::<Recurrent>(b"not a model").is_err());
    let replaced = |from: &str, to: &str| {
        let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).expect(from);
        let mut bytes = bytes.clone();
        bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
        model_from_bytes::<Recurrent>(&bytes).unwrap_err().to_string()
    };
    assert!(replaced("dim_hidden\\\":16", "dim_hidden\\\":96").contains("expected F32"));
    assert!(replaced("dim_hidden\\\":16", "dim_hidden\\\":00").contains("is not what was written"));
    assert!(replaced("layers\\\":2", "layers\\\":3").contains("no tensor 'value/encoder.2"));
    assert!(replaced("layers\\\":2", "layers\\\":0").contains("found 0, allowed 1 to 16"));
    assert!(replaced("n_source_words\\\":12", "n_source_words\\\":99").contains("expected F32 [99, 8]"));
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for at in (0..header).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x15;
        let _ = model_from_bytes::<Recurrent>(&damaged);
    }
}
