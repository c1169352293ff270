//! Uplift and Qini curves and the areas under them, by the definitions of the two libraries people compare with; each is
//! named, for they give different numbers, and even different signs, on the same rows.
//!
//! With rows by predicted effect, the best first, and after the first k of them n_t treated and n_c controls with outcomes
//! summing to y_t and y_c:
//!
//! - the *uplift curve* (causalml: cumulative gain) is (y_t / n_t − y_c / n_c) · k;
//! - the *Qini curve* is y_t − y_c · n_t / n_c (Radcliffe 2007).
//!
//! scikit-uplift draws a point only where the prediction changes, joins points by lines, takes the diagonal away and divides
//! by the area of a perfect order: 0 is chance, 1 perfect. causalml draws a point at every row, in the order of the rows
//! where predictions tie, and divides by the curve's last value (its absolute): its AUUC keeps the diagonal in, so chance is
//! about ½ where the treatment helps on average and −½ where it harms; its Qini score takes the diagonal away. So a
//! sign is no verdict: a good order of 40 rows that a treatment harms has 0.241 by scikit-uplift's `uplift_auc_score` where chance is 0, and 0.048 by
//! causalml's `auuc_score` where chance is −0.5; a bad order of rows that it helps −0.265 and −0.048, where chance is 0.5. What
//! causalml calls 0 is not chance, and its AUUC must not be compared between trials of other average effects.
//!
//! Not here: intervals ([`super::judge`]).

use crate::StrategyError;

/// Points of a curve, from (0, 0) on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Rows so far. Shape: (n_points).
    pub rows: Vec<f64>,
    /// Shape: (n_points).
    pub values: Vec<f64>,
}

impl Curve {
    /// By the trapezoid rule.
    pub fn area(&self) -> f64 {
        let step = |at: usize| (self.rows[at] - self.rows[at - 1]) * (self.values[at] + self.values[at - 1]) / 2.0;
        (1..self.rows.len()).map(step).sum()
    }

    fn last(&self) -> f64 {
        self.values.last().copied().unwrap_or(0.0)
    }

    /// Area above the line from the first point to the last.
    pub fn area_above_chance(&self) -> f64 {
        self.area() - self.rows.last().copied().unwrap_or(0.0) * self.last() / 2.0
    }
}

/// Which curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Uplift,
    Qini,
}

/// Rows in the order of a prediction, with what a curve needs of each.
#[derive(Clone, Debug)]
pub struct Ranked {
    outcome: Vec<f64>,
    is_treated: Vec<bool>,
    /// Whether the next row's prediction is another.
    is_last_of_tie: Vec<bool>,
}

/// Sums over the first rows.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    n: [f64; 2],
    y: [f64; 2],
}

impl Sums {
    #[inline]
    fn add(&mut self, outcome: f64, is_treated: bool, times: f64) {
        self.n[usize::from(is_treated)] += times;
        self.y[usize::from(is_treated)] += times * outcome;
    }

    /// As scikit-uplift: without rows of an arm, its mean or their ratio is 0.
    fn value(&self, kind: Kind) -> f64 {
        let over = |a: f64, b: f64| if b > 0.0 { a / b } else { 0.0 };
        match kind {
            Kind::Uplift => (over(self.y[1], self.n[1]) - over(self.y[0], self.n[0])) * (self.n[0] + self.n[1]),
            Kind::Qini => self.y[1] - self.y[0] * over(self.n[1], self.n[0]),
        }
    }

    /// As causalml: NaN where an arm has no rows, to be filled between neighbours.
    fn value_or_nan(&self, kind: Kind) -> f64 {
        match kind {
            Kind::Uplift => (self.y[1] / self.n[1] - self.y[0] / self.n[0]) * (self.n[0] + self.n[1]),
            Kind::Qini => self.y[1] - self.y[0] * self.n[1] / self.n[0],
        }
    }
}

