//! A list of near centres for each point, found by distances rounded to bytes, and bounds that tell for how long it holds:
//! one on the distance to the own centre, one on the others', one on those outside of the list (Drake and Hamerly 2012,
//! "Accelerated k-means with adaptive distance bounds"; there lists come from a first full iteration and bounds are kept for
//! each centre in them). Lists cost a fraction of what the distances cost, so that they serve from the first iteration on.
//!
//! The labels are those of Lloyd's iterations bit for bit: a label is taken from a list only if rounding could not make
//! another centre come out nearest, in the list or outside; what is left goes to the kernel that computes everything.

use math::nearest::coarse::{self, Coarse, List, Rounded, Unit};
use math::nearest::{self, BEYOND, Found, Judged, Near, Panel, SETTLED, WIDTH, rounding};

use super::Algorithm;
use super::bounds::{DOWN, LOWER_MAX, UP};
use super::frame::{BLOCK, Frame};
use super::lloyd::{Segment, Step};

/// Numbers are rounded up to this many times the standard deviation of the widest column; beyond they are cut off.
const REACH: f64 = 4.0;
/// Squares of what is this wide neither leave single precision nor vanish in it.
const SPREADS: std::ops::RangeInclusive<f64> = 1e-12..=1e12;
/// More than what products of the smallest numbers lose below the range of single precision.
const VANISHED: f64 = 1e-36;
/// By itself the choice is for lists from this many centres and columns on: with fewer there is little to leave out.
const CENTRES_MIN: usize = 128;
const COLUMNS_MIN: usize = 8;
/// Lists are given up once they leave more than this share of the points to the kernel that computes everything.
const OPEN_MAX: f64 = 0.25;
/// Old lists that are compared in a segment before it is judged whether that helps.
const TRIED_MIN: usize = 256;

/// How lists are made, and how far centres have gone.
pub(super) struct Plan {
    unit: Unit,
    d: usize,
    /// The last centres. Shape: (k, d), empty before the first step.
    last: Vec<f32>,
    /// The largest movements of any centre, summed.
    gone: f64,
}

/// Centres at one step.
pub(super) struct Rough {
    coarse: Coarse,
    unit: Unit,
    /// The largest squared length of a centre.
    square_max: f64,
    /// How far each centre moved since the last step, at most. Shape: (k).
    moved: Vec<f32>,
    gone: f32,
}

/// Lists and bounds of the points of a segment.
pub(super) struct Lists {
    /// None before the first step.
    pub rounded: Option<Rounded>,
    /// On the distance to the own centre. Shape: (n).
    upper: Vec<f32>,
    /// On the distance to any other centre, and to any outside of the list, plus how far centres had gone. Shapes: (n).
    near: Vec<f32>,
    far: Vec<f32>,
    /// Shape: (n).
    lists: Vec<List>,
    /// Whether all rows have lists and bounds.
    pub is_set: bool,
    /// Points that were left to the kernel that computes everything, at this step.
    pub n_open: usize,
    /// Old lists of this step that were compared although their bound had passed, and those of them that did not serve.
    n_tried: usize,
    n_in_vain: usize,
    room: Room,
}

/// Rows of a block, by what is to be done for them; and what is found for some of them.
#[derive(Default)]
struct Room {
    doubtful: Vec<u32>,
    scanned: Vec<u32>,
    beyond: Vec<u32>,
    open: Vec<u32>,
    scan: coarse::Room,
    lists: Vec<List>,
    /// As the rows that are compared.
    scores: Vec<[f32; 2]>,
    labels: Vec<u32>,
    squares: Vec<f32>,
    far: Vec<f32>,
    upper: Vec<f32>,
    near: Vec<f32>,
    verdicts: Vec<u8>,
}

impl Plan {
    /// None if lists do not suit the points, the processor or what is asked for.
    pub fn new<T: Near>(algorithm: Algorithm, frame: &Frame<T>, k: usize) -> Option<Self> {
        let d = frame.d;
        let wanted = match algorithm {
            Algorithm::Lists => true,
            Algorithm::Auto => k >= CENTRES_MIN && d >= COLUMNS_MIN,
            _ => false,
        };
        let possible = coarse::is_available()
            && T::singles(&frame.shift).is_some()
            && d <= coarse::COLUMNS_MAX
            && k <= coarse::CENTRES_MAX
            && SPREADS.contains(&frame.spread);
        let plan = || Plan { unit: Unit::new(REACH * frame.spread), d, last: Vec::new(), gone: 0.0 };
        (wanted && possible).then(plan)
    }

