//! What customers are grouped by: one SQL text turns orders and events into one row per customer, sorted by id; here the
//! rows become columns, and any block of rows a table that `segment` prepares.

use data::Shop;
use data::arrow::array::RecordBatch;
use domain::Day;
use segment::Text;
use segment::features::{Column, ColumnKind, ColumnSpec, Levels, Table, Values};

use super::slices::Slice;
use crate::error::{Result, ServiceError};
use crate::flows::audience::sql::Present;
use crate::flows::rows::{floats, query, quoted, texts};

/// Categories whose share of a customer's attention is a feature: those that make most of the shop's turnover.
const CATEGORIES_MAX: usize = 24;
const CHANNELS_MAX: usize = 4;
/// Events older than this before the present say little of who someone is now.
const EVENT_DAYS: i32 = 730;
/// What a purchase counts beside a look.
const PURCHASE: f64 = 5.0;
/// A column known of fewer customers than this share is left out.
const KNOWN_MIN: f64 = 0.5;

/// One thing customers are compared by.
#[derive(Clone, Debug)]
pub struct Feature {
    pub spec: ColumnSpec,
    pub label: Text,
    pub unit: &'static str,
    /// An SQL expression over the row of a customer.
    sql: String,
}

/// All customers who did anything, by id.
pub struct Customers {
    pub ids: Vec<Box<str>>,
    pub features: Vec<Feature>,
    /// One per feature; NaN where unknown, codes of `levels` for categories.
    columns: Vec<Vec<f32>>,
    levels: Vec<Vec<String>>,
}

fn feature(name: &str, kind: ColumnKind, weight: f64, zh: &str, en: &str, unit: &'static str, sql: &str) -> Feature {
    let spec = ColumnSpec { weight, ..ColumnSpec::new(name, kind) };
    Feature { spec, label: Text::new(zh, en), unit, sql: sql.to_owned() }
}

/// The features that do not depend on what the shop sells.
fn common() -> Vec<Feature> {
    use ColumnKind::{Category, Money, Numeric, Share};
    vec![
        feature(
            "recency",
            Numeric,
            1.0,
            "距上次购买（对数）",
            "time since the last order (log)",
            "ln days",
            "ln(1 + recency_days)",
        ),
        feature("frequency", Numeric, 1.0, "购买次数（对数）", "orders (log)", "ln orders", "ln(1 + n_orders)"),
        feature("spent", Money, 1.0, "累计消费（对数）", "spent in all (log)", "ln money", "spent_cents"),
        feature(
            "basket",
            Money,
            0.5,
            "平均客单价（对数）",
            "spent per order (log)",
            "ln money",
            "spent_cents / n_orders",
        ),
        feature(
            "tier",
            Numeric,
            2.0,
            "在品类内选购的价位",
            "price level within categories",
            "0-1",
            "tier_sum / touched",
        ),
        feature("discounted", Share, 0.5, "优惠占比", "share of discounts", "", "discount_cents / gross_cents"),
        feature("weekend", Share, 0.3, "周末购买占比", "share of weekend orders", "", "weekend_lines / n_lines"),
        feature("activity", Numeric, 0.5, "浏览与互动（对数）", "views and other signs (log)", "ln", "ln(1 + n_signs)"),
        feature("age", Numeric, 0.7, "年龄", "age", "years", "age"),
        feature("gender", Category, 0.7, "性别", "gender", "", "gender"),
    ]
}

/// Paths by turnover, most first.
async fn most(shop: &Shop, sql: &str, n: usize) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for batch in query(shop, &format!("{sql} order by turnover desc, name limit {n}")).await? {
        found.extend(texts(&batch, "name")?.iter().flatten().map(str::to_owned));
    }
    Ok(found)
}

