//! Trade-in subsidies (以旧换新): how much for owners of which category and age of device, under one budget.
//!
//! Who would buy the next one anyway comes from the table `upgrades`, how many more a lower price wins from the shop's own elasticities,
//! what a sale earns from costs, what it takes from other products of the shop from what owners moved to. The choice is that of
//! `strategy::budget`: a multiple-choice knapsack with its bound.

use std::collections::BTreeMap;

use data::Shop;
use data::arrow::array::{Array, RecordBatch};
use serde::{Deserialize, Serialize};
use strategy::budget::{Offer, TradeIn, choose};
use utoipa::ToSchema;

use super::customers::margin;
use super::experiment::{DesignRequest, design};
use super::launch::{self, Generations};
use super::price::{self, Prices};
use super::{Backing, Interval};
use crate::error::{Result, ServiceError};
use crate::flows::audience::gate::Gate;
use crate::flows::rows::{floats, integers, query_rows, texts};

/// Subsidies to choose from, in parts of the successor's price; no more than half of it is given away.
const LEVELS: [f64; 8] = [0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2];
const LEVELS_MAX: usize = 20;
const LEVEL_MAX: f64 = 0.5;
/// Ages of devices that are told apart: from so many months.
const AGES: [i64; 4] = [0, 12, 24, 36];
/// Fewer owners are no group.
const OWNERS_MIN: u64 = 20;
const LEVEL: f64 = 0.9;
/// What a year leaves of a device's worth where the shop's prices do not tell.
const USUAL_LEFT: f64 = 0.75;
const BUDGET_MAX: i64 = 1_000_000_000_000;

/// What is asked.
#[derive(Clone, Debug)]
pub struct TradeInRequest {
    /// For all subsidies together; as much as pays for itself if absent.
    pub budget_cents: Option<i64>,
    /// In parts of the price of what is bought; 0 is always among them.
    pub levels: Vec<f64>,
    /// What the shop keeps when it sells an old device on, after what it credited for it and handling, in parts of its worth.
    pub resale: f64,
    /// Margin in parts of the price, where costs are not known.
    pub margin: Option<f64>,
}

impl Default for TradeInRequest {
    fn default() -> Self {
        TradeInRequest { budget_cents: None, levels: LEVELS.to_vec(), resale: 0.05, margin: None }
    }
}

/// Owners of one category and age.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TradeInGroup {
    pub category: String,
    /// Age of what they own, in months: from, and below; the last has no end.
    pub from_months: u32,
    pub below_months: Option<u32>,
    pub n_owners: u64,
    /// What they would buy costs, and earns before the subsidy: means.
    pub price_cents: f64,
    pub margin_cents: f64,
    /// What the old device is worth now, and what the shop keeps of that.
    pub old_cents: f64,
    pub resale_cents: f64,
    /// Who buys within the months without a subsidy, and with the chosen one: shares of the owners.
    pub buys_anyway: f64,
    pub buys: f64,
    pub subsidy_cents: f64,
    /// Expected cost, and margin beyond that without a subsidy.
    pub cost_cents: f64,
    pub gain_cents: f64,
    pub elasticity: f64,
    /// Of the buyers that a subsidy wins, the share who would have bought another product here.
    pub cannibalised: f64,
}

/// A plan of subsidies.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TradeInPlan {
    pub as_of: String,
    /// Purchases within so many months.
    pub months: u32,
    pub level: f64,
    pub budget_cents: Option<i64>,
    pub groups: Vec<TradeInGroup>,
    pub n_owners: u64,
    /// Owners with something open, who are left alone.
    pub n_held_back: u64,
    pub cost_cents: f64,
    /// By how uncertain elasticities and who is due are.
    pub gain_cents: Option<Interval>,
    /// No choice within the budget gains more.
    pub bound_cents: f64,
    /// What one more coin of budget would gain.
    pub shadow_price: f64,
    /// The best one subsidy for everybody, in parts of the price, and what it gains.
    pub one_for_all: f64,
    pub one_for_all_cents: f64,
    /// Customers that a trial at random needs to show that the subsidies win buyers.
    pub n_for_trial: Option<u64>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// Owners of one category and age, summed.
