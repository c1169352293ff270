//! Lengths of time as documents state them, beside those that `service.toml` sets: whether both give the same rule. Read from
//! figures alone; what a document means by them is not worked out.

use super::ReturnRules;

/// A rule of `service.toml` that a document gives otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub key: &'static str,
    pub set_days: u32,
    /// What the document says instead, in days, a month as 30 of them.
    pub written_days: Vec<u32>,
}

/// Rules that a document whose title names them gives otherwise in its first paragraph.
pub fn differences(rules: &ReturnRules, title: &str, text: &str) -> Vec<Difference> {
    const TITLES: &[(&str, &[&str])] = &[
        ("returns.no_reason_days", &["退货", "无理由", "return"]),
        ("returns.warranty_days", &["保修", "质保", "warranty"]),
        ("returns.price_protection_days", &["价格保护", "价保", "price protection"]),
    ];
    let title = title.to_lowercase();
    let first = text.split("\n\n").find(|paragraph| !paragraph.trim().is_empty()).unwrap_or_default();
    let named =
        |key: &str| TITLES.iter().any(|(name, words)| *name == key && words.iter().any(|word| title.contains(word)));
    let differs = |(key, set): (&'static str, Option<u32>)| {
        let set_days = set.filter(|set| named(key) && differ(&[*set], first))?;
        Some(Difference { key, set_days, written_days: lengths_in_days(first) })
    };
    rules.windows().into_iter().filter_map(differs).collect()
}

/// Whether a text gives lengths of time, and none of them is one of these. Of nothing set nothing differs.
pub fn differ(set_days: &[u32], text: &str) -> bool {
    let written = lengths_in_days(text);
    // A year of 12 months is 360 or 365 days.
    let same = |written: &u32| set_days.iter().any(|set| written.abs_diff(*set) * 50 <= *set);
    !set_days.is_empty() && !written.is_empty() && !written.iter().any(same)
}

/// Lengths of time in figures: `30天`, `12 months`, `24个月`, `2 years`; in days, a month as 30 of them.
fn lengths_in_days(text: &str) -> Vec<u32> {
    const UNITS: &[(&str, u32)] = &[
        ("天", 1),
        ("个自然日", 1),
        ("日内", 1),
        ("days", 1),
        ("day", 1),
        ("个月", 30),
        ("months", 30),
        ("month", 30),
        ("年", 365),
        ("years", 365),
        ("year", 365),
    ];
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(|character: char| character.is_ascii_digit()) {
        let digits = rest[at..].bytes().take_while(u8::is_ascii_digit).count();
        let after = rest[at + digits..].trim_start_matches([' ', '-']);
        let unit = UNITS.iter().find(|(unit, _)| after.starts_with(unit));
        let n = rest[at..at + digits].parse::<u32>().ok().filter(|n| *n < 1000);
        found.extend(n.zip(unit).map(|(n, (_, days))| n * days));
        rest = &rest[at + digits..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_in_both_languages() {
        assert_eq!(lengths_in_days("签收后 30天内，24个月；编号 7，2026年3月"), [30, 720]);
        assert_eq!(lengths_in_days("within 14 days, a 2-year warranty of 24 months"), [14, 730, 720]);
        assert_eq!(lengths_in_days("no figure at all"), [0u32; 0]);
    }

    #[test]
    fn a_document_that_gives_other_days_is_named() {
        let rules = ReturnRules { price_protection_days: Some(7), warranty_days: Some(365), ..ReturnRules::default() };
        let found = differences(&rules, "价格保护", "付款后30天内可以申请。\n\n其他 7天");
        let wanted = Difference { key: "returns.price_protection_days", set_days: 7, written_days: vec![30] };
        assert_eq!(found, [wanted]);
        assert_eq!(differences(&rules, "Warranty", "It lasts 12 months."), []);
        assert_eq!(differences(&rules, "Warranty", "It is long."), []);
        assert_eq!(differences(&ReturnRules::default(), "Warranty", "It lasts 3 months."), []);
    }
}
