//! Whether an accessory fits, and what fits a product: by the rows of the table `fits`, never by likeness. No row is no yes.

use std::sync::Arc;

use domain::Product;

use super::attributes::{fold, label, word_at};
use super::wishes::Wishes;
use super::{Answer, Outcome, Scene, documents, facts, field};
use crate::evidence::Evidence;
use crate::say;
use crate::understand::kinds;
use crate::understand::lists::same_kind;
use crate::world::{FitRow, Fitness};

/// Accessories listed.
const N_LISTED: usize = 5;
/// Accessories of one device that are looked through for a kind.
const N_KNOWN: usize = 2_000;
/// Conditions of an accessory that are told.
const N_NEEDED: usize = 3;

/// Which of two products is the accessory: the one of which the shop has rows.
pub fn ordered(scene: &Scene, a: &Arc<Product>, b: &Arc<Product>) -> (Arc<Product>, Arc<Product>) {
    let fits = |a: &Product, b: &Product| scene.world.catalogue.fits(&a.product_id, &b.product_id) != Fitness::Unknown;
    let is_accessory = |product: &Product| scene.world.catalogue.is_accessory(&product.product_id);
    // A dock takes cables and goes with laptops: what the rows say of the two comes first.
    let order = (fits(a, b), is_accessory(a)).cmp(&(fits(b, a), is_accessory(b)));
    if order.is_lt() { (b.clone(), a.clone()) } else { (a.clone(), b.clone()) }
}

/// Whether two products go together.
pub fn compatibility(scene: &Scene, a: &Arc<Product>, b: &Arc<Product>) -> Answer {
    let (accessory, device) = ordered(scene, a, b);
    let (name, with) = (say::format::name(&accessory), say::format::name(&device));
    let mut answer = Answer::default();
    let fitness = scene.world.catalogue.fits(&accessory.product_id, &device.product_id);
    answer.step("fits", format!("{} with {}: {}", accessory.product_id, device.product_id, word(&fitness)));
    match fitness {
        Fitness::Yes(row) => {
            let why = condition(scene, &row);
            answer.text = say::products::fits(scene.lang, &name, &with, why.as_deref());
            cite(&mut answer, &device, &row);
        }
        Fitness::No(rows) => {
            let mut needed: Vec<String> = rows.iter().filter_map(|row| condition(scene, row)).collect();
            needed.dedup();
            needed.truncate(N_NEEDED);
            answer.text = say::products::fits_not(scene.lang, &name, &with, &needed);
            rows.iter().take(N_NEEDED).for_each(|row| cite(&mut answer, &device, row));
            answer.suggest(say::talk::ask_accessories(scene.lang));
        }
        Fitness::Unknown => return unknown(scene, &accessory, &device, answer),
    }
    answer.cite(field(&accessory, "name", accessory.name.as_str()));
    answer.cite(field(&device, "name", device.name.as_str()));
    answer.blocks.push(facts::cards(scene, &[accessory, device]));
    answer
}

/// Whether any of several products with one name goes with any of several devices with one name. One answer where it is the
/// same for all; nothing where it is not, so that it is asked which is meant.
pub fn of_names(scene: &Scene, some: &[Arc<Product>], others: &[Arc<Product>]) -> Option<(Answer, Vec<String>)> {
    let (first, second) = (some.first()?, others.first()?);
    let (accessory, _) = ordered(scene, first, second);
    let is_first = accessory.product_id == first.product_id;
    let (accessories, devices) = if is_first { (some, others) } else { (others, some) };
    // Of a phone and a power bank with one name, a screen protector goes on the one that takes any.
    let category = accessories[0].category.as_deref().unwrap_or_default();
    let takes = |device: &&Arc<Product>| {
        let all = scene.world.catalogue.accessories(&device.product_id, N_KNOWN);
        all.iter().any(|product| product.category.as_deref() == Some(category))
    };
    let taking: Vec<Arc<Product>> = devices.iter().filter(takes).cloned().collect();
    let devices = if taking.is_empty() { devices } else { &taking };
    let fits = |accessory: &Arc<Product>| {
        let each = devices.iter().map(|device| scene.world.catalogue.fits(&accessory.product_id, &device.product_id));
        each.map(|fitness| word(&fitness)).collect::<std::collections::BTreeSet<_>>()
    };
    let all: std::collections::BTreeSet<_> = accessories.iter().flat_map(fits).collect();
    (all.len() == 1).then(|| {
        let ids = accessories.iter().map(|product| product.product_id.clone()).collect();
        (compatibility(scene, &accessories[0], &devices[0]), ids)
    })
}

/// Whether rows say the same of accessories with one device as with another.
pub fn are_alike(scene: &Scene, accessories: &[Arc<Product>], one: &Product, other: &Product) -> bool {
    let of = |accessory: &Product, device: &Product| {
        word(&scene.world.catalogue.fits(&accessory.product_id, &device.product_id))
    };
    accessories.iter().all(|accessory| of(accessory, one) == of(accessory, other))
}

