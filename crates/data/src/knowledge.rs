//! The documents of customer service as a shop keeps them: changed one by one or by import, with what each was before. The
//! table `knowledge` holds what is; `state::documents` the log. What is about to be replaced is kept before it is, so a process
//! that dies in between loses no version.

use std::collections::{BTreeMap, BTreeSet};

use domain::{KnowledgeDocument, TableSpec};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::files::hex;
use crate::sources::version_of;
use crate::state::documents::DocumentVersion;
use crate::tables::{GRACE, Row, read};
use crate::{DataError, ImportReport, Shop, SourceTag, TableWriter};

/// What a change did to the documents of a shop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    pub n_new: u64,
    pub n_changed: u64,
    pub n_same: u64,
    /// Ids of the first new and of the first changed documents.
    pub new: Vec<String>,
    pub changed: Vec<String>,
}

/// Ids that are told.
const TOLD_MAX: usize = 100;

/// Version and digest of documents, by id.
pub(crate) type Known = BTreeMap<String, (String, String)>;

/// Version and digest of a document. The digest is of what customers can be told of it, and of what it calls its version.
pub(crate) fn stamp(document: &KnowledgeDocument) -> (String, String) {
    let version = document.version.clone().unwrap_or_else(|| version_of(&document.text));
    let mut digest = Sha256::new();
    let parts = [document.title.as_str(), &document.text, &version];
    for part in parts.into_iter().chain(document.product_ids.iter().map(String::as_str)) {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
    (version, hex(&digest.finalize())[..32].to_owned())
}

fn spec() -> &'static TableSpec {
    KnowledgeDocument::spec()
}

impl Shop {
    /// Each document of the table.
    pub(crate) fn each_document(&self, see: &mut dyn FnMut(KnowledgeDocument)) -> Result<(), DataError> {
        let folder = self.tables().folder(spec());
        for file in &self.tables().manifest(spec())?.files {
            for batch in read::batches(&folder, spec(), file, None)? {
                KnowledgeDocument::from_batch(&batch?).into_iter().for_each(&mut *see);
            }
        }
        Ok(())
    }

    /// The document called `id`, if the table has it.
    pub fn document(&self, id: &str) -> Result<Option<KnowledgeDocument>, DataError> {
        let mut found = None;
        self.each_document(&mut |document| {
            if document.document_id == id {
                found = Some(document);
            }
        })?;
        Ok(found)
    }

    /// Adds documents or new versions of them; of several with one id the last counts. `at` is now, in UTC milliseconds.
    pub fn put_documents(&self, documents: &[KnowledgeDocument], origin: &str, at: i64) -> Result<Changes, DataError> {
        let known = documents.iter().map(|one| (one.document_id.clone(), stamp(one))).collect();
        let mut writer = self.tables().writer(spec(), SourceTag::live("api"))?;
        writer.write(KnowledgeDocument::to_batch(documents)?)?;
        let (_, changes) = self.finish_documents(writer, &known, origin, at)?;
        // The change is made, whatever becomes of old files: the next one collects them.
        drop(self.tables().collect_garbage(GRACE));
        Ok(changes)
    }

    /// Finishes a writer of documents, with a log of what it changes. `written` is what it was given.
    pub(crate) fn finish_documents(
        &self,
        writer: TableWriter,
        written: &Known,
        origin: &str,
        at: i64,
    ) -> Result<(ImportReport, Changes), DataError> {
        let _alone = self.documents_guard();
        let state = self.state()?;
        let (mut changes, mut kept, mut stays) = (Changes::default(), Vec::new(), BTreeSet::new());
        self.each_document(&mut |document| {
            let Some((_, digest)) = written.get(&document.document_id) else { return };
            let now = stamp(&document);
            if now.1 == *digest {
                stays.insert(document.document_id);
            } else {
                kept.push(entry_of(&document, now));
            }
        })?;
        let changed: BTreeSet<String> = kept.iter().map(|one| one.document_id.clone()).collect();
        state.keep_documents(kept)?;
        let report = writer.finish()?;
        let mut noted = Vec::new();
        for (id, (version, digest)) in written {
            let (count, told) = match (stays.contains(id), changed.contains(id)) {
                (true, _) => {
                    changes.n_same += 1;
                    continue;
                }
                (_, true) => (&mut changes.n_changed, &mut changes.changed),
                _ => (&mut changes.n_new, &mut changes.new),
            };
            *count += 1;
            if told.len() < TOLD_MAX {
                told.push(id.clone());
            }
            noted.push(DocumentVersion {
                document_id: id.clone(),
                version: version.clone(),
                digest: digest.clone(),
                at: Some(at),
                origin: origin.to_owned(),
                ..DocumentVersion::default()
            });
        }
        state.note_documents(noted)?;
        Ok((report, changes))
    }

