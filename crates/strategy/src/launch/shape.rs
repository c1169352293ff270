//! How what is sold within the horizon falls on its periods: shares that sum to 1. Not here: how much that is.

use super::Past;

/// The families of shapes, by the names that people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The look-alikes' own mean curve, tilted.
    Usual,
    /// Rises to a peak and falls to nothing.
    Triangle,
    /// Rises, stays, and falls to nothing.
    Trapezoid,
    /// Bass (1969).
    Bass,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Usual, Kind::Triangle, Kind::Trapezoid, Kind::Bass];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Usual => "usual",
            Kind::Triangle => "triangle",
            Kind::Trapezoid => "trapezoid",
            Kind::Bass => "bass",
        }
    }
}

/// A family over a horizon, with what it took from the look-alikes.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub kind: Kind,
    pub n_periods: usize,
    /// Of [`Kind::Usual`] alone: weights of the periods. Shape: (n_periods).
    usual: Vec<f64>,
}

/// Counts as many as this make half of the look-alikes' curve at a period its own and half its neighbours'.
const COUNT_HALF: f64 = 10.0;
/// Parts of the mean that a period without any sales counts at least.
const LEAST: f64 = 0.02;

impl Shape {
    /// The family `kind` over `n_periods`, from the look-alikes' sales.
    pub fn learned(kind: Kind, past: &[&Past], n_periods: usize) -> Shape {
        let usual = if kind == Kind::Usual { mean_curve(past, n_periods) } else { Vec::new() };
        Shape { kind, n_periods, usual }
    }

    /// Parameters of the shape where nothing is known, and how far they may be off: means and standard deviations.
    pub fn start(&self) -> (Vec<f64>, Vec<f64>) {
        let n = self.n_periods as f64;
        match self.kind {
            Kind::Usual => (vec![0.0], vec![1.0]),
            Kind::Triangle => (vec![(0.1 * n).ln(), (1.5 * n).ln()], vec![1.0, 1.0]),
            Kind::Trapezoid => (vec![(0.05 * n).ln(), (0.3 * n).ln(), (1.2 * n).ln()], vec![1.0, 1.0, 1.0]),
            Kind::Bass => (vec![(1.5 / n).ln(), (3.0 / n).ln()], vec![1.5, 1.5]),
        }
    }

    /// Shares of the horizon's sales by period; they sum to 1 and none is 0. Shape: (n_periods).
    pub fn shares(&self, x: &[f64]) -> Vec<f64> {
        let n = self.n_periods;
        let held = |at: usize| x[at].clamp(-12.0, 12.0).exp();
        let mut shares: Vec<f64> = match self.kind {
            Kind::Usual => {
                let tilt = x[0].clamp(-12.0, 12.0);
                let at = |t: usize| (tilt * (t as f64 / n as f64 - 0.5)).exp();
                self.usual.iter().enumerate().map(|(t, weight)| weight * at(t)).collect()
            }
            Kind::Triangle => steps(n, |t| trapezoid(t, held(0), 0.0, held(1))),
            Kind::Trapezoid => steps(n, |t| trapezoid(t, held(0), held(1), held(2))),
            Kind::Bass => steps(n, |t| bass(t, held(0), held(1))),
        };
        // What a shape says can never be sold, the odd customer buys all the same.
        let sum: f64 = shares.iter().sum::<f64>().max(1e-300);
        let least = 1e-4 / n as f64;
        shares.iter_mut().for_each(|share| *share = (*share / sum + least) / 1.0001);
        shares
    }
}

fn steps(n: usize, cumulated: impl Fn(f64) -> f64) -> Vec<f64> {
    (0..n).map(|at| (cumulated(at as f64 + 1.0) - cumulated(at as f64)).max(0.0)).collect()
}

/// The area up to `t` under a line that rises to 1 over `rise`, stays for `stay` and falls to 0 over `fall`.
fn trapezoid(t: f64, rise: f64, stay: f64, fall: f64) -> f64 {
    let rising = t.min(rise);
    let falling = (t - rise - stay).clamp(0.0, fall);
    let staying = (t - rise).clamp(0.0, stay);
    rising * rising / (2.0 * rise) + staying + falling - falling * falling / (2.0 * fall)
}

/// The share of the market that has bought by time `t` (Bass 1969, equation 9).
fn bass(t: f64, p: f64, q: f64) -> f64 {
    let fall = (-(p + q) * t).exp();
    (1.0 - fall) / (1.0 + q / p * fall)
}

