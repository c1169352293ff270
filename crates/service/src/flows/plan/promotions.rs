//! The ledger of past promotions: what 618, double 11 and the shop's own days brought over the usual, what customers had held back
//! for them and bought ahead of time, what other products lost or gained, what came back, and whether it paid.
//!
//! Campaigns with a group that got nothing stand beside them, judged by that group.

use std::collections::BTreeMap;
use std::ops::Range;

use data::Shop;
use data::arrow::array::{Array, RecordBatch};
use domain::Day;
use serde::{Deserialize, Serialize};
use strategy::forecast::calendar::{Event, retail};
use strategy::promotion::{Effect, Ledger, LedgerSettings, OCCASIONS_MAX, Occasion, ledger};
use utoipa::ToSchema;

use super::experiment::{self, VerdictRequest};
use super::kept::Kept;
use super::{Backing, Interval};
use crate::error::{Result, ServiceError, clipped};
use crate::flows::audience::{present, sql::Present};
use crate::flows::dataset::generations;
use crate::flows::rows::{floats, integers, query, texts};
use crate::flows::segment::Text;

/// The shop's own promotions accepted at once.
pub const OWN_MAX: usize = 20;
const NAME_CHARS_MAX: usize = 60;
/// Promotions as deep as this make people wait and buy ahead; days around them that are looked at, and around others.
const DEEP: f64 = 0.05;
const AROUND_DEEP: u32 = 28;
const AROUND: u32 = 7;
/// Days of the calendar on which less was taken off are no promotions; they are left out of what is usual all the same.
const DEPTH_MIN: f64 = 0.02;
/// A product is on offer whose discount is so much more than before, or whose price is so much lower where nothing else tells.
const OFFER: f64 = 0.02;
const OFFER_BY_PRICE: f64 = 0.04;
/// Days before that tell what a product cost.
const PRICE_DAYS: i32 = 28;
/// Orders of the last days may still go back.
const RETURN_DAYS: i32 = 30;
/// At least so much of what was sold must have a known cost before margins are told.
const COST_KNOWN_MIN: f64 = 0.8;
const LEVEL: f64 = 0.9;
/// Campaigns told of, the last ones.
const CAMPAIGNS_MAX: usize = 20;
const CAMPAIGN_DAYS: i32 = 30;
/// What the ledger is read from.
const TABLES: [&str; 4] = ["orders", "products", "spend", "exposures"];

static KEPT: Kept<Promotions> = Kept::new();

/// A promotion of the shop's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    pub name: String,
    pub first: Day,
    pub last: Day,
}

impl Own {
    /// `name:2026-03-10:2026-03-20`.
    ///
    /// # Errors
    /// If it is not of that form, or ends before it begins.
    pub fn read(text: &str) -> Result<Own> {
        let wrong = || {
            let message = format!(
                "the promotion '{}' is not NAME:FIRST:LAST, such as birthday:2026-03-10:2026-03-20",
                clipped(text)
            );
            ServiceError::usage("own", message)
        };
        let mut parts = text.rsplitn(3, ':');
        let (last, first, name) = (parts.next(), parts.next(), parts.next());
        let day = |text: Option<&str>| text.and_then(|text| text.trim().parse::<Day>().ok()).ok_or_else(wrong);
        let (first, last, name) = (day(first)?, day(last)?, name.unwrap_or_default().trim());
        let n_chars = name.chars().count();
        if n_chars == 0 || n_chars > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            return Err(wrong());
        }
        if last < first {
            let message = format!("the promotion '{}' ends on {last}, before its first day {first}", clipped(name));
            return Err(ServiceError::usage("own", message).help("write the first day before the last"));
        }
        Ok(Own { name: name.to_owned(), first, last })
    }
}

/// What to look at.
#[derive(Clone, Debug, Default)]
pub struct PromotionsRequest {
    /// Beside those of the calendar; they take the place of days of the calendar that they share.
    pub own: Vec<Own>,
    /// Days within which a customer is paid back the difference when a price falls; none if absent.
    pub protection_days: Option<i32>,
}

/// One part of what a promotion did, in hundredths of the currency.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct PartOfLift {
    pub lift_cents: Interval,
    pub net_cents: Interval,
}

/// One promotion.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PastPromotion {
    /// Of the calendar (`618`, `double_11` …), or `own`.
    pub key: String,
    pub name: Text,
    pub first_day: String,
    pub last_day: String,
    /// Days before and after that are counted with it.
    pub days_before: u32,
    pub days_after: u32,
    /// What was taken off what was sold, in parts of it.
    pub depth: f64,
    /// Products on offer among those that were sold, and all that were sold.
    pub n_on_offer: u64,
    pub n_sold: u64,
    pub sold_cents: f64,
    pub usual_cents: Interval,
    pub lift_cents: Interval,
    /// Of the days before, below 0 where customers waited; of those after, below 0 where they had bought ahead of time.
    pub held_back_cents: Interval,
    pub pulled_forward_cents: Interval,
    /// All three: what it brought.
    pub net_cents: Interval,
    /// Lift by the mean of the four weeks before: what is told without a model.
    pub naive_lift_cents: f64,
    /// Products on offer; others of their categories, below 0 where sales went from them; all other categories.
    pub on_offer: Option<PartOfLift>,
    pub cannibalised: Option<PartOfLift>,
    pub halo: Option<PartOfLift>,
    /// Of what its orders bought, the part that came back; and usually. Absent while orders may still go back.
    pub returned: Option<f64>,
    pub returned_usually: Option<f64>,
    /// What was brought less what came back of it.
    pub net_kept_cents: Option<Interval>,
    /// What customers who had bought shortly before could claim back, all of them: not taken off anything here.
    pub protection_at_most_cents: Option<f64>,
    /// Margin brought, with what was taken off the usual sales; absent where costs are not known.
    pub net_margin_cents: Option<Interval>,
    /// Spent on channels over the usual; absent without the table `spend`.
    pub net_spend_cents: Option<Interval>,
    /// `paid`, `lost` or `open`: margin less spend, by its interval. Absent without margin.
    pub verdict: Option<String>,
    pub is_over: bool,
    /// The deep promotion that follows so soon that customers waited for it already: what this one seems to have lost was held back for that.
    pub in_shadow_of: Option<Text>,
}

