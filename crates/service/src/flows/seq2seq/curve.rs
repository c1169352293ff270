//! How learning went: losses along its steps, kept short enough to draw however long learning takes, and how long it will
//! still take. What is kept of the losses follows from the steps alone, not from when anybody looked.

use language::seq2seq::train::Trace;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Points kept at most; beyond, neighbours become one.
const POINTS_MAX: usize = 512;

/// The mean of some steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CurvePoint {
    /// The last of the steps, from 1 on.
    pub step: u64,
    /// Rounds over the pairs done then, with the part of the one under way.
    pub epoch: f64,
    /// The mean loss of a unit written, in nats.
    pub loss: f64,
    /// The same over pairs held out, where a round ended.
    pub valid_loss: Option<f64>,
    /// Units learned from a second of learning.
    pub tokens_per_second: f64,
    /// UTC milliseconds.
    pub at: i64,
}

/// A learning's losses so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    pub points: Vec<CurvePoint>,
    /// Steps of a point.
    every: u64,
    /// Of the point that is not full yet.
    sum: f64,
    n: u64,
    /// Units and seconds up to the last point, and now.
    tokens_before: u64,
    seconds_before: f64,
    pub tokens: u64,
    pub seconds: f64,
    pub step: u64,
    /// The part of all rounds done.
    pub done: f64,
}

impl Curve {
    /// Takes in a step; `seconds` of learning in all, at the time `now`.
    pub fn add(&mut self, trace: &Trace, seconds: f64, now: i64) {
        self.every = self.every.max(1);
        (self.sum, self.n) = (self.sum + trace.nats, self.n + 1);
        (self.tokens, self.seconds, self.step, self.done) = (trace.n_targets, seconds, trace.step, trace.done);
        if self.n < self.every && trace.validation.is_none() {
            return;
        }
        let in_epoch = (trace.step - 1) % trace.n_steps_in_epoch.max(1) + 1;
        let took = (seconds - self.seconds_before).max(1e-9);
        self.points.push(CurvePoint {
            step: trace.step,
            epoch: trace.epoch as f64 + in_epoch as f64 / trace.n_steps_in_epoch.max(1) as f64,
            loss: self.sum / self.n as f64,
            valid_loss: trace.validation,
            tokens_per_second: self.tokens.saturating_sub(self.tokens_before) as f64 / took,
            at: now,
        });
        (self.sum, self.n) = (0.0, 0);
        (self.tokens_before, self.seconds_before) = (self.tokens, seconds);
        if self.points.len() > POINTS_MAX {
            self.halve();
        }
    }

    fn halve(&mut self) {
        self.every *= 2;
        let merged = self.points.chunks(2).map(|two| match two {
            [one, other] => CurvePoint {
                loss: (one.loss + other.loss) / 2.0,
                tokens_per_second: (one.tokens_per_second + other.tokens_per_second) / 2.0,
                valid_loss: other.valid_loss.or(one.valid_loss),
                ..other.clone()
            },
            one => one[0].clone(),
        });
        self.points = merged.collect();
    }

    /// The last loss and the last over pairs held out.
    pub fn last(&self) -> (Option<f64>, Option<f64>) {
        let valid = self.points.iter().rev().find_map(|point| point.valid_loss);
        (self.points.last().map(|point| point.loss), valid)
    }

    /// Units a second, lately.
    pub fn tokens_per_second(&self) -> Option<f64> {
        let recent = &self.points[self.points.len().saturating_sub(8)..];
        (!recent.is_empty())
            .then(|| recent.iter().map(|point| point.tokens_per_second).sum::<f64>() / recent.len() as f64)
    }

    /// Until all rounds are done, if it goes on as so far; learning may end earlier.
    pub fn seconds_left(&self) -> Option<f64> {
        (self.done > 0.0).then(|| self.seconds / self.done * (1.0 - self.done).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(step: u64, validation: Option<f64>) -> Trace {
        Trace {
            step,
            epoch: (step - 1) / 10,
            n_steps_in_epoch: 10,
            loss: 0.0,
            nats: step as f64,
            gradient: 0.0,
            n_targets: 100 * step,
            validation,
            done: step as f64 / 20_000.0,
        }
    }

    #[test]
    fn a_curve_stays_short_and_keeps_what_was_validated() {
        let mut curve = Curve::default();
        for step in 1..=10_000 {
            curve.add(&trace(step, (step % 1000 == 0).then_some(1.0)), step as f64 / 10.0, step as i64);
        }
        assert!(curve.points.len() <= POINTS_MAX && curve.points.len() > POINTS_MAX / 4, "{}", curve.points.len());
        assert_eq!(curve.points.iter().filter(|point| point.valid_loss.is_some()).count(), 10);
        assert!(curve.points.windows(2).all(|two| two[0].step < two[1].step && two[0].loss < two[1].loss));
        assert_eq!(curve.last().1, Some(1.0));
        assert!((curve.tokens_per_second().unwrap() - 1000.0).abs() < 1.0);
        assert!((curve.seconds_left().unwrap() - 1000.0).abs() < 1.0);
        assert_eq!(curve.points.last().unwrap().epoch, 1000.0);
        assert_eq!(Curve::default().seconds_left(), None);
    }

    #[test]
    fn written_and_read_it_goes_on_the_same() {
        let (mut whole, mut parts) = (Curve::default(), Curve::default());
        for step in 1..=1500 {
            whole.add(&trace(step, None), step as f64, 0);
            parts.add(&trace(step, None), step as f64, 0);
            if step % 7 == 0 {
                parts = serde_json::from_slice(&serde_json::to_vec(&parts).unwrap()).unwrap();
            }
        }
        assert_eq!(whole, parts);
    }
}
