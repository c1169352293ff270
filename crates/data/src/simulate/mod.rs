//! A simulated 3C shop with known truth: products, customers, visits, orders and where they are, reviews, campaigns, media
//! spend, service questions and what service knows, from one seed. The truth is written beside the tables in `truth/`, so
//! that a model can be checked by what it recovers. No clock, no network, no model; brands are invented.
//!
//! The way through: `categories`, `brands` (tables of the trade) → `catalogue`, `people`, `media`, `campaigns` (the
//! world) → `journey` (one customer's life as compact records, in parallel, by customer) → `spool` (records by week) →
//! `rows` (rows in time order) → a [`Sink`]. The same settings give the same rows whatever the number of threads.

mod answers;
mod batches;
mod brands;
mod calendar;
mod campaigns;
mod catalogue;
mod categories;
mod deliveries;
mod guides;
mod journey;
mod media;
mod people;
mod policies;
mod random;
mod reviews;
mod rows;
mod spool;
mod store;
mod truth;
mod words;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use domain::{
    CuratedAnswer, Customer, Day, Delivery, Event, Exposure, Fit, KnowledgeDocument, Order, Product, Review, Spend,
};
use rayon::prelude::*;

pub use store::simulate;
pub use truth::{TruthTable, Values};

/// The language of names and texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Zh,
    En,
}

impl Language {
    fn choose<T>(self, zh: T, en: T) -> T {
        match self {
            Language::Zh => zh,
            Language::En => en,
        }
    }
}

/// How big the shop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// About 300 products, 1,000 customers, 30,000 events.
    Tiny,
    /// About 2,000 products, 20,000 customers, a million events.
    Small,
    /// About 50,000 products, 2,000,000 customers, 100 million events.
    Large,
}

/// Everything a shop follows from.
#[derive(Clone, Debug)]
pub struct Settings {
    pub n_products: usize,
    pub n_customers: u32,
    pub n_campaigns: usize,
    /// Length of the history, in days.
    pub n_days: i32,
    /// The last day of the history; no clock is read.
    pub end: Day,
    pub seed: u64,
    pub language: Language,
    /// Mean browsing visits of a customer per ordinary day.
    pub visits_per_day: f64,
    /// `None`: as many as there are cores. The rows do not depend on it.
    pub n_threads: Option<usize>,
    /// Records kept in memory before they are spilled to files in `spill_dir`.
    pub records_in_memory_max: usize,
    pub spill_dir: PathBuf,
}

impl Settings {
    pub fn new(size: Size, seed: u64, end: Day, language: Language) -> Settings {
        let (n_products, n_customers, n_campaigns, visits_per_day) = match size {
            Size::Tiny => (300, 1_000, 6, 0.0010),
            Size::Small => (2_000, 20_000, 10, 0.0036),
            Size::Large => (50_000, 2_000_000, 14, 0.0036),
        };
        Settings {
            n_products,
            n_customers,
            n_campaigns,
            n_days: 730,
            end,
            seed,
            language,
            visits_per_day,
            n_threads: None,
            records_in_memory_max: 8_000_000,
            spill_dir: std::env::temp_dir(),
        }
    }

    /// The first day of the history.
    pub fn first(&self) -> Day {
        Day(self.end.0 - self.n_days + 1)
    }

    fn check(&self) -> Result<(), SimulateError> {
        let bad = |what: &str, found: String, allowed: &str| {
            Err(SimulateError::Settings { what: what.to_owned(), found, allowed: allowed.to_owned() })
        };
        match self {
            _ if self.n_days < 180 => bad("n_days", self.n_days.to_string(), "at least 180"),
            _ if self.n_customers == 0 => bad("n_customers", "0".to_owned(), "at least 1"),
            _ if self.n_products < 100 => bad("n_products", self.n_products.to_string(), "at least 100"),
            _ if self.end.to_date().is_none() => bad("end", self.end.to_string(), "a date of the years 1 to 9999"),
            _ => Ok(()),
        }
    }
}

/// Why a simulation failed.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    #[error("the simulation's {what} is {found}; allowed: {allowed}")]
    Settings { what: String, found: String, allowed: String },
    #[error("cannot spill records to {path}: {source}; free space there or choose another folder")]
    Spill { path: PathBuf, source: std::io::Error },
    #[error("cannot start {n_threads} threads: {message}")]
    Threads { n_threads: usize, message: String },
    #[error("cannot write the simulated shop: {0}")]
    Sink(String),
}

/// A batch of rows of one table. Events, orders, reviews and exposures come in time order.
#[derive(Debug)]
pub enum Rows {
    Products(Vec<Product>),
    Customers(Vec<Customer>),
    Events(Vec<Event>),
    Orders(Vec<Order>),
    Deliveries(Vec<Delivery>),
    Reviews(Vec<Review>),
    Exposures(Vec<Exposure>),
    Spend(Vec<Spend>),
    Knowledge(Vec<KnowledgeDocument>),
    Answers(Vec<CuratedAnswer>),
    Fits(Vec<Fit>),
}

/// Where rows and truth go.
pub trait Sink {
    fn rows(&mut self, rows: Rows) -> Result<(), SimulateError>;
    /// A part of the truth table `name`; parts of one table have the same columns.
    fn truth(&mut self, name: &'static str, part: TruthTable) -> Result<(), SimulateError>;
}

/// What was made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    pub n_products: usize,
    pub n_customers: usize,
    pub n_events: usize,
    pub n_orders: usize,
    pub n_reviews: usize,
    pub n_exposures: usize,
    pub n_documents: usize,
    pub n_answers: usize,
    pub n_deliveries: usize,
}

struct World {
    settings: Settings,
    catalogue: catalogue::Catalogue,
    media: media::Media,
    campaigns: Vec<campaigns::Campaign>,
}

