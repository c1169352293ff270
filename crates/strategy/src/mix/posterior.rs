//! The mix model: scaled sales are normal around intercept, trend, season, holidays, controls and price, plus each channel's
//! saturated carry-over. The log density of all parameters on the scale of sampling, with its exact gradient. Priors are
//! PyMC-Marketing's defaults. Source: Jin, Wang, Sun, Chan and Koehler (2017), "Bayesian methods for media mix modeling with
//! carryover and shape effects". Not here: how the density is climbed (`laplace`) or walked (`sample`).

use super::design::{Design, Role};
use super::prior::Prior;
use super::{Adstock, Saturation};

/// Where each parameter stands in a point, and its prior.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub priors: Vec<Prior>,
    pub names: Vec<String>,
    pub n_linear: usize,
    pub adstock: Adstock,
    pub saturation: Saturation,
    pub l_max: usize,
}

impl Layout {
    pub fn of(design: &Design, names: &[String], adstock: Adstock, saturation: Saturation, l_max: usize) -> Self {
        let linear = design.linear.iter().map(|(role, name, _)| {
            let prior = match role {
                Role::Season => Prior::Laplace { scale: 1.0 },
                // Of our own: PyMC-Marketing has no bends. A quarter of the largest sales over the whole time is much.
                Role::Bend => Prior::Normal { sd: 0.5 },
                _ => Prior::Normal { sd: 2.0 },
            };
            (name.clone(), prior)
        });
        let noise = std::iter::once(("sigma".to_owned(), Prior::HalfNormal { sd: 2.0 }));
        let own: Vec<(&str, Prior)> =
            adstock_priors(adstock).iter().chain(saturation_priors(saturation)).copied().collect();
        let media =
            names.iter().flat_map(|name| own.iter().map(move |(param, prior)| (format!("{name}_{param}"), *prior)));
        let (names, priors) = linear.chain(noise).chain(media).unzip();
        Layout { priors, names, n_linear: design.linear.len(), adstock, saturation, l_max }
    }

    pub fn dim(&self) -> usize {
        self.priors.len()
    }

    pub fn n_media_params(&self) -> usize {
        self.adstock.n_params() + self.saturation.n_params()
    }

    /// Where a channel's parameters begin.
    pub fn media_at(&self, channel: usize) -> usize {
        self.n_linear + 1 + channel * self.n_media_params()
    }

    pub fn constrained(&self, point: &[f64]) -> Vec<f64> {
        self.priors.iter().zip(point).map(|(prior, u)| prior.constrained(*u).0).collect()
    }

    /// A channel's carry-over and saturation parameters out of constrained parameters.
    pub fn media_of(&self, params: &[f64], channel: usize) -> ([f64; 2], [f64; 3]) {
        let own = &params[self.media_at(channel)..][..self.n_media_params()];
        let (carry, curve) = own.split_at(self.adstock.n_params());
        let (mut adstock, mut saturation) = ([0.0; 2], [0.0; 3]);
        adstock[..carry.len()].copy_from_slice(carry);
        saturation[..curve.len()].copy_from_slice(curve);
        (adstock, saturation)
    }
}

type Priors = &'static [(&'static str, Prior)];

fn adstock_priors(adstock: Adstock) -> Priors {
    const ALPHA: (&str, Prior) = ("alpha", Prior::Beta { a: 1.0, b: 3.0 });
    const CDF: Priors = &[("scale", Prior::gamma_of(2.0, 2.5)), ("shape", Prior::gamma_of(2.0, 2.5))];
    const PDF: Priors = &[("scale", Prior::gamma_of(2.0, 1.0)), ("shape", Prior::gamma_of(3.0, 1.0))];
    match adstock {
        Adstock::Geometric => &[ALPHA],
        Adstock::Delayed => &[ALPHA, ("theta", Prior::HalfNormal { sd: 1.0 })],
        Adstock::WeibullCdf => CDF,
        Adstock::WeibullPdf => PDF,
    }
}

