//! The card `uplift` and its run on a table: effects by learners that have not seen the row, judged on all rows, and whom to
//! treat, beside what costs nothing: to treat all, nobody, or those likely to respond anyway.

use domain::card::{Card, Kind as Allowed, Param};
use domain::{Settings, Text};

use super::curves::{Kind, Ranked};
use super::judge::{self, Group};
use super::meta::{Learner, Meta, MetaSettings, Predictor, out_of_fold};
use super::policy::{self, Money, whom_to_treat};
use super::support::{Check, check};
use super::trial::{Assignment, Trial};
use super::{Base, Criterion, Forest, TreeSettings};
use crate::boost::threads::on_threads;
use crate::boost::{Boosted, Features, Loss};
use crate::registry::{Figure, Model, Report, ReportTable, RunOptions};
use crate::{Answer, Caveat, Column, Estimate, StrategyError, Table, Verdict};

const fn text(name: &'static str, sentence: &'static str, default: &'static str) -> Param {
    Param { name, sentence, unit: "", kind: Allowed::Text { default } }
}

const fn choice(
    name: &'static str,
    sentence: &'static str,
    options: &'static [&'static str],
    default: &'static str,
) -> Param {
    Param { name, sentence, unit: "", kind: Allowed::Choice { options, default } }
}

const fn int(name: &'static str, sentence: &'static str, unit: &'static str, [min, max, default]: [i64; 3]) -> Param {
    Param { name, sentence, unit, kind: Allowed::Int { min, max, default } }
}

const fn money(name: &'static str, sentence: &'static str, default: f64) -> Param {
    Param { name, sentence, unit: "money", kind: Allowed::Float { min: 0.0, max: 1e15, default } }
}

pub static CARD: Card = Card {
    name: "uplift",
    sentence: "Tells what a treatment changes for each customer, and whom it pays to treat.",
    family: "uplift",
    params: &[
        choice(
            "learner",
            "How effects are learned: put together from models of outcomes, or by trees that split by the effect.",
            &["s", "t", "x", "r", "dr", "transformed", "tree", "forest"],
            "t",
        ),
        choice("base", "The models inside a learner that is put together.", &["boost", "linear"], "boost"),
        choice("criterion", "By what trees of effects split.", &["kl", "euclid", "chi"], "kl"),
        text("treatment", "The column that says who got what.", "treatment"),
        text("control", "Its value for no treatment; empty: 0, no, control, none or false.", ""),
        text("outcome", "The column of what came of it: 0 and 1, or an amount.", "outcome"),
        text("ignore", "Columns that the models must not see, separated by commas.", ""),
        choice(
            "assignment",
            "randomised: by lot, the same chances for all; estimated: chances from the features, as far as they tell.",
            &["randomised", "estimated"],
            "randomised",
        ),
        text(
            "split",
            "Planned shares of control and treatments, separated by commas, to check against; empty: none.",
            "",
        ),
        money("margin", "What one unit of outcome is worth.", 1.0),
        money("cost", "What one treatment costs.", 0.0),
        money("budget", "Most to spend on these customers; 0: as much as pays for itself.", 0.0),
        int("n_folds", "Parts: each is judged by learners of the others.", "parts", [2, 20, 4]),
        int("n_trees", "Trees of a forest.", "trees", [1, 1000, 50]),
        int("n_samples", "Bootstrap samples for intervals.", "samples", [20, 10_000, 200]),
    ],
    input: "(n_rows) a table with one row a customer of a trial: who got what, what came of it, and what was known before",
    source: "Künzel et al. 2019 (S, T, X); Nie and Wager 2021 (R); Kennedy 2023 (DR); Athey and Imbens 2016 (transformed); \
             Rzepakowski and Jaroszewicz 2012 (trees); Radcliffe 2007 (Qini)",
};

