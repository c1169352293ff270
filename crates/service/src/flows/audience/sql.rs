//! Conditions as SQL that a person can read. Values stand in it as quoted literals; names come from our own lists only.
//!
//! What is missing satisfies no comparison: somebody without a known region is neither in North nor outside it, until
//! a `not` asks for everybody who is not in North.

use domain::Day;
use jiff::tz::TimeZone;

use super::condition::{Behaviour, Condition, Field, FieldKind, Operator, Recommended, Scalar, Taste};
use crate::clock;
use crate::flows::rows::quoted;

/// The present of a shop: the local day on which its data end.
#[derive(Clone, Debug)]
pub struct Present {
    pub day: Day,
    pub zone: TimeZone,
}

impl Present {
    /// The instant at which a day begins where the shop is, as a literal: comparing with it lets files be passed over.
    pub fn begins(&self, day: Day) -> String {
        format!("timestamp '{}'", clock::rfc3339(clock::start_of(day, &self.zone)))
    }
}

/// Whoever the shop knows by a row of their own, by an order or by what they did.
const EVERYONE: &str = "everyone as (
  select customer_id from customers
  union select customer_id from orders
  union select customer_id from segments
)";

/// What each customer bought. Returned lines lower what was spent and are no orders.
fn spending(present: &Present) -> String {
    let today = format!("cast(date '{}' as int)", present.day);
    format!(
        "spending as (
  select customer_id, count(distinct case when quantity > 0 then order_id end) as n_orders,
    sum(quantity * unit_price_cents - coalesce(discount_cents, 0)) as spent_cents,
    {today} - max(cast(shop_day(ordered_at) as int)) as recency_days,
    {today} - min(cast(shop_day(ordered_at) as int)) as first_order_days
  from orders group by customer_id
)"
    )
}

/// A statement that answers `customer_id` of everybody who satisfies `condition`, once each, in no order.
pub fn members(condition: &Condition, present: &Present) -> String {
    let test = where_(condition, present, 1);
    let mut with = vec![EVERYONE.to_owned()];
    let mut joins = String::new();
    if test.contains("c.") {
        joins.push_str("\nleft join customers c on c.customer_id = e.customer_id");
    }
    if test.contains("o.") {
        with.push(spending(present));
        joins.push_str("\nleft join spending o on o.customer_id = e.customer_id");
    }
    if test.contains("s.") {
        joins.push_str("\nleft join segments s on s.customer_id = e.customer_id");
    }
    if test.contains("l.") {
        joins.push_str("\nleft join lifetimes l on l.customer_id = e.customer_id");
    }
    if test.contains("u.") {
        // What is likeliest to be replaced: one row each.
        joins.push_str("\nleft join upgrades u on u.customer_id = e.customer_id and u.place = 1");
    }
    if test.contains("w.") {
        joins.push_str("\nleft join crowd w on w.customer_id = e.customer_id");
    }
    format!("with {}\nselect e.customer_id from everyone e{joins}\nwhere {test}", with.join(",\n"))
}

fn where_(condition: &Condition, present: &Present, depth: usize) -> String {
    match condition {
        Condition::All(parts) => joined(parts, "and", "true", present, depth),
        Condition::Any(parts) => joined(parts, "or", "false", present, depth),
        Condition::Not(part) => format!("not coalesce({}, false)", where_(part, present, depth)),
        Condition::Audience { id, score_min } => {
            let least = score_min.map_or(String::new(), |score| format!(" and score >= {score}"));
            let id = quoted(id);
            format!("e.customer_id in (select customer_id from audience_members where audience_id = {id}{least})")
        }
        Condition::Recommended(wanted) => recommended(wanted),
        Condition::Taste(taste) => drawn(taste),
        Condition::Field { field, operator, values } => compared(field, *operator, values, present),
        Condition::Did(behaviour) => did(behaviour, present),
    }
}

/// One part a line, so that a person can read it.
fn joined(parts: &[Condition], word: &str, empty: &str, present: &Present, depth: usize) -> String {
    match parts {
        [] => empty.to_owned(),
        [part] => where_(part, present, depth),
        parts => {
            let parts: Vec<_> = parts.iter().map(|part| where_(part, present, depth + 1)).collect();
            format!("({})", parts.join(&format!("\n{}{word} ", "  ".repeat(depth))))
        }
    }
}

fn literal(value: &Scalar, kind: FieldKind) -> String {
    match (value, kind) {
        (Scalar::Number(number), _) => number.to_string(),
        (Scalar::Text(text), FieldKind::Day) => format!("date {}", quoted(text)),
        (Scalar::Text(text), _) => quoted(text),
    }
}

