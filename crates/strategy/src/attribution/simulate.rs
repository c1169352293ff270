//! Journeys whose truth is known: customers walk over channels as a Markov chain, which is what the removal effect assumes. Not a
//! model of a shop's customers.

use math::Random;

use super::{Journey, Touch};

/// Where customers go from each place.
#[derive(Clone, Debug)]
pub struct World {
    /// Probability that a journey starts at each channel, summing to 1. Shape: (n_channels).
    pub first: Vec<f64>,
    /// Probability from channel to channel; what a row leaves to 1 is a sale or nothing. Shape: (n_channels, n_channels).
    pub next: Vec<Vec<f64>>,
    /// Probability from each channel to a sale. Shape: (n_channels).
    pub sale: Vec<f64>,
    /// Money of a sale.
    pub value: f64,
}

/// Touches of one journey, at most.
const TOUCHES_MAX: usize = 100;

/// `n` journeys, one touch a day.
pub fn simulate(world: &World, n: usize, seed: u64) -> Vec<Journey> {
    let mut random = Random::new(seed);
    (0..n).map(|_| walk(world, &mut random)).collect()
}

fn walk(world: &World, random: &mut Random) -> Journey {
    let mut touches = Vec::new();
    let mut at = draw(&world.first, random);
    let mut converted = false;
    while let Some(channel) = at.filter(|_| touches.len() < TOUCHES_MAX) {
        touches.push(Touch { channel, at_days: touches.len() as f64 });
        let mut ways = world.next[channel].clone();
        ways.push(world.sale[channel]);
        let way = draw(&ways, random);
        converted = way == Some(ways.len() - 1);
        at = way.filter(|_| !converted);
    }
    Journey { touches, converted, value: world.value, weight: 1.0 }
}

/// A place with the given probabilities; `None` with what is left to 1.
fn draw(probabilities: &[f64], random: &mut Random) -> Option<usize> {
    let mut rest = random.uniform();
    probabilities.iter().position(|probability| {
        rest -= probability;
        rest < 0.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::removal_effects;

    #[test]
    fn removal_effects_of_many_journeys_are_those_of_the_world() {
        let world = World {
            first: vec![0.6, 0.4],
            next: vec![vec![0.1, 0.3], vec![0.2, 0.0]],
            sale: vec![0.1, 0.3],
            value: 100.0,
        };
        // Sales with both channels: x0 = .1 + .1 x0 + .3 x1, x1 = .3 + .2 x0.
        let x0 = (0.1 + 0.3 * 0.3) / (1.0 - 0.1 - 0.06);
        let all = 0.6 * x0 + 0.4 * (0.3 + 0.2 * x0);
        let truth = [1.0 - 0.4 * 0.3 / all, 1.0 - 0.6 * 0.1 / 0.9 / all];
        let journeys = simulate(&world, 200_000, 4);
        assert_eq!(journeys[..100], simulate(&world, 100, 4)[..]);
        let effects = removal_effects(&journeys, 2, &|_| 1.0);
        for (effect, truth) in effects.iter().zip(truth) {
            // Four standard errors of a share of some 50,000 sales.
            assert!((effect - truth).abs() < 0.012, "{effects:?} {truth}");
        }
    }
}
