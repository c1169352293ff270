//! The trained writer of a shop: learned from sentences that the grammar plans about the shop's own goods and from texts that the shop
//! approved, published as one version for both languages, read back as it serves. What is learned, and how it writes, is the business of
//! `content::write::learned`; a file that is damaged is said, and the grammar goes on.

use std::collections::BTreeMap;
use std::time::Instant;

use content::brief::{Audience, Brief, Goal, Lang, Length, Offer, Tone};
use content::channel::{Channel, registry};
use content::plan::{Market, Plan};
use content::write::learned::{merged, pairs_of_task, pairs_of_text};
use content::write::{Angle, Learned, Task, Writer};
use data::Shop;
use data::state::drafts::DraftQuery;
use domain::{Cents, Day, Product};
use language::seq2seq::planned::PlannedPair;
use language::seq2seq::train::Trace;
use math::random::Random;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Grounds, Prepared, Stock, asked, drafts};
use crate::clock;
use crate::error::{Result, ServiceError};
use crate::flows::Progress;
use crate::flows::in_service::Published;
use crate::store::Store;

/// The kind of model under `models/`.
pub const KIND: &str = "writer";
const INFO: &str = "writer.json";
const VERSIONS_KEPT: usize = 3;
/// Plans that are worded by the grammar to learn from, and drafts of each.
const PLANS: usize = 1_500;
const PLANS_MAX: usize = 20_000;
const DRAFTS_OF_PLAN: usize = 2;
/// Approved drafts whose words are learned from.
const TEXTS_MAX: usize = 2_000;
const PAGE: usize = 200;
/// Titles of key words are lists, not sentences.
const WITHOUT_SENTENCES: &str = "marketplace_title";

/// What to learn.
#[derive(Clone, Debug)]
pub struct WriterRequest {
    /// zh or en; the shop's own if absent.
    pub language: Option<String>,
    /// Settings of the card `seq2seq` that differ from what suits: `epochs=5`.
    pub set: Vec<String>,
    /// Plans that the grammar words to learn from; 1,500 if absent.
    pub n_plans: Option<usize>,
    pub seed: u64,
    pub n_threads: usize,
}

impl WriterRequest {
    /// # Errors
    /// If the language is none, or a setting is none of the card's.
    pub fn checked(&self, config: &data::ShopConfig) -> Result<()> {
        asked::lang(self.language.as_deref(), config)?;
        language::seq2seq::model::CARD.settings_from_texts(&self.set)?;
        match self.n_plans {
            Some(found) if !(1..=PLANS_MAX).contains(&found) => {
                Err(ServiceError::usage("plans", format!("plans is {found}; allowed: 1 to {PLANS_MAX}")))
            }
            _ => Ok(()),
        }
    }
}

/// What is known of a trained writer: `writer.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WriterInfo {
    /// Filled in by readers: it is known only once published.
    #[serde(default)]
    pub version: String,
    /// By language.
    pub languages: BTreeMap<String, WriterLanguage>,
}

/// How one language was learned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WriterLanguage {
    /// UTC milliseconds.
    pub trained_at: i64,
    pub seconds: f64,
    pub seed: u64,
    pub n_products: usize,
    /// Approved texts of the shop, and sentences of them that were learned from.
    pub n_texts: usize,
    pub n_sentences_of_texts: usize,
    /// Sentences with their plans, each once.
    pub n_pairs: usize,
    pub epochs: u64,
    /// Nats of a unit over sentences held back, at the end of the last round; absent where there were too few to hold any back.
    pub nats: Option<f64>,
}

/// A version as it serves.
pub struct Loaded {
    pub info: WriterInfo,
    models: BTreeMap<&'static str, std::result::Result<Learned, String>>,
}

impl Loaded {
    /// The writer of a language, or why its file is none; nothing if it was not learned.
    pub fn writer(&self, lang: Lang) -> Option<std::result::Result<&dyn Writer, &str>> {
        let found = self.models.get(lang.code())?;
        Some(found.as_ref().map(|writer| writer as &dyn Writer).map_err(String::as_str))
    }
}

impl Published for Loaded {
    const KIND: &'static str = KIND;

    async fn read(shop: &Shop, version: String) -> Result<Loaded> {
        let damaged = |name: &str, said: String| {
            format!("models/{KIND}/{version}/{name} is damaged ({said}); learn it anew: tercet train writer")
        };
        let bytes = shop.models().read(KIND, &version, INFO)?;
        let info: WriterInfo =
            serde_json::from_slice(&bytes).map_err(|error| ServiceError::failed(damaged(INFO, error.to_string())))?;
        let mut models = BTreeMap::new();
        for lang in [Lang::Zh, Lang::En].into_iter().filter(|lang| info.languages.contains_key(lang.code())) {
            let name = file(lang);
            let read = shop.models().read(KIND, &version, &name).map_err(|error| error.to_string());
            let model = read.and_then(|bytes| Learned::from_bytes(&bytes).map_err(|error| error.to_string()));
            let model = model.and_then(|model| match model.lang() == lang {
                true => Ok(model),
                false => Err(format!("it writes {}", model.lang().code())),
            });
            models.insert(lang.code(), model.map_err(|said| damaged(&name, said)));
        }
        Ok(Loaded { info: WriterInfo { version, ..info }, models })
    }

