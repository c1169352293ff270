//! Adam (Kingma and Ba 2015, algorithm 1) with decoupled weight decay (Loshchilov and Hutter 2019), clipping of the
//! gradient by its length over all parameters (Pascanu et al. 2013), and schedules of the learning rate.
//!
//! Rows of a table that a batch did not touch have gradient 0, and Adam still moves them by their moments. By default
//! that is done ([`Untouched::Move`]): one pass over the table, which is exact and costs less than a hundredth of a step
//! at the sizes of text. For tables of millions of rows [`Untouched::Rest`] leaves such rows and their moments alone,
//! as PyTorch's `SparseAdam` does; that is another, usually equally good, method.

use rayon::prelude::*;

use crate::math_functions::widest;
use crate::params::{Gradient, Gradients, ParamId, Params};
use crate::{Matrix, NeuralError};

/// What happens to rows of tables without a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untouched {
    /// They move by their moments, as Adam says.
    Move,
    /// They and their moments stay as they are.
    Rest,
}

/// How steps are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamOptions {
    pub learning_rate: f32,
    pub beta1: f32,
    pub beta2: f32,
    pub epsilon: f32,
    /// The part of each value, times the learning rate, that a step takes away.
    pub weight_decay: f32,
    /// The longest gradient over all parameters; 0: any.
    pub clip: f32,
    pub untouched: Untouched,
    pub schedule: Schedule,
}

impl Default for AdamOptions {
    fn default() -> Self {
        AdamOptions {
            learning_rate: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            clip: 0.0,
            untouched: Untouched::Move,
            schedule: Schedule::Constant,
        }
    }
}

/// The learning rate over time, as a factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    Constant,
    /// Rises evenly over `warm_up` steps, then falls as 1 / √step (Vaswani et al. 2017, section 5.3, scaled to reach 1).
    InverseSquareRoot {
        warm_up: u64,
    },
    /// Rises evenly over `warm_up` steps, then falls evenly to 0 at `total`.
    Linear {
        warm_up: u64,
        total: u64,
    },
    /// Rises evenly over `warm_up` steps, then falls as half a cosine to 0 at `total`.
    Cosine {
        warm_up: u64,
        total: u64,
    },
}

impl Schedule {
    /// The factor of step `step`, from 1 on.
    pub fn factor(self, step: u64) -> f32 {
        let (warm_up, total) = match self {
            Schedule::Constant => return 1.0,
            Schedule::InverseSquareRoot { warm_up } => (warm_up, u64::MAX),
            Schedule::Linear { warm_up, total } | Schedule::Cosine { warm_up, total } => (warm_up, total),
        };
        if step < warm_up {
            return (step as f64 / warm_up as f64) as f32;
        }
        let done = (step - warm_up) as f64 / (total.saturating_sub(warm_up)).max(1) as f64;
        let factor = match self {
            Schedule::InverseSquareRoot { .. } => (warm_up.max(1) as f64 / step.max(1) as f64).sqrt(),
            Schedule::Linear { .. } => (1.0 - done).max(0.0),
            _ => 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos()),
        };
        factor as f32
    }
}

/// The moments of all parameters and the number of steps taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    pub options: AdamOptions,
    pub(crate) step: u64,
    pub(crate) first: Vec<Matrix>,
    pub(crate) second: Vec<Matrix>,
}

/// Values updated by a task.
const CHUNK: usize = 1 << 14;

/// What one step uses throughout.
#[derive(Clone, Copy)]
struct Step {
    /// By which gradients are multiplied (clipping).
    scale: f32,
    beta1: f32,
    beta2: f32,
    /// The learning rate over the first moment's bias correction.
    rate: f32,
    /// 1 over the second moment's bias correction.
    correction: f32,
    epsilon: f32,
    /// What each value is multiplied by.
    keep: f32,
}

impl Adam {
    pub fn new(params: &Params, options: AdamOptions) -> Self {
        let zeros = || params.iter().map(|(_, param)| Matrix::zeros(param.value.n_rows, param.value.n_cols)).collect();
        Adam { options, step: 0, first: zeros(), second: zeros() }
    }

    /// Steps taken.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The moments of a parameter: the running means of its gradient and of the square.
    pub fn moments(&self, id: ParamId) -> (&Matrix, &Matrix) {
        (&self.first[id.0], &self.second[id.0])
    }

