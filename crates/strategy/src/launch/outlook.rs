//! A launch foretold: the look-alikes' levels and shapes, moved by the product's own pre-orders and sales, as weekly sales with
//! intervals. Not here: the choice of the shape (`tried`), and what to do about the stock (`decide`).

use math::Random;

use super::pool::{EXTRA, Normal, Pool, log_density, log_posterior, means, posterior};
use super::shape::{Kind, Shape};
use super::{HORIZON_MAX, LOOKALIKES_MAX, LOOKALIKES_MIN, PERIODS_MIN, Past};
use crate::forecast::Cholesky;
use crate::{Estimate, StrategyError};

/// Levels and shapes that are tried, and of those that are kept by how well they suit.
const N_TRIED: usize = 6000;
const N_KEPT: usize = 2000;
/// Degrees of freedom of what levels and shapes are tried by: its tails are longer than those of what is looked for.
const TRIED_FREEDOM: f64 = 5.0;

/// What is asked about a launch.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    pub lookalikes: Vec<Past>,
    /// The product's own sales so far, the last period perhaps in part; none before its launch.
    pub own: Past,
    /// Of every period of the horizon how much is to come, in usual periods: 0 of one that is over. Shape: (n_periods).
    pub ahead: Vec<f64>,
    /// The share of intervals that hold the truth.
    pub level: f64,
    pub seed: u64,
}

impl Launch {
    pub fn n_periods(&self) -> usize {
        self.ahead.len()
    }

    pub(super) fn check(&self) -> Result<(), StrategyError> {
        let n = self.n_periods();
        if !(PERIODS_MIN..=HORIZON_MAX).contains(&n) {
            return Err(StrategyError::unfit("periods of the horizon", n, format!("{PERIODS_MIN} to {HORIZON_MAX}")));
        }
        if !(0.5..=0.999).contains(&self.level) {
            return Err(StrategyError::unfit("level of the intervals", self.level, "0.5 to 0.999"));
        }
        if self.own.sales.len() > n {
            let found = self.own.sales.len();
            return Err(StrategyError::unfit("periods of the product's own sales", found, format!("{n} at most")));
        }
        if self.lookalikes.len() > LOOKALIKES_MAX {
            return Err(StrategyError::unfit(
                "look-alikes",
                self.lookalikes.len(),
                format!("{LOOKALIKES_MAX} at most"),
            ));
        }
        if let Some(row) = self.ahead.iter().position(|value| !(0.0..=1e9).contains(value)) {
            return Err(StrategyError::bad_value("ahead", row, self.ahead[row], "0 to 1e9"));
        }
        self.own.check()?;
        self.lookalikes.iter().try_for_each(Past::check)
    }
}

/// What a product is to sell within the horizon.
#[derive(Clone, Debug)]
pub struct Outlook {
    pub kind: Kind,
    /// Look-alikes that were learned from.
    pub n_lookalikes: usize,
    /// Of those, how many told of pre-orders; 0 where the product has none.
    pub n_with_preorders: usize,
    /// Pieces of each period, what is known of it included: the interval is of a single period's sales. Shape: (n_periods).
    pub periods: Vec<Estimate>,
    /// Pieces from the launch to the end of each period. Shape: (n_periods).
    pub cumulated: Vec<Estimate>,
    pub sold: f64,
    pub total: Estimate,
    /// Of the total, what is to come.
    pub remaining: Estimate,
    /// The period before which what is known next ends: the decision tells what it would change.
    pub next_until: usize,
    /// The total as look-alikes alone tell it, without the product's own sales and pre-orders.
    pub total_before: Estimate,
    /// The free forecast: the mean of the look-alikes that were seen long enough, raised or lowered as the product's own sales so far
    /// compare with theirs. Shape: (n_periods).
    pub baseline: Vec<f64>,
    pub baseline_total: f64,
    pub(super) drawn: Drawn,
}

/// Draws of what is to come.
#[derive(Clone, Debug, Default)]
pub(super) struct Drawn {
    /// The mean of what comes next (the rest of a period that has begun, and where that is less than most of it the one after it, too), and
    /// what is drawn of it.
    pub next_mean: Vec<f64>,
    pub next: Vec<f64>,
    /// All that is to come.
    pub remaining: Vec<f64>,
    pub scatter: f64,
}

