//! What promotions, prices and holidays do to sales, and forecasts that know those to come: a regression of log sales on
//! them beside trend, season and errors that go on from period to period. Prais and Winsten (1954) for the errors; a weak
//! normal prior on each effect (Hyndman and Athanasopoulos, 3rd edition, chapter 7, for the regression).
//!
//! Not causes: a promotion that always falls together with a holiday shares its effect, which is said.

use math::Random;
use math::distributions::student_t_quantile;

use super::method::{Forecast, Options, forecast};
use super::small::Cholesky;
use crate::{Answer, Caveat, Estimate, StrategyError, Support};

/// Something known for past and future periods alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Regressor {
    pub name: String,
    /// 0 and 1 for a promotion, the share of days for a holiday, the logarithm for a price. Shape: (n + horizon).
    pub values: Vec<f64>,
}

/// Effects on the logarithm: a promotion with 0.4 multiplies sales by e^0.4; of a logarithm of price it is the elasticity.
#[derive(Clone, Debug, PartialEq)]
pub struct Effects {
    /// In the order of the regressors.
    pub effects: Vec<(String, Estimate)>,
    /// How far an error goes on into the next period, −0.95 to 0.95.
    pub autocorrelation: f64,
    /// Standard deviation of log sales around it all.
    pub sigma: f64,
    /// Sales without the effects. Shape: (n).
    pub baseline: Vec<f64>,
    /// The covariance of the effects. Shape: (n_regressors, n_regressors).
    covariance: Vec<f64>,
    df: f64,
}

pub const N_REGRESSORS_MAX: usize = 60;

/// A promotion that multiplies sales by e² = 7 lies two of these out: wide enough to let data speak, narrow enough that
/// effects that cannot be told apart come out as such and not as large numbers of opposite sign.
const PRIOR_DEVIATION: f64 = 1.0;

/// Variance inflation above which a regressor counts as one that others say already.
const INFLATION_MAX: f64 = 10.0;

/// Learns the effects from the first `values.len()` rows of the regressors. Sales are counted up by half the smallest
/// positive value where there are zeros.
///
/// # Errors
/// If a value is negative or not finite, a regressor is shorter than the values or not finite, or there are too many.
pub fn estimate(values: &[f64], regressors: &[Regressor], options: &Options) -> Result<Answer<Effects>, StrategyError> {
    check(values, regressors)?;
    let n = values.len();
    let support = Support::of(n);
    let design = Design::new(n, regressors, options.season);
    if n < design.n_columns + 4 {
        return Ok(Answer::refused(
            support,
            Caveat::new(
                "few_values",
                format!("{n} 期数据不足以估计 {} 个效应。", regressors.len()),
                format!("{n} periods are too few for {} effects beside trend and season.", regressors.len()),
            ),
        ));
    }
    let offset = offset(values);
    let logs: Vec<f64> = values.iter().map(|value| (value + offset).ln()).collect();
    let found = fit(&design, &logs)?;
    let k = regressors.len();
    let level = options.level;
    let factor = student_t_quantile(0.5 + level / 2.0, found.df);
    let interval = |at: usize| {
        let (value, width) = (found.coefficients[at], factor * found.covariance[at * k + at].sqrt());
        Estimate { value, low: value - width, high: value + width, level }
    };
    let effects = regressors.iter().enumerate().map(|(at, one)| (one.name.clone(), interval(at))).collect();
    let baseline = (0..n).map(|t| {
        let moved: f64 = regressors.iter().zip(&found.coefficients).map(|(one, effect)| one.values[t] * effect).sum();
        ((values[t] + offset) * (-moved).exp() - offset).max(0.0)
    });
    let baseline = baseline.collect();
    let caveats = doubts(&design, regressors, offset > 0.0);
    let effects = Effects {
        effects,
        autocorrelation: found.autocorrelation,
        sigma: found.sigma,
        baseline,
        covariance: found.covariance,
        df: found.df,
    };
    Ok(caveats.into_iter().fold(Answer::given(effects, support), Answer::doubted))
}

