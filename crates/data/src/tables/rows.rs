//! Between the rows of `domain` and Arrow batches in a table's schema, both ways.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int64Array, ListBuilder, MapBuilder,
    MapFieldNames, RecordBatch, StringArray, StringBuilder, TimestampMillisecondArray,
};
use datafusion::arrow::datatypes::{Date32Type, Float64Type, Int64Type, TimestampMillisecondType};
use domain::{
    AudienceMember, Cents, CrowdMember, CuratedAnswer, Customer, CustomerLifetime, CustomerTaste, CustomerUpgrade, Day,
    Delivery, DeliveryStatus, Event, EventKind, Exposure, Fit, KnowledgeDocument, Millis, Order, Product,
    RecommendedProduct, Review, SegmentMember, Spend, TableSpec,
};

use super::Tables;
use super::schema::schema;
use crate::DataError;

/// A `domain` row that has a table.
pub trait Row: Sized {
    const TABLE: &'static str;

    /// The columns, in the table's order.
    fn columns(rows: &[Self]) -> Vec<ArrayRef>;

    /// Row `at` of a batch with all of the table's columns.
    fn read(batch: &Columns<'_>, at: usize) -> Self;

    fn spec() -> &'static TableSpec {
        TableSpec::named(Self::TABLE).expect("rows name their table")
    }

    fn to_batch(rows: &[Self]) -> Result<RecordBatch, DataError> {
        RecordBatch::try_new(schema(Self::spec()), Self::columns(rows)).map_err(DataError::arrow)
    }

    fn from_batch(batch: &RecordBatch) -> Vec<Self> {
        let columns = Columns { batch };
        (0..batch.num_rows()).map(|at| Self::read(&columns, at)).collect()
    }
}

impl Tables {
    /// Every row of a table, in the order of its files. For tables that fit in memory, such as products.
    pub fn load<R: Row>(&self) -> Result<Vec<R>, DataError> {
        let spec = R::spec();
        let mut rows = Vec::new();
        for file in &self.manifest(spec)?.files {
            for batch in super::read::batches(&self.folder(spec), spec, file, None)? {
                rows.extend(R::from_batch(&batch?));
            }
        }
        Ok(rows)
    }
}

/// The columns of a batch by name, cell by cell.
pub struct Columns<'a> {
    batch: &'a RecordBatch,
}

impl Columns<'_> {
    fn column(&self, name: &str, at: usize) -> Option<&ArrayRef> {
        let column = self.batch.column_by_name(name)?;
        column.is_valid(at).then_some(column)
    }

    fn text(&self, name: &str, at: usize) -> Option<String> {
        self.column(name, at).map(|column| column.as_string::<i32>().value(at).to_owned())
    }

    fn int(&self, name: &str, at: usize) -> Option<i64> {
        self.column(name, at).map(|column| column.as_primitive::<Int64Type>().value(at))
    }

    fn cents(&self, name: &str, at: usize) -> Option<Cents> {
        self.int(name, at).map(Cents)
    }

    fn float(&self, name: &str, at: usize) -> Option<f64> {
        self.column(name, at).map(|column| column.as_primitive::<Float64Type>().value(at))
    }

    fn bool(&self, name: &str, at: usize) -> Option<bool> {
        self.column(name, at).map(|column| column.as_boolean().value(at))
    }

    fn day(&self, name: &str, at: usize) -> Option<Day> {
        self.column(name, at).map(|column| Day(column.as_primitive::<Date32Type>().value(at)))
    }

    fn instant(&self, name: &str, at: usize) -> Option<Millis> {
        self.column(name, at).map(|column| Millis(column.as_primitive::<TimestampMillisecondType>().value(at)))
    }

    fn list(&self, name: &str, at: usize) -> Vec<String> {
        let Some(column) = self.column(name, at) else { return Vec::new() };
        let values = column.as_list::<i32>().value(at);
        values.as_string::<i32>().iter().flatten().map(str::to_owned).collect()
    }

    fn map(&self, name: &str, at: usize) -> std::collections::BTreeMap<String, String> {
        let Some(column) = self.column(name, at) else { return Default::default() };
        let entries = column.as_map().value(at);
        let keys = entries.column(0).as_string::<i32>();
        let values = entries.column(1).as_string::<i32>();
        let pair = |at| (keys.value(at).to_owned(), values.value(at).to_owned());
        (0..entries.len()).filter(|&at| values.is_valid(at)).map(pair).collect()
    }
}

