//! The cards `bandit` and `bandit_tree`, and their runs on logged choices: how the next choices are to be shared out among arms.

use domain::{Card, Kind, Param, Settings, Text};
use math::distributions::beta_quantile;

use super::choose::ARMS_MAX;
use super::thompson::Belief;
use super::tree::VALUES_MAX;
use super::{
    Attribute, AttributeTree, Bandit, BetaThompson, Condition, Context, EpsilonGreedy, GaussianThompson, Growth,
};
use super::{History, Ucb1};
use crate::registry::{Figure, Model, Report, ReportTable, RunOptions};
use crate::{Answer, Caveat, Column, Estimate, StrategyError, Support, Table};

const LEVEL: Param = Param {
    name: "level",
    sentence: "How often the intervals of the arms' means hold the truth.",
    unit: "",
    kind: Kind::Float { min: 0.5, max: 0.9999, default: 0.9 },
};

pub static CARD: Card = Card {
    name: "bandit",
    sentence: "Shares the next choices out among arms by what each has brought so far, so that the better ones are shown more.",
    family: "bandit",
    params: &[
        Param {
            name: "algorithm",
            sentence: "thompson_beta for yes or no, thompson_gaussian for amounts, ucb1 and epsilon_greedy to compare with.",
            unit: "",
            kind: Kind::Choice {
                options: &["thompson_beta", "thompson_gaussian", "ucb1", "epsilon_greedy"],
                default: "thompson_beta",
            },
        },
        Param {
            name: "epsilon",
            sentence: "For epsilon_greedy: the part of choices made at random.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1.0, default: 0.1 },
        },
        LEVEL,
    ],
    input: "one row a choice: the arm and what it brought, 0 to 1 unless the algorithm is thompson_gaussian or epsilon_greedy",
    source: "Chapelle, Li 2011, An empirical evaluation of Thompson sampling, algorithm 2; Auer, Cesa-Bianchi, Fischer 2002, figure 1; \
             Sutton, Barto 2018, section 2.2",
};

pub static MODEL: Model =
    Model { card: &CARD, columns: &[("arm", "what was chosen"), ("reward", "what it brought")], run };

pub static TREE_CARD: Card = Card {
    name: "bandit_tree",
    sentence: "Finds the attributes by which different arms work, and shares choices out within each leaf of the tree.",
    family: "bandit",
    params: &[
        Param {
            name: "attributes",
            sentence: "The columns that say what is known of the customer, separated by commas.",
            unit: "",
            kind: Kind::Text { default: "" },
        },
        Param {
            name: "n_leaves_max",
            sentence: "How many leaves at most.",
            unit: "leaves",
            kind: Kind::Int { min: 1, max: 1000, default: 32 },
        },
        Param {
            name: "n_rows_min",
            sentence: "How many rows on either side of a split at least.",
            unit: "rows",
            kind: Kind::Int { min: 1, max: 1_000_000_000, default: 100 },
        },
        Param {
            name: "evidence_min",
            sentence: "The natural logarithm of how much likelier a split must make the log, beyond chance.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1000.0, default: 3.0 },
        },
        LEVEL,
    ],
    input: "one row a choice: the arm, what it brought (0 to 1), and columns of attributes; choices should have been at random or drawn with logged probabilities",
    source: "Thompson sampling in the leaves: Chapelle, Li 2011; splits by the beta-binomial Bayes factor: Chipman, George, McCulloch 1998, \
             Bayesian CART model search, with one factor an arm",
};

pub static TREE_MODEL: Model =
    Model { card: &TREE_CARD, columns: &[("arm", "what was chosen"), ("reward", "what it brought")], run: run_tree };

/// Fewer choices of an arm than this, and its share is mostly the prior's.
const N_ENOUGH: usize = 30;

