//! Thompson sampling: an arm is chosen as often as it is likely to be the best. The probabilities are computed, not only drawn
//! from, so that a choice's propensity is known.

use math::distributions::{beta_cdf, student_t_cdf};
use math::special::normal_density;
use serde::Serialize;

use super::choose::{Bandit, Context, check_arm, check_arms, check_reward};
use crate::StrategyError;

/// What is believed of an arm's mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Belief {
    Normal { mean: f64, deviation: f64 },
    StudentT { mean: f64, scale: f64, df: f64 },
    Beta { a: f64, b: f64 },
}

impl Belief {
    /// P(mean ≤ x) within 0.002. Where there is enough behind the belief, by Fisher's and Paulson's normal approximations
    /// (Johnson, Kotz, Balakrishnan 1995, sections 28.4 and 27.8): this is asked hundreds of times for one choice.
    fn cdf(&self, x: f64) -> f64 {
        match *self {
            Belief::Normal { mean, deviation } => quick_normal_cdf((x - mean) / deviation),
            Belief::StudentT { mean, scale, df } => {
                let t = (x - mean) / scale;
                if df < 10.0 {
                    return student_t_cdf(t, df);
                }
                quick_normal_cdf(t * (1.0 - 0.25 / df) / (1.0 + 0.5 * t * t / df).sqrt())
            }
            Belief::Beta { a, b } => {
                if x <= 0.0 || x >= 1.0 || a.min(b) < 5.0 {
                    return beta_cdf(x.clamp(0.0, 1.0), a, b);
                }
                let root = (x * b / ((1.0 - x) * a)).cbrt();
                let (of_a, of_b) = (1.0 / (9.0 * a), 1.0 / (9.0 * b));
                quick_normal_cdf(((1.0 - of_b) * root - (1.0 - of_a)) / (of_b * root * root + of_a).sqrt())
            }
        }
    }

    /// Mean, and a deviation that says where most of it lies.
    pub fn centre(&self) -> (f64, f64) {
        match *self {
            Belief::Normal { mean, deviation } => (mean, deviation),
            Belief::StudentT { mean, scale, df } => (mean, scale * (1.0 + 2.0 / df)),
            Belief::Beta { a, b } => (a / (a + b), (a * b / ((a + b) * (a + b) * (a + b + 1.0))).sqrt()),
        }
    }
}

/// Abramowitz and Stegun, 26.2.17: within 1e-7.
fn quick_normal_cdf(x: f64) -> f64 {
    const TERMS: [f64; 5] = [1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_53];
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let upper = normal_density(x) * t * TERMS.iter().fold(0.0, |sum, term| sum * t + term);
    if x > 0.0 { 1.0 - upper } else { upper }
}

/// The probability of each arm to have the largest mean: ∫ fᵢ Πⱼ≠ᵢ Fⱼ by the trapezoidal rule, on points that lie where any of the
/// beliefs changes; scaled to sum to 1. Shape: (n_arms), as `beliefs`. Within about 0.005.
pub fn chances_best(beliefs: &[Belief]) -> Vec<f64> {
    let n = beliefs.len();
    let mut chances = vec![0.0; n];
    let (mut before, mut before_others) = (vec![0.0; n], vec![0.0; n]);
    let (mut now, mut others) = (vec![0.0; n], vec![0.0; n]);
    for x in points(beliefs) {
        for (value, belief) in now.iter_mut().zip(beliefs) {
            *value = belief.cdf(x);
        }
        products_of_others(&now, &mut others);
        for arm in 0..n {
            chances[arm] += (now[arm] - before[arm]) * 0.5 * (others[arm] + before_others[arm]);
        }
        std::mem::swap(&mut now, &mut before);
        std::mem::swap(&mut others, &mut before_others);
    }
    // What lies beyond the last point.
    for arm in 0..n {
        chances[arm] += (1.0 - before[arm]) * 0.5 * (1.0 + before_others[arm]);
    }
    let sum: f64 = chances.iter().sum();
    chances.into_iter().map(|chance| chance / sum).collect()
}

