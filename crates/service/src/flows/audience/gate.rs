//! Who is left out of campaigns because something is open: a case at the desk, a parcel that is late, a bad review, a product of
//! which many complain. Whoever waits for a repair wants no advertisement.
//!
//! The gate stands where customers are taken to be addressed, beside their consent; an audience itself keeps its members. Nothing
//! is stored: whoever is content again is back at the next question. What the tables say is kept in memory as long as they do not
//! change, for an audience is counted at every key that somebody types.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use data::Shop;
use data::arrow::array::Array;
use domain::Day;
use serde::Serialize;
use strategy::complaints::{Rated, spikes};
use utoipa::ToSchema;

use super::{present, sql::Present};
use crate::error::Result;
use crate::flows::dataset::generations;
use crate::flows::plan::Interval;
use crate::flows::rows::{floats, integers, query, quoted, texts};
use crate::flows::segment::Text;

/// A bad review counts for so many days, unless a better one of the same product followed.
const REVIEW_DAYS: i32 = 90;
/// Stars up to which a rating is bad, and from which one is content.
const BAD_STARS: f64 = 2.0;
const CONTENT_STARS: f64 = 4.0;
/// Ratings that tell of a product, and buyers of it who are left out: of so many last days.
const PRODUCT_DAYS: i32 = 180;
const BUYER_DAYS: i32 = 90;
/// Of products that are found to be complained of, so many may be chance.
const FALSE_SHARE: f64 = 0.05;
/// Cases read at once.
const CASES_PAGE: usize = 1000;
/// Ids in one statement.
const IDS_MAX: usize = 5000;
/// What the gate's answers come from, beside cases.
const TABLES: [&str; 5] = ["orders", "deliveries", "reviews", "events", "products"];
/// Shops whose tables' part is kept.
const KEPT_MAX: usize = 16;

/// By folder: the version of the tables, and what they say.
static KEPT: Mutex<BTreeMap<PathBuf, (String, Gate)>> = Mutex::new(BTreeMap::new());

/// Why somebody is left out, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    OpenCase,
    DeliveryLate,
    BadReview,
    FaultyProduct,
}

impl Reason {
    const ALL: [Reason; 4] = [Reason::OpenCase, Reason::DeliveryLate, Reason::BadReview, Reason::FaultyProduct];

    pub fn name(self) -> &'static str {
        match self {
            Reason::OpenCase => "open_case",
            Reason::DeliveryLate => "delivery_late",
            Reason::BadReview => "bad_review",
            Reason::FaultyProduct => "faulty_product",
        }
    }

    fn text(self) -> Text {
        let (zh, en) = match self {
            Reason::OpenCase => ("有未办结的售后单", "a case at the desk is open"),
            Reason::DeliveryLate => ("订单逾期未送达", "a parcel is late"),
            Reason::BadReview => ("近期给了差评", "gave a bad review lately"),
            Reason::FaultyProduct => ("买了差评集中的商品", "bought a product of which many complain"),
        };
        Text { zh: zh.to_owned(), en: en.to_owned() }
    }
}

/// Somebody who is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub reason: Reason,
    /// Since when; the local day.
    pub since: Day,
    pub product_id: Option<String>,
}

/// A product of which many complain.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FaultyProduct {
    pub product_id: String,
    pub name: String,
    pub n_ratings: u64,
    pub n_bad: u64,
    /// The share of its ratings that are bad, and that of others of its category.
    pub share: Interval,
    pub usual: f64,
    pub p_value: f64,
}

/// How many are left out for one reason.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HeldCount {
    pub reason: String,
    pub text: Text,
    pub n: u64,
}

/// One of those who are left out.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HeldCustomer {
    pub customer_id: String,
    pub reason: String,
    pub text: Text,
    pub since: String,
    pub product_id: Option<String>,
}

/// Who is left out of campaigns, and why.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HeldBackList {
    pub as_of: String,
    pub total: u64,
    pub reasons: Vec<HeldCount>,
    /// A page of them, in the order of ids.
    pub items: Vec<HeldCustomer>,
    pub products: Vec<FaultyProduct>,
}

