//! Whom to write to today, and about what: customers due for an upgrade, leaving, without the accessory of what they bought, or
//! who looked at what has become cheaper. Every kind names its customers by a statement over the shop's tables; they pass the same
//! gates, and share contacts, channels, stock and money (`strategy::contact`).
//!
//! What a contact brings is what former campaigns of the shop found (`effect`), times what the customer is expected to bring
//! anyway. Where no campaign was ever measured no gain is told, and half of the list is left out to find it.

use std::collections::{BTreeMap, BTreeSet};

use data::Shop;
use data::arrow::array::Array;
use domain::{Day, Product};
use strategy::contact::{Contact, Room, choose};
use strategy::experiment::assign::position;

use super::effect::{COSTS, DAYS, Effect};
use super::rules::Rules;
use super::told::{Decision, Figure, Found, GateTrace, Listed, Quiet};
use super::{Settled, is_settled, settled_lately};
use crate::error::{Kind as ErrorKind, Result};
use crate::flows::audience::gate::Gate;
use crate::flows::audience::sql::Present;
use crate::flows::plan::{Backing, Interval, customers, launch};
use crate::flows::rows::{floats, query_rows, texts};
use crate::flows::segment::Text;

/// Customers a kind may name, those first who are expected to bring most.
const CANDIDATES_MAX: usize = 500_000;
/// The part left out where nothing is known of what contacts bring.
const CONTROL_OF_UNKNOWN: f64 = 0.5;
/// Days an accessory's buyer has after the device.
const ATTACH_DAYS: i32 = 30;

/// One reason to write to somebody.
struct Kind {
    name: &'static str,
    zh: &'static str,
    en: &'static str,
    matches: (&'static str, &'static str),
    next: (&'static str, &'static str),
    page: &'static str,
    /// `customer_id`, `product_id`, and as `chance` how likely they are to buy it within thirty days without being written to; or,
    /// without a product, `worth`: what they are expected to bring in that time, in hundredths.
    candidates: fn(&Days) -> String,
    /// Whether the model was trained that names them, where one does.
    is_trained: Option<fn(&Shop) -> Result<bool>>,
    /// Where all candidates are alike: the chance, as `rate`, that statement alone tells.
    rate: Option<fn(&Days) -> String>,
}

