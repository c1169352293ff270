//! From a row's texts to the columns of a table: parsing by the column's kind, checking what the table requires, and
//! Arrow builders. A row is taken whole or refused with a reason. Not here: files and blocks.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, ListBuilder, MapBuilder,
    MapFieldNames, StringBuilder, TimestampMillisecondBuilder,
};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use domain::{Column, ColumnKind, TableSpec};
use jiff::tz::TimeZone;
use regex::Regex;

use super::dates::{self, Clockwork, DateOrder};
use super::mapping::{Expression, Row};
use super::{money, numbers, units};
use crate::tables::schema;

/// What a table's rows are made of, bound to the columns of one source.
#[derive(Clone, Debug)]
pub struct Recipe {
    pub table: &'static TableSpec,
    /// One for each column of the table, in its order.
    pub columns: Vec<Option<Expression>>,
    /// Attribute and expression, for the column `specs`.
    pub specs: Vec<(String, Expression)>,
    /// Computed additions to `extra`.
    pub extra: Vec<(String, Expression)>,
    /// Source columns kept in `extra`: index, name, whether its values are numbers.
    pub kept: Vec<(usize, String, bool)>,
    /// Columns that must not be empty and must match, else the row is passed over.
    pub only_with: Vec<(usize, Option<Regex>)>,
    /// Order of `a/b/yyyy` for each column of the table.
    pub orders: Vec<Option<DateOrder>>,
    pub zone: TimeZone,
    /// The clock, for dates in the future.
    pub now_ms: i64,
}

impl Recipe {
    /// How many amounts of the row lack the number to scale them by; where one is required the row is refused anyway.
    pub fn amounts_without_factor(&self, row: Row<'_>) -> u64 {
        let columns = self.table.columns.iter().zip(&self.columns);
        let lacks = |(column, expression): &(&Column, &Option<Expression>)| {
            column.kind == ColumnKind::Money
                && !column.required
                && expression.as_ref().is_some_and(|e| e.lacks_factor(row))
        };
        columns.filter(lacks).count() as u64
    }
}

/// What became of a row.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Kept,
    /// Not meant for this table.
    Passed,
    Refused(String),
}

/// Collects rows into Arrow columns.
pub struct RowBuilder<'p> {
    recipe: &'p Recipe,
    schema: SchemaRef,
    columns: Vec<ColumnBuilder>,
    /// One bit per row appended; refused rows are taken out at the end.
    good: Vec<bool>,
    text: String,
}

/// A day of tolerance for clocks and zones.
const FUTURE_MS_MAX: i64 = 86_400_000;
/// As long as an identifier may be in the API.
const ID_CHARS_MAX: usize = 200;
/// Longest value shown in a reason.
const SHOWN_CHARS_MAX: usize = 60;

struct ColumnBuilder {
    column: &'static Column,
    values: Values,
    is_identifier: bool,
    past_only: bool,
    order: Option<DateOrder>,
    clock: Clockwork,
    now_ms: i64,
}

enum Values {
    Text(StringBuilder),
    Integer(Int64Builder),
    Float(Float64Builder),
    Bool(BooleanBuilder),
    Instant(TimestampMillisecondBuilder),
    Day(Date32Builder),
    List(ListBuilder<StringBuilder>),
    Map(Box<MapBuilder<StringBuilder, StringBuilder>>),
}

impl<'p> RowBuilder<'p> {
    pub fn new(recipe: &'p Recipe, n_rows: usize) -> Self {
        let columns = recipe.table.columns.iter().zip(&recipe.orders);
        let columns = columns.map(|(column, order)| ColumnBuilder::new(column, *order, recipe, n_rows)).collect();
        Self { recipe, schema: schema(recipe.table), columns, good: Vec::with_capacity(n_rows), text: String::new() }
    }

