//! The card `experiment` and its run on named columns: each arm against the control, corrected for their number.

use domain::{Card, Kind, Param, Settings, Text};

use super::sequential::Mixture;
use super::{Comparison, Correction, Method, Prior, Question, Units, compare, samples};
use crate::registry::{Figure, Model, Report, ReportTable, RunOptions};
use crate::{Answer, Column, Estimate, StrategyError, Support, Table, Verdict};

pub static CARD: Card = Card {
    name: "experiment",
    sentence: "Compares groups that were assigned at random: means, shares or ratios, read once, at any time, or as probabilities.",
    family: "experiment",
    params: &[
        Param {
            name: "control",
            sentence: "The arm that others are compared with.",
            unit: "",
            kind: Kind::Text { default: "control" },
        },
        Param {
            name: "method",
            sentence: "fixed is read once when all planned units are there, sequential at any time, bayesian as a probability.",
            unit: "",
            kind: Kind::Choice { options: &["fixed", "sequential", "bayesian"], default: "fixed" },
        },
        Param {
            name: "level",
            sentence: "How often the intervals hold the truth.",
            unit: "",
            kind: Kind::Float { min: 0.5, max: 0.9999, default: 0.95 },
        },
        Param {
            name: "tuning_units",
            sentence: "For sequential: at about this many units the intervals are narrowest.",
            unit: "units",
            kind: Kind::Float { min: 10.0, max: 1e10, default: 5000.0 },
        },
        Param {
            name: "prior_deviation",
            sentence: "For bayesian: how large relative effects commonly are, 0.3 for 30 %; 0 for no opinion.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 100.0, default: 0.0 },
        },
        Param {
            name: "weights",
            sentence: "In what proportion arms were to be assigned, such as control=1,new=3; empty for equal parts.",
            unit: "",
            kind: Kind::Text { default: "" },
        },
        Param {
            name: "correction",
            sentence: "How p-values are corrected when there are several arms.",
            unit: "",
            kind: Kind::Choice { options: &["none", "holm", "benjamini_hochberg"], default: "holm" },
        },
    ],
    input: "one row a unit: its arm and value; where wanted, what the value is counted per (column per) and the value before the experiment (column before)",
    source: "Welch 1947; Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas 2023, Time-uniform central limit theory, eq. 9; Deng, Xu, Kohavi, \
             Walker 2013 (CUPED); Deng, Knoblich, Lu 2018 (delta method); Fabijan et al. 2019 (sample ratio)",
};

pub static MODEL: Model = Model {
    card: &CARD,
    columns: &[("arm", "the group the unit was assigned to"), ("value", "the unit's measure, summed over its rows")],
    run,
};

/// The rows of one arm, column by column.
#[derive(Default)]
struct Rows {
    name: String,
    value: Vec<f64>,
    per: Vec<f64>,
    before: Vec<f64>,
}

impl Rows {
    fn units(&self) -> Units<'_> {
        let some = |column: &'_ [f64]| !column.is_empty();
        Units {
            value: &self.value,
            per: some(&self.per).then_some(&self.per[..]),
            before: some(&self.before).then_some(&self.before[..]),
            before_per: None,
        }
    }
}

fn run(table: &Table, settings: &Settings, _: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let arms = arms(table)?;
    let control = settings.text("control");
    let Some(base) = arms.iter().find(|arm| arm.name == control) else {
        let found = arms.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(StrategyError::unfit("the control arm", format!("'{control}'"), format!("one of: {found}")));
    };
    let weights = weights(settings.text("weights"), &arms)?;
    let weight = |arm: &Rows| weights[arms.iter().position(|other| other.name == arm.name).expect("it is one of them")];
    let mut answers = Vec::new();
    for arm in arms.iter().filter(|arm| arm.name != control) {
        let question =
            Question { method: method(settings), level: settings.float("level"), weights: [weight(base), weight(arm)] };
        let plain = Units { before: None, ..base.units() };
        let plain = compare(&samples(&plain, &Units { before: None, ..arm.units() })?, &question)?;
        answers.push((arm, compare(&samples(&base.units(), &arm.units())?, &question)?, plain));
    }
    if answers.is_empty() {
        return Err(StrategyError::unfit("arms beside the control", 0, "at least 1"));
    }
    told(&arms, answers, settings)
}

fn arms(table: &Table) -> Result<Vec<Rows>, StrategyError> {
    let (names, values) = (table.texts("arm")?, table.numbers("value")?);
    if values.is_empty() {
        return Err(StrategyError::Empty { needed: 2 });
    }
    let optional = |name| table.get(name).is_some().then(|| table.numbers(name)).transpose();
    let (per, before) = (optional("per")?, optional("before")?);
    let mut arms: std::collections::BTreeMap<&str, Rows> = std::collections::BTreeMap::new();
    for (row, name) in names.iter().enumerate() {
        let arm = arms.entry(name).or_insert_with(|| Rows { name: name.clone(), ..Rows::default() });
        arm.value.push(values[row]);
        arm.per.extend(per.map(|per| per[row]));
        arm.before.extend(before.map(|before| before[row]));
    }
    if arms.len() > super::assign::ARMS_MAX {
        return Err(StrategyError::unfit("arms", arms.len(), format!("2 to {}", super::assign::ARMS_MAX)));
    }
    Ok(arms.into_values().collect())
}

