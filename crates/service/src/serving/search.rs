//! Finding products: which match, in which order, and which categories and brands there are to choose from. It looks at
//! every product of the snapshot; no SQL.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Product;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::catalogue::{ProductRow, Snapshot};
use super::people::check_sort;
use super::{Page, ServedShop};
use crate::error::{Result, ServiceError};
use crate::near::near;

/// Which products are meant.
#[derive(Clone, Debug, Default)]
pub struct ProductFilter {
    /// Words that must all occur in id, name or brand.
    pub query: Option<String>,
    /// A category path; what stands below it belongs to it.
    pub category: Option<String>,
    pub brand: Option<String>,
    pub in_stock: Option<bool>,
}

/// How products are searched.
#[derive(Clone, Debug, Default)]
pub struct ProductSearch {
    pub filter: ProductFilter,
    pub sort: String,
    pub offset: usize,
    pub limit: usize,
}

/// What the catalogue can be narrowed by, with how many products would remain.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ProductFacets {
    /// Products that match everything asked for.
    pub total: usize,
    /// How many categories match; `categories` may hold fewer.
    pub n_categories: usize,
    /// Category paths, each after the one it belongs to.
    pub categories: Vec<CategoryCount>,
    /// How many brands match; `brands` may hold fewer.
    pub n_brands: usize,
    /// The brand with most products first.
    pub brands: Vec<BrandCount>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CategoryCount {
    pub category: String,
    /// Products in the category or below it, whatever category was asked for.
    pub n_products: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BrandCount {
    pub brand: String,
    /// Products of the brand, whatever brand was asked for.
    pub n_products: usize,
}

pub const PRODUCT_SORTS: &[&str] =
    &["revenue", "orders", "events", "popular", "name", "price", "-price", "newest", "id"];

/// A filter made ready to look at many products.
struct Matcher<'a> {
    words: Vec<String>,
    filter: &'a ProductFilter,
}

