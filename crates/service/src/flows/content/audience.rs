//! What a group of customers cares about, as far as what it buys tells: kinds of goods that it buys more than others do, how often
//! it waits for a discount, at which prices it buys. A rule of thumb of ours, and only an order of selling points: no figure
//! of a copy comes from here.

use std::collections::BTreeMap;

use content::plan::kinds::kind_of;
use domain::Product;

use crate::flows::segment::Group;

/// How much more often than elsewhere a group has to buy of a category.
const LIFT_MIN: f64 = 1.2;
/// The weight of what the group cares about; what is not named weighs 0.5.
const WEIGHT: f64 = 0.85;

/// What buyers of a kind of goods look at in other goods too.
const CARED: &[(&str, &[&str])] = &[
    ("camera", &["camera"]),
    ("drone", &["camera"]),
    ("lens", &["camera"]),
    ("headphones", &["speaker"]),
    ("earbuds", &["speaker"]),
    ("speaker", &["speaker"]),
    ("power_bank", &["battery", "charging"]),
    ("charger", &["battery", "charging"]),
    ("monitor", &["screen"]),
    ("tv", &["screen"]),
    ("ereader", &["screen"]),
    ("drive", &["storage"]),
    ("memory_card", &["storage"]),
    ("memory_module", &["performance"]),
    ("console", &["performance"]),
    ("router", &["signal"]),
];

/// Weights of attributes and aspects, and how much price matters, 0 to 1, if anything tells.
pub fn tastes(group: &Group) -> (BTreeMap<String, f64>, Option<f64>) {
    let mut weights = BTreeMap::new();
    for one in group.traits.iter().filter(|one| one.kind == "category" && one.direction == "over") {
        let category = Product { category: Some(one.level.clone()), ..Product::default() };
        let cared = kind_of(&category).and_then(|kind| CARED.iter().find(|(key, _)| *key == kind.key));
        if let Some((_, aspects)) = cared.filter(|_| one.lift >= LIFT_MIN) {
            weights.extend(aspects.iter().map(|aspect| ((*aspect).to_owned(), WEIGHT)));
        }
    }
    (weights, price_sensitivity(group))
}

/// From one half by how far the group's share of orders with a discount lies from that of all, in standard deviations; and
/// by the price bands in which it buys more than others do.
fn price_sensitivity(group: &Group) -> Option<f64> {
    let discounts = group.numbers.iter().find(|number| number.measure == "discount_share").map(|number| number.effect);
    let band = |level: &str| {
        group.traits.iter().any(|one| one.kind == "price_band" && one.direction == "over" && one.level == level)
    };
    let by_band = [("low", 0.25), ("high", -0.15), ("top", -0.25)];
    let shift: f64 = by_band.iter().filter(|(level, _)| band(level)).map(|(_, shift)| shift).sum();
    (discounts.is_some() || shift != 0.0).then(|| (0.5 + 0.25 * discounts.unwrap_or(0.0) + shift).clamp(0.0, 1.0))
}
