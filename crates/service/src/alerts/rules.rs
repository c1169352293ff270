//! `[alerts]` of `tercet.toml`: what is not looked out for, other limits, and who is told.

use std::collections::BTreeMap;

use data::ShopConfig;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Result, ServiceError, clipped};

const NAMES_MAX: usize = 100;

/// As the section has it; what is left out has the defaults below.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = AlertRules)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Kinds (`silence`, `drift`, `model`, `spend`) or single alerts (`silence.reviews`) that are not looked out for.
    pub off: Vec<String>,
    /// Days of silence from which on a table is told of, instead of what its own rhythm says.
    pub silence_days: BTreeMap<String, i32>,
    /// The population stability index from which on a mix has changed.
    pub drift_max: f64,
    /// How many times the third-highest day of the past a day of spend may be.
    pub spend_times: f64,
    /// Who is told: `CHANNEL:ADDRESS` of a channel of mail, or the name of a webhook.
    pub to: Vec<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Rules { off: Vec::new(), silence_days: BTreeMap::new(), drift_max: 0.25, spend_times: 1.5, to: Vec::new() }
    }
}

impl Rules {
    /// # Errors
    /// If a setting is unknown or out of range.
    pub fn of(config: &ShopConfig) -> Result<Rules> {
        let wrong = |said: String| {
            ServiceError::usage("config", format!("tercet.toml, [alerts]: {said}"))
                .help("docs/reports.md describes the section")
        };
        let read: std::result::Result<Rules, _> = config.alerts.clone().try_into();
        let read = read.map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
        read.check().map_err(wrong)?;
        Ok(read)
    }

    fn check(&self) -> std::result::Result<(), String> {
        let within = |name: &str, found: f64, low: f64, high: f64| match (low..=high).contains(&found) {
            true => Ok(()),
            false => Err(format!("{name} is {found}; allowed: {low} to {high}")),
        };
        within("drift_max", self.drift_max, 0.05, 10.0)?;
        within("spend_times", self.spend_times, 1.0, 100.0)?;
        within("the number of names in off", self.off.len() as f64, 0.0, NAMES_MAX as f64)?;
        for name in &self.off {
            let kind = name.split('.').next().unwrap_or("");
            if !super::KINDS.contains(&kind) {
                let kinds = super::KINDS.join(", ");
                return Err(format!("off has '{}'; allowed: {kinds}, or one alert as silence.orders", clipped(name)));
            }
        }
        for (table, days) in &self.silence_days {
            if !super::silence::TABLES.iter().any(|(name, _)| name == table) {
                let known: Vec<&str> = super::silence::TABLES.iter().map(|(name, _)| *name).collect();
                return Err(format!("silence_days has '{}'; allowed: {}", clipped(table), known.join(", ")));
            }
            within(&format!("silence_days.{table}"), f64::from(*days), 1.0, 365.0)?;
        }
        Ok(())
    }

    /// Whether an alert of this key is looked out for.
    pub fn is_on(&self, key: &str) -> bool {
        !self
            .off
            .iter()
            .any(|off| key == off || key.strip_prefix(off.as_str()).is_some_and(|rest| rest.starts_with('.')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Rules> {
        let good = "name = \"A\"\ncurrency = \"CNY\"\ntime_zone = \"UTC\"\nlanguage = \"en\"\n[alerts]\n";
        Rules::of(&toml::from_str::<ShopConfig>(&format!("{good}{text}")).unwrap())
    }

    #[test]
    fn settings_are_read_and_mistakes_named() {
        assert_eq!(read("").unwrap(), Rules::default());
        let rules = read("off = [\"drift\", \"silence.reviews\"]\nsilence_days = { orders = 3 }").unwrap();
        for (key, is_on) in [
            ("drift", false),
            ("drift.orders.channel", false),
            ("silence.reviews", false),
            ("silence.reviews2", true),
            ("silence.orders", true),
            ("model.recommend", true),
        ] {
            assert_eq!(rules.is_on(key), is_on, "{key}");
        }
        for (text, said) in [
            ("offf = []", "offf"),
            ("off = [\"wind\"]", "off has 'wind'; allowed: silence"),
            ("drift_max = 0", "drift_max is 0"),
            ("spend_times = 0.5", "spend_times is 0.5"),
            ("silence_days = { answers = 3 }", "silence_days has 'answers'"),
            ("silence_days = { orders = 0 }", "silence_days.orders is 0"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.message.contains(said) && error.code == "config", "{text}: {}", error.message);
        }
    }
}
