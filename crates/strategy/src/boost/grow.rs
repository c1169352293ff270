//! Grows one tree, leaf by leaf, the one with most to gain first (LightGBM, Ke et al. 2017), on sums of gradients over
//! bins. Not here: gradients ([`super::loss`]) and the sequence of trees ([`super`]).
//!
//! Gradients become whole numbers before they are summed: 62 bits for the first order; for the second, 39 bits, with the
//! count of rows in the low 24. Sums of whole numbers do not depend on their order, so every number of threads grows the
//! same tree, and a sibling's sums are the parent's minus the other's without loss.

use math::Random;
use rayon::prelude::*;

use super::BoostSettings;
use super::bins::{Binned, MISSING_BIN};
use super::tree::{BinSet, Question, Tree};

/// Rows are counted in 24 bits.
pub(super) const ROWS_MAX: usize = (1 << 24) - 1;
const COUNT_BITS: u32 = 24;
const COUNT_MASK: i64 = (1 << COUNT_BITS) - 1;
/// Bins and rows below which one thread sums faster than several.
const CELLS_PER_THREAD: usize = 1 << 19;
/// Categories: as many as this are tried one by one; more are put in order of their gradient, each drawn towards none by as
/// much second order as `CATEGORY_SMOOTH`, and at most `CATEGORIES_MAX` go left (LightGBM's `max_cat_to_onehot`, `cat_smooth`,
/// `cat_l2`, `max_cat_threshold`).
const CATEGORIES_ONE_BY_ONE: usize = 4;
const CATEGORY_SMOOTH: f64 = 10.0;
const CATEGORY_L2: f64 = 10.0;
const CATEGORIES_MAX: usize = 32;

/// First order; second order and count.
pub(super) type Cell = [i64; 2];
type FeatureSums = [Cell; 256];

/// By what to divide sums of whole numbers to have gradients again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scales {
    first: f64,
    second: f64,
}

impl Scales {
    /// For `n_rows` rows whose gradients are at most these.
    pub(super) fn new(n_rows: usize, first_max: f64, second_max: f64) -> Self {
        let fitting = |bits: i32, sum: f64| {
            let sum = if sum > 0.0 { sum } else { 1.0 };
            2f64.powi(bits - (sum.log2().floor() as i32 + 1))
        };
        let n = n_rows as f64;
        Scales { first: fitting(61, n * first_max), second: fitting(38, n * second_max) }
    }

    #[inline(always)]
    pub(super) fn cell(&self, first: f64, second: f64) -> Cell {
        [(first * self.first) as i64, (((second * self.second + 0.5) as i64) << COUNT_BITS) + 1]
    }

    #[inline(always)]
    fn sums(&self, cell: Cell) -> Sums {
        let second = (cell[1] >> COUNT_BITS) as f64 / self.second;
        Sums { first: cell[0] as f64 / self.first, second, n: (cell[1] & COUNT_MASK) as usize }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    first: f64,
    second: f64,
    n: usize,
}

#[inline(always)]
fn plus(a: Cell, b: Cell) -> Cell {
    [a[0] + b[0], a[1] + b[1]]
}

#[inline(always)]
fn minus(a: Cell, b: Cell) -> Cell {
    [a[0] - b[0], a[1] - b[1]]
}

#[derive(Clone, Copy, Debug)]
struct Split {
    gain: f64,
    feature: usize,
    question: Question,
    left: Cell,
}

struct Leaf {
    begin: usize,
    end: usize,
    depth: usize,
    total: Cell,
    /// Between what its value must stay, for monotone features above it.
    bounds: [f64; 2],
    /// The node above, and whether this is its right side.
    parent: Option<(usize, bool)>,
    /// Which of the grower's sums are its own.
    sums: usize,
    best: Option<Split>,
}

/// What is kept between trees: memory.
pub(super) struct Grower<'a> {
    binned: &'a Binned,
    settings: &'a BoostSettings,
    rows: Vec<u32>,
    moved: Vec<u32>,
    sums: Vec<FeatureSums>,
    n_sums: usize,
    leaves: Vec<Leaf>,
    is_constrained: bool,
    /// What each feature's splits gained in all trees so far. Shape: (n_features).
    pub(super) gains: Vec<f64>,
}