#[derive(Clone, Debug, Default)]
struct Owners {
    n: u64,
    due: f64,
    price: f64,
    /// Of those whose successor's cost is known.
    margin: f64,
    n_with_cost: u64,
    price_with_cost: f64,
    old: f64,
}

/// Works out the subsidies.
///
/// # Errors
/// If a parameter is out of range, generations were not worked out yet, or the tables cannot be read.
pub async fn trade_in(shop: &Shop, request: &TradeInRequest) -> Result<TradeInPlan> {
    let levels = checked(request)?;
    let generations = launch::published(shop)?;
    let prices = price::prices(shop).await?;
    let rate = margin(shop).await?.or(request.margin);
    let (owners, n_held) = owners(shop, &prices).await?;
    let earned = earned(shop, rate.unwrap_or(0.0)).await?;
    tokio::task::block_in_place(|| told(request, &levels, &generations, &prices, owners, n_held, &earned, rate))
}

fn checked(request: &TradeInRequest) -> Result<Vec<f64>> {
    let mut levels = request.levels.clone();
    if let Some(found) = levels.iter().find(|level| !(0.0..=LEVEL_MAX).contains(*level)) {
        let message = format!("a subsidy is {found} of the price; allowed: 0 to {LEVEL_MAX}");
        return Err(ServiceError::usage("levels", message));
    }
    levels.push(0.0);
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    if !(2..=LEVELS_MAX).contains(&levels.len()) {
        let message = format!("{} subsidies with none; allowed: 2 to {LEVELS_MAX}", levels.len());
        return Err(ServiceError::usage("levels", message));
    }
    if let Some(cents) = request.budget_cents.filter(|cents| !(0..=BUDGET_MAX).contains(cents)) {
        return Err(ServiceError::usage(
            "budget",
            format!("the budget is {cents} hundredths; allowed: 0 to {BUDGET_MAX}"),
        ));
    }
    for (name, found) in [("resale", Some(request.resale)), ("margin", request.margin)] {
        if let Some(found) = found.filter(|found| !(-1.0..=1.0).contains(found)) {
            return Err(ServiceError::usage("share", format!("{name} is {found}; allowed: -1 to 1")));
        }
    }
    Ok(levels)
}

fn band(months: i64) -> usize {
    AGES.iter().rposition(|from| months >= *from).unwrap_or(0)
}

/// What is left of a first price after so many months, as the shop's own prices tell; a year leaves the usual part beyond them.
fn left(prices: &Prices, months: i64) -> f64 {
    let known = prices.left.iter().rfind(|point| i64::from(point.month) <= months.max(0));
    let (month, median) = known.map_or((0, 1.0), |point| (i64::from(point.month), point.median));
    median * USUAL_LEFT.powf((months.max(0) - month) as f64 / 12.0)
}

