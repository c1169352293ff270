//! Finds customer groups in a shop: features by SQL, groups on a sample, everybody assigned, what sets each group apart, and
//! beside it scores, retention and movement. Published as a model of kind `segment`; who is where is the table `segments`.

pub mod activity;
pub mod facts;
pub mod features;
mod find;
mod former;
mod published;
mod resample;
pub mod slices;
pub(crate) mod tastes;
mod views;

use std::collections::BTreeMap;
use std::time::Instant;

use data::Shop;
use data::arrow::array::{Array, RecordBatch};
use data::tables::Row;
use domain::{Cents, Day, SegmentMember};
use segment::profile::{Currency, ProfileOptions, Recent, profile};
use segment::rfm::{Activity, RfmGroup, Scores};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::features::Customers;
use self::find::{Found, Placed};
use self::former::Former;
use self::slices::Slice;
use self::tastes::Tastes;
use super::Progress;
use super::audience::{present, sql::Present};
use super::rows::{integers, query, query_rows, quoted, texts};
use crate::clock;
use crate::error::{Result, ServiceError};

pub use self::published::{Groups, Published, names};
pub use self::views::{Before, Cohorts, Group, Map, Movement, RfmGroupView, RfmView, Segmentation, Trait, Tree, Was};

/// The kind of model under `models/`.
pub const KIND: &str = "segment";
const VERSIONS_KEPT: usize = 10;
/// Customers written at a time.
const BLOCK: usize = 1 << 16;

/// The same words in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Text {
    pub zh: String,
    pub en: String,
}

impl Text {
    pub fn same(text: &str) -> Text {
        Text { zh: text.to_owned(), en: text.to_owned() }
    }
}

impl From<segment::Text> for Text {
    fn from(text: segment::Text) -> Self {
        Text { zh: text.zh, en: text.en }
    }
}

/// What customers are grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// What they bought, when, for how much, and what they looked at.
    #[default]
    Behaviour,
    /// Which things they touched, as the factor model sees them: for shops whose customers look at many.
    Taste,
}

impl By {
    /// # Errors
    /// If it is neither.
    pub fn named(name: &str) -> Result<By> {
        match name {
            "behaviour" => Ok(By::Behaviour),
            "taste" => Ok(By::Taste),
            _ => {
                let message = format!("groups by '{}'; allowed: behaviour, taste", crate::error::clipped(name));
                Err(ServiceError::usage("by", message))
            }
        }
    }
}

/// How to find groups.
#[derive(Clone, Debug)]
pub struct SegmentRequest {
    pub by: By,
    /// As many as suit the data, if absent.
    pub n_clusters: Option<usize>,
    /// A card of `segment`; `k_means` if absent.
    pub algorithm: Option<String>,
    /// `name=value` of that card.
    pub set: Vec<String>,
    pub seed: u64,
    pub n_threads: usize,
    /// Customers whose behaviour a query holds at once; [`slices::CUSTOMERS_MAX`] for 2 million in 2 GiB. What is found does not
    /// depend on it.
    pub slice_max: usize,
}

impl SegmentRequest {
    /// # Errors
    /// If there is no such card, a setting is not its, the number of groups is not 2 to 50, or it is given and to be tried.
    pub fn checked(self) -> Result<SegmentRequest> {
        if let Some(n) = self.n_clusters.filter(|n| !(2..=50).contains(n)) {
            return Err(ServiceError::usage("n_clusters", format!("n_clusters is {n}; allowed: 2 to 50")));
        }
        let settings = method(self.algorithm.as_deref())?.card.settings_from_texts(&self.set)?;
        let tries = settings.get("n_clusters_max").is_some_and(|most| *most != domain::Value::Int(0));
        if tries && self.n_clusters.is_some() {
            let message = "n_clusters and n_clusters_max were both given; allowed: one of them";
            return Err(ServiceError::usage("n_clusters_max", message));
        }
        Ok(self)
    }
}

