//! What a served shop keeps to write copies from: the stock of goods, made once for a version of the catalogue and of what was
//! learned of reviews; the shop's rules and voice; the trained writer in service; what the products asked for lately were sold for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, RwLock, Weak};

use content::panel::Seat;
use content::response::Past;
use domain::{Cents, Day};
use tokio::sync::Mutex as AsyncMutex;

use super::{ServedShop, Snapshot, off_thread};
use crate::clock;
use crate::error::Result;
use crate::flows::content::hands::{Trained, with_hands};
use crate::flows::content::house::KeptHouse;
use crate::flows::content::learned::Loaded;
use crate::flows::content::write::Shelved;
use crate::flows::content::{Prepared, Purpose, Stock, Voiced, WriteAsked, Written, prices, response};
use crate::flows::in_service::InService;
use crate::flows::segment::Published;

/// Products whose prices are remembered.
const PRICES_MAX: usize = 1_000;

/// What was sold for how much on which day, by product, as of a version of the orders.
type Prices = (u64, BTreeMap<String, Arc<Vec<(Day, Cents)>>>);

/// The version of the exposures, and the day.
type Version = (u64, Day);

#[derive(Default)]
pub struct KeptCopy {
    stock: RwLock<Option<Made>>,
    /// Held by the one who makes it anew.
    making: AsyncMutex<()>,
    house: KeptHouse,
    learned: InService<Loaded>,
    prices: Mutex<Prices>,
    /// What copies were shown, as of a version of the exposures.
    past: Mutex<Option<(Version, Arc<Vec<Past>>)>>,
}

/// The stock with what it was made of.
#[derive(Clone)]
struct Made {
    stock: Arc<Stock>,
    /// The last snapshot that it was found to be of; not kept alive by it.
    of: Weak<Snapshot>,
    words: Option<String>,
}

impl ServedShop {
    /// The stock of now.
    ///
    /// # Errors
    /// If it cannot be made ready.
    pub async fn stock(&self) -> Result<Arc<Stock>> {
        let snapshot = self.snapshot();
        let words = self.words_version();
        let is_known =
            |made: &Made| made.words == words && made.of.upgrade().is_some_and(|known| Arc::ptr_eq(&known, &snapshot));
        if let Some(made) = self.copy.made().filter(is_known) {
            return Ok(made.stock);
        }
        let _alone = self.copy.making.lock().await;
        let before = self.copy.made();
        let opinions = match before.as_ref().filter(|before| before.words == words) {
            Some(_) => None,
            None => Some(self.words.if_readable(&self.shop).await.map(|loaded| loaded.opinions.clone())),
        };
        let of = Arc::downgrade(&snapshot);
        let stock = off_thread(move || {
            let products = || snapshot.products.iter().flatten().map(|row| &row.product);
            // Sales change every minute, the catalogue now and then.
            let same = before.as_ref().filter(|before| before.stock.is_of(products()));
            Ok(match (same, opinions) {
                (Some(same), None) => same.stock.clone(),
                (Some(same), Some(opinions)) => Arc::new(same.stock.with_opinions(opinions)),
                (None, opinions) => {
                    let opinions =
                        opinions.unwrap_or_else(|| before.as_ref().and_then(|before| before.stock.opinions()));
                    Arc::new(Stock::new(products().cloned(), opinions))
                }
            })
        });
        let made = Made { stock: stock.await?, of, words };
        let stock = made.stock.clone();
        *self.copy.stock.write().expect("no holder panics") = Some(made);
        Ok(stock)
    }

