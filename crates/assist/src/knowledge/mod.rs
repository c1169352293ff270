//! What the shop has written: documents cut into passages that can be found and cited, questions that people of the shop have
//! answered, and what customers asked that nothing answers. Texts of documents are data: what looks like an order in one is
//! quoted at most, never followed. Whether a passage is good enough to answer with is decided elsewhere.

mod answers;
pub(crate) mod around;
mod chunk_changes;
mod clusters;
mod concepts;
mod curated;
mod read;
#[cfg(test)]
mod tests;
mod versions;
pub(crate) mod words;

use std::ops::Range;
use std::sync::{Arc, Mutex};

use domain::KnowledgeDocument;
use language::search::{Changes, ChunkSizes, Entry, Filter, Index, Request, Settled, Snapshot, chunks};
use language::text::Tokeniser;
use language::vectors::SentenceEncoder;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

pub use self::answers::answer_sentences;
pub use self::chunk_changes::{ChangedChunk, ChunkChanges, chunk_changes};
pub use self::clusters::{QuestionCluster, cluster_questions};
pub(crate) use self::concepts::Asked;
use self::concepts::Concept;
pub use self::curated::{Curated, CuratedAnswer};
use self::read::{LatelyRead, ReadPlace};
pub use self::versions::{
    ChangeKind, ChangedDocument, ChangedSection, DocumentName, KnowledgeChanges, version_of, what_changed,
};
use self::words::{Counts, Question, View, Word, beginning};
use crate::AssistError;
use crate::world::Passage;

/// The attribute of an entry that says which products it is about; no question holds this word.
const ABOUT: &str = "for";
/// Its value where a document names no product.
const ALL_PRODUCTS: &str = "*";
/// Hits of the index that are looked at closely.
const CANDIDATES: usize = 40;
const MAGIC: &[u8; 8] = b"TERCETK2";
/// Hexadecimal digits of the documents that an index was made of.
const FINGERPRINT: usize = 32;

/// How passages are ordered. Chosen on half of the questions to two manuals (`examples/retrieval.rs`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranking {
    /// What the index's score, as a part of the best hit's, is worth.
    pub words: f32,
    /// What the part of the question that a passage covers is worth.
    pub coverage: f32,
    /// What the agreement of its title and headings with the question is worth.
    pub title: f32,
    /// What it is worth to be about a product that is asked about.
    pub product: f32,
}

impl Default for Ranking {
    fn default() -> Self {
        Ranking { words: 1.0, coverage: 0.3, title: 0.1, product: 0.2 }
    }
}

struct Document {
    own: KnowledgeDocument,
    version: String,
}

/// A passage's place.
#[derive(Clone)]
struct Place {
    document: u32,
    range: Range<usize>,
    sections: Vec<String>,
}

/// The number of each place in the index. A passage keeps its number while other documents change; of one that is gone it is given
/// to no other.
#[derive(Default)]
struct Numbers {
    /// In the order of places.
    own: Vec<u32>,
    places: FxHashMap<u32, u32>,
    next: u32,
}

impl Numbers {
    fn new(own: Vec<u32>) -> Self {
        let next = own.iter().max().map_or(0, |most| most.saturating_add(1));
        Numbers { places: own.iter().copied().zip(0..).collect(), own, next }
    }

    /// As they are first given.
    fn first(n: usize) -> Self {
        Numbers::new((0..n as u32).collect())
    }

    /// How the index calls a passage: as many digits as any number has, so that the order of ids is that of numbers.
    fn id(number: u32) -> String {
        format!("{number:010}")
    }

    fn place(&self, id: &str) -> Option<u32> {
        self.places.get(&id.parse().ok()?).copied()
    }
}

/// Documents that can be asked. Never changes; a new one is made when documents do.
pub struct KnowledgeBase {
    /// By id, each once.
    documents: Vec<Document>,
    /// In the order of documents and within them.
    places: Vec<Place>,
    numbers: Numbers,
    /// The documents that name each product.
    of_products: FxHashMap<String, Vec<u32>>,
    counts: Counts,
    /// Shared with what was made of this one by [`KnowledgeBase::with_documents`]: of the newest of them.
    index: Arc<Mutex<Index>>,
    snapshot: Arc<Snapshot>,
    tokeniser: Tokeniser,
    encoder: Option<Arc<dyn SentenceEncoder>>,
    settled: Settled,
    ranking: Ranking,
    read: LatelyRead,
}