    /// Moves the parameters against their gradients, which become 0. Gives the gradient's length before clipping.
    ///
    /// # Errors
    /// If that length is not finite; nothing has moved then.
    pub fn update(&mut self, params: &mut Params, gradients: &mut Gradients) -> Result<f32, NeuralError> {
        let length = length(gradients);
        if !length.is_finite() {
            return Err(NeuralError::Diverged { step: self.step, loss: length as f32 });
        }
        self.step += 1;
        let step = self.constants(length);
        for at in 0..params.len() {
            let id = ParamId(at);
            let value = params.value_mut(id);
            let (first, second) = (&mut self.first[at], &mut self.second[at]);
            match gradients.get(id) {
                Gradient::Dense(gradient) => step.dense(value, first, second, gradient),
                Gradient::Rows(rows) if self.options.untouched == Untouched::Move => {
                    let width = value.n_cols;
                    let n = (CHUNK / width.max(1)).max(1);
                    let values = value.values.par_chunks_mut(n * width);
                    let moments = first.values.par_chunks_mut(n * width).zip(second.values.par_chunks_mut(n * width));
                    values.zip(moments).enumerate().for_each(|(chunk, (values, (first, second)))| {
                        let rows_of =
                            values.chunks_mut(width).zip(first.chunks_mut(width).zip(second.chunks_mut(width)));
                        for (at, (values, (first, second))) in rows_of.enumerate() {
                            match rows.row(chunk * n + at) {
                                Some(gradient) => step.run(values, first, second, gradient),
                                None => step.run_without(values, first, second),
                            }
                        }
                    });
                }
                Gradient::Rows(rows) => {
                    for &row in rows.touched() {
                        let row = row as usize;
                        let gradient = rows.row(row).expect("a touched row");
                        step.run(value.row_mut(row), first.row_mut(row), second.row_mut(row), gradient);
                    }
                }
            }
        }
        gradients.clear();
        Ok(length as f32)
    }

    fn constants(&self, length: f64) -> Step {
        let options = &self.options;
        let rate = options.learning_rate * options.schedule.factor(self.step);
        let correction = |beta: f32| 1.0 - f64::from(beta).powf(self.step as f64);
        let clip = f64::from(options.clip);
        Step {
            scale: if clip > 0.0 && length > clip { (clip / length) as f32 } else { 1.0 },
            beta1: options.beta1,
            beta2: options.beta2,
            rate: (f64::from(rate) / correction(options.beta1)) as f32,
            correction: (1.0 / correction(options.beta2)) as f32,
            epsilon: options.epsilon,
            keep: 1.0 - rate * options.weight_decay,
        }
    }
}

impl Step {
    fn dense(self, value: &mut Matrix, first: &mut Matrix, second: &mut Matrix, gradient: &Matrix) {
        let moments = first.values.par_chunks_mut(CHUNK).zip(second.values.par_chunks_mut(CHUNK));
        let values = value.values.par_chunks_mut(CHUNK).zip(gradient.values.par_chunks(CHUNK));
        values.zip(moments).for_each(|((values, gradient), (first, second))| self.run(values, first, second, gradient));
    }

    fn run(self, values: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32]) {
        let step = self;
        widest!(run_pass(values: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32], step: Step) -> ());
    }

    fn run_without(self, values: &mut [f32], first: &mut [f32], second: &mut [f32]) {
        let step = self;
        widest!(run_without_pass(values: &mut [f32], first: &mut [f32], second: &mut [f32], step: Step) -> ());
    }
}

#[inline(always)]
fn moved(value: f32, first: &mut f32, second: &mut f32, gradient: f32, step: Step) -> f32 {
    let g = gradient * step.scale;
    *first = step.beta1.mul_add(*first, (1.0 - step.beta1) * g);
    *second = step.beta2.mul_add(*second, (1.0 - step.beta2) * g * g);
    let size = (*second * step.correction).sqrt() + step.epsilon;
    value * step.keep - step.rate * *first / size
}

#[inline(always)]
fn run_pass(values: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32], step: Step) {
    let moments = first.iter_mut().zip(second);
    for ((value, &gradient), (first, second)) in values.iter_mut().zip(gradient).zip(moments) {
        *value = moved(*value, first, second, gradient, step);
    }
}

#[inline(always)]
fn run_without_pass(values: &mut [f32], first: &mut [f32], second: &mut [f32], step: Step) {
    for (value, (first, second)) in values.iter_mut().zip(first.iter_mut().zip(second)) {
        *value = moved(*value, first, second, 0.0, step);
    }
}

/// The gradient's length over all parameters, summed in double precision in chunks of fixed size.
fn length(gradients: &Gradients) -> f64 {
    let squares = |values: &[f32]| -> f64 {
        let sums: Vec<f64> = values.par_chunks(CHUNK).map(sum_of_squares).collect();
        sums.iter().sum()
    };
    gradients.slices().map(squares).sum::<f64>().sqrt()
}