async fn owners(shop: &Shop, prices: &Prices) -> Result<(BTreeMap<(String, usize), Owners>, u64)> {
    let gate = Gate::read(shop).await?;
    let sql = "select u.customer_id as customer_id, u.category as category, u.owned_months as months, u.chance as chance,
          cast(n.price_cents as double) as price, cast(n.cost_cents as double) as cost, cast(o.price_cents as double) as old,
          cast(u.as_of as int) - cast(o.launched_on as int) as since_launch
        from upgrades u join products n on n.product_id = u.successor_id join products o on o.product_id = u.product_id
        where n.price_cents > 0";
    let (mut found, mut n_held) = (BTreeMap::<(String, usize), Owners>::new(), 0);
    let mut take = |batch: RecordBatch| -> Result<()> {
        let (who, categories) = (texts(&batch, "customer_id")?, texts(&batch, "category")?);
        let (months, since) = (integers(&batch, "months")?, integers(&batch, "since_launch")?);
        let number = |name: &str| floats(&batch, name);
        let (chances, price, cost, old) = (number("chance")?, number("price")?, number("cost")?, number("old")?);
        for row in 0..batch.num_rows() {
            if gate.holds(who.value(row)) {
                n_held += 1;
                continue;
            }
            let months = months.value(row);
            let of = found.entry((categories.value(row).to_owned(), band(months))).or_default();
            of.n += 1;
            of.due += chances.value(row);
            of.price += price.value(row);
            if cost.is_valid(row) {
                of.n_with_cost += 1;
                of.margin += price.value(row) - cost.value(row);
                of.price_with_cost += price.value(row);
            }
            // The catalogue's price of an old product has fallen already up to when it was last on sale; its age at that is not known, so
            // that what it has lost since its purchase is taken off.
            let bought_at = if since.is_valid(row) { (since.value(row) / 30 - months).max(0) } else { 0 };
            let first = if old.is_valid(row) { old.value(row) } else { price.value(row) };
            of.old += first * (left(prices, bought_at + months) / left(prices, bought_at)).min(1.0);
        }
        Ok(())
    };
    shop.engine()?.for_each(sql, &mut take).await?;
    Ok((found, n_held))
}

/// What a piece of each category earns, of those sold in the last quarter.
async fn earned(shop: &Shop, rate: f64) -> Result<BTreeMap<String, f64>> {
    let sql = "select coalesce(p.category, '') as category,
          cast(sum(o.quantity * o.unit_price_cents - coalesce(o.discount_cents, 0)) as double) / sum(o.quantity) as paid
        from orders o join products p on p.product_id = o.product_id
        where o.quantity > 0 and o.ordered_at >= (select max(ordered_at) from orders) - interval '91 days' group by p.category";
    let rows = query_rows(shop, sql).await?;
    let one = |row: &serde_json::Map<String, serde_json::Value>| {
        Some((row["category"].as_str()?.to_owned(), row["paid"].as_f64()? * rate))
    };
    Ok(rows.iter().filter_map(one).collect())
}

/// One group as it is chosen for.
struct Group {
    told: TradeInGroup,
    model: TradeIn,
    subsidies: Vec<f64>,
    elasticity: (f64, f64, f64),
    /// How far who is due may be off, in parts of it.
    due_spread: f64,
}

impl Group {
    /// Shares of owners who buy at each subsidy, at an elasticity: the rate at which they buy follows the price.
    fn acceptance(anyway: f64, price: f64, subsidies: &[f64], elasticity: f64) -> Vec<f64> {
        let of = |subsidy: &f64| {
            let times = (1.0 - subsidy / price).max(1e-6).powf(elasticity);
            (1.0 - (1.0 - anyway.min(1.0)).powf(times)).clamp(0.0, 1.0)
        };
        subsidies.iter().map(of).collect()
    }

    fn offers_at(&self, anyway: f64, elasticity: f64) -> Result<Vec<Offer>> {
        let acceptance = Group::acceptance(anyway, self.told.price_cents, &self.subsidies, elasticity);
        Ok(TradeIn { acceptance, ..self.model.clone() }.offers(&self.subsidies)?)
    }
}

