//! What prices do in this shop: elasticities by category from what was paid in each week, how prices fall over a product's life,
//! and the prices at which a product's stock is best sold in the weeks that are left.

use std::collections::BTreeMap;

use data::Shop;
use data::arrow::array::Array;
use domain::Day;
use serde::{Deserialize, Serialize};
use strategy::Estimate;
use strategy::forecast::{Method, Options, forecast};
use strategy::price::{Clearance, Sales, Stock, clear, decay, elasticities, over_hold_at};
use utoipa::ToSchema;

use super::kept::Kept;
use super::{Backing, Interval, Step};
use crate::error::{Result, ServiceError};
use crate::flows::audience::present;
use crate::flows::dataset::generations;
use crate::flows::rows::{floats, integers, query, query_rows, quoted, texts};

/// Weeks of the past that are looked at, and products of most revenue in them.
const WEEKS: i32 = 104;
const PRODUCTS_MAX: usize = 2000;
/// Ages at which fewer products are seen are not told.
const DECAY_PRODUCTS_MIN: usize = 5;
/// Prices to choose from.
const N_PRICES: usize = 9;
/// Without a past to forecast from, the mean of so many last weeks is the demand of those to come.
const RECENT_WEEKS: usize = 8;
const LEVEL: f64 = 0.9;

static KEPT: Kept<Prices> = Kept::new();

/// The elasticity of a category.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CategoryElasticity {
    pub category: String,
    /// Drawn towards that of all categories as far as it is uncertain, and from its own products alone.
    pub elasticity: Interval,
    pub alone: Interval,
    /// `falls` where the interval lies below 0, `not_identified` where the elasticity is above 0 (nobody buys more because it is dearer,
    /// so prices there followed interest), else `open`.
    pub shows: String,
    pub n_products: u64,
    pub n_price_changes: u64,
}

/// What part of the first price is left after so many months.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PriceLeft {
    pub month: u32,
    pub n_products: u64,
    pub median: f64,
    /// A tenth of the products lie below, a tenth above.
    pub low: f64,
    pub high: f64,
}

/// What prices do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Prices {
    pub as_of: String,
    /// Of pieces sold to the product's own price: −2 is 2 % more for a price 1 % lower.
    pub elasticity: Option<Interval>,
    /// Of pieces sold to the prices of the other products of its category.
    pub substitution: Option<Interval>,
    pub categories: Vec<CategoryElasticity>,
    pub left: Vec<PriceLeft>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// What to clear.
#[derive(Clone, Debug)]
pub struct MarkdownRequest {
    pub product_id: String,
    /// Weeks that are left. 1 to 52.
    pub weeks: usize,
    /// Pieces; what the catalogue says if absent.
    pub stock: Option<i64>,
    /// The lowest price to ask, in parts of the present one.
    pub lowest: f64,
    /// What a piece that is left brings, in parts of the present price.
    pub salvage: f64,
    /// The shop's own for the product's category if absent.
    pub elasticity: Option<f64>,
}

/// What one way of pricing is expected to bring.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Brings {
    pub revenue_cents: Interval,
    pub sold: Interval,
    /// The chance that nothing is left.
    pub sold_out: f64,
}

/// The price to ask in a week.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WeekPrice {
    pub day: String,
    /// Pieces expected at the present price.
    pub demand: f64,
    /// If sales go as expected.
    pub price_cents: i64,
    /// If a tenth, two tenths … of the stock are left: ten prices.
    pub by_tenths_left_cents: Vec<i64>,
}

/// When to lower a product's price by how much.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Markdown {
    pub product_id: String,
    pub name: String,
    pub stock: i64,
    pub price_cents: i64,
    pub elasticity: f64,
    pub weeks: Vec<WeekPrice>,
    pub best: Option<Brings>,
    /// Holding the present price; and the best single price, and which that is.
    pub hold: Option<Brings>,
    pub single: Option<Brings>,
    pub single_price_cents: i64,
    /// With what is not known of the shop's own elasticity: the plan's gain at both ends of its interval lies within.
    pub over_hold_cents: Option<Interval>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// What was paid and sold, a row a product and week.
