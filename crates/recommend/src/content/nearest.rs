//! The content model as a neighbourhood: for each product the few wanted ones most like it, found when first asked for
//! and kept. A shop's products share most of their terms, so a score of all products costs each term's whole list; the
//! nearest of sixteen products are sixteen short lists.

use std::sync::{Arc, OnceLock};

use math::{Csr, top_k::TopK};

use super::Content;
use crate::HistoryEntry;

/// Neighbours kept per product.
const N_NEAREST: usize = 50;

/// Items with their similarity.
type Similar = Box<[(u32, f32)]>;

/// Scores products by the content model among the wanted ones.
pub struct NearestContent {
    content: Arc<Content>,
    /// Shape: (n_terms, n_items), the wanted items only.
    index: Csr,
    nearest: Vec<OnceLock<Similar>>,
}

impl NearestContent {
    pub fn new(content: Arc<Content>, is_wanted: impl Fn(usize) -> bool) -> Self {
        let vectors = &content.vectors;
        let mut wanted = Csr::empty(vectors.n_rows, vectors.n_cols);
        for item in 0..vectors.n_rows {
            if is_wanted(item) {
                let (terms, values) = vectors.row(item);
                wanted.indices.extend_from_slice(terms);
                wanted.values.extend_from_slice(values);
            }
            wanted.indptr[item + 1] = wanted.indices.len();
        }
        let nearest = (0..vectors.n_rows).map(|_| OnceLock::new()).collect();
        NearestContent { index: wanted.transpose(), content, nearest }
    }

    /// The wanted items most like `item`, ascending, with their similarity; `item` itself has no part in it. Empty for
    /// an item the model does not know.
    pub fn of(&self, item: u32) -> &[(u32, f32)] {
        self.nearest.get(item as usize).map_or(&[], |list| list.get_or_init(|| self.find(item)))
    }

    fn find(&self, item: u32) -> Similar {
        let mut scores = vec![0f32; self.nearest.len()];
        for (term, value) in self.content.vector(item) {
            let (items, others) = self.index.row(term as usize);
            items.iter().zip(others).for_each(|(&other, &of_other)| scores[other as usize] += value * of_other);
        }
        scores[item as usize] = 0.0;
        let mut best = TopK::with_floor(N_NEAREST, f32::MIN_POSITIVE);
        best.offer_row(0, &scores);
        let mut nearest = best.into_sorted();
        nearest.sort_unstable_by_key(|pair| pair.0);
        nearest.into()
    }

    /// The scores of the items near a history: Σ over its entries of weight × similarity, ascending by item. `sums` is
    /// scratch, all 0 before and after, of at least as many entries as there are items.
    pub fn score(&self, history: &[HistoryEntry], sums: &mut [f32]) -> Vec<(u32, f32)> {
        let mut touched = Vec::new();
        for entry in history {
            for &(item, similarity) in self.of(entry.item) {
                touched.push(item);
                sums[item as usize] += entry.weight * similarity;
            }
        }
        touched.sort_unstable();
        touched.dedup();
        touched.into_iter().map(|item| (item, std::mem::take(&mut sums[item as usize]))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{history, shop};
    use super::super::{CARD, Content};
    use super::*;
    use crate::Recommender;

    #[test]
    fn the_nearest_score_as_the_model_does() {
        let content = Arc::new(Content::fit(&shop(), &CARD.defaults()).unwrap());
        let nearest = NearestContent::new(content.clone(), |item| item != 1);
        let (mut scores, mut sums) = (vec![0.0; 5], vec![0.0; 5]);
        content.score(&history(&[0]), &mut scores);
        let near = nearest.score(&history(&[0, 77]), &mut sums);
        assert_eq!(
            near.iter().map(|pair| pair.0).collect::<Vec<_>>(),
            [2, 3],
            "1 is not wanted, 0 is the own, 4 alike"
        );
        near.iter().for_each(|&(item, score)| assert!((score - scores[item as usize]).abs() < 1e-6));
        assert_eq!(sums, [0.0; 5]);
    }
}
