//! Laws of K-Means, edge cases, and labels compared with scikit-learn's.

mod golden;
mod laws;
