//! Markdown to the same text without what is only form: front matter is taken off, links and pictures become their
//! words, marks of bold and code go, headings in both ways of writing become `#` lines. What is not Markdown passes as it is.

use super::{Document, list_of_ids};

/// Reads a Markdown file.
pub fn read(text: &str) -> Document {
    let (front, body) = front_matter(text);
    let mut document = front.map(fields).unwrap_or_default();
    document.text = plain(body);
    if document.title.is_none() {
        let heading = document.text.lines().find_map(|line| line.strip_prefix("# ").or(line.strip_prefix("## ")));
        document.title = heading.map(str::to_owned);
    }
    document
}

/// What stands between two lines of `---` at the very beginning, and the rest.
fn front_matter(text: &str) -> (Option<&str>, &str) {
    let Some(rest) = text.strip_prefix("---\n") else { return (None, text) };
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            return (Some(&rest[..at]), &rest[at + line.len()..]);
        }
        at += line.len();
    }
    (None, text)
}

/// `key: value` lines; lists as `[a, b]` or as `- a` lines below their key.
fn fields(front: &str) -> Document {
    let mut document = Document::default();
    let mut key = String::new();
    for line in front.lines() {
        if let Some(item) = line.trim_start().strip_prefix("- ") {
            if is_products(&key) {
                document.product_ids.push(unquoted(item).to_owned());
            }
            continue;
        }
        let Some((name, value)) = line.split_once(':').filter(|_| !line.starts_with([' ', '\t', '#'])) else {
            continue;
        };
        key = name.trim().to_lowercase();
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        let text = unquoted(value).to_owned();
        match key.as_str() {
            "title" => document.title = Some(text),
            "document_id" | "id" => document.id = Some(text),
            "source" | "url" => document.source = Some(text),
            "version" => document.version = Some(text),
            key if is_products(key) => document.product_ids = list_of_ids(value),
            _ => document.extra.push((name.trim().to_owned(), text)),
        }
    }
    document
}

