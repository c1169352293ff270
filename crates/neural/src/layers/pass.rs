//! What layers are handed in a forward or backward pass besides their input.

use super::dropout::{self, Dropout};
use crate::params::Params;
use crate::product::Compute;

/// Where and how precisely to compute, with which parameters, and whether to drop values.
#[derive(Clone, Copy)]
pub struct Pass<'a> {
    pub compute: &'a Compute,
    pub params: &'a Params,
    /// While learning a key of the seed and the step, the same in the forward and the backward pass; otherwise nothing is
    /// dropped.
    pub learning: Option<u64>,
}

impl Pass<'_> {
    /// What a layer at `place` drops now, if anything.
    pub(super) fn dropped(&self, dropout: Dropout, place: u64) -> Option<(Dropout, u64)> {
        self.learning.filter(|_| dropout.rate > 0.0).map(|step| (dropout, dropout::key(step, place, 0)))
    }

    /// Drops some of `values` while learning; the same for the same place.
    pub fn drop_some(&self, dropout: Dropout, place: u64, values: &mut [f32]) {
        if let Some((dropout, key)) = self.dropped(dropout, place) {
            dropout.apply(values, key);
        }
    }
}
