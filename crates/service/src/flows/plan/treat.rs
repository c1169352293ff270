//! Whom to treat: what each arm of a past campaign changed, for whom it changed more, and whom it would pay to treat again, within a
//! budget. Beside it stands what costs no model: treating everybody, and treating who spent most.
//!
//! Customers are described by what was known before their first exposure, and today's by what is known now. Nobody is judged by a model
//! that has seen them: effects on the campaign's customers are told by learners of the others.

use std::collections::BTreeMap;

use data::Shop;
use data::arrow::array::{Array, Float64Array, Int64Array, StringArray};
use domain::Day;
use serde::{Deserialize, Serialize};
use strategy::StrategyError;
use strategy::boost::{Feature, Features};
use strategy::uplift::curves::Ranked;
use strategy::uplift::meta::Predictor;
use strategy::uplift::{
    Assignment, Base, Learner, Meta, MetaSettings, Money, Trial, check, complete_chances, judge, out_of_fold, policy,
    whom_to_treat,
};
use utoipa::ToSchema;

use super::customers::margin;
use super::experiment::{self, Outcome};
use super::{Backing, Interval};
use crate::error::{Result, ServiceError, clipped};
use crate::flows::audience::gate::Gate;
use crate::flows::audience::present;
use crate::flows::rows::{floats, integers, query, query_rows, quoted, texts};

const LEVEL: f64 = 0.9;
const SEED: u64 = 1;
const N_FOLDS: usize = 4;
const N_SAMPLES: usize = 200;
/// Fewer customers are learned from by linear models: trees would find what is not there.
const TREES_MIN: usize = 20_000;
/// Points of the curve.
const N_POINTS: usize = 20;
/// What customers did is looked at so many days back, and looks so many.
const BACK_DAYS: i32 = 365;
const LOOK_DAYS: i32 = 60;
const DAYS_MAX: i32 = 365;
/// Customers of a campaign, and those of today, at most.
const CUSTOMERS_MAX: usize = 2_000_000;

/// What is asked.
#[derive(Clone, Debug)]
pub struct TreatRequest {
    pub campaign_id: String,
    /// The arm that got nothing; found by its name if absent.
    pub control: Option<String>,
    pub outcome: Outcome,
    /// Days after the first exposure that count, where orders tell.
    pub days: i32,
    /// What one more who responds, or orders, is worth; what they spent, as margin where costs are known, if absent.
    pub value_cents: Option<i64>,
    /// What treating one customer costs, by arm; what the exposures say if absent.
    pub cost_cents: BTreeMap<String, i64>,
    /// Most to spend on today's customers; as much as pays for itself if absent.
    pub budget_cents: Option<i64>,
}

impl Default for TreatRequest {
    fn default() -> Self {
        TreatRequest {
            campaign_id: String::new(),
            control: None,
            outcome: Outcome::Response,
            days: 30,
            value_cents: None,
            cost_cents: BTreeMap::new(),
            budget_cents: None,
        }
    }
}

/// What an arm changed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TreatArm {
    pub arm: String,
    pub n_customers: u64,
    /// What treating one customer costs.
    pub cost_cents: f64,
    /// What it changed of the outcome, a customer: customers weighted by their chances.
    pub effect: Option<Interval>,
    /// How well the model tells whom it changes more: the area between its Qini curve and chance, a customer. Above 0 it tells.
    pub qini: Option<Interval>,
    /// The same of the order by what customers spent.
    pub qini_by_spend: f64,
    /// Ten groups by what the model foretold, the best first.
    pub groups: Vec<TreatGroup>,
}

/// One tenth of the customers.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TreatGroup {
    pub n_customers: u64,
    pub foretold: f64,
    pub found: Option<Interval>,
}

/// What treating so many of the campaign's customers would have brought, in hundredths of the currency a customer of all.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TreatPoint {
    /// Of the customers, those for whom the model foretells most.
    pub share: f64,
    pub n_customers: u64,
    /// Worth of the change less the cost, a customer: treated or not.
    pub gain_cents: Interval,
    /// The same if those who spent most had been treated.
    pub by_spend_cents: Interval,
    pub cost_cents: f64,
}

/// Whom of today's customers to treat.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TreatToday {
    /// Who agreed to the campaign's channel and has nothing open; everybody where no consent is kept.
    pub n_reachable: u64,
    pub n_held_back: u64,
    pub n_treated: u64,
    /// By arm.
    pub arms: BTreeMap<String, u64>,
    pub cost_cents: f64,
    /// As foretold.
    pub gain_cents: f64,
    /// If all were treated with the arm that is best on average.
    pub gain_of_all_cents: f64,
    pub cost_of_all_cents: f64,
    /// Both as measured and not as foretold: what the same share of the campaign's customers gained, and all of them, for as many as may be
    /// reached today. Absent where the campaign's chances are not known.
    pub gain_measured_cents: Option<Interval>,
    pub gain_of_all_measured_cents: Option<Interval>,
    /// What one more coin would bring beyond itself.
    pub shadow_price: f64,
}

/// Whom to treat.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Treat {
    pub campaign_id: String,
    pub control: String,
    pub n_control: u64,
    pub outcome: String,
    pub days: i32,
    pub as_of: String,
    pub level: f64,
    /// Of one more unit of the outcome.
    pub value_cents: f64,
    /// `linear` or `trees`.
    pub model: String,
    /// Whether chances differed between customers, and each counts as one over its own.
    pub is_weighted: bool,
    pub arms: Vec<TreatArm>,
    pub curve: Vec<TreatPoint>,
    pub today: Option<TreatToday>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// One customer to treat.
#[derive(Clone, Debug, PartialEq)]
pub struct Treated {
    pub customer_id: String,
    pub arm: String,
    /// Of the outcome, as foretold.
    pub effect: f64,
    pub gain_cents: f64,
}

