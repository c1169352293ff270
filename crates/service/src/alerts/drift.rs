//! A mix that is another than it was: what customers do, by which channel they come and order, what is ordered. Measured by the population
//! stability index of a week against the eight weeks before it: below 0.1 nothing has changed, from 0.25 on much has (Siddiqi, Credit Risk
//! Scorecards, 2006). Of few customers the index is large by chance: it is then compared with what chance gives (Yurdakul and Naranjo,
//! Journal of Risk Model Validation 14(4), 2020).

use data::Shop;
use domain::Day;
use math::distributions::chi_squared_quantile;

use super::{Alert, Rules, text};
use crate::error::Result;
use crate::flows::audience::sql::Present;
use crate::flows::rows::query_rows;

const DAYS: i32 = 7;
const PAST_DAYS: i32 = 56;
/// The chance that the index of an unchanged mix lies beyond its limit.
const CHANCE: f64 = 0.001;
/// Customers below which a mix is not looked at.
const CUSTOMERS_MIN: f64 = 50.0;
/// Parts rarer than this in both times are one part together.
const RARE: f64 = 0.01;

/// What is looked at: name, table and its times, the part.
const MIXES: [(&str, &str, &str); 4] = [
    ("events.kind", "select at as at, customer_id, kind as part from events", "at"),
    ("events.channel", "select at as at, customer_id, coalesce(channel, '') as part from events", "at"),
    (
        "orders.channel",
        "select ordered_at as at, customer_id, coalesce(channel, '') as part from orders where quantity > 0",
        "ordered_at",
    ),
    (
        "orders.category",
        "select ordered_at as at, o.customer_id, split_part(coalesce(p.category, ''), '/', 1) as part
         from orders o left join products p on p.product_id = o.product_id where quantity > 0",
        "ordered_at",
    ),
];

/// The index of two mixes, counts of the same parts: Σ (a − b) ln(a / b) of their shares, half a count added to each part so that an empty one
/// does not make it infinite.
pub fn stability_index(now: &[f64], then: &[f64]) -> f64 {
    let shares = |counts: &[f64]| {
        let all = counts.iter().sum::<f64>() + 0.5 * counts.len() as f64;
        counts.iter().map(|count| (count + 0.5) / all).collect::<Vec<f64>>()
    };
    shares(now).iter().zip(shares(then)).map(|(a, b)| (a - b) * (a / b).ln()).sum()
}

/// What the index of an unchanged mix of so many parts stays below but once in a thousand times, for so many customers now and then.
pub fn by_chance(n_parts: usize, n_now: f64, n_then: f64) -> f64 {
    chi_squared_quantile(1.0 - CHANCE, n_parts.saturating_sub(1).max(1) as f64) * (1.0 / n_now + 1.0 / n_then)
}

/// Counts of parts now and then.
struct Mix {
    parts: Vec<(String, [f64; 2])>,
    n_customers: [f64; 2],
    sql: String,
}

/// # Errors
/// If the tables cannot be read.
pub async fn look(shop: &Shop, rules: &Rules, present: &Present, day: Day, found: &mut Vec<Alert>) -> Result<()> {
    for (name, rows, column) in MIXES {
        let key = format!("drift.{name}");
        if !rules.is_on(&key) {
            continue;
        }
        let mix = read(shop, present, rows, column, day).await?;
        if mix.parts.len() < 2 || mix.n_customers.iter().any(|n| *n < CUSTOMERS_MIN) {
            continue;
        }
        let [now, then] = [0, 1].map(|at| mix.parts.iter().map(|(_, counts)| counts[at]).collect::<Vec<f64>>());
        let index = stability_index(&now, &then);
        let limit = rules.drift_max.max(by_chance(mix.parts.len(), mix.n_customers[0], mix.n_customers[1]));
        if index > limit {
            found.push(alert(key, name, index, limit, mix));
        }
    }
    Ok(())
}

async fn read(shop: &Shop, present: &Present, rows: &str, column: &str, day: Day) -> Result<Mix> {
    let begins = |days: i32| present.begins(Day(day.0 + 1 - days));
    let joined = if rows.contains(" where ") { "and" } else { "where" };
    let within = format!("{joined} {column} >= {} and {column} < {}", begins(DAYS + PAST_DAYS), begins(0));
    let is_now = format!("at >= {}", begins(DAYS));
    let sql = format!(
        "select part, sum(case when {is_now} then 1 else 0 end) as n_now, sum(case when {is_now} then 0 else 1 end) as n_then
         from ({rows} {within}) as mix group by part order by part"
    );
    let customers = format!(
        "select count(distinct case when {is_now} then customer_id end) as n_now, count(distinct case when {is_now} then null else customer_id end) as n_then
         from ({rows} {within}) as mix"
    );
    let two = |row: &serde_json::Map<String, serde_json::Value>| {
        ["n_now", "n_then"].map(|name| row.get(name).and_then(serde_json::Value::as_f64).unwrap_or(0.0))
    };
    let counts: Vec<(String, [f64; 2])> = query_rows(shop, &sql)
        .await?
        .iter()
        .map(|row| (row["part"].as_str().unwrap_or("").to_owned(), two(row)))
        .collect();
    let n_customers = query_rows(shop, &customers).await?.first().map_or([0.0; 2], two);
    Ok(Mix { parts: without_rare(counts), n_customers, sql })
}

