//! Data that stopped arriving: a table is silent for longer than it ever was, by its own days with rows. A shop that opens on weekdays is
//! not alarmed on Sunday, and reviews that come twice a week may be away for some days.

use std::collections::BTreeSet;

use data::{Shop, Tables};
use domain::{Day, Millis};

use super::{Alert, Rules, text};
use crate::clock;
use crate::error::Result;
use crate::flows::audience::sql::Present;
use crate::flows::rows::query_rows;
use crate::flows::segment::Text;

/// Tables that are expected to go on, and the column of their days.
pub const TABLES: [(&str, &str); 4] = [("orders", "ordered_at"), ("events", "at"), ("reviews", "at"), ("spend", "day")];
/// Days over which the rhythm is read.
const DAYS: i32 = 180;
/// Gaps below which there is no rhythm to speak of.
const GAPS_MIN: usize = 20;

/// How a table goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// Gaps between days with rows.
    pub n_gaps: usize,
    /// The longest, in days.
    pub longest: i32,
}

impl Rhythm {
    /// From days with rows, ascending. `None` with too few of them.
    pub fn of(days: &[i32]) -> Option<Rhythm> {
        let gaps: Vec<i32> = days.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let longest = *gaps.iter().max()?;
        (gaps.len() >= GAPS_MIN).then_some(Rhythm { n_gaps: gaps.len(), longest })
    }

    /// Days of silence up to which it may be chance: the longest gap and half of it more. Of gaps that are alike the next is longer than all
    /// `n` before it with a chance of 1 / (n + 1), so that there is a false alarm in at most so many gaps; the half makes it rarer.
    pub fn allowed(&self) -> i32 {
        self.longest + self.longest / 2
    }
}

/// # Errors
/// If the tables cannot be read.
pub async fn look(shop: &Shop, rules: &Rules, present: &Present, day: Day, found: &mut Vec<Alert>) -> Result<()> {
    for (table, column) in TABLES {
        let key = format!("silence.{table}");
        if !rules.is_on(&key) {
            continue;
        }
        let (days, sql) = days_with_rows(shop, present, table, column, day).await?;
        let Some(last) = days.last().copied() else { continue };
        let allowed = match rules.silence_days.get(table) {
            Some(days) => *days,
            None => match Rhythm::of(&days) {
                Some(rhythm) => rhythm.allowed().max(longest_import_gap(shop, present, table)?),
                None => continue,
            },
        };
        let silent = day.0 - last;
        if silent > allowed {
            found.push(alert(key, table, Day(last), silent, allowed, sql));
        }
    }
    Ok(())
}

/// Tables whose silence would not be heard, and why.
///
/// # Errors
/// If the tables cannot be read.
pub async fn unknown(shop: &Shop, rules: &Rules, present: &Present, day: Day) -> Result<Vec<Text>> {
    let mut all = Vec::new();
    for (table, column) in TABLES {
        if !rules.is_on(&format!("silence.{table}")) {
            all.push(text(format!("{table}：已在 [alerts] 里关掉"), format!("{table}: switched off in [alerts]")));
            continue;
        }
        let (days, _) = days_with_rows(shop, present, table, column, day).await?;
        let has_limit = rules.silence_days.contains_key(table);
        if days.is_empty() {
            all.push(text(format!("{table}：还没有数据"), format!("{table}: there are no rows")));
        } else if !has_limit && Rhythm::of(&days).is_none() {
            let n = days.len();
            all.push(text(
                format!("{table}：只有 {n} 天有数据，还看不出节奏"),
                format!("{table}: rows on {n} days only, too few to know how often they come"),
            ));
        }
    }
    Ok(all)
}

