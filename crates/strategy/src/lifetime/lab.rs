//! The models as the lab knows them: cards, and runs on tables of named columns.

use domain::{Card, Kind, Param, Settings, Text};

use super::hazard::{HazardOptions, Spans};
use super::{
    Calibration, Covariates, FitOptions, Histories, Horizon, Lifetime, Process, Spend, calibrate, fit, fit_spend,
    hazard, values, worth_interval,
};
use crate::registry::LEVEL;
use crate::{Answer, Column, Estimate, Figure, Model, Report, ReportTable, RunOptions, StrategyError, Table};

/// As far from its mean as a feature may be.
const COVARIATE_MAX: f64 = 1e3;

/// Draws behind the interval of what all are worth.
const N_DRAWS: usize = 100;

const FREQUENCY_COLUMN: (&str, &str) = ("frequency", "times at which the customer bought, without the first (or x)");
const RECENCY_COLUMN: (&str, &str) =
    ("recency", "time from the first purchase to the last; 0 without a repeat purchase (or t_x)");
const AGE_COLUMN: (&str, &str) = ("age", "time from the first purchase to now, in the same unit (or T)");
const VALUE_COLUMN: (&str, &str) =
    ("mean_value", "money a repeat purchase, on average; 0 without one (or value, monetary_value, zbar)");
const HISTORY_COLUMNS: &[(&str, &str)] = &[FREQUENCY_COLUMN, RECENCY_COLUMN, AGE_COLUMN];
const VALUE_COLUMNS: &[(&str, &str)] = &[FREQUENCY_COLUMN, RECENCY_COLUMN, AGE_COLUMN, VALUE_COLUMN];

/// Names that files of other tools give to these columns.
const FREQUENCY: &[&str] = &["frequency", "x"];
const RECENCY: &[&str] = &["recency", "t_x"];
const AGE: &[&str] = &["age", "T"];
const MEAN_VALUE: &[&str] = &["mean_value", "value", "monetary_value", "zbar"];
const CUSTOMER: &[&str] = &["customer", "customer_id", "ID"];

const PENALTY: Param = Param {
    name: "penalty",
    sentence: "Times the sum of squares of the parameters, added to the mean negative log-likelihood; for thin data.",
    unit: "",
    kind: Kind::Float { min: 0.0, max: 1000.0, default: 0.0 },
};
const HORIZON: Param = Param {
    name: "horizon",
    sentence: "How far ahead purchases are expected; also the length of the holdout period, if there is one.",
    unit: "the unit of recency and age",
    kind: Kind::Float { min: 0.0, max: 1e6, default: 39.0 },
};
const COVARIATES: Param = Param {
    name: "covariates",
    sentence: "Names of columns that may change how customers buy, with commas between them; centred here.",
    unit: "",
    kind: Kind::Text { default: "" },
};
const ON_LEAVING: Param = Param {
    name: "on_leaving",
    sentence: "Whether the covariates act on leaving as well as on buying.",
    unit: "",
    kind: Kind::Bool { default: false },
};
const LISTED: Param = Param {
    name: "listed",
    sentence: "Customers listed, those of whom most is expected first.",
    unit: "customers",
    kind: Kind::Int { min: 0, max: 10_000_000, default: 20 },
};
const LIFETIME_PARAMS: &[Param] = &[PENALTY, HORIZON, LEVEL, COVARIATES, ON_LEAVING, LISTED];
const INPUT: &str =
    "(n_customers) frequency, recency, age; a column 'holdout' of later purchases, if given, is compared";

