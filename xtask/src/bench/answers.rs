//! `cargo xtask bench answers`: the written questions of `tests/service`, asked of the simulated shop in both languages and of a real
//! retailer's catalogue and orders. Counts what was answered as whoever wrote the question expects, and what nothing in the shop
//! answers and went to a person; and has every answer read again by a reader of our own (`reader`) that shares nothing with the
//! program: each figure and each name must stand in what the answer rests on, and that must stand in the shop's tables. It ends
//! with an error if one does not.

mod reader;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use self::reader::{Facts, Turn};
use super::{developed, write_down};
use crate::run::{Outcome, command, data_dir, output, root, run, target_dir};

/// The last day of the history of the simulated shops, on which they are asked: orders and prices are of that day.
const JUNE: &str = "2026-06-30";
const NOVEMBER: &str = "2026-11-29";
const RETAILER: &str = "retail/global_electronics_retailer";

/// Files of questions and the shop they are about.
struct Set {
    file: &'static str,
    /// `zh` or `en` for a simulated one.
    shop: &'static str,
    day: &'static str,
    /// Asked while the program was made, or written for the causes of what went wrong in others: not in the sum.
    is_golden: bool,
}

const SETS: [Set; 17] = [
    Set { file: "questions-zh", shop: "zh", day: NOVEMBER, is_golden: false },
    Set { file: "questions-en", shop: "en", day: NOVEMBER, is_golden: false },
    Set { file: "retailer-zh", shop: "retailer", day: JUNE, is_golden: false },
    Set { file: "retailer-en", shop: "retailer", day: JUNE, is_golden: false },
    Set { file: "further-zh", shop: "zh", day: NOVEMBER, is_golden: true },
    Set { file: "further-en", shop: "en", day: NOVEMBER, is_golden: true },
    Set { file: "further-retailer", shop: "retailer", day: JUNE, is_golden: true },
    Set { file: "careless-zh", shop: "zh", day: NOVEMBER, is_golden: true },
    Set { file: "careless-en", shop: "en", day: NOVEMBER, is_golden: true },
    Set { file: "kinds-zh", shop: "zh", day: NOVEMBER, is_golden: true },
    Set { file: "kinds-en", shop: "en", day: NOVEMBER, is_golden: true },
    Set { file: "natural-zh", shop: "zh", day: JUNE, is_golden: true },
    Set { file: "natural-en", shop: "en", day: JUNE, is_golden: true },
    Set { file: "golden-zh", shop: "zh", day: JUNE, is_golden: true },
    Set { file: "golden-en", shop: "en", day: JUNE, is_golden: true },
    Set { file: "written-zh", shop: "zh", day: JUNE, is_golden: true },
    Set { file: "written-en", shop: "en", day: JUNE, is_golden: true },
];

/// What came of a set.
#[derive(Clone, Default)]
struct Tally {
    n: usize,
    n_right: usize,
    /// Turns that nothing in the shop answers, and those of them that went to a person or were offered one.
    n_unanswerable: usize,
    n_handed: usize,
    n_invented: usize,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.n += other.n;
        self.n_right += other.n_right;
        self.n_unanswerable += other.n_unanswerable;
        self.n_handed += other.n_handed;
        self.n_invented += other.n_invented;
    }

    fn row(&self, name: &str) -> String {
        let share = |n: usize, of: usize| match of {
            0 => "–".to_owned(),
            of => format!("{n} of {of} ({:.1} %)", 100.0 * n as f64 / of as f64),
        };
        format!(
            "| {name} | {} | {} | {} | {} |\n",
            self.n,
            share(self.n_right, self.n),
            self.n_invented,
            share(self.n_handed, self.n_unanswerable)
        )
    }
}

/// Makes the shops that are missing, asks, reads, prints and appends to `bench/results/`. `--wrong` prints what went otherwise;
/// `--program FILE` asks a program that is there already; names of files ask those alone and write nothing down.
pub fn answers(args: &[String]) -> Outcome {
    let tells = args.iter().any(|arg| arg == "--wrong");
    let is_option = |at: usize| args[at].starts_with("--") || (at > 0 && args[at - 1] == "--program");
    let wanted: Vec<&String> = (0..args.len()).filter(|at| !is_option(*at)).map(|at| &args[at]).collect();
    if let Some(unknown) = wanted.iter().find(|name| SETS.iter().all(|set| set.file != name.as_str())) {
        let known = SETS.map(|set| set.file).join(", ");
        return Err(format!(
            "there are no questions '{unknown}'; there are: {known}; and the options --wrong, --program FILE"
        ));
    }
    let program = match args.iter().position(|arg| arg == "--program").and_then(|at| args.get(at + 1)) {
        Some(program) => program.clone(),
        None => developed()?,
    };
    let (mut tables, mut total, mut found) = (BTreeMap::new(), Tally::default(), Vec::new());
    let mut rows = String::new();
    for set in SETS.iter().filter(|set| wanted.is_empty() || wanted.iter().any(|name| name.as_str() == set.file)) {
        let shop = made(&program, set)?;
        if !tables.contains_key(&shop) {
            tables.insert(shop.clone(), Facts::read(&program, &shop)?);
        }
        let (tally, wrong) = held(&program, &shop, set, &tables[&shop])?;
        rows.push_str(&tally.row(set.file));
        if !set.is_golden {
            total.add(&tally);
        }
        found.extend(wrong.into_iter().filter(|line| tells || line.is_invented).map(|line| line.text));
    }
    let page = format!(
        "\n## answers\n\nWritten questions, asked of the simulated shop and of the Global Electronics Retailer. “Invented” counts figures and names \
         of answers that a second reader finds in nothing the answer rests on, or that rest on what no table has. The golden and the written ones \
         were asked while the program was made; the further ones say in other words what went wrong in those of the sum.\n\n| questions | turns | as expected | invented | unanswerable, to a person |\n|---|---|---|---|---|\n{rows}{}",
        total.row("all but further, careless, golden and written")
    );
    println!("{}", found.join("\n"));
    print!("{page}");
    if wanted.is_empty() {
        write_down("", "", &page)?;
    }
    match found.iter().filter(|line| line.starts_with("invented")).count() {
        0 => Ok(()),
        n => Err(format!("{n} answers say what nothing supports")),
    }
}

