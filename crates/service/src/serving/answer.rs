//! One list for one customer. The score of a product is the sum of its named terms; the terms, the propensity and what
//! the list was computed from are stored, so that it can be replayed.

use std::cell::RefCell;
use std::cmp::Ordering;

use recommend::{Contribution, HistoryEntry, Source};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::catalogue::Snapshot;
use super::histories::Sign;

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
    /// `model` or `popularity`.
    pub name: String,
    pub value: f32,
}

/// Why, for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// `own_event`, `similar_customers`, `popular` or `baseline`.
    pub kind: String,
    pub text: String,
    /// Its part of the score's positive summands, 0 to 1.
    pub share: f32,
    pub product_id: Option<String>,
    pub product_name: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AnswerItem {
    pub product_id: String,
    pub name: String,
    pub brand: Option<String>,
    pub category: Option<String>,
    pub price_cents: Option<i64>,
    pub image_url: Option<String>,
    pub score: f32,
    /// The probability with which the product was put at this place.
    pub propensity: f32,
    pub terms: Vec<Term>,
    pub reasons: Vec<Reason>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ModelName {
    pub version: String,
    pub card: String,
}

/// A list, as answered and as stored.
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

/// A product like another.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SimilarItem {
    pub product_id: String,
    pub name: String,
    pub brand: Option<String>,
    pub category: Option<String>,
    pub price_cents: Option<i64>,
    pub image_url: Option<String>,
    /// The model's similarity; 0 for products filled in from the same category.
    pub score: f32,
}

