//! How a source's columns become a table's: expressions, read from TOML (`--map FILE`, and every preset is such a
//! file). Not here: parsing of values (see `cells`), guessing from headings (see `headings`).
//!
//! ```toml
//! [[step]]
//! table = "orders"
//! files = ["sales*.csv"]                       # names or patterns; .gz and .zst are understood
//! zone = "Europe/London"                       # of times that name none; the shop's by default
//! dates = "d/m/y"                              # order of a/b/yyyy, when the file does not decide it
//! [step.columns]
//! order_id = "Order ID"                        # a column; "Order ID?" may be absent
//! channel = { constant = "online" }
//! customer_id = { concat = ["Name", "Postcode"], separator = "|", hash = true, prefix = "c" }
//! product_id = { first_of = ["SKU", "EAN"] }
//! quantity = { column = "Qty" }
//! unit_price_cents = { column = "SKU", lookup = { file = "products.csv", key = ["SKU"], value = "Price" } }
//! store = { column = "Store", values = { "1" = "Berlin" }, otherwise = "elsewhere" }
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use domain::TableSpec;
use regex::Regex;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::Value;

use super::dates::{self, DateOrder, Written};
use super::decimal::Decimal;
use super::error::ImportError;
use super::numbers;

/// A parsed mapping file: one or more steps, each of which fills one table from some files.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub steps: Vec<Step>,
    /// The currency of the source's money, if it says.
    pub currency: Option<String>,
    /// Other currencies the source has rates for.
    pub currencies: Vec<String>,
}

/// One table from some files.
#[derive(Clone, Debug, Default)]
pub struct Step {
    pub table: Option<&'static TableSpec>,
    pub files: Vec<String>,
    /// Names of the columns of a file without a header row.
    pub header: Option<Vec<String>>,
    /// Columns by which a file is recognised; a file without them is not this step's.
    pub requires: Vec<String>,
    /// Rows in which one of these is empty, or does not match, are passed over.
    pub only_with: Vec<OnlyWith>,
    pub columns: Vec<(String, Expression)>,
    pub specs: Vec<(String, Expression)>,
    pub extra: Vec<(String, Expression)>,
    /// Columns that are not worth keeping in `extra`.
    pub drop: Vec<String>,
    pub keep_extra: bool,
    /// Rows of this table repeat in the source (products in order lines): one row per key, the last one.
    pub distinct: bool,
    pub encoding: Option<String>,
    pub delimiter: Option<String>,
    pub dates: Option<DateOrder>,
    pub zone: Option<String>,
}

/// A column that a row must have for a table.
#[derive(Clone)]
pub struct OnlyWith {
    pub column: String,
    pub pattern: Option<Regex>,
}

/// As a file is recognised by: a column alone shows as its name.
impl fmt::Debug for OnlyWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pattern {
            None => self.column.fmt(f),
            Some(pattern) => (&self.column, pattern).fmt(f),
        }
    }
}

