//! What became of decisions: accepted or rejected by whom and when, the list that was handed over, and what it brought. Accepting a
//! decision with a list writes its customers into the exposures, once: those who are written to and those who are left out, each
//! with the chance of it, so that the effect can be read from them later, and nobody is written to again too soon.

use std::fmt::Write;
use std::sync::Mutex;

use data::tables::{Row, SourceTag};
use data::{DataError, Shop};
use domain::{Cents, Exposure, Millis};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::effect::DAYS;
use super::told::{Decision, Listed};
use super::{Decisions, FILE, KIND, LISTS};
use crate::clock;
use crate::error::{Result, ServiceError, clipped};
use crate::flows::audience::csv_cell;
use crate::flows::plan::Interval;
use crate::flows::plan::experiment::{self, VerdictRequest};
use crate::store::Store;

/// Decisions that are told of after they were settled.
const SETTLED_MAX: usize = 200;
const NOTE_CHARS_MAX: usize = 1000;
/// Arms of a list, as the exposures name them.
pub const CONTACT: &str = "contact";
pub const CONTROL: &str = "control";

/// One answer at a time: two people may press at once.
static ANSWERS: Mutex<()> = Mutex::new(());

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DecisionStanding)]
pub enum Standing {
    Accepted,
    Rejected,
}

/// What a decision brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = DecisionMeasured)]
pub struct Measured {
    /// What those who were written to spent more than the others would have, in hundredths; absent as long as that is not known.
    pub sales_cents: Option<Interval>,
    pub n_contacted: u64,
    pub n_control: u64,
    /// Customers whose days after are not over yet.
    pub n_too_recent: u64,
}

/// A decision that somebody has decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = DecisionSettled)]
pub struct Settled {
    pub decision: Decision,
    pub standing: Standing,
    /// UTC milliseconds.
    pub at: i64,
    pub by: String,
    pub note: String,
    pub measured: Option<Measured>,
}

/// Who answers, and why.
#[derive(Clone, Debug)]
pub struct Answer {
    pub by: String,
    pub note: String,
}

impl Answer {
    /// # Errors
    /// If the note is too long.
    pub fn new(by: String, note: Option<String>) -> Result<Answer> {
        let note = note.unwrap_or_default().trim().to_owned();
        match note.chars().count() {
            n if n > NOTE_CHARS_MAX => {
                Err(ServiceError::usage("note", format!("the note has {n} characters; allowed: {NOTE_CHARS_MAX}")))
            }
            _ => Ok(Answer { by, note }),
        }
    }
}

/// The customers on the lists of a version's decisions. They stand beside the versions, so that customers can be taken out of them.
#[derive(Serialize, Deserialize)]
struct Lists {
    version: String,
    rows: Vec<Listed>,
}

/// Keeps a version's lists.
pub fn keep_lists(shop: &Shop, version: &str, rows: Vec<Listed>) -> Result<()> {
    let lists = Lists { version: version.to_owned(), rows };
    Ok(shop.models().keep(KIND, LISTS, &serde_json::to_vec(&lists)?)?)
}

fn read_lists(shop: &Shop, name: &str) -> Result<Option<Lists>> {
    let kept = shop.models().kept(KIND, name)?;
    Ok(kept.map(|bytes| serde_json::from_slice(&bytes)).transpose()?)
}

/// Takes a customer out of all lists; how often they stood there. A list that was kept by an `accept` that then broke off goes with the
/// day's lists: it is written anew from them.
///
/// # Errors
/// If a list cannot be read or replaced.
pub fn forget(shop: &Shop, store: &Store, customer_id: &str) -> Result<u64> {
    let handed_over = store.settled_decisions(usize::MAX >> 1)?;
    let names = handed_over.iter().map(|settled| kept_name(&settled.decision.id)).chain([LISTS.to_owned()]);
    let mut n = 0;
    for name in names {
        let Some(mut lists) = read_lists(shop, &name)? else { continue };
        let before = lists.rows.len();
        lists.rows.retain(|row| row.customer_id != customer_id);
        if lists.rows.len() < before {
            n += (before - lists.rows.len()) as u64;
            shop.models().keep(KIND, &name, &serde_json::to_vec(&lists)?)?;
        }
    }
    Ok(n)
}

