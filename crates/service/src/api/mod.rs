//! The HTTP API under `/v1`, the console, health and metrics. One file per resource; wire types stand beside their
//! handlers. The OpenAPI document is generated from here.

pub mod access;
mod audiences;
mod catalogue;
mod channels;
mod chat;
mod console;
mod content;
mod cors;
mod curated;
mod decisions;
mod desk;
mod download;
mod drafts;
pub mod error;
mod events;
mod experiments;
mod health;
mod import;
pub mod input;
mod keys;
mod knowledge;
mod language;
mod lists;
mod models;
mod outbox;
pub mod overview;
mod people;
mod plans;
mod questions;
mod reports;
mod runs;
mod schedule;
mod segments;
mod sendings;
mod seq2seq;
pub mod server;
mod session;
mod sse;
mod wording;

use std::sync::Arc;

use axum::Router;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use self::chat::checked_message;

use crate::auth::limits::Limits;
use crate::auth::sessions::Sessions;
use crate::metrics::Metrics;
use crate::serving::Shops;

/// What every handler sees.
pub struct App {
    pub shops: Shops,
    pub sessions: Sessions,
    pub login_limits: Limits,
    pub request_limits: Limits,
    pub metrics: Arc<Metrics>,
    pub started_at: i64,
    pub callback_patience: std::time::Duration,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tercet",
        description = "Recommendations, catalogue, customers, customer service, copy, models and jobs of a shop. Every address but /health, /ready, /metrics, /v1/shops, /v1/channels (signed) and POST /v1/session needs a key (Authorization: Bearer tk_…) or the console's session cookie.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    modifiers(&Security),
    security(("key" = []), ("session" = []))
)]
struct Document;

struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
        let components = document.components.get_or_insert_default();
        let key = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("tk_…").build();
        components.add_security_scheme("key", SecurityScheme::Http(key));
        let cookie = ApiKey::Cookie(ApiKeyValue::new(access::COOKIE));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    }
}

