//! Shapley's value: what a channel adds to every possible set of the others, averaged over the orders in which they can come. For
//! the game of sales that need all their channels the value has a closed form, each sale in equal parts to its channels; for any
//! other game it is counted out. Source: Shapley (1953); Zhao, Mahboobi and Bagheri (2018), "Shapley value methods for attribution
//! modeling in online advertising", theorem 1.

use super::Touch;
use crate::StrategyError;

/// Channels for which all sets are counted out, at most.
pub const PLAYERS_MAX: usize = 20;

/// One sale in equal parts to its different channels; a channel's part is spread over its touches.
pub(super) fn shares(touches: &[Touch], shares: &mut [f64]) {
    let is_first = |at: usize| touches[..at].iter().all(|other| other.channel != touches[at].channel);
    let n_different = (0..touches.len()).filter(|at| is_first(*at)).count();
    for (share, touch) in shares.iter_mut().zip(touches) {
        let n_same = touches.iter().filter(|other| other.channel == touch.channel).count();
        *share = 1.0 / (n_different * n_same) as f64;
    }
}

/// Shapley's value of each of `n` players in the game whose sets, as bits, are worth `worth`; the empty set is worth `worth(0)`.
/// Such as the sales measured with each set of channels switched on. Shape: (n).
///
/// # Errors
/// If there are more than [`PLAYERS_MAX`] players.
pub fn shapley_of_game(n: usize, worth: &dyn Fn(u32) -> f64) -> Result<Vec<f64>, StrategyError> {
    if n > PLAYERS_MAX {
        return Err(StrategyError::unfit("players of a game", n, PLAYERS_MAX));
    }
    // weight(s) = s! (n − s − 1)! / n!, by its recurrence.
    let mut weights = vec![1.0 / n.max(1) as f64; n];
    for size in 1..n {
        weights[size] = weights[size - 1] * size as f64 / (n - size) as f64;
    }
    let worths: Vec<f64> = (0..1u32 << n).map(worth).collect();
    let value = |player: usize| {
        let bit = 1usize << player;
        let without = (0..worths.len()).filter(|set| set & bit == 0);
        without.map(|set| weights[set.count_ones() as usize] * (worths[set | bit] - worths[set])).sum()
    };
    Ok((0..n).map(value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::tests::journey;
    use crate::attribution::{Journey, Rule, attribute};
    use math::Random;

    /// The glove game: player 0 has a left glove, 1 and 2 a right one; values 2/3, 1/6, 1/6 (Shapley 1953).
    #[test]
    fn the_glove_game_is_divided_as_in_the_textbook() {
        let pair = |set: u32| if set & 1 == 1 && set & 6 != 0 { 1.0 } else { 0.0 };
        let values = shapley_of_game(3, &pair).unwrap();
        assert!((values[0] - 2.0 / 3.0).abs() < 1e-12 && (values[1] - 1.0 / 6.0).abs() < 1e-12, "{values:?}");
        assert!(shapley_of_game(21, &pair).is_err() && shapley_of_game(0, &pair).unwrap().is_empty());
    }

    #[test]
    fn the_closed_form_is_what_counting_all_sets_gives() {
        let mut random = Random::new(2);
        let journeys: Vec<Journey> = (0..60)
            .map(|_| {
                let channels: Vec<usize> = (0..1 + random.below(6)).map(|_| random.below(6)).collect();
                journey(&channels, random.uniform() < 0.5)
            })
            .collect();
        let set_of = |one: &Journey| one.touches.iter().fold(0u32, |set, touch| set | 1 << touch.channel);
        let worth = |set: u32| journeys.iter().filter(|one| one.converted && set_of(one) & !set == 0).count() as f64;
        let counted = shapley_of_game(6, &worth).unwrap();
        let credit = attribute(&journeys, 6, Rule::Shapley).unwrap();
        for (ours, counted) in credit.conversions.iter().zip(counted) {
            assert!((ours - counted).abs() < 1e-9, "{credit:?}");
        }
    }
}
