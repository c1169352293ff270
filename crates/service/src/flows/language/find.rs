//! Products and documents found by what people type: conditions read out of a query are shown with the place they came
//! from and can be dropped; what is left is searched as words and by meaning.

use std::ops::Range;

use domain::Product;
use language::LanguageError;
use language::search::{Condition, Filter, Hit, Request, Settled, Sort, parse_query};
use language::text::Tokeniser;
use language::vectors::SentenceEncoder;
use serde::Serialize;
use utoipa::ToSchema;

use super::stock::{Searchable, Shelves};
use super::train::entry_of_product;
use super::{Loaded, characters};
use crate::error::{Kind, Result, ServiceError, clipped};
use crate::flows::segment::Text;

/// Hits of a page at most.
pub const LIMIT_MAX: usize = 100;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    pub text: &'a str,
    pub products: bool,
    pub documents: bool,
    pub offset: usize,
    pub limit: usize,
    /// Ids of conditions read from the text that somebody took away.
    pub dropped: &'a [String],
    /// Choices among facets, `attribute:value`.
    pub chosen: &'a [String],
    /// In which order products come; as the text says, if absent.
    pub sort: Option<Sort>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Found {
    pub query: QueryView,
    pub products: Vec<ProductHit>,
    pub n_products: usize,
    pub documents: Vec<DocumentHit>,
    pub n_documents: usize,
    pub facets: Vec<FacetView>,
    /// Why meaning was looked for with the shop's own words, although tercet.toml asks for another encoder.
    pub note: Option<Text>,
}

