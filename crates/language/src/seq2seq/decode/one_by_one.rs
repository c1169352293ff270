//! Writing one output a row: the likeliest word each time, or one drawn at random.

use math::Random;

use super::{BEGIN, END, Limits, Next, Output, Rules, StepModel, attention_of};
use crate::LanguageError;

/// How words are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// Outputs a source.
    pub n: usize,
    /// Log-probabilities are divided by this: below 1 likelier words gain, above 1 they lose. Greater than 0.
    pub temperature: f32,
    /// Only the likeliest words that together have this probability are drawn (Holtzman et al. 2020); 1 allows all.
    pub top_p: f32,
    /// Only so many likeliest words are drawn; 0 allows all.
    pub top_k: usize,
    pub limits: Limits,
    pub rules: Rules,
}

impl Default for Sampling {
    fn default() -> Self {
        Sampling { n: 1, temperature: 1.0, top_p: 1.0, top_k: 0, limits: Limits::default(), rules: Rules::default() }
    }
}

/// The likeliest word each time: one output a source, in their order.
///
/// # Errors
/// If a phrase of `rules` cannot occur in an output.
pub fn greedy<M: StepModel>(
    model: &M,
    sources: &[&[u32]],
    limits: &Limits,
    rules: &Rules,
) -> Result<Vec<Output>, LanguageError> {
    rules.check()?;
    let likeliest = |_: usize, values: &[f32]| {
        let better = |best: Option<(u32, f32)>, (word, &value): (u32, &f32)| match best {
            Some((_, highest)) if value <= highest => best,
            _ if value > f32::NEG_INFINITY => Some((word, value)),
            _ => best,
        };
        (0u32..).zip(values).fold(None, better)
    };
    Ok(write(model, sources, limits, rules, likeliest))
}

/// Draws each word at random: `sampling.n` outputs a source, in their order. The same seed gives the same outputs, whatever
/// other sources are in the batch as long as the model computes the same.
///
/// # Errors
/// If the settings are not in their ranges.
pub fn sample<M: StepModel>(
    model: &M,
    sources: &[&[u32]],
    sampling: &Sampling,
    seed: u64,
) -> Result<Vec<Vec<Output>>, LanguageError> {
    sampling.check()?;
    let repeated: Vec<&[u32]> = sources.iter().flat_map(|source| std::iter::repeat_n(*source, sampling.n)).collect();
    let mut randoms: Vec<Random> = (0..repeated.len()).map(|row| Random::stream(seed, row as u64)).collect();
    let mut work = Vec::new();
    let drawn = |row: usize, values: &[f32]| draw(sampling, values, &mut work, &mut randoms[row]);
    let outputs = write(model, &repeated, &sampling.limits, &sampling.rules, drawn);
    Ok(outputs.chunks(sampling.n).map(<[Output]>::to_vec).collect())
}

impl Sampling {
    fn check(&self) -> Result<(), LanguageError> {
        self.rules.check()?;
        if self.n == 0 {
            return Err(LanguageError::unfit("outputs a source", 0, "1 or more"));
        }
        if !(self.temperature > 0.0 && self.temperature.is_finite()) {
            return Err(LanguageError::unfit("temperature", self.temperature, "a number above 0"));
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return Err(LanguageError::unfit("top_p", self.top_p, "a number above 0, at most 1"));
        }
        Ok(())
    }
}

/// Draws one word of those that `sampling` leaves, with its log-probability under the model; `None` if none is possible.
fn draw(sampling: &Sampling, values: &[f32], work: &mut Vec<(f32, u32)>, random: &mut Random) -> Option<(u32, f32)> {
    let highest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if highest == f32::NEG_INFINITY {
        return None;
    }
    let weight = |value: f32| ((value - highest) / sampling.temperature).exp();
    work.clear();
    work.extend(
        (0u32..)
            .zip(values)
            .filter(|(_, value)| **value > f32::NEG_INFINITY)
            .map(|(word, &value)| (weight(value), word)),
    );
    if sampling.top_k > 0 {
        keep_first(work, sampling.top_k);
    }
    if sampling.top_p < 1.0 {
        keep_mass(work, sampling.top_p);
    }
    let total: f64 = work.iter().map(|(weight, _)| f64::from(*weight)).sum();
    let mut left = random.uniform() * total;
    let drawn = work.iter().find(|(weight, _)| {
        left -= f64::from(*weight);
        left < 0.0
    });
    // Rounding may leave nothing: then the last that has any weight.
    let word = drawn.or_else(|| work.iter().rfind(|(weight, _)| *weight > 0.0)).expect("the likeliest weighs 1").1;
    Some((word, values[word as usize]))
}

