//! Where money should go: what each channel brought so far, learned from the weeks' sales and spends, and the split of a
//! budget over the weeks to come that is expected to bring most, beside the present and the equal one.

use std::collections::BTreeMap;
use std::sync::Arc;

use data::Shop;
use data::arrow::array::Array;
use domain::Day;
use serde::{Deserialize, Serialize};
use strategy::budget::{Flight, Goal, Mean, Method, Node, Plan, Planned, Response, plan, seek};
use strategy::mix::{Market, MixData, MixFit, MixSettings, Mode, Named, SampleSettings, fit};
use strategy::{Answer, RunOptions};
use utoipa::ToSchema;

use super::kept::Kept;
use super::{Backing, Interval, Step};
use crate::error::{Result, ServiceError, clipped};
use crate::flows::audience::{present, sql::Present};
use crate::flows::dataset::generations;
use crate::flows::rows::{integers, query, texts};

/// Weeks ahead that can be planned.
pub const WEEKS_MAX: usize = 26;
/// Fewer weeks hold no whole year, so no season is learned from them.
const SEASON_WEEKS_MIN: usize = 60;
/// A channel's plan goes up to so many times what it costs now: beyond, its curve is a guess.
const CEILING_FACTOR: f64 = 2.0;
/// The last weeks, whose mean is what is spent now.
const NOW_WEEKS: usize = 13;
/// Sales a coin that may be asked for.
const RETURN_MIN: f64 = 0.01;
const RETURN_MAX: f64 = 1000.0;
/// Points of the picture of a response curve, after 0.
const CURVE_POINTS: usize = 20;

/// The least and the most to spend on a channel, over the whole plan.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    pub channel: String,
    pub floor_cents: Option<i64>,
    pub ceiling_cents: Option<i64>,
}

/// What the budget is sought for, where it is not given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BudgetGoal {
    /// Sales of the plan's weeks in all, what comes without any channel included, in cents: with as little money as possible.
    Sales(i64),
    /// Sales that a coin of the plan adds on average: with as much money as keeps it.
    Return(f64),
}

/// What to plan.
#[derive(Clone, Debug)]
pub struct BudgetRequest {
    pub weeks: usize,
    /// In place of a budget.
    pub goal: Option<BudgetGoal>,
    /// For the whole plan; as much as is spent now if absent.
    pub budget_cents: Option<i64>,
    pub bounds: Vec<Bound>,
    /// Draw from the whole posterior in any case, not only where the normal distribution at its top is no picture of it.
    pub sampled: bool,
    pub level: f64,
    pub seed: u64,
    pub n_threads: usize,
}

impl Default for BudgetRequest {
    fn default() -> Self {
        BudgetRequest {
            weeks: 4,
            goal: None,
            budget_cents: None,
            bounds: Vec::new(),
            sampled: false,
            level: 0.9,
            seed: 1,
            n_threads: 2,
        }
    }
}

/// A spend over the whole plan and what it is expected to bring.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ResponsePoint {
    pub spend_cents: f64,
    pub value_cents: Interval,
}

/// One channel: what it did, and what it should get. Money of the plan is for all its weeks together.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChannelPlan {
    pub channel: String,
    /// Over the weeks learned from.
    pub spent_cents: f64,
    pub brought_cents: Interval,
    /// Sales a coin spent brought on average, and what the next one would.
    pub return_on_spend: Interval,
    pub marginal_return: Interval,
    /// As much as is spent now (the mean of the last 13 weeks), the best split, and the equal one.
    pub current_cents: f64,
    pub planned_cents: f64,
    pub equal_cents: f64,
    pub floor_cents: f64,
    pub ceiling_cents: f64,
    pub curve: Vec<ResponsePoint>,
}

/// The goal that a budget was sought for, and whether its plan reaches it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GoalReached {
    /// `sales` in cents, or `return_on_spend`.
    pub kind: String,
    pub wanted: f64,
    pub expected: Interval,
    /// How likely the plan reaches it, by the model's draws.
    pub chance: f64,
}

/// One week learned from: what was sold, what the model says of it, and how much of that each channel brought.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WeekOfSales {
    pub day: String,
    pub sold_cents: f64,
    pub fitted_cents: f64,
    pub baseline_cents: f64,
    /// In the order of the channels.
    pub from_channels_cents: Vec<f64>,
}