impl Customers {
    /// Reads everybody who ordered or did anything up to `present`, slice by slice.
    pub async fn read(shop: &Shop, present: &Present, slices: &[Slice]) -> Result<Customers> {
        let categories = "select name, sum(turnover) as turnover from (
            select p.category as name, cast(sum(o.quantity * o.unit_price_cents) as double) as turnover
              from orders o join products p on p.product_id = o.product_id where p.category is not null group by p.category
            union all select p.category as name, cast(count(*) as double) as turnover
              from events e join products p on p.product_id = e.product_id where p.category is not null group by p.category
            ) as both_kinds group by name";
        let categories = most(shop, categories, CATEGORIES_MAX).await?;
        let channels =
            "select channel as name, count(*) as turnover from orders where channel is not null group by channel";
        let channels = most(shop, channels, CHANNELS_MAX).await?;
        let features = features(&categories, &channels);
        let mut customers = Customers {
            ids: Vec::new(),
            columns: vec![Vec::new(); features.len()],
            levels: vec![Vec::new(); features.len()],
            features,
        };
        for slice in slices {
            let sql = sql(&customers.features, &categories, &channels, present, slice);
            shop.engine()?.for_each(&sql, |batch| customers.add(&batch)).await?;
        }
        if customers.ids.is_empty() {
            return Err(ServiceError::conflict("no_data", "no customer has ordered or done anything yet")
                .help("import some: tercet import FILE --as orders, or try tercet demo"));
        }
        customers.leave_out_unknown();
        Ok(customers)
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let ids = texts(batch, "customer_id")?;
        self.ids.extend(ids.iter().map(|id| Box::from(id.unwrap_or_default())));
        for (at, feature) in self.features.iter().enumerate() {
            let name = format!("f{at}");
            if feature.spec.kind == ColumnKind::Category {
                for text in texts(batch, &name)?.iter() {
                    let code = text.map_or(f32::NAN, |text| code(&mut self.levels[at], text));
                    self.columns[at].push(code);
                }
            } else {
                let values = floats(batch, &name)?;
                self.columns[at].extend(values.iter().map(|value| value.unwrap_or(f64::NAN) as f32));
            }
        }
        Ok(())
    }

    /// Columns that most customers lack, or in which all are alike, would only add noise.
    fn leave_out_unknown(&mut self) {
        let n = self.ids.len() as f64;
        for at in (0..self.features.len()).rev() {
            let column = &self.columns[at];
            let n_known = column.iter().filter(|value| !value.is_nan()).count() as f64;
            let first = column.iter().find(|value| !value.is_nan());
            let all_alike = column.iter().filter(|value| !value.is_nan()).all(|value| Some(value) == first);
            if n_known < KNOWN_MIN * n || all_alike {
                self.features.remove(at);
                self.columns.remove(at);
                self.levels.remove(at);
            }
        }
    }

    /// The place of a customer.
    pub fn row(&self, id: &str) -> Option<u32> {
        self.ids.binary_search_by(|known| (**known).cmp(id)).ok().map(|row| row as u32)
    }

    pub fn n(&self) -> usize {
        self.ids.len()
    }

    /// The rows named, as a table to prepare.
    ///
    /// # Errors
    /// If no feature is left.
    pub fn table(&self, rows: &[usize]) -> Result<Table> {
        let column = |at: usize| {
            let Feature { spec, .. } = &self.features[at];
            let of = |row: &usize| Some(self.columns[at][*row]).filter(|value| !value.is_nan());
            let values = match spec.kind {
                ColumnKind::Category => {
                    let level = |row: &usize| of(row).map(|code| self.levels[at][code as usize].as_str());
                    Values::Levels(rows.iter().map(level).collect::<Levels>())
                }
                ColumnKind::Money => Values::Cents(rows.iter().map(|row| of(row).map(|value| value as i64)).collect()),
                ColumnKind::Flag => Values::Flags(rows.iter().map(|row| of(row).map(|value| value > 0.5)).collect()),
                ColumnKind::Share => Values::Numbers(
                    rows.iter().map(|row| of(row).map(|value| f64::from(value).clamp(0.0, 1.0))).collect(),
                ),
                ColumnKind::Numeric => Values::Numbers(rows.iter().map(|row| of(row).map(f64::from)).collect()),
            };
            Column { spec: spec.clone(), values }
        };
        Ok(Table::new((0..self.features.len()).map(column).collect())?)
    }
}

fn code(levels: &mut Vec<String>, text: &str) -> f32 {
    let known = levels.iter().position(|level| level == text);
    known.unwrap_or_else(|| {
        levels.push(text.to_owned());
        levels.len() - 1
    }) as f32
}

fn features(categories: &[String], channels: &[String]) -> Vec<Feature> {
    let mut features = common();
    // What someone is interested in says most of who it is: all categories together count as much as six numbers.
    let weight = 6.0 / categories.len().max(1) as f64;
    for (at, path) in categories.iter().enumerate() {
        let leaf = path.rsplit('/').next().unwrap_or(path);
        let name = format!("category:{path}");
        let (zh, en) = (format!("对“{leaf}”的关注占比"), format!("share of attention to {leaf}"));
        features.push(feature(&name, ColumnKind::Share, weight, &zh, &en, "", &format!("c{at} / touched")));
    }
    if channels.len() > 1 {
        let weight = 1.0 / channels.len() as f64;
        for (at, channel) in channels.iter().enumerate() {
            let name = format!("channel:{channel}");
            let (zh, en) = (format!("“{channel}”渠道占比"), format!("share of orders by {channel}"));
            features.push(feature(&name, ColumnKind::Share, weight, &zh, &en, "", &format!("h{at} / n_lines")));
        }
    }
    features
}

