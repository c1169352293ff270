//! How many customers may respond to a copy, from copies of the same channel and angle that were shown before: their share drawn towards
//! that of the whole channel by as much as twenty exposures would, with an interval. It tells what happened to others, in other weeks and
//! with other goods; which of two copies is better, only a trial that draws by lot tells. Not here: who was shown what.

use math::distributions::beta_quantile;
use serde::{Deserialize, Serialize};

use crate::write::Angle;

/// How many exposures what is known of the channel counts as.
const PRIOR: f64 = 20.0;
/// Exposures of a channel below which nothing is told.
pub const SHOWN_MIN: u64 = 50;

/// Copies of one channel and angle that were shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    pub channel: String,
    pub angle: Angle,
    pub n_shown: u64,
    pub n_responded: u64,
}

/// The share of customers who may respond.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// 0 to 1.
    pub rate: f64,
    /// Where it lies with a probability of 95 %.
    pub low: f64,
    pub high: f64,
    /// Exposures of the channel and angle, and how many responded.
    pub n_shown: u64,
    pub n_responded: u64,
    /// Exposures of the channel, whatever the angle.
    pub n_shown_of_channel: u64,
}

/// What to expect of a copy; nothing if too few of its channel were shown.
pub fn expected(past: &[Past], channel: &str, angle: Angle) -> Option<Expected> {
    let sum = |of: &dyn Fn(&&Past) -> bool| {
        past.iter().filter(of).fold((0u64, 0u64), |sum, one| (sum.0 + one.n_shown, sum.1 + one.n_responded))
    };
    let (all, all_responded) = sum(&|one| one.channel == channel);
    let (n_shown, n_responded) = sum(&|one| one.channel == channel && one.angle == angle);
    if all < SHOWN_MIN || all_responded > all || n_responded > n_shown {
        return None;
    }
    // Jeffreys' half on either side, so that a channel without any response is not certain of none.
    let of_channel = (all_responded as f64 + 0.5) / (all as f64 + 1.0);
    let yes = of_channel * PRIOR + n_responded as f64;
    let no = (1.0 - of_channel) * PRIOR + (n_shown - n_responded) as f64;
    Some(Expected {
        rate: yes / (yes + no),
        low: beta_quantile(0.025, yes, no),
        high: beta_quantile(0.975, yes, no),
        n_shown,
        n_responded,
        n_shown_of_channel: all,
    })
}

#[cfg(test)]
mod tests {
    use math::random::Random;

    use super::*;

    fn past(channel: &str, angle: Angle, n_shown: u64, n_responded: u64) -> Past {
        Past { channel: channel.into(), angle, n_shown, n_responded }
    }

    /// By hand: the channel has (30 + 0.5) / (300 + 1); with twenty of it, 20 of 100 become (2.0266 + 20) / 120.
    #[test]
    fn a_share_is_drawn_towards_its_channel() {
        let all =
            [past("push", Angle::Use, 100, 20), past("push", Angle::Value, 200, 10), past("sms", Angle::Use, 40, 40)];
        let found = expected(&all, "push", Angle::Use).unwrap();
        assert!((found.rate - (30.5 / 301.0 * 20.0 + 20.0) / 120.0).abs() < 1e-12, "{found:?}");
        assert!(found.low < found.rate && found.rate < found.high);
        // Of an angle never shown, what the channel tells, and less surely.
        let never = expected(&all, "push", Angle::Goal).unwrap();
        assert!((never.rate - 30.5 / 301.0).abs() < 1e-12 && never.n_shown == 0);
        assert!(never.high - never.low > found.high - found.low);
        assert_eq!(expected(&all, "sms", Angle::Use), None, "too few");
        assert_eq!(expected(&[past("push", Angle::Use, 60, 61)], "push", Angle::Use), None);
    }

    /// Drawn with a known share for each angle, 95 intervals of a hundred hold it, give or take.
    #[test]
    fn intervals_hold_the_truth() {
        let mut random = Random::new(7);
        let (mut n, mut n_held) = (0, 0);
        for _ in 0..100 {
            let truths = [Angle::Goal, Angle::Use, Angle::Value].map(|angle| (angle, 0.04 + 0.04 * random.uniform()));
            let drawn: Vec<Past> = truths
                .iter()
                .map(|(angle, share)| {
                    let responded = (0..400).filter(|_| random.uniform() < *share).count() as u64;
                    past("push", *angle, 400, responded)
                })
                .collect();
            for (angle, share) in truths {
                let found = expected(&drawn, "push", angle).unwrap();
                n += 1;
                n_held += usize::from(found.low <= share && share <= found.high);
            }
        }
        assert!(n_held * 100 >= n * 90, "{n_held} of {n}");
    }
}
