//! What to do today: the plans, models and campaigns of the shop become one list of decisions, each with what it is expected to bring,
//! how sure that is, what it rests on and what happens next; whoever decides accepts or rejects it, and what it brought stands
//! beside what was expected once that is known.
//!
//! `contacts` decides whom to write to, `whole` what the shop as a whole should do, `kept` what became of it. Here they are put
//! together, ordered and published. Not here: sending (`sendings`; or an accepted list is handed over as a file).

mod contacts;
mod effect;
mod kept;
mod rules;
mod told;
mod whole;

use std::collections::BTreeMap;

use data::Shop;
use domain::{Day, Product};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::contacts::Shared;
use crate::clock;
use crate::error::{Kind, Result, ServiceError};
use crate::flows::Progress;
use crate::flows::audience::gate::Gate;
use crate::flows::audience::{last_day, present};
use crate::flows::plan::customers;
use crate::flows::rows::table;
use crate::store::Store;

pub use self::kept::{
    Answer, CONTACT, CONTROL, Measured, Settled, Standing, accept, accepted_list, customers_csv, forget, reject,
    settled,
};
pub use self::rules::Rules;
pub use self::told::{Decision, Figure, GateTrace, Listed, Quiet};

/// Decisions shown first.
const TODAY_MAX: usize = 5;
/// Of one kind among them.
const OF_A_KIND_MAX: usize = 2;
/// A decision that was rejected, or of the shop as a whole accepted, does not come back for so many days.
const SETTLED_DAYS: i32 = 14;
const VERSIONS_KEPT: usize = 30;
const KIND: &str = "decisions";
const FILE: &str = "decisions.json";
const LISTS: &str = "lists.json";

/// The decisions of a day.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Decisions {
    pub version: String,
    /// UTC milliseconds.
    pub made_at: i64,
    pub day: String,
    /// The last day of the shop's data; absent while there are none.
    pub as_of: Option<String>,
    pub rules: Rules,
    /// Three to five, what brings most first, not more than two of a kind.
    pub today: Vec<Decision>,
    pub more: Vec<Decision>,
    /// What was decided before, the last first.
    pub settled: Vec<Settled>,
    /// Kinds that have nothing to say, and why.
    pub quiet: Vec<Quiet>,
    /// Who is left out of everything for something open with service.
    pub n_held_back: u64,
}

/// Works out a day's decisions and puts them into service. `day` is the shop's own last day of data, or today if that is later, unless
/// given.
///
/// # Errors
/// If the day lies before the last of the data, the rules are wrong, the tables cannot be read, or the work was cancelled.
pub async fn decide(shop: &Shop, store: &Store, day: Option<Day>, progress: Progress<'_>) -> Result<Decisions> {
    shop.lock_for_writing()?;
    let go_on = |share: f64, message: &str| match progress(share, message) {
        true => Ok(()),
        false => Err(ServiceError::conflict("cancelled", "cancelled")),
    };
    let rules = Rules::of(shop.config())?;
    let present = present(shop).await?;
    let day = day.unwrap_or(present.day);
    if day < present.day {
        let message = format!("the day is {day}, the shop's data go to {}", present.day);
        return Err(ServiceError::usage("day", message).help(
            "leave --day out, or give a day from then on: what was known on an earlier day cannot be told apart",
        ));
    }
    go_on(0.0, "reading what former campaigns found")?;
    let effect = effect::effect(shop, &rules).await?;
    go_on(0.2, "reading what became of earlier decisions")?;
    let products: BTreeMap<String, Product> =
        table::<Product>(shop).await?.into_iter().map(|product| (product.product_id.clone(), product)).collect();
    let (margin, gate) = (customers::margin(shop).await?, Gate::read(shop).await?);
    let shared =
        Shared { shop, rules: &rules, present: &present, effect: &effect, products: &products, margin, gate: &gate };
    let settled = kept::settled(shop, store).await?;
    go_on(0.3, "looking for customers to write to")?;
    let mut found = contacts::contacts(&shared, day, &settled).await?;
    go_on(0.6, "looking at budget, prices and stock")?;
    let whole = whole::whole(&shared, day).await?;
    found.decisions.extend(whole.decisions);
    found.quiet.extend(whole.quiet);
    hide(&mut found, &settled, day);
    let (today, more) = ordered(found.decisions);
    let made = Decisions {
        version: String::new(),
        made_at: clock::now().0,
        day: day.to_string(),
        as_of: last_day(shop).await?.map(|last| last.to_string()),
        rules,
        today,
        more,
        settled,
        quiet: found.quiet,
        n_held_back: gate.len() as u64,
    };
    let files = BTreeMap::from([(FILE.to_owned(), serde_json::to_vec(&made)?)]);
    let version = shop.models().publish(KIND, &files)?;
    kept::keep_lists(shop, &version, found.listed)?;
    shop.models().activate(KIND, &version)?;
    shop.models().prune(KIND, VERSIONS_KEPT)?;
    progress(1.0, "in service");
    Ok(Decisions { version, ..made })
}

