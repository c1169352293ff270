//! A customer's own orders: where they are, what was in them, what went back. Only the orders of the customer whom the shop
//! vouches for are ever looked at, so that nothing of others can be told, not even whether a number exists.

use domain::Product;

use super::{Answer, Outcome, Scene};
use crate::evidence::Evidence;
use crate::policy::windows::status_word;
use crate::say;
use crate::state::Asked;
use crate::turn::{Block, Lang, OrderCard, OrderLineCard};
use crate::world::{DeliveryStatus, OrderRecord};

/// Orders listed.
pub const N_LISTED: usize = 5;
/// Lines of an order that are told in words.
const N_LINES: usize = 3;

/// The customer's orders, newest first.
///
/// # Errors
/// An answer instead: to sign in first, or that orders cannot be asked now.
pub fn own(scene: &Scene, intent: &str) -> Result<Vec<OrderRecord>, Box<Answer>> {
    let Some(customer_id) = scene.message.customer_id else {
        let mut answer =
            Answer::ask(say::orders::sign_in(scene.lang), "sign_in", Asked::SignIn { intent: intent.to_owned() });
        answer.step("orders", "not signed in");
        return Err(Box::new(answer));
    };
    match scene.world.orders.orders_of(customer_id) {
        Ok(mut orders) => {
            // The shop answers for one customer; should it ever answer for more, nothing of them is said.
            orders.retain(|order| order.customer_id == customer_id);
            orders.sort_by(|a, b| b.ordered_at.cmp(&a.ordered_at).then_with(|| b.order_id.cmp(&a.order_id)));
            Ok(orders)
        }
        Err(error) => {
            let mut answer = Answer::unknown(say::person::part_down(scene.lang));
            answer.step("orders", format!("failed: {error}"));
            Err(Box::new(answer))
        }
    }
}

/// An order number that is not among the customer's own: whether somebody else has it is not told.
pub fn not_yours(scene: &Scene, orders: &[OrderRecord]) -> Answer {
    let mut answer = Answer::of(say::orders::not_yours(scene.lang));
    answer.outcome = Outcome::Unknown;
    answer.step("orders", "a number that is not the customer's");
    if !orders.is_empty() {
        answer.suggest(say::orders::ask_mine(scene.lang));
    }
    answer
}

pub fn none(scene: &Scene) -> Answer {
    let mut answer = Answer::of(say::orders::none(scene.lang));
    answer.step("orders", "none");
    answer
}

/// Where an order is, and what is in it.
pub fn status(scene: &Scene, order: &OrderRecord, is_about_parcel: bool) -> Answer {
    let mut answer = Answer::default();
    let id = say::format::plain(&order.order_id);
    cite(&mut answer, order, "order_id", &order.order_id);
    match &order.delivery {
        Some(delivery) => {
            let word = status_word(delivery.status, scene.lang);
            cite(&mut answer, order, "status", word);
            answer.text = say::orders::status(scene.lang, &id, word);
            tell_parcel(scene, order, &mut answer, is_about_parcel);
        }
        None => {
            answer.text = say::orders::status_unknown(scene.lang, &id);
            answer.outcome = if is_about_parcel { Outcome::Unknown } else { Outcome::Answered };
        }
    }
    if !is_about_parcel {
        tell_lines(scene, order, &mut answer);
    }
    answer.step("orders", format!("{} told", order.order_id));
    answer.blocks.push(Block::Order(card(scene, order)));
    answer
}

fn tell_parcel(scene: &Scene, order: &OrderRecord, answer: &mut Answer, is_about_parcel: bool) {
    let Some(delivery) = &order.delivery else { return };
    if let Some(day) = delivery.delivered_on {
        cite(answer, order, "delivered_on", &day.to_string());
        answer.say(say::orders::delivered_on(scene.lang, &day.to_string()));
        if let Some(promised) = delivery.expected_on.filter(|promised| asks_late(scene.question) || day > *promised) {
            cite(answer, order, "expected_on", &promised.to_string());
            answer.say(say::orders::promised_for(scene.lang, &promised.to_string(), day > promised));
        }
    } else if let Some(day) = delivery.expected_on.filter(|_| is_under_way(delivery.status)) {
        cite(answer, order, "expected_on", &day.to_string());
        answer.say(say::orders::expected_on(scene.lang, &day.to_string(), day < scene.world.today));
    }
    let carrier = delivery.carrier.as_deref().map(say::format::plain);
    let number = delivery.tracking_number.as_deref().map(say::format::plain);
    for (name, value) in [("carrier", &delivery.carrier), ("tracking_number", &delivery.tracking_number)] {
        if let Some(value) = value {
            cite(answer, order, name, value);
        }
    }
    match (carrier, number) {
        (Some(carrier), Some(number)) => answer.say_shown(say::orders::parcel(scene.lang, &carrier, &number)),
        (Some(carrier), None) => answer.say_shown(say::orders::carrier(scene.lang, &carrier)),
        (None, Some(number)) => answer.say_shown(say::orders::tracking(scene.lang, &number)),
        (None, None) if is_about_parcel && is_under_way(delivery.status) => {
            answer.say(say::orders::no_tracking(scene.lang));
        }
        (None, None) => {}
    }
}