    /// Takes a document out of the table; its versions stay and can be put back. Whether it was there.
    pub fn retire_document(&self, id: &str, origin: &str, at: i64) -> Result<bool, DataError> {
        let _alone = self.documents_guard();
        let Some(document) = self.document(id)? else { return Ok(false) };
        let state = self.state()?;
        state.keep_documents(vec![entry_of(&document, stamp(&document))])?;
        // Not `delete_where`: whoever is reading has time to finish.
        self.tables().replace_where::<KnowledgeDocument>("document_id", id, [], "api")?;
        let (document_id, origin) = (id.to_owned(), origin.to_owned());
        state.note_documents(vec![DocumentVersion {
            document_id,
            at: Some(at),
            origin,
            ..DocumentVersion::default()
        }])?;
        Ok(true)
    }

    /// What is known of a document's versions, newest first. Where the table has the document, the first entry is that one, with
    /// its text.
    pub fn document_log(&self, id: &str) -> Result<Vec<DocumentVersion>, DataError> {
        let _alone = self.documents_guard();
        let mut log = self.state()?.document_versions(id)?;
        if let Some(document) = self.document(id)? {
            let now = entry_of(&document, stamp(&document));
            match log.first_mut().filter(|newest| newest.digest == now.digest) {
                Some(newest) => newest.body = now.body,
                // Written without a log, or a process died before it wrote one.
                None => {
                    let number = log.first().map_or(1, |newest| newest.number + 1);
                    log.insert(0, DocumentVersion { number, ..now });
                }
            }
        }
        Ok(log)
    }
}

