//! What became of each order by the evening of the last day: paid, packed, shipped by an invented carrier, delivered, late
//! at times, back where everything of it was returned. A pure function of one customer's finished life. No order is
//! cancelled: its lines would have to go too.

use std::collections::BTreeMap;

use domain::{Day, Delivery, DeliveryStatus, EventKind, Millis};

use super::categories::CATEGORIES;
use super::journey::{Life, Record};
use super::people::OWN_CHANNELS;
use super::random::{Purpose, Stream};
use super::truth::{TruthTable, Values};
use super::{Language, Settings, World, calendar, rows};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// (zh, en, beginning of its numbers).
static CARRIERS: [(&str, &str, &str); 4] = [
    ("迅鹿速运", "Swift Deer Express", "XL"),
    ("云雀快递", "Skylark Parcel", "YQ"),
    ("蓝桥物流", "Blue Bridge Logistics", "LQ"),
    ("磐石大件", "Boulder Freight", "PS"),
];
/// The one that carries what is large.
const FREIGHT: usize = 3;
/// Share of parcels that come later than promised.
const LATE: f64 = 0.07;

/// An order's way, whether or not its end has been reached.
#[derive(Debug)]
struct Way {
    paid: i64,
    packed: i64,
    shipped: i64,
    out: i64,
    arrived: i64,
    promised: Day,
    /// `None`: fetched in the store.
    carrier: Option<usize>,
    number: String,
}

/// Lines of one order.
#[derive(Default)]
struct Lines<'l> {
    bought: Vec<&'l Record>,
    n_returned: usize,
    last_return: i64,
}

/// Rows and truth of the orders of some customers.
pub fn of_lives(world: &World, lives: &[Life]) -> (Vec<Delivery>, TruthTable) {
    let (mut deliveries, mut truth) = (Vec::new(), Vec::new());
    for life in lives {
        for (key, lines) in orders(life) {
            let Some(first) = lines.bought.first() else { continue };
            let way = way(world, life, key, &lines);
            let delivery = delivery(&world.settings, key, first.customer, &way, &lines);
            truth.push((delivery.order_id.clone(), calendar::local_day(Millis(way.arrived)), way.promised));
            deliveries.push(delivery);
        }
    }
    let days_late = |row: &(String, Day, Day)| i64::from((row.1.0 - row.2.0).max(0));
    let table = TruthTable(vec![
        ("order_id", Values::Text(truth.iter().map(|row| row.0.clone()).collect())),
        ("arrives_on", Values::Text(truth.iter().map(|row| row.1.to_string()).collect())),
        ("days_late", Values::Integer(truth.iter().map(days_late).collect())),
    ]);
    (deliveries, table)
}

/// The customer's orders by day and number.
fn orders(life: &Life) -> BTreeMap<(i32, u8), Lines<'_>> {
    let mut orders: BTreeMap<(i32, u8), Lines<'_>> = BTreeMap::new();
    for record in &life.records {
        match EventKind::ALL.get(usize::from(record.kind)) {
            Some(EventKind::Purchase) => {
                let day = calendar::local_day(Millis(record.at)).0;
                orders.entry((day, record.order)).or_default().bought.push(record);
            }
            Some(EventKind::Return) => {
                let lines = orders.entry((record.detail as i32, record.order)).or_default();
                lines.n_returned += 1;
                lines.last_return = lines.last_return.max(record.at);
            }
            _ => {}
        }
    }
    orders
}

