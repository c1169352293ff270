//! Several models that write one output together: each takes every step, and what comes next has the mean of their
//! probabilities. Models that differ in nothing but the seed they learned with err in different places.

use super::{Next, StepModel};

/// Models of one vocabulary, as one. They may be of different shapes, not of different words.
#[derive(Clone, Debug)]
pub struct Ensemble<M>(Vec<M>);

/// The members' states, in the members' order.
#[derive(Debug)]
pub struct Together<S> {
    states: Vec<S>,
    /// What one member says, used again and again.
    own: Next,
}

impl<M: StepModel> Ensemble<M> {
    /// # Panics
    /// If there is no model.
    pub fn new(models: Vec<M>) -> Self {
        assert!(!models.is_empty(), "an ensemble needs a model");
        Ensemble(models)
    }
}

impl<M: StepModel> StepModel for Ensemble<M> {
    type State = Together<M::State>;

    fn start(&self, sources: &[&[u32]]) -> Self::State {
        Together { states: self.0.iter().map(|model| model.start(sources)).collect(), own: Next::default() }
    }

    fn n_words(&self, state: &Self::State) -> usize {
        self.0[0].n_words(&state.states[0])
    }

    fn select(&self, state: &mut Self::State, rows: &[u32]) {
        self.0.iter().zip(&mut state.states).for_each(|(model, own)| model.select(own, rows));
    }

    fn step(&self, state: &mut Self::State, tokens: &[u32], next: &mut Next) {
        let Together { states, own } = state;
        self.0[0].step(&mut states[0], tokens, next);
        if self.0.len() == 1 {
            return;
        }
        next.log_probabilities.iter_mut().for_each(|value| *value = value.exp());
        for (model, state) in self.0.iter().zip(states).skip(1) {
            model.step(state, tokens, own);
            assert_eq!(own.log_probabilities.len(), next.log_probabilities.len(), "models of one vocabulary");
            next.log_probabilities.iter_mut().zip(&own.log_probabilities).for_each(|(sum, value)| *sum += value.exp());
            // Models without attention leave that of the others as it is.
            next.attention.iter_mut().zip(&own.attention).for_each(|(sum, value)| *sum += value);
        }
        let share = 1.0 / self.0.len() as f32;
        // What all hold for impossible stays so: the logarithm of 0.
        next.log_probabilities.iter_mut().for_each(|value| *value = (*value * share).ln());
        next.attention.iter_mut().for_each(|value| *value *= share);
    }
}
