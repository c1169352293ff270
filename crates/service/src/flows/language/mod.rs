//! What the shop's own words teach: vectors of words, a judge of reviews, opinions by aspect, and an index to search.
//! Learned from products, reviews and documents; published as a model of kind `language`.

pub mod find;
mod learning;
pub mod opinions;
pub mod stock;
pub mod taught;
mod train;
pub mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use data::Shop;
use domain::{KnowledgeDocument, Product};
use language::classify::TextClassifier;
use language::search::Entry;
use language::text::{Lexicon, PerceptronSegmenter, Tokeniser};
use language::vectors::{DocumentEncoder, DocumentWeights, SentenceEncoder, Tokenise, WordVectors};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::opinions::Opinions;
use self::stock::{Followed, Searchable, Shelves, Stock};
use self::taught::{Taught, TaughtInfo};
use super::in_service::Published;
use super::rows::table;
use crate::encoders::{self, EncoderInfo};
use crate::error::{Kind, Result, ServiceError};

pub use self::train::{LanguageRequest, Segmenter, train};

/// The kind of model under `models/`.
pub const KIND: &str = "language";
/// The file of a learned segmenter.
const SEGMENTER: &str = "segmenter.bin";

/// What is known of the language models in service: `language.json`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct LanguageInfo {
    /// Filled in by readers: it is known only once published.
    #[serde(default)]
    pub version: String,
    /// UTC milliseconds.
    pub trained_at: i64,
    pub seconds: f64,
    pub seed: u64,
    pub texts: TextCounts,
    /// Absent if the shop has too few words.
    pub vectors: Option<VectorInfo>,
    /// Absent if the shop has too few reviews with stars.
    pub sentiment: Option<SentimentInfo>,
    pub opinions: OpinionInfo,
    pub search: SearchInfo,
    pub lexicon: LexiconInfo,
    /// What the index was made with for meaning beside words; absent if with nothing.
    #[serde(default)]
    pub encoder: Option<EncoderInfo>,
    /// Whether Chinese texts were cut as a segmenter learned to, not by the dictionary.
    #[serde(default)]
    pub is_segmenter_learned: bool,
}

