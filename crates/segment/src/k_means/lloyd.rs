//! Lloyd's iterations: labels, sums, means, until nothing moves. The order of events and the rules for stopping and for
//! empty clusters are scikit-learn's, so that labels and centres can be compared with its, iteration by iteration.

use math::nearest::{Centres, NOWHERE, Near, Panel};
use rayon::prelude::*;

use super::bounds::{Bounds, Groups, Plan};
use super::frame::{BLOCK, Frame};
use super::{Fitted, KMeans};
use crate::{Matrix, SegmentError};

/// Centres of one iteration, as the kernels want them.
pub(super) struct Step<T: 'static> {
    /// Shape: (k, d).
    pub rows: Vec<T>,
    pub all: Centres<T>,
    pub groups: Option<Groups<T>>,
}

/// Consecutive rows, handled by one thread at a time, and what the last iteration changed in them.
pub(super) struct Segment<T: 'static> {
    pub first: usize,
    /// Shape: (rows of the segment).
    pub labels: Vec<u32>,
    pub bounds: Option<Bounds<T>>,
    pub panel: Panel<T>,
    pub n_distances: u64,
    n_changed: usize,
    /// What the changes add to the sums of rows. Shape: (k, d).
    sums: Vec<f64>,
    /// What they add to weights and numbers of points with a weight. Shape: (k).
    sizes: Vec<(f64, i64)>,
    touched: Vec<bool>,
}

/// Everything that lives through the iterations.
struct State<'a, T: 'static> {
    frame: &'a Frame<'a, T>,
    k: usize,
    segments: Vec<Segment<T>>,
    /// Shape: (k, d): the weighted sums of the rows with each label.
    sums: Vec<f64>,
    /// Shape: (k): their weight, and how many have one.
    sizes: Vec<(f64, i64)>,
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
    let mut state = State::new(frame, k, &plan);
    let tolerance = wanted.tolerance * frame.variance;
    let (mut history, mut n_iterations, mut strict, mut rested) = (Vec::new(), 0, false, false);
    let mut changed = 1.0;
    while n_iterations < wanted.max_iterations && !rested {
        let step = plan.step(&centres, frame.d, changed);
        let n_changed = state.assign(&step);
        changed = n_changed as f64 / frame.n as f64;
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
    let step = plan.step(&centres, frame.d, changed);
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
    fn new(first: usize, n: usize, k: usize, d: usize, plan: &Plan) -> Self {
        Segment {
            first,
            labels: vec![NOWHERE; n],
            bounds: plan.n_groups().map(|n_groups| Bounds::new(n, n_groups)),
            panel: Panel::new(d),
            n_distances: 0,
            n_changed: 0,
            sums: vec![0.0; k * d],
            sizes: vec![(0.0, 0); k],
            touched: vec![false; k],
        }
    }

    /// Labels all rows anew and notes what that changes.
    fn assign(&mut self, frame: &Frame<T>, step: &Step<T>) {
        let d = frame.d;
        self.n_changed = 0;
        let mut squares = [T::ZERO; BLOCK];
        let mut old = [NOWHERE; BLOCK];
        for at in (0..self.labels.len()).step_by(BLOCK) {
            let n = BLOCK.min(self.labels.len() - at);
            let rows = &frame.values[(self.first + at) * d..][..n * d];
            old[..n].copy_from_slice(&self.labels[at..at + n]);
            if step.groups.is_some() {
                self.assign_within_bounds(frame, step, at, n);
            } else {
                step.all.assign(rows, &frame.shift, &mut self.panel, &mut self.labels[at..at + n], &mut squares[..n]);
                self.n_distances += (n * step.all.n()) as u64;
            }
            self.note(frame, at, &old[..n]);
        }
        if let (Some(bounds), Some(_)) = (&mut self.bounds, &step.groups) {
            bounds.is_set = true;
        }
    }

    fn note(&mut self, frame: &Frame<T>, at: usize, old: &[u32]) {
        let labels = &self.labels[at..at + old.len()];
        let first = self.first + at;
        let mut n_changed = 0;
        for (i, (&from, &to)) in old.iter().zip(labels).enumerate() {
            if from == to {
                continue;
            }
            n_changed += 1;
            let weight = frame.weight_of(first + i);
            let has_weight = i64::from(weight > 0.0);
            if from != NOWHERE {
                self.sizes[from as usize].0 -= weight;
                self.sizes[from as usize].1 -= has_weight;
                self.touched[from as usize] = true;
            }
            self.sizes[to as usize].0 += weight;
            self.sizes[to as usize].1 += has_weight;
            self.touched[to as usize] = true;
        }
        if n_changed > 0 {
            let rows = &frame.values[first * frame.d..][..old.len() * frame.d];
            let weights = frame.weights.map(|weights| &weights[first..first + old.len()]);
            frame.passes.move_rows(rows, &frame.shift, old, labels, weights, &mut self.sums);
        }
        self.n_changed += n_changed;
    }
}

impl<'a, T: Near> State<'a, T> {
    fn new(frame: &'a Frame<'a, T>, k: usize, plan: &Plan) -> Self {
        let size = frame.segment();
        let segments = (0..frame.n)
            .step_by(size)
            .map(|first| Segment::new(first, size.min(frame.n - first), k, frame.d, plan))
            .collect();
        State { frame, k, segments, sums: vec![0.0; k * frame.d], sizes: vec![(0.0, 0); k] }
    }

