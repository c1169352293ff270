//! How good are a model's lists? Full ranking over all items the customer has not touched in training, means over users
//! with a held-out item, intervals by bootstrap. No sampled negatives: they reorder algorithms (Krichene and Rendle
//! 2020). Ties in score are broken by the smaller item index.
//!
//! ```
//! use tercet_recommend::evaluate::{EvaluateOptions, Split, SplitKind};
//! # use tercet_recommend::Interactions; use math::Csr;
//! # let all = Interactions { matrix: Csr::from_triplets(2, 3, &[(0, 0, 1.0), (0, 1, 1.0), (1, 2, 1.0)]), times: None };
//! let split = Split::new(&all, SplitKind::Random { test_share: 0.2 }, 1)?;
//! let options = EvaluateOptions { k: vec![10, 20], ..Default::default() };
//! // let report = evaluate(&*model, &split, &options)?; report.metrics["ndcg@10"].mean
//! # Ok::<(), tercet_recommend::evaluate::SplitError>(())
//! ```

mod bootstrap;
mod metrics;
mod ratings;
mod split;

use std::collections::BTreeMap;

use math::Csr;
use rayon::prelude::*;
use serde::Serialize;

pub(crate) use bootstrap::mean;
pub use bootstrap::{Bootstrap, Comparison, Estimate};
pub use metrics::{ListMetrics, gini};
pub use ratings::{RatingReport, evaluate_ratings};
pub(crate) use split::select;
pub use split::{Split, SplitError, SplitKind};

use crate::Recommender;

/// What to measure.
#[derive(Clone)]
pub struct EvaluateOptions<'a> {
    pub k: Vec<usize>,
    pub bootstrap: Bootstrap,
    pub n_threads: usize,
    /// Judge only these users; `None` for all with a held-out item.
    pub users: Option<Vec<u32>>,
    /// Called now and then with the share done; `false` cancels.
    pub progress: &'a (dyn Fn(f64) -> bool + Sync),
}

impl Default for EvaluateOptions<'_> {
    fn default() -> Self {
        let bootstrap = Bootstrap::default();
        EvaluateOptions { k: vec![10, 20], bootstrap, n_threads: 2, users: None, progress: &|_| true }
    }
}

/// Why nothing could be measured.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EvaluateError {
    #[error("no user has a held-out item; hold out more or bring more data")]
    NoTestUser,
    #[error("k is {found:?}; give at least one length, each 1 or more")]
    BadK { found: Vec<usize> },
    #[error("the model knows {model} items and the data {data}; both must come from the same catalogue")]
    OtherItems { model: usize, data: usize },
    #[error("user {found} is not among the {n_users} users")]
    NoSuchUser { found: u32, n_users: usize },
    #[error("cancelled")]
    Cancelled,
}

/// The measures of one model on one split.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Users with at least one held-out item.
    pub n_users: usize,
    pub n_test: usize,
    pub k: Vec<usize>,
    /// `recall@10`, `ndcg@10` … each with its interval, ordered by name.
    pub metrics: BTreeMap<String, Estimate>,
    /// The users judged, ascending.
    #[serde(skip)]
    pub users: Vec<u32>,
    /// Each mean's summands, one per user in the order of `users`.
    #[serde(skip)]
    pub per_user: BTreeMap<String, Vec<f64>>,
}

impl Report {
    /// The means alone, as `lab evaluate` prints them: `{"n_users": …, "recall@20": …}`.
    pub fn flat(&self) -> BTreeMap<String, f64> {
        let means = self.metrics.iter().map(|(name, estimate)| (name.clone(), estimate.mean));
        means.chain([("n_users".to_owned(), self.n_users as f64)]).collect()
    }

    /// The paired comparison of every measure both reports have. `None` unless both judged the same users.
    pub fn compare(&self, other: &Report, bootstrap: &Bootstrap) -> Option<Vec<Comparison>> {
        if self.users != other.users {
            return None;
        }
        let both = |(name, first): (&String, &Vec<f64>)| {
            other.per_user.get(name).map(|second| Comparison::of(name, first, second, bootstrap))
        };
        Some(self.per_user.iter().filter_map(both).collect())
    }
}

/// Ranks all items for every user with a held-out item and measures the lists.
pub fn evaluate(model: &dyn Recommender, split: &Split, options: &EvaluateOptions) -> Result<Report, EvaluateError> {
    if options.k.is_empty() || options.k.contains(&0) {
        return Err(EvaluateError::BadK { found: options.k.clone() });
    }
    if model.n_items() != split.train.n_items() {
        return Err(EvaluateError::OtherItems { model: model.n_items(), data: split.train.n_items() });
    }
    let users = users_to_judge(split, options)?;
    let n_longest = options.k.iter().copied().max().unwrap_or(0);
    let lists = rank_all(model, split, &users, n_longest, options)?;
    Ok(report(&lists, split, users, options))
}