static KINDS: [Kind; 4] = [
    Kind {
        name: "upgrade_due",
        zh: "提醒 {n} 位顾客升级到新一代",
        en: "Tell {n} customers of the next generation of what they own",
        matches: ("拥有的设备有后续型号，且到了换机的时候", "own a device with a successor, and are due to replace it"),
        next: (
            "按名单在各自同意的渠道上介绍新一代，并说明以旧换新",
            "write on the channel each agreed to, about the successor and what the old one is worth",
        ),
        page: "/generations",
        candidates: |_| {
            "select customer_id, successor_id as product_id, max(chance) / 3.0 as chance, cast(null as double) as worth
             from upgrades where successor_id is not null and chance >= 0.03 group by customer_id, successor_id"
                .to_owned()
        },
        is_trained: Some(|shop| there_is(launch::published(shop))),
        rate: None,
    },
    Kind {
        name: "win_back",
        zh: "挽回 {n} 位正在流失的顾客",
        en: "Win back {n} customers who are leaving",
        matches: (
            "曾多次购买，如今多半已经离开，但仍值得争取",
            "bought before, have probably left, and are still worth something",
        ),
        next: ("按名单发一次问候，不必给折扣", "write once and ask them back; a discount is not needed to find out"),
        page: "/lifetimes",
        candidates: |_| {
            "select l.customer_id, cast(null as varchar) as product_id, cast(null as double) as chance, cast(l.value_cents as double) / 12.0 as worth
             from lifetimes l where l.alive between 0.1 and 0.5 and l.value_cents > 0"
                .to_owned()
        },
        is_trained: Some(|shop| there_is(customers::published(shop))),
        rate: None,
    },
    Kind {
        name: "accessory",
        zh: "向 {n} 位刚买了设备的顾客推荐配件",
        en: "Offer {n} customers what fits the device they just bought",
        matches: (
            "近 30 天买了设备，还没有买合用的配件",
            "bought a device within 30 days, and nothing yet that fits it",
        ),
        next: ("按名单推荐最好卖的合用配件", "write about the accessory that fits and sells best"),
        page: "/customers",
        candidates: |days| {
            format!(
                "with bought as (select customer_id, product_id from orders
                   where quantity > 0 and ordered_at >= {from} and ordered_at < {until} group by customer_id, product_id),
                 sold as (select product_id, sum(quantity) as n from orders where ordered_at >= {season} group by product_id),
                 owned as (select distinct customer_id, product_id from orders where quantity > 0),
                 fitting as (select b.customer_id, f.product_id, s.n, row_number() over (
                     partition by b.customer_id order by s.n desc, f.product_id) as place
                   from bought b join fits f on f.with_product_id = b.product_id join sold s on s.product_id = f.product_id
                   where not exists (select 1 from fits g join owned o on o.product_id = g.product_id
                     where g.with_product_id = b.product_id and o.customer_id = b.customer_id))
                 select customer_id, product_id, cast(null as double) as chance, cast(null as double) as worth
                 from fitting where place = 1",
                from = days.begins(-ATTACH_DAYS),
                until = days.begins(-1),
                season = days.begins(-90),
            )
        },
        is_trained: None,
        rate: Some(|days| {
            format!(
                "with devices as (select customer_id, product_id, max(cast(shop_day(ordered_at) as int)) as day from orders
                   where quantity > 0 and ordered_at >= {from} and ordered_at < {until}
                   and product_id in (select with_product_id from fits where with_product_id is not null)
                   group by customer_id, product_id),
                 later as (select d.customer_id, d.product_id,
                     max(case when cast(shop_day(o.ordered_at) as int) between d.day + 1 and d.day + {ATTACH_DAYS} then 1 else 0 end) as has
                   from devices d join fits f on f.with_product_id = d.product_id
                   left join orders o on o.customer_id = d.customer_id and o.product_id = f.product_id and o.quantity > 0
                   group by d.customer_id, d.product_id)
                 select avg(cast(has as double)) as rate, count(*) as n from later",
                from = days.begins(-180),
                until = days.begins(-ATTACH_DAYS - 1),
            )
        }),
    },
    Kind {
        name: "price_drop",
        zh: "告诉 {n} 位顾客：看过的商品降价了",
        en: "Tell {n} customers that what they looked at has become cheaper",
        matches: (
            "近 30 天看过或加购过、没有买，之后价格降了 3% 以上",
            "looked at or put it into the cart within 30 days, did not buy it, and its price fell by 3 % or more since",
        ),
        next: ("按名单告知现价与降了多少，只说真实的价格", "write what it costs now and how much less that is"),
        page: "/products",
        candidates: |days| {
            format!(
                "with seen as (select customer_id, product_id, min(price_cents) as cents, count(*) as n from events
                   where kind in ('view', 'cart', 'favourite') and product_id is not null and price_cents > 0
                   and at >= {from} and at < {end} group by customer_id, product_id),
                 cheaper as (select s.customer_id, s.product_id, row_number() over (
                     partition by s.customer_id order by s.n desc, p.price_cents desc, s.product_id) as place
                   from seen s join products p on p.product_id = s.product_id
                   left join (select distinct customer_id, product_id from orders where ordered_at >= {from}) o
                     on o.customer_id = s.customer_id and o.product_id = s.product_id
                   where p.price_cents * 100 < s.cents * 97 and o.product_id is null)
                 select customer_id, product_id, cast(null as double) as chance, cast(null as double) as worth
                 from cheaper where place = 1",
                from = days.begins(-30),
                end = days.begins(1),
            )
        },
        is_trained: None,
        rate: Some(|days| {
            format!(
                "with seen as (select customer_id, product_id, max(cast(shop_day(at) as int)) as day from events
                   where kind in ('view', 'cart', 'favourite') and product_id is not null and at >= {from} and at < {until}
                   group by customer_id, product_id),
                 later as (select s.customer_id, s.product_id,
                     max(case when cast(shop_day(o.ordered_at) as int) between s.day + 1 and s.day + 30 then 1 else 0 end) as has
                   from seen s left join orders o on o.customer_id = s.customer_id and o.product_id = s.product_id and o.quantity > 0
                   group by s.customer_id, s.product_id)
                 select avg(cast(has as double)) as rate, count(*) as n from later",
                from = days.begins(-60),
                until = days.begins(-30),
            )
        }),
    },
];

