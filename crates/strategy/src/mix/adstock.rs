//! Adstock: what was spent in a week still works in the weeks after. The weights of PyMC-Marketing (over `l_max` lags) with
//! their gradients, and Robyn's transforms (over the whole series). Not here: saturation, and the model that estimates either.

use crate::StrategyError;

/// The longest carry-over that is accepted, in periods.
pub const LAGS_MAX: usize = 104;

/// A family of carry-over weights over the lags 0, 1, …, `l_max` − 1, with the parameters of PyMC-Marketing 0.19.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Adstock {
    /// w(l) = αˡ. Parameters: α in (0, 1). Jin et al. (2017), equation 1.
    Geometric,
    /// w(l) = α^((l − θ)²). Parameters: α in (0, 1), θ ≥ 0. Jin et al. (2017), equation 2.
    Delayed,
    /// The product of the survival functions of a Weibull distribution at 1, …, l. Parameters: scale λ > 0, shape k > 0.
    WeibullCdf,
    /// The density of a Weibull distribution at l + 1, its range stretched to [0, 1]. Parameters: scale λ > 0, shape k > 0.
    WeibullPdf,
}

impl Adstock {
    pub fn n_params(self) -> usize {
        if self == Adstock::Geometric { 1 } else { 2 }
    }

    /// The weights as they stand, of lags 0 to `l_max` − 1. Shape: (l_max). `params` beyond [`Adstock::n_params`] are not read.
    pub fn weights(self, params: [f64; 2], l_max: usize) -> Vec<f64> {
        let mut weights = vec![0.0; l_max];
        let mut unused = vec![[0.0; 2]; l_max];
        self.raw(params, &mut weights, &mut unused);
        if self == Adstock::WeibullPdf {
            let largest = weights.iter().copied().fold(0.0, f64::max);
            weights.iter_mut().for_each(|weight| *weight /= if largest > 0.0 { largest } else { 1.0 });
        }
        weights
    }

    /// The weights scaled to sum to one, and their derivatives by each parameter. All slices of length `l_max`.
    pub(crate) fn normalised(self, params: [f64; 2], weights: &mut [f64], slopes: &mut [[f64; 2]]) {
        self.raw(params, weights, slopes);
        let sum: f64 = weights.iter().sum();
        if !(sum > 0.0 && sum.is_finite()) {
            // Nothing carries over at all, to the last bit: everything works at once.
            weights.fill(0.0);
            weights[0] = 1.0;
            slopes.fill([0.0; 2]);
            return;
        }
        let of_sum = slopes.iter().fold([0.0; 2], |sum, slope| [sum[0] + slope[0], sum[1] + slope[1]]);
        for (weight, slope) in weights.iter_mut().zip(slopes) {
            *weight /= sum;
            *slope = [(slope[0] - *weight * of_sum[0]) / sum, (slope[1] - *weight * of_sum[1]) / sum];
        }
    }

    fn raw(self, [a, b]: [f64; 2], weights: &mut [f64], slopes: &mut [[f64; 2]]) {
        match self {
            Adstock::Geometric => {
                let (mut weight, mut slope) = (1.0, 0.0);
                for (lag, (to, by)) in weights.iter_mut().zip(slopes).enumerate() {
                    (*to, *by) = (weight, [slope, 0.0]);
                    slope = (lag as f64 + 1.0) * weight;
                    weight *= a;
                }
            }
            Adstock::Delayed => {
                let log = a.ln();
                for (lag, (to, by)) in weights.iter_mut().zip(slopes).enumerate() {
                    let away = lag as f64 - b;
                    let weight = (log * away * away).exp();
                    (*to, *by) = (weight, [weight * away * away / a, -2.0 * log * away * weight]);
                }
            }
            Adstock::WeibullCdf => {
                let (mut hazard, mut by_scale, mut by_shape) = (0.0f64, 0.0, 0.0);
                for (lag, (to, by)) in weights.iter_mut().zip(slopes).enumerate() {
                    let weight = (-hazard).exp();
                    (*to, *by) = (weight, [weight * by_scale, weight * by_shape]);
                    let at = (lag as f64 + 1.0) / a;
                    let power = at.powf(b);
                    hazard += power;
                    by_scale += b / a * power;
                    by_shape -= power * at.ln();
                }
            }
            Adstock::WeibullPdf => weibull_density(a, b, weights, slopes),
        }
    }
}

