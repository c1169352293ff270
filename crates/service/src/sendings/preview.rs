//! The dry run: what would be sent to how many, and why others are left out, by the very checks that ask it when it leaves; nothing is
//! noted and nothing leaves. And the file of what was handed over as one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use data::state::sendings::SendingItem;
use serde::Serialize;
use utoipa::ToSchema;

use super::leave::{Not, judge, place_of};
use super::{Count, Desk, Sending, State, copy, reason_text, whom};
use crate::channels::copies::{CopyParcel, FILE};
use crate::error::{Result, ServiceError};
use crate::flows::audience::csv_cell;
use crate::flows::segment::Text;

/// Looked up at once.
const LOOK_MAX: usize = 2_000;
const PAGE: usize = 5_000;
/// Shown as they would leave: of each draft.
const SHOWN_OF_DRAFT: usize = 1;
const SHOWN_MAX: usize = 20;

/// What one route would send.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = SendingRoutePreview)]
pub struct RoutePreview {
    pub way: String,
    pub channel: String,
    pub n_to_send: u64,
    pub n_control: u64,
    pub cost_cents: i64,
    /// Contacts a minute, and a day, at most.
    pub per_minute: Option<u64>,
    pub per_day: Option<u64>,
}

/// A dry run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = SendingPreview)]
pub struct Preview {
    /// UTC milliseconds; it says how things stand then.
    pub at: i64,
    pub n_listed: u64,
    pub n_to_send: u64,
    pub n_control: u64,
    pub cost_cents: i64,
    pub routes: Vec<RoutePreview>,
    /// Who would be left out, or is already, and why.
    pub left_out: Vec<Count>,
    /// Nothing leaves before then: quiet hours, or its own time.
    pub waits_until: Option<i64>,
    /// What keeps it from being sent at all: drafts that may not go out.
    pub blocked: Vec<Text>,
    /// As they would leave; one of each draft.
    pub shown: Vec<CopyParcel>,
}

/// Says what would be sent at `now`; `broken` are drafts that may not go out any more.
///
/// # Errors
/// If there is no such sending, or the shop cannot be read.
pub async fn preview(
    desk: &Desk<'_>,
    sending: &Sending,
    broken: &BTreeMap<String, String>,
    now: i64,
) -> Result<Preview> {
    let terms = desk.terms(sending)?;
    let mut made = Preview {
        at: now,
        waits_until: sending.not_before.filter(|at| *at > now).or_else(|| terms.quiet_until(now)),
        blocked: blocked(desk, sending, broken),
        ..Preview::default()
    };
    for route in &sending.routes {
        made.routes.push(RoutePreview {
            way: route.way.clone(),
            channel: route.channel.clone(),
            per_minute: terms.card(&route.channel).and_then(|card| card.per_minute),
            per_day: (terms.way_max)(&route.way),
            ..RoutePreview::default()
        });
    }
    let items = all(desk, sending).await?;
    made.n_listed = if sending.state == State::Draft { items.len() as u64 } else { sending.n_listed };
    let mut left_out: BTreeMap<(String, String), u64> = BTreeMap::new();
    let (mut places, mut shown) = (BTreeSet::new(), BTreeMap::new());
    let mut spent = desk.shop.state()?.spent_cents(&sending.id)?;
    // A draft that does not hold is told above; who would get it counts as to be sent all the same.
    let none = BTreeMap::new();
    for part in items.chunks(LOOK_MAX) {
        let ids: Vec<String> = part.iter().map(|item| item.customer_id.clone()).collect();
        let world = desk.look(sending, &ids, &none, &terms, now).await?;
        for item in part {
            let route = sending.routes.iter().position(|route| route.way == item.way);
            let why = match (&item.reason, route) {
                (Some(reason), _) if item.state != "waiting" => Err(reason.clone()),
                (_, None) => Err("no_consent".to_owned()),
                (_, Some(at)) if item.state == "waiting" => {
                    match judge(sending, &sending.routes[at], item, &terms, &world)? {
                        Ok(parcel) => Ok((at, parcel)),
                        Err(Not::LeftOut(reason)) => Err(reason.to_owned()),
                        Err(Not::Paused(why)) => {
                            let text = Text { zh: why.clone(), en: why };
                            if !made.blocked.contains(&text) {
                                made.blocked.push(text);
                            }
                            continue;
                        }
                    }
                }
                _ => continue,
            };
            let why = why.and_then(|(at, parcel)| {
                if sending.budget_cents.is_some_and(|budget| spent + item.cost_cents > budget) {
                    return Err("budget".to_owned());
                }
                match item.is_control || places.insert(place_of(&parcel)) {
                    true => Ok((at, parcel)),
                    false => Err("same_address".to_owned()),
                }
            });
            match why {
                Err(reason) => *left_out.entry((item.way.clone(), reason)).or_default() += 1,
                Ok((at, _)) if item.is_control => made.routes[at].n_control += 1,
                Ok((at, parcel)) => {
                    made.routes[at].n_to_send += 1;
                    made.routes[at].cost_cents += item.cost_cents;
                    spent += item.cost_cents;
                    let n = shown.entry(parcel.draft_id.clone()).or_insert(0);
                    if *n < SHOWN_OF_DRAFT && made.shown.len() < SHOWN_MAX {
                        *n += 1;
                        made.shown.push(parcel);
                    }
                }
            }
        }
    }
    made.n_to_send = made.routes.iter().map(|route| route.n_to_send).sum();
    made.n_control = made.routes.iter().map(|route| route.n_control).sum();
    made.cost_cents = made.routes.iter().map(|route| route.cost_cents).sum();
    let count = |((way, reason), n): ((String, String), u64)| Count {
        way,
        state: "left_out".to_owned(),
        text: Some(reason_text(&reason)),
        reason: Some(reason),
        n,
    };
    made.left_out = left_out.into_iter().map(count).collect();
    Ok(made)
}