/// Whether a model is there.
fn there_is<T>(published: Result<T>) -> Result<bool> {
    match published {
        Ok(_) => Ok(true),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The names of all kinds.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

/// The last day of the data, from which statements count.
pub struct Days<'a> {
    pub present: &'a Present,
}

impl Days<'_> {
    /// The instant at which the day so many after the last one begins, as a literal.
    pub fn begins(&self, after: i32) -> String {
        self.present.begins(Day(self.present.day.0.saturating_add(after)))
    }
}

/// What decisions share about the shop.
pub struct Shared<'a> {
    pub shop: &'a Shop,
    pub rules: &'a Rules,
    pub present: &'a Present,
    pub effect: &'a Effect,
    pub products: &'a BTreeMap<String, Product>,
    /// The part of what is paid that stays with the shop; `None` where costs are not known: gains are of sales then.
    pub margin: Option<f64>,
    pub gate: &'a Gate,
}

impl Shared<'_> {
    pub fn gain_of(&self) -> &'static str {
        if self.margin.is_some() { "margin" } else { "sales" }
    }

    /// What one piece leaves, in hundredths.
    pub fn left_of(&self, product: &Product) -> Option<f64> {
        let price = product.price_cents?.0 as f64;
        match (self.margin, product.cost_cents) {
            (Some(_), Some(cost)) => Some(price - cost.0 as f64),
            (Some(margin), None) => Some(price * margin),
            (None, _) => Some(price),
        }
    }

    /// What can be bought today.
    pub fn is_on_sale(&self, product: &Product) -> bool {
        product.retired_on.is_none_or(|day| day > self.present.day)
            && product.launched_on.is_none_or(|day| day <= self.present.day)
            && product.stock.is_none_or(|stock| stock > 0)
            && !self.gate.products.iter().any(|faulty| faulty.product_id == product.product_id)
    }
}

/// Somebody with a reason to be written to.
struct Candidate {
    customer_id: String,
    product_id: Option<String>,
    /// What is expected of them within thirty days anyway, in hundredths.
    anyway: f64,
}

/// A kind with those who passed its gates.
struct Sieved {
    kind: &'static Kind,
    /// The statement that named them.
    sql: String,
    candidates: Vec<Candidate>,
    gates: Vec<GateTrace>,
    figures: Vec<Figure>,
}

/// # Errors
/// If the tables cannot be read.
pub async fn contacts(shared: &Shared<'_>, day: Day, settled: &[Settled]) -> Result<Found> {
    let mut found = Found::default();
    let mut eligible = reachable(shared.shop).await?;
    let rested = rested(shared).await?;
    eligible.retain(|id| !rested.contains(id) && !shared.gate.holds(id));
    let mut sieved = Vec::new();
    for kind in &KINDS {
        // Whose list is settled wants nobody: its customers are there for the others.
        if is_settled(settled, kind.name, true, day) {
            found.quiet.push(settled_lately(kind.name));
            continue;
        }
        match sieve(shared, kind, &eligible).await? {
            Ok(one) => sieved.push(one),
            Err(quiet) => found.quiet.push(quiet),
        }
    }
    let consents = consents(shared.shop, &sieved).await?;
    let chosen = reconcile(shared, &sieved, &consents)?;
    for (at, mut one) in sieved.into_iter().enumerate() {
        let mine: Vec<&Pick> = chosen.iter().filter(|pick| pick.kind == at).collect();
        one.gates.push(gate(
            "reconciled",
            "在频次、渠道、库存与预算之内，且没有更好的理由联系",
            "within contacts, channels, stock and money, and nothing better to write about",
            mine.len(),
        ));
        if mine.is_empty() {
            found.quiet.push(quiet_of(shared.effect, &one));
            continue;
        }
        let decision = decision(shared, &one, &mine, day);
        found.listed.extend(mine.iter().map(|pick| listed(shared, &one, pick, &decision)));
        let n_control = found.listed.iter().filter(|row| row.decision == decision.id && row.is_control).count();
        found.decisions.push(Decision { n_control: Some(n_control as u64), ..decision });
    }
    Ok(found)
}

