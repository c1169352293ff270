//! How long a product of a category lasts before the same customer buys the next: a log-normal distribution per
//! category path. The shop's intervals are pooled with a built-in cycle; a customer who has not bought again counts as
//! censored at the customer's last purchase of anything, not at the end of the data, because someone who left says
//! nothing about the product.

use std::collections::BTreeMap;

use domain::Settings;
use math::special::{normal_cdf, normal_density};
use serde::{Deserialize, Serialize};

use super::Purchase;
use crate::rank::Catalogue;

/// Where a cycle comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CycleOrigin {
    BuiltIn,
    Learned,
    /// Learned, and held at the bound around the built-in one.
    Bounded,
}

/// The distribution of replacement times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cycle {
    /// Mean and standard deviation of ln(days).
    pub mu: f64,
    pub sigma: f64,
    pub n_intervals: usize,
    pub n_censored: usize,
    pub origin: CycleOrigin,
}

/// Cycles by category path as written in the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cycles(pub BTreeMap<String, Cycle>);

const DAY_MILLIS: i64 = 86_400_000;
/// The spread of the built-in cycles: two thirds of replacements between 0.6 and 1.6 medians.
const BUILT_IN_SIGMA: f64 = 0.5;

/// Not durable whatever else the name says: one buys these again, or many of them.
const CONSUMABLE: &[&str] = &[
    "accessor",
    "case",
    "cable",
    "battery",
    "batteries",
    "charger",
    "ink",
    "toner",
    "paper",
    "cartridge",
    "movie",
    "music",
    "game",
    "memory card",
    "blank media",
    "screen protector",
    "strap",
    "配件",
    "保护",
    "手机壳",
    "贴膜",
    "线材",
    "数据线",
    "充电",
    "电池",
    "墨盒",
    "硒鼓",
    "存储卡",
    "耗材",
];

/// Median days between purchases by one household, by words of the category, special before general. Order of
/// magnitude from common service lives; the shop's own intervals take over as they come in.
const BUILT_IN_MEDIAN_DAYS: &[(&[&str], f64)] = &[
    (&["smart watch", "smartwatch", "wearable", "手表", "手环", "穿戴"], 1095.0),
    (&["headphone", "earphone", "earbud", "headset", "耳机"], 730.0),
    (&["phone", "手机"], 900.0),
    (&["laptop", "notebook", "ultrabook", "笔记本"], 1460.0),
    (&["tablet", "e-reader", "平板", "电子书"], 1460.0),
    (&["desktop", "workstation", "台式", "一体机"], 1825.0),
    (&["monitor", "显示器"], 1825.0),
    (&["printer", "scanner", "打印机", "扫描"], 1825.0),
    (&["projector", "投影"], 1825.0),
    (&["home theater", "soundbar", "speaker", "音箱", "音响"], 1825.0),
    (&["television", "tvs", "电视"], 2555.0),
    (&["camcorder", "camera", "slr", "相机", "摄像"], 1825.0),
    (&["drone", "无人机"], 1095.0),
    (&["console", "游戏机", "主机"], 1825.0),
    (&["router", "network", "路由"], 1460.0),
    (&["keyboard", "mouse", "mice", "键盘", "鼠标"], 1095.0),
    (&["hard drive", "ssd", "硬盘"], 1095.0),
    (&["refrigerator", "fridge", "washer", "washing", "air condition", "冰箱", "洗衣机", "空调"], 3650.0),
    (&["microwave", "dishwasher", "oven", "water heater", "微波炉", "洗碗机", "烤箱", "热水器"], 2920.0),
    (&["vacuum", "coffee", "fan", "吸尘", "扫地", "咖啡", "风扇", "净化"], 1825.0),
];

impl Cycle {
    fn built_in(median_days: f64) -> Cycle {
        let (mu, origin) = (median_days.ln(), CycleOrigin::BuiltIn);
        Cycle { mu, sigma: BUILT_IN_SIGMA, n_intervals: 0, n_censored: 0, origin }
    }

    /// The share of owners who have replaced it after `age_days`.
    pub fn replaced(&self, age_days: f64) -> f64 {
        if age_days <= 0.0 { 0.0 } else { normal_cdf((age_days.ln() - self.mu) / self.sigma) }
    }

