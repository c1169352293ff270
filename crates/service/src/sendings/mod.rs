//! Carrying out: whom (the list of an accepted decision, or an audience) × what (approved drafts) × by which channel × when, as one
//! record with a control group. It is made, looked at in a dry run, approved by somebody else, sent, and read like every campaign.
//!
//! Here is the record and what becomes of it. `whom` says who it is for, `copy` what they read, `leave` lets it leave, one customer at
//! a time, `desk` is the shop it happens in, `preview` the dry run. How something travels is the business of `channels`.

mod copy;
mod desk;
mod leave;
mod opt_out;
mod preview;
mod run;
#[cfg(test)]
mod tests;
mod whom;

use std::collections::BTreeMap;

use data::state::sendings::{SendingItem, StoredSending};
use data::{Shop, ShopConfig};
use domain::Millis;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::channels::copies::Card;
use crate::clock;
use crate::decisions::{Listed, Rules};
use crate::error::{Kind, Result, ServiceError, clipped};
use crate::flows::content::config::ContentConfig;
use crate::flows::segment::Text;
use crate::random;
use crate::store::Store;

pub use self::copy::Pinned;
pub use self::desk::{Desk, broken_drafts, channels_of};
pub use self::leave::{Passed, Point, Wait, never};
pub use self::opt_out::opt_out;
pub use self::preview::{Preview, file, preview};
pub use self::run::{expose, run, start};

pub const SENDINGS_MAX: usize = 500;
const NAME_CHARS_MAX: usize = 80;
const WHY_CHARS_MAX: usize = 500;
const ROUTES_MAX: usize = 10;
const DRAFTS_MAX: usize = 200;
const HISTORY_MAX: usize = 200;
const CONTROL_MAX: f64 = 0.9;
const BUDGET_MAX: i64 = 1_000_000_000_000;
/// What is not sent by then is not sent, where nobody says otherwise.
const UNTIL_MS: i64 = 7 * 86_400_000;
/// 2100-01-01.
const TIME_MAX: i64 = 4_102_444_800_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SendingState)]
#[serde(rename_all = "snake_case")]
pub enum State {
    #[default]
    Draft,
    /// It begins by itself at its time.
    Approved,
    Sending,
    Sent,
    /// Somebody stopped it, or a draft does not hold any more.
    Paused,
    Cancelled,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Approved => "approved",
            State::Sending => "sending",
            State::Sent => "sent",
            State::Paused => "paused",
            State::Cancelled => "cancelled",
        }
    }
}

/// One way with what goes by it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = SendingRoute)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// As `customers.consent` names it.
    #[schema(min_length = 1, max_length = 64)]
    pub way: String,
    /// A channel of `tercet.toml` whose `campaigns` names the way, or `csv`.
    #[schema(min_length = 1, max_length = 40)]
    pub channel: String,
    /// Approved drafts: of several, each customer gets the one about their product, in their language.
    #[schema(min_items = 1, max_items = 200)]
    pub draft_ids: Vec<String>,
}

/// A sending as somebody asks for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = SendingWanted)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[schema(min_length = 1, max_length = 80)]
    pub name: String,
    /// An accepted decision with a list …
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub decision_id: Option<String>,
    /// … or an audience, by its id or name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub audience_id: Option<String>,
    /// The first that a customer agreed to is theirs; a decision's list names it.
    #[schema(min_items = 1, max_items = 10)]
    pub routes: Vec<Route>,
    /// The part of an audience that is left out to measure the effect, 0 to 0.9; that of `[decisions]` if absent. A decision's list
    /// has its own.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 0.9)]
    pub control: Option<f64>,
    /// In hundredths of the currency; that of `[decisions]` if absent, for an audience.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub budget_cents: Option<i64>,
    /// Not before then, UTC milliseconds; as soon as it is approved if absent.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 4_102_444_800_000_i64)]
    pub not_before: Option<i64>,
    /// Not after then; a week after it may begin if absent.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 4_102_444_800_000_i64)]
    pub until: Option<i64>,
}

/// What became of a sending.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = SendingStep)]
pub struct Step {
    /// UTC milliseconds.
    pub at: i64,
    /// `created`, `approved`, `begun`, `paused`, `resumed`, `retried`, `cancelled` or `sent`.
    pub what: String,
    pub by: String,
    pub why: Option<String>,
}

