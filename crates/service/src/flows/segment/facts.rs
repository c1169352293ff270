//! What an engine counts of each group, for `segment::profile` to find what sets it apart: customers or purchases at levels
//! of attributes, and sums of numbers. One SQL text each, over the table `segments` as it stands.

use std::collections::BTreeMap;

use data::Shop;
use data::arrow::array::{Array, Float64Array, RecordBatch};
use segment::Text;
use segment::profile::{Attribute, AttributeFacts, Facts, GroupFacts, Level, Measure, Moments, NumberFacts, Per};

use super::Totals;
use super::slices::Slice;
use crate::error::Result;
use crate::flows::audience::sql::Present;
use crate::flows::rows::{floats, integers, query, texts};

/// Levels of an attribute that are told apart, those with most purchases.
const LEVELS_MAX: usize = 60;

/// An attribute, and the SQL that answers `segment`, `level` and `n` of a slice of the customers.
struct Asked {
    attribute: Attribute,
    per: Per,
    sql: String,
    /// The words of a level; its own name if `None`.
    word: fn(&str) -> Option<(&'static str, &'static str)>,
    /// The order of levels where it matters.
    order: &'static [&'static str],
}

fn no_word(_: &str) -> Option<(&'static str, &'static str)> {
    None
}

fn band(key: &str) -> Option<(&'static str, &'static str)> {
    match key {
        "low" => Some(("低", "low for their kind")),
        "middle" => Some(("中等", "mid-range")),
        "high" => Some(("较高", "high for their kind")),
        "top" => Some(("最高", "at the top of their kind")),
        _ => None,
    }
}

fn weekday(key: &str) -> Option<(&'static str, &'static str)> {
    const DAYS: [(&str, &str); 7] = [
        ("周一", "Monday"),
        ("周二", "Tuesday"),
        ("周三", "Wednesday"),
        ("周四", "Thursday"),
        ("周五", "Friday"),
        ("周六", "Saturday"),
        ("周日", "Sunday"),
    ];
    DAYS.get(key.parse::<usize>().ok()?.checked_sub(1)?).copied()
}

fn hour(key: &str) -> Option<(&'static str, &'static str)> {
    const HOURS: [(&str, &str); 24] = [
        ("0–1 点", "between 0:00 and 1:00"),
        ("1–2 点", "between 1:00 and 2:00"),
        ("2–3 点", "between 2:00 and 3:00"),
        ("3–4 点", "between 3:00 and 4:00"),
        ("4–5 点", "between 4:00 and 5:00"),
        ("5–6 点", "between 5:00 and 6:00"),
        ("6–7 点", "between 6:00 and 7:00"),
        ("7–8 点", "between 7:00 and 8:00"),
        ("8–9 点", "between 8:00 and 9:00"),
        ("9–10 点", "between 9:00 and 10:00"),
        ("10–11 点", "between 10:00 and 11:00"),
        ("11–12 点", "between 11:00 and 12:00"),
        ("12–13 点", "between 12:00 and 13:00"),
        ("13–14 点", "between 13:00 and 14:00"),
        ("14–15 点", "between 14:00 and 15:00"),
        ("15–16 点", "between 15:00 and 16:00"),
        ("16–17 点", "between 16:00 and 17:00"),
        ("17–18 点", "between 17:00 and 18:00"),
        ("18–19 点", "between 18:00 and 19:00"),
        ("19–20 点", "between 19:00 and 20:00"),
        ("20–21 点", "between 20:00 and 21:00"),
        ("21–22 点", "between 21:00 and 22:00"),
        ("22–23 点", "between 22:00 and 23:00"),
        ("23–24 点", "between 23:00 and 24:00"),
    ];
    HOURS.get(key.parse::<usize>().ok()?).copied()
}

fn generation(key: &str) -> Option<(&'static str, &'static str)> {
    match key {
        "newest" => Some(("刚上市的新品", "just-launched products")),
        "current" => Some(("在售机型", "current models")),
        "previous" => Some(("上一代机型", "the previous generation")),
        "older" => Some(("更早机型", "older generations")),
        _ => None,
    }
}

fn age(key: &str) -> Option<(&'static str, &'static str)> {
    match key {
        "under_25" => Some(("25 岁以下", "under 25")),
        "25_34" => Some(("25–34 岁", "25 to 34")),
        "35_44" => Some(("35–44 岁", "35 to 44")),
        "45_54" => Some(("45–54 岁", "45 to 54")),
        "55_up" => Some(("55 岁以上", "55 and over")),
        _ => None,
    }
}

/// Lines of orders with the group of who ordered.
const LINES: &str = "from orders o join segments s on s.customer_id = o.customer_id";

