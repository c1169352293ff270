//! The trained writer beside the grammar: learned from the grammar's sentences about one half of the products, it writes about
//! the other half; every draft of either goes through all checks, and what passes is read again by the second reader.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use language::text::Masker;
use math::random::Random;
use serde_json::{Value, json};
use tercet_content::brief::{Brief, Goal, Lang};
use tercet_content::channel::registry;
use tercet_content::check::voice::{Rules, Voices};
use tercet_content::check::{CopyCheck, House};
use tercet_content::plan::{Market, Plan, Shelf};
use tercet_content::write::learned::{merged, pairs_of_task};
use tercet_content::write::{Angle, Draft, Fluency, Grammarian, Judge, Learned, Task, Writer};

use crate::catalogues::Catalogue;
use crate::checked::{comparisons, history, shelves, stops, text_of};
use crate::diversity::{distinct_2, self_bleu, words};
use crate::verify::{Known, figures};
use crate::{brief, opinions_of, template};

/// Drafts of a task by each writer.
const DRAFTS: usize = 3;

/// What became of a writer's drafts.
#[derive(Default)]
struct Tally {
    n_drafts: usize,
    n_rejected: usize,
    n_unbound_before: usize,
    /// Of all drafts, before any check; and what the check of facts found in them.
    n_figures_before: usize,
    n_facts_found: usize,
    n_figures: usize,
    n_unbound: usize,
    n_best: usize,
    texts: Vec<String>,
    reasons: BTreeMap<String, usize>,
}

pub fn writers(n: usize, n_trained: usize, is_shown: bool) -> Value {
    let of = |lang| of_language(lang, n / 2, n_trained, is_shown);
    json!({ "zh": of(Lang::Zh), "en": of(Lang::En) })
}

/// A task by number: products of the even places to learn from, of the odd ones to write about.
fn with_task<T>(
    all: &[(Catalogue, Shelf)],
    lang: Lang,
    nth: usize,
    is_odd: bool,
    then: impl FnOnce(&Catalogue, usize, &Brief, &Market, &Task) -> T,
) -> T {
    let (catalogue, shelf) = &all[nth % all.len()];
    let mut random = Random::stream(if is_odd { 7 } else { 8 }, nth as u64);
    let at = (random.below(catalogue.products.len()) / 2 * 2 + usize::from(is_odd)).min(catalogue.products.len() - 1);
    let channels: Vec<&str> = registry()
        .iter()
        .filter(|one| one.languages.contains(&lang) && one.name != "marketplace_title")
        .map(|one| one.name)
        .collect();
    let brief = brief(catalogue, at, lang, channels[(nth / all.len()) % channels.len()], 5 + nth as u64);
    let opinions = opinions_of(&brief, at);
    let market = Market { shelf: Some(shelf), predecessor: catalogue.predecessor(at), opinions: &opinions };
    let plan = Plan::new(&brief, &market);
    let channel = brief.check().unwrap_or_else(|error| panic!("{}: {error}", brief.hero().name));
    let angle = Angle::ALL[random.below(Angle::ALL.len())];
    let angle = if angle.is_open(&plan, &brief) { angle } else { Angle::Goal };
    then(
        catalogue,
        at,
        &brief,
        &market,
        &Task { brief: &brief, plan: &plan, channel, angle, seed: nth as u64, last_openings: &[] },
    )
}

fn of_language(lang: Lang, n: usize, n_trained: usize, is_shown: bool) -> Value {
    let all = shelves(lang);
    let sentences =
        (0..n_trained).flat_map(|nth| with_task(&all, lang, nth, false, |_, _, _, _, task| pairs_of_task(task, 2)));
    let pairs = merged(sentences, 1);
    let known: BTreeSet<String> = pairs.iter().map(|pair| pair.target.concat().replace('\u{2581}', " ")).collect();
    let (begun, before) = (Instant::now(), process_cpu_seconds());
    let told = |trace: &language::seq2seq::train::Trace| {
        if let Some(nats) = trace.validation {
            println!("{} epoch {}: {nats:.3} nats a unit held back, {:.0?}", lang.code(), trace.epoch, begun.elapsed());
        }
        true
    };
    let learned = Learned::learn(lang, &pairs, &[], 1, 2, &told).expect("pairs of the grammar can be learned");
    let (seconds, cpu) = (begun.elapsed().as_secs_f64(), process_cpu_seconds() - before);
    let n_bytes = learned.to_bytes().len();
    let fluency = Fluency::of_grammar(lang);
    let masker = Masker::default();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let (mut n_sentences, mut n_own, mut n_new) = (0, 0, 0);
    let mut forms: BTreeSet<String> = BTreeSet::new();
    for nth in 0..n {
        with_task(&all, lang, nth, true, |catalogue, at, brief, market, task| {
            let mut drafts = Grammarian.write(task, DRAFTS).expect("the grammar always writes");
            drafts.extend(learned.write(task, DRAFTS).expect("it is of the language"));
            for sentence in drafts.iter().flat_map(|draft| &draft.sentences) {
                n_sentences += 1;
                if sentence.writer == "learned" {
                    n_own += 1;
                    n_new += usize::from(!known.contains(&sentence.form));
                    if !known.contains(&sentence.form) && is_shown && forms.insert(sentence.form.clone()) {
                        println!("new: {}", sentence.form);
                    }
                }
            }
            let judge = Judge { fluency: &fluency, neighbours: &[], earlier: &[], past: &[] };
            let order: Vec<usize> = judge.rank(&drafts, task).into_iter().map(|(at, _)| at).collect();
            let checks = CopyCheck::new(brief, task.plan, market, &history(brief));
            let house = House { masker: &masker, own: &[], voices: &Voices::default(), rules: &Rules::default() };
            let mut is_best = true;
            for place in order {
                let draft = &drafts[place];
                let tally = tallies.entry(draft.writer.clone()).or_default();
                let passes = check(draft, task, &checks, &house, tally, is_shown);
                if passes {
                    tally.n_best += usize::from(std::mem::take(&mut is_best));
                    read_again(draft, catalogue, at, brief, market, tally);
                }
            }
        });
    }
    let shown = |(name, tally): (String, Tally)| {
        let tokens: Vec<Vec<String>> = tally.texts.iter().take(600).map(|text| words(text)).collect();
        let of = json!({
            "n_drafts": tally.n_drafts, "n_rejected": tally.n_rejected, "n_with_unbound_before": tally.n_unbound_before,
            "n_figures_before": tally.n_figures_before, "n_facts_found": tally.n_facts_found,
            "n_figures": tally.n_figures, "n_unbound_after": tally.n_unbound, "n_best_of_task": tally.n_best,
            "distinct_2": distinct_2(&tokens), "self_bleu": self_bleu(&tokens, 5), "reasons": tally.reasons,
        });
        (name, of)
    };
    let writers: serde_json::Map<String, Value> = tallies.into_iter().map(shown).collect();
    json!({
        "n_tasks": n, "n_pairs": pairs.len(), "train_seconds": seconds, "model_bytes": n_bytes,
        "n_sentences_of_learned_drafts": n_sentences, "n_worded_by_the_model": n_own, "n_new_sentences": n_new, "writers": writers,
        "train_cpu_seconds": cpu, "posts": variety(&all, lang, n, &learned),
    })
}

