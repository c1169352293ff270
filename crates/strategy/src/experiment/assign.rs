//! Who sees what: a salted hash of the unit's name decides, so that any server gives the same answer without asking, and no
//! experiment's split says anything of another's. What a unit saw before stays, and a part of all customers can be held out of
//! every campaign. Whether a unit may be reached at all (consent, after-sales) is not asked here.

use serde::Serialize;

use crate::StrategyError;

/// At most this many arms.
pub const ARMS_MAX: usize = 100;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Arm {
    pub name: String,
    /// In proportion to the other arms' weights; 0 closes an arm to new units.
    pub weight: f64,
}

/// Customers who get nothing of anything, against whom all campaigns together are measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Holdout {
    /// The same for all experiments of a period; another salt draws another group.
    pub salt: String,
    /// The part of all units, 0 to 1.
    pub share: f64,
}

/// A part of a range that several experiments share so that no unit is in two of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slot {
    /// The same for all experiments that exclude each other.
    pub salt: String,
    /// From this number on, 0 to 1 …
    pub from: f64,
    /// … up to, but without, this one.
    pub to: f64,
}

/// How the units of one experiment are split.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Assignment {
    salt: String,
    arms: Vec<Arm>,
    traffic: f64,
    holdout: Option<Holdout>,
    slot: Option<Slot>,
}

/// Where a unit stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Place<'a> {
    Arm {
        arm_idx: usize,
        name: &'a str,
        /// The probability with which a new unit in the experiment gets this arm; to be logged.
        propensity: f64,
        /// From an earlier assignment, against the present weights.
        is_kept: bool,
    },
    /// In the group that is held out of everything.
    Holdout,
    /// Not in this experiment.
    Outside,
}

impl Assignment {
    /// # Errors
    /// If the salt is empty, there are no or too many arms, two have one name, a weight is negative or all are 0, or a share is
    /// not in 0 to 1.
    pub fn new(
        salt: &str,
        arms: Vec<Arm>,
        traffic: f64,
        holdout: Option<Holdout>,
        slot: Option<Slot>,
    ) -> Result<Self, StrategyError> {
        if salt.is_empty() {
            return Err(StrategyError::unfit("the salt", "''", "a text that no other experiment has"));
        }
        if arms.is_empty() || arms.len() > ARMS_MAX {
            return Err(StrategyError::unfit("arms", arms.len(), format!("1 to {ARMS_MAX}")));
        }
        for (row, arm) in arms.iter().enumerate() {
            if !(arm.weight >= 0.0 && arm.weight.is_finite()) {
                return Err(StrategyError::bad_value("the weights", row, arm.weight, "0 or more"));
            }
            if arms[..row].iter().any(|other| other.name == arm.name) {
                return Err(StrategyError::bad_value(
                    "the arms",
                    row,
                    format!("'{}' again", arm.name),
                    "one of a name",
                ));
            }
        }
        if arms.iter().all(|arm| arm.weight == 0.0) {
            return Err(StrategyError::unfit("the sum of weights", 0, "above 0"));
        }
        let share = |what, value: f64| {
            if (0.0..=1.0).contains(&value) { Ok(()) } else { Err(StrategyError::unfit(what, value, "0 to 1")) }
        };
        share("the traffic", traffic)?;
        share("the share held out", holdout.as_ref().map_or(0.0, |holdout| holdout.share))?;
        if let Some(slot) = &slot {
            share("the beginning of a slot", slot.from)?;
            share("the end of a slot", slot.to)?;
        }
        Ok(Assignment { salt: salt.to_owned(), arms, traffic, holdout, slot })
    }

    pub fn arms(&self) -> &[Arm] {
        &self.arms
    }

