//! Copies over real catalogues: prints some to be read, holds 2,000 against their sources, and measures how much is said, how
//! varied it is, how fast it is written and checked.
//!
//!     cargo run -p tercet-content --example copies -- print zh 40 [channel] [catalogue]
//!     cargo run -p tercet-content --example copies -- facts [N] [show] | diversity | speed [N] | said
//!     cargo run -p tercet-content --example copies -- pairs FOLDER [SEED [DRAW]] | posters FOLDER
//!     cargo run -p tercet-content --example copies -- writers [TASKS] [TRAINED ON] [show]
//!     cargo run -p tercet-content --example copies -- channels zh|en | catalogue N FILE.jsonl | reread SHOP.json COPIES.csv… | facts-of SHOP.json [show]
//!
//! The last line of facts, diversity, speed, writers and reread is JSON. Catalogues are read from `TERCET_DATA`, else `../shared/data`, by the small
//! reader beside this file; the product reads them through `tercet-data`.

mod catalogues;
mod checked;
mod diversity;
mod measures;
mod pairs;
mod posters;
mod reread;
mod shop;
mod template;
mod verify;
mod writers;

use catalogues::Catalogue;
use domain::{Cents, Day};
use math::random::Random;
use tercet_content::brief::{Audience, Brief, Goal, Lang, Length, Offer, Tone};
use tercet_content::channel::{channel, registry};
use tercet_content::check::called::call_lawfully;
use tercet_content::plan::aspects::can_have;
use tercet_content::plan::kinds::kind_of;
use tercet_content::plan::{Market, Opinion, Plan, Shelf};
use tercet_content::write::{Angle, Draft, Task, write};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let given = |at: usize| arguments.get(at).map(String::as_str);
    let number = |at: usize, otherwise| given(at).and_then(|n| n.parse().ok()).unwrap_or(otherwise);
    let lang = if given(1) == Some("en") { Lang::En } else { Lang::Zh };
    match given(0) {
        Some("print") => {
            print(lang, number(2, 40), given(3).filter(|name| *name != "any"), given(4), number(5, 7) as u64)
        }
        Some("said") => checked::shelves(Lang::Zh).iter().for_each(|(one, shelf)| measures::said(one, shelf)),
        Some("facts") => println!("{}", checked::facts(number(1, 2000), given(2) == Some("show"))),
        Some("diversity") => {
            println!(
                "{}",
                serde_json::json!({ "zh": measures::diversity(Lang::Zh), "en": measures::diversity(Lang::En) })
            );
        }
        Some("speed") => println!("{}", measures::speed(number(1, 100))),
        Some("pairs") => {
            let (seed, draw) = (number(2, 1) as u64, number(3, pairs::DRAW) as u64);
            println!("{}", pairs::pairs(given(1).unwrap_or(".").as_ref(), seed, draw));
        }
        Some("writers") => println!("{}", writers::writers(number(1, 400), number(2, 1500), given(3) == Some("show"))),
        Some("channels") => println!("{}", channels_of(lang)),
        Some("catalogue") => {
            println!("{}", reread::catalogue(number(1, 50_000), given(2).unwrap_or("catalogue.jsonl").as_ref()))
        }
        Some("facts-of") => {
            println!("{}", reread::facts_of(given(1).unwrap_or("shop.json").as_ref(), given(2) == Some("show")))
        }
        Some("reread") => println!(
            "{}",
            reread::reread(given(1).unwrap_or("shop.json").as_ref(), &arguments[2.min(arguments.len())..])
        ),
        Some("posters") => posters::posters(given(1).unwrap_or(".")),
        _ => println!(
            "print zh|en N [CHANNEL|any] [CATALOGUE] [SEED], facts [N] [show], diversity, speed [N], said, pairs FOLDER [SEED [DRAW]], posters FOLDER, channels zh|en, writers [TASKS] [TRAINED ON] [show], catalogue N FILE, reread SHOP FILE…, facts-of SHOP [show]"
        ),
    }
}

fn channels_of(lang: Lang) -> serde_json::Value {
    let names: Vec<&str> = registry().iter().filter(|one| one.languages.contains(&lang)).map(|one| one.name).collect();
    serde_json::json!({ "channels": names })
}

