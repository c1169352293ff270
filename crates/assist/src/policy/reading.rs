//! Reads and checks `service.toml`. Every mistake names the key, what was found and what is allowed; nothing that is
//! misspelt is passed over in silence.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::windows::POLICIES;
use super::{DeskRule, DeskRules, Policies};
use crate::AssistError;
use crate::forms::{CONFIRM, Choice, Field, FieldKind, Form, FormBook};
use crate::hand_over::hours::minute_of;
use crate::understand::Intent;

/// Bytes of a `service.toml` at most.
const BYTES_MAX: usize = 1 << 20;
/// Days of a window at most: a hundred years.
const DAYS_MAX: u32 = 36_525;
const TEXT_MAX: usize = 2000;
const COUNT_MAX: i64 = 10_000;

const FORM_KEYS: &[&str] = &["name", "title_zh", "title_en", "fields", "policies", "words"];
const FIELD_KEYS: &[&str] = &[
    "name",
    "label_zh",
    "label_en",
    "ask_zh",
    "ask_en",
    "type",
    "optional",
    "only_if",
    "options",
    "max",
    "from_today",
];

impl Policies {
    /// Reads `service.toml`.
    ///
    /// # Errors
    /// [`AssistError::Unfit`] that names the key, what was found and what is allowed.
    pub fn from_toml(text: &str) -> Result<Policies, AssistError> {
        if text.len() > BYTES_MAX {
            return Err(wrong(format!("{} bytes", text.len()), format!("at most {BYTES_MAX} bytes")));
        }
        let table: toml::Table = toml::from_str(text).map_err(|error| unreadable(&error))?;
        check_keys(&table)?;
        let policies: Policies = toml::from_str(text).map_err(|error| unreadable(&error))?;
        policies.check()?;
        Ok(policies)
    }

    /// Checks what the types cannot: ranges, hours, days, forms.
    ///
    /// # Errors
    /// As [`Policies::from_toml`].
    pub fn check(&self) -> Result<(), AssistError> {
        let rules = &self.assistant;
        for (key, name) in [("assistant.name_zh", &rules.name_zh), ("assistant.name_en", &rules.name_en)] {
            named(key, name)?;
        }
        for (key, share) in [
            ("assistant.curated_threshold", rules.curated_threshold),
            ("assistant.document_threshold", rules.document_threshold),
            ("assistant.intent_threshold", rules.intent_threshold),
            ("assistant.anger_max", rules.anger_max),
        ] {
            allowed((0.0..=1.0).contains(&share), key, share, "a number from 0 to 1")?;
        }
        allowed(rules.misses_max >= 1, "assistant.misses_max", rules.misses_max, "a whole number from 1 to 255")?;
        self.check_returns()?;
        self.desk.check()?;
        self.check_proactive()?;
        self.check_forms()
    }

    fn check_returns(&self) -> Result<(), AssistError> {
        let rules = &self.returns;
        for (key, days) in rules.windows() {
            let Some(days) = days else { continue };
            allowed(days <= DAYS_MAX, key, days, format!("a whole number of days from 0 to {DAYS_MAX}"))?;
        }
        let names = rules.windows().map(|(key, _)| key.trim_start_matches("returns."));
        for name in &rules.from_payment {
            allowed(names.contains(&name.as_str()), "returns.from_payment", name, names.join(", "))?;
        }
        let path_fits = |key: &str, path: &str| {
            let fits = !path.trim_matches('/').trim().is_empty();
            allowed(fits, key, path, "category paths such as Computers/Laptops")
        };
        rules.no_reason_except.iter().try_for_each(|path| path_fits("returns.no_reason_except", path))?;
        for (n, rule) in rules.warranty.iter().enumerate() {
            let key = format!("returns.warranty[{}]", n + 1);
            allowed(!rule.categories.is_empty(), format!("{key}.categories"), "none", "at least one category path")?;
            rule.categories.iter().try_for_each(|path| path_fits(&format!("{key}.categories"), path))?;
            let days = rule.days.unwrap_or(0);
            allowed(
                days <= DAYS_MAX,
                format!("{key}.days"),
                days,
                format!("a whole number of days from 0 to {DAYS_MAX}"),
            )?;
        }
        Ok(())
    }

    fn check_proactive(&self) -> Result<(), AssistError> {
        let rules = &self.proactive;
        for (key, time) in [("proactive.quiet_from", &rules.quiet_from), ("proactive.quiet_until", &rules.quiet_until)]
        {
            allowed(minute_of(time).is_some(), key, time, "HH:MM from 00:00 to 23:59")?;
        }
        let look = &rules.look_at;
        let fits = look.is_empty() || minute_of(look).is_some();
        allowed(fits, "proactive.look_at", look, "HH:MM from 00:00 to 23:59, or nothing")?;
        for (key, days) in [
            ("proactive.late_after_days", rules.late_after_days),
            ("proactive.shipped_within_days", rules.shipped_within_days),
            ("proactive.upgrade_after_days", rules.upgrade_after_days),
        ] {
            allowed((1..=DAYS_MAX).contains(&days), key, days, format!("a whole number of days from 1 to {DAYS_MAX}"))?;
        }
        let cents = rules.price_difference_min_cents;
        allowed(cents >= 1, "proactive.price_difference_min_cents", cents, "a whole number of cents from 1 on")
    }

