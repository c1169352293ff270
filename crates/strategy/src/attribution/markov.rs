//! The removal effect: journeys as a Markov chain of first order from the start over the channels to a sale or to nothing; a
//! channel's effect is the share of sales that is lost when whoever would reach it leaves instead. Source: Anderl, Becker, von
//! Wangenheim and Schumann (2016), "Mapping the customer journey", section 3. Not here: chains of higher order.

use super::Journey;

/// Channels that are accepted, at most: the chain is solved once for each, in the cube of their number.
pub(super) const CHANNELS_MAX: usize = 256;

/// The share of sales lost without each channel, 0 to 1. Shape: (n_channels). `weight` is that of the journey at a place.
///
/// # Panics
/// If a touch names a channel of `n_channels` or above.
pub fn removal_effects(journeys: &[Journey], n_channels: usize, weight: &dyn Fn(usize) -> f64) -> Vec<f64> {
    let chain = Chain::of(journeys, n_channels, weight);
    let all = chain.conversion(None);
    let effect = |channel: usize| {
        if all > 0.0 && chain.visits[channel] > 0.0 { 1.0 - chain.conversion(Some(channel)) / all } else { 0.0 }
    };
    // An effect of a rounding error below 0 is none.
    (0..n_channels).map(|channel| effect(channel).max(0.0)).collect()
}

struct Chain {
    n: usize,
    /// Probability from the start to each channel. Shape: (n).
    first: Vec<f64>,
    /// Probability from channel to channel, row by row. Shape: (n, n).
    next: Vec<f64>,
    /// Probability from each channel to a sale. Shape: (n).
    sale: Vec<f64>,
    visits: Vec<f64>,
}

impl Chain {
    /// Counts steps; journeys without a touch do not enter.
    fn of(journeys: &[Journey], n: usize, weight: &dyn Fn(usize) -> f64) -> Self {
        let mut chain =
            Chain { n, first: vec![0.0; n], next: vec![0.0; n * n], sale: vec![0.0; n], visits: vec![0.0; n] };
        let mut n_started = 0.0;
        for (at, journey) in journeys.iter().enumerate() {
            let (Some(first), Some(last)) = (journey.touches.first(), journey.touches.last()) else { continue };
            let weight = weight(at);
            n_started += weight;
            chain.first[first.channel] += weight;
            for pair in journey.touches.windows(2) {
                chain.next[pair[0].channel * n + pair[1].channel] += weight;
            }
            journey.touches.iter().for_each(|touch| chain.visits[touch.channel] += weight);
            if journey.converted {
                chain.sale[last.channel] += weight;
            }
        }
        if n_started > 0.0 {
            chain.first.iter_mut().for_each(|count| *count /= n_started);
        }
        for channel in 0..n {
            let visits = chain.visits[channel];
            if visits > 0.0 {
                chain.next[channel * n..(channel + 1) * n].iter_mut().for_each(|count| *count /= visits);
                chain.sale[channel] /= visits;
            }
        }
        chain
    }

    /// The probability of a sale from the start when `removed` leads nowhere: x = sale + next · x, asked at the first step.
    fn conversion(&self, removed: Option<usize>) -> f64 {
        let kept: Vec<usize> =
            (0..self.n).filter(|channel| Some(*channel) != removed && self.visits[*channel] > 0.0).collect();
        let n = kept.len();
        let mut matrix = vec![0.0; n * (n + 1)];
        for (row, from) in kept.iter().enumerate() {
            for (column, to) in kept.iter().enumerate() {
                let stays = if row == column { 1.0 } else { 0.0 };
                matrix[row * (n + 1) + column] = stays - self.next[from * self.n + to];
            }
            matrix[row * (n + 1) + n] = self.sale[*from];
        }
        let solved = solve(&mut matrix, n);
        kept.iter().zip(solved).map(|(channel, reach)| self.first[*channel] * reach).sum()
    }
}

/// Gauss's elimination of n rows of n coefficients and a right side. The matrix is I − P with rows of P summing to less than 1
/// from some state of every class on, hence not singular, and diagonally dominant: no pivoting is needed.
fn solve(matrix: &mut [f64], n: usize) -> Vec<f64> {
    let width = n + 1;
    for pivot in 0..n {
        let (done, below) = matrix.split_at_mut((pivot + 1) * width);
        let row = &done[pivot * width..];
        for other in below.chunks_mut(width).filter(|other| other[pivot] != 0.0) {
            let factor = other[pivot] / row[pivot];
            other[pivot..].iter_mut().zip(&row[pivot..]).for_each(|(value, above)| *value -= factor * above);
        }
    }
    let mut solved = vec![0.0; n];
    for row in (0..n).rev() {
        let line = &matrix[row * width..(row + 1) * width];
        let known: f64 = line[row + 1..n].iter().zip(&solved[row + 1..]).map(|(factor, value)| factor * value).sum();
        solved[row] = (line[n] - known) / line[row];
    }
    solved
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::tests::journey;

    /// By hand: start → 0 (2 of 3) or 1 (1 of 3); 0 → 1 half, sale half; 1 → sale half, nothing half.
    #[test]
    fn effects_are_those_of_a_chain_by_hand() {
        let journeys = [journey(&[0, 1], false), journey(&[0], true), journey(&[1], true)];
        let effects = removal_effects(&journeys, 2, &|_| 1.0);
        let all = 2.0 / 3.0 * (0.5 + 0.5 * 0.5) + 1.0 / 3.0 * 0.5;
        assert!((effects[0] - (1.0 - 1.0 / 3.0 * 0.5 / all)).abs() < 1e-12, "{effects:?}");
        assert!((effects[1] - (1.0 - 2.0 / 3.0 * 0.5 / all)).abs() < 1e-12, "{effects:?}");
    }

    #[test]
    fn the_chain_is_what_a_walk_over_it_gives() {
        let journeys: Vec<_> = (0..200usize)
            .map(|at| {
                let channels: Vec<usize> = (0..1 + at % 4).map(|step| (at * 7 + step * step * 3) % 5).collect();
                journey(&channels, at % 3 == 0)
            })
            .collect();
        let chain = Chain::of(&journeys, 5, &|_| 1.0);
        // Powers of the matrix instead of its inverse.
        let (mut at, mut sold) = (chain.first.clone(), 0.0);
        for _ in 0..2000 {
            sold += at.iter().zip(&chain.sale).map(|(here, sale)| here * sale).sum::<f64>();
            at = (0..5).map(|to| (0..5).map(|from| at[from] * chain.next[from * 5 + to]).sum()).collect();
        }
        assert!((chain.conversion(None) - sold).abs() < 1e-12);
        // The chain reproduces the share of journeys that end in a sale.
        let share = journeys.iter().filter(|one| one.converted).count() as f64 / 200.0;
        assert!((sold - share).abs() < 1e-9, "{sold} {share}");
    }

    #[test]
    fn without_any_sale_nothing_is_lost() {
        assert_eq!(removal_effects(&[journey(&[0, 1], false)], 3, &|_| 1.0), [0.0; 3]);
    }
}
