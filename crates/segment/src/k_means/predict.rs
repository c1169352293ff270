//! The nearest centre for new points, block by block: for streams of any length.

use math::nearest::{Centres, Near, Panel, Passes};
use rayon::prelude::*;

use crate::{Matrix, SegmentError};

/// Rows handed to a thread at a time.
const ROWS: usize = 4096;

/// Centres made ready for labelling points of the precision `T`.
pub struct Assigner<T: 'static> {
    d: usize,
    /// Taken off every row: the mean of the centres.
    shift: Vec<T>,
    /// Shape: (k, d), less the shift.
    rows: Vec<T>,
    centres: Centres<T>,
    passes: Passes<T>,
}

impl<T: Near> Assigner<T> {
    /// # Errors
    /// If there are no centres or one has a value that is not finite.
    pub fn new(centres: &Matrix) -> Result<Self, SegmentError> {
        let (n, d) = (centres.n, centres.d);
        crate::Points::new(&centres.values, n, d)?;
        let mean = |at: usize| (0..n).map(|c| centres.row(c)[at]).sum::<f64>() / n as f64;
        let shift: Vec<T> = (0..d).map(|at| T::from_f64(mean(at))).collect();
        let values = centres.values.chunks_exact(d).flat_map(|row| row.iter().zip(&shift));
        let rows: Vec<T> = values.map(|(value, shift)| T::from_f64(value - shift.to_f64())).collect();
        Ok(Assigner { d, centres: Centres::new(&rows, d), shift, rows, passes: Passes::default() })
    }

    pub fn d(&self) -> usize {
        self.d
    }

    pub fn n_clusters(&self) -> usize {
        self.centres.n()
    }

    /// Writes the label of each row and its squared distance to the centre. Uses the threads of the rayon pool it is
    /// called in. For spherical centres the rows are to have length 1. Shapes: `rows` (n, d), `labels` and `squares` (n).
    ///
    /// # Errors
    /// If the lengths do not fit each other, or a value is not finite.
    pub fn assign(&self, rows: &[T], labels: &mut [i32], squares: &mut [f64]) -> Result<(), SegmentError> {
        let (n, d) = (labels.len(), self.d);
        if n == 0 && rows.is_empty() && squares.is_empty() {
            return Ok(());
        }
        crate::Points::new(rows, n, d)?;
        if squares.len() != n {
            return Err(SegmentError::unfit("room for squared distances", squares.len(), n));
        }
        let blocks = rows.par_chunks(ROWS * d).zip(labels.par_chunks_mut(ROWS)).zip(squares.par_chunks_mut(ROWS));
        blocks.for_each(|((rows, labels), squares)| self.assign_block(rows, labels, squares));
        Ok(())
    }

    fn assign_block(&self, rows: &[T], labels: &mut [i32], squares: &mut [f64]) {
        let n = labels.len();
        let mut found = vec![0u32; n];
        self.centres.label(rows, &self.shift, &mut Panel::new(self.d), &mut found);
        let picks: Vec<u32> = (0..n as u32).collect();
        self.passes.distances(rows, &self.shift, &picks, &found, &self.rows, squares);
        labels.iter_mut().zip(found).for_each(|(label, found)| *label = found as i32);
    }
}
