//! `cargo xtask bench`: us and a peer on the same input, one after the other in the same run, with the same number of
//! threads. Prints and writes down CPU seconds, wall seconds, peak memory and the quality of both.
//!
//! What is not here: any assertion. A figure is for people; tests never measure time.

mod answers;
mod copies;
mod copies_shops;
mod groups;
mod import;
mod language;
mod random;
mod seq2seq;
mod sequences;
mod serve;
mod service;
mod strategy_forecast;
mod strategy_lifetimes;
mod strategy_mix;
mod strategy_off_policy;
mod strategy_uplift;
mod turns;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

use crate::run::{Outcome, command, data_dir, output, root, run, target_dir};
use crate::setup;

const N_THREADS: &str = "2";

/// What one program needed and how good its answer is.
struct Figures {
    who: String,
    cpu_seconds: f64,
    wall_seconds: f64,
    peak_mib: f64,
    /// `ndcg@10 0.0861, recall@20 0.1239`.
    quality: String,
}

struct Case {
    name: &'static str,
    sentence: &'static str,
    run: fn(&Bench) -> Result<Vec<Figures>, String>,
}

const CASES: &[Case] = &[
    Case { name: "ials", sentence: "implicit ALS, 64 factors, 15 epochs, 10 M interactions: fit", run: ials },
    Case { name: "item-item", sentence: "item-item TF-IDF neighbours, K = 50, 10 M interactions: fit", run: item_item },
    Case { name: "cosine", sentence: "item-item cosine neighbours, K = 50, 10 M interactions: fit", run: cosine },
    Case { name: "recommend-all", sentence: "top 20 for all 200,000 users from 64 factors", run: recommend_all },
    Case { name: "ease", sentence: "EASE over 20,000 items: fit", run: ease },
    Case { name: "ease-41k", sentence: "EASE over 41,000 items, 4 M interactions: fit", run: ease_41k },
    Case {
        name: "ratings",
        sentence: "kNN rating prediction, MovieLens-100k, five folds: fit and predict",
        run: ratings,
    },
    Case { name: "import", sentence: import::SENTENCE, run: import::import },
    Case { name: "k-means", sentence: groups::K_MEANS, run: groups::k_means },
    Case { name: "k-means-1m", sentence: groups::K_MEANS_1M, run: groups::k_means_1m },
    Case { name: "hierarchical", sentence: groups::HIERARCHICAL, run: groups::hierarchical },
    Case { name: "dbscan", sentence: groups::DBSCAN, run: groups::dbscan },
    Case { name: "hdbscan", sentence: groups::HDBSCAN, run: groups::hdbscan },
    Case { name: "groups-truth", sentence: groups::TRUTH, run: groups::truth },
    Case { name: "groups-large", sentence: groups::LARGE, run: groups::large },
    Case { name: "word2vec", sentence: language::WORD2VEC, run: language::word2vec },
    Case { name: "sentiment", sentence: language::SENTIMENT, run: language::sentiment },
    Case { name: "aspects", sentence: language::ASPECTS, run: language::aspects },
    Case { name: "intents", sentence: language::INTENTS, run: language::intents },
    Case { name: "matching", sentence: language::MATCHING, run: language::matching },
    Case { name: "segmentation", sentence: language::SEGMENTATION, run: language::segmentation },
    Case { name: "search", sentence: language::SEARCH, run: language::search },
    Case { name: "seq2seq-step", sentence: seq2seq::STEP, run: seq2seq::step },
    Case { name: "seq2seq-beam", sentence: seq2seq::BEAM, run: seq2seq::beam },
    Case { name: "seq2seq-quality", sentence: seq2seq::QUALITY, run: seq2seq::quality },
    Case { name: "sequences", sentence: sequences::SENTENCE, run: sequences::sequences },
    Case { name: "service-retrieval", sentence: service::RETRIEVAL, run: service::retrieval },
    Case { name: "service-selection", sentence: service::SELECTION, run: service::selection },
    Case { name: "service-scope", sentence: service::SCOPE, run: service::scope },
    Case { name: "service-writer", sentence: service::WRITER, run: service::writer },
    Case { name: "copies", sentence: copies::COPIES, run: copies::copies },
    Case { name: "off-policy", sentence: strategy_off_policy::SENTENCE, run: strategy_off_policy::off_policy },
    Case { name: "lifetimes", sentence: strategy_lifetimes::LIFETIMES, run: strategy_lifetimes::lifetimes },
    Case { name: "strategy-forecast", sentence: strategy_forecast::FORECAST, run: strategy_forecast::forecast },
    Case { name: "mix", sentence: strategy_mix::MIX, run: strategy_mix::mix },
    Case { name: "uplift", sentence: strategy_uplift::UPLIFT, run: strategy_uplift::uplift },
];