    /// Adds a row, or says why not.
    pub fn push(&mut self, row: Row<'_>) -> Outcome {
        let is_wanted = |(index, pattern): &(usize, Option<Regex>)| {
            let text = row.field(*index);
            !numbers::is_nothing(text) && pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
        };
        if !self.recipe.only_with.iter().all(is_wanted) {
            return Outcome::Passed;
        }
        let mut refused = None;
        for (builder, expression) in self.columns.iter_mut().zip(&self.recipe.columns) {
            let result = match (builder.column.kind, expression) {
                (ColumnKind::TextMap, _) => builder.append_specs(&self.recipe.specs, expression.as_ref(), row),
                (ColumnKind::Json, None) => builder.append_extra(self.recipe, row, &mut self.text),
                (_, Some(expression)) => builder.append(&expression.eval(row)),
                (_, None) => builder.append(""),
            };
            if let Err(reason) = result {
                refused.get_or_insert(reason);
            }
        }
        self.good.push(refused.is_none());
        refused.map_or(Outcome::Kept, Outcome::Refused)
    }

    /// The rows kept.
    pub fn finish(mut self) -> RecordBatch {
        let arrays: Vec<ArrayRef> = self.columns.iter_mut().map(|column| column.finish()).collect();
        let batch = RecordBatch::try_new(self.schema, arrays).expect("the builders follow the table's schema");
        if self.good.iter().all(|good| *good) {
            return batch;
        }
        let mask = BooleanArray::from(self.good);
        filter_record_batch(&batch, &mask).expect("the mask has one bit per row")
    }
}

impl ColumnBuilder {
    fn new(column: &'static Column, order: Option<DateOrder>, recipe: &Recipe, n_rows: usize) -> Self {
        let bytes = n_rows * 12;
        let values = match column.kind {
            ColumnKind::Text | ColumnKind::Json => Values::Text(StringBuilder::with_capacity(n_rows, bytes)),
            ColumnKind::Integer | ColumnKind::Money => Values::Integer(Int64Builder::with_capacity(n_rows)),
            ColumnKind::Float => Values::Float(Float64Builder::with_capacity(n_rows)),
            ColumnKind::Bool => Values::Bool(BooleanBuilder::with_capacity(n_rows)),
            ColumnKind::Instant => {
                let builder = TimestampMillisecondBuilder::with_capacity(n_rows);
                Values::Instant(builder.with_timezone("UTC"))
            }
            ColumnKind::Day => Values::Day(Date32Builder::with_capacity(n_rows)),
            ColumnKind::TextList => Values::List(list_builder(column)),
            ColumnKind::TextMap => Values::Map(Box::new(map_builder(column))),
        };
        Self {
            column,
            values,
            is_identifier: column.name.ends_with("_id"),
            past_only: matches!(column.name, "at" | "ordered_at" | "updated_at" | "joined_on" | "day"),
            order,
            clock: Clockwork::new(recipe.zone.clone()),
            now_ms: recipe.now_ms,
        }
    }

    /// Appends one value; a refused one is appended as nothing, and its row will be taken out.
    fn append(&mut self, text: &str) -> Result<(), String> {
        let result = if numbers::is_nothing(text) { self.nothing_given() } else { self.append_value(text) };
        if result.is_err() {
            self.append_filler();
        }
        result
    }

    fn nothing_given(&mut self) -> Result<(), String> {
        if self.column.required {
            return Err(format!("{} is empty; it is required", self.column.name));
        }
        self.append_null();
        Ok(())
    }

