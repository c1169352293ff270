//! Lists for many users at once: the best unseen items of each. No rules and no filters beyond what was seen.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use math::largest::{self, FirstPass, Largest, Work};
use math::{Csr, Factors, top_k::TopK};

use crate::{HistoryEntry, Interactions, Recommender};

/// At most `k` items per user, best first. Items that a model cannot reach (score 0) are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Lists {
    pub k: usize,
    /// Shape: (n_users, k). `NO_ITEM` where a list is shorter.
    pub items: Vec<u32>,
    /// Shape: (n_users, k). 0 where a list is shorter.
    pub scores: Vec<f32>,
}

/// Stands where a list has no more items.
pub const NO_ITEM: u32 = u32::MAX;

impl Lists {
    pub fn n_users(&self) -> usize {
        self.items.len().checked_div(self.k).unwrap_or(0)
    }

    /// The items and scores of one list, without the padding.
    pub fn row(&self, nth: usize) -> (&[u32], &[f32]) {
        let items = &self.items[nth * self.k..(nth + 1) * self.k];
        let n = items.iter().position(|&item| item == NO_ITEM).unwrap_or(self.k);
        (&items[..n], &self.scores[nth * self.k..nth * self.k + n])
    }
}

/// The `k` best unseen items for every user of `interactions`.
pub fn recommend_all(model: &dyn Recommender, interactions: &Interactions, k: usize, n_threads: usize) -> Lists {
    model.recommend_batch(interactions, 0..interactions.n_users(), k, n_threads)
}

/// Lists by way of [`Recommender::score`]: right for every model, fast for none.
pub fn by_scoring<M: Recommender + ?Sized>(
    model: &M,
    interactions: &Interactions,
    users: Range<usize>,
    k: usize,
    n_threads: usize,
) -> Lists {
    let work = || {
        let mut scores = vec![0f32; model.n_items()];
        move |user: usize| {
            model.score(&interactions.history(user), &mut scores);
            let (seen, _) = interactions.matrix.row(user);
            for &item in seen {
                if let Some(score) = scores.get_mut(item as usize) {
                    *score = 0.0;
                }
            }
            let mut best = TopK::with_floor(k, f32::MIN);
            best.offer_row(0, &scores);
            best.into_sorted()
        }
    };
    for_each_user(users, k, n_threads, work)
}

/// Lists of models that score an item by Σ weight(entry) · `item_weights[entry.item][item]` + `bias[item]`: one pass
/// over the few weights that a history touches, then over the blocks of the catalogue that were touched.
pub fn by_item_weights(
    item_weights: &Csr,
    bias: Option<&[f32]>,
    weigh: &(dyn Fn(&[HistoryEntry]) -> Vec<f32> + Sync),
    interactions: &Interactions,
    users: Range<usize>,
    k: usize,
    n_threads: usize,
) -> Lists {
    let n_items = item_weights.n_cols;
    let work = || {
        let mut sums = vec![0f32; n_items];
        let mut touched = vec![0u8; n_items.div_ceil(BLOCK)];
        let mut best = TopK::with_floor(k, f32::MIN);
        move |user: usize| {
            let history = interactions.history(user);
            if bias.is_some() {
                touched.fill(1);
            }
            for (entry, weight) in history.iter().zip(weigh(&history)) {
                add_row(item_weights, entry.item, weight, &mut sums, &mut touched);
            }
            if let Some(bias) = bias {
                sums.iter_mut().zip(bias).for_each(|(sum, bias)| *sum += bias);
            }
            for entry in &history {
                if let Some(sum) = sums.get_mut(entry.item as usize) {
                    *sum = 0.0;
                }
            }
            for (block, touched) in touched.iter_mut().enumerate().filter(|(_, touched)| **touched != 0) {
                let range = block * BLOCK..((block + 1) * BLOCK).min(n_items);
                best.offer_row(range.start as u32, &sums[range.clone()]);
                sums[range].fill(0.0);
                *touched = 0;
            }
            best.drain_sorted(f32::MIN)
        }
    };
    for_each_user(users, k, n_threads, work)
}

