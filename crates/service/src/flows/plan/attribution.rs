//! Which channels get the credit for the shop's sales, by seven rules, from what customers did and were shown before they bought; beside it
//! what the mix model says of the same channels where spends are known.
//!
//! A journey is what one customer's channels were within some days before an order, or without one. Not here: the rules (`strategy`), and
//! whether a channel caused anything, which none of them knows.

use std::collections::BTreeMap;

use data::Shop;
use data::arrow::array::{Array, RecordBatch};
use domain::Day;
use serde::Serialize;
use strategy::attribution::{Journey, Rule, Touch, compare, divide};
use strategy::{Estimate, RunOptions};
use utoipa::ToSchema;

use super::budget::{BudgetPlan, BudgetRequest, budget};
use super::kept::Kept;
use super::{Backing, Interval};
use crate::error::{Result, ServiceError};
use crate::flows::audience::{present, sql::Present};
use crate::flows::dataset::generations;
use crate::flows::rows::{floats, integers, texts};
use crate::flows::segment::slices::{CUSTOMERS_MAX, slices};

/// Days before an order in which a touch counts for it.
pub const DAYS: i32 = 30;
const DAYS_MAX: i32 = 90;
/// Days of the past that are looked at.
const PAST: i32 = 365;
/// Channels told apart, those with most touches first; the rest is one more.
const CHANNELS_MAX: usize = 20;
const OTHER: &str = "other";
/// Touches of one journey that are kept: the last ones.
const TOUCHES_MAX: usize = 60;
const HALF_LIFE_DAYS: f64 = 7.0;
/// Resamples of the journeys for the intervals, and journeys that are drawn in all of them together: of millions the intervals are narrow, and
/// a few tell how narrow.
const RESAMPLES: (usize, usize) = (20, 100);
const JOURNEYS_DRAWN: usize = 10_000_000;
const LEVEL: f64 = 0.9;
const DAY_MS: f64 = 86_400_000.0;

/// The rules by the names that people read, in the order in which they are told; the last touch is what one gets for free.
const RULES: [(&str, Rule); 7] = [
    ("last", Rule::Last),
    ("first", Rule::First),
    ("linear", Rule::Linear),
    ("time_decay", Rule::TimeDecay { half_life_days: HALF_LIFE_DAYS }),
    ("position", Rule::Position { first: 0.4, last: 0.4 }),
    ("markov", Rule::Markov),
    ("shapley", Rule::Shapley),
];
/// The place of the rule that is held against the mix model.
const HELD: usize = 5;

static KEPT: Kept<Attribution> = Kept::new();

/// A channel's part by one rule.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreditByRule {
    /// `last`, `first`, `linear`, `time_decay`, `position`, `markov` or `shapley`.
    pub rule: String,
    /// Of the orders that a channel touched.
    pub share: Interval,
    pub value_cents: f64,
}

/// A channel as attribution and the mix model see it: parts of what the channels that have spends are given, which sum to 1.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HeldAgainstMix {
    /// By the Markov chain.
    pub attributed: f64,
    pub caused: Interval,
    /// Whether the one lies outside the interval of the other.
    pub disagrees: bool,
}

/// What a channel is credited with.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChannelCredit {
    pub channel: String,
    /// Days on which it touched a customer.
    pub n_touches: u64,
    /// Orders before which it touched.
    pub n_orders: u64,
    /// One a rule, in the order of the rules.
    pub rules: Vec<CreditByRule>,
    pub mix: Option<HeldAgainstMix>,
}

/// Credit for the shop's orders by channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Attribution {
    pub first_day: String,
    pub as_of: String,
    /// Days before an order in which a touch counts.
    pub days: i32,
    pub level: f64,
    pub n_journeys: u64,
    pub n_orders: u64,
    /// Orders before which no channel touched the customer.
    pub n_untouched: u64,
    pub value_cents: f64,
    /// Most credited by the Markov chain first.
    pub channels: Vec<ChannelCredit>,
    /// What the mix model rests on, where spends are known; `refused` where it tells nothing.
    pub mix: Option<Backing>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// One thing that happened to a customer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Deed {
    Touched(usize),
    /// With what was paid, in cents.
    Ordered(f64),
}

/// What happened, by customer: instants in milliseconds.
type Deeds = BTreeMap<Box<str>, Vec<(i64, Deed)>>;

/// Journeys, and what was left out.
#[derive(Debug, Default)]
struct Journeys {
    all: Vec<Journey>,
    /// Journeys that were not over when the data end.
    n_open: u64,
}

