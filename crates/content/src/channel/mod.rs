//! Where a copy appears: each channel a static card with its fields, how many characters each may have and how that channel
//! counts them, and which parts make up a field. Not here: words (see [`crate::write`]) or sending.

mod cards;
mod count;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use cards::{channel, registry};
pub use count::{Count, clip, joins_previous};

use crate::brief::Lang;

/// One channel, in words and limits.
#[derive(Debug, Serialize)]
pub struct Channel {
    /// Stable: stored and sent.
    pub name: &'static str,
    pub title_zh: &'static str,
    pub title_en: &'static str,
    /// One sentence, for someone choosing.
    pub sentence: &'static str,
    /// In the order in which they appear.
    pub fields: &'static [FieldCard],
    pub languages: &'static [Lang],
    /// The shop's name is part of it.
    pub needs_shop: bool,
    /// Where the limits come from.
    pub source: &'static str,
}

/// One field of a channel.
#[derive(Debug, Serialize)]
pub struct FieldCard {
    pub name: &'static str,
    /// At most, in what `count` counts.
    pub max: usize,
    pub count: Count,
    pub format: Format,
    /// Without it there is no copy; other fields may be left out for want of something to say.
    pub is_required: bool,
    pub part: Part,
}

/// How a field's text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One line.
    Line,
    /// Lines and paragraphs.
    Text,
    /// HTML in which everything that comes from data is escaped.
    Html,
}

/// What a field is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Brand, model, kind and specs, in the order in which people search.
    Keywords,
    /// A line of the grammar that opens the copy: its symbol is `headline`.
    Headline,
    /// A line that adds to the headline.
    Subline,
    /// The nth selling point in one line, from 0.
    Point(usize),
    /// A few sentences, as many as fit.
    Short,
    /// Paragraphs.
    Body,
    /// Paragraphs, headings and the table of specs.
    Page,
    /// A whole e-mail.
    Mail,
    /// A text message between signature and opt-out.
    Message,
    /// Words to be found by.
    Tags,
    /// A scene of a video, from 0.
    Scene(usize),
    /// What is said of the price.
    Price,
    /// What to do next.
    Action,
    /// A question to those who watch.
    Question,
    /// That it is an advertisement (PRC Advertising Law, article 14).
    Label,
}
