//! Long documents cut into pieces that can be found and cited: at headings first, then at paragraphs and sentences, with
//! some overlap so that no answer is cut in two. Every piece knows its bytes in the document and the headings above it.

use std::ops::Range;

/// How large pieces are, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkSizes {
    /// A piece has at most this many.
    pub most: usize,
    /// So many of a piece, whole sentences at most, stand in the next one too; less than half of `most`.
    pub overlap: usize,
}

impl Default for ChunkSizes {
    fn default() -> Self {
        ChunkSizes { most: 600, overlap: 80 }
    }
}

/// A piece of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Bytes of the document; they begin and end between characters and hold something to read.
    pub range: Range<usize>,
    /// The headings it stands under, outermost first, without their marks.
    pub headings: Vec<String>,
}

/// The longest line that is a heading, in characters.
const HEADING_MAX: usize = 60;
/// Headings within headings.
const DEPTH_MAX: usize = 6;

/// The pieces of a document, in order. Together they hold all that can be read, but for headings.
pub fn chunks(text: &str, sizes: ChunkSizes) -> Vec<Chunk> {
    let most = sizes.most.max(16);
    let overlap = sizes.overlap.min(most / 2 - 1);
    let mut all = Vec::new();
    let mut headings: Vec<(usize, String)> = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some((depth, heading)) = heading(line) {
            pieces(text, start..at, &headings, most, overlap, &mut all);
            headings.retain(|(above, _)| *above < depth);
            headings.push((depth, heading));
            start = at + line.len();
        }
        at += line.len();
    }
    pieces(text, start..text.len(), &headings, most, overlap, &mut all);
    all
}

/// The depth and words of a heading: `## 充电`, `第三章 保养`, `2.1 Charging`, `一、保修范围`.
fn heading(line: &str) -> Option<(usize, String)> {
    let line = line.trim();
    if line.is_empty() || line.chars().nth(HEADING_MAX).is_some() {
        return None;
    }
    let marks = line.bytes().take_while(|byte| *byte == b'#').count();
    if (1..=DEPTH_MAX).contains(&marks) && line[marks..].starts_with(' ') {
        return Some((marks, line[marks..].trim().to_owned()));
    }
    if line.ends_with(['。', '！', '？', '；', '.', '!', '?', ';', ',', '，', ':', '：']) {
        return None;
    }
    if let Some(rest) = line.strip_prefix('第')
        && let Some((number, rest)) = rest.split_once(['章', '节', '部', '篇'])
        && is_number(number)
        && rest.chars().next().is_none_or(|first| first.is_whitespace() || first == '、')
    {
        return Some((1, line.to_owned()));
    }
    if let Some((number, rest)) = line.split_once('、')
        && is_number(number)
        && number.chars().count() <= 3
        && !rest.trim().is_empty()
    {
        let is_chinese = !number.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
        return is_chinese.then(|| (2, line.to_owned()));
    }
    let (number, rest) = line.split_once(' ')?;
    let parts: Vec<&str> = number.trim_end_matches('.').split('.').collect();
    let counts =
        parts.iter().all(|part| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()));
    (counts && parts.len() >= 2 && parts.len() <= DEPTH_MAX && !rest.trim().is_empty())
        .then(|| (parts.len(), line.to_owned()))
}

fn is_number(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|character| character.is_ascii_digit() || "零一二三四五六七八九十百".contains(character))
}

/// Adds the pieces of a part without headings.
fn pieces(
    text: &str,
    part: Range<usize>,
    headings: &[(usize, String)],
    most: usize,
    overlap: usize,
    all: &mut Vec<Chunk>,
) {
    let sentences = sentences(text, part, most);
    let mut first = 0;
    while first < sentences.len() {
        let (mut last, mut n) = (first, sentences[first].1);
        while last + 1 < sentences.len() && n + sentences[last + 1].1 <= most {
            last += 1;
            n += sentences[last].1;
        }
        let range = trimmed(text, sentences[first].0.start..sentences[last].0.end);
        if !range.is_empty() {
            all.push(Chunk { range, headings: headings.iter().map(|(_, heading)| heading.clone()).collect() });
        }
        if last + 1 >= sentences.len() {
            return;
        }
        // The next piece begins with the last sentences of this one, as long as they are few enough.
        let (mut next, mut repeated) = (last + 1, 0);
        while next > first + 1 && repeated + sentences[next - 1].1 <= overlap {
            next -= 1;
            repeated += sentences[next].1;
        }
        // Something new must fit beside what is repeated.
        while next <= last && repeated + sentences[last + 1].1 > most {
            repeated -= sentences[next].1;
            next += 1;
        }
        first = next;
    }
}

