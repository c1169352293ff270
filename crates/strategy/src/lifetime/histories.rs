//! What the models need to know of a customer: how often, how lately, for how long; and equal customers put together.

use crate::StrategyError;

/// Beyond this many repeat purchases a customer is no person but a reseller, and the tables by frequency grow too long.
const FREQUENCY_MAX: u32 = 100_000;
/// After so many rows it is seen whether looking for equal ones pays.
const ROWS_TO_SEE: usize = 1 << 16;
pub(super) const COVARIATES_MAX: usize = 64;

/// One row a customer, in one unit of time throughout, such as days or weeks. Shapes: (n_customers).
#[derive(Clone, Copy, Debug)]
pub struct Histories<'a> {
    /// Repeat purchases: times at which it bought, without the first.
    pub frequency: &'a [u32],
    /// Time from the first purchase to the last; 0 without a repeat purchase.
    pub recency: &'a [f64],
    /// Time from the first purchase to now.
    pub age: &'a [f64],
}

/// What else is known of each customer and may change how it buys and leaves.
#[derive(Clone, Copy, Debug)]
pub struct Covariates<'a> {
    /// Shape: (n_customers, n_columns), one row per customer; best centred and of similar size.
    pub values: &'a [f64],
    pub n_columns: usize,
    /// Whether they act on leaving as well as on buying.
    pub on_leaving: bool,
}

impl<'a> Covariates<'a> {
    pub(super) fn row(&self, at: usize) -> &'a [f64] {
        &self.values[at * self.n_columns..(at + 1) * self.n_columns]
    }

    pub(super) fn check(&self, n_rows: usize) -> Result<(), StrategyError> {
        if self.n_columns == 0 || self.n_columns > COVARIATES_MAX {
            return Err(StrategyError::unfit("covariates", self.n_columns, format!("1 to {COVARIATES_MAX} columns")));
        }
        let (found, expected) = (self.values.len(), n_rows * self.n_columns);
        if found != expected {
            return Err(StrategyError::Length { what: "the covariates".to_owned(), found, expected });
        }
        match self.values.iter().position(|value| value.is_nan() || value.abs() > 1e3) {
            Some(at) => {
                let allowed = "numbers from −1000 to 1000; subtract the mean and divide by the spread";
                Err(StrategyError::bad_value("covariates", at / self.n_columns, self.values[at], allowed))
            }
            None => Ok(()),
        }
    }
}

impl Histories<'_> {
    pub fn len(&self) -> usize {
        self.frequency.len()
    }

    pub fn is_empty(&self) -> bool {
        self.frequency.is_empty()
    }

    pub fn n_repeating(&self) -> usize {
        self.frequency.iter().filter(|frequency| **frequency > 0).count()
    }

    /// # Errors
    /// If the columns are not of one length, a time is negative or not finite, a last purchase lies in the future
    /// (recency beyond age), or recency and frequency contradict each other.
    pub fn check(&self) -> Result<(), StrategyError> {
        let expected = self.frequency.len();
        for (what, found) in [("recency", self.recency.len()), ("age", self.age.len())] {
            if found != expected {
                return Err(StrategyError::Length { what: what.to_owned(), found, expected });
            }
        }
        if expected == 0 {
            return Err(StrategyError::Empty { needed: 1 });
        }
        (0..expected).try_for_each(|at| self.check_row(at))
    }

    fn check_row(&self, at: usize) -> Result<(), StrategyError> {
        let (frequency, recency, age) = (self.frequency[at], self.recency[at], self.age[at]);
        if !(0.0..=1e9).contains(&age) {
            return Err(StrategyError::bad_value("age", at, age, "0 to 1e9"));
        }
        if !(0.0..=age).contains(&recency) {
            let allowed = format!("0 to the customer's age, {age}: a last purchase cannot lie in the future");
            return Err(StrategyError::bad_value("recency", at, recency, allowed));
        }
        if (frequency == 0) != (recency == 0.0) {
            let allowed = format!("0 exactly without a repeat purchase; there are {frequency}");
            return Err(StrategyError::bad_value("recency", at, recency, allowed));
        }
        if frequency > FREQUENCY_MAX {
            return Err(StrategyError::bad_value("frequency", at, frequency, format!("at most {FREQUENCY_MAX}")));
        }
        Ok(())
    }
}

/// Equal customers counted once. Shapes: (n_groups), covariates (n_groups, n_columns).
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    pub frequency: Vec<u32>,
    pub recency: Vec<f64>,
    pub age: Vec<f64>,
    pub n: Vec<f64>,
    pub covariates: Vec<f64>,
    pub n_columns: usize,
}

impl Groups {
    /// In the order of their first customer. Where hardly two are equal, each stays a group of its own.
    pub fn of(histories: &Histories, covariates: Option<&Covariates>) -> Groups {
        let mut groups =
            Groups { n_columns: covariates.map_or(0, |covariates| covariates.n_columns), ..Groups::default() };
        const NONE: u32 = u32::MAX;
        let mut slots = vec![NONE; 1 << 12];
        for at in 0..histories.len() {
            if at == ROWS_TO_SEE && groups.n.len() > ROWS_TO_SEE / 2 {
                (at..histories.len()).for_each(|at| groups.push(histories, covariates, at));
                return groups;
            }
            if groups.n.len() * 2 > slots.len() {
                slots = groups.slots(slots.len() * 4);
            }
            let row = covariates.map_or(&[][..], |covariates| covariates.row(at));
            let (frequency, recency, age) = (histories.frequency[at], histories.recency[at], histories.age[at]);
            let mut slot = hash(frequency, recency, age, row) as usize & (slots.len() - 1);
            loop {
                let group = slots[slot];
                if group == NONE {
                    slots[slot] = groups.n.len() as u32;
                    groups.push(histories, covariates, at);
                    break;
                }
                if groups.is(group as usize, frequency, recency, age, row) {
                    groups.n[group as usize] += 1.0;
                    break;
                }
                slot = (slot + 1) & (slots.len() - 1);
            }
        }
        groups
    }

