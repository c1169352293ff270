//! Support vector machines of two classes by dual coordinate descent with shrinking (Hsieh, Chang, Lin, Keerthi,
//! Sundararajan 2008, "A Dual Coordinate Descent Method for Large-scale Linear SVM", algorithm 3), and logistic
//! regression of two classes by the same walk (Yu, Huang, Lin 2011, "Dual coordinate descent methods for logistic
//! regression and maximum entropy models", algorithm 5). Several classes: see [`linear`](super::linear).
//!
//! Minimised is ½ Σ w_j² / s_j + ½ b² + Σ c_i loss(y_i (w·x_i + b)). The scales s, 1 if not given, say how freely each
//! column's weight may leave 0: with squared log-count ratios this is the NB-SVM of Wang and Manning 2012 whose weights
//! are already those of the unscaled columns.
//!
//! Coordinates are met in a random order, as the paper has it, but neighbours of a first random order stay together for
//! good: most time went into fetching rows from all over memory.

use math::Random;

use super::packed::{Packed, Real};
use super::points::Rows;

/// Rows that are met one after the other in every pass. More are quicker to fetch, but passes of one order need more passes.
const TOGETHER: usize = 8;
/// From here on single precision comes to rest; not for the logistic loss, whose coordinates are solved further.
const SINGLE_TOLERANCE_MIN: f64 = 1e-3;
/// A coordinate that is not looked at any more.
const AT_REST: u32 = u32::MAX;

/// What an error costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// max(0, 1 − margin).
    Hinge,
    /// max(0, 1 − margin)².
    SquaredHinge,
    /// ln(1 + e^−margin).
    Logistic,
}

/// How long to walk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Walk {
    /// Ends once no coordinate's projected gradient is further than this from another's.
    pub tolerance: f64,
    pub max_iterations: usize,
    pub seed: u64,
}

/// A plane between two classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// Shape: (n_cols).
    pub weights: Vec<f64>,
    pub bias: f64,
    pub n_iterations: usize,
    /// Whether the tolerance was reached.
    pub converged: bool,
}

/// Which rows are used, on which side of the plane they lie, and what their errors cost: c.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    pub which: &'a [u32],
    pub is_positive: &'a (dyn Fn(usize) -> bool + Sync),
    pub costs: &'a (dyn Fn(usize) -> f64 + Sync),
}

/// Learns a plane; none if told to stop. Shape of `scale`: (n_cols). `go_on` is asked before each iteration.
pub fn plane<R: Rows>(
    rows: &R,
    sides: &Sides,
    scale: Option<&[f32]>,
    loss: Loss,
    walk: &Walk,
    go_on: &(dyn Fn() -> bool + Sync),
) -> Option<Plane> {
    let roots: Option<Vec<f32>> = scale.map(|scale| scale.iter().map(|scale| scale.sqrt()).collect());
    let is_single = loss != Loss::Logistic && walk.tolerance >= SINGLE_TOLERANCE_MIN;
    let mut plane = if is_single {
        State::<f32>::new(rows, sides, roots.as_deref(), loss, walk.seed).walk(loss, walk, go_on)
    } else {
        State::<f64>::new(rows, sides, roots.as_deref(), loss, walk.seed).walk(loss, walk, go_on)
    }?;
    if let Some(roots) = roots {
        plane.weights.iter_mut().zip(roots).for_each(|(weight, root)| *weight *= f64::from(root));
    }
    Some(plane)
}

/// One row as the walk sees it, together so that it is one line of cache.
#[derive(Clone, Copy, Debug)]
struct Point {
    sign: f64,
    alpha: f64,
    /// For the logistic loss: the cost.
    upper: f64,
    diagonal: f64,
    /// The squared length with the bias, and `diagonal`.
    curvature: f64,
}

struct State<W> {
    rows: Packed,
    points: Vec<Point>,
    /// Rows that are looked at, ascending.
    active: Vec<u32>,
    /// Bounds of the last pass beyond which a coordinate at its end will hardly move.
    highest: f64,
    lowest: f64,
    /// Of columns times the roots of their scales. Shape: (n_cols).
    weights: Vec<W>,
    bias: f64,
    /// The inner tolerance of the logistic subproblem.
    inner: f64,
    random: Random,
}

impl<W: Real> State<W> {
    fn new<R: Rows>(rows: &R, sides: &Sides, roots: Option<&[f32]>, loss: Loss, seed: u64) -> Self {
        let &Sides { which, is_positive, costs } = sides;
        let mut random = Random::new(seed);
        let mut which = which.to_vec();
        random.shuffle(&mut which);
        let mut state = State {
            rows: Packed::of(rows, which.iter().copied(), roots),
            points: Vec::with_capacity(which.len()),
            active: (0..which.len() as u32).collect(),
            highest: f64::INFINITY,
            lowest: f64::NEG_INFINITY,
            weights: vec![W::default(); rows.n_cols()],
            bias: 0.0,
            inner: 1e-2,
            random,
        };
        for (row, &at) in which.iter().enumerate() {
            let cost = costs(at as usize);
            let (upper, diagonal) = match loss {
                Loss::Hinge | Loss::Logistic => (cost, 0.0),
                Loss::SquaredHinge => (f64::INFINITY, 0.5 / cost),
            };
            let sign = if is_positive(at as usize) { 1.0 } else { -1.0 };
            // The logistic dual has no solution at its ends: it starts a little inside.
            let alpha = if loss == Loss::Logistic { (0.001 * cost).min(1e-8) } else { 0.0 };
            let curvature = state.rows.squared(row) + 1.0 + diagonal;
            state.points.push(Point { sign, alpha, upper, diagonal, curvature });
            state.step(row, alpha * sign);
        }
        state
    }