/// CPU seconds of this process so far, of threads that ended too, where the system tells.
fn process_cpu_seconds() -> f64 {
    let told = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may hold anything: user and system time are the twelfth and thirteenth, in hundredths.
    let after = told.rsplit_once(')').map_or("", |(_, after)| after);
    after.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn check(draft: &Draft, task: &Task, checks: &CopyCheck, house: &House, tally: &mut Tally, is_shown: bool) -> bool {
    tally.n_drafts += 1;
    tally.n_figures_before += read(draft).iter().map(|text| figures(text).len()).sum::<usize>();
    let reports = checks.draft(draft, task.channel, house).expect("fields are short");
    let why: Vec<String> = reports.values().flat_map(stops).collect();
    if why.is_empty() {
        return true;
    }
    tally.n_rejected += 1;
    tally.n_facts_found += why.iter().filter(|why| why.starts_with("Facts ")).count();
    tally.n_unbound_before += usize::from(why.iter().any(|why| why.starts_with("Facts ")));
    for one in &why {
        *tally.reasons.entry(one.split(": “").next().unwrap_or_default().to_owned()).or_default() += 1;
        if is_shown {
            println!("rejected ({}): {one}", draft.writer);
        }
    }
    false
}

/// The fields of a draft as they are read.
fn read(draft: &Draft) -> Vec<String> {
    let text =
        |field: &tercet_content::write::Field| if field.is_html { text_of(&field.text) } else { field.text.clone() };
    draft.fields.iter().map(text).collect()
}

/// Posts of the trained writer, of the grammar and of one template a category about the same `n` products, none of them learned from: how
/// varied each is.
fn variety(all: &[(Catalogue, Shelf)], lang: Lang, n: usize, learned: &Learned) -> Value {
    let mut texts: [Vec<Vec<String>>; 3] = Default::default();
    let channel = tercet_content::channel::channel("social").expect("there are posts");
    let real: Vec<&(Catalogue, Shelf)> = all.iter().filter(|(one, _)| !one.name.starts_with("shop")).collect();
    for nth in 0..n {
        let (catalogue, shelf) = real[nth % real.len()];
        let at = (Random::stream(9, nth as u64).below(catalogue.products.len()) / 2 * 2 + 1)
            .min(catalogue.products.len() - 1);
        let mut brief = brief(catalogue, at, lang, "social", 1);
        (brief.goal, brief.offer) = (Goal::Launch, None);
        let plan = Plan::new(&brief, &Market { shelf: Some(shelf), ..Market::default() });
        let task =
            Task { brief: &brief, plan: &plan, channel, angle: Angle::Goal, seed: nth as u64, last_openings: &[] };
        let of = |draft: &Draft| words(draft.text("text").unwrap_or_default());
        texts[0].extend(learned.write(&task, 1).expect("it is of the language").first().map(of));
        texts[1].extend(Grammarian.write(&task, 1).expect("the grammar always writes").first().map(of));
        texts[2].push(words(&template::filled(&brief, &plan)));
    }
    let of = |texts: &[Vec<String>]| json!({ "n": texts.len(), "distinct_2": distinct_2(texts), "self_bleu": self_bleu(texts, 5) });
    json!({ "learned": of(&texts[0]), "grammar": of(&texts[1]), "template": of(&texts[2]) })
}

/// What the second reader finds in a draft that passed.
fn read_again(draft: &Draft, catalogue: &Catalogue, at: usize, brief: &Brief, market: &Market, tally: &mut Tally) {
    let (compared, wrong, _) = comparisons(catalogue, brief, draft);
    let known = Known::of(brief, catalogue.predecessor(at), market.opinions, &compared);
    tally.n_unbound += wrong.len();
    for text in read(draft) {
        tally.n_figures += figures(&text).len();
        let unbound = known.unbound(&text);
        unbound
            .iter()
            .for_each(|one| println!("unbound after the check ({}): {}: {one}", draft.writer, brief.hero().name));
        tally.n_unbound += unbound.len();
    }
    tally.texts.push(draft.plain());
}
