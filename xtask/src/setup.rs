//! Installing what a fresh machine lacks: Debian packages, the console's npm packages, Python environments.
//!
//! Each step first looks, and says what it installs and why.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use crate::run::{Outcome, command, exists, output, root, run};

/// Held by whoever installs: what is fetched ahead and what a step asks for must not meet.
static INSTALLS: Mutex<()> = Mutex::new(());

fn alone<T>(install: impl FnOnce() -> T) -> T {
    let _held = INSTALLS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    install()
}

/// Makes sure that `program` exists, from the Debian package `package` if need be.
pub fn debian(program: &str, package: &str, why: &str) -> Outcome {
    alone(|| if exists(program) { Ok(()) } else { install(&[package], why) })
}

/// Makes sure that the Debian packages behind `path` are installed.
pub fn debian_file(path: &str, package: &str, why: &str) -> Outcome {
    alone(|| if Path::new(path).exists() { Ok(()) } else { install(&[package], why) })
}

fn install(packages: &[&str], why: &str) -> Outcome {
    static UPDATED: OnceLock<()> = OnceLock::new();
    if !exists("apt-get") {
        return Err(format!("{} is missing ({why}) and there is no apt-get to install it", packages.join(", ")));
    }
    eprintln!("Installing {} ({why}).", packages.join(", "));
    if UPDATED.set(()).is_ok() {
        run(command("apt-get", &["update", "-qq"]).env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(packages);
    run(command("apt-get", &arguments).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Fetches what later steps will ask for while the compiler works, which leaves the network idle. Says nothing of what fails:
/// the step that needs it tries again, and says.
pub fn ahead() {
    std::thread::spawn(|| {
        let _ = chromium();
        let _ = crate::api_fuzz::environment();
    });
}

/// Chromium and fonts that can show Chinese, for the console's browser tests.
pub fn chromium() -> Outcome {
    debian("chromium", "chromium", "the browser of the console tests")?;
    debian_file(
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "fonts-noto-cjk",
        "Chinese text in the browser",
    )
}

/// The console's packages, as the lock file says.
pub fn npm_packages() -> Outcome {
    let web = root().join("web");
    if !exists("npm") {
        return Err("npm is missing; install Node.js 20 or newer with npm".to_owned());
    }
    let installed = web.join("node_modules/.package-lock.json");
    if is_newer(&installed, &web.join("package-lock.json")) {
        return Ok(());
    }
    eprintln!("Installing the console's packages into web/node_modules.");
    run(command("npm", &["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&web))
}

/// Builds the console into `web/dist`, unless that is newer than every source.
pub fn web() -> Outcome {
    npm_packages()?;
    let web = root().join("web");
    let built = web.join("dist/index.html");
    let sources = ["src", "widget", "public", "index.html", "package.json", "vite.config.ts", "vite.widget.config.ts"];
    if built.is_file() && sources.iter().all(|source| newest_is_older(&web.join(source), &built)) {
        return Ok(());
    }
    run(command("npm", &["run", "--silent", "build"]).current_dir(&web))
}

/// A Python environment with exactly the packages of `requirements`; returns its interpreter. Kept under `target/` and
/// made again when the requirements change. Requirements that begin with `# without dependencies` are installed so: of such
/// packages only files are wanted.
pub fn python(name: &str, requirements: &Path) -> Result<PathBuf, String> {
    alone(|| made_python(name, requirements))
}

fn made_python(name: &str, requirements: &Path) -> Result<PathBuf, String> {
    let wanted = fs::read_to_string(requirements).map_err(|error| format!("{}: {error}", requirements.display()))?;
    let folder = crate::run::target_dir().join("python").join(name);
    let interpreter = folder.join("bin/python");
    let stamp = folder.join("requirements.installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(interpreter);
    }
    eprintln!("Making the Python environment '{name}' from {}.", requirements.display());
    let _ = fs::remove_dir_all(&folder);
    run(command("python3", &["-m", "venv"]).arg(&folder))?;
    let mut install = command(&interpreter.to_string_lossy(), &["-m", "pip", "install", "--quiet"]);
    if wanted.starts_with("# without dependencies") {
        install.arg("--no-deps");
    }
    run(install.arg("-r").arg(requirements))?;
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(interpreter)
}

/// The commit and machine a figure was measured on, in one line.
pub fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name").and_then(|rest| rest.split_once(':')))
        .map_or("unknown processor", |(_, name)| name.trim())
        .to_owned();
    let n_cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    let commit = output(&mut command("git", &["rev-parse", "--short", "HEAD"])).unwrap_or_default();
    format!("{model}, {n_cores} cores, commit {}", commit.trim())
}

/// How busy the machine has been, over 1, 5 and 15 minutes.
pub fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

fn is_newer(file: &Path, than: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    matches!((time(file), time(than)), (Some(file), Some(than)) if file >= than)
}

fn newest_is_older(path: &Path, than: &Path) -> bool {
    if path.is_dir() {
        let Ok(entries) = fs::read_dir(path) else { return true };
        return entries.flatten().all(|entry| newest_is_older(&entry.path(), than));
    }
    !path.exists() || is_newer(than, path)
}