/// A sending.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sending {
    pub id: String,
    pub name: String,
    /// By which its effect is read: the decision's id, or its own.
    pub campaign_id: String,
    pub state: State,
    pub version: i64,
    pub decision_id: Option<String>,
    pub audience_id: Option<String>,
    pub routes: Vec<Route>,
    pub control: f64,
    pub budget_cents: Option<i64>,
    pub not_before: Option<i64>,
    pub until: Option<i64>,
    /// Customers it was made for when it was approved.
    pub n_listed: u64,
    /// The drafts as they were approved with it.
    pub drafts: Vec<Pinned>,
    pub created_at: i64,
    pub created_by: String,
    pub approved_at: Option<i64>,
    pub approved_by: Option<String>,
    /// The oldest first.
    pub history: Vec<Step>,
    /// When the exposures were last made from it.
    #[serde(default)]
    pub exposed_at: i64,
    /// Channels whose receiver took nothing several times in a row, and until when each is left alone, UTC milliseconds.
    #[serde(default)]
    pub rests: BTreeMap<String, i64>,
}

/// Customers of a sending that are alike, counted.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = SendingCount)]
pub struct Count {
    pub way: String,
    /// `waiting`, `leaving`, `sent`, `control`, `left_out`, `failed` or `unknown`.
    pub state: String,
    pub reason: Option<String>,
    /// The reason in words.
    pub text: Option<Text>,
    pub n: u64,
}

/// A sending and how far it is.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SendingView {
    #[serde(flatten)]
    pub sending: Sending,
    pub counts: Vec<Count>,
    /// Who waits, those of the control with them.
    pub n_left: u64,
    pub n_sent: u64,
    pub n_control: u64,
    pub spent_cents: i64,
    /// How it stands in words: what is waited for, or why it was paused.
    pub note: Option<Text>,
}

/// Who does something, and why.
#[derive(Clone, Debug)]
pub struct By {
    pub name: String,
    pub why: Option<String>,
}

impl By {
    /// # Errors
    /// If the reason is too long.
    pub fn new(name: impl Into<String>, why: Option<String>) -> Result<By> {
        let why = why.map(|why| why.trim().to_owned()).filter(|why| !why.is_empty());
        match why.as_ref().map_or(0, |why| why.chars().count()) {
            n if n > WHY_CHARS_MAX => {
                Err(ServiceError::usage("why", format!("why has {n} characters; allowed: at most {WHY_CHARS_MAX}")))
            }
            _ => Ok(By { name: name.into(), why }),
        }
    }
}

/// Why somebody is left out, or nobody knows, in words.
pub fn reason_text(reason: &str) -> Text {
    let (zh, en) = match reason {
        "no_consent" => ("没有（或不再）同意这一渠道", "did not agree to the way, or no longer does"),
        "gone" => ("顾客表里没有这位顾客", "not among the customers any more"),
        "erased" => ("已按要求删除", "erased at their wish"),
        "held" => ("有未了的售后问题", "has something open with service"),
        "rests" => ("近日已联系过", "was written to lately"),
        "control" => ("近日是另一次活动的对照，正在衡量", "was left out of something else lately, to measure it"),
        "no_draft" => ("没有写到其商品的文案", "none of the drafts is about their product"),
        "no_address" => ("没有可用的地址", "has no address for the channel"),
        "no_field" => ("文案要填的内容顾客表里没有", "their row lacks what the text names"),
        "too_long" => ("填入后超出渠道长度", "filled in, the text is too long for its channel"),
        "same_address" => ("与名单上另一位顾客同一地址", "has the address of somebody else on the list"),
        "budget" => ("预算已用完", "the budget is spent"),
        "late" => ("到截止时间还未轮到", "their turn did not come in time"),
        "sent_before" => ("此前同一活动已发过", "was reached by the campaign before"),
        "cancelled" => ("发送被取消", "the sending was cancelled"),
        "failed" => ("渠道拒收", "the channel did not take it"),
        "returned" => ("被退回", "came back as undeliverable"),
        "unknown" => ("发出时中断，不知是否送达", "broke off while it left: nobody knows whether it arrived"),
        other => return Text { zh: other.to_owned(), en: other.to_owned() },
    };
    Text { zh: zh.to_owned(), en: en.to_owned() }
}

fn parsed(stored: &StoredSending) -> Result<Sending> {
    let mut sending: Sending = serde_json::from_str(&stored.body)?;
    sending.version = stored.version;
    Ok(sending)
}

