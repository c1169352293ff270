//! Promotions, prices and holidays as a model of the lab.

use domain::{Card, Day, Kind, Param, Settings, Text};

use super::{LEVEL, METHOD, SEASON, rows_of_forecasts};
use crate::forecast::calendar::{regressors, retail};
use crate::forecast::effects::{Effects, Regressor, estimate, forecast_with};
use crate::forecast::method::{Method, Options};
use crate::registry::{Model, ReportTable};
use crate::{Answer, Column, Figure, Report, RunOptions, StrategyError, Table};

static CARD: Card = Card {
    name: "forecast_effects",
    sentence: "What promotions, prices and holidays did to sales, and the forecast with those to come.",
    family: "forecast",
    params: &[
        METHOD,
        SEASON,
        LEVEL,
        Param {
            name: "period",
            sentence: "Days in a period.",
            unit: "days",
            kind: Kind::Int { min: 1, max: 31, default: 7 },
        },
        Param {
            name: "holidays",
            sentence: "Whether to add the calendar's sales and holidays: 618, Double 11, Spring Festival …",
            unit: "",
            kind: Kind::Bool { default: true },
        },
    ],
    input: "rows of (day, value), one a period, in order, and a column for each promotion or price; rows at the end \
            without a value are the future",
    source: "Hyndman, Athanasopoulos 2021, Forecasting: principles and practice, chapters 7 and 10; Prais, Winsten 1954",
};

/// Effects of what is known beforehand.
pub static FORECAST_EFFECTS: Model = Model {
    card: &CARD,
    columns: &[
        ("day", "the period's first day, YYYY-MM-DD"),
        ("value", "what was sold in it; NaN in the periods to be forecast"),
    ],
    run,
};

fn run(table: &Table, settings: &Settings, run: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let period = settings.int("period") as u32;
    let days = days(table, period)?;
    let values = past(table)?;
    let mut all = columns(table)?;
    if settings.bool("holidays") {
        let events = regressors(&retail(), &days, period)?;
        all.extend(events.into_iter().map(|(name, values)| Regressor { name, values }));
    }
    let horizon = days.len() - values.len();
    let options = Options {
        method: Method::named(settings.text("method")).expect("the card lists the methods"),
        season: settings.usize("season"),
        level: settings.float("level"),
        horizon: horizon.max(1),
        seed: run.seed,
    };
    let (effects, forecast, support, caveats) = if horizon == 0 {
        let answer = estimate(&values, &all, &options)?;
        (answer.value, None, answer.support, answer.caveats)
    } else {
        let answer = forecast_with(&values, &all, &options)?;
        let (forecast, effects) = answer.value.unzip();
        (effects, forecast, answer.support, answer.caveats)
    };
    let Some(effects) = effects else {
        return Ok(Answer { value: None, support, caveats, would_change: Vec::new() });
    };
    let mut tables = vec![rows_of_effects(&effects)?];
    if let Some(forecast) = &forecast {
        tables.push(rows_of_forecasts(&[("value", values.len() as i64, forecast)])?);
    }
    let mut figures: Vec<Figure> =
        effects.effects.iter().map(|(name, effect)| Figure::estimated(format!("effect_{name}"), *effect)).collect();
    figures.push(Figure::exact("autocorrelation", effects.autocorrelation));
    figures.push(Figure::exact("sigma", effects.sigma));
    let summary = Text::new(
        format!("{} 期销量中 {} 个因素的效应；预测未来 {horizon} 期。", values.len(), effects.effects.len()),
        format!(
            "Effects of {} things over {} periods; {horizon} periods are forecast.",
            effects.effects.len(),
            values.len()
        ),
    );
    let given = Answer::given(Report { summary, figures, tables }, support);
    Ok(caveats.into_iter().fold(given, Answer::doubted))
}

fn days(table: &Table, period: u32) -> Result<Vec<Day>, StrategyError> {
    let texts = table.texts("day")?;
    let day = |(row, text): (usize, &String)| {
        text.parse::<Day>().map_err(|_| StrategyError::bad_value("column 'day'", row, text, "a day as YYYY-MM-DD"))
    };
    let days: Vec<Day> = texts.iter().enumerate().map(day).collect::<Result<_, _>>()?;
    // Months differ in length, so only days and weeks must follow each other exactly.
    let follows = |pair: &[Day]| {
        let step = i64::from(pair[1].0) - i64::from(pair[0].0);
        if period >= 28 { (28..=31).contains(&step) } else { step == i64::from(period) }
    };
    match days.windows(2).position(|pair| !follows(pair)) {
        Some(at) => {
            let allowed =
                format!("{period} days after {}; fill gaps with a row without a value or with its sales", days[at]);
            Err(StrategyError::bad_value("column 'day'", at + 1, days[at + 1], allowed))
        }
        None => Ok(days),
    }
}