fn texts<'a, R: 'a>(rows: &'a [R], value: impl Fn(&'a R) -> Option<&'a str>) -> ArrayRef {
    Arc::new(rows.iter().map(value).collect::<StringArray>())
}

fn ints<R>(rows: &[R], value: impl Fn(&R) -> Option<i64>) -> ArrayRef {
    Arc::new(rows.iter().map(value).collect::<Int64Array>())
}

fn cents<R>(rows: &[R], value: impl Fn(&R) -> Option<Cents>) -> ArrayRef {
    ints(rows, |row| value(row).map(|cents| cents.0))
}

fn floats<R>(rows: &[R], value: impl Fn(&R) -> Option<f64>) -> ArrayRef {
    Arc::new(rows.iter().map(value).collect::<Float64Array>())
}

fn bools<R>(rows: &[R], value: impl Fn(&R) -> Option<bool>) -> ArrayRef {
    Arc::new(rows.iter().map(value).collect::<BooleanArray>())
}

fn days<R>(rows: &[R], value: impl Fn(&R) -> Option<Day>) -> ArrayRef {
    Arc::new(rows.iter().map(|row| value(row).map(|day| day.0)).collect::<Date32Array>())
}

fn instants<R>(rows: &[R], value: impl Fn(&R) -> Millis) -> ArrayRef {
    let times = rows.iter().map(|row| Some(value(row).0)).collect::<TimestampMillisecondArray>();
    Arc::new(times.with_timezone("UTC"))
}

fn lists<'a, R: 'a>(rows: &'a [R], value: impl Fn(&'a R) -> &'a [String]) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for row in rows {
        builder.append_value(value(row).iter().map(Some));
    }
    Arc::new(builder.finish())
}

fn maps<'a, R: 'a>(rows: &'a [R], value: impl Fn(&'a R) -> &'a std::collections::BTreeMap<String, String>) -> ArrayRef {
    let names = MapFieldNames { entry: "entries".into(), key: "keys".into(), value: "values".into() };
    let mut builder = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for row in rows {
        for (key, value) in value(row) {
            builder.keys().append_value(key);
            builder.values().append_value(value);
        }
        builder.append(true).expect("a key for each value");
    }
    Arc::new(builder.finish())
}

/// What a required cell of a table cannot be: the schema admits no null there.
const REQUIRED: &str = "required columns admit no null";

impl Row for Product {
    const TABLE: &'static str = "products";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            texts(rows, |row| Some(&row.product_id)),
            texts(rows, |row| Some(&row.name)),
            texts(rows, |row| row.brand.as_deref()),
            texts(rows, |row| row.category.as_deref()),
            cents(rows, |row| row.price_cents),
            cents(rows, |row| row.cost_cents),
            days(rows, |row| row.launched_on),
            days(rows, |row| row.retired_on),
            texts(rows, |row| row.predecessor_id.as_deref()),
            ints(rows, |row| row.stock),
            maps(rows, |row| &row.specs),
            texts(rows, |row| row.description.as_deref()),
            texts(rows, |row| row.image_url.as_deref()),
            texts(rows, |row| row.extra.as_deref()),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        Product {
            product_id: batch.text("product_id", at).expect(REQUIRED),
            name: batch.text("name", at).expect(REQUIRED),
            brand: batch.text("brand", at),
            category: batch.text("category", at),
            price_cents: batch.cents("price_cents", at),
            cost_cents: batch.cents("cost_cents", at),
            launched_on: batch.day("launched_on", at),
            retired_on: batch.day("retired_on", at),
            predecessor_id: batch.text("predecessor_id", at),
            stock: batch.int("stock", at),
            specs: batch.map("specs", at),
            description: batch.text("description", at),
            image_url: batch.text("image_url", at),
            extra: batch.text("extra", at),
        }
    }
}