/// A budget over channels, and what it rests on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BudgetPlan {
    pub as_of: String,
    /// First days of the weeks planned.
    pub days: Vec<String>,
    pub level: f64,
    pub budget_cents: f64,
    /// Where the budget was sought for one.
    pub goal: Option<GoalReached>,
    /// What one more coin would bring; of sales, as all values here.
    pub shadow_price: f64,
    /// The plan's weeks: without any channel, by what was spent before, and by the plan.
    pub baseline_cents: Option<Interval>,
    pub left_over_cents: Option<Interval>,
    pub added_cents: Option<Interval>,
    /// How much more the best split brings than the equal one and than spending as now.
    pub over_equal_cents: Option<Interval>,
    pub over_current_cents: Option<Interval>,
    /// The weeks learned from: what would have been sold in them without any channel.
    pub baseline_so_far_cents: Option<Interval>,
    /// The part of the weeks' ups and downs that the model explains, and that season and trend alone explain.
    pub r_squared: f64,
    pub r_squared_without_channels: f64,
    pub channels: Vec<ChannelPlan>,
    pub weeks: Vec<WeekOfSales>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// Weeks of sales and spends, in the currency's whole units.
#[derive(Clone)]
struct Weeks {
    present: Present,
    data: MixData,
    /// First days of weeks without a record of spend, or of sales, and of those whose sum was below zero.
    without_spend: Vec<Day>,
    without_sales: Vec<Day>,
    below_zero: Vec<Day>,
}

/// Learns what channels bring and plans a budget over them.
///
/// # Errors
/// If a parameter is out of range, a bound names no channel, the budget does not fit the bounds, or the tables cannot be read.
/// Too little data is no error but a refusal.
pub async fn budget(shop: &Shop, request: &BudgetRequest, progress: super::super::Progress<'_>) -> Result<BudgetPlan> {
    check(request)?;
    let learned = learned(shop, request, progress).await?;
    tokio::task::block_in_place(|| planned(&learned, request))
}

/// What channels bring, for one level of intervals. Any budget is then split by it at once.
struct Learned {
    weeks: Weeks,
    /// `None` where no week has both sales and spends.
    answer: Option<Answer<MixFit>>,
}

/// Of the last tables: a model may sample for seconds, and somebody tries one budget after another.
static LEARNED: Kept<Arc<Learned>> = Kept::new();

async fn learned(shop: &Shop, request: &BudgetRequest, progress: super::super::Progress<'_>) -> Result<Arc<Learned>> {
    let market = if shop.config().language == "zh" { Market::China } else { Market::West };
    let (today, BudgetRequest { sampled, level, seed, .. }) = (present(shop).await?.day, request);
    let tables = generations(shop, &["orders", "events", "spend"])?;
    let version = format!("{market:?} {today} {sampled} {level} {seed}{tables}");
    if let Some(kept) = LEARNED.get(shop, &version) {
        check_bounds(&kept.weeks.data, &request.bounds)?;
        return Ok(kept);
    }
    let weeks = weeks(shop).await?;
    check_bounds(&weeks.data, &request.bounds)?;
    let answer = tokio::task::block_in_place(|| model(&weeks.data, request, market, progress))?;
    let learned = Arc::new(Learned { weeks, answer });
    LEARNED.put(shop, version, learned.clone());
    Ok(learned)
}

fn check(request: &BudgetRequest) -> Result<()> {
    if !(1..=WEEKS_MAX).contains(&request.weeks) {
        let message = format!("weeks is {}; allowed: 1 to {WEEKS_MAX}", request.weeks);
        return Err(ServiceError::usage("weeks", message));
    }
    if !(0.5..=0.99).contains(&request.level) {
        return Err(ServiceError::usage("level", format!("level is {}; allowed: 0.5 to 0.99", request.level)));
    }
    if let Some(found) = request.budget_cents.filter(|cents| *cents <= 0) {
        return Err(ServiceError::usage("budget", format!("the budget is {found} cents; allowed: more than 0")));
    }
    match request.goal {
        Some(_) if request.budget_cents.is_some() => {
            Err(ServiceError::usage("goal", "a budget and a goal; a goal finds its budget: give one of them"))
        }
        Some(BudgetGoal::Sales(cents)) if cents <= 0 => {
            Err(ServiceError::usage("goal", format!("the sales to reach are {cents} cents; allowed: more than 0")))
        }
        Some(BudgetGoal::Return(found)) if !(RETURN_MIN..=RETURN_MAX).contains(&found) => {
            let message = format!("the return to keep is {found}; allowed: {RETURN_MIN} to {RETURN_MAX}");
            Err(ServiceError::usage("goal", message))
        }
        _ => Ok(()),
    }
}

