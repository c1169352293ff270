//! Response curves: what a spend brings. One shape for all allocators: a value, a slope, and the spend at which the slope is a
//! given price. Not here: where curves come from (`mix`), and how money is split (`concave`, `shaped`).

use crate::StrategyError;
use crate::mix::Saturation;

/// What a spend brings. Values never fall with the spend.
pub trait Response: Sync {
    /// What `spend` ≥ 0 brings.
    fn value(&self, spend: f64) -> f64;

    /// What the next coin brings beyond `spend`.
    fn slope(&self, spend: f64) -> f64;

    /// Whether the slope falls everywhere. Equal slopes are the best split exactly then.
    fn is_concave(&self) -> bool;

    /// The spend in [floor, ceiling] that maximises value − price · spend on a concave curve: where the slope is the price.
    fn spend_at_price(&self, price: f64, floor: f64, ceiling: f64) -> f64 {
        if self.slope(floor) <= price {
            return floor;
        }
        if self.slope(ceiling) >= price {
            return ceiling;
        }
        let (mut low, mut high) = (floor, ceiling);
        // Two hundred halvings reach the last bit of any interval of f64 that is met in money.
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            if self.slope(middle) > price { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }
}

/// A saturation curve in money: `unit_value` · f(spend / `unit_spend`; params).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Curve {
    pub saturation: Saturation,
    pub params: [f64; 3],
    /// The spend that is 1 on the curve's own axis.
    pub unit_spend: f64,
    /// The money that is 1 on the curve's own axis.
    pub unit_value: f64,
}

impl Curve {
    /// A curve on its own axes.
    ///
    /// # Errors
    /// If a parameter is not a number above 0 (the height may be 0).
    pub fn new(saturation: Saturation, params: [f64; 3]) -> Result<Self, StrategyError> {
        for (at, param) in params.iter().enumerate().take(saturation.n_params()) {
            let is_height = at == 0 && saturation != Saturation::Tanh;
            if !(param.is_finite() && (*param > 0.0 || is_height && *param == 0.0)) {
                return Err(StrategyError::bad_value("parameters of a response curve", at, param, "a number above 0"));
            }
        }
        Ok(Curve { saturation, params, unit_spend: 1.0, unit_value: 1.0 })
    }
}

impl Response for Curve {
    fn value(&self, spend: f64) -> f64 {
        self.unit_value * self.saturation.value(spend / self.unit_spend, self.params)
    }

    fn slope(&self, spend: f64) -> f64 {
        self.unit_value / self.unit_spend * self.saturation.slope(spend / self.unit_spend, self.params)
    }

    fn is_concave(&self) -> bool {
        self.saturation.is_concave(self.params)
    }
}

/// A spend spread over the periods to come by `shares`, after what was spent before still works: the sum over the periods of
/// f(left over(t) + spend · Σ w(l) share(t − l)). This is how a plan for a quarter differs from one for an endless week.
#[derive(Clone, Debug, PartialEq)]
pub struct Flight {
    curve: Curve,
    /// What earlier spends leave in each period. Shape: (n_periods).
    left_over: Vec<f64>,
    /// What one coin of the plan puts into each period. Shape: (n_periods).
    reach: Vec<f64>,
}

impl Flight {
    /// `shares`: of the plan's spend, by period, summing to 1. Shape: (n_periods). `past`: earlier spends, oldest first.
    /// `weights`: of the carry-over, by lag, summing to 1. Periods after the plan's last are not counted.
    ///
    /// # Errors
    /// If there is no period, a share is negative, or they do not sum to 1.
    pub fn new(curve: Curve, weights: &[f64], past: &[f64], shares: &[f64]) -> Result<Self, StrategyError> {
        if shares.is_empty() {
            return Err(StrategyError::Empty { needed: 1 });
        }
        if let Some(at) = shares.iter().position(|share| !(share.is_finite() && *share >= 0.0)) {
            return Err(StrategyError::bad_value("shares of a plan", at, shares[at], "0 or more"));
        }
        let sum: f64 = shares.iter().sum();
        if (sum - 1.0).abs() > 1e-9 {
            return Err(StrategyError::unfit("sum of a plan's shares", sum, 1));
        }
        let kept = &past[past.len().saturating_sub(weights.len())..];
        let mut whole = kept.to_vec();
        whole.resize(kept.len() + shares.len(), 0.0);
        let left_over = crate::mix::carry_over(&whole, weights)[kept.len()..].to_vec();
        Ok(Flight { curve, left_over, reach: crate::mix::carry_over(shares, weights) })
    }