#[derive(Default)]
struct Weekly {
    products: Vec<String>,
    categories: Vec<String>,
    category_of: Vec<u32>,
    product: Vec<u32>,
    period: Vec<u32>,
    price: Vec<f64>,
    units: Vec<f64>,
    /// Weeks since the launch; since the first sale where that is not known.
    age: Vec<f64>,
}

/// Pieces and what was paid for them, by week.
type PaidByWeek = BTreeMap<u32, (f64, f64)>;

/// A product that sold: its name, category, and the week of its launch if known, counted as weeks of sales are.
struct Sold<'a> {
    product: &'a str,
    category: &'a str,
    launched: Option<i64>,
}

impl Weekly {
    /// A product's weeks from its first sale to `n_weeks`: a week without a sale keeps the price before it.
    fn add(&mut self, of: &Sold, sold: &PaidByWeek, n_weeks: u32) {
        let (product, category) = (of.product, of.category);
        let number = self.products.len() as u32;
        self.products.push(product.to_owned());
        let category = match self.categories.iter().position(|known| known == category) {
            Some(at) => at,
            None => {
                self.categories.push(category.to_owned());
                self.categories.len() - 1
            }
        };
        self.category_of.push(category as u32);
        let Some(first) = sold.keys().next().copied() else { return };
        let mut price = 0.0;
        for week in first..n_weeks {
            let units = sold.get(&week).map_or(0.0, |(units, paid)| {
                price = paid / units;
                *units
            });
            self.product.push(number);
            self.period.push(week);
            self.price.push(price);
            self.units.push(units);
            let launched = of.launched.map_or(i64::from(first), |launched| launched.min(i64::from(first)));
            self.age.push((i64::from(week) - launched) as f64);
        }
    }

    fn sales(&self) -> Sales<'_> {
        Sales {
            product: &self.product,
            period: &self.period,
            price: &self.price,
            units: &self.units,
            age: Some(&self.age),
            group_of: &self.category_of,
        }
    }
}

async fn weekly(shop: &Shop, today: Day) -> Result<Weekly> {
    let last = Step::Week.whole(Day(today.0 - 7 * WEEKS), today);
    let (from, until) = (Step::Week.first(last.start).0, Step::Week.first(last.end).0);
    let sql = format!(
        "with lines as (
          select product_id, cast(shop_day(ordered_at) as int) as day, quantity,
            quantity * unit_price_cents - coalesce(discount_cents, 0) as cents
          from orders where quantity > 0
        ), kept as (
          select product_id, sum(cents) as cents from lines where day >= {from} and day < {until}
          group by product_id order by cents desc, product_id limit {PRODUCTS_MAX}
        )
        select l.product_id as product_id, coalesce(p.category, '') as category, l.day as day,
          cast(p.launched_on as int) as launched,
          cast(sum(l.quantity) as double) as units, cast(sum(l.cents) as double) as cents
        from lines l join kept k on k.product_id = l.product_id left join products p on p.product_id = l.product_id
        where l.day >= {from} and l.day < {until}
        group by l.product_id, p.category, p.launched_on, l.day order by l.product_id, l.day"
    );
    let n_weeks = (last.end - last.start) as u32;
    let mut sold: BTreeMap<(String, String, Option<i64>), PaidByWeek> = BTreeMap::new();
    for batch in query(shop, &sql).await? {
        let (ids, categories) = (texts(&batch, "product_id")?, texts(&batch, "category")?);
        let (days, units, cents) = (integers(&batch, "day")?, floats(&batch, "units")?, floats(&batch, "cents")?);
        let launches = integers(&batch, "launched")?;
        for row in (0..batch.num_rows()).filter(|&row| ids.is_valid(row)) {
            let launched = launches.is_valid(row).then(|| Step::Week.of(Day(launches.value(row) as i32)) - last.start);
            let key = (ids.value(row).to_owned(), categories.value(row).to_owned(), launched);
            let week = (Step::Week.of(Day(days.value(row) as i32)) - last.start) as u32;
            let cell = sold.entry(key).or_default().entry(week).or_default();
            *cell = (cell.0 + units.value(row), cell.1 + cents.value(row));
        }
    }
    let mut weekly = Weekly::default();
    for ((product, category, launched), mut weeks) in sold {
        // What was given away has no price.
        weeks.retain(|_, (units, cents)| *units > 0.0 && *cents > 0.0);
        weekly.add(&Sold { product: &product, category: &category, launched }, &weeks, n_weeks);
    }
    Ok(weekly)
}