impl KnowledgeBase {
    /// Cuts and indexes documents; of several with one id the last counts. With an encoder passages are found by their meaning
    /// too.
    ///
    /// # Errors
    /// If a document is too large, or the encoder cannot encode.
    pub fn new(
        documents: &[KnowledgeDocument],
        tokeniser: &Tokeniser,
        encoder: Option<Arc<dyn SentenceEncoder>>,
    ) -> Result<Self, AssistError> {
        let documents = sorted(documents);
        let places = places(&documents);
        let mut index = Index::new()?.with_tokeniser(tokeniser)?;
        let put = |at: usize| entry(at as u32, &places[at], &documents);
        index.fill(places.len(), &put, encoder.as_deref(), &|_| true)?;
        let (numbers, counts) = (Numbers::first(places.len()), counts(&documents, &places));
        Ok(KnowledgeBase::assembled((documents, places, numbers, counts), index, tokeniser, encoder))
    }

    /// The same with these documents: what is new or changed is cut, counted and indexed, what is gone is taken out, and all else
    /// stays as it is. [`KnowledgeBase::to_bytes`] is from then on the new one's to ask.
    ///
    /// # Errors
    /// As [`KnowledgeBase::new`].
    pub fn with_documents(&self, documents: &[KnowledgeDocument]) -> Result<Self, AssistError> {
        let documents = sorted(documents);
        let known: FxHashMap<&str, usize> =
            self.documents.iter().enumerate().map(|(at, one)| (one.own.document_id.as_str(), at)).collect();
        let of_document = |at: usize| {
            let from = self.places.partition_point(|place| (place.document as usize) < at);
            from..self.places.partition_point(|place| place.document as usize <= at)
        };
        let (mut places, mut numbers, mut put): (Vec<Place>, Vec<u32>, Vec<Entry>) = Default::default();
        let (mut counts, mut next, mut gone) = (self.counts.clone(), self.numbers.next, vec![true; self.places.len()]);
        for (at, document) in documents.iter().enumerate() {
            let before = known.get(document.own.document_id.as_str()).copied();
            match before.filter(|&before| self.documents[before].version == document.version) {
                Some(before) => {
                    for place in of_document(before) {
                        places.push(Place { document: at as u32, ..self.places[place].clone() });
                        numbers.push(self.numbers.own[place]);
                        gone[place] = false;
                    }
                }
                None => {
                    for place in places_of(at, document) {
                        counts.add(&counted(&place, &documents));
                        put.push(entry(next, &place, &documents));
                        places.push(place);
                        numbers.push(next);
                        next = next.saturating_add(1);
                    }
                }
            }
        }
        let gone = (0..self.places.len()).filter(|&place| gone[place]);
        let remove: Vec<String> = gone
            .map(|place| {
                counts.take(&counted(&self.places[place], &self.documents));
                Numbers::id(self.numbers.own[place])
            })
            .collect();
        let mut index = self.index.lock().expect("no holder panics");
        if !(put.is_empty() && remove.is_empty()) {
            index.apply(&Changes { put, remove }, self.encoder.as_deref(), &|_| true)?;
        }
        let snapshot = index.snapshot();
        drop(index);
        Ok(KnowledgeBase {
            numbers: Numbers { next, ..Numbers::new(numbers) },
            of_products: of_products(&documents),
            documents,
            places,
            counts,
            index: self.index.clone(),
            snapshot,
            tokeniser: self.tokeniser.clone(),
            encoder: self.encoder.clone(),
            settled: self.settled.clone(),
            ranking: self.ranking,
            read: LatelyRead::default(),
        })
    }

