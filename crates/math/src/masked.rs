//! Passes over one score per id of which only the members of a bitmap count. Sixty-four scores are compared at once and
//! the bitmap is asked only where one of them is good enough, so a pass costs little more than reading the scores.

use crate::Bitmap;

/// Scores compared together: those of one word of the bitmap.
const WORD: usize = 64;

/// Whether any score is at least `floor`.
#[inline(always)]
fn any_at_least(scores: &[f32], floor: f32) -> bool {
    // Sums of flags in lanes, which compilers turn into vector instructions; `any` stops early and is not.
    let mut lanes = [0u32; 16];
    let chunks = scores.chunks_exact(16);
    let rest = chunks.remainder().iter().fold(0, |any, &score| any | u32::from(score >= floor));
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(any, &score)| *any |= u32::from(score >= floor));
    }
    lanes.iter().fold(rest, |any, &lane| any | lane) != 0
}

/// Calls `with` for each member of `among` whose score is at least the floor that the last call left.
#[inline(always)]
fn each_at_least(scores: &[f32], among: &Bitmap, mut floor: f32, mut with: impl FnMut(u32, f32) -> f32) {
    assert!(scores.len() >= among.len(), "{} scores for {} ids", scores.len(), among.len());
    for (at, (&word, scores)) in among.words().iter().zip(scores.chunks(WORD)).enumerate() {
        if word == 0 || !any_at_least(scores, floor) {
            continue;
        }
        let mut left = word;
        while left != 0 {
            let bit = left.trailing_zeros() as usize;
            left &= left - 1;
            if scores[bit] >= floor {
                floor = with((at * WORD + bit) as u32, scores[bit]);
            }
        }
    }
}

/// The largest finite magnitude among the members' scores; 0 without members.
///
/// # Panics
/// If there are fewer scores than ids.
pub fn largest_magnitude(scores: &[f32], among: &Bitmap) -> f32 {
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

/// The `k`-th largest of the members' scores; `None` when there are fewer. NaN never counts.
///
/// # Panics
/// If there are fewer scores than ids.
pub fn kth_largest(scores: &[f32], among: &Bitmap, k: usize) -> Option<f32> {
    if k == 0 {
        return None;
    }
    let mut kept: Vec<f32> = Vec::with_capacity(2 * k.min(among.len()));
    let kth = |kept: &mut Vec<f32>| {
        kept.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
        kept.truncate(k);
        kept[k - 1]
    };
    let mut floor = f32::NEG_INFINITY;
    each_at_least(scores, among, floor, |_, score| {
        kept.push(score);
        if kept.len() >= k.saturating_mul(2) {
            floor = kth(&mut kept);
        }
        floor
    });
    (kept.len() >= k).then(|| kth(&mut kept))
}

/// The members whose score is at least `floor`, ascending.
///
/// # Panics
/// If there are fewer scores than ids.
pub fn at_least(scores: &[f32], among: &Bitmap, floor: f32) -> Vec<u32> {
    let mut found = Vec::new();
    each_at_least(scores, among, floor, |id, _| {
        found.push(id);
        floor
    });
    found
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
                for k in [1, 2, 7, 100] {
                    assert_eq!(kth_largest(&scores, &among, k), members.get(k - 1).copied(), "{n} {density} {k}");
                }
                let expected: Vec<u32> = among.iter().filter(|&at| scores[at] >= 3.0).map(|at| at as u32).collect();
                assert_eq!(at_least(&scores, &among, 3.0), expected);
            }
        }
        assert_eq!(kth_largest(&[1.0], &Bitmap::all(1), 0), None);
    }
}