    /// The place of `unit`; `earlier` is the arm it was given before, if any, and stays so unless the unit is held out or the
    /// arm is gone. More traffic takes in more units and moves none.
    pub fn place(&self, unit: &str, earlier: Option<&str>) -> Place<'_> {
        if let Some(holdout) = &self.holdout
            && position(&holdout.salt, "holdout", unit) < holdout.share
        {
            return Place::Holdout;
        }
        if let Some(arm_idx) = earlier.and_then(|name| self.arms.iter().position(|arm| arm.name == name)) {
            return self.arm(arm_idx, true);
        }
        if let Some(slot) = &self.slot
            && !(slot.from..slot.to).contains(&position(&slot.salt, "slot", unit))
        {
            return Place::Outside;
        }
        if position(&self.salt, "traffic", unit) >= self.traffic {
            return Place::Outside;
        }
        self.arm(self.drawn(position(&self.salt, "arm", unit)), false)
    }

    fn whole(&self) -> f64 {
        self.arms.iter().map(|arm| arm.weight).sum()
    }

    fn arm(&self, arm_idx: usize, is_kept: bool) -> Place<'_> {
        let arm = &self.arms[arm_idx];
        Place::Arm { arm_idx, name: &arm.name, propensity: arm.weight / self.whole(), is_kept }
    }

    fn drawn(&self, position: f64) -> usize {
        let mut left = position * self.whole();
        for (arm_idx, arm) in self.arms.iter().enumerate() {
            if left < arm.weight {
                return arm_idx;
            }
            left -= arm.weight;
        }
        // Rounding may leave a hair after the last arm that is open.
        self.arms.iter().rposition(|arm| arm.weight > 0.0).expect("one weight is above 0")
    }
}

