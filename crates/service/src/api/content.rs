//! `/v1/content`: copy for the shop's goods, written and checked; rules and voice of the shop. Drafts have a file of their own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::http::StatusCode;
use content::brief::{Goal, Lang, Tone};
use content::channel::{Count, Format, registry};
use content::poster;
use content::write::{Angle, Draft};
use domain::Product;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::access::Manage;
use super::error::ErrorBody;
use super::input::{Body, Params, check_id, check_text};
use crate::clock;
use crate::error::{Result, ServiceError, clipped};
use crate::flows::content::asked::{LENGTHS, signature};
use crate::flows::content::batch::{BatchAsked, Room};
use crate::flows::content::config::ContentConfig;
use crate::flows::content::hands::Trained;
use crate::flows::content::learned::{self, WriterRequest};
use crate::flows::content::look::{LookAsked, Looked, look};
use crate::flows::content::sheets::SHEETS;
use crate::flows::content::translate::{Translated, asked_in, translate};
use crate::flows::content::{
    Purpose, Rules, TEXT_CHARS_MAX, VoiceSummary, Voiced, WriteAsked, Written, drafts, house, prices, sheets,
};
use crate::flows::segment::Text;
use crate::jobs::Handle;
use crate::serving::{ServedShop, off_thread};
use crate::store::JobRecord;

/// What a form offers.
#[derive(Serialize, ToSchema)]
pub struct ContentOptions {
    channels: Vec<ChannelCard>,
    goals: Vec<&'static str>,
    tones: Vec<&'static str>,
    lengths: Vec<&'static str>,
    angles: Vec<&'static str>,
    languages: Vec<&'static str>,
    writers: Vec<WriterOption>,
    currency: String,
    /// As text messages are signed.
    shop_name: String,
    has_voice: bool,
    /// Tables of platforms that drafts are exported as.
    sheets: Vec<SheetOption>,
    /// Whether products have addresses ([content] product_url): advertisements need one.
    has_addresses: bool,
    /// Whether whoever wrote a draft may not approve it.
    four_eyes: bool,
    /// By which name the caller stands in the history of drafts; empty for the console's password.
    caller: String,
}

#[derive(Serialize, ToSchema)]
pub struct SheetOption {
    name: &'static str,
    /// Whose drafts it takes.
    channel: &'static str,
}

#[derive(Serialize, ToSchema)]
pub struct ChannelCard {
    name: &'static str,
    label: Text,
    about: Text,
    fields: Vec<ChannelField>,
    languages: Vec<&'static str>,
    /// Where the limits come from.
    source: &'static str,
}

#[derive(Serialize, ToSchema)]
pub struct ChannelField {
    name: &'static str,
    label: Text,
    max: usize,
    /// chars, wide2 (full-width characters are two) or sms.
    #[schema(value_type = String)]
    count: Count,
    /// line, text or html.
    #[schema(value_type = String)]
    format: Format,
    required: bool,
}