    fn append_value(&mut self, text: &str) -> Result<(), String> {
        let column = self.column;
        match &mut self.values {
            Values::Text(builder) => append_text(builder, column, self.is_identifier, text)?,
            Values::Integer(builder) if column.kind == ColumnKind::Money => {
                let value = money::cents(text).ok_or_else(|| wrong(column, text, "an amount such as 1299.00"))?;
                builder.append_value(in_range(column, value as f64, text).map(|()| value)?);
            }
            Values::Integer(builder) => {
                let value = numbers::integer(text).ok_or_else(|| wrong(column, text, "a whole number"))?;
                builder.append_value(in_range(column, value as f64, text).map(|()| value)?);
            }
            Values::Float(builder) => {
                let value = numbers::float(text).ok_or_else(|| wrong(column, text, "a finite number"))?;
                in_range(column, value, text)?;
                builder.append_value(value);
            }
            Values::Bool(builder) => {
                builder.append_value(numbers::boolean(text).ok_or_else(|| wrong(column, text, "true or false"))?);
            }
            Values::Instant(builder) => {
                let written = dates::parse(text, self.order);
                let at = written.and_then(|written| self.clock.instant(written));
                let at = at.ok_or_else(|| wrong(column, text, "a date such as 2024-05-31 18:00:00"))?;
                plausible(column, at, self.past_only, self.now_ms, text)?;
                builder.append_value(at);
            }
            Values::Day(builder) => {
                let written = dates::parse(text, self.order);
                let day = written.and_then(|written| self.clock.day(written));
                let day = day.ok_or_else(|| wrong(column, text, "a date such as 2024-05-31"))?;
                plausible(column, i64::from(day) * 86_400_000, self.past_only, self.now_ms, text)?;
                builder.append_value(day);
            }
            Values::List(builder) => {
                for part in list_of(text) {
                    builder.values().append_value(part);
                }
                builder.append(true);
            }
            Values::Map(_) => unreachable!("specs have their own way"),
        }
        Ok(())
    }

    fn append_null(&mut self) {
        match &mut self.values {
            Values::Text(builder) => builder.append_null(),
            Values::Integer(builder) => builder.append_null(),
            Values::Float(builder) => builder.append_null(),
            Values::Bool(builder) => builder.append_null(),
            Values::Instant(builder) => builder.append_null(),
            Values::Day(builder) => builder.append_null(),
            Values::List(builder) => builder.append_null(),
            Values::Map(builder) => builder.append(false).expect("keys and values are as many"),
        }
    }

    /// Something valid in the place of a refused value: required columns admit no null.
    fn append_filler(&mut self) {
        if !self.column.required {
            return self.append_null();
        }
        match &mut self.values {
            Values::Text(builder) => builder.append_value(""),
            Values::Integer(builder) => builder.append_value(0),
            Values::Float(builder) => builder.append_value(0.0),
            Values::Bool(builder) => builder.append_value(false),
            Values::Instant(builder) => builder.append_value(0),
            Values::Day(builder) => builder.append_value(0),
            Values::List(_) | Values::Map(_) => self.append_null(),
        }
    }

    /// The specs of a product: from columns that are attributes, or from one column of JSON or `name: value; …`.
    fn append_specs(
        &mut self,
        specs: &[(String, Expression)],
        whole: Option<&Expression>,
        row: Row<'_>,
    ) -> Result<(), String> {
        let Values::Map(builder) = &mut self.values else { unreachable!("specs are a map") };
        let mut pairs: Vec<(String, String)> = whole.map(|whole| spec_pairs(&whole.eval(row))).unwrap_or_default();
        for (name, expression) in specs {
            let text = expression.eval(row);
            if !text.is_empty() {
                pairs.retain(|(other, _)| other != name);
                pairs.push((name.clone(), units::normalise(name, &text, None)));
            }
        }
        if pairs.is_empty() {
            self.append_null();
            return Ok(());
        }
        // Sorted by name alone, so that of two values of one attribute the first given stays.
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|later, earlier| later.0 == earlier.0);
        for (name, value) in pairs {
            builder.keys().append_value(name);
            builder.values().append_value(value);
        }
        builder.append(true).expect("keys and values are as many");
        Ok(())
    }

    /// JSON text of what no column takes.
    fn append_extra(&mut self, recipe: &Recipe, row: Row<'_>, text: &mut String) -> Result<(), String> {
        let Values::Text(builder) = &mut self.values else { unreachable!("extra is text") };
        text.clear();
        for (index, name, is_number) in &recipe.kept {
            let value = row.field(*index);
            if name != "extra" || !put_members(text, value) {
                put_member(text, name, value, *is_number);
            }
        }
        for (name, expression) in &recipe.extra {
            let value = expression.eval(row);
            put_member(text, name, &value, is_json_number(&value));
        }
        for (name, value) in row.more {
            put_member(text, name, value, is_json_number(value));
        }
        if text.is_empty() {
            builder.append_null();
        } else {
            text.push('}');
            builder.append_value(text.as_str());
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        match &mut self.values {
            Values::Text(builder) => Arc::new(builder.finish()),
            Values::Integer(builder) => Arc::new(builder.finish()),
            Values::Float(builder) => Arc::new(builder.finish()),
            Values::Bool(builder) => Arc::new(builder.finish()),
            Values::Instant(builder) => Arc::new(builder.finish()),
            Values::Day(builder) => Arc::new(builder.finish()),
            Values::List(builder) => Arc::new(builder.finish()),
            Values::Map(builder) => Arc::new(builder.finish()),
        }
    }
}

