//! The benches of what people write: our examples on a file, and peers on the same, each a process of its own.
//!
//! Not here: sequences to sequences, which have their own file; and how the settings were chosen (docs/language.md).

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Bench, Figures, N_THREADS, last_json, number};
use crate::run::{command, data_dir, output, root, run, target_dir};
use crate::setup;

pub const WORD2VEC: &str = "Word2Vec, skip-gram, dimension 100, window 5, 5 negatives, 5 epochs; made-up topics (2 M words), \
    and word similarity of vectors from real text";
pub const SENTIMENT: &str = "sentiment of 62,774 reviews of ten categories, a tenth held out";
pub const ASPECTS: &str =
    "polarity of an aspect, published train and test parts; the peer is the best of six baselines";
pub const INTENTS: &str = "intents, published train and test parts; and our own examples of what customers of a shop want, \
    typed in a hurry (letters lost, doubled and swapped, words around)";
pub const MATCHING: &str = "pairs of questions, Spearman's correlation (100 times) with what people said; vectors trained on \
    the texts at hand, peers' figures are published ones";
pub const SEGMENTATION: &str = "Chinese segmentation, SIGHAN 2005";
pub const SEARCH: &str = "questions to the sections of two manuals, and a made-up shop of 100,000 entries";

/// Our examples, the peers' scripts and where the data are.
struct Texts {
    scripts: PathBuf,
    data: PathBuf,
    folder: PathBuf,
}

impl Texts {
    fn of(bench: &Bench, example: &str) -> Result<Texts, String> {
        let data = data_dir().ok_or("the benches of texts need the real data (TERCET_DATA)")?;
        let folder = bench.folder.join("language");
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        build(example)?;
        Ok(Texts { scripts: root().join("bench/peers/language"), data, folder })
    }

    fn ours(&self, example: &str, arguments: &[&str]) -> Result<String, String> {
        let mut command = command(&target_dir().join("debug/examples").join(example).to_string_lossy(), arguments);
        command.env("TERCET_DATA", &self.data).env("RAYON_NUM_THREADS", N_THREADS).current_dir(root());
        eprintln!("→ {example} {arguments:?}");
        output(&mut command)
    }

    fn python(&self, family: &str) -> Result<PathBuf, String> {
        setup::python(family, &self.scripts.join(format!("requirements-{family}.txt")))
    }

    fn peer(&self, python: &Path, script: &str, arguments: &[&str]) -> Result<String, String> {
        let mut command = command(&python.to_string_lossy(), &[]);
        command.arg(self.scripts.join(script)).args(arguments).env("TERCET_DATA", &self.data);
        // These pick slow kernels on some processors; the peers must run at their best.
        command.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE");
        for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"] {
            command.env(name, N_THREADS);
        }
        eprintln!("→ peer {script} {arguments:?}");
        output(&mut command)
    }

    /// The public classification sets as folders of `train.tsv` and `test.tsv`, made once.
    fn classification(&self, python: &Path) -> Result<String, String> {
        let folder = self.folder.join("classify");
        let folder_text = folder.to_string_lossy().into_owned();
        // Made again when what they are made from in the repository has changed.
        let seeds = root().join("crates/assist/src/understand/seeds");
        let sources = [self.scripts.join("prepare_classify.py"), seeds.join("zh.tsv"), seeds.join("en.tsv")];
        let sources = sources.iter().map(|path| read(path)).collect::<Result<String, String>>()?;
        if fs::read_to_string(folder.join("complete")).is_ok_and(|made_from| made_from == sources) {
            return Ok(folder_text);
        }
        let data = self.data.join("text");
        self.peer(python, "prepare_classify.py", &[&data.to_string_lossy(), &folder_text])?;
        fs::write(folder.join("complete"), sources).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(folder_text)
    }
}