// Everything that was read, once.
#[allow(clippy::too_many_arguments)]
fn told(
    request: &TradeInRequest,
    levels: &[f64],
    generations: &Generations,
    prices: &Prices,
    owners: BTreeMap<(String, usize), Owners>,
    n_held: u64,
    earned: &BTreeMap<String, f64>,
    rate: Option<f64>,
) -> Result<TradeInPlan> {
    let mut plan = TradeInPlan {
        as_of: generations.as_of.clone(),
        months: generations.months,
        level: LEVEL,
        budget_cents: request.budget_cents,
        groups: Vec::new(),
        n_owners: owners.values().map(|of| of.n).sum(),
        n_held_back: n_held,
        cost_cents: 0.0,
        gain_cents: None,
        bound_cents: 0.0,
        shadow_price: 0.0,
        one_for_all: 0.0,
        one_for_all_cents: 0.0,
        n_for_trial: None,
        backing: Backing::refused(
            "no_owners",
            "没有足够多的顾客拥有可以换代的设备：需要 predecessor_id、订单和训练（tercet train strategy）。",
            "Too few customers own a device that has a successor on sale: predecessor_id, orders and tercet train strategy are needed.",
        ),
    };
    let groups = groups(request, levels, generations, prices, owners, earned, rate)?;
    if groups.is_empty() {
        return Ok(plan);
    }
    if rate.is_none() && groups.iter().all(|group| group.model.margin <= 0.0) {
        plan.backing = Backing::refused(
            "no_costs",
            "商品没有成本，不知道卖一件赚多少：请补上 cost_cents，或用 margin 给出毛利率。",
            "Costs of products are not known, so neither is what a sale earns: fill in cost_cents, or give a margin.",
        );
        return Ok(plan);
    }
    let offers =
        groups.iter().map(|one| one.offers_at(one.told.buys_anyway, one.elasticity.1)).collect::<Result<Vec<_>>>()?;
    let budget = request.budget_cents.map_or(BUDGET_MAX as f64, |cents| cents as f64);
    let chosen = choose(&offers, budget)?;
    (plan.cost_cents, plan.bound_cents, plan.shadow_price) = (chosen.cost, chosen.bound, chosen.shadow_price);
    plan.gain_cents = Some(interval(&groups, &chosen.chosen, chosen.gain)?);
    (plan.one_for_all, plan.one_for_all_cents) = one_for_all(levels, &offers, budget);
    for (at, group) in groups.iter().enumerate() {
        let place = chosen.chosen[at];
        let mut told = group.told.clone();
        told.subsidy_cents = group.subsidies[place];
        told.buys = group.model.acceptance[place];
        (told.cost_cents, told.gain_cents) = (offers[at][place].cost, offers[at][place].gain);
        plan.groups.push(told);
    }
    plan.groups.sort_by(|a, b| b.gain_cents.total_cmp(&a.gain_cents).then(b.n_owners.cmp(&a.n_owners)));
    plan.n_for_trial = for_trial(&plan.groups);
    plan.backing = backing(&plan, &groups, prices, rate);
    Ok(plan)
}

fn groups(
    request: &TradeInRequest,
    levels: &[f64],
    generations: &Generations,
    prices: &Prices,
    owners: BTreeMap<(String, usize), Owners>,
    earned: &BTreeMap<String, f64>,
    rate: Option<f64>,
) -> Result<Vec<Group>> {
    let mut groups = Vec::new();
    for ((category, age), of) in owners.into_iter().filter(|(_, of)| of.n >= OWNERS_MIN) {
        let n = of.n as f64;
        let (price, old, anyway) = (of.price / n, of.old / n, of.due / n);
        let margin = match of.price_with_cost > 0.0 {
            true => of.margin / of.price_with_cost * price,
            false => rate.unwrap_or(0.0) * price,
        };
        let replaced = generations.categories.iter().find(|one| one.category == category);
        let cannibalised = replaced.map_or(0.0, |one| {
            let away = one.moves.iter().filter(|to| ["same_or_older", "other_line"].contains(&to.kind.as_str()));
            away.map(|to| to.share.value).sum()
        });
        let due_spread = replaced
            .and_then(|one| one.due.as_ref())
            .map_or(0.3, |due| if due.value > 0.0 { (due.high - due.low) / 2.0 / due.value } else { 0.3 });
        let elasticity = price::elasticity_of(prices, &category);
        // Whole coins, for people read them.
        let subsidies: Vec<f64> = levels.iter().map(|level| (level * price / 100.0).round() * 100.0).collect();
        let model = TradeIn {
            n_customers: n,
            acceptance: Group::acceptance(anyway, price, &subsidies, elasticity.1),
            margin,
            resale: request.resale * old,
            cannibalised: cannibalised.clamp(0.0, 1.0),
            margin_lost: earned.get(&category).copied().unwrap_or(margin),
        };
        let told = TradeInGroup {
            from_months: AGES[age] as u32,
            below_months: AGES.get(age + 1).map(|months| *months as u32),
            n_owners: of.n,
            price_cents: price,
            margin_cents: margin,
            old_cents: old,
            resale_cents: model.resale,
            buys_anyway: anyway,
            buys: anyway,
            subsidy_cents: 0.0,
            cost_cents: 0.0,
            gain_cents: 0.0,
            elasticity: elasticity.1,
            cannibalised: model.cannibalised,
            category,
        };
        groups.push(Group { told, model, subsidies, elasticity, due_spread });
    }
    Ok(groups)
}

