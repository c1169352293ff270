//! Values that a product must have: `16GB以上`, "lighter than 1.5 kg", `12+512`. How they are bounded is read where the search reads it,
//! so that a list and the search never understand one message in two ways. Which products are looked at is decided elsewhere.

use domain::Product;
use language::text::{Bound, quantities};

use super::Scene;
use super::attributes::specs_for;
use super::compare::size;
use crate::evidence::figures::Unit;
use crate::understand::Named;

/// How far a value may be from one that is asked for without a bound, and from one that is asked for as `左右`.
const EXACTLY: f64 = 0.02;
const ABOUT: f64 = 0.1;

/// A value that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Valued {
    /// As [`Named::Spec`] names it.
    pub attribute: String,
    /// In `unit`; both ends are allowed.
    least: f64,
    most: f64,
    unit: Unit,
    /// Which end of the attribute is the better one, where only one is bounded.
    pub bound: Bound,
    /// As the message has it.
    pub words: String,
}

impl Valued {
    /// All values of a message that can be compared, and whether there are others besides.
    pub fn all(scene: &Scene) -> (Vec<Valued>, bool) {
        let text = scene.message.text;
        let specs = scene.understood.entities.iter().filter_map(|entity| match &entity.what {
            Named::Spec { attribute, value, unit } => Some((&entity.range, attribute, *value, unit)),
            _ => None,
        });
        let written = quantities(text);
        let (mut all, mut has_others) = (Vec::new(), false);
        for (range, attribute, value, unit) in specs {
            let Some((wanted, measured)) = size(&format!("{value} {unit}")) else {
                has_others = true;
                continue;
            };
            let quantity = written.iter().find(|one| one.range.start < range.end && range.start < one.range.end);
            let bound = quantity.map_or(Bound::Exactly, |one| one.bound);
            let high = quantity.and_then(|one| Some(one.high? / one.value)).filter(|times| *times > 1.0);
            let about = |share: f64| (wanted * (1.0 - share), wanted * (1.0 + share));
            let (least, most) = match (high, bound) {
                (Some(times), _) => (wanted, wanted * times),
                (None, Bound::AtLeast) => (wanted, f64::INFINITY),
                (None, Bound::AtMost) => (f64::NEG_INFINITY, wanted),
                (None, Bound::About) => about(ABOUT),
                (None, _) => about(EXACTLY),
            };
            let extent = quantity.map_or(range, |one| &one.extent);
            let words = text.get(extent.clone()).unwrap_or_default().trim().to_owned();
            all.push(Valued { attribute: attribute.clone(), least, most, unit: measured, bound, words });
        }
        (all, has_others)
    }

    /// What a product states of it, in `unit`.
    pub fn stated(&self, product: &Product) -> Vec<f64> {
        // Laptops state the battery in watt hours and phones in milliampere hours; both are asked for as the battery.
        let name = if self.attribute == "energy" { "battery" } else { self.attribute.as_str() };
        let own = specs_for(product, name).into_iter().filter_map(|(_, value)| size(value));
        own.filter(|(_, unit)| *unit == self.unit).map(|(own, _)| own).collect()
    }

    /// By which share of what is asked a product misses it: 0 for one that has it, nothing for one that states no such value.
    pub fn misses(&self, product: &Product) -> Option<f64> {
        let miss = |own: f64| {
            let by = (self.least - own).max(own - self.most).max(0.0);
            let of = if self.least.is_finite() { self.least } else { self.most };
            by / of.abs().max(f64::MIN_POSITIVE)
        };
        self.stated(product).into_iter().map(miss).min_by(f64::total_cmp)
    }

    /// Whether it is a value of an attribute or of one that is taken for it: `续航` and `电池`.
    pub fn is_of(&self, attribute: &str) -> bool {
        let name = attribute.replace(' ', "_");
        name == self.attribute || name.starts_with("battery") && self.is_battery()
    }

    fn is_battery(&self) -> bool {
        self.attribute == "energy" || self.attribute.starts_with("battery")
    }

    pub fn is_met(&self, product: &Product) -> bool {
        self.misses(product) == Some(0.0)
    }
}