/// One row per customer of the slice: `customer_id`, `f0`, `f1` … in the order of the features.
fn sql(features: &[Feature], categories: &[String], channels: &[String], present: &Present, slice: &Slice) -> String {
    let [of_order, of_event, of_line] =
        ["o.customer_id", "e.customer_id", "customer_id"].map(|column| slice.and(column));
    let Present { day, .. } = present;
    let end = present.begins(Day(day.0.saturating_add(1)));
    let number = |at: usize| format!("when category = {} then {at} ", quoted(&categories[at]));
    let numbers: String = (0..categories.len()).map(number).collect();
    let numbered = if numbers.is_empty() { "-1".to_owned() } else { format!("case {numbers}else -1 end") };
    let touched: String =
        (0..categories.len()).map(|at| format!(", sum(case when c = {at} then w else 0.0 end) as c{at}")).collect();
    let by_channel: String = (0..channels.len())
        .map(|at| {
            format!(", cast(sum(case when channel = {} then 1 else 0 end) as double) as h{at}", quoted(&channels[at]))
        })
        .collect();
    let of_channels: String = (0..channels.len()).map(|at| format!(", sum(h{at}) as h{at}")).collect();
    let from = present.begins(Day(day.0.saturating_sub(EVENT_DAYS)));
    // A customer without a touch or an order has no share of anything.
    let guarded = |sql: &str| match sql.split_once(" / ") {
        Some((part, whole)) => format!("cast({part} as double) / nullif({whole}, 0)"),
        None => sql.to_owned(),
    };
    let asked: String = features
        .iter()
        .enumerate()
        .map(|(at, feature)| match feature.spec.kind {
            ColumnKind::Category => format!(", {} as f{at}", feature.sql),
            _ => format!(", cast({} as double) as f{at}", guarded(&feature.sql)),
        })
        .collect();
    format!(
        "with item as (
  select product_id, {numbered} as c, coalesce(percent_rank() over (partition by category order by price_cents), 0.5) as tier
  from products
), touch as (
  select customer_id, sum(w) as touched, sum(w * tier) as tier_sum, sum(n) as n_signs{touched}
  from (
    select o.customer_id, i.c, i.tier, {PURCHASE:.1} as w, 0 as n from orders o join item i on i.product_id = o.product_id
      where o.quantity > 0 and o.ordered_at < {end}{of_order}
    union all
    select e.customer_id, i.c, i.tier,
      case e.kind when 'purchase' then {PURCHASE:.1} when 'cart' then 3.0 when 'favourite' then 3.0 else 1.0 end as w, 1 as n
      from events e join item i on i.product_id = e.product_id
      where e.kind in ('view', 'cart', 'favourite', 'purchase') and e.at >= {from} and e.at < {end}{of_event}
  ) as signs group by customer_id
), money as (
  select customer_id, cast(count(*) as double) as n_orders, sum(n_lines) as n_lines, sum(spent_cents) as spent_cents,
    sum(gross_cents) as gross_cents, sum(discount_cents) as discount_cents,
    cast(date '{day}' as int) - max(last_day) as recency_days, sum(weekend_lines) as weekend_lines{of_channels}
  from (
    select customer_id, order_id, cast(count(*) as double) as n_lines,
      sum(quantity * unit_price_cents - coalesce(discount_cents, 0)) as spent_cents,
      sum(quantity * unit_price_cents) as gross_cents, sum(coalesce(discount_cents, 0)) as discount_cents,
      max(cast(shop_day(ordered_at) as int)) as last_day,
      sum(case when date_part('dow', shop_day(ordered_at)) in (0, 6) then 1 else 0 end) as weekend_lines{by_channel}
    from orders where quantity > 0 and ordered_at < {end}{of_line} group by customer_id, order_id
  ) as each_order group by customer_id
)
select coalesce(t.customer_id, m.customer_id) as customer_id{asked}
from touch t full outer join money m on m.customer_id = t.customer_id
left join (
  select customer_id, gender, cast(date_part('year', date '{day}') as double) - birth_year as age from customers
    where true{of_line}) c
  on c.customer_id = coalesce(t.customer_id, m.customer_id)
order by customer_id"
    )
}