/// Customers with what was known of them.
#[derive(Default)]
struct People {
    ids: Vec<String>,
    numbers: Vec<(&'static str, Vec<f64>)>,
    words: Vec<(&'static str, Vec<String>)>,
}

const NUMBERS: [&str; 11] = [
    "tenure",
    "age",
    "n_orders",
    "spent",
    "recency",
    "discount",
    "unit_price",
    "n_categories",
    "n_looks",
    "n_carts",
    "responded",
];
const WORDS: [&str; 3] = ["region", "gender", "first_channel"];

impl People {
    fn features(&self, levels: &[BTreeMap<String, u32>]) -> std::result::Result<Features, StrategyError> {
        let mut columns: Vec<(String, Feature)> = Vec::new();
        for (name, values) in &self.numbers {
            // A column without any value says nothing, and has no mean.
            let is_empty = values.iter().all(|value| value.is_nan());
            let values = if is_empty { vec![0.0; values.len()] } else { values.clone() };
            columns.push(((*name).to_owned(), Feature::Number(values)));
        }
        for ((name, values), levels) in self.words.iter().zip(levels) {
            let code = |word: &String| levels.get(word).copied().unwrap_or(strategy::boost::MISSING);
            columns.push(((*name).to_owned(), Feature::Category(values.iter().map(code).collect())));
        }
        Features::new(columns)
    }

    /// Words numbered in the order of the alphabet.
    fn levels(&self) -> Vec<BTreeMap<String, u32>> {
        let of = |(_, values): &(&str, Vec<String>)| {
            let mut words: Vec<&String> = values.iter().filter(|word| !word.is_empty()).collect();
            words.sort_unstable();
            words.dedup();
            words.into_iter().enumerate().map(|(at, word)| (word.clone(), at as u32)).collect()
        };
        self.words.iter().map(of).collect()
    }

    fn spent(&self) -> &[f64] {
        let found = self.numbers.iter().find(|(name, _)| *name == "spent");
        found.map_or(&[], |(_, values)| values)
    }
}

/// The customers of the campaign and what came of them.
#[derive(Default)]
struct Campaign {
    people: People,
    arms: Vec<u32>,
    outcome: Vec<f64>,
    /// What each spent in as many days after as are looked at; NaN where these are not over yet. Shape: (n_customers).
    after: Vec<f64>,
    /// The same of as many days before.
    before: Vec<f64>,
    /// Chance of the arm each got; NaN where the exposures do not say.
    own: Vec<f64>,
    n_in_several_arms: u64,
    n_too_recent: u64,
    channels: Vec<String>,
    /// By arm, the control first: cents of all its customers.
    cost: Vec<f64>,
    names: Vec<String>,
}

/// What is known of customers before a day of each: `seen` is a statement with `customer_id` and `day`. Everything that a look-back needs is
/// joined once and summed by customer.
fn known_before(seen: &str, end: &str) -> String {
    format!(
        "with seen as ({seen}), bought as (
          select s.customer_id as customer_id, count(distinct o.order_id) as n_orders, sum(o.cents) as spent,
            max(o.day) as last_day, sum(o.off) as off, sum(o.list) as list, sum(o.n) as n, count(distinct o.category) as n_categories
          from seen s join (
            select o.customer_id as customer_id, o.order_id as order_id, p.category as category,
              cast(shop_day(o.ordered_at) as int) as day, o.quantity as n,
              o.quantity * o.unit_price_cents - coalesce(o.discount_cents, 0) as cents,
              coalesce(o.discount_cents, 0) as off, o.quantity * o.unit_price_cents as list
            from orders o left join products p on p.product_id = o.product_id
            where o.quantity > 0 and o.ordered_at < {end}) as o on o.customer_id = s.customer_id
          where o.day < s.day and o.day >= s.day - {BACK_DAYS} group by s.customer_id
        ), looked as (
          select s.customer_id as customer_id, count(*) as n_looks, sum(case when e.kind = 'cart' then 1 else 0 end) as n_carts
          from seen s join (
            select customer_id, kind, cast(shop_day(at) as int) as day from events
            where kind in ('view', 'search', 'favourite', 'cart', 'ask') and at < {end}) as e on e.customer_id = s.customer_id
          where e.day < s.day and e.day >= s.day - {LOOK_DAYS} group by s.customer_id
        ), answered as (
          select s.customer_id as customer_id, avg(case when x.responded then 1.0 else 0.0 end) as responded
          from seen s join (
            select customer_id, responded, cast(shop_day(at) as int) as day from exposures) as x on x.customer_id = s.customer_id
          where x.day < s.day - 14 group by s.customer_id
        )
        select s.*, cast(s.day - cast(c.joined_on as int) as double) as tenure, cast(c.birth_year as double) as age,
          coalesce(c.region, '') as region, coalesce(c.gender, '') as gender, coalesce(c.first_channel, '') as first_channel,
          cast(coalesce(b.n_orders, 0) as double) as n_orders, cast(coalesce(b.spent, 0) as double) as spent,
          cast(s.day - b.last_day as double) as recency, cast(b.off as double) / nullif(cast(b.list as double), 0) as discount,
          cast(b.list as double) / nullif(cast(b.n as double), 0) as unit_price,
          cast(coalesce(b.n_categories, 0) as double) as n_categories,
          cast(coalesce(l.n_looks, 0) as double) as n_looks, cast(coalesce(l.n_carts, 0) as double) as n_carts,
          cast(a.responded as double) as responded_before
        from seen s left join customers c on c.customer_id = s.customer_id
          left join bought b on b.customer_id = s.customer_id
          left join looked l on l.customer_id = s.customer_id
          left join answered a on a.customer_id = s.customer_id
        order by s.customer_id"
    )
}

impl People {
    fn take(&mut self, batch: &data::arrow::array::RecordBatch, rows: &[usize]) -> Result<()> {
        let ids = texts(batch, "customer_id")?;
        self.ids.extend(rows.iter().map(|row| ids.value(*row).to_owned()));
        if self.numbers.is_empty() {
            self.numbers = NUMBERS.iter().map(|name| (*name, Vec::new())).collect();
            self.words = WORDS.iter().map(|name| (*name, Vec::new())).collect();
        }
        for (name, values) in &mut self.numbers {
            let column = floats(batch, if *name == "responded" { "responded_before" } else { name })?;
            // Money and counts are told by their size, not by their digits.
            let is_long = ["n_orders", "spent", "unit_price", "n_looks", "n_carts"].contains(name);
            let of = |row: usize| match column.is_valid(row) {
                true if is_long => column.value(row).max(0.0).ln_1p(),
                true => column.value(row),
                false => f64::NAN,
            };
            values.extend(rows.iter().map(|row| of(*row)));
        }
        for (name, values) in &mut self.words {
            let column: StringArray = texts(batch, name)?;
            values.extend(rows.iter().map(|row| column.value(*row).to_owned()));
        }
        Ok(())
    }
}

async fn campaign(shop: &Shop, request: &TreatRequest, control: &str, today: Day, end: &str) -> Result<Campaign> {
    let days = request.days;
    let seen = format!(
        "select customer_id, min(arm) as arm, count(distinct arm) as n_arms, cast(min(shop_day(at)) as int) as day,
          max(case when responded then 1 else 0 end) as responded, cast(sum(coalesce(cost_cents, 0)) as double) as cost,
          min(propensity) as propensity, min(channel) as channel
        from exposures where campaign_id = {} group by customer_id",
        quoted(&request.campaign_id)
    );
    let sql = format!(
        "select k.*, coalesce(f.n, 0) as n_after, cast(coalesce(f.cents, 0) as double) as after,
          cast(coalesce(f.cents_before, 0) as double) as before
        from ({}) as k left join (
          select s.customer_id as customer_id, sum(case when o.day >= s.day and o.n > 0 then 1 else 0 end) as n,
            sum(case when o.day >= s.day then o.cents end) as cents, sum(case when o.day < s.day then o.cents end) as cents_before
          from ({seen}) as s join (
            select customer_id, cast(shop_day(ordered_at) as int) as day, quantity as n,
              quantity * unit_price_cents - coalesce(discount_cents, 0) as cents from orders) as o on o.customer_id = s.customer_id
          where o.day >= s.day - {days} and o.day < s.day + {days}
          group by s.customer_id) as f on f.customer_id = k.customer_id
        order by k.customer_id",
        known_before(&seen, end)
    );
    let mut found = Campaign { names: vec![control.to_owned()], cost: vec![0.0], ..Campaign::default() };
    let is_over = |day: i64| request.outcome == Outcome::Response || day + i64::from(days) <= i64::from(today.0) + 1;
    for batch in query(shop, &sql).await? {
        let (arms, channels) = (texts(&batch, "arm")?, texts(&batch, "channel")?);
        let (n_arms, day) = (integers(&batch, "n_arms")?, integers(&batch, "day")?);
        let (responded, n_after) = (integers(&batch, "responded")?, integers(&batch, "n_after")?);
        let (after, cost, own) = (floats(&batch, "after")?, floats(&batch, "cost")?, floats(&batch, "propensity")?);
        let before = floats(&batch, "before")?;
        let mut rows = Vec::new();
        for row in 0..batch.num_rows() {
            if n_arms.value(row) > 1 {
                found.n_in_several_arms += 1;
                continue;
            }
            if !is_over(day.value(row)) {
                found.n_too_recent += 1;
                continue;
            }
            rows.push(row);
            let arm = found.arm(arms.value(row));
            found.arms.push(arm);
            found.cost[arm as usize] += cost.value(row);
            found.own.push(if own.is_valid(row) { own.value(row) } else { f64::NAN });
            found.outcome.push(outcome(request.outcome, row, &responded, &n_after, &after));
            let is_known = day.value(row) + i64::from(days) <= i64::from(today.0) + 1;
            found.before.push(before.value(row));
            found.after.push(if is_known { after.value(row) } else { f64::NAN });
            if channels.is_valid(row) && !found.channels.iter().any(|known| known == channels.value(row)) {
                found.channels.push(channels.value(row).to_owned());
            }
        }
        found.people.take(&batch, &rows)?;
    }
    found.aged(today);
    Ok(found)
}

fn outcome(of: Outcome, row: usize, responded: &Int64Array, n_after: &Int64Array, after: &Float64Array) -> f64 {
    match of {
        Outcome::Response => f64::from(u8::from(responded.value(row) > 0)),
        Outcome::Ordered => f64::from(u8::from(n_after.value(row) > 0)),
        Outcome::Revenue => after.value(row),
    }
}

impl Campaign {
    fn arm(&mut self, name: &str) -> u32 {
        let at = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.cost.push(0.0);
            self.names.len() - 1
        });
        at as u32
    }

    fn aged(&mut self, today: Day) {
        aged(&mut self.people, today);
        self.channels.sort();
    }
}

