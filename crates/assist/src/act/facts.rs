//! Fields of one product: specifications, price, stock, what it was launched as, what replaced it. A field that the
//! catalogue does not have is never guessed: the product's documents are asked, then a person.

use domain::Product;
use language::text::{MAKERS, Maker};

use super::attributes::{self, asked_in, fold, label, named, of_key, rank, specs_for, word_at};
use super::coverage::{self, Asks};
use super::fits::in_category;
use super::needs::Need;
use super::{Answer, Outcome, Scene, documents, field, in_stock, purposes};
use crate::evidence::Evidence;
use crate::say;
use crate::turn::Block;
use crate::understand::{Extreme, Named, measures_compared, pointers};

/// Specifications told when nothing in particular is asked.
const OVERVIEW_MAX: usize = 6;

/// Attributes that the question is about, from what was understood and from its own words. Words within a name, or within a word
/// for a kind of thing (`移动硬盘`), ask for nothing where others do.
pub fn asked(scene: &Scene, product: Option<&Product>) -> Vec<String> {
    let own = match asked_in(&coverage::without_names(scene), product) {
        own if own.is_empty() => asked_in(&coverage::without_products(scene), product),
        own => own,
    };
    // "The cheaper one" says which, and does not ask for the price.
    let pointing = pointers(scene.message.text);
    let points =
        |range: &std::ops::Range<usize>| pointing.iter().any(|one| one.start <= range.start && range.end <= one.end);
    let named_by = |entity: &crate::understand::Entity| match &entity.what {
        Named::Attribute { name } if own.is_empty() || !points(&entity.range) => Some(name.clone()),
        _ => None,
    };
    let mut all: Vec<String> = scene.understood.entities.iter().filter_map(named_by).collect();
    let known = |all: &[String], name: &str| {
        let one = named(name).map_or(name, |attribute| attribute.name);
        all.iter().any(|other| named(other).map_or(other.as_str(), |attribute| attribute.name) == one)
    };
    for name in own {
        if !known(&all, &name) {
            all.push(name);
        }
    }
    if let Some(product) = product {
        if let Some(name) = attributes::slipped_in(&coverage::without_products(scene))
            && !known(&all, name)
        {
            all.insert(0, name.to_owned());
        }
        of_camera(product, scene.question, &mut all);
        if all.is_empty() {
            all.extend(size_of(product, scene.question).map(str::to_owned));
        }
    }
    // "How much memory" asks for no price.
    let folded = fold(scene.question);
    if all.len() > 1
        && folded.contains("how much ")
        && !["price", "cost", "pay"].iter().any(|word| folded.contains(word))
    {
        all.retain(|name| name != "price");
    }
    all.truncate(4);
    all
}

/// Of a camera, "camera" says what it is and not what is asked; its pixels are its resolution.
fn of_camera(product: &Product, question: &str, asked: &mut Vec<String>) {
    let is_camera = specs_for(product, "camera").is_empty() && product.specs.contains_key("sensor");
    let Some(at) = asked.iter().position(|name| name == "camera").filter(|_| is_camera) else { return };
    asked.remove(at);
    let pixels = ["像素", "pixel"].iter().any(|word| question.to_lowercase().contains(word));
    if pixels && !asked.iter().any(|name| name == "resolution") {
        asked.push("resolution".to_owned());
    }
}

/// By what products are set against each other where no attribute is named: `哪个大`, "which is lighter". Of what has no screen its size
/// or how much it holds is meant.
pub fn compared(scene: &Scene, product: &Product) -> Vec<(&'static str, Extreme)> {
    let known = |name: &&'static str| has(product, name);
    let meant = |(attribute, extreme): (&'static str, Extreme)| {
        let name = match attribute {
            "screen" => ["screen", "size", "capacity", "storage"].into_iter().find(known),
            other => Some(other).filter(known),
        };
        name.map(|name| (name, extreme))
    };
    measures_compared(scene.question).into_iter().filter_map(meant).collect()
}

