//! Products and the variants of one: which of them a message means, and what is answered for all of them at once.

use std::sync::{Arc, LazyLock};

use domain::Product;
use regex::{Captures, Regex};

use super::Turning;
use super::referents;
use crate::act::groups::{self, Thing};
use crate::act::wishes::{self, Wishes};
use crate::act::{Answer, Outcome, Scene, attributes, compare, documents, makers, purposes};
use crate::understand::Named;
use crate::understand::colours;
use crate::understand::intents::Family;
use crate::understand::variants::{self, colour};

/// Below this what a message sounds like is a guess.
const GUESSED: f32 = 0.6;

impl Turning<'_, '_> {
    /// Products with the variants that are meant beside them.
    pub(super) fn things(&self, ids: &[String]) -> Vec<Thing> {
        ids.iter().filter_map(|id| self.thing(id)).collect()
    }

    fn thing(&self, id: &str) -> Option<Thing> {
        let product = self.scene.product(id)?;
        let family = self.scene.variants(id);
        if family.len() < 2 {
            return Some(Thing::one(product));
        }
        let named = self.scene.understood.entities.iter().find_map(|entity| match &entity.what {
            Named::Product { candidates, .. } if candidates.iter().any(|known| known == id) => Some(candidates),
            _ => None,
        });
        let mut those: Vec<Arc<Product>> = match named {
            Some(candidates) if candidates.len() == 1 => return Some(Thing::one(product)),
            Some(candidates) if referents::is_one(&self.scene, candidates) => {
                family.into_iter().filter(|one| candidates.contains(&one.product_id)).collect()
            }
            // Of several makers' products with one name, the one of the maker talked about.
            Some(_) => family,
            None if self.dialogue.groups.iter().any(|known| known == id) => family,
            None => return Some(Thing::one(product)),
        };
        // "Is the second one available in red?" is about that variant, if there is one.
        let wanted = colours::named_in(self.scene.message.text);
        let is_wanted = |one: &Arc<Product>| has_colour(one, &wanted);
        if those.iter().any(is_wanted) {
            those.retain(is_wanted);
        }
        // `要 12+512`: the one whose name has these sizes.
        let sizes = variants::numbers(self.scene.message.text);
        let has_sizes = |one: &Arc<Product>| sizes.iter().all(|number| variants::has_size(one, number));
        if !sizes.is_empty() && those.iter().any(has_sizes) && !those.iter().all(has_sizes) {
            those.retain(has_sizes);
        }
        // `Sirra 4 64g 的和 Rivo 4 32g 的`: each with its own.
        let beside = self.sizes_beside(id);
        let has_beside = |one: &Arc<Product>| beside.iter().all(|number| variants::has_size(one, number));
        if !beside.is_empty() && those.iter().any(has_beside) {
            those.retain(has_beside);
        }
        if let [one] = those.as_slice() {
            return Some(Thing::one(one.clone()));
        }
        // The one that was talked about goes on standing for all.
        if let Some(at) = those.iter().position(|one| one.product_id == id) {
            those[..=at].rotate_right(1);
        }
        Thing::group(those)
    }

