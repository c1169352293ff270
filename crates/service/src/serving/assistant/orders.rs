//! What customers ordered and where it is: from the book of all orders while that is of the tables as they are, else read from
//! the tables and kept for a minute, since one conversation asks for the same orders turn after turn.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, RwLock};

use assist::AssistError;
use assist::world::{Delivery, OrderLine, OrderRecord, Orders};
use data::Shop;
use domain::{Millis, Order, TableSpec};
use serde_json::{Map, Value};

use super::book::Book;
use crate::clock;
use crate::error::Result;
use crate::flows::rows::{query, query_rows, quoted, typed_rows};

const KEPT_MS: i64 = 60_000;
/// For so long the tables are not even looked at.
const TRUSTED_MS: i64 = 2_000;
/// Customers kept at most.
const CUSTOMERS_MAX: usize = 2_000;
/// Lines of one customer that are read, the newest.
pub(super) const LINES_MAX: usize = 2_000;
/// Times as long as a book took to make nobody makes the next.
const PAUSE: i64 = 20;
pub(super) const DELIVERIES: &str = "deliveries";

/// Orders of several customers, by customer; nobody is there who has none in the tables.
pub type OrdersByCustomer = BTreeMap<String, Arc<Vec<OrderRecord>>>;

/// Generations of the tables that were read.
pub(super) type Stamp = (u64, u64);

struct Kept {
    stamp: Stamp,
    at: i64,
    orders: Arc<Vec<OrderRecord>>,
}

/// Orders of customers who are talking.
#[derive(Default)]
pub struct KnownOrders {
    /// Read customer by customer.
    read: Mutex<HashMap<String, Kept>>,
    book: RwLock<Option<Arc<Book>>>,
    /// Whether a book is being made, and when the next one may be.
    is_making: AtomicBool,
    not_before: AtomicI64,
}

impl KnownOrders {
    fn get(&self, customer_id: &str, stamp: Option<Stamp>, now: i64) -> Option<Arc<Vec<OrderRecord>>> {
        let known = self.read.lock().expect("no holder panics");
        let kept = known.get(customer_id)?;
        let is_good = match stamp {
            None => now - kept.at < TRUSTED_MS,
            Some(stamp) => kept.stamp == stamp && now - kept.at < KEPT_MS,
        };
        is_good.then(|| kept.orders.clone())
    }

    fn keep(&self, customer_id: &str, kept: Kept) {
        let mut known = self.read.lock().expect("no holder panics");
        if known.len() >= CUSTOMERS_MAX {
            known.retain(|_, old| kept.at - old.at < KEPT_MS);
        }
        if known.len() < CUSTOMERS_MAX {
            known.insert(customer_id.to_owned(), kept);
        }
    }

    pub fn forget(&self, customer_id: &str) {
        self.read.lock().expect("no holder panics").remove(customer_id);
        *self.book.write().expect("no holder panics") = None;
    }

    /// Makes the book of all orders, unless it is of the tables as they are, being made, or was made just now: tables that
    /// change all the time would have it made all the time.
    ///
    /// # Errors
    /// If the tables cannot be read.
    pub async fn make_book(&self, shop: &Shop) -> Result<()> {
        let began = clock::now().0;
        if began < self.not_before.load(SeqCst) || self.is_making.swap(true, SeqCst) {
            return Ok(());
        }
        let _made = Making(&self.is_making);
        // First: what changes meanwhile makes the book an old one.
        let stamp = stamp(shop)?;
        if self.book(stamp).is_none() {
            let book = Book::read(shop, stamp).await?.map(Arc::new);
            *self.book.write().expect("no holder panics") = book;
            let now = clock::now().0;
            self.not_before.store(now + PAUSE * (now - began), SeqCst);
        }
        Ok(())
    }

    fn book(&self, stamp: Stamp) -> Option<Arc<Book>> {
        self.book.read().expect("no holder panics").clone().filter(|book| book.stamp == stamp)
    }