/// Names in alphabetical order, and for each row the index of its own.
fn indexed(texts: &[String], what: &'static str, n_max: usize) -> Result<(Vec<String>, Vec<u32>), StrategyError> {
    let names: std::collections::BTreeSet<&String> = texts.iter().collect();
    if names.len() > n_max {
        return Err(StrategyError::unfit(what, names.len(), format!("at most {n_max}")));
    }
    let names: Vec<String> = names.into_iter().cloned().collect();
    let rows = texts.iter().map(|text| names.binary_search(text).expect("it is one of them") as u32).collect();
    Ok((names, rows))
}

struct Logged<'a> {
    names: Vec<String>,
    arm: Vec<u32>,
    reward: &'a [f64],
    /// Shape: (n_arms).
    counts: Vec<usize>,
}

fn logged(table: &Table) -> Result<Logged<'_>, StrategyError> {
    let reward = table.numbers("reward")?;
    let (names, arm) = indexed(&table.texts("arm")?, "arms", ARMS_MAX)?;
    if reward.is_empty() {
        return Err(StrategyError::Empty { needed: 1 });
    }
    let mut counts = vec![0; names.len()];
    arm.iter().for_each(|arm| counts[*arm as usize] += 1);
    Ok(Logged { names, arm, reward, counts })
}

fn run(table: &Table, settings: &Settings, _: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let log = logged(table)?;
    let n_arms = log.names.len();
    let mut bandit: Box<dyn Bandit> = match settings.text("algorithm") {
        "thompson_beta" => Box::new(BetaThompson::new(n_arms, (1.0, 1.0))?),
        "thompson_gaussian" => {
            let moments = crate::experiment::Moments::of(log.reward);
            Box::new(GaussianThompson::new(n_arms, moments.mean, moments.variance().sqrt().max(1e-9))?)
        }
        "ucb1" => Box::new(Ucb1::new(n_arms)?),
        _ => Box::new(EpsilonGreedy::new(n_arms, settings.float("epsilon"))?),
    };
    for (arm, reward) in log.arm.iter().zip(log.reward) {
        bandit.learn(&Context::default(), *arm as usize, *reward)?;
    }
    let shares = bandit.probabilities(&Context::default())?;
    let mut figures = Vec::new();
    for (arm, name) in log.names.iter().enumerate() {
        figures.push(Figure::exact(format!("{name}.share"), shares[arm]));
        figures.push(Figure::estimated(format!("{name}.mean"), mean_of(&log, arm, settings.float("level"))));
        figures.push(Figure::exact(format!("{name}.even_share"), 1.0 / n_arms as f64).as_baseline());
    }
    let best = (0..n_arms).max_by(|a, b| shares[*a].total_cmp(&shares[*b])).expect("there is an arm");
    let (name, share) = (&log.names[best], 100.0 * shares[best]);
    let summary = Text::new(
        format!("下一轮把 {share:.0} % 的机会给 {name}。"),
        format!("Give {share:.0} % of the next choices to {name}."),
    );
    let report = Report { summary, figures, tables: Vec::new() };
    Ok(doubted(Answer::given(report, Support::of(log.reward.len())), &log))
}

/// Exact for yes and no (Clopper, Pearson 1934), Student's for amounts.
fn mean_of(log: &Logged, arm: usize, level: f64) -> Estimate {
    let rewards: Vec<f64> =
        log.arm.iter().zip(log.reward).filter(|(one, _)| **one as usize == arm).map(|(_, reward)| *reward).collect();
    let moments = crate::experiment::Moments::of(&rewards);
    let (n, mean, tail) = (moments.n as f64, moments.mean, 0.5 - 0.5 * level);
    if rewards.iter().all(|reward| *reward == 0.0 || *reward == 1.0) {
        let yes = (mean * n).round();
        let low = if yes > 0.0 { beta_quantile(tail, yes, n - yes + 1.0) } else { 0.0 };
        let high = if yes < n { beta_quantile(1.0 - tail, yes + 1.0, n - yes) } else { 1.0 };
        return Estimate { value: mean, low, high, level };
    }
    let half =
        math::distributions::student_t_quantile(1.0 - tail, (n - 1.0).max(1.0)) * (moments.variance() / n).sqrt();
    Estimate { value: mean, low: mean - half, high: mean + half, level }
}