/// An arm of a campaign as its control judges it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PastCampaign {
    pub campaign_id: String,
    pub arm: String,
    pub first_day: String,
    pub n_customers: u64,
    /// Spent within thirty days over what the control would have; absent where refused.
    pub incremental_cents: Option<Interval>,
    pub cost_cents: i64,
    pub support: String,
}

/// The ledger.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Promotions {
    pub as_of: String,
    pub level: f64,
    /// Days of no promotion and none around one.
    pub n_ordinary_days: u64,
    /// The part of the ups and downs of those that level, season and weekday explain.
    pub r_squared: f64,
    /// Days of the calendar on which nothing was taken off.
    pub without_offers: Vec<Text>,
    /// The last first.
    pub promotions: Vec<PastPromotion>,
    pub campaigns: Vec<PastCampaign>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// One product on one day.
#[derive(Clone, Copy, Debug)]
struct Cell {
    day: i32,
    units: f64,
    /// What was paid, and what was paid and taken off together.
    paid: f64,
    list: f64,
}

/// A product with its days.
#[derive(Clone, Debug, Default)]
struct Sold {
    category: String,
    cost: Option<f64>,
    /// Ascending.
    cells: Vec<Cell>,
}

impl Sold {
    fn within(&self, days: Range<i32>) -> &[Cell] {
        let at = |day: i32| self.cells.partition_point(|cell| cell.day < day);
        &self.cells[at(days.start)..at(days.end.max(days.start))]
    }
}

fn sum(cells: &[Cell], of: impl Fn(&Cell) -> f64) -> f64 {
    cells.iter().map(of).sum()
}

/// What was taken off, in parts of the list.
fn discount(cells: &[Cell]) -> Option<f64> {
    let list = sum(cells, |cell| cell.list);
    (list > 0.0).then(|| 1.0 - sum(cells, |cell| cell.paid) / list)
}

fn mean_price(cells: &[Cell]) -> Option<f64> {
    let units = sum(cells, |cell| cell.units);
    (units > 0.0).then(|| sum(cells, |cell| cell.paid) / units)
}

/// Everything that was sold and came back, by day.
#[derive(Debug, Default)]
struct Sales {
    first: i32,
    last: i32,
    products: Vec<Sold>,
    /// What came back of a day's orders. By day.
    returned: BTreeMap<i32, f64>,
    spent: BTreeMap<i32, f64>,
    /// Whether anything was ever taken off: else prices alone tell what was on offer.
    has_discounts: bool,
}

