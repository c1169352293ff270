//! The launch desk for the lab: sales by product and period since the launch in, weekly sales and what to do with the stock out.

use std::collections::BTreeMap;

use domain::{Card, Kind as Of, Param, Settings, Text};

use super::decide::{Decision, Economics, decide};
use super::tried::{Desk, desk};
use super::{HORIZON_MAX, LOOKALIKES_MAX, Launch, PERIODS_MIN, Past};
use crate::registry::{LEVEL, Model, ReportTable};
use crate::{Answer, Column, Estimate, Figure, Report, RunOptions, StrategyError, Table};

const fn money(name: &'static str, sentence: &'static str, default: f64) -> Param {
    Param { name, sentence, unit: "money", kind: Of::Float { min: -1e12, max: 1e12, default } }
}

static CARD: Card = Card {
    name: "launch_desk",
    sentence: "What a new product will sell in its first weeks, from launches like it and its own sales, and whether to raise or cut the order.",
    family: "forecast",
    params: &[
        Param {
            name: "product",
            sentence: "The new product; all others are its look-alikes. It may have no row yet.",
            unit: "",
            kind: Of::Text { default: "" },
        },
        Param {
            name: "n_periods",
            sentence: "Periods of the horizon, from the launch on.",
            unit: "periods",
            kind: Of::Int { min: PERIODS_MIN as i64, max: HORIZON_MAX as i64, default: 26 },
        },
        Param {
            name: "stock",
            sentence: "Pieces on hand and on their way for what is to come; below 0 where nothing is ordered yet: then no step is told.",
            unit: "pieces",
            kind: Of::Int { min: -1, max: 1_000_000_000, default: -1 },
        },
        money("price", "What a piece brings.", 100.0),
        money("cost", "What it costs.", 80.0),
        money("salvage", "What a piece brings that is left at the end; below the cost.", 50.0),
        Param {
            name: "worth",
            sentence: "A change of the order that gains less than this part of what is earned is not made.",
            unit: "",
            kind: Of::Float { min: 0.0, max: 1.0, default: 0.02 },
        },
        LEVEL,
    ],
    input: "rows of (product, period, value), periods counted from each product's launch as 0; one without a row sold nothing",
    source: "Hu, Acimovic, Erize, Thomas, Van Mieghem 2019, Manufacturing & Service Operations Management 21; Bass 1969; Arrow, Harris, Marschak 1951",
};

/// The model `launch_desk` of the registry.
pub static LAUNCH_DESK: Model = Model {
    card: &CARD,
    columns: &[
        ("product", "which product, as text"),
        ("period", "periods since its launch, from 0"),
        ("value", "pieces sold in it"),
    ],
    run,
};

fn run(table: &Table, settings: &Settings, run: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let n_periods = settings.usize("n_periods");
    let mut products = products(table)?;
    let own = products.remove(settings.text("product")).unwrap_or_default();
    if products.len() > LOOKALIKES_MAX {
        return Err(StrategyError::unfit("look-alikes", products.len(), format!("{LOOKALIKES_MAX} at most")));
    }
    let ahead = (0..n_periods).map(|t| f64::from(u8::from(t >= own.len()))).collect();
    let lookalikes = products.into_values().map(Past::usual).collect();
    let launch = Launch { lookalikes, own: Past::usual(own), ahead, level: settings.float("level"), seed: run.seed };
    let answer = desk(&launch)?;
    let Some(told) = &answer.value else {
        let mut refused = Answer::refused(answer.support, answer.caveats[0].clone());
        refused.would_change = answer.would_change;
        return Ok(refused);
    };
    let of = Economics {
        price: settings.float("price"),
        cost: settings.float("cost"),
        salvage: settings.float("salvage"),
        worth: settings.float("worth"),
    };
    let stock = settings.int("stock");
    let decision = decide(&told.outlook, stock.max(0) as f64, &of)?;
    let report = report(told, (stock >= 0).then_some(&decision), decision.best_stock)?;
    Ok(Answer {
        value: Some(report),
        support: answer.support,
        caveats: answer.caveats,
        would_change: answer.would_change,
    })
}

fn report(told: &Desk, decision: Option<&Decision>, best_stock: f64) -> Result<Report, StrategyError> {
    let outlook = &told.outlook;
    let mut figures = vec![
        Figure::estimated("total", outlook.total),
        Figure::estimated("remaining", outlook.remaining),
        Figure::estimated("total_before", outlook.total_before),
        Figure::exact("total", outlook.baseline_total).as_baseline(),
        Figure::exact("best_stock", best_stock),
    ];
    let (mut zh, mut en) = (
        format!("预计共售 {:.0} 件（{:.0} 到 {:.0}）。", outlook.total.value, outlook.total.low, outlook.total.high),
        format!(
            "It will sell {:.0} [{:.0}, {:.0}] in all.",
            outlook.total.value, outlook.total.low, outlook.total.high
        ),
    );
    if let Some(decision) = decision {
        figures.push(Figure::estimated("gain", decision.gain));
        figures.push(Figure::estimated("left", decision.left));
        figures.push(Figure::estimated("short", decision.short));
        let step = match decision.step {
            super::Step::Go => "维持订货",
            super::Step::Raise => "加单",
            super::Step::Cut => "减单",
        };
        zh.push_str(&format!("{step}：最合适的库存是 {:.0} 件。", decision.best_stock));
        en.push_str(&format!(" {}: the best stock is {:.0}.", decision.step.name(), decision.best_stock));
    }
    let tables = vec![periods(told)?, tried(told)?];
    Ok(Report { summary: Text::new(zh, en), figures, tables })
}