fn gate(name: &str, zh: &str, en: &str, n: usize) -> GateTrace {
    GateTrace { gate: name.to_owned(), text: Text { zh: zh.to_owned(), en: en.to_owned() }, n: n as u64 }
}

/// Why nobody is left: the first gate that let nobody through; and what contacts brought, where that is why.
fn quiet_of(effect: &Effect, sieved: &Sieved) -> Quiet {
    let closed = sieved.gates.iter().find(|gate| gate.n == 0);
    let text = closed.map_or_else(Text::default, |gate| gate.text.clone());
    let lift = effect.lift.filter(|_| closed.is_some_and(|gate| gate.gate == "ranks"));
    let percent = |part: f64| format!("{:+.0} %", 100.0 * part);
    let of = |zh: bool| match lift {
        Some(lift) => {
            let (n, value) = (effect.n_campaigns, percent(lift.value));
            let (low, high) = (percent(lift.low), percent(lift.high));
            match zh {
                true => format!("；以往 {n} 次有对照组的活动里，联系使消费变化 {value}（{low} 到 {high}）"),
                false => format!(
                    "; in {n} former campaigns with a control group contacts changed what customers spent by {value} [{low}, {high}]"
                ),
            }
        }
        None => String::new(),
    };
    Quiet::new(
        sieved.kind.name,
        format!("没有顾客通过这一步：{}{}", text.zh, of(true)),
        format!("nobody passes this step: {}{}", text.en, of(false)),
    )
}

/// Whom the shop has written to lately; and who was left out then to measure it, who rest as long: what is measured would be the lists in
/// between otherwise.
async fn rested(shared: &Shared<'_>) -> Result<BTreeSet<String>> {
    if shared.rules.rest_days == 0 {
        return Ok(BTreeSet::new());
    }
    let days = Days { present: shared.present };
    let sql =
        format!("select distinct customer_id from exposures where at >= {}", days.begins(1 - shared.rules.rest_days));
    let mut rested = ids(shared.shop, &sql).await?;
    // What a sending does stands in the exposures only some time later.
    let from = Day(shared.present.day.0.saturating_add(1 - shared.rules.rest_days));
    let (from, state) = (crate::clock::start_of(from, &shared.shop.config().zone()).0, shared.shop.state()?);
    rested.extend(state.reached_since(from, "")?);
    rested.extend(state.controls_since(from, "")?);
    Ok(rested)
}

async fn ids(shop: &Shop, sql: &str) -> Result<BTreeSet<String>> {
    let mut ids = BTreeSet::new();
    let mut take = |batch: data::arrow::array::RecordBatch| -> Result<()> {
        let who = texts(&batch, "customer_id")?;
        ids.extend((0..batch.num_rows()).filter(|&row| who.is_valid(row)).map(|row| who.value(row).to_owned()));
        Ok(())
    };
    shop.engine()?.for_each(sql, &mut take).await?;
    Ok(ids)
}

