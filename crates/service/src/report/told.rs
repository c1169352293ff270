//! A report as data: what is printed, written as a table and read by programs is made from this. Words stand in both languages; figures
//! stand beside them as numbers, each with the number of the source it is the answer of. Not here: how a report is worked out, or looks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::flows::plan::Interval;
use crate::flows::segment::Text;

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportKind)]
pub enum Kind {
    /// From Monday to Sunday.
    Week,
    /// Other days.
    Period,
    /// A campaign, or the sending that carried it.
    Campaign,
}

/// A figure. `{0}` in a paragraph is its first figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportFigure)]
pub struct Figure {
    pub label: Text,
    /// Absent where nothing tells.
    pub value: Option<f64>,
    /// `money` (hundredths of the currency), `share`, `change` (a share with its sign), `count`, `number` or `stars`.
    pub unit: String,
    /// The interval, where it was estimated.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// The number of its source, from 1.
    pub source: Option<usize>,
}

impl Figure {
    pub fn new(zh: &str, en: &str, value: f64, unit: &str, source: usize) -> Figure {
        let label = text(zh, en);
        Figure { label, value: Some(value), unit: unit.to_owned(), low: None, high: None, source: Some(source) }
    }

    #[must_use]
    pub fn within(mut self, interval: Interval) -> Figure {
        (self.value, self.low, self.high) = (Some(interval.value), Some(interval.low), Some(interval.high));
        self
    }
}

/// How two periods differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportShows)]
pub enum Shows {
    Up,
    Down,
    /// By no more than periods differ anyway.
    Noise,
    /// Too few periods before it to tell.
    Unknown,
}

/// What a figure was in another period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportAgainst)]
pub struct Against {
    /// `before` or `year_ago`.
    pub with: String,
    pub value: f64,
    /// The change in parts of it; absent where there was nothing.
    pub change: Option<f64>,
    pub shows: Shows,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportTile)]
pub struct Tile {
    pub figure: Figure,
    pub against: Vec<Against>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportColumn)]
pub struct Column {
    pub label: Text,
    /// As of a figure, or `text`.
    pub unit: String,
}

impl Column {
    pub fn new(zh: &str, en: &str, unit: &str) -> Column {
        Column { label: text(zh, en), unit: unit.to_owned() }
    }
}

/// Words, or a number with or without an interval; both absent where nothing tells.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportCell)]
pub struct Cell {
    pub text: Option<Text>,
    pub value: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

impl Cell {
    pub fn text(words: Text) -> Cell {
        Cell { text: Some(words), ..Cell::default() }
    }

    pub fn number(value: f64) -> Cell {
        Cell { value: Some(value), ..Cell::default() }
    }

    pub fn known(value: Option<f64>) -> Cell {
        Cell { value, ..Cell::default() }
    }

    pub fn interval(interval: Option<Interval>) -> Cell {
        interval.map_or_else(Cell::default, |one| Cell {
            text: None,
            value: Some(one.value),
            low: Some(one.low),
            high: Some(one.high),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportTable)]
pub struct Table {
    pub title: Text,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// Numbers of sources.
    pub sources: Vec<usize>,
}

/// A bar of a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportBar)]
pub struct Bar {
    pub label: Text,
    pub value: f64,
    /// What stands beside it: the same week of last year.
    pub beside: Option<f64>,
}

/// What a picture is drawn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportPicture)]
pub struct Picture {
    pub title: Text,
    /// What it shows, for those who do not see it.
    pub said: Text,
    /// `periods` (one after another, the last being told of) or `steps` (from the first to the last, what lies between adds up).
    pub form: String,
    pub unit: String,
    pub bars: Vec<Bar>,
    pub source: usize,
}

/// How a remark is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportTone)]
pub enum Tone {
    /// Something to know.
    Plain,
    /// The data are thin, or end too soon.
    Thin,
    /// Something is wrong.
    Bad,
}

/// A part of a report, in the order in which it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "part", rename_all = "snake_case")]
#[schema(as = ReportBlock)]
pub enum Block {
    Heading { text: Text },
    Paragraph { text: Text, figures: Vec<Figure> },
    Remark { tone: Tone, text: Text, figures: Vec<Figure> },
    Tiles { tiles: Vec<Tile> },
    Table(Table),
    Picture(Picture),
}

/// Where figures come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportSource)]
pub struct Source {
    /// From 1.
    pub number: usize,
    pub about: Text,
    /// The statement over the shop's tables …
    pub sql: Option<String>,
    /// … or the request of the API.
    pub api: Option<String>,
}

/// A report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ShopReport)]
pub struct Report {
    pub kind: Kind,
    /// The shop's name.
    pub shop: String,
    pub currency: String,
    /// The day for which it was made.
    pub day: String,
    /// First and last day told of.
    pub from: String,
    pub to: String,
    /// The last day of the shop's data.
    pub as_of: String,
    pub title: Text,
    pub blocks: Vec<Block>,
    pub sources: Vec<Source>,
}

pub fn text(zh: impl Into<String>, en: impl Into<String>) -> Text {
    Text { zh: zh.into(), en: en.into() }
}

/// Blocks and sources while a report is being made.
#[derive(Default)]
pub struct Draft {
    pub blocks: Vec<Block>,
    pub sources: Vec<Source>,
}

impl Draft {
    /// Notes a statement that figures are the answer of; its number. One that is noted already keeps its number.
    pub fn by_sql(&mut self, zh: &str, en: &str, sql: &str) -> usize {
        let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        self.source(zh, en, Some(sql), None)
    }

    /// The same of a request of the API.
    pub fn by_api(&mut self, zh: &str, en: &str, api: &str) -> usize {
        self.source(zh, en, None, Some(api.to_owned()))
    }

    fn source(&mut self, zh: &str, en: &str, sql: Option<String>, api: Option<String>) -> usize {
        if let Some(known) = self.sources.iter().find(|known| known.sql == sql && known.api == api) {
            return known.number;
        }
        let number = self.sources.len() + 1;
        self.sources.push(Source { number, about: text(zh, en), sql, api });
        number
    }

    pub fn heading(&mut self, zh: &str, en: &str) {
        self.blocks.push(Block::Heading { text: text(zh, en) });
    }

    pub fn say(&mut self, words: Text, figures: Vec<Figure>) {
        self.blocks.push(Block::Paragraph { text: words, figures });
    }

    pub fn remark(&mut self, tone: Tone, zh: impl Into<String>, en: impl Into<String>) {
        self.blocks.push(Block::Remark { tone, text: text(zh, en), figures: Vec::new() });
    }
}

/// A paragraph in the making: sentences in both languages with the figures that stand in them.
#[derive(Default)]
pub struct Said {
    zh: String,
    en: String,
    figures: Vec<Figure>,
}

impl Said {
    /// A sentence; `{0}` is the first of its own figures.
    pub fn add(&mut self, zh: &str, en: &str, figures: Vec<Figure>) {
        let base = self.figures.len();
        let moved = |text: &str| {
            // From the last on, so that none is moved twice.
            (0..figures.len())
                .rev()
                .fold(text.to_owned(), |text, at| text.replace(&format!("{{{at}}}"), &format!("{{{}}}", base + at)))
        };
        let (zh, en) = (moved(zh), moved(en));
        self.zh.push_str(&zh);
        if !self.en.is_empty() {
            self.en.push(' ');
        }
        self.en.push_str(&en);
        self.figures.extend(figures);
    }

    pub fn is_empty(&self) -> bool {
        self.en.is_empty()
    }

    pub fn paragraph(self) -> Block {
        Block::Paragraph { text: text(self.zh, self.en), figures: self.figures }
    }
}
