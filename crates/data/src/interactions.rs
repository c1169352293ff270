//! Who touched what, how strongly and when: events and orders as numbers, for the models. The files are streamed once;
//! memory grows with distinct customers, products and pairs, not with events. Identifiers are sorted, so that the
//! numbers do not depend on how the tables lie on disk.

use std::collections::BTreeMap;

use datafusion::arrow::array::{Array, AsArray, StringArray};
use datafusion::arrow::datatypes::{Float64Type, Int64Type, TimestampMillisecondType};
use datafusion::arrow::record_batch::RecordBatch;
use domain::{Event, Order};
use rustc_hash::FxHashMap;

use crate::tables::{Row, read};
use crate::{DataError, Shop};

/// Which events count, and how much.
#[derive(Clone, Debug, PartialEq)]
pub struct InteractionQuery {
    /// Weight of one event of each kind; kinds not named are left out. `purchase` also weighs order lines.
    pub event_weights: BTreeMap<String, f32>,
    /// A `rate` event counts from this many stars on.
    pub stars_min: f64,
    /// Milliseconds since 1970; from and including.
    pub since: Option<i64>,
    /// Milliseconds since 1970; up to and excluding.
    pub until: Option<i64>,
}

impl InteractionQuery {
    /// What `tercet.toml` says, for training at `now`.
    pub fn of_shop(shop: &Shop, now: i64) -> Self {
        let config = &shop.config().recommend;
        let window_ms = i64::from(config.window_days) * 86_400_000;
        InteractionQuery {
            event_weights: config.event_weights.clone(),
            stars_min: config.stars_min,
            since: (window_ms > 0).then(|| now - window_ms),
            until: None,
        }
    }

    fn weight(&self, kind: &str) -> f32 {
        self.event_weights.get(kind).copied().unwrap_or(0.0)
    }

    fn admits(&self, at: i64) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }
}

/// Pairs of customer and product.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InteractionTable {
    /// Sorted; a pair's first number is an index into it.
    pub customer_ids: Vec<String>,
    /// Sorted; a pair's second number is an index into it.
    pub product_ids: Vec<String>,
    /// Customer, product, summed weight, time of the last event in milliseconds; sorted by customer, then product.
    pub pairs: Vec<(u32, u32, f32, i64)>,
}

impl Shop {
    /// The pairs of all customers. A purchase that is both an order line and an event counts once: per pair, the
    /// larger of the two sums.
    pub fn interactions(&self, query: &InteractionQuery) -> Result<InteractionTable, DataError> {
        let mut gathered = Gathered::default();
        self.scan::<Event>(&["at", "customer_id", "product_id", "kind", "value"], query, |batch| {
            gathered.add_events(batch, query);
        })?;
        let columns = ["ordered_at", "customer_id", "product_id", "quantity"];
        self.scan::<Order>(&columns, query, |batch| gathered.add_orders(batch, query))?;
        Ok(gathered.finish())
    }

    /// Stars that customers gave, from `rate` events and reviews: the last of each pair.
    pub fn ratings(&self) -> Result<InteractionTable, DataError> {
        let mut gathered = Gathered::default();
        let everything = InteractionQuery {
            event_weights: BTreeMap::from([("rate".to_owned(), 1.0)]),
            stars_min: f64::NEG_INFINITY,
            since: None,
            until: None,
        };
        self.scan::<domain::Review>(&["at", "customer_id", "product_id", "stars"], &everything, |batch| {
            gathered.add_stars(batch, "stars", |_| true);
        })?;
        self.scan::<Event>(&["at", "customer_id", "product_id", "kind", "value"], &everything, |batch| {
            let kinds = text(batch, "kind");
            gathered.add_stars(batch, "value", |row| kinds.value(row) == "rate");
        })?;
        Ok(gathered.finish_latest())
    }

    /// Streams some columns of a table, files outside the query's time left out.
    fn scan<R: Row>(
        &self,
        columns: &[&str],
        query: &InteractionQuery,
        mut each: impl FnMut(&RecordBatch),
    ) -> Result<(), DataError> {
        let spec = R::spec();
        let folder = self.tables().folder(spec);
        for file in &self.tables().manifest(spec)?.files {
            let too_old = query.since.zip(file.max_time).is_some_and(|(since, max)| max < since);
            let too_new = query.until.zip(file.min_time).is_some_and(|(until, min)| min >= until);
            if too_old || too_new {
                continue;
            }
            for batch in read::batches(&folder, spec, file, Some(columns))? {
                each(&batch?);
            }
        }
        Ok(())
    }
}

fn text<'a>(batch: &'a RecordBatch, name: &str) -> &'a StringArray {
    batch.column_by_name(name).expect("the column was asked for").as_string::<i32>()
}

fn times<'a>(batch: &'a RecordBatch, name: &str) -> &'a [i64] {
    let column = batch.column_by_name(name).expect("the column was asked for");
    column.as_primitive::<TimestampMillisecondType>().values()
}

/// Dense numbers for identifiers, in the order met.
#[derive(Default)]
struct Numbers {
    of: FxHashMap<Box<str>, u32>,
}

impl Numbers {
    fn number(&mut self, id: &str) -> u32 {
        if let Some(number) = self.of.get(id) {
            return *number;
        }
        let number = u32::try_from(self.of.len()).expect("fewer than four thousand million identifiers");
        self.of.insert(id.into(), number);
        number
    }

