//! What the shop has said already of a product and of those like it: approved copies of the same channel and language. A new draft is
//! held against them, so that it neither repeats one nor says of a product what was said of its neighbour. Not here: how alike two
//! texts are (`content::check::duplicate`) and how much it counts (`content::write::Judge`).

use std::collections::BTreeSet;

use domain::Product;

use super::{Stock, drafts};
use crate::error::Result;
use crate::store::Store;

/// Copies that are looked at, the last changed first.
const COPIES_MAX: usize = 200;
const NAME_CHARS: usize = 40;

/// A copy that was approved before.
#[derive(Clone, Debug)]
pub struct Copied {
    pub draft_id: String,
    pub product_id: String,
    /// What a finding calls it by.
    pub name: String,
    pub text: String,
}

/// Approved copies about a product and those that it is compared with.
///
/// # Errors
/// If the state cannot be read.
pub fn copies_of(store: &Store, stock: &Stock, hero: &Product, channel: &str, language: &str) -> Result<Vec<Copied>> {
    let mut ids = stock.shelf().neighbour_ids(hero);
    ids.push(hero.product_id.clone());
    of_products(store, &ids, channel, language)
}

fn of_products(store: &Store, ids: &[String], channel: &str, language: &str) -> Result<Vec<Copied>> {
    let mut found = Vec::new();
    for stored in store.drafts_about("approved", channel, ids, COPIES_MAX)? {
        let detail = drafts::read(&stored)?;
        if detail.row.language == language {
            let name: String = detail.row.title.chars().take(NAME_CHARS).collect();
            let (draft_id, product_id) = (detail.row.draft_id, detail.row.product_id);
            found.push(Copied { draft_id, product_id, name, text: detail.draft.plain() });
        }
    }
    Ok(found)
}

/// The same for a run over many products, which asks only where there is something.
pub struct Known<'a> {
    store: &'a Store,
    stock: &'a Stock,
    channel: &'a str,
    language: &'a str,
    products: BTreeSet<String>,
}

impl<'a> Known<'a> {
    /// # Errors
    /// If the state cannot be read.
    pub fn of(store: &'a Store, stock: &'a Stock, channel: &'a str, language: &'a str) -> Result<Known<'a>> {
        let products = store.products_with_drafts("approved", channel)?.into_iter().collect();
        Ok(Known { store, stock, channel, language, products })
    }

    /// # Errors
    /// If the state cannot be read.
    pub fn copies_of(&self, hero: &Product) -> Result<Vec<Copied>> {
        if self.products.is_empty() {
            return Ok(Vec::new());
        }
        let mut ids = self.stock.shelf().neighbour_ids(hero);
        ids.push(hero.product_id.clone());
        ids.retain(|id| self.products.contains(id));
        if ids.is_empty() { Ok(Vec::new()) } else { of_products(self.store, &ids, self.channel, self.language) }
    }
}