impl Sales {
    async fn read(shop: &Shop, present: &Present) -> Result<Sales> {
        let end = present.begins(Day(present.day.0.saturating_add(1)));
        let mut sales = Sales { last: present.day.0, first: present.day.0 + 1, ..Sales::default() };
        let sql = format!(
            "select o.product_id as product_id, coalesce(p.category, '') as category, p.cost_cents as cost,
              cast(shop_day(o.ordered_at) as int) as day, cast(sum(o.quantity) as double) as units,
              cast(sum(o.quantity * o.unit_price_cents - coalesce(o.discount_cents, 0)) as double) as paid,
              cast(sum(o.quantity * o.unit_price_cents) as double) as list
            from orders o left join products p on p.product_id = o.product_id
            where o.quantity > 0 and o.ordered_at < {end}
            group by o.product_id, p.category, p.cost_cents, cast(shop_day(o.ordered_at) as int)"
        );
        let mut found: BTreeMap<String, Sold> = BTreeMap::new();
        let mut take = |batch: RecordBatch| -> Result<()> {
            let (ids, categories) = (texts(&batch, "product_id")?, texts(&batch, "category")?);
            let (costs, days) = (floats(&batch, "cost")?, integers(&batch, "day")?);
            let (units, paid, list) = (floats(&batch, "units")?, floats(&batch, "paid")?, floats(&batch, "list")?);
            for row in (0..batch.num_rows()).filter(|&row| ids.is_valid(row) && days.is_valid(row)) {
                let product = found.entry(ids.value(row).to_owned()).or_insert_with(|| Sold {
                    category: categories.value(row).to_owned(),
                    cost: costs.is_valid(row).then(|| costs.value(row)),
                    cells: Vec::new(),
                });
                let day = days.value(row) as i32;
                product.cells.push(Cell {
                    day,
                    units: units.value(row),
                    paid: paid.value(row),
                    list: list.value(row).max(paid.value(row)),
                });
                sales.first = sales.first.min(day);
            }
            Ok(())
        };
        shop.engine()?.for_each(&sql, &mut take).await?;
        sales.products = found.into_values().collect();
        for product in &mut sales.products {
            product.cells.sort_by_key(|cell| cell.day);
            sales.has_discounts |= product.cells.iter().any(|cell| cell.list > cell.paid * 1.001);
        }
        let returned = format!(
            "select day, cast(sum(returned) as double) as cents from (
              select order_id, product_id, cast(min(shop_day(ordered_at)) as int) as day,
                -sum(case when quantity < 0 then quantity * unit_price_cents - coalesce(discount_cents, 0) else 0 end) as returned
              from orders where ordered_at < {end} group by order_id, product_id) as lines
            where returned <> 0 group by day"
        );
        sales.returned = by_day(shop, &returned).await?;
        let spent = "select cast(day as int) as day, cast(sum(spend_cents) as double) as cents from spend group by cast(day as int)";
        sales.spent = by_day(shop, spent).await?;
        Ok(sales)
    }

    fn n_days(&self) -> usize {
        (self.last - self.first + 1).max(0) as usize
    }

    /// A value of each day, of products weighted. Shape: (n_days).
    fn series(&self, weight: impl Fn(usize) -> f64, of: impl Fn(&Sold, &Cell) -> f64) -> Vec<f64> {
        let mut values = vec![0.0; self.n_days()];
        for (at, product) in self.products.iter().enumerate() {
            let weight = weight(at);
            if weight != 0.0 {
                for cell in &product.cells {
                    values[(cell.day - self.first) as usize] += weight * of(product, cell);
                }
            }
        }
        values
    }

    fn dense(&self, values: &BTreeMap<i32, f64>) -> Vec<f64> {
        (self.first..=self.last).map(|day| values.get(&day).copied().unwrap_or(0.0)).collect()
    }

    /// What was taken off within days, over what was taken off in those before; by prices where nothing is ever taken off.
    fn depth(&self, days: Range<i32>) -> f64 {
        let before = days.start - PRICE_DAYS..days.start;
        if self.has_discounts {
            let of = |days: &Range<i32>| {
                let add = |sums: (f64, f64), product: &Sold| {
                    let cells = product.within(days.clone());
                    (sums.0 + sum(cells, |cell| cell.paid), sums.1 + sum(cells, |cell| cell.list))
                };
                let (paid, list) = self.products.iter().fold((0.0, 0.0), add);
                if list > 0.0 { 1.0 - paid / list } else { 0.0 }
            };
            return of(&days) - of(&before);
        }
        // What the window's pieces would have cost before, where that is known.
        let add = |sums: (f64, f64), product: &Sold| {
            let cells = product.within(days.clone());
            match mean_price(product.within(before.clone())) {
                Some(price) => (sums.0 + sum(cells, |cell| cell.paid), sums.1 + price * sum(cells, |cell| cell.units)),
                None => sums,
            }
        };
        let (paid, usual) = self.products.iter().fold((0.0, 0.0), add);
        if usual > 0.0 { 1.0 - paid / usual } else { 0.0 }
    }

    /// Whether a product that sold within days was on offer; `None` if it did not sell, or nothing tells.
    fn is_on_offer(&self, product: &Sold, days: &Range<i32>) -> Option<bool> {
        let (now, before) = (product.within(days.clone()), product.within(days.start - PRICE_DAYS..days.start));
        if self.has_discounts {
            return discount(now).map(|now| now >= discount(before).unwrap_or(0.0).max(0.0) + OFFER);
        }
        Some(mean_price(now)? <= mean_price(before)? * (1.0 - OFFER_BY_PRICE))
    }

    /// What customers who bought in the days before paid more than the lowest price of the promotion.
    fn protection(&self, days: &Range<i32>, n_days: i32) -> f64 {
        let of = |product: &Sold| {
            let prices = product.within(days.clone()).iter().map(|cell| cell.paid / cell.units);
            let lowest = prices.fold(f64::INFINITY, f64::min);
            let more = |cell: &Cell| (cell.paid - lowest * cell.units).max(0.0);
            if lowest.is_finite() { sum(product.within(days.start - n_days..days.start), more) } else { 0.0 }
        };
        self.products.iter().map(of).sum()
    }

    /// The part of what days' orders bought that came back.
    fn returned_of(&self, is_one: impl Fn(i32) -> bool) -> Option<f64> {
        let add = |total: f64, product: &Sold| {
            total + product.cells.iter().filter(|cell| is_one(cell.day)).map(|cell| cell.paid).sum::<f64>()
        };
        let sold = self.products.iter().fold(0.0, add);
        let back: f64 = self.returned.iter().filter(|(day, _)| is_one(**day)).map(|(_, cents)| cents).sum();
        (sold > 0.0).then(|| back / sold)
    }
}

async fn by_day(shop: &Shop, sql: &str) -> Result<BTreeMap<i32, f64>> {
    let mut found = BTreeMap::new();
    for batch in query(shop, sql).await? {
        let (days, cents) = (integers(&batch, "day")?, floats(&batch, "cents")?);
        for row in (0..batch.num_rows()).filter(|&row| days.is_valid(row) && cents.is_valid(row)) {
            found.insert(days.value(row) as i32, cents.value(row));
        }
    }
    Ok(found)
}

/// A promotion before it is judged.
#[derive(Clone, Debug)]
struct Found {
    key: String,
    name: Text,
    days: Range<i32>,
    depth: f64,
    /// One that is told; else days that are merely kept out of what is usual.
    is_told: bool,
}

