//! What training for plans leaves behind: a table that is replaced as a whole, and one file of figures under a version that is put into
//! service. What is in them is the business of each plan.

use std::collections::BTreeMap;

use data::Shop;
use data::tables::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Kind, Result, ServiceError};

/// Rows written at once.
const BLOCK: usize = 1 << 16;
const VERSIONS_KEPT: usize = 10;

/// Replaces a table by these rows.
pub(super) fn write<R: Row>(shop: &Shop, rows: &[R]) -> Result<()> {
    let mut writer = shop.tables().replacing_writer(R::spec(), "train strategy")?;
    for rows in rows.chunks(BLOCK) {
        writer.write(R::to_batch(rows)?)?;
    }
    writer.finish()?;
    Ok(())
}

fn file(kind: &str) -> String {
    format!("{kind}.json")
}

/// Publishes figures as a new version of `kind` and puts it into service; the version.
pub(super) fn publish(shop: &Shop, kind: &str, made: &impl Serialize) -> Result<String> {
    let version = shop.models().publish(kind, &BTreeMap::from([(file(kind), serde_json::to_vec(made)?)]))?;
    shop.models().activate(kind, &version)?;
    shop.models().prune(kind, VERSIONS_KEPT)?;
    Ok(version)
}

/// The version in service, and its figures.
///
/// # Errors
/// If there is none yet, which `missing` says, or its file cannot be read.
pub(super) fn published<T: DeserializeOwned>(shop: &Shop, kind: &'static str, missing: &str) -> Result<(String, T)> {
    let version = shop.models().current(kind)?.ok_or_else(|| {
        ServiceError::new(Kind::NotFound, kind, missing)
            .help("do it: tercet train strategy, or POST /v1/jobs {\"kind\": \"strategy\"}")
    })?;
    let made = serde_json::from_slice(&shop.models().read(kind, &version, &file(kind))?)?;
    Ok((version, made))
}