/// The values up to the first of those that are missing to the end.
fn past(table: &Table) -> Result<Vec<f64>, StrategyError> {
    let Some(Column::Number(values)) = table.get("value") else { return Ok(table.numbers("value")?.to_vec()) };
    let n = values.iter().rposition(|value| !value.is_nan()).map_or(0, |last| last + 1);
    if let Some(row) = values[..n].iter().position(|value| value.is_nan()) {
        let allowed = "a number before the future begins; fill gaps first";
        return Err(StrategyError::bad_value("column 'value'", row, values[row], allowed));
    }
    Ok(values[..n].to_vec())
}

/// Every other column of numbers; one whose name begins with `price` counts by its logarithm.
fn columns(table: &Table) -> Result<Vec<Regressor>, StrategyError> {
    let mut all = Vec::new();
    for name in table.names().filter(|name| !["day", "value"].contains(name)) {
        let mut values = table.numbers(name)?.to_vec();
        if name.starts_with("price") {
            if let Some(row) = values.iter().position(|value| *value <= 0.0) {
                return Err(StrategyError::bad_value(format!("column '{name}'"), row, values[row], "a price above 0"));
            }
            values.iter_mut().for_each(|value| *value = value.ln());
        }
        all.push(Regressor { name: name.to_owned(), values });
    }
    Ok(all)
}

fn rows_of_effects(effects: &Effects) -> Result<ReportTable, StrategyError> {
    let names = effects.effects.iter().map(|(name, _)| name.clone()).collect();
    let column =
        |of: fn(&crate::Estimate) -> f64| Column::Number(effects.effects.iter().map(|(_, one)| of(one)).collect());
    let table = Table::new(vec![
        ("name".to_owned(), Column::Text(names)),
        ("effect".to_owned(), column(|one| one.value)),
        ("low".to_owned(), column(|one| one.low)),
        ("high".to_owned(), column(|one| one.high)),
        ("times".to_owned(), column(|one| one.value.exp())),
    ])?;
    Ok(ReportTable { name: "effects", title: Text::new("效应（对数）", "Effects on the logarithm"), table })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(n: usize, horizon: usize) -> Table {
        let first: Day = "2022-01-03".parse().unwrap();
        let days = (0..n + horizon).map(|t| Day(first.0 + 7 * t as i32).to_string()).collect();
        let promotion: Vec<f64> = (0..n + horizon).map(|t| f64::from(u8::from(t % 10 == 3))).collect();
        let value = (0..n + horizon).map(|t| {
            let wobble = ((t * 7919 + 13) % 101) as f64 / 101.0 - 0.5;
            if t < n { 100.0 * (0.5 * promotion[t] + 0.1 * wobble).exp() } else { f64::NAN }
        });
        Table::new(vec![
            ("day".to_owned(), Column::Text(days)),
            ("value".to_owned(), Column::Number(value.collect())),
            ("promotion".to_owned(), Column::Number(promotion)),
        ])
        .unwrap()
    }

    #[test]
    fn a_promotion_is_found_and_put_on_the_future() {
        let settings = CARD.settings([("season", "1")]).unwrap();
        let run = |table: &Table| (FORECAST_EFFECTS.run)(table, &settings, &RunOptions::default());
        let report = run(&table(100, 6)).unwrap().value.unwrap();
        let effect = report.figures.iter().find(|figure| figure.name == "effect_promotion").unwrap().estimate;
        assert!(effect.low < 0.5 && effect.high > 0.5 && effect.high - effect.low < 0.2, "{effect:?}");
        assert!(report.figures.iter().any(|figure| figure.name == "effect_double_11"));
        let mean = report.tables[1].table.numbers("mean").unwrap();
        // Week 103 has the promotion.
        assert!(mean.len() == 6 && mean[3] / mean[2] > 1.4, "{mean:?}");
        assert_eq!(run(&table(100, 0)).unwrap().value.unwrap().tables.len(), 1);
    }

    #[test]
    fn gaps_and_bad_days_are_told() {
        let settings = CARD.defaults();
        let told = |days: &[&str]| {
            let table = Table::new(vec![
                ("day".to_owned(), Column::Text(days.iter().map(|day| (*day).to_owned()).collect())),
                ("value".to_owned(), Column::Number(vec![1.0; days.len()])),
            ]);
            (FORECAST_EFFECTS.run)(&table.unwrap(), &settings, &RunOptions::default()).unwrap_err().to_string()
        };
        assert!(told(&["2024-01-01", "2024-01-15"]).contains("7 days after 2024-01-01"));
        assert!(told(&["2024-01-01", "soon"]).contains("row 1 holds soon"));
    }
}
