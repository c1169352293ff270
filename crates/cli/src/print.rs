//! What people and programs get to see: tables, JSON, progress.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

/// One JSON document on stdout. A closed pipe is no failure.
pub fn json(value: &Value) {
    let _ = writeln!(std::io::stdout(), "{value:#}");
}

pub fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Columns aligned by their widest cell; numbers to the right.
pub fn table(header: &[&str], rows: &[Vec<String>]) {
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
        line(text.trim_end());
    };
    print(&header.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    line(&widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("  "));
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

/// A progress bar on a terminal, nothing elsewhere.
pub struct Progress {
    bar: Mutex<Option<ProgressBar>>,
}

impl Progress {
    pub fn new(quiet: bool) -> Progress {
        if quiet || !std::io::stderr().is_terminal() {
            return Progress { bar: Mutex::new(None) };
        }
        let bar = ProgressBar::new(1000);
        let style = ProgressStyle::with_template("{bar:32} {percent:>3} %  {msg}").expect("a fixed template");
        bar.set_style(style);
        Progress { bar: Mutex::new(Some(bar)) }
    }

    pub fn report(&self, share: f64, message: &str) -> bool {
        if let Some(bar) = &*self.bar.lock().expect("no holder panics") {
            bar.set_position((share.clamp(0.0, 1.0) * 1000.0) as u64);
            bar.set_message(message.to_owned());
        }
        true
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
    fn widths_and_counts() {
        for (text, columns) in [("abc", 3), ("手机", 4), ("14 寸 laptop", 12), ("", 0)] {
            assert_eq!(columns_of(text), columns, "{text}");
        }
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1 000"), (1_234_567, "1 234 567")] {
            assert_eq!(count(n), text);
        }
    }
}
