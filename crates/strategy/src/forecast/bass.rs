//! The curve of a new product from those before it: Bass (1969), "A new product growth for model consumer durables",
//! Management Science 15, with the predecessors' curves as prior, so that there is a forecast before the first sale and the
//! product's own sales take over as they come (Lenk and Rao 1990; the prior here is normal in the logarithms of m, p, q).
//!
//! Not here: which products are predecessors, and how one generation takes sales from the other.

use math::Random;

use super::search::{Stop, nelder_mead};
use super::small::{Cholesky, quantile_of_sorted};
use crate::{Answer, Caveat, Estimate, StrategyError, Support};

/// A curve: `market` buyers in all, of whom a share p of those who are left buys by themselves each period, and q times the
/// share that has bought already makes others follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    pub market: f64,
    pub p: f64,
    pub q: f64,
}

impl Curve {
    /// The share of the market that has bought by time `t` (Bass 1969, equation 9).
    pub fn share(&self, t: f64) -> f64 {
        let fall = (-(self.p + self.q) * t).exp();
        (1.0 - fall) / (1.0 + self.q / self.p * fall)
    }

    /// Sales in period number `at`, from 0.
    pub fn sales(&self, at: usize) -> f64 {
        let t = at as f64;
        self.market * (self.share(t + 1.0) - self.share(t))
    }

    /// When sales are highest, in periods; 0 if they fall from the start.
    pub fn peak(&self) -> f64 {
        if self.q > self.p { (self.q / self.p).ln() / (self.p + self.q) } else { 0.0 }
    }

    fn logs(&self) -> [f64; 3] {
        [self.market.ln(), self.p.ln(), self.q.ln()]
    }

    fn from_logs(x: &[f64; 3]) -> Curve {
        Curve { market: x[0].exp(), p: x[1].exp(), q: x[2].exp() }
    }
}

/// What predecessors tell of a product like them.
#[derive(Clone, Debug, PartialEq)]
pub struct Prior {
    /// Of ln m, ln p, ln q.
    pub mean: [f64; 3],
    /// Shape: (3, 3).
    pub covariance: [f64; 9],
    /// Variance of a period's sales over their mean.
    pub dispersion: f64,
    pub n_predecessors: usize,
    /// Those of which enough was sold to see where their curve ends.
    pub n_turned: usize,
}

/// p and q per year over many durables: means 0.03 and 0.38 (Sultan, Farley and Lehmann 1990), here for periods of a year;
/// the width lets a month or a week be right too.
const GENERAL: ([f64; 2], f64) = ([-3.5, -1.0], 1.5);

/// Of the market of a fitted curve: with less of it sold, the market's size is the curve's assumption and not what was seen.
const SHARE_SEEN: f64 = 0.3;

/// As few periods as a curve of its own can be fitted to.
pub const N_PERIODS_MIN: usize = 4;
pub const N_PERIODS_MAX: usize = 2000;
const N_DRAWS: usize = 2000;

fn check(sales: &[f64]) -> Result<(), StrategyError> {
    if sales.len() > N_PERIODS_MAX {
        return Err(StrategyError::unfit("periods of a product", sales.len(), format!("at most {N_PERIODS_MAX}")));
    }
    match sales.iter().position(|value| !(value.is_finite() && *value >= 0.0)) {
        Some(row) => Err(StrategyError::bad_value("sales", row, sales[row], "a finite number, not negative")),
        None => Ok(()),
    }
}

/// Minus the log density of sales whose variance is `dispersion` times their mean, and of the logarithms under the prior.
/// Without a dispersion the one that suits best is taken.
fn loss(sales: &[f64], x: &[f64; 3], prior: &Weights, dispersion: Option<f64>) -> f64 {
    let curve = Curve::from_logs(x);
    let (mut square, mut logs) = (0.0, 0.0);
    for (at, value) in sales.iter().enumerate() {
        let mean = curve.sales(at).max(1e-9);
        square += (value - mean) * (value - mean) / mean;
        logs += mean.ln();
    }
    let n = sales.len() as f64;
    let fit = match dispersion {
        Some(dispersion) => square / dispersion,
        None => n * square.max(1e-12).ln(),
    };
    let sum = prior.distance(x) + fit + logs;
    if sum.is_finite() { 0.5 * sum } else { f64::INFINITY }
}

