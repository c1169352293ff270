//! What happened in a period, asked of the tables: what was ordered, by whom, in which categories and at what prices, for what money it was
//! advertised, what ran out. Every statement is handed out with its answer. Not here: what it means (`why`, `noise`).

use std::collections::BTreeMap;

use data::{Shop, Tables};
use domain::{Day, Millis};

use crate::clock;
use crate::error::{Result, ServiceError};
use crate::flows::audience::sql::Present;
use crate::flows::rows::query_rows;

/// Periods before the one told of from which noise is read.
pub const PERIODS_BEFORE: i32 = 26;
/// A year in whole weeks: the same days of the week.
pub const YEAR_DAYS: i32 = 364;
pub const DAYS_MAX: i32 = 92;
/// Days before a period from which the sales of what ran out are read.
const SALES_DAYS: i32 = 28;
const GONE_MAX: usize = 8;

/// The net price of a line.
const NET: &str = "cast(quantity as double) * unit_price_cents - coalesce(discount_cents, 0)";

/// Days, both of which belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: Day,
    pub to: Day,
}

impl Span {
    /// # Errors
    /// If it is upside down, too long, or lies outside the years that can be told of.
    pub fn new(from: Day, to: Day) -> Result<Span> {
        if to < from {
            let message =
                format!("the days go from {from} to {to}, which is earlier; allowed: the last not before the first");
            return Err(ServiceError::usage("days", message));
        }
        let n_days = to.0.saturating_sub(from.0).saturating_add(1);
        if !(1..=DAYS_MAX).contains(&n_days) {
            let message = format!("from {from} to {to} are {n_days} days; allowed: 1 to {DAYS_MAX}");
            return Err(ServiceError::usage("days", message));
        }
        if !(0..=60_000).contains(&from.0) {
            return Err(ServiceError::usage("days", format!("the days begin on {from}; allowed: from 1970 to 2100")));
        }
        Ok(Span { from, to })
    }

    /// Monday to Sunday: the last whole week up to a day.
    pub fn last_week(until: Day) -> Span {
        // The first of January 1970 was a Thursday.
        let monday = (until.0 + 4).div_euclid(7) * 7 - 3 - 7;
        Span { from: Day(monday), to: Day(monday + 6) }
    }

    pub fn n_days(&self) -> i32 {
        self.to.0 - self.from.0 + 1
    }

    pub fn is_week(&self) -> bool {
        self.n_days() == 7 && (self.from.0 + 3).rem_euclid(7) == 0
    }

    pub fn back(&self, days: i32) -> Span {
        Span { from: Day(self.from.0 - days), to: Day(self.to.0 - days) }
    }

    pub fn before(&self) -> Span {
        self.back(self.n_days())
    }

    pub fn year_ago(&self) -> Span {
        self.back(YEAR_DAYS)
    }

    /// As a condition on a column of times.
    fn within(&self, present: &Present, column: &str) -> String {
        let (from, until) = (present.begins(self.from), present.begins(Day(self.to.0 + 1)));
        format!("{column} >= {from} and {column} < {until}")
    }
}

/// A statement and what it answered.
pub struct Asked<T> {
    pub sql: String,
    pub answer: T,
}

/// Orders of one period.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// Orders that brought money.
    pub n_orders: f64,
    /// What was ordered less what came back, in hundredths.
    pub revenue: f64,
    /// The sum of the squares of the orders' money.
    pub squares: f64,
    pub n_pieces: f64,
}

/// From which day to which the orders go, if there are any.
pub fn days_of_orders(shop: &Shop, present: &Present) -> Result<Option<Span>> {
    let manifest = shop.tables().manifest(Tables::spec("orders")?)?;
    let day = |at: i64| clock::day_of(Millis(at), &present.zone);
    Ok(manifest.min_time().zip(manifest.max_time()).map(|(first, last)| Span { from: day(first), to: day(last) }))
}

fn number(row: &serde_json::Map<String, serde_json::Value>, name: &str) -> f64 {
    row.get(name).and_then(serde_json::Value::as_f64).unwrap_or(0.0)
}

