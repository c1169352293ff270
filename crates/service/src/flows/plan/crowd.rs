//! How near customers are to the shop, and which channels bring them nearer: states from what they did, now and thirty days
//! before, as AIPL, 4A or 5A.
//!
//! Published as a model of kind `crowd`; each customer's state is the table `crowd`, which SQL and audiences read.

use std::collections::BTreeMap;

use data::Shop;
use data::arrow::array::{Array, RecordBatch};
use domain::{CrowdMember, Day};
use serde::{Deserialize, Serialize};
use strategy::crowd::{Flow, Moved, Scheme, State, Touches, came_nearer, flows};
use utoipa::ToSchema;

use super::{Backing, Interval, made};
use crate::clock;
use crate::error::{Result, ServiceError, clipped};
use crate::flows::Progress;
use crate::flows::audience::{present, sql::Present};
use crate::flows::rows::{integers, texts};
use crate::flows::segment::Text;
use crate::flows::segment::slices::{CUSTOMERS_MAX, slices};

/// The kind of model under `models/`.
pub const KIND: &str = "crowd";
/// Days between the two looks at everybody.
pub const DAYS: i32 = 30;
/// What is no purchase counts for so many days, a purchase for a year.
const INTEREST_DAYS: i32 = 90;
const PURCHASE_DAYS: i32 = 365;
const LEVEL: f64 = 0.9;
/// Channels told apart, those that touched most customers first.
const CHANNELS_MAX: usize = 50;
/// A channel that touched fewer customers is thin.
const TOUCHED_ENOUGH: u64 = 100;

/// Customers who were in one state and are in another; absent is none at all.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Count {
    /// Absent for all customers; else those touched on this channel in the last thirty days.
    channel: Option<String>,
    from: Option<String>,
    to: Option<String>,
    n: u64,
}

/// What the job keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Made {
    made_at: i64,
    as_of: String,
    n_events: u64,
    counts: Vec<Count>,
}

/// One stage.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CrowdStage {
    pub key: String,
    pub name: Text,
    pub n: u64,
    pub n_before: u64,
}

/// Customers on one way between stages.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CrowdFlow {
    /// Keys of stages; absent is outside: nothing was heard of them in the window.
    pub from: Option<String>,
    pub to: Option<String>,
    pub n: u64,
    /// Of those who were in `from`.
    pub share: Interval,
}

/// Customers touched on a channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CrowdChannel {
    pub channel: String,
    pub n_touched: u64,
    pub n_nearer: u64,
    /// Of those touched, who came nearer by a stage or more.
    pub nearer: Interval,
    /// `above`, `below` or `open`, by the interval beside the share of everybody who was touched.
    pub shows: String,
    pub flows: Vec<CrowdFlow>,
}

/// How near customers are.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Crowd {
    pub version: String,
    pub made_at: i64,
    pub as_of: String,
    /// `states`, `aipl`, `4a` or `5a`.
    #[serde(rename = "as")]
    pub scheme: String,
    /// Days between the two looks.
    pub days: u32,
    pub stages: Vec<CrowdStage>,
    pub flows: Vec<CrowdFlow>,
    /// Of everybody who was touched on any channel, who came nearer.
    pub nearer: Interval,
    /// Those that touched most first; who was touched on several is in each.
    pub channels: Vec<CrowdChannel>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// Somebody as of a day.
#[derive(Clone, Debug, Default)]
struct Seen {
    touches: Touches,
    /// Places of channels, how near what came by each brings, and the last day.
    by_channel: Vec<(u16, u8, i32)>,
}

/// Channels by the places that stand for them: millions of customers name few of them.
#[derive(Default)]
struct Channels(Vec<Box<str>>);

impl Channels {
    fn place(&mut self, name: &str) -> u16 {
        let known = self.0.iter().position(|one| **one == *name);
        known.unwrap_or_else(|| {
            // Beyond so many, names are no channels but something else; they share the last place.
            if self.0.len() < usize::from(u16::MAX) {
                self.0.push(name.into());
            }
            self.0.len() - 1
        }) as u16
    }
}