/// A prior as centre and inverse covariance.
struct Weights {
    centre: [f64; 3],
    inverse: [f64; 9],
}

impl Weights {
    fn distance(&self, x: &[f64; 3]) -> f64 {
        let off: [f64; 3] = std::array::from_fn(|i| x[i] - self.centre[i]);
        (0..9).map(|at| off[at / 3] * self.inverse[at] * off[at % 3]).sum()
    }

    /// What is known of any product: its sales so far say how large the market may be.
    fn general(sales: &[f64]) -> Weights {
        let total = sales.iter().sum::<f64>().max(1.0);
        let ([p, q], width) = GENERAL;
        let mut inverse = [0.0; 9];
        // The market is at least what was sold, and seldom more than ten times it once the curve has turned.
        for (i, deviation) in [1.0, width, width].into_iter().enumerate() {
            inverse[4 * i] = 1.0 / (deviation * deviation);
        }
        Weights { centre: [(1.5 * total).ln(), p, q], inverse }
    }
}

fn search(sales: &[f64], prior: &Weights, dispersion: Option<f64>, start: [f64; 3]) -> [f64; 3] {
    let bounds = [(-7.0, 30.0), (-14.0, 0.0), (-14.0, 1.5)];
    let stop = Stop { spread: 1e-10, n_iterations_max: 800 };
    let first = nelder_mead(|x: &[f64; 3]| loss(sales, x, prior, dispersion), start, bounds, stop);
    // A second simplex around the first answer leaves a false stop.
    nelder_mead(|x: &[f64; 3]| loss(sales, x, prior, dispersion), first.at, bounds, stop).at
}

/// Pearson's estimate of variance over mean, at least a little.
fn dispersion_of(sales: &[f64], curve: &Curve) -> f64 {
    let of = |(at, value): (usize, &f64)| {
        let mean = curve.sales(at).max(1e-9);
        (value - mean) * (value - mean) / mean
    };
    let sum: f64 = sales.iter().enumerate().map(of).sum();
    let size = sales.iter().sum::<f64>() / sales.len() as f64;
    (sum / (sales.len() as f64 - 3.0).max(1.0)).max(1e-6 * size).max(1e-12)
}

/// The curve of one product with a past of its own, and the dispersion around it.
///
/// # Errors
/// If a value is negative or not finite, or there are fewer than [`N_PERIODS_MIN`] periods with any sales.
pub fn fit(sales: &[f64]) -> Result<(Curve, f64), StrategyError> {
    check(sales)?;
    let n_sold = sales.iter().filter(|value| **value > 0.0).count();
    if n_sold < N_PERIODS_MIN {
        return Err(StrategyError::unfit(
            "periods with sales for a curve",
            n_sold,
            format!("at least {N_PERIODS_MIN}"),
        ));
    }
    let prior = Weights::general(sales);
    let peak = (0..sales.len()).max_by(|a, b| sales[*a].total_cmp(&sales[*b])).unwrap_or(0) as f64 + 1.0;
    // A curve whose peak is where the largest sales are: q/p = 10, (p + q) · peak = ln 10.
    let q = (10.0_f64.ln() / peak / 1.1).min(3.0);
    let start = [prior.centre[0], (0.1 * q).ln(), q.ln()];
    let curve = Curve::from_logs(&search(sales, &prior, None, start));
    let dispersion = dispersion_of(sales, &curve);
    Ok((curve, dispersion))
}

