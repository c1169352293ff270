//! What the merchandiser decides: pin, boost, bury, cap, exclude. Read from the shop's TOML:
//!
//! ```toml
//! [[recommend.rules]]
//! name = "one brand must not fill the page"
//! action = "cap"
//! by = "brand"
//! max = 3
//!
//! [[recommend.rules]]
//! name = "back to school"
//! action = "boost"
//! strength = 0.2          # of the best model score
//! categories = ["Computers/Laptops"]
//! price_max_cents = 600000
//! from = "2026-08-15"
//! until = "2026-09-15"    # the last day
//! ```

use domain::{Cents, Day, Product};
use serde::{Deserialize, Serialize};

use super::catalogue::{Catalogue, key, prefixes};

/// What a rule does with the products it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Puts `products` at `position` and the ones after it.
    Pin,
    /// Adds `strength` to the score.
    Boost,
    /// Takes `strength` from the score.
    Bury,
    /// At most `max` in a list: of each brand or category (`by`), or of all that match.
    Cap,
    /// Never shown.
    Exclude,
}

/// What a cap counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapBy {
    Brand,
    /// The category path cut to `depth` parts.
    Category,
}

/// One rule. Conditions that are given must all hold; within a list any may.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub name: String,
    pub action: Action,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brands: Vec<String>,
    /// Paths; everything below them is meant too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Only for customers of these regions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_min_cents: Option<Cents>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_max_cents: Option<Cents>,
    /// First and last day on which the rule holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Day>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
    /// In units of the best model score of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<f64>,
    /// 1 is the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<CapBy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<usize>,
}

/// Why a rule cannot stand.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RuleError {
    #[error("rule '{rule}' ({action}) lacks '{field}'; {example}")]
    Missing { rule: String, action: &'static str, field: &'static str, example: &'static str },
    #[error("rule '{rule}': {field} is {found}; allowed: {allowed}")]
    Bad { rule: String, field: &'static str, found: String, allowed: &'static str },
    #[error("rule '{rule}' ({action}) does not use '{field}'; remove it or choose another action")]
    Unused { rule: String, action: &'static str, field: &'static str },
    #[error("two rules are called '{rule}'; answers name the rule they followed, so names must differ")]
    SameName { rule: String },
    #[error("rule '{rule}': there is no {kind} '{found}' in the catalogue{hint}")]
    Unknown { rule: String, kind: &'static str, found: String, hint: String },
}

impl Action {
    pub fn name(self) -> &'static str {
        match self {
            Action::Pin => "pin",
            Action::Boost => "boost",
            Action::Bury => "bury",
            Action::Cap => "cap",
            Action::Exclude => "exclude",
        }
    }
}

impl Rule {
    /// A rule without conditions, to be completed.
    pub fn new(name: &str, action: Action) -> Rule {
        Rule {
            name: name.to_owned(),
            action,
            products: Vec::new(),
            brands: Vec::new(),
            categories: Vec::new(),
            regions: Vec::new(),
            price_min_cents: None,
            price_max_cents: None,
            from: None,
            until: None,
            strength: None,
            position: None,
            by: None,
            depth: None,
            max: None,
        }
    }

    /// Whether the rule holds on `today`.
    pub fn holds_on(&self, today: Day) -> bool {
        self.from.is_none_or(|from| from <= today) && self.until.is_none_or(|until| today <= until)
    }

    /// Whether the rule is meant for a customer of `region`.
    pub fn holds_in(&self, region: Option<&str>) -> bool {
        self.regions.is_empty()
            || region.is_some_and(|region| self.regions.iter().any(|name| name.eq_ignore_ascii_case(region)))
    }

    /// Whether the rule is about this product.
    pub fn matches(&self, product: &Product) -> bool {
        listed(&self.products, |id| *id == product.product_id)
            && listed(&self.brands, |name| product.brand.as_ref().is_some_and(|brand| key(brand) == key(name)))
            && listed(&self.categories, |path| is_below(product, path))
            && self.price_min_cents.is_none_or(|min| product.price_cents.is_some_and(|price| price >= min))
            && self.price_max_cents.is_none_or(|max| product.price_cents.is_some_and(|price| price <= max))
    }