/// What the choice gains at either end of what is uncertain, one after the other, their squares added.
fn interval(groups: &[Group], chosen: &[usize], gain: f64) -> Result<Interval> {
    let total = |anyway: &dyn Fn(&Group) -> f64, elasticity: &dyn Fn(&Group) -> f64| -> Result<f64> {
        let mut sum = 0.0;
        for (group, place) in groups.iter().zip(chosen) {
            sum += group.offers_at(anyway(group), elasticity(group))?[*place].gain;
        }
        Ok(sum)
    };
    let (usual, middle) = (|group: &Group| group.told.buys_anyway, |group: &Group| group.elasticity.1);
    let mut squares = [0.0, 0.0];
    let ends = [
        total(&usual, &|group| group.elasticity.0)?,
        total(&usual, &|group| group.elasticity.2)?,
        total(&|group| (usual(group) * (1.0 + group.due_spread)).min(1.0), &middle)?,
        total(&|group| (usual(group) * (1.0 - group.due_spread)).max(0.0), &middle)?,
    ];
    for pair in ends.chunks_exact(2) {
        let (low, high) = (pair[0].min(pair[1]).min(gain), pair[0].max(pair[1]).max(gain));
        squares[0] += (gain - low).powi(2);
        squares[1] += (high - gain).powi(2);
    }
    Ok(Interval { value: gain, low: gain - squares[0].sqrt(), high: gain + squares[1].sqrt(), level: LEVEL })
}

/// The free baseline: the best of one subsidy for all that the budget allows.
fn one_for_all(levels: &[f64], offers: &[Vec<Offer>], budget: f64) -> (f64, f64) {
    let of = |place: usize| offers.iter().fold((0.0, 0.0), |sum, of| (sum.0 + of[place].gain, sum.1 + of[place].cost));
    let fitting = (0..levels.len()).map(|place| (levels[place], of(place))).filter(|(_, (_, cost))| *cost <= budget);
    let best = fitting.max_by(|a, b| a.1.0.total_cmp(&b.1.0));
    best.map_or((0.0, 0.0), |(level, (gain, _))| (level, gain))
}

/// Customers to show the change of those who get a subsidy, all groups together.
fn for_trial(groups: &[TradeInGroup]) -> Option<u64> {
    let given: Vec<&TradeInGroup> = groups.iter().filter(|one| one.subsidy_cents > 0.0).collect();
    let n: f64 = given.iter().map(|one| one.n_owners as f64).sum();
    let mean = |of: fn(&TradeInGroup) -> f64| given.iter().map(|one| one.n_owners as f64 * of(one)).sum::<f64>() / n;
    if n <= 0.0 {
        return None;
    }
    let (before, with) = (mean(|one| one.buys_anyway), mean(|one| one.buys));
    let asked = DesignRequest {
        baseline: before,
        deviation: None,
        lift: with / before - 1.0,
        power: 0.8,
        level: 0.95,
        per_day: None,
    };
    design(&asked).ok().map(|needed| needed.n_customers)
}

