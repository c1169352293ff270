//! Questions in words about the shop's figures: read by `assist::questions`, run over the tables with limits of time and rows, and told with
//! a table, a sentence and the shape of a chart. Nothing here reads words or writes SQL; nothing that a person typed is run.

mod vocabulary;

use std::time::Duration;

use assist::questions::answer::{Cells, Figures, Row, figures};
use assist::questions::read::{Reading, nearest, read};
use assist::questions::sql::{Statement, statements};
use assist::questions::{Dimension, Measure, Question, Refusal, Source, Unit, say};
use assist::turn::Lang;
use data::Shop;
use domain::{Day, Millis};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::clock;
use crate::error::{Kind, Result, ServiceError, clipped};
use crate::flows::audience;
use crate::flows::rows;
use crate::flows::segment::Text;
use crate::store::Store;

/// How long the statements of one question may take.
const TIME_MAX: Duration = Duration::from_secs(30);
/// A shop whose data end no longer ago than this is asked as of today; one that has stopped, as of its last day.
const FRESH_DAYS: i32 = 7;

/// What is asked: words, or a question as it was understood before, changed.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub text: Option<String>,
    pub question: Option<Question>,
    /// What the words may follow.
    pub before: Option<Question>,
    /// The day that "last week" counts from.
    pub day: Option<Day>,
}

/// How far a question came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = QuestionOutcome)]
pub enum Outcome {
    /// Figures.
    Answered,
    /// It was not understood, or no table tells it.
    Unclear,
    /// It asks for what another page does.
    Elsewhere,
}

/// How figures are best drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AnswerChart)]
pub enum Chart {
    /// One figure.
    Figure,
    Line,
    /// A line for each label.
    Lines,
    Bars,
    None,
}

/// A part of a question as it was understood.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnderstoodPart {
    /// `measures`, `by`, `over`, `filters`, `period`, `compare`, `show`, `order` or `top`: the field of the question.
    pub part: String,
    /// Which of several.
    pub at: usize,
    pub text: Text,
}

/// Another question, ready to be asked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NearQuestion {
    pub text: Text,
    #[schema(value_type = Object)]
    pub question: Value,
}

/// A column of figures.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FigureColumn {
    pub name: String,
    pub title: Text,
    /// `money` (hundredths of the currency), `count`, `share` (of one) or `number`.
    pub unit: String,
}

/// A row of figures, one for each column.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FigureRow {
    /// Of what.
    pub label: Option<Text>,
    /// The value as the table has it; absent where it has none.
    pub raw: Option<String>,
    /// The first day of the span of time.
    pub at: Option<String>,
    pub span: Option<Text>,
    pub values: Vec<Option<f64>>,
    /// The same of the time it is held against; empty if it is held against none.
    pub before: Vec<Option<f64>>,
    /// Change of the first column against that, as a part of it.
    pub change: Option<f64>,
    /// The part of the whole that the first column is.
    pub share: Option<f64>,
}

/// Where a question leads that figures do not answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Elsewhere {
    pub goal: String,
    /// The console's page.
    pub page: String,
    pub command: String,
    pub address: String,
    pub text: Text,
    /// Titles of the day's decisions, where it asks for them.
    pub decisions: Vec<Text>,
}

/// What became of a question.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QuestionAnswer {
    pub outcome: Outcome,
    /// The question as it was understood: may be changed and sent again.
    #[schema(value_type = Option<Object>)]
    pub question: Option<Value>,
    /// The same part by part.
    pub understood: Vec<UnderstoodPart>,
    /// The same in one line.
    pub words: Option<Text>,
    /// Whether it changed the question before.
    pub follows: bool,
    /// What the reader should know: words read as others, what was assumed, what the figures leave out.
    pub notes: Vec<Text>,
    /// Words that were not understood.
    pub unread: Vec<String>,
    /// Why there are no figures.
    pub refusal: Option<Text>,
    pub nearest: Vec<NearQuestion>,
    pub elsewhere: Option<Elsewhere>,
    pub sentence: Option<Text>,
    pub chart: Chart,
    /// What the rows are of.
    pub heading: Option<Text>,
    pub columns: Vec<FigureColumn>,
    pub rows: Vec<FigureRow>,
    /// All rows together, counted by itself.
    pub whole: Option<FigureRow>,
    /// Rows beyond those shown.
    pub n_more: usize,
    /// The time it is held against, in words.
    pub compared: Option<Text>,
    /// What was run, as it was run.
    pub statements: Vec<String>,
    pub currency: String,
    /// The day that the words count from.
    pub day: String,
}

