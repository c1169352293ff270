//! Generations for the lab: a line's sales by generation and period in, owners, switchers and the periods to come out.

use std::collections::BTreeMap;

use domain::{Card, Kind, Param, Settings, Text};

use super::{Fitted, Observed, fit};
use crate::registry::LEVEL;
use crate::{Answer, Column, Estimate, Figure, Model, Report, ReportTable, RunOptions, StrategyError, Table};

static CARD: Card = Card {
    name: "generations",
    sentence: "A product line's generations: who owns which, who moves on when, who skips one, and how the old one sells out.",
    family: "generation",
    params: &[
        Param {
            name: "horizon",
            sentence: "How far ahead.",
            unit: "periods",
            kind: Kind::Int { min: 1, max: super::fit::PERIODS_MAX as i64, default: 12 },
        },
        Param {
            name: "planned",
            sentence: "Generations to come, as name@period:market with commas between them, the market in parts of the mean of those \
                       that sold: next@40:1.2.",
            unit: "",
            kind: Kind::Text { default: "" },
        },
        LEVEL,
    ],
    input: "rows of (generation, period, units); a generation's first period is its launch, a period without a row between its \
            first and last sold nothing",
    source: "Norton and Bass (1987), Management Science 33; Jiang and Jain (2012), Management Science 58",
};

/// The model `generations` of the registry.
pub static GENERATIONS: Model = Model {
    card: &CARD,
    columns: &[
        ("generation", "which generation of the line, as text"),
        ("period", "the period as a whole number that counts on: month 0, 1, 2 …"),
        ("units", "pieces sold in it"),
    ],
    run,
};

fn run(table: &Table, settings: &Settings, options: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    if !(options.progress)(0.0) {
        return Err(StrategyError::Cancelled);
    }
    let mut generations = observed(table)?;
    generations.extend(planned(settings.text("planned"))?);
    let answer = fit(&generations, settings.usize("horizon"), settings.float("level"), options.seed)?;
    let value = answer.value.as_ref().map(report).transpose()?;
    Ok(Answer { value, support: answer.support, caveats: answer.caveats, would_change: answer.would_change })
}

/// Generations in the order of their launches.
fn observed(table: &Table) -> Result<Vec<Observed>, StrategyError> {
    let (names, periods, units) = (table.texts("generation")?, table.numbers("period")?, table.numbers("units")?);
    let mut rows: BTreeMap<&str, BTreeMap<i64, f64>> = BTreeMap::new();
    for (row, name) in names.iter().enumerate() {
        if periods[row].fract() != 0.0 || periods[row].abs() > 1e9 {
            let allowed = "a whole number that counts periods";
            return Err(StrategyError::bad_value("column 'period'", row, periods[row], allowed));
        }
        *rows.entry(name).or_default().entry(periods[row] as i64).or_default() += units[row];
    }
    let mut found = Vec::new();
    for (name, by_period) in rows {
        let (first, last) = (by_period.keys().next().copied(), by_period.keys().next_back().copied());
        let (Some(launch), Some(last)) = (first, last) else { continue };
        if last - launch >= super::fit::PERIODS_MAX as i64 {
            return Err(StrategyError::unfit("periods of a generation", last - launch + 1, super::fit::PERIODS_MAX));
        }
        let sales = (launch..=last).map(|period| by_period.get(&period).copied().unwrap_or(0.0)).collect();
        found.push(Observed { name: name.to_owned(), launch, sales, market_share: None });
    }
    found.sort_by_key(|one| one.launch);
    Ok(found)
}

fn planned(text: &str) -> Result<Vec<Observed>, StrategyError> {
    let wrong = |part: &str| StrategyError::unfit("planned generations", format!("'{part}'"), "name@period:market");
    let one = |part: &str| {
        let (name, rest) = part.split_once('@').ok_or_else(|| wrong(part))?;
        let (launch, market) = rest.split_once(':').ok_or_else(|| wrong(part))?;
        let launch = launch.trim().parse().map_err(|_| wrong(part))?;
        let market_share = Some(market.trim().parse().map_err(|_| wrong(part))?);
        Ok(Observed { name: name.trim().to_owned(), launch, sales: Vec::new(), market_share })
    };
    text.split(',').filter(|part| !part.trim().is_empty()).map(one).collect()
}