static BG_NBD_CARD: Card = Card {
    name: "bg_nbd",
    sentence: "Who is still a customer and how often each will buy, if customers leave after a purchase.",
    family: "lifetime",
    params: LIFETIME_PARAMS,
    input: INPUT,
    source: "Fader, Hardie and Lee (2005), \"Counting Your Customers\" the Easy Way: An Alternative to the Pareto/NBD Model, \
             Marketing Science 24(2), equations 6 and 10; covariates as in Fader and Hardie (2007)",
};
static MBG_NBD_CARD: Card = Card {
    name: "mbg_nbd",
    sentence: "As bg_nbd, where customers may leave after their first purchase too.",
    family: "lifetime",
    params: LIFETIME_PARAMS,
    input: INPUT,
    source: "Batislam, Denizel and Filiztekin (2007), Empirical Validation and Comparison of Models for Customer Base Analysis, \
             International Journal of Research in Marketing 24(3)",
};
static PARETO_NBD_CARD: Card = Card {
    name: "pareto_nbd",
    sentence: "Who is still a customer and how often each will buy, if customers leave at any time.",
    family: "lifetime",
    params: LIFETIME_PARAMS,
    input: INPUT,
    source: "Schmittlein, Morrison and Colombo (1987), Counting Your Customers: Who Are They and What Will They Do Next?, \
             Management Science 33(1); covariates as in Fader and Hardie (2007), Incorporating Time-Invariant Covariates into the \
             Pareto/NBD and BG/NBD Models",
};
static GAMMA_GAMMA_CARD: Card = Card {
    name: "gamma_gamma",
    sentence: "What a customer will spend on a purchase: its own mean, drawn towards that of all as far as it is uncertain.",
    family: "lifetime",
    params: &[PENALTY, LEVEL],
    input: "(n_customers) frequency and mean_value of repeat purchases",
    source: "Fader and Hardie (2013), The Gamma-Gamma Model of Monetary Value, equations 1a and 5",
};
static CUSTOMER_VALUE_CARD: Card = Card {
    name: "customer_value",
    sentence: "What each customer is worth over the periods to come, discounted: purchases expected times spending expected.",
    family: "lifetime",
    params: &[
        Param {
            name: "process",
            sentence: "How customers leave.",
            unit: "",
            kind: Kind::Choice { options: &["bg_nbd", "mbg_nbd", "pareto_nbd"], default: "bg_nbd" },
        },
        PENALTY,
        LEVEL,
        Param {
            name: "periods",
            sentence: "How many periods to look ahead.",
            unit: "periods",
            kind: Kind::Int { min: 1, max: 1200, default: 12 },
        },
        Param {
            name: "period",
            sentence: "The length of a period: 4.345 for months if ages are in weeks, 30.4 if in days.",
            unit: "the unit of recency and age",
            kind: Kind::Float { min: 1e-3, max: 1e6, default: 4.345 },
        },
        Param {
            name: "discount",
            sentence: "By how much money a period later is worth less; 0.01 for 1 %.",
            unit: "a period",
            kind: Kind::Float { min: 0.0, max: 1.0, default: 0.01 },
        },
        Param {
            name: "margin",
            sentence: "The share of spending that stays with the shop.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1.0, default: 1.0 },
        },
        LISTED,
    ],
    input: "(n_customers) frequency, recency, age, mean_value",
    source: "Fader, Hardie and Lee (2005), RFM and CLV: Using Iso-Value Curves for Customer Base Analysis, Journal of Marketing \
             Research 42(4)",
};
static HAZARD_CARD: Card = Card {
    name: "churn_hazard",
    sentence: "Who leaves when, where leaving is seen: the probability of leaving in each period by features.",
    family: "lifetime",
    params: &[
        Param {
            name: "covariates",
            sentence: "Names of the columns of features, with commas between them; empty for none.",
            unit: "",
            kind: Kind::Text { default: "" },
        },
        Param {
            name: "penalty",
            sentence: "Precision of the prior of effects of one standard deviation.",
            unit: "",
            kind: Kind::Float { min: 1e-6, max: 1e6, default: 1.0 },
        },
        Param {
            name: "smoothness",
            sentence: "Precision of the change of the baseline's logit from a period to the next.",
            unit: "",
            kind: Kind::Float { min: 1e-6, max: 1e6, default: 5.0 },
        },
        LEVEL,
    ],
    input: "(n_customers) periods watched, left (1 if the customer left in the last of them, else 0), features",
    source: "Cox (1972), Regression Models and Life-Tables, section 6; Singer and Willett (1993), It's About Time, Journal of \
             Educational Statistics 18(2)",
};