async fn weeks(shop: &Shop) -> Result<Weeks> {
    let present = present(shop).await?;
    let end = present.begins(Day(present.day.0.saturating_add(1)));
    let spent = "select channel, cast(day as int) as day, cast(sum(spend_cents) as bigint) as cents from spend
        group by channel, cast(day as int)";
    let sold = format!(
        "select cast(shop_day(ordered_at) as int) as day,
          cast(sum(quantity * unit_price_cents - coalesce(discount_cents, 0)) as bigint) as cents
        from orders where ordered_at < {end} group by cast(shop_day(ordered_at) as int)"
    );
    // Rows come in any order: whole cents add up to the same in each, parts of a coin do not, and a sampler makes other draws of them.
    let mut spends: BTreeMap<String, BTreeMap<i64, i64>> = BTreeMap::new();
    let mut sales: BTreeMap<i64, i64> = BTreeMap::new();
    let mut days: [Option<(i32, i32)>; 2] = [None, None];
    let mut seen = |of: usize, day: i32| {
        let (first, last) = days[of].unwrap_or((day, day));
        days[of] = Some((first.min(day), last.max(day)));
    };
    for batch in query(shop, spent).await? {
        let (names, at, cents) = (texts(&batch, "channel")?, integers(&batch, "day")?, integers(&batch, "cents")?);
        for row in (0..batch.num_rows()).filter(|&row| cents.is_valid(row)) {
            let day = at.value(row) as i32;
            seen(0, day);
            let of_channel = spends.entry(names.value(row).to_owned()).or_default();
            *of_channel.entry(Step::Week.of(Day(day))).or_default() += cents.value(row);
        }
    }
    for batch in query(shop, &sold).await? {
        let (at, cents) = (integers(&batch, "day")?, integers(&batch, "cents")?);
        for row in (0..batch.num_rows()).filter(|&row| cents.is_valid(row)) {
            let day = at.value(row) as i32;
            seen(1, day);
            *sales.entry(Step::Week.of(Day(day))).or_default() += cents.value(row);
        }
    }
    // Weeks over which both are known.
    let both = days[0].zip(days[1]).map(|(spend, sale)| (spend.0.max(sale.0), spend.1.min(sale.1)));
    let weeks = both.map_or(0..0, |(first, last)| Step::Week.whole(Day(first), Day(last)));
    let series = |values: &BTreeMap<i64, i64>| {
        weeks.clone().map(|week| values.get(&week).copied().unwrap_or(0).max(0) as f64 / 100.0).collect()
    };
    let channels = spends.iter().map(|(name, values)| Named { name: name.clone(), values: series(values) }).collect();
    let days = weeks.clone().map(|week| Step::Week.first(week)).collect();
    let data = MixData { days, target: series(&sales), channels, controls: Vec::new(), price: None };
    let first_of =
        |is_one: &dyn Fn(&i64) -> bool| weeks.clone().filter(is_one).map(|week| Step::Week.first(week)).collect();
    let is_below = |values: &BTreeMap<i64, i64>, week: &i64| values.get(week).is_some_and(|sum| *sum < 0);
    let without_spend = first_of(&|week| !spends.values().any(|of| of.contains_key(week)));
    let without_sales = first_of(&|week| !sales.contains_key(week));
    let below_zero = first_of(&|week| is_below(&sales, week) || spends.values().any(|of| is_below(of, week)));
    Ok(Weeks { present, data, without_spend, without_sales, below_zero })
}

/// What was taken for zero, to be said: (kind, Chinese, English).
fn oddities(weeks: &Weeks) -> Vec<(&'static str, String, String)> {
    let list = |days: &[Day]| {
        let named: Vec<String> = days.iter().take(3).map(Day::to_string).collect();
        named.join(", ") + if days.len() > 3 { " …" } else { "" }
    };
    let mut found = Vec::new();
    if !weeks.without_spend.is_empty() {
        let (n, days) = (weeks.without_spend.len(), list(&weeks.without_spend));
        found.push((
            "weeks_without_spend",
            format!("有 {n} 周没有任何花费记录（{days}），按 0 计算；如果只是没有导入，请补上。"),
            format!(
                "{n} weeks have no record of spend ({days}) and count as 0; if they are only missing, import them."
            ),
        ));
    }
    if !weeks.without_sales.is_empty() {
        let (n, days) = (weeks.without_sales.len(), list(&weeks.without_sales));
        found.push((
            "weeks_without_sales",
            format!("有 {n} 周没有任何订单（{days}），按 0 计算；如果只是没有导入，请补上。"),
            format!("{n} weeks have no order ({days}) and count as 0; if they are only missing, import them."),
        ));
    }
    if !weeks.below_zero.is_empty() {
        let (n, days) = (weeks.below_zero.len(), list(&weeks.below_zero));
        found.push((
            "weeks_below_zero",
            format!("有 {n} 周的销售额或花费是负数（{days}），按 0 计算。"),
            format!("In {n} weeks sales or spends were below zero ({days}); they count as 0."),
        ));
    }
    found
}

