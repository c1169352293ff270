//! Compact records to rows of the shop's tables, with the truth of texts beside them. A pure function of the world.

use domain::{Cents, Day, Event, EventKind, Exposure, Millis, Order, Review};

use super::campaigns::ARMS;
use super::journey::{CONTACT_FROM, EXPOSURE, NO_CAMPAIGN, NO_PRODUCT, PAID_FROM, Record};
use super::media::PAID;
use super::people::{CONTACT_CHANNELS, OWN_CHANNELS, Person, REGIONS, customer_id};
use super::truth::{TruthTable, Values};
use super::{Language, World, calendar, words};

/// Rows of one stretch of time.
pub struct Made {
    pub events: Vec<Event>,
    pub orders: Vec<Order>,
    pub reviews: Vec<Review>,
    pub exposures: Vec<Exposure>,
    pub questions: TruthTable,
    pub opinions: TruthTable,
}

#[derive(Default)]
struct Opinions {
    review: Vec<String>,
    product: Vec<String>,
    aspect: Vec<String>,
    positive: Vec<bool>,
}

#[derive(Default)]
struct Questions {
    customer: Vec<String>,
    at: Vec<i64>,
    product: Vec<String>,
    text: Vec<String>,
    intent: Vec<String>,
    answer: Vec<String>,
    document: Vec<String>,
}

/// A share of the reviews is in the other language.
const OTHER_LANGUAGE_IN_100: u32 = 12;

pub fn make(world: &World, records: &[Record]) -> Made {
    let mut made = Made {
        events: Vec::with_capacity(records.len()),
        orders: Vec::new(),
        reviews: Vec::new(),
        exposures: Vec::new(),
        questions: TruthTable::default(),
        opinions: TruthTable::default(),
    };
    let (mut questions, mut opinions) = (Questions::default(), Opinions::default());
    for record in records {
        if record.kind == EXPOSURE {
            made.exposures.push(exposure(world, record));
            continue;
        }
        let kind = EventKind::ALL[usize::from(record.kind)];
        let mut event = event(world, record, kind);
        match kind {
            EventKind::Purchase => made.orders.push(order(world, record, 1)),
            EventKind::Return => made.orders.push(order(world, record, -1)),
            EventKind::Rate if record.flag == 1 => made.reviews.push(review(world, record, &mut opinions)),
            EventKind::Ask => event.query = Some(ask(world, record, &mut questions)),
            _ => {}
        }
        made.events.push(event);
    }
    made.questions = questions.table();
    made.opinions = opinions.table();
    made
}

fn channel_name(channel: u8) -> &'static str {
    match channel {
        CONTACT_FROM.. => CONTACT_CHANNELS[usize::from(channel - CONTACT_FROM)],
        PAID_FROM.. => PAID[usize::from(channel - PAID_FROM)].name,
        own => OWN_CHANNELS[usize::from(own)],
    }
}

fn product_id(world: &World, product: u32) -> Option<String> {
    (product != NO_PRODUCT).then(|| world.catalogue.items[product as usize].product_id.clone())
}

fn event(world: &World, record: &Record, kind: EventKind) -> Event {
    let language = world.settings.language;
    let query = (kind == EventKind::Search)
        .then(|| words::query(&world.catalogue.items[record.list_cents as usize], record.detail, language));
    Event {
        at: Millis(record.at),
        customer_id: customer_id(record.customer),
        session_id: Some(format!("S{:07}-{}", record.customer + 1, record.session)),
        product_id: product_id(world, record.product),
        kind,
        value: (kind == EventKind::Rate).then_some(f64::from(record.value)),
        quantity: (record.quantity > 0).then_some(i64::from(record.quantity)),
        price_cents: (record.price_cents > 0).then_some(Cents(i64::from(record.price_cents))),
        channel: Some(channel_name(record.channel).to_owned()),
        campaign_id: (record.campaign != NO_CAMPAIGN).then(|| world.campaigns[usize::from(record.campaign)].id.clone()),
        query,
        extra: None,
    }
}

/// The order's number: its day, the customer, the customer's count of orders.
pub fn order_id(day: Day, customer: u32, order: u8) -> String {
    let date = day.to_date().unwrap_or_default();
    format!("{:04}{:02}{:02}{:07}{:02X}", date.year(), date.month(), date.day(), customer + 1, order)
}