/// Whether rows say the same of all of several accessories with a device.
pub fn all_alike(scene: &Scene, accessories: &[Arc<Product>], device: &Product) -> bool {
    let of = |accessory: &Arc<Product>| word(&scene.world.catalogue.fits(&accessory.product_id, &device.product_id));
    accessories.iter().all(|accessory| of(accessory) == of(&accessories[0]))
}

/// Which of several accessories go with a device: those that do, listed, with a word that the others do not; of which none does, that none
/// does and what they ask for. With the accessories listed. Nothing where rows say of none whether it does.
pub fn several(scene: &Scene, accessories: &[Arc<Product>], device: &Arc<Product>) -> Option<(Answer, Vec<String>)> {
    let of = |accessory: &Arc<Product>| scene.world.catalogue.fits(&accessory.product_id, &device.product_id);
    let (mut fitting, mut others) = (Vec::new(), Vec::new());
    for accessory in accessories {
        match of(accessory) {
            Fitness::Yes(row) => fitting.push((accessory.clone(), row)),
            Fitness::No(rows) => others.push((accessory.clone(), rows)),
            Fitness::Unknown => {}
        }
    }
    let with = say::format::name(device);
    let mut answer = Answer::default();
    answer.step("fits", format!("{} of {} accessories with {}", fitting.len(), accessories.len(), device.product_id));
    answer.cite(field(device, "name", device.name.as_str()));
    if fitting.is_empty() {
        let (first, _) = others.first()?;
        let names: Vec<String> = others.iter().take(N_NEEDED).map(|(one, _)| say::format::name(one)).collect();
        let rows = || others.iter().flat_map(|(_, rows)| rows);
        let mut needed: Vec<String> = rows().filter_map(|row| condition(scene, row)).collect();
        needed.sort_unstable();
        needed.dedup();
        needed.truncate(N_NEEDED);
        let has_more = others.len() > names.len();
        answer.text = say::products::none_fits(scene.lang, &names, has_more, &with, &needed);
        rows().take(N_NEEDED).for_each(|row| cite(&mut answer, device, row));
        for (one, _) in others.iter().take(N_NEEDED) {
            answer.cite(field(one, "name", one.name.as_str()));
        }
        answer.suggest(say::talk::ask_accessories(scene.lang));
        return Some((answer, vec![first.product_id.clone()]));
    }
    answer.text = match others.is_empty() {
        true => say::products::all_fit(scene.lang, &with),
        false => say::products::some_fit(scene.lang, &with),
    };
    let mut found = super::find::available_first(scene, fitting, |(product, _)| product);
    found.truncate(N_LISTED);
    found.iter().for_each(|(_, row)| cite(&mut answer, device, row));
    let ids = found.iter().map(|(product, _)| product.product_id.clone()).collect();
    super::find::lines(scene, &found.into_iter().map(|(product, _)| (product, None)).collect::<Vec<_>>(), &mut answer);
    Some((answer, ids))
}

/// Devices of a kind that an accessory goes with, those that can be had first, with their ids; nothing where the shop has no row of it.
pub fn devices(
    scene: &Scene,
    accessory: &Arc<Product>,
    (category, word): (&str, &str),
) -> Option<(Answer, Vec<String>)> {
    let kind = kinds::Among::new(category, word);
    let is_of_kind = |product: &Product| {
        kind.has(product.category.as_deref().unwrap_or_default()) && super::is_sold(product, scene.world.today)
    };
    let row = |device: &Product| match scene.world.catalogue.fits(&accessory.product_id, &device.product_id) {
        Fitness::Yes(row) => Some(row),
        Fitness::No(_) | Fitness::Unknown => None,
    };
    let of_kind = scene.world.catalogue.select(&is_of_kind).into_iter().map(|(device, _)| scene.spoken(device));
    let found: Vec<(Arc<Product>, FitRow)> =
        of_kind.filter_map(|device| row(&device).map(|row| (device, row))).collect();
    let mut found = super::find::available_first(scene, found, |(device, _)| device);
    found.truncate(N_LISTED);
    let name = say::format::name(accessory);
    let (_, first) = found.first()?;
    let mut answer = Answer::default();
    answer.step("fits", format!("devices of {}", accessory.product_id));
    answer.text = say::products::goes_with(scene.lang, &name, condition(scene, first).as_deref());
    answer.cite(field(accessory, "name", accessory.name.as_str()));
    found.iter().for_each(|(device, row)| cite(&mut answer, device, row));
    let ids = found.iter().map(|(device, _)| device.product_id.clone()).collect();
    super::find::lines(scene, &found.into_iter().map(|(device, _)| (device, None)).collect::<Vec<_>>(), &mut answer);
    Some((answer, ids))
}