impl<'a> Grower<'a> {
    pub(super) fn new(binned: &'a Binned, settings: &'a BoostSettings) -> Self {
        Grower {
            binned,
            settings,
            rows: Vec::with_capacity(binned.n_rows()),
            moved: vec![0; binned.n_rows()],
            sums: Vec::new(),
            n_sums: 0,
            leaves: Vec::new(),
            is_constrained: settings.monotone.iter().any(|&sign| sign != 0),
            gains: vec![0.0; binned.n_features()],
        }
    }

    /// A tree on `rows`, whose leaves hold the best steps times the learning rate. `gradients` has the shape (n_rows).
    pub(super) fn grow(
        &mut self,
        rows: impl Iterator<Item = u32>,
        gradients: &[Cell],
        scales: Scales,
        random: &mut Random,
    ) -> Tree {
        self.rows.clear();
        self.rows.extend(rows);
        self.leaves.clear();
        self.n_sums = 0;
        let features = self.features(random);
        let total = self.rows.iter().fold([0, 0], |sum, &row| plus(sum, gradients[row as usize]));
        let sums = self.new_sums();
        let bounds = [f64::NEG_INFINITY, f64::INFINITY];
        let end = self.rows.len();
        let mut root = Leaf { begin: 0, end, depth: 0, total, bounds, parent: None, sums, best: None };
        if self.may_split(&root) {
            self.sum(&root, gradients);
            root.best = self.best(&root, scales, &features);
        }
        self.leaves.push(root);
        let mut tree = Tree::leaf(0.0);
        while self.leaves.len() < self.settings.n_leaves.max(1) {
            let Some(at) = self.next() else { break };
            self.split(at, &mut tree, gradients, scales, &features);
        }
        let rate = self.settings.learning_rate;
        tree.values = self.leaves.iter().map(|leaf| rate * self.value(scales.sums(leaf.total), leaf.bounds)).collect();
        tree
    }

    /// The rows of each leaf of the tree grown last.
    pub(super) fn leaf_rows(&self) -> impl Iterator<Item = &[u32]> {
        self.leaves.iter().map(|leaf| &self.rows[leaf.begin..leaf.end])
    }

    /// Features that this tree may ask, in order.
    fn features(&self, random: &mut Random) -> Vec<usize> {
        let n = self.binned.n_features();
        let n_wanted = ((n as f64 * self.settings.feature_fraction).ceil() as usize).clamp(1, n);
        let mut all: Vec<usize> = (0..n).collect();
        if n_wanted < n {
            random.shuffle(&mut all);
            all.truncate(n_wanted);
            all.sort_unstable();
        }
        all.retain(|&feature| self.binned.n_cells(feature) > 1);
        all
    }

    fn new_sums(&mut self) -> usize {
        let n = self.binned.n_features();
        if self.sums.len() < (self.n_sums + 1) * n {
            self.sums.resize((self.n_sums + 1) * n, [[0, 0]; 256]);
        }
        self.n_sums += 1;
        self.n_sums - 1
    }

    fn may_split(&self, leaf: &Leaf) -> bool {
        let is_deep = self.settings.max_depth > 0 && leaf.depth >= self.settings.max_depth;
        !is_deep && leaf.end - leaf.begin >= 2 * self.settings.min_rows_in_leaf.max(1)
    }

    /// The leaf with most to gain; the older one of equals.
    fn next(&self) -> Option<usize> {
        let mut best: Option<(f64, usize)> = None;
        for (at, leaf) in self.leaves.iter().enumerate() {
            if let Some(split) = &leaf.best
                && best.is_none_or(|(gain, _)| split.gain > gain)
            {
                best = Some((split.gain, at));
            }
        }
        best.map(|(_, at)| at)
    }

