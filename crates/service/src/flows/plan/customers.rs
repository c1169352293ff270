//! Who is still a customer, how often each will buy, and what each will be worth: a model of buying and leaving learned from
//! the days on which customers bought, chosen by how well it foretold the last part of them.
//!
//! Published as a model of kind `lifetime`; each customer's figures are the table `lifetimes`, which SQL and audiences read.

use data::Shop;
use data::arrow::array::Array;
use domain::{Cents, CustomerLifetime, Day};
use serde::{Deserialize, Serialize};
use strategy::lifetime::{
    Calibration, FitOptions, Horizon, Lifetime, Process, Purchase, Spend, Summary, calibrate, fit, fit_spend,
    summarise, values, worth_interval,
};
use strategy::{Answer, Caveat};
use utoipa::ToSchema;

use super::{Backing, Interval, made};
use crate::clock;
use crate::error::{Result, ServiceError};
use crate::flows::Progress;
use crate::flows::audience::{present, sql::Present};
use crate::flows::rows::{integers, query_rows, texts};
use crate::flows::segment::slices::{CUSTOMERS_MAX, slices};

/// The kind of model under `models/`.
pub const KIND: &str = "lifetime";
/// Purchases are expected within so many days.
pub const HORIZON_DAYS: i32 = 90;
/// What customers are worth is over so many months of [`MONTH_DAYS`].
const MONTHS: usize = 12;
const MONTH_DAYS: f64 = 30.437;
/// By how much money a month later is worth less.
const DISCOUNT: f64 = 0.01;
/// The share of intervals that hold the truth.
const LEVEL: f64 = 0.9;
/// Draws behind the interval of all purchases to come.
const N_DRAWS: usize = 100;
/// At least so much of what was sold must have a known cost before worth is told as margin.
const COST_KNOWN_MIN: f64 = 0.8;
/// How imports name whoever ordered without an account.
const GUEST: &str = "guest-";
/// Steps of the picture of who is still there.
const BANDS: usize = 10;

/// How well a model foretold what came after the day up to which it was shown what happened.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TriedModel {
    /// `bg_nbd`, `mbg_nbd` or `pareto_nbd`.
    pub process: String,
    /// Purchases foretold in all.
    pub predicted: f64,
    /// Root of the mean square error a customer, and of everybody's going on at the rate so far.
    pub error: f64,
    pub naive_error: f64,
    pub correlation: f64,
}

/// Customers who had bought equally often before.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Foretold {
    /// Days with a purchase, without the first; the last row is that many or more.
    pub frequency: u32,
    pub n_customers: u64,
    /// Purchases a customer.
    pub predicted: f64,
    pub actual: f64,
}

/// Customers about equally likely to be there still.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Band {
    /// From this probability on, to the next band's.
    pub alive_from: f64,
    pub n_customers: u64,
    pub purchases: f64,
    pub value_cents: i64,
}

/// A parameter of the model.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Parameter {
    pub name: String,
    pub estimate: Interval,
}

/// What is to be expected of the shop's customers.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Lifetimes {
    pub version: String,
    pub made_at: i64,
    /// The last day of the shop's data.
    pub as_of: String,
    pub n_customers: u64,
    /// Those who bought on more than one day.
    pub n_repeating: u64,
    /// The model in use; empty if the answer is refused.
    pub process: String,
    pub parameters: Vec<Parameter>,
    /// Sum of the probabilities of not having left.
    pub n_alive: f64,
    /// Days with a purchase within the next 90, all customers together; and if all went on at the rate so far.
    pub purchases: Option<Interval>,
    pub purchases_at_the_rate_so_far: f64,
    /// What all are worth over the next twelve months, discounted; absent where spending cannot be told.
    pub value_cents: Option<i64>,
    /// The interval of that: as sure as the purchases of these months are, and as the mean of what was spent on one.
    #[serde(default)]
    pub value_interval_cents: Option<Interval>,
    /// The part of what is spent that stays with the shop, as its costs say; absent if they are not known: worth is what is
    /// spent then.
    pub margin: Option<f64>,
    /// How the three models foretold the holdout period, the one in use first, and what it covered.
    pub tried: Vec<TriedModel>,
    pub holdout_days: u32,
    pub holdout_purchases: f64,
    pub foretold: Vec<Foretold>,
    /// From the least likely to be there still to the most.
    pub bands: Vec<Band>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// Every customer's days with a purchase.
