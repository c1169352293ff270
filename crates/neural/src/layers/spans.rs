//! Sequences of different lengths one behind the other in one matrix, without anything filled up: what a layer does row by
//! row it does for all of them at once, and what it does within a sequence knows where each begins and ends.

/// Where sequences begin and end among the rows of a matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spans {
    /// Shape: (n + 1), from 0 to the number of rows, never falling.
    bounds: Vec<usize>,
}

impl Spans {
    /// Sequences of these lengths, in this order.
    pub fn of_lens(lens: impl IntoIterator<Item = usize>) -> Self {
        let mut bounds = vec![0];
        let mut end = 0;
        bounds.extend(lens.into_iter().map(|len| {
            end += len;
            end
        }));
        Spans { bounds }
    }

    /// The number of sequences.
    pub fn n(&self) -> usize {
        self.bounds.len() - 1
    }

    /// The number of rows of all sequences.
    pub fn n_rows(&self) -> usize {
        self.bounds[self.n()]
    }

    /// The rows of a sequence.
    pub fn range(&self, nth: usize) -> std::ops::Range<usize> {
        self.bounds[nth]..self.bounds[nth + 1]
    }

    pub fn len_of(&self, nth: usize) -> usize {
        self.range(nth).len()
    }

    pub fn lens(&self) -> impl Iterator<Item = usize> + '_ {
        self.bounds.windows(2).map(|pair| pair[1] - pair[0])
    }

    /// The place of each row within its sequence, from 0.
    pub fn places(&self) -> impl Iterator<Item = u32> + '_ {
        self.lens().flat_map(|len| 0..len as u32)
    }

    /// Cuts `values`, `width(len)` of them a sequence of length `len`, into one part a sequence.
    ///
    /// # Panics
    /// If there are fewer values.
    pub(crate) fn cut_mut<'a, T>(
        &self,
        mut values: &'a mut [T],
        width: impl Fn(usize, usize) -> usize,
    ) -> Vec<&'a mut [T]> {
        let parts = self.lens().enumerate().map(|(nth, len)| {
            let (part, rest) = std::mem::take(&mut values).split_at_mut(width(nth, len));
            values = rest;
            part
        });
        parts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_know_their_rows() {
        let spans = Spans::of_lens([2, 0, 3]);
        assert_eq!((spans.n(), spans.n_rows(), spans.range(1), spans.range(2), spans.len_of(0)), (3, 5, 2..2, 2..5, 2));
        assert!(spans.places().eq([0, 1, 0, 1, 2]));
        let mut values: Vec<usize> = (0..10).collect();
        assert_eq!(spans.cut_mut(&mut values, |_, len| 2 * len), [&[0, 1, 2, 3][..], &[], &[4, 5, 6, 7, 8, 9]]);
        assert_eq!(Spans::of_lens([]).n_rows(), 0);
    }
}
