//! Interactions in a Parquet file. Identifiers of any type count as their text; times are timestamps of any unit, or seconds.

use std::path::Path;

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit, TimestampMillisecondType};

use super::{Dictionary, LabError, Raw, role};
use crate::sources::open_parquet;

pub(super) fn read(path: &Path, users: &mut Dictionary, items: &mut Dictionary) -> Result<Raw, LabError> {
    let bad = |problem: String| LabError::File { path: path.to_path_buf(), problem };
    let (reader, columns) = open_parquet(path).map_err(|error| bad(error.to_string()))?;
    let places = places(&columns).map_err(bad)?;
    let mut raw = Raw { rows: Vec::new(), has_ratings: places[2].is_some(), times: places[3].map(|_| Vec::new()) };
    for batch in reader {
        let batch = batch.map_err(|error| bad(error.to_string()))?;
        add(&batch, &places, &mut raw, users, items).map_err(bad)?;
    }
    if raw.rows.is_empty() { Err(bad("the file has no rows".to_owned())) } else { Ok(raw) }
}

/// The columns of user, item, rating and time: by name if a name says so, else in that order.
fn places(columns: &[String]) -> Result<[Option<usize>; 4], String> {
    let named = |wanted: usize| columns.iter().position(|name| role(name) == Some(wanted));
    let places = match (named(0), named(1)) {
        (Some(user), Some(item)) => [Some(user), Some(item), named(2), named(3)],
        _ => [0, 1, 2, 3].map(|at| (at < columns.len()).then_some(at)),
    };
    match places {
        [Some(_), Some(_), ..] => Ok(places),
        _ => Err(format!("found the columns {}; allowed: user, item[, rating[, time]]", columns.join(", "))),
    }
}

fn add(
    batch: &RecordBatch,
    places: &[Option<usize>; 4],
    raw: &mut Raw,
    users: &mut Dictionary,
    items: &mut Dictionary,
) -> Result<(), String> {
    let first_row = raw.rows.len();
    let column = |place: usize, kind: &DataType| {
        let found = batch.column(places[place].expect("asked for columns that are there"));
        cast(found, kind).map_err(|error| format!("column '{}': {error}", batch.schema().fields()[place].name()))
    };
    let (user, item) = (column(0, &DataType::Utf8)?, column(1, &DataType::Utf8)?);
    let rating = places[2].map(|_| column(2, &DataType::Float64)).transpose()?;
    if let Some((times, place)) = raw.times.as_mut().zip(places[3]) {
        times.append(&mut millis(batch, place)?);
    }
    for at in 0..batch.num_rows() {
        let row = first_row + at + 1;
        if user.is_null(at) || item.is_null(at) {
            return Err(format!("row {row} has no user or no item"));
        }
        let rating = rating.as_ref().map_or(1.0, |column| column.as_primitive::<Float64Type>().value(at));
        if !rating.is_finite() {
            return Err(format!("row {row} has the rating {rating}; allowed: a finite number"));
        }
        let user = users.index(user.as_string::<i32>().value(at));
        let item = items.index(item.as_string::<i32>().value(at));
        raw.rows.push((user, item, rating as f32));
    }
    Ok(())
}

fn millis(batch: &RecordBatch, place: usize) -> Result<Vec<i64>, String> {
    let found = batch.column(place);
    let wrong = |error| format!("column '{}': {error}", batch.schema().fields()[place].name());
    if matches!(found.data_type(), DataType::Timestamp(..) | DataType::Date32 | DataType::Date64) {
        let times = cast(found, &DataType::Timestamp(TimeUnit::Millisecond, None)).map_err(wrong)?;
        return Ok(times.as_primitive::<TimestampMillisecondType>().values().to_vec());
    }
    let seconds = cast(found, &DataType::Int64).map_err(wrong)?;
    Ok(seconds.as_primitive::<Int64Type>().values().iter().map(|seconds| seconds.saturating_mul(1000)).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{ArrayRef, Float32Array, Int32Array, Int64Array, StringArray};
    use datafusion::parquet::arrow::ArrowWriter;

    use crate::lab::read_interactions;

    fn check(columns: Vec<(&str, ArrayRef)>, expected: Result<&[(u32, u32, f32, i64)], &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.parquet");
        let batch = super::RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        match (read_interactions(&path, None, &[]), expected) {
            (Ok((read, _)), Ok(rows)) => {
                assert_eq!((read.users, read.items), (vec!["7".into(), "10".into()], vec!["a".into(), "b".into()]));
                let times = read.times.unwrap_or_else(|| vec![0; read.rows.len()]);
                let timed: Vec<_> = read.rows.iter().zip(times).map(|(&(u, i, v), time)| (u, i, v, time)).collect();
                assert_eq!(timed, rows);
            }
            (Err(error), Err(said)) => assert!(error.to_string().contains(said), "{error}"),
            (got, expected) => panic!("{got:?}, not {expected:?}"),
        }
    }

    #[test]
    fn columns_are_found_by_name_or_by_order() {
        let users = || Arc::new(Int64Array::from(vec![10, 7])) as ArrayRef;
        let items = || Arc::new(StringArray::from(vec!["a", "b"])) as ArrayRef;
        let ratings = |second: f32| Arc::new(Float32Array::from(vec![3.0, second])) as ArrayRef;
        let times = || Arc::new(Int32Array::from(vec![5, 6])) as ArrayRef;
        let all: &[(u32, u32, f32, i64)] = &[(1, 0, 3.0, 5000), (0, 1, 4.5, 6000)];
        check(vec![("item", items()), ("timestamp", times()), ("user", users()), ("rating", ratings(4.5))], Ok(all));
        check(vec![("u", users()), ("i", items()), ("r", ratings(4.5)), ("t", times())], Ok(all));
        check(vec![("u", users()), ("i", items())], Ok(&[(1, 0, 1.0, 0), (0, 1, 1.0, 0)]));
        check(vec![("u", users()), ("i", items()), ("r", ratings(f32::NAN))], Err("row 2 has the rating NaN"));
        check(vec![("user", users())], Err("allowed: user, item"));
    }
}