fn stored(sending: &Sending) -> Result<StoredSending> {
    Ok(StoredSending {
        id: sending.id.clone(),
        campaign_id: sending.campaign_id.clone(),
        state: sending.state.name().to_owned(),
        version: sending.version,
        at: sending.created_at,
        body: serde_json::to_string(sending)?,
    })
}

/// # Errors
/// If there is no such sending.
pub fn get(shop: &Shop, id: &str) -> Result<Sending> {
    let found = shop.state()?.sending(id)?;
    parsed(&found.ok_or_else(|| ServiceError::not_found("sending", id).help("GET /v1/sendings, or tercet send list"))?)
}

/// The newest first.
///
/// # Errors
/// If the store cannot be read.
pub fn list(shop: &Shop) -> Result<Vec<Sending>> {
    shop.state()?.sendings(SENDINGS_MAX)?.iter().map(parsed).collect()
}

/// A sending with how far it is.
///
/// # Errors
/// If there is no such sending.
pub fn view(shop: &Shop, id: &str) -> Result<SendingView> {
    seen(shop, get(shop, id)?)
}

fn seen(shop: &Shop, sending: Sending) -> Result<SendingView> {
    let state = shop.state()?;
    let counts = state.item_counts(&sending.id)?;
    let n_of = |names: &[&str]| -> u64 {
        counts.iter().filter(|one| names.contains(&one.state.as_str())).map(|one| one.n).sum()
    };
    let (n_left, n_sent, n_control) = (n_of(&["waiting", "leaving"]), n_of(&["sent"]), n_of(&["control"]));
    let count = |one: &data::state::sendings::ItemCount| Count {
        way: one.way.clone(),
        state: one.state.clone(),
        reason: one.reason.clone(),
        text: one.reason.as_deref().map(reason_text),
        n: one.n,
    };
    // Who waits as a control is no news to who waits.
    let mut shown: Vec<Count> = Vec::new();
    for one in counts.iter().map(count) {
        let alike =
            |other: &&mut Count| (&other.way, &other.state, &other.reason) == (&one.way, &one.state, &one.reason);
        match shown.iter_mut().find(alike) {
            Some(same) => same.n += one.n,
            None => shown.push(one),
        }
    }
    let spent_cents = state.spent_cents(&sending.id)?;
    let note = note_of(&sending, &shop.config().zone());
    Ok(SendingView { sending, counts: shown, n_left, n_sent, n_control, spent_cents, note })
}

/// Why it was paused, or which receiver is left alone.
fn note_of(sending: &Sending, zone: &TimeZone) -> Option<Text> {
    match sending.state {
        State::Paused => sending.history.last()?.why.clone().map(|why| Text { zh: why.clone(), en: why }),
        State::Sending if !sending.rests.is_empty() => {
            let rest = |(channel, until): (&String, &i64)| (channel.clone(), clock::local(Millis(*until), zone));
            let all: Vec<(String, String)> = sending.rests.iter().map(rest).collect();
            let zh = all.iter().map(|(channel, until)| format!("渠道 {channel} 连续多次没有收下，{until} 之后再试"));
            let en = all.iter().map(|(channel, until)| {
                format!(
                    "the receiver of {channel} took nothing several times in a row; it is tried again after {until}"
                )
            });
            Some(Text { zh: zh.collect::<Vec<_>>().join("；"), en: en.collect::<Vec<_>>().join("; ") })
        }
        _ => None,
    }
}

