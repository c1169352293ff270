//! Budget and coupons for the lab: tables of curves and of offers in, splits and choices out.

use domain::{Card, Kind as Accepts, Param, Settings, Text};

use super::{Allocation, Curve, Goal, Method, Node, Offer, Response, allocate, choose, equal_split, seek};
use crate::mix::Saturation;
use crate::{Answer, Caveat, Column, Figure, Model, Report, ReportTable, RunOptions, StrategyError, Support, Table};

/// Rows of curves or offers that the lab accepts.
const ROWS_MAX: usize = 1_000_000;

static BUDGET_CARD: Card = Card {
    name: "budget",
    sentence: "Splits a budget over response curves under floors and ceilings, or finds the budget that reaches a goal.",
    family: "budget",
    params: &[
        Param {
            name: "budget",
            sentence: "The money to split; 0 for the sum of the column 'current'. With a goal: the most that may be spent.",
            unit: "money",
            kind: Accepts::Float { min: 0.0, max: 1e15, default: 0.0 },
        },
        Param {
            name: "saturation",
            sentence: "The family of the curves.",
            unit: "",
            kind: Accepts::Choice { options: &["logistic", "tanh", "michaelis_menten", "hill"], default: "logistic" },
        },
        Param {
            name: "method",
            sentence: "Equal slopes for concave curves, dynamic programming for any; auto takes the first that is right.",
            unit: "",
            kind: Accepts::Choice { options: &["auto", "concave", "shaped"], default: "auto" },
        },
        Param {
            name: "goal",
            sentence: "Instead of spending the budget: the least money for a value, or the most within a cost per value.",
            unit: "",
            kind: Accepts::Choice { options: &["none", "value", "cost_per_value"], default: "none" },
        },
        Param {
            name: "goal_value",
            sentence: "The value to reach, or the cost per value to keep.",
            unit: "",
            kind: Accepts::Float { min: 0.0, max: 1e15, default: 0.0 },
        },
    ],
    input: "(n_cells) rows: cell, height, rate[, slope][, floor][, ceiling][, current][, group]; see the saturation's parameters",
    source: "Karush-Kuhn-Tucker conditions of a separable concave programme; Bellman (1957), Dynamic Programming, for S curves",
};

/// The model `budget` of the registry.
pub static BUDGET: Model = Model {
    card: &BUDGET_CARD,
    columns: &[
        ("cell", "a channel, a week, a region: what gets money"),
        ("height", "the curve's ceiling, in the value's unit"),
        ("rate", "the curve's second parameter: λ, c, λ or κ"),
        ("slope", "optional: Hill's slope s"),
        ("floor", "optional: the least to spend, 0 if not given"),
        ("ceiling", "optional: the most to spend, without end if not given"),
        ("current", "optional: the present spend"),
        ("group", "optional: the group a cell belongs to, for the report"),
    ],
    run: run_budget,
};

fn run_budget(table: &Table, settings: &Settings, _: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let root = cells_of(table, settings.text("saturation"))?;
    let current = optional(table, "current")?;
    let asked = settings.float("budget");
    let budget = match &current {
        Some(current) if asked == 0.0 => current.iter().sum(),
        _ => asked,
    };
    let method = match settings.text("method") {
        "concave" => Method::Concave,
        "shaped" => Method::Shaped,
        _ => Method::Auto,
    };
    let goal = match settings.text("goal") {
        "value" => Some(Goal::Value(settings.float("goal_value"))),
        "cost_per_value" => Some(Goal::CostPerValue(settings.float("goal_value"))),
        _ => None,
    };
    let (budget, allocation) = match goal {
        None => (budget, allocate(&root, budget, method)?),
        Some(goal) => {
            let reached = seek(&root, goal, budget, method)?;
            let Some(allocation) = reached.allocation else {
                return Ok(Answer::refused(Support::of(table.n_rows()), out_of_reach(budget, reached.best_possible)));
            };
            (reached.budget, allocation)
        }
    };
    Ok(Answer::given(report(table, &root, budget, &allocation, current.as_deref())?, Support::of(table.n_rows())))
}

