//! What will sell: the shop's own sales by day, week or month, in all and by category, brand, channel, store or product,
//! forecast so that parts and whole add up.

use std::collections::BTreeMap;
use std::ops::Range;

use data::Shop;
use data::arrow::array::Array;
use domain::Day;
use serde::{Deserialize, Serialize};
use strategy::forecast::hierarchy::forecast_agreed;
use strategy::forecast::reconcile::{Hierarchy, Weighting};
use strategy::forecast::season::is_seasonal;
use strategy::forecast::{Forecast, Method, Options, backtest};
use utoipa::ToSchema;

use super::festivals::{self, FestivalAhead};
use super::promotions::{self, PromotionsRequest};
use super::{Backing, Step};
use crate::error::{Result, ServiceError, clipped};
use crate::flows::audience::{present, sql::Present};
use crate::flows::rows::{floats, integers, query, query_rows, quoted, texts};

/// Forecasts from this many places in the past tell how good the method is.
const N_ORIGINS: usize = 4;
/// Series told one by one; whatever else sold is one more.
pub const SERIES_MAX: usize = 100;
/// What is left beside the largest.
const OTHER: &str = "other";

/// SalesBy what sales are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SalesBy {
    #[default]
    Total,
    /// The first part of the category's path.
    Department,
    Category,
    Brand,
    Channel,
    Store,
    Product,
}

impl SalesBy {
    const ALL: [(&'static str, SalesBy, &'static str); 7] = [
        ("total", SalesBy::Total, "'total'"),
        ("department", SalesBy::Department, "split_part(p.category, '/', 1)"),
        ("category", SalesBy::Category, "p.category"),
        ("brand", SalesBy::Brand, "p.brand"),
        ("channel", SalesBy::Channel, "o.channel"),
        ("store", SalesBy::Store, "o.store"),
        ("product", SalesBy::Product, "o.product_id"),
    ];

    /// # Errors
    /// If it is none of them.
    pub fn named(name: &str) -> Result<SalesBy> {
        SalesBy::ALL.iter().find(|(known, ..)| *known == name).map(|(_, by, _)| *by).ok_or_else(|| {
            let known: Vec<&str> = SalesBy::ALL.iter().map(|(name, ..)| *name).collect();
            let message = format!("sales by '{}'; allowed: {}", clipped(name), known.join(", "));
            ServiceError::usage("by", message)
        })
    }

    fn sql(self) -> &'static str {
        SalesBy::ALL.iter().find(|(_, by, _)| *by == self).map_or("'total'", |(.., sql)| sql)
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// What was paid less what was given back, in the currency's hundredths.
    #[default]
    Revenue,
    /// Pieces less pieces returned.
    Units,
    /// Orders with at least one piece.
    Orders,
}

impl Measure {
    /// # Errors
    /// If it is none of them.
    pub fn named(name: &str) -> Result<Measure> {
        match name {
            "revenue" => Ok(Measure::Revenue),
            "units" => Ok(Measure::Units),
            "orders" => Ok(Measure::Orders),
            _ => {
                let message = format!("the measure is '{}'; allowed: revenue, units, orders", clipped(name));
                Err(ServiceError::usage("measure", message))
            }
        }
    }

    fn sql(self) -> &'static str {
        match self {
            Measure::Revenue => "sum(o.quantity * o.unit_price_cents - coalesce(o.discount_cents, 0))",
            Measure::Units => "sum(o.quantity)",
            Measure::Orders => "count(distinct case when o.quantity > 0 then o.order_id end)",
        }
    }
}

/// What to forecast.
#[derive(Clone, Debug)]
pub struct ForecastRequest {
    pub by: SalesBy,
    pub measure: Measure,
    pub step: Step,
    /// Periods ahead.
    pub horizon: usize,
    /// The share of intervals that hold the truth.
    pub level: f64,
    /// Series told one by one, the largest of the last year; the rest is one more. 1 to [`SERIES_MAX`].
    pub n_series: usize,
    /// A name of `strategy::forecast::Method`.
    pub method: String,
    pub seed: u64,
}

