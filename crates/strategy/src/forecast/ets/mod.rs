//! Exponential smoothing as a state-space model, with the form chosen by AICc: Hyndman, Koehler, Snyder and Grose (2002);
//! Hyndman, Koehler, Ord and Snyder (2008), "Forecasting with exponential smoothing". Additive or relative errors; no,
//! straight or damped trend; no, added or multiplied season. As R's `ets`, multiplied seasons with additive errors are left
//! out, and multiplied trends are never tried.
//!
//! Differs from R: parameters are found with gradients over the usual region (0 < β < α, 0 < γ < 1 − α), so the likelihood
//! is at least as high; seasons longer than 24 are taken out before by classical decomposition.

mod recursion;

use math::Random;
use math::distributions::student_t_quantile;
use math::minimise::{self, lbfgs};

pub use recursion::Parameters;
use recursion::Pass;

use super::method::{Forecast, Method};
use super::season::{Join, Season, decompose, decompose_as, is_seasonal};
use super::small::quantile_of_sorted;
use crate::StrategyError;

/// As few values as a model can be estimated from.
pub const N_VALUES_MIN: usize = 6;

/// Longer seasons have too many free indices.
const SEASON_MAX: usize = 24;

/// Paths that intervals of relative errors are read from.
const N_PATHS: usize = 2000;

/// How errors or seasons join the rest.
pub use super::season::Join as Joined;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    None,
    Add,
    Damped,
}

/// The form of a model, ETS(error, trend, season).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    pub error: Joined,
    pub trend: Trend,
    pub season: Option<Joined>,
}

impl Form {
    /// As the books write it: `ETS(M,Ad,M)`.
    pub fn name(self) -> String {
        let letter = |joined| if joined == Joined::Add { "A" } else { "M" };
        let trend = ["N", "A", "Ad"][self.trend as usize];
        format!("ETS({},{trend},{})", letter(self.error), self.season.map_or("N", letter))
    }
}

/// The forms that are tried.
pub fn forms(has_season: bool, is_positive: bool) -> Vec<Form> {
    let errors: &[Joined] = if is_positive { &[Joined::Add, Joined::Multiply] } else { &[Joined::Add] };
    let mut all = Vec::new();
    for &error in errors {
        for trend in [Trend::None, Trend::Add, Trend::Damped] {
            let seasons: &[Option<Joined>] = match (has_season, error) {
                (false, _) => &[None],
                (true, Joined::Add) => &[None, Some(Joined::Add)],
                (true, Joined::Multiply) => &[None, Some(Joined::Add), Some(Joined::Multiply)],
            };
            all.extend(seasons.iter().map(|&season| Form { error, trend, season }));
        }
    }
    all
}

/// A fitted model.
#[derive(Clone, Debug)]
pub struct Fitted {
    pub form: Form,
    pub parameters: Parameters,
    /// As R's `ets` tells them: without the constant of the normal density.
    pub aic: f64,
    pub aicc: f64,
    /// Standard deviation of the errors; of relative ones a share.
    pub sigma: f64,
    pub df: f64,
    /// A season that was taken out before.
    taken_out: Option<Season>,
    n: usize,
    last: Parameters,
}

/// Fits `form`, or all forms and takes the one of least AICc.
///
/// # Errors
/// If there are fewer than [`N_VALUES_MIN`] values, one is not finite, or the form does not suit them: relative errors or
/// multiplied seasons of values that are not all positive, a season without two whole ones.
pub fn fit(values: &[f64], season: usize, form: Option<Form>) -> Result<Fitted, StrategyError> {
    if let Some(row) = values.iter().position(|value| !value.is_finite()) {
        return Err(StrategyError::bad_value("the series", row, values[row], "a finite number"));
    }
    if values.len() < N_VALUES_MIN {
        return Err(StrategyError::unfit(
            "values for exponential smoothing",
            values.len(),
            format!("at least {N_VALUES_MIN}"),
        ));
    }
    let taken_out = (season > SEASON_MAX && is_seasonal(values, season)).then(|| decompose(values, season)).flatten();
    let adjusted = taken_out.as_ref().map(|season| season.remove(values));
    let values = adjusted.as_deref().unwrap_or(values);
    let has_season = (2..=SEASON_MAX).contains(&season) && values.len() >= 2 * season;
    let is_positive = values.iter().all(|value| *value > 0.0);
    let allowed = forms(has_season, is_positive);
    let tried = match form {
        None => allowed,
        Some(form) if allowed.contains(&form) => vec![form],
        Some(form) => {
            let allowed = allowed.iter().map(|form| form.name()).collect::<Vec<_>>().join(", ");
            return Err(StrategyError::unfit("form of exponential smoothing for these values", form.name(), allowed));
        }
    };
    let starts = Starts::of(values, season, has_season, is_positive);
    let fitted = tried.into_iter().filter_map(|form| fit_form(values, form, &starts));
    // The simplest form needs four values, so there is always one.
    let best = fitted.min_by(|a, b| a.aicc.total_cmp(&b.aicc));
    let mut best = best.ok_or_else(|| StrategyError::unfit("values for this form", values.len(), "more of them"))?;
    best.taken_out = taken_out;
    Ok(best)
}

