//! `tercet lab`: cards, and runs of them on plain files.

use std::path::Path;

use serde_json::Value;
use service::lab::{self, LabRequest};
use service::{Result, ServiceError};

use crate::args::{Lab, LabOptions};
use crate::print::{self, Progress};

pub fn run(asked: Lab, as_json: bool) -> Result<()> {
    let request = match asked {
        Lab::List => return list(as_json),
        Lab::Show { card } => return show(&card, as_json),
        Lab::Run { card, input, options } => LabRequest { train: input, ..request(card, options) },
        Lab::Evaluate { card, train, test, k, options } => {
            LabRequest { train, test: Some(test), k, ..request(card, options) }
        }
    };
    let bar = Progress::new(as_json);
    let answer = lab::run(&request, &|share| bar.report(share, &request.card)).map_err(failed)?;
    drop(bar);
    if as_json {
        print::json(&answer);
        return Ok(());
    }
    let seconds = |name: &str| format!("{:.2}", answer[name].as_f64().unwrap_or(0.0));
    print::line(&format!(
        "{}: fitted in {} s ({} CPU s), loaded in {} s",
        request.card,
        seconds("fit_seconds"),
        seconds("fit_cpu_seconds"),
        seconds("load_seconds")
    ));
    if !answer["result"]["support"].is_null() {
        tell_decision(&answer["result"]);
        return Ok(());
    }
    let rows: Vec<Vec<String>> = answer["result"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_array())
        .map(|(name, value)| vec![name.clone(), figure(name, value)])
        .collect();
    print::table(&["figure", "value"], &rows);
    if let Some(groups) = answer["result"]["groups"].as_array() {
        print_groups(groups);
    }
    Ok(())
}

/// Rows of a table that are printed; the whole is in `--json` and `--output`.
const ROWS_PRINTED: usize = 40;

/// A model's answer: what it says, how sure it is, what speaks against it and what would change it.
fn tell_decision(result: &Value) {
    let sentence = |text: &Value| text["en"].as_str().unwrap_or_default().to_owned();
    let support = &result["support"];
    let (verdict, n) = (support["verdict"].as_str().unwrap_or_default(), support["n"].as_u64().unwrap_or(0));
    if result["summary"].is_null() {
        print::line("no answer:");
    } else {
        print::line(&format!("{}\n", sentence(&result["summary"])));
    }
    print::line(&format!("support: {verdict}, {} rows", print::count(n)));
    let each = |name: &str| result[name].as_array().into_iter().flatten();
    each("caveats").for_each(|caveat| print::line(&format!("but: {}", sentence(&caveat["text"]))));
    each("would_change").for_each(|text| print::line(&format!("what would change it: {}", sentence(text))));
    let mut figures = Vec::new();
    for name in each("figures").filter_map(Value::as_str) {
        for (place, said) in [("values", ""), ("baselines", "baseline")] {
            let row = result[place].get(name).map(|estimate| estimated(name, estimate, said));
            figures.extend(row.filter(|row| !figures.contains(row)));
        }
    }
    if !figures.is_empty() {
        print::line("");
        print::table(&["figure", "value", "low", "high", "level", ""], &figures);
    }
    for table in each("tables") {
        print::line(&format!("\n{}", sentence(&table["title"])));
        print_columns(&table["columns"]);
    }
}

fn estimated(name: &str, estimate: &Value, said: &str) -> Vec<String> {
    let number = |name: &str| estimate[name].as_f64().map_or_else(String::new, |value| print::number(value, 5));
    let is_exact = estimate["level"].as_f64() == Some(1.0);
    let interval = |name: &str| if is_exact { String::new() } else { number(name) };
    let level = if is_exact { String::new() } else { estimate["level"].to_string() };
    vec![name.to_owned(), number("value"), interval("low"), interval("high"), level, said.to_owned()]
}

/// `[{"name", "values"}, …]` as a table.
fn print_columns(columns: &Value) {
    let columns: Vec<(&str, &Vec<Value>)> = columns
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|column| Some((column["name"].as_str()?, column["values"].as_array()?)))
        .collect();
    let n_rows = columns.first().map_or(0, |(_, values)| values.len());
    let cell = |value: &Value| match value.as_f64() {
        Some(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        Some(number) => print::number(number, 4),
        None => value.as_str().unwrap_or_default().to_owned(),
    };
    let row = |at: usize| columns.iter().map(|(_, values)| cell(&values[at])).collect();
    let header: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    print::table(&header, &(0..n_rows.min(ROWS_PRINTED)).map(row).collect::<Vec<_>>());
    if n_rows > ROWS_PRINTED {
        print::line(&format!("… {} rows more: --output FILE.csv writes them all", n_rows - ROWS_PRINTED));
    }
}