fn saturation_priors(saturation: Saturation) -> Priors {
    const MICHAELIS_MENTEN: Priors =
        &[("height", Prior::gamma_of(2.0, 1.0)), ("lambda", Prior::HalfNormal { sd: 1.0 })];
    match saturation {
        Saturation::Logistic => {
            &[("beta", Prior::HalfNormal { sd: 2.0 }), ("lambda", Prior::Gamma { shape: 3.0, rate: 1.0 })]
        }
        Saturation::Tanh => &[("b", Prior::HalfNormal { sd: 1.0 }), ("c", Prior::HalfNormal { sd: 1.0 })],
        Saturation::MichaelisMenten => MICHAELIS_MENTEN,
        Saturation::Hill => &[
            ("beta", Prior::HalfNormal { sd: 1.5 }),
            ("slope", Prior::HalfNormal { sd: 1.5 }),
            ("kappa", Prior::HalfNormal { sd: 1.5 }),
        ],
    }
}

/// The density, with the space its evaluation needs.
#[derive(Clone, Debug)]
pub(super) struct Posterior<'a> {
    pub design: &'a Design,
    pub layout: &'a Layout,
    params: Vec<f64>,
    slopes: Vec<f64>,
    mean: Vec<f64>,
    carried: Vec<f64>,
    weights: Vec<f64>,
    weight_slopes: Vec<[f64; 2]>,
    /// By channel and period: the curve's derivative by the carried spend, and by its own parameters.
    by_x: Vec<f64>,
    by_params: Vec<[f64; 3]>,
    by_weight: Vec<f64>,
}

impl<'a> Posterior<'a> {
    pub fn new(design: &'a Design, layout: &'a Layout) -> Self {
        let (n, n_channels) = (design.n(), design.spends.len());
        Posterior {
            design,
            layout,
            params: vec![0.0; layout.dim()],
            slopes: vec![0.0; layout.dim()],
            mean: vec![0.0; n],
            carried: vec![0.0; n],
            weights: vec![0.0; layout.l_max * n_channels],
            weight_slopes: vec![[0.0; 2]; layout.l_max * n_channels],
            by_x: vec![0.0; n * n_channels],
            by_params: vec![[0.0; 3]; n * n_channels],
            by_weight: vec![0.0; layout.l_max],
        }
    }

    /// The log density at `point` without its constant; the gradient is written into `gradient`. Both shapes: (dim).
    pub fn at(&mut self, point: &[f64], gradient: &mut [f64]) -> f64 {
        let layout = self.layout;
        let mut density = 0.0;
        for (at, (prior, u)) in layout.priors.iter().zip(point).enumerate() {
            let (value, slope) = prior.log_density(*u);
            density += value;
            gradient[at] = slope;
            (self.params[at], self.slopes[at]) = prior.constrained(*u);
        }
        self.predict();
        // From here on `mean` holds the derivative of the density by the mean.
        let sigma = self.params[layout.n_linear];
        let precision = 1.0 / (sigma * sigma);
        let mut squares = 0.0;
        for (mean, target) in self.mean.iter_mut().zip(&self.design.target) {
            let rest = target - *mean;
            squares += rest * rest;
            *mean = rest * precision;
        }
        let n = self.design.n() as f64;
        density -= n * point[layout.n_linear] + 0.5 * squares * precision;
        gradient[layout.n_linear] += squares * precision - n;
        for (at, (_, _, column)) in self.design.linear.iter().enumerate() {
            gradient[at] += column.iter().zip(&self.mean).map(|(x, by)| x * by).sum::<f64>();
        }
        for channel in 0..self.design.spends.len() {
            self.media_gradient(channel, gradient);
        }
        density + self.experiments(gradient)
    }

    /// Fills `mean`, and the derivatives of each channel's curve.
    fn predict(&mut self) {
        let (design, layout) = (self.design, self.layout);
        let n = design.n();
        self.mean.fill(0.0);
        for ((_, _, column), factor) in design.linear.iter().zip(&self.params) {
            self.mean.iter_mut().zip(column).for_each(|(mean, x)| *mean += factor * x);
        }
        for (channel, spend) in design.spends.iter().enumerate() {
            let (adstock, curve) = layout.media_of(&self.params, channel);
            let lags = channel * layout.l_max..(channel + 1) * layout.l_max;
            layout.adstock.normalised(adstock, &mut self.weights[lags.clone()], &mut self.weight_slopes[lags.clone()]);
            super::adstock::carry_over_into(spend, &self.weights[lags], &mut self.carried);
            for (row, x) in self.carried.iter().enumerate() {
                let point = layout.saturation.at(*x, curve);
                self.mean[row] += point.value;
                // A curve that is infinitely steep at 0 (Hill with s < 1) has no derivative there; nothing was carried.
                self.by_x[channel * n + row] = if point.by_x.is_finite() { point.by_x } else { 0.0 };
                self.by_params[channel * n + row] = point.by_params;
            }
        }
    }