/// Where the search begins: level and slope of the first values, and indices for both kinds of season.
struct Starts {
    size: f64,
    added: Option<Season>,
    multiplied: Option<Season>,
    plain: [f64; 3],
    without_added: [f64; 3],
    without_multiplied: [f64; 3],
}

impl Starts {
    fn of(values: &[f64], season: usize, has_season: bool, is_positive: bool) -> Starts {
        let added = has_season.then(|| decompose_as(values, season, Join::Add));
        let multiplied = (has_season && is_positive).then(|| decompose_as(values, season, Join::Multiply));
        let size = values.iter().map(|value| value.abs()).sum::<f64>() / values.len() as f64;
        let n = values.len().min(10.max(2 * season));
        let without = |season: &Option<Season>| season.as_ref().map_or([0.0; 3], |one| start(&one.remove(values)[..n]));
        Starts {
            size: if size > 0.0 { size } else { 1.0 },
            plain: start(&values[..values.len().min(10)]),
            without_added: without(&added),
            without_multiplied: without(&multiplied),
            added,
            multiplied,
        }
    }
}

/// The mean, and ordinate and slope of the least-squares line, one step before the first of these values.
fn start(values: &[f64]) -> [f64; 3] {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let centre = (n + 1.0) / 2.0;
    let at = |i: usize| (i + 1) as f64 - centre;
    let product: f64 = values.iter().enumerate().map(|(i, value)| at(i) * value).sum();
    let slope = product / (0..values.len()).map(|i| at(i) * at(i)).sum::<f64>();
    [mean, mean - slope * centre, slope]
}

/// From unbounded numbers to parameters and back, with the chain rule between their gradients.
struct Map {
    form: Form,
    size: f64,
    period: usize,
}

const LEAST: f64 = 1e-4;
const PHI: (f64, f64) = (0.8, 0.98);

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

impl Map {
    fn has_trend(&self) -> bool {
        self.form.trend != Trend::None
    }

    fn season_size(&self) -> f64 {
        if self.form.season == Some(Joined::Add) { self.size } else { 1.0 }
    }

    /// The last index is what the others leave of their sum.
    fn season_sum(&self) -> f64 {
        if self.form.season == Some(Joined::Multiply) { self.period as f64 } else { 0.0 }
    }

    fn n(&self) -> usize {
        let has_season = self.form.season.is_some();
        let n_trend = 2 * usize::from(self.has_trend()) + usize::from(self.form.trend == Trend::Damped);
        2 + n_trend + if has_season { self.period } else { 0 }
    }

    fn start(&self, starts: &Starts) -> Vec<f64> {
        let (index, [mean, ordinate, slope]) = match self.form.season {
            None => (None, starts.plain),
            Some(Joined::Add) => (starts.added.as_ref(), starts.without_added),
            Some(Joined::Multiply) => (starts.multiplied.as_ref(), starts.without_multiplied),
        };
        // α 0.3, β a tenth of it, γ a twentieth of the rest, φ near its upper end.
        let mut x = vec![-0.85];
        if self.has_trend() {
            x.push(-2.2);
        }
        if self.form.trend == Trend::Damped {
            x.push(2.0);
        }
        if index.is_some() {
            x.push(-2.9);
        }
        x.push(if self.has_trend() { ordinate } else { mean } / self.size);
        if self.has_trend() {
            x.push(slope / self.size);
        }
        if let Some(season) = index {
            x.extend(season.indices[..self.period - 1].iter().map(|index| index / self.season_size()));
        }
        x
    }

