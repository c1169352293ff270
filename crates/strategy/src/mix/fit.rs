//! Fits the mix model and says what each channel brought: by the mode and the curvature there in milliseconds, or by sampling the
//! whole posterior. Not here: the density (`posterior`), and plans for the periods to come (`ahead`).

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use domain::Text;
use math::Random;
use rayon::prelude::*;

use super::design::{self, Design, MixData, MixSettings, PERIODS_NEEDED, Role};
use super::diagnose::{Agreement, agreement};
use super::laplace::{Laplace, Summit, climb};
use super::posterior::{Layout, Posterior};
use super::sample::{SampleSettings, Walk, walk};
use crate::budget::{interval, quantile};
use crate::{Answer, Caveat, Estimate, RunOptions, StrategyError, Support};

/// How the posterior is described.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// As [`Mode::Map`], and where that is no picture of the posterior as [`Mode::Nuts`] with its usual settings.
    Auto,
    /// The mode, and draws from the normal distribution with the curvature there, reweighted by the density (importance sampling).
    Map,
    /// Draws of the No-U-Turn sampler.
    Nuts(SampleSettings),
}

/// What channels add to season and trend might be chance, if chance adds as much in more than this share of cases.
const CHANCE_MAX: f64 = 0.05;

/// The medians of the parts may miss what was sold by so much of it; beyond, they are those of no normal distribution.
const SUM_MISSED_MAX: f64 = 0.1;

/// What the fast mode says of itself that sampling can mend.
const MENDED_BY_SAMPLING: [&str; 4] = ["not_normal", "no_convergence", "negative_baseline", "channels_explain_nothing"];

/// Draws from the normal distribution at the mode, and how many are kept of them.
const N_PROPOSED: usize = 4000;
const N_KEPT: usize = 1000;

/// Fewer effective proposals than this, and the normal distribution is no picture of the posterior.
const EFFECTIVE_NEEDED: f64 = 100.0;

/// Draws over which contributions are summed, at most; the chains are thinned evenly.
const SUMMED_MAX: usize = 2000;

/// Chains have come together below the first, and say enough above the second (Vehtari et al. 2021).
const R_HAT_MAX: f64 = 1.01;
const ESS_NEEDED: f64 = 400.0;

/// Periods per parameter below which an answer is thin.
const PERIODS_PER_PARAMETER: usize = 4;

/// One channel's effect over all periods.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ChannelEffect {
    pub name: String,
    pub spend: f64,
    /// What it brought, in the target's unit.
    pub contribution: Estimate,
    pub contribution_sd: f64,
    /// Its part of all that was sold.
    pub share: Estimate,
    /// What a coin brought on average, and what the next one would, spread as the spend was.
    pub return_on_spend: Estimate,
    pub marginal_return: Estimate,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ParameterEstimate {
    pub name: String,
    pub estimate: Estimate,
    pub sd: f64,
    /// Of sampled chains.
    pub agreement: Option<Agreement>,
}

/// How the sampling went.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Diagnostics {
    pub n_draws: usize,
    pub n_divergences: usize,
    pub n_gradients: u64,
    /// The worst of all parameters.
    pub r_hat: f64,
    pub ess_bulk: f64,
    pub ess_tail: f64,
}

/// The fitted model.
#[derive(Clone, Debug)]
pub struct MixFit {
    pub channels: Vec<ChannelEffect>,
    pub parameters: Vec<ParameterEstimate>,
    /// What would have been sold without any of the channels.
    pub baseline: Estimate,
    /// Means over the draws where they were sampled, else at the mode, by period. Shape: (n_periods).
    pub fitted: Vec<f64>,
    pub baseline_by_period: Vec<f64>,
    /// By channel and period. Shape: (n_channels, n_periods).
    pub contribution_by_period: Vec<Vec<f64>>,
    pub r_squared: f64,
    /// Of the same linear part without any channel: what calendar and controls alone explain.
    pub r_squared_without_channels: f64,
    pub log_density_at_mode: f64,
    pub diagnostics: Option<Diagnostics>,
    pub(super) design: Design,
    pub(super) layout: Layout,
    pub(super) data: MixData,
    pub(super) settings: MixSettings,
    /// Of the linear part, as the weeks are told by. Shape: (n_linear).
    linear_factors: Vec<f64>,
    /// Constrained parameters, draw by draw.
    pub(super) draws: Vec<Vec<f64>>,
}

