//! The same endpoints asked for copies: one time for a whole request, room for longer texts, the same limits of a day. What is asked,
//! and what of an answer may be said, is the business of `content::write::asked`.

use std::time::{Duration, Instant};

use content::write::asked::{ANSWER_CHARS_MAX, LanguageModel, Prompt};
use domain::Day;

use super::{Pen, Writers};
use crate::metrics::Metrics;
use crate::store::Store;

/// Asks for the copies of one request.
pub struct Quill<'a>(Pen<'a>);

impl Writers {
    /// What one request for copies asks with; nothing where tercet.toml does not say `copy = true`.
    pub fn quill<'a>(&'a self, store: &'a Store, metrics: &'a Metrics, today: Day) -> Option<Quill<'a>> {
        let config = &self.config;
        let seconds = config.copy_timeout_seconds;
        let deadline = Instant::now() + Duration::from_secs_f64(seconds);
        let of_copies = Some((config.copy_max_tokens, seconds));
        let pen = Pen { deadline, of_copies, ..self.pen(store, metrics, today) };
        config.copy.then_some(Quill(pen))
    }
}

impl LanguageModel for Quill<'_> {
    fn answer(&self, prompt: &Prompt) -> Result<String, String> {
        let prompt = assist::writer::Prompt { system: prompt.system.clone(), user: prompt.user.clone() };
        let asked = self.0.ask(&prompt, ANSWER_CHARS_MAX);
        asked.map(|(_, text)| text).map_err(|error| error.to_string())
    }
}