/// Lists of models that score an item by the product of its row with a user's vector, which `fold_in` makes; one maker per
/// thread, so that it can keep working memory.
pub fn by_factors<F: FnMut(&[HistoryEntry], &mut [f32])>(
    items: &Factors,
    fold_in: impl Fn() -> F + Sync,
    interactions: &Interactions,
    users: Range<usize>,
    k: usize,
    n_threads: usize,
) -> Lists {
    let fold_all = || {
        let mut fold_in = fold_in();
        move |histories: &[Vec<HistoryEntry>], vectors: &mut [f32]| {
            for (history, vector) in histories.iter().zip(vectors.chunks_mut(items.stride)) {
                fold_in(history, vector);
            }
        }
    };
    by_factors_of_many(items, fold_all, interactions, users, k, n_threads)
}

/// As [`by_factors`], for models that make the vectors of many users faster than one by one: `fold_in` is handed some
/// histories, and for each a row of the items' stride, whose values are what they happen to be.
pub fn by_factors_of_many<F: FnMut(&[Vec<HistoryEntry>], &mut [f32])>(
    items: &Factors,
    fold_in: impl Fn() -> F + Sync,
    interactions: &Interactions,
    users: Range<usize>,
    k: usize,
    n_threads: usize,
) -> Lists {
    let largest = Largest::new(items, FirstPass::fastest());
    let work = || {
        let (largest, mut fold_in, mut work) = (&largest, fold_in(), Work::default());
        let mut vectors = vec![0f32; USERS * items.stride];
        move |users: Range<usize>| {
            let vectors = &mut vectors[..users.len() * items.stride];
            let histories: Vec<_> = users.clone().map(|user| interactions.history(user)).collect();
            fold_in(&histories, vectors);
            let seen: Vec<&[u32]> = users.map(|user| interactions.matrix.row(user).0).collect();
            largest.search(vectors, &seen, k, &mut work)
        }
    };
    for_each_block(users, k, n_threads, work)
}

/// Items touched or left alone together.
const BLOCK: usize = 64;
/// Users handled between two looks at the shared counter.
const USERS: usize = largest::VECTORS;

/// Adds `weight` times the weights of `item` to `sums`, and notes the blocks it touched.
#[inline]
fn add_row(item_weights: &Csr, item: u32, weight: f32, sums: &mut [f32], touched: &mut [u8]) {
    if item as usize >= item_weights.n_rows || weight == 0.0 {
        return;
    }
    let (items, values) = item_weights.row(item as usize);
    for (&item, &value) in items.iter().zip(values) {
        sums[item as usize] += weight * value;
        touched[item as usize / BLOCK] = 1;
    }
}

/// Runs one worker per thread over users; each list depends on its user alone.
fn for_each_user<W>(users: Range<usize>, k: usize, n_threads: usize, work: impl Fn() -> W + Sync) -> Lists
where
    W: FnMut(usize) -> Vec<(u32, f32)>,
{
    for_each_block(users, k, n_threads, || {
        let mut list_of = work();
        move |users: Range<usize>| users.map(&mut list_of).collect()
    })
}

/// Runs one worker per thread over blocks of at most `USERS` users; a worker gives one list per user of a block.
fn for_each_block<W>(users: Range<usize>, k: usize, n_threads: usize, work: impl Fn() -> W + Sync) -> Lists
where
    W: FnMut(Range<usize>) -> Vec<Vec<(u32, f32)>>,
{
    let mut lists = Lists { k, items: vec![NO_ITEM; users.len() * k], scores: vec![0.0; users.len() * k] };
    if k == 0 {
        return lists;
    }
    let next = AtomicUsize::new(0);
    let chunks = lists.items.chunks_mut(USERS * k).zip(lists.scores.chunks_mut(USERS * k));
    let chunks: Vec<_> = chunks.map(|chunk| std::sync::Mutex::new(Some(chunk))).collect();
    let run = || {
        let mut lists_of = work();
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            let Some(chunk) = chunks.get(nth) else { return };
            let (items, scores) = chunk.lock().expect("no panic").take().expect("each chunk is taken once");
            let start = users.start + nth * USERS;
            let lists = lists_of(start..start + items.len() / k);
            for ((items, scores), list) in items.chunks_mut(k).zip(scores.chunks_mut(k)).zip(lists) {
                for (place, (item, score)) in list.into_iter().enumerate() {
                    (items[place], scores[place]) = (item, score);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        (1..n_threads.max(1)).for_each(|_| drop(scope.spawn(run)));
        run();
    });
    drop(chunks);
    lists
}