    pub fn median_days(&self) -> f64 {
        self.mu.exp()
    }

    /// The chance that one who has not replaced it by `age_days` does within the next `days`.
    pub fn due_within(&self, age_days: f64, days: f64) -> f64 {
        let still = 1.0 - self.replaced(age_days);
        if still < 1e-12 { 1.0 } else { (self.replaced(age_days + days) - self.replaced(age_days)) / still }
    }
}

/// The built-in median of a category path: its most special part that is known decides.
pub fn built_in_median_days(path: &str) -> Option<f64> {
    known(path).flatten()
}

/// Whether a category is bought again and again by its name, whatever the intervals say.
fn is_consumable(path: &str) -> bool {
    known(path) == Some(None)
}

/// What the lists above say of a path: nothing, consumable, or a median.
fn known(path: &str) -> Option<Option<f64>> {
    path.rsplit('/').find_map(|part| {
        let part = part.to_lowercase();
        if CONSUMABLE.iter().any(|word| part.contains(word)) {
            return Some(None);
        }
        let found = BUILT_IN_MEDIAN_DAYS.iter().find(|(words, _)| words.iter().any(|word| part.contains(word)));
        found.map(|(_, median)| Some(*median))
    })
}

#[derive(Default)]
struct Intervals {
    observed: Vec<f64>,
    censored: Vec<f64>,
}

impl Cycles {
    pub fn get(&self, category: &str) -> Option<&Cycle> {
        self.0.get(category)
    }

    /// Learns the cycle of every category path that has a built-in one or enough intervals of its own.
    pub fn learn(catalogue: &Catalogue, purchases: &[Purchase], settings: &Settings) -> Cycles {
        let mut by_category = intervals(catalogue, purchases);
        for path in catalogue.products().iter().filter_map(|product| product.category.as_ref()) {
            if !by_category.contains_key(path) {
                by_category.insert(path.clone(), Intervals::default());
            }
        }
        let durable = by_category.into_iter().filter(|(path, _)| !is_consumable(path));
        let fitted = durable.filter_map(|(path, intervals)| {
            let cycle = bounded(built_in_median_days(&path), &intervals, settings)?;
            Some((path, cycle))
        });
        Cycles(fitted.collect())
    }

    /// The same with the built-in cycle of every category that came since.
    pub fn with_new_categories(&self, catalogue: &Catalogue) -> Cycles {
        let mut cycles = self.0.clone();
        for path in catalogue.products().iter().filter_map(|product| product.category.as_ref()) {
            if !cycles.contains_key(path)
                && let Some(median) = built_in_median_days(path)
            {
                cycles.insert(path.clone(), Cycle::built_in(median));
            }
        }
        Cycles(cycles)
    }
}

/// Days between purchases on different days, per customer and category path.
fn intervals(catalogue: &Catalogue, purchases: &[Purchase]) -> BTreeMap<String, Intervals> {
    let category = |item: u32| catalogue.product(item).category.as_deref();
    let mut last_seen: BTreeMap<u32, i64> = BTreeMap::new();
    let mut rows: Vec<(u32, &str, i64)> = Vec::new();
    for purchase in purchases.iter().filter(|purchase| (purchase.item as usize) < catalogue.n_items()) {
        let day = purchase.at.0.div_euclid(DAY_MILLIS);
        let last = last_seen.entry(purchase.customer).or_insert(day);
        *last = day.max(*last);
        rows.extend(category(purchase.item).map(|path| (purchase.customer, path, day)));
    }
    rows.sort_unstable();
    rows.dedup();
    let mut by_category: BTreeMap<String, Intervals> = BTreeMap::new();
    for (at, &(customer, path, day)) in rows.iter().enumerate() {
        let next = rows.get(at + 1).filter(|next| (next.0, next.1) == (customer, path));
        let until = next.map_or(last_seen[&customer], |next| next.2);
        if until > day {
            let intervals = by_category.entry(path.to_owned()).or_default();
            let side = if next.is_some() { &mut intervals.observed } else { &mut intervals.censored };
            side.push(((until - day) as f64).ln());
        }
    }
    by_category
}

