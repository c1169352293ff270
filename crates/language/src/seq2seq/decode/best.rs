//! The best continuations of a batch's rows, found in one pass without ordering the vocabulary.

/// One way to go on: `word` behind row `row`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Continuation {
    pub row: u32,
    pub word: u32,
    /// The logarithm of the whole output's probability, this word included.
    pub score: f32,
}

/// The best `k` of all that was offered, best first; of equals the one offered first.
#[derive(Debug, Default)]
pub(super) struct Best {
    k: usize,
    found: Vec<Continuation>,
}

/// Log-probabilities compared with the threshold together: nearly always none of them is good enough.
const CHUNK: usize = 32;

impl Best {
    /// Starts anew, for the best `k`.
    pub fn clear(&mut self, k: usize) {
        self.k = k;
        self.found.clear();
    }

    pub fn found(&self) -> &[Continuation] {
        &self.found
    }

    /// Offers every word behind `row`, whose output so far has the log-probability `so_far`. Words that are impossible
    /// (minus infinity) or not a number are never taken.
    pub fn offer_row(&mut self, row: u32, so_far: f32, log_probabilities: &[f32]) {
        let mut first = 0;
        for chunk in log_probabilities.chunks(CHUNK) {
            let threshold = self.threshold();
            if chunk.iter().fold(false, |any, &value| any | (so_far + value > threshold)) {
                for (word, &value) in (first..).zip(chunk) {
                    self.offer(Continuation { row, word, score: so_far + value });
                }
            }
            first += chunk.len() as u32;
        }
    }

    fn threshold(&self) -> f32 {
        if self.found.len() < self.k { f32::NEG_INFINITY } else { self.found.last().map_or(f32::INFINITY, |c| c.score) }
    }

    fn offer(&mut self, offered: Continuation) {
        if offered.score > self.threshold() {
            let at = self.found.partition_point(|kept| kept.score >= offered.score);
            self.found.truncate(self.k - 1);
            self.found.insert(at, offered);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// As sorting everything would find.
        #[test]
        fn equals_a_sort(
            rows in prop::collection::vec(
                (-9f32..0.0, prop::collection::vec(prop_oneof![Just(f32::NEG_INFINITY), Just(f32::NAN), -5f32..0.0, Just(-1.0)], 70)),
                0..4,
            ),
            k in 0usize..80,
        ) {
            let mut best = Best::default();
            best.clear(k);
            let mut all = Vec::new();
            for (row, (so_far, values)) in (0u32..).zip(&rows) {
                best.offer_row(row, *so_far, values);
                all.extend((0u32..).zip(values).map(|(word, value)| Continuation { row, word, score: so_far + value }));
            }
            all.retain(|one| one.score > f32::NEG_INFINITY);
            all.sort_by(|a, b| b.score.total_cmp(&a.score));
            all.truncate(k);
            prop_assert_eq!(best.found(), &all[..]);
        }
    }
}