/// Which channels the candidates agreed to.
async fn consents(shop: &Shop, sieved: &[Sieved]) -> Result<BTreeMap<String, Vec<String>>> {
    let wanted: BTreeSet<&str> =
        sieved.iter().flat_map(|one| one.candidates.iter().map(|candidate| candidate.customer_id.as_str())).collect();
    let mut consents: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(consents);
    }
    let mut take = |batch: data::arrow::array::RecordBatch| -> Result<()> {
        let (who, channels) = (texts(&batch, "customer_id")?, texts(&batch, "channel")?);
        for row in (0..batch.num_rows()).filter(|&row| channels.is_valid(row) && wanted.contains(who.value(row))) {
            consents.entry(who.value(row).to_owned()).or_default().push(channels.value(row).to_owned());
        }
        Ok(())
    };
    let sql = "select customer_id, unnest(consent) as channel from customers where consent is not null";
    shop.engine()?.for_each(sql, &mut take).await?;
    Ok(consents)
}

/// Everybody who agreed to any channel.
async fn reachable(shop: &Shop) -> Result<BTreeSet<String>> {
    ids(shop, "select customer_id from customers where consent is not null and cardinality(consent) > 0").await
}

/// Names a kind's customers and lets them through its gates; or says why there is nobody.
async fn sieve(
    shared: &Shared<'_>,
    kind: &'static Kind,
    eligible: &BTreeSet<String>,
) -> Result<std::result::Result<Sieved, Quiet>> {
    if let Some(is_trained) = kind.is_trained
        && !is_trained(shared.shop)?
    {
        return Ok(Err(Quiet::new(
            kind.name,
            "还没有训练所需的模型：tercet train strategy",
            "the model it needs was not trained yet: tercet train strategy",
        )));
    }
    let days = Days { present: shared.present };
    let (mut rate, mut figures) = (None, Vec::new());
    if let Some(statement) = kind.rate {
        let sql = statement(&days);
        let rows = query_rows(shared.shop, &sql).await?;
        let told = rows.first().and_then(|row| Some((row["rate"].as_f64()?, row["n"].as_f64()?)));
        let Some((share, n)) = told.filter(|(share, n)| *share > 0.0 && *n >= 30.0) else {
            let (zh, en) =
                ("过去没有足够的记录说明顾客多常这样购买", "the past does not tell how often customers do so anyway");
            return Ok(Err(Quiet::new(kind.name, zh, en)));
        };
        let estimate = strategy::Estimate::share(share * n, n, 0.9);
        figures.push(
            Figure::new(
                "不联系时 30 天内购买的比例",
                "who buy within 30 days without being written to",
                share,
                "share",
            )
            .within(estimate.into())
            .by_sql(&sql),
        );
        rate = Some(share);
    }
    let sql = (kind.candidates)(&days);
    let candidates = candidates(shared, &sql, rate).await?;
    figures.insert(
        0,
        Figure::new("符合条件的顾客", "customers it is about", candidates.len() as f64, "count").by_sql(&sql),
    );
    let mut sieved = Sieved { kind, sql, gates: Vec::new(), candidates, figures };
    if sieved.candidates.is_empty() {
        return Ok(Err(Quiet::new(
            kind.name,
            format!("没有顾客{}", kind.matches.0),
            format!("no customers who {}", kind.matches.1),
        )));
    }
    sieved.gates.push(gate("matches", kind.matches.0, kind.matches.1, sieved.candidates.len()));
    sieved.candidates.retain(|one| eligible.contains(&one.customer_id));
    let n = shared.rules.rest_days;
    sieved.gates.push(gate(
        "eligible",
        &format!("同意接收消息，没有未了的售后问题，且 {n} 天内没有被联系过"),
        &format!("agreed to be written to, have nothing open with service, and were not written to within {n} days"),
        sieved.candidates.len(),
    ));
    let can_buy = |id: &String| shared.products.get(id).is_some_and(|product| shared.is_on_sale(product));
    sieved.candidates.retain(|one| one.product_id.as_ref().is_none_or(can_buy));
    sieved.gates.push(gate(
        "fits",
        "商品在售、有货、没有集中差评",
        "the product is on sale, in stock and not complained about",
        sieved.candidates.len(),
    ));
    let cheapest = shared.effect.costs.values().copied().fold(f64::INFINITY, f64::min);
    let cheapest = if cheapest.is_finite() { cheapest } else { 0.0 };
    let lift = shared.effect.lift.map_or(f64::INFINITY, |lift| lift.value);
    sieved.candidates.retain(|one| one.anyway > 0.0 && one.anyway * lift > cheapest);
    let (zh, en) = match shared.effect.lift {
        Some(_) => ("预计带来的比联系的成本多", "expected to bring more than a contact costs"),
        None => (
            "预计会有消费（联系能多带来多少尚不可知，没有与成本相比）",
            "expected to spend something (what a contact adds is not known, so it is not held against its cost)",
        ),
    };
    sieved.gates.push(gate("ranks", zh, en, sieved.candidates.len()));
    Ok(Ok(sieved))
}