/// Years of birth as ages.
fn aged(people: &mut People, today: Day) {
    let year: f64 = today.to_string().get(..4).and_then(|year| year.parse().ok()).unwrap_or(1970.0);
    if let Some((_, values)) = people.numbers.iter_mut().find(|(name, _)| *name == "age") {
        values.iter_mut().for_each(|born| *born = (year - *born).clamp(0.0, 120.0));
    }
}

/// Today's customers who agreed to one of the channels; everybody where the shop keeps no consent or the exposures no channel.
async fn reachable(shop: &Shop, channels: &[String], today: Day, end: &str) -> Result<(People, u64)> {
    let agreed: Vec<String> =
        channels.iter().map(|channel| format!("array_has(consent, {})", quoted(channel))).collect();
    let kept = "select count(*) as n from customers where array_length(consent) > 0";
    let keeps_consent = query_rows(shop, kept).await?.first().and_then(|row| row["n"].as_i64()).unwrap_or(0) > 0;
    let condition = match agreed.is_empty() || !keeps_consent {
        true => "true".to_owned(),
        false => agreed.join(" or "),
    };
    let who = format!("select customer_id from customers where {condition} order by customer_id limit {CUSTOMERS_MAX}");
    let gate = Gate::read(shop).await?;
    let seen = format!("select customer_id, {} as day from ({who}) as who", today.0 + 1);
    let (mut people, mut n_held) = (People::default(), 0);
    for batch in query(shop, &known_before(&seen, end)).await? {
        let ids = texts(&batch, "customer_id")?;
        let rows: Vec<usize> = (0..batch.num_rows()).filter(|row| !gate.holds(ids.value(*row))).collect();
        n_held += (batch.num_rows() - rows.len()) as u64;
        people.take(&batch, &rows)?;
    }
    aged(&mut people, today);
    Ok((people, n_held))
}

/// What the outcome is worth.
#[derive(Clone, Copy, Debug)]
struct Worth {
    /// Of one more unit, in hundredths.
    value: f64,
    /// The part of what is spent that stays with the shop; 1 where costs are not known.
    share: f64,
    is_margin: bool,
}

/// What one more unit of the outcome is worth: what responders spent, as margin where costs are known.
async fn worth(shop: &Shop, request: &TreatRequest) -> Result<Worth> {
    let rate = margin(shop).await?;
    let (share, is_margin) = (rate.unwrap_or(1.0), rate.is_some());
    if let Some(cents) = request.value_cents {
        return Ok(Worth { value: cents as f64, share, is_margin: true });
    }
    if request.outcome == Outcome::Revenue {
        return Ok(Worth { value: share, share, is_margin });
    }
    let spent = format!(
        "select avg(cast(revenue_cents as double)) as mean from exposures where campaign_id = {} and responded and revenue_cents > 0",
        quoted(&request.campaign_id)
    );
    let mean = query_rows(shop, &spent).await?.first().and_then(|row| row["mean"].as_f64()).unwrap_or(0.0);
    if mean <= 0.0 {
        let message = "the exposures do not say what a response brought";
        return Err(ServiceError::usage("value", message).help("say what one is worth: --value, value_cents"));
    }
    Ok(Worth { value: mean * share, share, is_margin })
}

