//! `[content]` of `tercet.toml`: who may approve a copy, and where advertisements lead.

use data::ShopConfig;
use serde::Deserialize;

use crate::error::{Result, ServiceError, clipped};

/// Stands for the product's id in an address.
pub const PRODUCT: &str = "{product_id}";

/// As the section has it; what is left out has the defaults below.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContentConfig {
    /// Whether whoever wrote or changed a draft may not approve it.
    pub four_eyes: bool,
    /// Where a product stands on the web, with `{product_id}` in it.
    pub product_url: Option<String>,
}

impl Default for ContentConfig {
    fn default() -> Self {
        ContentConfig { four_eyes: true, product_url: None }
    }
}

impl ContentConfig {
    /// # Errors
    /// If a setting is unknown or wrong.
    pub fn of(config: &ShopConfig) -> Result<ContentConfig> {
        let wrong = |said: String| {
            ServiceError::usage("config", format!("tercet.toml, [content]: {said}"))
                .help("docs/content.md describes the section")
        };
        let read: std::result::Result<ContentConfig, _> = config.content.clone().try_into();
        let read = read.map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
        read.product_url.as_deref().map_or(Ok(()), |url| check_url(url).map_err(wrong))?;
        Ok(read)
    }
}

/// Whether an address can lead to products.
///
/// # Errors
/// What is wrong with it.
pub fn check_url(url: &str) -> std::result::Result<(), String> {
    let is_web = ["https://", "http://"].iter().any(|begin| url.starts_with(begin));
    let is_plain = url.len() <= 1_000 && !url.contains(|one: char| one.is_whitespace() || one.is_control());
    match is_web && is_plain && url.contains(PRODUCT) {
        true => Ok(()),
        false => Err(format!(
            "the address of products is '{}'; allowed: one that begins with https:// and has {PRODUCT} in it",
            clipped(url)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_is_read_and_mistakes_are_named() {
        let read = |text: &str| {
            let good = "name = \"A\"\ncurrency = \"CNY\"\ntime_zone = \"UTC\"\nlanguage = \"en\"\n";
            ContentConfig::of(&toml::from_str::<ShopConfig>(&format!("{good}[content]\n{text}")).unwrap())
        };
        assert_eq!(read("").unwrap(), ContentConfig { four_eyes: true, product_url: None });
        let asked = read("four_eyes = false\nproduct_url = \"https://a.example/p/{product_id}\"").unwrap();
        assert!(!asked.four_eyes && asked.product_url.is_some());
        for (text, said) in [
            ("eyes = 2", "unknown field `eyes`"),
            ("four_eyes = 4", "four_eyes"),
            ("product_url = \"https://a.example/p/\"", "has {product_id} in it"),
            ("product_url = \"javascript:alert('{product_id}')\"", "begins with https://"),
        ] {
            let error = read(text).unwrap_err().message;
            assert!(error.contains(said) || error.contains("invalid type"), "{said} is not in: {error}");
        }
    }
}
