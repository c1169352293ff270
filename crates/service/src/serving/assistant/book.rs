//! The orders of all customers in memory, in few bytes each: whoever asks where a parcel is should not wait for a query over
//! the tables. Made of one state of the tables and never changed; whether it still holds is decided elsewhere (`orders`).

use std::sync::Arc;

use assist::world::{Delivery, OrderLine, OrderRecord};
use data::Shop;
use data::arrow::array::{Array, RecordBatch};
use domain::{Cents, Millis, TableSpec};
use rustc_hash::FxHashMap;

use super::orders::{DELIVERIES, LINES_MAX, Stamp, add_line, delivery, newest_first};
use crate::error::{Result, ServiceError};
use crate::flows::rows::{integers, plain_rows, texts};
use crate::serving::off_thread;

/// Lines kept at most, some 150 bytes each with their deliveries; a shop with more asks the tables for each customer.
const LINES_KEPT_MAX: usize = 500_000;

/// A line of an order. `customer`, `order` and `product` are numbers of [`Names`].
#[derive(Clone, Copy)]
struct Line {
    customer: u32,
    order: u32,
    product: u32,
    at: i64,
    quantity: i64,
    unit_price_cents: i64,
    discount_cents: Option<i64>,
}

/// Texts by number, one after the other.
#[derive(Default)]
struct Names {
    text: String,
    ends: Vec<u32>,
}

impl Names {
    fn of(&self, number: u32) -> &str {
        let start = if number == 0 { 0 } else { self.ends[number as usize - 1] };
        &self.text[start as usize..self.ends[number as usize] as usize]
    }
}

/// Texts being numbered.
#[derive(Default)]
struct Numbered {
    names: Names,
    numbers: FxHashMap<String, u32>,
}

impl Numbered {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(&known) = self.numbers.get(text) {
            return known;
        }
        let number = self.names.ends.len() as u32;
        self.names.text.push_str(text);
        self.names.ends.push(self.names.text.len() as u32);
        self.numbers.insert(text.to_owned(), number);
        number
    }
}

/// Who ordered what, and where it is.
pub(super) struct Book {
    pub stamp: Stamp,
    customers: FxHashMap<String, u32>,
    /// By customer, of each the newest first.
    lines: Vec<Line>,
    /// Where the lines of each customer begin, and one beyond the last.
    starts: Vec<u32>,
    orders: Names,
    products: Names,
    deliveries: FxHashMap<u32, Delivery>,
}

impl Book {
    /// Of the tables as they are now, which are those of `stamp`; nothing if they have too many lines.
    ///
    /// # Errors
    /// If the tables cannot be read.
    pub async fn read(shop: &Shop, stamp: Stamp) -> Result<Option<Book>> {
        let spec = data::Tables::spec("orders")?;
        if shop.tables().manifest(spec)?.n_rows() > LINES_KEPT_MAX as u64 {
            return Ok(None);
        }
        let (mut customers, mut orders, mut products) = <(Numbered, Numbered, Numbered)>::default();
        let mut lines: Vec<Line> = Vec::new();
        let engine = shop.engine()?;
        let columns = "select customer_id, order_id, product_id, ordered_at, quantity, unit_price_cents, discount_cents from orders";
        let add = |batch: RecordBatch| -> Result<()> {
            let [who, order, product] = ["customer_id", "order_id", "product_id"].map(|name| texts(&batch, name));
            let (who, order, product) = (who?, order?, product?);
            let [at, quantity, price, discount] =
                ["ordered_at", "quantity", "unit_price_cents", "discount_cents"].map(|name| integers(&batch, name));
            let (at, quantity, price, discount) = (at?, quantity?, price?, discount?);
            lines.extend((0..batch.num_rows()).map(|row| Line {
                customer: customers.number(who.value(row)),
                order: orders.number(order.value(row)),
                product: products.number(product.value(row)),
                at: at.value(row),
                quantity: quantity.value(row),
                unit_price_cents: price.value(row),
                discount_cents: discount.is_valid(row).then(|| discount.value(row)),
            }));
            Ok(())
        };
        engine.for_each::<ServiceError>(columns, add).await?;
        let mut deliveries = FxHashMap::default();
        if TableSpec::named(DELIVERIES).is_some() {
            let add = |batch: RecordBatch| -> Result<()> {
                for row in plain_rows(&batch)? {
                    let number = row.get("order_id").and_then(|id| orders.numbers.get(id.as_str()?)).copied();
                    if let Some((number, delivery)) = number.zip(delivery(row)) {
                        deliveries.insert(number, delivery);
                    }
                }
                Ok(())
            };
            engine.for_each::<ServiceError>(&format!("select * from {DELIVERIES}"), add).await?;
        }
        let made =
            move || Ok(Some(Book::of(stamp, customers.numbers, lines, orders.names, products.names, deliveries)));
        off_thread(made).await
    }