fn way(world: &World, life: &Life, key: (i32, u8), lines: &Lines<'_>) -> Way {
    let first = lines.bought[0];
    let index = u64::from(first.customer) << 32 | u64::from(key.0 as u32 & 0xFF_FFFF) << 8 | u64::from(key.1);
    let mut stream = Stream::new(world.settings.seed, Purpose::Delivery, index);
    let placed = first.at;
    let paid = placed + 20_000 + (stream.exponential(240_000.0).min(1_400_000.0)) as i64;
    if OWN_CHANNELS.get(usize::from(first.channel)) == Some(&"store") {
        let fetched = paid + 600_000;
        let promised = calendar::local_day(Millis(fetched));
        let (packed, shipped, out) = (paid, fetched, fetched);
        return Way { paid, packed, shipped, out, arrived: fetched, promised, carrier: None, number: String::new() };
    }
    let is_large = |record: &&Record| {
        let item = &world.catalogue.items[record.product as usize];
        matches!(CATEGORIES[item.category].key, "tv" | "monitor")
    };
    let carrier = if lines.bought.iter().any(is_large) { FREIGHT } else { stream.weighted(&[5.0, 3.0, 2.0]) };
    // Paid before four, it leaves the same evening; festivals take up to two days more.
    let day = calendar::local_day(Millis(paid));
    let is_early = paid - calendar::local_midnight(day).0 < 16 * HOUR_MS;
    let crowded = calendar::sale(day).is_some_and(|sale| sale.traffic >= 1.7);
    let wait = i32::from(!is_early) + if crowded { stream.below(3) as i32 } else { 0 };
    let shipped_on = Day(day.0 + wait);
    let shipped =
        (calendar::local_midnight(shipped_on).0 + 18 * HOUR_MS + stream.below(3_600_000) as i64).max(paid + HOUR_MS);
    let packed = (shipped - 2 * HOUR_MS).max(paid + HOUR_MS / 2);
    let is_capital = life.person.city == 0;
    let (usual, promise) = if is_capital { (1 + stream.below(2) as i32, 2) } else { (2 + stream.below(3) as i32, 4) };
    let usual = usual + i32::from(carrier == FREIGHT);
    let promised = Day(shipped_on.0 + promise + i32::from(carrier == FREIGHT));
    let arrives = match stream.chance(LATE) {
        true => promised.0 + 1 + stream.exponential(1.6).min(8.0) as i32,
        false => (shipped_on.0 + usual).min(promised.0),
    };
    let arrived = calendar::local_midnight(Day(arrives)).0 + 9 * HOUR_MS + stream.below(10 * 3_600_000) as i64;
    // Whatever went back had been there.
    let arrived = match lines.n_returned {
        0 => arrived,
        _ => arrived.min(lines.last_return - DAY_MS).max(shipped + 2 * HOUR_MS),
    };
    let out = arrived - 3 * HOUR_MS - stream.below(13 * 3_600_000) as i64;
    let number = format!("{}{:012}", CARRIERS[carrier].2, stream.next_u64() % 1_000_000_000_000);
    Way { paid, packed, shipped, out: out.max(shipped + HOUR_MS), arrived, promised, carrier: Some(carrier), number }
}

/// The row as of the end of the last day.
fn delivery(settings: &Settings, key: (i32, u8), customer: u32, way: &Way, lines: &Lines<'_>) -> Delivery {
    let now = calendar::local_midnight(settings.end).0 + DAY_MS;
    let is_returned = lines.n_returned >= lines.bought.len();
    let arrived = way.arrived;
    // Latest first: the first that has come counts.
    let steps = [
        (DeliveryStatus::Returned, if is_returned { lines.last_return } else { i64::MAX }),
        (DeliveryStatus::Delivered, arrived),
        (DeliveryStatus::OutForDelivery, way.out),
        (DeliveryStatus::Shipped, way.shipped),
        (DeliveryStatus::Packed, way.packed),
        (DeliveryStatus::Paid, way.paid),
    ];
    let come = steps.into_iter().find(|(_, at)| *at < now);
    let (status, updated_at) = come.unwrap_or((DeliveryStatus::Placed, lines.bought[0].at));
    let has_left = status >= DeliveryStatus::Shipped;
    let carrier = way.carrier.filter(|_| has_left);
    let name = |carrier: usize| match settings.language {
        Language::Zh => CARRIERS[carrier].0,
        Language::En => CARRIERS[carrier].1,
    };
    Delivery {
        order_id: rows::order_id(Day(key.0), customer, key.1),
        status,
        updated_at: Millis(updated_at),
        carrier: carrier.map(|carrier| name(carrier).to_owned()),
        tracking_number: carrier.map(|_| way.number.clone()),
        expected_on: Some(way.promised),
        delivered_on: (arrived < now).then(|| calendar::local_day(Millis(arrived))),
        extra: None,
    }
}
