//! `/v1/customers`: who buys; found, listed, changed, erased.

use axum::Json;
use axum::http::StatusCode;
use domain::Customer;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::Manage;
use super::error::ErrorBody;
use super::input::{Body, Id, Params, check_id, check_limit, check_offset, check_text};
use crate::error::{Result, ServiceError};
use crate::flows::segment;
use crate::serving::{CustomerRow, CustomerSearch, HistoryRow, ServedShop};

#[derive(Serialize, ToSchema)]
pub struct CustomerView {
    customer_id: String,
    joined_on: Option<String>,
    birth_year: Option<i32>,
    gender: Option<String>,
    region: Option<String>,
    city: Option<String>,
    first_channel: Option<String>,
    consent: Vec<String>,
    n_orders: i64,
    spent_cents: i64,
    /// UTC milliseconds.
    last_seen: Option<i64>,
    /// The group of the customer, if groups have been made and it is in one.
    segment: Option<GroupName>,
}

/// A group's key and name.
#[derive(Clone, Serialize, ToSchema)]
pub struct GroupName {
    key: String,
    name: segment::Text,
}

/// The customers as shown, with their groups.
async fn views(served: &ServedShop, rows: Vec<CustomerRow>) -> Result<Vec<CustomerView>> {
    let ids: Vec<&str> = rows.iter().map(|row| row.customer.customer_id.as_str()).collect();
    let groups = segment::groups_of(&served.shop, &served.groups, &ids).await?;
    let view = |row: CustomerRow| {
        let group = groups.get(&row.customer.customer_id).cloned();
        CustomerView { segment: group.map(|(key, name)| GroupName { key, name }), ..row.into() }
    };
    Ok(rows.into_iter().map(view).collect())
}

impl From<CustomerRow> for CustomerView {
    fn from(row: CustomerRow) -> Self {
        CustomerView {
            customer_id: row.customer.customer_id,
            joined_on: row.customer.joined_on.map(|day| day.to_string()),
            birth_year: row.customer.birth_year,
            gender: row.customer.gender,
            region: row.customer.region,
            city: row.customer.city,
            first_channel: row.customer.first_channel,
            consent: row.customer.consent,
            n_orders: row.n_orders,
            spent_cents: row.spent_cents,
            last_seen: row.last_seen,
            segment: None,
        }
    }
}

/// A channel of consent.
#[derive(ToSchema)]
#[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
#[allow(dead_code, reason = "only described")]
pub struct Channel(String);