#[derive(Serialize, ToSchema)]
pub struct WriterOption {
    /// best, grammar, learned or model.
    name: &'static str,
    ready: bool,
    about: Text,
    /// Why it is not ready, and what to do.
    lacks: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TranslateBody {
    /// What the draft was written for.
    brief: WriteAsked,
    /// A draft as `write` answers it.
    #[schema(value_type = Object)]
    draft: Value,
    #[schema(pattern = "^(zh|en)$")]
    to: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PosterBody {
    /// Of the channel `poster`.
    #[schema(value_type = Object)]
    draft: Value,
    #[schema(pattern = "^(square|portrait|banner)$")]
    format: String,
    /// Counts round.
    #[schema(maximum = 1000)]
    palette: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct PosterView {
    svg: String,
    width: f64,
    height: f64,
    /// The lines as they stand, from the top.
    texts: Vec<String>,
    n_palettes: usize,
}

#[derive(Serialize, ToSchema)]
pub struct RulesView {
    rules: Rules,
    /// The shop's own.
    voice: Option<VoiceSummary>,
    /// Those of brands, by name.
    voices: Vec<VoiceSummary>,
}

impl RulesView {
    fn of(voiced: &Voiced) -> RulesView {
        RulesView { rules: house::rules(voiced), voice: voiced.summary(), voices: voiced.of_brands() }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoiceBody {
    /// The shop's own texts, at most 20,000 characters each.
    #[schema(min_items = 10, max_items = 2000)]
    samples: Vec<String>,
    /// The brand whose texts they are, for a voice that holds for its goods; the shop's own if absent.
    #[schema(min_length = 1, max_length = 200)]
    brand: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VoiceParams {
    /// The brand whose voice is forgotten; the shop's own if absent.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    brand: Option<String>,
}

/// Channels, goals, tones and what else can be asked for.
#[utoipa::path(get, path = "/v1/content/options", tag = "content", responses((status = 200, body = ContentOptions), (status = "4XX", body = ErrorBody)))]
pub async fn get_content_options(Manage(caller): Manage) -> Result<Json<ContentOptions>> {
    let config = caller.shop.shop.config();
    let text = |zh: &str, en: &str| Text { zh: zh.to_owned(), en: en.to_owned() };
    let field = |card: &content::channel::FieldCard| {
        let (zh, en) = card.label();
        ChannelField {
            name: card.name,
            label: Text { zh, en },
            max: card.max,
            count: card.count,
            format: card.format,
            required: card.is_required,
        }
    };
    let card = |card: &content::channel::Channel| ChannelCard {
        name: card.name,
        label: text(card.title_zh, card.title_en),
        about: text(card.sentence_zh, card.sentence),
        fields: card.fields.iter().map(field).collect(),
        languages: card.languages.iter().map(|lang| lang.code()).collect(),
        source: card.source,
    };
    let content = ContentConfig::of(config)?;
    Ok(Json(ContentOptions {
        channels: registry().iter().map(card).collect(),
        goals: Goal::ALL.map(Goal::name).to_vec(),
        tones: Tone::ALL.map(Tone::name).to_vec(),
        lengths: LENGTHS.to_vec(),
        angles: Angle::ALL.map(Angle::name).to_vec(),
        languages: vec!["zh", "en"],
        writers: writers(&caller.shop).await,
        currency: config.currency.clone(),
        shop_name: signature(config),
        has_voice: caller.shop.voiced()?.summary().is_some(),
        sheets: SHEETS.map(|name| SheetOption { name, channel: sheets::channel_of(name) }).into(),
        has_addresses: content.product_url.is_some(),
        four_eyes: content.four_eyes,
        caller: caller.name.clone().unwrap_or_default(),
    }))
}

/// Who can write in this shop now.
async fn writers(shop: &ServedShop) -> Vec<WriterOption> {
    let text = |zh: &str, en: &str| Text { zh: zh.to_owned(), en: en.to_owned() };
    let trained = shop.trained_writer().await;
    let lacks_learned = match &trained {
        Trained::Nothing => Some("nothing was learned yet: tercet train writer".to_owned()),
        Trained::Damaged(why) => Some(why.clone()),
        trained @ Trained::Ready(_) => {
            let of = [Lang::Zh, Lang::En].map(|lang| trained.in_language(lang).map(|writer| writer.is_some()));
            of.iter().find_map(|one| one.as_ref().err()).cloned()
        }
    };
    let asks = shop.writers.as_ref().is_some_and(|writers| writers.config.copy);
    let lacks_model = (!asks).then(|| "no endpoint in [writer] of tercet.toml with copy = true".to_owned());
    let best = text("能写的都写，评审选出最好的", "Everyone who can writes, and the judge takes the best");
    let grammar = text(
        "内置的语法写作：不联网，同样的种子写出同样的文案",
        "The built-in grammar: offline, the same seed gives the same copy",
    );
    let learned = text(
        "本店训练的模型：给同样的事实找别的说法，不联网",
        "The shop's trained model: other words for the same facts, offline",
    );
    let model = text(
        "外部语言模型：只能说列出的事实，每个数字都要有出处",
        "A language model elsewhere: only what is listed, each figure with its source",
    );
    let option = |name, about, lacks: Option<String>| WriterOption { name, ready: lacks.is_none(), about, lacks };
    vec![
        option("best", best, None),
        option("grammar", grammar, None),
        option("learned", learned, lacks_learned),
        option("model", model, lacks_model),
    ]
}

/// Identifiers and names of a request.
pub(super) fn check_asked(asked: &WriteAsked) -> Result<()> {
    asked.product_ids.iter().try_for_each(|id| check_id("product_ids", id))?;
    asked.owned_product_id.iter().try_for_each(|id| check_id("owned_product_id", id))?;
    let audience = asked.audience.as_ref();
    audience.and_then(|audience| audience.segment.as_ref()).map_or(Ok(()), |key| check_id("audience.segment", key))
}

/// Copies of a product for a channel, in variants from different angles, each checked. Nothing is stored.
#[utoipa::path(post, path = "/v1/content/write", tag = "content", request_body = WriteAsked,
    responses((status = 200, body = Written), (status = "4XX", body = ErrorBody)))]
pub async fn write_content(Manage(caller): Manage, Body(asked): Body<WriteAsked>) -> Result<Json<Written>> {
    check_asked(&asked)?;
    let begun = Instant::now();
    let prepared = caller.shop.prepared_copy(&asked, &Purpose::Written).await?;
    let mut written = caller.shop.write_copy(&asked, prepared).await?;
    written.took_ms = begun.elapsed().as_millis() as u64;
    Ok(Json(written))
}

/// A draft in the other language: the same claims, none besides, checked like any other text. Nothing is stored.
#[utoipa::path(post, path = "/v1/content/translate", tag = "content", request_body = TranslateBody,
    responses((status = 200, body = Translated), (status = "4XX", body = ErrorBody)))]
pub async fn translate_content(Manage(caller): Manage, Body(body): Body<TranslateBody>) -> Result<Json<Translated>> {
    check_asked(&body.brief)?;
    let draft: Draft = serde_json::from_value(body.draft).map_err(super::input::not_json)?;
    let from = body.brief.language.as_deref().unwrap_or(&caller.shop.shop.config().language);
    let asked = asked_in(&body.brief, from, &body.to)?;
    let prepared = caller.shop.prepared_copy(&asked, &Purpose::Translated).await?;
    let voiced = caller.shop.voiced()?;
    let made = off_thread(move || {
        let mut draft = draft;
        drafts::believed(&mut draft, &prepared)?;
        translate(&draft, asked, &prepared, &voiced)
    });
    Ok(Json(made.await?))
}

/// What the law, the shop's rules and a product's fields say of a text from anywhere. Nothing is stored.
#[utoipa::path(post, path = "/v1/content/check", tag = "content", request_body = LookAsked,
    responses((status = 200, body = Looked), (status = "4XX", body = ErrorBody)))]