impl Row for Customer {
    const TABLE: &'static str = "customers";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            texts(rows, |row| Some(&row.customer_id)),
            days(rows, |row| row.joined_on),
            ints(rows, |row| row.birth_year.map(i64::from)),
            texts(rows, |row| row.gender.as_deref()),
            texts(rows, |row| row.region.as_deref()),
            texts(rows, |row| row.city.as_deref()),
            texts(rows, |row| row.first_channel.as_deref()),
            lists(rows, |row| &row.consent),
            texts(rows, |row| row.extra.as_deref()),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        Customer {
            customer_id: batch.text("customer_id", at).expect(REQUIRED),
            joined_on: batch.day("joined_on", at),
            birth_year: batch.int("birth_year", at).and_then(|year| i32::try_from(year).ok()),
            gender: batch.text("gender", at),
            region: batch.text("region", at),
            city: batch.text("city", at),
            first_channel: batch.text("first_channel", at),
            consent: batch.list("consent", at),
            extra: batch.text("extra", at),
        }
    }
}

impl Row for Event {
    const TABLE: &'static str = "events";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            instants(rows, |row| row.at),
            texts(rows, |row| Some(&row.customer_id)),
            texts(rows, |row| row.session_id.as_deref()),
            texts(rows, |row| row.product_id.as_deref()),
            texts(rows, |row| Some(row.kind.name())),
            floats(rows, |row| row.value),
            ints(rows, |row| row.quantity),
            cents(rows, |row| row.price_cents),
            texts(rows, |row| row.channel.as_deref()),
            texts(rows, |row| row.campaign_id.as_deref()),
            texts(rows, |row| row.query.as_deref()),
            texts(rows, |row| row.extra.as_deref()),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        let kind = batch.text("kind", at).and_then(|name| EventKind::from_name(&name));
        Event {
            at: batch.instant("at", at).expect(REQUIRED),
            customer_id: batch.text("customer_id", at).expect(REQUIRED),
            session_id: batch.text("session_id", at),
            product_id: batch.text("product_id", at),
            kind: kind.unwrap_or(EventKind::View),
            value: batch.float("value", at),
            quantity: batch.int("quantity", at),
            price_cents: batch.cents("price_cents", at),
            channel: batch.text("channel", at),
            campaign_id: batch.text("campaign_id", at),
            query: batch.text("query", at),
            extra: batch.text("extra", at),
        }
    }
}

impl Row for Order {
    const TABLE: &'static str = "orders";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            texts(rows, |row| Some(&row.order_id)),
            instants(rows, |row| row.ordered_at),
            texts(rows, |row| Some(&row.customer_id)),
            texts(rows, |row| Some(&row.product_id)),
            ints(rows, |row| Some(row.quantity)),
            cents(rows, |row| Some(row.unit_price_cents)),
            cents(rows, |row| row.discount_cents),
            texts(rows, |row| row.store.as_deref()),
            texts(rows, |row| row.channel.as_deref()),
            texts(rows, |row| row.extra.as_deref()),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        Order {
            order_id: batch.text("order_id", at).expect(REQUIRED),
            ordered_at: batch.instant("ordered_at", at).expect(REQUIRED),
            customer_id: batch.text("customer_id", at).expect(REQUIRED),
            product_id: batch.text("product_id", at).expect(REQUIRED),
            quantity: batch.int("quantity", at).expect(REQUIRED),
            unit_price_cents: batch.cents("unit_price_cents", at).expect(REQUIRED),
            discount_cents: batch.cents("discount_cents", at),
            store: batch.text("store", at),
            channel: batch.text("channel", at),
            extra: batch.text("extra", at),
        }
    }
}

