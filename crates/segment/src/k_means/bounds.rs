//! Bounds that make most distances unnecessary: an upper one on each point's distance to its centre, a lower one on its
//! distance to each group of centres (Ding et al. 2015, "Yinyang K-Means"; with one group, Hamerly 2010). What is left over
//! is computed group by group with the kernels that compute everything, many points at a time.
//!
//! The labels are those of Lloyd's iterations bit for bit: a group is only skipped if rounding could not make one of
//! its centres come out nearest, and scores that are computed are the same numbers. Lower bounds are stored with the
//! way their group has gone since the start added, so that only points that are looked at write theirs again.

use math::nearest::{self, BOUNDS, Centres, FIRST, Found, Near, Panel, WIDTH, rounding};

use super::Algorithm;
use super::frame::{BLOCK, Frame};
use super::lists;
use super::lloyd::{Passed, Segment, Step};

/// Centres in a group, and groups, at most.
const GROUP: usize = 12;
const GROUPS_MAX: usize = 64;
/// Fewer centres than this are one group.
const ONE_GROUP: usize = 16;
/// More than a rounding of single precision, twice over; towards the safe side.
pub(super) const UP: f32 = 1.0 + 3e-7;
pub(super) const DOWN: f32 = 1.0 - 3e-7;
/// By itself the choice is for bounds where comparing a point with all centres takes more than about this many products,
/// once no more than this share of the points still changes its label: before that bounds rarely settle anything.
const PRODUCTS_MIN: usize = 2400;
const CHANGED_MAX: f64 = 0.03;
/// Beyond this a lower bound says no more.
pub(super) const LOWER_MAX: f32 = f32::MAX / 4.0;

/// Which centres are grouped, and how far they have gone.
pub(super) struct Plan {
    /// None: every distance is computed.
    groups: Option<Vec<Vec<u32>>>,
    /// Instead of groups, as long as they serve.
    lists: Option<lists::Plan>,
    /// The share of changed labels at which bounds begin.
    changed_max: f64,
    /// The last centres as the kernels saw them. Shape: (k, d), empty before the first step.
    last: Vec<f64>,
    /// The way of each group: its largest movements, summed. Shape: (groups).
    gone: Vec<f64>,
}

/// Groups at one step.
pub(super) struct Groups<T: 'static> {
    groups: Vec<(Vec<u32>, Centres<T>)>,
    /// Shape: (k).
    group_of: Vec<u32>,
    /// How far each centre moved since the last step, at least. Shape: (k).
    moved: Vec<f32>,
    /// Shape: (groups filled up).
    gone: Vec<f32>,
}

/// Bounds of the points of a segment.
pub(super) struct Bounds<T: 'static> {
    /// On the distance to the own centre. Shape: (n).
    upper: Vec<f32>,
    /// Squared lengths. Shape: (n).
    squares: Vec<f32>,
    /// On the distance to any other centre of each group, plus the group's way until then. Shape: (n, groups filled up).
    lower: Vec<f32>,
    n_groups: usize,
    /// Bounds a point: the groups, filled up with bounds that never matter.
    n_bounds: usize,
    /// Whether all rows have bounds.
    pub is_set: bool,
    /// Points of a block to be compared with each group.
    queues: Vec<Vec<u32>>,
    best: Vec<Best<T>>,
    doubtful: Vec<u32>,
    distances: Vec<f64>,
    found: Found<T>,
}

/// The nearest so far of one point.
#[derive(Clone, Copy)]
struct Best<T> {
    score: T,
    second: T,
    centre: u32,
    group: u32,
}

impl<T: Near> Best<T> {
    const NONE: Best<T> = Best { score: T::INFINITY, second: T::INFINITY, centre: u32::MAX, group: 0 };
}

