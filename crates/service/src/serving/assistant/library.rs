//! Documents and curated answers as a turn asks them. Made anew when the tables, the changed rows or the shop's words are
//! others; a large index is kept beside the models, so that a start need not make it again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use assist::AssistError;
use assist::knowledge::{Curated, CuratedAnswer, KnowledgeBase};
use assist::world::{self, CuratedHit, Passage};
use data::{Shop, Tables};
use domain::{KnowledgeDocument, Product, TableSpec};
use language::text::{Lexicon, Tokeniser};
use language::vectors::SentenceEncoder;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Result, ServiceError};
use crate::flows::assist::KIND;
use crate::flows::language::Loaded;
use crate::flows::rows::{query_rows, table};
use crate::store::Store;

/// The table of curated answers; also the name under which changed rows of it wait.
pub const ANSWERS: &str = "answers";
/// The index of documents, kept beside the models of kind `assist`.
const KEPT: &str = "knowledge.index";
/// Smaller ones are made faster than they are worth keeping.
const PASSAGES_KEPT_MIN: usize = 2_000;

/// Everything that has been written for customers.
pub struct Library {
    pub knowledge: Arc<KnowledgeBase>,
    pub curated: Arc<Curated>,
}

impl world::Library for Library {
    fn passages(
        &self,
        question: &str,
        product_ids: &[&str],
        n: usize,
    ) -> std::result::Result<Vec<Passage>, AssistError> {
        self.knowledge.passages(question, product_ids, n)
    }

    fn curated(&self, question: &str, n: usize) -> std::result::Result<Vec<CuratedHit>, AssistError> {
        self.curated.nearest(question, n)
    }
}

/// The library as one turn asks it: a question that several ways to an answer ask is looked up once.
pub struct Once<'a> {
    library: &'a Library,
    passages: Memo<(String, Vec<String>, usize), Passage>,
    curated: Memo<(String, usize), CuratedHit>,
}

type Memo<Key, Found> = Mutex<Vec<(Key, Vec<Found>)>>;

impl<'a> Once<'a> {
    pub fn of(library: &'a Library) -> Once<'a> {
        Once { library, passages: Memo::default(), curated: Memo::default() }
    }
}

/// What is known for `key`, or what `look` finds and from then on is.
fn once<Key: PartialEq, Found: Clone>(
    memo: &Memo<Key, Found>,
    key: Key,
    look: impl FnOnce() -> std::result::Result<Vec<Found>, AssistError>,
) -> std::result::Result<Vec<Found>, AssistError> {
    let mut known = memo.lock().expect("no holder panics");
    if let Some((_, found)) = known.iter().find(|(known, _)| *known == key) {
        return Ok(found.clone());
    }
    let found = look()?;
    known.push((key, found.clone()));
    Ok(found)
}

impl world::Library for Once<'_> {
    fn passages(
        &self,
        question: &str,
        product_ids: &[&str],
        n: usize,
    ) -> std::result::Result<Vec<Passage>, AssistError> {
        let ids = product_ids.iter().map(|id| (*id).to_owned()).collect();
        once(&self.passages, (question.to_owned(), ids, n), || self.library.passages(question, product_ids, n))
    }

    fn curated(&self, question: &str, n: usize) -> std::result::Result<Vec<CuratedHit>, AssistError> {
        once(&self.curated, (question.to_owned(), n), || self.library.curated(question, n))
    }
}

/// What cuts and weighs texts: the shop's own words where they have been learned.
pub struct Means {
    pub tokeniser: Tokeniser,
    /// Never one from outside: every passage would be sent there.
    pub encoder: Option<Arc<dyn SentenceEncoder>>,
    /// Of the words; a kept index with vectors of others is no use.
    version: String,
}

impl Means {
    /// `products` are asked for only where no words have been learned.
    pub fn of(words: Option<&Loaded>, products: impl FnOnce() -> Vec<Product>) -> Means {
        match words {
            Some(loaded) => Means {
                tokeniser: loaded.tokeniser.clone(),
                encoder: loaded.own.as_ref().map_or_else(|| loaded.encoder.clone(), |own| own.encoder.clone()),
                version: loaded.info.version.clone(),
            },
            None => Means {
                tokeniser: Tokeniser::new(&Lexicon::from_products(&products())),
                encoder: None,
                version: String::new(),
            },
        }
    }
}