/// What prices do in the shop, over the last two years.
///
/// # Errors
/// If the tables cannot be read. Too few changes of price are no error but a refusal.
pub async fn prices(shop: &Shop) -> Result<Prices> {
    let today = present(shop).await?.day;
    let version = version(shop, today)?;
    if let Some(kept) = KEPT.get(shop, &version) {
        return Ok(kept);
    }
    let weekly = weekly(shop, today).await?;
    let made = tokio::task::block_in_place(|| told(&weekly, today))?;
    KEPT.put(shop, version, made.clone());
    Ok(made)
}

fn version(shop: &Shop, today: Day) -> Result<String> {
    Ok(today.to_string() + &generations(shop, &["orders", "products"])?)
}

fn shows(found: &Estimate) -> &'static str {
    match () {
        () if found.high < 0.0 => "falls",
        () if found.value > 0.0 => "not_identified",
        () => "open",
    }
}

fn told(weekly: &Weekly, today: Day) -> Result<Prices> {
    let answer = elasticities(&weekly.sales(), LEVEL)?;
    // Four years of 1,461 days have 48 months.
    let months: Vec<i64> = weekly.period.iter().map(|week| i64::from(*week) * 7 * 48 / 1461).collect();
    let left = decay(&weekly.product, &months, &weekly.price, DECAY_PRODUCTS_MIN)?;
    let mut prices = Prices {
        as_of: today.to_string(),
        elasticity: None,
        substitution: None,
        categories: Vec::new(),
        left: left
            .into_iter()
            .map(|point| PriceLeft {
                month: point.age as u32,
                n_products: point.n_products as u64,
                median: point.median,
                low: point.low,
                high: point.high,
            })
            .collect(),
        backing: Backing::of(&answer),
    };
    if let Some(found) = answer.value {
        prices.elasticity = Some(found.own.into());
        prices.substitution = found.substitution.map(Interval::from);
        prices.categories = found
            .groups
            .iter()
            .map(|group| CategoryElasticity {
                category: weekly.categories[group.group as usize].clone(),
                elasticity: group.pooled.into(),
                alone: group.alone.into(),
                shows: shows(&group.pooled).to_owned(),
                n_products: group.n_products as u64,
                n_price_changes: group.n_changes as u64,
            })
            .collect();
        let n_odd = prices.categories.iter().filter(|one| one.shows == "not_identified").count();
        if n_odd > 0 {
            prices.backing = prices.backing.but(
                "dearer_sold_more",
                format!("有 {n_odd} 个品类的弹性识别不出来：贵的时候卖得多，那里的价格是跟着热度降的。"),
                format!("The elasticity of {n_odd} categories is not identified: what was dearer sold more, for prices there fell as interest did."),
            );
        }
        prices.categories.sort_by(|a, b| b.n_price_changes.cmp(&a.n_price_changes).then(a.category.cmp(&b.category)));
    }
    Ok(prices)
}

