//! `/v1/curated`: questions that people of the shop have answered, which customer service gives first; and `/v1/assist/try`, a
//! turn without a conversation, for those who look after them.

use std::collections::BTreeMap;

use assist::Dialogue;
use axum::Json;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::runtime::Handle;
use utoipa::{IntoParams, ToSchema};

use super::access::Manage;
use super::chat::{checked_message, lang_of};
use super::error::ErrorBody;
use super::input::{self, Body, Id, Params, check_id, check_limit, check_offset, check_text};
use crate::auth::keys::digest;
use crate::clock;
use crate::error::{Kind, Result, ServiceError, clipped};
use crate::serving::{ANSWERS, CuratedRow, Said, ServedShop, curated_rows, off_thread};

const QUESTION_CHARS_MAX: usize = 500;
const ANSWER_CHARS_MAX: usize = 8_000;
const VARIANTS_MAX: usize = 100;
/// Rows of one file.
const ROWS_MAX: usize = 2_000;
const REJECTED_SHOWN: usize = 50;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CuratedParams {
    /// Stands in a question, a variant or an answer.
    #[param(max_length = 200, pattern = r"^[^\x00]*$")]
    query: Option<String>,
    #[param(maximum = 100_000)]
    offset: Option<usize>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct CuratedView {
    answer_id: String,
    question: String,
    variants: Vec<String>,
    answer_zh: String,
    answer_en: String,
    is_on: bool,
    /// How often it was given.
    n_used: u64,
    /// UTC milliseconds; absent once the change has moved into the table.
    updated_at: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct CuratedPage {
    items: Vec<CuratedView>,
    total: usize,
}

/// A variant of a question.
#[derive(ToSchema)]
#[schema(min_length = 1, max_length = 500)]
#[allow(dead_code, reason = "only described")]
pub struct QuestionVariant(String);

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CuratedBody {
    #[schema(min_length = 1, max_length = 500, pattern = r"^[^\x00]*$")]
    question: String,
    /// Other ways to ask the same, in any language.
    #[schema(max_items = 100, value_type = Option<Vec<QuestionVariant>>)]
    variants: Option<Vec<String>>,
    /// At least one of the two answers.
    #[schema(max_length = 8000, pattern = r"^[^\x00]*$")]
    answer_zh: Option<String>,
    #[schema(max_length = 8000, pattern = r"^[^\x00]*$")]
    answer_en: Option<String>,
    /// Whether it is given; yes if absent.
    is_on: Option<bool>,
}

#[derive(Serialize, ToSchema)]
pub struct CuratedImported {
    n_added: usize,
    n_changed: usize,
    n_rejected: usize,
    /// The first of them.
    rejected: Vec<RejectedAnswer>,
}

#[derive(Serialize, ToSchema)]
pub struct RejectedAnswer {
    /// Row of the file, from 1.
    row: usize,
    reason: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TryBody {
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    customer_id: Option<String>,
    #[schema(pattern = "^(zh|en)$")]
    lang: Option<String>,
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    page_product_id: Option<String>,
    /// As the turn before answered it.
    #[schema(value_type = Option<Object>)]
    dialogue: Option<Value>,
}

#[derive(Serialize, ToSchema)]
pub struct TryAnswer {
    /// reply, action, understood, trace.
    #[schema(value_type = Object)]
    turn: Value,
    /// To be sent with the next message.
    #[schema(value_type = Object)]
    dialogue: Value,
}

/// Curated answers, by id.
#[utoipa::path(get, path = "/v1/curated", tag = "knowledge", params(CuratedParams), responses((status = 200, body = CuratedPage), (status = "4XX", body = ErrorBody)))]
pub async fn list_curated(Manage(caller): Manage, Params(params): Params<CuratedParams>) -> Result<Json<CuratedPage>> {
    let (offset, limit) = (check_offset(params.offset)?, check_limit("limit", params.limit, 50)?);
    let query = params.query.unwrap_or_default().to_lowercase();
    check_text("query", &query, 200)?;
    let rows = curated_rows(&caller.shop.shop, &caller.shop.store).await?;
    let uses: BTreeMap<String, u64> = caller.shop.shop.state()?.answer_uses()?.into_iter().collect();
    let has = |text: &str| text.to_lowercase().contains(&query);
    let is_meant = |row: &CuratedRow| {
        let texts = [&row.question, &row.answer].into_iter().chain(&row.answer_en).chain(&row.variants);
        query.is_empty() || row.answer_id.to_lowercase() == query || texts.into_iter().any(|text| has(text))
    };
    let meant: Vec<(CuratedRow, Option<i64>)> = rows.into_iter().filter(|(row, _)| is_meant(row)).collect();
    let total = meant.len();
    let view = |(row, updated_at): (CuratedRow, Option<i64>)| CuratedView {
        n_used: uses.get(&row.answer_id).copied().unwrap_or(0),
        answer_id: row.answer_id,
        question: row.question,
        variants: row.variants,
        answer_zh: row.answer,
        answer_en: row.answer_en.unwrap_or_default(),
        is_on: row.is_on.unwrap_or(true),
        updated_at,
    };
    Ok(Json(CuratedPage { items: meant.into_iter().skip(offset).take(limit).map(view).collect(), total }))
}

fn checked(id: &str, body: CuratedBody) -> Result<CuratedRow> {
    let question = body.question.trim().to_owned();
    check_text("question", &question, QUESTION_CHARS_MAX)?;
    let variants: Vec<String> = body.variants.unwrap_or_default().iter().map(|text| text.trim().to_owned()).collect();
    let text = |name: &str, text: Option<String>| -> Result<String> {
        let text = text.unwrap_or_default();
        check_text(name, &text, ANSWER_CHARS_MAX).map(|()| text)
    };
    let (answer_zh, answer_en) = (text("answer_zh", body.answer_zh)?, text("answer_en", body.answer_en)?);
    variants.iter().try_for_each(|variant| check_text("a variant", variant, QUESTION_CHARS_MAX))?;
    if question.is_empty() || variants.iter().any(String::is_empty) || variants.len() > VARIANTS_MAX {
        let message = format!(
            "the question or a variant is empty, or there are {} variants; allowed: texts, at most {VARIANTS_MAX}",
            variants.len()
        );
        return Err(ServiceError::usage("question", message));
    }
    if answer_zh.trim().is_empty() && answer_en.trim().is_empty() {
        return Err(ServiceError::usage("answer", "both answers are empty; allowed: answer_zh, answer_en or both"));
    }
    Ok(CuratedRow {
        answer_id: id.to_owned(),
        question,
        variants,
        answer: answer_zh,
        answer_en: Some(answer_en).filter(|text| !text.trim().is_empty()),
        is_on: Some(body.is_on.unwrap_or(true)),
        ..CuratedRow::default()
    })
}

async fn put(shop: &std::sync::Arc<ServedShop>, rows: Vec<(String, Option<CuratedRow>)>) -> Result<()> {
    let own = shop.clone();
    off_thread(move || {
        for (id, row) in rows {
            let body = row.map(|row| serde_json::to_string(&row)).transpose()?;
            own.store.put_overlay(ANSWERS, &id, body, clock::now().0)?;
        }
        Ok(())
    })
    .await?;
    shop.service.answers_changed();
    // It is given from the next message on.
    shop.made_assistant().await.map(drop)
}

/// Adds or replaces a curated answer; it is given from the next message on.
#[utoipa::path(put, path = "/v1/curated/{id}", tag = "knowledge", request_body = CuratedBody, params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn put_curated(Manage(caller): Manage, Id(id): Id, Body(body): Body<CuratedBody>) -> Result<StatusCode> {
    let row = checked(&id, body)?;
    put(&caller.shop, vec![(id, Some(row))]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a curated answer.
#[utoipa::path(delete, path = "/v1/curated/{id}", tag = "knowledge", params(("id" = String, Path, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn delete_curated(Manage(caller): Manage, Id(id): Id) -> Result<StatusCode> {
    let rows = curated_rows(&caller.shop.shop, &caller.shop.store).await?;
    if !rows.iter().any(|(row, _)| row.answer_id == id) {
        return Err(ServiceError::not_found("curated answer", &id));
    }
    put(&caller.shop, vec![(id, None)]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds curated answers from CSV: question, answer and, if there is a third column, the answer in English. The same question
/// again replaces its answer.
#[utoipa::path(post, path = "/v1/curated/import", tag = "knowledge",
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = CuratedImported), (status = "4XX", body = ErrorBody)))]
pub async fn import_curated(Manage(caller): Manage, request: Request) -> Result<Json<CuratedImported>> {
    let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !media.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("text/csv") {
        let message = format!("the body's content type is '{}'; allowed: text/csv", clipped(media));
        return Err(ServiceError::new(Kind::UnsupportedMedia, "content_type", message)
            .help("send the header Content-Type: text/csv"));
    }
    let bytes = input::read_bytes(request, input::BODY_BYTES_MAX).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        ServiceError::usage("encoding", "the file is not UTF-8").help("or: tercet import FILE --as answers")
    })?;
    let known: std::collections::BTreeSet<String> =
        curated_rows(&caller.shop.shop, &caller.shop.store).await?.into_iter().map(|(row, _)| row.answer_id).collect();
    let mut imported = CuratedImported { n_added: 0, n_changed: 0, n_rejected: 0, rejected: Vec::new() };
    let mut rows = BTreeMap::new();
    for (cells, row) in csv_rows(text.trim_start_matches('\u{feff}')).zip(1..) {
        let is_head = row == 1 && cells.first().is_some_and(|cell| matches!(cell.trim(), "question" | "问题"));
        if is_head || cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        match row_of(cells) {
            Ok(_) if rows.len() >= ROWS_MAX => {
                let message = format!("the file has more than {ROWS_MAX} rows");
                return Err(
                    ServiceError::usage("rows", message).help("tercet import FILE --as answers takes any number")
                );
            }
            Ok(answer) => drop(rows.insert(answer.answer_id.clone(), Some(answer))),
            Err(error) => {
                imported.n_rejected += 1;
                if imported.rejected.len() < REJECTED_SHOWN {
                    imported.rejected.push(RejectedAnswer { row, reason: error.message });
                }
            }
        }
    }
    imported.n_changed = rows.keys().filter(|id| known.contains(*id)).count();
    imported.n_added = rows.len() - imported.n_changed;
    put(&caller.shop, rows.into_iter().collect()).await?;
    Ok(Json(imported))
}

