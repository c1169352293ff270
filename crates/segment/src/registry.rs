//! The list of all clustering methods, one line each. Command line, `lab`, API, console and conformance tests read it.

use crate::{Method, hierarchical};

static REGISTRY: &[&Method] = &[&hierarchical::METHOD];
static REGISTRY: &[&Method] = &[&crate::k_means::METHOD];
#[rustfmt::skip]
static REGISTRY: &[&Method] = &[
    &crate::dbscan::METHOD,
    &crate::hdbscan::METHOD,
];

/// Every method, in the order in which lists show them.
pub fn registry() -> &'static [&'static Method] {
    REGISTRY
}

/// The method whose card has this name.
pub fn method(name: &str) -> Option<&'static Method> {
    registry().iter().copied().find(|method| method.card.name == name)
}
