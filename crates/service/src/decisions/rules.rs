//! `[decisions]` of `tercet.toml`: how often and at what cost customers may be contacted, and how long ordered goods take.

use std::collections::BTreeMap;

use data::ShopConfig;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Result, ServiceError};

/// Channels that costs and limits may be set for, at most.
const CHANNELS_MAX: usize = 50;

/// As the section has it; what is left out has the defaults below.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = DecisionRules)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Days between two contacts with a customer.
    pub rest_days: i32,
    /// Contacts of one day, all decisions together.
    pub contacts_max: u64,
    /// Money for them, in the shop's currency; none if absent.
    pub budget: Option<f64>,
    /// The part of each list that is left out.
    pub control: f64,
    /// Days until what is ordered has come.
    pub lead_days: i32,
    /// What a contact costs, in the shop's currency, by channel.
    pub contact_costs: BTreeMap<String, f64>,
    /// Contacts a day, by channel.
    pub channel_max: BTreeMap<String, u64>,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            rest_days: 7,
            contacts_max: 2000,
            budget: None,
            control: 0.1,
            lead_days: 14,
            contact_costs: BTreeMap::new(),
            channel_max: BTreeMap::new(),
        }
    }
}

impl Rules {
    /// # Errors
    /// If a setting is unknown or out of range.
    pub fn of(config: &ShopConfig) -> Result<Rules> {
        let wrong = |said: String| {
            ServiceError::usage("config", format!("tercet.toml, [decisions]: {said}"))
                .help("docs/decisions.md describes the section")
        };
        let read: std::result::Result<Rules, _> = config.decisions.clone().try_into();
        let read = read.map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
        read.check().map_err(wrong)?;
        Ok(read)
    }

    fn check(&self) -> std::result::Result<(), String> {
        let within = |name: &str, found: f64, low: f64, high: f64| match (low..=high).contains(&found) {
            true => Ok(()),
            false => Err(format!("{name} is {found}; allowed: {low} to {high}")),
        };
        within("rest_days", f64::from(self.rest_days), 0.0, 365.0)?;
        within("contacts_max", self.contacts_max as f64, 0.0, 1e6)?;
        within("control", self.control, 0.0, 0.9)?;
        within("lead_days", f64::from(self.lead_days), 1.0, 180.0)?;
        within("budget", self.budget.unwrap_or(0.0), 0.0, 1e9)?;
        let n = self.contact_costs.len().max(self.channel_max.len());
        within("the number of channels", n as f64, 0.0, CHANNELS_MAX as f64)?;
        self.contact_costs
            .iter()
            .try_for_each(|(channel, cost)| within(&format!("contact_costs.{channel}"), *cost, 0.0, 1e6))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Rules> {
        let good = "name = \"A\"\ncurrency = \"CNY\"\ntime_zone = \"UTC\"\nlanguage = \"en\"\n[decisions]\n";
        let text = text.replace("[contact_costs]", "[decisions.contact_costs]");
        Rules::of(&toml::from_str::<ShopConfig>(&format!("{good}{text}")).unwrap())
    }

    #[test]
    fn the_section_says_what_is_wrong_with_it() {
        assert_eq!(read("").unwrap(), Rules::default());
        let rules = read("rest_days = 3\nbudget = 200.0\n[contact_costs]\nsms = 0.05").unwrap();
        assert_eq!((rules.rest_days, rules.budget, rules.contact_costs["sms"]), (3, Some(200.0), 0.05));
        for (text, said) in [
            ("rest = 3", "rest"),
            ("control = 1.5", "control is 1.5"),
            ("lead_days = 0", "lead_days is 0"),
            ("budget = -1.0", "budget is -1"),
            ("[contact_costs]\nsms = -0.1", "contact_costs.sms"),
            ("contacts_max = \"many\"", "invalid type"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.message.contains(said), "{text}: {}", error.message);
        }
    }
}
