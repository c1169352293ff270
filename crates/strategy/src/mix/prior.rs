//! Priors of the mix model on the scale on which it is sampled: logarithms of positive quantities, log-odds of shares, with the
//! Jacobian counted in. Not here: which quantity has which prior (`posterior`).

/// A prior; the first two are of real numbers, the next two of positive ones, the last of shares.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prior {
    Normal {
        sd: f64,
    },
    /// Rounded off within 0.001 of its peak, which a mode and a Hamiltonian walk could not pass otherwise.
    Laplace {
        scale: f64,
    },
    HalfNormal {
        sd: f64,
    },
    Gamma {
        shape: f64,
        rate: f64,
    },
    Beta {
        a: f64,
        b: f64,
    },
}

/// Where Laplace's peak is rounded off, in its scale.
const ROUNDED: f64 = 1e-3;

impl Prior {
    /// A gamma prior by its mean and standard deviation.
    pub const fn gamma_of(mean: f64, sd: f64) -> Prior {
        Prior::Gamma { shape: mean * mean / (sd * sd), rate: mean / (sd * sd) }
    }

    /// The quantity of a point on the scale of sampling, and its derivative.
    pub(crate) fn constrained(self, u: f64) -> (f64, f64) {
        match self {
            Prior::Normal { .. } | Prior::Laplace { .. } => (u, 1.0),
            Prior::HalfNormal { .. } | Prior::Gamma { .. } => (u.exp(), u.exp()),
            Prior::Beta { .. } => {
                let x = 1.0 / (1.0 + (-u).exp());
                (x, x * (1.0 - x))
            }
        }
    }

    /// The log density at `u` without its constant, and its derivative.
    pub(crate) fn log_density(self, u: f64) -> (f64, f64) {
        match self {
            Prior::Normal { sd } => (-0.5 * u * u / (sd * sd), -u / (sd * sd)),
            Prior::Laplace { scale } => {
                let from = (u * u + ROUNDED * ROUNDED * scale * scale).sqrt();
                (-from / scale, -u / (from * scale))
            }
            Prior::HalfNormal { sd } => {
                let square = (2.0 * u).exp() / (sd * sd);
                (u - 0.5 * square, 1.0 - square)
            }
            Prior::Gamma { shape, rate } => (shape * u - rate * u.exp(), shape - rate * u.exp()),
            Prior::Beta { a, b } => {
                let x = 1.0 / (1.0 + (-u).exp());
                // ln x = −ln(1 + e^(−u)), without overflow at either end.
                let log = |u: f64| if u > 0.0 { -(-u).exp().ln_1p() } else { u - u.exp().ln_1p() };
                (a * log(u) + b * log(-u), a * (1.0 - x) - b * x)
            }
        }
    }

    /// Where a search begins: near the middle of the prior.
    pub(crate) fn start(self) -> f64 {
        match self {
            Prior::Normal { .. } | Prior::Laplace { .. } => 0.0,
            Prior::HalfNormal { sd } => (0.25 * sd).ln(),
            Prior::Gamma { shape, rate } => (shape / rate).ln(),
            Prior::Beta { a, b } => (a / b).ln(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Prior; 5] = [
        Prior::Normal { sd: 2.0 },
        Prior::Laplace { scale: 1.0 },
        Prior::HalfNormal { sd: 2.0 },
        Prior::Gamma { shape: 3.0, rate: 1.0 },
        Prior::Beta { a: 1.0, b: 3.0 },
    ];

    #[test]
    fn slopes_are_those_of_finite_differences() {
        for prior in ALL {
            for u in [-2.0, -0.3, 0.4, 1.5] {
                let measured = (prior.log_density(u + 1e-6).0 - prior.log_density(u - 1e-6).0) / 2e-6;
                assert!((measured - prior.log_density(u).1).abs() < 1e-6, "{prior:?} {u}");
                let (x, slope) = prior.constrained(u);
                let measured = (prior.constrained(u + 1e-6).0 - prior.constrained(u - 1e-6).0) / 2e-6;
                assert!((measured - slope).abs() < 1e-6 && x.is_finite(), "{prior:?} {u}");
            }
        }
    }

    /// Means of the densities by summing over a fine grid: those of the distributions.
    #[test]
    fn densities_with_their_jacobian_have_the_right_mean() {
        for (prior, mean) in [
            (ALL[0], 0.0),
            (ALL[2], 2.0 * (2.0 / std::f64::consts::PI).sqrt()),
            (ALL[3], 3.0),
            (ALL[4], 0.25),
            (Prior::gamma_of(2.0, 1.0), 2.0),
        ] {
            let (mut sum, mut weighted) = (0.0, 0.0);
            for at in -20_000..20_000 {
                let u = f64::from(at) * 1e-3;
                let density = prior.log_density(u).0.exp();
                sum += density;
                weighted += density * prior.constrained(u).0;
            }
            assert!((weighted / sum - mean).abs() < 1e-3, "{prior:?} {}", weighted / sum);
        }
    }
}
