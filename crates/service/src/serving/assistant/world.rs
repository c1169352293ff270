//! The shop as a turn of customer service asks it: the catalogue and the ranker of the snapshot, the words learned, orders.
//! One value for one turn, so that a turn sees one state of everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use assist::AssistError;
use assist::understand::ProductNames;
use assist::world::{Catalogue, FitRow, Fitness, Found, OpinionCount, Recommended, Recommender, Wish};
use domain::{Fit, Product};
use recommend::explain::Language;

use super::Words;
use crate::error::ServiceError;
use crate::flows::language::find::best_products;
use crate::serving::answer::ListRequest;
use crate::serving::{ServedShop, Snapshot};

/// Products asked of the index for each one wanted: some are gone from the catalogue.
const SPARE: usize = 5;

/// The parts of the shop that a turn asks.
pub(super) struct Asked<'a> {
    pub shop: &'a ServedShop,
    pub snapshot: Arc<Snapshot>,
    pub words: Words,
    /// The rows of `fits` by accessory.
    pub fits: Arc<FitRows>,
    /// Knows which products are variants of one.
    pub names: &'a ProductNames,
}

/// Rows of `fits`, by accessory.
#[derive(Default)]
pub struct FitRows(BTreeMap<String, Vec<Fit>>);

impl FitRows {
    pub fn of(fits: &[Fit]) -> FitRows {
        let mut rows: BTreeMap<String, Vec<Fit>> = BTreeMap::new();
        for fit in fits {
            rows.entry(fit.product_id.clone()).or_default().push(fit.clone());
        }
        FitRows(rows)
    }

    fn fitness(&self, accessory_id: &str, product: &Product) -> Fitness {
        let rows: Vec<FitRow> = self.0.get(accessory_id).into_iter().flatten().map(row_of).collect();
        Fitness::of(&rows, &product.product_id, &|attribute| value_of(product, attribute))
    }
}

fn row_of(fit: &Fit) -> FitRow {
    FitRow {
        product_id: fit.product_id.clone(),
        with_product_id: fit.with_product_id.clone(),
        attribute: fit.attribute.clone(),
        value: fit.value.clone(),
    }
}

/// As the ranker resolves rows: case and spaces around do not count; brand and category are attributes too.
fn value_of(product: &Product, attribute: &str) -> Option<String> {
    let key = |text: &str| text.trim().to_lowercase();
    let attribute = key(attribute);
    let own = product.specs.iter().find(|(name, _)| key(name) == attribute).map(|(_, value)| value);
    let of_table = match attribute.as_str() {
        "brand" => product.brand.as_ref(),
        "category" => product.category.as_ref(),
        _ => None,
    };
    own.or(of_table).cloned()
}

fn unavailable(what: &'static str) -> impl FnOnce(ServiceError) -> AssistError {
    move |error| {
        tracing::warn!(what, message = %error.message, "a part of the shop cannot be asked");
        AssistError::Unavailable { what, why: error.code.to_owned() }
    }
}

impl Asked<'_> {
    fn number(&self, product_id: &str) -> Option<u32> {
        self.shop.ids.find(product_id).filter(|number| self.snapshot.row(*number).is_some())
    }

    fn item(&self, product_id: &str) -> Option<u32> {
        self.snapshot.item(self.number(product_id)?)
    }

    fn product_of_item(&self, item: u32) -> Option<Arc<Product>> {
        let row = self.snapshot.row(self.snapshot.product_of[item as usize])?;
        Some(row.product.clone())
    }

    fn is_offered(&self, item: u32) -> bool {
        self.snapshot.is_available(self.snapshot.product_of[item as usize])
    }
}

impl Catalogue for Asked<'_> {
    fn product(&self, product_id: &str) -> Option<Arc<Product>> {
        let row = self.snapshot.row(self.number(product_id)?)?;
        Some(row.product.clone())
    }

    fn search(&self, text: &str, n: usize) -> Result<Vec<Found>, AssistError> {
        let best = match &self.words {
            Words::Learned(loaded) => best_products(loaded, text, n * SPARE),
            Words::Plain(shelf) => shelf.best(text, n * SPARE),
        };
        let (hits, relaxed) = best.map_err(unavailable("search"))?;
        let found =
            |(id, score): (String, f32)| Some(Found { product: self.product(&id)?, score, relaxed: relaxed.clone() });
        Ok(hits.into_iter().filter_map(found).take(n).collect())
    }

    fn is_accessory(&self, product_id: &str) -> bool {
        self.fits.0.contains_key(product_id)
    }

    fn fits(&self, accessory_id: &str, product_id: &str) -> Fitness {
        self.product(product_id).map_or(Fitness::Unknown, |product| self.fits.fitness(accessory_id, &product))
    }

    fn accessories(&self, product_id: &str, n: usize) -> Vec<Arc<Product>> {
        let Some(host) = self.item(product_id) else { return Vec::new() };
        let pairs = &self.snapshot.knowledge.fits;
        let groups = pairs.groups_of_host(host).iter();
        let mut items: Vec<u32> = groups.flat_map(|&group| pairs.accessories_in(group)).copied().collect();
        items.sort_unstable();
        items.dedup();
        items.retain(|&item| item != host && self.is_offered(item));
        let sold = |item: u32| {
            let row = self.snapshot.row(self.snapshot.product_of[item as usize]);
            row.map_or((0, 0.0), |row| (row.n_orders, row.popularity))
        };
        items.sort_by(|&a, &b| {
            let (a_sold, b_sold) = (sold(a), sold(b));
            b_sold.0.cmp(&a_sold.0).then(b_sold.1.total_cmp(&a_sold.1)).then(a.cmp(&b))
        });
        items.into_iter().filter_map(|item| self.product_of_item(item)).take(n).collect()
    }

    fn successor(&self, product_id: &str) -> Option<Arc<Product>> {
        let item = self.item(product_id)?;
        let newest = self.snapshot.knowledge.successors.newest(item, &|next| self.is_offered(next));
        let launched = |item: &u32| self.snapshot.ranker.catalogue().product(*item).launched_on;
        newest
            .into_iter()
            .max_by(|a, b| launched(a).cmp(&launched(b)).then(b.cmp(a)))
            .and_then(|item| self.product_of_item(item))
    }

    fn variants(&self, product_id: &str) -> Vec<Arc<Product>> {
        self.names.variants(product_id).filter_map(|id| self.product(id)).collect()
    }

    fn select(&self, accepts: &dyn Fn(&Product) -> bool) -> Vec<(Arc<Product>, i64)> {
        let accepted = self.snapshot.products.iter().flatten().filter(|row| accepts(&row.product));
        accepted.map(|row| (row.product.clone(), row.n_orders)).collect()
    }

    fn opinions(&self, product_id: &str) -> Vec<OpinionCount> {
        let Words::Learned(loaded) = &self.words else { return Vec::new() };
        let Ok(page) = loaded.opinions.page(product_id) else { return Vec::new() };
        let count = |aspect: &crate::flows::language::opinions::AspectView| OpinionCount {
            aspect: aspect.key.clone(),
            label_zh: aspect.label.zh.clone(),
            label_en: aspect.label.en.clone(),
            n_praise: aspect.positive,
            n_complaint: aspect.negative,
            quote: aspect.quotes.first().map(|quote| quote.text.trim().to_owned()),
            complaint: aspect
                .quotes
                .iter()
                .find(|quote| quote.polarity == "negative")
                .map(|quote| quote.text.trim().to_owned()),
        };
        page.aspects.iter().map(count).collect()
    }
}