/// The prior for a product like `predecessors`: mean and covariance of their curves' logarithms, widened for how few they
/// are. Predecessors without enough sales are left out.
///
/// # Errors
/// If a value is negative or not finite, or no predecessor has enough sales.
pub fn pool(predecessors: &[&[f64]]) -> Result<Prior, StrategyError> {
    let (mut curves, mut n_turned) = (Vec::new(), 0);
    for sales in predecessors {
        check(sales)?;
        if sales.iter().filter(|value| **value > 0.0).count() >= N_PERIODS_MIN {
            let (curve, dispersion) = fit(sales)?;
            n_turned += usize::from(sales.iter().sum::<f64>() > SHARE_SEEN * curve.market);
            curves.push((curve, dispersion));
        }
    }
    let n = curves.len() as f64;
    if curves.is_empty() {
        let allowed = format!("at least one with {N_PERIODS_MIN} periods of sales");
        return Err(StrategyError::unfit("predecessors", predecessors.len(), allowed));
    }
    let logs: Vec<[f64; 3]> = curves.iter().map(|(curve, _)| curve.logs()).collect();
    let mean: [f64; 3] = std::array::from_fn(|i| logs.iter().map(|x| x[i]).sum::<f64>() / n);
    // As if two predecessors more had been seen, 0.3 off in the logarithm on each count: one or two tell little of how
    // far products scatter. (1 + 1/n) is for the mean being estimated too.
    let (extra, apart) = (2.0, 0.3 * 0.3);
    let covariance = std::array::from_fn(|at| {
        let (i, j) = (at / 3, at % 3);
        let sum: f64 = logs.iter().map(|x| (x[i] - mean[i]) * (x[j] - mean[j])).sum();
        let before = if i == j { extra * apart } else { 0.0 };
        (sum + before) / (n - 1.0 + extra) * (1.0 + 1.0 / n)
    });
    let dispersion = (curves.iter().map(|(_, dispersion)| dispersion.ln()).sum::<f64>() / n).exp();
    Ok(Prior { mean, covariance, dispersion, n_predecessors: curves.len(), n_turned })
}

/// The curve of a new product.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    pub market: Estimate,
    pub p: Estimate,
    pub q: Estimate,
    /// Periods after the launch at which sales are highest.
    pub peak: Estimate,
    /// Sales of each period from the launch on, those that are known too: shape (n_periods).
    pub sales: Vec<Estimate>,
}

/// The curve over `n_periods` from the launch: the prior's, moved by the product's own `sales` so far, none at all to
/// begin with. Intervals are of single periods' sales: the curve's uncertainty (normal in the logarithms around the most
/// probable curve) and the scatter around it.
///
/// # Errors
/// If a value is negative or not finite, or the periods or the level are out of range.
pub fn launch(
    sales: &[f64],
    prior: &Prior,
    n_periods: usize,
    level: f64,
    seed: u64,
) -> Result<Answer<Launch>, StrategyError> {
    check(sales)?;
    if !(1..=N_PERIODS_MAX).contains(&n_periods) {
        return Err(StrategyError::unfit("periods of the curve", n_periods, format!("1 to {N_PERIODS_MAX}")));
    }
    if !(0.5..=0.999).contains(&level) {
        return Err(StrategyError::unfit("level of the intervals", level, "0.5 to 0.999"));
    }
    let unfit =
        || StrategyError::unfit("covariance of the prior", "one that cannot be inverted", "a positive definite one");
    let inverse = Cholesky::new(prior.covariance.to_vec(), 3).ok_or_else(unfit)?.inverse();
    let weights = Weights { centre: prior.mean, inverse: std::array::from_fn(|at| inverse[at]) };
    let best = if sales.is_empty() { prior.mean } else { search(sales, &weights, Some(prior.dispersion), prior.mean) };
    let spread = information(sales, &best, &weights, prior.dispersion);
    let root = Cholesky::new(spread.to_vec(), 3).ok_or_else(unfit)?;
    let told = draw(&best, &root, prior.dispersion, n_periods, level, seed);
    let is_turned = sales.iter().sum::<f64>() > SHARE_SEEN * told.market.value;
    let mut answer = Answer::given(told, Support::of(sales.len()));
    if prior.n_turned == 0 && !is_turned {
        answer = answer.doubted(Caveat::new(
            "no_peak_seen",
            "前代商品的销量没有到过顶、也没有回落：总量和峰值只是曲线的假设，请只看各期销量。",
            "No predecessor's sales were seen to peak and fall: the size of the market and the peak are the curve's assumption alone; \
             read the periods.",
        ));
    }
    if prior.n_predecessors < 3 {
        answer = answer.doubted(Caveat::new(
            "few_predecessors",
            format!("只有 {} 个前代商品可参考。", prior.n_predecessors),
            format!("There are {} predecessors only to learn from.", prior.n_predecessors),
        ));
    }
    if sales.len() < N_PERIODS_MIN {
        answer = answer.doubted(Caveat::new(
            "few_sales",
            format!("新品只有 {} 期销量，曲线主要来自前代。", sales.len()),
            format!("The product has {} periods of sales: the curve is mostly its predecessors'.", sales.len()),
        ));
    }
    Ok(answer)
}