impl Plan {
    pub fn new<T: Near>(algorithm: Algorithm, frame: &Frame<T>, centres: &[f64]) -> Self {
        let k = centres.len() / frame.d;
        let one = || vec![(0..k as u32).collect::<Vec<u32>>()];
        let many = || {
            let mut groups = Vec::new();
            let size = GROUP.max(k.div_ceil(GROUPS_MAX));
            split(centres, frame.d, (0..k as u32).collect(), size, &mut groups);
            groups
        };
        let groups = match algorithm {
            Algorithm::Lloyd | Algorithm::Lists => None,
            Algorithm::Hamerly => Some(one()),
            Algorithm::Yinyang => Some(many()),
            Algorithm::Auto if k == 1 || k * (frame.d + 3) < PRODUCTS_MIN => None,
            Algorithm::Auto if k <= ONE_GROUP => Some(one()),
            Algorithm::Auto => Some(many()),
        };
        let n_groups = groups.as_ref().map_or(0, Vec::len);
        let changed_max = if algorithm == Algorithm::Auto { CHANGED_MAX } else { 1.0 };
        let lists = lists::Plan::new(algorithm, frame, k);
        Plan { groups, lists, changed_max, last: Vec::new(), gone: vec![0.0; n_groups] }
    }

    /// The centres for the next assignment. Shape: (k, d).
    pub fn step<T: Near>(&mut self, centres: &[f64], d: usize, passed: Passed) -> Step<T> {
        let rows: Vec<T> = centres.iter().map(|&x| T::from_f64(x)).collect();
        let all = Centres::new(&rows, d);
        self.lists.take_if(|lists| !lists.serves(passed.open));
        let rough = self.lists.as_mut().and_then(|lists| lists.step(&rows, all.square_max()));
        if rough.is_some() {
            return Step { all, rows, groups: None, rough };
        }
        let begin = passed.changed <= self.changed_max || !self.last.is_empty();
        let groups = self.groups.as_ref().filter(|_| begin).map(|members| {
            let now: Vec<f64> = rows.iter().map(|x| x.to_f64()).collect();
            let moved: Vec<f64> = if self.last.is_empty() {
                vec![0.0; now.len() / d]
            } else {
                let pairs = now.chunks_exact(d).zip(self.last.chunks_exact(d));
                pairs.map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()).collect()
            };
            self.last = now;
            let mut group_of = vec![0; moved.len()];
            let mut groups = Vec::with_capacity(members.len());
            for (at, members) in members.iter().enumerate() {
                let mut of_group = Vec::with_capacity(members.len() * d);
                for &c in members {
                    group_of[c as usize] = at as u32;
                    of_group.extend_from_slice(&rows[c as usize * d..][..d]);
                }
                let most = members.iter().map(|&c| moved[c as usize]).fold(0.0, f64::max);
                self.gone[at] += most * (1.0 + 1e-12);
                groups.push((members.clone(), Centres::new(&of_group, d)));
            }
            let up = |x: &f64| *x as f32 * UP;
            let mut gone: Vec<f32> = self.gone.iter().map(up).collect();
            gone.resize(filled(gone.len()), 0.0);
            let moved = moved.iter().map(up).collect();
            Groups { groups, group_of, moved, gone }
        });
        Step { all, rows, groups, rough }
    }
}

/// Bounds a point for this many groups: more than one are filled up for the vectors.
fn filled(n_groups: usize) -> usize {
    if n_groups == 1 { 1 } else { n_groups.next_multiple_of(BOUNDS) }
}

/// Halves the members across the widest column until groups are small; members stay in ascending order, so that the
/// first of equals is found.
fn split(centres: &[f64], d: usize, mut members: Vec<u32>, size: usize, groups: &mut Vec<Vec<u32>>) {
    if members.len() <= size {
        members.sort_unstable();
        groups.push(members);
        return;
    }
    let value = |c: u32, at: usize| centres[c as usize * d + at];
    let spread = |at: usize| {
        let mean = members.iter().map(|&c| value(c, at)).sum::<f64>() / members.len() as f64;
        members.iter().map(|&c| (value(c, at) - mean).powi(2)).sum::<f64>()
    };
    let widest = (0..d).map(|at| (spread(at), at)).max_by(|a, b| a.0.total_cmp(&b.0)).map_or(0, |widest| widest.1);
    members.sort_by(|&a, &b| value(a, widest).total_cmp(&value(b, widest)).then(a.cmp(&b)));
    // Full groups wherever possible.
    let half = (members.len().div_ceil(size) / 2).max(1) * size;
    let rest = members.split_off(half.min(members.len() - 1));
    split(centres, d, members, size, groups);
    split(centres, d, rest, size, groups);
}

