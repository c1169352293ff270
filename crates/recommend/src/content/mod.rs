//! `content`: products like those the customer has, judged by what they are: category, brand, price, specs and text.
//! The only model that can recommend what nobody has bought yet. It learns from the catalogue, not from customers, and
//! so is fitted by [`Content::fit`] instead of through the registry.

mod nearest;

use std::collections::BTreeMap;

use domain::{Card, Kind, Param, Product, Settings};
use math::{Csr, top_k::TopK};

use crate::bytes::{Reader, Writer};
use crate::neighbourhood::sort_contributions;
use crate::{Contribution, FitError, HistoryEntry, Recommender, Source};

pub use nearest::NearestContent;

const fn weight(name: &'static str, sentence: &'static str, default: f64) -> Param {
    Param { name, sentence, unit: "", kind: Kind::Float { min: 0.0, max: 1e3, default } }
}

pub static CARD: Card = Card {
    name: "content",
    sentence: "Recommends products like those a customer has by category, brand, price, specs and text, even new ones.",
    family: "content",
    params: &[
        weight("category_weight", "How much a shared category counts, each level of its path by itself.", 1.0),
        weight("brand_weight", "How much a shared brand counts.", 0.5),
        weight("price_weight", "How much a similar price counts.", 0.5),
        weight("spec_weight", "How much a shared spec counts.", 1.0),
        weight("text_weight", "How much shared words of name and description count.", 1.0),
    ],
    input: "one row of features per item",
    source: "Salton, Buckley 1988, Term-weighting approaches in automatic text retrieval; Lops, de Gemmis, Semeraro \
             2011, Content-based recommender systems",
};

/// What is known of an item before anybody has touched it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ItemFeatures {
    /// Path from general to special, parts separated by `/`.
    pub category: Option<String>,
    pub brand: Option<String>,
    pub price_cents: Option<i64>,
    pub specs: BTreeMap<String, String>,
    /// Name and description, in any language.
    pub text: String,
}

impl From<&Product> for ItemFeatures {
    fn from(product: &Product) -> Self {
        ItemFeatures {
            category: product.category.clone(),
            brand: product.brand.clone(),
            price_cents: product.price_cents.map(|cents| cents.0),
            specs: product.specs.clone(),
            text: format!("{} {}", product.name, product.description.as_deref().unwrap_or("")),
        }
    }
}

/// A fitted model: each item as a vector of length one over all features.
pub struct Content {
    settings: Settings,
    /// Shape: (n_items, n_terms). Rows have length one, or are empty.
    vectors: Csr,
    /// Shape: (n_terms, n_items).
    index: Csr,
}