    fn check_forms(&self) -> Result<(), AssistError> {
        let built_in: Vec<&str> = FormBook::built_in().iter().map(|form| form.name.as_str()).collect();
        for name in &self.forms_off {
            allowed(built_in.contains(&name.as_str()), "forms_off", name, built_in.join(", "))?;
        }
        let mut names = BTreeSet::new();
        for (n, form) in self.forms.iter().enumerate() {
            let key = format!("forms[{}]", n + 1);
            allowed(names.insert(&form.name), format!("{key}.name"), &form.name, "a name once")?;
            check_form(&key, form)?;
        }
        Ok(())
    }
}

impl DeskRules {
    fn check(&self) -> Result<(), AssistError> {
        for (key, time) in [("desk.opens", &self.opens), ("desk.closes", &self.closes)] {
            allowed(minute_of(time).is_some(), key, time, "HH:MM from 00:00 to 23:59")?;
        }
        allowed(!self.days.is_empty(), "desk.days", "none", "days from 1 (Monday) to 7 (Sunday), at least one")?;
        for (n, day) in self.days.iter().enumerate() {
            allowed((1..=7).contains(day), "desk.days", day, "days from 1 (Monday) to 7 (Sunday)")?;
            allowed(!self.days[..n].contains(day), "desk.days", day, "each day once")?;
        }
        for (intent, skill) in &self.skills {
            let known = Intent::named(intent).is_some();
            let names = || crate::understand::INTENTS.iter().map(|intent| intent.name).collect::<Vec<_>>().join(", ");
            if !known {
                return allowed(false, "a key of desk.skills", intent, names());
            }
            named(format!("desk.skills.{intent}"), skill)?;
        }
        self.words.iter().try_for_each(|word| named("desk.words", word))?;
        self.rules.iter().enumerate().try_for_each(|(n, rule)| check_rule(&format!("desk.rules[{}]", n + 1), rule))
    }
}

fn check_rule(key: &str, rule: &DeskRule) -> Result<(), AssistError> {
    named(format!("{key}.name"), &rule.name)?;
    let asks = !rule.intents.is_empty() || !rule.words.is_empty() || rule.asks_of_product();
    allowed(asks, key, &rule.name, "at least one of intents, words, categories, price_from_cents")?;
    for intent in &rule.intents {
        let names = || crate::understand::INTENTS.iter().map(|intent| intent.name).collect::<Vec<_>>().join(", ");
        if Intent::named(intent).is_none() {
            return allowed(false, format!("{key}.intents"), intent, names());
        }
    }
    rule.words.iter().try_for_each(|word| named(format!("{key}.words"), word))?;
    for path in &rule.categories {
        let fits = !path.trim_matches('/').trim().is_empty();
        allowed(fits, format!("{key}.categories"), path, "category paths such as Computers/Laptops")?;
    }
    let cents = rule.price_from_cents.unwrap_or(1);
    allowed(cents >= 1, format!("{key}.price_from_cents"), cents, "a whole number of cents from 1 on")?;
    rule.skill.iter().try_for_each(|skill| named(format!("{key}.skill"), skill))?;
    let priority = rule.priority.unwrap_or(0);
    allowed(priority <= 3, format!("{key}.priority"), priority, "0 (can wait) to 3 (now)")
}

/// Checks one form; `key` is where it stands.
pub(crate) fn check_form(key: &str, form: &Form) -> Result<(), AssistError> {
    identifier(format!("{key}.name"), &form.name)?;
    named(format!("{key}.title_zh"), &form.title_zh)?;
    named(format!("{key}.title_en"), &form.title_en)?;
    form.words.iter().try_for_each(|word| named(format!("{key}.words"), word))?;
    let opens = Intent::named(&form.name).is_some() || !form.words.is_empty();
    allowed(opens, format!("{key}.words"), "none", "words that open it, since its name is no intent")?;
    allowed(!form.fields.is_empty(), format!("{key}.fields"), "none", "at least one field")?;
    for (n, field) in form.fields.iter().enumerate() {
        check_field(&format!("{key}.fields[{}]", n + 1), field, &form.fields[..n])?;
    }
    for name in &form.policies {
        let key = format!("{key}.policies");
        let names = POLICIES.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        allowed(names.contains(&name.as_str()), &key, name, names.join(", "))?;
        let order = form.of_kind(|kind| *kind == FieldKind::Order).is_some();
        allowed(order, &key, name, "only in a form with a field of the type order")?;
        let line = form.of_kind(|kind| *kind == FieldKind::OrderLine).is_some();
        allowed(line || name == "not_shipped", &key, name, "only in a form with a field of the type order_line")?;
    }
    Ok(())
}

