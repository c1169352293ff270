//! Draws from distributions other than the uniform: normal, exponential, gamma and beta. Seeded as [`Random`] is, and not for
//! secrets either.

use crate::Random;

impl Random {
    /// From the standard normal distribution, by Marsaglia's polar method (Marsaglia and Bray 1964).
    pub fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = u * u + v * v;
            if square > 0.0 && square < 1.0 {
                return u * (-2.0 * square.ln() / square).sqrt();
            }
        }
    }

    /// From the exponential distribution of mean 1.
    pub fn exponential(&mut self) -> f64 {
        -(1.0 - self.uniform()).ln()
    }

    /// From the gamma distribution of scale 1 (Marsaglia and Tsang 2000).
    ///
    /// # Panics
    /// If `shape` is not a positive number.
    pub fn gamma(&mut self, shape: f64) -> f64 {
        self.ln_gamma_variate(shape).exp()
    }

    /// From the beta distribution.
    ///
    /// # Panics
    /// If `a` or `b` is not a positive number.
    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        // In logarithms: both gamma variables may be smaller than the smallest number when `a` and `b` are tiny.
        let difference = self.ln_gamma_variate(b) - self.ln_gamma_variate(a);
        1.0 / (1.0 + difference.exp())
    }

    /// The logarithm of a gamma variable, which keeps its digits for small shapes.
    fn ln_gamma_variate(&mut self, shape: f64) -> f64 {
        assert!(shape > 0.0 && shape.is_finite(), "a gamma distribution of shape {shape} does not exist");
        if shape < 1.0 {
            let ln_power = -self.exponential() / shape;
            return self.ln_gamma_variate(shape + 1.0) + ln_power;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let root = 1.0 + c * x;
            if root <= 0.0 {
                continue;
            }
            let cube = root * root * root;
            let u = 1.0 - self.uniform();
            if u < 1.0 - 0.0331 * x.powi(4) || u.ln() < 0.5 * x * x + d * (1.0 - cube + cube.ln()) {
                return (d * cube).ln();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distributions::{beta_cdf, gamma_cdf};
    use crate::special::normal_cdf;

    const N: usize = 40_000;

    /// Kolmogorov and Smirnov's distance between the draws and the distribution they should have.
    fn distance(draw: impl FnMut() -> f64, cdf: impl Fn(f64) -> f64) -> f64 {
        let mut values: Vec<f64> = std::iter::repeat_with(draw).take(N).collect();
        values.sort_by(f64::total_cmp);
        let apart = |(at, value): (usize, &f64)| {
            let expected = cdf(*value);
            (expected - at as f64 / N as f64).abs().max((expected - (at + 1) as f64 / N as f64).abs())
        };
        values.iter().enumerate().map(apart).fold(0.0, f64::max)
    }

    /// 1.95 / √n is passed by chance once in a thousand runs; the seed is fixed.
    fn check(what: &str, draw: impl FnMut() -> f64, cdf: impl Fn(f64) -> f64) {
        let found = distance(draw, cdf);
        assert!(found < 1.95 / (N as f64).sqrt(), "{what}: {found}");
    }

    #[test]
    fn draws_have_their_distributions() {
        let mut random = Random::new(11);
        check("normal", || random.normal(), normal_cdf);
        check("exponential", || random.exponential(), |x| 1.0 - (-x).exp());
        for shape in [0.05, 0.5, 1.0, 3.7, 250.0] {
            check("gamma", || random.gamma(shape), |x| gamma_cdf(x, shape));
        }
        for (a, b) in [(0.3, 0.2), (1.0, 1.0), (2.0, 5.0), (300.0, 9_000.0)] {
            check("beta", || random.beta(a, b), |x| beta_cdf(x, a, b));
        }
    }

    #[test]
    fn a_wrong_distribution_is_found() {
        let mut random = Random::new(11);
        assert!(distance(|| random.normal() * 1.05, normal_cdf) > 1.95 / (N as f64).sqrt());
    }

    #[test]
    fn tiny_shapes_stay_within_their_range() {
        let mut random = Random::new(3);
        for _ in 0..1000 {
            let share = random.beta(1e-4, 1e-4);
            assert!((0.0..=1.0).contains(&share), "{share}");
        }
    }
}
