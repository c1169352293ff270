//! Prices for the lab: sales by product and period in, elasticities out; a stock with the demand of the weeks that are left in,
//! prices to ask out.

use std::collections::BTreeMap;

use domain::{Card, Kind, Param, Settings, Text};

use super::{Clearance, Sales, Stock, clear, decay, elasticities};
use crate::registry::LEVEL;
use crate::{Answer, Column, Figure, Model, Report, ReportTable, RunOptions, StrategyError, Table};

/// Ages at which fewer products are seen are not told.
const PRODUCTS_MIN: usize = 5;

static ELASTICITY_CARD: Card = Card {
    name: "price_elasticity",
    sentence: "How sales answer to their own price and to that of what could be bought instead, by group; and how prices fall.",
    family: "price",
    params: &[LEVEL],
    input: "rows of (product, period, price, units[, age][, group]): one row a product and period, also where nothing was sold",
    source: "Hausman, Hall and Griliches (1984); Santos Silva and Tenreyro (2006), The Log of Gravity; DerSimonian and Laird (1986)",
};

static MARKDOWN_CARD: Card = Card {
    name: "markdown",
    sentence: "When to lower the price by how much, so that stock is sold before its successor comes.",
    family: "price",
    params: &[
        Param {
            name: "stock",
            sentence: "Pieces to sell.",
            unit: "pieces",
            kind: Kind::Int { min: 1, max: 10_000_000, default: 100 },
        },
        Param {
            name: "price",
            sentence: "The present price.",
            unit: "money",
            kind: Kind::Float { min: 1e-6, max: 1e12, default: 100.0 },
        },
        Param {
            name: "lowest",
            sentence: "The lowest price that may be asked, in parts of the present one.",
            unit: "",
            kind: Kind::Float { min: 0.05, max: 0.99, default: 0.6 },
        },
        Param {
            name: "n_prices",
            sentence: "Prices to choose from, from the present to the lowest, evenly apart.",
            unit: "prices",
            kind: Kind::Int { min: 2, max: super::markdown::PRICES_MAX as i64, default: 9 },
        },
        Param {
            name: "elasticity",
            sentence: "Of demand to price; see price_elasticity.",
            unit: "",
            kind: Kind::Float { min: -20.0, max: -0.01, default: -2.0 },
        },
        Param {
            name: "salvage",
            sentence: "What a piece that is left brings, in parts of the present price; below 0 if it costs.",
            unit: "",
            kind: Kind::Float { min: -1.0, max: 0.9, default: 0.2 },
        },
        LEVEL,
    ],
    input: "(n_weeks) rows: demand, the sales expected in each week that is left at the present price",
    source: "Gallego and van Ryzin (1994), Management Science 40; Bitran and Mondschein (1997), Management Science 43",
};

/// The model `price_elasticity` of the registry.
pub static ELASTICITY: Model = Model {
    card: &ELASTICITY_CARD,
    columns: &[
        ("product", "which product, as text"),
        ("period", "the period as a whole number that counts on: week 0, 1, 2 …"),
        ("price", "its price in the period, above 0"),
        ("units", "pieces sold in it, 0 or more"),
        ("age", "optional: periods since its launch; interest fades while prices fall"),
        ("group", "optional: products bought instead of one another, such as a category"),
    ],
    run: run_elasticity,
};

/// The model `markdown` of the registry.
pub static MARKDOWN: Model = Model {
    card: &MARKDOWN_CARD,
    columns: &[("demand", "sales expected in a week at the present price, one row a week")],
    run: run_markdown,
};

/// Texts as numbers in the order of the texts, and the texts.
fn numbered(texts: &[String]) -> (Vec<u32>, Vec<String>) {
    let mut known: BTreeMap<&str, u32> = texts.iter().map(|text| (text.as_str(), 0)).collect();
    known.values_mut().enumerate().for_each(|(at, number)| *number = at as u32);
    let names = known.keys().map(|name| (*name).to_owned()).collect();
    (texts.iter().map(|text| known[text.as_str()]).collect(), names)
}

/// Whole numbers that count periods, from 0 on.
fn periods(table: &Table) -> Result<Vec<i64>, StrategyError> {
    let values = table.numbers("period")?;
    if let Some(row) = values.iter().position(|value| value.fract() != 0.0 || value.abs() > 1e9) {
        let allowed = "a whole number that counts periods";
        return Err(StrategyError::bad_value("column 'period'", row, values[row], allowed));
    }
    Ok(values.iter().map(|value| *value as i64).collect())
}