    /// From the same documents and what [`KnowledgeBase::to_bytes`] gave, without indexing again.
    ///
    /// # Errors
    /// [`AssistError::Corrupt`] if the bytes are damaged or were made of other documents.
    pub fn from_parts(
        documents: &[KnowledgeDocument],
        bytes: &[u8],
        tokeniser: &Tokeniser,
        encoder: Option<Arc<dyn SentenceEncoder>>,
    ) -> Result<Self, AssistError> {
        let documents = sorted(documents);
        let places = places(&documents);
        let head = MAGIC.len() + FINGERPRINT;
        let made_of = bytes.get(MAGIC.len()..head).filter(|_| bytes.starts_with(MAGIC));
        match made_of {
            Some(made_of) if made_of == fingerprint(&documents).as_bytes() => {}
            Some(_) => return Err(AssistError::Corrupt("the index was made of other documents".to_owned())),
            None => return Err(AssistError::Corrupt("it is no index of documents".to_owned())),
        }
        let end = head + size_of::<u32>() * places.len();
        let numbers = bytes.get(head..end).ok_or_else(|| AssistError::Corrupt("it is cut short".to_owned()))?;
        let number = |four: &[u8]| u32::from_le_bytes(four.try_into().expect("four bytes"));
        let numbers = Numbers::new(numbers.chunks_exact(size_of::<u32>()).map(number).collect());
        let index = Index::from_bytes(bytes[end..].to_vec())?.with_tokeniser(tokeniser)?;
        if index.n_entries() != places.len() || numbers.places.len() != places.len() {
            let (found, wanted) = (index.n_entries().min(numbers.places.len()), places.len());
            return Err(AssistError::Corrupt(format!("the index has {found} passages, the documents {wanted}")));
        }
        let counts = counts(&documents, &places);
        Ok(KnowledgeBase::assembled((documents, places, numbers, counts), index, tokeniser, encoder))
    }

