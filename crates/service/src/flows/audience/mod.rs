//! Audiences: named sets of customers, by conditions or by likeness. What an audience means is stored as conditions and shown
//! as SQL; who is in it is a table, `audience_members`, made anew by each refresh.

pub mod condition;
pub mod gate;
pub mod lookalike;
pub mod sql;
pub mod taste;

use std::collections::BTreeSet;

use data::Shop;
use data::tables::Row;
use domain::{AudienceMember, Day, Millis};
use segment::rfm::RfmGroup;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use self::condition::{Condition, PLACES_KEPT};
use self::gate::Gate;
use self::sql::{Present, members};
use super::rows::{integers, query, query_rows, quoted, texts};
use super::segment::Groups;
use crate::clock;
use crate::error::{Result, ServiceError, clipped};
use crate::random;
use crate::store::Store;

const NAME_CHARS_MAX: usize = 80;
const AUDIENCES_MAX: usize = 1000;
/// Sizes remembered of past refreshes.
const HISTORY_MAX: usize = 400;

/// How often a running server makes an audience anew.
pub const REFRESH: &[(&str, i64)] = &[("hourly", 3_600_000), ("daily", 86_400_000), ("never", i64::MAX)];

/// An audience as stored and as the API shows it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Audience {
    pub id: String,
    pub name: String,
    /// `rules` or `lookalike`.
    pub kind: String,
    #[schema(value_type = Option<Object>)]
    pub conditions: Option<Value>,
    /// What the conditions mean; the statement of the last refresh.
    pub sql: String,
    pub n_customers: u64,
    /// How many of them agreed to which channel and are not left out for something open, as of the last refresh.
    #[serde(default)]
    pub consent: Vec<Reach>,
    /// How many of them are left out of campaigns for something open (`GET /v1/after-sales/held-back`), as of the last refresh.
    #[serde(default)]
    pub n_held_back: u64,
    /// UTC milliseconds.
    pub refreshed_at: i64,
    pub created_at: i64,
    /// `hourly`, `daily` or `never`.
    pub refresh: String,
    pub history: Vec<Size>,
    pub lookalike: Option<lookalike::Report>,
    /// Groups that it asks for and that exist no more: its members stay those of the last refresh until it is changed.
    #[serde(default)]
    pub lost_groups: Vec<String>,
}

/// How large an audience was.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Size {
    pub at: i64,
    pub n: u64,
}

/// An audience as somebody asks for it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub name: String,
    pub conditions: Condition,
    pub refresh: String,
}

impl Asked {
    /// # Errors
    /// If the name, the schedule or the conditions are not allowed.
    pub fn new(name: &str, conditions: &Value, refresh: Option<&str>) -> Result<Asked> {
        let refresh = checked_refresh(refresh.unwrap_or("daily"))?;
        Ok(Asked { name: checked_name(name)?, conditions: Condition::parse(conditions)?, refresh })
    }
}

fn checked_refresh(refresh: &str) -> Result<String> {
    if !REFRESH.iter().any(|(known, _)| *known == refresh) {
        let message = format!("refresh is '{}'; allowed: hourly, daily, never", clipped(refresh));
        return Err(ServiceError::usage("refresh", message));
    }
    Ok(refresh.to_owned())
}

pub(super) fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    let n_chars = name.chars().count();
    if n_chars == 0 || n_chars > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        let message = format!("the name has {n_chars} characters; allowed: 1 to {NAME_CHARS_MAX} on one line");
        return Err(ServiceError::usage("name", message));
    }
    Ok(name.to_owned())
}

/// The local day on which the shop's data end, from which "within 90 days" counts back.
pub async fn present(shop: &Shop) -> Result<Present> {
    let zone = &shop.config().time_zone;
    let day = last_day(shop).await?.unwrap_or_else(|| clock::today(zone));
    Ok(Present { day, zone: clock::zone(zone) })
}

/// The last day of the shop's orders and events; none while there are none.
///
/// # Errors
/// If the tables cannot be read.
pub async fn last_day(shop: &Shop) -> Result<Option<Day>> {
    let sql = "select max(day) as day from (select max(shop_day(at)) as day from events
        union all select max(shop_day(ordered_at)) as day from orders) as days";
    let rows = query_rows(shop, sql).await?;
    Ok(rows.first().and_then(|row| row["day"].as_str()?.parse::<Day>().ok()))
}

/// A shop with its audiences and its groups in service.
#[derive(Clone, Copy)]
pub struct Home<'a> {
    pub shop: &'a Shop,
    pub store: &'a Store,
    pub groups: &'a Groups,
}

