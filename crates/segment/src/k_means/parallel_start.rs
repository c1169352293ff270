//! k-means|| (Bahmani et al. 2012): few passes, in each of which many points are drawn at once.

use math::Random;
use math::nearest::{Centres, Near, Panel};
use rayon::prelude::*;

use super::frame::{BLOCK, Frame};
use super::start::plus_plus;
use crate::Points;

/// Passes in which points are drawn, and how many in each, as a part of k: together more than twice k, as the paper has it.
const ROUNDS: usize = 5;
const DRAWN: f64 = 0.5;

/// First centres, relative to the frame's shift. Shape: (k, d).
pub(super) fn parallel<T: Near>(frame: &Frame<T>, k: usize, seed: u64) -> Vec<f64> {
    let d = frame.d;
    let mut random = Random::new(seed);
    let mut rows: Vec<T> = Vec::new();
    let mut picked = vec![plus_plus_first(frame, &mut random)];
    let mut squares = vec![T::INFINITY; frame.n];
    let mut nearest = vec![0u32; frame.n];
    let mut n_settled = 0;
    for round in 0..=ROUNDS {
        rows.extend(picked.iter().flat_map(|&row| frame.row(row)));
        let total = settle(frame, &rows[n_settled * d..], n_settled as u32, &mut squares, &mut nearest);
        n_settled = rows.len() / d;
        if round == ROUNDS || total <= 0.0 {
            break;
        }
        let wanted = (k as f64 * DRAWN).max(1.0) / total;
        picked = draw(frame, &squares, wanted, Random::stream(seed, round as u64).next_u64());
        if picked.is_empty() {
            n_settled = rows.len() / d;
        }
    }
    if n_settled <= k {
        return plus_plus(frame, k, seed);
    }
    // Each drawn point stands for the points nearest to it.
    let mut weights = vec![0.0; n_settled];
    nearest.iter().enumerate().for_each(|(row, &at)| weights[at as usize] += frame.weight_of(row));
    let Ok(points) = Points::new(&rows, n_settled, d) else { return plus_plus(frame, k, seed) };
    let drawn = Frame::new(points, Some(&weights), frame.spherical);
    let chosen = plus_plus(&drawn, k, seed);
    drawn.absolute(&chosen)
}

fn plus_plus_first<T: Near>(frame: &Frame<T>, random: &mut Random) -> usize {
    loop {
        let row = random.below(frame.n);
        let most = frame.weights.map_or(1.0, |weights| weights.iter().copied().fold(0.0, f64::max));
        if random.uniform() * most < frame.weight_of(row) {
            return row;
        }
    }
}

/// Brings D² up to date with more rows, numbered from `number`; says Σ w·D².
fn settle<T: Near>(frame: &Frame<T>, more: &[T], number: u32, squares: &mut [T], nearest: &mut [u32]) -> f64 {
    let d = frame.d;
    if more.is_empty() {
        return squares.iter().enumerate().map(|(row, square)| square.to_f64() * frame.weight_of(row)).sum();
    }
    let centres = Centres::new(more, d);
    let blocks = frame.values.par_chunks(BLOCK * d).zip(squares.par_chunks_mut(BLOCK));
    let sums: Vec<f64> = blocks
        .zip(nearest.par_chunks_mut(BLOCK))
        .enumerate()
        .map(|(block, ((rows, squares), nearest))| {
            let n = squares.len();
            let (mut labels, mut found) = ([0u32; BLOCK], [T::ZERO; BLOCK]);
            centres.assign(rows, &frame.shift, &mut Panel::new(d), &mut labels[..n], &mut found[..n]);
            let mut sum = 0.0;
            for at in 0..n {
                if found[at] < squares[at] {
                    squares[at] = found[at];
                    nearest[at] = number + labels[at];
                }
                sum += squares[at].to_f64() * frame.weight_of(block * BLOCK + at);
            }
            sum
        })
        .collect();
    sums.into_iter().sum()
}

/// Each point with probability w·D² × `wanted`, each block of points from its own sequence of random numbers.
fn draw<T: Near>(frame: &Frame<T>, squares: &[T], wanted: f64, seed: u64) -> Vec<usize> {
    let blocks: Vec<Vec<usize>> = squares
        .par_chunks(BLOCK)
        .enumerate()
        .map(|(block, squares)| {
            let mut random = Random::stream(seed, block as u64);
            let drawn = squares.iter().enumerate().filter(|(at, square)| {
                random.uniform() < square.to_f64() * frame.weight_of(block * BLOCK + at) * wanted
            });
            drawn.map(|(at, _)| block * BLOCK + at).collect()
        })
        .collect();
    blocks.into_iter().flatten().collect()
}