    fn parameters(&self, x: &[f64], into: &mut Parameters) {
        let mut x = x.iter().copied();
        let mut next = || x.next().expect("as many as n tells");
        into.alpha = LEAST + (1.0 - 2.0 * LEAST) * logistic(next());
        into.beta = if self.has_trend() { LEAST + (into.alpha - LEAST) * logistic(next()) } else { 0.0 };
        into.phi = if self.form.trend == Trend::Damped { PHI.0 + (PHI.1 - PHI.0) * logistic(next()) } else { 1.0 };
        let rest = 1.0 - into.alpha - LEAST;
        into.gamma = if self.form.season.is_some() { LEAST + rest * logistic(next()) } else { 0.0 };
        into.level = self.size * next();
        into.slope = if self.has_trend() { self.size * next() } else { 0.0 };
        into.season.clear();
        if self.form.season.is_some() {
            into.season.extend((1..self.period).map(|_| self.season_size() * next()));
            into.season.push(self.season_sum() - into.season.iter().sum::<f64>());
        }
    }

    fn gradient(&self, x: &[f64], by: &Parameters, at: &Parameters, into: &mut [f64]) {
        let share = |x: f64| (logistic(x), logistic(x) * (1.0 - logistic(x)));
        let (_, slope) = share(x[0]);
        let alpha_by = (1.0 - 2.0 * LEAST) * slope;
        let mut by_alpha = by.alpha;
        let mut i = 1;
        if self.has_trend() {
            let (share, slope) = share(x[i]);
            by_alpha += by.beta * share;
            into[i] = by.beta * (at.alpha - LEAST) * slope;
            i += 1;
        }
        if self.form.trend == Trend::Damped {
            into[i] = by.phi * (PHI.1 - PHI.0) * share(x[i]).1;
            i += 1;
        }
        if self.form.season.is_some() {
            let (share, slope) = share(x[i]);
            by_alpha -= by.gamma * share;
            into[i] = by.gamma * (1.0 - at.alpha - LEAST) * slope;
            i += 1;
        }
        into[0] = by_alpha * alpha_by;
        into[i] = by.level * self.size;
        i += 1;
        if self.has_trend() {
            into[i] = by.slope * self.size;
            i += 1;
        }
        if let Some((last, others)) = by.season.split_last() {
            for (place, by) in others.iter().enumerate() {
                into[i + place] = (by - last) * self.season_size();
            }
        }
    }
}

fn fit_form(values: &[f64], form: Form, starts: &Starts) -> Option<Fitted> {
    let period = starts.added.as_ref().filter(|_| form.season.is_some()).map_or(1, |season| season.indices.len());
    let map = Map { form, size: starts.size, period };
    let (n, n_params) = (values.len() as f64, map.n() as f64 + 1.0);
    if n - n_params - 1.0 <= 0.0 {
        return None;
    }
    let (mut parameters, mut pass) = (Parameters::default(), Pass::default());
    let function = |x: &[f64], gradient: &mut [f64]| {
        map.parameters(x, &mut parameters);
        let loss = pass.run(values, form, &parameters);
        if loss.is_finite() {
            map.gradient(x, &pass.gradient(values, form, &parameters), &parameters, gradient);
        }
        loss
    };
    let stop = minimise::Options { iterations_max: 200, value_tolerance: 1e-8, ..minimise::Options::default() };
    let found = lbfgs(function, &map.start(starts), None, &stop);
    let loss = found.value;
    if !loss.is_finite() {
        return None;
    }
    map.parameters(&found.point, &mut parameters);
    pass.run(values, form, &parameters);
    let df = n - n_params;
    let square: f64 = pass.errors.iter().map(|error| error * error).sum();
    let aic = loss + 2.0 * n_params;
    Some(Fitted {
        form,
        aic,
        aicc: aic + 2.0 * n_params * (n_params + 1.0) / (n - n_params - 1.0),
        sigma: (square / df).sqrt(),
        df,
        taken_out: None,
        n: values.len(),
        last: Parameters { level: pass.level, slope: pass.slope, season: pass.season.clone(), ..parameters.clone() },
        parameters,
    })
}

/// R's value of the likelihood for given parameters: −2 ln L but for a constant.
pub fn loss(values: &[f64], form: Form, parameters: &Parameters) -> f64 {
    Pass::default().run(values, form, parameters)
}

