//! DBSCAN of points of which only the distances of all pairs are known, as Gower's between rows of mixed columns. Labels
//! are numbered and border points given as for points. Time and memory grow with the square of the number of points.

use super::{Dbscan, check};
use crate::{NOISE, RunOptions, SegmentError};

/// Clusters points by their distances. Shape of `distances`: (n (n − 1) / 2), in SciPy's order (0, 1), (0, 2) … (1, 2) …; of
/// the options it takes the weights and the progress.
///
/// # Errors
/// If there are not n (n − 1) / 2 distances, one is negative or no number, `eps` is not positive and finite, `min_points` is
/// 0, weights are not n finite non-negative numbers, or it is cancelled.
pub fn dbscan_of_distances(
    distances: &[f32],
    n: usize,
    eps: f64,
    min_points: usize,
    options: &RunOptions,
) -> Result<Dbscan, SegmentError> {
    check(n, eps, min_points, options)?;
    if n == 0 || n * (n - 1) / 2 != distances.len() {
        let allowed = if n == 0 { "one point or more".to_owned() } else { (n * (n - 1) / 2).to_string() };
        return Err(SegmentError::unfit("number of distances", distances.len(), allowed));
    }
    if let Some(bad) = distances.iter().find(|distance| distance.is_nan() || **distance < 0.0) {
        return Err(SegmentError::unfit("distance", bad, "0 or more"));
    }
    let lists = neighbours(distances, n, eps);
    let weight = |at: u32| options.weights.map_or(1.0, |weights| weights[at as usize]);
    let is_core: Vec<bool> =
        lists.iter().map(|list| list.iter().map(|&at| weight(at)).sum::<f64>() >= min_points as f64).collect();
    let (mut labels, mut n_clusters) = (vec![NOISE; n], 0);
    for from in 0..n {
        if labels[from] != NOISE || !is_core[from] {
            continue;
        }
        if !(options.progress)(from as f64 / n as f64) {
            return Err(SegmentError::Cancelled);
        }
        spread(from, n_clusters, &lists, &is_core, &mut labels);
        n_clusters += 1;
    }
    Ok(Dbscan { labels, is_core, n_clusters: n_clusters as usize })
}

/// Each point's neighbours, itself among them, ascending.
fn neighbours(distances: &[f32], n: usize, eps: f64) -> Vec<Vec<u32>> {
    let mut lists: Vec<Vec<u32>> = vec![Vec::new(); n];
    let mut rest = distances;
    for a in 0..n {
        lists[a].push(a as u32);
        let (own, later) = rest.split_at(n - a - 1);
        for (b, _) in (a + 1..n).zip(own).filter(|(_, distance)| f64::from(**distance) <= eps) {
            lists[a].push(b as u32);
            lists[b].push(a as u32);
        }
        rest = later;
    }
    lists
}

/// Gives `label` to all that cores reach from the core `from`, unless another cluster had it before.
fn spread(from: usize, label: i32, lists: &[Vec<u32>], is_core: &[bool], labels: &mut [i32]) {
    labels[from] = label;
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        for &other in &lists[at] {
            let other = other as usize;
            if labels[other] == NOISE {
                labels[other] = label;
                if is_core[other] {
                    open.push(other);
                }
            }
        }
    }
}
