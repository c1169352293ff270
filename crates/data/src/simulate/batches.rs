//! Rows and truth columns as Arrow batches. The schema of a shop's table is `tables::schema`'s; here only values are put
//! into its columns.

use std::sync::Arc;

use datafusion::arrow::array::builder::{ListBuilder, MapBuilder, MapFieldNames, StringBuilder};
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray, TimestampMillisecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use domain::TableSpec;
use domain::{
    Cents, CuratedAnswer, Customer, Day, Delivery, Event, Exposure, Fit, KnowledgeDocument, Millis, Order, Product,
    Review, Spend,
};

use super::truth::{TruthTable, Values};
use super::{Rows, SimulateError};
use crate::tables::{Row, schema};

/// The table a batch of rows belongs to, and the batch; `None` for no rows.
pub fn of_rows(rows: &Rows) -> Result<Option<(&'static TableSpec, RecordBatch)>, SimulateError> {
    let (name, columns) = match rows {
        Rows::Products(rows) => ("products", products(rows)),
        Rows::Customers(rows) => ("customers", customers(rows)),
        Rows::Events(rows) => ("events", events(rows)),
        Rows::Orders(rows) => ("orders", orders(rows)),
        Rows::Deliveries(rows) => ("deliveries", Delivery::columns(rows)),
        Rows::Reviews(rows) => ("reviews", reviews(rows)),
        Rows::Exposures(rows) => ("exposures", exposures(rows)),
        Rows::Spend(rows) => ("spend", spend(rows)),
        Rows::Knowledge(rows) => ("knowledge", knowledge(rows)),
        Rows::Answers(rows) => ("answers", CuratedAnswer::columns(rows)),
        Rows::Fits(rows) => ("fits", fits(rows)),
    };
    if columns[0].is_empty() {
        return Ok(None);
    }
    let spec = TableSpec::named(name).expect("a table of the shop");
    let batch = RecordBatch::try_new(schema(spec), columns).map_err(failed)?;
    Ok(Some((spec, batch)))
}

/// Truth columns as a batch.
pub fn of_truth(table: &TruthTable) -> Result<RecordBatch, SimulateError> {
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (name, values) in &table.0 {
        let column: ArrayRef = match values {
            Values::Text(values) => Arc::new(StringArray::from_iter_values(values)),
            Values::Integer(values) => Arc::new(Int64Array::from_iter_values(values.iter().copied())),
            Values::Float(values) => Arc::new(Float64Array::from_iter_values(values.iter().copied())),
            Values::Bool(values) => Arc::new(BooleanArray::from(values.clone())),
        };
        fields.push(Field::new(*name, column.data_type().clone(), false));
        columns.push(column);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(failed)
}

fn failed(error: ArrowError) -> SimulateError {
    SimulateError::Sink(error.to_string())
}

fn text<'a, T>(rows: &'a [T], value: impl Fn(&'a T) -> &'a str) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rows.iter().map(value)))
}

fn maybe_text<'a, T>(rows: &'a [T], value: impl Fn(&'a T) -> &'a Option<String>) -> ArrayRef {
    Arc::new(StringArray::from_iter(rows.iter().map(|row| value(row).as_deref())))
}

fn integer<T>(rows: &[T], value: impl Fn(&T) -> Option<i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter(rows.iter().map(value)))
}

fn money<T>(rows: &[T], value: impl Fn(&T) -> Option<Cents>) -> ArrayRef {
    integer(rows, |row| value(row).map(|cents| cents.0))
}

fn float<T>(rows: &[T], value: impl Fn(&T) -> Option<f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter(rows.iter().map(value)))
}

fn instant<T>(rows: &[T], value: impl Fn(&T) -> Millis) -> ArrayRef {
    Arc::new(TimestampMillisecondArray::from_iter_values(rows.iter().map(|row| value(row).0)).with_timezone("UTC"))
}

fn day<T>(rows: &[T], value: impl Fn(&T) -> Option<Day>) -> ArrayRef {
    Arc::new(Date32Array::from_iter(rows.iter().map(|row| value(row).map(|day| day.0))))
}

fn list<'a, T>(rows: &'a [T], value: impl Fn(&'a T) -> &'a [String]) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(Field::new("item", DataType::Utf8, true));
    for row in rows {
        builder.append_value(value(row).iter().map(Some));
    }
    Arc::new(builder.finish())
}

fn specs(rows: &[Product]) -> ArrayRef {
    let names = MapFieldNames { entry: "entries".to_owned(), key: "keys".to_owned(), value: "values".to_owned() };
    let mut builder = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for row in rows {
        for (key, value) in &row.specs {
            builder.keys().append_value(key);
            builder.values().append_value(value);
        }
        builder.append(true).expect("as many keys as values");
    }
    Arc::new(builder.finish())
}