    /// A table of `n` slots by hash, with linear probing.
    fn slots(&self, n: usize) -> Vec<u32> {
        let mut slots = vec![u32::MAX; n];
        for group in 0..self.n.len() {
            let row = self.row(group);
            let hashed = hash(self.frequency[group], self.recency[group], self.age[group], row);
            let mut slot = hashed as usize & (n - 1);
            while slots[slot] != u32::MAX {
                slot = (slot + 1) & (n - 1);
            }
            slots[slot] = group as u32;
        }
        slots
    }

    fn push(&mut self, histories: &Histories, covariates: Option<&Covariates>, at: usize) {
        self.frequency.push(histories.frequency[at]);
        self.recency.push(histories.recency[at]);
        self.age.push(histories.age[at]);
        self.n.push(1.0);
        if let Some(covariates) = covariates {
            self.covariates.extend_from_slice(covariates.row(at));
        }
    }

    fn is(&self, group: usize, frequency: u32, recency: f64, age: f64, row: &[f64]) -> bool {
        self.frequency[group] == frequency
            && self.recency[group] == recency
            && self.age[group] == age
            && self.row(group) == row
    }

    pub fn row(&self, group: usize) -> &[f64] {
        &self.covariates[group * self.n_columns..(group + 1) * self.n_columns]
    }

    pub fn len(&self) -> usize {
        self.n.len()
    }

    /// Every `step`-th group.
    pub fn sample(&self, step: usize) -> Groups {
        let kept = || (0..self.len()).step_by(step);
        Groups {
            frequency: kept().map(|at| self.frequency[at]).collect(),
            recency: kept().map(|at| self.recency[at]).collect(),
            age: kept().map(|at| self.age[at]).collect(),
            n: kept().map(|at| self.n[at]).collect(),
            covariates: kept().flat_map(|at| self.row(at).iter().copied()).collect(),
            n_columns: self.n_columns,
        }
    }
}

/// A mix of all bits (the finaliser of MurmurHash3 over a sum of products).
pub(super) fn hash(frequency: u32, recency: f64, age: f64, row: &[f64]) -> u64 {
    let mut mixed = u64::from(frequency).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ recency.to_bits().wrapping_mul(0xff51_afd7_ed55_8ccd)
        ^ age.to_bits().wrapping_mul(0xc4ce_b9fe_1a85_ec53).rotate_left(31);
    for value in row {
        mixed = (mixed.rotate_left(17) ^ value.to_bits()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    mixed ^= mixed >> 32;
    mixed = mixed.wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_customers_are_counted_once_and_nobody_is_lost() {
        let n = 200_000usize;
        let frequency: Vec<u32> = (0..n).map(|at| (at % 7) as u32).collect();
        let recency: Vec<f64> = frequency.iter().map(|x| f64::from(*x) * 1.5).collect();
        let age: Vec<f64> = (0..n).map(|at| 20.0 + (at % 11) as f64).collect();
        let histories = Histories { frequency: &frequency, recency: &recency, age: &age };
        let groups = Groups::of(&histories, None);
        assert_eq!((groups.len(), groups.n.iter().sum::<f64>()), (77, n as f64));
        let halves: Vec<f64> = (0..n).map(|at| (at % 2) as f64).collect();
        let covariates = Covariates { values: &halves, n_columns: 1, on_leaving: false };
        assert_eq!(Groups::of(&histories, Some(&covariates)).len(), 154);
        // All different: given up after the first rows, and still everybody is there.
        let age: Vec<f64> = (0..n).map(|at| 20.0 + at as f64).collect();
        let groups = Groups::of(&Histories { age: &age, ..histories }, None);
        assert_eq!((groups.len(), groups.n.iter().sum::<f64>(), groups.age[n - 1]), (n, n as f64, age[n - 1]));
    }

    #[test]
    fn contradictions_are_named() {
        let told = |frequency: u32, recency: f64, age: f64| {
            let histories = Histories { frequency: &[frequency], recency: &[recency], age: &[age] };
            histories.check().map_err(|error| error.to_string())
        };
        assert_eq!(told(0, 0.0, 0.0), Ok(()));
        assert_eq!(told(3, 4.0, 4.0), Ok(()));
        for (found, said) in [
            (told(2, 5.0, 4.0), "cannot lie in the future"),
            (told(2, -1.0, 4.0), "0 to the customer's age"),
            (told(0, 1.0, 4.0), "without a repeat purchase"),
            (told(2, 0.0, 4.0), "without a repeat purchase"),
            (told(0, 0.0, -4.0), "age, row 0 holds -4"),
            (told(0, 0.0, f64::NAN), "age, row 0 holds NaN"),
            (told(200_000, 1.0, 4.0), "at most 100000"),
        ] {
            assert!(found.as_ref().is_err_and(|error| error.contains(said)), "{found:?}");
        }
        let none = Histories { frequency: &[], recency: &[], age: &[] };
        assert_eq!(none.check(), Err(StrategyError::Empty { needed: 1 }));
    }
}
