//! Features cut into at most 255 bins and a bin for what is missing, so that a row is one byte a feature and the best split
//! of a node is found in sums over bins. Not here: any target; bins depend on the features alone, and are shared by all
//! models of the same rows.

use std::sync::Arc;

use math::Random;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::features::{Feature, Features, MISSING};
use crate::StrategyError;

/// The bin of missing numbers, of missing categories, and of categories not seen often enough, or never.
pub(super) const MISSING_BIN: u8 = 0;
/// Bins of values are 1 to at most this.
pub const BINS_MAX: usize = 255;
/// Rows that the edges are chosen from; more would move them little.
const SAMPLE: usize = 200_000;

/// How one feature is cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureBins {
    /// Bin b (from 1) holds the values above `edges[b − 2]` and up to `edges[b − 1]`.
    Number { edges: Vec<f64> },
    /// Sorted by code, which bin each category has.
    Category { bin_of_code: Vec<(u32, u8)> },
}

impl FeatureBins {
    /// Bins of values, without that of missing ones.
    pub(super) fn n_bins(&self) -> usize {
        match self {
            FeatureBins::Number { edges } => edges.len() + 1,
            FeatureBins::Category { bin_of_code } => bin_of_code.len(),
        }
    }

    pub(super) fn is_category(&self) -> bool {
        matches!(self, FeatureBins::Category { .. })
    }

    fn of(feature: &Feature, sample: &[u32], max_bins: usize) -> Self {
        match feature {
            Feature::Number(values) => {
                let mut sorted: Vec<f64> =
                    sample.iter().map(|&row| values[row as usize]).filter(|value| !value.is_nan()).collect();
                sorted.sort_unstable_by(f64::total_cmp);
                FeatureBins::Number { edges: edges(&sorted, max_bins) }
            }
            Feature::Category(codes) => FeatureBins::Category { bin_of_code: categories(codes, max_bins) },
        }
    }

    fn write(&self, feature: &Feature, out: &mut [u8], stride: usize) -> Result<(), &'static str> {
        let places = out.iter_mut().step_by(stride);
        match (self, feature) {
            (FeatureBins::Number { edges }, Feature::Number(values)) => {
                for (place, value) in places.zip(values) {
                    *place =
                        if value.is_nan() { MISSING_BIN } else { 1 + edges.partition_point(|edge| edge < value) as u8 };
                }
            }
            (FeatureBins::Category { bin_of_code }, Feature::Category(codes)) => {
                for (place, code) in places.zip(codes) {
                    let at = bin_of_code.binary_search_by_key(code, |&(code, _)| code);
                    *place = at.map_or(MISSING_BIN, |at| bin_of_code[at].1);
                }
            }
            (FeatureBins::Number { .. }, _) => return Err("numbers"),
            (FeatureBins::Category { .. }, _) => return Err("codes of categories"),
        }
        Ok(())
    }
}

/// Edges between at most `max_bins` bins of about equally many values; a value is never cut apart.
fn edges(sorted: &[f64], max_bins: usize) -> Vec<f64> {
    let mut distinct: Vec<(f64, usize)> = Vec::new();
    for &value in sorted {
        match distinct.last_mut() {
            Some((last, count)) if *last == value => *count += 1,
            _ => distinct.push((value, 1)),
        }
    }
    let between = |at: usize| {
        let (low, high) = (distinct[at].0, distinct[at + 1].0);
        let middle = low + (high - low) / 2.0;
        if middle < high { middle } else { low }
    };
    if distinct.len() <= max_bins {
        return (0..distinct.len().saturating_sub(1)).map(between).collect();
    }
    let (mut edges, mut left, mut in_bin) = (Vec::with_capacity(max_bins), sorted.len(), 0);
    let mut wanted = left / max_bins;
    for at in 0..distinct.len() - 1 {
        in_bin += distinct[at].1;
        let n_left = max_bins - edges.len();
        if n_left > 1 && (in_bin >= wanted.max(1) || distinct[at + 1].1 >= wanted.max(2)) {
            edges.push(between(at));
            left -= in_bin;
            in_bin = 0;
            wanted = left / (n_left - 1);
        }
    }
    edges
}

