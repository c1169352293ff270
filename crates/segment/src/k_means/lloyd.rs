//! Lloyd's iterations: labels, sums, means, until nothing moves. The order of events and the rules for stopping and for
//! empty clusters are scikit-learn's, so that labels and centres can be compared with its, iteration by iteration.

use math::nearest::{Centres, NOWHERE, Near, Panel};
use rayon::prelude::*;

use super::bounds::{Bounds, Groups, Plan};
use super::frame::{BLOCK, Frame};
use super::lists::{Lists, Rough};
use super::{Fitted, KMeans};
use crate::{Matrix, SegmentError};

/// Centres of one iteration, as the kernels want them.
pub(super) struct Step<T: 'static> {
    /// Shape: (k, d).
    pub rows: Vec<T>,
    pub all: Centres<T>,
    /// One of these two at most: else every distance is computed.
    pub groups: Option<Groups<T>>,
    pub rough: Option<Rough>,
}

/// What an assignment came to, as shares of the points.
#[derive(Clone, Copy)]
pub(super) struct Passed {
    /// Those whose label changed.
    pub changed: f64,
    /// Those whose list did not settle which centre is nearest.
    pub open: f64,
}

/// Sums are taken anew once differences have likely left more than this part of what adding up would round: Σ w|x|, or
/// Σ w. Points of like weight and size never get there; a single heavy or far one that leaves a group does.
const DRIFT_MAX: f64 = 1e-11;

/// The points of one label, or what changes in them.
#[derive(Clone, Copy, Default)]
pub(super) struct Size {
    /// Points with a weight.
    n: i64,
    /// Σ w, and Σ w|x|.
    weight: f64,
    mass: f64,
    /// In a segment: how many came or went, and with how much of both.
    n_moved: u32,
    moved: [f64; 2],
}

impl Size {
    /// A point that comes (1) or goes (−1).
    fn add(&mut self, weight: f64, length: f64, sign: f64) {
        let mass = weight * length;
        self.n += if weight > 0.0 { sign as i64 } else { 0 };
        self.weight += weight * sign;
        self.mass += mass * sign;
        self.n_moved += 1;
        self.moved = [self.moved[0] + weight, self.moved[1] + mass];
    }
}

/// Consecutive rows, handled by one thread at a time, and what the last iteration changed in them.
pub(super) struct Segment<T: 'static> {
    pub first: usize,
    /// Shape: (rows of the segment).
    pub labels: Vec<u32>,
    pub bounds: Option<Bounds<T>>,
    pub lists: Option<Lists>,
    pub panel: Panel<T>,
    pub n_distances: u64,
    n_changed: usize,
    /// What the changes add to the sums of rows. Shape: (k, d).
    sums: Vec<f64>,
    /// What they add to the sizes. Shape: (k).
    sizes: Vec<Size>,
    touched: Vec<bool>,
    /// Rows of a block whose label changed.
    moved: Vec<u32>,
}

/// Everything that lives through the iterations.
struct State<'a, T: 'static> {
    frame: &'a Frame<'a, T>,
    k: usize,
    segments: Vec<Segment<T>>,
    /// Shape: (k, d): the weighted sums of the rows with each label.
    sums: Vec<f64>,
    /// Shape: (k).
    sizes: Vec<Size>,
    /// How far rounding may have taken each Σ w and Σ w·x: the variance, as of a random walk. Shape: (k).
    drift: Vec<[f64; 2]>,
}

/// Runs from first centres, relative to the frame's shift. Shape: (k, d).
///
/// # Errors
/// If cancelled.
pub(super) fn run<T: Near>(
    frame: &Frame<T>,
    wanted: &KMeans,
    first: Vec<f64>,
    progress: &(dyn Fn(f64) -> bool + Sync),
) -> Result<Fitted, SegmentError> {
    let k = wanted.n_clusters;
    let mut centres = first;
    if frame.spherical {
        centres.chunks_exact_mut(frame.d).for_each(to_unit_length);
    }
    let mut plan = Plan::new(wanted.algorithm, frame, &centres);
    let mut state = State::new(frame, k);
    let tolerance = wanted.tolerance * frame.variance;
    let (mut history, mut n_iterations, mut strict, mut rested) = (Vec::new(), 0, false, false);
    let mut passed = Passed { changed: 1.0, open: 0.0 };
    while n_iterations < wanted.max_iterations && !rested {
        let step = plan.step(&centres, frame.d, passed);
        let n_changed = state.assign(&step);
        passed = state.passed(n_changed);
        history.push(state.inertia(&step));
        let next = state.means(&centres, &step);
        let moved: f64 = next.iter().zip(&centres).map(|(next, old)| (next - old).powi(2)).sum();
        centres = next;
        n_iterations += 1;
        strict = n_changed == 0;
        rested = strict || moved <= tolerance;
        if !progress(n_iterations as f64 / (wanted.max_iterations + 1) as f64) {
            return Err(SegmentError::Cancelled);
        }
    }
    let step = plan.step(&centres, frame.d, passed);
    if !strict {
        // Labels that belong to the last centres.
        state.assign(&step);
        history.push(state.inertia(&step));
    }
    let inertia = state.exact_inertia(&step);
    let n_clusters_found = state.n_found();
    Ok(Fitted {
        n_distances: state.segments.iter().map(|segment| segment.n_distances).sum(),
        labels: state.labels(),
        centres: Matrix { values: frame.absolute(&centres), n: k, d: frame.d },
        inertia,
        n_iterations,
        history,
        n_clusters_found,
        converged: rested,
    })
}

