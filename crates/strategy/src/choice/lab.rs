//! The card `choice`: the conditional logit over a table of sets.

use std::collections::BTreeMap;

use domain::{Card, Kind, Param, Settings, Text};

use super::logit::{Attribute, Choices, fit, worths};
use crate::registry::LEVEL;
use crate::{Answer, Column, Estimate, Figure, Model, Report, ReportTable, RunOptions, StrategyError, Table};

static CARD: Card = Card {
    name: "choice",
    sentence: "Tells from what was chosen among what stood beside it how much of the price a step of each attribute is worth.",
    family: "price",
    params: &[
        Param {
            name: "attributes",
            sentence: "Columns of attributes, separated by commas, in steps worth telling.",
            unit: "",
            kind: Kind::Text { default: "" },
        },
        LEVEL,
    ],
    input: "(n_rows) one row for each product of each set: set, chosen, price, attributes[, chooser]",
    source: "McFadden 1974 (conditional logit), 1978 (drawn alternatives); Fieller 1954 (interval of a ratio)",
};

/// The model `choice` of the registry.
pub static CHOICE: Model = Model {
    card: &CARD,
    columns: &[
        ("set", "what stood beside one another: any name or number"),
        ("chosen", "1 for the one that was taken, 0 for the others"),
        ("price", "above 0"),
        ("chooser", "optional: who chose; one person's choices count as alike"),
        ("attributes", "numbers, as the parameter names them"),
    ],
    run,
};

fn run(table: &Table, settings: &Settings, _: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let names: Vec<&str> =
        settings.text("attributes").split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
    let choices = read(table, &names)?;
    let level = settings.float("level");
    let answer = fit(&choices)?;
    let Some(found) = &answer.value else {
        return Ok(Answer {
            value: None,
            support: answer.support,
            caveats: answer.caveats,
            would_change: answer.would_change,
        });
    };
    let told = worths(found, &names, level)?;
    let z = math::distributions::normal_quantile(0.5 + level / 2.0) * found.covariance[0].sqrt();
    let price = found.coefficients[0];
    let of_price = Estimate { value: price, low: price - z, high: price + z, level };
    let mut figures = vec![
        Figure::parameter("ln_price", of_price),
        Figure::exact("log_likelihood", found.log_likelihood),
        Figure::exact("log_likelihood", found.log_likelihood_at_random).as_baseline(),
    ];
    for one in &told {
        figures.push(Figure::parameter(one.name.clone(), one.coefficient));
        figures.extend(one.share.map(|share| Figure::estimated(format!("worth_{}", one.name), share)));
    }
    let share = |of: fn(&Estimate) -> f64| {
        Column::Number(told.iter().map(|one| one.share.as_ref().map_or(f64::NAN, of)).collect())
    };
    let columns = vec![
        ("attribute".to_owned(), Column::Text(told.iter().map(|one| one.name.clone()).collect())),
        ("coefficient".to_owned(), Column::Number(told.iter().map(|one| one.coefficient.value).collect())),
        ("worth".to_owned(), share(|one| one.value)),
        ("low".to_owned(), share(|one| one.low)),
        ("high".to_owned(), share(|one| one.high)),
    ];
    let n_told = told.iter().filter(|one| one.share.is_some_and(|share| share.low > 0.0)).count();
    let report = Report {
        summary: Text::new(
            format!("{} 次选购；{} 项属性中有 {n_told} 项的加价区间在 0 以上。", found.n_sets, told.len()),
            format!("{} choices; {n_told} of {} attributes are worth money beyond doubt.", found.n_sets, told.len()),
        ),
        figures,
        tables: vec![ReportTable {
            name: "worth",
            title: Text::new("每一级值多少（占价格）", "What a step is worth, in parts of the price"),
            table: Table::new(columns)?,
        }],
    };
    Ok(Answer {
        value: Some(report),
        support: answer.support,
        caveats: answer.caveats,
        would_change: answer.would_change,
    })
}

/// Rows by set, in the order in which sets are named.
fn read(table: &Table, names: &[&str]) -> Result<Choices, StrategyError> {
    let (sets, chosen, price) = (table.texts("set")?, table.numbers("chosen")?, table.numbers("price")?);
    let choosers = match table.get("chooser") {
        Some(_) => table.texts("chooser")?,
        None => sets.clone(),
    };
    if let Some(row) = chosen.iter().position(|value| *value != 0.0 && *value != 1.0) {
        return Err(StrategyError::bad_value("chosen", row, chosen[row], "0 or 1"));
    }
    let mut order: Vec<usize> = (0..sets.len()).collect();
    order.sort_by(|a, b| sets[*a].cmp(&sets[*b]).then(a.cmp(b)));
    let columns = names.iter().map(|name| table.numbers(name)).collect::<Result<Vec<_>, _>>()?;
    let take = |values: &[f64]| order.iter().map(|row| values[*row]).collect::<Vec<f64>>();
    let mut choices = Choices {
        is_chosen: order.iter().map(|row| chosen[*row] == 1.0).collect(),
        price: take(price),
        attributes: names
            .iter()
            .zip(&columns)
            .map(|(name, values)| Attribute { name: (*name).to_owned(), values: take(values) })
            .collect(),
        ..Choices::default()
    };
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    for (place, row) in order.iter().enumerate() {
        let is_new = place == 0 || sets[order[place - 1]] != sets[*row];
        if is_new {
            let next = numbers.len() as u32;
            choices.chooser.push(*numbers.entry(&choosers[*row]).or_insert(next));
        }
        choices.set.push(choices.chooser.len() as u32 - 1);
    }
    Ok(choices)
}

#[cfg(test)]
mod tests {
    use super::super::simulate::{SimulateSettings, simulate};
    use super::*;

    #[test]
    fn a_table_of_sets_tells_what_steps_are_worth() {
        let shop = simulate(&SimulateSettings::default(), 5).unwrap();
        let one = &shop.choices;
        let column = |values: Vec<f64>| Column::Number(values);
        let mut columns = vec![
            ("set".to_owned(), column(one.set.iter().map(|set| f64::from(*set)).collect())),
            ("chosen".to_owned(), column(one.is_chosen.iter().map(|is| f64::from(u8::from(*is))).collect())),
            ("price".to_owned(), column(one.price.clone())),
        ];
        columns.extend(one.attributes.iter().map(|one| (one.name.clone(), column(one.values.clone()))));
        let table = Table::new(columns).unwrap();
        let run_with =
            |set: &[&str]| run(&table, &CARD.settings_from_texts(set).unwrap(), &RunOptions::default()).unwrap();
        let report = run_with(&["attributes=memory, storage,oled,colour"]).value.unwrap();
        let figure = |name: &str| report.figures.iter().find(|one| one.name == name).unwrap().estimate;
        assert!(figure("worth_memory").low > 0.05 && figure("worth_memory").high < 0.2, "{:?}", report.figures);
        assert!(figure("worth_colour").low < 0.0 && figure("worth_colour").high > 0.0);
        assert!((figure("ln_price").value + 3.0).abs() < 0.6);
        assert_eq!(report.tables[0].table.texts("attribute").unwrap(), ["memory", "storage", "oled", "colour"]);
        let wrong = CARD.settings_from_texts(&["attributes=fax"]).unwrap();
        assert!(run(&table, &wrong, &RunOptions::default()).unwrap_err().to_string().contains("fax"));
    }
}
