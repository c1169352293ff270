//! Lets a sending leave, one customer at a time: what may have changed is asked again (consent, erasure, open cases, rest, the draft),
//! what leaves is noted before, with a key for the other side, and settled after. Wherever this breaks off, what is noted says what may
//! have arrived: with a receiver that takes a key once it is sent again under the same key, with any other never.
//!
//! The world is an argument, and so is time: tests break it off at every step.

use data::state::SqliteState;
use data::state::sendings::{Leaving, Noted, Outcome, SendingItem};
use domain::{Customer, Millis};
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use super::copy::{Copy, Filling, choose, lang_of};
use super::{Clock, Route, Sending};
use crate::auth::keys::digest;
use crate::channels::Failure;
use crate::channels::copies::{Card, CopyParcel};
use crate::clock;
use crate::error::{Result, ServiceError};

/// Tries of one customer.
const TRIES_MAX: u32 = 8;
/// At least a minute: a channel's contacts of a minute are counted by customer, so nobody is tried twice within one.
const PAUSE_MS: i64 = MINUTE_MS;
const PAUSE_MS_MAX: i64 = 30 * 60_000;
/// After so many failures in a row the other side is taken for away.
const FAILURES_MAX: u32 = 3;
const MINUTE_MS: i64 = 60_000;
const MINUTES_OF_DAY: i64 = 24 * 60;
/// Before a minute's limit is asked again.
const BREATH_MS: i64 = 1_000;

/// Where a run may break off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// The exposures are to say what the sending says.
    Begins,
    Begun,
    Picked,
    /// It is on disk that it leaves.
    Noted,
    /// It has left; nobody has written that down.
    Carried,
    Settled,
    LeftOut,
    Resumed,
    Exposed,
    Ended,
}

/// Whether to break off here, as a process that is killed does.
pub type Breaks<'a> = &'a (dyn Fn(Point) -> bool + Sync);

/// Never.
pub fn never(_: Point) -> bool {
    false
}

pub fn break_off(breaks: Breaks<'_>, at: Point) -> Result<()> {
    match breaks(at) {
        true => Err(ServiceError::failed(format!("broken off: {at:?}"))),
        false => Ok(()),
    }
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SendingWait)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// Its time has not come.
    Begin,
    QuietHours,
    /// The channel's contacts of a minute are made.
    Minute,
    /// Those of the day.
    Day,
    /// The other side takes nothing.
    Fault,
    /// There is more; others have their turn first.
    More,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SendingPassed)]
pub struct Passed {
    pub n_sent: u64,
    pub n_control: u64,
    pub n_left_out: u64,
    pub n_failed: u64,
    pub n_unknown: u64,
    /// What is waited for, and until when, UTC milliseconds.
    pub wait: Option<Wait>,
    pub until: Option<i64>,
    /// Why it was paused.
    pub paused: Option<String>,
}

impl Passed {
    /// The wait that ends first counts.
    pub fn wait_for(&mut self, wait: Wait, until: i64) {
        if self.until.is_none_or(|known| until < known) {
            (self.wait, self.until) = (Some(wait), Some(until));
        }
    }
}

/// A customer as the shop knows them at this moment.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// `None` if they are not known, or not any more.
    pub customer: Option<Customer>,
    pub is_held: bool,
    /// Written to by something else within the days of rest.
    pub rests: bool,
    /// Left alone by something else within them, to measure it.
    pub is_control: bool,
}

/// The shop around a sending, and the ways out of it.
pub trait World {
    fn seen(&self, customer_id: &str) -> Result<Seen>;
    /// Why a draft may not go out any more.
    fn broken(&self, draft_id: &str, version: i64) -> Result<Option<String>>;
    fn address(&self, channel: &str, customer: &Customer) -> Option<String>;
    fn stop_url(&self, channel: &str, key: &str) -> Option<String>;
    fn carry(&self, channel: &str, parcel: &CopyParcel, now: i64) -> std::result::Result<(), Failure>;
}

/// How many a way carries; none if it has no limit.
pub type OfWay = Box<dyn Fn(&str) -> Option<u64> + Send + Sync>;