impl Fitted {
    /// The next `horizon` values with intervals: of additive errors by the formulas of Hyndman et al. (2008), table 6.2, of
    /// relative ones from simulated paths.
    pub fn forecast(&self, horizon: usize, level: f64, seed: u64) -> Forecast {
        let mut mean = Vec::with_capacity(horizon);
        let mut walk = Walk::from(self);
        for _ in 0..horizon {
            let fitted = walk.expected();
            walk.step(0.0);
            mean.push(fitted);
        }
        let (mut low, mut high) = if self.form.error == Joined::Add {
            self.interval_by_formula(&mean, level)
        } else {
            self.interval_by_paths(horizon, level, seed)
        };
        if let Some(season) = &self.taken_out {
            for end in [&mut mean, &mut low, &mut high] {
                end.iter_mut().enumerate().for_each(|(h, value)| *value = season.put_back(self.n + h, *value));
            }
        }
        Forecast { method: Method::Ets, mean, low, high, level }
    }

    fn interval_by_formula(&self, mean: &[f64], level: f64) -> (Vec<f64>, Vec<f64>) {
        let factor = student_t_quantile(0.5 + level / 2.0, self.df);
        let Parameters { alpha, beta, gamma, phi, .. } = self.last;
        let period = self.last.season.len();
        let (mut variance, mut damped, mut power) = (1.0, 0.0, 1.0);
        let mut ends = (Vec::with_capacity(mean.len()), Vec::with_capacity(mean.len()));
        for (h, mean) in mean.iter().enumerate() {
            let width = factor * self.sigma * f64::sqrt(variance);
            ends.0.push(mean - width);
            ends.1.push(mean + width);
            power *= phi;
            damped += power;
            let seasonal = if period > 0 && (h + 1) % period == 0 { gamma } else { 0.0 };
            let weight = alpha + beta * damped + seasonal;
            variance += weight * weight;
        }
        ends
    }

    fn interval_by_paths(&self, horizon: usize, level: f64, seed: u64) -> (Vec<f64>, Vec<f64>) {
        let mut random = Random::new(seed);
        let mut paths = vec![0.0; horizon * N_PATHS];
        for path in 0..N_PATHS {
            let mut walk = Walk::from(self);
            for h in 0..horizon {
                // A relative error of −1 or less would turn sales negative.
                let error = (self.sigma * random.normal()).max(-0.999);
                paths[h * N_PATHS + path] = walk.step(error);
            }
        }
        let mut ends = (Vec::with_capacity(horizon), Vec::with_capacity(horizon));
        for values in paths.chunks_exact_mut(N_PATHS) {
            values.sort_by(f64::total_cmp);
            ends.0.push(quantile_of_sorted(values, 0.5 - level / 2.0));
            ends.1.push(quantile_of_sorted(values, 0.5 + level / 2.0));
        }
        ends
    }
}

/// A path into the future.
struct Walk {
    form: Form,
    state: Parameters,
    place: usize,
}

impl Walk {
    fn from(fitted: &Fitted) -> Walk {
        let period = fitted.last.season.len().max(1);
        Walk { form: fitted.form, state: fitted.last.clone(), place: fitted.n % period }
    }

    fn expected(&self) -> f64 {
        let base = self.state.level + self.state.phi * self.state.slope;
        match self.form.season {
            None => base,
            Some(Joined::Add) => base + self.state.season[self.place],
            Some(Joined::Multiply) => base * self.state.season[self.place],
        }
    }

    /// Goes one period on with this error, absolute or relative as the form has it, and gives the value.
    fn step(&mut self, error: f64) -> f64 {
        let fitted = self.expected();
        let value = if self.form.error == Joined::Add { fitted + error } else { fitted * (1.0 + error) };
        let Parameters { alpha, beta, gamma, phi, .. } = self.state;
        let damped = phi * self.state.slope;
        let base = self.state.level + damped;
        let mut adjusted = value;
        if let Some(joined) = self.form.season {
            let index = self.state.season[self.place];
            let seen = match joined {
                Joined::Add => value - base,
                Joined::Multiply if base == 0.0 => index,
                Joined::Multiply => value / base,
            };
            adjusted = match joined {
                Joined::Add => value - index,
                Joined::Multiply if index == 0.0 => base,
                Joined::Multiply => value / index,
            };
            self.state.season[self.place] = index + gamma * (seen - index);
            self.place = (self.place + 1) % self.state.season.len();
        }
        self.state.level = base + alpha * (adjusted - base);
        self.state.slope = damped + beta * (adjusted - base);
        value
    }
}

/// Draws `n` values from a model with these parameters and standard deviation of errors.
pub fn simulate(n: usize, form: Form, parameters: &Parameters, sigma: f64, random: &mut Random) -> Vec<f64> {
    let mut walk = Walk { form, state: parameters.clone(), place: 0 };
    (0..n).map(|_| walk.step(sigma * random.normal())).collect()
}

#[cfg(test)]
mod tests;