/// The unit's position in [0, 1): FNV-1a (64 bits) over salt, purpose and unit in UTF-8, each of the first two followed by a
/// zero byte, mixed by SplitMix64's last step; the upper 53 bits. Other systems can compute the same.
pub fn position(salt: &str, purpose: &str, unit: &str) -> f64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let bytes = salt.bytes().chain([0]).chain(purpose.bytes()).chain([0]).chain(unit.bytes());
    for byte in bytes {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^= hash >> 31;
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample_ratio;

    fn arms(weights: &[f64]) -> Vec<Arm> {
        let named = |(at, weight): (usize, &f64)| Arm { name: format!("arm {at}"), weight: *weight };
        weights.iter().enumerate().map(named).collect()
    }

    fn split(salt: &str, weights: &[f64], traffic: f64) -> Assignment {
        Assignment::new(salt, arms(weights), traffic, None, None).unwrap()
    }

    fn arm_of(place: Place) -> Option<usize> {
        if let Place::Arm { arm_idx, .. } = place { Some(arm_idx) } else { None }
    }

    fn customers() -> impl Iterator<Item = String> {
        (0..40_000).map(|number| format!("customer {number}"))
    }

    const POSITIONS: &[(&str, &str, &str, f64)] = &[
        ("618", "arm", "customer 1", 0.20524352995724282),
        ("618", "arm", "customer 2", 0.440301379695904),
        ("双11", "holdout", "客户7", 0.4405261794256181),
        ("x", "traffic", "", 0.6052747697391193),
    ];

    /// Computed by a script of ten lines in another language, from the description of [`position`] alone.
    #[test]
    fn positions_are_fixed_for_ever() {
        for (salt, purpose, unit, expected) in POSITIONS {
            assert_eq!(position(salt, purpose, unit), *expected, "{salt} {purpose} {unit}");
        }
    }

    #[test]
    fn arms_get_their_shares_whatever_the_salt() {
        for salt in ["a", "b", "618", "双11"] {
            let split = split(salt, &[0.2, 0.5, 0.3], 1.0);
            let mut counts = [0; 3];
            customers().for_each(|unit| counts[arm_of(split.place(&unit, None)).unwrap()] += 1);
            let p = sample_ratio::p_value(&counts, &[2.0, 5.0, 3.0]).unwrap();
            assert!(p > 1e-4, "{salt}: {counts:?} {p}");
        }
    }

    #[test]
    fn one_experiments_split_says_nothing_of_anothers() {
        let (one, two) = (split("one", &[1.0, 1.0], 1.0), split("two", &[1.0, 1.0], 1.0));
        let mut counts = [0; 4];
        for unit in customers() {
            counts[2 * arm_of(one.place(&unit, None)).unwrap() + arm_of(two.place(&unit, None)).unwrap()] += 1;
        }
        assert!(sample_ratio::p_value(&counts, &[1.0; 4]).unwrap() > 1e-4, "{counts:?}");
    }

    #[test]
    fn more_traffic_takes_in_units_and_moves_none() {
        let (little, much) = (split("x", &[1.0, 1.0], 0.1), split("x", &[1.0, 1.0], 0.6));
        let mut n_in = 0;
        for unit in customers() {
            if let Some(arm) = arm_of(little.place(&unit, None)) {
                n_in += 1;
                assert_eq!(arm_of(much.place(&unit, None)), Some(arm));
            }
        }
        assert!((3600..4400).contains(&n_in), "{n_in}");
    }

    #[test]
    fn what_was_seen_stays_unless_the_unit_is_held_out() {
        let split = split("x", &[1.0, 0.0], 0.0);
        let kept = Place::Arm { arm_idx: 1, name: "arm 1", propensity: 0.0, is_kept: true };
        assert_eq!(split.place("anyone", Some("arm 1")), kept);
        assert_eq!(split.place("anyone", Some("an arm of long ago")), Place::Outside);
        let holdout = Some(Holdout { salt: "2026".to_owned(), share: 1.0 });
        let held = Assignment::new("x", arms(&[1.0]), 1.0, holdout, None).unwrap();
        assert_eq!(held.place("anyone", Some("arm 0")), Place::Holdout);
    }

    #[test]
    fn the_same_customers_are_held_out_of_every_experiment() {
        let holdout = || Some(Holdout { salt: "2026".to_owned(), share: 0.05 });
        let one = Assignment::new("one", arms(&[1.0]), 1.0, holdout(), None).unwrap();
        let two = Assignment::new("two", arms(&[1.0, 3.0]), 0.5, holdout(), None).unwrap();
        let held = |split: &Assignment| customers().filter(|unit| split.place(unit, None) == Place::Holdout).collect();
        let (first, second): (Vec<_>, Vec<_>) = (held(&one), held(&two));
        assert_eq!(first, second);
        assert!((1750..2250).contains(&first.len()), "{}", first.len());
    }

    #[test]
    fn experiments_of_one_range_share_no_unit() {
        let slot = |from, to| Some(Slot { salt: "home page".to_owned(), from, to });
        let one = Assignment::new("one", arms(&[1.0, 1.0]), 1.0, None, slot(0.0, 0.4)).unwrap();
        let two = Assignment::new("two", arms(&[1.0, 1.0]), 1.0, None, slot(0.4, 1.0)).unwrap();
        let n_in =
            |unit: &String| [&one, &two].iter().filter(|split| arm_of(split.place(unit, None)).is_some()).count();
        assert!(customers().all(|unit| n_in(&unit) == 1));
    }

    #[test]
    fn splits_that_cannot_be_are_errors() {
        let error = |salt, arms, traffic| Assignment::new(salt, arms, traffic, None, None).unwrap_err().to_string();
        assert!(error("", arms(&[1.0]), 1.0).starts_with("the salt"));
        assert_eq!(error("x", vec![], 1.0), "arms: found 0, allowed 1 to 100");
        assert_eq!(error("x", arms(&[1.0, -1.0]), 1.0), "the weights, row 1 holds -1; allowed: 0 or more");
        assert_eq!(error("x", arms(&[0.0]), 1.0), "the sum of weights: found 0, allowed above 0");
        assert_eq!(error("x", arms(&[1.0]), 1.5), "the traffic: found 1.5, allowed 0 to 1");
        let twins = vec![Arm { name: "a".to_owned(), weight: 1.0 }, Arm { name: "a".to_owned(), weight: 1.0 }];
        assert!(error("x", twins, 1.0).contains("'a' again"));
    }
}