pub static MODEL: Model = Model {
    card: &CARD,
    columns: &[
        ("treatment", "what each customer got; one value stands for nothing"),
        ("outcome", "what came of it: 0 or 1, or an amount"),
        ("any others", "numbers or texts known before the treatment"),
    ],
    run,
};

/// Columns of a table as a trial.
struct Read {
    features: Features,
    arms: Vec<u32>,
    /// Control first. Shape: (n_arms).
    labels: Vec<String>,
    outcome: Vec<f64>,
}

fn run(table: &Table, settings: &Settings, options: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let read = read(table, settings)?;
    let assignment = match settings.text("assignment") {
        "estimated" => Assignment::Estimated,
        _ => Assignment::Randomised,
    };
    let trial = Trial::new(&read.features, &read.arms, &read.outcome, assignment)?;
    let planned = shares(settings.text("split"))?;
    on_threads(options.n_threads, || {
        let mut found = check(&trial, planned.as_deref(), options.seed)?;
        if found.is_refused() {
            return Ok(found.answer(Report::default()).changed_by(what_would_help()));
        }
        if assignment == Assignment::Estimated {
            found.caveats.push(Caveat::new(
                "not_randomised",
                "分组不是随机的：只有当这些特征包含了所有影响分组的因素时，结果才成立。",
                "Nobody drew lots: the effects hold only if these features tell all that decided who was treated.",
            ));
            found.support.verdict = Verdict::Thin;
        }
        report(&trial, &read.labels, settings, options, found)
    })
}

fn what_would_help() -> Text {
    Text::new(
        "随机保留一部分客户不触达，并把触达前已知的信息记下来，再跑一轮。",
        "Keep a random part of the customers untreated, record only what is known before treatment, and run it again.",
    )
}

fn read(table: &Table, settings: &Settings) -> Result<Read, StrategyError> {
    let (treatment, outcome) = (settings.text("treatment"), settings.text("outcome"));
    let told = table.texts(treatment)?;
    if let Some(row) = told.iter().position(|label| label.trim().is_empty() || label == "NaN") {
        return Err(StrategyError::bad_value(format!("column '{treatment}'"), row, "nothing", "what the customer got"));
    }
    let mut labels: Vec<String> = told.iter().map(|label| label.trim().to_owned()).collect();
    let given: Vec<String> = labels.clone();
    labels.sort_unstable();
    labels.dedup();
    if labels.len() > super::trial::ARMS_MAX {
        let allowed = format!("at most {}", super::trial::ARMS_MAX);
        return Err(StrategyError::unfit("different treatments", labels.len(), allowed));
    }
    let control = settings.text("control");
    let is_control = |label: &String| match control {
        "" => ["0", "no", "control", "none", "false"].contains(&label.to_lowercase().as_str()),
        control => label == control,
    };
    let Some(at) = labels.iter().position(is_control) else {
        let allowed =
            if control.is_empty() { "0, no, control, none or false; or name it by 'control'" } else { control };
        return Err(StrategyError::unfit("control among the treatments", labels.join(", "), allowed));
    };
    labels[..=at].rotate_right(1);
    let code = |label: &String| labels.iter().position(|other| other == label).unwrap_or(0) as u32;
    let names = crate::boost::other_columns(table, &[treatment, outcome], settings.text("ignore"))?;
    Ok(Read {
        features: Features::of_table(table, &names)?,
        arms: given.iter().map(code).collect(),
        outcome: table.numbers(outcome)?.to_vec(),
        labels,
    })
}

fn shares(text: &str) -> Result<Option<Vec<f64>>, StrategyError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let parsed: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    parsed.map(Some).map_err(|_| StrategyError::unfit("split", text, "numbers separated by commas, as 0.5, 0.5"))
}