fn row_of(cells: Vec<String>) -> Result<CuratedRow> {
    let mut cells = cells.into_iter();
    let question = cells.next().unwrap_or_default();
    let id = format!("csv-{}", &digest(question.trim())[..12]);
    let body = CuratedBody { question, variants: None, answer_zh: cells.next(), answer_en: cells.next(), is_on: None };
    checked(&id, body)
}

/// Rows of CSV (RFC 4180); a quote within quotes is doubled, and one that is never closed takes the rest.
fn csv_rows(text: &str) -> impl Iterator<Item = Vec<String>> {
    let mut letters = text.chars().peekable();
    std::iter::from_fn(move || {
        letters.peek()?;
        let (mut cells, mut cell, mut is_quoted) = (Vec::new(), String::new(), false);
        while let Some(letter) = letters.next() {
            match letter {
                '"' if is_quoted && letters.peek() == Some(&'"') => {
                    letters.next();
                    cell.push('"');
                }
                '"' if is_quoted => is_quoted = false,
                '"' if cell.is_empty() => is_quoted = true,
                ',' if !is_quoted => cells.push(std::mem::take(&mut cell)),
                '\n' if !is_quoted => break,
                '\r' if !is_quoted && letters.peek() == Some(&'\n') => {}
                letter => cell.push(letter),
            }
        }
        cells.push(cell);
        Some(cells)
    })
}

