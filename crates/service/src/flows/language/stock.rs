//! What is searched, kept as the catalogue and the documents stand: what was indexed when words were learned, and since then
//! each product and document that came, changed or went. What is not here: when to look (`serving::following`), and how is
//! searched (`find`).

use std::collections::HashMap;
use std::hash::Hasher;
use std::sync::{Arc, Mutex, RwLock};

use language::LanguageError;
use language::search::{Attributes, Changes, Entry, Index, Snapshot, Suggester};
use language::text::Tokeniser;
use language::vectors::SentenceEncoder;
use rustc_hash::FxHasher;

use crate::error::Result;

/// An index made ready.
pub struct Searchable {
    pub snapshot: Arc<Snapshot>,
    pub attributes: Attributes,
    pub suggester: Suggester,
}

impl Searchable {
    fn of_products(index: &Index) -> Result<Searchable> {
        let snapshot = index.snapshot();
        let suggester = Suggester::of(&snapshot, [])?;
        Ok(Searchable { attributes: Attributes::of(&snapshot), suggester, snapshot })
    }

    /// Of pieces of documents: nobody completes their headings or reads conditions for them, and to gather both would read every
    /// piece.
    fn of_documents(index: &Index) -> Result<Searchable> {
        let snapshot = index.snapshot();
        Ok(Searchable { attributes: Attributes::default(), suggester: Suggester::default(), snapshot })
    }

    /// Products by their words alone.
    ///
    /// # Errors
    /// If an entry cannot be indexed.
    pub fn plain(entries: Vec<Entry>, tokeniser: &Tokeniser) -> Result<Searchable> {
        let mut index = Index::new()?.with_tokeniser(tokeniser)?;
        index.apply(&Changes { put: entries, remove: Vec::new() }, None, &|_| true)?;
        Searchable::of_products(&index)
    }
}

/// Products and documents to search.
#[derive(Clone)]
pub struct Shelves {
    pub products: Arc<Searchable>,
    pub documents: Arc<Searchable>,
}

/// Shelves, and what is needed to change them.
pub struct Stock {
    now: RwLock<Shelves>,
    /// Held by the one who changes them.
    kept: Mutex<Kept>,
}

struct Kept {
    products: Followed,
    documents: Followed,
}

impl Stock {
    /// # Errors
    /// If an index cannot be searched.
    pub(super) fn new(products: Followed, documents: Followed) -> Result<Stock> {
        let now = RwLock::new(Shelves {
            products: Arc::new(Searchable::of_products(&products.index)?),
            documents: Arc::new(Searchable::of_documents(&documents.index)?),
        });
        Ok(Stock { now, kept: Mutex::new(Kept { products, documents }) })
    }

    /// What can be searched now.
    pub fn now(&self) -> Shelves {
        self.now.read().expect("no holder panics").clone()
    }

    /// Makes products, and documents if they are given, what these entries are; says how many came, changed or went. Where the
    /// encoder cannot be asked, what is new is found by its words alone until it changes again.
    ///
    /// # Errors
    /// If an entry cannot be indexed; everything is as before then.
    pub fn follow(
        &self,
        products: Vec<Entry>,
        documents: Option<Vec<Entry>>,
        encoder: Option<&dyn SentenceEncoder>,
    ) -> Result<usize> {
        let mut kept = self.kept.lock().expect("no holder panics");
        let n_products = kept.products.follow(products, encoder)?;
        if n_products > 0 {
            let shelf = Arc::new(Searchable::of_products(&kept.products.index)?);
            self.now.write().expect("no holder panics").products = shelf;
        }
        let Some(documents) = documents else { return Ok(n_products) };
        let n_documents = kept.documents.follow(documents, encoder)?;
        if n_documents > 0 {
            let shelf = Arc::new(Searchable::of_documents(&kept.documents.index)?);
            self.now.write().expect("no holder panics").documents = shelf;
        }
        Ok(n_products + n_documents)
    }
}

/// An index with what tells its entries from others.
pub(super) struct Followed {
    index: Index,
    /// Of each entry by its id; gathered when first needed.
    prints: Option<HashMap<String, u64>>,
}

impl Followed {
    /// Of an index as bytes.
    ///
    /// # Errors
    /// If they are damaged.
    pub fn new(bytes: Vec<u8>, tokeniser: &Tokeniser) -> Result<Followed> {
        Ok(Followed { index: Index::from_bytes(bytes)?.with_tokeniser(tokeniser)?, prints: None })
    }

