//! Whether a week differs from another by more than weeks differ anyway. Counts of orders are taken as quasi-Poisson (Wedderburn 1974):
//! their variance is a multiple of their mean, and the multiple is read from how neighbouring weeks of the past differ. Not here: seasons
//! and trends; a change that is more than noise is only said to be one.

use math::distributions::student_t_quantile;

use crate::flows::plan::Interval;

/// Pairs of neighbouring periods below which a change cannot be told from noise.
pub const PAIRS_MIN: usize = 8;
/// Of intervals: of twenty changes that are none, one is taken for one.
pub const LEVEL: f64 = 0.95;
/// The median of chi-squared with one degree of freedom.
const CHI_SQUARED_MEDIAN: f64 = 0.454_936_423_119_572_7;

/// How much more counts differ than those of a Poisson process would.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Variance over mean, at least 1.
    pub dispersion: f64,
    pub n_pairs: usize,
}

impl Noise {
    /// From counts of periods of one length, one after another. For each pair of neighbours (a, b), (a − b)² / (a + b) is the dispersion times
    /// about a chi-squared with one degree; its median is not moved by some weeks of a promotion. `None` with too few pairs.
    pub fn of(counts: &[f64]) -> Option<Noise> {
        let pairs = counts.windows(2).filter(|pair| pair[0] + pair[1] > 0.0);
        let mut ratios: Vec<f64> = pairs.map(|pair| (pair[0] - pair[1]).powi(2) / (pair[0] + pair[1])).collect();
        if ratios.len() < PAIRS_MIN {
            return None;
        }
        ratios.sort_by(f64::total_cmp);
        let middle = ratios.len() / 2;
        let median = match ratios.len() % 2 {
            0 => f64::midpoint(ratios[middle - 1], ratios[middle]),
            _ => ratios[middle],
        };
        Some(Noise { dispersion: (median / CHI_SQUARED_MEDIAN).max(1.0), n_pairs: ratios.len() })
    }

    /// Of Student's t, since the dispersion is known from so few pairs, half of which a median is worth.
    fn quantile(&self) -> f64 {
        student_t_quantile(0.5 + LEVEL / 2.0, (self.n_pairs as f64 / 2.0).max(2.0))
    }

    /// How many times as many `now` are as `then`, and the logarithm's normal interval around it with a half added to each count (Haldane
    /// 1956; Anscombe 1956), widened by the dispersion. `None` where nothing was then: there is nothing to be a multiple of.
    pub fn ratio(&self, now: f64, then: f64) -> Option<Interval> {
        let (now, then) = (now.max(0.0), then.max(0.0));
        let ends = self.ends(now, then);
        (then > 0.0).then(|| {
            let value = now / then;
            Interval { value, low: ends.0.min(value), high: ends.1.max(value), level: LEVEL }
        })
    }

    /// Whether there are more now (`Some(true)`) or fewer than then, by more than periods differ anyway; also where nothing was then.
    pub fn beyond(&self, now: f64, then: f64) -> Option<bool> {
        let (low, high) = self.ends(now.max(0.0), then.max(0.0));
        if low > 1.0 { Some(true) } else { (high < 1.0).then_some(false) }
    }

    fn ends(&self, now: f64, then: f64) -> (f64, f64) {
        let (now, then) = (now + 0.5, then + 0.5);
        let half = self.quantile() * (self.dispersion * (1.0 / now + 1.0 / then)).sqrt();
        (now / then * (-half).exp(), now / then * half.exp())
    }

    /// `now` less `then` of a sum over orders, as money is: a compound Poisson sum varies by the sum of its squared parts.
    pub fn difference(&self, now: f64, then: f64, squares: f64) -> Interval {
        let half = self.quantile() * (self.dispersion * squares.max(0.0)).sqrt();
        let value = now - then;
        Interval { value, low: value - half, high: value + half, level: LEVEL }
    }
}

#[cfg(test)]
mod tests {
    use math::random::Random;

    use super::*;