impl Ranked {
    /// Puts rows in the order of `effect`, the largest first; ties keep their order. Shapes: (n_rows).
    ///
    /// # Errors
    /// If lengths differ, an effect is not a number, or an arm is missing.
    pub fn new(effect: &[f64], outcome: &[f64], is_treated: &[bool]) -> Result<Self, StrategyError> {
        for (what, found) in [("predicted effects", effect.len()), ("treatment", is_treated.len())] {
            if found != outcome.len() {
                return Err(StrategyError::Length { what: what.to_owned(), found, expected: outcome.len() });
            }
        }
        if let Some(row) = effect.iter().position(|value| value.is_nan()) {
            return Err(StrategyError::bad_value("predicted effects", row, "NaN", "a number"));
        }
        if is_treated.iter().all(|&is| is) || !is_treated.iter().any(|&is| is) {
            return Err(StrategyError::unfit("arms among the rows", 1, "treated and controls"));
        }
        let mut order: Vec<u32> = (0..effect.len() as u32).collect();
        // Adding 0 makes a negative zero an ordinary one, with which it ties.
        let by_row = |row: u32| effect[row as usize] + 0.0;
        order.sort_by(|&a, &b| by_row(b).total_cmp(&by_row(a)));
        let by = |at: usize| by_row(order[at]);
        Ok(Ranked {
            outcome: order.iter().map(|&row| outcome[row as usize]).collect(),
            is_treated: order.iter().map(|&row| is_treated[row as usize]).collect(),
            is_last_of_tie: (0..order.len()).map(|at| at + 1 == order.len() || by(at) != by(at + 1)).collect(),
        })
    }

    pub fn n_rows(&self) -> usize {
        self.outcome.len()
    }

    pub(super) fn is_treated(&self) -> &[bool] {
        &self.is_treated
    }

    /// The curve as scikit-uplift's `uplift_curve` and `qini_curve` draw it: a point where the prediction changes.
    pub fn curve(&self, kind: Kind) -> Curve {
        self.curve_of(kind, |_| 1.0)
    }

    /// The same with each row counted `times`, for the bootstrap.
    pub(super) fn curve_of(&self, kind: Kind, times: impl Fn(usize) -> f64) -> Curve {
        let mut curve = Curve { rows: vec![0.0], values: vec![0.0] };
        let mut sums = Sums::default();
        for (at, (&outcome, &is_treated)) in self.outcome.iter().zip(&self.is_treated).enumerate() {
            sums.add(outcome, is_treated, times(at));
            if self.is_last_of_tie[at] {
                curve.rows.push(sums.n[0] + sums.n[1]);
                curve.values.push(sums.value(kind));
            }
        }
        curve
    }

    /// Qini area above chance over the square of the rows: incremental outcomes a row and treated share, which does not
    /// grow with the sample and needs no perfect order. With each row counted `times`.
    pub(super) fn qini_per_row(&self, times: impl Fn(usize) -> f64) -> f64 {
        let (mut sums, mut area, mut before) = (Sums::default(), 0.0, (0.0, 0.0));
        for (at, (&outcome, &is_treated)) in self.outcome.iter().zip(&self.is_treated).enumerate() {
            sums.add(outcome, is_treated, times(at));
            if self.is_last_of_tie[at] {
                let now = (sums.n[0] + sums.n[1], sums.value(Kind::Qini));
                area += (now.0 - before.0) * (now.1 + before.1) / 2.0;
                before = now;
            }
        }
        (area - before.0 * before.1 / 2.0) / (before.0 * before.0)
    }

    /// The same in whole rows.
    pub fn qini(&self) -> f64 {
        self.qini_per_row(|_| 1.0)
    }

    /// scikit-uplift's `qini_auc_score` (0.5.1, `negative_effect=True`) or `uplift_auc_score`: the area above chance over that
    /// of a perfect order. For outcomes of 0 and 1; NaN if no order is better than chance.
    pub fn scikit_uplift_auc(&self, kind: Kind) -> f64 {
        let perfect = self.perfect(kind);
        let ideal = perfect.area_above_chance();
        let found = self.curve(kind).area_above_chance();
        if ideal == 0.0 { f64::NAN } else { found / ideal }
    }

    /// The order of who knows the outcomes: treated who responded first, controls who responded last. For the uplift curve,
    /// scikit-uplift puts right answers first and, of them, those of the kind that is rarer among the wrong ones.
    fn perfect(&self, kind: Kind) -> Curve {
        let rows = self.outcome.iter().zip(&self.is_treated);
        let n_responding_controls = rows.clone().filter(|(y, is_treated)| **y == 1.0 && !**is_treated).count();
        let n_idle_treated = rows.clone().filter(|(y, is_treated)| **y == 0.0 && **is_treated).count();
        let score = |(&y, &is_treated): (&f64, &bool)| match kind {
            Kind::Qini => {
                if is_treated {
                    y
                } else {
                    -y
                }
            }
            Kind::Uplift => {
                let treated = f64::from(is_treated);
                2.0 * f64::from(y == treated) + if n_responding_controls > n_idle_treated { y } else { treated }
            }
        };
        let scores: Vec<f64> = rows.map(score).collect();
        Ranked::new(&scores, &self.outcome, &self.is_treated).map(|ranked| ranked.curve(kind)).unwrap_or_default()
    }

