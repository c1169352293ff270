//! Cards: the static description of an algorithm, read by the command line, the `lab`, the API, the console's forms,
//! the reference pages and the conformance tests. A card holds no code; the crate that owns the algorithm pairs it
//! with functions.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

/// One algorithm, in words and ranges.
#[derive(Debug, Serialize)]
pub struct Card {
    pub name: &'static str,
    /// One sentence: what it does, for someone choosing.
    pub sentence: &'static str,
    /// `neighbourhood`, `linear`, `factor`, `graph`, `session`, `content`, `popularity`, `hybrid` …
    pub family: &'static str,
    pub params: &'static [Param],
    /// The input's shape in words: `(n_users, n_items) interactions, one row per user`.
    pub input: &'static str,
    /// Where the method comes from: authors, year, title, equation.
    pub source: &'static str,
}

/// One parameter of a card.
#[derive(Debug, Serialize)]
pub struct Param {
    pub name: &'static str,
    pub sentence: &'static str,
    /// `items`, `days`, `` for a pure number …
    pub unit: &'static str,
    pub kind: Kind,
}

/// What a parameter accepts, with its default.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Kind {
    Int { min: i64, max: i64, default: i64 },
    Float { min: f64, max: f64, default: f64 },
    Choice { options: &'static [&'static str], default: &'static str },
    Bool { default: bool },
    Text { default: &'static str },
}

/// A parameter's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Int(i64),
    Float(f64),
    Text(String),
    Bool(bool),
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::Text(value) => serializer.serialize_str(value),
            Value::Bool(value) => serializer.serialize_bool(*value),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Int(value) => write!(f, "{value}"),
            Value::Float(value) => write!(f, "{value}"),
            Value::Text(value) => write!(f, "{value}"),
            Value::Bool(value) => write!(f, "{value}"),
        }
    }
}

/// A complete, valid assignment of a card's parameters.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Settings(BTreeMap<&'static str, Value>);

/// Why an assignment was refused: what was found and what is allowed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingsError {
    #[error("card '{card}' has no parameter '{found}'; it has: {allowed}")]
    UnknownParam { card: &'static str, found: String, allowed: String },
    #[error("parameter '{param}' of card '{card}' is '{found}'; allowed: {allowed}")]
    BadValue { card: &'static str, param: &'static str, found: String, allowed: String },
    #[error("'{found}' is not of the form name=value")]
    NotAnAssignment { found: String },
}

impl Kind {
    fn default_value(&self) -> Value {
        match *self {
            Kind::Int { default, .. } => Value::Int(default),
            Kind::Float { default, .. } => Value::Float(default),
            Kind::Choice { default, .. } | Kind::Text { default } => Value::Text(default.to_owned()),
            Kind::Bool { default } => Value::Bool(default),
        }
    }

    /// What is accepted, in words.
    pub fn allowed(&self) -> String {
        match self {
            Kind::Int { min, max, .. } => format!("a whole number from {min} to {max}"),
            Kind::Float { min, max, .. } => format!("a number from {min} to {max}"),
            Kind::Choice { options, .. } => options.join(", "),
            Kind::Bool { .. } => "true or false".to_owned(),
            Kind::Text { .. } => "any text".to_owned(),
        }
    }

    fn parse(&self, text: &str) -> Option<Value> {
        match self {
            Kind::Int { min, max, .. } => {
                let value = text.parse::<i64>().ok()?;
                (min..=max).contains(&&value).then_some(Value::Int(value))
            }
            Kind::Float { min, max, .. } => {
                let value = text.parse::<f64>().ok()?;
                (*min <= value && value <= *max).then_some(Value::Float(value))
            }
            Kind::Choice { options, .. } => options.contains(&text).then(|| Value::Text(text.to_owned())),
            Kind::Bool { .. } => text.parse().ok().map(Value::Bool),
            Kind::Text { .. } => Some(Value::Text(text.to_owned())),
        }
    }
}