/// No row: told, with what documents say beside it, and a person offered.
fn unknown(scene: &Scene, accessory: &Product, device: &Product, mut answer: Answer) -> Answer {
    let (name, with) = (say::format::name(accessory), say::format::name(device));
    answer.text = say::products::fits_unknown(scene.lang, &name, &with);
    answer.outcome = Outcome::Unknown;
    answer.cite(field(accessory, "name", accessory.name.as_str()));
    answer.cite(field(device, "name", device.name.as_str()));
    let ids = [accessory.product_id.as_str(), device.product_id.as_str()];
    if let Some(found) = documents::search(scene, scene.question, &ids, documents::Cut::Answer) {
        answer.append(found);
    }
    answer
}

fn word(fitness: &Fitness) -> &'static str {
    match fitness {
        Fitness::Yes(_) => "yes",
        Fitness::No(_) => "no",
        Fitness::Unknown => "no row",
    }
}

/// What a row asks of the device, in words; nothing if it names the device itself.
fn condition(scene: &Scene, row: &FitRow) -> Option<String> {
    let (attribute, value) = (row.attribute.as_deref()?, row.value.as_deref()?);
    let value = say::format::value(value, scene.lang);
    Some(say::products::both_named(scene.lang, &label(attribute, scene.lang), &value))
}

fn cite(answer: &mut Answer, device: &Product, row: &FitRow) {
    let value = match (&row.with_product_id, &row.attribute, &row.value) {
        (Some(with), ..) => with.clone(),
        (None, Some(attribute), Some(value)) => format!("{attribute} = {value}"),
        (None, ..) => String::new(),
    };
    answer.cite(Evidence::Fit { product_id: row.product_id.clone(), with: device.product_id.clone(), value });
    if let Some((key, value)) = row.attribute.as_ref().and_then(|key| device.specs.get_key_value(key)) {
        answer.cite(field(device, key, value.as_str()));
    }
}

/// What of a kind fits a product: of the category, or called by a word for the same kind of thing.
pub fn of_kind(scene: &Scene, device: &Product, (category, word): (&str, &str)) -> Vec<Arc<Product>> {
    let all = scene.world.catalogue.accessories(&device.product_id, N_KNOWN);
    let of_category =
        |product: &&Arc<Product>| product.category.as_deref().is_some_and(|path| in_category(path, category));
    let found: Vec<Arc<Product>> = all.iter().filter(of_category).cloned().collect();
    if !found.is_empty() {
        return found;
    }
    let word = fold(word);
    let same = same_kind(&word);
    let is_called = |product: &&Arc<Product>| same.iter().any(|word| word_at(&fold(&product.name), word).is_some());
    all.iter().filter(is_called).cloned().collect()
}

/// What fits a product, those bought most first; of a kind, where one is asked for.
pub fn accessories(scene: &Scene, device: &Product, kind: Option<(&str, &str)>) -> (Answer, Vec<String>) {
    let name = say::format::name(device);
    let mut found = kind.map_or_else(Vec::new, |kind| of_kind(scene, device, kind));
    let missing = kind.filter(|_| found.is_empty()).map(|(_, word)| say::format::plain(word));
    if found.is_empty() {
        found = scene.world.catalogue.accessories(&device.product_id, N_LISTED * 8);
    }
    // `磨砂的膜`, "the black case": those that are so, if some are.
    if kind.is_some() && missing.is_none() {
        let wishes = Wishes::of(scene);
        let had: Vec<Arc<Product>> = found.iter().filter(|one| wishes.are_had_by(scene, one)).cloned().collect();
        found = if had.is_empty() { found } else { had };
    }
    found = super::find::available_first(scene, found, |product| product);
    found.truncate(N_LISTED);
    let mut answer = Answer { rewordable: true, ..Answer::default() };
    answer.step("fits", format!("{} accessories of {}", found.len(), device.product_id));
    if found.is_empty() {
        answer.text = say::products::no_accessories(scene.lang, &name);
        answer.outcome = Outcome::Unknown;
        answer.rewordable = false;
        answer.cite(field(device, "name", device.name.as_str()));
        return (answer, Vec::new());
    }
    answer.text = match &missing {
        // Kinds have many names: what is not found under this one may go by another.
        Some(kind) => say::products::no_such_accessory(scene.lang, &name, kind),
        None => say::products::accessories(scene.lang, &name),
    };
    answer.rewordable = missing.is_none();
    answer.cite(field(device, "name", device.name.as_str()));
    let ids = found.iter().map(|product| product.product_id.clone()).collect();
    for product in &found {
        let with = device.product_id.clone();
        answer.cite(Evidence::Fit { product_id: product.product_id.clone(), with: with.clone(), value: with });
    }
    super::find::lines(scene, &found.iter().map(|product| (product.clone(), None)).collect::<Vec<_>>(), &mut answer);
    (answer, ids)
}

/// Whether a category's path is, or lies under, what is asked for: a path or its last part.
pub fn in_category(path: &str, asked: &str) -> bool {
    path == asked
        || path.strip_prefix(asked).is_some_and(|rest| rest.starts_with('/'))
        || path.split('/').any(|part| part.eq_ignore_ascii_case(asked))
}
