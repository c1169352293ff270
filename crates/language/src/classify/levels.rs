//! Which n-grams of the training texts are in enough of them, and where, found length by length: an n-gram can only be in
//! so many texts if its first n − 1 symbols and its last n − 1 are (Agrawal and Srikant 1994, "Fast Algorithms for Mining
//! Association Rules", section 2.1). So each length looks only where two n-grams of the length before overlap, and its
//! n-grams are pairs of those, which are compared exactly. No weights: see [`vocabulary`](super::vocabulary).
//!
//! Most n-grams of a corpus occur in one text; of long ones hardly any are ever counted.

use rayon::prelude::*;

use super::ngrams::{Cutter, Grams, Unit, fold, key};

/// Texts of one task.
const CHUNK: usize = 256;
/// Chunks whose n-grams of one length are in memory at once.
const WAVE: usize = 64;
/// Tables side by side; n-grams are dealt to them by their hash, so that what they hold never depends on threads.
const SHARDS: usize = 8;
/// No n-gram, or none that is kept.
pub(super) const NONE: u32 = u32::MAX;

/// What texts have in common.
pub(super) struct Counted {
    /// The key of each kept n-gram and the number of texts that have it; none have what only helped to find longer ones.
    pub grams: Vec<(u64, u32)>,
    /// In the order of the texts.
    pub chunks: Vec<Chunk>,
}

/// The kept n-grams of some texts.
#[derive(Default)]
pub(super) struct Chunk {
    /// Which n-gram of the current length begins at each symbol, by its number before it is known which are kept; [`NONE`]
    /// if none does. A place without any stands after each run.
    places: Vec<u32>,
    /// Where each text's places end.
    ends: Vec<usize>,
    /// Where runs begin and end that may be shorter than the shortest n-gram.
    runs: Vec<(usize, usize)>,
    /// Length by length: the n-grams in the order of the places, and how many of them each text has.
    found: Vec<(Vec<u32>, Vec<u32>)>,
}

impl Counted {
    /// Of n-grams in at least `min_df` texts.
    pub fn of<T: AsRef<str> + Sync>(texts: &[T], grams: &Grams, min_df: u32) -> Self {
        let mut counted =
            Counted { grams: Vec::new(), chunks: texts.chunks(CHUNK).map(|_| Chunk::default()).collect() };
        let mut level = Level::default();
        let mut n_shorter = 0;
        for n in 1..=grams.n_max {
            if n == grams.n_min {
                n_shorter = counted.grams.len();
            }
            let tables = match n {
                1 => counted.number(|chunk, at, cutter| chunk.symbols(&texts[at * CHUNK..], grams, cutter)),
                _ => counted.number(|chunk, _, _| chunk.pairs(&level, grams)),
            };
            level = level.next(&tables, grams, min_df, &mut counted.grams);
        }
        counted.chunks.par_iter_mut().for_each(|chunk| {
            chunk.pairs(&level, grams);
        });
        counted.forget_shorter(n_shorter);
        counted
    }

    /// N-grams that are shorter than asked for, which longer ones were found by, count only where they are whole runs.
    fn forget_shorter(&mut self, n_shorter: usize) {
        let mut is_run = vec![false; n_shorter];
        let found = self.chunks.iter().flat_map(|chunk| &chunk.found).take_while(|_| n_shorter > 0);
        for &gram in found.flat_map(|(found, _)| found).filter(|gram| (**gram as usize) < n_shorter) {
            is_run[gram as usize] = true;
        }
        self.grams.iter_mut().zip(is_run).filter(|(_, is_run)| !is_run).for_each(|(gram, _)| gram.1 = 0);
    }

    /// Gives what stands at each chunk's places a number, the same at all places where the same stands. `whats` is given
    /// the chunk and its place among chunks.
    fn number(&mut self, whats: impl Fn(&mut Chunk, usize, &mut Cutter) -> Dealt + Sync) -> Vec<Table> {
        let mut tables: Vec<Table> = (0..SHARDS).map(|_| Table::default()).collect();
        for (wave, chunks) in self.chunks.chunks_mut(WAVE).enumerate() {
            let own = |cutter: &mut Cutter, (at, chunk): (usize, &mut Chunk)| whats(chunk, wave * WAVE + at, cutter);
            let dealt: Vec<Dealt> = chunks.par_iter_mut().enumerate().map_init(Cutter::default, own).collect();
            let number = |(shard, table): (usize, &mut Table)| -> Vec<Vec<u32>> {
                let first = (wave * WAVE * CHUNK) as u32;
                let chunk = |(at, dealt): (usize, &Dealt)| table.add_all(dealt, shard, first + (at * CHUNK) as u32);
                dealt.iter().enumerate().map(chunk).collect()
            };
            let mut numbers: Vec<_> = tables.par_iter_mut().enumerate().map(number).collect();
            let mut own = |at: usize| std::array::from_fn(|shard| std::mem::take(&mut numbers[shard][at]));
            let numbers: Vec<_> = (0..chunks.len()).map(&mut own).collect();
            chunks.par_iter_mut().zip(numbers).for_each(|(chunk, numbers)| chunk.put(numbers));
        }
        tables
    }
}