/// Rare parts put together.
fn without_rare(counts: Vec<(String, [f64; 2])>) -> Vec<(String, [f64; 2])> {
    let all = [0, 1].map(|at| counts.iter().map(|(_, counts)| counts[at]).sum::<f64>().max(1.0));
    let (rare, mut kept): (Vec<_>, Vec<_>) =
        counts.into_iter().partition(|(_, counts)| (0..2).all(|at| counts[at] / all[at] < RARE));
    if !rare.is_empty() {
        let sum = |at: usize| rare.iter().map(|(_, counts)| counts[at]).sum();
        kept.push(("…".to_owned(), [sum(0), sum(1)]));
    }
    kept
}

fn alert(key: String, name: &str, index: f64, limit: f64, mix: Mix) -> Alert {
    let all = [0, 1].map(|at| mix.parts.iter().map(|(_, counts)| counts[at]).sum::<f64>().max(1.0));
    let share = |counts: &[f64; 2], at: usize| 100.0 * counts[at] / all[at];
    let most = mix.parts.iter().max_by(|a, b| {
        let moved = |one: &(String, [f64; 2])| (share(&one.1, 0) - share(&one.1, 1)).abs();
        moved(a).total_cmp(&moved(b))
    });
    let (part, now, then) = most.map_or((String::new(), 0.0, 0.0), |(part, counts)| {
        let part = if part.is_empty() { "–".to_owned() } else { part.clone() };
        (part, share(counts, 0), share(counts, 1))
    });
    let (table, column) = name.split_once('.').unwrap_or((name, ""));
    let column = match column {
        "kind" => text("行为", "kinds"),
        "channel" => text("渠道", "channels"),
        _ => text("品类", "categories"),
    };
    Alert {
        key,
        kind: "drift".to_owned(),
        title: text(
            format!("{table} 的{}构成变了", column.zh),
            format!("The mix of {} in {table} is another", column.en),
        ),
        found: text(
            format!(
                "最近 7 天与此前 8 周的稳定性指数是 {index:.2}；变得最多的是“{part}”，从 {then:.0} % 到 {now:.0} %。"
            ),
            format!(
                "The stability index of the last 7 days against the 8 weeks before is {index:.2}; '{part}' changed most, from {then:.0} % to {now:.0} %."
            ),
        ),
        expected: text(
            format!("不超过 {limit:.2}（0.25 是通行界限；人少时取偶然所及）。"),
            format!("No more than {limit:.2} (0.25 is the usual limit; with few customers, what chance gives)."),
        ),
        help: text(
            "看是促销、改版，还是数据出错；若是新常态，重新训练模型（tercet train）",
            "see whether it is a promotion, a change of the shop, or wrong data; if it is here to stay, train anew (tercet train)",
        ),
        value: index,
        limit,
        sql: Some(mix.sql.split_whitespace().collect::<Vec<_>>().join(" ")),
        page: Some("/models".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use math::random::Random;

    use super::*;

    #[test]
    fn by_hand() {
        // Shares of 60.5/101 and 40.5/101 against 50.5/101 twice: ≈ (0.599 − 0.5) ln 1.198 + (0.401 − 0.5) ln 0.802.
        let index = stability_index(&[60.0, 40.0], &[50.0, 50.0]);
        let (a, b) = (60.5 / 101.0, 40.5 / 101.0);
        let expected: f64 = (a - 0.5) * (a / 0.5_f64).ln() + (b - 0.5) * (b / 0.5_f64).ln();
        assert!((index - expected).abs() < 1e-12 && (index - 0.0397).abs() < 1e-3, "{index}");
        assert_eq!(stability_index(&[5.0, 5.0], &[5.0, 5.0]), 0.0);
        assert!(stability_index(&[10.0, 0.0], &[0.0, 10.0]).is_finite());
    }

    #[test]
    fn an_unchanged_mix_of_few_is_rarely_beyond_chance_and_a_changed_one_is() {
        let mut random = Random::new(3);
        let shares = [0.5, 0.3, 0.15, 0.05];
        let mut draw = |n: usize, shares: &[f64; 4]| {
            let mut counts = [0.0; 4];
            for _ in 0..n {
                let mut left = random.uniform();
                let at = shares.iter().position(|share| {
                    left -= share;
                    left < 0.0
                });
                counts[at.unwrap_or(3)] += 1.0;
            }
            counts
        };
        let (n_now, n_then, n_tries) = (80, 500, 4000);
        let limit = by_chance(4, n_now as f64, n_then as f64);
        let n_beyond =
            (0..n_tries).filter(|_| stability_index(&draw(n_now, &shares), &draw(n_then, &shares)) > limit).count();
        // One in a thousand, and three standard deviations more.
        assert!(n_beyond <= 10, "{n_beyond} of {n_tries}");
        let changed = [0.2, 0.3, 0.15, 0.35];
        let n_found = (0..200)
            .filter(|_| stability_index(&draw(n_now, &changed), &draw(n_then, &shares)) > limit.max(0.25))
            .count();
        assert!(n_found > 180, "{n_found}");
    }

    #[test]
    fn rare_parts_are_one() {
        let kept = without_rare(vec![
            ("a".to_owned(), [500.0, 500.0]),
            ("b".to_owned(), [1.0, 2.0]),
            ("c".to_owned(), [2.0, 1.0]),
        ]);
        assert_eq!(kept, [("a".to_owned(), [500.0, 500.0]), ("…".to_owned(), [3.0, 3.0])]);
    }
}
