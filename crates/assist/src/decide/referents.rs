//! Which products and orders a message is about: what it names, what it points back to, the page it is said on, what was
//! talked about. Where that leaves a doubt, the candidates; nothing is picked by chance.

use std::ops::Range;
use std::sync::Arc;

use domain::Product;
use language::text::is_stop_word;

use crate::act::Scene;
use crate::act::attributes::{asked_in, fold, named, specs_for};
use crate::act::compare::size;
use crate::act::coverage::Asks;
use crate::forms::RECENT_DAYS;
use crate::memory;
use crate::state::Dialogue;
use crate::turn::Lang;
use crate::understand::variants::{has_size, pairs};
use crate::understand::{Extreme, Named, Reference};
use crate::world::{DeliveryStatus, OrderRecord};

/// Accessories of a device that are looked through for a kind.
const ACCESSORIES_MAX: usize = 60;

/// What a message is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Meant {
    /// Without doubt, in the order of the text.
    These(Vec<String>),
    /// One of these; empty if the reference leads nowhere.
    OneOf(Vec<String>),
    /// A product by name that the shop does not have: the name as it stands.
    Stranger(String),
    Nothing,
}

/// The products that a message is about.
pub fn products(scene: &Scene, dialogue: &Dialogue) -> Meant {
    match explicit(scene, dialogue) {
        Meant::Nothing => implicit(scene, dialogue),
        meant => meant,
    }
}

/// What is named or pointed to in so many words.
pub fn explicit(scene: &Scene, dialogue: &Dialogue) -> Meant {
    let mut these: Vec<String> = Vec::new();
    let add = |these: &mut Vec<String>, id: &str| {
        if !these.iter().any(|known| known == id) {
            these.push(id.to_owned());
        }
    };
    for entity in &scene.understood.entities {
        let Named::Product { candidates, text } = &entity.what else { continue };
        if let Some(id) = of_talk(candidates, text, scene, dialogue) {
            add(&mut these, &id);
            continue;
        }
        // `我的 Plume 3 Plus`: of a camera and a console with that name, the one that was bought.
        let own = candidates.len() > 1 && super::owned::is_own(scene.message.text, entity.range.clone());
        if let Some(id) = own.then(|| bought(candidates, scene)).flatten() {
            add(&mut these, &id);
            continue;
        }
        match narrowed(candidates, scene, dialogue) {
            [] => {}
            [one] => add(&mut these, one),
            // Variants of one product, of which the first stands for all.
            [first, ..] if is_one(scene, candidates) => add(&mut these, first),
            _ => match of_last_maker(candidates, scene, dialogue).as_slice() {
                [one] => add(&mut these, one),
                _ => match of_other_kind(candidates, scene).or_else(|| bought(candidates, scene)) {
                    Some(id) => add(&mut these, &id),
                    None => return Meant::OneOf(candidates.clone()),
                },
            },
        }
    }
    // `16+256呢`: another version of what was talked about, before anything else that has these sizes.
    if these.is_empty()
        && let Some(id) = other_variant(scene, dialogue)
    {
        return Meant::These(vec![id]);
    }
    for reference in &scene.understood.references {
        // "Is it lighter than the X?" has both; "the X, does it …" only one.
        let is_two = wants_two(scene) && !super::wording::corrects(scene.message.text);
        let is_second = !these.is_empty() && matches!(reference, Reference::It) && !is_two;
        // "The second one, in red": the colour says which variant of it.
        let is_colour = matches!(reference, Reference::With { attribute, .. } if attribute == "color");
        if is_second || is_colour && !these.is_empty() {
            continue;
        }
        match pointed(reference, scene, dialogue) {
            // `Luma 4 Plus 那两个`: two versions of it, and nothing of another kind that was talked about.
            Meant::These(ids) if matches!(reference, Reference::All) => {
                let kind = |id: &String| scene.product(id).and_then(|product| product.category.clone());
                let own = these.first().and_then(kind);
                ids.iter().filter(|id| own.is_none() || kind(id) == own).for_each(|id| add(&mut these, id));
            }
            Meant::These(ids) => ids.iter().for_each(|id| add(&mut these, id)),
            Meant::OneOf(candidates) if these.is_empty() => return Meant::OneOf(candidates),
            _ => {}
        }
    }
    if these.is_empty() { Meant::Nothing } else { Meant::These(these) }
}