impl Matcher<'_> {
    fn new(filter: &ProductFilter) -> Matcher<'_> {
        let words = filter.query.iter().flat_map(|query| query.split_whitespace()).map(str::to_lowercase).collect();
        Matcher { words, filter }
    }

    fn is_of_category(&self, product: &Product) -> bool {
        self.filter.category.as_deref().is_none_or(|wanted| {
            let rest = product.category.as_deref().and_then(|path| path.strip_prefix(wanted));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    fn is_of_brand(&self, product: &Product) -> bool {
        self.filter.brand.is_none() || self.filter.brand == product.brand
    }

    /// Everything but category and brand.
    fn passes_rest(&self, product: &Product) -> bool {
        let stock = product.stock.is_none_or(|stock| stock > 0);
        self.filter.in_stock.is_none_or(|wanted| stock == wanted) && self.has_words(product)
    }

    fn has_words(&self, product: &Product) -> bool {
        self.words.is_empty() || {
            let text = format!("{} {} {}", product.product_id, product.name, product.brand.as_deref().unwrap_or(""));
            let text = text.to_lowercase();
            self.words.iter().all(|word| text.contains(word.as_str()))
        }
    }

    fn matches(&self, product: &Product) -> bool {
        self.is_of_category(product) && self.is_of_brand(product) && self.passes_rest(product)
    }
}

impl ServedShop {
    pub fn products(&self, search: &ProductSearch) -> Result<Page<Arc<ProductRow>>> {
        check_sort(&search.sort, PRODUCT_SORTS)?;
        let snapshot = self.snapshot();
        let matcher = Matcher::new(&search.filter);
        let mut rows: Vec<&Arc<ProductRow>> =
            snapshot.products.iter().flatten().filter(|row| matcher.matches(&row.product)).collect();
        rows.sort_by(|a, b| {
            in_order_of(&search.sort, a, b).then_with(|| a.product.product_id.cmp(&b.product.product_id))
        });
        let total = rows.len();
        let items = rows.into_iter().skip(search.offset).take(search.limit).cloned().collect();
        Ok(Page { total, items })
    }

    /// At most `limit` categories and `limit` brands, those with most products.
    pub fn product_facets(&self, filter: &ProductFilter, limit: usize) -> ProductFacets {
        facets(&self.snapshot(), filter, limit)
    }
}

/// Categories named when none is near to what was asked.
const NAMED: usize = 8;

impl Snapshot {
    /// What is said when no product stands in a category.
    pub(super) fn no_category(&self, asked: &str) -> ServiceError {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for row in self.products.iter().flatten() {
            row.product.category.iter().flat_map(|path| with_parents(path)).for_each(|path| {
                *counts.entry(path).or_default() += 1;
            });
        }
        let n_all = counts.len();
        let known: Vec<&str> = most_frequent(counts, n_all).into_iter().map(|(path, _)| path).collect();
        let near = near(asked, known.iter().copied(), 3);
        let help = match (near.as_slice(), known.as_slice()) {
            (_, []) => "no product has a category".to_owned(),
            ([], known) if known.len() <= NAMED => format!("there are: {}", known.join(", ")),
            ([], known) => {
                format!("there are: {}, …; GET /v1/products/facets lists all {n_all}", known[..NAMED].join(", "))
            }
            (near, _) => format!("did you mean {}? GET /v1/products/facets lists all {n_all}", near.join(" or ")),
        };
        let named = &known[..known.len().min(NAMED)];
        ServiceError::not_found("category", asked).help(help).detail(json!({"near": near, "allowed": named}))
    }
}

fn in_order_of(sort: &str, a: &ProductRow, b: &ProductRow) -> Ordering {
    let price = |row: &ProductRow| row.product.price_cents.map_or(0, |cents| cents.0);
    match sort {
        "name" => a.product.name.cmp(&b.product.name),
        "price" => price(a).cmp(&price(b)),
        "-price" => price(b).cmp(&price(a)),
        "orders" => b.n_orders.cmp(&a.n_orders),
        "revenue" => b.revenue_cents.cmp(&a.revenue_cents),
        "events" => b.n_events.cmp(&a.n_events),
        "newest" => b.product.launched_on.cmp(&a.product.launched_on),
        "popular" => b.popularity.total_cmp(&a.popularity),
        _ => Ordering::Equal,
    }
}

/// Categories are counted under everything but the category asked for, and brands likewise, so that another one can be
/// chosen.
fn facets(snapshot: &Snapshot, filter: &ProductFilter, limit: usize) -> ProductFacets {
    let matcher = Matcher::new(filter);
    let (mut categories, mut brands) = (BTreeMap::new(), BTreeMap::new());
    let mut total = 0;
    for row in snapshot.products.iter().flatten().filter(|row| matcher.passes_rest(&row.product)) {
        let product = &row.product;
        let (of_category, of_brand) = (matcher.is_of_category(product), matcher.is_of_brand(product));
        total += usize::from(of_category && of_brand);
        for path in product.category.iter().flat_map(|path| with_parents(path)).filter(|_| of_brand) {
            *categories.entry(path).or_default() += 1;
        }
        for brand in product.brand.iter().filter(|brand| of_category && !brand.is_empty()) {
            *brands.entry(brand.as_str()).or_default() += 1;
        }
    }
    let (n_categories, n_brands) = (categories.len(), brands.len());
    // A category has no fewer products than those below it and stands before them, so none loses its parent here.
    let mut kept = most_frequent(categories, limit);
    kept.sort_by(|(a, _), (b, _)| a.split('/').cmp(b.split('/')));
    let category = |(path, n_products): (&str, usize)| CategoryCount { category: path.to_owned(), n_products };
    let brand = |(brand, n_products): (&str, usize)| BrandCount { brand: brand.to_owned(), n_products };
    ProductFacets {
        total,
        n_categories,
        categories: kept.into_iter().map(category).collect(),
        n_brands,
        brands: most_frequent(brands, limit).into_iter().map(brand).collect(),
    }
}

/// `A/B/C` → `A`, `A/B`, `A/B/C`.
fn with_parents(path: &str) -> impl Iterator<Item = &str> {
    let parents = path.match_indices('/').map(|(at, _)| &path[..at]);
    parents.chain(std::iter::once(path)).filter(|path| !path.is_empty())
}

/// The `limit` largest, ties by name.
fn most_frequent(counts: BTreeMap<&str, usize>, limit: usize) -> Vec<(&str, usize)> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    counts.truncate(limit);
    counts
}
