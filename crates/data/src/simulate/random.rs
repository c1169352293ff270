//! Random numbers by counter: a stream is a pure function of (seed, purpose, index), so entities can be made in any
//! order and on any number of threads with the same result. Not for secrets.

/// What a stream is for; streams of different purposes never share numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    Line = 1,
    Product,
    Person,
    Taste,
    Journey,
    Campaign,
    Contact,
    Media,
    Text,
    Question,
    Delivery,
}

/// A stream of random numbers (SplitMix64).
#[derive(Clone, Debug)]
pub struct Stream(u64);

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Stream {
    pub fn new(seed: u64, purpose: Purpose, index: u64) -> Stream {
        let keyed = mix(seed.wrapping_add(GOLDEN).wrapping_add((purpose as u64) << 56));
        Stream(mix(keyed ^ mix(index.wrapping_mul(GOLDEN).wrapping_add(purpose as u64))))
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in 0..n; n must be positive.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.next_u64() as u128 * n as u128) >> 64) as usize
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Standard normal (Box–Muller, one of the pair).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// exp of a normal with the given logarithmic spread, median 1.
    pub fn log_normal(&mut self, spread: f64) -> f64 {
        (spread * self.normal()).exp()
    }

    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Poisson; by inversion for small means, by a rounded normal beyond.
    pub fn poisson(&mut self, mean: f64) -> usize {
        if mean > 60.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as usize;
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.unit(), 0);
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// An index with probability proportional to its weight; weights must not all be zero.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len() - 1
    }

    /// An index drawn from cumulative weights.
    pub fn cumulative(&mut self, cumulative: &[f64]) -> usize {
        let Some(total) = cumulative.last() else { return 0 };
        let target = self.unit() * total;
        cumulative.partition_point(|&edge| edge <= target).min(cumulative.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let first = |seed, purpose, index| Stream::new(seed, purpose, index).next_u64();
        assert_eq!(first(1, Purpose::Person, 7), first(1, Purpose::Person, 7));
        let others = [first(2, Purpose::Person, 7), first(1, Purpose::Taste, 7), first(1, Purpose::Person, 8)];
        assert!(others.iter().all(|&other| other != first(1, Purpose::Person, 7)));
    }

    #[test]
    fn moments_are_right() {
        let mut stream = Stream::new(5, Purpose::Text, 0);
        let n = 40_000;
        let check = |name: &str, values: Vec<f64>, mean: f64, variance: f64| {
            let found = values.iter().sum::<f64>() / n as f64;
            let spread = values.iter().map(|x| (x - found).powi(2)).sum::<f64>() / n as f64;
            assert!((found - mean).abs() < 5.0 * (variance / n as f64).sqrt(), "{name}: mean {found}, not {mean}");
            assert!((spread / variance - 1.0).abs() < 0.06, "{name}: variance {spread}, not {variance}");
        };
        check("unit", (0..n).map(|_| stream.unit()).collect(), 0.5, 1.0 / 12.0);
        check("normal", (0..n).map(|_| stream.normal()).collect(), 0.0, 1.0);
        check("exponential", (0..n).map(|_| stream.exponential(3.0)).collect(), 3.0, 9.0);
        check("poisson", (0..n).map(|_| stream.poisson(2.5) as f64).collect(), 2.5, 2.5);
        check("poisson, large", (0..n).map(|_| stream.poisson(90.0) as f64).collect(), 90.0, 90.0);
    }
}
