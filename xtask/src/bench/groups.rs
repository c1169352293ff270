//! The benches of clustering: our program on a matrix, and peers on the same, each cell a process of its own.
//!
//! Ours is `tercet lab run`, timed around the algorithm alone, as the peers' scripts time theirs. Not here: whether the
//! answers are right; tests say that. Agreement with the peer's answer stands beside the times, and that with the truth of a
//! simulated shop in a case of its own.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Bench, Figures, N_THREADS, developed, installed, last_json, number};
use crate::run::{command, output, root, run, target_dir};
use crate::setup;

/// Scripts, environment and data of one family of peers.
struct Peers {
    scripts: PathBuf,
    python: PathBuf,
    folder: PathBuf,
    /// The program of peers/segment/rust.
    crates: PathBuf,
}

impl Peers {
    fn of(bench: &Bench, family: &str) -> Result<Peers, String> {
        let scripts = root().join("bench/peers/segment");
        let python = setup::python(family, &scripts.join(format!("requirements-{family}.txt")))?;
        let folder = bench.folder.join("segment");
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let manifest = scripts.join("rust/Cargo.toml");
        let target = target_dir().join("segment-peers");
        let mut build = command("cargo", &["build", "--release", "--locked", "--manifest-path"]);
        // Its own folder: profiles and features of two workspaces do not mix.
        run(build.arg(manifest).arg("--target-dir").arg(&target))?;
        Ok(Peers { scripts, python, folder, crates: target.join("release/segment-peers") })
    }

    fn script(&self, name: &str) -> std::process::Command {
        let mut command = command(&self.python.to_string_lossy(), &[]);
        command.arg(self.scripts.join(name)).current_dir(&self.scripts);
        // These pick slow kernels on some processors; the peers must run at their best.
        command.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE").env("OMP_WAIT_POLICY", "passive");
        for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "BENCH_THREADS"] {
            command.env(name, N_THREADS);
        }
        command
    }

    /// The generated set, made once.
    fn data(&self, name: &str) -> Result<PathBuf, String> {
        let file = self.folder.join(format!("{name}.f32"));
        if !file.exists() {
            run(self.script("gen.py").arg(&self.folder).arg(name))?;
        }
        Ok(file)
    }

    /// Its first `n` rows (0: all) as our program reads them.
    fn matrix(&self, name: &str, n: usize, kind: &str) -> Result<PathBuf, String> {
        let out = self.folder.join(format!("{name}-{n}-{kind}.npy"));
        if !out.exists() {
            let file = self.data(name)?;
            run(self.script("to_npy.py").arg(&file).args([&n.to_string(), kind]).arg(&out))?;
        }
        Ok(out)
    }

    /// A Rust crate on the first `n` rows (0: all) of a set; `rest` as its usage says.
    fn rust(&self, what: &str, who: &str, name: &str, n: usize, rest: &[&str]) -> Result<Value, String> {
        let file = self.data(name)?;
        let mut command = command(&self.crates.to_string_lossy(), &[what, who]);
        command.arg(file).arg(n.to_string()).args(rest).env("BENCH_THREADS", N_THREADS);
        eprintln!("→ crate {who}, {what} of {name} {rest:?}");
        last_json(&output(&mut command)?)
    }

    fn peer(&self, command: &mut std::process::Command) -> Result<Value, String> {
        eprintln!("→ peer {:?}", command.get_args().skip(1).collect::<Vec<_>>());
        last_json(&output(command)?)
    }

    fn ours(&self, card: &str, input: &Path, set: &[String], out: &Path) -> Result<Value, String> {
        let mut command = command(&developed()?, &["lab", "run", card, "--json", "--threads", N_THREADS]);
        command.arg("--input").arg(input).arg("--output").arg(out);
        for text in set {
            command.args(["--set", text]);
        }
        eprintln!("→ tercet lab run {card} {set:?}");
        last_json(&output(&mut command)?)
    }
}

