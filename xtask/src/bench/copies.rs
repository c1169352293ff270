//! The bench of copies: the examples of the crate `content` over the real catalogues and a shop of its own, and the program over whole
//! shops (`copies_shops`). The peer of its posts is one template a category, that of the law check a published list of words, that of the
//! trained writer the grammar that it learned from; facts and speed have none. Fails if a figure comes out that no field has.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Bench, Case, Figures, copies_shops, last_json, number, table, write_down};
use crate::run::{Outcome, command, data_dir, output, run, target_dir};
use crate::setup;

pub const COPIES: &str = "copies over the catalogues of laptops, phones, Best Buy and Amazon India and a shop of ours: 2,000 checked, then read again \
     by a second reader; posts for 1,000 products beside one template a category; checked copies a CPU second, one thread; the trained writer beside the \
     grammar, learned from half of the products and writing about the others; the law check on 600 sentences beside a list of words; everything on sale in \
     the simulated shop on all channels, read again; 50,000 products in one run, broken off and gone on with";

type Part = fn(&Measured) -> Result<Vec<Figures>, String>;

/// What is measured, by name, so that a part can be measured alone.
const PARTS: &[(&str, Part)] = &[
    ("facts", facts),
    ("diversity", diversity),
    ("speed", speed),
    ("writers", writers),
    ("law", law),
    ("simulated", |with| copies_shops::simulated(&with.program, &with.data)),
    ("batch", |with| copies_shops::batch(&with.program, &with.data)),
];

/// The example that measures, and the real data.
struct Measured {
    program: PathBuf,
    data: PathBuf,
}

pub fn copies(_: &Bench) -> Result<Vec<Figures>, String> {
    let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
    measure(&names)
}

/// Named parts alone, written down as the whole is. `pairs FOLDER [SEED [DRAW]]` measures nothing: it writes the pairs that somebody is to judge.
pub fn parts(names: &[String]) -> Outcome {
    if names[0] == "pairs" {
        let folder =
            names.get(1).ok_or("the folder is missing: cargo xtask bench copies pairs FOLDER [SEED [DRAW]]")?;
        let folder = std::path::absolute(folder).map_err(|error| format!("{folder}: {error}"))?;
        let seed = names.get(2).map_or("1", String::as_str);
        let draw = names.get(3).map_or("29", String::as_str);
        let told = measured()?.ours(&["pairs", &folder.to_string_lossy(), seed, draw])?;
        println!("{} pairs in {}, which is ours in key.json", told["n_pairs"], folder.join("pairs.md").display());
        return Ok(());
    }
    setup::web()?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let figures = measure(&names)?;
    let page = table(&Case { name: "copies", sentence: COPIES, run: copies }, &figures);
    print!("{page}");
    write_down("", "", &page)
}

fn measure(names: &[&str]) -> Result<Vec<Figures>, String> {
    if let Some(unknown) = names.iter().find(|name| PARTS.iter().all(|(part, _)| part != *name)) {
        let known = PARTS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        return Err(format!("the bench 'copies' has no part '{unknown}'; there are: {known}"));
    }
    let with = measured()?;
    let mut all = Vec::new();
    for (_, part) in PARTS.iter().filter(|(name, _)| names.contains(name)) {
        all.extend(part(&with)?);
    }
    Ok(all)
}

/// Builds the examples.
fn measured() -> Result<Measured, String> {
    let data = data_dir().ok_or("the bench 'copies' needs the real data (TERCET_DATA)")?;
    // Programs run in the workspace's folder, whatever this one was started in.
    let data = data.canonicalize().map_err(|error| format!("{}: {error}", data.display()))?;
    run(&mut command("cargo", &["build", "--workspace", "--example", "copies", "--example", "law_check"]))?;
    Ok(Measured { program: target_dir().join("debug/examples/copies"), data })
}

impl Measured {
    fn ours(&self, arguments: &[&str]) -> Result<Value, String> {
        eprintln!("→ copies {arguments:?}");
        last_json(&output(command(&self.program.to_string_lossy(), arguments).env("TERCET_DATA", &self.data))?)
    }
}

fn facts(with: &Measured) -> Result<Vec<Figures>, String> {
    let facts = with.ours(&["facts", "2000"])?;
    if number(&facts, "n_unbound_after") != 0.0 {
        return Err(format!("{} figures or words that no field has", facts["n_unbound_after"]));
    }
    let quality = format!(
        "{} copies, {} figures, {} unbound; {:.2} % of drafts rejected, {} tasks without a copy",
        facts["n_copies"],
        facts["n_figures"],
        facts["n_unbound_after"],
        100.0 * number(&facts, "share_rejected"),
        facts["n_tasks_lost"]
    );
    Ok(vec![row("Tercet facts", f64::NAN, quality)])
}