/// Spans of days on which an event of the calendar held, that lie whole within the shop's days.
fn spans(event: &Event, first: i32, last: i32) -> Vec<Range<i32>> {
    let mut spans = Vec::new();
    let mut begin = None;
    // One day more on either side tells whether a span is whole.
    for day in first - 1..=last + 2 {
        match (event.holds(Day(day)), begin) {
            (true, None) => begin = Some(day),
            (false, Some(from)) => {
                if from >= first && day <= last + 1 {
                    spans.push(from..day);
                }
                begin = None;
            }
            _ => {}
        }
    }
    spans
}

/// Promotions in order, those of the shop's own in the place of days of the calendar that they share.
fn found(sales: &Sales, own: &[Own], market_events: &[Event]) -> Vec<Found> {
    let (first, last) = (sales.first, sales.last);
    let mut all: Vec<Found> = own
        .iter()
        .filter(|one| one.first.0 >= first && one.last.0 <= last)
        .map(|one| {
            let days = one.first.0..one.last.0 + 1;
            Found {
                key: "own".to_owned(),
                name: Text { zh: one.name.clone(), en: one.name.clone() },
                depth: sales.depth(days.clone()),
                days,
                is_told: true,
            }
        })
        .collect();
    for event in market_events {
        for days in spans(event, first, last) {
            if all.iter().all(|other| other.days.end <= days.start || days.end <= other.days.start) {
                let depth = sales.depth(days.clone());
                let year = Day(days.start).to_string().get(..4).unwrap_or_default().to_owned();
                let name = Text { zh: format!("{year} {}", event.name.zh), en: format!("{} {year}", event.name.en) };
                all.push(Found { key: event.key.clone(), name, depth, days, is_told: depth >= DEPTH_MIN });
            }
        }
    }
    all.sort_by_key(|one| one.days.start);
    // The ledger takes no more; the newest tell more of what comes.
    all.drain(..all.len().saturating_sub(OCCASIONS_MAX));
    all
}

/// Tells what past promotions brought.
///
/// # Errors
/// If a promotion of the shop's own lies outside its days or meets another, a parameter is out of range, or the tables cannot be
/// read. Too little data is no error but a refusal.
pub async fn promotions(shop: &Shop, request: &PromotionsRequest) -> Result<Promotions> {
    let protection_days = request.protection_days.unwrap_or(0);
    if !(0..=90).contains(&protection_days) {
        let message = format!("protection_days is {protection_days}; allowed: 0 to 90");
        return Err(ServiceError::usage("protection_days", message));
    }
    let present = present(shop).await?;
    let is_china = shop.config().language == "zh";
    let version = format!("{is_china} {} {request:?}{}", present.day, generations(shop, &TABLES)?);
    if let Some(kept) = KEPT.get(shop, &version) {
        return Ok(kept);
    }
    let sales = Sales::read(shop, &present).await?;
    check(&request.own, &sales)?;
    // Each market has its own days; those of others are ordinary there.
    let foreign: &[&str] = if is_china {
        &["black_friday", "christmas"]
    } else {
        &["spring_festival", "labour_day", "618", "national_day", "double_11", "double_12"]
    };
    let told_anywhere = told_anywhere(&sales, foreign);
    let events: Vec<Event> = retail()
        .into_iter()
        .filter(|event| !foreign.contains(&event.key.as_str()) || told_anywhere.contains(&event.key))
        .collect();
    let mut told = tokio::task::block_in_place(|| judged(&sales, request, &events, present.day))?;
    told.campaigns = campaigns(shop).await?;
    KEPT.put(shop, version, told.clone());
    Ok(told)
}

/// Days of another market on which this shop took something off all the same.
fn told_anywhere(sales: &Sales, foreign: &[&str]) -> Vec<String> {
    let is_told =
        |event: &Event| spans(event, sales.first, sales.last).into_iter().any(|days| sales.depth(days) >= DEPTH_MIN);
    let events = retail().into_iter().filter(|event| foreign.contains(&event.key.as_str()));
    events.filter(is_told).map(|event| event.key).collect()
}

fn check(own: &[Own], sales: &Sales) -> Result<()> {
    if own.len() > OWN_MAX {
        let message = format!("{} promotions; allowed: at most {OWN_MAX}", own.len());
        return Err(ServiceError::usage("own", message));
    }
    let mut sorted: Vec<&Own> = own.iter().collect();
    sorted.sort_by_key(|one| one.first);
    if let Some(pair) = sorted.windows(2).find(|pair| pair[1].first <= pair[0].last) {
        let message = format!("the promotions '{}' and '{}' share days", pair[0].name, pair[1].name);
        return Err(ServiceError::usage("own", message));
    }
    let (first, last) = (Day(sales.first), Day(sales.last));
    match sorted.iter().find(|one| one.first < first || one.last > last) {
        Some(one) => {
            let message = format!("the promotion '{}' is from {} to {}", one.name, one.first, one.last);
            Err(ServiceError::usage("own", format!("{message}; allowed: within the days of orders, {first} to {last}")))
        }
        None => Ok(()),
    }
}