/// The prices at which a product's stock is best sold.
///
/// # Errors
/// If there is no such product, it has no price or stock, a parameter is out of range, or the tables cannot be read.
pub async fn markdown(shop: &Shop, request: &MarkdownRequest) -> Result<Markdown> {
    for (name, found, low, high) in [("lowest", request.lowest, 0.1, 0.95), ("salvage", request.salvage, -1.0, 0.9)] {
        if !(low..=high).contains(&found) || (name == "salvage" && found >= request.lowest) {
            let message = format!("{name} is {found}; allowed: {low} to {high}, salvage below lowest");
            return Err(ServiceError::usage("markdown", message));
        }
    }
    if !(1..=52).contains(&request.weeks) {
        return Err(ServiceError::usage("weeks", format!("weeks is {}; allowed: 1 to 52", request.weeks)));
    }
    let id = quoted(&request.product_id);
    let sql = format!(
        "select name, coalesce(category, '') as category, price_cents, stock from products where product_id = {id}"
    );
    let rows = query_rows(shop, &sql).await?;
    let product = rows.first().ok_or_else(|| ServiceError::not_found("product", &request.product_id))?;
    let price_cents = product["price_cents"].as_i64().filter(|cents| *cents > 0).ok_or_else(|| {
        ServiceError::usage("price", format!("product {} has no price in the catalogue", request.product_id))
    })?;
    let stock = request.stock.or_else(|| product["stock"].as_i64()).filter(|pieces| *pieces > 0).ok_or_else(|| {
        ServiceError::usage("stock", format!("product {} has no stock in the catalogue", request.product_id))
            .help("say how many pieces are to be sold")
    })?;
    let today = present(shop).await?.day;
    // All categories are learned together, so they are learned once for all products.
    let prices = match request.elasticity {
        Some(_) => None,
        None => Some(prices(shop).await?),
    };
    let weekly = weekly(shop, today).await?;
    tokio::task::block_in_place(|| {
        let category = product["category"].as_str().unwrap_or_default();
        let (elasticity, mut backing) = match (request.elasticity, &prices) {
            (Some(given), _) => (given, None),
            (None, Some(prices)) => of_category(prices, category),
            (None, None) => (USUAL_ELASTICITY, None),
        };
        let demand = demand(&weekly, request);
        let ends = prices.as_ref().map(|prices| elasticity_of(prices, category));
        let prices: Vec<f64> = (0..N_PRICES)
            .map(|at| price_cents as f64 * (1.0 - (1.0 - request.lowest) * at as f64 / (N_PRICES - 1) as f64))
            .collect();
        let asked = Stock {
            n: usize::try_from(stock).unwrap_or(usize::MAX),
            demand: demand.clone(),
            prices: prices.clone(),
            elasticity,
            salvage: price_cents as f64 * request.salvage,
        };
        let answer = clear(&asked, LEVEL, 1)?;
        let of_answer = Backing::of(&answer);
        let backing = match backing.take() {
            Some(mut first) => {
                first.caveats.extend(of_answer.caveats);
                first
            }
            None => of_answer,
        };
        let cents = |place: usize| prices[place].round() as i64;
        let first = Step::Week.first(Step::Week.whole(today, today).end);
        let mut markdown = Markdown {
            product_id: request.product_id.clone(),
            name: product["name"].as_str().unwrap_or_default().to_owned(),
            stock,
            price_cents,
            elasticity,
            weeks: Vec::new(),
            best: None,
            hold: None,
            single: None,
            single_price_cents: price_cents,
            over_hold_cents: None,
            backing,
        };
        if let Some(found) = answer.value {
            markdown.weeks = (0..request.weeks)
                .map(|week| WeekPrice {
                    day: Day(first.0 + 7 * week as i32).to_string(),
                    demand: demand[week],
                    price_cents: cents(found.usual[week]),
                    by_tenths_left_cents: found.policy[week].iter().map(|place| cents(*place)).collect(),
                })
                .collect();
            (markdown.best, markdown.hold) = (Some(brings(&found.best)), Some(brings(&found.hold)));
            markdown.single = Some(brings(&found.single));
            markdown.single_price_cents = cents(found.single_price);
            let mut over = Interval::from(found.over_hold);
            if let Some((low, _, high)) = ends {
                for end in [low, high] {
                    let at_end = over_hold_at(&asked, end, LEVEL, 1)?;
                    (over.low, over.high) = (over.low.min(at_end.low), over.high.max(at_end.high));
                }
                // That is done: nobody has to be told to do it.
                markdown.backing.caveats.retain(|caveat| caveat.kind != "elasticity_assumed");
                markdown.backing = markdown.backing.but(
                    "elasticity_ends",
                    format!("多收的区间包含了价格弹性的不确定：{low:.2} 到 {high:.2} 两端各算了一次。"),
                    format!("The interval of the gain holds what is not known of the elasticity: the plan was tried at both ends, {low:.2} and {high:.2}."),
                );
            }
            markdown.over_hold_cents = Some(over);
        }
        Ok(markdown)
    })
}

