//! Likeness by taste: a customer is the mean of the vectors of what one touched, an audience the mean of its customers, and
//! likeness the cosine between the two. Knows no feature of a customer, and works for a customer of an hour.

use math::Csr;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::SegmentError;

/// Vectors of items, row by row. Shape: (n_items, d).
#[derive(Clone, Copy, Debug)]
pub struct ItemVectors<'a> {
    values: &'a [f32],
    d: usize,
}

impl<'a> ItemVectors<'a> {
    /// # Errors
    /// If the values do not make rows of d, or one is not finite.
    pub fn new(values: &'a [f32], d: usize) -> Result<Self, SegmentError> {
        if d == 0 || values.is_empty() {
            return Err(SegmentError::Empty { n: values.len() / d.max(1), d });
        }
        if !values.len().is_multiple_of(d) {
            return Err(SegmentError::Shape { found: values.len(), n: values.len() / d, d });
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(SegmentError::NotFinite { row: at / d, column: at % d, value: f64::from(values[at]) }),
            None => Ok(ItemVectors { values, d }),
        }
    }

    pub fn n_items(&self) -> usize {
        self.values.len() / self.d
    }

    fn row(&self, item: usize) -> &'a [f32] {
        &self.values[item * self.d..(item + 1) * self.d]
    }
}

/// The taste of an audience: a direction among items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Taste {
    /// Of length one. Shape: (d).
    direction: Vec<f64>,
}

impl Taste {
    /// The taste of the rows `seeds` of `histories`, shape (n_customers, n_items); each seed counts the same however long
    /// its history, and those without one do not count.
    ///
    /// # Errors
    /// If no seed has a history, or histories are of other items than the vectors.
    ///
    /// # Panics
    /// If a seed is out of range.
    pub fn learn(histories: &Csr, seeds: &[u32], vectors: &ItemVectors) -> Result<Self, SegmentError> {
        check(histories, vectors)?;
        let mut sum = vec![0.0; vectors.d];
        for &seed in seeds {
            if let Some(customer) = direction(histories.row(seed as usize), vectors) {
                sum.iter_mut().zip(customer).for_each(|(sum, value)| *sum += value);
            }
        }
        match normalised(sum) {
            Some(direction) => Ok(Taste { direction }),
            None => Err(SegmentError::unfit("seeds with a history", 0, "1 or more whose vectors do not cancel")),
        }
    }

    /// The cosine of each customer with the audience, from −1 to 1; those without a history come last, with −1. Shape:
    /// (n_customers).
    ///
    /// # Errors
    /// If histories are of other items than the vectors, or the vectors of another length than those learned from.
    pub fn scores(&self, histories: &Csr, vectors: &ItemVectors) -> Result<Vec<f64>, SegmentError> {
        check(histories, vectors)?;
        if vectors.d != self.direction.len() {
            return Err(SegmentError::unfit("length of the items' vectors", vectors.d, self.direction.len()));
        }
        let score = |customer: usize| {
            direction(histories.row(customer), vectors).map_or(-1.0, |customer| {
                customer.iter().zip(&self.direction).map(|(x, y)| x * y).sum::<f64>().clamp(-1.0, 1.0)
            })
        };
        Ok((0..histories.n_rows).into_par_iter().map(score).collect())
    }
}

fn check(histories: &Csr, vectors: &ItemVectors) -> Result<(), SegmentError> {
    let (found, allowed) = (histories.n_cols, vectors.n_items());
    if found == allowed { Ok(()) } else { Err(SegmentError::unfit("items of the histories", found, allowed)) }
}

/// The direction of a customer's mean vector: items by their weight, each vector taken at length one so that a popular
/// item's long vector does not speak for all.
fn direction((items, weights): (&[u32], &[f32]), vectors: &ItemVectors) -> Option<Vec<f64>> {
    let mut sum = vec![0.0; vectors.d];
    for (&item, &weight) in items.iter().zip(weights) {
        let vector = vectors.row(item as usize);
        let length = vector.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
        if length > 0.0 {
            let factor = f64::from(weight) / length;
            sum.iter_mut().zip(vector).for_each(|(sum, &x)| *sum += factor * f64::from(x));
        }
    }
    normalised(sum)
}

fn normalised(mut vector: Vec<f64>) -> Option<Vec<f64>> {
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    (length > 1e-12).then(|| {
        vector.iter_mut().for_each(|x| *x /= length);
        vector
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTORS: [f32; 8] = [2.0, 0.0, 0.0, 5.0, 3.0, 4.0, 0.0, 0.0];

    #[test]
    fn cosines_worked_by_hand() {
        let vectors = ItemVectors::new(&VECTORS, 2).unwrap();
        let histories =
            Csr::from_triplets(6, 4, &[(0, 0, 1.0), (1, 1, 4.0), (2, 2, 1.0), (3, 0, 1.0), (3, 1, 1.0), (5, 3, 1.0)]);
        // The first item's direction alone.
        let taste = Taste::learn(&histories, &[0], &vectors).unwrap();
        let found = taste.scores(&histories, &vectors).unwrap();
        for (found, expected) in found.iter().zip([1.0, 0.0, 0.6, 0.5f64.sqrt(), -1.0, -1.0]) {
            assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
        }
        // Two seeds count the same, whatever their weights; one without a history not at all.
        let taste = Taste::learn(&histories, &[0, 1, 4], &vectors).unwrap();
        assert!((taste.scores(&histories, &vectors).unwrap()[3] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let vectors = ItemVectors::new(&VECTORS, 2).unwrap();
        let histories = Csr::from_triplets(2, 4, &[(0, 0, 1.0)]);
        let error = |histories: &Csr, seeds: &[u32]| Taste::learn(histories, seeds, &vectors).unwrap_err().to_string();
        assert!(error(&histories, &[1]).contains("seeds with a history: found 0"));
        assert!(error(&Csr::from_triplets(1, 3, &[]), &[0]).contains("found 3, allowed 4"));
        assert!(ItemVectors::new(&[1.0, f32::NAN], 2).unwrap_err().to_string().contains("row 0, column 1"));
        assert!(ItemVectors::new(&[1.0; 3], 2).is_err() && ItemVectors::new(&[], 2).is_err());
        let wider = [1.0; 12];
        let wider = ItemVectors::new(&wider, 3).unwrap();
        let taste = Taste::learn(&histories, &[0], &vectors).unwrap();
        assert!(taste.scores(&histories, &wider).unwrap_err().to_string().contains("found 3, allowed 2"));
    }
}