/// Tells whom to treat, and who they are.
///
/// # Errors
/// If there is no such campaign or arm, or a parameter is out of range. Too little data is no error but a refusal.
pub async fn treat(shop: &Shop, request: &TreatRequest) -> Result<(Treat, Vec<Treated>)> {
    checked(request)?;
    let campaigns = experiment::campaigns(shop).await?;
    let known = campaigns
        .iter()
        .find(|one| one.campaign_id == request.campaign_id)
        .ok_or_else(|| ServiceError::not_found("campaign", &request.campaign_id))?;
    let control = experiment::control_of(known, request.control.as_deref())?;
    if let Some(name) = request.cost_cents.keys().find(|name| known.arms.iter().all(|arm| arm.arm != **name)) {
        let there = known.arms.iter().map(|arm| arm.arm.as_str()).collect::<Vec<_>>().join(", ");
        let message = format!("there is no arm '{}' to cost anything; there are: {there}", clipped(name));
        return Err(ServiceError::usage("cost", message));
    }
    let present = present(shop).await?;
    let end = present.begins(Day(present.day.0.saturating_add(1)));
    let found = campaign(shop, request, &control, present.day, &end).await?;
    let worth = worth(shop, request).await?;
    let (people, n_held) = reachable(shop, &found.channels, present.day, &end).await?;
    tokio::task::block_in_place(|| told(request, &found, worth, &people, n_held, present.day))
}

fn checked(request: &TreatRequest) -> Result<()> {
    if !(1..=DAYS_MAX).contains(&request.days) {
        return Err(ServiceError::usage("days", format!("days is {}; allowed: 1 to {DAYS_MAX}", request.days)));
    }
    let amounts = request.cost_cents.values().chain(&request.budget_cents).chain(&request.value_cents);
    if let Some(found) = amounts.copied().find(|cents| !(0..=1_000_000_000_000).contains(cents)) {
        let message = format!("an amount is {found} hundredths; allowed: 0 to 1000000000000");
        return Err(ServiceError::usage("amount", message));
    }
    Ok(())
}

fn told(
    request: &TreatRequest,
    found: &Campaign,
    worth: Worth,
    people: &People,
    n_held: u64,
    today: Day,
) -> Result<(Treat, Vec<Treated>)> {
    let n = found.arms.len();
    let mut counts = vec![0u64; found.names.len()];
    found.arms.iter().for_each(|arm| counts[*arm as usize] += 1);
    let cost = |arm: usize| match request.cost_cents.get(&found.names[arm]) {
        Some(cents) => *cents as f64,
        None => found.cost[arm] / (counts[arm] as f64).max(1.0),
    };
    let costs: Vec<Vec<f64>> = (1..found.names.len()).map(|arm| vec![cost(arm)]).collect();
    let mut treat = Treat {
        campaign_id: request.campaign_id.clone(),
        control: found.names[0].clone(),
        n_control: counts[0],
        outcome: request.outcome.name().to_owned(),
        days: request.days,
        as_of: today.to_string(),
        level: LEVEL,
        value_cents: worth.value,
        model: if n >= TREES_MIN { "trees" } else { "linear" }.to_owned(),
        is_weighted: false,
        arms: Vec::new(),
        curve: Vec::new(),
        today: None,
        backing: Backing::refused(
            "few_rows",
            "这次活动里有可比结果的顾客太少。",
            "Too few customers of this campaign have anything to compare.",
        ),
    };
    if counts[0] == 0 || counts.iter().skip(1).all(|n| *n == 0) {
        return Ok((treat, Vec::new()));
    }
    let levels = found.people.levels();
    let features = found.people.features(&levels)?;
    let chances = found.chances()?;
    let assignment = match &chances {
        Chances::Same => Assignment::Randomised,
        Chances::Logged(all) => Assignment::Logged(all),
        Chances::Unknown => Assignment::Estimated,
    };
    treat.is_weighted = matches!(chances, Chances::Logged(_));
    let trial = Trial::new(&features, &found.arms, &found.outcome, assignment)?;
    let support = check(&trial, None, SEED)?;
    let is_refused = support.is_refused();
    treat.backing = Backing::of(&support.answer(()));
    if is_refused {
        return Ok((treat, Vec::new()));
    }
    let learn = learner(n);
    let effects = out_of_fold(&trial, N_FOLDS, SEED, &learn)?;
    let spent = found.people.spent();
    treat.arms = arms(found, &counts, &costs, &effects, spent, &trial)?;
    let money = Money { margin: worth.value, costs: &costs, budget: None };
    let paid = paid(found, request.outcome, &chances);
    let of_paid = paid.as_ref().map(|paid| Trial { outcome: paid, ..trial });
    let contradicted = match &of_paid {
        Some(of_paid) => contradicted(found, of_paid, &costs, worth, &treat.arms)?,
        None => Vec::new(),
    };
    // Where responses promise what was not earned, all is told by what was.
    let by_money = Money { margin: worth.share, ..money.clone() };
    let earned = match &of_paid {
        Some(of_paid) if !contradicted.is_empty() => (of_paid, &by_money),
        _ => (&trial, &money),
    };
    if !matches!(chances, Chances::Unknown) {
        treat.curve = curve(earned, &effects, spent, &money)?;
    }
    let mut everyone = if people.ids.is_empty() { Vec::new() } else { learn(&trial)?(&people.features(&levels)?)? };
    let mut effects = effects;
    let mut all_alike = |arm: usize, effect: f64| {
        effects[arm].fill(effect);
        everyone.get_mut(arm).into_iter().for_each(|effects| effects.fill(effect));
    };
    if !tells(&treat) {
        // Who is changed more is not known: it is what was measured of all for everybody, and so all or nobody.
        means(found, &treat.arms).into_iter().enumerate().for_each(|(arm, mean)| all_alike(arm, mean));
    }
    contradicted.iter().for_each(|one| all_alike(one.arm, one.effect));
    let treated = today_of(&mut treat, request, found, people, &everyone, n_held, &money)?;
    if let Some(today) = treat.today.as_mut().filter(|_| !matches!(chances, Chances::Unknown)) {
        let budget = request.budget_cents.map(|cents| cents as f64);
        measured(today, earned, &effects, &Money { budget, ..money.clone() })?;
    }
    for one in &contradicted {
        treat.backing = one.said(treat.backing, &found.names[one.arm + 1], request.days);
    }
    treat.backing = doubts(treat.backing.clone(), &treat, found, &chances, worth.is_margin);
    Ok((treat, treated))
}

