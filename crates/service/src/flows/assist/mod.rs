//! What customer service learns of a shop: which intent a message has, from the examples that come with the program and the
//! shop's own; published as a model of kind `assist`. Also read here: the shop's rules of service (`service.toml`). What is
//! answered is the business of the crate `assist`.

mod train;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use assist::policy::Policies;
use assist::small_talk::SmallTalk;
use assist::understand::IntentModel;
use data::Shop;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::in_service::Published;
use crate::error::{Kind, Result, ServiceError};

pub use self::train::{AssistRequest, train};

/// The kind of model under `models/`.
pub const KIND: &str = "assist";
const MODEL: &str = "intents.bin";
const SMALL_TALK: &str = "small_talk.safetensors";
const INFO: &str = "assist.json";
/// The shop's rules of service, beside `tercet.toml`.
pub const POLICIES: &str = "service.toml";

/// What is known of the model in service: `assist.json`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct AssistInfo {
    /// Filled in by readers: it is known only once published.
    #[serde(default)]
    pub version: String,
    /// UTC milliseconds.
    pub trained_at: i64,
    pub seconds: f64,
    pub seed: u64,
    pub n_intents: usize,
    /// Examples of the shop's own, `assist/intents.tsv`.
    pub n_own: usize,
    pub n_rejected: usize,
    /// The first of the lines that were set aside.
    pub rejected: Vec<RejectedExample>,
}

/// A line of the shop's examples that was set aside.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RejectedExample {
    /// From 1.
    pub line: usize,
    pub reason: String,
}

/// The model in service, read.
pub struct Trained {
    pub info: AssistInfo,
    pub model: Arc<IntentModel>,
    /// Absent from models trained before there was one.
    pub small_talk: Option<Arc<SmallTalk>>,
}

impl Published for Trained {
    const KIND: &'static str = KIND;

    async fn read(shop: &Shop, version: String) -> Result<Trained> {
        let shop = shop.clone();
        let read = move || {
            let mut info: AssistInfo = serde_json::from_slice(&shop.models().read(KIND, &version, INFO)?)?;
            let model = IntentModel::from_bytes(&shop.models().read(KIND, &version, MODEL)?)?;
            let small_talk = match shop.models().read(KIND, &version, SMALL_TALK) {
                Ok(bytes) => Some(Arc::new(SmallTalk::from_bytes(&bytes)?)),
                Err(_) => None,
            };
            info.version = version;
            Ok(Trained { info, model: Arc::new(model), small_talk })
        };
        crate::serving::off_thread(read).await
    }

    fn version(&self) -> &str {
        &self.info.version
    }

    fn none_yet() -> ServiceError {
        ServiceError::new(Kind::NotFound, "assist", "customer service has not been trained yet")
            .help("train it: tercet train assist, or POST /v1/jobs {\"kind\": \"assist\"}")
    }
}

/// What serves before anything was trained: the examples that come with the program alone.
///
/// # Errors
/// If learning fails.
pub fn untrained() -> Result<IntentModel> {
    Ok(IntentModel::learn(&[], 1)?)
}

fn policies_path(root: &Path) -> PathBuf {
    root.join(POLICIES)
}

/// Lays the commented rules of service into a new shop; a file that is there stays.
///
/// # Errors
/// If it cannot be written.
pub fn write_template(root: &Path) -> Result<()> {
    let path = policies_path(root);
    if path.exists() {
        return Ok(());
    }
    Ok(fs::write(path, assist::policy::TEMPLATE)?)
}

/// Changes whenever the file does.
pub fn policies_stamp(root: &Path) -> Option<(SystemTime, u64)> {
    let found = fs::metadata(policies_path(root)).ok()?;
    Some((found.modified().ok()?, found.len()))
}

/// The shop's rules of service; what comes with the program where there is no file.
///
/// # Errors
/// If the file cannot be read, or says what is not allowed.
pub fn policies(root: &Path) -> Result<Policies> {
    let path = policies_path(root);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Policies::default()),
        Err(error) => return Err(ServiceError::usage("service", format!("{}: {error}", path.display()))),
    };
    let wrong = |said: String| {
        ServiceError::usage("service", format!("{}: {said}", path.display()))
            .help("mend the file; a running server keeps the rules it had and reads it again by itself")
    };
    Policies::from_toml(&text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))
}

impl From<assist::AssistError> for ServiceError {
    fn from(error: assist::AssistError) -> Self {
        use assist::AssistError as Assist;
        match error {
            Assist::Unfit { .. } => ServiceError::usage("assist", error.to_string()),
            Assist::Unavailable { .. } => ServiceError::new(Kind::Unavailable, "assist", error.to_string()),
            Assist::Language(error) => error.into(),
            Assist::Corrupt(_) => ServiceError::failed(error.to_string()).help("train again: tercet train assist"),
        }
    }
}
