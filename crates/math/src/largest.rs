//! The rows of a factor matrix with the k largest products with each of many vectors. Exact: what comes back is what
//! [`plainly`] finds by computing every product, bit for bit. A first pass looks at all rows with cheaper numbers and a
//! bound on how wrong they are; only rows that may be among the k are multiplied again, always in the same order of
//! additions, so that the answer is the same on every processor. Not a nearest-neighbour index: no row is left to chance.

use crate::factors_in_bytes::{self as bytes, Lines, TILE, USERS as GROUP};
use crate::ridge::{dot, dot_columns};
use crate::top_k::TopK;
use crate::{Bitmap, Factors};

/// Rows whose products are bounded together; whole tiles.
const ROWS_OF_BYTES: usize = 5 * TILE;
/// The same for products in f32: ten times the rows of the widest kernel.
const ROWS_OF_FLOATS: usize = 960;
/// Vectors above which [`Largest::search`] is best called again.
pub const VECTORS: usize = 128;
/// Products of lengths between which f32 neither overflows nor loses digits that the bounds count on.
const PRODUCT_MAX: f64 = 1e30;
/// What rounding near zero may add, however short the vectors.
const UNDERFLOW: f64 = 1e-36;

/// How the first pass computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FirstPass {
    /// In f32, as a product of matrices.
    Floats,
    /// In integers of 8 bits; only where the processor multiplies four pairs of them in a lane.
    Bytes,
}

impl FirstPass {
    pub fn fastest() -> Self {
        if bytes::is_available() { FirstPass::Bytes } else { FirstPass::Floats }
    }
}

/// The rows, made ready for searching.
pub struct Largest<'a> {
    factors: &'a Factors,
    /// The row at each position: those with large values first, since they raise the bar for the others.
    rows: Vec<u32>,
    panels: Vec<Panel>,
    /// NaN if a value is not finite.
    length_max: f64,
    /// Rounding of a product in f32, as a part of the product of the lengths; four times what is possible.
    rounding: f64,
}

/// Some rows beside each other.
struct Panel {
    start: usize,
    n: usize,
    cells: Cells,
    /// What 1 stands for in a cell.
    unit: f64,
    length_max: f64,
    /// The largest length of what the cells leave out.
    left_out_max: f64,
    /// The largest length in this panel and in all later ones.
    length_max_from_here: f64,
}

enum Cells {
    Floats(Vec<f32>),
    Bytes(Lines),
}

/// A vector for which rows are looked for.
struct Seeker {
    unit: f64,
    length: f64,
    /// Of what its bytes leave out.
    left_out: f64,
    /// What the offset of the rows' bytes adds to each sum.
    offset: f64,
    /// At least k rows have a larger product or the same, or minus infinity.
    at_least: f64,
    found: Vec<Found>,
    n_to_prune: usize,
}

/// A row whose product lies between the bounds.
#[derive(Clone, Copy)]
struct Found {
    low: f32,
    high: f32,
    row: u32,
}

/// Working memory of one thread, reused from search to search.
#[derive(Default)]
pub struct Work {
    seekers: Vec<Seeker>,
    seen: Vec<Bitmap>,
    bytes: Vec<i8>,
    floats: Vec<f32>,
    sums: Vec<i32>,
}

/// The list of one vector by computing every product. A product of 0 stands for what is out of reach and is left out, as
/// are the rows in `seen` and products that are NaN.
pub fn plainly(factors: &Factors, x: &[f32], seen: &[u32], k: usize) -> Vec<(u32, f32)> {
    let mut products: Vec<f32> = (0..factors.n_rows).map(|row| dot(x, factors.row(row))).collect();
    for &row in seen.iter().filter(|row| (**row as usize) < factors.n_rows) {
        products[row as usize] = 0.0;
    }
    let mut best = TopK::with_floor(k, f32::MIN);
    best.offer_row(0, &products);
    best.into_sorted()
}

fn length(x: impl Iterator<Item = f64>) -> f64 {
    x.map(|value| value * value).sum::<f64>().sqrt()
}

fn largest_value(x: &[f32]) -> f32 {
    x.iter().fold(0.0, |max, value| value.abs().max(max))
}

