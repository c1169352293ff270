//! The forecasts of this folder as models of the lab: cards, named columns in, reports out. No arithmetic of its own
//! beyond grouping rows.

use std::collections::BTreeMap;

use domain::{Card, Kind, Param, Settings, Text};
use rayon::prelude::*;

use crate::forecast::accuracy::{Accuracy, backtest};
use crate::forecast::method::{Forecast, HORIZON_MAX, Method, Options, SEASON_MAX, forecast};
use crate::forecast::series::{Filling, Series, regular};
use crate::registry::LEVEL;
use crate::registry::{Model, ReportTable};
use crate::{Answer, Caveat, Column, Figure, Report, RunOptions, StrategyError, Support, Table};

mod effects;
mod hierarchy;
mod launch;

pub use effects::FORECAST_EFFECTS;
pub use hierarchy::FORECAST_HIERARCHY;
pub use launch::LAUNCH_CURVE;

const METHOD: Param = Param {
    name: "method",
    sentence: "How to forecast; auto is dynamic optimised Theta, or Syntetos and Boylan's for rare demand.",
    unit: "",
    kind: Kind::Choice { options: Method::NAMES, default: "auto" },
};
const HORIZON: Param = Param {
    name: "horizon",
    sentence: "How far ahead.",
    unit: "periods",
    kind: Kind::Int { min: 1, max: HORIZON_MAX as i64, default: 12 },
};
const SEASON: Param = Param {
    name: "season",
    sentence: "Periods in a season: 12 for months, 7 for days, 1 for none.",
    unit: "periods",
    kind: Kind::Int { min: 1, max: SEASON_MAX as i64, default: 12 },
};
static CARD: Card = Card {
    name: "forecast",
    sentence: "The next values of each series, with intervals, by dynamic optimised Theta unless another method is named.",
    family: "forecast",
    params: &[
        METHOD,
        HORIZON,
        SEASON,
        LEVEL,
        Param {
            name: "missing",
            sentence: "What a period without a row means: not recorded, or nothing sold.",
            unit: "",
            kind: Kind::Choice { options: &["between", "zero"], default: "between" },
        },
        Param {
            name: "n_origins",
            sentence: "Forecasts from this many origins in the past tell the accuracy; 0 leaves it out.",
            unit: "origins",
            kind: Kind::Int { min: 0, max: 1000, default: 3 },
        },
    ],
    input: "rows of (series, time, value): one row a period, time as a whole number that counts periods",
    source: "Fiorucci, Pellegrini, Louzada, Petropoulos, Koehler 2016, Models for optimising the theta method; Hyndman, \
             Koehler, Ord, Snyder 2008, Forecasting with exponential smoothing; Croston 1972; Syntetos, Boylan 2005; \
             Teunter, Syntetos, Babai 2011",
};

/// Forecasts of many series.
pub static FORECAST: Model = Model {
    card: &CARD,
    columns: &[
        ("series", "which series, as text"),
        ("time", "the period as a whole number that counts on: month 0, 1, 2 …"),
        ("value", "what was sold in it; NaN where unknown"),
    ],
    run,
};

/// One series' times and values.
type Records = (Vec<i64>, Vec<f64>);

/// The rows of a table by series, in the order of their names.
fn by_series(table: &Table) -> Result<BTreeMap<String, Records>, StrategyError> {
    let names = table.texts("series")?;
    let times = whole_numbers(table, "time")?;
    let values = values(table)?;
    let mut series = BTreeMap::<String, Records>::new();
    for ((name, time), value) in names.into_iter().zip(times).zip(values) {
        let (times, values) = series.entry(name).or_default();
        times.push(time);
        values.push(*value);
    }
    if series.is_empty() {
        return Err(StrategyError::Empty { needed: 2 });
    }
    Ok(series)
}

/// The column `value`, in which NaN stands for what is missing.
fn values(table: &Table) -> Result<&[f64], StrategyError> {
    match table.get("value") {
        Some(Column::Number(values)) => Ok(values),
        // The error says what is wrong with it.
        _ => table.numbers("value"),
    }
}

fn whole_numbers(table: &Table, name: &str) -> Result<Vec<i64>, StrategyError> {
    let numbers = table.numbers(name)?;
    let whole = |(row, value): (usize, &f64)| {
        if value.fract() == 0.0 && value.abs() < 1e15 {
            return Ok(*value as i64);
        }
        Err(StrategyError::bad_value(format!("column '{name}'"), row, value, "a whole number that counts periods"))
    };
    numbers.iter().enumerate().map(whole).collect()
}

