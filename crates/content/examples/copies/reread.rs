//! Files of copies that the program wrote about a whole shop, read again by the second reader: `tercet write --output`, against the shop's
//! own products and what its reviews said. And a catalogue as large as asked for, of the real ones, for such a shop.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use domain::{Cents, Day, Product};
use serde_json::{Value, json};
use tercet_content::brief::{Brief, Lang, Offer};
use tercet_content::channel::{Format, channel};
use tercet_content::plan::Opinion;

use crate::catalogues::{self, Catalogue, rows};
use crate::checked::{facts_of as facts_of_catalogue, text_of};
use crate::verify::{Known, Peers, figures};

/// Faults that are shown of each file.
const SHOWN: usize = 20;

/// What the files of one shop say, against `shop.json`: `{"products": [rows of the table], "opinions": [pages], "name", "language",
/// "currency", "percent_off", "ends_on"}`; the offer is that of the files whose goal is promotion.
pub fn reread(shop: &Path, files: &[String]) -> Value {
    let text = std::fs::read_to_string(shop).unwrap_or_else(|error| panic!("{}: {error}", shop.display()));
    let shop: Value = serde_json::from_str(&text).expect("the shop is JSON");
    let of = |name: &str| shop[name].as_str().unwrap_or_default().to_owned();
    let products: Vec<Product> = shop["products"].as_array().expect("products").iter().map(product).collect();
    let by_id: BTreeMap<&str, &Product> = products.iter().map(|one| (one.product_id.as_str(), one)).collect();
    let opinions = opinions(&shop["opinions"]);
    let (peers, mut counted) = (Peers::new(&products), BTreeMap::new());
    let lang = if of("language") == "en" { Lang::En } else { Lang::Zh };
    let mut all = Found::default();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut shown = 0;
        for row in rows(&text) {
            let hero = by_id.get(row["product_id"].as_str()).unwrap_or_else(|| panic!("{file}: {}", row["product_id"]));
            let is_offered = row["goal"] == "promotion";
            let brief = Brief {
                products: vec![(*hero).clone()],
                offer: is_offered.then(|| offer(hero, shop["percent_off"].as_i64().unwrap_or(0), &of("ends_on"))),
                lang,
                shop_name: of("name"),
                currency: of("currency"),
                ..Brief::default()
            };
            let older = hero.predecessor_id.as_deref().and_then(|id| by_id.get(id)).copied();
            let own = opinions.get(hero.product_id.as_str()).map_or(&[][..], Vec::as_slice);
            let plain = Known::of(&brief, older, own, &[]);
            all.n_copies += 1;
            all.products.insert(hero.product_id.clone());
            for text in texts(&row) {
                all.n_figures += figures(&text).len();
                let mut unbound = plain.unbound(&text);
                if !unbound.is_empty() {
                    // Counts of neighbours are looked for only where something is not explained otherwise.
                    let counts = counted.entry(hero.product_id.clone()).or_insert_with(|| peers.counts(hero));
                    unbound = Known::of(&brief, older, own, counts).unbound(&text);
                }
                all.n_unbound += unbound.len();
                for one in unbound {
                    shown += 1;
                    if shown <= SHOWN {
                        println!("{file}: {} ({}): {one}", hero.name, hero.product_id);
                    }
                }
            }
        }
    }
    json!({
        "n_products": products.len(), "n_written_about": all.products.len(), "n_copies": all.n_copies,
        "n_figures": all.n_figures, "n_unbound_after": all.n_unbound,
    })
}

/// Copies about every product of such a shop, written and checked here, and read again.
pub fn facts_of(shop: &Path, is_shown: bool) -> Value {
    let text = std::fs::read_to_string(shop).unwrap_or_else(|error| panic!("{}: {error}", shop.display()));
    let shop: Value = serde_json::from_str(&text).expect("the shop is JSON");
    let products: Vec<Product> = shop["products"].as_array().expect("products").iter().map(product).collect();
    let at: BTreeMap<&str, usize> =
        products.iter().enumerate().map(|(at, one)| (one.product_id.as_str(), at)).collect();
    let before = |(nth, one): (usize, &Product)| Some((nth, *at.get(one.predecessor_id.as_deref()?)?));
    let predecessors = products.iter().enumerate().filter_map(before).collect();
    let lang = if shop["language"] == "en" { Lang::En } else { Lang::Zh };
    facts_of_catalogue(&Catalogue { name: "simulated", currency: "CNY", products, predecessors }, lang, is_shown)
}

