//! Learning from a shop's texts, from tables to models in service. Reviews are masked before anything is learned from
//! them, so that no model can hold what is personal.

use std::sync::Arc;
use std::time::Instant;

use data::Shop;
use domain::{KnowledgeDocument, Millis, Product, Review};
use language::classify::{Example, Run, SENTIMENT, TextClassifier, wanted};
use language::search::{Changes, ChunkSizes, Entry, Index, chunks};
use language::text::{Lexicon, Tokeniser, mask};
use language::vectors::{
    self, Corpus, Counter, DocumentEncoder, DocumentSettings, DocumentWeights, SentenceEncoder, WordVectors,
};
use rayon::prelude::*;

use super::opinions::Opinions;
use super::taught::Taught;
use super::{
    Files, KIND, LanguageInfo, LexiconInfo, OUTSIDE, OWN, OpinionInfo, SEGMENTER, SearchInfo, SentimentInfo,
    TextCounts, VectorInfo, cut, learning, tokeniser,
};
use crate::clock;
use crate::encoders::{self, EncoderConfig, EncoderInfo, Outside};
use crate::error::{Kind, Result, ServiceError};
use crate::flows::Progress;
use crate::flows::rows::{floats, query, table, texts};
use crate::flows::seq2seq::KeepEvery;

const VERSIONS_KEPT: usize = 5;
/// Texts cut into words at a time.
const BLOCK: usize = 4096;
/// Fewer words with a vector say nothing of each other.
const WORDS_MIN: usize = 50;
/// Fewer reviews of either kind teach no judge.
const REVIEWS_MIN: usize = 50;
/// Words gone through that small shops' vectors need, by going through their texts more often.
const WORDS_WANTED: u64 = 4_000_000;

/// How to learn.
#[derive(Clone, Debug)]
pub struct LanguageRequest {
    /// Length of the vectors of words, 10 to 1,000.
    pub dim: usize,
    /// Passes over the texts; by their number if absent.
    pub epochs: Option<usize>,
    pub segmenter: Segmenter,
    pub seed: u64,
    pub n_threads: usize,
    /// How often what was learned of words is kept while they are learned; a step is a portion of the texts.
    pub keep_every: KeepEvery,
}

/// What cuts Chinese texts into the words that vectors are learned of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Segmenter {
    #[default]
    Dictionary,
    /// The learned one of the models in service.
    Learned,
    /// A learned one: the bytes that `lab run segment_words` writes.
    New(Vec<u8>),
}

impl Segmenter {
    /// # Errors
    /// If it is neither.
    pub fn named(name: &str) -> Result<Segmenter> {
        match name {
            "dictionary" => Ok(Segmenter::Dictionary),
            "learned" => Ok(Segmenter::Learned),
            other => {
                let message = format!("segmenter is '{}'; allowed: dictionary, learned", crate::error::clipped(other));
                Err(ServiceError::usage("segmenter", message))
            }
        }
    }

    /// The bytes of what is meant, if it is not the dictionary.
    fn bytes(&self, shop: &Shop) -> Result<Option<Vec<u8>>> {
        match self {
            Segmenter::Dictionary => Ok(None),
            Segmenter::New(bytes) => Ok(Some(bytes.clone())),
            Segmenter::Learned => {
                let current = shop.models().current(KIND)?;
                let kept = current.and_then(|version| shop.models().read(KIND, &version, SEGMENTER).ok());
                kept.map(Some).ok_or_else(|| {
                    ServiceError::conflict("segmenter", "the models in service have no learned segmenter").help(
                        "learn one: tercet lab run segment_words --input CUT.txt --output FILE; then: tercet train language --set segmenter=FILE",
                    )
                })
            }
        }
    }
}

impl Default for LanguageRequest {
    fn default() -> Self {
        LanguageRequest {
            dim: 100,
            epochs: None,
            segmenter: Segmenter::Dictionary,
            seed: 1,
            n_threads: 2,
            keep_every: KeepEvery::Seconds(30.0),
        }
    }
}