/// The one variant of the last product whose name has the sizes that a message sets beside each other: `12+512`.
fn other_variant(scene: &Scene, dialogue: &Dialogue) -> Option<String> {
    let pair = pairs(scene.message.text).into_iter().next()?;
    let variants = scene.variants(dialogue.products.first()?);
    let mut having = variants.iter().filter(|one| pair.iter().all(|size| has_size(one, size)));
    let only = having.next().filter(|_| having.next().is_none())?;
    Some(only.product_id.clone())
}

/// A series alone, without its number, is the one just talked about: "is the Opalo in stock?" after a comparison of the Opalo 4 means that
/// laptop, and no memory card.
pub fn of_talk(candidates: &[String], text: &str, scene: &Scene, dialogue: &Dialogue) -> Option<String> {
    const RECENT: usize = 4;
    let said = crate::act::attributes::fold(text);
    let words: Vec<&str> =
        said.split(|character: char| !character.is_alphanumeric()).filter(|word| word.len() > 2).collect();
    let is_bare = !words.is_empty() && !said.contains(|character: char| character.is_ascii_digit());
    if !is_bare || candidates.iter().any(|id| dialogue.products.contains(id)) {
        return None;
    }
    let has_words = |id: &&String| {
        scene.product(id).is_some_and(|product| {
            let name = crate::act::attributes::fold(&product.name);
            let own: Vec<&str> = name.split(|character: char| !character.is_alphanumeric()).collect();
            words.iter().all(|word| own.contains(word))
        })
    };
    let found: Vec<String> = dialogue.products.iter().take(RECENT).filter(has_words).cloned().collect();
    let is_one = found.len() == 1 || found.len() > 1 && is_one(scene, &found);
    if is_one { found.into_iter().next() } else { None }
}

/// "The Calyx 4 against the Fjord 5", where that is a laptop: of the things called Calyx 4 the one of its kind, where two
/// are compared; of two names that several things have, the only kind of which both have one.
fn of_other_kind(candidates: &[String], scene: &Scene) -> Option<String> {
    if !scene.understood.is("compare") {
        return None;
    }
    let category = |id: &String| scene.product(id).and_then(|product| product.category.clone());
    let others = scene.understood.entities.iter().filter_map(|entity| match &entity.what {
        Named::Product { candidates: other, .. } if other != candidates && !other.is_empty() => Some(other),
        _ => None,
    });
    let mut kinds: Vec<String> = others.flatten().filter_map(category).collect();
    kinds.retain(|kind| candidates.iter().any(|id| category(id).as_ref() == Some(kind)));
    kinds.sort_unstable();
    kinds.dedup();
    let [kind] = kinds.as_slice() else { return None };
    let same: Vec<String> = candidates.iter().filter(|id| category(id).as_ref() == Some(kind)).cloned().collect();
    let is_only = same.len() == 1 || same.len() > 1 && is_one(scene, &same);
    if is_only { same.into_iter().next() } else { None }
}

/// Of products with one name, the one that the customer has bought; of variants of one, the first bought.
fn bought(candidates: &[String], scene: &Scene) -> Option<String> {
    let customer_id = scene.message.customer_id?;
    let orders = scene.world.orders.orders_of(customer_id).unwrap_or_default();
    let mut found = bought_in(orders.iter().filter(|order| order.customer_id == customer_id));
    found.retain(|id| candidates.iter().any(|known| known == id));
    let found: Vec<String> = found.into_iter().map(str::to_owned).collect();
    let is_only = found.len() == 1 || found.len() > 1 && is_one(scene, &found);
    if is_only { found.into_iter().next() } else { None }
}

/// What was bought in orders, each thing once.
pub fn bought_in<'o>(orders: impl Iterator<Item = &'o OrderRecord>) -> Vec<&'o str> {
    let mut bought: Vec<&str> = Vec::new();
    for line in orders.flat_map(|order| &order.lines).filter(|line| line.quantity > 0) {
        if !bought.contains(&line.product_id.as_str()) {
            bought.push(&line.product_id);
        }
    }
    bought
}