    fn walk(mut self, loss: Loss, walk: &Walk, go_on: &(dyn Fn() -> bool + Sync)) -> Option<Plane> {
        let (mut n_iterations, mut converged) = (0, false);
        while n_iterations < walk.max_iterations && !converged {
            if !go_on() {
                return None;
            }
            n_iterations += 1;
            converged = match loss {
                Loss::Logistic => self.logistic_pass(walk.tolerance),
                _ => self.hinge_pass(walk.tolerance),
            };
        }
        let weights = self.weights.into_iter().map(Into::into).collect();
        Some(Plane { weights, bias: self.bias, n_iterations, converged })
    }

    /// The active rows in this pass's order: neighbours together.
    fn order(&mut self) -> Vec<[u32; TOGETHER]> {
        let own = |rows: &[u32]| std::array::from_fn(|at| rows.get(at).copied().unwrap_or(AT_REST));
        let mut order: Vec<[u32; TOGETHER]> = self.active.chunks(TOGETHER).map(own).collect();
        self.random.shuffle(&mut order);
        order
    }

    fn margin(&self, row: usize) -> f64 {
        self.points[row].sign * (self.rows.dot(row, &self.weights) + self.bias)
    }

    /// Moves the plane by as much as a row's alpha moved, with its sign.
    fn step(&mut self, row: usize, by: f64) {
        if by != 0.0 {
            self.rows.add(row, by, &mut self.weights);
            self.bias += by;
        }
    }

    /// One pass over the active coordinates; whether all came to rest.
    fn hinge_pass(&mut self, tolerance: f64) -> bool {
        let (mut highest, mut lowest) = (f64::NEG_INFINITY, f64::INFINITY);
        let mut active = Vec::with_capacity(self.active.len());
        for row in self.order().into_iter().flatten().filter(|&row| row != AT_REST) {
            let margin = self.margin(row as usize);
            let point = &mut self.points[row as usize];
            let gradient = margin - 1.0 + point.alpha * point.diagonal;
            let (shrinks, projected) = if point.alpha == 0.0 {
                (gradient > self.highest, gradient.min(0.0))
            } else if point.alpha >= point.upper {
                (gradient < self.lowest, gradient.max(0.0))
            } else {
                (false, gradient)
            };
            if shrinks {
                continue;
            }
            active.push(row);
            highest = highest.max(projected);
            lowest = lowest.min(projected);
            if projected.abs() > 1e-12 {
                let old = point.alpha;
                point.alpha = (old - gradient / point.curvature).clamp(0.0, point.upper);
                let by = (point.alpha - old) * point.sign;
                self.step(row as usize, by);
            }
        }
        if active.is_empty() || highest - lowest <= tolerance {
            let n = self.points.len();
            let was_whole = active.len() == n;
            // At rest among the active: all are looked at once more.
            self.active = (0..n as u32).collect();
            (self.highest, self.lowest) = (f64::INFINITY, f64::NEG_INFINITY);
            return was_whole;
        }
        active.sort_unstable();
        self.active = active;
        self.highest = if highest > 0.0 { highest } else { f64::INFINITY };
        self.lowest = if lowest < 0.0 { lowest } else { f64::NEG_INFINITY };
        false
    }

    /// One pass of the logistic dual: each coordinate's equation in one unknown is solved by Newton's steps that stay
    /// inside the bounds.
    fn logistic_pass(&mut self, tolerance: f64) -> bool {
        let (mut worst, mut n_steps) = (0f64, 0usize);
        for row in self.order().into_iter().flatten().filter(|&row| row != AT_REST) {
            let row = row as usize;
            let margin = self.margin(row);
            let point = &mut self.points[row];
            let (old, cost) = (point.alpha, point.upper);
            let gradient = margin + (old / (cost - old)).ln();
            worst = worst.max(gradient.abs());
            point.alpha = newton(old, cost, point.curvature, margin, self.inner, &mut n_steps);
            let by = (point.alpha - old) * point.sign;
            self.step(row, by);
        }
        if n_steps <= self.points.len() / 10 {
            self.inner = (self.inner * 0.1).max(1e-12);
        }
        worst <= tolerance
    }
}

/// The z in (0, cost) at which curvature · (z − old) + margin + ln(z / (cost − z)) is 0. It is solved for the smaller of
/// z and cost − z, where digits are kept.
fn newton(old: f64, cost: f64, curvature: f64, margin: f64, inner: f64, n_steps: &mut usize) -> f64 {
    // By symmetry the other end has the opposite margin.
    let is_low = curvature * (0.5 * cost - old) + margin >= 0.0;
    let (start, margin) = if is_low { (old, margin) } else { (cost - old, -margin) };
    let mut z = start;
    if 0.5 * cost < z {
        z *= 0.1;
    }
    let slope_at = |z: f64| curvature * (z - start) + margin + (z / (cost - z)).ln();
    let mut slope = slope_at(z);
    for _ in 0..100 {
        if slope.abs() < inner {
            break;
        }
        let bend = curvature + cost / (z * (cost - z));
        let next = z - slope / bend;
        z = if next <= 0.0 { z * 0.1 } else { next.min(cost * (1.0 - 1e-15)) };
        slope = slope_at(z);
        *n_steps += 1;
    }
    if is_low { z } else { cost - z }
}