impl OnlyWith {
    fn parse(value: &Value) -> Result<Self, String> {
        let Value::Table(table) = value else {
            let column = value.as_str().ok_or_else(|| format!("only_with has {value}; a column's name is needed"))?;
            return Ok(OnlyWith { column: column.to_owned(), pattern: None });
        };
        if let Some(key) = table.keys().find(|key| !["column", "matching"].contains(&key.as_str())) {
            return Err(format!("only_with has the unknown key '{key}'; allowed: column, matching"));
        }
        let column = text_of(table, "column")?.ok_or("only_with needs column")?;
        let pattern = text_of(table, "matching")?.map(|text| Regex::new(&text)).transpose();
        Ok(OnlyWith { column, pattern: pattern.map_err(|error| format!("only_with: {error}"))? })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingText {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    sentence: Option<String>,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    currencies: Vec<String>,
    #[serde(default)]
    step: Vec<StepText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepText {
    table: Option<String>,
    #[serde(default)]
    files: Vec<String>,
    header: Option<Vec<String>>,
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default)]
    only_with: Vec<Value>,
    #[serde(default)]
    columns: toml::Table,
    #[serde(default)]
    specs: toml::Table,
    #[serde(default)]
    extra: toml::Table,
    #[serde(default)]
    drop: Vec<String>,
    keep_extra: Option<bool>,
    #[serde(default)]
    distinct: bool,
    encoding: Option<String>,
    delimiter: Option<String>,
    dates: Option<String>,
    zone: Option<String>,
}

impl Mapping {
    /// Reads a mapping; `origin` names it in errors. A file without `[[step]]` is one step.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ImportError> {
        let wrong = |found: String| ImportError::Mapping {
            origin: origin.to_owned(),
            found,
            help: "the guide 'Importing' shows every key a mapping may have".to_owned(),
        };
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        let one_step = !table.contains_key("step") && table.contains_key("columns");
        let table = if one_step {
            toml::Table::from_iter([("step".to_owned(), Value::Array(vec![Value::Table(table)]))])
        } else {
            table
        };
        let parsed: MappingText = table.try_into().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        let _ = (parsed.name, parsed.sentence);
        if parsed.step.is_empty() {
            return Err(wrong("it has no [[step]] and no [columns]".to_owned()));
        }
        let steps = parsed.step.into_iter().map(|step| Step::from_text(step, &wrong)).collect::<Result<_, _>>()?;
        Ok(Self { steps, currency: parsed.currency, currencies: parsed.currencies })
    }
}

impl Step {
    fn from_text(text: StepText, wrong: &dyn Fn(String) -> ImportError) -> Result<Self, ImportError> {
        let table = text.table.as_deref().map(table_named).transpose()?;
        let dates = match text.dates.as_deref() {
            None => None,
            Some(name) => Some(DateOrder::from_name(name).ok_or_else(|| {
                wrong(format!("dates = \"{name}\"; allowed: d/m/y, m/d/y (other forms need no option)"))
            })?),
        };
        if text.header.as_ref().is_some_and(Vec::is_empty) {
            return Err(wrong("header = []; the names of all columns are needed, in their order".to_owned()));
        }
        if let Some(table) = table {
            check_columns(table, &text.columns, wrong)?;
        }
        let list = |table: toml::Table| -> Result<Vec<(String, Expression)>, ImportError> {
            table
                .into_iter()
                .map(|(name, value)| {
                    Expression::parse(&value).map(|e| (name.clone(), e)).map_err(|m| wrong(format!("{name}: {m}")))
                })
                .collect()
        };
        Ok(Self {
            table,
            files: text.files,
            header: text.header,
            requires: text.requires,
            only_with: text.only_with.iter().map(OnlyWith::parse).collect::<Result<_, _>>().map_err(wrong)?,
            columns: list(text.columns)?,
            specs: list(text.specs)?,
            extra: list(text.extra)?,
            drop: text.drop,
            keep_extra: text.keep_extra.unwrap_or(!text.distinct),
            distinct: text.distinct,
            encoding: text.encoding,
            delimiter: text.delimiter,
            dates,
            zone: text.zone,
        })
    }
}

/// The table a user names.
pub fn table_named(name: &str) -> Result<&'static TableSpec, ImportError> {
    TableSpec::sources().find(|table| table.name == name).ok_or_else(|| ImportError::Unknown {
        what: "table",
        found: name.to_owned(),
        allowed: TableSpec::sources().map(|table| table.name).collect::<Vec<_>>().join(", "),
    })
}

fn check_columns(
    table: &'static TableSpec,
    columns: &toml::Table,
    wrong: &dyn Fn(String) -> ImportError,
) -> Result<(), ImportError> {
    for name in columns.keys() {
        if table.column(name).is_none() {
            let allowed: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
            return Err(wrong(format!("table {} has no column '{name}'; it has: {}", table.name, allowed.join(", "))));
        }
    }
    Ok(())
}

