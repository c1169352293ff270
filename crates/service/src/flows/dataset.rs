//! From tables to the input of every recommender: one SQL text aggregates events and orders to one weight and one time
//! per customer and product; the dictionary of products is kept, that of customers is not.

use data::Shop;
use data::arrow::array::Array;
use domain::EventKind;
use math::Csr;
use recommend::Interactions;

use super::rows::{integers, query, texts};
use crate::error::{Result, ServiceError};

/// What a model learns from.
pub struct Dataset {
    pub interactions: Interactions,
    /// Product of each column, ascending.
    pub product_ids: Vec<String>,
    /// Changes whenever a table it was read from changes.
    pub data_version: String,
}

/// One customer's dealings with one product, as aggregated by [`pairs_sql`].
pub struct Pair<'a> {
    pub customer_id: &'a str,
    pub product_id: &'a str,
    pub dealings: Dealings,
}

/// What someone did with a product. A purchase given back counts no longer, nor what came before it was given back.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Dealings {
    /// The strongest sign beside purchases; 0 for none.
    pub seen_weight: f32,
    pub seen_kind: Option<EventKind>,
    /// UTC milliseconds of the latest; 0 for never.
    pub seen_at: i64,
    /// The price at the latest look; 0 when unknown.
    pub price_cents: i64,
    /// 0 for never, or given back.
    pub bought_at: i64,
}

impl Dealings {
    /// UTC milliseconds of the latest.
    pub fn at(&self) -> i64 {
        self.seen_at.max(self.bought_at)
    }

    pub fn is_empty(&self) -> bool {
        self.at() == 0
    }

    /// Takes back what was done until `at`.
    pub fn give_back(&mut self, at: i64) {
        if self.bought_at <= at {
            self.bought_at = 0;
        }
        if self.seen_at <= at {
            *self = Dealings { bought_at: self.bought_at, ..Dealings::default() };
        }
    }
}

/// What an event of `kind` says about interest, in the shop's own weights; 0 says nothing.
pub fn weight_of(config: &data::ShopConfig, kind: EventKind, value: Option<f64>) -> f32 {
    if kind == EventKind::Rate && value.is_some_and(|stars| stars < config.recommend.stars_min) {
        return 0.0;
    }
    config.recommend.event_weights.get(kind.name()).copied().unwrap_or(0.0)
}

/// What a purchase weighs; never less than 1, whatever the shop's weights say.
pub fn purchase_weight(config: &data::ShopConfig) -> f32 {
    weight_of(config, EventKind::Purchase, None).max(1.0)
}

/// The kind whose weight this is: the strongest sign is remembered by weight alone.
fn kind_of(config: &data::ShopConfig, weight: f32) -> Option<EventKind> {
    let said = |kind: &EventKind| !matches!(kind, EventKind::Purchase | EventKind::Return | EventKind::Uncart);
    EventKind::ALL.into_iter().filter(said).find(|kind| (weight_of(config, *kind, None) - weight).abs() < 1e-3)
}

/// One row per customer and product: the strongest sign of interest, the latest times.
/// The strongest, not the sum: a purchase that stands both in `events` and in `orders` counts once.
pub fn pairs_sql(config: &data::ShopConfig) -> String {
    use std::fmt::Write as _;
    let mut cases = String::new();
    for kind in EventKind::ALL {
        let weight = weight_of(config, kind, None);
        if weight > 0.0 && !matches!(kind, EventKind::Purchase | EventKind::Return) {
            let stars = match kind {
                EventKind::Rate => format!(" and (value is null or value >= {:.3})", config.recommend.stars_min),
                _ => String::new(),
            };
            let _ = write!(cases, " when kind = '{}'{stars} then {weight:.4}", kind.name());
        }
    }
    let case = if cases.is_empty() { "0.0".to_owned() } else { format!("case{cases} else 0.0 end") };
    let since = match config.recommend.window_days {
        0 => String::new(),
        days => {
            let newest = "select max(at) from (select max(at) as at from events union all select max(ordered_at) as at from orders) as newest";
            format!(" and at >= ({newest}) - interval '{days} days'")
        }
    };
    format!(
        "select customer_id, product_id, max(weight) as weight, max(case when weight > 0 then at end) as seen_at,
           max(case when kind = 'purchase' then at end) as bought_at,
           max(case when kind = 'return' then at end) as returned_at from (
           select customer_id, product_id, kind, {case} as weight, at from events where product_id is not null
           union all
           select customer_id, product_id, 'purchase' as kind, 0.0 as weight, ordered_at as at
             from orders where quantity > 0
         ) as signs where (weight > 0 or kind = 'purchase' or kind = 'return'){since} group by customer_id, product_id"
    )
}