fn options(settings: &Settings, seed: u64) -> Options {
    Options {
        method: Method::named(settings.text("method")).expect("the card lists the methods"),
        season: settings.usize("season"),
        horizon: settings.usize("horizon"),
        level: settings.float("level"),
        seed,
    }
}

/// One series' way through.
struct Told {
    series: Series,
    answer: Answer<Forecast>,
    accuracy: Option<(Accuracy, Accuracy)>,
}

fn run(table: &Table, settings: &Settings, options_run: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let all: Vec<_> = by_series(table)?.into_iter().collect();
    let options = options(settings, options_run.seed);
    let filling = if settings.text("missing") == "zero" { Filling::Zero } else { Filling::Between };
    let n_origins = settings.usize("n_origins");
    let one = |(times, values): &(Vec<i64>, Vec<f64>)| -> Result<Told, StrategyError> {
        let (series, caveats) = regular(times, values, options.season, filling)?;
        let answer = forecast(&series.values, &options)?;
        // Too short a past leaves the accuracy out, and the report says over how many series it is.
        let accuracy = if n_origins == 0 { None } else { backtest(&series.values, &options, n_origins, 1).ok() };
        Ok(Told { answer: caveats.into_iter().fold(answer, Answer::doubted), series, accuracy })
    };
    let mut told = Vec::with_capacity(all.len());
    for (at, chunk) in all.chunks(512).enumerate() {
        if !(options_run.progress)(at as f64 * 512.0 / all.len() as f64) {
            return Err(StrategyError::Cancelled);
        }
        let answers: Result<Vec<Told>, _> = if options_run.n_threads > 1 {
            chunk.par_iter().map(|(_, records)| one(records)).collect()
        } else {
            chunk.iter().map(|(_, records)| one(records)).collect()
        };
        told.extend(answers?);
    }
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    report(&names, &told, &options, table.n_rows())
}

fn report(names: &[&str], told: &[Told], options: &Options, n_rows: usize) -> Result<Answer<Report>, StrategyError> {
    let given = told.iter().filter(|one| one.answer.value.is_some()).count();
    if given == 0 {
        let why = told[0].answer.caveats[0].clone();
        return Ok(Answer::refused(Support::of(n_rows), why));
    }
    let mut figures = vec![Figure::exact("n_series", names.len() as f64), Figure::exact("n_forecast", given as f64)];
    figures.extend(accuracy_figures(told));
    let n = names.len();
    let summary = Text::new(
        format!("{n} 个序列中的 {given} 个预测了未来 {} 期。", options.horizon),
        format!("{given} of {n} series are forecast for the next {} periods.", options.horizon),
    );
    let report = Report { summary, figures, tables: vec![rows(names, told)?] };
    Ok(caveats(told).into_iter().fold(Answer::given(report, Support::of(n_rows)), Answer::doubted))
}

/// Means over the series whose past is long enough, each beside the seasonal naive forecast's.
fn accuracy_figures(told: &[Told]) -> Vec<Figure> {
    let known: Vec<&(Accuracy, Accuracy)> = told.iter().filter_map(|one| one.accuracy.as_ref()).collect();
    let mut figures = vec![Figure::exact("n_backtested", known.len() as f64)];
    let mut push = |name: &str, of: fn(&Accuracy) -> f64| {
        let mean = |which: fn(&(Accuracy, Accuracy)) -> &Accuracy| {
            let finite: Vec<f64> = known.iter().map(|pair| of(which(pair))).filter(|value| value.is_finite()).collect();
            (!finite.is_empty()).then(|| finite.iter().sum::<f64>() / finite.len() as f64)
        };
        if let (Some(ours), Some(naive)) = (mean(|pair| &pair.0), mean(|pair| &pair.1)) {
            figures.push(Figure::exact(name, ours));
            figures.push(Figure::exact(name, naive).as_baseline());
        }
    };
    push("mase", |accuracy| accuracy.mase);
    push("smape", |accuracy| accuracy.smape);
    push("pinball", |accuracy| accuracy.pinball);
    push("coverage", |accuracy| accuracy.coverage);
    figures
}

fn rows(names: &[&str], told: &[Told]) -> Result<ReportTable, StrategyError> {
    let pairs = names.iter().zip(told);
    let given = pairs.filter_map(|(name, one)| Some((*name, one.series.next(), one.answer.value.as_ref()?)));
    rows_of_forecasts(&given.collect::<Vec<_>>())
}