/// Whether the model tells of any arm whom it changes more.
fn tells(treat: &Treat) -> bool {
    treat.arms.iter().any(|arm| arm.qini.is_some_and(|qini| qini.low > 0.0))
}

/// Doubly robust scores; their models are linear where customers are few.
fn learner(n: usize) -> impl Fn(&Trial) -> std::result::Result<Predictor, StrategyError> {
    move |trial| {
        let base = if n >= TREES_MIN { Base::default() } else { Base::Linear { l2: 20.0 } };
        let meta =
            Meta::fit(trial, &MetaSettings { learner: Learner::Dr, base, seed: SEED, ..MetaSettings::default() })?;
        Ok(Box::new(move |features| meta.effects(features)))
    }
}

/// What the campaign changed on average, by treatment; nothing where it is not known. Shape: (n_arms - 1).
fn means(found: &Campaign, arms: &[TreatArm]) -> Vec<f64> {
    let of = |name: &String| arms.iter().find(|arm| arm.arm == *name).and_then(|arm| arm.effect);
    found.names.iter().skip(1).map(|name| of(name).map_or(0.0, |effect| effect.value)).collect()
}

/// An arm of which responses promise more than what its customers spent.
struct Contradicted {
    /// From 0, without the control.
    arm: usize,
    /// The effect on the outcome that would have earned what was earned.
    effect: f64,
    /// A customer, in hundredths: as responses tell, and as what was spent tells.
    promised: f64,
    earned: strategy::Estimate,
}

impl Contradicted {
    fn said(&self, backing: Backing, arm: &str, days: i32) -> Backing {
        let coins = |cents: f64| cents / 100.0;
        let (promised, value) = (coins(self.promised), coins(self.earned.value));
        let (low, high) = (coins(self.earned.low), coins(self.earned.high));
        backing.but(
            "worth_contradicted",
            format!(
                "按响应算，“{arm}”平均每人值 {promised:.2}；但这些顾客 {days} 天里的消费只显示 {value:.2}（{low:.2} 到 {high:.2}）：响应的人多半本来就会买。这一组按实测的消费来算，要么全发，要么不发。"
            ),
            format!(
                "By its responses '{arm}' is worth {promised:.2} a customer, but what they spent in {days} days tells {value:.2} \
                 ({low:.2} to {high:.2}): who responds would often have bought anyway. This arm goes by what was spent, to all or to \
                 nobody."
            ),
        )
    }
}

/// What each customer of the campaign spent in the days after, less what they spent in as many days before (CUPED). `None` where money is the
/// outcome itself, or chances or what was spent are not known. Shape: (n_customers).
fn paid(found: &Campaign, outcome: Outcome, chances: &Chances) -> Option<Vec<f64>> {
    let is_known = found.after.len() == found.arms.len() && found.after.iter().all(|cents| cents.is_finite());
    let is_asked = outcome != Outcome::Revenue && !matches!(chances, Chances::Unknown);
    (is_known && is_asked).then(|| less_before(&found.after, &found.before))
}

/// Arms whose worth by responses or orders is more, by more than the intervals allow, than what they earned by the money that
/// customers spent.
fn contradicted(
    found: &Campaign,
    of_paid: &Trial,
    costs: &[Vec<f64>],
    worth: Worth,
    arms: &[TreatArm],
) -> Result<Vec<Contradicted>> {
    let money = Money { margin: worth.share, costs, budget: None };
    let mut all = Vec::new();
    for (arm, name) in found.names.iter().skip(1).enumerate().filter(|_| worth.value > 0.0) {
        let effect = arms.iter().find(|one| one.arm == *name).and_then(|one| one.effect);
        let (Some(effect), cost) = (effect, costs[arm][0]) else { continue };
        let promised = worth.value * effect.value - cost;
        let earned = policy::value(&vec![arm as u32 + 1; found.arms.len()], of_paid, &money)?;
        let half = 0.5 * (earned.high - earned.low);
        // Both are measured on the same customers, and each has its error.
        if promised - earned.value > half.hypot(0.5 * worth.value * (effect.high - effect.low)) {
            all.push(Contradicted { arm, effect: (earned.value + cost) / worth.value, promised, earned });
        }
    }
    Ok(all)
}

/// Values less their slope on what was there before, around its mean. Shape: (n).
fn less_before(after: &[f64], before: &[f64]) -> Vec<f64> {
    let joint = strategy::experiment::Joint::of(after, before);
    let slope = if joint.yy > 0.0 { joint.xy / joint.yy } else { 0.0 };
    after.iter().zip(before).map(|(after, before)| after - slope * (before - joint.mean_y)).collect()
}

enum Chances {
    Same,
    /// Shape: (n_rows, n_arms).
    Logged(Vec<f64>),
    Unknown,
}

impl Campaign {
    fn chances(&self) -> Result<Chances> {
        if self.own.iter().any(|own| own.is_nan()) {
            // Nothing logged at all is taken for a lot; something missing is not known.
            let is_any = self.own.iter().any(|own| !own.is_nan());
            return Ok(if is_any { Chances::Unknown } else { Chances::Same });
        }
        let first: Vec<Option<f64>> = (0..self.names.len() as u32)
            .map(|arm| self.arms.iter().zip(&self.own).find(|(of, _)| **of == arm).map(|(_, own)| *own))
            .collect();
        let is_same = self.arms.iter().zip(&self.own).all(|(arm, own)| first[*arm as usize] == Some(*own));
        if is_same {
            return Ok(Chances::Same);
        }
        Ok(complete_chances(&self.arms, &self.own)?.map_or(Chances::Unknown, Chances::Logged))
    }
}

