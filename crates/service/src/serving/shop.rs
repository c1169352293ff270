//! One shop as served: opening, accepting events, answering, swapping models, changing and erasing rows, closing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, RwLock};

use data::Shop;
use domain::{Event, EventKind, Millis, Product};
use recommend::HistoryEntry;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex as AsyncMutex;

use super::answer::{Answer, ListRequest, ModelName, SimilarItem};
use super::catalogue::{PopularProduct, ProductIds, ProductRow, Snapshot};
use super::histories::{Histories, Sign};
use crate::clock;
use crate::error::{Kind, Result, ServiceError};
use crate::flows::rows::{floats, integers, query, texts, typed_rows};
use crate::flows::{dataset, models};
use crate::jobs::Jobs;
use crate::metrics::Metrics;
use crate::store::{Appended, LoggedEvent, Store};

/// Stored answers kept per shop; the oldest go first.
const ANSWERS_MAX: i64 = 200_000;
const CUSTOMERS_MAX: usize = 2_000_000;
/// Products of a region's popularity list.
const REGIONAL_MAX: usize = 200;
/// Popularity halves in this time.
const HALF_LIFE_DAYS: f64 = 30.0;

/// One shop, loaded.
pub struct ServedShop {
    /// The name of its folder.
    pub id: String,
    pub shop: Shop,
    pub store: Store,
    pub ids: ProductIds,
    pub histories: Histories,
    pub metrics: Arc<Metrics>,
    pub jobs: Jobs,
    snapshot: RwLock<Arc<Snapshot>>,
    /// Held while a snapshot is built, a flush runs or someone is erased: one at a time.
    pub(crate) maintenance: AsyncMutex<()>,
    /// Grows with every change of rows, so that a snapshot knows whether it is behind.
    pub(crate) changes: AtomicU64,
}

/// What an answer was computed from.
#[derive(Serialize, Deserialize)]
struct StoredAnswer {
    at: i64,
    answer: Answer,
    history: Vec<(String, f32, i64)>,
}

impl ServedShop {
    /// Opens the folder for serving: takes its lock, recovers jobs, loads catalogue, histories, model and event log.
    pub async fn open(root: &Path, metrics: Arc<Metrics>) -> Result<Arc<ServedShop>> {
        let shop = Shop::open(root)?;
        shop.lock_for_writing()?;
        let served = Self::open_beside(shop, metrics).await?;
        served.jobs.recover()?;
        Ok(served)
    }

