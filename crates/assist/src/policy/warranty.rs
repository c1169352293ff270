//! How long something bought is under warranty: what its own sheet says, else what `service.toml` says of its category, else of all
//! goods. Reads and compares lengths of time; whether a day is within one is worked out in [`super::windows`].

use domain::{Day, Product};
use serde::{Deserialize, Serialize};

use super::ReturnRules;
use crate::act::attributes::specs_for;
use crate::evidence::Evidence;
use crate::turn::Lang;

/// A length of time as rules state it. Months are those of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    Days(u32),
    Months(u32),
}

impl Length {
    /// Reads `24 months`, `2 years`, `1-year`, `90天`, `24个月`. Nothing where there is no figure or more than one.
    pub fn read(text: &str) -> Option<Length> {
        let at = text.find(|character: char| character.is_ascii_digit())?;
        let digits = text[at..].bytes().take_while(u8::is_ascii_digit).count();
        let (n, after) = (text[at..at + digits].parse::<u32>().ok()?, &text[at + digits..]);
        if after.contains(|character: char| character.is_ascii_digit()) {
            return None;
        }
        let unit = after.trim_start_matches([' ', '-']).to_lowercase();
        let is = |words: &[&str]| words.iter().any(|word| unit.starts_with(word));
        match () {
            () if is(&["day", "天", "日"]) => Some(Length::Days(n)),
            () if is(&["month", "个月", "月"]) => Some(Length::Months(n)),
            () if is(&["year", "年"]) => Some(Length::Months(n.checked_mul(12)?)),
            () => None,
        }
    }

    pub fn words(self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::Zh, Length::Days(n)) => format!("{n} 天"),
            (Lang::Zh, Length::Months(n)) => format!("{n} 个月"),
            (Lang::En, Length::Days(n)) => format!("{n} days"),
            (Lang::En, Length::Months(1)) => "1 month".to_owned(),
            (Lang::En, Length::Months(n)) => format!("{n} months"),
        }
    }

    /// The last day of so long a time from a day on; of a month that lacks the day, its last one.
    pub fn last(self, from: Day) -> Day {
        match self {
            Length::Days(n) => Day(from.0.saturating_add(i32::try_from(n).unwrap_or(i32::MAX))),
            Length::Months(n) => after_months(from, n).unwrap_or(Day(i32::MAX)),
        }
    }
}

fn after_months(from: Day, n: u32) -> Option<Day> {
    let date = from.to_date()?;
    let months = i64::from(date.year()) * 12 + i64::from(date.month()) - 1 + i64::from(n);
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let day = |day: i8| format!("{year:04}-{month:02}-{day:02}").parse::<Day>().ok();
    (28..=date.day()).rev().chain([date.day()]).find_map(day)
}

/// The warranty of what lies in some categories.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WarrantyRule {
    /// Category paths; each covers what lies below it.
    pub categories: Vec<String>,
    /// 0: it has none. Absent: no rule states it, a person tells.
    pub days: Option<u32>,
}

/// How long a warranty is, and what says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Warranty {
    /// Absent: nothing states it.
    pub length: Option<Length>,
    pub grounds: Vec<Evidence>,
}

impl Warranty {
    /// Of a product, or of a category where no product is meant. A sheet that states it in words that cannot be read leaves it open:
    /// the shop's general rule must not overrule it.
    pub fn of(product: Option<&Product>, category: Option<&str>, rules: &ReturnRules, lang: Lang) -> Warranty {
        if let Some((product, (key, value))) =
            product.and_then(|product| Some((product, specs_for(product, "warranty").into_iter().next()?)))
        {
            return Warranty { length: Length::read(value), grounds: vec![crate::act::field(product, key, value)] };
        }
        let own = product.and_then(|product| product.category.as_deref());
        let Some((rule, path)) = own.or(category).and_then(|category| rules.warranty_of(category)) else {
            let length = rules.warranty_days.map(Length::Days);
            let of = |length: Length| policy("returns.warranty_days", length.words(lang));
            return Warranty { length, grounds: length.map(of).into_iter().collect() };
        };
        let length = rule.days.map(Length::Days);
        let mut grounds: Vec<Evidence> = Vec::new();
        if let Some(length) = length {
            grounds.push(policy("returns.warranty", format!("{path}: {}", length.words(lang))));
            let field = |product| own.map(|own| crate::act::field(product, "category", own));
            grounds.extend(product.and_then(field));
        }
        Warranty { length, grounds }
    }

    /// Whether it is stated that there is none.
    pub fn is_none(&self) -> bool {
        matches!(self.length, Some(Length::Days(0) | Length::Months(0)))
    }
}

fn policy(name: &str, value: String) -> Evidence {
    Evidence::Policy { name: name.into(), value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_counted_by_the_calendar() {
        for (text, wanted) in [
            ("24 months", Some(Length::Months(24))),
            ("1-Year limited", Some(Length::Months(12))),
            ("90天", Some(Length::Days(90))),
            ("24个月", Some(Length::Months(24))),
            ("2年", Some(Length::Months(24))),
            ("1 year, battery 6 months", None),
            ("limited", None),
            ("5 parts", None),
        ] {
            assert_eq!(Length::read(text), wanted, "{text}");
        }
        for (from, n, last) in [
            ("2024-02-29", 12, "2025-02-28"),
            ("2026-01-31", 1, "2026-02-28"),
            ("2026-11-05", 24, "2028-11-05"),
            ("2026-12-31", 1, "2027-01-31"),
        ] {
            assert_eq!(Length::Months(n).last(from.parse().unwrap()).to_string(), last, "{from} + {n}");
        }
        assert_eq!(Length::Months(u32::MAX).last(Day(0)), Day(i32::MAX));
    }

    #[test]
    fn the_sheet_goes_before_the_category_and_that_before_the_shop() {
        let rules = ReturnRules {
            warranty_days: Some(365),
            warranty: vec![
                WarrantyRule { categories: vec!["Phones/Cases".into()], days: Some(0) },
                WarrantyRule { categories: vec!["Phones/Ink".into()], days: None },
            ],
            ..ReturnRules::default()
        };
        let of = |category: &str, sheet: Option<&str>| {
            let specs = sheet.map(|value| ("warranty".to_owned(), value.to_owned())).into_iter().collect();
            let product = Product { category: Some(category.into()), specs, ..Product::default() };
            Warranty::of(Some(&product), None, &rules, Lang::En)
        };
        assert_eq!(of("Phones/Smart", None).length, Some(Length::Days(365)));
        assert_eq!(of("Phones/Smart", Some("24 months")).length, Some(Length::Months(24)));
        assert_eq!(of("Phones/Smart", Some("ask the maker")).length, None);
        assert!(of("Phones/Cases/Leather", None).is_none());
        assert!(!of("Phones/Casestudies", None).is_none());
        assert_eq!(of("Phones/Ink", None), Warranty { length: None, grounds: Vec::new() });
        assert!(Warranty::of(None, Some("Phones/Cases"), &rules, Lang::En).is_none());
    }
}
