//! What a shop holds: rows, sizes, times and rejects of each table, and what is missing for which job.

use domain::TableSpec;
use serde::Serialize;

use crate::{DataError, Shop};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableStatus {
    pub name: &'static str,
    pub sentence: &'static str,
    pub n_rows: u64,
    pub n_bytes: u64,
    pub n_files: usize,
    /// Smallest and largest time of the partition column, milliseconds since 1970.
    pub first: Option<i64>,
    pub last: Option<i64>,
    pub n_rejected: u64,
    /// Files of rejects, newest last.
    pub rejects: Vec<String>,
    /// Milliseconds since 1970; `None` when never written.
    pub updated_at: Option<i64>,
}

/// Something a job needs and the shop lacks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Missing {
    pub job: &'static str,
    pub table: &'static str,
    /// Whether the job cannot run at all without it.
    pub required: bool,
    pub help: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShopStatus {
    pub tables: Vec<TableStatus>,
    pub missing: Vec<Missing>,
}

/// Job, tables of which at least one must have rows, and whether the job is impossible otherwise.
const NEEDS: &[(&str, &[&str], bool)] = &[
    ("recommend", &["events", "orders"], true),
    ("recommend", &["products"], false),
    ("recommend accessories", &["fits"], false),
    ("audiences", &["orders", "events"], true),
    ("audiences", &["customers"], false),
    ("campaign effects", &["exposures"], true),
    ("budget plan", &["spend"], true),
    ("customer service", &["knowledge"], true),
    ("where an order is", &["deliveries"], true),
    ("opinions", &["reviews"], true),
];

impl Shop {
    pub fn status(&self) -> Result<ShopStatus, DataError> {
        let tables: Vec<_> = domain::table::ALL.iter().map(|spec| self.table_status(spec)).collect::<Result<_, _>>()?;
        let n_rows = |name: &str| tables.iter().find(|table| table.name == name).map_or(0, |table| table.n_rows);
        let lacking = NEEDS.iter().filter(|(_, any_of, _)| any_of.iter().all(|name| n_rows(name) == 0));
        let missing = lacking.map(|&(job, any_of, required)| Missing {
            job,
            table: any_of[0],
            required,
            help: format!("tercet import FILE --as {}", any_of.join(" (or ") + if any_of.len() > 1 { ")" } else { "" }),
        });
        Ok(ShopStatus { missing: missing.collect(), tables })
    }

    fn table_status(&self, spec: &'static TableSpec) -> Result<TableStatus, DataError> {
        let manifest = self.tables().manifest(spec)?;
        Ok(TableStatus {
            name: spec.name,
            sentence: spec.sentence,
            n_rows: manifest.n_rows(),
            n_bytes: manifest.n_bytes(),
            n_files: manifest.files.len(),
            first: manifest.min_time(),
            last: manifest.max_time(),
            n_rejected: manifest.sources.iter().map(|source| source.rows_rejected).sum(),
            rejects: manifest.sources.iter().filter_map(|source| source.rejects.clone()).collect(),
            updated_at: (manifest.generation > 0).then_some(manifest.updated_at),
        })
    }
}
