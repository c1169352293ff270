//! How much customers are drawn to brands and categories: the cosine of what a customer touched to what stands under a name,
//! both as vectors that the factor model learns from the shop's own customers, seen from the mean of everything. Somebody
//! who looked at what Acme's customers look at is drawn to Acme before having touched anything of Acme's.
//!
//! Kept as the table `tastes`, of affinities that say something; conditions ask it.

use std::collections::BTreeMap;

use data::Shop;
use data::tables::Row;
use domain::{CustomerTaste, Millis, Product};
use serde::Serialize;
use utoipa::ToSchema;

use super::condition::AFFINITY_MIN;
use crate::error::Result;
use crate::flows::dataset;
use crate::flows::rows::{query_rows, quoted, table};
use crate::flows::segment::tastes::{N_FACTORS, Of, means, vectors};
use crate::near::near;
use crate::{ServiceError, clock};

/// Brands, and categories, of which tastes are kept at most: those with most products that somebody touched.
const NAMES_MAX: usize = 100;
/// What lies nearer to the middle of everything, such as the only brand of a shop, is nobody's taste more than another's.
const LENGTH_MIN: f32 = 0.05;
/// Rows written at a time.
const BLOCK: usize = 1 << 16;

/// One name, and what stands under it.
struct Target {
    kind: &'static str,
    name: String,
    /// The mean of its products' vectors, seen from the mean of all, at length 1. Shape: (N_FACTORS).
    direction: Vec<f32>,
}

/// Works out everybody's tastes and keeps them; how many rows there are.
///
/// # Errors
/// If the tables cannot be read or written.
pub async fn keep(shop: &Shop) -> Result<usize> {
    let mut ids: BTreeMap<Box<str>, u32> = BTreeMap::new();
    dataset::for_each_pair(shop, |pair| {
        if !ids.contains_key(pair.customer_id) {
            ids.insert(pair.customer_id.into(), 0);
        }
    })
    .await?;
    ids.values_mut().enumerate().for_each(|(row, place)| *place = row as u32);
    let mut writer = shop.tables().replacing_writer(CustomerTaste::spec(), "recommend --all --keep")?;
    let mut n_rows = 0;
    if ids.len() > 1 {
        let row = |id: &str| ids.get(id).copied();
        let of = Of { row: &row, n: ids.len(), seed: 1, n_threads: 1 };
        let vectors = vectors(shop, &of).await?;
        let (mut means, counted) = means(shop, &of, &vectors).await?;
        let products: Vec<Product> = table(shop).await?;
        let made_at = clock::now();
        n_rows = tokio::task::block_in_place(|| -> Result<usize> {
            let middle = centred(&mut means, &counted);
            let names: Vec<&str> = ids.keys().map(|id| &**id).collect();
            let mut n_rows = 0;
            for target in targets(&products, &vectors, &middle) {
                let rows = drawn(&target, &names, &means, made_at);
                n_rows += rows.len();
                rows.chunks(BLOCK).try_for_each(|rows| writer.write(CustomerTaste::to_batch(rows)?))?;
            }
            Ok(n_rows)
        })?;
    }
    tokio::task::block_in_place(|| writer.finish())?;
    Ok(n_rows)
}

/// Takes the mean of all customers away from each, and gives each length 1; gives that mean.
fn centred(means: &mut [f32], counted: &[u32]) -> Vec<f32> {
    let mut middle = vec![0f64; N_FACTORS];
    let n = counted.iter().filter(|n| **n > 0).count().max(1) as f64;
    for (row, _) in means.chunks_exact(N_FACTORS).zip(counted).filter(|(_, n)| **n > 0) {
        middle.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value) / n);
    }
    let middle: Vec<f32> = middle.into_iter().map(|value| value as f32).collect();
    for (row, n) in means.chunks_exact_mut(N_FACTORS).zip(counted) {
        match n {
            0 => row.fill(0.0),
            _ => row.iter_mut().zip(&middle).for_each(|(value, mean)| *value -= mean),
        }
    }
    segment::taste::unit_rows(means, N_FACTORS);
    middle
}

