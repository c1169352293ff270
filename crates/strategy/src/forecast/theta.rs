//! The Theta method as a state-space model: Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler (2016), "Models for
//! optimising the theta method and their relationship to state space models", International Journal of Forecasting 32.
//! Exponential smoothing with a share of the straight line through all values so far; the dynamic models learn that line
//! as they go. Seasons are taken out before and put back after.
//!
//! Not here: the choice between methods, see [`super::method`].

use super::search::{Stop, nelder_mead};
use super::season::{Season, decompose, is_seasonal};
use crate::StrategyError;

/// Which of the four models of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theta {
    /// STM: θ = 2, the line through all values: the classical method of Assimakopoulos and Nikolopoulos (2000).
    Standard,
    /// OTM: the same line, θ estimated.
    Optimised,
    /// DSTM: θ = 2, the line through the values so far.
    DynamicStandard,
    /// DOTM: both.
    DynamicOptimised,
}

/// From fewer errors than this no deviation is read.
const N_SEEN_MIN: usize = 5;

/// As few values as a model can be estimated from.
pub const N_VALUES_MIN: usize = 4;

/// A fitted model.
#[derive(Clone, Debug)]
pub struct Fitted {
    pub kind: Theta,
    /// ℓ₀, of the series without its season.
    pub level_start: f64,
    /// 0.1 to 0.99.
    pub alpha: f64,
    /// At least 1; the share of the line is 1 − 1/θ.
    pub theta: f64,
    pub season: Option<Season>,
    /// Squared one-step errors from the fourth value on, over the mean absolute value: what was minimised.
    pub loss: f64,
    /// Standard deviation of the one-step errors, of the series without its season.
    pub sigma: f64,
    /// Degrees of freedom that `sigma` rests on.
    pub df: f64,
    n: usize,
    last: State,
    /// The values without their season.
    past: Vec<f64>,
}

/// What the model carries from one period to the next.
#[derive(Clone, Copy, Debug)]
struct State {
    level: f64,
    mean: f64,
    /// The line's ordinate and slope.
    line: Line,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    a: f64,
    b: f64,
}

impl Line {
    /// The least-squares line through all `values`, at 1, 2, …
    fn through(values: &[f64]) -> Line {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let weighted = values.iter().enumerate().map(|(at, value)| (at + 1) as f64 * value).sum::<f64>() / n;
        let b = 6.0 * (2.0 * weighted - (n + 1.0) * mean) / (n * n - 1.0);
        Line { a: mean - (n + 1.0) * b / 2.0, b }
    }
}

/// The paper's recursions for mean, slope and ordinate after the value number `i` (from 0), equations 21 to 23.
fn line_after(i: usize, mean: f64, b: f64, value: f64) -> (f64, Line) {
    let t = i as f64;
    let mean_after = (t * mean + value) / (t + 1.0);
    let b = ((t - 1.0) * b + 6.0 * (value - mean) / (t + 1.0)) / (t + 2.0);
    (mean_after, Line { a: mean_after - b * (t + 2.0) / 2.0, b })
}

impl Theta {
    fn is_dynamic(self) -> bool {
        matches!(self, Theta::DynamicStandard | Theta::DynamicOptimised)
    }

    fn has_free_theta(self) -> bool {
        matches!(self, Theta::Optimised | Theta::DynamicOptimised)
    }

    /// The line that each value's forecast rests on: of the dynamic models it depends on the values alone, so it is drawn
    /// once, not at every step of the search.
    fn lines(self, values: &[f64]) -> Vec<Line> {
        if !self.is_dynamic() {
            return vec![Line::through(values); values.len()];
        }
        let mut lines = Vec::with_capacity(values.len());
        let (mut mean, mut line) = (values[0], Line { a: values[0], b: 0.0 });
        lines.push(line);
        for (i, value) in values.iter().enumerate().skip(1) {
            lines.push(line);
            (mean, line) = line_after(i, mean, line.b, *value);
        }
        lines
    }
}

/// Takes the season out if there is one, and estimates level, α and, for the optimised models, θ.
///
/// # Errors
/// If there are fewer than [`N_VALUES_MIN`] values, or one is not finite.
pub fn fit(values: &[f64], season: usize, kind: Theta) -> Result<Fitted, StrategyError> {
    if let Some(row) = values.iter().position(|value| !value.is_finite()) {
        return Err(StrategyError::bad_value("the series", row, values[row], "a finite number"));
    }
    if values.len() < N_VALUES_MIN {
        return Err(StrategyError::unfit("values for a Theta model", values.len(), format!("at least {N_VALUES_MIN}")));
    }
    let season = if is_seasonal(values, season) { decompose(values, season) } else { None };
    match &season {
        None => Ok(fit_adjusted(values, kind, None)),
        Some(found) => Ok(fit_adjusted(&found.remove(values), kind, season)),
    }
}