impl Card {
    /// All parameters at their defaults.
    pub fn defaults(&'static self) -> Settings {
        Settings(self.params.iter().map(|param| (param.name, param.kind.default_value())).collect())
    }

    /// The defaults with `assignments` (name, value as text) laid over them.
    pub fn settings<'a>(
        &'static self,
        assignments: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Settings, SettingsError> {
        let mut settings = self.defaults();
        for (name, text) in assignments {
            let param = self.param(name).ok_or_else(|| SettingsError::UnknownParam {
                card: self.name,
                found: name.to_owned(),
                allowed: self.params.iter().map(|param| param.name).collect::<Vec<_>>().join(", "),
            })?;
            let value = param.kind.parse(text.trim()).ok_or_else(|| SettingsError::BadValue {
                card: self.name,
                param: param.name,
                found: text.to_owned(),
                allowed: param.kind.allowed(),
            })?;
            settings.0.insert(param.name, value);
        }
        Ok(settings)
    }

    /// As [`Card::settings`], from texts of the form `name=value`.
    pub fn settings_from_texts<S: AsRef<str>>(&'static self, texts: &[S]) -> Result<Settings, SettingsError> {
        let mut pairs = Vec::with_capacity(texts.len());
        for text in texts {
            let text = text.as_ref();
            pairs.push(text.split_once('=').ok_or_else(|| SettingsError::NotAnAssignment { found: text.to_owned() })?);
        }
        self.settings(pairs)
    }

    /// The parameter called `name`.
    pub fn param(&self, name: &str) -> Option<&'static Param> {
        self.params.iter().find(|param| param.name == name)
    }
}

/// The getters panic on a name or type that is not the card's: that is a mistake in our code, never in a user's input.
impl Settings {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    pub fn int(&self, name: &str) -> i64 {
        match self.0.get(name) {
            Some(Value::Int(value)) => *value,
            other => panic!("parameter '{name}' is {other:?}, not a whole number"),
        }
    }

    pub fn usize(&self, name: &str) -> usize {
        usize::try_from(self.int(name)).expect("the card's range allows no negative value here")
    }

    pub fn float(&self, name: &str) -> f64 {
        match self.0.get(name) {
            Some(Value::Float(value)) => *value,
            other => panic!("parameter '{name}' is {other:?}, not a number"),
        }
    }

    pub fn bool(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(value)) => *value,
            other => panic!("parameter '{name}' is {other:?}, not true or false"),
        }
    }

    pub fn text(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(Value::Text(value)) => value,
            other => panic!("parameter '{name}' is {other:?}, not text"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static CARD: Card = Card {
        name: "example",
        sentence: "An example.",
        family: "test",
        params: &[
            Param { name: "k", sentence: "How many.", unit: "items", kind: Kind::Int { min: 1, max: 9, default: 3 } },
            Param { name: "l2", sentence: "Ridge.", unit: "", kind: Kind::Float { min: 0.0, max: 1e9, default: 0.5 } },
            Param {
                name: "mode",
                sentence: "Which.",
                unit: "",
                kind: Kind::Choice { options: &["a", "b"], default: "a" },
            },
        ],
        input: "none",
        source: "none",
    };

    #[test]
    fn settings_are_checked() {
        let settings = CARD.settings_from_texts(&["k=5", "l2=1e3", "mode=b"]).unwrap();
        assert_eq!((settings.usize("k"), settings.float("l2"), settings.text("mode")), (5, 1000.0, "b"));
        for (text, said) in [
            ("k=0", "a whole number from 1 to 9"),
            ("k=2.5", "a whole number from 1 to 9"),
            ("l2=NaN", "a number from 0 to 1000000000"),
            ("l2=inf", "a number from 0 to 1000000000"),
            ("mode=c", "a, b"),
            ("q=1", "k, l2, mode"),
            ("k", "name=value"),
        ] {
            let error = CARD.settings_from_texts(&[text]).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
