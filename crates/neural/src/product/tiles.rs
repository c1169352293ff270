//! Products by tiles over packed operands (Goto and van de Geijn 2008). The left factor is laid out in panels of
//! [`ROWS`] rows, the right one in panels of [`COLS`] columns, both in blocks of [`DEPTH`] products, so that a micro-kernel
//! reads memory straight on; out of it come tiles of [`ROWS`] × [`COLS`] sums that never leave the registers.
//!
//! A panel's unit is 32 bits: one number in single precision, or two that follow each other along the sum in bfloat16.

use std::cell::RefCell;

use rayon::prelude::*;

use super::{Mode, SPREAD_FROM};
use crate::{View, ViewMut};

/// Rows of a tile.
pub const ROWS: usize = 8;
/// Columns of a tile: two vectors of 16.
pub const COLS: usize = 32;
/// Units summed before a tile goes back to memory.
const DEPTH: usize = 512;
/// Rows of the left factor that a task passes over for each panel of the right one: they stay in the second cache.
const TASK_ROWS: usize = 128;
/// Panels of the right factor a task takes.
const TASK_PANELS: usize = 8;

/// What differs between precisions.
pub trait Kernel: Send + Sync + 'static {
    /// Numbers in a unit.
    const PAIR: usize;

    /// Lays out lines (rows of the left factor, columns of the right one) side by side: unit `u` of line `l` at
    /// `out[u × width + l]`, 0 for lines from `n_lines` to `width` and behind an odd end.
    ///
    /// # Safety
    /// The machine has the instructions; `lines` holds `n_lines` ≤ `width` lines of `n_numbers` numbers side by side, at
    /// `stride`; `out` holds `width` units, 8 or 32, for each `PAIR` numbers begun.
    unsafe fn lay_lines(
        lines: *const f32,
        stride: usize,
        n_lines: usize,
        n_numbers: usize,
        out: *mut u32,
        width: usize,
    );

    /// Lays out rows whose numbers belong to different lines: unit `u` of line `l` from number `l` of rows `u × PAIR` on,
    /// else as `lay_lines`.
    ///
    /// # Safety
    /// As `lay_lines`, where `rows` holds `n_rows` rows of `n_lines` numbers side by side, at `stride`.
    unsafe fn lay_rows(rows: *const f32, stride: usize, n_lines: usize, n_rows: usize, out: *mut u32, width: usize);

    /// `out (+)= left × right` for a tile of `n_rows` ≤ [`ROWS`] and `n_cols` ≤ [`COLS`].
    ///
    /// # Safety
    /// The machine has the instructions; `left` holds `depth` × [`ROWS`] units, `right` `depth` × [`COLS`], and `out`
    /// `n_rows` rows of `n_cols` numbers at `stride` that nobody else touches.
    #[allow(clippy::too_many_arguments)]
    unsafe fn tile(
        depth: usize,
        left: *const u32,
        right: *const u32,
        out: *mut f32,
        stride: usize,
        n_rows: usize,
        n_cols: usize,
        add: bool,
    );
}

/// A right factor in panels. Layout: blocks of depth, in each the panels, in each `depth × COLS` units.
#[derive(Clone, Debug)]
pub struct Right {
    n_units: usize,
    n_panels: usize,
    units: Vec<u32>,
}

impl Right {
    pub fn new<K: Kernel>(right: View) -> Self {
        let mut packed = Right { n_units: 0, n_panels: 0, units: Vec::new() };
        packed.fill::<K>(right);
        packed
    }

    fn fill<K: Kernel>(&mut self, right: View) {
        self.n_units = right.n_rows().div_ceil(K::PAIR);
        self.n_panels = right.n_cols().div_ceil(COLS);
        self.units.resize(self.n_units * self.n_panels * COLS, 0);
        let (n_units, n_panels) = (self.n_units, self.n_panels);
        let fill = |(at, panel): (usize, &mut [u32])| {
            let (block, panel_at) = (at / n_panels, at % n_panels);
            pack_right::<K>(right, block * DEPTH, panel_at * COLS, panel);
        };
        // The last block's panels are shorter: two passes.
        let whole = n_units / DEPTH * DEPTH * n_panels * COLS;
        let (blocks, last) = self.units.split_at_mut(whole);
        let last_depth = (n_units % DEPTH).max(1);
        let first_of_last = n_units / DEPTH * n_panels;
        if right.n_rows() * right.n_cols() >= SPREAD_FROM / 8 && rayon::current_num_threads() > 1 {
            blocks.par_chunks_mut(DEPTH * COLS).enumerate().for_each(fill);
            let last = last.par_chunks_mut(last_depth * COLS).enumerate();
            last.for_each(|(at, panel)| fill((first_of_last + at, panel)));
        } else {
            blocks.chunks_mut(DEPTH * COLS).enumerate().for_each(fill);
            let last = last.chunks_mut(last_depth * COLS).enumerate();
            last.for_each(|(at, panel)| fill((first_of_last + at, panel)));
        }
    }

    fn panel(&self, block: usize, panel: usize) -> &[u32] {
        let depth = DEPTH.min(self.n_units - block * DEPTH);
        &self.units[block * DEPTH * self.n_panels * COLS + panel * depth * COLS..][..depth * COLS]
    }
}

/// One panel of the right factor, from unit `from` and column `col` on.
fn pack_right<K: Kernel>(right: View, from: usize, col: usize, panel: &mut [u32]) {
    pack::<K>(right.t(), col, COLS.min(right.n_cols() - col), from, panel, COLS);
}