struct Bench {
    peers: PathBuf,
    python: PathBuf,
    folder: PathBuf,
}

/// Runs the named cases, or all, and appends to `bench/results/`. `serve`, `turns` and `answers` have options of their own and run alone; `copies`
/// with names behind it measures those of its parts.
pub fn bench(names: &[String]) -> Outcome {
    match names.first().map(String::as_str) {
        Some("serve") => return serve::serve(&names[1..]),
        Some("turns") => return turns::turns(&names[1..]),
        Some("answers") => return answers::answers(&names[1..]),
        Some("copies") if names.len() > 1 => return copies::parts(&names[1..]),
        _ => {}
    }
    if let Some(unknown) = names.iter().find(|name| CASES.iter().all(|case| case.name != **name)) {
        let known = CASES.iter().map(|case| case.name).collect::<Vec<_>>().join(", ");
        return Err(format!("there is no bench '{unknown}'; there are: {known}"));
    }
    setup::web()?;
    let peers = root().join("bench/peers/recommend");
    let python = setup::python("recommend", &peers.join("requirements.txt"))?;
    let bench = Bench { peers, python, folder: target_dir().join("bench") };
    fs::create_dir_all(&bench.folder).map_err(|error| format!("{}: {error}", bench.folder.display()))?;
    let mut page = String::new();
    for case in CASES.iter().filter(|case| names.is_empty() || names.iter().any(|name| name == case.name)) {
        let figures = (case.run)(&bench)?;
        let table = table(case, &figures);
        print!("{table}");
        page.push_str(&table);
    }
    write_down("", &format!("; {N_THREADS} threads each"), &page)
}

/// The program of the development profile, which compiles algorithms for speed; built when first asked for.
fn developed() -> Result<String, String> {
    static BUILT: OnceLock<Outcome> = OnceLock::new();
    BUILT.get_or_init(|| run(&mut command("cargo", &["build", "--package", "tercet"]))).clone()?;
    Ok(target_dir().join("debug/tercet").to_string_lossy().into_owned())
}

/// The program as a shop runs it. What is timed as a whole process, reading, querying and serving, is this one; algorithms are
/// compiled for speed in either (docs/adr/0001).
fn installed() -> Result<PathBuf, String> {
    run(&mut command("cargo", &["build", "--release", "--package", "tercet"]))?;
    Ok(target_dir().join("release/tercet"))
}

fn table(case: &Case, figures: &[Figures]) -> String {
    let mut text = format!("\n## {}\n\n{}\n\n", case.name, case.sentence);
    text.push_str("| who | CPU s | wall s | peak MiB | our CPU / theirs | our memory / theirs | quality |\n|---|---|---|---|---|---|---|\n");
    let is_ours = |one: &Figures| one.who.starts_with("Tercet");
    let mut ours = &figures[0];
    for one in figures {
        // A case may hold several comparisons; each peer is set against the line of ours above it.
        if is_ours(one) {
            ours = one;
        }
        // What was not measured, or has nothing to stand against, is a dash.
        let told = |value: f64, digits: usize| {
            if value.is_finite() { format!("{value:.digits$}") } else { "–".to_owned() }
        };
        let ratio = |ours: f64, theirs: f64| told(if is_ours(one) { f64::NAN } else { ours / theirs }, 2);
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} | {} |\n",
            one.who,
            told(one.cpu_seconds, 2),
            told(one.wall_seconds, 2),
            told(one.peak_mib, 0),
            ratio(ours.cpu_seconds, one.cpu_seconds),
            ratio(ours.peak_mib, one.peak_mib),
            one.quality
        ));
    }
    text
}

