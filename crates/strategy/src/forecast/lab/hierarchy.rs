//! Products with category and brand as a model of the lab.

use std::collections::BTreeMap;

use domain::{Card, Kind, Param, Settings, Text};

use super::{HORIZON, LEVEL, METHOD, SEASON, options, rows_of_forecasts, whole_numbers};
use crate::forecast::hierarchy::forecast_agreed;
use crate::forecast::reconcile::{Hierarchy, Weighting};
use crate::forecast::series::N_STEPS_MAX;
use crate::registry::Model;
use crate::{Answer, Figure, Report, RunOptions, StrategyError, Table};

static CARD: Card = Card {
    name: "forecast_hierarchy",
    sentence: "Forecasts of products, categories, brands and the whole that add up.",
    family: "forecast",
    params: &[
        METHOD,
        HORIZON,
        SEASON,
        LEVEL,
        Param {
            name: "weighting",
            sentence: "Which base forecasts to trust how much.",
            unit: "",
            kind: Kind::Choice { options: Weighting::NAMES, default: "mint_shrink" },
        },
    ],
    input: "rows of (series, category, brand, time, value); a period without a row sold nothing",
    source: "Wickramasuriya, Athanasopoulos, Hyndman 2019, Optimal forecast reconciliation through trace minimization; \
             Schäfer, Strimmer 2005",
};

/// Forecasts of products by category and brand.
pub static FORECAST_HIERARCHY: Model = Model {
    card: &CARD,
    columns: &[
        ("series", "which product, as text"),
        ("category", "its category; the same in every row of a product"),
        ("brand", "its brand; the same in every row of a product"),
        ("time", "the period as a whole number that counts on"),
        ("value", "what was sold in it"),
    ],
    run,
};

/// As many products times periods are allowed.
const N_CELLS_MAX: usize = 20_000_000;

#[derive(Default)]
struct Product {
    labels: [String; 2],
    sold: Vec<(i64, f64)>,
}

fn run(table: &Table, settings: &Settings, run: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let products = products(table)?;
    let times = || products.values().flat_map(|product| product.sold.iter().map(|(time, _)| *time));
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return Err(StrategyError::Empty { needed: 2 });
    };
    let n = (last - first) as usize + 1;
    if n > N_STEPS_MAX || n.saturating_mul(products.len()) > N_CELLS_MAX {
        let found = format!("{n} periods of {} products", products.len());
        return Err(StrategyError::unfit("size", found, format!("{N_STEPS_MAX} periods, {N_CELLS_MAX} cells")));
    }
    let mut singles = Vec::with_capacity(products.len());
    for (name, product) in &products {
        let mut series = vec![f64::NAN; n];
        for (time, value) in &product.sold {
            let cell = &mut series[(time - first) as usize];
            if !cell.is_nan() {
                let found = format!("two of '{name}' at {time}");
                return Err(StrategyError::unfit(
                    "records of one series with the same time",
                    found,
                    "one; add them up first",
                ));
            }
            *cell = *value;
        }
        series.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = 0.0);
        singles.push(series);
    }
    let names: Vec<String> = products.keys().cloned().collect();
    let grouping = |which: usize| products.values().map(|product| product.labels[which].clone()).collect();
    let groupings = [("category".to_owned(), grouping(0)), ("brand".to_owned(), grouping(1))];
    let hierarchy = Hierarchy::new(&names, &groupings)?;
    let weighting = Weighting::named(settings.text("weighting")).expect("the card lists the weightings");
    let answer = forecast_agreed(&hierarchy, &singles, &options(settings, run.seed), weighting)?;
    let Some(agreed) = answer.value else {
        return Ok(Answer { value: None, support: answer.support, caveats: answer.caveats, would_change: Vec::new() });
    };
    let mut figures =
        vec![Figure::exact("n_series", names.len() as f64), Figure::exact("n_sums", hierarchy.n_sums() as f64)];
    figures.extend(agreed.shrinkage.map(|share| Figure::exact("shrinkage", share)));
    let told: Vec<_> = hierarchy.names().iter().map(String::as_str).zip(&agreed.forecasts).collect();
    let told: Vec<_> = told.into_iter().map(|(name, forecast)| (name, last + 1, forecast)).collect();
    let summary = Text::new(
        format!("{} 个商品和 {} 个汇总的预测，相加一致。", names.len(), hierarchy.n_sums()),
        format!("Forecasts of {} products and {} sums that add up.", names.len(), hierarchy.n_sums()),
    );
    let report = Report { summary, figures, tables: vec![rows_of_forecasts(&told)?] };
    let given = Answer::given(report, answer.support);
    Ok(answer.caveats.into_iter().fold(given, Answer::doubted))
}

fn products(table: &Table) -> Result<BTreeMap<String, Product>, StrategyError> {
    let (names, times, values) = (table.texts("series")?, whole_numbers(table, "time")?, table.numbers("value")?);
    let labels = [table.texts("category")?, table.texts("brand")?];
    let mut products = BTreeMap::<String, Product>::new();
    for (row, name) in names.into_iter().enumerate() {
        let here = [labels[0][row].clone(), labels[1][row].clone()];
        let product = products.entry(name).or_insert_with(|| Product { labels: here.clone(), sold: Vec::new() });
        if product.labels != here {
            let allowed = format!("{}, {} as in the rows before", product.labels[0], product.labels[1]);
            return Err(StrategyError::bad_value("category and brand", row, here.join(", "), allowed));
        }
        product.sold.push((times[row], values[row]));
    }
    Ok(products)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Column;

    #[test]
    fn the_total_is_the_sum_of_the_products() {
        let (mut series, mut category, mut time, mut value) = (vec![], vec![], vec![], vec![]);
        for (at, name) in ["a", "b", "c"].into_iter().enumerate() {
            for t in 0..30 {
                series.push(name.to_owned());
                category.push(["phone", "phone", "laptop"][at].to_owned());
                time.push(f64::from(t));
                value.push(10.0 * (at + 1) as f64 + f64::from((t * 7 + at as i32) % 5));
            }
        }
        let brand = vec!["x".to_owned(); series.len()];
        let table = |brand: Vec<String>| {
            Table::new(vec![
                ("series".to_owned(), Column::Text(series.clone())),
                ("category".to_owned(), Column::Text(category.clone())),
                ("brand".to_owned(), Column::Text(brand)),
                ("time".to_owned(), Column::Number(time.clone())),
                ("value".to_owned(), Column::Number(value.clone())),
            ])
            .unwrap()
        };
        let settings = CARD.settings([("horizon", "2"), ("season", "1")]).unwrap();
        let run = |table: &Table| (FORECAST_HIERARCHY.run)(table, &settings, &RunOptions::default());
        let report = run(&table(brand.clone())).unwrap().value.unwrap();
        let (names, mean) =
            (report.tables[0].table.texts("series").unwrap(), report.tables[0].table.numbers("mean").unwrap());
        assert_eq!(names, ["total", "total", "category=phone", "category=phone", "a", "a", "b", "b", "c", "c"]);
        assert!((mean[0] - mean[4] - mean[6] - mean[8]).abs() < 1e-9);
        let mut mixed = brand;
        mixed[5] = "y".to_owned();
        let error = run(&table(mixed)).unwrap_err().to_string();
        assert!(error.contains("row 5 holds phone, y"), "{error}");
    }
}
