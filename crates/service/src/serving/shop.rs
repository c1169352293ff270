//! One shop as served: opening, accepting events, answering, swapping models, changing and erasing rows, closing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{
    AtomicU64,
    Ordering::{Relaxed, SeqCst},
};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use data::Shop;
use domain::{Cents, Event, EventKind, Fit, Millis, Product, TableSpec};
use recommend::explain::Language;
use recommend::rank::{Filters, OwnEvent, Policy, Request};
use serde::Serialize;
use tokio::sync::Mutex as AsyncMutex;
use utoipa::ToSchema;

use super::answer::{Answer, ListRequest, Replay, SimilarItem, StoredAnswer};
use super::catalogue::{PopularProduct, ProductIds, ProductRow, Snapshot, SnapshotParts};
use super::histories::{Histories, Sign};
use super::regions::Regions;
use super::turnover;
use crate::background;
use crate::channels::Channels;
use crate::channels::config::from_environment;
use crate::clock;
use crate::conversations::Conversations;
use crate::error::{Result, ServiceError};
use crate::experiments::Experiments;
use crate::flows::content::config::ContentConfig;
use crate::flows::dataset::Dealings;
use crate::flows::in_service::InService;
use crate::flows::learned::HALF_LIFE_DAYS;
use crate::flows::rows::{integers, query, table, texts};
use crate::flows::{audience, dataset, language, learned, models, policy, segment};
use crate::jobs::Jobs;
use crate::metrics::Metrics;
use crate::schedule::Entry;
use crate::store::{Appended, Store};
use crate::writer::{WriterConfig, Writers};

const CUSTOMERS_MAX: usize = 2_000_000;
/// Files that are received at once.
const RECEIVED_MAX: usize = 4;

/// One shop, loaded.
pub struct ServedShop {
    /// The name of its folder.
    pub id: String,
    pub shop: Shop,
    pub store: Store,
    pub ids: Arc<ProductIds>,
    pub histories: Histories,
    /// Where each customer lives, for rules and favourites by region.
    pub(crate) regions: Regions,
    pub metrics: Arc<Metrics>,
    pub jobs: Jobs,
    /// Customer groups in service.
    pub groups: segment::Groups,
    /// The shop's words in service.
    pub words: InService<language::Loaded>,
    /// How far its search has followed the catalogue.
    pub(super) following: super::following::Following,
    /// What answers customers.
    pub service: super::assistant::Kept,
    /// What copies are written from.
    pub copy: super::copy::KeptCopy,
    /// Conversations of customer service.
    pub conversations: Conversations,
    /// Experiments, running and ended.
    pub experiments: Experiments,
    /// Language models that word its replies, if the shop has any.
    pub writers: Option<Writers>,
    /// By which customers come besides, and by which replies leave.
    pub channels: Channels,
    snapshot: RwLock<Arc<Snapshot>>,
    /// Held while a snapshot is built, a flush runs or someone is erased: one at a time.
    pub(crate) maintenance: AsyncMutex<()>,
    /// Files that may be received at once.
    pub(crate) receiving: tokio::sync::Semaphore,
    /// Held by whoever erases someone, and shared by whoever adds what a customer did.
    pub(crate) erasing: tokio::sync::RwLock<()>,
    /// Grows with every change of rows, so that a snapshot knows whether it is behind.
    pub(crate) changes: AtomicU64,
    base: Mutex<Option<Arc<Base>>>,
    pub(super) counted: AsyncMutex<turnover::Counted>,
    /// Reloads asked for, and the last of them that the snapshot answers.
    asked: AtomicU64,
    answered: AtomicU64,
    /// Of the `tercet.toml` that the snapshot follows.
    policy_stamp: Mutex<Option<(std::time::SystemTime, u64)>>,
}