/// What look-alikes sold at each age, each counted by its own level, smoothed where little was.
fn mean_curve(past: &[&Past], n_periods: usize) -> Vec<f64> {
    let (mut sold, mut expected) = (vec![0.0; n_periods], vec![0.0; n_periods]);
    let mut curve = vec![1.0 / n_periods as f64; n_periods];
    // Levels and curve tell each other: a few rounds settle products that were not seen to the end.
    for _ in 0..8 {
        sold.fill(0.0);
        expected.fill(0.0);
        for one in past {
            let n = one.sales.len().min(n_periods);
            let weight: f64 = (0..n).map(|t| curve[t] * one.exposure[t]).sum();
            let level = one.sales[..n].iter().sum::<f64>() / weight.max(1e-9);
            for t in 0..n {
                sold[t] += one.sales[t];
                expected[t] += level * one.exposure[t];
            }
        }
        let raw: Vec<f64> =
            (0..n_periods).map(|t| if expected[t] > 0.0 { sold[t] / expected[t] } else { f64::NAN }).collect();
        curve = smoothed(&raw, &sold);
    }
    curve
}

/// Each value moved towards the mean of those around it as far as few were counted; a period of which nothing is known gets the last
/// known one's.
fn smoothed(raw: &[f64], counts: &[f64]) -> Vec<f64> {
    let n = raw.len();
    let around = |t: usize| {
        let near: Vec<usize> = (t.saturating_sub(2)..(t + 3).min(n)).filter(|at| raw[*at].is_finite()).collect();
        let weight: f64 = near.iter().map(|at| counts[*at] + 1.0).sum();
        near.iter().map(|at| raw[*at] * (counts[*at] + 1.0)).sum::<f64>() / weight.max(1e-9)
    };
    let mut last = 1.0 / n as f64;
    let mut curve: Vec<f64> = Vec::with_capacity(n);
    for t in 0..n {
        if raw[t].is_finite() {
            let own = counts[t] / (counts[t] + COUNT_HALF);
            last = own * raw[t] + (1.0 - own) * around(t);
        }
        curve.push(last);
    }
    let mean = (curve.iter().sum::<f64>() / n as f64).max(1e-12);
    curve.iter_mut().for_each(|value| *value = value.max(LEAST * mean));
    let sum: f64 = curve.iter().sum();
    curve.iter().map(|value| value / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_every_family_sum_to_one() {
        let past = [Past::usual(vec![9.0, 6.0, 4.0, 3.0, 2.0]), Past::usual(vec![5.0, 3.0])];
        let views: Vec<&Past> = past.iter().collect();
        for kind in Kind::ALL {
            let shape = Shape::learned(kind, &views, 12);
            let (start, _) = shape.start();
            for shift in [-9.0, -1.0, 0.0, 1.0, 9.0] {
                let x: Vec<f64> = start.iter().map(|value| value + shift).collect();
                let shares = shape.shares(&x);
                let sum: f64 = shares.iter().sum();
                assert!((sum - 1.0).abs() < 1e-9 && shares.iter().all(|share| *share > 0.0), "{kind:?} {shift} {sum}");
            }
        }
    }

    #[test]
    fn a_trapezoid_has_the_area_of_its_sides() {
        assert!((trapezoid(100.0, 2.0, 3.0, 4.0) - 6.0).abs() < 1e-12);
        assert!((trapezoid(2.0, 2.0, 3.0, 4.0) - 1.0).abs() < 1e-12);
        assert!((trapezoid(7.0, 2.0, 3.0, 4.0) - (1.0 + 3.0 + 1.5)).abs() < 1e-12);
    }

    /// Two products of different size and one that was seen for a quarter of the time have the same curve: it is found.
    #[test]
    fn the_mean_curve_is_that_of_products_of_any_size() {
        let curve: Vec<f64> = (0..8).map(|t| 0.8_f64.powi(t)).collect();
        let of = |level: f64, n: usize| Past::usual(curve[..n].iter().map(|share| level * share).collect());
        let past = [of(1000.0, 8), of(40_000.0, 8), of(300_000.0, 2)];
        let found = mean_curve(&past.iter().collect::<Vec<_>>(), 8);
        let sum: f64 = curve.iter().sum();
        for t in 0..8 {
            assert!((found[t] * sum / curve[t] - 1.0).abs() < 0.02, "{t}: {found:?}");
        }
    }
}
