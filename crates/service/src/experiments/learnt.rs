//! What is known of arms: a pure function of sealed trials put together, so that a server that starts anew knows the same.

use std::collections::BTreeMap;

use data::state::trials::Tally;
use serde::Serialize;
use strategy::bandit::{Attribute, AttributeTree, Bandit, BetaThompson, Growth, History, chances_best};
use utoipa::ToSchema;

use super::rules::{Chooser, Experiment};
use crate::error::Result;
use crate::flows::plan::Interval;

/// Values of one attribute told apart, the most frequent ones; all others are one.
const VALUES_MAX: usize = 100;
/// Trials that a tree is grown from; of more, the same part of each kind.
const ROWS_MAX: f64 = 1e6;
const PRIOR: (f64, f64) = (1.0, 1.0);
/// Of the intervals, and how many deviations that is.
const LEVEL: f64 = 0.9;
const REACH: f64 = 1.644_853_626_951_472_2;

/// One thing that decided.
#[derive(Clone, Debug, PartialEq, Serialize, serde::Deserialize, ToSchema)]
#[schema(as = ArmReason)]
pub struct Reason {
    pub attribute: String,
    /// `None` for a value seldom or never seen.
    pub value: Option<String>,
    /// Whether the customer has this value, or any other.
    pub is_value: bool,
}

/// What is known of one arm.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ArmStanding {
    pub arm: String,
    /// Customers who had their time, and customers whose outcome is still waited for.
    pub n: u64,
    pub n_waiting: u64,
    /// Σ of the outcomes of those who had their time.
    pub reward: f64,
    /// Of a customer, with its 90 % interval (Beta distribution, even prior); where arms are chosen by what they bring, arms that
    /// began badly look worse than they are.
    pub mean: Interval,
    /// The chance that it is the best of all arms.
    pub chance_best: f64,
}

/// How an experiment stands.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ExperimentStanding)]
pub struct Standing {
    #[serde(flatten)]
    pub rules: Experiment,
    pub standing: Vec<ArmStanding>,
    /// Kinds of customers told apart, for `tree`; 1 as long as nothing is known that makes a difference.
    pub n_kinds: usize,
}

/// What an experiment has learnt.
pub(super) enum Learnt {
    Nothing,
    Arms(BetaThompson),
    Kinds { tree: AttributeTree, words: Vec<Words> },
}

/// The values of one attribute by number; 0 is every value that is not here.
pub(super) struct Words {
    name: String,
    numbers: BTreeMap<String, u32>,
}

impl Learnt {
    pub(super) fn of(rules: &Experiment, tallies: &[Tally]) -> Result<Learnt> {
        let sealed: Vec<&Tally> = tallies.iter().filter(|tally| tally.is_sealed).collect();
        match rules.chooser {
            Chooser::Split => Ok(Learnt::Nothing),
            Chooser::Thompson => Ok(Learnt::Arms(BetaThompson::from_counts(&counts(rules, &sealed), PRIOR)?)),
            Chooser::Tree => Learnt::kinds(rules, &sealed),
        }
    }

    fn kinds(rules: &Experiment, sealed: &[&Tally]) -> Result<Learnt> {
        let told: Vec<BTreeMap<String, String>> = sealed
            .iter()
            .map(|tally| serde_json::from_str(&tally.attributes))
            .collect::<std::result::Result<_, _>>()?;
        let words: Vec<Words> = rules.attributes.iter().map(|name| Words::of(name, &told, sealed)).collect();
        let n_all: u64 = sealed.iter().map(|tally| tally.n).sum();
        let part = (ROWS_MAX / n_all.max(1) as f64).min(1.0);
        let (mut attributes, mut arm, mut reward) = (Vec::new(), Vec::new(), Vec::new());
        for (tally, told) in sealed.iter().zip(&told) {
            let Some(arm_idx) = arm_idx(rules, &tally.arm) else { continue };
            let values = numbers(&words, told);
            for _ in 0..(tally.n as f64 * part).round() as usize {
                attributes.extend_from_slice(&values);
                arm.push(arm_idx as u32);
                reward.push((tally.reward / tally.n as f64).clamp(0.0, 1.0));
            }
        }
        let shapes = words
            .iter()
            .map(|words| Attribute { name: words.name.clone(), n_values: words.numbers.len() + 1 })
            .collect();
        let history = History { attributes: &attributes, arm: &arm, reward: &reward };
        let growth = Growth { prior: PRIOR, ..Growth::default() };
        let tree = AttributeTree::grow(shapes, rules.arms.len(), history, growth)?;
        Ok(Learnt::Kinds { tree, words })
    }