/// What is read from the tables, each part kept while what it was read from does not change.
struct Base {
    /// Of the table that regions of customers are read from.
    customers: String,
    products: Part<BTreeMap<String, Arc<Product>>>,
    sales: Part<BTreeMap<String, Sales>>,
    regions: Part<BTreeMap<String, Vec<(String, f32)>>>,
    fits: Part<Vec<Fit>>,
}

/// A part with the version of the tables it stands for.
struct Part<T> {
    version: String,
    /// Version of the tables when it was read; events may have moved into them since.
    read_from: String,
    read_at: Instant,
    took: Duration,
    read: Arc<T>,
}

impl<T> Clone for Part<T> {
    fn clone(&self) -> Self {
        let Part { version, read_from, read_at, took, read } = self;
        let (version, read_from) = (version.clone(), read_from.clone());
        Part { version, read_from, read_at: *read_at, took: *took, read: read.clone() }
    }
}

/// What counts events is read anew after this many times as long as reading takes: a small shop's counts are of the last minute,
/// and a large one spends half a percent of a processor on them.
const READINGS_APART: u32 = 200;
/// However long it took: on a busy machine that is mostly waiting for a processor.
const APART_MAX: Duration = Duration::from_secs(3600);
/// How long counting may wait for a processor that nobody else wants.
const PATIENCE: Duration = Duration::from_secs(120);

impl<T: Send + Sync + 'static> Part<T> {
    /// The part kept, if it stands for these tables; else what `read` reads.
    async fn of<F>(version: String, kept: Option<&Part<T>>, read: impl FnOnce() -> F) -> Result<Part<T>>
    where
        F: Future<Output = Result<T>>,
    {
        if let Some(kept) = kept.filter(|kept| kept.version == version && !kept.is_due()) {
            return Ok(kept.clone());
        }
        let begun = Instant::now();
        let read = Arc::new(read().await?);
        Ok(Part { read_from: version.clone(), version, read_at: Instant::now(), took: begun.elapsed(), read })
    }

    /// The same for what takes long and can wait, once there is something to go on with.
    async fn counted<F>(shop: &Shop, version: String, kept: Option<&Part<T>>, count: fn(Shop) -> F) -> Result<Part<T>>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let counted = async || match kept {
            None => count(shop.clone()).await,
            Some(_) => {
                let done = background::when_possible(PATIENCE, || count(shop.clone())).await;
                done.map_err(|error| ServiceError::failed(format!("counting broke off: {error}")))?
            }
        };
        Part::of(version, kept, counted).await
    }

    /// Whether it lacks events, and it is time to count them.
    fn is_due(&self) -> bool {
        self.version != self.read_from
            && self.read_at.elapsed() >= self.took.saturating_mul(READINGS_APART).min(APART_MAX)
    }

    /// The same after events moved into the tables, if it stood for the tables before.
    fn after(&self, before: &str, now: String) -> Part<T> {
        let version = if self.version == before { now } else { self.version.clone() };
        Part { version, ..self.clone() }
    }
}

/// Versions of what counts events.
struct Counts {
    sales: String,
    regions: String,
}

impl Counts {
    fn of(shop: &Shop) -> Result<Counts> {
        let version =
            |table: &str| Ok::<_, ServiceError>(dataset::data_version(shop)? + &dataset::generations(shop, &[table])?);
        Ok(Counts { sales: version("reviews")?, regions: version("customers")? })
    }
}

impl ServedShop {
    /// Opens the folder for serving: takes its lock, recovers jobs, loads catalogue, histories, model and event log.
    pub async fn open(root: &Path, metrics: Arc<Metrics>) -> Result<Arc<ServedShop>> {
        let shop = Shop::open(root)?;
        shop.lock_for_writing()?;
        let channels = Channels::new(&shop, &from_environment)?;
        let served = Self::open_with(shop, metrics, channels).await?;
        served.take_up_imports()?;
        crate::writer::forget_old(&served.store, clock::today(&served.shop.config().time_zone))?;
        served.snapshot().warm(None);
        Ok(served)
    }