/// Everything that can be asked of which, for forms.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QuestionParts {
    pub measures: Vec<QuestionPart>,
    pub dimensions: Vec<QuestionPart>,
}

/// One measure or dimension.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QuestionPart {
    pub name: String,
    pub title: Text,
    /// Of a measure: what it can be told apart by.
    pub by: Vec<String>,
    /// Of a dimension: whether it is a span of time.
    pub is_time: bool,
}

fn both(say: impl Fn(Lang) -> String) -> Text {
    Text { zh: say(Lang::Zh), en: say(Lang::En) }
}

fn text(zh: impl Into<String>, en: impl Into<String>) -> Text {
    Text { zh: zh.into(), en: en.into() }
}

/// What can be asked.
pub fn parts() -> QuestionParts {
    let by = |measure: Measure| {
        let known = Dimension::ALL.iter().filter(|dimension| measure.source().has(**dimension));
        known.map(|dimension| dimension.name().to_owned()).collect()
    };
    let measures = Measure::ALL.iter().map(|measure| QuestionPart {
        name: measure.name().to_owned(),
        title: text(measure.name_zh(), measure.name_en()),
        by: by(*measure),
        is_time: false,
    });
    let dimensions = Dimension::ALL.iter().map(|dimension| QuestionPart {
        name: dimension.name().to_owned(),
        title: text(dimension.name_zh(), dimension.name_en()),
        by: Vec::new(),
        is_time: dimension.is_time(),
    });
    QuestionParts { measures: measures.collect(), dimensions: dimensions.collect() }
}

/// Answers a question. `now` decides what today is, unless the question says it or the shop's data ended a week ago.
///
/// # Errors
/// If neither words nor a question are there, the words are too many, or the statements take too long or fail.
pub async fn answer(shop: &Shop, store: &Store, asked: Asked, now: Millis) -> Result<QuestionAnswer> {
    let day = match asked.day {
        Some(day) => day,
        None => day_of(shop, now).await?,
    };
    let reading = match (&asked.text, asked.question) {
        (Some(text), _) => {
            let lexicon = vocabulary::of(shop).await?;
            read(text, &lexicon, day, asked.before.as_ref()).map_err(|n| refused(&Refusal::too_long(n)))?
        }
        (None, Some(question)) => {
            question.check().map_err(|refusal| refused(&refusal))?;
            Reading { question: Some(question), ..Reading::default() }
        }
        (None, None) => {
            return Err(ServiceError::usage("question", "there is neither 'text' nor 'question'; one is needed"));
        }
    };
    let mut made = told(shop, &reading, day);
    if let Some(goal) = reading.goal {
        made.outcome = Outcome::Elsewhere;
        made.elsewhere = Some(vocabulary::elsewhere(shop, store, goal));
        return Ok(made);
    }
    let refusal = refusal_of(&reading);
    match (&reading.question, refusal) {
        (Some(question), None) => run(shop, question, day, &mut made).await?,
        (_, refusal) => {
            made.refusal = refusal;
            made.nearest = nearest(&reading, day).iter().map(near).collect::<Result<_>>()?;
        }
    }
    Ok(made)
}

fn refused(refusal: &Refusal) -> ServiceError {
    ServiceError::usage("question", refusal.en.clone())
        .help("GET /v1/questions/parts names what can be asked; docs/questions.md tells how")
}

fn near(question: &Question) -> Result<NearQuestion> {
    Ok(NearQuestion { text: both(|lang| say::words(question, lang)), question: serde_json::to_value(question)? })
}

/// The day that questions count from.
async fn day_of(shop: &Shop, now: Millis) -> Result<Day> {
    let today = clock::day_of(now, &clock::zone(&shop.config().time_zone));
    let last = audience::present(shop).await?.day;
    Ok(if today.0 - last.0 > FRESH_DAYS { last } else { today })
}

/// Why what was read cannot be answered.
fn refusal_of(reading: &Reading) -> Option<Text> {
    if !reading.absent.is_empty() {
        let of = |pick: fn(&(&'static str, &'static str)) -> &'static str, between: &str| {
            reading.absent.iter().map(pick).collect::<Vec<_>>().join(between)
        };
        let (zh, en) = (of(|one| one.0, "、"), of(|one| one.1, ", "));
        return Some(text(format!("数据表里没有：{zh}"), format!("no table tells {en}")));
    }
    if !reading.unread.is_empty() {
        let words: Vec<String> = reading.unread.iter().map(|word| format!("“{}”", clipped(word))).collect();
        let (zh, en) = (words.join("、"), words.join(", "));
        return Some(text(format!("没有看懂：{zh}"), format!("not understood: {en}")));
    }
    match &reading.question {
        None => Some(text("没有看懂要问哪个指标", "it was not understood what figure is asked for")),
        Some(question) => question.check().err().map(|refusal| text(refusal.zh, refusal.en)),
    }
}