    /// The shop's rules and voice of now.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn voiced(&self) -> Result<Arc<Voiced>> {
        self.copy.house.now(&self.store, &self.shop.config().name)
    }

    /// What a product was sold for.
    ///
    /// # Errors
    /// If the orders cannot be read.
    pub async fn sold_for(&self, product_id: &str) -> Result<Arc<Vec<(Day, Cents)>>> {
        let generation = self.shop.tables().manifest(data::Tables::spec("orders")?)?.generation;
        if let Some(known) = self.copy.prices_of(generation, product_id) {
            return Ok(known);
        }
        let read = Arc::new(prices::history(&self.shop, product_id).await?);
        let mut kept = self.copy.prices.lock().expect("no holder panics");
        if kept.0 != generation || kept.1.len() >= PRICES_MAX {
            *kept = (generation, BTreeMap::new());
        }
        kept.1.insert(product_id.to_owned(), read.clone());
        Ok(read)
    }

    /// The groups that a request may name.
    async fn groups_of(&self, asked: &WriteAsked) -> Result<Option<Arc<Published>>> {
        match asked.audience.as_ref().is_some_and(|audience| audience.segment.is_some()) {
            true => self.groups.now(&self.shop).await,
            false => Ok(None),
        }
    }

    /// A request with all that its copies rest on. Prices of before are read where they can matter: to hold an offer against,
    /// or texts that people wrote.
    ///
    /// # Errors
    /// If a name is not known or the brief cannot be written.
    pub async fn prepared_copy(&self, asked: &WriteAsked, purpose: &Purpose) -> Result<Prepared> {
        let (stock, groups) = (self.stock().await?, self.groups_of(asked).await?);
        let config = self.shop.config().clone();
        let today = clock::today(&config.time_zone);
        let asked = asked.clone();
        let needs_prices = asked.offer.is_some() || *purpose != Purpose::Written;
        let brief = {
            let (stock, config) = (stock.clone(), config.clone());
            off_thread(move || asked.brief(&config, &stock, groups.as_deref(), today)).await?
        };
        let history = match needs_prices {
            true => self.sold_for(&brief.hero().product_id).await?,
            false => Arc::default(),
        };
        let (voiced, store, purpose) = (self.voiced()?, self.store.clone(), purpose.clone());
        off_thread(move || {
            let shelf = Shelved { store: &store, stock: &stock, voiced: &voiced, config: &config };
            shelf.prepared(brief, &history, &purpose)
        })
        .await
    }

    /// What copies were shown and what came of it, added up once a day for a version of the exposures: events come all the time.
    async fn shown_before(&self) -> Result<Arc<Vec<Past>>> {
        let generation = self.shop.tables().manifest(data::Tables::spec("exposures")?)?.generation;
        let generation = (generation, clock::today(&self.shop.config().time_zone));
        if let Some((of, past)) = self.copy.past.lock().expect("no holder panics").as_ref()
            && *of == generation
        {
            return Ok(past.clone());
        }
        let read = Arc::new(response::past(&self.shop, &self.store).await?);
        *self.copy.past.lock().expect("no holder panics") = Some((generation, read.clone()));
        Ok(read)
    }

    /// The trained writer of now.
    pub async fn trained_writer(&self) -> Trained {
        Trained::of(self.copy.learned.now(&self.shop).await)
    }

    /// Variants of a request by the writers that it asks for.
    ///
    /// # Errors
    /// If one of them is not there, or a text is too long to be checked.
    pub async fn write_copy(self: &Arc<Self>, asked: &WriteAsked, prepared: Prepared) -> Result<Written> {
        let (who, n, seed) = (asked.who()?, asked.n_variants()?, asked.seed.unwrap_or(0));
        let (trained, voiced, shop) = (self.trained_writer().await, self.voiced()?, self.clone());
        let today = clock::today(&shop.shop.config().time_zone);
        let past = self.shown_before().await?;
        off_thread(move || {
            let quill = shop.writers.as_ref().and_then(|writers| writers.quill(&shop.store, &shop.metrics, today));
            let write = |seats: &[Seat<'_>]| prepared.variants(n, seed, &[], &voiced, seats, &past);
            Ok(with_hands(who, prepared.brief.lang, &trained, quill, write)?.expecting(&past))
        })
        .await
    }
}

impl KeptCopy {
    fn made(&self) -> Option<Made> {
        self.stock.read().expect("no holder panics").clone()
    }

    fn prices_of(&self, generation: u64, product_id: &str) -> Option<Arc<Vec<(Day, Cents)>>> {
        let kept = self.prices.lock().expect("no holder panics");
        kept.1.get(product_id).filter(|_| kept.0 == generation).cloned()
    }
}