fn list_builder(column: &Column) -> ListBuilder<StringBuilder> {
    let builder = ListBuilder::new(StringBuilder::new());
    match crate::tables::schema::data_type(column.kind) {
        DataType::List(field) => builder.with_field(field),
        other => unreachable!("a list of text is stored as {other}"),
    }
}

fn map_builder(column: &Column) -> MapBuilder<StringBuilder, StringBuilder> {
    let DataType::Map(entries, _) = crate::tables::schema::data_type(column.kind) else {
        unreachable!("specs are a map")
    };
    let DataType::Struct(fields) = entries.data_type() else { unreachable!("a map has entries") };
    let names =
        MapFieldNames { entry: entries.name().clone(), key: fields[0].name().clone(), value: fields[1].name().clone() };
    MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new())
}

fn append_text(builder: &mut StringBuilder, column: &Column, is_identifier: bool, text: &str) -> Result<(), String> {
    let text: Cow<'_, str> = if is_identifier { numbers::identifier(text) } else { Cow::Borrowed(text.trim()) };
    if !column.allowed.is_empty() && !column.allowed.contains(&text.as_ref()) {
        return Err(wrong(column, &text, &format!("one of {}", column.allowed.join(", "))));
    }
    if text.is_empty() && column.required {
        return Err(format!("{} is empty; it is required", column.name));
    }
    if is_identifier && (text.chars().any(char::is_control) || text.chars().count() > ID_CHARS_MAX) {
        return Err(wrong(column, &text, &format!("an identifier of 1 to {ID_CHARS_MAX} characters on one line")));
    }
    if text.contains('\0') {
        return Err(wrong(column, &text, "text without zero bytes"));
    }
    builder.append_value(&text);
    Ok(())
}

fn wrong(column: &Column, found: &str, allowed: &str) -> String {
    let shown: String = found.chars().take(SHOWN_CHARS_MAX).collect();
    format!("{} is '{shown}'; {allowed} is needed", column.name)
}

fn in_range(column: &Column, value: f64, text: &str) -> Result<(), String> {
    match column.range {
        Some((low, high)) if !(low <= value && value <= high) => {
            Err(format!("{} is '{text}'; allowed are values from {low} to {high}", column.name))
        }
        _ => Ok(()),
    }
}

/// 1900-01-01 to 2100-01-01.
const PLAUSIBLE_MS: std::ops::Range<i64> = -2_208_988_800_000..4_102_444_800_000;

fn plausible(column: &Column, at_ms: i64, past_only: bool, now_ms: i64, text: &str) -> Result<(), String> {
    if !PLAUSIBLE_MS.contains(&at_ms) {
        return Err(wrong(column, text, "a date from 1900 to 2099"));
    }
    if past_only && at_ms > now_ms.saturating_add(FUTURE_MS_MAX) {
        return Err(format!(
            "{} is '{text}', which is in the future; check the clock and the date's order",
            column.name
        ));
    }
    Ok(())
}

