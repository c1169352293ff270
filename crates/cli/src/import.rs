//! `import`: files into the tables of a shop, here or, where a server holds the shop, by that server; and what is said of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use data::sources::{self, Counts, FileReport, ImportRequest};
use data::{DataError, ImportReport, Shop};
use serde_json::{Value, json};
use service::clock::now;
use service::remote::{Remote, Upload};
use service::serving::import_error;
use service::{Result, ServiceError};

use crate::args::Import;
use crate::print::{self, Progress};

pub fn run(dir: &Path, asked: Import, as_json: bool) -> Result<()> {
    if asked.preset.as_deref() == Some("list") {
        return presets(as_json);
    }
    if asked.inputs.is_empty() {
        return Err(ServiceError::usage(
            "inputs",
            "no file is given; give files, a folder or a pattern behind the options",
        ));
    }
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
    let reports = match server(dir, asked.server, asked.key)? {
        Some(server) => handed_over(&server, &request, as_json)?,
        None => imported(dir, &request, as_json)?,
    };
    if as_json {
        print::json(&serde_json::to_value(&reports)?);
    } else {
        reports.iter().for_each(print_report);
        notes(&reports).iter().for_each(|note| print::line(note));
    }
    all_kept_something(&reports)
}

fn imported(dir: &Path, request: &ImportRequest, as_json: bool) -> Result<Vec<FileReport>> {
    let shop = Shop::open(dir)?;
    let bar = Progress::new(as_json);
    let on = |at: data::sources::Progress<'_>| {
        bar.report(at.bytes_read as f64 / at.bytes_in_all.max(1) as f64, at.table);
    };
    sources::import(&shop, request, &on).map_err(import_error)
}

/// The server to hand the files to: one that is named on the command line, or in the environment where a server holds the shop.
///
/// # Errors
/// If the shop is held and no server is named.
fn server(dir: &Path, url: Option<String>, key: Option<String>) -> Result<Option<Remote>> {
    let of_environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let key = || {
        key.clone().or_else(|| of_environment("TERCET_KEY")).ok_or_else(|| {
            ServiceError::usage("key", "a server is named and no key for it")
                .help("--key tk_… or TERCET_KEY; tercet keys create --name import --scopes manage makes one")
        })
    };
    let remote = |url: String| -> Result<Option<Remote>> {
        let remote = Remote::new(&url, &key()?)?;
        if remote.is_in_the_clear() {
            eprintln!("warning: {url} is not encrypted: the key and the files can be read on the way");
        }
        Ok(Some(remote))
    };
    if let Some(url) = url {
        return remote(url);
    }
    // Let go of again at once: the import takes it for itself.
    match Shop::open(dir)?.lock_for_writing() {
        Err(locked @ DataError::Locked { .. }) => match of_environment("TERCET_SERVER") {
            Some(url) => remote(url),
            None => Err(ServiceError::from(locked).help(
                "where tercet serve holds it, hand the files over: --server http://127.0.0.1:7878 --key tk_… (or TERCET_SERVER and TERCET_KEY)",
            )),
        },
        other => other.map(|()| None).map_err(ServiceError::from),
    }
}