/// Shape: (n_arms), in the arms' order.
fn weights(text: &str, arms: &[Rows]) -> Result<Vec<f64>, StrategyError> {
    if text.trim().is_empty() {
        return Ok(vec![1.0; arms.len()]);
    }
    let wrong = |found: &str| {
        StrategyError::unfit("the weights", format!("'{found}'"), "arm=number for every arm, separated by commas")
    };
    let mut weights = vec![f64::NAN; arms.len()];
    for part in text.split(',') {
        let (name, number) = part.split_once('=').ok_or_else(|| wrong(part))?;
        let at = arms.iter().position(|arm| arm.name == name.trim()).ok_or_else(|| wrong(part))?;
        weights[at] = number.trim().parse().map_err(|_| wrong(part))?;
    }
    if weights.iter().any(|weight| weight.is_nan()) { Err(wrong(text)) } else { Ok(weights) }
}

fn method(settings: &Settings) -> Method {
    match settings.text("method") {
        "sequential" => Method::Sequential(Mixture::Units(settings.float("tuning_units"))),
        "bayesian" => {
            let deviation = settings.float("prior_deviation");
            Method::Bayesian((deviation > 0.0).then_some(Prior { mean: 0.0, deviation }))
        }
        _ => Method::Fixed,
    }
}

type Compared<'a> = (&'a Rows, Answer<Comparison>, Answer<Comparison>);

fn told(arms: &[Rows], answers: Vec<Compared>, settings: &Settings) -> Result<Answer<Report>, StrategyError> {
    let correction = match settings.text("correction") {
        "none" => Correction::None,
        "holm" => Correction::Holm,
        _ => Correction::BenjaminiHochberg,
    };
    let p_of = |answer: &Answer<Comparison>| answer.value.and_then(|found| found.p_value);
    let raw: Vec<f64> = answers.iter().filter_map(|(_, answer, _)| p_of(answer)).collect();
    let mut adjusted = correction.adjust(&raw)?.into_iter();
    let (mut report, mut sentences) = (Report { tables: vec![sizes(arms)?], ..Report::default() }, Vec::new());
    let mut whole = Support::of(arms.iter().map(|arm| arm.value.len()).sum());
    let (mut caveats, mut would_change, mut is_refused) = (Vec::new(), Vec::new(), true);
    for (arm, answer, plain) in answers {
        whole.sample_ratio_p = whole.sample_ratio_p.into_iter().chain(answer.support.sample_ratio_p).reduce(f64::min);
        is_refused &= answer.value.is_none();
        let adjusted_p = p_of(&answer).and_then(|_| adjusted.next());
        if let Some(found) = &answer.value {
            figures(&arm.name, found, adjusted_p, plain.value.as_ref(), &mut report.figures);
            sentences.push(sentence(&arm.name, found));
        }
        caveats.extend(answer.caveats);
        would_change.extend(answer.would_change);
    }
    let joined = |of: fn(&Text) -> &str| sentences.iter().map(of).collect::<Vec<_>>().join(" ");
    report.summary = Text::new(joined(|text| &text.zh), joined(|text| &text.en));
    let verdict = match (is_refused, caveats.is_empty()) {
        (true, _) => Verdict::Refused,
        (false, true) => Verdict::Enough,
        (false, false) => Verdict::Thin,
    };
    let value = (!is_refused).then_some(report);
    Ok(Answer { value, support: Support { verdict, ..whole }, caveats, would_change })
}

fn figures(arm: &str, found: &Comparison, p: Option<f64>, plain: Option<&Comparison>, figures: &mut Vec<Figure>) {
    figures.push(Figure::estimated(format!("{arm}.absolute"), found.absolute));
    figures.extend(found.relative.map(|relative| Figure::estimated(format!("{arm}.relative"), relative)));
    if let Some(raw) = found.p_value {
        figures.push(Figure::exact(format!("{arm}.p_value"), raw));
        figures.extend(p.map(|p| Figure::exact(format!("{arm}.adjusted_p_value"), p)));
    }
    if let Some(posterior) = found.posterior {
        figures.push(Figure::exact(format!("{arm}.chance_better"), posterior.chance_better));
        figures.push(Figure::exact(format!("{arm}.loss_if_kept"), posterior.loss_if_kept));
        figures.push(Figure::exact(format!("{arm}.loss_if_shipped"), posterior.loss_if_shipped));
    }
    // What one gets for free: the difference of means without adjustment.
    if let Some(plain) = plain.filter(|_| found.variance_kept < 1.0) {
        figures.push(Figure::exact(format!("{arm}.variance_kept"), found.variance_kept));
        figures.push(Figure::estimated(format!("{arm}.absolute_unadjusted"), plain.absolute).as_baseline());
    }
}

