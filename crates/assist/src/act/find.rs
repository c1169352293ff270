//! Lists of products: what somebody looks for, and what they may like.

use std::sync::Arc;

use domain::Product;

use super::attributes::specs_for;
use super::coverage::{self, Asks};
use super::values::Valued;
use super::wishes::{self, Listed};
use super::{Answer, Outcome, Scene, field, in_stock, needs};
use crate::AssistError;
use crate::memory::{self, FactName};
use crate::say;
use crate::turn::Block;
use crate::understand::{Named, lists};
use crate::world::{Found, Recommended, Wish};

/// Products listed.
const N_LISTED: usize = 5;
/// Products found of which those are listed that keep what is asked for, and what can be had before what cannot.
const N_FOUND: usize = 60;

/// What is found for words and conditions; nothing found is said, nothing is made up. With the products listed.
pub fn find(scene: &Scene) -> (Answer, Vec<String>) {
    if let Some(answer) = not_sold(scene) {
        return (answer, Vec::new());
    }
    let (found, unmet) = match scene.world.catalogue.search(scene.question, N_FOUND) {
        Ok(found) => narrowed(scene, found),
        Err(error) => return (failed(scene, &error.to_string()), Vec::new()),
    };
    let found = if is_of_nothing_here(scene, &found) { Vec::new() } else { found };
    let mut answer = Answer { rewordable: true, ..Answer::default() };
    answer.step("products", format!("search: {} found", found.len()));
    let Some(first) = found.first() else {
        answer.text = say::products::found_nothing(scene.lang).to_owned();
        answer.outcome = Outcome::Unknown;
        answer.rewordable = false;
        return (answer, Vec::new());
    };
    // A strap is no phone without the chip that was asked for.
    let loses_kind = scene.kinds().any(|(_, word)| first.relaxed.iter().any(|words| words.contains(word)));
    if let Some(Listed { answer, things }) = loses_kind.then(|| wishes::of_kind_instead(scene)).flatten() {
        return (answer, things.iter().map(|thing| thing.whole.product_id.clone()).collect());
    }
    let mut relaxed: Vec<String> = first.relaxed.iter().map(|words| say::format::plain(words)).collect();
    for words in unmet.iter().map(|words| say::format::plain(words)) {
        if !relaxed.contains(&words) {
            relaxed.push(words);
        }
    }
    answer.text = match relaxed.is_empty() {
        true => say::products::found(scene.lang).to_owned(),
        false => say::products::found_relaxed(scene.lang, &relaxed),
    };
    // That a condition was set aside must not be lost in other words.
    answer.rewordable = relaxed.is_empty();
    let mut found = available_first(scene, found, |found| &found.product);
    found.truncate(N_LISTED);
    let ids = found.iter().map(|found| found.product.product_id.clone()).collect();
    lines(scene, &found.into_iter().map(|found| (found.product, None)).collect::<Vec<_>>(), &mut answer);
    if answer.evidence.len() > 1 {
        answer.suggest(say::talk::ask_compare_first(scene.lang));
    }
    (answer, ids)
}

/// Whether no kind of thing is named that the shop has, and none of the products found has a word of what is asked: "how many people work
/// at Contoso", "do you sell bicycles". What a search finds by meaning alone is then no answer.
fn is_of_nothing_here(scene: &Scene, found: &[Found]) -> bool {
    let has = |is: fn(&Named) -> bool| scene.understood.entities.iter().any(|entity| is(&entity.what));
    let names_thing = has(|what| {
        matches!(what, Named::Category { .. } | Named::Spec { .. } | Named::Money { .. } | Named::Product { .. })
    });
    if names_thing || !(coverage::is_question(scene.message.text) || needs::asks_for_some(scene)) {
        return false;
    }
    let asks = Asks::beyond_search(scene);
    let spoken: Vec<Arc<Product>> = found.iter().map(|one| scene.spoken(one.product.clone())).collect();
    let texts = found.iter().map(|one| &one.product).chain(&spoken).flat_map(|product| {
        let specs = product.specs.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]);
        [product.name.as_str(), product.category.as_deref().unwrap_or_default()].into_iter().chain(specs)
    });
    !asks.say_little() && !asks.are_in(texts)
}