/// What is typical of each group: one column a group, one row a column of the table.
fn print_groups(groups: &[Value]) {
    let names: Vec<&String> =
        groups.first().and_then(|group| group.as_object()).map(|group| group.keys().collect()).unwrap_or_default();
    let said = |value: &Value| match value.as_f64() {
        Some(number) if number.fract() != 0.0 => format!("{number:.2}"),
        Some(number) => format!("{number}"),
        None => value.as_str().unwrap_or_default().to_owned(),
    };
    let row = |name: &&String| {
        [vec![(*name).clone()], groups.iter().map(|group| said(&group[name.as_str()])).collect()].concat()
    };
    let header: Vec<String> = groups.iter().map(|group| format!("group {}", said(&group["label"]))).collect();
    let header: Vec<&str> = std::iter::once("").chain(header.iter().map(String::as_str)).collect();
    print::line("");
    print::table(&header, &names.iter().filter(|name| name.as_str() != "label").map(row).collect::<Vec<_>>());
}

/// Counts whole, everything else with five digits.
fn figure(name: &str, value: &Value) -> String {
    match value.as_f64() {
        Some(number) if value.is_i64() || value.is_u64() || (name.starts_with("n_") && number.fract() == 0.0) => {
            format!("{number:.0}")
        }
        Some(number) => print::number(number, 5),
        None => value.to_string(),
    }
}

fn request(card: String, options: LabOptions) -> LabRequest {
    LabRequest {
        set: options.set,
        seed: options.seed,
        n_threads: usize::from(options.threads),
        output: options.output,
        top: options.top,
        users_max: options.users,
        weights: options.weights,
        prepare: options.prepare,
        items: options.items,
        preset: options.preset,
        ..LabRequest::new(&card, Path::new(""))
    }
}

fn failed(error: lab::LabFailure) -> ServiceError {
    use lab::LabFailure::{Input, NoItems, NoLists, NoRatings, NoTest, OneInput, Output, Settings, UnknownCard};
    match error {
        UnknownCard { .. } | Settings(_) => ServiceError::usage("lab", error.to_string())
            .help("tercet lab list names the cards, tercet lab show CARD its parameters"),
        NoLists { .. } => ServiceError::usage("lab", error.to_string())
            .help("a card that ranks, such as ials or item_knn, makes lists; tercet lab list names them"),
        NoItems | NoTest { .. } | OneInput { .. } | Input(_) | Output(_) | NoRatings { .. } => {
            ServiceError::usage("lab", error.to_string())
        }
        other => ServiceError::failed(other.to_string()),
    }
}

fn list(as_json: bool) -> Result<()> {
    if as_json {
        print::json(&serde_json::to_value(lab::cards())?);
        return Ok(());
    }
    let rows = |cards: &[&'static domain::Card]| -> Vec<Vec<String>> {
        cards.iter().map(|card| vec![card.name.into(), card.family.into(), card.sentence.into()]).collect()
    };
    print::table(&["card", "family", "what it does"], &rows(&lab::cards()));
    print::line("\nTerms of a list's score; a shop sets them in tercet.toml under [recommend.terms.NAME]:\n");
    print::table(&["term", "family", "what it does"], &rows(lab::term_cards()));
    Ok(())
}

/// `popularity` is an algorithm and a term: both are told, as JSON the algorithm.
fn show(name: &str, as_json: bool) -> Result<()> {
    let all: Vec<&domain::Card> = lab::cards().into_iter().chain(lab::term_cards().iter().copied()).collect();
    let first = lab::card(name, &all).map_err(failed)?;
    if as_json {
        print::json(&serde_json::to_value(first)?);
        return Ok(());
    }
    all.into_iter().filter(|card| card.name == name).for_each(tell);
    Ok(())
}

fn tell(card: &'static domain::Card) {
    print::line(&format!("{}: {}\ninput: {}\nsource: {}\n", card.name, card.sentence, card.input, card.source));
    let defaults = card.defaults();
    let row = |param: &domain::Param| {
        let default = defaults.get(param.name).map(ToString::to_string).unwrap_or_default();
        vec![param.name.into(), default, param.kind.allowed(), param.unit.into(), param.sentence.into()]
    };
    print::table(
        &["parameter", "default", "allowed", "unit", "meaning"],
        &card.params.iter().map(row).collect::<Vec<_>>(),
    );
    let columns = lab::columns_of(card.name);
    if !columns.is_empty() {
        print::line("");
        let rows = columns.iter().map(|(name, what)| vec![(*name).to_owned(), (*what).to_owned()]);
        print::table(&["column", "what it holds"], &rows.collect::<Vec<_>>());
    }
    print::line("");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn counts_are_whole() {
        for (name, value, text) in [
            ("n_users", json!(942.0), "942"),
            ("n_ratings", json!(20_000), "20000"),
            ("rmse", json!(1.0), "1.00000"),
            ("loss", json!(-0.000_001), "0.00000"),
            ("note", json!("x"), "\"x\""),
        ] {
            assert_eq!(figure(name, &value), text, "{name}");
        }
    }
}
