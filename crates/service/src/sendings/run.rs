//! A run of a sending: begins it when its time has come, takes up what a run before it left, lets go who is due, and ends it when
//! nobody is left. Who was reached and who was left alone stands in the exposures, made anew from the sending each time, so that both
//! say the same whatever broke off in between.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use data::Shop;
use domain::{Cents, Exposure, Millis};

use super::leave::{Breaks, Next, Passed, Point, Round, Wait, break_off, never, rest_ms, resume};
use super::{By, Clock, Desk, Sending, State, broken_drafts, change, get, list, machine_clock};
use crate::decisions::{CONTACT, CONTROL};
use crate::error::Result;
use crate::flows::content::{Purpose, WriteAsked};
use crate::serving::ServedShop;

/// Customers looked up at once: what is known of them is so old at most.
const LOOK_MAX: usize = 100;
/// Customers of one run: so long others wait, among them who is to be erased.
const RUN_MAX: usize = LOOK_MAX;
/// Between two times that exposures are made of a sending that goes on.
const EXPOSE_EVERY_MS: i64 = 10 * 60_000;
/// Between two looks at what there is to send.
const REST: Duration = Duration::from_secs(2);
/// Who sends by itself.
const SELF: &str = "tercet";

/// Makes the exposures of a campaign say what its sendings say: whoever was reached, or may have been, is a contact, and whoever of the
/// control passed the same checks is a control. What stood there before goes, such as what accepting the list noted.
///
/// # Errors
/// If they cannot be written.
fn exposures(shop: &Shop, campaign_id: &str) -> Result<()> {
    shop.lock_for_writing()?;
    let exposure = |item: data::state::sendings::SendingItem| Exposure {
        at: Millis(item.at),
        campaign_id: campaign_id.to_owned(),
        arm: if item.is_control { CONTROL } else { CONTACT }.to_owned(),
        propensity: Some(item.propensity),
        channel: Some(item.way),
        cost_cents: Some(Cents(if item.is_control { 0 } else { item.cost_cents })),
        extra: item.draft_id.map(|id| serde_json::json!({"draft_id": id}).to_string()),
        customer_id: item.customer_id,
        ..Exposure::default()
    };
    let rows: Vec<Exposure> = shop.state()?.reached(campaign_id)?.into_iter().map(exposure).collect();
    shop.tables().replace_where("campaign_id", campaign_id, rows, "sending")?;
    Ok(())
}

/// The same of the campaign of a sending, once anything of it could have left.
///
/// # Errors
/// If there is no such sending, or they cannot be written.
pub fn expose(shop: &Shop, id: &str) -> Result<()> {
    match shop.state()?.has_begun(id)? {
        true => exposures(shop, &get(shop, id)?.campaign_id),
        false => Ok(()),
    }
}

/// Runs a sending once; `broken` are the drafts that may not go out any more. It ends when nobody is due, when something is waited for, or
/// after a hundred customers.
///
/// # Errors
/// If the shop cannot be read or written, or it is broken off.
pub async fn run(
    desk: &Desk<'_>,
    id: &str,
    broken: &BTreeMap<String, String>,
    clock: Clock<'_>,
    breaks: Breaks<'_>,
) -> Result<Passed> {
    desk.shop.lock_for_writing()?;
    let mut passed = Passed::default();
    let Some(sending) = begun(desk, get(desk.shop, id)?, clock, breaks, &mut passed)? else { return Ok(passed) };
    let state = desk.shop.state()?;
    let terms = desk.terms(&sending)?;
    passed.n_unknown += resume(&state, &sending, &terms, clock(), breaks)?;
    if sending.until.is_some_and(|until| clock() >= until) {
        passed.n_left_out += state.leave_out_all(id, "late", clock())?;
    }
    let (mut n_done, mut is_over) = (0, false);
    let mut rests: BTreeMap<String, i64> =
        sending.rests.clone().into_iter().filter(|(_, until)| *until > clock()).collect();
    for route in &sending.routes {
        // Its receiver is left alone, also after this program began anew.
        if let Some(until) = rests.get(&route.channel) {
            passed.wait_for(Wait::Fault, *until);
            continue;
        }
        let Some(card) = terms.card(&route.channel) else {
            passed.paused = Some(format!("tercet.toml names the channel '{}' no more", route.channel));
            break;
        };
        let mut n_failures = 0;
        while !is_over {
            let items = state.waiting_items(id, &route.way, clock(), LOOK_MAX)?;
            if items.is_empty() {
                break;
            }
            n_done += items.len();
            let ids: Vec<String> = items.iter().map(|item| item.customer_id.clone()).collect();
            let world = desk.look(&sending, &ids, broken, &terms, clock()).await?;
            let round =
                Round { state: &state, sending: &sending, route, card, terms: &terms, world: &world, clock, breaks };
            let next = tokio::task::block_in_place(|| round.go(&items, &mut n_failures, &mut passed))?;
            // A receiver that takes nothing is left alone, however many are due.
            if next == Next::Stop {
                break;
            }
            if n_done >= RUN_MAX {
                passed.wait_for(Wait::More, clock());
                is_over = true;
            }
        }
        rests.extend(rest_ms(n_failures).map(|rest| (route.channel.clone(), clock() + rest)));
        if passed.paused.is_some() {
            break;
        }
    }
    ended(desk, id, clock, breaks, rests, passed)
}

