//! Laws of K-Means, edge cases, and labels compared with scikit-learn's.

use super::Algorithm;

mod golden;
mod laws;

/// Every way to find the nearest centres, and the choice among them.
const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::Auto, Algorithm::Lloyd, Algorithm::Hamerly, Algorithm::Yinyang, Algorithm::Lists];
