//! Learning the weights: sentences are cut with the weights so far, and where that goes wrong weights move by one towards
//! what is right. What is kept is the mean of all weights over time.

use domain::Settings;
use math::Random;

use super::{BEGIN, END, FOLLOWS, Features, INSIDE, N_FEATURES, N_TAGS, PerceptronSegmenter, SINGLE, place};
use crate::LanguageError;

/// Sentences between two reports of progress.
const N_BETWEEN_REPORTS: usize = 512;
/// The largest weight as written; means are scaled to it.
const LARGEST: f64 = 8191.0;

/// A weight, its sum over time, and when the sum was last right.
#[derive(Clone, Copy, Default)]
struct Weight {
    value: i32,
    sum: f64,
    since: u32,
}

impl Weight {
    fn add(&mut self, change: i32, now: u32) {
        self.sum += f64::from(self.value) * f64::from(now - self.since);
        self.since = now;
        self.value += change;
    }

    fn mean(&self, now: u32) -> f64 {
        (self.sum + f64::from(self.value) * f64::from(now - self.since)) / f64::from(now.max(1))
    }
}

/// Learns from sentences whose words are separated by blanks; `settings` are of [`super::CARD`].
///
/// # Errors
/// If there are no words, or `progress` says to stop.
pub fn train(
    sentences: &[impl AsRef<str>],
    settings: &Settings,
    seed: u64,
    progress: &(dyn Fn(f64) -> bool + Sync),
) -> Result<PerceptronSegmenter, LanguageError> {
    let mut learner = Learner::new(settings.usize("table_bits"));
    let mut order: Vec<usize> = Vec::with_capacity(sentences.len());
    order.extend((0..sentences.len()).filter(|&at| !sentences[at].as_ref().trim().is_empty()));
    if order.is_empty() {
        return Err(LanguageError::unfit("sentences", "no words", "at least one word"));
    }
    let n_epochs = settings.usize("n_epochs");
    let total = (n_epochs * order.len()) as f64;
    let mut random = Random::new(seed);
    let mut n_done = 0;
    for epoch in 0..n_epochs {
        random.shuffle(&mut order);
        for &at in &order {
            if n_done % N_BETWEEN_REPORTS == 0 && !progress(n_done as f64 / total) {
                return Err(LanguageError::Cancelled);
            }
            n_done += 1;
            learner.learn(sentences[at].as_ref(), epoch == 0);
        }
    }
    Ok(learner.finish(settings.int("min_count") as u32))
}

struct Learner {
    rows: Vec<[Weight; N_TAGS]>,
    /// How often each row was met.
    met: Vec<u32>,
    transitions: [[Weight; N_TAGS]; N_TAGS],
    now: u32,
    characters: Vec<char>,
    right: Vec<u8>,
    features: Features,
    places: Vec<[u32; N_FEATURES]>,
    from: Vec<[u8; N_TAGS]>,
}

impl Learner {
    fn new(bits: usize) -> Self {
        Learner {
            rows: vec![[Weight::default(); N_TAGS]; 1 << bits],
            met: vec![0; 1 << bits],
            transitions: Default::default(),
            now: 0,
            characters: Vec::new(),
            right: Vec::new(),
            features: Features::default(),
            places: Vec::new(),
            from: Vec::new(),
        }
    }

    fn learn(&mut self, sentence: &str, first_time: bool) {
        self.read(sentence);
        if first_time {
            self.places.iter().flatten().for_each(|&place| self.met[place as usize] += 1);
        }
        let guess = self.guess();
        self.now += 1;
        if guess == self.right {
            return;
        }
        for at in 0..guess.len() {
            let (right, wrong) = (usize::from(self.right[at]), usize::from(guess[at]));
            if right != wrong {
                for &place in &self.places[at] {
                    self.rows[place as usize][right].add(1, self.now);
                    self.rows[place as usize][wrong].add(-1, self.now);
                }
            }
            if at > 0 {
                let (right_before, wrong_before) = (usize::from(self.right[at - 1]), usize::from(guess[at - 1]));
                if (right_before, right) != (wrong_before, wrong) {
                    self.transitions[right_before][right].add(1, self.now);
                    self.transitions[wrong_before][wrong].add(-1, self.now);
                }
            }
        }
    }

    /// Characters, right tags, and where the features of each character are.
    fn read(&mut self, sentence: &str) {
        self.characters.clear();
        self.right.clear();
        for word in sentence.split_whitespace() {
            let n = word.chars().count();
            self.characters.extend(word.chars());
            self.right.extend((0..n).map(|at| match (at, n) {
                (0, 1) => SINGLE,
                (0, _) => BEGIN,
                _ if at + 1 == n => END,
                _ => INSIDE,
            } as u8));
        }
        self.features.read(&self.characters);
        self.places.clear();
        for at in 0..self.characters.len() {
            self.places.push(self.features.at(at).map(|feature| place(feature, self.rows.len()) as u32));
        }
    }

    /// The best tags by the weights so far.
    fn guess(&mut self) -> Vec<u8> {
        const NEVER: i64 = i64::MIN / 2;
        self.from.clear();
        let mut last = [0_i64; N_TAGS];
        for (at, places) in self.places.iter().enumerate() {
            let mut here = [0_i64; N_TAGS];
            for &place in places {
                for (sum, weight) in here.iter_mut().zip(&self.rows[place as usize]) {
                    *sum += i64::from(weight.value);
                }
            }
            let mut next = [NEVER; N_TAGS];
            let mut from = [0_u8; N_TAGS];
            for (tag, &here) in here.iter().enumerate() {
                if at == 0 && (tag == BEGIN || tag == SINGLE) {
                    next[tag] = here;
                }
                for (before, &last) in last.iter().enumerate().filter(|_| at > 0) {
                    let score = last + i64::from(self.transitions[before][tag].value) + here;
                    if FOLLOWS[before][tag] && score > next[tag] {
                        next[tag] = score;
                        from[tag] = before as u8;
                    }
                }
            }
            last = next;
            self.from.push(from);
        }
        let mut tag = if last[END] > last[SINGLE] { END } else { SINGLE } as u8;
        let mut tags = vec![0; self.from.len()];
        for (at, from) in self.from.iter().enumerate().rev() {
            tags[at] = tag;
            tag = from[usize::from(tag)];
        }
        tags
    }

    /// The means, as whole numbers.
    fn finish(self, min_count: u32) -> PerceptronSegmenter {
        let now = self.now;
        let used = |at: usize| self.met[at] >= min_count;
        let weights = || self.rows.iter().enumerate().filter(|(at, _)| used(*at)).flat_map(|(_, row)| row);
        let largest =
            weights().chain(self.transitions.iter().flatten()).map(|weight| weight.mean(now).abs()).fold(0.0, f64::max);
        let scale = if largest > 0.0 { LARGEST / largest } else { 0.0 };
        let whole = |weight: &Weight| (weight.mean(now) * scale).round();
        let rows = self.rows.iter().enumerate();
        PerceptronSegmenter {
            rows: rows
                .map(|(at, row)| if used(at) { row.each_ref().map(|weight| whole(weight) as i16) } else { [0; N_TAGS] })
                .collect(),
            transitions: self.transitions.each_ref().map(|row| row.each_ref().map(|weight| whole(weight) as i32)),
        }
    }
}