impl Journeys {
    /// A customer's journeys: up to an order, or to a pause of `days` without one.
    fn add(&mut self, deeds: &mut [(i64, Deed)], days: i32, end: i64) {
        // Of one instant touches come first.
        deeds.sort_by(|a, b| a.0.cmp(&b.0).then(matches!(a.1, Deed::Ordered(_)).cmp(&matches!(b.1, Deed::Ordered(_)))));
        let window = i64::from(days) * DAY_MS as i64;
        let mut touches: Vec<(i64, usize)> = Vec::new();
        for (at, deed) in deeds.iter() {
            if touches.last().is_some_and(|(last, _)| at - last > window) {
                self.push(&mut touches, None);
            }
            match deed {
                Deed::Touched(channel) => touches.push((*at, *channel)),
                Deed::Ordered(cents) => {
                    touches.retain(|(touched, _)| at - touched <= window);
                    self.push(&mut touches, Some(*cents));
                }
            }
        }
        match touches.last() {
            // Whoever was touched lately may buy yet.
            Some((last, _)) if end - last <= window => self.n_open += 1,
            Some(_) => self.push(&mut touches, None),
            None => {}
        }
    }

    fn push(&mut self, touches: &mut Vec<(i64, usize)>, order: Option<f64>) {
        let skipped = touches.len().saturating_sub(TOUCHES_MAX);
        let of = |(at, channel): &(i64, usize)| Touch { channel: *channel, at_days: *at as f64 / DAY_MS };
        let kept = touches[skipped..].iter().map(of).collect();
        self.all.push(Journey {
            touches: kept,
            converted: order.is_some(),
            value: order.unwrap_or(0.0).max(0.0),
            weight: 1.0,
        });
        touches.clear();
    }
}

/// Channels by name, with their places.
#[derive(Default)]
struct Names {
    all: Vec<String>,
    counts: Vec<u64>,
}

impl Names {
    fn place(&mut self, name: &str) -> usize {
        let at = self.all.iter().position(|known| known == name).unwrap_or_else(|| {
            self.all.push(name.to_owned());
            self.counts.push(0);
            self.all.len() - 1
        });
        self.counts[at] += 1;
        at
    }

    /// Those with most touches, and for each place its new one; the rest share the last.
    fn kept(&self) -> (Vec<String>, Vec<usize>) {
        let mut order: Vec<usize> = (0..self.all.len()).collect();
        order.sort_by(|a, b| self.counts[*b].cmp(&self.counts[*a]).then(self.all[*a].cmp(&self.all[*b])));
        let n = order.len().min(CHANNELS_MAX);
        let mut places = vec![n; self.all.len()];
        order.iter().take(n).enumerate().for_each(|(to, from)| places[*from] = to);
        let mut names: Vec<String> = order.iter().take(n).map(|at| self.all[*at].clone()).collect();
        if order.len() > n {
            names.push(OTHER.to_owned());
        }
        (names, places)
    }
}

/// Who gets the credit for the shop's orders of the last year.
///
/// # Errors
/// If the days are out of range or the tables cannot be read. Too few orders are no error but a refusal.
pub async fn attribution(shop: &Shop, days: Option<i32>) -> Result<Attribution> {
    let days = days.unwrap_or(DAYS);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(ServiceError::usage("days", format!("{days} days; allowed: 1 to {DAYS_MAX}")));
    }
    let present = present(shop).await?;
    let version = format!("{} {days}{}", present.day, generations(shop, &["orders", "events", "exposures", "spend"])?);
    if let Some(kept) = KEPT.get(shop, &version) {
        return Ok(kept);
    }
    let (names, journeys) = read(shop, &present, days).await?;
    let mut made = tokio::task::block_in_place(|| told(&names, &journeys, days, &present))?;
    if !made.backing.is_refused() {
        let mix = budget(shop, &BudgetRequest::default(), &|_, _| true).await?;
        against(&mut made, &mix)?;
    }
    KEPT.put(shop, version, made.clone());
    Ok(made)
}