    /// The same for one question, beside a server that may be running.
    pub async fn open_beside(shop: Shop, metrics: Arc<Metrics>) -> Result<Arc<ServedShop>> {
        Self::open_with(shop, metrics, Channels::default()).await
    }

    async fn open_with(shop: Shop, metrics: Arc<Metrics>, channels: Channels) -> Result<Arc<ServedShop>> {
        let root = shop.root().to_owned();
        let root = root.as_path();
        let store = Store::of(&shop)?;
        let ids = Arc::new(ProductIds::default());
        let stamp = policy::stamp(root);
        let rules = policy::read(root)?;
        let base = Arc::new(base(&shop, None, true).await?);
        let snapshot = build_snapshot(&shop, &store, &ids, base.clone(), rules, None).await?;
        let conversations = Conversations::new(&shop.config().service)?;
        let writers = WriterConfig::of(&shop)?.map(Writers::new);
        ContentConfig::of(shop.config())?;
        Entry::all(shop.config())?;
        let id = root.canonicalize()?.file_name().map_or("shop".to_owned(), |name| name.to_string_lossy().into_owned());
        let served = ServedShop {
            id,
            shop,
            jobs: Jobs::new(store.clone()),
            experiments: Experiments::open(&store)?,
            store,
            ids,
            histories: Histories::new(CUSTOMERS_MAX),
            regions: Regions::default(),
            metrics,
            groups: segment::Groups::default(),
            words: InService::default(),
            following: super::following::Following::default(),
            service: super::assistant::Kept::default(),
            copy: super::copy::KeptCopy::default(),
            conversations,
            writers,
            channels,
            snapshot: RwLock::new(Arc::new(snapshot)),
            maintenance: AsyncMutex::new(()),
            receiving: tokio::sync::Semaphore::new(RECEIVED_MAX),
            erasing: tokio::sync::RwLock::new(()),
            changes: AtomicU64::new(0),
            base: Mutex::new(Some(base)),
            counted: AsyncMutex::default(),
            asked: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            policy_stamp: Mutex::new(stamp),
        };
        served.load_histories().await?;
        served.regions.load(&served.shop, &served.store).await?;
        Ok(Arc::new(served))
    }