fn fit_adjusted(values: &[f64], kind: Theta, season: Option<Season>) -> Fitted {
    let lines = kind.lines(values);
    let size = (values.iter().map(|value| value.abs()).sum::<f64>() / values.len() as f64).max(1e-10);
    let loss = |level: f64, alpha: f64, theta: f64| {
        let mut sum = 0.0;
        one_step(values, &lines, [level, alpha, theta], |i, error| sum += if i >= 3 { error * error } else { 0.0 });
        if sum.is_nan() { f64::INFINITY } else { sum / size }
    };
    let (level_bounds, alpha_bounds, theta_bounds) = ((-1e10, 1e10), (0.1, 0.99), (1.0, 1e10));
    let stop = Stop { spread: 1e-4, n_iterations_max: 1000 };
    let start = values[0] / 2.0;
    let ([level_start, alpha, theta], loss) = if kind.has_free_theta() {
        let bounds = [level_bounds, alpha_bounds, theta_bounds];
        let found = nelder_mead(|x: &[f64; 3]| loss(x[0], x[1], x[2]), [start, 0.5, 2.0], bounds, stop);
        (found.at, found.value)
    } else {
        let found = nelder_mead(|x: &[f64; 2]| loss(x[0], x[1], 2.0), [start, 0.5], [level_bounds, alpha_bounds], stop);
        ([found.at[0], found.at[1], 2.0], found.value)
    };
    let n_params = if kind.has_free_theta() { 3 } else { 2 };
    let df = (values.len() as f64 - 3.0 - f64::from(n_params)).max(1.0);
    let level = one_step(values, &lines, [level_start, alpha, theta], |_, _| {});
    let last = State { level, ..last_state(values, &lines, kind) };
    Fitted {
        kind,
        level_start,
        alpha,
        theta,
        season,
        loss,
        sigma: (loss * size / df).sqrt(),
        df,
        n: values.len(),
        last,
        past: values.to_vec(),
    }
}

/// Runs through the values, tells each one's error, and gives the last level. Equations 18 to 20.
#[inline]
fn one_step(values: &[f64], lines: &[Line], [level, alpha, theta]: [f64; 3], mut tell: impl FnMut(usize, f64)) -> f64 {
    let (kept, share, inverse) = (1.0 - alpha, 1.0 - 1.0 / theta, 1.0 / alpha);
    let mut level = alpha * values[0] + kept * level;
    let mut power = kept;
    for (i, (value, line)) in values.iter().zip(lines).enumerate().skip(1) {
        let after = power * kept;
        tell(i, value - level - share * (line.a * power + line.b * (1.0 - after) * inverse));
        level = alpha * value + kept * level;
        power = after;
    }
    level
}

/// Mean and line after the last value; the level is the caller's.
fn last_state(values: &[f64], lines: &[Line], kind: Theta) -> State {
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n as f64;
    let before = lines[n - 1];
    let line = if kind.is_dynamic() {
        let mean_before = values[..n - 1].iter().sum::<f64>() / (n - 1) as f64;
        line_after(n - 1, mean_before, before.b, values[n - 1]).1
    } else {
        before
    };
    State { level: 0.0, mean, line }
}

impl Fitted {
    /// The next `horizon` values. Shape: (horizon).
    pub fn mean(&self, horizon: usize) -> Vec<f64> {
        let mut state = self.last;
        let at = self.n..self.n + horizon;
        at.map(|i| {
            let expected = self.expected(&state, i);
            state = self.after(&state, i, expected);
            self.season.as_ref().map_or(expected, |season| season.put_back(i, expected))
        })
        .collect()
    }

    /// Their standard deviations: those of the model, or of the errors that forecasts so far ahead had from origins in the
    /// past, whichever is larger. Real series bend more than the model thinks, and the past shows how much. Shape: (horizon).
    pub fn deviations(&self, horizon: usize) -> Vec<f64> {
        let (mut found, seen) = (self.model_deviations(horizon), self.seen_deviations(horizon));
        for (step, (deviation, seen)) in found.iter_mut().zip(seen).enumerate() {
            let scale = self.season.as_ref().map_or(1.0, |season| season.scale(self.n + step));
            *deviation = deviation.max(seen) * scale * self.of_indices();
        }
        found
    }

    /// By how much errors ahead are larger than those of the past because the season's indices were read off the same values, and are
    /// themselves means of few: n / (n − m) for the first, 1 + m / n for the second, in variances.
    fn of_indices(&self) -> f64 {
        let (n, m) = (self.n as f64, self.season.as_ref().map_or(0.0, |season| season.indices.len() as f64));
        if n > m { (n / (n - m) * (1.0 + m / n)).sqrt() } else { 1.0 }
    }

