//! What an experiment is: its arms, who takes part, how arms are chosen, and how long an outcome is waited for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strategy::experiment::{Arm, Assignment, Holdout};
use utoipa::ToSchema;

use crate::error::{Result, ServiceError};

const ARMS_MAX: usize = 20;
const ATTRIBUTES_MAX: usize = 8;
const NAME_CHARS_MAX: usize = 80;
const VALUE_CHARS_MAX: usize = 80;
const WAIT_MINUTES_MAX: u32 = 60 * 24 * 90;
/// One salt for all experiments: the same customers are held out of every one.
const HOLDOUT_SALT: &str = "held out of experiments";

/// How arms are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ExperimentChooser)]
#[serde(rename_all = "snake_case")]
pub enum Chooser {
    /// In fixed parts, to measure.
    #[default]
    Split,
    /// As often as an arm is likely to be the best (Thompson sampling).
    Thompson,
    /// The same in each leaf of a tree over what is known of customers.
    Tree,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExperimentArm {
    #[schema(min_length = 1, max_length = 80)]
    pub name: String,
    /// In proportion to the others' weights; 0 closes it to new customers. Above that it makes no difference to arms that are
    /// chosen by what they bring.
    #[schema(minimum = 0, maximum = 1000)]
    #[serde(default = "one")]
    pub weight: f64,
}

fn one() -> f64 {
    1.0
}

/// An experiment as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Experiment {
    pub id: String,
    pub arms: Vec<ExperimentArm>,
    pub chooser: Chooser,
    /// The part of all customers that takes part, 0 to 1.
    pub traffic: f64,
    /// The part of all customers that gets nothing of any experiment, 0 to 1; for all experiments with the same part the same
    /// customers.
    pub holdout: f64,
    /// The part of choices spread evenly, where arms are chosen by what they bring: without it an arm given up could not be judged.
    pub floor: f64,
    /// What is known of customers and may make a difference, for `tree`.
    pub attributes: Vec<String>,
    /// How long an outcome is waited for; without one it is 0 then.
    pub wait_minutes: u32,
    /// Says who gets what.
    pub salt: String,
    /// UTC milliseconds.
    pub created_at: i64,
    pub stopped_at: Option<i64>,
}

/// An experiment as it is asked for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = ExperimentWanted)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[schema(min_length = 1, max_length = 80, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    pub id: String,
    #[schema(min_items = 2, max_items = 20)]
    pub arms: Vec<ExperimentArm>,
    #[serde(default)]
    pub chooser: Chooser,
    /// 1 if absent.
    #[schema(minimum = 0, maximum = 1)]
    pub traffic: Option<f64>,
    /// 0 if absent.
    #[schema(minimum = 0, maximum = 0.5)]
    pub holdout: Option<f64>,
    /// 0.05 if absent.
    #[schema(minimum = 0, maximum = 1)]
    pub floor: Option<f64>,
    #[schema(max_items = 8)]
    #[serde(default)]
    pub attributes: Vec<String>,
    /// A day if absent.
    #[schema(minimum = 0, maximum = 129_600)]
    pub wait_minutes: Option<u32>,
}

impl Wanted {
    /// The experiment, if it can be.
    pub(super) fn checked(self, created_at: i64, salt: String) -> Result<Experiment> {
        crate::api::input::check_name("the experiment's id", &self.id, NAME_CHARS_MAX)?;
        // It stands in addresses and names a campaign.
        let is_plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        if !self.id.chars().all(is_plain) || self.id.starts_with('.') {
            let id = crate::error::clipped(&self.id);
            let message =
                format!("the experiment's id is '{id}'; allowed: letters, digits, '-', '_' and, not at first, '.'");
            return Err(ServiceError::usage("name", message));
        }
        if !(2..=ARMS_MAX).contains(&self.arms.len()) {
            let message = format!("there are {} arms; allowed: 2 to {ARMS_MAX}", self.arms.len());
            return Err(ServiceError::usage("arms", message));
        }
        for arm in &self.arms {
            crate::api::input::check_name("an arm's name", &arm.name, NAME_CHARS_MAX)?;
        }
        if self.attributes.len() > ATTRIBUTES_MAX {
            let message = format!("there are {} attributes; allowed: at most {ATTRIBUTES_MAX}", self.attributes.len());
            return Err(ServiceError::usage("attributes", message));
        }
        for (at, name) in self.attributes.iter().enumerate() {
            crate::api::input::check_name("an attribute's name", name, NAME_CHARS_MAX)?;
            if self.attributes[..at].contains(name) {
                return Err(ServiceError::usage("attributes", format!("the attribute '{name}' is there twice")));
            }
        }
        if (self.chooser == Chooser::Tree) == self.attributes.is_empty() {
            return Err(ServiceError::usage(
                "attributes",
                "attributes are what a tree asks for; name some with the chooser tree, and only with it",
            ));
        }
        let share = |name: &'static str, value: Option<f64>, usual: f64, most: f64| {
            let value = value.unwrap_or(usual);
            match (0.0..=most).contains(&value) {
                true => Ok(value),
                false => Err(ServiceError::usage(name, format!("{name} is {value}; allowed: 0 to {most}"))),
            }
        };
        let wait_minutes = self.wait_minutes.unwrap_or(60 * 24);
        if wait_minutes > WAIT_MINUTES_MAX {
            let message = format!("wait_minutes is {wait_minutes}; allowed: 0 to {WAIT_MINUTES_MAX}");
            return Err(ServiceError::usage("wait_minutes", message));
        }
        let experiment = Experiment {
            traffic: share("traffic", self.traffic, 1.0, 1.0)?,
            holdout: share("holdout", self.holdout, 0.0, 0.5)?,
            floor: share("floor", self.floor, 0.05, 1.0)?,
            id: self.id,
            arms: self.arms,
            chooser: self.chooser,
            attributes: self.attributes,
            wait_minutes,
            salt,
            created_at,
            stopped_at: None,
        };
        experiment.split()?;
        Ok(experiment)
    }
}

