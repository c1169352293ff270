//! The inner step of all models here: a few input vectors meet a few output vectors, every input each output. From the
//! products come the errors of a logistic regression, and from the errors one gradient step of all of them, taken at the
//! values before it. As small products of matrices (Ji, Satish, Li, Dubey 2016) it reads and writes each row once
//! where the original reads the output rows anew for every pair.

// Lanes are counted: an iterator over each array would hide that they go together, and a closure that they are registers.
#![allow(clippy::needless_range_loop)]

use super::lanes::{Lanes, Plain};

/// Floats in a line of memory; rows are whole lines.
pub const LINE: usize = 16;

/// A line of memory, where it should be.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
pub struct Line(pub [f32; LINE]);

/// Rows of `lines` lines each.
pub struct Rows {
    values: Vec<Line>,
    lines: usize,
}

impl Rows {
    pub fn zeros(n: usize, dim: usize) -> Self {
        let lines = dim.div_ceil(LINE);
        Rows { values: vec![Line([0.0; LINE]); n * lines], lines }
    }

    pub fn n(&self) -> usize {
        self.values.len() / self.lines
    }

    pub fn stride(&self) -> usize {
        self.lines * LINE
    }

    pub fn row(&self, at: usize) -> &[f32] {
        let lines = &self.values[at * self.lines..(at + 1) * self.lines];
        // SAFETY: a line is sixteen floats without padding.
        unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), lines.len() * LINE) }
    }

    pub fn row_mut(&mut self, at: usize) -> &mut [f32] {
        let lines = &mut self.values[at * self.lines..(at + 1) * self.lines];
        // SAFETY: a line is sixteen floats without padding.
        unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len() * LINE) }
    }

    fn as_mut_ptr(&mut self) -> *mut f32 {
        self.values.as_mut_ptr().cast()
    }
}

/// Input rows taken together in registers; more are taken in turns, each seeing what the turn before has changed.
const INPUTS: usize = 4;

/// Which rows meet, and how far to step.
pub struct Meeting<'a> {
    pub inputs: &'a [u32],
    pub outputs: &'a [u32],
    /// What each output should be: 1 (it was there) or 0. Shape: as `outputs`.
    pub labels: &'a [f32],
    pub rate: f32,
}

/// Working memory of one thread.
#[derive(Default)]
pub struct Work {
    /// Products, then errors times the rate. Shape: (outputs, inputs of the turn), padded.
    errors: Vec<f32>,
    /// Σ ln of what the step made of each pair, with the sign of a loss, and the number of pairs; only if asked for.
    pub loss: f64,
    pub n_pairs: u64,
    pub watches_loss: bool,
}

#[derive(Clone, Copy)]
pub struct Kernels {
    #[cfg_attr(not(test), expect(dead_code, reason = "tests say which kernel they looked at"))]
    pub name: &'static str,
    step: unsafe fn(*mut f32, *mut f32, usize, &Meeting, &mut Work),
    prefetch: unsafe fn(*const f32, usize),
    add: unsafe fn(&mut [f32], &[f32], f32),
}

macro_rules! kernels {
    ($name:literal, $lanes:ty $(, $features:literal)?) => {{
        $(#[target_feature(enable = $features)])?
        unsafe fn step(input: *mut f32, output: *mut f32, stride: usize, meeting: &Meeting, work: &mut Work) {
            unsafe { all_inputs::<$lanes>(input, output, stride, meeting, work) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn prefetch(row: *const f32, stride: usize) {
            let mut at = 0;
            while at < stride {
                unsafe { <$lanes>::prefetch(row.wrapping_add(at)) };
                at += LINE;
            }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn add(to: &mut [f32], from: &[f32], times: f32) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += times * from);
        }
        Kernels { name: $name, step, prefetch, add }
    }};
}

impl Kernels {
    /// What this processor can run, fastest first; the last runs anywhere.
    pub fn available() -> Vec<Kernels> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                found.push(kernels!("avx512", super::lanes::Avx512, "avx512f"));
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                found.push(kernels!("avx2", super::lanes::Avx2, "avx2,fma"));
            }
        }
        found.push(kernels!("plain", Plain));
        found
    }

    /// One gradient step of the rows that meet.
    ///
    /// # Panics
    /// If a row does not exist, or labels and outputs differ in number.
    #[inline]
    pub fn step(&self, input: &mut Rows, output: &mut Rows, meeting: &Meeting, work: &mut Work) {
        assert!(input.lines == output.lines && meeting.labels.len() == meeting.outputs.len());
        assert!(meeting.inputs.iter().all(|&row| (row as usize) < input.n()));
        assert!(meeting.outputs.iter().all(|&row| (row as usize) < output.n()));
        let stride = input.stride();
        // SAFETY: the rows exist, input and output are different memory, and the processor has the instructions.
        unsafe { (self.step)(input.as_mut_ptr(), output.as_mut_ptr(), stride, meeting, work) }
    }

    /// Asks for a row that will be wanted soon.
    #[inline]
    pub fn prefetch(&self, rows: &Rows, at: u32) {
        let at = (at as usize) * rows.stride();
        // SAFETY: the processor has the instructions; a prefetch reads nothing, wherever it points.
        unsafe { (self.prefetch)(rows.values.as_ptr().cast::<f32>().wrapping_add(at), rows.stride()) }
    }

    /// `to += times × from`.
    #[inline]
    pub fn add(&self, to: &mut [f32], from: &[f32], times: f32) {
        // SAFETY: the processor has the instructions.
        unsafe { (self.add)(to, from, times) }
    }
}

