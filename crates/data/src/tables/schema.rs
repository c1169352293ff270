//! The Arrow schema of each table, derived from its description. Nothing else decides a column's type.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use domain::{ColumnKind, TableSpec};

static SCHEMAS: LazyLock<Vec<SchemaRef>> = LazyLock::new(|| domain::table::ALL.iter().map(build).collect());

/// The Arrow schema of `spec`, its columns in order. Required columns do not admit null.
pub fn schema(spec: &'static TableSpec) -> SchemaRef {
    match domain::table::ALL.iter().position(|table| std::ptr::eq(table, spec)) {
        Some(at) => SCHEMAS[at].clone(),
        None => build(spec),
    }
}

/// How values of `kind` are stored.
pub fn data_type(kind: ColumnKind) -> DataType {
    match kind {
        ColumnKind::Text | ColumnKind::Json => DataType::Utf8,
        ColumnKind::Integer | ColumnKind::Money => DataType::Int64,
        ColumnKind::Float => DataType::Float64,
        ColumnKind::Bool => DataType::Boolean,
        ColumnKind::Instant => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        ColumnKind::Day => DataType::Date32,
        ColumnKind::TextList => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
        ColumnKind::TextMap => {
            let entries = Fields::from(vec![
                Field::new("keys", DataType::Utf8, false),
                Field::new("values", DataType::Utf8, true),
            ]);
            DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false)
        }
    }
}

fn build(spec: &TableSpec) -> SchemaRef {
    let field = |column: &domain::Column| Field::new(column.name, data_type(column.kind), !column.required);
    Arc::new(Schema::new(spec.columns.iter().map(field).collect::<Vec<_>>()))
}
