//! Puts a simulated shop into a shop folder: rows through the tables' writers, truth as Parquet files in `truth/`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;

use datafusion::parquet::arrow::ArrowWriter;
use domain::TableSpec;
use sha2::{Digest, Sha256};

use super::truth::TruthTable;
use super::{Rows, Settings, SimulateError, Sink, Summary, batches, simulate_into};
use crate::tables::parts::properties;
use crate::{DataError, Shop, SourceTag, TableWriter};

/// Fills a shop with the simulated one that `settings` describe. A shop that has it already is an
/// [`DataError::AlreadyImported`].
pub fn simulate(shop: &Shop, settings: &Settings, progress: &mut dyn FnMut(f64, &str)) -> Result<Summary, DataError> {
    let mut sink = ShopSink::new(shop, settings)?;
    let mut settings = settings.clone();
    settings.spill_dir = sink.truth_dir.clone();
    match simulate_into(&settings, &mut sink, progress) {
        Ok(summary) => {
            sink.finish()?;
            state_rules(shop)?;
            Ok(summary)
        }
        // The first failure of a writer, with its own words.
        Err(error) => Err(sink.failure.take().unwrap_or(DataError::Source {
            path: shop.root().to_owned(),
            found: error.to_string(),
            allowed: "settings within their ranges and room to write".to_owned(),
            help: "Nothing was added to the shop".to_owned(),
        })),
    }
}

/// The rules that the documents state, for customer service; a file of the shop's own stays.
fn state_rules(shop: &Shop) -> Result<(), DataError> {
    let path = shop.root().join("service.toml");
    if path.exists() {
        return Ok(());
    }
    std::fs::write(&path, super::policies::SERVICE_RULES).map_err(DataError::io(&path, "write the rules of service"))
}

/// Writers of all tables and files of the truth, until all is finished.
struct ShopSink {
    writers: BTreeMap<&'static str, TableWriter>,
    truth_dir: PathBuf,
    truths: BTreeMap<&'static str, (PathBuf, ArrowWriter<File>)>,
    failure: Option<DataError>,
}

impl ShopSink {
    fn new(shop: &Shop, settings: &Settings) -> Result<ShopSink, DataError> {
        let mut writers = BTreeMap::new();
        for spec in TableSpec::sources() {
            let tag = SourceTag { name: "simulate".to_owned(), digest: Some(digest(settings)) };
            writers.insert(spec.name, shop.tables().writer(spec, tag)?);
        }
        let truth_dir = shop.root().join("truth");
        fs::create_dir_all(&truth_dir).map_err(DataError::io(&truth_dir, "make the folder of the truth"))?;
        Ok(ShopSink { writers, truth_dir, truths: BTreeMap::new(), failure: None })
    }

    fn write(
        &mut self,
        spec: &'static TableSpec,
        batch: crate::arrow::record_batch::RecordBatch,
    ) -> Result<(), DataError> {
        match self.writers.get_mut(spec.name) {
            Some(writer) => writer.write(batch),
            None => Ok(()),
        }
    }

    fn write_truth(&mut self, name: &'static str, part: TruthTable) -> Result<(), DataError> {
        let batch = batches::of_truth(&part).map_err(|error| DataError::State { message: error.to_string() })?;
        if !self.truths.contains_key(name) {
            let path = self.truth_dir.join(format!("{name}.parquet.part"));
            let file = File::create(&path).map_err(DataError::io(&path, "write the truth"))?;
            // Row groups as small as the tables': the library's own would hold a million texts in memory.
            let writer = ArrowWriter::try_new(file, batch.schema(), Some(properties()))
                .map_err(DataError::parquet(&path, "write the truth"))?;
            self.truths.insert(name, (path, writer));
        }
        let Some((path, writer)) = self.truths.get_mut(name) else { return Ok(()) };
        writer.write(&batch).map_err(DataError::parquet(path, "write the truth"))
    }

    /// Keeps the first failure and stops the simulation.
    fn heed(&mut self, result: Result<(), DataError>) -> Result<(), SimulateError> {
        result.map_err(|error| {
            let said = SimulateError::Sink(error.to_string());
            self.failure.get_or_insert(error);
            said
        })
    }

    /// Truth first: tables without their truth would be of less use than truth without tables.
    fn finish(self) -> Result<(), DataError> {
        for (path, writer) in self.truths.into_values() {
            writer.close().map_err(DataError::parquet(&path, "write the truth"))?;
            let done = path.with_extension("");
            fs::rename(&path, &done).map_err(DataError::io(&done, "put the truth in place"))?;
        }
        for writer in self.writers.into_values() {
            writer.finish()?;
        }
        Ok(())
    }
}

impl Sink for ShopSink {
    fn rows(&mut self, rows: Rows) -> Result<(), SimulateError> {
        match batches::of_rows(&rows)? {
            Some((spec, batch)) => {
                let result = self.write(spec, batch);
                self.heed(result)
            }
            None => Ok(()),
        }
    }

    fn truth(&mut self, name: &'static str, part: TruthTable) -> Result<(), SimulateError> {
        let result = self.write_truth(name, part);
        self.heed(result)
    }
}

/// What makes two simulations the same: everything but threads and memory.
fn digest(settings: &Settings) -> String {
    let said = format!(
        "simulate 1 {} {} {} {} {} {} {:?} {}",
        settings.n_products,
        settings.n_customers,
        settings.n_campaigns,
        settings.n_days,
        settings.end,
        settings.seed,
        settings.language,
        settings.visits_per_day,
    );
    Sha256::digest(said.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Language, Size};
    use super::*;

    #[test]
    fn a_shop_is_filled_once() {
        let dir = tempfile::tempdir().unwrap();
        let shop = Shop::create(dir.path().join("shop")).unwrap();
        let mut settings = Settings::new(Size::Tiny, 4, "2026-06-30".parse().unwrap(), Language::En);
        settings.n_customers = 200;
        let summary = simulate(&shop, &settings, &mut |_, _| {}).unwrap();
        assert!(summary.n_events > 1000 && summary.n_orders > 50);
        for name in ["products", "customers", "campaigns", "media_days", "questions", "reviews", "exposures"] {
            assert!(shop.root().join(format!("truth/{name}.parquet")).is_file(), "{name}");
        }
        let again = simulate(&shop, &settings, &mut |_, _| {}).map(|_| ()).unwrap_err();
        assert!(matches!(again, DataError::AlreadyImported { .. }), "{again}");
    }
}