fn points(beliefs: &[Belief]) -> Vec<f64> {
    // Fewer an arm where there are many: together they are as dense.
    let n_each = (300 / beliefs.len()).clamp(8, 24) as i32;
    let mut points = Vec::with_capacity((beliefs.len() + 1) * (n_each as usize + 1));
    for belief in beliefs {
        let (mean, deviation) = belief.centre();
        points.extend((0..=n_each).map(|k| mean + deviation * 5.0 * (2.0 * f64::from(k) / f64::from(n_each) - 1.0)));
    }
    if beliefs.iter().all(|belief| matches!(belief, Belief::Beta { .. })) {
        points.retain(|point| (0.0..=1.0).contains(point));
        points.extend((0..=n_each).map(|k| f64::from(k) / f64::from(n_each)));
    }
    points.sort_by(f64::total_cmp);
    points.dedup();
    points
}

/// For each arm the product of all other arms' values.
fn products_of_others(values: &[f64], products: &mut [f64]) {
    let mut product = 1.0;
    for (at, value) in values.iter().enumerate() {
        products[at] = product;
        product *= value;
    }
    product = 1.0;
    for (at, value) in values.iter().enumerate().rev() {
        products[at] *= product;
        product *= value;
    }
}

/// For rewards of 0 to 1, such as clicks: a beta distribution an arm (Chapelle, Li 2011, algorithm 2).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BetaThompson {
    /// Shape: (n_arms), of (successes, failures), the prior's with them.
    arms: Vec<(f64, f64)>,
}

impl BetaThompson {
    /// `prior` is how many successes and failures every arm begins with, (1, 1) for no opinion.
    ///
    /// # Errors
    /// If there are no or too many arms, or the prior is not positive.
    pub fn new(n_arms: usize, prior: (f64, f64)) -> Result<Self, StrategyError> {
        check_arms(n_arms)?;
        check_prior(prior)?;
        Ok(BetaThompson { arms: vec![prior; n_arms] })
    }

    /// As after that many successes and failures of each arm; what a store keeps is enough to go on from.
    ///
    /// # Errors
    /// As [`BetaThompson::new`], or if a count is negative or not finite.
    pub fn from_counts(counts: &[(f64, f64)], prior: (f64, f64)) -> Result<Self, StrategyError> {
        let mut bandit = BetaThompson::new(counts.len(), prior)?;
        for (row, ((yes, no), arm)) in counts.iter().zip(&mut bandit.arms).enumerate() {
            if !(*yes >= 0.0 && *no >= 0.0 && (yes + no).is_finite()) {
                return Err(StrategyError::bad_value("the counts", row, format!("{yes} and {no}"), "0 or more"));
            }
            arm.0 += yes;
            arm.1 += no;
        }
        Ok(bandit)
    }

    pub fn beliefs(&self) -> Vec<Belief> {
        self.arms.iter().map(|(a, b)| Belief::Beta { a: *a, b: *b }).collect()
    }
}

pub(super) fn check_prior((a, b): (f64, f64)) -> Result<(), StrategyError> {
    if a > 0.0 && b > 0.0 && (a + b).is_finite() {
        return Ok(());
    }
    Err(StrategyError::unfit("the prior's counts", format!("{a} and {b}"), "numbers above 0"))
}

impl Bandit for BetaThompson {
    fn n_arms(&self) -> usize {
        self.arms.len()
    }

    fn probabilities(&self, _: &Context) -> Result<Vec<f64>, StrategyError> {
        Ok(chances_best(&self.beliefs()))
    }

    fn learn(&mut self, _: &Context, arm_idx: usize, reward: f64) -> Result<(), StrategyError> {
        check_arm(arm_idx, self.arms.len())?;
        check_reward(reward, (0.0..=1.0).contains(&reward), "0 to 1")?;
        self.arms[arm_idx].0 += reward;
        self.arms[arm_idx].1 += 1.0 - reward;
        Ok(())
    }
}

