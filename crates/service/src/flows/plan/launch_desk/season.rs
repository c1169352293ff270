//! How much of a usual week each week is: what the shop sold in it of products that had been there for long, over what it sold around it. A
//! launch in the weeks of 618 is so not taken for a larger one. Not here: why a week sold more.

use data::Shop;
use data::arrow::array::{Array, RecordBatch};
use domain::Day;

use crate::error::Result;
use crate::flows::rows::{floats, integers};

/// Products count that were launched so many days before and more.
const DAYS_OLD: i32 = 182;
/// The usual is the mean of so many days on either side.
const DAYS_AROUND: i32 = 45;
/// Weeks of fewer pieces tell nothing, and those of some are drawn towards the usual as if so many more had been sold as usual.
const UNITS_MIN: f64 = 20.0;
const UNITS_USUAL: f64 = 50.0;
const BOUNDS: (f64, f64) = (0.3, 6.0);
/// A week to come is as the one of the same weekday a year before was.
const YEAR: i32 = 364;

/// Pieces by day, cumulated.
#[derive(Debug, Default)]
pub(super) struct Season {
    first: i32,
    /// Pieces before each day from `first` on; one more than there are days.
    cumulated: Vec<f64>,
}

impl Season {
    pub async fn read(shop: &Shop, today: Day) -> Result<Season> {
        let sql = format!(
            "select cast(shop_day(o.ordered_at) as int) as day, cast(sum(o.quantity) as double) as units
            from orders o join products p on p.product_id = o.product_id
            where o.quantity > 0 and cast(shop_day(o.ordered_at) as int) <= {}
              and (p.launched_on is null or cast(shop_day(o.ordered_at) as int) - cast(p.launched_on as int) > {DAYS_OLD})
            group by cast(shop_day(o.ordered_at) as int)",
            today.0
        );
        let mut days: Vec<(i32, f64)> = Vec::new();
        let mut take = |batch: RecordBatch| -> Result<()> {
            let (day, units) = (integers(&batch, "day")?, floats(&batch, "units")?);
            days.extend(
                (0..batch.num_rows())
                    .filter(|&row| day.is_valid(row))
                    .map(|row| (day.value(row) as i32, units.value(row))),
            );
            Ok(())
        };
        shop.engine()?.for_each(&sql, &mut take).await?;
        Ok(Season::from_days(days, today))
    }

    fn from_days(days: Vec<(i32, f64)>, today: Day) -> Season {
        let Some(first) = days.iter().map(|(day, _)| *day).min() else { return Season::default() };
        let mut by_day = vec![0.0; (today.0 + 1 - first).max(0) as usize];
        for (day, units) in days {
            if let Some(of) = by_day.get_mut((day - first) as usize) {
                *of += units;
            }
        }
        let mut sum = 0.0;
        let cumulated = std::iter::once(0.0).chain(by_day.iter().map(|units| {
            sum += units;
            sum
        }));
        Season { first, cumulated: cumulated.collect() }
    }

    /// The mean of a day from one to another as far as they are known, and how many those are.
    fn mean(&self, from: i32, until: i32) -> (f64, i32) {
        let last = self.first + self.cumulated.len() as i32 - 1;
        let (from, until) =
            (from.clamp(self.first, last.max(self.first)), until.clamp(self.first, last.max(self.first)));
        if until <= from {
            return (0.0, 0);
        }
        let at = |day: i32| self.cumulated[(day - self.first) as usize];
        ((at(until) - at(from)) / f64::from(until - from), until - from)
    }

    /// How much of a usual week the one from `day` on is; 1 where that is not known.
    pub fn of(&self, day: i32) -> f64 {
        self.known(day).or_else(|| self.known(day - YEAR)).unwrap_or(1.0)
    }

    /// Whether weeks to come have one of a year before to go by.
    pub fn is_known(&self, day: i32) -> bool {
        self.known(day).or_else(|| self.known(day - YEAR)).is_some()
    }

    fn known(&self, day: i32) -> Option<f64> {
        if self.cumulated.is_empty() {
            return None;
        }
        let (own, n_own) = self.mean(day, day + 7);
        let (usual, n_usual) = self.mean(day - DAYS_AROUND, day + 7 + DAYS_AROUND);
        if n_own < 7 || n_usual < DAYS_AROUND || 7.0 * usual < UNITS_MIN {
            return None;
        }
        Some(((7.0 * own + UNITS_USUAL) / (7.0 * usual + UNITS_USUAL)).clamp(BOUNDS.0, BOUNDS.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_of_a_sale_is_many_and_so_is_that_of_the_next_year() {
        // Two hundred pieces a day, four times that in the week from day 400 on.
        let days = (0..600).map(|day| (day, if (400..407).contains(&day) { 800.0 } else { 200.0 })).collect();
        let season = Season::from_days(days, Day(599));
        assert!((season.of(200) - 1.0).abs() < 0.02 && season.of(400) > 3.0, "{} {}", season.of(200), season.of(400));
        assert_eq!((season.of(764), season.is_known(764)), (season.of(400), true));
        // Nothing is known of the years after, and too little of a shop of a piece a day.
        assert_eq!((season.of(1200), season.is_known(1200)), (1.0, false));
        assert_eq!(Season::from_days((0..600).map(|day| (day, 1.0)).collect(), Day(599)).of(300), 1.0);
        assert_eq!(Season::default().of(3), 1.0);
    }
}