fn diversity(with: &Measured) -> Result<Vec<Figures>, String> {
    let diversity = with.ours(&["diversity"])?;
    let mut all = Vec::new();
    for lang in ["zh", "en"] {
        for (who, key) in [("Tercet", "ours"), ("a template a category", "template")] {
            let of = &diversity[lang][key];
            all.push(row(
                &format!("{who} {lang}"),
                f64::NAN,
                format!("{}, {:.1} words", varied(of), number(of, "words")),
            ));
        }
    }
    Ok(all)
}

fn varied(of: &Value) -> String {
    format!("distinct-2 {:.3}, self-BLEU {:.3}", number(of, "distinct_2"), number(of, "self_bleu"))
}

fn speed(with: &Measured) -> Result<Vec<Figures>, String> {
    let speed = with.ours(&["speed", "100"])?;
    let slowest = speed["channels"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| number(one, "copies_per_cpu_second"))
        .fold(f64::INFINITY, f64::min);
    let quality = format!(
        "{:.0} checked copies a CPU second over all channels, {slowest:.0} in the slowest",
        number(&speed, "copies_per_cpu_second")
    );
    Ok(vec![row(&format!("Tercet speed, {} copies", speed["n"]), number(&speed, "cpu_seconds"), quality)])
}

/// The trained writer of each language, and the grammar beside it.
fn writers(with: &Measured) -> Result<Vec<Figures>, String> {
    let found = with.ours(&["writers", "400"])?;
    let mut all = Vec::new();
    for lang in ["zh", "en"] {
        let of = &found[lang];
        for name in ["learned", "grammar"] {
            all.push(writer(of, name, lang)?);
        }
        for (who, key) in
            [("Tercet posts, learned", "learned"), ("posts, grammar", "grammar"), ("posts, a template", "template")]
        {
            let posts = &of["posts"][key];
            all.push(row(&format!("{who} {lang}"), f64::NAN, format!("{} posts, {}", posts["n"], varied(posts))));
        }
    }
    Ok(all)
}

fn writer(of: &Value, name: &str, lang: &str) -> Result<Figures, String> {
    let one = &of["writers"][name];
    let n = |name: &str| number(of, name);
    if number(one, "n_unbound_after") != 0.0 {
        return Err(format!("{name} {lang}: {} figures or words that no field has", one["n_unbound_after"]));
    }
    let learned = match name {
        "learned" => format!(
            "; {} sentences learned from in {:.1} minutes ({:.0} CPU s); {:.0} % of sentences worded by it, {:.0} % of these new",
            of["n_pairs"],
            n("train_seconds") / 60.0,
            n("train_cpu_seconds"),
            100.0 * n("n_worded_by_the_model") / n("n_sentences_of_learned_drafts"),
            100.0 * n("n_new_sentences") / n("n_worded_by_the_model")
        ),
        _ => String::new(),
    };
    let quality = format!(
        "{} drafts, {} rejected; before the check {:.2} unbound of 1,000 figures, after it {} of {}; {}; best of {} of {} tasks{learned}",
        one["n_drafts"],
        one["n_rejected"],
        1000.0 * number(one, "n_facts_found") / number(one, "n_figures_before"),
        one["n_unbound_after"],
        one["n_figures"],
        varied(one),
        one["n_best_of_task"],
        of["n_tasks"]
    );
    let (cpu, wall) =
        if name == "learned" { (n("train_cpu_seconds"), n("train_seconds")) } else { (f64::NAN, f64::NAN) };
    Ok(Figures { wall_seconds: wall, ..row(&format!("Tercet writer {name} {lang}"), cpu, quality) })
}

/// The law check, and the list of words beside it.
fn law(with: &Measured) -> Result<Vec<Figures>, String> {
    let list = with.data.join("text/lex_ad_law_zh/ad_limit_words.txt");
    let program = Path::new(&with.program).with_file_name("law_check");
    let found = output(&mut command(&program.to_string_lossy(), &["--measure", &list.to_string_lossy()]))?;
    let found = last_json(&found)?;
    let quality = |who: &str, speed: &str| {
        let of = &found[who];
        format!(
            "precision {:.3}, recall {:.3}, {:.1} MB a second",
            number(of, "precision"),
            number(of, "recall"),
            number(&found, speed)
        )
    };
    let held_out = &found["ours_held_out"];
    let ours = format!(
        "{}; the half held out: {:.3}, {:.3}; {} of {} listed words known",
        quality("ours", "ours_mb_per_second"),
        number(held_out, "precision"),
        number(held_out, "recall"),
        found["n_words_known"],
        found["n_words"]
    );
    let list = quality("list", "list_mb_per_second");
    Ok(vec![row("Tercet law check", f64::NAN, ours), row("list of words", f64::NAN, list)])
}

fn row(who: &str, cpu_seconds: f64, quality: String) -> Figures {
    Figures { who: who.to_owned(), cpu_seconds, wall_seconds: f64::NAN, peak_mib: f64::NAN, quality }
}