fn described() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(events::post_events))
        .routes(routes!(lists::get_recommendations))
        .routes(routes!(lists::get_similar))
        .routes(routes!(lists::get_popular))
        .routes(routes!(lists::get_explain))
        .routes(routes!(catalogue::list_products))
        .routes(routes!(catalogue::get_facets))
        .routes(routes!(catalogue::get_product, catalogue::put_product, catalogue::delete_product))
        .routes(routes!(people::list_customers))
        .routes(routes!(people::get_customer, people::put_customer, people::delete_customer))
        .routes(routes!(people::get_history))
        .routes(routes!(segments::get_segments))
        .routes(routes!(segments::get_map))
        .routes(routes!(segments::get_near))
        .routes(routes!(segments::get_tree))
        .routes(routes!(segments::list_group))
        .routes(routes!(segments::get_rfm))
        .routes(routes!(segments::get_cohorts))
        .routes(routes!(segments::get_movement))
        .routes(routes!(audiences::list_audiences, audiences::create_audience))
        .routes(routes!(audiences::count_audience))
        .routes(routes!(audiences::start_lookalike))
        .routes(routes!(audiences::list_fields))
        .routes(routes!(
            audiences::get_audience,
            audiences::put_audience,
            audiences::patch_audience,
            audiences::delete_audience
        ))
        .routes(routes!(audiences::list_members))
        .routes(routes!(audiences::export_audience))
        .routes(routes!(audiences::list_held_back))
        .routes(routes!(language::get_language))
        .routes(routes!(language::get_words))
        .routes(routes!(language::get_analogy))
        .routes(routes!(language::get_word_map))
        .routes(routes!(language::list_opinions))
        .routes(routes!(language::analyse_text))
        .routes(routes!(language::get_opinions))
        .routes(routes!(language::search))
        .routes(routes!(language::get_suggestions))
        .routes(routes!(seq2seq::list_models))
        .routes(routes!(seq2seq::delete_model))
        .routes(routes!(seq2seq::get_curve))
        .routes(routes!(seq2seq::write_text))
        .routes(routes!(chat::open_chat))
        .routes(routes!(chat::list_messages, chat::post_message))
        .routes(routes!(chat::stream_chat))
        .routes(routes!(chat::rate_chat))
        .routes(routes!(chat::close_chat))
        .routes(routes!(chat::ask_for_person))
        .routes(routes!(chat::identify_chat))
        .routes(routes!(chat::give_feedback))
        .routes(routes!(channels::verify_channel, channels::post_channel))
        .routes(routes!(desk::list_conversations))
        .routes(routes!(desk::get_conversation))
        .routes(routes!(desk::take_conversation))
        .routes(routes!(desk::reply_to_conversation))
        .routes(routes!(desk::give_back_conversation))
        .routes(routes!(desk::note_on_conversation))
        .routes(routes!(desk::close_conversation))
        .routes(routes!(desk::type_in_conversation))
        .routes(routes!(desk::stream_desk))
        .routes(routes!(desk::list_canned))
        .routes(routes!(desk::put_canned, desk::delete_canned))
        .routes(routes!(desk::get_desk_metrics))
        .routes(routes!(desk::list_unanswered))
        .routes(routes!(desk::settle_unanswered))
        .routes(routes!(desk::list_cases))
        .routes(routes!(desk::settle_case))
        .routes(routes!(outbox::get_outbox))
        .routes(routes!(outbox::retry_delivery))
        .routes(routes!(desk::list_notices, desk::find_notices))
        .routes(routes!(desk::send_notice))
        .routes(routes!(desk::dismiss_notice))
        .routes(routes!(curated::list_curated))
        .routes(routes!(curated::put_curated, curated::delete_curated))
        .routes(routes!(curated::import_curated))
        .routes(routes!(curated::try_turn))
        .routes(routes!(knowledge::list_documents, knowledge::put_document))
        .routes(routes!(knowledge::get_document, knowledge::retire_document))
        .routes(routes!(knowledge::get_version))
        .routes(routes!(knowledge::restore_document))
        .routes(routes!(import::import_file))
        .routes(routes!(import::get_rejects))
        .routes(routes!(content::get_content_options))
        .routes(routes!(content::write_content))
        .routes(routes!(content::check_content))
        .routes(routes!(content::translate_content))
        .routes(routes!(content::make_poster))
        .routes(routes!(content::get_content_rules, content::put_content_rules))
        .routes(routes!(content::learn_voice, content::forget_voice))
        .routes(routes!(drafts::list_drafts, drafts::create_draft))
        .routes(routes!(drafts::export_drafts))
        .routes(routes!(drafts::hand_over_campaign))
        .routes(routes!(drafts::get_draft, drafts::put_draft, drafts::delete_draft))
        .routes(routes!(drafts::set_draft_state))
        .routes(routes!(drafts::translate_draft))
        .routes(routes!(schedule::get_schedule))
        .routes(routes!(schedule::run_scheduled))
        .routes(routes!(decisions::get_decisions))
        .routes(routes!(decisions::accept_decision))
        .routes(routes!(decisions::reject_decision))
        .routes(routes!(decisions::get_decision_customers))
        .routes(routes!(sendings::list_sendings, sendings::create_sending))
        .routes(routes!(sendings::list_cards))
        .routes(routes!(sendings::opt_out))
        .routes(routes!(sendings::get_sending))
        .routes(routes!(sendings::preview_sending))
        .routes(routes!(sendings::move_sending))
        .routes(routes!(sendings::get_file))
        .routes(routes!(plans::get_forecast))
        .routes(routes!(plans::get_lifetimes))
        .routes(routes!(plans::get_generations))
        .routes(routes!(plans::get_crowd))
        .routes(routes!(plans::get_promotions))
        .routes(routes!(plans::plan_budget))
        .routes(routes!(plans::get_attribution))
        .routes(routes!(plans::get_prices))
        .routes(routes!(plans::list_launches))
        .routes(routes!(plans::plan_launch_desk))
        .routes(routes!(plans::plan_markdown))
        .routes(routes!(plans::plan_trade_in))
        .routes(routes!(plans::get_selling_points))
        .routes(routes!(plans::plan_treatment))
        .routes(routes!(plans::design_experiment))
        .routes(routes!(plans::list_campaigns))
        .routes(routes!(plans::get_verdict))
        .routes(routes!(experiments::list_experiments, experiments::start_experiment))
        .routes(routes!(experiments::get_experiment, experiments::forget_experiment))
        .routes(routes!(experiments::decide_arm))
        .routes(routes!(experiments::tell_outcome))
        .routes(routes!(experiments::stop_experiment))
        .routes(routes!(questions::ask_question))
        .routes(routes!(questions::list_question_parts))
        .routes(routes!(questions::run_statement))
        .routes(routes!(reports::list_reports))
        .routes(routes!(reports::get_weekly_report))
        .routes(routes!(reports::get_report_of_days))
        .routes(routes!(reports::get_campaign_report))
        .routes(routes!(reports::get_kept_report))
        .routes(routes!(reports::get_alerts, reports::look_for_alerts))
        .routes(routes!(overview::get_overview))
        .routes(routes!(models::list_models))
        .routes(routes!(models::activate_model))
        .routes(routes!(models::list_evaluations))
        .routes(routes!(models::list_cards))
        .routes(routes!(runs::list_jobs, runs::start_job))
        .routes(routes!(runs::get_job, runs::cancel_job))
        .routes(routes!(runs::get_job_file))
        .routes(routes!(keys::list_keys, keys::create_key))
        .routes(routes!(keys::revoke_key))
        .routes(routes!(session::get_session, session::open_session, session::close_session))
        .routes(routes!(session::list_shops))
        .routes(routes!(health::get_health))
        .routes(routes!(health::get_ready))
        .routes(routes!(health::get_metrics))
}

/// The OpenAPI document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().split_for_parts().1
}

/// All routes.
pub fn router(app: Arc<App>) -> Router {
    let (router, document) = described().split_for_parts();
    let text = document.to_json().expect("the document is plain data");
    router
        .route("/openapi.json", axum::routing::get(move || console::json_text(text.clone())))
        .fallback(console::page)
        .method_not_allowed_fallback(console::method_not_allowed)
        .layer(axum::middleware::from_fn_with_state(app.clone(), cors::allow))
        .layer(axum::middleware::from_fn_with_state(app.clone(), server::observe))
        .with_state(app)
}