/// How many satisfy the conditions, and how they may be reached.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Count {
    pub n: u64,
    pub n_all: u64,
    pub share: f64,
    /// What they have spent.
    pub revenue_cents: i64,
    /// Who agreed to which channel and is not left out for something open.
    pub consent: Vec<Reach>,
    /// Who is left out of campaigns for something open.
    pub n_held_back: u64,
    pub sql: String,
}

/// Customers who may be addressed on a channel.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Reach {
    pub channel: String,
    pub n: u64,
}

/// Counts without storing anything.
pub async fn count(home: Home<'_>, conditions: &Condition) -> Result<Count> {
    known(home, conditions).await?;
    let shop = home.shop;
    let present = present(shop).await?;
    let statement = members(conditions, &present);
    let everyone = members(&Condition::All(Vec::new()), &present);
    let totals = format!(
        "select (select count(*) from ({statement}) as chosen) as n, (select count(*) from ({everyone}) as known) as n_all,
        (select sum(quantity * unit_price_cents - coalesce(discount_cents, 0)) from orders
          where customer_id in (select customer_id from ({statement}) as chosen)) as revenue_cents"
    );
    let totals = query_rows(shop, &totals).await?;
    let total = |name: &str| totals.first().and_then(|row| row[name].as_i64()).unwrap_or(0);
    let (consent, n_held_back) = reach(shop, &statement).await?;
    let (n, n_all) = (total("n") as u64, total("n_all") as u64);
    let share = if n_all == 0 { 0.0 } else { n as f64 / n_all as f64 };
    Ok(Count { n, n_all, share, revenue_cents: total("revenue_cents"), consent, n_held_back, sql: statement })
}

/// How many of those whom `statement` answers may be addressed on which channel, most first; and how many may not for something
/// open.
async fn reach(shop: &Shop, statement: &str) -> Result<(Vec<Reach>, u64)> {
    let (n_held_back, held) = Gate::read(shop).await?.among(shop, statement).await?;
    let sql = format!(
        "select channel, count(*) as n from (select unnest(consent) as channel from customers
          where customer_id in (select customer_id from ({statement}) as chosen)) as agreed
        group by channel order by n desc, channel limit 50"
    );
    let mut reach = Vec::new();
    for batch in query(shop, &sql).await? {
        let (channels, counts) = (texts(&batch, "channel")?, integers(&batch, "n")?);
        let each = |at: usize| {
            let channel = channels.value(at).to_owned();
            let n = (counts.value(at) as u64).saturating_sub(held.get(&channel).copied().unwrap_or(0));
            Reach { channel, n }
        };
        reach.extend((0..batch.num_rows()).map(each));
    }
    Ok((reach, n_held_back))
}

/// Every audience and every group that a condition names must be there: a misspelt one would be an empty set. So must be what
/// everybody would be recommended, if it asks for that.
async fn known(home: Home<'_>, conditions: &Condition) -> Result<()> {
    let Home { shop, store, .. } = home;
    for id in conditions.audiences() {
        store.audience(id)?.ok_or_else(|| ServiceError::not_found("audience", id))?;
    }
    if let Some(key) = lost_groups(home, conditions).await?.first() {
        let there = group_keys(home).await?.join(", ");
        let help = match there.is_empty() {
            true => "make groups first: tercet train segment".to_owned(),
            false => format!("there are: {there}"),
        };
        return Err(ServiceError::not_found("group", key).help(help));
    }
    if let Some(key) = conditions.values_of("rfm").into_iter().find(|key| RfmGroup::from_key(key).is_none()) {
        let there: Vec<_> = RfmGroup::ALL.into_iter().map(RfmGroup::key).collect();
        return Err(ServiceError::not_found("RFM group", key).help(format!("there are: {}", there.join(", "))));
    }
    for asked in conditions.tastes() {
        taste::known(shop, asked.kind, &asked.name).await?;
    }
    if conditions.asks_lists() && kept_lists(shop).await?.is_none() {
        let message = "what everybody would be recommended has not been worked out yet";
        return Err(ServiceError::conflict("recommendations", message)
            .help("do so: tercet recommend --all --keep, or POST /v1/jobs {\"kind\": \"predict\"}"));
    }
    Ok(())
}

async fn group_keys(home: Home<'_>) -> Result<Vec<String>> {
    let Some(published) = home.groups.now(home.shop).await? else { return Ok(Vec::new()) };
    Ok(published.groups()?.groups.iter().map(|group| group.key.clone()).collect())
}

