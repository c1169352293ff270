//! What can be found: a product, or a piece of a document. An entry is plain text and attributes; what of it can be
//! counted, compared and filtered is worked out here. How it is indexed is not decided here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::numbers::{self, Measure};
use crate::LanguageError;

/// An id or an attribute's name is at most this many bytes.
pub const ID_MAX: usize = 512;
/// A text of an entry is at most this many bytes; longer documents are cut into chunks first.
pub const TEXT_MAX: usize = 8 << 20;

/// One thing that can be found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// Unique within an index.
    pub id: String,
    /// The document a chunk belongs to, so that results can show each document once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// A product's name, or a chunk's title.
    pub name: String,
    /// Titles above this one, outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// A path, `/` between its parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Specifications as the shop writes them, `memory` → `16 GB`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub specs: Vec<(String, String)>,
    /// A description, or a chunk's text.
    pub body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_cents: Option<i64>,
    /// Days since 1970-01-01.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launched_on: Option<i32>,
    /// Sales, views or the like: any number 0 or more, larger for what more people want.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub popularity: Option<f64>,
}

impl Entry {
    pub fn new(id: impl Into<String>, name: impl Into<String>, body: impl Into<String>) -> Self {
        Entry { id: id.into(), name: name.into(), body: body.into(), ..Entry::default() }
    }

    /// # Errors
    /// If the id is empty or too long, a text too long, or a number not finite.
    pub(super) fn check(&self) -> Result<(), LanguageError> {
        if self.id.is_empty() || self.id.len() > ID_MAX {
            let found = format!("{} bytes", self.id.len());
            return Err(LanguageError::unfit("id of an entry", found, format!("1 to {ID_MAX} bytes")));
        }
        let size = self.name.len() + self.body.len() + self.specs.iter().map(|(k, v)| k.len() + v.len()).sum::<usize>();
        if size > TEXT_MAX {
            let allowed = format!("at most {TEXT_MAX}; cut long documents into chunks");
            return Err(LanguageError::unfit("bytes of text in an entry", size, allowed));
        }
        match self.popularity {
            Some(found) if !(found.is_finite() && found >= 0.0) => {
                Err(LanguageError::unfit("popularity", found, "a number 0 or more"))
            }
            _ => Ok(()),
        }
    }

    /// Attributes in words: what facets count. Every part of a category's path is a value of its own.
    pub(super) fn texts(&self) -> BTreeMap<String, Vec<String>> {
        let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut add = |name: &str, value: &str| {
            let plain = |text: &str| text.trim().replace(char::is_control, " ");
            let (name, value) = (plain(name), plain(value));
            if !name.is_empty() && !value.is_empty() && name.len() <= ID_MAX && value.len() <= ID_MAX {
                let values = texts.entry(name).or_default();
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        };
        if let Some(brand) = &self.brand {
            add("brand", brand);
        }
        for path in self.category.iter().flat_map(|path| paths(path)) {
            add("category", path);
        }
        for (name, value) in &self.specs {
            let name = numbers::canonical_name(name).unwrap_or(name);
            if !RESERVED.contains(&name) {
                add(name, value);
            }
        }
        texts
    }

    /// Attributes in numbers, in the units of [`Measure`].
    pub(super) fn numbers(&self) -> BTreeMap<String, f64> {
        let mut found = BTreeMap::new();
        for (name, value) in &self.specs {
            if let Some((measure, number)) = numbers::canonical_name(name)
                .and_then(Measure::named)
                .and_then(|measure| Some((measure, numbers::value_of(measure, value)?)))
            {
                found.entry(measure.name().to_owned()).or_insert(number);
            }
        }
        let mut add = |name: &str, value: Option<f64>| {
            if let Some(value) = value {
                found.insert(name.to_owned(), value);
            }
        };
        add("price", self.price_cents.map(|cents| cents as f64 / 100.0));
        add("launched", self.launched_on.map(f64::from));
        add("popularity", self.popularity);
        found
    }

    /// Everything that is searched, the name apart.
    pub(super) fn other_texts(&self) -> impl Iterator<Item = &str> {
        let around = self.sections.iter().chain(&self.brand).chain(&self.category).map(String::as_str);
        let specs = self.specs.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        around.chain(specs).chain([self.body.as_str()])
    }
}

/// Names that are not a specification's.
const RESERVED: &[&str] = &["brand", "category", "price", "launched", "popularity", "id", "group"];

/// `a/b/c`: `a`, `a/b`, `a/b/c`.
fn paths(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.char_indices().filter(|(_, character)| *character == '/').map(|(at, _)| at);
    ends.chain([path.len()]).map(move |end| path[..end].trim_matches('/')).filter(|path| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_worked_out() {
        let entry = Entry {
            id: "p1".into(),
            brand: Some("联想".into()),
            category: Some("电脑/笔记本".into()),
            specs: vec![
                ("内存容量".into(), "16GB".into()),
                ("memory".into(), "16GB".into()),
                ("裸机重量".into(), "1.5-2kg".into()),
                ("硬盘容量".into(), "1TB SSD".into()),
                ("屏幕尺寸".into(), "15.6英寸".into()),
                ("颜色".into(), "灰".into()),
                ("price".into(), "7".into()),
            ],
            price_cents: Some(579_900),
            ..Entry::default()
        };
        let texts = entry.texts();
        assert_eq!(texts["category"], ["电脑", "电脑/笔记本"]);
        assert_eq!((texts["memory"].as_slice(), texts["color"].as_slice()), (&["16GB".into()][..], &["灰".into()][..]));
        assert!(!texts.contains_key("price"));
        let numbers = entry.numbers();
        let wanted = [("memory", 16.0), ("price", 5799.0), ("screen", 15.6), ("storage", 1024.0), ("weight", 2.0)];
        assert_eq!(numbers.iter().map(|(name, value)| (name.as_str(), *value)).collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn unfit_entries_are_refused() {
        for entry in [
            Entry::default(),
            Entry::new("x".repeat(ID_MAX + 1), "", ""),
            Entry::new("a", "", "x".repeat(TEXT_MAX + 1)),
            Entry { popularity: Some(f64::NAN), ..Entry::new("a", "", "") },
        ] {
            assert!(entry.check().is_err());
        }
        assert!(Entry::new("a", "", "").check().is_ok());
    }
}
