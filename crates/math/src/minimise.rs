//! Minima of smooth functions whose gradient is known: L-BFGS, with bounds on each variable if wished. Deterministic;
//! that it has not converged is part of the answer, not a panic. Not here: constraints other than bounds, and global
//! search: of several minima it finds one.

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    pub iterations_max: usize,
    /// Pairs of steps and gradient changes that are remembered.
    pub memory: usize,
    /// Converged if no entry of the projected gradient is larger than this times max(1, |f|).
    pub gradient_tolerance: f64,
    /// Converged if a step lowers f by no more than this times max(1, |f|).
    pub value_tolerance: f64,
}

impl Default for Options {
    fn default() -> Self {
        Options { iterations_max: 500, memory: 10, gradient_tolerance: 1e-8, value_tolerance: 0.0 }
    }
}

/// Why it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The gradient is small enough.
    Gradient,
    /// The last step gained too little to go on.
    Value,
    /// No step along the direction lowers f any more, mostly because its digits are used up.
    LineSearch,
    Iterations,
    /// f or its gradient is not finite at the start.
    NotFinite,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    /// Shape: (n).
    pub point: Vec<f64>,
    pub value: f64,
    /// Shape: (n).
    pub gradient: Vec<f64>,
    /// The largest entry, by magnitude, of the gradient without what presses against a bound.
    pub gradient_max: f64,
    pub n_iterations: usize,
    pub n_evaluations: usize,
    pub stop: Stop,
}

impl Minimum {
    /// Whether the point may be used as a minimum: the gradient vanishes, as far as the digits of f allow to tell.
    pub fn converged(&self) -> bool {
        let scale = self.value.abs().max(1.0);
        match self.stop {
            Stop::Gradient | Stop::Value => true,
            Stop::LineSearch => self.gradient_max <= 1e-5 * scale,
            Stop::Iterations | Stop::NotFinite => false,
        }
    }
}

/// Minimises `f`, which writes the gradient at a point into its second argument and returns the value, from `start`
/// by limited-memory BFGS (Nocedal and Wright 2006, algorithm 7.4), with the step lengths of Lewis and Overton (2013) along
/// the path projected onto `bounds` (low, high; infinite ends allowed). Where `f` is not finite, steps are shortened.
///
/// # Panics
/// If `bounds` is not of the length of `start`, or a lower bound lies above its upper one.
pub fn lbfgs(
    mut f: impl FnMut(&[f64], &mut [f64]) -> f64,
    start: &[f64],
    bounds: Option<&[(f64, f64)]>,
    options: &Options,
) -> Minimum {
    if let Some(bounds) = bounds {
        assert_eq!(bounds.len(), start.len(), "a pair of bounds for each variable");
        assert!(bounds.iter().all(|(low, high)| low <= high), "a lower bound above its upper one");
    }
    let n = start.len();
    let mut point = start.to_vec();
    project(&mut point, bounds);
    let mut gradient = vec![0.0; n];
    let value = f(&point, &mut gradient);
    let mut now = Minimum {
        point,
        value,
        gradient,
        gradient_max: f64::INFINITY,
        n_iterations: 0,
        n_evaluations: 1,
        stop: Stop::NotFinite,
    };
    if !value.is_finite() || now.gradient.iter().any(|entry| !entry.is_finite()) {
        return now;
    }
    let mut memory = Memory::new(options.memory.max(1));
    loop {
        now.gradient_max = projected_max(&now.point, &now.gradient, bounds);
        if now.gradient_max <= options.gradient_tolerance * now.value.abs().max(1.0) {
            now.stop = Stop::Gradient;
            return now;
        }
        if now.n_iterations >= options.iterations_max {
            now.stop = Stop::Iterations;
            return now;
        }
        let before = now.value;
        if !step(&mut f, &mut now, &mut memory, bounds) {
            // The curvature that was remembered may mislead: once more along the gradient.
            if memory.is_empty()
                || !{
                    memory.clear();
                    step(&mut f, &mut now, &mut memory, bounds)
                }
            {
                now.stop = Stop::LineSearch;
                return now;
            }
        }
        now.n_iterations += 1;
        if before - now.value <= options.value_tolerance * before.abs().max(1.0) && options.value_tolerance > 0.0 {
            now.gradient_max = projected_max(&now.point, &now.gradient, bounds);
            now.stop = Stop::Value;
            return now;
        }
    }
}