pub async fn check_content(Manage(caller): Manage, Body(asked): Body<LookAsked>) -> Result<Json<Looked>> {
    check_text("text", &asked.text, TEXT_CHARS_MAX)?;
    asked.product_id.iter().try_for_each(|id| check_id("product_id", id))?;
    let shop = caller.shop;
    let (stock, voiced) = (shop.stock().await?, shop.voiced()?);
    let history = match &asked.product_id {
        Some(id) => {
            stock.product(id)?;
            shop.sold_for(id).await?
        }
        None => Arc::default(),
    };
    let config = shop.shop.config().clone();
    let today = clock::today(&config.time_zone);
    Ok(Json(off_thread(move || look(&asked, &config, &stock, &history, &voiced, today)).await?))
}

/// A poster or banner of a draft, as SVG. Nothing is stored.
#[utoipa::path(post, path = "/v1/content/poster", tag = "content", request_body = PosterBody,
    responses((status = 200, body = PosterView), (status = "4XX", body = ErrorBody)))]
pub async fn make_poster(Manage(caller): Manage, Body(body): Body<PosterBody>) -> Result<Json<PosterView>> {
    let draft: Draft = serde_json::from_value(body.draft).map_err(super::input::not_json)?;
    if draft.channel != "poster" {
        let message = format!("the draft is of the channel '{}'; allowed: poster", clipped(&draft.channel));
        return Err(ServiceError::usage("channel", message));
    }
    draft.fields.iter().try_for_each(|field| check_text("a field", &field.text, 1_000))?;
    let format = match body.format.as_str() {
        "square" => poster::Format::Square,
        "portrait" => poster::Format::Poster,
        "banner" => poster::Format::Banner,
        other => {
            let message = format!("format is '{}'; allowed: square, portrait, banner", clipped(other));
            return Err(ServiceError::usage("format", message));
        }
    };
    let words = poster::Words::of(&draft, &signature(caller.shop.shop.config()));
    let made = poster::render(&words, format, body.palette.unwrap_or(0));
    Ok(Json(PosterView {
        svg: made.svg,
        width: made.width,
        height: made.height,
        texts: made.lines.into_iter().map(|line| line.text).collect(),
        n_palettes: poster::PALETTES.len(),
    }))
}