pub static BG_NBD: Model =
    Model { card: &BG_NBD_CARD, columns: HISTORY_COLUMNS, run: |t, s, o| run_lifetime(Process::BgNbd, t, s, o) };
pub static MBG_NBD: Model =
    Model { card: &MBG_NBD_CARD, columns: HISTORY_COLUMNS, run: |t, s, o| run_lifetime(Process::MbgNbd, t, s, o) };
pub static PARETO_NBD: Model = Model {
    card: &PARETO_NBD_CARD,
    columns: HISTORY_COLUMNS,
    run: |t, s, o| run_lifetime(Process::ParetoNbd, t, s, o),
};
pub static GAMMA_GAMMA: Model =
    Model { card: &GAMMA_GAMMA_CARD, columns: &[FREQUENCY_COLUMN, VALUE_COLUMN], run: run_spend };
pub static CUSTOMER_VALUE: Model = Model { card: &CUSTOMER_VALUE_CARD, columns: VALUE_COLUMNS, run: run_values };
pub static HAZARD: Model = Model {
    card: &HAZARD_CARD,
    columns: &[
        ("periods", "whole periods watched, the one of leaving among them"),
        ("left", "1 if the customer left in the last of them, else 0"),
    ],
    run: run_hazard,
};

struct Rows {
    /// Whose row it is, where the table says.
    customers: Option<Vec<String>>,
    frequency: Vec<u32>,
    recency: Vec<f64>,
    age: Vec<f64>,
}

impl Rows {
    fn of(table: &Table) -> Result<Rows, StrategyError> {
        let customer = table.named(CUSTOMER);
        Ok(Rows {
            customers: table.get(customer).is_some().then(|| table.texts(customer)).transpose()?,
            frequency: counts(table, table.named(FREQUENCY))?,
            recency: table.numbers(table.named(RECENCY))?.to_vec(),
            age: table.numbers(table.named(AGE))?.to_vec(),
        })
    }

    fn histories(&self) -> Histories<'_> {
        Histories { frequency: &self.frequency, recency: &self.recency, age: &self.age }
    }
}

fn counts(table: &Table, name: &str) -> Result<Vec<u32>, StrategyError> {
    let count = |(row, value): (usize, &f64)| {
        if value.fract() == 0.0 && (0.0..=4e9).contains(value) {
            Ok(*value as u32)
        } else {
            Err(StrategyError::bad_value(format!("column '{name}'"), row, value, "whole numbers from 0"))
        }
    };
    table.numbers(name)?.iter().enumerate().map(count).collect()
}

/// Named columns side by side, row by row, each less its mean. Shape: (n_rows, n_names); with the names.
fn features(table: &Table, names: &str) -> Result<(Vec<f64>, Vec<String>), StrategyError> {
    let names: Vec<String> =
        names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    let columns: Vec<&[f64]> = names.iter().map(|name| table.numbers(name)).collect::<Result<_, _>>()?;
    let n = table.n_rows();
    let means: Vec<f64> = columns.iter().map(|column| column.iter().sum::<f64>() / n.max(1) as f64).collect();
    for ((name, column), mean) in names.iter().zip(&columns).zip(&means) {
        // One value far away moves the mean away from all: the furthest is the one to name.
        let furthest = (0..n).max_by(|a, b| (column[*a] - mean).abs().total_cmp(&(column[*b] - mean).abs()));
        if let Some(row) = furthest.filter(|row| (column[*row] - mean).abs() > COVARIATE_MAX) {
            let allowed = "numbers within 1000 of the column's mean; subtract the mean and divide by the spread";
            return Err(StrategyError::bad_value(format!("column '{name}'"), row, column[row], allowed));
        }
    }
    let rows = (0..n).flat_map(|row| columns.iter().zip(&means).map(move |(column, mean)| column[row] - mean));
    Ok((rows.collect(), names))
}