/// `["a","b"]`, or parts between `;`, `|` or `,`.
fn list_of(text: &str) -> Vec<String> {
    if let Ok(parts) = serde_json::from_str::<Vec<String>>(text) {
        return parts;
    }
    let separator = [';', '|', '、', ','].into_iter().find(|mark| text.contains(*mark)).unwrap_or(',');
    text.split(separator).map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// `{"ram":"8GB"}` or `内存: 8GB; 重量: 199g`, names and values normalised.
fn spec_pairs(text: &str) -> Vec<(String, String)> {
    let normal = |name: &str, value: &str| {
        let known = units::attribute_name(name).map_or_else(|| name.trim().to_owned(), str::to_owned);
        (known, units::normalise(name, value, None))
    };
    if let Ok(object) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text) {
        let text_of = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return apart(object.iter().map(|(name, value)| (name.clone(), normal(name, &text_of(value)))));
    }
    let parts = text.split([';', '|', '；', '\n']);
    let pairs = parts.filter_map(|part| part.split_once([':', '：', '=']));
    apart(
        pairs
            .filter(|(name, value)| !name.trim().is_empty() && !value.trim().is_empty())
            .map(|(n, v)| (n.to_owned(), normal(n, v))),
    )
}

/// Of two names of one attribute with different values the second keeps the name it came with: what contradicts itself is for whoever
/// reads it to see (`memory` 8 GB, `ram` 16 GB).
fn apart(pairs: impl Iterator<Item = (String, (String, String))>) -> Vec<(String, String)> {
    let mut made: Vec<(String, String)> = Vec::new();
    for (written, (name, value)) in pairs {
        let is_other = made.iter().any(|(known, held)| *known == name && *held != value);
        made.push((if is_other { written.trim().to_owned() } else { name }, value));
    }
    made
}

fn put_member(text: &mut String, name: &str, value: &str, is_number: bool) {
    if numbers::is_nothing(value) {
        return;
    }
    text.push(if text.is_empty() { '{' } else { ',' });
    put_json_string(text, name);
    text.push(':');
    if is_number && is_json_number(value) {
        text.push_str(value);
    } else {
        put_json_string(text, value);
    }
}

/// The members of a JSON object as they are, such as what was kept when these rows were imported before; whether it is one.
fn put_members(text: &mut String, object: &str) -> bool {
    let Ok(members) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(object) else {
        return false;
    };
    for (name, value) in members {
        text.push(if text.is_empty() { '{' } else { ',' });
        put_json_string(text, &name);
        text.push(':');
        text.push_str(&value.to_string());
    }
    true
}

fn put_json_string(text: &mut String, value: &str) {
    text.push_str(&serde_json::Value::from(value).to_string());
}

