//! Vector registers under one name, so that each kernel is written once and compiled for AVX-512, AVX2 and any machine.
//! Nothing here but loads, stores and arithmetic.
//!
//! Every function is `unsafe` for two reasons: it may only run where the processor has the instructions, which whoever
//! chose the kernel has asked, and pointers must be good for [`Lanes::N`] numbers.

/// A register of `N` numbers in single precision.
pub trait Lanes {
    type V: Copy;
    const N: usize;

    unsafe fn splat(value: f32) -> Self::V;
    unsafe fn load(from: *const f32) -> Self::V;
    unsafe fn store(to: *mut f32, v: Self::V);
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    /// `a × b + sum`.
    unsafe fn add_product(a: Self::V, b: Self::V, sum: Self::V) -> Self::V;
    /// The sums of four registers.
    unsafe fn sums(v: [Self::V; 4]) -> [f32; 4];
    unsafe fn prefetch(at: *const f32);
}

/// Registers of any machine: eight numbers, which compilers map to what there is.
pub struct Plain;

impl Lanes for Plain {
    type V = [f32; 8];
    const N: usize = 8;

    #[inline(always)]
    unsafe fn splat(value: f32) -> [f32; 8] {
        [value; 8]
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> [f32; 8] {
        unsafe { from.cast::<[f32; 8]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, v: [f32; 8]) {
        unsafe { to.cast::<[f32; 8]>().write_unaligned(v) }
    }
    #[inline(always)]
    unsafe fn add(a: [f32; 8], b: [f32; 8]) -> [f32; 8] {
        std::array::from_fn(|at| a[at] + b[at])
    }
    #[inline(always)]
    unsafe fn add_product(a: [f32; 8], b: [f32; 8], sum: [f32; 8]) -> [f32; 8] {
        std::array::from_fn(|at| a[at] * b[at] + sum[at])
    }
    #[inline(always)]
    unsafe fn sums(v: [[f32; 8]; 4]) -> [f32; 4] {
        v.map(|v| ((v[0] + v[4]) + (v[1] + v[5])) + ((v[2] + v[6]) + (v[3] + v[7])))
    }
    #[inline(always)]
    unsafe fn prefetch(_: *const f32) {}
}

#[cfg(target_arch = "x86_64")]
pub use wide::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::*;

    use super::Lanes;

    /// Needs AVX2 and FMA.
    pub struct Avx2;
    /// Needs AVX-512F.
    pub struct Avx512;

    #[inline(always)]
    unsafe fn sums_of_quarters(v: [__m128; 4]) -> [f32; 4] {
        let mut sums = [0f32; 4];
        unsafe {
            let (a, b) = (_mm_unpacklo_ps(v[0], v[1]), _mm_unpackhi_ps(v[0], v[1]));
            let (c, d) = (_mm_unpacklo_ps(v[2], v[3]), _mm_unpackhi_ps(v[2], v[3]));
            let (first, second) = (_mm_add_ps(a, b), _mm_add_ps(c, d));
            let sum = _mm_add_ps(_mm_movelh_ps(first, second), _mm_movehl_ps(second, first));
            _mm_storeu_ps(sums.as_mut_ptr(), sum);
        }
        sums
    }

    #[inline(always)]
    unsafe fn halves(v: __m256) -> __m128 {
        unsafe { _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps::<1>(v)) }
    }

    /// The halves of one register added, beside those of another.
    #[inline(always)]
    unsafe fn beside(a: __m512, b: __m512) -> __m512 {
        unsafe {
            let low = _mm512_shuffle_f32x4::<0b01_00_01_00>(a, b);
            let high = _mm512_shuffle_f32x4::<0b11_10_11_10>(a, b);
            _mm512_add_ps(low, high)
        }
    }

    impl Lanes for Avx2 {
        type V = __m256;
        const N: usize = 8;

        #[inline(always)]
        unsafe fn splat(value: f32) -> __m256 {
            unsafe { _mm256_set1_ps(value) }
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> __m256 {
            unsafe { _mm256_loadu_ps(from) }
        }
        #[inline(always)]
        unsafe fn store(to: *mut f32, v: __m256) {
            unsafe { _mm256_storeu_ps(to, v) }
        }
        #[inline(always)]
        unsafe fn add(a: __m256, b: __m256) -> __m256 {
            unsafe { _mm256_add_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn add_product(a: __m256, b: __m256, sum: __m256) -> __m256 {
            unsafe { _mm256_fmadd_ps(a, b, sum) }
        }
        #[inline(always)]
        unsafe fn sums(v: [__m256; 4]) -> [f32; 4] {
            unsafe { sums_of_quarters([halves(v[0]), halves(v[1]), halves(v[2]), halves(v[3])]) }
        }
        #[inline(always)]
        unsafe fn prefetch(at: *const f32) {
            unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
        }
    }

    impl Lanes for Avx512 {
        type V = __m512;
        const N: usize = 16;

        #[inline(always)]
        unsafe fn splat(value: f32) -> __m512 {
            unsafe { _mm512_set1_ps(value) }
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> __m512 {
            unsafe { _mm512_loadu_ps(from) }
        }
        #[inline(always)]
        unsafe fn store(to: *mut f32, v: __m512) {
            unsafe { _mm512_storeu_ps(to, v) }
        }
        #[inline(always)]
        unsafe fn add(a: __m512, b: __m512) -> __m512 {
            unsafe { _mm512_add_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn add_product(a: __m512, b: __m512, sum: __m512) -> __m512 {
            unsafe { _mm512_fmadd_ps(a, b, sum) }
        }
        #[inline(always)]
        unsafe fn sums(v: [__m512; 4]) -> [f32; 4] {
            unsafe {
                let (first, second) = (beside(v[0], v[1]), beside(v[2], v[3]));
                let even = _mm512_shuffle_f32x4::<0b10_00_10_00>(first, second);
                let odd = _mm512_shuffle_f32x4::<0b11_01_11_01>(first, second);
                let sum = _mm512_add_ps(even, odd);
                let quarters = [
                    _mm512_castps512_ps128(sum),
                    _mm512_extractf32x4_ps::<1>(sum),
                    _mm512_extractf32x4_ps::<2>(sum),
                    _mm512_extractf32x4_ps::<3>(sum),
                ];
                sums_of_quarters(quarters)
            }
        }
        #[inline(always)]
        unsafe fn prefetch(at: *const f32) {
            unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
        }
    }
}