/// Lines of `lines` (rows of the left factor, columns of the right one) from `line` on, `n_lines` of `width`, as a panel.
fn pack<K: Kernel>(lines: View, line: usize, n_lines: usize, from: usize, panel: &mut [u32], width: usize) {
    let begin = from * K::PAIR;
    let n_numbers = (panel.len() / width * K::PAIR).min(lines.n_cols() - begin);
    let (line_stride, stride) = (lines.row_stride(), lines.col_stride());
    let values = &lines.values()[line * line_stride + begin * stride..];
    let (last_line, last) = ((n_lines - 1) * line_stride, (n_numbers - 1) * stride);
    assert!(last_line + last < values.len() && n_numbers.div_ceil(K::PAIR) * width == panel.len());
    // SAFETY: kernels are chosen for this machine; the last number lies within the values, and the panel has a unit for
    // each line and each `PAIR` of numbers begun.
    unsafe {
        match (line_stride, stride) {
            (_, 1) => K::lay_lines(values.as_ptr(), line_stride, n_lines, n_numbers, panel.as_mut_ptr(), width),
            (1, _) => K::lay_rows(values.as_ptr(), stride, n_lines, n_numbers, panel.as_mut_ptr(), width),
            _ => unreachable!("views have rows or columns of numbers side by side"),
        }
    }
}

thread_local! {
    /// Packed operands of products that pack as they go, kept between calls.
    static LEFT: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    static RIGHT: RefCell<Option<Right>> = const { RefCell::new(None) };
}

/// Units kept between calls; what is larger is given back.
const KEPT: usize = 1 << 23;

pub fn product<K: Kernel>(out: ViewMut, left: View, right: View, mode: Mode) {
    // Taken out for the time of the product: rayon may run another product on this thread meanwhile.
    let mut packed =
        RIGHT.with_borrow_mut(Option::take).unwrap_or(Right { n_units: 0, n_panels: 0, units: Vec::new() });
    packed.fill::<K>(right);
    product_packed::<K>(out, left, &packed, mode);
    if packed.units.len() <= KEPT {
        RIGHT.with_borrow_mut(|kept| *kept = Some(packed));
    }
}

/// A pointer that tasks share, each writing to its own tiles.
#[derive(Clone, Copy)]
struct Shared(*mut f32);
// SAFETY: tasks write to disjoint tiles.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    fn get(self) -> *mut f32 {
        self.0
    }
}

pub fn product_packed<K: Kernel>(mut out: ViewMut, left: View, right: &Right, mode: Mode) {
    let (m, n) = (out.n_rows(), out.n_cols());
    let spread = rayon::current_num_threads() > 1 && m * n * left.n_cols() >= SPREAD_FROM;
    let n_left = right.n_units * m.next_multiple_of(ROWS);
    let mut panels = LEFT.with_borrow_mut(std::mem::take);
    if panels.len() < n_left {
        panels.resize(n_left, 0);
    }
    let panel_units = right.n_units * ROWS;
    let pack = |(at, panel): (usize, &mut [u32])| {
        pack::<K>(left, at * ROWS, ROWS.min(m - at * ROWS), 0, panel, ROWS);
    };
    if spread && n_left >= SPREAD_FROM / 8 {
        panels[..n_left].par_chunks_mut(panel_units).enumerate().for_each(pack);
    } else {
        panels[..n_left].chunks_mut(panel_units).enumerate().for_each(pack);
    }
    let target = Target { out: Shared(out.pointer()), stride: out.row_stride(), m, n, add: mode == Mode::Add };
    let (row_tasks, panel_tasks) = (m.div_ceil(TASK_ROWS), right.n_panels.div_ceil(TASK_PANELS));
    let task = |at: usize| target.task::<K>(&panels[..n_left], right, at / panel_tasks, at % panel_tasks);
    if spread {
        (0..row_tasks * panel_tasks).into_par_iter().for_each(task);
    } else {
        (0..row_tasks * panel_tasks).for_each(task);
    }
    if panels.len() <= KEPT {
        LEFT.with_borrow_mut(|kept| *kept = panels);
    }
}

/// Where sums go.
struct Target {
    out: Shared,
    stride: usize,
    m: usize,
    n: usize,
    add: bool,
}

impl Target {
    /// All tiles of a block of rows and some panels.
    fn task<K: Kernel>(&self, left: &[u32], right: &Right, row_task: usize, panel_task: usize) {
        let rows = row_task * TASK_ROWS..((row_task + 1) * TASK_ROWS).min(self.m);
        let panels = panel_task * TASK_PANELS..((panel_task + 1) * TASK_PANELS).min(right.n_panels);
        for block in 0..right.n_units.div_ceil(DEPTH) {
            let depth = DEPTH.min(right.n_units - block * DEPTH);
            for panel in panels.clone() {
                let units = right.panel(block, panel);
                let n_cols = COLS.min(self.n - panel * COLS);
                for row in rows.clone().step_by(ROWS) {
                    let n_rows = ROWS.min(self.m - row);
                    let left = &left[row * right.n_units + block * DEPTH * ROWS..][..depth * ROWS];
                    // SAFETY: the kernel was chosen for this machine; both panels hold `depth` units a line; the tile
                    // lies within `out`, and tiles of different tasks do not meet.
                    unsafe {
                        let out = self.out.get().add(row * self.stride + panel * COLS);
                        let add = self.add || block > 0;
                        K::tile(depth, left.as_ptr(), units.as_ptr(), out, self.stride, n_rows, n_cols, add);
                    }
                }
            }
        }
    }
}