impl Default for ForecastRequest {
    fn default() -> Self {
        ForecastRequest {
            by: SalesBy::Total,
            measure: Measure::Revenue,
            step: Step::Month,
            horizon: 6,
            level: 0.9,
            n_series: 12,
            method: "auto".to_owned(),
            seed: 1,
        }
    }
}

impl ForecastRequest {
    fn options(&self) -> Result<Options> {
        let method = Method::named(&self.method).ok_or_else(|| {
            let allowed = Method::NAMES.join(", ");
            ServiceError::usage("method", format!("no method '{}'; allowed: {allowed}", clipped(&self.method)))
        })?;
        for (name, found, most) in [("horizon", self.horizon, 366), ("n_series", self.n_series, SERIES_MAX)] {
            if !(1..=most).contains(&found) {
                return Err(ServiceError::usage(name, format!("{name} is {found}; allowed: 1 to {most}")));
            }
        }
        if self.measure == Measure::Orders && !matches!(self.by, SalesBy::Total | SalesBy::Channel | SalesBy::Store) {
            let message = "an order may hold several products, so orders by product, brand or category do not add up";
            return Err(ServiceError::usage("by", format!("{message}; allowed with orders: total, channel, store"))
                .help("measure=units or measure=revenue add up by any of them"));
        }
        if !(0.5..=0.99).contains(&self.level) {
            return Err(ServiceError::usage("level", format!("level is {}; allowed: 0.5 to 0.99", self.level)));
        }
        let Self { horizon, level, seed, .. } = *self;
        Ok(Options { method, season: self.step.season(), horizon, level, seed })
    }
}

/// How good the method was on this series' own past, beside the forecast that repeats the last season.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct PastAccuracy {
    /// Mean absolute error over that of repeating the season inside the past; below 1 is better.
    pub mase: f64,
    pub naive_mase: f64,
    /// Mean percentage error, 0 to 200.
    pub smape: f64,
    pub naive_smape: f64,
    /// The share of values inside the intervals.
    pub coverage: f64,
    /// Places in the past from which was forecast.
    pub n_origins: u64,
}

/// One series with its past and what is to come.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SalesForecast {
    /// `total` for the whole, else the category, brand …; `other` for what is not told one by one; empty where it is unknown.
    pub key: String,
    /// Whether it is the sum of the others.
    pub is_total: bool,
    /// As many as `past_days`.
    pub past: Vec<f64>,
    /// As many as `days`, as are `low` and `high`.
    pub mean: Vec<f64>,
    pub low: Vec<f64>,
    pub high: Vec<f64>,
    pub method: String,
    /// Absent where the past is too short to tell.
    pub accuracy: Option<PastAccuracy>,
}

/// Forecasts that add up.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Forecasts {
    pub by: SalesBy,
    pub measure: Measure,
    pub period: Step,
    pub level: f64,
    /// The last day of the shop's data.
    pub as_of: String,
    /// First days of the periods of the past, ascending, and of those to come.
    pub past_days: Vec<String>,
    pub days: Vec<String>,
    /// Selling seasons ahead that the season learned cannot hold: the series are raised by those whose `times` is known.
    pub festivals: Vec<FestivalAhead>,
    /// The whole first, then the largest first. Empty if the answer is refused.
    pub series: Vec<SalesForecast>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// Sales by label and period.
struct Sales {
    present: Present,
    periods: Range<i64>,
    /// SalesBy label, a value each period.
    values: BTreeMap<String, Vec<f64>>,
}

/// Forecasts the shop's sales.
///
/// # Errors
/// If a parameter is out of range or the tables cannot be read. Too little data is no error but a refusal.
pub async fn forecast(shop: &Shop, request: &ForecastRequest) -> Result<Forecasts> {
    let options = request.options()?;
    let (sales, gap) = after_the_last_long_gap(sales(shop, request).await?, request.step);
    let festivals = festivals(shop, &sales, request).await?;
    tokio::task::block_in_place(|| told(&sales, request, &options, gap, festivals))
}

