//! `recommend --all`: the lists of all customers into a file or onto stdout.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use data::export::ParquetFile;
use serde_json::json;
use service::serving::{CSV_HEADER, Place, ServedShop, batch_of, write_csv};
use service::{Result, ServiceError};

use crate::print::{self, Ending, Progress, ending_of};

/// Rows gathered before they are written to Parquet.
const ROWS_MAX: usize = 100_000;

enum Sink {
    Csv(Box<dyn Write>),
    Parquet(Box<ParquetFile>, Vec<Place>),
}

/// Keeps the first places of everybody's list in the shop.
pub async fn keep(shop: &ServedShop, as_json: bool) -> Result<()> {
    let bar = Progress::new(as_json);
    let report = shop.keep_everyone(&|share, message| bar.report(share, message)).await?;
    drop(bar);
    let (n_customers, n_places) = (report.n_customers, report.n_places);
    match as_json {
        true => print::json(&json!({"table": "recommendations", "n_customers": n_customers, "n_places": n_places})),
        false => print::line(&format!(
            "{} places for {} customers in the table recommendations",
            print::count(n_places as u64),
            print::count(n_customers as u64)
        )),
    }
    Ok(())
}

/// Writes the `n` products of everyone, or of those in `only`.
pub async fn write(
    shop: &ServedShop,
    n: usize,
    only: Option<&BTreeSet<String>>,
    output: Option<&Path>,
    as_json: bool,
) -> Result<()> {
    let mut sink = match output.map(|path| Ok::<_, ServiceError>((path, ending_of(path)?))).transpose()? {
        None => Sink::Csv(Box::new(BufWriter::new(std::io::stdout()))),
        Some((path, Ending::Csv)) => Sink::Csv(Box::new(BufWriter::new(File::create(path)?))),
        Some((path, Ending::Parquet)) => {
            let file = ParquetFile::create(path, batch_of(&[]).schema())?;
            Sink::Parquet(Box::new(file), Vec::new())
        }
    };
    if let Sink::Csv(file) = &mut sink {
        writeln!(file, "{CSV_HEADER}")?;
    }
    let bar = Progress::new(as_json);
    let progress = |share: f64, message: &str| bar.report(share, message);
    let report = shop.recommend_everyone(n, only, &progress, |list| sink.take(list)).await?;
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
            Sink::Csv(file) => Ok(write_csv(file, list)?),
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