/// Makes a sending; nothing is sent.
///
/// # Errors
/// If what is asked for is not allowed, or there is no such list, audience, channel or draft.
pub fn create(desk: &Desk<'_>, wanted: Wanted, by: By, now: i64) -> Result<Sending> {
    let (shop, store) = (desk.shop, desk.store);
    shop.lock_for_writing()?;
    if shop.state()?.sendings(SENDINGS_MAX)?.len() >= SENDINGS_MAX {
        let message = format!("there are {SENDINGS_MAX} sendings already; allowed: {SENDINGS_MAX}");
        return Err(ServiceError::conflict("too_many", message));
    }
    let rules = Rules::of(shop.config())?;
    check_plain(&wanted, now)?;
    check_routes(&wanted.routes, &desk.cards, store)?;
    let id = format!("se_{}", random::token(9)?);
    let (campaign_id, audience_id, control, budget_cents) = match (&wanted.decision_id, &wanted.audience_id) {
        (Some(decision), None) => {
            crate::decisions::accepted_list(shop, store, decision)?;
            if wanted.control.is_some() {
                let message = "control is set for a decision's list, which has its own; leave it out";
                return Err(ServiceError::usage("control", message));
            }
            (decision.clone(), None, rules.control, wanted.budget_cents)
        }
        (None, Some(name)) => {
            let audience = crate::flows::audience::named(store, name)?;
            let budget = rules.budget.map(|budget| (budget * 100.0).round() as i64);
            let control = wanted.control.unwrap_or(rules.control);
            (id.clone(), Some(audience.id), control, wanted.budget_cents.or(budget))
        }
        _ => {
            let message =
                "a sending is for a decision's list (decision_id) or an audience (audience_id); name one of them";
            return Err(ServiceError::usage("whom", message));
        }
    };
    if let Some(budget) = budget_cents {
        let listed = match &wanted.decision_id {
            Some(decision) => crate::decisions::accepted_list(shop, store, decision)?,
            None => Vec::new(),
        };
        check_budget(desk, &wanted.routes, &listed, budget)?;
    }
    let sending = Sending {
        id,
        name: wanted.name.trim().to_owned(),
        campaign_id,
        version: 1,
        decision_id: wanted.decision_id,
        audience_id,
        routes: wanted.routes,
        control,
        budget_cents,
        not_before: wanted.not_before,
        until: wanted.until,
        created_at: now,
        created_by: by.name.clone(),
        history: vec![Step { at: now, what: "created".to_owned(), by: by.name, why: by.why }],
        ..Sending::default()
    };
    if !shop.state()?.add_sending(stored(&sending)?)? {
        let message = "the decision's list is in a sending already";
        return Err(ServiceError::conflict("exists", message).help("cancel that one first, or let it be sent"));
    }
    Ok(sending)
}

fn check_plain(wanted: &Wanted, now: i64) -> Result<()> {
    let name = wanted.name.trim();
    let n_chars = name.chars().count();
    if n_chars == 0 || n_chars > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        let message = format!("the name has {n_chars} characters; allowed: 1 to {NAME_CHARS_MAX} on one line");
        return Err(ServiceError::usage("name", message));
    }
    if let Some(control) = wanted.control.filter(|control| !(0.0..=CONTROL_MAX).contains(control)) {
        return Err(ServiceError::usage("control", format!("control is {control}; allowed: 0 to {CONTROL_MAX}")));
    }
    if let Some(budget) = wanted.budget_cents.filter(|budget| !(0..=BUDGET_MAX).contains(budget)) {
        return Err(ServiceError::usage(
            "budget_cents",
            format!("budget_cents is {budget}; allowed: 0 to {BUDGET_MAX}"),
        ));
    }
    for (what, at) in [("not_before", wanted.not_before), ("until", wanted.until)] {
        if let Some(at) = at.filter(|at| !(0..=TIME_MAX).contains(at)) {
            return Err(ServiceError::usage("time", format!("{what} is {at}; allowed: milliseconds of 1970 to 2099")));
        }
    }
    let begins = wanted.not_before.unwrap_or(now).max(now);
    if wanted.until.is_some_and(|until| until <= begins) {
        let message = "until is over before the sending may begin; allowed: a later time";
        return Err(ServiceError::usage("until", message));
    }
    Ok(())
}

/// A budget holds nothing back where nobody says what a contact costs.
fn check_budget(desk: &Desk<'_>, routes: &[Route], listed: &[Listed], budget_cents: i64) -> Result<()> {
    let is_known = |way: &str| {
        desk.cost_cents(way).is_some() || listed.iter().any(|row| row.channel == way && row.cost_cents > 0.0)
    };
    let Some(route) = routes.iter().find(|route| !is_known(&route.way)) else { return Ok(()) };
    let way = clipped(&route.way);
    let message = format!(
        "there is a budget of {:.2}, and nothing says what a contact by '{way}' costs: it would hold nothing back",
        budget_cents as f64 / 100.0
    );
    let help = format!(
        "say it in tercet.toml, [decisions.contact_costs] (0.0 if it costs nothing): {way} = 0.05; or leave the budget out"
    );
    Err(ServiceError::usage("budget", message).help(help))
}

