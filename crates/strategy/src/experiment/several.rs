//! Several measures of one experiment, and what to do: goals are corrected for being several, guardrails must be shown to hold.
//! A decision here is advice with its reasons; people take it.

use std::cmp::Ordering;

use domain::Text;
use serde::Serialize;

use super::{Comparison, Method};
use crate::StrategyError;

/// What several tests together promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    None,
    /// Any false finding at all with at most the given probability (Holm 1979).
    Holm,
    /// At most the given part of findings false, on average (Benjamini, Hochberg 1995).
    BenjaminiHochberg,
}

impl Correction {
    /// The p-values one may hold against the wanted level. Shape: as given.
    ///
    /// # Errors
    /// If a p-value is not in 0 to 1.
    pub fn adjust(self, p_values: &[f64]) -> Result<Vec<f64>, StrategyError> {
        if let Some(row) = p_values.iter().position(|p| !(0.0..=1.0).contains(p)) {
            return Err(StrategyError::bad_value("the p-values", row, p_values[row], "0 to 1"));
        }
        let n = p_values.len();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
        let mut adjusted = p_values.to_vec();
        match self {
            Correction::None => {}
            Correction::Holm => {
                let mut largest = 0.0_f64;
                for (rank, row) in order.into_iter().enumerate() {
                    largest = largest.max(p_values[row] * (n - rank) as f64).min(1.0);
                    adjusted[row] = largest;
                }
            }
            Correction::BenjaminiHochberg => {
                let mut smallest = 1.0_f64;
                for (rank, row) in order.into_iter().enumerate().rev() {
                    smallest = smallest.min(p_values[row] * n as f64 / (rank + 1) as f64);
                    adjusted[row] = smallest;
                }
            }
        }
        Ok(adjusted)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// What the treatment is for.
    Goal,
    /// Of interest, and no reason to act.
    Secondary,
    /// What must not get worse by more than this share of the control's mean: 0.01 for 1 %.
    Guardrail { margin: f64 },
}

/// One measure with its result.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measure<'a> {
    pub name: &'a str,
    pub role: Role,
    pub higher_is_better: bool,
    pub result: &'a Comparison,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Ship,
    /// Go back to the control.
    Stop,
    Continue,
    /// The planned units are there and nothing is shown: keep what is cheaper.
    NoDifference,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    pub step: Step,
    pub reasons: Vec<Text>,
    /// Of the goals and secondary measures, in their order; `None` for guardrails and where there is no p-value.
    pub adjusted_p: Vec<Option<f64>>,
}

/// How the decision is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rule {
    pub method: Method,
    pub level: f64,
    pub correction: Correction,
    /// The part of the planned units that is there: 1 when all are.
    pub progress: f64,
}

/// What to do now. A guardrail that is shown to be hurt stops the experiment at any time; goals of a fixed-horizon test are
/// read when all planned units are there, since reading earlier finds what is not there.
///
/// # Errors
/// If there is no goal, or a margin is negative.
pub fn decide(measures: &[Measure], rule: &Rule) -> Result<Decision, StrategyError> {
    if !measures.iter().any(|measure| measure.role == Role::Goal) {
        return Err(StrategyError::unfit("goals", 0, "at least 1 among the measures"));
    }
    let adjusted_p = adjusted(measures, rule.correction)?;
    let guards = guardrails(measures)?;
    let named = |wanted: Guard| guards.iter().filter(move |(_, guard)| *guard == wanted).map(|(name, _)| *name);
    let hurt: Vec<&str> = named(Guard::Hurt).collect();
    if !hurt.is_empty() {
        let (zh, en) = (hurt.join("、"), hurt.join(", "));
        let reason = Text::new(
            format!("护栏指标 {zh} 变差，超过了允许的幅度。"),
            format!("Worse than allowed: the guardrail {en}."),
        );
        return Ok(Decision { step: Step::Stop, reasons: vec![reason], adjusted_p });
    }
    let is_planned = rule.progress >= 1.0;
    if matches!(rule.method, Method::Fixed) && !is_planned {
        let done = 100.0 * rule.progress.max(0.0);
        let reason = Text::new(
            format!("样本只到计划的 {done:.0} %。固定样本的检验要等样本到齐再看，提前看会把偶然当成效果。"),
            format!(
                "{done:.0} % of the planned units are there. A fixed-horizon test is read when all are: earlier, chance passes for an effect."
            ),
        );
        return Ok(Decision { step: Step::Continue, reasons: vec![reason], adjusted_p });
    }
    let open: Vec<&str> = named(Guard::Open).collect();
    let (step, reasons) = of_goals(measures, &adjusted_p, rule, &open);
    Ok(Decision { step, reasons, adjusted_p })
}