fn order(world: &World, record: &Record, sign: i64) -> Order {
    let day = if sign > 0 { calendar::local_day(Millis(record.at)) } else { Day(record.detail as i32) };
    let quantity = sign * i64::from(record.quantity);
    let discount = (i64::from(record.list_cents) - i64::from(record.price_cents)) * quantity;
    let channel = channel_name(record.channel);
    let store = if channel == "store" { store(world, record.customer) } else { "online".to_owned() };
    Order {
        order_id: order_id(day, record.customer, record.order),
        ordered_at: Millis(record.at),
        customer_id: customer_id(record.customer),
        product_id: product_id(world, record.product).unwrap_or_default(),
        quantity,
        unit_price_cents: Cents(i64::from(record.list_cents)),
        discount_cents: (discount != 0).then_some(Cents(discount)),
        store: Some(store),
        channel: Some(channel.to_owned()),
        extra: None,
    }
}

/// The store of the customer's city.
fn store(world: &World, customer: u32) -> String {
    let person = Person::new(&world.settings, customer);
    let (zh, en) = REGIONS[person.region].3[person.city];
    match world.settings.language {
        Language::Zh => format!("{zh}店"),
        Language::En => format!("{en} store"),
    }
}

fn review(world: &World, record: &Record, opinions: &mut Opinions) -> Review {
    let own = world.settings.language;
    let other = own.choose(Language::En, Language::Zh);
    let language = if record.detail % 100 < OTHER_LANGUAGE_IN_100 { other } else { own };
    let item = &world.catalogue.items[record.product as usize];
    let (text, said) = words::review(item, record.value, record.detail, language);
    let review_id = format!("R{:07}-{:02X}-{}", record.customer + 1, record.order, &item.product_id[1..]);
    for (aspect, positive) in said {
        opinions.review.push(review_id.clone());
        opinions.product.push(item.product_id.clone());
        opinions.aspect.push(aspect.to_owned());
        opinions.positive.push(positive);
    }
    Review {
        review_id: Some(review_id),
        at: Millis(record.at),
        customer_id: Some(customer_id(record.customer)),
        product_id: item.product_id.clone(),
        stars: Some(f64::from(record.value)),
        text,
        extra: None,
    }
}

fn ask(world: &World, record: &Record, questions: &mut Questions) -> String {
    let language = world.settings.language;
    let question = words::question(&world.catalogue, record.product, record.value, record.detail, language);
    questions.customer.push(customer_id(record.customer));
    questions.at.push(record.at);
    questions.product.push(product_id(world, record.product).unwrap_or_default());
    questions.text.push(question.text.clone());
    questions.intent.push(question.intent.to_owned());
    questions.answer.push(question.answer);
    questions.document.push(question.document_id.unwrap_or_default());
    question.text
}

fn exposure(world: &World, record: &Record) -> Exposure {
    let campaign = &world.campaigns[usize::from(record.campaign)];
    let arm = usize::from(record.value);
    let person = Person::new(&world.settings, record.customer);
    Exposure {
        at: Millis(record.at),
        customer_id: customer_id(record.customer),
        campaign_id: campaign.id.clone(),
        arm: ARMS[arm].to_owned(),
        propensity: campaign.propensities(&person).map(|propensities| propensities[arm]),
        channel: Some(channel_name(record.channel).to_owned()),
        cost_cents: Some(Cents(campaign.cost_cents[arm])),
        responded: Some(record.flag == 1),
        revenue_cents: Some(Cents(i64::from(record.price_cents))),
        extra: None,
    }
}

impl Questions {
    fn table(self) -> TruthTable {
        TruthTable(vec![
            ("customer_id", Values::Text(self.customer)),
            ("at", Values::Integer(self.at)),
            ("product_id", Values::Text(self.product)),
            ("text", Values::Text(self.text)),
            ("intent", Values::Text(self.intent)),
            ("answer", Values::Text(self.answer)),
            ("document_id", Values::Text(self.document)),
        ])
    }
}

impl Opinions {
    fn table(self) -> TruthTable {
        TruthTable(vec![
            ("review_id", Values::Text(self.review)),
            ("product_id", Values::Text(self.product)),
            ("aspect", Values::Text(self.aspect)),
            ("positive", Values::Bool(self.positive)),
        ])
    }
}