/// The kinds of deeds that a query tells apart, and how near each brings.
const DEEDS: [(&str, u8); 6] = [("shown", 0), ("look", 1), ("search", 2), ("ask", 3), ("praise", 4), ("order", 5)];

impl Seen {
    fn add(&mut self, deed: &str, (n, n_days, last): (u32, u32, i32), channel: Option<u16>) {
        let touches = &mut self.touches;
        match deed {
            "shown" => touches.n_exposures += n,
            // Days of several channels may be one: the most of one channel is what is certain.
            "look" => (touches.n_looks, touches.n_look_days) = (touches.n_looks + n, touches.n_look_days.max(n_days)),
            "search" => touches.n_searches += n,
            "ask" => touches.n_asks += n,
            "order" => touches.n_order_days += n_days,
            _ => touches.n_praises += n,
        }
        let rank = DEEDS.iter().find(|(name, _)| *name == deed).map_or(0, |(_, rank)| *rank);
        let Some(channel) = channel else { return };
        match self.by_channel.iter_mut().find(|(known, ..)| *known == channel) {
            Some(of) => *of = (channel, of.1.max(rank), of.2.max(last)),
            None => self.by_channel.push((channel, rank, last)),
        }
    }

    /// The channel of the nearest thing done, of those the last.
    fn channel(&self) -> Option<u16> {
        self.by_channel.iter().max_by_key(|(channel, rank, last)| (*rank, *last, *channel)).map(|one| one.0)
    }
}

/// What everybody did in the windows that end with `day`.
async fn seen(shop: &Shop, present: &Present, day: Day, names: &mut Channels) -> Result<BTreeMap<Box<str>, Seen>> {
    let at = |back: i32| present.begins(Day(day.0 + 1 - back));
    let (end, near, far) = (at(0), at(INTEREST_DAYS), at(PURCHASE_DAYS));
    let mut found: BTreeMap<Box<str>, Seen> = BTreeMap::new();
    let mut take = |batch: RecordBatch| -> Result<()> {
        let (who, deeds, channels) = (texts(&batch, "customer_id")?, texts(&batch, "deed")?, texts(&batch, "channel")?);
        let number = |name: &str| integers(&batch, name);
        let (n, n_days, last) = (number("n")?, number("n_days")?, number("last_day")?);
        for row in (0..batch.num_rows()).filter(|&row| who.is_valid(row) && deeds.is_valid(row)) {
            let counts = (n.value(row) as u32, n_days.value(row) as u32, last.value(row) as i32);
            let channel = Some(channels.value(row)).filter(|name| channels.is_valid(row) && !name.is_empty());
            let channel = channel.map(|name| names.place(name));
            found.entry(who.value(row).into()).or_default().add(deeds.value(row), counts, channel);
        }
        Ok(())
    };
    for slice in slices(shop, CUSTOMERS_MAX).await? {
        let own = slice.and("customer_id");
        let sql = format!(
            "select customer_id, deed, channel, count(*) as n, count(distinct day) as n_days, max(day) as last_day from (
              select customer_id, channel, cast(shop_day(at) as int) as day, case when kind = 'view' then 'look'
                when kind = 'search' then 'search' when kind in ('favourite', 'cart', 'ask') then 'ask' end as deed
              from events where at >= {near} and at < {end} and kind in ('view', 'search', 'favourite', 'cart', 'ask'){own}
              union all
              select customer_id, channel, cast(shop_day(at) as int) as day, 'praise' as deed
              from events where at >= {far} and at < {end} and kind = 'rate' and value >= 4{own}
              union all
              select customer_id, cast(null as varchar) as channel, cast(shop_day(at) as int) as day, 'praise' as deed
              from reviews where at >= {far} and at < {end} and stars >= 4 and customer_id is not null{own}
              union all
              select customer_id, channel, cast(shop_day(at) as int) as day, 'shown' as deed
              from exposures where at >= {near} and at < {end} and lower(arm) not in ('control', 'holdout', 'none', 'no_offer', '0'){own}
              union all
              select customer_id, channel, cast(shop_day(ordered_at) as int) as day, 'order' as deed
              from orders where ordered_at >= {far} and ordered_at < {end} and quantity > 0{own}
            ) as deeds group by customer_id, deed, channel"
        );
        shop.engine()?.for_each(&sql, &mut take).await?;
    }
    Ok(found)
}

