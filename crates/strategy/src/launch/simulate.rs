//! Launches whose truth is known: products of one family, each with a level and a trapezoid of its own, weeks negative binomial around it.

use math::Random;

use super::Past;
use super::outlook::count;
use super::pool::means;
use super::shape::{Kind, Shape};

/// How the products of a family launch.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Pieces within 26 periods; and how far products scatter around it, in the logarithm.
    pub level: f64,
    pub level_spread: f64,
    /// Periods in which sales rise, stay and fall; and how far products scatter, in the logarithm.
    pub rise: f64,
    pub stay: f64,
    pub fall: f64,
    pub shape_spread: f64,
    /// Variance of a period beyond Poisson's, in parts of its mean squared.
    pub scatter: f64,
}

impl Default for Family {
    fn default() -> Self {
        Family { level: 400.0, level_spread: 0.6, rise: 1.0, stay: 6.0, fall: 25.0, shape_spread: 0.3, scatter: 0.05 }
    }
}

/// A product of the family, over as many periods as there are exposures.
pub fn simulate(family: &Family, exposure: &[f64], random: &mut Random) -> Past {
    let shape = Shape::learned(Kind::Trapezoid, &[], 26.max(exposure.len()));
    let mut near = |value: f64, spread: f64| value.ln() + spread * random.normal();
    let x = [
        near(family.level, family.level_spread),
        near(family.rise, family.shape_spread),
        near(family.stay, family.shape_spread),
        near(family.fall, family.shape_spread),
    ];
    let sales = means(&shape, &x, exposure).into_iter().map(|mean| count(mean, family.scatter, random)).collect();
    Past { sales, exposure: exposure.to_vec(), preorders: None }
}