/// All inputs, a few at a time, evenly.
#[inline(always)]
unsafe fn all_inputs<L: Lanes>(input: *mut f32, output: *mut f32, stride: usize, meeting: &Meeting, work: &mut Work) {
    let n = meeting.inputs.len();
    if n == 0 || meeting.outputs.is_empty() {
        return;
    }
    let size = n.div_ceil(n.div_ceil(INPUTS));
    for rows in meeting.inputs.chunks(size) {
        let at = |place: usize| unsafe { input.add(rows[place.min(rows.len() - 1)] as usize * stride) };
        unsafe {
            match rows.len() {
                1 => few_inputs::<L, 1>([at(0)], output, stride, meeting, work),
                2 => few_inputs::<L, 2>([at(0), at(1)], output, stride, meeting, work),
                3 => few_inputs::<L, 3>([at(0), at(1), at(2)], output, stride, meeting, work),
                _ => few_inputs::<L, 4>([at(0), at(1), at(2), at(3)], output, stride, meeting, work),
            }
        }
    }
}

#[inline(always)]
unsafe fn few_inputs<L: Lanes, const I: usize>(
    inputs: [*mut f32; I],
    output: *mut f32,
    stride: usize,
    meeting: &Meeting,
    work: &mut Work,
) {
    let n = meeting.outputs.len() * I;
    // Room for the sums of whole quadruples.
    let room = (n + 4 * I).next_multiple_of(LINE);
    if work.errors.len() < room {
        work.errors.resize(room, 0.0);
    }
    let errors = &mut work.errors[..room];
    unsafe { products::<L, I>(inputs, output, stride, meeting.outputs, errors) };
    sigmoids(&mut errors[..n.next_multiple_of(LINE)]);
    for (errors, &label) in errors.as_chunks_mut::<I>().0.iter_mut().zip(meeting.labels) {
        errors.iter_mut().for_each(|error| *error = (label - *error) * meeting.rate);
    }
    if work.watches_loss {
        // The error is what is missing to the label, so the probability given to it is 1 − |error|.
        let missing = |error: f32| f64::from((error / meeting.rate).abs()).min(1.0 - 1e-9);
        work.loss -= errors[..n].iter().map(|&error| (1.0 - missing(error)).ln()).sum::<f64>();
        work.n_pairs += n as u64;
    }
    unsafe { update::<L, I>(inputs, output, stride, meeting.outputs, errors) };
}

/// The products of each output (rows of `products`) with each input. Shape: (outputs, I).
#[inline(always)]
unsafe fn products<L: Lanes, const I: usize>(
    inputs: [*mut f32; I],
    output: *const f32,
    stride: usize,
    outputs: &[u32],
    products: &mut [f32],
) {
    let last = outputs.len() - 1;
    let mut place = 0;
    while place <= last {
        unsafe {
            // Beyond the last the last once more; its products are written where nobody reads.
            let rows: [*const f32; 4] =
                std::array::from_fn(|at| output.add(outputs[(place + at).min(last)] as usize * stride));
            if last - place >= 2 {
                let sums = sums_of_products::<L, I, 4>(inputs, rows, stride);
                for (at, sums) in sums.iter().enumerate() {
                    for (input, &sum) in sums.iter().enumerate() {
                        products[(place + at) * I + input] = sum;
                    }
                }
                place += 4;
            } else {
                let sums = sums_of_products::<L, I, 2>(inputs, [rows[0], rows[1]], stride);
                for (at, sums) in sums.iter().enumerate() {
                    for (input, &sum) in sums.iter().enumerate() {
                        products[(place + at) * I + input] = sum;
                    }
                }
                place += 2;
            }
        }
    }
}