    fn of(
        stamp: Stamp,
        customers: FxHashMap<String, u32>,
        mut lines: Vec<Line>,
        orders: Names,
        products: Names,
        deliveries: FxHashMap<u32, Delivery>,
    ) -> Book {
        let order = |line: &Line| (line.customer, std::cmp::Reverse(line.at));
        // The last of equals first, as they are turned round when they are told.
        lines.reverse();
        lines.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| orders.of(a.order).cmp(orders.of(b.order))));
        let mut starts = vec![0u32; customers.len() + 1];
        lines.iter().for_each(|line| starts[line.customer as usize + 1] += 1);
        (0..customers.len()).for_each(|at| starts[at + 1] += starts[at]);
        lines.shrink_to_fit();
        Book { stamp, customers, lines, starts, orders, products, deliveries }
    }

    /// A customer's orders, newest first.
    pub fn orders_of(&self, customer_id: &str) -> Arc<Vec<OrderRecord>> {
        let Some(&customer) = self.customers.get(customer_id) else { return Arc::default() };
        let own = self.starts[customer as usize] as usize..self.starts[customer as usize + 1] as usize;
        let mut orders = Vec::new();
        for line in self.lines[own].iter().take(LINES_MAX) {
            let order_id = self.orders.of(line.order);
            let told = OrderLine {
                product_id: self.products.of(line.product).to_owned(),
                quantity: line.quantity,
                unit_price_cents: Cents(line.unit_price_cents),
                discount_cents: line.discount_cents.map(Cents),
            };
            let order = add_line(&mut orders, order_id, customer_id, Millis(line.at), told);
            order.delivery = self.deliveries.get(&line.order).cloned();
        }
        newest_first(&mut orders);
        Arc::new(orders)
    }
}

#[cfg(test)]
mod tests {
    use assist::world::DeliveryStatus;
    use data::SourceTag;
    use data::tables::Row;
    use domain::Order;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::super::orders::{KnownOrders, read};
    use super::*;

    #[test]
    fn everybody_has_their_own_orders_the_newest_first() {
        let (mut customers, mut orders, mut products) = <(Numbered, Numbered, Numbered)>::default();
        let mut line = |who: &str, order: &str, product: &str, at: i64| Line {
            customer: customers.number(who),
            order: orders.number(order),
            product: products.number(product),
            at,
            quantity: 1,
            unit_price_cents: 100,
            discount_cents: None,
        };
        let lines = vec![
            line("b", "o1", "p1", 10),
            line("a", "o2", "p1", 20),
            line("a", "o2", "p2", 20),
            line("b", "o3", "p3", 30),
            // A return of the first.
            line("b", "o1", "p1", 40),
        ];
        let deliveries =
            FxHashMap::from_iter([(0, Delivery { status: DeliveryStatus::Shipped, ..Delivery::default() })]);
        let book = Book::of((1, 1), customers.numbers, lines, orders.names, products.names, deliveries);
        let told = |who: &str| -> Vec<(String, i64, Vec<String>, bool)> {
            let orders = book.orders_of(who);
            let products = |order: &OrderRecord| order.lines.iter().map(|line| line.product_id.clone()).collect();
            orders
                .iter()
                .map(|order| (order.order_id.clone(), order.ordered_at.0, products(order), order.delivery.is_some()))
                .collect()
        };
        let own = |text: &[&str]| text.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        assert_eq!(told("a"), [("o2".to_owned(), 20, own(&["p1", "p2"]), false)]);
        assert_eq!(
            told("b"),
            [("o3".to_owned(), 30, own(&["p3"]), false), ("o1".to_owned(), 10, own(&["p1", "p1"]), true)]
        );
        assert!(told("c").is_empty());
    }

    fn write<R: Row + DeserializeOwned>(shop: &Shop, rows: &[Value]) {
        let tag = SourceTag { name: format!("test {} {}", R::TABLE, rows.len()), digest: None };
        let rows: Vec<R> = rows.iter().map(|row| serde_json::from_value(row.clone()).unwrap()).collect();
        let mut writer = shop.tables().writer(R::spec(), tag).unwrap();
        writer.write(R::to_batch(&rows).unwrap()).unwrap();
        writer.finish().unwrap();
    }

    #[tokio::test]
    async fn the_book_tells_what_the_tables_do_and_gives_way_when_they_change() {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::create(folder.path().join("shop")).unwrap();
        let line = |who: usize, order: usize, at: i64, quantity: i64| {
            json!({"order_id": format!("o{who}-{order}"), "ordered_at": 1_767_225_600_000_i64 + at, "customer_id": format!("c{who}"),
                "product_id": format!("p{at}"), "quantity": quantity, "unit_price_cents": 100 + at, "discount_cents": if at % 2 == 0 { json!(at) } else { Value::Null }})
        };
        let lines: Vec<Value> =
            (0..60).map(|at| line(at % 7, at / 14, 1000 * (at as i64 * 37 % 60), at as i64 % 3 - 1)).collect();
        write::<Order>(&shop, &lines);
        let parcel = |order: &str, status: &str| json!({"order_id": order, "status": status, "updated_at": 5, "carrier": "SF", "tracking_number": "T1", "expected_on": "2026-01-02"});
        write::<domain::Delivery>(
            &shop,
            &[parcel("o0-0", "shipped"), parcel("o3-1", "delivered"), parcel("o9-9", "paid")],
        );
        let known = KnownOrders::default();
        let alone = |who: usize| {
            let shop = shop.clone();
            async move { read(&shop, &format!("c{who}")).await.unwrap() }
        };
        known.make_book(&shop).await.unwrap();
        for who in 0..8 {
            let book = known.of(&shop, &format!("c{who}")).await.unwrap();
            assert_eq!(*book, alone(who).await, "c{who}");
            assert_eq!(book.is_empty(), who == 7);
        }
        write::<Order>(&shop, &[line(7, 1, 5, 1), line(0, 9, 99_000, 1)]);
        for who in [0, 7] {
            assert_eq!(*known.of(&shop, &format!("c{who}")).await.unwrap(), alone(who).await, "c{who}, an old book");
        }
    }
}