impl LanguageRequest {
    /// # Errors
    /// If a number is out of range.
    pub fn checked(self) -> Result<LanguageRequest> {
        if !(10..=1000).contains(&self.dim) {
            return Err(ServiceError::usage("dim", format!("dim is {}; allowed: 10 to 1000", self.dim)));
        }
        if let Some(epochs) = self.epochs.filter(|epochs| !(1..=1000).contains(epochs)) {
            return Err(ServiceError::usage("epochs", format!("epochs is {epochs}; allowed: 1 to 1000")));
        }
        Ok(self)
    }
}

/// A shop's texts, in memory.
struct Read {
    products: Vec<Product>,
    reviews: Vec<Review>,
    documents: Vec<KnowledgeDocument>,
    /// How often each product was bought.
    sales: std::collections::HashMap<String, f64>,
    time_zone: jiff::tz::TimeZone,
}

/// Learns from all texts of the shop and puts what was learned into service.
///
/// # Errors
/// If a number is out of range, the shop has no texts at all, or the work was cancelled.
pub async fn train(shop: &Shop, request: LanguageRequest, progress: Progress<'_>) -> Result<LanguageInfo> {
    let request = request.checked()?;
    let encoder = EncoderConfig::of(shop)?;
    shop.lock_for_writing()?;
    let started = Instant::now();
    go_on(progress, 0.0, "reading texts")?;
    let segmenter = request.segmenter.bytes(shop)?;
    let read = read(shop).await?;
    if read.products.is_empty() && read.reviews.is_empty() && read.documents.is_empty() {
        let error = ServiceError::conflict("texts", "there are neither products, reviews nor documents to learn from");
        return Err(error.help("import some first: tercet import FILE --as products, reviews or knowledge"));
    }
    let (mut info, files) = tokio::task::block_in_place(|| {
        neural::on_threads(request.n_threads, || learn(read, shop, encoder.as_ref(), segmenter, &request, progress))
    })?;
    (info.trained_at, info.seconds) = (clock::now().0, started.elapsed().as_secs_f64());
    let mut files = files;
    files.insert("language.json".to_owned(), serde_json::to_vec(&info)?);
    info.version = shop.models().publish(KIND, &files)?;
    shop.models().activate(KIND, &info.version)?;
    shop.models().prune(KIND, VERSIONS_KEPT)?;
    learning::forget(shop)?;
    progress(1.0, "in service");
    Ok(info)
}

fn go_on(progress: Progress<'_>, share: f64, message: &str) -> Result<()> {
    match progress(share, message) {
        true => Ok(()),
        false => Err(ServiceError::conflict("cancelled", "cancelled")),
    }
}

async fn read(shop: &Shop) -> Result<Read> {
    let reviews: Vec<Review> = table(shop).await?;
    let mut sales = std::collections::HashMap::new();
    let bought = "select product_id, cast(sum(quantity) as double) as n from orders group by product_id";
    for batch in query(shop, bought).await? {
        let (ids, counts) = (texts(&batch, "product_id")?, floats(&batch, "n")?);
        sales.extend((0..batch.num_rows()).map(|row| (ids.value(row).to_owned(), counts.value(row).max(0.0))));
    }
    let products: Vec<Product> = table(shop).await?;
    let documents = table(shop).await?;
    Ok(Read { products, reviews, documents, sales, time_zone: shop.config().zone() })
}