/// The value of sorted `values` at `p`.
pub(super) fn at_share(sorted: &[f64], p: f64) -> f64 {
    let at = p.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (low, share) = (at.floor() as usize, at.fract());
    sorted[low] + share * (sorted[(low + 1).min(sorted.len() - 1)] - sorted[low])
}

/// Median and interval of draws.
pub(super) fn estimated(mut drawn: Vec<f64>, level: f64) -> Estimate {
    drawn.sort_by(f64::total_cmp);
    let at = |p: f64| at_share(&drawn, p);
    Estimate { value: at(0.5), low: at(0.5 - level / 2.0), high: at(0.5 + level / 2.0), level }
}

/// A count around `mean` whose variance is mean + scatter · mean².
pub(super) fn count(mean: f64, scatter: f64, random: &mut Random) -> f64 {
    let rate = mean * scatter * random.gamma(1.0 / scatter);
    if rate > 60.0 {
        return (rate + rate.sqrt() * random.normal()).round().max(0.0);
    }
    // Knuth: as many exponential times as fit into one.
    let (end, mut product, mut n) = ((-rate).exp(), random.uniform(), 0.0);
    while product > end {
        product *= random.uniform();
        n += 1.0;
    }
    n
}

/// The outlook with the shape `kind`; `None` where the look-alikes tell nothing.
///
/// # Errors
/// If a value is out of its range.
pub fn outlook(launch: &Launch, kind: Kind) -> Result<Option<Outlook>, StrategyError> {
    launch.check()?;
    let past: Vec<&Past> = launch.lookalikes.iter().collect();
    Ok(foretold(&past, &launch.own, &launch.ahead, kind, launch.level, launch.seed, N_KEPT))
}

/// As [`outlook`], of parts that were checked.
pub(super) fn foretold(
    past: &[&Past],
    own: &Past,
    ahead: &[f64],
    kind: Kind,
    level: f64,
    seed: u64,
    n_kept: usize,
) -> Option<Outlook> {
    let seen: Vec<&Past> = past.iter().copied().filter(|one| one.sales.len() >= PERIODS_MIN).collect();
    if seen.len() < LOOKALIKES_MIN {
        return None;
    }
    let n_periods = ahead.len();
    let pool = Pool::of(Shape::learned(kind, &seen, n_periods), &seen)?;
    let mut random = Random::new(seed);
    let n_tried = n_kept * N_TRIED / N_KEPT;
    let knows = !own.sales.is_empty() || (own.preorders.is_some() && pool.preorders.is_some());
    let prior = pool.with_preorders(own.preorders);
    let levels = sampled(&pool, &prior, own, n_tried, n_kept, &mut random);
    let before = match knows {
        true => sampled(&pool, &pool.prior, &Past::default(), n_tried, n_kept, &mut random),
        false => levels.clone(),
    };
    let season = whole(own, ahead);
    let total_before = before
        .iter()
        .map(|x| means(&pool.shape, x, &season).into_iter().map(|mean| count(mean, pool.scatter, &mut random)).sum());
    let total_before = estimated(total_before.collect(), level);
    let (baseline, baseline_total) = free(&seen, own, &season);
    let mut outlook = simulated(&pool, &levels, own, ahead, level, &mut random);
    (outlook.baseline, outlook.baseline_total, outlook.total_before) = (baseline, baseline_total, total_before);
    outlook.n_with_preorders = own.preorders.and(pool.preorders).map_or(0, |(.., n)| n);
    Some(outlook)
}

/// Exposure of whole periods: what was seen of them and what is to come.
fn whole(own: &Past, ahead: &[f64]) -> Vec<f64> {
    ahead.iter().enumerate().map(|(t, ahead)| ahead + own.exposure.get(t).copied().unwrap_or(0.0)).collect()
}