    /// The same for one question, beside a server that may be running.
    pub async fn open_beside(shop: Shop, metrics: Arc<Metrics>) -> Result<Arc<ServedShop>> {
        let root = shop.root().to_owned();
        let root = root.as_path();
        let store = Store::open(&root.join("service.db"), ANSWERS_MAX)?;
        let ids = ProductIds::default();
        let snapshot = build_snapshot(&shop, &store, &ids).await?;
        let id = root.canonicalize()?.file_name().map_or("shop".to_owned(), |name| name.to_string_lossy().into_owned());
        let served = ServedShop {
            id,
            shop,
            jobs: Jobs::new(store.clone()),
            store,
            ids,
            histories: Histories::new(CUSTOMERS_MAX),
            metrics,
            snapshot: RwLock::new(Arc::new(snapshot)),
            maintenance: AsyncMutex::new(()),
            changes: AtomicU64::new(0),
        };
        served.load_histories().await?;
        Ok(Arc::new(served))
    }

    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.read().expect("no holder panics").clone()
    }

    /// Builds a new snapshot from tables, changed rows and the current model, and swaps it in. Requests under way keep
    /// the one they started with.
    pub async fn reload(&self) -> Result<()> {
        let _alone = self.maintenance.lock().await;
        self.reload_alone().await
    }

    pub(crate) async fn reload_alone(&self) -> Result<()> {
        let fresh = build_snapshot(&self.shop, &self.store, &self.ids).await?;
        let version = |snapshot: &Snapshot| snapshot.model.as_ref().map(|model| model.info.version.clone());
        let swapped = version(&fresh) != version(&self.snapshot());
        *self.snapshot.write().expect("no holder panics") = Arc::new(fresh);
        self.metrics.model_swaps.fetch_add(u64::from(swapped), Relaxed);
        Ok(())
    }

    async fn load_histories(&self) -> Result<()> {
        dataset::for_each_pair(&self.shop, |pair| {
            if let Some(product) = self.ids.number(pair.product_id) {
                let sign = Sign { product, weight: pair.weight, at: pair.at, bought: pair.bought };
                self.histories.add(pair.customer_id, sign);
            }
        })
        .await?;
        let mut after = 0;
        loop {
            let logged = self.store.events_after(after, 10_000)?;
            let Some((last, _)) = logged.last() else { return Ok(()) };
            after = *last;
            for (_, body) in &logged {
                match serde_json::from_str::<Event>(body) {
                    Ok(event) => self.remember(&event),
                    Err(error) => tracing::warn!(%error, "a logged event could not be read"),
                }
            }
        }
    }

    /// Lets an event count from the next request on.
    fn remember(&self, event: &Event) {
        let weight = dataset::weight_of(self.shop.config(), event.kind, event.value);
        let product = event.product_id.as_deref().and_then(|id| self.ids.number(id));
        if let Some(product) = product.filter(|_| weight > 0.0) {
            let bought = event.kind == EventKind::Purchase;
            self.histories.add(&event.customer_id, Sign { product, weight, at: event.at.0, bought });
        }
    }

    /// Accepts events: on disk first, then in memory, then the answer.
    pub async fn accept(&self, events: Vec<Event>, key: Option<String>) -> Result<Appended> {
        let mut logged = Vec::with_capacity(events.len());
        for event in &events {
            logged.push(LoggedEvent { customer_id: event.customer_id.clone(), body: serde_json::to_string(event)? });
        }
        let appended = self.store.append(logged, key, clock::now().0).await?;
        if !appended.duplicate {
            events.iter().for_each(|event| self.remember(event));
            self.metrics.events_accepted.fetch_add(events.len() as u64, Relaxed);
        }
        Ok(appended)
    }

    /// Makes, stores and returns a list.
    pub fn recommend(&self, request: &ListRequest) -> Result<Answer> {
        let snapshot = self.snapshot();
        let mut signs = Vec::new();
        self.histories.read(&request.customer_id, &mut signs);
        let now = clock::now();
        if let Some(id) = &request.context_product {
            let product = self.ids.find(id).filter(|number| snapshot.row(*number).is_some());
            let product = product.ok_or_else(|| ServiceError::not_found("product", id))?;
            let weight = dataset::weight_of(self.shop.config(), EventKind::View, None).max(1.0);
            signs.retain(|sign| sign.product != product || sign.bought);
            signs.push(Sign { product, weight, at: now.0, bought: false });
        }
        let ranked = snapshot.rank(&signs, request);
        let (seq, list_id) = self.store.next_list_id();
        let mut items = Vec::with_capacity(ranked.products.len());
        for (number, terms) in ranked.products {
            let reasons = match request.explain {
                true => snapshot.reasons(&ranked.history, number, &request.language),
                false => Vec::new(),
            };
            items.extend(snapshot.answer_item(number, terms, reasons));
        }
        let answer = Answer {
            list_id: list_id.clone(),
            customer_id: request.customer_id.clone(),
            model: snapshot
                .model
                .as_ref()
                .map(|model| ModelName { version: model.info.version.clone(), card: model.info.card.clone() }),
            fallback: ranked.fallback.map(str::to_owned),
            items,
        };
        let product = |entry: &HistoryEntry| {
            let id = snapshot.model.as_ref().and_then(|model| model.product_ids.get(entry.item as usize));
            (id.cloned().unwrap_or_default(), entry.weight, entry.at)
        };
        let history = ranked.history.iter().map(product).collect();
        let body = serde_json::to_string(&StoredAnswer { at: now.0, answer: answer.clone(), history })?;
        if !self.store.keep_answer(seq, list_id, request.customer_id.clone(), now.0, body) {
            self.metrics.answers_dropped.fetch_add(1, Relaxed);
        }
        Ok(answer)
    }

    /// A stored answer, with reasons computed again from the model and the history it was made from.
    pub fn explain(&self, list_id: &str, product_id: Option<&str>, language: &str) -> Result<(i64, Answer)> {
        self.store.settle()?;
        let body = self.store.answer(list_id)?.ok_or_else(|| {
            ServiceError::not_found("stored list", list_id)
                .help(format!("the last {ANSWERS_MAX} lists are kept; ask for a new one"))
        })?;
        let StoredAnswer { at, mut answer, history } = serde_json::from_str(&body)?;
        if let Some(id) = product_id {
            answer.items.retain(|item| item.product_id == id);
            if answer.items.is_empty() {
                return Err(ServiceError::not_found("product in this list", id));
            }
        }
        let snapshot = self.snapshot();
        let Some(then) = self.snapshot_of(&snapshot, answer.model.as_ref())? else { return Ok((at, answer)) };
        let entries: Vec<HistoryEntry> = history
            .iter()
            .filter_map(|(id, weight, at)| {
                Some(HistoryEntry { item: then.item(self.ids.find(id)?)?, weight: *weight, at: *at })
            })
            .collect();
        for item in &mut answer.items {
            if let Some(number) = self.ids.find(&item.product_id) {
                item.reasons = then.reasons(&entries, number, language);
            }
        }
        Ok((at, answer))
    }

    /// The snapshot with the model an answer was made by: the present one, or one with that model read back.
    fn snapshot_of(&self, present: &Arc<Snapshot>, model: Option<&ModelName>) -> Result<Option<Arc<Snapshot>>> {
        let Some(name) = model else { return Ok(Some(present.clone())) };
        if present.model.as_ref().is_some_and(|model| model.info.version == name.version) {
            return Ok(Some(present.clone()));
        }
        match models::load(self.shop.root(), &name.version) {
            Ok(model) => {
                let rows = present.products.iter().flatten().map(|row| ProductRow::clone(row)).collect();
                let today = clock::today(&self.shop.config().time_zone);
                Ok(Some(Arc::new(Snapshot::new(&self.ids, rows, BTreeMap::new(), Some(Arc::new(model)), today))))
            }
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub fn similar(&self, product_id: &str, n: usize) -> Result<Vec<SimilarItem>> {
        let snapshot = self.snapshot();
        let number = self
            .ids
            .find(product_id)
            .filter(|number| snapshot.row(*number).is_some() || snapshot.item(*number).is_some());
        let number = number.ok_or_else(|| ServiceError::not_found("product", product_id))?;
        Ok(snapshot.similar(number, n))
    }

    pub fn popular(&self, category: Option<&str>, region: Option<&str>, n: usize) -> Vec<PopularProduct> {
        let snapshot = self.snapshot();
        let within = category.map(|path| snapshot.by_category.get(path));
        let passes = |number: &&u32| match within {
            Some(Some(bitmap)) => bitmap.contains(**number as usize),
            Some(None) => false,
            None => true,
        };
        let mut seen = rustc_hash::FxHashSet::default();
        let regional = region.and_then(|region| snapshot.popular_by_region.get(region));
        let all = regional.into_iter().flatten().chain(&snapshot.popular).filter(passes);
        let chosen = all.filter(|number| seen.insert(**number)).take(n);
        chosen.filter_map(|number| snapshot.popular_product(*number)).collect()
    }

    /// The model's age in seconds, if there is a model.
    pub fn model_age_seconds(&self) -> Option<f64> {
        let trained_at = self.snapshot().model.as_ref()?.info.trained_at;
        Some((clock::now().0 - trained_at) as f64 / 1000.0)
    }

    /// Moves logged events and changed rows into the tables.
    pub async fn flush(&self) -> Result<u64> {
        let _alone = self.maintenance.lock().await;
        crate::flows::flush::flush(&self.shop, &self.store)
    }

    /// Puts a model into service.
    pub async fn activate(&self, version: &str) -> Result<()> {
        models::activate(self.shop.root(), version)?;
        self.reload().await
    }
}

async fn build_snapshot(shop: &Shop, store: &Store, ids: &ProductIds) -> Result<Snapshot> {
    let mut products: BTreeMap<String, Product> = BTreeMap::new();
    for product in typed_rows::<Product>(&query(shop, "select * from products").await?)? {
        products.insert(product.product_id.clone(), product);
    }
    for changed in store.overlays("products")? {
        match changed.body {
            Some(body) => products.insert(changed.key, serde_json::from_str(&body)?),
            None => products.remove(&changed.key),
        };
    }
    let mut sales = sales(shop).await?;
    let rows = products.into_values().map(|product| {
        let sold = sales.remove(&product.product_id).unwrap_or_default();
        ProductRow {
            product,
            n_orders: sold.n_orders,
            n_events: sold.n_events,
            revenue_cents: sold.revenue_cents,
            popularity: sold.popularity,
        }
    });
    let rows: Vec<ProductRow> = rows.collect();
    let regions = regional(shop, ids).await?;
    let root = shop.root().to_owned();
    let model = tokio::task::spawn_blocking(move || models::load_current(&root));
    let model = model.await.map_err(|error| ServiceError::failed(format!("loading the model: {error}")))??;
    let today = clock::today(&shop.config().time_zone);
    Ok(Snapshot::new(ids, rows, regions, model.map(Arc::new), today))
}

#[derive(Default)]
struct Sales {
    n_orders: i64,
    n_events: i64,
    revenue_cents: i64,
    popularity: f32,
}

/// Newest sign of interest in the tables, UTC milliseconds: the present of a shop whose files end somewhere.
async fn newest(shop: &Shop) -> Result<Millis> {
    let sql = "select max(at) as at from (select max(at) as at from events union all select max(ordered_at) as at from orders) as times";
    let batches = query(shop, sql).await?;
    let times = batches.iter().map(|batch| integers(batch, "at")).collect::<Result<Vec<_>>>()?;
    Ok(Millis(times.iter().flat_map(|array| array.iter()).flatten().max().unwrap_or(0)))
}

async fn sales(shop: &Shop) -> Result<BTreeMap<String, Sales>> {
    let mut sales: BTreeMap<String, Sales> = BTreeMap::new();
    let newest = newest(shop).await?.0;
    // Per product and day, so that the decay is one multiplication per row here instead of one per event there.
    let orders = "select product_id, date_trunc('day', ordered_at) as day, count(distinct order_id) as n,
        sum(quantity * unit_price_cents - coalesce(discount_cents, 0)) as revenue
        from orders group by product_id, date_trunc('day', ordered_at)";
    let events = "select product_id, date_trunc('day', at) as day, count(*) as n, 0 as revenue
        from events where product_id is not null group by product_id, date_trunc('day', at)";
    for (sql, weight) in [(orders, 5.0f64), (events, 1.0)] {
        for batch in query(shop, sql).await? {
            let (products, days) = (texts(&batch, "product_id")?, integers(&batch, "day")?);
            let (counts, revenue) = (integers(&batch, "n")?, integers(&batch, "revenue")?);
            for at in 0..batch.num_rows() {
                let age_days = (newest - days.value(at)).max(0) as f64 / 86_400_000.0;
                let sold = sales.entry(products.value(at).to_owned()).or_default();
                let n = counts.value(at);
                if weight > 1.0 {
                    sold.n_orders += n;
                } else {
                    sold.n_events += n;
                }
                sold.revenue_cents += revenue.value(at);
                sold.popularity += (n as f64 * weight * (-age_days / HALF_LIFE_DAYS).exp2()) as f32;
            }
        }
    }
    Ok(sales)
}

/// The products most ordered in each region.
async fn regional(shop: &Shop, ids: &ProductIds) -> Result<BTreeMap<String, Vec<u32>>> {
    let sql = "select c.region as region, o.product_id as product_id, cast(count(*) as double) as n
        from orders o join customers c on o.customer_id = c.customer_id
        where c.region is not null and o.quantity > 0 group by c.region, o.product_id
        order by region, n desc, product_id";
    let mut regions: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for batch in query(shop, sql).await? {
        let (names, products) = (texts(&batch, "region")?, texts(&batch, "product_id")?);
        let counts = floats(&batch, "n")?;
        for at in 0..batch.num_rows() {
            let listed = regions.entry(names.value(at).to_owned()).or_default();
            if listed.len() < REGIONAL_MAX && counts.value(at) > 0.0 {
                listed.extend(ids.number(products.value(at)));
            }
        }
    }
    Ok(regions)
}