/// A kind of thing that every shop knows and this one has not.
fn kind_not_had(scene: &Scene) -> Option<String> {
    let text = scene.message.text;
    let is_name = |what: &Named| matches!(what, Named::Category { .. } | Named::Product { .. } | Named::Brand { .. });
    if scene.understood.entities.iter().any(|entity| is_name(&entity.what)) {
        return None;
    }
    let folded = text.to_lowercase();
    // Lower case may be longer; then places in the text mean nothing.
    let range = lists::kind_said(&folded).filter(|_| folded.len() == text.len())?;
    text.get(range).map(str::to_owned)
}

fn not_sold(scene: &Scene) -> Option<Answer> {
    let name = not_carried(scene).or_else(|| kind_not_had(scene))?;
    let mut answer = Answer::unknown(say::talk::not_sold(scene.lang, &say::format::plain(&name)));
    answer.step("products", "a maker that the shop does not have");
    Some(answer)
}

/// A maker or a well-known series that is asked for and that the shop does not have.
pub fn not_carried(scene: &Scene) -> Option<String> {
    let entities = &scene.understood.entities;
    let is_known = |what: &Named| matches!(what, Named::Brand { .. } | Named::Product { .. });
    let taken = |at: usize| entities.iter().any(|entity| is_known(&entity.what) && entity.range.contains(&at));
    let text = scene.message.text.to_lowercase();
    // Lower case may be longer; then places in the text mean nothing.
    let is_same = text.len() == scene.message.text.len();
    let range = lists::foreign(&text).filter(|range| is_same && !taken(range.start))?;
    let name = &text[range.clone()];
    // A case may be made for it.
    let named = |one: &Found| {
        let own = scene.spoken(one.product.clone());
        own.name.to_lowercase().contains(name) || own.brand.as_deref().is_some_and(|own| own.to_lowercase() == name)
    };
    let found = scene.world.catalogue.search(name, N_LISTED).unwrap_or_default();
    if found.iter().any(named) { None } else { scene.message.text.get(range).map(str::to_owned) }
}

/// Of what was found, that which keeps the values, features and words asked for, where some of it does; with the values that none of it
/// has although some of it states others.
fn narrowed(scene: &Scene, mut found: Vec<Found>) -> (Vec<Found>, Vec<String>) {
    let mut unmet = Vec::new();
    let keep = |found: &mut Vec<Found>, is: &dyn Fn(&Product) -> bool| {
        let any = found.iter().any(|one| is(&one.product));
        if any {
            found.retain(|one| is(&one.product));
        }
        any
    };
    for value in Valued::all(scene).0 {
        let is_stated = found.iter().any(|one| value.misses(&one.product).is_some());
        if !keep(&mut found, &|product| value.is_met(product)) && is_stated {
            unmet.push(value.words);
        }
    }
    for entity in &scene.understood.entities {
        if let Named::Attribute { name } = &entity.what {
            keep(&mut found, &|product| !lacks(product, name));
        }
    }
    // `激光打印机`: a word that some of the names have and others do not.
    for word in Asks::beyond_search(scene).plain_words() {
        keep(&mut found, &|product| {
            let product = scene.spoken(Arc::new(product.clone()));
            product.name.to_lowercase().contains(word.as_str())
        });
    }
    (found, unmet)
}

/// Whether a product is said not to have what an attribute names: `water_resistance: none`.
fn lacks(product: &Product, attribute: &str) -> bool {
    specs_for(product, attribute).iter().any(|(_, value)| is_negative(value))
}

/// Whether the value of a specification says that there is none of it.
pub(super) fn is_negative(value: &str) -> bool {
    const NOT: &[&str] = &["none", "no", "passive", "无", "否", "不支持", "没有", "被动降噪"];
    NOT.contains(&value.trim().to_lowercase().as_str())
}

