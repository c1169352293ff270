//! Churn where leaving is seen, as of contracts and memberships: the probability of leaving in each period, given that one
//! is still there, as a logistic function of the period and of features (Cox 1972, section 6; Singer and Willett 1993).
//! Customers who are still there count for as long as they were watched. Not here: features that change over time.

use math::Random;
use math::distributions::normal_quantile;
use math::self_adjoint::solve_positive;
use serde::Serialize;

use super::Covariates;
use crate::{Answer, Caveat, Estimate, StrategyError, Support};

const PERIODS_MAX: u32 = 600;
const LEAVING_MIN: usize = 10;
const LEAVING_FEW: usize = 50;
const STEPS_MAX: usize = 60;
/// Effects of one standard deviation beyond this are no effects but a feature that gives the answer away.
const EFFECT_SUSPECT: f64 = 4.0;
/// As does one that alone puts those who left apart from those who stayed.
const AUC_SUSPECT: f64 = 0.99;

/// Customers watched for whole periods, such as months. Shapes: (n_customers).
#[derive(Clone, Copy, Debug)]
pub struct Spans<'a> {
    /// Periods watched, the one of leaving among them; at least 1.
    pub periods: &'a [u32],
    /// Whether the customer left in the last of them.
    pub left: &'a [bool],
}

#[derive(Clone, Copy, Debug)]
pub struct HazardOptions {
    /// Precision of the prior of effects (of one standard deviation of a feature): keeps them finite where a feature
    /// separates those who leave.
    pub penalty: f64,
    /// Precision of the change of the logit from one period to the next: large for a smooth baseline.
    pub smoothness: f64,
}

impl Default for HazardOptions {
    fn default() -> Self {
        HazardOptions { penalty: 1.0, smoothness: 5.0 }
    }
}

/// A fitted hazard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hazard {
    /// Logits of leaving in period 1, 2, … for a customer of mean features. Shape: (n_periods).
    pub baseline: Vec<f64>,
    /// Change of the logit with one more of each feature. Shape: (n_columns).
    pub effects: Vec<f64>,
    pub means: Vec<f64>,
    /// Standard errors of the effects. Shape: (n_columns).
    pub standard_errors: Vec<f64>,
    pub log_likelihood: f64,
    pub n_left: usize,
    pub n_steps: usize,
    pub converged: bool,
}

impl Hazard {
    /// The probability that a customer with these features, here after `since` periods, has left `horizon` periods later.
    /// Periods beyond those that were seen keep the last hazard. Shape of `row`: (n_columns).
    pub fn leaves_within(&self, row: &[f64], since: u32, horizon: u32) -> f64 {
        let shift: f64 = self.effects.iter().zip(row).zip(&self.means).map(|((e, z), mean)| e * (z - mean)).sum();
        let last = self.baseline.len() - 1;
        let stays = |period: u32| {
            let logit = self.baseline[(period as usize).min(last)] + shift;
            1.0 / (1.0 + logit.exp())
        };
        1.0 - (since..since.saturating_add(horizon)).map(stays).product::<f64>()
    }

    /// The factor on the odds of leaving that one more of each feature brings, with intervals.
    pub fn odds_ratios(&self, level: f64) -> Vec<Estimate> {
        let z = normal_quantile(0.5 + level / 2.0);
        let one = |(effect, error): (&f64, &f64)| Estimate {
            value: effect.exp(),
            low: (effect - z * error).exp(),
            high: (effect + z * error).exp(),
            level,
        };
        self.effects.iter().zip(&self.standard_errors).map(one).collect()
    }
}

