//! Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000):
//!
//! ```text
//!     i, f, o = σ(a_i), σ(a_f), σ(a_o)   g = tanh(a_g)   c' = f c + i g   h' = o tanh(c')
//! ```
//!
//! where `a_·` are the projected inputs plus the projected state. Only what happens element by element is here; the
//! products are in [`super::recurrent`].

use crate::math_functions::{sigmoid, tanh, widest};

/// One row. Shapes: `by_input`, `by_state` (4 hidden: i, f, g, o), `before_c`, `out`, `out_c` (hidden), `saved` (4 hidden:
/// i, f, g, o after their functions).
pub(super) fn forward(
    by_input: &[f32],
    by_state: &[f32],
    before_c: &[f32],
    out: &mut [f32],
    out_c: &mut [f32],
    saved: &mut [f32],
) {
    widest!(forward_pass(
        by_input: &[f32],
        by_state: &[f32],
        before_c: &[f32],
        out: &mut [f32],
        out_c: &mut [f32],
        saved: &mut [f32]
    ) -> ())
}

#[inline(always)]
fn forward_pass(
    by_input: &[f32],
    by_state: &[f32],
    before_c: &[f32],
    out: &mut [f32],
    out_c: &mut [f32],
    saved: &mut [f32],
) {
    let n = out.len();
    let (before_c, out_c, by_input, by_state) =
        (&before_c[..n], &mut out_c[..n], &by_input[..4 * n], &by_state[..4 * n]);
    let (i, rest) = saved[..4 * n].split_at_mut(n);
    let (f, rest) = rest.split_at_mut(n);
    let (g, o) = rest.split_at_mut(n);
    for at in 0..n {
        i[at] = sigmoid(by_input[at] + by_state[at]);
        f[at] = sigmoid(by_input[n + at] + by_state[n + at]);
        g[at] = tanh(by_input[2 * n + at] + by_state[2 * n + at]);
        o[at] = sigmoid(by_input[3 * n + at] + by_state[3 * n + at]);
        out_c[at] = f[at] * before_c[at] + i[at] * g[at];
        out[at] = o[at] * tanh(out_c[at]);
    }
}

/// One row backwards: `by_c`, the gradient by `c'`, becomes that by `c`; `by_both` becomes that by the projections' sum.
pub(super) fn backward(
    saved: &[f32],
    before_c: &[f32],
    c: &[f32],
    by_out: &[f32],
    by_c: &mut [f32],
    by_both: &mut [f32],
) {
    widest!(backward_pass(
        saved: &[f32],
        before_c: &[f32],
        c: &[f32],
        by_out: &[f32],
        by_c: &mut [f32],
        by_both: &mut [f32]
    ) -> ())
}

#[inline(always)]
fn backward_pass(saved: &[f32], before_c: &[f32], c: &[f32], by_out: &[f32], by_c: &mut [f32], by_both: &mut [f32]) {
    let n = by_out.len();
    let (before_c, c, by_c, saved) = (&before_c[..n], &c[..n], &mut by_c[..n], &saved[..4 * n]);
    let (by_i, rest) = by_both[..4 * n].split_at_mut(n);
    let (by_f, rest) = rest.split_at_mut(n);
    let (by_g, by_o) = rest.split_at_mut(n);
    for at in 0..n {
        let (i, f, g, o) = (saved[at], saved[n + at], saved[2 * n + at], saved[3 * n + at]);
        let size = tanh(c[at]);
        let by = by_c[at] + by_out[at] * o * (1.0 - size * size);
        by_i[at] = by * g * i * (1.0 - i);
        by_f[at] = by * before_c[at] * f * (1.0 - f);
        by_g[at] = by * i * (1.0 - g * g);
        by_o[at] = by_out[at] * size * o * (1.0 - o);
        by_c[at] = by * f;
    }
}

#[cfg(test)]
mod tests {
    /// One unit by hand: all gates σ(0) = 1/2, g = tanh(1): c' = (2 + g) / 2, h' = tanh(c') / 2.
    #[test]
    fn one_unit_by_hand() {
        let (mut out, mut c, mut saved) = ([0.0], [0.0], [0.0; 4]);
        super::forward(&[1.0, 2.0, 0.5, 3.0], &[-1.0, -2.0, 0.5, -3.0], &[2.0], &mut out, &mut c, &mut saved);
        let expected = (2.0 + 1f32.tanh()) / 2.0;
        assert!((c[0] - expected).abs() < 1e-6 && (out[0] - expected.tanh() / 2.0).abs() < 1e-6, "{c:?} {out:?}");
    }
}
