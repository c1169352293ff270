//! What the shop tells customers of its own accord: looked for in the tables of a day, kept once for each cause, and given by
//! the desk. What is sent is what holds on the day on which it is sent, in the words of that day. A notice goes into the
//! customer's open conversation; where there is none, by a channel that carries a way by which the customer agreed to be
//! written to; else it stays proposed. What there is to tell is decided in `assist::proactive`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assist::forms::STOCK_ALERT;
use assist::hand_over::hours::minute_of;
use assist::policy::Policies;
use assist::proactive::{self, Awaited, Held, Notice, Person, Situation, may_leave};
use assist::turn::{Author, Lang, Reply, Turn};
use data::state::SqliteState;
use data::state::conversations::Case;
use data::state::notices::{Settling, StoredNotice};
use domain::{Day, Millis, Product, TableSpec};
use serde::Serialize;
use serde_json::Value;
use tokio::runtime::Handle;
use utoipa::ToSchema;

use super::ChatMessage;
use super::memory;
use super::views::{self, Body, For, lang_named};
use crate::channels::notices as away;
use crate::clock;
use crate::error::{Kind, Result, ServiceError};
use crate::flows::audience::gate::Gate;
use crate::flows::rows::query_rows;
use crate::flows::segment::Text;
use crate::serving::{ServedShop, Snapshot, off_thread};

pub use assist::proactive::NoticeKind;

pub const PROPOSED: &str = "proposed";
pub const SENT: &str = "sent";
pub const DISMISSED: &str = "dismissed";
/// The setting that names the day of the last look that nobody asked for.
const LOOKED_ON: &str = "notices_looked_on";
/// Customers looked at for one day; more are left for the next look.
const CUSTOMERS_MAX: usize = 5_000;
/// Days back that orders may be delivered in for a price to be looked at, beyond the days of price protection.
const UNDER_WAY_DAYS: i32 = 60;

/// A notice as told.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoticeView {
    /// What brought it about; its name in addresses.
    pub cause: String,
    /// `delivery_late`, `order_shipped`, `price_protection`, `back_in_stock` or `upgrade_due`.
    pub kind: String,
    pub customer_id: String,
    /// Empty where it is about no order.
    pub order_id: String,
    pub product_id: Option<String>,
    /// The day it was found for, `YYYY-MM-DD`.
    pub day: String,
    /// `proposed`, `sent` or `dismissed`.
    pub state: String,
    pub reason_zh: String,
    pub reason_en: String,
    pub text_zh: String,
    pub text_en: String,
    /// The rows it rests on, as the evidence of a reply, in the words of each text.
    #[schema(value_type = Vec<Object>)]
    pub evidence_zh: Value,
    #[schema(value_type = Vec<Object>)]
    pub evidence_en: Value,
    /// Ways by which the customer agreed to be written to.
    pub consent: Vec<String>,
    /// Why it may not leave now: `quiet_hours`, `no_consent` or `after_sales`; absent if it may.
    pub held: Option<String>,
    /// What of the customer's is open, where what promotes is held for that.
    pub held_why: Option<Text>,
    /// Who settled it, and when.
    pub settled_by: Option<String>,
    pub settled_at: Option<i64>,
    /// The conversation it went into.
    pub conversation_id: Option<String>,
    /// The channel it left by, where it went into no conversation; and what became of the delivery: `waiting`, `sent` or `failed`
    /// (the outbox says why).
    pub channel: Option<String>,
    pub delivery: Option<String>,
}

/// What a look at a day found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoticesFound {
    pub day: String,
    /// Customers whose orders were looked at; whether there were more than may be at a time.
    pub n_customers: usize,
    pub is_cut: bool,
    /// Notices that hold on the day, and those of them whose cause was not known.
    pub n_found: usize,
    pub n_new: u64,
}

fn held_word(held: Held) -> String {
    match held {
        Held::QuietHours => "quiet_hours",
        Held::NoConsent => "no_consent",
        Held::AfterSales => "after_sales",
    }
    .to_owned()
}

/// What decides whether notices may leave at a moment.
pub struct Moment<'a> {
    pub policies: &'a Policies,
    /// Of the shop's day.
    pub minute: u32,
    /// Who is told of nothing that promotes.
    pub gate: &'a Gate,
}