/// Sales after the last long time without any, and how many periods that was: a shop that was closed is another one.
fn after_the_last_long_gap(mut sales: Sales, step: Step) -> (Sales, Option<usize>) {
    let n = sales.periods.clone().count();
    let long = (2 * step.season()).max(n / 10);
    let is_empty = |at: usize| sales.values.values().all(|series| series[at] == 0.0);
    let (mut empty, mut found) = (0, None);
    for at in 0..n {
        if is_empty(at) {
            empty += 1;
            continue;
        }
        if empty >= long {
            found = Some((at, empty));
        }
        empty = 0;
    }
    let Some((at, gap)) = found else { return (sales, None) };
    sales.periods.start += at as i64;
    sales.values.values_mut().for_each(|series| {
        series.drain(..at);
    });
    (sales, Some(gap))
}

/// Selling seasons ahead that no season of the past holds: the year was not seen twice, or days are told, whose season is the week.
async fn festivals(shop: &Shop, sales: &Sales, request: &ForecastRequest) -> Result<Vec<FestivalAhead>> {
    let (step, periods) = (request.step, &sales.periods);
    let holds_a_year = step != Step::Day && periods.clone().count() >= 2 * step.season();
    if holds_a_year || sales.values.is_empty() {
        return Ok(Vec::new());
    }
    let past = promotions::promotions(shop, &PromotionsRequest::default()).await?.promotions;
    let (first, from) = (step.first(periods.start), step.first(periods.end));
    let to = step.first(periods.end + request.horizon as i64);
    Ok(festivals::ahead(first, from, to, shop.config().language == "zh", &past))
}

async fn sales(shop: &Shop, request: &ForecastRequest) -> Result<Sales> {
    let present = present(shop).await?;
    let end = present.begins(Day(present.day.0.saturating_add(1)));
    let first = "select cast(min(shop_day(ordered_at)) as int) as day from orders";
    let first = query_rows(shop, first).await?.first().and_then(|row| row["day"].as_i64());
    let Some(first) = first else { return Ok(Sales { present, periods: 0..0, values: BTreeMap::new() }) };
    let periods = request.step.whole(Day(first as i32), present.day);
    let label = label(shop, request, &present).await?;
    let join = if label.contains("p.") { " left join products p on p.product_id = o.product_id" } else { "" };
    let sql = format!(
        "select {label} as label, cast(shop_day(o.ordered_at) as int) as day, cast({} as double) as value
        from orders o{join} where o.ordered_at < {end} group by {label}, cast(shop_day(o.ordered_at) as int)",
        request.measure.sql()
    );
    let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let n = (periods.end - periods.start) as usize;
    for batch in query(shop, &sql).await? {
        let (labels, days, sums) = (texts(&batch, "label")?, integers(&batch, "day")?, floats(&batch, "value")?);
        for row in (0..batch.num_rows()).filter(|&row| sums.is_valid(row)) {
            let period = request.step.of(Day(days.value(row) as i32));
            if periods.contains(&period) {
                let name = if labels.is_valid(row) { labels.value(row) } else { "" };
                let series = values.entry(name.to_owned()).or_insert_with(|| vec![0.0; n]);
                series[(period - periods.start) as usize] += sums.value(row);
            }
        }
    }
    Ok(Sales { present, periods, values })
}

/// The label of a line as SQL: the largest of the last year under their names, everything else as one.
async fn label(shop: &Shop, request: &ForecastRequest, present: &Present) -> Result<String> {
    let column = request.by.sql();
    if request.by == SalesBy::Total {
        return Ok(column.to_owned());
    }
    let since = present.begins(Day(present.day.0 - 365));
    let sql = format!(
        "select {column} as label, cast(sum(o.quantity * o.unit_price_cents) as bigint) as size from orders o
        left join products p on p.product_id = o.product_id where o.ordered_at >= {since} and {column} is not null
        group by {column} order by size desc, label limit {}",
        request.n_series
    );
    let mut names = Vec::new();
    for batch in query(shop, &sql).await? {
        names.extend(texts(&batch, "label")?.iter().flatten().map(quoted));
    }
    if names.is_empty() {
        return Ok("''".to_owned());
    }
    Ok(format!("case when {column} in ({}) then {column} else {} end", names.join(", "), quoted(OTHER)))
}

