//! `tercet.toml`: the commented template, what it may say, and precise errors. Settings of algorithms are checked by
//! their cards, and rules by `recommend`; here they are only carried.

use std::collections::BTreeMap;
use std::path::Path;

use domain::EventKind;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::DataError;

/// What `tercet init` writes.
pub const TEMPLATE: &str = include_str!("tercet.toml");

/// The money of ISO 4217's active list that things are bought with: no funds, metals or test codes. The lev was replaced by
/// the euro in 2026 and stays for shops with a past.
const CURRENCIES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF \
     CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD \
     HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD \
     LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK \
     PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS \
     TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

/// One shop's configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopConfig {
    pub name: String,
    /// ISO 4217 code; all money of the shop is in hundredths of it.
    pub currency: String,
    /// IANA name; decides where a local day begins.
    pub time_zone: String,
    /// Language of texts for people: `zh` or `en`.
    pub language: String,
    #[serde(default)]
    pub recommend: RecommendConfig,
    /// Settings of `tercet serve`, read by `service`.
    #[serde(default)]
    pub serve: toml::Table,
    /// Settings of customer service, read by `service`.
    #[serde(default)]
    pub service: toml::Table,
    /// Channels of customer service by name, read by `service`.
    #[serde(default)]
    pub channels: toml::Table,
    /// What turns texts into vectors of meaning, read by `service`; absent: learned from the shop's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<toml::Table>,
    /// Language models that word replies of customer service, read by `service`; absent: none is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer: Option<toml::Table>,
    /// How copies are approved and where they lead, read by `service`.
    #[serde(default)]
    pub content: toml::Table,
    /// Limits of daily decisions, read by `service`.
    #[serde(default)]
    pub decisions: toml::Table,
    /// Jobs that the server starts by itself, read by `service`.
    #[serde(default)]
    pub schedule: Vec<toml::Table>,
    /// What is looked out for, and who is told, read by `service`.
    #[serde(default)]
    pub alerts: toml::Table,
    /// How reports are printed, read by `service`.
    #[serde(default)]
    pub report: toml::Table,
}

/// `[recommend]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecommendConfig {
    /// What one event of each kind says about interest; kinds not named count 0.
    pub event_weights: BTreeMap<String, f32>,
    /// Events older than this many days are not learned from; 0 means all are.
    pub window_days: u32,
    /// A `rate` event counts only from this many stars on.
    pub stars_min: f64,
    /// Business rules as written; `recommend` reads them.
    pub rules: toml::Value,
    /// Everything else of the section, as written.
    #[serde(flatten)]
    pub other: toml::Table,
}

impl Default for RecommendConfig {
    fn default() -> Self {
        let weights = [("view", 1.0), ("favourite", 2.0), ("cart", 3.0), ("purchase", 5.0), ("rate", 4.0)];
        RecommendConfig {
            event_weights: weights.into_iter().map(|(kind, weight)| (kind.to_owned(), weight)).collect(),
            window_days: 0,
            stars_min: 4.0,
            rules: toml::Value::Array(Vec::new()),
            other: toml::Table::new(),
        }
    }
}

impl ShopConfig {
    /// The shop's time zone; checked when the configuration was read.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }
}

/// Reads `text`, the content of `path`.
pub fn parse(path: &Path, text: &str) -> Result<ShopConfig, DataError> {
    let wrong = |message: String| DataError::Config { path: path.to_owned(), message };
    let config: ShopConfig = toml::from_str(text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
    check(&config).map_err(wrong)?;
    Ok(config)
}

fn check(config: &ShopConfig) -> Result<(), String> {
    let said = |key: &str, found: &str, allowed: &str| Err(format!("{key} is '{found}'; allowed: {allowed}"));
    if config.name.trim().is_empty() {
        return said("name", &config.name, "any text that is not empty");
    }
    if !CURRENCIES.split(' ').any(|code| code == config.currency) {
        let allowed = "a code of three capital letters on ISO 4217's active list, such as CNY, USD, EUR";
        return said("currency", &config.currency, allowed);
    }
    if TimeZone::get(&config.time_zone).is_err() {
        return said("time_zone", &config.time_zone, "an IANA name such as Asia/Shanghai, Europe/Berlin, UTC");
    }
    if !["zh", "en"].contains(&config.language.as_str()) {
        return said("language", &config.language, "zh, en");
    }
    for (kind, weight) in &config.recommend.event_weights {
        if EventKind::from_name(kind).is_none() {
            return said("a key of recommend.event_weights", kind, &domain::table::EVENT_KINDS.join(", "));
        }
        if !weight.is_finite() || *weight < 0.0 {
            return said(&format!("recommend.event_weights.{kind}"), &weight.to_string(), "0 or a positive number");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_valid_and_states_the_defaults() {
        let config = parse(Path::new("tercet.toml"), TEMPLATE).unwrap();
        assert_eq!(config.recommend, RecommendConfig::default());
    }

    #[test]
    fn mistakes_are_named() {
        let good = "name = \"A\"\ncurrency = \"CNY\"\ntime_zone = \"UTC\"\nlanguage = \"en\"\n";
        assert!(parse(Path::new("t"), good).is_ok());
        assert!(CURRENCIES.split(' ').all(|code| code.len() == 3));
        for currency in ["AED", "EUR", "JPY", "USD", "XOF", "ZWG"] {
            assert!(parse(Path::new("t"), &good.replace("CNY", currency)).is_ok(), "{currency}");
        }
        for (change, said) in [
            (good.replace("CNY", "yuan"), "three capital letters"),
            (good.replace("CNY", "XYZ"), "currency is 'XYZ'; allowed: a code of three capital letters on ISO 4217"),
            (good.replace("CNY", "usd"), "ISO 4217"),
            (good.replace("CNY", "CNY USD"), "ISO 4217"),
            (good.replace("CNY", ""), "ISO 4217"),
            (good.replace("UTC", "Mars/Olympus"), "Asia/Shanghai"),
            (good.replace("\"en\"", "\"fr\""), "zh, en"),
            (good.replace("name", "nam"), "nam"),
            (good.replace("language", "#"), "language"),
            (good.replace("\"A\"", "\" \""), "not empty"),
            (format!("{good}[recommend.event_weights]\nbuy = 1\n"), "purchase"),
            (format!("{good}[recommend.event_weights]\nview = -1\n"), "0 or a positive"),
            (format!("{good}[recommend]\nwindow_days = \"x\"\n"), "window_days"),
        ] {
            let error = parse(Path::new("t"), &change).unwrap_err().to_string();
            assert!(error.contains(said), "{said} is not in: {error}");
        }
    }
}
