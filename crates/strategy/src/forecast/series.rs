//! A series in even steps from whatever was recorded: order, gaps, what is missing and what is odd, each told in words.
//! Not the choice of the step: days, weeks or months are the caller's, as whole numbers that count on.

use crate::{Caveat, StrategyError};

/// More steps than this are no series of a shop (a century of days is 36,525).
pub const N_STEPS_MAX: usize = 100_000;

/// What a step without a record means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling {
    /// Not recorded: taken from one season before and after where both are there, else from the line between neighbours.
    Between,
    /// Nothing was sold.
    Zero,
}

/// Values in even steps without holes.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The first value's time.
    pub first: i64,
    pub values: Vec<f64>,
    /// How many of them were filled in.
    pub n_filled: usize,
}

impl Series {
    /// The time of the first forecast.
    pub fn next(&self) -> i64 {
        self.first + self.values.len() as i64
    }
}

/// Puts records in order and closes their gaps. A value that is NaN counts as missing. What stands before a gap longer than
/// two seasons (and than a tenth of all steps) is left out: whatever it was, it is no longer this series.
///
/// # Errors
/// If there are no values, a value is infinite, two records have one time, or the times span too many steps.
pub fn regular(
    times: &[i64],
    values: &[f64],
    season: usize,
    filling: Filling,
) -> Result<(Series, Vec<Caveat>), StrategyError> {
    let records = in_order(times, values)?;
    let mut caveats = Vec::new();
    let kept = after_the_last_long_gap(&records, season, filling, &mut caveats);
    let (first, last) = (kept[0].0, kept[kept.len() - 1].0);
    let mut steps = vec![f64::NAN; (last - first) as usize + 1];
    for (time, value) in kept {
        steps[(time - first) as usize] = *value;
    }
    let n_filled = steps.len() - kept.len();
    fill(&mut steps, season, filling);
    if n_filled > 0 && filling == Filling::Between {
        let n = steps.len();
        caveats.push(Caveat::new(
            "missing_steps",
            format!("{n} 期里有 {n_filled} 期没有记录，已按前后和上一季的值补上。"),
            format!("{n_filled} of {n} periods have no record; they were filled from their neighbours and the season before."),
        ));
    }
    Ok((Series { first, values: steps, n_filled }, caveats))
}

fn in_order(times: &[i64], values: &[f64]) -> Result<Vec<(i64, f64)>, StrategyError> {
    if times.len() != values.len() {
        let what = "the values of a series".to_owned();
        return Err(StrategyError::Length { what, found: values.len(), expected: times.len() });
    }
    if let Some(row) = values.iter().position(|value| value.is_infinite()) {
        return Err(StrategyError::bad_value("the values", row, values[row], "a finite number, or nothing"));
    }
    let mut records: Vec<(i64, f64)> = times.iter().copied().zip(values.iter().copied()).collect();
    records.sort_by_key(|(time, _)| *time);
    if let Some(pair) = records.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(StrategyError::unfit(
            "records of one series with the same time",
            format!("two at {}", pair[0].0),
            "one; add them up first",
        ));
    }
    records.retain(|(_, value)| !value.is_nan());
    let (Some(first), Some(last)) = (records.first(), records.last()) else {
        return Err(StrategyError::Empty { needed: 1 });
    };
    let span = i128::from(last.0) - i128::from(first.0);
    if span >= N_STEPS_MAX as i128 {
        return Err(StrategyError::unfit(
            "steps from the first time to the last",
            span + 1,
            format!("at most {N_STEPS_MAX}"),
        ));
    }
    Ok(records)
}

fn after_the_last_long_gap<'a>(
    records: &'a [(i64, f64)],
    season: usize,
    filling: Filling,
    caveats: &mut Vec<Caveat>,
) -> &'a [(i64, f64)] {
    if filling == Filling::Zero {
        return records;
    }
    let span = records[records.len() - 1].0 - records[0].0;
    let long = (2 * season.max(2) as i64).max(span / 10);
    let Some(at) = (1..records.len()).rev().find(|at| records[*at].0 - records[*at - 1].0 > long) else {
        return records;
    };
    let gap = records[at].0 - records[at - 1].0 - 1;
    caveats.push(Caveat::new(
        "long_gap",
        format!("有连续 {gap} 期没有记录，只用了其后的 {} 条。", records.len() - at),
        format!("{gap} periods in a row have no record; only the {} records after them were used.", records.len() - at),
    ));
    &records[at..]
}

