//! Selling points: one for each spec, word of the name, praised aspect and fit, with what sets it apart, what has changed since
//! the predecessor and what it is good for; and their order.

use domain::Product;

use super::aspects::{aspect_of, can_have, part_of};
use super::attributes::Direction;
use super::facts::{Fact, Facts, Feature};
use super::kinds::{Kind, kind_of};
use super::shelf::Standing;
use super::units::{Reading, difference};
use super::uses::{Use, use_of};
use super::{Evidence, Market, Opinion, names};
use crate::brief::Brief;

/// One thing to say.
#[derive(Clone, Debug)]
pub struct Point {
    /// The attribute, `opinion:` and the aspect, `feature:` and its group, or `fit`.
    pub key: String,
    pub score: f64,
    pub claim: Claim,
}

/// What a point says, with what it rests on.
#[derive(Clone, Debug)]
// A plan has a dozen points, most of them specs.
#[allow(clippy::large_enum_variant)]
pub enum Claim {
    Spec {
        fact: Fact,
        evidence: Evidence,
        /// A comparison with neighbours that may be said.
        standing: Option<(Standing, Evidence)>,
        change: Option<(Change, Evidence)>,
        use_of: Option<(&'static Use, Evidence)>,
    },
    Feature {
        feature: Feature,
        evidence: Evidence,
    },
    Opinion {
        opinion: Opinion,
        evidence: Evidence,
    },
    Fit {
        device: String,
        evidence: Evidence,
    },
}

/// What is better than in the predecessor.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The difference with its unit.
    pub zh: String,
    pub en: String,
    /// What it was.
    pub before: Reading,
}

/// A comparison is said where so many neighbours give the spec,
const NEIGHBOURS_MIN: usize = 8;
/// and such a share of them has less of it.
const WORSE_SHARE_MIN: f64 = 0.7;
/// An opinion is said where so many reviews name the aspect,
const REVIEWS_MIN: u32 = 10;
/// and such a share of them praises it.
const PRAISE_SHARE_MIN: f64 = 0.6;
/// Aspects that are no merit of the product.
const ASPECTS_NOT_SAID: &[&str] =
    &["whole", "authenticity", "accessories", "packaging", "delivery", "service", "after_sales"];

/// All points of a product, the best first.
pub(super) fn points(
    brief: &Brief,
    market: &Market,
    kind: Option<&'static Kind>,
    read: &Facts,
    older: Option<&Product>,
) -> Vec<Point> {
    let hero = brief.hero();
    let neighbours = market.shelf.map(|shelf| shelf.neighbours(hero));
    let before = older.map(|product| (product, super::facts::facts(product, kind_of(product))));
    let mut points: Vec<Point> = Vec::new();
    for fact in &read.facts {
        let standing = neighbours.as_ref().and_then(|neighbours| {
            let (number, dimension) = fact.reading.number?;
            neighbours.standing(fact.attribute, number, dimension)
        });
        let change =
            before.as_ref().and_then(|(product, facts)| change(hero, fact, product, facts.of(fact.attribute.key)?));
        // What fewer than half of those who speak of it praise is told, but sells nothing.
        let is_blamed = part_of(fact.attribute.key)
            .is_some_and(|aspect| market.opinions.iter().any(|opinion| opinion.aspect == aspect && blames(opinion)));
        points.push(match is_blamed {
            true => plain(brief, fact),
            false => spec(brief, kind, (fact, read), standing, change),
        });
    }
    // A fast charger need not be told to have fast charging.
    let called = names::short(&names::clean(&hero.name), hero.brand.as_deref()).to_lowercase();
    let is_news = |feature: &&Feature| !feature.row.use_en.is_empty() || !called.contains(feature.row.word);
    points.extend(read.features.iter().filter(is_news).map(|feature| self::feature(brief, feature)));
    points.extend(market.opinions.iter().filter_map(|opinion| self::opinion(brief, opinion)));
    points.extend(read.fits.as_ref().map(|(field, device)| Point {
        key: "fit".to_owned(),
        score: 0.9,
        claim: Claim::Fit { device: device.clone(), evidence: field_of(hero, field, device) },
    }));
    points.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.key.cmp(&b.key)));
    points
}

fn field_of(product: &Product, field: &str, value: &str) -> Evidence {
    Evidence::Field { product_id: product.product_id.clone(), field: field.to_owned(), value: value.to_owned() }
}

/// How much the audience cares, 0 to 1.
fn care(brief: &Brief, keys: &[&str]) -> f64 {
    let weights = &brief.audience.weights;
    keys.iter().filter_map(|key| weights.get(*key)).copied().reduce(f64::max).unwrap_or(0.5)
}

/// Whether more than half of enough reviews of an aspect complain of it.
fn blames(opinion: &Opinion) -> bool {
    opinion.n_reviews >= REVIEWS_MIN && 2 * opinion.n_praise < opinion.n_reviews
}

/// A fact behind all others, without what would recommend it.
fn plain(brief: &Brief, fact: &Fact) -> Point {
    Point {
        key: fact.attribute.key.to_owned(),
        score: 0.1 * fact.attribute.weight,
        claim: Claim::Spec {
            evidence: field_of(brief.hero(), &fact.field, &fact.quote),
            standing: None,
            change: None,
            use_of: None,
            fact: fact.clone(),
        },
    }
}

