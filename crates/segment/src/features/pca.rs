//! Principal components, exactly: the covariance of all rows is gathered block by block, and its eigenvectors are the
//! components. For as many columns as customers have features (hundreds), any number of rows. What is not here: sparse
//! rows, and approximations for thousands of columns.

use domain::{Card, Kind, Param};
use math::dense::{Real, product_with_transposed};
use math::self_adjoint;
use serde::{Deserialize, Serialize};

use crate::{Matrix, Points, SegmentError};

pub static CARD: Card = Card {
    name: "pca",
    sentence: "Finds the directions in which points differ most, and where each point lies along them: two make a map.",
    family: "projection",
    params: &[Param {
        name: "n_components",
        sentence: "How many directions, as many as there are columns at most.",
        unit: "directions",
        kind: Kind::Int { min: 1, max: 10_000, default: 2 },
    }],
    input: "(n, d) finite numbers, two rows or more",
    source: "Pearson 1901; Hotelling 1933; covariances gathered as in Chan, Golub, LeVeque 1979",
};

/// Rows gathered or projected at once.
const BLOCK: usize = 512;

/// Means and covariances of rows that come in blocks. Blocks gathered apart can be merged (Chan, Golub, LeVeque 1979,
/// eq. 2.1); the order of merging is the caller's, and decides the last bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Covariance {
    d: usize,
    n: u64,
    means: Vec<f64>,
    /// Σ (x − mean)(x − mean)ᵀ. Shape: (d, d).
    scatter: Vec<f64>,
}

impl Covariance {
    pub fn new(d: usize) -> Self {
        Covariance { d, n: 0, means: vec![0.0; d], scatter: vec![0.0; d * d] }
    }

    pub fn n(&self) -> u64 {
        self.n
    }

    /// # Panics
    /// If the points have another number of columns.
    pub fn add<T: Real>(&mut self, points: Points<T>) {
        assert_eq!(points.d(), self.d, "points of another width");
        for block in points.values().chunks(BLOCK * self.d) {
            self.merge(&Covariance::of_block(block, self.d));
        }
    }

    fn of_block<T: Real>(rows: &[T], d: usize) -> Self {
        let n = rows.len() / d;
        let mut block = Covariance { n: n as u64, ..Covariance::new(d) };
        for row in rows.chunks_exact(d) {
            block.means.iter_mut().zip(row).for_each(|(mean, value)| *mean += value.to_f64());
        }
        block.means.iter_mut().for_each(|mean| *mean /= n as f64);
        // Column by column, so that the product of two columns is one of rows.
        let mut columns = vec![0.0; d * n];
        for (at, row) in rows.chunks_exact(d).enumerate() {
            for (column, value) in row.iter().enumerate() {
                columns[column * n + at] = value.to_f64() - block.means[column];
            }
        }
        product_with_transposed(&columns, &columns, n, 1.0, &mut block.scatter);
        block
    }

    /// # Panics
    /// If the other is of another number of columns.
    pub fn merge(&mut self, other: &Covariance) {
        assert_eq!(other.d, self.d, "covariances of another width");
        if other.n == 0 {
            return;
        }
        let (before, more) = (self.n as f64, other.n as f64);
        let n = before + more;
        let apart: Vec<f64> = other.means.iter().zip(&self.means).map(|(theirs, ours)| theirs - ours).collect();
        for (i, row) in self.scatter.chunks_exact_mut(self.d).enumerate() {
            let factor = apart[i] * before * more / n;
            for ((sum, more), apart) in row.iter_mut().zip(&other.scatter[i * self.d..]).zip(&apart) {
                *sum += more + factor * apart;
            }
        }
        self.means.iter_mut().zip(&apart).for_each(|(mean, apart)| *mean += apart * more / n);
        self.n += other.n;
    }
}

/// Components of rows of d columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pca {
    /// Shape: (d).
    pub means: Vec<f64>,
    /// Shape: (n_components, d), of length one each, by falling variance. Of two opposite directions the one whose entry
    /// of largest magnitude is positive.
    pub components: Vec<f64>,
    /// The variance along each component, with n − 1 in the denominator. Shape: (n_components).
    pub variances: Vec<f64>,
    /// Each variance as a share of all; zeros for rows that do not vary. Shape: (n_components).
    pub shares: Vec<f64>,
}

impl Pca {
    /// # Errors
    /// If fewer than two rows were gathered, or `n_components` is not between 1 and d.
    pub fn fit(covariance: &Covariance, n_components: usize) -> Result<Self, SegmentError> {
        let d = covariance.d;
        if covariance.n < 2 {
            return Err(SegmentError::unfit("rows for components", covariance.n, "2 or more"));
        }
        if n_components == 0 || n_components > d {
            return Err(SegmentError::unfit(
                "number of components",
                n_components,
                format!("1 to {d}, the number of columns"),
            ));
        }
        let denominator = (covariance.n - 1) as f64;
        let matrix: Vec<f64> = covariance.scatter.iter().map(|sum| sum / denominator).collect();
        let total: f64 = (0..d).map(|at| matrix[at * d + at]).sum();
        let Some(eigen) = self_adjoint::eigen(&matrix, d) else {
            return Err(SegmentError::unfit("covariances", "values beyond the range of numbers", "finite values"));
        };
        // Rounding leaves directions without variance a little below zero.
        let variances: Vec<f64> = eigen.values[..n_components].iter().map(|value| value.max(0.0)).collect();
        let shares = variances.iter().map(|value| if total > 0.0 { value / total } else { 0.0 }).collect();
        let components = eigen.vectors[..n_components * d].to_vec();
        Ok(Pca { means: covariance.means.clone(), components, variances, shares })
    }