struct Bought {
    ids: Vec<Box<str>>,
    purchases: Vec<Purchase>,
}

async fn bought(shop: &Shop, present: &Present) -> Result<Bought> {
    let end = present.begins(Day(present.day.0.saturating_add(1)));
    let mut bought = Bought { ids: Vec::new(), purchases: Vec::new() };
    let mut take = |batch: data::arrow::array::RecordBatch| -> Result<()> {
        let (who, days, cents) = (texts(&batch, "customer_id")?, integers(&batch, "day")?, integers(&batch, "cents")?);
        for row in (0..batch.num_rows()).filter(|&row| who.is_valid(row)) {
            let id = who.value(row);
            if bought.ids.last().is_none_or(|last| **last != *id) {
                bought.ids.push(id.into());
            }
            let customer = (bought.ids.len() - 1) as u32;
            let amount = cents.value(row) as f64 / 100.0;
            bought.purchases.push(Purchase { customer, day: days.value(row) as i32, amount });
        }
        Ok(())
    };
    for slice in slices(shop, CUSTOMERS_MAX).await? {
        let sql = format!(
            "select customer_id, cast(day as int) as day, cents from (
              select customer_id, shop_day(ordered_at) as day, sum(quantity * unit_price_cents - coalesce(discount_cents, 0)) as cents
              from orders where ordered_at < {end}{} group by customer_id, shop_day(ordered_at)) as days
            order by customer_id, day",
            slice.and("customer_id")
        );
        shop.engine()?.for_each(&sql, &mut take).await?;
    }
    Ok(bought)
}

/// The part of what was paid that stayed after the costs of the goods, if costs are known of enough of it.
pub async fn margin(shop: &Shop) -> Result<Option<f64>> {
    let sql = "select sum(cast(o.quantity * o.unit_price_cents - coalesce(o.discount_cents, 0) as double)) as paid,
          sum(case when p.cost_cents is not null then cast(o.quantity * o.unit_price_cents - coalesce(o.discount_cents, 0) as double) end) as known,
          sum(cast(o.quantity * p.cost_cents as double)) as cost
        from orders o left join products p on p.product_id = o.product_id";
    let rows = query_rows(shop, sql).await?;
    let number = |name: &str| rows.first().and_then(|row| row[name].as_f64()).unwrap_or(0.0);
    let (paid, known, cost) = (number("paid"), number("known"), number("cost"));
    Ok((paid > 0.0 && known >= COST_KNOWN_MIN * paid).then(|| (1.0 - cost / known).clamp(0.0, 1.0)))
}

/// Learns the model, works out every customer's figures, and puts both into service.
///
/// # Errors
/// If the tables cannot be read or written, or the work was cancelled. Too little data is no error but a refusal.
pub async fn train(shop: &Shop, progress: Progress<'_>) -> Result<Lifetimes> {
    shop.lock_for_writing()?;
    let go_on = |share: f64, message: &str| match progress(share, message) {
        true => Ok(()),
        false => Err(ServiceError::conflict("cancelled", "cancelled")),
    };
    go_on(0.0, "reading purchases")?;
    let present = present(shop).await?;
    let margin = margin(shop).await?;
    let bought = bought(shop, &present).await?;
    go_on(0.3, "learning how customers buy and leave")?;
    let (mut made, rows) = tokio::task::block_in_place(|| learned(&bought, &present, margin))?;
    go_on(0.8, "writing everybody's figures")?;
    tokio::task::block_in_place(|| made::write(shop, &rows))?;
    made.made_at = clock::now().0;
    made.version = made::publish(shop, KIND, &made)?;
    progress(1.0, "in service");
    Ok(made)
}

/// What was last worked out.
///
/// # Errors
/// If nothing was yet, or the file cannot be read.
pub fn published(shop: &Shop) -> Result<Lifetimes> {
    let (version, made): (_, Lifetimes) =
        made::published(shop, KIND, "what customers are worth has not been worked out yet")?;
    Ok(Lifetimes { version, ..made })
}