    /// What audiences need to know of it.
    pub fn home(&self) -> audience::Home<'_> {
        audience::Home { shop: &self.shop, store: &self.store, groups: &self.groups }
    }

    /// The version of the shop's words in service; none, too, where that cannot be told.
    pub(super) fn words_version(&self) -> Option<String> {
        self.shop.models().current(language::KIND).unwrap_or_default()
    }

    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.read().expect("no holder panics").clone()
    }

    /// Builds a new snapshot from tables, changed rows, policy and the current model, and swaps it in. Requests under way
    /// keep the one they started with. Of many callers at once few build: a build answers all who asked before it began.
    pub async fn reload(self: &Arc<Self>) -> Result<()> {
        let mine = self.asked.fetch_add(1, SeqCst) + 1;
        let own = self.clone();
        let built = background::spawn(async move {
            let _alone = own.maintenance.lock().await;
            if own.answered.load(SeqCst) >= mine {
                return Ok(());
            }
            own.reload_alone().await?;
            own.follow();
            Ok(())
        });
        built.await.map_err(|error| ServiceError::failed(format!("a reload broke off: {error}")))?
    }

    /// The same without counting events anew where there is something to go on with: that may wait for a processor.
    pub(super) async fn reload_uncounted(self: &Arc<Self>) -> Result<()> {
        let _alone = self.maintenance.lock().await;
        self.reload_with(false).await
    }

    pub(crate) async fn reload_alone(&self) -> Result<()> {
        self.reload_with(true).await
    }

    async fn reload_with(&self, counts: bool) -> Result<()> {
        let answers = self.asked.load(SeqCst);
        let previous = self.snapshot();
        let stamp = policy::stamp(self.shop.root());
        // A shop goes on with the rules it had rather than without any.
        let rules = policy::read(self.shop.root()).unwrap_or_else(|error| {
            tracing::warn!(shop.id = %self.id, message = %error.message, "the rules before it stay in force");
            previous.ranker.policy().clone()
        });
        let kept = self.base.lock().expect("no holder panics").clone();
        let fresh = Arc::new(base(&self.shop, kept.as_deref(), counts).await?);
        if kept.is_none_or(|kept| kept.customers != fresh.customers) {
            self.regions.load(&self.shop, &self.store).await?;
        }
        *self.base.lock().expect("no holder panics") = Some(fresh.clone());
        let snapshot = build_snapshot(&self.shop, &self.store, &self.ids, fresh, rules, Some(previous.clone())).await?;
        let version = |snapshot: &Snapshot| snapshot.model.as_ref().map(|model| model.info.version.clone());
        let swapped = version(&snapshot) != version(&previous);
        snapshot.warm(Some(&previous));
        let snapshot = Arc::new(snapshot);
        *self.snapshot.write().expect("no holder panics") = snapshot;
        let_go(previous);
        *self.policy_stamp.lock().expect("no holder panics") = stamp;
        self.answered.store(answers, SeqCst);
        self.metrics.model_swaps.fetch_add(u64::from(swapped), Relaxed);
        Ok(())
    }

    /// Whether the day, the rules or the current model are others than the snapshot's.
    pub fn is_behind(&self) -> bool {
        let snapshot = self.snapshot();
        let model = snapshot.model.as_ref().map(|model| model.info.version.clone());
        snapshot.ranker.today() != clock::today(&self.shop.config().time_zone)
            || *self.policy_stamp.lock().expect("no holder panics") != policy::stamp(self.shop.root())
            || model != models::current(self.shop.root())
    }

    /// What customers did, as tables and log have it; what is known already stands.
    pub(super) async fn load_histories(&self) -> Result<()> {
        dataset::for_each_pair(&self.shop, |pair| {
            if let Some(product) = self.ids.number(pair.product_id) {
                self.histories.add(pair.customer_id, Sign { product, dealings: pair.dealings });
            }
        })
        .await?;
        dataset::for_each_price_seen(&self.shop, |customer_id, product_id, price_cents| {
            if let Some(product) = self.ids.find(product_id) {
                self.histories.change(customer_id, product, |dealings| dealings.price_cents = price_cents);
            }
        })
        .await?;
        let mut after = self.flushed_to()?;
        loop {
            let logged = self.store.events_after(after, 10_000)?;
            let Some((last, _)) = logged.last() else { return Ok(()) };
            after = *last;
            logged.iter().for_each(|(_, event)| self.remember(event));
        }
    }

    /// Offset up to which the tables hold the event log.
    pub(crate) fn flushed_to(&self) -> Result<i64> {
        Ok(self.shop.tables().manifest(TableSpec::named("events").expect("a table of the shop"))?.log_offset)
    }

    /// Lets an event count from the next request on.
    fn remember(&self, event: &Event) {
        let Some(product) = event.product_id.as_deref().and_then(|id| self.ids.number(id)) else { return };
        let (customer_id, at) = (&event.customer_id, event.at.0);
        let mut dealings = Dealings::default();
        match event.kind {
            EventKind::Return => return self.histories.change(customer_id, product, |known| known.give_back(at)),
            EventKind::Uncart => {
                return self.histories.change(customer_id, product, |known| {
                    if known.seen_kind == Some(EventKind::Cart) {
                        known.seen_kind = Some(EventKind::View);
                    }
                });
            }
            EventKind::Purchase => dealings.bought_at = at,
            kind => {
                dealings.seen_weight = dataset::weight_of(self.shop.config(), kind, event.value);
                if dealings.seen_weight <= 0.0 {
                    return;
                }
                (dealings.seen_kind, dealings.seen_at) = (Some(kind), at);
                dealings.price_cents = event.price_cents.map_or(0, |price| price.0);
            }
        }
        self.histories.add(customer_id, Sign { product, dealings });
    }

    /// A look without a price was a look at the catalogue's: noted with the event, so that a later fall is known.
    fn with_price_seen(&self, mut event: Event, snapshot: &Snapshot) -> Event {
        let is_look = matches!(event.kind, EventKind::View | EventKind::Favourite | EventKind::Cart);
        if is_look && event.price_cents.is_none() {
            let number = event.product_id.as_deref().and_then(|id| self.ids.find(id));
            event.price_cents = number.and_then(|number| snapshot.row(number)?.product.price_cents);
        }
        event
    }

    /// Accepts events: on disk first, then in memory, then the answer.
    pub async fn accept(&self, events: Vec<Event>, key: Option<String>) -> Result<Appended> {
        let snapshot = self.snapshot();
        let events: Vec<Event> = events.into_iter().map(|event| self.with_price_seen(event, &snapshot)).collect();
        // No one is erased between the disk and the memory.
        let _present = self.erasing.read().await;
        let appended = self.store.append(events.clone(), key, clock::now().0).await?;
        if !appended.duplicate {
            events.iter().for_each(|event| self.remember(event));
            self.metrics.events_accepted.fetch_add(events.len() as u64, Relaxed);
        }
        Ok(appended)
    }

    /// Makes, stores and returns a list.
    pub fn recommend(&self, request: &ListRequest) -> Result<Answer> {
        let snapshot = self.snapshot();
        let explained: Vec<Language> = request.explain.then(|| language_of(&request.language)).into_iter().collect();
        let mut views = self.recommend_with(&snapshot, request, &explained)?;
        Ok(views.remove(0))
    }

    /// The same over a snapshot: one view for each language of reasons, one without reasons if there is none.
    pub(super) fn recommend_with(
        &self,
        snapshot: &Snapshot,
        request: &ListRequest,
        explained: &[Language],
    ) -> Result<Vec<Answer>> {
        let now = clock::now();
        if let Some(id) = &request.context_product {
            let known = self.ids.find(id).is_some_and(|number| snapshot.row(number).is_some());
            known.then_some(()).ok_or_else(|| ServiceError::not_found("product", id))?;
        }
        if let Some(path) = &request.category
            && snapshot.ranker.catalogue().of_category(path).is_empty()
        {
            return Err(snapshot.no_category(path));
        }
        let list_id = self.store.next_list_id(now.0);
        let asked = self.rank_request(snapshot, request, now, seed_of(&list_id));
        let answer =
            snapshot.ranker.recommend_to(asked).map_err(|error| ServiceError::usage("n", error.to_string()))?;
        let stored = StoredAnswer::new(now.0, snapshot, answer);
        let views = match explained {
            [] => vec![stored.view(&list_id, snapshot, None)],
            some => some.iter().map(|&language| stored.view(&list_id, snapshot, Some(language))).collect(),
        };
        let body = stored.body()?;
        if !self.store.keep_answer(list_id, request.customer_id.clone(), now.0, body) {
            self.metrics.answers_dropped.fetch_add(1, Relaxed);
        }
        Ok(views)
    }

    /// A request in the ranker's words, with the customer's own history.
    pub(crate) fn rank_request(&self, snapshot: &Snapshot, request: &ListRequest, now: Millis, seed: u64) -> Request {
        let mut signs = Vec::new();
        self.histories.read(&request.customer_id, &mut signs);
        let config = self.shop.config();
        let of_purchase = dataset::purchase_weight(config);
        let catalogue = snapshot.ranker.catalogue();
        let mut events = Vec::with_capacity(signs.len() + 1);
        for sign in &signs {
            let Some(item) = snapshot.item(sign.product) else { continue };
            let product_id = &catalogue.product(item).product_id;
            let Dealings { seen_weight, seen_kind, seen_at, price_cents, bought_at } = sign.dealings;
            let event = |kind, at, weight, price_cents: i64| OwnEvent {
                product_id: product_id.clone(),
                kind,
                at: Millis(at),
                price_cents: Some(Cents(price_cents)).filter(|price| price.0 > 0),
                weight,
            };
            events.extend(seen_kind.map(|kind| event(kind, seen_at, seen_weight, price_cents)));
            events.extend((bought_at != 0).then(|| event(EventKind::Purchase, bought_at, of_purchase, 0)));
        }
        if let Some(id) = &request.context_product {
            let weight = dataset::weight_of(config, EventKind::View, None).max(1.0);
            let (product_id, kind) = (id.clone(), EventKind::View);
            events.push(OwnEvent { product_id, kind, at: now, price_cents: None, weight });
        }
        let filters = Filters {
            categories: request.category.iter().cloned().collect(),
            price_min_cents: request.price_min_cents.map(Cents),
            price_max_cents: request.price_max_cents.map(Cents),
            include_owned: request.include_owned,
            ..Filters::default()
        };
        Request {
            customer_id: Some(request.customer_id.clone()),
            n: request.n,
            now,
            region: request.region.clone().or_else(|| self.regions.of(&request.customer_id)),
            context_product: request.context_product.clone(),
            events,
            filters,
            seed,
        }
    }

    /// A stored answer with its terms and reasons; made again and compared if `replayed`.
    pub fn explain(&self, list_id: &str, product_id: Option<&str>, tag: &str, replayed: bool) -> Result<Explanation> {
        self.store.settle()?;
        let body = self.store.answer(list_id)?.ok_or_else(|| {
            ServiceError::not_found("stored list", list_id).help("the newest 200,000 lists are kept; ask for a new one")
        })?;
        let stored = StoredAnswer::read(&body)?;
        let snapshot = self.snapshot();
        let mut answer = stored.view(list_id, &snapshot, Some(language_of(tag)));
        if let Some(id) = product_id {
            answer.items.retain(|item| item.product_id == id);
            if answer.items.is_empty() {
                return Err(ServiceError::not_found("product in this list", id));
            }
        }
        let replay = replayed.then(|| stored.replay(&snapshot));
        Ok(Explanation { at: stored.at, replay, answer })
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

    /// # Errors
    /// If no product ever stood in the category. A region that is not known is any other: what sells everywhere is answered.
    pub fn popular(&self, category: Option<&str>, region: Option<&str>, n: usize) -> Result<Vec<PopularProduct>> {
        let snapshot = self.snapshot();
        if let Some(path) = category
            && snapshot.ranker.catalogue().of_category(path).is_empty()
        {
            return Err(snapshot.no_category(path));
        }
        let passes = |number: &&u32| category.is_none_or(|path| snapshot.is_in(**number, path));
        let mut seen = rustc_hash::FxHashSet::default();
        let regional = region.and_then(|region| snapshot.popular_by_region.get(region));
        let all = regional.into_iter().flatten().chain(&snapshot.popular).filter(passes);
        let chosen = all.filter(|number| seen.insert(**number)).take(n);
        Ok(chosen.filter_map(|number| snapshot.popular_product(*number)).collect())
    }

    /// The model's age in seconds, if there is a model.
    pub fn model_age_seconds(&self) -> Option<f64> {
        let trained_at = self.snapshot().model.as_ref()?.info.trained_at;
        Some((clock::now().0 - trained_at) as f64 / 1000.0)
    }

    /// Moves logged events and changed rows into the tables; how many. What counts events goes on for a while as if they had
    /// not moved, since counting a large shop takes seconds.
    pub async fn flush(&self) -> Result<u64> {
        let _alone = self.maintenance.lock().await;
        let before = Counts::of(&self.shop)?;
        let shop = self.shop.clone();
        let n_events = super::off_thread(move || Ok(shop.flush_events()?)).await?;
        if n_events > 0 {
            self.count_later(&before)?;
        }
        let shop = self.shop.clone();
        Ok(n_events + super::off_thread(move || Ok(shop.flush_changes()?)).await?)
    }

    /// Takes what was counted of the tables `before` events moved into them as counted of the tables now.
    fn count_later(&self, before: &Counts) -> Result<()> {
        let now = Counts::of(&self.shop)?;
        let mut held = self.base.lock().expect("no holder panics");
        if let Some(base) = held.as_deref() {
            *held = Some(Arc::new(Base {
                customers: base.customers.clone(),
                products: base.products.clone(),
                sales: base.sales.after(&before.sales, now.sales),
                regions: base.regions.after(&before.regions, now.regions),
                fits: base.fits.clone(),
            }));
        }
        Ok(())
    }

    /// Whether the snapshot stands for other tables than there are, or it is time to count events anew.
    pub fn is_base_old(&self) -> Result<bool> {
        let Some(base) = self.base.lock().expect("no holder panics").clone() else { return Ok(true) };
        let counts = Counts::of(&self.shop)?;
        let of = |tables: &[&str]| dataset::generations(&self.shop, tables);
        let is_same = base.sales.version == counts.sales
            && base.regions.version == counts.regions
            && base.products.version == of(&["products"])?
            && base.fits.version == of(&["fits"])?
            && base.customers == of(&["customers"])?;
        Ok(!is_same || base.sales.is_due() || base.regions.is_due())
    }

    /// Puts a model into service.
    pub async fn activate(self: &Arc<Self>, version: &str) -> Result<()> {
        models::activate(self.shop.root(), version)?;
        self.reload().await
    }
}