fn method(name: Option<&str>) -> Result<&'static segment::Method> {
    let name = name.unwrap_or("k_means");
    segment::method(name).ok_or_else(|| {
        let known: Vec<_> = segment::registry().iter().map(|method| method.card.name).collect();
        let message = format!("there is no algorithm '{}'; allowed: {}", crate::error::clipped(name), known.join(", "));
        ServiceError::usage("algorithm", message)
    })
}

/// Finds groups, writes who is where, describes them, and puts all of it into service.
pub async fn train(shop: &Shop, request: SegmentRequest, progress: Progress<'_>) -> Result<Segmentation> {
    let request = request.checked()?;
    shop.lock_for_writing()?;
    let started = Instant::now();
    let go_on = |share: f64, message: &str| match progress(share, message) {
        true => Ok(()),
        false => Err(ServiceError::conflict("cancelled", "cancelled")),
    };
    go_on(0.0, "reading what customers did")?;
    let present = present(shop).await?;
    let slices = slices::slices(shop, request.slice_max).await?;
    let customers = Customers::read(shop, &present, &slices).await?;
    go_on(0.3, "reading purchases")?;
    let purchases = activity::purchases(shop, &customers.ids, &present, &slices).await?;
    go_on(0.4, "finding groups")?;
    let tastes = match request.by {
        By::Behaviour => None,
        By::Taste => Some(Tastes::read(shop, &customers, &request).await?),
    };
    let (mut found, placed) = tokio::task::block_in_place(|| {
        let on = |share: f64, message: &str| progress(0.4 + 0.3 * share, message);
        let found = find::find(&customers, tastes.as_ref(), &request, &on)?;
        let placed = found.place_all(&customers, tastes.as_ref())?;
        Ok::<_, ServiceError>((found, placed))
    })?;
    drop(tastes);
    let former = Former::read(shop, &customers, &placed, found.fitted.centres.len()).await?;
    found.keys.clone_from(&former.keys);
    let scored = tokio::task::block_in_place(|| {
        let activities = activity::activities(&purchases, customers.n(), present.day);
        let scored = activity::scores(&activities);
        let of_all = scored.as_ref().map(|(scores, _, _)| scores.as_slice());
        write_members(shop, &customers, &placed, &found.keys, &activities, of_all)?;
        Ok::<_, ServiceError>(scored)
    })?;
    drop(placed);
    go_on(0.75, "describing the groups")?;
    let totals = totals(shop, &found.keys, &present, &slices).await?;
    let facts = facts::facts(shop, &found.keys, &totals, &present, &slices).await?;
    // In a small shop a few customers must be able to say something.
    let prior = (customers.n() as f64 / 20.0).clamp(1.0, ProfileOptions::default().prior);
    let currency = currency(&shop.config().currency);
    let options = ProfileOptions { currency, prior, recent_days: ACTIVE_DAYS as u32, ..ProfileOptions::default() };
    let profiles = profile(&facts, &options)?;
    go_on(0.95, "counting retention and movement")?;
    let (cohorts, movement) = tokio::task::block_in_place(|| {
        let cohorts = Cohorts::new(activity::cohorts(&purchases, present.day)?);
        let movement =
            activity::movement(&purchases, customers.n(), present.day, activity::DORMANT_DAYS, activity::MONTHS_MAX)?
                .map(Movement::new);
        Ok::<_, ServiceError>((cohorts, movement))
    })?;
    let now = clock::now().0;
    let mut made = Segmentation::new(&found, &request, profiles, &totals, &customers, &present);
    former.tell(&mut made, present.day)?;
    (made.trained_at, made.seconds) = (now, started.elapsed().as_secs_f64());
    let rfm = scored.map(|(_, rfm, cuts)| RfmView::new(&rfm, &cuts, present.day));
    publish(shop, &mut made, &found, &rfm, &cohorts, &movement)?;
    progress(1.0, "in service");
    Ok(made)
}