    fn version(&self) -> &str {
        &self.info.version
    }

    fn none_yet() -> ServiceError {
        ServiceError::not_found("trained writer", KIND).help("tercet train writer learns one")
    }
}

fn file(lang: Lang) -> String {
    format!("{}.safetensors", lang.code())
}

/// Learns a writer of one language and puts it into service; one of the other language stays as it is.
///
/// # Errors
/// If there is nothing to learn from, a setting is wrong, the shop is locked, or the work was cancelled.
pub async fn train(shop: &Shop, request: &WriterRequest, progress: Progress<'_>) -> Result<WriterInfo> {
    request.checked(shop.config())?;
    shop.lock_for_writing()?;
    let started = Instant::now();
    let lang = asked::lang(request.language.as_deref(), shop.config())?;
    go_on(progress, 0.0, "reading the catalogue")?;
    let stock = Stock::of(shop).await?;
    let store = Store::of(shop)?;
    let today = clock::today(&shop.config().time_zone);
    let (learned, mut own) = tokio::task::block_in_place(|| {
        let (pairs, own) = pairs(shop, &store, &stock, lang, today, request, progress)?;
        learn(lang, &pairs, request, own, progress)
    })?;
    go_on(progress, 0.99, "putting it into service")?;
    (own.trained_at, own.seconds) = (clock::now().0, started.elapsed().as_secs_f64());
    let mut info = WriterInfo::default();
    let mut files = BTreeMap::from([(file(lang), learned.to_bytes())]);
    keep_other(shop, lang, &mut info, &mut files);
    info.languages.insert(lang.code().to_owned(), own);
    files.insert(INFO.to_owned(), serde_json::to_vec_pretty(&info)?);
    info.version = shop.models().publish(KIND, &files)?;
    shop.models().activate(KIND, &info.version)?;
    shop.models().prune(KIND, VERSIONS_KEPT)?;
    progress(1.0, "in service");
    Ok(info)
}

fn go_on(progress: Progress<'_>, share: f64, message: &str) -> Result<()> {
    match progress(share, message) {
        true => Ok(()),
        false => Err(ServiceError::conflict("cancelled", "cancelled")),
    }
}

/// Takes the model of the other language along, if it can be read.
fn keep_other(shop: &Shop, lang: Lang, info: &mut WriterInfo, files: &mut BTreeMap<String, Vec<u8>>) {
    let other = if lang == Lang::Zh { Lang::En } else { Lang::Zh };
    let Ok(Some(version)) = shop.models().current(KIND) else { return };
    let read = |name: &str| shop.models().read(KIND, &version, name).ok();
    let known = read(INFO).and_then(|bytes| serde_json::from_slice::<WriterInfo>(&bytes).ok());
    let Some(about) = known.and_then(|mut known| known.languages.remove(other.code())) else { return };
    let Some(bytes) = read(&file(other)).filter(|bytes| Learned::from_bytes(bytes).is_ok()) else { return };
    files.insert(file(other), bytes);
    info.languages.insert(other.code().to_owned(), about);
}

/// Sentences of the grammar about goods on sale, and of approved texts, each once.
fn pairs(
    shop: &Shop,
    store: &Store,
    stock: &Stock,
    lang: Lang,
    today: Day,
    request: &WriterRequest,
    progress: Progress<'_>,
) -> Result<(Vec<PlannedPair>, WriterLanguage)> {
    go_on(progress, 0.02, "planning sentences")?;
    let (seed, n_plans) = (request.seed, request.n_plans.unwrap_or(PLANS));
    let mut info = WriterLanguage { seed, ..WriterLanguage::default() };
    let products: Vec<_> = match stock.products().next() {
        None => Vec::new(),
        Some(_) => stock.on_sale(None, today)?,
    };
    info.n_products = products.len();
    if products.is_empty() {
        return Err(ServiceError::conflict("writer", "the shop has no product on sale to learn to write about")
            .help("import products: tercet import FILE --as products"));
    }
    let channels: Vec<&'static Channel> =
        registry().iter().filter(|one| one.languages.contains(&lang) && one.name != WITHOUT_SENTENCES).collect();
    let mut all: Vec<PlannedPair> = Vec::new();
    for nth in 0..n_plans {
        let mut random = Random::stream(seed, nth as u64);
        let hero = &products[random.below(products.len())];
        let brief = brief(shop, hero, channels[nth % channels.len()], lang, today, &mut random);
        let Ok(channel) = brief.check() else { continue };
        let opinions = stock.opinions_of(&hero.product_id);
        let before = stock.predecessor(hero);
        let market = Market { shelf: Some(stock.shelf()), predecessor: before.map(|one| &**one), opinions: &opinions };
        let plan = Plan::new(&brief, &market);
        let angle = Angle::ALL[random.below(Angle::ALL.len())];
        let angle = if angle.is_open(&plan, &brief) { angle } else { Angle::Goal };
        let task = Task { brief: &brief, plan: &plan, channel, angle, seed: seed ^ nth as u64, last_openings: &[] };
        all.extend(pairs_of_task(&task, DRAFTS_OF_PLAN));
        if nth % 100 == 0 {
            go_on(progress, 0.02 + 0.03 * nth as f64 / n_plans as f64, "planning sentences")?;
        }
    }
    go_on(progress, 0.05, "reading approved texts")?;
    all.extend(of_texts(shop, store, stock, lang, today, &mut info)?);
    let all = merged(all, seed);
    info.n_pairs = all.len();
    Ok((all, info))
}