fn adjusted(measures: &[Measure], correction: Correction) -> Result<Vec<Option<f64>>, StrategyError> {
    let counted = |measure: &Measure| matches!(measure.role, Role::Goal | Role::Secondary);
    let raw: Vec<f64> = measures.iter().filter(|one| counted(one)).filter_map(|one| one.result.p_value).collect();
    let mut adjusted = correction.adjust(&raw)?.into_iter();
    let of = |measure: &Measure| if counted(measure) { measure.result.p_value.and(adjusted.next()) } else { None };
    Ok(measures.iter().map(of).collect())
}

#[derive(Clone, Copy, PartialEq)]
enum Guard {
    Holds,
    Hurt,
    Open,
}

fn guardrails<'a>(measures: &[Measure<'a>]) -> Result<Vec<(&'a str, Guard)>, StrategyError> {
    let mut found = Vec::new();
    for measure in measures {
        let Role::Guardrail { margin } = measure.role else { continue };
        if margin.is_nan() || margin < 0.0 {
            return Err(StrategyError::unfit("the margin of a guardrail", margin, "0 or more"));
        }
        // Without a relative effect the margin is taken of the control's mean's size.
        let effect = measure.result.relative.unwrap_or_else(|| {
            let base = measure.result.control.base.abs();
            measure.result.absolute.scaled(if base > 0.0 { base.recip() } else { 1.0 })
        });
        let effect = if measure.higher_is_better { effect } else { effect.scaled(-1.0) };
        let guard = if effect.high < -margin {
            Guard::Hurt
        } else if effect.low >= -margin {
            Guard::Holds
        } else {
            Guard::Open
        };
        found.push((measure.name, guard));
    }
    Ok(found)
}