/// Groups that are asked for and not there.
async fn lost_groups(home: Home<'_>, conditions: &Condition) -> Result<Vec<String>> {
    let asked: BTreeSet<&str> = conditions.values_of("segment").into_iter().collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let there = group_keys(home).await?;
    Ok(asked.into_iter().filter(|key| !there.iter().any(|known| known == key)).map(str::to_owned).collect())
}

/// What is kept of what everybody would be recommended: the model it came from, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeptLists {
    /// Absent if it was popularity alone.
    pub model_version: Option<String>,
    /// UTC milliseconds.
    pub made_at: i64,
    /// Places of each list.
    pub n: usize,
}

/// `None` before it was first worked out.
pub async fn kept_lists(shop: &Shop) -> Result<Option<KeptLists>> {
    let rows = query_rows(shop, "select model_version, made_at from recommendations limit 1").await?;
    Ok(rows.first().map(|row| KeptLists {
        model_version: row["model_version"].as_str().map(str::to_owned),
        made_at: row["made_at"].as_i64().unwrap_or(0),
        n: PLACES_KEPT,
    }))
}

/// Whether an audience that is kept up to date asks what everybody would be recommended.
pub fn any_asks_recommendations(store: &Store) -> Result<bool> {
    for audience in store.audiences(AUDIENCES_MAX)? {
        let Some(value) = &audience.conditions else { continue };
        if audience.refresh != "never" && Condition::parse(value)?.asks_recommendations() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes an audience and fills it.
pub async fn create(home: Home<'_>, asked: Asked) -> Result<Audience> {
    let others = home.store.audiences(AUDIENCES_MAX)?;
    if others.len() >= AUDIENCES_MAX {
        return Err(ServiceError::conflict("audiences", format!("there are {AUDIENCES_MAX} audiences already"))
            .help("delete one that is not used"));
    }
    free_name(&others, &asked.name, "")?;
    known(home, &asked.conditions).await?;
    let now = clock::now().0;
    let audience = Audience {
        id: format!("aud_{}", random::token(6)?),
        name: asked.name,
        kind: "rules".to_owned(),
        conditions: Some(asked.conditions.to_json()),
        sql: String::new(),
        n_customers: 0,
        consent: Vec::new(),
        n_held_back: 0,
        refreshed_at: 0,
        created_at: now,
        refresh: asked.refresh,
        history: Vec::new(),
        lookalike: None,
        lost_groups: Vec::new(),
    };
    refresh(home, audience).await
}

fn free_name(others: &[Audience], name: &str, own: &str) -> Result<()> {
    match others.iter().find(|other| other.name == name && other.id != own) {
        Some(_) => Err(ServiceError::conflict("name", format!("there is an audience '{name}' already"))
            .help("choose another name, or change that audience")),
        None => Ok(()),
    }
}

/// Replaces what an audience means, and fills it anew.
pub async fn change(home: Home<'_>, id: &str, asked: Asked) -> Result<Audience> {
    let store = home.store;
    let mut audience = get(store, id)?;
    if audience.kind != "rules" {
        return Err(ServiceError::conflict("kind", "a look-alike audience has no conditions to change"));
    }
    free_name(&store.audiences(AUDIENCES_MAX)?, &asked.name, id)?;
    known(home, &asked.conditions).await?;
    if asks_for(store, &asked.conditions, id)? {
        return Err(ServiceError::usage(
            "conditions",
            "an audience cannot ask for itself, directly or through another",
        ));
    }
    (audience.name, audience.refresh) = (asked.name, asked.refresh);
    audience.conditions = Some(asked.conditions.to_json());
    refresh(home, audience).await
}

/// Gives an audience another name or schedule, and leaves its members alone.
pub fn rename(store: &Store, id: &str, name: Option<&str>, refresh: Option<&str>) -> Result<Audience> {
    let mut audience = get(store, id)?;
    if let Some(name) = name {
        audience.name = checked_name(name)?;
        free_name(&store.audiences(AUDIENCES_MAX)?, &audience.name, id)?;
    }
    if let Some(refresh) = refresh {
        if audience.kind != "rules" && refresh != "never" {
            return Err(ServiceError::conflict("kind", "a look-alike audience is not made anew; allowed: never"));
        }
        audience.refresh = checked_refresh(refresh)?;
    }
    store.put_audience(&audience)?;
    Ok(audience)
}

/// Whether `conditions` lead to the audience `id`.
fn asks_for(store: &Store, conditions: &Condition, id: &str) -> Result<bool> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![conditions.clone()]);
    while let Some(condition) = open.pop() {
        for other in condition.audiences() {
            if other == id {
                return Ok(true);
            }
            if seen.insert(other.to_owned())
                && let Some(Audience { conditions: Some(value), .. }) = store.audience(other)?
            {
                open.push(Condition::parse(&value)?);
            }
        }
    }
    Ok(false)
}

