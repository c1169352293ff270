//! Lists for all customers at once, by the same ranker. Limits on how many customers get a product, if the policy has any,
//! are kept over all lists together.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use data::arrow::array::Array;
use data::export::csv_field;
use data::tables::Row;
use domain::RecommendedProduct;
use recommend::rank::{ALLOCATION, Answer, Request, allocate};

use super::{ListRequest, ServedShop, Snapshot};
use crate::clock;
use crate::error::{Result, ServiceError};
use crate::flows::Progress;
use crate::flows::audience::{self, condition::PLACES_KEPT};
use crate::flows::rows::{query, texts};

/// One place of one customer's list.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub customer_id: String,
    /// 1 is the top.
    pub position: usize,
    pub product_id: String,
    pub score: f64,
    pub propensity: f64,
}

/// What became of a run over all customers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EveryoneReport {
    pub n_customers: usize,
    pub n_places: usize,
    /// How far the lists are at most from the best that the limits allow, as a share of all scores; 0 without limits.
    pub gap: f64,
}

/// Customers ranked between two reports of progress.
const CHUNK: usize = 1024;
/// Rows written at a time.
const BLOCK: usize = 1 << 16;
/// What is kept is made anew after a day: customers go on, and so do products.
const KEPT_MS_MAX: i64 = 86_400_000;
/// Scores are raised by this so that all count as worth giving: a list shall be full before it is choosy.
const WORTH: f64 = 1e3;

impl ServedShop {
    /// Calls `each` with the list of every customer of the table or with a history, by id; of those in `only`, if it is given.
    pub async fn recommend_everyone(
        &self,
        n: usize,
        only: Option<&BTreeSet<String>>,
        progress: Progress<'_>,
        mut each: impl FnMut(&[Place]) -> Result<()>,
    ) -> Result<EveryoneReport> {
        let is_asked = |id: &str| only.is_none_or(|only| only.contains(id));
        let everyone = self.everyone().await?.into_iter();
        let customers: Vec<(String, Option<String>)> = everyone.filter(|(id, _)| is_asked(id)).collect();
        let snapshot = self.snapshot();
        let settings = snapshot.ranker.policy().settings(&ALLOCATION);
        let capacity = capacity(&snapshot);
        let n_asked = match capacity {
            Some(_) => n * settings.usize("candidates"),
            None => n,
        };
        let mut report = EveryoneReport { n_customers: customers.len(), ..Default::default() };
        let mut waiting: Vec<Answer> = Vec::new();
        for (at, chunk) in customers.chunks(CHUNK).enumerate() {
            let requests: Vec<Request> =
                chunk.iter().map(|customer| self.of_customer(&snapshot, customer, n_asked)).collect();
            let answers = tokio::task::block_in_place(|| snapshot.ranker.recommend_all(&requests));
            let answers = answers.map_err(|error| ServiceError::usage("n", error.to_string()))?;
            let share = (at * CHUNK + chunk.len()) as f64 / customers.len() as f64;
            if !progress(share * 0.9, &format!("{} customers", at * CHUNK + chunk.len())) {
                return Err(ServiceError::conflict("cancelled", "cancelled; what was written so far is not all"));
            }
            match capacity {
                Some(_) => waiting.extend(answers.into_iter().map(without_terms)),
                None => answers.iter().try_for_each(|answer| {
                    let list = places(answer, 0..answer.items.len());
                    report.n_places += list.len();
                    each(&list)
                })?,
            }
        }
        let Some(capacity) = capacity else { return Ok(report) };
        progress(0.9, "dividing what is scarce");
        let candidates: Vec<Vec<(u32, f64)>> = waiting.iter().map(|answer| candidates(&snapshot, answer)).collect();
        let found = tokio::task::block_in_place(|| allocate(&candidates, n, &capacity, 1));
        report.gap = found.gap;
        for ((answer, list), own) in waiting.iter().zip(&found.lists).zip(&candidates) {
            let nth = |item: &u32| own.iter().position(|(other, _)| other == item).expect("given from the candidates");
            let list = places(answer, list.iter().map(nth));
            report.n_places += list.len();
            each(&list)?;
        }
        Ok(report)
    }

    /// Works out the first places of everybody's list, and keeps them as the table `recommendations`, for conditions to ask.
    pub async fn keep_everyone(&self, progress: Progress<'_>) -> Result<EveryoneReport> {
        let model_version = self.snapshot().model.as_ref().map(|model| model.info.version.clone());
        let made_at = clock::now();
        let mut writer = self.shop.tables().replacing_writer(RecommendedProduct::spec(), "recommend --all --keep")?;
        let mut waiting: Vec<RecommendedProduct> = Vec::new();
        let each = |list: &[Place]| -> Result<()> {
            waiting.extend(list.iter().map(|place| RecommendedProduct {
                customer_id: place.customer_id.clone(),
                position: place.position as i64,
                product_id: place.product_id.clone(),
                score: place.score,
                model_version: model_version.clone(),
                made_at,
            }));
            if waiting.len() >= BLOCK {
                writer.write(RecommendedProduct::to_batch(&waiting)?)?;
                waiting.clear();
            }
            Ok(())
        };
        let report = self.recommend_everyone(PLACES_KEPT, None, progress, each).await?;
        let finish = move || -> Result<()> {
            writer.write(RecommendedProduct::to_batch(&waiting)?)?;
            writer.finish()?;
            Ok(())
        };
        tokio::task::block_in_place(finish)?;
        progress(0.95, "reading tastes");
        audience::taste::keep(&self.shop).await?;
        Ok(report)
    }

