//! A report as one page that needs nothing else: styles and pictures stand in it, nothing is fetched, nothing runs. Light, and made to be
//! printed on A4. Whatever comes from data is escaped.

use std::fmt::Write;

use super::chart;
use super::told::{Against, Block, Figure, Report, Shows, Table, Tile, Tone};
use super::weekly::word;
use super::words::{self, Lang, Piece};

const STYLE: &str = include_str!("page.css");

/// Text as it may stand between tags and in attributes.
pub fn escaped(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => made.push_str("&amp;"),
            '<' => made.push_str("&lt;"),
            '>' => made.push_str("&gt;"),
            '"' => made.push_str("&quot;"),
            '\'' => made.push_str("&#39;"),
            c if c.is_control() && c != '\n' && c != '\t' => made.push('\u{fffd}'),
            c => made.push(c),
        }
    }
    made
}

struct Page<'a> {
    report: &'a Report,
    lang: Lang,
    made: String,
}

/// The whole page.
pub fn page(report: &Report, lang: Lang) -> String {
    let mut page = Page { report, lang, made: String::new() };
    let title = escaped(lang.of(&report.title));
    let tag = lang.choose("zh-CN", "en");
    page.add(format_args!(
        "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"color-scheme\" content=\"light\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    ));
    page.head(&title);
    report.blocks.iter().for_each(|block| page.block(block));
    page.sources();
    page.add(format_args!("</main>\n</body>\n</html>\n"));
    page.made
}

impl Page<'_> {
    fn add(&mut self, text: std::fmt::Arguments<'_>) {
        let _ = self.made.write_fmt(text);
    }

    fn head(&mut self, title: &str) {
        let Report { shop, day, as_of, .. } = self.report;
        let of = match self.lang {
            Lang::Zh => format!("为 {day} 而作 · 数据到 {as_of}"),
            Lang::En => format!("made for {day} · data up to {as_of}"),
        };
        self.add(format_args!(
            "<header>\n<p class=\"shop\">{}</p>\n<h1>{title}</h1>\n<p class=\"of\">{of}</p>\n</header>\n",
            escaped(shop)
        ));
    }

    fn block(&mut self, block: &Block) {
        let lang = self.lang;
        match block {
            Block::Heading { text } => self.add(format_args!("<h2>{}</h2>\n", escaped(lang.of(text)))),
            Block::Paragraph { text, figures } => {
                let words = self.paragraph(lang.of(text), figures);
                self.add(format_args!("<p>{words}</p>\n"));
            }
            Block::Remark { tone, text, figures } => {
                let class = match tone {
                    Tone::Plain => "plain",
                    Tone::Thin => "thin",
                    Tone::Bad => "bad",
                };
                let words = self.paragraph(lang.of(text), figures);
                self.add(format_args!("<p class=\"remark {class}\">{words}</p>\n"));
            }
            Block::Tiles { tiles } => {
                self.add(format_args!("<div class=\"tiles\">\n"));
                tiles.iter().for_each(|tile| self.tile(tile));
                self.add(format_args!("</div>\n"));
            }
            Block::Table(table) => self.table(table),
            Block::Picture(picture) => {
                let drawn = chart::svg(picture, &self.report.currency, lang);
                let (title, source) = (escaped(lang.of(&picture.title)), cited(Some(picture.source)));
                let said = escaped(lang.of(&picture.said));
                self.add(format_args!(
                    "<figure>\n<figcaption><b>{title}</b>{source} <span>{said}</span></figcaption>\n{drawn}\n</figure>\n"
                ));
            }
        }
    }

    fn paragraph(&self, text: &str, figures: &[Figure]) -> String {
        let one = |piece: &Piece<'_>| match piece {
            Piece::Words(words) => escaped(words),
            Piece::Figure(figure) => {
                let label = escaped(self.lang.of(&figure.label));
                let shown = escaped(&words::figure(figure, &self.report.currency));
                format!("<b class=\"figure\" title=\"{label}\">{shown}</b>{}", cited(figure.source))
            }
        };
        words::pieces(text, figures).iter().map(one).collect()
    }

    fn tile(&mut self, tile: &Tile) {
        let (label, figure) = (escaped(self.lang.of(&tile.figure.label)), &tile.figure);
        let shown = escaped(&words::figure(figure, &self.report.currency));
        self.add(format_args!("<section>\n<h3>{label}{}</h3>\n<p class=\"big\">{shown}</p>\n", cited(figure.source)));
        for against in &tile.against {
            self.against(against, &figure.unit);
        }
        self.add(format_args!("</section>\n"));
    }

    fn against(&mut self, against: &Against, unit: &str) {
        let lang = self.lang;
        let with = match against.with.as_str() {
            "before" => lang.choose("上一期", "before"),
            _ => lang.choose("去年同期", "a year ago"),
        };
        let old = escaped(&words::number(against.value, unit, &self.report.currency));
        let change = against.change.map_or_else(|| "–".to_owned(), |change| words::number(change, "change", ""));
        let class = match against.shows {
            Shows::Up => "up",
            Shows::Down => "down",
            Shows::Noise | Shows::Unknown => "same",
        };
        // What is not judged has no word.
        let word = match against.shows {
            Shows::Unknown => String::new(),
            shows => format!(" <i>{}</i>", escaped(lang.of(&word(shows)))),
        };
        self.add(format_args!("<p class=\"against {class}\"><span>{with} {old}</span> <b>{change}</b>{word}</p>\n"));
    }

    fn table(&mut self, table: &Table) {
        let lang = self.lang;
        let cites: String = table.sources.iter().map(|number| cited(Some(*number))).collect();
        self.add(format_args!("<table>\n<caption>{}{cites}</caption>\n<thead><tr>", escaped(lang.of(&table.title))));
        let class = |unit: &str| if unit == "text" { "" } else { " class=\"number\"" };
        for column in &table.columns {
            self.add(format_args!("<th scope=\"col\"{}>{}</th>", class(&column.unit), escaped(lang.of(&column.label))));
        }
        self.add(format_args!("</tr></thead>\n<tbody>\n"));
        for row in &table.rows {
            self.add(format_args!("<tr>"));
            for (cell, column) in row.iter().zip(&table.columns) {
                let shown = escaped(&words::cell(cell, &column.unit, &self.report.currency, lang));
                self.add(format_args!("<td{}>{shown}</td>", class(&column.unit)));
            }
            self.add(format_args!("</tr>\n"));
        }
        self.add(format_args!("</tbody>\n</table>\n"));
    }

    /// Where the figures come from.
    fn sources(&mut self) {
        let lang = self.lang;
        let (title, lead) = (
            lang.choose("数从哪里来", "Where the figures come from"),
            lang.choose(
                "每个数旁的号码是它的出处：对本店表格的查询（tercet sql），或接口的请求。",
                "The number beside each figure names what it is the answer of: a statement over the shop's tables (tercet sql), or a request of the API.",
            ),
        );
        self.add(format_args!("<h2>{title}</h2>\n<p class=\"small\">{lead}</p>\n<ol class=\"sources\">\n"));
        for source in &self.report.sources {
            let asked = source.sql.as_deref().or(source.api.as_deref()).unwrap_or("");
            let (number, about) = (source.number, escaped(lang.of(&source.about)));
            self.add(format_args!("<li id=\"s{number}\">{about}<code>{}</code></li>\n", escaped(asked)));
        }
        self.add(format_args!("</ol>\n"));
    }
}

fn cited(source: Option<usize>) -> String {
    source.map_or_else(String::new, |number| format!("<sup><a href=\"#s{number}\">{number}</a></sup>"))
}
