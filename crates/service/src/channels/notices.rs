//! Notices that the shop gives of its own accord to customers without an open conversation: by a channel whose `notices` names a
//! way to which the customer agreed. Consent and quiet hours are asked anew before every try, since a delivery may wait for
//! hours. What there is to tell is decided in `assist::proactive`; when, by the desk.

use std::sync::Arc;

use assist::proactive::{Notice, NoticeKind, ProactiveRules};
use assist::say;
use assist::turn::Lang;
use data::state::outbox::Outgoing;
use domain::{Customer, Millis};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::http::Failure;
use super::{Channel, Channels};
use crate::auth::keys::digest;
use crate::clock;
use crate::conversations::views::lang_name;
use crate::error::{Kind, Result};
use crate::flows::audience::gate::Gate;
use crate::serving::ServedShop;

/// Before the keys of such deliveries; a conversation's begin with its id.
const KEY_START: &str = "notice-";
/// Digits of the digest in a key: as many bits as a random id has.
const KEY_DIGITS: usize = 24;
const MINUTE_MS: i64 = 60_000;
const MINUTES_OF_DAY: i64 = 24 * 60;

/// What a delivery of a notice holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoticeParcel {
    pub customer_id: String,
    /// As `customers` names what they agreed to.
    pub way: String,
    /// Where it goes, as the channel understands it.
    pub address: String,
    /// `zh` or `en`.
    pub lang: String,
    pub subject: String,
    pub text: String,
    /// What the shop's own programs are told beside the text.
    pub notice: Value,
}

/// A way by which a customer may be told something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub channel: String,
    pub way: String,
    pub address: String,
}

impl Channels {
    /// The first of the ways to which a customer agreed that a channel carries, and knows the customer's address for.
    pub fn route_to(&self, customer: &Customer) -> Option<Route> {
        customer.consent.iter().find_map(|way| {
            self.iter().find_map(|(name, channel)| {
                let address = channel.notice_address(way, customer)?;
                Some(Route { channel: name.to_owned(), way: way.clone(), address })
            })
        })
    }
}

impl Channel {
    /// Where a notice to a customer goes by this channel; `None` if the channel does not carry this way.
    fn notice_address(&self, way: &str, customer: &Customer) -> Option<String> {
        match self {
            Channel::Webhook(webhook) if webhook.carries(way) => Some(customer.customer_id.clone()),
            Channel::Email(mailbox) if mailbox.carries(way) => mailbox.address_of(customer),
            _ => None,
        }
    }
}

/// The key of the delivery that carries a notice: the same whenever it is made, and without the customer's name.
pub fn key_of(cause: &str) -> String {
    format!("{KEY_START}{}", &digest(cause)[..KEY_DIGITS])
}

/// The delivery that carries a notice by a route.
///
/// # Errors
/// If its evidence cannot be written down.
pub fn outgoing(notice: &Notice, rules: &ProactiveRules, route: Route, lang: Lang, now: i64) -> Result<Outgoing> {
    let mut text = lang.choose(&notice.text_zh, &notice.text_en).clone();
    if notice.kind.needs_consent() {
        text.push_str("\n\n");
        text.push_str(lang.choose(&rules.stop_zh, &rules.stop_en));
    }
    let key = key_of(&notice.cause);
    let parcel = NoticeParcel {
        customer_id: notice.customer_id.clone(),
        way: route.way,
        address: route.address,
        lang: lang_name(lang).to_owned(),
        subject: say::proactive::subject(lang, notice.kind, &notice.order_id),
        text,
        notice: json!({
            "cause": notice.cause,
            "kind": notice.kind,
            "order_id": notice.order_id,
            "product_id": notice.product_id,
            "evidence": notice.evidence(lang),
        }),
    };
    Ok(Outgoing {
        lane: key.clone(),
        key,
        channel: route.channel,
        body: serde_json::to_string(&parcel)?,
        at: now,
        due_at: now,
    })
}

/// Whether a delivery carries a notice.
pub fn is_notice(key: &str) -> bool {
    key.starts_with(KEY_START)
}

/// Sends a notice that is due, if it still may leave.
pub(super) fn send(
    channel: &Channel,
    shop: &Arc<ServedShop>,
    runtime: &Handle,
    (key, body): (&str, &str),
    now: i64,
) -> std::result::Result<(), Failure> {
    let parcel: NoticeParcel =
        serde_json::from_str(body).map_err(|_| Failure::lasting("it is no delivery of this version"))?;
    let ready = runtime.block_on(shop.assistant()).map_err(|_| Failure::passing("the shop's rules cannot be read"))?;
    let consent = match runtime.block_on(shop.customer(&parcel.customer_id)) {
        Ok(found) => found.customer.consent,
        Err(error) if error.kind == Kind::NotFound => {
            return Err(Failure::lasting("the customer is not known any more"));
        }
        Err(_) => return Err(Failure::passing("the customers cannot be read")),
    };
    let minute = clock::minute_of_day(Millis(now), &shop.shop.config().zone());
    allowed(&parcel, &consent, &ready.assistant.policies.proactive, minute, now)?;
    if parcel.promotes() {
        let gate = runtime.block_on(Gate::read(&shop.shop));
        let gate = gate.map_err(|_| Failure::passing("what of the customer's is open cannot be read"))?;
        let open = gate.why(&parcel.customer_id);
        may_promote(open.map(|why| why.en), now)?;
    }
    match channel {
        Channel::Webhook(webhook) => webhook.send_notice(key, &parcel, now),
        Channel::Email(mailbox) => mailbox.send_notice(key, &parcel),
        Channel::Callback(_) | Channel::Events(_) => Err(Failure::lasting("the channel carries no notices")),
    }
}