/// Of several makers' products with one name, those of the maker talked about: "and the 24W?" goes on with it.
fn of_last_maker(candidates: &[String], scene: &Scene, dialogue: &Dialogue) -> Vec<String> {
    let maker = |id: &String| scene.product(id).and_then(|product| product.brand.clone());
    let last = dialogue.products.first().and_then(maker);
    let is_same = |id: &&String| last.is_some() && maker(id) == last;
    candidates.iter().filter(is_same).cloned().collect()
}

/// Whether products are variants of one.
pub fn is_one(scene: &Scene, ids: &[String]) -> bool {
    let variants = ids.first().map_or_else(Vec::new, |id| scene.world.catalogue.variants(id));
    ids.iter().all(|id| variants.iter().any(|variant| variant.product_id == *id))
}

fn wants_two(scene: &Scene) -> bool {
    scene.understood.is("compare") || scene.understood.is("compatibility")
}

/// Of products with the same name, the one talked about.
fn narrowed<'c>(candidates: &'c [String], scene: &Scene, dialogue: &Dialogue) -> &'c [String] {
    if candidates.len() < 2 {
        return candidates;
    }
    // "Does it fit the Saffi 4?" after cases: of a phone and a power bank with that name, what takes cases is meant.
    let takes = |id: &&String| {
        let accessory = dialogue.products.first().filter(|last| scene.world.catalogue.is_accessory(last));
        let kind = accessory.and_then(|id| scene.product(id)).and_then(|product| product.category.clone());
        let all = || scene.world.catalogue.accessories(id, ACCESSORIES_MAX);
        kind.is_some() && all().iter().any(|product| product.category == kind)
    };
    if scene.understood.is("compatibility") && candidates.iter().any(|id| takes(&id)) {
        let (from, to) = (candidates.iter().position(|id| takes(&id)), candidates.iter().rposition(|id| takes(&id)));
        if let (Some(from), Some(to)) = (from, to)
            && candidates[from..=to].iter().all(|id| takes(&id))
            && to + 1 - from < candidates.len()
        {
            return &candidates[from..=to];
        }
    }
    let page = scene.message.page_product_id;
    let known =
        |id: &str| dialogue.products.iter().chain(&dialogue.listed).any(|other| other == id) || page == Some(id);
    let mut at = candidates.iter().enumerate().filter(|(_, id)| known(id)).map(|(at, _)| at);
    match (at.next(), at.next()) {
        (Some(at), None) => &candidates[at..=at],
        _ => candidates,
    }
}

fn pointed(reference: &Reference, scene: &Scene, dialogue: &Dialogue) -> Meant {
    let listed = if dialogue.listed.is_empty() { &dialogue.products } else { &dialogue.listed };
    match reference {
        Reference::Ordinal { n } => {
            let at =
                if *n > 0 { usize::try_from(n - 1).ok() } else { listed.len().checked_sub(n.unsigned_abs() as usize) };
            match at.and_then(|at| listed.get(at)) {
                Some(id) => Meant::These(vec![id.clone()]),
                None => Meant::OneOf(listed.clone()),
            }
        }
        Reference::It => match implicit_id(scene, dialogue) {
            Some(id) => Meant::These(vec![id]),
            None => Meant::OneOf(Vec::new()),
        },
        Reference::Earlier { .. } => match memory::product_meant(scene, dialogue) {
            Some(fact) => Meant::These(vec![fact.value.clone()]),
            // Of somebody unknown, or of nothing that is known: this conversation's, if it is not surely another's.
            None if matches!(reference, Reference::Earlier { is_sure: true }) => Meant::OneOf(Vec::new()),
            None => implicit_id(scene, dialogue).map_or(Meant::OneOf(Vec::new()), |id| Meant::These(vec![id])),
        },
        Reference::All => match listed.len() {
            0 => Meant::OneOf(Vec::new()),
            n => Meant::These(listed[..n.min(crate::act::compare::N_MAX)].to_vec()),
        },
        Reference::Other => {
            let last = dialogue.products.first();
            let others: Vec<String> = listed.iter().filter(|id| Some(*id) != last).cloned().collect();
            if others.len() == 1 { Meant::These(others) } else { Meant::OneOf(others) }
        }
        Reference::With { attribute, value, extreme } => {
            let meant = with(&pool(dialogue, scene), attribute, value.as_deref(), *extreme);
            let last = implicit_id(scene, dialogue).filter(|id| scene.world.catalogue.variants(id).len() > 1);
            match (meant, last) {
                // "Does it come in blue?" of a product that has variants: about them, whether one is blue or none.
                (Meant::OneOf(_), Some(id)) if attribute == "color" => Meant::These(vec![id]),
                (meant, _) => meant,
            }
        }
        Reference::Order { .. } => Meant::Nothing,
    }
}