async fn candidates(shared: &Shared<'_>, sql: &str, rate: Option<f64>) -> Result<Vec<Candidate>> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut take = |batch: data::arrow::array::RecordBatch| -> Result<()> {
        let (who, products) = (texts(&batch, "customer_id")?, texts(&batch, "product_id")?);
        let (chances, worths) = (floats(&batch, "chance")?, floats(&batch, "worth")?);
        for row in (0..batch.num_rows()).filter(|&row| who.is_valid(row)) {
            let product_id = products.is_valid(row).then(|| products.value(row).to_owned());
            let chance = chances.is_valid(row).then(|| chances.value(row)).or(rate).unwrap_or(0.0);
            let left = product_id.as_ref().and_then(|id| shared.left_of(shared.products.get(id)?));
            let worth = worths.is_valid(row).then(|| worths.value(row));
            let anyway = worth.or_else(|| Some(chance * left?)).unwrap_or(0.0);
            found.push(Candidate { customer_id: who.value(row).to_owned(), product_id, anyway });
        }
        Ok(())
    };
    shared.shop.engine()?.for_each(sql, &mut take).await?;
    found.sort_by(|a, b| {
        b.anyway
            .total_cmp(&a.anyway)
            .then_with(|| (&a.customer_id, &a.product_id).cmp(&(&b.customer_id, &b.product_id)))
    });
    found.truncate(CANDIDATES_MAX);
    Ok(found)
}

/// A contact that is to be made.
struct Pick {
    kind: usize,
    candidate: usize,
    channel: String,
    cost: f64,
}

/// Who is written to about what on which channel, all kinds together.
fn reconcile(shared: &Shared, sieved: &[Sieved], consents: &BTreeMap<String, Vec<String>>) -> Result<Vec<Pick>> {
    let names: BTreeSet<&str> = consents.values().flatten().map(String::as_str).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let mut customers: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut products, mut stocks): (BTreeMap<&str, u32>, Vec<u64>) = (BTreeMap::new(), Vec::new());
    let (mut contacts, mut of) = (Vec::new(), Vec::new());
    // Without a measured effect customers still come in the order of what they are expected to bring.
    let lift = shared.effect.lift.map_or(1.0, |lift| lift.value);
    for (kind, one) in sieved.iter().enumerate() {
        for (at, candidate) in one.candidates.iter().enumerate() {
            let Some(channels) = consents.get(&candidate.customer_id) else { continue };
            let next = customers.len() as u32;
            let customer = *customers.entry(&candidate.customer_id).or_insert(next);
            let product = candidate.product_id.as_deref().map(|id| {
                *products.entry(id).or_insert_with(|| {
                    let stock = shared.products.get(id).and_then(|product| product.stock);
                    stocks.push(stock.map_or(u64::MAX, |stock| stock.max(0) as u64));
                    stocks.len() as u32 - 1
                })
            });
            for name in channels {
                let channel = names.binary_search(&name.as_str()).expect("names are of these") as u32;
                let cost = shared.effect.cost_of(name);
                contacts.push(Contact { customer, channel, product, gain: candidate.anyway * lift, cost });
                of.push((kind, at));
            }
        }
    }
    let most = |name: &&str| shared.rules.channel_max.get(*name).copied().unwrap_or(u64::MAX);
    let channels: Vec<u64> = names.iter().map(most).collect();
    let once = vec![1; customers.len()];
    let budget = shared.rules.budget.map_or(f64::INFINITY, |budget| budget * 100.0);
    let room = Room { customers: &once, channels: &channels, products: &stocks, budget };
    let chosen = tokio::task::block_in_place(|| choose(&contacts, &room));
    let mut chosen =
        chosen.map_err(|error| crate::ServiceError::failed(format!("reconciling contacts: {error}")))?.chosen;
    // All decisions together: those first that bring most.
    let net = |at: usize| contacts[at].gain - contacts[at].cost;
    chosen.sort_by(|&a, &b| net(b).total_cmp(&net(a)).then(a.cmp(&b)));
    chosen.truncate(usize::try_from(shared.rules.contacts_max).unwrap_or(usize::MAX));
    let pick = |at: usize| Pick {
        kind: of[at].0,
        candidate: of[at].1,
        channel: names[contacts[at].channel as usize].to_owned(),
        cost: contacts[at].cost,
    };
    Ok(chosen.into_iter().map(pick).collect())
}