fn publish(
    shop: &Shop,
    made: &mut Segmentation,
    found: &Found,
    rfm: &Option<RfmView>,
    cohorts: &Cohorts,
    movement: &Option<Movement>,
) -> Result<()> {
    // The version is known only once it is published; readers fill it in.
    made.version = String::new();
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut put = |name: &str, body: serde_json::Result<Vec<u8>>| -> Result<()> {
        files.insert(format!("{name}.json"), body?);
        Ok(())
    };
    put("segmentation", serde_json::to_vec(made))?;
    put("rfm", serde_json::to_vec(rfm))?;
    put("cohorts", serde_json::to_vec(cohorts))?;
    put("movement", serde_json::to_vec(movement))?;
    put("map", serde_json::to_vec(&Map::new(found, made)))?;
    put("tree", serde_json::to_vec(&Tree::new(found)))?;
    put("preparation", serde_json::to_vec(&found.fitted))?;
    made.version = shop.models().publish(KIND, &files)?;
    shop.models().activate(KIND, &made.version)?;
    shop.models().prune(KIND, VERSIONS_KEPT)?;
    Ok(())
}

/// Writes everybody's group and scores, block by block.
fn write_members(
    shop: &Shop,
    customers: &Customers,
    placed: &[Placed],
    keys: &[String],
    activities: &[Option<Activity>],
    scores: Option<&[Option<Scores>]>,
) -> Result<()> {
    let mut writer = shop.tables().replacing_writer(SegmentMember::spec(), "train segment")?;
    for first in (0..customers.n()).step_by(BLOCK) {
        let rows = first..(first + BLOCK).min(customers.n());
        let member = |row: usize| {
            let (placed, activity) = (&placed[row], activities[row].as_ref());
            let scores = scores.and_then(|scores| scores[row]);
            SegmentMember {
                customer_id: customers.ids[row].to_string(),
                segment: Some(keys[usize::from(placed.group)].clone()),
                rfm: scores.map(|scores| scores.group().key().to_owned()),
                recency_score: scores.map(|scores| i64::from(scores.recency)),
                frequency_score: scores.map(|scores| i64::from(scores.frequency)),
                monetary_score: scores.map(|scores| i64::from(scores.monetary)),
                recency_days: activity.map(|activity| i64::from(activity.recency_days)),
                n_purchases: activity.map(|activity| i64::from(activity.n_days)),
                spent_cents: activity.map(|activity| activity.monetary_cents),
                distance: Some(placed.distance),
                x: Some(f64::from(placed.x)),
                y: Some(f64::from(placed.y)),
            }
        };
        let members: Vec<SegmentMember> = rows.map(member).collect();
        writer.write(SegmentMember::to_batch(&members)?)?;
    }
    writer.finish()?;
    Ok(())
}

/// What a group's customers bought in all, and lately.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub n_customers: u64,
    pub n_orders: u64,
    pub revenue: Cents,
    pub recency_days_median: Option<f64>,
    /// The last 90 days and the 90 before; the latter are 0 where the shop's orders do not reach back so far.
    pub recent: Recent,
    /// Whether they do.
    pub is_recent_whole: bool,
}

const ACTIVE_DAYS: i32 = 90;

