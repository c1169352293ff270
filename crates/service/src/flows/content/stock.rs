//! The catalogue as copies are written from it: products by id, the shelf that they are compared on, what reviews say of them.
//! Made once for a version of the catalogue.

use std::collections::BTreeMap;
use std::sync::Arc;

use content::plan::{Opinion, Shelf};
use data::Shop;
use domain::{Day, Product};
use rustc_hash::FxHashMap;

use crate::error::{Result, ServiceError};
use crate::flows::language::{self, opinions::Opinions};
use crate::flows::rows::table;
use crate::near::near;
use crate::store::Store;

/// Everything that is known of the shop's goods. Cheap to share, never changed.
pub struct Stock {
    by_id: BTreeMap<String, Arc<Product>>,
    shelf: Arc<Shelf>,
    opinions: Option<Arc<Opinions>>,
    /// Product to its place among the pages of opinions.
    pages: FxHashMap<String, u32>,
}

impl Stock {
    /// Takes seconds for a large catalogue.
    pub fn new(products: impl IntoIterator<Item = Arc<Product>>, opinions: Option<Arc<Opinions>>) -> Stock {
        let by_id: BTreeMap<String, Arc<Product>> =
            products.into_iter().map(|product| (product.product_id.clone(), product)).collect();
        let shelf = Arc::new(Shelf::new(by_id.values().map(|product| &**product)));
        Stock { pages: pages(opinions.as_deref()), by_id, shelf, opinions }
    }

    /// The same goods with what was learned of reviews since.
    pub fn with_opinions(&self, opinions: Option<Arc<Opinions>>) -> Stock {
        let (by_id, shelf) = (self.by_id.clone(), self.shelf.clone());
        Stock { pages: pages(opinions.as_deref()), by_id, shelf, opinions }
    }

    /// Whether it was made of these very values.
    pub fn is_of<'a>(&self, products: impl Iterator<Item = &'a Arc<Product>>) -> bool {
        let mut n = 0;
        for product in products {
            if !self.by_id.get(&product.product_id).is_some_and(|own| Arc::ptr_eq(own, product)) {
                return false;
            }
            n += 1;
        }
        n == self.by_id.len()
    }

    pub fn opinions(&self) -> Option<Arc<Opinions>> {
        self.opinions.clone()
    }

    /// A shop's goods as they are now, changes that are not in the table yet included.
    ///
    /// # Errors
    /// If a table or a model cannot be read.
    pub async fn of(shop: &Shop) -> Result<Stock> {
        let rows: Vec<Product> = table(shop).await?;
        let mut products: BTreeMap<String, Arc<Product>> =
            rows.into_iter().map(|product| (product.product_id.clone(), Arc::new(product))).collect();
        for change in Store::of(shop)?.overlays("products")? {
            match change.body {
                Some(body) => drop(products.insert(change.key, Arc::new(serde_json::from_str(&body)?))),
                None => drop(products.remove(&change.key)),
            }
        }
        let opinions = match shop.models().current(language::KIND)? {
            Some(version) => {
                let bytes = shop.models().read(language::KIND, &version, "opinions.json")?;
                Some(Arc::new(serde_json::from_slice(&bytes)?))
            }
            None => None,
        };
        crate::serving::off_thread(move || Ok(Stock::new(products.into_values(), opinions))).await
    }

    /// # Errors
    /// If there is no such product.
    pub fn product(&self, id: &str) -> Result<&Arc<Product>> {
        self.by_id.get(id).ok_or_else(|| ServiceError::not_found("product", id))
    }

    /// The product that another replaces, if the shop still knows it.
    pub fn predecessor(&self, product: &Product) -> Option<&Arc<Product>> {
        self.by_id.get(product.predecessor_id.as_deref()?).filter(|before| before.product_id != product.product_id)
    }

    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    pub fn products(&self) -> impl Iterator<Item = &Arc<Product>> {
        self.by_id.values()
    }

    /// What is on sale in a category and below it, or everywhere, in the order of ids.
    ///
    /// # Errors
    /// If no product stands in the category.
    pub fn on_sale(&self, category: Option<&str>, today: Day) -> Result<Vec<Arc<Product>>> {
        let category = category.map(|path| path.trim_matches('/'));
        let is_in = |product: &Product| match category {
            None => true,
            Some(path) => product.category.as_deref().is_some_and(|own| is_below(own, path)),
        };
        let mut found: Vec<Arc<Product>> = self.products().filter(|product| is_in(product)).cloned().collect();
        if found.is_empty() {
            return Err(self.no_category(category.unwrap_or_default()));
        }
        found.retain(|product| product.retired_on.is_none_or(|day| day > today));
        Ok(found)
    }

    fn no_category(&self, path: &str) -> ServiceError {
        let mut known: Vec<&str> = self.products().filter_map(|product| product.category.as_deref()).collect();
        known.sort_unstable();
        known.dedup();
        let error = ServiceError::not_found("category", path);
        match near(path, known, 3) {
            nearest if nearest.is_empty() => {
                error.help("tercet sql \"select distinct category from products\" lists them")
            }
            nearest => error.help(format!("perhaps: {}", nearest.join(", "))),
        }
    }

    /// What reviews say of a product, aspect by aspect.
    pub fn opinions_of(&self, product_id: &str) -> Vec<Opinion> {
        let page = self.pages.get(product_id).and_then(|at| self.opinions.as_ref()?.pages.get(*at as usize));
        let opinion = |aspect: &language::opinions::AspectView| Opinion {
            aspect: aspect.key.clone(),
            label_zh: aspect.label.zh.clone(),
            label_en: aspect.label.en.clone(),
            n_praise: aspect.positive,
            n_reviews: aspect.n,
        };
        page.map(|page| page.aspects.iter().map(opinion).collect()).unwrap_or_default()
    }
}

fn is_below(own: &str, path: &str) -> bool {
    own.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn pages(opinions: Option<&Opinions>) -> FxHashMap<String, u32> {
    let pages = opinions.map_or(&[][..], |opinions| &opinions.pages);
    pages.iter().enumerate().map(|(at, page)| (page.product_id.clone(), at as u32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_sale_stands_below_its_category() {
        let product = |id: &str, category: &str, retired: Option<i32>| {
            Arc::new(Product {
                product_id: id.into(),
                name: id.into(),
                category: Some(category.into()),
                retired_on: retired.map(Day),
                predecessor_id: Some("a".into()),
                ..Product::default()
            })
        };
        let all = [
            product("b", "Phones/5G", None),
            product("a", "Phones", None),
            product("c", "Phones", Some(10)),
            product("d", "Phonesx", None),
        ];
        let stock = Stock::new(all, None);
        let ids = |path: Option<&str>| {
            let found = stock.on_sale(path, Day(10)).unwrap();
            found.iter().map(|product| product.product_id.clone()).collect::<Vec<_>>()
        };
        assert_eq!((ids(Some("Phones")), ids(Some("Phones/5G/"))), (vec!["a".into(), "b".into()], vec!["b".into()]));
        assert_eq!(ids(None), ["a", "b", "d"]);
        let error = stock.on_sale(Some("Phone"), Day(1)).unwrap_err();
        assert!(error.help.unwrap().contains("Phones"));
        let (a, b) = (stock.product("a").unwrap(), stock.product("b").unwrap());
        assert!(stock.predecessor(a).is_none() && stock.predecessor(b).unwrap().product_id == "a");
        assert_eq!(stock.product("x").unwrap_err().code, "not_found");
    }
}