/// Forecasts the baseline and puts the effects of the regressors' last `options.horizon` rows on it. The interval holds the
/// baseline's and the effects' uncertainty.
///
/// # Errors
/// As [`estimate`]; also if a regressor does not reach the horizon.
pub fn forecast_with(
    values: &[f64],
    regressors: &[Regressor],
    options: &Options,
) -> Result<Answer<(Forecast, Effects)>, StrategyError> {
    let (n, horizon) = (values.len(), options.horizon);
    if let Some(short) = regressors.iter().find(|one| one.values.len() != n + horizon) {
        let what = format!("regressor '{}', past and future", short.name);
        return Err(StrategyError::Length { what, found: short.values.len(), expected: n + horizon });
    }
    let learnt = estimate(values, regressors, options)?;
    let Some(effects) = learnt.value else {
        return Ok(Answer::refused(learnt.support, learnt.caveats.into_iter().next().expect("a refusal has a reason")));
    };
    let base = forecast(&effects.baseline, options)?;
    let caveats = base.caveats.into_iter().chain(learnt.caveats);
    let Some(mut found) = base.value else {
        let why = caveats.into_iter().next().expect("a refusal has a reason");
        return Ok(Answer::refused(base.support, why));
    };
    put_on(&mut found, &effects, regressors, n);
    Ok(caveats.fold(Answer::given((found, effects), base.support), Answer::doubted))
}

fn put_on(found: &mut Forecast, effects: &Effects, regressors: &[Regressor], n: usize) {
    let k = regressors.len();
    let factor = student_t_quantile(0.5 + found.level / 2.0, effects.df);
    for h in 0..found.mean.len() {
        let row: Vec<f64> = regressors.iter().map(|one| one.values[n + h]).collect();
        let moved: f64 = row.iter().zip(&effects.effects).map(|(x, (_, effect))| x * effect.value).sum();
        let product = |i: usize| (0..k).map(|j| effects.covariance[i * k + j] * row[j]).sum::<f64>();
        let variance: f64 = (0..k).map(|i| row[i] * product(i)).sum();
        let times = moved.exp();
        let (mean, low, high) = (found.mean[h], found.low[h], found.high[h]);
        // Half widths in the logarithm's domain, joined as independent.
        let width = factor * variance.max(0.0).sqrt() * mean;
        found.mean[h] = mean * times;
        found.low[h] = ((mean - (mean - low).hypot(width)) * times).max(0.0);
        found.high[h] = (mean + (high - mean).hypot(width)) * times;
    }
}

fn check(values: &[f64], regressors: &[Regressor]) -> Result<(), StrategyError> {
    if values.is_empty() {
        return Err(StrategyError::Empty { needed: 1 });
    }
    if let Some(row) = values.iter().position(|value| !(value.is_finite() && *value >= 0.0)) {
        return Err(StrategyError::bad_value("sales", row, values[row], "a finite number, not negative"));
    }
    if regressors.len() > N_REGRESSORS_MAX {
        return Err(StrategyError::unfit("regressors", regressors.len(), format!("at most {N_REGRESSORS_MAX}")));
    }
    for one in regressors {
        if one.values.len() < values.len() {
            let what = format!("regressor '{}'", one.name);
            return Err(StrategyError::Length { what, found: one.values.len(), expected: values.len() });
        }
        if let Some(row) = one.values.iter().position(|value| !value.is_finite()) {
            let what = format!("regressor '{}'", one.name);
            return Err(StrategyError::bad_value(what, row, one.values[row], "a finite number"));
        }
    }
    Ok(())
}

fn offset(values: &[f64]) -> f64 {
    if values.iter().all(|value| *value > 0.0) {
        return 0.0;
    }
    let least = values.iter().copied().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
    if least.is_finite() { 0.5 * least } else { 1.0 }
}

/// Regressors first, then a constant, a trend with bends, and waves of the season.
struct Design {
    n_regressors: usize,
    n_columns: usize,
    /// Shape: (n, n_columns).
    rows: Vec<f64>,
    /// One over the prior variance of each column's coefficient.
    precision: Vec<f64>,
}