/// Whether any of these promotes and waits to be sent: only then is the gate asked.
pub fn any_promotes(rows: &[StoredNotice]) -> bool {
    let promotes = |kind: &str| NoticeKind::ALL.iter().any(|one| one.as_str() == kind && one.needs_consent());
    rows.iter().any(|row| row.state == PROPOSED && promotes(&row.kind))
}

/// A stored notice as told at a moment.
pub fn view(stored: &StoredNotice, moment: &Moment, state: &SqliteState) -> Result<NoticeView> {
    let notice: Notice = serde_json::from_str(&stored.body)?;
    let Moment { policies, minute, gate } = *moment;
    let why = gate.why(&stored.customer_id);
    let leaves = may_leave(&notice, &policies.proactive, minute, why.is_some());
    let held = leaves.err().filter(|_| stored.state == PROPOSED);
    let evidence = |lang: Lang| serde_json::to_value(notice.evidence(lang));
    let (evidence_zh, evidence_en) = (evidence(Lang::Zh)?, evidence(Lang::En)?);
    Ok(NoticeView {
        cause: stored.cause.clone(),
        kind: stored.kind.clone(),
        customer_id: stored.customer_id.clone(),
        order_id: notice.order_id,
        product_id: notice.product_id,
        day: stored.day.clone(),
        state: stored.state.clone(),
        reason_zh: notice.reason_zh,
        reason_en: notice.reason_en,
        text_zh: notice.text_zh,
        text_en: notice.text_en,
        evidence_zh,
        evidence_en,
        consent: notice.consent,
        held: held.map(held_word),
        held_why: why.filter(|_| held == Some(Held::AfterSales)),
        settled_by: stored.settled_by.clone(),
        settled_at: stored.settled_at,
        conversation_id: stored.conversation_id.clone(),
        channel: stored.channel.clone(),
        delivery: stored.delivery.as_deref().map(|key| delivery_state(state, key)).transpose()?,
    })
}

/// What became of a delivery. The outbox forgets what was sent long ago.
fn delivery_state(state: &SqliteState, key: &str) -> Result<String> {
    Ok(state.outgoing_state(key)?.unwrap_or_else(|| SENT.to_owned()))
}

impl ServedShop {
    /// Minutes since midnight where the shop is.
    pub fn minute_now(&self) -> u32 {
        clock::minute_of_day(clock::now(), &self.shop.config().zone())
    }

    /// Today where the shop is.
    fn today(&self) -> Day {
        clock::today(&self.shop.config().time_zone)
    }

    /// Looks for what there is to tell on a day, and keeps what is new if the day is today: what held on another is no news.
    ///
    /// # Errors
    /// If the tables cannot be read or nothing can be written.
    pub async fn find_notices(self: &Arc<Self>, day: Day) -> Result<NoticesFound> {
        let (mut found, all) = self.look_at(day).await?;
        if day == self.today() {
            let shop = self.clone();
            found.n_new = off_thread(move || Ok(shop.shop.state()?.propose_notices(all)?)).await?;
        }
        Ok(found)
    }

    /// What there is to tell on a day; keeps nothing.
    ///
    /// # Errors
    /// If the tables cannot be read.
    pub async fn look_at(self: &Arc<Self>, day: Day) -> Result<(NoticesFound, Vec<StoredNotice>)> {
        let ready = self.assistant().await?;
        let snapshot = self.snapshot();
        let policies = ready.assistant.policies.clone();
        let awaited = self.awaited(&policies).await?;
        let mut customers = self.customers_to_tell(&snapshot, &policies, day).await?;
        customers.extend(awaited.keys().cloned());
        let is_cut = customers.len() > CUSTOMERS_MAX;
        let customers: Vec<String> = customers.into_iter().take(CUSTOMERS_MAX).collect();
        // Thousands of customers are two questions to the tables, and not two for each.
        let consents = self.consents(&customers).await?;
        let orders = self.orders_of_all(&customers).await?;
        let mut found: Vec<Notice> = Vec::new();
        for customer_id in &customers {
            let person = Person {
                customer_id,
                // Known by their orders alone: they agreed to nothing.
                consent: consents.get(customer_id).map_or(&[], Vec::as_slice),
                orders: orders.get(customer_id).map_or(&[], |orders| orders),
                awaited: awaited.get(customer_id).map_or(&[], Vec::as_slice),
            };
            found.extend(self.notices_of(proactive::notices, &person, &snapshot, &policies, day));
        }
        let (at, n_customers, n_found) = (clock::now().0, customers.len(), found.len());
        let stored = |notice: Notice| -> Result<StoredNotice> {
            Ok(StoredNotice {
                cause: notice.cause.clone(),
                customer_id: notice.customer_id.clone(),
                kind: notice.kind.as_str().to_owned(),
                day: day.to_string(),
                state: PROPOSED.to_owned(),
                at,
                body: serde_json::to_string(&notice)?,
                ..StoredNotice::default()
            })
        };
        let all = found.into_iter().map(stored).collect::<Result<Vec<_>>>()?;
        Ok((NoticesFound { day: day.to_string(), n_customers, is_cut, n_found, n_new: 0 }, all))
    }

