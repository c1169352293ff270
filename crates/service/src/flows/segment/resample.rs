//! Would another sample of customers have shown the same groups? The chosen method is fitted anew on samples, with the
//! settings that were chosen, and each time everybody is placed as customers are: with the group whose centre is nearest. What
//! is compared is therefore what is published. Beside it stands what placing does to a method's own labels.

use domain::{Card, Kind, Settings};
use segment::stability::{Resampling, Stability, StabilityOptions, stability};
use segment::{Matrix, Method, NOISE, Points, RunOptions};

use super::SegmentRequest;
use super::find::{SMALL_SAMPLE_MAX, assign, centres_of, thinned};
use crate::error::Result;

const N_RESAMPLES: usize = 10;
/// Customers whom a slower method is fitted to anew.
const REFIT_MAX: usize = 8_000;
/// The share of distinct customers in a sample drawn with repetition, 1 − 1/e. Who stands twice in a sample is no news to
/// K-Means, but a place of infinite density to methods that look at density, so that they get as many without repetition.
const DISTINCT: f64 = 0.632;
/// Runs of a K-Means from different seeds, of which the best counts.
const N_INIT_MAX: i64 = 3;

/// What resampling found.
pub struct Resampled {
    pub stability: Stability,
    /// Customers to whom the method was fitted each time.
    pub n_fitted: usize,
    /// The share of them that the method left as noise, on average.
    pub noise: f64,
}

/// Fits the method again and again. `set` are the settings as they were given.
pub fn resampled(
    points: Points<f32>,
    centres: &Matrix,
    method: &Method,
    set: &[String],
    request: &SegmentRequest,
) -> Result<Resampled> {
    let (values, n) = thinned(points, SMALL_SAMPLE_MAX);
    let small = Points::new(&values, n, points.d())?;
    let labels = assign(small, centres)?.0;
    let is_k_means = method.card.name == segment::k_means::CARD.name;
    let share = (REFIT_MAX as f64 / n as f64).min(DISTINCT);
    let (resampling, n_fitted) = match is_k_means {
        true => (Resampling::Bootstrap, n),
        false => (Resampling::Subsample(share), ((n as f64 * share).round() as usize).max(1)),
    };
    let settings = refit_settings(method.card, set, centres.n, n_fitted as f64 / points.n() as f64)?;
    let options = StabilityOptions { resampling, n_samples: N_RESAMPLES, seed: request.seed };
    let mut noise = 0.0;
    let stability = stability(&labels, &options, |rows, seed| {
        let sample: Vec<f32> = rows.iter().flat_map(|&row| small.row(row)).copied().collect();
        let sample = Points::new(&sample, rows.len(), small.d())?;
        let run = RunOptions { seed, n_threads: request.n_threads, ..RunOptions::default() };
        let own = (method.run_f32)(sample, &settings, &run)?.labels;
        noise += noise_share(&own);
        match centres_of(sample, &own) {
            Some((centres, _)) => Ok(assign(small, &centres)?.0),
            // Everybody is alike in this sample.
            None => Ok(vec![0; small.n()]),
        }
    })?;
    Ok(Resampled { stability, n_fitted, noise: noise / N_RESAMPLES as f64 })
}

/// The settings of a fit to a part of the customers: as many groups as were found, and of counts of points, by which density
/// is measured, the same part.
fn refit_settings(card: &'static Card, set: &[String], n_groups: usize, share: f64) -> Result<Settings> {
    let given = card.settings_from_texts(set)?;
    let mut set = set.to_vec();
    for param in card.params {
        match (param.name, param.kind) {
            ("n_clusters", _) => set.push(format!("n_clusters={n_groups}")),
            ("n_clusters_max", _) | ("height", _) => set.push(format!("{}=0", param.name)),
            ("n_init", _) => set.push(format!("n_init={}", given.int("n_init").min(N_INIT_MAX))),
            (name, Kind::Int { min, .. }) if card.family == "density" && param.unit == "points" => {
                let count = given.int(name);
                // 0 stands for another setting.
                let scaled = if count == 0 { 0 } else { ((count as f64 * share).round() as i64).max(min.max(1)) };
                set.push(format!("{name}={scaled}"));
            }
            _ => {}
        }
    }
    Ok(card.settings_from_texts(&set)?)
}

/// The share of labels that are noise.
pub fn noise_share(labels: &[i32]) -> f64 {
    labels.iter().filter(|&&label| label == NOISE).count() as f64 / labels.len().max(1) as f64
}