/// The learner that the settings ask for.
fn learner<'a>(settings: &'a Settings, seed: u64) -> impl Fn(&Trial) -> Result<Predictor, StrategyError> + 'a {
    move |trial| {
        let learner = match settings.text("learner") {
            "s" => Learner::S,
            "x" => Learner::X,
            "r" => Learner::R,
            "dr" => Learner::Dr,
            "transformed" => Learner::Transformed,
            name @ ("tree" | "forest") => {
                let criterion = match settings.text("criterion") {
                    "euclid" => Criterion::Euclid,
                    "chi" => Criterion::Chi,
                    _ => Criterion::Kl,
                };
                let n_trees = if name == "tree" { 1 } else { settings.usize("n_trees").max(2) };
                let forest = Forest::fit(trial, &TreeSettings { criterion, n_trees, seed, ..TreeSettings::default() })?;
                return Ok(Box::new(move |features| forest.effects(features)));
            }
            _ => Learner::T,
        };
        let base = if settings.text("base") == "linear" { Base::Linear { l2: 1.0 } } else { Base::default() };
        let meta = Meta::fit(trial, &MetaSettings { learner, base, seed, ..MetaSettings::default() })?;
        Ok(Box::new(move |features| meta.effects(features)))
    }
}

/// Chance of a response whatever the arm: the order of whoever targets likely buyers.
fn response(trial: &Trial) -> Result<Predictor, StrategyError> {
    let loss = if trial.is_binary() { Loss::Logistic } else { Loss::Squared };
    let Base::Boost { outcome, .. } = Base::default() else { unreachable!("the default is boosting") };
    let model = Boosted::fit(trial.features, trial.outcome, None, &crate::boost::BoostSettings { loss, ..*outcome })?;
    let n_treatments = trial.n_arms() - 1;
    Ok(Box::new(move |features| Ok(vec![model.predict(features)?; n_treatments])))
}

fn report(
    trial: &Trial,
    labels: &[String],
    settings: &Settings,
    options: &RunOptions,
    found: Check,
) -> Result<Answer<Report>, StrategyError> {
    let n_folds = settings.usize("n_folds");
    let go_on = |share| if (options.progress)(share) { Ok(()) } else { Err(StrategyError::Cancelled) };
    go_on(0.1)?;
    let effects = out_of_fold(trial, n_folds, options.seed, learner(settings, options.seed))?;
    go_on(0.6)?;
    let likely = out_of_fold(trial, n_folds, options.seed, response)?;
    go_on(0.8)?;
    let mut told = Report::default();
    let mut best: Option<(Estimate, Estimate)> = None;
    for (at, label) in labels.iter().enumerate().skip(1) {
        let suffix = if labels.len() == 2 { String::new() } else { format!(":{label}") };
        let rows: Vec<usize> =
            (0..trial.n_rows()).filter(|&row| [0, at].contains(&(trial.arms[row] as usize))).collect();
        let pair = Pair {
            effect: rows.iter().map(|&row| effects[at - 1][row]).collect(),
            likely: rows.iter().map(|&row| likely[at - 1][row]).collect(),
            outcome: rows.iter().map(|&row| trial.outcome[row]).collect(),
            is_treated: rows.iter().map(|&row| trial.arms[row] as usize == at).collect(),
        };
        let figures = pair.figures(&suffix, settings.usize("n_samples"), options.seed, trial.is_binary(), &mut told)?;
        if best.is_none_or(|best| figures.0.value > best.0.value) {
            best = Some(figures);
        }
        if at == 1 {
            told.tables.extend(pair.tables()?);
        }
    }
    let money = policy_figures(trial, &effects, &likely, settings, &mut told)?;
    let Some((qini, average)) = best else { return Ok(found.answer(told)) };
    told.summary = summary(trial, average, qini, money);
    let mut answer = found.answer(told);
    if qini.low <= 0.0 {
        answer = answer.doubted(Caveat::new(
            "no_difference_found",
            "没有证据表明模型分得清谁更受影响：区间包含 0。按模型挑人不比随机挑人更可靠。",
            "Nothing shows that the model tells whom the treatment changes more: the interval holds 0. Choosing by it is no safer \
             than choosing at random.",
        ));
        answer = answer.changed_by(what_would_help());
    }
    Ok(answer)
}