fn report(found: &Fitted) -> Result<Report, StrategyError> {
    let line = &found.line;
    let mut figures = vec![
        Figure::parameter("innovation", Estimate::exact(line.innovation)),
        Figure::parameter("imitation", Estimate::exact(line.imitation)),
        Figure::exact("dispersion", found.dispersion),
        Figure::exact("r_squared", found.r_squared),
    ];
    for (generation, market) in found.outlook.generations.iter().zip(&line.markets) {
        figures.push(Figure::parameter(format!("market_{}", generation.name), Estimate::exact(*market)));
    }
    let (mut names, mut periods) = (Vec::new(), Vec::new());
    let mut numbers: [Vec<f64>; 6] = Default::default();
    for generation in &found.outlook.generations {
        figures.push(Figure::estimated(format!("owners_{}", generation.name), generation.owners_now));
        figures.push(Figure::estimated(format!("sales_ahead_{}", generation.name), generation.sales_ahead));
        for at in 0..generation.sales.len() {
            names.push(generation.name.clone());
            periods.push((found.outlook.first_period + at as i64) as f64);
            let (sales, owners) = (generation.sales[at], generation.owners[at]);
            let moved = [generation.switched_in[at].value, generation.leapfrogged_in[at].value];
            for (column, value) in
                numbers.iter_mut().zip([sales.value, sales.low, sales.high, owners.value, moved[0], moved[1]])
            {
                column.push(value);
            }
        }
    }
    let mut columns =
        vec![("generation".to_owned(), Column::Text(names)), ("period".to_owned(), Column::Number(periods))];
    let titles = ["sales", "sales_low", "sales_high", "owners", "switched_in", "leapfrogged_in"];
    columns.extend(titles.iter().map(|title| (*title).to_owned()).zip(numbers.map(Column::Number)));
    let last = found.outlook.generations.last();
    let (name, owners) = last.map_or(("", 0.0), |last| (last.name.as_str(), last.owners_now.value));
    let before: f64 = found.outlook.generations.iter().rev().skip(1).map(|one| one.owners_now.value).sum();
    Ok(Report {
        summary: Text::new(
            format!("{owners:.0} 人拥有“{name}”，{before:.0} 人仍在用更早的几代。"),
            format!("{owners:.0} own '{name}'; {before:.0} still own an earlier generation."),
        ),
        figures,
        tables: vec![ReportTable {
            name: "outlook",
            title: Text::new("未来各期", "The periods to come"),
            table: Table::new(columns)?,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::super::line::tests::line;
    use super::*;
    use crate::model;

    #[test]
    fn a_table_of_sales_tells_owners_and_the_periods_to_come() {
        let line = line();
        let (mut names, mut periods, mut units) = (Vec::new(), Vec::new(), Vec::new());
        for period in 0..36 {
            for (at, flow) in line.between(f64::from(period), f64::from(period + 1)).iter().enumerate() {
                if f64::from(period) >= line.launches[at] {
                    names.push(format!("gen {}", at + 1));
                    periods.push(f64::from(period) + 100.0);
                    units.push(flow.sales);
                }
            }
        }
        let table = Table::new(vec![
            ("generation".to_owned(), Column::Text(names)),
            ("period".to_owned(), Column::Number(periods)),
            ("units".to_owned(), Column::Number(units)),
        ])
        .unwrap();
        let model = model("generations").unwrap();
        let run = |set: &[&str]| {
            let settings = model.card.settings_from_texts(set).unwrap();
            (model.run)(&table, &settings, &RunOptions::default())
        };
        let report = run(&["horizon=6", "planned=next@138:0.5"]).unwrap().value.unwrap();
        let outlook = &report.tables[0].table;
        assert_eq!((outlook.n_rows(), outlook.numbers("period").unwrap()[0]), (24, 136.0));
        let figure = |name: &str| report.figures.iter().find(|one| one.name == name).unwrap().estimate.value;
        assert!((figure("market_gen 1") / 10_000.0 - 1.0).abs() < 1e-2);
        assert!((figure("owners_gen 3") / line.at(36.0)[2].owners - 1.0).abs() < 1e-2);
        assert!(run(&["planned=next"]).unwrap_err().to_string().contains("name@period:market"));
    }
}
