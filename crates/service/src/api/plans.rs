//! `/v1/plan/…` and `/v1/campaigns`: what will sell, what customers are worth, where money should go, whether it worked.

use std::collections::BTreeMap;

use axum::Json;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};

use super::access::Manage;
use super::error::ErrorBody;
use super::input::{Body, Id, Params};
use crate::background;
use crate::error::{Kind, Result, ServiceError};
use crate::flows::plan::Step;
use crate::flows::plan::attribution::{self, Attribution};
use crate::flows::plan::budget::{self, Bound, BudgetGoal, BudgetPlan, BudgetRequest};
use crate::flows::plan::crowd::{self, Crowd};
use crate::flows::plan::customers::{self, Lifetimes};
use crate::flows::plan::experiment::{
    self, Campaign, CampaignVerdict, DesignRequest, Needed, Outcome, Reading, VerdictRequest,
};
use crate::flows::plan::forecast::{self, ForecastRequest, Forecasts, Measure, SalesBy};
use crate::flows::plan::launch::{self, Generations};
use crate::flows::plan::launch_desk::{self, LaunchDesk, LaunchDeskRequest, Launches};
use crate::flows::plan::measures::Guardrail;
use crate::flows::plan::price::{self, Markdown, MarkdownRequest, Prices};
use crate::flows::plan::promotions::{self, Own, Promotions, PromotionsRequest};
use crate::flows::plan::selling_points::{self, SellingPoints};
use crate::flows::plan::trade_in::{self, TradeInPlan, TradeInRequest};
use crate::flows::plan::treat::{self, Treat, TreatRequest};

/// Bounds of channels accepted at once.
const BOUNDS_MAX: usize = 100;
/// Plans worked out at once, and those that may wait for their turn: each takes a processor for a second or so.
const AT_ONCE: usize = 2;
const WAITING_MAX: usize = 30;

static ACCEPTED: Semaphore = Semaphore::const_new(AT_ONCE + WAITING_MAX);
static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