fn learn(
    mut read: Read,
    shop: &Shop,
    asked: Option<&EncoderConfig>,
    segmenter: Option<Vec<u8>>,
    request: &LanguageRequest,
    progress: Progress<'_>,
) -> Result<(LanguageInfo, Files)> {
    // Before anything is learned from them.
    read.reviews.par_iter_mut().for_each(|review| review.text = mask(&review.text).text);
    let lexicon = Lexicon::from_products(&read.products);
    let tokeniser = tokeniser(&lexicon, segmenter.as_deref())?;
    let mut files = Files::new();
    let mut info = LanguageInfo {
        seed: request.seed,
        texts: TextCounts {
            n_reviews: read.reviews.len(),
            n_products: read.products.len(),
            n_documents: read.documents.len(),
            ..TextCounts::default()
        },
        lexicon: described(&lexicon),
        is_segmenter_learned: segmenter.is_some(),
        ..LanguageInfo::default()
    };
    segmenter.into_iter().for_each(|bytes| drop(files.insert(SEGMENTER.to_owned(), bytes)));
    let all = all_texts(&read);
    // First, so that a file that cannot be used is told before anything takes long.
    let outside = match asked {
        None => None,
        Some(asked) => {
            go_on(progress, 0.01, "asking the sentence encoder")?;
            let sample = &all[..all.len().min(20 * BLOCK)];
            Some(encoders::to_learn_with(asked, shop, cut(&tokeniser), sample)?.map(|outside| (asked.kind(), outside)))
        }
    };
    let (mut encoder, mut words) = (None, None);
    if let Some((vectors, weights)) = learn_vectors(shop, &all, &tokeniser, request, &mut info, progress)? {
        files.insert("vectors.bin".to_owned(), vectors.to_bytes());
        files.insert("weights.bin".to_owned(), weights.to_bytes());
        let vectors = Arc::new(vectors);
        encoder = Some(DocumentEncoder::new("sif", vectors.clone(), weights, cut(&tokeniser)));
        words = Some(vectors);
    }
    go_on(progress, 0.55, "learning to judge reviews")?;
    if let Some((judge, reached)) = learn_sentiment(&read.reviews, request.seed, progress)? {
        files.insert("sentiment.bin".to_owned(), judge.to_bytes());
        info.sentiment = Some(reached);
    }
    go_on(progress, 0.7, "learning words of praise and blame")?;
    let on = |share: f64| progress(0.7 + 0.1 * share, "learning words of praise and blame");
    let (taught, taught_info) = Taught::learn(&read.reviews, words.as_deref(), request.seed, &mut files, &on)?;
    go_on(progress, 0.8, "reading opinions")?;
    let opinions = Opinions::of(&read.products, &read.reviews, &read.time_zone, &taught)?;
    info.opinions = OpinionInfo {
        n_products: opinions.pages.len(),
        n_mentions: opinions.pages.iter().map(|page| page.n_mentions).sum(),
        n_aspects: opinions.n_aspects(),
        taught: Some(taught_info),
    };
    files.insert("opinions.json".to_owned(), serde_json::to_vec(&opinions)?);
    go_on(progress, 0.85, "indexing products and documents")?;
    let encoder = encoder.as_ref().map(|encoder| encoder as &dyn SentenceEncoder);
    indices(&read, &tokeniser, encoder, outside, &mut info, &mut files)?;
    Ok((info, files))
}

