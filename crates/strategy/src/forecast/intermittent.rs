//! Demand with many periods of nothing: Croston (1972), the unbiased variant of Syntetos and Boylan (2005), and the method
//! of Teunter, Syntetos and Babai (2011), which lets demand die out. Not for series that are rarely zero.

use math::Random;

use super::search::{Stop, nelder_mead};

/// Which estimate of demand a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intermittent {
    /// Mean size over mean interval, each smoothed when there is demand.
    Croston,
    /// Croston's, times 1 − α/2.
    Sba,
    /// Mean size times the probability of demand, which is updated in every period.
    Tsb,
}

/// What was learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// Expected demand a period, the same for all periods ahead.
    pub rate: f64,
    /// Probability of any demand in a period.
    pub probability: f64,
    /// Smoothing constants of size and interval (of probability for TSB).
    pub alpha: f64,
    pub beta: f64,
    /// Sizes seen, for intervals: demand ahead is drawn from them.
    sizes: Vec<f64>,
}

/// The mean interval between demands is at least this where demand counts as intermittent (Syntetos, Boylan and Croston
/// 2005).
const INTERVAL_MIN: f64 = 1.32;

/// Whether demand comes so rarely that these methods are meant for it. Negative values speak against it.
pub fn is_intermittent(values: &[f64]) -> bool {
    let n_demands = values.iter().filter(|value| **value != 0.0).count();
    let is_demand = values.iter().all(|value| *value >= 0.0);
    is_demand && n_demands > 0 && values.len() as f64 / n_demands as f64 >= INTERVAL_MIN
}

/// Estimates the smoothing constants, between 0.01 and 0.5, by the squared error of the rate against each next period.
/// With `smoothing` given, both are that. All zeros give a rate of zero.
pub fn fit(values: &[f64], kind: Intermittent, smoothing: Option<f64>) -> Demand {
    let sizes: Vec<f64> = values.iter().copied().filter(|value| *value != 0.0).collect();
    if sizes.is_empty() {
        return Demand { rate: 0.0, probability: 0.0, alpha: 0.0, beta: 0.0, sizes };
    }
    let bounds = [(0.01, 0.5); 2];
    let loss = |x: &[f64; 2]| {
        let mut sum = 0.0;
        smooth(values, kind, *x, |value, rate| sum += (value - rate) * (value - rate));
        sum
    };
    let scale: f64 = values.iter().map(|value| value * value).sum::<f64>();
    let stop = Stop { spread: 1e-9 * scale, n_iterations_max: 200 };
    let [alpha, beta] = match smoothing {
        Some(given) => [given; 2],
        None => nelder_mead(loss, [0.1, 0.1], bounds, stop).at,
    };
    let (rate, probability) = smooth(values, kind, [alpha, beta], |_, _| {});
    Demand { rate, probability, alpha, beta, sizes }
}

/// Runs through the values, tells each with the rate expected before it, and gives the last rate and probability.
fn smooth(values: &[f64], kind: Intermittent, [alpha, beta]: [f64; 2], mut tell: impl FnMut(f64, f64)) -> (f64, f64) {
    let first = values.iter().position(|value| *value != 0.0).unwrap_or(0);
    let mut size = values[first];
    let mut interval = (first + 1) as f64;
    let mut probability = 1.0 / interval;
    let mut since = 1.0;
    let rate = |size: f64, interval: f64, probability: f64| match kind {
        Intermittent::Croston => size / interval,
        Intermittent::Sba => (1.0 - beta / 2.0) * size / interval,
        Intermittent::Tsb => size * probability,
    };
    for value in &values[first + 1..] {
        tell(*value, rate(size, interval, probability));
        if *value == 0.0 {
            since += 1.0;
            probability -= beta * probability;
        } else {
            size += alpha * (value - size);
            interval += beta * (since - interval);
            probability += beta * (1.0 - probability);
            since = 1.0;
        }
    }
    let told = if kind == Intermittent::Tsb { probability } else { (1.0 / interval).min(1.0) };
    (rate(size, interval, probability), told)
}

