//! The shape of every table of a shop: columns, their kinds, which are required, and the key that makes an import
//! idempotent. Import, SQL schema, API validation and the reference page are read from here.

/// What a column holds, and how it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// UTF-8 text.
    Text,
    /// 64-bit signed integer.
    Integer,
    /// Integer hundredths of the shop's currency.
    Money,
    /// 64-bit float, finite.
    Float,
    Bool,
    /// UTC milliseconds since 1970.
    Instant,
    /// Local calendar day.
    Day,
    /// List of text.
    TextList,
    /// Text to text.
    TextMap,
    /// JSON text of what the source had beyond the known columns.
    Json,
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    pub kind: ColumnKind,
    pub required: bool,
    /// Smallest and largest accepted value, for numbers.
    pub range: Option<(f64, f64)>,
    /// The only accepted values, for text; empty means any.
    pub allowed: &'static [&'static str],
}

/// One table.
#[derive(Debug)]
pub struct TableSpec {
    pub name: &'static str,
    /// One sentence for people.
    pub sentence: &'static str,
    pub columns: &'static [Column],
    /// Rows equal in these columns are the same row: the later import replaces the earlier. Empty: every row stands.
    pub key: &'static [&'static str],
    /// The column whose day partitions the files, if any.
    pub partition: Option<&'static str>,
    /// Made by Tercet from the others and replaced as a whole; nothing is imported into it.
    pub derived: bool,
}

impl TableSpec {
    /// The table called `name`.
    pub fn named(name: &str) -> Option<&'static TableSpec> {
        ALL.iter().find(|table| table.name == name)
    }

    /// Every table that a shop's own files go into.
    pub fn sources() -> impl Iterator<Item = &'static TableSpec> {
        ALL.iter().filter(|table| !table.derived)
    }

    /// The column called `name`.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

const fn required(name: &'static str, kind: ColumnKind) -> Column {
    Column { name, kind, required: true, range: None, allowed: &[] }
}

const fn optional(name: &'static str, kind: ColumnKind) -> Column {
    Column { name, kind, required: false, range: None, allowed: &[] }
}

impl Column {
    const fn within(mut self, low: f64, high: f64) -> Column {
        self.range = Some((low, high));
        self
    }

    const fn one_of(mut self, allowed: &'static [&'static str]) -> Column {
        self.allowed = allowed;
        self
    }
}

/// Names of [`crate::EventKind`] as they stand in tables.
pub const EVENT_KINDS: &[&str] =
    &["view", "search", "favourite", "cart", "uncart", "purchase", "rate", "return", "ask"];

/// Names of [`crate::DeliveryStatus`] as they stand in tables.
pub const DELIVERY_STATUSES: &[&str] =
    &["placed", "paid", "packed", "shipped", "out_for_delivery", "delivered", "cancelled", "returned"];

/// How near a customer is to the shop, from the farthest to the nearest.
pub const CROWD_STATES: &[&str] = &["noticed", "interested", "asked", "bought", "loyal", "advocate"];

/// No plausible price, cost or spend of one row lies beyond ten billion in the shop's currency.
const MONEY_MAX: f64 = 1e12;
const COUNT_MAX: f64 = 1e9;

use ColumnKind::{Bool, Day, Float, Instant, Integer, Json, Money, Text, TextList, TextMap};

