//! The card `off_policy` and its run on named columns.

use domain::{Card, Kind, Param, Settings, Text};

use super::{Estimator, Evaluation, Interval, Predicted, Rounds, bootstrap, evaluate};
use crate::registry::{Figure, Model, Report, RunOptions};
use crate::{Answer, StrategyError, Table};

pub static CARD: Card = Card {
    name: "off_policy",
    sentence: "Says what another policy would have brought, from rounds that one policy chose and logged with probabilities.",
    family: "policy",
    params: &[
        Param {
            name: "estimator",
            sentence: "The one whose value leads; best is doubly robust with predictions, self-normalised without.",
            unit: "",
            kind: Kind::Choice {
                options: &["best", "ips", "snips", "dm", "dr", "sndr", "switch_dr", "dr_os"],
                default: "best",
            },
        },
        Param {
            name: "level",
            sentence: "How often the intervals hold the truth.",
            unit: "",
            kind: Kind::Float { min: 0.5, max: 0.9999, default: 0.95 },
        },
        Param {
            name: "switch_above",
            sentence: "For switch_dr: weights above this are not trusted.",
            unit: "",
            kind: Kind::Float { min: 1e-6, max: 1e12, default: 10.0 },
        },
        Param {
            name: "shrink_lambda",
            sentence: "For dr_os: how large a weight may be before it is shrunk, squared.",
            unit: "",
            kind: Kind::Float { min: 1e-6, max: 1e12, default: 100.0 },
        },
        Param {
            name: "bootstrap_samples",
            sentence: "Intervals from this many samples of the rounds; 0 for normal intervals.",
            unit: "samples",
            kind: Kind::Int { min: 0, max: 100_000, default: 0 },
        },
    ],
    input: "one row a round: reward, propensity of the chosen action, target (the other policy's probability of it); where wanted, \
            predicted (of the chosen action) and predicted_target (the mean over the other policy's choices)",
    source: "Dudík, Langford, Li 2011 (IPS, DM, DR); Swaminathan, Joachims 2015 (SNIPS); Wang, Agarwal, Dudík 2017 (SWITCH); \
             Su, Dimakopoulou, Krishnamurthy, Dudík 2020 (DR-OS); Kish 1965 (effective sample size)",
};

pub static MODEL: Model = Model {
    card: &CARD,
    columns: &[
        ("reward", "what the round brought"),
        ("propensity", "the probability with which the chosen action was chosen"),
        ("target", "the probability with which the other policy would have chosen it"),
    ],
    run,
};

fn run(table: &Table, settings: &Settings, options: &RunOptions) -> Result<Answer<Report>, StrategyError> {
    let optional = |name| table.get(name).is_some().then(|| table.numbers(name)).transpose();
    let predicted = optional("predicted")?.zip(optional("predicted_target")?);
    let predicted = predicted.map(|(chosen, target)| Predicted { chosen, target });
    let rounds =
        Rounds::new(table.numbers("reward")?, table.numbers("propensity")?, table.numbers("target")?, predicted)?;
    let how = Interval {
        level: settings.float("level"),
        switch_above: settings.float("switch_above"),
        shrink_lambda: settings.float("shrink_lambda"),
    };
    let lead = Estimator::ALL.into_iter().find(|estimator| estimator.name() == settings.text("estimator"));
    let mut answer = evaluate(&rounds, &how)?;
    let n_samples = settings.usize("bootstrap_samples");
    if n_samples > 0
        && let Some(found) = &mut answer.value
    {
        found.estimates = bootstrap(&rounds, &how, n_samples, options.seed)?;
    }
    let value = answer.value.as_ref().map(|found| told(found, lead)).transpose()?;
    Ok(Answer { value, support: answer.support, caveats: answer.caveats, would_change: answer.would_change })
}

fn told(found: &Evaluation, lead: Option<Estimator>) -> Result<Report, StrategyError> {
    let leading = match lead {
        None => found.value,
        Some(lead) => {
            let of_lead = found.estimates.iter().find(|(estimator, _)| *estimator == lead);
            of_lead.map(|(_, estimate)| *estimate).ok_or_else(|| {
                StrategyError::unfit(
                    "the estimator",
                    lead.name(),
                    "ips or snips without the columns predicted and predicted_target",
                )
            })?
        }
    };
    let (value, logged) = (leading.value, found.logged.value);
    let mut figures = vec![
        Figure::estimated("value", leading),
        Figure::estimated("logged", found.logged).as_baseline(),
        Figure::estimated("gain", found.gain),
    ];
    figures.extend(found.estimates.iter().map(|(estimator, one)| Figure::estimated(estimator.name(), *one)));
    figures.push(Figure::exact("weight_mean", found.weights.mean));
    figures.push(Figure::exact("weight_max", found.weights.largest));
    figures.push(Figure::exact("effective_n", found.weights.effective_n));
    let summary = Text::new(
        format!("新策略每轮约 {value:.5}（{:.5} 到 {:.5}），原策略是 {logged:.5}。", leading.low, leading.high),
        format!("About {value:.5} a round ({:.5} to {:.5}), against {logged:.5} as logged.", leading.low, leading.high),
    );
    Ok(Report { summary, figures, tables: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::simulate::{Truth, simulate};
    use crate::{Column, Verdict};

    fn table(with_predictions: bool) -> (Table, f64) {
        let log = simulate(&Truth { n_rounds: 5000, ..Truth::default() }, 3, 1);
        let mut columns = vec![("reward", log.reward), ("propensity", log.propensity), ("target", log.target)];
        if with_predictions {
            columns.extend([("predicted", log.predicted_chosen), ("predicted_target", log.predicted_target)]);
        }
        let columns = columns.into_iter().map(|(name, values)| (name.to_owned(), Column::Number(values)));
        (Table::new(columns.collect()).unwrap(), log.value)
    }

    fn run_with(table: &Table, texts: &[&str]) -> Result<Answer<Report>, StrategyError> {
        run(table, &CARD.settings_from_texts(texts)?, &RunOptions::default())
    }

    #[test]
    fn the_value_is_reported_beside_what_was_logged() {
        let (table, truth) = table(true);
        for texts in [&[][..], &["estimator=sndr"], &["bootstrap_samples=200", "estimator=dr"]] {
            let answer = run_with(&table, texts).unwrap();
            assert_eq!(answer.support.verdict, Verdict::Enough, "{:?}", answer.caveats);
            let figures = answer.value.unwrap().figures;
            assert!((figures[0].estimate.low..figures[0].estimate.high).contains(&truth), "{figures:?}");
            assert!(figures[1].is_baseline && figures[2].estimate.low > 0.0);
        }
    }

    #[test]
    fn an_estimator_without_its_predictions_is_an_error() {
        let (table, _) = table(false);
        assert!(run_with(&table, &["estimator=snips"]).is_ok());
        let told = run_with(&table, &["estimator=dr"]).unwrap_err().to_string();
        assert!(told.contains("found dr, allowed ips or snips"), "{told}");
    }
}
