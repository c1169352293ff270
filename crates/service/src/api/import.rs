//! `/v1/import`: files for the tables while the shop is served. The body goes to disk as it comes; once it is there whole the
//! answer is a job, which a crash does not lose. What is done with it stands in `serving::importing`.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use data::intake::Arrival;
use futures_core::Stream;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::SemaphorePermit;
use tokio::sync::mpsc::{Sender, channel};
use utoipa::IntoParams;

use super::access::Manage;
use super::error::ErrorBody;
use super::input::{Id, Ids, Params, check_name, check_text};
use crate::background;
use crate::clock;
use crate::error::{Kind, Result, ServiceError, clipped};
use crate::jobs::new_id;
use crate::serving::{ImportAsked, ServedShop, import_error, off_thread};
use crate::store::JobRecord;

/// The name for "whatever the headings, the preset or the mapping say".
const AUTO: &str = "auto";
const NAME_CHARS_MAX: usize = 500;
const MAPPING_CHARS_MAX: usize = 16_000;
const RECORD_BYTES_MAX: usize = 64 << 20;
/// How long nothing may come of a body.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// What of a refused file is taken all the same, and how long for the next of it.
const DRAINED_MAX: usize = 16 << 20;
const DRAINED_SILENCE_MAX: Duration = Duration::from_secs(5);

/// Forms: what `format` calls them, the ending of a file, and media types.
const FORMATS: &[(&str, &[&str])] = &[
    ("csv", &["text/csv", "application/csv"]),
    ("tsv", &["text/tab-separated-values"]),
    ("json", &["application/json"]),
    ("jsonl", &["application/x-ndjson", "application/jsonl", "application/jsonlines", "application/x-jsonlines"]),
    ("parquet", &["application/vnd.apache.parquet", "application/x-parquet"]),
    ("md", &["text/markdown", "text/x-markdown"]),
    ("html", &["text/html", "application/xhtml+xml"]),
    ("pdf", &["application/pdf"]),
    ("docx", &["application/vnd.openxmlformats-officedocument.wordprocessingml.document"]),
    ("txt", &["text/plain"]),
    (TAR, &["application/x-tar", "application/tar"]),
];
const TAR: &str = "tar";
/// These say nothing: the name tells, or the content.
const UNTOLD: [&str; 6] = [
    "",
    "application/octet-stream",
    "application/gzip",
    "application/x-gzip",
    "application/zstd",
    "binary/octet-stream",
];

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportParams {
    /// What the file is called. Presets know files by their names, and a document's is its id, with folders: `phones/setup.html`.
    #[param(min_length = 1, max_length = 500, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    name: Option<String>,
    /// csv, tsv, json, jsonl, parquet, md, html, pdf, docx, txt, or tar for several files; the content type or the name tells if
    /// absent.
    #[param(pattern = "^(csv|tsv|json|jsonl|parquet|md|html|pdf|docx|txt|tar)$")]
    format: Option<String>,
    /// A known layout; `tercet import --preset list` names them.
    #[param(max_length = 100)]
    preset: Option<String>,
    /// A mapping (TOML) as of `tercet import --map`.
    #[param(max_length = 16000)]
    mapping: Option<String>,
    #[param(max_length = 40)]
    encoding: Option<String>,
    /// One character, or tab.
    #[param(max_length = 10)]
    delimiter: Option<String>,
    /// d/m/y or m/d/y.
    #[param(max_length = 10)]
    dates: Option<String>,
    /// Zone of times that name none.
    #[param(max_length = 60)]
    zone: Option<String>,
    /// A longer line (or JSON object) is rejected; 1 MiB if absent.
    #[param(minimum = 1024, maximum = 67_108_864)]
    max_record_bytes: Option<usize>,
}