fn control_of(shared: &Shared) -> f64 {
    if shared.effect.lift.is_some() { shared.rules.control } else { CONTROL_OF_UNKNOWN }
}

fn listed(shared: &Shared, sieved: &Sieved, pick: &Pick, decision: &Decision) -> Listed {
    let candidate = &sieved.candidates[pick.candidate];
    let control = control_of(shared);
    let is_control = position(&decision.id, "control", &candidate.customer_id) < control;
    Listed {
        decision: decision.id.clone(),
        customer_id: candidate.customer_id.clone(),
        channel: pick.channel.clone(),
        product_id: candidate.product_id.clone(),
        is_control,
        propensity: if is_control { control } else { 1.0 - control },
        cost_cents: if is_control { 0.0 } else { pick.cost },
    }
}

/// `1640` as `1,640`.
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let first = digits.len() % 3;
    let rest = digits.as_bytes()[first..].chunks(3).map(|three| String::from_utf8_lossy(three).into_owned());
    let parts: Vec<String> = (first > 0).then(|| digits[..first].to_owned()).into_iter().chain(rest).collect();
    parts.join(",")
}

fn decision(shared: &Shared, sieved: &Sieved, picks: &[&Pick], day: Day) -> Decision {
    let (kind, effect) = (sieved.kind, shared.effect);
    let written = 1.0 - control_of(shared);
    let of_all: f64 = picks.iter().map(|pick| sieved.candidates[pick.candidate].anyway).sum();
    let anyway = of_all * written;
    let cost: f64 = picks.iter().map(|pick| pick.cost).sum::<f64>() * written;
    let gain_cents = effect.lift.map(|lift| Interval {
        value: lift.value * anyway - cost,
        low: lift.low * anyway - cost,
        high: lift.high * anyway - cost,
        level: lift.level,
    });
    let n = picks.len();
    let mut figures = vec![
        Figure::new("名单上的顾客", "customers on the list", n as f64, "count").by_api("/v1/decisions"),
        Figure::new("名单上的顾客不联系也会带来", "expected of all on the list anyway", of_all, "money")
            .by_sql(&sieved.sql),
    ];
    let mut backing = Backing::enough(effect.n_customers);
    let paragraph = match effect.lift {
        Some(lift) => {
            figures.push(
                Figure::new("以往联系使购买多出", "what contacts added to what customers spent", lift.value, "share")
                    .within(lift)
                    .by_api("/v1/campaigns"),
            );
            let told = |zh: &str, en: &str, cents: f64| Figure::new(zh, en, cents, "money");
            figures.push(told("其中要联系的那部分", "of it by those who are written to", anyway).by_sql(&sieved.sql));
            figures.push(told("联系的成本", "what the contacts cost", cost).by_sql(COSTS));
            if effect.n_campaigns < 3 {
                backing = backing.but(
                    "few_campaigns",
                    "只有一两次有对照的活动可以参考",
                    "only one or two campaigns with a control group tell what contacts do",
                );
            }
            Text {
                zh: format!(
                    "这 {{0}} 位顾客不联系也会在 {DAYS} 天内带来约 {{1}}，其中要联系的那部分（其余留作对照）约 {{3}}。过去 {} 次有对照组的活动里，联系使消费多出 {{2}}；按要联系的那部分计算，扣除成本 {{4}} 即为预期收益。",
                    effect.n_campaigns
                ),
                en: format!(
                    "These {{0}} customers are expected to bring {{1}} within {DAYS} days anyway, those of them who are written to (the others are the control group) {{3}}. In {} former campaigns with a control group contacts added {{2}} to what customers spent; the gain is that part of {{3}}, less costs of {{4}}.",
                    effect.n_campaigns
                ),
            }
        }
        None => {
            backing = backing.but(
                "no_experiment",
                "店里还没有带对照组的活动，联系能带来多少尚不可知：名单的一半留作对照，先测出来",
                "no campaign with a control group was ever held here, so nobody knows what a contact brings: half of the list is left out to find it",
            );
            Text {
                zh: format!(
                    "这 {{0}} 位顾客不联系也会在 {DAYS} 天内带来约 {{1}}。联系能多带来多少，要由这份名单的对照组来测。"
                ),
                en: format!(
                    "These {{0}} customers are expected to bring {{1}} within {DAYS} days anyway. What a contact adds is for the control group of this list to find out."
                ),
            }
        }
    };
    if picks.iter().any(|pick| !effect.costs.contains_key(&pick.channel)) {
        backing = backing.but(
            "cost_unknown",
            "有的渠道不知道一次联系的成本，按已知的最贵渠道计：在 tercet.toml 的 [decisions.contact_costs] 里写明",
            "of some channels nobody knows what a contact costs; it counts as on the dearest known one: say it in tercet.toml, [decisions.contact_costs]",
        );
    }
    figures.extend(sieved.figures.iter().cloned());
    let filled = |text: &str| text.replace("{n}", &grouped(n));
    Decision {
        id: format!("{}.{day}", kind.name),
        key: kind.name.to_owned(),
        kind: kind.name.to_owned(),
        day: day.to_string(),
        title: Text { zh: filled(kind.zh), en: filled(kind.en) },
        paragraph,
        figures,
        next: Text { zh: kind.next.0.to_owned(), en: kind.next.1.to_owned() },
        who: "marketing".to_owned(),
        gain_cents,
        gain_of: shared.gain_of().to_owned(),
        cost_cents: cost,
        within_days: DAYS,
        n_customers: Some(n as u64),
        n_control: None,
        gates: sieved.gates.clone(),
        page: Some(kind.page.to_owned()),
        backing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_dropped_for_what_contacts_bring_says_what_that_is() {
        let lift = Interval { value: -0.06, low: -0.2, high: 0.104, level: 0.9 };
        let effect = Effect { lift: Some(lift), n_campaigns: 6, ..Effect::default() };
        let dropped = |gates: Vec<GateTrace>| {
            let sieved =
                Sieved { kind: &KINDS[0], sql: String::new(), candidates: Vec::new(), gates, figures: Vec::new() };
            quiet_of(&effect, &sieved).why
        };
        let why = dropped(vec![gate("matches", "a", "a", 9), gate("ranks", "b", "b", 0)]);
        assert!(why.en.ends_with("in 6 former campaigns with a control group contacts changed what customers spent by -6 % [-20 %, +10 %]"), "{why:?}");
        assert!(why.zh.contains("-6 %（-20 % 到 +10 %）"), "{why:?}");
        assert_eq!(dropped(vec![gate("eligible", "b", "b", 0)]).en, "nobody passes this step: b");
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        for (n, shown) in [(0, "0"), (12, "12"), (123, "123"), (1640, "1,640"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(n), shown);
        }
    }
}