fn arms(
    found: &Campaign,
    counts: &[u64],
    costs: &[Vec<f64>],
    effects: &[Vec<f64>],
    spent: &[f64],
    trial: &Trial,
) -> Result<Vec<TreatArm>> {
    let n_arms = found.names.len();
    let nothing = vec![vec![0.0]; n_arms - 1];
    let free = Money { margin: 1.0, costs: &nothing, budget: None };
    let mut told = Vec::new();
    for arm in (1..n_arms).filter(|arm| counts[*arm] > 0) {
        let rows: Vec<usize> =
            (0..found.arms.len()).filter(|row| [0, arm].contains(&(found.arms[*row] as usize))).collect();
        let take = |values: &[f64]| rows.iter().map(|row| values[*row]).collect::<Vec<f64>>();
        let is_treated: Vec<bool> = rows.iter().map(|row| found.arms[*row] as usize == arm).collect();
        let (effect, outcome) = (take(&effects[arm - 1]), take(&found.outcome));
        // Customers who were likely to be where they are speak for fewer others.
        let changed = match trial.assignment {
            Assignment::Estimated => judge::average_effect(&outcome, &is_treated),
            _ => Some(policy::value(&vec![arm as u32; found.arms.len()], trial, &free)?),
        };
        let ranked = Ranked::new(&effect, &outcome, &is_treated)?;
        let by_spend = Ranked::new(&take(spent), &outcome, &is_treated)?;
        let group = |one: &judge::Group| TreatGroup {
            n_customers: (one.n_treated + one.n_controls) as u64,
            foretold: one.predicted,
            found: one.found.map(Interval::from),
        };
        told.push(TreatArm {
            arm: found.names[arm].clone(),
            n_customers: counts[arm],
            cost_cents: costs[arm - 1][0],
            effect: changed.map(Interval::from),
            qini: Some(judge::qini(&ranked, N_SAMPLES, SEED)?.into()),
            qini_by_spend: by_spend.qini(),
            groups: judge::deciles(&effect, &outcome, &is_treated).iter().map(group).collect(),
        });
    }
    Ok(told)
}

