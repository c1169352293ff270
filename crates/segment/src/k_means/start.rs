//! k-means++ (Arthur and Vassilvitskii 2007) with greedy trials, at about the cost of one iteration.
//!
//! The next centre is a point drawn with a probability in proportion to w·D², D being its distance to the nearest centre
//! so far. D² of all points is brought up to date only for every sixteenth centre, by one blocked pass; in between
//! points are drawn by the old D², never smaller, and accepted with probability (D² now) / (old D²), which draws from
//! exactly the distribution now. Of some candidates drawn so the one that leaves the least Σ w·D² is taken, as
//! scikit-learn does; that sum is taken over a sample of the points if there are many.

use math::Random;
use math::dense::product_with_transposed;
use math::nearest::{Centres, Near, Panel};
use rayon::prelude::*;

use super::frame::{BLOCK, Frame};

/// Centres between two passes over all points.
const PENDING_MAX: usize = 16;
/// Refusals in a row after which D² is brought up to date early, or, if it is, all points are looked at exactly.
const REFUSALS_MAX: usize = 64;
/// Points on whose D² candidates are judged.
const JUDGES: usize = 8192;

/// First centres, relative to the frame's shift. Shape: (k, d).
pub(super) fn plus_plus<T: Near>(frame: &Frame<T>, k: usize, seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed);
    let mut start = Start::new(frame, k, &mut random);
    let n_trials = 2 + (k as f64).ln() as usize;
    let first = start.first(&mut random);
    start.choose(first);
    while start.n_chosen() < k {
        let mut candidates = Vec::with_capacity(n_trials);
        for _ in 0..n_trials {
            match start.draw(&mut random) {
                Some(row) => candidates.push(row),
                None => break,
            }
        }
        match start.judges.best(frame, &candidates) {
            Some(row) => start.choose(row),
            // Every point lies on a centre: there are fewer distinct points than centres, and some stay empty.
            None => start.choose(random.below(frame.n)),
        }
    }
    start.rows.iter().map(|value| value.to_f64()).collect()
}

struct Start<'a, T: 'static> {
    frame: &'a Frame<'a, T>,
    /// Shape: (centres so far, d).
    rows: Vec<T>,
    /// Centres that `squares` does know of.
    n_settled: usize,
    /// D² to the nearest settled centre, and which that is. Shapes: (n).
    squares: Vec<T>,
    nearest: Vec<u32>,
    /// The running sums of w·D² over blocks of points. Shape: (blocks).
    until: Vec<f64>,
    judges: Judges<T>,
}

impl<'a, T: Near> Start<'a, T> {
    fn new(frame: &'a Frame<'a, T>, k: usize, random: &mut Random) -> Self {
        Start {
            frame,
            rows: Vec::with_capacity(k * frame.d),
            n_settled: 0,
            squares: vec![T::INFINITY; frame.n],
            nearest: vec![0; frame.n],
            until: Vec::new(),
            judges: Judges::new(frame, random),
        }
    }

    fn n_chosen(&self) -> usize {
        self.rows.len() / self.frame.d
    }

    /// Any point, in proportion to its weight.
    fn first(&self, random: &mut Random) -> usize {
        let mut left = random.uniform() * self.frame.weight;
        let mut last = 0;
        for row in 0..self.frame.n {
            let weight = self.frame.weight_of(row);
            if weight > 0.0 {
                last = row;
                left -= weight;
                if left < 0.0 {
                    break;
                }
            }
        }
        last
    }

    fn choose(&mut self, row: usize) {
        self.rows.extend(self.frame.row(row));
        let d = self.frame.d;
        let (k, chosen) = (self.n_chosen(), self.rows.len() - d);
        self.judges.add(&self.rows[chosen..]);
        // Early on every centre changes much.
        if k - self.n_settled >= PENDING_MAX.min(k) {
            self.settle();
        }
    }

    /// Brings D² of all points up to date.
    fn settle(&mut self) {
        let (frame, d, before) = (self.frame, self.frame.d, self.n_settled);
        let pending = Centres::new(&self.rows[before * d..], d);
        let blocks = frame.values.par_chunks(BLOCK * d).zip(self.squares.par_chunks_mut(BLOCK));
        let blocks = blocks.zip(self.nearest.par_chunks_mut(BLOCK)).enumerate();
        let sums: Vec<f64> = blocks
            .map_init(
                || (Panel::new(d), [0u32; BLOCK], [T::ZERO; BLOCK]),
                |(panel, labels, found), (block, ((rows, squares), nearest))| {
                    let n = squares.len();
                    pending.assign(rows, &frame.shift, panel, &mut labels[..n], &mut found[..n]);
                    let mut sum = 0.0;
                    for at in 0..n {
                        if found[at] < squares[at] {
                            squares[at] = found[at];
                            nearest[at] = before as u32 + labels[at];
                        }
                        sum += squares[at].to_f64() * frame.weight_of(block * BLOCK + at);
                    }
                    sum
                },
            )
            .collect();
        self.until.clear();
        let mut sum = 0.0;
        self.until.extend(sums.into_iter().map(|more| {
            sum += more;
            sum
        }));
        self.n_settled = self.n_chosen();
    }

