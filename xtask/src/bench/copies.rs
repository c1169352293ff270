//! The bench of copies: the example of the crate `content` over the real catalogues and a shop of its own. The peer of its posts
//! is one template a category; facts and speed have none. Fails if a figure comes out that no field has.

use serde_json::Value;

use super::{Bench, Figures, last_json, number};
use crate::run::{command, data_dir, output, run, target_dir};

pub const COPIES: &str = "copies over the catalogues of laptops, phones, Best Buy and Amazon India and a shop of ours: 2,000 checked, then read again \
     by a second reader; posts for 1,000 products beside one template a category; checked copies a CPU second, one thread";

pub fn copies(_: &Bench) -> Result<Vec<Figures>, String> {
    let data = data_dir().ok_or("the bench 'copies' needs the real data (TERCET_DATA)")?;
    run(&mut command("cargo", &["build", "--workspace", "--example", "copies"]))?;
    let program = target_dir().join("debug/examples/copies");
    let ours = |arguments: &[&str]| -> Result<Value, String> {
        eprintln!("→ copies {arguments:?}");
        last_json(&output(command(&program.to_string_lossy(), arguments).env("TERCET_DATA", &data))?)
    };
    let facts = ours(&["facts", "2000"])?;
    if number(&facts, "n_unbound_after") != 0.0 {
        return Err(format!("{} figures or words that no field has", facts["n_unbound_after"]));
    }
    let mut all = vec![row(
        "Tercet facts",
        f64::NAN,
        format!(
            "{} copies, {} figures, {} unbound; {:.2} % of drafts rejected, {} tasks without a copy",
            facts["n_copies"],
            facts["n_figures"],
            facts["n_unbound_after"],
            100.0 * number(&facts, "share_rejected"),
            facts["n_tasks_lost"]
        ),
    )];
    let diversity = ours(&["diversity"])?;
    for lang in ["zh", "en"] {
        for (who, key) in [("Tercet", "ours"), ("a template a category", "template")] {
            let of = &diversity[lang][key];
            let quality = format!(
                "distinct-2 {:.3}, self-BLEU {:.3}, {:.1} words",
                number(of, "distinct_2"),
                number(of, "self_bleu"),
                number(of, "words")
            );
            all.push(row(&format!("{who} {lang}"), f64::NAN, quality));
        }
    }
    let speed = ours(&["speed", "100"])?;
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
    all.push(row(&format!("Tercet speed, {} copies", speed["n"]), number(&speed, "cpu_seconds"), quality));
    Ok(all)
}

fn row(who: &str, cpu_seconds: f64, quality: String) -> Figures {
    Figures { who: who.to_owned(), cpu_seconds, wall_seconds: f64::NAN, peak_mib: f64::NAN, quality }
}