fn our_figures(who: String, answer: &Value, quality: String) -> Figures {
    Figures {
        who,
        cpu_seconds: number(answer, "fit_cpu_seconds"),
        wall_seconds: number(answer, "fit_seconds"),
        peak_mib: number(answer, "peak_rss_bytes") / 1048576.0,
        quality,
    }
}

fn peer_figures(who: String, answer: &Value, quality: String) -> Figures {
    Figures {
        who,
        cpu_seconds: number(answer, "cpu_s"),
        wall_seconds: number(answer, "wall_s"),
        peak_mib: number(answer, "peak_rss_mib"),
        quality,
    }
}

pub const HIERARCHICAL: &str = "agglomerative clustering of points in 16 dimensions; the sum of all heights must agree";

pub fn hierarchical(bench: &Bench) -> Result<Vec<Figures>, String> {
    let peers = Peers::of(bench, "hierarchical")?;
    let mut all = Vec::new();
    for (n, linkage, whom) in [
        (5_000, "ward", &["fastcluster_vector", "scipy", "genieclust"][..]),
        (20_000, "ward", &["fastcluster_vector", "scipy", "genieclust"]),
        (50_000, "ward", &["fastcluster_vector", "genieclust"]),
        (20_000, "average", &["fastcluster", "scipy"]),
    ] {
        let input = peers.matrix("hc_50k_d16", n, "float64")?;
        let out = peers.folder.join("labels.npy");
        let answer = peers.ours("hierarchical", &input, &[format!("linkage={linkage}")], &out)?;
        let heights = |value: f64| format!("sum of heights {value:.3}");
        all.push(our_figures(
            format!("Tercet {linkage} {n}"),
            &answer,
            heights(number(&answer["result"], "height_sum")),
        ));
        for who in whom {
            let kind = if *who == "genieclust" { "genie" } else { linkage };
            let file = peers.data("hc_50k_d16")?;
            let mut script = peers.script("bench_hierarchical.py");
            let answer = peers.peer(script.arg("cell").arg(&file).args([n.to_string().as_str(), who, kind]))?;
            let quality = answer["height_sum"].as_f64().map_or("its own linkage".to_owned(), heights);
            all.push(peer_figures(format!("{who} {kind} {n}"), &answer, quality));
        }
        // Of 50,000 points the matrix of distances that kodama works on takes 10 GB.
        if n <= 20_000 {
            let answer = peers.rust("hierarchical", "kodama", "hc_50k_d16", n, &[linkage])?;
            let quality = heights(number(&answer, "height_sum"));
            all.push(peer_figures(format!("kodama {linkage} {n}"), &answer, quality));
        }
    }
    Ok(all)
}

pub const K_MEANS: &str =
    "K-Means of 100,000 points from the same first centres: 20 iterations, and to convergence (tolerance 1e-4)";
pub const K_MEANS_1M: &str =
    "K-Means of a million points from the same first centres: 20 iterations, and to convergence";

pub fn k_means(bench: &Bench) -> Result<Vec<Figures>, String> {
    k_means_of(bench, "100k")
}

pub fn k_means_1m(bench: &Bench) -> Result<Vec<Figures>, String> {
    k_means_of(bench, "1m")
}

fn k_means_of(bench: &Bench, size: &str) -> Result<Vec<Figures>, String> {
    let peers = Peers::of(bench, "kmeans")?;
    let mut all = Vec::new();
    for d in [16, 64] {
        let name = format!("km_{size}_d{d}");
        for k in [8, 64, 256] {
            let centres = peers.folder.join(format!("{name}-centres-{k}.npy"));
            if !centres.exists() || !centres.with_extension("f32").exists() {
                let file = peers.data(&name)?;
                run(peers.script("bench_kmeans.py").arg("centres").arg(&file).arg(k.to_string()).arg(&centres))?;
            }
            for mode in ["fixed", "conv"] {
                all.extend(k_means_cell(&peers, &name, k, &centres, mode)?);
            }
            all.extend(k_means_cell(&peers, &name, k, Path::new("-"), "fixed")?);
        }
    }
    Ok(all)
}