/// The index with the encoder from outside, and our own beside it; ours alone if there is none or it does not answer.
fn indices(
    read: &Read,
    tokeniser: &Tokeniser,
    own: Option<&dyn SentenceEncoder>,
    outside: Option<std::result::Result<(&'static str, Outside), String>>,
    info: &mut LanguageInfo,
    files: &mut Files,
) -> Result<()> {
    let described = |kind: &str, encoder: &dyn SentenceEncoder, note: Option<String>| {
        let (kind, name) = (kind.to_owned(), encoder.name().to_owned());
        EncoderInfo { kind, name, dim: encoder.dim(), note }
    };
    let mut note = None;
    match outside {
        None => {}
        Some(Err(said)) => note = Some(said),
        Some(Ok((kind, outside))) => match index(read, tokeniser, Some(&*outside.encoder), "", files) {
            Ok(made) => {
                info.search = made;
                info.search.bytes += index(read, tokeniser, own, OWN, files)?.bytes;
                info.encoder = Some(described(kind, &*outside.encoder, None));
                files.extend(outside.kept.map(|kept| (OUTSIDE.to_owned(), kept)));
                return Ok(());
            }
            Err(error) if error.kind == Kind::Unavailable => note = Some(error.message),
            Err(error) => return Err(error),
        },
    }
    info.search = index(read, tokeniser, own, "", files)?;
    info.encoder = match (own, note) {
        (Some(own), note) => Some(described("own", own, note)),
        (None, Some(note)) => Some(EncoderInfo { kind: "own".to_owned(), note: Some(note), ..EncoderInfo::default() }),
        (None, None) => None,
    };
    Ok(())
}

fn described(lexicon: &Lexicon) -> LexiconInfo {
    let mut words: Vec<(&str, usize)> = lexicon.words().chain(lexicon.names()).collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    LexiconInfo {
        n_words: lexicon.words().count(),
        n_names: lexicon.names().count(),
        examples: words.into_iter().take(30).map(|(word, _)| word.to_owned()).collect(),
    }
}

fn all_texts(read: &Read) -> Vec<&str> {
    let products = read.products.iter();
    let products = products.flat_map(|product| [Some(product.name.as_str()), product.description.as_deref()]).flatten();
    let documents = read.documents.iter().flat_map(|document| [document.title.as_str(), document.text.as_str()]);
    let reviews = read.reviews.iter().map(|review| review.text.as_str());
    reviews.chain(products).chain(documents).filter(|text| !text.trim().is_empty()).collect()
}

/// Texts as tokens, block by block, so that no more than a block is in memory.
fn tokens<'a>(all: &'a [&'a str], tokeniser: &'a Tokeniser) -> impl Iterator<Item = Vec<String>> + 'a {
    all.chunks(BLOCK).flat_map(move |block| block.par_iter().map(|text| tokeniser.words(text)).collect::<Vec<_>>())
}

fn learn_vectors(
    shop: &Shop,
    all: &[&str],
    tokeniser: &Tokeniser,
    request: &LanguageRequest,
    info: &mut LanguageInfo,
    progress: Progress<'_>,
) -> Result<Option<(WordVectors, DocumentWeights)>> {
    go_on(progress, 0.02, "counting words")?;
    let plain = tokeniser.clone().without_stop_words().without_punctuation();
    let mut counter = Counter::with_room(4_000_000);
    tokens(all, &plain).for_each(|sentence| counter.add(sentence));
    info.texts.n_words = counter.n_words();
    let vocabulary = counter.finish(5);
    info.texts.n_distinct = vocabulary.len();
    if vocabulary.len() < WORDS_MIN {
        return Ok(None);
    }
    let mut corpus = Corpus::default();
    tokens(all, &plain).for_each(|sentence| corpus.add(sentence, &vocabulary));
    let suitable = (WORDS_WANTED / corpus.n_words.max(1)).clamp(5, 30) as usize;
    let epochs = request.epochs.unwrap_or(suitable);
    // Pieces of words give unknown ones a vector: misspellings, and products that came yesterday.
    let set = [format!("dim={}", request.dim), format!("epochs={epochs}"), "subwords=true".to_owned()];
    let settings = vectors::train::CARD.settings_from_texts(&set)?;
    let on = |share: f64, message: &str| progress(0.1 + 0.4 * share, message);
    let (trained, words_per_second) = learning::learn(shop, (vocabulary, &corpus), &settings, request, &on)?;
    info.vectors = Some(VectorInfo {
        n_words: trained.vectors.vocabulary().len(),
        dim: request.dim,
        epochs,
        words_per_second,
        losses: trained.losses,
    });
    go_on(progress, 0.5, "weighing words")?;
    let sample: Vec<Vec<String>> = tokens(&all[..all.len().min(20 * BLOCK)], &plain).collect();
    let weights = DocumentWeights::learn(&trained.vectors, &sample, &DocumentSettings::default())?;
    Ok(Some((trained.vectors, weights)))
}

