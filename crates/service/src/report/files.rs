//! A report as a file: which forms there are, how they are called, and the writing of each.

use std::fmt::Write;

use super::told::{Block, Report};
use super::words::{self, Lang as Language};
use super::{html, pdf, xlsx};
use crate::error::{Result, ServiceError, clipped};
use crate::flows::audience::csv_cell;

pub use super::pdf::ReportConfig;
pub use super::words::Lang;

/// How a report leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Html,
    Pdf,
    Xlsx,
    Csv,
    Json,
}

impl Format {
    pub const ALL: [Format; 5] = [Format::Html, Format::Pdf, Format::Xlsx, Format::Csv, Format::Json];

    /// As names of files end.
    pub fn name(self) -> &'static str {
        match self {
            Format::Html => "html",
            Format::Pdf => "pdf",
            Format::Xlsx => "xlsx",
            Format::Csv => "csv",
            Format::Json => "json",
        }
    }

    /// # Errors
    /// If it is none of them.
    pub fn named(name: &str) -> Result<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let message = format!("format is '{}'; allowed: html, pdf, xlsx, csv, json", clipped(name));
            ServiceError::usage("format", message)
        })
    }

    pub fn media(self) -> &'static str {
        match self {
            Format::Html => "text/html; charset=utf-8",
            Format::Pdf => "application/pdf",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Csv => "text/csv; charset=utf-8",
            Format::Json => "application/json",
        }
    }
}

/// `report-2026-11-23-en.pdf`.
pub fn file_name(report: &Report, format: Format, lang: Lang) -> String {
    format!("report-{}-{}.{}", report.from, lang.name(), format.name())
}

/// Writes a report.
///
/// # Errors
/// If a PDF is asked for and cannot be printed.
pub fn write(report: &Report, format: Format, lang: Lang, config: &ReportConfig) -> Result<Vec<u8>> {
    match format {
        Format::Html => Ok(html::page(report, lang).into_bytes()),
        Format::Pdf => pdf::printed(&html::page(report, lang), config),
        Format::Xlsx => xlsx::workbook(report, lang),
        Format::Csv => Ok(csv(report, lang).into_bytes()),
        Format::Json => Ok(serde_json::to_vec_pretty(report)?),
    }
}

/// Every figure of the report in one table, a row each: where it stands, what it is, its value, its interval, its unit and its source.
fn csv(report: &Report, lang: Language) -> String {
    // The mark by which spreadsheets know UTF-8.
    let mut made = String::from("\u{feff}section,item,figure,value,low,high,unit,source\r\n");
    let mut row = |section: &str, item: &str, figure: &str, numbers: [Option<f64>; 3], unit: &str, source: &str| {
        let shown = |number: Option<f64>| match (number, unit) {
            (Some(number), "money") => format!("{:.2}", number / 100.0),
            (Some(number), _) => number.to_string(),
            (None, _) => String::new(),
        };
        let [value, low, high] = numbers.map(shown);
        let [section, item, figure, unit] = [section, item, figure, unit].map(csv_cell);
        let _ = write!(made, "{section},{item},{figure},{value},{low},{high},{unit},{source}\r\n");
    };
    let mut section = lang.of(&report.title).to_owned();
    for block in &report.blocks {
        match block {
            Block::Heading { text } => lang.of(text).clone_into(&mut section),
            Block::Paragraph { figures, .. } | Block::Remark { figures, .. } => {
                for figure in figures {
                    let numbers = [figure.value, figure.low, figure.high];
                    let source = figure.source.map(|number| number.to_string()).unwrap_or_default();
                    row(&section, "", lang.of(&figure.label), numbers, &figure.unit, &source);
                }
            }
            Block::Tiles { tiles } => {
                for tile in tiles {
                    let (figure, source) =
                        (&tile.figure, tile.figure.source.map(|number| number.to_string()).unwrap_or_default());
                    let label = lang.of(&figure.label);
                    row(&section, "", label, [figure.value, figure.low, figure.high], &figure.unit, &source);
                    for against in &tile.against {
                        row(&section, &against.with, label, [Some(against.value), None, None], &figure.unit, &source);
                    }
                }
            }
            Block::Table(table) => {
                let sources: Vec<String> = table.sources.iter().map(ToString::to_string).collect();
                for cells in &table.rows {
                    let item = cells.iter().find_map(|cell| cell.text.as_ref()).map_or("", |text| lang.of(text));
                    let numbers = cells.iter().zip(&table.columns).filter(|(cell, _)| cell.value.is_some());
                    for (cell, column) in numbers {
                        let values = [cell.value, cell.low, cell.high];
                        row(
                            lang.of(&table.title),
                            item,
                            lang.of(&column.label),
                            values,
                            &column.unit,
                            &sources.join(" "),
                        );
                    }
                }
            }
            Block::Picture(picture) => {
                let title = lang.of(&picture.title);
                for bar in &picture.bars {
                    let source = picture.source.to_string();
                    row(title, lang.of(&bar.label), title, [Some(bar.value), None, None], &picture.unit, &source);
                }
            }
        }
    }
    made
}

