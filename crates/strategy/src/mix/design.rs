//! From columns as they come to the numbers that the model sees: checked, scaled, with trend, season and holidays beside them, and
//! with what speaks against them found and said. Not here: priors and the model itself (`posterior`).

use domain::Day;

use super::holidays::{self, Market};
use super::{Adstock, LAGS_MAX, Saturation};
use crate::{Caveat, StrategyError};

/// Sizes that are accepted, at most.
pub const PERIODS_MAX: usize = 20_000;
pub const CHANNELS_MAX: usize = 100;
const CONTROLS_MAX: usize = 200;
const HARMONICS_MAX: usize = 20;
const KNOTS_MAX: usize = 50;

/// Fewer periods are refused: a year of months, a quarter of weeks and a bit.
pub(super) const PERIODS_NEEDED: usize = 16;

/// Above this correlation two channels are told apart by their priors more than by the data.
const CORRELATION_MAX: f64 = 0.9;

/// A column by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    pub name: String,
    /// Shape: (n_periods).
    pub values: Vec<f64>,
}

/// What was spent and sold, period by period, without a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct MixData {
    /// First day of each period.
    pub days: Vec<Day>,
    /// What was sold in each period, 0 or more.
    pub target: Vec<f64>,
    /// What was spent (or shown) on each channel, 0 or more.
    pub channels: Vec<Named>,
    /// Anything else that moves sales.
    pub controls: Vec<Named>,
    /// The price level, above 0; enters as its logarithm.
    pub price: Option<Vec<f64>>,
}

/// A lift that was measured by an experiment: at a steady spend per period, so much more spend brought so much more per period.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    pub channel: String,
    pub spend: f64,
    pub spend_change: f64,
    /// In the target's unit, per period.
    pub lift: f64,
    /// Its standard error.
    pub lift_sd: f64,
}

/// What the model is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct MixSettings {
    pub adstock: Adstock,
    pub saturation: Saturation,
    /// How many periods a spend works, at most.
    pub l_max: usize,
    /// A straight line over time.
    pub has_trend: bool,
    /// Places, evenly apart, at which the line may bend: sales that level off are otherwise credited to channels.
    pub n_knots: usize,
    /// Sines and cosines of the year, of this many frequencies.
    pub n_harmonics: usize,
    pub market: Market,
    pub experiments: Vec<Experiment>,
}

impl Default for MixSettings {
    fn default() -> Self {
        MixSettings {
            adstock: Adstock::Geometric,
            saturation: Saturation::Logistic,
            l_max: 8,
            has_trend: true,
            n_knots: 0,
            n_harmonics: 2,
            market: Market::None,
            experiments: Vec::new(),
        }
    }
}

/// What a column of the linear part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Intercept,
    Trend,
    Bend,
    Season,
    Holiday,
    Control,
    Price,
}

/// An experiment on the model's scale.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lift {
    pub channel: usize,
    pub from: f64,
    pub to: f64,
    pub lift: f64,
    pub sd: f64,
}

/// The model's own numbers.
#[derive(Clone, Debug)]
pub(super) struct Design {
    pub target: Vec<f64>,
    pub target_scale: f64,
    pub linear: Vec<(Role, String, Vec<f64>)>,
    /// Divisors of the controls, in their order.
    pub control_scales: Vec<f64>,
    pub price_mean_log: f64,
    /// Indices into the data's channels, scaled spends and their divisors.
    pub channels: Vec<usize>,
    pub spends: Vec<Vec<f64>>,
    pub spend_scales: Vec<f64>,
    pub lifts: Vec<Lift>,
}

impl Design {
    pub fn n(&self) -> usize {
        self.target.len()
    }
}