const PROCESSES: [Process; 3] = [Process::BgNbd, Process::MbgNbd, Process::ParetoNbd];

fn name(process: Process) -> &'static str {
    match process {
        Process::BgNbd => "bg_nbd",
        Process::MbgNbd => "mbg_nbd",
        Process::ParetoNbd => "pareto_nbd",
    }
}

/// One model's way through the holdout period.
struct Judged {
    process: Process,
    found: Calibration,
}

fn learned(bought: &Bought, present: &Present, margin: Option<f64>) -> Result<(Lifetimes, Vec<CustomerLifetime>)> {
    let end = present.day.0;
    let mut made = empty(present, margin);
    if bought.purchases.is_empty() {
        return Ok((made, Vec::new()));
    }
    let first = bought.purchases.iter().map(|purchase| purchase.day).min().unwrap_or(end);
    // A quarter of the time, at most a year: what came then tells the models apart.
    let holdout_days = ((end - first) / 4).clamp(0, 365);
    let judged = judged(bought, end, holdout_days)?;
    let summary = summarise(&bought.purchases, end, None)?;
    made.n_customers = summary.customer.len() as u64;
    made.n_repeating = summary.frequency.iter().filter(|times| **times > 0).count() as u64;
    let process = judged.first().map_or(Process::MbgNbd, |best| best.process);
    let answer = fit(process, &summary.histories(), None, &FitOptions::default())?;
    let spending = fit_spend(&summary.frequency, &summary.mean_value, 0.0)?;
    made.backing = beside_guests(backing(&answer, &spending, &judged), &bought.ids);
    let Some(model) = &answer.value else { return Ok((made, Vec::new())) };
    name(process).clone_into(&mut made.process);
    made.parameters = model
        .estimates(LEVEL)
        .into_iter()
        // Where the data cannot tell them apart there is no interval, and a caveat says so.
        .filter(|(_, estimate)| estimate.low.is_finite() && estimate.high.is_finite())
        .map(|(name, estimate)| Parameter { name, estimate: estimate.into() })
        .collect();
    made.tried = judged.iter().map(tried).collect();
    if let Some(best) = judged.first() {
        (made.holdout_days, made.holdout_purchases) = (holdout_days as u32, best.found.actual_total);
        made.foretold = best.found.rows.iter().map(foretold).collect();
    }
    let rows = scored(&mut made, bought, &summary, model, spending.value.as_ref(), present.day)?;
    made.backing = beside_the_miss(made.backing.clone(), &made, &judged);
    Ok((made, rows))
}

fn empty(present: &Present, margin: Option<f64>) -> Lifetimes {
    Lifetimes {
        version: String::new(),
        made_at: 0,
        as_of: present.day.to_string(),
        n_customers: 0,
        n_repeating: 0,
        process: String::new(),
        parameters: Vec::new(),
        n_alive: 0.0,
        purchases: None,
        purchases_at_the_rate_so_far: 0.0,
        value_cents: None,
        value_interval_cents: None,
        margin,
        tried: Vec::new(),
        holdout_days: 0,
        holdout_purchases: 0.0,
        foretold: Vec::new(),
        bands: Vec::new(),
        backing: Backing::refused(
            "no_purchases",
            "还没有任何订单，无法估计顾客价值。",
            "There are no orders to tell from what customers will do.",
        ),
    }
}

/// The models, best first by the error of what they foretold; none where the past is too short to hold a part of it back.
fn judged(bought: &Bought, end: i32, holdout_days: i32) -> Result<Vec<Judged>> {
    let Ok(before) = summarise(&bought.purchases, end - holdout_days, Some(end)) else { return Ok(Vec::new()) };
    let mut judged = Vec::new();
    for process in PROCESSES {
        if let Some(model) = fit(process, &before.histories(), None, &FitOptions::default())?.value {
            let horizon = f64::from(holdout_days);
            let scores = model.score(&before.histories(), None, horizon)?;
            let found = calibrate(&before.histories(), &scores.purchases, &before.holdout, horizon)?;
            // A model that cannot say what it foretold is none.
            if found.model.root_mean_square.is_finite() && found.model.total.is_finite() {
                judged.push(Judged { process, found });
            }
        }
    }
    // Of equal ones the first, which is the simplest.
    judged.sort_by(|a, b| a.found.model.root_mean_square.total_cmp(&b.found.model.root_mean_square));
    Ok(judged)
}

