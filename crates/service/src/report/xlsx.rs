//! A report as a workbook (ECMA-376): figures are numbers with their units as formats, so that they can be reckoned with, and every table is a
//! sheet. Written by hand, which is five small files in an archive: the libraries for it bring an archive writer with ciphers and
//! compressors that nothing else needs. Texts are never formulas.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::told::{Block, Cell, Figure, Report, Table};
use super::words::{self, Lang};
use crate::error::Result;

const TEXT_CHARS_MAX: usize = 32_000;
const NAME_CHARS_MAX: usize = 31;
const SHEETS_MAX: usize = 60;

/// Formats of cells, by their places in the styles below.
const PLAIN: usize = 0;
const BOLD: usize = 1;
const WRAPPED: usize = 7;

fn style_of(unit: &str) -> usize {
    match unit {
        "money" => 2,
        "share" => 3,
        "change" => 4,
        "count" => 5,
        "number" | "stars" => 6,
        _ => PLAIN,
    }
}

const STYLES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
<numFmts count=\"4\"><numFmt numFmtId=\"164\" formatCode=\"#,##0.00\"/><numFmt numFmtId=\"165\" formatCode=\"0.0%\"/>\
<numFmt numFmtId=\"166\" formatCode=\"+0.0%;-0.0%;0.0%\"/><numFmt numFmtId=\"167\" formatCode=\"0.000\"/></numFmts>\
<fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font><font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts>\
<fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills>\
<borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
<cellXfs count=\"8\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>\
<xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyFont=\"1\"/>\
<xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
<xf numFmtId=\"165\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
<xf numFmtId=\"166\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
<xf numFmtId=\"3\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
<xf numFmtId=\"167\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyAlignment=\"1\"><alignment wrapText=\"1\" vertical=\"top\"/></xf></cellXfs>\
<cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>";

/// A sheet in the making.
struct Sheet {
    name: String,
    widths: Vec<f64>,
    rows: String,
    n_rows: usize,
}

/// What stands in a cell.
enum Value<'a> {
    Text(&'a str, usize),
    Number(f64, usize),
    Empty,
}

impl Sheet {
    fn new(name: &str, widths: &[f64]) -> Sheet {
        Sheet { name: name.to_owned(), widths: widths.to_vec(), rows: String::new(), n_rows: 0 }
    }

    fn row(&mut self, cells: &[Value<'_>]) {
        self.n_rows += 1;
        let n = self.n_rows;
        let _ = write!(self.rows, "<row r=\"{n}\">");
        for (at, cell) in cells.iter().enumerate() {
            let place = format!("{}{n}", column_name(at));
            match cell {
                Value::Text(text, style) => {
                    let _ = write!(
                        self.rows,
                        "<c r=\"{place}\" s=\"{style}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>",
                        xml(text)
                    );
                }
                Value::Number(number, style) if number.is_finite() => {
                    let _ = write!(self.rows, "<c r=\"{place}\" s=\"{style}\"><v>{number}</v></c>");
                }
                Value::Number(..) | Value::Empty => {}
            }
        }
        self.rows.push_str("</row>");
    }

    fn xml(&self) -> String {
        let mut columns = String::new();
        for (at, width) in self.widths.iter().enumerate() {
            let _ = write!(columns, "<col min=\"{0}\" max=\"{0}\" width=\"{width}\" customWidth=\"1\"/>", at + 1);
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
             <sheetViews><sheetView workbookViewId=\"0\"/></sheetViews><cols>{columns}</cols><sheetData>{}</sheetData></worksheet>",
            self.rows
        )
    }
}

/// `A`, `B` … `Z`, `AA` …
fn column_name(mut at: usize) -> String {
    let mut made = Vec::new();
    loop {
        made.insert(0, b'A' + (at % 26) as u8);
        if at < 26 {
            return String::from_utf8_lossy(&made).into_owned();
        }
        at = at / 26 - 1;
    }
}

/// Text as XML 1.0 may hold it.
fn xml(text: &str) -> String {
    let clipped: String = text.chars().filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).take(TEXT_CHARS_MAX).collect();
    super::html::escaped(&clipped)
}

