//! Lists as they are asked for, answered and stored. What decides a list is `recommend::rank`; here its answer meets the
//! catalogue's names and prices, and becomes JSON.

use recommend::explain::{Language, explain};
use recommend::{Recommender, rank};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::catalogue::Snapshot;
use super::packed;
use crate::error::{Result, ServiceError};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct ListRequest {
    pub customer_id: String,
    pub n: usize,
    /// A product being looked at; counts like a fresh view.
    pub context_product: Option<String>,
    /// A category path or the beginning of one.
    pub category: Option<String>,
    pub region: Option<String>,
    pub price_min_cents: Option<i64>,
    pub price_max_cents: Option<i64>,
    pub include_owned: bool,
    pub explain: bool,
    /// `zh` or `en`.
    pub language: String,
}

/// One summand of a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Term {
    /// `own_event`, `popularity`, `durable`, `accessory`, `boost` …
    pub name: String,
    /// A multiple of 2⁻³²: the terms sum to the score exactly.
    pub value: f64,
    /// The customer's own product it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    /// What the customer did with that product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// When, UTC milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
    /// The rule it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// Why, for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// The name of a term, or `pinned`.
    pub kind: String,
    pub text: String,
    /// Its part of the score's positive summands, 0 to 1.
    pub share: f64,
    pub product_id: Option<String>,
    pub product_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnswerItem {
    pub product_id: String,
    pub name: String,
    pub brand: Option<String>,
    pub category: Option<String>,
    pub price_cents: Option<i64>,
    pub image_url: Option<String>,
    pub score: f64,
    /// The probability with which the product was put at this place.
    pub propensity: f64,
    /// Drawn, rather than the best known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub explored: bool,
    /// The rule that gave it its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_by: Option<String>,
    /// Only when reasons were asked for.
    pub terms: Vec<Term>,
    pub reasons: Vec<Reason>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelName {
    pub version: String,
    pub card: String,
}

/// A list, as answered.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    pub list_id: String,
    pub customer_id: String,
    /// The model in service; `null` before the first training.
    pub model: Option<ModelName>,
    /// `popular` when the model had nothing to say about this customer.
    pub fallback: Option<String>,
    pub items: Vec<AnswerItem>,
}

/// Whether a stored list comes out the same today.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Replay {
    pub identical: bool,
    /// Why it could not be made again, or where it differs.
    pub why: Option<String>,
}

/// A product like another.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SimilarItem {
    pub product_id: String,
    pub name: String,
    pub brand: Option<String>,
    pub category: Option<String>,
    pub price_cents: Option<i64>,
    pub image_url: Option<String>,
    /// 0 to 1: [`ALIKE`] × `alike` + [`TOGETHER`] × `together`. 0 for products filled in from the same category.
    pub score: f32,
    /// How alike the two are by category, brand, price, specs and text, 0 to 1.
    pub alike: f32,
    /// How much the same customers have to do with both, by the model in service, as a part of what its closest has.
    pub together: f32,
}

/// A list to be stored: the ranker's whole answer with its question, and the prices shown. See [`super::packed`].
#[derive(Debug, PartialEq)]
pub struct StoredAnswer {
    /// UTC milliseconds.
    pub at: i64,
    pub has_model: bool,
    pub(super) prices_cents: Vec<Option<i64>>,
    pub answer: rank::Answer,
}

impl StoredAnswer {
    pub fn new(at: i64, snapshot: &Snapshot, answer: rank::Answer) -> StoredAnswer {
        let price = |item: &rank::AnswerItem| {
            let catalogue = snapshot.ranker.catalogue();
            catalogue.product(catalogue.item(&item.product_id)?).price_cents.map(|cents| cents.0)
        };
        let prices_cents = answer.items.iter().map(price).collect();
        StoredAnswer { at, has_model: snapshot.model.is_some(), prices_cents, answer }
    }

    pub fn read(body: &str) -> Result<StoredAnswer> {
        packed::read(body).ok_or_else(|| {
            ServiceError::conflict("old_list", "this list was stored by another version of the program")
                .help("ask for a new list")
        })
    }

    /// As it is kept.
    pub fn body(&self) -> Result<String> {
        packed::write(self)
    }

    /// As it is answered; terms and reasons when a language is given.
    pub fn view(&self, list_id: &str, snapshot: &Snapshot, explained: Option<Language>) -> Answer {
        let catalogue = snapshot.ranker.catalogue();
        let item = |(item, price_cents): (&rank::AnswerItem, &Option<i64>)| {
            let product = catalogue.item(&item.product_id);
            let row = product.and_then(|at| snapshot.row(snapshot.product_of[at as usize])).map(|row| &row.product);
            let reasons = explained.map(|language| explain(item, catalogue, language));
            AnswerItem {
                product_id: item.product_id.clone(),
                name: row.map_or_else(|| item.product_id.clone(), |product| product.name.clone()),
                brand: row.and_then(|product| product.brand.clone()),
                category: row.and_then(|product| product.category.clone()),
                price_cents: *price_cents,
                image_url: row.and_then(|product| product.image_url.clone()),
                score: item.score,
                propensity: item.propensity,
                explored: item.explored,
                pinned_by: item.pinned_by.clone(),
                terms: explained.map_or_else(Vec::new, |_| item.terms.iter().map(Term::of).collect()),
                reasons: reasons.into_iter().flatten().map(Reason::of).collect(),
            }
        };
        let versions = &self.answer.versions;
        let model = || ModelName { version: versions.model.clone(), card: versions.card.clone() };
        Answer {
            list_id: list_id.to_owned(),
            customer_id: self.answer.request.customer_id.clone().unwrap_or_default(),
            model: self.has_model.then(model),
            fallback: self.answer.fallback.clone(),
            items: self.answer.items.iter().zip(&self.prices_cents).map(item).collect(),
        }
    }

