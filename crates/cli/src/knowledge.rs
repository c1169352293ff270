//! `knowledge`: the documents that customer service cites, listed, compared, added, retired and put back. While a server holds the
//! shop, what is read can be asked here, and what is changed at `/v1/knowledge`.

use std::path::Path;

use data::Shop;
use domain::KnowledgeDocument;
use serde_json::json;
use service::clock::rfc3339;
use service::flows::knowledge::{self, DocumentPut, DocumentQuery, DocumentView, VersionChanges};
use service::{Result, ServiceError};

use crate::args::Knowledge;
use crate::print;

/// What is told as the origin of changes made here.
const ORIGIN: &str = "command line";
/// Pieces that are printed.
const SHOWN_MAX: usize = 500;

pub fn run(dir: &Path, asked: Knowledge, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    match asked {
        Knowledge::List { query, retired, n } => {
            let state = retired.then(|| "retired".to_owned());
            let query = DocumentQuery { text: query.unwrap_or_default(), state, limit: n, ..DocumentQuery::default() };
            list(&shop, &query, as_json)
        }
        Knowledge::Show { id, version: None } => {
            let view = knowledge::look(&shop, &id, 0, SHOWN_MAX)?;
            match as_json {
                true => print::json(&serde_json::to_value(&view)?),
                false => print_document(&view),
            }
            Ok(())
        }
        Knowledge::Show { id, version: Some(number) } => {
            let changes = knowledge::changes(&shop, &id, number)?;
            match as_json {
                true => print::json(&serde_json::to_value(&changes)?),
                false => print_changes(&changes),
            }
            Ok(())
        }
        Knowledge::Add { file, id } => {
            let document = read(&file, id)?;
            told(&knowledge::put(&shop, &document, ORIGIN)?, as_json)
        }
        Knowledge::Restore { id, version } => told(&knowledge::restore(&shop, &id, version)?, as_json),
        Knowledge::Retire { id } => {
            knowledge::retire(&shop, &id, ORIGIN)?;
            match as_json {
                true => print::json(&json!({"document_id": id, "state": "retired"})),
                false => print::line(&format!(
                    "{id} is retired; tercet knowledge restore {id} --version NUMBER puts it back"
                )),
            }
            Ok(())
        }
    }
}

fn list(shop: &Shop, query: &DocumentQuery, as_json: bool) -> Result<()> {
    let documents: Vec<KnowledgeDocument> = shop.tables().load()?;
    let page = knowledge::list(shop, documents.iter(), query)?;
    if as_json {
        print::json(&json!({"items": page.items, "total": page.total, "n_on": page.n_on, "n_retired": page.n_retired}));
        return Ok(());
    }
    let row = |one: &knowledge::DocumentRow| {
        let changed = one.changed_at.map(|at| rfc3339(domain::Millis(at))).unwrap_or_default();
        let state = if one.state == "on" { String::new() } else { one.state.clone() };
        vec![
            one.document_id.clone(),
            one.title.clone(),
            one.number.to_string(),
            one.n_chunks.to_string(),
            one.lang.clone(),
            changed,
            one.origin.clone(),
            state,
        ]
    };
    let header = ["document", "title", "version", "pieces", "language", "changed", "from", ""];
    print::table(&header, &page.items.iter().map(row).collect::<Vec<_>>());
    print::line(&format!(
        "\n{} documents in use, {} retired{}",
        print::count(page.n_on as u64),
        print::count(page.n_retired as u64),
        if page.total > page.items.len() { "; -n shows more" } else { "" }
    ));
    Ok(())
}

fn read(file: &Path, id: Option<String>) -> Result<KnowledgeDocument> {
    let bytes =
        std::fs::read(file).map_err(|error| ServiceError::usage("file", format!("{}: {error}", file.display())))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let mut document = data::sources::read_document(&name, &bytes, None).map_err(|reason| {
        ServiceError::usage("document", format!("{}: {reason}", file.display()))
            .help("questions with answers: tercet import FILE --as answers")
    })?;
    if let Some(id) = id {
        service::api::input::check_id("--id", &id)?;
        document.document_id = id;
    }
    Ok(document)
}

fn told(put: &DocumentPut, as_json: bool) -> Result<()> {
    if as_json {
        print::json(&serde_json::to_value(put)?);
        return Ok(());
    }
    let what = match put.outcome.as_str() {
        "same" => "is as it was",
        "new" => "is new",
        _ => "has changed",
    };
    print::line(&format!("{} {what}: version {}, {} pieces", put.document_id, put.number, put.n_chunks));
    Ok(())
}

fn print_document(view: &DocumentView) {
    let document = &view.document;
    print::line(&format!("{}  ({}, {})", document.title, document.document_id, document.state));
    if !document.product_ids.is_empty() {
        print::line(&format!("about {}", document.product_ids.join(", ")));
    }
    print::line("");
    let row = |one: &knowledge::VersionRow| {
        let what = match (one.is_current, one.is_retirement, one.is_kept) {
            (true, ..) => "in use",
            (_, true, _) => "retired",
            (_, _, false) => "text kept no longer",
            _ => "",
        };
        let at = one.at.map(|at| rfc3339(domain::Millis(at))).unwrap_or_default();
        vec![one.number.to_string(), one.version.clone(), at, one.origin.clone(), what.to_owned()]
    };
    print::table(&["version", "content", "since", "from", ""], &view.versions.iter().map(row).collect::<Vec<_>>());
    for (at, chunk) in view.chunks.iter().enumerate() {
        print::line(&format!("\n[{}] {}", at + 1, chunk.sections.join(" › ")));
        print::line(&chunk.text);
    }
    if document.n_chunks > view.chunks.len() {
        print::line(&format!("\n{} more pieces", document.n_chunks - view.chunks.len()));
    }
}

fn print_changes(changes: &VersionChanges) {
    let against = changes.against.map_or("nothing kept before it".to_owned(), |number| format!("version {number}"));
    print::line(&format!(
        "version {} against {against}: {} pieces added, {} changed, {} removed, {} as before",
        changes.number, changes.n_added, changes.n_changed, changes.n_removed, changes.n_same
    ));
    if let Some(title) = &changes.title_was {
        print::line(&format!("title: {title} → {}", changes.title));
    }
    if let Some(products) = &changes.product_ids_were {
        print::line(&format!("products: {} → {}", products.join(", "), changes.product_ids.join(", ")));
    }
    for change in &changes.changes {
        print::line(&format!("\n{} {}", change.kind, change.sections.join(" › ")));
        for (mark, text) in [("-", &change.was), ("+", &change.text)] {
            text.iter().flat_map(|text| text.lines()).for_each(|line| print::line(&format!("{mark} {line}")));
        }
    }
}
