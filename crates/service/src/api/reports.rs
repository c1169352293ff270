//! `/v1/reports` and `/v1/alerts`: the week of the shop, other days, or a campaign, told as a page, a PDF, a workbook, a table or JSON; what
//! the schedule has sent; and what is out of order.

use std::sync::Arc;

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};

use super::access::Manage;
use super::error::ErrorBody;
use super::input::{Id, Params};
use crate::alerts::{self, Alerts};
use crate::background;
use crate::clock;
use crate::error::{Kind, Result, ServiceError};
use crate::jobs::Handle;
use crate::report::files::{Lang, ReportConfig, file_name, write};
use crate::report::post::{self, KeptReport, ReportParams, Wanted};
use crate::report::told::Report;
use crate::report::{About, Format, about, make, read_day};
use crate::serving::{ServedShop, off_thread};
use crate::store::JobRecord;

/// Reports made at once, and those that may wait: each asks the tables for seconds.
const AT_ONCE: usize = 1;
const WAITING_MAX: usize = 10;

static ACCEPTED: Semaphore = Semaphore::const_new(AT_ONCE + WAITING_MAX);
static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WeeklyParams {
    /// The last whole week up to this day is told of; up to the last of the shop's data if absent.
    #[param(pattern = r"^\d{4}-\d{2}-\d{2}$")]
    day: Option<String>,
    /// json if absent.
    #[param(pattern = "^(html|pdf|xlsx|csv|json)$")]
    format: Option<String>,
    /// The shop's if absent.
    #[param(pattern = "^(zh|en)$")]
    lang: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DaysParams {
    #[param(pattern = r"^\d{4}-\d{2}-\d{2}$")]
    from: String,
    /// At most 92 days, both ends included.
    #[param(pattern = r"^\d{4}-\d{2}-\d{2}$")]
    to: String,
    /// json if absent.
    #[param(pattern = "^(html|pdf|xlsx|csv|json)$")]
    format: Option<String>,
    /// The shop's if absent.
    #[param(pattern = "^(zh|en)$")]
    lang: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileParams {
    /// json if absent.
    #[param(pattern = "^(html|pdf|xlsx|csv|json)$")]
    format: Option<String>,
    /// The shop's if absent.
    #[param(pattern = "^(zh|en)$")]
    lang: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct KeptParams {
    /// One of those it was made as; html if absent.
    #[param(pattern = "^(html|pdf|xlsx|csv|json)$")]
    format: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ReportList {
    items: Vec<KeptReport>,
}

/// How the report is to leave.
struct As {
    format: Format,
    lang: Lang,
}

impl As {
    fn of(shop: &ServedShop, format: Option<&str>, lang: Option<&str>) -> Result<As> {
        let format = format.map_or(Ok(Format::Json), Format::named)?;
        let lang = Lang::named(lang.unwrap_or(&shop.shop.config().language))?;
        Ok(As { format, lang })
    }
}

async fn answered(shop: Arc<ServedShop>, about: About, day: Option<domain::Day>, shape: As) -> Result<Response> {
    let Ok(_accepted) = ACCEPTED.try_acquire() else {
        let message = format!("{} reports are being made or wait for it", AT_ONCE + WAITING_MAX);
        return Err(ServiceError::new(Kind::Unavailable, "busy", message).help("ask again in some seconds"));
    };
    let _turn = TURNS.acquire().await.expect("the semaphore is never closed");
    let own = shop.clone();
    let made = background::spawn(async move { make(&own.shop, &own.store, &about, day).await }).await;
    let report = made.map_err(|error| ServiceError::failed(format!("the report broke off: {error}")))??;
    let As { format, lang } = shape;
    let written = move || {
        let config = ReportConfig::of(shop.shop.config())?;
        Ok((file_name(&report, format, lang), write(&report, format, lang, &config)?))
    };
    let (name, bytes) = off_thread(written).await?;
    Ok(file(&name, format, bytes))
}

fn file(name: &str, format: Format, bytes: Vec<u8>) -> Response {
    // JSON is read, the others are kept.
    let how = if format == Format::Json { "inline" } else { "attachment" };
    let headers = [
        (header::CONTENT_TYPE, format.media().to_owned()),
        (header::CONTENT_DISPOSITION, format!("{how}; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, bytes).into_response()
}

/// The last whole week: what changed and why, what was decided and what it brought, how good the models are, what is out of order, what to
/// do next.
#[utoipa::path(get, path = "/v1/reports/weekly", tag = "reports", params(WeeklyParams),
    responses((status = 200, content((Report = "application/json"), (String = "text/html"), (String = "application/pdf"), (String = "text/csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), (status = "4XX", body = ErrorBody)))]
pub async fn get_weekly_report(Manage(caller): Manage, Params(asked): Params<WeeklyParams>) -> Result<Response> {
    let WeeklyParams { day, format, lang } = asked;
    let shape = As::of(&caller.shop, format.as_deref(), lang.as_deref())?;
    let day = day.as_deref().map(|day| read_day("day", day)).transpose()?;
    answered(caller.shop, About::Week, day, shape).await
}

/// The same of other days, against as many before them and those of last year.
#[utoipa::path(get, path = "/v1/reports/days", tag = "reports", params(DaysParams),
    responses((status = 200, content((Report = "application/json"), (String = "text/html"), (String = "application/pdf"), (String = "text/csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), (status = "4XX", body = ErrorBody)))]
pub async fn get_report_of_days(Manage(caller): Manage, Params(asked): Params<DaysParams>) -> Result<Response> {
    let DaysParams { from, to, format, lang } = asked;
    let shape = As::of(&caller.shop, format.as_deref(), lang.as_deref())?;
    let about = about(Some(&from), Some(&to), None)?;
    answered(caller.shop, about, None, shape).await
}

/// A sending, or a campaign of the exposures: whom it reached, what it cost, what it brought beside those who were left out.
#[utoipa::path(get, path = "/v1/reports/campaigns/{id}", tag = "reports",
    params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), FileParams),
    responses((status = 200, content((Report = "application/json"), (String = "text/html"), (String = "application/pdf"), (String = "text/csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), (status = "4XX", body = ErrorBody)))]
pub async fn get_campaign_report(
    Manage(caller): Manage,
    Id(id): Id,
    Params(asked): Params<FileParams>,
) -> Result<Response> {
    let shape = As::of(&caller.shop, asked.format.as_deref(), asked.lang.as_deref())?;
    answered(caller.shop, About::Campaign(id), None, shape).await
}

/// Reports that jobs of kind `report` have made, the last first.
#[utoipa::path(get, path = "/v1/reports", tag = "reports", responses((status = 200, body = ReportList), (status = "4XX", body = ErrorBody)))]
pub async fn list_reports(Manage(caller): Manage) -> Result<Json<ReportList>> {
    let shop = caller.shop.clone();
    Ok(Json(ReportList { items: off_thread(move || post::kept(&shop.shop)).await? }))
}

/// A file of one of them, as it was sent.
#[utoipa::path(get, path = "/v1/reports/kept/{version}", tag = "reports",
    params(("version" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), KeptParams),
    responses((status = 200, content((Report = "application/json"), (String = "text/html"), (String = "application/pdf"), (String = "text/csv"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), (status = "4XX", body = ErrorBody)))]
pub async fn get_kept_report(
    Manage(caller): Manage,
    Id(version): Id,
    Params(asked): Params<KeptParams>,
) -> Result<Response> {
    let format = Format::named(asked.format.as_deref().unwrap_or("html"))?;
    let shop = caller.shop.clone();
    let (name, bytes) = off_thread(move || post::kept_file(&shop.shop, &version, format)).await?;
    Ok(file(&name, format, bytes))
}

/// What is out of order, as of the last look, and what was.
#[utoipa::path(get, path = "/v1/alerts", tag = "reports", responses((status = 200, body = Alerts), (status = "4XX", body = ErrorBody)))]
pub async fn get_alerts(Manage(caller): Manage) -> Result<Json<Alerts>> {
    Ok(Json(alerts::last(&caller.shop.store)?))
}

/// Looks now, and tells whoever `[alerts]` names of what is new.
#[utoipa::path(post, path = "/v1/alerts", tag = "reports", responses((status = 200, body = Alerts), (status = "4XX", body = ErrorBody)))]
pub async fn look_for_alerts(Manage(caller): Manage) -> Result<Json<Alerts>> {
    let shop = caller.shop;
    let own = shop.clone();
    let looked = background::spawn(async move { post::alerts(&own, clock::now()).await }).await;
    looked.map_err(|error| ServiceError::failed(format!("the look broke off: {error}")))??;
    Ok(Json(alerts::last(&shop.store)?))
}

/// Makes the weekly report and sends it to whoever has not had it.
pub fn start(shop: &Arc<ServedShop>, params: Value) -> Result<JobRecord> {
    let asked: ReportParams = serde_json::from_value(params.clone()).map_err(super::input::not_json)?;
    let wanted = Wanted::of(shop, &asked)?;
    let (jobs, shop) = (shop.jobs.clone(), shop.clone());
    jobs.start("report", params, move |handle: Handle| async move {
        handle.report(0.0, "moving new events into the tables");
        shop.flush().await?;
        handle.report(0.1, "making the weekly report");
        let _alone = shop.maintenance.lock().await;
        post::weekly(&shop, wanted, clock::now()).await
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoParams {}

/// Looks for what is out of order.
pub fn start_alerts(shop: &Arc<ServedShop>, params: Value) -> Result<JobRecord> {
    let NoParams {} = serde_json::from_value(params.clone()).map_err(super::input::not_json)?;
    alerts::Rules::of(shop.shop.config())?;
    let (jobs, shop) = (shop.jobs.clone(), shop.clone());
    jobs.start("alerts", params, move |handle: Handle| async move {
        handle.report(0.0, "moving new events into the tables");
        shop.flush().await?;
        handle.report(0.1, "looking for what is out of order");
        post::alerts(&shop, clock::now()).await
    })
}