/// Where a message points to the one with a value or with the most of it, "the 14-inch one", and names nothing else: those of what was
/// listed or talked about that have it. Nothing for other messages.
pub fn with_value(scene: &Scene, dialogue: &Dialogue) -> Option<Vec<Arc<Product>>> {
    let is_name = |what: &Named| matches!(what, Named::Product { .. } | Named::Brand { .. } | Named::Category { .. });
    if scene.understood.entities.iter().any(|entity| is_name(&entity.what)) {
        return None;
    }
    let (attribute, value, extreme) = scene.understood.references.iter().find_map(|one| match one {
        Reference::With { attribute, value, extreme } if attribute != "color" => {
            Some((attribute, value.as_deref(), *extreme))
        }
        _ => None,
    })?;
    let all = pool(dialogue, scene);
    let ids = match with(&all, attribute, value, extreme) {
        Meant::These(ids) | Meant::OneOf(ids) => ids,
        Meant::Stranger(_) | Meant::Nothing => Vec::new(),
    };
    // Where none has the value, all of them are given back.
    let meets = |product: &Product| value.is_none_or(|value| has(product, attribute, value));
    Some(all.into_iter().filter(|product| ids.contains(&product.product_id) && meets(product)).collect())
}

/// Products that a description may mean: those listed, else those talked about.
fn pool(dialogue: &Dialogue, scene: &Scene) -> Vec<Arc<Product>> {
    let ids = if dialogue.listed.len() > 1 { &dialogue.listed } else { &dialogue.products };
    scene.products(ids)
}

fn with(pool: &[Arc<Product>], attribute: &str, value: Option<&str>, extreme: Option<Extreme>) -> Meant {
    let ids = |products: Vec<&Arc<Product>>| {
        products.into_iter().map(|product| product.product_id.clone()).collect::<Vec<_>>()
    };
    if let Some(extreme) = extreme {
        let mut sized: Vec<(f64, &Arc<Product>)> =
            pool.iter().filter_map(|product| Some((measure(product, attribute)?, product))).collect();
        sized.sort_by(|a, b| a.0.total_cmp(&b.0));
        let best = if extreme == Extreme::Least { sized.first() } else { sized.last() };
        let Some((size, _)) = best else { return Meant::OneOf(ids(pool.iter().collect())) };
        let same: Vec<&Arc<Product>> =
            sized.iter().filter(|(other, _)| other == size).map(|(_, product)| *product).collect();
        return if same.len() == 1 { Meant::These(ids(same)) } else { Meant::OneOf(ids(same)) };
    }
    let Some(value) = value else { return Meant::Nothing };
    let meets: Vec<&Arc<Product>> = pool.iter().filter(|product| has(product, attribute, value)).collect();
    match meets.len() {
        1 => Meant::These(ids(meets)),
        0 => Meant::OneOf(ids(pool.iter().collect())),
        _ => Meant::OneOf(ids(meets)),
    }
}

/// How much of an attribute a product has.
fn measure(product: &Product, attribute: &str) -> Option<f64> {
    if named(attribute).is_some_and(|known| known.name == "price") {
        return product.price_cents.map(|price| price.0 as f64);
    }
    specs_for(product, attribute).first().and_then(|(_, value)| size(value)).map(|(size, _)| size)
}

