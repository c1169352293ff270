//! Several measures of one campaign and what to do: the goal, others that are of interest, and guardrails that must not get worse by
//! more than a margin. Not here: how one measure is read (`experiment`), and the decision, which people take.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strategy::experiment::several::Rule;
use strategy::experiment::{Comparison, Correction, Measure, Method, Role, Step, decide};
use utoipa::ToSchema;

use super::experiment::{ArmVerdict, CampaignVerdict, Outcome};
use super::{Backing, Interval};
use crate::error::{Result, ServiceError, clipped};
use crate::flows::segment::Text;

/// Measures beside the goal, at most.
pub const MEASURES_MAX: usize = 6;

/// A measure that must not get worse by more than a share of what it is without the treatment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guardrail {
    pub outcome: Outcome,
    /// 0.02 for 2 %.
    pub margin: f64,
}

impl Guardrail {
    /// `ordered=0.02`.
    ///
    /// # Errors
    /// If it is not written so, the measure is none, or the margin is not 0 to 1.
    pub fn read(text: &str) -> Result<Guardrail> {
        let wrong = || {
            let message = format!("the guardrail '{}' is not MEASURE=MARGIN, such as ordered=0.02", clipped(text));
            ServiceError::usage("guardrail", message).help("the margin is a share of the control's mean, 0 to 1")
        };
        let (name, margin) = text.split_once('=').ok_or_else(wrong)?;
        let margin = margin.trim().parse().ok().filter(|margin| (0.0..=1.0).contains(margin)).ok_or_else(wrong)?;
        Ok(Guardrail { outcome: Outcome::named(name.trim())?, margin })
    }
}

/// A measure beside the goal.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MeasureVerdict {
    pub outcome: Outcome,
    /// `secondary` or `guardrail`.
    pub role: String,
    /// By how much it may get worse, in parts of the control's mean; of guardrails alone.
    pub margin: Option<f64>,
    pub mean: f64,
    pub control_mean: f64,
    pub difference: Option<Interval>,
    pub relative: Option<Interval>,
    /// `above`, `below` or `open`, by the difference's interval.
    pub shows: String,
    pub p_value: Option<f64>,
    /// After correction for the number of goals and secondary measures (Holm); guardrails are not counted.
    pub adjusted_p_value: Option<f64>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// What to do with an arm by all measures, and why.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ArmDecision {
    /// `ship`, `stop`, `continue` or `no_difference`.
    pub step: String,
    pub reasons: Vec<Text>,
    /// The part of the customers that count whose days are over, or of those planned.
    pub progress: f64,
    pub measures: Vec<MeasureVerdict>,
}

/// One measure of all arms.
pub(super) struct Read {
    pub outcome: Outcome,
    pub role: Role,
    pub told: CampaignVerdict,
    pub found: BTreeMap<String, Comparison>,
}

/// How measures are read.
pub(super) struct Asked {
    pub method: Method,
    pub level: f64,
    pub planned: Option<u64>,
}

/// Adds to each arm of `goal` what the measures say together. `found`: the goal's comparisons by arm.
///
/// # Errors
/// If a margin is negative.
pub(super) fn decided(
    goal: &mut CampaignVerdict,
    found: &BTreeMap<String, Comparison>,
    others: &[Read],
    asked: &Asked,
) -> Result<()> {
    let n_late = goal.n_too_recent as f64;
    let n_all = (goal.n_control + goal.arms.iter().map(|arm| arm.n_customers).sum::<u64>()) as f64;
    let progress = match asked.planned {
        Some(planned) => n_all / (planned as f64).max(1.0),
        None => n_all / (n_all + n_late).max(1.0),
    };
    let outcome = goal.outcome;
    for arm in &mut goal.arms {
        arm.decision = match found.get(&arm.arm) {
            Some(comparison) => Some(of_arm(arm, outcome, comparison, others, asked, progress)?),
            None => None,
        };
    }
    Ok(())
}

fn of_arm(
    arm: &ArmVerdict,
    outcome: Outcome,
    goal: &Comparison,
    others: &[Read],
    asked: &Asked,
    progress: f64,
) -> Result<ArmDecision> {
    // With several arms one comes out by chance more often than of one: the goal counts as it is after correction for them.
    let goal = &Comparison { p_value: arm.adjusted_p_value.or(goal.p_value), ..*goal };
    let mut measures = vec![Measure { name: outcome.name(), role: Role::Goal, higher_is_better: true, result: goal }];
    let of = |read: &'_ Read| read.found.get(&arm.arm).copied();
    let results: Vec<Option<Comparison>> = others.iter().map(of).collect();
    for (read, result) in others.iter().zip(&results) {
        if let Some(result) = result {
            measures.push(Measure { name: read.outcome.name(), role: read.role, higher_is_better: true, result });
        }
    }
    let rule = Rule { method: asked.method, level: asked.level, correction: Correction::Holm, progress };
    let decision = decide(&measures, &rule)?;
    let mut adjusted = decision.adjusted_p.iter().skip(1);
    let mut told = ArmDecision {
        step: name(decision.step).to_owned(),
        reasons: decision.reasons.into_iter().map(|reason| named(Text::from(reason))).collect(),
        progress: progress.min(1.0),
        measures: Vec::new(),
    };
    for (read, result) in others.iter().zip(&results) {
        let adjusted_p_value = result.as_ref().and_then(|_| adjusted.next().copied().flatten());
        told.measures.extend(measure(read, &arm.arm, adjusted_p_value));
    }
    // What could not be read has not been shown to hold.
    let is_unread =
        |(read, result): &(&Read, &Option<Comparison>)| matches!(read.role, Role::Guardrail { .. }) && result.is_none();
    let unread: Vec<&str> =
        others.iter().zip(&results).filter(is_unread).map(|(read, _)| read.outcome.name()).collect();
    if decision.step == Step::Ship && !unread.is_empty() {
        name(Step::Continue).clone_into(&mut told.step);
        told.reasons.push(Text {
            zh: format!("但护栏指标 {} 读不出来。", unread.join("、")),
            en: format!("But the guardrail {} could not be read.", unread.join(", ")),
        });
        told.reasons = told.reasons.into_iter().map(named).collect();
    }
    Ok(told)
}

/// The measures' keys in words where a sentence is Chinese.
fn named(mut reason: Text) -> Text {
    for (key, zh) in [("response", "“是否响应”"), ("ordered", "“是否下单”"), ("revenue", "“消费额”")]
    {
        reason.zh = reason.zh.replace(key, zh);
    }
    reason
}

fn measure(read: &Read, arm: &str, adjusted_p_value: Option<f64>) -> Option<MeasureVerdict> {
    let found = read.told.arms.iter().find(|one| one.arm == arm)?;
    let (role, margin) = match read.role {
        Role::Guardrail { margin } => ("guardrail", Some(margin)),
        _ => ("secondary", None),
    };
    Some(MeasureVerdict {
        outcome: read.outcome,
        role: role.to_owned(),
        margin,
        mean: found.mean,
        control_mean: found.control_mean,
        difference: found.difference,
        relative: found.relative,
        shows: found.shows.clone(),
        p_value: found.p_value,
        adjusted_p_value,
        backing: found.backing.clone(),
    })
}

fn name(step: Step) -> &'static str {
    match step {
        Step::Ship => "ship",
        Step::Stop => "stop",
        Step::Continue => "continue",
        Step::NoDifference => "no_difference",
    }
}
