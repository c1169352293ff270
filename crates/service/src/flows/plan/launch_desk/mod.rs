//! The launch desk: what a new product (or one that is planned) will sell in its first weeks, from launches of products like it and from its
//! own pre-orders and sales so far, and whether the stock ordered for it should stay, be raised or be cut.
//!
//! Who is alike is found in the catalogue (`alike`), what the shop as a whole sold more or less in a week is taken out of the curves
//! (`season`), the rest is `strategy::launch`. Not here: the life of product lines (`launch`, beside this), and lowering prices.

mod alike;
mod reasons;
mod season;

use data::Shop;
use domain::Day;
use serde::Serialize;
use strategy::launch::{Desk, Economics, Launch, Past, decide, desk};
use utoipa::ToSchema;

use self::alike::{Debut, Target};
use self::season::Season;
use super::customers::margin;
use super::{Backing, Interval};
use crate::error::{Result, ServiceError, clipped};
use crate::flows::audience::present;
use crate::flows::segment::Text;

/// Weeks of the horizon.
pub const WEEKS: usize = 26;
const WEEKS_MIN: usize = 4;
const WEEKS_MAX: usize = 52;
/// What a piece that is left brings, in parts of the price, and a change of the order that is worth making, in parts of what is earned.
pub const SALVAGE: f64 = 0.5;
const WORTH: f64 = 0.02;
/// Margin in parts of the price where no cost is known.
const USUAL_MARGIN: f64 = 0.2;
const LEVEL: f64 = 0.9;
const SEED: u64 = 1;
/// Launches listed.
const LISTED_MAX: usize = 100;

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct LaunchDeskRequest {
    /// A product of the catalogue; absent for one that is only planned.
    pub product_id: Option<String>,
    /// Of a planned product, or in place of what the catalogue says.
    pub category: Option<String>,
    pub brand: Option<String>,
    pub price_cents: Option<i64>,
    pub cost_cents: Option<i64>,
    /// The first day of sale.
    pub launch_on: Option<Day>,
    /// Pieces on hand and on their way that no pre-order has taken; what the catalogue says if absent.
    pub stock: Option<i64>,
    /// Pre-orders so far; what the orders before the launch say if absent.
    pub preorders: Option<i64>,
    /// Weeks from the launch on. 4 to 52.
    pub weeks: Option<usize>,
    /// What a piece that is left at the end brings, in parts of the price.
    pub salvage: Option<f64>,
    /// In place of those found.
    pub lookalikes: Vec<String>,
}

/// A launch of the catalogue, for choosing one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LaunchOfShop {
    pub product_id: String,
    pub name: String,
    pub brand: String,
    pub category: String,
    pub launched_on: String,
    /// Whether the day is the product's first sale, the catalogue naming none.
    pub is_assumed: bool,
    pub price_cents: Option<i64>,
    pub stock: Option<i64>,
    /// Pieces since the launch.
    pub sold: f64,
}

/// Launches of the last weeks and those to come, the last first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Launches {
    pub as_of: String,
    pub items: Vec<LaunchOfShop>,
    /// Products without a day of launch, and categories that a planned product may have.
    pub n_without_day: u64,
    pub categories: Vec<String>,
}

/// A product whose launch tells of this one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LookAlike {
    pub product_id: String,
    pub name: String,
    pub brand: String,
    pub category: String,
    pub launched_on: String,
    /// Whether the day is its first sale, the catalogue naming none.
    pub is_assumed: bool,
    /// What was paid for one at its launch.
    pub price_cents: Option<i64>,
    pub same_brand: bool,
    pub same_line: bool,
    /// Pieces ordered before its launch, as long before as is known of the product.
    pub preorders: f64,
    /// Pieces by week from its launch on, as far as they are known.
    pub sales: Vec<f64>,
    pub sold: f64,
}

/// How a shape of the curve did on the look-alikes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ShapeTried {
    /// `usual` (the look-alikes' mean curve), `triangle`, `trapezoid` or `bass`.
    pub shape: String,
    pub n: u64,
    /// The mean absolute error of what was to come, in parts of its mean, and that of the look-alikes' plain mean.
    pub error: f64,
    pub baseline_error: f64,
    /// The share that lay inside its interval.
    pub inside: f64,
}