/// By which channel, all of them together for none, from where, and whither.
type Way = (Option<u16>, Option<State>, Option<State>);

/// Everybody's state now and before, and who moved whither, in all and by channel.
fn counted(
    now: &BTreeMap<Box<str>, Seen>,
    before: &BTreeMap<Box<str>, Seen>,
    names: &Channels,
    today: Day,
) -> (Vec<Count>, Vec<CrowdMember>) {
    let mut counts: BTreeMap<Way, u64> = BTreeMap::new();
    let channel_name = |place: u16| names.0[usize::from(place)].to_string();
    let mut rows = Vec::with_capacity(now.len());
    for (id, seen) in now {
        let (from, to) = (before.get(id).and_then(|seen| seen.touches.state()), seen.touches.state());
        *counts.entry((None, from, to)).or_default() += 1;
        for (channel, _, _) in seen.by_channel.iter().filter(|(.., last)| *last > today.0 - DAYS) {
            *counts.entry((Some(*channel), from, to)).or_default() += 1;
        }
        if let Some(state) = to {
            rows.push(CrowdMember {
                customer_id: id.to_string(),
                state: state.name().to_owned(),
                state_before: from.map(|state| state.name().to_owned()),
                channel: seen.channel().map(channel_name),
                as_of: today,
            });
        }
    }
    for (_, seen) in before.iter().filter(|(id, _)| !now.contains_key(*id)) {
        *counts.entry((None, seen.touches.state(), None)).or_default() += 1;
    }
    let name = |state: Option<State>| state.map(|state| state.name().to_owned());
    let each = |((channel, from, to), n): (Way, u64)| Count {
        channel: channel.map(channel_name),
        from: name(from),
        to: name(to),
        n,
    };
    (counts.into_iter().map(each).collect(), rows)
}

/// Works out everybody's state and puts it into service.
///
/// # Errors
/// If the tables cannot be read or written, or the work was cancelled.
pub async fn train(shop: &Shop, progress: Progress<'_>) -> Result<()> {
    shop.lock_for_writing()?;
    let go_on = |share: f64, message: &str| match progress(share, message) {
        true => Ok(()),
        false => Err(ServiceError::conflict("cancelled", "cancelled")),
    };
    go_on(0.0, "reading what customers did")?;
    let present = present(shop).await?;
    let mut names = Channels::default();
    let now = seen(shop, &present, present.day, &mut names).await?;
    go_on(0.4, "reading what they had done before")?;
    let before = seen(shop, &present, Day(present.day.0 - DAYS), &mut names).await?;
    let n_events = now.values().map(|seen| u64::from(seen.touches.n_looks + seen.touches.n_asks)).sum();
    let (counts, rows) = counted(&now, &before, &names, present.day);
    go_on(0.9, "writing everybody's state")?;
    tokio::task::block_in_place(|| made::write(shop, &rows))?;
    let made = Made { made_at: clock::now().0, as_of: present.day.to_string(), n_events, counts };
    made::publish(shop, KIND, &made)?;
    progress(1.0, "in service");
    Ok(())
}

