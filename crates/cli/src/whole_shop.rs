//! Commands about a shop as a whole: making one up, backup, restore, doctor.

use std::path::Path;

use data::Shop;
use data::simulate::{Language, Settings, Size, simulate};
use serde_json::json;
use service::api::server::{ServeOptions, Server, set_password};
use service::auth::{Scope, keys};
use service::clock::now;
use service::decisions;
use service::error::Kind;
use service::flows::language::{self, LanguageRequest};
use service::flows::plan::{crowd, customers, launch};
use service::flows::segment::{self, By, SegmentRequest};
use service::flows::train::{TrainRequest, train};
use service::store::Store;
use service::{Result, ServiceError};

use crate::args::Demo;
use crate::commands::{announce, stopped, store};
use crate::print::{self, Progress};

const DAY_MILLIS: i64 = 86_400_000;
/// What a shop that is served keeps doing by itself.
const SCHEDULE: &str = "
[[schedule]]
job = \"train\"
at = \"mon 03:00\"

[[schedule]]
job = \"strategy\"
at = \"04:00\"

[[schedule]]
job = \"decide\"
at = \"after strategy\"
";

/// Simulates and trains only what is not there yet, so that a second start takes seconds.
pub async fn demo(asked: Demo) -> Result<()> {
    if !asked.dir.join("tercet.toml").exists() {
        make(&asked)?;
    }
    if asked.make_only {
        return Ok(());
    }
    let shop = Shop::open(&asked.dir)?;
    if service::flows::models::load_current(shop.root())?.is_none() {
        eprintln!("Training.");
        let bar = Progress::new(false);
        let request = TrainRequest {
            algorithm: None,
            set: Vec::new(),
            n_trials: service::flows::train::N_TRIALS,
            seed: asked.seed,
            n_threads: 2,
        };
        train(&shop, request, &|share, what| bar.report(share, what)).await?;
    }
    if shop.models().current(segment::KIND)?.is_none() {
        eprintln!("Finding customer groups.");
        let bar = Progress::new(false);
        let request = SegmentRequest {
            by: By::Behaviour,
            n_clusters: None,
            algorithm: None,
            set: Vec::new(),
            seed: asked.seed,
            n_threads: 2,
            slice_max: segment::slices::CUSTOMERS_MAX,
        };
        segment::train(&shop, request, &|share, what| bar.report(share, what)).await?;
    }
    if shop.models().current(language::KIND)?.is_none() {
        eprintln!("Learning the shop's words.");
        let bar = Progress::new(false);
        let request = LanguageRequest { seed: asked.seed, ..LanguageRequest::default() };
        language::train(&shop, request, &|share, what| bar.report(share, what)).await?;
    }
    if shop.models().current(customers::KIND)?.is_none() {
        eprintln!("Working out what customers are worth.");
        let bar = Progress::new(false);
        customers::train(&shop, &|share, what| bar.report(share * 0.5, what)).await?;
        launch::train(&shop, &|share, what| bar.report(0.5 + share * 0.25, what)).await?;
        crowd::train(&shop, &|share, what| bar.report(0.75 + share * 0.25, what)).await?;
    }
    let kept = store(&shop)?;
    if decisions::published(&shop, &kept).is_err_and(|error| error.kind == Kind::NotFound) {
        eprintln!("Deciding what to do today.");
        let bar = Progress::new(false);
        decisions::decide(&shop, &kept, None, &|share, what| bar.report(share, what)).await?;
    }
    // For unattended starts; people are shown a generated one.
    if let Ok(password) = std::env::var("TERCET_PASSWORD") {
        set_password(&kept, &password)?;
    }
    let key = demo_key(&kept)?;
    drop((kept, shop));
    let server = Server::bind(&ServeOptions::new(&asked.dir, asked.listen)).await?;
    announce(&server);
    eprintln!("  customer service on a page: http://{}/demo?lang={}&key={key}", server.address, asked.lang);
    print::line(&format!("http://{}", server.address));
    server.run(stopped()).await
}