/// A sending that is being sent, once its time has come.
fn begun(
    desk: &Desk<'_>,
    sending: Sending,
    clock: Clock<'_>,
    breaks: Breaks<'_>,
    passed: &mut Passed,
) -> Result<Option<Sending>> {
    let now = clock();
    match sending.state {
        State::Sending => return Ok(Some(sending)),
        State::Approved => {}
        _ => return Ok(None),
    }
    if let Some(at) = sending.not_before.filter(|at| *at > now) {
        passed.wait_for(Wait::Begin, at);
        return Ok(None);
    }
    break_off(breaks, Point::Begins)?;
    let sending = change(desk.shop, sending, State::Sending, "begun", by(None), now, Vec::new())?;
    break_off(breaks, Point::Begun)?;
    // From here on its list is written to by it alone.
    exposures(desk.shop, &sending.campaign_id)?;
    break_off(breaks, Point::Exposed)?;
    Ok(Some(sending))
}

fn by(why: Option<String>) -> By {
    By { name: SELF.to_owned(), why }
}

/// What a run comes to: paused, over, or waiting.
fn ended(
    desk: &Desk<'_>,
    id: &str,
    clock: Clock<'_>,
    breaks: Breaks<'_>,
    rests: BTreeMap<String, i64>,
    mut passed: Passed,
) -> Result<Passed> {
    let (state, now) = (desk.shop.state()?, clock());
    let sending = get(desk.shop, id)?;
    if sending.state != State::Sending {
        return Ok(passed);
    }
    if let Some(why) = &passed.paused {
        change(desk.shop, sending.clone(), State::Paused, "paused", by(Some(why.clone())), now, Vec::new())?;
        exposures(desk.shop, &sending.campaign_id)?;
        return Ok(passed);
    }
    match state.next_due_item(id)? {
        None => {
            exposures(desk.shop, &sending.campaign_id)?;
            break_off(breaks, Point::Exposed)?;
            (passed.wait, passed.until) = (None, None);
            change(desk.shop, sending, State::Sent, "sent", by(None), now, Vec::new())?;
            break_off(breaks, Point::Ended)?;
        }
        Some(due_at) => {
            if passed.wait.is_none() {
                passed.wait_for(if due_at > now { Wait::Fault } else { Wait::More }, due_at);
            }
            // What begins to wait says first whom it reached until then: others ask whom to leave alone.
            let is_wait = matches!(passed.wait, Some(Wait::QuietHours | Wait::Day | Wait::Fault));
            let is_behind = || -> Result<bool> {
                Ok(state.reached(&sending.campaign_id)?.iter().any(|item| item.at > sending.exposed_at))
            };
            let is_due = now - sending.exposed_at >= EXPOSE_EVERY_MS || (is_wait && is_behind()?);
            if is_due {
                exposures(desk.shop, &sending.campaign_id)?;
            }
            if is_due || rests != sending.rests {
                let exposed_at = if is_due { now } else { sending.exposed_at };
                let changed = Sending { exposed_at, rests, version: sending.version + 1, ..sending };
                // Somebody changed it meanwhile: the next run does it.
                state.change_sending(super::stored(&changed)?, Vec::new())?;
            }
        }
    }
    Ok(passed)
}

impl ServedShop {
    /// The shop ready to send.
    ///
    /// # Errors
    /// If its settings cannot be read.
    pub fn sending_desk(&self) -> Result<Desk<'_>> {
        Desk::new(&self.shop, &self.store, &self.channels)
    }

    /// Which drafts of a sending may not go out any more, and why.
    ///
    /// # Errors
    /// If that cannot be found out.
    pub async fn broken_drafts(&self, sending: &Sending) -> Result<BTreeMap<String, String>> {
        let voiced = self.voiced()?;
        let prepared = |asked: WriteAsked, purpose: Purpose| async move { self.prepared_copy(&asked, &purpose).await };
        broken_drafts(&self.store, sending, &voiced, prepared).await
    }

    /// Runs everything that is to be sent, once; whether there is more at once.
    async fn send_due(&self, waits: &mut BTreeMap<String, (i64, i64)>) -> Result<bool> {
        let (now, mut has_more) = (machine_clock(), false);
        let shop = self.shop.clone();
        let all = crate::serving::off_thread(move || list(&shop)).await?;
        for sending in all.iter().filter(|one| matches!(one.state, State::Approved | State::Sending)) {
            // A change of it ends the wait.
            if waits.get(&sending.id).is_some_and(|(version, until)| *version == sending.version && *until > now) {
                continue;
            }
            let broken = self.broken_drafts(sending).await?;
            let desk = self.sending_desk()?;
            // Nobody is erased between the question and the note.
            let _present = self.erasing.read().await;
            let passed = run(&desk, &sending.id, &broken, &machine_clock, &never).await?;
            tracing::info!(
                sending = %sending.id, n_sent = passed.n_sent, n_left_out = passed.n_left_out, n_failed = passed.n_failed,
                n_unknown = passed.n_unknown, "a sending was run"
            );
            let version = get(&self.shop, &sending.id)?.version;
            waits.insert(sending.id.clone(), (version, passed.until.unwrap_or(now)));
            has_more |= passed.wait == Some(Wait::More);
        }
        Ok(has_more)
    }
}

/// Sends until the server stops.
pub fn start(shop: &Arc<ServedShop>) -> tokio::task::JoinHandle<()> {
    let shop = shop.clone();
    crate::background::spawn(async move {
        let mut waits = BTreeMap::new();
        loop {
            match shop.send_due(&mut waits).await {
                Ok(true) => tokio::task::yield_now().await,
                Ok(false) => tokio::time::sleep(REST).await,
                Err(error) => {
                    tracing::error!(message = %error.message, "what is to be sent is looked at again");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    })
}