/// Text computed from a row. Empty text is "nothing".
#[derive(Clone, Debug)]
pub enum Expression {
    /// `index` is known once bound to a header; `None` is an absent optional column.
    Column {
        name: String,
        optional: bool,
        index: Option<usize>,
    },
    Constant(String),
    /// The shop's currency if the source has rates for it, else the source's own.
    Currency,
    Concat {
        parts: Vec<Expression>,
        separator: String,
    },
    FirstOf(Vec<Expression>),
    Extract {
        of: Box<Expression>,
        pattern: Regex,
    },
    Replace {
        of: Box<Expression>,
        pairs: Vec<(String, String)>,
    },
    Values {
        of: Box<Expression>,
        map: BTreeMap<String, String>,
        otherwise: Option<String>,
    },
    Lookup {
        of: Box<Expression>,
        lookup: Lookup,
    },
    Scale {
        of: Box<Expression>,
        by: Box<Expression>,
        divide: bool,
    },
    Unit {
        of: Box<Expression>,
        unit: String,
    },
    Year(Box<Expression>),
    /// The parts of a JSON list, joined.
    Join {
        of: Box<Expression>,
        separator: String,
    },
    Hash {
        of: Box<Expression>,
        prefix: String,
    },
    /// Letters and digits alone, small and of plain width: `怎么 退货？` is `怎么退货`.
    Plain(Box<Expression>),
}

/// Values of another file by its key columns.
#[derive(Clone)]
pub struct Lookup {
    pub file: String,
    pub key: Vec<String>,
    pub value: Box<Expression>,
    /// A column of dates: of several rows with one key the latest counts, else the last of the file.
    pub latest: Option<String>,
    /// Filled when bound; keys of several columns are joined by `|`.
    pub rows: Arc<FxHashMap<String, String>>,
}

/// A row's fields by column index, with what a JSON object had beyond the known columns.
#[derive(Clone, Copy)]
pub struct Row<'r> {
    pub fields: &'r [Cow<'r, str>],
    pub more: &'r [(String, String)],
}

impl<'r> Row<'r> {
    pub fn field(&self, index: usize) -> &'r str {
        self.fields.get(index).map_or("", |field| field.trim())
    }
}

const KEYS: &[&str] = &[
    "column",
    "constant",
    "shop",
    "concat",
    "separator",
    "first_of",
    "extract",
    "replace",
    "values",
    "otherwise",
    "lookup",
    "multiply",
    "divide",
    "unit",
    "year",
    "join",
    "hash",
    "prefix",
];

impl Expression {
    /// A column that must be there.
    pub fn column(name: &str) -> Self {
        match name.strip_suffix('?') {
            Some(name) => Expression::Column { name: name.to_owned(), optional: true, index: None },
            None => Expression::Column { name: name.to_owned(), optional: false, index: None },
        }
    }