/// Journeys of the last year, with the names of their channels.
async fn read(shop: &Shop, present: &Present, days: i32) -> Result<(Vec<String>, Journeys)> {
    let (from, end) = (present.begins(Day(present.day.0 + 1 - PAST)), present.begins(Day(present.day.0 + 1)));
    let (mut names, mut found) = (Names::default(), Journeys::default());
    let last = i64::from(present.day.0 + 1) * DAY_MS as i64;
    for slice in slices(shop, CUSTOMERS_MAX).await? {
        let own = slice.and("customer_id");
        // Of one day and channel the first touch counts: who looks at ten pages came once.
        let sql = format!(
            "select customer_id, channel, min(at) as at, cast(null as double) as cents from (
              select customer_id, channel, at, shop_day(at) as day from events
              where at >= {from} and at < {end} and channel is not null and channel <> '' and kind in ('view', 'search', 'favourite', 'cart', 'ask'){own}
              union all
              select customer_id, channel, at, shop_day(at) as day from exposures
              where at >= {from} and at < {end} and channel is not null and channel <> ''
                and lower(arm) not in ('control', 'holdout', 'none', 'no_offer', '0'){own}
            ) as touches group by customer_id, channel, day
            union all
            select customer_id, cast(null as varchar) as channel, min(ordered_at) as at,
              cast(sum(quantity * unit_price_cents - coalesce(discount_cents, 0)) as double) as cents
            from orders where ordered_at >= {from} and ordered_at < {end} and quantity > 0{own} group by customer_id, order_id"
        );
        let mut deeds = Deeds::new();
        let mut take = |batch: RecordBatch| -> Result<()> {
            let (who, channels) = (texts(&batch, "customer_id")?, texts(&batch, "channel")?);
            let (at, cents) = (integers(&batch, "at")?, floats(&batch, "cents")?);
            for row in (0..batch.num_rows()).filter(|&row| who.is_valid(row) && at.is_valid(row)) {
                let deed = match channels.is_valid(row) {
                    true => Deed::Touched(names.place(channels.value(row))),
                    false => Deed::Ordered(cents.value(row)),
                };
                deeds.entry(who.value(row).into()).or_default().push((at.value(row), deed));
            }
            Ok(())
        };
        shop.engine()?.for_each(&sql, &mut take).await?;
        deeds.values_mut().for_each(|deeds| found.add(deeds, days, last));
    }
    let (kept, places) = names.kept();
    found.all.iter_mut().flat_map(|one| &mut one.touches).for_each(|touch| touch.channel = places[touch.channel]);
    Ok((kept, found))
}

fn told(names: &[String], journeys: &Journeys, days: i32, present: &Present) -> Result<Attribution> {
    let all = &journeys.all;
    let sold: Vec<&Journey> = all.iter().filter(|one| one.converted).collect();
    let mut made = Attribution {
        first_day: Day(present.day.0 + 1 - PAST).to_string(),
        as_of: present.day.to_string(),
        days,
        level: LEVEL,
        n_journeys: all.len() as u64,
        n_orders: sold.len() as u64,
        n_untouched: sold.iter().filter(|one| one.touches.is_empty()).count() as u64,
        value_cents: sold.iter().fold(0.0, |sum, one| sum + one.value),
        channels: Vec::new(),
        mix: None,
        backing: Backing::refused(
            "no_touches",
            "最近一年没有带渠道的行为或触达记录。请在 events 或 exposures 里填上 channel。",
            "No event and no exposure of the last year names a channel. Fill in channel in events or exposures.",
        ),
    };
    if names.is_empty() {
        return Ok(made);
    }
    let rules: Vec<Rule> = RULES.iter().map(|(_, rule)| *rule).collect();
    let n_resamples = (JOURNEYS_DRAWN / all.len().max(1)).clamp(RESAMPLES.0, RESAMPLES.1);
    let answer = divide(all, names.len(), &rules, n_resamples, LEVEL, &RunOptions::default())?;
    made.backing = Backing::of(&answer);
    if let Some(divided) = &answer.value {
        let credit = |at: usize| {
            let of = |(name, found): (&(&str, Rule), &strategy::attribution::Divided)| CreditByRule {
                rule: name.0.to_owned(),
                share: found.shares[at].into(),
                value_cents: found.value[at],
            };
            let touches = |one: &Journey| one.touches.iter().filter(|touch| touch.channel == at).count() as u64;
            ChannelCredit {
                channel: names[at].clone(),
                n_touches: all.iter().map(touches).sum(),
                n_orders: sold.iter().filter(|one| touches(one) > 0).count() as u64,
                rules: RULES.iter().zip(divided).map(of).collect(),
                mix: None,
            }
        };
        made.channels = (0..names.len()).map(credit).collect();
        let part = |one: &ChannelCredit| one.rules[HELD].share.value;
        made.channels.sort_by(|a, b| part(b).total_cmp(&part(a)).then(a.channel.cmp(&b.channel)));
    }
    made.backing = doubted(made.backing.clone(), &made, journeys.n_open);
    Ok(made)
}

/// Orders without a touch of which this part is said.
const UNTOUCHED_MUCH: f64 = 0.5;

