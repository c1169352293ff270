//! Commands about a shop as a whole: making one up, bringing files in, backup, restore, doctor.

use std::collections::BTreeMap;
use std::path::Path;

use data::Shop;
use data::simulate::{Language, Settings, Size, simulate};
use data::sources::{self, Counts, FileReport, ImportRequest};
use serde_json::json;
use service::api::server::{ServeOptions, Server, set_password};
use service::auth::{Scope, keys};
use service::clock::now;
use service::flows::language::{self, LanguageRequest};
use service::flows::segment::{self, By, SegmentRequest};
use service::flows::train::{TrainRequest, train};
use service::store::Store;
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
    // For unattended starts; people are shown a generated one.
    if let Ok(password) = std::env::var("TERCET_PASSWORD") {
        set_password(&store(&shop)?, &password)?;
    }
    let key = demo_key(&store(&shop)?)?;
    drop(shop);
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
    if asked.inputs.is_empty() {
        return Err(ServiceError::usage(
            "inputs",
            "no file is given; give files, a folder or a pattern behind the options",
        ));
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
    } else {
        reports.iter().for_each(print_report);
        notes(&reports).iter().for_each(|note| print::line(note));
    }
    all_kept_something(&reports)
}

fn print_report(report: &FileReport) {
    let name = file_name(report);
    let Some(written) = &report.written else {
        let before = report.already_imported_as.as_ref().map(|name| format!(" as {name}")).unwrap_or_default();
        return print::line(&format!("{name} → {}: imported before{before}; nothing changed", report.table));
    };
    let encoding = match report.encoding.as_str() {
        "" | "UTF-8" => String::new(),
        other => format!(", read as {other}"),
    };
    print::line(&format!(
        "{name} → {}: {} rows read, {} kept, {} rejected, {} replaced{encoding}",
        report.table, written.rows_read, written.rows_kept, written.rows_rejected, written.rows_replaced
    ));
    if let Some(changes) = &report.changes {
        print::line(&format!(
            "  {} new, {} changed, {} as before",
            print::count(changes.n_new),
            print::count(changes.n_changed),
            print::count(changes.n_same)
        ));
        changes.changed.iter().take(20).for_each(|id| print::line(&format!("    changed: {id}")));
    }
    if let Some(rejects) = &written.reject_path {
        print::line(&format!("  rejects, with line and reason: {}", rejects.display()));
        for (reason, n) in &report.counts.reasons {
            print::line(&format!("    {} × {reason}", print::count(*n)));
        }
        print::line(&format!("  {}", mend_help(report)));
    }
}

fn file_name(report: &FileReport) -> String {
    report.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What there is to say of all files together: many of one import tend to say the same, and a file that goes into
/// several tables says it for each.
fn notes(reports: &[FileReport]) -> Vec<String> {
    let mut notes = Vec::new();
    for (count, what) in [
        (&(|counts: &Counts| counts.empty_rows) as &dyn Fn(&Counts) -> u64, "empty rows passed over"),
        (&|counts| counts.repeated_headers, "repeated headers passed over"),
        (&|counts| counts.duplicate_rows, "rows that equal an earlier row of their file, kept"),
    ] {
        let mut of_files: BTreeMap<&Path, u64> = BTreeMap::new();
        for report in reports {
            let of_file = of_files.entry(&report.path).or_default();
            *of_file = (*of_file).max(count(&report.counts));
        }
        let n_files = of_files.values().filter(|n| **n > 0).count();
        let n = of_files.values().sum::<u64>();
        let files = if n_files > 1 { format!(" (in {n_files} files)") } else { String::new() };
        if n > 0 {
            notes.push(format!("{what}: {}{files}", print::count(n)));
        }
    }
    notes.extend(warnings(reports).into_iter().map(|warning| format!("warning: {warning}")));
    notes
}

/// The warnings, each once; numbers at their beginnings are added up.
fn warnings(reports: &[FileReport]) -> Vec<String> {
    let mut sums: Vec<(Option<u64>, &str)> = Vec::new();
    for warning in reports.iter().flat_map(|report| &report.warnings) {
        let counted = warning.split_once(' ').and_then(|(n, rest)| Some((n.parse::<u64>().ok()?, rest)));
        let (n, text) = counted.map_or((None, warning.as_str()), |(n, rest)| (Some(n), rest));
        match sums.iter_mut().find(|(sum, known)| *known == text && sum.is_some() == n.is_some()) {
            Some((sum, _)) => *sum = sum.zip(n).map(|(sum, n)| sum + n),
            None => sums.push((n, text)),
        }
    }
    sums.iter().map(|(n, text)| n.map_or((*text).to_owned(), |n| format!("{} {text}", print::count(n)))).collect()
}

/// An import that rejected every row of a file has failed, whatever became of the others.
fn all_kept_something(reports: &[FileReport]) -> Result<()> {
    let names: Vec<String> = reports
        .iter()
        .filter(|report| report.counts.nothing_kept())
        .map(|report| format!("{} → {}", file_name(report), report.table))
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    let message = format!("every row was rejected: {}", names.join(", "));
    Err(ServiceError::failed(message)
        .help("look at the rejects' reasons; the columns or the mapping may not fit the file"))
}

/// A table with a key takes a mended file as a whole; another would have its good rows twice.
fn mend_help(report: &FileReport) -> &'static str {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn report(path: &str, counts: Counts, warnings: &[&str]) -> FileReport {
        FileReport {
            path: path.into(),
            table: "orders",
            written: None,
            already_imported_as: None,
            counts,
            form: String::new(),
            encoding: String::new(),
            mapped: Vec::new(),
            kept_in_extra: Vec::new(),
            changes: None,
            warnings: warnings.iter().map(|warning| (*warning).to_owned()).collect(),
        }
    }

    #[test]
    fn many_files_say_the_same_once() {
        let counts = |empty_rows, duplicate_rows| Counts { empty_rows, duplicate_rows, ..Counts::default() };
        let reports = [
            report("a.csv", counts(3, 0), &["amounts are in USD"]),
            report("a.csv", counts(3, 1), &["amounts are in USD", "7 rows name a product"]),
            report("b.csv", counts(2, 0), &["12 rows name a product", "b.csv has no rows"]),
        ];
        let expected = [
            "empty rows passed over: 5 (in 2 files)",
            "rows that equal an earlier row of their file, kept: 1",
            "warning: amounts are in USD",
            "warning: 19 rows name a product",
            "warning: b.csv has no rows",
        ];
        assert_eq!(notes(&reports), expected);
    }

    #[test]
    fn an_import_of_which_nothing_is_kept_fails() {
        let counts =
            |rows_read, rows_kept, rows_repeated| Counts { rows_read, rows_kept, rows_repeated, ..Counts::default() };
        let good = [counts(0, 0, 0), counts(5, 1, 0), counts(5, 0, 5)].map(|counts| report("a.csv", counts, &[]));
        assert!(all_kept_something(&good).is_ok());
        let error = all_kept_something(&[report("a.csv", counts(9, 9, 0), &[]), report("b.csv", counts(2, 0, 0), &[])]);
        let error = error.unwrap_err();
        assert_eq!((error.exit_code(), error.to_string().contains("rejected: b.csv → orders")), (1, true), "{error}");
    }
}