fn judged(sales: &Sales, request: &PromotionsRequest, events: &[Event], today: Day) -> Result<Promotions> {
    let found = found(sales, &request.own, events);
    let mut told = Promotions {
        as_of: today.to_string(),
        level: LEVEL,
        n_ordinary_days: 0,
        r_squared: 0.0,
        without_offers: found.iter().filter(|one| !one.is_told).map(|one| one.name.clone()).collect(),
        promotions: Vec::new(),
        campaigns: Vec::new(),
        backing: Backing::refused(
            "no_promotions",
            "订单里没有一次比平时便宜的促销日：没有什么可以算账。自己的促销可以用 own 指定。",
            "On no day of the calendar was anything cheaper than usual: there is nothing to account for. Name the shop's own \
             promotions with own.",
        ),
    };
    if !found.iter().any(|one| one.is_told) {
        return Ok(told);
    }
    let mut occasions: Vec<Occasion> = found
        .iter()
        .map(|one| Occasion {
            name: one.name.en.clone(),
            first: Day(one.days.start),
            last: Day(one.days.end - 1),
            around: match one.is_told {
                true if one.depth >= DEEP || one.key == "own" => AROUND_DEEP,
                true => AROUND,
                false => 0,
            },
        })
        .collect();
    let mut shadows = shadows(&occasions, &found);
    if let Some((name, first)) = coming(&found, events, sales.last) {
        // Days in which customers wait for what is about to come, or has begun, are neither usual nor the doing of the one before.
        let end = found.last().map_or(sales.first, |one| one.days.end);
        let from = (first - AROUND_DEEP as i32).max(end);
        if from <= sales.last && occasions.len() < OCCASIONS_MAX {
            if let (Some(one), Some(at)) = (occasions.last(), shadows.len().checked_sub(1))
                && from == end
                && found[at].is_told
                && one.around < AROUND_DEEP
            {
                shadows[at] = Some(name.clone());
            }
            let (first, last) = (Day(from), Day(sales.last));
            occasions.push(Occasion { name: name.en, first, last, around: 0 });
        }
    }
    let (known, rate) = margins(sales);
    let has_margin = known >= COST_KNOWN_MIN;
    let margin = |product: &Sold, cell: &Cell| match product.cost {
        Some(cost) => cell.paid - cost * cell.units,
        None => cell.paid * rate,
    };
    let mut series = vec![
        sales.series(|_| 1.0, |_, cell| cell.paid),
        sales.dense(&sales.returned),
        sales.series(|_| 1.0, margin),
        sales.dense(&sales.spent),
    ];
    // Three more of each promotion: what was on offer, others of those categories, and other categories.
    for one in found.iter().filter(|one| one.is_told) {
        series.extend(Parts::of(sales, &one.days).series(sales));
    }
    let slices: Vec<&[f64]> = series.iter().map(Vec::as_slice).collect();
    let answer = ledger(&slices, Day(sales.first), &occasions, LedgerSettings { level: LEVEL })?;
    told.backing = Backing::of(&answer);
    let Some(ledger) = &answer.value else { return Ok(told) };
    (told.n_ordinary_days, told.r_squared) = (ledger.n_ordinary as u64, ledger.r_squared[0]);
    let context = Context { sales, ledger, request, has_margin, today, ordinary: ordinary(&found, sales) };
    for (place, (at, one)) in found.iter().enumerate().filter(|(_, one)| one.is_told).enumerate() {
        let mut past = PastPromotion { in_shadow_of: shadows[at].clone(), ..context.told(one, at, place) };
        // What was held back for the next is no loss of this one.
        if past.in_shadow_of.is_some() {
            past.verdict = past.verdict.map(|_| "open".to_owned());
        }
        told.promotions.push(past);
    }
    told.promotions.reverse();
    told.backing = doubts(told.backing, &told.promotions, has_margin);
    Ok(told)
}

/// The next promotion that is about to come or has begun and is not over, with its first day, if it was deep the last time.
fn coming(found: &[Found], events: &[Event], last: i32) -> Option<(Text, i32)> {
    let of = |event: &Event| {
        let before = found.iter().rev().find(|one| one.key == event.key)?;
        let holds = |day: i32| event.holds(Day(day));
        let mut first =
            (last + 1..=last + AROUND_DEEP as i32).find(|day| holds(*day)).filter(|_| before.depth >= DEEP)?;
        while holds(first - 1) {
            first -= 1;
        }
        let year = Day(first).to_string().get(..4).unwrap_or_default().to_owned();
        let name = Text { zh: format!("{year} {}", event.name.zh), en: format!("{} {year}", event.name.en) };
        Some((name, first))
    };
    events.iter().filter_map(of).min_by_key(|(_, first)| *first)
}

/// Of each occasion, the deeper one after it for which customers wait already while it lasts.
fn shadows(occasions: &[Occasion], found: &[Found]) -> Vec<Option<Text>> {
    let of = |(at, one): (usize, &Occasion)| {
        let next = occasions.get(at + 1)?;
        let is_near = next.first.0 - next.around as i32 <= one.last.0 + 1;
        (found[at].is_told && is_near && next.around > one.around).then(|| found[at + 1].name.clone())
    };
    occasions.iter().enumerate().map(of).collect()
}

/// The part of what was sold whose cost is known, and what of that was margin.
fn margins(sales: &Sales) -> (f64, f64) {
    let add = |sums: (f64, f64, f64), product: &Sold| {
        let (paid, units) = (sum(&product.cells, |cell| cell.paid), sum(&product.cells, |cell| cell.units));
        match product.cost {
            Some(cost) => (sums.0 + paid, sums.1 + paid, sums.2 + cost * units),
            None => (sums.0 + paid, sums.1, sums.2),
        }
    };
    let (all, known, cost) = sales.products.iter().fold((0.0, 0.0, 0.0), add);
    if known > 0.0 { (known / all, 1.0 - cost / known) } else { (0.0, 0.0) }
}