/// Fits the hazard by Newton's method to the penalised likelihood, which has one maximum.
///
/// Refuses with fewer than 10 customers who left, or if nobody stayed.
///
/// # Errors
/// If the columns are not of one length, a customer was watched for no period or more than 600, or an option is negative.
pub fn fit(
    spans: Spans,
    covariates: Option<&Covariates>,
    options: HazardOptions,
) -> Result<Answer<Hazard>, StrategyError> {
    check(spans, covariates, options)?;
    let n_left = spans.left.iter().filter(|left| **left).count();
    let support = Support { effective_n: n_left as f64, ..Support::of(spans.left.len()) };
    if n_left < LEAVING_MIN || n_left == spans.left.len() {
        return Ok(Answer::refused(support, too_few(n_left, spans.left.len())));
    }
    let problem = Problem::new(spans, covariates, options);
    let hazard = problem.solve(n_left);
    // The prior keeps effects small where a feature of few values separates, so the order is looked at, too.
    let separates = |z: Vec<f64>| {
        let auc = crate::boost::auc::auc(&z, spans.left);
        auc.max(1.0 - auc) > AUC_SUSPECT
    };
    let suspect = problem.spreads.iter().zip(&hazard.effects).any(|(spread, e)| (spread * e).abs() > EFFECT_SUSPECT)
        || covariates.is_some_and(|of| {
            (0..of.n_columns).any(|at| separates(of.values.iter().skip(at).step_by(of.n_columns).copied().collect()))
        });
    let converged = hazard.converged;
    let mut answer = Answer::given(hazard, support);
    if n_left < LEAVING_FEW {
        answer = answer.doubted(Caveat::new(
            "few_leaving",
            format!("只有 {n_left} 位顾客流失，不到 {LEAVING_FEW} 位，估计会比较粗。"),
            format!("Only {n_left} customers left, fewer than {LEAVING_FEW}; estimates are rough."),
        ));
    }
    if suspect {
        answer = answer.doubted(Caveat::new(
            "separation",
            "某个特征几乎完全决定了谁会流失。请检查它是不是流失之后才产生的数据。",
            "One feature all but decides who leaves. Check whether it is known only after a customer has left.",
        ));
    }
    if !converged {
        answer = answer.doubted(Caveat::new(
            "no_convergence",
            "参数没有收敛，结果只能当作粗略参考。",
            "The fit has not converged; take the result as a rough indication only.",
        ));
    }
    Ok(answer)
}

fn too_few(n_left: usize, n: usize) -> Caveat {
    if n_left == n {
        return Caveat::new(
            "nobody_stayed",
            "所有顾客都已流失，没有可对比的留存顾客。",
            "Every customer has left; there is nobody who stayed to compare with.",
        );
    }
    Caveat::new(
        "few_leaving",
        format!("只有 {n_left} 位顾客流失，至少需要 {LEAVING_MIN} 位。"),
        format!("Only {n_left} customers left; at least {LEAVING_MIN} are needed."),
    )
}

fn check(spans: Spans, covariates: Option<&Covariates>, options: HazardOptions) -> Result<(), StrategyError> {
    let (found, expected) = (spans.left.len(), spans.periods.len());
    if expected == 0 {
        return Err(StrategyError::Empty { needed: 1 });
    }
    if found != expected {
        return Err(StrategyError::Length { what: "left".to_owned(), found, expected });
    }
    if let Some(row) = spans.periods.iter().position(|n| !(1..=PERIODS_MAX).contains(n)) {
        return Err(StrategyError::bad_value("periods", row, spans.periods[row], format!("1 to {PERIODS_MAX}")));
    }
    for (what, found) in [("penalty", options.penalty), ("smoothness", options.smoothness)] {
        if !(1e-9..=1e9).contains(&found) {
            return Err(StrategyError::unfit(what, found, "1e-9 to 1e9"));
        }
    }
    covariates.map_or(Ok(()), |covariates| covariates.check(expected))
}

/// The data with features of mean 0 and spread 1.
struct Problem<'a> {
    spans: Spans<'a>,
    /// Shape: (n_customers, k).
    rows: Vec<f64>,
    k: usize,
    n_periods: usize,
    means: Vec<f64>,
    /// 0 for a feature that does not vary.
    spreads: Vec<f64>,
    options: HazardOptions,
}

impl<'a> Problem<'a> {
    fn new(spans: Spans<'a>, covariates: Option<&Covariates>, options: HazardOptions) -> Self {
        let (n, k) = (spans.periods.len(), covariates.map_or(0, |covariates| covariates.n_columns));
        let mut rows = covariates.map_or(Vec::new(), |covariates| covariates.values.to_vec());
        let (mut means, mut spreads) = (vec![0.0; k], vec![0.0; k]);
        for (column, (mean, spread)) in means.iter_mut().zip(&mut spreads).enumerate() {
            let of = || (0..n).map(|at| at * k + column);
            *mean = of().map(|at| rows[at]).sum::<f64>() / n as f64;
            let variance = of().map(|at| (rows[at] - *mean).powi(2)).sum::<f64>() / n as f64;
            *spread = if variance > 1e-18 * mean.powi(2).max(1e-12) { variance.sqrt() } else { 0.0 };
            for at in of() {
                rows[at] = if *spread > 0.0 { (rows[at] - *mean) / *spread } else { 0.0 };
            }
        }
        let n_periods = spans.periods.iter().copied().max().unwrap_or(1) as usize;
        Problem { spans, rows, k, n_periods, means, spreads, options }
    }

