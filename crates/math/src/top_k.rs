//! The best k of many scored ids, in one pass. Equal scores are ordered by id, so the answer does not depend on the
//! order of arrival nor on how the work was split. Not a sort: what is not among the best is never ordered.

use crate::widest::widest;

/// An (id, score) pair as one integer: the higher integer ranks first (higher score, then lower id).
#[inline]
fn to_key(id: u32, score: f32) -> u64 {
    // Adding 0.0 turns -0.0 into 0.0, which must tie with it.
    let bits = (score + 0.0).to_bits();
    let ordered = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    (u64::from(ordered) << 32) | u64::from(!id)
}

#[inline]
fn from_key(key: u64) -> (u32, f32) {
    let ordered = (key >> 32) as u32;
    let bits = if ordered >> 31 == 1 { ordered & !(1 << 31) } else { !ordered };
    (!(key as u32), f32::from_bits(bits))
}

/// Collects the best `k` of the pairs offered. Memory: at most 2k pairs.
#[derive(Clone, Debug)]
pub struct TopK {
    k: usize,
    keys: Vec<u64>,
    threshold: f32,
}

/// Scores compared with the threshold together: almost always none of them is good enough.
const CHUNK: usize = 64;
/// Of those, so many again once one is.
const LANES: usize = 16;

#[inline(always)]
fn offer_chunks(best: &mut TopK, first: u32, scores: &[f32]) {
    let chunks = scores.chunks_exact(CHUNK);
    let (rest, first_of_rest) = (chunks.remainder(), first + (scores.len() - chunks.remainder().len()) as u32);
    for (chunk, first) in chunks.zip((first..).step_by(CHUNK)) {
        let threshold = best.threshold;
        let mut is_good = [0u32; LANES];
        for lanes in chunk.chunks_exact(LANES) {
            is_good.iter_mut().zip(lanes).for_each(|(any, &score)| *any |= u32::from(score >= threshold));
        }
        if is_good == [0; LANES] {
            continue;
        }
        for (lanes, first) in chunk.chunks_exact(LANES).zip((first..).step_by(LANES)) {
            if lanes.iter().fold(0, |any, &score| any | u32::from(score >= threshold)) != 0 {
                offer_each(best, first, lanes);
            }
        }
    }
    offer_each(best, first_of_rest, rest);
}

#[inline(never)]
fn offer_each(best: &mut TopK, first: u32, scores: &[f32]) {
    for (&score, id) in scores.iter().zip(first..).filter(|(score, _)| **score != 0.0) {
        best.offer(id, score);
    }
}

impl TopK {
    /// Takes only scores of at least `floor`; `f32::NEG_INFINITY` for all.
    pub fn with_floor(k: usize, floor: f32) -> Self {
        TopK { k, keys: Vec::new(), threshold: if k == 0 { f32::INFINITY } else { floor } }
    }

    pub fn new(k: usize) -> Self {
        Self::with_floor(k, f32::NEG_INFINITY)
    }

    /// A score below this cannot be among the best any more.
    #[inline]
    pub fn threshold(&self) -> f32 {
        self.threshold
    }

    /// Offers a pair. NaN is never kept.
    #[inline]
    pub fn offer(&mut self, id: u32, score: f32) {
        if score >= self.threshold && self.k > 0 {
            self.keys.push(to_key(id, score));
            if self.keys.len() >= self.k.saturating_mul(2) {
                self.prune();
            }
        }
    }

    /// Offers the scores of the ids `first`, `first + 1` … that are not 0, which stands for what is out of reach.
    pub fn offer_row(&mut self, first: u32, scores: &[f32]) {
        let best = self;
        widest!(offer_chunks(best: &mut TopK, first: u32, scores: &[f32]) -> ())
    }

    #[cold]
    fn prune(&mut self) {
        if self.keys.len() > self.k {
            self.keys.select_nth_unstable_by(self.k - 1, |a, b| b.cmp(a));
            self.keys.truncate(self.k);
            self.threshold = from_key(self.keys[self.k - 1]).1;
        }
    }