/// Inverse covariance of the logarithms: the prior's and, of each period, slope² over variance (Fisher's information).
fn information(sales: &[f64], x: &[f64; 3], prior: &Weights, dispersion: f64) -> [f64; 9] {
    let mut sum = prior.inverse;
    for at in 0..sales.len() {
        let slope: [f64; 3] = std::array::from_fn(|i| {
            let moved = |by: f64| {
                let mut other = *x;
                other[i] += by;
                Curve::from_logs(&other).sales(at)
            };
            (moved(1e-4) - moved(-1e-4)) / 2e-4
        });
        let variance = dispersion * Curve::from_logs(x).sales(at).max(1e-9);
        for (i, j) in (0..9).map(|k| (k / 3, k % 3)) {
            sum[3 * i + j] += slope[i] * slope[j] / variance;
        }
    }
    sum
}

fn draw(best: &[f64; 3], root: &Cholesky, dispersion: f64, n_periods: usize, level: f64, seed: u64) -> Launch {
    let mut random = Random::new(seed);
    let inverse = root.inverse();
    let half = Cholesky::new(inverse, 3);
    let mut drawn: [Vec<f64>; 4] = Default::default();
    let mut sales = vec![Vec::with_capacity(N_DRAWS); n_periods];
    for _ in 0..N_DRAWS {
        let normal = [random.normal(), random.normal(), random.normal()];
        let off = half.as_ref().map_or([0.0; 3], |half| half.times(&normal));
        let curve = Curve::from_logs(&std::array::from_fn(|i| best[i] + off[i]));
        for (to, value) in drawn.iter_mut().zip([curve.market, curve.p, curve.q, curve.peak()]) {
            to.push(value);
        }
        for (at, sales) in sales.iter_mut().enumerate() {
            let mean = curve.sales(at);
            sales.push((mean + (dispersion * mean).sqrt() * random.normal()).max(0.0));
        }
    }
    let curve = Curve::from_logs(best);
    let told = |value: f64, mut drawn: Vec<f64>| {
        drawn.sort_by(f64::total_cmp);
        let at = |p: f64| quantile_of_sorted(&drawn, p);
        let (low, high) = (at(0.5 - level / 2.0), at(0.5 + level / 2.0));
        Estimate { value, low: low.min(value), high: high.max(value), level }
    };
    let [market, p, q, peak] = drawn;
    Launch {
        market: told(curve.market, market),
        p: told(curve.p, p),
        q: told(curve.q, q),
        peak: told(curve.peak(), peak),
        sales: sales.into_iter().enumerate().map(|(at, drawn)| told(curve.sales(at), drawn)).collect(),
    }
}

