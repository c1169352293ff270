//! Writing that is bound to a plan: of certain words (places to be filled later) each as often as the plan has it and no other,
//! and no two words side by side that may not stand so. A model within limits is a model again, so every search keeps to them:
//! what an output may not say has no probability. Not here: what a place stands for.

use super::{BEGIN, END, Next, StepModel};
use crate::LanguageError;

/// Which words may follow which.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Follows {
    /// By word, in order: those that may follow it. What has no list is followed by nothing.
    lists: Vec<Vec<u32>>,
}

impl Follows {
    /// From pairs of neighbouring words; [`BEGIN`] before the first and [`END`] behind the last are words here.
    pub fn new(pairs: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut lists: Vec<Vec<u32>> = Vec::new();
        for (word, next) in pairs {
            if lists.len() <= word as usize {
                lists.resize(word as usize + 1, Vec::new());
            }
            lists[word as usize].push(next);
        }
        for list in &mut lists {
            list.sort_unstable();
            list.dedup();
        }
        Follows { lists }
    }

    /// All pairs, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> {
        (0u32..).zip(&self.lists).flat_map(|(word, list)| list.iter().map(move |next| (word, *next)))
    }

    fn of(&self, word: u32) -> &[u32] {
        self.lists.get(word as usize).map_or(&[], Vec::as_slice)
    }
}

/// What binds the outputs of one source.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// Words that have to be written, as often as they stand here: the places of the plan.
    pub places: &'a [u32],
    pub follows: &'a Follows,
}

/// A model whose outputs keep to plans.
#[derive(Debug)]
pub struct Bound<'a, M> {
    model: &'a M,
    plans: Vec<Plan<'a>>,
    /// By id: whether it is a place, which only a plan allows.
    is_place: &'a [bool],
}

/// Unfinished outputs, and what their plans still ask for.
#[derive(Debug)]
pub struct Unbound<S> {
    state: S,
    of: Vec<u32>,
    /// Places not written yet, by row.
    open: Vec<Vec<u32>>,
}

impl<'a, M: StepModel> Bound<'a, M> {
    /// One plan a source, in the order in which sources will be handed in.
    ///
    /// # Errors
    /// If a plan asks for a word that is no place.
    pub fn new(model: &'a M, plans: Vec<Plan<'a>>, is_place: &'a [bool]) -> Result<Self, LanguageError> {
        let known = |word: &&u32| !is_place.get(**word as usize).copied().unwrap_or(false);
        match plans.iter().flat_map(|plan| plan.places).find(known) {
            Some(word) => Err(LanguageError::unfit("a place of a plan", word, "ids of places")),
            None => Ok(Bound { model, plans, is_place }),
        }
    }

    /// Leaves of a row's probabilities those of words that may follow. A word may follow if it did so in what was learned from,
    /// if it is no place or one that is still open, and the end only when nothing is open.
    fn limit(&self, row: &mut [f32], plan: &Plan, last: u32, open: &[u32], kept: &mut Vec<(u32, f32)>) {
        kept.clear();
        for &word in plan.follows.of(last) {
            let is_open = match self.is_place.get(word as usize) {
                Some(true) => open.contains(&word),
                _ => word != END || open.is_empty(),
            };
            if let Some(value) = row.get(word as usize).filter(|_| is_open) {
                kept.push((word, *value));
            }
        }
        row.fill(f32::NEG_INFINITY);
        kept.iter().for_each(|(word, value)| row[*word as usize] = *value);
    }
}