fn check_field(key: &str, field: &Field, before: &[Field]) -> Result<(), AssistError> {
    identifier(format!("{key}.name"), &field.name)?;
    let twice = before.iter().any(|other| other.name == field.name);
    allowed(!twice, format!("{key}.name"), &field.name, "a name once in a form")?;
    for (name, text) in [
        ("label_zh", &field.label_zh),
        ("label_en", &field.label_en),
        ("ask_zh", &field.ask_zh),
        ("ask_en", &field.ask_en),
    ] {
        named(format!("{key}.{name}"), text)?;
    }
    match &field.kind {
        FieldKind::Choice { options } => check_options(key, options)?,
        FieldKind::Text { max } => {
            let range = format!("a whole number from 1 to {TEXT_MAX}");
            allowed((1..=TEXT_MAX).contains(max), format!("{key}.max"), max, range)?;
        }
        FieldKind::Count { max } => {
            let range = format!("a whole number from 1 to {COUNT_MAX}");
            allowed((1..=COUNT_MAX).contains(max), format!("{key}.max"), max, range)?;
        }
        FieldKind::OrderLine => {
            let order = before.iter().any(|other| other.kind == FieldKind::Order);
            allowed(order, format!("{key}.type"), "order_line", "only after a field of the type order")?;
        }
        _ => {}
    }
    let Some(condition) = &field.only_if else { return Ok(()) };
    let known: Option<Vec<&str>> =
        before.iter().find(|other| other.name == condition.field).and_then(|other| match &other.kind {
            FieldKind::Choice { options } => Some(options.iter().map(|option| option.value.as_str()).collect()),
            _ => None,
        });
    let key = format!("{key}.only_if");
    let Some(known) = known else {
        return allowed(false, format!("{key}.field"), &condition.field, "the name of a choice that stands before it");
    };
    allowed(!condition.is.is_empty(), format!("{key}.is"), "none", known.join(", "))?;
    condition
        .is
        .iter()
        .try_for_each(|value| allowed(known.contains(&value.as_str()), format!("{key}.is"), value, known.join(", ")))
}

fn check_options(key: &str, options: &[Choice]) -> Result<(), AssistError> {
    allowed(options.len() >= 2, format!("{key}.options"), options.len(), "at least two")?;
    let mut values = BTreeSet::new();
    for (n, option) in options.iter().enumerate() {
        let key = format!("{key}.options[{}]", n + 1);
        identifier(format!("{key}.value"), &option.value)?;
        allowed(values.insert(&option.value), format!("{key}.value"), &option.value, "a value once")?;
        named(format!("{key}.zh"), &option.zh)?;
        named(format!("{key}.en"), &option.en)?;
        option.words.iter().try_for_each(|word| named(format!("{key}.words"), word))?;
    }
    Ok(())
}

/// Keys of forms and fields that serde, which flattens them, would pass over.
fn check_keys(table: &toml::Table) -> Result<(), AssistError> {
    let tables = |value: Option<&toml::Value>| -> Vec<toml::Table> {
        let list = value.and_then(toml::Value::as_array).cloned().unwrap_or_default();
        list.into_iter().filter_map(|entry| entry.as_table().cloned()).collect()
    };
    for (n, form) in tables(table.get("forms")).iter().enumerate() {
        let key = format!("a key of forms[{}]", n + 1);
        form.keys()
            .try_for_each(|name| allowed(FORM_KEYS.contains(&name.as_str()), &key, name, FORM_KEYS.join(", ")))?;
        for (m, field) in tables(form.get("fields")).iter().enumerate() {
            let key = format!("a key of forms[{}].fields[{}]", n + 1, m + 1);
            field
                .keys()
                .try_for_each(|name| allowed(FIELD_KEYS.contains(&name.as_str()), &key, name, FIELD_KEYS.join(", ")))?;
        }
    }
    Ok(())
}

fn allowed(fits: bool, key: impl Display, found: impl Display, what: impl Display) -> Result<(), AssistError> {
    if fits { Ok(()) } else { Err(wrong(format!("{key} = '{}'", brief(&found.to_string())), what.to_string())) }
}

/// A text for people: not empty, not endless.
fn named(key: impl Display, text: &str) -> Result<(), AssistError> {
    let fits = !text.trim().is_empty() && text.chars().count() <= TEXT_MAX;
    allowed(fits, key, text, format!("a text of 1 to {TEXT_MAX} characters"))
}

/// A name that programs read.
fn identifier(key: String, name: &str) -> Result<(), AssistError> {
    let fits = (1..=64).contains(&name.len())
        && name != CONFIRM
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    allowed(fits, key, name, format!("1 to 64 of a-z, 0-9 and _, and not '{CONFIRM}'"))
}

fn unreadable(error: &toml::de::Error) -> AssistError {
    wrong(error.to_string().trim_end().to_owned(), "the keys, types and values that the template describes".into())
}

fn wrong(found: String, allowed: String) -> AssistError {
    AssistError::unfit("service.toml", found, allowed)
}

fn brief(text: &str) -> String {
    let mut brief: String = text.chars().take(80).collect();
    if brief.len() < text.len() {
        brief.push('…');
    }
    brief
}
