//! Lists as they are asked for, answered and stored. What decides a list is `recommend::rank`; here its answer meets the
//! catalogue's names and prices, and becomes JSON.

use recommend::explain::{Language, explain};
use recommend::{Recommender, rank};
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
    /// The model's similarity; 0 for products filled in by what they are and from the same category.
    pub score: f32,
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

impl Snapshot {
    /// The `n` available products most like `product`: by the model, then by what they are, then the category's popular.
    pub fn similar(&self, product: u32, n: usize) -> Vec<SimilarItem> {
        let mut listed: Vec<(u32, f32)> = Vec::new();
        let mut offer = |number: u32, similarity: f32| {
            let is_new = number != product && !listed.iter().any(|(known, _)| *known == number);
            if listed.len() < n && is_new && self.is_available(number) {
                listed.push((number, similarity));
            }
            listed.len() < n
        };
        let mut open = n > 0;
        let item = self.item(product);
        let model = self.ranker.model();
        // Retired and sold-out neighbours fall away, so more are asked for.
        if let Some(item) = item.filter(|item| (*item as usize) < model.n_items()) {
            let near = model.similar(item, n * 4 + 20).into_iter().filter(|(_, similarity)| *similarity > 0.0);
            near.for_each(|(other, similarity)| open = offer(self.product_of[other as usize], similarity));
        }
        if let Some((item, content)) = item.zip(self.content.as_ref()).filter(|_| open) {
            let near = content.similar(item, n * 4 + 20);
            near.into_iter().for_each(|(other, _)| open = offer(self.product_of[other as usize], 0.0));
        }
        if let Some(path) = self.row(product).and_then(|row| row.product.category.as_ref()).filter(|_| open) {
            let same = self.popular.iter().filter(|other| self.is_in(**other, path));
            let _ = same.take_while(|other| offer(**other, 0.0)).count();
        }
        listed.into_iter().filter_map(|(number, similarity)| self.similar_item(number, similarity)).collect()
    }

    fn similar_item(&self, number: u32, similarity: f32) -> Option<SimilarItem> {
        let product = &self.row(number)?.product;
        Some(SimilarItem {
            product_id: product.product_id.clone(),
            name: product.name.clone(),
            brand: product.brand.clone(),
            category: product.category.clone(),
            price_cents: product.price_cents.map(|cents| cents.0),
            image_url: product.image_url.clone(),
            score: similarity,
        })
    }
}