/// The density at 1, 2, … less its smallest value there.
fn weibull_density(scale: f64, shape: f64, weights: &mut [f64], slopes: &mut [[f64; 2]]) {
    for (lag, (to, by)) in weights.iter_mut().zip(slopes.iter_mut()).enumerate() {
        let at = (lag as f64 + 1.0) / scale;
        let power = at.powf(shape);
        let density = (shape.ln() - scale.ln() + (shape - 1.0) * at.ln() - power).exp();
        let by_scale = shape / scale * (power - 1.0);
        let by_shape = 1.0 / shape + at.ln() * (1.0 - power);
        (*to, *by) = (density, [density * by_scale, density * by_shape]);
    }
    let least = (0..weights.len()).min_by(|a, b| weights[*a].total_cmp(&weights[*b])).unwrap_or(0);
    let (smallest, by) = (weights[least], slopes[least]);
    for (weight, slope) in weights.iter_mut().zip(slopes) {
        *weight -= smallest;
        *slope = [slope[0] - by[0], slope[1] - by[1]];
    }
}

/// Each value spread over the periods after it: out(t) = Σ w(l) x(t − l). Shape: that of `x`.
pub fn carry_over(x: &[f64], weights: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; x.len()];
    carry_over_into(x, weights, &mut out);
    out
}

pub(crate) fn carry_over_into(x: &[f64], weights: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    for (lag, weight) in weights.iter().enumerate().take(x.len()) {
        for (to, from) in out[lag..].iter_mut().zip(x) {
            *to += weight * from;
        }
    }
}

/// Robyn's geometric adstock: out(t) = x(t) + θ out(t − 1), without an end. Shape: that of `x`.
pub fn robyn_geometric(x: &[f64], theta: f64) -> Vec<f64> {
    let mut carried = 0.0;
    let next = |value: &f64| {
        carried = value + theta * carried;
        carried
    };
    x.iter().map(next).collect()
}

/// Which of the two Weibull weightings of Robyn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RobynWeibull {
    Cdf,
    Pdf,
}

