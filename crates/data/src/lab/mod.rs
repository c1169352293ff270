//! Plain files for `lab`, without a shop: interactions as rows, adjacency lines, Parquet or binary CSR folders; products in
//! any layout that `import` understands.
//!
//! What is not here: the shop's tables, and what is done with the numbers.
//!
//! Formats of interactions, told apart by looking:
//! - a Parquet file (its name ends in `.parquet`) with columns user, item[, rating[, time]], by these names or in this order;
//! - a folder with `meta.json` and `{part}_indptr.u64`, `{part}_indices.u32[, {part}_values.f32]`, little-endian CSR;
//! - rows `user item [rating [time]]`, separated by tab, comma, `::` or spaces, with or without a header;
//! - adjacency lines `user item item …`: any file whose lines differ in length, or are longer than four fields.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

mod parquet;
pub mod points;
mod products;
mod purchases;
pub mod table;
pub mod texts;

pub use products::read_products;
pub use purchases::{LabPurchases, read_purchases};

/// Interactions with the identifiers that the dense indexes stand for.
#[derive(Debug, Default)]
pub struct LabInteractions {
    /// Identifier of each user index; numbers ascend, texts are sorted.
    pub users: Vec<String>,
    pub items: Vec<String>,
    /// (user index, item index, weight or rating), in the file's order.
    pub rows: Vec<(u32, u32, f32)>,
    pub has_ratings: bool,
    /// Milliseconds since 1970 of each row, when times are known.
    pub times: Option<Vec<i64>>,
}

/// Why a file of interactions cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{path}, line {line}: found '{found}'; allowed: {allowed}")]
    Line { path: PathBuf, line: usize, found: String, allowed: &'static str },
    #[error("{path}: {problem}")]
    File { path: PathBuf, problem: String },
}

/// One part of a data set as read, before identifiers become indexes.
struct Raw {
    rows: Vec<(u32, u32, f32)>,
    has_ratings: bool,
    times: Option<Vec<i64>>,
}

/// Reads a training file and, if given, a test file with one dictionary of users and items over both, so that an index
/// means the same in either. Indexes ascend with the identifier: ties broken by index are ties broken by id. `more_items`
/// get an index too, whether or not anybody has touched them.
pub fn read_interactions(
    train: &Path,
    test: Option<&Path>,
    more_items: &[&str],
) -> Result<(LabInteractions, Option<LabInteractions>), LabError> {
    let mut users = Dictionary::default();
    let mut items = Dictionary::default();
    let mut read = |path: &Path, part: &str| -> Result<Raw, LabError> {
        if path.is_dir() {
            read_csr(path, part, &mut users, &mut items)
        } else if path.extension().is_some_and(|ending| ending == "parquet") {
            parquet::read(path, &mut users, &mut items)
        } else {
            read_text(path, &mut users, &mut items)
        }
    };
    let train_raw = read(train, "train")?;
    let test_raw = test.map(|path| read(path, if path == train { "test" } else { path_part(path) })).transpose()?;
    for item in more_items {
        items.index(item);
    }
    let (user_names, user_order) = users.sorted();
    let (item_names, item_order) = items.sorted();
    let finish = |raw: Raw| LabInteractions {
        users: user_names.clone(),
        items: item_names.clone(),
        rows: raw.rows.into_iter().map(|(u, i, v)| (user_order[u as usize], item_order[i as usize], v)).collect(),
        has_ratings: raw.has_ratings,
        times: raw.times,
    };
    Ok((finish(train_raw), test_raw.map(finish)))
}

/// A CSR folder given as the test set is read for its test part.
fn path_part(path: &Path) -> &'static str {
    if path.join("test_indptr.u64").exists() { "test" } else { "train" }
}

/// Identifiers in order of first appearance.
#[derive(Default)]
struct Dictionary {
    index_of: FxHashMap<String, u32>,
    names: Vec<String>,
}