fn brings(found: &Clearance) -> Brings {
    Brings { revenue_cents: found.revenue.into(), sold: found.sold.into(), sold_out: found.sold_out }
}

/// What a shop whose prices tell nothing takes for granted, and how far that may be off.
const USUAL_ELASTICITY: f64 = -2.0;
const USUAL_SPREAD: f64 = 1.0;

/// Whether an elasticity says that cheaper sells more.
fn falls(found: &Interval) -> bool {
    found.value < -0.05
}

/// The category's elasticity, or the shop's, if either says that cheaper sells more.
fn own_of(prices: &Prices, category: &str) -> Option<Interval> {
    let own = prices.categories.iter().find(|one| one.category == category).map(|one| one.elasticity);
    own.filter(falls).or(prices.elasticity.filter(falls))
}

pub(super) fn is_told(prices: &Prices, category: &str) -> bool {
    own_of(prices, category).is_some()
}

/// The elasticity to plan with and the ends of its interval, none of them above 0: (low, value, high).
pub(super) fn elasticity_of(prices: &Prices, category: &str) -> (f64, f64, f64) {
    match own_of(prices, category) {
        Some(found) => (found.low.max(-19.0), found.value.max(-19.0), found.high.min(0.0)),
        None => (USUAL_ELASTICITY - USUAL_SPREAD, USUAL_ELASTICITY, USUAL_ELASTICITY + USUAL_SPREAD),
    }
}

/// The elasticity to plan with, and what speaks against it.
fn of_category(prices: &Prices, category: &str) -> (f64, Option<Backing>) {
    match own_of(prices, category) {
        Some(found) => {
            let is_own = prices.categories.iter().any(|one| one.category == category && falls(&one.elasticity));
            let backing = (!is_own).then(|| {
                Backing { verdict: "enough".to_owned(), ..prices.backing.clone() }.but(
                    "elasticity_of_all",
                    format!("这个品类的价格弹性看不出来，这里用的是全店的 {:.2}（{:.2} 到 {:.2}）。", found.value, found.low, found.high),
                    format!(
                        "The elasticity of this category is not identified; that of the whole shop, {:.2} [{:.2}, {:.2}], is taken.",
                        found.value, found.low, found.high
                    ),
                )
            });
            (found.value.max(-19.0), backing)
        }
        None => {
            let backing = Backing { verdict: "enough".to_owned(), ..prices.backing.clone() };
            let backing = backing.but(
                "elasticity_guessed",
                "本店的价格变动看不出弹性，这里按 -2 估算。",
                "This shop's prices do not tell an elasticity; −2 is taken for granted here.",
            );
            (USUAL_ELASTICITY, Some(backing))
        }
    }
}