/// For rewards of any size, such as revenue: mean and variance unknown, with a normal-inverse-gamma prior (Murphy 2007, section
/// 3); the mean's belief is Student's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GaussianThompson {
    prior: (f64, f64),
    /// Shape: (n_arms).
    arms: Vec<Normal>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
struct Normal {
    n: f64,
    mean: f64,
    squares: f64,
}

impl GaussianThompson {
    /// What every arm begins with: as if one reward of `mean` had been seen, and rewards differed by `deviation`.
    ///
    /// # Errors
    /// If there are no or too many arms, the mean is not finite, or the deviation is not above 0.
    pub fn new(n_arms: usize, mean: f64, deviation: f64) -> Result<Self, StrategyError> {
        check_arms(n_arms)?;
        if !(mean.is_finite() && deviation > 0.0 && deviation.is_finite()) {
            let found = format!("mean {mean} and deviation {deviation}");
            return Err(StrategyError::unfit("the prior", found, "a finite mean and a deviation above 0"));
        }
        Ok(GaussianThompson { prior: (mean, deviation), arms: vec![Normal::default(); n_arms] })
    }

    pub fn beliefs(&self) -> Vec<Belief> {
        self.arms.iter().map(|arm| self.belief(arm)).collect()
    }

    fn belief(&self, arm: &Normal) -> Belief {
        let (mean, deviation) = self.prior;
        let (pulls, shape) = (1.0 + arm.n, 1.0 + 0.5 * arm.n);
        let between = arm.n / pulls * (arm.mean - mean).powi(2);
        let rate = deviation * deviation + 0.5 * arm.squares + 0.5 * between;
        let scale = (rate / (shape * pulls)).sqrt();
        Belief::StudentT { mean: (mean + arm.n * arm.mean) / pulls, scale, df: 2.0 * shape }
    }
}

impl Bandit for GaussianThompson {
    fn n_arms(&self) -> usize {
        self.arms.len()
    }

    fn probabilities(&self, _: &Context) -> Result<Vec<f64>, StrategyError> {
        Ok(chances_best(&self.beliefs()))
    }

