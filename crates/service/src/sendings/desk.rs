//! The shop in which sendings happen: its channels, its limits, its quiet hours, and what it knows of customers at a moment.

use std::collections::{BTreeMap, BTreeSet};

use assist::proactive::ProactiveRules;
use data::Shop;
use domain::{Customer, Millis};

use super::copy::Copy;
use super::leave::{Seen, Terms, World};
use super::{Sending, whom};
use crate::channels::copies::{Card, CopyParcel, FILE};
use crate::channels::{Channels, Failure};
use crate::clock;
use crate::decisions::Rules;
use crate::error::{Kind, Result, ServiceError};
use crate::flows::audience::gate::Gate;
use crate::flows::content::campaign::{purpose, why_not};
use crate::flows::content::config::ContentConfig;
use crate::flows::content::drafts::{self, DraftDetail};
use crate::flows::content::{Prepared, Purpose, Voiced, WriteAsked};
use crate::flows::rows::{query, quoted, texts};
use crate::store::Store;

/// A shop ready to send.
pub struct Desk<'a> {
    pub shop: &'a Shop,
    pub store: &'a Store,
    pub channels: &'a Channels,
    pub cards: Vec<Card>,
    pub product_url: Option<String>,
    rules: Rules,
    proactive: ProactiveRules,
}

impl<'a> Desk<'a> {
    /// # Errors
    /// If `[decisions]`, `[content]` or `service.toml` cannot be read.
    pub fn new(shop: &'a Shop, store: &'a Store, channels: &'a Channels) -> Result<Desk<'a>> {
        let policies = crate::flows::assist::policies(shop.root())?;
        Ok(Desk {
            shop,
            store,
            channels,
            cards: channels.cards(),
            product_url: ContentConfig::of(shop.config())?.product_url,
            rules: Rules::of(shop.config())?,
            proactive: policies.proactive,
        })
    }

    /// What a contact by a way costs, as the settings say.
    pub fn cost_cents(&self, way: &str) -> Option<i64> {
        self.rules.contact_costs.get(way).map(|cost| (cost * 100.0).round() as i64)
    }

    pub fn stop_line(&self, lang: &str) -> &str {
        if lang == "zh" { self.proactive.stop_zh.trim() } else { self.proactive.stop_en.trim() }
    }

    /// Where customers end what comes by a channel.
    pub fn stop_url(&self, channel: &str, key: &str) -> Option<String> {
        self.channels.get(channel).and_then(|channel| channel.stop_url(key))
    }

    /// What holds for a sending, with its drafts as they are now.
    ///
    /// # Errors
    /// If a draft cannot be read.
    pub fn terms(&self, sending: &Sending) -> Result<Terms> {
        let mut copies = Vec::new();
        for route in &sending.routes {
            for id in &route.draft_ids {
                let mut copy = match drafts::get(self.store, id) {
                    Ok(detail) => Copy::of(&detail, &route.way)?,
                    // It pauses when the first customer's turn comes to get it.
                    Err(error) if error.kind == Kind::NotFound => continue,
                    Err(error) => return Err(error),
                };
                // What was approved with it is what is asked for again.
                let known = sending.drafts.iter().find(|one| one.draft_id == *id && one.way == route.way);
                copy.pinned.version = known.map_or(copy.pinned.version, |known| known.version);
                copies.push(copy);
            }
        }
        let (quiet, limits) = (self.proactive.clone(), self.rules.channel_max.clone());
        Ok(Terms {
            copies,
            cards: self.cards.clone(),
            zone: self.shop.config().zone(),
            quiet_ends: quiet.quiet_ends(),
            is_quiet: Box::new(move |minute| quiet.is_quiet(minute)),
            rest_days: self.rules.rest_days,
            contacts_max: self.rules.contacts_max,
            way_max: Box::new(move |way| limits.get(way).copied()),
            shop_lang: self.shop.config().language.clone(),
            product_url: self.product_url.clone(),
            stop_lines: [self.proactive.stop_zh.clone(), self.proactive.stop_en.clone()],
        })
    }

    /// What is known of these customers now.
    ///
    /// # Errors
    /// If the tables cannot be read.
    pub async fn look(
        &'a self,
        sending: &Sending,
        ids: &[String],
        broken: &'a BTreeMap<String, String>,
        terms: &Terms,
        now: i64,
    ) -> Result<Looked<'a>> {
        let rest_from = terms.rest_from(now);
        Ok(Looked {
            desk: self,
            broken,
            customers: whom::rows(self.shop, self.store, ids).await?,
            gate: Gate::read(self.shop).await?,
            rested: self.rested(sending, ids, rest_from).await?,
            controls: self.controls(sending, ids, rest_from).await?,
        })
    }

    /// Who of these was written to by something else from an instant on.
    async fn rested(&self, sending: &Sending, ids: &[String], from: i64) -> Result<BTreeSet<String>> {
        if from == i64::MAX || ids.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut rested = self.shop.state()?.reached_since(from, &sending.id)?;
        rested.extend(self.exposed(sending, ids, from, "not in").await?);
        Ok(rested)
    }

