//! The shop that talks are held in: the simulated one with 50,000 products, documents of the bench's own, and everything
//! trained. Made once under the target folder; each run starts from a copy.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::super::serve::{ask, base_shop};
use super::knowledge;
use super::talk::{Customer, Named, World};
use crate::run::{Outcome, command, output, run, target_dir};

const SEED: u64 = 20_260_630;
/// Customers who sign in.
const N_CUSTOMERS: usize = 1_000;
/// As long as a token may be good.
const MINUTES: &str = "44640";
/// Kept tokens are used so long.
const GOOD: Duration = Duration::from_secs(29 * 86_400);
/// Many visitors come from one key here, which no shop's widget sees.
const SECTION: &str = "\n[service]\n";
const CONFIG: &str = "conversations_per_minute = 1000000.0\n";

/// Which shop.
pub struct Wanted {
    /// `tiny` for a try, else `large`.
    pub size: String,
    pub n_passages: usize,
}

/// The made shop's folder, and what there is to talk about in it.
///
/// # Errors
/// If something cannot be made or read.
pub fn made(tercet: &Path, wanted: &Wanted) -> Result<(PathBuf, World), String> {
    let folder = target_dir().join(format!("bench/turns-{}-{}.shop", wanted.size, wanted.n_passages));
    once(&folder, "copied", || {
        let base = base_shop(tercet, &wanted.size)?;
        let _ = fs::remove_dir_all(&folder);
        run(command("cp", &["-r"]).arg(&base).arg(&folder))
    })?;
    make(tercet, &folder, wanted.n_passages)?;
    let products = named(tercet, &folder)?;
    let (_, subjects) = knowledge::documents(wanted.n_passages, &products, SEED);
    let products = products.into_iter().map(|[_, zh, en]| Named { zh, en }).collect();
    let customers = customers(tercet, &folder)?;
    Ok((folder, World { products, subjects, customers }))
}

/// Does a part of the making, unless it is done: all of it takes many minutes, and may be cut off and taken up again.
fn once(folder: &Path, part: &str, work: impl FnOnce() -> Outcome) -> Outcome {
    let mark = folder.join(format!("made-{part}"));
    if mark.is_file() {
        return Ok(());
    }
    work()?;
    fs::write(&mark, "").map_err(|error| format!("{}: {error}", mark.display()))
}

fn make(tercet: &Path, folder: &Path, n_passages: usize) -> Outcome {
    let program = tercet.to_string_lossy();
    let failed = |error: std::io::Error| error.to_string();
    once(folder, "configured", || {
        let config = folder.join("tercet.toml");
        let text = fs::read_to_string(&config).map_err(failed)?;
        // Above whatever the section says already.
        let text = match text.contains(SECTION) {
            true => text.replacen(SECTION, &format!("{SECTION}{CONFIG}"), 1),
            false => text + SECTION + CONFIG,
        };
        fs::write(&config, text).map_err(failed)?;
        output(command(&program, &["service", "token-secret", "--shop"]).arg(folder)).map(drop)
    })?;
    once(folder, "imported", || {
        let (lines, _) = knowledge::documents(n_passages, &named(tercet, folder)?, SEED);
        let documents = folder.with_extension("jsonl");
        fs::write(&documents, lines).map_err(failed)?;
        run(command(&program, &["import", "--as", "knowledge", "--shop"]).arg(folder).arg(&documents))?;
        fs::remove_file(&documents).map_err(failed)
    })?;
    for what in ["recommend", "language", "assist"] {
        let settings: &[&str] = if what == "recommend" { &["--algorithm", "rp3beta"] } else { &[] };
        once(folder, what, || run(command(&program, &["train", what]).args(settings).arg("--shop").arg(folder)))?;
    }
    Ok(())
}

/// Gives a shop's copy a language model that takes every request and never answers.
///
/// # Errors
/// If there is no free port, or the file cannot be written.
pub fn with_hanging_writer(shop: &Path) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    // Held open for as long as this program runs.
    std::thread::spawn(move || listener.incoming().flatten().collect::<Vec<_>>());
    let config = shop.join("tercet.toml");
    let text = fs::read_to_string(&config).map_err(|error| error.to_string())?;
    let writer = format!(
        "\n[writer]\ntimeout_seconds = 2.0\n\n[[writer.endpoints]]\nname = \"hanging\"\nurl = \"http://{address}/v1/chat/completions\"\nmodel = \"none\"\n"
    );
    fs::write(&config, text + &writer).map_err(|error| error.to_string())
}

/// Id, Chinese name and English name of every product.
fn named(tercet: &Path, shop: &Path) -> Result<Vec<[String; 3]>, String> {
    let sql = "select product_id, name, extra from products order by product_id";
    let answer = ask(tercet, shop, &["sql", sql])?;
    let rows = answer["rows"].as_array().into_iter().flatten();
    let read = |row: &Value| {
        let extra: Value = serde_json::from_str(row["extra"].as_str()?).ok()?;
        let own = |name: &str| Some(extra[name].as_str()?.split([',', '，']).next()?.trim().to_owned());
        Some([row["product_id"].as_str()?.to_owned(), own("name_zh")?, own("name_en")?])
    };
    let all: Vec<[String; 3]> = rows.filter_map(read).collect();
    if all.is_empty() { Err("the shop has no products with names in both languages".to_owned()) } else { Ok(all) }
}

/// Customers with an order of the last days, who sign in. Their tokens are kept beside the shop while they are good: each is
/// a start of the program.
fn customers(tercet: &Path, shop: &Path) -> Result<Vec<Customer>, String> {
    let beside = shop.with_extension("tokens.json");
    let age = fs::metadata(&beside).and_then(|data| data.modified()).ok().and_then(|at| at.elapsed().ok());
    if age.is_some_and(|age| age < GOOD)
        && let Some(known) = fs::read_to_string(&beside).ok().and_then(|text| serde_json::from_str(&text).ok())
    {
        return all_of(&known);
    }
    let sql = format!(
        "select customer_id, max(order_id) as order_id from orders group by customer_id order by max(ordered_at) desc, customer_id limit {N_CUSTOMERS}"
    );
    let mut rows = ask(tercet, shop, &["sql", &sql])?["rows"].take();
    for row in rows.as_array_mut().into_iter().flatten() {
        let customer = row["customer_id"].as_str().unwrap_or_default().to_owned();
        row["token"] =
            ask(tercet, shop, &["service", "sign", &customer, "--minutes", MINUTES])?["customer_token"].take();
    }
    fs::write(&beside, rows.to_string()).map_err(|error| error.to_string())?;
    all_of(&rows)
}

fn all_of(rows: &Value) -> Result<Vec<Customer>, String> {
    let text = |row: &Value, name: &str| row[name].as_str().map(str::to_owned);
    let one = |row: &Value| Some(Customer { token: text(row, "token")?, order_id: text(row, "order_id")? });
    let all: Vec<Customer> = rows.as_array().into_iter().flatten().filter_map(one).collect();
    if all.is_empty() { Err("nobody in the shop has ordered anything".to_owned()) } else { Ok(all) }
}