    /// `None` where arms are chosen in fixed parts.
    pub(super) fn bandit(&self) -> Option<&dyn Bandit> {
        match self {
            Learnt::Nothing => None,
            Learnt::Arms(bandit) => Some(bandit),
            Learnt::Kinds { tree, .. } => Some(tree),
        }
    }

    /// What is known of a customer, as numbers. Shape: (n_attributes).
    pub(super) fn values(&self, known: &BTreeMap<String, String>) -> Vec<u32> {
        match self {
            Learnt::Kinds { words, .. } => numbers(words, known),
            _ => Vec::new(),
        }
    }

    /// Why a customer with these values is of its kind.
    pub(super) fn reasons(&self, values: &[u32]) -> Result<Vec<Reason>> {
        let Learnt::Kinds { tree, words } = self else { return Ok(Vec::new()) };
        let conditions = tree.conditions(values)?;
        let reason = |condition: &strategy::bandit::Condition| {
            let words = &words[condition.attribute_idx];
            let value =
                words.numbers.iter().find(|(_, number)| **number == condition.value).map(|(word, _)| word.clone());
            Reason { attribute: words.name.clone(), value, is_value: condition.is_value }
        };
        Ok(conditions.iter().map(reason).collect())
    }

    fn n_kinds(&self) -> usize {
        if let Learnt::Kinds { tree, .. } = self { tree.n_leaves() } else { 1 }
    }
}

impl Words {
    fn of(name: &str, told: &[BTreeMap<String, String>], sealed: &[&Tally]) -> Words {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for (told, tally) in told.iter().zip(sealed) {
            if let Some(value) = told.get(name) {
                *counts.entry(value).or_default() += tally.n;
            }
        }
        let mut often: Vec<(&str, u64)> = counts.into_iter().collect();
        often.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        often.truncate(VALUES_MAX);
        let numbers = (1..).zip(often).map(|(number, (value, _))| (value.to_owned(), number)).collect();
        Words { name: name.to_owned(), numbers }
    }
}

fn numbers(words: &[Words], known: &BTreeMap<String, String>) -> Vec<u32> {
    let number = |words: &Words| known.get(&words.name).and_then(|value| words.numbers.get(value)).copied();
    words.iter().map(|words| number(words).unwrap_or(0)).collect()
}

fn arm_idx(rules: &Experiment, name: &str) -> Option<usize> {
    rules.arms.iter().position(|arm| arm.name == name)
}

/// Σ of outcomes, and of what was missing to 1, of each arm. Shape: (n_arms).
fn counts(rules: &Experiment, sealed: &[&Tally]) -> Vec<(f64, f64)> {
    let mut counts = vec![(0.0, 0.0); rules.arms.len()];
    for tally in sealed {
        if let Some(arm_idx) = arm_idx(rules, &tally.arm) {
            counts[arm_idx].0 += tally.reward;
            counts[arm_idx].1 += (tally.n as f64 - tally.reward).max(0.0);
        }
    }
    counts
}