/// # Errors
/// If lengths differ, days are not evenly apart, a value is not allowed, or sizes are above what is accepted.
pub(super) fn check(data: &MixData, settings: &MixSettings) -> Result<(), StrategyError> {
    let n = data.target.len();
    if n == 0 {
        return Err(StrategyError::Empty { needed: PERIODS_NEEDED });
    }
    for (what, found, most) in [
        ("periods", n, PERIODS_MAX),
        ("channels", data.channels.len(), CHANNELS_MAX),
        ("controls", data.controls.len(), CONTROLS_MAX),
        ("frequencies of the season", settings.n_harmonics, HARMONICS_MAX),
        ("bends of the trend", settings.n_knots, KNOTS_MAX),
    ] {
        if found > most {
            return Err(StrategyError::unfit(what, found, format!("at most {most}")));
        }
    }
    if data.channels.is_empty() {
        return Err(StrategyError::unfit("channels", 0, "at least 1"));
    }
    if settings.l_max == 0 || settings.l_max > LAGS_MAX {
        return Err(StrategyError::unfit("longest carry-over", settings.l_max, format!("1 to {LAGS_MAX} periods")));
    }
    check_days(&data.days, n)?;
    let column = |what: &str, values: &[f64], is_allowed: &dyn Fn(f64) -> bool, allowed: &str| {
        if values.len() != n {
            return Err(StrategyError::Length { what: what.to_owned(), found: values.len(), expected: n });
        }
        match values.iter().position(|value| !(value.is_finite() && is_allowed(*value))) {
            Some(row) => Err(StrategyError::bad_value(what, row, values[row], allowed)),
            None => Ok(()),
        }
    };
    column(
        "target",
        &data.target,
        &|value| value >= 0.0,
        "0 or more; what was returned belongs into a column of its own",
    )?;
    for channel in &data.channels {
        column(&format!("channel '{}'", channel.name), &channel.values, &|value| value >= 0.0, "0 or more")?;
    }
    for control in &data.controls {
        column(&format!("control '{}'", control.name), &control.values, &|_| true, "a finite number")?;
    }
    if let Some(price) = &data.price {
        column("price", price, &|value| value > 0.0, "above 0")?;
    }
    settings.experiments.iter().enumerate().try_for_each(|(row, experiment)| check_experiment(row, experiment, data))
}

fn check_experiment(row: usize, experiment: &Experiment, data: &MixData) -> Result<(), StrategyError> {
    let Experiment { channel, spend, spend_change, lift, lift_sd } = experiment;
    if !data.channels.iter().any(|one| one.name == *channel) {
        let found = data.channels.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(StrategyError::bad_value("experiments", row, format!("channel '{channel}'"), found));
    }
    let numbers_are_fine = spend.is_finite() && *spend >= 0.0 && spend + spend_change >= 0.0 && *spend_change != 0.0;
    if !(numbers_are_fine && spend_change.is_finite() && lift.is_finite() && lift_sd.is_finite() && *lift_sd > 0.0) {
        let found = format!("spend {spend}, change {spend_change}, lift {lift} ± {lift_sd}");
        let allowed = "spends of 0 or more, a change other than 0, a standard error above 0";
        return Err(StrategyError::bad_value("experiments", row, found, allowed));
    }
    Ok(())
}

/// Days evenly apart, or the same day of consecutive months.
fn check_days(days: &[Day], n: usize) -> Result<(), StrategyError> {
    if days.len() != n {
        return Err(StrategyError::Length { what: "days".to_owned(), found: days.len(), expected: n });
    }
    let month =
        |day: &Day| day.to_date().map(|date| (i32::from(date.year()) * 12 + i32::from(date.month()), date.day()));
    let is_monthly = days.windows(2).all(|pair| match (month(&pair[0]), month(&pair[1])) {
        (Some((a, first)), Some((b, second))) => b == a + 1 && first == second,
        _ => false,
    });
    if n < 2 || is_monthly {
        return Ok(());
    }
    let mut steps: Vec<i32> = days.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    let as_found = steps.clone();
    steps.sort_unstable();
    let usual = steps[steps.len() / 2].max(1);
    match as_found.iter().position(|step| *step != usual) {
        None => Ok(()),
        Some(at) => {
            let allowed = format!(
                "{}, {usual} days after the row above; a period without spend or sales is a row with 0",
                Day(days[at].0 + usual)
            );
            Err(StrategyError::bad_value("date", at + 1, days[at + 1], allowed))
        }
    }
}