/// Brands, and categories with what stands below them, in order.
fn targets(products: &[Product], vectors: &BTreeMap<String, Vec<f32>>, middle: &[f32]) -> Vec<Target> {
    let mut sums: BTreeMap<(&'static str, &str), (usize, Vec<f64>)> = BTreeMap::new();
    for product in products {
        let Some(vector) = vectors.get(&product.product_id) else { continue };
        let path = product.category.as_deref().unwrap_or_default();
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        let categories = above.chain(std::iter::once(path)).map(|path| ("category", path));
        let brand = product.brand.as_deref().map(|brand| ("brand", brand));
        for key in categories.chain(brand).filter(|(_, name)| !name.is_empty()) {
            let (n, sum) = sums.entry(key).or_insert_with(|| (0, vec![0.0; N_FACTORS]));
            *n += 1;
            sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += f64::from(*value));
        }
    }
    let mut found = Vec::new();
    for kind in ["brand", "category"] {
        let mut own: Vec<(&str, usize, &Vec<f64>)> =
            sums.iter().filter(|((of, _), _)| *of == kind).map(|((_, name), (n, sum))| (*name, *n, sum)).collect();
        own.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        own.truncate(NAMES_MAX);
        own.sort_by_key(|(name, ..)| *name);
        for (name, n, sum) in own {
            let mut direction: Vec<f32> =
                sum.iter().zip(middle).map(|(sum, mean)| (sum / n as f64) as f32 - mean).collect();
            let length = direction.iter().map(|value| value * value).sum::<f32>().sqrt();
            if length < LENGTH_MIN {
                continue;
            }
            segment::taste::unit_rows(&mut direction, N_FACTORS);
            found.push(Target { kind, name: name.to_owned(), direction });
        }
    }
    found
}

/// Who is drawn to it, the most first.
fn drawn(target: &Target, ids: &[&str], means: &[f32], made_at: Millis) -> Vec<CustomerTaste> {
    let cosine = |row: &[f32]| row.iter().zip(&target.direction).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    let mut rows: Vec<(f64, &str)> = means
        .chunks_exact(N_FACTORS)
        .zip(ids)
        .map(|(row, id)| (cosine(row).clamp(-1.0, 1.0), *id))
        .filter(|(affinity, _)| *affinity >= AFFINITY_MIN)
        .collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let row = |(affinity, id): (f64, &str)| CustomerTaste {
        customer_id: id.to_owned(),
        kind: target.kind.to_owned(),
        name: target.name.clone(),
        affinity,
        made_at,
    };
    rows.into_iter().map(row).collect()
}

/// What tastes are kept for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeptTastes {
    pub brands: Vec<String>,
    /// With those above them.
    pub categories: Vec<String>,
}

/// `None` before they were first worked out.
pub async fn kept(shop: &Shop) -> Result<Option<KeptTastes>> {
    let rows =
        query_rows(shop, "select kind, name, count(*) as n from tastes group by kind, name order by name").await?;
    let of = |kind: &str| -> Vec<String> {
        let own = rows.iter().filter(|row| row["kind"] == kind);
        own.filter_map(|row| row["name"].as_str().map(str::to_owned)).collect()
    };
    Ok((!rows.is_empty()).then(|| KeptTastes { brands: of("brand"), categories: of("category") }))
}

/// Whether tastes for it are kept: a misspelt name would be an empty set.
///
/// # Errors
/// If no tastes were worked out yet, or none for this.
pub(super) async fn known(shop: &Shop, kind: &'static str, name: &str) -> Result<()> {
    let sql = format!("select kind from tastes where kind = {} and name = {} limit 1", quoted(kind), quoted(name));
    if !query_rows(shop, &sql).await?.is_empty() {
        return Ok(());
    }
    let Some(kept) = kept(shop).await? else {
        let message = "what everybody has a taste for has not been worked out yet";
        return Err(ServiceError::conflict("tastes", message)
            .help("do so: tercet recommend --all --keep, or POST /v1/jobs {\"kind\": \"predict\"}"));
    };
    let names = if kind == "brand" { &kept.brands } else { &kept.categories };
    let help = match near(name, names.iter().map(String::as_str), 3).as_slice() {
        [] if names.is_empty() => format!("no {kind} sets this shop's customers apart"),
        [] => format!("there are: {}", names[..names.len().min(20)].join(", ")),
        near => format!("did you mean {}?", near.join(" or ")),
    };
    Err(ServiceError::not_found(if kind == "brand" { "taste for the brand" } else { "taste for the category" }, name)
        .help(help))
}
