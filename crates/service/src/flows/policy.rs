//! The shop's will about lists: `[[recommend.rules]]` and `[recommend.terms.*]` of `tercet.toml`, read anew whenever asked so
//! that a running server follows the file. What rules and terms mean is the business of `recommend::rank`.

use std::fs;
use std::path::Path;

use recommend::rank::Policy;
use serde_json::Value;

use crate::error::{Result, ServiceError, clipped};

/// What `[recommend]` may hold.
const KEYS: [&str; 5] = ["event_weights", "window_days", "stars_min", "rules", "terms"];

/// Reads and checks the policy of the shop at `root`. Names of products, brands and categories are not checked here.
pub fn read(root: &Path) -> Result<Policy> {
    let path = root.join("tercet.toml");
    let text = fs::read_to_string(&path)
        .map_err(|error| ServiceError::usage("config", format!("{}: {error}", path.display())))?;
    parse(&path, &text)
}

/// Changes whenever the file does.
pub fn stamp(root: &Path) -> Option<(std::time::SystemTime, u64)> {
    let found = fs::metadata(root.join("tercet.toml")).ok()?;
    Some((found.modified().ok()?, found.len()))
}

fn parse(path: &Path, text: &str) -> Result<Policy> {
    let wrong = |said: String| {
        ServiceError::usage("config", format!("{}: {said}", path.display()))
            .help("mend the file and run the command again; a running server reads it within a minute")
    };
    let table: toml::Table = toml::from_str(text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
    let section = match table.get("recommend") {
        None => return Ok(Policy::default()),
        Some(toml::Value::Table(section)) => section,
        Some(other) => return Err(wrong(format!("recommend is {}; allowed: a section", other.type_str()))),
    };
    if let Some(key) = section.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(wrong(format!("recommend.{} is not known; allowed: {}", clipped(key), KEYS.join(", "))));
    }
    let mut policy = Policy::default();
    match section.get("rules").map(plain) {
        None => {}
        Some(Value::Array(rules)) => {
            for (rule, at) in rules.into_iter().zip(1..) {
                let name = rule.get("name").and_then(Value::as_str).unwrap_or("without a name").to_owned();
                let read = serde_json::from_value(rule);
                policy.rules.push(
                    read.map_err(|error| wrong(format!("recommend.rules, rule {at} ('{}'): {error}", clipped(&name))))?,
                );
            }
        }
        Some(_) => return Err(wrong("recommend.rules is no list; write [[recommend.rules]] for each rule".to_owned())),
    }
    if let Some(terms) = section.get("terms").map(plain) {
        policy.terms = serde_json::from_value(terms)
            .map_err(|error| wrong(format!("recommend.terms: {error}; write [recommend.terms.NAME]")))?;
    }
    let errors: Vec<String> = policy.check(None).iter().map(ToString::to_string).collect();
    if errors.is_empty() { Ok(policy) } else { Err(wrong(format!("recommend: {}", errors.join("; ")))) }
}

/// TOML as JSON; days and times become text.
fn plain(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(flag) => Value::from(*flag),
        toml::Value::Datetime(time) => Value::from(time.to_string()),
        toml::Value::Array(values) => values.iter().map(plain).collect(),
        toml::Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_and_mistakes_are_named() {
        let read = |text: &str| parse(Path::new("tercet.toml"), text);
        let good = "[recommend]\nwindow_days = 9\n[[recommend.rules]]\nname = \"a\"\naction = \"boost\"\nstrength = 1.0\n\
                    brands = [\"x\"]\nfrom = 2026-01-02\n[recommend.terms.margin]\nweight = 0.1\n";
        let policy = read(good).unwrap();
        assert_eq!((policy.rules.len(), policy.terms.len()), (1, 1));
        assert_eq!(policy.rules[0].from, Some("2026-01-02".parse().unwrap()));
        assert_eq!(read("name = \"x\"").unwrap(), Policy::default());
        for (change, said) in [
            (good.replace("boost", "boast"), "rule 1 ('a'): unknown variant `boast`, expected one of `pin`"),
            (good.replace("brands", "brnads"), "unknown field `brnads`"),
            (good.replace("strength = 1.0\n", ""), "lacks 'strength'"),
            (good.replace("terms.margin", "terms.margins"), "no term 'margins'; terms: popularity, margin"),
            (good.replace("weight = 0.1", "weight = -1"), "a number from 0 to 100"),
            (good.replace("window_days", "window"), "recommend.window is not known; allowed: event_weights"),
            (good.replace("[[recommend.rules]]", "[recommend.rules]"), "write [[recommend.rules]]"),
            (good.replace("2026-01-02", "\"soon\""), "rule 1"),
        ] {
            let error = read(&change).unwrap_err().message;
            assert!(error.starts_with("tercet.toml: ") && error.contains(said), "{said} is not in: {error}");
        }
    }
}
