//! Forms from end to end: a customer with three orders talks to them.

mod conversations;
mod fields;
mod laws;

use std::sync::Arc;

use domain::{Cents, Day, Millis, Product};

use super::*;
use crate::evidence::unsupported;
use crate::understand::{Entity, Named, Understanding};
use crate::world::{Delivery, DeliveryStatus, OrderLine};

/// A Tuesday.
pub const TODAY: &str = "2026-11-10";
pub const MINUTES_AHEAD: i32 = 480;

fn day_of(at: Millis) -> Day {
    Day((at.0 + i64::from(MINUTES_AHEAD) * 60_000).div_euclid(86_400_000) as i32)
}

pub fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Noon of a day, by the shop's clock.
pub fn noon(text: &str) -> Millis {
    Millis((i64::from(day(text).0) * 1440 + 720 - i64::from(MINUTES_AHEAD)) * 60_000)
}

pub fn product(product_id: &str) -> Option<Arc<Product>> {
    let (name, category, price) = match product_id {
        "p1" => ("星野 S7 蓝牙耳机 headphones", "Audio/Headphones", 49_900),
        "p2" => ("NovaBook 14 轻薄笔记本 laptop", "Computers/Laptops", 459_900),
        "p3" => ("Aero M2 无线鼠标 mouse", "Accessories/Mice", 19_900),
        "p4" => ("云台 T1 手机支架 stand", "Accessories/Stands", 9_900),
        _ => return None,
    };
    Some(Arc::new(Product {
        product_id: product_id.into(),
        name: name.into(),
        category: Some(category.into()),
        price_cents: Some(Cents(price)),
        ..Product::default()
    }))
}

pub fn line(product_id: &str, quantity: i64, unit_price_cents: i64) -> OrderLine {
    OrderLine {
        product_id: product_id.into(),
        quantity,
        unit_price_cents: Cents(unit_price_cents),
        discount_cents: None,
    }
}

pub fn order(order_id: &str, ordered_on: &str, lines: Vec<OrderLine>, delivery: Option<Delivery>) -> OrderRecord {
    OrderRecord { order_id: order_id.into(), customer_id: "c1".into(), ordered_at: noon(ordered_on), lines, delivery }
}

pub fn delivered(on: &str) -> Option<Delivery> {
    Some(Delivery { status: DeliveryStatus::Delivered, delivered_on: Some(day(on)), ..Delivery::default() })
}

pub fn is_at(status: DeliveryStatus) -> Option<Delivery> {
    Some(Delivery { status, ..Delivery::default() })
}

pub fn orders() -> Vec<OrderRecord> {
    vec![
        order("TC100025", "2026-11-09", vec![line("p4", 1, 9_900)], is_at(DeliveryStatus::Paid)),
        order("TC100024", "2026-11-02", vec![line("p2", 1, 479_900), line("p3", 2, 19_900)], delivered("2026-11-04")),
        order("TC100023", "2026-11-01", vec![line("p1", 1, 49_900)], delivered("2026-11-05")),
    ]
}

/// A conversation about one form.
pub struct Talk {
    pub policies: Policies,
    pub form: Form,
    pub filling: Filling,
    pub orders: Vec<OrderRecord>,
    pub customer_id: Option<&'static str>,
    pub lang: Lang,
    pub order_id: Option<&'static str>,
    pub products: Vec<String>,
    pub today: Day,
    /// What the customer has said.
    pub said: Vec<String>,
}

impl Talk {
    pub fn of(form: &str, lang: Lang) -> Talk {
        Talk::with(Policies::all_set(), form, lang)
    }

    pub fn with(policies: Policies, form: &str, lang: Lang) -> Talk {
        let book = FormBook::of(&policies).unwrap();
        Talk {
            form: book.form(form).unwrap().clone(),
            filling: book.open(form).unwrap(),
            policies,
            orders: orders(),
            customer_id: Some("c1"),
            lang,
            order_id: None,
            products: Vec::new(),
            today: day(TODAY),
            said: Vec::new(),
        }
    }

    pub fn world<T>(&self, then: impl FnOnce(&FormWorld) -> T) -> T {
        then(&FormWorld {
            customer_id: self.customer_id,
            orders: &self.orders,
            product: &product,
            policies: &self.policies,
            today: self.today,
            day_of: &day_of,
            currency: "CNY",
            lang: self.lang,
            order_id: self.order_id,
            products: &self.products,
        })
    }

    /// Says something that is understood as nothing in particular.
    pub fn say(&mut self, text: &str) -> FormStep {
        self.say_understood(text, &Understanding::default())
    }

    /// Says something of which the intent is sure.
    pub fn say_as(&mut self, text: &str, intent: &str) -> FormStep {
        self.say_understood(text, &meaning(intent))
    }

    pub fn say_understood(&mut self, text: &str, understanding: &Understanding) -> FormStep {
        self.said.push(text.to_owned());
        let next = self.take(text, understanding);
        self.check_figures(&next);
        next
    }

    /// The same without looking at figures.
    pub fn take(&mut self, text: &str, understanding: &Understanding) -> FormStep {
        let mut filling = self.filling.clone();
        let next = self.world(|world| step(&mut filling, &self.form, understanding, text, world));
        self.filling = filling;
        next
    }

    pub fn again(&mut self) -> FormStep {
        let mut filling = self.filling.clone();
        let next = self.world(|world| again(&mut filling, &self.form, world));
        self.filling = filling;
        next
    }

    pub fn value(&self, field: &str) -> Option<&str> {
        self.filling.values.get(field).map(String::as_str)
    }

    /// Every figure that is said stands in the evidence or was said by the customer.
    fn check_figures(&self, step: &FormStep) {
        let (text, evidence) = match step {
            FormStep::Ask { text, evidence, .. }
            | FormStep::Refused { text, evidence, .. }
            | FormStep::Confirm { text, evidence, .. }
            | FormStep::Submit { text, evidence, .. } => (text, evidence.as_slice()),
            FormStep::NotAllowed { why, evidence, .. } => (why, evidence.as_slice()),
            FormStep::SignIn { text } | FormStep::Cancelled { text } => (text, &[][..]),
            FormStep::NotMine => return,
        };
        let said: Vec<&str> = self.said.iter().map(String::as_str).collect();
        assert_eq!(unsupported(text, evidence, &said), [], "{text}");
    }
}

pub fn meaning(intent: &str) -> Understanding {
    Understanding { intent: Some(intent.into()), confidence: 0.95, ..Understanding::default() }
}

pub fn reason(text: &str) -> Understanding {
    let entity = Entity { range: 0..0, what: Named::Reason { text: text.into() } };
    Understanding { entities: vec![entity], ..meaning("return_request") }
}

/// The field that is asked for.
pub fn asked(step: &FormStep) -> &str {
    match step {
        FormStep::Ask { field, .. } => field,
        other => panic!("asks nothing: {other:?}"),
    }
}

pub fn submitted(step: FormStep) -> Submission {
    match step {
        FormStep::Submit { submission, .. } => submission,
        other => panic!("not submitted: {other:?}"),
    }
}
