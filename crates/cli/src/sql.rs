//! `tercet sql`: a table for people, JSON for programs, a file for everything. What cannot be looked at is not printed, and
//! no more of a result is in memory than is shown.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use data::Shop;
use data::engine::{Engine, Rows, next};
use data::export::{CsvFile, ParquetFile};
use serde_json::json;
use service::{Result, ServiceError};

use crate::args::Sql;
use crate::print;

/// Rows of a printed table.
const TABLE_ROWS_MAX: usize = 1_000;
/// Rows of a JSON document, which is held in memory until it is known not to exceed them.
const JSON_ROWS_MAX: usize = 1_000_000;

pub async fn run(dir: &Path, asked: Sql, as_json: bool) -> Result<()> {
    let engine = Shop::open(dir)?.engine()?;
    match &asked.output {
        Some(path) => write(&engine, &asked.statement, path, as_json).await,
        None if as_json => print_json(&engine, &asked.statement).await,
        None => print_table(&engine, &asked.statement).await,
    }
}

async fn print_table(engine: &Engine, statement: &str) -> Result<()> {
    let (rows, has_more) = engine.first(statement, TABLE_ROWS_MAX).await?;
    print::line(&rows.to_table()?);
    if has_more {
        let shown = print::count(TABLE_ROWS_MAX as u64);
        print::line(&format!("the first {shown} rows; --output FILE.csv or FILE.parquet writes all"));
    }
    Ok(())
}

async fn print_json(engine: &Engine, statement: &str) -> Result<()> {
    let (rows, has_more) = engine.first(statement, JSON_ROWS_MAX).await?;
    if has_more {
        let max = print::count(JSON_ROWS_MAX as u64);
        return Err(ServiceError::usage(
            "rows",
            format!("the result has more than {max} rows; allowed with --json: {max}"),
        )
        .help("write it with --output FILE.parquet or FILE.csv, or add a limit to the statement"));
    }
    match json_to(&mut BufWriter::new(io::stdout().lock()), &rows)? {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        // Whoever read has seen enough.
        _ => Ok(()),
    }
}

/// As [`print::json`] would print `{"rows": [...]}`, row by row. Inside is how the writing went.
fn json_to(out: &mut impl Write, rows: &Rows) -> Result<io::Result<()>> {
    let mut start = "{\n  \"rows\": [";
    for row in rows.json_rows() {
        let row = format!("{:#}", row?).replace('\n', "\n    ");
        if let Err(error) = write!(out, "{start}\n    {row}") {
            return Ok(Err(error));
        }
        start = ",";
    }
    let end = if rows.n_rows() == 0 { format!("{start}]\n}}\n") } else { "\n  ]\n}\n".to_owned() };
    Ok(out.write_all(end.as_bytes()).and_then(|()| out.flush()))
}

enum Sink {
    Csv(CsvFile),
    Parquet(Box<ParquetFile>),
}

/// All rows, as they come. The file appears when it is complete.
async fn write(engine: &Engine, statement: &str, path: &Path, as_json: bool) -> Result<()> {
    let ending = print::ending_of(path)?;
    let mut stream = engine.stream(statement).await?;
    let part = PathBuf::from(format!("{}.part", path.display()));
    let mut sink = match ending {
        print::Ending::Csv => Sink::Csv(CsvFile::create(&part, stream.schema())?),
        print::Ending::Parquet => Sink::Parquet(Box::new(ParquetFile::create(&part, stream.schema())?)),
    };
    let mut n_rows = 0;
    let written: Result<()> = async {
        while let Some(batch) = next(&mut stream).await? {
            n_rows += batch.num_rows();
            match &mut sink {
                Sink::Csv(file) => file.write(&batch)?,
                Sink::Parquet(file) => file.write(&batch)?,
            }
        }
        match sink {
            Sink::Csv(file) => file.finish()?,
            Sink::Parquet(file) => file.finish()?,
        }
        Ok(std::fs::rename(&part, path)?)
    }
    .await;
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
        return written;
    }
    if as_json {
        print::json(&json!({"file": path, "n_rows": n_rows}));
    } else {
        print::line(&format!("{} rows in {}", print::count(n_rows as u64), path.display()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that has gone.
    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn rows_one_by_one_are_the_whole_document() {
        let folder = std::env::temp_dir().join(format!("tercet-sql-{}", std::process::id()));
        let engine = Shop::create(&folder).unwrap().engine().unwrap();
        for statement in [
            "select 1 as a, 'x\n\"y\"' as b, [1, 2] as c",
            "select 1 where false",
            "select * from generate_series(1, 3)",
        ] {
            let rows = engine.sql(statement).await.unwrap();
            let mut out = Vec::new();
            json_to(&mut out, &rows).unwrap().unwrap();
            let whole = format!("{:#}\n", json!({"rows": rows.to_json().unwrap()}));
            assert_eq!(String::from_utf8(out).unwrap(), whole, "{statement}");
            let stopped = json_to(&mut Gone, &rows).unwrap().unwrap_err();
            assert_eq!(stopped.kind(), io::ErrorKind::BrokenPipe, "{statement}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
