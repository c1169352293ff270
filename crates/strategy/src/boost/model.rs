//! The card `boosting` and its run on a table: a model of one column by the others, judged on rows that it has not seen,
//! beside the free baseline that knows no features.

use domain::card::{Card, Kind, Param};
use domain::{Settings, Text};
use math::Random;

use super::{BoostSettings, Boosted, Features, Loss};
use crate::registry::{Figure, Model, Report, ReportTable, RunOptions};
use crate::{Answer, Caveat, Column, StrategyError, Support, Table};

const fn float(name: &'static str, sentence: &'static str, min: f64, max: f64, default: f64) -> Param {
    Param { name, sentence, unit: "", kind: Kind::Float { min, max, default } }
}

const fn int(name: &'static str, sentence: &'static str, unit: &'static str, range: [i64; 3]) -> Param {
    Param { name, sentence, unit, kind: Kind::Int { min: range[0], max: range[1], default: range[2] } }
}

pub static CARD: Card = Card {
    name: "boosting",
    sentence: "Predicts one column from the others by gradient-boosted trees, with missing values and categories as they are.",
    family: "trees",
    params: &[
        Param {
            name: "loss",
            sentence: "logistic for an outcome of 0 and 1, squared for an amount.",
            unit: "",
            kind: Kind::Choice { options: &["logistic", "squared"], default: "logistic" },
        },
        Param { name: "target", sentence: "The column to predict.", unit: "", kind: Kind::Text { default: "target" } },
        Param {
            name: "ignore",
            sentence: "Columns that the model must not see, separated by commas: numbers of customers, what is known only later.",
            unit: "",
            kind: Kind::Text { default: "" },
        },
        int("n_trees", "Trees at most.", "trees", [1, 10_000, 1000]),
        int("n_leaves", "Leaves of a tree.", "leaves", [2, 4096, 31]),
        float("learning_rate", "Share of each tree's step that is taken.", 1e-4, 1.0, 0.1),
        int("min_rows_in_leaf", "Fewest rows of a leaf.", "rows", [1, 1_000_000, 20]),
        float("l2", "Ridge on the values of leaves.", 0.0, 1e9, 0.0),
        int(
            "patience",
            "Trees without less loss on held-out rows before it stops; 0 grows all.",
            "trees",
            [0, 10_000, 20],
        ),
        float("test_share", "Share of rows kept back to judge the model by.", 0.05, 0.9, 0.2),
    ],
    input: "(n_rows) a table with one row a case: the target and any columns of numbers or texts; empty is missing",
    source: "Friedman 2001, Greedy function approximation; Chen and Guestrin 2016, XGBoost, equations 5-7; Ke et al. 2017, LightGBM",
};

pub static MODEL: Model = Model {
    card: &CARD,
    columns: &[("target", "what to predict: 0 or 1, or an amount"), ("any others", "numbers or texts to predict from")],
    run,
};

fn run(table: &Table, settings: &Settings, options: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let wanted = BoostSettings {
        loss: if settings.text("loss") == "squared" { Loss::Squared } else { Loss::Logistic },
        n_trees: settings.usize("n_trees"),
        n_leaves: settings.usize("n_leaves"),
        learning_rate: settings.float("learning_rate"),
        min_rows_in_leaf: settings.usize("min_rows_in_leaf"),
        l2: settings.float("l2"),
        patience: settings.usize("patience"),
        seed: options.seed,
        ..BoostSettings::default()
    };
    let target = settings.text("target");
    let y = table.numbers(target)?;
    let names = other_columns(table, &[target], settings.text("ignore"))?;
    let features = Features::of_table(table, &names)?;
    super::check_rows(y.len(), y, None, wanted.loss)?;
    let mut random = Random::stream(options.seed, 3);
    let share = settings.float("test_share");
    let (test, train): (Vec<u32>, Vec<u32>) = (0..y.len() as u32).partition(|_| random.uniform() < share);
    if train.len() < 2 * wanted.min_rows_in_leaf || test.len() < 10 {
        let (found, needed) = (y.len(), 4 * wanted.min_rows_in_leaf.max(5));
        return Ok(Answer::refused(
            Support::of(found),
            Caveat::new(
                "few_rows",
                format!("只有 {found} 行数据，不足以既训练又检验；至少需要约 {needed} 行。"),
                format!("{found} rows are too few to learn from and to judge by; about {needed} are needed."),
            ),
        ));
    }
    super::threads::on_threads(options.n_threads, || {
        let pick = |rows: &[u32]| rows.iter().map(|&row| y[row as usize]).collect::<Vec<f64>>();
        let binned = super::Binned::new(&features.take(&train), wanted.max_bins)?;
        let model = Boosted::fit_binned(&binned, &pick(&train), None, &wanted, options.progress)?;
        let predicted = model.predict(&features.take(&test))?;
        Ok(answer(&model, wanted.loss, (&pick(&train), &pick(&test)), &predicted))
    })
}

/// Every column but `taken` and those of the list `ignore`.
pub(crate) fn other_columns(table: &Table, taken: &[&str], ignore: &str) -> Result<Vec<String>, StrategyError> {
    let ignored: Vec<&str> = ignore.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if let Some(name) = ignored.iter().find(|name| table.get(name).is_none()) {
        let found = table.names().collect::<Vec<_>>().join(", ");
        return Err(StrategyError::NoColumn { name: (*name).to_owned(), found });
    }
    let is_free = |name: &&str| !taken.contains(name) && !ignored.contains(name);
    Ok(table.names().filter(is_free).map(str::to_owned).collect())
}