async fn totals(shop: &Shop, keys: &[String], present: &Present, slices: &[Slice]) -> Result<Vec<Totals>> {
    let end = present.day.0.saturating_add(1);
    let [before, after, end] = [end - 2 * ACTIVE_DAYS, end - ACTIVE_DAYS, end].map(|day| present.begins(Day(day)));
    let begun = present.begins(Day(present.day.0 + 2 - 2 * ACTIVE_DAYS));
    let reaches = format!("select customer_id from orders where ordered_at < {begun} limit 1");
    let is_recent_whole = !query_rows(shop, &reaches).await?.is_empty();
    let mut totals = vec![Totals { is_recent_whole, ..Totals::default() }; keys.len()];
    for slice in slices {
        let [of_line, of_member] = ["customer_id", "s.customer_id"].map(|column| slice.and(column));
        let sql = format!(
            "select s.segment as segment, count(*) as n, coalesce(sum(o.n_orders), 0) as n_orders,
              coalesce(sum(s.spent_cents), 0) as revenue,
              count(case when o.n_now > 0 then 1 end) as n_now, count(case when o.n_before > 0 then 1 end) as n_before,
              coalesce(sum(o.cents_now), 0) as cents_now, coalesce(sum(o.cents_before), 0) as cents_before
            from segments s left join (
              select customer_id, count(case when n_bought > 0 then 1 end) as n_orders, sum(n_now) as n_now,
                sum(n_before) as n_before, sum(cents_now) as cents_now, sum(cents_before) as cents_before
              from (
                select customer_id, order_id, sum(case when quantity > 0 then 1 else 0 end) as n_bought,
                  sum(case when quantity > 0 and ordered_at >= {after} then 1 else 0 end) as n_now,
                  sum(case when quantity > 0 and ordered_at >= {before} and ordered_at < {after} then 1 else 0 end) as n_before,
                  sum(case when ordered_at >= {after} then cents else 0 end) as cents_now,
                  sum(case when ordered_at >= {before} and ordered_at < {after} then cents else 0 end) as cents_before
                from (select *, quantity * unit_price_cents - coalesce(discount_cents, 0) as cents from orders
                  where ordered_at < {end}{of_line}) as lines group by customer_id, order_id
              ) as each_order group by customer_id
            ) o on o.customer_id = s.customer_id where s.segment is not null{of_member} group by s.segment"
        );
        for batch in query(shop, &sql).await? {
            add_totals(&batch, keys, &mut totals)?;
        }
    }
    let medians = "select segment, cast(median(recency_days) as bigint) as recency from segments
        where segment is not null group by segment";
    for batch in query(shop, medians).await? {
        let (names, recency) = (texts(&batch, "segment")?, integers(&batch, "recency")?);
        for row in (0..batch.num_rows()).filter(|&row| recency.is_valid(row)) {
            let Some(at) = keys.iter().position(|key| key == names.value(row)) else { continue };
            totals[at].recency_days_median = Some(recency.value(row) as f64);
        }
    }
    Ok(totals)
}

/// Adds what was counted of a slice of the customers.
fn add_totals(batch: &RecordBatch, keys: &[String], totals: &mut [Totals]) -> Result<()> {
    let names = texts(batch, "segment")?;
    let column = |name: &str| integers(batch, name);
    let (n, orders, revenue) = (column("n")?, column("n_orders")?, column("revenue")?);
    let (n_now, n_before) = (column("n_now")?, column("n_before")?);
    let (cents_now, cents_before) = (column("cents_now")?, column("cents_before")?);
    for row in 0..batch.num_rows() {
        let Some(at) = keys.iter().position(|key| key == names.value(row)) else { continue };
        let totals = &mut totals[at];
        totals.n_customers += n.value(row) as u64;
        totals.n_orders += orders.value(row) as u64;
        totals.revenue.0 += revenue.value(row);
        totals.recent.n_active += n_now.value(row) as u64;
        totals.recent.n_active_before += n_before.value(row) as u64;
        totals.recent.value_cents.0 += cents_now.value(row);
        totals.recent.value_cents_before.0 += cents_before.value(row);
    }
    Ok(())
}

/// How a currency is written short.
fn currency(code: &str) -> Currency {
    let (zh_after, en_before) = match code {
        "CNY" => ("元", "¥"),
        "USD" => ("美元", "$"),
        "EUR" => ("欧元", "€"),
        "GBP" => ("英镑", "£"),
        "JPY" => ("日元", "¥"),
        "INR" => ("卢比", "₹"),
        other => return Currency { zh_after: format!(" {other}"), en_before: format!("{other} ") },
    };
    Currency { zh_after: zh_after.to_owned(), en_before: en_before.to_owned() }
}

