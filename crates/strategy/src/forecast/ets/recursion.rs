//! One pass through a series by the recursions of exponential smoothing, and its gradient by going back through them.
//! Hyndman, Koehler, Ord and Snyder (2008), tables 2.2 and 2.3. Trends are added, never multiplied.

use super::{Form, Joined, Trend};

/// Smoothing constants and the states before the first value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    pub alpha: f64,
    /// Of the slope, not divided by `alpha`; 0 without trend.
    pub beta: f64,
    pub gamma: f64,
    /// 1 without damping.
    pub phi: f64,
    pub level: f64,
    pub slope: f64,
    /// One index for each place in the season, from the first value's on; empty without season.
    pub season: Vec<f64>,
}

/// What a pass leaves; buffers are used again.
#[derive(Clone, Debug, Default)]
pub(super) struct Pass {
    /// The states before each value: level, slope, the season's index at it.
    before: Vec<[f64; 3]>,
    pub errors: Vec<f64>,
    pub fitted: Vec<f64>,
    pub level: f64,
    pub slope: f64,
    pub season: Vec<f64>,
}

impl Pass {
    /// n ln Σe² (+ 2 Σ ln|ŷ| for relative errors): minus twice the log-likelihood but for a constant that R's `ets` leaves
    /// out too (Hyndman et al. 2008, equation 5.3). Infinite where a forecast is not defined.
    pub fn run(&mut self, values: &[f64], form: Form, parameters: &Parameters) -> f64 {
        self.before.clear();
        self.errors.clear();
        self.fitted.clear();
        self.season.clone_from(&parameters.season);
        let period = self.season.len().max(1);
        let Parameters { alpha, beta, gamma, phi, .. } = *parameters;
        let (mut level, mut slope) = (parameters.level, parameters.slope);
        let (mut square, mut logs, mut place) = (0.0, Logs::default(), 0);
        for value in values {
            let index = self.season.get(place).copied().unwrap_or(0.0);
            self.before.push([level, slope, index]);
            let damped = phi * slope;
            let base = level + damped;
            let (fitted, adjusted) = match form.season {
                None => (base, *value),
                Some(Joined::Add) => (base + index, value - index),
                Some(Joined::Multiply) => (base * index, value / index),
            };
            let error = if form.error == Joined::Add { value - fitted } else { value / fitted - 1.0 };
            let surprise = adjusted - base;
            if form.season.is_some() {
                let seen = if form.season == Some(Joined::Add) { value - base } else { value / base };
                self.season[place] = index + gamma * (seen - index);
            }
            level = base + alpha * surprise;
            slope = damped + beta * surprise;
            square += error * error;
            logs.multiply(fitted);
            self.errors.push(error);
            self.fitted.push(fitted);
            place = if place + 1 == period { 0 } else { place + 1 };
        }
        (self.level, self.slope) = (level, slope);
        let is_relative = form.error == Joined::Multiply || form.season == Some(Joined::Multiply);
        if !square.is_finite() || (is_relative && self.fitted.iter().any(|fitted| *fitted <= 0.0)) {
            return f64::INFINITY;
        }
        let relative = if form.error == Joined::Multiply { 2.0 * logs.sum() } else { 0.0 };
        // A perfect fit has no likelihood; R adds the same.
        values.len() as f64 * square.max(1e-300).ln() + relative
    }

