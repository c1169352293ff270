//! `/v1/knowledge`: documents that customer service cites, as people look after them: listed, uploaded, compared with what they
//! were, retired, put back. Whatever is changed is found and cited from the next question on.

use std::sync::Arc;

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::Manage;
use super::error::ErrorBody;
use super::import::read_file;
use super::input::{Body, Id, PageParams, Params, check_id, check_limit, check_name, check_offset, check_text};
use crate::error::{Kind, Result, ServiceError, clipped};
use crate::flows::knowledge::{
    self, DocumentPut, DocumentQuery, DocumentRow, DocumentView, LANGS, SORTS, VersionChanges,
};
use crate::serving::{ServedShop, off_thread};

/// Largest file of a document; those of text are refused beyond 16 MiB.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// What is told as the origin of changes made here.
const ORIGIN: &str = "console";

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct KnowledgeParams {
    /// Stands in id, title, source or text.
    #[param(max_length = 200, pattern = r"^[^\x00]*$")]
    query: Option<String>,
    /// on or retired; both if absent.
    #[param(pattern = "^(on|retired)$")]
    state: Option<String>,
    /// zh, en, mixed or other.
    #[param(pattern = "^(zh|en|mixed|other)$")]
    lang: Option<String>,
    /// changed, title or id; changed if absent.
    #[param(pattern = "^(changed|title|id)$")]
    sort: Option<String>,
    #[param(maximum = 100_000)]
    offset: Option<usize>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct KnowledgePage {
    items: Vec<DocumentRow>,
    total: usize,
    /// Of what was asked for, whatever state.
    n_on: usize,
    n_retired: usize,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DocumentParams {
    /// The file's name, with its ending; its id too unless `document_id` or the document says another.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    name: String,
    /// The document whose new version it is.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    document_id: Option<String>,
    /// In place of the document's own.
    #[param(min_length = 1, max_length = 500, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    title: Option<String>,
    /// Products it is about, between commas; in place of the document's own.
    #[param(max_length = 4000, pattern = r"^[^\x00]*$")]
    product_ids: Option<String>,
    /// Of a file of text: utf-8, gbk …; found out if absent.
    #[param(max_length = 40)]
    encoding: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreBody {
    #[schema(minimum = 1)]
    number: i64,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RetireParams {
    /// Whether its versions go too, so that nothing is left to put back.
    forget: Option<bool>,
}

/// Documents, those changed last first.
#[utoipa::path(get, path = "/v1/knowledge", tag = "knowledge", params(KnowledgeParams), responses((status = 200, body = KnowledgePage), (status = "4XX", body = ErrorBody)))]
pub async fn list_documents(
    Manage(caller): Manage,
    Params(params): Params<KnowledgeParams>,
) -> Result<Json<KnowledgePage>> {
    let query = DocumentQuery {
        text: params.query.unwrap_or_default(),
        state: one_of("state", params.state, &["on", "retired"])?,
        lang: one_of("lang", params.lang, &LANGS)?,
        sort: one_of("sort", params.sort, &SORTS)?.unwrap_or_else(|| "changed".to_owned()),
        offset: check_offset(params.offset)?,
        limit: check_limit("limit", params.limit, 50)?,
    };
    check_text("query", &query.text, 200)?;
    let ready = caller.shop.made_assistant().await?;
    off_thread(move || {
        let page = knowledge::list(&caller.shop.shop, ready.library.knowledge.documents(), &query)?;
        let knowledge::DocumentPage { items, total, n_on, n_retired } = page;
        Ok(Json(KnowledgePage { items, total, n_on, n_retired }))
    })
    .await
}

fn one_of(name: &str, said: Option<String>, allowed: &[&str]) -> Result<Option<String>> {
    match said {
        Some(said) if !allowed.contains(&said.as_str()) => {
            let message = format!("{name} is '{}'; allowed: {}", clipped(&said), allowed.join(", "));
            Err(ServiceError::new(Kind::Usage, "query", message))
        }
        said => Ok(said),
    }
}

/// Adds a document, or a new version of one, from a file: Markdown, HTML, PDF, DOCX or plain text, as it is. It is found and cited
/// from the next question on.
#[utoipa::path(post, path = "/v1/knowledge", tag = "knowledge", params(DocumentParams),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, body = DocumentPut), (status = "4XX", body = ErrorBody)))]
pub async fn put_document(
    Manage(caller): Manage,
    Params(params): Params<DocumentParams>,
    request: Request,
) -> Result<Json<DocumentPut>> {
    let DocumentParams { name, document_id, title, product_ids, encoding } = params;
    check_id("name", &name)?;
    document_id.as_deref().map_or(Ok(()), |id| check_id("document_id", id))?;
    title.as_deref().map_or(Ok(()), |title| check_name("title", title, 500))?;
    let products: Option<Vec<String>> = product_ids
        .map(|ids| ids.split([',', '，']).map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect());
    products.iter().flatten().try_for_each(|id| check_id("an id of product_ids", id))?;
    let shop = caller.shop;
    let bytes = read_file(&shop, request, FILE_BYTES_MAX).await?;
    changed(&shop, move |shop| {
        let read = data::sources::read_document(&name, &bytes, encoding.as_deref());
        let mut document = read.map_err(|reason| {
            ServiceError::usage("document", format!("{}: {reason}", clipped(&name)))
                .help("questions with answers (CSV) go to POST /v1/import/answers")
        })?;
        if let Some(id) = document_id {
            document.document_id = id;
        }
        if let Some(title) = title {
            document.title = title;
        }
        if let Some(products) = products {
            document.product_ids = products;
        }
        knowledge::put(&shop.shop, &document, ORIGIN)
    })
    .await
    .map(Json)
}

/// A document with its log, and a page of the pieces that are found and cited. One that was retired is as it was last.
#[utoipa::path(get, path = "/v1/knowledge/{id}", tag = "knowledge", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), PageParams),
    responses((status = 200, body = DocumentView), (status = "4XX", body = ErrorBody)))]
pub async fn get_document(
    Manage(caller): Manage,
    Id(id): Id,
    Params(page): Params<PageParams>,
) -> Result<Json<DocumentView>> {
    let (offset, limit) = page.checked()?;
    off_thread(move || knowledge::look(&caller.shop.shop, &id, offset, limit).map(Json)).await
}

/// What a version changed against the one before it, piece by piece.
#[utoipa::path(get, path = "/v1/knowledge/{id}/versions/{number}", tag = "knowledge", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), ("number" = i64, Path, minimum = 1)),
    responses((status = 200, body = VersionChanges), (status = "4XX", body = ErrorBody)))]
