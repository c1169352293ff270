//! `/v1/products`: the catalogue.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use domain::{Cents, Product};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::{Manage, Serve};
use super::error::ErrorBody;
use super::input::{Body, Id, Params, check_id, check_limit, check_name, check_offset, check_text};
use crate::error::{Result, ServiceError};
use crate::serving::{ProductFacets, ProductFilter, ProductRow, ProductSearch};

/// A product, with its sales.
#[derive(Serialize, ToSchema)]
pub struct ProductView {
    product_id: String,
    name: String,
    brand: Option<String>,
    category: Option<String>,
    price_cents: Option<i64>,
    cost_cents: Option<i64>,
    /// `YYYY-MM-DD`.
    launched_on: Option<String>,
    retired_on: Option<String>,
    predecessor_id: Option<String>,
    stock: Option<i64>,
    specs: BTreeMap<String, String>,
    description: Option<String>,
    image_url: Option<String>,
    n_orders: i64,
    n_events: i64,
    revenue_cents: i64,
    /// Reviews in the shop's tables.
    n_reviews: i64,
}

impl ProductView {
    /// Without the cost for callers who may not manage.
    fn of(row: &ProductRow, with_cost: bool) -> ProductView {
        let product = Product::clone(&row.product);
        ProductView {
            product_id: product.product_id,
            name: product.name,
            brand: product.brand,
            category: product.category,
            price_cents: product.price_cents.map(|cents| cents.0),
            cost_cents: product.cost_cents.map(|cents| cents.0).filter(|_| with_cost),
            launched_on: product.launched_on.map(|day| day.to_string()),
            retired_on: product.retired_on.map(|day| day.to_string()),
            predecessor_id: product.predecessor_id,
            stock: product.stock,
            specs: product.specs,
            description: product.description,
            image_url: product.image_url,
            n_orders: row.n_orders,
            n_events: row.n_events,
            revenue_cents: row.revenue_cents,
            n_reviews: row.n_reviews,
        }
    }
}

/// A product as sent; the id stands in the address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductBody {
    #[schema(min_length = 1, max_length = 500, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    name: String,
    #[schema(max_length = 200, pattern = r"^[^\x00]*$")]
    brand: Option<String>,
    /// From general to special: `Computers/Laptops`.
    #[schema(max_length = 500, pattern = r"^[^\x00]*$")]
    category: Option<String>,
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    price_cents: Option<i64>,
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    cost_cents: Option<i64>,
    /// `YYYY-MM-DD`.
    #[schema(format = "date", pattern = r"^\d{4}-\d{2}-\d{2}$")]
    launched_on: Option<String>,
    #[schema(format = "date", pattern = r"^\d{4}-\d{2}-\d{2}$")]
    retired_on: Option<String>,
    #[schema(max_length = 200, pattern = r"^[^\x00]*$")]
    predecessor_id: Option<String>,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    stock: Option<i64>,
    specs: Option<BTreeMap<String, String>>,
    #[schema(max_length = 20000, pattern = r"^[^\x00]*$")]
    description: Option<String>,
    #[schema(max_length = 2000, pattern = r"^[^\x00]*$")]
    image_url: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProductParams {
    /// Words that must occur in id, name or brand.
    query: Option<String>,
    category: Option<String>,
    brand: Option<String>,
    in_stock: Option<bool>,
    /// revenue, orders, events, popular, name, price, -price, newest or id.
    #[param(pattern = "^(revenue|orders|events|popular|name|price|-price|newest|id)$")]
    sort: Option<String>,
    #[param(maximum = 100_000)]
    offset: Option<usize>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct ProductPage {
    total: usize,
    items: Vec<ProductView>,
}

/// Finds products.
#[utoipa::path(get, path = "/v1/products", tag = "catalogue", params(ProductParams),
    responses((status = 200, body = ProductPage), (status = "4XX", body = ErrorBody)))]
