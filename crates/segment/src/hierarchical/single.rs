//! Single linkage: the minimum spanning tree by Prim's algorithm, started at point 0; of equally near points the lowest is
//! next, as in SciPy. From vectors it takes O(n² d) time and O(n d) memory.

use super::condensed::{Table, first_least};
use super::lanes::{Blocks, LANES, squared_distances, widest};
use super::{Metric, Watch};
use crate::SegmentError;

/// Pairs of points and heights. Each pair is the point that came and the one that came before it, which need not be the
/// one it is near to: both are in one cluster already when the pair's turn comes (Rohlf 1973).
pub fn of_distances(table: &Table, watch: &Watch) -> Result<Vec<(u32, u32, f64)>, SegmentError> {
    let n = table.n;
    let mut pairs = Vec::with_capacity(n - 1);
    let mut nearest = vec![f64::INFINITY; n];
    let mut waiting: Vec<u32> = (1..n as u32).collect();
    let mut x = 0;
    for k in 0..n - 1 {
        watch.tell(k, n)?;
        for &i in &waiting {
            let distance = table.at(x, i as usize);
            if distance < nearest[i as usize] {
                nearest[i as usize] = distance;
            }
        }
        let (y, height) = first_least(&nearest);
        pairs.push((x as u32, y as u32, height));
        nearest[y] = f64::INFINITY;
        waiting.remove(waiting.binary_search(&(y as u32)).expect("a point that waits"));
        x = y;
    }
    Ok(pairs)
}

/// As `of_distances`, straight from vectors; for the cosine they are of length 1. Shape of `rows`: (n, d).
pub fn of_vectors(rows: &[f64], d: usize, metric: Metric, watch: &Watch) -> Result<Vec<(u32, u32, f64)>, SegmentError> {
    let n = rows.len() / d;
    let mut pairs = Vec::with_capacity(n - 1);
    let mut waiting = Waiting::new(rows, d, (0..n as u32).collect(), vec![f64::INFINITY; n]);
    let mut x = 0;
    waiting.remove(0);
    for k in 0..n - 1 {
        watch.tell(k, n)?;
        let query = &rows[x * d..(x + 1) * d];
        let (at, distance) = approach(&mut waiting, metric, query);
        let y = waiting.points[at] as usize;
        let height = if metric == Metric::Euclidean { distance.sqrt() } else { distance };
        pairs.push((x as u32, y as u32, height));
        waiting.remove(at);
        if waiting.n_left * 4 < waiting.points.len() * 3 {
            waiting = waiting.packed(rows);
        }
        x = y;
    }
    Ok(pairs)
}

/// The points outside the tree. One that has come into it has coordinates that are not numbers, so that it is never near.
struct Waiting {
    blocks: Blocks,
    /// Which points stand in the blocks, ascending.
    points: Vec<u32>,
    /// Distance to the tree, squared if Euclidean; infinite for padding and for what is in the tree. Whole blocks.
    nearest: Vec<f64>,
    n_left: usize,
}

impl Waiting {
    fn new(rows: &[f64], d: usize, points: Vec<u32>, mut nearest: Vec<f64>) -> Self {
        let chosen: Vec<f64> =
            points.iter().flat_map(|&point| &rows[point as usize * d..(point as usize + 1) * d]).copied().collect();
        let (n, mut blocks) = (points.len(), Blocks::new(&chosen, d));
        nearest.resize(n.div_ceil(LANES) * LANES, f64::INFINITY);
        let n_lanes = nearest.len();
        (n..n_lanes).for_each(|at| forget(&mut blocks, at));
        Waiting { blocks, points, nearest, n_left: n }
    }

    fn remove(&mut self, at: usize) {
        self.nearest[at] = f64::INFINITY;
        forget(&mut self.blocks, at);
        self.n_left -= 1;
    }

    fn packed(&self, rows: &[f64]) -> Waiting {
        let d = self.blocks.d;
        let left = |at: &usize| !self.blocks.values[at / LANES * LANES * d + at % LANES].is_nan();
        let left: Vec<usize> = (0..self.points.len()).filter(left).collect();
        let points = left.iter().map(|&at| self.points[at]).collect();
        Waiting::new(rows, d, points, left.iter().map(|&at| self.nearest[at]).collect())
    }
}

fn forget(blocks: &mut Blocks, at: usize) {
    blocks.values[at / LANES * LANES * blocks.d + at % LANES] = f64::NAN;
}

/// Lets the tree grow by `query`. Gives where the point nearest to the tree stands, and its distance.
fn approach(waiting: &mut Waiting, metric: Metric, query: &[f64]) -> (usize, f64) {
    widest!(approach_pass(waiting: &mut Waiting, metric: Metric, query: &[f64]) -> (usize, f64))
}

#[inline(always)]
fn approach_pass<const FUSED: bool>(waiting: &mut Waiting, metric: Metric, query: &[f64]) -> (usize, f64) {
    let width = waiting.blocks.d * LANES;
    let mut least = [f64::INFINITY; LANES];
    let blocks = waiting.blocks.values.chunks_exact(width);
    for (block, nearest) in blocks.zip(waiting.nearest.as_chunks_mut::<LANES>().0) {
        let distances = match metric {
            Metric::Euclidean => squared_distances::<FUSED>(block, query),
            _ => super::lanes::distances::<FUSED>(metric, block, query),
        };
        for lane in 0..LANES {
            // Written so that a distance that is not a number changes nothing.
            nearest[lane] = if distances[lane] < nearest[lane] { distances[lane] } else { nearest[lane] };
            least[lane] = if nearest[lane] < least[lane] { nearest[lane] } else { least[lane] };
        }
    }
    let least = least.iter().fold(f64::INFINITY, |least, &value| if value < least { value } else { least });
    (waiting.nearest.iter().position(|&nearest| nearest == least).expect("a point that waits"), least)
}