    /// causalml's `auuc_score` or `qini_score` (0.15 and later, `normalize` as there): the mean of the curve over its points,
    /// for Qini less that of the diagonal.
    pub fn causalml_score(&self, kind: Kind, normalize: bool) -> f64 {
        let values = self.every_row(kind);
        let n = values.len() as f64;
        let last = values.last().copied().unwrap_or(0.0);
        let mut mean = values.iter().sum::<f64>() / n;
        if kind == Kind::Qini {
            mean -= last / 2.0;
        }
        if normalize { mean / last.abs() } else { mean }
    }

    /// A point at 0 and after every row. Where an arm has no rows yet causalml draws a line from 0: of the curve for Qini, of the
    /// difference of means, which is multiplied by the rows only then, for the uplift curve.
    fn every_row(&self, kind: Kind) -> Vec<f64> {
        let mut values = Vec::with_capacity(self.n_rows() + 1);
        values.push(0.0);
        let mut sums = Sums::default();
        for (&outcome, &is_treated) in self.outcome.iter().zip(&self.is_treated) {
            sums.add(outcome, is_treated, 1.0);
            values.push(sums.value_or_nan(kind));
        }
        // Only a beginning can be undefined: both arms are among all rows.
        let first = values.iter().skip(1).position(|value| !value.is_nan()).map_or(0, |at| at + 1);
        let to = values[first];
        for (at, value) in values[..first].iter_mut().enumerate() {
            let share = at as f64 / first as f64;
            *value = to * if kind == Kind::Uplift { share * share } else { share };
        }
        values
    }

    /// Difference of the arms' mean outcomes in the first ⌊share · n⌋ rows (scikit-uplift's `uplift_at_k`, strategy `overall`)
    /// with its variance; `None` if an arm has fewer than two rows there.
    pub fn uplift_at(&self, share: f64) -> Option<(f64, f64)> {
        let n = ((self.n_rows() as f64 * share).floor() as usize).clamp(1, self.n_rows());
        difference(self.outcome[..n].iter().copied().zip(self.is_treated[..n].iter().copied()))
    }

    /// The same with the first share of each arm by itself (strategy `by_group`).
    pub fn uplift_at_by_group(&self, share: f64) -> Option<(f64, f64)> {
        let n_treated = self.is_treated.iter().filter(|&&is| is).count();
        let most = [self.n_rows() - n_treated, n_treated].map(|n| (n as f64 * share).floor() as usize);
        let mut taken = [0, 0];
        let first = |(_, is_treated): &(f64, bool)| {
            let arm = usize::from(*is_treated);
            taken[arm] += 1;
            taken[arm] <= most[arm]
        };
        let rows = self.outcome.iter().copied().zip(self.is_treated.iter().copied());
        difference(rows.filter(first).collect::<Vec<_>>().into_iter())
    }
}