/// How long between two looks at the job.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// Sends the files to a server and waits for what becomes of them.
fn handed_over(server: &Remote, request: &ImportRequest, as_json: bool) -> Result<Vec<FileReport>> {
    let mut asked: Vec<(&str, String)> = Vec::new();
    let options = [
        ("preset", &request.preset),
        ("encoding", &request.encoding),
        ("delimiter", &request.delimiter),
        ("dates", &request.dates),
        ("zone", &request.zone),
    ];
    asked.extend(options.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    if let Some(map) = &request.map {
        let text = std::fs::read_to_string(map)
            .map_err(|error| ServiceError::usage("file", format!("{}: {error}", map.display())))?;
        asked.push(("mapping", text));
    }
    if request.record_bytes_max != 1 << 20 {
        asked.push(("max_record_bytes", request.record_bytes_max.to_string()));
    }
    let files = sources::named_files(request).map_err(import_error)?;
    let first = request.inputs.first().map(Path::new).and_then(Path::file_name);
    let called = first.map_or_else(|| "files".to_owned(), |name| name.to_string_lossy().into_owned());
    let bar = Progress::new(as_json);
    bar.report(0.0, "sending");
    server.check()?;
    let mut job = server.import(request.table.as_deref().unwrap_or("auto"), &asked, Upload { called, files })?;
    let id = job["id"].as_str().unwrap_or_default().to_owned();
    while matches!(job["state"].as_str(), Some("queued" | "running")) {
        bar.report(job["progress"].as_f64().unwrap_or(0.0), job["message"].as_str().unwrap_or_default());
        std::thread::sleep(LOOK_EVERY);
        job = server.job(&id)?;
    }
    drop(bar);
    if job["state"] == "done" {
        return Ok(job["result"]["files"].as_array().into_iter().flatten().filter_map(told).collect());
    }
    let message = job["error"]["message"].as_str().unwrap_or("the job was cancelled");
    let error =
        ServiceError::failed(format!("the server's job {id} {}: {message}", job["state"].as_str().unwrap_or("ended")));
    Err(match job["error"]["help"].as_str() {
        Some(help) => error.help(help),
        None => error,
    })
}

/// What the server tells of one file.
fn told(file: &Value) -> Option<FileReport> {
    let table = domain::TableSpec::named(file["table"].as_str()?)?.name;
    let text = |name: &str| file[name].as_str().map(str::to_owned);
    let number = |name: &str| file[name].as_u64();
    let written = number("rows_read").map(|rows_read| ImportReport {
        table: table.to_owned(),
        source: text("file").unwrap_or_default(),
        rows_read,
        rows_kept: number("rows_kept").unwrap_or(0),
        rows_rejected: number("rows_rejected").unwrap_or(0),
        rows_replaced: number("rows_replaced").unwrap_or(0),
        files: 0,
        bytes: 0,
        reject_path: text("rejects").map(PathBuf::from),
    });
    let parts = |name: &str| serde_json::from_value(file[name].clone()).unwrap_or_default();
    Some(FileReport {
        path: PathBuf::from(text("file")?),
        table,
        written,
        already_imported_as: text("already_imported_as"),
        counts: serde_json::from_value(file["counts"].clone()).unwrap_or_default(),
        form: text("form").unwrap_or_default(),
        encoding: text("encoding").unwrap_or_default(),
        mapped: serde_json::from_value(file["mapped"].clone()).unwrap_or_default(),
        kept_in_extra: parts("kept_in_extra"),
        changes: serde_json::from_value(file["changes"].clone()).unwrap_or_default(),
        warnings: parts("warnings"),
    })
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

    #[test]
    fn what_a_server_tells_is_told_as_an_import_here() {
        let file = json!({
            "file": "a.csv", "table": "orders", "rows_read": 3, "rows_kept": 2, "rows_rejected": 1, "rows_replaced": 0,
            "rejects": "/v1/import/orders/rejects/job-000001", "encoding": "GBK", "form": "text", "mapped": [["order_id", "id"]],
            "counts": {"rows_read": 3, "rows_kept": 2, "rows_rejected": 1, "rows_repeated": 0, "rows_passed": 0, "empty_rows": 4,
                "repeated_headers": 0, "duplicate_rows": 0, "unknown_products": 0, "amounts_left_out": 0, "reasons": {"day": 1}},
            "changes": null, "warnings": ["7 rows"], "kept_in_extra": [], "already_imported_as": null
        });
        let report = told(&file).unwrap();
        let written = report.written.as_ref().unwrap();
        assert_eq!((report.table, written.rows_rejected, report.counts.empty_rows), ("orders", 1, 4));
        assert_eq!(written.reject_path.as_deref(), Some(Path::new("/v1/import/orders/rejects/job-000001")));
        assert_eq!(notes(&[report]), ["empty rows passed over: 4", "warning: 7 rows"]);
        let before = told(&json!({"file": "a.csv", "table": "orders", "already_imported_as": "b.csv"})).unwrap();
        assert!(before.written.is_none() && before.already_imported_as.as_deref() == Some("b.csv"));
        assert!(told(&json!({"file": "a.csv", "table": "nothing"})).is_none());
    }
}