/// What was read.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct TextCounts {
    pub n_reviews: usize,
    pub n_products: usize,
    pub n_documents: usize,
    /// Words in all, and different ones.
    pub n_words: u64,
    pub n_distinct: usize,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct VectorInfo {
    pub n_words: usize,
    pub dim: usize,
    pub epochs: usize,
    pub words_per_second: f64,
    /// The mean loss of each epoch.
    pub losses: Vec<f64>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct SentimentInfo {
    pub n_train: usize,
    /// Reviews held out, one in ten, chosen by the seed.
    pub n_test: usize,
    pub accuracy: f64,
    pub macro_f1: f64,
    /// Mean distance between how sure the judge is and how often it is right, 0 to 1.
    pub calibration_error: f64,
    /// What always saying the commoner class would reach.
    pub accuracy_of_commonest: f64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct OpinionInfo {
    pub n_products: usize,
    pub n_mentions: usize,
    pub n_aspects: usize,
    /// What the shop's own reviews taught; absent in models older than this.
    #[serde(default)]
    pub taught: Option<TaughtInfo>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct SearchInfo {
    pub n_products: usize,
    pub n_documents: usize,
    pub n_chunks: usize,
    pub bytes: usize,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct LexiconInfo {
    pub n_words: usize,
    pub n_names: usize,
    pub examples: Vec<String>,
}

/// The models in service, read and made ready. Shared by all who ask.
pub struct Loaded {
    pub info: LanguageInfo,
    pub tokeniser: Tokeniser,
    pub vectors: Option<Arc<WordVectors>>,
    /// What the stock has vectors of.
    pub encoder: Option<Arc<dyn SentenceEncoder>>,
    /// Where it is one from outside: our own index, for when that one cannot be asked.
    pub own: Option<OwnIndex>,
    /// Why it is our own although another was asked for.
    pub note: Option<String>,
    /// Vectors of words of a file, which knows more words than the shop.
    pub words_of_file: Option<Arc<WordVectors>>,
    pub sentiment: Option<TextClassifier>,
    pub opinions: Arc<Opinions>,
    /// What reads opinions out of new texts as it did out of reviews.
    pub taught: Taught,
    /// Products and documents to search.
    pub stock: Stock,
    /// Names that the catalogue gave, lower case.
    pub names: Vec<String>,
    pub brands: Vec<String>,
}

/// The index made with our own encoder beside one from outside; read when it is first needed.
pub struct OwnIndex {
    pub encoder: Option<Arc<dyn SentenceEncoder>>,
    /// Not the shop itself, whose lock would be held as long as this is kept.
    root: PathBuf,
    version: String,
    read: Mutex<Option<Arc<Stock>>>,
}

impl OwnIndex {
    /// As what is searched else, which is `like`.
    ///
    /// # Errors
    /// If a file is missing or damaged.
    pub fn stock(&self, like: &Shelves, tokeniser: &Tokeniser) -> Result<Arc<Stock>> {
        let mut read = self.read.lock().expect("no holder panics");
        if let Some(stock) = &*read {
            return Ok(stock.clone());
        }
        let shop = Shop::open(&self.root)?;
        let stock = Arc::new(stock(&Kept { shop: &shop, version: &self.version }, OWN, tokeniser)?);
        let entries = |on: &Searchable| on.snapshot.entries().collect::<std::result::Result<Vec<_>, _>>();
        stock.follow(entries(&like.products)?, Some(entries(&like.documents)?), self.encoder.as_deref())?;
        Ok(read.insert(stock).clone())
    }

    /// What was read of it.
    fn at_hand(&self) -> Option<Arc<Stock>> {
        self.read.lock().expect("no holder panics").clone()
    }
}

impl Loaded {
    /// Makes what is searched what the catalogue is, and the documents, if they are given; says how many pieces changed.
    ///
    /// # Errors
    /// If something cannot be indexed.
    pub fn follow<'a>(
        &self,
        products: impl Iterator<Item = &'a Product>,
        documents: Option<&[KnowledgeDocument]>,
    ) -> Result<usize> {
        let products: Vec<Entry> = products.map(train::entry_of_product).collect();
        let documents: Option<Vec<Entry>> = documents.map(|all| all.iter().flat_map(train::pieces).collect());
        if let Some((own, stock)) = self.own.as_ref().and_then(|own| Some((own, own.at_hand()?))) {
            stock.follow(products.clone(), documents.clone(), own.encoder.as_deref())?;
        }
        self.stock.follow(products, documents, self.encoder.as_deref())
    }
}

/// What begins the names of our own index beside another.
const OWN: &str = "own.";
/// What was learned for an encoder from outside.
const OUTSIDE: &str = "encoder.bin";

/// How texts are cut for vectors: the shop's words, neither stop words nor punctuation.
pub(super) struct Cut(pub Tokeniser);

impl Tokenise for Cut {
    fn tokens(&self, text: &str) -> Vec<String> {
        self.0.words(text)
    }
}

impl Published for Loaded {
    const KIND: &'static str = KIND;

    async fn read(shop: &Shop, version: String) -> Result<Loaded> {
        let products: Vec<Product> = table(shop).await?;
        let documents: Vec<KnowledgeDocument> = table(shop).await?;
        let own = shop.clone();
        crate::serving::off_thread(move || {
            let loaded = load(&own, &version, &products)?;
            // What came since it was learned.
            loaded.follow(products.iter(), Some(&documents))?;
            Ok(loaded)
        })
        .await
    }

    fn version(&self) -> &str {
        &self.info.version
    }

    fn none_yet() -> ServiceError {
        ServiceError::new(Kind::NotFound, "language", "nothing has been learned of the shop's words yet")
            .help("learn it: tercet train language, or POST /v1/jobs {\"kind\": \"language\"}")
    }
}

/// The files of a version.
struct Kept<'a> {
    shop: &'a Shop,
    version: &'a str,
}

impl Kept<'_> {
    /// A file made into what it holds. Where that fails, the error says which file it is and what to do.
    fn made<T, E: Into<ServiceError>>(
        &self,
        name: &str,
        make: impl FnOnce(Vec<u8>) -> std::result::Result<T, E>,
    ) -> Result<T> {
        let read = self.shop.models().read(KIND, self.version, name).map_err(ServiceError::from);
        let made = read.and_then(|bytes| make(bytes).map_err(Into::into));
        made.map_err(|error| {
            let message = format!("models/{KIND}/{}/{name} cannot be used: {}", self.version, error.message);
            ServiceError::new(Kind::Unavailable, "damaged", message).help(
                "learn again (tercet train language), or put the file back from a backup; until then search, opinions and words are not answered, and everything else goes on without them",
            )
        })
    }

    fn json<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T> {
        self.made(name, |bytes| serde_json::from_slice(&bytes))
    }
}

/// Looks whether all that was learned of the shop's words can be read, if it is known what is in service.
///
/// # Errors
/// If not; which file it is.
pub fn check(shop: &Shop) -> Result<()> {
    match shop.models().current(KIND) {
        Ok(Some(version)) => load(shop, &version, &[]).map(drop),
        _ => Ok(()),
    }
}

fn stock(kept: &Kept, prefix: &str, tokeniser: &Tokeniser) -> Result<Stock> {
    let index = |name: &str| kept.made(&format!("{prefix}{name}"), |bytes| Followed::new(bytes, tokeniser));
    Stock::new(index("products.search")?, index("documents.search")?)
}

fn load(shop: &Shop, version: &str, products: &[Product]) -> Result<Loaded> {
    let kept = Kept { shop, version };
    let mut info: LanguageInfo = kept.json("language.json")?;
    info.version = version.to_owned();
    let lexicon = Lexicon::from_products(products);
    let tokeniser = match info.is_segmenter_learned {
        true => kept.made(SEGMENTER, |bytes| tokeniser(&lexicon, Some(&bytes)))?,
        false => tokeniser(&lexicon, None)?,
    };
    let (mut vectors, mut encoder) = (None, None::<Arc<dyn SentenceEncoder>>);
    if info.vectors.is_some() {
        let words = Arc::new(kept.made("vectors.bin", |bytes| WordVectors::from_bytes(&bytes))?);
        let weights = kept.made("weights.bin", |bytes| DocumentWeights::from_bytes(&bytes, &words))?;
        encoder = Some(Arc::new(DocumentEncoder::new("sif", words.clone(), weights, cut(&tokeniser))));
        vectors = Some(words);
    }
    let (mut own, mut note, mut words_of_file, mut prefix) = (None, None, None, "");
    if let Some(asked) = info.encoder.as_ref().filter(|encoder| encoder.kind != "own") {
        let learned = shop.models().read(KIND, version, OUTSIDE).ok();
        match encoders::to_ask_with(asked, shop, cut(&tokeniser), learned.as_deref()) {
            Ok(outside) => {
                let index = OwnIndex {
                    encoder: encoder.replace(outside.encoder),
                    root: shop.root().to_path_buf(),
                    version: version.to_owned(),
                    read: Mutex::new(None),
                };
                (own, words_of_file) = (Some(index), outside.words);
            }
            Err(said) => {
                tracing::warn!(message = %said, "the encoder from outside cannot be used; our own is");
                (note, prefix) = (Some(said), OWN);
            }
        }
    } else {
        note = info.encoder.as_ref().and_then(|encoder| encoder.note.clone());
    }
    let sentiment = match info.sentiment.is_some() {
        true => Some(kept.made("sentiment.bin", |bytes| TextClassifier::from_bytes(&bytes))?),
        false => None,
    };
    let mut brands: Vec<String> = products.iter().filter_map(|product| product.brand.clone()).collect();
    brands.sort_unstable();
    brands.dedup();
    Ok(Loaded {
        opinions: Arc::new(kept.json("opinions.json")?),
        taught: Taught::load(info.opinions.taught.as_ref(), &kept)?,
        stock: stock(&kept, prefix, &tokeniser)?,
        names: lexicon.names().map(|(name, _)| name.to_owned()).collect(),
        brands,
        info,
        tokeniser,
        vectors,
        encoder,
        own,
        note,
        words_of_file,
        sentiment,
    })
}

/// What cuts the shop's texts: by the dictionary, or as a segmenter of these bytes learned to.
fn tokeniser(lexicon: &Lexicon, segmenter: Option<&[u8]>) -> Result<Tokeniser> {
    let tokeniser = Tokeniser::new(lexicon);
    Ok(match segmenter {
        Some(bytes) => tokeniser.with_segmenter(Arc::new(PerceptronSegmenter::from_bytes(bytes)?), lexicon),
        None => tokeniser,
    })
}

fn cut(tokeniser: &Tokeniser) -> Arc<dyn Tokenise> {
    Arc::new(Cut(tokeniser.clone().without_stop_words().without_punctuation()))
}

/// Bytes of a text as characters, which is what those who show it count.
pub(super) fn characters(text: &str, bytes: &std::ops::Range<usize>) -> (usize, usize) {
    let count = |to: usize| text.get(..to).map_or(0, |before| before.chars().count());
    (count(bytes.start), count(bytes.end))
}

impl From<language::LanguageError> for ServiceError {
    fn from(error: language::LanguageError) -> Self {
        use language::LanguageError::{Cancelled, Corrupt, Neural, Unavailable, Unfit};
        match &error {
            Unfit { what, .. } => {
                let field = what.to_string();
                ServiceError::usage("text", error.to_string()).detail(serde_json::json!({"field": field}))
            }
            Cancelled | Neural(neural::NeuralError::Cancelled) => {
                ServiceError::conflict("cancelled", "stopped; the same training goes on from what was learned")
            }
            Unavailable(_) => ServiceError::new(Kind::Unavailable, "encoder", error.to_string())
                .help("mend [encoder] of tercet.toml, or take it out: the shop's own words serve then"),
            Corrupt(_) => ServiceError::failed(error.to_string()).help("learn again: tercet train language"),
            _ => ServiceError::failed(error.to_string()),
        }
    }
}

/// Files of a model, by name.
type Files = BTreeMap<String, Vec<u8>>;
