//! The bench of copies: the examples of the crate `content` over the real catalogues and a shop of its own. The peer of its posts
//! is one template a category, that of the law check a published list of words, that of the trained writer the grammar that it learned
//! from; facts and speed have none. Fails if a figure comes out that no field has.

use serde_json::Value;

use super::{Bench, Figures, last_json, number};
use crate::run::{command, data_dir, output, run, target_dir};

pub const COPIES: &str = "copies over the catalogues of laptops, phones, Best Buy and Amazon India and a shop of ours: 2,000 checked, then read again \
     by a second reader; posts for 1,000 products beside one template a category; checked copies a CPU second, one thread; the trained writer beside the \
     grammar, learned from half of the products and writing about the others; the law check on 600 sentences beside a list of words";

pub fn copies(_: &Bench) -> Result<Vec<Figures>, String> {
    let data = data_dir().ok_or("the bench 'copies' needs the real data (TERCET_DATA)")?;
    run(&mut command("cargo", &["build", "--workspace", "--example", "copies", "--example", "law_check"]))?;
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
    all.extend(writers(&ours(&["writers", "400"])?)?);
    let list = data.join("text/lex_ad_law_zh/ad_limit_words.txt");
    let program = target_dir().join("debug/examples/law_check");
    let measured = output(&mut command(&program.to_string_lossy(), &["--measure", &list.to_string_lossy()]))?;
    all.extend(law(&last_json(&measured)?));
    Ok(all)
}

/// The trained writer of each language, and the grammar beside it.
fn writers(found: &Value) -> Result<Vec<Figures>, String> {
    let mut all = Vec::new();
    for lang in ["zh", "en"] {
        let of = &found[lang];
        let n = |name: &str| number(of, name);
        for name in ["learned", "grammar"] {
            let one = &of["writers"][name];
            if number(one, "n_unbound_after") != 0.0 {
                return Err(format!("{name} {lang}: {} figures or words that no field has", one["n_unbound_after"]));
            }
            let new = match name {
                "learned" => format!(
                    "; {} sentences learned from; {:.0} % of sentences worded by it, {:.0} % of these new",
                    of["n_pairs"],
                    100.0 * n("n_worded_by_the_model") / n("n_sentences_of_learned_drafts"),
                    100.0 * n("n_new_sentences") / n("n_worded_by_the_model")
                ),
                _ => String::new(),
            };
            let quality = format!(
                "{} drafts, {} rejected, {} figures, {} unbound; distinct-2 {:.3}, self-BLEU {:.3}; best of {} of {} tasks{new}",
                one["n_drafts"],
                one["n_rejected"],
                one["n_figures"],
                one["n_unbound_after"],
                number(one, "distinct_2"),
                number(one, "self_bleu"),
                one["n_best_of_task"],
                of["n_tasks"]
            );
            let wall_seconds = if name == "learned" { n("train_seconds") } else { f64::NAN };
            all.push(Figures { wall_seconds, ..row(&format!("writer {name} {lang}"), f64::NAN, quality) });
        }
    }
    Ok(all)
}

/// The law check, and the list of words beside it.
fn law(found: &Value) -> Vec<Figures> {
    let quality = |who: &str, speed: &str| {
        let of = &found[who];
        format!(
            "precision {:.3}, recall {:.3}, {:.1} MB a second",
            number(of, "precision"),
            number(of, "recall"),
            number(found, speed)
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
    vec![row("Tercet law check", f64::NAN, ours), row("list of words", f64::NAN, quality("list", "list_mb_per_second"))]
}

fn row(who: &str, cpu_seconds: f64, quality: String) -> Figures {
    Figures { who: who.to_owned(), cpu_seconds, wall_seconds: f64::NAN, peak_mib: f64::NAN, quality }
}