    /// What the cap counts this product under; `None` when the rule is not about it.
    pub(crate) fn group(&self, product: &Product) -> Option<String> {
        if !self.matches(product) {
            return None;
        }
        match self.by {
            None => Some(String::new()),
            Some(CapBy::Brand) => product.brand.as_deref().map(key),
            Some(CapBy::Category) => {
                let depth = self.depth.unwrap_or(usize::MAX);
                product.category.as_deref().and_then(|path| prefixes(path).take(depth).last()).map(key)
            }
        }
    }

    fn has_condition(&self) -> bool {
        !self.products.is_empty()
            || !self.brands.is_empty()
            || !self.categories.is_empty()
            || self.price_min_cents.is_some()
            || self.price_max_cents.is_some()
    }
}

fn listed<T>(list: &[T], holds: impl Fn(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(holds)
}

fn is_below(product: &Product, path: &str) -> bool {
    let path = key(path.trim_end_matches('/'));
    product.category.as_deref().is_some_and(|category| prefixes(category).any(|prefix| key(prefix) == path))
}

/// Everything wrong with `rules`; names that no product has are found when a catalogue is given.
pub fn check_rules(rules: &[Rule], catalogue: Option<&Catalogue>) -> Vec<RuleError> {
    let mut errors = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        if rules[..at].iter().any(|other| other.name == rule.name) {
            errors.push(RuleError::SameName { rule: rule.name.clone() });
        }
        check_fields(rule, &mut errors);
        check_ranges(rule, &mut errors);
        if let Some(catalogue) = catalogue {
            check_names(rule, catalogue, &mut errors);
        }
    }
    errors
}

fn check_fields(rule: &Rule, errors: &mut Vec<RuleError>) {
    let action = rule.action;
    let mut need = |field, present: bool, example| {
        if !present {
            errors.push(RuleError::Missing { rule: rule.name.clone(), action: action.name(), field, example });
        }
    };
    match action {
        Action::Pin => need("products", !rule.products.is_empty(), "products = [\"P1\"]"),
        Action::Boost | Action::Bury => need("strength", rule.strength.is_some(), "strength = 0.2"),
        Action::Cap => need("max", rule.max.is_some(), "max = 3"),
        Action::Exclude => need("a condition", rule.has_condition(), "brands = [\"Acme\"]"),
    }
    let used = |field, present: bool, by: &[Action]| (present && !by.contains(&action)).then_some(field);
    let unused = [
        used("strength", rule.strength.is_some(), &[Action::Boost, Action::Bury]),
        used("position", rule.position.is_some(), &[Action::Pin]),
        used("by", rule.by.is_some(), &[Action::Cap]),
        used("depth", rule.depth.is_some(), &[Action::Cap]),
        used("max", rule.max.is_some(), &[Action::Cap]),
    ];
    for field in unused.into_iter().flatten() {
        errors.push(RuleError::Unused { rule: rule.name.clone(), action: action.name(), field });
    }
}

fn check_ranges(rule: &Rule, errors: &mut Vec<RuleError>) {
    let mut bad = |field, found: Option<String>, allowed| {
        if let Some(found) = found {
            errors.push(RuleError::Bad { rule: rule.name.clone(), field, found, allowed });
        }
    };
    let strength = rule.strength.filter(|strength| !(0.0..=100.0).contains(strength));
    bad("strength", strength.map(|found| found.to_string()), "0 to 100, in units of the best model score");
    let position = rule.position.filter(|&position| position == 0);
    bad("position", position.map(|found| found.to_string()), "1 (the top) or more");
    bad("depth", rule.depth.filter(|&depth| depth == 0).map(|found| found.to_string()), "1 or more parts");
    let days = rule.from.zip(rule.until).filter(|(from, until)| from > until);
    bad("from", days.map(|(from, until)| format!("{from}, after until {until}")), "a day not after 'until'");
    let prices = rule.price_min_cents.zip(rule.price_max_cents).filter(|(min, max)| min > max);
    bad("price_min_cents", prices.map(|(min, max)| format!("{}, above {}", min.0, max.0)), "at most price_max_cents");
}