/// What the sales of the days to come would change.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NextWeekSales {
    /// The last day of them.
    pub until: String,
    pub sales: Interval,
    pub raise_from: Option<f64>,
    pub cut_to: Option<f64>,
    pub raise_chance: f64,
    pub cut_chance: f64,
}

/// What to do with the order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LaunchDecision {
    /// `go`, `raise` or `cut`; absent where no stock is known.
    pub step: Option<String>,
    pub stock: Option<i64>,
    /// The stock for what is to come that earns most, and the stocks that earn nearly as much.
    pub best_stock: f64,
    pub go_from: f64,
    pub go_to: f64,
    pub price_cents: i64,
    pub cost_cents: i64,
    /// What a piece that is left brings.
    pub salvage_cents: i64,
    pub critical_ratio: f64,
    /// Pieces left at the end, and customers who find none.
    pub left: Option<Interval>,
    pub short: Option<Interval>,
    pub sold_out: Option<f64>,
    /// What the stock earns within the horizon, and what the best stock would earn more.
    pub earns_cents: Option<Interval>,
    pub gain_cents: Option<Interval>,
    pub next: Option<NextWeekSales>,
    /// Why, and what would change it.
    pub reasons: Vec<Text>,
}

/// A launch foretold.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LaunchDesk {
    pub as_of: String,
    pub product_id: Option<String>,
    pub name: String,
    pub brand: String,
    pub category: String,
    pub launched_on: String,
    pub is_assumed: bool,
    pub price_cents: Option<i64>,
    /// First days of the weeks, from the launch on.
    pub days: Vec<String>,
    /// Pieces so far by week, the last week perhaps in part; and days that are known of it.
    pub sales: Vec<f64>,
    pub days_of_last: u32,
    pub sold: f64,
    /// Pieces ordered before the launch, and look-alikes that told what they mean.
    pub preorders: Option<f64>,
    pub n_with_preorders: u64,
    /// Pieces of each week, what is known included, and from the launch to its end.
    pub expected: Vec<Interval>,
    pub cumulated: Vec<Interval>,
    pub total: Option<Interval>,
    pub remaining: Option<Interval>,
    /// The total as the look-alikes alone tell it.
    pub total_before: Option<Interval>,
    /// The look-alikes' plain mean, raised or lowered by how the product has sold so far.
    pub baseline: Vec<f64>,
    pub baseline_total: Option<f64>,
    pub shape: Option<String>,
    pub tried: Vec<ShapeTried>,
    pub lookalikes: Vec<LookAlike>,
    pub decision: Option<LaunchDecision>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// A day of launch.
///
/// # Errors
/// If it is none.
pub fn day(text: &str) -> Result<Day> {
    text.trim().parse().map_err(|_| {
        let message = format!("the day of launch is '{}'; allowed: a day such as 2026-11-28", clipped(text));
        ServiceError::usage("launch_on", message)
    })
}

fn checked(request: &LaunchDeskRequest) -> Result<()> {
    let weeks = request.weeks.unwrap_or(WEEKS);
    if !(WEEKS_MIN..=WEEKS_MAX).contains(&weeks) {
        return Err(ServiceError::usage("weeks", format!("{weeks} weeks; allowed: {WEEKS_MIN} to {WEEKS_MAX}")));
    }
    let amounts = [
        ("stock", request.stock, 0, 10_000_000),
        ("preorders", request.preorders, 0, 10_000_000),
        ("price", request.price_cents, 1, 100_000_000_000),
        ("cost", request.cost_cents, 1, 100_000_000_000),
    ];
    for (what, found, low, high) in amounts {
        if let Some(found) = found.filter(|found| !(low..=high).contains(found)) {
            return Err(ServiceError::usage(what, format!("{what} is {found}; allowed: {low} to {high}")));
        }
    }
    if let Some(found) = request.salvage.filter(|found| !(-1.0..=0.95).contains(found)) {
        return Err(ServiceError::usage("salvage", format!("salvage is {found}; allowed: -1 to 0.95 of the price")));
    }
    if request.product_id.is_none() && (request.category.is_none() || request.launch_on.is_none()) {
        return Err(ServiceError::usage("product", "a planned product needs a category and a day of launch").help(
            "name a product of the catalogue, or category and launch day (price and brand make look-alikes more alike)",
        ));
    }
    if request.lookalikes.len() > strategy::launch::LOOKALIKES_MAX {
        let (n, most) = (request.lookalikes.len(), strategy::launch::LOOKALIKES_MAX);
        return Err(ServiceError::usage("lookalikes", format!("{n} look-alikes; allowed: {most} at most")));
    }
    Ok(())
}

