//! Seeded random numbers: the same seed gives the same sequence on every machine. Not for secrets.

/// xoshiro256++ (Blackman and Vigna 2019), seeded through SplitMix64.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut next = seed;
        Random { state: std::array::from_fn(|_| split_mix(&mut next)) }
    }

    /// An independent sequence for part `stream` of a job, so that parallel parts do not depend on their order.
    pub fn stream(seed: u64, stream: u64) -> Self {
        let mut mixed = stream;
        Random::new(seed ^ split_mix(&mut mixed))
    }

    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in [0, 1), with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `0..n`, without bias (Lemire 2019).
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "no number is below 0");
        let n = n as u64;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(n);
            if product as u64 >= n.wrapping_neg() % n {
                return (product >> 64) as usize;
            }
        }
    }

    /// Puts `values` into a uniformly random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for at in (1..values.len()).rev() {
            values.swap(at, self.below(at + 1));
        }
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs of SplitMix64 from state 1234567, as Vigna's reference program prints them.
    #[test]
    fn split_mix_matches_its_reference() {
        let mut state = 1_234_567;
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(std::array::from_fn::<u64, 3, _>(|_| split_mix(&mut state)), expected);
    }

    #[test]
    fn numbers_are_uniform_and_repeatable() {
        let mut random = Random::new(7);
        let mut counts = [0usize; 10];
        let mut sum = 0.0;
        for _ in 0..100_000 {
            counts[random.below(10)] += 1;
            sum += random.uniform();
        }
        // Six standard deviations of a binomial with 100,000 draws are about 570.
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 570), "{counts:?}");
        assert!((sum / 1e5 - 0.5).abs() < 0.006, "{sum}");
        assert_eq!(Random::stream(1, 2).next_u64(), Random::stream(1, 2).next_u64());
        assert_ne!(Random::stream(1, 2).next_u64(), Random::stream(1, 3).next_u64());
    }
}