/// Whether the text is a number that JSON writes the same way: `0101` and `1e5` are not.
pub fn is_json_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    digits.len() <= 15 && all_digits(whole) && all_digits(fraction) && (whole == "0" || !whole.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::util::pretty::pretty_format_batches;

    const NOW_MS: i64 = 1_700_000_000_000;

    fn recipe(table: &str, header: &[&str]) -> Recipe {
        let table = TableSpec::named(table).unwrap();
        let header: Vec<String> = header.iter().map(|name| name.to_string()).collect();
        let columns = table.columns.iter().map(|column| {
            header.contains(&column.name.to_owned()).then(|| {
                let mut expression = Expression::column(column.name);
                assert!(expression.bind(&header, "USD").is_empty());
                expression
            })
        });
        Recipe {
            table,
            columns: columns.collect(),
            specs: Vec::new(),
            extra: Vec::new(),
            kept: Vec::new(),
            only_with: Vec::new(),
            orders: vec![None; table.columns.len()],
            zone: TimeZone::UTC,
            now_ms: NOW_MS,
        }
    }

    #[test]
    fn a_sheet_that_contradicts_itself_keeps_both_values() {
        let known = |text: &str| spec_pairs(text).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let both = ["memory=8 GB", "ram=16 GB"].map(str::to_owned).to_vec();
        for text in ["{\"memory\": \"8 GB\", \"ram\": \"16 GB\"}", "memory: 8 GB; ram: 16 GB"] {
            let found: Vec<String> = known(text);
            assert_eq!(found, both, "{text}");
        }
        let same: Vec<String> = known("memory: 8 GB; ram: 8 GB");
        assert!(same.iter().all(|one| one == "memory=8 GB"), "{same:?}");
    }

    fn reason(table: &str, header: &[&str], fields: &[&str]) -> String {
        let recipe = recipe(table, header);
        let mut builder = RowBuilder::new(&recipe, 1);
        let fields: Vec<Cow<str>> = fields.iter().map(|field| Cow::Borrowed(*field)).collect();
        match builder.push(Row { fields: &fields, more: &[] }) {
            Outcome::Refused(reason) => {
                assert_eq!(builder.finish().num_rows(), 0);
                reason
            }
            other => {
                assert_eq!(builder.finish().num_rows(), 1);
                format!("{other:?}")
            }
        }
    }

    #[test]
    fn bad_values_are_refused_with_reasons() {
        let events = ["at", "customer_id", "product_id", "kind", "value", "quantity"];
        let (longest, too_long) = ("岁".repeat(200), "岁".repeat(201));
        for (fields, said) in [
            (["2023-01-01", "7.0", "p", "view", "", ""], "Kept"),
            (["2023-01-01", &longest, "p", "view", "", ""], "Kept"),
            (["2023-01-01", &too_long, "p", "view", "", ""], "an identifier of 1 to 200 characters on one line"),
            (["2023-01-01", "c1\nc2", "p", "view", "", ""], "an identifier of 1 to 200 characters on one line"),
            (["2023-01-01", "c", "p\u{1b}[31m", "view", "", ""], "an identifier of 1 to 200"),
            (["2023-01-01", "7", "p", "rate", "4.5", "2"], "Kept"),
            (["2023-01-01", "7", "p", "rate", "NaN", ""], "value is 'NaN'; a finite number"),
            (["2023-01-01", "7", "p", "rate", "inf", ""], "value is 'inf'; a finite number"),
            (["2023-01-01", "7", "p", "rate", "6", ""], "from 0 to 5"),
            (["2023-01-01", "7", "p", "like", "", ""], "one of view, search"),
            (["2023-01-01", "7", "p", "cart", "", "-1"], "quantity is '-1'; allowed are values from 0"),
            (["2023-01-01", "", "p", "view", "", ""], "customer_id is empty; it is required"),
            (["2033-01-01", "7", "p", "view", "", ""], "in the future"),
            (["1823-01-01", "7", "p", "view", "", ""], "from 1900"),
            (["1/2/2023", "7", "p", "view", "", ""], "a date such as"),
            (["soon", "7", "p", "view", "", ""], "at is 'soon'; a date such as"),
        ] {
            let found = reason("events", &events, &fields);
            assert!(found.contains(said), "{fields:?}: {found}");
        }
        let orders = ["order_id", "ordered_at", "customer_id", "product_id", "quantity", "unit_price_cents"];
        assert_eq!(reason("orders", &orders, &["1", "2023-01-01", "c", "p", "-2", "$3.50"]), "Kept");
        assert!(reason("orders", &orders, &["1", "2023-01-01", "c", "p", "2", "free"]).contains("an amount"));
    }

    #[test]
    fn specs_and_extra_are_written() {
        let mut recipe = recipe("products", &["product_id", "name", "specs", "colour", "sku0", "before"]);
        recipe.kept = vec![(3, "colour".into(), false), (4, "sku0".into(), true), (5, "extra".into(), false)];
        let mut builder = RowBuilder::new(&recipe, 1);
        let kept_before = r#"{"a":1,"b":"two"}"#;
        let fields = ["1.0", "Phone", "内存: 8GB; 重量: 199g", "say \"red\"", "0101", kept_before].map(Cow::Borrowed);
        assert_eq!(builder.push(Row { fields: &fields, more: &[] }), Outcome::Kept);
        let text = pretty_format_batches(&[builder.finish()]).unwrap().to_string();
        for said in
            ["memory: 8 GB", "weight: 199 g", r#"{"colour":"say \"red\"","sku0":"0101","a":1,"b":"two"}"#, "| 1 "]
        {
            assert!(text.contains(said), "{said} in {text}");
        }
    }
}
