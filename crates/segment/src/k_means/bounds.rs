//! Bounds that make most distances unnecessary.

use math::nearest::{Centres, Near};

use super::Algorithm;
use super::frame::Frame;
use super::lloyd::{Segment, Step};

pub(super) struct Plan;
pub(super) struct Groups<T>(std::marker::PhantomData<T>);
pub(super) struct Bounds<T>(std::marker::PhantomData<T>);

impl<T> Bounds<T> {
    pub fn new(_: usize, _: usize) -> Self {
        Bounds(std::marker::PhantomData)
    }
}

impl Plan {
    pub fn new<T: Near>(_: Algorithm, _: &Frame<T>, _: &[f64]) -> Self {
        Plan
    }
    pub fn n_groups(&self) -> Option<usize> {
        None
    }
    pub fn step<T: Near>(&mut self, centres: &[f64], d: usize) -> Step<T> {
        let rows: Vec<T> = centres.iter().map(|&x| T::from_f64(x)).collect();
        Step { all: Centres::new(&rows, d), rows, groups: None }
    }
}

impl<T: Near> Segment<T> {
    pub fn assign_within_bounds(&mut self, _: &Frame<T>, _: &Step<T>, _: usize, _: usize) {}
}