/// The most frequent categories, each with a bin; equally frequent ones by their code.
fn categories(codes: &[u32], max_bins: usize) -> Vec<(u32, u8)> {
    let mut sorted: Vec<u32> = codes.iter().copied().filter(|&code| code != MISSING).collect();
    sorted.sort_unstable();
    let mut counts: Vec<(u32, usize)> = Vec::new();
    for code in sorted {
        match counts.last_mut() {
            Some((last, count)) if *last == code => *count += 1,
            _ => counts.push((code, 1)),
        }
    }
    counts.sort_by_key(|&(code, count)| (std::cmp::Reverse(count), code));
    counts.truncate(max_bins);
    let mut bins: Vec<(u32, u8)> = counts.iter().enumerate().map(|(at, &(code, _))| (code, at as u8 + 1)).collect();
    bins.sort_unstable();
    bins
}

/// Rows as bins. Shape of `cells`: (n_rows, n_features), one row after the other.
#[derive(Clone, Debug)]
pub struct Binned {
    pub(super) bins: Arc<Vec<FeatureBins>>,
    pub(super) names: Arc<Vec<String>>,
    cells: Vec<u8>,
    n_rows: usize,
}

impl Binned {
    /// Cuts every feature into at most `max_bins` bins (2 to 255).
    ///
    /// # Errors
    /// If there are no rows, more than 2²⁴, or `max_bins` is out of range.
    pub fn new(features: &Features, max_bins: usize) -> Result<Self, StrategyError> {
        if !(2..=BINS_MAX).contains(&max_bins) {
            return Err(StrategyError::unfit("number of bins", max_bins, format!("2 to {BINS_MAX}")));
        }
        let n_rows = features.n_rows();
        if n_rows == 0 {
            return Err(StrategyError::Empty { needed: 1 });
        }
        if n_rows > super::grow::ROWS_MAX {
            return Err(StrategyError::unfit("number of rows", n_rows, format!("at most {}", super::grow::ROWS_MAX)));
        }
        let sample = sample(n_rows);
        let bins = features.columns().par_iter().map(|column| FeatureBins::of(column, &sample, max_bins)).collect();
        Binned::with(Arc::new(bins), Arc::new(features.names().to_vec()), features)
    }

    /// Cuts other rows in the same way.
    ///
    /// # Errors
    /// If their features are others.
    pub fn same_bins(&self, features: &Features) -> Result<Self, StrategyError> {
        Binned::with(self.bins.clone(), self.names.clone(), features)
    }

    pub(super) fn with(
        bins: Arc<Vec<FeatureBins>>,
        names: Arc<Vec<String>>,
        features: &Features,
    ) -> Result<Self, StrategyError> {
        if features.names() != names.as_slice() {
            let (found, allowed) = (features.names().join(", "), names.join(", "));
            return Err(StrategyError::unfit("features", found, allowed));
        }
        let (n_rows, stride) = (features.n_rows(), bins.len());
        let mut cells = vec![0; n_rows * stride];
        for (at, (bins, column)) in bins.iter().zip(features.columns()).enumerate() {
            // Without rows there is no cell to begin with.
            let from = at.min(cells.len());
            bins.write(column, &mut cells[from..], stride).map_err(|allowed| StrategyError::ColumnKind {
                name: names[at].clone(),
                found: if bins.is_category() { "numbers" } else { "codes of categories" },
                allowed,
            })?;
        }
        Ok(Binned { bins, names, cells, n_rows })
    }

    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub fn n_features(&self) -> usize {
        self.bins.len()
    }

    /// The bins of one row. Shape: (n_features).
    pub(crate) fn row(&self, row: usize) -> &[u8] {
        let n = self.bins.len();
        &self.cells[row * n..][..n]
    }