/// A document as it is kept, of an unknown time.
fn entry_of(document: &KnowledgeDocument, (version, digest): (String, String)) -> DocumentVersion {
    let body = serde_json::to_string(document).expect("a document is plain data");
    let document_id = document.document_id.clone();
    DocumentVersion { document_id, version, digest, body: Some(body), ..DocumentVersion::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(id: &str, title: &str, text: &str) -> KnowledgeDocument {
        let (document_id, title, text) = (id.to_owned(), title.to_owned(), text.to_owned());
        KnowledgeDocument { document_id, title, text, ..KnowledgeDocument::default() }
    }

    fn log(shop: &Shop, id: &str) -> Vec<(i64, Option<i64>, String, Option<String>)> {
        let text =
            |body: Option<String>| body.map(|body| serde_json::from_str::<KnowledgeDocument>(&body).unwrap().text);
        let log = shop.document_log(id).unwrap();
        log.into_iter().map(|one| (one.number, one.at, one.origin, text(one.body))).collect()
    }

    #[test]
    fn every_version_is_kept_with_its_time_until_there_are_too_many() {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::create(folder.path().join("shop")).unwrap();
        // Without a log, as a simulated shop has it.
        shop.tables().upsert(&[document("a", "A", "old"), document("b", "B", "b")], "test").unwrap();
        assert_eq!(log(&shop, "a"), [(1, None, String::new(), Some("old".to_owned()))]);
        let put = |text: &str, at| shop.put_documents(&[document("a", "A", text), document("b", "B", "b")], "f", at);
        let changes = put("new", 5).unwrap();
        assert_eq!((changes.n_new, changes.n_changed, changes.n_same), (0, 1, 1));
        assert_eq!(changes.changed, ["a"]);
        let old = (1, None, String::new(), Some("old".to_owned()));
        assert_eq!(log(&shop, "a"), [(2, Some(5), "f".to_owned(), Some("new".to_owned())), old.clone()]);
        assert_eq!(put("new", 6).unwrap().n_same, 2);
        assert_eq!(log(&shop, "a").len(), 2, "the same again is no version");
        assert!(shop.retire_document("a", "console", 7).unwrap());
        assert!(!shop.retire_document("a", "console", 8).unwrap());
        assert_eq!(shop.document("a").unwrap(), None);
        let retired = (3, Some(7), "console".to_owned(), None);
        assert_eq!(log(&shop, "a")[0], retired);
        assert_eq!(log(&shop, "a")[1].3.as_deref(), Some("new"));
        assert_eq!(shop.state().unwrap().newest_documents().unwrap().len(), 1, "b never changed");
        put("old", 9).unwrap();
        assert_eq!(log(&shop, "a").iter().map(|one| one.0).collect::<Vec<_>>(), [4, 3, 2, 1]);
        for n in 0..30 {
            put(&format!("text {n}"), 10 + n).unwrap();
        }
        let all = log(&shop, "a");
        let n_kept = all.iter().filter(|one| one.3.is_some()).count();
        assert_eq!((all.len(), n_kept), (34, 1 + crate::state::documents::VERSIONS_MAX));
        assert_eq!(all[1].3.as_deref(), Some("text 28"));
        assert_eq!(shop.state().unwrap().forget_document("a").unwrap(), 34);
    }

    #[test]
    fn a_title_or_a_product_makes_another_version_and_a_source_does_not() {
        let one = document("a", "A", "text");
        let same = KnowledgeDocument { source: Some("elsewhere".to_owned()), ..one.clone() };
        assert_eq!(stamp(&one), stamp(&same));
        let product = KnowledgeDocument { product_ids: vec!["P1".to_owned()], ..one.clone() };
        let title = document("a", "B", "text");
        assert!([&product, &title].iter().all(|other| stamp(other) != stamp(&one)));
        // What a text calls its version is told even where the table has none.
        let named = KnowledgeDocument { version: Some(version_of("text")), ..one.clone() };
        assert_eq!(stamp(&named), stamp(&one));
    }

    /// Stopped at every step in turn: no version is lost, and the next change goes on from there.
    #[test]
    fn a_process_that_dies_within_a_change_loses_no_version() {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
        for stop_at in 0..40 {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().join("shop");
            let shop = Shop::create(&root).unwrap();
            shop.put_documents(&[document("a", "A", "one")], "f", 1).unwrap();
            drop(shop);
            let n_steps = Arc::new(AtomicUsize::new(0));
            let counted = n_steps.clone();
            let hook: crate::files::Hook = Arc::new(move |_| match counted.fetch_add(1, SeqCst) == stop_at {
                true => Err(std::io::Error::other("the process is gone")),
                false => Ok(()),
            });
            let options = crate::shop::ShopOptions { hook, ..Default::default() };
            let shop = Shop::open_with(&root, options).unwrap();
            let went = shop.put_documents(&[document("a", "A", "two")], "f", 2).is_ok();
            let is_past = n_steps.load(SeqCst) <= stop_at;
            drop(shop);
            let shop = Shop::open(&root).unwrap();
            let texts: Vec<_> = log(&shop, "a").into_iter().filter_map(|one| one.3).collect();
            let whole: &[&str] = if texts[0] == "two" { &["two", "one"] } else { &["one"] };
            assert_eq!(texts, whole, "stopped at step {stop_at}");
            shop.put_documents(&[document("a", "A", "three")], "f", 3).unwrap();
            let texts: Vec<_> = log(&shop, "a").into_iter().filter_map(|one| one.3).collect();
            assert_eq!(texts[..1 + whole.len()], [&["three"][..], whole].concat(), "after step {stop_at}");
            if is_past {
                assert!(went && stop_at > 3, "the hook saw {stop_at} steps");
                return;
            }
        }
        panic!("a change has more steps than were tried");
    }
}