/// Imports a file, or several packed as tar, into a table; `auto` for whatever its headings, preset or mapping say. 202 once the
/// file is on disk; the job tells what became of it. The same file again changes nothing.
#[utoipa::path(post, path = "/v1/import/{table}", tag = "import", params(("table" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), ImportParams),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 202, body = JobRecord), (status = "4XX", body = ErrorBody)))]
pub async fn import_file(
    Manage(caller): Manage,
    Id(table): Id,
    Params(params): Params<ImportParams>,
    request: Request,
) -> Result<(StatusCode, Json<JobRecord>)> {
    let shop = caller.shop;
    let (parts, body) = request.into_parts();
    let (id, asked, arrival, _place) = match prepared(&shop, table, params, &parts.headers) {
        Ok(prepared) => prepared,
        Err(error) => return Err(Blocks::of(body, 0).drained(error).await),
    };
    let arrival = receive(body, arrival, shop.import_bytes_max()?).await?;
    let asked = ImportAsked { n_bytes: arrival.n_bytes(), ..asked };
    // Whoever sent it may go away now: what is on disk is imported.
    let accepted = background::spawn(accept(shop.clone(), id, arrival, asked));
    let job = accepted.await.map_err(|error| ServiceError::failed(format!("the import broke off: {error}")))??;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Everything that can be refused before the file is there, and a place for it.
fn prepared<'s>(
    shop: &'s ServedShop,
    table: String,
    params: ImportParams,
    headers: &HeaderMap,
) -> Result<(String, ImportAsked, Arrival, SemaphorePermit<'s>)> {
    let format = format_of(params.format.as_deref(), headers)?;
    let name = name_of(params.name.as_deref(), format)?;
    let asked = asked_of(table, params, name.as_deref())?;
    shop.jobs.check_room()?;
    let place = place(shop)?;
    check_length(headers, shop.import_bytes_max()?)?;
    let id = new_id()?;
    let arrival = shop.shop.intake().begin(&id, name.as_deref())?;
    Ok((id, asked, arrival, place))
}

async fn accept(shop: Arc<ServedShop>, id: String, arrival: Arrival, asked: ImportAsked) -> Result<JobRecord> {
    off_thread(move || {
        let asked = ImportAsked { accepted_at: clock::now().0, ..asked };
        arrival.accept(&serde_json::to_vec(&asked)?)?;
        match shop.start_import(&id, asked) {
            Ok(job) => Ok(job),
            // Not promised, so not kept.
            Err(error) => shop.shop.intake().done(&id).map_err(ServiceError::from).and(Err(error)),
        }
    })
    .await
}

/// The rows of a file that were refused: line, reason, text.
#[utoipa::path(get, path = "/v1/import/{table}/rejects/{name}", tag = "import", params(("table" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), ("name" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = String, content_type = "text/csv"), (status = "4XX", body = ErrorBody)))]
pub async fn get_rejects(Manage(caller): Manage, Ids(table, name): Ids) -> Result<Response> {
    let tables = caller.shop.shop.tables();
    let spec = data::Tables::spec(&table)?;
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let path = tables.folder(spec).join("rejects").join(format!("{name}.csv"));
    if !is_plain || !path.is_file() {
        return Err(ServiceError::not_found("file of rejects", &name));
    }
    super::download::csv_file(path, &format!("{}-{name}.csv", spec.name)).await
}

/// What was said of the file's form, by name or by media type.
fn format_of(said: Option<&str>, headers: &HeaderMap) -> Result<Option<&'static str>> {
    if let Some(said) = said {
        let known = FORMATS.iter().find(|(name, _)| *name == said);
        return known.map(|(name, _)| Some(*name)).ok_or_else(|| {
            let message = format!("format is '{}'; allowed: {}", clipped(said), format_names());
            ServiceError::usage("format", message)
        });
    }
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = media.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if UNTOLD.contains(&essence.as_str()) {
        return Ok(None);
    }
    let known = FORMATS.iter().find(|(_, medias)| medias.contains(&essence.as_str()));
    known.map(|(name, _)| Some(*name)).ok_or_else(|| {
        let message = format!("the body's content type is '{}', which is no form that is imported", clipped(media));
        ServiceError::new(Kind::UnsupportedMedia, "content_type", message).help(format!(
            "send Content-Type: application/octet-stream with format={}",
            format_names().replace(", ", "|")
        ))
    })
}

