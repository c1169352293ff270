//! Versions of documents by their content, and what is different between two states of the library.

use std::collections::BTreeMap;

use domain::KnowledgeDocument;
use language::search::{ChunkSizes, chunks};
use serde::{Deserialize, Serialize};

/// 32 hexadecimal digits of what a document says and which products it is about: the same content has the same version.
pub fn version_of(document: &KnowledgeDocument) -> String {
    let mut products: Vec<&str> = document.product_ids.iter().map(String::as_str).collect();
    products.sort_unstable();
    hash([document.title.as_str(), document.text.as_str()].into_iter().chain(products))
}

/// FNV-1a of 128 bits over texts with their lengths. Tells versions apart; protects nothing.
pub(super) fn hash<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    let mut add = |byte: u8| hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    for text in texts {
        (text.len() as u64).to_le_bytes().into_iter().for_each(&mut add);
        text.bytes().for_each(&mut add);
    }
    format!("{hash:032x}")
}

/// What is different between two states of the library.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KnowledgeChanges {
    /// By id, as the others.
    pub added: Vec<DocumentName>,
    pub removed: Vec<DocumentName>,
    pub changed: Vec<ChangedDocument>,
}

impl KnowledgeChanges {
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DocumentName {
    pub document_id: String,
    pub title: String,
    pub version: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChangedDocument {
    pub document_id: String,
    pub title: String,
    /// The title before, if it is another.
    pub title_was: Option<String>,
    pub version: String,
    pub version_was: String,
    pub products_changed: bool,
    /// In the order of the new document; what is gone last.
    pub sections: Vec<ChangedSection>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangedSection {
    /// Headings, outermost first; none for what stands before the first.
    pub sections: Vec<String>,
    pub kind: ChangeKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Added,
    Removed,
    Changed,
}

/// What is different in `new`. Of several documents with one id the last counts. Spaces at the ends of lines are no difference
/// between sections.
pub fn what_changed(old: &[KnowledgeDocument], new: &[KnowledgeDocument]) -> KnowledgeChanges {
    let (old, new) = (by_id(old), by_id(new));
    let named = |document: &KnowledgeDocument| DocumentName {
        document_id: document.document_id.clone(),
        title: document.title.clone(),
        version: version_of(document),
    };
    let without = |all: &BTreeMap<&str, &KnowledgeDocument>, other: &BTreeMap<&str, &KnowledgeDocument>| {
        all.iter().filter(|(id, _)| !other.contains_key(*id)).map(|(_, document)| named(document)).collect()
    };
    let both = new.iter().filter_map(|(id, now)| Some((old.get(id)?, now)));
    let changed = both.filter_map(|(was, now)| difference(was, now)).collect();
    KnowledgeChanges { added: without(&new, &old), removed: without(&old, &new), changed }
}

fn by_id(documents: &[KnowledgeDocument]) -> BTreeMap<&str, &KnowledgeDocument> {
    documents.iter().map(|document| (document.document_id.as_str(), document)).collect()
}

fn difference(was: &KnowledgeDocument, now: &KnowledgeDocument) -> Option<ChangedDocument> {
    let (version_was, version) = (version_of(was), version_of(now));
    if version_was == version {
        return None;
    }
    let products = |document: &KnowledgeDocument| {
        let mut ids = document.product_ids.clone();
        ids.sort_unstable();
        ids
    };
    Some(ChangedDocument {
        document_id: now.document_id.clone(),
        title: now.title.clone(),
        title_was: (was.title != now.title).then(|| was.title.clone()),
        version,
        version_was,
        products_changed: products(was) != products(now),
        sections: changed_sections(&was.text, &now.text),
    })
}

/// A document's sections in order, each heading path once with all that stands under it.
fn sections(text: &str) -> Vec<(Vec<String>, String)> {
    let mut order: Vec<(Vec<String>, String)> = Vec::new();
    let mut at: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for chunk in chunks(text, ChunkSizes { most: usize::MAX, overlap: 0 }) {
        let lines: Vec<&str> = text[chunk.range].lines().map(str::trim_end).collect();
        let place = *at.entry(chunk.headings.clone()).or_insert_with(|| {
            order.push((chunk.headings, String::new()));
            order.len() - 1
        });
        order[place].1.push_str(&lines.join("\n"));
        order[place].1.push('\n');
    }
    order
}

fn changed_sections(was: &str, now: &str) -> Vec<ChangedSection> {
    let (was, now) = (sections(was), sections(now));
    let before: BTreeMap<&[String], &str> = was.iter().map(|(path, text)| (path.as_slice(), text.as_str())).collect();
    let after: BTreeMap<&[String], &str> = now.iter().map(|(path, text)| (path.as_slice(), text.as_str())).collect();
    let section = |path: &Vec<String>, kind| ChangedSection { sections: path.clone(), kind };
    let mut found: Vec<ChangedSection> = Vec::new();
    for (path, text) in &now {
        match before.get(path.as_slice()) {
            None => found.push(section(path, ChangeKind::Added)),
            Some(was) if was != text => found.push(section(path, ChangeKind::Changed)),
            Some(_) => {}
        }
    }
    let gone = was.iter().filter(|(path, _)| !after.contains_key(path.as_slice()));
    found.extend(gone.map(|(path, _)| section(path, ChangeKind::Removed)));
    found
}