fn asked(present: &Present, slice: &Slice) -> Vec<Asked> {
    let of_slice = slice.and("s.customer_id");
    let bought = |level: &str, join: &str| {
        format!(
            "select s.segment as segment, {level} as level, count(distinct o.customer_id) as n {LINES} {join} where o.quantity > 0 and s.segment is not null{of_slice} group by 1, 2"
        )
    };
    let lines = |level: &str, join: &str| {
        format!(
            "select s.segment as segment, {level} as level, count(*) as n {LINES} {join} where o.quantity > 0 and s.segment is not null{of_slice} group by 1, 2"
        )
    };
    let own = |level: &str| {
        format!(
            "select s.segment as segment, {level} as level, count(*) as n from segments s join customers c on c.customer_id = s.customer_id where s.segment is not null{of_slice} group by 1, 2"
        )
    };
    let product = "join products p on p.product_id = o.product_id";
    let tier = "join (select product_id, percent_rank() over (partition by category order by price_cents) as tier from products where price_cents is not null) p on p.product_id = o.product_id";
    let band_of = "case when p.tier < 0.25 then 'low' when p.tier < 0.6 then 'middle' when p.tier < 0.88 then 'high' else 'top' end";
    // A file of days has all its orders at midnight sharp: their hour is not known.
    let hour_of = "case when shop_day(o.ordered_at) = shop_day(o.ordered_at - interval '1 millisecond') then cast(shop_hour(o.ordered_at) as string) end";
    let heirs = "join products p on p.product_id = o.product_id left join products n on n.predecessor_id = p.product_id left join products nn on nn.predecessor_id = n.product_id";
    let generation_of = "case when nn.launched_on <= shop_day(o.ordered_at) then 'older' when n.launched_on <= shop_day(o.ordered_at) then 'previous' when p.launched_on is not null and shop_day(o.ordered_at) <= p.launched_on + interval '90 days' then 'newest' when p.predecessor_id is not null or n.product_id is not null then 'current' end";
    let year = present.day.to_string().get(..4).unwrap_or("1970").to_owned();
    let age_of = format!(
        "case when {year} - c.birth_year < 25 then 'under_25' when {year} - c.birth_year < 35 then '25_34' when {year} - c.birth_year < 45 then '35_44' when {year} - c.birth_year < 55 then '45_54' when c.birth_year is not null then '55_up' end"
    );
    let plain = |attribute, per, sql| Asked { attribute, per, sql, word: no_word, order: &[] };
    vec![
        plain(Attribute::Category, Per::Customer, bought("p.category", product)),
        plain(Attribute::Brand, Per::Customer, bought("p.brand", product)),
        Asked {
            attribute: Attribute::PriceBand,
            per: Per::Purchase,
            sql: lines(band_of, tier),
            word: band,
            order: &["low", "middle", "high", "top"],
        },
        plain(Attribute::Channel, Per::Purchase, lines("o.channel", "")),
        Asked {
            attribute: Attribute::Weekday,
            per: Per::Purchase,
            sql: lines("cast((cast(date_part('dow', shop_day(o.ordered_at)) as int) + 6) % 7 + 1 as string)", ""),
            word: weekday,
            order: &["1", "2", "3", "4", "5", "6", "7"],
        },
        Asked { attribute: Attribute::Hour, per: Per::Purchase, sql: lines(hour_of, ""), word: hour, order: &[] },
        Asked {
            attribute: Attribute::Generation,
            per: Per::Purchase,
            sql: lines(generation_of, heirs),
            word: generation,
            order: &[],
        },
        Asked {
            attribute: Attribute::AgeBand,
            per: Per::Customer,
            sql: own(&age_of),
            word: age,
            order: &["under_25", "25_34", "35_44", "45_54", "55_up"],
        },
        plain(Attribute::Region, Per::Customer, own("c.region")),
    ]
}

/// Everything that is counted of the groups called `keys`.
pub(super) async fn facts(
    shop: &Shop,
    keys: &[String],
    totals: &[Totals],
    present: &Present,
    slices: &[Slice],
) -> Result<Facts> {
    let group = |(key, totals): (&String, &Totals)| GroupFacts {
        key: key.clone(),
        n_customers: totals.n_customers,
        value_cents: totals.revenue,
        recent: Some(totals.recent).filter(|_| totals.is_recent_whole),
    };
    let mut facts = Facts { groups: keys.iter().zip(totals).map(group).collect(), ..Facts::default() };
    let mut counts: Vec<Counts> = asked(present, &Slice::default()).iter().map(|_| Counts::new()).collect();
    for slice in slices {
        for (asked, counts) in asked(present, slice).iter().zip(&mut counts) {
            count(shop, keys, &asked.sql, counts).await?;
        }
    }
    for (asked, counts) in asked(present, &Slice::default()).iter().zip(counts) {
        let counted = told(keys, asked, counts);
        // An attribute of one level, or of none, tells nothing apart.
        if counted.levels.len() > 1 {
            facts.attributes.push(counted);
        }
    }
    facts.numbers = numbers(shop, keys, slices).await?;
    Ok(facts)
}