#[inline(always)]
unsafe fn sums_of_products<L: Lanes, const I: usize, const O: usize>(
    inputs: [*mut f32; I],
    outputs: [*const f32; O],
    stride: usize,
) -> [[f32; I]; O] {
    unsafe {
        let mut sums = [[L::splat(0.0); I]; O];
        let mut at = 0;
        while at < stride {
            let mut x = [L::splat(0.0); I];
            for i in 0..I {
                x[i] = L::load(inputs[i].add(at));
            }
            for o in 0..O {
                let y = L::load(outputs[o].add(at));
                for i in 0..I {
                    sums[o][i] = L::add_product(x[i], y, sums[o][i]);
                }
            }
            at += L::N;
        }
        let mut totals = [[0f32; I]; O];
        let mut next = 0;
        while next < I * O {
            let mut four = [L::splat(0.0); 4];
            for k in 0..4 {
                let place = (next + k).min(I * O - 1);
                four[k] = sums[place / I][place % I];
            }
            let four = L::sums(four);
            for k in 0..4 {
                if next + k < I * O {
                    totals[(next + k) / I][(next + k) % I] = four[k];
                }
            }
            next += 4;
        }
        totals
    }
}

/// Every output gains the inputs by their errors, every input the outputs, at the values before.
#[inline(always)]
unsafe fn update<L: Lanes, const I: usize>(
    inputs: [*mut f32; I],
    output: *mut f32,
    stride: usize,
    outputs: &[u32],
    errors: &[f32],
) {
    unsafe {
        let mut at = 0;
        while at < stride {
            let mut x = [L::splat(0.0); I];
            for i in 0..I {
                x[i] = L::load(inputs[i].add(at));
            }
            let mut gains = [L::splat(0.0); I];
            for (&row, errors) in outputs.iter().zip(errors.as_chunks::<I>().0) {
                let row = output.add(row as usize * stride + at);
                let y = L::load(row);
                let mut sum = y;
                for i in 0..I {
                    let error = L::splat(errors[i]);
                    sum = L::add_product(x[i], error, sum);
                    gains[i] = L::add_product(y, error, gains[i]);
                }
                L::store(row, sum);
            }
            // Loaded once more, since the same row may be there twice and then gains twice.
            for i in 0..I {
                let to = inputs[i].add(at);
                L::store(to, L::add(L::load(to), gains[i]));
            }
            at += L::N;
        }
    }
}

/// 1 / (1 + e^−x) to about seven digits; beyond ±30 what it is there.
#[inline(always)]
fn sigmoids(values: &mut [f32]) {
    use std::f32::consts::{LN_2, LOG2_E};
    const ROUNDER: f32 = 12_582_912.0;
    for value in values {
        // 2^t with t = n + f, f within ±1/2: a polynomial of f, and n added to the exponent.
        let t = -value.clamp(-30.0, 30.0) * LOG2_E;
        let rounded = t + ROUNDER;
        let f = t - (rounded - ROUNDER);
        let mut power = 1.535_336_2e-4;
        for coefficient in [1.339_887_4e-3, 9.618_437e-3, 5.550_332_5e-2, 0.240_226_48, LN_2, 1.0] {
            power = power * f + coefficient;
        }
        let scaled = f32::from_bits(power.to_bits().wrapping_add(rounded.to_bits() << 23));
        *value = 1.0 / (1.0 + scaled);
    }
}

#[cfg(test)]
mod tests {
    use math::Random;

    use super::*;

    #[test]
    fn sigmoids_are_sigmoids() {
        let mut random = Random::new(1);
        for _ in 0..2000 {
            let x = (random.uniform() as f32 - 0.5) * 70.0;
            let mut found = [x; 16];
            sigmoids(&mut found);
            let expected = 1.0 / (1.0 + (-f64::from(x.clamp(-30.0, 30.0))).exp());
            let off = (f64::from(found[0]) - expected).abs() / expected;
            assert!(off < 3e-6, "{x}: {} for {expected}", found[0]);
        }
        let mut strange = [f32::INFINITY, f32::NEG_INFINITY, 0.0, f32::MAX];
        sigmoids(&mut strange);
        assert!(strange[0] == 1.0 && strange[1] < 1e-12 && strange[2] == 0.5 && strange[3] == 1.0, "{strange:?}");
    }