impl Demand {
    /// Ends of the interval that holds a period's demand with probability `level`, from the sizes seen and the probability
    /// of any; demand is zero or one of the sizes, so the interval is as wide as they are.
    pub fn interval(&self, level: f64) -> (f64, f64) {
        let mut sizes = self.sizes.clone();
        sizes.sort_by(f64::total_cmp);
        let at = |p: f64| {
            let below = 1.0 - self.probability;
            if sizes.is_empty() || p <= below {
                return 0.0;
            }
            super::small::quantile_of_sorted(&sizes, (p - below) / self.probability)
        };
        (at(0.5 - level / 2.0), at(0.5 + level / 2.0))
    }
}

/// Draws demand: with `probability` in each period, of sizes 1 + geometric with mean `size_mean` ≥ 1.
pub fn simulate(n: usize, probability: f64, size_mean: f64, random: &mut Random) -> Vec<f64> {
    let go_on = 1.0 - 1.0 / size_mean.max(1.0);
    let draw = |_| {
        if random.uniform() >= probability {
            return 0.0;
        }
        let mut size = 1.0;
        while random.uniform() < go_on {
            size += 1.0;
        }
        size
    };
    (0..n).map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked by hand: size starts at 2 and interval at 1; after (0, 4): size 2.2, interval 1 + 0.1 (2 − 1) = 1.1.
    #[test]
    fn crostons_recursions_are_those_of_the_papers() {
        let values = [2.0, 0.0, 4.0];
        let rate = |kind| fit(&values, kind, Some(0.1)).rate;
        assert!((rate(Intermittent::Croston) - 2.2 / 1.1).abs() < 1e-12);
        assert!((rate(Intermittent::Sba) - 0.95 * 2.2 / 1.1).abs() < 1e-12);
        // Probability 1 → 0.9 → 0.91.
        assert!((rate(Intermittent::Tsb) - 2.2 * 0.91).abs() < 1e-12);
    }

    /// statsforecast 2.1.1: CrostonClassic and CrostonSBA.
    #[test]
    fn rates_are_those_of_statsforecast() {
        let values = [0., 2., 0., 0., 3., 0., 1., 0., 0., 0., 4., 0., 2., 0., 0., 1., 0., 0., 5., 0.];
        assert!((fit(&values, Intermittent::Croston, Some(0.1)).rate - 0.98095496).abs() < 1e-7);
        assert!((fit(&values, Intermittent::Sba, Some(0.1)).rate - 0.93190721).abs() < 1e-7);
    }

    #[test]
    fn the_rate_of_a_steady_demand_is_recovered_and_a_dead_one_dies_out_under_tsb() {
        let mut random = Random::new(5);
        let mut values = simulate(600, 0.25, 3.0, &mut random);
        assert!(is_intermittent(&values));
        for kind in [Intermittent::Croston, Intermittent::Sba, Intermittent::Tsb] {
            let found = fit(&values, kind, Some(0.02));
            assert!((found.rate - 0.75).abs() < 0.3, "{kind:?}: {}", found.rate);
        }
        values.extend([0.0; 60]);
        assert!(fit(&values, Intermittent::Tsb, Some(0.1)).rate < 0.01);
        assert!(fit(&values, Intermittent::Croston, Some(0.1)).rate > 0.2);
    }

    #[test]
    fn intervals_cover_a_periods_demand() {
        let mut n_inside = 0;
        for seed in 0..200 {
            let values = simulate(201, 0.4, 4.0, &mut Random::new(seed));
            let (low, high) = fit(&values[..200], Intermittent::Sba, None).interval(0.9);
            n_inside += usize::from((low..=high).contains(&values[200]));
        }
        // 90 % and what discreteness adds; three standard deviations of 200 draws are 6 %.
        assert!((168..=198).contains(&n_inside), "{n_inside}");
    }

    #[test]
    fn zeros_are_no_demand_and_steady_or_negative_series_are_not_intermittent() {
        assert_eq!(fit(&[0.0; 9], Intermittent::Sba, None).rate, 0.0);
        assert_eq!(fit(&[0.0; 9], Intermittent::Sba, None).interval(0.9), (0.0, 0.0));
        assert!(!is_intermittent(&[0.0; 9]) && !is_intermittent(&[1.0, 2.0, 0.0, 4.0, 3.0]));
        assert!(!is_intermittent(&[1.0, 0.0, 0.0, -1.0]));
    }
}