impl Design {
    fn new(n: usize, regressors: &[Regressor], season: usize) -> Design {
        // A bend every two seasons (or 26 periods) lets the trend turn without taking a promotion for one.
        let between = (2 * season).max(26);
        let n_bends = (n / between).saturating_sub(1).min(10);
        let n_waves = if season > 1 && n >= 2 * season { (season / 2).min(4) } else { 0 };
        let (k, n_columns) = (regressors.len(), regressors.len() + 2 + n_bends + 2 * n_waves);
        let mut rows = Vec::with_capacity(n * n_columns);
        for t in 0..n {
            rows.extend(regressors.iter().map(|one| one.values[t]));
            let at = t as f64 / n as f64;
            rows.extend([1.0, at]);
            rows.extend((1..=n_bends).map(|bend| (at - bend as f64 / (n_bends + 1) as f64).max(0.0)));
            for wave in 1..=n_waves {
                let angle = std::f64::consts::TAU * (wave * t) as f64 / season as f64;
                rows.extend([angle.sin(), angle.cos()]);
            }
        }
        let mut precision = vec![1e-6; n_columns];
        precision[..k].fill(1.0 / (PRIOR_DEVIATION * PRIOR_DEVIATION));
        Design { n_regressors: k, n_columns, rows, precision }
    }

    fn row(&self, t: usize) -> &[f64] {
        &self.rows[t * self.n_columns..(t + 1) * self.n_columns]
    }

    /// XᵀX and Xᵀy of rows freed from what goes on with `rho`.
    fn moments(&self, logs: &[f64], rho: f64) -> (Vec<f64>, Vec<f64>) {
        let m = self.n_columns;
        let (mut gram, mut product) = (vec![0.0; m * m], vec![0.0; m]);
        let mut row = vec![0.0; m];
        for t in 0..logs.len() {
            let value = if t == 0 {
                let first = (1.0 - rho * rho).sqrt();
                row.iter_mut().zip(self.row(0)).for_each(|(to, x)| *to = first * x);
                first * logs[0]
            } else {
                let pairs = self.row(t).iter().zip(self.row(t - 1));
                row.iter_mut().zip(pairs).for_each(|(to, (now, before))| *to = now - rho * before);
                logs[t] - rho * logs[t - 1]
            };
            for (i, x) in row.iter().enumerate() {
                product[i] += x * value;
                gram[i * m..=i * m + i].iter_mut().zip(&row).for_each(|(to, other)| *to += x * other);
            }
        }
        (gram, product)
    }
}

struct Found {
    coefficients: Vec<f64>,
    covariance: Vec<f64>,
    autocorrelation: f64,
    sigma: f64,
    df: f64,
}

fn fit(design: &Design, logs: &[f64]) -> Result<Found, StrategyError> {
    let (n, m, k) = (logs.len(), design.n_columns, design.n_regressors);
    let (mut rho, mut variance) = (0.0, 0.1);
    let mut coefficients = vec![0.0; m];
    let mut inverse = Vec::new();
    let df = (n - m) as f64;
    for _ in 0..10 {
        let (mut gram, mut product) = design.moments(logs, rho);
        for i in 0..m {
            gram[i * m + i] += variance * design.precision[i];
        }
        let system = Cholesky::new(gram, m).ok_or_else(|| {
            StrategyError::unfit("regressors", "values too large or too alike", "numbers of moderate size")
        })?;
        system.solve(&mut product);
        coefficients.copy_from_slice(&product);
        let residuals: Vec<f64> = (0..n)
            .map(|t| logs[t] - design.row(t).iter().zip(&coefficients).map(|(x, b)| x * b).sum::<f64>())
            .collect();
        let square: f64 = residuals.iter().map(|one| one * one).sum();
        let lagged: f64 = residuals.windows(2).map(|pair| pair[0] * pair[1]).sum();
        // Residuals of a regression lean towards no correlation; a share of the columns corrects it.
        let lean = m as f64 / n as f64;
        let next = if square > 0.0 { (lagged / square + lean * 0.5).clamp(-0.95, 0.95) } else { 0.0 };
        let innovations = residuals.windows(2).map(|pair| (pair[1] - next * pair[0]).powi(2)).sum::<f64>();
        variance = (innovations / df).max(1e-12);
        inverse = system.inverse();
        let is_settled = (next - rho).abs() < 1e-6;
        rho = next;
        if is_settled {
            break;
        }
    }
    let covariance = (0..k * k).map(|at| variance * inverse[(at / k) * m + at % k]).collect();
    coefficients.truncate(k);
    Ok(Found { coefficients, covariance, autocorrelation: rho, sigma: variance.sqrt(), df })
}