/// The audience of this id or, failing that, of this name.
pub fn named(store: &Store, text: &str) -> Result<Audience> {
    if let Some(found) = store.audience(text)? {
        return Ok(found);
    }
    let all = store.audiences(AUDIENCES_MAX)?;
    all.into_iter().find(|one| one.name == text).ok_or_else(|| ServiceError::not_found("audience", text))
}

pub fn get(store: &Store, id: &str) -> Result<Audience> {
    store.audience(id)?.ok_or_else(|| ServiceError::not_found("audience", id))
}

/// Deletes an audience and its members; refused while another asks for it.
pub fn delete(shop: &Shop, store: &Store, id: &str) -> Result<()> {
    get(store, id)?;
    for other in store.audiences(AUDIENCES_MAX)? {
        let Some(value) = &other.conditions else { continue };
        if other.id != id && Condition::parse(value)?.audiences().contains(&id) {
            return Err(ServiceError::conflict("in_use", format!("the audience '{}' asks for this one", other.name))
                .help("change that one first"));
        }
    }
    shop.lock_for_writing()?;
    store.delete_audience(id)?;
    shop.tables().delete_where(AudienceMember::spec(), "audience_id", &BTreeSet::from([id.to_owned()]))?;
    Ok(())
}

/// Finds out who satisfies the conditions now, and stores who they are. A look-alike audience stays as it is, and so does one
/// that asks for a group which exists no more: nobody would be in it, and that is not what was meant.
pub async fn refresh(home: Home<'_>, mut audience: Audience) -> Result<Audience> {
    let Home { shop, store, .. } = home;
    let Some(value) = &audience.conditions else { return Ok(audience) };
    let conditions = Condition::parse(value)?;
    let lost = lost_groups(home, &conditions).await?;
    let is_news = lost != audience.lost_groups;
    audience.lost_groups = lost;
    if !audience.lost_groups.is_empty() {
        if is_news {
            store.put_audience(&audience)?;
        }
        return Ok(audience);
    }
    audience.sql = members(&conditions, &present(shop).await?);
    let mut ids = Vec::new();
    for batch in query(shop, &format!("{}\norder by e.customer_id", audience.sql)).await? {
        let column = texts(&batch, "customer_id")?;
        ids.extend(column.iter().flatten().map(|id| (id.to_owned(), None)));
    }
    keep(shop, store, audience, ids).await
}

/// Replaces an audience's members, in one change: whoever reads meanwhile sees those before.
pub(super) async fn keep(
    shop: &Shop,
    store: &Store,
    mut audience: Audience,
    ids: Vec<(String, Option<f64>)>,
) -> Result<Audience> {
    let now = clock::now().0;
    audience.n_customers = ids.len() as u64;
    audience.refreshed_at = now;
    audience.history.push(Size { at: now, n: audience.n_customers });
    let n_old = audience.history.len().saturating_sub(HISTORY_MAX);
    audience.history.drain(..n_old);
    let (writing, id) = (shop.clone(), audience.id.clone());
    let done = tokio::task::spawn_blocking(move || -> Result<()> {
        let shop = writing;
        shop.lock_for_writing()?;
        let row = |(customer_id, score)| AudienceMember {
            audience_id: id.clone(),
            customer_id,
            score,
            added_at: Millis(now),
        };
        shop.tables().replace_where("audience_id", &id, ids.into_iter().map(row), "audience")?;
        Ok(())
    });
    done.await.map_err(|error| ServiceError::failed(format!("refreshing an audience: {error}")))??;
    let own = format!("select customer_id from audience_members where audience_id = {}", quoted(&audience.id));
    (audience.consent, audience.n_held_back) = reach(shop, &own).await?;
    store.put_audience(&audience)?;
    Ok(audience)
}

/// Refreshes what is due; how many were.
pub async fn refresh_due(home: Home<'_>, now: i64) -> Result<usize> {
    let mut n_refreshed = 0;
    for audience in home.store.audiences(AUDIENCES_MAX)? {
        let every = REFRESH.iter().find(|(name, _)| *name == audience.refresh).map_or(i64::MAX, |(_, ms)| *ms);
        if audience.conditions.is_some() && now.saturating_sub(audience.refreshed_at) >= every {
            refresh(home, audience).await?;
            n_refreshed += 1;
        }
    }
    Ok(n_refreshed)
}

