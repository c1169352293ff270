//! Dissimilarities between rows whose columns are numbers and codes, some of them missing: Gower (1971), with a weight
//! per column. Columns are stored one after the other, so that a row is compared with many at once.

use rayon::prelude::*;

use crate::widest::widest;

/// The code of a value that is missing; a missing number is NaN.
pub const MISSING: u32 = u32::MAX;

/// A column of n values.
#[derive(Clone, Debug)]
pub enum Column {
    /// Differences count as they are: scale them to a range of one first.
    Numbers(Vec<f32>),
    /// Different codes count one, equal ones nothing.
    Codes(Vec<u32>),
}

/// Columns with weights, ready for comparing rows.
#[derive(Clone, Debug)]
pub struct Mixed {
    n: usize,
    columns: Vec<(Column, f32)>,
    /// The weight of columns without missing values, whose sum needs no look at the pair.
    complete_weight: f32,
    incomplete: Vec<bool>,
}

impl Mixed {
    /// `columns` are of length `n`, with their weights.
    ///
    /// # Panics
    /// If a column is of another length or a weight is negative or not finite.
    pub fn new(n: usize, columns: Vec<(Column, f32)>) -> Self {
        let misses = |column: &Column| match column {
            Column::Numbers(values) => {
                assert_eq!(values.len(), n, "a column of another length");
                values.iter().any(|value| value.is_nan())
            }
            Column::Codes(codes) => {
                assert_eq!(codes.len(), n, "a column of another length");
                codes.contains(&MISSING)
            }
        };
        let incomplete: Vec<bool> = columns.iter().map(|(column, _)| misses(column)).collect();
        assert!(columns.iter().all(|&(_, weight)| weight.is_finite() && weight >= 0.0), "an unfit weight");
        let complete = columns.iter().zip(&incomplete).filter(|&(_, &incomplete)| !incomplete);
        let complete_weight = complete.map(|((_, weight), _)| weight).sum();
        Mixed { n, columns, complete_weight, incomplete }
    }

    /// The dissimilarities of row `row` to the rows `first..first + out.len()`: weighted means over the columns that both
    /// rows have, from 0 to 1; 1 where they have none in common.
    ///
    /// # Panics
    /// If a row is out of range.
    pub fn compare(&self, row: usize, first: usize, out: &mut [f32]) {
        // Columns are added over stretches that stay in cache.
        const STRETCH: usize = 2048;
        let mut weights = [0f32; STRETCH];
        for (at, out) in out.chunks_mut(STRETCH).enumerate() {
            self.compare_stretch(row, first + at * STRETCH, out, &mut weights);
        }
    }

    fn compare_stretch(&self, row: usize, first: usize, out: &mut [f32], weights: &mut [f32]) {
        let weights = &mut weights[..out.len()];
        let others = first..first + out.len();
        out.fill(0.0);
        weights.fill(self.complete_weight);
        for ((column, weight), &incomplete) in self.columns.iter().zip(&self.incomplete) {
            match (column, incomplete) {
                (Column::Numbers(values), false) => add_numbers(values[row], &values[others.clone()], *weight, out),
                (Column::Codes(codes), false) => add_codes(codes[row], &codes[others.clone()], *weight, out),
                (Column::Numbers(values), true) if !values[row].is_nan() => {
                    add_known_numbers(values[row], &values[others.clone()], *weight, out, weights);
                }
                (Column::Codes(codes), true) if codes[row] != MISSING => {
                    add_known_codes(codes[row], &codes[others.clone()], *weight, out, weights);
                }
                _ => {}
            }
        }
        divide(out, weights);
    }

    /// All pairs of rows, the first row's first: (0, 1), (0, 2) … (1, 2) …, as SciPy condenses them. On all threads of
    /// the current rayon pool. Shape: (n (n − 1) / 2).
    pub fn condensed(&self) -> Vec<f32> {
        let mut out = vec![0f32; self.n * self.n.saturating_sub(1) / 2];
        let mut rows = Vec::with_capacity(self.n);
        let mut rest = out.as_mut_slice();
        for row in 0..self.n {
            let (head, tail) = rest.split_at_mut(self.n - 1 - row);
            rows.push((row, head));
            rest = tail;
        }
        rows.into_par_iter().for_each(|(row, out)| self.compare(row, row + 1, out));
        out
    }
}

fn add_numbers(x: f32, others: &[f32], weight: f32, out: &mut [f32]) {
    #[inline(always)]
    fn pass(x: f32, others: &[f32], weight: f32, out: &mut [f32]) {
        for (out, &y) in out.iter_mut().zip(others) {
            *out += weight * (x - y).abs();
        }
    }
    widest!(pass(x: f32, others: &[f32], weight: f32, out: &mut [f32]) -> ())
}

