//! A copy as a shop makes it: the candidates of a task from the best down, each field under all checks, until one passes. And
//! what became of 2,000 of them: what the checks found, what was rejected, what the second reader says of those that passed.

use std::collections::BTreeMap;

use domain::{Cents, Day};
use language::text::Masker;
use math::random::Random;
use serde_json::json;
use tercet_content::brief::{Brief, Lang};
use tercet_content::channel::registry;
use tercet_content::check::voice::{Rules, Voices};
use tercet_content::check::{Check, CopyCheck, House, Report, Risk};
use tercet_content::plan::{Evidence, Market, Opinion, Plan, Shelf};
use tercet_content::write::{Angle, Draft, Grammarian, Task, Writer, rank};

use crate::catalogues::{self, Catalogue};
use crate::verify::{Known, recount};
use crate::{brief, opinions_of, shop};

/// Candidates of a task.
const CANDIDATES: usize = 4;

/// A draft that was thrown away, and why.
pub struct Rejected {
    pub draft: Draft,
    pub why: Vec<String>,
}

/// What came of one task.
pub struct Outcome {
    /// Nothing if no candidate passes.
    pub draft: Option<Draft>,
    pub rejected: Vec<Rejected>,
    pub opinions: Vec<Opinion>,
}

/// The list price, held for a year, as the catalogues tell no history.
pub fn history(brief: &Brief) -> Vec<(Day, Cents)> {
    let today = brief.today.unwrap_or_default();
    brief.hero().price_cents.map(|list| (Day(today.0 - 365), list)).into_iter().collect()
}

/// Whether a report stops a copy: whatever is unbound, whatever law or prices ask more than a proof for, and all that blocks.
pub fn stops(report: &Report) -> impl Iterator<Item = String> {
    let counts = |one: &&tercet_content::check::Finding| one.check == Check::Facts || one.risk >= Risk::Review;
    report
        .findings
        .iter()
        .filter(counts)
        .map(|one| format!("{:?} {}: “{}” ({})", one.check, one.category, one.matched, one.message.en))
}

/// Plans, writes, ranks and checks.
pub fn checked(
    catalogue: &Catalogue,
    shelf: &Shelf,
    brief: &Brief,
    at: usize,
    angle: Angle,
    last: &[String],
    masker: &Masker,
) -> Outcome {
    let opinions = opinions_of(brief, at);
    let market = Market { shelf: Some(shelf), predecessor: catalogue.predecessor(at), opinions: &opinions };
    let plan = Plan::new(brief, &market);
    let channel = brief.check().unwrap_or_else(|error| panic!("{}: {error}", brief.hero().name));
    let angle = if angle.is_open(&plan, brief) { angle } else { Angle::Goal };
    let task = Task { brief, plan: &plan, channel, angle, seed: at as u64, last_openings: last };
    let mut drafts = Grammarian.write(&task, CANDIDATES).expect("the grammar always writes");
    let order: Vec<usize> = rank(&drafts, &task).into_iter().map(|(at, _)| at).collect();
    let checks = CopyCheck::new(brief, &plan, &market, &history(brief));
    let house = House { masker, own: &[], voices: &Voices::default(), rules: &Rules::default() };
    let mut rejected = Vec::new();
    for at in order {
        let reports = checks.draft(&drafts[at], channel, &house).expect("fields are short");
        let why: Vec<String> = reports
            .iter()
            .flat_map(|(field, report)| stops(report).map(move |why| format!("{field}: {why}")))
            .collect();
        let draft = std::mem::replace(&mut drafts[at], nothing());
        if why.is_empty() {
            return Outcome { draft: Some(draft), rejected, opinions };
        }
        rejected.push(Rejected { draft, why });
    }
    Outcome { draft: None, rejected, opinions }
}

fn nothing() -> Draft {
    Draft {
        channel: String::new(),
        angle: Angle::Goal,
        writer: String::new(),
        seed: 0,
        fields: Vec::new(),
        evidence: Vec::new(),
        openings: Vec::new(),
        told: Vec::new(),
        sentences: Vec::new(),
    }
}

/// The five catalogues of a language, with their shelves.
pub fn shelves(lang: Lang) -> Vec<(Catalogue, Shelf)> {
    let mut all = catalogues::all();
    all.push(shop::shop(lang, 1));
    all.into_iter()
        .map(|one| {
            let shelf = Shelf::new(&one.products);
            (one, shelf)
        })
        .collect()
}

/// The text of markup, by a reader of the second reader's own.
pub fn text_of(html: &str) -> String {
    let mut made = String::new();
    let mut depth = 0usize;
    for one in html.chars() {
        match one {
            '<' => depth += 1,
            '>' if depth > 0 => {
                depth -= 1;
                made.push(' ');
            }
            one if depth == 0 => made.push(one),
            _ => {}
        }
    }
    ["&quot; \"", "&#39; '", "&lt; <", "&gt; >", "&amp; &"].iter().fold(made, |text, pair| {
        let (entity, sign) = pair.split_once(' ').unwrap_or((pair, ""));
        text.replace(entity, sign)
    })
}