/// What speaks against single effects: they never vary, or others say the same.
fn doubts(design: &Design, regressors: &[Regressor], has_zeros: bool) -> Vec<Caveat> {
    let mut caveats = Vec::new();
    let n = design.rows.len() / design.n_columns;
    let still = |one: &&Regressor| one.values[..n].iter().all(|value| *value == one.values[0]);
    for one in regressors.iter().filter(still) {
        let name = &one.name;
        caveats.push(Caveat::new(
            "constant_regressor",
            format!("“{name}”在过去没有变化，无法得知其效应，只有很宽的区间。"),
            format!("'{name}' never changed in the past: its effect cannot be known, and the interval is the prior's."),
        ));
    }
    for (at, one) in regressors.iter().enumerate() {
        if still(&one) || inflation(design, at, n) < INFLATION_MAX {
            continue;
        }
        let name = &one.name;
        caveats.push(Caveat::new(
            "collinear",
            format!("“{name}”几乎总与其他因素同时出现，效应难以分开，区间因此变宽。"),
            format!("'{name}' nearly always comes together with others; their effects can hardly be told apart."),
        ));
    }
    if has_zeros {
        caveats.push(Caveat::new(
            "zeros",
            "有些期销量为零，取对数前加了一个小数。",
            "Some periods have no sales; a small number was added before taking logarithms.",
        ));
    }
    caveats
}

/// How many times wider the variance of column `at`'s coefficient is than if it were the only one (its VIF).
fn inflation(design: &Design, at: usize, n: usize) -> f64 {
    let m = design.n_columns;
    let value = |t: usize| design.row(t)[at];
    let mean = (0..n).map(value).sum::<f64>() / n as f64;
    let total: f64 = (0..n).map(|t| (value(t) - mean).powi(2)).sum();
    let others = || (0..m).filter(|i| *i != at);
    let n_others = m - 1;
    let (mut gram, mut product) = (Vec::with_capacity(n_others * n_others), Vec::with_capacity(n_others));
    for i in others() {
        gram.extend(others().map(|j| (0..n).map(|t| design.row(t)[i] * design.row(t)[j]).sum::<f64>()));
        product.push((0..n).map(|t| design.row(t)[i] * value(t)).sum::<f64>());
    }
    for i in 0..n_others {
        gram[i * n_others + i] *= 1.0 + 1e-9;
        gram[i * n_others + i] += 1e-9;
    }
    let Some(system) = Cholesky::new(gram, n_others) else { return f64::INFINITY };
    let square: f64 = (0..n).map(|t| value(t) * value(t)).sum();
    let mut half = product;
    system.forward(&mut half);
    let left = square - half.iter().map(|one| one * one).sum::<f64>();
    total / left.max(total * 1e-9)
}

