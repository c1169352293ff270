//! All terms found in one pass over characters: the automaton of Aho and Corasick (1975, doi:10.1145/360825.360855). It
//! knows characters and numbers of terms, nothing of law.

use std::collections::VecDeque;

/// Characters up to here are told apart by a flat table.
const FLAT: usize = 0x1_0000;

/// Terms in a form that finds them all in one pass.
#[derive(Debug)]
pub(crate) struct Automaton {
    /// By character: its class, 0 if no term has it.
    classes: Vec<u16>,
    n_classes: usize,
    /// Where the root goes, by class.
    root: Vec<u32>,
    /// By state: where its edges begin in `edges`; one more at the end.
    edges_at: Vec<u32>,
    /// Class and next state, sorted within each state.
    edges: Vec<(u16, u32)>,
    /// By state: the state of the longest proper suffix.
    fail: Vec<u32>,
    /// By state: the nearest state by `fail`, itself included, at which a term ends; 0 if none.
    ends: Vec<u32>,
    /// By state: the terms that end there.
    terms: Vec<Vec<u32>>,
    lengths: Vec<u32>,
}

/// A term in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// The number of the term, in the order given.
    pub term: u32,
    /// Characters of the text.
    pub start: usize,
    pub end: usize,
}

/// The tree of terms while it grows; states are numbered as they are made.
struct Trie {
    next: Vec<Vec<(u16, u32)>>,
    terms: Vec<Vec<u32>>,
}

impl Trie {
    fn add(&mut self, classes: impl Iterator<Item = u16>, term: u32) {
        let mut state = 0;
        for class in classes {
            state = match self.next[state].iter().find(|edge| edge.0 == class) {
                Some(edge) => edge.1 as usize,
                None => {
                    let made = self.next.len();
                    self.next[state].push((class, made as u32));
                    self.next.push(Vec::new());
                    self.terms.push(Vec::new());
                    made
                }
            };
        }
        self.terms[state].push(term);
    }
}

impl Automaton {
    /// Takes the terms; empty ones are never found, and characters above the basic plane match nothing.
    pub fn new<S: AsRef<str>>(terms: &[S]) -> Self {
        let mut classes = vec![0u16; FLAT];
        let mut n_classes = 1usize;
        let mut trie = Trie { next: vec![Vec::new()], terms: vec![Vec::new()] };
        let mut lengths = Vec::with_capacity(terms.len());
        for (term, text) in terms.iter().enumerate() {
            let text = text.as_ref();
            lengths.push(text.chars().count() as u32);
            for character in text.chars().filter(|character| (*character as usize) < FLAT) {
                if classes[character as usize] == 0 {
                    classes[character as usize] = n_classes as u16;
                    n_classes += 1;
                }
            }
            if !text.is_empty() && text.chars().all(|character| (character as usize) < FLAT) {
                trie.add(text.chars().map(|character| classes[character as usize]), term as u32);
            }
        }
        Self::link(classes, n_classes, trie, lengths)
    }

    fn link(classes: Vec<u16>, n_classes: usize, mut trie: Trie, lengths: Vec<u32>) -> Self {
        let n = trie.next.len();
        trie.next.iter_mut().for_each(|edges| edges.sort_unstable());
        let mut root = vec![0u32; n_classes];
        trie.next[0].iter().for_each(|(class, to)| root[*class as usize] = *to);
        let (mut edges_at, mut edges) = (vec![0u32], Vec::new());
        for of_state in &trie.next {
            edges.extend_from_slice(of_state);
            edges_at.push(edges.len() as u32);
        }
        let mut made = Automaton {
            classes,
            n_classes,
            root,
            edges_at,
            edges,
            fail: vec![0; n],
            ends: vec![0; n],
            terms: trie.terms,
            lengths,
        };
        let mut queue: VecDeque<usize> = trie.next[0].iter().map(|edge| edge.1 as usize).collect();
        while let Some(state) = queue.pop_front() {
            let fail = made.fail[state];
            made.ends[state] = if made.terms[state].is_empty() { made.ends[fail as usize] } else { state as u32 };
            for &(class, to) in &trie.next[state] {
                made.fail[to as usize] = made.step(fail, class);
                queue.push_back(to as usize);
            }
        }
        made
    }

    fn step(&self, mut state: u32, class: u16) -> u32 {
        if class == 0 {
            return 0;
        }
        loop {
            if state == 0 {
                return self.root[class as usize];
            }
            let own = &self.edges[self.edges_at[state as usize] as usize..self.edges_at[state as usize + 1] as usize];
            match own.binary_search_by_key(&class, |edge| edge.0) {
                Ok(found) => return own[found].1,
                Err(_) => state = self.fail[state as usize],
            }
        }
    }

    /// Calls `found` for every term, overlapping ones too, in the order of their ends, longer ones first.
    pub fn each(&self, text: &[char], mut found: impl FnMut(Hit)) {
        debug_assert!(self.n_classes <= usize::from(u16::MAX));
        let mut state = 0;
        for (at, &character) in text.iter().enumerate() {
            let class = self.classes.get(character as usize).copied().unwrap_or(0);
            state = self.step(state, class);
            let mut ending = self.ends[state as usize];
            while ending != 0 {
                for &term in &self.terms[ending as usize] {
                    let length = self.lengths[term as usize] as usize;
                    found(Hit { term, start: at + 1 - length, end: at + 1 });
                }
                ending = self.ends[self.fail[ending as usize] as usize];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hits(terms: &[&str], text: &str) -> Vec<Hit> {
        let characters: Vec<char> = text.chars().collect();
        let mut hits = Vec::new();
        Automaton::new(terms).each(&characters, |hit| hits.push(hit));
        hits
    }

    #[test]
    fn terms_within_terms_are_found() {
        let found = hits(&["最低价", "低价", "全网最低价", ""], "全网最低价");
        let at: Vec<_> = found.iter().map(|hit| (hit.term, hit.start, hit.end)).collect();
        assert_eq!(at, [(2, 0, 5), (0, 2, 5), (1, 3, 5)]);
        assert_eq!(hits(&["a"], ""), []);
        assert_eq!(hits(&[""], "a"), []);
        assert_eq!(hits(&["😀"], "😀"), []);
    }

    proptest! {
        #[test]
        fn finds_what_plain_search_finds(terms in prop::collection::vec("[ab最]{1,4}", 1..8), text in "[ab最c]{0,40}") {
            let characters: Vec<char> = text.chars().collect();
            let mut expected = Vec::new();
            for (term, word) in terms.iter().enumerate() {
                let word: Vec<char> = word.chars().collect();
                for start in 0..characters.len() {
                    if characters[start..].starts_with(&word) {
                        expected.push((start, start + word.len(), term as u32));
                    }
                }
            }
            let mut found = Vec::new();
            Automaton::new(&terms).each(&characters, |hit| found.push((hit.start, hit.end, hit.term)));
            expected.sort_unstable();
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