impl<T: Near> Bounds<T> {
    pub fn new(n: usize, groups: &Groups<T>) -> Self {
        let n_groups = groups.groups.len();
        let n_bounds = filled(n_groups);
        Bounds {
            upper: vec![0.0; n],
            squares: vec![0.0; n],
            lower: vec![f32::INFINITY; n * n_bounds],
            n_groups,
            n_bounds,
            is_set: false,
            queues: vec![Vec::new(); n_groups],
            best: vec![Best::NONE; BLOCK],
            doubtful: Vec::new(),
            distances: Vec::new(),
            found: Found::default(),
        }
    }

    /// Queues the points from `at` that bounds do not settle, for each group that may hold a nearer centre.
    fn queue(&mut self, frame: &Frame<T>, step: &Step<T>, groups: &Groups<T>, labels: &[u32], first: usize, at: usize) {
        let d = frame.d;
        let square_max = step.all.square_max();
        // Two scores compared, either of which may be off.
        let slack = |square: f32| 2.0 * rounding::<T>(d, f64::from(square), square_max);
        let limit =
            |upper: f32, square: f32| ((f64::from(upper) * f64::from(upper) + slack(square)).sqrt() as f32) * UP;
        self.queues.iter_mut().for_each(Vec::clear);
        self.doubtful.clear();
        let (rows, mut limits) = (at..at + labels.len(), [0f32; BLOCK]);
        for (upper, &label) in self.upper[rows.clone()].iter_mut().zip(labels) {
            *upper = (*upper + groups.moved[label as usize]) * UP;
        }
        // `slack` is linear: its slope, and what is added to the square.
        let (upper, squares) = (&self.upper[rows.clone()], &self.squares[rows.clone()]);
        let limits = &mut limits[..labels.len()];
        nearest::limits(upper, squares, 2.0 * rounding::<T>(d, 1.0, 0.0), square_max, limits);
        let lower = &self.lower[rows.start * self.n_bounds..rows.end * self.n_bounds];
        nearest::rows_within(lower, &groups.gone, limits, &mut self.doubtful);
        self.distances.resize(self.doubtful.len(), 0.0);
        let rows = &frame.values[(first + at) * d..][..labels.len() * d];
        frame.passes.distances(rows, &frame.shift, &self.doubtful, labels, &step.rows, &mut self.distances);
        for (&i, distance) in self.doubtful.iter().zip(&self.distances) {
            let row = at + i as usize;
            let square = self.squares[row];
            let upper = (distance + slack(square)).sqrt() as f32 * UP;
            self.upper[row] = upper;
            let limit = limit(upper, square);
            let own = groups.group_of[labels[i as usize] as usize] as usize;
            let lower = &self.lower[row * self.n_bounds..][..self.n_groups];
            let mut any = false;
            for (g, (&lower, &gone)) in lower.iter().zip(&groups.gone).enumerate() {
                if lower - gone <= limit {
                    any = true;
                    self.queues[g].push(i);
                }
            }
            self.best[i as usize] = Best::NONE;
            if any {
                // Its score decides, so it is computed as those of the others.
                if self.queues[own].last() != Some(&i) {
                    self.queues[own].push(i);
                }
            }
        }
    }

    /// Takes what the kernel found for `picks` in a group.
    fn take(&mut self, step: &Step<T>, group: usize, groups: &Groups<T>, at: usize, picks: &[u32], panel: &Panel<T>) {
        let (members, centres) = &groups.groups[group];
        centres.nearest_two(panel, &mut self.found);
        let gone = groups.gone[group];
        for (lane, &i) in picks.iter().enumerate() {
            let score = self.found.score[lane];
            let centre = members[self.found.at[lane].to_f64() as usize];
            let slot = &mut self.lower[(at + i as usize) * self.n_bounds + group];
            *slot = lower(step, panel.squares[lane], score, gone);
            let best = &mut self.best[i as usize];
            if score < best.score || score == best.score && centre < best.centre {
                *best = Best { score, second: self.found.second[lane], centre, group: group as u32 };
            }
        }
        for (lane, &i) in picks.iter().enumerate() {
            self.squares[at + i as usize] = panel.squares[lane].to_f64() as f32 * UP;
        }
    }

