//! The shop folder: all state of one shop in one folder that one can copy, back up and delete. This file knows the
//! layout, the configuration, the format version and the lock; what lies in `tables/`, `models/` and `state.db` is
//! the business of those modules.
//!
//! ```text
//! tercet.toml      configuration, written by people
//! service.toml     rules of customer service, written by people; assist/intents.tsv, examples of theirs
//! format           version of this layout
//! lock             held by the one process that writes
//! tables/          see `tables`
//! models/          see `models`
//! state.db         see `state`
//! answers.db       given lists, see `state`
//! tmp/             spill files of the engine; may be deleted when nobody runs
//! ```

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use domain::Event;

use crate::DataError;
use crate::config;
use crate::engine::{Engine, EngineLimits};
use crate::files::{self, Hook};
use crate::state::{SqliteState, StateStore};
use crate::tables::{PartLimits, Row, Tables};

pub use crate::config::{RecommendConfig, ShopConfig};

/// The layout this program writes; it reads this and every earlier one.
pub const FORMAT: u64 = 1;

/// How a shop is opened; the defaults are right outside tests.
#[derive(Clone)]
pub struct ShopOptions {
    /// See [`files::Step`].
    pub hook: Hook,
    pub engine: EngineLimits,
    pub parts: PartLimits,
}

impl Default for ShopOptions {
    fn default() -> Self {
        ShopOptions { hook: files::no_hook(), engine: EngineLimits::default(), parts: PartLimits::default() }
    }
}

/// One shop's folder, opened. Cheap to clone; all clones share one lock.
///
/// Opening needs no lock. The first write takes the folder's exclusive lock, which is held until the last clone is
/// dropped: many processes may read, one may write.
#[derive(Clone)]
pub struct Shop {
    root: PathBuf,
    config: Arc<ShopConfig>,
    tables: Tables,
    options: ShopOptions,
    state: Arc<Mutex<Option<Arc<SqliteState>>>>,
    flushing: Arc<Mutex<()>>,
    /// Held while documents and their log are changed.
    documents: Arc<Mutex<()>>,
}

impl Shop {
    /// Makes an empty shop with a commented `tercet.toml`. The folder must be absent or empty. Only the owner may
    /// enter it, since it holds personal data and secrets.
    pub fn create(dir: impl AsRef<Path>) -> Result<Shop, DataError> {
        Self::create_with(dir, config::TEMPLATE)
    }

    /// As [`Shop::create`], with this text as `tercet.toml`.
    pub fn create_with(dir: impl AsRef<Path>, config_toml: &str) -> Result<Shop, DataError> {
        let root = dir.as_ref();
        config::parse(&root.join("tercet.toml"), config_toml)?;
        if let Some(entry) = fs::read_dir(root).ok().and_then(|mut entries| entries.next()) {
            let entry = entry.map_err(DataError::io(root, "list the folder"))?;
            return Err(DataError::NotEmpty {
                path: root.to_owned(),
                found: entry.file_name().to_string_lossy().into_owned(),
            });
        }
        create_private_folder(root)?;
        for name in ["tables", "models"] {
            create_private_folder(&root.join(name))?;
        }
        write_new(&root.join("format"), format!("tercet shop {FORMAT}\n").as_bytes())?;
        // Last: a folder is a shop once it has a configuration.
        write_new(&root.join("tercet.toml"), config_toml.as_bytes())?;
        files::sync_folder(root)?;
        let shop = Self::open(root)?;
        shop.state()?;
        drop(shop);
        // Opened anew, so that creating does not hold the lock.
        Self::open(root)
    }

    pub fn open(dir: impl AsRef<Path>) -> Result<Shop, DataError> {
        Self::open_with(dir, ShopOptions::default())
    }