/// What there is to tell before anything was run.
fn told(shop: &Shop, reading: &Reading, day: Day) -> QuestionAnswer {
    let question = reading.question.as_ref();
    let part =
        |chip: say::Chip| UnderstoodPart { part: chip.part.to_owned(), at: chip.at, text: text(chip.zh, chip.en) };
    let mut notes: Vec<Text> = Vec::new();
    for (found, as_word) in &reading.mended {
        notes.push(text(format!("“{found}”按“{as_word}”理解"), format!("'{found}' was read as '{as_word}'")));
    }
    if reading.assumed_measure && question.is_some() {
        notes.push(text("没有说指标，按销售额回答", "no measure was named; this is revenue"));
    }
    if reading.assumed_period {
        notes.push(text("没有说时间，按常用的时间段回答", "no time was named; this is the usual one"));
    }
    QuestionAnswer {
        outcome: Outcome::Unclear,
        question: question.and_then(|question| serde_json::to_value(question).ok()),
        understood: question.map(say::chips).unwrap_or_default().into_iter().map(part).collect(),
        words: question.map(|question| both(|lang| say::words(question, lang))),
        follows: reading.follows,
        notes,
        unread: reading.unread.clone(),
        refusal: None,
        nearest: Vec::new(),
        elsewhere: None,
        sentence: None,
        chart: Chart::None,
        heading: None,
        columns: Vec::new(),
        rows: Vec::new(),
        whole: None,
        n_more: 0,
        compared: None,
        statements: Vec::new(),
        currency: shop.config().currency.clone(),
        day: day.to_string(),
    }
}

/// Runs what a question needs and puts it into the answer.
async fn run(shop: &Shop, question: &Question, day: Day, made: &mut QuestionAnswer) -> Result<()> {
    let all = statements(question, day);
    made.statements = all.iter().map(|statement| statement.sql.clone()).collect();
    let running = async {
        let mut results = Vec::new();
        for statement in all {
            let cells = cells(shop, &statement).await?;
            results.push((statement.part, statement.measures, cells));
        }
        Ok::<_, ServiceError>(results)
    };
    let results = tokio::time::timeout(TIME_MAX, running).await.map_err(|_| {
        ServiceError::new(
            Kind::Unavailable,
            "question_time",
            format!("the question took longer than {} s", TIME_MAX.as_secs()),
        )
        .help("ask of a shorter time, or of fewer things")
    })??;
    let found = figures(question, &results);
    made.outcome = Outcome::Answered;
    made.notes.extend(notes(shop, question, &found).await?);
    put(question, found, made);
    Ok(())
}

