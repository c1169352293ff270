//! Trade-in subsidies (以旧换新): how much for which device of which age, under one budget. A subsidy wins buyers, costs for all who
//! would have come anyway, brings old devices to sell on, and takes buyers from other products of ours. Not here: how likely
//! somebody is to accept, which an uplift model learns, and the choice itself (`coupon`).

use domain::{Card, Kind, Param, Settings, Text};

use super::coupon::{Offer, choose};
use crate::{Answer, Caveat, Column, Figure, Model, Report, ReportTable, RunOptions, StrategyError, Support, Table};

/// Customers with a device of one age, alike in how they answer to a subsidy.
#[derive(Clone, Debug, PartialEq)]
pub struct TradeIn {
    pub n_customers: f64,
    /// The probability to trade in and buy, at each subsidy. Shape: (n_subsidies).
    pub acceptance: Vec<f64>,
    /// What a sale of the new device earns before the subsidy, in money.
    pub margin: f64,
    /// What the old device brings when sold on, less handling.
    pub resale: f64,
    /// The share of buyers won by the subsidy who would have bought another product of ours, and what that would have earned.
    pub cannibalised: f64,
    pub margin_lost: f64,
}

impl TradeIn {
    /// The expected gain over the first subsidy, and the expected cost, of each of `subsidies`.
    ///
    /// # Errors
    /// If the acceptances are not one for each subsidy, or a probability or share is outside [0, 1].
    pub fn offers(&self, subsidies: &[f64]) -> Result<Vec<Offer>, StrategyError> {
        if self.acceptance.len() != subsidies.len() || subsidies.is_empty() {
            let (found, expected) = (self.acceptance.len(), subsidies.len().max(1));
            return Err(StrategyError::Length { what: "acceptance".to_owned(), found, expected });
        }
        let shares = self.acceptance.iter().chain(std::iter::once(&self.cannibalised));
        if let Some((at, share)) = shares.enumerate().find(|(_, share)| !(0.0..=1.0).contains(*share)) {
            return Err(StrategyError::bad_value("acceptance and cannibalised share", at, share, "0 to 1"));
        }
        let first = self.profit(0, subsidies[0]);
        let offer = |(at, subsidy): (usize, &f64)| Offer {
            gain: self.profit(at, *subsidy) - first,
            cost: self.n_customers * self.acceptance[at] * subsidy,
        };
        Ok(subsidies.iter().enumerate().map(offer).collect())
    }

    fn profit(&self, at: usize, subsidy: f64) -> f64 {
        let (accepting, before) = (self.acceptance[at], self.acceptance[0]);
        let moved_over = (accepting - before).max(0.0) * self.cannibalised * self.margin_lost;
        self.n_customers * (accepting * (self.margin + self.resale - subsidy) - moved_over)
    }
}

static CARD: Card = Card {
    name: "trade_in",
    sentence: "Chooses a trade-in subsidy for each group of owners under one budget, counting margin, resale and cannibalisation.",
    family: "budget",
    params: &[Param {
        name: "budget",
        sentence: "The expected cost of all subsidies together, at most.",
        unit: "money",
        kind: Kind::Float { min: 0.0, max: 1e15, default: 0.0 },
    }],
    input: "(n_groups · n_subsidies) rows: group, subsidy, acceptance, n_customers, margin, resale[, cannibalised, margin_lost]",
    source: "Sinha, Zoltners (1979): The multiple-choice knapsack problem; expected profit as in the rows",
};

/// The model `trade_in` of the registry.
pub static TRADE_IN: Model = Model {
    card: &CARD,
    columns: &[
        ("group", "owners alike: device, age, segment"),
        ("subsidy", "one of the subsidies that may be offered; the lowest of a group is its baseline"),
        ("acceptance", "the probability to trade in and buy at this subsidy"),
        ("n_customers", "owners in the group"),
        ("margin", "what a sale of the new device earns before the subsidy"),
        ("resale", "what the old device brings, less handling"),
        ("cannibalised", "optional: share of buyers won who would have bought another product of ours"),
        ("margin_lost", "optional: what that other sale would have earned"),
    ],
    run,
};