/// Runs `work` on as many threads as the options say, unless it is cancelled before.
fn on_threads<T: Send>(
    options: &RunOptions,
    work: impl FnOnce() -> Result<T, StrategyError> + Send,
) -> Result<T, StrategyError> {
    if !(options.progress)(0.0) {
        return Err(StrategyError::Cancelled);
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.n_threads.max(1)).build();
    let done = match pool {
        Ok(pool) => pool.install(work)?,
        // Without threads of its own the work is done on this one.
        Err(_) => work()?,
    };
    if (options.progress)(1.0) { Ok(done) } else { Err(StrategyError::Cancelled) }
}

fn run_lifetime(
    process: Process,
    table: &Table,
    settings: &Settings,
    options: &RunOptions,
) -> Result<Answer<Report>, StrategyError> {
    let rows = Rows::of(table)?;
    let (values, names) = features(table, settings.text("covariates"))?;
    let covariates = (!names.is_empty()).then(|| Covariates {
        values: &values,
        n_columns: names.len(),
        on_leaving: settings.bool("on_leaving"),
    });
    let came = table.get("holdout").is_some().then(|| counts(table, "holdout")).transpose()?;
    let fit_options = FitOptions { penalty: settings.float("penalty"), ..FitOptions::default() };
    let seed = options.seed;
    on_threads(options, || {
        let answer = fit(process, &rows.histories(), covariates.as_ref(), &fit_options)?;
        let report =
            |model: &Lifetime| report(model, &rows, covariates.as_ref(), &names, came.as_deref(), settings, seed);
        told(answer, report)
    })
}

/// The same answer with a report in place of the model.
fn told<T>(
    answer: Answer<T>,
    report: impl FnOnce(&T) -> Result<Report, StrategyError>,
) -> Result<Answer<Report>, StrategyError> {
    let value = answer.value.as_ref().map(report).transpose()?;
    Ok(Answer { value, support: answer.support, caveats: answer.caveats, would_change: answer.would_change })
}

fn report(
    model: &Lifetime,
    rows: &Rows,
    covariates: Option<&Covariates>,
    names: &[String],
    came: Option<&[u32]>,
    settings: &Settings,
    seed: u64,
) -> Result<Report, StrategyError> {
    let histories = &rows.histories();
    let (horizon, level) = (settings.float("horizon"), settings.float("level"));
    let scores = model.score(histories, covariates, horizon)?;
    // Fewer draws for larger tables: their totals vary less.
    let n_draws = (500_000 / histories.len()).clamp(40, 200);
    let total = model.total(histories, covariates, horizon, (level, n_draws, seed))?;
    let alive: f64 = scores.alive.iter().sum();
    let mut figures = parameters(model, names, level);
    figures.push(Figure::exact("log_likelihood", model.log_likelihood));
    figures.push(Figure::exact("customers_that_differ", model.n_groups as f64));
    figures.push(Figure::exact("customers_alive", alive));
    figures.push(Figure::estimated("purchases", total));
    let rates = histories.frequency.iter().zip(histories.age).filter(|(_, age)| **age > 0.0);
    let naive = rates.map(|(x, age)| f64::from(*x) / age * horizon).sum();
    figures.push(Figure::exact("purchases_at_the_rate_so_far", naive).as_baseline());
    let mut tables = Vec::new();
    if let Some(came) = came {
        let found = calibrate(histories, &scores.purchases, came, horizon)?;
        compare(&found, &mut figures);
        tables.push(calibration(&found)?);
    }
    let listed = settings.usize("listed");
    tables.push(customers(rows, &[("alive", &scores.alive), ("purchases", &scores.purchases)], listed)?);
    let n = histories.len();
    let Estimate { value, low, high, .. } = total;
    let share = 100.0 * alive / n as f64;
    Ok(Report {
        summary: Text::new(
            format!(
                "{n} 位顾客中估计有 {alive:.0} 位（{share:.0}%）尚未流失；接下来 {horizon} 个时间单位内预计购买 {value:.0} 次（{low:.0} 到 {high:.0}）。"
            ),
            format!(
                "Of {n} customers about {alive:.0} ({share:.0} %) are still there; {value:.0} purchases are expected within {horizon} \
                 units of time ({low:.0} to {high:.0})."
            ),
        ),
        figures,
        tables,
    })
}

