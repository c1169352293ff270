//! How many customers may respond to a copy, from copies of the same channel and angle that were shown before: their share drawn towards
//! that of the whole channel by as much as twenty exposures would, with an interval. It tells what happened to others, in other weeks and
//! with other goods; which of two copies is better, only a trial that draws by lot tells. What is chosen from it is which angles are
//! written first and how much a writer counts; no copy is thrown away for it. Not here: who was shown what.

use math::distributions::beta_quantile;
use serde::{Deserialize, Serialize};

use crate::write::Angle;

/// How many exposures what is known of the channel counts as.
const PRIOR: f64 = 20.0;
/// Exposures of a channel below which nothing is told.
pub const SHOWN_MIN: u64 = 50;

/// Copies of one channel, angle and writer that were shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    pub channel: String,
    pub angle: Angle,
    /// [`crate::write::Draft::writer`].
    pub writer: String,
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
    expected_of(past, channel, |one| one.angle == angle)
}

/// Angles as they are tried: first the one that most customers responded to of those shown often enough, then those of which most may be
/// hoped for, by the upper ends of their intervals, so that what was seldom shown does not stay unknown (Bayes-UCB, Kaufmann, Cappé and
/// Garivier 2012, at a fixed level). As given where too few copies of the channel were shown.
pub fn hopeful(past: &[Past], channel: &str, angles: &[Angle]) -> Vec<Angle> {
    let known: Vec<(Angle, Option<Expected>)> =
        angles.iter().map(|angle| (*angle, expected(past, channel, *angle))).collect();
    let often =
        known.iter().filter_map(|(angle, one)| Some((*angle, (*one)?))).filter(|(_, one)| one.n_shown >= SHOWN_MIN);
    let best = often.max_by(|a, b| a.1.rate.total_cmp(&b.1.rate)).map(|(angle, _)| angle);
    let hope = |one: &(Angle, Option<Expected>)| match best == Some(one.0) {
        true => f64::INFINITY,
        false => one.1.map_or(0.0, |one| one.high),
    };
    let mut all = known;
    all.sort_by(|a, b| hope(b).total_cmp(&hope(a)));
    all.into_iter().map(|(angle, _)| angle).collect()
}

/// How copies of a writer fared beside the best of the given writers, over (0, 1]; nothing if too few of the channel were shown or there is
/// no other writer to set it beside.
pub fn beside_others(past: &[Past], channel: &str, writers: &[&str], writer: &str) -> Option<f64> {
    let rate = |of: &str| expected_of(past, channel, |one| one.writer == of).map(|one| one.rate);
    let best = writers.iter().filter_map(|one| rate(one)).fold(0.0, f64::max);
    let own = rate(writer).filter(|_| writers.iter().any(|other| *other != writer))?;
    (best > 0.0).then(|| (own / best).min(1.0))
}

fn expected_of(past: &[Past], channel: &str, of: impl Fn(&Past) -> bool) -> Option<Expected> {
    let sum = |of: &dyn Fn(&&Past) -> bool| {
        past.iter().filter(of).fold((0u64, 0u64), |sum, one| (sum.0 + one.n_shown, sum.1 + one.n_responded))
    };
    let (all, all_responded) = sum(&|one| one.channel == channel);
    let (n_shown, n_responded) = sum(&|one| one.channel == channel && of(one));
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
        Past { channel: channel.into(), angle, writer: "grammar".into(), n_shown, n_responded }
    }

    #[test]
    fn the_best_angle_comes_first_and_the_unknown_behind_it() {
        let all = [
            past("push", Angle::Use, 1000, 100),
            past("push", Angle::Value, 1000, 20),
            past("push", Angle::Standout, 3, 0),
            past("sms", Angle::Goal, 10, 10),
        ];
        let given = [Angle::Goal, Angle::Value, Angle::Use, Angle::Standout];
        let ordered = hopeful(&all, "push", &given);
        // What did best, then never shown, seldom shown, and last what is known to do worse.
        assert_eq!(ordered, [Angle::Use, Angle::Goal, Angle::Standout, Angle::Value]);
        assert_eq!(hopeful(&all, "sms", &given), given, "too few were shown");
        assert_eq!(hopeful(&[], "push", &given), given);
    }

    #[test]
    fn a_writer_is_set_beside_the_others() {
        let of = |writer: &str, n_responded: u64| Past {
            writer: writer.into(),
            ..past("push", Angle::Use, 400, n_responded)
        };
        let all = [of("grammar", 20), of("learned", 40)];
        let beside = |writer: &str, writers: &[&str]| beside_others(&all, "push", writers, writer);
        assert_eq!(beside("learned", &["grammar", "learned"]), Some(1.0));
        let grammar = beside("grammar", &["grammar", "learned"]).unwrap();
        assert!((0.5..0.6).contains(&grammar), "{grammar}");
        assert_eq!(beside("grammar", &["grammar"]), None, "nobody to set it beside");
        assert_eq!(beside_others(&all, "sms", &["grammar", "learned"], "grammar"), None);
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