/// One row a period: series, time, mean, low, high, method. Each forecast with its series' name and its first time.
fn rows_of_forecasts(told: &[(&str, i64, &Forecast)]) -> Result<ReportTable, StrategyError> {
    let (mut series, mut method) = (Vec::new(), Vec::new());
    let mut numbers: [Vec<f64>; 4] = Default::default();
    for (name, first, found) in told {
        for h in 0..found.mean.len() {
            series.push((*name).to_owned());
            method.push(found.method.name().to_owned());
            let time = *first as f64 + h as f64;
            for (column, value) in numbers.iter_mut().zip([time, found.mean[h], found.low[h], found.high[h]]) {
                column.push(value);
            }
        }
    }
    let mut columns = vec![("series".to_owned(), Column::Text(series))];
    for (name, column) in ["time", "mean", "low", "high"].into_iter().zip(numbers) {
        columns.push((name.to_owned(), Column::Number(column)));
    }
    columns.push(("method".to_owned(), Column::Text(method)));
    Ok(ReportTable { name: "forecast", title: Text::new("预测", "Forecast"), table: Table::new(columns)? })
}

/// Each kind of caveat once: the first series' words, and how many others it holds for.
fn caveats(told: &[Told]) -> Vec<Caveat> {
    let mut kinds = BTreeMap::<&'static str, (usize, &Caveat)>::new();
    for caveat in told.iter().flat_map(|one| &one.answer.caveats) {
        kinds.entry(caveat.kind).or_insert((0, caveat)).0 += 1;
    }
    let several = |(n, caveat): (usize, &Caveat)| match n {
        1 => caveat.clone(),
        _ => Caveat::new(
            caveat.kind,
            format!("{}（另有 {} 个序列也是如此）", caveat.text.zh, n - 1),
            format!("{} ({} other series too.)", caveat.text.en, n - 1),
        ),
    };
    kinds.into_values().map(several).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    fn table(rows: &[(&str, f64, f64)]) -> Table {
        Table::new(vec![
            ("series".to_owned(), Column::Text(rows.iter().map(|row| row.0.to_owned()).collect())),
            ("time".to_owned(), Column::Number(rows.iter().map(|row| row.1).collect())),
            ("value".to_owned(), Column::Number(rows.iter().map(|row| row.2).collect())),
        ])
        .unwrap()
    }

    #[test]
    fn a_report_holds_each_series_forecast_and_the_free_baseline() {
        let mut rows: Vec<(&str, f64, f64)> =
            (0..36).map(|t| ("phones", f64::from(t), 50.0 + f64::from(t) + f64::from(t % 4) * 9.0)).collect();
        rows.push(("new", 35.0, 7.0));
        let settings = CARD.settings([("season", "4"), ("horizon", "4")]).unwrap();
        let answer = (FORECAST.run)(&table(&rows), &settings, &RunOptions::default()).unwrap();
        let report = answer.value.unwrap();
        assert_eq!(answer.support.verdict, Verdict::Thin);
        assert!(answer.caveats.iter().any(|caveat| caveat.kind == "one_value"));
        assert_eq!(report.tables[0].table.n_rows(), 4);
        assert_eq!(report.tables[0].table.numbers("time").unwrap(), [36.0, 37.0, 38.0, 39.0]);
        let mase = |is_baseline| {
            let found = report.figures.iter().find(|one| one.name == "mase" && one.is_baseline == is_baseline);
            found.unwrap().estimate.value
        };
        assert!(mase(false) < mase(true), "{:?}", report.figures);
    }

    #[test]
    fn wrong_tables_are_told_and_a_run_can_be_cancelled() {
        let settings = CARD.defaults();
        let told = |table: &Table| (FORECAST.run)(table, &settings, &RunOptions::default()).unwrap_err().to_string();
        assert!(told(&table(&[("a", 0.5, 1.0)])).contains("row 0 holds 0.5"));
        assert!(told(&table(&[("a", 1.0, 1.0), ("a", 1.0, 2.0)])).contains("two at 1"));
        assert!(told(&table(&[])).contains("there are no rows"));
        let stop = RunOptions { progress: &|_| false, ..RunOptions::default() };
        let cancelled = (FORECAST.run)(&table(&[("a", 1.0, 1.0)]), &settings, &stop);
        assert_eq!(cancelled.unwrap_err(), StrategyError::Cancelled);
    }
}
