//! Passes over one score per id of which only the members of a bitmap count, sixty-four scores (a word of the bitmap) at
//! a time, so that a pass costs little more than reading the scores.

use crate::Bitmap;
use crate::widest::widest;

/// Scores looked at together: those of one word of the bitmap.
const WORD: usize = 64;
/// Scores compared at once; four vectors or one.
const LANES: usize = 16;

/// The largest finite magnitude among the members' scores; 0 without members.
///
/// # Panics
/// If there are fewer scores than ids.
pub fn largest_magnitude(scores: &[f32], among: &Bitmap) -> f32 {
    widest!(largest_magnitude_pass(scores: &[f32], among: &Bitmap) -> f32)
}

#[inline(always)]
fn largest_magnitude_pass(scores: &[f32], among: &Bitmap) -> f32 {
    assert!(scores.len() >= among.len(), "{} scores for {} ids", scores.len(), among.len());
    let mut largest = 0f32;
    for (&word, scores) in among.words().iter().zip(scores.chunks(WORD)) {
        // Bits of magnitudes order as the magnitudes do, NaN and infinity above all.
        let most = scores.iter().fold(0, |most, score| most.max(score.abs().to_bits()));
        if word == 0 || most <= largest.to_bits() {
            continue;
        }
        let mut left = word;
        while left != 0 {
            let score = scores[left.trailing_zeros() as usize].abs();
            left &= left - 1;
            if score > largest && score.is_finite() {
                largest = score;
            }
        }
    }
    largest
}

/// The members whose score is at least the `k`-th largest member's less `slack`, in no order; all of them when there are
/// fewer than `k`. NaN never counts.
///
/// # Panics
/// If there are fewer scores than ids, or `slack` is below 0.
pub fn near_best(scores: &[f32], among: &Bitmap, k: usize, slack: f32) -> Vec<u32> {
    assert!(scores.len() >= among.len(), "{} scores for {} ids", scores.len(), among.len());
    assert!(slack >= 0.0, "a slack of {slack}");
    if k == 0 {
        return Vec::new();
    }
    let peaks = peaks(scores, among);
    // Each peak is a member of another word, so the k-th largest peak is no larger than the k-th largest member: a floor
    // that hardly lets through more than are wanted.
    let floor = kth_largest(&mut peaks.clone(), k) - slack;
    let mut kept = Vec::with_capacity(4 * k.min(scores.len()));
    for (at, ((&word, &peak), scores)) in among.words().iter().zip(&peaks).zip(scores.chunks(WORD)).enumerate() {
        let mut left = if peak >= floor { word } else { 0 };
        while left != 0 {
            let bit = left.trailing_zeros() as usize;
            left &= left - 1;
            if scores[bit] >= floor {
                kept.push((scores[bit], (at * WORD + bit) as u32));
            }
        }
    }
    let mut members: Vec<f32> = kept.iter().map(|pair| pair.0).collect();
    let floor = kth_largest(&mut members, k) - slack;
    kept.into_iter().filter(|pair| pair.0 >= floor).map(|pair| pair.1).collect()
}

/// −∞ when there are fewer than `k`.
fn kth_largest(values: &mut [f32], k: usize) -> f32 {
    if values.len() < k {
        return f32::NEG_INFINITY;
    }
    *values.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a)).1
}

/// The largest score of a member in each word of `among`, −∞ where there is none.
fn peaks(scores: &[f32], among: &Bitmap) -> Vec<f32> {
    let (whole, rest) = scores[..among.len()].as_chunks::<WORD>();
    let mut peaks = peaks_of_words(whole, among.words());
    if !rest.is_empty() {
        let mut last = [f32::NEG_INFINITY; WORD];
        last[..rest.len()].copy_from_slice(rest);
        peaks.push(peak(among.words()[whole.len()], &last));
    }
    peaks
}

fn peaks_of_words(scores: &[[f32; WORD]], words: &[u64]) -> Vec<f32> {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the machine has the instructions.
        return unsafe { peaks_with_avx512(scores, words) };
    }
    words.iter().zip(scores).map(|(&word, scores)| peak(word, scores)).collect()
}

