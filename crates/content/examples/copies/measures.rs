//! What is measured beside facts: how many products have something to say, how varied copies are beside one template a
//! category, and how many checked copies are written in a CPU second.

use language::text::Masker;
use serde_json::json;
use tercet_content::brief::{Brief, Goal, Lang};
use tercet_content::channel::registry;
use tercet_content::plan::{Market, Plan, Shelf};
use tercet_content::write::Angle;

use crate::catalogues::Catalogue;
use crate::checked::{checked, shelves};
use crate::diversity::{distinct_2, self_bleu, words};
use crate::{brief, copy, template};

/// Share of products of which nothing can be said but name and price; points of the others.
pub fn said(catalogue: &Catalogue, shelf: &Shelf) {
    let (mut n_empty, mut n_points, mut n_omitted, mut n_kind) = (0, 0, 0, 0);
    for at in 0..catalogue.products.len() {
        let brief = brief(catalogue, at, Lang::En, "push", 1);
        let plan = Plan::new(&brief, &Market { shelf: Some(shelf), ..Market::default() });
        n_empty += usize::from(plan.is_empty());
        n_points += plan.points.len();
        n_omitted += plan.omitted.len();
        n_kind += usize::from(plan.kind.is_some());
    }
    let n = catalogue.products.len();
    println!(
        "{}: {n} products, kind told for {:.1} %, nothing to say for {:.1} %, {:.2} points each, {n_omitted} values set aside",
        catalogue.name,
        100.0 * n_kind as f64 / n as f64,
        100.0 * n_empty as f64 / n as f64,
        n_points as f64 / n as f64
    );
}

/// Posts for 1,000 products, and the template of each one's category filled with the same plan.
pub fn diversity(lang: Lang) -> serde_json::Value {
    let (mut ours, mut template) = (Vec::new(), Vec::new());
    let all: Vec<_> = shelves(lang).into_iter().filter(|(one, _)| !one.name.starts_with("shop")).collect();
    for (catalogue, shelf) in &all {
        let step = (catalogue.products.len() / 250).max(1);
        let mut last = Vec::new();
        for at in (0..catalogue.products.len()).step_by(step).take(250) {
            let mut brief = brief(catalogue, at, lang, "social", 1);
            brief.goal = Goal::Launch;
            brief.offer = None;
            let draft = copy(catalogue, shelf, &brief, at, Angle::Goal, &last);
            ours.push(draft.text("text").unwrap_or_default().to_owned());
            last = draft.openings;
            let plan = Plan::new(&brief, &Market { shelf: Some(shelf), ..Market::default() });
            template.push(template::filled(&brief, &plan));
        }
    }
    let figures = |texts: &[String]| {
        let tokens: Vec<Vec<String>> = texts.iter().map(|text| words(text)).collect();
        let n_words = tokens.iter().map(Vec::len).sum::<usize>() as f64 / tokens.len().max(1) as f64;
        json!({ "n": texts.len(), "words": n_words, "distinct_2": distinct_2(&tokens), "self_bleu": self_bleu(&tokens, 5) })
    };
    json!({ "ours": figures(&ours), "template": figures(&template) })
}

/// Nanoseconds that this thread has run, where the system tells; wall time otherwise.
fn cpu_seconds(begun: std::time::Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| begun.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

/// Checked copies a CPU second by channel: plan, four candidates, rank, all checks of every field.
pub fn speed(n: usize) -> serde_json::Value {
    let masker = Masker::default();
    let begun = std::time::Instant::now();
    let mut all = Vec::new();
    let (mut n_all, mut seconds_all) = (0usize, 0.0);
    for lang in [Lang::Zh, Lang::En] {
        let shelves = shelves(lang);
        for channel in registry().iter().filter(|one| one.languages.contains(&lang)) {
            let briefs: Vec<(usize, usize, Brief)> = (0..n)
                .map(|nth| {
                    let which = nth % shelves.len();
                    let at = nth * 7919 % shelves[which].0.products.len();
                    (which, at, brief(&shelves[which].0, at, lang, channel.name, 3 + nth as u64))
                })
                .collect();
            let before = cpu_seconds(begun);
            for (which, at, brief) in &briefs {
                let (catalogue, shelf) = &shelves[*which];
                std::hint::black_box(checked(catalogue, shelf, brief, *at, Angle::Goal, &[], &masker));
            }
            let seconds = cpu_seconds(begun) - before;
            (n_all, seconds_all) = (n_all + n, seconds_all + seconds);
            println!("{} {}: {:.0} checked copies a CPU second", lang.code(), channel.name, n as f64 / seconds);
            all.push(
                json!({ "lang": lang.code(), "channel": channel.name, "copies_per_cpu_second": n as f64 / seconds }),
            );
        }
    }
    json!({ "copies_per_cpu_second": n_all as f64 / seconds_all, "n": n_all, "cpu_seconds": seconds_all, "channels": all })
}