/// Everybody who is left out now.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    pub as_of: Day,
    held: BTreeMap<String, Held>,
    pub products: Vec<FaultyProduct>,
}

impl Gate {
    /// # Errors
    /// If the tables or the cases cannot be read.
    pub async fn read(shop: &Shop) -> Result<Gate> {
        let present = present(shop).await?;
        let version = present.day.to_string() + &generations(shop, &TABLES)?;
        let kept = KEPT.lock().expect("no holder panics").get(shop.root()).cloned();
        let mut gate = match kept.filter(|(of, _)| *of == version) {
            Some((_, gate)) => gate,
            None => {
                let gate = Gate::of_tables(shop, &present).await?;
                let mut kept = KEPT.lock().expect("no holder panics");
                if kept.len() >= KEPT_MAX {
                    kept.clear();
                }
                kept.insert(shop.root().to_owned(), (version, gate.clone()));
                gate
            }
        };
        gate.cases(shop, &present)?;
        Ok(gate)
    }

    async fn of_tables(shop: &Shop, present: &Present) -> Result<Gate> {
        let mut gate = Gate { as_of: present.day, ..Gate::default() };
        gate.deliveries(shop, present).await?;
        gate.reviews(shop, present).await?;
        gate.faulty(shop, present).await?;
        Ok(gate)
    }

    pub fn holds(&self, customer_id: &str) -> bool {
        self.held.contains_key(customer_id)
    }

    /// Why somebody is left out, for people to read; nothing of who is not.
    pub fn why(&self, customer_id: &str) -> Option<Text> {
        let held = self.held.get(customer_id)?;
        let Text { zh, en } = held.reason.text();
        Some(Text { zh: format!("{zh}（自 {} 起）", held.since), en: format!("{en} (since {})", held.since) })
    }

    pub fn len(&self) -> usize {
        self.held.len()
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    fn add(&mut self, customer_id: &str, held: Held) {
        match self.held.get_mut(customer_id) {
            Some(known) if known.reason <= held.reason => {}
            Some(known) => *known = held,
            None => drop(self.held.insert(customer_id.to_owned(), held)),
        }
    }

    fn cases(&mut self, shop: &Shop, present: &Present) -> Result<()> {
        // A question of an invoice or of an address is no complaint, and who waits for goods wants to hear of them.
        const HARMLESS: [&str; 4] = ["invoice", "trade_in", "change_address", "stock_alert"];
        let state = shop.state()?;
        for offset in (0..).step_by(CASES_PAGE) {
            let (_, cases) = state.cases(Some("open"), None, offset, CASES_PAGE)?;
            for case in &cases {
                let form = serde_json::from_str::<serde_json::Value>(&case.body).ok();
                let form = form.as_ref().and_then(|body| body["form"].as_str()).unwrap_or_default();
                if HARMLESS.iter().any(|name| form.starts_with(name)) {
                    continue;
                }
                if let Some(id) = &case.customer_id {
                    let since = crate::clock::day_of(domain::Millis(case.at), &present.zone);
                    self.add(id, Held { reason: Reason::OpenCase, since, product_id: None });
                }
            }
            if cases.len() < CASES_PAGE {
                break;
            }
        }
        Ok(())
    }

    async fn deliveries(&mut self, shop: &Shop, present: &Present) -> Result<()> {
        let sql = format!(
            "select o.customer_id as customer_id, cast(min(d.expected_on) as int) as day
            from deliveries d join orders o on o.order_id = d.order_id
            where d.status in ('placed', 'paid', 'packed', 'shipped', 'out_for_delivery') and d.expected_on < date '{}'
              and o.quantity > 0
            group by o.customer_id",
            present.day
        );
        for batch in query(shop, &sql).await? {
            let (who, days) = (texts(&batch, "customer_id")?, integers(&batch, "day")?);
            for row in (0..batch.num_rows()).filter(|&row| who.is_valid(row)) {
                let since = Day(days.value(row) as i32);
                self.add(who.value(row), Held { reason: Reason::DeliveryLate, since, product_id: None });
            }
        }
        Ok(())
    }

    async fn reviews(&mut self, shop: &Shop, present: &Present) -> Result<()> {
        let sql = format!(
            "with said as ({}), last as (
              select customer_id, product_id, max(at) as at from said group by customer_id, product_id)
            select s.customer_id as customer_id, s.product_id as product_id, cast(min(shop_day(s.at)) as int) as day
            from said s join last l on l.customer_id = s.customer_id and l.product_id = s.product_id and l.at = s.at
            where s.stars <= {BAD_STARS} group by s.customer_id, s.product_id order by customer_id, day",
            said(present, REVIEW_DAYS)
        );
        for batch in query(shop, &sql).await? {
            let (who, what, days) =
                (texts(&batch, "customer_id")?, texts(&batch, "product_id")?, integers(&batch, "day")?);
            for row in 0..batch.num_rows() {
                let product_id = Some(what.value(row).to_owned());
                let since = Day(days.value(row) as i32);
                self.add(who.value(row), Held { reason: Reason::BadReview, since, product_id });
            }
        }
        Ok(())
    }

