//! Drafts and copies as files: CSV for spreadsheets, one page of HTML for reading, JSON for programs. Cells that a spreadsheet
//! would take for a formula are made harmless; pages of a draft stand in frames that run nothing.

use std::fmt::Write;

use content::channel::Channel;
use content::write::{Draft, escape};
use data::state::drafts::DraftQuery;

use super::drafts::{self, DraftDetail};
use crate::error::{Result, ServiceError, clipped};
use crate::store::Store;

/// Drafts of one file.
const DRAFTS_MAX: usize = 20_000;
/// Bytes of one file.
const BYTES_MAX: usize = 256 << 20;
const PAGE: usize = 200;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    Html,
    Json,
}

impl Format {
    /// # Errors
    /// If it is none.
    pub fn named(name: &str) -> Result<Format> {
        match name {
            "csv" => Ok(Format::Csv),
            "html" => Ok(Format::Html),
            "json" => Ok(Format::Json),
            other => {
                let message = format!("format is '{}'; allowed: csv, html, json", clipped(other));
                Err(ServiceError::usage("format", message))
            }
        }
    }

    /// Content type and file name.
    pub fn file(self) -> (&'static str, &'static str) {
        match self {
            Format::Csv => ("text/csv; charset=utf-8", "copy.csv"),
            Format::Html => ("text/html; charset=utf-8", "copy.html"),
            Format::Json => ("application/json", "copy.json"),
        }
    }
}

/// All drafts of a query as one file; with the campaign that they are sent out in, if one is named.
///
/// # Errors
/// If there are too many.
pub fn export(store: &Store, query: &DraftQuery, format: Format, campaign: Option<&str>) -> Result<String> {
    let mut text = String::new();
    begin(&mut text, format, campaign.is_some());
    let (mut after, mut n) = (String::new(), 0);
    loop {
        let page = store.drafts_after(query, &after, PAGE)?;
        for stored in &page {
            if n >= DRAFTS_MAX || text.len() > BYTES_MAX {
                let message = format!("there are more drafts than one file takes: {DRAFTS_MAX}, or {BYTES_MAX} bytes");
                return Err(ServiceError::usage("export", message).help("narrow it with state= and channel="));
            }
            one(&mut text, &drafts::read(stored)?, format, n, campaign)?;
            n += 1;
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after.clone_from(&last.id),
            _ => break,
        }
    }
    text.push_str(match format {
        Format::Csv => "",
        Format::Html => "</body></html>\n",
        Format::Json => "\n]\n",
    });
    Ok(text)
}

fn begin(text: &mut String, format: Format, has_campaign: bool) {
    text.push_str(match format {
        Format::Csv if has_campaign => {
            "campaign_id,arm,draft_id,product_id,product_name,channel,language,goal,angle,state,verdict,updated_at,field,text\r\n"
        }
        Format::Csv => {
            "draft_id,product_id,product_name,channel,language,goal,angle,state,verdict,updated_at,field,text\r\n"
        }
        Format::Html => {
            "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Tercet</title><style>body{max-width:760px;margin:24px auto;\
             font:16px/1.6 -apple-system,'PingFang SC','Microsoft YaHei',Arial,sans-serif;color:#222}h2{margin:32px 0 4px}\
             small,dt{color:#666}dd{margin:0 0 12px;white-space:pre-wrap}iframe{width:100%;height:480px;border:1px solid #ddd}\
             </style></head><body>\n"
        }
        Format::Json => "[",
    });
}

fn one(text: &mut String, detail: &DraftDetail, format: Format, n: usize, campaign: Option<&str>) -> Result<()> {
    let row = &detail.row;
    match format {
        Format::Csv => {
            let at = crate::clock::rfc3339(domain::Millis(row.updated_at));
            let head = [
                &row.draft_id,
                &row.product_id,
                &row.product_name,
                &row.channel,
                &row.language,
                &row.goal,
                &row.angle,
                &row.state,
                &row.verdict,
                &at,
            ];
            for field in &detail.draft.fields {
                let stamp = campaign.map(|campaign| [campaign, row.draft_id.as_str()]);
                let cells = head.iter().map(|cell| cell.as_str()).chain([field.name.as_str(), field.text.as_str()]);
                csv_row(text, stamp.into_iter().flatten().chain(cells));
            }
        }
        Format::Html => {
            let wrote = write!(
                text,
                "<h2>{}</h2>\n<small>{} · {} · {} · {} · {}</small>\n<dl>\n",
                escape(&row.product_name),
                escape(&row.channel),
                escape(&row.language),
                escape(&row.goal),
                escape(&row.state),
                escape(&row.draft_id)
            );
            wrote.map_err(|error| ServiceError::failed(error.to_string()))?;
            for field in &detail.draft.fields {
                let shown = match field.is_html {
                    true => format!("<iframe sandbox=\"\" srcdoc=\"{}\"></iframe>", escape(&field.text)),
                    false => escape(&field.text),
                };
                text.push_str(&format!("<dt>{}</dt><dd>{shown}</dd>\n", escape(&field.name)));
            }
            text.push_str("</dl>\n");
        }
        Format::Json => {
            text.push_str(if n == 0 { "\n" } else { ",\n" });
            match campaign {
                None => text.push_str(&serde_json::to_string(detail)?),
                Some(campaign) => {
                    let mut stamped = serde_json::to_value(detail)?;
                    stamped["campaign_id"] = campaign.into();
                    stamped["arm"] = row.draft_id.as_str().into();
                    text.push_str(&stamped.to_string());
                }
            }
        }
    }
    Ok(())
}

/// A record of CSV (RFC 4180).
pub fn csv_row<'a>(text: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&csv_cell(cell));
    }
    text.push_str("\r\n");
}

/// What a spreadsheet would take for the beginning of a formula.
const FORMULAS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// A cell in quotes where it needs them; what a spreadsheet would reckon with begins with an apostrophe.
fn csv_cell(cell: &str) -> String {
    let safe = if cell.starts_with(FORMULAS) { format!("'{cell}") } else { cell.to_owned() };
    match safe.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", safe.replace('"', "\"\"")),
        false => safe,
    }
}

/// The text of a cell as it was written.
pub fn plain_cell(cell: &str) -> String {
    let quoted = cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let text = quoted.map_or_else(|| cell.to_owned(), |inside| inside.replace("\"\"", "\""));
    match text.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULAS)) {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// Head of a file of copies for a channel: a column for each of its fields.
pub fn copies_header(channel: &Channel) -> String {
    let mut text = String::new();
    let fixed = ["product_id", "product_name", "channel", "language", "goal", "seed", "settings", "angle", "verdict"];
    csv_row(&mut text, fixed.into_iter().chain(channel.fields.iter().map(|card| card.name)));
    text
}

/// A copy as a record of such a file; `head` are the first nine cells.
pub fn copies_row(text: &mut String, channel: &Channel, head: [&str; 9], draft: &Draft) {
    let fields = channel.fields.iter().map(|card| draft.text(card.name).unwrap_or_default());
    csv_row(text, head.into_iter().chain(fields));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_harmless_and_are_read_back() {
        let mut text = String::new();
        csv_row(&mut text, ["a", "=1+1", "b,\"c\"\nd", "@x", "-5"]);
        assert_eq!(text, "a,'=1+1,\"b,\"\"c\"\"\nd\",'@x,'-5\r\n");
        assert_eq!(plain_cell("\"b,\"\"c\"\"\nd\""), "b,\"c\"\nd");
        assert_eq!((plain_cell("'=1+1"), plain_cell("'a")), ("=1+1".to_owned(), "'a".to_owned()));
    }
}
