//! In what portions sequences are gone through: pieces of a few thousand ids, each with random numbers of its own, so
//! that what is drawn does not depend on who works on which piece.

use math::Random;

use super::Sequences;
use super::draw::Keep;

/// Ids in a piece, about; and at most so many of one sequence.
pub const PIECE: usize = 8192;

/// A run of whole sequences, or a part of a long one.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Where its (parts of) sequences begin and end.
    pub ranges: Vec<(usize, usize)>,
}

impl Piece {
    pub fn n_ids(&self) -> usize {
        self.ranges.iter().map(|(start, end)| end - start).sum()
    }
}

/// Everything, in order, once.
pub fn pieces(sequences: &Sequences) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut ranges = Vec::new();
    let (mut start, mut size) = (0, 0);
    for &end in sequences.ends {
        while start < end {
            let stop = end.min(start + PIECE);
            ranges.push((start, stop));
            size += stop - start;
            start = stop;
            if size >= PIECE / 2 {
                pieces.push(Piece { ranges: std::mem::take(&mut ranges) });
                size = 0;
            }
        }
    }
    if !ranges.is_empty() {
        pieces.push(Piece { ranges });
    }
    pieces
}

/// Consecutive pieces that are trained on at one learning rate, as ranges of `pieces`.
pub fn batches(pieces: &[Piece], n_epochs: usize) -> Vec<std::ops::Range<usize>> {
    // At least some hundred rates over the whole, so that small inputs are cooled slowly too.
    let n_all = pieces.iter().map(Piece::n_ids).sum::<usize>() * n_epochs;
    // Some two hundred rates over the whole, so that small inputs are cooled slowly too.
    let size = (n_all / 200).clamp(PIECE / 4, 8 * PIECE);
    let mut batches = Vec::new();
    let (mut start, mut n) = (0, 0);
    for (at, piece) in pieces.iter().enumerate() {
        n += piece.n_ids();
        if n >= size {
            batches.push(start..at + 1);
            (start, n) = (at + 1, 0);
        }
    }
    if start < pieces.len() {
        batches.push(start..pieces.len());
    }
    batches
}

/// The ids of a sequence that are kept this time.
pub fn keep_into(kept: &mut Vec<u32>, ids: &[u32], keep: &Keep, random: &mut Random) {
    kept.clear();
    kept.extend(ids.iter().copied().filter(|&id| keep.is_kept(id, random)));
}

/// The context of the position `at` among `n`, without itself: two ranges.
#[inline]
pub fn window(
    at: usize,
    n: usize,
    width_max: usize,
    random: &mut Random,
) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
    let width = 1 + random.below(width_max);
    (at.saturating_sub(width)..at, at + 1..(at + width + 1).min(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_in_one_piece() {
        for lengths in [vec![1], vec![0, 5, 0], vec![3; 10_000], vec![100_000], vec![20, 9000, 1, 50_000, 7]] {
            let ends: Vec<usize> = lengths
                .iter()
                .scan(0, |sum, n| {
                    Some({
                        *sum += n;
                        *sum
                    })
                })
                .collect();
            let ids = vec![0; *ends.last().unwrap()];
            let pieces = pieces(&Sequences { ids: &ids, ends: &ends });
            let ranges: Vec<_> = pieces.iter().flat_map(|piece| piece.ranges.clone()).collect();
            assert!(ranges.iter().all(|(start, end)| start < end && end - start <= PIECE));
            assert!(ranges.windows(2).all(|pair| pair[0].1 == pair[1].0));
            assert_eq!((ranges[0].0, ranges.last().unwrap().1), (0, ids.len()));
            assert!(ranges.iter().all(|(start, end)| ends.iter().all(|cut| cut <= start || cut >= end)));
            assert!(pieces.iter().all(|piece| piece.n_ids() < 2 * PIECE));
            let batches = batches(&pieces, 5);
            assert!(batches.windows(2).all(|pair| pair[0].end == pair[1].start && pair[0].start < pair[0].end));
            assert_eq!((batches[0].start, batches.last().unwrap().end), (0, pieces.len()));
        }
    }
}