/// The arm that pays most for each customer, and what it is foretold to bring.
fn best_arms(effects: &[Vec<f64>], money: &Money) -> Vec<(u32, f64)> {
    let gain = |arm: usize, row: usize| money.margin * effects[arm][row] - money.costs[arm][0];
    let best = |row: usize| {
        (0..effects.len())
            .map(|arm| (arm as u32 + 1, gain(arm, row)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap_or((0, 0.0))
    };
    (0..effects.first().map_or(0, Vec::len)).map(best).collect()
}

/// `earned`: by what it is told what a choice earned, and `money` by what it is chosen.
fn curve(earned: (&Trial, &Money), effects: &[Vec<f64>], spent: &[f64], money: &Money) -> Result<Vec<TreatPoint>> {
    let value = |arms: &[u32]| policy::value(arms, earned.0, earned.1);
    let best = best_arms(effects, money);
    let n = best.len();
    let ordered = |by: &dyn Fn(usize) -> f64| {
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| by(*b).total_cmp(&by(*a)).then(a.cmp(b)));
        order
    };
    let (by_model, by_spend) = (ordered(&|row| best[row].1), ordered(&|row| spent[row]));
    let point = |at: usize| -> Result<TreatPoint> {
        let share = at as f64 / N_POINTS as f64;
        let most = (share * n as f64).round() as usize;
        let policy = |order: &[usize]| {
            let mut arms = vec![0; n];
            order[..most].iter().for_each(|row| arms[*row] = best[*row].0);
            arms
        };
        let arms = policy(&by_model);
        let cost: f64 = arms.iter().filter(|arm| **arm > 0).map(|arm| money.costs[*arm as usize - 1][0]).sum();
        Ok(TreatPoint {
            share,
            n_customers: most as u64,
            gain_cents: value(&arms)?.into(),
            by_spend_cents: value(&policy(&by_spend))?.into(),
            cost_cents: cost / n as f64,
        })
    };
    (0..=N_POINTS).map(point).collect()
}

fn today_of(
    treat: &mut Treat,
    request: &TreatRequest,
    found: &Campaign,
    people: &People,
    effects: &[Vec<f64>],
    n_held: u64,
    money: &Money,
) -> Result<Vec<Treated>> {
    if people.ids.is_empty() {
        return Ok(Vec::new());
    }
    let money = Money { budget: request.budget_cents.map(|cents| cents as f64), ..money.clone() };
    let policy = whom_to_treat(effects, &money)?;
    let gain = |arm: usize, row: usize| money.margin * effects[arm][row] - money.costs[arm][0];
    let of_all = |arm: usize| (0..people.ids.len()).map(|row| gain(arm, row)).sum::<f64>();
    let best = (0..effects.len()).max_by(|a, b| of_all(*a).total_cmp(&of_all(*b))).unwrap_or(0);
    let mut by_arm: BTreeMap<String, u64> = BTreeMap::new();
    let mut treated = Vec::new();
    for (row, arm) in policy.arms.iter().enumerate().filter(|(_, arm)| **arm > 0) {
        let name = &found.names[*arm as usize];
        *by_arm.entry(name.clone()).or_default() += 1;
        treated.push(Treated {
            customer_id: people.ids[row].clone(),
            arm: name.clone(),
            effect: effects[*arm as usize - 1][row],
            gain_cents: gain(*arm as usize - 1, row),
        });
    }
    treated.sort_by(|a, b| b.gain_cents.total_cmp(&a.gain_cents).then(a.customer_id.cmp(&b.customer_id)));
    treat.today = Some(TreatToday {
        n_reachable: people.ids.len() as u64,
        n_held_back: n_held,
        n_treated: policy.n_treated as u64,
        arms: by_arm,
        cost_cents: policy.cost,
        gain_cents: policy.expected_gain,
        gain_of_all_cents: of_all(best),
        cost_of_all_cents: money.costs[best][0] * people.ids.len() as f64,
        gain_measured_cents: None,
        gain_of_all_measured_cents: None,
        shadow_price: policy.shadow_price,
    });
    Ok(treated)
}

/// What the campaign's own customers gained, had the same share of them been treated as is to be today (by the same rule and with as much
/// money a head, where there is a budget), and all.
fn measured(today: &mut TreatToday, earned: (&Trial, &Money), effects: &[Vec<f64>], money: &Money) -> Result<()> {
    let value = |arms: &[u32]| policy::value(arms, earned.0, earned.1);
    let best = best_arms(effects, money);
    let share = today.n_treated as f64 / (today.n_reachable as f64).max(1.0);
    let mut order: Vec<usize> = (0..best.len()).collect();
    order.sort_by(|a, b| best[*b].1.total_cmp(&best[*a].1).then(a.cmp(b)));
    let mut arms = vec![0; best.len()];
    let most = (share * best.len() as f64).round() as usize;
    order[..most].iter().for_each(|row| arms[*row] = best[*row].0);
    if let Some(budget) = money.budget {
        let budget = Some(budget * best.len() as f64 / (today.n_reachable as f64).max(1.0));
        arms = whom_to_treat(effects, &Money { budget, ..money.clone() })?.arms;
    }
    let of_all = |arm: usize| effects[arm].iter().sum::<f64>() * money.margin - money.costs[arm][0] * best.len() as f64;
    let one = (0..effects.len()).max_by(|a, b| of_all(*a).total_cmp(&of_all(*b))).unwrap_or(0) as u32 + 1;
    let n = today.n_reachable as f64;
    today.gain_measured_cents = Some(value(&arms)?.scaled(n).into());
    today.gain_of_all_measured_cents = Some(value(&vec![one; best.len()])?.scaled(n).into());
    Ok(())
}

fn doubts(mut backing: Backing, treat: &Treat, found: &Campaign, chances: &Chances, is_margin: bool) -> Backing {
    if !tells(treat) {
        backing = backing.but(
            "no_difference_found",
            "没有证据表明模型分得清谁更受影响：没有一组的区间在 0 以上。按模型挑人不比随机挑人更可靠，所以按平均效果，要么都发，要么都不发。",
            "Nothing shows that the model tells whom the campaign changes more: no arm's interval lies above 0. Choosing by it is no safer \
             than choosing at random, so it is all or nobody, by the mean effect.",
        );
    }
    let outside = |today: &TreatToday| today.gain_measured_cents.is_some_and(|found| today.gain_cents > found.high);
    if treat.today.as_ref().is_some_and(outside) {
        backing = backing.but(
            "foretold_above_measured",
            "预测的收益高于活动里同样比例的顾客实测的区间：请看实测的数字。",
            "The gain foretold lies above the interval of what the same share of the campaign's own customers gained: go by what was measured.",
        );
    }
    if matches!(chances, Chances::Unknown) {
        backing = backing.but(
            "chances_unknown",
            "曝光里没有每组的概率，或拼不成整套：概率是从特征估计的，说不出挑人方案值多少。",
            "The exposures do not tell the chances of every arm: they are estimated from what is known of customers, and what a choice would \
             have brought is not told.",
        );
    }
    if !is_margin {
        backing = backing.but(
            "no_costs",
            "商品成本不全：这里把销售额当作收益，会显得比实际划算。",
            "Costs of products are not known: revenue is taken for what is earned, which flatters.",
        );
    }
    let n_left_out = found.n_in_several_arms + found.n_too_recent;
    if n_left_out > 0 {
        backing = backing.but(
            "left_out",
            format!("有 {n_left_out} 名顾客分在几组，或观察期未满，没有计入。"),
            format!("{n_left_out} customers were in several arms or are too recent, and are left out."),
        );
    }
    backing.would_change.push(crate::flows::segment::Text {
        zh: "再发一次时随机留出一部分人不触达，并记下每组的概率。".to_owned(),
        en: "Keep a random part untreated the next time, and log every arm's chance.".to_owned(),
    });
    backing
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Random;

    /// Customers of whom those who spend much answer to the coupon, and others do not.
    fn shop(n: usize, seed: u64, is_weighted: bool) -> Campaign {
        let mut random = Random::new(seed);
        let mut found = Campaign {
            names: vec!["control".into(), "coupon".into()],
            cost: vec![0.0, 0.0],
            channels: vec!["mail".into()],
            ..Campaign::default()
        };
        found.people.numbers = NUMBERS.iter().map(|name| (*name, Vec::new())).collect();
        found.people.words = WORDS.iter().map(|name| (*name, Vec::new())).collect();
        for at in 0..n {
            let likes = random.uniform() < 0.5;
            let chance = if is_weighted && likes { 0.8 } else { 0.4 };
            let is_treated = random.uniform() < chance;
            let responds = random.uniform() < 0.1 + if likes && is_treated { 0.25 } else { 0.0 };
            found.people.ids.push(format!("c{at:05}"));
            for (name, values) in &mut found.people.numbers {
                values.push(match *name {
                    "discount" => f64::from(u8::from(likes)) + 0.2 * random.normal(),
                    "age" => f64::NAN,
                    _ => random.normal(),
                });
            }
            found.people.words.iter_mut().for_each(|(_, words)| words.push(["", "north"][at % 2].into()));
            found.arms.push(u32::from(is_treated));
            found.outcome.push(f64::from(u8::from(responds)));
            found.own.push(if is_treated { chance } else { 1.0 - chance });
            found.cost[usize::from(is_treated)] += 30.0 * f64::from(u8::from(is_treated));
        }
        found
    }

    fn worth_of(value: f64, is_margin: bool) -> Worth {
        Worth { value, share: 0.3, is_margin }
    }

    /// The coupon is answered to, but whoever answers would have spent as much, and spends less: nobody gets it, and it is said why.
    #[test]
    fn responses_are_held_against_what_was_spent() {
        let mut random = Random::new(4);
        let mut found = shop(4000, 7, true);
        let spent = |found: &mut Campaign, effect: f64, random: &mut Random| {
            found.before = (0..4000).map(|_| 5000.0 * random.uniform()).collect();
            found.after = (0..4000)
                .map(|at| found.before[at] + 500.0 * random.uniform() + effect * f64::from(found.arms[at]))
                .collect();
        };
        let people = shop(500, 8, false).people;
        let run = |found: &Campaign| {
            told(&TreatRequest::default(), found, worth_of(1000.0, true), &people, 0, Day(20_000)).unwrap()
        };
        let has = |treat: &Treat| treat.backing.caveats.iter().any(|one| one.kind == "worth_contradicted");
        spent(&mut found, -300.0, &mut random);
        let (treat, treated) = run(&found);
        let today = treat.today.as_ref().unwrap();
        assert!(has(&treat) && treated.is_empty() && today.n_treated == 0, "{:?} {today:?}", treat.backing);
        // −300 at a margin of 30 %, and 30 for the coupon: −120 a customer, to within what is left of the spread.
        assert!((today.gain_of_all_cents / 500.0 + 120.0).abs() < 10.0, "{today:?}");
        let (measured, all) = (today.gain_of_all_measured_cents.unwrap(), treat.curve[20].gain_cents);
        assert!(
            (measured.value - today.gain_of_all_cents).abs() < 1e-6 * measured.value.abs(),
            "{measured:?} {today:?}"
        );
        assert!(all.high < 0.0 && (all.value * 500.0 - measured.value).abs() < 1e-6 * measured.value.abs(), "{all:?}");
        // A quarter of the half that likes it answers, for 1,000: 125 a customer, as 400 more spent would earn.
        spent(&mut found, 420.0, &mut random);
        let (treat, treated) = run(&found);
        assert!(!has(&treat) && !treated.is_empty(), "{:?}", treat.backing);
        // Days that are not over tell nothing.
        spent(&mut found, -300.0, &mut random);
        found.after[5] = f64::NAN;
        assert!(!has(&run(&found).0));
    }

    /// Everybody answers alike: the model tells nobody apart, and who pays for itself on average goes to all.
    #[test]
    fn where_nobody_is_told_apart_it_is_all_or_nobody() {
        let mut found = shop(4000, 7, false);
        let mut random = Random::new(11);
        for at in 0..4000 {
            let rate = if found.arms[at] == 1 { 0.3 } else { 0.2 };
            found.outcome[at] = f64::from(u8::from(random.uniform() < rate));
        }
        let people = shop(500, 8, false).people;
        let run = |value: f64| {
            told(&TreatRequest::default(), &found, worth_of(value, true), &people, 0, Day(20_000)).unwrap().0
        };
        let (paying, losing) = (run(1000.0), run(100.0));
        assert!(!tells(&paying), "{:?}", paying.arms);
        let (all, nobody) = (paying.today.unwrap(), losing.today.unwrap());
        assert_eq!((all.n_treated, nobody.n_treated), (500, 0));
        let effect = paying.arms[0].effect.unwrap().value;
        assert!((all.gain_cents - 500.0 * (1000.0 * effect - 30.0)).abs() < 1e-6 * all.gain_cents.abs(), "{all:?}");
        assert!((all.gain_cents - all.gain_measured_cents.unwrap().value).abs() < 1e-6 * all.gain_cents, "{all:?}");
        // Money for half of them: what was measured is of as many a head.
        let request = TreatRequest { budget_cents: Some(7500), ..TreatRequest::default() };
        let half = told(&request, &found, worth_of(1000.0, true), &people, 0, Day(20_000)).unwrap().0.today.unwrap();
        let measured = half.gain_measured_cents.unwrap().value;
        assert!(half.n_treated == 250 && (half.cost_cents - 7500.0).abs() < 1e-6, "{half:?}");
        assert!((0.3..1.7).contains(&(measured / half.gain_cents)), "{half:?}");
    }

    #[test]
    fn who_answers_is_found_and_the_budget_kept() {
        for is_weighted in [false, true] {
            let found = shop(4000, 7, is_weighted);
            let request =
                TreatRequest { campaign_id: "K".into(), budget_cents: Some(15_000), ..TreatRequest::default() };
            let people = shop(1000, 8, false).people;
            let (treat, treated) = told(&request, &found, worth_of(1000.0, true), &people, 3, Day(20_000)).unwrap();
            assert_eq!((treat.is_weighted, treat.arms.len(), treat.model.as_str()), (is_weighted, 1, "linear"));
            let arm = &treat.arms[0];
            let effect = arm.effect.unwrap();
            assert!(effect.low < 0.125 && 0.125 < effect.high, "{effect:?}");
            assert!(arm.qini.unwrap().low > 0.0 && arm.qini.unwrap().value > 2.0 * arm.qini_by_spend, "{arm:?}");
            assert!((arm.cost_cents - 30.0).abs() < 1e-9 && arm.groups.len() == 10);
            // Half of them answer with 25 % of 1,000 for 30: half of them bring 110 a customer of all, everybody 95. So near together,
            // chance decides where the curve is highest.
            let half = &treat.curve[10];
            assert!((half.gain_cents.value - 110.0).abs() < 40.0 && half.gain_cents.low > 60.0, "{half:?}");
            let best = treat.curve.iter().max_by(|a, b| a.gain_cents.value.total_cmp(&b.gain_cents.value)).unwrap();
            assert!(best.share >= 0.4, "{best:?}");
            assert!(treat.curve[10].gain_cents.value > treat.curve[10].by_spend_cents.value + 20.0);
            assert_eq!(treat.curve[0].gain_cents.value, 0.0);
            let today = treat.today.unwrap();
            assert_eq!((today.n_reachable, today.n_held_back, today.n_treated), (1000, 3, 500));
            let (measured, all) = (today.gain_measured_cents.unwrap(), today.gain_of_all_measured_cents.unwrap());
            assert!(measured.low < measured.value && measured.value < measured.high, "{measured:?}");
            // The best of them gain more a head than all do.
            let n = today.n_reachable as f64;
            assert!(measured.value / today.n_treated as f64 > all.value / n, "{measured:?} {all:?}");
            assert!(today.cost_cents <= 15_000.0 && today.gain_cents > 0.0 && treated.len() == 500);
            assert!(treated.windows(2).all(|pair| pair[0].gain_cents >= pair[1].gain_cents));
        }
    }

    #[test]
    fn nothing_is_told_of_a_treatment_that_does_nothing() {
        let mut found = shop(3000, 9, false);
        let mut random = Random::new(1);
        found.outcome.iter_mut().for_each(|y| *y = f64::from(u8::from(random.uniform() < 0.2)));
        let (treat, _) =
            told(&TreatRequest::default(), &found, worth_of(1000.0, false), &People::default(), 0, Day(20_000))
                .unwrap();
        let kinds: Vec<&str> = treat.backing.caveats.iter().map(|one| one.kind.as_str()).collect();
        assert!(kinds.contains(&"no_difference_found") && kinds.contains(&"no_costs"), "{kinds:?}");
        assert!(treat.today.is_none());
        let few = shop(30, 1, false);
        let (treat, treated) =
            told(&TreatRequest::default(), &few, worth_of(1.0, true), &People::default(), 0, Day(20_000)).unwrap();
        assert!(treat.backing.is_refused() && treated.is_empty());
    }

    #[test]
    fn chances_that_are_missing_are_not_made_up() {
        let mut found = shop(4000, 7, true);
        found.own[3] = f64::NAN;
        let (treat, _) =
            told(&TreatRequest::default(), &found, worth_of(1.0, true), &People::default(), 0, Day(20_000)).unwrap();
        assert!(treat.curve.is_empty() && treat.backing.caveats.iter().any(|one| one.kind == "chances_unknown"));
        found.own.fill(f64::NAN);
        let (treat, _) =
            told(&TreatRequest::default(), &found, worth_of(1.0, true), &People::default(), 0, Day(20_000)).unwrap();
        assert!(!treat.curve.is_empty() && !treat.is_weighted);
    }
}