/// One turn of customer service without a conversation: nothing is kept.
#[utoipa::path(post, path = "/v1/assist/try", tag = "knowledge", request_body = TryBody,
    responses((status = 200, body = TryAnswer), (status = "4XX", body = ErrorBody)))]
pub async fn try_turn(Manage(caller): Manage, Body(body): Body<TryBody>) -> Result<Json<TryAnswer>> {
    let text = checked_message(&body.text)?;
    let page_lang = lang_of(body.lang.as_deref())?;
    for (name, id) in [("customer_id", &body.customer_id), ("page_product_id", &body.page_product_id)] {
        id.as_deref().map_or(Ok(()), |id| check_id(name, id))?;
    }
    let mut dialogue: Dialogue = match body.dialogue {
        None | Some(Value::Null) => Dialogue::default(),
        Some(given) => serde_json::from_value(given).map_err(input::not_json)?,
    };
    let ready = caller.shop.assistant().await?;
    let runtime = Handle::current();
    off_thread(move || {
        let said = Said {
            text: &text,
            at: clock::now(),
            customer_id: body.customer_id.as_deref(),
            page_product_id: body.page_product_id.as_deref(),
            page_lang,
            memory: &[],
        };
        let turn = caller.shop.turn(&ready, &said, &mut dialogue, &runtime);
        Ok(Json(TryAnswer { turn: serde_json::to_value(turn)?, dialogue: serde_json::to_value(dialogue)? }))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_read_as_spreadsheets_write_it() {
        let rows = |text: &str| csv_rows(text).collect::<Vec<_>>();
        assert_eq!(rows("a,b\r\n\"x \"\"y\"\"\nz\",\"1,2\"\n"), [vec!["a", "b"], vec!["x \"y\"\nz", "1,2"]]);
        assert_eq!(rows("a"), [vec!["a"]]);
        assert_eq!(rows("\"open"), [vec!["open"]]);
        assert_eq!(rows("a,,\n"), [vec!["a", "", ""]]);
        assert!(rows("").is_empty());
    }

    #[test]
    fn rows_are_checked() {
        assert_eq!(row_of(vec!["怎么退货".into(), "七天内".into()]).unwrap().answer_en, None);
        for cells in
            [vec![], vec!["".to_owned(), "x".to_owned()], vec!["x".to_owned()], vec!["x".repeat(501), "y".to_owned()]]
        {
            assert!(row_of(cells).is_err());
        }
    }
}
