//! `[service]` of `tercet.toml`: where the widget may stand, how much may be sent, where submitted forms go. What is
//! promised to customers is another file, `service.toml`.

use serde::Deserialize;

use crate::error::{Result, ServiceError, clipped};

/// As the section has it; what is left out has the defaults below.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceConfig {
    /// Pages elsewhere that may show the widget, as browsers name them: `https://www.example.com`.
    pub origins: Vec<String>,
    /// Messages of one conversation a minute.
    pub messages_per_minute: f64,
    /// Conversations opened with one key a minute.
    pub conversations_per_minute: f64,
    /// Days that conversations are kept after their end, and what is remembered of their customers; absent: until it is erased.
    pub keep_days: Option<u32>,
    pub webhook: Option<WebhookConfig>,
}

/// Where submitted forms and hand-overs go.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    pub url: String,
    /// The environment variable that holds the secret of the signature.
    pub secret_env: String,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        ServiceConfig {
            origins: Vec::new(),
            messages_per_minute: 20.0,
            conversations_per_minute: 600.0,
            keep_days: None,
            webhook: None,
        }
    }
}

impl ServiceConfig {
    /// # Errors
    /// If a key is unknown or a value is none that is allowed.
    pub fn read(table: &toml::Table) -> Result<ServiceConfig> {
        let wrong = |said: String| {
            ServiceError::usage("config", format!("tercet.toml: service: {said}"))
                .help("mend the file and start the server again")
        };
        let config: ServiceConfig =
            table.clone().try_into().map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
        for origin in &config.origins {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            let is_plain = host.is_some_and(|host| {
                !host.is_empty() && !host.contains(['/', '@', '*']) && host.chars().all(|c| c.is_ascii_graphic())
            });
            if !is_plain {
                let said = format!("origins holds '{}'; allowed: https://HOST or http://HOST:PORT", clipped(origin));
                return Err(wrong(said));
            }
        }
        for (name, value) in [
            ("messages_per_minute", config.messages_per_minute),
            ("conversations_per_minute", config.conversations_per_minute),
        ] {
            if !(1.0..=1e6).contains(&value) {
                return Err(wrong(format!("{name} is {value}; allowed: 1 to 1000000")));
            }
        }
        if let Some(days) = config.keep_days.filter(|days| !(1..=36_500).contains(days)) {
            return Err(wrong(format!("keep_days is {days}; allowed: 1 to 36500")));
        }
        if let Some(webhook) = &config.webhook {
            crate::channels::config::check_url("webhook.url", &webhook.url).map_err(wrong)?;
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_is_read_and_mistakes_are_named() {
        let read = |text: &str| ServiceConfig::read(&toml::from_str::<toml::Table>(text).unwrap());
        assert_eq!(read("").unwrap(), ServiceConfig::default());
        assert_eq!(read("origins = [\"https://a.example\"]").unwrap().origins, ["https://a.example"]);
        for (text, said) in [
            ("origin = []", "unknown field `origin`"),
            ("origins = [\"*\"]", "allowed: https://HOST"),
            ("origins = [\"https://a.example/\"]", "allowed: https://HOST"),
            ("messages_per_minute = 0", "allowed: 1 to 1000000"),
            ("keep_days = 0", "allowed: 1 to 36500"),
            ("[webhook]\nurl = \"ftp://x\"\nsecret_env = \"X\"", "webhook.url"),
        ] {
            let error = read(text).unwrap_err().message;
            assert!(error.contains(said), "{said} is not in: {error}");
        }
    }
}