/// Robyn's Weibull weights over a window of `n` periods. `scale` in [0, 1] is a share of the window. Shape: (n).
///
/// # Errors
/// If the shape is not above 0 or the scale is outside [0, 1].
pub fn robyn_weibull_weights(n: usize, shape: f64, scale: f64, kind: RobynWeibull) -> Result<Vec<f64>, StrategyError> {
    if !(shape > 0.0 && shape.is_finite()) {
        return Err(StrategyError::unfit("shape of the Weibull adstock", shape, "a number above 0"));
    }
    if !(0.0..=1.0).contains(&scale) {
        return Err(StrategyError::unfit("scale of the Weibull adstock", scale, "a share from 0 to 1"));
    }
    if n == 0 {
        return Ok(Vec::new());
    }
    // R's quantile of 1..n (type 7), and its rounding.
    let scale = (1.0 + scale * (n as f64 - 1.0)).round_ties_even();
    let mut weights = vec![0.0; n];
    let mut unused = vec![[0.0; 2]; n];
    match kind {
        RobynWeibull::Cdf => Adstock::WeibullCdf.raw([scale, shape], &mut weights, &mut unused),
        RobynWeibull::Pdf => {
            weibull_density(scale, shape, &mut weights, &mut unused);
            let largest = weights.iter().copied().fold(0.0, f64::max);
            if largest > 0.0 {
                weights.iter_mut().for_each(|weight| *weight /= largest);
            } else {
                weights[0] = 1.0;
            }
        }
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::golden;

    const ALL: [Adstock; 4] = [Adstock::Geometric, Adstock::Delayed, Adstock::WeibullCdf, Adstock::WeibullPdf];

    #[test]
    fn weights_are_those_of_pymc_marketing() {
        let Some(file) = golden::pymc() else { return };
        let x = golden::numbers(&file["transforms"]["x"]);
        let normal = |weights: Vec<f64>| {
            let sum: f64 = weights.iter().sum();
            weights.iter().map(|weight| weight / sum).collect::<Vec<_>>()
        };
        let cases = [
            ("geometric_adstock(x,.4,l_max=4,normalize)", normal(Adstock::Geometric.weights([0.4, 0.0], 4))),
            ("geometric_adstock(x,.4,l_max=4,raw)", Adstock::Geometric.weights([0.4, 0.0], 4)),
            ("delayed_adstock(x,.5,theta=1,l_max=4,normalize)", normal(Adstock::Delayed.weights([0.5, 1.0], 4))),
            ("weibull_adstock_pdf(x,lam=2,k=1.5,l_max=5)", Adstock::WeibullPdf.weights([2.0, 1.5], 5)),
            // Its `l_max` counts the lags after the first here.
            ("weibull_adstock_cdf(x,lam=2,k=1.5,l_max=5)", Adstock::WeibullCdf.weights([2.0, 1.5], 6)),
        ];
        for (name, weights) in cases {
            golden::assert_close(name, &carry_over(&x, &weights), &golden::numbers(&file["transforms"][name]), 1e-9);
        }
    }

    /// The values of `mmm_transforms.robyn.txt`, printed by Robyn's own functions in R.
    #[test]
    fn transforms_are_those_of_robyn() {
        let Some(text) = golden::text("mmm_transforms.robyn.txt") else { return };
        let x = [100.0, 0.0, 50.0, 0.0, 0.0, 200.0, 10.0, 0.0, 0.0, 80.0];
        let five = [100.0; 5];
        let weibull =
            |x: &[f64], shape, scale, kind| carry_over(x, &robyn_weibull_weights(x.len(), shape, scale, kind).unwrap());
        use RobynWeibull::{Cdf, Pdf};
        for (name, ours) in [
            ("adstock_geometric(100x5,.5) ", robyn_geometric(&five, 0.5)),
            ("adstock_weibull cdf(100x5,.5,.5) ", weibull(&five, 0.5, 0.5, Cdf)),
            ("adstock_weibull cdf weights ", robyn_weibull_weights(5, 0.5, 0.5, Cdf).unwrap()),
            ("adstock_weibull pdf(100x5,.5,.5) ", weibull(&five, 0.5, 0.5, Pdf)),
            ("geometric(x,.3) ", robyn_geometric(&x, 0.3)),
            ("weibull pdf(x,2.5,.3) ", weibull(&x, 2.5, 0.3, Pdf)),
            ("weibull pdf weights(10,2.5,.3) ", robyn_weibull_weights(10, 2.5, 0.3, Pdf).unwrap()),
            ("weibull cdf(x,1.2,.2) ", weibull(&x, 1.2, 0.2, Cdf)),
        ] {
            golden::assert_close(name, &ours, &golden::after(&text, name), 1e-6);
        }
        let inflation = robyn_geometric(&five, 0.5).iter().sum::<f64>() / 500.0;
        golden::assert_close("inflation", &[inflation], &golden::after(&text, "adstock_geometric inflation "), 1e-9);
    }

    #[test]
    fn slopes_are_those_of_finite_differences() {
        let normalised = |kind: Adstock, params: [f64; 2]| {
            let (mut weights, mut slopes) = (vec![0.0; 8], vec![[0.0; 2]; 8]);
            kind.normalised(params, &mut weights, &mut slopes);
            (weights, slopes)
        };
        for kind in ALL {
            let params = if kind == Adstock::Delayed { [0.6, 1.3] } else { [0.7, 1.4] };
            let (weights, slopes) = normalised(kind, params);
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for which in 0..kind.n_params() {
                let (mut up, mut down) = (params, params);
                up[which] += 1e-6;
                down[which] -= 1e-6;
                let (up, down) = (normalised(kind, up).0, normalised(kind, down).0);
                for lag in 0..8 {
                    let measured = (up[lag] - down[lag]) / 2e-6;
                    assert!((measured - slopes[lag][which]).abs() < 1e-7, "{kind:?} {which} {lag}");
                }
            }
        }
    }

    #[test]
    fn carrying_over_keeps_the_sum_inside_the_window_and_wrong_shapes_are_named() {
        let mut x = vec![0.0; 30];
        x[3] = 7.0;
        let (mut weights, mut slopes) = (vec![0.0; 8], vec![[0.0; 2]; 8]);
        Adstock::Geometric.normalised([0.5, 0.0], &mut weights, &mut slopes);
        assert!((carry_over(&x, &weights).iter().sum::<f64>() - 7.0).abs() < 1e-12);
        assert!(robyn_weibull_weights(5, 0.0, 0.5, RobynWeibull::Cdf).unwrap_err().to_string().contains("above 0"));
        assert!(robyn_weibull_weights(5, 1.0, 1.5, RobynWeibull::Pdf).unwrap_err().to_string().contains("0 to 1"));
        assert!(robyn_weibull_weights(0, 1.0, 0.5, RobynWeibull::Pdf).unwrap().is_empty());
    }
}
