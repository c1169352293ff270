//! What the shop tells a customer of its own accord: that a parcel is late or has left, that a price has fallen within the days of
//! price protection, that what they asked for can be had again, that what was bought long ago has a successor. Each notice has a
//! cause, under which it is given once; what it rests on; and its words in both languages, every figure of which stands in its
//! evidence. Decided here from orders, requests and the catalogue; whether and by which way it leaves is decided by the shop's
//! people, under [`may_leave`].

use std::sync::Arc;

use domain::{Day, Millis, Product};
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::hand_over::hours::minute_of;
use crate::policy::Policies;
use crate::policy::windows::{Purchase, check, n_kept, price_difference, status_word};
use crate::say;
use crate::turn::Lang;
use crate::world::{DeliveryStatus, OrderRecord};

/// Later than this, a parcel that no row has reported of is a gap in the table rather than a parcel.
const LATE_DAYS_MAX: i32 = 60;
/// Notices of one customer at a time.
const NOTICES_MAX: usize = 5;

/// What `service.toml` says of notices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProactiveRules {
    /// Kinds that this shop does not give.
    pub off: Vec<NoticeKind>,
    /// Days after the promised one from which a parcel is late.
    pub late_after_days: u32,
    /// Days for which it is news that a parcel has left, the day on which it did counted.
    pub shipped_within_days: u32,
    /// A smaller difference is not worth a message: cents.
    pub price_difference_min_cents: i64,
    /// How long something is kept where the shop has not learned it from its own orders.
    pub upgrade_after_days: u32,
    /// When the server looks for what there is to tell, once a day: `HH:MM` in the shop's time zone. Empty: when somebody asks.
    pub look_at: String,
    /// Nothing leaves from, until: `HH:MM` in the shop's time zone. The same for both: at any time.
    pub quiet_from: String,
    pub quiet_until: String,
    /// How a customer takes consent back, told below what promotes where it leaves outside a conversation. Without it, it does
    /// not leave so.
    pub stop_zh: String,
    pub stop_en: String,
}

impl Default for ProactiveRules {
    fn default() -> Self {
        ProactiveRules {
            off: Vec::new(),
            late_after_days: 1,
            shipped_within_days: 2,
            price_difference_min_cents: 1_000,
            upgrade_after_days: 1_095,
            look_at: "08:30".into(),
            quiet_from: "21:00".into(),
            quiet_until: "09:00".into(),
            stop_zh: String::new(),
            stop_en: String::new(),
        }
    }
}

impl ProactiveRules {
    /// The minute of the day at which quiet hours end; midnight where that cannot be read.
    pub fn quiet_ends(&self) -> u32 {
        minute_of(&self.quiet_until).unwrap_or(0)
    }

    /// Whether a kind may leave outside a conversation: who is promoted to must be told how to end it.
    pub fn may_travel(&self, kind: NoticeKind) -> bool {
        !kind.needs_consent() || !(self.stop_zh.trim().is_empty() || self.stop_en.trim().is_empty())
    }

    /// Whether nothing may leave at a minute of the day.
    pub fn is_quiet(&self, minute_of_day: u32) -> bool {
        let (Some(from), Some(until)) = (minute_of(&self.quiet_from), minute_of(&self.quiet_until)) else {
            return true;
        };
        match from < until {
            true => (from..until).contains(&minute_of_day),
            false => from != until && (minute_of_day >= from || minute_of_day < until),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    DeliveryLate,
    OrderShipped,
    PriceProtection,
    BackInStock,
    UpgradeDue,
}

impl NoticeKind {
    pub const ALL: [NoticeKind; 5] = [
        NoticeKind::DeliveryLate,
        NoticeKind::OrderShipped,
        NoticeKind::PriceProtection,
        NoticeKind::BackInStock,
        NoticeKind::UpgradeDue,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            NoticeKind::DeliveryLate => "delivery_late",
            NoticeKind::OrderShipped => "order_shipped",
            NoticeKind::PriceProtection => "price_protection",
            NoticeKind::BackInStock => "back_in_stock",
            NoticeKind::UpgradeDue => "upgrade_due",
        }
    }

    /// Whether it promotes something: then the customer must have agreed to be written to.
    pub fn needs_consent(self) -> bool {
        self == NoticeKind::UpgradeDue
    }
}

/// One thing to be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// What brought it about. It is given once for a cause, however often it is looked for.
    pub cause: String,
    pub kind: NoticeKind,
    pub customer_id: String,
    /// Empty where it is about no order.
    pub order_id: String,
    pub product_id: Option<String>,
    /// Why, for the shop's people.
    pub reason_zh: String,
    pub reason_en: String,
    /// What the customer is told.
    pub text_zh: String,
    pub text_en: String,
    /// What `text_zh` rests on, and `text_en`: the same rows, in the words of each.
    pub evidence: Vec<Evidence>,
    #[serde(default)]
    pub evidence_en: Vec<Evidence>,
    /// Ways by which the customer agreed to be written to, as `customers` has them.
    pub consent: Vec<String>,
}