fn doubted(answer: Answer<Report>, log: &Logged) -> Answer<Report> {
    let few: Vec<&str> =
        log.names.iter().zip(&log.counts).filter(|(_, n)| **n < N_ENOUGH).map(|(name, _)| name.as_str()).collect();
    let mut answer = answer;
    if log.names.len() < 2 {
        answer = answer.doubted(Caveat::new(
            "one_arm",
            "只有一个选项，没有可选的。",
            "There is one arm only: nothing to choose.",
        ));
    }
    if few.is_empty() {
        return answer;
    }
    answer.doubted(Caveat::new(
        "few_rows",
        format!("{} 出现不到 {N_ENOUGH} 次，还说不准。", few.join("、")),
        format!("Chosen fewer than {N_ENOUGH} times, too few to tell: {}.", few.join(", ")),
    ))
}

fn run_tree(table: &Table, settings: &Settings, _: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let log = logged(table)?;
    let columns: Vec<&str> =
        settings.text("attributes").split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if columns.is_empty() {
        let found = table.names().collect::<Vec<_>>().join(", ");
        return Err(StrategyError::unfit("the attributes", "''", format!("names of columns; there are: {found}")));
    }
    let (mut attributes, mut values, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for name in columns {
        let (names, column) = indexed(&table.texts(name)?, "values of an attribute", VALUES_MAX)?;
        attributes.push(Attribute { name: name.to_owned(), n_values: names.len() });
        values.push(names);
        rows.push(column);
    }
    let known: Vec<u32> = (0..log.arm.len()).flat_map(|row| rows.iter().map(move |column| column[row])).collect();
    let growth = Growth {
        n_leaves_max: settings.usize("n_leaves_max"),
        n_rows_min: settings.usize("n_rows_min"),
        evidence_min: settings.float("evidence_min"),
        ..Growth::default()
    };
    let history = History { attributes: &known, arm: &log.arm, reward: log.reward };
    let tree = AttributeTree::grow(attributes, log.names.len(), history, growth)?;
    let flat = AttributeTree::grow(Vec::new(), log.names.len(), History { attributes: &[], ..history }, growth)?;
    let report = told(&tree, &flat, &values, &log.names)?;
    Ok(doubted(Answer::given(report, Support::of(log.reward.len())), &log))
}

/// One row a leaf and arm: the way, the arm, its share and its mean.
fn told(
    tree: &AttributeTree,
    flat: &AttributeTree,
    values: &[Vec<String>],
    arms: &[String],
) -> Result<Report, StrategyError> {
    let (mut ways, mut names, mut shares, mut means) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let step = |condition: &Condition| {
        let attribute = &tree.attributes()[condition.attribute_idx].name;
        let sign = if condition.is_value { "=" } else { "≠" };
        format!("{attribute} {sign} {}", values[condition.attribute_idx][condition.value as usize])
    };
    for (way, beliefs) in tree.leaves() {
        let way = way.iter().map(step).collect::<Vec<_>>().join(", ");
        for ((share, belief), name) in super::chances_best(&beliefs).into_iter().zip(&beliefs).zip(arms) {
            ways.push(way.clone());
            names.push(name.clone());
            shares.push(share);
            means.push(belief.centre().0);
        }
    }
    let best = |beliefs: &[Belief]| beliefs.iter().map(|belief| belief.centre().0).fold(f64::NEG_INFINITY, f64::max);
    let one_for_all = flat.leaves().iter().map(|(_, beliefs)| best(beliefs)).fold(f64::NEG_INFINITY, f64::max);
    let n_leaves = tree.n_leaves();
    let table = Table::new(vec![
        ("leaf".to_owned(), Column::Text(ways)),
        ("arm".to_owned(), Column::Text(names)),
        ("share".to_owned(), Column::Number(shares)),
        ("mean".to_owned(), Column::Number(means)),
    ])?;
    let summary = if n_leaves == 1 {
        Text::new("没有发现哪类客户适合不同的选项。", "No attribute was found by which different arms work.")
    } else {
        Text::new(
            format!("客户分成 {n_leaves} 类，各类适合的选项不同。"),
            format!("Customers fall into {n_leaves} kinds for which different arms work."),
        )
    };
    let figures = vec![
        Figure::exact("n_leaves", n_leaves as f64),
        Figure::exact("mean_of_best_arm_for_all", one_for_all).as_baseline(),
    ];
    let leaves =
        ReportTable { name: "leaves", title: Text::new("各类客户与选项", "Leaves and their arms"), table };
    Ok(Report { summary, figures, tables: vec![leaves] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;
    use math::Random;

    /// Arm b is better on phones, a elsewhere.
    fn table(n: usize) -> Table {
        let mut random = Random::new(2);
        let (mut arms, mut devices, mut rewards) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..n {
            let (arm, device) = (["a", "b"][random.below(2)], ["pc", "phone", "tablet"][random.below(3)]);
            let chance = if (device == "phone") == (arm == "b") { 0.3 } else { 0.1 };
            arms.push(arm.to_owned());
            devices.push(device.to_owned());
            rewards.push(f64::from(u8::from(random.uniform() < chance)));
        }
        Table::new(vec![
            ("arm".to_owned(), Column::Text(arms)),
            ("device".to_owned(), Column::Text(devices)),
            ("reward".to_owned(), Column::Number(rewards)),
        ])
        .unwrap()
    }

    #[test]
    fn every_algorithm_shares_choices_out() {
        for algorithm in ["thompson_beta", "thompson_gaussian", "ucb1", "epsilon_greedy"] {
            let settings = CARD.settings([("algorithm", algorithm)]).unwrap();
            let answer = run(&table(4000), &settings, &RunOptions::default()).unwrap();
            assert_eq!(answer.support.verdict, Verdict::Enough);
            let figures = answer.value.unwrap().figures;
            let share = |name: &str| figures.iter().find(|one| one.name == name).unwrap().estimate.value;
            assert!((share("a.share") + share("b.share") - 1.0).abs() < 1e-9);
            // 0.233 against 0.167.
            assert!(share("a.share") > 0.9, "{algorithm}: {}", share("a.share"));
            assert!(figures.iter().any(|one| one.is_baseline));
        }
    }

    #[test]
    fn the_tree_tells_its_leaves_in_words() {
        let settings = TREE_CARD.settings([("attributes", "device")]).unwrap();
        let report = run_tree(&table(4000), &settings, &RunOptions::default()).unwrap().value.unwrap();
        let leaves = report.tables[0].table.texts("leaf").unwrap();
        assert!(leaves.contains(&"device = phone".to_owned()), "{leaves:?}");
        assert!(report.summary.en.contains("2 kinds"), "{}", report.summary.en);
    }

    #[test]
    fn few_choices_are_told_and_missing_columns_are_errors() {
        let answer = run(&table(20), &CARD.defaults(), &RunOptions::default()).unwrap();
        assert_eq!((answer.support.verdict, answer.caveats[0].kind), (Verdict::Thin, "few_rows"));
        let told = run_tree(&table(20), &TREE_CARD.defaults(), &RunOptions::default()).unwrap_err().to_string();
        assert!(told.contains("there are: arm, device, reward"), "{told}");
        assert_eq!(
            run(&table(0), &CARD.defaults(), &RunOptions::default()).unwrap_err(),
            StrategyError::Empty { needed: 1 }
        );
    }
}