fn sum_of_squares(values: &[f32]) -> f64 {
    widest!(squares_pass(values: &[f32]) -> f64)
}

#[inline(always)]
fn squares_pass(values: &[f32]) -> f64 {
    let mut sums = [0f64; 16];
    let (whole, rest) = values.as_chunks::<16>();
    for chunk in whole {
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(value) * f64::from(value);
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|&value| f64::from(value) * f64::from(value)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(value: f32) -> (Params, ParamId) {
        let mut params = Params::default();
        let id = params.push("x", Matrix::new(1, 1, vec![value]).unwrap(), false);
        (params, id)
    }

    /// Two steps by hand with gradients 0.5 and -1: see the formulas of algorithm 1.
    #[test]
    fn two_steps_are_those_of_the_paper() {
        let (mut params, id) = one(1.0);
        let mut adam = Adam::new(&params, AdamOptions { learning_rate: 0.1, ..AdamOptions::default() });
        let mut gradients = Gradients::zeros(&params);
        let (mut m, mut v, mut x) = (0f64, 0f64, 1f64);
        for (t, g) in [(1, 0.5), (2, -1.0)] {
            gradients.dense_mut(id).values[0] = g as f32;
            let length = adam.update(&mut params, &mut gradients).unwrap();
            assert_eq!(f64::from(length), f64::abs(g));
            (m, v) = (0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g);
            x -= 0.1 * (m / (1.0 - 0.9f64.powi(t))) / ((v / (1.0 - 0.999f64.powi(t))).sqrt() + 1e-8);
            assert!((f64::from(params.value(id).values[0]) - x).abs() < 1e-6, "{x}");
            assert_eq!(gradients.at(id, 0, 0), 0.0);
        }
    }

    #[test]
    fn long_gradients_are_cut_and_wild_ones_refused() {
        let (mut params, id) = one(0.0);
        let mut adam = Adam::new(&params, AdamOptions { clip: 2.0, ..AdamOptions::default() });
        let mut gradients = Gradients::zeros(&params);
        gradients.dense_mut(id).values[0] = 8.0;
        assert_eq!(adam.update(&mut params, &mut gradients).unwrap(), 8.0);
        assert!((adam.moments(id).0.values[0] - 0.2).abs() < 1e-6);
        gradients.dense_mut(id).values[0] = f32::NAN;
        let before = params.clone();
        assert!(matches!(adam.update(&mut params, &mut gradients), Err(NeuralError::Diverged { step: 1, .. })));
        assert_eq!(params, before);
    }

    /// A table with gradients kept by row moves as one whose gradients are kept whole; with `Rest` only touched rows do.
    #[test]
    fn tables_move_as_dense_parameters_do() {
        let value = Matrix::new(3, 2, vec![1.0, -1.0, 2.0, -2.0, 3.0, -3.0]).unwrap();
        let run = |by_row: bool, untouched: Untouched| {
            let mut params = Params::default();
            let id = params.push("x", value.clone(), by_row);
            let options = AdamOptions { untouched, weight_decay: 0.01, ..AdamOptions::default() };
            let mut adam = Adam::new(&params, options);
            let mut gradients = Gradients::zeros(&params);
            for (step, row) in [0usize, 1, 0, 2].into_iter().enumerate() {
                gradients.row_mut(id, row).copy_from_slice(&[step as f32 - 1.5, 0.25]);
                adam.update(&mut params, &mut gradients).unwrap();
                if untouched == Untouched::Rest && step == 0 {
                    assert_eq!(params.value(id).row(1), value.row(1));
                }
            }
            params.value(id).clone()
        };
        assert_eq!(run(false, Untouched::Move), run(true, Untouched::Move));
        assert_ne!(run(true, Untouched::Rest), run(true, Untouched::Move));
    }

    #[test]
    fn schedules_rise_and_fall() {
        let factors = |schedule: Schedule| [5, 10, 40, 110].map(|step| schedule.factor(step));
        assert_eq!(factors(Schedule::Constant), [1.0; 4]);
        let close = |found: [f32; 4], expected: [f32; 4]| {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
        };
        close(factors(Schedule::InverseSquareRoot { warm_up: 10 }), [0.5, 1.0, 0.5, (1.0f32 / 11.0).sqrt()]);
        close(factors(Schedule::Linear { warm_up: 10, total: 110 }), [0.5, 1.0, 0.7, 0.0]);
        close(factors(Schedule::Cosine { warm_up: 10, total: 70 }), [0.5, 1.0, 0.5, 0.0]);
        assert_eq!(Schedule::Linear { warm_up: 0, total: 0 }.factor(1), 0.0);
    }
}