fn users_to_judge(split: &Split, options: &EvaluateOptions) -> Result<Vec<u32>, EvaluateError> {
    let mut users = split.test_users();
    if let Some(wanted) = &options.users {
        if let Some(&found) = wanted.iter().find(|&&user| user as usize >= split.train.n_users()) {
            return Err(EvaluateError::NoSuchUser { found, n_users: split.train.n_users() });
        }
        let wanted: std::collections::BTreeSet<u32> = wanted.iter().copied().collect();
        users.retain(|user| wanted.contains(user));
    }
    if users.is_empty() { Err(EvaluateError::NoTestUser) } else { Ok(users) }
}

/// One list per user, best first, without what the user has in training.
fn rank_all(
    model: &dyn Recommender,
    split: &Split,
    users: &[u32],
    n: usize,
    options: &EvaluateOptions,
) -> Result<Vec<Vec<u32>>, EvaluateError> {
    let n_done = std::sync::atomic::AtomicUsize::new(0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.n_threads.max(1)).build();
    let pool = pool.expect("threads can be started");
    let chunk = |users: &[u32]| {
        let mut scores = vec![0f32; model.n_items()];
        let lists: Vec<_> = users.iter().map(|&user| rank_one(model, split, user as usize, n, &mut scores)).collect();
        let done = n_done.fetch_add(users.len(), std::sync::atomic::Ordering::Relaxed) + users.len();
        (options.progress)(done as f64 / split.test.n_users().max(1) as f64).then_some(lists)
    };
    let chunks: Option<Vec<Vec<Vec<u32>>>> = pool.install(|| users.par_chunks(64).map(chunk).collect());
    Ok(chunks.ok_or(EvaluateError::Cancelled)?.into_iter().flatten().collect())
}

fn rank_one(model: &dyn Recommender, split: &Split, user: usize, n: usize, scores: &mut [f32]) -> Vec<u32> {
    model.score(&split.train.history(user), scores);
    for &seen in split.train.matrix.row(user).0 {
        scores[seen as usize] = f32::NEG_INFINITY;
    }
    top(scores, n)
}

/// The indexes of the `n` largest finite scores, best first, ties by index.
pub(crate) fn top(scores: &[f32], n: usize) -> Vec<u32> {
    let better = |a: &u32, b: &u32| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b));
    let mut items: Vec<u32> = (0..scores.len() as u32).filter(|&item| scores[item as usize].is_finite()).collect();
    if n < items.len() && n > 0 {
        items.select_nth_unstable_by(n - 1, better);
    }
    items.truncate(n);
    items.sort_unstable_by(better);
    items
}

fn report(lists: &[Vec<u32>], split: &Split, users: Vec<u32>, options: &EvaluateOptions) -> Report {
    let mut per_user = BTreeMap::new();
    let mut metrics = BTreeMap::new();
    let popularity = Popularity::of(&split.train.matrix);
    for &k in &options.k {
        per_user.append(&mut judge(lists, &split.test.matrix, &users, k));
        per_user.append(&mut popularity.judge(lists, k));
        for (name, value) in spread(lists, split.train.n_items(), k) {
            metrics.insert(name, Estimate::exact(value));
        }
    }
    metrics.extend(per_user.iter().map(|(name, values)| (name.clone(), Estimate::of(values, &options.bootstrap))));
    let n_test = users.iter().map(|&user| split.test.matrix.row(user as usize).0.len()).sum();
    Report { n_users: users.len(), n_test, k: options.k.clone(), metrics, users, per_user }
}

fn judge(lists: &[Vec<u32>], test: &Csr, users: &[u32], k: usize) -> BTreeMap<String, Vec<f64>> {
    let judged: Vec<[f64; 6]> = lists
        .iter()
        .zip(users)
        .map(|(list, &user)| ListMetrics::of(list, test.row(user as usize).0, k).values())
        .collect();
    let column = |at: usize| judged.iter().map(|values| values[at]).collect();
    ListMetrics::NAMES.iter().enumerate().map(|(at, name)| (format!("{name}@{k}"), column(at))).collect()
}

/// How many training users have each item.
struct Popularity {
    n_users_of_item: Vec<u64>,
    n_users: usize,
}

impl Popularity {
    fn of(train: &Csr) -> Popularity {
        let mut n_users_of_item = vec![0u64; train.n_cols];
        for &item in &train.indices {
            n_users_of_item[item as usize] += 1;
        }
        Popularity { n_users_of_item, n_users: train.n_rows }
    }

    /// Novelty: mean self-information −log2 of the share of users who have the item (an item nobody has counts as
    /// half a user); average popularity: mean number of users who have it.
    fn judge(&self, lists: &[Vec<u32>], k: usize) -> BTreeMap<String, Vec<f64>> {
        let count = |item: &u32| self.n_users_of_item[*item as usize] as f64;
        let information = |item: &u32| -(count(item).max(0.5) / self.n_users.max(1) as f64).log2();
        let over = |of: &dyn Fn(&u32) -> f64| {
            lists.iter().map(|list| mean(&list.iter().take(k).map(of).collect::<Vec<_>>())).collect::<Vec<_>>()
        };
        [(format!("novelty@{k}"), over(&information)), (format!("average_popularity@{k}"), over(&count))].into()
    }
}

