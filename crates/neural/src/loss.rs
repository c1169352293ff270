//! Cross-entropy of a softmax over many classes, fused with its gradient: the logits become the gradient in place, and
//! for a linear layer they never exist for more than [`ROWS`] rows at once. Label smoothing (Szegedy et al. 2016,
//! section 7), rows without a target, and the correction for classes that were sampled (Jean et al. 2015, eq. 11).

use rayon::prelude::*;

use crate::layers::Linear;
use crate::math_functions::{exp_less, largest, log_sum_exp, widest};
use crate::params::{Gradients, Params};
use crate::product::{Compute, Mode};
use crate::{Matrix, View};

/// The target of a row that counts for nothing (padding).
pub const NO_TARGET: u32 = u32::MAX;

/// Rows whose logits exist at once: with 8,000 classes 8 MB.
const ROWS: usize = 256;

/// A loss summed over rows with targets.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loss {
    /// With label smoothing.
    pub sum: f64,
    /// Without label smoothing: its mean is what the exponential of gives perplexity.
    pub sum_nats: f64,
    pub n_targets: usize,
}

impl Loss {
    /// The mean over targets; 0 without any.
    pub fn mean(&self) -> f64 {
        self.sum / self.n_targets.max(1) as f64
    }

    /// The mean without label smoothing.
    pub fn mean_nats(&self) -> f64 {
        self.sum_nats / self.n_targets.max(1) as f64
    }

    pub fn add(&mut self, other: Loss) {
        self.sum += other.sum;
        self.sum_nats += other.sum_nats;
        self.n_targets += other.n_targets;
    }
}

/// Logits become `scale ×` the gradient of the summed loss by them; rows without a target become 0.
/// `smoothing` is the part of the target spread evenly over all classes.
///
/// # Panics
/// If there is not a target a row, or one is no class.
pub fn softmax_cross_entropy(logits: &mut Matrix, targets: &[u32], smoothing: f32, scale: f32) -> Loss {
    assert_eq!(logits.n_rows, targets.len(), "targets, one a row");
    let n_cols = logits.n_cols.max(1);
    let rows = logits.values.par_chunks_mut(n_cols).zip(targets);
    let losses: Vec<Loss> = rows.map(|(row, &target)| of_row(row, target, smoothing, scale, None).0).collect();
    losses.into_iter().fold(Loss::default(), |mut sum, loss| {
        sum.add(loss);
        sum
    })
}

/// What a row of a mixture says of its target: the probability that it is generated rather than copied, and that copying
/// gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixed {
    pub gate: f32,
    pub copied: f32,
}

/// The least probability whose logarithm is taken.
const LEAST: f64 = 1e-30;

/// The loss of a row, with the gradients by `mixed`. Under a mixture the probability of the target is
/// `gate × softmax + (1 - gate) × copied` (See et al. 2017, eq. 9); its gradient by the logits is that of the softmax
/// times the probability, given the target, that it was generated.
fn of_row(row: &mut [f32], target: u32, smoothing: f32, scale: f32, mixed: Option<Mixed>) -> (Loss, Mixed) {
    let none = Mixed { gate: 0.0, copied: 0.0 };
    if target == NO_TARGET {
        row.fill(0.0);
        return (Loss::default(), none);
    }
    let (target, n) = (target as usize, row.len());
    assert!(target < n || mixed.is_some(), "target {target} of {n} classes");
    let (n, smoothed) = (n as f32, f64::from(smoothing));
    let at_target = row.get(target).map_or(f64::NEG_INFINITY, |&logit| f64::from(logit));
    let mean =
        if smoothing > 0.0 { row.iter().map(|&logit| f64::from(logit)).sum::<f64>() / f64::from(n) } else { 0.0 };
    let most = largest(row);
    let sum = exp_less(row, most);
    let log_sum = f64::from(most) + f64::from(sum).ln();
    let (nats, generated, by) = match mixed {
        None => (log_sum - at_target, 1.0, none),
        Some(Mixed { gate, copied }) => {
            let (gate, copied) = (f64::from(gate), f64::from(copied));
            let softmax = (at_target - log_sum).exp();
            let p = (gate * softmax + (1.0 - gate) * copied).max(LEAST);
            let outer = -(1.0 - smoothed) * f64::from(scale) / p;
            let by = Mixed { gate: (outer * (softmax - copied)) as f32, copied: (outer * (1.0 - gate)) as f32 };
            (-p.ln(), (gate * softmax / p) as f32, by)
        }
    };
    let share = (1.0 - smoothing) * generated;
    let (factor, even) = (scale * (share + smoothing) / sum, scale * smoothing / n);
    scale_less(row, factor, even);
    if let Some(value) = row.get_mut(target) {
        *value -= scale * share;
    }
    let loss = Loss { sum: (1.0 - smoothed) * nats + smoothed * (log_sum - mean), sum_nats: nats, n_targets: 1 };
    (loss, by)
}

fn scale_less(row: &mut [f32], factor: f32, less: f32) {
    widest!(scale_less_pass(row: &mut [f32], factor: f32, less: f32) -> ())
}