/// One treatment and the control.
struct Pair {
    effect: Vec<f64>,
    likely: Vec<f64>,
    outcome: Vec<f64>,
    is_treated: Vec<bool>,
}

impl Pair {
    /// Adds the figures; returns Qini and the average effect.
    fn figures(
        &self,
        suffix: &str,
        n_samples: usize,
        seed: u64,
        is_binary: bool,
        told: &mut Report,
    ) -> Result<(Estimate, Estimate), StrategyError> {
        let ranked = Ranked::new(&self.effect, &self.outcome, &self.is_treated)?;
        let likely = Ranked::new(&self.likely, &self.outcome, &self.is_treated)?;
        let qini = judge::qini(&ranked, n_samples, seed)?;
        let average = judge::average_effect(&self.outcome, &self.is_treated).unwrap_or(Estimate::exact(0.0));
        let mut add = |figure: Figure| told.figures.push(figure);
        let name = |name: &str| format!("{name}{suffix}");
        add(Figure::estimated(name("average_effect"), average));
        add(Figure::estimated(name("qini"), qini));
        add(Figure::estimated(name("qini"), judge::qini(&likely, n_samples, seed)?).as_baseline());
        for (ranked, is_baseline) in [(&ranked, false), (&likely, true)] {
            let mut scores = vec![
                ("causalml_auuc", ranked.causalml_score(Kind::Uplift, true)),
                ("causalml_qini", ranked.causalml_score(Kind::Qini, true)),
            ];
            if is_binary {
                scores.push(("scikit_uplift_qini_auc", ranked.scikit_uplift_auc(Kind::Qini)));
                scores.push(("scikit_uplift_uplift_auc", ranked.scikit_uplift_auc(Kind::Uplift)));
            }
            for (score, value) in scores.into_iter().filter(|(_, value)| value.is_finite()) {
                let figure = Figure::exact(format!("{score}{suffix}"), value);
                add(if is_baseline { figure.as_baseline() } else { figure });
            }
            for percent in [10, 20, 30] {
                let Some((value, variance)) = ranked.uplift_at(f64::from(percent) / 100.0) else { continue };
                let figure =
                    Figure::estimated(format!("uplift_at_{percent}{suffix}"), judge::normal_interval(value, variance));
                add(if is_baseline { figure.as_baseline() } else { figure });
            }
        }
        if let Some(slope) = judge::calibration_slope(&judge::deciles(&self.effect, &self.outcome, &self.is_treated)) {
            add(Figure::estimated(name("calibration_slope"), slope));
        }
        Ok((qini, average))
    }

    fn tables(&self) -> Result<Vec<ReportTable>, StrategyError> {
        let groups = judge::deciles(&self.effect, &self.outcome, &self.is_treated);
        let column = |name: &str, of: &dyn Fn(usize, &Group) -> f64| {
            let values = groups.iter().enumerate().map(|(at, group)| of(at, group)).collect();
            (name.to_owned(), Column::Number(values))
        };
        let found = |of: fn(Estimate) -> f64| move |_: usize, group: &Group| group.found.map_or(f64::NAN, of);
        let calibration = Table::new(vec![
            column("decile", &|at, _| at as f64 + 1.0),
            column("n_treated", &|_, group| group.n_treated as f64),
            column("n_controls", &|_, group| group.n_controls as f64),
            column("predicted", &|_, group| group.predicted),
            column("found", &found(|found| found.value)),
            column("low", &found(|found| found.low)),
            column("high", &found(|found| found.high)),
        ])?;
        let ranked = Ranked::new(&self.effect, &self.outcome, &self.is_treated)?;
        let curve = ranked.curve(Kind::Qini);
        let n = curve.rows.len();
        // About a hundred points draw the same line.
        let points: Vec<usize> = (0..=100).map(|at| at * (n - 1) / 100).collect();
        let of = |values: &[f64]| Column::Number(points.iter().map(|&at| values[at]).collect());
        let curve =
            Table::new(vec![("rows".to_owned(), of(&curve.rows)), ("incremental".to_owned(), of(&curve.values))])?;
        Ok(vec![
            ReportTable {
                name: "calibration",
                title: Text::new("按预测增量分十组：预测与实际", "Ten groups by predicted effect: predicted and found"),
                table: calibration,
            },
            ReportTable { name: "qini_curve", title: Text::new("Qini 曲线", "Qini curve"), table: curve },
        ])
    }
}