/// Drafts that may not go out, and what approval asks of them besides.
fn blocked(desk: &Desk<'_>, sending: &Sending, broken: &BTreeMap<String, String>) -> Vec<Text> {
    let said = |(id, why): (&String, &String)| Text { zh: format!("{id}：{why}"), en: format!("{id}: {why}") };
    let mut all: Vec<Text> = broken.iter().map(said).collect();
    if sending.state == State::Draft
        && let Err(error) = copy::pin(desk, &sending.routes)
        && error.code != "not_found"
        && (error.code != "draft" || broken.is_empty())
    {
        let why = error.message;
        all.push(Text { zh: why.clone(), en: why });
    }
    all
}

/// Everybody of a sending: before it was approved those whom it would be for now.
async fn all(desk: &Desk<'_>, sending: &Sending) -> Result<Vec<SendingItem>> {
    if sending.state == State::Draft {
        let mut items = whom::items(desk, sending).await?;
        for item in &mut items {
            item.key = format!("{}{}", crate::channels::copies::KEY_START, "0".repeat(24));
        }
        return Ok(items);
    }
    let state = desk.shop.state()?;
    let (mut items, mut after) = (Vec::new(), 0);
    loop {
        let page = state.sending_items(&sending.id, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(items) };
        after = last.nth;
        items.extend(page);
    }
}

/// What a sending hands over as a file, as CSV: who was noted as handed over, with their words. Whoever took their consent back since, or
/// has something open now, is not in it any more.
///
/// # Errors
/// If no way of the sending goes by the card `csv`, it has not begun, or the shop cannot be read.
pub async fn file(desk: &Desk<'_>, sending: &Sending, now: i64) -> Result<String> {
    let routes: Vec<_> = sending.routes.iter().filter(|route| route.channel == FILE).collect();
    if routes.is_empty() {
        let message = "no way of the sending goes by the card csv";
        return Err(ServiceError::conflict("no_file", message).help("the channels of its routes send by themselves"));
    }
    if !desk.shop.state()?.has_begun(&sending.id)? {
        return Err(ServiceError::conflict("not_begun", "the sending has not begun")
            .help("approve it: who is in the file counts as written to from the moment it is made"));
    }
    let terms = desk.terms(sending)?;
    let none = BTreeMap::new();
    let mut csv = "campaign_id,customer_id,way,key,draft_id,product_id,language,subject,text,html\n".to_owned();
    let items: Vec<SendingItem> = all(desk, sending).await?.into_iter().filter(|item| item.state == "sent").collect();
    for part in items.chunks(LOOK_MAX) {
        let ids: Vec<String> = part.iter().map(|item| item.customer_id.clone()).collect();
        let world = desk.look(sending, &ids, &none, &terms, now).await?;
        for item in part {
            let Some(route) = routes.iter().find(|route| route.way == item.way) else { continue };
            let Ok(parcel) = judge(sending, route, item, &terms, &world)? else { continue };
            let html = parcel.html.unwrap_or_default();
            let cells = [
                &parcel.campaign_id,
                &parcel.customer_id,
                &parcel.way,
                &parcel.key,
                &parcel.draft_id,
                &parcel.product_id,
                &parcel.lang,
                &parcel.subject,
                &parcel.text,
                &html,
            ];
            let _ = writeln!(csv, "{}", cells.map(|cell| csv_cell(cell)).join(","));
        }
    }
    Ok(csv)
}