    fn parse(value: &Value) -> Result<Self, String> {
        let table = match value {
            Value::String(name) => return Ok(Self::column(name)),
            Value::Table(table) => table,
            other => {
                return Err(format!("{other} is neither a column's name nor a table such as {{ column = \"x\" }}"));
            }
        };
        if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!("unknown key '{key}'; allowed: {}", KEYS.join(", ")));
        }
        let mut result = Self::parse_origin(table)?;
        if let Some(separator) = text_of(table, "join")? {
            result = Expression::Join { of: Box::new(result), separator };
        }
        if let Some(pattern) = text_of(table, "extract")? {
            let pattern = Regex::new(&pattern).map_err(|error| format!("extract: {error}"))?;
            result = Expression::Extract { of: Box::new(result), pattern };
        }
        if let Some(pairs) = pairs_of(table, "replace")? {
            result = Expression::Replace { of: Box::new(result), pairs };
        }
        if let Some(pairs) = pairs_of(table, "values")? {
            let otherwise = text_of(table, "otherwise")?;
            result = Expression::Values { of: Box::new(result), map: pairs.into_iter().collect(), otherwise };
        }
        if let Some(lookup) = table.get("lookup") {
            result = Expression::Lookup { of: Box::new(result), lookup: Lookup::parse(lookup)? };
        }
        for (key, divide) in [("multiply", false), ("divide", true)] {
            if let Some(by) = table.get(key) {
                let by = match by {
                    Value::Integer(_) | Value::Float(_) => Expression::Constant(by.to_string()),
                    other => Self::parse(other)?,
                };
                result = Expression::Scale { of: Box::new(result), by: Box::new(by), divide };
            }
        }
        if let Some(unit) = text_of(table, "unit")? {
            result = Expression::Unit { of: Box::new(result), unit };
        }
        if table.get("year").and_then(Value::as_bool) == Some(true) {
            result = Expression::Year(Box::new(result));
        }
        if table.get("hash").and_then(Value::as_bool) == Some(true) {
            let prefix = text_of(table, "prefix")?.unwrap_or_default();
            result = Expression::Hash { of: Box::new(result), prefix };
        }
        Ok(result)
    }

    fn parse_origin(table: &toml::Table) -> Result<Self, String> {
        let list = |key: &str| -> Result<Option<Vec<Expression>>, String> {
            match table.get(key) {
                None => Ok(None),
                Some(Value::Array(parts)) => parts.iter().map(Self::parse).collect::<Result<_, _>>().map(Some),
                Some(other) => Err(format!("{key} is {other}; a list of columns or expressions is needed")),
            }
        };
        if let Some(name) = text_of(table, "column")? {
            return Ok(Self::column(&name));
        }
        if let Some(text) = text_of(table, "constant")? {
            return Ok(Expression::Constant(text));
        }
        if let Some(parts) = list("concat")? {
            let separator = text_of(table, "separator")?.unwrap_or_else(|| " ".to_owned());
            return Ok(Expression::Concat { parts, separator });
        }
        if let Some(parts) = list("first_of")? {
            return Ok(Expression::FirstOf(parts));
        }
        match text_of(table, "shop")?.as_deref() {
            Some("currency") => Ok(Expression::Currency),
            Some(other) => Err(format!("shop = \"{other}\"; allowed: currency")),
            None => Err("it needs one of column, constant, concat, first_of, shop".to_owned()),
        }
    }

    /// Calls `visit` on this expression and all inside it; `Lookup::value` speaks of another file and is left out.
    pub fn walk(&mut self, visit: &mut dyn FnMut(&mut Expression)) {
        match self {
            Expression::Concat { parts, .. } | Expression::FirstOf(parts) => {
                parts.iter_mut().for_each(|part| part.walk(visit));
            }
            Expression::Extract { of, .. }
            | Expression::Replace { of, .. }
            | Expression::Values { of, .. }
            | Expression::Lookup { of, .. }
            | Expression::Unit { of, .. }
            | Expression::Year(of)
            | Expression::Plain(of)
            | Expression::Join { of, .. }
            | Expression::Hash { of, .. } => of.walk(visit),
            Expression::Scale { of, by, .. } => {
                of.walk(visit);
                by.walk(visit);
            }
            Expression::Column { .. } | Expression::Constant(_) | Expression::Currency => {}
        }
        visit(self);
    }

    /// Finds the columns in `header`; returns the names that are missing.
    pub fn bind(&mut self, header: &[String], currency: &str) -> Vec<String> {
        let mut missing = Vec::new();
        self.walk(&mut |expression| match expression {
            Expression::Column { name, optional, index } => {
                *index = position(header, name);
                if index.is_none() && !*optional {
                    missing.push(name.clone());
                }
            }
            Expression::Currency => *expression = Expression::Constant(currency.to_owned()),
            _ => {}
        });
        missing
    }

    /// Indexes of the columns read.
    pub fn columns_read(&mut self) -> Vec<usize> {
        let mut read = Vec::new();
        self.walk(&mut |expression| {
            if let Expression::Column { index: Some(index), .. } = expression {
                read.push(*index);
            }
        });
        read
    }

    /// For people: `Order ID`, `"online"`, `Name + Postcode` …
    pub fn describe(&self) -> String {
        let all =
            |parts: &[Expression], sign: &str| parts.iter().map(Expression::describe).collect::<Vec<_>>().join(sign);
        match self {
            Expression::Column { name, .. } => name.clone(),
            Expression::Constant(text) => format!("\"{text}\""),
            Expression::Currency => "the shop's currency".to_owned(),
            Expression::Concat { parts, .. } => all(parts, " + "),
            Expression::FirstOf(parts) => all(parts, " or "),
            Expression::Lookup { of, lookup } => {
                format!("{} by {} in {}", lookup.value.describe(), of.describe(), lookup.file)
            }
            Expression::Scale { of, by, divide } => {
                format!("{} {} {}", of.describe(), if *divide { "÷" } else { "×" }, by.describe())
            }
            Expression::Unit { of, unit } => format!("{} in {unit}", of.describe()),
            Expression::Year(of) => format!("year of {}", of.describe()),
            Expression::Hash { of, .. } => format!("hash of {}", of.describe()),
            Expression::Extract { of, .. } => format!("part of {}", of.describe()),
            Expression::Replace { of, .. }
            | Expression::Values { of, .. }
            | Expression::Join { of, .. }
            | Expression::Plain(of) => of.describe(),
        }
    }

    /// Whether it scales an amount that the row has by a number that it has not, such as the rate of a currency.
    pub fn lacks_factor(&self, row: Row<'_>) -> bool {
        matches!(self, Expression::Scale { of, .. } if !of.eval(row).is_empty()) && self.eval(row).is_empty()
    }

    /// The text for a row.
    pub fn eval<'r>(&'r self, row: Row<'r>) -> Cow<'r, str> {
        match self {
            Expression::Column { index: Some(index), .. } => {
                let text = row.field(*index);
                Cow::Borrowed(if numbers::is_nothing(text) { "" } else { text })
            }
            Expression::Column { index: None, .. } => Cow::Borrowed(""),
            Expression::Constant(text) => Cow::Borrowed(text),
            Expression::Currency => unreachable!("bind replaces it"),
            Expression::Concat { parts, separator } => Cow::Owned(concat(parts, separator, row)),
            Expression::FirstOf(parts) => {
                parts.iter().map(|part| part.eval(row)).find(|text| !text.is_empty()).unwrap_or_default()
            }
            Expression::Extract { of, pattern } => extract(of.eval(row), pattern),
            Expression::Replace { of, pairs } => {
                let replaced = pairs.iter().fold(of.eval(row), |text, (from, to)| Cow::Owned(text.replace(from, to)));
                Cow::Owned(replaced.trim().to_owned())
            }
            Expression::Values { of, map, otherwise } => {
                let text = of.eval(row);
                match (map.get(numbers::identifier(&text).as_ref()), otherwise) {
                    (Some(value), _) => Cow::Borrowed(value),
                    (None, Some(value)) if !text.is_empty() => Cow::Borrowed(value),
                    _ => text,
                }
            }
            Expression::Lookup { of, lookup } => {
                let key = of.eval(row);
                let found =
                    lookup.rows.get(numbers::identifier(&key).as_ref()).or_else(|| lookup.rows.get(key.as_ref()));
                Cow::Borrowed(found.map_or("", String::as_str))
            }
            Expression::Scale { of, by, divide } => Cow::Owned(scale(&of.eval(row), &by.eval(row), *divide)),
            Expression::Unit { of, unit } => with_unit(of.eval(row), unit),
            Expression::Year(of) => Cow::Owned(year(&of.eval(row))),
            Expression::Join { of, separator } => join(of.eval(row), separator),
            Expression::Hash { of, prefix } => Cow::Owned(hash(&of.eval(row), prefix)),
            Expression::Plain(of) => Cow::Owned(plain(&of.eval(row))),
        }
    }
}