/// A brief for a product: everything else by seed, so that all goals, tones and offers are met.
pub fn brief(catalogue: &Catalogue, at: usize, lang: Lang, channel: &str, seed: u64) -> Brief {
    let mut random = Random::stream(seed, at as u64);
    let hero = catalogue.products[at].clone();
    let goals = if catalogue.predecessor(at).is_some() { &Goal::ALL[..] } else { &Goal::ALL[..3] };
    let list = hero.price_cents.map_or(0, |price| price.0);
    let goal = match goals[random.below(goals.len())] {
        Goal::Promotion if list <= 1000 => Goal::Launch,
        goal => goal,
    };
    let owned = match goal {
        Goal::Upgrade => catalogue.predecessor(at).cloned(),
        Goal::CrossSell => Some(catalogue.products[random.below(catalogue.products.len())].clone()),
        _ => None,
    };
    let coupon = random.below(3);
    let offer = (goal == Goal::Promotion).then(|| Offer {
        price_cents: Some(Cents(list * 9 / 10 / 100 * 100)),
        coupon: (coupon == 0).then(|| "TECH50".to_owned()),
        coupon_off_cents: (coupon == 0 && random.below(2) == 0).then_some(Cents((list / 20 / 100).max(1) * 100)),
        gift: (random.below(4) == 0).then(|| lang.choose("收纳包", "a carrying pouch").to_owned()),
        ends_on: "2026-12-12".parse::<Day>().ok(),
    });
    let mut made = Brief {
        products: vec![hero],
        audience: Audience { owned, price_sensitivity: Some(random.uniform()), ..Audience::default() },
        goal,
        channel: channel.to_owned(),
        tone: Tone::ALL[random.below(5)],
        lang,
        offer,
        length: [Length::Short, Length::Medium, Length::Long][random.below(3)],
        shop_name: lang.choose("云栈数码", "Northgate").to_owned(),
        currency: catalogue.currency.to_owned(),
        today: "2026-11-29".parse().ok(),
        may_compare: true,
    };
    call_lawfully(&mut made);
    made
}

/// Opinions for a product, drawn by seed: the catalogues have no reviews.
pub fn opinions(seed: u64) -> Vec<Opinion> {
    let mut random = Random::new(seed);
    let all = [
        ("screen", "屏幕", "Screen"),
        ("battery", "电池续航", "Battery"),
        ("performance", "性能", "Performance"),
        ("build", "做工", "Build quality"),
    ];
    all.iter()
        .filter_map(|(key, zh, en)| {
            let n_reviews = random.below(120) as u32;
            let n_praise = n_reviews * (40 + random.below(58) as u32) / 100;
            let is_there = random.below(3) == 0;
            is_there.then(|| Opinion {
                aspect: (*key).into(),
                label_zh: (*zh).into(),
                label_en: (*en).into(),
                n_praise,
                n_reviews,
            })
        })
        .collect()
}

/// Those that a copy of a product is given: an accessory has no battery that anybody could praise, nor have earphones on a wire.
pub fn opinions_of(brief: &Brief, at: usize) -> Vec<Opinion> {
    let hero = brief.hero();
    let is_device = kind_of(hero).is_some_and(|kind| !kind.is_accessory);
    let drawn = if is_device { opinions(at as u64) } else { Vec::new() };
    drawn.into_iter().filter(|opinion| can_have(hero, &opinion.aspect)).collect()
}

/// One copy of one product.
pub fn copy(catalogue: &Catalogue, shelf: &Shelf, brief: &Brief, at: usize, angle: Angle, last: &[String]) -> Draft {
    let opinions = opinions_of(brief, at);
    let market = Market { shelf: Some(shelf), predecessor: catalogue.predecessor(at), opinions: &opinions };
    let plan = Plan::new(brief, &market);
    let channel = brief.check().unwrap_or_else(|error| panic!("{}: {error}", brief.hero().name));
    let angle = if angle.is_open(&plan, brief) { angle } else { Angle::Goal };
    write(&Task { brief, plan: &plan, channel, angle, seed: at as u64, last_openings: last })
}

fn print(lang: Lang, n: usize, only: Option<&str>, catalogue: Option<&str>, seed: u64) {
    let all: Vec<(Catalogue, Shelf)> = checked::shelves(lang)
        .into_iter()
        .filter(|(one, _)| catalogue.is_none_or(|name| one.name.contains(name)))
        .collect();
    let channels: Vec<&str> =
        registry().iter().filter(|one| one.languages.contains(&lang)).map(|one| one.name).collect();
    let mut random = Random::new(seed);
    let mut last: Vec<String> = Vec::new();
    for nth in 0..n {
        let (catalogue, shelf) = &all[nth % all.len()];
        let at = random.below(catalogue.products.len());
        let name = only.filter(|name| channel(name).is_some()).unwrap_or(channels[(nth / all.len()) % channels.len()]);
        let brief = brief(catalogue, at, lang, name, 5 + nth as u64);
        let draft = copy(catalogue, shelf, &brief, at, Angle::ALL[random.below(Angle::ALL.len())], &last);
        println!(
            "## {} · {} · {:?} · {:?} · {:?}",
            brief.hero().name,
            draft.channel,
            draft.angle,
            brief.goal,
            brief.tone
        );
        for field in &draft.fields {
            println!("  {:<14} {}", field.name, field.text.replace('\n', "\n                 "));
        }
        println!();
        last = draft.openings;
    }
}
