//! Results of queries as columns, as JSON objects whose keys are column names, and as the words of the shop. Writing rows is
//! the business of `data::tables::Row`.

use data::Shop;
use data::arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use data::arrow::compute::cast;
use data::arrow::datatypes::DataType;
use data::tables::Row;
use domain::Day;
use serde_json::{Map, Value};

use crate::error::{Result, ServiceError};

/// The result of one SQL text over the shop's tables as they are now.
pub async fn query(shop: &Shop, sql: &str) -> Result<Vec<RecordBatch>> {
    Ok(shop.engine()?.sql(sql).await?.batches)
}

/// Every row of a table that fits in memory; read off the request threads.
pub async fn table<R: Row + Send + 'static>(shop: &Shop) -> Result<Vec<R>> {
    let shop = shop.clone();
    let read = tokio::task::spawn_blocking(move || shop.tables().load::<R>());
    Ok(read.await.map_err(|error| ServiceError::failed(format!("reading {}: {error}", R::TABLE)))??)
}

/// A text as an SQL literal.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The single row of `sql` as JSON.
pub async fn query_rows(shop: &Shop, sql: &str) -> Result<Vec<Map<String, Value>>> {
    let batches = query(shop, sql).await?;
    batches.iter().map(plain_rows).collect::<Result<Vec<_>>>().map(|rows| rows.into_iter().flatten().collect())
}

fn as_type(batch: &RecordBatch, name: &str, kind: &DataType) -> Result<ArrayRef> {
    let column = batch
        .column_by_name(name)
        .ok_or_else(|| ServiceError::failed(format!("the query returned no column '{name}'")))?;
    cast(column, kind).map_err(|error| ServiceError::failed(format!("column '{name}': {error}")))
}

pub fn texts(batch: &RecordBatch, name: &str) -> Result<StringArray> {
    Ok(as_type(batch, name, &DataType::Utf8)?.as_any().downcast_ref::<StringArray>().expect("cast above").clone())
}

pub fn integers(batch: &RecordBatch, name: &str) -> Result<Int64Array> {
    Ok(as_type(batch, name, &DataType::Int64)?.as_any().downcast_ref::<Int64Array>().expect("cast above").clone())
}

pub fn floats(batch: &RecordBatch, name: &str) -> Result<Float64Array> {
    Ok(as_type(batch, name, &DataType::Float64)?.as_any().downcast_ref::<Float64Array>().expect("cast above").clone())
}

/// Every row of any result as JSON; times as milliseconds, days as `YYYY-MM-DD`.
pub fn plain_rows(batch: &RecordBatch) -> Result<Vec<Map<String, Value>>> {
    let mut rows = vec![Map::new(); batch.num_rows()];
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        for (at, value) in column_values(column)?.into_iter().enumerate() {
            rows[at].insert(field.name().clone(), value);
        }
    }
    Ok(rows)
}