fn check_routes(routes: &[Route], cards: &[Card], store: &Store) -> Result<()> {
    if routes.is_empty() || routes.len() > ROUTES_MAX {
        let message = format!("there are {} routes; allowed: 1 to {ROUTES_MAX}", routes.len());
        return Err(ServiceError::usage("routes", message));
    }
    let mut ways: BTreeMap<&str, ()> = BTreeMap::new();
    for route in routes {
        let way = route.way.as_str();
        if way.trim().is_empty() || way.len() > 64 || way.chars().any(char::is_control) {
            let message = format!("a way is '{}'; allowed: one as customers' consent names it", clipped(way));
            return Err(ServiceError::usage("way", message));
        }
        if ways.insert(way, ()).is_some() {
            let message = format!("'{}' is there twice; allowed: each way once", clipped(way));
            return Err(ServiceError::usage("way", message));
        }
        let card = cards.iter().find(|card| card.channel == route.channel && card.carries(way));
        let card = card.ok_or_else(|| {
            let fit: Vec<&str> =
                cards.iter().filter(|card| card.carries(way)).map(|card| card.channel.as_str()).collect();
            let message = format!(
                "no channel '{}' carries '{}'; allowed: {}",
                clipped(&route.channel),
                clipped(way),
                fit.join(", ")
            );
            ServiceError::usage("channel", message)
                .help("name the way in campaigns of the channel, in tercet.toml, and start the server again")
        })?;
        if route.draft_ids.is_empty() || route.draft_ids.len() > DRAFTS_MAX {
            let message =
                format!("'{}' has {} drafts; allowed: 1 to {DRAFTS_MAX}", clipped(way), route.draft_ids.len());
            return Err(ServiceError::usage("draft_ids", message));
        }
        route.draft_ids.iter().try_for_each(|id| copy::fits(store, id, card))?;
    }
    Ok(())
}

/// Says that a sending may go. From then on it is for those who are on the list now, with the drafts as they are now.
///
/// # Errors
/// If it is no draft, its maker approves it though four eyes are wanted, a draft of it may not go out (`broken` says why), or nothing
/// tells customers how to end it.
pub async fn approve(
    desk: &Desk<'_>,
    id: &str,
    broken: &BTreeMap<String, String>,
    by: By,
    now: i64,
) -> Result<Sending> {
    desk.shop.lock_for_writing()?;
    let mut sending = get(desk.shop, id)?;
    expect(&sending, &[State::Draft], "approved")?;
    four_eyes(desk.shop.config(), &sending, &by)?;
    if let Some((draft, why)) = broken.iter().next() {
        return Err(ServiceError::conflict(
            "draft",
            format!("the draft {} may not go out: {}", clipped(draft), clipped(why)),
        )
        .help("mend and approve it, or cancel this sending and make one with another"));
    }
    sending.drafts = copy::pin(desk, &sending.routes)?;
    let until = sending.until.unwrap_or_else(|| sending.not_before.unwrap_or(now).max(now) + UNTIL_MS);
    if until <= now {
        return Err(ServiceError::conflict("until", "the time until which it may be sent is over")
            .help("cancel it and make another"));
    }
    sending.until = Some(until);
    let mut items = whom::items(desk, &sending).await?;
    for item in &mut items {
        (item.key, item.at) = (format!("{}{}", crate::channels::copies::KEY_START, random::token(12)?), now);
    }
    sending.n_listed = items.len() as u64;
    if items.iter().all(|item| item.state != "waiting") {
        return Err(ServiceError::conflict("nobody", "nobody on the list can be reached by these ways")
            .detail(serde_json::json!({"n_listed": items.len()}))
            .help("the dry run says why each is left out"));
    }
    (sending.approved_at, sending.approved_by) = (Some(now), Some(by.name.clone()));
    change(desk.shop, sending, State::Approved, "approved", by, now, items)
}

fn four_eyes(config: &ShopConfig, sending: &Sending, by: &By) -> Result<()> {
    if !ContentConfig::of(config)?.four_eyes || sending.created_by != by.name {
        return Ok(());
    }
    let message = format!("whoever made a sending may not approve it; this one: '{}'", clipped(&sending.created_by));
    Err(ServiceError::new(Kind::Forbidden, "four_eyes", message).help(
        "let somebody else approve it, with an own key of the scopes manage and approve (on the command line: --by NAME); a shop of \
         one person says four_eyes = false in [content] of tercet.toml",
    ))
}

fn expect(sending: &Sending, allowed: &[State], what: &str) -> Result<()> {
    if allowed.contains(&sending.state) {
        return Ok(());
    }
    let names: Vec<&str> = allowed.iter().map(|state| state.name()).collect();
    let message =
        format!("the sending is {}; it can be {what} while it is {}", sending.state.name(), names.join(" or "));
    Err(ServiceError::conflict("state", message))
}