fn run_elasticity(table: &Table, settings: &Settings, options: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    if !(options.progress)(0.0) {
        return Err(StrategyError::Cancelled);
    }
    let (product, products) = numbered(&table.texts("product")?);
    let times = periods(table)?;
    let first = times.iter().copied().min().ok_or(StrategyError::Empty { needed: 2 })?;
    let most = super::elasticity::PERIODS_MAX as i64;
    if let Some(row) = times.iter().position(|time| time - first >= most) {
        return Err(StrategyError::bad_value(
            "column 'period'",
            row,
            times[row],
            format!("{first} to {}", first + most - 1),
        ));
    }
    let period: Vec<u32> = times.iter().map(|time| (time - first) as u32).collect();
    let labels = match table.get("group") {
        Some(_) => table.texts("group")?,
        None => vec!["all".to_owned(); product.len()],
    };
    let (group, groups) = numbered(&labels);
    let mut group_of = vec![0; products.len()];
    for (product, group) in product.iter().zip(&group) {
        group_of[*product as usize] = *group;
    }
    let (price, units) = (table.numbers("price")?, table.numbers("units")?);
    let age = table.get("age").is_some().then(|| table.numbers("age")).transpose()?;
    let sales = Sales { product: &product, period: &period, price, units, age, group_of: &group_of };
    let answer = elasticities(&sales, settings.float("level"))?;
    let falling = decay(&product, &times, price, PRODUCTS_MIN)?;
    let value = answer.value.as_ref().map(|found| report(found, &groups, &falling)).transpose()?;
    Ok(Answer { value, support: answer.support, caveats: answer.caveats, would_change: answer.would_change })
}

fn report(
    found: &super::Elasticities,
    names: &[String],
    falling: &[super::DecayPoint],
) -> Result<Report, StrategyError> {
    let mut figures = vec![Figure::estimated("elasticity", found.own)];
    figures.extend(found.substitution.map(|one| Figure::estimated("substitution", one)));
    figures.push(Figure::exact("between_groups", found.between_groups));
    figures.push(Figure::exact("n_price_changes", found.n_changes as f64));
    // What everybody assumes who has not looked: sales that do not answer.
    figures.push(Figure::exact("elasticity", 0.0).as_baseline());
    let number = |of: &dyn Fn(&super::GroupElasticity) -> f64| Column::Number(found.groups.iter().map(of).collect());
    let groups = Table::new(vec![
        (
            "group".to_owned(),
            Column::Text(found.groups.iter().map(|group| names[group.group as usize].clone()).collect()),
        ),
        ("elasticity".to_owned(), number(&|group| group.pooled.value)),
        ("low".to_owned(), number(&|group| group.pooled.low)),
        ("high".to_owned(), number(&|group| group.pooled.high)),
        ("alone".to_owned(), number(&|group| group.alone.value)),
        ("products".to_owned(), number(&|group| group.n_products as f64)),
        ("price_changes".to_owned(), number(&|group| group.n_changes as f64)),
    ])?;
    let of_age = |of: &dyn Fn(&super::DecayPoint) -> f64| Column::Number(falling.iter().map(of).collect());
    let life = Table::new(vec![
        ("age".to_owned(), of_age(&|one| one.age as f64)),
        ("price_left".to_owned(), of_age(&|one| one.median)),
        ("low".to_owned(), of_age(&|one| one.low)),
        ("high".to_owned(), of_age(&|one| one.high)),
        ("products".to_owned(), of_age(&|one| one.n_products as f64)),
    ])?;
    let own = found.own;
    let by = 100.0 * (0.9f64.powf(own.value) - 1.0);
    Ok(Report {
        summary: Text::new(
            format!(
                "价格弹性约 {:.2}（{:.2} 到 {:.2}）：降价 10% 销量约变动 {by:+.0}%。",
                own.value, own.low, own.high
            ),
            format!(
                "The elasticity is about {:.2} ({:.2} to {:.2}): a price 10 % lower moves sales by about {by:+.0} %.",
                own.value, own.low, own.high
            ),
        ),
        figures,
        tables: vec![
            ReportTable { name: "groups", title: Text::new("各组弹性", "Elasticity by group"), table: groups },
            ReportTable {
                name: "decay",
                title: Text::new("价格随年龄的变化（首发价为 1）", "Price left by age (the first price is 1)"),
                table: life,
            },
        ],
    })
}

fn run_markdown(table: &Table, settings: &Settings, options: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    if !(options.progress)(0.0) {
        return Err(StrategyError::Cancelled);
    }
    let (price, lowest, n_prices) = (settings.float("price"), settings.float("lowest"), settings.usize("n_prices"));
    let step = |at: usize| price * (1.0 - (1.0 - lowest) * at as f64 / (n_prices - 1) as f64);
    let stock = Stock {
        n: settings.usize("stock"),
        demand: table.numbers("demand")?.to_vec(),
        prices: (0..n_prices).map(step).collect(),
        elasticity: settings.float("elasticity"),
        salvage: price * settings.float("salvage"),
    };
    let answer = clear(&stock, settings.float("level"), options.seed)?;
    let value = answer.value.as_ref().map(|found| cleared(found, &stock)).transpose()?;
    Ok(Answer { value, support: answer.support, caveats: answer.caveats, would_change: answer.would_change })
}