    /// Writes label and bounds of a point whose groups have been looked at.
    fn settle(&mut self, step: &Step<T>, groups: &Groups<T>, row: usize, i: usize) -> u32 {
        let best = self.best[i];
        let square = self.squares[row];
        let distance = f64::from(square) + 2.0 * best.score.to_f64();
        let slack = step.rounding(square);
        self.upper[row] = (distance.max(0.0) + slack).sqrt() as f32 * UP;
        let gone = groups.gone[best.group as usize];
        // The square was rounded up, so it is taken down again.
        let exact = T::from_f64(f64::from(square * DOWN * DOWN));
        self.lower[row * self.n_bounds + best.group as usize] = lower(step, exact, best.second, gone);
        best.centre
    }
}

impl<T: Near> Step<T> {
    /// How far a computed squared distance may be off.
    fn rounding(&self, square: f32) -> f64 {
        self.all.rounding(f64::from(square))
    }
}

/// What is stored for a group whose nearest centre has this score.
fn lower<T: Near>(step: &Step<T>, square: T, score: T, gone: f32) -> f32 {
    let square = square.to_f64();
    let distance = square + 2.0 * score.to_f64() - step.all.rounding(square);
    ((distance.max(0.0).sqrt() as f32 * DOWN + gone) * DOWN).min(LOWER_MAX)
}

impl<T: Near> Segment<T> {
    /// Labels the `n` rows from `at`, at most [`BLOCK`].
    pub fn assign_within_bounds(&mut self, frame: &Frame<T>, step: &Step<T>, at: usize, n: usize) {
        let (Some(bounds), Some(groups)) = (&mut self.bounds, &step.groups) else { return };
        let d = frame.d;
        let rows = &frame.values[(self.first + at) * d..][..n * d];
        let is_first = !bounds.is_set;
        if !is_first {
            bounds.queue(frame, step, groups, &self.labels[at..at + n], self.first, at);
        }
        let n_pairs: usize = bounds.queues.iter().map(Vec::len).sum();
        // Turning rows into columns once for all groups costs less than once for each.
        if is_first || 2 * n_pairs > n * bounds.n_groups {
            bounds.best[..n].fill(Best::NONE);
            let all: [u32; BLOCK] = std::array::from_fn(|at| at as u32);
            for picks in all[..n].chunks(WIDTH) {
                step.all.pack(&rows[picks[0] as usize * d..], &frame.shift, &FIRST[..picks.len()], &mut self.panel);
                for group in 0..bounds.n_groups {
                    bounds.take(step, group, groups, at, picks, &self.panel);
                }
            }
            for i in 0..n {
                self.labels[at + i] = bounds.settle(step, groups, at + i, i);
            }
            self.n_distances += (n * step.all.n()) as u64;
            return;
        }
        for group in 0..bounds.n_groups {
            let queue = std::mem::take(&mut bounds.queues[group]);
            for picks in queue.chunks(WIDTH) {
                step.all.pack(rows, &frame.shift, picks, &mut self.panel);
                bounds.take(step, group, groups, at, picks, &self.panel);
            }
            self.n_distances += (queue.len() * groups.groups[group].1.n()) as u64;
            bounds.queues[group] = queue;
        }
        let doubtful = std::mem::take(&mut bounds.doubtful);
        for &i in &doubtful {
            if bounds.best[i as usize].centre != u32::MAX {
                self.labels[at + i as usize] = bounds.settle(step, groups, at + i as usize, i as usize);
            }
        }
        self.n_distances += doubtful.len() as u64;
        bounds.doubtful = doubtful;
    }
}