/// The words of a report without its tables: for a mail that carries it, and a terminal.
pub fn summary(report: &Report, lang: Lang) -> String {
    let mut made = format!("{}\n{}\n", report.shop, lang.of(&report.title));
    for block in &report.blocks {
        match block {
            Block::Heading { text } => {
                let _ = write!(made, "\n{}\n", lang.of(text));
            }
            Block::Paragraph { text, figures } | Block::Remark { text, figures, .. } => {
                let _ = writeln!(made, "{}", words::plain(lang.of(text), figures, &report.currency));
            }
            Block::Table(table) => {
                let first = |cells: &Vec<super::told::Cell>| {
                    let shown: Vec<String> = cells
                        .iter()
                        .zip(&table.columns)
                        .map(|(cell, column)| words::cell(cell, &column.unit, &report.currency, lang))
                        .filter(|text| !text.is_empty())
                        .collect();
                    shown.join(" · ")
                };
                let _ = writeln!(made, "{}:", lang.of(&table.title));
                for cells in table.rows.iter().take(SUMMARY_ROWS) {
                    let _ = writeln!(made, "- {}", first(cells));
                }
            }
            Block::Tiles { .. } | Block::Picture(_) => {}
        }
    }
    made
}

/// Rows of a table that stand in a summary.
const SUMMARY_ROWS: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::told::{Bar, Cell, Column, Figure, Kind, Picture, Source, Table, Tile, Tone, text};

    /// A report with a part of each kind, and marks that files must not obey.
    pub fn sample() -> Report {
        let figure = Figure {
            low: Some(-5_000.0),
            high: Some(9_900.0),
            ..Figure::new("差", "<b>difference", 1_234_567.0, "money", 1)
        };
        let table = Table {
            title: text("表/一", "Table/one"),
            columns: vec![
                Column::new("名", "Name", "text"),
                Column::new("额", "Amount", "money"),
                Column::new("份额", "Share", "share"),
            ],
            rows: vec![
                vec![
                    Cell::text(text("=1+1", "=1+1")),
                    Cell { low: Some(100.0), high: Some(300.0), ..Cell::number(200.0) },
                    Cell::known(None),
                ],
                vec![Cell::text(text("乙&\u{1}", "b & <script>")), Cell::number(-550.0), Cell::number(0.25)],
            ],
            sources: vec![1, 2],
        };
        let bars =
            [1_000.0, 2_500.0, -300.0].map(|value| Bar { label: text("周", "week"), value, beside: Some(900.0) });
        let picture = Picture {
            title: text("图", "Picture"),
            said: text("说", "said"),
            form: "periods".to_owned(),
            unit: "money".to_owned(),
            bars: bars.to_vec(),
            source: 2,
        };
        Report {
            kind: Kind::Week,
            shop: "Shop & Co".to_owned(),
            currency: "CNY".to_owned(),
            day: "2026-11-30".to_owned(),
            from: "2026-11-23".to_owned(),
            to: "2026-11-29".to_owned(),
            as_of: "2026-11-29".to_owned(),
            title: text("周报", "Weekly report"),
            blocks: vec![
                Block::Tiles { tiles: vec![Tile { figure: figure.clone(), against: Vec::new() }] },
                Block::Heading { text: text("标题", "Heading") },
                Block::Paragraph { text: text("差 {0}。", "It differs by {0}."), figures: vec![figure] },
                Block::Remark { tone: Tone::Thin, text: text("少", "thin"), figures: Vec::new() },
                Block::Table(table),
                Block::Picture(picture),
            ],
            sources: vec![
                Source { number: 1, about: text("一", "one"), sql: Some("select 1 < 2".to_owned()), api: None },
                Source { number: 2, about: text("二", "two"), sql: None, api: Some("/v1/decisions".to_owned()) },
            ],
        }
    }

    #[test]
    fn pages_stand_alone_and_escape_what_they_are_told() {
        for lang in [Lang::Zh, Lang::En] {
            let page = html::page(&sample(), lang);
            let bare = page.replace("http://www.w3.org/2000/svg", "");
            for outside in ["http:", "https:", "src=", "@import", "url(", "<script", "javascript:"] {
                assert!(!bare.contains(outside), "{outside}");
            }
            assert!(page.contains("Shop &amp; Co") && page.contains("select 1 &lt; 2") && page.contains("<svg"));
            assert!(page.contains("¥12,346 [−¥50.00, ¥99.00]"), "{page}");
            // Every number that is cited is there to be found.
            for number in 1..=2 {
                assert!(page.contains(&format!("id=\"s{number}\"")) && page.contains(&format!("href=\"#s{number}\"")));
            }
        }
    }

    #[test]
    fn tables_hold_numbers_as_numbers() {
        let table = csv(&sample(), Lang::En);
        assert!(table.contains("Heading,,<b>difference,12345.67,-50.00,99.00,money,1\r\n"), "{table}");
        assert!(table.contains("Table/one,'=1+1,Amount,2.00,1.00,3.00,money,1 2\r\n"), "{table}");
        assert!(table.contains("Table/one,b & <script>,Share,0.25,,,share,1 2\r\n"), "{table}");
        assert_eq!(csv(&sample(), Lang::En), table);
    }

    #[test]
    fn workbooks_are_the_same_each_time() {
        let config = ReportConfig::default();
        let made = write(&sample(), Format::Xlsx, Lang::Zh, &config).unwrap();
        assert_eq!(write(&sample(), Format::Xlsx, Lang::Zh, &config).unwrap(), made);
        assert!(made.starts_with(b"PK\x03\x04"));
    }

    #[test]
    fn json_comes_back_as_it_went() {
        let made = write(&sample(), Format::Json, Lang::Zh, &ReportConfig::default()).unwrap();
        assert_eq!(serde_json::from_slice::<Report>(&made).unwrap(), sample());
        let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
        assert!(names.iter().all(|name| Format::named(name).unwrap().name() == *name));
        assert!(Format::named("doc").unwrap_err().message.contains("allowed: html, pdf, xlsx, csv, json"));
        assert_eq!(file_name(&sample(), Format::Pdf, Lang::En), "report-2026-11-23-en.pdf");
    }

    #[test]
    fn summaries_have_the_words() {
        let said = summary(&sample(), Lang::En);
        assert!(
            said.contains("It differs by ¥12,346 [−¥50.00, ¥99.00].")
                && said.contains("- b & <script> · −¥5.50 · 25.0 %"),
            "{said}"
        );
    }
}