fn sentence(arm: &str, found: &Comparison) -> Text {
    let told = |estimate: Estimate, factor: f64, unit: &str| {
        let Estimate { value, low, high, .. } = estimate.scaled(factor);
        format!("{value:+.4}{unit} [{low:+.4}, {high:+.4}]")
    };
    let effect = match found.relative {
        Some(relative) => told(relative, 100.0, " %"),
        None => told(found.absolute, 1.0, ""),
    };
    let (zh, en) = match found.shows() {
        std::cmp::Ordering::Greater => ("高于对照组", "is above the control"),
        std::cmp::Ordering::Less => ("低于对照组", "is below the control"),
        std::cmp::Ordering::Equal => ("和对照组看不出差异", "shows no difference from the control"),
    };
    Text::new(format!("{arm} {zh}：{effect}。"), format!("{arm} {en}: {effect}."))
}

fn sizes(arms: &[Rows]) -> Result<ReportTable, StrategyError> {
    let number = |of: fn(&Rows) -> f64| Column::Number(arms.iter().map(of).collect());
    let mean = |rows: &Rows| {
        let below = if rows.per.is_empty() { rows.value.len() as f64 } else { rows.per.iter().sum() };
        rows.value.iter().sum::<f64>() / below
    };
    let table = Table::new(vec![
        ("arm".to_owned(), Column::Text(arms.iter().map(|arm| arm.name.clone()).collect())),
        ("units".to_owned(), number(|arm| arm.value.len() as f64)),
        ("mean".to_owned(), number(mean)),
    ])?;
    Ok(ReportTable { name: "arms", title: Text::new("各组", "Arms"), table })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::simulate::{Truth, simulate};

    fn table(n_treated: usize) -> Table {
        let [a, b] = simulate(&Truth { n_treated, effect: 2.0, ..Truth::default() }, 9);
        let names = [vec!["control".to_owned(); a.value.len()], vec!["new".to_owned(); b.value.len()]].concat();
        Table::new(vec![
            ("arm".to_owned(), Column::Text(names)),
            ("value".to_owned(), Column::Number([a.value, b.value].concat())),
            ("before".to_owned(), Column::Number([a.before, b.before].concat())),
        ])
        .unwrap()
    }

    fn run_with(table: &Table, texts: &[&str]) -> Result<Answer<Report>, StrategyError> {
        run(table, &CARD.settings_from_texts(texts)?, &RunOptions::default())
    }

    #[test]
    fn every_method_reports_the_effect_beside_the_plain_difference() {
        for method in ["method=fixed", "method=sequential", "method=bayesian"] {
            let answer = run_with(&table(500), &[method]).unwrap();
            assert_eq!(answer.support.verdict, Verdict::Enough, "{:?}", answer.caveats);
            let report = answer.value.unwrap();
            let figure = |name: &str| report.figures.iter().find(|figure| figure.name == name).cloned();
            let (effect, plain) = (figure("new.absolute").unwrap(), figure("new.absolute_unadjusted").unwrap());
            assert!(effect.estimate.low < 2.0 && effect.estimate.high > 2.0 && plain.is_baseline, "{effect:?}");
            let width = |figure: &Figure| figure.estimate.high - figure.estimate.low;
            assert!(width(&effect) < 0.85 * width(&plain), "{effect:?} {plain:?}");
            assert_eq!(figure("new.p_value").is_some(), method != "method=bayesian");
            assert!(report.summary.en.starts_with("new is above the control: +"), "{}", report.summary.en);
        }
    }

    #[test]
    fn a_broken_split_is_refused_unless_it_was_wanted() {
        let refused = run_with(&table(1000), &[]).unwrap();
        assert_eq!((refused.support.verdict, refused.caveats[0].kind), (Verdict::Refused, "sample_ratio_mismatch"));
        let wanted = run_with(&table(1000), &["weights=control=1,new=2"]).unwrap();
        assert_eq!(wanted.support.verdict, Verdict::Enough, "{:?}", wanted.caveats);
    }

    #[test]
    fn wrong_columns_and_settings_are_named() {
        let told = |texts: &[&str]| run_with(&table(500), texts).unwrap_err().to_string();
        assert_eq!(told(&["control=old"]), "the control arm: found 'old', allowed one of: control, new");
        assert!(told(&["weights=control=1"]).contains("for every arm"));
        let empty =
            Table::new(vec![("arm".to_owned(), Column::Text(vec![])), ("value".to_owned(), Column::Number(vec![]))]);
        assert_eq!(run_with(&empty.unwrap(), &[]).unwrap_err(), StrategyError::Empty { needed: 2 });
    }
}