/// Fits the model to `data`. `level` is that of the intervals. Where channels explain no more of the ups and downs than chance would, and no
/// experiment tells of them, what they brought is refused.
///
/// # Errors
/// If the data are not what the model takes (lengths, gaps between days, negative or missing values), or the run is cancelled.
pub fn fit(
    data: &MixData,
    settings: &MixSettings,
    mode: Mode,
    level: f64,
    options: &RunOptions,
) -> Result<Answer<MixFit>, StrategyError> {
    if mode != Mode::Auto {
        return fit_by(data, settings, mode, level, options);
    }
    let fast = fit_by(data, settings, Mode::Map, level, options)?;
    match fast.caveats.iter().any(|caveat| MENDED_BY_SAMPLING.contains(&caveat.kind)) {
        true => fit_by(data, settings, Mode::Nuts(SampleSettings::default()), level, options),
        false => Ok(fast),
    }
}

fn fit_by(
    data: &MixData,
    settings: &MixSettings,
    mode: Mode,
    level: f64,
    options: &RunOptions,
) -> Result<Answer<MixFit>, StrategyError> {
    design::check(data, settings)?;
    if let Mode::Nuts(sampling) = mode {
        check_sampling(&sampling)?;
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(StrategyError::unfit("level of intervals", level, "between 0 and 1"));
    }
    let (design, caveats) = design::design(data, settings);
    let names: Vec<String> = design.channels.iter().map(|at| data.channels[*at].name.clone()).collect();
    let layout = Layout::of(&design, &names, settings.adstock, settings.saturation, settings.l_max);
    let support = Support::of(design.n());
    if let Some(why) = too_thin(&design, &layout) {
        let mut refused = Answer::refused(support, why);
        refused.caveats.extend(caveats);
        return Ok(refused);
    }
    let n_params = layout.dim();
    let n = design.n();
    let mut found = describe(&design, &layout, mode, options)?;
    let of_sampling = std::mem::take(&mut found.caveats);
    let fitted = summarise(data, settings, design, layout, found, level);
    let of_chains = fitted.diagnostics.iter().flat_map(Diagnostics::caveats);
    let of_size = (n < PERIODS_PER_PARAMETER * n_params).then(|| few_periods(n, n_params));
    let mut all: Vec<Caveat> = caveats.into_iter().chain(of_size).chain(of_sampling).chain(of_chains).collect();
    all.extend(at_odds(&fitted));
    if fitted.design.lifts.is_empty() {
        all.push(Caveat::new(
            "not_causal",
            "花费不是随机变动的：同时推动花费和销售、又不在数据列里的因素，会被算作渠道的贡献，区间不包含这种误差。",
            "Spends did not move at random: what moved spends and sales together and is in no column counts as the channels' doing, and \
             no interval holds that.",
        ));
    }
    let wanted = experiment_wanted(&fitted);
    if let Some(why) = unexplained(&fitted, n_params) {
        if fitted.design.lifts.is_empty() {
            let mut refused = Answer::refused(support, why).changed_by(wanted);
            refused.caveats.extend(all);
            return Ok(refused);
        }
        all.push(why);
    }
    let answer = Answer::given(fitted, support).changed_by(wanted);
    Ok(all.into_iter().fold(answer, Answer::doubted))
}

fn check_sampling(sampling: &SampleSettings) -> Result<(), StrategyError> {
    for (what, found, allowed) in [
        ("chains", sampling.n_chains, 1..=64),
        ("draws a chain", sampling.n_draws, 4..=100_000),
        ("tuning steps", sampling.n_tune, 50..=100_000),
    ] {
        if !allowed.contains(&found) {
            return Err(StrategyError::unfit(what, found, format!("{} to {}", allowed.start(), allowed.end())));
        }
    }
    if !(0.5..1.0).contains(&sampling.target_accept) {
        return Err(StrategyError::unfit("share of steps to accept", sampling.target_accept, "0.5 to below 1"));
    }
    Ok(())
}