/// A file is recognised by its mapping's words here too, so an addition that is not used must not show.
impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Lookup");
        shown.field("file", &self.file).field("key", &self.key).field("value", &self.value).field("rows", &self.rows);
        if let Some(latest) = &self.latest {
            shown.field("latest", latest);
        }
        shown.finish()
    }
}

impl Lookup {
    fn parse(value: &Value) -> Result<Self, String> {
        let table = value.as_table().ok_or("lookup needs { file, key, value }")?;
        let file = text_of(table, "file")?.ok_or("lookup needs file")?;
        let key = match table.get("key") {
            Some(Value::String(name)) => vec![name.clone()],
            Some(Value::Array(names)) => names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
            _ => return Err("lookup needs key: a column's name, or a list of them".to_owned()),
        };
        let value = Box::new(Expression::parse(table.get("value").ok_or("lookup needs value")?)?);
        Ok(Self { file, key, value, latest: text_of(table, "latest")?, rows: Arc::default() })
    }
}

/// A heading's index: as written, else without regard to case and outer spaces.
pub fn position(header: &[String], name: &str) -> Option<usize> {
    let same = |heading: &String| heading.trim().eq_ignore_ascii_case(name.trim());
    header.iter().position(|heading| heading == name).or_else(|| header.iter().position(same))
}