impl Content {
    pub fn fit(items: &[ItemFeatures], settings: &Settings) -> Result<Self, FitError> {
        if items.is_empty() {
            return Err(FitError::Empty { n_users: 0, n_items: 0 });
        }
        let mut ids: BTreeMap<(usize, String), u32> = BTreeMap::new();
        let mut triplets = Vec::new();
        for (item, features) in items.iter().enumerate() {
            for (field, term) in terms(features) {
                let next = ids.len() as u32;
                let id = *ids.entry((field, term)).or_insert(next);
                triplets.push((item as u32, id, 1.0));
            }
        }
        let mut fields = vec![0usize; ids.len()];
        ids.iter().for_each(|((field, _), &id)| fields[id as usize] = *field);
        let mut vectors = Csr::from_triplets(items.len(), ids.len(), &triplets);
        let n_with: Vec<u32> = crate::neighbourhood::counts(&vectors);
        let field_weights = FIELDS.map(|name| settings.float(name) as f32);
        for (value, &id) in vectors.values.iter_mut().zip(&vectors.indices) {
            // Smoothed so that a term all items share still counts a little.
            let idf = ((1.0 + items.len() as f32) / (1.0 + n_with[id as usize] as f32)).ln() + 1.0;
            *value = value.sqrt() * idf;
        }
        scale_fields(&mut vectors, &fields, &field_weights);
        let index = vectors.transpose();
        Ok(Content { settings: settings.clone(), vectors, index })
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FitError> {
        let reader = Reader::new(bytes, &CARD)?;
        let vectors = reader.csr("vectors")?;
        let index = vectors.transpose();
        Ok(Content { settings: reader.settings().clone(), vectors, index })
    }

    /// Adds the product of each item with a vector of terms.
    fn add(&self, vector: impl Iterator<Item = (u32, f32)>, scores: &mut [f32]) {
        for (term, value) in vector {
            let (items, others) = self.index.row(term as usize);
            items.iter().zip(others).for_each(|(&other, &of_other)| scores[other as usize] += value * of_other);
        }
    }

    fn vector(&self, item: u32) -> impl Iterator<Item = (u32, f32)> {
        let (terms, values) = self.vectors.row(item as usize);
        terms.iter().copied().zip(values.iter().copied())
    }

    /// How alike two items are, 0 to 1; 0 for one it does not know.
    pub fn cosine(&self, a: u32, b: u32) -> f32 {
        if a.max(b) as usize >= self.vectors.n_rows {
            return 0.0;
        }
        let ((terms, values), (others, of_others)) = (self.vectors.row(a as usize), self.vectors.row(b as usize));
        let shared = terms.iter().zip(values);
        shared.filter_map(|(term, value)| Some(value * of_others[others.binary_search(term).ok()?])).sum()
    }

    fn known<'a>(&'a self, history: &'a [HistoryEntry]) -> impl Iterator<Item = &'a HistoryEntry> {
        history.iter().filter(|entry| (entry.item as usize) < self.vectors.n_rows)
    }
}

/// The parameter that weighs each field.
const FIELDS: [&str; 5] = ["category_weight", "brand_weight", "price_weight", "spec_weight", "text_weight"];

/// The terms of an item with the place of their field in `FIELDS`.
fn terms(features: &ItemFeatures) -> Vec<(usize, String)> {
    let mut terms = Vec::new();
    if let Some(category) = &features.category {
        let ends = category.match_indices('/').map(|(at, _)| at).chain([category.len()]);
        terms.extend(ends.map(|end| (0, category[..end].to_lowercase())));
    }
    terms.extend(features.brand.iter().map(|brand| (1, brand.to_lowercase())));
    if let Some(price_cents) = features.price_cents.filter(|&price_cents| price_cents > 0) {
        // Steps of a quarter octave; each price also belongs to both steps beside its own, so that near prices meet.
        let step = ((price_cents as f64).log2() * 4.0).round() as i64;
        terms.extend((step - 1..=step + 1).map(|step| (2, step.to_string())));
    }
    terms.extend(features.specs.iter().map(|(name, value)| (3, format!("{name}={value}").to_lowercase())));
    terms.extend(words(&features.text).into_iter().map(|word| (4, word)));
    terms
}

/// Words of letters and digits; each pair of neighbouring ideographs counts as a word, since no space parts them.
fn words(text: &str) -> Vec<String> {
    let is_ideograph = |c: &char| ('\u{3400}'..='\u{9fff}').contains(c);
    let mut words = Vec::new();
    for run in text.to_lowercase().split(|c: char| !c.is_alphanumeric()) {
        let latin = run.split(|c: char| is_ideograph(&c)).filter(|word| !word.is_empty());
        words.extend(latin.map(str::to_owned));
        let ideographs: Vec<char> = run.chars().filter(is_ideograph).collect();
        words.extend(ideographs.windows(2).map(|pair| pair.iter().collect::<String>()));
    }
    words
}

/// Brings each field of each item to the field's weight, whatever the number of its terms, and each item to length one.
fn scale_fields(vectors: &mut Csr, fields: &[usize], field_weights: &[f32; 5]) {
    for item in 0..vectors.n_rows {
        let range = vectors.indptr[item]..vectors.indptr[item + 1];
        let (terms, values) = (&vectors.indices[range.clone()], &mut vectors.values[range]);
        let mut squares = [0f32; 5];
        let pairs = terms.iter().zip(values.iter());
        pairs.for_each(|(&term, value)| squares[fields[term as usize]] += value * value);
        let present = (0..5).filter(|&field| squares[field] > 0.0);
        let total: f32 = present.map(|field| field_weights[field]).sum::<f32>();
        for (&term, value) in terms.iter().zip(values) {
            let field = fields[term as usize];
            *value *= if total > 0.0 { (field_weights[field] / total / squares[field]).sqrt() } else { 0.0 };
        }
    }
}

impl Recommender for Content {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn n_items(&self) -> usize {
        self.vectors.n_rows
    }

    fn score(&self, history: &[HistoryEntry], scores: &mut [f32]) {
        scores.fill(0.0);
        // The history becomes one vector first: its products share most terms, and each term's items are many.
        let mut sums: BTreeMap<u32, f32> = BTreeMap::new();
        for entry in self.known(history) {
            self.vector(entry.item).for_each(|(term, value)| *sums.entry(term).or_default() += entry.weight * value);
        }
        self.add(sums.into_iter(), scores);
    }