fn compared(field: &Field, operator: Operator, values: &[Scalar], present: &Present) -> String {
    let year = present.day.to_string().get(..4).unwrap_or("1970").to_owned();
    let left = field.sql.replace("{year}", &year);
    let values: Vec<String> = values.iter().map(|value| literal(value, field.kind)).collect();
    let first = values.first().map_or("null", String::as_str);
    if field.kind == FieldKind::List {
        let any = values.iter().map(|value| format!("array_has({left}, {value})")).collect::<Vec<_>>().join(" or ");
        return match operator {
            Operator::Missing => format!("({left} is null or array_length({left}) is null)"),
            Operator::There => format!("coalesce(array_length({left}), 0) > 0"),
            Operator::NotEqual | Operator::NotIn => format!("not ({any})"),
            _ => format!("({any})"),
        };
    }
    match operator {
        Operator::Missing => format!("{left} is null"),
        Operator::There => format!("{left} is not null"),
        Operator::In => format!("{left} in ({})", values.join(", ")),
        Operator::NotIn => format!("{left} not in ({})", values.join(", ")),
        Operator::Between => format!("{left} between {first} and {}", values.get(1).map_or("null", String::as_str)),
        Operator::Contains => format!("strpos(lower({left}), lower({first})) > 0"),
        Operator::Equal => format!("{left} = {first}"),
        Operator::NotEqual => format!("{left} <> {first}"),
        Operator::Less => format!("{left} < {first}"),
        Operator::AtMost => format!("{left} <= {first}"),
        Operator::More => format!("{left} > {first}"),
        Operator::AtLeast => format!("{left} >= {first}"),
    }
}

fn recommended(asked: &Recommended) -> String {
    let mut tests = vec![format!("r.position <= {}", asked.within_first)];
    tests.extend(asked.product.as_ref().map(|id| format!("r.product_id = {}", quoted(id))));
    tests.extend(asked.category.as_ref().map(|path| below(path)));
    tests.extend(asked.brand.as_ref().map(|brand| format!("p.brand = {}", quoted(brand))));
    let needs_products = asked.category.is_some() || asked.brand.is_some();
    let join = if needs_products { " join products p on p.product_id = r.product_id" } else { "" };
    format!("e.customer_id in (select r.customer_id from recommendations r{join} where {})", tests.join(" and "))
}

fn drawn(Taste { kind, name, at_least }: &Taste) -> String {
    let (kind, name) = (quoted(kind), quoted(name));
    format!(
        "e.customer_id in (select t.customer_id from tastes t where t.kind = {kind} and t.name = {name} and t.affinity >= {at_least})"
    )
}

/// A product of the category or of one below it.
fn below(path: &str) -> String {
    format!("(p.category = {} or starts_with(p.category, {}))", quoted(path), quoted(&format!("{path}/")))
}

fn did(asked: &Behaviour, present: &Present) -> String {
    let (table, time, counted) = match asked.kind.event {
        None => ("orders", "ordered_at", "distinct d.order_id"),
        Some(_) => ("events", "at", "*"),
    };
    let mut tests = Vec::new();
    match asked.kind.event {
        None => tests.push("d.quantity > 0".to_owned()),
        Some(kind) => tests.push(format!("d.kind = {}", quoted(kind))),
    }
    if let Some(days) = asked.within_days {
        let from = Day(present.day.0.saturating_add(1).saturating_sub(i32::try_from(days).unwrap_or(i32::MAX)));
        tests.push(format!("d.{time} >= {}", present.begins(from)));
    }
    if let Some(id) = &asked.product {
        tests.push(format!("d.product_id = {}", quoted(id)));
    }
    let mut join = "";
    if let Some(path) = &asked.category {
        tests.push(below(path));
    }
    if let Some(brand) = &asked.brand {
        tests.push(format!("p.brand = {}", quoted(brand)));
    }
    let price =
        if asked.kind.event.is_none() { "d.unit_price_cents" } else { "coalesce(d.price_cents, p.price_cents)" };
    for (limit, sign) in [(asked.price_min_cents, ">="), (asked.price_max_cents, "<=")] {
        limit.iter().for_each(|cents| tests.push(format!("{price} {sign} {cents}")));
    }
    if tests.iter().any(|test| test.contains("p.")) {
        join = " join products p on p.product_id = d.product_id";
    }
    let most = asked.at_most.map_or(String::new(), |most| format!(" and count({counted}) <= {most}"));
    let having = match (asked.at_least, asked.at_most) {
        (1, None) => String::new(),
        (least, _) => format!(" group by d.customer_id having count({counted}) >= {least}{most}"),
    };
    format!("e.customer_id in (select d.customer_id from {table} d{join} where {}{having})", tests.join(" and "))
}
