//! Exponential, hyperbolic tangent and logistic function over slices: polynomials that compilers turn into the widest
//! vectors the machine has. Every width gives the same bits, since each number sees the same fused operations.
//! Relative error at most 2e-7 for results that are normal numbers; what is not a number stays so.

/// Runs a pass with the widest vectors (and fused multiply-add) that the machine has.
macro_rules! widest {
    ($pass:ident($($name:ident: $kind:ty),*) -> $result:ty) => {{
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,fma")]
            fn with_avx512($($name: $kind),*) -> $result {
                $pass($($name),*)
            }
            #[target_feature(enable = "avx2,fma")]
            fn with_avx2($($name: $kind),*) -> $result {
                $pass($($name),*)
            }
            if is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
            {
                // SAFETY: the machine has the instructions; those named imply AVX-512F and FMA.
                return unsafe { with_avx512($($name),*) };
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                // SAFETY: the machine has the instructions.
                return unsafe { with_avx2($($name),*) };
            }
        }
        $pass($($name),*)
    }};
}

pub(crate) use widest;

const LOG2_E: f32 = std::f32::consts::LOG2_E;
/// ln 2 in two parts, the first with trailing zeros, so that a small multiple of it is exact (Cody and Waite).
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;

/// `e^r - 1` for |r| ≤ ln 2 / 2, by the series to the seventh power: its remainder is 1.5e-8 of the result.
#[inline(always)]
fn expm1_small(r: f32) -> f32 {
    let mut p = 1.0 / 5040.0;
    p = f32::mul_add(p, r, 1.0 / 720.0);
    p = f32::mul_add(p, r, 1.0 / 120.0);
    p = f32::mul_add(p, r, 1.0 / 24.0);
    p = f32::mul_add(p, r, 1.0 / 6.0);
    p = f32::mul_add(p, r, 0.5);
    f32::mul_add(p * r, r, r)
}

/// `2^n` for whole `n` in -126..=127.
#[inline(always)]
fn power_of_two(n: f32) -> f32 {
    // SAFETY: callers keep n within -126..=127. (The checked conversion would be many instructions per number.)
    let n = unsafe { n.to_int_unchecked::<i32>() };
    f32::from_bits(((n + 127) << 23) as u32)
}

/// `x` as `n ln 2 + r` with whole `n` and |r| ≤ ln 2 / 2.
#[inline(always)]
fn reduced(x: f32) -> (f32, f32) {
    let n = (x * LOG2_E).round_ties_even();
    (n, f32::mul_add(n, -LN2_LOW, f32::mul_add(n, -LN2_HIGH, x)))
}

/// `e^x`; 0 below -87.3, where results are no longer normal numbers, and infinite above 88.72.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // Not min and max, which would lose what is not a number.
    let kept = if x > 88.8 { 88.8 } else { x };
    let kept = if kept >= -87.3 { kept } else { -87.3 };
    let (n, r) = reduced(kept);
    // 2^128 alone is not a number, e^88.7 is.
    let (n, last) = if n > 127.0 { (n - 1.0, 2.0) } else { (n, 1.0) };
    let power = power_of_two(n);
    let y = f32::mul_add(expm1_small(r), power, power) * last;
    let y = if x < -87.3 { 0.0 } else { y };
    if x.is_nan() { x } else { y }
}

#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let size = x.abs();
    // Beyond, the result rounds to 1.
    let kept = if size < 9.1 { size } else { 9.1 };
    let (n, r) = reduced(2.0 * kept);
    let power = power_of_two(n);
    let t = f32::mul_add(expm1_small(r), power, power - 1.0);
    let y = (t / (t + 2.0)).copysign(x);
    if x.is_nan() { x } else { y }
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[inline(always)]
fn exp_pass(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = exp(*value));
}

#[inline(always)]
fn tanh_pass(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = tanh(*value));
}

#[inline(always)]
fn sigmoid_pass(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = sigmoid(*value));
}

/// Every value becomes its exponential.
pub fn exp_in_place(values: &mut [f32]) {
    widest!(exp_pass(values: &mut [f32]) -> ())
}

/// Every value becomes its hyperbolic tangent.
pub fn tanh_in_place(values: &mut [f32]) {
    widest!(tanh_pass(values: &mut [f32]) -> ())
}

/// Every value becomes its logistic function.
pub fn sigmoid_in_place(values: &mut [f32]) {
    widest!(sigmoid_pass(values: &mut [f32]) -> ())
}

#[inline(always)]
fn largest_pass(values: &[f32]) -> f32 {
    let mut best = [f32::NEG_INFINITY; 16];
    let (whole, rest) = values.as_chunks::<16>();
    for chunk in whole {
        for (best, &value) in best.iter_mut().zip(chunk) {
            *best = if value > *best { value } else { *best };
        }
    }
    best.iter().chain(rest).fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a })
}

#[inline(always)]
fn exp_less_pass(values: &mut [f32], less: f32) -> f32 {
    let mut sums = [0f32; 16];
    let (whole, rest) = values.as_chunks_mut::<16>();
    for chunk in whole {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *value = exp(*value - less);
            *sum += *value;
        }
    }
    let mut sum: f32 = sums.iter().sum();
    for value in rest {
        *value = exp(*value - less);
        sum += *value;
    }
    sum
}