impl Notice {
    /// What the text in a language rests on.
    pub fn evidence(&self, lang: Lang) -> &[Evidence] {
        // Notices of earlier versions have it once.
        if self.evidence_en.is_empty() { &self.evidence } else { lang.choose(&self.evidence, &self.evidence_en) }
    }
}

/// Who may be told.
#[derive(Clone, Copy, Default)]
pub struct Person<'a> {
    pub customer_id: &'a str,
    /// Ways by which they agreed to be written to.
    pub consent: &'a [String],
    pub orders: &'a [OrderRecord],
    /// What they asked to be told of, the longest ago first.
    pub awaited: &'a [Awaited],
}

/// Something that a customer asked to be told of, as soon as it can be had: the form `stock_alert`, submitted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Awaited {
    /// Of the submitted form.
    pub case_id: String,
    pub product_id: String,
    pub asked_at: Millis,
}

/// The shop on a day.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    pub policies: &'a Policies,
    pub today: Day,
    /// See [`crate::world::World::day_of`].
    pub day_of: &'a dyn Fn(Millis) -> Day,
    /// ISO 4217.
    pub currency: &'a str,
    pub product: &'a dyn Fn(&str) -> Option<Arc<Product>>,
    /// What replaces a product, and can be had.
    pub successor: &'a dyn Fn(&str) -> Option<Arc<Product>>,
    /// After how many days half of the customers buy such a thing again, as learned from the shop's orders.
    pub cycle_days: &'a dyn Fn(&Product) -> Option<f64>,
}

/// Why a notice may not leave now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    QuietHours,
    NoConsent,
    /// Something of the customer's is open: a case at the desk, a late parcel, a bad review.
    AfterSales,
}

/// Whether a notice may leave at a minute of the shop's day. What is about the customer's own order needs no consent; what
/// promotes does, and waits while something of theirs `is_open`: whoever waits for a repair wants no advertisement.
///
/// # Errors
/// Why not.
pub fn may_leave(notice: &Notice, rules: &ProactiveRules, minute_of_day: u32, is_open: bool) -> Result<(), Held> {
    match notice {
        one if one.kind.needs_consent() && one.consent.is_empty() => Err(Held::NoConsent),
        one if one.kind.needs_consent() && is_open => Err(Held::AfterSales),
        _ if rules.is_quiet(minute_of_day) => Err(Held::QuietHours),
        _ => Ok(()),
    }
}

/// What there is to tell a customer, the most pressing first, few at a time; at most one upgrade.
pub fn notices(person: &Person, situation: &Situation) -> Vec<Notice> {
    let mut all = holding(person, situation);
    all.truncate(NOTICES_MAX);
    all
}

/// All that holds for a customer on the day.
pub fn holding(person: &Person, situation: &Situation) -> Vec<Notice> {
    let own: Vec<&OrderRecord> = person.orders.iter().filter(|order| order.customer_id == person.customer_id).collect();
    let mut all: Vec<Notice> = own.iter().filter_map(|order| delivery_late(person, order, situation)).collect();
    all.extend(own.iter().filter_map(|order| shipped(person, order, situation)));
    all.extend(own.iter().flat_map(|order| price_fallen(person, order, situation)));
    all.extend(person.awaited.iter().filter_map(|awaited| back_in_stock(person, awaited, situation)));
    all.extend(upgrade(person, &own, situation));
    all.retain(|notice| !situation.policies.proactive.off.contains(&notice.kind));
    all
}

