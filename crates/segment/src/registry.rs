//! The list of all clustering methods, one line each. Command line, `lab`, API, console and conformance tests read it.

use crate::{Method, dbscan, hdbscan, hierarchical, k_means};

static REGISTRY: &[&Method] = &[&k_means::METHOD, &hierarchical::METHOD, &dbscan::METHOD, &hdbscan::METHOD];

/// Every method, in the order in which lists show them.
pub fn registry() -> &'static [&'static Method] {
    REGISTRY
}

/// The method whose card has this name.
pub fn method(name: &str) -> Option<&'static Method> {
    registry().iter().copied().find(|method| method.card.name == name)
}
