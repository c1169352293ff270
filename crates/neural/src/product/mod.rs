//! Products of matrices, the one narrow place through which layers compute: [`Compute`] says in which precision, and
//! another home for them (a graphics processor, behind a feature) would be chosen here. None is built.
//!
//! Where the processor has AVX-512, products run through micro-kernels of our own over packed operands ([`tiles`]), in
//! single precision or in bfloat16 with sums in single precision; a weight used in many steps is packed once. Elsewhere
//! they run through the `gemm` crate. Work is spread over the threads of the surrounding rayon pool; each element is
//! summed in an order that depends on the shapes alone, so the bits do not depend on the number of threads.

#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod tiles;

use crate::{Matrix, NeuralError, View, ViewMut};

/// How the factors of products are rounded. Sums, parameters, gradients and moments are always single precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    F32,
    /// Factors rounded to eight significant bits, where the processor multiplies such numbers; elsewhere as `F32`.
    Bf16,
}

impl Precision {
    /// # Errors
    /// If it is neither `f32` nor `bf16`.
    pub fn from_name(name: &str) -> Result<Self, NeuralError> {
        match name {
            "f32" => Ok(Precision::F32),
            "bf16" => Ok(Precision::Bf16),
            _ => Err(NeuralError::unfit("precision", name, "f32, bf16")),
        }
    }
}

/// What happens to what a product is written over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Replace,
    Add,
}

/// Which kernels serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kernels {
    /// The `gemm` crate.
    Gemm,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx512Bf16,
}

/// Where and how precisely products are computed. Cheap to copy; hand it down to every layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compute {
    kernels: Kernels,
}

/// A right factor made ready for repeated products.
#[derive(Clone, Debug)]
pub struct Packed {
    n_rows: usize,
    n_cols: usize,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Plain(Matrix),
    #[cfg(target_arch = "x86_64")]
    Tiles(tiles::Right),
}

impl Packed {
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub fn n_cols(&self) -> usize {
        self.n_cols
    }
}

impl Compute {
    /// The fastest kernels of this machine for `precision`.
    pub fn new(precision: Precision) -> Self {
        Compute { kernels: Kernels::of(precision) }
    }

    /// The precision in force: `F32` also where `Bf16` was asked for and the processor cannot multiply it.
    pub fn precision(&self) -> Precision {
        match self.kernels {
            #[cfg(target_arch = "x86_64")]
            Kernels::Avx512Bf16 => Precision::Bf16,
            _ => Precision::F32,
        }
    }

    /// `out = left × right`, or `out += left × right`. Shapes: `left` (m, k), `right` (k, n), `out` (m, n).
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn product(&self, mut out: ViewMut, left: View, right: View, mode: Mode) {
        fit(&out, (left.n_rows(), left.n_cols()), (right.n_rows(), right.n_cols()));
        if nothing_to_sum(&mut out, left.n_cols(), mode) {
            return;
        }
        match self.kernels {
            Kernels::Gemm => through_gemm(out, left, right, mode),
            #[cfg(target_arch = "x86_64")]
            Kernels::Avx512 => tiles::product::<avx512::Single>(out, left, right, mode),
            #[cfg(target_arch = "x86_64")]
            Kernels::Avx512Bf16 => tiles::product::<avx512::Brain>(out, left, right, mode),
        }
    }

    /// Makes a right factor ready for repeated products.
    pub fn pack(&self, right: View) -> Packed {
        let form = match self.kernels {
            Kernels::Gemm => Form::Plain(right.to_matrix()),
            #[cfg(target_arch = "x86_64")]
            Kernels::Avx512 => Form::Tiles(tiles::Right::new::<avx512::Single>(right)),
            #[cfg(target_arch = "x86_64")]
            Kernels::Avx512Bf16 => Form::Tiles(tiles::Right::new::<avx512::Brain>(right)),
        };
        Packed { n_rows: right.n_rows(), n_cols: right.n_cols(), form }
    }