/// Counts of comparisons that a draft makes, each counted anew; what does not agree, in words; and how many could not be
/// counted, as names alone give the values.
pub fn comparisons(catalogue: &Catalogue, brief: &Brief, draft: &Draft) -> (Vec<(usize, usize)>, Vec<String>, usize) {
    let (mut agreed, mut wrong, mut n_not_counted) = (Vec::new(), Vec::new(), 0);
    for evidence in &draft.evidence {
        let Evidence::Neighbours { field, n, n_worse, .. } = evidence else { continue };
        match recount(catalogue, brief.hero(), field) {
            None => {
                n_not_counted += 1;
                agreed.push((*n, *n_worse));
            }
            Some((of, less, more)) if of == *n && [less, more].contains(n_worse) => agreed.push((*n, *n_worse)),
            Some(counted) => wrong.push(format!("{field}: {n_worse} of {n}, counted anew {counted:?}")),
        }
    }
    (agreed, wrong, n_not_counted)
}

/// What became of many copies.
#[derive(Default)]
struct Sums {
    n_drafts: usize,
    n_rejected: usize,
    n_lost: usize,
    n_passed: usize,
    n_figures: usize,
    n_unbound_before: usize,
    n_not_counted: usize,
    unbound: Vec<String>,
    reasons: BTreeMap<String, usize>,
}

/// The row "factual" of the evaluation: `n` copies over the catalogues, both languages, all channels, angles, goals and tones.
pub fn facts(n: usize, is_shown: bool) -> serde_json::Value {
    let masker = Masker::default();
    let mut sums = Sums::default();
    for lang in [Lang::Zh, Lang::En] {
        let all = shelves(lang);
        let channels: Vec<&str> =
            registry().iter().filter(|one| one.languages.contains(&lang)).map(|one| one.name).collect();
        let mut random = Random::new(11);
        let mut last: Vec<String> = Vec::new();
        for nth in 0..n / 2 {
            let (catalogue, shelf) = &all[nth % all.len()];
            let at = random.below(catalogue.products.len());
            let brief = brief(catalogue, at, lang, channels[(nth / all.len()) % channels.len()], 5 + nth as u64);
            let angle = Angle::ALL[random.below(Angle::ALL.len())];
            let outcome = checked(catalogue, shelf, &brief, at, angle, &last, &masker);
            last = sums.take(catalogue, &brief, at, outcome, is_shown).unwrap_or(last);
        }
    }
    sums.told()
}

/// The same of one shop's goods: a copy of every one for every channel of the language, goals, tones and angles in turn.
pub fn facts_of(catalogue: &Catalogue, lang: Lang, is_shown: bool) -> serde_json::Value {
    let (masker, shelf) = (Masker::default(), Shelf::new(&catalogue.products));
    let mut sums = Sums::default();
    let mut last: Vec<String> = Vec::new();
    for (nth, channel) in registry().iter().filter(|one| one.languages.contains(&lang)).enumerate() {
        for at in 0..catalogue.products.len() {
            let brief = brief(catalogue, at, lang, channel.name, 5 + nth as u64);
            let angle = Angle::ALL[(at + nth) % Angle::ALL.len()];
            let outcome = checked(catalogue, &shelf, &brief, at, angle, &last, &masker);
            last = sums.take(catalogue, &brief, at, outcome, is_shown).unwrap_or(last);
        }
    }
    sums.told()
}

impl Sums {
    /// Takes in what came of a task; how its copy opens.
    fn take(
        &mut self,
        catalogue: &Catalogue,
        brief: &Brief,
        at: usize,
        outcome: Outcome,
        is_shown: bool,
    ) -> Option<Vec<String>> {
        self.n_drafts += outcome.rejected.len() + usize::from(outcome.draft.is_some());
        self.n_rejected += outcome.rejected.len();
        self.n_lost += usize::from(outcome.draft.is_none());
        for one in &outcome.rejected {
            self.n_unbound_before += usize::from(one.why.iter().any(|why| why.contains(": Facts ")));
            for why in &one.why {
                let kind = why.split(": ").nth(1).unwrap_or_default().split(" “").next().unwrap_or_default();
                *self.reasons.entry(kind.to_owned()).or_default() += 1;
            }
            if is_shown {
                let (name, why) = (&brief.hero().name, one.why.join("\n  "));
                println!("rejected {} · {name} · {}\n  {why}", catalogue.name, one.draft.channel);
                println!("  {}", one.draft.plain().replace('\n', "\n  "));
            }
        }
        let draft = outcome.draft?;
        self.n_passed += 1;
        let (compared, wrong, not_counted) = comparisons(catalogue, brief, &draft);
        self.n_not_counted += not_counted;
        let known = Known::of(brief, catalogue.predecessor(at), &outcome.opinions, &compared);
        let mut found = wrong;
        for field in &draft.fields {
            let text = if field.is_html { text_of(&field.text) } else { field.text.clone() };
            self.n_figures += crate::verify::figures(&text).len();
            found.extend(known.unbound(&text));
        }
        let told = |one: String| format!("{} · {} · {}: {one}", catalogue.name, brief.hero().name, draft.channel);
        self.unbound.extend(found.into_iter().map(told));
        Some(draft.openings)
    }

    fn told(self) -> serde_json::Value {
        for one in &self.unbound {
            println!("unbound after the check: {one}");
        }
        json!({
            "n_copies": self.n_passed, "n_drafts_checked": self.n_drafts, "n_rejected": self.n_rejected,
            "share_rejected": self.n_rejected as f64 / self.n_drafts.max(1) as f64, "n_with_unbound_before": self.n_unbound_before,
            "n_tasks_lost": self.n_lost, "n_figures": self.n_figures, "n_unbound_after": self.unbound.len(),
            "n_comparisons_not_counted_anew": self.n_not_counted, "reasons": self.reasons,
        })
    }
}
