//! From words and their places on pages to lines, paragraphs, headings and rows: what stands on one line is joined, with a
//! space where there is a gap and ` | ` where there is a wide one; lines of one paragraph are joined; what is larger than
//! the body is a heading; what repeats at the edge of pages goes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::content::Run;

/// A line of a page.
#[derive(Clone, Debug)]
struct Line {
    text: String,
    right: f64,
    base: f64,
    size: f64,
    /// Cells of a table stand in it.
    is_row: bool,
}

/// A gap that is a space, that parts columns, in sizes of the font.
const SPACE: f64 = 0.18;
const COLUMN: f64 = 2.0;
/// How much larger than the body a heading is.
const HEADING: f64 = 1.15;
const HEADING_CHARS_MAX: usize = 60;

/// The text of all pages.
pub fn text(pages: Vec<Vec<Run>>) -> String {
    let mut pages: Vec<Vec<Line>> = pages.into_iter().map(lines).collect();
    drop_repeated(&mut pages);
    let body = body_size(&pages);
    let depths = heading_sizes(&pages, body);
    let mut out = String::new();
    for lines in &pages {
        write(lines, body, &depths, &mut out);
    }
    out
}

/// Radicals of the supplement that are whole characters: Unicode maps two of them alone, and simplified ones (`⻔`, `⻓`) stand in many Chinese PDFs.
const SUPPLEMENT: &[(char, char)] = &[
    ('⺠', '民'),
    ('⻁', '虎'),
    ('⻄', '西'),
    ('⻅', '见'),
    ('⻆', '角'),
    ('⻉', '贝'),
    ('⻋', '车'),
    ('⻑', '長'),
    ('⻓', '长'),
    ('⻔', '门'),
    ('⻗', '雨'),
    ('⻘', '青'),
    ('⻙', '韦'),
    ('⻚', '页'),
    ('⻛', '风'),
    ('⻜', '飞'),
    ('⻝', '食'),
    ('⻢', '马'),
    ('⻣', '骨'),
    ('⻤', '鬼'),
    ('⻥', '鱼'),
    ('⻦', '鸟'),
    ('⻧', '卤'),
    ('⻨', '麦'),
    ('⻩', '黄'),
    ('⻪', '黾'),
    ('⻬', '齐'),
    ('⻮', '齿'),
    ('⻰', '龙'),
    ('⻱', '龜'),
];

/// Radicals as the characters that they look like: fonts share one shape for both (`⾦`, `金`), and PDF often names the radical, which no search
/// finds.
fn ideographs(text: &str) -> Cow<'_, str> {
    let is_radical = |character: char| matches!(character, '\u{2E80}'..='\u{2FDF}');
    if !text.contains(is_radical) {
        return Cow::Borrowed(text);
    }
    let plain = |character: char| {
        let known = SUPPLEMENT.iter().find(|(radical, _)| *radical == character).map(|(_, plain)| *plain);
        match is_radical(character) {
            true => known.or_else(|| character.nfkc().next()).unwrap_or(character),
            false => character,
        }
    };
    Cow::Owned(text.chars().map(plain).collect())
}

/// Joins runs in the order in which they were written; readers of screens rely on that order too.
fn lines(runs: Vec<Run>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for run in runs {
        match lines.last_mut() {
            Some(line) if goes_on(line, &run) => join(line, &run),
            _ => lines.push(Line { text: run.text, right: run.right, base: run.base, size: run.size, is_row: false }),
        }
    }
    for line in &mut lines {
        line.text = ideographs(&line.text).split_whitespace().collect::<Vec<_>>().join(" ");
    }
    lines.retain(|line| !line.text.is_empty());
    lines
}

fn goes_on(line: &Line, run: &Run) -> bool {
    let size = line.size.max(run.size);
    (run.base - line.base).abs() < 0.45 * size && run.left > line.right - 1.2 * size
}

fn join(line: &mut Line, run: &Run) {
    let gap = (run.left - line.right) / line.size.max(run.size);
    let ends_open = line.text.ends_with(char::is_whitespace) || run.text.starts_with(char::is_whitespace);
    let is_wide = |text: Option<char>| text.is_some_and(is_ideograph);
    if gap > COLUMN && !line.text.trim().is_empty() && !run.text.trim().is_empty() {
        line.text.push_str(" | ");
        line.is_row = true;
    } else if gap > SPACE && !ends_open {
        // Between Chinese characters gaps are the fitting of the line.
        let both = is_wide(line.text.chars().next_back()) && is_wide(run.text.chars().next());
        if !both || gap > 0.8 {
            line.text.push(' ');
        }
    }
    line.text.push_str(&run.text);
    line.right = line.right.max(run.right);
    // What is small, such as a raised number, does not make the line small.
    if run.size > line.size {
        (line.size, line.base) = (run.size, run.base);
    }
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{2E80}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Takes away heads, feet and numbers of pages.
fn drop_repeated(pages: &mut [Vec<Line>]) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for lines in pages.iter() {
        for at in edges(lines) {
            *counts.entry(without_digits(&lines[at].text)).or_default() += 1;
        }
    }
    let most = (pages.len() / 2).max(2);
    for lines in pages.iter_mut() {
        let mut gone: Vec<usize> = edges(lines)
            .into_iter()
            .filter(|&at| {
                let text = without_digits(&lines[at].text);
                let is_number = !text.chars().any(char::is_alphabetic) && lines[at].text.chars().count() <= 12;
                counts[&text] > most || is_number && lines.len() > 1 && text.contains('0')
            })
            .collect();
        gone.sort_unstable_by(|a, b| b.cmp(a));
        gone.dedup();
        gone.into_iter().for_each(|at| {
            lines.remove(at);
        });
    }
}