    /// A notice that was kept, with the words of today; nothing if what it says no longer holds.
    async fn as_of_today(
        self: &Arc<Self>,
        stored: &StoredNotice,
        consent: &[String],
        policies: &Policies,
    ) -> Result<Option<Notice>> {
        let customer_id = &stored.customer_id;
        let orders = self.orders_of_all(std::slice::from_ref(customer_id)).await?;
        let awaited = self.awaited(policies).await?;
        let person = Person {
            customer_id,
            consent,
            orders: orders.get(customer_id).map_or(&[], |orders| orders),
            awaited: awaited.get(customer_id).map_or(&[], Vec::as_slice),
        };
        let all = self.notices_of(proactive::holding, &person, &self.snapshot(), policies, self.today());
        Ok(all.into_iter().find(|notice| notice.cause == stored.cause))
    }

    /// Looks once a day, from the minute on that `service.toml` names. What it found is kept, so a look that a crash cut short
    /// is made again without telling anything twice.
    ///
    /// # Errors
    /// As [`ServedShop::find_notices`].
    pub async fn find_notices_when_due(self: &Arc<Self>) -> Result<Option<NoticesFound>> {
        let rules = self.assistant().await?.assistant.policies.proactive.clone();
        let Some(from) = minute_of(&rules.look_at) else { return Ok(None) };
        let today = self.today();
        if self.minute_now() < from || self.store.setting(LOOKED_ON)?.as_deref() == Some(&today.to_string()) {
            return Ok(None);
        }
        let found = self.find_notices(today).await?;
        self.store.set_setting(LOOKED_ON, &today.to_string())?;
        Ok(Some(found))
    }

    /// What there is to tell somebody on a day, by one of the ways of `assist::proactive`.
    fn notices_of(
        &self,
        tell: impl Fn(&Person, &Situation) -> Vec<Notice>,
        person: &Person,
        snapshot: &Arc<Snapshot>,
        policies: &Policies,
        day: Day,
    ) -> Vec<Notice> {
        let zone = self.shop.config().zone();
        let product = |id: &str| Some(snapshot.row(self.ids.find(id)?)?.product.clone());
        let successor = |id: &str| Some(snapshot.successor(self.ids.find(id)?)?.product.clone());
        let cycle = |product: &Product| snapshot.cycle_days(product.category.as_deref()?);
        let situation = Situation {
            policies,
            today: day,
            day_of: &|at| clock::day_of(at, &zone),
            currency: &self.shop.config().currency,
            product: &product,
            successor: &successor,
            cycle_days: &cycle,
        };
        tell(person, &situation)
    }

    /// Customers who may have something to be told.
    async fn customers_to_tell(
        &self,
        snapshot: &Arc<Snapshot>,
        policies: &Policies,
        day: Day,
    ) -> Result<BTreeSet<String>> {
        let mut ids: BTreeSet<String> = BTreeSet::new();
        for sql in self.questions(snapshot, policies, day) {
            let sql = format!("{sql} limit {}", CUSTOMERS_MAX + 1);
            for row in query_rows(&self.shop, &sql).await? {
                ids.extend(row.get("customer_id").and_then(Value::as_str).map(str::to_owned));
            }
        }
        Ok(ids)
    }