fn add_codes(x: u32, others: &[u32], weight: f32, out: &mut [f32]) {
    #[inline(always)]
    fn pass(x: u32, others: &[u32], weight: f32, out: &mut [f32]) {
        for (out, &y) in out.iter_mut().zip(others) {
            *out += if x == y { 0.0 } else { weight };
        }
    }
    widest!(pass(x: u32, others: &[u32], weight: f32, out: &mut [f32]) -> ())
}

fn add_known_numbers(x: f32, others: &[f32], weight: f32, out: &mut [f32], weights: &mut [f32]) {
    #[inline(always)]
    fn pass(x: f32, others: &[f32], weight: f32, out: &mut [f32], weights: &mut [f32]) {
        for ((out, weights), &y) in out.iter_mut().zip(weights).zip(others) {
            let known = if y.is_nan() { 0.0 } else { weight };
            *out += if y.is_nan() { 0.0 } else { weight * (x - y).abs() };
            *weights += known;
        }
    }
    widest!(pass(x: f32, others: &[f32], weight: f32, out: &mut [f32], weights: &mut [f32]) -> ())
}

fn add_known_codes(x: u32, others: &[u32], weight: f32, out: &mut [f32], weights: &mut [f32]) {
    #[inline(always)]
    fn pass(x: u32, others: &[u32], weight: f32, out: &mut [f32], weights: &mut [f32]) {
        for ((out, weights), &y) in out.iter_mut().zip(weights).zip(others) {
            *out += if y == MISSING || x == y { 0.0 } else { weight };
            *weights += if y == MISSING { 0.0 } else { weight };
        }
    }
    widest!(pass(x: u32, others: &[u32], weight: f32, out: &mut [f32], weights: &mut [f32]) -> ())
}

fn divide(out: &mut [f32], weights: &[f32]) {
    #[inline(always)]
    fn pass(out: &mut [f32], weights: &[f32]) {
        for (out, &weight) in out.iter_mut().zip(weights) {
            *out = if weight > 0.0 { *out / weight } else { 1.0 };
        }
    }
    widest!(pass(out: &mut [f32], weights: &[f32]) -> ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    fn direct(mixed: &Mixed, i: usize, j: usize) -> f64 {
        let (mut sum, mut weights) = (0.0, 0.0);
        for (column, weight) in &mixed.columns {
            let apart = match column {
                Column::Numbers(x) => Some(f64::from(x[i] - x[j]).abs()).filter(|apart| !apart.is_nan()),
                Column::Codes(x) => (x[i] != MISSING && x[j] != MISSING).then(|| f64::from(u8::from(x[i] != x[j]))),
            };
            if let Some(apart) = apart {
                sum += f64::from(*weight) * apart;
                weights += f64::from(*weight);
            }
        }
        if weights > 0.0 { sum / weights } else { 1.0 }
    }

    #[test]
    fn all_pairs_match_the_definition() {
        let mut random = Random::new(3);
        for (n, missing) in [(1, 0.0), (2, 0.5), (40, 0.0), (40, 0.3), (40, 0.9), (2100, 0.1)] {
            let mut numbers = |missing: f64| -> Vec<f32> {
                (0..n).map(|_| if random.uniform() < missing { f32::NAN } else { random.uniform() as f32 }).collect()
            };
            let (complete, gaps) = (numbers(0.0), numbers(missing));
            let mut codes = |missing: f64| -> Vec<u32> {
                (0..n).map(|_| if random.uniform() < missing { MISSING } else { random.below(4) as u32 }).collect()
            };
            let (complete_codes, gap_codes) = (codes(0.0), codes(missing));
            let columns = vec![
                (Column::Numbers(complete), 1.0),
                (Column::Codes(gap_codes), 0.5),
                (Column::Numbers(gaps), 2.0),
                (Column::Codes(complete_codes), 1.5),
            ];
            let drop_complete = columns[1..3].to_vec();
            for mixed in [Mixed::new(n, columns), Mixed::new(n, drop_complete)] {
                let condensed = mixed.condensed();
                let mut at = 0;
                for i in 0..n {
                    for j in i + 1..n {
                        if n < 100 || (i + j) % 97 == 0 {
                            let expected = direct(&mixed, i, j);
                            assert!((f64::from(condensed[at]) - expected).abs() < 1e-6, "({i}, {j}) of {n}");
                        }
                        at += 1;
                    }
                }
                assert_eq!(at, condensed.len());
            }
        }
    }
}