/// Refreshes those that ask for something that has just changed, unless they are never to be refreshed; how many were.
pub async fn refresh_where(home: Home<'_>, asks: impl Fn(&Condition) -> bool) -> Result<usize> {
    let mut n_refreshed = 0;
    for audience in home.store.audiences(AUDIENCES_MAX)? {
        let Some(value) = &audience.conditions else { continue };
        if audience.refresh != "never" && asks(&Condition::parse(value)?) {
            refresh(home, audience).await?;
            n_refreshed += 1;
        }
    }
    Ok(n_refreshed)
}

/// One customer of an audience, with what they bought.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Member {
    pub customer_id: String,
    pub score: Option<f64>,
    pub n_orders: i64,
    pub spent_cents: i64,
    /// UTC milliseconds of the last order.
    pub last_seen: Option<i64>,
}

/// A page of members: by score if there is one, then by what they spent.
pub async fn page(shop: &Shop, id: &str, offset: usize, limit: usize) -> Result<Vec<Member>> {
    let sql = format!(
        "select m.customer_id, m.score, count(distinct o.order_id) as n_orders,
          coalesce(sum(o.quantity * o.unit_price_cents - coalesce(o.discount_cents, 0)), 0) as spent_cents,
          max(o.ordered_at) as last_seen
        from audience_members m left join orders o on o.customer_id = m.customer_id
        where m.audience_id = {} group by m.customer_id, m.score
        order by m.score desc nulls last, spent_cents desc, m.customer_id limit {limit} offset {offset}",
        quoted(id)
    );
    let row = |row: serde_json::Map<String, Value>| Member {
        customer_id: row["customer_id"].as_str().unwrap_or_default().to_owned(),
        score: row["score"].as_f64(),
        n_orders: row["n_orders"].as_i64().unwrap_or(0),
        spent_cents: row["spent_cents"].as_i64().unwrap_or(0),
        last_seen: row["last_seen"].as_i64(),
    };
    Ok(query_rows(shop, &sql).await?.into_iter().map(row).collect())
}

/// A statement that answers `customer_id` and `score` of the members: with a channel those who agreed to be addressed on it,
/// without all.
fn reachable(id: &str, channel: Option<&str>) -> String {
    let agreed = channel.map_or(String::new(), |channel| {
        format!(
            " and m.customer_id in (select customer_id from customers where array_has(consent, {}))",
            quoted(channel)
        )
    });
    let id = quoted(id);
    format!("select m.customer_id, m.score from audience_members m where m.audience_id = {id}{agreed}")
}

/// Such members; with a channel without those who are left out for something open.
pub async fn members_of(shop: &Shop, id: &str, channel: Option<&str>) -> Result<BTreeSet<String>> {
    let gate = gate_of(shop, channel).await?;
    let mut found = BTreeSet::new();
    for batch in query(shop, &reachable(id, channel)).await? {
        let ids = texts(&batch, "customer_id")?;
        found.extend(ids.iter().flatten().filter(|id| !gate.holds(id)).map(str::to_owned));
    }
    Ok(found)
}

/// Who is left out: nobody where nobody will be addressed.
async fn gate_of(shop: &Shop, channel: Option<&str>) -> Result<Gate> {
    match channel {
        Some(_) => Gate::read(shop).await,
        None => Ok(Gate::default()),
    }
}

/// Members as CSV.
#[derive(Clone, Debug)]
pub struct Exported {
    pub text: String,
    /// Members who agreed and are left out for something open.
    pub n_held_back: u64,
}

/// Such members as CSV; with a channel without those who are left out for something open.
pub async fn export(shop: &Shop, store: &Store, id: &str, channel: Option<&str>) -> Result<Exported> {
    get(store, id)?;
    let gate = gate_of(shop, channel).await?;
    let sql = format!("{} order by m.score desc nulls last, m.customer_id", reachable(id, channel));
    let (mut text, mut n_held_back) = (String::from("customer_id,score\n"), 0);
    for row in query_rows(shop, &sql).await? {
        let id = row["customer_id"].as_str().unwrap_or_default();
        if gate.holds(id) {
            n_held_back += 1;
            continue;
        }
        let score = row["score"].as_f64().map_or(String::new(), |score| format!("{score:.6}"));
        text.push_str(&format!("{},{score}\n", csv_cell(id)));
    }
    Ok(Exported { text, n_held_back })
}

/// Quoted where needed. What a spreadsheet would run as a formula is led by an apostrophe.
pub fn csv_cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t']) { format!("'{text}") } else { text.to_owned() };
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_harmless() {
        for (text, cell) in [("a", "a"), ("a,\"b", "\"a,\"\"b\""), ("=1+1", "'=1+1"), ("-5", "'-5")] {
            assert_eq!(csv_cell(text), cell);
        }
    }
}