impl Row for Delivery {
    const TABLE: &'static str = "deliveries";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            texts(rows, |row| Some(&row.order_id)),
            texts(rows, |row| Some(row.status.name())),
            instants(rows, |row| row.updated_at),
            texts(rows, |row| row.carrier.as_deref()),
            texts(rows, |row| row.tracking_number.as_deref()),
            days(rows, |row| row.expected_on),
            days(rows, |row| row.delivered_on),
            texts(rows, |row| row.extra.as_deref()),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        let status = batch.text("status", at).and_then(|name| DeliveryStatus::from_name(&name));
        Delivery {
            order_id: batch.text("order_id", at).expect(REQUIRED),
            status: status.unwrap_or_default(),
            updated_at: batch.instant("updated_at", at).expect(REQUIRED),
            carrier: batch.text("carrier", at),
            tracking_number: batch.text("tracking_number", at),
            expected_on: batch.day("expected_on", at),
            delivered_on: batch.day("delivered_on", at),
            extra: batch.text("extra", at),
        }
    }
}

impl Row for Review {
    const TABLE: &'static str = "reviews";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            texts(rows, |row| row.review_id.as_deref()),
            instants(rows, |row| row.at),
            texts(rows, |row| row.customer_id.as_deref()),
            texts(rows, |row| Some(&row.product_id)),
            floats(rows, |row| row.stars),
            texts(rows, |row| Some(&row.text)),
            texts(rows, |row| row.extra.as_deref()),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        Review {
            review_id: batch.text("review_id", at),
            at: batch.instant("at", at).expect(REQUIRED),
            customer_id: batch.text("customer_id", at),
            product_id: batch.text("product_id", at).expect(REQUIRED),
            stars: batch.float("stars", at),
            text: batch.text("text", at).expect(REQUIRED),
            extra: batch.text("extra", at),
        }
    }
}

impl Row for Exposure {
    const TABLE: &'static str = "exposures";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            instants(rows, |row| row.at),
            texts(rows, |row| Some(&row.customer_id)),
            texts(rows, |row| Some(&row.campaign_id)),
            texts(rows, |row| Some(&row.arm)),
            floats(rows, |row| row.propensity),
            texts(rows, |row| row.channel.as_deref()),
            cents(rows, |row| row.cost_cents),
            bools(rows, |row| row.responded),
            cents(rows, |row| row.revenue_cents),
            texts(rows, |row| row.extra.as_deref()),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        Exposure {
            at: batch.instant("at", at).expect(REQUIRED),
            customer_id: batch.text("customer_id", at).expect(REQUIRED),
            campaign_id: batch.text("campaign_id", at).expect(REQUIRED),
            arm: batch.text("arm", at).expect(REQUIRED),
            propensity: batch.float("propensity", at),
            channel: batch.text("channel", at),
            cost_cents: batch.cents("cost_cents", at),
            responded: batch.bool("responded", at),
            revenue_cents: batch.cents("revenue_cents", at),
            extra: batch.text("extra", at),
        }
    }
}

impl Row for Spend {
    const TABLE: &'static str = "spend";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            days(rows, |row| Some(row.day)),
            texts(rows, |row| Some(&row.channel)),
            cents(rows, |row| Some(row.spend_cents)),
            ints(rows, |row| row.impressions),
            ints(rows, |row| row.clicks),
            texts(rows, |row| row.extra.as_deref()),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        Spend {
            day: batch.day("day", at).expect(REQUIRED),
            channel: batch.text("channel", at).expect(REQUIRED),
            spend_cents: batch.cents("spend_cents", at).expect(REQUIRED),
            impressions: batch.int("impressions", at),
            clicks: batch.int("clicks", at),
            extra: batch.text("extra", at),
        }
    }
}

