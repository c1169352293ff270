//! The bench of copies, on whole shops, by the program itself: everything on sale in the simulated shop, in both languages, on all
//! channels, with and without an offer, read again by the second reader; and 50,000 products written about in one run, with its time and
//! memory beside those of 5,000, broken off and gone on with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use super::{Figures, developed, last_json, number};
use crate::run::{command, output, root, run, target_dir};

const PERCENT_OFF: u32 = 10;
const ENDS_ON: &str = "2099-12-12";
const N_PRODUCTS: usize = 50_000;
/// Beside it, to see what grows with the shop.
const N_FEW: usize = 5_000;

/// The program and the example with the second reader.
struct Shops {
    tercet: String,
    reader: PathBuf,
    data: PathBuf,
    folder: PathBuf,
}

impl Shops {
    fn new(reader: &Path, data: &Path) -> Result<Shops, String> {
        let folder = target_dir().join("bench/copies");
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Shops { tercet: developed()?, reader: reader.to_path_buf(), data: data.to_path_buf(), folder })
    }

    fn read(&self, arguments: &[&str], files: &[PathBuf]) -> Result<Value, String> {
        let mut command = command(&self.reader.to_string_lossy(), arguments);
        last_json(&output(command.args(files).env("TERCET_DATA", &self.data))?)
    }

    /// A fresh folder for a shop.
    fn place(&self, name: &str) -> PathBuf {
        let folder = self.folder.join(name);
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    /// What the second reader knows of a shop: its goods, what its reviews say, its name, the offer.
    fn told(&self, shop: &Path, lang: &str) -> Result<PathBuf, String> {
        let rows = output(command(&self.tercet, &["--json", "sql", "select * from products", "--shop"]).arg(shop))?;
        let rows: Value = serde_json::from_str(&rows).map_err(|error| format!("products: {error}"))?;
        let opinions = newest(&shop.join("models/language"))
            .and_then(|version| fs::read_to_string(version.join("opinions.json")).ok())
            .map_or(Ok(json!({})), |text| serde_json::from_str::<Value>(&text))
            .map_err(|error| format!("opinions: {error}"))?;
        let config = fs::read_to_string(shop.join("tercet.toml")).map_err(|error| format!("tercet.toml: {error}"))?;
        let of = |name: &str| {
            let value = config.lines().find_map(|line| line.strip_prefix(&format!("{name} = "))).unwrap_or_default();
            value.split('"').nth(1).unwrap_or_default().to_owned()
        };
        let path = shop.with_extension("json");
        let told = json!({
            "products": rows["rows"], "opinions": opinions["pages"], "name": of("name"), "currency": of("currency"),
            "language": lang, "percent_off": PERCENT_OFF, "ends_on": ENDS_ON,
        });
        fs::write(&path, told.to_string()).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}

fn newest(folder: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    versions.filter(|path| path.is_dir()).max()
}

/// Everything on sale in the simulated shop, in both languages.
pub fn simulated(reader: &Path, data: &Path) -> Result<Vec<Figures>, String> {
    let shops = Shops::new(reader, data)?;
    ["zh", "en"].into_iter().map(|lang| of_language(&shops, lang)).collect()
}

fn of_language(shops: &Shops, lang: &str) -> Result<Figures, String> {
    let shop = shops.place(&format!("simulated-{lang}"));
    let demo = ["demo", "--size", "small", "--lang", lang, "--end", "2026-11-29", "--make-only"];
    run(command(&shops.tercet, &demo).arg(&shop))?;
    run(command(&shops.tercet, &["train", "language", "--shop"]).arg(&shop))?;
    let channels = shops.read(&["channels", lang], &[])?;
    let percent_off = PERCENT_OFF.to_string();
    let (mut files, mut n_rejected) = (Vec::new(), 0.0);
    for channel in channels["channels"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        for goal in ["launch", "promotion"] {
            let file = shops.folder.join(format!("simulated-{lang}-{channel}-{goal}.csv"));
            let _ = fs::remove_file(&file);
            let mut write = command(&shops.tercet, &["--json", "write", "--channel", channel, "--language", lang]);
            write.args(["--goal", goal, "--shop"]).arg(&shop).arg("--output").arg(&file);
            if goal == "promotion" {
                write.args(["--percent-off", &percent_off, "--offer-ends", ENDS_ON]);
            }
            eprintln!("→ tercet write --channel {channel} --goal {goal} ({lang})");
            n_rejected += number(&last_json(&output(&mut write)?)?["report"], "n_rejected");
            files.push(file);
        }
    }
    let told = shops.told(&shop, lang)?;
    let found = shops.read(&["reread", &told.to_string_lossy()], &files)?;
    if number(&found, "n_unbound_after") != 0.0 {
        return Err(format!(
            "the simulated shop, {lang}: {} figures or words that no field has",
            found["n_unbound_after"]
        ));
    }
    let n_copies = number(&found, "n_copies");
    let quality = format!(
        "{} of {} products written about, {n_copies:.0} copies in {} files, {} figures, {} unbound; {:.2} % of drafts rejected",
        found["n_written_about"],
        found["n_products"],
        files.len(),
        found["n_figures"],
        found["n_unbound_after"],
        100.0 * n_rejected / (n_copies + n_rejected)
    );
    Ok(row(&format!("Tercet, the simulated shop, {lang}"), &Value::Null, quality))
}

/// One run over 50,000 products, and over 5,000; the large one once more, killed on the way and gone on with.
pub fn batch(reader: &Path, data: &Path) -> Result<Vec<Figures>, String> {
    let shops = Shops::new(reader, data)?;
    let mut all = Vec::new();
    for n in [N_FEW, N_PRODUCTS] {
        let shop = shops.place(&format!("batch-{n}"));
        let lines = shops.folder.join(format!("batch-{n}.jsonl"));
        shops.read(&["catalogue", &n.to_string()], std::slice::from_ref(&lines))?;
        output(command(&shops.tercet, &["init"]).arg(&shop))?;
        output(command(&shops.tercet, &["import", "--as", "products", "--shop"]).arg(&shop).arg(&lines))?;
        let whole = shops.folder.join(format!("batch-{n}.csv"));
        let _ = fs::remove_file(&whole);
        let mut measured = command("python3", &["bench/peers/import/measure.py"]);
        measured.arg(&shops.tercet).args(batch_of(&shop, &whole));
        eprintln!("→ tercet write --output, {n} products");
        let measured = last_json(&output(measured.current_dir(root()))?)?;
        let report = &measured["answer"]["report"];
        let mut quality = format!(
            "{} products, {} copies, {} without, {} drafts rejected; {:.0} products a CPU second",
            report["n_products"],
            report["n_copies"],
            report["n_without"],
            report["n_rejected"],
            number(report, "n_products") / number(&measured, "cpu_s")
        );
        if n == N_PRODUCTS {
            let told = shops.told(&shop, "en")?;
            let found = shops.read(&["reread", &told.to_string_lossy()], std::slice::from_ref(&whole))?;
            quality.push_str(&format!("; {} figures, {} unbound", found["n_figures"], found["n_unbound_after"]));
            quality.push_str(&format!("; {}", gone_on(&shops, &shop, &whole)?));
        }
        all.push(row(&format!("Tercet, one run over {n} products"), &measured, quality));
    }
    Ok(all)
}

fn batch_of(shop: &Path, file: &Path) -> Vec<String> {
    let plain = ["--json", "write", "--channel", "push", "--language", "en", "--shop"].map(str::to_owned);
    let paths = [shop.display().to_string(), "--output".to_owned(), file.display().to_string()];
    plain.into_iter().chain(paths).collect()
}

/// Kills a run when a third of the file is there, lets the same command go on, and holds the file against the whole one.
fn gone_on(shops: &Shops, shop: &Path, whole: &Path) -> Result<String, String> {
    let torn = whole.with_extension("torn.csv");
    let _ = fs::remove_file(&torn);
    let n_bytes = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    let mut child = command(&shops.tercet, &[])
        .args(batch_of(shop, &torn))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot start the program: {error}"))?;
    while n_bytes(&torn) < n_bytes(whole) / 3 {
        if child.try_wait().map_err(|error| error.to_string())?.is_some() {
            return Err("the run ended before it could be killed".to_owned());
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().and_then(|()| child.wait()).map_err(|error| format!("cannot kill it: {error}"))?;
    let again = last_json(&output(command(&shops.tercet, &[]).args(batch_of(shop, &torn)))?)?;
    let read = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let is_same = read(whole)? == read(&torn)?;
    let said = if is_same { "the same file" } else { "ANOTHER FILE" };
    Ok(format!("killed after {} products and gone on with: {said}", again["report"]["n_done_before"]))
}

fn row(who: &str, measured: &Value, quality: String) -> Figures {
    Figures {
        who: who.to_owned(),
        cpu_seconds: number(measured, "cpu_s"),
        wall_seconds: number(measured, "wall_s"),
        peak_mib: number(measured, "peak_rss_mb"),
        quality,
    }
}
