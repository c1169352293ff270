//! The card of K-Means, and how the registry runs it.

use domain::{Card, Kind, Param, Settings};

use super::choose::{Choose, Curves, choose};
use super::{Algorithm, Fitted, Init, KMeans, Near, fit};
use crate::cluster::{WEIGHTS, check_weights};
use crate::{Clustering, Method, Points, RunOptions, SegmentError};

pub static CARD: Card = Card {
    name: "k_means",
    sentence: "Groups points around centres, so that they are near their centre; fast for millions of points.",
    family: "centres",
    params: &[
        Param {
            name: "n_clusters",
            sentence: "How many groups.",
            unit: "clusters",
            kind: Kind::Int { min: 1, max: 1_000_000, default: 8 },
        },
        Param {
            name: "n_clusters_max",
            sentence: "Tries 1 to so many groups instead, and takes the number that the gap statistic, the silhouette and the \
                       elbow recommend; 0: n_clusters.",
            unit: "clusters",
            kind: Kind::Int { min: 0, max: 1000, default: 0 },
        },
        Param {
            name: "init",
            sentence: "Where the first centres come from: k_means_plus_plus, k_means_parallel; ignored if centres are given.",
            unit: "",
            kind: Kind::Text { default: "k_means_plus_plus" },
        },
        Param {
            name: "max_iterations",
            sentence: "Rounds at most; for mini-batches, rounds over all points.",
            unit: "iterations",
            kind: Kind::Int { min: 1, max: 1_000_000, default: 300 },
        },
        Param {
            name: "tolerance",
            sentence: "Stop once the squared movements of the centres sum to this part of the columns' mean variance; 0: once no label changes.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1e9, default: 1e-4 },
        },
        Param {
            name: "algorithm",
            sentence: "How the nearest centres are found; the labels are the same.",
            unit: "",
            kind: Kind::Choice { options: &["auto", "lloyd", "hamerly", "yinyang", "lists"], default: "auto" },
        },
        Param {
            name: "spherical",
            sentence: "Group by direction (cosine): rows and centres are scaled to length 1.",
            unit: "",
            kind: Kind::Bool { default: false },
        },
        Param {
            name: "batch_size",
            sentence: "Points per step of mini-batch K-Means, which is approximate; 0: all points.",
            unit: "points",
            kind: Kind::Int { min: 0, max: 1_000_000_000, default: 0 },
        },
        Param {
            name: "n_init",
            sentence: "Runs from different seeds, of which the one with the least inertia is kept.",
            unit: "runs",
            kind: Kind::Int { min: 1, max: 1000, default: 1 },
        },
        WEIGHTS,
    ],
    input: "(n, d) finite numbers, one row per point; optional weights and first centres",
    source: "Lloyd 1982; Arthur and Vassilvitskii 2007 (k-means++); Bahmani et al. 2012 (k-means||); Hamerly 2010, Ding et al. 2015 and Drake and Hamerly 2012 (bounds); Sculley 2010 (mini-batch); Dhillon and Modha 2001 (spherical)",
};

pub static METHOD: Method = Method { card: &CARD, run_f32: run::<f32>, run_f64: run::<f64>, run_table: None };

const INITS: [(&str, Init); 2] = [("k_means_plus_plus", Init::PlusPlus), ("k_means_parallel", Init::Parallel)];

/// What the settings ask for; `has_centres` when first centres are given, so that `init` does not matter.
fn wanted(settings: &Settings, has_centres: bool) -> Result<KMeans, SegmentError> {
    let text = settings.text("init");
    let init = INITS.iter().find(|(name, _)| *name == text).map(|(_, init)| *init);
    let init = match init {
        Some(init) => init,
        None if has_centres => Init::PlusPlus,
        None => return Err(SegmentError::unfit("init", text, INITS.map(|(name, _)| name).join(", "))),
    };
    let algorithm = match settings.text("algorithm") {
        "lloyd" => Algorithm::Lloyd,
        "hamerly" => Algorithm::Hamerly,
        "yinyang" => Algorithm::Yinyang,
        "lists" => Algorithm::Lists,
        _ => Algorithm::Auto,
    };
    Ok(KMeans {
        n_clusters: settings.usize("n_clusters"),
        init,
        max_iterations: settings.usize("max_iterations"),
        tolerance: settings.float("tolerance"),
        algorithm,
        spherical: settings.bool("spherical"),
        batch_size: settings.usize("batch_size"),
        n_init: settings.usize("n_init"),
    })
}

fn run<T: Near>(points: Points<T>, settings: &Settings, options: &RunOptions) -> Result<Clustering, SegmentError> {
    check_weights(settings, options)?;
    let mut wanted = wanted(settings, options.centres.is_some())?;
    let choice = match settings.usize("n_clusters_max") {
        0 => None,
        most => Some(chosen(points, most, &wanted, options)?),
    };
    wanted.n_clusters = choice.as_ref().map_or(wanted.n_clusters, |curves| curves.recommended);
    Ok(Clustering { choice, ..fit(points, &wanted, options)?.into() })
}

/// Points of which silhouettes are averaged.
const N_SAMPLE: usize = 3_000;
/// Sets without clusters that the gap statistic compares with.
const N_REFERENCES: usize = 5;

/// The numbers from 1 to `most` tried, or to the number of points.
fn chosen<T: Near>(
    points: Points<T>,
    most: usize,
    wanted: &KMeans,
    options: &RunOptions,
) -> Result<Curves, SegmentError> {
    if options.centres.is_some() {
        let allowed = "0 with first centres, which are of one number";
        return Err(SegmentError::unfit("n_clusters_max", most, allowed));
    }
    let ks = (1..=most.min(points.n())).collect();
    choose(points, &Choose { ks, n_sample: N_SAMPLE, n_references: N_REFERENCES, k_means: wanted.clone() }, options)
}

impl From<Fitted> for Clustering {
    fn from(fitted: Fitted) -> Self {
        Clustering {
            labels: fitted.labels,
            figures: vec![
                ("inertia", fitted.inertia),
                ("n_iterations", fitted.n_iterations as f64),
                ("n_clusters", fitted.n_clusters_found as f64),
                ("n_empty", (fitted.centres.n - fitted.n_clusters_found) as f64),
                ("converged", f64::from(u8::from(fitted.converged))),
                ("n_distances", fitted.n_distances as f64),
            ],
            centres: Some(fitted.centres),
            ..Clustering::default()
        }
    }
}
