//! Fitted models on disk: `models/recommend/<version>/` is written once, `models/recommend/current` names the one in
//! service and is replaced by rename. A model holds product ids and numbers, never a customer's id.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use recommend::Recommender;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::learned::Learned;
use crate::clock;
use crate::error::{Result, ServiceError};

/// A mean with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Interval {
    pub mean: f64,
    pub low: f64,
    pub high: f64,
}

/// What is known of a fitted model: `model.json`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ModelInfo {
    pub version: String,
    pub card: String,
    pub settings: BTreeMap<String, serde_json::Value>,
    pub seed: u64,
    /// UTC milliseconds.
    pub trained_at: i64,
    pub seconds: f64,
    pub n_users: usize,
    pub n_items: usize,
    pub n_interactions: usize,
    pub data_version: String,
    /// How the metrics were obtained.
    pub split: String,
    pub metrics: BTreeMap<String, Interval>,
    /// The algorithms that were tried and what each reached.
    pub tried: Vec<Tried>,
}

/// One candidate of a training run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Tried {
    pub card: String,
    pub settings: BTreeMap<String, serde_json::Value>,
    pub metric: String,
    pub value: f64,
    pub seconds: f64,
    /// 0 is the first round of a search, on the fewest customers.
    #[serde(default)]
    pub round: usize,
    /// Customers the fit learned from.
    #[serde(default)]
    pub n_users: usize,
    /// Why it could not be fitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A model read back.
pub struct LoadedModel {
    pub info: ModelInfo,
    /// Product of each item of the model.
    pub product_ids: Vec<String>,
    pub recommender: Arc<dyn Recommender>,
    /// What was learned beside it; `None` for a model of an earlier version of the program.
    pub learned: Option<Learned>,
    pub popularity: Option<Arc<dyn Recommender>>,
}

/// What a model's folder is written from.
pub struct Trained<'a> {
    pub info: &'a ModelInfo,
    pub product_ids: &'a [String],
    pub recommender: &'a dyn Recommender,
    pub learned: &'a Learned,
    pub popularity: &'a dyn Recommender,
}

fn folder(root: &Path) -> PathBuf {
    root.join("models").join("recommend")
}

/// A version name not in use: `20261123-212200`, then `20261123-212200-2` …
pub fn new_version(root: &Path, at: i64) -> String {
    let stem: String = clock::rfc3339(domain::Millis(at))
        .chars()
        .filter_map(|c| match c {
            '0'..='9' => Some(c),
            'T' => Some('-'),
            _ => None,
        })
        .collect();
    (1..)
        .map(|n| if n == 1 { stem.clone() } else { format!("{stem}-{n}") })
        .find(|version| !folder(root).join(version).exists())
        .expect("some number is free")
}

/// Writes a model under its version and makes it the current one.
pub fn save(root: &Path, trained: &Trained) -> Result<()> {
    let info = trained.info;
    let parent = folder(root);
    fs::create_dir_all(&parent)?;
    // A crash leaves only a folder that no listing shows.
    let partial = parent.join(format!(".partial-{}", info.version));
    let _ = fs::remove_dir_all(&partial);
    fs::create_dir(&partial)?;
    write_synced(&partial.join("model.bin"), &trained.recommender.to_bytes())?;
    write_synced(&partial.join("products.json"), &serde_json::to_vec(trained.product_ids)?)?;
    write_synced(&partial.join("learned.json"), &serde_json::to_vec(trained.learned)?)?;
    write_synced(&partial.join("popularity.bin"), &trained.popularity.to_bytes())?;
    write_synced(&partial.join("model.json"), &serde_json::to_vec_pretty(info)?)?;
    fs::rename(&partial, parent.join(&info.version))?;
    File::open(&parent)?.sync_all()?;
    activate(root, &info.version)
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    Ok(file.sync_all()?)
}

/// Puts `version` into service: for `serve`, at the next look.
pub fn activate(root: &Path, version: &str) -> Result<()> {
    info(root, version)?;
    let parent = folder(root);
    let partial = parent.join(".current.partial");
    write_synced(&partial, version.as_bytes())?;
    fs::rename(&partial, parent.join("current"))?;
    Ok(File::open(&parent)?.sync_all()?)
}

/// The version in service, if any.
pub fn current(root: &Path) -> Option<String> {
    fs::read_to_string(folder(root).join("current")).ok().map(|text| text.trim().to_owned())
}

/// All models, newest first.
pub fn list(root: &Path) -> Result<Vec<ModelInfo>> {
    let Ok(entries) = fs::read_dir(folder(root)) else { return Ok(Vec::new()) };
    let mut models = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && name != "current" {
            models.push(info(root, &name)?);
        }
    }
    models.sort_by(|a, b| (b.trained_at, &b.version).cmp(&(a.trained_at, &a.version)));
    Ok(models)
}

fn info(root: &Path, version: &str) -> Result<ModelInfo> {
    let plain = !version.is_empty() && version.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let path = folder(root).join(version).join("model.json");
    if !plain || !path.is_file() {
        return Err(ServiceError::not_found("model", version).help("tercet status lists the models"));
    }
    let bytes = fs::read(&path)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        ServiceError::failed(format!("{}: {error}", path.display())).help("remove the folder and train again")
    })
}

/// Reads a model back.
pub fn load(root: &Path, version: &str) -> Result<LoadedModel> {
    let info = info(root, version)?;
    let path = folder(root).join(version);
    let product_ids: Vec<String> = serde_json::from_slice(&fs::read(path.join("products.json"))?)?;
    let recommender = recommend::registry::from_bytes(&fs::read(path.join("model.bin"))?)?;
    let corrupt = |found: String| {
        ServiceError::failed(format!("{}: {found}", path.display())).help("remove the folder and train again")
    };
    let n_items = product_ids.len();
    if recommender.n_items() != n_items {
        return Err(corrupt(format!("{} items but {n_items} product ids", recommender.n_items())));
    }
    let (learned, popularity) = match path.join("learned.json").is_file() {
        false => (None, None),
        true => {
            let learned = Learned::read(&fs::read(path.join("learned.json"))?, n_items);
            let popularity = recommend::registry::from_bytes(&fs::read(path.join("popularity.bin"))?)?;
            if popularity.n_items() != n_items {
                return Err(corrupt(format!("popularity of {} items, {n_items} product ids", popularity.n_items())));
            }
            (Some(learned.map_err(|error| corrupt(error.message))?), Some(Arc::from(popularity)))
        }
    };
    Ok(LoadedModel { info, product_ids, recommender: Arc::from(recommender), learned, popularity })
}

/// The model in service.
pub fn load_current(root: &Path) -> Result<Option<LoadedModel>> {
    current(root).map(|version| load(root, &version)).transpose()
}