    /// A customer's orders, newest first.
    pub async fn of(&self, shop: &Shop, customer_id: &str) -> Result<Arc<Vec<OrderRecord>>> {
        let now = clock::now().0;
        if let Some(known) = self.get(customer_id, None, now) {
            return Ok(known);
        }
        let stamp = stamp(shop)?;
        if let Some(book) = self.book(stamp) {
            return Ok(book.orders_of(customer_id));
        }
        if let Some(known) = self.get(customer_id, Some(stamp), now) {
            return Ok(known);
        }
        let orders = Arc::new(read(shop, customer_id).await?);
        self.keep(customer_id, Kept { stamp, at: now, orders: orders.clone() });
        Ok(orders)
    }
}

impl KnownOrders {
    /// The orders of many customers, each the newest first: from the book, else in one look at each of the tables.
    ///
    /// # Errors
    /// If the tables cannot be read.
    pub async fn of_all(&self, shop: &Shop, customers: &[String]) -> Result<OrdersByCustomer> {
        match self.book(stamp(shop)?) {
            Some(book) => Ok(customers.iter().map(|id| (id.clone(), book.orders_of(id))).collect()),
            None => read_all(shop, customers).await,
        }
    }
}

/// Lets the next one make a book, however this one ended.
struct Making<'a>(&'a AtomicBool);

impl Drop for Making<'_> {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}

/// Generations now.
///
/// # Errors
/// If a manifest cannot be read.
pub(super) fn stamp(shop: &Shop) -> Result<Stamp> {
    let generation = |name: &str| match TableSpec::named(name) {
        Some(spec) => shop.tables().manifest(spec).map(|manifest| manifest.generation),
        None => Ok(0),
    };
    Ok((generation("orders")?, generation(DELIVERIES)?))
}

/// One customer's orders from the tables.
///
/// # Errors
/// If the tables cannot be read.
pub(super) async fn read(shop: &Shop, customer_id: &str) -> Result<Vec<OrderRecord>> {
    let found = read_all(shop, &[customer_id.to_owned()]).await?;
    Ok(found.into_values().next().map(Arc::unwrap_or_clone).unwrap_or_default())
}

/// The orders of customers from the tables, of each the newest lines.
///
/// # Errors
/// If the tables cannot be read.
pub(super) async fn read_all(shop: &Shop, customers: &[String]) -> Result<OrdersByCustomer> {
    let mut all: BTreeMap<String, Vec<OrderRecord>> = BTreeMap::new();
    if customers.is_empty() {
        return Ok(OrdersByCustomer::new());
    }
    let named = customers.iter().map(|id| quoted(id)).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "select * from orders where customer_id in ({named}) order by customer_id, ordered_at desc, order_id{}",
        // Of several the newest lines are kept as they come.
        if customers.len() == 1 { format!(" limit {LINES_MAX}") } else { String::new() }
    );
    let mut n_lines: BTreeMap<String, usize> = BTreeMap::new();
    for line in typed_rows::<Order>(&query(shop, &sql).await?)? {
        let Order { order_id, ordered_at, customer_id, product_id, quantity, unit_price_cents, discount_cents, .. } =
            line;
        let n = n_lines.entry(customer_id.clone()).or_default();
        *n += 1;
        if *n <= LINES_MAX {
            let line = OrderLine { product_id, quantity, unit_price_cents, discount_cents };
            add_line(all.entry(customer_id.clone()).or_default(), &order_id, &customer_id, ordered_at, line);
        }
    }
    all.values_mut().for_each(|orders| newest_first(orders));
    if TableSpec::named(DELIVERIES).is_some() && !all.is_empty() {
        let mut by_id: HashMap<String, &mut OrderRecord> =
            all.values_mut().flatten().map(|order| (order.order_id.clone(), order)).collect();
        let ids: Vec<String> = by_id.keys().map(|id| quoted(id)).collect();
        let sql = format!("select * from {DELIVERIES} where order_id in ({})", ids.join(", "));
        for row in query_rows(shop, &sql).await? {
            let order = row.get("order_id").and_then(Value::as_str).and_then(|id| by_id.get_mut(id));
            if let Some(order) = order {
                order.delivery = delivery(row);
            }
        }
    }
    Ok(all.into_iter().map(|(id, orders)| (id, Arc::new(orders))).collect())
}

