//! Aspect polarity on the published splits of Chinese reviews of cameras, notebooks and cars (Peng et al. 2018), above the
//! best of six linear and FastText baselines on the same files: 0.869, 0.877, 0.863.
//!
//! Needs the data folder (`TERCET_DATA`, or `shared/data` beside the repository); without it the test says so.

use std::path::PathBuf;

use tercet_language::classify::Run;
use tercet_language::opinion::{ASPECT_POLARITY, Judged, Lexicon, Mention, run};

const DOMAINS: [(&str, f64); 3] = [("camera", 0.869), ("notebook", 0.877), ("car", 0.863)];

type Record = (String, usize, usize, String);

fn folder() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("TERCET_DATA").map_or_else(beside, PathBuf::from);
    Some(folder.join("text/reviews_absa_zh_3c")).filter(|folder| folder.is_dir())
}

/// Three lines a record: the sentence with `$T$` for the aspect, the aspect, its polarity.
fn read(folder: &std::path::Path, domain: &str, part: &str) -> Vec<Record> {
    let text = std::fs::read_to_string(folder.join(format!("{domain}.{part}.txt"))).expect("a text file");
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let record = |lines: &[&str]| {
        let (left, right) = lines[0].split_once("$T$").expect("a marked aspect");
        (format!("{left}{}{right}", lines[1]), left.len(), left.len() + lines[1].len(), lines[2].to_owned())
    };
    lines.chunks_exact(3).map(record).collect()
}

fn judged(records: &[Record], domain: usize) -> Vec<Judged<'_>> {
    let rows = records.iter().map(|(text, start, end, polarity)| Judged {
        mention: Mention { text, start: *start, end: *end },
        polarity,
        domain: domain as u32,
    });
    rows.collect()
}

#[test]
fn published_splits_are_judged_better_than_by_the_baselines() {
    let Some(folder) = folder() else {
        println!("skipped: no text/reviews_absa_zh_3c in the data folder; set TERCET_DATA");
        return;
    };
    let parts: Vec<Vec<Record>> = DOMAINS.iter().map(|(domain, _)| read(&folder, domain, "train")).collect();
    let train: Vec<Judged> = parts.iter().enumerate().flat_map(|(domain, part)| judged(part, domain)).collect();
    let lexicon = Lexicon::seed();
    for (domain, (name, baseline)) in DOMAINS.iter().enumerate() {
        let records = read(&folder, name, "test");
        let test = judged(&records, domain);
        let trial = run(&train, &test, &lexicon, None, &ASPECT_POLARITY.defaults(), &Run::default()).expect("learns");
        let accuracy = trial.figures[0].1;
        println!("{name}: {accuracy:.4}, baseline {baseline}");
        assert!(accuracy > *baseline, "{name}: {accuracy}");
    }
}