/// Puts a sending into another state.
fn change(
    shop: &Shop,
    sending: Sending,
    to: State,
    what: &str,
    by: By,
    now: i64,
    items: Vec<SendingItem>,
) -> Result<Sending> {
    let sending = stepped(sending, to, what, by, now);
    let row = stored(&sending)?;
    let is_done = match to {
        State::Cancelled => shop.state()?.cancel_sending(row, now)?,
        _ => shop.state()?.change_sending(row, items)?,
    };
    match is_done {
        true => Ok(sending),
        false => Err(changed_at_once()),
    }
}

/// The sending in another state, with the step in its history.
fn stepped(mut sending: Sending, to: State, what: &str, by: By, now: i64) -> Sending {
    sending.state = to;
    sending.version += 1;
    sending.history.push(Step { at: now, what: what.to_owned(), by: by.name, why: by.why });
    let excess = sending.history.len().saturating_sub(HISTORY_MAX);
    sending.history.drain(1..1 + excess);
    sending
}

fn changed_at_once() -> ServiceError {
    ServiceError::conflict("version", "the sending was changed at the same moment").help("look again")
}

/// Stops a sending for now; what has left has left.
///
/// # Errors
/// If it is neither approved nor being sent.
pub fn pause(shop: &Shop, id: &str, by: By, now: i64) -> Result<Sending> {
    shop.lock_for_writing()?;
    again(|| {
        let sending = get(shop, id)?;
        expect(&sending, &[State::Approved, State::Sending], "paused")?;
        change(shop, sending, State::Paused, "paused", by.clone(), now, Vec::new())
    })
}

/// Lets a sending go on.
///
/// # Errors
/// If it is not paused.
pub fn resume(shop: &Shop, id: &str, by: By, now: i64) -> Result<Sending> {
    shop.lock_for_writing()?;
    again(|| {
        // Whoever lets it go on wants it tried now.
        let sending = Sending { rests: BTreeMap::new(), ..get(shop, id)? };
        expect(&sending, &[State::Paused], "resumed")?;
        let to = if shop.state()?.has_begun(id)? { State::Sending } else { State::Approved };
        change(shop, sending, to, "resumed", by.clone(), now, Vec::new())
    })
}

/// Tries those again whom the other side did not take to the last try. What time it had is over: it has a week from now.
///
/// # Errors
/// If it is not over, or nobody failed.
pub fn retry(shop: &Shop, id: &str, by: By, now: i64) -> Result<Sending> {
    shop.lock_for_writing()?;
    let mut sending = get(shop, id)?;
    expect(&sending, &[State::Sent], "tried again")?;
    let is_failed = |one: &data::state::sendings::ItemCount| {
        (one.state.as_str(), one.reason.as_deref()) == ("failed", Some("failed"))
    };
    if !shop.state()?.item_counts(id)?.iter().any(is_failed) {
        return Err(ServiceError::conflict("nobody", "nobody of the sending failed: there is nobody to try again")
            .help("what came back as undeliverable, and what may have arrived, is not sent again"));
    }
    sending.rests.clear();
    sending.until = Some(sending.until.unwrap_or(now).max(now + UNTIL_MS));
    let sending = stepped(sending, State::Sending, "retried", by, now);
    match shop.state()?.retry_sending(stored(&sending)?, now)? {
        Some(_) => Ok(sending),
        None => Err(changed_at_once()),
    }
}

/// Ends a sending for good. Only who was reached counts as written to from then on.
///
/// # Errors
/// If it is sent or cancelled already.
pub fn cancel(shop: &Shop, id: &str, by: By, now: i64) -> Result<Sending> {
    shop.lock_for_writing()?;
    let cancelled = again(|| {
        let sending = get(shop, id)?;
        expect(&sending, &[State::Draft, State::Approved, State::Sending, State::Paused], "cancelled")?;
        change(shop, sending, State::Cancelled, "cancelled", by.clone(), now, Vec::new())
    })?;
    expose(shop, id)?;
    Ok(cancelled)
}

/// Once more where the sender changed it at the same moment.
fn again(change: impl Fn() -> Result<Sending>) -> Result<Sending> {
    match change() {
        Err(error) if error.code == "version" => change(),
        done => done,
    }
}

/// The time of day, as an argument.
pub type Clock<'a> = &'a (dyn Fn() -> i64 + Sync);

/// That of the machine.
pub fn machine_clock() -> i64 {
    clock::now().0
}