    /// The penalised log-likelihood and the plain one, with gradient and negative Hessian if wanted. Shapes: (m), (m, m).
    fn value(&self, point: &[f64], mut slopes: Option<(&mut [f64], &mut [f64])>) -> (f64, f64) {
        let (p, k, m) = (self.n_periods, self.k, point.len());
        if let Some((gradient, matrix)) = &mut slopes {
            gradient.fill(0.0);
            matrix.fill(0.0);
        }
        let mut sum = 0.0;
        for (at, (&periods, &left)) in self.spans.periods.iter().zip(self.spans.left).enumerate() {
            let row = &self.rows[at * k..(at + 1) * k];
            let shift: f64 = row.iter().zip(&point[p..]).map(|(z, effect)| z * effect).sum();
            let (mut residuals, mut weights) = (0.0, 0.0);
            for (period, baseline) in point[..periods as usize].iter().enumerate() {
                let logit = baseline + shift;
                let leaves = left && period + 1 == periods as usize;
                let small = (-logit.abs()).exp();
                sum -= (if leaves { -logit } else { logit }).max(0.0) + small.ln_1p();
                let Some((gradient, matrix)) = &mut slopes else { continue };
                let hazard = if logit > 0.0 { 1.0 } else { small } / (1.0 + small);
                let (residual, weight) = (f64::from(u8::from(leaves)) - hazard, hazard * (1.0 - hazard));
                residuals += residual;
                weights += weight;
                gradient[period] += residual;
                matrix[period * m + period] += weight;
                row.iter().enumerate().for_each(|(j, z)| matrix[(p + j) * m + period] += weight * z);
            }
            let Some((gradient, matrix)) = &mut slopes else { continue };
            for (i, z) in row.iter().enumerate() {
                gradient[p + i] += residuals * z;
                (0..=i).for_each(|j| matrix[(p + i) * m + p + j] += weights * z * row[j]);
            }
        }
        (sum + self.prior(point, slopes), sum)
    }

    /// Random walk of the baseline, normal effects; a faint prior keeps the first level finite.
    fn prior(&self, point: &[f64], mut slopes: Option<(&mut [f64], &mut [f64])>) -> f64 {
        let (p, m) = (self.n_periods, point.len());
        let HazardOptions { penalty, smoothness } = self.options;
        let mut sum = 0.0;
        let mut add = |i: usize, before: Option<usize>, precision: f64| {
            let off = point[i] - before.map_or(0.0, |j| point[j]);
            sum -= 0.5 * precision * off * off;
            let Some((gradient, matrix)) = &mut slopes else { return };
            gradient[i] -= precision * off;
            matrix[i * m + i] += precision;
            if let Some(j) = before {
                gradient[j] += precision * off;
                matrix[j * m + j] += precision;
                matrix[i * m + j] -= precision;
            }
        };
        add(0, None, 1e-3);
        (1..p).for_each(|period| add(period, Some(period - 1), smoothness));
        (p..m).for_each(|effect| add(effect, None, penalty));
        sum
    }

