//! The lab's run of cards about customers that find no clusters: scores, retention and movement of a file of purchases,
//! look-alikes of a table with seeds, and the map of a matrix.

use std::collections::HashSet;
use std::io::BufRead;
use std::time::Instant;

use data::lab::points::{Numbers, Out, read_points, write_npy};
use data::lab::table::{Cells, is_table, write_table};
use data::lab::{open, read_purchases};
use domain::{Card, Day, Settings};
use segment::features::{Covariance, Pca, Preparation};
use segment::lookalike::{Audience, Likeness, Lookalike, LookalikeOptions, look_alike};
use segment::rfm::{Activity, Scores};
use segment::{Matrix, Points};
use serde_json::{Map, Value, json};

use super::cluster::{ROWS_SHOWN_MAX, write_matrix};
use super::mixed::Mixed;
use super::{LabFailure, LabRequest, answer};
use crate::flows::segment::activity::{Purchase, activities, cohorts, movement, scores};
use crate::usage::Usage;

/// Coefficients of a regression that are told, the largest.
const COEFFICIENTS_SHOWN: usize = 20;

pub(super) fn run(card: &'static Card, settings: &Settings, request: &LabRequest) -> Result<Value, LabFailure> {
    match card.name {
        "pca" => pca(card, settings, request),
        "lookalike" => lookalike(card, settings, request),
        _ => purchases(card, settings, request),
    }
}

/// A file of purchases, up to a day.
struct Read {
    customers: Vec<String>,
    purchases: Vec<Purchase>,
    as_of: Day,
}

impl Read {
    fn new(settings: &Settings, request: &LabRequest) -> Result<Read, LabFailure> {
        let names = ["customer", "day", "money"].map(|name| settings.text(name));
        let read = read_purchases(&request.train, names)?;
        let last = read.days.iter().map(|(_, day, _)| *day).max().unwrap_or_default();
        let as_of = match settings.text("as_of") {
            "" => last,
            text => text
                .parse()
                .map_err(|_| LabFailure::Input(format!("as_of is '{text}'; allowed: a day such as 2026-03-31")))?,
        };
        let kept = read.days.into_iter().filter(|(_, day, _)| *day <= as_of);
        let purchases = kept.map(|(customer, day, cents)| Purchase { customer, day, cents }).collect();
        Ok(Read { customers: read.customers, purchases, as_of })
    }
}

fn purchases(card: &'static Card, settings: &Settings, request: &LabRequest) -> Result<Value, LabFailure> {
    let loading = Instant::now();
    let read = Read::new(settings, request)?;
    let load_seconds = loading.elapsed().as_secs_f64();
    if card.name != "rfm" && request.output.is_some() {
        let message = format!("--output was given, but {} answers with counts alone; allowed: without it", card.name);
        return Err(LabFailure::Output(message));
    }
    let before = Usage::now();
    let mut result = match card.name {
        "rfm" => rfm(&read, request)?,
        "cohort" => fields(&cohorts(&read.purchases, read.as_of).map_err(said)?),
        _ => {
            let [dormant, months] = ["dormant_after_days", "n_months_max"].map(|name| settings.int(name) as i32);
            let moved = movement(&read.purchases, read.customers.len(), read.as_of, dormant, months);
            let moved = moved.map_err(said)?.ok_or_else(|| {
                let message = "movement is between the ends of two months that are over; the file reaches over fewer";
                LabFailure::Input(message.to_owned())
            })?;
            fields(&moved)
        }
    };
    let fitted = Usage::now().since(&before);
    result.insert("as_of".to_owned(), json!(read.as_of));
    result.insert("n_rows".to_owned(), json!(read.purchases.len()));
    Ok(answer(card, settings, request, load_seconds, &fitted, result))
}

fn said(error: crate::ServiceError) -> LabFailure {
    LabFailure::Input(error.to_string())
}