/// The whole workspace is chosen so that dependencies keep the features that everything else is built with.
fn build(example: &str) -> Result<(), String> {
    run(&mut command("cargo", &["build", "--workspace", "--example", example]))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn figures(who: String, answer: &Value, quality: String) -> Figures {
    Figures {
        who,
        cpu_seconds: number(answer, "cpu_seconds"),
        wall_seconds: number(answer, "wall_seconds"),
        peak_mib: number(answer, "peak_rss_mb"),
        quality,
    }
}

pub fn sentiment(bench: &Bench) -> Result<Vec<Figures>, String> {
    let texts = Texts::of(bench, "classify")?;
    let python = texts.python("classify")?;
    let folder = texts.classification(&python)?;
    let said = |answer: &Value| {
        format!("accuracy {:.4}, electronics {:.4}", number(answer, "accuracy"), number(answer, "accuracy_electronics"))
    };
    let mut all = Vec::new();
    for split in ["shopping_random", "shopping_hashed"] {
        let folder = format!("{folder}/{split}");
        let ours = last_json(&texts.ours("classify", &["sentiment", &folder])?)?;
        all.push(figures(format!("Tercet {split}"), &ours, said(&ours)));
        for (who, label) in [("char_svm", "scikit-learn char TF-IDF(1–4) + LinearSVC"), ("fasttext", "FastText")] {
            let peer = last_json(&texts.peer(&python, "sentiment.py", &[who, &folder])?)?;
            all.push(figures(format!("{label} {split}"), &peer, said(&peer)));
        }
    }
    Ok(all)
}

/// For English typed in a hurry: chosen on every fifth example of an intent of the training part, made noisy with other seeds.
/// Chinese stays at the defaults, which were best there.
const HURRIED: &[&str] = &["with_unknown=true", "word_weight=0.3", "char_max=4", "hurried=2"];

pub fn intents(bench: &Bench) -> Result<Vec<Figures>, String> {
    let texts = Texts::of(bench, "classify")?;
    let python = texts.python("classify")?;
    let folder = texts.classification(&python)?;
    let said = |answer: &Value| {
        let oos = answer["oos_recall"].as_f64().map_or(String::new(), |share| format!(", out of scope {share:.4}"));
        format!("accuracy {:.4}, macro F1 {:.4}{oos}", number(answer, "accuracy"), number(answer, "macro_f1"))
    };
    build("shop_intents")?;
    let mut all = Vec::new();
    for set in ["clinc150", "smp2017", "bitext", "noisy_zh", "noisy_en", "atis"] {
        let folder = format!("{folder}/{set}");
        if set.starts_with("noisy") {
            let ours = last_json(&texts.ours("shop_intents", &[&folder])?)?;
            all.push(figures(format!("Tercet, what shops use, {set}"), &ours, said(&ours)));
        }
        let settings: &[&str] = if set == "noisy_en" { HURRIED } else { &[] };
        let ours = last_json(&texts.ours("classify", &[&["intent", folder.as_str()][..], settings].concat())?)?;
        all.push(figures(format!("Tercet {set}"), &ours, said(&ours)));
        for who in ["char_svm", "word_svm", "fasttext"] {
            let peer = last_json(&texts.peer(&python, "intents.py", &[who, &folder])?)?;
            all.push(figures(format!("{who} {set}"), &peer, said(&peer)));
        }
    }
    Ok(all)
}

pub fn aspects(bench: &Bench) -> Result<Vec<Figures>, String> {
    let texts = Texts::of(bench, "opinions")?;
    let python = texts.python("classify")?;
    let folder = texts.classification(&python)?;
    let said = |answer: &Value| {
        format!("accuracy {:.4}, macro F1 {:.4}", number(answer, "accuracy"), number(answer, "macro_f1"))
    };
    let mut all = Vec::new();
    for set in ["camera", "notebook", "car", "laptop_en"] {
        let ours = last_json(&texts.ours("opinions", &[&folder, set])?)?;
        all.push(figures(format!("Tercet {set}"), &ours, said(&ours)));
        let peers = last_json(&texts.peer(&python, "aspects.py", &[&folder, set])?)?;
        let best = &peers["models"][0];
        all.push(figures(format!("{} {set}", best["who"].as_str().unwrap_or("?")), best, said(best)));
    }
    Ok(all)
}

pub fn word2vec(bench: &Bench) -> Result<Vec<Figures>, String> {
    let texts = Texts::of(bench, "vectors_on_files")?;
    let python = texts.python("vectors")?;
    let (made_up, chinese) = (texts.folder.join("topics.txt"), texts.folder.join("chinese.txt"));
    let (made_up, chinese) = (made_up.to_string_lossy().into_owned(), chinese.to_string_lossy().into_owned());
    if !Path::new(&made_up).exists() {
        texts.peer(&python, "word2vec.py", &["corpus", &made_up])?;
    }
    if !Path::new(&chinese).exists() {
        texts.ours("vectors_on_files", &["write", "zh", &chinese])?;
    }
    let words = |file: &str, settings: &[&str]| -> Result<Value, String> {
        last_json(&texts.ours("vectors_on_files", &[&["words", file], settings].concat())?)
    };
    let mut all = vec![trained("Tercet topics, threads=1".to_owned(), &words(&made_up, &["threads=1"])?)];
    for (file, name) in [(&made_up, "topics"), (&chinese, "Chinese")] {
        // Each peer is set against ours at its own rate: 0.05 is fastText's and ours, 0.025 gensim's.
        for (tool, rate) in [("gensim", "0.025"), ("fasttext", "0.05")] {
            let ours = words(file, &["threads=2", &format!("learning_rate={rate}")])?;
            all.push(trained(format!("Tercet {name}, rate {rate}"), &ours));
            let peer = last_json(&texts.peer(&python, "word2vec.py", &["run", tool, file])?)?;
            all.push(trained(format!("{tool} {name}, rate {rate}"), &peer));
        }
    }
    // Sub-words: the same numbers of n-grams and buckets on both sides.
    let settings = ["min_n=1", "max_n=3", "buckets=200000"];
    let ours = [&["words", &chinese, "threads=2", "subwords=true"][..], &settings].concat();
    let peer = [&["run", "fasttext_subwords", chinese.as_str()][..], &settings].concat();
    all.push(trained("Tercet sub-words Chinese".to_owned(), &last_json(&texts.ours("vectors_on_files", &ours)?)?));
    all.push(trained(
        "fasttext sub-words Chinese".to_owned(),
        &last_json(&texts.peer(&python, "word2vec.py", &peer)?)?,
    ));
    Ok(all)
}

fn trained(who: String, answer: &Value) -> Figures {
    let speed = format!("{:.0} words/CPU s", number(answer, "words_per_cpu_second"));
    let quality = match answer["same_topic_at10"].as_f64() {
        Some(share) => format!("same topic {share:.4}"),
        None => {
            let of = |set: &str, name: &str| number(&answer["similarity"][set], name);
            let analogies = of("ca_translated", "add");
            let (similar, n_covered) = (of("wordsim240", "spearman"), of("wordsim240", "n_covered"));
            format!("wordsim-240 {similar:.4} ({n_covered:.0} pairs known), analogies {analogies:.4}")
        }
    };
    Figures {
        who,
        cpu_seconds: number(answer, "cpu_s"),
        wall_seconds: number(answer, "wall_s"),
        peak_mib: number(answer, "peak_mb"),
        quality: format!("{quality}, {speed}"),
    }
}

pub fn matching(bench: &Bench) -> Result<Vec<Figures>, String> {
    let texts = Texts::of(bench, "vectors_on_files")?;
    let chinese = texts.folder.join("chinese.txt");
    let chinese = chinese.to_string_lossy().into_owned();
    if !Path::new(&chinese).exists() {
        texts.ours("vectors_on_files", &["write", "zh", &chinese])?;
    }
    let text = texts.ours("vectors_on_files", &["matching", &chinese, "threads=2"])?;
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let fit = lines.iter().find(|line| line["cpu_s"].is_number()).cloned().unwrap_or_default();
    let mut all = Vec::new();
    for line in lines.iter().filter(|line| line["encoder"].is_string()) {
        for (set, found) in line["spearman"].as_object().into_iter().flatten() {
            let of = |name: &str| number(found, name);
            all.push(Figures {
                who: format!("Tercet {} {set}", line["encoder"].as_str().unwrap_or("?")),
                cpu_seconds: number(&fit, "cpu_s"),
                wall_seconds: number(&fit, "wall_s"),
                peak_mib: number(&fit, "peak_mb"),
                quality: format!(
                    "vectors {:.2}, characters {:.2}, words {:.2}, blend {:.2}",
                    of("vectors"),
                    of("characters"),
                    of("words"),
                    of("blended")
                ),
            });
        }
    }
    if all.is_empty() { Err("no encoder in the answer of vectors_on_files matching".to_owned()) } else { Ok(all) }
}

pub fn segmentation(bench: &Bench) -> Result<Vec<Figures>, String> {
    const REPEATS: &str = "3";
    let texts = Texts::of(bench, "segmentation")?;
    let python = texts.python("segmentation")?;
    let ours = texts.ours("segmentation", &[REPEATS])?;
    let peer = texts.peer(&python, "segmentation.py", &[&texts.data.join("text").to_string_lossy(), REPEATS])?;
    let lines =
        |text: &str| text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).collect::<Vec<_>>();
    let row = |line: &Value, who: String| {
        let f1 = line["f1"].as_f64().map_or(String::new(), |f1| format!("F1 {f1:.4}, "));
        let speed = number(line, "mb_per_cpu_second");
        Figures { quality: format!("{f1}{speed:.2} MB/CPU s"), ..figures(who, line, String::new()) }
    };
    let mut all = Vec::new();
    for test in ["pku", "msr"] {
        for line in lines(&ours).iter().filter(|line| line["test"] == test) {
            let who = line["who"].as_str().unwrap_or("?").replace("tercet", "Tercet");
            all.push(row(line, format!("{who} {test}")));
        }
        for line in lines(&peer).iter().filter(|line| line["test"] == test) {
            all.push(row(line, format!("{} {test}", line["who"].as_str().unwrap_or("?"))));
        }
    }
    Ok(all)
}

