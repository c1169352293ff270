//! A run over a whole category into one CSV file, which goes on where an earlier run of the same settings was broken off: what is
//! whole stays, the last product, which may be torn, is written again, and no product stands in the file twice.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use content::channel::channel;

use super::asked::lang;
use super::batch::{BatchAsked, BatchReport, OfProduct, Room, run};
use super::export::{copies_header, copies_row, plain_cell};
use super::look::unknown_channel;
use crate::error::{Result, ServiceError};
use crate::flows::Progress;

/// Bytes of a cell that are remembered while the file is read.
const CELL_BYTES_MAX: usize = 1_000;
/// Cells by which a file tells its settings: channel, language, goal, seed, and a digest of all of them.
const SETTINGS: std::ops::Range<usize> = 2..7;

/// Writes a copy of every product asked for into `path`, or goes on with it.
///
/// # Errors
/// If the settings are refused, the file holds something else, the run is cancelled or the disk is full.
pub fn write(path: &Path, asked: &BatchAsked, room: &Room, progress: Progress<'_>) -> Result<BatchReport> {
    asked.checked(room.config, room.groups, room.today)?;
    let card = channel(&asked.channel).ok_or_else(|| unknown_channel(&asked.channel))?;
    let language = lang(asked.language.as_deref(), room.config)?.code();
    let seed = asked.seed.unwrap_or(0).to_string();
    let digest = asked.name()?;
    let settings = [asked.channel.as_str(), language, &asked.goal, &seed, &digest];
    let header = copies_header(card);
    let (file, last) = open(path, &header, &settings)?;
    let mut file = BufWriter::new(file);
    let is_done = |id: &str| last.as_deref().is_some_and(|last| id < last);
    let report = run(asked, room, progress, &is_done, |one: OfProduct| {
        let mut text = String::new();
        if let Some((prepared, written)) = &one.made {
            for variant in &written.variants {
                let head = [
                    &one.product.product_id,
                    &prepared.plan.name,
                    settings[0],
                    settings[1],
                    settings[2],
                    settings[3],
                    settings[4],
                    variant.angle,
                    variant.verdict,
                ];
                copies_row(&mut text, card, head, &variant.draft);
            }
        }
        Ok(file.write_all(text.as_bytes())?)
    })?;
    file.flush()?;
    file.get_ref().sync_all()?;
    Ok(report)
}

/// The file at the place where writing goes on, and the product that is written first; none at the beginning.
fn open(path: &Path, header: &str, settings: &[&str; 5]) -> Result<(File, Option<String>)> {
    let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
    let found = scan(&mut BufReader::new(&file))?;
    let is_new = found.header.is_none();
    if found.header.as_deref().is_some_and(|found| found != header.trim_end())
        || found.settings.as_deref().is_some_and(|found| found != settings)
    {
        let holds =
            found.settings.map_or_else(|| "something else".to_owned(), |held| format!("copies of {}", held.join(", ")));
        let message = format!("{} holds {holds}; asked for: {}", path.display(), settings.join(", "));
        return Err(ServiceError::usage("output", message).help("name another file, or remove this one"));
    }
    if is_new && !header.as_bytes().starts_with(&found.torn) {
        let message = format!("{} is no file of copies", path.display());
        return Err(ServiceError::usage("output", message).help("name another file"));
    }
    file.set_len(found.goes_on_at)?;
    file.seek(SeekFrom::Start(found.goes_on_at))?;
    if is_new {
        file.write_all(header.as_bytes())?;
    }
    Ok((file, found.last))
}

/// What a file of copies holds.
#[derive(Default)]
struct Found {
    header: Option<String>,
    settings: Option<Vec<String>>,
    /// The product that stands last, and where its first record begins; the end of the header if there is none.
    last: Option<String>,
    goes_on_at: u64,
    /// The beginning of a file that has no whole line.
    torn: Vec<u8>,
}

/// Reads records without keeping them.
fn scan(reader: &mut impl BufRead) -> Result<Found> {
    let mut found = Found::default();
    let (mut cells, mut cell) = (Vec::<String>::new(), Vec::<u8>::new());
    let (mut at, mut begins, mut is_quoted, mut head) = (0u64, 0u64, false, Vec::<u8>::new());
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            if found.header.is_none() {
                found.torn = head;
            }
            return Ok(found);
        }
        let length = chunk.len();
        for byte in chunk {
            at += 1;
            if found.header.is_none() && head.len() < 8 * CELL_BYTES_MAX {
                head.push(*byte);
            }
            is_quoted ^= *byte == b'"';
            let ends = !is_quoted && matches!(byte, b',' | b'\n');
            if !ends {
                if cell.len() < CELL_BYTES_MAX {
                    cell.push(*byte);
                }
                continue;
            }
            if cells.len() < SETTINGS.end {
                cells.push(plain_cell(String::from_utf8_lossy(&cell).trim_end_matches('\r')));
            }
            cell.clear();
            if *byte == b'\n' {
                record(&mut found, std::mem::take(&mut cells), &head, begins, at);
                begins = at;
            }
        }
        reader.consume(length);
    }
}

/// A whole record from `begins` to `ends`.
fn record(found: &mut Found, mut cells: Vec<String>, head: &[u8], begins: u64, ends: u64) {
    if found.header.is_none() {
        found.header = Some(String::from_utf8_lossy(head).trim_end().to_owned());
        found.goes_on_at = ends;
        return;
    }
    if found.settings.is_none() {
        found.settings = cells.get(SETTINGS).map(<[String]>::to_vec);
    }
    let id = cells.drain(..).next();
    if found.last != id {
        (found.last, found.goes_on_at) = (id, begins);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_file_goes_on_at_its_last_product() {
        let header = "product_id,product_name,channel,language,goal,seed,settings,angle,verdict,title\r\n";
        let row = |id: &str, title: &str| format!("{id},\"A, B\",push,zh,launch,0,ab12,goal,ok,\"{title}\"\r\n");
        let whole = [header, &row("a", "x"), &row("b", "1\n2"), &row("b", "y")].concat();
        for torn in ["", "b,\"A, B\",pu", "c,\"A\n,\r\n"] {
            let text = format!("{whole}{torn}");
            let found = scan(&mut BufReader::with_capacity(7, text.as_bytes())).unwrap();
            assert_eq!(found.header.as_deref(), Some(header.trim_end()));
            assert_eq!(found.settings.unwrap(), ["push", "zh", "launch", "0", "ab12"]);
            assert_eq!(found.last.as_deref(), Some("b"));
            assert_eq!(found.goes_on_at as usize, header.len() + row("a", "x").len());
        }
        let none = scan(&mut "prod".as_bytes()).unwrap();
        assert!(none.header.is_none() && none.goes_on_at == 0 && none.torn == b"prod");
    }
}