fn periods(told: &Desk) -> Result<ReportTable, StrategyError> {
    let outlook = &told.outlook;
    let of = |all: &[Estimate], value: fn(&Estimate) -> f64| Column::Number(all.iter().map(value).collect());
    let table = Table::new(vec![
        ("period".to_owned(), Column::Number((0..outlook.periods.len()).map(|at| at as f64).collect())),
        ("mean".to_owned(), of(&outlook.periods, |one| one.value)),
        ("low".to_owned(), of(&outlook.periods, |one| one.low)),
        ("high".to_owned(), of(&outlook.periods, |one| one.high)),
        ("cumulated".to_owned(), of(&outlook.cumulated, |one| one.value)),
        ("baseline".to_owned(), Column::Number(outlook.baseline.clone())),
    ])?;
    Ok(ReportTable { name: "forecast", title: Text::new("各期销量", "Sales by period"), table })
}

fn tried(told: &Desk) -> Result<ReportTable, StrategyError> {
    let number = |value: fn(&super::Tried) -> f64| Column::Number(told.tried.iter().map(value).collect());
    let table = Table::new(vec![
        ("shape".to_owned(), Column::Text(told.tried.iter().map(|one| one.kind.name().to_owned()).collect())),
        ("n".to_owned(), number(|one| one.n as f64)),
        ("error".to_owned(), number(|one| one.error)),
        ("baseline_error".to_owned(), number(|one| one.baseline_error)),
        ("inside".to_owned(), number(|one| one.inside)),
    ])?;
    Ok(ReportTable {
        name: "tried", title: Text::new("在同类新品上的检验", "Tried on the look-alikes"), table
    })
}

fn products(table: &Table) -> Result<BTreeMap<String, Vec<f64>>, StrategyError> {
    let (names, periods, values) = (table.texts("product")?, table.numbers("period")?, table.numbers("value")?);
    let mut products = BTreeMap::<String, Vec<f64>>::new();
    for (row, name) in names.into_iter().enumerate() {
        let is_whole = periods[row].fract() == 0.0 && (0.0..HORIZON_MAX as f64 * 10.0).contains(&periods[row]);
        if !is_whole {
            let allowed = format!("whole numbers from 0 to {}", HORIZON_MAX * 10 - 1);
            return Err(StrategyError::bad_value("column 'period'", row, periods[row], allowed));
        }
        let (period, sales) = (periods[row] as usize, products.entry(name).or_default());
        if sales.len() <= period {
            sales.resize(period + 1, 0.0);
        }
        sales[period] += values[row];
    }
    Ok(products)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;
    use crate::launch::{Family, simulate};
    use math::Random;

    fn table(n: usize) -> Table {
        let mut random = Random::new(2);
        let (mut product, mut period, mut value) = (vec![], vec![], vec![]);
        for at in 0..n {
            for (t, sales) in simulate(&Family::default(), &[1.0; 26], &mut random).sales.into_iter().enumerate() {
                product.push(format!("p{at}"));
                period.push(t as f64);
                value.push(sales);
            }
        }
        let columns = [("period", period), ("value", value)];
        let columns = columns.into_iter().map(|(name, values)| (name.to_owned(), Column::Number(values)));
        Table::new(std::iter::once(("product".to_owned(), Column::Text(product))).chain(columns).collect()).unwrap()
    }

    #[test]
    fn a_product_without_a_row_is_foretold_and_its_order_raised_or_cut() {
        let told = |stock: &str| {
            let settings = CARD.settings([("product", "new"), ("stock", stock)]).unwrap();
            (LAUNCH_DESK.run)(&table(9), &settings, &RunOptions::default()).unwrap().value.unwrap()
        };
        let (few, many, none) = (told("5"), told("50000"), told("-1"));
        assert!(
            few.summary.en.contains("raise") && many.summary.en.contains("cut"),
            "{} {}",
            few.summary.en,
            many.summary.en
        );
        assert!(!none.summary.en.contains("stock") && none.figures.iter().all(|one| one.name != "gain"));
        assert_eq!((few.tables[0].table.n_rows(), few.tables[1].table.n_rows()), (26, 4));
    }

    #[test]
    fn too_few_are_refused_and_bad_periods_told() {
        let settings = CARD.settings([("product", "p0")]).unwrap();
        let answer = (LAUNCH_DESK.run)(&table(3), &settings, &RunOptions::default()).unwrap();
        assert_eq!(answer.support.verdict, Verdict::Refused);
        let bad = Table::new(vec![
            ("product".to_owned(), Column::Text(vec!["a".to_owned()])),
            ("period".to_owned(), Column::Number(vec![0.5])),
            ("value".to_owned(), Column::Number(vec![1.0])),
        ]);
        let error = (LAUNCH_DESK.run)(&bad.unwrap(), &settings, &RunOptions::default()).unwrap_err().to_string();
        assert!(error.contains("row 0 holds 0.5"), "{error}");
    }
}