fn check_bounds(data: &MixData, bounds: &[Bound]) -> Result<()> {
    let is_known = |bound: &&Bound| data.channels.iter().any(|channel| channel.name == bound.channel);
    match bounds.iter().find(|bound| !is_known(bound)) {
        Some(bound) if !data.days.is_empty() => {
            let known: Vec<&str> = data.channels.iter().map(|channel| channel.name.as_str()).collect();
            let message = format!("there is no channel '{}'; there are: {}", clipped(&bound.channel), known.join(", "));
            Err(ServiceError::usage("bounds", message))
        }
        _ => Ok(()),
    }
}

fn model(
    data: &MixData,
    request: &BudgetRequest,
    market: Market,
    progress: super::super::Progress<'_>,
) -> Result<Option<Answer<MixFit>>> {
    if data.days.is_empty() || data.channels.is_empty() {
        return Ok(None);
    }
    let has_season = data.days.len() >= SEASON_WEEKS_MIN;
    let settings = MixSettings { n_harmonics: if has_season { 2 } else { 0 }, market, ..MixSettings::default() };
    let mode = if request.sampled { Mode::Nuts(SampleSettings::default()) } else { Mode::Auto };
    let go_on = |share: f64| progress(share, "learning what channels bring");
    let options = RunOptions { seed: request.seed, n_threads: request.n_threads, progress: &go_on };
    Ok(Some(fit(data, &settings, mode, request.level, &options)?))
}

fn planned(learned: &Learned, request: &BudgetRequest) -> Result<BudgetPlan> {
    let Weeks { present, data, .. } = &learned.weeks;
    let mut told = empty(present, request);
    let Some(answer) = &learned.answer else { return Ok(told) };
    told.backing = Backing::of(answer);
    for (kind, zh, en) in oddities(&learned.weeks) {
        told.backing = told.backing.but(kind, zh, en);
    }
    if let Some(model) = &answer.value {
        told.baseline_so_far_cents = Some(model.baseline.scaled(100.0).into());
        told.r_squared = model.r_squared;
        told.r_squared_without_channels = model.r_squared_without_channels;
        told.weeks = weeks_told(data, model);
        spread(&mut told, data, model, request)?;
    }
    Ok(told)
}

fn empty(present: &Present, request: &BudgetRequest) -> BudgetPlan {
    BudgetPlan {
        as_of: present.day.to_string(),
        days: Vec::new(),
        level: request.level,
        budget_cents: 0.0,
        goal: None,
        shadow_price: 0.0,
        baseline_cents: None,
        left_over_cents: None,
        added_cents: None,
        over_equal_cents: None,
        over_current_cents: None,
        baseline_so_far_cents: None,
        r_squared: 0.0,
        r_squared_without_channels: 0.0,
        channels: Vec::new(),
        weeks: Vec::new(),
        backing: Backing::refused(
            "no_spend",
            "没有同时有花费和订单的完整周：请先导入 spend 表（day、channel、spend_cents）。",
            "There is no whole week with both spends and orders: import the table spend (day, channel, spend_cents) first.",
        ),
    }
}

fn weeks_told(data: &MixData, model: &MixFit) -> Vec<WeekOfSales> {
    let week = |(at, day): (usize, &Day)| WeekOfSales {
        day: day.to_string(),
        sold_cents: 100.0 * data.target[at],
        fitted_cents: 100.0 * model.fitted[at],
        baseline_cents: 100.0 * model.baseline_by_period[at],
        from_channels_cents: model.contribution_by_period.iter().map(|of| 100.0 * of[at]).collect(),
    };
    data.days.iter().enumerate().map(week).collect()
}

