//! Dropout (Srivastava et al. 2014), scaled while learning. Which values are dropped is a function of a key and their
//! position alone: the backward pass draws the same again, nothing is stored, and no order of threads can change it.

use rayon::prelude::*;

use crate::math_functions::widest;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// The part that is dropped, from 0 to below 1.
    pub rate: f32,
}

const CHUNK: usize = 1 << 14;

impl Dropout {
    /// Values are dropped (0) or multiplied by 1 / (1 - rate). For the backward pass, called with the gradient and the
    /// same key. `key` tells uses apart: see [`key`].
    pub fn apply(&self, values: &mut [f32], key: u64) {
        if self.rate <= 0.0 {
            return;
        }
        let below = (f64::from(self.rate) * 4_294_967_296.0) as u32;
        let scale = 1.0 / (1.0 - self.rate);
        let (low, high) = (key as u32, (key >> 32) as u32);
        values.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, values)| {
            let from = (chunk * CHUNK) as u32;
            widest!(drop_pass(values: &mut [f32], from: u32, low: u32, high: u32, below: u32, scale: f32) -> ());
        });
    }
}

/// A key for one use: of the seed, the step, and which place in the network it is.
pub fn key(seed: u64, step: u64, place: u64) -> u64 {
    let mut mixed = seed;
    for part in [step, place] {
        mixed = (mixed ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        mixed ^= mixed >> 32;
    }
    mixed
}

#[inline(always)]
fn drop_pass(values: &mut [f32], from: u32, low: u32, high: u32, below: u32, scale: f32) {
    for (at, value) in values.iter_mut().enumerate() {
        let drawn = mixed(from.wrapping_add(at as u32) ^ low).wrapping_add(high);
        *value = if mixed(drawn) < below { 0.0 } else { *value * scale };
    }
}

/// A mixing of 32 bits with low bias (Ettinger 2018, `triple32` without its last round).
#[inline(always)]
fn mixed(mut x: u32) -> u32 {
    x ^= x >> 17;
    x = x.wrapping_mul(0xed5a_d4bb);
    x ^= x >> 11;
    x = x.wrapping_mul(0xac4c_1b51);
    x ^= x >> 15;
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_its_part_and_keeps_the_mean() {
        for rate in [0.0f32, 0.1, 0.5, 0.9] {
            let mut values = vec![1f32; 200_000];
            Dropout { rate }.apply(&mut values, key(1, 2, 3));
            let dropped = values.iter().filter(|value| **value == 0.0).count() as f32;
            let deviation = (200_000.0 * rate * (1.0 - rate)).sqrt();
            assert!((dropped - 200_000.0 * rate).abs() <= 5.0 * deviation, "{rate} {dropped}");
            let kept = 1.0 / (1.0 - rate);
            assert!(values.iter().all(|&value| value == 0.0 || value == kept));
            // Neighbours are dropped independently.
            let both = values.windows(2).filter(|pair| pair == &[0.0, 0.0]).count() as f32;
            assert!((both - 200_000.0 * rate * rate).abs() <= 10.0 * deviation + 1.0, "{rate} {both}");
        }
    }

    #[test]
    fn the_backward_pass_draws_the_same_and_other_keys_draw_others() {
        let run = |key: u64| {
            let mut values: Vec<f32> = vec![1.0; 40_000];
            Dropout { rate: 0.5 }.apply(&mut values, key);
            values
        };
        assert_eq!(run(key(1, 1, 1)), run(key(1, 1, 1)));
        for other in [key(2, 1, 1), key(1, 2, 1), key(1, 1, 2)] {
            let same = run(key(1, 1, 1)).iter().zip(run(other)).filter(|(a, b)| **a == *b).count();
            assert!((same as f32 - 20_000.0).abs() < 500.0, "{same}");
        }
    }
}