/// "Was it late, or am I imagining things?"
fn asks_late(question: &str) -> bool {
    let folded = question.to_lowercase();
    ["late", "on time", "in time", "promised", "晚", "准时", "按时", "超时", "延误"]
        .iter()
        .any(|word| folded.contains(word))
}

fn is_under_way(status: DeliveryStatus) -> bool {
    !matches!(status, DeliveryStatus::Delivered | DeliveryStatus::Cancelled | DeliveryStatus::Returned)
}

fn tell_lines(scene: &Scene, order: &OrderRecord, answer: &mut Answer) {
    let bought: Vec<_> = order.lines.iter().filter(|line| line.quantity > 0).collect();
    let mut items = Vec::new();
    for line in bought.iter().take(N_LINES) {
        let name = line_name(scene, &line.product_id);
        cite(answer, order, "product", &name);
        cite(answer, order, "quantity", &line.quantity.to_string());
        items.push(say::orders::item(scene.lang, &name, line.quantity));
    }
    let (total, how) = total(order);
    let amount = scene.money(total);
    answer.cite(Evidence::Computed { how, value: amount.clone() });
    let ordered_on = scene.day_of(order.ordered_at).to_string();
    cite(answer, order, "ordered_at", &ordered_on);
    answer.say_shown(say::orders::contents(scene.lang, &ordered_on, &items, bought.len() > N_LINES, &amount));
}

/// The sum of an order's lines, with how it was reckoned.
pub fn total(order: &OrderRecord) -> (i64, String) {
    let mut sum: i64 = 0;
    let mut terms = Vec::new();
    for line in &order.lines {
        let discount = line.discount_cents.unwrap_or_default();
        sum = sum.saturating_add(line.unit_price_cents.0.saturating_mul(line.quantity)).saturating_sub(discount.0);
        terms.push(match discount.0 {
            0 => format!("{} x {}", line.quantity, line.unit_price_cents),
            _ => format!("{} x {} - {discount}", line.quantity, line.unit_price_cents),
        });
    }
    (sum, terms.join(" + "))
}

/// A list of orders; "the second one" counts it.
pub fn list(scene: &Scene, orders: &[OrderRecord]) -> Answer {
    listed(scene, orders, say::orders::list(scene.lang))
}

fn listed(scene: &Scene, orders: &[OrderRecord], head: &str) -> Answer {
    let mut answer = Answer::of(head);
    for (at, order) in orders.iter().take(N_LISTED).enumerate() {
        let ordered_on = scene.day_of(order.ordered_at).to_string();
        let word = order.delivery.as_ref().map(|delivery| status_word(delivery.status, scene.lang));
        let what = order.lines.first().map(|line| line_name(scene, &line.product_id)).unwrap_or_default();
        let id = say::format::plain(&order.order_id);
        answer.shown_line(say::orders::listed(scene.lang, at + 1, &id, &ordered_on, &what, word));
        cite(&mut answer, order, "order_id", &order.order_id);
        cite(&mut answer, order, "ordered_at", &ordered_on);
        cite(&mut answer, order, "product", &what);
        if let Some(word) = word {
            cite(&mut answer, order, "status", word);
        }
        answer.blocks.push(Block::Order(card(scene, order)));
    }
    answer.step("orders", format!("{} listed", orders.len().min(N_LISTED)));
    answer
}

/// Which of the customer's orders is meant?
pub fn which(scene: &Scene, orders: &[OrderRecord], intent: &str) -> Answer {
    let mut answer = listed(scene, orders, say::orders::which(scene.lang));
    let candidates: Vec<String> = orders.iter().take(N_LISTED).map(|order| order.order_id.clone()).collect();
    candidates.iter().take(4).for_each(|id| answer.suggest(id.clone()));
    answer.action = crate::turn::Action::AskBack { what: "which_order".to_owned() };
    answer.outcome = Outcome::AskedBack;
    answer.asked = Some(Asked::WhichOrder { intent: intent.to_owned(), candidates });
    answer
}

