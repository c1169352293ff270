//! A hundred pairs to be judged blind: our post and the filled template for the same product, in an order drawn by a seed of its own, with
//! everything that either could be written from. Which of the two is ours stands in another file.

use std::fmt::Write;
use std::path::Path;

use math::random::Random;
use serde_json::{Map, Value};
use tercet_content::brief::{Brief, Goal, Lang};
use tercet_content::plan::{Claim, Evidence, Market, Opinion, Plan, Shelf};
use tercet_content::write::{Angle, money};

use crate::catalogues::Catalogue;
use crate::checked::shelves;
use crate::{brief, copy, opinions_of, template};

/// Pairs of each language.
const PAIRS: usize = 50;
/// Draws the products, if nothing else is asked for.
pub const DRAW: usize = 29;
/// Characters of a description that are shown.
const DESCRIPTION_MAX: usize = 600;

/// Writes `pairs.md` and `key.json` (`{"zh01": "A", …}`: where ours stands) into a folder. `seed` draws which text comes first,
/// `draw` the products.
pub fn pairs(folder: &Path, seed: u64, draw: u64) -> Value {
    let mut page = String::from(
        "# Pairs\n\nTwo posts about the same product, A and B; below each pair everything that either could be written from. \
         Which is which stands in key.json.\n",
    );
    let mut key = Map::new();
    for lang in [Lang::Zh, Lang::En] {
        of_language(lang, (seed, draw), &mut page, &mut key);
    }
    let n = key.len();
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    };
    std::fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    write("pairs.md", page);
    write("key.json", format!("{:#}\n", Value::from(key)));
    serde_json::json!({ "n_pairs": n })
}

fn of_language(lang: Lang, (seed, draw): (u64, u64), page: &mut String, key: &mut Map<String, Value>) {
    let all = shelves(lang);
    // The coin has a stream of its own: what is drawn of the products does not tell how it falls.
    let (mut random, mut coin) = (Random::new(draw), Random::stream(seed, lang as u64));
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
        let is_first = coin.below(2) == 0;
        let name = format!("{}{:02}", lang.code(), nth + 1);
        let (a, b) = if is_first { (&ours, &other) } else { (&other, &ours) };
        let fields = fields(catalogue, shelf, &brief, at);
        let _ = write!(page, "\n## {name}\n\n**A** {}\n\n**B** {}\n\n{fields}", lines(a), lines(b));
        key.insert(name, Value::from(if is_first { "A" } else { "B" }));
        last = draft.openings;
    }
}

/// A text whose lines stay lines.
fn lines(text: &str) -> String {
    text.replace('\n', "  \n")
}

/// What a post about the product could be written from.
fn fields(catalogue: &Catalogue, shelf: &Shelf, brief: &Brief, at: usize) -> String {
    let (hero, opinions) = (brief.hero(), opinions_of(brief, at));
    let mut said = vec![("shop", brief.shop_name.clone()), ("name", hero.name.clone())];
    let own = [("brand", &hero.brand), ("category", &hero.category), ("description", &hero.description)];
    for (field, value) in own {
        let value = value.as_ref().map(|value| value.chars().take(DESCRIPTION_MAX).collect::<String>());
        said.extend(value.map(|value| (field, value.split_whitespace().collect::<Vec<_>>().join(" "))));
    }
    said.extend(hero.price_cents.map(|price| ("price", money(price, &brief.currency, brief.lang))));
    let specs = |of: &domain::Product| {
        of.specs.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join("; ")
    };
    said.push(("specs", if hero.specs.is_empty() { "none".to_owned() } else { specs(hero) }));
    let older = catalogue.predecessor(at);
    said.extend(older.map(|older| ("predecessor", format!("{}: {}", older.name, specs(older)))));
    said.extend(opinions.iter().map(|one| ("reviews", reviews(one))));
    let plan = Plan::new(brief, &Market { shelf: Some(shelf), predecessor: older, opinions: &opinions });
    said.extend(plan.points.iter().filter_map(|point| compared(&point.claim)).map(|text| ("counted", text)));
    said.iter().fold(String::new(), |mut all, (field, value)| {
        let _ = writeln!(all, "- {field}: {value}");
        all
    })
}

fn reviews(one: &Opinion) -> String {
    format!("{} ({}): {} of {} that name it praise it", one.label_en, one.label_zh, one.n_praise, one.n_reviews)
}

/// Where a spec stands among products of the kind at a similar price.
fn compared(claim: &Claim) -> Option<String> {
    let Claim::Spec {
        standing: Some((_, Evidence::Neighbours { field, value, n, n_worse, n_equal, n_better, .. })),
        ..
    } = claim
    else {
        return None;
    };
    Some(format!(
        "{field} {value}: of {n} similarly priced ones of its kind that tell it, {n_worse} are worse, {n_equal} equal, {n_better} better"
    ))
}
