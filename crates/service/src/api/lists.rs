//! Lists of products: recommended, similar, popular, and a stored list explained.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::Serve;
use super::error::ErrorBody;
use super::input::{Params, check_id, check_limit, check_text};
use crate::error::{Result, ServiceError};
use crate::serving::{Answer, Explanation, ListRequest, PopularProduct, SimilarItem, off_thread};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecommendParams {
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    customer: String,
    /// 1 to 500; 10 if absent.
    #[param(minimum = 1, maximum = 500)]
    n: Option<usize>,
    /// A product being looked at.
    #[param(max_length = 500, pattern = r"^[^\x00]*$")]
    context_product: Option<String>,
    /// A category path or the beginning of one.
    #[param(max_length = 500, pattern = r"^[^\x00]*$")]
    category: Option<String>,
    #[param(max_length = 500, pattern = r"^[^\x00]*$")]
    region: Option<String>,
    /// In cents.
    price_min: Option<i64>,
    /// In cents.
    price_max: Option<i64>,
    /// Also what the customer bought already.
    include_owned: Option<bool>,
    /// Add the terms of each score and reasons for people.
    explain: Option<bool>,
    /// `zh` or `en`; the shop's language if absent.
    #[param(pattern = "^(zh|en)$")]
    lang: Option<String>,
}

/// The products this customer is likely to want next.
#[utoipa::path(get, path = "/v1/recommendations", tag = "lists", params(RecommendParams),
    responses((status = 200, body = Answer), (status = "4XX", body = ErrorBody)))]
pub async fn get_recommendations(
    Serve(caller): Serve,
    Params(params): Params<RecommendParams>,
) -> Result<Json<Answer>> {
    check_id("customer", &params.customer)?;
    for text in [&params.context_product, &params.category, &params.region].into_iter().flatten() {
        check_text("a filter", text, 500)?;
    }
    if let (Some(low), Some(high)) = (params.price_min, params.price_max)
        && low > high
    {
        return Err(ServiceError::usage("price", format!("price_min is {low}, above price_max, {high}")));
    }
    let request = ListRequest {
        customer_id: params.customer,
        n: check_limit("n", params.n, 10)?,
        context_product: params.context_product,
        category: params.category,
        region: params.region,
        price_min_cents: params.price_min,
        price_max_cents: params.price_max,
        include_owned: params.include_owned.unwrap_or(false),
        explain: params.explain.unwrap_or(false),
        language: language(params.lang, &caller.shop.shop.config().language)?,
    };
    Ok(Json(caller.shop.recommend(&request)?))
}

fn language(asked: Option<String>, shop: &str) -> Result<String> {
    match asked.as_deref() {
        None => Ok(shop.to_owned()),
        Some("zh" | "en") => Ok(asked.unwrap_or_default()),
        Some(other) => {
            let message = format!("lang is '{}'; allowed: zh, en", crate::error::clipped(other));
            Err(ServiceError::usage("lang", message))
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SimilarParams {
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    product: String,
    /// 1 to 500; 10 if absent.
    #[param(minimum = 1, maximum = 500)]
    n: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct SimilarList {
    product_id: String,
    items: Vec<SimilarItem>,
}

/// Products like a product.
#[utoipa::path(get, path = "/v1/similar", tag = "lists", params(SimilarParams),
    responses((status = 200, body = SimilarList), (status = "4XX", body = ErrorBody)))]
pub async fn get_similar(Serve(caller): Serve, Params(params): Params<SimilarParams>) -> Result<Json<SimilarList>> {
    check_id("product", &params.product)?;
    let items = caller.shop.similar(&params.product, check_limit("n", params.n, 10)?)?;
    Ok(Json(SimilarList { product_id: params.product, items }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PopularParams {
    /// A category path or the beginning of one.
    #[param(max_length = 500, pattern = r"^[^\x00]*$")]
    category: Option<String>,
    #[param(max_length = 500, pattern = r"^[^\x00]*$")]
    region: Option<String>,
    /// 1 to 500; 10 if absent.
    #[param(minimum = 1, maximum = 500)]
    n: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct PopularList {
    items: Vec<PopularProduct>,
}

/// What sells now.
#[utoipa::path(get, path = "/v1/popular", tag = "lists", params(PopularParams),
    responses((status = 200, body = PopularList), (status = "4XX", body = ErrorBody)))]
pub async fn get_popular(Serve(caller): Serve, Params(params): Params<PopularParams>) -> Result<Json<PopularList>> {
    let n = check_limit("n", params.n, 10)?;
    for text in [&params.category, &params.region].into_iter().flatten() {
        check_text("a filter", text, 500)?;
    }
    Ok(Json(PopularList { items: caller.shop.popular(params.category.as_deref(), params.region.as_deref(), n)? }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExplainParams {
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    list_id: String,
    /// Only this product of the list.
    product: Option<String>,
    #[param(pattern = "^(zh|en)$")]
    lang: Option<String>,
    /// Make the list again and say whether it comes out the same.
    replay: Option<bool>,
}

/// A list as it was answered, with the terms of each score and the reasons for each product.
#[utoipa::path(get, path = "/v1/explain", tag = "lists", params(ExplainParams),
    responses((status = 200, body = Explanation), (status = "4XX", body = ErrorBody)))]
pub async fn get_explain(Serve(caller): Serve, Params(params): Params<ExplainParams>) -> Result<Json<Explanation>> {
    check_id("list_id", &params.list_id)?;
    let shop = caller.shop.clone();
    let language = language(params.lang, &shop.shop.config().language)?;
    let replay = params.replay.unwrap_or(false);
    let work = move || shop.explain(&params.list_id, params.product.as_deref(), &language, replay);
    Ok(Json(off_thread(work).await?))
}