fn backing(plan: &TradeInPlan, groups: &[Group], prices: &Prices, rate: Option<f64>) -> Backing {
    let backing = Backing {
        would_change: vec![crate::flows::segment::Text {
            zh: "先在一部分机主里随机给不同的补贴，再按结果更新接受比例。".to_owned(),
            en: "Subsidies given at random to some owners first: their answers would take the place of the elasticity."
                .to_owned(),
        }],
        ..Backing::enough(plan.n_owners)
    };
    let mut backing = backing.but(
        "acceptance_by_price",
        "多少人会因补贴而换新是按价格弹性推算的，没有试过。",
        "How many a subsidy wins is inferred from what prices do; no subsidy has been tried.",
    );
    let n_guessed = groups.iter().filter(|one| !price::is_told(prices, &one.told.category)).count();
    if n_guessed > 0 {
        backing = backing.but(
            "elasticity_guessed",
            format!("有 {n_guessed} 组的价格弹性看不出来，按 -2（-3 至 -1）估算。"),
            format!("Prices do not tell the elasticity of {n_guessed} groups; −2 is taken for granted, −3 to −1."),
        );
    }
    if rate.is_none() {
        backing = backing.but(
            "some_costs",
            "部分商品没有成本：没有成本的组按 0 毛利计算，不会给补贴。",
            "Some products have no cost: groups without any count as earning nothing, and get none.",
        );
    }
    if plan.groups.iter().all(|one| one.subsidy_cents == 0.0) {
        backing = backing.but(
            "nothing_pays",
            "没有一组的补贴能赚回来：本来就会买的人也要给补贴，多赚的抵不上。",
            "No subsidy pays for itself: those who would buy anyway get it too, and what is won does not make up for that.",
        );
    }
    backing
}

