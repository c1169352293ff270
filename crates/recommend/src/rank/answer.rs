//! What is asked of the ranker and what it answers, both complete enough to be stored and replayed.

use domain::{Cents, Day, EventKind, Millis};
use serde::{Deserialize, Serialize};

/// Something the customer did, with what it weighs for the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnEvent {
    pub product_id: String,
    pub kind: EventKind,
    pub at: Millis,
    /// The price seen or paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_cents: Option<Cents>,
    /// On the scale of the model's training data: whoever asks takes it from where training did.
    pub weight: f32,
}

/// What may be shown. Empty lists and absent bounds do not restrict.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filters {
    /// Category paths, what is below included.
    pub categories: Vec<String>,
    pub brands: Vec<String>,
    pub price_min_cents: Option<Cents>,
    pub price_max_cents: Option<Cents>,
    /// Show again what the customer has bought and kept.
    pub include_owned: bool,
    /// Product ids never shown in this answer.
    pub exclude: Vec<String>,
    /// Product ids to choose from; empty for all.
    pub only: Vec<String>,
}

/// One question. With the same ranker the same request has the same answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    #[serde(default)]
    pub customer_id: Option<String>,
    pub n: usize,
    pub now: Millis,
    #[serde(default)]
    pub region: Option<String>,
    /// The product the customer is looking at.
    #[serde(default)]
    pub context_product: Option<String>,
    /// In any order; events of unknown products are ignored.
    #[serde(default)]
    pub events: Vec<OwnEvent>,
    #[serde(default)]
    pub filters: Filters,
    /// Decides what exploration draws.
    pub seed: u64,
}

/// What the answer was made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    pub model: String,
    pub card: String,
    /// Digests in hexadecimal: equal digests, equal content.
    pub policy: String,
    pub catalogue: String,
    pub knowledge: String,
    /// Of what stands in when the model knows nothing of the customer.
    #[serde(default)]
    pub popularity: String,
    pub today: Day,
}

/// The name of a summand of the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TermName {
    /// An own event through the model's item-side weights.
    OwnEvent,
    /// Customers of similar taste, together.
    SimilarCustomers,
    /// Popularity as the model sees it, or lately when the model knows nothing of the customer.
    ModelPopularity,
    /// The model's constant or baseline part.
    Baseline,
    /// What is left of the model's score: lesser own events and rounding.
    Remainder,
    Content,
    Popularity,
    /// Popular where the customer is, when the model knows nothing of the customer.
    Regional,
    Margin,
    Stock,
    NewProduct,
    Boost,
    Bury,
    Durable,
    Accessory,
    Bundle,
    Successor,
    PriceDrop,
    Diversity,
    /// What an explored item lacked to the best one for its place.
    Exploration,
}

impl TermName {
    /// Every name, in the order of declaration.
    pub const ALL: [TermName; 20] = [
        TermName::OwnEvent,
        TermName::SimilarCustomers,
        TermName::ModelPopularity,
        TermName::Baseline,
        TermName::Remainder,
        TermName::Content,
        TermName::Popularity,
        TermName::Regional,
        TermName::Margin,
        TermName::Stock,
        TermName::NewProduct,
        TermName::Boost,
        TermName::Bury,
        TermName::Durable,
        TermName::Accessory,
        TermName::Bundle,
        TermName::Successor,
        TermName::PriceDrop,
        TermName::Diversity,
        TermName::Exploration,
    ];

    /// The name as it is serialised.
    pub fn name(self) -> &'static str {
        match self {
            TermName::OwnEvent => "own_event",
            TermName::SimilarCustomers => "similar_customers",
            TermName::ModelPopularity => "model_popularity",
            TermName::Baseline => "baseline",
            TermName::Remainder => "remainder",
            TermName::Content => "content",
            TermName::Popularity => "popularity",
            TermName::Regional => "regional",
            TermName::Margin => "margin",
            TermName::Stock => "stock",
            TermName::NewProduct => "new_product",
            TermName::Boost => "boost",
            TermName::Bury => "bury",
            TermName::Durable => "durable",
            TermName::Accessory => "accessory",
            TermName::Bundle => "bundle",
            TermName::Successor => "successor",
            TermName::PriceDrop => "price_drop",
            TermName::Diversity => "diversity",
            TermName::Exploration => "exploration",
        }
    }
}

/// One summand. Its value is a multiple of 2⁻³², so sums are exact in any order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Term {
    pub name: TermName,
    #[serde(deserialize_with = "exact")]
    pub value: f64,
    /// The own product it comes from, with what the customer did and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<EventKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Millis>,
    /// The rule it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

impl Term {
    pub(crate) fn plain(name: TermName, value: f64) -> Term {
        Term { name, value, product_id: None, kind: None, at: None, rule: None }
    }
}

/// One place of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnswerItem {
    pub product_id: String,
    /// 1 is the top.
    pub position: usize,
    /// The sum of the terms' values, exactly.
    #[serde(deserialize_with = "exact")]
    pub score: f64,
    /// The probability that this item stood at this place: given the places above for `plackett_luce`, outright for
    /// `slots` (slots draw independently), 1 where nothing is drawn.
    #[serde(deserialize_with = "exact")]
    pub propensity: f64,
    pub explored: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_by: Option<String>,
    pub terms: Vec<Term>,
}

/// A list with everything needed to audit and replay it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub request: Request,
    pub versions: Versions,
    /// Score units of the model per unit of score: its best score among what may be shown.
    #[serde(deserialize_with = "exact")]
    pub model_scale: f64,
    /// `popular` when the model knew nothing about this history.
    pub fallback: Option<String>,
    /// Items left after filters and rules, before the list was cut.
    pub n_eligible: usize,
    pub items: Vec<AnswerItem>,
    /// The probability of the whole list.
    #[serde(deserialize_with = "exact")]
    pub list_propensity: f64,
}

/// Where an answer contradicts itself.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AuditError {
    #[error("the terms of '{product_id}' sum to {sum}, its score says {score}")]
    Sum { product_id: String, sum: f64, score: f64 },
    #[error("'{product_id}' has the propensity {found}; it must lie above 0 and at most at 1")]
    Propensity { product_id: String, found: f64 },
    #[error("the propensities multiply to {product}, the list's says {found}")]
    List { product: f64, found: f64 },
}

impl Answer {
    /// Checks the answer against itself, without model or catalogue: sums and propensities.
    pub fn audit(&self) -> Result<(), AuditError> {
        for item in &self.items {
            let sum: f64 = item.terms.iter().map(|term| term.value).sum();
            if sum != item.score {
                return Err(AuditError::Sum { product_id: item.product_id.clone(), sum, score: item.score });
            }
            if !(item.propensity > 0.0 && item.propensity <= 1.0) {
                return Err(AuditError::Propensity { product_id: item.product_id.clone(), found: item.propensity });
            }
        }
        let product: f64 = self.items.iter().map(|item| item.propensity).product();
        if product == self.list_propensity {
            Ok(())
        } else {
            Err(AuditError::List { product, found: self.list_propensity })
        }
    }
}

/// Reads a number to the bit: serde_json's own reading may be off in the last place, and a stored answer must come back
/// equal to the one given.
fn exact<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let raw = <Box<serde_json::value::RawValue> as serde::Deserialize>::deserialize(deserializer)?;
    raw.get().parse().map_err(serde::de::Error::custom)
}