impl Dictionary {
    fn index(&mut self, name: &str) -> u32 {
        if let Some(&index) = self.index_of.get(name) {
            return index;
        }
        let index = self.names.len() as u32;
        self.index_of.insert(name.to_owned(), index);
        self.names.push(name.to_owned());
        index
    }

    /// The names in order (by number if all are numbers), and for each first-appearance index its place there.
    fn sorted(self) -> (Vec<String>, Vec<u32>) {
        let numbers: Option<Vec<u64>> = self.names.iter().map(|name| name.parse().ok()).collect();
        let mut order: Vec<u32> = (0..self.names.len() as u32).collect();
        match &numbers {
            Some(numbers) => order.sort_by_key(|&index| (numbers[index as usize], index)),
            None => order.sort_by(|&a, &b| self.names[a as usize].cmp(&self.names[b as usize])),
        }
        let mut place = vec![0u32; order.len()];
        for (at, &index) in order.iter().enumerate() {
            place[index as usize] = at as u32;
        }
        let mut names = self.names;
        let sorted = order.iter().map(|&index| std::mem::take(&mut names[index as usize])).collect();
        (sorted, place)
    }
}

fn io_error(path: &Path) -> impl Fn(std::io::Error) -> LabError {
    let path = path.to_path_buf();
    move |source| LabError::Io { path: path.clone(), source }
}

/// The bytes of a file, unpacked if its name ends in `.gz` or `.zst`.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>, LabError> {
    let file = File::open(path).map_err(io_error(path))?;
    Ok(match path.extension().and_then(|ending| ending.to_str()) {
        Some("gz") => Box::new(BufReader::with_capacity(1 << 16, flate2::read::MultiGzDecoder::new(file))),
        Some("zst") => Box::new(BufReader::with_capacity(1 << 16, zstd::Decoder::new(file).map_err(io_error(path))?)),
        _ => Box::new(BufReader::with_capacity(1 << 16, file)),
    })
}

const ROWS: &str = "`user item [rating [time]]`, every line alike, or `user item item …`";

fn read_text(path: &Path, users: &mut Dictionary, items: &mut Dictionary) -> Result<Raw, LabError> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text).map_err(io_error(path))?;
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).peekable();
    let Some(&(_, first)) = lines.peek() else {
        return Err(LabError::File { path: path.to_path_buf(), problem: "the file is empty".to_owned() });
    };
    let separator = separator_of(first);
    if is_header(first, separator) {
        lines.next();
    }
    let lines: Vec<(usize, &str)> = lines.collect();
    let width = lines.first().map_or(0, |(_, line)| fields(line, separator).count());
    let is_rows = (2..=4).contains(&width) && lines.iter().all(|(_, line)| fields(line, separator).count() == width);
    if is_rows { rows(path, &lines, separator, users, items) } else { adjacency(path, &lines, separator, users, items) }
}

fn separator_of(line: &str) -> &'static str {
    ["\t", "::", ","].into_iter().find(|separator| line.contains(separator)).unwrap_or(" ")
}

fn fields<'a>(line: &'a str, separator: &'static str) -> impl Iterator<Item = &'a str> {
    line.split(separator).map(str::trim).filter(|field| !field.is_empty())
}

/// A first line is a header if a field names its column, as `user_id:token` or `item` do.
fn is_header(line: &str, separator: &'static str) -> bool {
    fields(line, separator).any(|field| role(field).is_some())
}

/// Which of user, item, rating and time (0 to 3) a column's name means.
fn role(name: &str) -> Option<usize> {
    let name = name.to_ascii_lowercase();
    match name.split(':').next().unwrap_or_default() {
        "user" | "user_id" | "userid" | "customer_id" => Some(0),
        "item" | "item_id" | "itemid" | "product_id" => Some(1),
        "rating" | "weight" | "stars" => Some(2),
        "timestamp" | "time" | "at" => Some(3),
        _ => None,
    }
}

