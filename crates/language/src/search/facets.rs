//! How many hits have each value of an attribute, and bands of prices. An attribute that is itself filtered is counted as
//! if it were not, so that people see what else they could choose.

use serde::Serialize;

use super::snapshot::Snapshot;

/// Values of a facet that are listed.
const VALUES_MAX: usize = 20;
/// Facets that are listed, by how many hits have them.
const FACETS_MAX: usize = 12;
const BANDS: usize = 5;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Facet {
    pub attribute: String,
    /// The most frequent first, then by value.
    pub values: Vec<(String, u32)>,
    /// How many values there are, beyond those listed.
    pub n_values: usize,
}

/// Hits between two prices: `from` included, `below` not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Band {
    pub from: f64,
    pub below: f64,
    pub n: u32,
}

/// Facets from how many hits have each value.
pub(super) fn facets(snapshot: &Snapshot, counts: &[u32]) -> Vec<Facet> {
    let facts = &snapshot.facts;
    let names = facts.names.iter();
    let mut all: Vec<(u32, Facet)> = names
        .filter_map(|(name, range)| {
            let mut values: Vec<(String, u32)> =
                range.clone().filter(|&at| counts[at] > 0).map(|at| (facts.values[at].clone(), counts[at])).collect();
            values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            let n_values = values.len();
            let n_hits = values.iter().map(|(_, n)| n).sum();
            values.truncate(VALUES_MAX);
            (n_values > 0).then(|| (n_hits, Facet { attribute: name.clone(), values, n_values }))
        })
        .collect();
    // Brand and category first, as people look for them.
    let order = |facet: &Facet| match facet.attribute.as_str() {
        "category" => 0,
        "brand" => 1,
        _ => 2,
    };
    all.sort_by(|(n_a, a), (n_b, b)| {
        order(a).cmp(&order(b)).then(n_b.cmp(n_a)).then_with(|| a.attribute.cmp(&b.attribute))
    });
    all.into_iter().map(|(_, facet)| facet).take(FACETS_MAX).collect()
}

/// Bands of about as many hits each, with bounds people would choose.
pub(super) fn bands(mut prices: Vec<f64>) -> Vec<Band> {
    prices.retain(|price| price.is_finite());
    if prices.is_empty() {
        return Vec::new();
    }
    let smallest = prices.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = prices.iter().copied().fold(0.0, f64::max);
    let n = prices.len();
    let mut bounds: Vec<f64> =
        (1..BANDS).map(|at| round(*prices.select_nth_unstable_by(at * n / BANDS, f64::total_cmp).1)).collect();
    bounds.dedup();
    bounds.retain(|bound| *bound > smallest && *bound <= largest);
    let ends = bounds.iter().copied().chain([f64::INFINITY]);
    let starts = [0.0].into_iter().chain(bounds.iter().copied());
    let count = |from: f64, below: f64| prices.iter().filter(|price| (from..below).contains(*price)).count() as u32;
    let bands = starts.zip(ends).map(|(from, below)| Band { from, below, n: count(from, below) });
    bands.filter(|band| band.n > 0).collect()
}

/// The nearest of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten.
fn round(price: f64) -> f64 {
    if price < 1.0 {
        return 1.0;
    }
    let power = 10f64.powf(price.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let near = |step: &f64| (step * power - price).abs();
    power * steps.into_iter().min_by(|a, b| near(a).total_cmp(&near(b))).expect("there are steps")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_even_and_complete() {
        let prices: Vec<f64> = (1..=1000).map(|at| f64::from(at * at) / 50.0).collect();
        let found = bands(prices);
        assert_eq!(found.iter().map(|band| band.n).sum::<u32>(), 1000);
        assert!(found.windows(2).all(|two| two[0].below == two[1].from));
        assert!(found.iter().all(|band| band.n > 100), "{found:?}");
        assert_eq!(bands(vec![f64::NAN]), []);
        assert_eq!(bands(vec![7.0; 9]).len(), 1);
    }
}