impl Row for KnowledgeDocument {
    const TABLE: &'static str = "knowledge";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            texts(rows, |row| Some(&row.document_id)),
            texts(rows, |row| Some(&row.title)),
            texts(rows, |row| Some(&row.text)),
            lists(rows, |row| &row.product_ids),
            texts(rows, |row| row.source.as_deref()),
            texts(rows, |row| row.version.as_deref()),
            texts(rows, |row| row.extra.as_deref()),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        KnowledgeDocument {
            document_id: batch.text("document_id", at).expect(REQUIRED),
            title: batch.text("title", at).expect(REQUIRED),
            text: batch.text("text", at).expect(REQUIRED),
            product_ids: batch.list("product_ids", at),
            source: batch.text("source", at),
            version: batch.text("version", at),
            extra: batch.text("extra", at),
        }
    }
}

impl Row for CuratedAnswer {
    const TABLE: &'static str = "answers";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            texts(rows, |row| Some(&row.answer_id)),
            texts(rows, |row| Some(&row.question)),
            lists(rows, |row| &row.variants),
            texts(rows, |row| Some(&row.answer)),
            texts(rows, |row| row.answer_en.as_deref()),
            lists(rows, |row| &row.product_ids),
            bools(rows, |row| row.is_on),
            texts(rows, |row| row.source.as_deref()),
            texts(rows, |row| row.extra.as_deref()),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        CuratedAnswer {
            answer_id: batch.text("answer_id", at).expect(REQUIRED),
            question: batch.text("question", at).expect(REQUIRED),
            variants: batch.list("variants", at),
            answer: batch.text("answer", at).expect(REQUIRED),
            answer_en: batch.text("answer_en", at),
            product_ids: batch.list("product_ids", at),
            is_on: batch.bool("is_on", at),
            source: batch.text("source", at),
            extra: batch.text("extra", at),
        }
    }
}

impl Row for Fit {
    const TABLE: &'static str = "fits";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            texts(rows, |row| Some(&row.product_id)),
            texts(rows, |row| row.with_product_id.as_deref()),
            texts(rows, |row| row.attribute.as_deref()),
            texts(rows, |row| row.value.as_deref()),
            texts(rows, |row| row.extra.as_deref()),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        Fit {
            product_id: batch.text("product_id", at).expect(REQUIRED),
            with_product_id: batch.text("with_product_id", at),
            attribute: batch.text("attribute", at),
            value: batch.text("value", at),
            extra: batch.text("extra", at),
        }
    }
}

impl Row for SegmentMember {
    const TABLE: &'static str = "segments";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            texts(rows, |row| Some(&row.customer_id)),
            texts(rows, |row| row.segment.as_deref()),
            texts(rows, |row| row.rfm.as_deref()),
            ints(rows, |row| row.recency_score),
            ints(rows, |row| row.frequency_score),
            ints(rows, |row| row.monetary_score),
            ints(rows, |row| row.recency_days),
            ints(rows, |row| row.n_purchases),
            cents(rows, |row| row.spent_cents),
            floats(rows, |row| row.distance),
            floats(rows, |row| row.x),
            floats(rows, |row| row.y),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        SegmentMember {
            customer_id: batch.text("customer_id", at).expect(REQUIRED),
            segment: batch.text("segment", at),
            rfm: batch.text("rfm", at),
            recency_score: batch.int("recency_score", at),
            frequency_score: batch.int("frequency_score", at),
            monetary_score: batch.int("monetary_score", at),
            recency_days: batch.int("recency_days", at),
            n_purchases: batch.int("n_purchases", at),
            spent_cents: batch.cents("spent_cents", at),
            distance: batch.float("distance", at),
            x: batch.float("x", at),
            y: batch.float("y", at),
        }
    }
}

impl Row for AudienceMember {
    const TABLE: &'static str = "audience_members";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            texts(rows, |row| Some(&row.audience_id)),
            texts(rows, |row| Some(&row.customer_id)),
            floats(rows, |row| row.score),
            instants(rows, |row| row.added_at),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        AudienceMember {
            audience_id: batch.text("audience_id", at).expect(REQUIRED),
            customer_id: batch.text("customer_id", at).expect(REQUIRED),
            score: batch.float("score", at),
            added_at: batch.instant("added_at", at).expect(REQUIRED),
        }
    }
}