/// Draws a product's sales: its curve with `dispersion` times the mean as variance, never negative.
pub fn simulate(curve: &Curve, n_periods: usize, dispersion: f64, random: &mut Random) -> Vec<f64> {
    let draw = |at| {
        let mean = curve.sales(at);
        (mean + (dispersion * mean).sqrt() * random.normal()).max(0.0)
    };
    (0..n_periods).map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    /// A family of products: logarithms scatter by 0.3, 0.2 and 0.15 around m = 20,000, p = 0.03, q = 0.35.
    fn member(random: &mut Random) -> Curve {
        let mut near = |value: f64, width: f64| value * (width * random.normal()).exp();
        Curve { market: near(20_000.0, 0.3), p: near(0.03, 0.2), q: near(0.35, 0.15) }
    }

    #[test]
    fn the_curve_is_that_of_the_paper() {
        // Bass 1969, colour television forecast: peak at ln(q/p)/(p+q).
        let curve = Curve { market: 1000.0, p: 0.03, q: 0.38 };
        assert!((curve.peak() - (0.38_f64 / 0.03).ln() / 0.41).abs() < 1e-12);
        assert_eq!(curve.share(0.0), 0.0);
        assert!((curve.share(100.0) - 1.0).abs() < 1e-9);
        let total: f64 = (0..100).map(|at| curve.sales(at)).sum();
        assert!((total - 1000.0).abs() < 1e-6);
        // dF/dt = (p + q F)(1 − F).
        let (t, h) = (4.0, 1e-5);
        let slope = (curve.share(t + h) - curve.share(t - h)) / (2.0 * h);
        let share = curve.share(t);
        assert!((slope - (curve.p + curve.q * share) * (1.0 - share)).abs() < 1e-8);
        assert_eq!(Curve { q: 0.01, ..curve }.peak(), 0.0);
    }

    #[test]
    fn a_finished_curve_is_recovered() {
        let truth = Curve { market: 50_000.0, p: 0.02, q: 0.3 };
        let sales = simulate(&truth, 36, 4.0, &mut Random::new(2));
        let (found, dispersion) = fit(&sales).unwrap();
        assert!((found.market / truth.market - 1.0).abs() < 0.02, "{found:?}");
        assert!((found.p / truth.p - 1.0).abs() < 0.1 && (found.q / truth.q - 1.0).abs() < 0.05, "{found:?}");
        assert!((1.5..10.0).contains(&dispersion), "{dispersion}");
    }

    /// Before the first sale and after five periods: the 90 % intervals of later sales hold them.
    #[test]
    fn intervals_cover_the_sales_of_new_products_and_narrow_as_they_come() {
        let (mut inside, mut n, mut widths) = ([0; 2], 0, [0.0; 2]);
        for seed in 0..200 {
            let mut random = Random::new(seed);
            let before: Vec<Vec<f64>> = (0..8).map(|_| simulate(&member(&mut random), 30, 10.0, &mut random)).collect();
            let views: Vec<&[f64]> = before.iter().map(Vec::as_slice).collect();
            let prior = pool(&views).unwrap();
            let truth = simulate(&member(&mut random), 20, 10.0, &mut random);
            n += 10;
            for (which, n_known) in [0, 5].into_iter().enumerate() {
                let told = launch(&truth[..n_known], &prior, 20, 0.9, seed).unwrap().value.unwrap();
                for (one, truth) in told.sales.iter().zip(&truth).skip(6).take(10) {
                    inside[which] += i32::from((one.low..=one.high).contains(truth));
                    widths[which] += one.high - one.low;
                }
            }
        }
        for (inside, when) in inside.into_iter().zip(["before the first sale", "after five periods"]) {
            crate::coverage::assert_covers(&format!("launch: a period's sales, {when}"), inside as usize, n as usize);
        }
        assert!(widths[1] < 0.8 * widths[0], "{widths:?}");
    }

    /// Twelve periods of level sales end nowhere: a market is extrapolated from them, and that is said; not of curves that turned,
    /// however few periods ahead are asked for.
    #[test]
    fn a_market_that_was_not_seen_is_said_to_be_assumed() {
        let has = |predecessor: &[f64], n_periods: usize| {
            let prior = pool(&[predecessor]).unwrap();
            let answer = launch(&[], &prior, n_periods, 0.9, 1).unwrap();
            answer.caveats.iter().any(|one| one.kind == "no_peak_seen")
        };
        let level: Vec<f64> = (0..12).map(|at| 100.0 + f64::from(at % 3)).collect();
        assert!(has(&level, 12) && has(&level, 100));
        let turned = simulate(&Curve { market: 5000.0, p: 0.03, q: 0.4 }, 20, 1.0, &mut Random::new(1));
        assert!(!has(&turned, 12) && !has(&turned, 2));
    }

    #[test]
    fn bad_and_thin_input_is_told() {
        assert!(fit(&[1.0, 2.0]).unwrap_err().to_string().contains("at least 4"));
        assert!(fit(&[1.0, -2.0]).unwrap_err().to_string().contains("row 1 holds -2"));
        assert!(pool(&[]).unwrap_err().to_string().contains("at least one"));
        let one = simulate(&Curve { market: 900.0, p: 0.03, q: 0.4 }, 20, 1.0, &mut Random::new(1));
        let prior = pool(&[&one, &[0.0; 9]]).unwrap();
        assert_eq!(prior.n_predecessors, 1);
        let answer = launch(&[], &prior, 12, 0.9, 1).unwrap();
        assert_eq!((answer.support.verdict, answer.caveats.len()), (Verdict::Thin, 2));
        assert!(launch(&[], &prior, 0, 0.9, 1).is_err() && launch(&[], &prior, 9, 2.0, 1).is_err());
        assert!(launch(&[f64::NAN], &prior, 9, 0.9, 1).is_err());
        // All zeros so far: the market shrinks, nothing breaks.
        let none = launch(&[0.0; 6], &prior, 12, 0.9, 1).unwrap().value.unwrap();
        assert!(none.market.value < prior.mean[0].exp() && none.sales.iter().all(|one| one.high.is_finite()));
    }
}
