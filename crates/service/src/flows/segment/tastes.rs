//! Customers as points of taste: the things they touched, as vectors that the factor model learns from the shop's own
//! customers. One pass over a part of the customers learns the vectors, one over all of them places everybody.

use std::collections::BTreeMap;

use data::Shop;
use math::Csr;
use recommend::{FitOptions, Interactions};
use segment::Points;
use segment::taste::{TasteSpace, unit_rows};

use super::SegmentRequest;
use super::features::Customers;
use crate::error::{Result, ServiceError};
use crate::flows::dataset;

/// Customers whom the vectors are learned from.
const LEARNED_MAX: usize = 60_000;
/// Length of the vectors.
pub(crate) const N_FACTORS: usize = 48;
const SETTINGS: &[&str] =
    &["n_factors=48", "n_epochs=10", "nu=1", "alpha=1", "unobserved_weight=0.05", "reg=0.003", "cg_steps=3"];
/// The part of the customers, those who touched most, among whom groups are looked for.
const ACTIVE_SHARE: f64 = 0.125;
const ACTIVE_MIN: usize = 100;
/// Sums are counted in such parts.
const FIXED: f32 = 65_536.0;
/// Who touched fewer things says nothing of taste.
const TOUCHED_MIN: u32 = 5;

/// Everybody's taste.
pub struct Tastes {
    pub space: TasteSpace,
    /// Mean vectors. Shape: (n_customers, N_FACTORS).
    means: Vec<f32>,
    /// Places of customers who touched much, ascending.
    pub active: Vec<usize>,
}

impl Tastes {
    /// # Errors
    /// If too few customers touched enough things for tastes to be told apart.
    pub async fn read(shop: &Shop, customers: &Customers, request: &SegmentRequest) -> Result<Tastes> {
        let row = |id: &str| customers.row(id);
        let of = Of { row: &row, n: customers.n(), seed: request.seed, n_threads: request.n_threads };
        let vectors = vectors(shop, &of).await?;
        let (sums, counted) = means(shop, &of, &vectors).await?;
        let mut order: Vec<usize> = (0..customers.n()).filter(|&row| counted[row] >= TOUCHED_MIN).collect();
        order.sort_by_key(|&row| (std::cmp::Reverse(counted[row]), row));
        order.truncate(((customers.n() as f64 * ACTIVE_SHARE) as usize).max(ACTIVE_MIN));
        if order.len() < ACTIVE_MIN {
            let message = format!(
                "{} customers touched {TOUCHED_MIN} products or more; at least {ACTIVE_MIN} are needed to tell tastes apart",
                order.len()
            );
            return Err(ServiceError::conflict("no_data", message).help("group by behaviour instead"));
        }
        order.sort_unstable();
        let active: Vec<f32> =
            order.iter().flat_map(|&row| &sums[row * N_FACTORS..(row + 1) * N_FACTORS]).copied().collect();
        let space = TasteSpace::fit(Points::new(&active, order.len(), N_FACTORS)?)?;
        Ok(Tastes { space, means: sums, active: order })
    }

    /// The points of some customers.
    pub fn points(&self, rows: &[usize]) -> Result<Vec<f32>> {
        let means: Vec<f32> =
            rows.iter().flat_map(|&row| &self.means[row * N_FACTORS..(row + 1) * N_FACTORS]).copied().collect();
        Ok(self.space.apply(Points::new(&means, rows.len(), N_FACTORS)?))
    }
}

fn weight_of(shop: &Shop, pair: &dataset::Pair<'_>) -> f32 {
    let seen = pair.dealings.seen_weight;
    if pair.dealings.bought_at == 0 { seen } else { dataset::purchase_weight(shop.config()).max(seen) }
}

/// Whose tastes are asked for.
pub(crate) struct Of<'a> {
    /// The place of a customer.
    pub row: &'a (dyn Fn(&str) -> Option<u32> + Sync),
    pub n: usize,
    pub seed: u64,
    pub n_threads: usize,
}

/// The mean vector of what each customer touched, and how many things that was. Zeros for a customer without a thing.
/// Shapes: (n, N_FACTORS), (n).
pub(crate) async fn means(
    shop: &Shop,
    of: &Of<'_>,
    vectors: &BTreeMap<String, Vec<f32>>,
) -> Result<(Vec<f32>, Vec<u32>)> {
    // Whole numbers, since pairs come in no fixed order and sums of fractions would depend on it.
    let mut sums = vec![0i32; of.n * N_FACTORS];
    let mut counted = vec![(0u32, 0u32); of.n];
    dataset::for_each_pair(shop, |pair| {
        let Some(row) = (of.row)(pair.customer_id) else { return };
        let Some(vector) = vectors.get(pair.product_id) else { return };
        let counts = weight_of(shop, &pair).ln_1p();
        let sum = &mut sums[row as usize * N_FACTORS..(row as usize + 1) * N_FACTORS];
        let fixed = |value: f32| (counts * value * FIXED).round() as i32;
        sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum = sum.saturating_add(fixed(*value)));
        let (n, weight) = &mut counted[row as usize];
        *n += 1;
        *weight = weight.saturating_add(fixed(1.0) as u32);
    })
    .await?;
    let mean = |at: usize| sums[at] as f32 / counted[at / N_FACTORS].1.max(1) as f32;
    Ok(((0..sums.len()).map(mean).collect(), counted.into_iter().map(|(n, _)| n).collect()))
}

/// A vector of length 1 for each product that the customers learned from touched.
pub(crate) async fn vectors(shop: &Shop, of: &Of<'_>) -> Result<BTreeMap<String, Vec<f32>>> {
    let step = of.n.div_ceil(LEARNED_MAX).max(1);
    let mut cells: Vec<(u32, String, f32)> = Vec::new();
    dataset::for_each_pair(shop, |pair| {
        if let Some(row) = (of.row)(pair.customer_id).filter(|row| (*row as usize).is_multiple_of(step)) {
            cells.push((row / step as u32, pair.product_id.to_owned(), weight_of(shop, &pair)));
        }
    })
    .await?;
    let mut items: BTreeMap<String, u32> = cells.iter().map(|cell| (cell.1.clone(), 0)).collect();
    items.values_mut().enumerate().for_each(|(at, item)| *item = at as u32);
    let triplets: Vec<(u32, u32, f32)> = cells.iter().map(|(row, id, weight)| (*row, items[id], *weight)).collect();
    drop(cells);
    let matrix = Csr::from_triplets(of.n.div_ceil(step), items.len(), &triplets);
    let interactions = Interactions { matrix, times: None };
    let algorithm = recommend::algorithm("ials").expect("the registry has it");
    let settings = algorithm.card.settings_from_texts(SETTINGS)?;
    let options = FitOptions { seed: of.seed, n_threads: of.n_threads, ..FitOptions::default() };
    let model = tokio::task::block_in_place(|| (algorithm.fit)(&interactions, &settings, &options))?;
    let (mut values, d) = model.item_vectors().expect("a factor model has vectors");
    unit_rows(&mut values, d);
    let row = |at: u32| values[at as usize * d..(at as usize + 1) * d].to_vec();
    Ok(items.into_iter().map(|(id, at)| (id, row(at))).collect())
}