    /// The index with the documents it was made of named; the documents themselves are kept by the shop.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(fingerprint(&self.documents).as_bytes());
        bytes.extend(self.numbers.own.iter().flat_map(|number| number.to_le_bytes()));
        bytes.extend(self.index.lock().expect("no holder panics").to_bytes());
        bytes
    }

    fn assembled(
        (documents, places, numbers, counts): (Vec<Document>, Vec<Place>, Numbers, Counts),
        index: Index,
        tokeniser: &Tokeniser,
        encoder: Option<Arc<dyn SentenceEncoder>>,
    ) -> Self {
        KnowledgeBase {
            counts,
            snapshot: index.snapshot(),
            of_products: of_products(&documents),
            documents,
            places,
            numbers,
            index: Arc::new(Mutex::new(index)),
            tokeniser: tokeniser.clone(),
            encoder,
            settled: Settled::documents(),
            ranking: Ranking::default(),
            read: LatelyRead::default(),
        }
    }

    pub fn with_ranking(self, ranking: Ranking, settled: Settled) -> Self {
        KnowledgeBase { ranking, settled, ..self }
    }

    pub fn n_documents(&self) -> usize {
        self.documents.len()
    }

    pub fn n_passages(&self) -> usize {
        self.places.len()
    }

    /// The documents, by id.
    pub fn documents(&self) -> impl Iterator<Item = &KnowledgeDocument> {
        self.documents.iter().map(|document| &document.own)
    }

    /// A document as it is indexed, and its version.
    pub fn document(&self, document_id: &str) -> Option<(&KnowledgeDocument, &str)> {
        let at = self.documents.binary_search_by(|document| document.own.document_id.as_str().cmp(document_id)).ok()?;
        Some((&self.documents[at].own, &self.documents[at].version))
    }

    /// The passages that answer a question best, best first. With products named, documents about other products are left out;
    /// those about none are kept. Coverage is comparable between questions, the score within one.
    ///
    /// # Errors
    /// If the encoder cannot encode now.
    pub fn passages(&self, question: &str, product_ids: &[&str], n: usize) -> Result<Vec<Passage>, AssistError> {
        let asked = Question::new(question, &self.tokeniser);
        if n == 0 || asked.words.is_empty() || self.places.is_empty() {
            return Ok(Vec::new());
        }
        let weights = self.weights(&asked, product_ids);
        let text = beginning(question, words::QUESTION_MAX);
        let mut found = self.candidates(text, product_ids, n, 1.0)?;
        let mut judged = self.judged(&found, &asked, &weights, product_ids);
        let best = judged.iter().map(|one| one.coverage).fold(0.0, f32::max);
        if best < 0.9
            && let Some(text) = self.in_other_words(&asked)
        {
            let known: FxHashSet<u32> = found.iter().map(|(place, _)| *place).collect();
            let more = self.candidates(&text, product_ids, n, 0.6)?;
            found = more.into_iter().filter(|(place, _)| !known.contains(place)).collect();
            judged.extend(self.judged(&found, &asked, &weights, product_ids));
        }
        judged.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.place.cmp(&b.place)));
        judged.truncate(n);
        Ok(judged.iter().map(|one| self.passage(one)).collect())
    }

    /// What each word of the question says. Names of products that are known to be meant say little: a general document does
    /// not hold them.
    fn weights(&self, asked: &Question, product_ids: &[&str]) -> Vec<f32> {
        let titles = product_ids.iter().filter_map(|id| self.of_products.get(*id)).flatten();
        let titles = View::of(titles.take(64).map(|&at| self.documents[at as usize].own.title.as_str()));
        let weight = |word: &Word| {
            let is_name = word.concept.is_none_or(Concept::is_kind) && titles.has(&word.own);
            self.counts.weight(word) * if is_name { 0.2 } else { 1.0 }
        };
        asked.words.iter().map(weight).collect()
    }

    /// Places with the index's score as a part of the best one's, times `worth`.
    fn candidates(
        &self,
        text: &str,
        product_ids: &[&str],
        n: usize,
        worth: f32,
    ) -> Result<Vec<(u32, f32)>, AssistError> {
        let limit = CANDIDATES.max(2 * n).min(language::search::DEPTH_MAX);
        let mut request = Request { text, limit, ..Request::default() };
        if !product_ids.is_empty() {
            request.filters = vec![Filter::one_of(ABOUT, product_ids.iter().copied().chain([ALL_PRODUCTS]))];
        }
        if let Some(encoder) = &self.encoder {
            request = request.with_meaning(encoder.as_ref())?;
        }
        let found = self.snapshot.ids(&request, &self.settled)?;
        // Nothing of these products: passages about others are no answer.
        if !found.relaxed.is_empty() {
            return Ok(Vec::new());
        }
        let best = found.hits.iter().map(|(_, score)| *score).fold(f32::MIN_POSITIVE, f32::max);
        let place = |&(id, score): &(&str, f32)| Some((self.numbers.place(id)?, worth * (score / best).max(0.0)));
        Ok(found.hits.iter().filter_map(place).collect())
    }

    /// The question with the words of one meaning that documents use.
    fn in_other_words(&self, asked: &Question) -> Option<String> {
        let mut text = String::new();
        let mut is_new = false;
        for word in &asked.words {
            let Some(concept) = word.concept else {
                text.push_str(word.own.plain());
                text.push(' ');
                continue;
            };
            for form in self.counts.commonest(concept, 4) {
                is_new |= *form != word.own;
                text.push_str(form.plain());
                text.push(' ');
            }
        }
        is_new.then_some(text)
    }

    fn judged(&self, found: &[(u32, f32)], asked: &Question, weights: &[f32], product_ids: &[&str]) -> Vec<Judged> {
        let total: f32 = weights.iter().sum::<f32>().max(f32::MIN_POSITIVE);
        let judge = |&(place, score): &(u32, f32)| {
            let at = &self.places[place as usize];
            let document = &self.documents[at.document as usize].own;
            let read = self.read.of(place, || self.read_place(at));
            let covered = |view: &View| {
                let found = asked.words.iter().zip(weights).map(|(word, weight)| weight * word.answered_in(view));
                (found.sum::<f32>() / total).clamp(0.0, 1.0)
            };
            let coverage = covered(&read.all);
            let agreement = harmonic(covered(&read.head), part_asked(&read.name, asked));
            let is_named = document.product_ids.iter().any(|id| product_ids.contains(&id.as_str()));
            let Ranking { words, coverage: by_coverage, title, product } = self.ranking;
            let score =
                words * score + by_coverage * coverage + title * agreement + if is_named { product } else { 0.0 };
            Judged { place, coverage, score }
        };
        found.iter().map(judge).collect()
    }

    fn read_place(&self, at: &Place) -> ReadPlace {
        let document = &self.documents[at.document as usize].own;
        let head = View::of(at.sections.iter().map(String::as_str).chain([document.title.as_str()]));
        let all = head.clone().and(&document.text[at.range.clone()]);
        let name = Question::new(at.sections.last().unwrap_or(&document.title), &self.tokeniser).words;
        let name = name.into_iter().map(|word| (self.counts.weight(&word), word)).collect();
        ReadPlace { head, all, name }
    }

    fn passage(&self, judged: &Judged) -> Passage {
        let place = &self.places[judged.place as usize];
        let document = &self.documents[place.document as usize];
        Passage {
            document_id: document.own.document_id.clone(),
            version: document.version.clone(),
            title: document.own.title.clone(),
            sections: place.sections.clone(),
            text: document.own.text[place.range.clone()].to_owned(),
            start: place.range.start,
            end: place.range.end,
            coverage: judged.coverage,
            score: judged.score,
        }
    }
}