/// The period (0), the one before it (1) and so on.
///
/// # Errors
/// If the tables cannot be read.
pub async fn sums(shop: &Shop, present: &Present, span: Span, n_before: i32) -> Result<Asked<Vec<Sums>>> {
    let all = Span { from: Day(span.from.0 - n_before * span.n_days()), to: span.to };
    // What comes back later than it was ordered counts when it comes back.
    let sql = format!(
        "select back, sum(case when net > 0 then 1 else 0 end) as n_orders, sum(net) as revenue, sum(net * net) as squares,
           sum(pieces) as n_pieces
         from (select order_id, ({} - cast(shop_day(ordered_at) as int)) / {} as back, sum({NET}) as net,
             sum(cast(quantity as double)) as pieces
           from orders where {} group by 1, 2) as each_order
         group by back order by back",
        span.to.0,
        span.n_days(),
        all.within(present, "ordered_at"),
    );
    let mut found = vec![Sums::default(); n_before as usize + 1];
    for row in query_rows(shop, &sql).await? {
        let back = number(&row, "back") as usize;
        if let Some(sums) = found.get_mut(back) {
            *sums = Sums {
                n_orders: number(&row, "n_orders"),
                revenue: number(&row, "revenue"),
                squares: number(&row, "squares"),
                n_pieces: number(&row, "n_pieces"),
            };
        }
    }
    Ok(Asked { sql, answer: found })
}

/// What was sold of a product in two periods: pieces and money, now and then. What came back is apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sold {
    pub category: String,
    pub pieces: [f64; 2],
    pub money: [f64; 2],
    pub n_lines: [f64; 2],
    pub returned: [f64; 2],
}

/// Every product sold in one of two periods that do not overlap.
///
/// # Errors
/// If the tables cannot be read.
pub async fn products(shop: &Shop, present: &Present, now: Span, then: Span) -> Result<Asked<Vec<Sold>>> {
    let (of_now, of_then) = (now.within(present, "ordered_at"), then.within(present, "ordered_at"));
    let sum = |what: &str, is_sold: &str, of: &str| {
        format!("sum(case when quantity {is_sold} 0 and {of} then {what} else 0 end)")
    };
    let mut columns = Vec::new();
    for (name, of) in [("now", &of_now), ("then", &of_then)] {
        columns.push(format!("{} as pieces_{name}", sum("cast(quantity as double)", ">", of)));
        columns.push(format!("{} as money_{name}", sum(NET, ">", of)));
        columns.push(format!("{} as lines_{name}", sum("1", ">", of)));
        columns.push(format!("{} as returned_{name}", sum(NET, "<=", of)));
    }
    let sql = format!(
        "select o.product_id, max(p.category) as category, {}
         from orders o left join products p on p.product_id = o.product_id
         where ({of_now}) or ({of_then}) group by o.product_id order by o.product_id",
        columns.join(", ")
    );
    let two = |row: &serde_json::Map<_, _>, name: &str| {
        [number(row, &format!("{name}_now")), number(row, &format!("{name}_then"))]
    };
    let rows = query_rows(shop, &sql).await?;
    let sold = rows.iter().map(|row| Sold {
        category: row["category"].as_str().unwrap_or("").to_owned(),
        pieces: two(row, "pieces"),
        money: two(row, "money"),
        n_lines: two(row, "lines"),
        returned: two(row, "returned"),
    });
    Ok(Asked { sql, answer: sold.collect() })
}

/// Customers of a period who had bought before, and those who had not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Buyers {
    pub n_new: f64,
    pub n_returning: f64,
    pub revenue_of_new: f64,
    pub revenue_of_returning: f64,
}

/// Of the period and of another one.
///
/// # Errors
/// If the tables cannot be read.
pub async fn buyers(shop: &Shop, present: &Present, now: Span, then: Span) -> Result<Asked<[Buyers; 2]>> {
    let (of_now, of_then) = (now.within(present, "ordered_at"), then.within(present, "ordered_at"));
    let sql = format!(
        "with firsts as (select customer_id, min(cast(shop_day(ordered_at) as int)) as first from orders
           where quantity > 0 and ordered_at < {until} group by customer_id),
         lines as (select customer_id, case when {of_now} then 1 else 0 end as is_now, sum({NET}) as net from orders
           where quantity > 0 and (({of_now}) or ({of_then})) group by 1, 2)
         select is_now, case when first >= case when is_now = 1 then {from_now} else {from_then} end then 1 else 0 end as is_new,
           count(*) as n, sum(net) as net
         from lines join firsts on firsts.customer_id = lines.customer_id group by 1, 2 order by 1, 2",
        until = present.begins(Day(now.to.0 + 1)),
        from_now = now.from.0,
        from_then = then.from.0,
    );
    let mut found = [Buyers::default(); 2];
    for row in query_rows(shop, &sql).await? {
        let one = &mut found[usize::from(number(&row, "is_now") < 0.5)];
        let (n, net) = (number(&row, "n"), number(&row, "net"));
        match number(&row, "is_new") > 0.5 {
            true => (one.n_new, one.revenue_of_new) = (n, net),
            false => (one.n_returning, one.revenue_of_returning) = (n, net),
        }
    }
    Ok(Asked { sql, answer: found })
}