    /// Sizes that stand behind the name of a product and before the next name, where a message names several things.
    fn sizes_beside(&self, id: &str) -> Vec<String> {
        static SIZE: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"(\d{1,4})(?:g|gb|寸|英寸|[+/])").expect("a sound pattern"));
        let entities = &self.scene.understood.entities;
        let named = entities.iter().filter_map(|entity| match &entity.what {
            Named::Product { candidates, .. } => Some((&entity.range, candidates)),
            _ => None,
        });
        let all: Vec<_> = named.collect();
        let at = all.iter().position(|(_, candidates)| candidates.iter().any(|known| known == id));
        let Some(at) = at.filter(|_| all.len() > 1) else { return Vec::new() };
        let end = all.get(at + 1).map_or(self.scene.message.text.len(), |(next, _)| next.start);
        let said = self.scene.message.text.get(all[at].0.end..end).unwrap_or_default();
        let said = in_gigabytes(&attributes::fold(said));
        SIZE.captures_iter(&said).map(|size| size[1].to_owned()).collect()
    }

    /// `Saffi 4 12+512 和 16+256 哪个便宜`, `两个版本差多少`: the versions of one thing that are to be set against each other; nothing for other
    /// messages.
    pub(super) fn versions(&self, intent: &str, things: &[Thing]) -> Option<Vec<Thing>> {
        const VERSIONS: &[&str] =
            &["版本", "两个配置", "两种配置", "两款", "两个容量", "versions", "the two", "both", "variants"];
        const AGAINST: &[&str] =
            &["差", "区别", "不同", "哪个", "differen", "differ", "compare", "which", " vs", "对比", "比较"];
        let [thing] = things else { return None };
        let text = in_gigabytes(&attributes::fold(self.scene.message.text));
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let family = self.scene.variants(&thing.whole.product_id);
        let pairs = variants::pairs(&text);
        let numbers = variants::numbers(&text);
        let (family, numbers) = match pairs.len() {
            0 | 1 => with_shared_sizes(family, numbers),
            _ => (family, numbers),
        };
        let sizes: Vec<Vec<String>> = match pairs.len() {
            0 | 1 => numbers.into_iter().map(|number| vec![number]).collect(),
            _ => pairs.into_iter().map(Vec::from).collect(),
        };
        let may = matches!(intent, "compare" | "price" | "product_fact" | "stock");
        if !may || family.len() < 2 || !has(AGAINST) && !text.contains(" or ") && !text.contains("还是") {
            return None;
        }
        let named: Vec<Vec<Arc<Product>>> = sizes
            .iter()
            .map(|own| {
                family.iter().filter(|one| own.iter().all(|size| variants::has_size(one, size))).cloned().collect()
            })
            .collect();
        let mut chosen: Vec<Arc<Product>> = Vec::new();
        for one in named.iter().filter(|found: &&Vec<_>| found.len() < family.len()).flatten() {
            if !chosen.iter().any(|known| known.product_id == one.product_id) {
                chosen.push(one.clone());
            }
        }
        if chosen.len() < 2 && has(VERSIONS) {
            chosen = family;
        }
        (2..=compare::N_MAX).contains(&chosen.len()).then(|| chosen.into_iter().map(Thing::one).collect())
    }

    /// Whether a message names a product and none beside it.
    pub(super) fn is_named_alone(&self, id: &str) -> bool {
        self.scene.understood.products().any(|named| named == id)
    }

    /// Remembers which of the things stand for all their variants.
    pub(super) fn mark(&mut self, things: &[Thing]) {
        things.iter().for_each(|thing| self.dialogue.mark_group(&thing.whole.product_id, thing.is_group()));
    }

    /// Whether a product comes in a colour, and in which it does.
    pub(super) fn about_colour(&self, scene: &Scene, intent: &str, things: &[Thing]) -> Option<Answer> {
        let [thing] = things else { return None };
        if !matches!(intent, "product_fact" | "stock" | "find_product" | "price") {
            return None;
        }
        // A product without variants comes in the one colour that its field names.
        let family = Thing::group(scene.variants(&thing.whole.product_id)).unwrap_or_else(|| thing.clone());
        let name = colours::named_in(&family.whole.name);
        let wanted: Vec<&'static str> =
            colours::named_in(scene.message.text).into_iter().filter(|colour| !name.contains(colour)).collect();
        let [one] = wanted.as_slice() else {
            let asks_all = asks_colours(scene.question) && wanted.is_empty();
            return if asks_all { groups::colours_of(scene, &family) } else { None };
        };
        let Some(variant) = family.variants.iter().find(|variant| has_colour(variant, &wanted)) else {
            return groups::no_colour(scene, &family, one);
        };
        let says_stock = intent == "stock" && variant.stock.is_some();
        (intent != "price" && !says_stock && asks_whether_there_is(scene.message.text))
            .then(|| groups::has_colour(scene, &family, variant))
    }

    /// Says whether what was told of a product holds for all its variants.
    pub(super) fn told_for_all(&self, scene: &Scene, thing: &Thing, wanted: &[String], answer: &mut Answer) {
        if answer.outcome != Outcome::Answered || !thing.is_group() {
            return;
        }
        // What a document says of one version need not hold for the others.
        let quotes_sheet = answer.evidence.iter().any(|one| documents::is_of_product(scene, one));
        match groups::is_same(thing, wanted) && !(wanted.is_empty() && quotes_sheet) {
            true if wanted.is_empty() => {}
            true => groups::holds(scene, thing, answer),
            false => groups::depends(scene, thing, answer),
        }
    }

    /// A list by conditions or the most of a kind, where a message asks for that and names no product.
    pub(super) fn wished(&mut self) -> Option<Answer> {
        let entities = &self.scene.understood.entities;
        let names_product = entities.iter().any(|entity| matches!(entity.what, Named::Product { .. }));
        let family = self.scene.understood.intent.as_deref().and_then(crate::understand::Intent::named);
        // "I need a laptop for travel" is near "what goes with a laptop", and looks for one.
        let is_guess = self.scene.understood.confidence < GUESSED && purposes::of(self.scene.message.text).is_some();
        let may = family.is_none_or(|intent| {
            let is_other = matches!(intent.name, "accessories" | "compatibility" | "opinions");
            intent.family == Family::Product && (!is_other || is_guess)
        });
        // "Which phone is lighter?" of two set side by side a moment ago is about those.
        let is_compared = self.dialogue.last_intent.as_deref() == Some("compare");
        if is_compared && crate::understand::compared_by(self.scene.message.text).is_some() {
            return None;
        }
        let wishes = Wishes::of(&self.scene);
        if !names_product && wishes.are_plain() && makers::are_asked(self.scene.message.text) {
            return documents::curated(&self.scene).or_else(|| makers::list(&self.scene, &wishes));
        }
        // A suggestion is the recommender's, where it knows all that is wished.
        let is_plain = wishes.are_plain() && wishes.colours.is_empty();
        let is_recommended = self.scene.understood.is("recommend") && is_plain;
        if names_product || !may || is_recommended || self.asks_fit() || !wishes.are_stated() {
            return None;
        }
        if let Some(answer) = documents::curated(&self.scene) {
            return Some(answer);
        }
        // `有没有苹果手机卖`, of a maker that the shop does not have.
        if crate::act::find::not_carried(&self.scene).is_some() {
            return None;
        }
        // "When will your newest laptop come out?": a list of those that are out does not say it.
        if super::wording::asks_no_list(self.scene.message.text) {
            return None;
        }
        self.wished_for(&wishes)
    }

    /// What a message wishes for, of a kind that was talked about.
    pub(super) fn of_kind(&mut self, category: &str) -> Option<Answer> {
        let mut wishes = Wishes::of(&self.scene);
        wishes.kinds = vec![(category, category)];
        self.wished_for(&wishes)
    }

    fn wished_for(&mut self, wishes: &Wishes) -> Option<Answer> {
        let wishes::Listed { answer, things } = wishes::list(&self.scene, wishes)?;
        self.dialogue.last_intent = Some("find_product".to_owned());
        self.dialogue.wonder(super::wording::clipped(self.scene.message.text));
        self.dialogue.wish(super::wording::clipped(self.scene.message.text));
        let ids: Vec<String> = things.iter().map(|thing| thing.whole.product_id.clone()).collect();
        self.list(ids);
        self.mark(&things);
        Some(answer)
    }
}