/// The cells of the plan under the bounds asked for.
fn cells(model: &MixFit, request: &BudgetRequest, current: &[f64]) -> Result<Vec<Node<Mean<Flight>>>> {
    let shares = vec![1.0 / request.weeks as f64; request.weeks];
    let mut cells = model.cells_ahead(&shares, CEILING_FACTOR)?;
    for (cell, now) in cells.iter_mut().zip(current) {
        cell.ceiling = cell.ceiling.max(CEILING_FACTOR * now);
        for bound in request.bounds.iter().filter(|bound| bound.channel == cell.name) {
            cell.floor = bound.floor_cents.map_or(cell.floor, |cents| cents as f64 / 100.0);
            if bound.ceiling_cents.is_none() && cell.floor > cell.ceiling {
                return Err(above_what_is_known(cell, &bound.channel));
            }
            cell.ceiling = bound.ceiling_cents.map_or(cell.ceiling, |cents| cents as f64 / 100.0);
        }
    }
    Ok(cells)
}

/// A least spend beyond the curve, of a channel without a ceiling of its own.
fn above_what_is_known(cell: &Node<Mean<Flight>>, channel: &str) -> ServiceError {
    let (floor, most, channel) = (cell.floor, cell.ceiling, clipped(channel));
    let message = format!(
        "the least to spend on '{channel}' is {floor:.2}; without a most it may be up to {most:.2}, twice what it costs now, or cost on \
         average, beyond which its curve is a guess"
    );
    ServiceError::usage("bounds", message).help("ask for less, or give a most of your own beside it")
}

/// What is spent now, over as many weeks: the mean of the last quarter's, not of all the years learned from.
fn current(data: &MixData, model: &MixFit, n_weeks: usize) -> Vec<f64> {
    let of = |name: &str| data.channels.iter().find(|one| one.name == name).map_or(&[][..], |one| &one.values);
    let mean = |values: &[f64]| {
        let late = &values[values.len().saturating_sub(NOW_WEEKS)..];
        late.iter().sum::<f64>() / late.len().max(1) as f64
    };
    model.channels.iter().map(|one| mean(of(&one.name)) * n_weeks as f64).collect()
}

fn spread(told: &mut BudgetPlan, data: &MixData, model: &MixFit, request: &BudgetRequest) -> Result<()> {
    let current = current(data, model, request.weeks);
    let last = data.days.last().copied().unwrap_or_default();
    let ahead: Vec<Day> = (1..=request.weeks as i32).map(|week| Day(last.0 + 7 * week)).collect();
    let baseline = model.baseline_ahead(&ahead, &[], None)?;
    let root = Node::group("all", cells(model, request, &current)?, 0.0, f64::INFINITY);
    let budget = match (request.goal, request.budget_cents) {
        (Some(goal), _) => sought(goal, &root, &baseline)?,
        (None, Some(cents)) => cents as f64 / 100.0,
        (None, None) => current.iter().sum(),
    };
    let asked = Plan {
        root: &root,
        baseline: &baseline,
        current: Some(&current),
        budget,
        level: request.level,
        n_rows: data.days.len(),
    };
    let answer: Answer<Planned> = plan(&asked)?;
    for caveat in &answer.caveats {
        told.backing = told.backing.clone().but(caveat.kind, &caveat.text.zh, &caveat.text.en);
    }
    let Some(found) = answer.value else { return Ok(()) };
    let cents = |estimate: strategy::Estimate| Some(Interval::from(estimate.scaled(100.0)));
    told.days = ahead.iter().map(Day::to_string).collect();
    (told.budget_cents, told.shadow_price) = (100.0 * budget, found.allocation.shadow_price);
    (told.baseline_cents, told.left_over_cents) = (cents(found.baseline), cents(found.left_over));
    (told.added_cents, told.over_equal_cents) = (cents(found.added), cents(found.over_equal));
    told.over_current_cents = found.over_current.and_then(cents);
    told.goal = request.goal.map(|goal| reached(goal, &root, &baseline, &found, budget));
    let channel = |(at, (cell, response)): (usize, (&Node<Mean<Flight>>, &Mean<Flight>))| {
        let effect = &model.channels[at];
        ChannelPlan {
            channel: effect.name.clone(),
            spent_cents: 100.0 * effect.spend,
            brought_cents: effect.contribution.scaled(100.0).into(),
            return_on_spend: effect.return_on_spend.into(),
            marginal_return: effect.marginal_return.into(),
            current_cents: 100.0 * current[at],
            planned_cents: 100.0 * found.allocation.spends[at],
            equal_cents: 100.0 * found.equal[at],
            floor_cents: 100.0 * cell.floor,
            ceiling_cents: 100.0 * cell.ceiling,
            curve: curve(response, cell.ceiling, request.level),
        }
    };
    told.channels = root.cells().into_iter().enumerate().map(channel).collect();
    Ok(())
}

/// A channel by what it adds to what comes without any spend to come, which is there whatever is planned.
struct Added<'a> {
    of: &'a Mean<Flight>,
    without: f64,
}

