//! Gamma-Gamma: what a customer spends a purchase (Fader and Hardie 2013, "The Gamma-Gamma model of monetary value").
//! Spending is Gamma(p, ν) around a mean of each customer's own, ν ~ Gamma(q, v), whatever the number of purchases.

use std::collections::BTreeMap;

use math::Random;
use math::distributions::normal_quantile;
use math::minimise::{self, lbfgs};
use math::self_adjoint::solve_positive;
use math::special::{digamma, ln_gamma};
use serde::Serialize;

use crate::{Answer, Caveat, Estimate, StrategyError, Support};

const CUSTOMERS_MIN: usize = 10;
const CUSTOMERS_FEW: usize = 100;
const VALUE_MAX: f64 = 1e12;
/// Values multiplied before one logarithm is taken of them; far from overflow, as no value is a billion billion times the mean.
const AT_ONCE: usize = 8;

/// A fitted model of spending.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spend {
    /// p, q, v; v in the unit of the values.
    pub parameters: [f64; 3],
    pub log_likelihood: f64,
    /// Of the logarithms of the parameters. Shape: (3, 3).
    pub covariance: Option<[f64; 9]>,
    pub n_customers: usize,
    pub n_evaluations: usize,
    pub converged: bool,
}

impl Spend {
    /// The mean over all customers, pv/(q − 1); infinite for q ≤ 1.
    pub fn population_mean(&self) -> f64 {
        let [p, q, v] = self.parameters;
        if q > 1.0 { p * v / (q - 1.0) } else { f64::INFINITY }
    }

    /// What a customer with `frequency` repeat purchases of `mean_value` each is expected to spend on the next
    /// (equation 5): a mean of its own and the population's. The population's alone for frequency 0.
    pub fn expected(&self, frequency: u32, mean_value: f64) -> f64 {
        let [p, q, v] = self.parameters;
        let x = f64::from(frequency);
        if frequency == 0 || mean_value <= 0.0 {
            return self.population_mean();
        }
        let below = p * x + q - 1.0;
        if below > 0.0 { p * (v + x * mean_value) / below } else { f64::INFINITY }
    }

