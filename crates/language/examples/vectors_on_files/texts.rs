//! The texts at hand, unpacked and segmented. The test pairs of the matching tasks are never among them.

use std::io::Read;
use std::path::PathBuf;

use jieba_rs::Jieba;

use crate::Result;

/// The bytes of a file of the data folder, unpacked if it is gzip.
pub fn bytes(path: &str) -> Result<Vec<u8>> {
    let folder = std::env::var_os("TERCET_DATA").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let file = folder.unwrap_or(beside).join("text").join(path);
    let raw = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    if !path.ends_with(".gz") {
        return Ok(raw);
    }
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(&raw[..]).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

pub fn text(path: &str) -> Result<String> {
    Ok(String::from_utf8_lossy(&bytes(path)?).into_owned())
}

/// The files of a zip archive, by its central directory; stored or deflated, nothing else.
fn zip(path: &str) -> Result<Vec<(String, String)>> {
    let raw = bytes(path)?;
    let number = |at: usize, n: usize| raw[at..at + n].iter().rev().fold(0usize, |sum, &byte| sum << 8 | byte as usize);
    let end = raw.windows(4).rposition(|four| four == b"PK\x05\x06").ok_or("not a zip archive")?;
    let (n, mut at) = (number(end + 10, 2), number(end + 16, 4));
    let mut files = Vec::new();
    for _ in 0..n {
        let (method, size, local) = (number(at + 10, 2), number(at + 20, 4), number(at + 42, 4));
        let (of_name, extra, comment) = (number(at + 28, 2), number(at + 30, 2), number(at + 32, 2));
        let name = String::from_utf8_lossy(&raw[at + 46..at + 46 + of_name]).into_owned();
        let start = local + 30 + number(local + 26, 2) + number(local + 28, 2);
        let mut content = Vec::new();
        match method {
            8 => flate2::read::DeflateDecoder::new(&raw[start..start + size]).read_to_end(&mut content).map(drop)?,
            _ => content.extend_from_slice(&raw[start..start + size]),
        }
        files.push((name, String::from_utf8_lossy(&content).into_owned()));
        at += 46 + of_name + extra + comment;
    }
    Ok(files)
}

/// Segmented by jieba with its own dictionary, in lower case, without blanks.
pub fn segment(jieba: &Jieba, text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    jieba
        .cut(&text, true)
        .into_iter()
        .map(|token| token.word.trim().to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

/// A corpus, one sentence a line.
pub fn corpus(language: &str) -> Result<String> {
    match language {
        "zh" => chinese(),
        "en" => english(),
        _ => Err(format!("language '{language}', wanted zh or en").into()),
    }
}

/// Parts of a text that end a sentence.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['。', '！', '？', '!', '?', '\n']).map(str::trim).filter(|part| part.chars().count() > 1)
}

fn chinese() -> Result<String> {
    let jieba = Jieba::new();
    let mut corpus = String::new();
    let mut add = |text: &str| {
        for sentence in sentences(text) {
            corpus.push_str(&segment(&jieba, sentence).join(" "));
            corpus.push('\n');
        }
    };
    let mut fields = |path: &str, columns: &[usize]| -> Result<()> {
        for line in text(path)?.trim_start_matches('\u{feff}').lines() {
            let parts: Vec<&str> = line.split('\t').collect();
            columns.iter().filter_map(|&column| parts.get(column)).for_each(|part| add(part));
        }
        Ok(())
    };
    fields("match_zh_questions/lcqmc_dev.txt.gz", &[0, 1])?;
    fields("match_zh_questions/atec_nlp_sim_train.csv.gz", &[1, 2])?;
    fields("match_zh_questions/STS-B.train.data.gz", &[0, 1])?;
    fields("match_zh_questions/STS-B.valid.data.gz", &[0, 1])?;
    fields("seq2seq_tatoeba_cmn_eng/cmn.txt.gz", &[1])?;
    fields("cs_jddc/jddc2019_chat_0.1per.txt.gz", &[6])?;
    for path in ["cs_jddc/train.enc.gz", "cs_jddc/train.dec.gz"] {
        text(path)?.lines().for_each(|line| line.split(',').for_each(&mut add));
    }
    for line in text("cws_peoples_daily_199801/199801.txt.gz")?.lines() {
        let words = line.split_whitespace().map(|word| word.rsplit_once('/').map_or(word, |(word, _)| word));
        add(&words.map(|word| word.trim_start_matches('[')).collect::<String>());
    }
    text("reviews_waimai_10k/waimai_10k.csv.gz")?
        .lines()
        .filter_map(|line| line.split_once(','))
        .for_each(|(_, text)| add(text));
    for (_, file) in zip("reviews_online_shopping_10_cats/online_shopping_10_cats.zip")? {
        file.lines().filter_map(|line| line.splitn(3, ',').nth(2)).for_each(&mut add);
    }
    for (_, file) in zip("reviews_chnsenticorp/chnsenticorp.zip")? {
        file.lines().filter_map(|line| line.split_once('\t')).for_each(|(_, text)| add(text));
    }
    for line in text("copy_advertisegen_dev/dev.json.gz")?.lines() {
        let value: serde_json::Value = serde_json::from_str(line)?;
        add(value["summary"].as_str().unwrap_or_default());
    }
    Ok(corpus)
}

fn english() -> Result<String> {
    let mut corpus = String::new();
    for path in ["corpus_gensim_small_en/head500.noblanks.cor.gz", "corpus_gensim_small_en/lee_background.cor.gz"] {
        for line in text(path)?.lines() {
            let line = line.to_lowercase();
            let words = line.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty());
            corpus.push_str(&words.collect::<Vec<_>>().join(" "));
            corpus.push('\n');
        }
    }
    Ok(corpus)
}
