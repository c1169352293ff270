//! Groups found on a sample of the customers, and the place of any customer among them: the group, how far from its
//! centre, and where on the map.

use segment::features::{Covariance, Pca, Preparation};
use segment::hierarchical::{Linkage, Metric, linkage};
use segment::k_means::choose::{Choose, Curves, choose};
use segment::k_means::{Assigner, KMeans, fit};
use segment::stability::{Resampling, Stability, StabilityOptions, stability};
use segment::taste::TasteSpace;
use segment::{Matrix, Points, RunOptions};
use serde::{Deserialize, Serialize};

use super::features::Customers;
use super::tastes::Tastes;
use super::{BLOCK, SegmentRequest, method};
use crate::error::{Result, ServiceError};
use crate::flows::Progress;

/// Customers whom K-Means learns from; more change the centres little.
const SAMPLE_MAX: usize = 200_000;
/// Customers whom slower methods, the choice of the number and the test of stability look at.
const SMALL_SAMPLE_MAX: usize = 20_000;
/// The numbers of groups that are looked at; more cannot be told apart by people.
const CHOSEN_FROM: std::ops::RangeInclusive<usize> = 3..=12;
/// Customers whose silhouettes are averaged.
const SILHOUETTE_MAX: usize = 3_000;
/// Sets without groups that the gap statistic compares with.
const N_REFERENCES: usize = 5;
const N_RESAMPLES: usize = 10;
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
    pub stability: Stability,
    pub tree: FoundTree,
    /// Places of a sample of the customers, for the map.
    pub sample: Vec<Placed>,
    pub n_customers: usize,
}

/// Small groups and how they merge into larger ones.
pub struct FoundTree {
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
    let is_open =
        method.card.param("n_clusters").is_some() && !["n_clusters", "height"].iter().any(|n| has(&request.set, n));
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
    let centres = largest_first(points, &clustering.labels)?;
    let labels = assign(points, &centres)?.0;
    progress(0.6, "asking whether another sample would have shown the same").then_some(()).ok_or_else(cancelled)?;
    let stability = stability_of(points, &centres, request)?;
    progress(0.9, "drawing the map and the tree").then_some(()).ok_or_else(cancelled)?;
    let map = Projection::new(points, &centres)?;
    let tree = tree(points, &labels, request)?;
    let rows_of = |matrix: &Matrix| (0..matrix.n).map(|row| matrix.row(row).to_vec()).collect();
    let fitted = Fitted { space, centres: rows_of(&centres), map };
    let sample = fitted.place(points)?;
    let (card, n_customers) = (method.card.name, customers.n());
    Ok(Found { fitted, keys: Vec::new(), card, settings, choice, stability, tree, sample, n_customers })
}

fn has(set: &[String], name: &str) -> bool {
    set.iter().any(|text| text.split_once('=').is_some_and(|(found, _)| found.trim() == name))
}

/// A part of the points, row by row.
fn thinned(points: Points<f32>, n_max: usize) -> (Vec<f32>, usize) {
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

/// The centres of the labelled points, the largest group first; noise belongs to none.
fn largest_first(points: Points<f32>, labels: &[i32]) -> Result<Matrix> {
    let n_groups = labels.iter().map(|&label| usize::try_from(label + 1).unwrap_or(0)).max().unwrap_or(0);
    let mut sums = vec![(0u64, vec![0f64; points.d()]); n_groups];
    for (row, &label) in points.rows().zip(labels) {
        let Ok(label) = usize::try_from(label) else { continue };
        sums[label].0 += 1;
        sums[label].1.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    sums.retain(|(n, _)| *n > 0);
    if sums.len() < 2 {
        let message = format!("the method found {} group: the customers are too alike for these settings", sums.len());
        return Err(ServiceError::conflict("one_group", message).help("try another algorithm or other settings"));
    }
    sums.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    let values = sums.iter().flat_map(|(n, sum)| sum.iter().map(|value| value / *n as f64)).collect();
    Ok(Matrix { values, n: sums.len(), d: points.d() })
}

/// Group and distance of each point.
fn assign(points: Points<f32>, centres: &Matrix) -> Result<(Vec<i32>, Vec<f64>)> {
    let mut labels = vec![0i32; points.n()];
    let mut squares = vec![0f64; points.n()];
    Assigner::<f32>::new(centres)?.assign(points.values(), &mut labels, &mut squares)?;
    Ok((labels, squares.into_iter().map(f64::sqrt).collect()))
}

fn stability_of(points: Points<f32>, centres: &Matrix, request: &SegmentRequest) -> Result<Stability> {
    let (values, n) = thinned(points, SMALL_SAMPLE_MAX);
    let small = Points::new(&values, n, points.d())?;
    let labels = assign(small, centres)?.0;
    let options = StabilityOptions { resampling: Resampling::Bootstrap, n_samples: N_RESAMPLES, seed: request.seed };
    let wanted = KMeans { n_init: 3, ..KMeans::new(centres.n) };
    Ok(stability(&labels, &options, |rows, seed| {
        let sample: Vec<f32> = rows.iter().flat_map(|&row| small.row(row)).copied().collect();
        let sample = Points::new(&sample, rows.len(), small.d())?;
        let run = RunOptions { seed, n_threads: request.n_threads, ..RunOptions::default() };
        let fitted = fit(sample, &wanted, &run)?;
        let mut labels = vec![0i32; small.n()];
        let mut squares = vec![0f64; small.n()];
        Assigner::<f32>::new(&fitted.centres)?.assign(small.values(), &mut labels, &mut squares)?;
        Ok(labels)
    })?)
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
    Ok(FoundTree { leaves, merges: merged.matrix(), order: merged.leaf_order() })
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