/// What holds for a whole sending.
pub struct Terms {
    pub copies: Vec<Copy>,
    pub cards: Vec<Card>,
    pub zone: TimeZone,
    /// Whether nothing leaves at a minute of the day, and at which minute that is over.
    pub is_quiet: Box<dyn Fn(u32) -> bool + Send + Sync>,
    pub quiet_ends: u32,
    pub rest_days: i32,
    pub contacts_max: u64,
    pub way_max: OfWay,
    pub shop_lang: String,
    pub product_url: Option<String>,
    /// In Chinese and English.
    pub stop_lines: [String; 2],
}

impl Terms {
    pub fn card(&self, channel: &str) -> Option<&Card> {
        self.cards.iter().find(|card| card.channel == channel)
    }

    pub fn stop_line(&self, lang: &str) -> &str {
        self.stop_lines[usize::from(lang != "zh")].trim()
    }

    /// When quiet hours are over, if it is within them.
    pub fn quiet_until(&self, now: i64) -> Option<i64> {
        let minute = clock::minute_of_day(Millis(now), &self.zone);
        if !(self.is_quiet)(minute) {
            return None;
        }
        let minutes = (i64::from(self.quiet_ends) - i64::from(minute)).rem_euclid(MINUTES_OF_DAY).max(1);
        Some(now + minutes * MINUTE_MS - now.rem_euclid(MINUTE_MS))
    }

    fn day_from(&self, now: i64) -> i64 {
        clock::start_of(clock::day_of(Millis(now), &self.zone), &self.zone).0
    }

    fn tomorrow(&self, now: i64) -> i64 {
        let today = clock::day_of(Millis(now), &self.zone);
        clock::start_of(domain::Day(today.0 + 1), &self.zone).0
    }

    /// From then on a contact is too near.
    pub fn rest_from(&self, now: i64) -> i64 {
        if self.rest_days == 0 {
            return i64::MAX;
        }
        let today = clock::day_of(Millis(now), &self.zone);
        clock::start_of(domain::Day(today.0.saturating_add(1 - self.rest_days)), &self.zone).0
    }
}

/// Why somebody does not get it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Not {
    /// For this reason, for good.
    LeftOut(&'static str),
    /// Nobody does: a draft does not hold any more.
    Paused(String),
}

/// What a customer would get, or why not: asked alike of those who are written to and of the control, so that both are the same kind of
/// customers.
///
/// # Errors
/// If the shop cannot be asked.
pub fn judge(
    sending: &Sending,
    route: &Route,
    item: &SendingItem,
    terms: &Terms,
    world: &dyn World,
) -> Result<std::result::Result<CopyParcel, Not>> {
    let out = |reason| Ok(Err(Not::LeftOut(reason)));
    let seen = world.seen(&item.customer_id)?;
    let Some(customer) = seen.customer else { return out("gone") };
    if !customer.consent.contains(&item.way) {
        return out("no_consent");
    }
    if seen.is_held {
        return out("held");
    }
    if seen.rests {
        return out("rests");
    }
    if seen.is_control {
        return out("control");
    }
    let lang = lang_of(&customer).unwrap_or_else(|| terms.shop_lang.clone());
    let langs = [lang.as_str(), terms.shop_lang.as_str()];
    let Some(copy) = choose(&terms.copies, &item.way, item.product_id.as_deref(), langs) else {
        return out("no_draft");
    };
    if let Some(why) = world.broken(&copy.pinned.draft_id, copy.pinned.version)? {
        return Ok(Err(Not::Paused(format!("{}: {why}", copy.pinned.draft_id))));
    }
    let Some(address) = world.address(&route.channel, &customer) else { return out("no_address") };
    let mut parcel = CopyParcel {
        key: item.key.clone(),
        sending_id: sending.id.clone(),
        campaign_id: sending.campaign_id.clone(),
        customer_id: item.customer_id.clone(),
        way: item.way.clone(),
        address,
        draft_id: String::new(),
        product_id: String::new(),
        lang: String::new(),
        subject: String::new(),
        text: String::new(),
        html: None,
        stop_url: None,
    };
    let filling = Filling {
        customer: &customer,
        product_url: copy.product_url(terms.product_url.as_deref(), &sending.campaign_id),
        stop_url: world.stop_url(&route.channel, &item.key),
        stop_line: terms.stop_line(&copy.pinned.language),
    };
    match copy.fill(&mut parcel, &filling) {
        Ok(()) => Ok(Ok(parcel)),
        Err(reason) => out(reason),
    }
}