    fn split(&mut self, at: usize, tree: &mut Tree, gradients: &[Cell], scales: Scales, features: &[usize]) {
        let leaf = &self.leaves[at];
        let Some(split) = leaf.best else { return };
        let (begin, end, depth, parent, own) = (leaf.begin, leaf.end, leaf.depth + 1, leaf.parent, leaf.sums);
        let (total, bounds) = (leaf.total, leaf.bounds);
        self.gains[split.feature] += split.gain;
        let middle = self.partition(begin, end, &split);
        let node = tree.push(split.feature, split.question, at, self.leaves.len());
        tree.hang(parent, node, depth);
        let [left_bounds, right_bounds] = self.child_bounds(&split, total, bounds, scales);
        let child = |begin, end, total, bounds, is_right| Leaf {
            begin,
            end,
            depth,
            total,
            bounds,
            parent: Some((node, is_right)),
            sums: own,
            best: None,
        };
        let mut left = child(begin, middle, split.left, left_bounds, false);
        let mut right = child(middle, end, minus(total, split.left), right_bounds, true);
        let is_last = self.leaves.len() + 1 >= self.settings.n_leaves;
        if !is_last && (self.may_split(&left) || self.may_split(&right)) {
            let is_left_smaller = middle - begin <= end - middle;
            let (small, large) = if is_left_smaller { (&mut left, &mut right) } else { (&mut right, &mut left) };
            small.sums = self.new_sums();
            self.sum(small, gradients);
            self.subtract(large.sums, small.sums);
            for leaf in [small, large] {
                if self.may_split(leaf) {
                    leaf.best = self.best(leaf, scales, features);
                }
            }
        }
        self.leaves[at] = left;
        self.leaves.push(right);
    }

    /// Puts rows that go left before those that go right, each in their order; returns where the right ones begin.
    fn partition(&mut self, begin: usize, end: usize, split: &Split) -> usize {
        let n = self.binned.n_features();
        let cells = &self.binned.cells()[split.feature..];
        let mut goes_left = [false; 256];
        for (bin, is_left) in goes_left.iter_mut().enumerate() {
            *is_left = split.question.is_left(bin as u8);
        }
        let rows = &mut self.rows[begin..end];
        let moved = &mut self.moved[..rows.len()];
        let (mut n_left, mut n_right) = (0, 0);
        for at in 0..rows.len() {
            let row = rows[at];
            let is_left = goes_left[usize::from(cells[row as usize * n])];
            // Written to both sides; the one that does not hold is written over.
            rows[n_left] = row;
            moved[n_right] = row;
            n_left += usize::from(is_left);
            n_right += usize::from(!is_left);
        }
        rows[n_left..].copy_from_slice(&moved[..n_right]);
        begin + n_left
    }

    fn sum(&mut self, leaf: &Leaf, gradients: &[Cell]) {
        let n = self.binned.n_features();
        let rows = &self.rows[leaf.begin..leaf.end];
        let out = &mut self.sums[leaf.sums * n..][..n];
        let n_parts = (rows.len() * n / CELLS_PER_THREAD).min(rayon::current_num_threads());
        if n_parts <= 1 {
            clear(out, self.binned);
            add_rows(out, self.binned, rows, gradients);
            return;
        }
        let binned = self.binned;
        let parts: Vec<Vec<FeatureSums>> = rows
            .par_chunks(rows.len().div_ceil(n_parts))
            .map(|rows| {
                let mut part = vec![[[0, 0]; 256]; n];
                add_rows(&mut part, binned, rows, gradients);
                part
            })
            .collect();
        clear(out, self.binned);
        for part in parts {
            for (sums, more) in out.iter_mut().zip(&part) {
                sums.iter_mut().zip(more).for_each(|(sum, more)| *sum = plus(*sum, *more));
            }
        }
    }

    /// Takes the sums `of` away from those `from`.
    fn subtract(&mut self, from: usize, of: usize) {
        let n = self.binned.n_features();
        debug_assert!(from < of, "a child's sums are made after its parent's");
        let (before, after) = self.sums.split_at_mut(of * n);
        for (feature, (from, of)) in before[from * n..][..n].iter_mut().zip(&after[..n]).enumerate() {
            let n_cells = self.binned.n_cells(feature);
            from[..n_cells].iter_mut().zip(&of[..n_cells]).for_each(|(a, b)| *a = minus(*a, *b));
        }
    }