    /// The model is linear in the values, so a forecast's variance is that of a sum of independent errors, each weighted by
    /// what it moves: exact for the parameters found. Without season.
    fn model_deviations(&self, horizon: usize) -> Vec<f64> {
        let mut variances = vec![1.0; horizon];
        for origin in 0..horizon {
            let zero = State { level: 0.0, mean: 0.0, line: Line { a: 0.0, b: 0.0 } };
            let mut state = self.after(&zero, self.n + origin, 1.0);
            for (step, variance) in variances.iter_mut().enumerate().skip(origin + 1) {
                let moved = self.expected(&state, self.n + step);
                *variance += moved * moved;
                state = self.after(&state, self.n + step, moved);
            }
        }
        variances.iter().map(|variance| self.sigma * variance.sqrt()).collect()
    }

    /// Root mean square errors of forecasts from the past, with the parameters found; 0 where fewer than
    /// [`N_SEEN_MIN`] can be compared. Without season.
    fn seen_deviations(&self, horizon: usize) -> Vec<f64> {
        let past = &self.past;
        let (mut squares, mut counts) = (vec![0.0; horizon], vec![0usize; horizon]);
        let line = if self.kind.is_dynamic() { Line { a: past[0], b: 0.0 } } else { self.last.line };
        let level = self.alpha * past[0] + (1.0 - self.alpha) * self.level_start;
        let mut state = State { level, mean: past[0], line };
        for origin in 1..self.n {
            // The first line is drawn through few values, as the search knows too.
            if origin >= 3 {
                let mut ahead = state;
                for (step, value) in past[origin..].iter().take(horizon).enumerate() {
                    let expected = self.expected(&ahead, origin + step);
                    squares[step] += (value - expected) * (value - expected);
                    counts[step] += 1;
                    ahead = self.after(&ahead, origin + step, expected);
                }
            }
            state = self.after(&state, origin, past[origin]);
        }
        let seen =
            |(square, count): (f64, usize)| if count < N_SEEN_MIN { 0.0 } else { (square / count as f64).sqrt() };
        squares.into_iter().zip(counts).map(seen).collect()
    }

    fn expected(&self, state: &State, i: usize) -> f64 {
        let kept = 1.0 - self.alpha;
        let power = kept.powi(i as i32);
        state.level
            + (1.0 - 1.0 / self.theta) * (state.line.a * power + state.line.b * (1.0 - power * kept) / self.alpha)
    }

    fn after(&self, state: &State, i: usize, value: f64) -> State {
        let level = self.alpha * value + (1.0 - self.alpha) * state.level;
        if !self.kind.is_dynamic() {
            return State { level, ..*state };
        }
        let (mean, line) = line_after(i, state.mean, state.line.b, value);
        State { level, mean, line }
    }
}

/// Draws a series from the dynamic model with these parameters, without season: what the fit assumes, so that it can be
/// tested. The first three values are a short line, for the model needs a past.
pub fn simulate(n: usize, alpha: f64, theta: f64, sigma: f64, random: &mut math::Random) -> Vec<f64> {
    let mut values = vec![100.0, 101.0, 102.0];
    values.truncate(n);
    let mut state = State { level: 101.0, mean: 101.0, line: Line { a: 99.0, b: 1.0 } };
    let model = Fitted {
        kind: Theta::DynamicOptimised,
        level_start: 100.0,
        alpha,
        theta,
        season: None,
        loss: 0.0,
        sigma,
        df: 1.0,
        n: 3,
        last: state,
        past: Vec::new(),
    };
    for i in 3..n {
        let value = model.expected(&state, i) + sigma * random.normal();
        state = model.after(&state, i, value);
        values.push(value);
    }
    values
}

#[cfg(test)]
mod tests {
    use math::Random;
    use math::distributions::student_t_quantile;

    use super::super::testing::AIR_PASSENGERS;
    use super::*;