/// Coverage: share of all items in at least one list; Gini: how unequally exposures fall on items.
fn spread(lists: &[Vec<u32>], n_items: usize, k: usize) -> [(String, f64); 2] {
    let mut n_shown = vec![0u64; n_items];
    for item in lists.iter().flat_map(|list| list.iter().take(k)) {
        n_shown[*item as usize] += 1;
    }
    let n_covered = n_shown.iter().filter(|&&count| count > 0).count();
    let coverage = n_covered as f64 / n_items.max(1) as f64;
    [(format!("coverage@{k}"), coverage), (format!("gini@{k}"), gini(&n_shown))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ByTable, interactions};

    /// Two users, four items, lists worked by hand: user 0 has item 0, is offered 3, 2, 1 and takes 1 and 2; user 1 has
    /// item 3, is offered 0, 1, 2 and takes 0.
    #[test]
    fn a_small_shop_is_measured_as_on_paper() {
        let split =
            Split { train: interactions(2, 4, &[(0, 0), (1, 3)]), test: interactions(2, 4, &[(0, 1), (0, 2), (1, 0)]) };
        let model = ByTable::new(vec![vec![9.0, 1.0, 2.0, 3.0], vec![0.0; 4], vec![0.0; 4], vec![3.0, 2.0, 1.0, 9.0]]);
        let options = EvaluateOptions { k: vec![2], ..Default::default() };
        let report = evaluate(&model, &split, &options).unwrap();
        let second = 1.0 / 3f64.log2();
        for (name, expected) in [
            ("recall@2", (0.5 + 1.0) / 2.0),
            ("precision@2", 0.5),
            ("ndcg@2", (second / (1.0 + second) + 1.0) / 2.0),
            ("map@2", (0.25 + 1.0) / 2.0),
            ("mrr@2", 0.75),
            ("hit@2", 1.0),
            ("coverage@2", 1.0),
            ("gini@2", 0.0),
            // Shares of users: item 3 and 0 one half, 2 and 1 counted as a quarter.
            ("novelty@2", 1.5),
            ("average_popularity@2", 0.5),
        ] {
            assert!((report.metrics[name].mean - expected).abs() < 1e-12, "{name}: {:?}", report.metrics[name]);
        }
        assert_eq!((report.n_users, report.n_test), (2, 3));
        assert_eq!(report.flat()["n_users"], 2.0);
    }

    #[test]
    fn mistakes_are_named() {
        let split = Split { train: interactions(1, 2, &[(0, 0)]), test: interactions(1, 2, &[]) };
        let model = ByTable::new(vec![vec![0.0; 2]; 2]);
        let other = ByTable::new(vec![vec![0.0; 3]; 3]);
        let with_k = |k: &[usize]| EvaluateOptions { k: k.to_vec(), ..Default::default() };
        assert_eq!(evaluate(&model, &split, &with_k(&[5])).unwrap_err(), EvaluateError::NoTestUser);
        assert!(evaluate(&model, &split, &with_k(&[])).unwrap_err().to_string().contains("at least one"));
        assert!(evaluate(&other, &split, &with_k(&[5])).unwrap_err().to_string().contains("knows 3"));
    }

    #[test]
    fn reports_of_the_same_users_compare() {
        let split = Split { train: interactions(2, 3, &[(0, 0), (1, 0)]), test: interactions(2, 3, &[(0, 1), (1, 1)]) };
        let good = ByTable::new(vec![vec![0.0, 2.0, 1.0]; 3]);
        let bad = ByTable::new(vec![vec![0.0, 1.0, 2.0]; 3]);
        let options = EvaluateOptions { k: vec![1], ..Default::default() };
        let (bad, good) = (evaluate(&bad, &split, &options).unwrap(), evaluate(&good, &split, &options).unwrap());
        let comparisons = bad.compare(&good, &Bootstrap::default()).unwrap();
        let recall = comparisons.iter().find(|comparison| comparison.metric == "recall@1").unwrap();
        assert_eq!((recall.first, recall.second, recall.difference.mean), (0.0, 1.0, 1.0));
    }

    #[test]
    fn top_breaks_ties_by_index_and_skips_what_is_not_finite() {
        let scores = [1.0, f32::NEG_INFINITY, 3.0, 1.0, f32::NAN, 3.0];
        assert_eq!(top(&scores, 3), [2, 5, 0]);
        assert_eq!(top(&scores, 10), [2, 5, 0, 3]);
        assert_eq!(top(&scores, 0), [] as [u32; 0]);
    }
}