    #[test]
    fn by_hand() {
        // Neighbours differ by 10 around 100: 100 / 200 = 0.5 each, which is 1.099 times the median.
        let counts: Vec<f64> = (0..20).map(|at| if at % 2 == 0 { 95.0 } else { 105.0 }).collect();
        let noise = Noise::of(&counts).unwrap();
        assert!((noise.dispersion - 0.5 / 0.454_936_423).abs() < 1e-6 && noise.n_pairs == 19, "{noise:?}");
        // t of 9.5 degrees at 0.975 is 2.2443; 0.5 added to both.
        let ratio = noise.ratio(100.0, 100.0).unwrap();
        let half = 2.2443 * (noise.dispersion * 2.0 / 100.5_f64).sqrt();
        assert!((ratio.high - half.exp()).abs() < 2e-3 && (ratio.low - (-half).exp()).abs() < 2e-3, "{ratio:?}");
        assert_eq!(ratio.value, 1.0);
        // What is told is what was counted; the half is of the interval alone.
        let fell = noise.ratio(11.0, 13.0).unwrap();
        assert!(fell.value == 11.0 / 13.0 && fell.low < fell.value && fell.value < fell.high, "{fell:?}");
        let gone = noise.ratio(0.0, 130.0).unwrap();
        assert!(gone.value == 0.0 && gone.low == 0.0 && gone.high < 1.0, "{gone:?}");
        assert_eq!((noise.ratio(0.0, 0.0), noise.ratio(7.0, 0.0)), (None, None), "no multiple of nothing");
        assert_eq!(
            (noise.beyond(0.0, 0.0), noise.beyond(500.0, 0.0), noise.beyond(0.0, 500.0)),
            (None, Some(true), Some(false))
        );
    }

    #[test]
    fn too_few_weeks_tell_nothing_and_a_promotion_does_not_hide_the_rest() {
        assert_eq!(Noise::of(&[5.0; 8]), None);
        assert_eq!(Noise::of(&[0.0; 30]), None);
        assert_eq!(Noise::of(&[5.0; 9]).unwrap().dispersion, 1.0);
        let quiet: Vec<f64> = (0..26).map(|at| 100.0 + f64::from(at % 5)).collect();
        let mut festive = quiet.clone();
        festive[10] = 900.0;
        let (quiet, festive) = (Noise::of(&quiet).unwrap(), Noise::of(&festive).unwrap());
        assert!(festive.dispersion <= 1.0 + quiet.dispersion, "{quiet:?} {festive:?}");
    }

    /// Counts of mean 80 and variance `dispersion` times that: a Poisson number of clusters of that size, in the mean.
    fn week(random: &mut Random, dispersion: f64) -> f64 {
        let size = dispersion;
        let mean = 80.0 / size;
        // Knuth's product of uniforms.
        let (mut n, mut product) = (0.0, 1.0);
        loop {
            product *= random.uniform();
            if product <= (-mean).exp() {
                return n * size;
            }
            n += 1.0;
        }
    }

    #[test]
    fn of_a_hundred_changes_that_are_none_at_most_five_are_taken_for_one() {
        for dispersion in [1.0, 3.0] {
            let mut random = Random::new(7);
            let (mut n_of_noise, mut n_of_change) = (0, 0);
            let n = 2000;
            for _ in 0..n {
                let weeks: Vec<f64> = (0..27).map(|_| week(&mut random, dispersion)).collect();
                let noise = Noise::of(&weeks[..26]).unwrap();
                let is_beyond = |now: f64, then: f64| noise.beyond(now, then).is_some();
                n_of_noise += usize::from(is_beyond(weeks[26], weeks[25]));
                n_of_change += usize::from(is_beyond(2.2 * weeks[26], weeks[25]));
            }
            let (noise, change) = (n_of_noise as f64 / n as f64, n_of_change as f64 / n as f64);
            assert!((0.005..=0.05).contains(&noise), "dispersion {dispersion}: {noise}");
            assert!(change > 0.6, "dispersion {dispersion}: {change}");
        }
    }
}