    /// What customers asked to be told of, by customer: the submitted forms that nobody has settled.
    async fn awaited(self: &Arc<Self>, policies: &Policies) -> Result<BTreeMap<String, Vec<Awaited>>> {
        if policies.proactive.off.contains(&NoticeKind::BackInStock) {
            return Ok(BTreeMap::new());
        }
        let shop = self.clone();
        let cases = off_thread(move || Ok(shop.shop.state()?.open_cases_of_form(STOCK_ALERT, CUSTOMERS_MAX)?)).await?;
        let mut all: BTreeMap<String, Vec<Awaited>> = BTreeMap::new();
        for case in cases {
            let asked = views::case(&case)?.values.into_iter().find(|value| value.name == "product_id");
            if let Some((customer_id, asked)) = case.customer_id.zip(asked) {
                let asked_at = Millis(case.at);
                let awaited = Awaited { case_id: case.id, product_id: asked.value, asked_at };
                all.entry(customer_id).or_default().push(awaited);
            }
        }
        Ok(all)
    }

    /// One SQL text for each kind: only numbers, days and names of our own stand in it.
    fn questions(&self, snapshot: &Arc<Snapshot>, policies: &Policies, day: Day) -> Vec<String> {
        let rules = &policies.proactive;
        let date = |day: Day| format!("date '{day}'");
        let mut all = Vec::new();
        if TableSpec::named("deliveries").is_some() && !rules.off.contains(&NoticeKind::DeliveryLate) {
            all.push(format!(
                "select distinct o.customer_id from deliveries d join orders o on o.order_id = d.order_id
                 where d.delivered_on is null and d.status not in ('delivered', 'cancelled', 'returned')
                 and d.expected_on < {} and d.expected_on >= {} order by o.customer_id",
                date(day),
                date(Day(day.0 - UNDER_WAY_DAYS - 1)),
            ));
        }
        if TableSpec::named("deliveries").is_some() && !rules.off.contains(&NoticeKind::OrderShipped) {
            let days = i32::try_from(rules.shipped_within_days).unwrap_or(36_500);
            all.push(format!(
                "select distinct o.customer_id from deliveries d join orders o on o.order_id = d.order_id
                 where d.delivered_on is null and d.status in ('shipped', 'out_for_delivery')
                 and shop_day(d.updated_at) > {} and shop_day(d.updated_at) <= {} order by o.customer_id",
                date(Day(day.0.saturating_sub(days))),
                date(day),
            ));
        }
        let protected =
            policies.returns.price_protection_days.filter(|_| !rules.off.contains(&NoticeKind::PriceProtection));
        if let Some(days) = protected {
            let days = i32::try_from(days).unwrap_or(36_500);
            all.push(format!(
                "select distinct o.customer_id from orders o join products p on p.product_id = o.product_id
                 where o.quantity > 0 and p.price_cents < o.unit_price_cents
                 and shop_day(o.ordered_at) >= {} and shop_day(o.ordered_at) <= {} order by o.customer_id",
                date(Day(day.0.saturating_sub(days + UNDER_WAY_DAYS))),
                date(day),
            ));
        }
        if !rules.off.contains(&NoticeKind::UpgradeDue) {
            all.extend(self.upgrade_question(snapshot, rules, day));
        }
        all
    }

    /// Who bought something that has a successor, longest ago first.
    fn upgrade_question(
        &self,
        snapshot: &Arc<Snapshot>,
        rules: &proactive::ProactiveRules,
        day: Day,
    ) -> Option<String> {
        let mut replaced: Vec<String> = Vec::new();
        let mut least = f64::from(rules.upgrade_after_days);
        for product in snapshot.products.iter().flatten().map(|row| &row.product) {
            let number = self.ids.find(&product.product_id);
            if number.is_some_and(|number| snapshot.successor(number).is_some()) {
                replaced.push(crate::flows::rows::quoted(&product.product_id));
                let cycle = product.category.as_deref().and_then(|path| snapshot.cycle_days(path));
                least = least.min(cycle.map_or(f64::MAX, f64::floor));
            }
        }
        let last = Day(day.0.saturating_sub(least.max(1.0) as i32));
        (!replaced.is_empty()).then(|| {
            format!(
                "select customer_id, min(ordered_at) as first from orders
                 where quantity > 0 and product_id in ({}) and shop_day(ordered_at) <= date '{last}'
                 group by customer_id order by first, customer_id",
                replaced.join(", ")
            )
        })
    }