#[inline(always)]
fn scale_less_pass(row: &mut [f32], factor: f32, less: f32) {
    row.iter_mut().for_each(|value| *value = *value * factor - less);
}

/// The loss of `softmax(linear(x))`, without gradients. Shape: `x` (n, n_in).
pub fn evaluate_linear(
    compute: &Compute,
    params: &Params,
    linear: &Linear,
    x: View,
    targets: &[u32],
    smoothing: f32,
    mixed: Option<&[Mixed]>,
) -> Loss {
    let mut loss = Loss::default();
    let kept = rows_with_targets(targets);
    let packed = linear.pack(compute, params);
    for part in kept.chunks(ROWS) {
        let mut logits = linear.forward_packed(compute, params, &packed, gathered(x, part).view());
        of_part(&mut logits, part, targets, smoothing, 1.0, mixed).into_iter().for_each(|(of_row, _)| loss.add(of_row));
    }
    loss
}

/// The losses of rows that were gathered, with the gradients by what they were mixed with; logits become gradients.
fn of_part(
    logits: &mut Matrix,
    part: &[usize],
    targets: &[u32],
    smoothing: f32,
    scale: f32,
    mixed: Option<&[Mixed]>,
) -> Vec<(Loss, Mixed)> {
    let rows = logits.values.par_chunks_mut(logits.n_cols.max(1)).zip(part);
    rows.map(|(logits, &row)| of_row(logits, targets[row], smoothing, scale, mixed.map(|mixed| mixed[row]))).collect()
}

/// What learning a readout gives.
#[derive(Clone, Debug)]
pub struct Learned {
    pub loss: Loss,
    /// The gradient by the readout's input. Shape: (n, n_in).
    pub by_x: Matrix,
    /// The gradients by what rows were mixed with; empty if they were not.
    pub by_mixed: Vec<Mixed>,
}

/// The loss of `softmax(linear(x))` with all its gradients times `scale`: those of the layer are added to `gradients`,
/// that by `x` comes back. Rows without a target cost nothing. With `mixed`, one for each row, targets may also be copied, and
/// then be no class. Shape: `x` (n, n_in).
#[allow(clippy::too_many_arguments)]
pub fn learn_linear(
    compute: &Compute,
    params: &Params,
    gradients: &mut Gradients,
    linear: &Linear,
    x: View,
    targets: &[u32],
    smoothing: f32,
    scale: f32,
    mixed: Option<&[Mixed]>,
) -> Learned {
    assert_eq!(x.n_rows(), targets.len(), "targets, one a row");
    let mut by_mixed = vec![Mixed { gate: 0.0, copied: 0.0 }; mixed.map_or(0, <[Mixed]>::len)];
    let mut loss = Loss::default();
    let mut by_x = Matrix::zeros(x.n_rows(), x.n_cols());
    let kept = rows_with_targets(targets);
    let forward = linear.pack(compute, params);
    let back = linear.pack_back(compute, params);
    for part in kept.chunks(ROWS) {
        let inputs = gathered(x, part);
        let mut logits = linear.forward_packed(compute, params, &forward, inputs.view());
        let of_rows = of_part(&mut logits, part, targets, smoothing, scale, mixed);
        for ((of_row, by), &row) in of_rows.into_iter().zip(part) {
            loss.add(of_row);
            if let Some(place) = by_mixed.get_mut(row) {
                *place = by;
            }
        }
        linear.add_gradients(compute, gradients, inputs.view(), logits.view());
        let mut by_inputs = inputs;
        compute.product_packed(by_inputs.view_mut(), logits.view(), &back, Mode::Replace);
        for (at, &row) in part.iter().enumerate() {
            by_x.row_mut(row).copy_from_slice(by_inputs.row(at));
        }
    }
    Learned { loss, by_x, by_mixed }
}

fn rows_with_targets(targets: &[u32]) -> Vec<usize> {
    (0..targets.len()).filter(|&row| targets[row] != NO_TARGET).collect()
}

fn gathered(x: View, rows: &[usize]) -> Matrix {
    let mut out = Matrix::zeros(rows.len(), x.n_cols());
    for (at, &row) in rows.iter().enumerate() {
        out.row_mut(at).copy_from_slice(x.row(row));
    }
    out
}

/// Makes logits of sampled classes comparable with those of all classes: subtracts the logarithm of how often each is
/// expected among `n_samples`, and rules out samples that are the target itself. Column 0 is the target, which is not
/// corrected if it was not sampled; then [`softmax_cross_entropy`] with target 0 everywhere gives loss and gradients.
/// Shapes: `logits`, `classes` (n, 1 + n_samples); `log_probability` (n_classes) of the sampling distribution.
pub fn correct_for_sampling(logits: &mut Matrix, classes: &[u32], log_probability: &[f32], n_samples: usize) {
    let n_cols = logits.n_cols.max(1);
    assert_eq!(logits.values.len(), classes.len(), "a class for each logit");
    let log_n = (n_samples.max(1) as f32).ln();
    for (row, classes) in logits.values.chunks_mut(n_cols).zip(classes.chunks(n_cols)) {
        for (at, (logit, &class)) in row.iter_mut().zip(classes).enumerate() {
            if at > 0 && class == classes[0] {
                *logit = -1e30;
            } else {
                *logit -= log_probability[class as usize] + log_n;
            }
        }
    }
}

