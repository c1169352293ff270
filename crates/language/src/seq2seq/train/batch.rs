//! Pairs of sequences and how they are put together into batches: pairs of like length together, so that little is
//! computed for nothing, in an order that is new in every epoch and follows from the seed and the epoch alone.

use math::Random;

use crate::LanguageError;
use crate::seq2seq::decode::END;

/// Sources and targets as word ids. Targets have no [`BEGIN`](crate::seq2seq::decode::BEGIN) and no [`END`]. For a model
/// that copies, ids from the vocabulary's size on are the unknown words of a pair's source, numbered as they come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pairs {
    sources: Vec<Vec<u32>>,
    /// With [`END`].
    targets: Vec<Vec<u32>>,
}

impl Pairs {
    /// # Errors
    /// If there are not as many targets as sources.
    pub fn new(sources: Vec<Vec<u32>>, mut targets: Vec<Vec<u32>>) -> Result<Self, LanguageError> {
        if sources.len() != targets.len() {
            return Err(LanguageError::unfit(
                "targets",
                targets.len(),
                format!("one for each of {} sources", sources.len()),
            ));
        }
        targets.iter_mut().for_each(|target| target.push(END));
        Ok(Pairs { sources, targets })
    }

    pub fn len(&self) -> usize {
        self.sources.len()
    }

    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// The pairs at these places.
    pub fn batch(&self, places: &[usize]) -> Batch<'_> {
        Batch {
            sources: places.iter().map(|&place| &self.sources[place][..]).collect(),
            outputs: places.iter().map(|&place| &self.targets[place][..]).collect(),
        }
    }

    /// Batches of an epoch: pairs of like length together, batches in random order. Lengths within a batch differ as little
    /// as they can within windows of 64 batches of random pairs, so that who is beside whom changes from epoch to epoch.
    pub fn batches(&self, size: usize, seed: u64, epoch: u64) -> Vec<Vec<usize>> {
        let mut random = Random::stream(seed, epoch);
        let mut order: Vec<usize> = (0..self.len()).collect();
        random.shuffle(&mut order);
        let mut batches = Vec::new();
        for window in order.chunks_mut(size * 64) {
            window.sort_by_key(|&at| (self.targets[at].len(), self.sources[at].len()));
            batches.extend(window.chunks(size).map(<[usize]>::to_vec));
        }
        random.shuffle(&mut batches);
        batches
    }

    /// All pairs in batches by length, for evaluation.
    pub fn batches_in_order(&self, size: usize) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by_key(|&at| (self.targets[at].len(), self.sources[at].len()));
        order.chunks(size).map(<[usize]>::to_vec).collect()
    }
}

/// Pairs to learn from at once, in any order.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    pub sources: Vec<&'a [u32]>,
    /// What is to be written, [`END`] included. The decoder is fed `BEGIN` and all of it but the last. None is empty.
    pub outputs: Vec<&'a [u32]>,
}

impl Batch<'_> {
    pub fn n_targets(&self) -> usize {
        self.outputs.iter().map(|output| output.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_is_in_one_batch_beside_its_likes() {
        let targets: Vec<Vec<u32>> = (0..1000).map(|at| vec![9; (at * 7919) % 37]).collect();
        let pairs = Pairs::new(vec![vec![5]; 1000], targets).unwrap();
        let batches = pairs.batches(16, 3, 0);
        let mut all: Vec<usize> = batches.concat();
        all.sort_unstable();
        assert_eq!(all, (0..1000).collect::<Vec<_>>());
        assert_eq!(batches, pairs.batches(16, 3, 0));
        assert_ne!(batches, pairs.batches(16, 3, 1));
        let lengths = |batch: &Vec<usize>| batch.iter().map(|&at| pairs.targets[at].len()).collect::<Vec<_>>();
        assert!(batches.iter().all(|batch| {
            let lengths = lengths(batch);
            lengths.iter().max().unwrap() - lengths.iter().min().unwrap() <= 2
        }));
        assert_eq!(pairs.batch(&[3]).n_targets(), (3 * 7919) % 37 + 1);
        assert!(Pairs::new(vec![vec![]], vec![]).unwrap_err().to_string().contains("one for each of 1 sources"));
    }
}