/// Difference of mean outcomes, treated less controls, and its variance by Welch.
pub(super) fn difference(rows: impl Iterator<Item = (f64, bool)>) -> Option<(f64, f64)> {
    let (mut n, mut sum, mut squares) = ([0.0; 2], [0.0; 2], [0.0; 2]);
    for (y, is_treated) in rows {
        let arm = usize::from(is_treated);
        n[arm] += 1.0;
        sum[arm] += y;
        squares[arm] += y * y;
    }
    if n[0] < 2.0 || n[1] < 2.0 {
        return None;
    }
    let of = |arm: usize| {
        let mean = sum[arm] / n[arm];
        (mean, (squares[arm] - n[arm] * mean * mean).max(0.0) / (n[arm] - 1.0) / n[arm])
    };
    Some((of(1).0 - of(0).0, of(1).1 + of(0).1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISTINCT: [f64; 40] = [
        1.7,
        -0.499,
        0.002,
        0.403,
        -0.796,
        0.005,
        0.006,
        -1.793,
        1.008,
        0.609,
        -0.59,
        -0.189,
        0.512,
        -0.287,
        -0.186,
        -1.485,
        0.616,
        0.117,
        0.3 + 0.018,
        -1.481,
        1.72,
        0.221,
        -0.378,
        2.023,
        0.024,
        -1.475,
        -0.374,
        -2.273,
        1.028,
        -0.371,
        -0.67,
        1.131,
        -1.668,
        0.533,
        -2.066,
        -0.665,
        -1.164,
        1.537,
        1.838,
        -0.261,
    ];
    const TREATED: &str = "0010000001100000110100000110001111100000";
    const OUTCOME: &str = "0000001011001010010000100100000101001001";

    fn bits(text: &str) -> impl Iterator<Item = bool> {
        text.bytes().map(|bit| bit == b'1')
    }

    /// In the order of the tables below: tied, distinct, harmful in a good order, helpful in a bad order.
    fn ranked(case: usize) -> Ranked {
        let effect: Vec<f64> = match case {
            // One decimal, as the script made them, a negative zero among them.
            0 => DISTINCT.iter().enumerate().map(|(at, e)| ((e - at as f64 / 1000.0) * 10.0).round() / 10.0).collect(),
            1 => DISTINCT.to_vec(),
            _ => DISTINCT.iter().map(|effect| -effect).collect(),
        };
        let outcome: Vec<f64> = bits(OUTCOME).map(|y| f64::from(y != (case == 2))).collect();
        Ranked::new(&effect, &outcome, &bits(TREATED).collect::<Vec<bool>>()).unwrap()
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
    }

    /// scikit-uplift 0.5.1 by `bench/peers/strategy/uplift.py golden`: qini_auc_score, uplift_auc_score, uplift_at_k(0.3) overall and
    /// by group.
    #[test]
    fn areas_are_those_of_scikit_uplift() {
        for (case, [qini, uplift, overall, by_group]) in [
            (0, [0.2425226208439144, 0.34046008420730334, 0.5, 0.41666666666666663]),
            (1, [0.2507211160970988, 0.3524419153312044, 0.5, 0.41666666666666663]),
            (2, [0.16483276963401222, 0.2406745131491197, 0.0, 0.25]),
            (3, [-0.25834038636220963, -0.264955598116246, 0.0, -0.25]),
        ] {
            let ranked = ranked(case);
            near(ranked.scikit_uplift_auc(Kind::Qini), qini);
            near(ranked.scikit_uplift_auc(Kind::Uplift), uplift);
            near(ranked.uplift_at(0.3).unwrap().0, overall);
            near(ranked.uplift_at_by_group(0.3).unwrap().0, by_group);
        }
    }

    /// causalml 0.18.0 by the same script: auuc_score and qini_score, normalised and not. The AUUC of the third, a good order,
    /// and of the fourth, a bad one, differ in sign only, and lie on the side of chance that scikit-uplift says.
    #[test]
    fn areas_are_those_of_causalml() {
        for (case, [auuc, raw_auuc, qini, raw_qini]) in [
            (1, [1.2731116420565745, 6.383693703759464, 0.5370212819285972, 0.875145792772529]),
            (2, [0.04768260830126449, 0.23909228094081322, 0.5533410492813624, 0.9017409691992572]),
            (3, [-0.047682608301264355, -0.2390922809408128, -0.5533410492813624, -0.9017409691992572]),
        ] {
            let ranked = ranked(case);
            near(ranked.causalml_score(Kind::Uplift, true), auuc);
            near(ranked.causalml_score(Kind::Uplift, false), raw_auuc);
            near(ranked.causalml_score(Kind::Qini, true), qini);
            near(ranked.causalml_score(Kind::Qini, false), raw_qini);
        }
    }

    #[test]
    fn rows_counted_twice_are_rows_that_come_twice() {
        let effect = [0.3, 0.2, 0.1, 0.0];
        let (outcome, is_treated) = ([1.0, 0.0, 0.0, 1.0], [true, false, true, false]);
        let doubled = |values: &[f64]| values.iter().flat_map(|&value| [value; 2]).collect::<Vec<f64>>();
        let twice = [true, true, false, false, true, true, false, false];
        let by_rows = Ranked::new(&doubled(&effect), &doubled(&outcome), &twice).unwrap().qini();
        let by_count = Ranked::new(&effect, &outcome, &is_treated).unwrap().qini_per_row(|_| 2.0);
        near(by_rows, by_count);
    }

    #[test]
    fn what_cannot_be_ranked_is_told() {
        let told =
            |effect: &[f64], treated: &[bool]| Ranked::new(effect, &[1.0, 0.0], treated).unwrap_err().to_string();
        assert_eq!(told(&[1.0], &[true, false]), "predicted effects has 1 rows where 2 were expected");
        assert_eq!(told(&[1.0, 2.0], &[true, true]), "arms among the rows: found 1, allowed treated and controls");
        let expected = "predicted effects, row 0 holds NaN; allowed: a number";
        assert_eq!(told(&[f64::NAN, 2.0], &[true, false]), expected);
    }
}