    /// Gives a notice: into the customer's open conversation, whose message is returned, or by a channel that carries a way to
    /// which they agree today.
    ///
    /// # Errors
    /// If there is no such notice, it is settled, no longer holds, may not leave now, or the customer cannot be reached.
    pub async fn send_notice(self: &Arc<Self>, cause: &str, by: String) -> Result<(NoticeView, Option<ChatMessage>)> {
        let stored = self.proposed(cause)?;
        let policies = self.assistant().await?.assistant.policies.clone();
        let customer = self.customer(&stored.customer_id).await.map(|found| found.customer).unwrap_or_default();
        // A parcel may have come and a window closed since the notice was found, and what they agreed to may have changed.
        let notice = self.as_of_today(&stored, &customer.consent, &policies).await?.ok_or_else(|| {
            ServiceError::conflict("stale", "what the notice says no longer holds")
                .help("dismiss it; the next look finds what holds then")
        })?;
        let open = match notice.kind.needs_consent() {
            true => Gate::read(&self.shop).await?.why(&stored.customer_id),
            false => None,
        };
        if let Err(held) = may_leave(&notice, &policies.proactive, self.minute_now(), open.is_some()) {
            let (message, help) = match held {
                Held::AfterSales => (
                    format!("it promotes, and {}", open.map_or_else(String::new, |open| open.en)),
                    "settle what is open first; notices that serve the customer are sent all the same",
                ),
                Held::QuietHours => (
                    format!(
                        "nothing is sent from {} to {}",
                        policies.proactive.quiet_from, policies.proactive.quiet_until
                    ),
                    "wait, or change [proactive] quiet_from and quiet_until of service.toml",
                ),
                Held::NoConsent => (
                    "the customer has not agreed to be written to".to_owned(),
                    "dismiss it; consent stands in the table customers",
                ),
            };
            return Err(ServiceError::conflict("held", message).help(help));
        }
        let open = self.shop.state()?.open_conversation_of(&stored.customer_id)?;
        let message = match open {
            Some(conversation) => {
                let cause = stored.cause.clone();
                let work = move |shop: &Arc<Self>, _: &Handle, row: data::state::conversations::Conversation| {
                    shop.give(row, notice, &cause, &by)
                };
                Some(self.step(&conversation.id, work).await?)
            }
            None => {
                self.send_away(notice, &customer, &policies, by).await?;
                None
            }
        };
        let state = self.shop.state()?;
        let settled = state.notice(&stored.cause)?.ok_or_else(|| gone(&stored.cause))?;
        self.answered_by(&settled).await;
        let moment = Moment { policies: &policies, minute: self.minute_now(), gate: &Gate::default() };
        Ok((view(&settled, &moment, &state)?, message))
    }

    /// Queues a notice for a channel, in one step with its settling.
    async fn send_away(
        self: &Arc<Self>,
        notice: Notice,
        customer: &domain::Customer,
        policies: &Policies,
        by: String,
    ) -> Result<()> {
        let rules = policies.proactive.clone();
        if !rules.may_travel(notice.kind) {
            return Err(ServiceError::conflict("no_conversation", "the customer has no open conversation").help(
                "what promotes leaves by a channel once [proactive] stop_zh and stop_en of service.toml are set",
            ));
        }
        let route = self.channels.route_to(customer).ok_or_else(|| {
            let message = "the customer has no open conversation, and no channel reaches them by a way they agreed to";
            ServiceError::conflict("no_conversation", message)
                .help("it waits until they have one; `notices` of a channel in tercet.toml names the ways it carries")
        })?;
        // Nobody is erased meanwhile: what is queued would outlive them.
        let _present = self.erasing.read().await;
        let (shop, shop_lang) = (self.clone(), lang_named(&self.shop.config().language));
        off_thread(move || {
            let (state, now) = (shop.shop.state()?, clock::now().0);
            let known = memory::facts(&state, &notice.customer_id, shop_lang)?;
            let lang = memory::language(&known).unwrap_or(shop_lang);
            let outgoing = away::outgoing(&notice, &rules, route, lang, now)?;
            let settling = Settling { state: SENT, by, at: now, conversation_id: None, outgoing: Some(outgoing) };
            if !state.settle_notice(&notice.cause, settling)? {
                return Err(settled());
            }
            shop.channels.wake();
            Ok(())
        })
        .await
    }