fn column_values(column: &ArrayRef) -> Result<Vec<Value>> {
    let wrong = |error: data::arrow::error::ArrowError| ServiceError::failed(format!("a column of a result: {error}"));
    let n = column.len();
    let each = |value: &dyn Fn(usize) -> Value| -> Vec<Value> {
        (0..n).map(|at| if column.is_null(at) { Value::Null } else { value(at) }).collect()
    };
    Ok(match column.data_type() {
        DataType::Boolean => {
            let array = column.as_any().downcast_ref::<BooleanArray>().expect("checked");
            each(&|at| Value::from(array.value(at)))
        }
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let array = cast(column, &DataType::Float64).map_err(wrong)?;
            let array = array.as_any().downcast_ref::<Float64Array>().expect("cast above");
            each(&|at| Value::from(array.value(at)))
        }
        DataType::Date32 => {
            let array = column.as_any().downcast_ref::<Date32Array>().expect("checked");
            each(&|at| Value::from(Day(array.value(at)).to_string()))
        }
        kind if kind.is_integer() || matches!(kind, DataType::Timestamp(..)) => {
            let column = match kind {
                DataType::Timestamp(_, zone) => {
                    let millis = DataType::Timestamp(data::arrow::datatypes::TimeUnit::Millisecond, zone.clone());
                    cast(column, &millis).map_err(wrong)?
                }
                _ => column.clone(),
            };
            let array = cast(&column, &DataType::Int64).map_err(wrong)?;
            let array = array.as_any().downcast_ref::<Int64Array>().expect("cast above");
            each(&|at| Value::from(array.value(at)))
        }
        DataType::List(_) => {
            let array = column.as_any().downcast_ref::<data::arrow::array::ListArray>().expect("checked");
            let mut values = Vec::with_capacity(n);
            for at in 0..n {
                values.push(if array.is_null(at) {
                    Value::Null
                } else {
                    Value::from(column_values(&array.value(at))?)
                });
            }
            values
        }
        DataType::Map(..) => {
            let array = column.as_any().downcast_ref::<data::arrow::array::MapArray>().expect("checked");
            let mut values = Vec::with_capacity(n);
            for at in 0..n {
                if array.is_null(at) {
                    values.push(Value::Null);
                    continue;
                }
                let entries = array.value(at);
                let (keys, held) = (column_values(entries.column(0))?, column_values(entries.column(1))?);
                let pairs = keys.into_iter().zip(held).filter(|(_, held)| !held.is_null());
                values.push(Value::Object(
                    pairs.map(|(key, held)| (key.as_str().unwrap_or("").to_owned(), held)).collect(),
                ));
            }
            values
        }
        _ => {
            let array = cast(column, &DataType::Utf8).map_err(wrong)?;
            let array = array.as_any().downcast_ref::<StringArray>().expect("cast above");
            each(&|at| Value::from(array.value(at)))
        }
    })
}

/// Rows as a struct of `domain`; nulls are left to its defaults.
pub fn typed_rows<T: serde::de::DeserializeOwned>(batches: &[RecordBatch]) -> Result<Vec<T>> {
    let mut all = Vec::new();
    for batch in batches {
        for mut row in plain_rows(batch)? {
            row.retain(|_, value| !value.is_null());
            all.push(serde_json::from_value(Value::Object(row))?);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::Product;

    use super::*;

    #[test]
    fn a_product_survives_the_round_trip() {
        let product = Product {
            product_id: "p'1".to_owned(),
            name: "Laptop 14 寸".to_owned(),
            price_cents: Some(domain::Cents(599_900)),
            launched_on: Some("2024-02-29".parse().unwrap()),
            specs: BTreeMap::from([("memory".to_owned(), "16 GB".to_owned())]),
            ..Default::default()
        };
        let batch = Product::to_batch(std::slice::from_ref(&product)).unwrap();
        assert_eq!(typed_rows::<Product>(&[batch]).unwrap(), [product]);
    }

    #[test]
    fn an_event_and_a_customer_survive_the_round_trip() {
        let customer =
            domain::Customer { customer_id: "c".to_owned(), consent: vec!["sms".to_owned()], ..Default::default() };
        let batch = domain::Customer::to_batch(std::slice::from_ref(&customer)).unwrap();
        assert_eq!(typed_rows::<domain::Customer>(&[batch]).unwrap(), [customer]);
        let event = serde_json::json!({"at": 1_700_000_000_123_i64, "customer_id": "c", "kind": "view"});
        let batch = domain::Event::to_batch(&[serde_json::from_value(event).unwrap()]).unwrap();
        let rows = typed_rows::<domain::Event>(&[batch]).unwrap();
        assert_eq!((rows[0].at.0, rows[0].kind), (1_700_000_000_123, domain::EventKind::View));
    }

    #[test]
    fn quotes_are_doubled() {
        for (text, literal) in [("a", "'a'"), ("o'hara", "'o''hara'"), ("'; drop table x --", "'''; drop table x --'")]
        {
            assert_eq!(quoted(text), literal);
        }
    }
}
