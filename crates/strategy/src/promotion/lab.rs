//! The ledger for the lab: days with their values in, effects of promotions out.

use domain::{Card, Day, Kind, Param, Settings, Text};

use super::{Effect, LedgerSettings, Occasion, ledger};
use crate::registry::LEVEL;
use crate::{Answer, Column, Figure, Model, Report, ReportTable, RunOptions, StrategyError, Table};

static CARD: Card = Card {
    name: "promotions",
    sentence: "What promotions brought: lift over the usual, less what was held back before and bought ahead of time.",
    family: "promotion",
    params: &[
        Param {
            name: "promotions",
            sentence: "Each as name@first:last with commas between them: 618@2025-06-01:2025-06-18.",
            unit: "",
            kind: Kind::Text { default: "" },
        },
        Param {
            name: "around",
            sentence: "Days before and after in which customers may hold back or have bought ahead of time.",
            unit: "days",
            kind: Kind::Int { min: 0, max: 120, default: 28 },
        },
        LEVEL,
    ],
    input: "a row a day without gaps: (day, value), the day as YYYY-MM-DD",
    source: "van Heerde, Leeflang and Wittink (2004), Marketing Science 23; Newey and West (1987), Econometrica 55",
};

/// The model `promotions` of the registry.
pub static PROMOTIONS: Model = Model {
    card: &CARD,
    columns: &[("day", "the day as YYYY-MM-DD, each the one after the last"), ("value", "what was sold")],
    run,
};

fn run(table: &Table, settings: &Settings, options: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    if !(options.progress)(0.0) {
        return Err(StrategyError::Cancelled);
    }
    let values = table.numbers("value")?;
    let mut days = Vec::with_capacity(values.len());
    for (row, text) in table.texts("day")?.iter().enumerate() {
        let day: Day =
            text.parse().map_err(|_| StrategyError::bad_value("column 'day'", row, text, "a day YYYY-MM-DD"))?;
        if days.last().is_some_and(|last: &Day| day.0 != last.0 + 1) {
            return Err(StrategyError::bad_value("column 'day'", row, text, "the day after the one before"));
        }
        days.push(day);
    }
    let first = *days.first().ok_or(StrategyError::Empty { needed: 1 })?;
    let occasions = read(settings.text("promotions"), settings.usize("around") as u32)?;
    let answer = ledger(&[values], first, &occasions, LedgerSettings { level: settings.float("level") })?;
    let report = |found: &super::Ledger| report(&occasions, &found.effects[0]);
    let value = answer.value.as_ref().map(report).transpose()?;
    Ok(Answer { value, support: answer.support, caveats: answer.caveats, would_change: answer.would_change })
}

fn read(text: &str, around: u32) -> Result<Vec<Occasion>, StrategyError> {
    let wrong = |part: &str| StrategyError::unfit("promotions", format!("'{part}'"), "name@first:last");
    let one = |part: &str| {
        let (name, days) = part.split_once('@').ok_or_else(|| wrong(part))?;
        let (first, last) = days.split_once(':').ok_or_else(|| wrong(part))?;
        let day = |text: &str| text.trim().parse::<Day>().map_err(|_| wrong(part));
        Ok(Occasion { name: name.trim().to_owned(), first: day(first)?, last: day(last)?, around })
    };
    text.split(',').filter(|part| !part.trim().is_empty()).map(one).collect()
}

fn report(occasions: &[Occasion], effects: &[Effect]) -> Result<Report, StrategyError> {
    let mut figures = Vec::new();
    let (mut names, mut numbers): (_, [Vec<f64>; 8]) = (Vec::new(), Default::default());
    for (occasion, effect) in occasions.iter().zip(effects) {
        let figure = |what: &str, estimate| Figure::estimated(format!("{what}_{}", occasion.name), estimate);
        figures.push(figure("lift", effect.lift));
        figures.push(figure("net", effect.net));
        figures.push(Figure::exact(format!("naive_lift_{}", occasion.name), effect.naive_lift).as_baseline());
        names.push(occasion.name.clone());
        let row = [
            effect.sold,
            effect.usual.value,
            effect.lift.value,
            effect.before.value,
            effect.after.value,
            effect.net.value,
            effect.net.low,
            effect.net.high,
        ];
        numbers.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
    }
    let titles = ["sold", "usual", "lift", "before", "after", "net", "net_low", "net_high"];
    let mut columns = vec![("promotion".to_owned(), Column::Text(names))];
    columns.extend(titles.iter().map(|title| (*title).to_owned()).zip(numbers.map(Column::Number)));
    let net: f64 = effects.iter().map(|effect| effect.net.value).sum();
    let lift: f64 = effects.iter().map(|effect| effect.lift.value).sum();
    Ok(Report {
        summary: Text::new(
            format!("{} 次促销共多卖 {lift:.0}，算上前后的日子净多卖 {net:.0}。", occasions.len()),
            format!("{} promotions sold {lift:.0} more, {net:.0} with the days around them.", occasions.len()),
        ),
        figures,
        tables: vec![ReportTable {
            name: "promotions",
            title: Text::new("各次促销", "Promotions"),
            table: Table::new(columns)?,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::super::ledger::tests::{FIRST, sales};
    use super::*;
    use crate::model;

    #[test]
    fn a_table_of_days_tells_what_promotions_brought() {
        let values = sales(3, [-150.0, 700.0, -90.0], 0.0);
        let days = |skip: bool| {
            let day = |at: usize| Day(FIRST.0 + at as i32 + i32::from(skip && at > 9)).to_string();
            let columns = vec![
                ("day".to_owned(), Column::Text((0..values.len()).map(day).collect())),
                ("value".to_owned(), Column::Number(values.clone())),
            ];
            Table::new(columns).unwrap()
        };
        let model = model("promotions").unwrap();
        let run = |table: &Table, set: &[&str]| {
            let settings = model.card.settings_from_texts(set).unwrap();
            (model.run)(table, &settings, &RunOptions::default())
        };
        let (from, to) = (Day(FIRST.0 + 200), Day(FIRST.0 + 211));
        let named = format!("promotions=spring@{from}:{to}");
        let report = run(&days(false), &[&named]).unwrap().value.unwrap();
        let figure = |name: &str| report.figures.iter().find(|one| one.name == name).unwrap().estimate;
        let lift = figure("lift_spring");
        assert!(lift.low < 700.0 && 700.0 < lift.high, "{lift:?}");
        assert_eq!(report.tables[0].table.numbers("net").unwrap(), [figure("net_spring").value]);
        assert!(run(&days(true), &[&named]).unwrap_err().to_string().contains("the day after"));
        assert!(run(&days(false), &["promotions=spring"]).unwrap_err().to_string().contains("name@first:last"));
    }
}