/// Levels and shapes of a product like those pooled, given its own sales: drawn from a t distribution around the most probable ones and kept
/// as often as they suit (importance resampling, Rubin 1988).
fn sampled(
    pool: &Pool,
    prior: &Normal,
    own: &Past,
    n_tried: usize,
    n_kept: usize,
    random: &mut Random,
) -> Vec<Vec<f64>> {
    let n = prior.mean.len();
    let around = match own.sales.is_empty() {
        true => prior.clone(),
        false => posterior(&pool.shape, own, prior, pool.scatter, &prior.mean),
    };
    let spread: Vec<f64> = around.covariance.iter().map(|value| value * 1.2).collect();
    let (prior_precision, precision) = (prior.precision(), super::pool::inverse(&spread, n));
    let Some(root) = Cholesky::new(spread, n) else { return vec![around.mean; n_kept] };
    // How far products scatter was learned from few: tails as long as that.
    let freedom = pool.n as f64 - 1.0 + EXTRA;
    let flat = Normal { mean: prior.mean.clone(), covariance: Vec::new() };
    let none = vec![0.0; n * n];
    let (mut tried, mut suits) = (Vec::with_capacity(n_tried), Vec::with_capacity(n_tried));
    for _ in 0..n_tried {
        let wide = (TRIED_FREEDOM / (2.0 * random.gamma(TRIED_FREEDOM / 2.0))).sqrt();
        let normal: Vec<f64> = (0..n).map(|_| wide * random.normal()).collect();
        let x: Vec<f64> = root.times_slice(&normal).iter().zip(&around.mean).map(|(off, mean)| mean + off).collect();
        let of_prior = tail(&x, &prior.mean, &prior_precision, freedom);
        let of_tried = tail(&x, &around.mean, &precision, TRIED_FREEDOM);
        let fit =
            if own.sales.is_empty() { 0.0 } else { log_posterior(&pool.shape, own, &x, &flat, &none, pool.scatter) };
        suits.push(of_prior + fit - of_tried);
        tried.push(x);
    }
    resampled(&tried, &suits, n_kept, random)
}

/// The logarithm of a t density with so many degrees of freedom, up to a constant.
fn tail(x: &[f64], mean: &[f64], precision: &[f64], freedom: f64) -> f64 {
    let n = x.len();
    let off: Vec<f64> = x.iter().zip(mean).map(|(x, mean)| x - mean).collect();
    let distance: f64 = (0..n * n).map(|at| off[at / n] * precision[at] * off[at % n]).sum();
    -0.5 * (freedom + n as f64) * (distance / freedom).ln_1p()
}

/// `n_kept` of what was tried, each as often as the exponential of its weight says (systematic resampling).
fn resampled(tried: &[Vec<f64>], suits: &[f64], n_kept: usize, random: &mut Random) -> Vec<Vec<f64>> {
    let most = suits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = suits.iter().map(|value| (value - most).exp()).collect();
    let step = weights.iter().sum::<f64>() / n_kept as f64;
    let (mut next, mut sum, mut kept) = (random.uniform() * step, 0.0, Vec::with_capacity(n_kept));
    for (x, weight) in tried.iter().zip(&weights) {
        sum += weight;
        while next < sum && kept.len() < n_kept {
            kept.push(x.clone());
            next += step;
        }
    }
    while kept.len() < n_kept {
        kept.push(tried[tried.len() - 1].clone());
    }
    kept
}

/// Parts of a period to come that make it worth waiting for by itself.
const MOST_OF: f64 = 0.6;

/// The periods whose sales are known next.
fn coming(own: &Past, ahead: &[f64]) -> std::ops::Range<usize> {
    let Some(first) = ahead.iter().position(|value| *value > 0.0) else { return 0..0 };
    let whole = ahead[first] + own.exposure.get(first).copied().unwrap_or(0.0);
    let n = if ahead[first] < MOST_OF * whole { 2 } else { 1 };
    first..(first + n).min(ahead.len())
}