/// A customer as sent; the id stands in the address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerBody {
    /// `YYYY-MM-DD`.
    #[schema(format = "date", pattern = r"^\d{4}-\d{2}-\d{2}$")]
    joined_on: Option<String>,
    #[schema(minimum = 1900, maximum = 2100)]
    birth_year: Option<i32>,
    #[schema(max_length = 200, pattern = r"^[^\x00]*$")]
    gender: Option<String>,
    #[schema(max_length = 200, pattern = r"^[^\x00]*$")]
    region: Option<String>,
    #[schema(max_length = 200, pattern = r"^[^\x00]*$")]
    city: Option<String>,
    #[schema(max_length = 200, pattern = r"^[^\x00]*$")]
    first_channel: Option<String>,
    /// Channels on which the customer agreed to be addressed.
    #[schema(max_items = 50, value_type = Option<Vec<Channel>>)]
    consent: Option<Vec<String>>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CustomerParams {
    /// A part of the id or the city.
    #[param(max_length = 200, pattern = r"^[^\x00]*$")]
    query: Option<String>,
    #[param(max_length = 200, pattern = r"^[^\x00]*$")]
    region: Option<String>,
    /// spent, orders, last_seen or id.
    #[param(pattern = "^(spent|orders|last_seen|id)$")]
    sort: Option<String>,
    #[param(maximum = 100_000)]
    offset: Option<usize>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct CustomerPage {
    total: usize,
    items: Vec<CustomerView>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryParams {
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct HistoryList {
    items: Vec<HistoryRow>,
}

/// What became of an erasure.
#[derive(Serialize, ToSchema)]
pub struct Erased {
    customer_id: String,
    rows_erased: u64,
}

/// Finds customers.
#[utoipa::path(get, path = "/v1/customers", tag = "customers", params(CustomerParams),
    responses((status = 200, body = CustomerPage), (status = "4XX", body = ErrorBody)))]
pub async fn list_customers(
    Manage(caller): Manage,
    Params(params): Params<CustomerParams>,
) -> Result<Json<CustomerPage>> {
    for text in [&params.query, &params.region].into_iter().flatten() {
        check_text("a filter", text, 200)?;
    }
    let search = CustomerSearch {
        query: params.query,
        region: params.region,
        sort: params.sort.unwrap_or_else(|| "spent".to_owned()),
        offset: check_offset(params.offset)?,
        limit: check_limit("limit", params.limit, 50)?,
    };
    let page = caller.shop.customers(&search).await?;
    Ok(Json(CustomerPage { total: page.total, items: views(&caller.shop, page.items).await? }))
}

/// One customer.
#[utoipa::path(get, path = "/v1/customers/{id}", tag = "customers", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = CustomerView), (status = "4XX", body = ErrorBody)))]
pub async fn get_customer(Manage(caller): Manage, Id(id): Id) -> Result<Json<CustomerView>> {
    let row = caller.shop.customer(&id).await?;
    let mut views = views(&caller.shop, vec![row]).await?;
    Ok(Json(views.remove(0)))
}

/// Adds or replaces a customer.
#[utoipa::path(put, path = "/v1/customers/{id}", tag = "customers", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")), request_body = CustomerBody,
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn put_customer(Manage(caller): Manage, Id(id): Id, Body(body): Body<CustomerBody>) -> Result<StatusCode> {
    caller.shop.put_customer(customer_of(id, body)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Erases a customer: afterwards no file of the shop names them.
#[utoipa::path(delete, path = "/v1/customers/{id}", tag = "customers", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = Erased), (status = "4XX", body = ErrorBody)))]
pub async fn delete_customer(Manage(caller): Manage, Id(id): Id) -> Result<Json<Erased>> {
    let rows_erased = caller.shop.erase_customer(&id).await?;
    Ok(Json(Erased { customer_id: id, rows_erased }))
}

/// What a customer did, newest first.
#[utoipa::path(get, path = "/v1/customers/{id}/history", tag = "customers", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), HistoryParams),
    responses((status = 200, body = HistoryList), (status = "4XX", body = ErrorBody)))]
pub async fn get_history(
    Manage(caller): Manage,
    Id(id): Id,
    Params(params): Params<HistoryParams>,
) -> Result<Json<HistoryList>> {
    let items = caller.shop.history(&id, check_limit("limit", params.limit, 100)?).await?;
    Ok(Json(HistoryList { items }))
}

fn customer_of(id: String, body: CustomerBody) -> Result<Customer> {
    for (name, text) in [
        ("gender", &body.gender),
        ("region", &body.region),
        ("city", &body.city),
        ("first_channel", &body.first_channel),
    ] {
        text.as_deref().map_or(Ok(()), |text| check_text(name, text, 200))?;
    }
    let consent = body.consent.unwrap_or_default();
    if consent.len() > 50 {
        return Err(ServiceError::usage("consent", format!("{} channels; allowed: at most 50", consent.len())));
    }
    consent.iter().try_for_each(|channel| check_id("a channel of consent", channel))?;
    if let Some(year) = body.birth_year.filter(|year| !(1900..=2100).contains(year)) {
        return Err(ServiceError::usage("birth_year", format!("birth_year is {year}; allowed: 1900 to 2100")));
    }
    let joined_on = body.joined_on.map(|text| text.parse::<domain::Day>()).transpose();
    let joined_on =
        joined_on.map_err(|_| ServiceError::usage("day", "joined_on is no day; allowed: a day written YYYY-MM-DD"))?;
    Ok(Customer {
        customer_id: id,
        joined_on,
        birth_year: body.birth_year,
        gender: body.gender,
        region: body.region,
        city: body.city,
        first_channel: body.first_channel,
        consent,
        extra: None,
    })
}