    /// Who of these was left alone by something else, to measure it: they rest as long as those who were written to, or what the two groups
    /// differ by would be this sending too.
    async fn controls(&self, sending: &Sending, ids: &[String], from: i64) -> Result<BTreeSet<String>> {
        if from == i64::MAX || ids.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut controls = self.shop.state()?.controls_since(from, &sending.id)?;
        controls.extend(self.exposed(sending, ids, from, "in").await?);
        Ok(controls)
    }

    /// Who of these is in other campaigns' exposures from an instant on, in an arm that is (`in`) or is not (`not in`) a control.
    async fn exposed(&self, sending: &Sending, ids: &[String], from: i64, is_in: &str) -> Result<BTreeSet<String>> {
        let named = ids.iter().map(|id| quoted(id)).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "select distinct customer_id from exposures where at >= timestamp '{}' and campaign_id <> {}
             and customer_id in ({named}) and lower(arm) {is_in} ('control', 'holdout', 'none', 'no_offer', '0')",
            clock::rfc3339(Millis(from)),
            quoted(&sending.campaign_id)
        );
        let mut found = BTreeSet::new();
        for batch in query(self.shop, &sql).await? {
            found.extend(texts(&batch, "customer_id")?.iter().flatten().map(str::to_owned));
        }
        Ok(found)
    }
}

/// The shop at a moment, for some customers.
pub struct Looked<'a> {
    desk: &'a Desk<'a>,
    broken: &'a BTreeMap<String, String>,
    customers: BTreeMap<String, Customer>,
    gate: Gate,
    rested: BTreeSet<String>,
    controls: BTreeSet<String>,
}

impl World for Looked<'_> {
    /// Who took their consent back, or was changed otherwise, since the tables were read is seen all the same.
    fn seen(&self, customer_id: &str) -> Result<Seen> {
        let customer = match self.desk.store.overlay("customers", customer_id)? {
            Some(changed) => changed.body.map(|body| serde_json::from_str::<Customer>(&body)).transpose()?,
            None => self.customers.get(customer_id).cloned(),
        };
        let (is_held, rests) = (self.gate.holds(customer_id), self.rested.contains(customer_id));
        Ok(Seen { customer, is_held, rests, is_control: self.controls.contains(customer_id) })
    }

    fn broken(&self, draft_id: &str, version: i64) -> Result<Option<String>> {
        if let Some(why) = self.broken.get(draft_id) {
            return Ok(Some(why.clone()));
        }
        let Some(draft) = self.desk.store.draft(draft_id)? else { return Ok(Some("the draft is deleted".to_owned())) };
        Ok(match (draft.state.as_str(), draft.version == version) {
            ("approved", true) => None,
            ("approved", false) => Some("the draft was changed since the sending was approved".to_owned()),
            (state, _) => Some(format!("the draft is {state}")),
        })
    }

    fn address(&self, channel: &str, customer: &Customer) -> Option<String> {
        if channel == FILE {
            return Some(customer.customer_id.clone());
        }
        self.desk.channels.get(channel)?.copy_address(customer)
    }

    fn stop_url(&self, channel: &str, key: &str) -> Option<String> {
        self.desk.stop_url(channel, key)
    }

    fn carry(&self, channel: &str, parcel: &CopyParcel, now: i64) -> std::result::Result<(), Failure> {
        if channel == FILE {
            return Ok(());
        }
        let found = self.desk.channels.get(channel);
        found.ok_or_else(|| Failure::passing("tercet.toml names the channel no more"))?.send_copy(parcel, now)
    }
}

/// Which drafts of a sending may not go out any more, and why: prices, goods, offers, rules and days have gone on. `prepared` makes ready
/// what a draft is held against.
///
/// # Errors
/// If that cannot be found out.
pub async fn broken_drafts<F>(
    store: &Store,
    sending: &Sending,
    voiced: &Voiced,
    prepared: impl Fn(WriteAsked, Purpose) -> F,
) -> Result<BTreeMap<String, String>>
where
    F: Future<Output = Result<Prepared>>,
{
    let mut broken = BTreeMap::new();
    let ids: BTreeSet<&String> = sending.routes.iter().flat_map(|route| &route.draft_ids).collect();
    for id in ids {
        let detail: DraftDetail = match drafts::get(store, id) {
            Ok(detail) => detail,
            Err(error) if error.kind == Kind::NotFound => {
                broken.insert(id.clone(), "the draft is deleted".to_owned());
                continue;
            }
            Err(error) => return Err(error),
        };
        let made = prepared(detail.brief.clone(), purpose(&detail)).await;
        if let Some(out) = why_not(&detail, made, voiced)? {
            broken.insert(id.clone(), out.why);
        }
    }
    Ok(broken)
}

/// The channels of a shop that is opened for one command, with the secrets of the environment.
///
/// # Errors
/// If a channel is described wrongly, or a secret is not set.
pub fn channels_of(shop: &Shop) -> Result<Channels> {
    Channels::new(shop, &crate::channels::config::from_environment).map_err(|error| ServiceError {
        help: Some("the channels of tercet.toml are needed to send: set what is missing".to_owned()),
        ..error
    })
}
