//! Customer service over a served shop: everything a turn needs, made ready once and shared by all conversations, made anew
//! beside those when the catalogue, a table, the rules or a model is another. What is said is the business of the crate
//! `assist`; conversations are kept elsewhere.

mod book;
mod library;
mod orders;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, RwLock};
use std::time::SystemTime;

use assist::hand_over::{HandOver, Reason};
use assist::knowledge::{Curated, CuratedAnswer};
use assist::memory::Fact;
use assist::small_talk::SmallTalk;
use assist::turn::{Action, Author, Lang, Message, Reply, Step, Turn};
use assist::understand::{IntentModel, ProductNames, Understander};
use assist::world::{OrderRecord, World};
use assist::writer::Writer;
use assist::{Assistant, golden};
use assist::{Dialogue, policy::Policies};
use domain::{Day, Millis, Product};
use tokio::runtime::Handle;
use tokio::sync::Mutex as AsyncMutex;

pub(super) use self::library::generation;
use self::library::{Library, Means, Once};
use self::orders::{AskedOrders, KnownOrders, OrdersByCustomer};
use self::world::{Asked, FitRows};
use super::{ServedShop, Snapshot, off_thread};
use crate::background;
use crate::clock;
use crate::error::Result;
use crate::flows::assist::{self as flow, Trained};
use crate::flows::in_service::InService;
use crate::flows::language::Loaded;
use crate::flows::language::find::PlainShelf;
use crate::writer::spent::WriterSpent;

pub use self::library::{ANSWERS, CuratedRow, curated_rows};

/// Between two looks whether something is another.
const LOOK_MS: i64 = 1_000;

/// What finds products by text.
#[derive(Clone)]
pub enum Words {
    Learned(Arc<Loaded>),
    Plain(Arc<PlainShelf>),
}

/// What everything was made of.
#[derive(Clone, PartialEq)]
struct Stamp {
    model: Option<String>,
    words: Option<String>,
    /// Address of the snapshot, which lives as long as it is named here.
    snapshot: usize,
    policies: Option<(SystemTime, u64)>,
    knowledge: u64,
    answers: (u64, u64),
}

/// All that turns share.
pub struct Ready {
    pub assistant: Assistant,
    pub library: Library,
    /// How its texts are cut.
    pub means: Arc<Means>,
    words: Words,
    fits: Arc<FitRows>,
    names: Arc<ProductNames>,
    model: Arc<IntentModel>,
    small_talk: Option<Arc<SmallTalk>>,
    snapshot: Arc<Snapshot>,
    stamp: Stamp,
}

/// What a served shop keeps for customer service.
#[derive(Default)]
pub struct Kept {
    ready: RwLock<Option<Arc<Ready>>>,
    /// Held by the one who makes it anew.
    making: AsyncMutex<()>,
    looked_at: AtomicI64,
    trained: InService<Trained>,
    orders: KnownOrders,
    answers_changed: AtomicU64,
}

impl Kept {
    fn ready(&self) -> Option<Arc<Ready>> {
        self.ready.read().expect("no holder panics").clone()
    }

    pub fn forget(&self, customer_id: &str) {
        self.orders.forget(customer_id);
    }

    /// A curated answer was changed.
    pub fn answers_changed(&self) {
        self.answers_changed.fetch_add(1, SeqCst);
    }
}

/// The model of a shop that has trained none: the same for all, learned once.
fn untrained() -> Result<Arc<IntentModel>> {
    static LEARNED: Mutex<Option<Arc<IntentModel>>> = Mutex::new(None);
    let mut learned = LEARNED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(model) = &*learned {
        return Ok(model.clone());
    }
    Ok(learned.insert(Arc::new(flow::untrained()?)).clone())
}

/// A customer's message, and what is known of who says it.
pub struct Said<'a> {
    pub text: &'a str,
    pub at: Millis,
    pub customer_id: Option<&'a str>,
    pub page_product_id: Option<&'a str>,
    pub page_lang: Option<Lang>,
    /// What is known of them from earlier conversations; empty for somebody unknown.
    pub memory: &'a [Fact],
}

impl ServedShop {
    /// What answers, as of at most a second ago; made now if it never was.
    ///
    /// # Errors
    /// If it never was and cannot be made.
    pub async fn assistant(self: &Arc<Self>) -> Result<Arc<Ready>> {
        let Some(ready) = self.service.ready() else { return self.made_assistant().await };
        let now = clock::now().0;
        let looked_at = self.service.looked_at.load(SeqCst);
        let is_due = now - looked_at >= LOOK_MS
            && self.service.looked_at.compare_exchange(looked_at, now, SeqCst, SeqCst).is_ok();
        if is_due {
            self.look_at_orders();
        }
        if is_due && self.stamp(&ready.snapshot).is_ok_and(|stamp| stamp != ready.stamp) {
            let shop = self.clone();
            // Whoever talks meanwhile is answered by what there is.
            background::spawn(async move {
                if let Err(error) = shop.made_assistant().await {
                    tracing::warn!(message = %error.message, "customer service goes on with what it had");
                }
            });
        }
        Ok(ready)
    }