/// Whether a text asks anything: it has a sign of a question, and words that say what about.
pub(crate) fn asks_something(text: &str) -> bool {
    let folded = words::fold(beginning(text, words::QUESTION_MAX));
    let has_mark = folded.contains("多少") || !concepts::asked(&folded).is_empty();
    has_mark && folded.chars().filter(|character| character.is_alphanumeric()).count() >= 3
}

/// Whether a question asks for something by words of its own, and not only for what there is to know: `参数`, `tell me about it`.
pub fn is_particular(question: &str) -> bool {
    let asked = Question::new(question, &Tokeniser::default());
    let folded = words::fold(question);
    let of_thing = folded.trim_start().starts_with("what is the ") && folded.contains(" of ");
    let is_own = |word: &Word| {
        let plain = word.own.plain();
        // A single character is a measure (`多大`) or a verb rather than a thing.
        if word.own.is_chinese && plain.chars().count() < 2 {
            return false;
        }
        let is_general = around::GENERAL.iter().any(|general| match word.own.is_chinese {
            true => plain == *general,
            false => general.is_ascii() && plain.starts_with(general),
        });
        word.says >= 0.9 && !is_general
    };
    (of_thing || !asked.asked.is_empty()) && asked.words.iter().any(is_own)
}

/// Whether a text says that a thing was dropped or got wet.
pub(crate) fn is_accident(text: &str) -> bool {
    let words = Question::new(text, &Tokeniser::default()).words;
    words.iter().any(|word| word.concept.is_some_and(|it| matches!(it.name, "accidental damage" | "water")))
}

/// What a text is about and what kind of answer it wants, as rare characters, each a word of its own: the same for words of one
/// meaning, and in both languages. For models that know texts by their words.
pub(crate) fn signs(text: &str) -> String {
    const CONCEPTS_FROM: u32 = 0x3500;
    const ASKED_FROM: u32 = 0x3700;
    let folded = words::fold(beginning(text, words::QUESTION_MAX));
    let mut found: std::collections::BTreeSet<u32> = std::collections::BTreeSet::new();
    words::each_run(&folded, |run| {
        if let words::Run::Ideographs(run) = run {
            concepts::chinese(run, &mut |piece| found.extend(number_of(&piece)));
        }
    });
    concepts::english(&words::letters(&folded), &mut |piece| found.extend(number_of(&piece)));
    let concepts = found.into_iter().map(|number| CONCEPTS_FROM + number);
    let asked = concepts::asked(&folded).into_iter().map(|asked| ASKED_FROM + asked as u32);
    let sign = |code: u32| char::from_u32(code).map(|sign| format!(" {sign}"));
    concepts.chain(asked).filter_map(sign).collect()
}

fn number_of<T>(piece: &concepts::Piece<T>) -> Option<u32> {
    match piece {
        concepts::Piece::Known(_, concept) => u32::try_from(concept.number).ok(),
        concepts::Piece::Plain(_) => None,
    }
}