fn products(rows: &[Product]) -> Vec<ArrayRef> {
    vec![
        text(rows, |row| &row.product_id),
        text(rows, |row| &row.name),
        maybe_text(rows, |row| &row.brand),
        maybe_text(rows, |row| &row.category),
        money(rows, |row| row.price_cents),
        money(rows, |row| row.cost_cents),
        day(rows, |row| row.launched_on),
        day(rows, |row| row.retired_on),
        maybe_text(rows, |row| &row.predecessor_id),
        integer(rows, |row| row.stock),
        specs(rows),
        maybe_text(rows, |row| &row.description),
        maybe_text(rows, |row| &row.image_url),
        maybe_text(rows, |row| &row.extra),
    ]
}

fn customers(rows: &[Customer]) -> Vec<ArrayRef> {
    vec![
        text(rows, |row| &row.customer_id),
        day(rows, |row| row.joined_on),
        integer(rows, |row| row.birth_year.map(i64::from)),
        maybe_text(rows, |row| &row.gender),
        maybe_text(rows, |row| &row.region),
        maybe_text(rows, |row| &row.city),
        maybe_text(rows, |row| &row.first_channel),
        list(rows, |row| &row.consent),
        maybe_text(rows, |row| &row.extra),
    ]
}

fn events(rows: &[Event]) -> Vec<ArrayRef> {
    vec![
        instant(rows, |row| row.at),
        text(rows, |row| &row.customer_id),
        maybe_text(rows, |row| &row.session_id),
        maybe_text(rows, |row| &row.product_id),
        text(rows, |row| row.kind.name()),
        float(rows, |row| row.value),
        integer(rows, |row| row.quantity),
        money(rows, |row| row.price_cents),
        maybe_text(rows, |row| &row.channel),
        maybe_text(rows, |row| &row.campaign_id),
        maybe_text(rows, |row| &row.query),
        maybe_text(rows, |row| &row.extra),
    ]
}

fn orders(rows: &[Order]) -> Vec<ArrayRef> {
    vec![
        text(rows, |row| &row.order_id),
        instant(rows, |row| row.ordered_at),
        text(rows, |row| &row.customer_id),
        text(rows, |row| &row.product_id),
        integer(rows, |row| Some(row.quantity)),
        money(rows, |row| Some(row.unit_price_cents)),
        money(rows, |row| row.discount_cents),
        maybe_text(rows, |row| &row.store),
        maybe_text(rows, |row| &row.channel),
        maybe_text(rows, |row| &row.extra),
    ]
}

fn reviews(rows: &[Review]) -> Vec<ArrayRef> {
    vec![
        maybe_text(rows, |row| &row.review_id),
        instant(rows, |row| row.at),
        maybe_text(rows, |row| &row.customer_id),
        text(rows, |row| &row.product_id),
        float(rows, |row| row.stars),
        text(rows, |row| &row.text),
        maybe_text(rows, |row| &row.extra),
    ]
}

fn exposures(rows: &[Exposure]) -> Vec<ArrayRef> {
    vec![
        instant(rows, |row| row.at),
        text(rows, |row| &row.customer_id),
        text(rows, |row| &row.campaign_id),
        text(rows, |row| &row.arm),
        float(rows, |row| row.propensity),
        maybe_text(rows, |row| &row.channel),
        money(rows, |row| row.cost_cents),
        Arc::new(BooleanArray::from_iter(rows.iter().map(|row| row.responded))),
        money(rows, |row| row.revenue_cents),
        maybe_text(rows, |row| &row.extra),
    ]
}

fn spend(rows: &[Spend]) -> Vec<ArrayRef> {
    vec![
        day(rows, |row| Some(row.day)),
        text(rows, |row| &row.channel),
        money(rows, |row| Some(row.spend_cents)),
        integer(rows, |row| row.impressions),
        integer(rows, |row| row.clicks),
        maybe_text(rows, |row| &row.extra),
    ]
}

fn knowledge(rows: &[KnowledgeDocument]) -> Vec<ArrayRef> {
    vec![
        text(rows, |row| &row.document_id),
        text(rows, |row| &row.title),
        text(rows, |row| &row.text),
        list(rows, |row| &row.product_ids),
        maybe_text(rows, |row| &row.source),
        maybe_text(rows, |row| &row.version),
        maybe_text(rows, |row| &row.extra),
    ]
}

fn fits(rows: &[Fit]) -> Vec<ArrayRef> {
    vec![
        text(rows, |row| &row.product_id),
        maybe_text(rows, |row| &row.with_product_id),
        maybe_text(rows, |row| &row.attribute),
        maybe_text(rows, |row| &row.value),
        maybe_text(rows, |row| &row.extra),
    ]
}
