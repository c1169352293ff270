//! Draws: ids by their counts (for negatives), and which occurrences of frequent ids are kept.

use math::Random;

/// Draws in constant time (Walker 1977, Vose 1991).
pub struct Alias {
    /// (draw this place if 32 random bits are below, else that place)
    cells: Vec<(u32, u32)>,
}

impl Alias {
    /// Places drawn as their counts to a power. Places of count 0 are never drawn, unless all have it.
    pub fn of_counts(counts: impl Iterator<Item = u64>, power: f64) -> Self {
        Self::new(counts.map(|count| if count == 0 { 0.0 } else { (count as f64).powf(power) }).collect())
    }

    /// Groups drawn by the sums of what [`Alias::of_counts`] draws their members by.
    pub fn of_sums(groups: &[Vec<u64>], power: f64) -> Self {
        let weight = |&count: &u64| if count == 0 { 0.0 } else { (count as f64).powf(power) };
        Self::new(groups.iter().map(|counts| counts.iter().map(weight).sum()).collect())
    }

    fn new(mut weights: Vec<f64>) -> Self {
        let n = weights.len();
        let sum: f64 = weights.iter().sum();
        if sum <= 0.0 {
            weights.fill(1.0);
        }
        let mean = weights.iter().sum::<f64>() / n as f64;
        weights.iter_mut().for_each(|weight| *weight /= mean);
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..n).partition(|&place| weights[place] < 1.0);
        let mut cells: Vec<(u32, u32)> = (0..n as u32).map(|place| (u32::MAX, place)).collect();
        while let (Some(&less), Some(&more)) = (small.last(), large.last()) {
            small.pop();
            cells[less] = ((weights[less] * 4_294_967_296.0) as u32, more as u32);
            weights[more] -= 1.0 - weights[less];
            if weights[more] < 1.0 {
                large.pop();
                small.push(more);
            }
        }
        Alias { cells }
    }

    #[inline]
    pub fn draw(&self, random: &mut Random) -> u32 {
        let bits = random.next_u64();
        let place = (((bits >> 32) * self.cells.len() as u64) >> 32) as u32;
        let (threshold, other) = self.cells[place as usize];
        if (bits as u32) < threshold { place } else { other }
    }
}

/// How often each id is kept, as 32 random bits to be below; the largest number always is.
pub struct Keep {
    thresholds: Vec<u32>,
}

impl Keep {
    pub fn new(counts: &[u64], sample: f64) -> Self {
        let n_all: u64 = counts.iter().sum();
        let threshold = |&count: &u64| {
            let ratio = sample * n_all as f64 / count as f64;
            match ratio.sqrt() + ratio {
                kept if sample > 0.0 && kept < 1.0 => (kept * 4_294_967_296.0) as u32,
                _ => u32::MAX,
            }
        };
        Keep { thresholds: counts.iter().map(threshold).collect() }
    }

    #[inline]
    pub fn is_kept(&self, id: u32, random: &mut Random) -> bool {
        let threshold = self.thresholds[id as usize];
        threshold == u32::MAX || ((random.next_u64() >> 32) as u32) < threshold
    }

    /// The part of an id's occurrences that is kept.
    #[cfg(test)]
    pub fn share(&self, id: u32) -> f64 {
        f64::from(self.thresholds[id as usize]) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_drawn_by_their_counts() {
        let counts = [16u64, 1, 0, 81, 256];
        let alias = Alias::of_counts(counts.into_iter(), 0.75);
        let mut random = Random::new(3);
        let mut drawn = [0f64; 5];
        let n = 200_000;
        (0..n).for_each(|_| drawn[alias.draw(&mut random) as usize] += 1.0);
        let weights = [8.0, 1.0, 0.0, 27.0, 64.0];
        for (drawn, weight) in drawn.into_iter().zip(weights) {
            let (share, expected) = (drawn / f64::from(n), weight / 100.0);
            // Six standard deviations at the most.
            assert!((share - expected).abs() < 0.007, "{share} for {expected}");
        }
        assert_eq!(drawn[2], 0.0);
        let alone = Alias::of_counts([0u64].into_iter(), 0.75);
        assert_eq!(alone.draw(&mut random), 0);
        // A group of 16 and 81 weighs 8 + 27, the other 1 + 64.
        let groups = Alias::of_sums(&[vec![16, 81], vec![1, 0, 256]], 0.75);
        let n_first = (0..n).filter(|_| groups.draw(&mut random) == 0).count();
        assert!((n_first as f64 / f64::from(n) - 0.35).abs() < 0.007, "{n_first}");
    }

    /// Mikolov's formula by hand: f = 0.9, s = 0.01 → √(0.01/0.9) + 0.01/0.9 = 0.11652.
    #[test]
    fn frequent_ids_are_thinned() {
        let keep = Keep::new(&[900, 99, 1], 0.01);
        assert!((keep.share(0) - 0.116_52).abs() < 1e-5, "{}", keep.share(0));
        assert_eq!(keep.share(2), 1.0);
        let mut random = Random::new(8);
        let n_kept = (0..100_000).filter(|_| keep.is_kept(0, &mut random)).count();
        assert!(n_kept.abs_diff(11_652) < 650, "{n_kept}");
        assert!((0..1000).all(|_| Keep::new(&[900, 99, 1], 0.0).is_kept(0, &mut random)));
    }
}
