//! Vector registers under one name, so that each kernel is written once and compiled for AVX-512, AVX2 and any machine.
//! Nothing here but loads, stores and arithmetic; what is computed with them stands in `kernels`.
//!
//! Every function is `unsafe` for one reason: it may only run where the processor has the instructions, which whoever
//! chose the kernel has asked.

// Lanes are counted: an iterator over each array would hide that they go together.
#![allow(clippy::needless_range_loop)]

use crate::dense::Real;

/// The most lanes of any register here.
pub const LANES_MAX: usize = 16;

/// A register of `N` numbers.
pub trait Lanes {
    type T: Real;
    type V: Copy;
    const N: usize;

    unsafe fn splat(value: Self::T) -> Self::V;
    unsafe fn load(from: *const Self::T) -> Self::V;
    /// The first `n` numbers, at most `N`; the others are 0 and their memory is not touched.
    unsafe fn load_part(from: *const Self::T, n: usize) -> Self::V;
    unsafe fn store(to: *mut Self::T, v: Self::V);
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    /// `sum − a × b`.
    unsafe fn minus_product(a: Self::V, b: Self::V, sum: Self::V) -> Self::V;
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
    /// `yes` where a < b, else `no`.
    unsafe fn select_less(a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V;
    /// Bit by bit whether a ≤ b.
    unsafe fn at_most(a: Self::V, b: Self::V) -> u32;
    /// Turns the leading `N` × `N` square around.
    unsafe fn transpose(rows: &mut [Self::V; LANES_MAX]);
}

/// Registers of any machine: four numbers, which compilers map to what there is.
pub struct Plain<T>(std::marker::PhantomData<T>);

impl<T: Real> Lanes for Plain<T> {
    type T = T;
    type V = [T; 4];
    const N: usize = 4;

