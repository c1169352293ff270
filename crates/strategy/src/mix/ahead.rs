//! From a fitted mix model to plans: what the periods to come bring anyway, and each channel's response over them, draw by draw,
//! as `budget::plan` takes them. Not here: the split itself.

use domain::Day;

use super::Adstock;
use super::design::{self, Named};
use super::fit::MixFit;
use crate::StrategyError;
use crate::budget::{Curve, Flight, Mean, Node};

/// Draws that a plan carries, at most: enough for its intervals.
const DRAWS_MAX: usize = 200;

impl MixFit {
    fn thinned(&self) -> impl Iterator<Item = &Vec<f64>> {
        self.draws.iter().step_by(self.draws.len().div_ceil(DRAWS_MAX).max(1))
    }

    /// What the periods that begin on `days`, right after the last one learned from, bring without any channel: one sum for each
    /// draw. Shape: (n_draws). Controls and price of those periods are the caller's assumption.
    ///
    /// # Errors
    /// If a control or the price that was learned from is missing, or has another length than `days`.
    pub fn baseline_ahead(
        &self,
        days: &[Day],
        controls: &[Named],
        price: Option<&[f64]>,
    ) -> Result<Vec<f64>, StrategyError> {
        let columns = design::linear_ahead(&self.design, &self.data, days, controls, price, &self.settings)?;
        let sums: Vec<f64> = columns.iter().map(|column| column.iter().sum()).collect();
        let of = |draw: &Vec<f64>| {
            sums.iter().zip(draw).map(|(sum, factor)| sum * factor).sum::<f64>() * self.design.target_scale
        };
        Ok(self.thinned().map(of).collect())
    }

    /// The response of each channel to a spend over the periods to come, spread by `shares`, after what was spent last: cells for
    /// `budget::plan`, in the order of [`MixFit::channels`], from 0 to `ceiling_factor` times what was spent over as many periods
    /// on average. Above that the curve is a guess.
    ///
    /// # Errors
    /// If the shares do not sum to 1, or the factor is below 1.
    pub fn cells_ahead(&self, shares: &[f64], ceiling_factor: f64) -> Result<Vec<Node<Mean<Flight>>>, StrategyError> {
        if !(ceiling_factor >= 1.0 && ceiling_factor.is_finite()) {
            return Err(StrategyError::unfit(
                "largest spend as a multiple of the present one",
                ceiling_factor,
                "1 or more",
            ));
        }
        let cell = |(channel, effect): (usize, &super::ChannelEffect)| {
            let past = &self.data.channels[self.design.channels[channel]].values;
            let flights = self.thinned().map(|draw| self.flight(draw, channel, past, shares));
            let flights = flights.collect::<Result<Vec<_>, _>>()?;
            let usual = effect.spend / past.len() as f64 * shares.len() as f64;
            Ok(Node::cell(&effect.name, Mean(flights), 0.0, usual * ceiling_factor))
        };
        self.channels.iter().enumerate().map(cell).collect()
    }

    fn flight(&self, draw: &[f64], channel: usize, past: &[f64], shares: &[f64]) -> Result<Flight, StrategyError> {
        let (adstock, params) = self.layout.media_of(draw, channel);
        let curve = Curve {
            saturation: self.settings.saturation,
            params,
            unit_spend: self.design.spend_scales[channel],
            unit_value: self.design.target_scale,
        };
        Flight::new(curve, &weights(self.settings.adstock, adstock, self.settings.l_max), past, shares)
    }
}

fn weights(kind: Adstock, params: [f64; 2], l_max: usize) -> Vec<f64> {
    let (mut weights, mut slopes) = (vec![0.0; l_max], vec![[0.0; 2]; l_max]);
    kind.normalised(params, &mut weights, &mut slopes);
    weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RunOptions;
    use crate::budget::{Plan, Response, plan};
    use crate::mix::{MixSettings, Mode, World, fit, simulate};

    #[test]
    fn a_quarter_is_planned_with_its_baseline_and_what_was_spent_before() {
        let world = World::default();
        let simulated = simulate(&world, 156, 3);
        let settings = MixSettings { n_harmonics: 1, ..MixSettings::default() };
        let fitted = fit(&simulated.data, &settings, Mode::Map, 0.9, &RunOptions::default()).unwrap().value.unwrap();
        let last = simulated.data.days[155];
        let days: Vec<Day> = (1..=13).map(|week| Day(last.0 + 7 * week)).collect();
        let baseline = fitted.baseline_ahead(&days, &[], None).unwrap();
        let cells = fitted.cells_ahead(&[1.0 / 13.0; 13], 2.0).unwrap();
        // What the earlier spends still bring is more than nothing, and less than a quarter of them.
        assert!(
            cells.iter().all(|cell| matches!(&cell.kind, crate::budget::Kind::Cell(mean) if mean.value(0.0) > 0.0))
        );
        let current: Vec<f64> = fitted.channels.iter().map(|one| one.spend / 12.0).collect();
        let budget: f64 = current.iter().sum();
        let root = Node::group("quarter", cells, 0.0, f64::INFINITY);
        let request =
            Plan { root: &root, baseline: &baseline, current: Some(&current), budget, level: 0.9, n_rows: 156 };
        let planned = plan(&request).unwrap().value.unwrap();
        // The truth of the simulator over the quarter: baseline of some 13 × 1000, and what the plan's split brings.
        let truth: f64 = (156..169).map(|week| world.baseline(week, days[week - 156])).sum();
        assert!((planned.baseline.value / truth - 1.0).abs() < 0.15, "{:?} {truth}", planned.baseline);
        assert!(planned.over_current.unwrap().value >= -1e-6 && planned.over_equal.value >= -1e-6);
        assert!(planned.left_over.value < planned.added.value);
        assert!(fitted.baseline_ahead(&days, &[], Some(&[1.0])).is_err());
        assert!(fitted.cells_ahead(&[0.5], 2.0).is_err() && fitted.cells_ahead(&[1.0], 0.5).is_err());
    }
}
