//! Would another sample of customers have shown the same groups? The clustering is fitted again on samples of the points,
//! each fit labels all points, and the labellings are compared with the first: as a whole by the adjusted Rand index, and
//! cluster by cluster by the Jaccard coefficient (Hennig 2007, Computational Statistics & Data Analysis 52, section 3).

use math::Random;
use serde::Serialize;

use crate::SegmentError;
use crate::agreement::adjusted_rand_index;

/// How samples are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resampling {
    /// As many as there are, with repetition.
    Bootstrap,
    /// This share of the points, each at most once.
    Subsample(f64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StabilityOptions {
    pub resampling: Resampling,
    pub n_samples: usize,
    pub seed: u64,
}

impl Default for StabilityOptions {
    fn default() -> Self {
        StabilityOptions { resampling: Resampling::Bootstrap, n_samples: 20, seed: 1 }
    }
}

/// How stable a clustering is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stability {
    /// The mean over samples of the adjusted Rand index between the full clustering and the sample's, on all points.
    pub rand_mean: f64,
    pub rand_min: f64,
    /// One per sample.
    pub rand: Vec<f64>,
    /// Of clusters 0, 1 … of the full clustering.
    pub clusters: Vec<ClusterStability>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClusterStability {
    /// The mean over samples of the Jaccard coefficient with the most similar cluster of the sample's clustering, on the
    /// sample's points. 0 for a cluster that no sample met.
    pub jaccard: f64,
    /// Samples with a point of the cluster.
    pub n_samples: usize,
    /// Samples in which the cluster was found again: more than 0.75.
    pub n_recovered: usize,
    /// Samples in which it was dissolved: at most 0.5.
    pub n_dissolved: usize,
    pub verdict: Verdict,
}

/// Hennig's reading of the mean coefficient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// 0.85 and more.
    HighlyStable,
    /// 0.75 and more.
    Stable,
    /// 0.6 and more: there is a pattern, but which points belong to it is doubtful.
    Doubtful,
    /// Less: not to be trusted.
    Unstable,
}

impl Verdict {
    fn of(jaccard: f64) -> Self {
        match jaccard {
            0.85.. => Verdict::HighlyStable,
            0.75.. => Verdict::Stable,
            0.6.. => Verdict::Doubtful,
            _ => Verdict::Unstable,
        }
    }
}

/// The stability of `labels`. `fit_and_label` gets rows to fit on (in order, repeated as drawn) and a seed, and returns a
/// label for every point, in the sample or not; negative labels are noise, which is no cluster.
///
/// # Errors
/// If there are no labels or no samples, the share is not within (0, 1], a fit fails, or its labels are not as many.
pub fn stability(
    labels: &[i32],
    options: &StabilityOptions,
    mut fit_and_label: impl FnMut(&[usize], u64) -> Result<Vec<i32>, SegmentError>,
) -> Result<Stability, SegmentError> {
    let n = labels.len();
    check(n, options)?;
    let n_clusters = clusters(labels);
    let (mut rand, mut jaccards) = (Vec::new(), vec![Vec::new(); n_clusters]);
    for at in 0..options.n_samples {
        let mut random = Random::stream(options.seed, at as u64);
        let rows = draw(n, options.resampling, &mut random);
        let found = fit_and_label(&rows, random.next_u64())?;
        if found.len() != n {
            return Err(SegmentError::unfit("labels of a fit", found.len(), n));
        }
        rand.push(adjusted_rand_index(labels, &found));
        for (cluster, jaccard) in best_jaccards(labels, &found, &rows, n_clusters) {
            jaccards[cluster].push(jaccard);
        }
    }
    let clusters = jaccards.iter().map(|jaccards| ClusterStability::of(jaccards)).collect();
    let rand_mean = rand.iter().sum::<f64>() / rand.len() as f64;
    Ok(Stability { rand_mean, rand_min: rand.iter().copied().fold(f64::INFINITY, f64::min), rand, clusters })
}

fn check(n: usize, options: &StabilityOptions) -> Result<(), SegmentError> {
    if n == 0 {
        return Err(SegmentError::Empty { n: 0, d: 1 });
    }
    if options.n_samples == 0 {
        return Err(SegmentError::unfit("number of samples", 0, "1 or more"));
    }
    match options.resampling {
        Resampling::Subsample(share) if !(share > 0.0 && share <= 1.0) => {
            Err(SegmentError::unfit("share of points in a sample", share, "more than 0, at most 1"))
        }
        _ => Ok(()),
    }
}

fn clusters(labels: &[i32]) -> usize {
    labels.iter().map(|&label| usize::try_from(label + 1).unwrap_or(0)).max().unwrap_or(0)
}

/// Rows in order.
fn draw(n: usize, resampling: Resampling, random: &mut Random) -> Vec<usize> {
    let mut rows: Vec<usize> = match resampling {
        Resampling::Bootstrap => (0..n).map(|_| random.below(n)).collect(),
        Resampling::Subsample(share) => {
            let mut all: Vec<usize> = (0..n).collect();
            random.shuffle(&mut all);
            all.truncate(((n as f64 * share).round() as usize).clamp(1, n));
            all
        }
    };
    rows.sort_unstable();
    rows
}