fn format_names() -> String {
    FORMATS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// What the file is called in the intake, with an ending that tells its form; none for an archive.
fn name_of(said: Option<&str>, format: Option<&'static str>) -> Result<Option<String>> {
    if let Some(name) = said {
        check_name("name", name, NAME_CHARS_MAX)?;
    }
    let name = said.unwrap_or("upload");
    let plain = [".gz", ".zst"].iter().find_map(|packed| name.strip_suffix(packed)).unwrap_or(name);
    let ending = plain.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    Ok(match format {
        Some(TAR) => None,
        None if ending.as_deref() == Some(TAR) => None,
        None => Some(name.to_owned()),
        Some(format) if ending.as_deref().is_some_and(|ending| is_of(ending, format)) => Some(name.to_owned()),
        Some(format) => Some(format!("{name}.{format}")),
    })
}

/// Whether a file with this ending is known to be of this form.
fn is_of(ending: &str, format: &str) -> bool {
    let also: &[&str] = match format {
        "md" => &["markdown", "mdown"],
        "html" => &["htm", "xhtml"],
        "docx" => &["docm"],
        "txt" => &["text", "csv", "tsv"],
        "jsonl" => &["ndjson", "json"],
        _ => &[],
    };
    ending == format || also.contains(&ending)
}

/// The request, checked as far as it can be before the file is there.
fn asked_of(table: String, params: ImportParams, name: Option<&str>) -> Result<ImportAsked> {
    check_text("mapping", params.mapping.as_deref().unwrap_or_default(), MAPPING_CHARS_MAX)?;
    let table = Some(table).filter(|table| table != AUTO);
    if table.as_deref() == Some("knowledge") && params.name.is_none() && name.is_some() {
        return Err(ServiceError::usage(
            "name",
            "a document without a name; allowed: name=manuals/phone.pdf, which is its id",
        ));
    }
    if let Some(said) = params.max_record_bytes.filter(|n| !(1024..=RECORD_BYTES_MAX).contains(n)) {
        let message = format!("max_record_bytes is {said}; allowed: 1024 to {RECORD_BYTES_MAX}");
        return Err(ServiceError::usage("range", message));
    }
    let asked = ImportAsked {
        table,
        preset: params.preset,
        mapping: params.mapping,
        encoding: params.encoding,
        delimiter: params.delimiter,
        dates: params.dates,
        zone: params.zone,
        max_record_bytes: params.max_record_bytes,
        file: params.name.or_else(|| name.map(str::to_owned)).unwrap_or_else(|| "upload.tar".to_owned()),
        ..ImportAsked::default()
    };
    asked.request(Vec::new()).check().map_err(import_error)?;
    Ok(asked)
}

fn check_length(headers: &HeaderMap, bytes_max: u64) -> Result<()> {
    let said = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match said {
        Some(n) if n > bytes_max => Err(too_large(bytes_max)),
        _ => Ok(()),
    }
}

fn too_large(bytes_max: u64) -> ServiceError {
    ServiceError::new(Kind::TooLarge, "body_size", format!("the file exceeds {bytes_max} bytes"))
        .detail(json!({"allowed_bytes": bytes_max}))
        .help("send it in parts; what a table may be sent is [serve] import_megabytes_max of tercet.toml")
}

/// Writes a body to disk on a thread of its own, a few blocks ahead.
async fn receive(body: Body, mut arrival: Arrival, bytes_max: u64) -> Result<Arrival> {
    let (sender, mut blocks) = channel::<Bytes>(4);
    let writing = tokio::task::spawn_blocking(move || {
        while let Some(block) = blocks.blocking_recv() {
            arrival.write(&block)?;
        }
        Ok::<_, ServiceError>(arrival)
    });
    let received = pass_on(body, sender, bytes_max).await;
    // What the disk said comes first: it is why nothing more was taken.
    let arrival = writing.await.map_err(|error| ServiceError::failed(format!("receiving broke off: {error}")))??;
    received?;
    if arrival.n_bytes() == 0 {
        return Err(ServiceError::usage("body", "the body is empty; allowed: a file, as it is"));
    }
    Ok(arrival)
}

async fn pass_on(body: Body, sender: Sender<Bytes>, bytes_max: u64) -> Result<()> {
    let mut blocks = Blocks::of(body, bytes_max);
    loop {
        let block = match blocks.next().await {
            Ok(Some(block)) => block,
            Ok(None) => return Ok(()),
            Err(error) => return Err(blocks.drained(error).await),
        };
        if sender.send(block).await.is_err() {
            // The disk has said why.
            return Err(blocks.drained(ServiceError::failed("the file could not be kept")).await);
        }
    }
}

/// A file that is small enough to be held, as the body of a request.
pub(super) async fn read_file(shop: &ServedShop, request: Request, bytes_max: u64) -> Result<Vec<u8>> {
    let (parts, body) = request.into_parts();
    let mut blocks = Blocks::of(body, bytes_max);
    let _place = match place(shop).and_then(|place| check_length(&parts.headers, bytes_max).map(|()| place)) {
        Ok(place) => place,
        Err(error) => return Err(blocks.drained(error).await),
    };
    let mut bytes = Vec::new();
    loop {
        match blocks.next().await {
            Ok(Some(block)) => bytes.extend_from_slice(&block),
            Ok(None) => return Ok(bytes),
            Err(error) => return Err(blocks.drained(error).await),
        }
    }
}

fn place(shop: &ServedShop) -> Result<SemaphorePermit<'_>> {
    shop.receiving.try_acquire().map_err(|_| {
        ServiceError::new(Kind::TooMany, "uploads", "other files are being received")
            .help("send few at a time, and this one when another has arrived")
    })
}

