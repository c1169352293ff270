//! A page printed by a Chromium of the machine: it knows fonts, scripts and page breaks, which no library that could be linked does as well.
//! The page fetches nothing and runs nothing; the browser gets a folder of its own that goes afterwards, none of our variables, and a minute.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use data::ShopConfig;
use serde::Deserialize;

use crate::error::{Kind, Result, ServiceError};
use crate::random;

/// Names under which it is installed.
const NAMES: [&str; 6] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge"];
const TIMEOUT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(30);
const PDF_BYTES_MAX: u64 = 32 << 20;

/// A browser takes hundreds of megabytes: one at a time.
static TURN: Mutex<()> = Mutex::new(());

/// `[report]` of `tercet.toml`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportConfig {
    /// The browser that prints; one that is found if absent.
    pub chromium: Option<PathBuf>,
}

impl ReportConfig {
    /// # Errors
    /// If a setting is unknown.
    pub fn of(config: &ShopConfig) -> Result<ReportConfig> {
        let read: std::result::Result<ReportConfig, _> = config.report.clone().try_into();
        read.map_err(|error: toml::de::Error| {
            ServiceError::usage("config", format!("tercet.toml, [report]: {}", error.message()))
                .help("docs/reports.md describes the section")
        })
    }
}

/// The browser to print with: the one that is set, else the first that is found in `path`, as the variable of this name has it.
///
/// # Errors
/// If there is none; the message says what to install.
pub fn browser(config: &ReportConfig, path: Option<&std::ffi::OsStr>) -> Result<PathBuf> {
    if let Some(set) = &config.chromium {
        return match set.is_file() {
            true => Ok(set.clone()),
            false => Err(no_browser(format!("[report] chromium is '{}', which is no file", set.display()))),
        };
    }
    let folders = path.map(|path| std::env::split_paths(path).collect::<Vec<_>>()).unwrap_or_default();
    let found =
        NAMES.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()));
    found.ok_or_else(|| no_browser("no Chromium was found on this machine".to_owned()))
}

fn no_browser(said: String) -> ServiceError {
    ServiceError::new(Kind::Conflict, "chromium", format!("a PDF is printed by Chromium; {said}"))
        .help("install it (Debian: apt install chromium fonts-noto-cjk), or name it: [report] chromium = \"/path\" in tercet.toml; or take html")
}

/// A folder that goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Folder> {
        let folder = std::env::temp_dir().join(format!("tercet-report-{}", random::token(8)?));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder)?;
        Ok(Folder(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Prints a page.
///
/// # Errors
/// If there is no browser, or it does not print.
pub fn printed(page: &str, config: &ReportConfig) -> Result<Vec<u8>> {
    let browser = browser(config, std::env::var_os("PATH").as_deref())?;
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = Folder::new()?;
    let (source, target) = (folder.0.join("report.html"), folder.0.join("report.pdf"));
    fs::write(&source, page)?;
    let mut child = started(&browser, &folder.0, &source, &target)?;
    let is_done = ended(&mut child)?;
    let failed = |said: &str| {
        ServiceError::new(Kind::Failed, "chromium", format!("{} {said}", browser.display()))
            .help("run it by hand with --headless --print-to-pdf to see why; or take html and print it")
    };
    if !is_done {
        return Err(failed("did not print within a minute"));
    }
    match fs::metadata(&target) {
        Ok(written) if (1..=PDF_BYTES_MAX).contains(&written.len()) => {}
        _ => return Err(failed("printed nothing")),
    }
    let bytes = fs::read(&target)?;
    if bytes.starts_with(b"%PDF-") { Ok(bytes) } else { Err(failed("printed no PDF")) }
}

fn started(browser: &Path, folder: &Path, source: &Path, target: &Path) -> Result<Child> {
    let mut command = Command::new(browser);
    command
        .args([
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--disable-extensions",
            "--disable-background-networking",
        ])
        .args(["--disable-sync", "--disable-component-update", "--disable-dev-shm-usage", "--no-pdf-header-footer"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("--print-to-pdf={}", target.display()));
    if is_root() {
        // It refuses to run as root in its sandbox; the page is ours and runs nothing.
        command.arg("--no-sandbox");
    }
    command.arg(format!("file://{}", source.display())).env_clear().env("HOME", folder).current_dir(folder);
    for name in ["PATH", "LANG", "LC_ALL", "FONTCONFIG_PATH"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    child.map_err(|error| no_browser(format!("'{}' cannot be started: {}", browser.display(), error.kind())))
}

#[cfg(target_os = "linux")]
fn is_root() -> bool {
    // SAFETY: it takes nothing, changes nothing and cannot fail.
    unsafe { libc::geteuid() == 0 }
}

#[cfg(not(target_os = "linux"))]
fn is_root() -> bool {
    false
}

/// Whether it ended by itself; else it is ended.
fn ended(child: &mut Child) -> Result<bool> {
    let begun = Instant::now();
    while begun.elapsed() < TIMEOUT {
        if child.try_wait()?.is_some() {
            return Ok(true);
        }
        std::thread::sleep(LOOK_EVERY);
    }
    let _ = child.kill();
    let _ = child.wait();
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_no_browser_is_told_what_to_install() {
        let folder = tempfile::tempdir().unwrap();
        let none = browser(&ReportConfig::default(), Some(folder.path().as_os_str())).unwrap_err();
        assert!(none.code == "chromium" && none.help.as_ref().unwrap().contains("apt install chromium"), "{none}");
        let set = ReportConfig { chromium: Some(folder.path().join("chromium")) };
        let missing = browser(&set, None).unwrap_err();
        assert!(missing.message.contains("which is no file"), "{missing}");
        fs::write(folder.path().join("chromium"), "").unwrap();
        assert_eq!(browser(&set, None).unwrap(), folder.path().join("chromium"));
        assert_eq!(
            browser(&ReportConfig::default(), Some(folder.path().as_os_str())).unwrap(),
            folder.path().join("chromium")
        );
    }

    #[test]
    fn a_browser_that_prints_nothing_is_no_success() {
        let set = ReportConfig { chromium: Some(PathBuf::from("/bin/true")) };
        if !Path::new("/bin/true").is_file() {
            eprintln!("skipped: no /bin/true");
            return;
        }
        assert!(printed("<p>a</p>", &set).unwrap_err().message.contains("printed nothing"));
    }
}