/// How long people keep each kind of goods: (category path, mean days), for a shop's durable-goods rules.
pub fn replacement_cycles(language: Language) -> Vec<(&'static str, i64)> {
    let durable = categories::CATEGORIES.iter().filter(|category| category.is_durable());
    durable
        .map(|category| {
            let days = (category.cycle_months * 30.44).round() as i64;
            (language.choose(category.path_zh, category.path_en), days)
        })
        .collect()
}

/// Customers that are lived through together; a block's rows are kept in order.
const BLOCK: u32 = 512;
/// Records made into rows together.
const CHUNK: usize = 32_768;

/// Makes the whole shop. `progress` hears the share done, 0 to 1, and what is being done.
pub fn simulate_into(
    settings: &Settings,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(f64, &str),
) -> Result<Summary, SimulateError> {
    settings.check()?;
    let n_threads = settings.n_threads.unwrap_or(0);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(n_threads)
        .build()
        .map_err(|error| SimulateError::Threads { n_threads, message: error.to_string() })?;
    progress(0.0, "catalogue");
    let world = World {
        settings: settings.clone(),
        catalogue: catalogue::Catalogue::new(settings),
        media: media::Media::new(settings),
        campaigns: campaigns::plan(settings),
    };
    let mut summary = Summary::default();
    write_world(&world, sink, &mut summary)?;
    let spool = live_all(&world, &pool, sink, progress, &mut summary)?;
    write_history(&world, &pool, spool, sink, progress, &mut summary)?;
    progress(1.0, "done");
    Ok(summary)
}

fn write_world(world: &World, sink: &mut dyn Sink, summary: &mut Summary) -> Result<(), SimulateError> {
    let (catalogue, settings) = (&world.catalogue, &world.settings);
    let products = catalogue.items.iter().map(|item| {
        let predecessor = item.predecessor.map(|index| &catalogue.items[index as usize]);
        item.product(settings.language, settings.end, predecessor)
    });
    let products: Vec<_> = products.collect();
    summary.n_products = products.len();
    sink.rows(Rows::Products(products))?;
    sink.rows(Rows::Fits(catalogue.fit_rows()))?;
    sink.rows(Rows::Spend(world.media.rows(settings)))?;
    let documents = words::documents(catalogue, settings.language);
    summary.n_documents = documents.len();
    sink.rows(Rows::Knowledge(documents))?;
    let answers = answers::rows(settings.language);
    summary.n_answers = answers.len();
    sink.rows(Rows::Answers(answers))?;
    for (name, table) in truth::of_world(world) {
        sink.truth(name, table)?;
    }
    Ok(())
}

/// Lives all customers, block by block in parallel; their records go to the spool in customer order.
fn live_all(
    world: &World,
    pool: &rayon::ThreadPool,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(f64, &str),
    summary: &mut Summary,
) -> Result<spool::Spool, SimulateError> {
    let settings = &world.settings;
    let mut spool = spool::Spool::new(settings);
    let mut visitors = truth::Visitors::new(settings);
    let blocks: Vec<u32> = (0..settings.n_customers.div_ceil(BLOCK)).collect();
    for group in blocks.chunks(pool.current_num_threads() * 4) {
        let lives: Vec<Vec<journey::Life>> = pool.install(|| {
            let live = |&block: &u32| {
                let end = ((block + 1) * BLOCK).min(settings.n_customers);
                (block * BLOCK..end).map(|index| journey::live(world, index)).collect()
            };
            group.par_iter().map(live).collect()
        });
        for block in &lives {
            summary.n_customers += block.len();
            sink.rows(Rows::Customers(block.iter().map(|life| life.person.customer(settings.language)).collect()))?;
            let (deliveries, arrivals) = deliveries::of_lives(world, block);
            summary.n_deliveries += deliveries.len();
            sink.rows(Rows::Deliveries(deliveries))?;
            sink.truth("deliveries", arrivals)?;
            sink.truth("customers", truth::of_customers(world, block))?;
            sink.truth("exposures", truth::of_exposures(world, block))?;
            for life in block {
                visitors.add(&life.person);
                spool.push(&life.records)?;
            }
        }
        progress(0.5 * summary.n_customers as f64 / f64::from(settings.n_customers), "customers");
    }
    sink.truth("media_days", truth::of_media_days(world, &visitors))?;
    Ok(spool)
}

/// Turns the spooled records into rows, week by week.
fn write_history(
    world: &World,
    pool: &rayon::ThreadPool,
    spool: spool::Spool,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(f64, &str),
    summary: &mut Summary,
) -> Result<(), SimulateError> {
    let n_weeks = spool.n_weeks();
    for week in 0..n_weeks {
        let records = spool.week(week)?;
        // Bounded: only so many chunks are rows at a time.
        for group in records.chunks(CHUNK * pool.current_num_threads()) {
            let made: Vec<rows::Made> =
                pool.install(|| group.par_chunks(CHUNK).map(|chunk| rows::make(world, chunk)).collect());
            for made in made {
                summary.n_events += made.events.len();
                summary.n_orders += made.orders.len();
                summary.n_reviews += made.reviews.len();
                summary.n_exposures += made.exposures.len();
                sink.rows(Rows::Events(made.events))?;
                sink.rows(Rows::Orders(made.orders))?;
                sink.rows(Rows::Reviews(made.reviews))?;
                sink.rows(Rows::Exposures(made.exposures))?;
                sink.truth("questions", made.questions)?;
                sink.truth("reviews", made.opinions)?;
            }
        }
        progress(0.5 + 0.5 * (week + 1) as f64 / n_weeks as f64, "history");
    }
    Ok(())
}