/// The fitted cycle, as far as it can be believed. Most customers of a shop never buy a second laptop there: the fit takes
/// them for people who keep theirs for a very long time, though they buy elsewhere. So a category with a built-in cycle
/// stays within `stretch` of it and keeps it while the shop has too few intervals of its own; one without is left alone
/// when its median lies beyond everything observed.
fn bounded(built_in: Option<f64>, intervals: &Intervals, settings: &Settings) -> Option<Cycle> {
    let (n_intervals, n_censored) = (intervals.observed.len(), intervals.censored.len());
    let enough = n_intervals >= settings.usize("min_intervals");
    let Some(median) = built_in else {
        let longest = intervals.observed.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        return fit(None, intervals, settings).filter(|cycle| enough && cycle.mu <= longest);
    };
    if !enough {
        return Some(Cycle { n_intervals, n_censored, ..Cycle::built_in(median) });
    }
    let cycle = fit(built_in, intervals, settings)?;
    let width = settings.float("stretch").ln();
    let mu = cycle.mu.clamp(median.ln() - width, median.ln() + width);
    if mu == cycle.mu {
        return Some(cycle);
    }
    Some(Cycle { mu, sigma: cycle.sigma.min(BUILT_IN_SIGMA), origin: CycleOrigin::Bounded, ..cycle })
}

/// Expectation maximisation for a normal ln(days) with right censoring; the built-in cycle enters as
/// `prior_intervals` observations.
fn fit(built_in: Option<f64>, intervals: &Intervals, settings: &Settings) -> Option<Cycle> {
    let (n_intervals, n_censored) = (intervals.observed.len(), intervals.censored.len());
    if built_in.is_none() && n_intervals == 0 {
        return None;
    }
    let n_prior = if built_in.is_some() { settings.float("prior_intervals") } else { 0.0 };
    let first = intervals.observed.iter().sum::<f64>() / n_intervals.max(1) as f64;
    let prior_mu = built_in.map_or(first, f64::ln);
    let (mut mu, mut sigma) = (prior_mu, BUILT_IN_SIGMA);
    for _ in 0..100 {
        let mut sum = n_prior * prior_mu;
        let mut squares = n_prior * (prior_mu * prior_mu + BUILT_IN_SIGMA * BUILT_IN_SIGMA);
        for y in &intervals.observed {
            sum += y;
            squares += y * y;
        }
        for c in &intervals.censored {
            let (mean, square) = beyond(*c, mu, sigma);
            sum += mean;
            squares += square;
        }
        let n = n_prior + (n_intervals + n_censored) as f64;
        mu = sum / n;
        sigma = (squares / n - mu * mu).max(0.01).sqrt();
    }
    Some(Cycle { mu, sigma, n_intervals, n_censored, origin: CycleOrigin::Learned })
}

