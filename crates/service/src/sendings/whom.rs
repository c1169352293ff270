//! Whom a sending is for: the list of a decision as it was accepted, or the members of an audience as they are now, each with the way
//! they are reached by, in order, and who of them is left out as a control. Whoever cannot be reached stands among them with the reason,
//! so that nobody is missing without one.

use std::collections::{BTreeMap, BTreeSet};

use data::Shop;
use data::arrow::array::Array;
use data::state::sendings::SendingItem;
use domain::Customer;
use strategy::experiment::assign::position;

use super::{Desk, Sending};
use crate::decisions::{Listed, accepted_list};
use crate::error::{Result, ServiceError};
use crate::flows::rows::{query_rows, quoted, texts};
use crate::store::Store;

/// Everybody, numbered from 1 in the order in which they are sent; without keys.
///
/// # Errors
/// If the list or the tables cannot be read.
pub async fn items(desk: &Desk<'_>, sending: &Sending) -> Result<Vec<SendingItem>> {
    let mut items = match (&sending.decision_id, &sending.audience_id) {
        (Some(decision), _) => of_decision(desk, sending, decision)?,
        (None, Some(audience)) => of_audience(desk, sending, audience).await?,
        (None, None) => return Err(ServiceError::failed("the sending is for nobody")),
    };
    let reached: BTreeSet<String> =
        desk.shop.state()?.reached(&sending.campaign_id)?.into_iter().map(|item| item.customer_id).collect();
    for (item, nth) in items.iter_mut().zip(1..) {
        (item.nth, item.sending_id) = (nth, sending.id.clone());
        if reached.contains(&item.customer_id) {
            (item.state, item.reason) = ("left_out".to_owned(), Some("sent_before".to_owned()));
        }
    }
    Ok(items)
}

fn waiting(customer_id: String, way: &str) -> SendingItem {
    SendingItem {
        customer_id,
        way: way.to_owned(),
        state: "waiting".to_owned(),
        propensity: 1.0,
        ..SendingItem::default()
    }
}

fn left_out(customer_id: String, reason: &str) -> SendingItem {
    SendingItem { state: "left_out".to_owned(), reason: Some(reason.to_owned()), ..waiting(customer_id, "") }
}

fn of_decision(desk: &Desk<'_>, sending: &Sending, decision: &str) -> Result<Vec<SendingItem>> {
    let listed = accepted_list(desk.shop, desk.store, decision)?;
    // Those who are left out cost nothing; what they would have cost counts against the budget all the same.
    let mut costs: BTreeMap<&str, f64> = BTreeMap::new();
    for row in &listed {
        let cost = costs.entry(&row.channel).or_default();
        *cost = cost.max(row.cost_cents);
    }
    let item = |row: &Listed| {
        if !sending.routes.iter().any(|route| route.way == row.channel) {
            return left_out(row.customer_id.clone(), "no_consent");
        }
        let known = costs.get(row.channel.as_str()).copied().unwrap_or(0.0);
        SendingItem {
            product_id: row.product_id.clone(),
            is_control: row.is_control,
            propensity: row.propensity,
            cost_cents: desk.cost_cents(&row.channel).unwrap_or(known.round() as i64),
            ..waiting(row.customer_id.clone(), &row.channel)
        }
    };
    Ok(listed.iter().map(item).collect())
}

async fn of_audience(desk: &Desk<'_>, sending: &Sending, audience: &str) -> Result<Vec<SendingItem>> {
    let consents = consents(desk.shop, desk.store).await?;
    let sql = format!(
        "select customer_id from audience_members where audience_id = {} order by score desc nulls last, customer_id",
        quoted(audience)
    );
    let mut ids: Vec<String> = Vec::new();
    let mut take = |batch: data::arrow::array::RecordBatch| -> Result<()> {
        let who = texts(&batch, "customer_id")?;
        ids.extend(who.iter().flatten().map(str::to_owned));
        Ok(())
    };
    desk.shop.engine()?.for_each(&sql, &mut take).await?;
    let item = |id: String| {
        let agreed = consents.get(&id).map_or(&[][..], Vec::as_slice);
        let Some(route) = sending.routes.iter().find(|route| agreed.contains(&route.way)) else {
            return left_out(id, "no_consent");
        };
        let is_control = position(&sending.id, "control", &id) < sending.control;
        SendingItem {
            is_control,
            propensity: if is_control { sending.control } else { 1.0 - sending.control },
            cost_cents: desk.cost_cents(&route.way).unwrap_or(0),
            ..waiting(id, &route.way)
        }
    };
    Ok(ids.into_iter().map(item).collect())
}

/// What customers agreed to, as it is now.
async fn consents(shop: &Shop, store: &Store) -> Result<BTreeMap<String, Vec<String>>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut take = |batch: data::arrow::array::RecordBatch| -> Result<()> {
        let (who, ways) = (texts(&batch, "customer_id")?, texts(&batch, "way")?);
        for row in (0..batch.num_rows()).filter(|&row| who.is_valid(row) && ways.is_valid(row)) {
            all.entry(who.value(row).to_owned()).or_default().push(ways.value(row).to_owned());
        }
        Ok(())
    };
    let sql = "select customer_id, unnest(consent) as way from customers where consent is not null";
    shop.engine()?.for_each(sql, &mut take).await?;
    // What has been changed since stands beside the table.
    for changed in store.overlays("customers")? {
        match changed.body {
            Some(body) => drop(all.insert(changed.key, serde_json::from_str::<Customer>(&body)?.consent)),
            None => drop(all.remove(&changed.key)),
        }
    }
    Ok(all)
}

/// Rows of these customers as they are now, by id; nothing of who is not known.
///
/// # Errors
/// If the tables cannot be read.
pub async fn rows(shop: &Shop, store: &Store, ids: &[String]) -> Result<BTreeMap<String, Customer>> {
    let mut all = BTreeMap::new();
    if ids.is_empty() {
        return Ok(all);
    }
    let named = ids.iter().map(|id| quoted(id)).collect::<Vec<_>>().join(", ");
    for mut row in query_rows(shop, &format!("select * from customers where customer_id in ({named})")).await? {
        row.retain(|_, value| !value.is_null());
        let customer: Customer = serde_json::from_value(row.into())?;
        all.insert(customer.customer_id.clone(), customer);
    }
    let wanted: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    for changed in store.overlays("customers")?.into_iter().filter(|one| wanted.contains(one.key.as_str())) {
        match changed.body {
            Some(body) => drop(all.insert(changed.key, serde_json::from_str(&body)?)),
            None => drop(all.remove(&changed.key)),
        }
    }
    Ok(all)
}