/// One cell; without first centres (`-`) everybody seeds by the default way, which is timed as well.
fn k_means_cell(peers: &Peers, name: &str, k: usize, centres: &Path, mode: &str) -> Result<Vec<Figures>, String> {
    let input = peers.matrix(name, 0, "float32")?;
    let seeds = centres == Path::new("-");
    let cell = format!("{name} k={k} {}", if seeds { "seeding and 20" } else { mode });
    let (iterations, tolerance) = if mode == "fixed" { (20, "0") } else { (300, "1e-4") };
    let mut set =
        vec![format!("n_clusters={k}"), format!("max_iterations={iterations}"), format!("tolerance={tolerance}")];
    if !seeds {
        set.push(format!("init={}", centres.display()));
    }
    let answer = middle("fit_cpu_seconds", || peers.ours("k_means", &input, &set, &peers.folder.join("labels.npy")))?;
    let said = |inertia: f64, n: f64| {
        let n = if n.is_nan() { String::new() } else { format!(", {n:.0} iterations") };
        format!("inertia {inertia:.6e}{n}")
    };
    let result = &answer["result"];
    let quality = said(number(result, "inertia"), number(result, "n_iterations"));
    let mut all = vec![our_figures(format!("Tercet {cell}"), &answer, quality)];
    for who in whom(name, k, mode, seeds) {
        let answer = if who == "linfa" {
            let first = if seeds { "-".to_owned() } else { centres.with_extension("f32").display().to_string() };
            middle("cpu_s", || peers.rust("k-means", who, name, 0, &[&k.to_string(), &first, mode]))?
        } else {
            let file = peers.data(name)?;
            middle("cpu_s", || {
                let mut script = peers.script("bench_kmeans.py");
                peers.peer(script.arg(who).arg(&file).arg(k.to_string()).arg(centres).arg(mode))
            })?
        };
        let quality = said(number(&answer, "inertia"), number(&answer, "n_iterations"));
        let label = if who == "faiss" || who == "linfa" { who.to_owned() } else { format!("scikit-learn {who}") };
        all.push(peer_figures(format!("{label} {cell}"), &answer, quality));
    }
    Ok(all)
}

/// What takes less than a second is measured five times, each time by a new process, and the middle one counts.
fn middle(cpu: &str, run: impl Fn() -> Result<Value, String>) -> Result<Value, String> {
    let mut answers = vec![run()?];
    while number(&answers[0], cpu) < 1.0 && answers.len() < 5 {
        answers.push(run()?);
    }
    answers.sort_by(|a, b| number(a, cpu).total_cmp(&number(b, cpu)));
    Ok(answers.swap_remove(answers.len() / 2))
}

/// Peers of a cell: those that take less than about two minutes of wall time.
fn whom(name: &str, k: usize, mode: &str, seeds: bool) -> Vec<&'static str> {
    let is_million = name.contains("1m");
    let mut all = vec!["lloyd"];
    // Seeding is the same before Elkan's iterations.
    if !(seeds || is_million && k == 256) {
        all.push("elkan");
    }
    // faiss runs a fixed number of iterations; by itself it seeds with random points.
    if mode == "fixed" {
        all.push("faiss");
    }
    // Every distance by a plain loop.
    let n_products = if is_million { 1_000_000 } else { 100_000 } * k * if name.ends_with("d64") { 64 } else { 16 };
    if n_products <= if mode == "fixed" { 700_000_000 } else { 200_000_000 } {
        all.push("linfa");
    }
    all
}

pub const DBSCAN: &str = "DBSCAN of 100,000 points in 2 and 8 dimensions";
pub const HDBSCAN: &str = "HDBSCAN of 50,000 points in 2, 8 and 16 dimensions, min_cluster_size 50, min_samples 10; \
    agreement is the adjusted Rand index with our labels, which are those of the exact tree: the goal of 0.98 is read against \
    hdbscan_exact (approx_min_span_tree=False), since hdbscan's own default takes an approximate tree";