/// One step along the quasi-Newton direction; `false` if no length of it lowers f.
fn step(
    f: &mut impl FnMut(&[f64], &mut [f64]) -> f64,
    now: &mut Minimum,
    memory: &mut Memory,
    bounds: Option<&[(f64, f64)]>,
) -> bool {
    const ARMIJO: f64 = 1e-4;
    const CURVATURE: f64 = 0.9;
    const TRIALS_MAX: usize = 60;
    let n = now.point.len();
    let pressed: Vec<bool> = (0..n).map(|at| presses(now.point[at], now.gradient[at], bounds.map(|b| b[at]))).collect();
    let mut direction: Vec<f64> =
        now.gradient.iter().zip(&pressed).map(|(entry, &pressed)| if pressed { 0.0 } else { -entry }).collect();
    let steepest = direction.clone();
    memory.apply(&mut direction);
    (0..n).filter(|&at| pressed[at]).for_each(|at| direction[at] = 0.0);
    let mut slope = dot(&direction, &now.gradient);
    if slope.is_nan() || slope >= -1e-14 * dot(&steepest, &steepest).sqrt() * dot(&direction, &direction).sqrt() {
        memory.clear();
        direction = steepest;
        slope = dot(&direction, &now.gradient);
    }
    // Without a memory the gradient says nothing of length: begin with a step of one at most.
    let longest = direction.iter().fold(0f64, |longest, entry| longest.max(entry.abs()));
    let mut length = if memory.is_empty() { 1f64.min(1.0 / longest) } else { 1.0 };
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let (mut point, mut gradient) = (vec![0.0; n], vec![0.0; n]);
    for _ in 0..TRIALS_MAX {
        for ((entry, old), direction) in point.iter_mut().zip(&now.point).zip(&direction) {
            *entry = old + length * direction;
        }
        project(&mut point, bounds);
        let moved: Vec<f64> = point.iter().zip(&now.point).map(|(new, old)| new - old).collect();
        if moved.iter().all(|entry| *entry == 0.0) {
            return false;
        }
        let value = f(&point, &mut gradient);
        now.n_evaluations += 1;
        let finite = value.is_finite() && gradient.iter().all(|entry| entry.is_finite());
        let free_slope: f64 = (0..n)
            .filter(|&at| moved[at] == length * direction[at] || bounds.is_none())
            .map(|at| direction[at] * gradient[at])
            .sum();
        if !finite || value > now.value + ARMIJO * dot(&moved, &now.gradient) {
            high = length;
            let by_parabola = -slope * length * length / (2.0 * (value - now.value - slope * length));
            length = if low == 0.0 && finite && by_parabola > 0.05 * high && by_parabola < 0.8 * high {
                by_parabola
            } else if low == 0.0 && !finite {
                0.1 * high
            } else {
                0.5 * (low + high)
            };
        } else if free_slope < CURVATURE * slope && high - low > 1e-12 * high.min(1e300) {
            low = length;
            length = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * low };
        } else {
            let change: Vec<f64> = gradient.iter().zip(&now.gradient).map(|(new, old)| new - old).collect();
            memory.push(moved, change);
            now.point = point;
            now.gradient = gradient;
            now.value = value;
            return true;
        }
    }
    false
}

/// The last steps and what they changed in the gradient.
struct Memory {
    kept_max: usize,
    steps: Vec<Vec<f64>>,
    changes: Vec<Vec<f64>>,
}

impl Memory {
    fn new(kept_max: usize) -> Self {
        Memory { kept_max, steps: Vec::new(), changes: Vec::new() }
    }

    fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    fn clear(&mut self) {
        self.steps.clear();
        self.changes.clear();
    }

    /// Keeps a pair, unless it shows no positive curvature: the matrix would not stay positive definite.
    fn push(&mut self, step: Vec<f64>, change: Vec<f64>) {
        if dot(&step, &change) <= 1e-12 * dot(&change, &change).sqrt() * dot(&step, &step).sqrt() {
            return;
        }
        if self.steps.len() == self.kept_max {
            self.steps.remove(0);
            self.changes.remove(0);
        }
        self.steps.push(step);
        self.changes.push(change);
    }

    /// Multiplies by the inverse Hessian as far as it is known: the recursion of two loops.
    fn apply(&self, direction: &mut [f64]) {
        let Some((step, change)) = self.steps.last().zip(self.changes.last()) else { return };
        let mut weights = vec![0.0; self.steps.len()];
        for at in (0..self.steps.len()).rev() {
            let (s, y) = (&self.steps[at], &self.changes[at]);
            weights[at] = dot(s, direction) / dot(s, y);
            add(direction, -weights[at], y);
        }
        let scale = dot(step, change) / dot(change, change);
        direction.iter_mut().for_each(|entry| *entry *= scale);
        for (at, weight) in weights.iter().enumerate() {
            let (s, y) = (&self.steps[at], &self.changes[at]);
            let back = dot(y, direction) / dot(s, y);
            add(direction, weight - back, s);
        }
    }
}

/// The Hessian of the function with this gradient, by central differences with steps of ∛ε · max(1, |x|), made
/// symmetric. Shape: (n, n). Its entries are good to about 1e-9 of their size. Costs 2n gradients.
pub fn hessian(mut gradient: impl FnMut(&[f64], &mut [f64]), point: &[f64]) -> Vec<f64> {
    let n = point.len();
    let (mut at, mut plus, mut minus) = (point.to_vec(), vec![0.0; n], vec![0.0; n]);
    let mut matrix = vec![0.0; n * n];
    for (i, &here) in point.iter().enumerate() {
        let width = f64::EPSILON.cbrt() * here.abs().max(1.0);
        at[i] = here + width;
        gradient(&at, &mut plus);
        at[i] = here - width;
        gradient(&at, &mut minus);
        at[i] = here;
        for (j, (plus, minus)) in plus.iter().zip(&minus).enumerate() {
            let entry = (plus - minus) / (4.0 * width);
            matrix[i * n + j] += entry;
            matrix[j * n + i] += entry;
        }
    }
    matrix
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], factor: f64, what: &[f64]) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += factor * what);
}