fn delivery_late(person: &Person, order: &OrderRecord, situation: &Situation) -> Option<Notice> {
    use DeliveryStatus::{Cancelled, Delivered, Returned};
    let delivery = order.delivery.as_ref()?;
    let promised = delivery.expected_on?;
    let is_over = matches!(delivery.status, Delivered | Cancelled | Returned) || delivery.delivered_on.is_some();
    let late = situation.today.0.saturating_sub(promised.0);
    let from = i32::try_from(situation.policies.proactive.late_after_days.max(1)).unwrap_or(i32::MAX);
    if is_over || late < from || late > LATE_DAYS_MAX {
        return None;
    }
    let id = say::format::plain(&order.order_id);
    let told =
        |lang: Lang| say::proactive::late(lang, &id, &promised.to_string(), status_word(delivery.status, lang), late);
    let row =
        |field: &str, value: String| Evidence::Order { order_id: order.order_id.clone(), field: field.into(), value };
    let days = if late == 1 { "day" } else { "days" };
    let rests_on = |lang: Lang| {
        vec![
            row("order_id", order.order_id.clone()),
            row("status", status_word(delivery.status, lang).to_owned()),
            row("expected_on", promised.to_string()),
            Evidence::Computed {
                how: format!("{} - {promised}", situation.today),
                value: lang.choose(format!("{late} 天"), format!("{late} {days}")),
            },
        ]
    };
    Some(Notice {
        order_id: order.order_id.clone(),
        text_zh: told(Lang::Zh),
        text_en: told(Lang::En),
        evidence: rests_on(Lang::Zh),
        evidence_en: rests_on(Lang::En),
        reason_zh: format!("承诺 {promised} 送达，{} 仍未签收，晚了 {late} 天。", situation.today),
        reason_en: format!("Promised for {promised}, not delivered on {}: {late} {days} late.", situation.today),
        ..notice(person, NoticeKind::DeliveryLate, format!("{}:{promised}", order.order_id))
    })
}

/// A parcel that has left of late, and is not late itself.
fn shipped(person: &Person, order: &OrderRecord, situation: &Situation) -> Option<Notice> {
    let delivery = order.delivery.as_ref()?;
    let left = matches!(delivery.status, DeliveryStatus::Shipped | DeliveryStatus::OutForDelivery);
    let on = (situation.day_of)(delivery.updated_at);
    let since = situation.today.0.saturating_sub(on.0);
    let within = i32::try_from(situation.policies.proactive.shipped_within_days).unwrap_or(i32::MAX);
    let is_late = delivery.expected_on.is_some_and(|promised| promised < situation.today);
    if !left || delivery.delivered_on.is_some() || is_late || !(0..within).contains(&since) {
        return None;
    }
    let id = say::format::plain(&order.order_id);
    let [carrier, number] =
        [&delivery.carrier, &delivery.tracking_number].map(|text| text.as_deref().map(say::format::plain));
    let expected = delivery.expected_on.map(|day| day.to_string());
    let told = |lang: Lang| {
        let status = status_word(delivery.status, lang);
        say::proactive::shipped(lang, &id, status, carrier.as_deref(), number.as_deref(), expected.as_deref())
    };
    let row =
        |field: &str, value: String| Evidence::Order { order_id: order.order_id.clone(), field: field.into(), value };
    let rests_on = |lang: Lang| {
        let mut all = vec![
            row("order_id", order.order_id.clone()),
            row("status", status_word(delivery.status, lang).to_owned()),
            row("updated_at", on.to_string()),
        ];
        all.extend(delivery.carrier.clone().map(|carrier| row("carrier", carrier)));
        all.extend(delivery.tracking_number.clone().map(|number| row("tracking_number", number)));
        all.extend(expected.clone().map(|day| row("expected_on", day)));
        all
    };
    Some(Notice {
        order_id: order.order_id.clone(),
        text_zh: told(Lang::Zh),
        text_en: told(Lang::En),
        evidence: rests_on(Lang::Zh),
        evidence_en: rests_on(Lang::En),
        reason_zh: format!("{on} 已发货，尚未签收。"),
        reason_en: format!("Shipped, as of {on}, and not delivered yet."),
        // Out for delivery, it is the same parcel.
        ..notice(person, NoticeKind::OrderShipped, order.order_id.clone())
    })
}

/// What a customer asked to be told of, where the shop counts what it has of it and has some.
fn back_in_stock(person: &Person, awaited: &Awaited, situation: &Situation) -> Option<Notice> {
    let product = (situation.product)(&awaited.product_id)?;
    let stock = product.stock.filter(|stock| *stock > 0)?;
    let price = say::format::money(product.price_cents?.0, situation.currency);
    if crate::act::in_stock(&product, situation.today) != Some(true) {
        return None;
    }
    let on = (situation.day_of)(awaited.asked_at).to_string();
    let name = say::format::name(&product);
    let told = |lang: Lang| say::proactive::back_in_stock(lang, &on, &name, &price);
    Some(Notice {
        product_id: Some(awaited.product_id.clone()),
        text_zh: told(Lang::Zh),
        text_en: told(Lang::En),
        evidence: vec![
            crate::act::field(&product, "name", product.name.as_str()),
            crate::act::field(&product, "stock", stock.to_string()),
            crate::act::field(&product, "price", price),
            Evidence::Computed { how: format!("asked for in {}", awaited.case_id), value: on.clone() },
        ],
        reason_zh: format!("{on} 要求到货提醒，现有库存 {stock}。"),
        reason_en: format!("Asked on {on} to be told; {stock} are in stock now."),
        ..notice(person, NoticeKind::BackInStock, awaited.case_id.clone())
    })
}

