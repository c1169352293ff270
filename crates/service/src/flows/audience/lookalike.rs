//! More customers like those of an audience: by what they touched and by what they are, whichever finds held-out members
//! better, and how much better than chance.

use data::Shop;
use math::Csr;
use recommend::{FitOptions, Interactions};
use segment::Points;
use segment::features::Preparation;
use segment::lookalike::{Audience as Seeds, Evaluation, ItemVectors, LookalikeOptions, look_alike};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AUDIENCES_MAX, Audience, checked_name, free_name, get, keep, present};
use crate::clock;
use crate::error::{Result, ServiceError};
use crate::flows::Progress;
use crate::flows::dataset;
use crate::flows::rows::{query, quoted, texts};
use crate::flows::segment::features::Customers;
use crate::flows::segment::slices::{CUSTOMERS_MAX, slices};
use crate::random;
use crate::store::Store;

/// Item vectors for likeness of taste.
const TASTE: &str = "ials";
const TASTE_SETTINGS: &[&str] =
    &["n_factors=32", "n_epochs=8", "nu=1", "alpha=1", "unobserved_weight=0.05", "reg=0.006"];

/// What is asked for.
#[derive(Clone, Debug)]
pub struct LookalikeRequest {
    pub name: String,
    /// The audience to find more like.
    pub seed: String,
    /// How many customers.
    pub size: usize,
}

impl LookalikeRequest {
    /// # Errors
    /// If the name or the size is not allowed.
    pub fn new(name: &str, seed: &str, size: usize) -> Result<LookalikeRequest> {
        if !(1..=10_000_000).contains(&size) {
            return Err(ServiceError::usage("size", format!("size is {size}; allowed: 1 to 10000000")));
        }
        Ok(LookalikeRequest { name: checked_name(name)?, seed: seed.to_owned(), size })
    }
}

/// How well a part of the seeds, held out, was found among everybody else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The audience that was learned from.
    pub seed: String,
    pub n_seeds: usize,
    /// taste (what they touched) or logistic (what they are).
    pub method: String,
    /// How many times as many held-out seeds the best 1 % hold as 1 % by chance; absent with too few seeds to hold any out.
    pub lift_at_1: Option<f64>,
    pub lift_at_5: Option<f64>,
    pub lift_at_10: Option<f64>,
    pub auc: Option<f64>,
    pub auc_low: Option<f64>,
    pub auc_high: Option<f64>,
}

/// Ranks everybody who is no seed, and keeps the most alike as an audience of its own.
pub async fn make(shop: &Shop, store: &Store, request: LookalikeRequest, progress: Progress<'_>) -> Result<Audience> {
    let seed = get(store, &request.seed)?;
    free_name(&store.audiences(AUDIENCES_MAX)?, &request.name, "")?;
    let go_on = |share: f64, message: &str| match progress(share, message) {
        true => Ok(()),
        false => Err(ServiceError::conflict("cancelled", "cancelled")),
    };
    go_on(0.0, "reading what customers did")?;
    let slices = slices(shop, CUSTOMERS_MAX).await?;
    let customers = Customers::read(shop, &present(shop).await?, &slices).await?;
    let seeds = rows_of(shop, &seed.id, &customers).await?;
    if seeds.is_empty() {
        let message = format!("nobody of the audience '{}' has ordered or done anything", seed.name);
        return Err(ServiceError::conflict("no_seeds", message).help("refresh it, or choose another"));
    }
    go_on(0.3, "reading tastes")?;
    let interactions = histories(shop, &customers).await?;
    go_on(0.5, "learning what the seeds have in common")?;
    let (report, ranked) = tokio::task::block_in_place(|| rank(&customers, &seeds, &interactions, &request))?;
    go_on(0.95, "storing the audience")?;
    let mut audience = Audience {
        id: format!("aud_{}", random::token(6)?),
        name: request.name,
        kind: "lookalike".to_owned(),
        conditions: None,
        sql: String::new(),
        n_customers: 0,
        consent: Vec::new(),
        n_held_back: 0,
        refreshed_at: 0,
        created_at: clock::now().0,
        refresh: "never".to_owned(),
        history: Vec::new(),
        lookalike: Some(report),
        lost_groups: Vec::new(),
    };
    audience.sql =
        format!("select customer_id, score from audience_members where audience_id = {}", quoted(&audience.id));
    let made = keep(shop, store, audience, ranked).await?;
    progress(1.0, "done");
    Ok(made)
}