/// By level, one count for each group.
type Counts = BTreeMap<String, Vec<u64>>;

/// Adds what `sql` counts.
async fn count(shop: &Shop, keys: &[String], sql: &str, counts: &mut Counts) -> Result<()> {
    for batch in query(shop, sql).await? {
        let (names, levels, n) = (texts(&batch, "segment")?, texts(&batch, "level")?, integers(&batch, "n")?);
        for row in (0..batch.num_rows()).filter(|&row| levels.is_valid(row)) {
            let Some(at) = keys.iter().position(|key| key == names.value(row)) else { continue };
            counts.entry(levels.value(row).to_owned()).or_insert_with(|| vec![0; keys.len()])[at] +=
                n.value(row) as u64;
        }
    }
    Ok(())
}

fn told(keys: &[String], asked: &Asked, counts: Counts) -> AttributeFacts {
    let mut levels: Vec<(String, Vec<u64>)> = counts.into_iter().collect();
    levels.sort_by_key(|(key, counts)| (std::cmp::Reverse(counts.iter().sum::<u64>()), key.clone()));
    levels.truncate(LEVELS_MAX);
    let place = |key: &str| asked.order.iter().position(|known| *known == key);
    levels.sort_by_key(|(key, _)| place(key));
    let name = |key: &str| match (asked.word)(key) {
        Some((zh, en)) => Text::new(zh, en),
        None => {
            let leaf = if asked.attribute == Attribute::Category { key.rsplit('/').next().unwrap_or(key) } else { key };
            Text::new(leaf, leaf)
        }
    };
    AttributeFacts {
        attribute: asked.attribute,
        per: asked.per,
        levels: levels.iter().map(|(key, _)| Level { key: key.clone(), name: name(key) }).collect(),
        counts: (0..keys.len()).map(|group| levels.iter().map(|(_, counts)| counts[group]).collect()).collect(),
    }
}

async fn numbers(shop: &Shop, keys: &[String], slices: &[Slice]) -> Result<Vec<NumberFacts>> {
    let measures = [
        (Measure::RecencyDays, "cast(s.recency_days as double)"),
        (Measure::Orders, "cast(s.n_purchases as double)"),
        (Measure::SpendCents, "cast(s.spent_cents as double)"),
        (Measure::BasketCents, "cast(s.spent_cents as double) / nullif(s.n_purchases, 0)"),
        (Measure::DiscountShare, "o.discounted"),
        (Measure::Views, "coalesce(v.n, 0.0)"),
    ];
    let sums: String = measures
        .iter()
        .enumerate()
        .map(|(at, (_, sql))| {
            format!(", cast(count({sql}) as double) as n{at}, sum({sql}) as a{at}, sum(({sql}) * ({sql})) as b{at}")
        })
        .collect();
    let mut numbers: Vec<NumberFacts> = measures
        .iter()
        .map(|(measure, _)| NumberFacts { measure: *measure, moments: vec![Moments::default(); keys.len()] })
        .collect();
    for slice in slices {
        let [of_line, of_member] = ["customer_id", "s.customer_id"].map(|column| slice.and(column));
        let sql = format!(
            "select s.segment as segment{sums} from segments s
            left join (select customer_id, avg(case when discount_cents > 0 then 1.0 else 0.0 end) as discounted from orders
              where quantity > 0{of_line} group by customer_id) o on o.customer_id = s.customer_id
            left join (select customer_id, cast(count(*) as double) as n from events
              where kind = 'view'{of_line} group by customer_id) v on v.customer_id = s.customer_id
            where s.segment is not null{of_member} group by s.segment"
        );
        for batch in query(shop, &sql).await? {
            add_numbers(&batch, keys, &mut numbers)?;
        }
    }
    // What nobody has, or nobody differs in, says nothing.
    numbers.retain(|facts| facts.moments.iter().any(|moments| moments.sum != 0.0));
    Ok(numbers)
}

fn add_numbers(batch: &RecordBatch, keys: &[String], numbers: &mut [NumberFacts]) -> Result<()> {
    let names = texts(batch, "segment")?;
    for (at, facts) in numbers.iter_mut().enumerate() {
        let column = |letter: &str| floats(batch, &format!("{letter}{at}"));
        let (n, sums, squares) = (column("n")?, column("a")?, column("b")?);
        for row in 0..batch.num_rows() {
            let Some(group) = keys.iter().position(|key| key == names.value(row)) else { continue };
            let or_zero = |column: &Float64Array| if column.is_null(row) { 0.0 } else { column.value(row) };
            let moments = &mut facts.moments[group];
            moments.n += n.value(row) as u64;
            moments.sum += or_zero(&sums);
            moments.sum_squares += or_zero(&squares);
        }
    }
    Ok(())
}
