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
    /// The same in Chinese.
    pub sentence_zh: &'static str,
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

impl FieldCard {
    /// What the field is called, in Chinese and in English.
    pub fn label(&self) -> (String, String) {
        let plain = |zh: &str, en: &str| (zh.to_owned(), en.to_owned());
        let nth = |zh: &str, en: &str, at: usize| (format!("{zh} {}", at + 1), format!("{en} {}", at + 1));
        match (self.part, self.name) {
            (_, "subject") => plain("主题", "Subject"),
            (_, "preheader") => plain("预览文字", "Preheader"),
            (_, "hook") => plain("开场", "Hook"),
            (_, "opening") => plain("开场白", "Opening"),
            (_, "caption") => plain("视频描述", "Caption"),
            (_, "digest") => plain("摘要", "Digest"),
            (_, "intro") => plain("导语", "Introduction"),
            (_, "description") => plain("商品描述", "Description"),
            (_, "description_1") => plain("描述 1", "Description 1"),
            (_, "description_2") => plain("描述 2", "Description 2"),
            (_, "headline_1" | "headline_2" | "headline_3") => {
                let at = self.name.trim_start_matches("headline_");
                (format!("标题 {at}"), format!("Headline {at}"))
            }
            (Part::Keywords, _) => plain("标题", "Title"),
            (Part::Headline, _) => plain("标题", "Headline"),
            (Part::Subline, _) => plain("副标题", "Subline"),
            (Part::Point(at), _) => nth("卖点", "Point", at),
            (Part::Short, _) => plain("正文", "Text"),
            (Part::Body, _) => plain("正文", "Text"),
            (Part::Page, _) => plain("页面", "Page"),
            (Part::Mail, _) => plain("邮件内容", "Mail"),
            (Part::Message, _) => plain("短信内容", "Message"),
            (Part::Tags, _) => plain("话题", "Topics"),
            (Part::Scene(at), _) => nth("画面", "Scene", at),
            (Part::Price, _) => plain("价格", "Price"),
            (Part::Action, _) => plain("行动号召", "Call to action"),
            (Part::Question, _) => plain("互动提问", "Question"),
            (Part::Label, _) => plain("广告标识", "Ad label"),
        }
    }
}