/// Money in the currency's own unit.
fn scaled(value: f64, unit: &str) -> f64 {
    if unit == "money" { value / 100.0 } else { value }
}

fn number<'a>(value: Option<f64>, unit: &str) -> Value<'a> {
    value.map_or(Value::Empty, |value| Value::Number(scaled(value, unit), style_of(unit)))
}

/// The whole workbook.
///
/// # Errors
/// If it cannot be compressed.
pub fn workbook(report: &Report, lang: Lang) -> Result<Vec<u8>> {
    let mut sheets = vec![overview(report, lang)];
    for block in &report.blocks {
        if let Block::Table(table) = block
            && sheets.len() < SHEETS_MAX
        {
            sheets.push(of_table(table, lang));
        }
    }
    sheets.extend(of_pictures(report, lang));
    sheets.push(of_sources(report, lang));
    let mut names: Vec<String> = Vec::new();
    for sheet in &mut sheets {
        sheet.name = sheet_name(&sheet.name, &names);
        names.push(sheet.name.clone());
    }
    archive(&sheets)
}

/// Words and figures, one after another.
fn overview(report: &Report, lang: Lang) -> Sheet {
    let mut sheet = Sheet::new(lang.choose("报告", "Report"), &[48.0, 18.0, 18.0, 18.0, 14.0]);
    let currency = &report.currency;
    sheet.row(&[Value::Text(lang.of(&report.title), BOLD)]);
    sheet.row(&[Value::Text(&report.shop, PLAIN), Value::Text(currency, PLAIN)]);
    let [from, to] = [&report.from, &report.to].map(|day| day.as_str());
    sheet.row(&[Value::Text(lang.choose("起止", "From, to"), PLAIN), Value::Text(from, PLAIN), Value::Text(to, PLAIN)]);
    let head = [("", ""), ("值", "Value"), ("下限", "Low"), ("上限", "High"), ("出处", "Source")];
    let figures = |sheet: &mut Sheet, all: &[Figure]| {
        for figure in all {
            let unit = &figure.unit;
            let source = figure.source.map_or(Value::Empty, |number| Value::Number(number as f64, PLAIN));
            let ends = [number(figure.low, unit), number(figure.high, unit)];
            let [low, high] = ends;
            sheet.row(&[Value::Text(lang.of(&figure.label), PLAIN), number(figure.value, unit), low, high, source]);
        }
    };
    sheet.row(&head.map(|(zh, en)| Value::Text(lang.choose(zh, en), BOLD)));
    for block in &report.blocks {
        match block {
            Block::Heading { text } => sheet.row(&[Value::Text(lang.of(text), BOLD)]),
            Block::Paragraph { text, figures: all } | Block::Remark { text, figures: all, .. } => {
                let words = words::plain(lang.of(text), all, currency);
                sheet.row(&[Value::Text(&words, WRAPPED)]);
                figures(&mut sheet, all);
            }
            Block::Tiles { tiles } => {
                for tile in tiles {
                    figures(&mut sheet, std::slice::from_ref(&tile.figure));
                    for against in &tile.against {
                        let name = match against.with.as_str() {
                            "before" => lang.choose("  上一期", "  before"),
                            _ => lang.choose("  去年同期", "  a year ago"),
                        };
                        let old = number(Some(against.value), &tile.figure.unit);
                        sheet.row(&[Value::Text(name, PLAIN), old, number(against.change, "change")]);
                    }
                }
            }
            Block::Table(_) | Block::Picture(_) => {}
        }
    }
    sheet
}