fn text_of(table: &toml::Table, key: &str) -> Result<Option<String>, String> {
    match table.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Integer(number)) => Ok(Some(number.to_string())),
        Some(other) => Err(format!("{key} is {other}; text is needed")),
    }
}

fn pairs_of(table: &toml::Table, key: &str) -> Result<Option<Vec<(String, String)>>, String> {
    match table.get(key) {
        None => Ok(None),
        Some(Value::Table(pairs)) => {
            let pair = |name: &String| Ok((name.clone(), text_of(pairs, name)?.unwrap_or_default()));
            pairs.keys().map(pair).collect::<Result<_, _>>().map(Some)
        }
        Some(other) => Err(format!("{key} is {other}; pairs such as {{ \"1\" = \"view\" }} are needed")),
    }
}

fn concat(parts: &[Expression], separator: &str, row: Row<'_>) -> String {
    let mut joined = String::new();
    for part in parts {
        let text = part.eval(row);
        if !text.is_empty() {
            if !joined.is_empty() {
                joined.push_str(separator);
            }
            joined.push_str(&text);
        }
    }
    joined
}

fn extract<'r>(text: Cow<'r, str>, pattern: &Regex) -> Cow<'r, str> {
    let found = pattern.captures(&text).and_then(|found| found.get(1).or_else(|| found.get(0)));
    Cow::Owned(found.map_or("", |part| part.as_str()).trim().to_owned())
}

/// An amount times or divided by a number, in decimal text that is rounded where it is stored and nowhere before.
fn scale(text: &str, by: &str, divide: bool) -> String {
    let (Some(amount), Some(by)) = (Decimal::of(text), Decimal::of(by)) else { return String::new() };
    let scaled = if divide { amount.by(by) } else { Some(amount.times(by)) };
    scaled.map(|scaled| scaled.to_string()).unwrap_or_default()
}

fn with_unit<'r>(text: Cow<'r, str>, unit: &str) -> Cow<'r, str> {
    if numbers::float(&text).is_some() { Cow::Owned(format!("{text} {unit}")) } else { text }
}

fn year(text: &str) -> String {
    if text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.to_owned();
    }
    let read = |order| dates::parse(text, Some(order));
    match read(DateOrder::MonthFirst).or_else(|| read(DateOrder::DayFirst)) {
        Some(Written::Local(ms) | Written::Utc(ms)) => {
            let day = domain::Day(i32::try_from(ms.div_euclid(86_400_000)).unwrap_or(0));
            day.to_date().map(|date| date.year().to_string()).unwrap_or_default()
        }
        None => String::new(),
    }
}