/// A body, block by block, within a limit and without long silence.
struct Blocks {
    body: Pin<Box<BodyDataStream>>,
    n_bytes: u64,
    bytes_max: u64,
}

impl Blocks {
    fn of(body: Body, bytes_max: u64) -> Blocks {
        Blocks { body: Box::pin(body.into_data_stream()), n_bytes: 0, bytes_max }
    }

    async fn next(&mut self) -> Result<Option<Bytes>> {
        let next = std::future::poll_fn(|context| self.body.as_mut().poll_next(context));
        let Ok(next) = tokio::time::timeout(SILENCE_MAX, next).await else {
            let message = format!("nothing more of the file came for {} seconds", SILENCE_MAX.as_secs());
            return Err(ServiceError::new(Kind::Unavailable, "timeout", message).help("send it again"));
        };
        let Some(block) = next.transpose().map_err(|error| {
            let message = format!("the file broke off after {} bytes: {error}", self.n_bytes);
            ServiceError::usage("body", message).help("send it again")
        })?
        else {
            return Ok(None);
        };
        self.n_bytes += block.len() as u64;
        if self.n_bytes > self.bytes_max {
            return Err(too_large(self.bytes_max));
        }
        Ok(Some(block))
    }

    /// Takes some of what is still sent and lets it go: who sends without listening would not hear why it is refused.
    async fn drained(mut self, error: ServiceError) -> ServiceError {
        let mut n_bytes = 0;
        while n_bytes < DRAINED_MAX {
            let next = std::future::poll_fn(|context| self.body.as_mut().poll_next(context));
            match tokio::time::timeout(DRAINED_SILENCE_MAX, next).await {
                Ok(Some(Ok(block))) => n_bytes += block.len(),
                _ => break,
            }
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_media(media: &str) -> Result<Option<&'static str>> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, media.parse().unwrap());
        format_of(None, &headers)
    }

    #[test]
    fn the_form_is_told_by_format_then_by_content_type() {
        assert_eq!(of_media("text/csv; charset=gbk").unwrap(), Some("csv"));
        assert_eq!(of_media("application/octet-stream").unwrap(), None);
        assert_eq!(format_of(None, &HeaderMap::new()).unwrap(), None);
        assert_eq!(format_of(Some("pdf"), &HeaderMap::new()).unwrap(), Some("pdf"));
        let refused = of_media("image/png").unwrap_err();
        assert!(refused.message.contains("image/png") && refused.help.unwrap().contains("csv|tsv"));
        assert!(format_of(Some("xls"), &HeaderMap::new()).unwrap_err().message.contains("parquet"));
    }

    #[test]
    fn a_name_tells_the_form() {
        for (said, format, name) in [
            (None, None, Some("upload")),
            (None, Some("csv"), Some("upload.csv")),
            (Some("a.csv"), Some("csv"), Some("a.csv")),
            (Some("a.csv.gz"), Some("csv"), Some("a.csv.gz")),
            (Some("a/b.htm"), Some("html"), Some("a/b.htm")),
            (Some("a"), Some("md"), Some("a.md")),
            (Some("a.csv"), Some("txt"), Some("a.csv")),
            (Some("a.tar"), None, None),
            (Some("a"), Some(TAR), None),
        ] {
            assert_eq!(name_of(said, format).unwrap().as_deref(), name, "{said:?} {format:?}");
        }
        assert!(name_of(Some("a\nb"), None).is_err());
    }
}