pub async fn list_products(Manage(caller): Manage, Params(params): Params<ProductParams>) -> Result<Json<ProductPage>> {
    let ProductParams { query, category, brand, in_stock, .. } = params;
    let search = ProductSearch {
        filter: ProductFilter { query, category, brand, in_stock },
        sort: params.sort.unwrap_or_else(|| "revenue".to_owned()),
        offset: check_offset(params.offset)?,
        limit: check_limit("limit", params.limit, 50)?,
    };
    let page = caller.shop.products(&search)?;
    Ok(Json(ProductPage {
        total: page.total,
        items: page.items.iter().map(|row| ProductView::of(row, true)).collect(),
    }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FacetParams {
    /// Words that must occur in id, name or brand.
    query: Option<String>,
    category: Option<String>,
    brand: Option<String>,
    in_stock: Option<bool>,
    /// At most so many categories and so many brands, those with most products; 200 if absent.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// Categories and brands to choose from, with how many products each would leave.
#[utoipa::path(get, path = "/v1/products/facets", tag = "catalogue", params(FacetParams),
    responses((status = 200, body = ProductFacets), (status = "4XX", body = ErrorBody)))]
pub async fn get_facets(Manage(caller): Manage, Params(params): Params<FacetParams>) -> Result<Json<ProductFacets>> {
    let FacetParams { query, category, brand, in_stock, limit } = params;
    let filter = ProductFilter { query, category, brand, in_stock };
    Ok(Json(caller.shop.product_facets(&filter, check_limit("limit", limit, 200)?)))
}

/// One product.
#[utoipa::path(get, path = "/v1/products/{id}", tag = "catalogue", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = ProductView), (status = "4XX", body = ErrorBody)))]
pub async fn get_product(Serve(caller): Serve, Id(id): Id) -> Result<Json<ProductView>> {
    let row = caller.shop.product(&id)?;
    Ok(Json(ProductView::of(&row, caller.scopes.contains(&crate::auth::Scope::Manage))))
}

/// Adds or replaces a product; the next list knows it.
#[utoipa::path(put, path = "/v1/products/{id}", tag = "catalogue", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")), request_body = ProductBody,
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn put_product(Manage(caller): Manage, Id(id): Id, Body(body): Body<ProductBody>) -> Result<StatusCode> {
    caller.shop.put_product(product_of(id, body)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a product out of the catalogue; past orders keep its id.
#[utoipa::path(delete, path = "/v1/products/{id}", tag = "catalogue", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn delete_product(Manage(caller): Manage, Id(id): Id) -> Result<StatusCode> {
    caller.shop.delete_product(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn product_of(id: String, body: ProductBody) -> Result<Product> {
    check_name("name", &body.name, 500)?;
    for (name, text, n_max) in [
        ("brand", &body.brand, 200),
        ("category", &body.category, 500),
        ("predecessor_id", &body.predecessor_id, 200),
        ("description", &body.description, 20_000),
        ("image_url", &body.image_url, 2000),
    ] {
        text.as_deref().map_or(Ok(()), |text| check_text(name, text, n_max))?;
    }
    let specs = body.specs.unwrap_or_default();
    if specs.len() > 200 {
        return Err(ServiceError::usage("specs", format!("there are {} specs; allowed: at most 200", specs.len())));
    }
    for (name, value) in &specs {
        check_id("the name of a spec", name)?;
        check_text("a spec", value, 1000)?;
    }
    let within = |name: &str, value: Option<i64>, high: i64| match value {
        Some(value) if !(0..=high).contains(&value) => {
            Err(ServiceError::usage("range", format!("{name} is {value}; allowed: 0 to {high}")))
        }
        value => Ok(value),
    };
    let day = |name: &str, text: Option<String>| match text {
        None => Ok(None),
        Some(text) => text.parse::<domain::Day>().map(Some).map_err(|_| {
            let found = crate::error::clipped(&text);
            ServiceError::usage("day", format!("{name} is '{found}'; allowed: a day written YYYY-MM-DD"))
        }),
    };
    Ok(Product {
        product_id: id,
        name: body.name,
        brand: body.brand,
        category: body.category,
        price_cents: within("price_cents", body.price_cents, 1_000_000_000_000)?.map(Cents),
        cost_cents: within("cost_cents", body.cost_cents, 1_000_000_000_000)?.map(Cents),
        launched_on: day("launched_on", body.launched_on)?,
        retired_on: day("retired_on", body.retired_on)?,
        predecessor_id: body.predecessor_id,
        stock: within("stock", body.stock, 1_000_000_000)?,
        specs,
        description: body.description,
        image_url: body.image_url,
        extra: None,
    })
}
