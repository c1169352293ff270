//! What people and programs get to see: tables, JSON, progress. Texts may come from files that anybody wrote, so whatever
//! is printed is made harmless here: a terminal obeys escape sequences.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use service::{Result, ServiceError};

/// Whether the one document of this run is out.
static JSON_PRINTED: AtomicBool = AtomicBool::new(false);

/// One JSON document on stdout. A closed pipe is no failure.
pub fn json(value: &Value) {
    JSON_PRINTED.store(true, Ordering::Relaxed);
    let _ = writeln!(std::io::stdout(), "{}", escaped(&format!("{value:#}")));
}

/// A failure: on stderr and, if programs listen and have had no document yet, as one.
pub fn error(error: &service::ServiceError, as_json: bool) {
    if as_json && !JSON_PRINTED.load(Ordering::Relaxed) {
        json(&error.to_json());
    }
    eprintln!("error: {}", lines(&error.to_string(), clipped));
}

/// Lines for people, each of bearable length.
pub fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", lines(text, clipped));
}

/// Lines whose length is the content's own, such as a table's.
pub fn wide(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", lines(text, |line| line));
}

/// Longest line that people are shown. The longest messages of ours fit.
const LINE_CHARS_MAX: usize = 400;
/// What stays of a longer one behind the gap: messages end with what to do.
const TAIL_CHARS: usize = 140;

fn lines<'t>(text: &'t str, each: impl Fn(Cow<'t, str>) -> Cow<'t, str>) -> String {
    text.split('\n').map(|line| each(harmless(line))).collect::<Vec<_>>().join("\n")
}

/// Without characters that do something to a terminal: controls, and marks that turn the direction of writing.
fn harmless(text: &str) -> Cow<'_, str> {
    let does_something = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(does_something) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| if matches!(c, '\t' | '\r') { ' ' } else { '\u{FFFD}' };
    Cow::Owned(text.chars().map(|c| if does_something(c) { shown(c) } else { c }).collect())
}

/// A long line without its middle.
fn clipped(line: Cow<'_, str>) -> Cow<'_, str> {
    let n_chars = line.chars().count();
    if n_chars <= LINE_CHARS_MAX {
        return line;
    }
    let head: String = line.chars().take(LINE_CHARS_MAX - TAIL_CHARS - 3).collect();
    let tail: String = line.chars().skip(n_chars - TAIL_CHARS).collect();
    Cow::Owned(format!("{head} … {tail}"))
}

/// JSON with every control character as an escape; serde leaves those beyond ASCII.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\n' => text.push(c),
            c if c.is_control() => text.push_str(&format!("\\u{:04x}", c as u32)),
            c => text.push(c),
        }
    }
    text
}

/// Columns aligned by their widest cell; numbers to the right.
pub fn table(header: &[&str], rows: &[Vec<String>]) {
    let one_line = |cell: &String| clipped(harmless(&cell.replace('\n', " "))).into_owned();
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(one_line).collect()).collect();
    let n = header.len();
    let width = |at: usize| {
        let cells = rows.iter().map(|row| columns_of(&row[at]));
        cells.chain([columns_of(header[at])]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..n).map(width).collect();
    let numeric = |at: usize| {
        !rows.is_empty()
            && rows.iter().all(|row| row[at].is_empty() || row[at].replace([',', ' '], "").parse::<f64>().is_ok())
    };
    let numeric: Vec<bool> = (0..n).map(numeric).collect();
    let print = |cells: &[String]| {
        let mut text = String::new();
        for (at, cell) in cells.iter().enumerate() {
            let space = " ".repeat(widths[at] - columns_of(cell));
            text.push_str(&if numeric[at] { format!("{space}{cell}  ") } else { format!("{cell}{space}  ") });
        }
        wide(text.trim_end());
    };
    print(&header.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    wide(&widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("  "));
    rows.iter().for_each(|row| print(row));
}

/// Terminal columns: CJK characters take two.
fn columns_of(text: &str) -> usize {
    let wide = |c: char| matches!(c as u32, 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd);
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

/// Thousands separated by spaces.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// With so many digits; what rounds to nothing has no sign.
pub fn number(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(rest) if !rest.contains(|c: char| ('1'..='9').contains(&c)) && value.is_finite() => rest.to_owned(),
        _ => text,
    }
}

/// What kind of file a name asks for.
pub enum Ending {
    Csv,
    Parquet,
}

pub fn ending_of(path: &Path) -> Result<Ending> {
    match path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).as_deref() {
        Some("csv") => Ok(Ending::Csv),
        Some("parquet") => Ok(Ending::Parquet),
        _ => {
            let message = format!("the output is '{}'; allowed: a name that ends in .csv or .parquet", path.display());
            Err(ServiceError::usage("output", message))
        }
    }
}

