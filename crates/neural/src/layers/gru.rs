//! The gated recurrent unit (Cho et al. 2014), with the reset gate applied to the projected state, so that all of a
//! step's products of the state are one:
//!
//! ```text
//!     r = σ(x_r + h_r)   z = σ(x_z + h_z)   n = tanh(x_n + r h_n)   h' = n + z (h - n)
//! ```
//!
//! where `x_·` are the projected inputs and `h_·` the projected state, both with their biases. Only what happens element
//! by element is here; the products are in [`super::recurrent`].

use crate::math_functions::{sigmoid, tanh, widest};

/// One row. Shapes: `by_input`, `by_state` and its `bias` (3 hidden: r, z, n), `before`, `out` (hidden), `saved` (4 hidden: r,
/// z, n, h_n).
pub(super) fn forward(
    by_input: &[f32],
    by_state: &[f32],
    bias: &[f32],
    before: &[f32],
    out: &mut [f32],
    saved: &mut [f32],
) {
    widest!(forward_pass(
        by_input: &[f32],
        by_state: &[f32],
        bias: &[f32],
        before: &[f32],
        out: &mut [f32],
        saved: &mut [f32]
    ) -> ())
}

#[inline(always)]
fn forward_pass(by_input: &[f32], by_state: &[f32], bias: &[f32], before: &[f32], out: &mut [f32], saved: &mut [f32]) {
    let n = out.len();
    let (x_r, x_z, x_n) = thirds(by_input, n);
    let (h_r, h_z, h_n) = thirds(by_state, n);
    let (b_r, b_z, b_n) = thirds(bias, n);
    let (r, rest) = saved[..4 * n].split_at_mut(n);
    let (z, rest) = rest.split_at_mut(n);
    let (new, kept) = rest.split_at_mut(n);
    let before = &before[..n];
    for at in 0..n {
        r[at] = sigmoid(x_r[at] + (h_r[at] + b_r[at]));
        z[at] = sigmoid(x_z[at] + (h_z[at] + b_z[at]));
        kept[at] = h_n[at] + b_n[at];
        new[at] = tanh(x_n[at] + r[at] * kept[at]);
        out[at] = new[at] + z[at] * (before[at] - new[at]);
    }
}

fn thirds(values: &[f32], n: usize) -> (&[f32], &[f32], &[f32]) {
    (&values[..n], &values[n..2 * n], &values[2 * n..3 * n])
}

/// One row backwards: `by_out` becomes the part of the gradient by `before` that does not go through the products;
/// `by_input` and `by_state` become the gradients by the projections.
pub(super) fn backward(saved: &[f32], before: &[f32], by_out: &mut [f32], by_input: &mut [f32], by_state: &mut [f32]) {
    widest!(backward_pass(
        saved: &[f32],
        before: &[f32],
        by_out: &mut [f32],
        by_input: &mut [f32],
        by_state: &mut [f32]
    ) -> ())
}

#[inline(always)]
fn backward_pass(saved: &[f32], before: &[f32], by_out: &mut [f32], by_input: &mut [f32], by_state: &mut [f32]) {
    let n = by_out.len();
    let (r, z, new) = thirds(saved, n);
    let kept = &saved[3 * n..4 * n];
    let before = &before[..n];
    let (x_r, rest) = by_input[..3 * n].split_at_mut(n);
    let (x_z, x_n) = rest.split_at_mut(n);
    let (h_r, rest) = by_state[..3 * n].split_at_mut(n);
    let (h_z, h_n) = rest.split_at_mut(n);
    for at in 0..n {
        let by = by_out[at];
        let by_z = by * (before[at] - new[at]) * z[at] * (1.0 - z[at]);
        let by_n = by * (1.0 - z[at]) * (1.0 - new[at] * new[at]);
        let by_r = by_n * kept[at] * r[at] * (1.0 - r[at]);
        (x_r[at], x_z[at], x_n[at]) = (by_r, by_z, by_n);
        (h_r[at], h_z[at], h_n[at]) = (by_r, by_z, by_n * r[at]);
        by_out[at] = by * z[at];
    }
}

#[cfg(test)]
mod tests {
    /// One unit by hand: σ(0) = 1/2 for both gates, n = tanh(1 + 1/2 · 2), h' = n + (4 - n) / 2.
    #[test]
    fn one_unit_by_hand() {
        let (mut out, mut saved) = ([0.0], [0.0; 4]);
        super::forward(&[1.0, 3.0, 1.0], &[-2.0, -5.0, -1.0], &[1.0, 2.0, 3.0], &[4.0], &mut out, &mut saved);
        let n = 2f32.tanh();
        assert!((out[0] - (n + (4.0 - n) / 2.0)).abs() < 1e-6, "{out:?}");
        assert_eq!((saved[0], saved[1], saved[3]), (0.5, 0.5, 2.0));
    }
}