fn too_thin(design: &Design, layout: &Layout) -> Option<Caveat> {
    let (n, n_params) = (design.n(), layout.dim());
    if design.spends.is_empty() {
        return Some(Caveat::new(
            "no_channel_moves",
            "没有任何渠道的花费有变化，无法估计效果。",
            "No channel's spend ever changes: no effect can be estimated.",
        ));
    }
    if design.target.iter().all(|one| *one == design.target[0]) {
        return Some(Caveat::new(
            "constant_target",
            "每期销售额完全相同，没有可以解释的变化。",
            "The same was sold in every period: there is nothing to explain.",
        ));
    }
    (n < PERIODS_NEEDED || n <= n_params).then(|| few_periods(n, n_params))
}

/// Spends that explain nothing: the F test of the model against the one without channels, a channel counted as one more parameter. It
/// has more of them, which are held by their priors; the rest is left to all of them.
fn unexplained(fit: &MixFit, n_params: usize) -> Option<Caveat> {
    let n_channels = fit.channels.len() as f64;
    let rest = (fit.design.n() - n_params) as f64;
    let (with, without) = (fit.r_squared, fit.r_squared_without_channels);
    let statistic = (with - without) / n_channels / ((1.0 - with) / rest);
    // What is no number is not told apart from chance either.
    let is_told = statistic > 0.0 && math::distributions::f_upper(statistic, n_channels, rest) < CHANCE_MAX;
    let (with, without) = (100.0 * with, 100.0 * without);
    (!is_told).then(|| {
        Caveat::new(
            "channels_explain_nothing",
            format!(
                "加上渠道花费能解释 {with:.0}% 的波动，只看季节和趋势是 {without:.0}%，多出的部分与偶然分不开：看不出各渠道带来了什么。"
            ),
            format!(
                "With spends {with:.0} % of the ups and downs are explained, by season and trend alone {without:.0} %: no more than chance \
                 would add. What channels brought cannot be told."
            ),
        )
    })
}

/// Parts that cannot be right: sales below zero without channels, or a sum that is not what was sold.
fn at_odds(fit: &MixFit) -> Vec<Caveat> {
    let mut caveats = Vec::new();
    if fit.baseline.low < 0.0 || fit.baseline_by_period.iter().any(|one| *one < 0.0) {
        caveats.push(Caveat::new(
            "negative_baseline",
            "没有渠道时的销售额算出来可能低于 0，这不可能：渠道的贡献算高了。",
            "Without channels sales could come out below 0, which cannot be: what channels brought is told too high.",
        ));
    }
    let sold: f64 = fit.data.target.iter().sum();
    let parts = fit.baseline.value + fit.channels.iter().map(|one| one.contribution.value).sum::<f64>();
    if fit.diagnostics.is_none() && (parts - sold).abs() > SUM_MISSED_MAX * sold {
        caveats.push(not_normal());
    }
    caveats
}

fn few_periods(n: usize, n_params: usize) -> Caveat {
    Caveat::new(
        "few_periods",
        format!("{n} 期数据要估计 {n_params} 个参数，太少：结果主要取决于先验。"),
        format!("{n} periods for {n_params} parameters are few: the answer is mostly the priors'."),
    )
}

/// What to test next: the channel with money in it whose return is least known.
fn experiment_wanted(fit: &MixFit) -> Text {
    let doubt = |effect: &&ChannelEffect| (effect.contribution.high - effect.contribution.low).abs();
    let widest = fit.channels.iter().max_by(|a, b| doubt(a).total_cmp(&doubt(b)));
    let name = widest.map_or("", |effect| effect.name.as_str());
    Text::new(
        format!("在部分地区增减“{name}”花费的实验：它的贡献最不确定。"),
        format!(
            "An experiment that moves the spend of '{name}' in some regions: its contribution is the least certain."
        ),
    )
}

/// The posterior as draws on the scale of sampling.
struct Found {
    summit: Summit,
    points: Vec<Vec<f64>>,
    chains: Vec<Walk>,
    caveats: Vec<Caveat>,
}