/// What a policy brings a customer, and its size.
struct Bought {
    policy: Estimate,
    all: Estimate,
    n_treated: usize,
}

fn policy_figures(
    trial: &Trial,
    effects: &[Vec<f64>],
    likely: &[Vec<f64>],
    settings: &Settings,
    told: &mut Report,
) -> Result<Option<Bought>, StrategyError> {
    let n_treatments = trial.n_arms() - 1;
    let costs = vec![vec![settings.float("cost")]; n_treatments];
    let budget = Some(settings.float("budget")).filter(|&budget| budget > 0.0);
    let money = Money { margin: settings.float("margin"), costs: &costs, budget };
    let policy = whom_to_treat(effects, &money)?;
    told.figures.push(Figure::exact("n_to_treat", policy.n_treated as f64));
    told.figures.push(Figure::exact("cost_to_treat", policy.cost));
    told.figures.push(Figure::exact("shadow_price", policy.shadow_price));
    if trial.assignment == Assignment::Estimated {
        return Ok(None);
    }
    let value = |arms: &[u32]| policy::value(arms, trial, &money);
    let found = value(&policy.arms)?;
    told.figures.push(Figure::estimated("gain_per_customer", found));
    let mut order: Vec<usize> = (0..trial.n_rows()).collect();
    order.sort_by(|&a, &b| likely[0][b].total_cmp(&likely[0][a]));
    let mut by_response = vec![0; trial.n_rows()];
    order[..policy.n_treated].iter().for_each(|&row| by_response[row] = 1);
    let all = value(&vec![1; trial.n_rows()])?;
    let baseline = |name: &str, estimate| Figure::estimated(name, estimate).as_baseline();
    told.figures.push(baseline("gain_per_customer_by_response", value(&by_response)?));
    told.figures.push(baseline("gain_per_customer_treating_all", all));
    Ok(Some(Bought { policy: found, all, n_treated: policy.n_treated }))
}

fn summary(trial: &Trial, average: Estimate, qini: Estimate, money: Option<Bought>) -> Text {
    let n = trial.n_rows();
    let is_told = if qini.low > 0.0 {
        ["模型分得出谁更受影响", "the model tells whom it changes more"]
    } else {
        ["模型分不清谁更受影响", "the model does not tell whom it changes more"]
    };
    let mut text = Text::new(
        format!(
            "平均每人增量 {:.4}（90% 区间 {:.4} 至 {:.4}，{n} 人）；{}（Qini {:.5}，{:.5} 至 {:.5}）。",
            average.value, average.low, average.high, is_told[0], qini.value, qini.low, qini.high
        ),
        format!(
            "On average a treatment adds {:.4} (90 %: {:.4} to {:.4}; {n} rows); {} (Qini {:.5}, {:.5} to {:.5}).",
            average.value, average.low, average.high, is_told[1], qini.value, qini.low, qini.high
        ),
    );
    if let Some(Bought { policy, all, n_treated }) = money {
        text.zh += &format!(
            "触达其中 {n_treated} 人，平均每位客户净赚 {:.4}（{:.4} 至 {:.4}）；全部触达则为 {:.4}。",
            policy.value, policy.low, policy.high, all.value
        );
        text.en += &format!(
            " Treating {n_treated} of them brings {:.4} a customer ({:.4} to {:.4}); treating all {:.4}.",
            policy.value, policy.low, policy.high, all.value
        );
    }
    text
}

#[cfg(test)]
mod tests;
