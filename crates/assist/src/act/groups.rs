//! Products in several colours or sizes, taken as one: what is the same for all variants is told at once, what differs is
//! told for each. Which products are variants of one is known to the catalogue.

use std::sync::Arc;

use domain::Product;

use super::{Answer, Outcome, Scene, facts, field, in_stock};
use crate::evidence::Evidence;
use crate::say;
use crate::turn::Lang;
use crate::understand::colours;
use crate::understand::variants::{colour, label, stem, stem_of};

/// Variants named in one sentence.
const N_NAMED: usize = 12;
/// Variants priced one by one.
const N_PRICED: usize = 8;

/// One product, or all variants of one.
#[derive(Clone, Debug)]
pub struct Thing {
    /// The product; of several variants what they have in common, under the name that they share.
    pub whole: Arc<Product>,
    /// At least one.
    pub variants: Vec<Arc<Product>>,
}

impl Thing {
    pub fn one(product: Arc<Product>) -> Self {
        Thing { variants: vec![product.clone()], whole: product }
    }

    /// All variants, which must be some; the first stands for them.
    pub fn group(variants: Vec<Arc<Product>>) -> Option<Self> {
        match variants.as_slice() {
            [] => None,
            [one] => Some(Thing::one(one.clone())),
            _ => Some(Thing { whole: Arc::new(common(&variants)), variants }),
        }
    }

    pub fn is_group(&self) -> bool {
        self.variants.len() > 1
    }

    /// What tells its variants apart, as far as it is told.
    pub fn labels(&self, lang: Lang) -> Vec<String> {
        let labels = self.variants.iter().take(N_NAMED).map(|product| said(label(product), lang));
        let mut all: Vec<String> = Vec::new();
        labels.filter(|label| !label.is_empty()).for_each(|label| {
            if !all.contains(&label) {
                all.push(label);
            }
        });
        all
    }

    /// Its colours, each once, as the catalogue writes them.
    pub fn colours(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for colour in self.variants.iter().filter_map(|product| colour(product)) {
            if !all.iter().any(|known| known.eq_ignore_ascii_case(colour)) {
                all.push(colour);
            }
        }
        all
    }

    fn prices(&self) -> Vec<i64> {
        self.variants.iter().filter_map(|product| product.price_cents).map(|price| price.0).collect()
    }
}

fn said(label: &str, lang: Lang) -> String {
    colours::said(&say::format::plain(label), lang)
}

/// What variants have in common, under the name and the id of the first: values in which they differ side by side, no price
/// and no stock where those differ.
fn common(variants: &[Arc<Product>]) -> Product {
    let first = &variants[0];
    let mut whole = Product { name: stem(first).to_owned(), ..(**first).clone() };
    if variants.iter().any(|product| product.price_cents != first.price_cents) {
        whole.price_cents = None;
    }
    if variants.iter().any(|product| product.retired_on.is_none()) {
        whole.retired_on = None;
    }
    whole.stock = variants.iter().filter_map(|product| product.stock).max();
    whole.specs.clear();
    for (key, value) in variants.iter().flat_map(|product| &product.specs) {
        let all = whole.specs.entry(key.clone()).or_default();
        if !all.split(" / ").any(|known| known == value) && all.len() < 200 {
            if !all.is_empty() {
                all.push_str(" / ");
            }
            all.push_str(value);
        }
    }
    let names = first.extra.as_deref().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    if let Some(mut names) = names {
        for key in ["name_zh", "name_en"] {
            if let Some(name) = names.get(key).and_then(|name| name.as_str()) {
                names[key] = stem_of(name, first).to_owned().into();
            }
        }
        whole.extra = Some(names.to_string());
    }
    whole
}