fn doubted(backing: Backing, made: &Attribution, n_open: u64) -> Backing {
    let share = made.n_untouched as f64 / (made.n_orders as f64).max(1.0);
    let mut backing = backing;
    if share > UNTOUCHED_MUCH {
        let percent = 100.0 * share;
        backing = backing.but(
            "mostly_untouched",
            format!("{percent:.0}% 的订单前 {} 天里看不到任何渠道：这里分的只是其余的功劳。", made.days),
            format!(
                "Before {percent:.0} % of the orders no channel was seen within {} days: this divides the rest alone.",
                made.days
            ),
        );
    }
    if n_open > 0 && !backing.is_refused() {
        backing = backing.changed_by(
            format!("还没结束的 {n_open} 段旅程：最近 {} 天里触达过、还没买的顾客没有算进来。", made.days),
            format!("{n_open} journeys that are not over: who was touched within the last {} days and has not bought is left out.", made.days),
        );
    }
    backing
}

/// Holds the Markov chain's parts of the channels with spends against what the mix model says they caused.
fn against(made: &mut Attribution, mix: &BudgetPlan) -> Result<()> {
    let has_spends =
        !mix.channels.is_empty() || mix.backing.caveats.iter().any(|one| one.kind == "channels_explain_nothing");
    if !has_spends {
        return Ok(());
    }
    made.mix = Some(mix.backing.clone());
    let both: Vec<(usize, Estimate)> = made
        .channels
        .iter()
        .enumerate()
        .filter_map(|(at, one)| {
            let found = mix.channels.iter().find(|other| other.channel == one.channel)?.brought_cents;
            Some((at, Estimate { value: found.value, low: found.low, high: found.high, level: found.level }))
        })
        .collect();
    // One channel alone has all of both.
    if both.len() < 2 {
        return Ok(());
    }
    let credit: Vec<f64> = both.iter().map(|(at, _)| made.channels[*at].rules[HELD].value_cents).collect();
    let caused: Vec<Estimate> = both.iter().map(|(_, found)| *found).collect();
    for ((at, _), found) in both.iter().zip(compare(&credit, &caused)?) {
        made.channels[*at].mix = Some(HeldAgainstMix {
            attributed: found.attributed,
            caused: found.caused.into(),
            disagrees: found.disagrees,
        });
    }
    let odd: Vec<&str> = made
        .channels
        .iter()
        .filter(|one| one.mix.as_ref().is_some_and(|mix| mix.disagrees))
        .map(|one| one.channel.as_str())
        .collect();
    if !odd.is_empty() {
        made.backing = made.backing.clone().but(
            "mix_disagrees",
            format!("组合模型不同意这些渠道的份额：{}。以实验为准。", odd.join("、")),
            format!("The mix model disagrees on the parts of {}: an experiment decides.", odd.join(", ")),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = DAY_MS as i64;

    fn journeys(deeds: &[(i64, Deed)], end: i64) -> Journeys {
        let mut found = Journeys::default();
        let mut deeds: Vec<(i64, Deed)> = deeds.iter().map(|(day, deed)| (day * DAY, *deed)).collect();
        found.add(&mut deeds, 30, end * DAY);
        found
    }

    #[test]
    fn journeys_end_with_an_order_or_a_pause() {
        use Deed::{Ordered, Touched};
        let deeds = [
            (0, Touched(0)),
            (40, Touched(1)),
            (60, Touched(0)),
            (60, Ordered(500.0)),
            (61, Ordered(9.0)),
            (65, Touched(2)),
            (120, Touched(2)),
        ];
        let found = journeys(&deeds, 130);
        let told: Vec<(Vec<usize>, bool)> = found
            .all
            .iter()
            .map(|one| (one.touches.iter().map(|touch| touch.channel).collect(), one.converted))
            .collect();
        // The first touch was forgotten after thirty days; nobody touched before the second order; the last may still come to something.
        assert_eq!(told, [(vec![0], false), (vec![1, 0], true), (vec![], true), (vec![2], false)]);
        assert_eq!((found.all[1].value, found.n_open), (500.0, 1));
        // What lies longer before the order than the window counts for nothing.
        let found = journeys(&[(0, Touched(0)), (20, Touched(1)), (45, Ordered(1.0))], 200);
        assert_eq!(found.all[0].touches.len(), 1);
    }

    #[test]
    fn channels_beyond_the_most_touching_share_a_place() {
        let mut names = Names::default();
        for at in 0..30 {
            (0..=at).for_each(|_| {
                names.place(&format!("c{at}"));
            });
        }
        let (kept, places) = names.kept();
        assert_eq!((kept.len(), kept[0].as_str(), kept[20].as_str()), (21, "c29", OTHER));
        assert_eq!((places[29], places[0]), (0, 20));
    }
}
