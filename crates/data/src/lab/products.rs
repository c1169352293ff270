//! A catalogue for `lab`, read as `import` would read it, into memory.

use std::path::Path;
use std::sync::{Arc, Mutex};

use datafusion::arrow::record_batch::RecordBatch;
use domain::Product;

use super::LabError;
use crate::sources::{ImportError, ImportRequest, RowSink, import_into};
use crate::tables::Row;

/// Batches kept in memory.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<(Vec<RecordBatch>, u64)>>);

impl RowSink for Kept {
    fn write(&mut self, batch: RecordBatch) -> Result<(), ImportError> {
        self.0.lock().expect("no writer panics").0.push(batch);
        Ok(())
    }

    fn reject(&mut self, _: u64, _: &str, _: &str) -> Result<(), ImportError> {
        self.0.lock().expect("no writer panics").1 += 1;
        Ok(())
    }
}

/// The products of a file (or of the files of a folder, with a preset's layout), the later of two with one id, and how
/// many rows were unfit. Columns that no table knows become specs.
pub fn read_products(path: &Path, preset: Option<&str>, now_ms: i64) -> Result<(Vec<Product>, u64), LabError> {
    let bad = |problem: String| LabError::File { path: path.to_path_buf(), problem };
    let mut request = ImportRequest::new(vec![path.display().to_string()], now_ms);
    request.preset = preset.map(str::to_owned);
    request.table = Some("products".to_owned());
    let kept = Kept::default();
    import_into(&request, "USD", "UTC", &mut |_, _| Box::new(kept.clone())).map_err(|error| bad(error.to_string()))?;
    let (batches, n_rejected) = std::mem::take(&mut *kept.0.lock().expect("no writer panics"));
    let mut by_id = std::collections::BTreeMap::new();
    for mut product in batches.iter().flat_map(Product::from_batch) {
        let extra = product.extra.take().and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
        for (name, value) in extra.as_ref().and_then(serde_json::Value::as_object).into_iter().flatten() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            product.specs.entry(name.clone()).or_insert(text);
        }
        by_id.insert(product.product_id.clone(), product);
    }
    if by_id.is_empty() {
        Err(bad("no row is a product".to_owned()))
    } else {
        Ok((by_id.into_values().collect(), n_rejected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_is_read_with_its_specs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalogue.csv");
        let text = "product_id,name,category,price,Port\np1,Pad,Tablets,100.00,USB-C\np2,Pod,Players,x,\np1,Pad 2,Tablets,90.00,USB-C\n";
        std::fs::write(&path, text).unwrap();
        let (products, n_rejected) = read_products(&path, None, 1_700_000_000_000).unwrap();
        let read: Vec<_> =
            products.iter().map(|product| (product.product_id.as_str(), product.name.as_str())).collect();
        assert_eq!((read, n_rejected), (vec![("p1", "Pad 2")], 1));
        assert_eq!(products[0].specs["Port"], "USB-C");
        assert_eq!(products[0].price_cents.map(|cents| cents.0), Some(9000));
        std::fs::write(&path, "a,b\n1,2\n").unwrap();
        assert!(read_products(&path, None, 0).unwrap_err().to_string().contains("catalogue.csv"));
    }
}