    #[inline(always)]
    unsafe fn splat(value: T) -> [T; 4] {
        [value; 4]
    }
    #[inline(always)]
    unsafe fn load(from: *const T) -> [T; 4] {
        unsafe { from.cast::<[T; 4]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn load_part(from: *const T, n: usize) -> [T; 4] {
        std::array::from_fn(|at| if at < n { unsafe { *from.add(at) } } else { T::ZERO })
    }
    #[inline(always)]
    unsafe fn store(to: *mut T, v: [T; 4]) {
        unsafe { to.cast::<[T; 4]>().write_unaligned(v) }
    }
    #[inline(always)]
    unsafe fn sub(a: [T; 4], b: [T; 4]) -> [T; 4] {
        std::array::from_fn(|at| a[at] - b[at])
    }
    #[inline(always)]
    unsafe fn minus_product(a: [T; 4], b: [T; 4], sum: [T; 4]) -> [T; 4] {
        std::array::from_fn(|at| sum[at] - a[at] * b[at])
    }
    #[inline(always)]
    unsafe fn min(a: [T; 4], b: [T; 4]) -> [T; 4] {
        std::array::from_fn(|at| if a[at] < b[at] { a[at] } else { b[at] })
    }
    #[inline(always)]
    unsafe fn max(a: [T; 4], b: [T; 4]) -> [T; 4] {
        std::array::from_fn(|at| if a[at] > b[at] { a[at] } else { b[at] })
    }
    #[inline(always)]
    unsafe fn select_less(a: [T; 4], b: [T; 4], yes: [T; 4], no: [T; 4]) -> [T; 4] {
        std::array::from_fn(|at| if a[at] < b[at] { yes[at] } else { no[at] })
    }
    #[inline(always)]
    unsafe fn at_most(a: [T; 4], b: [T; 4]) -> u32 {
        (0..4).fold(0, |set, at| set | u32::from(a[at] <= b[at]) << at)
    }
    #[inline(always)]
    unsafe fn transpose(rows: &mut [[T; 4]; LANES_MAX]) {
        let old = [rows[0], rows[1], rows[2], rows[3]];
        for (at, row) in rows[..4].iter_mut().enumerate() {
            *row = std::array::from_fn(|from| old[from][at]);
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub use wide::{Avx2F32, Avx2F64, Avx512F32, Avx512F64};

#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::*;

    use super::{LANES_MAX, Lanes};

    pub struct Avx512F32;
    pub struct Avx512F64;
    pub struct Avx2F32;
    pub struct Avx2F64;

    /// What all four have in common, by the names of their instructions.
    macro_rules! common {
        ($t:ty, $v:ty, $n:literal, $splat:ident, $load:ident, $store:ident, $sub:ident, $fnmadd:ident, $min:ident, $max:ident) => {
            type T = $t;
            type V = $v;
            const N: usize = $n;

            #[inline(always)]
            unsafe fn splat(value: $t) -> $v {
                unsafe { $splat(value) }
            }
            #[inline(always)]
            unsafe fn load(from: *const $t) -> $v {
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn store(to: *mut $t, v: $v) {
                unsafe { $store(to, v) }
            }
            #[inline(always)]
            unsafe fn sub(a: $v, b: $v) -> $v {
                unsafe { $sub(a, b) }
            }
            #[inline(always)]
            unsafe fn minus_product(a: $v, b: $v, sum: $v) -> $v {
                unsafe { $fnmadd(a, b, sum) }
            }
            #[inline(always)]
            unsafe fn min(a: $v, b: $v) -> $v {
                unsafe { $min(a, b) }
            }
            #[inline(always)]
            unsafe fn max(a: $v, b: $v) -> $v {
                unsafe { $max(a, b) }
            }
        };
    }

    impl Lanes for Avx512F32 {
        common!(
            f32,
            __m512,
            16,
            _mm512_set1_ps,
            _mm512_loadu_ps,
            _mm512_storeu_ps,
            _mm512_sub_ps,
            _mm512_fnmadd_ps,
            _mm512_min_ps,
            _mm512_max_ps
        );

        #[inline(always)]
        unsafe fn load_part(from: *const f32, n: usize) -> __m512 {
            unsafe { _mm512_maskz_loadu_ps(((1u32 << n) - 1) as u16, from) }
        }
        #[inline(always)]
        unsafe fn select_less(a: __m512, b: __m512, yes: __m512, no: __m512) -> __m512 {
            unsafe { _mm512_mask_mov_ps(no, _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b), yes) }
        }
        #[inline(always)]
        unsafe fn at_most(a: __m512, b: __m512) -> u32 {
            unsafe { u32::from(_mm512_cmp_ps_mask::<_CMP_LE_OQ>(a, b)) }
        }
        #[inline(always)]
        unsafe fn transpose(rows: &mut [__m512; LANES_MAX]) {
            unsafe {
                let mut t = *rows;
                for i in 0..8 {
                    t[2 * i] = _mm512_unpacklo_ps(rows[2 * i], rows[2 * i + 1]);
                    t[2 * i + 1] = _mm512_unpackhi_ps(rows[2 * i], rows[2 * i + 1]);
                }
                let pd = |v: __m512| _mm512_castps_pd(v);
                let ps = |v: __m512d| _mm512_castpd_ps(v);
                let mut u = t;
                for i in 0..4 {
                    u[4 * i] = ps(_mm512_unpacklo_pd(pd(t[4 * i]), pd(t[4 * i + 2])));
                    u[4 * i + 1] = ps(_mm512_unpackhi_pd(pd(t[4 * i]), pd(t[4 * i + 2])));
                    u[4 * i + 2] = ps(_mm512_unpacklo_pd(pd(t[4 * i + 1]), pd(t[4 * i + 3])));
                    u[4 * i + 3] = ps(_mm512_unpackhi_pd(pd(t[4 * i + 1]), pd(t[4 * i + 3])));
                }
                // Now quarter b of u[4i + c] holds column 4b + c of rows 4i to 4i + 3.
                for c in 0..4 {
                    let (even, odd) =
                        (_mm512_shuffle_f32x4::<0x88>(u[c], u[4 + c]), _mm512_shuffle_f32x4::<0xdd>(u[c], u[4 + c]));
                    let (later_even, later_odd) = (
                        _mm512_shuffle_f32x4::<0x88>(u[8 + c], u[12 + c]),
                        _mm512_shuffle_f32x4::<0xdd>(u[8 + c], u[12 + c]),
                    );
                    rows[c] = _mm512_shuffle_f32x4::<0x88>(even, later_even);
                    rows[4 + c] = _mm512_shuffle_f32x4::<0x88>(odd, later_odd);
                    rows[8 + c] = _mm512_shuffle_f32x4::<0xdd>(even, later_even);
                    rows[12 + c] = _mm512_shuffle_f32x4::<0xdd>(odd, later_odd);
                }
            }
        }
    }

    impl Lanes for Avx512F64 {
        common!(
            f64,
            __m512d,
            8,
            _mm512_set1_pd,
            _mm512_loadu_pd,
            _mm512_storeu_pd,
            _mm512_sub_pd,
            _mm512_fnmadd_pd,
            _mm512_min_pd,
            _mm512_max_pd
        );

        #[inline(always)]
        unsafe fn load_part(from: *const f64, n: usize) -> __m512d {
            unsafe { _mm512_maskz_loadu_pd(((1u32 << n) - 1) as u8, from) }
        }
        #[inline(always)]
        unsafe fn select_less(a: __m512d, b: __m512d, yes: __m512d, no: __m512d) -> __m512d {
            unsafe { _mm512_mask_mov_pd(no, _mm512_cmp_pd_mask::<_CMP_LT_OQ>(a, b), yes) }
        }
        #[inline(always)]
        unsafe fn at_most(a: __m512d, b: __m512d) -> u32 {
            unsafe { u32::from(_mm512_cmp_pd_mask::<_CMP_LE_OQ>(a, b)) }
        }
        #[inline(always)]
        unsafe fn transpose(rows: &mut [__m512d; LANES_MAX]) {
            unsafe {
                let mut t = *rows;
                for i in 0..4 {
                    t[2 * i] = _mm512_unpacklo_pd(rows[2 * i], rows[2 * i + 1]);
                    t[2 * i + 1] = _mm512_unpackhi_pd(rows[2 * i], rows[2 * i + 1]);
                }
                // Now quarter b of t[2i + c] holds column 2b + c of rows 2i and 2i + 1.
                for c in 0..2 {
                    let (even, odd) =
                        (_mm512_shuffle_f64x2::<0x88>(t[c], t[2 + c]), _mm512_shuffle_f64x2::<0xdd>(t[c], t[2 + c]));
                    let (later_even, later_odd) = (
                        _mm512_shuffle_f64x2::<0x88>(t[4 + c], t[6 + c]),
                        _mm512_shuffle_f64x2::<0xdd>(t[4 + c], t[6 + c]),
                    );
                    rows[c] = _mm512_shuffle_f64x2::<0x88>(even, later_even);
                    rows[2 + c] = _mm512_shuffle_f64x2::<0x88>(odd, later_odd);
                    rows[4 + c] = _mm512_shuffle_f64x2::<0xdd>(even, later_even);
                    rows[6 + c] = _mm512_shuffle_f64x2::<0xdd>(odd, later_odd);
                }
            }
        }
    }

    impl Lanes for Avx2F32 {
        common!(
            f32,
            __m256,
            8,
            _mm256_set1_ps,
            _mm256_loadu_ps,
            _mm256_storeu_ps,
            _mm256_sub_ps,
            _mm256_fnmadd_ps,
            _mm256_min_ps,
            _mm256_max_ps
        );

        #[inline(always)]
        unsafe fn load_part(from: *const f32, n: usize) -> __m256 {
            let mask: [i32; 8] = std::array::from_fn(|at| if at < n { -1 } else { 0 });
            unsafe { _mm256_maskload_ps(from, _mm256_loadu_si256(mask.as_ptr().cast())) }
        }
        #[inline(always)]
        unsafe fn select_less(a: __m256, b: __m256, yes: __m256, no: __m256) -> __m256 {
            unsafe { _mm256_blendv_ps(no, yes, _mm256_cmp_ps::<_CMP_LT_OQ>(a, b)) }
        }
        #[inline(always)]
        unsafe fn at_most(a: __m256, b: __m256) -> u32 {
            unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(a, b)) as u32 }
        }
        #[inline(always)]
        unsafe fn transpose(rows: &mut [__m256; LANES_MAX]) {
            unsafe {
                let mut t = *rows;
                for i in 0..4 {
                    t[2 * i] = _mm256_unpacklo_ps(rows[2 * i], rows[2 * i + 1]);
                    t[2 * i + 1] = _mm256_unpackhi_ps(rows[2 * i], rows[2 * i + 1]);
                }
                let pd = |v: __m256| _mm256_castps_pd(v);
                let ps = |v: __m256d| _mm256_castpd_ps(v);
                let mut u = t;
                for i in 0..2 {
                    u[4 * i] = ps(_mm256_unpacklo_pd(pd(t[4 * i]), pd(t[4 * i + 2])));
                    u[4 * i + 1] = ps(_mm256_unpackhi_pd(pd(t[4 * i]), pd(t[4 * i + 2])));
                    u[4 * i + 2] = ps(_mm256_unpacklo_pd(pd(t[4 * i + 1]), pd(t[4 * i + 3])));
                    u[4 * i + 3] = ps(_mm256_unpackhi_pd(pd(t[4 * i + 1]), pd(t[4 * i + 3])));
                }
                for c in 0..4 {
                    rows[c] = _mm256_permute2f128_ps::<0x20>(u[c], u[4 + c]);
                    rows[4 + c] = _mm256_permute2f128_ps::<0x31>(u[c], u[4 + c]);
                }
            }
        }
    }

    impl Lanes for Avx2F64 {
        common!(
            f64,
            __m256d,
            4,
            _mm256_set1_pd,
            _mm256_loadu_pd,
            _mm256_storeu_pd,
            _mm256_sub_pd,
            _mm256_fnmadd_pd,
            _mm256_min_pd,
            _mm256_max_pd
        );

        #[inline(always)]
        unsafe fn load_part(from: *const f64, n: usize) -> __m256d {
            let mask: [i64; 4] = std::array::from_fn(|at| if at < n { -1 } else { 0 });
            unsafe { _mm256_maskload_pd(from, _mm256_loadu_si256(mask.as_ptr().cast())) }
        }
        #[inline(always)]
        unsafe fn select_less(a: __m256d, b: __m256d, yes: __m256d, no: __m256d) -> __m256d {
            unsafe { _mm256_blendv_pd(no, yes, _mm256_cmp_pd::<_CMP_LT_OQ>(a, b)) }
        }
        #[inline(always)]
        unsafe fn at_most(a: __m256d, b: __m256d) -> u32 {
            unsafe { _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_LE_OQ>(a, b)) as u32 }
        }
        #[inline(always)]
        unsafe fn transpose(rows: &mut [__m256d; LANES_MAX]) {
            unsafe {
                let mut t = *rows;
                for i in 0..2 {
                    t[2 * i] = _mm256_unpacklo_pd(rows[2 * i], rows[2 * i + 1]);
                    t[2 * i + 1] = _mm256_unpackhi_pd(rows[2 * i], rows[2 * i + 1]);
                }
                for c in 0..2 {
                    rows[c] = _mm256_permute2f128_pd::<0x20>(t[c], t[2 + c]);
                    rows[2 + c] = _mm256_permute2f128_pd::<0x31>(t[c], t[2 + c]);
                }
            }
        }
    }
}