/// Draws sales: a straight line of the logarithm, a wave over `season`, the regressors' effects, and errors of standard
/// deviation `sigma` of which the share `rho` goes on.
pub fn simulate(
    n: usize,
    season: usize,
    regressors: &[Regressor],
    effects: &[f64],
    [rho, sigma]: [f64; 2],
    random: &mut Random,
) -> Vec<f64> {
    let mut error = sigma / (1.0 - rho * rho).sqrt() * random.normal();
    let mut draw = |t: usize| {
        if t > 0 {
            error = rho * error + sigma * random.normal();
        }
        let wave = 0.2 * (std::f64::consts::TAU * t as f64 / season.max(1) as f64).sin();
        let moved: f64 = regressors.iter().zip(effects).map(|(one, effect)| one.values[t] * effect).sum();
        (5.0 + 0.3 * t as f64 / n as f64 + wave + moved + error).exp()
    };
    (0..n).map(&mut draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    fn promotion(name: &str, n: usize, every: usize, at: usize) -> Regressor {
        let values = (0..n).map(|t| f64::from(u8::from(t % every == at))).collect();
        Regressor { name: name.to_owned(), values }
    }

    fn price(n: usize, random: &mut Random) -> Regressor {
        let values = (0..n).map(|t| if t % 9 == 0 { -0.1 } else { 0.05 * random.normal() }).collect();
        Regressor { name: "price".to_owned(), values }
    }

    #[test]
    fn effects_are_recovered_and_their_intervals_cover() {
        let options = Options { season: 12, horizon: 1, ..Options::default() };
        let (truth, n_seeds) = ([0.5, -1.5], 200);
        let (mut inside, mut sums) = ([0; 2], [0.0; 2]);
        for seed in 0..n_seeds {
            let mut random = Random::new(seed);
            let regressors = [promotion("618", 104, 13, 5), price(104, &mut random)];
            let values = simulate(104, 12, &regressors, &truth, [0.4, 0.1], &mut random);
            let found = estimate(&values, &regressors, &options).unwrap().value.unwrap();
            for (at, (_, effect)) in found.effects.iter().enumerate() {
                inside[at] += i32::from((effect.low..=effect.high).contains(&truth[at]));
                sums[at] += effect.value / n_seeds as f64;
            }
        }
        assert!((sums[0] - 0.5).abs() < 0.02 && (sums[1] + 1.5).abs() < 0.06, "{sums:?}");
        for (inside, what) in inside.into_iter().zip(["promotion", "price"]) {
            crate::coverage::assert_covers(&format!("forecast: effect of a {what}"), inside as usize, n_seeds as usize);
        }
    }

    #[test]
    fn a_promotion_to_come_lifts_the_forecast_and_intervals_cover() {
        let options = Options { season: 12, horizon: 4, ..Options::default() };
        let (mut inside, mut lift) = (0, 0.0);
        for seed in 0..200 {
            let mut random = Random::new(seed);
            let regressors = [promotion("618", 100, 13, 7)];
            let values = simulate(100, 12, &regressors, &[0.7], [0.2, 0.08], &mut random);
            let (found, _) = forecast_with(&values[..96], &regressors, &options).unwrap().value.unwrap();
            // Period 98 has the promotion.
            lift += found.mean[2] / found.mean[0] / 200.0;
            inside += (0..4).filter(|h| (found.low[*h]..=found.high[*h]).contains(&values[96 + h])).count();
        }
        assert!((1.7..2.6).contains(&lift), "{lift}");
        crate::coverage::assert_covers("forecast: sales with a promotion to come", inside, 800);
    }

    #[test]
    fn twins_and_constants_are_told_and_never_get_large_opposite_effects() {
        let mut random = Random::new(4);
        let regressors = [promotion("618", 80, 13, 5), promotion("coupon", 80, 13, 5), promotion("always", 80, 1, 0)];
        let values = simulate(80, 1, &regressors[..1], &[0.6], [0.0, 0.1], &mut random);
        let answer = estimate(&values, &regressors, &Options::default()).unwrap();
        let kinds: Vec<&str> = answer.caveats.iter().map(|caveat| caveat.kind).collect();
        assert_eq!(kinds, ["constant_regressor", "collinear", "collinear"]);
        assert_eq!(answer.support.verdict, Verdict::Thin);
        let effects = answer.value.unwrap().effects;
        assert!((effects[0].1.value + effects[1].1.value - 0.6).abs() < 0.1, "{effects:?}");
        assert!((effects[0].1.value - effects[1].1.value).abs() < 1e-6);
        assert!(effects[0].1.high - effects[0].1.low > 1.0 && effects[2].1.high - effects[2].1.low > 1.0);
    }

    #[test]
    fn bad_input_is_told_and_few_periods_are_refused() {
        let options = Options::default();
        let told =
            |values: &[f64], regressors: &[Regressor]| estimate(values, regressors, &options).unwrap_err().to_string();
        let one = promotion("618", 10, 3, 0);
        assert!(told(&[], &[]).contains("at least 1"));
        assert!(told(&[1.0, -2.0], std::slice::from_ref(&one)).contains("row 1 holds -2"));
        assert!(told(&[1.0; 12], std::slice::from_ref(&one)).contains("10 rows where 12"));
        let gap = Regressor { name: "price".to_owned(), values: vec![f64::NAN; 12] };
        assert!(told(&[1.0; 12], &[gap]).contains("'price', row 0 holds NaN"));
        let few = estimate(&[1.0, 2.0, 3.0, 2.0], std::slice::from_ref(&one), &options).unwrap();
        assert_eq!(few.support.verdict, Verdict::Refused);
        let short = forecast_with(&[1.0; 10], &[one], &options).unwrap_err().to_string();
        assert!(short.contains("10 rows where 11"), "{short}");
        let zeros = estimate(&[0.0; 30], &[promotion("618", 30, 7, 0)], &options).unwrap();
        assert!(zeros.value.unwrap().effects[0].1.value.abs() < 1e-6);
    }
}