pub(super) fn to_unit_length(row: &mut [f64]) {
    let length = row.iter().map(|value| value * value).sum::<f64>().sqrt();
    if length > 0.0 {
        row.iter_mut().for_each(|value| *value /= length);
    }
}

impl<T: Near> Segment<T> {
    fn new(first: usize, n: usize, k: usize, d: usize) -> Self {
        Segment {
            first,
            labels: vec![NOWHERE; n],
            bounds: None,
            lists: None,
            panel: Panel::new(d),
            n_distances: 0,
            n_changed: 0,
            sums: vec![0.0; k * d],
            sizes: vec![Size::default(); k],
            touched: vec![false; k],
            moved: Vec::with_capacity(BLOCK),
        }
    }

    /// Labels all rows anew and notes what that changes.
    fn assign(&mut self, frame: &Frame<T>, step: &Step<T>) {
        let d = frame.d;
        self.n_changed = 0;
        self.make_ready(step);
        let mut old = [NOWHERE; BLOCK];
        for at in (0..self.labels.len()).step_by(BLOCK) {
            let n = BLOCK.min(self.labels.len() - at);
            let rows = &frame.values[(self.first + at) * d..][..n * d];
            old[..n].copy_from_slice(&self.labels[at..at + n]);
            if step.groups.is_some() {
                self.assign_within_bounds(frame, step, at, n);
            } else if step.rough.is_some() {
                self.assign_by_lists(frame, step, at, n);
            } else {
                step.all.label(rows, &frame.shift, &mut self.panel, &mut self.labels[at..at + n]);
                self.n_distances += (n * step.all.n()) as u64;
            }
            self.note(frame, at, &old[..n]);
        }
        self.bounds.iter_mut().for_each(|bounds| bounds.is_set = true);
        self.lists.iter_mut().for_each(|lists| lists.is_set = true);
    }

    /// Room for the bounds that the step goes by.
    fn make_ready(&mut self, step: &Step<T>) {
        let n = self.labels.len();
        if let (None, Some(groups)) = (&self.bounds, &step.groups) {
            self.bounds = Some(Bounds::new(n, groups));
        }
        match (&mut self.lists, &step.rough) {
            (Some(lists), Some(_)) => lists.begin(),
            (lists, rough) => *lists = rough.is_some().then(|| Lists::new(n)),
        }
    }

    fn note(&mut self, frame: &Frame<T>, at: usize, old: &[u32]) {
        let labels = &self.labels[at..at + old.len()];
        let first = self.first + at;
        let pairs = old.iter().zip(labels).enumerate();
        self.moved.clear();
        self.moved.extend(pairs.filter(|(_, (from, to))| from != to).map(|(i, _)| i as u32));
        self.n_changed += self.moved.len();
        if self.moved.is_empty() {
            return;
        }
        let rows = &frame.values[first * frame.d..][..old.len() * frame.d];
        let mut squares = [0.0; BLOCK];
        let squares = &mut squares[..self.moved.len()];
        if let Some(rounded) = self.lists.as_ref().and_then(|lists| lists.rounded.as_ref()) {
            let known = &rounded.squares()[at..];
            squares.iter_mut().zip(&self.moved).for_each(|(square, &i)| *square = f64::from(known[i as usize]));
        } else {
            // Squared lengths: distances to one centre at 0.
            let nought = &[0; BLOCK][..old.len()];
            frame.passes.distances(rows, &frame.shift, &self.moved, nought, &frame.zeros, squares);
        }
        for (&i, &square) in self.moved.iter().zip(&*squares) {
            let (from, to) = (old[i as usize], labels[i as usize] as usize);
            let (weight, length) = (frame.weight_of(first + i as usize), square.sqrt());
            if from != NOWHERE {
                self.sizes[from as usize].add(weight, length, -1.0);
                self.touched[from as usize] = true;
            }
            self.sizes[to].add(weight, length, 1.0);
            self.touched[to] = true;
        }
        let weights = frame.weights.map(|weights| &weights[first..first + old.len()]);
        frame.passes.move_rows(rows, &frame.shift, old, labels, weights, &mut self.sums);
    }
}