fn of_table(table: &Table, lang: Lang) -> Sheet {
    // Ends of intervals have columns of their own.
    let has_ends = |at: usize| table.rows.iter().any(|row| row.get(at).is_some_and(|cell| cell.low.is_some()));
    let ends: Vec<bool> = (0..table.columns.len()).map(has_ends).collect();
    let mut widths = Vec::new();
    let mut labels: Vec<String> = Vec::new();
    for (column, has_ends) in table.columns.iter().zip(&ends) {
        let label = lang.of(&column.label);
        widths.push(if column.unit == "text" { 36.0 } else { 16.0 });
        labels.push(label.to_owned());
        if *has_ends {
            widths.extend([16.0, 16.0]);
            labels.push(format!("{label} ({})", lang.choose("下限", "low")));
            labels.push(format!("{label} ({})", lang.choose("上限", "high")));
        }
    }
    let mut sheet = Sheet::new(lang.of(&table.title), &widths);
    sheet.row(&labels.iter().map(|label| Value::Text(label, BOLD)).collect::<Vec<_>>());
    for row in &table.rows {
        let mut cells = Vec::new();
        for ((cell, column), has_ends) in row.iter().zip(&table.columns).zip(&ends) {
            cells.push(value_of(cell, &column.unit, lang));
            if *has_ends {
                cells.extend([number(cell.low, &column.unit), number(cell.high, &column.unit)]);
            }
        }
        sheet.row(&cells);
    }
    sheet
}

fn value_of<'a>(cell: &'a Cell, unit: &str, lang: Lang) -> Value<'a> {
    match &cell.text {
        Some(text) => Value::Text(lang.of(text), WRAPPED),
        None => number(cell.value, unit),
    }
}

fn of_pictures(report: &Report, lang: Lang) -> Vec<Sheet> {
    let mut made = Vec::new();
    for block in &report.blocks {
        let Block::Picture(picture) = block else { continue };
        let mut sheet = Sheet::new(lang.of(&picture.title), &[24.0, 18.0, 18.0]);
        let value = lang.choose("值", "Value");
        sheet.row(&[
            Value::Text("", BOLD),
            Value::Text(value, BOLD),
            Value::Text(lang.choose("去年同期", "A year ago"), BOLD),
        ]);
        for bar in &picture.bars {
            let label = Value::Text(lang.of(&bar.label), PLAIN);
            sheet.row(&[label, number(Some(bar.value), &picture.unit), number(bar.beside, &picture.unit)]);
        }
        made.push(sheet);
    }
    made
}

fn of_sources(report: &Report, lang: Lang) -> Sheet {
    let mut sheet = Sheet::new(lang.choose("出处", "Sources"), &[8.0, 40.0, 120.0]);
    for source in &report.sources {
        let asked = source.sql.as_deref().or(source.api.as_deref()).unwrap_or("");
        let about = Value::Text(lang.of(&source.about), WRAPPED);
        sheet.row(&[Value::Number(source.number as f64, PLAIN), about, Value::Text(asked, WRAPPED)]);
    }
    sheet
}