fn rows(
    path: &Path,
    lines: &[(usize, &str)],
    separator: &'static str,
    users: &mut Dictionary,
    items: &mut Dictionary,
) -> Result<Raw, LabError> {
    // Every line has as many fields as the first.
    let has_times = lines.first().is_some_and(|(_, line)| fields(line, separator).count() > 3);
    let mut raw = Raw { rows: Vec::with_capacity(lines.len()), has_ratings: false, times: has_times.then(Vec::new) };
    for &(at, line) in lines {
        let mut parts = fields(line, separator);
        let (Some(user), Some(item)) = (parts.next(), parts.next()) else {
            return Err(wrong_line(path, at, line, ROWS));
        };
        let rating = parts.next().map(|text| number(path, at, text)).transpose()?;
        let time = parts.next().map(|text| number(path, at, text)).transpose()?;
        raw.has_ratings |= rating.is_some();
        if let Some(times) = &mut raw.times {
            times.push(time.map_or(0, |seconds| (seconds * 1000.0) as i64));
        }
        raw.rows.push((users.index(user), items.index(item), rating.unwrap_or(1.0) as f32));
    }
    Ok(raw)
}

fn adjacency(
    path: &Path,
    lines: &[(usize, &str)],
    separator: &'static str,
    users: &mut Dictionary,
    items: &mut Dictionary,
) -> Result<Raw, LabError> {
    let mut raw = Raw { rows: Vec::new(), has_ratings: false, times: None };
    for &(at, line) in lines {
        let mut parts = fields(line, separator);
        let Some(user) = parts.next() else {
            return Err(wrong_line(path, at, line, ROWS));
        };
        let user = users.index(user);
        for item in parts {
            raw.rows.push((user, items.index(item), 1.0));
        }
    }
    Ok(raw)
}

fn number(path: &Path, at: usize, text: &str) -> Result<f64, LabError> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(wrong_line(path, at, text, "a finite number")),
    }
}

/// `at` counts lines from 0.
fn wrong_line(path: &Path, at: usize, found: &str, allowed: &'static str) -> LabError {
    LabError::Line { path: path.to_path_buf(), line: at + 1, found: found.chars().take(60).collect(), allowed }
}

fn read_csr(folder: &Path, part: &str, users: &mut Dictionary, items: &mut Dictionary) -> Result<Raw, LabError> {
    let bad = |problem: String| LabError::File { path: folder.to_path_buf(), problem };
    let meta_path = folder.join("meta.json");
    let meta: serde_json::Value = serde_json::from_reader(File::open(&meta_path).map_err(io_error(&meta_path))?)
        .map_err(|error| bad(format!("meta.json: {error}")))?;
    let size = |name: &str| meta[name].as_u64().ok_or_else(|| bad(format!("meta.json has no whole number '{name}'")));
    let (n_users, n_items) = (size("users")? as usize, size("items")? as usize);
    let indptr = read_le(&folder.join(format!("{part}_indptr.u64")), u64::from_le_bytes)?;
    let indices = read_le(&folder.join(format!("{part}_indices.u32")), u32::from_le_bytes)?;
    let values_path = folder.join(format!("{part}_values.f32"));
    let values = if values_path.exists() { Some(read_le(&values_path, f32::from_le_bytes)?) } else { None };
    let ascends = indptr.windows(2).all(|pair| pair[0] <= pair[1]);
    if indptr.len() != n_users + 1 || !ascends || indptr.last() != Some(&(indices.len() as u64)) {
        return Err(bad(format!("{part}_indptr does not ascend from 0 to {} over {n_users} users", indices.len())));
    }
    if let Some(item) = indices.iter().find(|&&item| item as usize >= n_items) {
        return Err(bad(format!("{part}_indices has item {item}; there are {n_items}")));
    }
    if values
        .as_ref()
        .is_some_and(|values| values.len() != indices.len() || values.iter().any(|value| !value.is_finite()))
    {
        return Err(bad(format!("{part}_values must be {} finite numbers", indices.len())));
    }
    let user_idx: Vec<u32> = (0..n_users).map(|user| users.index(&user.to_string())).collect();
    let item_idx: Vec<u32> = (0..n_items).map(|item| items.index(&item.to_string())).collect();
    let mut rows = Vec::with_capacity(indices.len());
    for user in 0..n_users {
        for at in indptr[user] as usize..indptr[user + 1] as usize {
            let value = values.as_ref().map_or(1.0, |values| values[at]);
            rows.push((user_idx[user], item_idx[indices[at] as usize], value));
        }
    }
    Ok(Raw { rows, has_ratings: values.is_some(), times: None })
}

