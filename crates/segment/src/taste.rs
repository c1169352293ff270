//! Customers as points of taste: where the things they touched lie among all things. Groups of taste are found among
//! customers who touched much, whose points say something, and hold for the others.
//!
//! What is not here: the items' vectors, which a recommender learns, and the grouping.

use math::Csr;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::features::{Covariance, Pca};
use crate::{Points, SegmentError};

/// Directions with less than this part of the first one's variance are noise, and are not blown up to the size of others.
const VARIANCE_MIN: f64 = 1e-6;

/// Rows at length 1; a row of zeros stays. Shape: (n, d).
pub fn unit_rows(values: &mut [f32], d: usize) {
    values.par_chunks_mut(d).for_each(|row| {
        let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        if length > 0.0 {
            row.iter_mut().for_each(|value| *value /= length);
        }
    });
}

/// The mean of the vectors of what each customer touched, each thing counting by the logarithm of 1 + its weight. Zeros for a
/// customer without a thing. Shapes: `histories` (n_customers, n_items), `vectors` (n_items, d), the result (n_customers, d).
///
/// # Panics
/// If an item has no vector.
pub fn mean_vectors(histories: &Csr, vectors: &[f32], d: usize) -> Vec<f32> {
    let mut means = vec![0f32; histories.n_rows * d];
    means.par_chunks_mut(d).enumerate().for_each(|(row, mean)| {
        let (items, weights) = histories.row(row);
        let mut sum = 0.0;
        for (&item, &weight) in items.iter().zip(weights) {
            let counts = weight.max(0.0).ln_1p();
            let vector = &vectors[item as usize * d..(item as usize + 1) * d];
            mean.iter_mut().zip(vector).for_each(|(mean, value)| *mean += counts * value);
            sum += counts;
        }
        if sum > 0.0 {
            mean.iter_mut().for_each(|mean| *mean /= sum);
        }
    });
    means
}

/// A space in which every direction of taste counts the same: without it the few directions that part the large categories
/// would drown all others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TasteSpace {
    pca: Pca,
    /// One over the deviation along each component; 0 for what is noise. Shape: (d).
    factors: Vec<f64>,
}

impl TasteSpace {
    /// Learned from the mean vectors of customers who touched much.
    ///
    /// # Errors
    /// If there are fewer than two.
    pub fn fit(means: Points<f32>) -> Result<Self, SegmentError> {
        let mut covariance = Covariance::new(means.d());
        covariance.add(means);
        let pca = Pca::fit(&covariance, means.d())?;
        let least = pca.variances.first().copied().unwrap_or(0.0) * VARIANCE_MIN;
        let factors =
            pca.variances.iter().map(|&variance| if variance > least { variance.sqrt().recip() } else { 0.0 });
        let factors = factors.collect();
        Ok(TasteSpace { pca, factors })
    }

    pub fn d(&self) -> usize {
        self.factors.len()
    }

    /// Points of length 1, whatever was touched how often. Shape: (n, d).
    pub fn apply(&self, means: Points<f32>) -> Vec<f32> {
        let d = self.d();
        let places = self.pca.project(means);
        let mut values: Vec<f32> = places
            .values
            .chunks_exact(d)
            .flat_map(|row| row.iter().zip(&self.factors).map(|(value, factor)| (value * factor) as f32))
            .collect();
        unit_rows(&mut values, d);
        values
    }
}

#[cfg(test)]
mod tests {
    use math::Random;

    use super::*;

    #[test]
    fn means_are_those_of_what_was_touched() {
        let histories = Csr::from_triplets(3, 2, &[(0, 0, 1.0), (0, 1, 1.0), (1, 1, 5.0)]);
        let means = mean_vectors(&histories, &[1.0, 0.0, 0.0, 1.0], 2);
        assert_eq!(means, [0.5, 0.5, 0.0, 1.0, 0.0, 0.0]);
    }

    /// Four tastes in directions of very different size, under noise: whitened, they are told apart.
    #[test]
    fn small_directions_count_as_much_as_large_ones() {
        let mut random = Random::new(3);
        let mut values = Vec::new();
        for at in 0..800usize {
            let (large, small) = (if at % 2 == 0 { 10.0 } else { -10.0 }, if at % 4 < 2 { 0.01 } else { -0.01 });
            let noise = |random: &mut Random| (random.uniform() - 0.5) as f32;
            values.extend([large + noise(&mut random), small + 0.001 * noise(&mut random)]);
        }
        let points = Points::new(&values, 800, 2).unwrap();
        let whitened = TasteSpace::fit(points).unwrap().apply(points);
        let signs: Vec<(bool, bool)> = whitened.chunks(2).map(|row| (row[0] > 0.0, row[1] > 0.0)).collect();
        for at in 0..800 {
            assert_eq!(signs[at], signs[at % 4], "{at}");
        }
        assert!(whitened.chunks(2).all(|row| (row[0].hypot(row[1]) - 1.0).abs() < 1e-5));
        assert!(whitened.chunks(2).all(|row| row[0].abs() > 0.5 && row[1].abs() > 0.5));
    }
}