    fn solve(&self, n_left: usize) -> Hazard {
        let (p, m) = (self.n_periods, self.n_periods + self.k);
        let watched: f64 = self.spans.periods.iter().map(|n| f64::from(*n)).sum();
        let rate = (n_left as f64 / watched).clamp(1e-9, 1.0 - 1e-9);
        let mut point = vec![0.0; m];
        point[..p].fill((rate / (1.0 - rate)).ln());
        let (mut gradient, mut matrix) = (vec![0.0; m], vec![0.0; m * m]);
        let (mut n_steps, mut converged) = (0, false);
        let (mut value, mut plain) = self.value(&point, Some((&mut gradient, &mut matrix)));
        while n_steps < STEPS_MAX && !converged {
            n_steps += 1;
            let mut step = gradient.clone();
            if !solve_positive(&mut matrix.clone(), &mut step) {
                break;
            }
            let gain: f64 = step.iter().zip(&gradient).map(|(step, slope)| step * slope).sum();
            converged = gain < 1e-9;
            let mut length = 1.0;
            while length > 1e-6 {
                let moved: Vec<f64> = point.iter().zip(&step).map(|(at, step)| at + length * step).collect();
                if self.value(&moved, None).0 >= value + 1e-4 * length * gain - 1e-12 * value.abs() {
                    point = moved;
                    break;
                }
                length *= 0.5;
            }
            (value, plain) = self.value(&point, Some((&mut gradient, &mut matrix)));
        }
        let errors = (0..self.k).map(|column| self.error(&matrix, p + column, column));
        Hazard {
            standard_errors: errors.collect(),
            effects: (0..self.k).map(|at| point[p + at] / self.spreads[at].max(1e-300)).map(finite).collect(),
            baseline: point[..p].to_vec(),
            means: self.means.clone(),
            log_likelihood: plain,
            n_left,
            n_steps,
            converged,
        }
    }

    /// From the inverse Hessian, in the feature's own unit; infinite for a feature that does not vary.
    fn error(&self, matrix: &[f64], at: usize, column: usize) -> f64 {
        let m = self.n_periods + self.k;
        let mut right = vec![0.0; m];
        right[at] = 1.0;
        let solved = self.spreads[column] > 0.0 && solve_positive(&mut matrix.to_vec(), &mut right);
        if solved { right[at].max(0.0).sqrt() / self.spreads[column] } else { f64::INFINITY }
    }
}

/// 0 where a feature did not vary.
fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