pub(super) fn standing(rules: &Experiment, learnt: &Learnt, tallies: &[Tally]) -> Result<Standing> {
    let sealed: Vec<&Tally> = tallies.iter().filter(|tally| tally.is_sealed).collect();
    let counts = counts(rules, &sealed);
    let beliefs = BetaThompson::from_counts(&counts, PRIOR)?.beliefs();
    let chances = chances_best(&beliefs);
    let n_of = |arm: &str, is_sealed: bool| {
        tallies.iter().filter(|tally| tally.arm == arm && tally.is_sealed == is_sealed).map(|tally| tally.n).sum()
    };
    let arms = rules.arms.iter().enumerate().map(|(at, arm)| {
        let (mean, deviation) = beliefs[at].centre();
        let reach = REACH * deviation;
        ArmStanding {
            arm: arm.name.clone(),
            n: n_of(&arm.name, true),
            n_waiting: n_of(&arm.name, false),
            reward: counts[at].0,
            mean: Interval { value: mean, low: (mean - reach).max(0.0), high: (mean + reach).min(1.0), level: LEVEL },
            chance_best: chances[at],
        }
    });
    Ok(Standing { standing: arms.collect(), n_kinds: learnt.n_kinds(), rules: rules.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::rules::Wanted;

    fn rules(text: &str) -> Experiment {
        serde_json::from_str::<Wanted>(text).unwrap().checked(1, "salt".into()).unwrap()
    }

    fn tally(attributes: &str, arm: &str, n: u64, reward: f64) -> Tally {
        Tally { attributes: attributes.into(), arm: arm.into(), is_sealed: true, n, reward }
    }

    const ARMS: &str = r#""arms": [{"name": "old"}, {"name": "new"}]"#;

    #[test]
    fn the_arm_that_brings_more_is_likely_the_best_and_waiting_ones_do_not_count() {
        let rules = rules(&format!(r#"{{"id": "x", "chooser": "thompson", {ARMS}}}"#));
        let mut tallies = vec![tally("{}", "old", 1000, 50.0), tally("{}", "new", 1000, 90.0)];
        tallies.push(Tally { is_sealed: false, ..tally("{}", "old", 500, 500.0) });
        let learnt = Learnt::of(&rules, &tallies).unwrap();
        let told = standing(&rules, &learnt, &tallies).unwrap();
        let old = &told.standing[0];
        assert_eq!((old.n, old.n_waiting, old.reward), (1000, 500, 50.0));
        // Beta(51, 951): mean 51/1002, deviation √(51·951/(1002²·1003)).
        assert!((old.mean.value - 51.0 / 1002.0).abs() < 1e-12 && (old.mean.high - 0.062_316).abs() < 1e-5, "{old:?}");
        assert!(told.standing[1].chance_best > 0.999 && told.n_kinds == 1);
        let chances = learnt.bandit().unwrap().probabilities(&Default::default()).unwrap();
        assert!(chances[1] > 0.999, "{chances:?}");
    }

    /// In Beijing the old arm is the better one, elsewhere the new one.
    #[test]
    fn a_tree_tells_kinds_apart_and_says_why() {
        let rules = rules(&format!(r#"{{"id": "x", "chooser": "tree", "attributes": ["city", "member"], {ARMS}}}"#));
        let mut tallies = Vec::new();
        for (city, old, new) in [("Beijing", 300.0, 100.0), ("Shanghai", 100.0, 300.0), ("Wuhan", 100.0, 300.0)] {
            for member in ["yes", "no"] {
                let told = format!(r#"{{"city": "{city}", "member": "{member}"}}"#);
                tallies.push(tally(&told, "old", 1000, old));
                tallies.push(tally(&told, "new", 1000, new));
            }
        }
        let learnt = Learnt::of(&rules, &tallies).unwrap();
        let chance_of_new = |city: &str| {
            let known = BTreeMap::from([("city".to_owned(), city.to_owned()), ("age".to_owned(), "9".to_owned())]);
            let values = learnt.values(&known);
            let context = strategy::bandit::Context { features: &[], attributes: &values };
            learnt.bandit().unwrap().probabilities(&context).unwrap()[1]
        };
        assert!(chance_of_new("Beijing") < 0.001 && chance_of_new("Wuhan") > 0.999 && chance_of_new("Nowhere") > 0.999);
        let known = BTreeMap::from([("city".to_owned(), "Beijing".to_owned())]);
        let because = learnt.reasons(&learnt.values(&known)).unwrap();
        assert_eq!(because, [Reason { attribute: "city".into(), value: Some("Beijing".into()), is_value: true }]);
        assert_eq!(standing(&rules, &learnt, &tallies).unwrap().n_kinds, 2);
        let nothing = Learnt::of(&rules, &[]).unwrap();
        assert_eq!(
            nothing
                .bandit()
                .unwrap()
                .probabilities(&strategy::bandit::Context { features: &[], attributes: &nothing.values(&known) })
                .unwrap(),
            [0.5, 0.5]
        );
    }
}