    /// −G / (H + λ), between the bounds.
    #[inline(always)]
    fn value(&self, sums: Sums, bounds: [f64; 2]) -> f64 {
        let second = sums.second + self.settings.l2;
        let value = if second > 0.0 { -sums.first / second } else { 0.0 };
        value.clamp(bounds[0], bounds[1])
    }

    fn child_bounds(&self, split: &Split, total: Cell, bounds: [f64; 2], scales: Scales) -> [[f64; 2]; 2] {
        let sign = self.sign(split.feature);
        if !self.is_constrained || sign == 0 {
            return [bounds, bounds];
        }
        let left = self.value(scales.sums(split.left), bounds);
        let right = self.value(scales.sums(minus(total, split.left)), bounds);
        let middle = 0.5 * (left + right);
        let (low, high) = ([bounds[0], middle], [middle, bounds[1]]);
        if sign > 0 { [low, high] } else { [high, low] }
    }

    fn sign(&self, feature: usize) -> i8 {
        self.settings.monotone.get(feature).copied().unwrap_or(0)
    }

    /// The split of a leaf that gains most: the first of equals, by feature and bin.
    fn best(&self, leaf: &Leaf, scales: Scales, features: &[usize]) -> Option<Split> {
        let n = self.binned.n_features();
        let sums = &self.sums[leaf.sums * n..][..n];
        let mut search = Search {
            grower: self,
            scales,
            total: leaf.total,
            all: scales.sums(leaf.total),
            bounds: leaf.bounds,
            before: 0.0,
            best: None,
        };
        search.before = search.worth(search.all, self.settings.l2);
        for &feature in features {
            let sums = &sums[feature][..self.binned.n_cells(feature)];
            if self.binned.is_category(feature) {
                search.categories(feature, sums);
            } else {
                search.numbers(feature, sums);
            }
        }
        search.best
    }
}

fn clear(sums: &mut [FeatureSums], binned: &Binned) {
    for (feature, sums) in sums.iter_mut().enumerate() {
        sums[..binned.n_cells(feature)].fill([0, 0]);
    }
}

/// The inner loop of all learning: one addition of two numbers a row and feature.
fn add_rows(sums: &mut [FeatureSums], binned: &Binned, rows: &[u32], gradients: &[Cell]) {
    for &row in rows {
        let cell = gradients[row as usize];
        for (sums, &bin) in sums.iter_mut().zip(binned.row(row as usize)) {
            let sum = &mut sums[usize::from(bin)];
            *sum = plus(*sum, cell);
        }
    }
}

struct Search<'a, 'b> {
    grower: &'a Grower<'b>,
    scales: Scales,
    total: Cell,
    all: Sums,
    bounds: [f64; 2],
    /// Twice the loss that the leaf's own value saves.
    before: f64,
    best: Option<Split>,
}

impl Search<'_, '_> {
    /// G² / (H + λ), or what a value held back by bounds saves: −(2 G w + (H + λ) w²).
    #[inline(always)]
    fn worth(&self, sums: Sums, l2: f64) -> f64 {
        let second = sums.second + l2;
        if !self.grower.is_constrained {
            return if second > 0.0 { sums.first * sums.first / second } else { 0.0 };
        }
        let value = self.grower.value(sums, self.bounds);
        -(2.0 * sums.first * value + second * value * value)
    }

    /// Whether both sides are large enough; `None` when the right one is too small and only shrinks from here.
    #[inline(always)]
    fn is_large_enough(&self, left: Sums, right: Sums) -> Option<bool> {
        let settings = self.grower.settings;
        let (n, second) = (settings.min_rows_in_leaf.max(1), settings.min_hessian_in_leaf);
        if right.n < n || right.second < second {
            return None;
        }
        Some(left.n >= n && left.second >= second)
    }

    fn right_of(&self, left: Sums) -> Sums {
        Sums { first: self.all.first - left.first, second: self.all.second - left.second, n: self.all.n - left.n }
    }