/// A condition of an audience that holds for a group.
pub fn conditions(group: &TradeInGroup) -> serde_json::Value {
    let mut all = vec![
        serde_json::json!({"field": "upgrade_category", "op": "=", "value": group.category}),
        serde_json::json!({"field": "owned_months", "op": ">=", "value": group.from_months}),
    ];
    all.extend(group.below_months.map(|below| serde_json::json!({"field": "owned_months", "op": "<", "value": below})));
    serde_json::json!({"all": all})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices(elasticity: Option<f64>) -> Prices {
        let of = |value: f64| Interval { value, low: value - 0.5, high: value + 0.5, level: LEVEL };
        let category = |value: f64| price::CategoryElasticity {
            category: "Phones".into(),
            elasticity: of(value),
            alone: of(value),
            shows: "falls".into(),
            n_products: 9,
            n_price_changes: 200,
        };
        Prices {
            as_of: "2026-06-30".into(),
            elasticity: elasticity.map(of),
            substitution: None,
            categories: elasticity.map(category).into_iter().collect(),
            left: vec![
                price::PriceLeft { month: 0, n_products: 9, median: 1.0, low: 1.0, high: 1.0 },
                price::PriceLeft { month: 12, n_products: 9, median: 0.7, low: 0.6, high: 0.8 },
            ],
            backing: Backing::refused("x", "x", "x"),
        }
    }

    fn generations() -> Generations {
        serde_json::from_value(serde_json::json!({
            "version": "1", "made_at": 0, "as_of": "2026-06-30", "months": 3, "n_products": 9, "n_lines": 1, "n_customers": 9,
            "categories": [], "lines": [], "run_off": [], "old_stock": [],
            "run_off_backing": {"verdict": "enough", "n": 1, "caveats": [], "would_change": []},
            "verdict": "enough", "n": 1, "caveats": [], "would_change": [],
        }))
        .unwrap()
    }

    fn owners(due: f64) -> Owners {
        Owners {
            n: 1000,
            due: 1000.0 * due,
            price: 5e8,
            margin: 1e8,
            n_with_cost: 1000,
            price_with_cost: 5e8,
            old: 1e8,
        }
    }

    fn plan(budget: Option<i64>, elasticity: Option<f64>) -> TradeInPlan {
        // Half of those with old devices come anyway; of those with new ones nearly none.
        let owners =
            BTreeMap::from([(("Phones".to_owned(), 3), owners(0.5)), (("Phones".to_owned(), 0), owners(0.02))]);
        let request = TradeInRequest { budget_cents: budget, ..TradeInRequest::default() };
        let earned = BTreeMap::from([("Phones".to_owned(), 80_000.0)]);
        told(&request, &LEVELS, &generations(), &prices(elasticity), owners, 2, &earned, Some(0.2)).unwrap()
    }

    #[test]
    fn subsidies_go_where_they_win_buyers_and_stay_within_the_budget() {
        let free = plan(None, Some(-12.0));
        let given: Vec<(u32, f64)> = free.groups.iter().map(|one| (one.from_months, one.subsidy_cents)).collect();
        assert!(given.iter().any(|(from, cents)| *from == 0 && *cents > 0.0), "{given:?}");
        let gain = free.gain_cents.unwrap();
        assert!(gain.low < gain.value && gain.value < gain.high && gain.value <= free.bound_cents + 1e-6);
        assert!(gain.value >= free.one_for_all_cents - 1e-6 && free.n_for_trial.unwrap() > 100, "{free:?}");
        let tight = plan(Some(100_000), Some(-12.0));
        assert!(tight.cost_cents <= 100_000.0 && tight.gain_cents.unwrap().value <= gain.value);
        assert!(tight.bound_cents >= tight.gain_cents.unwrap().value - 1e-6);
    }

    #[test]
    fn where_nothing_pays_nothing_is_given_and_said() {
        let none = plan(None, Some(-0.2));
        assert!(none.groups.iter().all(|one| one.subsidy_cents == 0.0) && none.cost_cents == 0.0);
        let kinds: Vec<&str> = none.backing.caveats.iter().map(|one| one.kind.as_str()).collect();
        assert!(kinds.contains(&"nothing_pays") && !kinds.contains(&"elasticity_guessed"), "{kinds:?}");
        let guessed = plan(None, None);
        assert!(guessed.backing.caveats.iter().any(|one| one.kind == "elasticity_guessed"));
    }

    #[test]
    fn owners_of_one_age_become_an_audience() {
        let group = &plan(None, Some(-12.0)).groups[0];
        let asked = conditions(group);
        assert_eq!(asked["all"].as_array().unwrap().len(), if group.below_months.is_some() { 3 } else { 2 });
        crate::flows::audience::condition::Condition::parse(&asked).unwrap();
    }

    #[test]
    fn what_is_left_of_a_device_falls_with_its_age() {
        let prices = prices(None);
        assert_eq!((left(&prices, 0), left(&prices, 12)), (1.0, 0.7));
        assert!((left(&prices, 24) - 0.7 * USUAL_LEFT).abs() < 1e-12);
        assert_eq!((band(0), band(11), band(12), band(99)), (0, 0, 1, 3));
    }

    #[test]
    fn wrong_figures_are_refused() {
        let ask = |change: &dyn Fn(&mut TradeInRequest)| {
            let mut request = TradeInRequest::default();
            change(&mut request);
            checked(&request).unwrap_err().message
        };
        assert!(ask(&|one| one.levels = vec![0.9]).contains("allowed: 0 to 0.5"));
        assert!(ask(&|one| one.levels = vec![]).contains("allowed: 2 to 20"));
        assert!(ask(&|one| one.budget_cents = Some(-1)).contains("-1 hundredths"));
        assert!(ask(&|one| one.resale = f64::NAN).contains("resale is NaN"));
    }
}
