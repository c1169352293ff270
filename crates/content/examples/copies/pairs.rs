//! A hundred pairs to be judged blind: our post and the filled template for the same product and plan, in an order drawn by seed.
//! The key says which is which; it is printed apart.

use math::random::Random;
use tercet_content::brief::{Goal, Lang};
use tercet_content::plan::{Market, Plan};
use tercet_content::write::Angle;

use crate::checked::shelves;
use crate::{brief, copy, template};

/// Pairs of each language.
const PAIRS: usize = 50;

/// Prints the pairs of a language, or which of A and B is ours.
pub fn pairs(lang: Lang, is_key: bool) {
    let all = shelves(lang);
    let mut random = Random::new(29);
    let mut last: Vec<String> = Vec::new();
    for nth in 0..PAIRS {
        let (catalogue, shelf) = &all[nth % all.len()];
        let at = random.below(catalogue.products.len());
        let mut brief = brief(catalogue, at, lang, "social", 400 + nth as u64);
        brief.goal = Goal::Launch;
        brief.offer = None;
        brief.audience.owned = None;
        let draft = copy(catalogue, shelf, &brief, at, Angle::Goal, &last);
        let plan = Plan::new(&brief, &Market { shelf: Some(shelf), ..Market::default() });
        let ours = draft.text("text").unwrap_or_default().to_owned();
        let other = template::filled(&brief, &plan);
        let is_first = random.below(2) == 0;
        let name = format!("{}{:02}", lang.code(), nth + 1);
        if is_key {
            println!("{name}\t{}", if is_first { "A" } else { "B" });
        } else {
            let (a, b) = if is_first { (&ours, &other) } else { (&other, &ours) };
            println!("{name} {}\n  A {a}\n  B {b}\n", brief.hero().name);
        }
        last = draft.openings;
    }
}