/// Sentences and lines with their numbers of characters; longer ones than `most` are cut.
fn sentences(text: &str, part: Range<usize>, most: usize) -> Vec<(Range<usize>, usize)> {
    let mut all = Vec::new();
    let (mut start, mut n) = (part.start, 0);
    let mut characters = text[part.clone()].char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        n += 1;
        let end = part.start + at + character.len_utf8();
        let next = characters.peek().map(|(_, next)| *next);
        let ends = match character {
            '。' | '！' | '？' | '；' | '\n' => true,
            '.' | '!' | '?' => next.is_none_or(char::is_whitespace),
            _ => false,
        };
        if ends || n == most || next.is_none() {
            all.push((start..end, n));
            (start, n) = (end, 0);
        }
    }
    all
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let piece = &text[range.clone()];
    let start = range.start + (piece.len() - piece.trim_start().len());
    start..start + piece.trim().len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headings_are_kept_with_their_pieces() {
        let text = "前言在此。\n# 手机\n## 充电\n请用原装充电器。\n## 保养\n请勿进水。\n第二章 保修\n一、范围\n一年。\n2.1 Returns\nSeven days.\n";
        let found: Vec<(String, String)> = chunks(text, ChunkSizes::default())
            .into_iter()
            .map(|chunk| (chunk.headings.join(" > "), text[chunk.range].to_owned()))
            .collect();
        let wanted = [
            ("", "前言在此。"),
            ("手机 > 充电", "请用原装充电器。"),
            ("手机 > 保养", "请勿进水。"),
            ("第二章 保修 > 一、范围", "一年。"),
            ("第二章 保修 > 2.1 Returns", "Seven days."),
        ];
        assert_eq!(found, wanted.map(|(headings, text)| (headings.to_owned(), text.to_owned())));
    }

    #[test]
    fn long_texts_overlap() {
        let text: String = (0..100).map(|at| format!("这是第{at}句话。")).collect();
        let found = chunks(&text, ChunkSizes { most: 50, overlap: 10 });
        assert!(found.len() > 15);
        for two in found.windows(2) {
            assert!(two[1].range.start < two[0].range.end, "{two:?}");
            assert!(two[1].range.end > two[0].range.end && two[1].range.start > two[0].range.start);
        }
        assert!(chunks(&"长".repeat(1_000_000), ChunkSizes::default()).len() > 1600);
        assert!(chunks(" \n\t\n", ChunkSizes::default()).is_empty());
    }

    proptest! {
        #[test]
        fn everything_to_read_is_in_some_piece(
            text in "([a-d]{1,9}|[。.!\n# ]|[一二三]、|第[一二]章 |手机){0,60}",
            most in 0usize..40,
            overlap in 0usize..60,
        ) {
            let found = chunks(&text, ChunkSizes { most, overlap });
            let mut read = vec![false; text.len()];
            for chunk in &found {
                prop_assert!(text[chunk.range.clone()].chars().count() <= most.max(16));
                prop_assert!(!text[chunk.range.clone()].trim().is_empty());
                read[chunk.range.clone()].iter_mut().for_each(|read| *read = true);
            }
            let mut at = 0;
            for line in text.split_inclusive('\n') {
                if heading(line).is_none() {
                    let unread = line.char_indices().filter(|(_, character)| !character.is_whitespace());
                    prop_assert!(unread.into_iter().all(|(own, _)| read[at + own]), "{:?} of {:?}", line, text);
                }
                at += line.len();
            }
        }
    }
}
