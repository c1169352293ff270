//! All customers' scores counted: the grid of recency against frequency and value, and the groups. A fold, so that
//! customers can stream through it in any number of parts.

use domain::Cents;
use serde::Serialize;

use super::group::RfmGroup;
use super::score::{Activity, Scores};
use crate::Text;

/// A cell of the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cell {
    pub n_customers: u64,
    pub value_cents: Cents,
}

/// A group counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupSummary {
    pub group: RfmGroup,
    pub name: Text,
    pub description: Text,
    pub n_customers: u64,
    /// Of all customers who have bought.
    pub customers_share: f64,
    pub value_cents: Cents,
    /// Of all customers' value; 0 if that is not positive.
    pub value_share: f64,
    /// Means over the group's customers; `None` if it has none.
    pub recency_days_mean: Option<f64>,
    pub n_days_mean: Option<f64>,
    pub value_cents_mean: Option<f64>,
}

/// Counts by cell and by group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Rfm {
    /// By recency score (row, from 1) and combined score (column, from 1).
    pub grid: [[Cell; 5]; 5],
    #[serde(skip)]
    sums: [Sums; 11],
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sums {
    n: u64,
    cents: i64,
    recency_days: i64,
    n_days: u64,
}

impl Rfm {
    pub fn add(&mut self, activity: &Activity, scores: Scores) {
        let cell = &mut self.grid[usize::from(scores.recency) - 1][usize::from(scores.combined()) - 1];
        cell.n_customers += 1;
        cell.value_cents.0 += activity.monetary_cents.0;
        let sums = &mut self.sums[scores.group() as usize];
        sums.n += 1;
        sums.cents += activity.monetary_cents.0;
        sums.recency_days += i64::from(activity.recency_days);
        sums.n_days += u64::from(activity.n_days);
    }

    pub fn merge(&mut self, other: &Rfm) {
        for (cell, more) in self.grid.iter_mut().flatten().zip(other.grid.iter().flatten()) {
            cell.n_customers += more.n_customers;
            cell.value_cents.0 += more.value_cents.0;
        }
        for (sums, more) in self.sums.iter_mut().zip(&other.sums) {
            sums.n += more.n;
            sums.cents += more.cents;
            sums.recency_days += more.recency_days;
            sums.n_days += more.n_days;
        }
    }

    /// All eleven, those without customers too, from the best to the lost.
    pub fn groups(&self) -> Vec<GroupSummary> {
        let n: u64 = self.sums.iter().map(|sums| sums.n).sum();
        let cents: i64 = self.sums.iter().map(|sums| sums.cents).sum();
        let summary = |group: RfmGroup| {
            let sums = self.sums[group as usize];
            let mean = |sum: f64| (sums.n > 0).then(|| sum / sums.n as f64);
            GroupSummary {
                group,
                name: group.name(),
                description: group.description(),
                n_customers: sums.n,
                customers_share: if n > 0 { sums.n as f64 / n as f64 } else { 0.0 },
                value_cents: Cents(sums.cents),
                value_share: if cents > 0 { sums.cents as f64 / cents as f64 } else { 0.0 },
                recency_days_mean: mean(sums.recency_days as f64),
                n_days_mean: mean(sums.n_days as f64),
                value_cents_mean: mean(sums.cents as f64),
            }
        };
        RfmGroup::ALL.into_iter().map(summary).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::score::Cuts;
    use super::*;

    #[test]
    fn cells_and_groups_count_everyone_once_in_any_parts() {
        let activities: Vec<Activity> = (0..500i64)
            .map(|at| Activity {
                recency_days: (at * 37 % 400) as i32,
                n_days: 1 + (at * at % 9) as u32,
                monetary_cents: Cents(at * 7919 % 100_000 - 500),
            })
            .collect();
        let cuts = Cuts::learn(&activities).unwrap();
        let counted = |part: &[Activity]| {
            let mut rfm = Rfm::default();
            part.iter().for_each(|activity| rfm.add(activity, cuts.score(activity)));
            rfm
        };
        let whole = counted(&activities);
        let mut parts = counted(&activities[..123]);
        parts.merge(&counted(&activities[123..]));
        assert_eq!(whole, parts);
        let groups = whole.groups();
        let cells: Vec<Cell> = whole.grid.iter().flatten().copied().collect();
        let cents: i64 = activities.iter().map(|activity| activity.monetary_cents.0).sum();
        assert_eq!(groups.iter().map(|group| group.n_customers).sum::<u64>(), 500);
        assert_eq!(cells.iter().map(|cell| cell.n_customers).sum::<u64>(), 500);
        assert_eq!(groups.iter().map(|group| group.value_cents.0).sum::<i64>(), cents);
        assert_eq!(cells.iter().map(|cell| cell.value_cents.0).sum::<i64>(), cents);
        assert!((groups.iter().map(|group| group.value_share).sum::<f64>() - 1.0).abs() < 1e-12);
        let champions = &groups[0];
        let cell = |r: usize, fm: usize| whole.grid[r - 1][fm - 1].n_customers;
        assert_eq!(champions.n_customers, cell(5, 4) + cell(5, 5) + cell(4, 5));
        assert!(champions.recency_days_mean < groups[10].recency_days_mean);
        assert_eq!(Rfm::default().groups()[3].value_cents_mean, None);
    }
}
