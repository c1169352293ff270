//! Which words lead to which: the chance of a word of one side given a word of the other, as IBM Model 1 learns it (Brown et
//! al. 1993) from pairs of texts as sets of words. Pairs of words that met once are left out.

/// Rounds of expectation and maximisation.
const ROUNDS: usize = 5;
/// Meetings that a pair of words must have.
const MEETINGS_MIN: u32 = 2;
/// Chances below this are forgotten.
const CHANCE_MIN: f32 = 5e-4;
/// What the chance of a word whatever stands on the other side counts beside the learned one.
const BACKGROUND: f32 = 0.2;

/// Chances of words given words.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Association {
    /// Where each given word's row begins, and one beyond the last. Shape: (n_words + 1).
    pub starts: Vec<u32>,
    /// Ascending within a row.
    pub words: Vec<u32>,
    pub chances: Vec<f32>,
    /// Of each word whatever is given. Shape: (n_words).
    pub background: Vec<f32>,
}

impl Association {
    /// From pairs of what is given and what it leads to, each ascending without repeats.
    pub fn learn(pairs: &[(&[u32], &[u32])], n_words: usize) -> Self {
        let mut all = Association::met(pairs, n_words);
        for _ in 0..ROUNDS {
            all.improve(pairs);
        }
        all.forget();
        all
    }

    /// The pairs of words that met, all with the same chance.
    fn met(pairs: &[(&[u32], &[u32])], n_words: usize) -> Self {
        let mut background = vec![1f32; n_words];
        let mut met: Vec<u64> = Vec::new();
        for (given, led) in pairs {
            led.iter().for_each(|&word| background[word as usize] += 1.0);
            met.extend(given.iter().flat_map(|&from| led.iter().map(move |&to| u64::from(from) << 32 | u64::from(to))));
        }
        let total: f32 = background.iter().sum();
        background.iter_mut().for_each(|n| *n /= total);
        met.sort_unstable();
        let mut all = Association { starts: vec![0; n_words + 1], background, ..Association::default() };
        for same in met.chunk_by(|a, b| a == b).filter(|same| same.len() as u32 >= MEETINGS_MIN) {
            all.starts[(same[0] >> 32) as usize + 1] += 1;
            all.words.push(same[0] as u32);
        }
        (0..n_words).for_each(|at| all.starts[at + 1] += all.starts[at]);
        all.chances = vec![0.01; all.words.len()];
        all
    }

    fn row(&self, given: u32) -> std::ops::Range<usize> {
        let at = given as usize;
        if at + 1 >= self.starts.len() { 0..0 } else { self.starts[at] as usize..self.starts[at + 1] as usize }
    }

    /// The places of the words of `led` in the row of a given word, for both ascending.
    fn each(&self, given: u32, led: &[u32], mut found: impl FnMut(usize, usize)) {
        let row = self.row(given);
        let words = &self.words[row.clone()];
        let mut from = 0;
        for (at, word) in led.iter().enumerate() {
            match words[from..].binary_search(word) {
                Ok(place) => {
                    found(at, row.start + from + place);
                    from += place + 1;
                }
                Err(place) => from += place,
            }
        }
    }

    fn improve(&mut self, pairs: &[(&[u32], &[u32])]) {
        let mut counts = vec![0f32; self.words.len()];
        let mut sums = Vec::new();
        for (given, led) in pairs {
            sums.clear();
            // A word may come from nowhere.
            sums.extend(led.iter().map(|&word| self.background[word as usize]));
            given.iter().for_each(|&from| self.each(from, led, |at, place| sums[at] += self.chances[place]));
            given.iter().for_each(|&from| {
                self.each(from, led, |at, place| counts[place] += self.chances[place] / sums[at]);
            });
        }
        for given in 0..self.background.len() as u32 {
            let row = self.row(given);
            let total: f32 = counts[row.clone()].iter().sum::<f32>().max(f32::MIN_POSITIVE);
            row.for_each(|place| self.chances[place] = counts[place] / total);
        }
    }

    fn forget(&mut self) {
        let mut kept =
            Association { starts: vec![0], background: std::mem::take(&mut self.background), ..Association::default() };
        for given in 0..kept.background.len() as u32 {
            for place in self.row(given).filter(|&place| self.chances[place] >= CHANCE_MIN) {
                kept.words.push(self.words[place]);
                kept.chances.push(self.chances[place]);
            }
            kept.starts.push(kept.words.len() as u32);
        }
        *self = kept;
    }

    /// How much likelier the words of `led` are after those of `given` than anywhere, as a mean of logarithms; 0 if either
    /// has none.
    pub fn leads(&self, given: &[u32], led: &[u32]) -> f32 {
        if given.is_empty() || led.is_empty() || self.background.is_empty() {
            return 0.0;
        }
        let mut sums = vec![0f32; led.len()];
        given.iter().for_each(|&from| self.each(from, led, |at, place| sums[at] += self.chances[place]));
        let likelier = |(sum, &word): (&f32, &u32)| {
            let anywhere = self.background[word as usize];
            ((1.0 - BACKGROUND) * sum / given.len() as f32 / anywhere + BACKGROUND).ln()
        };
        sums.iter().zip(led).map(likelier).sum::<f32>() / led.len() as f32
    }
}
