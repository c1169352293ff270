//! What is worth trying for each card, and roughly what a fit costs. Ranges come from the published benchmarks that
//! tuned these algorithms on many data sets; a card without a space is tried at its defaults.

use domain::Settings;
use math::Random;

/// One parameter to vary.
#[derive(Clone, Copy, Debug)]
pub struct Dimension {
    pub param: &'static str,
    pub range: Range,
}

/// Where values are drawn from.
#[derive(Clone, Copy, Debug)]
pub enum Range {
    /// Uniform in the logarithm.
    LogFloat(f64, f64),
    Float(f64, f64),
    /// Uniform in the logarithm, rounded.
    LogInt(u32, u32),
    Choice(&'static [&'static str]),
}

impl Range {
    /// A value as text, as a card reads it.
    pub fn draw(&self, random: &mut Random) -> String {
        let log = |low: f64, high: f64, share: f64| (low.ln() + share * (high.ln() - low.ln())).exp();
        match *self {
            // Four significant digits: a setting is read and typed by people.
            Range::LogFloat(low, high) => rounded(log(low, high, random.uniform())),
            Range::Float(low, high) => rounded(low + random.uniform() * (high - low)),
            Range::LogInt(low, high) => log(f64::from(low), f64::from(high), random.uniform()).round().to_string(),
            Range::Choice(options) => options[random.below(options.len())].to_owned(),
        }
    }
}

impl Range {
    /// A value near `value`, which is on this range: within a fifth of it, or for choices mostly the same.
    pub fn draw_near(&self, value: &str, random: &mut Random) -> String {
        let Ok(centre) = value.parse::<f64>() else {
            return if random.uniform() < 0.8 { value.to_owned() } else { self.draw(random) };
        };
        let step = 0.4 * random.uniform() - 0.2;
        let near_log = |low: f64, high: f64| (centre.max(low).ln() + step * (high / low).ln()).exp().clamp(low, high);
        match *self {
            Range::LogFloat(low, high) => rounded(near_log(low, high)),
            Range::Float(low, high) => rounded((centre + step * (high - low)).clamp(low, high)),
            Range::LogInt(low, high) => near_log(f64::from(low), f64::from(high)).round().to_string(),
            Range::Choice(_) => value.to_owned(),
        }
    }
}

fn rounded(value: f64) -> String {
    format!("{value:.3e}").parse::<f64>().expect("a number was just written").to_string()
}

const fn dimension(param: &'static str, range: Range) -> Dimension {
    Dimension { param, range }
}

static ITEM_KNN: &[Dimension] = &[
    dimension("similarity", Range::Choice(&["cosine", "asymmetric_cosine"])),
    dimension("weighting", Range::Choice(&["none", "tfidf", "bm25"])),
    dimension("n_neighbors", Range::LogInt(20, 800)),
    dimension("shrinkage", Range::LogFloat(0.1, 500.0)),
    dimension("alpha", Range::Float(0.2, 0.8)),
    dimension("keep", Range::Choice(&["row", "column"])),
    dimension("normalise", Range::Choice(&["none", "sum", "max"])),
];
static EASE: &[Dimension] = &[
    dimension("l2", Range::LogFloat(10.0, 5000.0)),
    dimension("user_power", Range::Float(0.0, 1.0)),
    dimension("popularity_l2", Range::Float(0.0, 1.0)),
    dimension("popularity_discount", Range::Float(0.0, 0.3)),
];
static SLIM: &[Dimension] =
    &[dimension("l1", Range::LogFloat(0.05, 20.0)), dimension("l2", Range::LogFloat(1.0, 500.0))];
static RP3BETA: &[Dimension] = &[
    dimension("alpha", Range::Float(0.3, 1.6)),
    dimension("beta", Range::Float(0.0, 1.0)),
    dimension("n_neighbors", Range::LogInt(20, 800)),
    dimension("normalize", Range::Choice(&["false", "true"])),
];
static IALS: &[Dimension] = &[
    dimension("n_factors", Range::LogInt(16, 192)),
    dimension("alpha", Range::LogFloat(0.3, 60.0)),
    dimension("reg", Range::LogFloat(0.5, 200.0)),
];

/// Only with times.
static POPULARITY: &[Dimension] = &[dimension("half_life_days", Range::LogFloat(7.0, 1000.0))];

/// The space of a card; empty for a card tried at its defaults.
pub fn space(card: &str, has_times: bool) -> &'static [Dimension] {
    match card {
        "popularity" if has_times => POPULARITY,
        "item_knn" | "user_knn" => ITEM_KNN,
        "ease" => EASE,
        "slim" => SLIM,
        "rp3beta" => RP3BETA,
        "ials" => IALS,
        _ => &[],
    }
}

/// The size of what is fitted.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub n_users: usize,
    pub n_items: usize,
    pub n_stored: usize,
}

/// A rough count of floating-point operations of one fit, good for comparing fits, not for predicting seconds.
pub fn cost_flops(card: &str, settings: &Settings, size: Size) -> f64 {
    let (users, items, stored) = (size.n_users as f64, size.n_items as f64, size.n_stored as f64);
    // Pairs of items met within users, taking users as equally active.
    let pairs = stored * stored / users.max(1.0);
    match card {
        "ease" => 2.0 * pairs + 1.5 * items.powi(3),
        "slim" => 2.0 * pairs + 20.0 * items.powi(2) * (stored / items.max(1.0)).min(200.0),
        "ials" => {
            let factors = settings.float_of("n_factors", 64.0);
            let epochs = settings.float_of("n_epochs", 15.0);
            epochs * (6.0 * stored * factors + 2.0 * (users + items) * factors * factors)
        }
        "popularity" => stored,
        _ => 4.0 * pairs,
    }
}

/// Reading a setting of any numeric kind, with a stand-in for cards without it.
trait FloatOf {
    fn float_of(&self, name: &str, otherwise: f64) -> f64;
}

impl FloatOf for Settings {
    fn float_of(&self, name: &str, otherwise: f64) -> f64 {
        match self.get(name) {
            Some(domain::Value::Int(value)) => *value as f64,
            Some(domain::Value::Float(value)) => *value,
            _ => otherwise,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every space draws only what its card accepts.
    #[test]
    fn spaces_lie_within_their_cards() {
        for algorithm in crate::registry() {
            let mut random = Random::new(1);
            let has = |dimension: &&Dimension| algorithm.card.param(dimension.param).is_some();
            for dimension in space(algorithm.card.name, true).iter().filter(has) {
                for _ in 0..200 {
                    let value = dimension.range.draw(&mut random);
                    for value in [dimension.range.draw_near(&value, &mut random), value] {
                        let drawn = algorithm.card.settings([(dimension.param, value.as_str())]);
                        assert!(drawn.is_ok(), "{}: {drawn:?}", algorithm.card.name);
                    }
                }
            }
        }
    }
}