fn run(table: &Table, settings: &Settings, _: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let groups = groups_of(table)?;
    let offers = groups
        .iter()
        .map(|(_, subsidies, owners)| owners.offers(subsidies))
        .collect::<Result<Vec<Vec<Offer>>, StrategyError>>()?;
    let found = choose(&offers, settings.float("budget"))?;
    let at = |group: usize| offers[group][found.chosen[group]];
    let numbers = |of: &dyn Fn(usize) -> f64| Column::Number((0..groups.len()).map(of).collect());
    let columns = vec![
        ("group".to_owned(), Column::Text(groups.iter().map(|(name, _, _)| name.clone()).collect())),
        ("subsidy".to_owned(), numbers(&|group| groups[group].1[found.chosen[group]])),
        ("gain".to_owned(), numbers(&|group| at(group).gain)),
        ("cost".to_owned(), numbers(&|group| at(group).cost)),
    ];
    let n_customers: f64 = groups.iter().map(|(_, _, owners)| owners.n_customers).sum();
    let report = Report {
        summary: Text::new(
            format!("补贴预计多赚 {:.2}，花费 {:.2}；任何方案不会超过 {:.2}。", found.gain, found.cost, found.bound),
            format!(
                "The subsidies are expected to earn {:.2} more at a cost of {:.2}; no choice earns more than {:.2}.",
                found.gain, found.cost, found.bound
            ),
        ),
        figures: vec![
            Figure::exact("gain", found.gain),
            Figure::exact("cost", found.cost),
            Figure::exact("shadow_price", found.shadow_price),
            Figure::exact("bound", found.bound),
            Figure::exact(
                "gain_of_one_subsidy_for_all",
                best_of_one_for_all(&groups, &offers, settings.float("budget")),
            )
            .as_baseline(),
        ],
        tables: vec![ReportTable {
            name: "subsidies",
            title: Text::new("补贴", "Subsidies"),
            table: Table::new(columns)?,
        }],
    };
    Ok(Answer::given(report, Support::of(n_customers as usize)).doubted(Caveat::new(
        "acceptance_is_an_estimate",
        "结果的好坏取决于各档补贴的接受概率；先在一部分客户上随机试行，再按结果更新。",
        "The answer is as good as the acceptance at each subsidy: try it at random on some customers first, and put in what came out.",
    )))
}

/// More owners than this are a mistake of units.
const CUSTOMERS_MAX: f64 = 1e12;

type Group = (String, Vec<f64>, TradeIn);

/// Rows of one group, by rising subsidy.
fn groups_of(table: &Table) -> Result<Vec<Group>, StrategyError> {
    let names = table.texts("group")?;
    table.one_row_each(&["group", "subsidy"])?;
    let column = |name: &str| table.numbers(name);
    let or_zero = |name: &str| match table.get(name) {
        Some(_) => column(name).map(<[f64]>::to_vec),
        None => Ok(vec![0.0; names.len()]),
    };
    let (subsidies, acceptance, n_customers) = (column("subsidy")?, column("acceptance")?, column("n_customers")?);
    let (margin, resale) = (column("margin")?, column("resale")?);
    let (cannibalised, margin_lost) = (or_zero("cannibalised")?, or_zero("margin_lost")?);
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|a, b| names[*a].cmp(&names[*b]).then(subsidies[*a].total_cmp(&subsidies[*b])));
    let mut groups: Vec<Group> = Vec::new();
    for row in order {
        if subsidies[row] < 0.0 || !(0.0..=CUSTOMERS_MAX).contains(&n_customers[row]) {
            let found = format!("{} for {} customers", subsidies[row], n_customers[row]);
            return Err(StrategyError::bad_value("subsidy", row, found, "0 or more, for at most 1e12 customers"));
        }
        if groups.last().is_none_or(|(name, _, _)| *name != names[row]) {
            let owners = TradeIn {
                n_customers: n_customers[row],
                acceptance: Vec::new(),
                margin: margin[row],
                resale: resale[row],
                cannibalised: cannibalised[row],
                margin_lost: margin_lost[row],
            };
            groups.push((names[row].clone(), Vec::new(), owners));
        }
        if let Some((_, of_group, owners)) = groups.last_mut() {
            of_group.push(subsidies[row]);
            owners.acceptance.push(acceptance[row]);
        }
    }
    Ok(groups)
}

