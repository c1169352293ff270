//! The words of an index, for what is not written as it is: misspelt English, Chinese typed by its sound or with the
//! wrong characters. Made anew with every snapshot from the index's own words. What a correction is worth is not
//! decided here.

use std::collections::BTreeMap;

use super::sounds::{blurred, readings};

/// A word's neighbours, at most.
const NEIGHBOURS_MAX: usize = 6;
/// Changed letters are looked for in words of up to this many bytes.
const LENGTH_MAX: usize = 24;

#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// Words in letters, in order, with the entries that have them.
    words: Vec<(String, u32)>,
    /// Words in ideographs.
    heard: Vec<(String, u32)>,
    /// Sounds in full, blurred, in order, and the word that sounds so.
    sounds: Vec<(String, u32)>,
    /// First letters, in order.
    initials: Vec<(String, u32)>,
}

/// A word that may have been meant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Neighbour {
    pub word: String,
    pub n_entries: u32,
    /// Changed, missing, added or swapped letters.
    pub distance: usize,
}

impl Vocabulary {
    pub fn new(words: BTreeMap<String, u32>, heard: BTreeMap<String, u32>) -> Self {
        let heard: Vec<(String, u32)> = heard.into_iter().collect();
        let (mut sounds, mut initials) = (Vec::new(), Vec::new());
        for ((word, _), at) in heard.iter().zip(0u32..) {
            for (full, first) in readings(word) {
                sounds.push((blurred(&full), at));
                initials.push((first, at));
            }
        }
        for list in [&mut sounds, &mut initials] {
            list.sort_unstable();
            list.dedup();
        }
        Vocabulary { words: words.into_iter().collect(), heard, sounds, initials }
    }

    /// Entries that have this word in letters.
    pub fn n_with(&self, word: &str) -> u32 {
        self.words.binary_search_by(|(known, _)| known.as_str().cmp(word)).map_or(0, |at| self.words[at].1)
    }

    /// Words that sound as `sound` (pinyin in full), by the entries that have them.
    pub fn sounding(&self, sound: &str) -> Vec<(&str, u32)> {
        self.of(&self.sounds, &blurred(sound))
    }

    /// Words of which `letters` are the first letters.
    pub fn beginning(&self, letters: &str) -> Vec<(&str, u32)> {
        self.of(&self.initials, letters)
    }

    fn of<'a>(&'a self, list: &'a [(String, u32)], key: &str) -> Vec<(&'a str, u32)> {
        let start = list.partition_point(|(known, _)| known.as_str() < key);
        let same = list[start..].iter().take_while(|(known, _)| known == key);
        let mut found: Vec<(&str, u32)> =
            same.map(|(_, at)| &self.heard[*at as usize]).map(|(word, n)| (word.as_str(), *n)).collect();
        found.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        found.truncate(NEIGHBOURS_MAX);
        found
    }

    /// Letters without spaces as sounds of words, fewest words first: `xiaomishouji` as `xiaomi` and `shouji`.
    pub fn sounds_within(&self, letters: &str) -> Option<Vec<std::ops::Range<usize>>> {
        if letters.len() > LENGTH_MAX * 2 || !letters.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return None;
        }
        self.split(letters, 3, |part| !self.sounding(part).is_empty())
    }

    /// Letters without spaces as words: `airpods` as `air` and `pods`.
    pub fn words_within(&self, letters: &str) -> Option<Vec<std::ops::Range<usize>>> {
        let parts = self.split(letters, 3, |part| self.n_with(part) > 0)?;
        (parts.len() == 2).then_some(parts)
    }

    fn split(&self, text: &str, least: usize, is_word: impl Fn(&str) -> bool) -> Option<Vec<std::ops::Range<usize>>> {
        let n = text.len();
        if !text.is_ascii() || n < 2 * least || n > LENGTH_MAX * 2 {
            return None;
        }
        // The fewest parts that end at each place, and where the last of them begins.
        let mut best: Vec<Option<(usize, usize)>> = vec![None; n + 1];
        best[0] = Some((0, 0));
        for end in least..=n {
            for start in (end.saturating_sub(LENGTH_MAX)..=end - least).rev() {
                let Some((parts, _)) = best[start] else { continue };
                if best[end].is_none_or(|(fewest, _)| parts + 1 < fewest) && is_word(&text[start..end]) {
                    best[end] = Some((parts + 1, start));
                }
            }
        }
        let (mut parts, mut end) = (Vec::new(), n);
        while end > 0 {
            let (_, start) = best[end]?;
            parts.push(start..end);
            end = start;
        }
        parts.reverse();
        Some(parts)
    }

    /// Words within `distance_max` changes (a swap of neighbours is one, Damerau 1964), the nearest and then the most
    /// frequent first. With two changes the first letter must be right.
    pub fn neighbours(&self, word: &str, distance_max: usize) -> Vec<Neighbour> {
        let wanted = word.as_bytes();
        if distance_max == 0 || wanted.is_empty() || wanted.len() > LENGTH_MAX || !word.is_ascii() {
            return Vec::new();
        }
        let mut found = Vec::new();
        near(&self.words, wanted, 1, &mut found);
        if distance_max > 1 {
            let start = self.words.partition_point(|(known, _)| known.as_bytes() < &wanted[..1]);
            let end = start + self.words[start..].partition_point(|(known, _)| known.as_bytes()[0] == wanted[0]);
            near(&self.words[start..end], wanted, 2, &mut found);
        }
        found.sort_by(|a: &Neighbour, b| {
            a.distance.cmp(&b.distance).then(b.n_entries.cmp(&a.n_entries)).then(a.word.cmp(&b.word))
        });
        found.dedup_by(|a, b| a.word == b.word);
        found.truncate(NEIGHBOURS_MAX);
        found
    }
}

