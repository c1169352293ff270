//! Who belongs to an audience, said as a tree of conditions: read from JSON, checked, written back as JSON. What the
//! conditions mean in SQL is the business of `sql`.

use serde_json::{Map, Value, json};

use crate::error::{Result, ServiceError, clipped};

const DEPTH_MAX: usize = 8;
const NODES_MAX: usize = 100;
const VALUES_MAX: usize = 1000;
const TEXT_CHARS_MAX: usize = 200;
const DAYS_MAX: u64 = 36_500;

/// A condition on one customer.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Field {
        field: &'static Field,
        operator: Operator,
        values: Vec<Scalar>,
    },
    Did(Behaviour),
    /// Member of another audience.
    Audience {
        id: String,
        /// And at least so much alike, if that audience is a look-alike.
        score_min: Option<f64>,
    },
    /// Would be recommended something.
    Recommended(Recommended),
    /// Is drawn to a brand or a category.
    Taste(Taste),
}

/// What a customer is drawn to, and how much at least.
#[derive(Clone, Debug, PartialEq)]
pub struct Taste {
    /// `brand` or `category`.
    pub kind: &'static str,
    pub name: String,
    pub at_least: f64,
}

/// Affinities below this say nothing and are not kept.
pub const AFFINITY_MIN: f64 = 0.2;
/// What is asked for if nothing is said.
const AFFINITY_USUAL: f64 = 0.5;

/// What stands in the list that a customer would be given.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommended {
    pub category: Option<String>,
    pub brand: Option<String>,
    pub product: Option<String>,
    /// Among so many first places.
    pub within_first: u64,
}

/// Places kept of everybody's list.
pub const PLACES_KEPT: usize = 10;

/// A value to compare with.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Number(f64),
    Text(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
    In,
    NotIn,
    Between,
    Contains,
    Missing,
    There,
}

pub const OPERATORS: &[(&str, Operator)] = &[
    ("=", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<", Operator::Less),
    ("<=", Operator::AtMost),
    (">", Operator::More),
    (">=", Operator::AtLeast),
    ("in", Operator::In),
    ("not in", Operator::NotIn),
    ("between", Operator::Between),
    ("contains", Operator::Contains),
    ("is missing", Operator::Missing),
    ("is there", Operator::There),
];

/// What a field of a customer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    Number,
    /// Integer cents.
    Money,
    /// `YYYY-MM-DD`.
    Day,
    /// One of values that the shop's data have.
    Choice,
    Text,
    /// A list of texts; `=` and `in` ask whether one of them is there.
    List,
}

/// Something known of a customer.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    pub kind: FieldKind,
    pub unit: &'static str,
    /// Over the tables `customers` (c), their spending (o), `segments` (s), `lifetimes` (l), `upgrades` (u), `crowd` (w); `{year}`
    /// stands for the present one.
    pub sql: &'static str,
}

const fn field(
    name: &'static str,
    zh: &'static str,
    en: &'static str,
    kind: FieldKind,
    unit: &'static str,
    sql: &'static str,
) -> Field {
    Field { name, zh, en, kind, unit, sql }
}

use FieldKind::{Choice, Day, List, Money, Number, Text};