/// A personal recommendation, with reasons.
pub fn recommend(scene: &Scene, like: Option<&str>) -> (Answer, Vec<String>) {
    if let Some(answer) = not_sold(scene) {
        return (answer, Vec::new());
    }
    let category = scene.kinds().next().map(|(path, _)| path);
    let known_category = memory::known(scene, FactName::Category).filter(|_| like.is_none() && category.is_none());
    let category = category.or(known_category.map(|fact| fact.value.as_str()));
    let price_max_cents = scene.understood.entities.iter().find_map(|entity| match entity.what {
        Named::Money { cents, is_min: false, .. } => Some(cents),
        _ => None,
    });
    let customer_id = scene.message.customer_id;
    let within = |price_max_cents: Option<i64>| -> Result<Vec<Recommended>, AssistError> {
        let wish = Wish { customer_id, like_product_id: like, category, price_max_cents };
        let fits = |one: &Recommended| {
            in_stock(&one.product, scene.world.today) != Some(false)
                && price_max_cents.is_none_or(|max| one.product.price_cents.is_some_and(|price| price.0 <= max))
        };
        Ok(scene.world.recommender.recommend(&wish, N_LISTED)?.into_iter().filter(fits).collect())
    };
    let known_budget = memory::budget(scene, category).filter(|_| price_max_cents.is_none());
    let found = match within(price_max_cents.or(known_budget.map(|(cents, _)| cents))) {
        // A budget of another day must not leave nothing to suggest.
        Ok(found) if found.is_empty() && known_budget.is_some() => within(None).map(|found| (found, None)),
        found => found.map(|found| (found, known_budget)),
    };
    let (found, known_budget) = match found {
        Ok(found) => found,
        Err(error) => return (failed(scene, &error.to_string()), Vec::new()),
    };
    let mut answer = Answer { rewordable: true, ..Answer::default() };
    answer.step("recommend", format!("{} found", found.len()));
    if found.is_empty() {
        answer.text = say::products::nothing_to_recommend(scene.lang).to_owned();
        answer.outcome = Outcome::AskedBack;
        answer.rewordable = false;
        return (answer, Vec::new());
    }
    answer.text = say::products::recommended(scene.lang, customer_id.is_some()).to_owned();
    let ids = found.iter().map(|one| one.product.product_id.clone()).collect();
    let with_reason = |one: Recommended| (one.product, scene.lang.choose(one.reason_zh, one.reason_en));
    lines(scene, &found.into_iter().map(with_reason).collect::<Vec<_>>(), &mut answer);
    if let Some((cents, fact)) = known_budget {
        let (amount, day) = (scene.money(cents), scene.day_of(fact.at).to_string());
        answer.cite(memory::evidence(scene, fact));
        answer.cite(crate::evidence::Evidence::Computed {
            how: "the budget remembered".to_owned(),
            value: amount.clone(),
        });
        answer.line(say::memory::budget(scene.lang, &amount, &day));
        answer.step("memory", "the budget");
    }
    (answer, ids)
}

/// Products in lines and as a block, numbered as they are counted.
pub fn lines(scene: &Scene, products: &[(Arc<Product>, Option<String>)], answer: &mut Answer) {
    let mut cards = Vec::new();
    for (at, (product, why)) in products.iter().enumerate() {
        let product = &scene.spoken(product.clone());
        let name = say::format::name(product);
        let price = product.price_cents.map(|price| scene.money(price.0));
        let out = in_stock(product, scene.world.today) == Some(false);
        let why = why.as_deref().map(say::format::plain);
        answer.shown_line(say::products::listed(scene.lang, at + 1, &name, price.as_deref(), out, why.as_deref()));
        answer.cite(match price {
            Some(price) => field(product, "price", price),
            None => field(product, "name", product.name.as_str()),
        });
        if let Some(why) = &why {
            answer.cite(crate::evidence::Evidence::Computed {
                how: format!("recommended {}", product.product_id),
                value: why.clone(),
            });
        }
        cards.push(scene.card(product, why));
    }
    answer.blocks.push(Block::Products { products: cards });
}

/// What can be had before what cannot, in their order otherwise.
pub fn available_first<T>(scene: &Scene, mut all: Vec<T>, product: impl Fn(&T) -> &Arc<Product>) -> Vec<T> {
    all.sort_by_key(|one| in_stock(product(one), scene.world.today) == Some(false));
    all
}

fn failed(scene: &Scene, why: &str) -> Answer {
    let mut answer = Answer::unknown(say::person::part_down(scene.lang));
    answer.step("products", format!("failed: {why}"));
    answer
}