/// Days that are of no promotion, by day from the first.
fn ordinary(found: &[Found], sales: &Sales) -> Vec<bool> {
    (sales.first..=sales.last).map(|day| !found.iter().any(|one| one.days.contains(&day))).collect()
}

/// How much of each product counts as on offer: what did not sell is unknown, and counts as the known ones of its category.
struct Parts {
    on_offer: Vec<f64>,
    /// Whether the category had anything on offer.
    is_near: Vec<bool>,
    n_on_offer: u64,
    n_sold: u64,
}

impl Parts {
    fn of(sales: &Sales, days: &Range<i32>) -> Parts {
        let known: Vec<Option<bool>> = sales.products.iter().map(|one| sales.is_on_offer(one, days)).collect();
        let mut by_category: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for (product, is_on) in sales.products.iter().zip(&known) {
            if let Some(is_on) = is_on {
                let of = by_category.entry(&product.category).or_default();
                *of = (of.0 + f64::from(u8::from(*is_on)), of.1 + 1.0);
            }
        }
        let share = |product: &Sold| by_category.get(product.category.as_str()).map_or(0.0, |(on, all)| on / all);
        let each = sales.products.iter().zip(&known);
        Parts {
            on_offer: each
                .map(|(product, is_on)| is_on.map_or_else(|| share(product), |is_on| f64::from(u8::from(is_on))))
                .collect(),
            is_near: sales.products.iter().map(|product| share(product) > 0.0).collect(),
            n_on_offer: known.iter().filter(|is_on| **is_on == Some(true)).count() as u64,
            n_sold: sales.products.iter().filter(|one| !one.within(days.clone()).is_empty()).count() as u64,
        }
    }

    fn series(&self, sales: &Sales) -> [Vec<f64>; 3] {
        let paid = |_: &Sold, cell: &Cell| cell.paid;
        let near = |at: usize| f64::from(u8::from(self.is_near[at]));
        [
            sales.series(|at| self.on_offer[at], paid),
            sales.series(|at| near(at) * (1.0 - self.on_offer[at]), paid),
            sales.series(|at| 1.0 - near(at), paid),
        ]
    }
}

/// What the figures of one promotion are read from.
struct Context<'a> {
    sales: &'a Sales,
    ledger: &'a Ledger,
    request: &'a PromotionsRequest,
    has_margin: bool,
    today: Day,
    ordinary: Vec<bool>,
}

/// Figures whose noise is that of other days: their variances add up.
fn less(a: Interval, b: Interval) -> Interval {
    let half = |one: Interval| 0.5 * (one.high - one.low);
    let (value, width) = (a.value - b.value, half(a).hypot(half(b)));
    Interval { value, low: value - width, high: value + width, level: a.level }
}

impl Context<'_> {
    /// The promotion `at` among all, `place` among those told.
    fn told(&self, one: &Found, at: usize, place: usize) -> PastPromotion {
        let effect = |series: usize| -> &Effect { &self.ledger.effects[series][at] };
        let (sales, parts) = (self.sales, Parts::of(self.sales, &one.days));
        let part = |of: usize| -> Option<PartOfLift> {
            let found = effect(4 + 3 * place + of);
            let is_there = found.sold != 0.0 || found.usual.value.abs() > 0.0;
            is_there.then(|| PartOfLift { lift_cents: found.lift.into(), net_cents: found.net.into() })
        };
        let revenue = effect(0);
        let is_settled = self.today.0 - one.days.end + 1 >= RETURN_DAYS;
        let has_returns = !sales.returned.is_empty();
        let returned = (is_settled && has_returns).then(|| sales.returned_of(|day| one.days.contains(&day))).flatten();
        // What came back of orders before the first is of no day here.
        let is_ordinary =
            |day: i32| usize::try_from(day - sales.first).is_ok_and(|at| self.ordinary.get(at) == Some(&true));
        let usually = |day: i32| is_ordinary(day) && day <= self.today.0 - RETURN_DAYS;
        let net: Interval = revenue.net.into();
        let margin = self.has_margin.then(|| Interval::from(effect(2).net));
        let spend = (!sales.spent.is_empty()).then(|| Interval::from(effect(3).net));
        let gain = margin.map(|margin| spend.map_or(margin, |spend| less(margin, spend)));
        let verdict = gain.map(|gain| match () {
            () if gain.low > 0.0 => "paid",
            () if gain.high < 0.0 => "lost",
            () => "open",
        });
        let (days_before, days_after) = self.ledger.around[at];
        let protection_days = self.request.protection_days.filter(|days| *days > 0);
        PastPromotion {
            key: one.key.clone(),
            name: one.name.clone(),
            first_day: Day(one.days.start).to_string(),
            last_day: Day(one.days.end - 1).to_string(),
            days_before,
            days_after,
            depth: one.depth,
            n_on_offer: parts.n_on_offer,
            n_sold: parts.n_sold,
            sold_cents: revenue.sold,
            usual_cents: revenue.usual.into(),
            lift_cents: revenue.lift.into(),
            held_back_cents: revenue.before.into(),
            pulled_forward_cents: revenue.after.into(),
            net_cents: net,
            naive_lift_cents: revenue.naive_lift,
            on_offer: part(0),
            cannibalised: part(1),
            halo: part(2),
            returned,
            returned_usually: has_returns.then(|| sales.returned_of(usually)).flatten(),
            net_kept_cents: returned.map(|_| less(net, effect(1).net.into())),
            protection_at_most_cents: protection_days.map(|days| sales.protection(&one.days, days)),
            net_margin_cents: margin,
            net_spend_cents: spend,
            verdict: verdict.map(str::to_owned),
            is_over: one.days.end + days_after.max(AROUND) as i32 <= self.today.0 + 1,
            in_shadow_of: None,
        }
    }
}