/// From reviews with stars: 1 and 2 blame, 4 and 5 praise. One in ten is held out to say how good the judge is.
fn learn_sentiment(
    reviews: &[Review],
    seed: u64,
    progress: Progress<'_>,
) -> Result<Option<(TextClassifier, SentimentInfo)>> {
    let label = |review: &Review| match review.stars? {
        stars if stars <= 2.0 => Some("negative"),
        stars if stars >= 4.0 => Some("positive"),
        _ => None,
    };
    let mut rows: Vec<Example> = reviews
        .iter()
        .filter(|review| !review.text.trim().is_empty())
        .filter_map(|review| Some(Example { label: label(review)?, text: &review.text }))
        .collect();
    let n_positive = rows.iter().filter(|row| row.label == "positive").count();
    if n_positive.min(rows.len() - n_positive) < REVIEWS_MIN {
        return Ok(None);
    }
    math::Random::new(seed).shuffle(&mut rows);
    let (test, train) = rows.split_at(rows.len() / 10);
    let on = |share: f64| progress(0.55 + 0.15 * share, "learning to judge reviews");
    let judge = TextClassifier::fit(train, &wanted(&SENTIMENT.defaults())?, &Run::new(seed, &on))?;
    let reached = judge.evaluate(test);
    let commonest = test.iter().filter(|row| row.label == "positive").count() as f64 / test.len() as f64;
    let info = SentimentInfo {
        n_train: train.len(),
        n_test: test.len(),
        accuracy: reached.accuracy,
        macro_f1: reached.macro_f1,
        calibration_error: reached.calibration_error,
        accuracy_of_commonest: commonest.max(1.0 - commonest),
    };
    Ok(Some((judge, info)))
}

fn index(
    read: &Read,
    tokeniser: &Tokeniser,
    encoder: Option<&dyn SentenceEncoder>,
    prefix: &str,
    files: &mut Files,
) -> Result<SearchInfo> {
    let products: Vec<Entry> = read.products.iter().map(|product| entry(product, read)).collect();
    let documents: Vec<Entry> = read.documents.iter().flat_map(pieces).collect();
    let mut info = SearchInfo {
        n_products: products.len(),
        n_documents: read.documents.len(),
        n_chunks: documents.len(),
        bytes: 0,
    };
    for (name, put) in [("products.search", products), ("documents.search", documents)] {
        let mut index = Index::new()?.with_tokeniser(tokeniser)?;
        index.apply(&Changes { put, remove: Vec::new() }, encoder, &|_| true)?;
        let bytes = index.to_bytes();
        info.bytes += bytes.len();
        files.insert(format!("{prefix}{name}"), bytes);
    }
    Ok(info)
}

fn entry(product: &Product, read: &Read) -> Entry {
    Entry { popularity: read.sales.get(&product.product_id).copied(), ..entry_of_product(product) }
}

/// A product as it is searched.
pub(super) fn entry_of_product(product: &Product) -> Entry {
    Entry {
        brand: product.brand.clone(),
        category: product.category.clone(),
        specs: product.specs.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        price_cents: product.price_cents.map(|cents| cents.0),
        launched_on: product.launched_on.map(|day| day.0),
        ..Entry::new(&product.product_id, &product.name, product.description.as_deref().unwrap_or_default())
    }
}

/// A document's chunks; the id of each ends with its bytes in the document.
pub(super) fn pieces(document: &KnowledgeDocument) -> Vec<Entry> {
    let piece = |chunk: language::search::Chunk| {
        let id = format!("{}#{}-{}", document.document_id, chunk.range.start, chunk.range.end);
        Entry {
            group: Some(document.document_id.clone()),
            sections: chunk.headings,
            ..Entry::new(id, &document.title, &document.text[chunk.range])
        }
    };
    chunks(&document.text, ChunkSizes::default()).into_iter().map(piece).collect()
}

/// Months since the year 0, of the shop's own calendar.
pub(super) fn month_of(at: Millis, zone: &jiff::tz::TimeZone) -> i32 {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let date = zone.to_datetime(at);
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
}