/// As [`peak`] for each word. The mask is a part of the bitmap as it is, which compilers do not see.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn peaks_with_avx512(scores: &[[f32; WORD]], words: &[u64]) -> Vec<f32> {
    use std::arch::x86_64::{_mm512_loadu_ps, _mm512_mask_max_ps, _mm512_reduce_max_ps, _mm512_set1_ps};
    let peak = |(&word, scores): (&u64, &[f32; WORD])| {
        let mut most = _mm512_set1_ps(f32::NEG_INFINITY);
        for (part, scores) in scores.as_chunks::<LANES>().0.iter().enumerate() {
            // SAFETY: sixteen scores.
            let scores = unsafe { _mm512_loadu_ps(scores.as_ptr()) };
            // Where the first is NaN, the second stays.
            most = _mm512_mask_max_ps(most, (word >> (part * LANES)) as u16, scores, most);
        }
        _mm512_reduce_max_ps(most)
    };
    words.iter().zip(scores).map(peak).collect()
}

/// The largest score of a member of one word; NaN is above nothing.
fn peak(word: u64, scores: &[f32; WORD]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for (part, scores) in scores.as_chunks::<LANES>().0.iter().enumerate() {
        let members = word >> (part * LANES);
        for (lane, (most, &score)) in lanes.iter_mut().zip(scores).enumerate() {
            // Two conditions without a jump become comparisons under a mask.
            *most = if (members & (1 << lane) != 0) & (score > *most) { score } else { *most };
        }
    }
    lanes.into_iter().fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    #[test]
    fn passes_agree_with_looking_at_each() {
        let mut random = Random::new(5);
        for n in [0usize, 1, 63, 64, 65, 300, 1000] {
            for density in [0, 1, 5, 10] {
                // Few values, so that there are ties; some that are no numbers.
                let score = |random: &mut Random| match random.below(40) {
                    0 => f32::NAN,
                    1 => f32::INFINITY,
                    other => other as f32 - 25.0,
                };
                let scores: Vec<f32> = (0..n).map(|_| score(&mut random)).collect();
                let among = Bitmap::from_fn(n, |_| random.below(10) < density);
                let mut members: Vec<f32> = among.iter().map(|at| scores[at]).filter(|score| !score.is_nan()).collect();
                members.sort_by(|a, b| b.total_cmp(a));
                let finite = members.iter().filter(|score| score.is_finite());
                assert_eq!(largest_magnitude(&scores, &among), finite.fold(0f32, |most, score| most.max(score.abs())));
                for (k, slack) in [(1, 0.0), (2, 1.0), (7, 3.0), (100, 0.5), (5000, 1.0)] {
                    let floor = members.get(k - 1).map_or(f32::NEG_INFINITY, |kth| kth - slack);
                    let expected = among.iter().filter(|&at| scores[at] >= floor).map(|at| at as u32);
                    let mut found = near_best(&scores, &among, k, slack);
                    found.sort_unstable();
                    assert_eq!(found, expected.collect::<Vec<_>>(), "{n} {density} {k}");
                }
            }
        }
        assert_eq!(near_best(&[1.0], &Bitmap::all(1), 0, 0.0), [] as [u32; 0]);
    }

    #[test]
    fn peaks_are_the_same_with_and_without_wide_vectors() {
        let mut random = Random::new(7);
        let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -1e-40];
        let score = |random: &mut Random| match random.below(8) {
            0 => special[random.below(special.len())],
            _ => random.uniform() as f32 - 0.5,
        };
        for density in [0, 1, 20, 64] {
            let words: Vec<u64> =
                (0..200).map(|_| (0..64).map(|bit| u64::from(random.below(64) < density) << bit).sum()).collect();
            let scores: Vec<[f32; WORD]> = words.iter().map(|_| std::array::from_fn(|_| score(&mut random))).collect();
            let plain: Vec<f32> = words.iter().zip(&scores).map(|(&word, scores)| peak(word, scores)).collect();
            assert_eq!(peaks_of_words(&scores, &words), plain, "{density}");
        }
    }
}