fn answer(model: &Boosted, loss: Loss, (train, test): (&[f64], &[f64]), predicted: &[f64]) -> Answer<Report> {
    let mean = train.iter().sum::<f64>() / train.len() as f64;
    let error = |expected: &dyn Fn(usize) -> f64| {
        let off = |(row, y): (usize, &f64)| match loss {
            Loss::Squared => (y - expected(row)).powi(2),
            Loss::Logistic => {
                let p = expected(row).clamp(1e-12, 1.0 - 1e-12);
                -(y * p.ln() + (1.0 - y) * (1.0 - p).ln())
            }
        };
        let average = test.iter().enumerate().map(off).sum::<f64>() / test.len() as f64;
        if loss == Loss::Squared { average.sqrt() } else { average }
    };
    let (ours, free) = (error(&|row| predicted[row]), error(&|_| mean));
    let (name, zh, en) = match loss {
        Loss::Logistic => ("log_loss", "对数损失", "Log loss"),
        Loss::Squared => ("rmse", "均方根误差", "Root mean squared error"),
    };
    let mut figures = vec![Figure::exact(name, ours), Figure::exact(name, free).as_baseline()];
    if loss == Loss::Logistic && test.iter().any(|&y| y >= 0.5) && test.iter().any(|&y| y < 0.5) {
        let labels: Vec<bool> = test.iter().map(|&y| y >= 0.5).collect();
        figures.push(Figure::exact("auc", super::auc::auc(predicted, &labels)));
        figures.push(Figure::exact("auc", 0.5).as_baseline());
    }
    figures.push(Figure::exact("n_trees", model.n_trees() as f64));
    let (names, gains): (Vec<String>, Vec<f64>) =
        model.gains().into_iter().map(|(name, share)| (name.to_owned(), share)).unzip();
    let columns = vec![("feature".to_owned(), Column::Text(names)), ("gain_share".to_owned(), Column::Number(gains))];
    let gains = ReportTable {
        name: "gains",
        title: Text::new("各特征的贡献", "What each feature gained"),
        table: Table::new(columns).unwrap_or_default(),
    };
    let summary = Text::new(
        format!("在未参与训练的 {} 行上，{zh}为 {ours:.4}；不看任何特征时为 {free:.4}。", test.len()),
        format!("{en} on {} rows not learned from: {ours:.4}; without any feature {free:.4}.", test.len()),
    );
    let report = Report { summary, figures, tables: vec![gains] };
    let answer = Answer::given(report, Support::of(train.len() + test.len()));
    if ours < free {
        return answer;
    }
    answer.doubted(Caveat::new(
        "no_better_than_mean",
        "这些特征没有让预测比平均值更准，请不要据此行动。",
        "These features predict no better than the mean; do not act on them.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    fn table(n: usize, is_told: bool) -> Table {
        let mut random = Random::new(1);
        let spend: Vec<f64> = (0..n).map(|_| random.uniform()).collect();
        let chance = |spend: f64| if is_told && spend < 0.3 { 0.7 } else { 0.2 };
        let target = spend.iter().map(|&spend| f64::from(random.uniform() < chance(spend))).collect();
        let channel = (0..n).map(|row| ["app", "store", ""][row % 3].to_owned()).collect();
        Table::new(vec![
            ("target".to_owned(), Column::Number(target)),
            ("spend".to_owned(), Column::Number(spend)),
            ("channel".to_owned(), Column::Text(channel)),
        ])
        .unwrap()
    }

    #[test]
    fn the_model_stands_beside_its_baseline() {
        let answer = run(&table(4000, true), &CARD.defaults(), &RunOptions::default()).unwrap();
        let report = answer.value.unwrap();
        let figure = |name: &str, is_baseline| {
            let of = |figure: &&Figure| figure.name == name && figure.is_baseline == is_baseline;
            report.figures.iter().find(of).unwrap().estimate.value
        };
        assert!(figure("log_loss", false) < 0.95 * figure("log_loss", true), "{}", report.summary.en);
        assert!(figure("auc", false) > 0.65);
        assert_eq!(report.tables[0].table.texts("feature").unwrap()[0], "spend");
    }

    #[test]
    fn noise_is_doubted_and_few_rows_are_refused() {
        let noise =
            run(&table(4000, false), &CARD.defaults(), &RunOptions { seed: 3, ..RunOptions::default() }).unwrap();
        let told = noise.value.unwrap().figures;
        let is_worse = told[0].estimate.value >= told[1].estimate.value;
        assert_eq!(noise.support.verdict == Verdict::Thin, is_worse);
        let few = run(&table(12, true), &CARD.defaults(), &RunOptions::default()).unwrap();
        assert_eq!((few.support.verdict, few.caveats[0].kind), (Verdict::Refused, "few_rows"));
    }

    #[test]
    fn a_column_to_ignore_must_exist() {
        let settings = CARD.settings_from_texts(&["ignore=spend, chanel"]).unwrap();
        let error = run(&table(100, true), &settings, &RunOptions::default()).unwrap_err().to_string();
        assert!(error.contains("no column 'chanel'"), "{error}");
    }
}