/// What stands at the places of a chunk, by shard in the places' order; and how much of each shard each text has.
#[derive(Default)]
struct Dealt {
    whats: [Vec<u64>; SHARDS],
    lengths: Vec<[u32; SHARDS]>,
}

impl Dealt {
    /// The shard, until the number is known.
    #[inline(always)]
    fn deal(&mut self, what: u64) -> u32 {
        let shard = (mix(what) >> 61) as usize;
        self.whats[shard].push(what);
        if let Some(own) = self.lengths.last_mut() {
            own[shard] += 1;
        }
        shard as u32
    }
}

#[inline(always)]
fn mix(what: u64) -> u64 {
    let mixed = what.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

impl Chunk {
    /// Of the first texts in `texts`.
    fn symbols<T: AsRef<str>>(&mut self, texts: &[T], grams: &Grams, cutter: &mut Cutter) -> Dealt {
        let mut dealt = Dealt::default();
        for text in &texts[..CHUNK.min(texts.len())] {
            dealt.lengths.push([0; SHARDS]);
            cutter.runs(text.as_ref(), grams.unit, |run| {
                let start = self.places.len();
                self.places.extend(run.iter().map(|piece| dealt.deal(piece.symbol)));
                if grams.unit == Unit::CharInWord && run.len() < usize::from(grams.n_min) {
                    self.runs.push((start, self.places.len()));
                }
                self.places.push(NONE);
            });
            self.ends.push(self.places.len());
        }
        dealt
    }

    /// Keeps the n-grams of `level`, and pairs up those that overlap to n-grams one longer.
    fn pairs(&mut self, level: &Level, grams: &Grams) -> Dealt {
        let kept = |place: u32| if place == NONE { NONE } else { level.kept[place as usize] };
        let mut dealt = Dealt::default();
        let (mut found, mut lengths) = (Vec::new(), Vec::with_capacity(self.ends.len()));
        let mut runs = self.runs.iter().filter(|run| run.1 - run.0 == level.n).peekable();
        let mut start = 0;
        for &end in &self.ends {
            dealt.lengths.push([0; SHARDS]);
            let n_before = found.len();
            let mut here = if start < end { kept(self.places[start]) } else { NONE };
            for at in start..end {
                let next = if at + 1 < end { kept(self.places[at + 1]) } else { NONE };
                // A whole run that is shorter than n-grams should be is an n-gram.
                let is_run = runs.next_if(|run| run.0 == at).is_some();
                if here != NONE && (is_run || level.n >= usize::from(grams.n_min)) {
                    found.push(level.first + here);
                }
                let is_pair = here != NONE && next != NONE;
                self.places[at] = if is_pair { dealt.deal(u64::from(here) << 32 | u64::from(next)) } else { NONE };
                here = next;
            }
            lengths.push((found.len() - n_before) as u32);
            start = end;
        }
        self.found.push((found, lengths));
        dealt
    }

    /// Numbers instead of shards.
    fn put(&mut self, numbers: [Vec<u32>; SHARDS]) {
        let mut next = numbers.map(Vec::into_iter);
        for place in self.places.iter_mut().filter(|place| **place != NONE) {
            let shard = *place as usize;
            *place = next[shard].next().map_or(NONE, |number| number * SHARDS as u32 + shard as u32);
        }
    }

    /// Each text's n-grams, as often as they occur, in an order that says nothing.
    pub fn each_text(&self, mut see: impl FnMut(&mut Vec<u32>)) {
        let mut next = vec![0usize; self.found.len()];
        let mut own = Vec::new();
        for text in 0..self.ends.len() {
            own.clear();
            for ((found, lengths), next) in self.found.iter().zip(&mut next) {
                let end = *next + lengths[text] as usize;
                own.extend_from_slice(&found[*next..end]);
                *next = end;
            }
            see(&mut own);
        }
    }
}

/// The n-grams of one length.
#[derive(Default)]
struct Level {
    n: usize,
    /// By their number at places: the number among those that are kept, or [`NONE`].
    kept: Vec<u32>,
    /// State and last symbol of each that is kept.
    states: Vec<(u64, u64)>,
    /// The place of the first in [`Counted::grams`].
    first: u32,
}

impl Level {
    /// What was kept of the n-grams one longer, which is added to `grams`.
    fn next(&self, tables: &[Table], of: &Grams, min_df: u32, grams: &mut Vec<(u64, u32)>) -> Level {
        let n_numbers = tables.iter().map(|table| table.found.len()).max().unwrap_or(0) * SHARDS;
        let mut next =
            Level { n: self.n + 1, kept: vec![NONE; n_numbers], states: Vec::new(), first: grams.len() as u32 };
        for (shard, table) in tables.iter().enumerate() {
            for (number, found) in table.found.iter().enumerate().filter(|(_, found)| found.n_texts >= min_df) {
                next.kept[number * SHARDS + shard] = next.states.len() as u32;
                let (state, symbol) = match self.n {
                    0 => (of.seed(), found.what),
                    _ => (self.states[(found.what >> 32) as usize].0, self.states[found.what as u32 as usize].1),
                };
                let state = fold(state, symbol);
                next.states.push((state, symbol));
                grams.push((key(state), found.n_texts));
            }
        }
        next
    }
}

/// What was met in how many texts; an open table of at most half its slots.
#[derive(Default)]
struct Table {
    /// Places in `found`, or [`NONE`].
    slots: Vec<u32>,
    found: Vec<Found>,
}

struct Found {
    what: u64,
    n_texts: u32,
    last_text: u32,
}

impl Table {
    /// The numbers of a shard's part of a chunk whose first text has the number `text`.
    fn add_all(&mut self, dealt: &Dealt, shard: usize, text: u32) -> Vec<u32> {
        let mut whats = dealt.whats[shard].iter();
        let mut numbers = Vec::with_capacity(whats.len());
        for (own, text) in dealt.lengths.iter().zip(text..) {
            numbers.extend(whats.by_ref().take(own[shard] as usize).map(|&what| self.add(what, text)));
        }
        numbers
    }

    #[inline(always)]
    fn add(&mut self, what: u64, text: u32) -> u32 {
        if self.found.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut at = mix(what) as usize & mask;
        loop {
            let number = self.slots[at];
            if number == NONE {
                self.slots[at] = self.found.len() as u32;
                self.found.push(Found { what, n_texts: 1, last_text: text });
                return self.slots[at];
            }
            let found = &mut self.found[number as usize];
            if found.what == what {
                if found.last_text != text {
                    found.n_texts += 1;
                    found.last_text = text;
                }
                return number;
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let n_slots = (self.slots.len() * 2).max(1 << 10);
        self.slots.clear();
        self.slots.resize(n_slots, NONE);
        for (number, found) in self.found.iter().enumerate() {
            let mut at = mix(found.what) as usize & (n_slots - 1);
            while self.slots[at] != NONE {
                at = (at + 1) & (n_slots - 1);
            }
            self.slots[at] = number as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use math::Random;
    use proptest::prelude::*;

    use super::*;

    /// Keys with the number of their texts, and each text's keys with their counts, as plain counting finds them.
    type Plain = (BTreeMap<u64, u32>, Vec<Vec<(u64, u32)>>);

    fn plain(texts: &[String], grams: &Grams, min_df: u32) -> Plain {
        let mut cutter = Cutter::default();
        let rows: Vec<Vec<(u64, u32)>> = texts.iter().map(|text| cutter.count(text, grams).to_vec()).collect();
        let mut kept = BTreeMap::new();
        rows.iter().flatten().for_each(|&(key, _)| *kept.entry(key).or_default() += 1);
        kept.retain(|_, n_texts| *n_texts >= min_df);
        let own = |row: &Vec<(u64, u32)>| {
            let mut row: Vec<(u64, u32)> = row.iter().copied().filter(|(key, _)| kept.contains_key(key)).collect();
            row.sort_unstable();
            row
        };
        (kept.clone(), rows.iter().map(own).collect())
    }

    fn by_levels(texts: &[String], grams: &Grams, min_df: u32) -> Plain {
        let counted = Counted::of(texts, grams, min_df);
        let mut rows = Vec::new();
        for chunk in &counted.chunks {
            chunk.each_text(|own| {
                let mut keys: Vec<u64> = own.iter().map(|&gram| counted.grams[gram as usize].0).collect();
                keys.sort_unstable();
                rows.push(keys.chunk_by(|x, y| x == y).map(|same| (same[0], same.len() as u32)).collect());
            });
        }
        (counted.grams.into_iter().filter(|gram| gram.1 > 0).collect(), rows)
    }

    #[test]
    fn chunks_and_waves_are_one_corpus() {
        let mut random = Random::new(4);
        let mut text =
            |_| (0..random.below(6)).map(|_| ["a", "b", " ", "好", "不"][random.below(5)]).collect::<String>();
        let texts: Vec<String> = (0..WAVE * CHUNK + 700).map(&mut text).collect();
        for unit in [Unit::Char, Unit::CharInWord, Unit::Word] {
            let grams = Grams::new(unit, 1, 4);
            assert!(by_levels(&texts, &grams, 20) == plain(&texts, &grams, 20), "{unit:?}");
        }
    }

    proptest! {
        #[test]
        fn lengths_after_another_find_what_plain_counting_finds(
            texts in prop::collection::vec("[aB1 好不。\u{130}]{0,9}", 0..12), n_min in 1u8..5, more in 0u8..4, min_df in 1u32..4,
        ) {
            for unit in [Unit::Char, Unit::CharInWord, Unit::Word] {
                let grams = Grams::new(unit, n_min, n_min + more);
                prop_assert_eq!(by_levels(&texts, &grams, min_df), plain(&texts, &grams, min_df));
            }
        }
    }
}