/// Whether a product has a value, in the attribute or anywhere it describes itself.
fn has(product: &Product, attribute: &str, value: &str) -> bool {
    let wanted = size(value);
    let folded = fold(value);
    let in_text = |text: &str| !folded.is_empty() && fold(text).contains(&folded);
    let own = specs_for(product, attribute);
    let meets = |text: &str| match (wanted, size(text)) {
        (Some((a, _)), Some((b, _))) => (a - b).abs() < 1e-6,
        _ => in_text(text),
    };
    match own.is_empty() {
        false => own.iter().any(|(_, text)| meets(text)),
        true => {
            in_text(&product.name)
                || product.brand.as_deref().is_some_and(in_text)
                || product.specs.values().any(|text| in_text(text))
        }
    }
}

/// What is talked about without a word for it: a page just opened, else the last product.
fn implicit_id(scene: &Scene, dialogue: &Dialogue) -> Option<String> {
    let page = scene.message.page_product_id.filter(|id| scene.product(id).is_some());
    let is_new = page.is_some_and(|id| !dialogue.products.iter().any(|known| known == id));
    let last = dialogue.products.first().filter(|id| scene.product(id).is_some()).cloned();
    match page {
        Some(page) if is_new => Some(page.to_owned()),
        _ => last.or(page.map(str::to_owned)),
    }
}

fn implicit(scene: &Scene, dialogue: &Dialogue) -> Meant {
    let id = implicit_id(scene, dialogue);
    let product = id.as_deref().and_then(|id| scene.product(id));
    match (stranger(scene, product.as_slice()), id) {
        (Some(name), _) => Meant::Stranger(name),
        (None, Some(id)) => Meant::These(vec![id]),
        (None, None) => Meant::Nothing,
    }
}

/// Words of Latin script that Chinese and English messages have without naming a product.
const TERMS: &[&str] = &[
    "wifi",
    "wi",
    "fi",
    "usb",
    "type",
    "hdmi",
    "nfc",
    "oled",
    "lcd",
    "led",
    "ips",
    "cpu",
    "gpu",
    "ssd",
    "hdd",
    "ram",
    "rom",
    "ddr",
    "pcie",
    "ip",
    "ipx",
    "dpi",
    "app",
    "ios",
    "android",
    "windows",
    "macos",
    "linux",
    "mac",
    "office",
    "bluetooth",
    "displayport",
    "thunderbolt",
    "vesa",
    "microsd",
    "sd",
    "pd",
    "vs",
    "pk",
    "ok",
    "hello",
    "hi",
    "pro",
    "max",
    "plus",
    "mini",
    "mah",
    "wh",
    "gb",
    "tb",
    "mb",
    "hz",
    "kg",
    "mm",
    "cm",
    "inch",
    "rgb",
    "hdr",
    "gps",
    "sim",
    "esim",
    "vr",
    "ai",
    "rtx",
    "gtx",
    "qi",
    "magsafe",
    "aux",
    "eu",
    "uk",
    "us",
    "usd",
    "cny",
    "rmb",
    "i",
    "price",
    "compare",
    "order",
    "orders",
    "stock",
    "fit",
    "fits",
    "recommend",
    "delivery",
    "please",
    "thanks",
    "ups",
    "fedex",
    "dhl",
    "usps",
    "royal",
    "mail",
    "post",
    "amazon",
    "paypal",
    "klarna",
    "visa",
    "mastercard",
    "return",
    "refund",
    "second",
    "first",
    "one",
    "yes",
];