impl<'a> Largest<'a> {
    pub fn new(factors: &'a Factors, first_pass: FirstPass) -> Self {
        let by_value: Vec<f32> = (0..factors.n_rows).map(|row| largest_value(factors.row(row))).collect();
        let mut rows: Vec<u32> = (0..factors.n_rows as u32).collect();
        rows.sort_by(|&a, &b| by_value[b as usize].total_cmp(&by_value[a as usize]).then(a.cmp(&b)));
        let size = if first_pass == FirstPass::Bytes { ROWS_OF_BYTES } else { ROWS_OF_FLOATS };
        let mut panels: Vec<Panel> = rows
            .chunks(size)
            .zip((0..).step_by(size))
            .map(|(rows, start)| Panel::new(factors, rows, start, first_pass))
            .collect();
        let mut length_max = 0f64;
        for panel in panels.iter_mut().rev() {
            length_max = length_max.max(panel.length_max);
            panel.length_max_from_here = length_max;
        }
        if factors.values.iter().any(|value| !value.is_finite()) {
            length_max = f64::NAN;
        }
        let rounding = (factors.stride + 16) as f64 * f64::from(f32::EPSILON) * 2.0;
        Largest { factors, rows, panels, length_max, rounding }
    }

    /// The list of each row of `xs`, shape (n, stride), without the rows in `seen`, one set per vector.
    pub fn search(&self, xs: &[f32], seen: &[&[u32]], k: usize, work: &mut Work) -> Vec<Vec<(u32, f32)>> {
        let stride = self.factors.stride;
        let n = xs.len() / stride;
        self.prepare(xs, seen, k, work);
        for panel in &self.panels {
            match &panel.cells {
                Cells::Bytes(lines) => self.look_at_bytes(panel, lines, n, k, work),
                Cells::Floats(columns) => self.look_at_floats(panel, columns, xs, k, work),
            }
        }
        let mut lists = Vec::with_capacity(n);
        for (((x, seen), seeker), marks) in xs.chunks(stride).zip(seen).zip(&mut work.seekers).zip(&mut work.seen) {
            for &row in seen.iter().filter(|row| (**row as usize) < self.factors.n_rows) {
                marks.remove(row as usize);
            }
            lists.push(if self.is_within_bounds(seeker.length) {
                seeker.prune(k);
                let mut best = TopK::with_floor(k, f32::MIN);
                for one in &seeker.found {
                    let product = dot(x, self.factors.row(one.row as usize));
                    if product != 0.0 {
                        best.offer(one.row, product);
                    }
                }
                best.into_sorted()
            } else {
                plainly(self.factors, x, seen, k)
            });
        }
        lists
    }

    /// Whether the bounds hold for a vector of this length; not for NaN.
    fn is_within_bounds(&self, length: f64) -> bool {
        length * self.length_max < PRODUCT_MAX && length < PRODUCT_MAX && self.length_max < PRODUCT_MAX
    }

    fn prepare(&self, xs: &[f32], seen: &[&[u32]], k: usize, work: &mut Work) {
        let stride = self.factors.stride;
        let n = xs.len() / stride;
        assert_eq!(n, seen.len(), "one set of seen rows per vector");
        work.bytes.clear();
        work.bytes.resize(n.next_multiple_of(GROUP) * stride, 0);
        if work.seen.first().is_some_and(|marks| marks.len() != self.factors.n_rows) {
            work.seen.clear();
        }
        work.seen.resize_with(n.max(work.seen.len()), || Bitmap::none(self.factors.n_rows));
        work.seekers.clear();
        for ((x, bytes), (seen, marks)) in
            xs.chunks(stride).zip(work.bytes.chunks_mut(stride)).zip(seen.iter().zip(&mut work.seen))
        {
            for &row in seen.iter().filter(|row| (**row as usize) < self.factors.n_rows) {
                marks.insert(row as usize);
            }
            work.seekers.push(Seeker::new(x, bytes, k, |length| self.is_within_bounds(length)));
        }
    }

