//! Mini-batch K-Means (Sculley 2010): each step labels a few random points and moves their centres towards them, by ever
//! smaller steps. Approximate, and for many points much cheaper; in the end all points are labelled once.

use math::Random;
use math::nearest::{Centres, Near, Panel};
use rayon::prelude::*;

use super::frame::{BLOCK, Frame};
use super::lloyd::{self, to_unit_length};
use super::{Fitted, KMeans};
use crate::SegmentError;

/// Steps in a row without a smaller smoothed inertia after which to stop, as scikit-learn has it.
const STEPS_WITHOUT_GAIN: usize = 10;

/// Runs from first centres, relative to the frame's shift. Shape: (k, d).
pub(super) fn run<T: Near>(
    frame: &Frame<T>,
    wanted: &KMeans,
    first: Vec<f64>,
    seed: u64,
    progress: &(dyn Fn(f64) -> bool + Sync),
) -> Result<Fitted, SegmentError> {
    let (d, size) = (frame.d, wanted.batch_size);
    let steps_per_round = frame.n.div_ceil(size);
    let n_steps = wanted.max_iterations * steps_per_round;
    let mut random = Random::stream(seed, 1);
    let mut centres = first;
    let mut weights = vec![0.0; wanted.n_clusters];
    let (mut smoothed, mut least, mut without_gain, mut n_done) = (f64::NAN, f64::INFINITY, 0, 0);
    let share = (2.0 * size as f64 / (frame.n as f64 + 1.0)).min(1.0);
    while n_done < n_steps && without_gain < STEPS_WITHOUT_GAIN {
        let picks: Vec<usize> = (0..size).map(|_| random.below(frame.n)).collect();
        let inertia = step(frame, &picks, &mut centres, &mut weights) / size as f64;
        if frame.spherical {
            centres.chunks_exact_mut(d).for_each(to_unit_length);
        }
        smoothed = if smoothed.is_nan() { inertia } else { smoothed * (1.0 - share) + inertia * share };
        without_gain = if smoothed < least { 0 } else { without_gain + 1 };
        least = least.min(smoothed);
        n_done += 1;
        if !progress(n_done as f64 / (n_steps + 1) as f64) {
            return Err(SegmentError::Cancelled);
        }
    }
    let labelled = KMeans { max_iterations: 0, ..wanted.clone() };
    let fitted = lloyd::run(frame, &labelled, centres, progress)?;
    let converged = without_gain == STEPS_WITHOUT_GAIN;
    Ok(Fitted { n_iterations: n_done.div_ceil(steps_per_round), history: Vec::new(), converged, ..fitted })
}

/// One step; says the inertia of the batch before it.
fn step<T: Near>(frame: &Frame<T>, picks: &[usize], centres: &mut [f64], weights: &mut [f64]) -> f64 {
    let d = frame.d;
    let rows: Vec<T> = centres.iter().map(|&x| T::from_f64(x)).collect();
    let ready = Centres::new(&rows, d);
    let batch: Vec<T> = picks.iter().flat_map(|&row| frame.row(row)).collect();
    let (mut labels, mut squares) = (vec![0u32; picks.len()], vec![T::ZERO; picks.len()]);
    let zeros = vec![T::ZERO; d];
    let blocks = batch.par_chunks(BLOCK * d).zip(labels.par_chunks_mut(BLOCK)).zip(squares.par_chunks_mut(BLOCK));
    blocks.for_each(|((rows, labels), squares)| ready.assign(rows, &zeros, &mut Panel::new(d), labels, squares));
    let mut inertia = 0.0;
    for (at, &row) in picks.iter().enumerate() {
        let (weight, c) = (frame.weight_of(row), labels[at] as usize);
        inertia += squares[at].to_f64() * weight;
        weights[c] += weight;
        if weight > 0.0 {
            let pace = weight / weights[c];
            let centre = &mut centres[c * d..(c + 1) * d];
            let x = &batch[at * d..(at + 1) * d];
            centre.iter_mut().zip(x).for_each(|(centre, x)| *centre += (x.to_f64() - *centre) * pace);
        }
    }
    inertia
}
