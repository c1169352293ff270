//! Results for people and programs: a text table, or JSON rows. Times are in UTC.

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Float32Type, Float64Type, Int32Type, Int64Type, UInt64Type};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::arrow::util::pretty::pretty_format_batches_with_schema;
use serde_json::{Map, Value};

use super::Rows;
use crate::DataError;

impl Rows {
    pub fn n_rows(&self) -> usize {
        self.batches.iter().map(|batch| batch.num_rows()).sum()
    }

    /// A table with a header and borders.
    pub fn to_table(&self) -> Result<String, DataError> {
        pretty_format_batches_with_schema(self.schema.clone(), &self.batches)
            .map(|table| table.to_string())
            .map_err(DataError::arrow)
    }

    /// One object per row.
    pub fn to_json(&self) -> Result<Vec<Value>, DataError> {
        self.json_rows().collect()
    }

    /// The same one by one, so that not all need to be in memory.
    pub fn json_rows(&self) -> impl Iterator<Item = Result<Value, DataError>> {
        self.batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| json_row(batch, row)))
    }
}

fn json_row(batch: &RecordBatch, row: usize) -> Result<Value, DataError> {
    let mut object = Map::new();
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        object.insert(field.name().clone(), json_value(column, row)?);
    }
    Ok(Value::Object(object))
}

pub(crate) fn json_value(column: &ArrayRef, row: usize) -> Result<Value, DataError> {
    if column.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match column.data_type() {
        DataType::Boolean => column.as_boolean().value(row).into(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).into(),
        DataType::Float32 => f64::from(column.as_primitive::<Float32Type>().value(row)).into(),
        // NaN and infinities become null: JSON has no word for them.
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).into(),
        DataType::List(_) => {
            let values = column.as_list::<i32>().value(row);
            (0..values.len()).map(|at| json_value(&values, at)).collect::<Result<Vec<_>, _>>()?.into()
        }
        DataType::Map(_, _) => {
            let entries = column.as_map().value(row);
            let mut object = Map::new();
            for at in 0..entries.len() {
                object.insert(text(entries.column(0), at)?, json_value(entries.column(1), at)?);
            }
            Value::Object(object)
        }
        _ => text(column, row)?.into(),
    })
}

fn text(column: &ArrayRef, row: usize) -> Result<String, DataError> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column.as_ref(), &options).map_err(DataError::arrow)?;
    Ok(formatter.value(row).to_string())
}