/// A progress bar on a terminal, nothing elsewhere.
pub struct Progress {
    bar: Mutex<Option<ProgressBar>>,
    is_stopped: Arc<AtomicBool>,
}

impl Progress {
    pub fn new(quiet: bool) -> Progress {
        let is_stopped = Arc::default();
        if quiet || !std::io::stderr().is_terminal() {
            return Progress { bar: Mutex::new(None), is_stopped };
        }
        let bar = ProgressBar::new(1000);
        let style = ProgressStyle::with_template("{bar:32} {percent:>3} %  {msg}").expect("a fixed template");
        bar.set_style(style);
        Progress { bar: Mutex::new(Some(bar)), is_stopped }
    }

    /// The same of work that keeps what it did when it is told to stop: Ctrl-C does not end the process, but answers the next
    /// report with `false`.
    pub fn stopped_by_ctrl_c(quiet: bool) -> Progress {
        let progress = Progress::new(quiet);
        let is_stopped = progress.is_stopped.clone();
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                is_stopped.store(true, Ordering::SeqCst);
            }
        });
        progress
    }

    pub fn report(&self, share: f64, message: &str) -> bool {
        if let Some(bar) = &*self.bar.lock().expect("no holder panics") {
            bar.set_position((share.clamp(0.0, 1.0) * 1000.0) as u64);
            bar.set_message(message.to_owned());
        }
        !self.is_stopped.load(Ordering::SeqCst)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Ok(Some(bar)) = self.bar.lock().map(|mut bar| bar.take()) {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_files_hold_does_nothing_to_a_terminal() {
        for (text, shown) in [
            ("plain 手机 é", "plain 手机 é"),
            ("two\nlines\tx\r", "two\nlines x "),
            ("\u{1b}[31mred\u{7}\u{9b}2J\u{7f}\0", "\u{FFFD}[31mred\u{FFFD}\u{FFFD}2J\u{FFFD}\u{FFFD}"),
            ("a\u{202e}b", "a\u{FFFD}b"),
        ] {
            assert_eq!(lines(text, clipped), shown, "{text:?}");
        }
        let long =
            format!("a.csv has no column for: sku. Its columns are: '{}'. Use a preset", "\u{1b}x".repeat(131_072));
        let shown = lines(&long, clipped);
        assert_eq!(shown.chars().count(), LINE_CHARS_MAX);
        assert!(shown.starts_with("a.csv has no column") && shown.ends_with("'. Use a preset"), "{shown}");
        assert_eq!(lines(&"x".repeat(500), |line| line).len(), 500);
        let value = serde_json::json!({"a": "\u{1b}\u{9b}\n岁"});
        let text = escaped(&format!("{value:#}"));
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn widths_and_counts() {
        for (text, columns) in [("abc", 3), ("手机", 4), ("14 寸 laptop", 12), ("", 0)] {
            assert_eq!(columns_of(text), columns, "{text}");
        }
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1 000"), (1_234_567, "1 234 567")] {
            assert_eq!(count(n), text);
        }
        for (value, text) in [
            (-0.00004, "0.0000"),
            (-0.0, "0.0000"),
            (-0.00006, "-0.0001"),
            (1.5, "1.5000"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(number(value, 4), text);
        }
    }
}