    /// The centres for the next assignment. Shape of `rows`: (k, d).
    pub fn step<T: Near>(&mut self, rows: &[T], square_max: f64) -> Option<Rough> {
        let rows = T::singles(rows)?;
        let way = |(now, last): (&[f32], &[f32])| -> f64 {
            now.iter().zip(last).map(|(now, last)| (f64::from(*now) - f64::from(*last)).powi(2)).sum::<f64>().sqrt()
        };
        let mut moved = vec![0.0; rows.len() / self.d];
        if !self.last.is_empty() {
            let pairs = rows.chunks_exact(self.d).zip(self.last.chunks_exact(self.d));
            moved.iter_mut().zip(pairs).for_each(|(moved, pair)| *moved = way(pair));
        }
        self.last = rows.to_vec();
        self.gone += moved.iter().fold(0.0, |most: f64, &one| most.max(one)) * (1.0 + 1e-12);
        // No more than a rounding: bounds are kept with one way added and compared with another taken off.
        let up = |x: f64| if f64::from(x as f32) < x { (x as f32).next_up() } else { x as f32 };
        let moved = moved.into_iter().map(up).collect();
        let coarse = Coarse::new(rows, self.d, self.unit);
        Some(Rough { coarse, unit: self.unit, square_max, moved, gone: up(self.gone) })
    }

    /// Whether lists settle enough, after an assignment that left this share of the points open.
    pub fn serves(&self, open: f64) -> bool {
        open <= OPEN_MAX
    }
}

impl Lists {
    pub fn new(n: usize) -> Self {
        let of = || vec![0.0; n];
        let (upper, near, far, lists) = (of(), of(), of(), vec![List::NONE; n]);
        Lists {
            rounded: None,
            upper,
            near,
            far,
            lists,
            is_set: false,
            n_open: 0,
            n_tried: 0,
            n_in_vain: 0,
            room: Room::default(),
        }
    }

    /// Forgets what is told of one step.
    pub fn begin(&mut self) {
        (self.n_open, self.n_tried, self.n_in_vain) = (0, 0, 0);
    }

    /// Sorts the rows that bounds do not settle into those whose list may, and those that need a new one.
    fn sort(&mut self, block: &Block<'_>, labels: &[u32]) {
        let (room, rough) = (&mut self.room, block.rough);
        room.doubtful.clear();
        room.scanned.clear();
        if !self.is_set {
            room.scanned.extend(0..labels.len() as u32);
            return;
        }
        let rows = block.at..block.at + labels.len();
        let squares = &self.rounded.as_ref().expect("rounded at the first step").squares()[rows.clone()];
        let (upper, far) = (&mut self.upper[rows.clone()], &self.far[rows.clone()]);
        for (upper, &label) in upper.iter_mut().zip(labels) {
            *upper = (*upper + rough.moved[label as usize]) * UP;
        }
        let mut limits = [0f32; BLOCK];
        let limits = &mut limits[..labels.len()];
        nearest::limits(upper, squares, 2.0 * block.slack, rough.square_max, limits);
        nearest::rows_within(&self.near[rows], &[rough.gone], limits, &mut room.doubtful);
        let scanned = &mut room.scanned;
        let is_vain = self.n_tried >= TRIED_MIN && self.n_in_vain * 4 >= self.n_tried * 3;
        let n_tried = &mut self.n_tried;
        room.doubtful.retain(|&i| {
            let (at, way) = (i as usize, rough.moved[labels[i as usize] as usize]);
            let bound = far[at] - rough.gone;
            // Its list is no use even if the own centre came nearer by all its way, or such lists have been none.
            let is_out = bound <= upper[at] - 2.0 * way || is_vain && bound <= upper[at];
            if is_out {
                scanned.push(i);
            } else if bound <= upper[at] {
                *n_tried += 1;
            }
            !is_out
        });
    }
}

impl Room {
    fn resize(&mut self, n: usize) {
        self.scores.resize(n, [0.0; 2]);
        self.labels.resize(n, 0);
        self.verdicts.resize(n, 0);
        for numbers in [&mut self.squares, &mut self.far, &mut self.upper, &mut self.near] {
            numbers.resize(n, 0.0);
        }
    }

    fn judge(&mut self, block: &Block<'_>) {
        let judged = Judged { upper: &mut self.upper, near: &mut self.near, verdicts: &mut self.verdicts };
        let off = [block.slack, block.rough.square_max, VANISHED];
        nearest::judge(&self.scores, &self.squares, &self.far, off, judged);
    }
}

/// What is at hand for a block of rows.
struct Block<'a> {
    rows: &'a [f32],
    shift: &'a [f32],
    rough: &'a Rough,
    /// Of a squared distance, per squared length of the point and of the longest centre.
    slack: f64,
    /// Its first row in the segment.
    at: usize,
}

