//! The forms of a shop: those built in, overlaid by its own. Which form a message opens is told by its intent, or by words
//! of the shop's own; how a form is filled in stands in `step`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::clean::Words;
use super::{Filling, Form};
use crate::AssistError;
use crate::policy::Policies;

/// Forms that every shop has unless it turns them off.
static BUILT_IN: LazyLock<Vec<Form>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct File {
        forms: Vec<Form>,
    }
    let file: File = toml::from_str(include_str!("built_in.toml")).expect("a test reads it");
    file.forms
});

/// A shop's forms, in order: its own in the places of the built-in ones they replace, the others behind.
#[derive(Clone, Debug, PartialEq)]
pub struct FormBook {
    forms: Vec<Form>,
}

impl FormBook {
    /// The built-in forms.
    pub fn built_in() -> &'static [Form] {
        &BUILT_IN
    }

    /// The forms of a shop.
    ///
    /// # Errors
    /// [`AssistError::Unfit`] for a form that cannot be filled in: see [`Policies::from_toml`].
    pub fn of(policies: &Policies) -> Result<FormBook, AssistError> {
        policies.check()?;
        let mut forms: Vec<Form> =
            BUILT_IN.iter().filter(|form| !policies.forms_off.contains(&form.name)).cloned().collect();
        for own in &policies.forms {
            match forms.iter_mut().find(|form| form.name == own.name) {
                Some(form) => *form = own.clone(),
                None => forms.push(own.clone()),
            }
        }
        Ok(FormBook { forms })
    }

    pub fn forms(&self) -> &[Form] {
        &self.forms
    }

    /// The form of this name.
    pub fn form(&self, name: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.name == name)
    }

    /// The form that an intent opens, with nothing filled in.
    pub fn open(&self, intent: &str) -> Option<Filling> {
        let form = self.form(intent)?;
        Some(Filling { form: form.name.clone(), ..Filling::default() })
    }

    /// The form that a message opens by words of the shop; the longest words count.
    pub fn open_by_words(&self, text: &str) -> Option<Filling> {
        let message = Words::of(text);
        let hits = self.forms.iter().flat_map(|form| form.words.iter().map(move |word| (form, word)));
        let hit = hits.filter(|(_, word)| message.has(word)).max_by_key(|(_, word)| word.chars().count())?;
        self.open(&hit.0.name)
    }
}