/// The share of labelled points whose nearest centre is another group's. `places` says where each label's group stands among
/// the centres.
pub fn moved_share(own: &[i32], places: &[usize], placed: &[i32]) -> f64 {
    let labelled = || own.iter().zip(placed).filter(|(own, _)| **own != NOISE);
    let moved = labelled().filter(|(own, placed)| places[**own as usize] as i32 != **placed).count();
    moved as f64 / labelled().count().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::segment::By;

    /// Two long rows of points side by side: what density joins, centres cut across. Every tenth point is far from all.
    fn rows_of_points() -> Vec<f32> {
        let at = |point: usize| match point % 10 {
            9 => [75.0, -900.0 - 53.0 * point as f32],
            _ => [(point / 2) as f32 * 0.5, (point % 2) as f32 * 60.0],
        };
        (0..600).flat_map(at).collect()
    }

    fn request() -> SegmentRequest {
        SegmentRequest {
            by: By::Behaviour,
            n_clusters: None,
            algorithm: None,
            set: Vec::new(),
            seed: 1,
            n_threads: 1,
            slice_max: 1000,
        }
    }

    #[test]
    fn the_chosen_method_is_fitted_anew_and_its_noise_is_counted_apart() {
        let values = rows_of_points();
        let points = Points::new(&values, 600, 2).unwrap();
        let centres = Matrix { values: vec![75.0, 0.0, 75.0, 60.0], n: 2, d: 2 };
        let method = segment::method("dbscan").unwrap();
        let set = ["eps=8".to_owned(), "min_points=4".to_owned()];
        let found = resampled(points, &centres, method, &set, &request()).unwrap();
        assert_eq!(found.n_fitted, 379);
        assert!((found.noise - 0.1).abs() < 0.02, "every tenth: {}", found.noise);
        assert!(found.stability.rand_mean > 0.95, "the rows come back: {:?}", found.stability.rand);
        // K-Means cuts across the rows: fitted anew it shows other groups than these, and has no noise.
        let method = segment::method("k_means").unwrap();
        let by_centres = resampled(points, &centres, method, &["n_clusters=2".to_owned()], &request()).unwrap();
        assert_eq!((by_centres.n_fitted, by_centres.noise), (600, 0.0));
        assert!(by_centres.stability.rand_mean < 0.5, "{:?}", by_centres.stability.rand);
        // Nothing but noise: one group of all, which is none.
        let sparse = ["eps=0.001".to_owned()];
        let nothing = resampled(points, &centres, segment::method("dbscan").unwrap(), &sparse, &request()).unwrap();
        assert_eq!(nothing.noise, 1.0);
        assert!(nothing.stability.rand_mean.abs() < 1e-9, "{:?}", nothing.stability.rand);
    }

    #[test]
    fn settings_of_a_part_keep_what_was_asked() {
        let told = |card: &'static Card, set: &[&str]| {
            let set: Vec<String> = set.iter().map(|text| (*text).to_owned()).collect();
            refit_settings(card, &set, 5, 0.5).unwrap()
        };
        let of = told(&segment::k_means::CARD, &["n_clusters_max=9", "n_init=20", "spherical=true"]);
        assert_eq!((of.int("n_clusters"), of.int("n_clusters_max"), of.int("n_init")), (5, 0, 3));
        assert!(of.bool("spherical"));
        let of = told(&segment::hierarchical::CARD, &["height=3", "linkage=average"]);
        assert_eq!((of.int("n_clusters"), of.float("height"), of.text("linkage")), (5, 0.0, "average"));
        let of = told(&segment::hdbscan::CARD, &["min_cluster_size=31"]);
        assert_eq!((of.int("min_cluster_size"), of.int("min_samples")), (16, 0));
        assert_eq!(told(&segment::dbscan::CARD, &["min_points=1"]).int("min_points"), 1);
    }

    #[test]
    fn moved_are_those_whose_nearest_centre_is_anothers() {
        // Labels 0 and 1 stand second and first among the centres.
        assert_eq!(moved_share(&[0, 0, 1, NOISE], &[1, 0], &[1, 0, 0, 0]), 1.0 / 3.0);
        assert_eq!(moved_share(&[NOISE], &[], &[0]), 0.0);
        assert_eq!(noise_share(&[NOISE, 0, 0, 3]), 0.25);
    }
}
