//! Commands about a shop as a whole: making one up, bringing files in, backup, restore, doctor.

use std::path::Path;

use data::Shop;
use data::simulate::{Language, Settings, Size, simulate};
use data::sources::{self, ImportRequest};
use serde_json::json;
use service::api::server::{ServeOptions, Server, set_password};
use service::clock::now;
use service::flows::train::{TrainRequest, train};
use service::{Result, ServiceError};

use crate::args::{Demo, Import};
use crate::commands::{announce, stopped, store};
use crate::print::{self, Progress};

const DAY_MILLIS: i64 = 86_400_000;

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
    // For unattended starts; people are shown a generated one.
    if let Ok(password) = std::env::var("TERCET_PASSWORD") {
        set_password(&store(&shop)?, &password)?;
    }
    drop(shop);
    let server = Server::bind(&ServeOptions::new(&asked.dir, asked.listen)).await?;
    announce(&server);
    print::line(&format!("http://{}", server.address));
    server.run(stopped()).await
}

fn make(asked: &Demo) -> Result<()> {
    Shop::create(&asked.dir)?;
    let config = asked.dir.join("tercet.toml");
    let text = std::fs::read_to_string(&config)?;
    let language = format!("language = \"{}\"", asked.lang);
    std::fs::write(
        &config,
        text.replacen("language = \"zh\"", &language, 1).replacen("language = \"en\"", &language, 1),
    )?;
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

pub fn import(dir: &Path, asked: Import, as_json: bool) -> Result<()> {
    if asked.preset.as_deref() == Some("list") {
        return presets(as_json);
    }
    let shop = Shop::open(dir)?;
    let defaults = ImportRequest::new(asked.inputs, now().0);
    let request = ImportRequest {
        record_bytes_max: asked.max_record_bytes as usize,
        n_threads: asked.threads.map_or(defaults.n_threads, usize::from),
        table: asked.table,
        preset: asked.preset,
        map: asked.map,
        encoding: asked.encoding,
        delimiter: asked.delimiter,
        dates: asked.dates,
        zone: asked.zone,
        ..defaults
    };
    let bar = Progress::new(as_json);
    let reports = sources::import(&shop, &request, &|at| {
        let share = at.bytes_read as f64 / at.bytes_in_all.max(1) as f64;
        bar.report(share, at.table);
    })
    .map_err(|error| ServiceError::failed(error.to_string()))?;
    drop(bar);
    if as_json {
        print::json(&serde_json::to_value(&reports)?);
        return Ok(());
    }
    let mut warned = std::collections::BTreeSet::new();
    for report in &reports {
        let name = report.path.file_name().unwrap_or_default().to_string_lossy();
        match (&report.written, &report.already_imported_as) {
            (Some(written), _) => {
                print::line(&format!(
                    "{name} → {}: {} rows read, {} kept, {} rejected, {} replaced",
                    report.table, written.rows_read, written.rows_kept, written.rows_rejected, written.rows_replaced
                ));
                if let Some(rejects) = &written.reject_path {
                    print::line(&format!("  rejects, with line and reason: {}", rejects.display()));
                    for (reason, n) in &report.counts.reasons {
                        print::line(&format!("    {} × {reason}", print::count(*n)));
                    }
                    print::line(&format!("  {}", mend_help(report)));
                }
            }
            (None, before) => print::line(&format!(
                "{name} → {}: imported before{}; nothing changed",
                report.table,
                before.as_ref().map(|name| format!(" as {name}")).unwrap_or_default()
            )),
        }
        for (n, what) in [
            (report.counts.duplicate_rows, "rows equal an earlier row of the file; they were kept"),
            (report.counts.empty_rows, "empty rows were passed over"),
            (report.counts.repeated_headers, "repeated headers were passed over"),
        ] {
            if n > 0 {
                print::line(&format!("  {} {what}", print::count(n)));
            }
        }
        // Many files of one import tend to have the same to say.
        for warning in report.warnings.iter().filter(|warning| warned.insert(warning.as_str())) {
            print::line(&format!("  warning: {warning}"));
        }
    }
    Ok(())
}

/// A table with a key takes a mended file as a whole; another would have its good rows twice.
fn mend_help(report: &sources::FileReport) -> &'static str {
    match domain::TableSpec::named(report.table).is_some_and(|table| !table.key.is_empty()) {
        true => "mend the file and import it again: a row replaces the one with the same key",
        false => "mend these rows and import them as a file of their own: the other rows are in the shop already",
    }
}

fn presets(as_json: bool) -> Result<()> {
    let all: Vec<_> = sources::presets::ALL.iter().map(|preset| (preset.name, preset.sentence)).collect();
    if as_json {
        print::json(&json!(
            all.iter().map(|(name, sentence)| json!({"name": name, "sentence": sentence})).collect::<Vec<_>>()
        ));
    } else {
        print::table(
            &["preset", "for"],
            &all.iter().map(|(name, sentence)| vec![name.to_string(), sentence.to_string()]).collect::<Vec<_>>(),
        );
    }
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
    let findings = data::doctor::examine(dir, mend)?;
    if as_json {
        print::json(&serde_json::to_value(&findings)?);
    } else if findings.is_empty() {
        print::line("nothing to mend");
    } else {
        for finding in &findings {
            let mended = if finding.mended { " (mended)" } else { "" };
            print::line(&format!("{} {}: {}{mended}. {}", finding.level, finding.path, finding.found, finding.help));
        }
    }
    match findings.iter().filter(|finding| finding.level == "error" && !finding.mended).count() {
        0 => Ok(()),
        n => Err(ServiceError::failed(format!("{n} errors in {}", dir.display()))),
    }
}