fn parameters(model: &Lifetime, names: &[String], level: f64) -> Vec<Figure> {
    let k = names.len();
    let named = |(at, (name, estimate)): (usize, (String, Estimate))| {
        let name = match at.checked_sub(4) {
            None => name,
            Some(at) if at < k => format!("buying_{}", names[at]),
            Some(at) => format!("leaving_{}", names[at - k]),
        };
        Figure::parameter(name, estimate)
    };
    model.estimates(level).into_iter().enumerate().map(named).collect()
}

fn compare(found: &Calibration, figures: &mut Vec<Figure>) {
    figures.push(Figure::exact("holdout_purchases", found.actual_total));
    figures.push(Figure::exact("holdout_mean_absolute_error", found.model.mean_absolute));
    figures.push(Figure::exact("holdout_root_mean_square_error", found.model.root_mean_square));
    figures.push(Figure::exact("holdout_correlation", found.model.correlation));
    figures.push(Figure::exact("naive_mean_absolute_error", found.naive.mean_absolute).as_baseline());
    figures.push(Figure::exact("naive_root_mean_square_error", found.naive.root_mean_square).as_baseline());
}

fn calibration(found: &Calibration) -> Result<ReportTable, StrategyError> {
    let column = |name: &str, of: &dyn Fn(&super::CalibrationRow) -> f64| {
        (name.to_owned(), Column::Number(found.rows.iter().map(of).collect()))
    };
    Ok(ReportTable {
        name: "calibration",
        title: Text::new("按历史购买次数对比预测与实际", "Predicted and actual purchases by purchases before"),
        table: Table::new(vec![
            column("frequency", &|row| f64::from(row.frequency)),
            column("customers", &|row| row.n_customers as f64),
            column("predicted", &|row| row.predicted),
            column("actual", &|row| row.actual),
        ])?,
    })
}

/// The first `listed` customers by the last of `scores`.
fn customers(rows: &Rows, scores: &[(&str, &[f64])], listed: usize) -> Result<ReportTable, StrategyError> {
    let histories = rows.histories();
    let by = scores.last().map_or(&[][..], |(_, values)| *values);
    let mut order: Vec<usize> = (0..histories.len()).collect();
    order.sort_by(|&a, &b| by[b].total_cmp(&by[a]).then(a.cmp(&b)));
    order.truncate(listed);
    let column = |name: &str, of: &dyn Fn(usize) -> f64| {
        (name.to_owned(), Column::Number(order.iter().map(|&at| of(at)).collect()))
    };
    let who = match &rows.customers {
        Some(names) => ("customer".to_owned(), Column::Text(order.iter().map(|&at| names[at].clone()).collect())),
        None => column("row", &|at| at as f64),
    };
    let mut columns = vec![
        who,
        column("frequency", &|at| f64::from(histories.frequency[at])),
        column("recency", &|at| histories.recency[at]),
        column("age", &|at| histories.age[at]),
    ];
    columns.extend(scores.iter().map(|(name, values)| column(name, &|at| values[at])));
    Ok(ReportTable {
        name: "customers",
        title: Text::new("预期最高的顾客", "The customers of whom most is expected"),
        table: Table::new(columns)?,
    })
}

fn spend_parameters(spend: &Spend, level: f64) -> Vec<Figure> {
    let parameters = spend.estimates(level).map(|(name, estimate)| Figure::parameter(name, estimate));
    parameters.into_iter().collect()
}