fn fill(steps: &mut [f64], season: usize, filling: Filling) {
    let known = steps.to_vec();
    for at in 0..steps.len() {
        if !known[at].is_nan() {
            continue;
        }
        steps[at] = match filling {
            Filling::Zero => 0.0,
            Filling::Between => {
                let around = (season > 1 && at >= season).then(|| (known[at - season], known.get(at + season)));
                match around {
                    Some((before, Some(after))) if !before.is_nan() && !after.is_nan() => 0.5 * (before + after),
                    _ => between(&known, at),
                }
            }
        };
    }
}

/// On the line between the nearest known neighbours; the ends of a series are known.
fn between(known: &[f64], at: usize) -> f64 {
    let left = (0..at).rev().find(|i| !known[*i].is_nan()).unwrap_or(at);
    let right = (at + 1..known.len()).find(|i| !known[*i].is_nan()).unwrap_or(at);
    let share = (at - left) as f64 / (right - left) as f64;
    known[left] + share * (known[right] - known[left])
}

/// What is odd about values in even steps, for people.
pub fn oddities(values: &[f64], season: usize) -> Vec<Caveat> {
    let mut found = Vec::new();
    let n = values.len();
    if values.iter().all(|value| *value == values[0]) && n > 1 {
        let told = values[0];
        found.push(Caveat::new(
            "constant",
            format!("所有 {n} 期都是 {told}，区间没有宽度并不代表确定。"),
            format!("All {n} periods hold {told}; an interval without width does not mean certainty."),
        ));
    }
    let n_negative = values.iter().filter(|value| **value < 0.0).count();
    if n_negative > 0 {
        found.push(Caveat::new(
            "negative_values",
            format!("有 {n_negative} 期是负数（例如退货多于销售），季节按加法处理，百分比误差不可靠。"),
            format!("{n_negative} periods are negative (more returns than sales, say): seasons are added, and percentage errors mean little."),
        ));
    }
    if season > 1 && n < 2 * season {
        found.push(Caveat::new(
            "no_whole_seasons",
            format!("只有 {n} 期，不到两个完整的季节（{} 期），季节性看不出来。", 2 * season),
            format!("{n} periods are less than two whole seasons ({} periods): no season can be seen.", 2 * season),
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(caveats: &[Caveat]) -> Vec<&'static str> {
        caveats.iter().map(|caveat| caveat.kind).collect()
    }

    #[test]
    fn records_are_put_in_order_and_holes_are_filled() {
        let (series, caveats) = regular(&[5, 1, 2, 4], &[50.0, 10.0, 20.0, f64::NAN], 1, Filling::Between).unwrap();
        assert_eq!((series.first, series.next(), series.n_filled), (1, 6, 2));
        assert_eq!(series.values, [10.0, 20.0, 30.0, 40.0, 50.0]);
        assert_eq!(kinds(&caveats), ["missing_steps"]);
        let (series, caveats) = regular(&[1, 4], &[3.0, 2.0], 1, Filling::Zero).unwrap();
        assert_eq!((series.values, caveats), (vec![3.0, 0.0, 0.0, 2.0], vec![]));
        let season = [1.0, 9.0, 1.0, f64::NAN, 1.0, 7.0];
        let (series, _) = regular(&[0, 1, 2, 3, 4, 5], &season, 2, Filling::Between).unwrap();
        assert_eq!(series.values[3], 8.0);
    }

    #[test]
    fn what_stands_before_a_gap_of_ten_years_is_left_out() {
        let times: Vec<i64> = (0..24).chain(144..168).collect();
        let values = vec![1.0; 48];
        let (series, caveats) = regular(&times, &values, 12, Filling::Between).unwrap();
        assert_eq!((series.first, series.values.len(), kinds(&caveats)), (144, 24, vec!["long_gap"]));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let told = |times: &[i64], values: &[f64]| regular(times, values, 1, Filling::Between).unwrap_err().to_string();
        assert!(told(&[], &[]).contains("at least 1"));
        assert!(told(&[1, 2], &[f64::NAN; 2]).contains("at least 1"));
        assert!(told(&[3, 3], &[1.0, 2.0]).contains("two at 3"));
        assert!(told(&[0, 1], &[1.0, f64::INFINITY]).contains("row 1 holds inf"));
        assert!(told(&[0], &[]).contains("0 rows where 1"));
        assert!(told(&[0, i64::MAX], &[1.0, 1.0]).contains("at most 100000"));
    }

    #[test]
    fn oddities_are_told() {
        assert_eq!(kinds(&oddities(&[0.0; 5], 1)), ["constant"]);
        assert_eq!(kinds(&oddities(&[1.0, -2.0, 3.0], 12)), ["negative_values", "no_whole_seasons"]);
        assert!(oddities(&[4.0], 1).is_empty());
    }
}