fn of_goals(measures: &[Measure], adjusted_p: &[Option<f64>], rule: &Rule, open: &[&str]) -> (Step, Vec<Text>) {
    let shown = |measure: &Measure, p: &Option<f64>| {
        let is_shown = p.is_none_or(|p| p < 1.0 - rule.level);
        let found = if is_shown { measure.result.shows() } else { Ordering::Equal };
        if measure.higher_is_better { found } else { found.reverse() }
    };
    let goals = || measures.iter().zip(adjusted_p).filter(|(measure, _)| measure.role == Role::Goal);
    let named = |wanted| {
        goals().filter(|(measure, p)| shown(measure, p) == wanted).map(|(measure, _)| measure.name).collect::<Vec<_>>()
    };
    let (worse, better) = (named(Ordering::Less), named(Ordering::Greater));
    if !worse.is_empty() {
        let reason = Text::new(
            format!("目标指标 {} 变差。", worse.join("、")),
            format!("The goal {} got worse.", worse.join(", ")),
        );
        return (Step::Stop, vec![reason]);
    }
    let reason = Text::new(
        format!("目标指标 {} 变好。", better.join("、")),
        format!("The goal {} got better.", better.join(", ")),
    );
    match (better.is_empty(), open.is_empty(), rule.progress >= 1.0) {
        (false, true, _) => (Step::Ship, vec![reason]),
        (false, false, _) => {
            let doubt = Text::new(
                format!("但还不能排除护栏指标 {} 变差超过允许的幅度。", open.join("、")),
                format!("But the guardrail {} may still be worse than allowed.", open.join(", ")),
            );
            (Step::Continue, vec![reason, doubt])
        }
        (true, _, true) => {
            let reason = Text::new(
                "样本已经到齐，目标指标看不出差异。",
                "All planned units are there, and no goal shows a difference.",
            );
            (Step::NoDifference, vec![reason])
        }
        (true, _, false) => {
            (Step::Continue, vec![Text::new("目标指标还看不出差异。", "No goal shows a difference yet.")])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sequential::Mixture;
    use crate::experiment::{Adjusted, Question, Sample, compare};

    /// Holm: statsmodels 0.14 `multipletests(method="holm")`. Benjamini and Hochberg: SciPy 1.17.1 `false_discovery_control`.
    #[test]
    fn corrections_are_those_of_statsmodels_and_scipy() {
        let p = [0.01, 0.04, 0.03, 0.005, 0.2];
        for (correction, expected) in [
            (Correction::None, p),
            (Correction::Holm, [0.04, 0.09, 0.09, 0.025, 0.2]),
            (Correction::BenjaminiHochberg, [0.025, 0.05, 0.05, 0.025, 0.2]),
        ] {
            for (found, expected) in correction.adjust(&p).unwrap().into_iter().zip(expected) {
                assert!((found - expected).abs() < 1e-12, "{correction:?}: {found} {expected}");
            }
        }
        assert!(Correction::Holm.adjust(&[0.1, f64::NAN]).is_err());
    }

    fn of(a: usize, b: usize, method: Method) -> Comparison {
        let (control, treated) = (Sample::share(20_000, a).unwrap(), Sample::share(20_000, b).unwrap());
        let groups = Adjusted { control, treated, theta: 0.0, variance_kept: 1.0 };
        compare(&groups, &Question { method, ..Question::default() }).unwrap().value.unwrap()
    }

    fn step(goal: (usize, usize), guard: (usize, usize), method: Method, progress: f64) -> Step {
        let (goal, guard) = (of(goal.0, goal.1, method), of(guard.0, guard.1, method));
        let measures = [
            Measure { name: "orders", role: Role::Goal, higher_is_better: true, result: &goal },
            Measure { name: "returns", role: Role::Guardrail { margin: 0.1 }, higher_is_better: false, result: &guard },
        ];
        decide(&measures, &Rule { method, level: 0.95, correction: Correction::Holm, progress }).unwrap().step
    }

    #[test]
    fn goals_and_guardrails_decide_together() {
        let (fixed, anytime) = (Method::Fixed, Method::Sequential(Mixture::Units(40_000.0)));
        let (same, better, worse) = ((1000, 1000), (1000, 1300), (1300, 1000));
        let (steady, unclear, hurt) = ((6000, 6000), (200, 205), (2000, 2600));
        for method in [fixed, anytime] {
            assert_eq!(step(better, steady, method, 1.0), Step::Ship);
            assert_eq!(step(better, unclear, method, 1.0), Step::Continue);
            assert_eq!(step(better, hurt, method, 0.3), Step::Stop);
            assert_eq!(step(worse, steady, method, 1.0), Step::Stop);
            assert_eq!(step(same, steady, method, 1.0), Step::NoDifference);
            assert_eq!(step(same, steady, method, 0.5), Step::Continue);
        }
        assert_eq!(step(better, steady, fixed, 0.5), Step::Continue);
        assert_eq!(step(better, steady, anytime, 0.5), Step::Ship);
    }

    #[test]
    fn a_goal_among_many_needs_more() {
        let (weak, none) = (of(1000, 1090, Method::Fixed), of(1000, 1003, Method::Fixed));
        assert!(weak.p_value.unwrap() < 0.05 && weak.p_value.unwrap() > 0.0125);
        let measure = |name, result| Measure { name, role: Role::Goal, higher_is_better: true, result };
        let measures = [measure("a", &weak), measure("b", &none), measure("c", &none), measure("d", &none)];
        let of = |correction| {
            let rule = Rule { method: Method::Fixed, level: 0.95, correction, progress: 1.0 };
            decide(&measures, &rule).unwrap().step
        };
        assert_eq!((of(Correction::None), of(Correction::Holm)), (Step::Ship, Step::NoDifference));
    }

    #[test]
    fn a_decision_needs_a_goal() {
        let rule = Rule { method: Method::Fixed, level: 0.95, correction: Correction::None, progress: 1.0 };
        assert!(decide(&[], &rule).is_err());
    }
}