fn run_spend(table: &Table, settings: &Settings, options: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let frequency = counts(table, table.named(FREQUENCY))?;
    let mean_value = table.numbers(table.named(MEAN_VALUE))?;
    let answer = on_threads(options, || fit_spend(&frequency, mean_value, settings.float("penalty")))?;
    told(answer, |spend| {
        let mean = spend.population_mean();
        let mut figures = spend_parameters(spend, settings.float("level"));
        figures.push(Figure::exact("log_likelihood", spend.log_likelihood));
        figures.push(Figure::exact("population_mean", mean));
        let kept = || frequency.iter().zip(mean_value).filter(|(x, m)| **x > 0 && **m > 0.0);
        let plain = kept().map(|(_, value)| value).sum::<f64>() / kept().count() as f64;
        figures.push(Figure::exact("plain_mean", plain).as_baseline());
        Ok(Report {
            summary: Text::new(
                format!("预计顾客平均每次消费 {mean:.2}（复购顾客的简单平均为 {plain:.2}）。"),
                format!(
                    "Customers are expected to spend {mean:.2} a purchase (the plain mean of those who came back: {plain:.2})."
                ),
            ),
            figures,
            tables: Vec::new(),
        })
    })
}

fn run_values(table: &Table, settings: &Settings, options: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let rows = Rows::of(table)?;
    let mean_value = table.numbers(table.named(MEAN_VALUE))?;
    let process = match settings.text("process") {
        "mbg_nbd" => Process::MbgNbd,
        "pareto_nbd" => Process::ParetoNbd,
        _ => Process::BgNbd,
    };
    let penalty = settings.float("penalty");
    on_threads(options, || {
        let fitted = fit(process, &rows.histories(), None, &FitOptions { penalty, ..FitOptions::default() })?;
        let spending = fit_spend(&rows.frequency, mean_value, penalty)?;
        let (Some(model), Some(spend)) = (&fitted.value, &spending.value) else {
            let why = if fitted.value.is_none() { fitted.caveats } else { spending.caveats };
            let why = why.into_iter().next().expect("a refusal says why");
            return Ok(Answer::refused(fitted.support, why));
        };
        let report = value_report(model, spend, &rows, mean_value, settings, options.seed)?;
        let mut answer = Answer::given(report, fitted.support);
        for caveat in fitted.caveats.into_iter().chain(spending.caveats) {
            answer = answer.doubted(caveat);
        }
        Ok(answer)
    })
}

fn value_report(
    model: &Lifetime,
    spend: &Spend,
    rows: &Rows,
    mean_value: &[f64],
    settings: &Settings,
    seed: u64,
) -> Result<Report, StrategyError> {
    let histories = &rows.histories();
    let horizon = Horizon {
        n_periods: settings.usize("periods"),
        period: settings.float("period"),
        discount: settings.float("discount"),
        margin: settings.float("margin"),
    };
    let worth = values(model, spend, histories, None, mean_value, horizon)?;
    let total: f64 = worth.iter().sum();
    let level = settings.float("level");
    let mut figures = parameters(model, &[], level);
    figures.extend(spend_parameters(spend, level));
    figures.push(Figure::exact("log_likelihood", model.log_likelihood));
    figures.push(Figure::exact("spend_log_likelihood", spend.log_likelihood));
    let bought = model.total(histories, None, horizon.n_periods as f64 * horizon.period, (level, N_DRAWS, seed))?;
    let came_back = (0..histories.len()).filter(|at| histories.frequency[*at] > 0);
    let spent: Vec<f64> = came_back.map(|at| mean_value[at]).collect();
    figures.push(match worth_interval(total, bought, &spent) {
        Some(worth) => Figure::estimated("value", worth),
        None => Figure::exact("value", total),
    });
    // Everybody goes on as before: past spending a unit of time, for as long.
    let time = horizon.n_periods as f64 * horizon.period * horizon.margin;
    let rate = |at: usize| f64::from(histories.frequency[at]) * mean_value[at].max(0.0) / histories.age[at];
    let naive = (0..histories.len()).filter(|&at| histories.age[at] > 0.0).map(|at| rate(at) * time).sum();
    figures.push(Figure::exact("value_at_the_rate_so_far", naive).as_baseline());
    let alive = model.score(histories, None, 0.0)?.alive;
    let (n, periods) = (histories.len(), horizon.n_periods);
    Ok(Report {
        summary: Text::new(
            format!("{n} 位顾客未来 {periods} 期的折现价值合计约 {total:.0}，人均 {:.2}。", total / n as f64),
            format!(
                "{n} customers are worth about {total:.0} over the next {periods} periods, {:.2} each.",
                total / n as f64
            ),
        ),
        figures,
        tables: vec![customers(rows, &[("alive", &alive), ("value", &worth)], settings.usize("listed"))?],
    })
}