/// `电视多大`, "how big is the TV": of what has a screen its size is meant, of what only holds something how much that is.
fn size_of(product: &Product, question: &str) -> Option<&'static str> {
    const SIZE: &[&str] = &["多大", "how big", "how large", "what size"];
    let folded = fold(question);
    let asks = SIZE.iter().any(|word| folded.contains(word));
    let has =
        |name: &&str| specs_for(product, name).iter().any(|(key, _)| of_key(key).is_some_and(|own| own.name == *name));
    ["screen", "size", "capacity", "storage"].into_iter().filter(|_| asks).find(has)
}

/// Answers a question about a product's attributes; without any, tells what the product is.
pub fn product_fact(scene: &Scene, product: &Product, wanted: &[String]) -> Answer {
    if wanted.is_empty() {
        return by_documents(scene, product).unwrap_or_else(|| overview(scene, product));
    }
    let mut answer = Answer { rewordable: true, ..Answer::default() };
    let (mut told, mut missing) = (Vec::new(), Vec::new());
    for name in wanted {
        if !tell(scene, product, name, &mut answer, &mut told) {
            missing.push(label(name, scene.lang));
        }
    }
    if !told.is_empty() {
        answer.text = say::products::fields(scene.lang, &say::format::name(product), &told);
    }
    let found = told.iter().map(|(label, value)| format!("{label}={value}")).collect::<Vec<_>>().join(", ");
    answer.step("products", format!("{}: {found}", product.product_id));
    if !missing.is_empty() {
        not_told(scene, product, &missing, &mut answer, told.is_empty());
    }
    answer.blocks.push(Block::Products { products: vec![scene.card(product, None)] });
    answer
}

/// As [`product_fact`], where it is about what is asked; else that the shop's data do not tell it. An overview is told only to
/// who asks for one, and a neighbouring fact to nobody.
pub fn fact_or_unknown(scene: &Scene, product: &Product, wanted: &[String]) -> Answer {
    if let Some(answer) = for_purpose(scene, product) {
        return answer;
    }
    let asks = Asks::of(scene, [product]);
    if wanted.is_empty() {
        if asks.is_overview(scene.question) {
            return product_fact(scene, product, wanted);
        }
        return by_documents(scene, product).unwrap_or_else(|| not_in_data(scene, product, &asks));
    }
    let (had, missing): (Vec<String>, Vec<String>) = wanted.iter().cloned().partition(|name| has(product, name));
    // "How long does it fly?": the length is not asked for, the flight time explains it all.
    if !had.is_empty() && asks.are_all_about(&had, product) {
        return product_fact(scene, product, &had);
    }
    let told = if had.is_empty() { &missing } else { &had };
    beside(scene, product, told).unwrap_or_else(|| product_fact(scene, product, wanted))
}

/// `带雷电吗`, "has it got NFC": the field whose value says it, where the sheet says all that is needed.
fn has_needed(scene: &Scene, product: &Product) -> Option<Answer> {
    // That it has a camera says nothing of how many.
    let needs: Vec<Need> = Need::all(scene);
    if !needs.iter().all(Need::names_value) {
        return None;
    }
    let by: Vec<(&str, &str)> = needs.iter().map(|need| need.met_by(product).flatten()).collect::<Option<_>>()?;
    if by.is_empty() {
        return None;
    }
    let mut answer = Answer { rewordable: true, ..Answer::default() };
    let told: Vec<(String, String)> =
        by.iter().map(|(key, value)| (label(key, scene.lang), say::format::value(value, scene.lang))).collect();
    answer.text = say::products::fields(scene.lang, &say::format::name(product), &told);
    by.iter().for_each(|(key, value)| {
        answer.cite(field(product, key, *value));
    });
    answer.step("products", format!("{}: has what is needed", product.product_id));
    answer.blocks.push(Block::Products { products: vec![scene.card(product, None)] });
    Some(answer)
}