    /// The largest difference between a product in f32 and what the cells of `panel` give.
    fn error(&self, panel: &Panel, seeker: &Seeker) -> f64 {
        let (left_out_of_x, left_out_of_row) = match panel.cells {
            Cells::Floats(_) => (0.0, 0.0),
            Cells::Bytes(_) => (seeker.left_out, panel.left_out_max),
        };
        let of_bytes = seeker.length * left_out_of_row + left_out_of_x * (panel.length_max + left_out_of_row);
        of_bytes + self.rounding * seeker.length * panel.length_max + UNDERFLOW
    }

    fn look_at_bytes(&self, panel: &Panel, lines: &Lines, n: usize, k: usize, work: &mut Work) {
        let stride = self.factors.stride;
        work.sums.resize(GROUP * TILE, 0);
        for group in (0..n).step_by(GROUP) {
            let seekers = &mut work.seekers[group..n.min(group + GROUP)];
            if seekers.iter().all(|one| one.is_done(panel, self.rounding)) {
                continue;
            }
            let bar = |one: &Seeker| {
                if one.at_least == f64::INFINITY {
                    return i32::MAX;
                }
                let sum = (one.at_least - self.error(panel, one)) / (one.unit * panel.unit) + one.offset;
                (sum.floor() - 1.0) as i32
            };
            let mut at_least = [i32::MAX; GROUP];
            at_least.iter_mut().zip(&*seekers).for_each(|(at_least, one)| *at_least = bar(one));
            let xs = &work.bytes[group * stride..(group + GROUP) * stride];
            for (tile, start) in lines.tiles(stride).zip((0..).step_by(TILE)) {
                let masks = bytes::sums_of_at_least(tile, xs, &at_least, &mut work.sums);
                for (place, seeker) in seekers.iter_mut().enumerate().filter(|(place, _)| masks[*place] != 0) {
                    let error = self.error(panel, seeker);
                    let unit = seeker.unit * panel.unit;
                    let mut mask = masks[place];
                    while mask != 0 {
                        let lane = mask.trailing_zeros() as usize;
                        mask &= mask - 1;
                        if start + lane >= panel.n {
                            break;
                        }
                        let row = self.rows[panel.start + start + lane];
                        if !work.seen[group + place].contains(row as usize) {
                            let sum = f64::from(work.sums[place * TILE + lane]);
                            seeker.note(row, (sum - seeker.offset) * unit, error, k);
                        }
                    }
                    at_least[place] = bar(seeker);
                }
            }
        }
    }

    fn look_at_floats(&self, panel: &Panel, columns: &[f32], xs: &[f32], k: usize, work: &mut Work) {
        if work.seekers.iter().all(|one| one.is_done(panel, self.rounding)) {
            return;
        }
        let n = work.seekers.len();
        work.floats.resize((n * panel.n).max(work.floats.len()), 0.0);
        let products = &mut work.floats[..n * panel.n];
        dot_columns(columns, self.factors.stride, xs, products);
        for ((products, seeker), seen) in products.chunks(panel.n).zip(&mut work.seekers).zip(&work.seen) {
            let error = self.error(panel, seeker);
            for (products, start) in products.chunks(16).zip((panel.start..).step_by(16)) {
                let bar = (seeker.at_least - error) as f32;
                if products.iter().fold(0, |any, &product| any | u32::from(product >= bar)) == 0 {
                    continue;
                }
                for (&product, &row) in products.iter().zip(&self.rows[start..]) {
                    if product >= bar && !seen.contains(row as usize) {
                        seeker.note(row, f64::from(product), error, k);
                    }
                }
            }
        }
    }
}