/// Pieces expected in each week that is left, at the present price.
fn demand(weekly: &Weekly, request: &MarkdownRequest) -> Vec<f64> {
    let Some(number) = weekly.products.iter().position(|id| *id == request.product_id) else {
        return vec![0.0; request.weeks];
    };
    let rows = (0..weekly.units.len()).filter(|row| weekly.product[*row] as usize == number);
    let units: Vec<f64> = rows.map(|row| weekly.units[row]).collect();
    let options = Options { method: Method::Auto, season: 1, horizon: request.weeks, level: LEVEL, seed: 1 };
    let told = forecast(&units, &options).ok().and_then(|answer| answer.value);
    match told {
        Some(found) => found.mean.iter().map(|mean| mean.max(0.0)).collect(),
        None => {
            let recent = &units[units.len().saturating_sub(RECENT_WEEKS)..];
            vec![recent.iter().sum::<f64>() / recent.len().max(1) as f64; request.weeks]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was dearer sold more: prices there followed interest, whether or not the interval holds 0.
    #[test]
    fn an_elasticity_above_0_is_not_identified() {
        let told = |low, value, high| shows(&Estimate { value, low, high, level: 0.9 });
        assert_eq!((told(-0.1, 0.6, 1.3), told(0.2, 0.6, 1.0)), ("not_identified", "not_identified"));
        assert_eq!((told(-1.0, -0.4, 0.2), told(-2.0, -1.5, -1.0)), ("open", "falls"));
    }

    fn weekly(n_weeks: u32) -> Weekly {
        let mut weekly = Weekly::default();
        for at in 0..10u32 {
            let sold = (0..n_weeks)
                .filter(|week| (week + at) % 7 != 3)
                .map(|week| {
                    // Prices step down at weeks of their own.
                    let price = 10_000.0 * (1.0 - 0.1 * f64::from((week + 5 * at) / 12 % 4));
                    let units = (40.0 * (price / 10_000.0).powf(-1.8)).round();
                    (week, (units, units * price))
                })
                .collect();
            let category = if at % 2 == 0 { "phones" } else { "laptops" };
            weekly.add(&Sold { product: &format!("p{at}"), category, launched: None }, &sold, n_weeks);
        }
        weekly
    }

    #[test]
    fn weeks_without_a_sale_keep_the_price_and_tell_of_nothing_sold() {
        let weekly = weekly(30);
        let row = (0..weekly.units.len()).find(|row| weekly.units[*row] == 0.0).unwrap();
        assert_eq!(weekly.price[row], weekly.price[row - 1]);
        assert_eq!((weekly.products.len(), weekly.categories.len()), (10, 2));
    }

    #[test]
    fn elasticities_and_falling_prices_are_told_by_category() {
        let prices = told(&weekly(52), Day(20_000)).unwrap();
        let found = prices.elasticity.unwrap();
        assert!((found.value + 1.8).abs() < 0.6, "{found:?}");
        assert_eq!(prices.categories.len(), 2);
        assert_eq!((prices.left[0].median, prices.left[0].n_products), (1.0, 10));
        let (elasticity, doubt) = of_category(&prices, "phones");
        assert!(elasticity < -1.0 && doubt.is_none());
        let last = |doubt: Option<Backing>| {
            doubt.unwrap().caveats.last().map(|caveat| (caveat.kind.clone(), caveat.text.en.clone()))
        };
        // A category that tells nothing of its own takes the shop's, which is said with its interval.
        let (elasticity, doubt) = of_category(&prices, "tablets");
        let (kind, text) = last(doubt).unwrap();
        assert_eq!((elasticity, kind.as_str()), (found.value, "elasticity_of_all"));
        assert!(text.contains(&format!("[{:.2}, {:.2}]", found.low, found.high)), "{text}");
        let still = told(&Weekly::default(), Day(20_000)).unwrap();
        assert!(still.backing.is_refused());
        let (elasticity, doubt) = of_category(&still, "phones");
        let kinds: Vec<String> = doubt.unwrap().caveats.into_iter().map(|caveat| caveat.kind).collect();
        assert_eq!((elasticity, kinds.last().map(String::as_str)), (-2.0, Some("elasticity_guessed")));
    }
}
