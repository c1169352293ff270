//! `question`: figures asked for in words, printed. Arguments and printing only.

use std::path::Path;

use data::Shop;
use domain::Day;
use service::flows::segment::Text;
use service::questions::{self, Asked, FigureColumn, FigureRow, Outcome, QuestionAnswer};
use service::store::Store;
use service::{Result, ServiceError, clock};

use crate::args::Question;
use crate::print;

pub async fn run(dir: &Path, asked: Question, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    let store = Store::of(&shop)?;
    let wrong = |text: &str| ServiceError::usage("day", format!("the day is '{text}'; allowed: a day as 2026-06-30"));
    let day = asked.day.map(|text| text.parse::<Day>().map_err(|_| wrong(&text))).transpose()?;
    let language = asked.lang.unwrap_or_else(|| shop.config().language.clone());
    let mut before = None;
    let mut all = Vec::new();
    for text in asked.texts {
        let one = Asked { text: Some(text), question: None, before: before.take(), day };
        let answer = questions::answer(&shop, &store, one, clock::now()).await?;
        before = answer.question.clone().map(serde_json::from_value).transpose()?;
        all.push(answer);
    }
    if as_json {
        print::json(&serde_json::json!({ "answers": all }));
        return Ok(());
    }
    for (at, answer) in all.iter().enumerate() {
        if at > 0 {
            print::line("");
        }
        print_answer(answer, &language, asked.sql);
    }
    Ok(())
}

fn said<'a>(text: &'a Text, language: &str) -> &'a str {
    if language == "zh" { &text.zh } else { &text.en }
}

fn print_answer(answer: &QuestionAnswer, language: &str, with_sql: bool) {
    let zh = language == "zh";
    if let Some(words) = &answer.words {
        print::line(&format!("{}{}", if zh { "理解为：" } else { "understood as: " }, said(words, language)));
    }
    for text in [&answer.refusal, &answer.sentence].into_iter().flatten() {
        print::line(said(text, language));
    }
    if let Some(elsewhere) = &answer.elsewhere {
        print::line(said(&elsewhere.text, language));
        elsewhere.decisions.iter().for_each(|title| print::line(&format!("  - {}", said(title, language))));
        print::line(&format!("→ {}", elsewhere.command));
    }
    if answer.outcome == Outcome::Answered && answer.heading.is_some() {
        print::line("");
        print_rows(answer, language);
    }
    for note in &answer.notes {
        print::line(&format!("  · {}", said(note, language)));
    }
    if !answer.nearest.is_empty() {
        print::line(if zh { "可以问：" } else { "what can be answered:" });
        answer.nearest.iter().for_each(|near| print::line(&format!("  - {}", said(&near.text, language))));
    }
    if with_sql {
        answer.statements.iter().for_each(|statement| print::line(&format!("\n{statement}")));
    }
}

fn print_rows(answer: &QuestionAnswer, language: &str) {
    let zh = language == "zh";
    let compared = answer.compared.is_some();
    let shares = answer.rows.iter().any(|row| row.share.is_some());
    let mut header: Vec<&str> = Vec::new();
    let has_label = answer.rows.iter().any(|row| row.label.is_some());
    let has_span = answer.rows.iter().any(|row| row.span.is_some());
    header.extend(has_label.then_some(""));
    header.extend(has_span.then_some(""));
    header.extend(answer.columns.iter().map(|column| said(&column.title, language)));
    header.extend(compared.then_some(if zh { "对比期" } else { "before" }));
    header.extend(compared.then_some(if zh { "变化" } else { "change" }));
    header.extend(shares.then_some(if zh { "占比" } else { "share" }));
    let rows: Vec<Vec<String>> = answer
        .rows
        .iter()
        .map(|row| {
            let mut cells = Vec::new();
            let text =
                |text: &Option<Text>| text.as_ref().map_or_else(String::new, |text| said(text, language).to_owned());
            cells.extend(has_label.then(|| text(&row.label)));
            cells.extend(has_span.then(|| text(&row.span)));
            cells.extend(figures(&answer.columns, row));
            if compared {
                let before = row.before.first().copied().flatten();
                cells.push(figure(before, &answer.columns[0].unit));
                cells.push(percent(row.change, true));
            }
            cells.extend(shares.then(|| percent(row.share, false)));
            cells
        })
        .collect();
    print::table(&header, &rows);
}

fn figures(columns: &[FigureColumn], row: &FigureRow) -> Vec<String> {
    columns.iter().zip(&row.values).map(|(column, value)| figure(*value, &column.unit)).collect()
}

fn figure(value: Option<f64>, unit: &str) -> String {
    let Some(value) = value else { return "–".to_owned() };
    match unit {
        "money" => format!("{:.2}", value / 100.0),
        "share" => percent(Some(value), false),
        "count" => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}

fn percent(value: Option<f64>, signed: bool) -> String {
    value.map_or_else(String::new, |value| {
        let sign = if signed && value > 0.0 { "+" } else { "" };
        format!("{sign}{:.1}%", 100.0 * value)
    })
}