fn heavier(a: &(f32, u32), b: &(f32, u32)) -> std::cmp::Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}

/// Keeps the `k` heaviest, ties by id, the heaviest first of all only as a set: their order is not fixed by weight.
fn keep_first(words: &mut Vec<(f32, u32)>, k: usize) {
    if words.len() > k {
        words.select_nth_unstable_by(k - 1, heavier);
        words.truncate(k);
    }
    words.sort_unstable_by_key(|word| word.1);
}

/// Keeps the heaviest words that reach the share `top_p` of the total. Sorts only about as many as it keeps.
fn keep_mass(words: &mut Vec<(f32, u32)>, top_p: f32) {
    let enough = words.iter().map(|word| f64::from(word.0)).sum::<f64>() * f64::from(top_p);
    let mut n_sorted = 32.min(words.len());
    loop {
        if n_sorted < words.len() {
            words.select_nth_unstable_by(n_sorted - 1, heavier);
        }
        words[..n_sorted].sort_unstable_by(heavier);
        let mut sum = 0.0;
        let reached = words[..n_sorted].iter().position(|word| {
            sum += f64::from(word.0);
            sum >= enough
        });
        if let Some(last) = reached {
            words.truncate(last + 1);
            return;
        }
        if n_sorted == words.len() {
            return;
        }
        n_sorted = (n_sorted * 4).min(words.len());
    }
}

/// Writes one output a row; `choose(row, log_probabilities)` names the next word.
fn write<M: StepModel>(
    model: &M,
    sources: &[&[u32]],
    limits: &Limits,
    rules: &Rules,
    mut choose: impl FnMut(usize, &[f32]) -> Option<(u32, f32)>,
) -> Vec<Output> {
    let empty = || Output { complete: true, ..Output::default() };
    let mut outputs: Vec<Output> = sources.iter().map(|_| empty()).collect();
    let mut open: Vec<usize> = (0..sources.len()).filter(|&at| limits.max_for(sources[at].len()) > 0).collect();
    if open.is_empty() {
        return outputs;
    }
    let chosen_sources: Vec<&[u32]> = open.iter().map(|&at| sources[at]).collect();
    let (mut state, mut next) = (model.start(&chosen_sources), Next::default());
    let mut tokens = vec![BEGIN; open.len()];
    loop {
        model.step(&mut state, &tokens, &mut next);
        let n_words = model.n_words(&state);
        let (mut rows, mut still_open) = (Vec::new(), Vec::new());
        tokens.clear();
        for (row, &at) in open.iter().enumerate() {
            let (output, source) = (&mut outputs[at], sources[at]);
            let values = &mut next.log_probabilities[row * n_words..(row + 1) * n_words];
            rules.forbid(&output.tokens, values);
            if output.tokens.len() < limits.min {
                values[END as usize] = f32::NEG_INFINITY;
            }
            let Some((word, value)) = choose(at, values) else { continue };
            output.log_probability += value;
            output.attention.extend_from_slice(attention_of(&next, row, source.len()));
            output.ended = word == END;
            if word != END {
                output.tokens.push(word);
                if output.tokens.len() < limits.max_for(source.len()) {
                    rows.push(row as u32);
                    still_open.push(at);
                    tokens.push(word);
                }
            }
        }
        if still_open.is_empty() {
            break;
        }
        if still_open.len() < open.len() {
            model.select(&mut state, &rows);
        }
        open = still_open;
    }
    outputs.iter_mut().for_each(|output| output.score = output.log_probability);
    outputs
}