/// Days with rows up to the last one that has any, as far back as the rhythm is read.
async fn days_with_rows(
    shop: &Shop,
    present: &Present,
    table: &str,
    column: &str,
    day: Day,
) -> Result<(Vec<i32>, String)> {
    let (of, until) = match column {
        "day" => ("cast(day as int)".to_owned(), format!("cast(day as int) <= {}", day.0)),
        _ => (format!("cast(shop_day({column}) as int)"), format!("{column} < {}", present.begins(Day(day.0 + 1)))),
    };
    let last = query_rows(shop, &format!("select max({of}) as last from {table} where {until}")).await?;
    let Some(last) = last.first().and_then(|row| i32::try_from(row["last"].as_i64()?).ok()) else {
        return Ok((Vec::new(), String::new()));
    };
    let since = match column {
        "day" => format!("cast(day as int) > {}", last - DAYS),
        _ => format!("{column} >= {}", present.begins(Day(last - DAYS + 1))),
    };
    let sql = format!("select distinct {of} as day from {table} where {since} and {until} order by 1");
    let rows = query_rows(shop, &sql).await?;
    let days = rows.iter().filter_map(|row| i32::try_from(row["day"].as_i64()?).ok()).collect();
    Ok((days, sql))
}

/// Whoever brings a file a week has silence between the files, though each holds every day; 0 where rows come by themselves.
fn longest_import_gap(shop: &Shop, present: &Present, table: &str) -> Result<i32> {
    let manifest = shop.tables().manifest(Tables::spec(table)?)?;
    let imports = manifest.sources.iter().filter(|source| source.digest.is_some());
    let days: BTreeSet<i32> =
        imports.map(|source| clock::day_of(Millis(source.imported_at), &present.zone).0).collect();
    let days: Vec<i32> = days.into_iter().collect();
    Ok(days.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap <= DAYS).max().unwrap_or(0))
}

fn alert(key: String, table: &str, last: Day, silent: i32, allowed: i32, sql: String) -> Alert {
    Alert {
        key,
        kind: "silence".to_owned(),
        title: text(format!("{table} 没有新数据"), format!("No new rows in {table}")),
        found: text(
            format!("最后一行是 {last} 的，已有 {silent} 天没有新的。"),
            format!("The last row is of {last}; for {silent} days there was none."),
        ),
        expected: text(
            format!("按它在那之前 {DAYS} 天里的节奏，最多隔 {allowed} 天就有新的。"),
            format!("By its rhythm of the {DAYS} days before, something comes at least every {allowed} days."),
        ),
        help: text(
            "检查导出和接口（tercet status、tercet doctor）；若本来就会停，在 [alerts] 的 silence_days 或 off 里写明",
            "look at what sends or exports it (tercet status, tercet doctor); if it is meant to pause, say so in silence_days or off of [alerts]",
        ),
        value: f64::from(silent),
        limit: f64::from(allowed),
        sql: Some(sql),
        page: Some("/".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use math::random::Random;

    use super::*;

    #[test]
    fn rhythms_are_those_of_the_table() {
        let daily: Vec<i32> = (0..60).collect();
        assert_eq!(Rhythm::of(&daily).unwrap().allowed(), 1);
        let weekdays: Vec<i32> = (0..100).filter(|day| day % 7 < 5).collect();
        assert_eq!(Rhythm::of(&weekdays).unwrap().allowed(), 4);
        assert_eq!(Rhythm::of(&daily[..20]), None);
        assert_eq!(Rhythm::of(&[]), None);
    }

    /// A table that has rows on a share of days at random, looked at on every day of five years by the 180 days before.
    #[test]
    fn false_alarms_are_as_rare_as_is_said() {
        for share in [0.15, 0.4, 0.9] {
            let mut random = Random::new(11);
            let days: Vec<i32> = (0..20_000).filter(|_| random.uniform() < share).collect();
            let (mut n_gaps, mut n_alarms, mut promised) = (0, 0, 0.0);
            for at in 200..days.len() {
                let first = days.partition_point(|day| *day <= days[at - 1] - DAYS);
                let Some(rhythm) = Rhythm::of(&days[first..at]) else { continue };
                n_gaps += 1;
                promised += 1.0 / (rhythm.n_gaps as f64 + 1.0);
                n_alarms += usize::from(days[at] - days[at - 1] - 1 > rhythm.allowed());
            }
            assert!(n_gaps > 1000 && (n_alarms as f64) <= promised, "{share}: {n_alarms} of {n_gaps}, {promised}");
        }
    }
}