/// Terabytes written as names mostly have them: `1T` as 1024g.
fn in_gigabytes(text: &str) -> String {
    static TERABYTES: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?-u:\b)(\d)\s?tb?(?-u:\b)").expect("a sound pattern"));
    let written = |found: &Captures| {
        let n: u32 = found[1].parse().unwrap_or(0);
        format!("{}g", n * 1024)
    };
    TERABYTES.replace_all(text, written).into_owned()
}

/// `64g 那两个，1T 跟 2T 差在哪`: of more than two numbers the last two are set against each other, and what some versions have of those before
/// is shared.
fn with_shared_sizes(family: Vec<Arc<Product>>, mut numbers: Vec<String>) -> (Vec<Arc<Product>>, Vec<String>) {
    let last = numbers.split_off(numbers.len().saturating_sub(2));
    let mut kept = family;
    for number in &numbers {
        let having: Vec<Arc<Product>> = kept.iter().filter(|one| variants::has_size(one, number)).cloned().collect();
        kept = if having.len() > 1 { having } else { kept };
    }
    (kept, last)
}

fn has_colour(product: &Product, wanted: &[&'static str]) -> bool {
    colour(product).and_then(colours::of).is_some_and(|own| wanted.contains(&own))
}

/// `有哪些颜色`, `what colours does it come in`: all of them are asked for.
fn asks_colours(text: &str) -> bool {
    let text = attributes::fold(text);
    let all = [
        "colours",
        "colors",
        "哪些颜色",
        "几种颜色",
        "哪几种颜色",
        "哪几个颜色",
        "什么颜色",
        "颜色有",
        "哪些色",
        "几个颜色",
    ];
    all.iter().any(|word| text.contains(word))
}

/// `有蓝色的吗`, `does it come in blue`.
pub(super) fn asks_whether_there_is(text: &str) -> bool {
    let text = attributes::fold(text);
    let en = [
        "come in",
        "available in",
        "can i get",
        "do you have",
        "is there",
        "have it in",
        "got it in",
        "get it in",
        "in ",
    ];
    text.contains('有') || en.iter().any(|word| text.contains(word)) && text.contains('?')
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use domain::Cents;

    use super::*;
    use crate::act::fixture::{Shop, message};
    use crate::assistant::Assistant;
    use crate::policy::Policies;
    use crate::state::Dialogue;
    use crate::turn::{Action, Lang, Turn};
    use crate::understand::{IntentModel, ProductNames, Understander};

    /// Name, kind, colour, price and stock of what the shop of the fixture has besides.
    const MORE: &[(&str, &str, &str, i64, Option<i64>)] = &[
        ("Farhill Disc Player T120", "Players", "Black", 20_000, None),
        ("Farhill Disc Player T120", "Players", "White", 20_000, None),
        ("Farhill Disc Player T120", "Players", "Silver", 20_000, None),
        ("Farhill Disc Player T150", "Players", "Black", 30_000, None),
        ("Farhill Disc Player T150", "Players", "Red", 30_000, None),
        ("Farhill Cooler X98", "Refrigerators", "White", 90_000, Some(3)),
        ("Farhill Cooler X98", "Refrigerators", "Blue", 95_000, Some(0)),
        ("Farhill Cooler M76", "Refrigerators", "White", 40_000, Some(5)),
        ("Farhill Cooler S11", "Refrigerators", "White", 10_000, Some(0)),
    ];

    struct Set {
        shop: Shop,
        assistant: Assistant,
    }

    static SET: LazyLock<Set> = LazyLock::new(|| {
        let mut shop = Shop::new(Lang::En);
        for (at, (name, kind, colour, price, stock)) in MORE.iter().enumerate() {
            shop.products.push(Arc::new(Product {
                product_id: format!("V{at:02}"),
                name: format!("{name} {colour}"),
                brand: Some("Farhill".into()),
                category: Some(format!("Home/{kind}")),
                price_cents: Some(Cents(*price)),
                stock: *stock,
                specs: [("colour".to_owned(), (*colour).to_owned())].into(),
                ..Product::default()
            }));
        }
        let model = IntentModel::learn(&[], 1).expect("the seeds are ours");
        let names = ProductNames::of(shop.products.iter().map(|product| &**product));
        let assistant = Assistant::new(Understander::new(model, names), Policies::default()).expect("sound defaults");
        Set { shop, assistant }
    });

    fn said(texts: &[&str]) -> Turn {
        let mut dialogue = Dialogue { lang: Some(Lang::En), ..Dialogue::default() };
        let mut last = None;
        for text in texts {
            last = Some(SET.assistant.turn(&message(text, None), &mut dialogue, &SET.shop.world(), None));
        }
        last.expect("something was said")
    }

    fn told(texts: &[&str], has: &[&str], lacks: &[&str]) {
        let turn = said(texts);
        let reply = &turn.reply.text;
        assert!(turn.trace.iter().all(|step| step.stage != "unsupported"), "{reply}: {:?}", turn.trace);
        has.iter().for_each(|text| assert!(reply.contains(text), "no '{text}' in: {reply} {:?}", turn.trace));
        lacks.iter().for_each(|text| assert!(!reply.contains(text), "'{text}' in: {reply} {:?}", turn.trace));
        assert!(!matches!(&turn.action, Action::AskBack { what } if what == "which_product"), "{reply}");
    }

    #[test]
    fn what_holds_for_all_variants_is_told_at_once() {
        told(&["How much is the Farhill Disc Player T120?"], &["¥200", "Black", "White", "Silver"], &["1."]);
        told(&["How much is the Farhill Cooler X98?"], &["¥900", "¥950", "White", "Blue"], &[]);
        told(&["What colours does the Farhill Disc Player T120 come in?"], &["Black", "White", "Silver"], &["T150"]);
        told(&["How much is the Farhill Disc Player T120?", "what colours does it come in?"], &["Black", "White"], &[]);
    }

    #[test]
    fn a_colour_that_is_not_made_is_denied_with_those_that_are() {
        told(&["Does the Farhill Disc Player T120 come in pink?"], &["does not come in pink", "Silver"], &[]);
        told(&["Does the Farhill Disc Player T150 come in red?"], &["Red"], &["does not"]);
    }

    #[test]
    fn a_condition_said_anew_changes_the_list_before() {
        told(&["Do you have white refrigerators?", "and in blue?"], &["X98", "¥950"], &["M76"]);
        told(&["refrigerators under $500", "what about under $200?"], &["S11"], &["M76", "X98"]);
        told(&["Show me white refrigerators", "blue ones"], &["Blue"], &["M76"]);
        // One of those listed is meant, or something else.
        told(&["Do you have white refrigerators?", "how much is the second one?"], &["¥"], &["1."]);
    }

    #[test]
    fn makers_are_named_and_not_their_things() {
        told(
            &["Which brands of refrigerators do you have?"],
            &["Brands of refrigerators here: Farhill."],
            &["X98", "1."],
        );
        told(&["What brands do you sell?"], &["Farhill"], &["T120", "1."]);
    }

    #[test]
    fn groups_are_compared_as_such() {
        told(&["Compare the Farhill Disc Player T120 and the Farhill Disc Player T150"], &["¥200", "¥300"], &[]);
    }

    #[test]
    fn the_end_of_an_order_is_told_with_its_price_in_stock_first() {
        told(&["what is your cheapest refrigerator?"], &["M76", "¥400"], &[]);
        told(&["what's the most expensive refrigerator you sell?"], &["X98", "¥900"], &[]);
        told(&["which refrigerator is cheaper?"], &["M76", "¥400"], &[]);
    }

    #[test]
    fn conditions_are_kept_and_the_nearest_is_marked() {
        told(&["Which refrigerators do you have below $500?"], &["M76"], &["X98"]);
        told(&["I need a red refrigerator"], &["Nothing meets all", "red"], &[]);
        told(&["refrigerators between $300 and $350"], &["Nothing meets all", "M76"], &[]);
    }
}