    /// What `entries` would change.
    fn changes(&mut self, entries: Vec<Entry>) -> Result<(Changes, HashMap<String, u64>)> {
        let snapshot = self.index.snapshot();
        let prints = match &mut self.prints {
            Some(prints) => prints,
            none => {
                let of = |entry: std::result::Result<Entry, LanguageError>| entry.map(|entry| print(&entry));
                none.insert(snapshot.entries().map(of).collect::<std::result::Result<_, _>>()?)
            }
        };
        let (mut put, mut new) = (Vec::new(), HashMap::with_capacity(entries.len()));
        for mut entry in entries {
            let (id, print) = print(&entry);
            if prints.get(&id) != Some(&print) {
                // Sales are counted when words are learned: who had some keeps them until then.
                entry.popularity = snapshot.get(&id)?.and_then(|before| before.popularity);
                put.push(entry);
            }
            new.insert(id, print);
        }
        let mut remove: Vec<String> = prints.keys().filter(|id| !new.contains_key(*id)).cloned().collect();
        remove.sort_unstable();
        Ok((Changes { put, remove }, new))
    }

    fn follow(&mut self, entries: Vec<Entry>, encoder: Option<&dyn SentenceEncoder>) -> Result<usize> {
        let (changes, prints) = self.changes(entries)?;
        let n_changed = changes.put.len() + changes.remove.len();
        if n_changed > 0 {
            match self.index.apply(&changes, encoder, &|_| true) {
                Err(LanguageError::Unavailable(_)) => self.index.apply(&changes, None, &|_| true)?,
                done => done?,
            }
        }
        self.prints = Some(prints);
        Ok(n_changed)
    }
}

/// An entry's id, and a number that is another for what is found or shown otherwise.
fn print(entry: &Entry) -> (String, u64) {
    let entry = Entry { popularity: None, ..entry.clone() };
    let mut hasher = FxHasher::default();
    hasher.write(&serde_json::to_vec(&entry).expect("an entry is plain values"));
    (entry.id, hasher.finish())
}

#[cfg(test)]
mod tests {
    use language::search::{Request, Settled};

    use super::*;

    fn entry(id: &str, name: &str, price_cents: i64) -> Entry {
        Entry { price_cents: Some(price_cents), ..Entry::new(id, name, "") }
    }

    fn stock(products: Vec<Entry>) -> Stock {
        let followed = |put: Vec<Entry>| {
            let mut index = Index::new().unwrap();
            index.apply(&Changes { put, remove: Vec::new() }, None, &|_| true).unwrap();
            Followed::new(index.to_bytes(), &Tokeniser::default()).unwrap()
        };
        Stock::new(followed(products), followed(Vec::new())).unwrap()
    }

    fn found(on: &Searchable, text: &str) -> Vec<(String, Option<i64>)> {
        let answer = on.snapshot.search(&Request::new(text), &Settled::products()).unwrap();
        answer.hits.into_iter().map(|hit| (hit.entry.id, hit.entry.price_cents)).collect()
    }

    #[test]
    fn what_comes_changes_and_goes_is_followed() {
        let sold = Entry { popularity: Some(7.0), ..entry("a", "Lark notebook", 100) };
        let stock = stock(vec![sold, entry("b", "Heron notebook", 200)]);
        let before = stock.now();
        let wanted = vec![entry("a", "Lark notebook", 90), entry("c", "Finch notebook", 300)];
        assert_eq!(stock.follow(wanted.clone(), None, None).unwrap(), 3);
        let now = stock.now();
        assert_eq!(found(&now.products, "lark"), [("a".to_owned(), Some(90))]);
        assert_eq!(now.products.snapshot.get("a").unwrap().unwrap().popularity, Some(7.0));
        assert_eq!(found(&now.products, "finch").len(), 1);
        assert!(found(&now.products, "heron").is_empty());
        // Who searches meanwhile goes on with what there was.
        assert_eq!(found(&before.products, "heron").len(), 1);
        assert_eq!(stock.follow(wanted, None, None).unwrap(), 0);
        assert!(Arc::ptr_eq(&now.products, &stock.now().products), "nothing changed, and nothing is made anew");
        let piece = Entry { group: Some("manual".to_owned()), ..entry("manual#0-9", "Manual", 0) };
        assert_eq!(stock.follow(Vec::new(), Some(vec![piece]), None).unwrap(), 3);
        assert_eq!(stock.now().products.snapshot.entries().count(), 0);
        assert_eq!(found(&stock.now().documents, "manual").len(), 1);
    }

    #[test]
    fn what_cannot_be_indexed_leaves_everything_as_it_was() {
        let stock = stock(vec![entry("a", "Lark", 1)]);
        assert!(stock.follow(vec![entry("a", "Lark", 2), entry("", "no id", 1)], None, None).is_err());
        assert_eq!(found(&stock.now().products, "lark"), [("a".to_owned(), Some(1))]);
        assert_eq!(stock.follow(vec![entry("a", "Lark", 2)], None, None).unwrap(), 1);
    }
}