/// Values become `e^(value - less)`; their sum, in sixteen parts that are added up in order.
pub fn exp_less(values: &mut [f32], less: f32) -> f32 {
    widest!(exp_less_pass(values: &mut [f32], less: f32) -> f32)
}

/// The largest value; -∞ of none. What is not a number is passed over.
pub fn largest(values: &[f32]) -> f32 {
    widest!(largest_pass(values: &[f32]) -> f32)
}

/// Values become their softmax. The result is all NaN if a value is not a number or all are -∞.
pub fn softmax_in_place(values: &mut [f32]) {
    let most = largest(values);
    let sum = exp_less(values, most);
    let scale = 1.0 / sum;
    values.iter_mut().for_each(|value| *value *= scale);
}

/// Values become the logarithms of their softmax.
pub fn log_softmax_in_place(values: &mut [f32]) {
    let less = log_sum_exp(values);
    values.iter_mut().for_each(|value| *value -= less);
}

#[inline(always)]
fn sum_exp_pass(values: &[f32], less: f32) -> f32 {
    let mut sums = [0f32; 16];
    let (whole, rest) = values.as_chunks::<16>();
    for chunk in whole {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += exp(*value - less);
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|value| exp(value - less)).sum::<f32>()
}

/// `ln Σ e^value`.
pub fn log_sum_exp(values: &[f32]) -> f32 {
    fn sum_exp(values: &[f32], less: f32) -> f32 {
        widest!(sum_exp_pass(values: &[f32], less: f32) -> f32)
    }
    let most = largest(values);
    most + sum_exp(values, most).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2,000,001 numbers over a range, and the largest relative error against double precision.
    fn worst(from: f64, to: f64, pass: fn(&mut [f32]), exact: fn(f64) -> f64) -> f64 {
        let inputs: Vec<f32> = (0..=400_000).map(|at| (from + (to - from) * f64::from(at) / 4e5) as f32).collect();
        let mut found = inputs.clone();
        pass(&mut found);
        let error = |(&x, &y): (&f32, &f32)| {
            let exact = exact(f64::from(x));
            if exact == 0.0 { f64::from(y).abs() } else { ((f64::from(y) - exact) / exact).abs() }
        };
        inputs.iter().zip(&found).map(error).fold(0.0, f64::max)
    }

    #[test]
    fn functions_are_exact_to_2e_7() {
        for (from, to) in [(-87.2, 88.7), (-1.0, 1.0), (-1e-3, 1e-3)] {
            assert!(worst(from, to, exp_in_place, f64::exp) <= 2e-7, "exp {from} {to}");
        }
        for (from, to) in [(-10.0, 10.0), (-0.7, 0.7), (-1e-3, 1e-3), (-1e-30, 1e-30), (-1e30, 1e30)] {
            let error = worst(from, to, tanh_in_place, f64::tanh);
            assert!(error <= 2e-7, "tanh {from} {to} {error}");
        }
        for (from, to) in [(-87.0, 87.0), (-4.0, 4.0)] {
            let error = worst(from, to, sigmoid_in_place, |x| 1.0 / (1.0 + (-x).exp()));
            assert!(error <= 2e-7, "sigmoid {from} {to} {error}");
        }
    }

    #[test]
    fn the_ends_are_what_they_should_be() {
        let ends = [f32::NEG_INFINITY, -1e30, -90.0, 89.0, f32::INFINITY, f32::NAN];
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        let mut found = ends;
        exp_in_place(&mut found);
        assert_eq!(bits(&found[..5]), bits(&[0.0, 0.0, 0.0, f32::INFINITY, f32::INFINITY]));
        assert!(found[5].is_nan());
        found = ends;
        tanh_in_place(&mut found);
        assert_eq!(bits(&found[..5]), bits(&[-1.0, -1.0, -1.0, 1.0, 1.0]));
        assert!(found[5].is_nan());
        found = ends;
        sigmoid_in_place(&mut found);
        assert_eq!(&found[..5], &[0.0, 0.0, 0.0, 1.0, 1.0]);
        assert!(found[5].is_nan());
    }

    #[test]
    fn wide_and_narrow_give_the_same_bits() {
        let inputs: Vec<f32> = (0..1037).map(|at| (at as f32 - 500.0) * 0.037).collect();
        for (pass, one) in [
            (exp_in_place as fn(&mut [f32]), exp as fn(f32) -> f32),
            (tanh_in_place, tanh),
            (sigmoid_in_place, sigmoid),
        ] {
            let mut wide = inputs.clone();
            pass(&mut wide);
            for (&input, wide) in inputs.iter().zip(wide) {
                assert_eq!(one(input).to_bits(), wide.to_bits(), "{input}");
            }
        }
    }

    #[test]
    fn softmax_sums_to_one_and_agrees_with_its_logarithm() {
        let mut values: Vec<f32> = (0..101).map(|at| (at as f32 * 0.7).sin() * 30.0 + 1000.0).collect();
        let mut logs = values.clone();
        softmax_in_place(&mut values);
        log_softmax_in_place(&mut logs);
        assert!((values.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        for (p, log) in values.iter().zip(&logs) {
            assert!((f64::from(*log).exp() - f64::from(*p)).abs() <= 1e-4 * f64::from(*p) + 1e-12, "{p} {log}");
        }
        assert_eq!(largest(&[]), f32::NEG_INFINITY);
        assert_eq!(largest(&[f32::NAN, -3.0, 2.0]), 2.0);
    }
}