/// Rows of an audience's members among the customers.
async fn rows_of(shop: &Shop, audience: &str, customers: &Customers) -> Result<Vec<u32>> {
    let sql = format!(
        "select customer_id from audience_members where audience_id = {} order by customer_id",
        quoted(audience)
    );
    let mut rows = Vec::new();
    for batch in query(shop, &sql).await? {
        let found = texts(&batch, "customer_id")?;
        rows.extend(found.iter().flatten().filter_map(|id| customers.row(id)));
    }
    Ok(rows)
}

/// What customers touched, one row per customer.
async fn histories(shop: &Shop, customers: &Customers) -> Result<Interactions> {
    let mut products: Vec<String> = Vec::new();
    let mut numbers = rustc_hash::FxHashMap::default();
    let mut cells: Vec<(u32, u32, f32)> = Vec::new();
    let of_purchase = dataset::purchase_weight(shop.config());
    dataset::for_each_pair(shop, |pair| {
        let Some(row) = customers.row(pair.customer_id) else { return };
        let item = *numbers.entry(pair.product_id.to_owned()).or_insert_with(|| {
            products.push(pair.product_id.to_owned());
            products.len() as u32 - 1
        });
        let weight = if pair.dealings.bought_at == 0 {
            pair.dealings.seen_weight
        } else {
            of_purchase.max(pair.dealings.seen_weight)
        };
        cells.push((row, item, weight));
    })
    .await?;
    // Numbers in the order of ids, so that vectors do not depend on the order of files.
    let mut order: Vec<u32> = (0..products.len() as u32).collect();
    order.sort_by(|&a, &b| products[a as usize].cmp(&products[b as usize]));
    let mut place = vec![0u32; order.len()];
    order.iter().enumerate().for_each(|(at, &item)| place[item as usize] = at as u32);
    cells.iter_mut().for_each(|cell| cell.1 = place[cell.1 as usize]);
    Ok(Interactions { matrix: Csr::from_triplets(customers.n(), products.len(), &cells), times: None })
}

type Ranked = Vec<(String, Option<f64>)>;

fn rank(
    customers: &Customers,
    seeds: &[u32],
    interactions: &Interactions,
    request: &LookalikeRequest,
) -> Result<(Report, Ranked)> {
    let rows: Vec<usize> = (0..customers.n()).collect();
    let table = customers.table(&rows)?;
    let preparation = Preparation::fit(&table)?;
    let values: Vec<f32> = preparation.apply(&table)?;
    drop((table, rows));
    let features = Points::new(&values, customers.n(), preparation.d())?;
    let vectors = match interactions.matrix.n_stored() {
        0 => None,
        _ => {
            let algorithm = recommend::algorithm(TASTE).expect("the registry has it");
            let settings = algorithm.card.settings_from_texts(TASTE_SETTINGS)?;
            (algorithm.fit)(interactions, &settings, &FitOptions::default())?.item_vectors()
        }
    };
    let histories = match &vectors {
        Some((values, d)) => Some((&interactions.matrix, ItemVectors::new(values, *d)?)),
        None => None,
    };
    let audience = Seeds { n_customers: customers.n(), seeds, histories, features: Some(features) };
    let found = look_alike(&audience, &LookalikeOptions::default())?;
    let judged = found.evaluations.iter().find(|one| one.method == found.method).map(|one| &one.evaluation);
    let lift = |at: usize| judged.map(|evaluation: &Evaluation| evaluation.lifts[at].lift);
    let report = Report {
        seed: request.seed.clone(),
        n_seeds: seeds.len(),
        method: found.method.to_owned(),
        lift_at_1: lift(0),
        lift_at_5: lift(1),
        lift_at_10: lift(2),
        auc: judged.map(|evaluation| evaluation.auc),
        auc_low: judged.map(|evaluation| evaluation.auc_interval.0),
        auc_high: judged.map(|evaluation| evaluation.auc_interval.1),
    };
    let most = found.ranked.iter().take(request.size);
    let ranked = most.map(|one| (customers.ids[one.row as usize].to_string(), Some(one.score))).collect();
    Ok((report, ranked))
}