/// Launches of the last weeks and those to come.
///
/// # Errors
/// If the tables cannot be read.
pub async fn launches(shop: &Shop) -> Result<Launches> {
    let today = present(shop).await?.day;
    let debuts = alike::read(shop, today, None).await?;
    let mut items: Vec<LaunchOfShop> = debuts
        .all
        .iter()
        .filter_map(|one| {
            let launched = one.launched.filter(|day| today.0 - day.0 < 7 * WEEKS as i32)?;
            Some(LaunchOfShop {
                product_id: one.id.clone(),
                name: one.name.clone(),
                brand: one.brand.clone(),
                category: one.category.clone(),
                launched_on: launched.to_string(),
                is_assumed: one.is_assumed,
                price_cents: one.price_cents,
                stock: one.stock,
                sold: one.sold(launched.0, today.0 + 1),
            })
        })
        .collect();
    items.sort_by(|a, b| b.launched_on.cmp(&a.launched_on).then(a.product_id.cmp(&b.product_id)));
    items.truncate(LISTED_MAX);
    let categories: std::collections::BTreeSet<&String> =
        debuts.all.iter().map(|one| &one.category).filter(|category| !category.is_empty()).collect();
    Ok(Launches {
        as_of: today.to_string(),
        items,
        n_without_day: debuts.all.iter().filter(|one| one.launched.is_none()).count() as u64,
        categories: categories.into_iter().cloned().collect(),
    })
}

/// What a new product will sell, and what to do with its order.
///
/// # Errors
/// If there is no such product, it has no day of launch, a parameter is out of range, or the tables cannot be read. Too few look-alikes are no
/// error but a refusal.
pub async fn launch_desk(shop: &Shop, request: &LaunchDeskRequest) -> Result<LaunchDesk> {
    checked(request)?;
    let today = present(shop).await?.day;
    let debuts = alike::read(shop, today, request.product_id.as_deref()).await?;
    let target = debuts.target(request)?;
    let chosen = debuts.lookalikes(&target, &request.lookalikes, today)?;
    let season = Season::read(shop, today).await?;
    let rate = margin(shop).await?;
    let asked = Asked { request, target, today, rate };
    tokio::task::block_in_place(|| told(&asked, &debuts, &chosen, &season))
}

struct Asked<'a> {
    request: &'a LaunchDeskRequest,
    target: Target,
    today: Day,
    rate: Option<f64>,
}

/// A product's whole weeks since its launch, as long as it was on sale.
fn past(one: &Debut, launched: Day, today: Day, weeks: usize, season: &Season, lead: i32) -> Past {
    let end = one.retired.map_or(today.0 + 1, |day| day.0.min(today.0 + 1));
    let n = (((end - launched.0).max(0) / 7) as usize).min(weeks);
    let week = |t: usize| launched.0 + 7 * t as i32;
    Past {
        sales: (0..n).map(|t| one.sold(week(t), week(t + 1))).collect(),
        exposure: (0..n).map(|t| season.of(week(t))).collect(),
        preorders: (!one.is_assumed).then(|| one.sold(i32::MIN, launched.0 - lead)),
    }
}