    /// A notice that somebody asked for settles what they asked.
    async fn answered_by(self: &Arc<Self>, stored: &StoredNotice) {
        let kind = NoticeKind::BackInStock.as_str();
        let Some(case) = stored.cause.strip_prefix(kind).and_then(|rest| rest.strip_prefix(':')) else { return };
        let (shop, case) = (self.clone(), case.to_owned());
        let settle = move || {
            let state = shop.shop.state()?;
            if let Some(case) = state.case(&case)?.filter(|case| case.state == "open") {
                state.put_case(Case { state: "done".to_owned(), ..case })?;
            }
            Ok(())
        };
        // The notice has left: what stays undone here is an open request, which the desk sees.
        if let Err(error) = off_thread(settle).await {
            tracing::warn!(message = %error.message, "a request that was answered stays open");
        }
    }

    /// Puts a notice into a conversation that nobody else changes meanwhile.
    fn give(
        self: &Arc<Self>,
        row: data::state::conversations::Conversation,
        notice: Notice,
        cause: &str,
        by: &str,
    ) -> Result<ChatMessage> {
        let (state, now) = (self.shop.state()?, clock::now().0);
        if row.state == "closed" {
            return Err(
                ServiceError::conflict("no_conversation", "the conversation has just been closed").help("try again")
            );
        }
        // First: whoever else sends it at this moment finds it settled.
        let conversation_id = Some(row.id.clone());
        let settling = Settling { state: SENT, by: by.to_owned(), at: now, conversation_id, outgoing: None };
        if !state.settle_notice(cause, settling)? {
            return Err(settled());
        }
        let lang = lang_named(&row.lang);
        let evidence = notice.evidence(lang).to_vec();
        let text = lang.choose(notice.text_zh, notice.text_en);
        let reply = Reply { lang, evidence, author: Author::BuiltIn, ..Reply::default() };
        let turn = Turn { reply, action: Default::default(), understood: Default::default(), trace: Vec::new() };
        let body = Body { understood: None, trace: None, ..Body::of_turn(&turn, None)? };
        let message = self.tell_customer(&state, row, &text, now, &body, |dialogue| {
            if !notice.order_id.is_empty() {
                dialogue.order_id = Some(notice.order_id.clone());
            }
            if let Some(product) = &notice.product_id {
                dialogue.mention(product);
            }
        })?;
        views::message(&message, For::Desk)
    }

    /// Settles a notice that is not to be given.
    ///
    /// # Errors
    /// If there is no such notice, or it is settled.
    pub async fn dismiss_notice(self: &Arc<Self>, cause: &str, by: String) -> Result<NoticeView> {
        let stored = self.proposed(cause)?;
        let policies = self.assistant().await?.assistant.policies.clone();
        let (shop, cause) = (self.clone(), stored.cause);
        let minute = self.minute_now();
        off_thread(move || {
            let state = shop.shop.state()?;
            let settling = Settling { state: DISMISSED, by, at: clock::now().0, ..Settling::default() };
            if !state.settle_notice(&cause, settling)? {
                return Err(settled());
            }
            let moment = Moment { policies: &policies, minute, gate: &Gate::default() };
            view(&state.notice(&cause)?.ok_or_else(|| gone(&cause))?, &moment, &state)
        })
        .await
    }

    fn proposed(&self, cause: &str) -> Result<StoredNotice> {
        let stored = self.shop.state()?.notice(cause)?.ok_or_else(|| gone(cause))?;
        if stored.state == PROPOSED { Ok(stored) } else { Err(settled()) }
    }
}

fn gone(cause: &str) -> ServiceError {
    ServiceError::not_found("notice", cause).help("GET /v1/desk/notices lists them")
}

fn settled() -> ServiceError {
    ServiceError::new(Kind::Conflict, "settled", "the notice has been sent or dismissed")
        .help("a cause is told of once")
}