async fn cells(shop: &Shop, statement: &Statement) -> Result<Vec<Cells>> {
    let is_row = |name: &str| statement.sql.contains(&format!(" as {name}"));
    let (has_label, has_at) = (is_row("label"), is_row("at"));
    let found = rows::query_rows(shop, &statement.sql).await?;
    let value = |row: &serde_json::Map<String, Value>, name: &str| row.get(name).cloned().unwrap_or_default();
    let label = |found: Value| match found {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    Ok(found
        .iter()
        .map(|row| Cells {
            label: has_label.then(|| label(value(row, "label"))).flatten(),
            at: has_at.then(|| value(row, "at").as_str().and_then(|at| at.parse().ok())).flatten(),
            values: statement.measures.iter().map(|measure| value(row, measure.name()).as_f64()).collect(),
        })
        .collect())
}

/// What the figures leave out.
async fn notes(shop: &Shop, question: &Question, found: &Figures) -> Result<Vec<Text>> {
    let mut notes = Vec::new();
    let has = |wanted: &[Measure]| question.measures.iter().any(|measure| wanted.contains(measure));
    if question.measures.iter().any(|measure| measure.takes_costs()) {
        let sql = "select count(*) as n, count(cost_cents) as known from products";
        let counted = rows::query_rows(shop, sql).await?;
        let number = |name: &str| counted.first().and_then(|row| row.get(name)?.as_u64()).unwrap_or(0);
        let (n, known) = (number("n"), number("known"));
        if known < n {
            notes.push(text(
                format!("{n} 个商品中只有 {known} 个有成本价；毛利只算有成本价的"),
                format!("{known} of {n} products have a cost; margins count those alone"),
            ));
        }
        notes.push(text("按商品现在的成本价计算", "by the products' costs as they are now"));
    }
    if has(&[Measure::ReturnOnSpend]) {
        notes.push(text(
            "投入产出比：该渠道带来的订单销售额除以该渠道花费，不代表花费的因果效果",
            "revenue of the orders that came by a channel over its spend; that is not what the spend caused",
        ));
    }
    if has(&[Measure::Conversion, Measure::CartRate]) {
        notes.push(text(
            "同一时段内浏览过的客户中也下单（加购）的比例",
            "of the customers who looked at something, the part who bought (or put into the cart) in the same row",
        ));
    }
    for (sources, table, zh, en) in [
        (&[Source::Orders, Source::Returns][..], "orders", "这个店还没有订单（orders）", "this shop has no orders yet"),
        (&[Source::Events], "events", "这个店还没有行为数据（events）", "this shop has no events yet"),
        (&[Source::Reviews], "reviews", "这个店还没有评价（reviews）", "this shop has no reviews yet"),
        (
            &[Source::Spend, Source::Returns],
            "spend",
            "这个店还没有广告花费（spend）",
            "this shop has no advertising spend yet",
        ),
        (&[Source::Exposures], "exposures", "这个店还没有触达记录（exposures）", "this shop has contacted nobody yet"),
        (&[Source::Products], "products", "这个店还没有商品（products）", "this shop has no products yet"),
        (&[Source::Customers], "customers", "这个店还没有顾客（customers）", "this shop has no customers yet"),
    ] {
        if question.measures.iter().any(|measure| sources.contains(&measure.source())) {
            let counted = rows::query_rows(shop, &format!("select count(*) as n from {table}")).await?;
            if counted.first().and_then(|row| row.get("n")?.as_u64()) == Some(0) {
                notes.push(text(zh, en));
            }
        }
    }
    if found.n_more > 0 {
        notes.push(text(format!("另有 {} 行没有列出", found.n_more), format!("{} more are not shown", found.n_more)));
    }
    Ok(notes)
}

fn put(question: &Question, found: Figures, made: &mut QuestionAnswer) {
    let currency = made.currency.clone();
    made.sentence = Some(both(|lang| say::sentence(question, &found, &currency, lang)));
    made.chart = chart(question, &found);
    made.heading = question.by.or(question.over).map(|dimension| text(dimension.name_zh(), dimension.name_en()));
    let column = |measure: &Measure| FigureColumn {
        name: measure.name().to_owned(),
        title: text(measure.name_zh(), measure.name_en()),
        unit: match measure.unit() {
            Unit::Money => "money",
            Unit::Count => "count",
            Unit::Share => "share",
            Unit::Number => "number",
        }
        .to_owned(),
    };
    made.columns = question.measures.iter().map(column).collect();
    made.compared = question.other_period().map(|period| both(|lang| say::period(&period, lang)));
    let n_more = found.n_more;
    made.rows = found.rows.into_iter().map(|row| told_row(question, row)).collect();
    made.whole = found.whole.map(|row| FigureRow { label: None, ..told_row(question, row) });
    made.n_more = n_more;
}

fn told_row(question: &Question, row: Row) -> FigureRow {
    let label = question.by.map(|by| both(|lang| say::label(by, row.label.as_deref(), lang)));
    let span = question.over.zip(row.at).map(|(over, at)| both(|lang| say::span(over, at, lang)));
    FigureRow {
        label,
        raw: row.label,
        at: row.at.map(|at| at.to_string()),
        span,
        values: row.values,
        before: row.before,
        change: row.change,
        share: row.share,
    }
}

fn chart(question: &Question, found: &Figures) -> Chart {
    let n = found.rows.len();
    match (question.by, question.over) {
        (None, None) => Chart::Figure,
        _ if n == 0 => Chart::None,
        (Some(_), Some(_)) => Chart::Lines,
        (None, Some(_)) if question.order == assist::questions::Order::Natural && n > 2 => Chart::Line,
        _ if n > 1 => Chart::Bars,
        _ => Chart::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_is_known_by_something_or_stands_alone() {
        let parts = parts();
        assert_eq!(parts.measures.len(), Measure::ALL.len());
        for part in &parts.measures {
            assert!(!part.by.is_empty(), "{}", part.name);
            for by in &part.by {
                assert!(parts.dimensions.iter().any(|dimension| dimension.name == *by), "{by}");
            }
        }
    }
}