/// Appends to `bench/results/DAY{suffix}.md`; a new page begins with the day, the machine and `how`.
fn write_down(suffix: &str, how: &str, page: &str) -> Outcome {
    let day = output(&mut command("date", &["+%Y-%m-%d"]))?;
    let folder = root().join("bench/results");
    let path = folder.join(format!("{}{suffix}.md", day.trim()));
    let before =
        fs::read_to_string(&path).unwrap_or_else(|_| format!("# {}\n\n{}{how}.\n", day.trim(), setup::machine()));
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&path, before + page))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    println!("\nWritten to {}.", path.display());
    Ok(())
}

impl Bench {
    /// The synthetic shop that the peers' scripts describe; made once.
    fn synthetic(&self) -> Result<PathBuf, String> {
        self.synthetic_of("synth10m", &[])
    }

    /// One of another size: users, items, training pairs.
    fn synthetic_of(&self, name: &str, sizes: &[&str]) -> Result<PathBuf, String> {
        let folder = self.folder.join(name);
        if !folder.join("meta.json").exists() {
            run(self.peer("gen_synth.py").arg(&folder).args(sizes))?;
        }
        Ok(folder)
    }

    fn peer(&self, script: &str) -> std::process::Command {
        self.peer_in(&self.python, script)
    }

    fn peer_in(&self, python: &Path, script: &str) -> std::process::Command {
        let mut command = command(&python.to_string_lossy(), &[]);
        command.current_dir(&self.peers).arg(self.peers.join(script));
        // These pick slow kernels on some processors; the peers must run at their best.
        command.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE");
        command.env("BENCH_THREADS", N_THREADS).env("BENCH_LAT", "0");
        command
    }

    fn peer_json(&self, command: &mut std::process::Command) -> Result<Value, String> {
        eprintln!("→ peer {:?}", command.get_args().collect::<Vec<_>>());
        last_json(&output(command)?)
    }

    fn ours(&self, card: &str, data: &Path, set: &[&str], extra: &[&str]) -> Result<Value, String> {
        let mut command = command(&developed()?, &["lab", "evaluate", card, "--json", "--k", "10,20"]);
        command.args(["--threads", N_THREADS]).args(extra);
        if !extra.contains(&"--users") {
            command.args(["--users", "20000"]);
        }
        command.arg("--train").arg(data).arg("--test").arg(data);
        for assignment in set {
            command.args(["--set", assignment]);
        }
        eprintln!("→ tercet lab evaluate {card} {set:?}");
        last_json(&output(&mut command)?)
    }
}

/// The JSON document with which an answer ends; whatever was printed before it, progress bars too, is passed over.
fn last_json(text: &str) -> Result<Value, String> {
    let documents = text.match_indices('{').filter_map(|(at, _)| serde_json::from_str(&text[at..]).ok());
    documents.into_iter().next().ok_or_else(|| "no JSON in the answer".to_owned())
}

fn number(value: &Value, name: &str) -> f64 {
    value[name].as_f64().unwrap_or(f64::NAN)
}

fn our_fit(who: &str, answer: &Value) -> Figures {
    let result = &answer["result"];
    Figures {
        who: who.to_owned(),
        cpu_seconds: number(answer, "fit_cpu_seconds"),
        wall_seconds: number(answer, "fit_seconds"),
        peak_mib: number(answer, "peak_rss_bytes") / 1048576.0,
        quality: format!("ndcg@10 {:.4}, recall@20 {:.4}", number(result, "ndcg@10"), number(result, "recall@20")),
    }
}

fn peer_fit(who: &str, answer: &Value) -> Figures {
    Figures {
        who: who.to_owned(),
        cpu_seconds: number(answer, "fit_cpu_s"),
        wall_seconds: number(answer, "fit_s"),
        peak_mib: number(answer, "fit_peak_rss_mb"),
        quality: format!("ndcg@10 {:.4}, recall@20 {:.4}", number(answer, "ndcg@10"), number(answer, "recall@20")),
    }
}