/// A key with which the page of a small shop may converse; those of earlier starts end here.
fn demo_key(store: &Store) -> Result<String> {
    const NAME: &str = "demo page";
    for old in store.keys()?.into_iter().filter(|key| key.name == NAME) {
        store.revoke_key(&old.id)?;
    }
    let (made, record) = keys::generate(NAME, &[Scope::Converse], now().0)?;
    store.add_key(record)?;
    Ok(made.secret)
}

fn make(asked: &Demo) -> Result<()> {
    Shop::create(&asked.dir)?;
    let config = asked.dir.join("tercet.toml");
    let text = std::fs::read_to_string(&config)?;
    let language = format!("language = \"{}\"", asked.lang);
    let mut text = text
        .replacen("language = \"zh\"", &language, 1)
        .replacen("language = \"en\"", &language, 1)
        // Whoever tries it is alone.
        .replacen("# four_eyes = true", "four_eyes = false", 1);
    if !asked.make_only {
        text.push_str(SCHEDULE);
    }
    std::fs::write(&config, text)?;
    let shop = Shop::open(&asked.dir)?;
    let end = asked.end.unwrap_or(domain::Day((now().0 / DAY_MILLIS) as i32));
    let size = match asked.size.as_str() {
        "small" => Size::Small,
        "large" => Size::Large,
        _ => Size::Tiny,
    };
    eprintln!("Simulating a {} shop in {}.", asked.size, asked.dir.display());
    let language = if asked.lang == "en" { Language::En } else { Language::Zh };
    let mut settings = Settings::new(size, asked.seed, end, language);
    settings.n_customers = asked.customers.unwrap_or(settings.n_customers);
    let bar = Progress::new(false);
    let made = simulate(&shop, &settings, &mut |share, what| {
        bar.report(share, what);
    })?;
    drop(bar);
    eprintln!(
        "{} products, {} customers, {} events, {} order lines.",
        made.n_products, made.n_customers, made.n_events, made.n_orders
    );
    Ok(())
}

pub fn backup(dir: &Path, file: &Path, as_json: bool) -> Result<()> {
    let moved = Shop::open(dir)?.backup(file)?;
    said("backed up", file, moved.n_files, moved.n_bytes, as_json);
    Ok(())
}

pub fn restore(dir: &Path, file: &Path, as_json: bool) -> Result<()> {
    let (_, moved) = Shop::restore(file, dir)?;
    said("restored", dir, moved.n_files, moved.n_bytes, as_json);
    Ok(())
}

fn said(what: &str, path: &Path, n_files: u64, n_bytes: u64, as_json: bool) {
    if as_json {
        print::json(&json!({"path": path, "n_files": n_files, "n_bytes": n_bytes}));
    } else {
        print::line(&format!(
            "{what} {} files, {} bytes: {}",
            print::count(n_files),
            print::count(n_bytes),
            path.display()
        ));
    }
}

pub fn doctor(dir: &Path, mend: bool, as_json: bool) -> Result<()> {
    let findings = service::doctor::examine(dir, mend)?;
    if as_json {
        print::json(&serde_json::to_value(&findings)?);
    } else if findings.is_empty() {
        print::line("nothing to mend");
    } else {
        for finding in &findings {
            let mended = if finding.mended { " (mended)" } else { "" };
            let path = if finding.path.is_empty() { dir.to_string_lossy() } else { finding.path.as_str().into() };
            print::line(&format!("{} {path}: {}{mended}. {}", finding.level, finding.found, finding.help));
        }
    }
    match findings.iter().filter(|finding| finding.level == "error" && !finding.mended).count() {
        0 => Ok(()),
        1 => Err(ServiceError::failed(format!("1 error in {}", dir.display()))),
        n => Err(ServiceError::failed(format!("{n} errors in {}", dir.display()))),
    }
}