/// A digest of where something goes: two customers with one address get it once.
pub fn place_of(parcel: &CopyParcel) -> String {
    digest(&format!("{} {}", parcel.way, parcel.address.to_lowercase()))[..32].to_owned()
}

/// One route's run over those who are due.
pub struct Round<'a> {
    pub state: &'a SqliteState,
    pub sending: &'a Sending,
    pub route: &'a Route,
    pub card: &'a Card,
    pub terms: &'a Terms,
    pub world: &'a dyn World,
    pub clock: Clock<'a>,
    pub breaks: Breaks<'a>,
}

/// Whether a route goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    On,
    /// It waits, or the sending does not go on.
    Stop,
}

impl Round<'_> {
    /// Settles these, in order, as far as it may.
    ///
    /// # Errors
    /// If the store cannot be read or written, or it is broken off.
    pub fn go(&self, items: &[SendingItem], n_failures: &mut u32, passed: &mut Passed) -> Result<Next> {
        for item in items {
            break_off(self.breaks, Point::Picked)?;
            let now = (self.clock)();
            if let Some(until) = self.terms.quiet_until(now) {
                passed.wait_for(Wait::QuietHours, until);
                return Ok(Next::Stop);
            }
            if self.one(item, now, n_failures, passed)? == Next::Stop {
                return Ok(Next::Stop);
            }
            if let Some(rest) = rest_ms(*n_failures) {
                passed.wait_for(Wait::Fault, (self.clock)() + rest);
                return Ok(Next::Stop);
            }
        }
        Ok(Next::On)
    }

    fn one(&self, item: &SendingItem, now: i64, n_failures: &mut u32, passed: &mut Passed) -> Result<Next> {
        let parcel = match judge(self.sending, self.route, item, self.terms, self.world)? {
            Ok(parcel) => parcel,
            Err(Not::LeftOut(reason)) => return self.left_out(item, reason, now, passed),
            Err(Not::Paused(why)) => {
                passed.paused = Some(why);
                return Ok(Next::Stop);
            }
        };
        let noted = self.state.note_leaving(Leaving {
            sending_id: item.sending_id.clone(),
            customer_id: item.customer_id.clone(),
            draft_id: parcel.draft_id.clone(),
            place: place_of(&parcel),
            now,
            budget_cents: self.sending.budget_cents,
            rest_from: self.terms.rest_from(now),
            day_from: self.terms.day_from(now),
            way_max: (self.terms.way_max)(&item.way),
            contacts_max: Some(self.terms.contacts_max),
            minute_max: self.card.per_minute,
        })?;
        match noted {
            Noted::Leaves if item.is_control => {
                passed.n_control += 1;
                break_off(self.breaks, Point::Settled)?;
                Ok(Next::On)
            }
            Noted::Leaves => {
                break_off(self.breaks, Point::Noted)?;
                self.carry(item, &parcel, n_failures, passed)
            }
            Noted::Rests => self.left_out(item, "rests", now, passed),
            Noted::SamePlace => self.left_out(item, "same_address", now, passed),
            Noted::Budget => self.left_out(item, "budget", now, passed),
            Noted::DayFull => {
                passed.wait_for(Wait::Day, self.terms.tomorrow(now));
                Ok(Next::Stop)
            }
            Noted::MinuteFull => {
                passed.wait_for(Wait::Minute, now + BREATH_MS);
                Ok(Next::Stop)
            }
            // Somebody paused or cancelled it, or erased the customer.
            Noted::Gone => {
                let goes_on = self.state.sending(&self.sending.id)?.is_some_and(|one| one.state == "sending");
                Ok(if goes_on { Next::On } else { Next::Stop })
            }
        }
    }

    fn left_out(&self, item: &SendingItem, reason: &str, now: i64, passed: &mut Passed) -> Result<Next> {
        if self.state.leave_out(&item.sending_id, &item.customer_id, reason, now)? {
            passed.n_left_out += 1;
        }
        break_off(self.breaks, Point::LeftOut)?;
        Ok(Next::On)
    }

    fn carry(
        &self,
        item: &SendingItem,
        parcel: &CopyParcel,
        n_failures: &mut u32,
        passed: &mut Passed,
    ) -> Result<Next> {
        let carried = self.world.carry(&self.route.channel, parcel, (self.clock)());
        break_off(self.breaks, Point::Carried)?;
        let now = (self.clock)();
        let (outcome, said) = settled(carried, item.n_tries, self.card.knows_ids, now);
        match &outcome {
            Outcome::Sent => (passed.n_sent, *n_failures) = (passed.n_sent + 1, 0),
            Outcome::Later { .. } => *n_failures += 1,
            Outcome::Failed => passed.n_failed += 1,
            Outcome::Unknown => (passed.n_unknown, *n_failures) = (passed.n_unknown + 1, *n_failures + 1),
        }
        self.state.settle_leaving(&item.sending_id, &item.customer_id, outcome, said, now)?;
        break_off(self.breaks, Point::Settled)?;
        Ok(Next::On)
    }
}