    /// Makes the list again with what is in service now.
    pub fn replay(&self, snapshot: &Snapshot) -> Replay {
        match snapshot.ranker.replay(&self.answer) {
            Ok(again) if again == self.answer => Replay { identical: true, why: None },
            Ok(_) => Replay { identical: false, why: Some("the same versions gave another list".to_owned()) },
            Err(error) => Replay { identical: false, why: Some(error.to_string()) },
        }
    }
}

impl Term {
    fn of(term: &rank::Term) -> Term {
        Term {
            name: term.name.name().to_owned(),
            value: term.value,
            product_id: term.product_id.clone(),
            kind: term.kind.map(|kind| kind.name().to_owned()),
            at: term.at.map(|at| at.0),
            rule: term.rule.clone(),
        }
    }
}

impl Reason {
    fn of(reason: recommend::explain::Reason) -> Reason {
        let recommend::explain::Reason { kind, text, share, product_id, product_name } = reason;
        Reason { kind, text, share, product_id, product_name }
    }
}

/// What counts how much in a product's likeness to another. What it is comes first: customers of a desktop also buy
/// washing machines, and in a shop with few orders per product that is chance.
const ALIKE: f32 = 0.7;
const TOGETHER: f32 = 0.3;

impl Snapshot {
    /// The `n` available products most like `product`: by what they are and by who chose both, then the category's
    /// popular. Ties by number.
    pub fn similar(&self, product: u32, n: usize) -> Vec<SimilarItem> {
        let mut listed = self.item(product).map_or_else(Vec::new, |item| self.near(item, n));
        listed.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.product.cmp(&b.product)));
        listed.truncate(n);
        if let Some(path) = self.row(product).and_then(|row| row.product.category.as_ref()) {
            let same = self.popular.iter().filter(|other| **other != product && self.is_in(**other, path));
            for &other in same {
                if listed.len() >= n {
                    break;
                }
                if !listed.iter().any(|known| known.product == other) {
                    listed.push(Near { product: other, alike: 0.0, together: 0.0, score: 0.0 });
                }
            }
        }
        listed.iter().filter_map(|near| self.similar_item(near)).collect()
    }

    /// Available products that the content model or the model in service finds near an item.
    fn near(&self, item: u32, n: usize) -> Vec<Near> {
        // Retired and sold-out neighbours fall away, so more are asked for.
        let wanted = n * 4 + 20;
        let model = self.ranker.model();
        let is_known = (item as usize) < model.n_items();
        let chosen = if is_known { model.similar(item, wanted) } else { Vec::new() };
        let most = chosen.iter().fold(0f32, |most, pair| most.max(pair.1));
        let together: FxHashMap<u32, f32> =
            chosen.into_iter().filter(|pair| pair.1 > 0.0).map(|(other, value)| (other, value / most)).collect();
        let is_offered = |other: &u32| *other != item && self.is_available(self.product_of[*other as usize]);
        let mut items: Vec<u32> = self.alike.iter().flat_map(|alike| alike.of(item)).map(|pair| pair.0).collect();
        if let Some(content) =
            self.content.as_ref().filter(|_| items.iter().filter(|other| is_offered(other)).count() < n)
        {
            items.extend(content.similar(item, wanted).into_iter().map(|pair| pair.0));
        }
        items.extend(together.keys().copied());
        items.sort_unstable();
        items.dedup();
        let near = |other: u32| {
            let alike = self.content.as_ref().map_or(0.0, |content| content.cosine(item, other).clamp(0.0, 1.0));
            let together = together.get(&other).copied().unwrap_or(0.0);
            Near {
                product: self.product_of[other as usize],
                alike,
                together,
                score: ALIKE * alike + TOGETHER * together,
            }
        };
        items.into_iter().filter(is_offered).map(near).collect()
    }

    fn similar_item(&self, near: &Near) -> Option<SimilarItem> {
        let product = &self.row(near.product)?.product;
        Some(SimilarItem {
            product_id: product.product_id.clone(),
            name: product.name.clone(),
            brand: product.brand.clone(),
            category: product.category.clone(),
            price_cents: product.price_cents.map(|cents| cents.0),
            image_url: product.image_url.clone(),
            score: near.score,
            alike: near.alike,
            together: near.together,
        })
    }
}

/// A product near another, by number.
struct Near {
    product: u32,
    alike: f32,
    together: f32,
    score: f32,
}