    /// Whether an audience asks for what is kept, and it is of another model than the present one or a day old.
    pub async fn is_keeping_due(&self) -> Result<bool> {
        if !audience::any_asks_recommendations(&self.store)? {
            return Ok(false);
        }
        let current = self.snapshot().model.as_ref().map(|model| model.info.version.clone());
        let is_fresh = |kept: audience::KeptLists| {
            kept.model_version == current && clock::now().0.saturating_sub(kept.made_at) < KEPT_MS_MAX
        };
        Ok(!audience::kept_lists(&self.shop).await?.is_some_and(is_fresh))
    }

    /// Every customer with the region, if known.
    async fn everyone(&self) -> Result<BTreeMap<String, Option<String>>> {
        let mut everyone: BTreeMap<String, Option<String>> =
            self.histories.customers().into_iter().map(|id| (id, None)).collect();
        for batch in query(&self.shop, "select customer_id, region from customers").await? {
            let (ids, regions) = (texts(&batch, "customer_id")?, texts(&batch, "region")?);
            for at in 0..batch.num_rows() {
                let region = (!regions.is_null(at)).then(|| regions.value(at).to_owned());
                everyone.insert(ids.value(at).to_owned(), region);
            }
        }
        Ok(everyone)
    }

    fn of_customer(&self, snapshot: &Snapshot, (id, region): &(String, Option<String>), n: usize) -> Request {
        use std::hash::Hasher;
        let mut hasher = rustc_hash::FxHasher::default();
        hasher.write(id.as_bytes());
        let request = ListRequest { customer_id: id.clone(), n, region: region.clone(), ..Default::default() };
        self.rank_request(snapshot, &request, clock::now(), hasher.finish())
    }
}

/// How many customers each item may go to; `None` when nothing is limited.
fn capacity(snapshot: &Snapshot) -> Option<Vec<Option<u32>>> {
    let settings = snapshot.ranker.policy().settings(&ALLOCATION);
    let (within_stock, most) = (settings.bool("within_stock"), settings.int("customers_max"));
    let most = (most > 0).then(|| u32::try_from(most).unwrap_or(u32::MAX));
    let of_stock =
        |stock: Option<i64>| stock.filter(|_| within_stock).map(|units| units.clamp(0, u32::MAX.into()) as u32);
    let products = snapshot.ranker.catalogue().products().iter();
    let of = |stock: Option<u32>| stock.into_iter().chain(most).min();
    (within_stock || most.is_some()).then(|| products.map(|product| of(of_stock(product.stock))).collect())
}

fn without_terms(mut answer: Answer) -> Answer {
    answer.items.iter_mut().for_each(|item| item.terms = Vec::new());
    answer.request.events = Vec::new();
    answer
}

fn candidates(snapshot: &Snapshot, answer: &Answer) -> Vec<(u32, f64)> {
    let catalogue = snapshot.ranker.catalogue();
    let item = |item: &recommend::rank::AnswerItem| Some((catalogue.item(&item.product_id)?, item.score + WORTH));
    answer.items.iter().map(|found| item(found).expect("the answer is of this catalogue")).collect()
}

fn places(answer: &Answer, chosen: impl Iterator<Item = usize>) -> Vec<Place> {
    let place = |(at, position): (usize, usize)| Place {
        customer_id: answer.request.customer_id.clone().unwrap_or_default(),
        position,
        product_id: answer.items[at].product_id.clone(),
        score: answer.items[at].score,
        propensity: answer.items[at].propensity,
    };
    chosen.zip(1..).map(place).collect()
}

/// The first line of lists as CSV.
pub const CSV_HEADER: &str = "customer_id,position,product_id,score,propensity";

/// Places as lines of CSV.
pub fn write_csv(file: &mut dyn Write, places: &[Place]) -> std::io::Result<()> {
    places.iter().try_for_each(|place| {
        let (customer, product) = (csv_field(&place.customer_id), csv_field(&place.product_id));
        let Place { position, score, propensity, .. } = place;
        writeln!(file, "{customer},{position},{product},{score},{propensity}")
    })
}

/// Places as columns, for Parquet and CSV: customer_id, position, product_id, score, propensity.
pub fn batch_of(places: &[Place]) -> data::arrow::array::RecordBatch {
    use std::sync::Arc;

    use data::arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
    let text = |of: &dyn Fn(&Place) -> String| -> ArrayRef {
        Arc::new(places.iter().map(|place| Some(of(place))).collect::<StringArray>())
    };
    let number = |of: &dyn Fn(&Place) -> f64| -> ArrayRef {
        Arc::new(places.iter().map(|place| Some(of(place))).collect::<Float64Array>())
    };
    let positions: Int64Array = places.iter().map(|place| Some(place.position as i64)).collect();
    RecordBatch::try_from_iter([
        ("customer_id", text(&|place| place.customer_id.clone())),
        ("position", Arc::new(positions) as ArrayRef),
        ("product_id", text(&|place| place.product_id.clone())),
        ("score", number(&|place| place.score)),
        ("propensity", number(&|place| place.propensity)),
    ])
    .expect("columns of one length")
}
