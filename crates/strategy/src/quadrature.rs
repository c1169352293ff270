//! Integrals over an interval by a few well-chosen points. Not for integrands with poles.

/// Gauss and Legendre's rule of five points: places within an interval of length 1, and their weights. Exact for polynomials of
/// degree nine.
pub(crate) const FIVE_POINTS: [(f64, f64); 5] = [
    (0.046_910_077_030_668, 0.118_463_442_528_094_54),
    (0.230_765_344_947_158_45, 0.239_314_335_249_683_23),
    (0.5, 0.284_444_444_444_444_44),
    (0.769_234_655_052_841_5, 0.239_314_335_249_683_23),
    (0.953_089_922_969_332, 0.118_463_442_528_094_54),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_up_to_the_ninth_are_exact() {
        for power in 0..10 {
            let found: f64 = FIVE_POINTS.iter().map(|(point, weight)| weight * point.powi(power)).sum();
            assert!((found - 1.0 / f64::from(power + 1)).abs() < 1e-15, "{power}: {found}");
        }
    }
}