fn project(point: &mut [f64], bounds: Option<&[(f64, f64)]>) {
    if let Some(bounds) = bounds {
        point.iter_mut().zip(bounds).for_each(|(entry, (low, high))| *entry = entry.clamp(*low, *high));
    }
}

/// Whether going down would leave the bounds at once.
fn presses(entry: f64, slope: f64, bounds: Option<(f64, f64)>) -> bool {
    bounds.is_some_and(|(low, high)| (entry <= low && slope > 0.0) || (entry >= high && slope < 0.0))
}

fn projected_max(point: &[f64], gradient: &[f64], bounds: Option<&[(f64, f64)]>) -> f64 {
    (0..point.len())
        .filter(|&at| !presses(point[at], gradient[at], bounds.map(|bounds| bounds[at])))
        .fold(0.0, |max, at| gradient[at].abs().max(max))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley, extended to n variables.
    fn valley(x: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.fill(0.0);
        let mut sum = 0.0;
        for at in 0..x.len() - 1 {
            let (a, b) = (1.0 - x[at], x[at + 1] - x[at] * x[at]);
            sum += a * a + 100.0 * b * b;
            gradient[at] += -2.0 * a - 400.0 * x[at] * b;
            gradient[at + 1] += 200.0 * b;
        }
        sum
    }

    #[test]
    fn the_end_of_the_valley_is_found() {
        for n in [2, 5, 30] {
            let found =
                lbfgs(valley, &vec![-1.2; n], None, &Options { gradient_tolerance: 1e-9, ..Options::default() });
            assert!(found.converged(), "{found:?}");
            assert!(found.n_evaluations < 400, "{n}: {}", found.n_evaluations);
            // n ≥ 4 has a second, local minimum near (−1, 1, …, 1); the gradient vanishes in both.
            assert!(found.gradient_max < 1e-8 && (n > 3 || (found.point[0] - 1.0).abs() < 1e-8));
        }
    }

    /// min (x − 3)² + (y + 2)² + xy in the box: by hand, x = 1 holds with y = −2.5 free; then y ≥ −1 holds too.
    #[test]
    fn bounds_hold_and_what_presses_against_them_counts_as_converged() {
        let bowl = |x: &[f64], gradient: &mut [f64]| {
            gradient[0] = 2.0 * (x[0] - 3.0) + x[1];
            gradient[1] = 2.0 * (x[1] + 2.0) + x[0];
            (x[0] - 3.0).powi(2) + (x[1] + 2.0).powi(2) + x[0] * x[1]
        };
        let options = Options::default();
        let one = lbfgs(bowl, &[0.0, 0.0], Some(&[(-1.0, 1.0), (f64::NEG_INFINITY, f64::INFINITY)]), &options);
        assert!(one.converged() && (one.point[0] - 1.0).abs() < 1e-12 && (one.point[1] + 2.5).abs() < 1e-7, "{one:?}");
        let both = lbfgs(bowl, &[0.0, 7.0], Some(&[(-1.0, 1.0), (-1.0, 5.0)]), &options);
        assert_eq!((both.point, both.stop), (vec![1.0, -1.0], Stop::Gradient));
        let fixed = lbfgs(bowl, &[0.0, 0.0], Some(&[(0.5, 0.5), (0.0, 0.0)]), &options);
        assert_eq!((fixed.point, fixed.n_iterations), (vec![0.5, 0.0], 0));
    }

    #[test]
    fn where_the_function_ends_steps_are_shortened() {
        // −ln x + x has its minimum at 1 and no value at or below 0.
        let barrier = |x: &[f64], gradient: &mut [f64]| {
            gradient[0] = 1.0 - 1.0 / x[0];
            if x[0] > 0.0 { x[0] - x[0].ln() } else { f64::NAN }
        };
        let found = lbfgs(barrier, &[30.0], None, &Options::default());
        assert!(found.converged() && (found.point[0] - 1.0).abs() < 1e-7, "{found:?}");
        assert_eq!(lbfgs(barrier, &[-1.0], None, &Options::default()).stop, Stop::NotFinite);
    }

    #[test]
    fn what_has_no_minimum_is_reported_as_not_converged() {
        let slide = |x: &[f64], gradient: &mut [f64]| {
            gradient[0] = -1.0;
            -x[0]
        };
        let found = lbfgs(slide, &[0.0], None, &Options { iterations_max: 20, ..Options::default() });
        assert!(!found.converged(), "{found:?}");
    }

    #[test]
    fn the_hessian_of_the_valley_is_the_one_worked_out_by_hand() {
        let matrix = hessian(|x, gradient| _ = valley(x, gradient), &[0.5, -1.0]);
        for (found, expected) in matrix.iter().zip([1200.0 * 0.25 + 400.0 + 2.0, -200.0, -200.0, 200.0]) {
            assert!((found - expected).abs() < 1e-5, "{matrix:?}");
        }
    }
}