fn read_le<T, const N: usize>(path: &Path, from_le_bytes: fn([u8; N]) -> T) -> Result<Vec<T>, LabError> {
    let bytes = std::fs::read(path).map_err(io_error(path))?;
    if bytes.len() % N != 0 {
        let problem = format!("{} bytes are not a whole number of {N}-byte values", bytes.len());
        return Err(LabError::File { path: path.to_path_buf(), problem });
    }
    Ok(bytes.chunks_exact(N).map(|chunk| from_le_bytes(chunk.try_into().expect("chunks of N bytes"))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With the time of each, or 0.
    type Rows<'a> = &'a [(u32, u32, f32, i64)];

    #[allow(clippy::type_complexity)] // Written once, read beside its cases.
    fn check(text: &str, expected: Result<(&[&str], &[&str], Rows), &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.txt");
        std::fs::write(&path, text).unwrap();
        match (read_interactions(&path, None, &[]), expected) {
            (Ok((read, _)), Ok((users, items, rows))) => {
                assert_eq!(
                    (read.users, read.items),
                    (users.iter().map(ToString::to_string).collect(), items.iter().map(ToString::to_string).collect()),
                    "{text}"
                );
                let times = read.times.unwrap_or_else(|| vec![0; read.rows.len()]);
                let timed: Vec<_> = read.rows.iter().zip(times).map(|(&(u, i, v), time)| (u, i, v, time)).collect();
                assert_eq!(timed, rows, "{text}");
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{text}: {error}"),
            (got, expected) => panic!("{text}: {got:?}, not {expected:?}"),
        }
    }

    #[test]
    fn formats_are_told_apart() {
        let two: Rows = &[(1, 0, 3.0, 7000), (0, 1, 4.5, 8000)];
        for text in [
            "10\t2\t3\t7\n9\t11\t4.5\t8\n",
            "user_id:token\titem_id:token\trating:float\ttimestamp:float\n10\t2\t3\t7\n9\t11\t4.5\t8\n",
            "10::2::3::7\r\n9::11::4.5::8\r\n",
            "user,item,rating,timestamp\n10,2,3,7\n\n9,11,4.5,8",
            "10 2 3 7\n9 11 4.5 8\n",
        ] {
            check(text, Ok((&["9", "10"], &["2", "11"], two)));
        }
        check(
            "u2 b a\nu1 a c d e\n",
            Ok((
                &["u1", "u2"],
                &["a", "b", "c", "d", "e"],
                &[(1, 1, 1.0, 0), (1, 0, 1.0, 0), (0, 0, 1.0, 0), (0, 2, 1.0, 0), (0, 3, 1.0, 0), (0, 4, 1.0, 0)],
            )),
        );
        check("a b\na c\n", Ok((&["a"], &["b", "c"], &[(0, 0, 1.0, 0), (0, 1, 1.0, 0)])));
    }

    #[test]
    fn items_nobody_touched_get_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.txt");
        std::fs::write(&path, "u b\nu d\n").unwrap();
        let read = read_interactions(&path, None, &["c", "b", "a"]).unwrap().0;
        assert_eq!(read.items, ["a", "b", "c", "d"]);
        assert_eq!(read.rows, [(0, 1, 1.0), (0, 3, 1.0)]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        check("", Err("empty"));
        check("1 2 NaN\n", Err("finite"));
        check("1 2 x\n1 3 4\n", Err("line 1"));
        check("1 2 4\n1 3 inf\n", Err("line 2"));
    }
}