    /// As [`Compute::product`] with a factor from [`Compute::pack`] of the same `Compute`; with kernels of our own the same bits.
    ///
    /// # Panics
    /// If the shapes do not fit, or the factor was packed in another precision.
    pub fn product_packed(&self, mut out: ViewMut, left: View, right: &Packed, mode: Mode) {
        fit(&out, (left.n_rows(), left.n_cols()), (right.n_rows, right.n_cols));
        if nothing_to_sum(&mut out, left.n_cols(), mode) {
            return;
        }
        match (&right.form, self.kernels) {
            (Form::Plain(right), Kernels::Gemm) => through_gemm(out, left, right.view(), mode),
            #[cfg(target_arch = "x86_64")]
            (Form::Tiles(right), Kernels::Avx512) => tiles::product_packed::<avx512::Single>(out, left, right, mode),
            #[cfg(target_arch = "x86_64")]
            (Form::Tiles(right), Kernels::Avx512Bf16) => tiles::product_packed::<avx512::Brain>(out, left, right, mode),
            #[cfg(target_arch = "x86_64")]
            _ => panic!("a factor packed for other kernels than {:?}", self.kernels),
        }
    }

    /// `left × right` as a new matrix.
    pub fn times(&self, left: View, right: View) -> Matrix {
        let mut out = Matrix::zeros(left.n_rows(), right.n_cols());
        self.product(out.view_mut(), left, right, Mode::Replace);
        out
    }
}

impl Kernels {
    fn of(precision: Precision) -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let wide = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
            if wide && precision == Precision::Bf16 && is_x86_feature_detected!("avx512bf16") {
                return Kernels::Avx512Bf16;
            }
            if wide {
                return Kernels::Avx512;
            }
        }
        let _ = precision;
        Kernels::Gemm
    }
}

fn fit(out: &ViewMut, left: (usize, usize), right: (usize, usize)) {
    let out = (out.n_rows(), out.n_cols());
    assert!(left.1 == right.0 && out == (left.0, right.1), "shapes {left:?} times {right:?} into {out:?}");
}

/// Whether the result is there already: it is empty, or sums of no products.
fn nothing_to_sum(out: &mut ViewMut, n_products: usize, mode: Mode) -> bool {
    if n_products == 0 && mode == Mode::Replace && out.n_cols() > 0 {
        (0..out.n_rows()).for_each(|row| out.row_mut(row).fill(0.0));
    }
    n_products == 0 || out.n_rows() == 0 || out.n_cols() == 0
}

/// Multiplications from which a product is worth spreading over threads.
const SPREAD_FROM: usize = 1 << 19;