fn out_of_reach(budget: f64, best: f64) -> Caveat {
    Caveat::new(
        "out_of_reach",
        format!("在预算 {budget:.2} 以内达不到目标，最好只能做到 {best:.4}。"),
        format!("No budget up to {budget:.2} reaches the goal; the best that is possible is {best:.4}."),
    )
}

fn cells_of(table: &Table, saturation: &str) -> Result<Node<Curve>, StrategyError> {
    if table.n_rows() == 0 {
        return Err(StrategyError::Empty { needed: 1 });
    }
    if table.n_rows() > ROWS_MAX {
        return Err(StrategyError::unfit("rows of curves", table.n_rows(), ROWS_MAX));
    }
    let (names, heights, rates) = (table.texts("cell")?, table.numbers("height")?, table.numbers("rate")?);
    table.one_row_each(&["cell"])?;
    let kind = match saturation {
        "tanh" => Saturation::Tanh,
        "michaelis_menten" => Saturation::MichaelisMenten,
        "hill" => Saturation::Hill,
        _ => Saturation::Logistic,
    };
    let slopes = if kind == Saturation::Hill { table.numbers("slope")?.to_vec() } else { Vec::new() };
    let (floors, ceilings) = (optional(table, "floor")?, optional(table, "ceiling")?);
    let cell = |row: usize| {
        let params = match kind {
            Saturation::Hill => [heights[row], slopes[row], rates[row]],
            _ => [heights[row], rates[row], 0.0],
        };
        let curve = Curve::new(kind, params).map_err(|error| {
            StrategyError::bad_value(format!("curve of '{}'", names[row]), row, error, "positive parameters")
        })?;
        let floor = floors.as_ref().map_or(0.0, |floors| floors[row]);
        Ok(Node::cell(&names[row], curve, floor, ceilings.as_ref().map_or(f64::INFINITY, |ceilings| ceilings[row])))
    };
    let cells = (0..table.n_rows()).map(cell).collect::<Result<Vec<_>, StrategyError>>()?;
    Ok(Node::group("all", cells, 0.0, f64::INFINITY))
}

fn optional(table: &Table, name: &str) -> Result<Option<Vec<f64>>, StrategyError> {
    if table.get(name).is_none() { Ok(None) } else { table.numbers(name).map(|values| Some(values.to_vec())) }
}

fn report(
    table: &Table,
    root: &Node<Curve>,
    budget: f64,
    found: &Allocation,
    current: Option<&[f64]>,
) -> Result<Report, StrategyError> {
    let equal = equal_split(root, budget);
    let mut figures = vec![
        Figure::exact("budget", budget),
        Figure::exact("value", found.value),
        Figure::exact("shadow_price", found.shadow_price),
        Figure::exact("bound", found.bound),
        Figure::exact("value_equal_split", root.value(&equal)).as_baseline(),
    ];
    let mut columns = vec![
        ("cell".to_owned(), Column::Text(table.texts("cell")?)),
        ("spend".to_owned(), Column::Number(found.spends.clone())),
        ("spend_equal_split".to_owned(), Column::Number(equal)),
    ];
    let responses = root.cells();
    let each = |of: &dyn Fn(&Curve, f64) -> f64| {
        Column::Number(responses.iter().zip(&found.spends).map(|((_, curve), spend)| of(curve, *spend)).collect())
    };
    columns.push(("value".to_owned(), each(&|curve, spend| curve.value(spend))));
    columns.push(("slope".to_owned(), each(&|curve, spend| curve.slope(spend))));
    if let Some(current) = current {
        figures.push(Figure::exact("value_current_split", root.value(current)).as_baseline());
        columns.push(("spend_current".to_owned(), Column::Number(current.to_vec())));
    }
    if table.get("group").is_some() {
        columns.push(("group".to_owned(), Column::Text(table.texts("group")?)));
    }
    let title = Text::new("预算分配", "Allocation");
    Ok(Report {
        summary: Text::new(
            format!(
                "预算 {budget:.2} 的最优分配带来 {:.2}；再多投 1 元约带来 {:.4}。",
                found.value, found.shadow_price
            ),
            format!(
                "The best split of {budget:.2} brings {:.2}; one more coin would bring about {:.4}.",
                found.value, found.shadow_price
            ),
        ),
        figures,
        tables: vec![ReportTable { name: "allocation", title, table: Table::new(columns)? }],
    })
}