    pub(crate) fn cells(&self) -> &[u8] {
        &self.cells
    }

    pub(crate) fn bins(&self) -> &[FeatureBins] {
        &self.bins
    }

    /// Bins of feature `at`, that of missing values among them.
    pub(crate) fn n_cells(&self, at: usize) -> usize {
        self.bins[at].n_bins() + 1
    }

    pub(crate) fn is_category(&self, at: usize) -> bool {
        self.bins[at].is_category()
    }

    /// Only these rows, in this order, cut as they are here.
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Self {
        let mut cells = Vec::with_capacity(rows.len() * self.bins.len());
        for &row in rows {
            cells.extend_from_slice(self.row(row as usize));
        }
        Binned { bins: self.bins.clone(), names: self.names.clone(), cells, n_rows: rows.len() }
    }
}

/// All rows, or one at random out of each of [`SAMPLE`] blocks.
fn sample(n_rows: usize) -> Vec<u32> {
    if n_rows <= SAMPLE {
        return (0..n_rows as u32).collect();
    }
    let mut random = Random::new(1);
    let begin = |block: usize| block * n_rows / SAMPLE;
    (0..SAMPLE).map(|block| (begin(block) + random.below(begin(block + 1) - begin(block))) as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(columns: Vec<Feature>, max_bins: usize) -> Vec<u8> {
        let columns = columns.into_iter().enumerate().map(|(at, column)| (at.to_string(), column)).collect();
        Binned::new(&Features::new(columns).unwrap(), max_bins).unwrap().cells
    }

    #[test]
    fn few_values_have_a_bin_each_and_missing_ones_their_own() {
        let values = vec![3.0, f64::NAN, 1.0, 2.0, 3.0, -1.0];
        assert_eq!(cells(vec![Feature::Number(values)], 255), [4, 0, 2, 3, 4, 1]);
        let codes = vec![7, 7, 9, 2, 7, 9, MISSING];
        // By how often they come; with two bins the rarest is as unknown as a missing one.
        assert_eq!(cells(vec![Feature::Category(codes.clone())], 255), [1, 1, 2, 3, 1, 2, 0]);
        assert_eq!(cells(vec![Feature::Category(codes)], 2), [1, 1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn many_values_fill_bins_evenly_beside_one_that_is_frequent() {
        let values = (0..1000).map(|at| if at % 2 == 0 { 0.0 } else { f64::from(at) });
        let cells = cells(vec![Feature::Number(values.collect())], 11);
        let mut counts = [0; 12];
        for cell in cells {
            counts[usize::from(cell)] += 1;
        }
        assert_eq!((counts[0], counts[1]), (0, 500));
        assert!(counts[2..].iter().all(|count| (45..=55).contains(count)), "{counts:?}");
    }

    #[test]
    fn an_edge_lies_between_neighbouring_floats() {
        let low = 1.0;
        let high = f64::from_bits(1.0f64.to_bits() + 1);
        assert_eq!(cells(vec![Feature::Number(vec![low, high])], 255), [1, 2]);
    }

    #[test]
    fn other_rows_are_cut_as_the_first_were() {
        let of = |values: Vec<f64>| Features::new(vec![("a".to_owned(), Feature::Number(values))]).unwrap();
        let binned = Binned::new(&of(vec![1.0, 2.0, 3.0]), 255).unwrap();
        assert_eq!(binned.same_bins(&of(vec![-9.0, 1.9, 99.0])).unwrap().cells, [1, 2, 3]);
        assert_eq!(binned.take(&[2, 0]).cells, [3, 1]);
        let other = Features::new(vec![("a".to_owned(), Feature::Category(vec![1]))]).unwrap();
        let error = binned.same_bins(&other).unwrap_err().to_string();
        assert_eq!(error, "column 'a' holds codes of categories; allowed: numbers");
    }
}