    fn random_rows(n: usize, dim: usize, random: &mut Random) -> Rows {
        let mut rows = Rows::zeros(n, dim);
        for at in 0..n {
            rows.row_mut(at)[..dim].fill_with(|| random.uniform() as f32 - 0.5);
        }
        rows
    }

    fn copy(rows: &Rows) -> Rows {
        Rows { values: rows.values.clone(), lines: rows.lines }
    }

    /// One turn of at most four inputs, as one would write it from the formula.
    fn plainly(input: &mut Rows, output: &mut Rows, meeting: &Meeting) {
        let (old_in, old_out) = (copy(input), copy(output));
        for (&o, &label) in meeting.outputs.iter().zip(meeting.labels) {
            for &i in meeting.inputs {
                let (x, y) = (old_in.row(i as usize), old_out.row(o as usize));
                let product: f64 = x.iter().zip(y).map(|(x, y)| f64::from(x * y)).sum();
                let error = (f64::from(label) - 1.0 / (1.0 + (-product).exp())) * f64::from(meeting.rate);
                let (x, y) = (x.to_vec(), y.to_vec());
                input.row_mut(i as usize).iter_mut().zip(y).for_each(|(to, y)| *to += error as f32 * y);
                output.row_mut(o as usize).iter_mut().zip(x).for_each(|(to, x)| *to += error as f32 * x);
            }
        }
    }

    #[test]
    fn every_kernel_takes_the_step_of_the_formula() {
        let mut random = Random::new(5);
        for kernels in Kernels::available() {
            for (dim, n_inputs, n_outputs) in
                [(1, 1, 1), (7, 2, 3), (16, 3, 6), (100, 4, 6), (33, 4, 5), (100, 1, 7), (50, 2, 8), (64, 3, 26)]
            {
                let (mut input, mut output) = (random_rows(9, dim, &mut random), random_rows(40, dim, &mut random));
                let (mut plain_in, mut plain_out) = (copy(&input), copy(&output));
                let mut order: Vec<u32> = (0..40).collect();
                random.shuffle(&mut order);
                let inputs: Vec<u32> = (0..n_inputs).map(|at| at * 2).collect();
                let labels: Vec<f32> = (0..n_outputs).map(|at| f32::from(u8::from(at % 3 == 0))).collect();
                let meeting = Meeting { inputs: &inputs, outputs: &order[..n_outputs], labels: &labels, rate: 0.3 };
                let mut work = Work { watches_loss: true, ..Work::default() };
                kernels.step(&mut input, &mut output, &meeting, &mut work);
                plainly(&mut plain_in, &mut plain_out, &meeting);
                let case = format!("{} {dim} {n_inputs} {n_outputs}", kernels.name);
                for (found, expected) in [(&input, &plain_in), (&output, &plain_out)] {
                    for at in 0..found.n() {
                        for (a, b) in found.row(at).iter().zip(expected.row(at)) {
                            assert!((a - b).abs() < 2e-5, "{case}: {a} for {b}");
                        }
                    }
                }
                assert_eq!(work.n_pairs, u64::from(n_inputs) * n_outputs as u64);
                assert!(work.loss.is_finite() && work.loss > 0.0, "{case}");
            }
        }
    }

    /// The same row twice among the inputs gains twice what it gains once.
    #[test]
    fn a_row_there_twice_counts_twice() {
        let mut random = Random::new(9);
        for kernels in Kernels::available() {
            let (input, output) = (random_rows(1, 20, &mut random), random_rows(1, 20, &mut random));
            let gain = |inputs: &[u32]| {
                let (mut to, mut output) = (copy(&input), copy(&output));
                let meeting = Meeting { inputs, outputs: &[0], labels: &[1.0], rate: 0.1 };
                kernels.step(&mut to, &mut output, &meeting, &mut Work::default());
                (to.row(0)[0] - input.row(0)[0], output.row(0)[3] - input.row(0)[3])
            };
            let (once, twice) = (gain(&[0]), gain(&[0, 0]));
            assert!((twice.0 - 2.0 * once.0).abs() < 1e-6, "{}", kernels.name);
        }
    }
}
