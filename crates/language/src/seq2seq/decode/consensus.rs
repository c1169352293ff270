//! Of several outputs of one source the one most like all of them (minimum Bayes risk; Kumar and Byrne 2004): what a search
//! finds likeliest is often too short or odd, while its n-best outputs agree in what they share.
//!
//! The gain is BLEU of a sentence with one added to the counts of all orders but the first (Lin and Och 2004), the weights
//! are the outputs' scores as logarithms of probabilities.

use rustc_hash::FxHashMap;

use super::Output;

/// The longest n-grams compared.
const MAX_ORDER: usize = 4;

/// Where in `outputs` the one stands whose gain against all of them, weighted, is highest; the first of equals. 0 if there
/// is none. Only outputs as complete as the most complete count.
pub fn consensus(outputs: &[Output]) -> usize {
    let fitness = |output: &Output| (output.complete, output.ended);
    let Some(most) = outputs.iter().map(fitness).max() else { return 0 };
    let fit: Vec<(usize, &Output)> = outputs.iter().enumerate().filter(|(_, output)| fitness(output) == most).collect();
    // Probabilities may all vanish: only differences matter.
    let highest = fit.iter().map(|(_, output)| output.score).fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f64> = fit.iter().map(|(_, output)| f64::from(output.score - highest).exp()).collect();
    let counts: Vec<Counts> = fit.iter().map(|(_, output)| Counts::of(&output.tokens)).collect();
    let (mut best, mut most) = (0, f64::NEG_INFINITY);
    for ((at, _), own) in fit.iter().zip(&counts) {
        let gain: f64 = counts.iter().zip(&weights).map(|(other, weight)| weight * own.gain(other)).sum();
        if gain > most {
            (best, most) = (*at, gain);
        }
    }
    best
}

/// How often each n-gram occurs.
struct Counts {
    len: usize,
    n_grams: FxHashMap<[u32; MAX_ORDER], (usize, u32)>,
}

impl Counts {
    fn of(tokens: &[u32]) -> Self {
        let mut n_grams = FxHashMap::default();
        for order in 1..=MAX_ORDER {
            for window in tokens.windows(order) {
                let mut key = [u32::MAX; MAX_ORDER];
                key[..order].copy_from_slice(window);
                n_grams.entry(key).or_insert((order, 0)).1 += 1;
            }
        }
        Counts { len: tokens.len(), n_grams }
    }

    /// BLEU of this against `other`.
    fn gain(&self, other: &Counts) -> f64 {
        let mut matched = [0u32; MAX_ORDER];
        for (key, (order, count)) in &self.n_grams {
            matched[order - 1] += other.n_grams.get(key).map_or(0, |(_, most)| *count.min(most));
        }
        if self.len == 0 || matched[0] == 0 {
            return if self.len == other.len { 1.0 } else { 0.0 };
        }
        let precision = |order: usize| {
            let n = self.len.saturating_sub(order) as f64;
            let added = f64::from(u8::from(order > 0));
            ((f64::from(matched[order]) + added) / (n + added)).ln()
        };
        let brevity = (1.0 - other.len as f64 / self.len as f64).min(0.0);
        (brevity + (0..MAX_ORDER).map(precision).sum::<f64>() / MAX_ORDER as f64).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(tokens: &[u32], score: f32) -> Output {
        Output { tokens: tokens.to_vec(), score, ended: true, complete: true, ..Output::default() }
    }

    #[test]
    fn the_middle_is_chosen_unless_another_is_far_likelier() {
        let outputs = |odd: f32| {
            vec![
                output(&[9, 8], odd),
                output(&[4, 5, 6, 7], -2.0),
                output(&[4, 5, 6], -2.0),
                output(&[4, 5, 6, 8], -2.1),
            ]
        };
        assert_ne!(consensus(&outputs(-1.9)), 0);
        assert_eq!(consensus(&outputs(-0.1)), 0);
        assert_eq!(consensus(&[]), 0);
        assert_eq!(consensus(&[output(&[], -1.0), output(&[], -1.0)]), 0);
        // So unlikely that their probabilities are 0 in any float.
        assert_ne!(
            consensus(&outputs(-2.0).into_iter().map(|one| output(&one.tokens, one.score - 1e4)).collect::<Vec<_>>()),
            0
        );
    }

    #[test]
    fn what_misses_phrases_is_not_chosen() {
        let mut outputs = vec![output(&[4, 5], -0.1), output(&[4, 5], -0.1), output(&[9], -5.0)];
        outputs[0].complete = false;
        outputs[1].complete = false;
        assert_eq!(consensus(&outputs), 2);
    }

    /// Two of four words match, one of three pairs, none of two triples: 2/4, (1+1)/(3+1), (0+1)/(2+1), (0+1)/(1+1).
    #[test]
    fn gains_are_those_worked_by_hand() {
        let found = Counts::of(&[1, 2, 3, 4]).gain(&Counts::of(&[1, 2, 5, 6, 7]));
        let expected = (0.5f64 * 0.5 * (1.0 / 3.0) * 0.5).powf(0.25) * (1.0f64 - 5.0 / 4.0).exp();
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        assert_eq!(Counts::of(&[1, 2, 3, 4, 5]).gain(&Counts::of(&[1, 2, 3, 4, 5])), 1.0);
    }
}