/// The two highest and the two lowest lines of a page.
fn edges(lines: &[Line]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by(|&a, &b| lines[b].base.total_cmp(&lines[a].base));
    let n = order.len();
    if n <= 4 { order } else { [order[0], order[1], order[n - 2], order[n - 1]].to_vec() }
}

fn without_digits(text: &str) -> String {
    text.chars().map(|c| if c.is_numeric() { '0' } else { c }).collect()
}

/// Tenths of a unit, so that sizes can be counted.
fn tenths(size: f64) -> i64 {
    (size * 10.0).round().clamp(0.0, 1e6) as i64
}

/// The size in which most characters are.
fn body_size(pages: &[Vec<Line>]) -> f64 {
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for line in pages.iter().flatten() {
        *counts.entry(tenths(line.size)).or_default() += line.text.chars().count();
    }
    let most = counts.iter().max_by_key(|(size, n)| (**n, std::cmp::Reverse(**size)));
    most.map_or(10.0, |(size, _)| *size as f64 / 10.0)
}

/// Sizes of headings, largest first.
fn heading_sizes(pages: &[Vec<Line>], body: f64) -> Vec<i64> {
    let mut sizes: Vec<i64> =
        pages.iter().flatten().filter(|line| is_heading(line, body)).map(|line| tenths(line.size)).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes.dedup();
    sizes
}

fn is_heading(line: &Line, body: f64) -> bool {
    let n = line.text.chars().count();
    line.size >= HEADING * body
        && n <= HEADING_CHARS_MAX
        && !line.is_row
        && line.text.chars().any(char::is_alphabetic)
        && !line.text.ends_with(['。', '，', ',', '；', ';'])
}

fn write(lines: &[Line], body: f64, depths: &[i64], out: &mut String) {
    let right = lines.iter().filter(|line| !line.is_row).map(|line| line.right).fold(f64::MIN, f64::max);
    let mut last: Option<&Line> = None;
    for line in lines {
        if is_heading(line, body) {
            let depth = depths.iter().position(|size| *size == tenths(line.size)).unwrap_or(0).min(3) + 1;
            end_line(out);
            out.push('\n');
            out.push_str(&"#".repeat(depth));
            out.push(' ');
            out.push_str(&line.text);
            out.push('\n');
            last = None;
            continue;
        }
        match last {
            Some(before) if is_same_paragraph(before, line, right) => {
                if out.ends_with('-') && line.text.starts_with(char::is_lowercase) {
                    out.pop();
                } else if !(out.ends_with(is_ideograph) && line.text.starts_with(is_ideograph)) {
                    out.push(' ');
                }
            }
            Some(before) => {
                end_line(out);
                if before.base - line.base > 1.9 * before.size.max(line.size) {
                    out.push('\n');
                }
            }
            None => end_line(out),
        }
        out.push_str(&line.text);
        last = Some(line);
    }
    end_line(out);
}

fn end_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

/// Whether a line goes on where the one before was full.
fn is_same_paragraph(before: &Line, line: &Line, right: f64) -> bool {
    let size = before.size.max(line.size);
    let gap = before.base - line.base;
    let is_next = gap > 0.0 && gap < 1.9 * size && (before.size - line.size).abs() < 0.1 * size;
    let was_full = before.right > right - 3.0 * size;
    is_next && was_full && !before.is_row && !line.is_row && !begins_item(&line.text)
}

/// `• x`, `- x`, `1. x`, `（1）x`, `第一步`.
fn begins_item(text: &str) -> bool {
    let mut characters = text.chars();
    match characters.next() {
        Some('•' | '·' | '●' | '■' | '◆' | '-' | '–' | '*' | '(' | '（' | '【') => true,
        Some('第') => true,
        Some(first) if first.is_ascii_digit() => {
            text.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(['.', '、', ')', '）'])
        }
        Some('一'..='十') => characters.next() == Some('、'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radicals_become_the_characters_that_they_look_like() {
        assert_eq!(ideographs("押⾦⼈民币"), "押金人民币");
        assert_eq!(ideographs("押金"), "押金");
        assert_eq!(ideographs("送回⻔店，⻓⻚⻅背面"), "送回门店，长页见背面");
    }
}
