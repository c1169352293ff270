//! What two versions of a document have in common, piece by piece, as they are cited: pieces that both have, in order, and
//! between those what was added, removed or changed. Not here: which versions there are (`versions`).

use std::ops::Range;

use language::search::{Chunk, ChunkSizes, chunks};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::ChangeKind;

/// A difference between two versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangedChunk {
    pub kind: ChangeKind,
    /// Headings, outermost first; those of the new version unless it was removed.
    pub sections: Vec<String>,
    /// As it is now; none if it was removed.
    pub text: Option<String>,
    /// As it was; none if it was added.
    pub was: Option<String>,
}

/// The differences, in the order of the new version, and how many pieces both have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChunkChanges {
    pub changes: Vec<ChangedChunk>,
    pub n_same: usize,
}

/// The table of a longest common subsequence has at most this many places; a longer stretch without a piece that stands once
/// on both sides counts as replaced.
const TABLE_MAX: usize = 1_000_000;

/// One piece: its headings and its words.
type Piece<'a> = (Vec<String>, &'a str);

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let piece = |Chunk { range, headings }: Chunk| (headings, &text[range]);
    chunks(text, ChunkSizes::default()).into_iter().map(piece).collect()
}

/// What is different in `now`.
pub fn chunk_changes(was: &str, now: &str) -> ChunkChanges {
    let (was, now) = (pieces(was), pieces(now));
    let mut found = ChunkChanges::default();
    let (mut left, mut right) = (0, 0);
    for (a, b) in common(&was, &now).into_iter().chain([(was.len(), now.len())]) {
        between(&was[left..a], &now[right..b], &mut found.changes);
        found.n_same += usize::from(a < was.len());
        (left, right) = (a + 1, b + 1);
    }
    found
}

/// A stretch that has nothing in common: pieces under the same headings are one that changed.
fn between(was: &[Piece<'_>], now: &[Piece<'_>], changes: &mut Vec<ChangedChunk>) {
    let removed = |(sections, text): &Piece<'_>| ChangedChunk {
        kind: ChangeKind::Removed,
        sections: sections.clone(),
        text: None,
        was: Some((*text).to_owned()),
    };
    let mut rest = was;
    for (sections, text) in now {
        let at = rest.iter().position(|(before, _)| before == sections);
        let before = at.map(|at| {
            changes.extend(rest[..at].iter().map(removed));
            let before = rest[at].1.to_owned();
            rest = &rest[at + 1..];
            before
        });
        changes.push(ChangedChunk {
            kind: if before.is_some() { ChangeKind::Changed } else { ChangeKind::Added },
            sections: sections.clone(),
            text: Some((*text).to_owned()),
            was: before,
        });
    }
    changes.extend(rest.iter().map(removed));
}

/// Places of pieces that both have, ascending on both sides.
fn common(was: &[Piece<'_>], now: &[Piece<'_>]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut left, mut right) = (0, 0);
    // Pieces that stand once on both sides hold the rest in place.
    for (a, b) in rising(once_on_both(was, now)).into_iter().chain([(was.len(), now.len())]) {
        found.extend(within(was, now, left..a, right..b));
        if a < was.len() {
            found.push((a, b));
        }
        (left, right) = (a + 1, b + 1);
    }
    found
}

fn once_on_both(was: &[Piece<'_>], now: &[Piece<'_>]) -> Vec<(usize, usize)> {
    let mut places: FxHashMap<&Piece<'_>, [(usize, usize); 2]> = FxHashMap::default();
    for (side, pieces) in [was, now].into_iter().enumerate() {
        for (at, piece) in pieces.iter().enumerate() {
            let place = &mut places.entry(piece).or_default()[side];
            *place = (place.0 + 1, at);
        }
    }
    let mut both: Vec<(usize, usize)> =
        places.into_values().filter(|[a, b]| a.0 == 1 && b.0 == 1).map(|[a, b]| (a.1, b.1)).collect();
    both.sort_unstable();
    both
}

