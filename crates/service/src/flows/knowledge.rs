//! Documents of customer service as people look after them: what there is, in which version, cut into which pieces, and what is
//! different against the version before. For the API and the command line. What is not here: keeping versions
//! (`data::Shop::put_documents`), finding passages (`assist::knowledge`).

use std::collections::BTreeMap;

use assist::knowledge::{ChangeKind, ChunkChanges, chunk_changes};
use data::Shop;
use data::state::documents::DocumentVersion;
use domain::KnowledgeDocument;
use language::search::{ChunkSizes, chunks};
use language::text::{Language, detect};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock;
use crate::error::{Kind, Result, ServiceError};

/// A document in a list.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DocumentRow {
    pub document_id: String,
    pub title: String,
    pub source: Option<String>,
    pub product_ids: Vec<String>,
    /// What the document calls its version, or sixteen digits of its text's digest.
    pub version: String,
    /// Of its versions, from 1; retirements count.
    pub number: i64,
    /// `on`, or `retired`: then it is as it was last.
    pub state: String,
    /// UTC milliseconds; absent for what was there before a log was kept.
    pub changed_at: Option<i64>,
    /// A file, `console`, `version 3` …; empty if nobody knows.
    pub origin: String,
    /// Pieces that are found and cited.
    pub n_chunks: usize,
    pub n_chars: usize,
    /// zh, en, mixed or other.
    pub lang: String,
}

/// A piece of a document, as it is found and cited.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ChunkView {
    /// Headings, outermost first.
    pub sections: Vec<String>,
    pub text: String,
    /// Bytes of the document's text.
    pub start: usize,
    pub end: usize,
}

/// An entry of a document's log.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct VersionRow {
    pub number: i64,
    pub version: String,
    pub at: Option<i64>,
    pub origin: String,
    pub is_retirement: bool,
    /// Whether customers are answered from it.
    pub is_current: bool,
    /// Whether its text is still kept: it can be shown and put back.
    pub is_kept: bool,
}

/// A document with its log and some of its pieces.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DocumentView {
    pub document: DocumentRow,
    /// Newest first.
    pub versions: Vec<VersionRow>,
    pub chunks: Vec<ChunkView>,
}

/// What a version changed.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct VersionChanges {
    pub number: i64,
    /// The version it is compared with; absent for the first, and where no text before it is kept.
    pub against: Option<i64>,
    pub title: String,
    /// The title before, if it is another.
    pub title_was: Option<String>,
    pub product_ids: Vec<String>,
    /// The products before, if they are others.
    pub product_ids_were: Option<Vec<String>>,
    pub n_same: usize,
    pub n_added: usize,
    pub n_removed: usize,
    pub n_changed: usize,
    /// In the order of the new version.
    pub changes: Vec<ChunkChange>,
}

/// A piece that one of two versions has alone, or that changed.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ChunkChange {
    /// added, removed or changed.
    pub kind: String,
    pub sections: Vec<String>,
    pub text: Option<String>,
    pub was: Option<String>,
}

/// Which documents a list is of.
#[derive(Clone, Debug, Default)]
pub struct DocumentQuery {
    /// Stands in id, title, source or text.
    pub text: String,
    /// `on` or `retired`; both if absent.
    pub state: Option<String>,
    pub lang: Option<String>,
    /// changed, title or id.
    pub sort: String,
    pub offset: usize,
    pub limit: usize,
}

pub const SORTS: [&str; 3] = ["changed", "title", "id"];
pub const LANGS: [&str; 4] = ["zh", "en", "mixed", "other"];

/// A page of documents, how many there are in all, and how many of each state.
pub struct DocumentPage {
    pub items: Vec<DocumentRow>,
    pub total: usize,
    pub n_on: usize,
    pub n_retired: usize,
}

fn lang_of(text: &str) -> &'static str {
    match detect(text) {
        Language::SimplifiedChinese | Language::TraditionalChinese => "zh",
        Language::English => "en",
        Language::Mixed => "mixed",
        Language::Other => "other",
    }
}

fn row(document: &KnowledgeDocument, newest: Option<&DocumentVersion>, state: &str) -> DocumentRow {
    DocumentRow {
        document_id: document.document_id.clone(),
        title: document.title.clone(),
        source: document.source.clone(),
        product_ids: document.product_ids.clone(),
        version: document.version.clone().unwrap_or_else(|| data::sources::version_of(&document.text)),
        number: newest.map_or(1, |newest| newest.number),
        state: state.to_owned(),
        changed_at: newest.and_then(|newest| newest.at),
        origin: newest.map(|newest| newest.origin.clone()).unwrap_or_default(),
        n_chunks: chunks(&document.text, ChunkSizes::default()).len(),
        n_chars: document.text.chars().count(),
        lang: lang_of(&document.text).to_owned(),
    }
}

