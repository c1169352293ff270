//! Words of several scripts and names of several words, found by the longest match. Case, spaces and hyphens do not
//! count: `Redmi K70`, `redmi k70` and `RedmiK70` are one.

use rustc_hash::FxHashMap;

/// A tree of characters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Phrases {
    next: FxHashMap<(u32, char), u32>,
    /// By node: whether a phrase ends here.
    ends: Vec<bool>,
    /// By character of the basic plane: a bit, whether a phrase begins with it.
    opens: Vec<u64>,
}

/// Characters of the basic plane.
const N_PLANE: usize = 1 << 16;

/// Longest phrase looked for, in characters.
const N_CHARACTERS_MAX: usize = 64;

impl Phrases {
    pub(crate) fn add(&mut self, phrase: &str) {
        if self.ends.is_empty() {
            self.ends.push(false);
        }
        let mut node = 0;
        for character in folded(phrase).take(N_CHARACTERS_MAX) {
            let fresh = self.ends.len() as u32;
            node = *self.next.entry((node, character)).or_insert(fresh);
            if node == fresh {
                self.ends.push(false);
            }
        }
        if node == 0 {
            return;
        }
        self.ends[node as usize] = true;
        self.opens.resize(N_PLANE / 64, 0);
        let first = folded(phrase).next().into_iter();
        for code in first.flat_map(|lower| lower.to_uppercase().chain([lower])).map(|one| one as usize) {
            if code < N_PLANE {
                self.opens[code / 64] |= 1 << (code % 64);
            }
        }
    }

    /// Whether a phrase may begin with this character.
    #[inline]
    pub(crate) fn may_open(&self, character: char) -> bool {
        let code = character as usize;
        match self.opens.get(code / 64) {
            Some(bits) => bits >> (code % 64) & 1 == 1,
            // Beyond the basic plane: to be looked up.
            None => code >= N_PLANE && !self.ends.is_empty(),
        }
    }

    /// The end of the longest phrase at `at`. Phrases begin and end where words of letters and digits do.
    pub(crate) fn longest(&self, text: &str, at: usize) -> Option<usize> {
        let mut node = 0;
        let mut found = None;
        for (offset, character) in text[at..].char_indices().take(2 * N_CHARACTERS_MAX) {
            if offset > 0 && is_blank(character) {
                continue;
            }
            let folded = character.to_lowercase().next().unwrap_or(character);
            match self.next.get(&(node, folded)) {
                Some(&next) => node = next,
                None => break,
            }
            let end = at + offset + character.len_utf8();
            if self.ends[node as usize] && !continues(text, character, end) {
                found = Some(end);
            }
        }
        found
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '-')
}

fn folded(phrase: &str) -> impl Iterator<Item = char> {
    phrase
        .chars()
        .filter(|&character| !is_blank(character))
        .map(|character| character.to_lowercase().next().unwrap_or(character))
}

/// Whether a word of letters and digits goes on over `end`.
fn continues(text: &str, last: char, end: usize) -> bool {
    last.is_ascii_alphanumeric() && text[end..].starts_with(|next: char| next.is_ascii_alphanumeric())
}