/// Calls `each` for every pair of the shop, in no particular order.
pub async fn for_each_pair(shop: &Shop, mut each: impl FnMut(Pair)) -> Result<()> {
    let take = |batch: data::arrow::array::RecordBatch| -> Result<()> {
        let (customers, products) = (texts(&batch, "customer_id")?, texts(&batch, "product_id")?);
        let weights = super::rows::floats(&batch, "weight")?;
        let (seen, bought) = (integers(&batch, "seen_at")?, integers(&batch, "bought_at")?);
        let returned = integers(&batch, "returned_at")?;
        let or_never =
            |times: &data::arrow::array::Int64Array, at: usize| if times.is_null(at) { 0 } else { times.value(at) };
        for at in 0..batch.num_rows() {
            if customers.is_null(at) || products.is_null(at) {
                continue;
            }
            let seen_weight = weights.value(at) as f32;
            let seen_at = or_never(&seen, at);
            let mut dealings = Dealings {
                seen_weight,
                seen_kind: kind_of(shop.config(), seen_weight).filter(|_| seen_at != 0),
                seen_at,
                price_cents: 0,
                bought_at: or_never(&bought, at),
            };
            if !returned.is_null(at) {
                dealings.give_back(returned.value(at));
            }
            if !dealings.is_empty() {
                each(Pair { customer_id: customers.value(at), product_id: products.value(at), dealings });
            }
        }
        Ok(())
    };
    shop.engine()?.for_each(&pairs_sql(shop.config()), take).await
}

/// Looks older than this before the newest no longer say what price someone has in mind.
const PRICE_DAYS: u32 = 120;

/// Calls `each` with customer, product and cents of the latest look that had a price.
pub async fn for_each_price_seen(shop: &Shop, mut each: impl FnMut(&str, &str, i64)) -> Result<()> {
    let sql = format!(
        "select customer_id, product_id, first_value(price_cents order by at desc, price_cents) as price_cents from events
         where product_id is not null and price_cents > 0 and kind in ('view', 'favourite', 'cart')
           and at >= (select max(at) from events) - interval '{PRICE_DAYS} days' group by customer_id, product_id"
    );
    for batch in query(shop, &sql).await? {
        let (customers, products) = (texts(&batch, "customer_id")?, texts(&batch, "product_id")?);
        let prices = integers(&batch, "price_cents")?;
        (0..batch.num_rows()).for_each(|at| each(customers.value(at), products.value(at), prices.value(at)));
    }
    Ok(())
}

/// Reads the shop's interactions.
pub async fn load(shop: &Shop) -> Result<Dataset> {
    let data_version = data_version(shop)?;
    let mut users = Ids::default();
    let mut items = Ids::default();
    let mut cells: Vec<(u32, u32, f32, i64)> = Vec::new();
    let of_purchase = purchase_weight(shop.config());
    for_each_pair(shop, |pair| {
        let Dealings { seen_weight, bought_at, .. } = pair.dealings;
        let weight = if bought_at == 0 { seen_weight } else { of_purchase.max(seen_weight) };
        cells.push((users.get(pair.customer_id), items.get(pair.product_id), weight, pair.dealings.at()));
    })
    .await?;
    if cells.is_empty() {
        return Err(ServiceError::conflict("no_data", "the shop has no events and no orders to learn from")
            .help("import some: tercet import FILE --as orders, or try tercet demo"));
    }
    let (user_order, _) = users.ascending();
    let (item_order, product_ids) = items.ascending();
    for cell in &mut cells {
        (cell.0, cell.1) = (user_order[cell.0 as usize], item_order[cell.1 as usize]);
    }
    cells.sort_unstable_by_key(|cell| (cell.0, cell.1));
    let n_users = user_order.len();
    let mut matrix = Csr::empty(n_users, product_ids.len());
    for cell in &cells {
        matrix.indptr[cell.0 as usize + 1] += 1;
    }
    for user in 0..n_users {
        matrix.indptr[user + 1] += matrix.indptr[user];
    }
    matrix.indices = cells.iter().map(|cell| cell.1).collect();
    matrix.values = cells.iter().map(|cell| cell.2).collect();
    let times = cells.iter().map(|cell| cell.3).collect();
    Ok(Dataset { interactions: Interactions { matrix, times: Some(times) }, product_ids, data_version })
}

/// The generations of the tables a recommender reads.
pub fn data_version(shop: &Shop) -> Result<String> {
    Ok(generations(shop, &["events", "orders"])?.trim_start().to_owned())
}

/// The generations of tables, for whoever keeps what was read from them. To be asked before they are read: what changes meanwhile is
/// then read again next time.
pub fn generations(shop: &Shop, tables: &[&str]) -> Result<String> {
    let mut version = String::new();
    for name in tables {
        let generation = shop.tables().manifest(data::Tables::spec(name)?)?.generation;
        version.push_str(&format!(" {name}-{generation}"));
    }
    Ok(version)
}

/// Identifiers numbered as they come, later renumbered in ascending order so that the result does not depend on the
/// order in which the engine returned rows.
#[derive(Default)]
pub struct Ids {
    by_id: rustc_hash::FxHashMap<String, u32>,
}

impl Ids {
    pub fn get(&mut self, id: &str) -> u32 {
        if let Some(at) = self.by_id.get(id) {
            return *at;
        }
        let at = u32::try_from(self.by_id.len()).expect("fewer than four billion ids");
        self.by_id.insert(id.to_owned(), at);
        at
    }

    /// (new number by old number, ids in the new order).
    pub fn ascending(self) -> (Vec<u32>, Vec<String>) {
        let mut ids: Vec<(String, u32)> = self.by_id.into_iter().collect();
        ids.sort_unstable();
        let mut order = vec![0u32; ids.len()];
        for (new, (_, old)) in ids.iter().enumerate() {
            order[*old as usize] = new as u32;
        }
        (order, ids.into_iter().map(|(id, _)| id).collect())
    }
}