impl<M: StepModel> StepModel for Bound<'_, M> {
    type State = Unbound<M::State>;

    /// # Panics
    /// If there are not as many sources as plans.
    fn start(&self, sources: &[&[u32]]) -> Self::State {
        assert_eq!(sources.len(), self.plans.len(), "a plan for each source");
        Unbound {
            state: self.model.start(sources),
            of: (0..sources.len() as u32).collect(),
            open: self.plans.iter().map(|plan| plan.places.to_vec()).collect(),
        }
    }

    fn n_words(&self, state: &Self::State) -> usize {
        self.model.n_words(&state.state)
    }

    fn select(&self, state: &mut Self::State, rows: &[u32]) {
        self.model.select(&mut state.state, rows);
        state.of = rows.iter().map(|&row| state.of[row as usize]).collect();
        state.open = rows.iter().map(|&row| state.open[row as usize].clone()).collect();
    }

    fn step(&self, state: &mut Self::State, tokens: &[u32], next: &mut Next) {
        for (open, token) in state.open.iter_mut().zip(tokens) {
            if *token != BEGIN
                && let Some(at) = open.iter().position(|place| place == token)
            {
                open.remove(at);
            }
        }
        self.model.step(&mut state.state, tokens, next);
        let n_words = self.model.n_words(&state.state);
        let mut kept = Vec::new();
        for (row, token) in tokens.iter().enumerate() {
            let values = &mut next.log_probabilities[row * n_words..(row + 1) * n_words];
            self.limit(values, &self.plans[state.of[row] as usize], *token, &state.open[row], &mut kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seq2seq::decode::{Beam, Limits, Sampling, beam, sample};

    /// Every word is as likely as any other, whatever was written.
    struct Even(usize);

    impl StepModel for Even {
        type State = usize;
        fn start(&self, sources: &[&[u32]]) -> usize {
            sources.len()
        }
        fn n_words(&self, _: &usize) -> usize {
            self.0
        }
        fn select(&self, state: &mut usize, rows: &[u32]) {
            *state = rows.len();
        }
        fn step(&self, state: &mut usize, tokens: &[u32], next: &mut Next) {
            assert_eq!(tokens.len(), *state);
            next.log_probabilities = vec![-(self.0 as f32).ln(); self.0 * *state];
            next.attention.clear();
            next.source_len = 0;
        }
    }

    /// Words 4 and 5 may stand anywhere; 6 to 8 are places.
    fn anything() -> Follows {
        let words = [4, 5, 6, 7, 8];
        let within = words.iter().flat_map(|a| words.iter().map(move |b| (*a, *b)));
        Follows::new(within.chain(words.iter().flat_map(|word| [(BEGIN, *word), (*word, END)])))
    }

    #[test]
    fn each_place_is_written_as_often_as_planned_and_no_other() {
        let (model, follows) = (Even(9), anything());
        let is_place = [false, false, false, false, false, false, true, true, true];
        for places in [vec![6, 7], vec![6, 6, 8], vec![]] {
            let plan = || Plan { places: &places, follows: &follows };
            let limits = Limits { min: 0, max: 40, max_per_source_word: 0.0 };
            let sampling = Sampling { n: 40, limits, ..Sampling::default() };
            let plans = vec![plan(); 40];
            let bound = Bound::new(&model, plans, &is_place).unwrap();
            let sources: Vec<&[u32]> = vec![&[4]; 40];
            let one = Sampling { n: 1, ..sampling };
            let outputs: Vec<_> = sample(&bound, &sources, &one, 7).unwrap().concat();
            assert!(outputs.iter().filter(|output| output.ended).count() > 20);
            for output in outputs.iter().filter(|output| output.ended) {
                let mut written: Vec<u32> = output.tokens.iter().copied().filter(|word| *word > 5).collect();
                written.sort_unstable();
                assert_eq!(written, places);
            }
            let bound = Bound::new(&model, vec![plan()], &is_place).unwrap();
            let best = beam(&bound, &[&[4]], &Beam { limits, n_best: 4, ..Beam::default() }).unwrap();
            for output in &best[0] {
                for place in [6, 7, 8] {
                    let n = |words: &[u32]| words.iter().filter(|word| **word == place).count();
                    assert!(n(&output.tokens) <= n(&places), "{:?} of {places:?}", output.tokens);
                    assert!(!output.ended || n(&output.tokens) == n(&places), "{:?} of {places:?}", output.tokens);
                }
            }
        }
    }

    #[test]
    fn only_known_neighbours_stand_side_by_side() {
        let (model, is_place) = (Even(7), [false; 7]);
        let follows = Follows::new([(BEGIN, 4), (4, 5), (5, 4), (5, END)]);
        let bound = Bound::new(&model, vec![Plan { places: &[], follows: &follows }], &is_place).unwrap();
        let found = beam(&bound, &[&[4]], &Beam { n_best: 3, ..Beam::default() }).unwrap();
        assert!(
            found[0]
                .iter()
                .filter(|output| output.ended)
                .all(|output| output.tokens.chunks(2).all(|two| two == [4, 5]))
        );
        assert_eq!(follows.pairs().collect::<Vec<_>>(), [(BEGIN, 4), (4, 5), (5, END), (5, 4)]);
        assert!(Bound::new(&model, vec![Plan { places: &[5], follows: &follows }], &is_place).is_err());
    }
}