impl Panel {
    fn new(factors: &Factors, rows: &[u32], start: usize, first_pass: FirstPass) -> Self {
        let stride = factors.stride;
        let row_of = |row: u32| factors.row(row as usize);
        let lengths = rows.iter().map(|&row| length(row_of(row).iter().map(|&value| f64::from(value))));
        let length_max = lengths.fold(0.0, f64::max);
        let largest = rows.iter().fold(0f32, |max, &row| max.max(largest_value(row_of(row))));
        let (cells, unit, left_out_max) = match first_pass {
            FirstPass::Floats => {
                let mut columns = vec![0f32; rows.len() * stride];
                for (at, &row) in rows.iter().enumerate() {
                    row_of(row).iter().enumerate().for_each(|(column, &x)| columns[column * rows.len() + at] = x);
                }
                (Cells::Floats(columns), 1.0, 0.0)
            }
            FirstPass::Bytes => {
                let unit = bytes::unit(largest);
                let mut lines = Lines::new(rows.len(), stride);
                let mut left_out_max = 0f64;
                for (at, &row) in rows.iter().enumerate() {
                    let left_out = row_of(row).iter().enumerate().map(|(column, &value)| {
                        let byte = bytes::round(value, unit);
                        lines.set(at, column, byte);
                        f64::from(value) - f64::from(byte) * unit
                    });
                    left_out_max = left_out_max.max(length(left_out));
                }
                (Cells::Bytes(lines), unit, left_out_max)
            }
        };
        Panel { start, n: rows.len(), cells, unit, length_max, left_out_max, length_max_from_here: 0.0 }
    }
}

impl Seeker {
    fn new(x: &[f32], bytes: &mut [i8], k: usize, is_within_bounds: impl Fn(f64) -> bool) -> Self {
        let own_length = length(x.iter().map(|&value| f64::from(value)));
        let unit = bytes::unit(largest_value(x));
        let mut offset = 0i64;
        let mut left_out = 0f64;
        for (&value, byte) in x.iter().zip(bytes) {
            *byte = bytes::round(value, unit);
            offset += bytes::OFFSET * i64::from(*byte);
            left_out += (f64::from(value) - f64::from(*byte) * unit).powi(2);
        }
        // Nothing is looked for on behalf of a vector without length, or of one that the bounds do not hold for.
        let is_idle = own_length == 0.0 || !is_within_bounds(own_length) || k == 0;
        let at_least = if is_idle { f64::INFINITY } else { f64::NEG_INFINITY };
        let (left_out, offset) = (left_out.sqrt(), offset as f64);
        Seeker {
            unit,
            length: own_length,
            left_out,
            offset,
            at_least,
            found: Vec::new(),
            n_to_prune: k.saturating_mul(2),
        }
    }

    /// Whether no row from `panel` on can be among the k.
    fn is_done(&self, panel: &Panel, rounding: f64) -> bool {
        let product_max = self.length * panel.length_max_from_here * (1.0 + rounding) + UNDERFLOW;
        self.at_least == f64::INFINITY || product_max < self.at_least
    }

    #[inline]
    fn note(&mut self, row: u32, product: f64, error: f64, k: usize) {
        self.found.push(Found { low: (product - error) as f32, high: (product + error) as f32, row });
        if self.found.len() >= self.n_to_prune {
            self.prune(k);
            self.n_to_prune = self.found.len().saturating_add(k).max(self.found.len() / 2 * 3);
        }
    }

