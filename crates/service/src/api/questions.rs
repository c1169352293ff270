//! `/v1/questions`: figures asked for in words, or by a question that was understood before and changed.

use std::time::Duration;

use axum::Json;
use domain::Day;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::access::Manage;
use super::error::ErrorBody;
use super::input::SmallBody;
use crate::clock;
use crate::error::{Kind, Result, ServiceError, clipped};
use crate::questions::{self, Asked, QuestionAnswer, QuestionParts};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionBody {
    /// In Chinese or English.
    #[schema(max_length = 500)]
    text: Option<String>,
    /// Instead of words: `question` of an answer, changed.
    #[schema(value_type = Option<Object>)]
    question: Option<Value>,
    /// `question` of the answer before: words such as "and by brand?" change it.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// The day that "last week" counts from, as 2026-06-30; today if absent, or the last day of data that ended a week ago.
    #[schema(max_length = 10)]
    day: Option<String>,
}

impl QuestionBody {
    /// What was sent, read.
    ///
    /// # Errors
    /// If a question or the day is none.
    pub(crate) fn asked(self) -> Result<Asked> {
        let question = |name: &str, value: Option<Value>| {
            let read = |value: Value| {
                serde_json::from_value(value).map_err(|error| {
                    ServiceError::usage("question", format!("'{name}' is no question: {}", clipped(&error.to_string())))
                        .help("send 'question' of an answer, changed; GET /v1/questions/parts names what can be asked")
                })
            };
            value.filter(|value| !value.is_null()).map(read).transpose()
        };
        let day = |text: String| {
            text.parse::<Day>().map_err(|_| {
                ServiceError::usage("day", format!("day is '{}'; allowed: a day as 2026-06-30", clipped(&text)))
            })
        };
        Ok(Asked {
            text: self.text,
            question: question("question", self.question)?,
            before: question("before", self.before)?,
            day: self.day.map(day).transpose()?,
        })
    }
}

/// Answers a question about the shop's figures: how it was understood, a table, a sentence, and the statements that were run.
#[utoipa::path(post, path = "/v1/questions", tag = "questions", request_body = QuestionBody,
    responses((status = 200, body = QuestionAnswer), (status = "4XX", body = ErrorBody)))]
pub async fn ask_question(
    Manage(caller): Manage,
    SmallBody(body): SmallBody<QuestionBody>,
) -> Result<Json<QuestionAnswer>> {
    let shop = &caller.shop;
    Ok(Json(questions::answer(&shop.shop, &shop.store, body.asked()?, clock::now()).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementBody {
    /// One reading statement: select, with, explain, show tables.
    #[schema(max_length = 20_000)]
    statement: String,
    /// Rows at most, 1,000 if absent.
    #[schema(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct StatementRows {
    /// Objects whose keys are the columns; times in UTC.
    #[schema(value_type = Vec<Object>)]
    rows: Vec<Value>,
    /// Whether there are more.
    has_more: bool,
}

const STATEMENT_ROWS_MAX: usize = 1000;
const STATEMENT_CHARACTERS_MAX: usize = 20_000;
const STATEMENT_TIME_MAX: Duration = Duration::from_secs(30);

/// Runs one reading statement over the tables: at most a thousand rows, at most half a minute.
#[utoipa::path(post, path = "/v1/sql", tag = "questions", request_body = StatementBody,
    responses((status = 200, body = StatementRows), (status = "4XX", body = ErrorBody)))]
pub async fn run_statement(
    Manage(caller): Manage,
    SmallBody(body): SmallBody<StatementBody>,
) -> Result<Json<StatementRows>> {
    let limit = body.limit.unwrap_or(STATEMENT_ROWS_MAX);
    if !(1..=STATEMENT_ROWS_MAX).contains(&limit) {
        return Err(ServiceError::usage("limit", format!("limit is {limit}; allowed: 1 to {STATEMENT_ROWS_MAX}")));
    }
    let n = body.statement.chars().count();
    if n > STATEMENT_CHARACTERS_MAX {
        return Err(ServiceError::usage(
            "sql",
            format!("the statement has {n} characters; allowed: {STATEMENT_CHARACTERS_MAX}"),
        ));
    }
    let engine = caller.shop.shop.engine()?;
    let found = tokio::time::timeout(STATEMENT_TIME_MAX, engine.first(&body.statement, limit)).await;
    let (rows, has_more) = found.map_err(|_| {
        let message = format!("the statement took longer than {} s", STATEMENT_TIME_MAX.as_secs());
        ServiceError::new(Kind::Unavailable, "sql_time", message).help("ask of a shorter time, or of fewer rows")
    })??;
    Ok(Json(StatementRows { rows: rows.to_json()?, has_more }))
}

/// What can be asked of which.
#[utoipa::path(get, path = "/v1/questions/parts", tag = "questions",
    responses((status = 200, body = QuestionParts), (status = "4XX", body = ErrorBody)))]
pub async fn list_question_parts(Manage(_): Manage) -> Result<Json<QuestionParts>> {
    Ok(Json(questions::parts()))
}