/// The newest text of a log.
fn last_text(log: &[DocumentVersion]) -> Result<Option<KnowledgeDocument>> {
    log.iter().find_map(|entry| entry.body.as_deref()).map(|body| Ok(serde_json::from_str(body)?)).transpose()
}

/// Documents that were retired, as they were last.
fn retired(
    shop: &Shop,
    newest: &BTreeMap<String, DocumentVersion>,
    is_on: impl Fn(&str) -> bool,
) -> Result<Vec<KnowledgeDocument>> {
    let state = shop.state()?;
    let mut found = Vec::new();
    for id in newest.keys().filter(|id| !is_on(id)) {
        found.extend(last_text(&state.document_versions(id)?)?);
    }
    Ok(found)
}

/// A page of `on`, which are the documents that answer, and of those that were retired.
pub fn list<'a>(
    shop: &Shop,
    on: impl Iterator<Item = &'a KnowledgeDocument>,
    query: &DocumentQuery,
) -> Result<DocumentPage> {
    let newest: BTreeMap<String, DocumentVersion> =
        shop.state()?.newest_documents()?.into_iter().map(|entry| (entry.document_id.clone(), entry)).collect();
    let on: BTreeMap<&str, &KnowledgeDocument> = on.map(|one| (one.document_id.as_str(), one)).collect();
    let retired = retired(shop, &newest, |id| on.contains_key(id))?;
    let words = query.text.to_lowercase();
    let is_meant = |one: &KnowledgeDocument| {
        let texts = [Some(&one.document_id), Some(&one.title), one.source.as_ref(), Some(&one.text)];
        let has = words.is_empty() || texts.into_iter().flatten().any(|text| text.to_lowercase().contains(&words));
        has && query.lang.as_deref().is_none_or(|lang| lang_of(&one.text) == lang)
    };
    let on: Vec<&KnowledgeDocument> = on.into_values().filter(|one| is_meant(one)).collect();
    let off: Vec<&KnowledgeDocument> = retired.iter().filter(|one| is_meant(one)).collect();
    let (n_on, n_retired) = (on.len(), off.len());
    let wants = |state: &str| query.state.as_deref().is_none_or(|wanted| wanted == state);
    let mut all: Vec<(&KnowledgeDocument, &str)> = Vec::new();
    all.extend(on.into_iter().filter(|_| wants("on")).map(|one| (one, "on")));
    all.extend(off.into_iter().filter(|_| wants("retired")).map(|one| (one, "retired")));
    let entry = |one: &KnowledgeDocument| newest.get(&one.document_id);
    let changed_at = |one: &KnowledgeDocument| entry(one).and_then(|entry| entry.at);
    all.sort_by(|(a, _), (b, _)| {
        let first = match query.sort.as_str() {
            "title" => a.title.cmp(&b.title),
            "changed" => changed_at(b).cmp(&changed_at(a)),
            _ => std::cmp::Ordering::Equal,
        };
        first.then_with(|| a.document_id.cmp(&b.document_id))
    });
    let total = all.len();
    let page = all.into_iter().skip(query.offset).take(query.limit);
    let items = page.map(|(one, state)| row(one, entry(one), state)).collect();
    Ok(DocumentPage { items, total, n_on, n_retired })
}

fn log_of(shop: &Shop, id: &str) -> Result<Vec<DocumentVersion>> {
    let log = shop.document_log(id)?;
    match log.is_empty() {
        true => Err(ServiceError::not_found("document", id)),
        false => Ok(log),
    }
}

fn state_of(log: &[DocumentVersion], shop: &Shop, id: &str) -> Result<&'static str> {
    // A process may have died between taking it out and noting so.
    let is_on = log.first().is_some_and(|newest| !newest.is_retirement()) && shop.document(id)?.is_some();
    Ok(if is_on { "on" } else { "retired" })
}

/// One document with its log and the pieces from `offset` on.
///
/// # Errors
/// If there is no such document, and never was.
pub fn look(shop: &Shop, id: &str, offset: usize, limit: usize) -> Result<DocumentView> {
    let log = log_of(shop, id)?;
    let state = state_of(&log, shop, id)?;
    let document = last_text(&log)?.ok_or_else(|| {
        ServiceError::not_found("document", id).help("only that it was retired is known; import it again")
    })?;
    let version = |(at, entry): (usize, &DocumentVersion)| VersionRow {
        number: entry.number,
        version: entry.version.clone(),
        at: entry.at,
        origin: entry.origin.clone(),
        is_retirement: entry.is_retirement(),
        is_current: at == 0 && state == "on",
        is_kept: entry.body.is_some(),
    };
    let pieces = chunks(&document.text, ChunkSizes::default()).into_iter().skip(offset).take(limit);
    let chunk = |chunk: language::search::Chunk| ChunkView {
        sections: chunk.headings,
        text: document.text[chunk.range.clone()].to_owned(),
        start: chunk.range.start,
        end: chunk.range.end,
    };
    Ok(DocumentView {
        document: row(&document, log.first(), state),
        versions: log.iter().enumerate().map(version).collect(),
        chunks: pieces.map(chunk).collect(),
    })
}

