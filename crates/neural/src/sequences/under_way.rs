//! How far learning is, and all that it takes to go on from there. What is drawn at random follows from the seed and the
//! portion under way alone, so between two portions there is nothing else to keep. What is not here: bytes.

use math::Factors;

use crate::NeuralError;

/// What was reached between two portions of the sequences. With the same input and settings, learning goes on from it.
#[derive(Clone, Debug, PartialEq)]
pub struct UnderWay {
    /// As [`Embedded`](super::Embedded) will have them. Shapes: (n_ids or rows of parts, dim), (n_outputs, dim).
    pub input: Factors,
    pub output: Factors,
    pub counted: Counted,
}

/// What is counted along the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    /// Portions done, over all epochs.
    pub n_portions: u64,
    /// Ids gone through.
    pub n_ids: u64,
    /// Meetings, of some of which the loss is computed.
    pub n_seen: u64,
    /// Of the epoch under way: the sum of the losses computed, and of how many pairs.
    pub loss: f64,
    pub n_pairs: u64,
    /// The mean loss of each epoch done.
    pub losses: Vec<f64>,
}

impl Counted {
    /// Where an earlier run had come to, if it fits.
    pub(super) fn from(from: Option<&UnderWay>, shapes: Shapes, n_in_epoch: usize) -> Result<Counted, NeuralError> {
        let Some(from) = from else { return Ok(Counted::default()) };
        let found =
            Shapes { dim: from.input.n_factors, n_inputs: from.input.n_rows, n_outputs: from.output.n_rows, ..shapes };
        let counted = &from.counted;
        let n_epochs = counted.losses.len() as u64;
        let is_of_epoch = counted.n_portions / (n_in_epoch as u64).max(1) == n_epochs;
        if found != shapes || from.output.n_factors != shapes.dim || !is_of_epoch || n_epochs > shapes.n_epochs as u64 {
            let said = format!("{found:?} after {n_epochs} epochs and {} portions", counted.n_portions);
            return Err(NeuralError::unfit("what was reached before", said, format!("that of {shapes:?}")));
        }
        let is_finite = |factors: &Factors| factors.values.iter().all(|value| value.is_finite());
        if !(is_finite(&from.input) && is_finite(&from.output) && counted.loss.is_finite()) {
            return Err(NeuralError::Corrupt("what was reached before holds numbers that are not finite".to_owned()));
        }
        Ok(counted.clone())
    }

    /// Takes in a portion of so many ids; the last of an epoch ends it.
    pub(super) fn add(&mut self, n_ids: u64, n_in_epoch: usize) {
        self.n_ids += n_ids;
        self.n_portions += 1;
        if self.n_portions.is_multiple_of(n_in_epoch as u64) {
            self.losses.push(self.loss / self.n_pairs.max(1) as f64);
            (self.loss, self.n_pairs) = (0.0, 0);
        }
    }
}

/// What must be the same before and after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shapes {
    pub dim: usize,
    pub n_inputs: usize,
    pub n_outputs: usize,
    pub n_epochs: usize,
}

/// How far learning is.
pub struct Reached<'a> {
    /// 0 to 1.
    pub share: f64,
    /// The mean loss of each epoch done.
    pub losses: &'a [f64],
    pub(super) state: &'a dyn Fn() -> UnderWay,
}

impl Reached<'_> {
    /// A copy of all that was learned so far.
    pub fn under_way(&self) -> UnderWay {
        (self.state)()
    }
}

/// Asked between portions; `false` stops.
pub type Watch<'a> = &'a (dyn Fn(&Reached) -> bool + Sync);