fn cleared(found: &super::Schedule, stock: &Stock) -> Result<Report, StrategyError> {
    let of = |name: &str, one: &Clearance| {
        [
            Figure::estimated(format!("revenue{name}"), one.revenue),
            Figure::estimated(format!("sold{name}"), one.sold),
            Figure::exact(format!("chance_sold_out{name}"), one.sold_out),
        ]
    };
    let mut figures = of("", &found.best).to_vec();
    figures.push(Figure::estimated("gain_over_holding", found.over_hold));
    figures.push(Figure::exact("best_single_price", stock.prices[found.single_price]));
    figures.extend(of("_single_price", &found.single).map(Figure::as_baseline));
    figures.extend(of("_holding", &found.hold).map(Figure::as_baseline));
    let price = |place: usize| stock.prices[place];
    let mut columns = vec![
        ("week".to_owned(), Column::Number((1..=found.usual.len()).map(|week| week as f64).collect())),
        ("price_if_as_expected".to_owned(), Column::Number(found.usual.iter().map(|place| price(*place)).collect())),
    ];
    for tenth in (0..10).rev() {
        let prices = found.policy.iter().map(|week| price(week[tenth])).collect();
        columns.push((format!("with_{}%_left", 10 * (tenth + 1)), Column::Number(prices)));
    }
    let gain = found.over_hold;
    Ok(Report {
        summary: Text::new(
            format!("按此降价比维持原价多收入约 {:.0}（{:.0} 到 {:.0}）。", gain.value, gain.low, gain.high),
            format!(
                "Marking down like this brings about {:.0} more than holding the price ({:.0} to {:.0}).",
                gain.value, gain.low, gain.high
            ),
        ),
        figures,
        tables: vec![ReportTable {
            name: "prices",
            title: Text::new("各周价格（按剩余库存）", "Prices by week and by what is left of the stock"),
            table: Table::new(columns)?,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Verdict, model};

    fn run(name: &str, columns: Vec<(&str, Column)>, set: &[&str]) -> Result<Answer<Report>, StrategyError> {
        let table = Table::new(columns.into_iter().map(|(name, column)| (name.to_owned(), column)).collect())?;
        let model = model(name).unwrap();
        (model.run)(&table, &model.card.settings_from_texts(set)?, &RunOptions::default())
    }

    #[test]
    fn sales_by_week_give_elasticities_and_a_price_curve() {
        let (mut product, mut group, mut period, mut price, mut units) = (vec![], vec![], vec![], vec![], vec![]);
        for at in 0..12usize {
            for week in 0..30usize {
                // Steps at weeks of its own, so that time and price are not the same.
                let left = 1.0 - 0.1 * ((week + at * 7) / 10 % 4) as f64;
                product.push(format!("p{at}"));
                group.push(if at % 2 == 0 { "phone" } else { "laptop" }.to_owned());
                period.push(week as f64 + 2000.0);
                price.push(500.0 * left);
                units.push((200.0 * left.powf(-2.0)).round());
            }
        }
        let columns = vec![
            ("product", Column::Text(product)),
            ("group", Column::Text(group)),
            ("period", Column::Number(period)),
            ("price", Column::Number(price)),
            ("units", Column::Number(units)),
        ];
        let answer = run("price_elasticity", columns.clone(), &[]).unwrap();
        let report = answer.value.unwrap();
        assert!((report.figures[0].estimate.value + 2.0).abs() < 0.02, "{:?}", report.figures);
        assert_eq!(report.tables[0].table.texts("group").unwrap(), ["laptop", "phone"]);
        assert_eq!(report.tables[1].table.numbers("price_left").unwrap()[0], 1.0);
        let mut broken = columns;
        broken[2].1 = Column::Number(vec![0.5; 360]);
        assert!(run("price_elasticity", broken, &[]).unwrap_err().to_string().contains("row 0 holds 0.5"));
    }

    #[test]
    fn a_stock_is_cleared_beside_its_baselines() {
        let columns = vec![("demand", Column::Number(vec![10.0; 6]))];
        let answer = run("markdown", columns, &["stock=120", "price=100", "elasticity=-2.5"]).unwrap();
        assert_eq!(answer.support.verdict, Verdict::Thin);
        let report = answer.value.unwrap();
        assert!(report.figures.iter().filter(|figure| figure.is_baseline).count() == 6);
        let prices = report.tables[0].table.numbers("price_if_as_expected").unwrap();
        assert!(
            prices.len() == 6 && prices.windows(2).all(|pair| pair[1] <= pair[0]) && prices[5] < 100.0,
            "{prices:?}"
        );
        assert!(run("markdown", vec![("demand", Column::Number(vec![]))], &[]).is_err());
    }
}