/// The longest part of the pairs, in order of their first places, whose second places rise too.
fn rising(pairs: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    // For each length the pair that ends it earliest, and for each pair the one before it.
    let (mut ends, mut before): (Vec<usize>, Vec<Option<usize>>) = (Vec::new(), Vec::new());
    for (at, pair) in pairs.iter().enumerate() {
        let length = ends.partition_point(|&end| pairs[end].1 < pair.1);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut found: Vec<(usize, usize)> =
        std::iter::successors(ends.last().copied(), |&at| before[at]).map(|at| pairs[at]).collect();
    found.reverse();
    found
}

/// The longest common subsequence of two stretches, by the plain table.
fn within(was: &[Piece<'_>], now: &[Piece<'_>], a: Range<usize>, b: Range<usize>) -> Vec<(usize, usize)> {
    let (rows, columns) = (a.len(), b.len());
    if rows == 0 || columns == 0 || rows.saturating_mul(columns) > TABLE_MAX {
        return Vec::new();
    }
    let width = columns + 1;
    let mut longest = vec![0u32; (rows + 1) * width];
    let is_same = |row: usize, column: usize| was[a.start + row] == now[b.start + column];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            longest[row * width + column] = match is_same(row, column) {
                true => longest[(row + 1) * width + column + 1] + 1,
                false => longest[(row + 1) * width + column].max(longest[row * width + column + 1]),
            };
        }
    }
    let (mut found, mut row, mut column) = (Vec::new(), 0, 0);
    while row < rows && column < columns {
        if is_same(row, column) {
            found.push((a.start + row, b.start + column));
            (row, column) = (row + 1, column + 1);
        } else if longest[(row + 1) * width + column] >= longest[row * width + column + 1] {
            row += 1;
        } else {
            column += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(was: &str, now: &str) -> (Vec<(ChangeKind, String)>, usize) {
        let found = chunk_changes(was, now);
        let line = |one: ChangedChunk| {
            let text = [one.was, one.text].map(Option::unwrap_or_default).join(">");
            (one.kind, format!("{}: {text}", one.sections.join("/")))
        };
        (found.changes.into_iter().map(line).collect(), found.n_same)
    }

    #[test]
    fn pieces_are_told_as_added_removed_and_changed() {
        let was = "# 保修\n一年。\n# 退货\n七天。\n# 发票\n电子发票。\n";
        assert_eq!(told(was, was), (Vec::new(), 3));
        let now = "# 保修\n两年。\n# 发票\n电子发票。\n# 维修\n到店。\n";
        let wanted = [
            (ChangeKind::Changed, "保修: 一年。>两年。"),
            (ChangeKind::Removed, "退货: 七天。>"),
            (ChangeKind::Added, "维修: >到店。"),
        ];
        assert_eq!(told(was, now), (wanted.map(|(kind, text)| (kind, text.to_owned())).to_vec(), 1));
        assert_eq!(told("", was).0.iter().filter(|one| one.0 == ChangeKind::Added).count(), 3);
        assert_eq!(told(was, "").0.iter().filter(|one| one.0 == ChangeKind::Removed).count(), 3);
        // A section that moved is taken out at one place and put in at the other.
        let moved = "# 退货\n七天。\n# 保修\n一年。\n# 发票\n电子发票。\n";
        assert_eq!(told(was, moved).1, 2);
    }

    #[test]
    fn a_long_document_is_compared_at_once() {
        let section = |at: usize| format!("# {at}\nText of {}.\n", at % 7);
        let was: String = (0..6000).map(section).collect();
        let now: String = (0..6000).filter(|at| at % 1000 != 500).map(section).collect();
        let (changes, n_same) = told(&was, &now);
        assert_eq!((changes.len(), n_same), (6, 5994));
    }

    proptest! {
        /// What is told with what is the same is each version, whole and in order; no more could be the same.
        #[test]
        fn both_versions_can_be_read_from_it(was in "[ab#\n. ]{0,60}", now in "[ab#\n. ]{0,60}") {
            let (old, new) = (pieces(&was), pieces(&now));
            let found = chunk_changes(&was, &now);
            let side = |take: fn(&ChangedChunk) -> &Option<String>| -> Vec<String> {
                found.changes.iter().filter_map(|one| take(one).clone()).collect()
            };
            prop_assert_eq!(side(|one| &one.was).len() + found.n_same, old.len());
            prop_assert_eq!(side(|one| &one.text).len() + found.n_same, new.len());
            // What is told stands in its version, in that order.
            let is_within = |all: &[Piece<'_>], told: Vec<String>| {
                let mut rest = all.iter();
                told.iter().all(|one| rest.any(|(_, text)| one == text))
            };
            prop_assert!(is_within(&old, side(|one| &one.was)));
            prop_assert!(is_within(&new, side(|one| &one.text)));
            if was == now {
                prop_assert!(found.changes.is_empty());
            }
        }
    }
}