/// Sales of the periods to come for each level and shape.
fn simulated(pool: &Pool, levels: &[Vec<f64>], own: &Past, ahead: &[f64], level: f64, random: &mut Random) -> Outlook {
    let n = ahead.len();
    let known = |t: usize| own.sales.get(t).copied().unwrap_or(0.0);
    let next = coming(own, ahead);
    let mut drawn = Drawn { scatter: pool.scatter, ..Drawn::default() };
    let (mut by_period, mut by_mean, mut cumulated) = (vec![Vec::new(); n], vec![Vec::new(); n], vec![Vec::new(); n]);
    for x in levels {
        let mean = means(&pool.shape, x, ahead);
        let (mut sum, mut next_mean, mut next_sales) = (0.0, 0.0, 0.0);
        for t in 0..n {
            let sales = if ahead[t] > 0.0 { count(mean[t], pool.scatter, random) } else { 0.0 };
            if next.contains(&t) && ahead[t] > 0.0 {
                (next_mean, next_sales) = (next_mean + mean[t], next_sales + sales);
            }
            sum += sales;
            by_period[t].push(known(t) + sales);
            by_mean[t].push(known(t) + if ahead[t] > 0.0 { mean[t] } else { 0.0 });
            cumulated[t].push(own.sales.iter().take(t + 1).sum::<f64>() + sum);
        }
        drawn.remaining.push(sum);
        drawn.next_mean.push(next_mean);
        drawn.next.push(next_sales);
    }
    let sold = own.total();
    let remaining = estimated(drawn.remaining.clone(), level);
    let with_mean = |(sales, mean): (Vec<f64>, Vec<f64>)| {
        // Counts are coarse: between the ends stands the curve itself.
        let (told, curve) = (estimated(sales, level), estimated(mean, level).value);
        Estimate { value: curve, low: told.low.min(curve), high: told.high.max(curve), level }
    };
    Outlook {
        kind: pool.shape.kind,
        n_lookalikes: pool.n,
        n_with_preorders: 0,
        periods: by_period.into_iter().zip(by_mean).map(with_mean).collect(),
        cumulated: cumulated.into_iter().map(|drawn| estimated(drawn, level)).collect(),
        sold,
        total: Estimate {
            value: remaining.value + sold,
            low: remaining.low + sold,
            high: remaining.high + sold,
            level,
        },
        remaining,
        next_until: next.end,
        total_before: remaining,
        baseline: Vec::new(),
        baseline_total: 0.0,
        drawn,
    }
}

/// The mean of those look-alikes that were seen over the whole horizon (of all, period by period, where none was), by the product's own sales
/// so far.
pub(super) fn free(past: &[&Past], own: &Past, season: &[f64]) -> (Vec<f64>, f64) {
    let n = season.len();
    let whole: Vec<&Past> = past.iter().copied().filter(|one| one.sales.len() >= n).collect();
    let of = if whole.is_empty() { past } else { &whole };
    let mean = |t: usize| {
        let seen: Vec<f64> = of.iter().filter_map(|one| one.sales.get(t).copied()).collect();
        seen.iter().sum::<f64>() / (seen.len() as f64).max(1.0)
    };
    let mut curve: Vec<f64> = (0..n).map(mean).collect();
    let n_known = own.sales.len();
    let sold = own.total();
    // Of a period that was seen in part, as much of the look-alikes' as was seen.
    let part = |t: usize| if season[t] > 0.0 { (own.exposure[t] / season[t]).min(1.0) } else { 1.0 };
    let theirs: f64 = (0..n_known).map(|t| curve[t] * part(t)).sum();
    if theirs > 0.0 && n_known > 0 {
        let factor = sold / theirs;
        for (t, value) in curve.iter_mut().enumerate() {
            *value = match t < n_known {
                true => own.sales[t] + *value * factor * (1.0 - part(t)),
                false => *value * factor,
            };
        }
    }
    let total = curve.iter().sum();
    (curve, total)
}

/// How much each draw suits what would be sold in the next period: weights, the largest 1.
pub(super) fn suited(drawn: &Drawn, sales: f64) -> Vec<f64> {
    let logs: Vec<f64> = drawn.next_mean.iter().map(|mean| log_density(sales, mean.max(1e-9), drawn.scatter)).collect();
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    logs.iter().map(|value| (value - most).exp()).collect()
}