/// What was last worked out, printed in a scheme: `states`, `aipl`, `4a` or `5a`.
///
/// # Errors
/// If nothing was yet, the scheme is none of them, or the file cannot be read.
pub fn published(shop: &Shop, scheme: &str) -> Result<Crowd> {
    let known = Scheme::named(scheme).ok_or_else(|| {
        let allowed = Scheme::NAMES.join(", ");
        ServiceError::usage("as", format!("states as '{}'; allowed: {allowed}", clipped(scheme)))
    })?;
    let (version, made): (_, Made) = made::published(shop, KIND, "how near customers are has not been worked out yet")?;
    Ok(Crowd { version, ..printed(&made, known, scheme) })
}

fn moved<'a>(counts: impl Iterator<Item = &'a Count>) -> Vec<Moved> {
    let state = |name: &Option<String>| name.as_deref().and_then(State::named);
    counts.map(|one| Moved { from: state(&one.from), to: state(&one.to), n: one.n }).collect()
}

fn printed(made: &Made, scheme: Scheme, name: &str) -> Crowd {
    let stages = scheme.stages();
    let key = |at: Option<usize>| at.map(|at| stages[at].0.to_owned());
    let told = |found: Vec<Flow>| -> Vec<CrowdFlow> {
        let one =
            |flow: Flow| CrowdFlow { from: key(flow.from), to: key(flow.to), n: flow.n, share: flow.share.into() };
        found.into_iter().map(one).collect()
    };
    let everybody = moved(made.counts.iter().filter(|one| one.channel.is_none()));
    let n_in = |at: usize, of: fn(&Moved) -> Option<State>| -> u64 {
        everybody.iter().filter(|one| of(one).is_some_and(|state| scheme.stage(state) == at)).map(|one| one.n).sum()
    };
    let mut by_channel: BTreeMap<&str, Vec<&Count>> = BTreeMap::new();
    for one in &made.counts {
        if let Some(channel) = &one.channel {
            by_channel.entry(channel).or_default().push(one);
        }
    }
    // Beside a channel stands everybody whom some channel touched; who was touched on several counts as often.
    let touched = moved(by_channel.values().flatten().copied());
    let (_, nearer) = came_nearer(&touched, scheme, LEVEL);
    let channel = |(name, counts): (&str, Vec<&Count>)| {
        let moved = moved(counts.into_iter());
        let (n_nearer, share) = came_nearer(&moved, scheme, LEVEL);
        let shows = match () {
            () if share.low > nearer.value => "above",
            () if share.high < nearer.value => "below",
            () => "open",
        };
        CrowdChannel {
            channel: name.to_owned(),
            n_touched: moved.iter().map(|one| one.n).sum(),
            n_nearer,
            nearer: share.into(),
            shows: shows.to_owned(),
            flows: told(flows(&moved, scheme, LEVEL)),
        }
    };
    let mut channels: Vec<CrowdChannel> = by_channel.into_iter().map(channel).collect();
    channels.sort_by(|a, b| b.n_touched.cmp(&a.n_touched).then(a.channel.cmp(&b.channel)));
    channels.truncate(CHANNELS_MAX);
    Crowd {
        version: String::new(),
        made_at: made.made_at,
        as_of: made.as_of.clone(),
        scheme: name.to_owned(),
        days: DAYS as u32,
        stages: stages
            .iter()
            .enumerate()
            .map(|(at, (key, name))| CrowdStage {
                key: (*key).to_owned(),
                name: name.clone().into(),
                n: n_in(at, |one| one.to),
                n_before: n_in(at, |one| one.from),
            })
            .collect(),
        flows: told(flows(&everybody, scheme, LEVEL)),
        nearer: nearer.into(),
        backing: backing(made, &everybody, &channels),
        channels,
    }
}

