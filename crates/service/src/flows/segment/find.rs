//! Groups found on a sample of the customers, and the place of any customer among them: the group, how far from its
//! centre, and where on the map.

use segment::features::{Covariance, Pca, Preparation};
use segment::hierarchical::{Linkage, Metric, linkage};
use segment::k_means::choose::{Choose, Curves, choose};
use segment::k_means::{Assigner, KMeans, fit};
use segment::taste::TasteSpace;
use segment::{Matrix, Points, RunOptions, SegmentError};
use serde::{Deserialize, Serialize};

use super::features::Customers;
use super::resample::{Resampled, moved_share, noise_share, resampled};
use super::tastes::Tastes;
use super::{BLOCK, SegmentRequest, method};
use crate::error::{Result, ServiceError};
use crate::flows::Progress;

/// Customers whom K-Means learns from; more change the centres little.
const SAMPLE_MAX: usize = 200_000;
/// Customers whom slower methods, the choice of the number and the test of stability look at.
pub(super) const SMALL_SAMPLE_MAX: usize = 20_000;
/// The numbers of groups that are looked at; more cannot be told apart by people.
const CHOSEN_FROM: std::ops::RangeInclusive<usize> = 3..=12;
/// Customers whose silhouettes are averaged.
const SILHOUETTE_MAX: usize = 3_000;
/// Sets without groups that the gap statistic compares with.
const N_REFERENCES: usize = 5;
/// Leaves of the tree that is drawn.
const LEAVES_MAX: usize = 60;
/// Coordinates of the map are 0 to this; one place in fifty lies outside and is moved to its edge.
const MAP_SIDE: f64 = 65_535.0;

/// What places a customer; kept in the model's folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    pub space: Space,
    /// Shape: (n_groups, d), largest group first.
    pub centres: Vec<Vec<f64>>,
    pub map: Projection,
}

/// What turns a customer into a point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Space {
    Behaviour(Preparation),
    Taste(TasteSpace),
}

/// From points to the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// The two directions in which the groups differ most.
    pub pca: Pca,
    /// Lower and upper end of the map along each.
    pub ends: [(f64, f64); 2],
    /// Share of all customers' variance along each.
    pub explained: [f64; 2],
}

/// What a run found.
pub struct Found {
    pub fitted: Fitted,
    /// One per group, known once the groups before were looked at.
    pub keys: Vec<String>,
    pub card: &'static str,
    pub settings: domain::Settings,
    /// Why so many groups, if that was chosen.
    pub choice: Option<(usize, Curves)>,
    pub resampled: Resampled,
    pub placement: Placement,
    pub tree: FoundTree,
    /// Places of a sample of the customers, for the map.
    pub sample: Vec<Placed>,
    pub n_customers: usize,
}

/// What placing everybody with the nearest centre did to the method's own labels, as shares of the sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// Customers whom the method left as noise.
    pub noise: f64,
    /// Of the others, those whose nearest centre is another group's.
    pub moved: f64,
}

/// Small groups and how they merge into larger ones.
pub struct FoundTree {
    /// Whether it is the top of the chosen method's own tree, and not one by Ward's method over small groups.
    pub is_own: bool,
    /// Customers of the sample in each leaf, and the group of most of them.
    pub leaves: Vec<(usize, usize)>,
    /// Shape: (n_leaves − 1, 4), SciPy's table.
    pub merges: Matrix,
    pub order: Vec<u32>,
}

/// A customer's place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// Place among the groups.
    pub group: u16,
    /// From the centre, in standard deviations of a feature.
    pub distance: f64,
    pub x: u16,
    pub y: u16,
}

/// Every so many-th customer, so that at most `n_max` are left.
fn every(n: usize, n_max: usize) -> Vec<usize> {
    (0..n).step_by(n.div_ceil(n_max).max(1)).collect()
}