/// The baseline: the one subsidy that everybody is offered, the best that the budget allows; nothing more where none fits.
fn best_of_one_for_all(groups: &[Group], offers: &[Vec<Offer>], budget: f64) -> f64 {
    let of = |subsidy: f64| {
        let one = |(group, offers): (&Group, &Vec<Offer>)| {
            let at = group.1.iter().position(|other| *other == subsidy).unwrap_or(0);
            offers[at]
        };
        let chosen = groups.iter().zip(offers).map(one);
        chosen.fold((0.0, 0.0), |sum, offer| (sum.0 + offer.gain, sum.1 + offer.cost))
    };
    let all = groups.iter().flat_map(|(_, subsidies, _)| subsidies.iter().copied());
    let mut different: Vec<f64> = all.collect();
    different.sort_by(f64::total_cmp);
    different.dedup();
    different.into_iter().map(of).filter(|(_, cost)| *cost <= budget).map(|(gain, _)| gain).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subsidy_counts_margin_resale_and_what_it_takes_from_other_products() {
        let owners = TradeIn {
            n_customers: 100.0,
            acceptance: vec![0.1, 0.3],
            margin: 80.0,
            resale: 20.0,
            cannibalised: 0.5,
            margin_lost: 40.0,
        };
        let offers = owners.offers(&[0.0, 30.0]).unwrap();
        assert_eq!(offers[0], Offer { gain: 0.0, cost: 0.0 });
        // 30 buyers at 70, less 10 who would have bought at 100, less half of 20 new ones who would have brought 40.
        assert!((offers[1].gain - (2100.0 - 1000.0 - 400.0)).abs() < 1e-9 && (offers[1].cost - 900.0).abs() < 1e-9);
        assert!(owners.offers(&[0.0]).unwrap_err().to_string().contains("2 rows where 1"));
        let wrong = TradeIn { acceptance: vec![0.1, 1.3], ..owners };
        assert!(wrong.offers(&[0.0, 30.0]).unwrap_err().to_string().contains("1.3"));
    }

    /// Owners who need a subsidy get one, and those who come anyway do not.
    #[test]
    fn the_lab_pays_whom_a_subsidy_moves() {
        let text = |values: &[&str]| Column::Text(values.iter().map(|one| (*one).to_owned()).collect());
        let number = |values: &[f64]| Column::Number(values.to_vec());
        let table = Table::new(vec![
            ("group".to_owned(), text(&["loyal", "moved", "loyal", "moved"])),
            ("subsidy".to_owned(), number(&[0.0, 300.0, 300.0, 0.0])),
            ("acceptance".to_owned(), number(&[0.5, 0.3, 0.52, 0.05])),
            ("n_customers".to_owned(), number(&[100.0; 4])),
            ("margin".to_owned(), number(&[900.0; 4])),
            ("resale".to_owned(), number(&[100.0; 4])),
        ])
        .unwrap();
        let run_with =
            |budget: &str| run(&table, &CARD.settings_from_texts(&[budget]).unwrap(), &RunOptions::default());
        let answer = run_with("budget=20000").unwrap();
        let report = answer.value.unwrap();
        assert_eq!(report.tables[0].table.texts("group").unwrap(), ["loyal", "moved"]);
        assert_eq!(report.tables[0].table.numbers("subsidy").unwrap(), [0.0, 300.0]);
        // 30 buyers at 700 instead of 5 at 1000, for 9,000; one for all would cost 24,600 and does not fit.
        let figure = |name: &str| report.figures.iter().find(|one| one.name == name).unwrap().estimate.value;
        assert!((figure("gain") - 16_000.0).abs() < 1e-6 && (figure("cost") - 9000.0).abs() < 1e-6);
        assert_eq!(figure("gain_of_one_subsidy_for_all"), 0.0);
        let poor = run_with("budget=100").unwrap().value.unwrap();
        assert_eq!(poor.tables[0].table.numbers("subsidy").unwrap(), [0.0, 0.0]);
    }
}