    /// Has the book of orders made beside those who talk, where it is not of now. Without it orders are read one customer at a
    /// time.
    fn look_at_orders(self: &Arc<Self>) {
        let shop = self.clone();
        background::spawn(async move {
            if let Err(error) = shop.service.orders.make_book(&shop.shop).await {
                tracing::warn!(message = %error.message, "orders are read customer by customer");
            }
        });
    }

    /// The same, of now.
    ///
    /// # Errors
    /// If something cannot be read or learned.
    pub async fn made_assistant(self: &Arc<Self>) -> Result<Arc<Ready>> {
        let _alone = self.service.making.lock().await;
        let before = self.service.ready();
        if let Some(before) =
            before.as_ref().filter(|before| self.stamp(&before.snapshot).is_ok_and(|now| now == before.stamp))
        {
            return Ok(before.clone());
        }
        self.look_at_orders();
        let made = Arc::new(self.make(before.as_deref()).await?);
        *self.service.ready.write().expect("no holder panics") = Some(made.clone());
        self.service.looked_at.store(clock::now().0, SeqCst);
        Ok(made)
    }

    /// Of now. The snapshot in `made_of` is kept alive by the caller, so that its address is no other's.
    fn stamp(&self, made_of: &Arc<Snapshot>) -> Result<Stamp> {
        let _alive = made_of;
        Ok(Stamp {
            model: self.shop.models().current(flow::KIND)?,
            words: self.words_version(),
            snapshot: Arc::as_ptr(&self.snapshot()) as usize,
            policies: flow::policies_stamp(self.shop.root()),
            knowledge: generation(&self.shop, "knowledge")?,
            answers: (generation(&self.shop, ANSWERS)?, self.service.answers_changed.load(SeqCst)),
        })
    }

    async fn make(&self, before: Option<&Ready>) -> Result<Ready> {
        let snapshot = self.snapshot();
        // Read first: whatever changes meanwhile is read again next time.
        let stamp = Stamp { snapshot: Arc::as_ptr(&snapshot) as usize, ..self.stamp(&snapshot)? };
        let learned = self.words.if_readable(&self.shop).await;
        let same_words = |known: &Stamp| known.words == stamp.words;
        let (model, small_talk) = match same(before, |known| known.model == stamp.model) {
            Some(before) => (before.model.clone(), before.small_talk.clone()),
            None => match self.service.trained.now(&self.shop).await? {
                Some(trained) => (trained.model.clone(), trained.small_talk.clone()),
                None => (off_thread(untrained).await?, None),
            },
        };
        let means = Arc::new({
            let (learned, snapshot) = (learned.clone(), snapshot.clone());
            off_thread(move || Ok(Means::of(learned.as_deref(), || products_of(&snapshot)))).await?
        });
        let knowledge = match same(before, |known| known.knowledge == stamp.knowledge && same_words(known)) {
            Some(before) => before.library.knowledge.clone(),
            None => {
                let known = same(before, same_words).map(|before| before.library.knowledge.clone());
                Arc::new(library::knowledge(&self.shop, &means, known).await?)
            }
        };
        let curated = match same(before, |known| known.answers == stamp.answers && same_words(known)) {
            Some(before) => before.library.curated.clone(),
            None => {
                let rows = curated_rows(&self.shop, &self.store).await?;
                let rows: Vec<CuratedAnswer> = rows.iter().map(|(row, _)| row.into()).collect();
                let means = means.clone();
                let make = move || Curated::new(&rows, &means.tokeniser, means.encoder.clone());
                off_thread(move || Ok(Arc::new(make()?))).await?
            }
        };
        // Every minute brings other sales; the catalogue changes now and then.
        let of_catalogue = same(before, same_words).filter(|before| before.snapshot.shares_catalogue(&snapshot));
        let (words, names, fits) = match of_catalogue {
            Some(before) => (before.words.clone(), before.names.clone(), before.fits.clone()),
            None => {
                let (snapshot, learned, means) = (snapshot.clone(), learned.clone(), means.clone());
                off_thread(move || {
                    let words = match learned {
                        Some(loaded) => Words::Learned(loaded),
                        None => Words::Plain(Arc::new(PlainShelf::of(&products_of(&snapshot), &means.tokeniser)?)),
                    };
                    let names = ProductNames::of(snapshot.products.iter().flatten().map(|row| &*row.product));
                    Ok((words, Arc::new(names), Arc::new(FitRows::of(&snapshot.fits))))
                })
                .await?
            }
        };
        let policies = match flow::policies(self.shop.root()) {
            Ok(policies) => policies,
            // A shop goes on with the rules it had rather than without any.
            Err(error) => {
                tracing::warn!(message = %error.message, "service.toml cannot be read; the rules before it stay in force");
                before.map_or_else(Policies::default, |before| before.assistant.policies.clone())
            }
        };
        let understander = Understander::new(model.clone(), names.clone());
        let assistant = Assistant::new(understander, policies)?;
        let assistant = match &small_talk {
            Some(small_talk) => assistant.with_small_talk(small_talk.clone()),
            None => assistant,
        };
        Ok(Ready {
            assistant,
            library: Library { knowledge, curated },
            means,
            words,
            fits,
            names,
            model,
            small_talk,
            snapshot,
            stamp,
        })
    }