/// The shop's documents, indexed: of those that were, made by the same means, only what has changed.
pub async fn knowledge(shop: &Shop, means: &Arc<Means>, before: Option<Arc<KnowledgeBase>>) -> Result<KnowledgeBase> {
    let documents: Vec<KnowledgeDocument> = table(shop).await?;
    let (shop, means) = (shop.clone(), means.clone());
    crate::serving::off_thread(move || {
        if before.is_none()
            && let Some(kept) = kept(&shop, &documents, &means)
        {
            return Ok(kept);
        }
        let made = match before.map(|before| before.with_documents(&documents)) {
            Some(Ok(made)) => made,
            // Whatever is wrong with the old index, a new one does not have.
            _ => KnowledgeBase::new(&documents, &means.tokeniser, means.encoder.clone())?,
        };
        if made.n_passages() >= PASSAGES_KEPT_MIN {
            let bytes = [means.version.as_bytes(), b"\n", &made.to_bytes()].concat();
            // Beside a server that holds the lock this is left to it.
            if let Err(error) = shop.models().keep(KIND, KEPT, &bytes) {
                tracing::debug!(message = %error, "the index of documents is not kept");
            }
        }
        Ok(made)
    })
    .await
}

fn kept(shop: &Shop, documents: &[KnowledgeDocument], means: &Means) -> Option<KnowledgeBase> {
    let bytes = shop.models().kept(KIND, KEPT).ok()??;
    let bytes = bytes.strip_prefix(means.version.as_bytes())?.strip_prefix(b"\n")?;
    KnowledgeBase::from_parts(documents, bytes, &means.tokeniser, means.encoder.clone()).ok()
}

/// Generation of a table; 0 where the shop has none of this name.
pub fn generation(shop: &Shop, name: &str) -> Result<u64> {
    match TableSpec::named(name) {
        Some(_) => Ok(shop.tables().manifest(Tables::spec(name)?)?.generation),
        None => Ok(0),
    }
}

/// A question with the shop's answer, as the table has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CuratedRow {
    pub answer_id: String,
    pub question: String,
    /// Other ways to ask the same.
    pub variants: Vec<String>,
    /// In Chinese, or in the shop's one language.
    pub answer: String,
    pub answer_en: Option<String>,
    pub product_ids: Vec<String>,
    /// Absent: on.
    pub is_on: Option<bool>,
    pub source: Option<String>,
    pub extra: Option<String>,
}

impl From<&CuratedRow> for CuratedAnswer {
    fn from(row: &CuratedRow) -> Self {
        CuratedAnswer {
            answer_id: row.answer_id.clone(),
            question: row.question.clone(),
            variants: row.variants.clone(),
            answer_zh: row.answer.clone(),
            answer_en: row.answer_en.clone().unwrap_or_default(),
            is_on: row.is_on.unwrap_or(true),
        }
    }
}

/// Curated answers as they are now, by id, with the time of a change that is not in the table yet.
///
/// # Errors
/// If the table cannot be read.
pub async fn curated_rows(shop: &Shop, store: &Store) -> Result<Vec<(CuratedRow, Option<i64>)>> {
    // Before the table: what moves in between is then seen twice rather than not at all.
    let changes = store.overlays(ANSWERS)?;
    let mut rows: BTreeMap<String, (CuratedRow, Option<i64>)> = BTreeMap::new();
    if TableSpec::named(ANSWERS).is_some() {
        for row in query_rows(shop, &format!("select * from {ANSWERS}")).await? {
            let row = curated_row(row)?;
            rows.insert(row.answer_id.clone(), (row, None));
        }
    }
    for change in changes {
        match change.body {
            None => drop(rows.remove(&change.key)),
            Some(body) => {
                let row = curated_row(serde_json::from_str(&body)?)?;
                rows.insert(change.key, (row, Some(change.at)));
            }
        }
    }
    Ok(rows.into_values().collect())
}

fn curated_row(mut row: Map<String, Value>) -> Result<CuratedRow> {
    row.retain(|_, value| !value.is_null());
    serde_json::from_value(Value::Object(row))
        .map_err(|error| ServiceError::failed(format!("a row of {ANSWERS}: {error}")))
}