impl Response for Added<'_> {
    fn value(&self, spend: f64) -> f64 {
        self.of.value(spend) - self.without
    }

    fn slope(&self, spend: f64) -> f64 {
        self.of.slope(spend)
    }

    fn is_concave(&self) -> bool {
        self.of.is_concave()
    }
}

/// The budget for a goal, between what must and what may be spent.
fn sought(goal: BudgetGoal, root: &Node<Mean<Flight>>, baseline: &[f64]) -> Result<f64> {
    let without: f64 = root.cells().iter().map(|(_, of)| of.value(0.0)).sum();
    let cells = root.cells().into_iter().map(|(cell, of)| {
        Node::cell(cell.name.clone(), Added { of, without: of.value(0.0) }, cell.floor, cell.ceiling)
    });
    let adding = Node::group("all", cells.collect(), root.floor, root.ceiling);
    let (least, most) = adding.range();
    let anyway = baseline.iter().sum::<f64>() / baseline.len().max(1) as f64 + without;
    let refused = |message: String| {
        Err(ServiceError::usage("goal", message).help("ask for another, or for other bounds of the channels"))
    };
    match goal {
        BudgetGoal::Sales(cents) => {
            let wanted = cents as f64 / 100.0;
            if wanted <= anyway && least <= 0.0 {
                return refused(format!("sales of {wanted:.2} need no spend: {anyway:.2} come without"));
            }
            let found = seek(&adding, Goal::Value((wanted - anyway).max(f64::MIN_POSITIVE)), most, Method::Auto)?;
            match found.allocation {
                Some(_) => Ok(found.budget),
                None => refused(format!(
                    "no spends up to {most:.2} bring sales of {wanted:.2}; the most is {:.2}",
                    anyway + found.best_possible
                )),
            }
        }
        BudgetGoal::Return(wanted) => {
            let found = seek(&adding, Goal::CostPerValue(1.0 / wanted), most, Method::Auto)?;
            match found.allocation {
                Some(_) => Ok(found.budget),
                None => refused(format!(
                    "no spends bring {wanted:.2} of sales a coin; the best is {:.2}, for very little money",
                    1.0 / found.best_possible
                )),
            }
        }
    }
}

/// What a plan is expected to bring of its goal, and how many of the model's draws reach it.
fn reached(goal: BudgetGoal, root: &Node<Mean<Flight>>, baseline: &[f64], found: &Planned, budget: f64) -> GoalReached {
    let cells = root.cells();
    let spends = &found.allocation.spends;
    let brought = |draw: usize, spend: &dyn Fn(usize) -> f64| -> f64 {
        cells.iter().enumerate().map(|(at, (_, mean))| mean.0[draw].value(spend(at))).sum()
    };
    let chance = |is_reached: &dyn Fn(usize) -> bool| {
        (0..baseline.len()).filter(|&draw| is_reached(draw)).count() as f64 / baseline.len().max(1) as f64
    };
    match goal {
        BudgetGoal::Sales(cents) => GoalReached {
            kind: "sales".to_owned(),
            wanted: cents as f64,
            expected: found.total.scaled(100.0).into(),
            chance: chance(&|draw| 100.0 * (baseline[draw] + brought(draw, &|at| spends[at])) >= cents as f64),
        },
        BudgetGoal::Return(wanted) => GoalReached {
            kind: "return_on_spend".to_owned(),
            wanted,
            expected: found.added.scaled(1.0 / budget).into(),
            chance: chance(&|draw| brought(draw, &|at| spends[at]) - brought(draw, &|_| 0.0) >= wanted * budget),
        },
    }
}