/// Mean and mean square of a normal variable known to lie beyond `c`.
fn beyond(c: f64, mu: f64, sigma: f64) -> (f64, f64) {
    let a = (c - mu) / sigma;
    let hazard = normal_density(a) / normal_cdf(-a).max(1e-300);
    let mean = mu + sigma * hazard;
    (mean, mu * mu + 2.0 * mu * sigma * hazard + sigma * sigma * (1.0 + a * hazard))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use domain::{Millis, Product};
    use math::Random;

    use super::super::DURABLE;
    use super::*;

    #[test]
    fn categories_are_recognised_in_both_languages() {
        for (path, expected) in [
            ("Computers/Laptops", Some(1460.0)),
            ("电脑/笔记本电脑", Some(1460.0)),
            ("Cell phones/Cell phones Accessories", None),
            ("Cell phones/Touch Screen Phones ", Some(900.0)),
            ("手机/手机壳", None),
            ("Audio/Bluetooth Headphones", Some(730.0)),
            ("Home Appliances/Lamps", None),
            ("家电/洗衣机", Some(3650.0)),
        ] {
            assert_eq!(built_in_median_days(path), expected, "{path}");
        }
    }

    /// Customers replace after a log-normal time with known parameters and leave at a random day; the fit recovers
    /// both parameters although the late replacements are never seen.
    #[test]
    fn known_cycles_are_recovered_under_censoring() {
        let product = |id: &str, category: &str| Product {
            product_id: id.into(),
            category: Some(category.into()),
            ..Product::default()
        };
        let catalogue = Catalogue::new(vec![product("a", "Gadgets"), product("b", "Other things")]);
        let mut random = Random::new(5);
        let mut purchases = Vec::new();
        let mut buy = |customer, item, day: f64| {
            let at = Millis((day * DAY_MILLIS as f64) as i64);
            purchases.push(Purchase { customer, order: 0, item, at });
        };
        for customer in 0..4000 {
            let left = 900.0 * random.uniform();
            let mut day = 0.0;
            while day < left {
                buy(customer, 0, day);
                let normal = (-2.0 * random.uniform().max(1e-300).ln()).sqrt() * (random.uniform() * TAU).cos();
                day += (6.0 + 0.4 * normal).exp();
            }
            buy(customer, 1, left);
        }
        let cycles = Cycles::learn(&catalogue, &purchases, &DURABLE.defaults());
        let cycle = cycles.get("Gadgets").unwrap();
        assert!((cycle.mu - 6.0).abs() < 0.04 && (cycle.sigma - 0.4).abs() < 0.04, "{cycle:?}");
        assert_eq!(cycle.origin, CycleOrigin::Learned);
        assert!(cycles.get("Other things").is_none());
    }

    /// Of 3000 buyers 2940 never come back for another laptop while they go on buying other things.
    #[test]
    fn a_sparse_shop_learns_no_absurd_cycle() {
        let product = |id: &str, category: &str| Product {
            product_id: id.into(),
            category: Some(category.into()),
            ..Product::default()
        };
        let catalogue = Catalogue::new(vec![product("a", "Computers/Laptops"), product("b", "Phones/Phone cases")]);
        let mut purchases = Vec::new();
        let mut buy = |customer, item, day: i64| {
            purchases.push(Purchase { customer, order: 0, item, at: Millis(day * DAY_MILLIS) });
        };
        for customer in 0..3000u32 {
            let again = i64::from(customer % 50 == 0);
            for item in 0..2 {
                buy(customer, item, 0);
                buy(customer, item, again * (300 + i64::from(customer % 400)));
            }
            // Everyone is seen again late, so that nobody's interval ends early.
            buy(customer, 1, 1700);
        }
        let learn =
            |texts: &[&str]| Cycles::learn(&catalogue, &purchases, &DURABLE.settings_from_texts(texts).unwrap());
        let cycles = learn(&[]);
        let laptops = cycles.get("Computers/Laptops").unwrap();
        assert_eq!((laptops.origin, laptops.n_intervals), (CycleOrigin::Bounded, 60));
        assert!((laptops.median_days() - 1.5 * 1460.0).abs() < 1e-6, "{}", laptops.median_days());
        assert_eq!(cycles.get("Phones/Phone cases"), None, "bought again by its name");
        assert!(learn(&["stretch=100"]).get("Computers/Laptops").unwrap().median_days() > 3000.0);
        let few = learn(&["min_intervals=61"]);
        let built_in = few.get("Computers/Laptops").unwrap();
        assert_eq!((built_in.origin, built_in.median_days().round()), (CycleOrigin::BuiltIn, 1460.0));
    }

    #[test]
    fn shares_are_probabilities_that_grow() {
        let cycle = Cycle { mu: 1000f64.ln(), sigma: 0.5, n_intervals: 0, n_censored: 0, origin: CycleOrigin::BuiltIn };
        assert_eq!(cycle.replaced(0.0), 0.0);
        assert!((cycle.replaced(1000.0) - 0.5).abs() < 1e-12);
        let shares: Vec<f64> = (0..100).map(|step| cycle.replaced(f64::from(step) * 50.0)).collect();
        assert!(shares.is_sorted() && *shares.last().unwrap() <= 1.0);
        assert!(cycle.due_within(10.0, 90.0) < 1e-4 && (0.0..=1.0).contains(&cycle.due_within(1e6, 90.0)));
    }
}