/// Every table, in the order people think of them.
pub static ALL: &[TableSpec] = &[
    TableSpec {
        name: "products",
        sentence: "What the shop sells.",
        columns: &[
            required("product_id", Text),
            required("name", Text),
            optional("brand", Text),
            optional("category", Text),
            optional("price_cents", Money).within(0.0, MONEY_MAX),
            optional("cost_cents", Money).within(0.0, MONEY_MAX),
            optional("launched_on", Day),
            optional("retired_on", Day),
            optional("predecessor_id", Text),
            optional("stock", Integer).within(0.0, COUNT_MAX),
            optional("specs", TextMap),
            optional("description", Text),
            optional("image_url", Text),
            optional("extra", Json),
        ],
        key: &["product_id"],
        partition: None,
        derived: false,
    },
    TableSpec {
        name: "customers",
        sentence: "Who buys, or may buy.",
        columns: &[
            required("customer_id", Text),
            optional("joined_on", Day),
            optional("birth_year", Integer).within(1900.0, 2100.0),
            optional("gender", Text),
            optional("region", Text),
            optional("city", Text),
            optional("first_channel", Text),
            optional("consent", TextList),
            optional("extra", Json),
        ],
        key: &["customer_id"],
        partition: None,
        derived: false,
    },
    TableSpec {
        name: "events",
        sentence: "What customers did.",
        columns: &[
            required("at", Instant),
            required("customer_id", Text),
            optional("session_id", Text),
            optional("product_id", Text),
            required("kind", Text).one_of(EVENT_KINDS),
            optional("value", Float).within(0.0, 5.0),
            optional("quantity", Integer).within(0.0, COUNT_MAX),
            optional("price_cents", Money).within(0.0, MONEY_MAX),
            optional("channel", Text),
            optional("campaign_id", Text),
            optional("query", Text),
            optional("extra", Json),
        ],
        key: &[],
        partition: Some("at"),
        derived: false,
    },
    TableSpec {
        name: "orders",
        sentence: "What was ordered, line by line.",
        columns: &[
            required("order_id", Text),
            required("ordered_at", Instant),
            required("customer_id", Text),
            required("product_id", Text),
            required("quantity", Integer).within(-COUNT_MAX, COUNT_MAX),
            required("unit_price_cents", Money).within(-MONEY_MAX, MONEY_MAX),
            optional("discount_cents", Money).within(-MONEY_MAX, MONEY_MAX),
            optional("store", Text),
            optional("channel", Text),
            optional("extra", Json),
        ],
        key: &[],
        partition: Some("ordered_at"),
        derived: false,
    },
    TableSpec {
        name: "deliveries",
        sentence: "Where each order is.",
        columns: &[
            required("order_id", Text),
            required("status", Text).one_of(DELIVERY_STATUSES),
            required("updated_at", Instant),
            optional("carrier", Text),
            optional("tracking_number", Text),
            optional("expected_on", Day),
            optional("delivered_on", Day),
            optional("extra", Json),
        ],
        key: &["order_id"],
        partition: None,
        derived: false,
    },
    TableSpec {
        name: "reviews",
        sentence: "What customers say about products.",
        columns: &[
            optional("review_id", Text),
            required("at", Instant),
            optional("customer_id", Text),
            required("product_id", Text),
            optional("stars", Float).within(1.0, 5.0),
            required("text", Text),
            optional("extra", Json),
        ],
        key: &[],
        partition: Some("at"),
        derived: false,
    },
    TableSpec {
        name: "exposures",
        sentence: "Who was shown which campaign, or deliberately not.",
        columns: &[
            required("at", Instant),
            required("customer_id", Text),
            required("campaign_id", Text),
            required("arm", Text),
            optional("propensity", Float).within(0.0, 1.0),
            optional("channel", Text),
            optional("cost_cents", Money).within(0.0, MONEY_MAX),
            optional("responded", Bool),
            optional("revenue_cents", Money).within(-MONEY_MAX, MONEY_MAX),
            optional("extra", Json),
        ],
        key: &[],
        partition: Some("at"),
        derived: false,
    },
    TableSpec {
        name: "spend",
        sentence: "What each channel cost each day.",
        columns: &[
            required("day", Day),
            required("channel", Text),
            required("spend_cents", Money).within(0.0, MONEY_MAX),
            optional("impressions", Integer).within(0.0, 1e15),
            optional("clicks", Integer).within(0.0, 1e15),
            optional("extra", Json),
        ],
        key: &["day", "channel"],
        partition: None,
        derived: false,
    },
    TableSpec {
        name: "knowledge",
        sentence: "Documents that customer service may cite.",
        columns: &[
            required("document_id", Text),
            required("title", Text),
            required("text", Text),
            optional("product_ids", TextList),
            optional("source", Text),
            // Of the text, so that what changed can be told.
            optional("version", Text),
            optional("extra", Json),
        ],
        key: &["document_id"],
        partition: None,
        derived: false,
    },
    TableSpec {
        name: "answers",
        sentence: "Questions that a person of the shop has answered.",
        columns: &[
            required("answer_id", Text),
            required("question", Text),
            optional("variants", TextList),
            required("answer", Text),
            optional("answer_en", Text),
            optional("product_ids", TextList),
            optional("is_on", Bool),
            optional("source", Text),
            optional("extra", Json),
        ],
        key: &["answer_id"],
        partition: None,
        derived: false,
    },
    TableSpec {
        name: "fits",
        sentence: "Which accessory fits which product.",
        columns: &[
            required("product_id", Text),
            optional("with_product_id", Text),
            optional("attribute", Text),
            optional("value", Text),
            optional("extra", Json),
        ],
        key: &["product_id", "with_product_id", "attribute", "value"],
        partition: None,
        derived: false,
    },
    TableSpec {
        name: "segments",
        sentence: "Which group each customer is in, and what it was found by.",
        columns: &[
            required("customer_id", Text),
            optional("segment", Text),
            optional("rfm", Text),
            optional("recency_score", Integer).within(1.0, 5.0),
            optional("frequency_score", Integer).within(1.0, 5.0),
            optional("monetary_score", Integer).within(1.0, 5.0),
            optional("recency_days", Integer),
            optional("n_purchases", Integer),
            optional("spent_cents", Money),
            optional("distance", Float),
            optional("x", Float),
            optional("y", Float),
        ],
        key: &[],
        partition: None,
        derived: true,
    },
    TableSpec {
        name: "audience_members",
        sentence: "Who is in which audience, as of its last refresh.",
        columns: &[
            required("audience_id", Text),
            required("customer_id", Text),
            optional("score", Float),
            required("added_at", Instant),
        ],
        key: &["audience_id", "customer_id"],
        partition: None,
        derived: true,
    },
    TableSpec {
        name: "recommendations",
        sentence: "What each customer would be recommended, as of when it was last worked out for everyone.",
        columns: &[
            required("customer_id", Text),
            required("position", Integer).within(1.0, 500.0),
            required("product_id", Text),
            required("score", Float),
            optional("model_version", Text),
            required("made_at", Instant),
        ],
        key: &[],
        partition: None,
        derived: true,
    },
    TableSpec {
        name: "tastes",
        sentence: "How much customers are drawn to brands and categories, as of when it was last worked out for everyone.",
        columns: &[
            required("customer_id", Text),
            required("kind", Text).one_of(&["brand", "category"]),
            required("name", Text),
            required("affinity", Float).within(-1.0, 1.0),
            required("made_at", Instant),
        ],
        key: &[],
        partition: None,
        derived: true,
    },
    TableSpec {
        name: "lifetimes",
        sentence: "Whether each customer is still one, how often they will buy and what they will be worth, as of when it was last worked out.",
        columns: &[
            required("customer_id", Text),
            required("alive", Float).within(0.0, 1.0),
            required("purchases", Float),
            optional("value_cents", Money),
            required("as_of", Day),
        ],
        key: &["customer_id"],
        partition: None,
        derived: true,
    },
    TableSpec {
        name: "upgrades",
        sentence: "What each customer owns and how likely they are to replace it soon, as of when it was last worked out.",
        columns: &[
            required("customer_id", Text),
            required("place", Integer).within(1.0, 1000.0),
            required("category", Text),
            required("product_id", Text),
            required("owned_months", Integer).within(0.0, 12_000.0),
            required("chance", Float).within(0.0, 1.0),
            optional("successor_id", Text),
            required("as_of", Day),
        ],
        key: &["customer_id", "place"],
        partition: None,
        derived: true,
    },
    TableSpec {
        name: "crowd",
        sentence: "How near each customer is to the shop, as of when it was last worked out.",
        columns: &[
            required("customer_id", Text),
            required("state", Text).one_of(CROWD_STATES),
            optional("state_before", Text).one_of(CROWD_STATES),
            optional("channel", Text),
            required("as_of", Day),
        ],
        key: &["customer_id"],
        partition: None,
        derived: true,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeliveryStatus, EventKind};

    #[test]
    fn tables_are_consistent() {
        for table in ALL {
            for name in table.key.iter().copied().chain(table.partition) {
                assert!(table.column(name).is_some(), "{}.{name}", table.name);
            }
            assert!(std::ptr::eq(TableSpec::named(table.name).unwrap(), table));
        }
        let kinds: Vec<_> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(kinds, EVENT_KINDS);
        let statuses: Vec<_> = DeliveryStatus::ALL.iter().map(|status| status.name()).collect();
        assert_eq!(statuses, DELIVERY_STATUSES);
        assert!(DeliveryStatus::ALL.iter().all(|status| DeliveryStatus::from_name(status.name()) == Some(*status)));
    }
}