fn describe(design: &Design, layout: &Layout, mode: Mode, options: &RunOptions) -> Result<Found, StrategyError> {
    let posterior = Posterior::new(design, layout);
    let mut own = posterior.clone();
    let mut density = |point: &[f64], gradient: &mut [f64]| own.at(point, gradient);
    let summit = best_summit(&mut density, &posterior);
    let laplace = Laplace::at(&mut density, &summit.point);
    if !(options.progress)(0.05) {
        return Err(StrategyError::Cancelled);
    }
    let mut caveats = Vec::new();
    let (points, chains) = match mode {
        Mode::Auto | Mode::Map => {
            if !summit.is_found || !laplace.is_peak {
                caveats.push(no_mode());
            }
            (reweighted(&mut density, &laplace, options.seed, &mut caveats), Vec::new())
        }
        Mode::Nuts(sampling) => {
            let chains = walk_all(&posterior, &laplace, &sampling, options)?;
            let points = chains.iter().flat_map(|chain| chain.points.iter().cloned()).collect::<Vec<_>>();
            if let Some(why) = chains.iter().find_map(|chain| chain.broken.as_ref()) {
                caveats.push(broken(why));
            }
            if points.len() < 4 {
                // That it broke off is said already.
                (reweighted(&mut density, &laplace, options.seed, &mut Vec::new()), Vec::new())
            } else {
                (points, chains)
            }
        }
    };
    Ok(Found { summit, points, chains, caveats })
}

/// Climbs from several points: curves with two parameters each may have more than one summit.
fn best_summit(density: &mut dyn FnMut(&[f64], &mut [f64]) -> f64, posterior: &Posterior) -> Summit {
    let middle = posterior.start();
    let first_media = posterior.layout.n_linear + 1;
    let mut best = climb(density, &middle);
    for shift in [-1.0, 1.0] {
        let mut start = middle.clone();
        start[first_media..].iter_mut().for_each(|one| *one += shift);
        let other = climb(density, &start);
        if other.log_density > best.log_density + 1e-6 {
            best = other;
        }
    }
    best
}

fn no_mode() -> Caveat {
    Caveat::new(
        "no_convergence",
        "没有找到明确的最优点，区间不可靠；请改用抽样方式（mode=nuts）。",
        "No clear optimum was found and the intervals are not to be trusted; sample instead (mode=nuts).",
    )
}

fn not_normal() -> Caveat {
    Caveat::new(
        "not_normal",
        "后验分布远非正态，快速方式的区间只是粗略的；请改用抽样方式（mode=nuts）。",
        "The posterior is far from normal and the fast mode's intervals are rough; sample instead (mode=nuts).",
    )
}

fn broken(why: &str) -> Caveat {
    Caveat::new(
        "no_convergence",
        format!("抽样中途停止（{why}），结果不可靠。"),
        format!("The sampling broke off ({why}); the answer is not to be trusted."),
    )
}

/// Draws of the normal distribution at the mode, resampled by density over proposal, large weights cut off at the mean weight
/// times the root of their number (Ionides 2008).
fn reweighted(
    density: &mut dyn FnMut(&[f64], &mut [f64]) -> f64,
    laplace: &Laplace,
    seed: u64,
    caveats: &mut Vec<Caveat>,
) -> Vec<Vec<f64>> {
    let mut random = Random::new(seed);
    let dim = laplace.mode.len();
    let mut gradient = vec![0.0; dim];
    let (mut points, mut logs) = (Vec::with_capacity(N_PROPOSED), Vec::with_capacity(N_PROPOSED));
    for _ in 0..N_PROPOSED {
        let z: Vec<f64> = (0..dim).map(|_| random.normal()).collect();
        let mut point = vec![0.0; dim];
        laplace.point(&z, &mut point);
        let log = density(&point, &mut gradient) + 0.5 * z.iter().map(|one| one * one).sum::<f64>();
        logs.push(if log.is_finite() { log } else { f64::NEG_INFINITY });
        points.push(point);
    }
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut weights: Vec<f64> = logs.iter().map(|log| (log - largest).exp()).collect();
    let cut = weights.iter().sum::<f64>() / (N_PROPOSED as f64).sqrt();
    weights.iter_mut().for_each(|weight| *weight = weight.min(cut));
    if !largest.is_finite() || crate::answer::effective_n(weights.iter().copied()) < EFFECTIVE_NEEDED {
        caveats.push(not_normal());
        points.truncate(N_KEPT);
        return points;
    }
    systematic(&weights, N_KEPT, random.uniform()).into_iter().map(|at| points[at].clone()).collect()
}

