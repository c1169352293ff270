//! Contexts and replies in one space: each the direction of its units' vectors, learned so that a context stands nearer to its
//! reply than to the others of a batch (in-batch negatives: Henderson et al. 2017). Both sides start from the same vectors, so
//! that before anything is learned a score is what both have in common.

use math::Random;
use rayon::prelude::*;

use super::reading::{Context, Reading};

/// Length of the vectors.
pub(super) const DIM: usize = 64;
const BATCH: usize = 64;
const EPOCHS: usize = 8;
/// What cosines are multiplied with before they compete.
const SHARPNESS: f32 = 12.0;
const STEP: f32 = 0.03;

/// The vectors of units on both sides. Shapes: (n_units, DIM).
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Towers {
    pub contexts: Vec<f32>,
    pub replies: Vec<f32>,
}

type Units = [(u32, f32)];

/// A text's vector at length 1, and its length before.
struct Placed {
    unit: [f32; DIM],
    length: f32,
}

fn place(table: &[f32], units: &Units) -> Placed {
    let mut sum = [0f32; DIM];
    for &(unit, weight) in units {
        let row = &table[unit as usize * DIM..(unit as usize + 1) * DIM];
        sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
    }
    let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        sum.iter_mut().for_each(|value| *value /= length);
    }
    Placed { unit: sum, length }
}

fn cosine(a: &Placed, b: &Placed) -> f32 {
    a.unit.iter().zip(&b.unit).map(|(a, b)| a * b).sum()
}

impl Towers {
    pub fn learn(exchanges: &[(Context, Reading)], n_units: usize, seed: u64) -> Self {
        let mut random = Random::stream(seed, 2);
        let start: Vec<f32> = (0..n_units * DIM).map(|_| (random.uniform() - 0.5) as f32).collect();
        let mut towers = Towers { contexts: start.clone(), replies: start };
        // Sums of squared slopes (Adagrad).
        let mut squares = Towers { contexts: vec![1e-6; n_units * DIM], replies: vec![1e-6; n_units * DIM] };
        let mut order: Vec<usize> = (0..exchanges.len()).collect();
        for _ in 0..EPOCHS {
            random.shuffle(&mut order);
            for batch in order.chunks(BATCH).filter(|batch| batch.len() > 1) {
                let batch: Vec<(&Units, &Units)> = batch
                    .iter()
                    .map(|&at| (exchanges[at].0.units.as_slice(), exchanges[at].1.units.as_slice()))
                    .collect();
                towers.step(&batch, &mut squares);
            }
        }
        towers
    }

    fn step(&mut self, batch: &[(&Units, &Units)], squares: &mut Towers) {
        let placed: Vec<(Placed, Placed)> = batch
            .par_iter()
            .map(|(context, reply)| (place(&self.contexts, context), place(&self.replies, reply)))
            .collect();
        let slopes = slopes(&placed);
        let n = batch.len();
        let towards = |row: usize, of_contexts: bool| {
            let mut slope = [0f32; DIM];
            for (other, (context, reply)) in placed.iter().enumerate() {
                let at = if of_contexts { row * n + other } else { other * n + row };
                let unit = if of_contexts { &reply.unit } else { &context.unit };
                slope.iter_mut().zip(unit).for_each(|(slope, value)| *slope += slopes[at] * value);
            }
            through_length(slope, if of_contexts { &placed[row].0 } else { &placed[row].1 })
        };
        let moves: Vec<([f32; DIM], [f32; DIM])> =
            (0..n).into_par_iter().map(|row| (towards(row, true), towards(row, false))).collect();
        for ((context, reply), (of_context, of_reply)) in batch.iter().zip(&moves) {
            descend(&mut self.contexts, &mut squares.contexts, context, of_context);
            descend(&mut self.replies, &mut squares.replies, reply, of_reply);
        }
    }

    /// The cosine of a context and a reply, −1 to 1; 0 where nothing is known.
    pub fn score(&self, context: &Context, reply: &Reading) -> f32 {
        cosine(&place(&self.contexts, &context.units), &place(&self.replies, &reply.units))
    }
}

/// The slope of the loss by each cosine: each context chooses among replies, and each reply among contexts. Shape: (n, n).
fn slopes(placed: &[(Placed, Placed)]) -> Vec<f32> {
    let n = placed.len();
    let scores: Vec<f32> =
        (0..n * n).into_par_iter().map(|at| SHARPNESS * cosine(&placed[at / n].0, &placed[at % n].1)).collect();
    let mut slopes = vec![0f32; n * n];
    for row in 0..n {
        for of_row in [true, false] {
            let place = |other: usize| if of_row { row * n + other } else { other * n + row };
            let largest = (0..n).map(|other| scores[place(other)]).fold(f32::MIN, f32::max);
            let total: f32 = (0..n).map(|other| (scores[place(other)] - largest).exp()).sum();
            for other in 0..n {
                let chance = (scores[place(other)] - largest).exp() / total;
                slopes[place(other)] += chance - f32::from(u8::from(other == row));
            }
        }
    }
    slopes.iter_mut().for_each(|slope| *slope *= 0.5 * SHARPNESS / n as f32);
    slopes
}

/// A slope by the vector at length 1 as one by the vector before.
fn through_length(mut slope: [f32; DIM], placed: &Placed) -> [f32; DIM] {
    if placed.length <= 0.0 {
        return [0.0; DIM];
    }
    let along: f32 = slope.iter().zip(&placed.unit).map(|(a, b)| a * b).sum();
    slope.iter_mut().zip(&placed.unit).for_each(|(slope, unit)| *slope = (*slope - along * unit) / placed.length);
    slope
}

fn descend(table: &mut [f32], squares: &mut [f32], units: &Units, slope: &[f32; DIM]) {
    for &(unit, weight) in units {
        let range = unit as usize * DIM..(unit as usize + 1) * DIM;
        let rows = table[range.clone()].iter_mut().zip(&mut squares[range]);
        for ((value, square), slope) in rows.zip(slope) {
            let slope = weight * slope;
            *square += slope * slope;
            *value -= STEP * slope / square.sqrt();
        }
    }
}