/// Whether it serves a purpose of which its sheet says nothing: what its documents say, else the figures that matter to that.
fn for_purpose(scene: &Scene, product: &Product) -> Option<Answer> {
    let purpose = purposes::of(scene.question)?;
    let figures = purpose.figures_of(product);
    if figures.is_empty() || !specs_for(product, "use").is_empty() {
        return None;
    }
    let written = by_documents(scene, product);
    Some(written.unwrap_or_else(|| {
        let mut answer = Answer { rewordable: false, ..Answer::default() };
        let told = |(key, value): &(&str, &str)| (label(key, scene.lang), say::format::value(value, scene.lang));
        let told: Vec<(String, String)> = figures.iter().map(told).collect();
        answer.text =
            say::products::purpose_unstated(scene.lang, &say::format::name(product), purpose.name(scene.lang), &told);
        answer.cite(field(product, "name", product.name.as_str()));
        figures.iter().for_each(|(key, value)| {
            answer.cite(field(product, key, *value));
        });
        answer.step("products", format!("for {}: figures alone", purpose.en));
        answer
    }))
}

/// Whether the catalogue has an attribute of a product.
pub(crate) fn has(product: &Product, name: &str) -> bool {
    let own = named(name).map_or(name, |attribute| attribute.name);
    let is_field = match own {
        "price" => product.price_cents.is_some(),
        "stock" => product.stock.is_some() || product.retired_on.is_some(),
        "brand" => product.brand.is_some(),
        "category" => product.category.is_some(),
        "launched" => product.launched_on.is_some(),
        _ => false,
    };
    is_field || !specs_for(product, name).is_empty()
}

/// What is said where attributes do not explain the question: the product's documents, else that the data do not tell it.
pub fn beside(scene: &Scene, product: &Product, wanted: &[String]) -> Option<Answer> {
    let asks = Asks::of(scene, [product]);
    if asks.are_about(wanted, product) {
        return None;
    }
    Some(by_documents(scene, product).unwrap_or_else(|| not_in_data(scene, product, &asks)))
}

fn not_in_data(scene: &Scene, product: &Product, asks: &Asks) -> Answer {
    if let Some(answer) = has_needed(scene, product) {
        return answer;
    }
    let mut answer = Answer::unknown(say::products::not_in_data(scene.lang, &say::format::name(product)));
    answer.cite(field(product, "name", product.name.as_str()));
    answer.step("products", format!("{}: no field explains {}", product.product_id, asks.told()));
    answer
}

/// Tells one attribute, if the catalogue has it.
fn tell(scene: &Scene, product: &Product, name: &str, answer: &mut Answer, told: &mut Vec<(String, String)>) -> bool {
    let own = named(name).map_or(name, |attribute| attribute.name);
    let text = |value: &Option<String>| value.clone().filter(|value| !value.trim().is_empty());
    let value = match own {
        "price" => product.price_cents.map(|price| scene.money(price.0)),
        "stock" => {
            let said = in_stock(product, scene.world.today);
            said.map(|is| say::products::stock_word(scene.lang, is).to_owned())
        }
        "brand" => text(&product.brand),
        "category" => text(&product.category),
        "launched" => product.launched_on.map(|day| day.to_string()),
        _ => None,
    };
    if let Some(value) = value {
        let is_stock = own == "stock";
        let kept =
            if is_stock { product.stock.map_or(value.clone(), |stock| stock.to_string()) } else { value.clone() };
        answer.cite(field(product, own, kept));
        told.push((label(own, scene.lang), say::format::plain(&value)));
        return true;
    }
    let specs = specs_for(product, name);
    for (key, value) in &specs {
        answer.cite(field(product, key, *value));
        let one = (label(key, scene.lang), say::format::value(value, scene.lang));
        // Two questions may lead to one field: it is told once.
        if !told.contains(&one) {
            told.push(one);
        }
    }
    !specs.is_empty()
}

/// What the catalogue does not say: from the product's documents, else told and a person offered.
fn not_told(scene: &Scene, product: &Product, missing: &[String], answer: &mut Answer, nothing_else: bool) {
    let name = say::format::name(product);
    answer.cite(field(product, "name", product.name.as_str()));
    match by_documents(scene, product) {
        Some(found) => {
            answer.line(say::products::not_in_catalogue(scene.lang, &name, missing));
            answer.append(found);
        }
        None => {
            answer.line(say::products::not_told(scene.lang, &name, missing));
            answer.rewordable = false;
            answer.step("documents", "nothing about it");
            if nothing_else {
                answer.outcome = Outcome::Unknown;
            }
        }
    }
}