    /// Products of which many complain, and who bought one lately and has not said to be content.
    async fn faulty(&mut self, shop: &Shop, present: &Present) -> Result<()> {
        let sql = format!(
            "with said as ({}) select s.product_id as product_id, max(p.name) as name, max(coalesce(p.category, '')) as category,
              count(*) as n, sum(case when s.stars <= {BAD_STARS} then 1 else 0 end) as n_bad
            from said s join products p on p.product_id = s.product_id group by s.product_id order by s.product_id",
            said(present, PRODUCT_DAYS)
        );
        let (mut rated, mut names, mut categories) = (Vec::new(), Vec::new(), BTreeMap::new());
        for batch in query(shop, &sql).await? {
            let text = |name: &str| texts(&batch, name);
            let (ids, titles, paths) = (text("product_id")?, text("name")?, text("category")?);
            let (n, n_bad) = (integers(&batch, "n")?, integers(&batch, "n_bad")?);
            for row in 0..batch.num_rows() {
                let n_categories = categories.len() as u32;
                let group = *categories.entry(paths.value(row).to_owned()).or_insert(n_categories);
                rated.push(Rated { group, n: n.value(row) as u64, n_low: n_bad.value(row) as u64 });
                names.push((ids.value(row).to_owned(), titles.value(row).to_owned()));
            }
        }
        for spike in spikes(&rated, FALSE_SHARE)? {
            let (product_id, name) = names[spike.at].clone();
            self.products.push(FaultyProduct {
                product_id,
                name,
                n_ratings: rated[spike.at].n,
                n_bad: rated[spike.at].n_low,
                share: spike.share.into(),
                usual: spike.usual,
                p_value: spike.p_value,
            });
        }
        if self.products.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = self.products.iter().map(|one| quoted(&one.product_id)).collect();
        let from = present.begins(Day(present.day.0 + 1 - BUYER_DAYS));
        let sql = format!(
            "with said as ({}) select o.customer_id as customer_id, o.product_id as product_id,
              cast(min(shop_day(o.ordered_at)) as int) as day, cast(sum(o.quantity) as double) as kept
            from orders o where o.product_id in ({}) and o.ordered_at >= {from}
              and not exists (select 1 from said s where s.customer_id = o.customer_id and s.product_id = o.product_id
                and s.stars >= {CONTENT_STARS})
            group by o.customer_id, o.product_id order by customer_id, day",
            said(present, PRODUCT_DAYS),
            ids.join(", ")
        );
        for batch in query(shop, &sql).await? {
            let (who, what, days) =
                (texts(&batch, "customer_id")?, texts(&batch, "product_id")?, integers(&batch, "day")?);
            let kept = floats(&batch, "kept")?;
            for row in (0..batch.num_rows()).filter(|&row| kept.value(row) > 0.0) {
                let product_id = Some(what.value(row).to_owned());
                let since = Day(days.value(row) as i32);
                self.add(who.value(row), Held { reason: Reason::FaultyProduct, since, product_id });
            }
        }
        Ok(())
    }