fn is_products(key: &str) -> bool {
    matches!(key, "product_ids" | "products" | "product_id" | "适用商品")
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inside = |mark: char| text.strip_prefix(mark).and_then(|text| text.strip_suffix(mark));
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

fn plain(body: &str) -> String {
    let body = without_comments(body);
    let mut out = String::with_capacity(body.len());
    let mut fence: Option<&str> = None;
    // Where the line before begins, if it may be a heading that is underlined.
    let mut last: Option<usize> = None;
    for line in body.lines() {
        let trimmed = line.trim_start();
        let opens = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
        if let Some(mark) = opens
            && fence.is_none_or(|open| open == mark)
        {
            fence = fence.is_none().then_some(mark);
            last = None;
            continue;
        }
        if fence.is_some() {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let underline = trimmed.trim_end();
        let depth = match underline.bytes().next() {
            Some(b'=') if underline.bytes().all(|byte| byte == b'=') => Some("# "),
            Some(b'-') if underline.len() > 1 && underline.bytes().all(|byte| byte == b'-') => Some("## "),
            _ => None,
        };
        if let (Some(mark), Some(at)) = (depth, last) {
            out.insert_str(at, mark);
            last = None;
            continue;
        }
        if is_rule(underline) {
            last = None;
            continue;
        }
        let start = out.len();
        push_line(line.trim_end(), &mut out);
        let is_plain = !trimmed.is_empty() && !trimmed.starts_with(['#', '|', '>', '-', '*', '+']);
        last = is_plain.then_some(start);
        out.push('\n');
    }
    out
}

/// `---`, `***`, and the line between the head and the body of a table.
fn is_rule(line: &str) -> bool {
    let marks = line.bytes().filter(|byte| matches!(byte, b'-' | b'*' | b'_')).count();
    marks >= 3 && line.bytes().all(|byte| matches!(byte, b'-' | b'*' | b'_' | b'|' | b':' | b' '))
}

fn push_line(line: &str, out: &mut String) {
    let trimmed = line.trim_start();
    if let Some(row) = trimmed.strip_prefix('|') {
        let cells: Vec<String> =
            row.strip_suffix('|').unwrap_or(row).split('|').map(|cell| inline(cell.trim())).collect();
        return out.push_str(cells.join(" | ").trim());
    }
    let marks = trimmed.bytes().take_while(|byte| *byte == b'#').count();
    if (1..=6).contains(&marks) && trimmed[marks..].starts_with([' ', '\t']) {
        let words = trimmed[marks..].trim().trim_end_matches('#').trim_end();
        out.push_str(&trimmed[..marks]);
        out.push(' ');
        return out.push_str(&inline(words));
    }
    let indent = line.len() - trimmed.len();
    out.push_str(&line[..indent]);
    let quoted = trimmed.trim_start_matches(['>', ' ']);
    let text = if trimmed.starts_with('>') { quoted } else { trimmed };
    match ["* ", "+ "].into_iter().find_map(|mark| text.strip_prefix(mark)) {
        Some(item) => {
            out.push_str("- ");
            out.push_str(&inline(item));
        }
        None => out.push_str(&inline(text)),
    }
}

/// The words of a line: `[text](address)` is its text, `**bold**` is bold, `` `code` `` is code, `\*` is `*`.
fn inline(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    // Marks that have no partner are found out once for the line.
    let has_link = line.contains("](");
    while let Some(at) = rest.find(['[', '!', '*', '_', '`', '\\']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if has_link && let Some((words, left)) = link(rest) {
            out.push_str(words);
            rest = left;
            continue;
        }
        if let Some(left) = ["**", "__", "`"].into_iter().find_map(|mark| rest.strip_prefix(mark)) {
            rest = left;
            continue;
        }
        let mut characters = rest.chars();
        let mark = characters.next();
        match (mark, characters.clone().next()) {
            (Some('\\'), Some(next)) if next.is_ascii_punctuation() => {
                characters.next();
                out.push(next);
            }
            (Some(mark), _) => out.push(mark),
            (None, _) => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out
}

/// Longest words and address of a link, so that a line of brackets costs no more than it should.
const LINK_BYTES_MAX: usize = 2000;

fn link(text: &str) -> Option<(&str, &str)> {
    let words = text.strip_prefix('!').unwrap_or(text).strip_prefix('[')?;
    let end = words.bytes().take(LINK_BYTES_MAX).position(|byte| byte == b']' || byte == b'[')?;
    let address = words[end..].strip_prefix("](")?;
    let close = address.bytes().take(LINK_BYTES_MAX).position(|byte| byte == b')')?;
    Some((&words[..end], &address[close + 1..]))
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("<!--") {
        out.push_str(&rest[..at]);
        match rest[at..].find("-->") {
            Some(end) => rest = &rest[at + end + 3..],
            None => return out,
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_and_words_stay() {
        let text = "---\ntitle: \"退货: 说明\"\nproduct_ids: [P1, 'P2']\nauthor: 客服部\nid: returns\n---\n\
            退货\n====\n\n七天内**可退**，见[条款](https://example.com/a_b)。\n<!-- 内部 -->\n怎么申请\n----\n* 打开`订单`\n\
            + 点击\\*申请\\*\n\n| 项 | 值 |\n|---|:-:|\n| 重量 | 1 kg |\n\n![图](a.png)\n***\n## 结束 ##\n```sh\n# not a heading *x*\n```\n> 引用\n";
        let read = read(text);
        assert_eq!((read.title.as_deref(), read.id.as_deref()), (Some("退货: 说明"), Some("returns")));
        assert_eq!(read.product_ids, ["P1", "P2"]);
        assert_eq!(read.extra, [("author".to_owned(), "客服部".to_owned())]);
        let expected = "# 退货\n\n七天内可退，见条款。\n\n## 怎么申请\n- 打开订单\n- 点击*申请*\n\n项 | 值\n重量 | 1 kg\n\n图\n\
            ## 结束\n# not a heading *x*\n引用\n";
        assert_eq!(read.text, expected);
    }

    #[test]
    fn front_matter_is_taken_only_where_it_is() {
        let list = read("---\nproducts:\n  - A\n  - B\n---\n# T\nx");
        assert_eq!((list.product_ids, list.title), (vec!["A".to_owned(), "B".to_owned()], Some("T".to_owned())));
        assert_eq!(read("---\nno end").text, "no end\n");
        assert_eq!(read("a\n---\n").text, "## a\n");
        for piece in ["[", "](", "**", "<!--", "|", "\\", "---\n", "["] {
            let _ = read(&piece.repeat(100_000));
        }
    }
}