impl Lists {
    /// Compares the picked rows with their lists. Those that this does not settle are added to `beyond` if centres outside of
    /// the list may be nearest, else to `tied`. Says how many distances it took.
    fn compare(&mut self, block: &Block<'_>, picks: &[u32], labels: &mut [u32], unsettled: [&mut Vec<u32>; 2]) -> u64 {
        let (room, rough, [beyond, tied]) = (&mut self.room, block.rough, unsettled);
        let rows = block.at..block.at + labels.len();
        room.resize(picks.len());
        let lists = &self.lists[rows.clone()];
        rough.coarse.compare(block.rows, block.shift, picks, lists, &mut room.scores, &mut room.labels);
        let squares = &self.rounded.as_ref().expect("rounded at the first step").squares()[rows.clone()];
        let far = &self.far[rows];
        for (n, &i) in picks.iter().enumerate() {
            room.squares[n] = squares[i as usize];
            room.far[n] = far[i as usize] - rough.gone;
        }
        room.judge(block);
        let mut n_distances = 0;
        for (n, &i) in picks.iter().enumerate() {
            n_distances += u64::from(lists[i as usize].n);
            match room.verdicts[n] {
                SETTLED => {
                    labels[i as usize] = room.labels[n];
                    self.upper[block.at + i as usize] = room.upper[n];
                    self.near[block.at + i as usize] = stored(room.near[n], rough);
                }
                BEYOND => beyond.push(i),
                _ => tied.push(i),
            }
        }
        n_distances
    }

    /// Labels the picked rows by the kernel that computes everything.
    fn compare_with_all<T: Near>(
        &mut self,
        block: &Block<'_>,
        step: &Step<T>,
        picks: &[u32],
        labels: &mut [u32],
        panel: &Panel<T>,
    ) {
        let mut found = Found::default();
        step.all.nearest_two(panel, &mut found);
        let room = &mut self.room;
        room.resize(picks.len());
        for (lane, &i) in picks.iter().enumerate() {
            labels[i as usize] = found.at[lane].to_f64() as u32;
            room.scores[lane] = [found.score[lane], found.second[lane]].map(|score| score.to_f64() as f32);
            room.squares[lane] = panel.squares[lane].to_f64() as f32 * UP;
            room.far[lane] = LOWER_MAX;
        }
        room.judge(block);
        for (lane, &i) in picks.iter().enumerate() {
            self.upper[block.at + i as usize] = room.upper[lane];
            self.near[block.at + i as usize] = stored(room.near[lane], block.rough);
        }
    }

    /// Makes new lists for the picked rows.
    fn scan(&mut self, block: &Block<'_>, picks: &[u32]) {
        let (room, rough) = (&mut self.room, block.rough);
        let rounded = self.rounded.as_ref().expect("rounded at the first step");
        room.lists.resize(picks.len(), List::NONE);
        room.far.resize(picks.len(), 0.0);
        let all: Vec<u32> = picks.iter().map(|&i| block.at as u32 + i).collect();
        rough.coarse.scan(rounded, &all, &mut room.scan, &mut room.lists, &mut room.far);
        for ((&row, &list), &far) in all.iter().zip(&room.lists).zip(&room.far) {
            self.lists[row as usize] = list;
            self.far[row as usize] = stored(far, rough);
        }
    }
}

/// A lower bound as it is kept.
fn stored(bound: f32, rough: &Rough) -> f32 {
    ((bound + rough.gone) * DOWN).min(LOWER_MAX)
}

impl<T: Near> Segment<T> {
    /// Labels the `n` rows from `at`, at most [`BLOCK`].
    pub fn assign_by_lists(&mut self, frame: &Frame<T>, step: &Step<T>, at: usize, n: usize) {
        let (Some(lists), Some(rough)) = (&mut self.lists, &step.rough) else { return };
        let (Some(values), Some(shift)) = (T::singles(frame.values), T::singles(&frame.shift)) else { return };
        let (d, labels) = (frame.d, &mut self.labels[at..at + n]);
        let of_segment = &values[self.first * d..][..lists.upper.len() * d];
        let rows = &of_segment[at * d..][..n * d];
        if !lists.is_set {
            // Block by block, while a block's rows are at hand.
            let room = || Rounded::room(lists.upper.len(), d, rough.unit);
            lists.rounded.get_or_insert_with(room).set(at, rows, shift);
        }
        let block = Block { rows, shift, rough, slack: rounding::<T>(d, 1.0, 0.0), at };
        lists.sort(&block, labels);
        let doubtful = std::mem::take(&mut lists.room.doubtful);
        let [mut scanned, mut beyond, mut open] =
            [&mut lists.room.scanned, &mut lists.room.beyond, &mut lists.room.open].map(std::mem::take);
        beyond.clear();
        open.clear();
        let n_scanned = scanned.len();
        let mut n_distances = lists.compare(&block, &doubtful, labels, [&mut scanned, &mut open]);
        lists.n_in_vain += scanned.len() - n_scanned;
        // Two runs in order.
        scanned.sort();
        lists.scan(&block, &scanned);
        n_distances += lists.compare(&block, &scanned, labels, [&mut beyond, &mut open]);
        open.append(&mut beyond);
        lists.n_open += open.len();
        let rows = &frame.values[(self.first + at) * d..][..n * d];
        for picks in open.chunks(WIDTH) {
            step.all.pack(rows, &frame.shift, picks, &mut self.panel);
            lists.compare_with_all(&block, step, picks, labels, &self.panel);
        }
        n_distances += (open.len() * step.all.n()) as u64;
        self.n_distances += n_distances;
        let room = &mut lists.room;
        (room.doubtful, room.scanned, room.beyond, room.open) = (doubtful, scanned, beyond, open);
    }
}