    pub fn n_components(&self) -> usize {
        self.variances.len()
    }

    /// Where points lie along the components. Two components make a map. Shape: (n, n_components).
    ///
    /// # Panics
    /// If the points have another number of columns.
    pub fn project<T: Real>(&self, points: Points<T>) -> Matrix {
        let (d, k) = (self.means.len(), self.n_components());
        assert_eq!(points.d(), d, "points of another width");
        let mut out = Matrix::zeros(points.n(), k);
        let mut centred = Vec::with_capacity(BLOCK * d);
        for (rows, out) in points.values().chunks(BLOCK * d).zip(out.values.chunks_mut(BLOCK * k)) {
            centred.clear();
            for row in rows.chunks_exact(d) {
                centred.extend(row.iter().zip(&self.means).map(|(value, mean)| value.to_f64() - mean));
            }
            product_with_transposed(&centred, &self.components, d, 1.0, out);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use math::Random;

    use super::*;

    fn gathered(values: &[f64], d: usize) -> Covariance {
        let mut covariance = Covariance::new(d);
        covariance.add(Points::new(values, values.len() / d, d).unwrap());
        covariance
    }

    /// `bench/peers/segment/golden_features.py`: PCA of scikit-learn 1.9 on the same six rows.
    #[test]
    fn components_match_scikit_learn() {
        let rows = [2.5, 2.4, 0.5, 0.5, 0.7, 1.5, 2.2, 2.9, 0.3, 1.9, 2.2, 0.1, 3.1, 3.0, 0.9, 2.3, 2.7, 1.1];
        let pca = Pca::fit(&gathered(&rows, 3), 2).unwrap();
        let near = |found: &[f64], expected: &[f64]| {
            assert!(found.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-9), "{found:?}, not {expected:?}");
        };
        near(
            &pca.components,
            &[
                0.6931355673694924,
                0.6786924840159396,
                -0.24277478738049657,
                0.30134075840996305,
                0.03312260444811714,
                0.9529410477020503,
            ],
        );
        near(&pca.variances, &[1.5093912991678906, 0.20740698655019138]);
        near(&pca.shares, &[0.8585843567507911, 0.11797894570546585]);
        near(
            &pca.project(Points::new(&rows, 6, 3).unwrap()).values,
            &[
                0.4020116437940664,
                -0.09403404475565091,
                -2.3808115011525124,
                0.19991705856467434,
                0.581972173067288,
                -0.3584631795949913,
                -0.052498278478618765,
                -0.6626394397720723,
                1.1279985596731277,
                0.4878203920400175,
                0.3213274030966513,
                0.427399213518022,
            ],
        );
    }

    #[test]
    fn blocks_in_any_number_are_the_whole() {
        let mut random = Random::new(11);
        let (n, d) = (1300, 5);
        let values: Vec<f64> = (0..n * d).map(|at| 1e4 + random.uniform() * (at % d + 1) as f64).collect();
        let whole = gathered(&values, d);
        let mut parts = Covariance::new(d);
        for part in values.chunks(77 * d) {
            parts.merge(&gathered(part, d));
        }
        assert_eq!(whole.n(), parts.n());
        for (x, y) in whole.scatter.iter().zip(&parts.scatter) {
            assert!((x - y).abs() < 1e-8 * whole.scatter[0].abs(), "{x} {y}");
        }
        // Projections are uncorrelated and have the components' variances.
        let pca = Pca::fit(&whole, d).unwrap();
        let projected = gathered(&pca.project(Points::new(&values, n, d).unwrap()).values, d);
        for i in 0..d {
            for j in 0..d {
                let expected = if i == j { pca.variances[i] } else { 0.0 };
                assert!((projected.scatter[i * d + j] / (n - 1) as f64 - expected).abs() < 1e-9);
            }
        }
        assert!((pca.shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_has_no_components_is_refused() {
        assert!(Pca::fit(&gathered(&[1.0, 2.0], 2), 1).unwrap_err().to_string().contains("found 1, allowed 2 or more"));
        let constant = gathered(&[1.0, 2.0, 1.0, 2.0], 2);
        assert!(Pca::fit(&constant, 3).unwrap_err().to_string().contains("found 3, allowed 1 to 2"));
        assert_eq!(Pca::fit(&constant, 2).unwrap().shares, [0.0, 0.0]);
    }
}