    /// p, q and v with intervals that are symmetric on the logarithm; without ends if the likelihood is flat.
    pub fn estimates(&self, level: f64) -> [(&'static str, Estimate); 3] {
        let z = normal_quantile(0.5 + level / 2.0);
        std::array::from_fn(|at| {
            let deviation = self.covariance.map_or(f64::INFINITY, |covariance| covariance[at * 4].sqrt());
            let (value, wide) = (self.parameters[at], (z * deviation).exp());
            (["p", "q", "v"][at], Estimate { value, low: value / wide, high: value * wide, level })
        })
    }
}

/// Customers of one frequency, put together.
struct Group {
    x: f64,
    n: f64,
    /// Σ ln(mean value).
    logs: f64,
    /// x times the mean value: all that was spent on repeat purchases.
    sums: Vec<f64>,
}

/// Fits the model to customers with repeat purchases; those without are passed over. Shapes: (n_customers).
///
/// A mean of 0 or below, as after refunds, has no place in it: such customers are left out, which is said. Refuses with
/// fewer than 10 customers left.
///
/// # Errors
/// If the columns are not of one length, a value is not a number or larger than 1e12, or the penalty is negative.
pub fn fit_spend(frequency: &[u32], mean_value: &[f64], penalty: f64) -> Result<Answer<Spend>, StrategyError> {
    if frequency.len() != mean_value.len() {
        let (found, expected) = (mean_value.len(), frequency.len());
        return Err(StrategyError::Length { what: "mean value".to_owned(), found, expected });
    }
    if let Some(row) = mean_value.iter().position(|value| value.is_nan() || value.abs() > VALUE_MAX) {
        return Err(StrategyError::bad_value("mean value", row, mean_value[row], "numbers up to 1e12"));
    }
    if !(0.0..=1e6).contains(&penalty) {
        return Err(StrategyError::unfit("penalty", penalty, "0 to 1e6"));
    }
    let kept: Vec<(u32, f64)> =
        frequency.iter().copied().zip(mean_value.iter().copied()).filter(|(x, m)| *x > 0 && *m > 0.0).collect();
    let n_left_out = frequency.iter().zip(mean_value).filter(|(x, m)| **x > 0 && **m <= 0.0).count();
    let support = Support::of(kept.len());
    if kept.len() < CUSTOMERS_MIN {
        return Ok(Answer::refused(support, too_few(kept.len())));
    }
    let spread = kept.iter().any(|(_, value)| *value != kept[0].1);
    if !spread {
        return Ok(Answer::refused(
            support,
            Caveat::new(
                "no_spread",
                "所有顾客的客单价都一样，无法估计差异，直接用这个数即可。",
                "All customers spend the same; there are no differences to estimate. Use that value as it is.",
            ),
        ));
    }
    let model = maximum(&kept, penalty);
    let mut answer = Answer::given(model, support);
    for caveat in caveats(&kept, n_left_out, answer.value.as_ref().expect("it was given")) {
        answer = answer.doubted(caveat);
    }
    Ok(answer)
}

fn maximum(kept: &[(u32, f64)], penalty: f64) -> Spend {
    let n = kept.len() as f64;
    let unit = kept.iter().map(|(_, value)| value / n).sum::<f64>();
    let groups = grouped(kept, unit);
    let objective = |point: &[f64], gradient: &mut [f64]| value(&groups, n, penalty, point, gradient);
    let bounds = [(-12.0, 12.0); 3];
    let settings = minimise::Options { gradient_tolerance: 1e-8, ..minimise::Options::default() };
    let start = [3f64.ln(), 3f64.ln(), 0.0];
    let found = lbfgs(objective, &start, Some(&bounds), &settings);
    let hessian = minimise::hessian(|x, gradient| _ = objective(x, gradient), &found.point);
    let parameters: [f64; 3] = std::array::from_fn(|at| found.point[at].exp());
    let squares: f64 = parameters.iter().map(|value| value * value).sum();
    let [p, q, v] = parameters;
    Spend {
        parameters: [p, q, v * unit],
        log_likelihood: -(found.value - penalty * squares) * n - n * unit.ln(),
        covariance: inverse(&hessian, n),
        n_customers: kept.len(),
        n_evaluations: found.n_evaluations + 6,
        converged: found.converged(),
    }
}

fn inverse(hessian: &[f64], n: f64) -> Option<[f64; 9]> {
    let mut all = [0.0; 9];
    for column in 0..3 {
        let mut right = [0.0; 3];
        right[column] = 1.0 / n;
        if !solve_positive(&mut hessian.to_vec(), &mut right) {
            return None;
        }
        (0..3).for_each(|row| all[row * 3 + column] = right[row]);
    }
    (0..3).all(|at| all[at * 4] > 0.0 && all[at * 4] < 1e4).then_some(all)
}

fn grouped(kept: &[(u32, f64)], unit: f64) -> Vec<Group> {
    let mut groups: BTreeMap<u32, Group> = BTreeMap::new();
    for (x, value) in kept {
        let group = groups.entry(*x).or_insert_with(|| Group { x: f64::from(*x), n: 0.0, logs: 0.0, sums: Vec::new() });
        group.n += 1.0;
        group.logs += (value / unit).ln();
        group.sums.push(f64::from(*x) * value / unit);
    }
    groups.into_values().collect()
}

/// The mean negative log-likelihood (equation 1a) and its gradient by ln p, ln q, ln v.
fn value(groups: &[Group], n: f64, penalty: f64, point: &[f64], gradient: &mut [f64]) -> f64 {
    let [p, q, v] = [point[0].exp(), point[1].exp(), point[2].exp()];
    let (mut sum, mut by) = (0.0, [0.0; 3]);
    let (gamma_q, digamma_q) = (ln_gamma(q), digamma(q));
    for group in groups {
        let (shape, x) = (p * group.x, group.x);
        let (logs, inverses) = log_sum(&group.sums, v);
        let both = digamma(shape + q);
        sum += group.n * (ln_gamma(shape + q) - ln_gamma(shape) - gamma_q + q * v.ln() + shape * x.ln());
        sum += (shape - 1.0) * group.logs - (shape + q) * logs;
        by[0] += x * (group.n * (both - digamma(shape) + x.ln()) + group.logs - logs);
        by[1] += group.n * (both - digamma_q + v.ln()) - logs;
        by[2] += group.n * q / v - (shape + q) * inverses;
    }
    let natural = [p, q, v];
    for ((entry, value), by) in gradient.iter_mut().zip(natural).zip(by) {
        *entry = value * (2.0 * penalty * value - by / n);
    }
    penalty * natural.iter().map(|value| value * value).sum::<f64>() - sum / n
}

/// Σ ln(s + v) and Σ 1/(s + v).
fn log_sum(sums: &[f64], v: f64) -> (f64, f64) {
    let (mut logs, mut inverses) = (0.0, 0.0);
    for chunk in sums.chunks(AT_ONCE) {
        let mut product = 1.0;
        for s in chunk {
            product *= s + v;
            inverses += 1.0 / (s + v);
        }
        logs += product.ln();
    }
    (logs, inverses)
}

fn too_few(n: usize) -> Caveat {
    Caveat::new(
        "few_rows",
        format!("有消费金额的复购顾客只有 {n} 位，至少需要 {CUSTOMERS_MIN} 位。"),
        format!("Only {n} customers have repeat purchases of a known value; at least {CUSTOMERS_MIN} are needed."),
    )
}

fn caveats(kept: &[(u32, f64)], n_left_out: usize, model: &Spend) -> Vec<Caveat> {
    let mut found = Vec::new();
    if kept.len() < CUSTOMERS_FEW {
        found.push(Caveat::new(
            "few_rows",
            format!("只有 {} 位复购顾客，金额的估计会比较粗。", kept.len()),
            format!("Only {} customers with repeat purchases; estimates of money are rough.", kept.len()),
        ));
    }
    if n_left_out > 0 {
        found.push(Caveat::new(
            "no_revenue",
            format!("{n_left_out} 位顾客的平均金额为零或负数（例如退款多于消费），没有计入。"),
            format!("{n_left_out} customers with a mean of zero or below, as after refunds, were left out."),
        ));
    }
    if !model.converged || model.covariance.is_none() {
        found.push(Caveat::new(
            "no_convergence",
            "参数没有收敛或无法区分，结果只能当作粗略参考。",
            "The fit has not converged, or its parameters cannot be told apart; take the result as a rough indication only.",
        ));
    }
    if model.parameters[1] <= 1.0 {
        found.push(Caveat::new(
            "heavy_tail",
            "少数顾客的消费额极高，总体平均值没有意义（q ≤ 1）。",
            "A few customers spend so much that the overall mean means nothing (q ≤ 1).",
        ));
    }
    let correlation = correlation(kept);
    if correlation.abs() > 0.3 {
        found.push(Caveat::new(
            "frequency_moves_value",
            format!("购买次数与客单价相关（相关系数 {correlation:.2}），而模型假设两者无关。"),
            format!("Frequency and value are correlated ({correlation:.2}); the model takes them to be independent."),
        ));
    }
    found
}

fn correlation(kept: &[(u32, f64)]) -> f64 {
    let x: Vec<f64> = kept.iter().map(|(x, _)| f64::from(*x)).collect();
    let y: Vec<f64> = kept.iter().map(|(_, value)| *value).collect();
    super::holdout::correlation(&x, &y)
}

/// Mean values of customers with these frequencies, drawn from the model with parameters p, q, v; 0 for frequency 0.
pub fn simulate_spend([p, q, v]: [f64; 3], frequency: &[u32], seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed);
    let mut one = |x: u32| {
        let rate = random.gamma(q) / v;
        if x == 0 { 0.0 } else { random.gamma(p * f64::from(x)) / (rate * f64::from(x)) }
    };
    frequency.iter().map(|x| one(*x)).collect()
}
