//! Points as rows of a matrix, in single or double precision. A `Points` has been checked: it is not empty and every
//! value is finite, so no algorithm looks again.

pub use math::dense::Real;

use crate::SegmentError;

/// A view of checked points. Shape: (n, d), row by row.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a, T> {
    values: &'a [T],
    n: usize,
    d: usize,
}

impl<'a, T: Real> Points<'a, T> {
    /// Shape of `values`: (n, d), row by row.
    ///
    /// # Errors
    /// If there is no value, their number is not n × d, or one is not finite.
    pub fn new(values: &'a [T], n: usize, d: usize) -> Result<Self, SegmentError> {
        if n == 0 || d == 0 {
            return Err(SegmentError::Empty { n, d });
        }
        if n.checked_mul(d) != Some(values.len()) {
            return Err(SegmentError::Shape { found: values.len(), n, d });
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(SegmentError::NotFinite { row: at / d, column: at % d, value: values[at].to_f64() }),
            None => Ok(Points { values, n, d }),
        }
    }

    pub fn n(&self) -> usize {
        self.n
    }

    pub fn d(&self) -> usize {
        self.d
    }

    /// Shape: (d).
    pub fn row(&self, row: usize) -> &'a [T] {
        &self.values[row * self.d..(row + 1) * self.d]
    }

    pub fn rows(&self) -> std::slice::ChunksExact<'a, T> {
        self.values.chunks_exact(self.d)
    }

    /// Shape: (n, d), row by row.
    pub fn values(&self) -> &'a [T] {
        self.values
    }
}

/// An owned matrix in double precision: centres, merges, projections. Shape: (n, d), row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    pub values: Vec<f64>,
    pub n: usize,
    pub d: usize,
}

impl Matrix {
    pub fn zeros(n: usize, d: usize) -> Self {
        Matrix { values: vec![0.0; n * d], n, d }
    }

    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.d..(row + 1) * self.d]
    }

    pub fn row_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.values[row * self.d..(row + 1) * self.d]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said() {
        let error = |values: &[f64], n, d| Points::new(values, n, d).unwrap_err().to_string();
        assert!(error(&[], 0, 3).contains("0 rows of 3 columns"));
        assert!(error(&[1.0, 2.0, 3.0], 2, 2).contains("3 values do not fill 2 rows of 2 columns"));
        assert!(error(&[1.0, 2.0, 3.0, f64::NAN], 2, 2).contains("row 1, column 1 holds NaN"));
        assert!(error(&[1.0, f64::INFINITY], 1, 2).contains("row 0, column 1 holds inf"));
        assert!(error(&[1.0], usize::MAX, 2).contains("do not fill"));
    }
}