/// Adds a line to its order, which it begins if it is the first.
pub(super) fn add_line<'a>(
    orders: &'a mut Vec<OrderRecord>,
    order_id: &str,
    customer_id: &str,
    at: Millis,
    line: OrderLine,
) -> &'a mut OrderRecord {
    let place = orders.iter().position(|order| order.order_id == order_id).unwrap_or_else(|| {
        orders.push(OrderRecord {
            order_id: order_id.to_owned(),
            customer_id: customer_id.to_owned(),
            ordered_at: at,
            ..OrderRecord::default()
        });
        orders.len() - 1
    });
    let order = &mut orders[place];
    // An order is as old as its first line; a return stands later.
    order.ordered_at = order.ordered_at.min(at);
    order.lines.push(line);
    order
}

/// Puts orders in order whose lines came the newest first.
pub(super) fn newest_first(orders: &mut [OrderRecord]) {
    orders.sort_by(|a, b| b.ordered_at.cmp(&a.ordered_at).then_with(|| a.order_id.cmp(&b.order_id)));
    orders.iter_mut().for_each(|order| order.lines.reverse());
}

pub(super) fn delivery(mut row: Map<String, Value>) -> Option<Delivery> {
    row.retain(|_, value| !value.is_null());
    let mut take = |name: &str| row.remove(name);
    let text = |value: Value| value.as_str().map(str::to_owned);
    let day = |value: Value| value.as_str()?.parse().ok();
    Some(Delivery {
        status: serde_json::from_value(take("status")?).ok()?,
        updated_at: Millis(take("updated_at")?.as_i64()?),
        carrier: take("carrier").and_then(text),
        tracking_number: take("tracking_number").and_then(text),
        expected_on: take("expected_on").and_then(day),
        delivered_on: take("delivered_on").and_then(day),
    })
}

/// For a turn, which runs on a thread that may wait.
pub(super) struct AskedOrders<'a> {
    pub shop: &'a Shop,
    pub known: &'a KnownOrders,
    pub runtime: &'a tokio::runtime::Handle,
}

impl Orders for AskedOrders<'_> {
    fn orders_of(&self, customer_id: &str) -> std::result::Result<Vec<OrderRecord>, AssistError> {
        let found = self.runtime.block_on(self.known.of(self.shop, customer_id));
        found.map(|orders| (*orders).clone()).map_err(|error| {
            tracing::error!(message = %error.message, "orders cannot be read");
            AssistError::Unavailable { what: "orders", why: error.code.to_owned() }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_of_deliveries_is_read_and_a_strange_one_is_none() {
        let row = |value: Value| value.as_object().unwrap().clone();
        let found =
            delivery(row(json!({"order_id": "o", "status": "out_for_delivery", "updated_at": 5, "carrier": null,
            "tracking_number": "SF1", "expected_on": "2026-01-02"})))
            .unwrap();
        assert_eq!(found.status, assist::world::DeliveryStatus::OutForDelivery);
        assert_eq!((found.carrier, found.expected_on), (None, "2026-01-02".parse().ok()));
        assert!(delivery(row(json!({"order_id": "o", "status": "lost", "updated_at": 5}))).is_none());
    }

    #[test]
    fn what_is_kept_is_forgotten_with_time_tables_and_people() {
        let known = KnownOrders::default();
        let keep = |at| known.keep("c", Kept { stamp: (1, 1), at, orders: Arc::default() });
        keep(0);
        let is_there = |stamp, now| known.get("c", stamp, now).is_some();
        assert!(is_there(Some((1, 1)), KEPT_MS - 1) && is_there(None, TRUSTED_MS - 1));
        assert!(!is_there(Some((1, 1)), KEPT_MS) && !is_there(Some((2, 1)), 0) && !is_there(None, TRUSTED_MS));
        known.forget("c");
        assert!(!is_there(Some((1, 1)), 0));
    }
}