/// Scales and collects; the caveats say what cannot be told from these data. `check` has passed.
pub(super) fn design(data: &MixData, settings: &MixSettings) -> (Design, Vec<Caveat>) {
    let mut caveats = Vec::new();
    let channels = telling_channels(data, &mut caveats);
    let largest = |values: &[f64]| values.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    let or_one = |scale: f64| if scale > 0.0 { scale } else { 1.0 };
    let target_scale = or_one(largest(&data.target));
    let spend_scales: Vec<f64> = channels.iter().map(|at| or_one(largest(&data.channels[*at].values))).collect();
    let scaled = |values: &[f64], scale: f64| values.iter().map(|value| value / scale).collect::<Vec<_>>();
    let spends: Vec<Vec<f64>> =
        channels.iter().zip(&spend_scales).map(|(at, scale)| scaled(&data.channels[*at].values, *scale)).collect();
    let control_scales: Vec<f64> = data.controls.iter().map(|control| or_one(largest(&control.values))).collect();
    let logs = |price: &Vec<f64>| price.iter().map(|price| price.ln()).sum::<f64>() / price.len() as f64;
    let mut design = Design {
        target: scaled(&data.target, target_scale),
        target_scale,
        linear: Vec::new(),
        control_scales,
        price_mean_log: data.price.as_ref().map_or(0.0, logs),
        channels,
        spends,
        spend_scales,
        lifts: Vec::new(),
    };
    let span = Span { days: &data.days, offset: 0, controls: &data.controls, price: data.price.as_deref() };
    design.linear = linear(&design, &span, settings);
    design.linear.retain(is_telling);
    design.lifts = lifts(&design, data, settings);
    collinear(&design, data, &mut caveats);
    (design, caveats)
}

/// Channels that move; the others are named.
fn telling_channels(data: &MixData, caveats: &mut Vec<Caveat>) -> Vec<usize> {
    let mut kept = Vec::new();
    for (at, channel) in data.channels.iter().enumerate() {
        let (first, name) = (channel.values[0], &channel.name);
        if channel.values.iter().any(|value| *value != first) {
            kept.push(at);
        } else if first == 0.0 {
            caveats.push(Caveat::new(
                "zero_channel",
                format!("渠道“{name}”从未花过钱，无法估计，已略去。"),
                format!("Nothing was ever spent on '{name}': it cannot be estimated and is left out."),
            ));
        } else {
            caveats.push(Caveat::new(
                "constant_channel",
                format!("渠道“{name}”每期花费相同，其效果与基线无法区分，已略去（算在基线里）。"),
                format!("'{name}' had the same spend in every period: its effect cannot be told from the baseline, where it is counted."),
            ));
        }
    }
    kept
}

/// Periods and what is known of them.
struct Span<'a> {
    days: &'a [Day],
    /// Periods between the first that was learned from and the first of these.
    offset: usize,
    controls: &'a [Named],
    price: Option<&'a [f64]>,
}

/// The columns of the linear part for a span of periods.
fn linear(design: &Design, span: &Span, settings: &MixSettings) -> Vec<(Role, String, Vec<f64>)> {
    let &Span { days, offset, controls, price } = span;
    let n = design.n();
    let mut all = vec![(Role::Intercept, "intercept".to_owned(), vec![1.0; days.len()])];
    if settings.has_trend {
        let at = |row: usize| (row + offset) as f64 / (n.max(2) - 1) as f64;
        all.push((Role::Trend, "trend".to_owned(), (0..days.len()).map(at).collect()));
        for knot in 1..=settings.n_knots {
            let from = knot as f64 / (settings.n_knots + 1) as f64;
            let after = (0..days.len()).map(|row| (at(row) - from).max(0.0)).collect();
            all.push((Role::Bend, format!("trend_bend_{knot}"), after));
        }
    }
    for k in 1..=settings.n_harmonics {
        let angle = |day: &Day| {
            let of_year = day.to_date().map_or(0.0, |date| f64::from(date.day_of_year()));
            std::f64::consts::TAU * k as f64 * of_year / 365.25
        };
        all.push((Role::Season, format!("sin_{k}"), days.iter().map(|day| angle(day).sin()).collect()));
        all.push((Role::Season, format!("cos_{k}"), days.iter().map(|day| angle(day).cos()).collect()));
    }
    for (holiday, column) in holidays::columns(days, settings.market) {
        all.push((Role::Holiday, holiday.key.to_owned(), column));
    }
    for (control, scale) in controls.iter().zip(&design.control_scales) {
        all.push((Role::Control, control.name.clone(), control.values.iter().map(|value| value / scale).collect()));
    }
    if let Some(price) = price {
        all.push((Role::Price, "price".to_owned(), price.iter().map(|one| one.ln() - design.price_mean_log).collect()));
    }
    all
}

