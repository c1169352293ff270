//! The public splits that figures are quoted on, read from `$TERCET_DATA`, else from `../shared/data` beside the
//! workspace; and the settings chosen for them, committed in `bench/settings/published_splits.json`. Shared by tests and
//! examples. No figure is computed here.
#![allow(dead_code)] // Each user needs another part.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use math::Csr;
use serde::{Deserialize, Serialize};
use tercet_recommend::Interactions;
use tercet_recommend::evaluate::{Split, SplitKind};

/// Every split, in the order of reports.
pub const NAMES: &[&str] = &[
    "ml_1m_m1",
    "amazon_cds_m1",
    "ml_100k_mcrec",
    "electronics_last",
    "electronics_random",
    "cellphones_one",
    "cellphones_random",
];

/// Seed of the divisions made here.
const SEED: u64 = 20260101;
const MILLIS_PER_DAY: i64 = 86_400_000;

/// A model with its settings on a split, and what it must reach there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Chosen {
    pub split: String,
    pub card: String,
    /// Texts of the form `name=value`; what is not named has its default.
    pub settings: Vec<String>,
    /// NDCG on the validation part of the training data when the settings were chosen.
    pub validation_ndcg: f64,
    /// How many settings were tried there.
    pub n_tried: usize,
}

pub fn settings_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/settings/published_splits.json")
}

/// The committed choices.
pub fn chosen() -> Vec<Chosen> {
    let text = std::fs::read_to_string(settings_path()).expect("the settings are committed");
    serde_json::from_str(&text).expect("the settings are sound JSON")
}

/// A file or folder of the data, or nothing, said aloud, without it.
pub fn data(path: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = std::env::var_os("TERCET_DATA").map_or_else(beside, PathBuf::from).join(path);
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

pub fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).expect("the file can be read");
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("the file is sound gzip");
    } else {
        text = String::from_utf8(bytes).expect("the file is UTF-8");
    }
    text
}

pub type Pairs = Vec<(u32, u32)>;

/// Lines `user item item …`.
pub fn adjacency(path: &Path) -> Pairs {
    let mut pairs = Vec::new();
    for line in text(path).lines() {
        let mut numbers = line.split_whitespace().map(|number| number.parse().expect("numbers"));
        let Some(user) = numbers.next() else { continue };
        pairs.extend(numbers.map(|item| (user, item)));
    }
    pairs
}

pub fn split(train: &Pairs, test: &Pairs) -> Split {
    let both = || train.iter().chain(test);
    let n_users = both().map(|pair| pair.0 + 1).max().unwrap_or(0) as usize;
    let n_items = both().map(|pair| pair.1 + 1).max().unwrap_or(0) as usize;
    let matrix = |pairs: &Pairs| {
        let ones: Vec<_> = pairs.iter().map(|&(user, item)| (user, item, 1.0)).collect();
        Interactions { matrix: Csr::from_triplets(n_users, n_items, &ones), times: None }
    };
    Split { train: matrix(train), test: matrix(test) }
}

/// Lines `user item item …` of names, as interactions; users and items numbered in the order of their names. With
/// `in_order` an entry's time is its place in the line, in days.
fn sequences(path: &Path, in_order: bool) -> Interactions {
    let text = text(path);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let lines: BTreeMap<&str, &[&str]> =
        lines.iter().filter_map(|line| line.split_first()).map(|(user, items)| (*user, items)).collect();
    let mut ids: BTreeMap<&str, u32> = lines.values().flat_map(|items| items.iter()).map(|item| (*item, 0)).collect();
    ids.values_mut().zip(0..).for_each(|(id, at)| *id = at);
    let mut matrix = Csr::empty(lines.len(), ids.len());
    let mut times = Vec::new();
    for (user, items) in lines.values().enumerate() {
        let mut row: Vec<(u32, i64)> = items.iter().zip(1..).map(|(item, place)| (ids[item], place)).collect();
        row.sort_unstable();
        row.dedup_by_key(|entry| entry.0);
        matrix.indices.extend(row.iter().map(|entry| entry.0));
        times.extend(row.iter().map(|entry| entry.1 * MILLIS_PER_DAY));
        matrix.indptr[user + 1] = matrix.indices.len();
    }
    matrix.values = vec![1.0; matrix.indices.len()];
    Interactions { matrix, times: in_order.then_some(times) }
}

/// The split of this name, if its data are there.
pub fn load(name: &str) -> Option<Split> {
    let published = |folder: &str| {
        let folder = data(folder)?;
        Some(split(&adjacency(&folder.join("train.txt.gz")), &adjacency(&folder.join("test.txt.gz"))))
    };
    let divided = |path: &str, in_order: bool, kind: SplitKind| {
        let all = sequences(&data(path)?, in_order);
        Some(Split::new(&all, kind, SEED).expect("the data can be divided"))
    };
    let random = SplitKind::Random { test_share: 0.2 };
    match name {
        "ml_1m_m1" => published("retail/ml_1m_m1"),
        "amazon_cds_m1" => published("retail/amazon_cds_m1"),
        "ml_100k_mcrec" => mcrec(),
        "electronics_last" => divided(ELECTRONICS, true, SplitKind::LeaveOneOut),
        "electronics_random" => divided(ELECTRONICS, false, random),
        "cellphones_one" => divided(CELLPHONES, false, SplitKind::LeaveOneOut),
        "cellphones_random" => divided(CELLPHONES, false, random),
        other => panic!("there is no split '{other}'; there are {}", NAMES.join(", ")),
    }
}

const ELECTRONICS: &str = "retail/amazon_electronics_asin/user_sequence.txt.gz";
const CELLPHONES: &str = "retail/amazon_cellphones/Cell_Phones_and_Accessories.txt.gz";

/// The fixed split of MovieLens-100k; its ids start at 1.
fn mcrec() -> Option<Split> {
    let folder = data("retail/ml_100k")?;
    let pair = |line: &str| {
        let mut numbers = line.split_whitespace().map(|number| number.parse::<u32>().expect("numbers") - 1);
        (numbers.next().expect("a user"), numbers.next().expect("an item"))
    };
    let train = text(&folder.join("mcrec_split.train.rating.gz")).lines().map(pair).collect();
    let test = adjacency(&folder.join("mcrec_split.test.rating"));
    Some(split(&train, &test.into_iter().map(|(user, item)| (user - 1, item - 1)).collect()))
}

/// How settings are chosen on the training part of a split: as its test part was made from the whole.
pub fn validation(name: &str) -> SplitKind {
    match name {
        "electronics_last" | "cellphones_one" => SplitKind::LeaveOneOut,
        "ml_1m_m1" => SplitKind::Random { test_share: 0.11 },
        _ => SplitKind::Random { test_share: 0.2 },
    }
}