/// A brief of a product; everything else drawn, so that all goals and tones are met.
fn brief(shop: &Shop, hero: &Product, channel: &Channel, lang: Lang, today: Day, random: &mut Random) -> Brief {
    // The goals that need nothing beside the product.
    let list = hero.price_cents.map_or(0, |price| price.0);
    let goal = match [Goal::Launch, Goal::Promotion, Goal::WinBack][random.below(3)] {
        Goal::Promotion if list <= 1_000 => Goal::Launch,
        goal => goal,
    };
    let has_coupon = random.below(3) == 0;
    let mut hero = hero.clone();
    // What is new and what is not begin differently, and few goods are new on the day of training.
    if goal == Goal::Launch && random.below(2) == 0 {
        hero.launched_on = Some(today);
    }
    // Figures give way to places: that there is an offer is learned, not which.
    let offer = (goal == Goal::Promotion).then(|| Offer {
        price_cents: Some(Cents(list * 9 / 10)),
        coupon: has_coupon.then(|| "CODE".to_owned()),
        ends_on: Some(Day(today.0 + 14)),
        ..Offer::default()
    });
    Brief {
        products: vec![hero],
        audience: Audience { price_sensitivity: Some(random.uniform()), ..Audience::default() },
        goal,
        channel: channel.name.to_owned(),
        tone: Tone::ALL[random.below(Tone::ALL.len())],
        lang,
        offer,
        length: [Length::Short, Length::Medium, Length::Long][random.below(3)],
        shop_name: asked::signature(shop.config()),
        currency: shop.config().currency.clone(),
        today: Some(today),
        may_compare: true,
    }
}

/// Sentences of approved drafts that word what their plans say. A draft whose product is gone is passed over.
fn of_texts(
    shop: &Shop,
    store: &Store,
    stock: &Stock,
    lang: Lang,
    today: Day,
    info: &mut WriterLanguage,
) -> Result<Vec<PlannedPair>> {
    let query = DraftQuery { state: Some("approved".to_owned()), ..DraftQuery::default() };
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = store.drafts_after(&query, &after, PAGE)?;
        for stored in &page {
            let detail = drafts::read(stored)?;
            if detail.row.language != lang.code() || info.n_texts >= TEXTS_MAX {
                continue;
            }
            let Ok(brief) = detail.brief.brief(shop.config(), stock, None, today) else { continue };
            let Ok(prepared) = Prepared::new(brief, &Grounds::of(stock)) else { continue };
            info.n_texts += 1;
            found.extend(pairs_of_text(&prepared.brief, &prepared.plan, &detail.draft.plain()));
        }
        match page.last().filter(|_| page.len() == PAGE && info.n_texts < TEXTS_MAX) {
            Some(last) => after.clone_from(&last.id),
            None => break,
        }
    }
    info.n_sentences_of_texts = found.len();
    Ok(found)
}

fn learn(
    lang: Lang,
    pairs: &[PlannedPair],
    request: &WriterRequest,
    mut info: WriterLanguage,
    progress: Progress<'_>,
) -> Result<(Learned, WriterLanguage)> {
    let seen = std::sync::Mutex::new((0u64, None::<f64>, false));
    let watch = |trace: &Trace| {
        let mut seen = seen.lock().expect("no holder panics");
        (seen.0, seen.1) = (trace.epoch + 1, trace.validation.or(seen.1));
        let told = format!("learning from {} sentences, round {}", pairs.len(), trace.epoch + 1);
        seen.2 |= !progress(0.06 + 0.92 * trace.done, &told);
        !seen.2
    };
    let settings: Vec<&str> = request.set.iter().map(String::as_str).collect();
    let learned = Learned::learn(lang, pairs, &settings, request.seed, request.n_threads, &watch);
    let (epochs, nats, is_cancelled) = seen.into_inner().expect("no holder panics");
    if is_cancelled {
        return Err(ServiceError::conflict("cancelled", "cancelled"));
    }
    (info.epochs, info.nats) = (epochs, nats);
    Ok((learned?, info))
}