/// Whether a column says anything beside the intercept.
fn is_telling((role, _, values): &(Role, String, Vec<f64>)) -> bool {
    *role == Role::Intercept || values.iter().any(|value| *value != values[0])
}

/// The learned columns for periods to come, right after the last that was learned from; a holiday that is not in them is 0.
///
/// # Errors
/// If a control or the price is missing, or has another length than `days`.
pub(super) fn linear_ahead(
    design: &Design,
    data: &MixData,
    days: &[Day],
    controls: &[Named],
    price: Option<&[f64]>,
    settings: &MixSettings,
) -> Result<Vec<Vec<f64>>, StrategyError> {
    let ordered = data.controls.iter().map(|wanted| {
        let found = controls.iter().find(|one| one.name == wanted.name);
        found.cloned().ok_or_else(|| StrategyError::NoColumn {
            name: wanted.name.clone(),
            found: controls.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", "),
        })
    });
    let ordered = ordered.collect::<Result<Vec<_>, _>>()?;
    if data.price.is_some() && price.is_none() {
        return Err(StrategyError::NoColumn { name: "price".to_owned(), found: String::new() });
    }
    let lengths = ordered.iter().map(|one| (one.name.clone(), one.values.len()));
    for (what, found) in lengths.chain(price.map(|price| ("price".to_owned(), price.len()))) {
        if found != days.len() {
            return Err(StrategyError::Length { what, found, expected: days.len() });
        }
    }
    let price = data.price.as_ref().and(price);
    let ahead = linear(design, &Span { days, offset: design.n(), controls: &ordered, price }, settings);
    let of = |(role, name, _): &(Role, String, Vec<f64>)| {
        let found = ahead.iter().find(|(other, other_name, _)| other == role && other_name == name);
        found.map_or_else(|| vec![0.0; days.len()], |(_, _, values)| values.clone())
    };
    Ok(design.linear.iter().map(of).collect())
}

fn lifts(design: &Design, data: &MixData, settings: &MixSettings) -> Vec<Lift> {
    let of = |experiment: &Experiment| {
        let channel = design.channels.iter().position(|at| data.channels[*at].name == experiment.channel)?;
        let scale = design.spend_scales[channel];
        Some(Lift {
            channel,
            from: experiment.spend / scale,
            to: (experiment.spend + experiment.spend_change) / scale,
            lift: experiment.lift / design.target_scale,
            sd: experiment.lift_sd / design.target_scale,
        })
    };
    settings.experiments.iter().filter_map(of).collect()
}

/// Names pairs of channels that move together, and channels that follow a control.
fn collinear(design: &Design, data: &MixData, caveats: &mut Vec<Caveat>) {
    let name = |channel: usize| data.channels[design.channels[channel]].name.as_str();
    let mut found = Vec::new();
    for (a, spend) in design.spends.iter().enumerate() {
        for (b, other) in design.spends.iter().enumerate().skip(a + 1) {
            found.push((correlation(spend, other), name(a), name(b)));
        }
        for (_, control, values) in
            design.linear.iter().filter(|(role, _, _)| matches!(role, Role::Control | Role::Price))
        {
            found.push((correlation(spend, values), name(a), control.as_str()));
        }
    }
    for (correlation, a, b) in found.into_iter().filter(|(correlation, _, _)| correlation.abs() > CORRELATION_MAX) {
        caveats.push(Caveat::new(
            "collinear_channels",
            format!("“{a}”与“{b}”几乎同步变化（相关系数 {correlation:.2}）：数据分不清是谁的功劳，两者的区间因此很宽，应合起来看。"),
            format!(
                "'{a}' and '{b}' move together (correlation {correlation:.2}): the data cannot tell whose effect it is. Their \
                 intervals are wide for that; read them together."
            ),
        ));
    }
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let sums = a.iter().zip(b).fold((0.0, 0.0, 0.0), |sum, (a, b)| {
        let (a, b) = (a - mean_a, b - mean_b);
        (sum.0 + a * b, sum.1 + a * a, sum.2 + b * b)
    });
    if sums.1 > 0.0 && sums.2 > 0.0 { sums.0 / (sums.1 * sums.2).sqrt() } else { 0.0 }
}