/// A name in the message that is none of these products': another model, another brand. What is asked about it must not be
/// answered for the product talked about before.
pub fn stranger(scene: &Scene, products: &[Arc<Product>]) -> Option<String> {
    let text = scene.message.text;
    let own = products.iter().fold(String::new(), |all, product| {
        let specs: Vec<&str> = product.specs.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]).collect();
        format!("{all} {} {} {}", product.name, product.brand.as_deref().unwrap_or_default(), specs.join(" "))
    });
    let own = fold(&own);
    let entities = &scene.understood.entities;
    let brand = entities.iter().find_map(|entity| match &entity.what {
        Named::Brand { value } if !products.is_empty() && !own.contains(&fold(value)) => text.get(entity.range.clone()),
        _ => None,
    });
    let covered = |range: &Range<usize>| {
        entities.iter().any(|entity| entity.range.start < range.end && range.start < entity.range.end)
    };
    let is_foreign = |range: &Range<usize>| {
        let word = &text[range.clone()];
        let letters: String = word.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
        let is_term = letters.is_empty() || TERMS.contains(&letters.as_str()) || is_stop_word(&letters);
        !is_term && !covered(range) && !own.contains(&fold(word)) && asked_in(word, None).is_empty()
    };
    let named = names(text, scene.lang).into_iter().find(is_foreign).map(|range| text[range].to_owned());
    brand.map(str::to_owned).or(named)
}

/// Words that may be names: in Chinese all of three Latin letters and more, in English those with a capital that no sentence
/// begins with; with a number that follows.
fn names(text: &str, lang: Lang) -> Vec<Range<usize>> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '-';
    let mut all = Vec::new();
    let mut begins = true;
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        if !is_part(character) {
            begins = begins && character.is_whitespace() || matches!(character, '.' | '!' | '?' | '\n' | ':' | '"');
            at += character.len_utf8();
            continue;
        }
        let end = at + text[at..].chars().take_while(|&next| is_part(next)).count();
        let word = &text[at..end];
        let n_letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
        let has_inner_capital = word.bytes().skip(1).any(|byte| byte.is_ascii_uppercase())
            && word.bytes().any(|byte| byte.is_ascii_lowercase());
        let has_capital = word.bytes().any(|byte| byte.is_ascii_uppercase());
        let is_name = match lang {
            Lang::Zh => n_letters >= 3,
            Lang::En => n_letters >= 2 && (has_inner_capital || has_capital && !begins),
        };
        if is_name {
            let rest = &text[end..];
            let number = rest.strip_prefix(' ').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
            all.push(at..if number > 0 { end + 1 + number } else { end });
        }
        begins = false;
        at = end;
    }
    all
}

/// "The monitor I bought": the one order with such a thing; of several, the one that is still under way.
fn with_kind<'o>(scene: &Scene, orders: &'o [OrderRecord]) -> Option<&'o OrderRecord> {
    let kinds: Vec<(&str, &str)> = scene.kinds().collect();
    let brand = scene.understood.entities.iter().find_map(|entity| match &entity.what {
        Named::Brand { value } => Some(value.as_str()),
        _ => None,
    });
    if kinds.is_empty() && brand.is_none() {
        return None;
    }
    let is_meant = |product: &Product| {
        let path = product.category.as_deref().unwrap_or_default();
        brand.is_none_or(|brand| product.brand.as_deref() == Some(brand))
            && (kinds.is_empty()
                || kinds.iter().any(|(kind, word)| {
                    crate::act::fits::in_category(path, kind) || crate::understand::kinds::is_of(path, kind, word)
                }))
    };
    let has = |order: &&OrderRecord| {
        let mut bought = order.lines.iter().filter(|line| line.quantity > 0);
        bought.any(|line| scene.product(&line.product_id).is_some_and(|product| is_meant(&product)))
    };
    let found: Vec<&OrderRecord> = orders.iter().filter(has).collect();
    let under_way = |order: &&&OrderRecord| {
        use DeliveryStatus::{Cancelled, Delivered, Returned};
        order.delivery.as_ref().is_some_and(|delivery| !matches!(delivery.status, Delivered | Cancelled | Returned))
    };
    let mut coming = found.iter().filter(under_way);
    // Of several that came, the one that was ordered lately.
    let is_late = |order: &&&OrderRecord| scene.world.today.0 - scene.day_of(order.ordered_at).0 <= RECENT_DAYS;
    let mut late = found.iter().filter(is_late);
    match (found.as_slice(), coming.next(), coming.next()) {
        ([one], ..) => Some(one),
        (_, Some(one), None) => Some(one),
        (_, None, _) => late.next().filter(|_| late.next().is_none()).copied(),
        _ => None,
    }
}