/// What spends from 0 to `most` add to what comes without them, in cents.
fn curve(response: &Mean<Flight>, most: f64, level: f64) -> Vec<ResponsePoint> {
    let nothing: Vec<f64> = response.0.iter().map(|draw| draw.value(0.0)).collect();
    let point = |at: usize| {
        let spend = most * at as f64 / CURVE_POINTS as f64;
        let mut added: Vec<f64> =
            response.0.iter().zip(&nothing).map(|(draw, nothing)| 100.0 * (draw.value(spend) - nothing)).collect();
        added.sort_by(f64::total_cmp);
        let value = added.iter().sum::<f64>() / added.len().max(1) as f64;
        let at_share = |share: f64| added.get((share * (added.len() - 1) as f64).round() as usize).copied();
        let [low, high] = [(1.0 - level) / 2.0, (1.0 + level) / 2.0].map(|share| at_share(share).unwrap_or(value));
        let value_cents = Interval { value, low: low.min(value), high: high.max(value), level };
        ResponsePoint { spend_cents: 100.0 * spend, value_cents }
    };
    (0..=CURVE_POINTS).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use strategy::mix::{World, simulate};

    fn weeks(n: usize) -> Weeks {
        let drawn = simulate(&World::default(), n, 3);
        // From a Monday on.
        let days = (0..n as i32).map(|week| Day(19_723 + 7 * week)).collect();
        Weeks {
            present: Present { day: Day(19_723 + 7 * n as i32 - 1), zone: jiff::tz::TimeZone::UTC },
            data: MixData { days, ..drawn.data },
            without_spend: Vec::new(),
            without_sales: Vec::new(),
            below_zero: Vec::new(),
        }
    }

    fn run(weeks: &Weeks, request: &BudgetRequest) -> Result<BudgetPlan> {
        check_bounds(&weeks.data, &request.bounds)?;
        let answer = model(&weeks.data, request, Market::None, &|_, _| true)?;
        planned(&Learned { weeks: weeks.clone(), answer }, request)
    }

    #[test]
    fn a_budget_is_spread_within_its_bounds_and_compared() {
        let weeks = weeks(104);
        let name = weeks.data.channels[0].name.clone();
        let plan = run(&weeks, &BudgetRequest::default()).unwrap();
        assert!(!plan.backing.is_refused(), "{:?}", plan.backing);
        let spent: f64 = plan.channels.iter().map(|channel| channel.planned_cents).sum();
        assert!((spent - plan.budget_cents).abs() < 1.0, "{spent} {}", plan.budget_cents);
        assert!(plan.over_equal_cents.unwrap().value >= 0.0 && plan.over_current_cents.unwrap().value >= 0.0);
        assert_eq!((plan.days.len(), plan.weeks.len()), (4, 104));
        for channel in &plan.channels {
            let values: Vec<f64> = channel.curve.iter().map(|point| point.value_cents.value).collect();
            assert!(values.len() == 21 && values[0] == 0.0 && values.is_sorted(), "{values:?}");
        }
        let cap = plan.channels[0].current_cents / 4.0;
        let bound = Bound { channel: name, floor_cents: None, ceiling_cents: Some(cap as i64) };
        let request = BudgetRequest { bounds: vec![bound], ..BudgetRequest::default() };
        let bounded = run(&weeks, &request).unwrap();
        assert!(bounded.channels[0].planned_cents <= cap + 1.0, "{:?}", bounded.channels[0]);
        assert!(bounded.added_cents.unwrap().value <= plan.added_cents.unwrap().value + 1.0);
    }

    /// The budget for sales brings them and no less would; the one for a return keeps it and no more would.
    #[test]
    fn a_goal_finds_its_budget() {
        let weeks = weeks(104);
        let answer = model(&weeks.data, &BudgetRequest::default(), Market::None, &|_, _| true).unwrap();
        let learned = Learned { weeks, answer };
        let of = |goal: Option<BudgetGoal>, budget_cents: Option<i64>| {
            planned(&learned, &BudgetRequest { goal, budget_cents, ..BudgetRequest::default() })
        };
        let now = of(None, None).unwrap();
        let total = |plan: &BudgetPlan| {
            [&plan.baseline_cents, &plan.left_over_cents, &plan.added_cents]
                .map(|one| one.unwrap().value)
                .iter()
                .sum::<f64>()
        };
        let sales = of(Some(BudgetGoal::Sales(total(&now).round() as i64)), None).unwrap();
        assert!(
            (sales.budget_cents / now.budget_cents - 1.0).abs() < 1e-3,
            "{} {}",
            sales.budget_cents,
            now.budget_cents
        );
        let goal = sales.goal.unwrap();
        assert!((goal.expected.value / goal.wanted - 1.0).abs() < 1e-6, "{goal:?}");
        assert!(goal.kind == "sales" && (0.3..0.7).contains(&goal.chance), "{goal:?}");
        let ratio = |plan: &BudgetPlan| plan.added_cents.unwrap().value / plan.budget_cents;
        let kept = of(Some(BudgetGoal::Return(ratio(&now))), None).unwrap();
        assert!((kept.budget_cents / now.budget_cents - 1.0).abs() < 1e-3 && ratio(&kept) >= ratio(&now) - 1e-6);
        let more = of(None, Some((kept.budget_cents * 1.05) as i64)).unwrap();
        assert!(ratio(&more) < ratio(&kept));
        let said = |goal: BudgetGoal| of(Some(goal), None).unwrap_err().message;
        assert!(said(BudgetGoal::Sales(i64::MAX / 4)).contains("the most is"));
        assert!(said(BudgetGoal::Sales(1)).contains("need no spend"));
        assert!(said(BudgetGoal::Return(1000.0)).contains("the best is"));
        let both =
            BudgetRequest { goal: Some(BudgetGoal::Return(1.0)), budget_cents: Some(5), ..BudgetRequest::default() };
        for request in [
            both,
            BudgetRequest { goal: Some(BudgetGoal::Sales(0)), ..BudgetRequest::default() },
            BudgetRequest { goal: Some(BudgetGoal::Return(f64::NAN)), ..BudgetRequest::default() },
        ] {
            assert_eq!(check(&request).unwrap_err().code, "goal");
        }
    }

    #[test]
    fn now_is_the_last_quarter_and_not_all_of_the_past() {
        let mut weeks = weeks(104);
        let late = |values: &[f64]| values[91..].iter().sum::<f64>() / 13.0;
        for channel in &mut weeks.data.channels {
            channel.values[91..].iter_mut().for_each(|spend| *spend *= 1.5);
        }
        let plan = run(&weeks, &BudgetRequest::default()).unwrap();
        for (told, channel) in plan.channels.iter().zip(&weeks.data.channels) {
            assert!((told.current_cents - 400.0 * late(&channel.values)).abs() < 1.0, "{told:?}");
            assert!(told.ceiling_cents >= 2.0 * told.current_cents - 1.0, "{told:?}");
        }
    }

    #[test]
    fn what_counts_as_zero_is_said() {
        let mut weeks = weeks(104);
        weeks.without_spend = weeks.data.days[10..16].to_vec();
        weeks.below_zero = weeks.data.days[3..4].to_vec();
        let plan = run(&weeks, &BudgetRequest::default()).unwrap();
        let text = |kind: &str| plan.backing.caveats.iter().find(|one| one.kind == kind).unwrap().text.en.clone();
        let said = text("weeks_without_spend");
        assert!(
            said.contains("6 weeks") && said.contains(&weeks.data.days[10].to_string()) && said.contains('…'),
            "{said}"
        );
        assert!(text("weeks_below_zero").contains("In 1 "));
        assert_eq!(plan.backing.verdict, "thin");
    }

    /// Spends that bring nothing: no figure, whoever asks.
    #[test]
    fn channels_that_bring_nothing_get_no_figures() {
        let mut world = World::default();
        world.channels.iter_mut().for_each(|channel| channel.height = 0.0);
        let mut weeks = weeks(104);
        weeks.data.target = simulate(&world, 104, 3).data.target;
        let plan = run(&weeks, &BudgetRequest::default()).unwrap();
        assert!(plan.backing.is_refused() && plan.channels.is_empty() && plan.added_cents.is_none(), "{plan:?}");
        assert_eq!(plan.backing.caveats[0].kind, "channels_explain_nothing");
    }

    #[test]
    fn what_cannot_be_planned_is_said() {
        assert!(run(&weeks(5), &BudgetRequest::default()).unwrap().backing.is_refused());
        let weeks = weeks(104);
        let unknown = Bound { channel: "fax".to_owned(), floor_cents: None, ceiling_cents: None };
        let request = BudgetRequest { bounds: vec![unknown], ..BudgetRequest::default() };
        assert!(run(&weeks, &request).unwrap_err().message.contains("there is no channel 'fax'; there are: "));
        let name = weeks.data.channels[0].name.clone();
        let high = Bound { channel: name.clone(), floor_cents: Some(1_000_000_000_000), ceiling_cents: None };
        let said = run(&weeks, &BudgetRequest { bounds: vec![high], ..BudgetRequest::default() }).unwrap_err().message;
        assert!(
            said.starts_with(&format!("the least to spend on '{name}' is 10000000000.00; without a most")),
            "{said}"
        );
        let too_much = BudgetRequest { budget_cents: Some(i64::MAX / 4), ..BudgetRequest::default() };
        assert_eq!(run(&weeks, &too_much).unwrap_err().code, "plan");
        for (request, code) in [
            (BudgetRequest { weeks: 0, ..BudgetRequest::default() }, "weeks"),
            (BudgetRequest { budget_cents: Some(0), ..BudgetRequest::default() }, "budget"),
            (BudgetRequest { level: 2.0, ..BudgetRequest::default() }, "level"),
        ] {
            assert_eq!(check(&request).unwrap_err().code, code);
        }
    }
}