impl<T: Near> Segment<T> {
    /// As if no row had had a label before.
    fn note_all(&mut self, frame: &Frame<T>) {
        let n_changed = self.n_changed;
        for at in (0..self.labels.len()).step_by(BLOCK) {
            let n = BLOCK.min(self.labels.len() - at);
            self.note(frame, at, &[NOWHERE; BLOCK][..n]);
        }
        self.n_changed = n_changed.max(1);
    }
}

impl<'a, T: Near> State<'a, T> {
    fn new(frame: &'a Frame<'a, T>, k: usize) -> Self {
        let size = frame.segment();
        let segments = (0..frame.n)
            .step_by(size)
            .map(|first| Segment::new(first, size.min(frame.n - first), k, frame.d))
            .collect();
        let (sums, sizes) = (vec![0.0; k * frame.d], vec![Size::default(); k]);
        State { frame, k, segments, sums, sizes, drift: vec![[0.0; 2]; k] }
    }

    /// Labels all points; says how many changed.
    fn assign(&mut self, step: &Step<T>) -> usize {
        let frame = self.frame;
        self.segments.par_iter_mut().for_each(|segment| segment.assign(frame, step));
        self.gather();
        let n_changed = self.segments.iter().map(|segment| segment.n_changed).sum();
        if self.has_drifted() {
            self.sum_anew();
        }
        n_changed
    }

    fn passed(&self, n_changed: usize) -> Passed {
        let share = |n: usize| n as f64 / self.frame.n as f64;
        let n_open = self.segments.iter().filter_map(|segment| segment.lists.as_ref()).map(|lists| lists.n_open).sum();
        Passed { changed: share(n_changed), open: share(n_open) }
    }

    /// Whether rounding may show in a sum: say, because a point left that was heavier than all that stayed.
    fn has_drifted(&self) -> bool {
        let beyond = |drift: f64, sum: f64| drift > (DRIFT_MAX * sum).powi(2);
        let sizes = self.sizes.iter().zip(&self.drift).filter(|(size, _)| size.n > 0);
        sizes.into_iter().any(|(size, drift)| beyond(drift[0], size.weight) || beyond(drift[1], size.mass))
    }

    /// All sums from the labels alone.
    fn sum_anew(&mut self) {
        let frame = self.frame;
        self.segments.par_iter_mut().for_each(|segment| segment.note_all(frame));
        self.sums.fill(0.0);
        self.sizes.fill(Size::default());
        self.gather();
        self.drift.fill([0.0; 2]);
    }

    /// Adds what changed, segment by segment, so that sums do not depend on who was first.
    fn gather(&mut self) {
        let d = self.frame.d;
        for segment in self.segments.iter_mut().filter(|segment| segment.n_changed > 0) {
            for c in (0..self.k).filter(|&c| segment.touched[c]) {
                let more = &mut segment.sums[c * d..(c + 1) * d];
                self.sums[c * d..(c + 1) * d].iter_mut().zip(more.iter()).for_each(|(sum, more)| *sum += more);
                more.fill(0.0);
                let (size, more) = (&mut self.sizes[c], std::mem::take(&mut segment.sizes[c]));
                // Every addition inside the segment rounds to what had moved at most, and one to the sum.
                for (at, sum) in [size.weight, size.mass].into_iter().enumerate() {
                    let unit = f64::EPSILON / 2.0;
                    let (moved, largest) = (more.moved[at], sum.max(more.moved[at]));
                    self.drift[c][at] += (unit * largest).powi(2) + f64::from(more.n_moved) * (unit * moved).powi(2);
                }
                size.n += more.n;
                size.weight += more.weight;
                size.mass += more.mass;
            }
            segment.touched.fill(false);
        }
        for c in 0..self.k {
            // What subtracting leaves of nothing.
            if self.sizes[c].n == 0 {
                (self.sizes[c], self.drift[c]) = (Size::default(), [0.0; 2]);
                self.sums[c * d..(c + 1) * d].fill(0.0);
            }
        }
    }