    /// The gradient of what [`Pass::run`] gave by every parameter.
    pub fn gradient(&self, values: &[f64], form: Form, parameters: &Parameters) -> Parameters {
        let period = parameters.season.len().max(1);
        let Parameters { alpha, beta, gamma, phi, .. } = *parameters;
        let square: f64 = self.errors.iter().map(|error| error * error).sum::<f64>().max(1e-300);
        let weight = 2.0 * values.len() as f64 / square;
        let mut by = Parameters { season: vec![0.0; parameters.season.len()], ..Parameters::default() };
        let (mut by_level, mut by_slope) = (0.0, 0.0);
        for t in (0..values.len()).rev() {
            let (value, [level, slope, index], fitted) = (values[t], self.before[t], self.fitted[t]);
            let base = level + phi * slope;
            let by_error = weight * self.errors[t];
            let by_fitted = match form.error {
                Joined::Add => -by_error,
                Joined::Multiply => -by_error * value / (fitted * fitted) + 2.0 / fitted,
            };
            let surprise = if form.season == Some(Joined::Multiply) { value / index } else { value - index } - base;
            by.alpha += surprise * by_level;
            by.beta += surprise * by_slope;
            let by_adjusted = alpha * by_level + beta * by_slope;
            let mut by_base = by_level - by_adjusted;
            match form.season {
                None => by_base += by_fitted,
                Some(joined) => {
                    let place = t % period;
                    let by_index = by.season[place];
                    let is_added = joined == Joined::Add;
                    let seen = if is_added { value - base } else { value / base };
                    by.gamma += (seen - index) * by_index;
                    if is_added {
                        by_base += by_fitted - gamma * by_index;
                        by.season[place] = by_fitted + (1.0 - gamma) * by_index - by_adjusted;
                    } else {
                        by_base += by_fitted * index - gamma * by_index * value / (base * base);
                        let moved = by_adjusted * value / (index * index);
                        by.season[place] = by_fitted * base + (1.0 - gamma) * by_index - moved;
                    }
                }
            }
            let by_damped = by_slope + by_base;
            by.phi += slope * by_damped;
            by_slope = phi * by_damped;
            by_level = by_base;
        }
        (by.level, by.slope) = (by_level, if form.trend == Trend::None { 0.0 } else { by_slope });
        by
    }
}

/// Σ ln|x| with one logarithm for many factors.
struct Logs {
    product: f64,
    sum: f64,
}

impl Default for Logs {
    fn default() -> Self {
        Logs { product: 1.0, sum: 0.0 }
    }
}

impl Logs {
    fn multiply(&mut self, factor: f64) {
        self.product *= factor.abs();
        if !(1e-100..1e100).contains(&self.product) {
            self.sum += self.product.ln();
            self.product = 1.0;
        }
    }

    fn sum(&self) -> f64 {
        self.sum + self.product.ln()
    }
}

#[cfg(test)]
mod tests {
    use super::super::forms;
    use super::*;

    /// The gradient is that of differences, for every form.
    #[test]
    fn gradients_are_those_of_differences() {
        let values: Vec<f64> =
            (0..30).map(|t| 50.0 + t as f64 + [0.0, 9.0, -4.0, 2.0][t % 4] + (t * 7 % 5) as f64).collect();
        for form in forms(true, true) {
            let season = match form.season {
                None => vec![],
                Some(Joined::Add) => vec![1.0, 8.0, -6.0, -3.0],
                Some(Joined::Multiply) => vec![1.02, 1.1, 0.9, 0.98],
            };
            let has_trend = form.trend != Trend::None;
            let at = Parameters {
                alpha: 0.3,
                beta: if has_trend { 0.1 } else { 0.0 },
                gamma: if season.is_empty() { 0.0 } else { 0.2 },
                phi: if form.trend == Trend::Damped { 0.9 } else { 1.0 },
                level: 48.0,
                slope: if has_trend { 1.5 } else { 0.0 },
                season,
            };
            let mut pass = Pass::default();
            pass.run(&values, form, &at);
            let gradient = pass.gradient(&values, form, &at);
            let mut check = |change: &dyn Fn(&mut Parameters, f64), told: f64, name: &str| {
                let (mut up, mut down) = (at.clone(), at.clone());
                change(&mut up, 1e-5);
                change(&mut down, -1e-5);
                let slope = (pass.run(&values, form, &up) - pass.run(&values, form, &down)) / 2e-5;
                assert!((slope - told).abs() < 1e-4 * (1.0 + slope.abs()), "{form:?} {name}: {slope} {told}");
            };
            check(&|p, by| p.alpha += by, gradient.alpha, "alpha");
            check(&|p, by| p.level += by, gradient.level, "level");
            if has_trend {
                check(&|p, by| p.beta += by, gradient.beta, "beta");
                check(&|p, by| p.phi += by, gradient.phi, "phi");
                check(&|p, by| p.slope += by, gradient.slope, "slope");
            }
            if form.season.is_some() {
                check(&|p, by| p.gamma += by, gradient.gamma, "gamma");
                check(&|p, by| p.season[2] += by, gradient.season[2], "season");
            }
        }
    }

    #[test]
    fn logarithms_of_many_factors_add_up() {
        let mut logs = Logs::default();
        (0..500).for_each(|_| logs.multiply(1e3));
        assert!((logs.sum() - 1500.0 * 10.0_f64.ln()).abs() < 1e-9);
    }
}