    /// A point, in proportion to w·D² as of now; `None` if every point lies on a centre.
    fn draw(&mut self, random: &mut Random) -> Option<usize> {
        for attempt in 0.. {
            if attempt == REFUSALS_MAX && self.n_settled < self.n_chosen() {
                self.settle();
            }
            if attempt == 2 * REFUSALS_MAX {
                break;
            }
            let row = self.by_old_squares(random)?;
            if random.uniform() * self.squares[row].to_f64() < self.square_now(row) {
                return Some(row);
            }
        }
        self.farthest()
    }

    fn by_old_squares(&self, random: &mut Random) -> Option<usize> {
        let total = self.until.last().copied().unwrap_or(0.0);
        if total <= 0.0 {
            return None;
        }
        let target = random.uniform() * total;
        let block = self.until.partition_point(|&until| until <= target).min(self.until.len() - 1);
        let mut left = target - if block == 0 { 0.0 } else { self.until[block - 1] };
        let rows = block * BLOCK..((block + 1) * BLOCK).min(self.frame.n);
        let mut last = None;
        for row in rows {
            let more = self.squares[row].to_f64() * self.frame.weight_of(row);
            if more > 0.0 {
                last = Some(row);
                left -= more;
                if left < 0.0 {
                    break;
                }
            }
        }
        last
    }

    /// D² of a point by subtraction, so that it is 0 for a copy of a centre.
    fn square_now(&self, row: usize) -> f64 {
        let d = self.frame.d;
        let to = |centre: usize| -> f64 {
            let centre = &self.rows[centre * d..(centre + 1) * d];
            self.frame.row(row).zip(centre).map(|(x, &c)| (x - c).to_f64().powi(2)).sum()
        };
        (self.n_settled..self.n_chosen()).map(to).fold(to(self.nearest[row] as usize), f64::min)
    }

    /// The point that is farthest from its nearest centre, by subtraction: for when rounding has eaten up D².
    fn farthest(&self) -> Option<usize> {
        let weighted = (0..self.frame.n).filter(|&row| self.frame.weight_of(row) > 0.0);
        let far =
            weighted.map(|row| (self.square_now(row), row)).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        far.filter(|far| far.0 > 0.0).map(|far| far.1)
    }
}

/// A sample of the points on which candidates are compared.
struct Judges<T: 'static> {
    d: usize,
    /// Shape: (judges, d), less the shift.
    rows: Vec<T>,
    own_squares: Vec<T>,
    weights: Vec<f64>,
    /// D² to the nearest centre. Shape: (judges).
    squares: Vec<T>,
}

impl<T: Near> Judges<T> {
    fn new(frame: &Frame<T>, random: &mut Random) -> Self {
        let picks: Vec<usize> = if frame.n <= JUDGES {
            (0..frame.n).collect()
        } else {
            (0..JUDGES).map(|_| random.below(frame.n)).collect()
        };
        let rows: Vec<T> = picks.iter().flat_map(|&row| frame.row(row)).collect();
        let own_squares = rows.chunks_exact(frame.d).map(|row| row.iter().map(|&x| x * x).sum()).collect();
        let weights = picks.iter().map(|&row| frame.weight_of(row)).collect();
        Judges { d: frame.d, rows, own_squares, weights, squares: vec![T::INFINITY; picks.len()] }
    }

    /// Squared distances to some rows, and the squared lengths of these. Shape: (rows, judges).
    fn to(&self, others: &[T]) -> Vec<T> {
        let n = self.weights.len();
        let mut out = vec![T::ZERO; others.len() / self.d * n];
        product_with_transposed(others, &self.rows, self.d, T::from_f64(-2.0), &mut out);
        for (row, out) in others.chunks_exact(self.d).zip(out.chunks_exact_mut(n)) {
            let square: T = row.iter().map(|&x| x * x).sum();
            out.iter_mut().zip(&self.own_squares).for_each(|(out, &own)| *out = (*out + square + own).max(T::ZERO));
        }
        out
    }

    fn add(&mut self, row: &[T]) {
        let squares = self.to(row);
        self.squares.iter_mut().zip(squares).for_each(|(old, new)| *old = old.min(new));
    }

    /// The candidate that leaves the least sum; the first of equals.
    fn best(&self, frame: &Frame<T>, candidates: &[usize]) -> Option<usize> {
        if candidates.len() < 2 {
            return candidates.first().copied();
        }
        let rows: Vec<T> = candidates.iter().flat_map(|&row| frame.row(row)).collect();
        let squares = self.to(&rows);
        let left = squares.chunks_exact(self.weights.len()).map(|squares| -> f64 {
            let kept = squares.iter().zip(&self.squares).zip(&self.weights);
            kept.map(|((&new, &old), weight)| new.min(old).to_f64() * weight).sum()
        });
        let best = left.zip(candidates).min_by(|a, b| a.0.total_cmp(&b.0));
        best.map(|(_, &row)| row)
    }
}