fn ials(bench: &Bench) -> Result<Vec<Figures>, String> {
    let data = bench.synthetic()?;
    // The best on a validation part, as are the peers': peers/recommend/tune_ials.py, settings/ials.json.
    let settings =
        ["n_factors=64", "n_epochs=15", "cg_steps=1", "alpha=1", "unobserved_weight=0.05", "nu=1", "reg=0.006"];
    let ours = bench.ours("ials", &data, &settings, &[])?;
    let implicit = bench.peer_json(bench.peer("bench_implicit.py").arg(&data).arg("als").env("BENCH_REC", "0"))?;
    let tuned = bench.peer_json(
        bench
            .peer("bench_implicit.py")
            .arg(&data)
            .arg("als-tuned")
            .env("REG", "60")
            .env("ALPHA", "9")
            .env("BENCH_REC", "0"),
    )?;
    // The best of thirteen on a validation part: peers/recommend/tune_irspack.py, settings/irspack.json.
    let irspack = bench.peer_json(
        bench
            .peer("bench_irspack.py")
            .arg(&data)
            .arg("ialspp")
            .env("EPOCHS", "15")
            .env("ALPHA0", "0.05")
            .env("REG", "0.006")
            .env("BENCH_EVAL_USERS", "20000"),
    )?;
    Ok(vec![
        our_fit("Tercet ials", &ours),
        peer_fit("implicit 0.7 ALS (CG), its defaults", &implicit),
        peer_fit("implicit 0.7 ALS (CG), alpha 9, reg 60", &tuned),
        peer_fit("irspack iALS++, alpha0 0.05, reg 0.006", &irspack),
    ])
}

fn item_item(bench: &Bench) -> Result<Vec<Figures>, String> {
    let data = bench.synthetic()?;
    let ours = bench.ours("item_knn", &data, &["similarity=cosine", "weighting=tfidf", "n_neighbors=50"], &[])?;
    let implicit = bench.peer_json(
        bench.peer("bench_implicit.py").arg(&data).arg("tfidf").env("BENCH_REC", "0").env("BENCH_K", "50"),
    )?;
    Ok(vec![our_fit("Tercet item_knn", &ours), peer_fit("implicit 0.7 TF-IDF", &implicit)])
}

/// LensKit knows the plain cosine alone, so it stands here and not beside TF-IDF. Its environment takes gigabytes and is
/// apart from the others'.
fn cosine(bench: &Bench) -> Result<Vec<Figures>, String> {
    let data = bench.synthetic()?;
    let lenskit = setup::python("lenskit", &bench.peers.join("requirements-lenskit.txt"))?;
    let ours = bench.ours("item_knn", &data, &["similarity=cosine", "weighting=none", "n_neighbors=50"], &[])?;
    let implicit = bench.peer_json(
        bench.peer("bench_implicit.py").arg(&data).arg("cosine").env("BENCH_REC", "0").env("BENCH_K", "50"),
    )?;
    let lenskit =
        bench.peer_json(bench.peer_in(&lenskit, "bench_lenskit.py").arg(&data).arg("cosine").env("BENCH_K", "50"))?;
    Ok(vec![
        our_fit("Tercet item_knn", &ours),
        peer_fit("implicit 0.7 cosine", &implicit),
        peer_fit("LensKit 2025.8 item kNN", &lenskit),
    ])
}

fn recommend_all(bench: &Bench) -> Result<Vec<Figures>, String> {
    let data = bench.synthetic()?;
    let ours = bench.ours("ials", &data, &["n_factors=64", "n_epochs=2"], &["--top", "20"])?;
    let implicit = bench.peer_json(bench.peer("bench_implicit.py").arg(&data).arg("als").env("BENCH_REC", "1"))?;
    let mut first = our_fit("Tercet ials", &ours);
    first.cpu_seconds = number(&ours["result"], "recommend_cpu_seconds");
    first.wall_seconds = number(&ours["result"], "recommend_seconds");
    first.quality = String::new();
    let mut second = peer_fit("implicit 0.7 ALS", &implicit);
    second.cpu_seconds = number(&implicit, "rec_cpu_s");
    second.wall_seconds = number(&implicit, "rec_s");
    second.peak_mib = number(&implicit, "peak_rss_mb");
    second.quality = String::new();
    Ok(vec![first, second])
}

fn ease(bench: &Bench) -> Result<Vec<Figures>, String> {
    ease_over(bench, &bench.synthetic()?, "20000")
}

/// About as many items as the larger public sets have; one matrix of them in f32 is 6.3 GiB. Few users are judged: the
/// row is about the fit, and both sides judge the same ones.
fn ease_41k(bench: &Bench) -> Result<Vec<Figures>, String> {
    ease_over(bench, &bench.synthetic_of("synth41k", &["100000", "41000", "4000000"])?, "2000")
}

