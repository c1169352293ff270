//! What may be asked next: up to three questions below an answer, of those that the shop's tables answer for the product or
//! the order just talked about, without what has just been told. None where something is asked back, filled in or handed over.

use domain::Product;

use super::Turning;
use crate::act::attributes::{label, of_key, rank};
use crate::act::{Answer, Outcome, in_stock};
use crate::evidence::Evidence;
use crate::policy::windows::{Purchase, check};
use crate::say::follow_up as say;
use crate::turn::{Action, Block};
use crate::understand::Intent;
use crate::understand::intents::Family;
use crate::world::{DeliveryStatus, OrderRecord};

/// Questions suggested, whatever suggests them.
const N_MAX: usize = 3;

impl Turning<'_, '_> {
    /// Adds what may be asked next.
    pub(super) fn follow_up(&self, answer: &mut Answer) {
        let is_plain = answer.outcome == Outcome::Answered && answer.action == Action::None && answer.asked.is_none();
        if !is_plain || !self.dialogue.forms.is_empty() || self.scene.understood.is_injection {
            return;
        }
        let intent = self.dialogue.last_intent.as_deref().and_then(Intent::named);
        let suggested = match intent.map(|intent| intent.family) {
            Some(Family::Orders) => self.of_order(),
            Some(Family::Product | Family::Support | Family::Policy) => self.of_product(answer),
            _ => Vec::new(),
        };
        for text in suggested {
            if answer.suggestions.len() < N_MAX {
                answer.suggest(text);
            }
        }
    }

    /// Of the one product that the answer is about.
    fn of_product(&self, answer: &Answer) -> Vec<String> {
        let is_list = answer.blocks.iter().any(|block| match block {
            Block::Products { products } => products.len() > 1,
            Block::Comparison(_) => true,
            _ => false,
        });
        let product = self.dialogue.products.first().and_then(|id| self.scene.product(id));
        let told = |one: &Evidence, id: &str| matches!(one, Evidence::Product { product_id, .. } if product_id == id);
        let about = product.filter(|product| answer.evidence.iter().any(|one| told(one, &product.product_id)));
        match about.filter(|_| !is_list) {
            Some(product) => self.questions(&product, &answer.evidence),
            None => Vec::new(),
        }
    }

    fn questions(&self, product: &Product, evidence: &[Evidence]) -> Vec<String> {
        let (lang, id, catalogue) = (self.lang(), product.product_id.as_str(), self.scene.world.catalogue);
        let is_told = |name: &str| {
            let is = |field: &str| field == name || of_key(field).is_some_and(|known| known.name == name);
            evidence
                .iter()
                .any(|one| matches!(one, Evidence::Product { product_id, field, .. } if product_id == id && is(field)))
        };
        let last = self.dialogue.last_intent.as_deref().unwrap_or_default();
        let mut all: Vec<String> = Vec::new();
        let mut add = |may: bool, text: String| all.extend(may.then_some(text));
        add(last != "stock" && !is_told("stock") && product.stock.is_some(), say::stock(lang).to_owned());
        add(last == "stock" && !is_told("price") && product.price_cents.is_some(), say::price(lang).to_owned());
        let has_newer = last != "successor" && in_stock(product, self.scene.world.today) == Some(false);
        add(has_newer && catalogue.successor(id).is_some(), say::successor(lang).to_owned());
        if let Some(name) = measured(product, &is_told) {
            add(true, say::measure(lang, &label(name, lang)));
        }
        add(last != "accessories" && !catalogue.accessories(id, 1).is_empty(), say::accessories(lang).to_owned());
        add(last != "opinions" && !catalogue.opinions(id).is_empty(), say::opinions(lang).to_owned());
        add(last != "warranty" && !is_told("warranty"), say::warranty(lang).to_owned());
        all
    }

    /// Of the order talked about, what its state allows.
    fn of_order(&self) -> Vec<String> {
        use DeliveryStatus::{Delivered, OutForDelivery, Packed, Paid, Placed, Shipped};
        let Some(customer_id) = self.scene.message.customer_id else { return Vec::new() };
        let own = self.scene.world.orders.orders_of(customer_id).unwrap_or_default();
        let talked = self.dialogue.order_id.as_deref();
        let order =
            own.iter().find(|order| Some(order.order_id.as_str()) == talked && order.customer_id == customer_id);
        let Some((order, delivery)) = order.and_then(|order| Some((order, order.delivery.as_ref()?))) else {
            return Vec::new();
        };
        let lang = self.lang();
        let mut all: Vec<&'static str> = Vec::new();
        match delivery.status {
            Placed | Paid | Packed => {
                all.extend(self.book.form("change_address").map(|_| say::change_address(lang)));
                all.extend(self.book.form("cancel_order").map(|_| say::cancel(lang)));
            }
            Shipped | OutForDelivery => {
                let asks = delivery.expected_on.is_some() && self.dialogue.last_intent.as_deref() != Some("delivery");
                all.extend(asks.then(|| say::arrival(lang)));
            }
            Delivered if self.may_return(order) => {
                all.extend(self.book.form("return_request").map(|_| crate::say::talk::ask_return(lang)));
            }
            Delivered => all.extend(self.book.form("repair_booking").map(|_| crate::say::talk::ask_repair(lang))),
            _ => {}
        }
        all.extend(self.book.form("invoice").map(|_| say::invoice(lang)));
        all.into_iter().map(str::to_owned).collect()
    }

    /// Whether something of an order can still go back without a reason.
    fn may_return(&self, order: &OrderRecord) -> bool {
        order.lines.iter().filter(|line| line.quantity > 0).any(|line| {
            let purchase = Purchase {
                order,
                product_id: Some(&line.product_id),
                product: self.scene.product(&line.product_id),
                n: line.quantity,
                cause: None,
                told: Vec::new(),
                policies: self.scene.policies,
                today: self.scene.world.today,
                day_of: self.scene.world.day_of,
                currency: self.scene.world.currency,
                lang: self.lang(),
            };
            check("return_window", &purchase).allowed
        })
    }
}

/// The first attribute with a measure that has not been told, in the order of tables.
fn measured<'p>(product: &'p Product, is_told: &dyn Fn(&str) -> bool) -> Option<&'p str> {
    let is_measure = |value: &str| value.starts_with(|first: char| first.is_ascii_digit());
    let known =
        |key: &str| of_key(key).is_some_and(|attribute| !is_told(attribute.name) && attribute.name != "warranty");
    let keys = product.specs.iter().filter(|(key, value)| known(key) && is_measure(value)).map(|(key, _)| key.as_str());
    keys.min_by_key(|key| (rank(key), *key))
}