fn spec(
    brief: &Brief,
    kind: Option<&Kind>,
    (fact, read): (&Fact, &Facts),
    standing: Option<Standing>,
    change: Option<(Change, Evidence)>,
) -> Point {
    let hero = brief.hero();
    let attribute = fact.attribute;
    let of_other = |key: &str| read.of(key).map(|other| (&other.reading, other.quote.as_str()));
    let use_of = use_of(attribute.key, kind, (&fact.reading, &fact.quote), of_other);
    let apart = standing.map_or(0.5, |standing| standing.share());
    let trust = if fact.field == "description" {
        0.6
    } else if fact.field == "name" {
        0.85
    } else {
        1.0
    };
    let care = care(brief, &[attribute.key, aspect_of(attribute.key)]);
    // Twice the usual weight for who cares most, none for who does not care.
    // A spinning disk or a screen of few pixels is told, but not first.
    let dull = if fact.quote.contains("HDD") && !fact.quote.contains("SSD") { 0.4 } else { 1.0 };
    let score = dull * attribute.weight * (2.0 * care) * (0.4 + apart) * trust
        + if use_of.is_some() { 0.25 } else { 0.0 }
        + if change.is_some() { 0.2 } else { 0.0 };
    let may_say = |standing: &Standing| {
        brief.may_compare
            && attribute.worse.is_some()
            && standing.n >= NEIGHBOURS_MIN
            // "35 of the 39 phones" would be wrong of forty, one of which does not tell its weight.
            && standing.n == standing.n_all
            && standing.n_worse as f64 >= WORSE_SHARE_MIN * standing.n as f64
    };
    let value = &fact.quote;
    Point {
        key: attribute.key.to_owned(),
        score,
        claim: Claim::Spec {
            evidence: field_of(hero, &fact.field, value),
            standing: standing.filter(may_say).map(|standing| (standing, neighbours(hero, fact, &standing))),
            change,
            use_of: use_of.map(|found| (found, use_evidence(hero, fact, found))),
            fact: fact.clone(),
        },
    }
}

fn use_evidence(hero: &Product, fact: &Fact, found: &Use) -> Evidence {
    Evidence::Use {
        product_id: hero.product_id.clone(),
        field: fact.field.clone(),
        value: fact.quote.clone(),
        attribute: found.attribute.to_owned(),
        threshold: found.threshold.to_owned(),
    }
}

fn neighbours(hero: &Product, fact: &Fact, standing: &Standing) -> Evidence {
    Evidence::Neighbours {
        product_id: hero.product_id.clone(),
        field: fact.field.clone(),
        value: fact.quote.clone(),
        n: standing.n,
        n_worse: standing.n_worse,
        n_equal: standing.n_equal,
        n_better: standing.n_better(),
        price_low_cents: standing.price_low_cents,
        price_high_cents: standing.price_high_cents,
    }
}

/// What is better than in the predecessor; `None` if nothing is.
fn change(hero: &Product, fact: &Fact, older: &Product, before: &Fact) -> Option<(Change, Evidence)> {
    fact.attribute.gain?;
    let ((now, dimension), (was, other)) = (fact.reading.number?, before.reading.number?);
    let is_better = match fact.attribute.direction {
        Direction::More => now > was,
        Direction::Less => now < was,
        Direction::Neither => false,
    };
    if dimension != other || !is_better || (now - was).abs() < 0.05 * was {
        return None;
    }
    let (zh, en) = difference(&fact.reading, &before.reading)?;
    let evidence = Evidence::Predecessor {
        product_id: hero.product_id.clone(),
        field: fact.field.clone(),
        value: fact.quote.clone(),
        other_id: older.product_id.clone(),
        other_name: names::clean(&older.name),
        other_value: before.quote.clone(),
        difference: en.clone(),
    };
    Some((Change { zh, en, before: before.reading.clone() }, evidence))
}

fn feature(brief: &Brief, feature: &Feature) -> Point {
    let group = feature.row.group;
    let care = care(brief, &[group]);
    Point {
        key: format!("feature:{group}"),
        score: 0.5 * (0.5 + care) + if feature.row.use_zh.is_empty() { 0.0 } else { 0.2 },
        claim: Claim::Feature {
            feature: feature.clone(),
            evidence: field_of(brief.hero(), feature.field, &feature.quote),
        },
    }
}

fn opinion(brief: &Brief, opinion: &Opinion) -> Option<Point> {
    let Opinion { aspect, n_praise, n_reviews, .. } = opinion;
    let share = f64::from(*n_praise) / f64::from((*n_reviews).max(1));
    let is_said = *n_reviews >= REVIEWS_MIN
        && n_praise <= n_reviews
        && share >= PRAISE_SHARE_MIN
        && !ASPECTS_NOT_SAID.contains(&aspect.as_str())
        && can_have(brief.hero(), aspect);
    is_said.then(|| Point {
        key: format!("opinion:{aspect}"),
        // A share of few reviews counts less: shrunk towards one half by ten reviews.
        score: 1.4 * care(brief, &[aspect]) * (f64::from(*n_praise) + 5.0) / (f64::from(*n_reviews) + 10.0),
        claim: Claim::Opinion {
            evidence: Evidence::Opinions {
                product_id: brief.hero().product_id.clone(),
                aspect: aspect.clone(),
                n_praise: *n_praise,
                n_reviews: *n_reviews,
            },
            opinion: opinion.clone(),
        },
    })
}