/// What was decided before, the last first, with what lists brought so far.
///
/// # Errors
/// If the store or the tables cannot be read.
pub async fn settled(shop: &Shop, store: &Store) -> Result<Vec<Settled>> {
    let mut settled = store.settled_decisions(SETTLED_MAX)?;
    for one in &mut settled {
        if one.standing == Standing::Accepted && one.decision.n_customers.is_some() {
            one.measured = measured(shop, &one.decision.id).await?;
        }
    }
    Ok(settled)
}

async fn measured(shop: &Shop, campaign_id: &str) -> Result<Option<Measured>> {
    let request =
        VerdictRequest { campaign_id: campaign_id.to_owned(), days: DAYS, level: 0.9, ..VerdictRequest::default() };
    match experiment::verdict(shop, &request).await {
        Ok(verdict) => {
            let arm = verdict.arms.iter().find(|arm| arm.arm == CONTACT);
            Ok(Some(Measured {
                sales_cents: arm.and_then(|arm| arm.incremental_cents),
                n_contacted: arm.map_or(0, |arm| arm.n_customers),
                n_control: verdict.n_control,
                n_too_recent: verdict.n_too_recent,
            }))
        }
        // Nobody was left out, or somebody took the exposures away.
        Err(error) if matches!(error.kind, crate::error::Kind::NotFound | crate::error::Kind::Usage) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Moves what was answered since the decisions were worked out to what is settled.
pub fn move_settled(made: &mut Decisions, store: &Store) -> Result<()> {
    let answered = store.settled_decisions(SETTLED_MAX)?;
    let is_answered = |id: &str| answered.iter().any(|one| one.decision.id == id);
    made.today.retain(|decision| !is_answered(&decision.id));
    made.more.retain(|decision| !is_answered(&decision.id));
    let known = std::mem::take(&mut made.settled);
    let with_measured = |one: Settled| {
        let before = known.iter().find(|known| known.decision.id == one.decision.id);
        Settled { measured: before.and_then(|known| known.measured.clone()), ..one }
    };
    made.settled = answered.into_iter().map(with_measured).collect();
    Ok(())
}

/// The decision of this id that stands open, or how it was settled.
fn open(shop: &Shop, store: &Store, id: &str) -> Result<std::result::Result<Decision, Settled>> {
    let unknown = || {
        ServiceError::not_found("decision", id)
            .help("GET /v1/decisions, or tercet decide, lists those that can be answered")
    };
    if let Some(settled) = store.settled_decision(id)? {
        return Ok(Err(settled));
    }
    let version = shop.models().current(KIND)?.ok_or_else(unknown)?;
    let made: Decisions = serde_json::from_slice(&shop.models().read(KIND, &version, FILE)?)?;
    made.today.into_iter().chain(made.more).find(|decision| decision.id == id).map(Ok).ok_or_else(unknown)
}

fn settle(store: &Store, decision: Decision, standing: Standing, answer: Answer) -> Result<Settled> {
    let Answer { by, note } = answer;
    let settled = Settled { decision, standing, at: clock::now().0, by, note, measured: None };
    store.put_settled_decision(&settled)?;
    Ok(settled)
}

fn answered_otherwise(settled: &Settled) -> ServiceError {
    let how = if settled.standing == Standing::Accepted { "accepted" } else { "rejected" };
    ServiceError::conflict("answered", format!("the decision '{}' was {how} already", clipped(&settled.decision.id)))
}

/// Accepts a decision; once more is the same. Those on its list stand in the exposures when this returns.
///
/// # Errors
/// If there is no such decision, it was rejected, or its list cannot be written.
pub fn accept(shop: &Shop, store: &Store, id: &str, answer: Answer) -> Result<Settled> {
    shop.lock_for_writing()?;
    let _one = ANSWERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let decision = match open(shop, store, id)? {
        Ok(decision) => decision,
        Err(settled) if settled.standing == Standing::Accepted => return Ok(settled),
        Err(settled) => return Err(answered_otherwise(&settled)),
    };
    if decision.n_customers.is_some() {
        hand_over(shop, id)?;
    }
    settle(store, decision, Standing::Accepted, answer)
}

/// Rejects a decision; once more is the same.
///
/// # Errors
/// If there is no such decision, or it was accepted.
pub fn reject(shop: &Shop, store: &Store, id: &str, answer: Answer) -> Result<Settled> {
    let _one = ANSWERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match open(shop, store, id)? {
        Ok(decision) => settle(store, decision, Standing::Rejected, answer),
        Err(settled) if settled.standing == Standing::Rejected => Ok(settled),
        Err(settled) => Err(answered_otherwise(&settled)),
    }
}

/// The name under which a list is kept: ids may have characters that no file name has.
fn kept_name(id: &str) -> String {
    format!("list-{}.json", &crate::auth::keys::digest(id)[..32])
}

/// Keeps the list and writes its customers into the exposures. Both are the same if done twice, so a crash between them, or before
/// the decision is marked, costs nothing.
fn hand_over(shop: &Shop, id: &str) -> Result<()> {
    let version = shop.models().current(KIND)?.unwrap_or_default();
    let lists = read_lists(shop, LISTS)?.filter(|lists| lists.version == version);
    let Some(Lists { version, rows: mut listed }) = lists else {
        return Err(ServiceError::conflict("lists", "the lists do not belong to the decisions in service")
            .help("work them out again: tercet decide, or POST /v1/jobs {\"kind\": \"decide\"}"));
    };
    listed.retain(|row| row.decision == id);
    let kept = Lists { version, rows: listed.clone() };
    shop.models().keep(KIND, &kept_name(id), &serde_json::to_vec(&kept)?)?;
    let now = clock::now().0;
    let exposure = |row: &Listed| Exposure {
        at: Millis(now),
        customer_id: row.customer_id.clone(),
        campaign_id: id.to_owned(),
        arm: if row.is_control { CONTROL } else { CONTACT }.to_owned(),
        propensity: Some(row.propensity),
        channel: Some(row.channel.clone()),
        cost_cents: Some(Cents(row.cost_cents.round() as i64)),
        responded: None,
        revenue_cents: None,
        extra: None,
    };
    let rows: Vec<Exposure> = listed.iter().map(exposure).collect();
    let tag = SourceTag::source(format!("decision {id}"), crate::auth::keys::digest(&format!("decision {id}")));
    let written = (|| {
        let mut writer = shop.tables().writer(Exposure::spec(), tag)?;
        writer.write(Exposure::to_batch(&rows)?)?;
        writer.finish()
    })();
    match written {
        Ok(_) | Err(DataError::AlreadyImported { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Everybody on the list of an accepted decision, those who are left out as a control with them.
///
/// # Errors
/// If there is no such decision, it was not accepted, or it has no list.
pub fn accepted_list(shop: &Shop, store: &Store, id: &str) -> Result<Vec<Listed>> {
    let settled = match open(shop, store, id)? {
        Err(settled) if settled.standing == Standing::Accepted => settled,
        Err(settled) => return Err(answered_otherwise(&settled)),
        Ok(_) => {
            return Err(ServiceError::conflict("open", "the decision was not accepted yet")
                .help("accept it first: whoever is on the list counts as written to from then on"));
        }
    };
    let kept = read_lists(shop, &kept_name(id))?;
    Ok(kept.ok_or_else(|| ServiceError::not_found("list of the decision", &settled.decision.id))?.rows)
}

/// Whom to write to by an accepted decision, as CSV: those who are left out are not in it.
///
/// # Errors
/// If there is no such decision, it was not accepted, it has no list, or a sending sends it.
pub fn customers_csv(shop: &Shop, store: &Store, id: &str) -> Result<String> {
    if let Some(sending) = shop.state()?.sending_of_campaign(id)? {
        let message = format!("the list is sent by the sending '{}'", sending.id);
        return Err(ServiceError::conflict("is_sent", message)
            .help("nobody is to be written to twice: make a sending by the card csv and take its file; one that has not begun can be cancelled"));
    }
    let rows = accepted_list(shop, store, id)?;
    let mut csv = "campaign_id,customer_id,channel,product_id\n".to_owned();
    for row in rows.iter().filter(|row| !row.is_control) {
        let product = row.product_id.as_deref().unwrap_or_default();
        let cells = [id, &row.customer_id, &row.channel, product].map(csv_cell);
        let _ = writeln!(csv, "{}", cells.join(","));
    }
    Ok(csv)
}