/// Advertising by channel in two periods, the dearest first.
///
/// # Errors
/// If the tables cannot be read.
pub async fn spend(shop: &Shop, now: Span, then: Span) -> Result<Asked<Vec<(String, [f64; 2])>>> {
    let sum = |span: Span| {
        format!("sum(case when cast(day as int) between {} and {} then spend_cents else 0 end)", span.from.0, span.to.0)
    };
    let sql = format!(
        "select channel, {} as now, {} as before from spend where cast(day as int) between {} and {} group by channel order by 2 desc, channel",
        sum(now),
        sum(then),
        then.from.0.min(now.from.0),
        now.to.0
    );
    let rows = query_rows(shop, &sql).await?;
    let all = rows
        .iter()
        .map(|row| (row["channel"].as_str().unwrap_or("").to_owned(), [number(row, "now"), number(row, "before")]))
        .filter(|(_, cents)| cents.iter().sum::<f64>() > 0.0);
    Ok(Asked { sql, answer: all.collect() })
}

/// Contacts of campaigns in the period: campaign, customers written to, customers left out, cost.
pub struct Contacts {
    pub campaign_id: String,
    pub n_contacted: f64,
    pub n_control: f64,
    pub cost: f64,
}

/// # Errors
/// If the tables cannot be read.
pub async fn contacts(shop: &Shop, present: &Present, now: Span) -> Result<Asked<Vec<Contacts>>> {
    let sql = format!(
        "select campaign_id, count(distinct case when arm <> 'control' then customer_id end) as n_contacted,
           count(distinct case when arm = 'control' then customer_id end) as n_control, sum(coalesce(cost_cents, 0)) as cost
         from exposures where {} group by campaign_id order by 2 desc, campaign_id",
        now.within(present, "at")
    );
    let rows = query_rows(shop, &sql).await?;
    let all = rows.iter().map(|row| Contacts {
        campaign_id: row["campaign_id"].as_str().unwrap_or("").to_owned(),
        n_contacted: number(row, "n_contacted"),
        n_control: number(row, "n_control"),
        cost: number(row, "cost"),
    });
    Ok(Asked { sql, answer: all.collect() })
}

/// A product without stock that sold before.
pub struct Gone {
    pub name: String,
    /// Pieces a period over the weeks before it, and in it.
    pub before: f64,
    pub now: f64,
    /// Money that the missing pieces would have brought.
    pub missed: f64,
}

/// Products on sale that are out of stock and sold less than in the four weeks before; the dearest first. Stock is that of now alone.
///
/// # Errors
/// If the tables cannot be read.
pub async fn out_of_stock(shop: &Shop, present: &Present, now: Span) -> Result<Asked<Vec<Gone>>> {
    let weeks = Span { from: Day(now.from.0 - SALES_DAYS), to: Day(now.from.0 - 1) };
    let (of_now, of_weeks) = (now.within(present, "ordered_at"), weeks.within(present, "ordered_at"));
    let scale = f64::from(now.n_days()) / f64::from(SALES_DAYS);
    let sql = format!(
        "select p.product_id, max(p.name) as name, {scale} * sum(case when {of_weeks} then cast(quantity as double) else 0 end) as before,
           sum(case when {of_now} then cast(quantity as double) else 0 end) as now,
           sum(case when {of_weeks} then {NET} else 0 end) / nullif(sum(case when {of_weeks} then cast(quantity as double) else 0 end), 0) as price
         from products p join orders o on o.product_id = p.product_id
         where p.stock = 0 and p.retired_on is null and quantity > 0 and (({of_now}) or ({of_weeks}))
         group by p.product_id order by p.product_id"
    );
    let mut all: Vec<Gone> = query_rows(shop, &sql)
        .await?
        .iter()
        .map(|row| {
            let (before, now) = (number(row, "before"), number(row, "now"));
            let missed = (before - now).max(0.0) * number(row, "price");
            Gone { name: row["name"].as_str().unwrap_or("").to_owned(), before, now, missed }
        })
        .filter(|gone| gone.before >= 1.0 && gone.now < gone.before && gone.missed > 0.0)
        .collect();
    all.sort_by(|a, b| b.missed.total_cmp(&a.missed).then_with(|| a.name.cmp(&b.name)));
    all.truncate(GONE_MAX);
    Ok(Asked { sql, answer: all })
}