impl Recommender for Asked<'_> {
    fn recommend(&self, wish: &Wish, n: usize) -> Result<Vec<Recommended>, AssistError> {
        match wish.like_product_id {
            Some(like) => Ok(self.alike(wish, like, n)),
            None => self.personal(wish, n),
        }
    }
}

impl Asked<'_> {
    fn alike(&self, wish: &Wish, like: &str, n: usize) -> Vec<Recommended> {
        let Some(number) = self.number(like) else { return Vec::new() };
        let passes = |id: &str| {
            let number = self.shop.ids.find(id)?;
            let product = &self.snapshot.row(number)?.product;
            let is_cheap =
                wish.price_max_cents.is_none_or(|most| product.price_cents.is_some_and(|price| price.0 <= most));
            let is_of = wish.category.is_none_or(|path| self.snapshot.is_in(number, path));
            (is_cheap && is_of).then(|| product.clone())
        };
        let near = self.snapshot.similar(number, n * SPARE);
        let products = near.iter().filter_map(|item| passes(&item.product_id)).take(n);
        products.map(|product| Recommended { product, reason_zh: None, reason_en: None }).collect()
    }

    fn personal(&self, wish: &Wish, n: usize) -> Result<Vec<Recommended>, AssistError> {
        if wish.category.is_some_and(|path| self.snapshot.ranker.catalogue().of_category(path).is_empty()) {
            return Ok(Vec::new());
        }
        let request = ListRequest {
            customer_id: wish.customer_id.unwrap_or_default().to_owned(),
            n,
            category: wish.category.map(str::to_owned),
            price_max_cents: wish.price_max_cents,
            ..ListRequest::default()
        };
        let made = self.shop.recommend_with(&self.snapshot, &request, &[Language::Zh, Language::En]);
        let views = made.map_err(unavailable("recommendations"))?;
        let reason = |view: &crate::serving::Answer, at: usize| {
            view.items[at].reasons.first().map(|reason| reason.text.clone()).filter(|text| !text.is_empty())
        };
        let [zh, en] = &views[..] else { return Ok(Vec::new()) };
        let one = |at: usize| {
            let product = self.product(&zh.items[at].product_id)?;
            Some(Recommended { product, reason_zh: reason(zh, at), reason_en: reason(en, at) })
        };
        Ok((0..zh.items.len()).filter_map(one).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_met_by_name_or_by_attribute() {
        let fit = |with: Option<&str>, pair: Option<(&str, &str)>| Fit {
            product_id: "case".into(),
            with_product_id: with.map(Into::into),
            attribute: pair.map(|pair| pair.0.into()),
            value: pair.map(|pair| pair.1.into()),
            extra: None,
        };
        let product = |id: &str, port: &str| Product {
            product_id: id.into(),
            brand: Some("Acme".into()),
            specs: BTreeMap::from([("Port".to_owned(), port.to_owned())]),
            ..Product::default()
        };
        let rows = FitRows::of(&[fit(Some("p1"), None), fit(None, Some(("port", " usb-c")))]);
        assert!(
            matches!(rows.fitness("case", &product("p1", "x")), Fitness::Yes(row) if row.with_product_id.is_some())
        );
        assert!(matches!(rows.fitness("case", &product("p2", "USB-C")), Fitness::Yes(row) if row.attribute.is_some()));
        assert!(matches!(rows.fitness("case", &product("p3", "Micro")), Fitness::No(rows) if rows.len() == 2));
        assert_eq!(rows.fitness("cable", &product("p1", "x")), Fitness::Unknown);
        // Of what is not written down nothing can be denied.
        let silent = Product { product_id: "p4".into(), ..Product::default() };
        assert_eq!(rows.fitness("case", &silent), Fitness::Unknown);
    }
}