/// How a text was understood.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct QueryView {
    pub text: String,
    /// What is searched as words.
    pub words: String,
    pub filters: Vec<FilterView>,
    /// `relevance`, `price_asc`, `price_desc`, `newest` or `best_selling`.
    pub sort: String,
    /// Ids of conditions that were set aside because nothing passes all of them.
    pub relaxed: Vec<String>,
    pub did_you_mean: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FilterView {
    /// For `drop`.
    pub id: String,
    pub attribute: String,
    pub label: Text,
    /// Raises products instead of leaving out others.
    pub is_soft: bool,
    /// Characters of the text that said so.
    pub start: Option<usize>,
    pub end: Option<usize>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Mark {
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProductHit {
    pub product_id: String,
    pub name: String,
    pub brand: Option<String>,
    pub category: Option<String>,
    pub price_cents: Option<i64>,
    pub score: f32,
    /// Characters of the name that were asked for.
    pub marks: Vec<Mark>,
    pub snippet: Option<SnippetView>,
    pub why: Vec<WhyView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SnippetView {
    pub text: String,
    /// Characters of this text.
    pub marks: Vec<Mark>,
}

/// What one word gave a hit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WhyView {
    pub term: String,
    /// `typed`, `part`, `corrected`, `sounds` or `hinted`.
    pub reading: String,
    /// `name` or `text`.
    pub field: String,
    pub score: f32,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DocumentHit {
    pub document_id: String,
    pub title: String,
    /// Headings above the piece, outermost first.
    pub sections: Vec<String>,
    /// The piece as it stands in the document.
    pub text: String,
    /// Bytes of the document that the piece is.
    pub start: usize,
    pub end: usize,
    /// Characters of the piece.
    pub marks: Vec<Mark>,
    pub score: f32,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FacetView {
    pub attribute: String,
    pub values: Vec<FacetValue>,
    /// How many values there are; `values` may hold fewer.
    pub n_values: usize,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FacetValue {
    pub value: String,
    pub n: u32,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Suggestions {
    pub items: Vec<Suggestion>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Suggestion {
    pub text: String,
}

/// Completions of what is being typed.
pub fn suggest(loaded: &Loaded, typed: &str, n: usize) -> Suggestions {
    let found = loaded.stock.now().products.suggester.complete(typed, n);
    Suggestions { items: found.into_iter().map(|one| Suggestion { text: one.text }).collect() }
}

/// Searches.
///
/// # Errors
/// If the text is too long, a page lies too deep, or a choice is not `attribute:value`.
pub fn find(loaded: &Loaded, asked: &Asked) -> Result<Found> {
    let Meaning { vector, shelves, note, .. } = meaning(loaded, asked.text)?;
    let mut found = Found {
        query: QueryView { text: asked.text.to_owned(), words: asked.text.to_owned(), ..QueryView::default() },
        products: Vec::new(),
        n_products: 0,
        documents: Vec::new(),
        n_documents: 0,
        facets: Vec::new(),
        note,
    };
    if asked.products {
        products(&shelves.products, asked, vector.clone(), &mut found)?;
    }
    if asked.documents && !asked.text.trim().is_empty() {
        let request = Request {
            offset: asked.offset,
            limit: asked.limit,
            one_per_group: true,
            vector,
            ..Request::new(asked.text)
        };
        let answer = shelves.documents.snapshot.search(&request, &Settled::documents())?;
        found.n_documents = answer.n_total;
        found.documents = answer.hits.into_iter().map(document).collect();
        if found.query.did_you_mean.is_none() && found.products.is_empty() {
            found.query.did_you_mean = answer.did_you_mean;
        }
    }
    Ok(found)
}

/// What a text means, and the index that has vectors of that kind.
struct Meaning {
    vector: Option<Vec<f32>>,
    shelves: Shelves,
    /// Whether it is our own, since the encoder from outside does not answer.
    is_own: bool,
    note: Option<Text>,
}

fn meaning(loaded: &Loaded, text: &str) -> Result<Meaning> {
    let (shelves, note) = (loaded.stock.now(), loaded.note.as_ref().map(|_| told()));
    let Some(encoder) = loaded.encoder.as_ref().filter(|_| !text.trim().is_empty() && text.len() <= 4096) else {
        return Ok(Meaning { vector: None, shelves, is_own: false, note });
    };
    let vector = |encoder: &dyn SentenceEncoder| -> std::result::Result<Vec<f32>, LanguageError> {
        let rows = encoder.encode(&[text])?;
        Ok(rows.row(0)[..rows.n_factors].to_vec())
    };
    match (vector(&**encoder), &loaded.own) {
        (Err(LanguageError::Unavailable(_)), Some(own)) => {
            let vector = own.encoder.as_deref().map(vector).transpose()?;
            let shelves = own.stock(&shelves, &loaded.tokeniser)?.now();
            Ok(Meaning { vector, shelves, is_own: true, note: Some(told()) })
        }
        (made, _) => Ok(Meaning { vector: Some(made?), shelves, is_own: false, note }),
    }
}

/// Why is in the log, and in `/v1/language`: who searches need not know where the shop's encoder is.
fn told() -> Text {
    Text {
        zh: "外部的文本编码器暂不可用，已改用店里自己的词语。".to_owned(),
        en: "The sentence encoder cannot be used now; the shop's own words are.".to_owned(),
    }
}

/// What means most like a text, by meaning alone.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Alike {
    /// What gave the vectors.
    pub encoder: String,
    pub products: Vec<AlikeItem>,
    pub documents: Vec<AlikeItem>,
    pub note: Option<Text>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AlikeItem {
    /// Of the product, or of the document.
    pub id: String,
    pub name: String,
    /// Cosine, 0 to 1.
    pub similarity: f32,
}

/// The products and documents that mean most like a text, `n` of each at most.
///
/// # Errors
/// If the text is empty or too long, or there are no vectors.
pub fn alike(loaded: &Loaded, text: &str, n: usize) -> Result<Alike> {
    if text.trim().is_empty() || text.len() > 4096 {
        let message = format!("the text has {} bytes; allowed: 1 to 4096 with something to read", text.len());
        return Err(ServiceError::usage("text", message));
    }
    let Meaning { vector, shelves, is_own, note } = meaning(loaded, text)?;
    let encoder =
        if is_own { loaded.own.as_ref().and_then(|own| own.encoder.as_ref()) } else { loaded.encoder.as_ref() };
    let (Some(vector), Some(encoder)) = (vector, encoder) else {
        return Err(ServiceError::new(Kind::NotFound, "vectors", "the shop has too few words to learn vectors from")
            .help("import reviews, descriptions or documents, then learn again: tercet train language"));
    };
    // Pieces of one document count once, by the nearest of them.
    let items = |on: &Searchable| -> Result<Vec<AlikeItem>> {
        let mut items: Vec<AlikeItem> = Vec::new();
        for (entry, similarity) in on.snapshot.nearest(&vector, 5 * n)? {
            let id = entry.group.unwrap_or(entry.id);
            if items.len() < n && items.iter().all(|other| other.id != id) {
                items.push(AlikeItem { id, name: entry.name, similarity });
            }
        }
        Ok(items)
    };
    Ok(Alike {
        encoder: encoder.name().to_owned(),
        products: items(&shelves.products)?,
        documents: items(&shelves.documents)?,
        note,
    })
}

fn products(on: &Searchable, asked: &Asked, vector: Option<Vec<f32>>, found: &mut Found) -> Result<()> {
    let mut understood = parse_query(asked.text, &on.attributes)?;
    understood.filters.retain(|filter| !asked.dropped.contains(&id_of(filter)));
    found.query.words = understood.words.clone();
    found.query.filters = understood.filters.iter().map(|filter| filter_view(filter, asked.text)).collect();
    let mut request = understood.request();
    request.sort = asked.sort.unwrap_or(understood.sort);
    found.query.sort = sort_name(request.sort).to_owned();
    for choice in asked.chosen {
        let (attribute, value) = choice.split_once(':').ok_or_else(|| {
            let message = format!("filter is '{}'; allowed: attribute:value, as facets have them", clipped(choice));
            ServiceError::usage("filter", message)
        })?;
        request.filters.push(Filter::one_of(attribute, [value]));
    }
    (request.offset, request.limit, request.with_facets, request.vector) = (asked.offset, asked.limit, true, vector);
    let answer = on.snapshot.search(&request, &Settled::products())?;
    found.n_products = answer.n_total;
    found.query.relaxed = answer.relaxed.iter().map(id_of).collect();
    found.query.did_you_mean = answer.did_you_mean;
    found.products = answer.hits.into_iter().map(product).collect();
    found.facets = answer.facets.into_iter().map(facet).collect();
    Ok(())
}

fn facet(facet: language::search::Facet) -> FacetView {
    let value = |(value, n): (String, u32)| FacetValue { value, n };
    FacetView {
        attribute: facet.attribute,
        n_values: facet.n_values,
        values: facet.values.into_iter().map(value).collect(),
    }
}

fn marks(text: &str, ranges: &[Range<usize>]) -> Vec<Mark> {
    let mark = |range: &Range<usize>| {
        let (start, end) = characters(text, range);
        Mark { start, end }
    };
    ranges.iter().map(mark).collect()
}

/// Words shown as reasons.
const WHY_MAX: usize = 6;

fn product(hit: Hit) -> ProductHit {
    let snippet = hit.snippet.as_ref().map(|snippet| SnippetView {
        marks: marks(&snippet.text, &shifted(&snippet.highlights, snippet.range.start)),
        text: snippet.text.clone(),
    });
    let why = |term: &language::search::TermScore| WhyView {
        term: term.term.clone(),
        reading: serde_json::to_value(term.reading)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default(),
        field: term.field.to_owned(),
        score: term.score,
    };
    ProductHit {
        marks: marks(&hit.entry.name, &hit.name_highlights),
        snippet,
        why: hit.terms.iter().take(WHY_MAX).map(why).collect(),
        product_id: hit.entry.id,
        name: hit.entry.name,
        brand: hit.entry.brand,
        category: hit.entry.category,
        price_cents: hit.entry.price_cents,
        score: hit.score,
    }
}

fn shifted(ranges: &[Range<usize>], by: usize) -> Vec<Range<usize>> {
    ranges.iter().map(|range| range.start - by..range.end - by).collect()
}

fn document(hit: Hit) -> DocumentHit {
    let (document_id, place) = hit.entry.id.rsplit_once('#').unwrap_or((&hit.entry.id, "0-0"));
    let (start, end) = place.split_once('-').unwrap_or(("0", "0"));
    let highlights = hit.snippet.as_ref().map(|snippet| snippet.highlights.clone()).unwrap_or_default();
    DocumentHit {
        document_id: document_id.to_owned(),
        start: start.parse().unwrap_or(0),
        end: end.parse().unwrap_or(0),
        marks: marks(&hit.entry.body, &highlights),
        title: hit.entry.name,
        sections: hit.entry.sections,
        text: hit.entry.body,
        score: hit.score,
    }
}

/// Orders by their names, the usual one first.
const SORTS: [(&str, Sort); 5] = [
    ("relevance", Sort::Relevance),
    ("price_asc", Sort::PriceUp),
    ("price_desc", Sort::PriceDown),
    ("newest", Sort::Newest),
    ("best_selling", Sort::MostPopular),
];

fn sort_name(sort: Sort) -> &'static str {
    SORTS.iter().find(|(_, known)| *known == sort).map_or("relevance", |(name, _)| name)
}

/// # Errors
/// If there is no order of this name.
pub fn sort_named(name: &str) -> Result<Sort> {
    SORTS.iter().find(|(known, _)| *known == name).map(|(_, sort)| *sort).ok_or_else(|| {
        let allowed = SORTS.map(|(known, _)| known).join(", ");
        ServiceError::usage("sort", format!("sort is '{}'; allowed: {allowed}", clipped(name)))
    })
}

/// The same condition has the same id in every answer to the same text.
fn id_of(filter: &Filter) -> String {
    match &filter.from {
        Some(range) => format!("{}@{}-{}", filter.attribute, range.start, range.end),
        None => filter.attribute.clone(),
    }
}

fn filter_view(filter: &Filter, text: &str) -> FilterView {
    let place = filter.from.as_ref().map(|range| characters(text, range));
    FilterView {
        id: id_of(filter),
        attribute: filter.attribute.clone(),
        label: label(filter),
        is_soft: filter.is_soft,
        start: place.map(|place| place.0),
        end: place.map(|place| place.1),
    }
}

/// A condition in words.
fn label(filter: &Filter) -> Text {
    let (zh, en, unit) = attribute(&filter.attribute);
    let number = |value: f64| {
        let text = format!("{:.2}", value);
        format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
    };
    match &filter.condition {
        Condition::Between { min: Some(min), max: Some(max) } if min == max => {
            Text { zh: format!("{zh} {}", number(*min)), en: format!("{en} {}", number(*min)) }
        }
        Condition::Between { min: Some(min), max: Some(max) } => Text {
            zh: format!("{zh} {}–{}", number(*min), number(*max)),
            en: format!("{en} {}–{}", number(*min), number(*max)),
        },
        Condition::Between { min: Some(min), max: None } => {
            Text { zh: format!("{zh} ≥ {}", number(*min)), en: format!("{en} ≥ {}", number(*min)) }
        }
        Condition::Between { min: None, max: Some(max) } => {
            Text { zh: format!("{zh} ≤ {}", number(*max)), en: format!("{en} ≤ {}", number(*max)) }
        }
        Condition::Between { min: None, max: None } => Text { zh: zh.to_owned(), en: en.to_owned() },
        Condition::OneOf(values) => {
            Text { zh: format!("{zh}：{}", values.join(" / ")), en: format!("{en}: {}", values.join(" / ")) }
        }
        Condition::NoneOf(values) => {
            Text { zh: format!("不要{zh}：{}", values.join(" / ")), en: format!("{en} not {}", values.join(" / ")) }
        }
        Condition::Lacks(word) => Text { zh: format!("不含“{word}”"), en: format!("without “{word}”") },
    }
}

fn attribute(name: &str) -> (&str, &str, &'static str) {
    match name {
        "price" => ("价格", "price", ""),
        "memory" => ("内存", "memory", " GB"),
        "storage" => ("存储", "storage", " GB"),
        "screen" => ("屏幕", "screen", "″"),
        "weight" => ("重量", "weight", " kg"),
        "battery" => ("电池", "battery", " mAh"),
        "refresh" => ("刷新率", "refresh rate", " Hz"),
        "brand" => ("品牌", "brand", ""),
        "category" => ("类别", "category", ""),
        other => (other, other, ""),
    }
}

/// Products found, best first, with their scores; and the words of conditions that were set aside since nothing meets them.
pub type Best = (Vec<(String, f32)>, Vec<String>);

/// The products that a text asks for, without all that a page of results shows.
///
/// # Errors
/// If an index or an encoder fails.
pub fn best_products(loaded: &Loaded, text: &str, n: usize) -> Result<Best> {
    let Meaning { vector, shelves, .. } = meaning(loaded, text)?;
    best(&shelves.products, text, n, vector)
}

fn best(on: &Searchable, text: &str, n: usize, vector: Option<Vec<f32>>) -> Result<Best> {
    let text = &text[..text.floor_char_boundary(QUERY_BYTES_MAX)];
    let understood = parse_query(text, &on.attributes)?;
    let mut request = understood.request();
    (request.sort, request.limit, request.vector) = (understood.sort, n.clamp(1, LIMIT_MAX), vector);
    let found = on.snapshot.ids(&request, &Settled::products())?;
    let words = |filter: &Filter| match &filter.from {
        Some(range) => text.get(range.clone()).unwrap_or_default().to_owned(),
        None => filter.attribute.clone(),
    };
    let relaxed = found.relaxed.iter().map(words).collect();
    Ok((found.hits.into_iter().map(|(id, score)| (id.to_owned(), score)).collect(), relaxed))
}

/// Bytes of a customer's message that are searched with.
const QUERY_BYTES_MAX: usize = 1_000;

/// Products to search before anything was learned: by their words, without meaning.
pub struct PlainShelf(Searchable);

impl PlainShelf {
    /// # Errors
    /// If a product cannot be indexed.
    pub fn of(products: &[Product], tokeniser: &Tokeniser) -> Result<PlainShelf> {
        Ok(PlainShelf(Searchable::plain(products.iter().map(entry_of_product).collect(), tokeniser)?))
    }

    /// # Errors
    /// If the index fails.
    pub fn best(&self, text: &str, n: usize) -> Result<Best> {
        best(&self.0, text, n, None)
    }
}
