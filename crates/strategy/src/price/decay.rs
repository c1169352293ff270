//! How prices fall over a product's life: what part of its launch price is left after so many periods, over products whose
//! generations are complete enough to tell.

use crate::StrategyError;

/// As many periods of life are told.
pub const AGES_MAX: usize = 400;

/// Prices at one age.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct DecayPoint {
    /// Periods since the first price.
    pub age: usize,
    pub n_products: usize,
    /// In parts of the first price: the median product, and those that a tenth lie below and above.
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

/// The price that is left by age, while at least `n_min` products are seen at it. Rows are a product's price in a period;
/// a product's first period is its launch, and between its prices the last one held. Shape of the columns: (n_rows).
///
/// # Errors
/// If columns differ in length, a price is not above 0, or a product's periods span more than [`AGES_MAX`].
pub fn decay(product: &[u32], period: &[i64], price: &[f64], n_min: usize) -> Result<Vec<DecayPoint>, StrategyError> {
    for (what, found) in [("period", period.len()), ("price", price.len())] {
        if found != product.len() {
            return Err(StrategyError::Length { what: what.to_owned(), found, expected: product.len() });
        }
    }
    if let Some(row) = price.iter().position(|price| !(*price > 0.0 && price.is_finite())) {
        return Err(StrategyError::bad_value("price", row, price[row], "above 0"));
    }
    let mut rows: Vec<usize> = (0..product.len()).collect();
    rows.sort_by_key(|row| (product[*row], period[*row]));
    let mut left: Vec<Vec<f64>> = Vec::new();
    for of_one in rows.chunk_by(|a, b| product[*a] == product[*b]) {
        let (first, last) = (period[of_one[0]], period[of_one[of_one.len() - 1]]);
        let span = last.saturating_sub(first).saturating_add(1);
        if span > AGES_MAX as i64 {
            return Err(StrategyError::unfit("periods of a product's life", span, format!("at most {AGES_MAX}")));
        }
        let (launch, mut at) = (price[of_one[0]], 0);
        for age in 0..span as usize {
            while of_one.get(at + 1).is_some_and(|row| period[*row] <= first + age as i64) {
                at += 1;
            }
            if left.len() <= age {
                left.push(Vec::new());
            }
            left[age].push(price[of_one[at]] / launch);
        }
    }
    let enough = left.into_iter().take_while(|ratios| ratios.len() >= n_min.max(1));
    Ok(enough.enumerate().map(|(age, ratios)| point(age, ratios)).collect())
}

fn point(age: usize, mut ratios: Vec<f64>) -> DecayPoint {
    ratios.sort_by(f64::total_cmp);
    let at = |share: f64| crate::budget::quantile(&ratios, share);
    DecayPoint { age, n_products: ratios.len(), median: at(0.5), low: at(0.1), high: at(0.9) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_hold_until_the_next_one_and_few_products_tell_nothing() {
        let product = [1, 1, 1, 2, 2, 7];
        let period = [10, 12, 13, 5, 8, 3];
        let price = [100.0, 80.0, 50.0, 40.0, 20.0, 9.0];
        let found = decay(&product, &period, &price, 2).unwrap();
        let told: Vec<(usize, usize, f64)> = found.iter().map(|one| (one.age, one.n_products, one.median)).collect();
        assert_eq!(told, [(0, 3, 1.0), (1, 2, 1.0), (2, 2, 0.9), (3, 2, 0.5)]);
        assert!(decay(&[], &[], &[], 2).unwrap().is_empty());
        assert!(decay(&[1], &[1], &[-1.0], 1).unwrap_err().to_string().contains("row 0 holds -1"));
        assert!(decay(&[1, 1], &[0, 1000], &[1.0, 1.0], 1).is_err());
    }
}