fn ease_over(bench: &Bench, data: &Path, users: &str) -> Result<Vec<Figures>, String> {
    let ours = bench.ours("ease", data, &["l2=500"], &["--users", users])?;
    let mut numpy = bench.peer("bench_ease.py");
    numpy.arg(data).arg("ease").env("BENCH_EVAL_USERS", users).env("LAMBDA", "500");
    let numpy = bench.peer_json(&mut numpy)?;
    Ok(vec![our_fit("Tercet ease", &ours), peer_fit("numpy + LAPACK", &numpy)])
}

/// Five folds each; both count fit and prediction.
fn ratings(bench: &Bench) -> Result<Vec<Figures>, String> {
    let golden = data_dir()
        .ok_or("the bench 'ratings' needs the real data (TERCET_DATA)")?
        .join("../golden/recommend/ml100k-folds.tsv.gz");
    let folds = bench.folder.join("ml100k-folds.tsv");
    let text = output(command("gzip", &["-dc"]).arg(&golden))?;
    fs::write(&folds, &text).map_err(|error| error.to_string())?;
    let mut all = Vec::new();
    for (peer_name, set) in [
        ("knn-msd-user", "similarity=msd center=none"),
        ("means-pearson-user", "similarity=pearson center=mean"),
        ("kbase-msd-user", "similarity=msd center=baseline"),
    ] {
        all.push(our_ratings(bench, &text, set)?);
        let answer = bench.peer_json(bench.peer("bench_surprise.py").arg(&folds).arg(peer_name))?;
        all.push(Figures {
            who: format!("Surprise {peer_name}"),
            cpu_seconds: number(&answer, "fit_cpu_5folds") + number(&answer, "test_cpu_5folds"),
            wall_seconds: number(&answer, "fit_s_5folds") + number(&answer, "test_s_5folds"),
            peak_mib: number(&answer, "peak_rss_mb"),
            quality: format!("rmse {:.4}, mae {:.4}", number(&answer, "rmse"), number(&answer, "mae")),
        });
    }
    Ok(all)
}

fn our_ratings(bench: &Bench, folds: &str, set: &str) -> Result<Figures, String> {
    let mut sum = Figures {
        who: format!("Tercet user_knn {set}"),
        cpu_seconds: 0.0,
        wall_seconds: 0.0,
        peak_mib: 0.0,
        quality: String::new(),
    };
    let (mut rmse, mut mae) = (0.0, 0.0);
    for fold in ["0", "1", "2", "3", "4"] {
        let part = |wanted: bool| -> String {
            let kept = folds.lines().filter(|line| line.ends_with(&format!("\t{fold}")) == wanted);
            kept.map(|line| line.rsplit_once('\t').map_or(line, |(row, _)| row))
                .fold(String::new(), |text, row| text + row + "\n")
        };
        let (train, test) = (bench.folder.join("fold-train.tsv"), bench.folder.join("fold-test.tsv"));
        fs::write(&train, part(false))
            .and_then(|()| fs::write(&test, part(true)))
            .map_err(|error| error.to_string())?;
        let mut command = command(&developed()?, &["lab", "evaluate", "user_knn", "--json", "--threads", "1"]);
        command.arg("--train").arg(&train).arg("--test").arg(&test).args([
            "--set",
            "task=rating",
            "--set",
            "n_neighbors=40",
        ]);
        set.split(' ').for_each(|assignment| {
            command.args(["--set", assignment]);
        });
        let answer = last_json(&output(&mut command)?)?;
        sum.cpu_seconds += number(&answer, "fit_cpu_seconds") + number(&answer["result"], "predict_cpu_seconds");
        sum.wall_seconds += number(&answer, "fit_seconds") + number(&answer["result"], "predict_seconds");
        sum.peak_mib = sum.peak_mib.max(number(&answer, "peak_rss_bytes") / 1048576.0);
        rmse += number(&answer["result"], "rmse") / 5.0;
        mae += number(&answer["result"], "mae") / 5.0;
    }
    sum.quality = format!("rmse {rmse:.4}, mae {mae:.4}");
    Ok(sum)
}