    /// statsforecast 2.1.1, `auto_theta(y, 12, model=…)` on the first eleven years, forecasts of the twelfth. Optima to 1e-3.
    #[test]
    fn the_airline_is_forecast_as_statsforecast_does() {
        let standard =
            [411.3703, 402.2747, 462.8828, 444.6749, 447.9324, 509.5951, 561.8392, 559.4581, 490.4289, 427.2813];
        let optimised =
            [412.7119, 404.6405, 466.8109, 449.6004, 454.0478, 517.8578, 572.3802, 571.3717, 502.108, 438.5272];
        let dynamic_standard =
            [411.3665, 402.2745, 462.8896, 444.6906, 447.9596, 509.6412, 561.9086, 559.5474, 490.526, 427.383];
        let dynamic =
            [412.6976, 404.6386, 466.8291, 449.6435, 454.1226, 517.9848, 572.5728, 571.6217, 502.3833, 438.8198];
        for (kind, expected, loss) in [
            (Theta::Standard, standard, 39.22080014873176),
            (Theta::Optimised, optimised, 38.13081288761043),
            (Theta::DynamicStandard, dynamic_standard, 39.88517922265362),
            (Theta::DynamicOptimised, dynamic, 38.66888917981636),
        ] {
            let found = fit(&AIR_PASSENGERS[..132], 12, kind).unwrap();
            assert!(found.loss <= loss * (1.0 + 1e-5), "{kind:?}: {}", found.loss);
            for (mean, expected) in found.mean(10).into_iter().zip(expected) {
                assert!((mean / expected - 1.0).abs() < 1e-3, "{kind:?}: {mean} {expected}");
            }
        }
    }

    #[test]
    fn the_line_is_learnt_as_least_squares_draws_it() {
        let values = [3.0, 5.0, 4.0, 8.0, 9.0, 7.0, 12.0];
        let last = last_state(&values, &Theta::DynamicOptimised.lines(&values), Theta::DynamicOptimised);
        let whole = Line::through(&values);
        assert!((last.line.b - whole.b).abs() < 1e-12 && (last.line.a - whole.a).abs() < 1e-12, "{last:?} {whole:?}");
        assert!((last.mean - 48.0 / 7.0).abs() < 1e-12);
    }

    #[test]
    fn parameters_are_recovered_and_intervals_cover() {
        let (n_seeds, horizon) = (200, 6);
        let (mut alpha, mut inside) = (0.0, 0);
        for seed in 0..n_seeds {
            let values = simulate(80 + horizon, 0.5, 2.5, 3.0, &mut Random::new(seed));
            let found = fit(&values[..80], 1, Theta::DynamicOptimised).unwrap();
            alpha += found.alpha / n_seeds as f64;
            let factor = student_t_quantile(0.95, found.df);
            let (mean, deviations) = (found.mean(horizon), found.deviations(horizon));
            inside += (0..horizon).filter(|h| (values[80 + h] - mean[*h]).abs() <= factor * deviations[*h]).count();
        }
        assert!((alpha - 0.5).abs() < 0.05, "{alpha}");
        crate::coverage::assert_covers("forecast: dynamic optimised Theta", inside, n_seeds as usize * horizon);
    }

    /// Eight years of months with a season: its indices are known as badly as eight values tell them.
    #[test]
    fn intervals_cover_where_there_is_a_season() {
        let mut inside = 0;
        for seed in 0..200 {
            let mut values = simulate(102, 0.5, 2.5, 3.0, &mut Random::new(seed));
            for (at, value) in values.iter_mut().enumerate() {
                *value *= 1.0 + 0.3 * (std::f64::consts::TAU * at as f64 / 12.0).sin();
            }
            let found = fit(&values[..96], 12, Theta::DynamicOptimised).unwrap();
            assert!(found.season.is_some());
            let factor = student_t_quantile(0.95, found.df);
            let (mean, deviations) = (found.mean(6), found.deviations(6));
            inside += (0..6).filter(|h| (values[96 + h] - mean[*h]).abs() <= factor * deviations[*h]).count();
        }
        crate::coverage::assert_covers("forecast: Theta with a season", inside, 1200);
    }

    /// The formula against paths drawn from the model.
    #[test]
    fn deviations_are_those_of_simulated_paths() {
        let values = simulate(40, 0.6, 3.0, 2.0, &mut Random::new(1));
        let found = fit(&values, 1, Theta::DynamicOptimised).unwrap();
        let mut random = Random::new(2);
        let (mut squares, mean) = ([0.0; 5], found.mean(5));
        for _ in 0..20_000 {
            let mut state = found.last;
            for (h, square) in squares.iter_mut().enumerate() {
                let value = found.expected(&state, 40 + h) + found.sigma * random.normal();
                *square += (value - mean[h]).powi(2) / 20_000.0;
                state = found.after(&state, 40 + h, value);
            }
        }
        for (square, deviation) in squares.into_iter().zip(found.model_deviations(5)) {
            assert!((square.sqrt() / deviation - 1.0).abs() < 0.02, "{} {deviation}", square.sqrt());
        }
    }

    #[test]
    fn too_few_and_bad_values_are_told() {
        assert!(fit(&[1.0, 2.0, 3.0], 1, Theta::Standard).unwrap_err().to_string().contains("found 3"));
        assert!(fit(&[1.0, f64::NAN, 3.0, 4.0], 1, Theta::Standard).unwrap_err().to_string().contains("row 1"));
    }
}