pub(super) fn find(
    customers: &Customers,
    tastes: Option<&Tastes>,
    request: &SegmentRequest,
    progress: Progress<'_>,
) -> Result<Found> {
    let n_min = request.n_clusters.unwrap_or(*CHOSEN_FROM.start());
    if customers.n() < n_min.max(10) {
        let message =
            format!("{} customers are too few to be grouped; at least {} are needed", customers.n(), n_min.max(10));
        return Err(ServiceError::conflict("no_data", message));
    }
    let method = method(request.algorithm.as_deref())?;
    let is_k_means = method.card.name == segment::k_means::CARD.name;
    let n_max = if is_k_means { SAMPLE_MAX } else { SMALL_SAMPLE_MAX };
    let (space, values, n) = match tastes {
        None => {
            let rows = every(customers.n(), n_max);
            let table = customers.table(&rows)?;
            let preparation = Preparation::fit(&table)?;
            let values: Vec<f32> = preparation.apply(&table)?;
            (Space::Behaviour(preparation), values, rows.len())
        }
        Some(tastes) => {
            let rows: Vec<usize> = every(tastes.active.len(), n_max).into_iter().map(|at| tastes.active[at]).collect();
            (Space::Taste(tastes.space.clone()), tastes.points(&rows)?, rows.len())
        }
    };
    let points = Points::new(&values, n, values.len() / n)?;
    let cancelled = || ServiceError::conflict("cancelled", "cancelled");
    // How many groups there are is asked of the data, whatever method then makes them.
    let is_open = method.card.param("n_clusters").is_some()
        && !["n_clusters", "n_clusters_max", "height"].iter().any(|n| has(&request.set, n));
    let choice = match (request.n_clusters, is_open) {
        (None, true) => {
            progress(0.05, "looking for how many groups there are").then_some(()).ok_or_else(cancelled)?;
            Some(choose_number(points, request)?)
        }
        _ => None,
    };
    progress(0.4, "grouping").then_some(()).ok_or_else(cancelled)?;
    let mut set = request.set.clone();
    if let Some(n) = request.n_clusters.or(choice.as_ref().map(|(number, _)| *number))
        && method.card.param("n_clusters").is_some()
    {
        set.push(format!("n_clusters={n}"));
    }
    if is_k_means && !has(&set, "n_init") {
        set.push("n_init=5".to_owned());
    }
    let settings = method.card.settings_from_texts(&set)?;
    let run = RunOptions { seed: request.seed, n_threads: request.n_threads, ..RunOptions::default() };
    let clustering = (method.run_f32)(points, &settings, &run)?;
    let choice = choice.or(clustering.choice.map(|curves| (curves.recommended, curves)));
    let (centres, places) = largest_first(points, &clustering.labels)?;
    let labels = assign(points, &centres)?.0;
    let moved = moved_share(&clustering.labels, &places, &labels);
    let placement = Placement { noise: noise_share(&clustering.labels), moved };
    progress(0.6, "asking whether another sample would have shown the same").then_some(()).ok_or_else(cancelled)?;
    let resampled = resampled(points, &centres, method, &set, request)?;
    progress(0.9, "drawing the map and the tree").then_some(()).ok_or_else(cancelled)?;
    let map = Projection::new(points, &centres)?;
    let tree = match &clustering.merges {
        // HDBSCAN has merges too, but their top is one customer after another who leaves the rest.
        Some(merges) if method.card.name == segment::hierarchical::CARD.name => own_tree(merges, &labels, centres.n),
        _ => tree(points, &labels, request)?,
    };
    let rows_of = |matrix: &Matrix| (0..matrix.n).map(|row| matrix.row(row).to_vec()).collect();
    let fitted = Fitted { space, centres: rows_of(&centres), map };
    let sample = fitted.place(points)?;
    let (card, n_customers) = (method.card.name, customers.n());
    Ok(Found { fitted, keys: Vec::new(), card, settings, choice, resampled, placement, tree, sample, n_customers })
}

fn has(set: &[String], name: &str) -> bool {
    set.iter().any(|text| text.split_once('=').is_some_and(|(found, _)| found.trim() == name))
}

/// A part of the points, row by row.
pub(super) fn thinned(points: Points<f32>, n_max: usize) -> (Vec<f32>, usize) {
    let rows = every(points.n(), n_max);
    (rows.iter().flat_map(|&row| points.row(row)).copied().collect(), rows.len())
}

/// The number that the curves recommend; when they see no groups at all, the elbow, since groups are useful all the same.
fn choose_number(points: Points<f32>, request: &SegmentRequest) -> Result<(usize, Curves)> {
    let (values, n) = thinned(points, SMALL_SAMPLE_MAX);
    let small = Points::new(&values, n, points.d())?;
    let last = (*CHOSEN_FROM.end()).min(n / 3).max(*CHOSEN_FROM.start());
    let wanted = Choose {
        ks: (*CHOSEN_FROM.start()..=last).collect(),
        n_sample: n.min(SILHOUETTE_MAX),
        n_references: N_REFERENCES,
        k_means: KMeans { n_init: 2, ..KMeans::new(last) },
    };
    let run = RunOptions { seed: request.seed, n_threads: request.n_threads, ..RunOptions::default() };
    let curves = choose(small, &wanted, &run)?;
    let number = if curves.recommended > 1 { curves.recommended } else { curves.by_elbow };
    Ok((number, curves))
}