    /// The inertia of the labels with these centres, from the sums: Σ w|x|² + Σ (W|c|² − 2 c·S).
    fn inertia(&self, step: &Step<T>) -> f64 {
        let d = self.frame.d;
        let of_centre = |c: usize| -> f64 {
            let (row, sum) = (&step.rows[c * d..(c + 1) * d], &self.sums[c * d..(c + 1) * d]);
            row.iter().zip(sum).map(|(x, sum)| x.to_f64() * (self.sizes[c].weight * x.to_f64() - 2.0 * sum)).sum()
        };
        (self.frame.squares + (0..self.k).map(of_centre).sum::<f64>()).max(0.0)
    }

    /// The means of the labelled points, where empty clusters take the points farthest from their centres, as in
    /// scikit-learn; or keep their place if every point lies on its centre. Shape: (k, d).
    fn means(&self, old: &[f64], step: &Step<T>) -> Vec<f64> {
        let d = self.frame.d;
        let (mut sums, mut sizes) = (Vec::new(), Vec::new());
        let empty: Vec<usize> = (0..self.k).filter(|&c| self.sizes[c].n == 0).collect();
        if !empty.is_empty() {
            (sums, sizes) = (self.sums.clone(), self.sizes.clone());
            self.relocate(&empty, step, &mut sums, &mut sizes);
        }
        let (sums, sizes) = if empty.is_empty() { (&self.sums, &self.sizes) } else { (&sums, &sizes) };
        let mut means = old.to_vec();
        for (c, mean) in means.chunks_exact_mut(d).enumerate() {
            let sum = &sums[c * d..(c + 1) * d];
            if sizes[c].n == 0 || self.frame.spherical && sum.iter().all(|&sum| sum == 0.0) {
                continue;
            }
            mean.iter_mut().zip(sum).for_each(|(mean, sum)| *mean = sum / sizes[c].weight);
            if self.frame.spherical {
                to_unit_length(mean);
            }
        }
        means
    }

    fn relocate(&self, empty: &[usize], step: &Step<T>, sums: &mut [f64], sizes: &mut [Size]) {
        let (frame, d) = (self.frame, self.frame.d);
        let mut far: Vec<(f64, usize, u32)> = Vec::new();
        for (segment, distances) in self.segments.iter().zip(self.distances(step)) {
            let labelled = distances.into_iter().zip(&segment.labels).enumerate();
            far.extend(labelled.map(|(at, (distance, &label))| (distance, segment.first + at, label)));
        }
        far.retain(|&(distance, row, _)| distance > 0.0 && frame.weight_of(row) > 0.0);
        let n = empty.len().min(far.len());
        let order = |a: &(f64, usize, u32), b: &(f64, usize, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if n > 0 && n < far.len() {
            far.select_nth_unstable_by(n - 1, order);
        }
        far.truncate(n);
        far.sort_unstable_by(order);
        for (&c, (_, row, label)) in empty.iter().zip(far) {
            let (weight, label) = (frame.weight_of(row), label as usize);
            // A cluster is not emptied to fill another.
            if sizes[label].n <= 1 {
                continue;
            }
            for (at, value) in frame.row(row).enumerate() {
                sums[label * d + at] -= value.to_f64() * weight;
                sums[c * d + at] = value.to_f64() * weight;
            }
            sizes[label].weight -= weight;
            sizes[label].n -= 1;
            sizes[c] = Size { weight, n: 1, ..Size::default() };
        }
    }

    /// Squared distances to the centre of each point's label, segment by segment.
    fn distances(&self, step: &Step<T>) -> Vec<Vec<f64>> {
        let frame = self.frame;
        let of_segment = |segment: &Segment<T>| {
            let n = segment.labels.len();
            let rows = &frame.values[segment.first * frame.d..][..n * frame.d];
            let picks: Vec<u32> = (0..n as u32).collect();
            let mut out = vec![0.0; n];
            frame.passes.distances(rows, &frame.shift, &picks, &segment.labels, &step.rows, &mut out);
            out
        };
        self.segments.par_iter().map(of_segment).collect()
    }

    fn exact_inertia(&self, step: &Step<T>) -> f64 {
        let weigh = |(segment, distances): (&Segment<T>, Vec<f64>)| -> f64 {
            let weighted = distances.iter().enumerate().map(|(at, x)| x * self.frame.weight_of(segment.first + at));
            weighted.sum()
        };
        self.segments.iter().zip(self.distances(step)).map(weigh).sum()
    }

    fn n_found(&self) -> usize {
        let mut has = vec![false; self.k];
        self.segments.iter().flat_map(|segment| &segment.labels).for_each(|&label| has[label as usize] = true);
        has.into_iter().filter(|&has| has).count()
    }

    fn labels(&self) -> Vec<i32> {
        self.segments.iter().flat_map(|segment| &segment.labels).map(|&label| label as i32).collect()
    }
}