fn doubts(mut backing: Backing, promotions: &[PastPromotion], has_margin: bool) -> Backing {
    if !has_margin {
        backing = backing.but(
            "no_costs",
            "商品的成本不全，算不出毛利，也说不出是否划算。",
            "Costs of products are not known, so there is no margin, and no telling whether it paid.",
        );
    }
    let open: Vec<&PastPromotion> =
        promotions.iter().filter(|one| one.net_cents.low < 0.0 && one.net_cents.high > 0.0).collect();
    if !promotions.is_empty() && open.len() == promotions.len() {
        backing = backing.but(
            "net_open",
            "没有一次促销的净增量能和 0 分开：平常的起伏就有这么大。",
            "Of no promotion can what it brought be told from nothing: ordinary days go up and down as much.",
        );
    }
    if promotions.iter().any(|one| one.in_shadow_of.is_some()) {
        backing = backing.but(
            "in_shadow",
            "有的促销紧挨着后面的大促：顾客那时已经在等，看起来少卖的部分应算在大促头上。",
            "Some promotions stand shortly before a deep one: customers waited for that already, and what they seem to have lost is its doing.",
        );
    }
    if promotions.iter().any(|one| !one.is_over) {
        backing = backing.but(
            "not_over",
            "最近一次促销之后的日子还不够，提前购买的部分还看不全。",
            "The days after the last promotion are not over: what was bought ahead of time is not all seen.",
        );
    }
    backing
}