fn backing(made: &Made, everybody: &[Moved], channels: &[CrowdChannel]) -> Backing {
    let n: u64 = everybody.iter().map(|one| one.n).sum();
    if n == 0 {
        return Backing::refused(
            "nothing_done",
            "最近一年没有任何行为或订单。",
            "Nothing was done or ordered within the last year.",
        );
    }
    let mut backing = Backing {
        would_change: vec![Text {
            zh: "谁被某个渠道触达不是随机的：要知道渠道本身的作用，请在该渠道上留一个不触达的对照组。".to_owned(),
            en: "Who is touched on a channel is not chosen at random: what the channel itself does, a group that it leaves out \
                 would tell."
                .to_owned(),
        }],
        ..Backing::enough(n)
    };
    if made.n_events == 0 {
        backing = backing.but(
            "orders_only",
            "没有浏览等行为数据，只看得到买过的人。",
            "There are no events such as views, so only those who bought are seen.",
        );
    }
    let thin: Vec<&str> =
        channels.iter().filter(|one| one.n_touched < TOUCHED_ENOUGH).map(|one| one.channel.as_str()).collect();
    if !thin.is_empty() {
        let names = thin.join(", ");
        backing = backing.but(
            "few_touched",
            format!("这些渠道触达的顾客不到 {TOUCHED_ENOUGH} 人：{names}。"),
            format!("Fewer than {TOUCHED_ENOUGH} customers were touched on: {names}."),
        );
    }
    backing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Channels {
        Channels(["search", "app", "mail"].map(Box::from).to_vec())
    }

    fn seen(deeds: &[(&str, u32, u32, i32, &str)]) -> Seen {
        let mut seen = Seen::default();
        for (deed, n, n_days, last, channel) in deeds {
            seen.add(deed, (*n, *n_days, *last), Some(names().place(channel)));
        }
        seen
    }

    #[test]
    fn everybody_is_counted_once_and_by_each_channel_that_touched_them() {
        let before = BTreeMap::from([
            ("a".into(), seen(&[("look", 1, 1, 60, "search")])),
            ("gone".into(), seen(&[("look", 4, 2, 10, "search")])),
        ]);
        let now = BTreeMap::from([
            (
                "a".into(),
                seen(&[("look", 5, 3, 98, "search"), ("order", 1, 1, 99, "app"), ("shown", 1, 1, 60, "mail")]),
            ),
            ("b".into(), seen(&[("ask", 1, 1, 95, "app")])),
        ]);
        let (counts, rows) = counted(&now, &before, &names(), Day(100));
        let made = Made { made_at: 0, as_of: String::new(), n_events: 6, counts };
        let told = printed(&made, Scheme::Aipl, "aipl");
        let stages: Vec<(u64, u64)> = told.stages.iter().map(|stage| (stage.n, stage.n_before)).collect();
        assert_eq!(stages, [(0, 1), (1, 1), (1, 0), (0, 0)]);
        assert_eq!(told.flows.iter().map(|flow| flow.n).sum::<u64>(), 3);
        // The mail of forty days ago did not touch anybody lately.
        let channels: Vec<(&str, u64, u64)> =
            told.channels.iter().map(|one| (one.channel.as_str(), one.n_touched, one.n_nearer)).collect();
        assert_eq!(channels, [("app", 2, 2), ("search", 1, 1)]);
        assert_eq!((rows[0].channel.as_deref(), rows[0].state_before.as_deref()), (Some("app"), Some("noticed")));
        assert_eq!((rows[0].state.as_str(), rows[1].state.as_str(), rows.len()), ("bought", "asked", 2));
        assert_eq!(told.backing.verdict, "thin");
    }

    #[test]
    fn a_shop_of_orders_alone_and_an_empty_one_say_so() {
        let now = BTreeMap::from([("a".into(), seen(&[("order", 2, 2, 90, "app")]))]);
        let (counts, _) = counted(&now, &BTreeMap::new(), &names(), Day(100));
        let told = printed(&Made { made_at: 0, as_of: String::new(), n_events: 0, counts }, Scheme::FiveA, "5a");
        assert!(told.backing.caveats.iter().any(|doubt| doubt.kind == "orders_only"));
        let none = Made { made_at: 0, as_of: String::new(), n_events: 0, counts: Vec::new() };
        assert!(printed(&none, Scheme::FourA, "4a").backing.is_refused());
    }
}