/// Walks the words in order, keeping the rows of the distances of their common beginnings; where every number of a row
/// is above `most`, all words that begin so are passed over.
fn near(words: &[(String, u32)], wanted: &[u8], most: usize, found: &mut Vec<Neighbour>) {
    let width = wanted.len() + 1;
    let mut rows = vec![0u8; width * (LENGTH_MAX + 1)];
    (0..width).for_each(|at| rows[at] = at as u8);
    let mut last: &[u8] = &[];
    let mut at = 0;
    while let Some((word, n_entries)) = words.get(at) {
        let letters = word.as_bytes();
        at += 1;
        if letters.len() > LENGTH_MAX {
            continue;
        }
        let common = letters.iter().zip(last).take_while(|(a, b)| a == b).count();
        last = letters;
        let dead = (common..letters.len()).find(|&depth| row_after(&mut rows, width, letters, wanted, depth) > most);
        if let Some(depth) = dead {
            let prefix = &letters[..=depth];
            last = prefix;
            at += words[at..].partition_point(|(other, _)| other.as_bytes().starts_with(prefix));
            continue;
        }
        let distance = usize::from(rows[letters.len() * width + width - 1]);
        if distance <= most && distance > 0 {
            found.push(Neighbour { word: word.clone(), n_entries: *n_entries, distance });
        }
    }
}

/// Fills the row after the letter at `depth`; its least number.
fn row_after(rows: &mut [u8], width: usize, letters: &[u8], wanted: &[u8], depth: usize) -> usize {
    let (before, rest) = rows.split_at_mut((depth + 1) * width);
    let (above, row) = (&before[depth * width..], &mut rest[..width]);
    row[0] = depth as u8 + 1;
    let mut least = row[0];
    for column in 1..width {
        let change = u8::from(letters[depth] != wanted[column - 1]);
        let mut value = (above[column - 1] + change).min(above[column] + 1).min(row[column - 1] + 1);
        if depth > 0 && column > 1 && letters[depth] == wanted[column - 2] && letters[depth - 1] == wanted[column - 1] {
            value = value.min(before[(depth - 1) * width + column - 2] + 1);
        }
        row[column] = value;
        least = least.min(value);
    }
    // A swap reaches over one row, so the row above may still lead to a neighbour.
    usize::from(least.min(above.iter().copied().min().unwrap_or(0).saturating_add(u8::from(least > 0))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain_distance(a: &[u8], b: &[u8]) -> usize {
        let mut d = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                d[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let mut best =
                        (d[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1])).min(d[i - 1][j] + 1).min(d[i][j - 1] + 1);
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        best = best.min(d[i - 2][j - 2] + 1);
                    }
                    best
                };
            }
        }
        d[a.len()][b.len()]
    }

    fn vocabulary(words: &[&str], heard: &[&str]) -> Vocabulary {
        let count = |words: &[&str]| words.iter().map(|word| ((*word).to_owned(), 1)).collect();
        Vocabulary::new(count(words), count(heard))
    }

    proptest! {
        #[test]
        fn neighbours_are_those_of_every_distance(
            words in prop::collection::btree_set("[ab-d]{1,6}", 1..5),
            word in "[abc]{2,6}",
        ) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let found: Vec<(String, usize)> =
                vocabulary(&words, &[]).neighbours(&word, 2).into_iter().map(|near| (near.word, near.distance)).collect();
            let mut wanted: Vec<(String, usize)> = words
                .iter()
                .map(|other| ((*other).to_owned(), plain_distance(word.as_bytes(), other.as_bytes())))
                .filter(|(other, d)| *d == 1 || *d == 2 && other.as_bytes()[0] == word.as_bytes()[0])
                .collect();
            wanted.sort_by(|a, b| a.1.cmp(&b.1).then(a.0.cmp(&b.0)));
            wanted.truncate(NEIGHBOURS_MAX);
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn words_are_heard() {
        let words = vocabulary(&["air", "pods", "galaxy"], &["华为", "小米", "手机", "中兴", "乐视"]);
        assert_eq!(words.sounding("huawei"), [("华为", 1)]);
        assert_eq!(words.sounding("zongxin"), [("中兴", 1)]);
        assert_eq!(words.sounding("leshi"), [("乐视", 1)]);
        assert_eq!(words.beginning("hw"), [("华为", 1)]);
        assert_eq!(words.sounds_within("xiaomishouji"), Some(vec![0..6, 6..12]));
        assert_eq!(words.words_within("airpods"), Some(vec![0..3, 3..7]));
        assert_eq!(words.sounds_within("xiaomixyz"), None);
        assert_eq!(words.neighbours("glaaxy", 2).len(), 1);
        assert_eq!(words.neighbours("galxay", 1)[0].word, "galaxy");
        assert!(words.neighbours("", 2).is_empty() && words.neighbours(&"x".repeat(99), 2).is_empty());
    }
}