fn told(
    sales: &Sales,
    request: &ForecastRequest,
    options: &Options,
    gap: Option<usize>,
    festivals: Vec<FestivalAhead>,
) -> Result<Forecasts> {
    let Sales { present, periods, values } = sales;
    let step = request.step;
    let days = |periods: Range<i64>| periods.map(|period| step.first(period).to_string()).collect();
    let mut forecasts = Forecasts {
        by: request.by,
        measure: request.measure,
        period: step,
        level: request.level,
        as_of: present.day.to_string(),
        past_days: days(periods.clone()),
        days: days(periods.end..periods.end + request.horizon as i64),
        festivals: Vec::new(),
        series: Vec::new(),
        backing: Backing::refused(
            "no_sales",
            "没有完整周期的订单，无法预测。",
            "There are no orders of a whole period to forecast from.",
        ),
    };
    if values.is_empty() {
        return Ok(forecasts);
    }
    let names: Vec<String> = values.keys().cloned().collect();
    let singles: Vec<Vec<f64>> = values.values().cloned().collect();
    let hierarchy = Hierarchy::new(&names, &[])?;
    let total: Vec<f64> =
        (0..periods.clone().count()).map(|at| singles.iter().map(|series| series[at]).sum()).collect();
    let options = &better(&total, options);
    let answer = forecast_agreed(&hierarchy, &singles, options, Weighting::MintShrink)?;
    forecasts.backing = Backing::of(&answer);
    if request.by != SalesBy::Total && names.iter().all(String::is_empty) {
        forecasts.backing = forecasts.backing.but(
            "nothing_to_tell_apart",
            "订单或商品里没有这一栏的内容，只能给出合计。",
            "Orders and products say nothing in this column: all of it is told as one.",
        );
    }
    if let Some(gap) = gap {
        let n = periods.clone().count();
        forecasts.backing = forecasts.backing.but(
            "long_gap",
            format!("有连续 {gap} 期没有任何销售，只用了其后的 {n} 期。"),
            format!("Nothing was sold in {gap} periods in a row; only the {n} after them were used."),
        );
    }
    if let Some(mut agreed) = answer.value {
        let ahead = periods.end..periods.end + request.horizon as i64;
        agreed.forecasts.iter_mut().for_each(|one| festivals::raise(one, &festivals, step, ahead.clone()));
        forecasts.backing = festivals::said(forecasts.backing, &festivals);
        forecasts.festivals = festivals;
        // The sum of a single series is that series: told once.
        let n_sums = if names.len() == 1 { 1 } else { hierarchy.n_sums() };
        let all = std::iter::once(&total).chain(if names.len() == 1 { &[][..] } else { &singles });
        let named = hierarchy.names().iter().zip(&agreed.forecasts).zip(all).enumerate();
        let series = named.map(|(at, ((name, found), past))| one(name, at < n_sums, past, found, options));
        forecasts.series = series.collect::<Result<_>>()?;
        forecasts.backing = doubts(forecasts.backing, forecasts.series.first(), options);
        forecasts.series[n_sums..].sort_by(|a, b| sum(&b.mean).total_cmp(&sum(&a.mean)).then(a.key.cmp(&b.key)));
    }
    Ok(forecasts)
}

/// Another method where the one that was taken by itself did clearly worse on the past of the whole than what one gets for free:
/// Theta looks for a season by one autocorrelation, and passes over a strong one of which two or three years are known. Where it found
/// one, losing on some weeks is no reason: a shop that grows is not told by what it sold a year ago.
fn better(total: &[f64], options: &Options) -> Options {
    if options.method != Method::Auto || is_seasonal(total, options.season) {
        return *options;
    }
    let tried = |method| backtest(total, &Options { method, ..*options }, N_ORIGINS, options.horizon.div_ceil(2)).ok();
    match tried(Method::Auto) {
        Some((ours, naive)) if ours.mase > 1.1 * naive.mase => {
            let smoothed = tried(Method::Ets).map_or(f64::INFINITY, |(found, _)| found.mase);
            let method = if smoothed <= 1.1 * naive.mase { Method::Ets } else { Method::SeasonalNaive };
            Options { method, ..*options }
        }
        _ => *options,
    }
}