fn told(asked: &Asked, debuts: &alike::Debuts, chosen: &[usize], season: &Season) -> Result<LaunchDesk> {
    let (target, today, request) = (&asked.target, asked.today, asked.request);
    let weeks = request.weeks.unwrap_or(WEEKS);
    let launched = target.launched;
    // Before the launch look-alikes' pre-orders count up to as long before theirs.
    let lead = (launched.0 - today.0 - 1).max(0);
    let pasts: Vec<(usize, Past)> = chosen
        .iter()
        .filter_map(|at| Some((*at, past(&debuts.all[*at], debuts.all[*at].launched?, today, weeks, season, lead))))
        .collect();
    let (own, days_of_last, ahead) = own(asked, debuts, weeks, season);
    let launch = Launch {
        lookalikes: pasts.iter().map(|(_, past)| past.clone()).collect(),
        own: own.clone(),
        ahead,
        level: LEVEL,
        seed: SEED,
    };
    let answer = desk(&launch)?;
    let mut made = LaunchDesk {
        as_of: today.to_string(),
        product_id: request.product_id.clone(),
        name: target.name.clone(),
        brand: target.brand.clone(),
        category: target.category.clone(),
        launched_on: launched.to_string(),
        is_assumed: target.is_assumed,
        price_cents: target.price_cents,
        days: (0..weeks).map(|week| Day(launched.0 + 7 * week as i32).to_string()).collect(),
        sold: own.sales.iter().fold(0.0, |sum, sales| sum + sales),
        sales: own.sales,
        days_of_last,
        preorders: own.preorders,
        n_with_preorders: 0,
        expected: Vec::new(),
        cumulated: Vec::new(),
        total: None,
        remaining: None,
        total_before: None,
        baseline: Vec::new(),
        baseline_total: None,
        shape: None,
        tried: Vec::new(),
        lookalikes: pasts.iter().map(|(at, past)| lookalike(&debuts.all[*at], past, target)).collect(),
        decision: None,
        backing: reasons::backing(&answer, asked, debuts, chosen, season, weeks),
    };
    if let Some(found) = &answer.value {
        fill(&mut made, found);
        made.decision = decision(asked, found, &mut made.backing)?;
    }
    Ok(made)
}

/// The product's own weeks so far, days known of the last, and what is to come of every week.
fn own(asked: &Asked, debuts: &alike::Debuts, weeks: usize, season: &Season) -> (Past, u32, Vec<f64>) {
    let (target, today) = (&asked.target, asked.today);
    let launched = target.launched;
    let n_days = (today.0 + 1 - launched.0).max(0);
    let one = target.place.map(|at| &debuts.all[at]);
    let week = |t: usize| launched.0 + 7 * t as i32;
    let known = |t: usize| (n_days - 7 * t as i32).clamp(0, 7);
    let n_seen = (0..weeks).filter(|t| known(*t) > 0).count();
    let part = |t: usize| f64::from(known(t)) / 7.0;
    let past = Past {
        sales: (0..n_seen).map(|t| one.map_or(0.0, |one| one.sold(week(t), week(t) + known(t)))).collect(),
        exposure: (0..n_seen).map(|t| season.of(week(t)) * part(t)).collect(),
        preorders: asked.request.preorders.map(|n| n as f64).or_else(|| {
            let ordered = one.filter(|_| !target.is_assumed)?.sold(i32::MIN, launched.0);
            (ordered > 0.0).then_some(ordered)
        }),
    };
    // A product that is planned has no sales, not none: it is then as if its launch were yet to come.
    let past = if one.is_none() { Past { sales: Vec::new(), exposure: Vec::new(), ..past } } else { past };
    let n_seen = past.sales.len();
    let ahead = (0..weeks).map(|t| season.of(week(t)) * if t < n_seen { 1.0 - part(t) } else { 1.0 }).collect();
    (past, if n_seen == 0 { 0 } else { known(n_seen - 1) as u32 }, ahead)
}

fn lookalike(one: &Debut, past: &Past, target: &Target) -> LookAlike {
    LookAlike {
        product_id: one.id.clone(),
        name: one.name.clone(),
        brand: one.brand.clone(),
        category: one.category.clone(),
        launched_on: one.launched.map(|day| day.to_string()).unwrap_or_default(),
        is_assumed: one.is_assumed,
        price_cents: one.launch_price().map(|cents| cents.round() as i64),
        same_brand: !one.brand.is_empty() && one.brand == target.brand,
        same_line: one.line.is_some() && one.line == target.line,
        preorders: past.preorders.unwrap_or(0.0),
        sold: past.sales.iter().fold(0.0, |sum, sales| sum + sales),
        sales: past.sales.clone(),
    }
}