pub async fn get_version(
    Manage(caller): Manage,
    super::input::Ids(id, number): super::input::Ids,
) -> Result<Json<VersionChanges>> {
    let number = number.parse::<i64>().map_err(|_| {
        ServiceError::usage("number", format!("the version is '{}'; allowed: a number from 1 on", clipped(&number)))
    })?;
    off_thread(move || knowledge::changes(&caller.shop.shop, &id, number).map(Json)).await
}

/// Puts an earlier version back, as a new version; also of a document that was retired.
#[utoipa::path(post, path = "/v1/knowledge/{id}/restore", tag = "knowledge", request_body = RestoreBody, params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 200, body = DocumentPut), (status = "4XX", body = ErrorBody)))]
pub async fn restore_document(
    Manage(caller): Manage,
    Id(id): Id,
    Body(body): Body<RestoreBody>,
) -> Result<Json<DocumentPut>> {
    changed(&caller.shop, move |shop| knowledge::restore(&shop.shop, &id, body.number)).await.map(Json)
}

/// Retires a document: nothing is answered from it any more. Its versions stay and can be put back, unless `forget` is true.
#[utoipa::path(delete, path = "/v1/knowledge/{id}", tag = "knowledge", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"), RetireParams),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn retire_document(
    Manage(caller): Manage,
    Id(id): Id,
    Params(params): Params<RetireParams>,
) -> Result<StatusCode> {
    changed(&caller.shop, move |shop| {
        let retired = knowledge::retire(&shop.shop, &id, ORIGIN);
        if params.forget != Some(true) {
            return retired;
        }
        let n_forgotten = shop.shop.state()?.forget_document(&id)?;
        // Also what was retired before.
        retired.or_else(|error| if n_forgotten > 0 { Ok(()) } else { Err(error) })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes documents and has search and customer service follow before it returns.
async fn changed<T: Send + 'static>(
    shop: &Arc<ServedShop>,
    change: impl FnOnce(&ServedShop) -> Result<T> + Send + 'static,
) -> Result<T> {
    let own = shop.clone();
    // To its end even if whoever asked goes away.
    let done = crate::background::spawn(async move {
        let changing = own.clone();
        let done = off_thread(move || change(&changing)).await?;
        own.made_assistant().await?;
        own.follow_once().await?;
        Ok(done)
    });
    done.await.map_err(|error| ServiceError::failed(format!("the change broke off: {error}")))?
}