/// The decisions last worked out, with what was answered since.
///
/// # Errors
/// If none were yet, or they cannot be read.
pub fn published(shop: &Shop, store: &Store) -> Result<Decisions> {
    let version = shop.models().current(KIND)?.ok_or_else(|| {
        ServiceError::new(Kind::NotFound, "decisions", "no decisions have been worked out yet")
            .help("do it: tercet decide, or POST /v1/jobs {\"kind\": \"decide\"}")
    })?;
    let mut made: Decisions = serde_json::from_slice(&shop.models().read(KIND, &version, FILE)?)?;
    made.version = version;
    kept::move_settled(&mut made, store)?;
    Ok(made)
}

/// Whether somebody has decided on this very one, or lately on the same: what was rejected, and what makes no list.
fn is_settled(settled: &[Settled], key: &str, makes_list: bool, day: Day) -> bool {
    settled.iter().filter(|one| one.decision.key == key).any(|one| {
        let since = one.decision.day.parse::<Day>().map_or(i32::MAX, |then| day.0.saturating_sub(then.0));
        let stays = one.standing == Standing::Rejected || !makes_list;
        since == 0 || (stays && since < SETTLED_DAYS)
    })
}

/// Says of a kind that its turn has been.
fn settled_lately(kind: &str) -> Quiet {
    Quiet::new(kind, "近两周内已经决定过", "was decided within the last two weeks")
}

/// Takes out what was settled lately of the shop as a whole; lists of contacts see to it before they share customers out.
fn hide(found: &mut told::Found, settled: &[Settled], day: Day) {
    let hidden = |decision: &Decision| decision.n_customers.is_none() && is_settled(settled, &decision.key, false, day);
    found.quiet.extend(found.decisions.iter().filter(|one| hidden(one)).map(|one| settled_lately(&one.kind)));
    found.decisions.retain(|decision| !hidden(decision));
}

/// What harms customers goes first, then what brings most; at most two of a kind among the first five.
fn ordered(mut decisions: Vec<Decision>) -> (Vec<Decision>, Vec<Decision>) {
    let harms = |decision: &Decision| decision.kind == "complaint";
    let gain = |decision: &Decision| decision.gain_cents.map_or(f64::NEG_INFINITY, |gain| gain.value);
    decisions.sort_by(|a, b| harms(b).cmp(&harms(a)).then(gain(b).total_cmp(&gain(a))).then_with(|| a.id.cmp(&b.id)));
    let (mut today, mut more): (Vec<Decision>, Vec<Decision>) = (Vec::new(), Vec::new());
    for decision in decisions {
        let n_alike = today.iter().filter(|one| one.kind == decision.kind).count();
        // One complaint is enough to begin the day with.
        let most = if harms(&decision) { 1 } else { OF_A_KIND_MAX };
        if today.len() < TODAY_MAX && n_alike < most { today.push(decision) } else { more.push(decision) }
    }
    (today, more)
}

/// The names of all kinds of decisions.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    contacts::kinds().chain(whole::KINDS)
}