    fn learn(&mut self, _: &Context, arm_idx: usize, reward: f64) -> Result<(), StrategyError> {
        check_arm(arm_idx, self.arms.len())?;
        check_reward(reward, reward.is_finite(), "a finite number")?;
        let arm = &mut self.arms[arm_idx];
        arm.n += 1.0;
        let from_old = reward - arm.mean;
        arm.mean += from_old / arm.n;
        arm.squares += from_old * (reward - arm.mean);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Random;

    fn drawn(belief: &Belief, random: &mut Random) -> f64 {
        match *belief {
            Belief::Normal { mean, deviation } => mean + deviation * random.normal(),
            Belief::Beta { a, b } => random.beta(a, b),
            Belief::StudentT { mean, scale, df } => {
                mean + scale * random.normal() / (2.0 * random.gamma(0.5 * df) / df).sqrt()
            }
        }
    }

    #[test]
    fn chances_are_those_of_drawing_and_comparing() {
        let normal = |mean, deviation| Belief::Normal { mean, deviation };
        let beta = |a, b| Belief::Beta { a, b };
        let t = |mean, scale, df| Belief::StudentT { mean, scale, df };
        for beliefs in [
            vec![beta(1.0, 1.0), beta(1.0, 1.0), beta(1.0, 1.0)],
            vec![beta(3.0, 60.0), beta(300.0, 5000.0), beta(1.0, 3.0)],
            vec![beta(0.2, 0.4), beta(20.0, 30.0)],
            vec![normal(0.0, 1.0), normal(0.3, 0.01), normal(-1.0, 3.0)],
            vec![t(0.0, 1.0, 3.0), t(0.5, 0.2, 40.0)],
            (0..60).map(|arm| beta(2.0 + f64::from(arm % 7), 40.0)).collect(),
        ] {
            let (mut random, n) = (Random::new(4), 40_000);
            let mut counts = vec![0.0; beliefs.len()];
            for _ in 0..n {
                let draws: Vec<f64> = beliefs.iter().map(|belief| drawn(belief, &mut random)).collect();
                let best = (0..draws.len()).max_by(|a, b| draws[*a].total_cmp(&draws[*b])).unwrap();
                counts[best] += 1.0 / f64::from(n);
            }
            let chances = chances_best(&beliefs);
            assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for (found, expected) in chances.iter().zip(&counts) {
                // Three standard errors of the draws and the rule's own error.
                let allowed = 3.0 * (expected * (1.0 - expected) / f64::from(n)).sqrt() + 0.005;
                assert!((found - expected).abs() < allowed, "{beliefs:?}: {chances:?} {counts:?}");
            }
        }
    }

    #[test]
    fn quick_distributions_are_near_the_exact_ones() {
        for step in -60..=60 {
            let z = 0.1 * f64::from(step);
            assert!((quick_normal_cdf(z) - math::special::normal_cdf(z)).abs() < 1e-7, "{z}");
            for df in [10.0, 60.0] {
                let belief = Belief::StudentT { mean: 0.0, scale: 1.0, df };
                assert!((belief.cdf(z) - student_t_cdf(z, df)).abs() < 0.002, "{z} {df}");
            }
            for (a, b) in [(5.0, 5.0), (5.0, 900.0), (60.0, 40.0)] {
                let x = (f64::from(step) + 60.5) / 121.0;
                assert!((Belief::Beta { a, b }.cdf(x) - beta_cdf(x, a, b)).abs() < 0.002, "{x} {a} {b}");
            }
        }
    }

    #[test]
    fn two_uniform_beliefs_are_even_and_an_arm_alone_is_best() {
        assert_eq!(chances_best(&[Belief::Beta { a: 7.0, b: 3.0 }]), [1.0]);
        let even = chances_best(&[Belief::Beta { a: 2.0, b: 2.0 }; 2]);
        assert!((even[0] - 0.5).abs() < 1e-12, "{even:?}");
    }

    #[test]
    fn the_gaussian_belief_follows_the_textbook() {
        let mut bandit = GaussianThompson::new(1, 0.0, 2.0).unwrap();
        for reward in [1.0, 3.0, 5.0] {
            bandit.learn(&Context::default(), 0, reward).unwrap();
        }
        // κ = 4, α = 2.5, β = 4 + ½·8 + ½·(1·3/4)·9 = 11.375; mean 9/4.
        let Belief::StudentT { mean, scale, df } = bandit.beliefs()[0] else { panic!("a t distribution") };
        assert_eq!((mean, df), (2.25, 5.0));
        assert!((scale * scale - 11.375 / 10.0).abs() < 1e-12, "{scale}");
    }

    #[test]
    fn counts_go_on_from_where_they_were_kept() {
        let mut learnt = BetaThompson::new(2, (1.0, 2.0)).unwrap();
        for (arm, reward) in [(0, 1.0), (0, 0.0), (1, 1.0)] {
            learnt.learn(&Context::default(), arm, reward).unwrap();
        }
        assert_eq!(BetaThompson::from_counts(&[(1.0, 1.0), (1.0, 0.0)], (1.0, 2.0)).unwrap(), learnt);
        assert!(BetaThompson::from_counts(&[(1.0, -1.0)], (1.0, 1.0)).is_err());
    }

    #[test]
    fn priors_that_cannot_be_are_errors() {
        assert!(BetaThompson::new(2, (0.0, 1.0)).is_err() && GaussianThompson::new(2, 0.0, 0.0).is_err());
        assert!(BetaThompson::new(2, (1.0, 1.0)).unwrap().learn(&Context::default(), 0, -0.1).is_err());
    }
}