impl Experiment {
    pub(super) fn split(&self) -> Result<Assignment> {
        let arms = self.arms.iter().map(|arm| Arm { name: arm.name.clone(), weight: arm.weight }).collect();
        let holdout = (self.holdout > 0.0).then(|| Holdout { salt: HOLDOUT_SALT.to_owned(), share: self.holdout });
        Ok(Assignment::new(&self.salt, arms, self.traffic, holdout, None)?)
    }

    /// Of what is said of a customer, what this experiment asks for.
    pub(super) fn known(&self, attributes: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let clipped = |value: &String| value.chars().take(VALUE_CHARS_MAX).collect();
        let of = |name: &String| attributes.get(name).map(|value| (name.clone(), clipped(value)));
        self.attributes.iter().filter_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(text: &str) -> Result<Experiment> {
        serde_json::from_str::<Wanted>(text)
            .map_err(|error| ServiceError::usage("json", error.to_string()))?
            .checked(7, "salt".into())
    }

    #[test]
    fn what_is_absent_has_a_usual_value_and_what_is_wrong_is_said() {
        let arms = r#""arms": [{"name": "control"}, {"name": "blue", "weight": 3}]"#;
        let usual = wanted(&format!(r#"{{"id": "button", {arms}}}"#)).unwrap();
        assert_eq!((usual.traffic, usual.holdout, usual.floor, usual.wait_minutes), (1.0, 0.0, 0.05, 1440));
        assert_eq!((usual.chooser, usual.arms[0].weight), (Chooser::Split, 1.0));
        for (text, said) in [
            (r#"{"id": "", "arms": []}"#.to_owned(), "the experiment's id"),
            (format!(r#"{{"id": "../x", {arms}}}"#), "the experiment's id is '../x'; allowed: letters"),
            (format!(r#"{{"id": "a/b", {arms}}}"#), "allowed: letters"),
            (r#"{"id": "x", "arms": [{"name": "a"}]}"#.to_owned(), "there are 1 arms; allowed: 2 to 20"),
            (r#"{"id": "x", "arms": [{"name": "a"}, {"name": "a"}]}"#.to_owned(), "'a' again"),
            (r#"{"id": "x", "arms": [{"name": "a", "weight": -1}, {"name": "b"}]}"#.to_owned(), "holds -1"),
            (format!(r#"{{"id": "x", {arms}, "traffic": 1.5}}"#), "traffic is 1.5; allowed: 0 to 1"),
            (format!(r#"{{"id": "x", {arms}, "holdout": 0.9}}"#), "allowed: 0 to 0.5"),
            (format!(r#"{{"id": "x", {arms}, "chooser": "tree"}}"#), "attributes are what a tree asks for"),
            (format!(r#"{{"id": "x", {arms}, "attributes": ["city"]}}"#), "and only with it"),
            (format!(r#"{{"id": "x", {arms}, "chooser": "tree", "attributes": ["city", "city"]}}"#), "is there twice"),
            (format!(r#"{{"id": "x", {arms}, "wait_minutes": 200000}}"#), "allowed: 0 to 129600"),
        ] {
            let message = wanted(&text).unwrap_err().message;
            assert!(message.contains(said), "{said} is not in: {message}");
        }
    }
}