    /// Adds all that `other` has kept.
    pub fn merge(&mut self, other: &TopK) {
        for &key in &other.keys {
            let (id, score) = from_key(key);
            self.offer(id, score);
        }
    }

    /// Hands the best over, best first, and starts anew with `floor`.
    pub fn drain_sorted(&mut self, floor: f32) -> Vec<(u32, f32)> {
        self.prune();
        self.keys.sort_unstable_by(|a, b| b.cmp(a));
        self.threshold = if self.k == 0 { f32::INFINITY } else { floor };
        self.keys.drain(..).map(from_key).collect()
    }

    /// The best, best first.
    pub fn into_sorted(mut self) -> Vec<(u32, f32)> {
        self.drain_sorted(f32::NEG_INFINITY)
    }
}

/// The best `k` entries of `scores` with their index, best first, ties by index, leaving out the indexes in `without`
/// (ascending) and whatever is NaN or minus infinity.
pub fn top_k(scores: &[f32], k: usize, without: &[u32]) -> Vec<(u32, f32)> {
    let mut best = TopK::with_floor(k, f32::MIN);
    let mut without = without.iter().copied().peekable();
    for (id, &score) in scores.iter().enumerate() {
        let id = id as u32;
        while without.next_if(|&left_out| left_out < id).is_some() {}
        if without.peek() != Some(&id) {
            best.offer(id, score);
        }
    }
    best.into_sorted()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(scores: &[f32], k: usize, without: &[u32], expected: &[u32]) {
        let ids: Vec<u32> = top_k(scores, k, without).iter().map(|pair| pair.0).collect();
        assert_eq!(ids, expected, "{scores:?} k={k} without {without:?}");
    }

    #[test]
    fn a_row_is_offered_as_its_scores_one_by_one() {
        let mut random = crate::Random::new(3);
        for n in [0, 1, 63, 64, 65, 500] {
            // Few values, so that there are ties, zeros and negative scores.
            let scores: Vec<f32> = (0..n).map(|_| random.below(9) as f32 - 3.0).collect();
            let (mut row, mut single) = (TopK::with_floor(7, f32::MIN), TopK::with_floor(7, f32::MIN));
            row.offer_row(100, &scores);
            for (at, &score) in scores.iter().enumerate().filter(|(_, score)| **score != 0.0) {
                single.offer(100 + at as u32, score);
            }
            assert_eq!(row.into_sorted(), single.into_sorted(), "{n}");
        }
    }

    #[test]
    fn best_first_and_ties_by_id() {
        check(&[1.0, 3.0, 3.0, 2.0], 3, &[], &[1, 2, 3]);
        check(&[0.0, -0.0, 0.0], 2, &[], &[0, 1]);
        check(&[-1.0, -2.0, f32::NAN, f32::NEG_INFINITY], 9, &[], &[0, 1]);
        check(&[5.0, 4.0, 3.0], 2, &[0, 7], &[1, 2]);
        check(&[5.0], 0, &[], &[]);
        check(&[], 3, &[], &[]);
    }

    #[test]
    fn agrees_with_sorting_whatever_the_order_and_the_split() {
        let scores: Vec<f32> = (0..1000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 26) as f32 - 20.0).collect();
        let mut sorted: Vec<(u32, f32)> = scores.iter().enumerate().map(|(id, &score)| (id as u32, score)).collect();
        sorted.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        for k in [1, 7, 100, 1000, 2000] {
            let expected = &sorted[..k.min(1000)];
            assert_eq!(top_k(&scores, k, &[]), expected);
            let (mut low, mut high) = (TopK::new(k), TopK::new(k));
            for (id, &score) in scores.iter().enumerate().rev() {
                if id % 3 == 0 { low.offer(id as u32, score) } else { high.offer(id as u32, score) }
            }
            low.merge(&high);
            assert_eq!(low.into_sorted(), expected);
        }
    }
}