    /// What the earlier spends bring in these periods without any more.
    pub fn left_over_value(&self) -> f64 {
        self.value(0.0)
    }
}

impl Response for Flight {
    fn value(&self, spend: f64) -> f64 {
        let each = self.left_over.iter().zip(&self.reach);
        each.map(|(left, reach)| self.curve.value(left + spend * reach)).sum()
    }

    fn slope(&self, spend: f64) -> f64 {
        let each = self.left_over.iter().zip(&self.reach).filter(|(_, reach)| **reach > 0.0);
        each.map(|(left, reach)| reach * self.curve.slope(left + spend * reach)).sum()
    }

    fn is_concave(&self) -> bool {
        self.curve.is_concave()
    }
}

/// The mean of several curves, as of draws from a posterior: concave if each is.
#[derive(Clone, Debug, PartialEq)]
pub struct Mean<R>(pub Vec<R>);

impl<R: Response> Response for Mean<R> {
    fn value(&self, spend: f64) -> f64 {
        self.0.iter().map(|one| one.value(spend)).sum::<f64>() / self.0.len().max(1) as f64
    }

    fn slope(&self, spend: f64) -> f64 {
        self.0.iter().map(|one| one.slope(spend)).sum::<f64>() / self.0.len().max(1) as f64
    }

    fn is_concave(&self) -> bool {
        self.0.iter().all(Response::is_concave)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spend_at_a_price_has_that_slope() {
        for saturation in [Saturation::Logistic, Saturation::Tanh, Saturation::MichaelisMenten] {
            let curve =
                Curve { unit_spend: 300.0, unit_value: 5e4, ..Curve::new(saturation, [2.0, 1.5, 0.0]).unwrap() };
            let price = curve.slope(450.0);
            assert!((curve.spend_at_price(price, 0.0, 1e6) - 450.0).abs() < 1e-6);
            assert_eq!((curve.spend_at_price(1e9, 7.0, 1e6), curve.spend_at_price(0.0, 7.0, 99.0)), (7.0, 99.0));
        }
    }

    #[test]
    fn a_flight_of_one_period_without_a_past_is_the_curve() {
        let curve = Curve::new(Saturation::Logistic, [2.0, 1.5, 0.0]).unwrap();
        let flight = Flight::new(curve, &[1.0], &[], &[1.0]).unwrap();
        assert_eq!(flight.value(0.8), curve.value(0.8));
        assert_eq!(flight.slope(0.8), curve.slope(0.8));
    }

    #[test]
    fn earlier_spend_works_on_and_makes_the_next_coin_worth_less() {
        let curve = Curve::new(Saturation::Logistic, [2.0, 1.5, 0.0]).unwrap();
        let weights = [0.5, 0.3, 0.2];
        let fresh = Flight::new(curve, &weights, &[], &[0.5, 0.5]).unwrap();
        let after = Flight::new(curve, &weights, &[9.0, 1.0, 1.0], &[0.5, 0.5]).unwrap();
        assert_eq!(fresh.left_over_value(), 0.0);
        // Of the spend of 9 three periods ago nothing is left.
        let expected = curve.value(0.3 + 0.2) + curve.value(0.2);
        assert!((after.left_over_value() - expected).abs() < 1e-12);
        assert!(after.slope(1.0) < fresh.slope(1.0));
        let slope = (after.value(1.0 + 1e-6) - after.value(1.0 - 1e-6)) / 2e-6;
        assert!((slope - after.slope(1.0)).abs() < 1e-6);
    }

    #[test]
    fn what_cannot_be_a_curve_or_a_plan_is_named() {
        assert!(Curve::new(Saturation::Hill, [1.0, -1.0, 0.5]).unwrap_err().to_string().contains("row 1 holds -1"));
        let curve = Curve::new(Saturation::Logistic, [2.0, 1.5, 0.0]).unwrap();
        let told = |shares: &[f64]| Flight::new(curve, &[1.0], &[], shares).unwrap_err().to_string();
        assert!(told(&[0.5, 0.4]).contains("found 0.9"));
        assert!(told(&[1.5, -0.5]).contains("row 1 holds -0.5"));
        assert!(told(&[]).contains("at least 1"));
    }
}