    /// A customer's orders, newest first.
    ///
    /// # Errors
    /// If the tables cannot be read.
    pub async fn orders_of(&self, customer_id: &str) -> Result<Arc<Vec<OrderRecord>>> {
        self.service.orders.of(&self.shop, customer_id).await
    }

    /// The same of many customers, in one look at the tables.
    ///
    /// # Errors
    /// If the tables cannot be read.
    pub async fn orders_of_all(&self, customers: &[String]) -> Result<OrdersByCustomer> {
        self.service.orders.of_all(&self.shop, customers).await
    }

    /// Answers one message; on a thread that may wait. Never fails: a turn that breaks off goes to a person.
    pub fn turn(&self, ready: &Ready, said: &Said, dialogue: &mut Dialogue, runtime: &Handle) -> Turn {
        let before = dialogue.clone();
        let take = || self.taken(ready, said, dialogue, runtime);
        match catch_unwind(AssertUnwindSafe(take)) {
            Ok(turn) => turn,
            Err(_) => {
                tracing::error!("a turn broke off; the conversation goes to a person");
                *dialogue = before;
                broken_off(said.page_lang.or(dialogue.lang).unwrap_or_default())
            }
        }
    }

    fn taken(&self, ready: &Ready, said: &Said, dialogue: &mut Dialogue, runtime: &Handle) -> Turn {
        let message = Message {
            text: said.text,
            at: said.at,
            customer_id: said.customer_id,
            page_product_id: said.page_product_id,
            page_lang: said.page_lang,
            memory: said.memory,
        };
        let pen = self.writers.as_ref().map(|writers| {
            let today = clock::today(&self.shop.config().time_zone);
            writers.pen(&self.store, &self.metrics, today)
        });
        let writer = pen.as_ref().map(|pen| pen as &dyn Writer);
        let turn =
            self.with_world(ready, said.at, runtime, |world| ready.assistant.turn(&message, dialogue, world, writer));
        if let Some(pen) = pen {
            let is_understood =
                turn.trace.iter().any(|step| step.stage == "writer" && step.found.starts_with("understood"));
            pen.judged(turn.reply.author == Author::Writer, is_understood);
        }
        turn
    }

    /// What the shop's language models used today, by endpoint.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn written_today(&self) -> Result<BTreeMap<String, WriterSpent>> {
        self.written(1)
    }

    /// The same over the last days of the shop's calendar, today the last of them.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn written(&self, days: i64) -> Result<BTreeMap<String, WriterSpent>> {
        let today = clock::today(&self.shop.config().time_zone);
        let before = i32::try_from(days.max(1) - 1).unwrap_or(i32::MAX);
        crate::writer::spent::between(&self.store, Day(today.0.saturating_sub(before)), today)
    }

    /// Holds a conversation with known expectations, without a language model: the same every time. On a thread that may wait.
    pub fn hold(&self, ready: &Ready, expected: &golden::Conversation, at: Millis, runtime: &Handle) -> golden::Report {
        self.with_world(ready, at, runtime, |world| golden::run(&ready.assistant, world, expected, at))
    }

    /// The shop as it is at a moment.
    fn with_world<T>(&self, ready: &Ready, at: Millis, runtime: &Handle, work: impl FnOnce(&World) -> T) -> T {
        let config = self.shop.config();
        let zone = config.zone();
        let asked = Asked {
            shop: self,
            snapshot: self.snapshot(),
            words: ready.words.clone(),
            fits: ready.fits.clone(),
            names: &ready.names,
        };
        let library = Once::of(&ready.library);
        let orders = AskedOrders { shop: &self.shop, known: &self.service.orders, runtime };
        let world = World {
            catalogue: &asked,
            orders: &orders,
            library: &library,
            recommender: &asked,
            today: clock::day_of(at, &zone),
            minute_of_day: clock::minute_of_day(at, &zone),
            day_of: &|at| clock::day_of(at, &zone),
            currency: &config.currency,
            shop_name: &config.name,
        };
        work(&world)
    }
}

/// What was made before, if it was made of the same.
fn same(before: Option<&Ready>, is: impl Fn(&Stamp) -> bool) -> Option<&Ready> {
    before.filter(|before| is(&before.stamp))
}

fn products_of(snapshot: &Snapshot) -> Vec<Product> {
    snapshot.products.iter().flatten().map(|row| Product::clone(&row.product)).collect()
}

/// What is said when our own program fails.
fn broken_off(lang: Lang) -> Turn {
    let text = lang.choose(
        "抱歉，我这边出了点问题，暂时无法回答。已为您转接人工客服。",
        "Sorry, something went wrong on our side and I cannot answer this. A person will take over.",
    );
    Turn {
        reply: Reply { lang, text: text.to_owned(), ..Reply::default() },
        action: Action::HandOver(HandOver {
            reason: Reason::Failure,
            skill: "general".to_owned(),
            ..HandOver::default()
        }),
        understood: Default::default(),
        trace: vec![Step::new("failure", "the turn broke off")],
    }
}