fn join<'r>(text: Cow<'r, str>, separator: &str) -> Cow<'r, str> {
    match serde_json::from_str::<Vec<serde_json::Value>>(&text) {
        Ok(parts) => {
            let parts: Vec<String> =
                parts.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
            Cow::Owned(parts.join(separator))
        }
        Err(_) => text,
    }
}

fn plain(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        c => c,
    };
    text.chars().map(narrow).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The version of a document's text: 64 bits of SHA-256, 16 hexadecimal digits. What a row of `knowledge` has whose source
/// gives none.
pub fn version_of(text: &str) -> String {
    hash(text, "")
}

/// A short stable identifier of a text: 64 bits of SHA-256, 16 hexadecimal digits.
fn hash(text: &str, prefix: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let digest = Sha256::digest(text.as_bytes());
    let mut out = prefix.to_owned();
    for byte in &digest[..8] {
        out.push_str(&format!("{byte:02x}"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_compute() {
        let header: Vec<String> = ["id", "price", "type", "born", "tags"].map(str::to_owned).to_vec();
        let fields: Vec<Cow<str>> =
            ["7.0", "$1,234.50 ", "2", "9/27/1979", "[\"a\",\"b\"]"].map(Cow::Borrowed).to_vec();
        for (toml, expected) in [
            ("\"id\"", "7.0"),
            ("\"none?\"", ""),
            ("{ constant = \"x\" }", "x"),
            ("{ concat = [\"id\", \"none?\", \"type\"], separator = \"-\" }", "7.0-2"),
            ("{ first_of = [\"none?\", \"type\"] }", "2"),
            ("{ column = \"type\", values = { \"2\" = \"cart\" } }", "cart"),
            ("{ column = \"id\", values = { \"7\" = \"seven\" } }", "seven"),
            ("{ column = \"type\", values = { \"1\" = \"view\" }, otherwise = \"ask\" }", "ask"),
            ("{ column = \"price\", multiply = 2 }", "2469"),
            ("{ column = \"price\", extract = \"([0-9]+)\\\\.\" }", "234"),
            ("{ column = \"born\", year = true }", "1979"),
            ("{ column = \"type\", unit = \"kg\" }", "2 kg"),
            ("{ column = \"tags\", join = \"/\" }", "a/b"),
            ("{ shop = \"currency\" }", "EUR"),
        ] {
            let table: toml::Table = format!("e = {toml}").parse().unwrap();
            let mut expression = Expression::parse(&table["e"]).unwrap();
            assert!(expression.bind(&header, "EUR").is_empty(), "{toml}");
            assert_eq!(expression.eval(Row { fields: &fields, more: &[] }), expected, "{toml}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (text, said) in [
            ("[[step]]\ntable = \"order\"", "order"),
            ("[[step]]\ntable = \"orders\"\n[step.columns]\nsku = \"a\"", "no column 'sku'; it has: order_id"),
            ("[[step]]\ntable = \"orders\"\n[step.columns]\nstore = { colum = \"a\" }", "unknown key 'colum'"),
            ("[[step]]\ntable = \"orders\"\n[step.columns]\nstore = 3", "neither a column's name"),
            ("[[step]]\ntable = \"orders\"\nonly_with = [{ column = \"a\", match = \"b\" }]", "unknown key 'match'"),
            ("[[step]]\ntable = \"orders\"\nonly_with = [{ column = \"a\", matching = \"(\" }]", "unclosed group"),
            ("name = \"x\"", "no [[step]]"),
            ("dates = ", "mapping m.toml"),
        ] {
            let error = Mapping::parse(text, "m.toml").unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn nothing_is_imported_into_what_training_makes() {
        let refused = table_named("segments").unwrap_err().to_string();
        assert!(refused.contains("products") && !refused.contains("audience_members"), "{refused}");
    }
}