/// The groups of some customers, by id, with their names.
pub async fn groups_of(shop: &Shop, kept: &Groups, ids: &[&str]) -> Result<BTreeMap<String, (String, Text)>> {
    let Some(published) = kept.now(shop).await?.filter(|_| !ids.is_empty()) else { return Ok(BTreeMap::new()) };
    let groups = &published.groups()?.groups;
    let listed = ids.iter().map(|id| quoted(id)).collect::<Vec<_>>().join(", ");
    let sql =
        format!("select customer_id, segment from segments where segment is not null and customer_id in ({listed})");
    let mut found = BTreeMap::new();
    for batch in query(shop, &sql).await? {
        let (who, keys) = (texts(&batch, "customer_id")?, texts(&batch, "segment")?);
        for (id, key) in who.iter().flatten().zip(keys.iter().flatten()) {
            let name = groups.iter().find(|group| group.key == key).map(|group| group.name.clone());
            found.insert(id.to_owned(), (key.to_owned(), name.unwrap_or_else(|| Text::same(key))));
        }
    }
    Ok(found)
}

/// A customer of a group.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = GroupMember)]
pub struct Member {
    pub customer_id: String,
    pub segment: Option<String>,
    pub rfm: Option<String>,
    pub n_orders: i64,
    pub spent_cents: i64,
    /// UTC milliseconds of the last order.
    pub last_seen: Option<i64>,
}

/// A page of a group's customers, by what they spent.
pub async fn members(shop: &Shop, key: &str, offset: usize, limit: usize) -> Result<Vec<Member>> {
    // Groups found and groups by recency, frequency and money have different keys.
    let column = if RfmGroup::from_key(key).is_some() { "rfm" } else { "segment" };
    let sql = format!(
        "select customer_id from segments where {column} = {} order by spent_cents desc nulls last, customer_id limit {limit} offset {offset}",
        quoted(key)
    );
    listed(shop, &sql, "s.spent_cents desc nulls last, s.customer_id").await
}

/// The customers nearest to a place of the map.
pub async fn near(shop: &Shop, x: u16, y: u16, n: usize) -> Result<Vec<Member>> {
    let away = format!("(x - {x}) * (x - {x}) + (y - {y}) * (y - {y})");
    let sql = format!("select customer_id from segments where x is not null order by {away}, customer_id limit {n}");
    let away = format!("(s.x - {x}) * (s.x - {x}) + (s.y - {y}) * (s.y - {y}), s.customer_id");
    listed(shop, &sql, &away).await
}

async fn listed(shop: &Shop, chosen: &str, order: &str) -> Result<Vec<Member>> {
    let sql = format!(
        "select s.customer_id, s.segment, s.rfm, coalesce(s.spent_cents, 0) as spent,
          coalesce(o.n_orders, 0) as ordered, o.last as last_seen
        from segments s left join (
          select customer_id, count(distinct case when quantity > 0 then order_id end) as n_orders, max(ordered_at) as last
          from orders where customer_id in (select customer_id from ({chosen}) as chosen) group by customer_id
        ) o on o.customer_id = s.customer_id
        where s.customer_id in (select customer_id from ({chosen}) as chosen) order by {order}"
    );
    let rows = query_rows(shop, &sql).await?;
    let member = |row: serde_json::Map<String, serde_json::Value>| Member {
        customer_id: row["customer_id"].as_str().unwrap_or_default().to_owned(),
        segment: row["segment"].as_str().map(str::to_owned),
        rfm: row["rfm"].as_str().map(str::to_owned),
        n_orders: row["ordered"].as_i64().unwrap_or(0),
        spent_cents: row["spent"].as_i64().unwrap_or(0),
        last_seen: row["last_seen"].as_i64(),
    };
    Ok(rows.into_iter().map(member).collect())
}