pub fn dbscan(bench: &Bench) -> Result<Vec<Figures>, String> {
    let peers = Peers::of(bench, "density")?;
    let mut all = Vec::new();
    for (name, eps) in [("db_100k_d2", "eps=0.12"), ("db_100k_d8", "eps=1.2")] {
        all.extend(density(&peers, "dbscan", name, &[eps, "min_points=10"], &["scikit-learn"], &["linfa", "petal"])?);
    }
    Ok(all)
}

pub fn hdbscan(bench: &Bench) -> Result<Vec<Figures>, String> {
    let peers = Peers::of(bench, "density")?;
    let mut all = Vec::new();
    for name in ["hd_50k_d2", "hd_50k_d8", "hd_50k_d16"] {
        let whom = ["hdbscan", "hdbscan_exact", "fast_hdbscan", "scikit-learn"];
        let set = ["min_cluster_size=50", "min_samples=10"];
        all.extend(density(&peers, "hdbscan", name, &set, &whom, &["petal", "hdbscan"])?);
    }
    Ok(all)
}

/// One cell: scripts' peers, and crates, with agreement.
fn density(
    peers: &Peers,
    card: &str,
    name: &str,
    set: &[&str],
    whom: &[&str],
    crates: &[&str],
) -> Result<Vec<Figures>, String> {
    // scikit-learn's DBSCAN compares distances of f32 points in f64, and so do we from either file.
    let input = peers.matrix(name, 0, if card == "dbscan" { "float32" } else { "float64" })?;
    let labels = peers.folder.join("labels.npy");
    let told: Vec<String> = set.iter().map(|text| (*text).to_owned()).collect();
    let answer = peers.ours(card, &input, &told, &labels)?;
    let found =
        |answer: &Value| format!("{} clusters, {} noise", number(answer, "n_clusters"), number(answer, "n_noise"));
    let mut all = vec![our_figures(format!("Tercet {card} {name}"), &answer, found(&answer["result"]))];
    let mut answers = Vec::new();
    for who in whom {
        let mut script = peers.script("bench_density.py");
        let answer = peers.peer(script.arg("--peer").args([&peers.folder, &peers.folder]).args([name, who]))?;
        answers.push(((*who).to_owned(), answer, peers.folder.join(format!("{name}.{who}.npy"))));
    }
    let values: Vec<&str> = set.iter().filter_map(|text| text.split('=').next_back()).collect();
    for who in crates {
        let theirs = peers.folder.join(format!("{name}.crate-{who}.npy"));
        let answer = peers.rust(card, who, name, 0, &[values[0], values[1], &theirs.to_string_lossy()])?;
        answers.push((format!("{who} (Rust)"), answer, theirs));
    }
    for (who, answer, theirs) in answers {
        let mut script = peers.script("bench_density.py");
        let agreement = last_json(&output(script.arg("--compare").args([&labels, &theirs]))?)?;
        let equal = if agreement["equal"].as_bool() == Some(true) { ", labels equal" } else { "" };
        let quality = format!("{}, ARI {:.4}{equal}", found(&answer), number(&agreement, "ari"));
        all.push(peer_figures(format!("{who} {name}"), &answer, quality));
    }
    Ok(all)
}

pub const TRUTH: &str = "the small simulated shop, whose customers are of eight kinds: adjusted Rand index of groups with \
    kinds, over all customers; beside it a classifier that is shown the kinds, by five folds, on what customers touched";