/// How long a receiver is left alone after so many failures in a row; nothing if it is not.
pub fn rest_ms(n_failures: u32) -> Option<i64> {
    (n_failures >= FAILURES_MAX).then(|| pause_ms(n_failures))
}

fn pause_ms(n_tries: u32) -> i64 {
    PAUSE_MS.saturating_mul(1 << n_tries.min(10)).min(PAUSE_MS_MAX)
}

/// What a try comes to.
fn settled(
    carried: std::result::Result<(), Failure>,
    n_tries: u32,
    knows_ids: bool,
    now: i64,
) -> (Outcome, Option<String>) {
    let Err(Failure { said, is_passing, may_have_arrived, .. }) = carried else { return (Outcome::Sent, None) };
    let is_last = !is_passing || n_tries + 1 >= TRIES_MAX;
    let outcome = match (may_have_arrived, knows_ids) {
        (true, false) => Outcome::Unknown,
        (true, true) if is_last => Outcome::Unknown,
        (false, _) if is_last => Outcome::Failed,
        (may_be_out, _) => Outcome::Later { due_at: now + pause_ms(n_tries), may_be_out },
    };
    (outcome, Some(said))
}

/// Settles what a run that broke off has left between the note and the outcome; how many nobody will ever know of.
///
/// # Errors
/// If the store cannot be read or written, or it is broken off.
pub fn resume(state: &SqliteState, sending: &Sending, terms: &Terms, now: i64, breaks: Breaks<'_>) -> Result<u64> {
    let mut n_unknown = 0;
    for item in state.leaving_items(&sending.id)? {
        let route = sending.routes.iter().find(|route| route.way == item.way);
        let knows_ids = route.and_then(|route| terms.card(&route.channel)).is_some_and(|card| card.knows_ids);
        let (outcome, said) = match knows_ids {
            true => (
                Outcome::Later { due_at: now + PAUSE_MS, may_be_out: true },
                "broken off; sent again under the same key",
            ),
            false => (Outcome::Unknown, "broken off; not sent again, since it may have arrived"),
        };
        n_unknown += u64::from(outcome == Outcome::Unknown);
        state.settle_leaving(&sending.id, &item.customer_id, outcome, Some(said.to_owned()), now)?;
        break_off(breaks, Point::Resumed)?;
    }
    Ok(n_unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_arrived_is_sent_again_only_where_its_key_is_known() {
        let lost = || Failure { may_have_arrived: true, ..Failure::passing("the connection broke") };
        let of = |carried, n_tries, knows| settled(carried, n_tries, knows, 0).0;
        assert_eq!(of(Ok(()), 0, false), Outcome::Sent);
        assert_eq!(of(Err(lost()), 0, false), Outcome::Unknown);
        assert_eq!(of(Err(lost()), 0, true), Outcome::Later { due_at: PAUSE_MS, may_be_out: true });
        assert_eq!(of(Err(lost()), TRIES_MAX - 1, true), Outcome::Unknown);
        assert_eq!(
            of(Err(Failure::passing("503")), 1, false),
            Outcome::Later { due_at: 2 * PAUSE_MS, may_be_out: false }
        );
        assert_eq!(of(Err(Failure::passing("503")), TRIES_MAX - 1, true), Outcome::Failed);
        assert_eq!(of(Err(Failure::lasting("400")), 0, true), Outcome::Failed);
        assert_eq!(pause_ms(99), PAUSE_MS_MAX);
    }

    #[test]
    fn the_wait_that_ends_first_counts() {
        let mut passed = Passed::default();
        passed.wait_for(Wait::Day, 50);
        passed.wait_for(Wait::Minute, 7);
        passed.wait_for(Wait::Fault, 9);
        assert_eq!((passed.wait, passed.until), (Some(Wait::Minute), Some(7)));
    }
}