/// `n` indices, each as often as its weight says, to less than one (systematic resampling).
fn systematic(weights: &[f64], n: usize, offset: f64) -> Vec<usize> {
    let step = weights.iter().sum::<f64>() / n as f64;
    let (mut at, mut reached) = (0, weights[0]);
    let pick = |draw: usize| {
        let wanted = (draw as f64 + offset) * step;
        while reached < wanted && at + 1 < weights.len() {
            at += 1;
            reached += weights[at];
        }
        at
    };
    (0..n).map(pick).collect()
}

fn walk_all(
    posterior: &Posterior,
    laplace: &Laplace,
    sampling: &SampleSettings,
    options: &RunOptions,
) -> Result<Vec<Walk>, StrategyError> {
    let (done, cancelled) = (AtomicUsize::new(0), AtomicBool::new(false));
    let all = (sampling.n_chains * (sampling.n_tune + sampling.n_draws)) as f64;
    let go_on = |step: usize| {
        let steps = done.fetch_add(if step == 0 { 0 } else { 50 }, Ordering::Relaxed);
        if !(options.progress)((0.05 + 0.9 * steps as f64 / all).min(0.95)) {
            cancelled.store(true, Ordering::Relaxed);
        }
        !cancelled.load(Ordering::Relaxed)
    };
    let one = |chain: usize| walk(posterior, laplace, sampling, options.seed, chain as u64, &go_on);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.n_threads.max(1)).build();
    let chains = match pool {
        Ok(pool) => pool.install(|| (0..sampling.n_chains).into_par_iter().map(one).collect()),
        Err(_) => (0..sampling.n_chains).map(one).collect::<Vec<_>>(),
    };
    if cancelled.load(Ordering::Relaxed) { Err(StrategyError::Cancelled) } else { Ok(chains) }
}

fn summarise(
    data: &MixData,
    settings: &MixSettings,
    design: Design,
    layout: Layout,
    found: Found,
    level: f64,
) -> MixFit {
    let draws: Vec<Vec<f64>> = found.points.iter().map(|point| layout.constrained(point)).collect();
    let is_sampled = !found.chains.is_empty();
    let estimate = |values: &[f64]| if is_sampled { interval(values, level) } else { around_median(values, level) };
    let parameters = parameters(&layout, &draws, &found.chains, &estimate);
    let diagnostics = is_sampled.then(|| diagnostics(&found.chains, &parameters));
    let sums = Sums::of(&design, &layout, &draws);
    let scale = design.target_scale;
    let sold: f64 = data.target.iter().sum();
    let effect = |channel: usize| {
        let spend: f64 = data.channels[design.channels[channel]].values.iter().sum();
        let contribution = estimate(&sums.contribution[channel]).scaled(scale);
        ChannelEffect {
            name: data.channels[design.channels[channel]].name.clone(),
            spend,
            contribution,
            contribution_sd: deviation(&sums.contribution[channel]) * scale,
            share: contribution.scaled(1.0 / sold),
            return_on_spend: contribution.scaled(1.0 / spend),
            marginal_return: estimate(&sums.marginal[channel]).scaled(scale / spend),
        }
    };
    // A mean over draws of logarithms follows their far end, so without sampling the weeks are told at the mode.
    let mode = [layout.constrained(&found.summit.point)];
    let of = if is_sampled { &draws[..] } else { &mode[..] };
    let mean = |at: usize| of.iter().map(|draw| draw[at]).sum::<f64>() / of.len() as f64;
    let linear_factors = (0..design.linear.len()).map(mean).collect();
    let of_mode = (!is_sampled).then(|| Sums::of(&design, &layout, &mode));
    let weekly = of_mode.as_ref().unwrap_or(&sums);
    let fitted: Vec<f64> = (0..design.n())
        .map(|row| scale * (weekly.linear[row] + weekly.parts.iter().map(|part| part[row]).sum::<f64>()))
        .collect();
    MixFit {
        channels: (0..design.spends.len()).map(effect).collect(),
        parameters,
        baseline: estimate(&sums.baseline).scaled(scale),
        r_squared: r_squared(&data.target, &fitted),
        r_squared_without_channels: r_squared(&data.target, &without_channels(&design)),
        fitted,
        baseline_by_period: weekly.linear.iter().map(|one| one * scale).collect(),
        contribution_by_period: weekly.parts.iter().map(|part| part.iter().map(|one| one * scale).collect()).collect(),
        log_density_at_mode: found.summit.log_density,
        diagnostics,
        design,
        layout,
        data: data.clone(),
        settings: settings.clone(),
        linear_factors,
        draws,
    }
}