/// Every field, in the order in which people think of them.
pub static FIELDS: &[Field] = &[
    field("segment", "客户群", "group", Choice, "", "s.segment"),
    field("rfm", "RFM 分层", "RFM group", Choice, "", "s.rfm"),
    field("spent_cents", "累计消费", "spent in all", Money, "", "o.spent_cents"),
    field("n_orders", "订单数", "orders", Number, "orders", "o.n_orders"),
    field("mean_order_cents", "平均客单价", "spent per order", Money, "", "o.spent_cents / o.n_orders"),
    field("recency_days", "距上次购买", "since the last order", Number, "days", "o.recency_days"),
    field("first_order_days", "距首次购买", "since the first order", Number, "days", "o.first_order_days"),
    field("recency_score", "近度评分 R", "recency score", Number, "1-5", "s.recency_score"),
    field("frequency_score", "频次评分 F", "frequency score", Number, "1-5", "s.frequency_score"),
    field("monetary_score", "金额评分 M", "money score", Number, "1-5", "s.monetary_score"),
    field("region", "地区", "region", Choice, "", "c.region"),
    field("city", "城市", "city", Text, "", "c.city"),
    field("gender", "性别", "gender", Choice, "", "c.gender"),
    field("age", "年龄", "age", Number, "years", "{year} - c.birth_year"),
    field("joined_on", "注册日期", "joined", Day, "", "c.joined_on"),
    field("first_channel", "首次渠道", "first channel", Choice, "", "c.first_channel"),
    field("consent", "同意接收", "agreed to", List, "", "c.consent"),
    field("alive", "仍是顾客的概率", "chance of being a customer still", Number, "0 to 1", "l.alive"),
    field(
        "expected_purchases",
        "未来90天预期购买次数",
        "purchases expected within 90 days",
        Number,
        "purchases",
        "l.purchases",
    ),
    field("value_cents", "未来12个月价值", "worth over the next 12 months", Money, "", "l.value_cents"),
    field(
        "upgrade_due",
        "三个月内换新的概率",
        "chance of an upgrade within three months",
        Number,
        "0 to 1",
        "u.chance",
    ),
    field("upgrade_category", "待换新的品类", "category of the upgrade", Choice, "", "u.category"),
    field("owned_months", "待换新设备的使用月数", "age of what would be upgraded", Number, "months", "u.owned_months"),
    field("crowd_state", "人群状态", "crowd state", Choice, "", "w.state"),
    field("customer_id", "客户编号", "customer id", Text, "", "e.customer_id"),
];

impl Field {
    /// The operators that make sense for it.
    pub fn operators(&self) -> &'static [&'static str] {
        match self.kind {
            Number | Money | Day => &["=", "!=", "<", "<=", ">", ">=", "between", "is missing", "is there"],
            Choice => &["=", "!=", "in", "not in", "is missing", "is there"],
            Text => &["=", "!=", "in", "not in", "contains", "is missing", "is there"],
            List => &["=", "!=", "in", "not in", "is missing", "is there"],
        }
    }
}

/// Something a customer did.
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    pub kind: &'static BehaviourKind,
    pub category: Option<String>,
    pub brand: Option<String>,
    pub product: Option<String>,
    pub price_min_cents: Option<i64>,
    pub price_max_cents: Option<i64>,
    /// Counted back from the present of the shop's data.
    pub within_days: Option<u64>,
    pub at_least: u64,
    pub at_most: Option<u64>,
}

/// A kind of deed and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub struct BehaviourKind {
    pub name: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    /// Kind of event; orders if `None`.
    pub event: Option<&'static str>,
}

pub static BEHAVIOURS: &[BehaviourKind] = &[
    BehaviourKind { name: "bought", zh: "购买过", en: "bought", event: None },
    BehaviourKind { name: "viewed", zh: "浏览过", en: "viewed", event: Some("view") },
    BehaviourKind { name: "carted", zh: "加购过", en: "put into the cart", event: Some("cart") },
    BehaviourKind { name: "favourited", zh: "收藏过", en: "marked as favourite", event: Some("favourite") },
    BehaviourKind { name: "searched", zh: "搜索过", en: "searched", event: Some("search") },
    BehaviourKind { name: "asked", zh: "咨询过", en: "asked about", event: Some("ask") },
    BehaviourKind { name: "returned", zh: "退货过", en: "returned", event: Some("return") },
];

fn wrong(found: impl Into<String>) -> ServiceError {
    ServiceError::usage("conditions", found).help("GET /v1/audiences/fields lists fields, operators and behaviours")
}

impl Condition {
    /// Reads and checks a tree.
    ///
    /// # Errors
    /// What was found, and what is allowed, for anything unknown, too deep, too large or of the wrong type.
    pub fn parse(value: &Value) -> Result<Condition> {
        let mut n_nodes = 0;
        parse(value, 1, &mut n_nodes)
    }