/// Whether what promotes may leave at `now`: not while something of the customer's is open. A day later it is looked at again.
fn may_promote(open: Option<String>, now: i64) -> std::result::Result<(), Failure> {
    match open {
        Some(why) => Err(Failure::until(now + MINUTES_OF_DAY * MINUTE_MS, format!("it promotes, and {why}"))),
        None => Ok(()),
    }
}

impl NoticeParcel {
    fn promotes(&self) -> bool {
        let kind = serde_json::from_value::<NoticeKind>(self.notice["kind"].clone());
        kind.is_ok_and(NoticeKind::needs_consent)
    }
}

/// Whether a notice may leave at `now`, a minute of the shop's day.
fn allowed(
    parcel: &NoticeParcel,
    consent: &[String],
    rules: &ProactiveRules,
    minute: u32,
    now: i64,
) -> std::result::Result<(), Failure> {
    if !consent.contains(&parcel.way) {
        return Err(Failure::lasting(format!("the customer no longer agrees to be written to by '{}'", parcel.way)));
    }
    if rules.is_quiet(minute) {
        let minutes = (i64::from(rules.quiet_ends()) - i64::from(minute)).rem_euclid(MINUTES_OF_DAY).max(1);
        return Err(Failure::until(now + minutes * MINUTE_MS, "nothing is sent in quiet hours"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::outbox::tried;
    use data::state::outbox::Tried;

    fn parcel() -> NoticeParcel {
        NoticeParcel {
            customer_id: "c1".into(),
            way: "sms".into(),
            address: "c1".into(),
            lang: "zh".into(),
            subject: "订单".into(),
            text: "您好".into(),
            notice: Value::Null,
        }
    }

    #[test]
    fn a_delivery_that_meets_quiet_hours_waits_for_their_end_and_is_not_given_up() {
        let (rules, consent) = (ProactiveRules::default(), ["sms".to_owned()]);
        let at = |minute: u32| allowed(&parcel(), &consent, &rules, minute, 0);
        assert_eq!(at(20 * 60 + 59), Ok(()));
        // From 21:00 to 09:00 it is twelve hours; from 08:59 a minute.
        for (minute, minutes) in [(21 * 60, 12 * 60), (0, 9 * 60), (8 * 60 + 59, 1)] {
            let tried = tried(at(minute), 99, 0);
            assert!(matches!(tried, Tried::Later { due_at, .. } if due_at == minutes * MINUTE_MS), "{tried:?}");
        }
    }

    #[test]
    fn consent_that_was_taken_back_ends_a_delivery() {
        let rules = ProactiveRules::default();
        for consent in [vec![], vec!["email".to_owned()]] {
            let failure = allowed(&parcel(), &consent, &rules, 12 * 60, 0).unwrap_err();
            assert!(!failure.is_passing && failure.said.contains("no longer agrees"), "{failure:?}");
            assert!(matches!(tried(Err(failure), 0, 0), Tried::Failed { .. }));
        }
    }

    #[test]
    fn what_promotes_waits_a_day_while_something_is_open() {
        let tried = tried(may_promote(Some("a case at the desk is open".to_owned()), 7), 99, 7);
        let due = 7 + MINUTES_OF_DAY * MINUTE_MS;
        assert!(matches!(tried, Tried::Later { due_at, .. } if due_at == due), "{tried:?}");
        assert_eq!(may_promote(None, 7), Ok(()));
        for kind in NoticeKind::ALL {
            let parcel = NoticeParcel { notice: json!({"kind": kind}), ..parcel() };
            assert_eq!(parcel.promotes(), kind == NoticeKind::UpgradeDue, "{kind:?}");
        }
        assert!(!parcel().promotes());
    }

    #[test]
    fn a_key_tells_repetitions_and_names_nobody() {
        let key = key_of("upgrade_due:C0001:p2");
        assert_eq!(key, key_of("upgrade_due:C0001:p2"));
        assert_ne!(key, key_of("upgrade_due:C0002:p2"));
        assert!(is_notice(&key) && !key.contains("C0001") && !is_notice("cv_1-2-0"));
    }
}
