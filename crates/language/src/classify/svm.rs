//! Support vector machines of two classes by dual coordinate descent with shrinking (Hsieh, Chang, Lin, Keerthi,
//! Sundararajan 2008, "A Dual Coordinate Descent Method for Large-scale Linear SVM", algorithm 3), and logistic
//! regression of two classes by the same walk (Yu, Huang, Lin 2011, "Dual coordinate descent methods for logistic
//! regression and maximum entropy models", algorithm 5). Several classes: see [`linear`](super::linear).
//!
//! Minimised is ½ Σ w_j² / s_j + ½ b² + Σ c_i loss(y_i (w·x_i + b)). The scales s, 1 if not given, say how freely each
//! column's weight may leave 0: with squared log-count ratios this is the NB-SVM of Wang and Manning 2012 whose weights
//! are already those of the unscaled columns.

use math::Random;

use super::points::Rows;

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
    let mut state = State::new(rows, sides, scale, loss);
    let mut random = Random::new(walk.seed);
    let mut n_iterations = 0;
    let mut converged = false;
    while n_iterations < walk.max_iterations {
        if !go_on() {
            return None;
        }
        n_iterations += 1;
        let is_still = match loss {
            Loss::Logistic => state.logistic_pass(rows, scale, walk.tolerance, &mut random),
            _ => state.hinge_pass(rows, scale, walk.tolerance, &mut random),
        };
        if is_still {
            converged = true;
            break;
        }
    }
    let bias = state.weights.pop().expect("the bias is last");
    Some(Plane { weights: state.weights, bias, n_iterations, converged })
}

/// One row as the walk sees it, together so that it is one line of cache.
#[derive(Clone, Copy, Debug)]
struct Point {
    row: u32,
    sign: f32,
    alpha: f64,
    /// For the logistic loss: the cost.
    upper: f64,
    diagonal: f64,
    /// The squared length with the bias, and `diagonal`.
    curvature: f64,
}

struct State {
    points: Vec<Point>,
    /// Positions in `points`; the first `n_active` are looked at.
    order: Vec<u32>,
    n_active: usize,
    /// Bounds of the last pass beyond which a coordinate at its end will hardly move.
    highest: f64,
    lowest: f64,
    /// The bias is last.
    weights: Vec<f64>,
    /// The inner tolerance of the logistic subproblem.
    inner: f64,
}

impl State {
    fn new<R: Rows>(rows: &R, sides: &Sides, scale: Option<&[f32]>, loss: Loss) -> Self {
        let &Sides { which, is_positive, costs } = sides;
        let mut weights = vec![0.0; rows.n_cols() + 1];
        let bias_at = rows.n_cols();
        let mut points = Vec::with_capacity(which.len());
        for &row in which {
            let at = row as usize;
            let cost = costs(at);
            let (upper, diagonal) = match loss {
                Loss::Hinge => (cost, 0.0),
                Loss::SquaredHinge => (f64::INFINITY, 0.5 / cost),
                Loss::Logistic => (cost, 0.0),
            };
            let sign = if is_positive(at) { 1.0 } else { -1.0 };
            // The logistic dual has no solution at its ends: it starts a little inside.
            let alpha = if loss == Loss::Logistic { (0.001 * cost).min(1e-8) } else { 0.0 };
            let curvature = rows.squared(at, scale) + 1.0 + diagonal;
            if alpha > 0.0 {
                rows.add(at, alpha * f64::from(sign), scale, &mut weights);
                weights[bias_at] += alpha * f64::from(sign);
            }
            points.push(Point { row, sign, alpha, upper, diagonal, curvature });
        }
        let order = (0..which.len() as u32).collect();
        let (highest, lowest) = (f64::INFINITY, f64::NEG_INFINITY);
        State { n_active: points.len(), points, order, highest, lowest, weights, inner: 1e-2 }
    }

    /// One pass over the active coordinates; whether all came to rest.
    fn hinge_pass<R: Rows>(&mut self, rows: &R, scale: Option<&[f32]>, tolerance: f64, random: &mut Random) -> bool {
        let bias_at = rows.n_cols();
        let (mut highest, mut lowest) = (f64::NEG_INFINITY, f64::INFINITY);
        random.shuffle(&mut self.order[..self.n_active]);
        let mut at = 0;
        while at < self.n_active {
            let point = &mut self.points[self.order[at] as usize];
            let (row, sign) = (point.row as usize, f64::from(point.sign));
            let margin = sign * (rows.dot(row, &self.weights) + self.weights[bias_at]);
            let gradient = margin - 1.0 + point.alpha * point.diagonal;
            let is_at_end = if point.alpha == 0.0 {
                (gradient > self.highest, gradient.min(0.0))
            } else if point.alpha >= point.upper {
                (gradient < self.lowest, gradient.max(0.0))
            } else {
                (false, gradient)
            };
            let (shrinks, projected) = is_at_end;
            if shrinks {
                self.n_active -= 1;
                self.order.swap(at, self.n_active);
                continue;
            }
            highest = highest.max(projected);
            lowest = lowest.min(projected);
            if projected.abs() > 1e-12 {
                let old = point.alpha;
                point.alpha = (old - gradient / point.curvature).clamp(0.0, point.upper);
                let by = (point.alpha - old) * sign;
                rows.add(row, by, scale, &mut self.weights);
                self.weights[bias_at] += by;
            }
            at += 1;
        }
        if self.n_active == 0 || highest - lowest <= tolerance {
            if self.n_active == self.points.len() {
                return true;
            }
            // At rest among the active: all are looked at once more.
            self.n_active = self.points.len();
            (self.highest, self.lowest) = (f64::INFINITY, f64::NEG_INFINITY);
            return false;
        }
        self.highest = if highest > 0.0 { highest } else { f64::INFINITY };
        self.lowest = if lowest < 0.0 { lowest } else { f64::NEG_INFINITY };
        false
    }

    /// One pass of the logistic dual: each coordinate's equation in one unknown is solved by Newton's steps that stay
    /// inside the bounds.
    fn logistic_pass<R: Rows>(&mut self, rows: &R, scale: Option<&[f32]>, tolerance: f64, random: &mut Random) -> bool {
        let bias_at = rows.n_cols();
        random.shuffle(&mut self.order);
        let (mut worst, mut n_steps) = (0f64, 0usize);
        for &at in &self.order {
            let point = &mut self.points[at as usize];
            let (row, sign, cost) = (point.row as usize, f64::from(point.sign), point.upper);
            let margin = sign * (rows.dot(row, &self.weights) + self.weights[bias_at]);
            let old = point.alpha;
            let gradient = margin + (old / (cost - old)).ln();
            worst = worst.max(gradient.abs());
            point.alpha = newton(old, cost, point.curvature, margin, self.inner, &mut n_steps);
            let by = (point.alpha - old) * sign;
            if by != 0.0 {
                rows.add(row, by, scale, &mut self.weights);
                self.weights[bias_at] += by;
            }
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