fn check_names(rule: &Rule, catalogue: &Catalogue, errors: &mut Vec<RuleError>) {
    let mut unknown = |kind, found: &str, hint: String| {
        errors.push(RuleError::Unknown { rule: rule.name.clone(), kind, found: found.to_owned(), hint });
    };
    for id in rule.products.iter().filter(|id| catalogue.item(id).is_none()) {
        unknown("product", id, String::new());
    }
    for brand in rule.brands.iter().filter(|brand| catalogue.of_brand(brand).is_empty()) {
        unknown("brand", brand, some_of(catalogue.brands()));
    }
    for path in rule.categories.iter().filter(|path| catalogue.of_category(path).is_empty()) {
        unknown("category", path, some_of(catalogue.categories()));
    }
}

fn some_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.take(8).collect();
    format!("; it has, for example: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Catalogue {
        Catalogue::new(vec![Product {
            product_id: "a".into(),
            brand: Some("Acme".into()),
            category: Some("PC/Laptops".into()),
            price_cents: Some(Cents(500)),
            ..Product::default()
        }])
    }

    #[test]
    fn mistakes_are_named() {
        let ok = Rule { strength: Some(0.5), ..Rule::new("r", Action::Boost) };
        let catalogue = example();
        for (rule, said) in [
            (Rule::new("r", Action::Boost), "lacks 'strength'"),
            (Rule::new("r", Action::Pin), "lacks 'products'"),
            (Rule::new("r", Action::Cap), "lacks 'max'"),
            (Rule::new("r", Action::Exclude), "lacks 'a condition'"),
            (Rule { max: Some(1), ..ok.clone() }, "does not use 'max'"),
            (Rule { strength: Some(f64::NAN), ..ok.clone() }, "strength is NaN"),
            (Rule { from: Some(Day(2)), until: Some(Day(1)), ..ok.clone() }, "after until"),
            (Rule { brands: vec!["Acne".into()], ..ok.clone() }, "no brand 'Acne'"),
            (Rule { categories: vec!["PC/Phones".into()], ..ok.clone() }, "for example: pc, pc/laptops"),
            (Rule { products: vec!["b".into()], ..ok.clone() }, "no product 'b'"),
        ] {
            let errors = check_rules(std::slice::from_ref(&rule), Some(&catalogue));
            assert!(errors.iter().any(|error| error.to_string().contains(said)), "{said}: {errors:?}");
        }
        assert_eq!(check_rules(std::slice::from_ref(&ok), Some(&catalogue)), []);
        assert_eq!(check_rules(&[ok.clone(), ok], None), [RuleError::SameName { rule: "r".into() }]);
    }

    #[test]
    fn conditions_must_all_hold() {
        let catalogue = example();
        let product = catalogue.product(0);
        let rule = Rule::new("r", Action::Exclude);
        for (rule, expected) in [
            (rule.clone(), true),
            (Rule { categories: vec!["pc".into()], ..rule.clone() }, true),
            (Rule { categories: vec!["p".into()], ..rule.clone() }, false),
            (Rule { brands: vec!["other".into(), "ACME".into()], ..rule.clone() }, true),
            (Rule { price_min_cents: Some(Cents(501)), ..rule.clone() }, false),
            (Rule { price_max_cents: Some(Cents(500)), brands: vec!["x".into()], ..rule.clone() }, false),
        ] {
            assert_eq!(rule.matches(product), expected, "{rule:?}");
        }
        let dated = Rule { from: Some(Day(3)), until: Some(Day(4)), ..rule };
        assert_eq!([2, 3, 4, 5].map(|day| dated.holds_on(Day(day))), [false, true, true, false]);
    }
}