/// What things cost: one price where all variants have it, else that of each.
pub fn price(scene: &Scene, things: &[Thing]) -> Answer {
    let mut answer = Answer { rewordable: true, ..Answer::default() };
    for thing in things {
        let prices = thing.prices();
        let (least, most) = (prices.iter().min(), prices.iter().max());
        match (least, most) {
            (Some(least), Some(most)) if thing.is_group() && least != most => {
                each_price(scene, thing, (*least, *most), &mut answer);
            }
            _ => {
                let one = facts::price(scene, std::slice::from_ref(&thing.whole));
                answer.outcome = if one.outcome == Outcome::Answered { answer.outcome } else { one.outcome };
                answer.rewordable &= one.rewordable;
                answer.append(one);
                if !prices.is_empty() {
                    holds(scene, thing, &mut answer);
                }
            }
        }
    }
    answer
}

fn each_price(scene: &Scene, thing: &Thing, (least, most): (i64, i64), answer: &mut Answer) {
    let name = say::format::name(&thing.whole);
    answer.line(say::variants::price_range(scene.lang, &name, &scene.money(least), &scene.money(most)));
    let mut variants: Vec<&Arc<Product>> = thing.variants.iter().collect();
    variants.sort_by_key(|product| (product.price_cents.map(|price| price.0), product.product_id.clone()));
    for (at, product) in variants.iter().enumerate() {
        let Some(price) = product.price_cents else { continue };
        let price = scene.money(price.0);
        if at < N_PRICED {
            let is_out = in_stock(product, scene.world.today) == Some(false);
            answer.line(say::variants::priced(scene.lang, &said(label(product), scene.lang), &price, is_out));
        }
        answer.cite(field(product, "price", price));
    }
    answer.step("products", format!("prices of {} variants of {}", variants.len(), thing.whole.product_id));
    answer.blocks.push(facts::cards(scene, &thing.variants[..thing.variants.len().min(N_PRICED)]));
}

/// Whether things can be had; of variants, which.
pub fn stock(scene: &Scene, things: &[Thing]) -> Answer {
    let mut answer = Answer::default();
    for thing in things {
        let split = |is: bool| -> Vec<String> {
            let some = thing.variants.iter().filter(|product| in_stock(product, scene.world.today) == Some(is));
            some.take(N_NAMED).map(|product| said(label(product), scene.lang)).collect()
        };
        let (has, lacks) = (split(true), split(false));
        if has.is_empty() || lacks.is_empty() {
            let one = facts::stock(scene, std::slice::from_ref(&thing.whole));
            answer.outcome = if one.outcome == Outcome::Answered { answer.outcome } else { one.outcome };
            answer.append(one);
            if !(has.is_empty() && lacks.is_empty()) {
                holds(scene, thing, &mut answer);
            }
            continue;
        }
        answer.line(say::variants::stock_of_some(scene.lang, &say::format::name(&thing.whole), &has, &lacks));
        for product in &thing.variants {
            answer.cite(field(product, "stock", product.stock.unwrap_or_default().to_string()));
        }
        answer.step("products", format!("stock of {} variants", thing.variants.len()));
        answer.blocks.push(facts::cards(scene, &thing.variants[..thing.variants.len().min(N_PRICED)]));
    }
    answer
}

/// Says that what was told holds for all variants, or which there are.
pub fn holds(scene: &Scene, thing: &Thing, answer: &mut Answer) {
    let labels = thing.labels(scene.lang);
    if !thing.is_group() || labels.len() < 2 {
        return;
    }
    cite_names(thing, answer);
    answer.line(say::variants::holds_for_all(scene.lang, &labels));
}

/// Says of which variants a value that differs was told.
pub fn depends(scene: &Scene, thing: &Thing, answer: &mut Answer) {
    let labels = thing.labels(scene.lang);
    if !thing.is_group() || labels.len() < 2 {
        return;
    }
    cite_names(thing, answer);
    answer.line(say::variants::differs(scene.lang, &labels));
}