/// Reviews of two periods: how many, their mean of stars, and those of one or two stars.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stars {
    pub n: f64,
    pub mean: Option<f64>,
    pub n_poor: f64,
}

/// # Errors
/// If the tables cannot be read.
pub async fn reviews(shop: &Shop, present: &Present, now: Span, then: Span) -> Result<Asked<[Stars; 2]>> {
    let (of_now, of_then) = (now.within(present, "at"), then.within(present, "at"));
    let sql = format!(
        "select case when {of_now} then 0 else 1 end as back, count(*) as n, avg(stars) as mean,
           sum(case when stars <= 2 then 1 else 0 end) as n_poor
         from reviews where ({of_now}) or ({of_then}) group by 1 order by 1"
    );
    let mut found = [Stars::default(); 2];
    for row in query_rows(shop, &sql).await? {
        let one = &mut found[usize::from(number(&row, "back") > 0.5)];
        *one = Stars { n: number(&row, "n"), mean: row["mean"].as_f64(), n_poor: number(&row, "n_poor") };
    }
    Ok(Asked { sql, answer: found })
}

/// Money by the part of the catalogue that categories name first; by whole categories where they all name the same.
pub fn by_category(sold: &[Sold]) -> Vec<(String, Sold)> {
    let first = |path: &str| path.split('/').next().unwrap_or("").trim().to_owned();
    let tops: std::collections::BTreeSet<String> = sold.iter().map(|one| first(&one.category)).collect();
    let mut all: BTreeMap<String, Sold> = BTreeMap::new();
    for one in sold {
        let name = if tops.len() > 1 { first(&one.category) } else { one.category.clone() };
        let sums = all.entry(name).or_default();
        for at in 0..2 {
            sums.pieces[at] += one.pieces[at];
            sums.money[at] += one.money[at];
            sums.n_lines[at] += one.n_lines[at];
            sums.returned[at] += one.returned[at];
        }
    }
    let mut all: Vec<(String, Sold)> = all.into_iter().collect();
    all.sort_by(|a, b| b.1.money[0].total_cmp(&a.1.money[0]).then_with(|| a.0.cmp(&b.0)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn weeks_go_from_monday_to_sunday() {
        for (until, from, to) in [
            ("2026-11-29", "2026-11-23", "2026-11-29"),
            ("2026-11-30", "2026-11-23", "2026-11-29"),
            ("2026-11-28", "2026-11-16", "2026-11-22"),
            ("1970-01-04", "1969-12-29", "1970-01-04"),
        ] {
            let week = Span::last_week(day(until));
            assert_eq!((week.from, week.to, week.is_week()), (day(from), day(to), true), "{until}");
        }
        let week = Span::last_week(day("2026-11-30"));
        assert_eq!(week.year_ago(), Span { from: day("2025-11-24"), to: day("2025-11-30") });
        assert!(week.year_ago().is_week() && !Span::new(day("2026-11-24"), day("2026-11-30")).unwrap().is_week());
        for (from, to) in [("2026-11-02", "2026-11-01"), ("2026-01-01", "2026-06-01"), ("1969-01-01", "1969-01-02")] {
            assert_eq!(Span::new(day(from), day(to)).unwrap_err().code, "days", "{from} {to}");
        }
    }

    #[test]
    fn categories_that_all_begin_alike_are_told_whole() {
        let sold =
            |category: &str, money: f64| Sold { category: category.to_owned(), money: [money, 1.0], ..Sold::default() };
        let names = |sold: &[Sold]| by_category(sold).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(&[sold("a/b", 1.0), sold("a/c", 3.0), sold("a/b", 1.0)]), ["a/c", "a/b"]);
        assert_eq!(names(&[sold("a/b", 1.0), sold("d/c", 3.0), sold("a/x", 5.0)]), ["a", "d"]);
    }
}
