//! Points stored so that one query is compared with many of them at once: blocks of [`LANES`] points, column by column
//! within a block. Not an index: which blocks to look at is decided by the caller.

use super::Metric;

/// Points per block: four vectors of AVX-512, enough to hide the latency of a multiply-add.
pub const LANES: usize = 32;

/// Compiles a pass once per instruction set, `FUSED` saying whether multiply-add is one instruction there, and runs the
/// widest that the machine has.
macro_rules! widest {
    ($pass:ident($($name:ident: $kind:ty),* $(,)?) $(-> $result:ty)?) => {{
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,fma")]
            fn with_avx512($($name: $kind),*) $(-> $result)? {
                $pass::<true>($($name),*)
            }
            #[target_feature(enable = "avx2,fma")]
            fn with_avx2($($name: $kind),*) $(-> $result)? {
                $pass::<true>($($name),*)
            }
            if is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("fma")
            {
                // SAFETY: the machine has the instructions; those named imply AVX-512F.
                return unsafe { with_avx512($($name),*) };
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                // SAFETY: the machine has the instructions.
                return unsafe { with_avx2($($name),*) };
            }
        }
        $pass::<false>($($name),*)
    }};
}
pub(super) use widest;

/// `x × y + sum`, in one instruction where there is one; never the slow emulation.
#[inline(always)]
pub fn multiply_add<const FUSED: bool>(x: f64, y: f64, sum: f64) -> f64 {
    if FUSED { x.mul_add(y, sum) } else { x * y + sum }
}

/// Squared Euclidean distances of `query` to the points of a block. Shapes: `block` (d, LANES), `query` (d).
#[inline(always)]
pub fn squared_distances<const FUSED: bool>(block: &[f64], query: &[f64]) -> [f64; LANES] {
    // By eights, one vector each: of one long array the compiler makes pieces of odd widths.
    let (mut a, mut b, mut c, mut d) = ([0.0; 8], [0.0; 8], [0.0; 8], [0.0; 8]);
    for (&at, column) in query.iter().zip(block.as_chunks::<LANES>().0) {
        for (nth, sums) in [&mut a, &mut b, &mut c, &mut d].into_iter().enumerate() {
            for lane in 0..8 {
                let difference = at - column[nth * 8 + lane];
                sums[lane] = multiply_add::<FUSED>(difference, difference, sums[lane]);
            }
        }
    }
    let mut all = [0.0; LANES];
    [a, b, c, d].iter().zip(all.as_chunks_mut::<8>().0).for_each(|(sums, to)| *to = *sums);
    all
}

#[inline(always)]
fn manhattan_distances(block: &[f64], query: &[f64]) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (&at, column) in query.iter().zip(block.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            sums[lane] += (at - column[lane]).abs();
        }
    }
    sums
}

#[inline(always)]
fn products<const FUSED: bool>(block: &[f64], query: &[f64]) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (&at, column) in query.iter().zip(block.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            sums[lane] = multiply_add::<FUSED>(at, column[lane], sums[lane]);
        }
    }
    sums
}

/// Distances of `query` to the points of a block; for the cosine both are of length 1.
#[inline(always)]
pub fn distances<const FUSED: bool>(metric: Metric, block: &[f64], query: &[f64]) -> [f64; LANES] {
    // Loops rather than `map`, which is not compiled for wider vectors unless it is inlined.
    match metric {
        Metric::Euclidean => {
            let mut found = squared_distances::<FUSED>(block, query);
            found.iter_mut().for_each(|distance| *distance = distance.sqrt());
            found
        }
        Metric::Manhattan => manhattan_distances(block, query),
        Metric::Cosine => {
            let mut found = products::<FUSED>(block, query);
            // Written so that what is not a number stays so.
            found.iter_mut().for_each(|found| *found = if *found > 1.0 { 0.0 } else { 1.0 - *found });
            found
        }
    }
}

/// Points in blocks. What reaches beyond `n` in the last block is zero.
pub struct Blocks {
    pub n: usize,
    pub d: usize,
    /// Shape: (n_blocks, d, LANES).
    pub values: Vec<f64>,
}

impl Blocks {
    /// Shape of `rows`: (n, d), row by row.
    pub fn new(rows: &[f64], d: usize) -> Self {
        let n = rows.len() / d;
        let mut values = vec![0.0; n.div_ceil(LANES) * LANES * d];
        for (at, row) in rows.chunks_exact(d).enumerate() {
            let (block, lane) = (at / LANES * LANES * d, at % LANES);
            row.iter().enumerate().for_each(|(column, &value)| values[block + column * LANES + lane] = value);
        }
        Blocks { n, d, values }
    }

    /// Distances of `query` to the points `first..n`. Shape of `out`: (n − first).
    pub fn distances_from(&self, metric: Metric, query: &[f64], first: usize, out: &mut [f64]) {
        distances_from(metric, self, query, first, out);
    }
}

fn distances_from(metric: Metric, blocks: &Blocks, query: &[f64], first: usize, out: &mut [f64]) {
    widest!(distances_from_pass(metric: Metric, blocks: &Blocks, query: &[f64], first: usize, out: &mut [f64]))
}

#[inline(always)]
fn distances_from_pass<const FUSED: bool>(
    metric: Metric,
    blocks: &Blocks,
    query: &[f64],
    first: usize,
    out: &mut [f64],
) {
    let width = blocks.d * LANES;
    for (nth, block) in blocks.values.chunks_exact(width).enumerate().skip(first / LANES) {
        let found = distances::<FUSED>(metric, block, query);
        let (from, to) = ((nth * LANES).max(first), (nth * LANES + LANES).min(blocks.n));
        if from < to {
            out[from - first..to - first].copy_from_slice(&found[from - nth * LANES..to - nth * LANES]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_each_pair() {
        let (n, d) = (77, 5);
        let rows: Vec<f64> = (0..n * d).map(|at| ((at * 7919) % 1000) as f64 / 10.0).collect();
        let blocks = Blocks::new(&rows, d);
        let row = |at: usize| &rows[at * d..(at + 1) * d];
        for first in [0, 1, 31, 32, 33, 76, 77] {
            for metric in [Metric::Euclidean, Metric::Manhattan] {
                let mut out = vec![-1.0; n - first];
                blocks.distances_from(metric, row(3), first, &mut out);
                for (at, &found) in out.iter().enumerate() {
                    let pairs = row(3).iter().zip(row(first + at));
                    let expected: f64 = match metric {
                        Metric::Euclidean => pairs.map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt(),
                        _ => pairs.map(|(x, y)| (x - y).abs()).sum(),
                    };
                    assert!((found - expected).abs() <= 1e-12 * expected, "{metric:?} {first} {at}");
                }
            }
        }
    }
}