    /// Drops what cannot be among the k any more.
    fn prune(&mut self, k: usize) {
        if k == 0 || self.found.len() < k {
            return;
        }
        self.found.select_nth_unstable_by(k - 1, |a, b| b.low.total_cmp(&a.low));
        let at_least = self.found[k - 1].low;
        // A product of exactly 0 is left out in the end, so only bounds above it say that k rows are this good.
        if at_least > 0.0 && f64::from(at_least) > self.at_least {
            self.at_least = f64::from(at_least);
        }
        let at_least = self.at_least as f32;
        self.found.retain(|one| one.high >= at_least);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    fn factors(n_rows: usize, n_factors: usize, random: &mut Random, value: &dyn Fn(&mut Random) -> f32) -> Factors {
        let mut factors = Factors::zeros(n_rows, n_factors);
        for row in 0..n_rows {
            factors.row_mut(row)[..n_factors].fill_with(|| value(random));
        }
        factors
    }

    fn passes() -> impl Iterator<Item = FirstPass> {
        if !bytes::is_available() {
            println!("skipped: the first pass in bytes, which this processor has no instruction for");
        }
        [FirstPass::Floats, FirstPass::fastest()].into_iter()
    }

    /// Compares bits, so that -0.0 and NaN would show.
    fn check(what: &str, items: &Factors, users: &Factors, seen: &[Vec<u32>]) {
        let seen: Vec<&[u32]> = seen.iter().map(Vec::as_slice).collect();
        let bits = |list: Vec<(u32, f32)>| -> Vec<(u32, u32)> {
            list.into_iter().map(|(row, product)| (row, product.to_bits())).collect()
        };
        for pass in passes() {
            let largest = Largest::new(items, pass);
            let mut work = Work::default();
            for k in [0, 1, 7, 20, items.n_rows, items.n_rows + 5] {
                let lists = largest.search(&users.values, &seen, k, &mut work);
                assert_eq!(lists.len(), users.n_rows);
                for (user, list) in lists.into_iter().enumerate() {
                    let expected = plainly(items, users.row(user), seen[user], k);
                    assert_eq!(bits(list), bits(expected), "{what}, {pass:?}, k={k}, vector {user}");
                }
            }
        }
    }

    #[test]
    fn finds_what_computing_every_product_finds() {
        type Value = Box<dyn Fn(&mut Random) -> f32>;
        let cases: [(&str, Value); 9] = [
            ("even", Box::new(|random| random.uniform() as f32 - 0.5)),
            ("few values, so ties", Box::new(|random| random.below(3) as f32 - 1.0)),
            ("mostly zero", Box::new(|random| if random.below(12) == 0 { 1.0 } else { 0.0 })),
            ("all zero", Box::new(|_| 0.0)),
            ("all the same", Box::new(|_| 0.3)),
            ("all negative", Box::new(|random| -(random.uniform() as f32) - 0.1)),
            ("heavy tails", Box::new(|random| (random.uniform() as f32 - 0.5) / (random.uniform() as f32 + 1e-4))),
            ("tiny", Box::new(|random| (random.uniform() as f32 - 0.5) * 1e-22)),
            ("huge", Box::new(|random| (random.uniform() as f32 - 0.5) * 1e20)),
        ];
        let mut random = Random::new(11);
        for (what, value) in &cases {
            for (n_items, n_factors, n_users) in [(1, 1, 1), (47, 5, 9), (240, 16, 8), (1000, 64, 19), (300, 33, 3)] {
                let items = factors(n_items, n_factors, &mut random, value);
                let users = factors(n_users, n_factors, &mut random, value);
                let seen: Vec<Vec<u32>> =
                    (0..n_users).map(|_| (0..n_items as u32 + 3).filter(|_| random.below(9) == 0).collect()).collect();
                check(&format!("{what}, {n_items} rows of {n_factors}"), &items, &users, &seen);
            }
        }
    }

    #[test]
    fn values_beyond_the_bounds_are_computed_plainly() {
        let mut random = Random::new(5);
        let even = |random: &mut Random| random.uniform() as f32 - 0.5;
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 3e38, -3e38] {
            let (items, users) = (factors(100, 20, &mut random, &even), factors(11, 20, &mut random, &even));
            let seen = vec![vec![3, 50]; 11];
            let (mut odd_items, mut odd_users) = (items.clone(), users.clone());
            (odd_items.row_mut(7)[2], odd_users.row_mut(4)[0]) = (odd, odd);
            check(&format!("row with {odd}"), &odd_items, &users, &seen);
            check(&format!("vector with {odd}"), &items, &odd_users, &seen);
            check(&format!("both with {odd}"), &odd_items, &odd_users, &seen);
        }
    }

    #[test]
    fn few_rows_are_multiplied_twice() {
        let mut random = Random::new(8);
        let even = |random: &mut Random| random.uniform() as f32 - 0.5;
        let (items, users) = (factors(5000, 64, &mut random, &even), factors(16, 64, &mut random, &even));
        for pass in passes() {
            let mut work = Work::default();
            Largest::new(&items, pass).search(&users.values, &[&[] as &[u32]; 16], 20, &mut work);
            let n_found: usize = work.seekers.iter().map(|one| one.found.len()).sum();
            assert!((16 * 20..16 * 60).contains(&n_found), "{pass:?}: {n_found}");
        }
    }
}