fn backing(model: &Answer<Lifetime>, spending: &Answer<Spend>, judged: &[Judged]) -> Backing {
    let mut backing = Backing::of(model);
    let told = |backing: Backing, caveat: &Caveat| backing.but(caveat.kind, &caveat.text.zh, &caveat.text.en);
    if model.value.is_some() {
        backing = spending.caveats.iter().fold(backing, told);
    }
    if let Some(found) = judged.first().map(|best| &best.found).filter(|found| is_far(found)) {
        let (told, came) = (found.model.total, found.actual_total);
        backing = backing.but(
            "holdout_far_off",
            format!("在留出的时期里，模型预测 {told:.0} 次购买，实际 {came:.0} 次：顾客的行为变了，对未来的数字请打折看。"),
            format!(
                "On the period held back {told:.0} purchases were foretold and {came:.0} came: customers did not go on as before, and \
                 what is told of the time to come may be as far off."
            ),
        );
    }
    match judged.first() {
        Some(best) if best.found.model.root_mean_square >= best.found.naive.root_mean_square => backing.but(
            "no_better_than_the_rate_so_far",
            "在留出的时期里，模型并不比“照过去的频率继续”更准。",
            "On the period held back the model was no better than everybody's going on at the rate so far.",
        ),
        Some(_) => backing,
        None => backing.but(
            "not_held_against_what_came",
            "历史太短，没有留出一段时间来检验预测。",
            "The past is too short to hold a part of it back, so the forecast was not held against what came.",
        ),
    }
}

/// Guests, whom an import names by their order, come back under another name: they count as customers who never did.
fn beside_guests(backing: Backing, ids: &[Box<str>]) -> Backing {
    let n_guests = ids.iter().filter(|id| id.starts_with(GUEST)).count();
    if n_guests == 0 || backing.is_refused() {
        return backing;
    }
    backing.but(
        "guests",
        format!("其中 {n_guests} 个是没有登录的访客（编号以 {GUEST} 开头），各按一位顾客、一张订单计算：他们再来时认不出来。"),
        format!(
            "{n_guests} of these are guests of one order each (ids that begin with {GUEST}), and count as a customer each: when they come \
             back, nobody knows it."
        ),
    )
}

/// An interval holds where customers go on as the model says; where the model missed the period held back by more than the
/// interval allows for, that is said.
fn beside_the_miss(backing: Backing, made: &Lifetimes, judged: &[Judged]) -> Backing {
    let (Some(best), Some(ahead)) = (judged.first(), made.purchases) else { return backing };
    let off = 100.0 * (best.found.actual_total / best.found.model.total - 1.0);
    let half = 50.0 * (ahead.high - ahead.low) / ahead.value;
    if is_far(&best.found) || !off.is_finite() || off.abs() <= half {
        return backing;
    }
    backing.but(
        "missed_by_more_than_the_interval",
        format!("区间只有 ±{half:.0}%，而在留出的时期里实际与预测相差 {off:+.0}%：区间不含顾客行为的变化和季节，偏窄。"),
        format!(
            "The interval is {half:.0} % to either side, and on the period held back {off:+.0} % came against what was foretold: it holds \
             neither seasons nor changes of how customers buy, and is too narrow."
        ),
    )
}

/// Whether what was foretold in all is a third more, or a quarter less, than what came.
fn is_far(found: &Calibration) -> bool {
    !(0.75 * found.actual_total..=1.34 * found.actual_total).contains(&found.model.total)
}

fn tried(judged: &Judged) -> TriedModel {
    let Judged { process, found } = judged;
    TriedModel {
        process: name(*process).to_owned(),
        predicted: found.model.total,
        error: found.model.root_mean_square,
        naive_error: found.naive.root_mean_square,
        correlation: if found.model.correlation.is_finite() { found.model.correlation } else { 0.0 },
    }
}