fn through_gemm(mut out: ViewMut, left: View, right: View, mode: Mode) {
    let (m, n, k) = (out.n_rows(), out.n_cols(), left.n_cols());
    let n_threads = rayon::current_num_threads();
    let spread = n_threads > 1 && m * n * k >= SPREAD_FROM;
    let parallelism = if spread { gemm::Parallelism::Rayon(n_threads) } else { gemm::Parallelism::None };
    let old = if mode == Mode::Add { 1.0 } else { 0.0 };
    let stride = |stride: usize| isize::try_from(stride).expect("a stride within memory");
    // SAFETY: views hold all their elements at their strides, and `out` is borrowed for writing alone.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.pointer(),
            1,
            stride(out.row_stride()),
            mode == Mode::Add,
            left.values().as_ptr(),
            stride(left.col_stride()),
            stride(left.row_stride()),
            right.values().as_ptr(),
            stride(right.col_stride()),
            stride(right.row_stride()),
            old,
            1.0f32,
            false,
            false,
            false,
            parallelism,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Random;
    use proptest::prelude::*;

    fn all() -> Vec<Compute> {
        let mut all = vec![Compute { kernels: Kernels::Gemm }];
        for precision in [Precision::F32, Precision::Bf16] {
            let compute = Compute::new(precision);
            if !all.contains(&compute) {
                all.push(compute);
            }
        }
        all
    }

    fn random(n_rows: usize, n_cols: usize, random: &mut Random) -> Matrix {
        let values = (0..n_rows * n_cols).map(|_| random.uniform() as f32 * 2.0 - 1.0).collect();
        Matrix::new(n_rows, n_cols, values).unwrap()
    }

    /// Relative to the sum of absolute products: 2^-24 a rounding of f32; 2^-8 for each of two factors of eight bits.
    fn check_against_f64(compute: Compute, left: View, right: View, before: Option<&Matrix>, found: &Matrix) {
        let unit = if compute.precision() == Precision::Bf16 { 1.01 * 2f64.powi(-7) } else { 2f64.powi(-21) };
        for row in 0..left.n_rows() {
            for col in 0..right.n_cols() {
                let start = before.map_or(0.0, |before| f64::from(before.row(row)[col]));
                let (mut sum, mut size) = (start, start.abs());
                for k in 0..left.n_cols() {
                    let term = f64::from(left.at(row, k)) * f64::from(right.at(k, col));
                    (sum, size) = (sum + term, size + term.abs());
                }
                let error = (f64::from(found.row(row)[col]) - sum).abs();
                assert!(error <= unit * size, "{compute:?} {row} {col}: {error} of {size}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn products_are_sums_of_products(
            m in 0usize..40, n in 0usize..80, k in 0usize..70, seed in 0u64..1000, transposed in 0usize..4, add in any::<bool>(),
        ) {
            let mut numbers = Random::new(seed);
            let (left_t, right_t) = (transposed & 1 == 1, transposed & 2 == 2);
            let left = if left_t { random(k, m, &mut numbers) } else { random(m, k, &mut numbers) };
            let right = if right_t { random(n, k, &mut numbers) } else { random(k, n, &mut numbers) };
            let left = if left_t { left.view().t() } else { left.view() };
            let right = if right_t { right.view().t() } else { right.view() };
            let before = random(m, n, &mut numbers);
            let mode = if add { Mode::Add } else { Mode::Replace };
            for compute in all() {
                let mut out = before.clone();
                compute.product(out.view_mut(), left, right, mode);
                check_against_f64(compute, left, right, add.then_some(&before), &out);
                let mut again = before.clone();
                compute.product_packed(again.view_mut(), left, &compute.pack(right), mode);
                check_against_f64(compute, left, right, add.then_some(&before), &again);
                prop_assert!(again == out || compute.kernels == Kernels::Gemm);
            }
        }
    }

    #[test]
    fn large_products_do_not_depend_on_threads_or_on_neighbouring_rows() {
        let mut numbers = Random::new(3);
        let (left, right) = (random(150, 1100, &mut numbers), random(1100, 333, &mut numbers));
        for compute in all() {
            let with = |n_threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
                pool.install(|| compute.times(left.view(), right.view()))
            };
            let one = with(1);
            check_against_f64(compute, left.view(), right.view(), None, &one);
            assert_eq!(one, with(2), "{compute:?}");
            assert_eq!(one, with(3), "{compute:?}");
            if compute.kernels != Kernels::Gemm {
                assert_eq!(compute.times(left.rows(17, 20), right.view()).values, one.rows(17, 20).values());
            }
        }
    }

    #[test]
    fn strided_views_are_read_and_written_in_place() {
        let mut numbers = Random::new(5);
        let (wide, right) = (random(9, 50, &mut numbers), random(20, 37, &mut numbers));
        for compute in all() {
            let mut out = Matrix::zeros(9, 100);
            out.values.fill(7.0);
            let left = wide.view().cols(13, 33);
            compute.product(out.view_mut().cols(5, 42), left, right.view(), Mode::Replace);
            let expected = compute.times(left, right.view());
            for row in 0..9 {
                assert_eq!(&out.row(row)[5..42], expected.row(row));
                assert!(out.row(row)[..5].iter().chain(&out.row(row)[42..]).all(|&value| value == 7.0));
            }
        }
    }

    #[test]
    #[should_panic(expected = "shapes (2, 3) times (4, 2) into (2, 2)")]
    fn shapes_that_do_not_fit_are_refused() {
        let (left, right) = (Matrix::zeros(2, 3), Matrix::zeros(4, 2));
        Compute::new(Precision::F32).product(Matrix::zeros(2, 2).view_mut(), left.view(), right.view(), Mode::Add);
    }
}