/// Words that people laid down, and the voice that was learned.
#[utoipa::path(get, path = "/v1/content/rules", tag = "content", responses((status = 200, body = RulesView), (status = "4XX", body = ErrorBody)))]
pub async fn get_content_rules(Manage(caller): Manage) -> Result<Json<RulesView>> {
    Ok(Json(RulesView::of(&*caller.shop.voiced()?)))
}

/// Puts rules in the place of those before.
#[utoipa::path(put, path = "/v1/content/rules", tag = "content", request_body = Rules,
    responses((status = 200, body = RulesView), (status = "4XX", body = ErrorBody)))]
pub async fn put_content_rules(Manage(caller): Manage, Body(rules): Body<Rules>) -> Result<Json<RulesView>> {
    let shop = caller.shop.clone();
    off_thread(move || house::put_rules(&shop.store, &rules)).await?;
    Ok(Json(RulesView::of(&*caller.shop.voiced()?)))
}

/// Learns how the shop speaks from its own texts, or a brand from its, in the place of what was learned before.
#[utoipa::path(post, path = "/v1/content/voice", tag = "content", request_body = VoiceBody,
    responses((status = 200, body = VoiceSummary), (status = "4XX", body = ErrorBody)))]
pub async fn learn_voice(Manage(caller): Manage, Body(body): Body<VoiceBody>) -> Result<Json<VoiceSummary>> {
    let (shop, stock) = (caller.shop.clone(), caller.shop.stock().await?);
    Ok(Json(off_thread(move || house::learn(&shop.store, &stock, &body.samples, body.brand.as_deref())).await?))
}

/// Forgets how the shop speaks, or how a brand does.
#[utoipa::path(delete, path = "/v1/content/voice", tag = "content", params(VoiceParams), responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn forget_voice(Manage(caller): Manage, Params(params): Params<VoiceParams>) -> Result<StatusCode> {
    off_thread(move || house::forget(&caller.shop.store, params.brand.as_deref())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Copies of a whole category as drafts; `by` is the name of the key that asked for them.
pub(super) async fn start(shop: Arc<ServedShop>, params: Value, by: Option<String>) -> Result<JobRecord> {
    let asked: BatchAsked = serde_json::from_value(params.clone()).map_err(super::input::not_json)?;
    let today = clock::today(&shop.shop.config().time_zone);
    let groups = match &asked.segment {
        Some(_) => shop.groups.now(&shop.shop).await?,
        None => None,
    };
    asked.checked(shop.shop.config(), groups.as_deref(), today)?;
    let jobs = shop.jobs.clone();
    jobs.start("content", params, move |handle: Handle| async move {
        handle.report(0.0, "reading the catalogue");
        let (stock, voiced, trained) = (shop.stock().await?, shop.voiced()?, shop.trained_writer().await);
        let runtime = tokio::runtime::Handle::current();
        let work = move || {
            let sold_for = |part: &[Arc<Product>]| runtime.block_on(prices::histories(&shop.shop, part));
            let room = Room {
                config: shop.shop.config(),
                stock: &stock,
                voiced: &voiced,
                today,
                store: &shop.store,
                groups: groups.as_deref(),
                trained: &trained,
                sold_for: &sold_for,
            };
            let on = |share: f64, message: &str| handle.report(share, message);
            Ok(serde_json::to_value(drafts::of_batch(&shop.store, &asked, &room, by.as_deref(), &on)?)?)
        };
        off_thread(work).await
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WriterParams {
    /// zh or en; the shop's own if absent.
    language: Option<String>,
    #[serde(default)]
    settings: BTreeMap<String, Value>,
    /// Plans that the grammar words to learn from.
    plans: Option<usize>,
    seed: Option<u64>,
}

/// Learns a writer of one language.
pub(super) fn start_writer(shop: Arc<ServedShop>, params: Value) -> Result<JobRecord> {
    let asked: WriterParams = serde_json::from_value(params.clone()).map_err(super::input::not_json)?;
    let request = WriterRequest {
        language: asked.language,
        set: super::runs::assignments(&asked.settings),
        n_plans: asked.plans,
        seed: asked.seed.unwrap_or(1),
        n_threads: 1,
    };
    request.checked(shop.shop.config())?;
    let jobs = shop.jobs.clone();
    jobs.start("writer", params, move |handle: Handle| async move {
        let info = learned::train(&shop.shop, &request, &|share, message| handle.report(share, message)).await?;
        // Read here, so that nobody who writes waits for it.
        shop.trained_writer().await;
        Ok(serde_json::to_value(info)?)
    })
}