/// The document as it was in version `number`.
fn kept_version(log: &[DocumentVersion], id: &str, number: i64) -> Result<KnowledgeDocument> {
    let entry = log.iter().find(|entry| entry.number == number);
    let entry = entry.ok_or_else(|| ServiceError::not_found("version of the document", &number.to_string()))?;
    let Some(body) = entry.body.as_deref() else {
        let message = match entry.is_retirement() {
            true => format!("entry {number} of '{id}' is a retirement, which has no text"),
            false => format!("the text of version {number} of '{id}' is kept no longer"),
        };
        let kept: Vec<String> = log.iter().filter(|one| one.body.is_some()).map(|one| one.number.to_string()).collect();
        return Err(ServiceError::new(Kind::Conflict, "version", message)
            .help(format!("versions with text: {}", kept.join(", "))));
    };
    Ok(serde_json::from_str(body)?)
}

/// What version `number` changed against the last one before it whose text is kept.
///
/// # Errors
/// If there is no such version, or its text is kept no longer.
pub fn changes(shop: &Shop, id: &str, number: i64) -> Result<VersionChanges> {
    let log = log_of(shop, id)?;
    let now = kept_version(&log, id, number)?;
    let before = log.iter().find(|entry| entry.number < number && entry.body.is_some());
    let was: Option<KnowledgeDocument> =
        before.and_then(|entry| entry.body.as_deref()).map(serde_json::from_str).transpose()?;
    let ChunkChanges { changes, n_same } = match &was {
        Some(was) => chunk_changes(&was.text, &now.text),
        None => chunk_changes("", &now.text),
    };
    let n_of = |kind: ChangeKind| changes.iter().filter(|one| one.kind == kind).count();
    let (n_added, n_removed, n_changed) =
        (n_of(ChangeKind::Added), n_of(ChangeKind::Removed), n_of(ChangeKind::Changed));
    let name = |kind: ChangeKind| match kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
    };
    let change = |one: assist::knowledge::ChangedChunk| ChunkChange {
        kind: name(one.kind).to_owned(),
        sections: one.sections,
        text: one.text,
        was: one.was,
    };
    Ok(VersionChanges {
        number,
        against: before.map(|entry| entry.number),
        title_was: was.as_ref().map(|was| was.title.clone()).filter(|title| *title != now.title),
        product_ids_were: was.map(|was| was.product_ids).filter(|products| *products != now.product_ids),
        title: now.title,
        product_ids: now.product_ids,
        n_same,
        n_added,
        n_removed,
        n_changed,
        changes: changes.into_iter().map(change).collect(),
    })
}

/// What became of one document.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DocumentPut {
    pub document_id: String,
    /// new, changed or same.
    pub outcome: String,
    pub number: i64,
    pub n_chunks: usize,
}

/// Adds a document or a new version of it.
pub fn put(shop: &Shop, document: &KnowledgeDocument, origin: &str) -> Result<DocumentPut> {
    let changes = shop.put_documents(std::slice::from_ref(document), origin, clock::now().0)?;
    let outcome = match (changes.n_new, changes.n_changed) {
        (1, _) => "new",
        (_, 1) => "changed",
        _ => "same",
    };
    let log = shop.document_log(&document.document_id)?;
    Ok(DocumentPut {
        document_id: document.document_id.clone(),
        outcome: outcome.to_owned(),
        number: log.first().map_or(1, |newest| newest.number),
        n_chunks: chunks(&document.text, ChunkSizes::default()).len(),
    })
}

/// Puts version `number` back, as a new version.
///
/// # Errors
/// If there is no such version, or its text is kept no longer.
pub fn restore(shop: &Shop, id: &str, number: i64) -> Result<DocumentPut> {
    let document = kept_version(&log_of(shop, id)?, id, number)?;
    put(shop, &document, &format!("version {number}"))
}

/// Takes a document out of use; it can be put back.
///
/// # Errors
/// If there is no such document in use.
pub fn retire(shop: &Shop, id: &str, origin: &str) -> Result<()> {
    match shop.retire_document(id, origin, clock::now().0)? {
        true => Ok(()),
        false => Err(ServiceError::not_found("document in use", id)),
    }
}