/// How the forecast of the whole did on its own past, where that speaks against it.
fn doubts(mut backing: Backing, whole: Option<&SalesForecast>, options: &Options) -> Backing {
    let (Some(whole), level) = (whole, options.level) else { return backing };
    if whole.accuracy.is_none() && whole.past.len() < 2 * options.season + options.horizon {
        backing = backing
            .but(
                "not_tried",
                "数据还不到两季再加一段预测期，没法在自己的过去上检验这个预测。",
                "The past is shorter than two seasons and the periods ahead, so the forecast was not tried on it.",
            )
            .changed_by(
                "更长的订单历史，或更短的预测期：那样就能在过去上检验。",
                "A longer past, or fewer periods ahead: then it could be tried on its own past.",
            );
    }
    if let Some(found) = whole.accuracy.filter(|found| found.mase > 1.1 * found.naive_mase) {
        backing = backing.but(
            "worse_than_free",
            format!("在自己的过去上，它不如直接重复上一季（MASE {:.2} 对 {:.2}）。", found.mase, found.naive_mase),
            format!(
                "On its own past it was worse than repeating the last season (MASE {:.2} against {:.2}).",
                found.mase, found.naive_mase
            ),
        );
    }
    // Two standard errors of a share among the few values that were tried, and no less than what anybody would mind.
    let is_narrow = |found: &PastAccuracy| {
        let n_tried = (found.n_origins * options.horizon as u64).max(1) as f64;
        found.coverage < level - (2.0 * (level * (1.0 - level) / n_tried).sqrt()).max(0.15)
    };
    if let Some(found) = whole.accuracy.filter(is_narrow) {
        let (held, level) = (100.0 * found.coverage, 100.0 * level);
        backing = backing.but(
            "narrow_intervals",
            format!("过去只有 {held:.0}% 的实际值落在 {level:.0}% 区间里：区间偏窄。"),
            format!("On its own past {held:.0} % of values lay inside intervals of {level:.0} %: they are too narrow."),
        );
    }
    if backing.would_change.is_empty() {
        backing = backing.changed_by(
            "预测期内的降价、缺货、新品上市：历史里没有的事，预测也不知道。",
            "Lower prices, empty shelves or a launch in the periods ahead: what the past does not hold, the forecast does not know.",
        );
    }
    backing
}

fn sum(values: &[f64]) -> f64 {
    values.iter().sum()
}

