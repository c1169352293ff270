//! Copies over real catalogues: prints some to be read, and measures how much is said, how varied it is and how fast it is
//! written.
//!
//!     cargo run -p tercet-content --example copies -- print zh 40 [channel] [catalogue]
//!     cargo run -p tercet-content --example copies -- measure
//!
//! Catalogues are read from `TERCET_DATA`, else `../shared/data`, by the small reader beside this file; the product reads them
//! through `tercet-data`.

mod catalogues;
mod measures;

use catalogues::Catalogue;
use domain::{Cents, Day};
use math::random::Random;
use tercet_content::brief::{Audience, Brief, Goal, Lang, Length, Offer, Tone};
use tercet_content::channel::{channel, registry};
use tercet_content::plan::kinds::kind_of;
use tercet_content::plan::{Market, Opinion, Plan, Shelf};
use tercet_content::write::{Angle, Draft, Task, write};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let given = |at: usize| arguments.get(at).map(String::as_str);
    match given(0) {
        Some("print") => print(
            if given(1) == Some("en") { Lang::En } else { Lang::Zh },
            given(2).and_then(|n| n.parse().ok()).unwrap_or(40),
            given(3).filter(|name| *name != "any"),
            given(4),
        ),
        Some("measure") => measure(),
        _ => println!("print zh|en N [CHANNEL|any] [CATALOGUE], or measure"),
    }
}

/// A brief for a product: everything else by seed, so that all goals, tones and offers are met.
pub fn brief(catalogue: &Catalogue, at: usize, lang: Lang, channel: &str, seed: u64) -> Brief {
    let mut random = Random::stream(seed, at as u64);
    let hero = catalogue.products[at].clone();
    let goals = if catalogue.predecessor(at).is_some() { &Goal::ALL[..] } else { &Goal::ALL[..3] };
    let goal = goals[random.below(goals.len())];
    let owned = match goal {
        Goal::Upgrade => catalogue.predecessor(at).cloned(),
        Goal::CrossSell => Some(catalogue.products[random.below(catalogue.products.len())].clone()),
        _ => None,
    };
    let list = hero.price_cents.map_or(0, |price| price.0);
    let offer = (goal == Goal::Promotion && list > 1000).then(|| Offer {
        price_cents: Some(Cents(list * 9 / 10 / 100 * 100)),
        coupon: (random.below(3) == 0).then(|| "TECH50".to_owned()),
        coupon_off_cents: None,
        gift: (random.below(4) == 0).then(|| lang.choose("收纳包", "a carrying pouch").to_owned()),
        ends_on: "2026-12-12".parse::<Day>().ok(),
    });
    Brief {
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
    }
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

/// One copy of one product.
pub fn copy(catalogue: &Catalogue, shelf: &Shelf, brief: &Brief, at: usize, angle: Angle, last: &[String]) -> Draft {
    // An accessory has no battery that anybody could praise.
    let is_device = kind_of(brief.hero()).is_some_and(|kind| !kind.is_accessory);
    let opinions = if is_device { opinions(at as u64) } else { Vec::new() };
    let market = Market { shelf: Some(shelf), predecessor: catalogue.predecessor(at), opinions: &opinions };
    let plan = Plan::new(brief, &market);
    let channel = brief.check().unwrap_or_else(|error| panic!("{}: {error}", brief.hero().name));
    let angle = if angle.is_open(&plan, brief) { angle } else { Angle::Goal };
    write(&Task { brief, plan: &plan, channel, angle, seed: at as u64, last_openings: last })
}

fn print(lang: Lang, n: usize, only: Option<&str>, catalogue: Option<&str>) {
    let catalogues: Vec<Catalogue> =
        catalogues::all().into_iter().filter(|one| catalogue.is_none_or(|name| one.name.contains(name))).collect();
    let shelves: Vec<Shelf> = catalogues.iter().map(|one| Shelf::new(&one.products)).collect();
    let channels: Vec<&str> =
        registry().iter().filter(|one| one.languages.contains(&lang)).map(|one| one.name).collect();
    let mut random = Random::new(7);
    let mut last: Vec<String> = Vec::new();
    for nth in 0..n {
        let which = nth % catalogues.len();
        let at = random.below(catalogues[which].products.len());
        let name =
            only.filter(|name| channel(name).is_some()).unwrap_or(channels[(nth / catalogues.len()) % channels.len()]);
        let brief = brief(&catalogues[which], at, lang, name, 5);
        let draft =
            copy(&catalogues[which], &shelves[which], &brief, at, Angle::ALL[random.below(Angle::ALL.len())], &last);
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

fn measure() {
    for catalogue in catalogues::all() {
        let shelf = Shelf::new(&catalogue.products);
        measures::said(&catalogue, &shelf);
    }
    for lang in [Lang::Zh, Lang::En] {
        measures::diversity(lang);
    }
    measures::speed();
}