thread_local! {
    /// One score per item of the model, reused by every request of a thread.
    static SCORES: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// The products of a list with their scores, and whether popularity had to stand in.
pub struct Ranked {
    pub products: Vec<(u32, Vec<Term>)>,
    pub fallback: Option<&'static str>,
    pub history: Vec<HistoryEntry>,
}

impl Snapshot {
    /// The `n` best products for someone with these signs. Filters act inside the selection, so `n` come back whenever
    /// there are as many.
    pub fn rank(&self, signs: &[Sign], request: &ListRequest) -> Ranked {
        let history: Vec<HistoryEntry> = signs
            .iter()
            .filter_map(|sign| Some(HistoryEntry { item: self.item(sign.product)?, weight: sign.weight, at: sign.at }))
            .collect();
        let category = request.category.as_ref().map(|path| self.by_category.get(path));
        let passes = |product: u32| self.passes(product, request, category, signs);
        let mut products = Vec::new();
        let mut fallback = None;
        if let Some(model) = self.model.as_deref().filter(|_| !history.is_empty()) {
            SCORES.with_borrow_mut(|scores| {
                scores.resize(model.product_ids.len(), 0.0);
                model.recommender.score(&history, scores);
                let candidates =
                    scores.iter().enumerate().filter(|(_, score)| **score > 0.0).filter_map(|(item, score)| {
                        let product = self.product_of[item];
                        passes(product).then_some((product, *score))
                    });
                for (product, score) in best(candidates, request.n) {
                    products.push((product, vec![Term { name: "model".to_owned(), value: score }]));
                }
            });
        }
        if products.is_empty() {
            fallback = Some("popular");
        }
        self.fill_with_popular(&mut products, request, passes);
        Ranked { products, fallback, history }
    }

    fn passes(
        &self,
        product: u32,
        request: &ListRequest,
        category: Option<Option<&math::Bitmap>>,
        signs: &[Sign],
    ) -> bool {
        if !self.is_available(product) {
            return false;
        }
        if let Some(category) = category
            && !category.is_some_and(|bitmap| bitmap.contains(product as usize))
        {
            return false;
        }
        if request.price_min_cents.is_some() || request.price_max_cents.is_some() {
            let price = self.row(product).and_then(|row| row.product.price_cents);
            let (low, high) =
                (request.price_min_cents.unwrap_or(i64::MIN), request.price_max_cents.unwrap_or(i64::MAX));
            if !price.is_some_and(|cents| (low..=high).contains(&cents.0)) {
                return false;
            }
        }
        request.include_owned || !signs.iter().any(|sign| sign.bought && sign.product == product)
    }

    /// Fills up to `n` from the popularity of the region, then of the shop; such products stand below the model's, at
    /// minus their place, so that order and score agree.
    fn fill_with_popular(
        &self,
        products: &mut Vec<(u32, Vec<Term>)>,
        request: &ListRequest,
        passes: impl Fn(u32) -> bool,
    ) {
        let regional = request.region.as_ref().and_then(|region| self.popular_by_region.get(region));
        let candidates = regional.into_iter().flatten().chain(&self.popular);
        let mut place = 0;
        for product in candidates {
            if products.len() >= request.n {
                return;
            }
            if passes(*product) && !products.iter().any(|(listed, _)| listed == product) {
                place += 1;
                products.push((*product, vec![Term { name: "popularity".to_owned(), value: -(place as f32) }]));
            }
        }
    }

    /// Names what led to a product, in the customer's own terms.
    pub fn reasons(&self, history: &[HistoryEntry], product: u32, language: &str) -> Vec<Reason> {
        let zh = language == "zh";
        let popular = || {
            let text = if zh { "近期热门" } else { "Popular right now" };
            vec![Reason {
                kind: "popular".to_owned(),
                text: text.to_owned(),
                share: 1.0,
                product_id: None,
                product_name: None,
            }]
        };
        let (Some(model), Some(item)) = (self.model.as_deref(), self.item(product)) else { return popular() };
        if history.is_empty() {
            return popular();
        }
        let parts = model.recommender.contributions(history, item);
        let sum: f32 = parts.iter().map(|part| part.value.max(0.0)).sum();
        if sum <= 0.0 {
            return popular();
        }
        let worth = |part: &&Contribution| part.value > 0.0;
        parts.iter().filter(worth).take(3).map(|part| self.reason(part, part.value / sum, zh)).collect()
    }

    fn reason(&self, part: &Contribution, share: f32, zh: bool) -> Reason {
        let plain = |kind: &str, zh_text: &str, en_text: &str| Reason {
            kind: kind.to_owned(),
            text: if zh { zh_text } else { en_text }.to_owned(),
            share,
            product_id: None,
            product_name: None,
        };
        match part.source {
            Source::Item(item) => {
                let row = self.product_of.get(item as usize).and_then(|number| self.row(*number));
                let id = self.model.as_deref().and_then(|model| model.product_ids.get(item as usize));
                let name = row.map(|row| row.product.name.clone()).or_else(|| id.cloned()).unwrap_or_default();
                let text = if zh {
                    format!("因为您关注过「{name}」")
                } else {
                    format!("Because of your interest in “{name}”")
                };
                Reason { kind: "own_event".to_owned(), text, share, product_id: id.cloned(), product_name: Some(name) }
            }
            Source::User(_) => plain("similar_customers", "与您相似的顾客也喜欢", "Customers like you chose it"),
            Source::Popularity => plain("popular", "近期热门", "Popular right now"),
            Source::Baseline => plain("baseline", "总体评价高", "Well liked overall"),
        }
    }

    /// The `n` available products most like `product`; the same category's popular ones fill up.
    pub fn similar(&self, product: u32, n: usize) -> Vec<SimilarItem> {
        let mut listed: Vec<(u32, f32)> = Vec::new();
        if let (Some(model), Some(item)) = (self.model.as_deref(), self.item(product)) {
            // Retired and sold-out neighbours fall away, so more are asked for.
            for (other, similarity) in model.recommender.similar(item, n * 4 + 20) {
                let other = self.product_of[other as usize];
                if listed.len() < n && self.is_available(other) && similarity > 0.0 {
                    listed.push((other, similarity));
                }
            }
        }
        let path = self.row(product).and_then(|row| row.product.category.as_ref());
        if let Some(same) = path.and_then(|path| self.by_category.get(path)) {
            for other in &self.popular {
                if listed.len() >= n {
                    break;
                }
                if *other != product
                    && same.contains(*other as usize)
                    && !listed.iter().any(|(known, _)| known == other)
                {
                    listed.push((*other, 0.0));
                }
            }
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

    /// A ranked product as it is answered.
    pub fn answer_item(&self, number: u32, terms: Vec<Term>, reasons: Vec<Reason>) -> Option<AnswerItem> {
        let product = &self.row(number)?.product;
        Some(AnswerItem {
            product_id: product.product_id.clone(),
            name: product.name.clone(),
            brand: product.brand.clone(),
            category: product.category.clone(),
            price_cents: product.price_cents.map(|cents| cents.0),
            image_url: product.image_url.clone(),
            score: terms.iter().map(|term| term.value).sum(),
            // The list is the best one known; nothing was drawn.
            propensity: 1.0,
            terms,
            reasons,
        })
    }
}

/// The `n` highest scores, best first, ties by the smaller number.
fn best(candidates: impl Iterator<Item = (u32, f32)>, n: usize) -> Vec<(u32, f32)> {
    let order = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    let mut kept: Vec<(u32, f32)> = Vec::with_capacity(2 * n + 1);
    let mut worst = f32::NEG_INFINITY;
    for candidate in candidates {
        if candidate.1 < worst {
            continue;
        }
        kept.push(candidate);
        if kept.len() > 2 * n {
            kept.select_nth_unstable_by(n, order);
            kept.truncate(n);
            worst = kept.iter().map(|kept| kept.1).min_by(|a, b| a.total_cmp(b)).unwrap_or(f32::NEG_INFINITY);
        }
    }
    kept.sort_unstable_by(order);
    kept.truncate(n);
    kept
}

impl PartialEq for AnswerItem {
    fn eq(&self, other: &Self) -> bool {
        self.product_id == other.product_id && self.score.total_cmp(&other.score) == Ordering::Equal
    }
}

#[cfg(test)]
mod tests {
    use super::best;

    #[test]
    fn the_best_are_selected_with_ties_by_number() {
        let scores: Vec<(u32, f32)> = (0..1000).map(|at| (at, ((at * 37) % 100) as f32)).collect();
        let mut expected = scores.clone();
        expected.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        for n in [0, 1, 7, 20, 999, 2000] {
            expected.truncate(1000);
            assert_eq!(best(scores.iter().copied(), n), expected[..n.min(1000)], "{n}");
        }
    }
}