    fn contributions(&self, history: &[HistoryEntry], item: u32) -> Vec<Contribution> {
        if item as usize >= self.vectors.n_rows {
            return Vec::new();
        }
        let share = |entry: &HistoryEntry| Contribution {
            source: Source::Item(entry.item),
            value: entry.weight * self.cosine(entry.item, item),
        };
        let mut parts: Vec<_> = self.known(history).map(share).filter(|part| part.value != 0.0).collect();
        sort_contributions(&mut parts);
        parts
    }

    fn similar(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        if item as usize >= self.vectors.n_rows {
            return Vec::new();
        }
        let mut scores = vec![0.0; self.n_items()];
        self.add(self.vector(item), &mut scores);
        let mut best = TopK::with_floor(n, f32::MIN_POSITIVE);
        let others = scores.iter().enumerate().filter(|(other, _)| *other != item as usize);
        others.for_each(|(other, &score)| best.offer(other as u32, score));
        best.into_sorted()
    }

    fn fit_report(&self) -> Vec<(&'static str, f64)> {
        vec![("n_terms", self.vectors.n_cols as f64)]
    }

    fn to_bytes(&self) -> Vec<u8> {
        Writer::new(&CARD, &self.settings).csr("vectors", &self.vectors).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(category: &str, brand: &str, price_cents: i64, memory: &str, text: &str) -> ItemFeatures {
        ItemFeatures {
            category: Some(category.to_owned()),
            brand: Some(brand.to_owned()),
            price_cents: Some(price_cents),
            specs: [("memory".to_owned(), memory.to_owned())].into(),
            text: text.to_owned(),
        }
    }

    pub(super) fn shop() -> Vec<ItemFeatures> {
        vec![
            item("Computers/Laptops", "Aster", 99_900, "16 GB", "Aster Air 13 轻薄笔记本"),
            item("Computers/Laptops", "Aster", 109_900, "16 GB", "Aster Air 14 轻薄笔记本 new"),
            item("Computers/Laptops", "Boreal", 219_900, "32 GB", "Boreal gaming notebook"),
            item("Phones", "Aster", 59_900, "8 GB", "Aster phone"),
            ItemFeatures::default(),
        ]
    }

    pub(super) fn history(items: &[u32]) -> Vec<HistoryEntry> {
        items.iter().map(|&item| HistoryEntry { item, weight: 2.0, at: 0 }).collect()
    }

    #[test]
    fn the_likest_product_comes_first_and_the_unknown_nowhere() {
        let model = Content::fit(&shop(), &CARD.defaults()).unwrap();
        let ids: Vec<u32> = model.similar(0, 9).iter().map(|pair| pair.0).collect();
        assert_eq!(ids, [1, 2, 3]);
        assert!((model.cosine(0, 0) - 1.0).abs() < 1e-5);
        assert!(model.similar(4, 9).is_empty());
    }

    #[test]
    fn weights_choose_what_counts() {
        let texts = ["category_weight=0", "price_weight=0", "spec_weight=0", "text_weight=0"];
        let model = Content::fit(&shop(), &CARD.settings_from_texts(&texts).unwrap()).unwrap();
        let ids: Vec<u32> = model.similar(0, 9).iter().map(|pair| pair.0).collect();
        assert_eq!(ids, [1, 3], "only the brand counts");
    }

    #[test]
    fn contributions_sum_to_the_score_and_bytes_bring_the_model_back() {
        let model = Content::fit(&shop(), &CARD.defaults()).unwrap();
        let read = Content::from_bytes(&model.to_bytes()).unwrap();
        let history = history(&[0, 3, 77]);
        let (mut scores, mut again) = (vec![0.0; 5], vec![0.0; 5]);
        model.score(&history, &mut scores);
        read.score(&history, &mut again);
        assert_eq!(scores, again);
        for (item, score) in scores.iter().enumerate() {
            let sum: f32 = model.contributions(&history, item as u32).iter().map(|part| part.value).sum();
            assert!((sum - score).abs() < 1e-5, "{item}: {sum}, not {score}");
        }
    }

    #[test]
    fn words_of_both_scripts() {
        assert_eq!(words("USB-C充电器 65W"), ["usb", "c", "充电", "电器", "65w"]);
    }
}