/// A shop with what answers need; made once for a build of the program.
fn made(program: &str, set: &Set) -> Result<PathBuf, String> {
    let (name, day) = (set.shop, set.day);
    let shop = target_dir().join(format!("bench/answers-{name}-{day}.shop"));
    let mark = shop.join("made");
    let time = |path: &Path| fs::metadata(path).and_then(|about| about.modified()).ok();
    if time(&mark).is_some_and(|made| time(Path::new(program)).is_some_and(|built| built < made)) {
        return Ok(shop);
    }
    let _ = fs::remove_dir_all(&shop);
    let failed = |error: std::io::Error| format!("{}: {error}", shop.display());
    fs::create_dir_all(target_dir().join("bench")).map_err(failed)?;
    if name == "retailer" {
        import_retailer(program, &shop)?;
    } else {
        let made = ["demo", "--make-only", "--seed", "1", "--end", day, "--lang", name];
        run(command(program, &made).arg(&shop))?;
    }
    for what in ["language", "assist"] {
        run(command(program, &["train", what, "--shop"]).arg(&shop))?;
    }
    fs::write(&mark, "").map_err(failed)?;
    Ok(shop)
}

fn import_retailer(program: &str, shop: &Path) -> Outcome {
    let data = data_dir().ok_or("the questions about a real retailer need the real data (TERCET_DATA)")?;
    run(command(program, &["init"]).arg(shop))?;
    let config = shop.join("tercet.toml");
    let text = fs::read_to_string(&config).map_err(|error| format!("{}: {error}", config.display()))?;
    let line = |line: &str| match line.split(" = ").next() {
        Some("currency") => "currency = \"USD\"".to_owned(),
        Some("time_zone") => "time_zone = \"America/New_York\"".to_owned(),
        Some("language") => "language = \"en\"".to_owned(),
        _ => line.to_owned(),
    };
    let text: Vec<String> = text.lines().map(line).collect();
    fs::write(&config, text.join("\n")).map_err(|error| format!("{}: {error}", config.display()))?;
    let import = ["import", "--preset", "global-electronics-retailer", "--shop"];
    run(command(program, &import).arg(shop).arg(data.join(RETAILER)))
}

/// One turn that is to be looked at.
struct Line {
    is_invented: bool,
    text: String,
}

fn held(program: &str, shop: &Path, set: &Set, facts: &Facts) -> Result<(Tally, Vec<Line>), String> {
    let file = root().join("tests/service").join(format!("{}.toml", set.file));
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let expected: toml::Table = toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut asked = command(program, &["--json", "assist", "test", "--day", set.day, "--shop"]);
    // It ends with 1 where a turn went otherwise, which is no failure here.
    let answer = asked.arg(shop).arg(&file).stderr(Stdio::inherit()).output().map_err(|error| error.to_string())?;
    let answer: Value =
        serde_json::from_slice(&answer.stdout).map_err(|error| format!("{}: no answer: {error}", set.file))?;
    let (mut tally, mut lines) = (Tally::default(), Vec::new());
    let conversations = answer["conversations"].as_array().into_iter().flatten();
    for (conversation, expected) in conversations.zip(expected["conversation"].as_array().into_iter().flatten()) {
        let mut said: Vec<&str> = Vec::new();
        let turns = conversation["turns"].as_array().into_iter().flatten();
        for (turn, expected) in turns.zip(expected["turns"].as_array().into_iter().flatten()) {
            said.push(turn["say"].as_str().unwrap_or_default());
            let reply = turn["reply"].as_str().unwrap_or_default();
            let invented =
                facts.invented(&Turn { said: &said, reply, evidence: &turn["evidence"], blocks: &turn["blocks"] });
            let is_right = turn["unmet"].as_array().is_none_or(Vec::is_empty);
            let is_unanswerable = expected.get("action").and_then(toml::Value::as_str) == Some("person");
            let to_person = matches!(turn["action"].as_str(), Some("hand_over" | "ask_back:hand_over"));
            tally.n += 1;
            tally.n_right += usize::from(is_right);
            tally.n_unanswerable += usize::from(is_unanswerable);
            tally.n_handed += usize::from(is_unanswerable && to_person);
            tally.n_invented += invented.len();
            let where_to = format!("{}, {}: {} → {reply}", set.file, conversation["name"], said[said.len() - 1]);
            if !invented.is_empty() {
                lines.push(Line { is_invented: true, text: format!("invented {invented:?} in {where_to}") });
            }
            if !is_right {
                lines.push(Line { is_invented: false, text: format!("otherwise in {where_to}: {}", turn["unmet"]) });
            }
        }
    }
    Ok((tally, lines))
}

/// A table's rows, as `tercet sql` gives them.
fn rows(program: &str, shop: &Path, sql: &str) -> Result<Vec<Value>, String> {
    let printed = output(command(program, &["--json", "sql", "--shop"]).arg(shop).arg(sql))?;
    let answer: Value = serde_json::from_str(&printed).map_err(|error| format!("`{sql}`: {error}"))?;
    Ok(answer["rows"].as_array().cloned().unwrap_or_default())
}