fn foretold(row: &strategy::lifetime::CalibrationRow) -> Foretold {
    Foretold {
        frequency: row.frequency,
        n_customers: row.n_customers as u64,
        predicted: row.predicted,
        actual: row.actual,
    }
}

/// Everybody's figures, in the order of `bought.ids`, and their sums in `made`.
fn scored(
    made: &mut Lifetimes,
    bought: &Bought,
    summary: &Summary,
    model: &Lifetime,
    spend: Option<&Spend>,
    as_of: Day,
) -> Result<Vec<CustomerLifetime>> {
    let histories = summary.histories();
    let horizon = f64::from(HORIZON_DAYS);
    let scores = model.score(&histories, None, horizon)?;
    let over =
        Horizon { n_periods: MONTHS, period: MONTH_DAYS, discount: DISCOUNT, margin: made.margin.unwrap_or(1.0) };
    // Spending whose mean does not exist leaves the value out; the caveat of its model says so.
    let worth = spend.and_then(|spend| values(model, spend, &histories, None, &summary.mean_value, over).ok());
    made.n_alive = scores.alive.iter().sum();
    made.purchases = Some(model.total(&histories, None, horizon, (LEVEL, N_DRAWS, 1))?.into());
    let rates = histories.frequency.iter().zip(histories.age).filter(|(_, age)| **age > 0.0);
    made.purchases_at_the_rate_so_far = rates.map(|(times, age)| f64::from(*times) / age * horizon).sum();
    let cents = |at: usize| worth.as_ref().map(|worth| (worth[at] * 100.0).round() as i64);
    made.value_cents = worth.as_ref().map(|_| (0..histories.len()).filter_map(cents).sum());
    if let Some(cents) = made.value_cents.filter(|cents| *cents > 0) {
        let bought = model.total(&histories, None, MONTHS as f64 * MONTH_DAYS, (LEVEL, N_DRAWS, 1))?;
        let came_back = (0..summary.frequency.len()).filter(|at| summary.frequency[*at] > 0);
        let spent: Vec<f64> = came_back.map(|at| summary.mean_value[at]).collect();
        made.value_interval_cents = worth_interval(cents as f64, bought, &spent).map(Interval::from);
    }
    made.bands = (0..BANDS).map(|at| Band { alive_from: at as f64 / BANDS as f64, ..Band::default() }).collect();
    for (at, alive) in scores.alive.iter().enumerate() {
        let band = &mut made.bands[((alive * BANDS as f64) as usize).min(BANDS - 1)];
        band.n_customers += 1;
        band.purchases += scores.purchases[at];
        band.value_cents += cents(at).unwrap_or(0);
    }
    let row = |(at, customer): (usize, &u32)| CustomerLifetime {
        customer_id: bought.ids[*customer as usize].to_string(),
        alive: scores.alive[at],
        purchases: scores.purchases[at],
        value_cents: cents(at).map(Cents),
        as_of,
    };
    Ok(summary.customer.iter().enumerate().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use strategy::lifetime::{Simulation, simulate};

    /// A tenth fewer came than were foretold: too little to be far off, too much for an interval of three in a hundred.
    #[test]
    fn an_interval_that_the_past_did_not_keep_is_said_to_be_narrow() {
        let errors = |total: f64| strategy::lifetime::Errors {
            total,
            mean_absolute: 1.0,
            root_mean_square: 1.0,
            correlation: 0.5,
        };
        let told = |came: f64, half: f64| {
            let found =
                Calibration { actual_total: came, model: errors(1000.0), naive: errors(1000.0), rows: Vec::new() };
            let mut made = empty(&present(1000), None);
            made.purchases =
                Some(Interval { value: 400.0, low: 400.0 * (1.0 - half), high: 400.0 * (1.0 + half), level: 0.9 });
            let judged = [Judged { process: Process::BgNbd, found }];
            beside_the_miss(Backing::enough(10), &made, &judged).caveats
        };
        let said = told(900.0, 0.03);
        assert_eq!(said[0].kind, "missed_by_more_than_the_interval");
        assert!(said[0].text.en.contains("3 % to either side") && said[0].text.en.contains("-10 %"), "{said:?}");
        assert!(told(1100.0, 0.03)[0].text.zh.contains("+10%"));
        assert!(told(980.0, 0.03).is_empty() && told(900.0, 0.2).is_empty());
    }

    fn present(day: i32) -> Present {
        Present { day: Day(day), zone: jiff::tz::TimeZone::UTC }
    }

    /// Customers who buy as BG/NBD says, in whole days of about three years.
    fn shop(n: usize) -> Bought {
        let simulation = Simulation {
            process: Process::BgNbd,
            parameters: [0.6, 60.0, 0.8, 2.4],
            buying_effects: Vec::new(),
            leaving_effects: Vec::new(),
            n_customers: n,
            age: (700.0, 1000.0),
            grain: 1.0,
            horizon: 90.0,
        };
        let drawn = simulate(&simulation, 7);
        let mut bought = Bought { ids: Vec::new(), purchases: Vec::new() };
        for at in 0..n {
            bought.ids.push(format!("c{at:05}").into());
            let (age, times) = (drawn.age[at].round() as i32, drawn.frequency[at]);
            let begun = 1000 - age;
            for k in 0..=times {
                let share = if times == 0 { 0.0 } else { f64::from(k) / f64::from(times) };
                let day = begun + (share * drawn.recency[at]).round() as i32;
                let amount = 100.0 + f64::from((at as u32 * 7 + k * 13) % 50);
                bought.purchases.push(Purchase { customer: at as u32, day, amount });
            }
        }
        bought
    }

    #[test]
    fn everybody_has_figures_and_their_sums_agree() {
        let bought = shop(4000);
        let (made, rows) = learned(&bought, &present(1000), Some(0.3)).unwrap();
        assert_eq!((rows.len(), made.n_customers), (4000, 4000));
        assert_eq!((made.tried.len(), made.tried[0].process.as_str()), (3, made.process.as_str()));
        assert!(made.tried[0].error <= made.tried[1].error && made.tried[1].error <= made.tried[2].error);
        let alive: f64 = rows.iter().map(|row| row.alive).sum();
        assert!((alive - made.n_alive).abs() < 1e-6 * alive && alive > 0.0 && alive < 4000.0);
        let cents: i64 = rows.iter().filter_map(|row| row.value_cents).map(|cents| cents.0).sum();
        assert_eq!(made.value_cents, Some(cents));
        let worth = made.value_interval_cents.unwrap();
        assert!(0.0 < worth.low && worth.low < cents as f64 && (cents as f64) < worth.high, "{worth:?}");
        // Hardly wider than that of the purchases of three months, and no guess.
        assert!(worth.high - worth.low < 0.5 * cents as f64, "{worth:?}");
        assert_eq!(made.bands.iter().map(|band| band.n_customers).sum::<u64>(), 4000);
        let purchases: f64 = rows.iter().map(|row| row.purchases).sum();
        let told = made.purchases.unwrap();
        assert!(told.low < purchases && purchases < told.high, "{purchases} {told:?}");
        assert!((240..=250).contains(&made.holdout_days) && made.holdout_purchases > 0.0);
    }

    #[test]
    fn guests_are_counted_and_said() {
        let ids: Vec<Box<str>> = ["guest-536414", "c1", "guest-536544"].map(Into::into).into();
        let told = beside_guests(Backing::enough(3), &ids).caveats;
        assert!(told[0].kind == "guests" && told[0].text.en.starts_with("2 of these"), "{told:?}");
        assert!(beside_guests(Backing::enough(3), &ids[1..2]).caveats.is_empty());
    }

    #[test]
    fn a_shop_without_a_past_is_refused() {
        let none = Bought { ids: Vec::new(), purchases: Vec::new() };
        let (made, rows) = learned(&none, &present(1000), None).unwrap();
        assert!(rows.is_empty() && made.backing.is_refused());
        let (made, rows) = learned(&shop(5), &present(1000), None).unwrap();
        assert!(rows.is_empty() && made.backing.is_refused(), "{:?}", made.backing);
        assert_eq!(made.n_customers, 5);
    }
}