    /// Labels all points; says how many changed.
    fn assign(&mut self, step: &Step<T>) -> usize {
        let frame = self.frame;
        self.segments.par_iter_mut().for_each(|segment| segment.assign(frame, step));
        self.gather();
        self.segments.iter().map(|segment| segment.n_changed).sum()
    }

    /// Adds what changed, segment by segment, so that sums do not depend on who was first.
    fn gather(&mut self) {
        let d = self.frame.d;
        for segment in self.segments.iter_mut().filter(|segment| segment.n_changed > 0) {
            for c in (0..self.k).filter(|&c| segment.touched[c]) {
                let more = &mut segment.sums[c * d..(c + 1) * d];
                self.sums[c * d..(c + 1) * d].iter_mut().zip(more.iter()).for_each(|(sum, more)| *sum += more);
                more.fill(0.0);
                self.sizes[c].0 += segment.sizes[c].0;
                self.sizes[c].1 += segment.sizes[c].1;
                segment.sizes[c] = (0.0, 0);
            }
            segment.touched.fill(false);
        }
        for c in 0..self.k {
            // What subtracting leaves of nothing.
            if self.sizes[c].1 == 0 {
                self.sizes[c].0 = 0.0;
                self.sums[c * d..(c + 1) * d].fill(0.0);
            }
        }
    }

    /// The inertia of the labels with these centres, from the sums: Σ w|x|² + Σ (W|c|² − 2 c·S).
    fn inertia(&self, step: &Step<T>) -> f64 {
        let d = self.frame.d;
        let of_centre = |c: usize| -> f64 {
            let (row, sum) = (&step.rows[c * d..(c + 1) * d], &self.sums[c * d..(c + 1) * d]);
            row.iter().zip(sum).map(|(x, sum)| x.to_f64() * (self.sizes[c].0 * x.to_f64() - 2.0 * sum)).sum()
        };
        (self.frame.squares + (0..self.k).map(of_centre).sum::<f64>()).max(0.0)
    }

    /// The means of the labelled points, where empty clusters take the points farthest from their centres, as in
    /// scikit-learn; or keep their place if every point lies on its centre. Shape: (k, d).
    fn means(&self, old: &[f64], step: &Step<T>) -> Vec<f64> {
        let d = self.frame.d;
        let (mut sums, mut sizes) = (Vec::new(), Vec::new());
        let empty: Vec<usize> = (0..self.k).filter(|&c| self.sizes[c].1 == 0).collect();
        if !empty.is_empty() {
            (sums, sizes) = (self.sums.clone(), self.sizes.clone());
            self.relocate(&empty, step, &mut sums, &mut sizes);
        }
        let (sums, sizes) = if empty.is_empty() { (&self.sums, &self.sizes) } else { (&sums, &sizes) };
        let mut means = old.to_vec();
        for (c, mean) in means.chunks_exact_mut(d).enumerate() {
            let sum = &sums[c * d..(c + 1) * d];
            if sizes[c].1 == 0 || self.frame.spherical && sum.iter().all(|&sum| sum == 0.0) {
                continue;
            }
            mean.iter_mut().zip(sum).for_each(|(mean, sum)| *mean = sum / sizes[c].0);
            if self.frame.spherical {
                to_unit_length(mean);
            }
        }
        means
    }

    fn relocate(&self, empty: &[usize], step: &Step<T>, sums: &mut [f64], sizes: &mut [(f64, i64)]) {
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
            if sizes[label].1 <= 1 {
                continue;
            }
            for (at, value) in frame.row(row).enumerate() {
                sums[label * d + at] -= value.to_f64() * weight;
                sums[c * d + at] = value.to_f64() * weight;
            }
            sizes[label] = (sizes[label].0 - weight, sizes[label].1 - 1);
            sizes[c] = (weight, 1);
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
