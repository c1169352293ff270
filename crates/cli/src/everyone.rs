//! `recommend --all`: the lists of all customers into a file or onto stdout.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use data::export::{ParquetFile, csv_field};
use serde_json::json;
use service::serving::{Place, ServedShop, batch_of};
use service::{Result, ServiceError};

use crate::print::{self, Ending, Progress, ending_of};

/// Rows gathered before they are written to Parquet.
const ROWS_MAX: usize = 100_000;

enum Sink {
    Csv(Box<dyn Write>),
    Parquet(Box<ParquetFile>, Vec<Place>),
}

/// Writes everyone's `n` products.
pub async fn write(shop: &ServedShop, n: usize, output: Option<&Path>, as_json: bool) -> Result<()> {
    let mut sink = match output.map(|path| Ok::<_, ServiceError>((path, ending_of(path)?))).transpose()? {
        None => Sink::Csv(Box::new(BufWriter::new(std::io::stdout()))),
        Some((path, Ending::Csv)) => Sink::Csv(Box::new(BufWriter::new(File::create(path)?))),
        Some((path, Ending::Parquet)) => {
            let file = ParquetFile::create(path, batch_of(&[]).schema())?;
            Sink::Parquet(Box::new(file), Vec::new())
        }
    };
    if let Sink::Csv(file) = &mut sink {
        writeln!(file, "customer_id,position,product_id,score,propensity")?;
    }
    let bar = Progress::new(as_json);
    let progress = |share: f64, message: &str| bar.report(share, message);
    let report = shop.recommend_everyone(n, &progress, |list| sink.take(list)).await?;
    drop(bar);
    sink.finish()?;
    let Some(path) = output else { return Ok(()) };
    if as_json {
        let (n_customers, n_places, gap) = (report.n_customers, report.n_places, report.gap);
        print::json(&json!({"file": path, "n_customers": n_customers, "n_places": n_places, "gap": gap}));
        return Ok(());
    }
    let (customers, places) = (print::count(report.n_customers as u64), print::count(report.n_places as u64));
    print::line(&format!("{places} places for {customers} customers in {}", path.display()));
    if report.gap > 0.0 {
        print::line(&format!("at most {:.3} % below the best that the limits allow", report.gap * 100.0));
    }
    Ok(())
}

impl Sink {
    fn take(&mut self, list: &[Place]) -> Result<()> {
        match self {
            Sink::Csv(file) => list.iter().try_for_each(|place| {
                let (customer, product) = (csv_field(&place.customer_id), csv_field(&place.product_id));
                let Place { position, score, propensity, .. } = place;
                Ok(writeln!(file, "{customer},{position},{product},{score},{propensity}")?)
            }),
            Sink::Parquet(file, waiting) => {
                waiting.extend_from_slice(list);
                if waiting.len() >= ROWS_MAX {
                    file.write(&batch_of(waiting))?;
                    waiting.clear();
                }
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<()> {
        match self {
            Sink::Csv(mut file) => Ok(file.flush()?),
            Sink::Parquet(mut file, waiting) => {
                file.write(&batch_of(&waiting))?;
                Ok(file.finish()?)
            }
        }
    }
}