/// The centres of the labelled points, the largest group first, and the place of each label's group among them.
fn largest_first(points: Points<f32>, labels: &[i32]) -> Result<(Matrix, Vec<usize>)> {
    centres_of(points, labels).ok_or_else(|| {
        let found = if labels.iter().all(|&label| label < 0) { "no group" } else { "1 group" };
        let message = format!("the method found {found}: the customers are too alike for these settings");
        ServiceError::conflict("one_group", message).help("try another algorithm or other settings")
    })
}

/// As [`largest_first`]; `None` of fewer than two groups. Noise belongs to none.
pub(super) fn centres_of(points: Points<f32>, labels: &[i32]) -> Option<(Matrix, Vec<usize>)> {
    let n_groups = labels.iter().map(|&label| usize::try_from(label + 1).unwrap_or(0)).max().unwrap_or(0);
    let mut sums: Vec<(u64, usize, Vec<f64>)> = (0..n_groups).map(|label| (0, label, vec![0.0; points.d()])).collect();
    for (row, &label) in points.rows().zip(labels) {
        let Ok(label) = usize::try_from(label) else { continue };
        sums[label].0 += 1;
        sums[label].2.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    sums.retain(|(n, ..)| *n > 0);
    if sums.len() < 2 {
        return None;
    }
    sums.sort_by_key(|(n, ..)| std::cmp::Reverse(*n));
    let mut places = vec![0; n_groups];
    sums.iter().enumerate().for_each(|(place, &(_, label, _))| places[label] = place);
    let values = sums.iter().flat_map(|(n, _, sum)| sum.iter().map(|value| value / *n as f64)).collect();
    Some((Matrix { values, n: sums.len(), d: points.d() }, places))
}

/// Group and distance of each point.
pub(super) fn assign(points: Points<f32>, centres: &Matrix) -> std::result::Result<(Vec<i32>, Vec<f64>), SegmentError> {
    let mut labels = vec![0i32; points.n()];
    let mut squares = vec![0f64; points.n()];
    Assigner::<f32>::new(centres)?.assign(points.values(), &mut labels, &mut squares)?;
    Ok((labels, squares.into_iter().map(f64::sqrt).collect()))
}

/// Small groups by K-Means, merged by Ward's method: near the leaves as fine as the data, and small enough to be drawn.
fn tree(points: Points<f32>, labels: &[i32], request: &SegmentRequest) -> Result<FoundTree> {
    let (values, n) = thinned(points, SMALL_SAMPLE_MAX);
    let step = points.n().div_ceil(SMALL_SAMPLE_MAX).max(1);
    let small = Points::new(&values, n, points.d())?;
    let n_leaves = LEAVES_MAX.min(n / 5).max(2);
    let run = RunOptions { seed: request.seed, n_threads: request.n_threads, ..RunOptions::default() };
    let fine = fit(small, &KMeans::new(n_leaves), &run)?;
    let n_groups = labels.iter().max().map_or(1, |most| *most as usize + 1);
    let mut members = vec![vec![0usize; n_groups]; n_leaves];
    for (at, &leaf) in fine.labels.iter().enumerate() {
        members[leaf as usize][labels[at * step] as usize] += 1;
    }
    let kept: Vec<usize> = (0..n_leaves).filter(|&leaf| members[leaf].iter().any(|n| *n > 0)).collect();
    let most =
        |counts: &[usize]| (0..n_groups).max_by_key(|&group| (counts[group], std::cmp::Reverse(group))).unwrap_or(0);
    let leaves = kept.iter().map(|&leaf| (members[leaf].iter().sum(), most(&members[leaf]))).collect();
    let centres: Vec<f64> = kept.iter().flat_map(|&leaf| fine.centres.row(leaf)).copied().collect();
    let merged = linkage(Points::new(&centres, kept.len(), points.d())?, Linkage::Ward, Metric::Euclidean, &run)?;
    Ok(FoundTree { is_own: false, leaves, merges: merged.matrix(), order: merged.leaf_order() })
}

/// The top of the tree of merges that a method found. Shape of `merges`: (n − 1, 4), of `labels`: (n).
fn own_tree(merges: &Matrix, labels: &[i32], n_groups: usize) -> FoundTree {
    let n = labels.len();
    let n_leaves = LEAVES_MAX.min(n);
    // Merges before this one are within leaves.
    let first = n - n_leaves;
    let children = |merge: usize| [0, 1].map(|side| merges.row(merge)[side] as usize);
    let mut leaf_of = vec![0; n + first];
    let closed = (first..merges.n).flat_map(children).filter(|&node| node < n + first);
    closed.enumerate().for_each(|(leaf, node)| leaf_of[node] = leaf);
    // From the top down, so that a node's leaf is known before its children's.
    for merge in (0..first).rev() {
        children(merge).into_iter().for_each(|node| leaf_of[node] = leaf_of[n + merge]);
    }
    let mut members = vec![vec![0usize; n_groups]; n_leaves];
    labels.iter().zip(&leaf_of).for_each(|(&label, &leaf)| members[leaf][label as usize] += 1);
    let most =
        |counts: &[usize]| (0..n_groups).max_by_key(|&group| (counts[group], std::cmp::Reverse(group))).unwrap_or(0);
    let leaves = members.iter().map(|counts| (counts.iter().sum(), most(counts))).collect();
    let mut top = Matrix::zeros(n_leaves - 1, 4);
    let mut below: Vec<Vec<u32>> = (0..n_leaves as u32).map(|leaf| vec![leaf]).collect();
    for at in 0..top.n {
        let node = |node: usize| if node < n + first { leaf_of[node] } else { node - n - first + n_leaves };
        let [left, right] = children(first + at).map(node);
        let (left, right) = (left.min(right), left.max(right));
        below.push([below[left].as_slice(), &below[right]].concat());
        let row = [left as f64, right as f64, merges.row(first + at)[2], below[n_leaves + at].len() as f64];
        top.row_mut(at).copy_from_slice(&row);
    }
    FoundTree { is_own: true, leaves, merges: top, order: below.pop().unwrap_or_default() }
}

impl Projection {
    fn new(points: Points<f32>, centres: &Matrix) -> Result<Projection> {
        let mut everyone = Covariance::new(points.d());
        everyone.add(points);
        // Where the groups differ most; with two groups, which differ in one direction alone, where everyone does.
        let pca = match centres.n {
            2 => Pca::fit(&everyone, 2.min(points.d()))?,
            _ => {
                let mut between = Covariance::new(points.d());
                between.add(Points::new(&centres.values, centres.n, centres.d)?);
                Pca::fit(&between, 2.min(points.d()))?
            }
        };
        let places = pca.project(points);
        let k = pca.n_components();
        let total: f64 = Pca::fit(&everyone, points.d())?.variances.iter().sum();
        let mut ends = [(-1.0, 1.0); 2];
        let mut explained = [0.0; 2];
        for axis in 0..k {
            let mut along: Vec<f64> = places.values.iter().skip(axis).step_by(k).copied().collect();
            along.sort_unstable_by(f64::total_cmp);
            let at = |share: f64| along[((along.len() - 1) as f64 * share) as usize];
            let (low, high) = (at(0.01), at(0.99));
            let margin = ((high - low) * 0.08).max(1e-6);
            ends[axis] = (low - margin, high + margin);
            let mean = along.iter().sum::<f64>() / along.len() as f64;
            let variance = along.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / along.len() as f64;
            explained[axis] = if total > 0.0 { variance / total } else { 0.0 };
        }
        Ok(Projection { pca, ends, explained })
    }

    /// Places on the map of points.
    fn places(&self, points: Points<f32>) -> Vec<(u16, u16)> {
        let places = self.pca.project(points);
        let scaled = |value: f64, (low, high): (f64, f64)| {
            (((value - low) / (high - low)).clamp(0.0, 1.0) * MAP_SIDE).round() as u16
        };
        let place = |row: usize| {
            let row = places.row(row);
            (scaled(row[0], self.ends[0]), row.get(1).map_or(0, |value| scaled(*value, self.ends[1])))
        };
        (0..points.n()).map(place).collect()
    }

    /// The place of a centre.
    pub fn place_of(&self, centre: &[f64]) -> (u16, u16) {
        let narrow: Vec<f32> = centre.iter().map(|value| *value as f32).collect();
        let points = Points::new(&narrow, 1, narrow.len());
        points.map_or((0, 0), |points| self.places(points)[0])
    }
}

impl Fitted {
    fn centres(&self) -> Matrix {
        let values: Vec<f64> = self.centres.concat();
        Matrix { n: self.centres.len(), d: values.len() / self.centres.len().max(1), values }
    }

    /// The places of prepared points.
    pub fn place(&self, points: Points<f32>) -> Result<Vec<Placed>> {
        let (labels, distances) = assign(points, &self.centres())?;
        let of = labels.into_iter().zip(distances).zip(self.map.places(points));
        Ok(of.map(|((label, distance), (x, y))| Placed { group: label as u16, distance, x, y }).collect())
    }
}

impl Found {
    /// The places of all customers, block by block.
    pub fn place_all(&self, customers: &Customers, tastes: Option<&Tastes>) -> Result<Vec<Placed>> {
        let mut placed = Vec::with_capacity(customers.n());
        for first in (0..customers.n()).step_by(BLOCK) {
            let rows: Vec<usize> = (first..(first + BLOCK).min(customers.n())).collect();
            placed.extend(self.place(customers, tastes, &rows)?);
        }
        Ok(placed)
    }

    fn place(&self, customers: &Customers, tastes: Option<&Tastes>, rows: &[usize]) -> Result<Vec<Placed>> {
        let values: Vec<f32> = match (&self.fitted.space, tastes) {
            (Space::Behaviour(preparation), _) => preparation.apply(&customers.table(rows)?)?,
            (Space::Taste(_), Some(tastes)) => tastes.points(rows)?,
            (Space::Taste(_), None) => return Err(ServiceError::failed("tastes were not read")),
        };
        self.fitted.place(Points::new(&values, rows.len(), values.len() / rows.len().max(1))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Leaves lie within groups, the tree's top is the method's own, and no customer is lost.
    #[test]
    fn the_top_of_a_tree_is_cut_out_whole() {
        let mut state = 7u32;
        let mut value = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        };
        for (n, linkage) in [(300, "ward"), (300, "average"), (45, "complete"), (300, "median")] {
            let values: Vec<f32> = (0..n * 2).map(|_| value()).collect();
            let method = method(Some("hierarchical")).unwrap();
            let settings = method.card.settings([("n_clusters", "5"), ("linkage", linkage)]).unwrap();
            let points = Points::new(&values, n, 2).unwrap();
            let found = (method.run_f32)(points, &settings, &RunOptions::default()).unwrap();
            let merges = found.merges.unwrap();
            let tree = own_tree(&merges, &found.labels, 5);
            let n_leaves = n.min(LEAVES_MAX);
            assert_eq!((tree.is_own, tree.leaves.len(), tree.merges.n), (true, n_leaves, n_leaves - 1));
            assert_eq!(tree.leaves.iter().map(|leaf| leaf.0).sum::<usize>(), n);
            for group in 0..5 {
                let of_group = found.labels.iter().filter(|&&label| label == group as i32).count();
                let of_leaves: usize = tree.leaves.iter().filter(|leaf| leaf.1 == group).map(|leaf| leaf.0).sum();
                // A median may fall, and then a group is not a branch of the top.
                assert!(of_group == of_leaves || linkage == "median", "{linkage}, {group}: {of_leaves} of {of_group}");
            }
            let (last, own) = (tree.merges.row(tree.merges.n - 1), merges.row(merges.n - 1));
            assert_eq!((last[2], last[3]), (own[2], n_leaves as f64));
            let mut order = tree.order.clone();
            order.sort_unstable();
            assert_eq!(order, (0..n_leaves as u32).collect::<Vec<_>>());
        }
    }

    #[test]
    fn centres_stand_by_size_and_labels_know_their_place() {
        let values = [0.0f32, 2.0, 10.0, 20.0, 30.0, 99.0];
        let points = Points::new(&values, 6, 1).unwrap();
        let (centres, places) = centres_of(points, &[0, 0, 2, 2, 2, -1]).unwrap();
        assert_eq!((centres.values, centres.n), (vec![20.0, 1.0], 2));
        assert_eq!((places[0], places[2]), (1, 0));
        assert!(centres_of(points, &[3; 6]).is_none() && centres_of(points, &[-1; 6]).is_none());
        let error = largest_first(points, &[-1; 6]).unwrap_err().to_string();
        assert!(error.contains("found no group"), "{error}");
    }
}