/// A name that workbooks allow and that none of the others has.
fn sheet_name(name: &str, taken: &[String]) -> String {
    let kept: String = name.chars().map(|c| if "[]:*?/\\'".contains(c) || c.is_control() { ' ' } else { c }).collect();
    let short = |n: usize| kept.trim().chars().take(n).collect::<String>();
    let base = if short(NAME_CHARS_MAX).is_empty() { "-".to_owned() } else { short(NAME_CHARS_MAX) };
    let is_taken = |name: &str| taken.iter().any(|other| other.to_lowercase() == name.to_lowercase());
    let numbered = (2..).map(|n| format!("{} {n}", short(NAME_CHARS_MAX - 4)));
    std::iter::once(base).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

fn archive(sheets: &[Sheet]) -> Result<Vec<u8>> {
    let mut zip = Archive::default();
    let mut kinds = String::new();
    let mut listed = String::new();
    let mut related = String::new();
    let package = "http://schemas.openxmlformats.org/package/2006";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let main = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    for (at, sheet) in sheets.iter().enumerate() {
        let n = at + 1;
        let _ =
            write!(kinds, "<Override PartName=\"/xl/worksheets/sheet{n}.xml\" ContentType=\"{main}.worksheet+xml\"/>");
        let _ = write!(listed, "<sheet name=\"{}\" sheetId=\"{n}\" r:id=\"rId{n}\"/>", xml(&sheet.name));
        let _ = write!(
            related,
            "<Relationship Id=\"rId{n}\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet{n}.xml\"/>"
        );
    }
    let styles = sheets.len() + 1;
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
    zip.add(
        "[Content_Types].xml",
        &format!(
            "{head}<Types xmlns=\"{package}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
             <Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"{main}.sheet.main+xml\"/>\
             <Override PartName=\"/xl/styles.xml\" ContentType=\"{main}.styles+xml\"/>{kinds}</Types>"
        ),
    )?;
    zip.add(
        "_rels/.rels",
        &format!(
            "{head}<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"rId1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
        ),
    )?;
    zip.add(
        "xl/workbook.xml",
        &format!(
            "{head}<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"{office}\"><sheets>{listed}</sheets></workbook>"
        ),
    )?;
    zip.add(
        "xl/_rels/workbook.xml.rels",
        &format!(
            "{head}<Relationships xmlns=\"{package}/relationships\">{related}<Relationship Id=\"rId{styles}\" Type=\"{office}/styles\" Target=\"styles.xml\"/></Relationships>"
        ),
    )?;
    zip.add("xl/styles.xml", STYLES)?;
    for (at, sheet) in sheets.iter().enumerate() {
        zip.add(&format!("xl/worksheets/sheet{}.xml", at + 1), &sheet.xml())?;
    }
    Ok(zip.finish())
}

/// A ZIP archive (PKWARE APPNOTE 6.3.3) of small files, deflated, all of one time: the same content is the same bytes.
#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    listed: Vec<u8>,
    n: u16,
}

/// 1980-01-01, the first day an archive can name.
const DAY: u16 = 0x21;

impl Archive {
    fn add(&mut self, name: &str, text: &str) -> Result<()> {
        let mut crc = Crc::new();
        crc.update(text.as_bytes());
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes())?;
        let packed = encoder.finish()?;
        let mut common = Vec::new();
        // Version 2.0, names in UTF-8, deflated, the time.
        for number in [20, 0x0800, 8, 0, DAY] {
            common.extend(u16::to_le_bytes(number));
        }
        for number in [crc.sum(), size(packed.len()), size(text.len())] {
            common.extend(number.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        let begins = size(self.bytes.len());
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&common);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(packed);
        self.listed.extend(b"PK\x01\x02");
        self.listed.extend(20_u16.to_le_bytes());
        self.listed.extend(&common);
        // No comment, the first disk, no attributes.
        self.listed.extend([0; 10]);
        self.listed.extend(begins.to_le_bytes());
        self.listed.extend(name.as_bytes());
        self.n += 1;
        Ok(())
    }

    fn finish(mut self) -> Vec<u8> {
        let begins = size(self.bytes.len());
        let n_bytes = size(self.listed.len());
        self.bytes.extend(&self.listed);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend(self.n.to_le_bytes());
        self.bytes.extend(self.n.to_le_bytes());
        self.bytes.extend(n_bytes.to_le_bytes());
        self.bytes.extend(begins.to_le_bytes());
        self.bytes.extend(0_u16.to_le_bytes());
        self.bytes
    }
}

/// Reports are far below four gigabytes.
fn size(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_workbooks_name_them() {
        for (at, name) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(column_name(at), name);
        }
    }

    #[test]
    fn sheets_have_names_of_their_own() {
        let long = "a".repeat(40);
        let mut taken = Vec::new();
        for (name, made) in
            [("By [x]/y", "By  x  y"), (&long, &long[..31]), (&long, &format!("{} 2", &long[..27])), ("''", "-")]
        {
            let found = sheet_name(name, &taken);
            assert_eq!(found, made);
            taken.push(found);
        }
    }
}
