//! A day on which a channel cost far more than it ever did, or next to nothing though it always cost something. Held against the days of its
//! own past, of a year and a month, so that last year's festivals are among them; not against the very highest day, which may have been
//! a mistake itself.

use std::collections::BTreeMap;

use data::Shop;
use domain::Day;

use super::{Alert, Rules, text};
use crate::error::Result;
use crate::flows::rows::query_rows;

/// Days that are looked at.
const DAYS: i32 = 7;
const PAST_DAYS: i32 = 396;
/// Days of the past below which nothing is said.
const PAST_MIN: usize = 28;
/// The day of the past that counts as the highest, and as the lowest.
const NTH: usize = 3;

/// From which day to which spend may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub low: f64,
    pub high: f64,
    pub n: usize,
}

impl Range {
    /// From the days of the past. Of days that are alike one in (n + 1) / 3 is higher than the third-highest of `n`; `times` that is rarer.
    pub fn of(past: &[f64], times: f64) -> Option<Range> {
        if past.len() < PAST_MIN {
            return None;
        }
        let mut sorted = past.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        Some(Range { low: sorted[NTH - 1] / (2.0 * times), high: sorted[n - NTH] * times, n })
    }
}

/// # Errors
/// If the tables cannot be read.
pub async fn look(shop: &Shop, rules: &Rules, day: Day, found: &mut Vec<Alert>) -> Result<()> {
    let (until, first) = (day.0, day.0 - DAYS - PAST_DAYS);
    let sql = format!(
        "select channel, cast(day as int) as day, sum(spend_cents) as cents from spend
         where cast(day as int) > {first} and cast(day as int) <= {until} group by 1, 2 order by 1, 2"
    );
    let mut channels: BTreeMap<String, BTreeMap<i32, f64>> = BTreeMap::new();
    let mut last = i32::MIN;
    for row in query_rows(shop, &sql).await? {
        let (Some(channel), Some(day), Some(cents)) =
            (row["channel"].as_str(), row["day"].as_i64(), row["cents"].as_f64())
        else {
            continue;
        };
        let Ok(day) = i32::try_from(day) else { continue };
        last = last.max(day);
        channels.entry(channel.to_owned()).or_default().insert(day, cents);
    }
    for (channel, days) in &channels {
        let key = format!("spend.{channel}");
        if !rules.is_on(&key) {
            continue;
        }
        let begins = until - DAYS;
        let past: Vec<f64> = days.range(..=begins).map(|(_, cents)| *cents).collect();
        let Some(range) = Range::of(&past, rules.spend_times) else { continue };
        // A day without a row, though other channels have one, is a day without spend; whoever seldom spends has many of them.
        let is_steady = past.len() as i32 >= 9 * (begins - days.keys().next().copied().unwrap_or(begins)) / 10;
        let of = |day: i32| days.get(&day).copied().or(is_steady.then_some(0.0));
        let recent = (begins + 1..=last.min(until)).filter_map(|day| Some((day, of(day)?)));
        let worst = recent
            .filter(|(_, cents)| *cents > range.high || *cents < range.low)
            .max_by(|a, b| (a.1 - range.high).total_cmp(&(b.1 - range.high)));
        if let Some((day, cents)) = worst {
            found.push(alert(key, channel, Day(day), cents, range, (&sql, &shop.config().currency)));
        }
    }
    Ok(())
}

fn alert(key: String, channel: &str, day: Day, cents: f64, range: Range, (sql, currency): (&str, &str)) -> Alert {
    let is_high = cents > range.high;
    let money = |cents: f64| format!("{:.2} {currency}", cents / 100.0);
    let (spent, low, high, n) = (money(cents), money(range.low), money(range.high), range.n);
    let title = match is_high {
        true => text(format!("{channel} 的花费异常地高"), format!("{channel} cost far more than ever")),
        false => text(format!("{channel} 几乎没有花费"), format!("{channel} cost next to nothing")),
    };
    Alert {
        key,
        kind: "spend".to_owned(),
        title,
        found: text(format!("{day} 花了 {spent}。"), format!("On {day} it cost {spent}.")),
        expected: text(
            format!("按它自己过去 {n} 天，在 {low} 到 {high} 之间。"),
            format!("Between {low} and {high}, by its own last {n} days."),
        ),
        help: text(
            "到投放平台核对预算和出价；若是有意的，在 [alerts] 里调 spend_times 或写进 off",
            "look at budget and bids where they are set; if it is meant, change spend_times or off in [alerts]",
        ),
        value: cents,
        limit: if is_high { range.high } else { range.low },
        sql: Some(sql.split_whitespace().collect::<Vec<_>>().join(" ")),
        page: Some("/budget".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_of_the_past_does_not_hide_the_next_one() {
        let mut past: Vec<f64> = (0..100).map(|at| 100.0 + f64::from(at % 10)).collect();
        assert_eq!(Range::of(&past, 1.5), Some(Range { low: 100.0 / 3.0, high: 109.0 * 1.5, n: 100 }));
        past[50] = 100_000.0;
        past[60] = 0.0;
        assert_eq!(Range::of(&past, 1.5).unwrap().high, 109.0 * 1.5);
        assert_eq!(Range::of(&past, 1.5).unwrap().low, 100.0 / 3.0);
        assert_eq!(Range::of(&past[..27], 1.5), None);
    }
}