/// `ln softmax(logits)[target]` of each row, for evaluation; 0 for rows without a target.
pub fn log_likelihoods(logits: &Matrix, targets: &[u32]) -> Vec<f32> {
    let rows = logits.values.chunks(logits.n_cols.max(1)).zip(targets);
    rows.map(|(row, &target)| if target == NO_TARGET { 0.0 } else { row[target as usize] - log_sum_exp(row) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{Builder, Init};
    use crate::product::Precision;
    use crate::testing::{assert_gradients, random_matrix};

    /// p = softmax(0, ln 2, ln 3) = (1, 2, 3) / 6: by hand.
    #[test]
    fn a_row_worked_by_hand() {
        let logits = [0.0, 2f32.ln(), 3f32.ln()];
        let mut matrix = Matrix::new(2, 3, [logits, logits].concat()).unwrap();
        let loss = softmax_cross_entropy(&mut matrix, &[1, NO_TARGET], 0.0, 2.0);
        assert!((loss.sum - 3f64.ln()).abs() < 1e-6 && loss.n_targets == 1, "{loss:?}");
        let expected = [1.0 / 3.0, -4.0 / 3.0, 1.0, 0.0, 0.0, 0.0];
        assert!(matrix.values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{:?}", matrix.values);
        let mut matrix = Matrix::new(1, 3, logits.to_vec()).unwrap();
        let loss = softmax_cross_entropy(&mut matrix, &[1], 0.3, 1.0);
        let expected = 0.8 * 3f64.ln() + 0.1 * 6f64.ln() + 0.1 * 2f64.ln();
        assert!((loss.sum - expected).abs() < 1e-6 && (loss.sum_nats - 3f64.ln()).abs() < 1e-6, "{loss:?}");
    }

    #[test]
    fn fused_readout_has_the_gradients_of_its_loss() {
        let compute = Compute::new(Precision::F32);
        let targets = [0, 10, NO_TARGET, 3, 3, 7, NO_TARGET, 1, 2];
        for with_copying in [false, true] {
            let mut builder = Builder::fresh(3);
            let linear = Linear::new(&mut builder, "readout", 7, 11, true).unwrap();
            let x = builder.param("x", 9, 7, Init::Normal(1.0)).unwrap();
            let gates = builder.param("mixed", 9, 2, Init::Uniform(0.3)).unwrap();
            let params = builder.finish();
            let mut targets = targets;
            if with_copying {
                // No class: can only be copied.
                targets[3] = 15;
            }
            let mixed = |params: &Params| -> Vec<Mixed> {
                let rows = params.value(gates).values.chunks(2);
                rows.map(|row| Mixed { gate: 0.5 + row[0], copied: 0.5 + row[1] }).collect()
            };
            let of = |params: &Params| {
                let mixed = mixed(params);
                let x = params.value(x).view();
                evaluate_linear(&compute, params, &linear, x, &targets, 0.1, with_copying.then_some(&mixed))
            };
            let mut gradients = Gradients::zeros(&params);
            let (inputs, mixed) = (params.value(x).view(), mixed(&params));
            let learned = learn_linear(
                &compute,
                &params,
                &mut gradients,
                &linear,
                inputs,
                &targets,
                0.1,
                1.0,
                with_copying.then_some(&mixed),
            );
            gradients.dense_mut(x).values.copy_from_slice(&learned.by_x.values);
            for (place, by) in gradients.dense_mut(gates).values.chunks_mut(2).zip(&learned.by_mixed) {
                place.copy_from_slice(&[by.gate, by.copied]);
            }
            assert_eq!(of(&params), learned.loss);
            assert_eq!(learned.loss.n_targets, 7);
            assert_gradients(&params, &gradients, |params| of(params).sum);
        }
    }

    /// With every class sampled in proportion to a distribution, the corrected softmax agrees with the full one on average.
    #[test]
    fn samples_are_corrected_by_how_often_they_are_expected() {
        let mut logits = Matrix::new(1, 3, vec![1.0, 2.0, 3.0]).unwrap();
        correct_for_sampling(&mut logits, &[4, 0, 4], &[0.5f32.ln(), 0.0, 0.0, 0.0, 0.25f32.ln()], 2);
        let expected = [1.0 - 0.5f32.ln(), 2.0, -1e30];
        assert!(logits.values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{:?}", logits.values);
        let logits = random_matrix(3, 5, 1.0, 1);
        let likelihoods = log_likelihoods(&logits, &[0, NO_TARGET, 4]);
        assert!(likelihoods[0] < 0.0 && likelihoods[1] == 0.0 && likelihoods[2] < 0.0);
    }
}
