//! What is measured: how many products have something to say, how varied copies are beside one template a category, and how
//! many are written in a second on one core.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use tercet_content::brief::{Brief, Goal, Lang};
use tercet_content::plan::kinds::kind_of;
use tercet_content::plan::{Market, Plan, Shelf};
use tercet_content::write::Angle;

use crate::catalogues::{self, Catalogue};
use crate::{brief, copy};

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

/// distinct-2 (Li et al. 2016) and self-BLEU (Zhu et al. 2018, Texygen; BLEU-4 of each of 200 texts against the others) of
/// copies for 1,000 products, and of one template a category filled with the same names and specs.
pub fn diversity(lang: Lang) {
    let (mut ours, mut template) = (Vec::new(), Vec::new());
    for catalogue in catalogues::all() {
        let shelf = Shelf::new(&catalogue.products);
        let step = (catalogue.products.len() / 250).max(1);
        let mut last = Vec::new();
        for at in (0..catalogue.products.len()).step_by(step).take(250) {
            let mut brief = brief(&catalogue, at, lang, "social", 1);
            brief.goal = Goal::Launch;
            brief.offer = None;
            let draft = copy(&catalogue, &shelf, &brief, at, Angle::Goal, &last);
            ours.push(draft.text("text").unwrap_or_default().to_owned());
            last = draft.openings;
            template.push(filled(&brief));
        }
    }
    for (name, texts) in [("ours", &ours), ("a template a category", &template)] {
        let tokens: Vec<Vec<String>> = texts.iter().map(|text| words(text)).collect();
        let n_words = tokens.iter().map(Vec::len).sum::<usize>() as f64 / tokens.len() as f64;
        println!(
            "{lang:?} {name}: {} texts of {n_words:.1} words, distinct-2 {:.3}, self-BLEU {:.3}",
            texts.len(),
            distinct_2(&tokens),
            self_bleu(&tokens)
        );
    }
}

/// One template for each kind of goods: what shops do.
fn filled(brief: &Brief) -> String {
    let plan = Plan::new(brief, &Market::default());
    let specs: Vec<String> = brief.hero().specs.iter().take(3).map(|(key, value)| format!("{key} {value}")).collect();
    let kind = kind_of(brief.hero())
        .map_or(brief.lang.choose("商品", "product"), |kind| brief.lang.choose(kind.zh, kind.en));
    match brief.lang {
        Lang::Zh => format!("新品{}{kind}上市，{}，品质之选，欢迎选购。", plan.short, specs.join("，")),
        Lang::En => format!("The new {} {kind} is here, with {}. Order yours today.", plan.short, specs.join(", ")),
    }
}

fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut word = String::new();
    for one in text.chars().chain([' ']) {
        let is_han = (0x3400..=0x9FFF).contains(&u32::from(one));
        if one.is_alphanumeric() && !is_han {
            word.extend(one.to_lowercase());
            continue;
        }
        if !word.is_empty() {
            found.push(std::mem::take(&mut word));
        }
        if !one.is_whitespace() {
            found.push(one.to_string());
        }
    }
    found
}

fn distinct_2(texts: &[Vec<String>]) -> f64 {
    let all: Vec<&[String]> = texts.iter().flat_map(|text| text.windows(2)).collect();
    let distinct: BTreeSet<&[String]> = all.iter().copied().collect();
    distinct.len() as f64 / all.len().max(1) as f64
}

fn counts(text: &[String], n: usize) -> BTreeMap<&[String], usize> {
    let mut counts = BTreeMap::new();
    text.windows(n).for_each(|gram| *counts.entry(gram).or_default() += 1);
    counts
}

/// The mean BLEU-4 (add-one smoothed precisions beyond unigrams, no brevity penalty beside many references) of every fifth text
/// against all others.
fn self_bleu(texts: &[Vec<String>]) -> f64 {
    type Counts<'t> = BTreeMap<&'t [String], Vec<(usize, usize)>>;
    let mut most: Vec<Counts> = vec![BTreeMap::new(); 5];
    for (at, text) in texts.iter().enumerate() {
        for (n, grams) in most.iter_mut().enumerate().skip(1) {
            for (gram, count) in counts(text, n) {
                grams.entry(gram).or_default().push((count, at));
            }
        }
    }
    let sampled: Vec<usize> = (0..texts.len()).step_by(5).collect();
    let one = |at: usize| {
        let precisions = (1..=4).map(|n| {
            let own = counts(&texts[at], n);
            let total: usize = own.values().sum();
            let met: usize = own
                .iter()
                .map(|(gram, count)| {
                    let others = most[n][gram].iter().filter(|(_, other)| *other != at).map(|(count, _)| *count).max();
                    (*count).min(others.unwrap_or(0))
                })
                .sum();
            let add = if n == 1 { 0.0 } else { 1.0 };
            ((met as f64 + add) / (total as f64 + add)).max(1e-9).ln()
        });
        (precisions.sum::<f64>() / 4.0).exp()
    };
    sampled.iter().map(|at| one(*at)).sum::<f64>() / sampled.len() as f64
}

/// Copies a second on one core: plan, four candidates, rank; five channels in turn.
pub fn speed() {
    for lang in [Lang::Zh, Lang::En] {
        let (mut n, mut seconds) = (0usize, 0.0);
        for catalogue in catalogues::all() {
            let shelf = Shelf::new(&catalogue.products);
            let briefs: Vec<(usize, Brief)> = (0..400)
                .map(|nth| {
                    let at = nth * 7919 % catalogue.products.len();
                    (at, brief(&catalogue, at, lang, ["sms", "push", "email", "selling_points", "social"][nth % 5], 3))
                })
                .collect();
            let begun = Instant::now();
            for (at, brief) in &briefs {
                std::hint::black_box(copy(&catalogue, &shelf, brief, *at, Angle::Goal, &[]));
            }
            seconds += begun.elapsed().as_secs_f64();
            n += briefs.len();
        }
        println!("{lang:?}: {n} copies in {seconds:.2} s of one core: {:.0} a second", n as f64 / seconds);
    }
}