/// A stored list, explained.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// When the list was made, UTC milliseconds.
    pub at: i64,
    /// Only if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
    #[serde(flatten)]
    pub answer: Answer,
}

/// What exploration draws by: the part of a list's id that nobody can guess.
fn seed_of(list_id: &str) -> u64 {
    list_id.rsplit('-').next().and_then(|salt| u64::from_str_radix(salt, 16).ok()).unwrap_or(0)
}

fn language_of(tag: &str) -> Language {
    Language::from_tag(tag).unwrap_or_default()
}

/// Gives a snapshot back once no request uses it, here rather than where somebody waits for an answer: it is large.
fn let_go(snapshot: Arc<Snapshot>) {
    background::spawn(async move {
        for _ in 0..200 {
            if Arc::strong_count(&snapshot) == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        drop(snapshot);
    });
}

/// Versions are read first: whatever changes meanwhile is read again next time.
async fn base(shop: &Shop, kept: Option<&Base>, is_counted: bool) -> Result<Base> {
    let counts = Counts::of(shop)?;
    let of = |table: &str| dataset::generations(shop, &[table]);
    let products = async || {
        let rows = table::<Product>(shop).await?;
        Ok(rows.into_iter().map(|product| (product.product_id.clone(), Arc::new(product))).collect())
    };
    let fits = async || learned::fits(shop).await;
    let (sales, regions) = match kept.filter(|_| !is_counted) {
        // Of older tables, so that they are counted next time.
        Some(kept) => (kept.sales.clone(), kept.regions.clone()),
        None => (
            Part::counted(shop, counts.sales, kept.map(|kept| &kept.sales), sales).await?,
            Part::counted(shop, counts.regions, kept.map(|kept| &kept.regions), favourites).await?,
        ),
    };
    Ok(Base {
        customers: of("customers")?,
        products: Part::of(of("products")?, kept.map(|kept| &kept.products), products).await?,
        sales,
        regions,
        fits: Part::of(of("fits")?, kept.map(|kept| &kept.fits), fits).await?,
    })
}

/// Favourites of each region, each with its share of the first.
async fn favourites(shop: Shop) -> Result<BTreeMap<String, Vec<(String, f32)>>> {
    let share = |favourites: Vec<(String, f64)>| {
        let most = favourites.first().map_or(1.0, |first| first.1);
        favourites.into_iter().map(|(id, n)| (id, (n / most) as f32)).collect()
    };
    let regions = learned::favourites_by_region(&shop).await?;
    Ok(regions.into_iter().map(|(region, favourites)| (region, share(favourites))).collect())
}

async fn build_snapshot(
    shop: &Shop,
    store: &Store,
    ids: &Arc<ProductIds>,
    base: Arc<Base>,
    policy: Policy,
    previous: Option<Arc<Snapshot>>,
) -> Result<Snapshot> {
    let overlays = store.overlays("products")?;
    let (root, ids) = (shop.root().to_owned(), ids.clone());
    let today = clock::today(&shop.config().time_zone);
    super::off_thread(move || {
        let mut products = BTreeMap::clone(&base.products.read);
        for changed in overlays {
            match changed.body {
                Some(body) => products.insert(changed.key, Arc::new(serde_json::from_str(&body)?)),
                None => products.remove(&changed.key),
            };
        }
        let row = |product: Arc<Product>| {
            let sold = base.sales.read.get(&product.product_id).copied().unwrap_or_default();
            let Sales { n_orders, n_events, revenue_cents, n_reviews, popularity } = sold;
            ProductRow { product, n_orders, n_events, revenue_cents, n_reviews, popularity }
        };
        let current = models::current(&root);
        let kept = previous.as_ref().and_then(|previous| previous.model.clone());
        let model = match kept.filter(|kept| Some(&kept.info.version) == current.as_ref()) {
            Some(kept) => Some(kept),
            None => current.map(|version| models::load(&root, &version)).transpose()?.map(Arc::new),
        };
        let parts = SnapshotParts {
            rows: products.into_values().map(row).collect(),
            regions: BTreeMap::clone(&base.regions.read),
            sales_version: format!("{} {}", base.sales.read_from, base.regions.read_from),
            fits: base.fits.read.clone(),
            model,
            policy,
            today,
        };
        let snapshot = Snapshot::new(&ids, parts, previous.as_deref())?;
        for doubt in &snapshot.doubts {
            tracing::warn!(doubt, "tercet.toml names what the catalogue lacks");
        }
        Ok(snapshot)
    })
    .await
}

#[derive(Clone, Copy, Default)]
struct Sales {
    n_orders: i64,
    n_events: i64,
    revenue_cents: i64,
    n_reviews: i64,
    popularity: f32,
}

/// Newest sign of interest in the tables, UTC milliseconds: the present of a shop whose files end somewhere.
async fn newest(shop: &Shop) -> Result<Millis> {
    let sql = "select max(at) as at from (select max(at) as at from events union all select max(ordered_at) as at from orders) as times";
    let batches = query(shop, sql).await?;
    let times = batches.iter().map(|batch| integers(batch, "at")).collect::<Result<Vec<_>>>()?;
    Ok(Millis(times.iter().flat_map(|array| array.iter()).flatten().max().unwrap_or(0)))
}

async fn sales(shop: Shop) -> Result<BTreeMap<String, Sales>> {
    let shop = &shop;
    let mut sales: BTreeMap<String, Sales> = BTreeMap::new();
    let newest = newest(shop).await?.0;
    // Per product and day, so that the decay is one multiplication per row here instead of one per event there; in order,
    // so that sums are the same each time.
    let orders = "select product_id, date_trunc('day', ordered_at) as day, count(distinct order_id) as n,
        sum(quantity * unit_price_cents - coalesce(discount_cents, 0)) as revenue
        from orders group by product_id, date_trunc('day', ordered_at) order by product_id, day";
    let events = "select product_id, date_trunc('day', at) as day, count(*) as n, 0 as revenue
        from events where product_id is not null group by product_id, date_trunc('day', at) order by product_id, day";
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
    for batch in query(shop, "select product_id, count(*) as n from reviews group by product_id").await? {
        let (products, counts) = (texts(&batch, "product_id")?, integers(&batch, "n")?);
        for at in 0..batch.num_rows() {
            sales.entry(products.value(at).to_owned()).or_default().n_reviews = counts.value(at);
        }
    }
    Ok(sales)
}