#[derive(Default)]
struct Found {
    products: BTreeSet<String>,
    n_copies: usize,
    n_figures: usize,
    n_unbound: usize,
}

/// A row of the table `products` as `tercet sql --json` prints it.
fn product(row: &Value) -> Product {
    let of = |name: &str| row[name].as_str().map(str::to_owned);
    let spec = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
    Product {
        product_id: of("product_id").expect("every product has an id"),
        name: of("name").unwrap_or_default(),
        brand: of("brand"),
        category: of("category"),
        price_cents: row["price_cents"].as_i64().map(Cents),
        predecessor_id: of("predecessor_id"),
        specs: row["specs"].as_object().into_iter().flatten().filter_map(spec).collect(),
        description: of("description"),
        ..Product::default()
    }
}

fn opinions(pages: &Value) -> BTreeMap<String, Vec<Opinion>> {
    let opinion = |aspect: &Value| Opinion {
        aspect: aspect["key"].as_str().unwrap_or_default().to_owned(),
        label_zh: String::new(),
        label_en: String::new(),
        n_praise: aspect["positive"].as_u64().unwrap_or(0) as u32,
        n_reviews: aspect["n"].as_u64().unwrap_or(0) as u32,
    };
    let page = |page: &Value| {
        let id = page["product_id"].as_str().unwrap_or_default().to_owned();
        (id, page["aspects"].as_array().into_iter().flatten().map(opinion).collect())
    };
    pages.as_array().into_iter().flatten().map(page).collect()
}

/// What `--percent-off` makes of a price: what is left, in whole units where the price is in whole units.
fn offer(hero: &Product, percent: i64, ends_on: &str) -> Offer {
    let left = hero.price_cents.map(|price| price.0 * (100 - percent) / 100);
    let is_whole = hero.price_cents.is_some_and(|price| price.0 % 100 == 0);
    Offer {
        price_cents: left.map(|left| Cents(if is_whole { left / 100 * 100 } else { left })),
        ends_on: ends_on.parse::<Day>().ok(),
        ..Offer::default()
    }
}

/// The fields of a row as they are read.
fn texts(row: &BTreeMap<String, String>) -> Vec<String> {
    let card = channel(&row["channel"]).unwrap_or_else(|| panic!("no channel {}", row["channel"]));
    let field = |card: &tercet_content::channel::FieldCard| {
        let text = row.get(card.name)?;
        Some(if card.format == Format::Html { text_of(text) } else { text.clone() })
    };
    card.fields.iter().filter_map(field).collect()
}

/// `n` products of the real catalogues in turn, as lines of JSON for `tercet import`; after a round the same goods again under ids of their
/// own, at prices one percent higher.
pub fn catalogue(n: usize, file: &Path) -> Value {
    let all: Vec<Product> = catalogues::all().into_iter().flat_map(|one| one.products).collect();
    assert!(!all.is_empty(), "no catalogue is there");
    let mut out = std::io::BufWriter::new(std::fs::File::create(file).expect("the file can be made"));
    for nth in 0..n {
        let (product, round) = (&all[nth % all.len()], (nth / all.len()) as i64);
        let price = product.price_cents.map(|price| price.0 * (100 + round) / 100);
        let row = json!({
            "product_id": format!("{nth:06}"), "name": product.name, "brand": product.brand, "category": product.category,
            "price_cents": price, "specs": product.specs, "description": product.description,
        });
        writeln!(out, "{row}").expect("the disk has room");
    }
    json!({ "n_products": n, "n_different": n.min(all.len()) })
}