static COUPONS_CARD: Card = Card {
    name: "coupons",
    sentence: "Chooses one offer (coupon, trade-in subsidy) for each group of customers under one budget.",
    family: "budget",
    params: &[Param {
        name: "budget",
        sentence: "The expected cost of all offers together, at most.",
        unit: "money",
        kind: Accepts::Float { min: 0.0, max: 1e15, default: 0.0 },
    }],
    input: "(n_offers) rows: group, offer, gain (expected, over no offer), cost (expected); one row with cost 0 for 'none'",
    source: "Sinha, Zoltners (1979): The multiple-choice knapsack problem; halving of the Lagrange multiplier, then exchanges",
};

/// The model `coupons` of the registry.
pub static COUPONS: Model = Model {
    card: &COUPONS_CARD,
    columns: &[
        ("group", "customers who are treated alike"),
        ("offer", "the offer's name"),
        ("gain", "what the offer is expected to earn more than none"),
        ("cost", "what it is expected to cost"),
    ],
    run: run_coupons,
};

fn run_coupons(table: &Table, settings: &Settings, _: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let (names, offers) = (table.texts("group")?, table.texts("offer")?);
    let (gains, costs) = (table.numbers("gain")?, table.numbers("cost")?);
    table.one_row_each(&["group", "offer"])?;
    let mut order = Vec::new();
    let mut index = std::collections::BTreeMap::<&str, usize>::new();
    let (mut groups, mut rows): (Vec<Vec<Offer>>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
    for row in 0..table.n_rows() {
        let at = *index.entry(&names[row]).or_insert_with(|| {
            order.push(names[row].clone());
            groups.push(Vec::new());
            rows.push(Vec::new());
            groups.len() - 1
        });
        groups[at].push(Offer { gain: gains[row], cost: costs[row] });
        rows[at].push(row);
    }
    let found = choose(&groups, settings.float("budget"))?;
    let row_of = |at: usize| rows[at][found.chosen[at]];
    let chosen: Vec<usize> = (0..groups.len()).map(row_of).collect();
    let cheapest =
        |offers: &Vec<Offer>| offers.iter().min_by(|a, b| a.cost.total_cmp(&b.cost)).map_or(0.0, |one| one.gain);
    let picked = |values: &[f64]| Column::Number(chosen.iter().map(|row| values[*row]).collect());
    let columns = vec![
        ("group".to_owned(), Column::Text(order)),
        ("offer".to_owned(), Column::Text(chosen.iter().map(|row| offers[*row].clone()).collect())),
        ("gain".to_owned(), picked(gains)),
        ("cost".to_owned(), picked(costs)),
    ];
    let report = Report {
        summary: Text::new(
            format!("预计收益 {:.2}，成本 {:.2}；任何方案不会超过 {:.2}。", found.gain, found.cost, found.bound),
            format!(
                "Expected gain {:.2} at cost {:.2}; no choice gains more than {:.2}.",
                found.gain, found.cost, found.bound
            ),
        ),
        figures: vec![
            Figure::exact("gain", found.gain),
            Figure::exact("cost", found.cost),
            Figure::exact("shadow_price", found.shadow_price),
            Figure::exact("bound", found.bound),
            Figure::exact("gain_of_cheapest_offers", groups.iter().map(cheapest).sum()).as_baseline(),
        ],
        tables: vec![ReportTable { name: "choice", title: Text::new("选择", "Choice"), table: Table::new(columns)? }],
    };
    Ok(Answer::given(report, Support::of(table.n_rows())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(values: &[f64]) -> Column {
        Column::Number(values.to_vec())
    }

    fn curves() -> Table {
        let text = |values: &[&str]| Column::Text(values.iter().map(|one| (*one).to_owned()).collect());
        Table::new(vec![
            ("cell".to_owned(), text(&["a", "b", "c", "d"])),
            ("height".to_owned(), number(&[3.0, 2.0, 1.2, 0.8])),
            ("rate".to_owned(), number(&[4.0, 3.0, 1.0, 6.0])),
            ("ceiling".to_owned(), number(&[2.0, 2.0, 2.0, 0.3])),
            ("current".to_owned(), number(&[0.5, 0.5, 0.5, 0.3])),
        ])
        .unwrap()
    }

    fn figure(answer: &Answer<Report>, name: &str) -> f64 {
        let figures = &answer.value.as_ref().unwrap().figures;
        figures.iter().find(|figure| figure.name == name).unwrap().estimate.value
    }

    /// The split of `allocation.json` at a budget of 2, by SciPy 1.17.1.
    #[test]
    fn the_lab_splits_a_table_of_curves_beside_its_baselines() {
        let run = |texts: &[&str]| {
            let settings = BUDGET.card.settings_from_texts(texts).unwrap();
            (BUDGET.run)(&curves(), &settings, &RunOptions::default())
        };
        let answer = run(&["budget=2"]).unwrap();
        assert!((figure(&answer, "value") - 5.089_881_126_134_897).abs() < 1e-8);
        assert!((figure(&answer, "shadow_price") - 0.782_800_060_428_902_6).abs() < 1e-7);
        assert!(figure(&answer, "value_equal_split") < figure(&answer, "value"));
        // Without a budget, the present one is split anew.
        let answer = run(&[]).unwrap();
        assert!((figure(&answer, "budget") - 1.8).abs() < 1e-12);
        assert!(figure(&answer, "value_current_split") < figure(&answer, "value"));
        let goal = run(&["budget=6", "goal=value", "goal_value=5.089881126134897"]).unwrap();
        assert!((figure(&goal, "budget") - 2.0).abs() < 1e-6);
        let refused = run(&["budget=6", "goal=value", "goal_value=50"]).unwrap();
        assert_eq!((refused.value, refused.caveats[0].kind), (None, "out_of_reach"));
        assert!(run(&["budget=60"]).unwrap_err().to_string().contains("0 to 6.3"));
    }

    #[test]
    fn a_cell_or_an_offer_twice_is_an_error() {
        let text = |values: &[&str]| Column::Text(values.iter().map(|one| (*one).to_owned()).collect());
        let run = |model: &Model, table: Table| {
            (model.run)(&table, &model.card.settings_from_texts(&["budget=2"]).unwrap(), &RunOptions::default())
                .unwrap_err()
                .to_string()
        };
        let cells = Table::new(vec![
            ("cell".to_owned(), text(&["a", "a"])),
            ("height".to_owned(), number(&[3.0, 2.0])),
            ("rate".to_owned(), number(&[4.0, 3.0])),
        ]);
        assert!(run(&BUDGET, cells.unwrap()).starts_with("columns cell, row 1 holds a"));
        let offers = Table::new(vec![
            ("group".to_owned(), text(&["old", "old", "old"])),
            ("offer".to_owned(), text(&["none", "300", "300"])),
            ("gain".to_owned(), number(&[0.0, 9.0, 5.0])),
            ("cost".to_owned(), number(&[0.0, 3.0, 3.0])),
        ]);
        assert!(run(&COUPONS, offers.unwrap()).starts_with("columns group, offer, row 2 holds old, 300"));
    }

    #[test]
    fn the_lab_chooses_one_offer_a_group() {
        let text = |values: &[&str]| Column::Text(values.iter().map(|one| (*one).to_owned()).collect());
        let table = Table::new(vec![
            ("group".to_owned(), text(&["old", "old", "new", "new"])),
            ("offer".to_owned(), text(&["none", "300", "none", "300"])),
            ("gain".to_owned(), number(&[0.0, 9.0, 0.0, 5.0])),
            ("cost".to_owned(), number(&[0.0, 3.0, 0.0, 3.0])),
        ])
        .unwrap();
        let settings = COUPONS.card.settings_from_texts(&["budget=4"]).unwrap();
        let answer = (COUPONS.run)(&table, &settings, &RunOptions::default()).unwrap();
        assert_eq!((figure(&answer, "gain"), figure(&answer, "cost")), (9.0, 3.0));
        let chosen = &answer.value.unwrap().tables[0].table;
        assert_eq!(chosen.texts("offer").unwrap(), ["300", "none"]);
    }
}