/// Whether an order has a thing of a kind that the message names.
fn has_kind_named(scene: &Scene, order: Option<&OrderRecord>) -> bool {
    let lines = order.into_iter().flat_map(|order| &order.lines);
    let products = lines.filter_map(|line| scene.product(&line.product_id));
    let paths: Vec<String> = products.filter_map(|product| product.category.clone()).collect();
    scene.kinds().any(|(kind, word)| paths.iter().any(|path| crate::understand::kinds::is_of(path, kind, word)))
}

/// The orders that a message is about, of the customer's own.
#[derive(Clone, Debug, PartialEq)]
pub enum MeantOrder<'o> {
    This(&'o OrderRecord),
    /// A number that is not among the customer's own.
    NotOwn,
    OneOf,
}

/// Words of a message that may be numbers of orders: however short one is, it means an order where it is one of their own.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    const NUMBER_MIN: usize = 4;
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')));
    words.filter(|word| word.len() >= NUMBER_MIN && word.bytes().any(|byte| byte.is_ascii_digit()))
}

/// The id of an order of the customer's own whose number is said without a word for it.
pub fn own_order_named(scene: &Scene) -> Option<String> {
    let customer_id = scene.message.customer_id?;
    numbers(scene.message.text).next()?;
    let own = scene.world.orders.orders_of(customer_id).unwrap_or_default();
    let is_own = |number: &str| {
        own.iter().find(|order| order.customer_id == customer_id && order.order_id.eq_ignore_ascii_case(number))
    };
    numbers(scene.message.text).find_map(is_own).map(|order| order.order_id.clone())
}

/// "What I ordered yesterday": the only order of that day.
fn of_day<'o>(scene: &Scene, orders: &'o [OrderRecord]) -> Option<&'o OrderRecord> {
    const ORDERED: &[&str] = &["下的", "下单", "买的", "订的", "拍的", "order", "bought", "got ", "purchase"];
    let text = fold(scene.message.text);
    let day = scene.understood.entities.iter().find_map(|entity| match entity.what {
        Named::Day { day } => Some(day),
        _ => None,
    })?;
    if !ORDERED.iter().any(|word| text.contains(word)) {
        return None;
    }
    let mut of_day = orders.iter().filter(|order| scene.day_of(order.ordered_at) == day);
    of_day.next().filter(|_| of_day.next().is_none())
}

/// "Where is the battery I ordered": the order with a thing whose name or kind has a word of the message; of several the one made lately.
fn of_words<'o>(scene: &Scene, orders: &'o [OrderRecord]) -> Option<&'o OrderRecord> {
    let asks = Asks::of(scene, None);
    let in_order = |order: &OrderRecord| {
        let lines = order.lines.iter().filter(|line| line.quantity > 0);
        let products = lines.filter_map(|line| scene.product(&line.product_id));
        let n = |product: Arc<Product>| {
            asks.n_in(&[product.name.as_str(), product.category.as_deref().unwrap_or_default()])
        };
        products.map(n).max().unwrap_or(0)
    };
    let scored: Vec<(usize, &OrderRecord)> = orders.iter().map(|order| (in_order(order), order)).collect();
    let most = scored.iter().map(|(n, _)| *n).max().filter(|most| *most > 0)?;
    let best = || scored.iter().filter(|(n, _)| *n == most).map(|(_, order)| *order);
    let is_late = |order: &&OrderRecord| scene.world.today.0 - scene.day_of(order.ordered_at).0 <= RECENT_DAYS;
    let mut late = best().filter(is_late);
    let mut all = best();
    let only = all.next().filter(|_| all.next().is_none());
    only.or_else(|| late.next().filter(|_| late.next().is_none()))
}