    /// The identifiers sorted, and the new number of each old one.
    fn sorted(self) -> (Vec<String>, Vec<u32>) {
        let mut pairs: Vec<(Box<str>, u32)> = self.of.into_iter().collect();
        pairs.sort_unstable();
        let mut renumbered = vec![0; pairs.len()];
        for (new, (_, old)) in pairs.iter().enumerate() {
            renumbered[*old as usize] = new as u32;
        }
        (pairs.into_iter().map(|(id, _)| id.into_string()).collect(), renumbered)
    }
}

/// Where a weight comes from; the first two add up, the last two are the same purchases told twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    Interest,
    PurchaseEvent,
    OrderLine,
}

type Entry = (u32, u32, Lane, f32, i64);

#[derive(Default)]
struct Gathered {
    customers: Numbers,
    products: Numbers,
    entries: Vec<Entry>,
    /// How many entries there were after equal ones were last joined.
    n_joined: usize,
}

/// Entries that may pile up before equal ones are joined.
const JOIN_ENTRIES: usize = 4 << 20;

impl Gathered {
    fn add_events(&mut self, batch: &RecordBatch, query: &InteractionQuery) {
        let (customers, products, kinds) = (text(batch, "customer_id"), text(batch, "product_id"), text(batch, "kind"));
        let values = batch.column_by_name("value").expect("asked for").as_primitive::<Float64Type>();
        for (row, &at) in times(batch, "at").iter().enumerate() {
            let kind = kinds.value(row);
            let weight = query.weight(kind);
            let disliked = kind == "rate" && !(values.is_valid(row) && values.value(row) >= query.stars_min);
            if weight > 0.0 && !disliked && products.is_valid(row) && query.admits(at) {
                let lane = if kind == "purchase" { Lane::PurchaseEvent } else { Lane::Interest };
                self.add(customers.value(row), products.value(row), lane, weight, at);
            }
        }
        self.join_when_many();
    }

    fn add_orders(&mut self, batch: &RecordBatch, query: &InteractionQuery) {
        let (customers, products) = (text(batch, "customer_id"), text(batch, "product_id"));
        let quantities = batch.column_by_name("quantity").expect("asked for").as_primitive::<Int64Type>();
        let weight = query.weight("purchase");
        for (row, &at) in times(batch, "ordered_at").iter().enumerate() {
            if weight > 0.0 && quantities.value(row) > 0 && query.admits(at) {
                self.add(customers.value(row), products.value(row), Lane::OrderLine, weight, at);
            }
        }
        self.join_when_many();
    }

    fn add_stars(&mut self, batch: &RecordBatch, column: &str, counts: impl Fn(usize) -> bool) {
        let (customers, products) = (text(batch, "customer_id"), text(batch, "product_id"));
        let stars = batch.column_by_name(column).expect("asked for").as_primitive::<Float64Type>();
        for (row, &at) in times(batch, "at").iter().enumerate() {
            if counts(row) && stars.is_valid(row) && customers.is_valid(row) && products.is_valid(row) {
                self.add(customers.value(row), products.value(row), Lane::Interest, stars.value(row) as f32, at);
            }
        }
    }

    fn add(&mut self, customer: &str, product: &str, lane: Lane, weight: f32, at: i64) {
        self.entries.push((self.customers.number(customer), self.products.number(product), lane, weight, at));
    }

    fn join_when_many(&mut self) {
        if self.entries.len() > self.n_joined * 2 + JOIN_ENTRIES {
            join(&mut self.entries);
            self.n_joined = self.entries.len();
        }
    }

    fn renumbered(self) -> (InteractionTable, Vec<Entry>) {
        let (customer_ids, customers) = self.customers.sorted();
        let (product_ids, products) = self.products.sorted();
        let mut entries = self.entries;
        for entry in &mut entries {
            (entry.0, entry.1) = (customers[entry.0 as usize], products[entry.1 as usize]);
        }
        (InteractionTable { customer_ids, product_ids, pairs: Vec::new() }, entries)
    }

    fn finish(self) -> InteractionTable {
        let (mut table, mut entries) = self.renumbered();
        join(&mut entries);
        for lanes in entries.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let sum = |lane| lanes.iter().filter(|entry| entry.2 == lane).map(|entry| entry.3).sum::<f32>();
            let weight = sum(Lane::Interest) + sum(Lane::PurchaseEvent).max(sum(Lane::OrderLine));
            let at = lanes.iter().map(|entry| entry.4).max().expect("chunks are not empty");
            table.pairs.push((lanes[0].0, lanes[0].1, weight, at));
        }
        table
    }

    fn finish_latest(self) -> InteractionTable {
        let (mut table, mut entries) = self.renumbered();
        entries.sort_by_key(|entry| (entry.0, entry.1, entry.4));
        for same in entries.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let &(customer, product, _, stars, at) = same.last().expect("chunks are not empty");
            table.pairs.push((customer, product, stars, at));
        }
        table
    }
}

/// Sorts by pair and lane, and joins equal ones: weights are added, the last time stays.
fn join(entries: &mut Vec<Entry>) {
    entries.sort_by_key(|entry| (entry.0, entry.1, entry.2));
    entries.dedup_by(|next, kept| {
        let same = (next.0, next.1, next.2) == (kept.0, kept.1, kept.2);
        if same {
            kept.3 += next.3;
            kept.4 = kept.4.max(next.4);
        }
        same
    });
}