/// The median with its quantiles: a mean would follow the far end of a normal distribution of logarithms.
fn around_median(values: &[f64], level: f64) -> Estimate {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| quantile(&sorted, share);
    Estimate { value: at(0.5), low: at((1.0 - level) / 2.0), high: at((1.0 + level) / 2.0), level }
}

fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|one| (one - mean) * (one - mean)).sum::<f64>() / values.len() as f64).sqrt()
}

fn parameters(
    layout: &Layout,
    draws: &[Vec<f64>],
    chains: &[Walk],
    estimate: &dyn Fn(&[f64]) -> Estimate,
) -> Vec<ParameterEstimate> {
    let one = |at: usize| {
        let values: Vec<f64> = draws.iter().map(|draw| draw[at]).collect();
        let of_chain = |chain: &Walk| chain.points.iter().map(|point| point[at]).collect::<Vec<f64>>();
        let agreement = (!chains.is_empty()).then(|| agreement(&chains.iter().map(of_chain).collect::<Vec<_>>()));
        ParameterEstimate {
            name: layout.names[at].clone(),
            estimate: estimate(&values),
            sd: deviation(&values),
            agreement,
        }
    };
    (0..layout.dim()).map(one).collect()
}

fn diagnostics(chains: &[Walk], parameters: &[ParameterEstimate]) -> Diagnostics {
    let agreements = || parameters.iter().filter_map(|one| one.agreement);
    let worst = |of: &dyn Fn(Agreement) -> f64| agreements().map(of).fold(f64::INFINITY, f64::min);
    Diagnostics {
        n_draws: chains.iter().map(|chain| chain.points.len()).sum(),
        n_divergences: chains.iter().map(|chain| chain.n_divergences).sum(),
        n_gradients: chains.iter().map(|chain| chain.n_gradients).sum(),
        r_hat: agreements().map(|one| one.r_hat).fold(0.0, f64::max),
        ess_bulk: worst(&|one| one.ess_bulk),
        ess_tail: worst(&|one| one.ess_tail),
    }
}

impl Diagnostics {
    fn caveats(&self) -> Vec<Caveat> {
        let mut caveats = Vec::new();
        let Diagnostics { r_hat, ess_bulk, n_divergences, n_draws, .. } = self;
        // A comparison that is true of a number that is none, too.
        let has_converged = *r_hat < R_HAT_MAX && *ess_bulk >= ESS_NEEDED;
        if !has_converged {
            caveats.push(Caveat::new(
                "no_convergence",
                format!("抽样尚未收敛（R-hat {r_hat:.3}，有效样本 {ess_bulk:.0}），结果不可靠。更多周的数据、更少的渠道会有帮助；在 lab 里也可以增大 n_draws。"),
                format!("The chains have not come together (R-hat {r_hat:.3}, effective sample size {ess_bulk:.0}): the answer is not to be trusted. More weeks or fewer channels help; in the lab, a larger n_draws."),
            ));
        }
        if *n_divergences > n_draws / 1000 {
            caveats.push(Caveat::new(
                "divergences",
                format!("{n_draws} 次抽样中有 {n_divergences} 次发散，部分区域没有走到，区间可能偏窄。合并花费很少的渠道会有帮助；在 lab 里也可以提高 target_accept。"),
                format!("{n_divergences} of {n_draws} draws diverged, so part of the posterior was not reached and intervals may be too narrow. Channels of little spend put together help; in the lab, a higher target_accept."),
            ));
        }
        caveats
    }
}

