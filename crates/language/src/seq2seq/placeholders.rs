//! Placeholders for values that a text only passes on: names, kinds, places. Values are hidden in what a model learns from
//! and put back where it has written their placeholders, so that it can speak of values it never met (delexicalisation;
//! Dušek and Jurčíček 2016, section 3). Which values are passed on is the caller's choice.

use regex::{Regex, RegexBuilder};

use crate::LanguageError;

/// A value and the word that stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// One word that occurs nowhere else.
    pub placeholder: String,
    pub value: String,
    /// Names take their article with them: `the Crowne Plaza Hotel` is hidden whole, whether the name begins so or not.
    pub is_name: bool,
}

/// Hides values, learned once for many texts.
#[derive(Clone, Debug)]
pub struct Placeholders {
    /// Long values first: one may hold another.
    all: Vec<(Regex, Hidden)>,
    article: Regex,
}

impl Placeholders {
    /// # Errors
    /// If a value has no letter or digit, or a placeholder is not one word.
    pub fn new(hidden: &[Hidden]) -> Result<Self, LanguageError> {
        let mut hidden = hidden.to_vec();
        hidden.sort_by_key(|one| std::cmp::Reverse(one.value.chars().count()));
        let all = hidden.into_iter().map(|one| Ok((pattern(&one)?, one))).collect::<Result<Vec<_>, LanguageError>>()?;
        let names: Vec<String> = all.iter().map(|(_, one)| regex::escape(&one.placeholder)).collect();
        let article =
            format!(r"(?i)\ban (?P<rest>{})", if names.is_empty() { "$^".to_owned() } else { names.join("|") });
        Ok(Placeholders { all, article: Regex::new(&article).expect("escaped words") })
    }

    /// The text with placeholders. Case does not matter; the words of a value may be joined by hyphens or nothing; `an`
    /// before a placeholder becomes `a`, since the value decides which it is.
    pub fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (pattern, one) in &self.all {
            let put = |found: &regex::Captures| format!("{}{}", one.placeholder, &found["plural"]);
            text = pattern.replace_all(&text, put).into_owned();
        }
        self.article.replace_all(&text, "a ${rest}").into_owned()
    }

    /// A text of words set off by spaces with its values. `a` before a value is `an` before a vowel; a word that a value
    /// begins or ends with is not said twice: `fast food food`.
    pub fn fill(&self, text: &str) -> String {
        let mut words: Vec<String> = Vec::new();
        let mut said: Option<String> = None;
        for word in text.split_whitespace() {
            if said.take().is_some_and(|last| is_alike(&last, word)) {
                continue;
            }
            let Some((_, one)) = self.all.iter().find(|(_, one)| word.contains(&one.placeholder)) else {
                words.push(word.to_owned());
                continue;
            };
            let first = one.value.split_whitespace().next().unwrap_or_default();
            words.pop_if(|before| is_alike(before, first));
            if let Some(before) = words.last_mut().filter(|before| ["a", "an"].contains(&&***before)) {
                *before =
                    if first.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']) { "an" } else { "a" }
                        .to_owned();
            }
            if word == one.placeholder {
                said = one.value.split_whitespace().last().map(str::to_owned);
            }
            words.push(word.replace(&one.placeholder, &one.value));
        }
        words.join(" ")
    }
}

fn is_alike(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// What a value looks like in texts.
fn pattern(hidden: &Hidden) -> Result<Regex, LanguageError> {
    if hidden.placeholder.is_empty() || hidden.placeholder.contains(char::is_whitespace) {
        return Err(LanguageError::unfit("placeholder", format!("'{}'", hidden.placeholder), "one word"));
    }
    let mut words: Vec<&str> = hidden.value.split_whitespace().collect();
    if hidden.is_name && words.len() > 1 && is_alike(words[0], "the") {
        words.remove(0);
    }
    let value = words.iter().map(|word| regex::escape(word)).collect::<Vec<_>>().join(r"[\s-]*");
    let is_of_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let (first, last) = (hidden.value.chars().find(|c| !c.is_whitespace()), hidden.value.trim_end().chars().last());
    if !hidden.value.chars().any(char::is_alphanumeric) {
        return Err(LanguageError::unfit("value to hide", format!("'{}'", hidden.value), "a letter or digit in it"));
    }
    // Characters of Chinese stand beside others without a space.
    let begin = if is_of_word(first) { r"(?-u:\b)" } else { "" };
    let end = if is_of_word(last) { r"(?P<plural>s?)(?-u:\b)" } else { "(?P<plural>)" };
    let article = if hidden.is_name { r"(?:\bthe\s+)?" } else { "" };
    let built = RegexBuilder::new(&format!("{article}{begin}{value}{end}")).case_insensitive(true).build();
    built.map_err(|_| LanguageError::unfit("value to hide", format!("'{}'", hidden.value), "a shorter one"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placeholders(values: &[(&str, &str, bool)]) -> Placeholders {
        let hidden = |&(placeholder, value, is_name): &(&str, &str, bool)| Hidden {
            placeholder: placeholder.to_owned(),
            value: value.to_owned(),
            is_name,
        };
        Placeholders::new(&values.iter().map(hidden).collect::<Vec<_>>()).unwrap()
    }

    const PLACES: [(&str, &str, bool); 4] = [
        ("xname", "The Mill", true),
        ("xnear", "Mill Road", true),
        ("xkind", "coffee shop", false),
        ("xfood", "English", false),
    ];

    #[test]
    fn values_are_hidden_in_any_form() {
        let shop = placeholders(&PLACES);
        for (text, hidden) in [
            ("The Mill is an English coffee-shop.", "xname is a xfood xkind."),
            ("Near the Mill Road: mill's Coffee Shops", "Near xnear: xname's xkinds"),
            ("A millstone, the coffee", "A millstone, the coffee"),
            ("an apple", "an apple"),
        ] {
            assert_eq!(shop.hide(text), hidden);
        }
        let phone = placeholders(&[("▲", "华为 Mate 60", true), ("△", "红色", false)]);
        assert_eq!(phone.hide("新款华为Mate60红色版，mate 60"), "新款▲△版，mate 60");
    }

    #[test]
    fn values_are_put_back_as_one_says_them() {
        let of = |food: &str, kind: &str, text: &str| {
            placeholders(&[("xfood", food, false), ("xkind", kind, false), ("xname", "The Mill", true)]).fill(text)
        };
        assert_eq!(of("English", "pub", "a xfood xkind"), "an English pub");
        assert_eq!(of("French", "pub", "an xfood xkind"), "a French pub");
        assert_eq!(of("Fast food", "pub", "xname's xfood food , food"), "The Mill's Fast food , food");
        assert_eq!(of("French", "pub", "the xname is the xkind"), "The Mill is the pub");
        assert_eq!(of("French", "pub", "xkinds near"), "pubs near");
    }

    #[test]
    fn what_cannot_be_hidden_is_named() {
        for (placeholder, value) in [("x y", "a"), ("", "a"), ("x", " - ")] {
            let hidden = Hidden { placeholder: placeholder.to_owned(), value: value.to_owned(), is_name: false };
            assert!(Placeholders::new(&[hidden]).unwrap_err().to_string().contains("allowed"), "{placeholder} {value}");
        }
        assert_eq!(placeholders(&[]).fill(&placeholders(&[]).hide("an apple a day")), "an apple a day");
    }
}