/// Whether a quotation can be the kind of answer that is asked for: how many is not told without a number.
pub fn is_kind_asked(question: &str, quote: &str) -> bool {
    const NUMBERS: &[char] = &['一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '百', '千', '两', '半'];
    const NONE: &[&str] =
        &["免费", "包邮", "不限", "不收", "无需", "没有", "free", "unlimited", "no limit", "none", "nothing"];
    let asked = Question::new(question, &Tokeniser::default());
    let folded = words::fold(quote);
    !asked.asks(concepts::Asked::Amount)
        || View::of([quote]).has_number()
        || folded.contains(NUMBERS)
        || NONE.iter().any(|word| folded.contains(word))
}

fn harmonic(a: f32, b: f32) -> f32 {
    2.0 * a * b / (a + b).max(f32::MIN_POSITIVE)
}

/// The part of what a heading says that is asked for.
fn part_asked(heading: &[(f32, Word)], asked: &Question) -> f32 {
    let (mut found, mut all) = (0.0, f32::MIN_POSITIVE);
    for (weight, word) in heading {
        let is_asked = asked.words.iter().any(|other| word.is_same(other));
        (found, all) = (found + if is_asked { *weight } else { 0.0 }, all + weight);
    }
    found / all
}

struct Judged {
    place: u32,
    coverage: f32,
    score: f32,
}

fn sorted(documents: &[KnowledgeDocument]) -> Vec<Document> {
    let mut last: FxHashMap<&str, usize> = FxHashMap::default();
    last.extend(documents.iter().enumerate().map(|(at, document)| (document.document_id.as_str(), at)));
    let mut kept: Vec<usize> = last.into_values().collect();
    kept.sort_by(|&a, &b| documents[a].document_id.cmp(&documents[b].document_id));
    let document = |at: usize| Document { version: version_of(&documents[at]), own: documents[at].clone() };
    kept.into_iter().map(document).collect()
}

fn places(documents: &[Document]) -> Vec<Place> {
    documents.par_iter().enumerate().flat_map_iter(|(at, document)| places_of(at, document)).collect()
}

/// The passages of the document at a place among the documents.
fn places_of(at: usize, document: &Document) -> Vec<Place> {
    let chunks = chunks(&document.own.text, ChunkSizes::default()).into_iter();
    chunks.map(|chunk| Place { document: at as u32, range: chunk.range, sections: chunk.headings }).collect()
}

/// The documents that name each product, by their places.
fn of_products(documents: &[Document]) -> FxHashMap<String, Vec<u32>> {
    let mut of_products: FxHashMap<String, Vec<u32>> = FxHashMap::default();
    for (at, document) in (0..).zip(documents) {
        for product in &document.own.product_ids {
            of_products.entry(product.clone()).or_default().push(at);
        }
    }
    of_products
}

fn entry(number: u32, place: &Place, documents: &[Document]) -> Entry {
    let document = &documents[place.document as usize].own;
    let about = |id: &String| (ABOUT.to_owned(), id.clone());
    let mut specs: Vec<(String, String)> = document.product_ids.iter().map(about).collect();
    if specs.is_empty() {
        specs.push((ABOUT.to_owned(), ALL_PRODUCTS.to_owned()));
    }
    // What stands directly above the text names it best.
    let mut sections = vec![document.title.clone()];
    sections.extend(place.sections.iter().cloned());
    let name = sections.pop().expect("a title at least");
    Entry { sections, specs, ..Entry::new(Numbers::id(number), name, &document.text[place.range.clone()]) }
}

/// Counts in blocks, added in order.
fn counts(documents: &[Document], places: &[Place]) -> Counts {
    let of_block = |block: &[Place]| {
        let mut counts = Counts::default();
        block.iter().for_each(|place| counts.add(&counted(place, documents)));
        counts
    };
    let blocks: Vec<Counts> = places.par_chunks(2048).map(of_block).collect();
    blocks.into_iter().fold(Counts::default(), |mut all, block| {
        all.merge(block);
        all
    })
}

/// The text of a passage that is counted: with what stands above it.
fn counted(place: &Place, documents: &[Document]) -> String {
    let document = &documents[place.document as usize].own;
    format!("{}\n{}\n{}", document.title, place.sections.join("\n"), &document.text[place.range.clone()])
}

/// Which documents these are, in which versions.
fn fingerprint(documents: &[Document]) -> String {
    versions::hash(documents.iter().flat_map(|document| [document.own.document_id.as_str(), document.version.as_str()]))
}