/// Whether a product does something for which the catalogue has no attribute: its documents, else told and a person offered. Who makes
/// a part only a text tells that names a maker.
pub fn whether(scene: &Scene, product: &Product) -> Answer {
    let asks_maker = asks_maker_of_part(scene, product, &asked(scene, Some(product)));
    let tells = |answer: &Answer| !asks_maker || makers_in(&fold(&answer.text)).next().is_some();
    by_documents(scene, product)
        .filter(tells)
        .unwrap_or_else(|| not_in_data(scene, product, &Asks::of(scene, [product])))
}

/// Parts of which the maker may be asked: a product's own brand is another matter.
const PARTS: &[&str] = &[
    "memory",
    "storage",
    "processor",
    "graphics",
    "screen",
    "panel",
    "battery",
    "camera",
    "audio",
    "keyboard",
    "charging",
];
const MAKER: &[&str] = &[
    "牌子",
    "品牌",
    "哪家",
    "谁家",
    "厂家",
    "厂商",
    "代工",
    "谁生产",
    "brand",
    "who makes",
    "who made",
    "manufactur",
    "maker",
    "made by",
    "supplier",
];

/// Makers that a folded text names; a screen may be sharp without being Sharp's.
fn makers_in(text: &str) -> impl Iterator<Item = &'static Maker> {
    let is_said = move |name: &&str| *name != "sharp" && word_at(text, name).is_some();
    MAKERS.iter().filter(move |maker| maker.names.iter().any(is_said))
}

/// Whether the maker of a part is asked for: `喇叭是什么牌子`, `who makes its screen`. No field says it.
pub fn asks_maker_of_part(scene: &Scene, product: &Product, wanted: &[String]) -> bool {
    let text = fold(scene.question);
    let has_part = wanted.iter().any(|name| PARTS.contains(&named(name).map_or(name.as_str(), |one| one.name)))
        || scene.kinds().any(|(path, _)| !in_category(product.category.as_deref().unwrap_or_default(), path));
    // `屏幕是三星的吗`: a maker that is not the product's own.
    let own = product.brand.as_deref().map(fold).unwrap_or_default();
    let asks_maker = MAKER.iter().any(|word| text.contains(word))
        || makers_in(&text).any(|maker| !maker.all().any(|name| fold(name) == own));
    has_part && asks_maker
}

/// Whether something is asked that is neither a field nor an overview: `有几档`, `can it measure …`. A list of other fields is
/// no answer to it.
pub fn asks_particular(scene: &Scene) -> bool {
    crate::knowledge::is_particular(&coverage::without_names(scene))
}

/// The part of a question about a product that a document has to explain: of two words that say something, both.
const DOCUMENT_SHARE_MIN: f32 = 0.6;

/// A question without an attribute may be one for the product's documents, where they explain it.
fn by_documents(scene: &Scene, product: &Product) -> Option<Answer> {
    let answer = documents::search(scene, scene.question, &[&product.product_id], documents::Cut::Answer)?;
    let asks = Asks::of(scene, [product]);
    let texts = answer.evidence.iter().filter_map(|one| match one {
        Evidence::Document { title, text, .. } => Some([title.as_str(), text.as_str()]),
        _ => None,
    });
    let texts: Vec<&str> = texts.flatten().collect();
    // One word in common with the shop's ways ("all sides of the box") makes no answer about a product.
    let is_near = answer.evidence.iter().any(|one| documents::is_about(scene, one, product)) || asks.n_in(&texts) >= 2;
    let explains = asks.explained_by(texts.iter().copied()) >= DOCUMENT_SHARE_MIN;
    (!asks.say_anything() || explains && is_near).then_some(answer)
}