/// For each cluster of `labels` with a point in the sample: the largest Jaccard coefficient with a cluster of `found`, both
/// cut down to the distinct points of the sample.
fn best_jaccards(labels: &[i32], found: &[i32], rows: &[usize], n_clusters: usize) -> Vec<(usize, f64)> {
    let n_found = clusters(found);
    let mut both = vec![0u64; n_clusters * n_found];
    let (mut ours, mut theirs) = (vec![0u64; n_clusters], vec![0u64; n_found]);
    let mut last = None;
    for &row in rows {
        if last.replace(row) == Some(row) {
            continue;
        }
        let (our, their) = (usize::try_from(labels[row]).ok(), usize::try_from(found[row]).ok());
        our.inspect(|&our| ours[our] += 1);
        their.inspect(|&their| theirs[their] += 1);
        if let (Some(our), Some(their)) = (our, their) {
            both[our * n_found + their] += 1;
        }
    }
    let best = |our: usize| {
        let jaccard = |their: usize| {
            let common = both[our * n_found + their];
            common as f64 / (ours[our] + theirs[their] - common) as f64
        };
        (0..n_found).map(jaccard).fold(0.0, f64::max)
    };
    (0..n_clusters).filter(|&our| ours[our] > 0).map(|our| (our, best(our))).collect()
}

impl ClusterStability {
    fn of(jaccards: &[f64]) -> Self {
        let jaccard = if jaccards.is_empty() { 0.0 } else { jaccards.iter().sum::<f64>() / jaccards.len() as f64 };
        ClusterStability {
            jaccard,
            n_samples: jaccards.len(),
            n_recovered: jaccards.iter().filter(|&&jaccard| jaccard > 0.75).count(),
            n_dissolved: jaccards.iter().filter(|&&jaccard| jaccard <= 0.5).count(),
            verdict: Verdict::of(jaccard),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(resampling: Resampling) -> StabilityOptions {
        StabilityOptions { resampling, n_samples: 8, seed: 3 }
    }

    #[test]
    fn the_same_clusters_under_other_labels_are_stable() {
        let labels: Vec<i32> = (0..60).map(|at| at % 3).collect();
        for resampling in [Resampling::Bootstrap, Resampling::Subsample(0.5)] {
            let found =
                stability(&labels, &options(resampling), |_, _| Ok(labels.iter().map(|x| 2 - x).collect())).unwrap();
            assert_eq!((found.rand_mean, found.rand_min), (1.0, 1.0));
            for cluster in &found.clusters {
                assert_eq!((cluster.jaccard, cluster.n_recovered, cluster.n_dissolved), (1.0, 8, 0));
                assert_eq!(cluster.verdict, Verdict::HighlyStable);
            }
        }
    }

    /// Cluster 0 stays, 1 and 2 fall together: |1| / |1 ∪ 2| is a half; and one point of noise counts for nobody.
    #[test]
    fn a_cluster_that_dissolves_is_told_from_one_that_stays() {
        let labels: Vec<i32> = (0..31).map(|at| if at == 30 { -1 } else { at / 10 }).collect();
        let merged: Vec<i32> = labels.iter().map(|&label| label.min(1)).collect();
        let found = stability(&labels, &options(Resampling::Subsample(1.0)), |rows, _| {
            assert_eq!(rows, (0..31).collect::<Vec<_>>());
            Ok(merged.clone())
        })
        .unwrap();
        let jaccards: Vec<f64> = found.clusters.iter().map(|cluster| cluster.jaccard).collect();
        assert_eq!(jaccards, [1.0, 0.5, 0.5]);
        assert_eq!(found.clusters[1].n_dissolved, 8);
        assert_eq!(found.clusters[2].verdict, Verdict::Unstable);
        assert!(found.rand_mean < 0.7);
    }

    #[test]
    fn samples_differ_and_repeat_with_the_seed() {
        let labels = vec![0; 50];
        let seen = |seed| {
            let mut samples = Vec::new();
            let options = StabilityOptions { seed, ..options(Resampling::Bootstrap) };
            stability(&labels, &options, |rows, seed| {
                samples.push((rows.to_vec(), seed));
                Ok(labels.clone())
            })
            .unwrap();
            samples
        };
        assert_eq!(seen(5), seen(5));
        assert_ne!(seen(5), seen(6));
        assert_ne!(seen(5)[0], seen(5)[1]);
        // About e⁻¹ of the points are left out of a bootstrap.
        let mut distinct = seen(5)[0].0.clone();
        distinct.dedup();
        assert!((25..40).contains(&distinct.len()), "{}", distinct.len());
    }

    #[test]
    fn a_cluster_that_no_sample_meets_and_unfit_settings() {
        let mut labels = vec![0; 1000];
        labels[0] = 1;
        let one = StabilityOptions { resampling: Resampling::Subsample(0.001), n_samples: 1, seed: 2 };
        let found = stability(&labels, &one, |_, _| Ok(labels.clone())).unwrap();
        assert_eq!((found.clusters[1].n_samples, found.clusters[1].verdict), (0, Verdict::Unstable));
        let error = |labels: &[i32], options: StabilityOptions| {
            stability(labels, &options, |_, _| Ok(vec![0])).unwrap_err().to_string()
        };
        assert!(error(&[], one).contains("no points"));
        assert!(error(&[0, 0], one).contains("found 1, allowed 2"));
        assert!(error(&[0], StabilityOptions { resampling: Resampling::Subsample(0.0), ..one }).contains("found 0"));
        assert!(error(&[0], StabilityOptions { n_samples: 0, ..one }).contains("number of samples"));
    }
}
