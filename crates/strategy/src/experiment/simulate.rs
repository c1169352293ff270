//! Experiments whose truth is known: customers with a habit that shows before and after, a treatment that adds to what they
//! spend. For tests, demonstrations and trying out a plan; not a model of any shop.

use math::Random;

use super::Units;

/// What is true of the simulated customers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    pub n_control: usize,
    pub n_treated: usize,
    /// Of the measure without treatment, and between customers.
    pub mean: f64,
    pub deviation: f64,
    /// What the treatment adds.
    pub effect: f64,
    /// Of a customer's measure with that of the time before.
    pub correlation: f64,
}

impl Default for Truth {
    fn default() -> Self {
        Truth { n_control: 500, n_treated: 500, mean: 20.0, deviation: 8.0, effect: 1.0, correlation: 0.7 }
    }
}

/// One row a customer. Shape of every column: (n).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// What the customer spent.
    pub value: Vec<f64>,
    /// What the customer spent before the experiment.
    pub before: Vec<f64>,
    /// Orders, 1 or more.
    pub orders: Vec<f64>,
    /// Revenue over all orders; per order it has the measure's mean and effect.
    pub revenue: Vec<f64>,
}

impl Group {
    pub fn units(&self) -> Units<'_> {
        Units::of(&self.value)
    }

    /// With what was known before, for CUPED.
    pub fn units_with_before(&self) -> Units<'_> {
        Units { before: Some(&self.before), ..self.units() }
    }

    /// Revenue per order.
    pub fn ratio_units(&self) -> Units<'_> {
        Units { per: Some(&self.orders), ..Units::of(&self.revenue) }
    }
}

/// Control and treated customers.
pub fn simulate(truth: &Truth, seed: u64) -> [Group; 2] {
    let group = |stream: u64, n: usize, effect: f64| {
        let mut random = Random::stream(seed, stream);
        let mut group = Group::default();
        for _ in 0..n {
            let habit = random.normal();
            let now = truth.correlation * habit + (1.0 - truth.correlation.powi(2)).sqrt() * random.normal();
            let orders = 1.0 + (2.0 * random.exponential()).floor();
            let value = truth.mean + truth.deviation * now + effect;
            group.value.push(value);
            group.before.push(truth.mean + truth.deviation * habit);
            group.orders.push(orders);
            group.revenue.push(orders * value);
        }
        group
    };
    [group(0, truth.n_control, 0.0), group(1, truth.n_treated, truth.effect)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sequential::{self, Looks, Mixture};
    use crate::experiment::{Effect, Joint, Method, Moments, Question, Sample, Scale, compare, samples};

    /// How many of 400 intervals of 90 % hold the truth, for means, adjusted means and ratios.
    #[test]
    fn intervals_of_ninety_percent_cover_about_ninety_percent() {
        let truth = Truth::default();
        let question = Question { level: 0.9, ..Question::default() };
        let mut covered = [[0; 2]; 3];
        for seed in 0..400 {
            let [control, treated] = simulate(&truth, seed);
            let pairs = [
                (control.units(), treated.units()),
                (control.units_with_before(), treated.units_with_before()),
                (control.ratio_units(), treated.ratio_units()),
            ];
            for (covered, (a, b)) in covered.iter_mut().zip(pairs) {
                let found = compare(&samples(&a, &b).unwrap(), &question).unwrap().value.unwrap();
                let holds = |low: f64, high: f64, truth: f64| usize::from(low <= truth && truth <= high);
                covered[0] += holds(found.absolute.low, found.absolute.high, truth.effect);
                let relative = found.relative.unwrap();
                covered[1] += holds(relative.low, relative.high, truth.effect / truth.mean);
            }
        }
        for (at, both) in covered.into_iter().enumerate() {
            for (n, what) in both.into_iter().zip(["difference", "relative"]) {
                crate::coverage::assert_covers(&format!("experiments: {what}, measure {}", at + 1), n, 400);
            }
        }
    }

    #[test]
    fn what_was_known_before_takes_off_its_part_of_the_variance() {
        let truth = Truth { n_control: 20_000, n_treated: 20_000, ..Truth::default() };
        let [control, treated] = simulate(&truth, 5);
        let adjusted = samples(&control.units_with_before(), &treated.units_with_before()).unwrap();
        let expected = 1.0 - truth.correlation.powi(2);
        assert!((adjusted.variance_kept - expected).abs() < 0.02, "{adjusted:?}");
        assert!((adjusted.theta - truth.correlation).abs() < 0.02, "{adjusted:?}");
    }

    /// Forty looks at experiments without any effect: always-valid intervals exclude 0 at any of them in at most 5 % of the
    /// experiments, fixed ones in far more.
    #[test]
    fn looking_often_finds_nothing_that_is_not_there() {
        let (n_experiments, n_looks, step) = (300, 40, 50);
        let (mut found, mut found_by_fixed) = ([0; 2], 0);
        for seed in 0..n_experiments {
            let truth = Truth { n_control: n_looks * step, n_treated: n_looks * step, effect: 0.0, ..Truth::default() };
            let [control, treated] = simulate(&truth, 1000 + seed);
            let mut joint = [Joint::default(); 2];
            let mut looks = [Looks::default(); 2];
            let mut is_fixed_fooled = false;
            for look in 0..n_looks {
                for (joint, group) in joint.iter_mut().zip([&control, &treated]) {
                    let part = &group.value[look * step..(look + 1) * step];
                    *joint = joint.merged(Joint::of(part, part));
                }
                let [a, b] = joint.map(|joint| Sample::mean(joint.x()));
                let effect = Effect::between(&a, &b, Scale::Absolute).unwrap();
                is_fixed_fooled |= effect.p_value() < 0.05;
                for (looks, mixture) in looks.iter_mut().zip([Mixture::Units(2000.0), Mixture::Effects(0.8)]) {
                    looks.look(&effect, mixture, 0.95);
                }
            }
            for (found, looks) in found.iter_mut().zip(looks) {
                *found += usize::from(looks.p_value.unwrap() < 0.05);
            }
            found_by_fixed += usize::from(is_fixed_fooled);
        }
        // 5 % of 300 is 15; three standard deviations above are 26.
        assert!(found.iter().all(|found| *found <= 26), "{found:?}");
        assert!(found_by_fixed > 60, "{found_by_fixed}");
    }

    #[test]
    fn a_true_effect_is_found_at_any_time() {
        let truth = Truth { n_control: 4000, n_treated: 4000, ..Truth::default() };
        let [control, treated] = simulate(&truth, 3);
        let groups = samples(&control.units_with_before(), &treated.units_with_before()).unwrap();
        let method = Method::Sequential(Mixture::Units(5000.0));
        let found = compare(&groups, &Question { method, ..Question::default() }).unwrap().value.unwrap();
        assert!(found.absolute.low > 0.0 && found.p_value.unwrap() < 0.01, "{found:?}");
        let effect = Effect::between(&groups.control, &groups.treated, Scale::Absolute).unwrap();
        assert_eq!(sequential::interval(&effect, Mixture::Units(5000.0), 0.95), found.absolute);
        assert!((Moments::of(&treated.value).mean - 21.0).abs() < 0.5);
    }
}