/// The product in a few lines.
pub fn overview(scene: &Scene, product: &Product) -> Answer {
    let mut answer = Answer { rewordable: true, ..Answer::default() };
    let mut told = Vec::new();
    tell(scene, product, "price", &mut answer, &mut told);
    let mut keys: Vec<(&String, &String)> = product.specs.iter().collect();
    keys.sort_by_key(|(key, _)| (rank(key), key.as_str()));
    for (key, value) in keys.into_iter().filter(|(_, value)| !value.trim().is_empty()).take(OVERVIEW_MAX) {
        answer.cite(field(product, key, value.as_str()));
        told.push((label(key, scene.lang), say::format::value(value, scene.lang)));
    }
    let name = say::format::name(product);
    answer.step("products", format!("{}: overview", product.product_id));
    answer.blocks.push(Block::Products { products: vec![scene.card(product, None)] });
    if told.is_empty() {
        answer.text = say::products::nothing_known(scene.lang, &name);
        answer.cite(field(product, "name", product.name.as_str()));
        answer.outcome = Outcome::Unknown;
        answer.rewordable = false;
    } else {
        answer.text = say::products::fields(scene.lang, &name, &told);
    }
    answer
}

/// What products cost.
pub fn price(scene: &Scene, products: &[std::sync::Arc<Product>]) -> Answer {
    let mut answer = Answer { rewordable: true, ..Answer::default() };
    for product in products {
        let name = say::format::name(product);
        match product.price_cents {
            Some(price) => {
                let price = scene.money(price.0);
                answer.line(say::products::price(scene.lang, &name, &price));
                answer.cite(field(product, "price", price));
                if in_stock(product, scene.world.today) == Some(false) {
                    answer.say(say::products::but_out_of_stock(scene.lang));
                }
            }
            None => {
                answer.line(say::products::no_price(scene.lang, &name));
                answer.cite(field(product, "name", product.name.as_str()));
                answer.rewordable = false;
                answer.outcome = Outcome::Unknown;
            }
        }
    }
    answer.step("products", format!("price of {}", ids(products)));
    answer.blocks.push(cards(scene, products));
    answer
}

/// Whether products can be had.
pub fn stock(scene: &Scene, products: &[std::sync::Arc<Product>]) -> Answer {
    let mut answer = Answer::default();
    for product in products {
        let name = say::format::name(product);
        if let Some(day) = product.retired_on.filter(|day| *day <= scene.world.today) {
            answer.cite(field(product, "retired_on", day.to_string()));
            answer.line(say::products::retired(scene.lang, &name));
        } else if let Some(stock) = product.stock {
            answer.cite(field(product, "stock", stock.to_string()));
            answer.line(say::products::stock(scene.lang, &name, stock > 0));
        } else {
            answer.line(say::products::stock_not_tracked(scene.lang, &name));
            answer.cite(field(product, "name", product.name.as_str()));
            answer.outcome = Outcome::Unknown;
        }
    }
    answer.step("products", format!("stock of {}", ids(products)));
    answer.blocks.push(cards(scene, products));
    answer
}

/// What replaces a product.
pub fn successor(scene: &Scene, product: &Product) -> Answer {
    let name = say::format::name(product);
    let mut answer = Answer::default();
    let Some(newer) = scene.world.catalogue.successor(&product.product_id).map(|newer| scene.spoken(newer)) else {
        answer.text = say::products::no_successor(scene.lang, &name);
        answer.cite(field(product, "name", product.name.as_str()));
        answer.step("products", format!("{}: no successor", product.product_id));
        return answer;
    };
    let price = newer.price_cents.map(|price| scene.money(price.0));
    answer.text = say::products::successor(scene.lang, &name, &say::format::name(&newer), price.as_deref());
    answer.cite(field(&newer, "predecessor_id", product.product_id.as_str()));
    if let Some(price) = price {
        answer.cite(field(&newer, "price", price));
    }
    answer.cite(field(product, "name", product.name.as_str()));
    answer.step("products", format!("{} follows {}", newer.product_id, product.product_id));
    answer.blocks.push(Block::Products { products: vec![scene.card(&newer, None), scene.card(product, None)] });
    answer.suggest(say::products::ask_compare(scene.lang));
    answer
}

pub(super) fn ids(products: &[std::sync::Arc<Product>]) -> String {
    products.iter().map(|product| product.product_id.as_str()).collect::<Vec<_>>().join(", ")
}

pub(super) fn cards(scene: &Scene, products: &[std::sync::Arc<Product>]) -> Block {
    Block::Products { products: products.iter().map(|product| scene.card(product, None)).collect() }
}