    /// Who is left out and why, a page of them.
    pub fn list(&self, offset: usize, limit: usize) -> HeldBackList {
        let count = |reason: Reason| HeldCount {
            reason: reason.name().to_owned(),
            text: reason.text(),
            n: self.held.values().filter(|held| held.reason == reason).count() as u64,
        };
        let item = |(id, held): (&String, &Held)| HeldCustomer {
            customer_id: id.clone(),
            reason: held.reason.name().to_owned(),
            text: held.reason.text(),
            since: held.since.to_string(),
            product_id: held.product_id.clone(),
        };
        HeldBackList {
            as_of: self.as_of.to_string(),
            total: self.held.len() as u64,
            reasons: Reason::ALL.map(count).to_vec(),
            items: self.held.iter().skip(offset).take(limit).map(item).collect(),
            products: self.products.clone(),
        }
    }

    /// How many of those whom `statement` answers are left out, and how many of them agreed to which channel.
    pub(super) async fn among(&self, shop: &Shop, statement: &str) -> Result<(u64, BTreeMap<String, u64>)> {
        let ids: Vec<String> = self.held.keys().map(|id| quoted(id)).collect();
        let (mut total, mut by_channel) = (0, BTreeMap::new());
        for ids in ids.chunks(IDS_MAX) {
            let chosen =
                format!("select customer_id from ({statement}) as chosen where customer_id in ({})", ids.join(", "));
            for batch in query(shop, &format!("select count(*) as n from ({chosen}) as held")).await? {
                total += integers(&batch, "n")?.iter().flatten().sum::<i64>() as u64;
            }
            let sql = format!(
                "select channel, count(*) as n from (select unnest(consent) as channel from customers
                  where customer_id in ({chosen})) as agreed group by channel"
            );
            for batch in query(shop, &sql).await? {
                let (channels, n) = (texts(&batch, "channel")?, integers(&batch, "n")?);
                for row in (0..batch.num_rows()).filter(|&row| channels.is_valid(row)) {
                    *by_channel.entry(channels.value(row).to_owned()).or_default() += n.value(row) as u64;
                }
            }
        }
        Ok((total, by_channel))
    }
}

/// Ratings and reviews of the last days as (customer_id, product_id, at, stars), one of each customer, product and moment.
fn said(present: &Present, days: i32) -> String {
    let from = present.begins(Day(present.day.0 + 1 - days));
    let until = present.begins(Day(present.day.0 + 1));
    format!(
        "select customer_id, product_id, at, min(stars) as stars from (
          select customer_id, product_id, at, stars from reviews
          where customer_id is not null and stars is not null and at >= {from} and at < {until}
          union all select customer_id, product_id, at, value as stars from events
          where kind = 'rate' and value is not null and product_id is not null and at >= {from} and at < {until}
        ) as told group by customer_id, product_id, at"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_reason_is_told() {
        let mut gate = Gate::default();
        let held = |reason| Held { reason, since: Day(1), product_id: None };
        for reason in [Reason::BadReview, Reason::OpenCase, Reason::DeliveryLate] {
            gate.add("c", held(reason));
        }
        gate.add("d", held(Reason::FaultyProduct));
        let list = gate.list(0, 10);
        assert_eq!(
            (list.total, list.items[0].reason.as_str(), list.items[1].customer_id.as_str()),
            (2, "open_case", "d")
        );
        let counts: Vec<u64> = list.reasons.iter().map(|one| one.n).collect();
        assert_eq!((counts, gate.list(1, 10).items.len(), gate.holds("e")), (vec![1, 0, 0, 1], 1, false));
    }
}
