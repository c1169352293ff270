//! Dense kernels in single and double precision: products of rows, squared lengths. The numbers' type is [`Real`].
//!
//! What is not here: anything parallel; callers split rows over threads.

use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

/// A real number of either precision.
pub trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Sum
    + faer::traits::ComplexField
{
    const ZERO: Self;
    const ONE: Self;
    const MAX: Self;
    const INFINITY: Self;
    const EPSILON: Self;

    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
    fn is_finite(self) -> bool;
    fn sqrt(self) -> Self;
    fn abs(self) -> Self;
    fn min(self, other: Self) -> Self;
    fn max(self, other: Self) -> Self;
    fn mul_add(self, factor: Self, more: Self) -> Self;
    fn total_cmp(&self, other: &Self) -> std::cmp::Ordering;
}

macro_rules! real {
    ($kind:ident) => {
        impl Real for $kind {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const MAX: Self = $kind::MAX;
            const INFINITY: Self = $kind::INFINITY;
            const EPSILON: Self = $kind::EPSILON;

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $kind
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $kind::is_finite(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $kind::sqrt(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $kind::abs(self)
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                $kind::min(self, other)
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                $kind::max(self, other)
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, more: Self) -> Self {
                $kind::mul_add(self, factor, more)
            }
            #[inline(always)]
            fn total_cmp(&self, other: &Self) -> std::cmp::Ordering {
                $kind::total_cmp(self, other)
            }
        }
    };
}

real!(f32);
real!(f64);

/// `out = factor × left × rightᵀ`. Shapes, all row by row: `left` (n, d), `right` (m, d), `out` (n, m).
///
/// # Panics
/// If a length does not fit the shapes.
pub fn product_with_transposed<T: Real>(left: &[T], right: &[T], d: usize, factor: T, out: &mut [T]) {
    let (n, m) = (left.len() / d, right.len() / d);
    let left = MatRef::from_row_major_slice(left, n, d);
    let right = MatRef::from_row_major_slice(right, m, d).transpose();
    matmul(MatMut::from_row_major_slice_mut(out, n, m), Accum::Replace, left, right, factor, Par::Seq);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_each_pair_of_rows() {
        let left: Vec<f64> = (0..15).map(f64::from).collect();
        let right: Vec<f64> = (0..6).map(|at| f64::from(at * at)).collect();
        let mut out = vec![0.0; 10];
        product_with_transposed(&left, &right, 3, -2.0, &mut out);
        for i in 0..5 {
            for j in 0..2 {
                let expected: f64 = (0..3).map(|at| left[i * 3 + at] * right[j * 3 + at]).sum();
                assert_eq!(out[i * 2 + j], -2.0 * expected);
            }
        }
    }
}