impl Row for CustomerTaste {
    const TABLE: &'static str = "tastes";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            texts(rows, |row| Some(&row.customer_id)),
            texts(rows, |row| Some(&row.kind)),
            texts(rows, |row| Some(&row.name)),
            floats(rows, |row| Some(row.affinity)),
            instants(rows, |row| row.made_at),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        CustomerTaste {
            customer_id: batch.text("customer_id", at).expect(REQUIRED),
            kind: batch.text("kind", at).expect(REQUIRED),
            name: batch.text("name", at).expect(REQUIRED),
            affinity: batch.float("affinity", at).expect(REQUIRED),
            made_at: batch.instant("made_at", at).expect(REQUIRED),
        }
    }
}

impl Row for CustomerLifetime {
    const TABLE: &'static str = "lifetimes";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            texts(rows, |row| Some(&row.customer_id)),
            floats(rows, |row| Some(row.alive)),
            floats(rows, |row| Some(row.purchases)),
            cents(rows, |row| row.value_cents),
            days(rows, |row| Some(row.as_of)),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        CustomerLifetime {
            customer_id: batch.text("customer_id", at).expect(REQUIRED),
            alive: batch.float("alive", at).expect(REQUIRED),
            purchases: batch.float("purchases", at).expect(REQUIRED),
            value_cents: batch.cents("value_cents", at),
            as_of: batch.day("as_of", at).expect(REQUIRED),
        }
    }
}

impl Row for CustomerUpgrade {
    const TABLE: &'static str = "upgrades";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            texts(rows, |row| Some(&row.customer_id)),
            ints(rows, |row| Some(row.place)),
            texts(rows, |row| Some(&row.category)),
            texts(rows, |row| Some(&row.product_id)),
            ints(rows, |row| Some(row.owned_months)),
            floats(rows, |row| Some(row.chance)),
            texts(rows, |row| row.successor_id.as_deref()),
            days(rows, |row| Some(row.as_of)),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        CustomerUpgrade {
            customer_id: batch.text("customer_id", at).expect(REQUIRED),
            place: batch.int("place", at).expect(REQUIRED),
            category: batch.text("category", at).expect(REQUIRED),
            product_id: batch.text("product_id", at).expect(REQUIRED),
            owned_months: batch.int("owned_months", at).expect(REQUIRED),
            chance: batch.float("chance", at).expect(REQUIRED),
            successor_id: batch.text("successor_id", at),
            as_of: batch.day("as_of", at).expect(REQUIRED),
        }
    }
}

impl Row for CrowdMember {
    const TABLE: &'static str = "crowd";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            texts(rows, |row| Some(&row.customer_id)),
            texts(rows, |row| Some(&row.state)),
            texts(rows, |row| row.state_before.as_deref()),
            texts(rows, |row| row.channel.as_deref()),
            days(rows, |row| Some(row.as_of)),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        CrowdMember {
            customer_id: batch.text("customer_id", at).expect(REQUIRED),
            state: batch.text("state", at).expect(REQUIRED),
            state_before: batch.text("state_before", at),
            channel: batch.text("channel", at),
            as_of: batch.day("as_of", at).expect(REQUIRED),
        }
    }
}

impl Row for RecommendedProduct {
    const TABLE: &'static str = "recommendations";

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        vec![
            texts(rows, |row| Some(&row.customer_id)),
            ints(rows, |row| Some(row.position)),
            texts(rows, |row| Some(&row.product_id)),
            floats(rows, |row| Some(row.score)),
            texts(rows, |row| row.model_version.as_deref()),
            instants(rows, |row| row.made_at),
        ]
    }

    fn read(batch: &Columns<'_>, at: usize) -> Self {
        RecommendedProduct {
            customer_id: batch.text("customer_id", at).expect(REQUIRED),
            position: batch.int("position", at).expect(REQUIRED),
            product_id: batch.text("product_id", at).expect(REQUIRED),
            score: batch.float("score", at).expect(REQUIRED),
            model_version: batch.text("model_version", at),
            made_at: batch.instant("made_at", at).expect(REQUIRED),
        }
    }
}
