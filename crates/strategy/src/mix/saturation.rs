//! Saturation: the second coin brings less than the first. The functions of PyMC-Marketing with their derivatives, and Robyn's.
//! Not here: carry-over, and where to spend (`budget`).

/// A family of response curves f(x; p) with f(0) = 0, never falling, with the parameters of PyMC-Marketing 0.19; the first
/// parameter is the curve's height or, for [`Saturation::Tanh`], its ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Saturation {
    /// β (1 − e^(−λx)) / (1 + e^(−λx)) = β tanh(λx/2). Parameters: β, λ.
    Logistic,
    /// b tanh(x / (b c)). Parameters: b, c; 1/c is the slope at 0.
    Tanh,
    /// α x / (λ + x). Parameters: α, λ.
    MichaelisMenten,
    /// β xˢ / (κˢ + xˢ), an S for s > 1. Parameters: β, s, κ.
    Hill,
}

/// f, its derivative by x, and those by the parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Point {
    pub value: f64,
    pub by_x: f64,
    pub by_params: [f64; 3],
}

impl Saturation {
    pub fn n_params(self) -> usize {
        if self == Saturation::Hill { 3 } else { 2 }
    }

    /// The curve's height at `x` ≥ 0.
    pub fn value(self, x: f64, params: [f64; 3]) -> f64 {
        self.at(x, params).value
    }

    /// What the next coin brings at `x` ≥ 0.
    pub fn slope(self, x: f64, params: [f64; 3]) -> f64 {
        self.at(x, params).by_x
    }

    /// Whether the curve bends down everywhere, so that equal slopes are the best split.
    pub fn is_concave(self, params: [f64; 3]) -> bool {
        self != Saturation::Hill || params[1] <= 1.0
    }

    pub(crate) fn at(self, x: f64, [p, q, r]: [f64; 3]) -> Point {
        match self {
            Saturation::Logistic => {
                let height = (q * x / 2.0).tanh();
                let bend = (1.0 - height * height) / 2.0;
                Point { value: p * height, by_x: p * q * bend, by_params: [height, p * x * bend, 0.0] }
            }
            Saturation::Tanh => {
                let inner = x / (p * q);
                let height = inner.tanh();
                let bend = 1.0 - height * height;
                Point {
                    value: p * height,
                    by_x: bend / q,
                    by_params: [height - inner * bend, -x / (q * q) * bend, 0.0],
                }
            }
            Saturation::MichaelisMenten => {
                let sum = q + x;
                if sum <= 0.0 {
                    return Point::default();
                }
                let share = x / sum;
                Point { value: p * share, by_x: p * q / (sum * sum), by_params: [share, -p * share / sum, 0.0] }
            }
            Saturation::Hill => hill(x, p, q, r),
        }
    }
}

fn hill(x: f64, height: f64, slope: f64, half: f64) -> Point {
    if x <= 0.0 {
        // The slope at zero is 0 for an S, height / half for s = 1, and without bound below it.
        let by_x = if slope > 1.0 {
            0.0
        } else if slope < 1.0 {
            f64::INFINITY
        } else {
            height / half
        };
        return Point { by_x, ..Point::default() };
    }
    // In logs, so that powers of large spends do not overflow.
    let log = (x / half).ln();
    let share = 1.0 / (1.0 + (-slope * log).exp());
    let bend = share * (1.0 - share);
    Point {
        value: height * share,
        by_x: height * bend * slope / x,
        by_params: [share, height * bend * log, -height * bend * slope / half],
    }
}

/// Robyn's Hill curve: the inflexion is the share `gamma` of the largest value. Shape: that of `x`.
pub fn robyn_hill(x: &[f64], alpha: f64, gamma: f64) -> Vec<f64> {
    let half = gamma * x.iter().copied().fold(0.0, f64::max);
    x.iter().map(|value| hill(*value, 1.0, alpha, half).value).collect()
}