/// Arms of the last campaigns, as their controls judge them.
async fn campaigns(shop: &Shop) -> Result<Vec<PastCampaign>> {
    let mut told = Vec::new();
    for campaign in experiment::campaigns(shop).await?.into_iter().take(CAMPAIGNS_MAX) {
        if campaign.control.is_none() {
            continue;
        }
        let request = VerdictRequest {
            campaign_id: campaign.campaign_id.clone(),
            days: CAMPAIGN_DAYS,
            level: LEVEL,
            ..VerdictRequest::default()
        };
        for arm in experiment::verdict(shop, &request).await?.arms {
            told.push(PastCampaign {
                campaign_id: campaign.campaign_id.clone(),
                first_day: campaign.first_day.clone(),
                arm: arm.arm,
                n_customers: arm.n_customers,
                incremental_cents: arm.incremental_cents,
                cost_cents: arm.cost_cents,
                support: arm.backing.verdict,
            });
        }
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Random;

    const FIRST: i32 = 19_723;

    /// Two years of three categories: phones half of which go 10 % down on 618, others of which lose to them; cables.
    fn sales(seed: u64) -> Sales {
        let mut random = Random::new(seed);
        let mut sales = Sales { first: FIRST, last: FIRST + 729, has_discounts: true, ..Sales::default() };
        let event = retail().into_iter().find(|event| event.key == "618").unwrap();
        for at in 0..30 {
            let category = if at < 20 { "Phones" } else { "Cables" };
            let mut product = Sold { category: category.into(), cost: Some(60.0), cells: Vec::new() };
            for day in sales.first..=sales.last {
                let is_on = event.holds(Day(day));
                let times = match (is_on, at) {
                    (true, 0..10) => 3.0,
                    (true, 10..20) => 0.6,
                    _ => 1.0,
                };
                let mean: f64 = 20.0 * times;
                let units = (mean + mean.sqrt() * random.normal()).round().max(0.0);
                if units > 0.0 {
                    let price = if is_on && at < 10 { 90.0 } else { 100.0 };
                    product.cells.push(Cell { day, units, paid: price * units, list: 100.0 * units });
                }
            }
            sales.products.push(product);
        }
        sales
    }

    #[test]
    fn who_won_and_who_lost_is_told_apart() {
        let sales = sales(1);
        let events: Vec<Event> = retail().into_iter().filter(|event| event.key == "618").collect();
        let request = PromotionsRequest { protection_days: Some(7), ..PromotionsRequest::default() };
        let told = judged(&sales, &request, &events, Day(sales.last)).unwrap();
        assert_eq!(told.promotions.len(), 2, "{:?}", told.backing);
        for one in &told.promotions {
            assert_eq!((one.n_on_offer, one.n_sold, one.days_before), (10, 30, 28), "{one:?}");
            let days = 18.0 * 10.0 * 20.0;
            let holds = |part: &Option<PartOfLift>, truth: f64| {
                // Six figures, each of which is outside its interval one time in ten: none is beyond twice that.
                let lift = part.unwrap().lift_cents;
                assert!((lift.value - truth).abs() <= lift.high - lift.low, "{lift:?} {truth}");
            };
            // Three times the pieces at nine tenths; two fifths lost; nothing of cables.
            holds(&one.on_offer, days * (3.0 * 90.0 - 100.0));
            holds(&one.cannibalised, -days * 0.4 * 100.0);
            holds(&one.halo, 0.0);
            assert_eq!(one.verdict.as_deref(), Some("paid"), "{one:?}");
            // A week of ten phones before, each ten dearer.
            assert!((one.protection_at_most_cents.unwrap() / (7.0 * 200.0 * 10.0) - 1.0).abs() < 0.1);
        }
    }

    /// The same, seen on a day: nothing after it is known, and a little was taken off on Labour Day.
    fn seen_on(day: &str) -> Sales {
        let mut sales = sales(5);
        let labour_day = retail().into_iter().find(|event| event.key == "labour_day").unwrap();
        sales.last = day.parse::<Day>().unwrap().0;
        for product in &mut sales.products {
            product.cells.retain(|cell| cell.day <= sales.last);
            let offers = product.cells.iter_mut().filter(|cell| labour_day.holds(Day(cell.day)));
            offers.for_each(|cell| cell.paid = 0.97 * cell.list);
        }
        sales
    }

    #[test]
    fn what_comes_before_a_deep_promotion_stands_in_its_shadow_before_and_while_it_lasts() {
        let events: Vec<Event> =
            retail().into_iter().filter(|event| ["618", "labour_day"].contains(&event.key.as_str())).collect();
        let newest = |day: &str| {
            let sales = seen_on(day);
            judged(&sales, &PromotionsRequest::default(), &events, Day(sales.last)).unwrap().promotions.remove(0)
        };
        for day in ["2025-05-20", "2025-06-10"] {
            let found = newest(day);
            assert_eq!((found.key.as_str(), found.first_day.as_str()), ("labour_day", "2025-05-01"));
            assert_eq!(found.in_shadow_of.as_ref().map(|name| name.en.as_str()), Some("618 2025"), "{day}");
            assert!(found.verdict.is_none_or(|verdict| verdict == "open"));
        }
        // When it is over it is told itself; in March nobody waits for it.
        assert_eq!(newest("2025-07-20").key, "618");
        let spring = seen_on("2025-03-01");
        let found = judged(&spring, &PromotionsRequest::default(), &events, Day(spring.last)).unwrap();
        assert!(coming(&super::found(&spring, &[], &events), &events, spring.last).is_none());
        assert!(found.promotions.iter().all(|one| one.first_day.as_str() < "2025-01-01"));
    }

    #[test]
    fn of_too_many_promotions_the_newest_are_kept() {
        let sales = sales(6);
        let days = (FIRST + 30..=sales.last).step_by(3);
        let own: Vec<Own> = days.map(|day| Own { name: day.to_string(), first: Day(day), last: Day(day) }).collect();
        assert!(own.len() > OCCASIONS_MAX);
        let found = found(&sales, &own, &[]);
        assert_eq!(
            (found.len(), found.last().map(|one| one.days.start)),
            (OCCASIONS_MAX, own.last().map(|one| one.first.0))
        );
    }

    #[test]
    fn prices_alone_tell_offers_where_nothing_is_taken_off() {
        let mut sales = sales(2);
        for product in &mut sales.products {
            product.cells.iter_mut().for_each(|cell| cell.list = cell.paid);
        }
        sales.has_discounts = false;
        let june = "2024-06-01".parse::<Day>().unwrap().0;
        let days = june..june + 18;
        assert!((sales.depth(days.clone()) - 0.06).abs() < 0.02, "{}", sales.depth(days.clone()));
        assert_eq!(Parts::of(&sales, &days).n_on_offer, 10);
        assert!(sales.depth(days.start - 60..days.start - 50).abs() < 1e-9);
    }

    #[test]
    fn a_shop_that_never_went_down_has_no_ledger() {
        let mut sales = sales(3);
        for product in &mut sales.products {
            product.cells.iter_mut().for_each(|cell| (cell.paid, cell.list) = (100.0 * cell.units, 100.0 * cell.units));
        }
        sales.has_discounts = false;
        let told = judged(&sales, &PromotionsRequest::default(), &retail(), Day(sales.last)).unwrap();
        assert!(told.promotions.is_empty() && told.backing.is_refused());
        assert_eq!(told.backing.caveats[0].kind, "no_promotions");
        assert!(told.without_offers.iter().any(|name| name.en == "618 2024"), "{:?}", told.without_offers);
    }

    #[test]
    fn the_shops_own_promotions_are_read() {
        let own = Own::read("store:birthday:2026-03-10:2026-03-20").unwrap();
        assert_eq!((own.name.as_str(), own.last.0 - own.first.0), ("store:birthday", 10));
        for text in ["", "x", ":2026-03-10:2026-03-20", "x:2026-02-30:2026-03-20"] {
            assert!(Own::read(text).unwrap_err().message.contains("NAME:FIRST:LAST"), "{text}");
        }
        let turned = Own::read("x:2026-03-20:2026-03-10").unwrap_err().message;
        assert_eq!(turned, "the promotion 'x' ends on 2026-03-10, before its first day 2026-03-20");
        let sales = sales(4);
        let at = |name: &str, from: i32, to: i32| Own { name: name.into(), first: Day(from), last: Day(to) };
        assert!(check(&[at("a", FIRST + 9, FIRST + 12), at("b", FIRST + 12, FIRST + 14)], &sales).is_err());
        assert!(check(&[at("a", FIRST - 9, FIRST + 12)], &sales).is_err());
        // One that shares days with the calendar's takes their place.
        let june = "2024-06-10".parse::<Day>().unwrap().0;
        let found = found(&sales, &[at("a", june, june + 3)], &retail());
        assert!(found.iter().any(|one| one.key == "own"));
        assert_eq!(found.iter().filter(|one| one.key == "618").count(), 1);
    }
}