/// What went back of an order, as far as the shop's tables say: when money arrives is not among it.
pub fn refund(scene: &Scene, order: &OrderRecord, is_asked_for: bool) -> Answer {
    let mut answer = Answer::default();
    let id = say::format::plain(&order.order_id);
    cite(&mut answer, order, "order_id", &order.order_id);
    let back: Vec<_> = order.lines.iter().filter(|line| line.quantity < 0).collect();
    let status = order.delivery.as_ref().map(|delivery| delivery.status);
    if let Some(status @ (DeliveryStatus::Cancelled | DeliveryStatus::Returned)) = status {
        let word = status_word(status, scene.lang);
        cite(&mut answer, order, "status", word);
        answer.text = say::orders::status(scene.lang, &id, word);
    }
    for line in back.iter().take(N_LINES) {
        let name = line_name(scene, &line.product_id);
        let n = line.quantity.unsigned_abs();
        let amount = scene.money(line.unit_price_cents.0.saturating_mul(line.quantity).saturating_abs());
        cite(&mut answer, order, "product", &name);
        cite(&mut answer, order, "quantity", &format!("-{n}"));
        let how = format!("{n} x {}", line.unit_price_cents);
        answer.cite(Evidence::Computed { how, value: amount.clone() });
        answer.say(say::orders::went_back(scene.lang, &name, n, &amount));
    }
    if answer.text.is_empty() && is_asked_for {
        // The store of orders knows nothing of a request that was just made; who made it does.
        answer.text = say::orders::return_asked_for(scene.lang, &id);
        let matter = scene.lang.choose("退货后退款多久到账", "When do I get my refund for a return?");
        if let Some(rule) = super::documents::rule_of(scene, matter) {
            answer.append(rule);
        }
    } else if answer.text.is_empty() {
        answer.text = say::orders::nothing_went_back(scene.lang, &id);
    } else {
        answer.say(say::orders::refund_not_known(scene.lang));
        answer.outcome = Outcome::Unknown;
    }
    answer.step("orders", format!("{}: {} lines went back", order.order_id, back.len()));
    answer.blocks.push(Block::Order(card(scene, order)));
    answer
}

fn cite(answer: &mut Answer, order: &OrderRecord, field: &str, value: &str) {
    answer.cite(Evidence::Order { order_id: order.order_id.clone(), field: field.to_owned(), value: value.to_owned() });
}

/// A product of an order may not be sold any more: then its id stands for it.
pub fn line_name(scene: &Scene, product_id: &str) -> String {
    let name = |product: std::sync::Arc<Product>| say::format::name(&product);
    scene.product(product_id).map_or_else(|| say::format::plain(product_id), name)
}

/// An order to show.
pub fn card(scene: &Scene, order: &OrderRecord) -> OrderCard {
    card_of(order, scene.lang, &|product_id| line_name(scene, product_id))
}

/// Whether a parcel is still to come.
fn is_on_its_way(delivery: &crate::world::Delivery) -> bool {
    let is_over =
        matches!(delivery.status, DeliveryStatus::Delivered | DeliveryStatus::Cancelled | DeliveryStatus::Returned);
    delivery.delivered_on.is_none() && !is_over
}

/// An order as it is shown to whoever may see it: the customer, and the person who answers. `name` names products by id.
pub fn card_of(order: &OrderRecord, lang: Lang, name: &dyn Fn(&str) -> String) -> OrderCard {
    let delivery = order.delivery.as_ref();
    let line = |line: &crate::world::OrderLine| OrderLineCard {
        product_id: line.product_id.clone(),
        name: name(&line.product_id),
        quantity: line.quantity,
        unit_price_cents: line.unit_price_cents.0,
    };
    OrderCard {
        order_id: order.order_id.clone(),
        ordered_at: order.ordered_at,
        status: delivery.map(|delivery| status_word(delivery.status, lang).to_owned()),
        lines: order.lines.iter().map(line).collect(),
        total_cents: total(order).0,
        carrier: delivery.and_then(|delivery| delivery.carrier.clone()),
        tracking_number: delivery.and_then(|delivery| delivery.tracking_number.clone()),
        expected_on: delivery.filter(|delivery| is_on_its_way(delivery)).and_then(|delivery| delivery.expected_on),
        delivered_on: delivery.and_then(|delivery| delivery.delivered_on),
    }
}
