//! The curve of a new product from its predecessors as a model of the lab.

use std::collections::BTreeMap;

use domain::{Card, Kind, Param, Settings, Text};

use super::{LEVEL, whole_numbers};
use crate::forecast::bass::{Launch, N_PERIODS_MAX, launch, pool};
use crate::registry::{Model, ReportTable};
use crate::{Answer, Caveat, Column, Figure, Report, RunOptions, StrategyError, Support, Table};

static CARD: Card = Card {
    name: "launch_curve",
    sentence: "The sales curve of a new product: Bass, with its predecessors' curves as prior.",
    family: "forecast",
    params: &[
        Param {
            name: "product",
            sentence: "The new product; all others are its predecessors. It may have no row yet.",
            unit: "",
            kind: Kind::Text { default: "" },
        },
        Param {
            name: "n_periods",
            sentence: "Periods of the curve, from the launch on.",
            unit: "periods",
            kind: Kind::Int { min: 1, max: N_PERIODS_MAX as i64, default: 52 },
        },
        LEVEL,
    ],
    input: "rows of (product, period, value), periods counted from each product's launch as 0",
    source: "Bass 1969, A new product growth for model consumer durables; Lenk, Rao 1990; Sultan, Farley, Lehmann 1990",
};

/// Curves of new products.
pub static LAUNCH_CURVE: Model = Model {
    card: &CARD,
    columns: &[
        ("product", "which product, as text"),
        ("period", "periods since its launch, from 0"),
        ("value", "units sold in it; a period without a row sold nothing"),
    ],
    run,
};

fn run(table: &Table, settings: &Settings, run: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let mut products = products(table)?;
    let sales = products.remove(settings.text("product")).unwrap_or_default();
    let views: Vec<&[f64]> = products.values().map(Vec::as_slice).collect();
    let support = Support::of(table.n_rows());
    let Ok(prior) = pool(&views) else {
        return Ok(Answer::refused(
            support,
            Caveat::new(
                "no_predecessors",
                "没有足够销量的前代商品，曲线无从谈起。",
                "There is no predecessor with enough sales to take a curve from.",
            ),
        ));
    };
    let answer = launch(&sales, &prior, settings.usize("n_periods"), settings.float("level"), run.seed)?;
    let told = answer.value.expect("a curve is never refused once there is a prior");
    let figures = vec![
        Figure::estimated("market", told.market),
        Figure::estimated("p", told.p),
        Figure::estimated("q", told.q),
        Figure::estimated("peak", told.peak),
        Figure::exact("n_predecessors", prior.n_predecessors as f64),
        // What one would guess for nothing: the predecessors' mean total.
        Figure::exact("market", views.iter().map(|sales| sales.iter().sum::<f64>()).sum::<f64>() / views.len() as f64)
            .as_baseline(),
    ];
    let summary = Text::new(
        format!(
            "按 {} 个前代和 {} 期自身销量，预计共售 {:.0} 件。",
            prior.n_predecessors,
            sales.len(),
            told.market.value
        ),
        format!(
            "From {} predecessors and {} periods of its own it will sell {:.0} in all.",
            prior.n_predecessors,
            sales.len(),
            told.market.value
        ),
    );
    let report = Report { summary, figures, tables: vec![rows(&told)?] };
    Ok(answer.caveats.into_iter().fold(Answer::given(report, support), Answer::doubted))
}

fn products(table: &Table) -> Result<BTreeMap<String, Vec<f64>>, StrategyError> {
    let (names, periods, values) = (table.texts("product")?, whole_numbers(table, "period")?, table.numbers("value")?);
    let mut products = BTreeMap::<String, Vec<f64>>::new();
    for (row, name) in names.into_iter().enumerate() {
        let period = usize::try_from(periods[row]).ok().filter(|period| *period < N_PERIODS_MAX);
        let allowed = || format!("0 to {}", N_PERIODS_MAX - 1);
        let period = period.ok_or_else(|| StrategyError::bad_value("column 'period'", row, periods[row], allowed()))?;
        let sales = products.entry(name).or_default();
        if sales.len() <= period {
            sales.resize(period + 1, 0.0);
        }
        sales[period] += values[row];
    }
    Ok(products)
}

fn rows(told: &Launch) -> Result<ReportTable, StrategyError> {
    let column = |of: fn(&crate::Estimate) -> f64| Column::Number(told.sales.iter().map(of).collect());
    let table = Table::new(vec![
        ("period".to_owned(), Column::Number((0..told.sales.len()).map(|at| at as f64).collect())),
        ("mean".to_owned(), column(|one| one.value)),
        ("low".to_owned(), column(|one| one.low)),
        ("high".to_owned(), column(|one| one.high)),
    ])?;
    Ok(ReportTable { name: "curve", title: Text::new("销量曲线", "Sales curve"), table })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;
    use crate::forecast::bass::Curve;

    fn table(markets: &[f64]) -> Table {
        let (mut product, mut period, mut value) = (vec![], vec![], vec![]);
        for (at, market) in markets.iter().enumerate() {
            for t in 0..30 {
                product.push(format!("gen{at}"));
                period.push(t as f64);
                value.push(Curve { market: *market, p: 0.03, q: 0.35 }.sales(t).round());
            }
        }
        let columns = [("period", period), ("value", value)];
        let columns = columns.into_iter().map(|(name, values)| (name.to_owned(), Column::Number(values)));
        Table::new(std::iter::once(("product".to_owned(), Column::Text(product))).chain(columns).collect()).unwrap()
    }

    #[test]
    fn a_product_without_a_row_is_like_its_predecessors() {
        let settings = CARD.settings([("product", "gen9"), ("n_periods", "20")]).unwrap();
        let answer =
            (LAUNCH_CURVE.run)(&table(&[9_000.0, 10_000.0, 11_000.0]), &settings, &RunOptions::default()).unwrap();
        assert_eq!(answer.support.verdict, Verdict::Thin);
        let report = answer.value.unwrap();
        let market = report.figures[0].estimate;
        assert!(
            (market.value - 10_000.0).abs() < 600.0 && market.low < 8_500.0 && market.high > 11_500.0,
            "{market:?}"
        );
        assert_eq!(report.tables[0].table.n_rows(), 20);
    }

    #[test]
    fn without_predecessors_it_is_refused_and_bad_periods_are_told() {
        let settings = CARD.settings([("product", "gen0")]).unwrap();
        let alone = (LAUNCH_CURVE.run)(&table(&[9_000.0]), &settings, &RunOptions::default()).unwrap();
        assert_eq!((alone.support.verdict, alone.caveats[0].kind), (Verdict::Refused, "no_predecessors"));
        let bad = Table::new(vec![
            ("product".to_owned(), Column::Text(vec!["a".to_owned()])),
            ("period".to_owned(), Column::Number(vec![-1.0])),
            ("value".to_owned(), Column::Number(vec![1.0])),
        ]);
        let error = (LAUNCH_CURVE.run)(&bad.unwrap(), &settings, &RunOptions::default()).unwrap_err().to_string();
        assert!(error.contains("row 0 holds -1"), "{error}");
    }
}