fn one(name: &str, is_total: bool, past: &[f64], found: &Forecast, options: &Options) -> Result<SalesForecast> {
    // Too short a past leaves the accuracy out.
    let accuracy = backtest(past, options, N_ORIGINS, options.horizon.div_ceil(2)).ok();
    let accuracy = accuracy.filter(|(ours, naive)| ours.mase.is_finite() && naive.mase.is_finite());
    Ok(SalesForecast {
        key: name.to_owned(),
        is_total,
        past: past.to_vec(),
        mean: found.mean.clone(),
        low: found.low.clone(),
        high: found.high.clone(),
        method: found.method.name().to_owned(),
        accuracy: accuracy.map(|(ours, naive)| PastAccuracy {
            mase: ours.mase,
            naive_mase: naive.mase,
            smape: ours.smape,
            naive_smape: naive.smape,
            coverage: ours.coverage,
            n_origins: ours.n_origins as u64,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(step: Step) -> ForecastRequest {
        ForecastRequest { step, horizon: 2, ..ForecastRequest::default() }
    }

    fn sales(values: &[(&str, Vec<f64>)]) -> Sales {
        let n = values.first().map_or(0, |(_, values)| values.len()) as i64;
        let values = values.iter().map(|(name, values)| ((*name).to_owned(), values.clone())).collect();
        let present = Present { day: Day(20_000), zone: jiff::tz::TimeZone::UTC };
        Sales { present, periods: 600..600 + n, values }
    }

    #[test]
    fn parts_add_up_to_the_whole_and_the_largest_comes_first() {
        let series = |level: f64| (0..48).map(|t| level + f64::from(t % 12) + f64::from(t * 7 % 5)).collect();
        let sales = sales(&[("laptops", series(10.0)), ("phones", series(50.0))]);
        let request = request(Step::Month);
        let told = told(&sales, &request, &request.options().unwrap(), None, Vec::new()).unwrap();
        let keys: Vec<&str> = told.series.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(keys, ["total", "phones", "laptops"]);
        for h in 0..2 {
            let [total, phones, laptops] = [0, 1, 2].map(|at| told.series[at].mean[h]);
            assert!((total - phones - laptops).abs() < 1e-9 * total, "{total} {phones} {laptops}");
        }
        assert!(told.series[0].is_total && told.series[0].accuracy.unwrap().n_origins == 4);
        assert_eq!((told.past_days.len(), told.days.len()), (48, 2));
        assert_ne!(told.backing.verdict, "refused");
        assert_eq!(told.series[0].past[0], 60.0);
    }

    #[test]
    fn one_series_is_told_once_and_none_is_refused() {
        let request = request(Step::Month);
        let options = request.options().unwrap();
        let one =
            told(&sales(&[("total", (0..30).map(f64::from).collect())]), &request, &options, None, Vec::new()).unwrap();
        assert_eq!((one.series.len(), one.series[0].key.as_str()), (1, "total"));
        let none = told(&sales(&[]), &request, &options, None, Vec::new()).unwrap();
        assert!(none.series.is_empty() && none.backing.is_refused());
    }

    /// Three years of a strong yearly wave: one autocorrelation of so few values is not significant, and Theta foretells a level.
    #[test]
    fn a_strong_season_of_three_years_is_not_passed_over() {
        let ahead = ForecastRequest { step: Step::Month, horizon: 6, ..ForecastRequest::default() };
        let options = ahead.options().unwrap();
        let wave = |t: usize| 1000.0 + 600.0 * (std::f64::consts::TAU * t as f64 / 12.0).sin();
        let values: Vec<f64> = (0..36).map(|t| wave(t) + 20.0 * (t * 7 % 5) as f64 - 40.0).collect();
        let (flat, naive) = backtest(&values, &options, N_ORIGINS, 3).unwrap();
        assert!(flat.mase > 3.0 * naive.mase, "{flat:?} {naive:?}");
        let told = told(&sales(&[("total", values)]), &ahead, &options, None, Vec::new()).unwrap();
        let whole = &told.series[0];
        for (h, mean) in whole.mean.iter().enumerate() {
            assert!((mean - wave(36 + h)).abs() < 150.0, "{h}: {mean} {whole:?}");
        }
        let accuracy = whole.accuracy.unwrap();
        assert!(accuracy.mase <= 1.1 * accuracy.naive_mase && !kinds(&told).contains(&"worse_than_free"));
        // Where the season is found the method stays, also where what grew since is foretold too late.
        let grown: Vec<f64> =
            (0..60).map(|t| 100.0 + wave(t) + if t < 52 { 0.0 } else { 40.0 * (t % 3) as f64 }).collect();
        assert!(is_seasonal(&grown, 12) && better(&grown, &options).method == Method::Auto);
        // Who asks for a method gets it.
        let theta = Options { method: Method::ThetaDynamic, ..options };
        assert_eq!(better(&whole.past, &theta).method, Method::ThetaDynamic);
    }

    #[test]
    fn a_column_without_a_word_is_said_to_tell_nothing_apart() {
        let ahead = ForecastRequest { by: SalesBy::Category, ..request(Step::Month) };
        let options = ahead.options().unwrap();
        let run = |name| {
            told(&sales(&[(name, (0..30).map(f64::from).collect())]), &ahead, &options, None, Vec::new()).unwrap()
        };
        assert!(kinds(&run("")).contains(&"nothing_to_tell_apart"));
        assert!(!kinds(&run("Phones")).contains(&"nothing_to_tell_apart"));
    }

    fn kinds(told: &Forecasts) -> Vec<&str> {
        told.backing.caveats.iter().map(|one| one.kind.as_str()).collect()
    }

    #[test]
    fn a_shop_that_was_closed_for_years_is_forecast_from_what_came_after() {
        let ahead = request(Step::Month);
        let mut values = vec![500.0; 20];
        values.extend([0.0; 144]);
        values.extend((0..40).map(|t| 50.0 + f64::from(t % 12)));
        let (after, gap) = after_the_last_long_gap(sales(&[("total", values)]), Step::Month);
        assert_eq!((gap, after.periods.clone()), (Some(144), 764..804));
        let told = told(&after, &ahead, &ahead.options().unwrap(), gap, Vec::new()).unwrap();
        assert!(kinds(&told).contains(&"long_gap") && told.series[0].mean[0] > 45.0 && told.past_days.len() == 40);
        // A month or two without a sale are no gap.
        let short = [vec![5.0; 30], vec![0.0; 2], vec![5.0; 30]].concat();
        assert_eq!(after_the_last_long_gap(sales(&[("total", short)]), Step::Month).1, None);
    }

    #[test]
    fn what_speaks_against_a_forecast_is_told() {
        let ahead = request(Step::Month);
        let options = ahead.options().unwrap();
        let run = |values: Vec<f64>| told(&sales(&[("total", values)]), &ahead, &options, None, Vec::new()).unwrap();
        let alike = run(vec![100.0; 48]);
        assert!(kinds(&alike).contains(&"constant"), "{:?}", kinds(&alike));
        let short = run((0..24).map(|t| 50.0 + f64::from(t % 12) + f64::from(t * 7 % 5)).collect());
        assert!(kinds(&short).contains(&"not_tried") && !short.backing.would_change.is_empty(), "{:?}", kinds(&short));
        assert!(short.series[0].accuracy.is_none());
    }

    #[test]
    fn parts_raised_by_a_festival_add_up_still() {
        let series = |level: f64| (0..20).map(|t| level + f64::from(t * 7 % 5)).collect();
        let sales = sales(&[("laptops", series(10.0)), ("phones", series(50.0))]);
        let ahead = request(Step::Month);
        let options = ahead.options().unwrap();
        let days = [620, 622].map(|month| Step::Month.first(month));
        // Months 620 and 621 from January 1970 are September and October 2021.
        let mut festivals = festivals::ahead(Day(0), days[0], days[1], true, &[festivals::tests::june(60.0)]);
        assert!(festivals.is_empty());
        festivals = festivals::ahead(days[0], Day(days[0].0 - 120), days[0], true, &[festivals::tests::june(60.0)]);
        festivals[0].event.rule = strategy::forecast::calendar::Rule::Fixed { from: (9, 1), to: (9, 15) };
        let plain = told(&sales, &ahead, &options, None, Vec::new()).unwrap();
        let raised = told(&sales, &ahead, &options, None, festivals).unwrap();
        let [total, phones, laptops] = [0, 1, 2].map(|at| raised.series[at].mean[0]);
        assert!(
            (total - phones - laptops).abs() < 1e-9 * total && (total / plain.series[0].mean[0] - 1.3).abs() < 1e-9
        );
        assert_eq!(raised.series[0].mean[1], plain.series[0].mean[1]);
        assert!(kinds(&raised).contains(&"festival_ahead") && raised.festivals.len() == 1);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        for (request, said) in [
            (ForecastRequest { horizon: 0, ..ForecastRequest::default() }, "horizon is 0; allowed: 1 to 366"),
            (
                ForecastRequest { by: SalesBy::Brand, measure: Measure::Orders, ..ForecastRequest::default() },
                "do not add up",
            ),
            (ForecastRequest { level: 1.0, ..ForecastRequest::default() }, "level is 1; allowed"),
            (ForecastRequest { method: "magic".into(), ..ForecastRequest::default() }, "no method 'magic'"),
        ] {
            assert!(request.options().unwrap_err().message.contains(said));
        }
        assert!(SalesBy::named("colour").unwrap_err().message.contains("total, department"));
    }
}