/// Periods, whether they left, and features of customers drawn from the model: features standard normal, watched for 1 to
/// `baseline.len()` periods. Shapes: (n_customers), (n_customers), (n_customers, effects).
pub fn simulate_spans(
    baseline: &[f64],
    effects: &[f64],
    n_customers: usize,
    seed: u64,
) -> (Vec<u32>, Vec<bool>, Vec<f64>) {
    let mut random = Random::new(seed);
    let (mut all_periods, mut all_left, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..n_customers {
        let row: Vec<f64> = effects.iter().map(|_| random.normal()).collect();
        let shift: f64 = row.iter().zip(effects).map(|(z, effect)| z * effect).sum();
        let watched = 1 + random.below(baseline.len());
        let leaves = |logit: &f64| random.uniform() < 1.0 / (1.0 + (-(logit + shift)).exp());
        let left = baseline[..watched].iter().position(leaves);
        all_periods.push(left.map_or(watched, |period| period + 1) as u32);
        all_left.push(left.is_some());
        rows.extend(row);
    }
    (all_periods, all_left, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASELINE: [f64; 12] = [-1.5, -2.0, -2.3, -2.5, -2.6, -2.7, -2.8, -2.8, -2.8, -2.9, -2.9, -3.0];

    fn fitted(n: usize, seed: u64) -> Hazard {
        let (periods, left, values) = simulate_spans(&BASELINE, &[0.8, -0.4, 0.0], n, seed);
        let covariates = Covariates { values: &values, n_columns: 3, on_leaving: true };
        let spans = Spans { periods: &periods, left: &left };
        fit(spans, Some(&covariates), HazardOptions::default()).unwrap().value.unwrap()
    }

    #[test]
    fn what_was_put_in_is_found_and_intervals_hold_it() {
        let found = fitted(20_000, 1);
        assert!(found.converged && found.n_steps < 12, "{} steps", found.n_steps);
        for (effect, truth) in found.effects.iter().zip([0.8, -0.4, 0.0]) {
            assert!((effect - truth).abs() < 0.06, "{effect}, not {truth}");
        }
        let whole = 1.0 - BASELINE.iter().map(|logit| 1.0 / (1.0 + logit.exp())).product::<f64>();
        let of_mean = found.leaves_within(&found.means.clone(), 0, 12);
        assert!((of_mean - whole).abs() < 0.02, "{of_mean}, not {whole}");
        let mut n_held = [0; 3];
        for seed in 0..200 {
            let found = fitted(600, 100 + seed);
            for (at, (ratio, truth)) in found.odds_ratios(0.9).iter().zip([0.8f64, -0.4, 0.0]).enumerate() {
                n_held[at] += usize::from(ratio.low <= truth.exp() && truth.exp() <= ratio.high);
            }
        }
        for (n, what) in n_held.into_iter().zip(["0.8", "-0.4", "0"]) {
            crate::coverage::assert_covers(&format!("churn: odds ratio of {what}"), n, 200);
        }
    }

    /// Without features and with hardly any prior the hazard is the share that leaves of those still there: by hand.
    #[test]
    fn without_features_it_is_the_share_of_those_at_risk() {
        let periods: Vec<u32> = (0..100)
            .map(|at| {
                if at < 20 {
                    1
                } else if at < 36 {
                    2
                } else {
                    3
                }
            })
            .collect();
        let left: Vec<bool> = (0..100).map(|at| at < 36).collect();
        let options = HazardOptions { smoothness: 1e-9, ..HazardOptions::default() };
        let found = fit(Spans { periods: &periods, left: &left }, None, options).unwrap();
        let hazard = found.value.unwrap();
        for (logit, share) in hazard.baseline.iter().zip([0.2, 0.2]) {
            assert!((1.0 / (1.0 + (-logit).exp()) - share).abs() < 1e-3);
        }
        assert!((hazard.leaves_within(&[], 0, 2) - 0.36).abs() < 1e-3);
        assert_eq!(found.caveats[0].kind, "few_leaving");
    }

    #[test]
    fn a_feature_that_gives_the_answer_away_is_named_and_one_that_does_not_vary_is_harmless() {
        let (periods, left, _) = simulate_spans(&BASELINE, &[], 400, 3);
        let values: Vec<f64> = left.iter().flat_map(|left| [f64::from(u8::from(*left)), 7.0]).collect();
        let covariates = Covariates { values: &values, n_columns: 2, on_leaving: true };
        let options = HazardOptions { penalty: 1e-6, ..HazardOptions::default() };
        let found = fit(Spans { periods: &periods, left: &left }, Some(&covariates), options).unwrap();
        assert!(found.caveats.iter().any(|caveat| caveat.kind == "separation"), "{found:?}");
        let hazard = found.value.unwrap();
        assert!(hazard.effects[0].is_finite() && hazard.effects[1] == 0.0 && hazard.standard_errors[1].is_infinite());
    }

    #[test]
    fn a_feature_that_separates_is_named_though_the_prior_keeps_its_effect_small() {
        let (periods, left, noise) = simulate_spans(&BASELINE, &[0.5], 400, 3);
        // The prior is so strong that no effect is large.
        let told = |value: &dyn Fn(usize, bool) -> f64| {
            let values: Vec<f64> =
                left.iter().enumerate().flat_map(|(at, left)| [value(at, *left), noise[at]]).collect();
            let covariates = Covariates { values: &values, n_columns: 2, on_leaving: true };
            let options = HazardOptions { penalty: 50.0, ..HazardOptions::default() };
            let found = fit(Spans { periods: &periods, left: &left }, Some(&covariates), options).unwrap();
            found.caveats.iter().any(|caveat| caveat.kind == "separation")
        };
        assert!(told(&|_, left| f64::from(u8::from(left))));
        assert!(told(&|at, left| f64::from(u8::from(!left)) * 10.0 + (at % 3) as f64));
        assert!(!told(&|at, _| (at % 2) as f64));
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        let spans = |periods: &[u32], left: &[bool]| {
            fit(Spans { periods, left }, None, HazardOptions::default()).map(|answer| answer.caveats[0].kind)
        };
        assert_eq!(spans(&[1; 30], &[false; 30]), Ok("few_leaving"));
        assert_eq!(spans(&[1; 30], &[true; 30]), Ok("nobody_stayed"));
        assert_eq!(spans(&[1], &[true]), Ok("nobody_stayed"));
        assert!(spans(&[0], &[true]).unwrap_err().to_string().contains("periods, row 0 holds 0"));
        assert!(spans(&[], &[]).is_err() && spans(&[1, 2], &[true]).is_err());
    }
}