fn fill(made: &mut LaunchDesk, found: &Desk) {
    let outlook = &found.outlook;
    made.expected = outlook.periods.iter().map(|one| Interval::from(*one)).collect();
    made.cumulated = outlook.cumulated.iter().map(|one| Interval::from(*one)).collect();
    made.total = Some(outlook.total.into());
    made.remaining = Some(outlook.remaining.into());
    made.total_before = Some(outlook.total_before.into());
    made.baseline = outlook.baseline.clone();
    made.baseline_total = Some(outlook.baseline_total);
    made.n_with_preorders = outlook.n_with_preorders as u64;
    made.shape = Some(outlook.kind.name().to_owned());
    made.tried = found
        .tried
        .iter()
        .map(|one| ShapeTried {
            shape: one.kind.name().to_owned(),
            n: one.n as u64,
            error: one.error,
            baseline_error: one.baseline_error,
            inside: one.inside,
        })
        .collect();
}

/// What to do with the order; `None` without a price.
fn decision(asked: &Asked, found: &Desk, backing: &mut Backing) -> Result<Option<LaunchDecision>> {
    let (request, target) = (asked.request, &asked.target);
    let Some(price) = target.price_cents.filter(|cents| *cents > 0) else {
        *backing = backing.clone().but(
            "no_price",
            "没有价格，算不出订多少最划算。请给出价格。",
            "Without a price it cannot be told how much to order. Give a price.",
        );
        return Ok(None);
    };
    let price = price as f64;
    let cost = match (target.cost_cents, asked.rate) {
        (Some(cost), _) => cost as f64,
        (None, rate) => {
            let share = rate.unwrap_or(USUAL_MARGIN);
            let percent = 100.0 * share;
            *backing = backing.clone().but(
                "cost_assumed",
                format!("没有成本，按毛利率 {percent:.0}% 估算。"),
                format!("Its cost is not known; a margin of {percent:.0} % of the price is taken for granted."),
            );
            price * (1.0 - share)
        }
    };
    // Nobody orders what brings as much left as it cost.
    let salvage = match request.salvage {
        Some(share) if price * share >= cost => {
            let message = format!("what is left brings {share} of the price, which is its cost or more");
            return Err(ServiceError::usage("salvage", message).help("give a smaller share, or the cost"));
        }
        Some(share) => price * share,
        None => (price * SALVAGE).min(0.9 * cost),
    };
    let of = Economics { price, cost, salvage, worth: WORTH };
    let stock = request.stock.or(target.stock);
    let made = decide(&found.outlook, stock.unwrap_or(0).max(0) as f64, &of)?;
    let known = stock.is_some();
    let mut told = LaunchDecision {
        step: known.then(|| made.step.name().to_owned()),
        stock,
        best_stock: made.best_stock,
        go_from: made.go_from,
        go_to: made.go_to,
        price_cents: price.round() as i64,
        cost_cents: cost.round() as i64,
        salvage_cents: salvage.round() as i64,
        critical_ratio: made.critical_ratio,
        left: known.then(|| made.left.into()),
        short: known.then(|| made.short.into()),
        sold_out: known.then_some(made.sold_out),
        earns_cents: known.then(|| made.earns.into()),
        gain_cents: known.then(|| made.gain.into()),
        next: made.next.filter(|_| known).map(|next| NextWeekSales {
            until: Day(target.launched.0 + 7 * found.outlook.next_until as i32 - 1).to_string(),
            sales: next.sales.into(),
            raise_from: next.raise_from,
            cut_to: next.cut_to,
            raise_chance: next.raise_chance,
            cut_chance: next.cut_chance,
        }),
        reasons: Vec::new(),
    };
    told.reasons = reasons::of(&told, found);
    Ok(Some(told))
}

fn not_launched(id: &str) -> ServiceError {
    ServiceError::usage(
        "launch",
        format!("product '{}' has no day of launch and no first sale that tells it", clipped(id)),
    )
    .help("fill in launched_on in the table products, or give the day of launch")
}
