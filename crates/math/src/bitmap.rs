//! A fixed-length set of small whole numbers as bits, 64 to a word. No compression: a set over a shop's items is a
//! few kilobytes, and filters are intersections of such sets.

/// A subset of `0..len`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitmap {
    words: Vec<u64>,
    len: usize,
}

impl Bitmap {
    /// The empty subset of `0..len`.
    pub fn none(len: usize) -> Self {
        Bitmap { words: vec![0; len.div_ceil(64)], len }
    }

    /// All of `0..len`.
    pub fn all(len: usize) -> Self {
        let mut bitmap = Bitmap { words: vec![u64::MAX; len.div_ceil(64)], len };
        bitmap.clear_tail();
        bitmap
    }

    /// The members for which `holds`.
    pub fn from_fn(len: usize, mut holds: impl FnMut(usize) -> bool) -> Self {
        let mut bitmap = Bitmap::none(len);
        for at in 0..len {
            if holds(at) {
                bitmap.insert(at);
            }
        }
        bitmap
    }

    /// The size of the universe, not of the set.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the universe has no member.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many members the set has.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether `at` is a member; `false` beyond the universe.
    #[inline]
    pub fn contains(&self, at: usize) -> bool {
        at < self.len && self.words[at / 64] >> (at % 64) & 1 == 1
    }

    /// # Panics
    /// If `at` is beyond the universe.
    #[inline]
    pub fn insert(&mut self, at: usize) {
        assert!(at < self.len, "{at} of {}", self.len);
        self.words[at / 64] |= 1 << (at % 64);
    }

    /// Nothing happens when `at` is no member.
    #[inline]
    pub fn remove(&mut self, at: usize) {
        if at < self.len {
            self.words[at / 64] &= !(1 << (at % 64));
        }
    }

    /// Keeps what is in both.
    pub fn and(&mut self, other: &Bitmap) {
        self.combine(other, |a, b| a & b);
    }

    /// Keeps what is not in `other`.
    pub fn and_not(&mut self, other: &Bitmap) {
        self.combine(other, |a, b| a & !b);
    }

    /// Adds what is in `other`.
    pub fn or(&mut self, other: &Bitmap) {
        self.combine(other, |a, b| a | b);
    }

    /// Adds the members of `other` that are in `among` too, and calls `with` for each that is new, ascending.
    pub fn add_among(&mut self, other: &Bitmap, among: &Bitmap, mut with: impl FnMut(usize)) {
        assert!(self.len == other.len && self.len == among.len, "bitmaps of different universes");
        for (at, word) in self.words.iter_mut().enumerate() {
            let new = other.words[at] & among.words[at] & !*word;
            *word |= new;
            Ones(new).for_each(|bit| with(at * 64 + bit));
        }
    }

    fn combine(&mut self, other: &Bitmap, with: impl Fn(u64, u64) -> u64) {
        assert_eq!(self.len, other.len, "bitmaps of different universes");
        for (word, &other) in self.words.iter_mut().zip(&other.words) {
            *word = with(*word, other);
        }
    }

    /// The members, 64 to a word, the lowest in the lowest bit; bits beyond the universe are 0.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The members, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(at, &word)| Ones(word).map(move |bit| at * 64 + bit))
    }

    fn clear_tail(&mut self) {
        if !self.len.is_multiple_of(64)
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << (self.len % 64)) - 1;
        }
    }
}

/// The positions of the ones of a word, ascending.
struct Ones(u64);

impl Iterator for Ones {
    type Item = usize;
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_behave_as_sets() {
        for len in [0, 1, 63, 64, 65, 200] {
            let threes = Bitmap::from_fn(len, |at| at % 3 == 0);
            let twos = Bitmap::from_fn(len, |at| at % 2 == 0);
            let mut both = threes.clone();
            both.and(&twos);
            assert_eq!(both, Bitmap::from_fn(len, |at| at % 6 == 0));
            let mut either = threes.clone();
            either.or(&twos);
            assert_eq!(either.count() + both.count(), threes.count() + twos.count());
            let (mut sixes, mut new) = (Bitmap::from_fn(len, |at| at == 6), Vec::new());
            sixes.add_among(&threes, &twos, |at| new.push(at));
            assert_eq!(new, (0..len).filter(|at| at % 6 == 0 && *at != 6).collect::<Vec<_>>());
            assert_eq!(sixes.count(), both.count());
            let mut rest = Bitmap::all(len);
            rest.and_not(&threes);
            assert_eq!(rest.iter().collect::<Vec<_>>(), (0..len).filter(|at| at % 3 != 0).collect::<Vec<_>>());
            assert!(!Bitmap::all(len).contains(len));
        }
    }
}