pub fn search(bench: &Bench) -> Result<Vec<Figures>, String> {
    let texts = Texts::of(bench, "search")?;
    let folder = texts.folder.join("search");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let folder = folder.to_string_lossy().into_owned();
    texts.ours("search", &["dump", &folder, "100000"])?;
    let result = |text: &str| last_json(text).map(|answer| answer["result"].clone());
    let quality = result(&texts.ours("search", &["quality"])?)?;
    let speed = result(&texts.ours("search", &["speed", "100000"])?)?;
    // The standard library of any Python will do.
    let sqlite = last_json(&texts.peer(Path::new("python3"), "search.py", &[&folder, "--speed"])?)?;
    let hits = |found: &Value| format!("hit@1 {:.3}, hit@5 {:.3}", number(found, "hit@1"), number(found, "hit@5"));
    let plain = |who: String, quality: String| Figures {
        who,
        cpu_seconds: f64::NAN,
        wall_seconds: f64::NAN,
        peak_mib: f64::NAN,
        quality,
    };
    let mut all = Vec::new();
    for manual in ["s10", "tv"] {
        all.push(plain(format!("Tercet {manual}"), hits(&quality[manual]["ours"])));
        all.push(plain(format!("tantivy default {manual}"), hits(&quality[manual]["tantivy_default"])));
        for tokenizer in ["trigram", "unicode61", "porter unicode61"] {
            all.push(plain(format!("SQLite FTS5 {tokenizer} {manual}"), hits(&sqlite[manual][tokenizer])));
        }
    }
    let times = |found: &Value| format!("p50 {:.2} ms, p99 {:.2} ms", number(found, "p50_ms"), number(found, "p99_ms"));
    let indexed = |who: String, found: &Value, peak: f64, quality: String| Figures {
        who,
        cpu_seconds: number(found, "index_cpu_seconds"),
        wall_seconds: number(found, "index_seconds"),
        peak_mib: peak / 1048576.0,
        quality,
    };
    let ours =
        format!("{}; understood, with facets: {}", times(&speed["search"]), times(&speed["understood_with_facets"]));
    all.push(indexed("Tercet, index and query".to_owned(), &speed, number(&speed, "peak_rss_bytes"), ours));
    for tokenizer in ["trigram", "unicode61"] {
        let found = &sqlite["shop"][tokenizer];
        let who = format!("SQLite FTS5 {tokenizer}, index and query");
        all.push(indexed(who, found, number(&sqlite, "peak_rss_bytes"), times(found)));
    }
    Ok(all)
}