    /// Adds a channel's part; `mean` holds the derivative by the mean.
    fn media_gradient(&mut self, channel: usize, gradient: &mut [f64]) {
        let (layout, n) = (self.layout, self.design.n());
        let (first, n_carry) = (layout.media_at(channel), layout.adstock.n_params());
        let rows = channel * n..(channel + 1) * n;
        let mut of_curve = [0.0; 3];
        // The derivative by the carried spend, in the space of the spends themselves.
        for ((row, by_mean), by_params) in self.mean.iter().enumerate().zip(&self.by_params[rows.clone()]) {
            for (sum, by) in of_curve.iter_mut().zip(by_params) {
                *sum += by_mean * by;
            }
            self.carried[row] = by_mean * self.by_x[rows.start + row];
        }
        let spend = &self.design.spends[channel];
        for (lag, sum) in self.by_weight.iter_mut().enumerate() {
            let later = self.carried.get(lag..).unwrap_or_default();
            *sum = later.iter().zip(spend).map(|(by, x)| by * x).sum();
        }
        let slopes = &self.weight_slopes[channel * layout.l_max..(channel + 1) * layout.l_max];
        for which in 0..n_carry {
            let by: f64 = slopes.iter().zip(&self.by_weight).map(|(slope, by)| slope[which] * by).sum();
            gradient[first + which] += by * self.slopes[first + which];
        }
        for (which, by) in of_curve.iter().enumerate().take(layout.saturation.n_params()) {
            gradient[first + n_carry + which] += by * self.slopes[first + n_carry + which];
        }
    }

    /// What the experiments say of the curves: each measured lift is normal around the curve's.
    fn experiments(&self, gradient: &mut [f64]) -> f64 {
        let layout = self.layout;
        let mut density = 0.0;
        for lift in &self.design.lifts {
            let curve = layout.media_of(&self.params, lift.channel).1;
            let (from, to) = (layout.saturation.at(lift.from, curve), layout.saturation.at(lift.to, curve));
            let off = (to.value - from.value - lift.lift) / lift.sd;
            density -= 0.5 * off * off;
            let first = layout.media_at(lift.channel) + layout.adstock.n_params();
            for which in 0..layout.saturation.n_params() {
                let by = to.by_params[which] - from.by_params[which];
                gradient[first + which] -= off / lift.sd * by * self.slopes[first + which];
            }
        }
        density
    }

    /// Each channel's part of the scaled mean in every period, and its derivative by a spend larger by the same share in all.
    /// `params` are constrained. Shapes: (n_channels, n_periods).
    pub fn contributions(&mut self, params: &[f64], parts: &mut [Vec<f64>], by_spend: &mut [Vec<f64>]) {
        let layout = self.layout;
        for (channel, spend) in self.design.spends.iter().enumerate() {
            let (adstock, curve) = layout.media_of(params, channel);
            let lags = ..layout.l_max;
            layout.adstock.normalised(adstock, &mut self.weights[lags], &mut self.weight_slopes[lags]);
            super::adstock::carry_over_into(spend, &self.weights[lags], &mut self.carried);
            for (row, x) in self.carried.iter().enumerate() {
                let point = layout.saturation.at(*x, curve);
                parts[channel][row] = point.value;
                by_spend[channel][row] = if *x > 0.0 { point.by_x * x } else { 0.0 };
            }
        }
    }

    /// A point from which to climb: the data's mean and spread, priors' middles.
    pub fn start(&self) -> Vec<f64> {
        let mut point: Vec<f64> = self.layout.priors.iter().map(|prior| prior.start()).collect();
        let (n, target) = (self.design.n() as f64, &self.design.target);
        let mean = target.iter().sum::<f64>() / n;
        let variance = target.iter().map(|one| (one - mean) * (one - mean)).sum::<f64>() / n;
        point[0] = 0.7 * mean;
        point[self.layout.n_linear] = variance.sqrt().max(1e-3).ln();
        point
    }
}