    /// The ids of audiences it asks for.
    pub fn audiences(&self) -> Vec<&str> {
        match self {
            Condition::All(parts) | Condition::Any(parts) => parts.iter().flat_map(Condition::audiences).collect(),
            Condition::Not(part) => part.audiences(),
            Condition::Audience { id, .. } => vec![id],
            Condition::Field { .. } | Condition::Did(_) | Condition::Recommended(_) | Condition::Taste(_) => Vec::new(),
        }
    }

    /// The values of a field that it asks for.
    pub fn values_of(&self, name: &str) -> Vec<&str> {
        match self {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().flat_map(|part| part.values_of(name)).collect()
            }
            Condition::Not(part) => part.values_of(name),
            Condition::Field { field, values, .. } if field.name == name => {
                let texts = values.iter().filter_map(|value| match value {
                    Scalar::Text(text) => Some(text.as_str()),
                    Scalar::Number(_) => None,
                });
                texts.collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether it asks what job `strategy` works out: what customers are expected to do, and how near they are.
    pub fn asks_lifetimes(&self) -> bool {
        match self {
            Condition::All(parts) | Condition::Any(parts) => parts.iter().any(Condition::asks_lifetimes),
            Condition::Not(part) => part.asks_lifetimes(),
            Condition::Field { field, .. } => ["l.", "u.", "w."].iter().any(|table| field.sql.starts_with(table)),
            _ => false,
        }
    }

    /// Whether it asks what is worked out for everybody: what they would be recommended, or have a taste for.
    pub fn asks_recommendations(&self) -> bool {
        match self {
            Condition::All(parts) | Condition::Any(parts) => parts.iter().any(Condition::asks_recommendations),
            Condition::Not(part) => part.asks_recommendations(),
            Condition::Recommended(_) | Condition::Taste(_) => true,
            _ => false,
        }
    }

    /// Whether it asks what somebody would be recommended.
    pub fn asks_lists(&self) -> bool {
        match self {
            Condition::All(parts) | Condition::Any(parts) => parts.iter().any(Condition::asks_lists),
            Condition::Not(part) => part.asks_lists(),
            Condition::Recommended(_) => true,
            _ => false,
        }
    }

    /// The tastes that it asks for.
    pub fn tastes(&self) -> Vec<&Taste> {
        match self {
            Condition::All(parts) | Condition::Any(parts) => parts.iter().flat_map(Condition::tastes).collect(),
            Condition::Not(part) => part.tastes(),
            Condition::Taste(taste) => vec![taste],
            _ => Vec::new(),
        }
    }

    pub fn to_json(&self) -> Value {
        let all = |parts: &[Condition]| Value::Array(parts.iter().map(Condition::to_json).collect());
        match self {
            Condition::All(parts) => json!({"all": all(parts)}),
            Condition::Any(parts) => json!({"any": all(parts)}),
            Condition::Not(part) => json!({"not": part.to_json()}),
            Condition::Audience { id, score_min: None } => json!({"audience": id}),
            Condition::Audience { id, score_min } => json!({"audience": id, "score_min": score_min}),
            Condition::Recommended(wanted) => wanted.to_json(),
            Condition::Taste(taste) => json!({"taste": {taste.kind: taste.name}, "at_least": taste.at_least}),
            Condition::Did(behaviour) => behaviour.to_json(),
            Condition::Field { field, operator, values } => {
                let name = OPERATORS.iter().find(|(_, known)| known == operator).map_or("=", |(name, _)| name);
                let plain = |value: &Scalar| match value {
                    // Whole numbers as they were sent.
                    Scalar::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => json!(*number as i64),
                    Scalar::Number(number) => json!(number),
                    Scalar::Text(text) => json!(text),
                };
                let mut object = Map::from_iter([("field".into(), json!(field.name)), ("op".into(), json!(name))]);
                let is_list = matches!(operator, Operator::In | Operator::NotIn | Operator::Between);
                match values.as_slice() {
                    [] => {}
                    [value] if !is_list => drop(object.insert("value".into(), plain(value))),
                    values => drop(object.insert("value".into(), values.iter().map(plain).collect())),
                }
                Value::Object(object)
            }
        }
    }
}

fn parse(value: &Value, depth: usize, n_nodes: &mut usize) -> Result<Condition> {
    *n_nodes += 1;
    if depth > DEPTH_MAX || *n_nodes > NODES_MAX {
        return Err(wrong(format!("the conditions are too large; allowed: {NODES_MAX} in all, {DEPTH_MAX} deep")));
    }
    let Value::Object(object) = value else {
        return Err(wrong("a condition must be an object such as {\"all\": […]} or {\"field\": …, \"op\": …}"));
    };
    let only = |names: &[&str]| match object.keys().find(|key| !names.contains(&key.as_str())) {
        Some(key) => Err(wrong(format!("a condition has '{}'; allowed: {}", clipped(key), names.join(", ")))),
        None => Ok(()),
    };
    for name in ["all", "any"] {
        let Some(parts) = object.get(name) else { continue };
        only(&[name])?;
        let Value::Array(parts) = parts else { return Err(wrong(format!("'{name}' must be a list"))) };
        let parts = parts.iter().map(|part| parse(part, depth + 1, n_nodes)).collect::<Result<_>>()?;
        return Ok(if name == "all" { Condition::All(parts) } else { Condition::Any(parts) });
    }
    if let Some(part) = object.get("not") {
        only(&["not"])?;
        return Ok(Condition::Not(Box::new(parse(part, depth + 1, n_nodes)?)));
    }
    if let Some(id) = object.get("audience") {
        only(&["audience", "score_min"])?;
        let score_min = object.get("score_min").filter(|value| !value.is_null());
        let score_min = score_min.map(|value| match value.as_f64().filter(|number| number.is_finite()) {
            Some(number) => Ok(number),
            None => Err(wrong(format!("'score_min' is {}; allowed: a number", clipped(&value.to_string())))),
        });
        return Ok(Condition::Audience { id: text("audience", id)?, score_min: score_min.transpose()? });
    }
    if object.contains_key("recommended") {
        only(&["recommended", "within_first"])?;
        return parse_recommended(object).map(Condition::Recommended);
    }
    if object.contains_key("taste") {
        only(&["taste", "at_least"])?;
        return parse_taste(object).map(Condition::Taste);
    }
    if object.contains_key("did") {
        only(&["did", "what", "within_days", "at_least", "at_most"])?;
        return parse_behaviour(object).map(Condition::Did);
    }
    if object.contains_key("field") {
        only(&["field", "op", "value"])?;
        return parse_field(object);
    }
    Err(wrong("a condition needs one of: all, any, not, field, did, audience, recommended, taste"))
}

fn text(what: &str, value: &Value) -> Result<String> {
    let found = value.as_str().ok_or_else(|| wrong(format!("'{what}' must be text")))?;
    let n_chars = found.chars().count();
    if n_chars == 0 || n_chars > TEXT_CHARS_MAX || found.chars().any(char::is_control) {
        return Err(wrong(format!("'{what}' has {n_chars} characters; allowed: 1 to {TEXT_CHARS_MAX} on one line")));
    }
    Ok(found.to_owned())
}

fn whole(what: &str, value: Option<&Value>, high: u64) -> Result<Option<u64>> {
    match value.filter(|value| !value.is_null()) {
        None => Ok(None),
        Some(value) => match value.as_u64().filter(|found| *found <= high) {
            Some(found) => Ok(Some(found)),
            None => Err(wrong(format!(
                "'{what}' is {}; allowed: a whole number from 0 to {high}",
                clipped(&value.to_string())
            ))),
        },
    }
}

fn parse_field(object: &Map<String, Value>) -> Result<Condition> {
    let name = text("field", &object["field"])?;
    let field = FIELDS.iter().find(|field| field.name == name).ok_or_else(|| {
        let known: Vec<_> = FIELDS.iter().map(|field| field.name).collect();
        wrong(format!("there is no field '{}'; there are: {}", clipped(&name), known.join(", ")))
    })?;
    let named = text("op", object.get("op").unwrap_or(&Value::Null))?;
    let allowed = field.operators();
    let (_, operator) =
        *OPERATORS.iter().find(|(known, _)| *known == named && allowed.contains(known)).ok_or_else(|| {
            wrong(format!("'{}' cannot be asked of {}; allowed: {}", clipped(&named), field.name, allowed.join(", ")))
        })?;
    let given = object.get("value").unwrap_or(&Value::Null);
    let values = match (operator, given) {
        (Operator::Missing | Operator::There, Value::Null) => Vec::new(),
        (Operator::Missing | Operator::There, _) => return Err(wrong(format!("'{named}' takes no value"))),
        (Operator::In | Operator::NotIn, Value::Array(values)) if (1..=VALUES_MAX).contains(&values.len()) => {
            values.iter().map(|value| scalar(field, value)).collect::<Result<_>>()?
        }
        (Operator::In | Operator::NotIn, _) => {
            return Err(wrong(format!("'{named}' takes a list of 1 to {VALUES_MAX} values")));
        }
        (Operator::Between, Value::Array(values)) if values.len() == 2 => {
            values.iter().map(|value| scalar(field, value)).collect::<Result<_>>()?
        }
        (Operator::Between, _) => return Err(wrong("'between' takes a list of two values")),
        (_, value) => vec![scalar(field, value)?],
    };
    Ok(Condition::Field { field, operator, values })
}

fn scalar(field: &Field, value: &Value) -> Result<Scalar> {
    let name = field.name;
    match field.kind {
        Number | Money => match value.as_f64().filter(|number| number.is_finite()) {
            Some(number) => Ok(Scalar::Number(number)),
            None => Err(wrong(format!("{name} is compared with {}; allowed: a number", clipped(&value.to_string())))),
        },
        Day => {
            let day = text(name, value)?;
            match day.parse::<domain::Day>() {
                Ok(_) => Ok(Scalar::Text(day)),
                Err(_) => Err(wrong(format!("{name} is compared with '{}'; allowed: a day YYYY-MM-DD", clipped(&day)))),
            }
        }
        Choice | Text | List => text(name, value).map(Scalar::Text),
    }
}

fn parse_behaviour(object: &Map<String, Value>) -> Result<Behaviour> {
    let name = text("did", &object["did"])?;
    let kind = BEHAVIOURS.iter().find(|kind| kind.name == name).ok_or_else(|| {
        let known: Vec<_> = BEHAVIOURS.iter().map(|kind| kind.name).collect();
        wrong(format!("did is '{}'; allowed: {}", clipped(&name), known.join(", ")))
    })?;
    let empty = Map::new();
    let what = match object.get("what") {
        None | Some(Value::Null) => &empty,
        Some(Value::Object(what)) => what,
        Some(_) => return Err(wrong("'what' must be an object")),
    };
    const WHAT: [&str; 5] = ["category", "brand", "product", "price_min_cents", "price_max_cents"];
    if let Some(key) = what.keys().find(|key| !WHAT.contains(&key.as_str())) {
        return Err(wrong(format!("'what' has '{}'; allowed: {}", clipped(key), WHAT.join(", "))));
    }
    let of = |name: &str| what.get(name).filter(|value| !value.is_null()).map(|value| text(name, value)).transpose();
    let cents =
        |name: &str| whole(name, what.get(name), 1_000_000_000_000).map(|found| found.map(|cents| cents as i64));
    let at_least = whole("at_least", object.get("at_least"), 1_000_000)?.unwrap_or(1);
    let at_most = whole("at_most", object.get("at_most"), 1_000_000)?;
    if at_most.is_some_and(|at_most| at_most < at_least) {
        return Err(
            wrong("'at_most' is less than 'at_least' (1 if absent)").help("to ask for never: {\"not\": {\"did\": …}}")
        );
    }
    Ok(Behaviour {
        kind,
        category: of("category")?,
        brand: of("brand")?,
        product: of("product")?,
        price_min_cents: cents("price_min_cents")?,
        price_max_cents: cents("price_max_cents")?,
        within_days: whole("within_days", object.get("within_days"), DAYS_MAX)?,
        at_least: at_least.max(1),
        at_most,
    })
}

fn parse_recommended(object: &Map<String, Value>) -> Result<Recommended> {
    let Some(what) = object["recommended"].as_object() else {
        return Err(wrong("'recommended' must be an object"));
    };
    const WHAT: [&str; 3] = ["category", "brand", "product"];
    if let Some(key) = what.keys().find(|key| !WHAT.contains(&key.as_str())) {
        return Err(wrong(format!("'recommended' has '{}'; allowed: {}", clipped(key), WHAT.join(", "))));
    }
    let of = |name: &str| what.get(name).filter(|value| !value.is_null()).map(|value| text(name, value)).transpose();
    let wanted = Recommended {
        category: of("category")?,
        brand: of("brand")?,
        product: of("product")?,
        within_first: whole("within_first", object.get("within_first"), PLACES_KEPT as u64)?
            .unwrap_or(PLACES_KEPT as u64)
            .max(1),
    };
    if wanted.category.is_none() && wanted.brand.is_none() && wanted.product.is_none() {
        return Err(wrong(format!("'recommended' names nothing; allowed: {}", WHAT.join(", "))));
    }
    Ok(wanted)
}

fn parse_taste(object: &Map<String, Value>) -> Result<Taste> {
    const KINDS: [&str; 2] = ["brand", "category"];
    let allowed = "'taste' must be an object with one of: brand, category";
    let what = object["taste"].as_object().filter(|what| what.len() == 1).ok_or_else(|| wrong(allowed))?;
    let (kind, name) = what.iter().next().ok_or_else(|| wrong(allowed))?;
    let kind = KINDS
        .into_iter()
        .find(|known| known == kind)
        .ok_or_else(|| wrong(format!("'taste' has '{}'; allowed: one of {}", clipped(kind), KINDS.join(", "))))?;
    let at_least = match object.get("at_least").filter(|value| !value.is_null()) {
        None => AFFINITY_USUAL,
        Some(value) => value.as_f64().filter(|found| (AFFINITY_MIN..=1.0).contains(found)).ok_or_else(|| {
            let found = clipped(&value.to_string());
            wrong(format!("'at_least' is {found}; allowed of a taste: a number from {AFFINITY_MIN} to 1"))
        })?,
    };
    Ok(Taste { kind, name: text(kind, name)?, at_least })
}

impl Recommended {
    fn to_json(&self) -> Value {
        let mut what = Map::new();
        for (name, text) in [("category", &self.category), ("brand", &self.brand), ("product", &self.product)] {
            text.iter().for_each(|text| drop(what.insert(name.into(), json!(text))));
        }
        json!({"recommended": what, "within_first": self.within_first})
    }
}

impl Behaviour {
    fn to_json(&self) -> Value {
        let mut what = Map::new();
        for (name, text) in [("category", &self.category), ("brand", &self.brand), ("product", &self.product)] {
            text.iter().for_each(|text| drop(what.insert(name.into(), json!(text))));
        }
        for (name, cents) in [("price_min_cents", self.price_min_cents), ("price_max_cents", self.price_max_cents)] {
            cents.iter().for_each(|cents| drop(what.insert(name.into(), json!(cents))));
        }
        let mut object = Map::from_iter([("did".into(), json!(self.kind.name))]);
        if !what.is_empty() {
            object.insert("what".into(), Value::Object(what));
        }
        self.within_days.iter().for_each(|days| drop(object.insert("within_days".into(), json!(days))));
        object.insert("at_least".into(), json!(self.at_least));
        self.at_most.iter().for_each(|most| drop(object.insert("at_most".into(), json!(most))));
        Value::Object(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_survives_the_round_trip() {
        for value in [
            json!({"all": []}),
            json!({"any": [{"field": "region", "op": "in", "value": ["North", "O'Hara"]}, {"not": {"audience": "a1"}}]}),
            json!({"field": "spent_cents", "op": "between", "value": [100, 2000]}),
            json!({"field": "age", "op": ">=", "value": 30.5}),
            json!({"field": "joined_on", "op": "<", "value": "2024-02-29"}),
            json!({"field": "gender", "op": "is missing"}),
            json!({"did": "bought", "what": {"category": "Computers/Laptops", "price_min_cents": 5}, "within_days": 90, "at_least": 2, "at_most": 4}),
            json!({"did": "viewed", "at_least": 1}),
            json!({"audience": "a1", "score_min": 0.25}),
            json!({"recommended": {"category": "Phones", "brand": "Acme"}, "within_first": 3}),
            json!({"taste": {"brand": "O'Hara"}, "at_least": 0.4}),
            json!({"taste": {"category": "Computers/Laptops"}, "at_least": 1.0}),
        ] {
            let condition = Condition::parse(&value).unwrap();
            assert_eq!(condition.to_json(), value);
        }
    }

    #[test]
    fn what_a_tree_asks_for_is_found_at_any_depth() {
        let tree = json!({"all": [{"any": [{"field": "segment", "op": "in", "value": ["g1", "g4"]}, {"audience": "a1"}]},
            {"not": {"field": "segment", "op": "=", "value": "g2"}}, {"field": "region", "op": "=", "value": "North"}]});
        let condition = Condition::parse(&tree).unwrap();
        assert_eq!((condition.values_of("segment"), condition.audiences()), (vec!["g1", "g4", "g2"], vec!["a1"]));
        assert!(!condition.asks_recommendations());
        let deep = json!({"not": {"any": [{"recommended": {"product": "p1"}}]}});
        assert!(Condition::parse(&deep).unwrap().asks_recommendations());
    }

    #[test]
    fn mistakes_are_named() {
        let nested = (0..20).fold(json!({"all": []}), |inner, _| json!({"not": inner}));
        let wide = json!({"all": vec![json!({"audience": "a"}); 200]});
        for (value, said) in [
            (json!([]), "must be an object"),
            (json!({}), "needs one of"),
            (json!({"all": {}}), "must be a list"),
            (json!({"all": [], "any": []}), "allowed: all"),
            (json!({"field": "colour", "op": "=", "value": 1}), "there is no field 'colour'; there are: segment"),
            (json!({"field": "region", "op": "<", "value": "a"}), "cannot be asked of region"),
            (json!({"field": "region", "op": "in", "value": []}), "list of 1 to 1000"),
            (json!({"field": "region", "op": "=", "value": 7}), "must be text"),
            (json!({"field": "age", "op": "=", "value": "x"}), "allowed: a number"),
            (json!({"field": "joined_on", "op": "=", "value": "2023-02-30"}), "allowed: a day"),
            (json!({"field": "age", "op": "between", "value": [1]}), "two values"),
            (json!({"field": "age", "op": "is there", "value": 1}), "takes no value"),
            (json!({"did": "stole"}), "allowed: bought"),
            (json!({"did": "bought", "what": {"colour": "red"}}), "allowed: category"),
            (json!({"did": "bought", "within_days": -1}), "0 to 36500"),
            (json!({"did": "bought", "at_least": 3, "at_most": 2}), "less than"),
            (json!({"did": "bought", "what": {"brand": "a\nb"}}), "on one line"),
            (json!({"audience": "a", "score_min": "much"}), "allowed: a number"),
            (json!({"recommended": "phones"}), "must be an object"),
            (json!({"recommended": {}}), "names nothing"),
            (json!({"recommended": {"colour": "red"}}), "allowed: category"),
            (json!({"recommended": {"brand": "a"}, "within_first": 11}), "0 to 10"),
            (json!({"taste": "Acme"}), "must be an object"),
            (json!({"taste": {"brand": "Acme", "category": "Phones"}}), "one of: brand, category"),
            (json!({"taste": {"colour": "red"}}), "allowed: one of brand, category"),
            (json!({"taste": {"brand": ""}}), "1 to 200"),
            (json!({"taste": {"brand": "Acme"}, "at_least": 0.1}), "a number from 0.2 to 1"),
            (json!({"taste": {"brand": "Acme"}, "at_least": "much"}), "a number from 0.2 to 1"),
            (json!({"taste": {"brand": "Acme"}, "within_first": 3}), "allowed: taste, at_least"),
            (nested, "too large"),
            (wide, "too large"),
        ] {
            let error = Condition::parse(&value).unwrap_err();
            assert!(error.message.contains(said), "{value}: {error}");
        }
    }
}