    pub fn open_with(dir: impl AsRef<Path>, options: ShopOptions) -> Result<Shop, DataError> {
        let root = dir.as_ref().to_owned();
        check_format(&root)?;
        let path = root.join("tercet.toml");
        let text = fs::read_to_string(&path).map_err(DataError::io(&path, "read the configuration"))?;
        let config = config::parse(&path, &text)?;
        let lock = Arc::new(WriteLock::new(&root));
        let tables = Tables::new(root.join("tables"), lock, options.hook.clone(), options.parts.clone());
        Ok(Shop {
            root,
            config: Arc::new(config),
            tables,
            options,
            state: Arc::default(),
            flushing: Arc::default(),
            documents: Arc::default(),
        })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn config(&self) -> &ShopConfig {
        &self.config
    }

    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// SQL over the tables as they are now; later imports are seen by an engine made later.
    pub fn engine(&self) -> Result<Engine, DataError> {
        Engine::new(&self.tables, &self.config, &self.root.join("tmp"), &self.options.engine)
    }

    /// The operational state; opened at the first call.
    pub fn state(&self) -> Result<Arc<SqliteState>, DataError> {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(state) = &*state {
            return Ok(state.clone());
        }
        let opened = Arc::new(SqliteState::open(&self.root.join("state.db"), self.tables.lock_handle())?);
        // A database restored from before a flush must not give out again offsets that the tables hold.
        opened.raise_offset(self.tables.manifest(Event::spec())?.log_offset)?;
        Ok(state.insert(opened).clone())
    }

    pub(crate) fn flush_guard(&self) -> MutexGuard<'_, ()> {
        self.flushing.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(crate) fn documents_guard(&self) -> MutexGuard<'_, ()> {
        self.documents.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Takes the exclusive lock now rather than at the first write.
    pub fn lock_for_writing(&self) -> Result<(), DataError> {
        self.tables.lock().hold()
    }
}

/// Refuses folders that are no shop, and shops of a later layout.
fn check_format(root: &Path) -> Result<(), DataError> {
    let not_a_shop = |missing| DataError::NotAShop { path: root.to_owned(), missing };
    if !root.join("tercet.toml").is_file() {
        return Err(not_a_shop("tercet.toml"));
    }
    let path = root.join("format");
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(not_a_shop("format")),
        read => read.map_err(DataError::io(&path, "read the format version"))?,
    };
    let found = text.trim().strip_prefix("tercet shop ").and_then(|version| version.parse::<u64>().ok());
    match found {
        Some(found) if found > FORMAT => Err(DataError::NewerFormat { path, found, known: FORMAT }),
        Some(_) => Ok(()),
        None => Err(DataError::Corrupt {
            path,
            found: format!("the content is {:?}, expected 'tercet shop {FORMAT}'", text.trim()),
            help: "`tercet doctor --mend` writes it anew",
        }),
    }
}

/// Creates a folder that only its owner may enter; an existing one is narrowed.
pub(crate) fn create_private_folder(path: &Path) -> Result<(), DataError> {
    fs::create_dir_all(path).map_err(DataError::io(path, "create the folder"))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))
            .map_err(DataError::io(path, "set the folder's permissions"))?;
    }
    Ok(())
}

pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let mut file = File::create_new(path).map_err(DataError::io(path, "create the file"))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(DataError::io(path, "write the file"))
}

/// How often a lock that is taken is asked for again, and how long between.
const N_LOCK_TRIES: usize = 20;
const LOCK_PAUSE: std::time::Duration = std::time::Duration::from_millis(10);

/// A process that has just been started holds its parent's open files for a moment, locks too: who is refused asks again
/// for a fifth of a second before believing it.
fn patiently(mut try_lock: impl FnMut() -> Result<(), TryLockError>) -> Result<(), TryLockError> {
    for _ in 1..N_LOCK_TRIES {
        match try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            other => return other,
        }
    }
    try_lock()
}

/// The folder's exclusive lock, taken at the first write and kept until dropped. The operating system frees it when
/// the process dies, however it dies.
pub(crate) struct WriteLock {
    path: PathBuf,
    held: Mutex<Option<File>>,
}

impl WriteLock {
    fn new(root: &Path) -> Self {
        WriteLock { path: root.join("lock"), held: Mutex::new(None) }
    }

    pub(crate) fn hold(&self) -> Result<(), DataError> {
        let mut held = self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if held.is_some() {
            return Ok(());
        }
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.path)
            .map_err(DataError::io(&self.path, "open the lock"))?;
        match patiently(|| file.try_lock()) {
            Ok(()) => *held = Some(file),
            Err(TryLockError::WouldBlock) => return Err(DataError::Locked { path: self.path.clone() }),
            Err(TryLockError::Error(error)) => return Err(DataError::io(&self.path, "lock the shop")(error)),
        }
        Ok(())
    }
}
