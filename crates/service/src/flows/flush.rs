//! From the event log and changed rows to the tables. A range of the log is written under a digest of its own, so a crash
//! between writing the table and forgetting the range does not write it twice.

use std::collections::BTreeSet;

use data::{DataError, Shop, SourceTag};
use domain::TableSpec;
use serde_json::Value;

use super::rows::batch_of;
use crate::error::Result;
use crate::store::Store;

const BATCH_ROWS: usize = 20_000;
/// The setting that names a range being written.
const PENDING: &str = "flush_to";

/// Writes everything gathered so far; returns how many rows.
pub fn flush(shop: &Shop, store: &Store) -> Result<u64> {
    store.settle()?;
    let mut n = flush_events(shop, store)?;
    for table in ["products", "customers"] {
        n += flush_rows(shop, store, TableSpec::named(table).expect("a table of the shop"))?;
    }
    Ok(n)
}

fn flush_events(shop: &Shop, store: &Store) -> Result<u64> {
    let spec = TableSpec::named("events").expect("a table of the shop");
    let last = store.last_seq()?;
    // A range begun before a crash is finished first, with the same end and so the same digest.
    let pending = store.setting(PENDING)?.and_then(|text| text.parse::<i64>().ok()).filter(|to| *to > 0);
    let mut n = 0;
    for to in pending.into_iter().chain([last]) {
        if store.events_after(0, 1)?.first().is_some_and(|(seq, _)| *seq <= to) {
            store.set_setting(PENDING, &to.to_string())?;
            n += write_events(shop, store, spec, to)?;
            store.drop_events_to(to)?;
        }
    }
    store.set_setting(PENDING, "0")?;
    Ok(n)
}

fn write_events(shop: &Shop, store: &Store, spec: &'static TableSpec, to: i64) -> Result<u64> {
    let tag = SourceTag { name: "api".to_owned(), digest: Some(format!("event log to {to}")) };
    let mut writer = match shop.tables().writer(spec, tag) {
        Err(DataError::AlreadyImported { .. }) => return Ok(0),
        writer => writer?,
    };
    let mut after = 0;
    loop {
        let logged = store.events_after(after, BATCH_ROWS)?;
        let rows: Vec<Value> = logged
            .iter()
            .filter(|(seq, _)| *seq <= to)
            .filter_map(|(_, body)| serde_json::from_str(body).ok())
            .collect();
        if rows.is_empty() {
            break;
        }
        writer.write(batch_of(spec, &rows)?)?;
        after = logged.last().map_or(after, |(seq, _)| *seq);
    }
    Ok(writer.finish()?.rows_kept)
}

fn flush_rows(shop: &Shop, store: &Store, spec: &'static TableSpec) -> Result<u64> {
    let changed = store.overlays(spec.name)?;
    let rows: Vec<Value> = changed.iter().filter_map(|row| serde_json::from_str(row.body.as_deref()?).ok()).collect();
    if !rows.is_empty() {
        let mut writer = shop.tables().writer(spec, SourceTag { name: "api".to_owned(), digest: None })?;
        writer.write(batch_of(spec, &rows)?)?;
        writer.finish()?;
    }
    let n = rows.len() as u64;
    // Deleted rows stay marked: the tables only add.
    let written: BTreeSet<&str> = changed.iter().filter(|row| row.body.is_some()).map(|row| row.key.as_str()).collect();
    let done = changed.iter().filter(|row| written.contains(row.key.as_str())).cloned().collect();
    store.drop_overlays(spec.name, done)?;
    Ok(n)
}