/// The spend at which Michaelis and Menten's curve reaches `response` < `alpha`.
pub fn michaelis_menten_inverse(response: f64, alpha: f64, lambda: f64) -> f64 {
    response * lambda / (alpha - response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::golden;

    #[test]
    fn curves_are_those_of_pymc_marketing() {
        let Some(file) = golden::pymc() else { return };
        let z = golden::numbers(&file["transforms"]["z"]);
        for (name, kind, params) in [
            ("logistic_saturation(z,lam=3)", Saturation::Logistic, [1.0, 3.0, 0.0]),
            ("tanh_saturation(z,b=.8,c=.5)", Saturation::Tanh, [0.8, 0.5, 0.0]),
            ("michaelis_menten(z,alpha=2,lam=.5)", Saturation::MichaelisMenten, [2.0, 0.5, 0.0]),
            ("hill_function(z,slope=2,kappa=.5)", Saturation::Hill, [1.0, 2.0, 0.5]),
        ] {
            let ours: Vec<f64> = z.iter().map(|x| kind.value(*x, params)).collect();
            golden::assert_close(name, &ours, &golden::numbers(&file["transforms"][name]), 1e-9);
        }
    }

    #[test]
    fn curves_are_those_of_robyn() {
        let Some(text) = golden::text("mmm_transforms.robyn.txt") else { return };
        let x = [100.0, 0.0, 50.0, 0.0, 0.0, 200.0, 10.0, 0.0, 0.0, 80.0];
        let range: Vec<f64> = (5..=10).map(f64::from).collect();
        let curve = |x: &f64| Saturation::MichaelisMenten.value(*x, [5.0, 0.5, 0.0]);
        let heights: Vec<f64> = range.iter().map(curve).collect();
        let back: Vec<f64> = heights.iter().map(|height| michaelis_menten_inverse(*height, 5.0, 0.5)).collect();
        for (name, ours) in [
            ("hill(100,150,170,190,200;3,.5) ", robyn_hill(&[100.0, 150.0, 170.0, 190.0, 200.0], 3.0, 0.5)),
            ("hill(x;.5,.3) ", robyn_hill(&x, 0.5, 0.3)),
            ("mic_men(5:10,5,.5) ", heights),
            ("mic_men reverse  ", back),
        ] {
            golden::assert_close(name, &ours, &golden::after(&text, name), 1e-9);
        }
    }

    #[test]
    fn derivatives_are_those_of_finite_differences() {
        for (kind, params) in [
            (Saturation::Logistic, [1.3, 2.5, 0.0]),
            (Saturation::Tanh, [0.8, 0.5, 0.0]),
            (Saturation::MichaelisMenten, [2.0, 0.5, 0.0]),
            (Saturation::Hill, [1.5, 2.2, 0.4]),
            (Saturation::Hill, [1.5, 0.7, 0.4]),
        ] {
            for x in [0.05, 0.4, 1.7] {
                let point = kind.at(x, params);
                let measured = (kind.value(x + 1e-6, params) - kind.value(x - 1e-6, params)) / 2e-6;
                assert!((measured - point.by_x).abs() < 1e-6, "{kind:?} {x}: {measured}, {}", point.by_x);
                for which in 0..kind.n_params() {
                    let (mut up, mut down) = (params, params);
                    up[which] += 1e-6;
                    down[which] -= 1e-6;
                    let measured = (kind.value(x, up) - kind.value(x, down)) / 2e-6;
                    assert!((measured - point.by_params[which]).abs() < 1e-6, "{kind:?} {x} {which}");
                }
            }
        }
    }

    #[test]
    fn hill_neither_overflows_nor_divides_zero_by_zero() {
        assert!((Saturation::Hill.value(1e200, [1.0, 5.0, 1e190]) - 1.0).abs() < 1e-12);
        assert_eq!(Saturation::Hill.value(0.0, [1.0, 3.0, 0.5]), 0.0);
        assert_eq!(Saturation::Hill.slope(0.0, [1.0, 1.0, 0.5]), 2.0);
        assert_eq!(Saturation::MichaelisMenten.value(0.0, [1.0, 0.0, 0.0]), 0.0);
    }
}