/// Tells an attribute of each variant, where it is the one that is asked for and they differ in it.
pub fn each(scene: &Scene, thing: &Thing, name: &str) -> Option<Answer> {
    if !thing.is_group() || thing.variants.len() > N_PRICED || is_same(thing, &[name.to_owned()]) {
        return None;
    }
    let mut answer = Answer { rewordable: false, ..Answer::default() };
    let mut key_told = None;
    for product in &thing.variants {
        let found = super::attributes::specs_for(product, name).into_iter().next();
        let value = match found {
            Some((key, value)) => {
                answer.cite(field(product, key, value));
                key_told = Some(key.to_owned());
                say::format::value(value, scene.lang)
            }
            None => scene.lang.choose("未注明", "not given").to_owned(),
        };
        answer.cite(field(product, "name", product.name.as_str()));
        answer.line(say::variants::of_version(scene.lang, &said(label(product), scene.lang), &value));
    }
    let name_told = super::attributes::label(&key_told?, scene.lang);
    answer.begin_with(&say::variants::each(scene.lang, &say::format::name(&thing.whole), &name_told));
    answer.step("products", format!("{name} of {} variants", thing.variants.len()));
    answer.blocks.push(facts::cards(scene, &thing.variants));
    Some(answer)
}

/// Whether all variants have the same values of these attributes.
pub fn is_same(thing: &Thing, wanted: &[String]) -> bool {
    let values = |product: &Product| -> Vec<String> {
        let of =
            |name: &String| super::attributes::specs_for(product, name).into_iter().map(|(_, value)| value.to_owned());
        wanted.iter().flat_map(of).collect()
    };
    let first = values(&thing.variants[0]);
    thing.variants.iter().all(|product| values(product) == first)
}

fn cite_names(thing: &Thing, answer: &mut Answer) {
    for product in thing.variants.iter().take(N_NAMED) {
        answer.cite(field(product, "name", product.name.as_str()));
    }
}

/// The colours that a product comes in; nothing if the catalogue gives none.
pub fn colours_of(scene: &Scene, thing: &Thing) -> Option<Answer> {
    let all = thing.colours();
    if all.is_empty() {
        return None;
    }
    let mut answer = Answer { rewordable: true, ..Answer::default() };
    let shown: Vec<String> = all.iter().take(N_NAMED).map(|colour| said(colour, scene.lang)).collect();
    let more = all.len() - shown.len();
    answer.text = say::variants::colours(scene.lang, &say::format::name(&thing.whole), &shown, more);
    cite_names(thing, &mut answer);
    if more > 0 {
        answer.cite(Evidence::Computed { how: "colours not named".to_owned(), value: more.to_string() });
    }
    answer.step("products", format!("{} colours of {}", all.len(), thing.whole.product_id));
    answer.blocks.push(facts::cards(scene, &thing.variants[..thing.variants.len().min(N_PRICED)]));
    Some(answer)
}

/// That a product comes in a colour, with its price.
pub fn has_colour(scene: &Scene, thing: &Thing, variant: &Arc<Product>) -> Answer {
    let price = variant.price_cents.map(|price| scene.money(price.0));
    let own = said(colour(variant).unwrap_or_default(), scene.lang);
    let name = say::format::name(&thing.whole);
    let mut answer = Answer::of(say::variants::has_colour(scene.lang, &name, &own, price.as_deref()));
    answer.cite(field(variant, "name", variant.name.as_str()));
    if let Some(price) = price {
        answer.cite(field(variant, "price", price));
    }
    if in_stock(variant, scene.world.today) == Some(false) {
        answer.say(say::products::but_out_of_stock(scene.lang));
        answer.cite(field(variant, "stock", "0"));
    }
    answer.step("products", format!("{} has the colour", variant.product_id));
    answer.blocks.push(facts::cards(scene, std::slice::from_ref(variant)));
    answer
}

/// That a product does not come in a colour, and in which it does.
pub fn no_colour(scene: &Scene, thing: &Thing, wanted: &str) -> Option<Answer> {
    let others = colours_of(scene, thing)?;
    let name = say::format::name(&thing.whole);
    let wanted = colours::said(wanted, scene.lang);
    let mut answer = Answer::of(say::variants::no_colour(scene.lang, &name, &wanted));
    answer.append(others);
    Some(answer)
}