fn run_hazard(table: &Table, settings: &Settings, options: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let periods = counts(table, "periods")?;
    let left = counts(table, "left")?;
    if let Some(row) = left.iter().position(|left| *left > 1) {
        return Err(StrategyError::bad_value("column 'left'", row, left[row], "0 or 1"));
    }
    let left: Vec<bool> = left.iter().map(|left| *left == 1).collect();
    let (values, names) = features(table, settings.text("covariates"))?;
    let covariates =
        (!names.is_empty()).then(|| Covariates { values: &values, n_columns: names.len(), on_leaving: true });
    let how = HazardOptions { penalty: settings.float("penalty"), smoothness: settings.float("smoothness") };
    let spans = Spans { periods: &periods, left: &left };
    let (answer, plain) =
        on_threads(options, || Ok((hazard::fit(spans, covariates.as_ref(), how)?, hazard::fit(spans, None, how)?)))?;
    let level = settings.float("level");
    told(answer, |found| {
        let ratios = found.odds_ratios(level);
        let mut figures: Vec<Figure> = names
            .iter()
            .zip(ratios)
            .map(|(name, ratio)| Figure::estimated(format!("odds_ratio_{name}"), ratio))
            .collect();
        figures.push(Figure::exact("log_likelihood", found.log_likelihood));
        let without = plain.value.as_ref().map_or(f64::NAN, |plain| plain.log_likelihood);
        figures.push(Figure::exact("log_likelihood_without_features", without).as_baseline());
        let mean = vec![0.0; names.len()];
        let n_periods = found.baseline.len() as u32;
        let stays: Vec<f64> = (1..=n_periods).map(|period| 1.0 - found.leaves_within(&mean, 0, period)).collect();
        let (n, n_left, end) = (periods.len(), found.n_left, 100.0 * stays[stays.len() - 1]);
        Ok(Report {
            summary: Text::new(
                format!(
                    "{n} 位顾客中有 {n_left} 位流失；特征处于平均水平的顾客 {n_periods} 期后仍留存的概率为 {end:.0}%。"
                ),
                format!(
                    "{n_left} of {n} customers left; one of average features is still there after {n_periods} periods with a \
                     probability of {end:.0} %."
                ),
            ),
            figures,
            tables: vec![ReportTable {
                name: "survival",
                title: Text::new("留存曲线", "Share still there by period"),
                table: Table::new(vec![
                    ("period".to_owned(), Column::Number((1..=n_periods).map(f64::from).collect())),
                    ("still_there".to_owned(), Column::Number(stays)),
                ])?,
            }],
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Simulation, simulate, simulate_spend};
    use super::*;
    use crate::{Verdict, model};

    fn table(n: usize) -> Table {
        let simulation = Simulation {
            process: Process::BgNbd,
            parameters: [0.25, 4.4, 0.8, 2.4],
            buying_effects: vec![0.5],
            leaving_effects: Vec::new(),
            n_customers: n,
            age: (27.0, 39.0),
            grain: 1.0 / 7.0,
            horizon: 39.0,
        };
        let drawn = simulate(&simulation, 1);
        let numbers = |values: &[u32]| Column::Number(values.iter().map(|value| f64::from(*value)).collect());
        let mean_value = simulate_spend([6.25, 3.74, 15.4], &drawn.frequency, 2);
        let periods: Vec<f64> = drawn.age.iter().map(|age| (age / 4.0).ceil()).collect();
        let left: Vec<f64> = drawn.alive.iter().map(|alive| f64::from(u8::from(!alive))).collect();
        Table::new(vec![
            ("frequency".to_owned(), numbers(&drawn.frequency)),
            ("recency".to_owned(), Column::Number(drawn.recency)),
            ("age".to_owned(), Column::Number(drawn.age)),
            ("mean_value".to_owned(), Column::Number(mean_value)),
            ("holdout".to_owned(), numbers(&drawn.future)),
            ("visits".to_owned(), Column::Number(drawn.covariates)),
            ("periods".to_owned(), Column::Number(periods)),
            ("left".to_owned(), Column::Number(left)),
        ])
        .unwrap()
    }

    fn run(name: &str, table: &Table, set: &[&str]) -> Answer<Report> {
        let model = model(name).unwrap();
        assert!(model.columns.iter().all(|(name, _)| table.get(name).is_some()));
        (model.run)(table, &model.card.settings_from_texts(set).unwrap(), &RunOptions::default()).unwrap()
    }

    #[test]
    fn every_model_of_the_family_reports_beside_its_baseline() {
        let table = table(3000);
        for (name, set) in [
            ("bg_nbd", &["covariates=visits"][..]),
            ("mbg_nbd", &[]),
            ("pareto_nbd", &["covariates=visits", "on_leaving=true"]),
            ("gamma_gamma", &[]),
            ("customer_value", &["process=pareto_nbd", "listed=3"]),
            ("churn_hazard", &["covariates=visits"]),
        ] {
            let answer = run(name, &table, set);
            let report = answer.value.expect(name);
            assert!(report.figures.iter().any(|figure| figure.is_baseline), "{name}");
            for figure in &report.figures {
                let Estimate { value, low, high, .. } = figure.estimate;
                assert!(value.is_finite() && low <= value && value <= high, "{name}: {figure:?}");
            }
            assert!(!report.summary.zh.is_empty() && !report.summary.en.is_empty());
        }
        let worth = run("customer_value", &table, &[]).value.unwrap();
        let worth = worth.figures.iter().find(|figure| figure.name == "value").unwrap().estimate;
        assert!(worth.low < worth.value && worth.value < worth.high && worth.high < 1.5 * worth.value, "{worth:?}");
        let report = run("bg_nbd", &table, &["covariates=visits", "listed=5"]).value.unwrap();
        let effect = report.figures.iter().find(|figure| figure.name == "buying_visits").unwrap();
        assert!((effect.estimate.value - 0.5).abs() < 0.2, "{effect:?}");
        assert_eq!(report.tables.iter().map(|table| table.name).collect::<Vec<_>>(), ["calibration", "customers"]);
        assert_eq!(report.tables[1].table.n_rows(), 5);
    }

    #[test]
    fn thin_tables_are_refused_and_wrong_ones_named() {
        for name in ["bg_nbd", "customer_value", "gamma_gamma", "churn_hazard"] {
            let answer = run(name, &table(4), &[]);
            assert_eq!((answer.value, answer.support.verdict), (None, Verdict::Refused), "{name}");
            assert!(!answer.caveats.is_empty());
        }
        let far = |row: usize| {
            let mut values = vec![0.0; 4];
            values[row] = 1e6;
            let table = Table::new(vec![("visits".to_owned(), Column::Number(values))]).unwrap();
            features(&table, "visits").unwrap_err().to_string()
        };
        assert!(far(2).starts_with("column 'visits', row 2 holds 1000000;"), "{}", far(2));
        let half = Table::new(vec![("frequency".to_owned(), Column::Number(vec![0.5]))]).unwrap();
        let refused = (BG_NBD.run)(&half, &BG_NBD_CARD.defaults(), &RunOptions::default()).unwrap_err();
        assert_eq!(refused.to_string(), "column 'frequency', row 0 holds 0.5; allowed: whole numbers from 0");
        let stop = RunOptions { progress: &|_| false, ..RunOptions::default() };
        assert_eq!((BG_NBD.run)(&table(50), &BG_NBD_CARD.defaults(), &stop), Err(StrategyError::Cancelled));
    }
}