/// Sums over the draws, on the model's scale.
struct Sums {
    /// By channel and draw.
    contribution: Vec<Vec<f64>>,
    marginal: Vec<Vec<f64>>,
    baseline: Vec<f64>,
    /// Means over the draws: of the linear part by period, of each channel by period.
    linear: Vec<f64>,
    parts: Vec<Vec<f64>>,
}

impl Sums {
    fn of(design: &Design, layout: &Layout, draws: &[Vec<f64>]) -> Self {
        let (n, n_channels) = (design.n(), design.spends.len());
        let stride = draws.len().div_ceil(SUMMED_MAX).max(1);
        let thinned: Vec<&Vec<f64>> = draws.iter().step_by(stride).collect();
        let weight = 1.0 / thinned.len() as f64;
        let mut sums = Sums {
            contribution: vec![Vec::new(); n_channels],
            marginal: vec![Vec::new(); n_channels],
            baseline: Vec::new(),
            linear: vec![0.0; n],
            parts: vec![vec![0.0; n]; n_channels],
        };
        let mut posterior = Posterior::new(design, layout);
        let (mut parts, mut by_spend) = (vec![vec![0.0; n]; n_channels], vec![vec![0.0; n]; n_channels]);
        let of_columns: Vec<f64> = design.linear.iter().map(|(_, _, column)| column.iter().sum()).collect();
        for params in thinned {
            posterior.contributions(params, &mut parts, &mut by_spend);
            for channel in 0..n_channels {
                sums.contribution[channel].push(parts[channel].iter().sum());
                sums.marginal[channel].push(by_spend[channel].iter().sum());
                sums.parts[channel].iter_mut().zip(&parts[channel]).for_each(|(sum, one)| *sum += weight * one);
            }
            sums.baseline.push(of_columns.iter().zip(params).map(|(column, factor)| column * factor).sum());
            for ((_, _, column), factor) in design.linear.iter().zip(params) {
                sums.linear.iter_mut().zip(column).for_each(|(sum, x)| *sum += weight * factor * x);
            }
        }
        sums
    }
}

fn r_squared(target: &[f64], fitted: &[f64]) -> f64 {
    let mean = target.iter().sum::<f64>() / target.len() as f64;
    let rest: f64 = target.iter().zip(fitted).map(|(a, b)| (a - b) * (a - b)).sum();
    1.0 - rest / target.iter().map(|one| (one - mean) * (one - mean)).sum::<f64>()
}

/// Least squares of the linear part alone, by the same climb: the baseline that needs no channel.
fn without_channels(design: &Design) -> Vec<f64> {
    let bare = Design {
        spends: Vec::new(),
        channels: Vec::new(),
        lifts: Vec::new(),
        spend_scales: Vec::new(),
        ..design.clone()
    };
    let layout = Layout::of(&bare, &[], super::Adstock::Geometric, super::Saturation::Logistic, 1);
    let mut posterior = Posterior::new(&bare, &layout);
    let start = posterior.start();
    let summit = climb(&mut |point, gradient| posterior.at(point, gradient), &start);
    let at = |row: usize| {
        bare.linear.iter().zip(&summit.point).map(|((_, _, column), factor)| factor * column[row]).sum::<f64>()
    };
    (0..bare.n()).map(|row| design.target_scale * at(row)).collect()
}

impl MixFit {
    /// What holidays, season and the like are worth by period, as `baseline_by_period` is: (name, values). Shape: (n_periods).
    pub fn baseline_parts(&self) -> Vec<(String, Vec<f64>)> {
        let mut parts: Vec<(String, Vec<f64>)> = Vec::new();
        for (at, (role, name, column)) in self.design.linear.iter().enumerate() {
            let name = if *role == Role::Season { "season" } else { name.as_str() };
            let factor = self.linear_factors[at] * self.design.target_scale;
            let values = column.iter().map(|x| x * factor);
            match parts.iter_mut().find(|(other, _)| other == name) {
                Some((_, sum)) => sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value),
                None => parts.push((name.to_owned(), values.collect())),
            }
        }
        parts
    }
}