/// One notice a line whose price has fallen while the difference is still paid back.
fn price_fallen(person: &Person, order: &OrderRecord, situation: &Situation) -> Vec<Notice> {
    let mut ids: Vec<&str> = order.lines.iter().map(|line| line.product_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().filter_map(|id| price_of(person, order, id, situation)).collect()
}

fn price_of(person: &Person, order: &OrderRecord, product_id: &str, situation: &Situation) -> Option<Notice> {
    let product = (situation.product)(product_id)?;
    let purchase = |lang: Lang| Purchase {
        order,
        product_id: Some(product_id),
        product: Some(product.clone()),
        n: n_kept(order, product_id),
        cause: None,
        told: Vec::new(),
        policies: situation.policies,
        today: situation.today,
        day_of: situation.day_of,
        currency: situation.currency,
        lang,
    };
    // A window that the shop has not set is no promise of the shop.
    situation.policies.returns.price_protection_days?;
    let (zh, en) = (purchase(Lang::Zh), purchase(Lang::En));
    let (verdict, in_english) = (check("price_protection_window", &zh), check("price_protection_window", &en));
    let difference = price_difference(&zh)?;
    // A window that has not begun is promised to nobody.
    let from_payment = situation.policies.returns.is_from_payment("returns.price_protection_days");
    let has_begun = from_payment || order.delivery.as_ref().is_none_or(|delivery| delivery.delivered_on.is_some());
    let is_worth = difference.total() >= situation.policies.proactive.price_difference_min_cents.max(1);
    if !verdict.allowed || !has_begun || !is_worth {
        return None;
    }
    let name = say::format::name(&product);
    let money = |cents: i64| say::format::money(cents, situation.currency);
    let (paid, now, total) = (money(difference.paid_cents), money(difference.now_cents), money(difference.total()));
    let ordered_on = (situation.day_of)(order.ordered_at).to_string();
    let told = |lang: Lang| say::proactive::price_fallen(lang, &ordered_on, &name, &paid, &now, &total);
    let rests_on = |mut evidence: Vec<Evidence>| {
        let (order_id, field) = (order.order_id.clone(), "ordered_at".into());
        evidence.push(Evidence::Order { order_id, field, value: ordered_on.clone() });
        evidence.push(crate::act::field(&product, "name", product.name.as_str()));
        evidence
    };
    Some(Notice {
        order_id: order.order_id.clone(),
        product_id: Some(product_id.to_owned()),
        text_zh: told(Lang::Zh),
        text_en: told(Lang::En),
        reason_zh: verdict.why,
        reason_en: in_english.why,
        evidence: rests_on(verdict.evidence),
        evidence_en: rests_on(in_english.evidence),
        // Fallen again, it is another cause.
        ..notice(
            person,
            NoticeKind::PriceProtection,
            format!("{}:{product_id}:{}", order.order_id, difference.now_cents),
        )
    })
}

/// The longest kept thing that has a successor and has been kept for as long as such things are.
fn upgrade(person: &Person, orders: &[&OrderRecord], situation: &Situation) -> Option<Notice> {
    let bought_on = |order: &OrderRecord| (situation.day_of)(order.ordered_at);
    let mut kept: Vec<(&OrderRecord, Arc<Product>)> = Vec::new();
    for order in orders.iter().filter(|order| !is_undone(order)) {
        for line in order.lines.iter().filter(|line| line.quantity > 0 && n_kept(order, &line.product_id) > 0) {
            kept.extend((situation.product)(&line.product_id).map(|product| (*order, product)));
        }
    }
    kept.sort_by_key(|(order, _)| order.ordered_at);
    // Whoever has bought such a thing since needs no other.
    let has_newer = |order: &OrderRecord, product: &Product| {
        kept.iter().any(|(other, bought)| other.ordered_at > order.ordered_at && bought.category == product.category)
    };
    kept.iter().find_map(|(order, product)| {
        let newer = (situation.successor)(&product.product_id)?;
        let (cycle, by) = match (situation.cycle_days)(product) {
            Some(days) if days.is_finite() && days >= 1.0 => (days.round() as i32, "learned"),
            _ => (i32::try_from(situation.policies.proactive.upgrade_after_days).unwrap_or(i32::MAX), "service.toml"),
        };
        let on = bought_on(order);
        let had = situation.today.0.saturating_sub(on.0);
        let can_be_had = crate::act::in_stock(&newer, situation.today) != Some(false) && newer.price_cents.is_some();
        (had >= cycle && can_be_had && !has_newer(order, product))
            .then(|| upgrade_to(person, order, product, &newer, (on, had, cycle, by), situation))
    })
}

fn is_undone(order: &OrderRecord) -> bool {
    let status = order.delivery.as_ref().map(|delivery| delivery.status);
    matches!(status, Some(DeliveryStatus::Cancelled | DeliveryStatus::Returned))
}

fn upgrade_to(
    person: &Person,
    order: &OrderRecord,
    product: &Product,
    newer: &Product,
    (on, had, cycle, by): (Day, i32, i32, &str),
    situation: &Situation,
) -> Notice {
    let (old_name, new_name) = (say::format::name(product), say::format::name(newer));
    let price = say::format::money(newer.price_cents.map_or(0, |price| price.0), situation.currency);
    let told = |lang: Lang| say::proactive::upgrade(lang, &on.to_string(), &old_name, &new_name, &price);
    let row =
        |field: &str, value: String| Evidence::Order { order_id: order.order_id.clone(), field: field.into(), value };
    Notice {
        order_id: order.order_id.clone(),
        product_id: Some(newer.product_id.clone()),
        text_zh: told(Lang::Zh),
        text_en: told(Lang::En),
        reason_zh: format!("{on} 购买，已用 {had} 天，同类商品的更换周期为 {cycle} 天（{by}），且已有新款。"),
        reason_en: format!(
            "Bought on {on}, kept for {had} days; such things are replaced after {cycle} ({by}), and it has a successor."
        ),
        evidence: vec![
            row("ordered_at", on.to_string()),
            crate::act::field(product, "name", product.name.as_str()),
            crate::act::field(newer, "predecessor_id", product.product_id.as_str()),
            crate::act::field(newer, "price", price),
            Evidence::Computed {
                how: format!("{} - {on}; cycle {by}", situation.today),
                value: format!("{had} >= {cycle}"),
            },
        ],
        ..notice(person, NoticeKind::UpgradeDue, format!("{}:{}", person.customer_id, newer.product_id))
    }
}

fn notice(person: &Person, kind: NoticeKind, cause: String) -> Notice {
    Notice {
        cause: format!("{}:{cause}", kind.as_str()),
        kind,
        customer_id: person.customer_id.to_owned(),
        order_id: String::new(),
        product_id: None,
        reason_zh: String::new(),
        reason_en: String::new(),
        text_zh: String::new(),
        text_en: String::new(),
        evidence: Vec::new(),
        evidence_en: Vec::new(),
        consent: person.consent.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use domain::Cents;

    use super::*;
    use crate::evidence::unsupported;
    use crate::world::{Delivery, OrderLine};

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    /// Noon where the shop is, eight hours ahead of UTC.
    fn noon(text: &str) -> Millis {
        Millis((i64::from(day(text).0) * 24 + 4) * 3_600_000)
    }

    fn order(id: &str, on: &str, product: &str, cents: i64, delivery: Option<Delivery>) -> OrderRecord {
        OrderRecord {
            order_id: id.into(),
            customer_id: "c1".into(),
            ordered_at: noon(on),
            lines: vec![OrderLine {
                product_id: product.into(),
                quantity: 2,
                unit_price_cents: Cents(cents),
                discount_cents: None,
            }],
            delivery,
        }
    }

    fn parcel(status: DeliveryStatus, expected: Option<&str>, delivered: Option<&str>) -> Option<Delivery> {
        Some(Delivery {
            status,
            expected_on: expected.map(day),
            delivered_on: delivered.map(day),
            ..Delivery::default()
        })
    }

    /// p1: a phone that costs ¥3,799 now; p2 follows it.
    fn product(id: &str) -> Option<Arc<Product>> {
        let (name, price, stock) = match id {
            "p1" => ("远山 Orla 5 手机", 379_900, 0),
            "p2" => ("远山 Orla 6 手机", 429_900, 4),
            "p3" => ("远山 Tarn 手机壳", 5_900, 90),
            _ => return None,
        };
        Some(Arc::new(Product {
            product_id: id.into(),
            name: name.into(),
            category: Some(if id == "p3" { "手机壳" } else { "手机" }.into()),
            price_cents: Some(Cents(price)),
            stock: Some(stock),
            ..Product::default()
        }))
    }

    fn told(orders: &[OrderRecord], today: &str, consent: &[String], policies: &Policies) -> Vec<Notice> {
        let situation = Situation {
            policies,
            today: day(today),
            day_of: &|at| Day((at.0 + 480 * 60_000).div_euclid(86_400_000) as i32),
            currency: "CNY",
            product: &product,
            successor: &|id| if id == "p1" { product("p2") } else { None },
            cycle_days: &|product| (product.category.as_deref() == Some("手机")).then_some(730.4),
        };
        let person = Person { customer_id: "c1", consent, orders, awaited: &[] };
        told_to(&person, &situation)
    }

    fn told_to(person: &Person, situation: &Situation) -> Vec<Notice> {
        let all = notices(person, situation);
        for one in &all {
            for (text, lang) in [(&one.text_zh, Lang::Zh), (&one.text_en, Lang::En)] {
                assert_eq!(unsupported(text, one.evidence(lang), &[]), vec![], "{text}");
            }
        }
        assert_eq!(all, notices(person, situation));
        all
    }

    fn causes(orders: &[OrderRecord], today: &str) -> Vec<String> {
        told(orders, today, &[], &Policies::all_set()).into_iter().map(|notice| notice.cause).collect()
    }

    #[test]
    fn a_parcel_is_late_from_the_day_after_the_promised_one() {
        let shipped = parcel(DeliveryStatus::Shipped, Some("2026-06-10"), None);
        let orders = [order("TC1", "2026-06-07", "p3", 5_900, shipped)];
        assert_eq!(causes(&orders, "2026-06-10"), Vec::<String>::new());
        assert_eq!(causes(&orders, "2026-06-11"), ["delivery_late:TC1:2026-06-10"]);
        // The next day it is the same cause.
        assert_eq!(causes(&orders, "2026-06-12"), ["delivery_late:TC1:2026-06-10"]);
        assert_eq!(causes(&orders, "2026-09-12"), Vec::<String>::new(), "a row that nobody reports of any more");
        let late = &told(&orders, "2026-06-13", &[], &Policies::all_set())[0];
        assert!(late.text_zh.contains("2026-06-10") && late.text_zh.contains("晚了 3 天"), "{}", late.text_zh);
        for over in [
            parcel(DeliveryStatus::Delivered, Some("2026-06-10"), Some("2026-06-12")),
            parcel(DeliveryStatus::Cancelled, Some("2026-06-10"), None),
            parcel(DeliveryStatus::Shipped, None, None),
            None,
        ] {
            assert_eq!(causes(&[order("TC1", "2026-06-07", "p3", 5_900, over)], "2026-06-11"), Vec::<String>::new());
        }
    }

    #[test]
    fn a_parcel_that_has_left_is_told_of_for_two_days() {
        let left = |status, on: &str| {
            Some(Delivery {
                status,
                updated_at: noon(on),
                carrier: Some("Skylark Parcel".into()),
                tracking_number: Some("YQ431052308335".into()),
                expected_on: Some(day("2026-06-12")),
                ..Delivery::default()
            })
        };
        let orders = [order("TC7", "2026-06-07", "p3", 5_900, left(DeliveryStatus::Shipped, "2026-06-10"))];
        assert_eq!(causes(&orders, "2026-06-09"), Vec::<String>::new(), "a row of tomorrow");
        for today in ["2026-06-10", "2026-06-11"] {
            assert_eq!(causes(&orders, today), ["order_shipped:TC7"], "{today}");
        }
        assert_eq!(causes(&orders, "2026-06-12"), Vec::<String>::new(), "no news any more");
        assert_eq!(causes(&orders, "2026-06-13"), ["delivery_late:TC7:2026-06-12"]);
        let found = &told(&orders, "2026-06-10", &[], &Policies::all_set())[0];
        for text in ["TC7", "Skylark Parcel", "YQ431052308335", "2026-06-12"] {
            assert!(
                found.text_zh.contains(text) && found.text_en.contains(text),
                "{} {}",
                found.text_zh,
                found.text_en
            );
        }
        assert!(!found.kind.needs_consent(), "about their own order");
        // On its way to the door it is the same cause; where nothing more is known no more is said.
        let out = [order("TC7", "2026-06-07", "p3", 5_900, left(DeliveryStatus::OutForDelivery, "2026-06-11"))];
        assert_eq!(causes(&out, "2026-06-11"), ["order_shipped:TC7"]);
        let bare = Delivery { status: DeliveryStatus::Shipped, updated_at: noon("2026-06-11"), ..Delivery::default() };
        let bare = [order("TC8", "2026-06-07", "p3", 5_900, Some(bare))];
        assert!(!told(&bare, "2026-06-11", &[], &Policies::all_set())[0].text_en.contains("expected"));
        for status in [DeliveryStatus::Packed, DeliveryStatus::Delivered, DeliveryStatus::Cancelled] {
            let orders = [order("TC7", "2026-06-07", "p3", 5_900, left(status, "2026-06-10"))];
            assert_eq!(causes(&orders, "2026-06-10"), Vec::<String>::new(), "{status:?}");
        }
    }

    #[test]
    fn what_was_asked_for_is_told_once_it_is_there() {
        let policies = Policies::all_set();
        let found = |product_id: &str, product: &dyn Fn(&str) -> Option<Arc<Product>>| {
            let situation = Situation {
                policies: &policies,
                today: day("2026-06-11"),
                day_of: &|at| Day((at.0 + 480 * 60_000).div_euclid(86_400_000) as i32),
                currency: "CNY",
                product,
                successor: &|_| None,
                cycle_days: &|_| None,
            };
            let awaited =
                [Awaited { case_id: "R-7".into(), product_id: product_id.into(), asked_at: noon("2026-06-02") }];
            told_to(&Person { customer_id: "c1", awaited: &awaited, ..Person::default() }, &situation)
        };
        let one = found("p2", &product).remove(0);
        assert_eq!((one.cause.as_str(), one.order_id.as_str()), ("back_in_stock:R-7", ""));
        for text in ["远山 Orla 6 手机", "¥4,299", "2026-06-02"] {
            assert!(one.text_zh.contains(text) && one.text_en.contains(text), "{} {}", one.text_zh, one.text_en);
        }
        assert_eq!(found("p1", &product), [], "sold out");
        assert_eq!(found("p9", &product), [], "not sold any more");
        let retired = |id: &str| {
            let retired_on = Some(day("2026-06-10"));
            product(id).map(|product| Arc::new(Product { retired_on, ..(*product).clone() }))
        };
        assert_eq!(found("p2", &retired), [], "retired");
        let uncounted = |id: &str| product(id).map(|product| Arc::new(Product { stock: None, ..(*product).clone() }));
        assert_eq!(found("p2", &uncounted), [], "nobody knows");
    }

    #[test]
    fn a_fallen_price_is_told_within_the_days_of_price_protection() {
        // Two phones at ¥3,999, delivered on the 9th, ¥3,799 now: 7 days until the 16th, ¥400 back.
        let delivered = || parcel(DeliveryStatus::Delivered, None, Some("2026-06-09"));
        let orders = [order("TC2", "2026-06-07", "p1", 399_900, delivered())];
        let found = told(&orders, "2026-06-16", &[], &Policies::all_set());
        assert_eq!(found[0].cause, "price_protection:TC2:p1:379900");
        for text in ["¥3,999", "¥3,799", "¥400", "2026-06-07"] {
            assert!(found[0].text_zh.contains(text) && found[0].text_en.contains(text), "{}", found[0].text_zh);
        }
        assert_eq!(causes(&orders, "2026-06-17"), Vec::<String>::new(), "the days are over");
        // ¥4.50 each, ¥9 together: less than what is worth a message.
        assert_eq!(
            causes(&[order("TC2", "2026-06-07", "p1", 380_350, delivered())], "2026-06-10"),
            Vec::<String>::new()
        );
        assert_eq!(
            causes(&[order("TC2", "2026-06-07", "p1", 379_000, delivered())], "2026-06-10"),
            Vec::<String>::new()
        );
        let under_way = parcel(DeliveryStatus::Shipped, None, None);
        assert_eq!(causes(&[order("TC2", "2026-06-07", "p1", 399_900, under_way)], "2026-06-10"), Vec::<String>::new());
        let mut returned = order("TC2", "2026-06-07", "p1", 399_900, delivered());
        returned.lines.push(OrderLine { quantity: -2, ..returned.lines[0].clone() });
        assert_eq!(causes(&[returned], "2026-06-10"), Vec::<String>::new());
    }

    #[test]
    fn a_fallen_price_is_told_as_long_as_the_days_count_from_payment() {
        let mut policies = Policies::all_set();
        policies.returns.from_payment = vec!["price_protection_days".into()];
        let delivered =
            order("TC2", "2026-06-07", "p1", 399_900, parcel(DeliveryStatus::Delivered, None, Some("2026-06-09")));
        let under_way = order("TC2", "2026-06-07", "p1", 399_900, parcel(DeliveryStatus::Shipped, None, None));
        for one in [delivered, under_way] {
            let n = |today: &str| {
                let all = told(std::slice::from_ref(&one), today, &[], &policies);
                all.iter().filter(|notice| notice.kind == NoticeKind::PriceProtection).count()
            };
            assert_eq!((n("2026-06-14"), n("2026-06-15")), (1, 0));
        }
    }

    #[test]
    fn an_upgrade_is_due_after_the_cycle_and_once() {
        // Bought on 2024-06-01: 730 days later it is 2026-06-01.
        let old =
            || order("TC3", "2024-06-01", "p1", 399_900, parcel(DeliveryStatus::Delivered, None, Some("2024-06-03")));
        assert_eq!(causes(&[old()], "2026-05-31"), Vec::<String>::new());
        assert_eq!(causes(&[old()], "2026-06-01"), ["upgrade_due:c1:p2"]);
        let two = [old(), order("TC4", "2024-01-01", "p1", 399_900, None)];
        assert_eq!(causes(&two, "2026-06-01"), ["upgrade_due:c1:p2"], "one of two");
        let since = order("TC5", "2025-11-11", "p2", 429_900, None);
        assert_eq!(causes(&[old(), since], "2026-06-01"), Vec::<String>::new(), "they have a newer one");
        let case = order("TC6", "2020-01-01", "p3", 5_900, None);
        assert_eq!(causes(&[case], "2026-06-01"), Vec::<String>::new(), "nothing follows it");
        let off = ProactiveRules { off: vec![NoticeKind::UpgradeDue], ..ProactiveRules::default() };
        let policies = Policies { proactive: off, ..Policies::all_set() };
        assert_eq!(told(&[old()], "2026-06-01", &[], &policies), []);
    }

    #[test]
    fn quiet_hours_and_consent_hold_a_notice_back() {
        let rules = ProactiveRules::default();
        let at = |time: &str| minute_of(time).expect("a time");
        for (time, quiet) in [("20:59", false), ("21:00", true), ("00:00", true), ("08:59", true), ("09:00", false)] {
            assert_eq!(rules.is_quiet(at(time)), quiet, "{time}");
        }
        let over_noon = ProactiveRules { quiet_from: "12:00".into(), quiet_until: "14:00".into(), ..rules.clone() };
        assert!(over_noon.is_quiet(at("13:59")) && !over_noon.is_quiet(at("14:00")) && !over_noon.is_quiet(0));
        let never = ProactiveRules { quiet_from: "09:00".into(), quiet_until: "09:00".into(), ..rules.clone() };
        assert!(!never.is_quiet(at("09:00")) && !never.is_quiet(0));
        let old = [order("TC3", "2024-06-01", "p1", 399_900, None)];
        let promote = |consent: &[String]| told(&old, "2026-06-01", consent, &Policies::all_set()).remove(0);
        let noon = at("12:00");
        assert_eq!(may_leave(&promote(&[]), &rules, noon, true), Err(Held::NoConsent));
        assert_eq!(may_leave(&promote(&["sms".into()]), &rules, noon, false), Ok(()));
        assert_eq!(may_leave(&promote(&["sms".into()]), &rules, 0, false), Err(Held::QuietHours));
        assert_eq!(may_leave(&promote(&["sms".into()]), &rules, noon, true), Err(Held::AfterSales));
        let shipped = parcel(DeliveryStatus::Shipped, Some("2026-06-10"), None);
        let late = told(&[order("TC1", "2026-06-07", "p3", 5_900, shipped)], "2026-06-11", &[], &Policies::all_set());
        assert_eq!(may_leave(&late[0], &rules, noon, true), Ok(()), "about their own order");
    }

    #[test]
    fn orders_of_others_are_told_to_nobody() {
        let mut foreign = order("TC9", "2024-06-01", "p1", 399_900, None);
        foreign.customer_id = "c2".into();
        assert_eq!(causes(&[foreign], "2026-06-01"), Vec::<String>::new());
    }
}