/// "Where is my parcel?": the one on its way; of none, the one that is yet to be sent; and of those that came, the newest where the one
/// before it came long ago.
fn waited_for<'o>(scene: &Scene, orders: &'o [OrderRecord]) -> Option<&'o OrderRecord> {
    use DeliveryStatus::{Cancelled, Delivered, OutForDelivery, Returned, Shipped};
    const NEW_DAYS: i32 = 14;
    const LONG_DAYS: i32 = 45;
    let status = |order: &OrderRecord| order.delivery.as_ref().map(|delivery| delivery.status);
    let only = |is: &dyn Fn(Option<DeliveryStatus>) -> bool| {
        let mut found = orders.iter().filter(|order| is(status(order)));
        found.next().filter(|_| found.next().is_none())
    };
    let n_open = orders.iter().filter(|one| !matches!(status(one), Some(Delivered | Cancelled | Returned))).count();
    match n_open {
        0 if !scene.understood.is("delivery") => None,
        0 => {
            let age = |order: &OrderRecord| scene.world.today.0 - scene.day_of(order.ordered_at).0;
            let newest = orders.first().filter(|order| age(order) <= NEW_DAYS)?;
            orders.get(1).is_none_or(|before| age(before) > LONG_DAYS).then_some(newest)
        }
        _ => only(&|status| matches!(status, Some(Shipped | OutForDelivery)))
            .or_else(|| only(&|status| !matches!(status, Some(Delivered | Cancelled | Returned)))),
    }
}

/// What is listed and counted off in so many words: `第二台`, "the second one".
pub fn counted(scene: &Scene, dialogue: &Dialogue) -> Vec<String> {
    let ordinals = scene.understood.references.iter().filter(|one| matches!(one, Reference::Ordinal { .. }));
    let ids = ordinals.filter_map(|one| match pointed(one, scene, dialogue) {
        Meant::These(ids) => ids.into_iter().next(),
        _ => None,
    });
    ids.collect()
}

pub fn order<'o>(scene: &Scene, dialogue: &Dialogue, orders: &'o [OrderRecord]) -> MeantOrder<'o> {
    let by_id = |id: &str| orders.iter().find(|order| order.order_id.eq_ignore_ascii_case(id));
    if let Some(number) = scene.understood.order_number() {
        return by_id(number).map_or(MeantOrder::NotOwn, MeantOrder::This);
    }
    if let Some(order) = numbers(scene.message.text).find_map(by_id) {
        return MeantOrder::This(order);
    }
    let points_to_last = scene.understood.references.iter().find_map(|reference| match reference {
        Reference::Order { newest } => Some(*newest),
        _ => None,
    });
    // `上次下的单里那个镜头`: the last one with a lens.
    if points_to_last == Some(true)
        && !has_kind_named(scene, orders.first())
        && let Some(order) = with_kind(scene, orders)
    {
        return MeantOrder::This(order);
    }
    if points_to_last == Some(true) {
        return orders.first().map_or(MeantOrder::OneOf, MeantOrder::This);
    }
    let nth = scene.understood.references.iter().find_map(|reference| match reference {
        Reference::Ordinal { n } if *n > 0 => dialogue.listed_orders.get(*n as usize - 1),
        Reference::Ordinal { n: -1 } => dialogue.listed_orders.last(),
        _ => None,
    });
    if let Some(order) = nth.and_then(|id| by_id(id)) {
        return MeantOrder::This(order);
    }
    let has_product = |order: &&OrderRecord| {
        order.lines.iter().any(|line| scene.understood.products().any(|id| id == line.product_id))
    };
    let mut with_product = orders.iter().filter(has_product);
    if let (Some(order), None) = (with_product.next(), with_product.next()) {
        return MeantOrder::This(order);
    }
    if let Some(order) = with_kind(scene, orders) {
        return MeantOrder::This(order);
    }
    if let Some(order) = of_day(scene, orders).or_else(|| of_words(scene, orders)) {
        return MeantOrder::This(order);
    }
    if let Some(order) = dialogue.order_id.as_deref().and_then(by_id) {
        return MeantOrder::This(order);
    }
    if (scene.understood.is("delivery") || scene.understood.is("order_status"))
        && let Some(order) = waited_for(scene, orders)
    {
        return MeantOrder::This(order);
    }
    match orders {
        [one] => MeantOrder::This(one),
        _ => MeantOrder::OneOf,
    }
}
