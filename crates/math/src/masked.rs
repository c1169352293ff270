//! Passes over one score per id of which only the members of a bitmap count. Sixty-four scores are compared at once and
//! the bitmap is asked only where one of them is good enough, so a pass costs little more than reading the scores.

use crate::Bitmap;

/// Scores compared together: those of one word of the bitmap.
const WORD: usize = 64;
/// Of those, so many again once one is good enough.
const LANES: usize = 16;

/// Whether any score is at least `floor`.
#[inline(always)]
fn any_at_least(scores: &[f32], floor: f32) -> bool {
    // Sums of flags in lanes, which compilers turn into vector instructions; `any` stops early and is not.
    let mut lanes = [0u32; LANES];
    let chunks = scores.chunks_exact(LANES);
    let rest = chunks.remainder().iter().fold(0, |any, &score| any | u32::from(score >= floor));
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(any, &score)| *any |= u32::from(score >= floor));
    }
    lanes.iter().fold(rest, |any, &lane| any | lane) != 0
}

/// Runs a pass with the widest vectors that the machine has.
macro_rules! widest {
    ($pass:ident($($name:ident: $kind:ty),*) -> $result:ty) => {{
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
            fn with_avx512($($name: $kind),*) -> $result {
                $pass($($name),*)
            }
            #[target_feature(enable = "avx2")]
            fn with_avx2($($name: $kind),*) -> $result {
                $pass($($name),*)
            }
            if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vl") {
                // SAFETY: the machine has the instructions; those named imply AVX-512F.
                return unsafe { with_avx512($($name),*) };
            }
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the machine has the instructions.
                return unsafe { with_avx2($($name),*) };
            }
        }
        $pass($($name),*)
    }};
}

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
    widest!(near_best_pass(scores: &[f32], among: &Bitmap, k: usize, slack: f32) -> Vec<u32>)
}

#[inline(always)]
fn near_best_pass(scores: &[f32], among: &Bitmap, k: usize, slack: f32) -> Vec<u32> {
    assert!(scores.len() >= among.len(), "{} scores for {} ids", scores.len(), among.len());
    assert!(slack >= 0.0, "a slack of {slack}");
    if k == 0 {
        return Vec::new();
    }
    let mut near = NearBest { k, slack, floor: f32::NEG_INFINITY, kept: Vec::new(), full: k.saturating_mul(2) };
    for (at, (&word, scores)) in among.words().iter().zip(scores.chunks(WORD)).enumerate() {
        if word != 0 && any_at_least(scores, near.floor) {
            near.offer(at * WORD, word, scores);
        }
    }
    near.prune();
    near.kept.into_iter().map(|pair| pair.1).collect()
}

struct NearBest {
    k: usize,
    slack: f32,
    floor: f32,
    kept: Vec<(f32, u32)>,
    /// Number kept at which those below the floor are thrown out.
    full: usize,
}

impl NearBest {
    #[inline(always)]
    fn offer(&mut self, first: usize, word: u64, scores: &[f32]) {
        for (part, scores) in scores.chunks(LANES).enumerate() {
            let mut left = word >> (part * LANES) & ((1 << LANES) - 1);
            if left == 0 || !any_at_least(scores, self.floor) {
                continue;
            }
            while left != 0 {
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                if scores[bit] >= self.floor {
                    self.kept.push((scores[bit], (first + part * LANES + bit) as u32));
                }
            }
        }
        if self.kept.len() >= self.full {
            self.prune();
        }
    }

    #[cold]
    fn prune(&mut self) {
        if self.kept.len() >= self.k {
            let (_, kth, _) = self.kept.select_nth_unstable_by(self.k - 1, |a, b| b.0.total_cmp(&a.0));
            self.floor = kth.0 - self.slack;
            self.kept.retain(|pair| pair.0 >= self.floor);
        }
        // Ties may leave far more than k; throwing out again must wait until there is as much again to look at.
        self.full = self.k.max(self.kept.len()).saturating_mul(2);
    }
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
}