/// Groups by behaviour and by taste against the truth that was written beside the shop. The shop is made anew each time: a
/// training looks at the groups before it.
pub fn truth(bench: &Bench) -> Result<Vec<Figures>, String> {
    let scripts = root().join("bench/peers/segment");
    let python = setup::python("groups", &scripts.join("requirements-groups.txt"))?;
    let shop = bench.folder.join("truth.shop");
    let program = developed()?;
    let _ = fs::remove_dir_all(&shop);
    run(command(&program, &["demo", "--make-only", "--size", "small", "--end", "2026-06-30"]).arg(&shop))?;
    let exported = |name: &str, statement: &str| -> Result<PathBuf, String> {
        let file = bench.folder.join(format!("truth-{name}.csv"));
        run(command(&program, &["sql", statement, "--shop"]).arg(&shop).arg("--output").arg(&file))?;
        Ok(file)
    };
    let truth = shop.join("truth/customers.parquet");
    let compared = |arguments: &[&Path]| -> Result<Value, String> {
        let mut script = command(&python.to_string_lossy(), &[]);
        script.arg(scripts.join("bench_truth.py")).arg(&truth).args(arguments);
        eprintln!("→ compared with the truth: {arguments:?}");
        last_json(&output(&mut script)?)
    };
    let mut all = Vec::new();
    for by in ["behaviour", "taste"] {
        let mut measured = command("python3", &[]);
        measured.arg(root().join("bench/peers/import/measure.py")).arg(&program);
        measured.args(["train", "segment", "--json", "--by", by, "--threads", N_THREADS, "--shop"]).arg(&shop);
        eprintln!("→ tercet train segment --by {by}");
        let measured = last_json(&output(&mut measured)?)?;
        let answer = &measured["answer"];
        let groups = exported(by, "select customer_id, segment from segments where segment is not null")?;
        let found = compared(&[&groups])?;
        let (ari, stability) = (number(&found, "ari"), number(&answer["stability"], "mean"));
        let n_groups = answer["groups"].as_array().map_or(0, Vec::len);
        all.push(Figures {
            who: format!("Tercet by {by}"),
            cpu_seconds: number(&measured, "cpu_s"),
            wall_seconds: number(&measured, "wall_s"),
            peak_mib: number(&measured, "peak_rss_mb"),
            quality: format!("ARI {ari:.3} of {} customers, {n_groups} groups, stability {stability:.2}", found["n"]),
        });
    }
    let touched = "select customer_id, product_id, count(*) as n from events
        where product_id is not null group by customer_id, product_id";
    let told =
        compared(&[&exported("touched", touched)?, &exported("taste", "select customer_id, segment from segments")?])?;
    let quality = format!("ARI {:.3} of {} customers, told the kinds", number(&told, "ari"), told["n"]);
    all.push(peer_figures("scikit-learn logistic regression, told".to_owned(), &told, quality));
    Ok(all)
}

pub const LARGE: &str = "a simulated shop of 2 M customers, 129 M events, 6.2 M order lines: RFM, features by SQL, K-Means \
    of 12 groups, stability and every customer's row written; the whole process. No peer does this";

/// The shop is made once, which takes some ten minutes; it stays under the target folder.
pub fn large(bench: &Bench) -> Result<Vec<Figures>, String> {
    let shop = bench.folder.join("large.shop");
    let program = installed()?;
    let program = program.to_string_lossy();
    let made = shop.join("made");
    if !made.exists() {
        let _ = fs::remove_dir_all(&shop);
        run(command(&program, &["demo", "--make-only", "--size", "large", "--end", "2026-06-30"]).arg(&shop))?;
        fs::write(&made, "").map_err(|error| format!("{}: {error}", made.display()))?;
    }
    let mut measured = command("python3", &[]);
    measured.arg(root().join("bench/peers/import/measure.py")).arg(program.as_ref());
    measured
        .args(["train", "segment", "--json", "--set", "n_clusters=12", "--threads", N_THREADS, "--shop"])
        .arg(&shop);
    eprintln!("→ tercet train segment, n_clusters=12");
    let measured = last_json(&output(&mut measured)?)?;
    let answer = &measured["answer"];
    let stability = number(&answer["stability"], "mean");
    let quality = format!("{} customers, Rand index of samples {stability:.3}", answer["n_customers"]);
    Ok(vec![Figures {
        who: "Tercet train segment".to_owned(),
        cpu_seconds: number(&measured, "cpu_s"),
        wall_seconds: number(&measured, "wall_s"),
        peak_mib: number(&measured, "peak_rss_mb"),
        quality,
    }])
}