/// Works a plan out on the threads that stand back, in its turn.
///
/// # Errors
/// Those of the plan, or if too many are asked for.
async fn planned<T: Send + 'static>(plan: impl Future<Output = Result<T>> + Send + 'static) -> Result<Json<T>> {
    let Ok(_accepted) = ACCEPTED.try_acquire() else {
        let message = format!("{} plans are being worked out or wait for it", AT_ONCE + WAITING_MAX);
        return Err(ServiceError::new(Kind::Unavailable, "busy", message).help("ask again in some seconds"));
    };
    let _turn = TURNS.acquire().await.expect("the semaphore is never closed");
    let done = background::spawn(plan).await;
    done.map_err(|error| ServiceError::failed(format!("a plan broke off: {error}")))?.map(Json)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ForecastParams {
    by: Option<SalesBy>,
    measure: Option<Measure>,
    period: Option<Step>,
    /// Periods ahead.
    #[param(minimum = 1, maximum = 366)]
    horizon: Option<usize>,
    /// The share of intervals that hold the truth.
    #[param(minimum = 0.5, maximum = 0.99)]
    level: Option<f64>,
    /// Series told one by one; the rest is one more.
    #[param(minimum = 1, maximum = 100)]
    n: Option<usize>,
    /// auto, theta_dynamic, ets, seasonal_naive …
    #[param(max_length = 40)]
    method: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetBody {
    /// Weeks ahead.
    #[schema(minimum = 1, maximum = 26)]
    weeks: Option<usize>,
    /// For all of these weeks; as much as is spent now if absent.
    #[schema(minimum = 1)]
    budget_cents: Option<i64>,
    /// Sales to reach in these weeks, what comes without any channel included: the least money that does is found. In place of a budget.
    #[schema(minimum = 1)]
    sales_cents: Option<i64>,
    /// Sales that a coin is to add on average: the most money that keeps this is found. In place of a budget.
    #[schema(minimum = 0.01, maximum = 1000)]
    return_on_spend: Option<f64>,
    #[schema(max_items = 100)]
    #[serde(default)]
    bounds: Vec<Bound>,
    /// Draw from the whole posterior in any case, which takes some seconds, not only where the fast way is no picture of it.
    #[serde(default)]
    sampled: bool,
    #[schema(minimum = 0.5, maximum = 0.99)]
    level: Option<f64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkdownBody {
    #[schema(min_length = 1, max_length = 200)]
    product_id: String,
    /// Weeks that are left.
    #[schema(minimum = 1, maximum = 52)]
    weeks: Option<usize>,
    /// Pieces; what the catalogue says if absent.
    #[schema(minimum = 1, maximum = 10_000_000)]
    stock: Option<i64>,
    /// The lowest price to ask, in parts of the present one.
    #[schema(minimum = 0.1, maximum = 0.95)]
    lowest: Option<f64>,
    /// What a piece that is left brings, in parts of the present price; below `lowest`.
    #[schema(minimum = -1.0, maximum = 0.9)]
    salvage: Option<f64>,
    /// The shop's own for the product's category if absent.
    #[schema(minimum = -20.0, maximum = -0.01)]
    elasticity: Option<f64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LaunchDeskBody {
    /// A product of the catalogue; absent for one that is only planned, which needs `category` and `launch_on`.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    product_id: Option<String>,
    /// Of a planned product, or in place of what the catalogue says.
    #[schema(min_length = 1, max_length = 500)]
    category: Option<String>,
    #[schema(min_length = 1, max_length = 200)]
    brand: Option<String>,
    #[schema(minimum = 1, maximum = 100_000_000_000_i64)]
    price_cents: Option<i64>,
    #[schema(minimum = 1, maximum = 100_000_000_000_i64)]
    cost_cents: Option<i64>,
    /// The first day of sale, as 2026-11-28.
    #[schema(min_length = 10, max_length = 10, pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    launch_on: Option<String>,
    /// Pieces on hand and on their way that no pre-order has taken; what the catalogue says if absent.
    #[schema(minimum = 0, maximum = 10_000_000)]
    stock: Option<i64>,
    /// Pre-orders so far; what the orders before the launch say if absent.
    #[schema(minimum = 0, maximum = 10_000_000)]
    preorders: Option<i64>,
    /// Weeks from the launch on; 26 if absent.
    #[schema(minimum = 4, maximum = 52)]
    weeks: Option<usize>,
    /// What a piece that is left at the end brings, in parts of the price, below its cost; half of the price if absent.
    #[schema(minimum = -1.0, maximum = 0.95)]
    salvage: Option<f64>,
    /// Products whose launches tell of this one, in place of those found.
    #[serde(default)]
    #[schema(max_items = 40)]
    lookalikes: Vec<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VerdictParams {
    /// The arm that got nothing; found by its name if absent.
    #[param(max_length = 200)]
    control: Option<String>,
    outcome: Option<Outcome>,
    /// Days after the first exposure that count.
    #[param(minimum = 1, maximum = 365)]
    days: Option<i32>,
    method: Option<Reading>,
    #[param(minimum = 0.5, maximum = 0.999)]
    level: Option<f64>,
    /// Measures of interest beside the outcome, with commas between them: ordered,response.
    #[param(max_length = 100)]
    secondary: Option<String>,
    /// Measures that must not get worse by more than so many parts of the control's mean: ordered=0.02,response=0.05.
    #[param(max_length = 200)]
    guardrails: Option<String>,
    /// Customers that are to take part, all arms together.
    #[param(minimum = 1)]
    planned: Option<i64>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DesignParams {
    /// The share that does it without the treatment; with `deviation` the mean.
    baseline: f64,
    /// The smallest effect worth finding, in parts of the baseline: 0.1 for 10 %.
    lift: f64,
    /// A customer's standard deviation, if it is no share.
    deviation: Option<f64>,
    power: Option<f64>,
    level: Option<f64>,
    /// Customers who come in a day, all arms together.
    per_day: Option<f64>,
}

#[derive(Serialize, ToSchema)]
pub struct CampaignList {
    items: Vec<Campaign>,
}

/// What will sell, in all and by part, with intervals and with how good such forecasts were in the past.
#[utoipa::path(get, path = "/v1/plan/forecast", tag = "plans", params(ForecastParams), responses((status = 200, body = Forecasts), (status = "4XX", body = ErrorBody)))]
pub async fn get_forecast(Manage(caller): Manage, Params(params): Params<ForecastParams>) -> Result<Json<Forecasts>> {
    let usual = ForecastRequest::default();
    let request = ForecastRequest {
        by: params.by.unwrap_or(usual.by),
        measure: params.measure.unwrap_or(usual.measure),
        step: params.period.unwrap_or(usual.step),
        horizon: params.horizon.unwrap_or(usual.horizon),
        level: params.level.unwrap_or(usual.level),
        n_series: params.n.unwrap_or(usual.n_series),
        method: params.method.unwrap_or(usual.method),
        seed: usual.seed,
    };
    planned(async move { forecast::forecast(&caller.shop.shop, &request).await }).await
}

/// Who is still a customer, how often they will buy and what they are worth, as last worked out (job `strategy`).
#[utoipa::path(get, path = "/v1/plan/customers", tag = "plans", responses((status = 200, body = Lifetimes), (status = "4XX", body = ErrorBody)))]
pub async fn get_lifetimes(Manage(caller): Manage) -> Result<Json<Lifetimes>> {
    let shop = caller.shop.clone();
    Ok(Json(crate::serving::off_thread(move || customers::published(&shop.shop)).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CrowdParams {
    /// How states are printed; aipl if absent.
    #[serde(rename = "as")]
    #[param(rename = "as", pattern = "^(states|aipl|4a|5a)$")]
    scheme: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PromotionsParams {
    /// The shop's own promotions as NAME:FIRST:LAST with commas between them: birthday:2026-03-10:2026-03-20.
    #[param(max_length = 2000)]
    own: Option<String>,
    /// Days within which a customer is paid back the difference when a price falls.
    #[param(minimum = 0, maximum = 90)]
    protection_days: Option<i32>,
}

/// What past promotions brought: lift, what was held back for them and bought ahead of time, what others lost or gained, and
/// whether it paid.
#[utoipa::path(get, path = "/v1/plan/promotions", tag = "plans", params(PromotionsParams), responses((status = 200, body = Promotions), (status = "4XX", body = ErrorBody)))]
pub async fn get_promotions(
    Manage(caller): Manage,
    Params(params): Params<PromotionsParams>,
) -> Result<Json<Promotions>> {
    let own = params.own.unwrap_or_default();
    let own = own.split(',').filter(|part| !part.trim().is_empty()).map(Own::read).collect::<Result<_>>()?;
    let request = PromotionsRequest { own, protection_days: params.protection_days };
    planned(async move { promotions::promotions(&caller.shop.shop, &request).await }).await
}

/// Product generations: who owns which, who is due for the next, what becomes of old stock, as last worked out (job `strategy`).
#[utoipa::path(get, path = "/v1/plan/generations", tag = "plans", responses((status = 200, body = Generations), (status = "4XX", body = ErrorBody)))]
pub async fn get_generations(Manage(caller): Manage) -> Result<Json<Generations>> {
    let shop = caller.shop.clone();
    Ok(Json(crate::serving::off_thread(move || launch::published(&shop.shop)).await?))
}

/// How near customers are to the shop and which channels bring them nearer, as last worked out (job `strategy`).
#[utoipa::path(get, path = "/v1/plan/crowd", tag = "plans", params(CrowdParams), responses((status = 200, body = Crowd), (status = "4XX", body = ErrorBody)))]
pub async fn get_crowd(Manage(caller): Manage, Params(params): Params<CrowdParams>) -> Result<Json<Crowd>> {
    let (shop, scheme) = (caller.shop.clone(), params.scheme.unwrap_or_else(|| "aipl".to_owned()));
    Ok(Json(crate::serving::off_thread(move || crowd::published(&shop.shop, &scheme)).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AttributionParams {
    /// Days before an order in which a touch counts for it; 30 if absent.
    #[param(minimum = 1, maximum = 90)]
    days: Option<i32>,
}

/// Which channels get the credit for the orders of the last year, by seven rules, beside what the mix model says of those with spends.
#[utoipa::path(get, path = "/v1/plan/attribution", tag = "plans", params(AttributionParams), responses((status = 200, body = Attribution), (status = "4XX", body = ErrorBody)))]
pub async fn get_attribution(
    Manage(caller): Manage,
    Params(params): Params<AttributionParams>,
) -> Result<Json<Attribution>> {
    planned(async move { attribution::attribution(&caller.shop.shop, params.days).await }).await
}

/// What channels brought, and how a budget should be split over them in the weeks to come.
#[utoipa::path(post, path = "/v1/plan/budget", tag = "plans", request_body = BudgetBody, responses((status = 200, body = BudgetPlan), (status = "4XX", body = ErrorBody)))]
pub async fn plan_budget(Manage(caller): Manage, Body(body): Body<BudgetBody>) -> Result<Json<BudgetPlan>> {
    if body.bounds.len() > BOUNDS_MAX {
        let message = format!("{} bounds; allowed: {BOUNDS_MAX} at most", body.bounds.len());
        return Err(ServiceError::usage("bounds", message));
    }
    let usual = BudgetRequest::default();
    let goal = match (body.sales_cents, body.return_on_spend) {
        (Some(_), Some(_)) => {
            return Err(ServiceError::usage(
                "goal",
                "sales_cents and return_on_spend; a plan has one goal: give one of them",
            ));
        }
        (sales, kept) => sales.map(BudgetGoal::Sales).or(kept.map(BudgetGoal::Return)),
    };
    let request = BudgetRequest {
        weeks: body.weeks.unwrap_or(usual.weeks),
        goal,
        budget_cents: body.budget_cents,
        bounds: body.bounds,
        sampled: body.sampled,
        level: body.level.unwrap_or(usual.level),
        ..usual
    };
    planned(async move { budget::budget(&caller.shop.shop, &request, &|_, _| true).await }).await
}

/// What prices do in this shop: elasticities by category, and how prices fall over a product's life.
#[utoipa::path(get, path = "/v1/plan/prices", tag = "plans", responses((status = 200, body = Prices), (status = "4XX", body = ErrorBody)))]
pub async fn get_prices(Manage(caller): Manage) -> Result<Json<Prices>> {
    planned(async move { price::prices(&caller.shop.shop).await }).await
}

/// When to lower a product's price by how much, so that its stock is sold in the weeks that are left.
#[utoipa::path(post, path = "/v1/plan/markdown", tag = "plans", request_body = MarkdownBody, responses((status = 200, body = Markdown), (status = "4XX", body = ErrorBody)))]
pub async fn plan_markdown(Manage(caller): Manage, Body(body): Body<MarkdownBody>) -> Result<Json<Markdown>> {
    let request = MarkdownRequest {
        product_id: body.product_id,
        weeks: body.weeks.unwrap_or(8),
        stock: body.stock,
        lowest: body.lowest.unwrap_or(0.6),
        salvage: body.salvage.unwrap_or(0.2),
        elasticity: body.elasticity,
    };
    planned(async move { price::markdown(&caller.shop.shop, &request).await }).await
}

/// Launches of the last weeks and those to come, the last first.
#[utoipa::path(get, path = "/v1/plan/launches", tag = "plans", responses((status = 200, body = Launches), (status = "4XX", body = ErrorBody)))]
pub async fn list_launches(Manage(caller): Manage) -> Result<Json<Launches>> {
    planned(async move { launch_desk::launches(&caller.shop.shop).await }).await
}

/// What a new product will sell in its first weeks, from launches of products like it and its own pre-orders and sales, and whether its order
/// should stay, be raised or be cut.
#[utoipa::path(post, path = "/v1/plan/launch-desk", tag = "plans", request_body = LaunchDeskBody, responses((status = 200, body = LaunchDesk), (status = "4XX", body = ErrorBody)))]
pub async fn plan_launch_desk(Manage(caller): Manage, Body(body): Body<LaunchDeskBody>) -> Result<Json<LaunchDesk>> {
    let launch_on = body.launch_on.as_deref().map(launch_desk::day).transpose()?;
    let request = LaunchDeskRequest {
        product_id: body.product_id,
        category: body.category,
        brand: body.brand,
        price_cents: body.price_cents,
        cost_cents: body.cost_cents,
        launch_on,
        stock: body.stock,
        preorders: body.preorders,
        weeks: body.weeks,
        salvage: body.salvage,
        lookalikes: body.lookalikes,
    };
    planned(async move { launch_desk::launch_desk(&caller.shop.shop, &request).await }).await
}

/// Campaigns that the exposures tell of, the last to begin first.
#[utoipa::path(get, path = "/v1/campaigns", tag = "plans", responses((status = 200, body = CampaignList), (status = "4XX", body = ErrorBody)))]
pub async fn list_campaigns(Manage(caller): Manage) -> Result<Json<CampaignList>> {
    planned(async move { Ok(CampaignList { items: experiment::campaigns(&caller.shop.shop).await? }) }).await
}

/// Whether a campaign worked: each of its arms against the one that got nothing.
#[utoipa::path(get, path = "/v1/campaigns/{id}/verdict", tag = "plans", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), VerdictParams),
    responses((status = 200, body = CampaignVerdict), (status = "4XX", body = ErrorBody)))]
pub async fn get_verdict(
    Manage(caller): Manage,
    Id(campaign_id): Id,
    Params(params): Params<VerdictParams>,
) -> Result<Json<CampaignVerdict>> {
    let usual = VerdictRequest::default();
    let parts = |list: Option<String>| -> Vec<String> {
        let list = list.unwrap_or_default();
        list.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    };
    let secondary = parts(params.secondary).iter().map(|name| Outcome::named(name)).collect::<Result<_>>()?;
    let guardrails = parts(params.guardrails).iter().map(|text| Guardrail::read(text)).collect::<Result<_>>()?;
    let request = VerdictRequest {
        campaign_id,
        control: params.control,
        outcome: params.outcome.unwrap_or_default(),
        days: params.days.unwrap_or(usual.days),
        reading: params.method.unwrap_or_default(),
        level: params.level.unwrap_or(usual.level),
        secondary,
        guardrails,
        // A number below 1 is refused as none.
        planned: params.planned.map(|planned| u64::try_from(planned).unwrap_or(0)),
    };
    planned(async move { experiment::verdict(&caller.shop.shop, &request).await }).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TreatBody {
    /// The arm that got nothing; found by its name if absent.
    #[schema(max_length = 200)]
    control: Option<String>,
    /// response if absent.
    outcome: Option<Outcome>,
    /// Days after the first exposure that count, where orders tell; 30 if absent.
    #[schema(minimum = 1, maximum = 365)]
    days: Option<i32>,
    /// What one more who responds or orders is worth; what they spent, as margin where costs are known, if absent.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    value_cents: Option<i64>,
    /// What treating one customer costs, by arm; what the exposures say if absent.
    #[serde(default)]
    cost_cents: BTreeMap<String, i64>,
    /// Most to spend on today's customers; as much as pays for itself if absent.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    budget_cents: Option<i64>,
}

/// Whom of today's customers to treat as a past campaign did: what each arm changed, for whom more, and what treating some brings.
#[utoipa::path(post, path = "/v1/campaigns/{id}/treat", tag = "plans", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    request_body = TreatBody, responses((status = 200, body = Treat), (status = "4XX", body = ErrorBody)))]
pub async fn plan_treatment(
    Manage(caller): Manage,
    Id(campaign_id): Id,
    Body(body): Body<TreatBody>,
) -> Result<Json<Treat>> {
    let usual = TreatRequest::default();
    let request = TreatRequest {
        campaign_id,
        control: body.control,
        outcome: body.outcome.unwrap_or(usual.outcome),
        days: body.days.unwrap_or(usual.days),
        value_cents: body.value_cents,
        cost_cents: body.cost_cents,
        budget_cents: body.budget_cents,
    };
    planned(async move { Ok(treat::treat(&caller.shop.shop, &request).await?.0) }).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TradeInBody {
    /// For all subsidies together; as much as pays for itself if absent.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    budget_cents: Option<i64>,
    /// Subsidies to choose from, in parts of the price of what is bought, 0 to 0.5.
    #[schema(max_items = 20)]
    levels: Option<Vec<f64>>,
    /// What the shop keeps of an old device, in parts of its worth; 0.05 if absent.
    #[schema(minimum = -1.0, maximum = 1.0)]
    resale: Option<f64>,
    /// Margin in parts of the price, where costs are not known.
    #[schema(minimum = -1.0, maximum = 1.0)]
    margin: Option<f64>,
}

/// Trade-in subsidies for owners by category and age of device, under one budget.
#[utoipa::path(post, path = "/v1/plan/trade-in", tag = "plans", request_body = TradeInBody, responses((status = 200, body = TradeInPlan), (status = "4XX", body = ErrorBody)))]
pub async fn plan_trade_in(Manage(caller): Manage, Body(body): Body<TradeInBody>) -> Result<Json<TradeInPlan>> {
    let usual = TradeInRequest::default();
    let request = TradeInRequest {
        budget_cents: body.budget_cents,
        levels: body.levels.unwrap_or(usual.levels),
        resale: body.resale.unwrap_or(usual.resale),
        margin: body.margin,
    };
    planned(async move { trade_in::trade_in(&caller.shop.shop, &request).await }).await
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SellingPointsParams {
    /// The one with most purchases if absent.
    #[param(max_length = 200)]
    category: Option<String>,
}

/// What a spec of a category's products is worth in money, to all customers and to each group.
#[utoipa::path(get, path = "/v1/plan/selling-points", tag = "plans", params(SellingPointsParams), responses((status = 200, body = SellingPoints), (status = "4XX", body = ErrorBody)))]
pub async fn get_selling_points(
    Manage(caller): Manage,
    Params(params): Params<SellingPointsParams>,
) -> Result<Json<SellingPoints>> {
    planned(async move { selling_points::selling_points(&caller.shop.shop, params.category.as_deref()).await }).await
}

/// How many customers an experiment needs, and how long that takes.
#[utoipa::path(get, path = "/v1/plan/experiment", tag = "plans", params(DesignParams), responses((status = 200, body = Needed), (status = "4XX", body = ErrorBody)))]
pub async fn design_experiment(Manage(_): Manage, Params(params): Params<DesignParams>) -> Result<Json<Needed>> {
    let request = DesignRequest {
        baseline: params.baseline,
        deviation: params.deviation,
        lift: params.lift,
        power: params.power.unwrap_or(0.8),
        level: params.level.unwrap_or(0.95),
        per_day: params.per_day,
    };
    Ok(Json(experiment::design(&request)?))
}