    #[inline(always)]
    fn offer(&mut self, feature: usize, left: Cell, sums: (Sums, Sums), l2: f64, question: impl FnOnce() -> Question) {
        let gain = self.worth(sums.0, l2) + self.worth(sums.1, l2) - self.before;
        let least = self.best.map_or(self.grower.settings.min_gain.max(1e-12), |best| best.gain);
        if gain > least && self.keeps_order(feature, sums) {
            self.best = Some(Split { gain, feature, question: question(), left });
        }
    }

    fn keeps_order(&self, feature: usize, (left, right): (Sums, Sums)) -> bool {
        match self.grower.sign(feature) {
            0 => true,
            sign => {
                let (left, right) = (self.grower.value(left, self.bounds), self.grower.value(right, self.bounds));
                f64::from(sign) * (right - left) >= 0.0
            }
        }
    }

    fn numbers(&mut self, feature: usize, sums: &[Cell]) {
        let missing = sums[usize::from(MISSING_BIN)];
        if missing[1] & COUNT_MASK > 0 {
            self.scan(feature, sums, missing, Some(true));
            self.scan(feature, sums, [0, 0], Some(false));
        } else {
            self.scan(feature, sums, [0, 0], None);
        }
    }

    /// Cuts after every bin, with `left` already to the left of all. Where nothing is missing, what may be missing later goes
    /// where most rows went.
    fn scan(&mut self, feature: usize, sums: &[Cell], mut left: Cell, missing_left: Option<bool>) {
        let l2 = self.grower.settings.l2;
        // All present ones to the left of all missing ones is a split too.
        let n_cuts = if missing_left == Some(false) { sums.len() } else { sums.len() - 1 };
        for (bin, cell) in sums.iter().enumerate().take(n_cuts).skip(1) {
            if cell[1] == 0 {
                continue;
            }
            left = plus(left, *cell);
            let left_sums = self.scales.sums(left);
            let right_sums = self.right_of(left_sums);
            match self.is_large_enough(left_sums, right_sums) {
                None => break,
                Some(false) => continue,
                Some(true) => {}
            }
            let question =
                || Question::UpTo { bin: bin as u8, missing_left: missing_left.unwrap_or(left_sums.n >= right_sums.n) };
            self.offer(feature, left, (left_sums, right_sums), l2, question);
        }
    }

    fn categories(&mut self, feature: usize, sums: &[Cell]) {
        let mut used: Vec<(f64, usize)> = Vec::with_capacity(sums.len());
        for (bin, &cell) in sums.iter().enumerate() {
            let found = self.scales.sums(cell);
            if found.n > 0 {
                used.push((found.first / (found.second + CATEGORY_SMOOTH), bin));
            }
        }
        if used.len() <= CATEGORIES_ONE_BY_ONE {
            for &(_, bin) in &used {
                self.set(feature, sums, std::iter::once(bin), self.grower.settings.l2);
            }
            return;
        }
        used.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let l2 = self.grower.settings.l2 + CATEGORY_L2;
        let n_most = CATEGORIES_MAX.min(used.len() / 2 + 1);
        self.set(feature, sums, used.iter().take(n_most).map(|&(_, bin)| bin), l2);
        self.set(feature, sums, used.iter().rev().take(n_most).map(|&(_, bin)| bin), l2);
    }

    /// Sends one bin more to the left at a time.
    fn set(&mut self, feature: usize, sums: &[Cell], bins: impl Iterator<Item = usize>, l2: f64) {
        let (mut left, mut set): (Cell, BinSet) = ([0, 0], [0; 4]);
        for bin in bins {
            left = plus(left, sums[bin]);
            set[bin >> 6] |= 1 << (bin & 63);
            let left_sums = self.scales.sums(left);
            let right_sums = self.right_of(left_sums);
            match self.is_large_enough(left_sums, right_sums) {
                None => break,
                Some(false) => continue,
                Some(true) => {}
            }
            debug_assert!(minus(self.total, left)[1] & COUNT_MASK > 0);
            self.offer(feature, left, (left_sums, right_sums), l2, || Question::OneOf(set));
        }
    }
}