/// A value's fields as the result's.
fn fields(value: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn rfm(read: &Read, request: &LabRequest) -> Result<Map<String, Value>, LabFailure> {
    let activities = activities(&read.purchases, read.customers.len(), read.as_of);
    let found = scores(&activities);
    let (scores, counted, cuts) = found.ok_or_else(|| LabFailure::Input("nobody has bought anything".to_owned()))?;
    let group = |of: segment::rfm::GroupSummary| {
        json!({"label": of.group.key(), "name": of.name.en, "name_zh": of.name.zh, "n": of.n_customers,
            "customers_share": of.customers_share, "value_cents": of.value_cents, "value_share": of.value_share,
            "recency_days_mean": of.recency_days_mean, "n_days_mean": of.n_days_mean})
    };
    let mut result = Map::new();
    let (scores, activities) = (&scores, &activities);
    let scored = || scores.iter().enumerate().filter_map(move |(at, scores)| Some((at, (*scores)?, activities[at]?)));
    result.insert("n_customers".to_owned(), json!(scored().count()));
    result.insert("groups".to_owned(), counted.groups().into_iter().map(group).collect());
    let edges =
        json!({"recency_days": cuts.recency_days(), "n_days": cuts.frequency(), "cents": cuts.monetary_cents()});
    result.insert("edges".to_owned(), edges);
    match &request.output {
        Some(path) => write_scores(path, read, scored())?,
        None if scores.len() <= ROWS_SHOWN_MAX => {
            let row = |(at, scores, activity): (usize, Scores, Activity)| {
                json!({"customer": read.customers[at], "recency": scores.recency, "frequency": scores.frequency,
                    "monetary": scores.monetary, "group": scores.group().key(), "recency_days": activity.recency_days,
                    "n_days": activity.n_days, "cents": activity.monetary_cents})
            };
            result.insert("customers".to_owned(), scored().map(row).collect());
        }
        None => {}
    }
    Ok(result)
}

fn write_scores(
    path: &std::path::Path,
    read: &Read,
    scored: impl Iterator<Item = (usize, Scores, Activity)>,
) -> Result<(), LabFailure> {
    let rows: Vec<(usize, Scores, Activity)> = scored.collect();
    let column = |value: &dyn Fn(&(usize, Scores, Activity)) -> i64| rows.iter().map(value).collect::<Vec<i64>>();
    let columns = [
        ("recency_days", column(&|row| i64::from(row.2.recency_days))),
        ("n_days", column(&|row| i64::from(row.2.n_days))),
        ("cents", column(&|row| row.2.monetary_cents.0)),
        ("recency", column(&|row| i64::from(row.1.recency))),
        ("frequency", column(&|row| i64::from(row.1.frequency))),
        ("monetary", column(&|row| i64::from(row.1.monetary))),
    ];
    let mut table = vec![("customer", Cells::Text(rows.iter().map(|row| read.customers[row.0].as_str()).collect()))];
    table.extend(columns.iter().map(|(name, values)| (*name, Cells::I64(values))));
    table.push(("group", Cells::Text(rows.iter().map(|row| row.1.group().key()).collect())));
    Ok(write_table(path, &table)?)
}

fn lookalike(card: &'static Card, settings: &Settings, request: &LabRequest) -> Result<Value, LabFailure> {
    let loading = Instant::now();
    let mut table = Mixed::read(&request.train)?;
    let customers = named(&mut table, settings)?;
    let seeds = seeds(&mut table, &customers, settings.text("seed"))?;
    table.choose_columns()?;
    let preparation = Preparation::fit(table.table())?;
    let values: Vec<f32> = preparation.apply(table.table())?;
    let features = Points::new(&values, customers.len(), preparation.d())?;
    let load_seconds = loading.elapsed().as_secs_f64();
    let before = Usage::now();
    let audience = Audience { n_customers: customers.len(), seeds: &seeds, histories: None, features: Some(features) };
    let found = look_alike(&audience, &LookalikeOptions::of(settings, request.seed, request.n_threads))?;
    let fitted = Usage::now().since(&before);
    let mut result = Map::new();
    result.insert("n_customers".to_owned(), json!(customers.len()));
    result.insert("n_seeds".to_owned(), json!(seeds.len()));
    tell(&found, &preparation, &mut result);
    let ranked = &found.ranked[..request.top.unwrap_or(found.ranked.len()).min(found.ranked.len())];
    match &request.output {
        Some(path) => {
            let places: Vec<i64> = (1..=ranked.len() as i64).collect();
            let scores: Vec<f64> = ranked.iter().map(|one| one.score).collect();
            let who = ranked.iter().map(|one| customers[one.row as usize].as_str()).collect();
            let columns =
                [("customer", Cells::Text(who)), ("rank", Cells::I64(&places)), ("score", Cells::F64(&scores))];
            write_table(path, &columns)?;
        }
        None if ranked.len() <= ROWS_SHOWN_MAX => {
            let row =
                |one: &segment::lookalike::Ranked| json!({"customer": customers[one.row as usize], "score": one.score});
            result.insert("ranked".to_owned(), ranked.iter().map(row).collect());
        }
        None => {}
    }
    Ok(answer(card, settings, request, load_seconds, &fitted, result))
}

/// The customers' names: a column, taken from the table, or numbers from 1.
fn named(table: &mut Mixed, settings: &Settings) -> Result<Vec<String>, LabFailure> {
    match settings.text("customer") {
        "" => Ok((1..=table.n_rows()).map(|row| row.to_string()).collect()),
        name => match table.names().iter().position(|column| column == name) {
            Some(at) => Ok(table.take(at)),
            None => {
                let found = table.names().join(", ");
                Err(LabFailure::Input(format!("customer={name} is no column; found: {found}")))
            }
        },
    }
}

/// Rows of the seeds: those that a column marks, or whom a file names.
fn seeds(table: &mut Mixed, customers: &[String], named: &str) -> Result<Vec<u32>, LabFailure> {
    if let Some(at) = table.names().iter().position(|column| column == named) {
        let mut seeds = Vec::new();
        for (row, cell) in table.take(at).into_iter().enumerate() {
            match cell.to_lowercase().as_str() {
                "1" | "true" | "yes" => seeds.push(row as u32),
                "0" | "false" | "no" | "" => {}
                _ => {
                    let allowed = "1, true, yes, 0, false, no or nothing";
                    let message = format!("row {}, column '{named}' holds '{cell}'; allowed: {allowed}", row + 1);
                    return Err(LabFailure::Input(message));
                }
            }
        }
        return Ok(seeds);
    }
    let path = std::path::Path::new(named);
    if !path.is_file() {
        let found = table.names().join(", ");
        let message = format!("seed={named} is neither a column (found: {found}) nor a file with a customer a line");
        return Err(LabFailure::Input(message));
    }
    let read = |source| LabFailure::Write { path: path.to_path_buf(), source };
    let lines = open(path)?.lines().collect::<Result<Vec<String>, _>>().map_err(read)?;
    let wanted: HashSet<&str> = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
    let found = (0..customers.len()).filter(|&row| wanted.contains(customers[row].as_str()));
    let found: Vec<u32> = found.map(|row| row as u32).collect();
    if found.len() != wanted.len() {
        let known: HashSet<&str> = customers.iter().map(String::as_str).collect();
        let mut unknown: Vec<&&str> = wanted.iter().filter(|name| !known.contains(**name)).collect();
        unknown.sort_unstable();
        if let Some(unknown) = unknown.first() {
            let message = format!("{named} names the customer '{unknown}', who is not in {}", table.n_rows());
            return Err(LabFailure::Input(format!("{message} rows; is `customer` the right column?")));
        }
    }
    Ok(found)
}

/// The method, how well it found seeds that were held out, and what speaks for a customer.
fn tell(found: &Lookalike, preparation: &Preparation, result: &mut Map<String, Value>) {
    result.insert("method".to_owned(), json!(found.method));
    if let Some(judged) = found.evaluations.iter().find(|judged| judged.method == found.method) {
        let of = &judged.evaluation;
        for lift in of.lifts {
            result.insert(format!("lift@{:.0}%", lift.share * 100.0), json!(lift.lift));
        }
        result.insert("auc".to_owned(), json!(of.auc));
        result.insert("auc_interval".to_owned(), json!([of.auc_interval.0, of.auc_interval.1]));
        result.insert("n_held_out".to_owned(), json!(of.n_held_out));
    }
    if let Likeness::Logistic(logistic) = &found.likeness {
        let outputs = preparation.outputs();
        let mut order: Vec<usize> = (0..outputs.len()).collect();
        let size = |at: usize| logistic.coefficients[at].abs();
        order.sort_by(|&x, &y| size(y).total_cmp(&size(x)).then(x.cmp(&y)));
        let told = |&at: &usize| {
            let level = if outputs[at].is_other { Some("(others)".to_owned()) } else { outputs[at].level.clone() };
            json!({"column": outputs[at].column, "level": level, "coefficient": logistic.coefficients[at]})
        };
        let told = order.iter().take(COEFFICIENTS_SHOWN).map(told).collect();
        result.insert("coefficients".to_owned(), told);
    }
}

fn pca(card: &'static Card, settings: &Settings, request: &LabRequest) -> Result<Value, LabFailure> {
    let loading = Instant::now();
    let points = match request.prepare {
        true => {
            let mut table = Mixed::read(&request.train)?;
            table.choose_columns()?;
            table.prepared()?
        }
        false => read_points(&request.train)?,
    };
    let load_seconds = loading.elapsed().as_secs_f64();
    let before = Usage::now();
    let n_components = settings.usize("n_components");
    let (pca, places) = match &points.values {
        Numbers::F32(values) => projected(Points::new(values, points.n, points.d)?, n_components)?,
        Numbers::F64(values) => projected(Points::new(values, points.n, points.d)?, n_components)?,
    };
    let fitted = Usage::now().since(&before);
    let mut result = Map::new();
    result.insert("n".to_owned(), json!(points.n));
    result.insert("d".to_owned(), json!(points.d));
    result.insert("variances".to_owned(), json!(pca.variances));
    result.insert("shares".to_owned(), json!(pca.shares));
    let components = Matrix { values: pca.components, n: n_components, d: points.d };
    match &request.output {
        Some(path) if path.extension().is_some_and(|ending| ending == "npy") => {
            write_npy(path, &Out::F64(&places.values), places.n, Some(places.d))?;
            let beside = path.with_extension("components.npy");
            write_npy(&beside, &Out::F64(&components.values), components.n, Some(components.d))?;
        }
        Some(path) if is_table(path) => {
            let headings: Vec<String> = (1..=places.d).map(|at| format!("x{at}")).collect();
            write_matrix(path, &headings, &places)?;
        }
        Some(path) => {
            let found = path.display();
            let message = format!("the output is '{found}'; allowed: a name that ends in .npy, .parquet, .csv or .tsv");
            return Err(LabFailure::Output(message));
        }
        None => {
            let rows = |matrix: &Matrix| (0..matrix.n).map(|row| matrix.row(row).to_vec()).collect::<Vec<_>>();
            result.insert("components".to_owned(), json!(rows(&components)));
            if places.n <= ROWS_SHOWN_MAX {
                result.insert("places".to_owned(), json!(rows(&places)));
            }
        }
    }
    Ok(answer(card, settings, request, load_seconds, &fitted, result))
}

fn projected<T: segment::Real>(points: Points<T>, n_components: usize) -> Result<(Pca, Matrix), LabFailure> {
    let mut covariance = Covariance::new(points.d());
    covariance.add(points);
    let pca = Pca::fit(&covariance, n_components)?;
    let places = pca.project(points);
    Ok((pca, places))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use data::lab::points::read_cells;

    fn asked(folder: &Path, text: &str, card: &str, set: &[&str]) -> LabRequest {
        let input = folder.join("table.csv");
        std::fs::write(&input, text).unwrap();
        LabRequest {
            set: set.iter().map(|text| (*text).to_owned()).collect(),
            n_threads: 1,
            ..LabRequest::new(card, &input)
        }
    }

    fn run(request: &LabRequest) -> Result<Value, String> {
        super::super::run(request, &|_| true).map_err(|error| error.to_string())
    }

    /// The ten customers of segment::rfm's table worked by hand: days since, days with a purchase, whole units, group.
    const TABLE: [(i32, i32, i32, &str); 10] = [
        (1, 9, 9_000, "champions"),
        (3, 1, 200, "new"),
        (10, 4, 3_000, "loyal"),
        (12, 1, 100, "promising"),
        (40, 2, 800, "need_attention"),
        (45, 1, 300, "need_attention"),
        (90, 3, 2_000, "at_risk"),
        (120, 1, 600, "about_to_sleep"),
        (300, 6, 8_000, "cannot_lose_them"),
        (400, 2, 900, "at_risk"),
    ];

    /// Their purchases: the money in equal parts, a day each.
    fn purchases() -> String {
        let end: Day = "2026-06-30".parse().unwrap();
        let mut text = "who,when,paid\n".to_owned();
        for (at, (recency, n_days, units, _)) in TABLE.into_iter().enumerate() {
            for nth in 0..n_days {
                let (cents, more) = (units * 100 / n_days, if nth == 0 { units * 100 % n_days } else { 0 });
                let paid = domain::Cents(i64::from(cents + more));
                text += &format!("c{at},{} 10:00:00,{paid}\n", Day(end.0 - recency - nth));
            }
        }
        text
    }

    #[test]
    fn customers_are_scored_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let set = ["customer=who", "day=when", "money=paid", "as_of=2026-06-30"];
        let request = asked(folder.path(), &purchases(), "rfm", &set);
        let result = &run(&request).unwrap()["result"];
        let found: Vec<&str> =
            result["customers"].as_array().unwrap().iter().map(|one| one["group"].as_str().unwrap()).collect();
        assert_eq!(found, TABLE.map(|row| row.3));
        assert_eq!(result["customers"][2]["recency_days"], 10);
        let at_risk = result["groups"].as_array().unwrap().iter().find(|group| group["label"] == "at_risk").unwrap();
        assert_eq!((&at_risk["n"], &at_risk["value_cents"]), (&json!(2), &json!(290_000)));
        let output = folder.path().join("scores.parquet");
        run(&LabRequest { output: Some(output.clone()), ..request }).unwrap();
        let (names, rows) = read_cells(&output).unwrap();
        assert_eq!((names[0].as_str(), names[7].as_str()), ("customer", "group"));
        assert_eq!(rows[8][7], "cannot_lose_them");
        // Looked at from its last day, a file is a day younger; of earlier days nobody has bought yet.
        let of = |set: &[&str]| run(&asked(folder.path(), &purchases(), "rfm", set));
        assert_eq!(of(&set[..3]).unwrap()["result"]["as_of"], "2026-06-29");
        assert!(of(&[set[0], set[1], set[2], "as_of=2020-01-01"]).unwrap_err().contains("nobody has bought"));
        assert!(of(&[set[0], set[1], set[2], "as_of=soon"]).unwrap_err().contains("as_of is 'soon'"));
        assert!(of(&[]).unwrap_err().contains("no column 'customer'; found: who, when, paid"));
    }

    #[test]
    fn retention_and_movement_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let text = "customer,day,money\na,2026-01-10,5\na,2026-02-11,5\nb,2026-01-20,5\nb,2026-03-31,1\n";
        let result = run(&asked(folder.path(), text, "cohort", &[])).unwrap()["result"].clone();
        let kept: Vec<u64> =
            (0..3).map(|at| result["cohorts"][0]["kept"][at]["n_customers"].as_u64().unwrap()).collect();
        assert_eq!(kept, [2, 1, 1]);
        let moved = run(&asked(folder.path(), text, "migration", &[])).unwrap()["result"].clone();
        assert_eq!(moved["steps"].as_array().unwrap().len(), 2);
        let error = run(&asked(folder.path(), "customer,day,money\na,2026-01-10,5\n", "migration", &[])).unwrap_err();
        assert!(error.contains("two months"), "{error}");
        let output = Some(folder.path().join("out.csv"));
        let error = run(&LabRequest { output, ..asked(folder.path(), text, "cohort", &[]) }).unwrap_err();
        assert!(error.contains("counts alone"), "{error}");
    }

    /// A hundred customers; seeds are among those who visit often, and a word says nothing.
    #[test]
    fn customers_alike_are_ranked_and_judged() {
        let folder = tempfile::tempdir().unwrap();
        let row = |at: usize, is_seed: &str| {
            let visits = if at.is_multiple_of(5) { 40 + at % 7 } else { 3 + at % 11 };
            format!("p{at},{visits},{},{is_seed}\n", ["red", "blue"][at / 3 % 2])
        };
        let is_seed = |at: usize| at.is_multiple_of(10) && at < 160;
        let rows: String = (0..200).map(|at| row(at, if is_seed(at) { "yes" } else { "no" })).collect();
        let text = format!("customer,visits,word,seed\n{rows}");
        let set = ["customer=customer"];
        let request = LabRequest { top: Some(24), ..asked(folder.path(), &text, "lookalike", &set) };
        let result = run(&request).unwrap()["result"].clone();
        assert_eq!((&result["n_customers"], &result["n_seeds"]), (&json!(200), &json!(16)));
        assert!(result["auc"].as_f64().unwrap() > 0.8 && result["lift@10%"].as_f64().unwrap() > 2.0, "{result}");
        assert_eq!(result["coefficients"][0]["column"], "visits");
        // Forty visit often, sixteen of them are seeds: the other twenty-four come first.
        let number = |one: &Value| one["customer"].as_str().unwrap()[1..].parse::<usize>().unwrap();
        let ranked = result["ranked"].as_array().unwrap();
        assert!(ranked.len() == 24 && ranked.iter().all(|one| number(one) % 5 == 0), "{ranked:?}");
        let output = folder.path().join("ranked.csv");
        run(&LabRequest { output: Some(output.clone()), ..request }).unwrap();
        assert_eq!(read_cells(&output).unwrap().0, ["customer", "rank", "score"]);
        // The same seeds as a list of names.
        let list = folder.path().join("seeds.txt");
        std::fs::write(&list, (0..200).filter(|&at| is_seed(at)).map(|at| format!("p{at}\n")).collect::<String>())
            .unwrap();
        let without: String = text.lines().map(|line| format!("{}\n", line.rsplit_once(',').unwrap().0)).collect();
        let named = format!("seed={}", list.display());
        let by_list = LabRequest { top: Some(24), ..asked(folder.path(), &without, "lookalike", &[set[0], &named]) };
        assert_eq!(run(&by_list).unwrap()["result"]["ranked"], result["ranked"]);
        std::fs::write(&list, "p1\nnobody\n").unwrap();
        assert!(run(&by_list).unwrap_err().contains("names the customer 'nobody'"));
        let error = run(&asked(folder.path(), &text, "lookalike", &["seed=word"])).unwrap_err();
        assert!(error.contains("row 1, column 'word' holds 'red'"), "{error}");
        let error = run(&asked(folder.path(), &without, "lookalike", &[])).unwrap_err();
        assert!(error.contains("neither a column"), "{error}");
    }

    #[test]
    fn points_get_a_map() {
        let folder = tempfile::tempdir().unwrap();
        // All on the line (1, 2): one direction, and nothing beside it.
        let text: String = (0..20).map(|at| format!("{} {}\n", at, 2 * at)).collect();
        let result = run(&asked(folder.path(), &text, "pca", &[])).unwrap()["result"].clone();
        assert!((result["shares"][0].as_f64().unwrap() - 1.0).abs() < 1e-12);
        let direction = result["components"][0][1].as_f64().unwrap();
        assert!((direction - 2.0 / 5f64.sqrt()).abs() < 1e-9, "{direction}");
        assert_eq!(result["places"].as_array().unwrap().len(), 20);
        let error = run(&asked(folder.path(), &text, "pca", &["n_components=3"])).unwrap_err();
        assert!(error.contains("1 to 2"), "{error}");
    }
}
