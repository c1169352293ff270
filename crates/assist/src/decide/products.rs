//! Questions about products: which are meant, what is asked of them, and what is asked back where neither is clear. The fields
//! themselves are read in [`crate::act`].

use super::Turning;
use super::meant::SURE;
use super::referents::{self, Meant};
use super::things::asks_whether_there_is;
use super::wording::{asks_better, asks_no_list, clipped, first_n, goes_on, is_elsewhere};
use crate::act::coverage::{self, Asks};
use crate::act::groups::Thing;
use crate::act::{Answer, Outcome, attributes, compare, documents, facts, find, fits, groups, opinions, policies};
use crate::say;
use crate::state::Asked;
use crate::turn::Block;
use crate::understand::{Named, Reference, kinds};

/// Candidates named in a question back.
const N_CANDIDATES: usize = 5;
/// Accessories of a device that are looked through for a kind.
const SHORT_KIND_MAX: usize = 60;
/// Words that set things against each other.
const AGAINST: &[&str] = &[
    "区别",
    "对比",
    "比较",
    "相比",
    "哪个",
    "哪款",
    "vs",
    "difference",
    "compare",
    "which",
    "better",
    "versus",
    "stack up",
    "measure up",
    "against",
];

impl Turning<'_, '_> {
    /// Runs an intent for products that are known, with the question that was waiting for them.
    pub(super) fn run_for(&mut self, intent: &str, ids: &[String], question: &str) -> Answer {
        self.dialogue.last_intent = Some(intent.to_owned());
        let question =
            if question.trim().is_empty() { self.scene.message.text.to_owned() } else { question.to_owned() };
        self.for_products(intent, ids, &question)
    }

    pub(super) fn product(&mut self, intent: &str) -> Answer {
        let question = self.question();
        let intent = self.narrowed(self.set_against(self.of_two(intent)));
        if let Some(answer) = self.kind_that_fits(intent, &question).or_else(|| self.names_that_fit(intent)) {
            return answer;
        }
        if let Some(answer) = self.one_with_a_value(intent) {
            return answer;
        }
        match intent {
            "find_product" => return self.listing(find::find),
            "recommend" => return self.recommend(),
            _ => {}
        }
        if intent == "compatibility"
            && !matches!(referents::explicit(&self.scene, self.dialogue), Meant::These(_))
            && let owned = self.owned()
            && owned.len() == 2
        {
            return self.for_products(intent, &owned, &question);
        }
        let named = referents::products(&self.scene, self.dialogue);
        let has_two = matches!(&named, Meant::These(ids) if ids.len() > 1);
        if intent == "compare"
            && !has_two
            && let Some(ids) = self.compared_sides()
        {
            self.step("products", "each side by what is said of it");
            // Two versions of one thing stand each for itself.
            return match referents::is_one(&self.scene, &ids) {
                true => {
                    let versions = self.scene.products(&ids).into_iter().map(Thing::one).collect();
                    self.for_things(intent, versions, &question)
                }
                false => self.for_products(intent, &ids, &question),
            };
        }
        match named {
            Meant::These(ids) => {
                // The other one of a comparison or a fit may be none of the shop's.
                let named = self.scene.products(&ids);
                let wants_two = matches!(intent, "compare" | "compatibility") && ids.len() < 2;
                if let Some(name) = wants_two.then(|| referents::stranger(&self.scene, &named)).flatten() {
                    return self.not_sold(&name);
                }
                let fits_one = intent == "compatibility" && named.len() == 1 && self.asks_which(&named[0]);
                let ids = if fits_one { ids } else { self.completed(intent, ids) };
                let intent = if ids.len() > 1 && asks_better(&question) { "compare" } else { intent };
                self.for_products(intent, &ids, &question)
            }
            Meant::OneOf(candidates) => match self.with_what_is_asked(intent, &candidates) {
                Some(id) => self.for_products(intent, &[id], &question),
                None => self.which(intent, candidates),
            },
            Meant::Stranger(name) => self.not_sold(&name),
            Meant::Nothing => self.nothing_meant(intent),
        }
    }

    /// "The 14-inch one" is one of those listed; where none of them is, others of that kind are looked for; where nothing was talked
    /// about, it is asked what is meant.
    pub(super) fn one_with_a_value(&mut self, intent: &str) -> Option<Answer> {
        if !matches!(intent, "find_product" | "recommend") {
            return None;
        }
        let having = referents::with_value(&self.scene, self.dialogue)?;
        let ids: Vec<String> = having.iter().map(|product| product.product_id.clone()).collect();
        self.step("products", format!("{} of those talked about have the value", ids.len()));
        match ids.as_slice() {
            [] => {
                let last = self.dialogue.products.first().and_then(|id| self.scene.product(id));
                match last.and_then(|product| product.category.clone()) {
                    Some(category) => self.of_kind(&category),
                    None => Some(self.which(intent, Vec::new())),
                }
            }
            [one] => Some(self.run_for("product_fact", std::slice::from_ref(one), self.scene.message.text)),
            _ => Some(self.which("product_fact", ids)),
        }
    }

    /// The only one of several, variants taken together, that has the attributes asked for: of a phone and a power bank with one
    /// name, a charging power is the phone's.
    fn with_what_is_asked(&self, intent: &str, candidates: &[String]) -> Option<String> {
        let asked = facts::asked(&self.scene, None);
        let is_told = |name: &String| matches!(name.as_str(), "price" | "stock");
        if intent != "product_fact" || asked.is_empty() || asked.iter().any(is_told) {
            return None;
        }
        let has_all = |id: &&String| {
            self.scene.product(id).is_some_and(|product| asked.iter().all(|name| facts::has(&product, name)))
        };
        let having: Vec<String> = candidates.iter().filter(has_all).cloned().collect();
        let is_one = having.len() == 1 || having.len() > 1 && referents::is_one(&self.scene, &having);
        if is_one && having.len() < candidates.len() { having.into_iter().next() } else { None }
    }

    /// "手机壳能装在 Orla 5 吗", "Orla 5 有保护套吗": a kind of accessory is asked about for a device, by whatever verb.
    pub(super) fn kind_that_fits(&mut self, intent: &str, question: &str) -> Option<Answer> {
        let asks = matches!(intent, "compatibility" | "accessories" | "recommend" | "find_product" | "stock" | "price")
            && !super::fit::travels(self.scene.message.text);
        let named: Vec<&Vec<String>> = self.scene.understood.entities.iter().filter_map(candidates).collect();
        let points = !self.scene.understood.references.is_empty()
            && matches!(intent, "compatibility" | "accessories" | "stock" | "find_product");
        let owned = if named.is_empty() { self.owned() } else { Vec::new() };
        let devices = match (named.as_slice(), referents::products(&self.scene, self.dialogue)) {
            ([ids], _) => self.scene.products(ids),
            // `我这打印机用什么墨盒`.
            ([], _) if owned.len() == 1 => self.scene.products(&owned),
            ([], Meant::These(ids)) if (points || intent == "compatibility") && ids.len() == 1 => {
                // `那它有什么壳` after a list of chargers: what they were listed for is meant, not the first of them.
                let takes = |id: &&String| !self.scene.world.catalogue.accessories(id, 1).is_empty();
                // `能用手写笔吗` after a case: of what takes pens.
                let takes_kind = |id: &&String| {
                    let device = self.scene.product(id);
                    device.is_some_and(|device| {
                        let kind = other_kind(&self.scene, &device);
                        kind.is_some_and(|kind| !fits::of_kind(&self.scene, &device, kind).is_empty())
                    })
                };
                let talked = || ids.iter().chain(&self.dialogue.products);
                let device = talked().find(takes_kind).or_else(|| talked().find(takes));
                self.scene.products(&[device.unwrap_or(&ids[0]).clone()])
            }
            _ => return None,
        };
        // Of a phone and a power bank with one name, the case is for the one that takes any.
        let takes = |device: &std::sync::Arc<domain::Product>| {
            other_kind(&self.scene, device).is_some_and(|kind| !fits::of_kind(&self.scene, device, kind).is_empty())
        };
        let devices = match devices.iter().any(takes) {
            true => devices.into_iter().filter(takes).collect(),
            false => devices,
        };
        let first = devices.first()?;
        let asks =
            asks || intent == "product_fact" && self.asks_which(first) && facts::asked(&self.scene, None).is_empty();
        if !asks {
            return None;
        }
        let kind = other_kind(&self.scene, first)?;
        let found = fits::of_kind(&self.scene, first, kind);
        let same = devices[1..].iter().all(|other| fits::of_kind(&self.scene, other, kind) == found);
        if found.is_empty() || !same {
            return None;
        }
        self.step("fits", format!("a kind for {}", first.product_id));
        self.dialogue.last_intent = Some("accessories".to_owned());
        Some(self.for_products("accessories", std::slice::from_ref(&first.product_id), question))
    }

    /// Candidates of each name in the message; a series alone is the one just talked about.
    fn named_in_talk(&self) -> Vec<Vec<String>> {
        let names = self.scene.understood.entities.iter().filter_map(|entity| match &entity.what {
            Named::Product { candidates, text } => Some((candidates, text)),
            _ => None,
        });
        names
            .map(|(candidates, text)| {
                let talked = referents::of_talk(candidates, text, &self.scene, self.dialogue);
                talked.map_or_else(|| candidates.clone(), |id| vec![id])
            })
            .collect()
    }

    /// "Does the Orla 5 case fit the Orla 5?" where several cases go by the name, and all fit or none does.
    fn names_that_fit(&mut self, intent: &str) -> Option<Answer> {
        let named = self.named_in_talk();
        let [some, others] = named.as_slice() else { return None };
        if intent != "compatibility" || some.len() < 2 && others.len() < 2 {
            return None;
        }
        let (some, others) = (self.scene.products(some), self.scene.products(others));
        let (answer, ids) = fits::of_names(&self.scene, &some, &others)?;
        self.list(ids);
        Some(answer)
    }

    /// "扩展坞 Quill 4 支持吗", "the strap on an Opalo 5?": of a thing and what it may go with, whether it does is asked, whatever the
    /// words; unless they are set against each other.
    pub(super) fn of_two<'i>(&self, intent: &'i str) -> &'i str {
        let text = attributes::fold(self.scene.message.text);
        let named: Vec<&Vec<String>> = self.scene.understood.entities.iter().filter_map(candidates).collect();
        let [some, others] = named.as_slice() else { return intent };
        if AGAINST.iter().any(|word| text.contains(word)) || matches!(intent, "compatibility" | "trade_in") {
            return intent;
        }
        let is_accessory = |id: &str| self.scene.world.catalogue.is_accessory(id);
        let is_pair = some.iter().any(|a| others.iter().any(|b| is_accessory(a) != is_accessory(b)));
        if is_pair { "compatibility" } else { intent }
    }

    /// "How does my Sirra 3 stack up against the Sirra 4?": of two things of which none is an accessory, whatever it sounds like.
    fn set_against<'i>(&self, intent: &'i str) -> &'i str {
        let text = attributes::fold(self.scene.message.text);
        let named: Vec<&Vec<String>> = self.scene.understood.entities.iter().filter_map(candidates).collect();
        let is_accessory =
            |ids: &&&Vec<String>| ids.first().is_some_and(|id| self.scene.world.catalogue.is_accessory(id));
        let is_pair = named.len() == 2 && !named.iter().any(|ids| is_accessory(&ids));
        if intent == "compatibility" && is_pair && AGAINST.iter().any(|word| text.contains(word)) {
            "compare"
        } else {
            intent
        }
    }

    /// Whether two things of one kind are named and set against each other.
    pub(super) fn sets_two_against(&self) -> bool {
        let text = attributes::fold(self.scene.message.text);
        let named: Vec<&Vec<String>> = self.scene.understood.entities.iter().filter_map(candidates).collect();
        let [some, others] = named.as_slice() else { return false };
        let category = |id: &String| self.scene.product(id).and_then(|product| product.category.clone());
        let is_alike = some.iter().any(|a| others.iter().any(|b| category(a).is_some() && category(a) == category(b)));
        is_alike && AGAINST.iter().any(|word| text.contains(word))
    }

    /// "And the battery of the second one?", `第一款多重` after a comparison asks about that one alone.
    fn narrowed<'i>(&self, intent: &'i str) -> &'i str {
        if intent == "recommend" && self.asks_whether_it_suits() {
            return "product_fact";
        }
        if intent != "compare" || facts::asked(&self.scene, None).is_empty() {
            return intent;
        }
        let text = attributes::fold(self.scene.message.text);
        let references = &self.scene.understood.references;
        let sets_against = AGAINST.iter().any(|word| text.contains(word)) || references.contains(&Reference::All);
        let points =
            |one: &Reference| !matches!(one, Reference::It | Reference::Earlier { .. } | Reference::Order { .. });
        let picks = references.iter().any(points) && !sets_against;
        let only_one = matches!(referents::explicit(&self.scene, self.dialogue), Meant::These(ids) if ids.len() == 1);
        if only_one && (picks || goes_on(self.scene.message.text)) { "product_fact" } else { intent }
    }

    /// "Is it good for gaming?" of what was talked about asks for its field, and for no other thing.
    fn asks_whether_it_suits(&self) -> bool {
        let text = attributes::fold(self.scene.message.text);
        let is_it = self.scene.understood.references.contains(&Reference::It) && !self.dialogue.products.is_empty();
        let asks = ["is it ", "is this ", "would it ", "can it ", "will it "].iter().any(|word| text.starts_with(word))
            || text.trim_end_matches(['?', '？', ' ']).ends_with('吗');
        is_it && asks && self.scene.kinds().next().is_none()
    }

    /// The question to be answered: of a message that only goes on and names no attribute, the last one.
    fn question(&self) -> String {
        let own = self.scene.message.text;
        let asks = !facts::asked(&self.scene, None).is_empty();
        match self.dialogue.recent_question() {
            Some(last) if !asks && (goes_on(own) || self.puts_right()) => last.clone(),
            _ => own.to_owned(),
        }
    }

    /// The products that a comparison or a fit is between: those named, and those talked about if only one is.
    fn completed(&self, intent: &str, mut ids: Vec<String>) -> Vec<String> {
        let wants_two = matches!(intent, "compare" | "compatibility");
        if !wants_two || ids.len() > 1 {
            return ids;
        }
        let named = matches!(referents::explicit(&self.scene, self.dialogue), Meant::These(_));
        if intent == "compare" && !named {
            let listed = &self.dialogue.listed;
            let n = first_n(self.scene.message.text).unwrap_or(listed.len());
            if (2..=compare::N_MAX).contains(&n.min(listed.len())) {
                return listed[..n.min(listed.len())].to_vec();
            }
        }
        let talked = self.dialogue.products.iter().map(String::as_str);
        let page = self.scene.message.page_product_id.filter(|id| self.scene.product(id).is_some());
        let mut others: Vec<&str> = page.into_iter().chain(talked).filter(|id| *id != ids[0]).collect();
        // "Sorry, meant the Saffi 4 Pro, not 5": the other Saffi is not meant any more.
        if super::wording::corrects(self.scene.message.text) && others.len() > 1 {
            others.retain(|id| !self.is_of_series(id, &ids[0]));
        }
        // `跟 Calyx 3 比，我这台是不是贵了`: theirs, of the order just told.
        if intent == "compare"
            && let Some(own) = self.mine(&ids[0])
        {
            ids.push(own);
            return ids;
        }
        // "Would it fit my phone?" is about the phone they bought, not about the laptop just compared.
        let own = self.owned().into_iter().find(|id| intent == "compatibility" && *id != ids[0]);
        if let Some(own) = own {
            ids.push(own);
            return ids;
        }
        // "Does the dock fit the Korvane one?" of two compared.
        let brands = || {
            self.scene.understood.entities.iter().filter_map(|entity| match &entity.what {
                Named::Brand { value } => Some(value.as_str()),
                _ => None,
            })
        };
        let of_brand = |id: &&&str| {
            self.scene.product(id).is_some_and(|product| brands().any(|brand| product.brand.as_deref() == Some(brand)))
        };
        // `我问的是膜能不能贴手机，不是电脑`: a thing of the kind that is said.
        let said = self.kinds_meant();
        let of_kind = |id: &&&str| {
            let path = self.scene.product(id).and_then(|product| product.category.clone()).unwrap_or_default();
            said.iter().any(|(kind, word)| kinds::is_of(&path, kind, word))
        };
        let of_kinds: Vec<&str> = others.iter().filter(of_kind).copied().collect();
        let others = if of_kinds.is_empty() { others } else { of_kinds };
        let branded: Vec<&str> = others.iter().filter(of_brand).copied().collect();
        let others = if branded.is_empty() { others } else { branded };
        let other = match intent {
            "compatibility" => self.goes_with(&ids[0], &others),
            // The sleeve of an order just told is nothing that a laptop is set against.
            _ => others.into_iter().find(|other| self.is_of_its_kind(&ids[0], other)),
        };
        ids.extend(other.map(str::to_owned));
        ids
    }

    /// Whether two products lie in one category, as far as both have one.
    pub(super) fn is_of_its_kind(&self, id: &str, other: &str) -> bool {
        let category = |id: &str| self.scene.product(id).and_then(|product| product.category.clone());
        category(id).zip(category(other)).is_none_or(|(own, other)| own == other)
    }

    /// Kinds that a message names, without those that it denies.
    fn kinds_meant(&self) -> Vec<(&str, &str)> {
        const NOT: &[&str] = &["不是", "不要", "not a", "not the", "not my"];
        let text = self.scene.message.text;
        let is_denied = |word: &str| {
            let before = text.find(word).and_then(|at| text.get(..at)).unwrap_or_default().trim_end().to_lowercase();
            NOT.iter().any(|not| before.ends_with(not))
        };
        self.scene.kinds().filter(|(_, word)| !word.is_empty() && !is_denied(word)).collect()
    }

    /// Whether two products are of one series: a word of letters in both names that is neither maker nor kind.
    fn is_of_series(&self, id: &str, other: &str) -> bool {
        const LETTERS_MIN: usize = 4;
        let words = |id: &str| -> Vec<String> {
            let Some(product) = self.scene.product(id) else { return Vec::new() };
            let beside = attributes::fold(&format!(
                "{} {}",
                product.brand.as_deref().unwrap_or_default(),
                product.category.as_deref().unwrap_or_default()
            ));
            let name = attributes::fold(&product.name);
            let words = name.split(|character: char| !character.is_ascii_alphabetic());
            words.filter(|word| word.len() >= LETTERS_MIN && !beside.contains(word)).map(str::to_owned).collect()
        };
        let own = words(other);
        words(id).iter().any(|word| own.contains(word))
    }

    /// The first of others that can be asked to go with a product: an accessory with what takes some, and nothing with its like.
    /// "And the other sleeve?" is about the laptop that the first sleeve was asked for, never about that sleeve.
    pub(super) fn goes_with<'o>(&self, id: &str, others: &[&'o str]) -> Option<&'o str> {
        let catalogue = self.scene.world.catalogue;
        let category = |id: &str| self.scene.product(id).and_then(|product| product.category.clone());
        let takes = |id: &str| !catalogue.accessories(id, 1).is_empty();
        let own = (category(id), catalogue.is_accessory(id));
        let goes = |other: &str| match (own.1, catalogue.is_accessory(other)) {
            (true, true) => takes(id) || takes(other),
            (is_own, is_other) => is_own != is_other,
        };
        let unlike = |other: &str| own.0.is_none() || category(other) != own.0;
        let found = others.iter().copied().find(|other| unlike(other) && goes(other));
        // Of what is no accessory no row will be found, whatever it is asked with.
        found.or_else(|| others.first().copied().filter(|other| !own.1 && !catalogue.is_accessory(other)))
    }

    pub(super) fn for_products(&mut self, intent: &str, ids: &[String], question: &str) -> Answer {
        let things = self.things(ids);
        let versions = self.versions(intent, &things);
        let intent = if versions.is_some() { "compare" } else { intent };
        self.for_things(intent, versions.unwrap_or(things), question)
    }

    /// The same for things of which it is known whether they stand for all their versions.
    fn for_things(&mut self, intent: &str, things: Vec<Thing>, question: &str) -> Answer {
        let products: Vec<std::sync::Arc<domain::Product>> = things.iter().map(|thing| thing.whole.clone()).collect();
        let Some(first) = products.first() else { return self.nothing_meant(intent) };
        let scene = crate::act::Scene { question, ..self.scene };
        self.mark(&things);
        products.iter().rev().for_each(|product| self.dialogue.mention(&product.product_id));
        self.dialogue.wonder(clipped(&to_be_taken_up(&scene)));
        if let Some(answer) = self.about_colour(&scene, intent, &things) {
            return answer;
        }
        let is_beside = intent == "accessories"
            && other_kind(&scene, first).is_none()
            && Asks::of(&scene, [&**first]).are_beside(intent);
        let intent = if is_beside { "product_fact" } else { intent };
        let intent = self.of_fields(&scene, intent, &things);
        let asks_price = intent == "price" && products.len() == 1;
        let beside = asks_price.then(|| beside_price(&scene, first)).flatten();
        if let Some(answer) =
            fields_of_versions(&scene, intent, &things).or_else(|| each_version(&scene, intent, &things))
        {
            return answer;
        }
        let mut answer = match intent {
            "price" if is_elsewhere(question) => self.not_known(first),
            "price" if beside.is_some() => beside.unwrap_or_default(),
            "price" => groups::price(&scene, &things),
            "stock" => groups::stock(&scene, &things),
            "compatibility" if products.len() < 2 && self.asks_which(first) => return self.accessories(&scene, first),
            // What is no accessory is asked what it can do, not what it is for: `支持卫星通话吗`.
            "compatibility" if products.len() < 2 && self.is_no_accessory(first) => self.fact(&scene, first),
            "compare" | "compatibility" if products.len() < 2 => return self.ask_other(intent, first),
            "compare" => {
                let wanted = facts::asked(&scene, Some(first));
                compare::compare(&scene, &things, &wanted)
            }
            "compatibility" => fits::compatibility(&scene, &products[0], &products[1]),
            "accessories" => return self.accessories(&scene, first),
            "opinions" => opinions::opinions(&scene, first),
            "successor" => facts::successor(&scene, first),
            "warranty" | "return_policy" => policies::policy(&scene, intent, Some(first)),
            "fields" => self.fields(&scene, first),
            "how_to" | "trouble" => return self.support_for(&scene, &products),
            "recommend" => return self.alike(&scene, first),
            _ if products.len() == 1 => self.fact(&scene, first),
            _ => compare::compare(&scene, &things, &facts::asked(&scene, Some(first))),
        };
        if let [thing] = things.as_slice()
            && matches!(intent, "product_fact" | "warranty")
        {
            let wanted = facts::asked(&scene, Some(first));
            self.told_for_all(&scene, thing, &wanted, &mut answer);
        }
        let is_out = scene.message.customer_id.is_some()
            && matches!(intent, "stock" | "price" | "product_fact")
            && products.len() == 1
            && crate::act::in_stock(first, scene.world.today) == Some(false)
            && first.retired_on.is_none_or(|day| day > scene.world.today);
        // To somebody unknown nothing can be sent later.
        if is_out && let Some(form) = self.book.form(crate::forms::STOCK_ALERT) {
            answer.suggest(form.title(self.lang()));
        }
        // `那前面那个呢` after one of two compared was asked for its fit counts those two.
        if products.len() > 1 && (intent != "compatibility" || self.dialogue.listed.len() < 2) {
            self.dialogue.listed = products.iter().map(|product| product.product_id.clone()).collect();
        }
        answer
    }

    /// The intent of a question about several fields at once: `多少钱，有货吗，保修多久`, `how much storage and RAM does it have`.
    fn of_fields<'i>(&self, scene: &crate::act::Scene, intent: &'i str, things: &[Thing]) -> &'i str {
        let [thing] = things else { return intent };
        if thing.is_group() || !matches!(intent, "price" | "stock" | "warranty" | "product_fact") {
            return intent;
        }
        let asked = fields_asked(scene, &thing.whole);
        let has = |name: &str| asked.iter().any(|own| own == name);
        let of_table = ["price", "stock", "warranty"].into_iter().filter(|name| has(name)).count();
        match asked.len() {
            0 => intent,
            // "How much memory" asks for no price.
            1 if intent == "price" && !has("price") => "product_fact",
            1 => intent,
            _ if of_table == 0 => {
                if intent == "price" {
                    "product_fact"
                } else {
                    intent
                }
            }
            _ => "fields",
        }
    }

    /// Several fields of a product, each told or said not to be known; the warranty by the shop's rules where no field has it.
    fn fields(&self, scene: &crate::act::Scene, product: &domain::Product) -> Answer {
        let mut wanted = fields_asked(scene, product);
        let by_rule =
            wanted.iter().any(|name| name == "warranty") && attributes::specs_for(product, "warranty").is_empty();
        if by_rule {
            wanted.retain(|name| name != "warranty");
        }
        let mut answer = facts::product_fact(scene, product, &wanted);
        if by_rule {
            answer.append(policies::warranty_alone(scene, product));
        }
        answer
    }

    /// A field of a product; what no field says, from its documents.
    pub(super) fn fact(&self, scene: &crate::act::Scene, product: &domain::Product) -> Answer {
        let wanted = facts::asked(scene, Some(product));
        let is_elsewhere =
            facts::asks_maker_of_part(scene, product, &wanted) || wanted.is_empty() && facts::asks_particular(scene);
        if is_elsewhere { facts::whether(scene, product) } else { facts::fact_or_unknown(scene, product, &wanted) }
    }

    /// Whether the shop has no row of what this fits.
    fn is_no_accessory(&self, product: &domain::Product) -> bool {
        !self.scene.world.catalogue.is_accessory(&product.product_id)
    }

    fn accessories(&mut self, scene: &crate::act::Scene, device: &domain::Product) -> Answer {
        // `那它的钢化膜呢` after a list of cases: what they were listed for is meant, not the first of them.
        let takes = |id: &String| !scene.world.catalogue.accessories(id, 1).is_empty();
        let is_named = matches!(referents::explicit(scene, self.dialogue), Meant::These(_))
            && scene.understood.entities.iter().any(|entity| matches!(entity.what, Named::Product { .. }));
        let other = match is_named || takes(&device.product_id) {
            true => None,
            false => self.dialogue.products.iter().find(|id| takes(id)).and_then(|id| scene.product(id)),
        };
        let device = other.as_deref().unwrap_or(device);
        let short = short_kind(scene, device);
        let kind = other_kind(scene, device).or(short.as_ref().map(|(path, word)| (path.as_str(), *word)));
        let (answer, ids) = fits::accessories(scene, device, kind);
        self.list(ids);
        answer
    }

    /// "哪些墨盒能用", "which cases fit": what fits is asked, not whether one thing does.
    fn asks_which(&self, device: &domain::Product) -> bool {
        let text = attributes::fold(self.scene.message.text);
        let asks = ["哪", "什么", "which ", "what "].iter().any(|word| text.contains(word));
        asks && !self.scene.world.catalogue.accessories(&device.product_id, 1).is_empty()
    }

    /// Prices of other days and other shops stand in no table.
    fn not_known(&self, product: &domain::Product) -> Answer {
        let mut answer = Answer::unknown(say::talk::no_answer(self.lang()));
        answer.cite(crate::act::field(product, "name", product.name.as_str()));
        answer.step("products", "the price of another day or shop");
        answer
    }

    fn alike(&mut self, scene: &crate::act::Scene, like: &domain::Product) -> Answer {
        let (answer, ids) = find::recommend(scene, Some(&like.product_id));
        self.list(ids);
        answer
    }

    fn recommend(&mut self) -> Answer {
        let like = match referents::explicit(&self.scene, self.dialogue) {
            Meant::These(ids) => ids.into_iter().next(),
            _ => None,
        };
        let wishes = self
            .scene
            .understood
            .entities
            .iter()
            .any(|entity| matches!(entity.what, Named::Spec { .. } | Named::Brand { .. }));
        // The recommender knows neither brands nor values: a search does.
        if wishes && like.is_none() {
            return self.listing(find::find);
        }
        let (answer, ids) = find::recommend(&self.scene, like.as_deref());
        if ids.is_empty() && !self.scene.understood.entities.is_empty() {
            return self.listing(find::find);
        }
        if !ids.is_empty() {
            self.dialogue.wish(clipped(self.scene.message.text));
        }
        self.list(ids);
        answer
    }

    /// Products found for what is said; where who made them or when they come is asked, that nothing tells it.
    fn listing(&mut self, find: impl Fn(&crate::act::Scene) -> (Answer, Vec<String>)) -> Answer {
        if asks_no_list(self.scene.message.text) {
            self.step("products", "no list answers it");
            return self.missed();
        }
        let (answer, ids) = find(&self.scene);
        self.dialogue.wonder(clipped(self.scene.message.text));
        if !ids.is_empty() {
            self.dialogue.wish(clipped(self.scene.message.text));
        }
        self.list(ids);
        answer
    }

    /// Products were listed: "the second one" counts them.
    pub(super) fn list(&mut self, ids: Vec<String>) {
        if let Some(first) = ids.first() {
            self.dialogue.mention(first);
            self.dialogue.listed = ids;
            self.dialogue.listed.truncate(crate::state::LISTED_MAX);
        }
    }

    /// Which one is meant does not matter where the shop's data tell it of none of them.
    fn none_can_tell(&mut self, intent: &str, candidates: &[String]) -> Option<Answer> {
        let question = self.question();
        let scene = crate::act::Scene { question: &question, ..self.scene };
        let products = scene.products(candidates);
        let mut answers = products.iter().map(|product| self.not_in_data(&scene, intent, product));
        let first = answers.next()??;
        answers.all(|answer| answer.is_some()).then_some(first)
    }

    /// What is said where the shop's data do not tell what is asked of a product; nothing if they do.
    fn not_in_data(
        &self,
        scene: &crate::act::Scene,
        intent: &str,
        product: &std::sync::Arc<domain::Product>,
    ) -> Option<Answer> {
        let is_elsewhere = intent == "price" && is_elsewhere(scene.question);
        let answer = match intent {
            "price" if is_elsewhere => self.not_known(product),
            "price" => return facts::beside(scene, product, &["price".to_owned()]),
            "stock" => facts::stock(scene, std::slice::from_ref(product)),
            "opinions" => opinions::opinions(scene, product),
            "product_fact" => {
                let wanted = facts::asked(scene, Some(product));
                facts::fact_or_unknown(scene, product, &wanted)
            }
            _ => return None,
        };
        (answer.outcome == Outcome::Unknown).then_some(answer)
    }

    /// Asks which product, with those it may be.
    pub(super) fn which(&mut self, intent: &str, mut candidates: Vec<String>) -> Answer {
        candidates.truncate(N_CANDIDATES);
        if let Some(answer) = self.none_can_tell(intent, &candidates) {
            return answer;
        }
        // "When does Contoso launch its next notebook?" points to nothing that was spoken of.
        let names_some =
            |entity: &crate::understand::Entity| matches!(entity.what, Named::Category { .. } | Named::Brand { .. });
        let is_foreign = candidates.is_empty() && self.dialogue.products.is_empty();
        if is_foreign && asks_no_list(self.scene.message.text) && self.scene.understood.entities.iter().any(names_some)
        {
            return self.missed();
        }
        // Of nothing that was spoken of, and not what is asked of products: "does it often snow in winter".
        let scene = &self.scene;
        let is_foreign = candidates.is_empty() && intent == "product_fact" && self.dialogue.products.is_empty();
        let beyond = facts::asked(scene, None).is_empty() && Asks::beyond_search(scene).say_much();
        if is_foreign && beyond && coverage::is_question(scene.message.text) {
            return self.missed();
        }
        let products = find::available_first(&self.scene, self.scene.products(&candidates), |product| product);
        // "The second one" counts what is shown.
        if products.len() == candidates.len() {
            candidates = products.iter().map(|product| product.product_id.clone()).collect();
        }
        let question = self.question();
        let text = if products.is_empty() {
            say::products::which_no_list(self.lang())
        } else {
            say::products::which(self.lang())
        };
        let asked = Asked::WhichProduct { intent: intent.to_owned(), candidates: candidates.clone(), question };
        let mut answer = Answer::ask(text, "which_product", asked);
        if !products.is_empty() {
            find::lines(
                &self.scene,
                &products.iter().map(|product| (product.clone(), None)).collect::<Vec<_>>(),
                &mut answer,
            );
            products.iter().take(4).for_each(|product| answer.suggest(say::format::name(product)));
            self.dialogue.listed = candidates;
            // None of their variants was named: whichever is chosen stands for all of its own.
            for product in &products {
                let is_alone = self.is_named_alone(&product.product_id);
                self.dialogue.mark_group(&product.product_id, !is_alone);
            }
        }
        answer.step("products", format!("which of {}", products.len()));
        answer
    }

    pub(super) fn ask_other(&mut self, intent: &str, first: &domain::Product) -> Answer {
        let text = match intent {
            "compare" => say::products::which_other(self.lang()).to_owned(),
            _ => say::products::which_device(self.lang(), &say::format::name(first)),
        };
        let asked = Asked::WhichProduct {
            intent: intent.to_owned(),
            candidates: Vec::new(),
            question: self.scene.message.text.to_owned(),
        };
        let mut answer = Answer::ask(text, "which_product", asked);
        answer.cite(crate::act::field(first, "name", first.name.as_str()));
        answer
    }

    /// A product is wanted and none is meant: documents and a search may still answer, else it is asked for.
    fn nothing_meant(&mut self, intent: &str) -> Answer {
        if intent == "compare" && self.dialogue.listed.len() >= 2 {
            let n = first_n(self.scene.message.text).unwrap_or(compare::N_MAX).min(self.dialogue.listed.len());
            let ids = self.dialogue.listed[..n.min(compare::N_MAX)].to_vec();
            return self.for_products(intent, &ids, self.scene.message.text);
        }
        let wishes = self
            .scene
            .understood
            .entities
            .iter()
            .any(|entity| matches!(entity.what, Named::Category { .. } | Named::Brand { .. }));
        if wishes && matches!(intent, "price" | "stock" | "opinions" | "accessories") {
            return self.listing(find::find);
        }
        // `多少钱` with nothing talked of: no document knows what is meant.
        if intent == "price" && Asks::of(&self.scene, None).are_only("price") {
            return self.which(intent, Vec::new());
        }
        // "When will the next Fabrikam laptop come out?" is about none that there is.
        if wishes && asks_no_list(self.scene.message.text) {
            return self.missed();
        }
        // `雷电4接口的移动硬盘有吗`: one is looked for, and the sheet of some other one is no answer.
        let has_kind = self.scene.kinds().next().is_some();
        if has_kind && intent == "product_fact" && asks_whether_there_is(self.scene.message.text) {
            return self.listing(find::find);
        }
        if let Some(answer) = documents::search(&self.scene, self.scene.question, &[], documents::Cut::Answer) {
            return answer;
        }
        // Much is said, of no product that the shop has: which one it is would not help.
        let scene = &self.scene;
        let is_first = self.dialogue.products.is_empty();
        let is_doubtful = scene.understood.references.is_empty() || scene.understood.confidence < SURE || is_first;
        let beyond = facts::asked(scene, None).is_empty() && Asks::beyond_search(scene).say_much();
        if is_doubtful && beyond && coverage::is_question(scene.message.text) {
            return self.missed();
        }
        self.which(intent, Vec::new())
    }

    /// A name that no product of the shop has. One that a search finds in names or brands is no stranger, whatever was understood.
    pub(super) fn not_sold(&mut self, name: &str) -> Answer {
        let folded = attributes::fold(name);
        let found = self.scene.world.catalogue.search(name, N_CANDIDATES).unwrap_or_default();
        let has = |text: &str| attributes::fold(text).contains(&folded);
        let is_known = found.iter().any(|one| has(&one.product.name) || one.product.brand.as_deref().is_some_and(has));
        if is_known && !folded.trim().is_empty() {
            self.step("products", "a name that the shop does have");
            return Answer::unknown(say::talk::no_answer(self.lang()));
        }
        let name = say::format::plain(name);
        self.step("products", "a name that the shop does not have");
        Answer::unknown(say::talk::not_sold(self.lang(), &name))
    }
}

/// Several fields of all versions of one thing: `有货没，保修多久`. Each is told as if it were asked for alone.
fn fields_of_versions(scene: &crate::act::Scene, intent: &str, things: &[Thing]) -> Option<Answer> {
    let [thing] = things else { return None };
    if !thing.is_group() || !matches!(intent, "price" | "stock" | "warranty" | "product_fact") {
        return None;
    }
    let asked = fields_asked(scene, &thing.whole);
    let has = |name: &str| asked.iter().any(|own| own == name);
    if asked.len() < 2 || !["price", "stock", "warranty"].into_iter().any(has) {
        return None;
    }
    let mut answer = Answer { rewordable: false, ..Answer::default() };
    for name in &asked {
        let one = match name.as_str() {
            "price" => groups::price(scene, things),
            "stock" => groups::stock(scene, things),
            other => groups::each(scene, thing, other)
                .unwrap_or_else(|| facts::product_fact(scene, &thing.whole, std::slice::from_ref(name))),
        };
        answer.append(one);
    }
    // The same cards once.
    let mut is_shown = false;
    answer.blocks.retain(|block| !matches!(block, Block::Products { .. }) || !std::mem::replace(&mut is_shown, true));
    Some(answer)
}

/// What each version of the one thing that is meant has of the one attribute that is asked for, where they differ in it.
pub(super) fn each_version(scene: &crate::act::Scene, intent: &str, things: &[Thing]) -> Option<Answer> {
    let [thing] = things else { return None };
    let wanted = match intent {
        "warranty" if coverage::circumstances(scene.question).is_empty() => vec!["warranty".to_owned()],
        "product_fact" => facts::asked(scene, Some(&thing.whole)),
        _ => return None,
    };
    let [name] = wanted.as_slice() else { return None };
    let of_table = matches!(name.as_str(), "price" | "stock" | "brand" | "category" | "launched" | "color");
    let explains = || intent == "warranty" || Asks::of(scene, [&*thing.whole]).are_about(&wanted, &thing.whole);
    if of_table || !explains() { None } else { groups::each(scene, thing, name) }
}

/// A question as another product may take it up: "and the Orla 4?" asks of that one what was asked, and not of the first by its name.
fn to_be_taken_up(scene: &crate::act::Scene) -> String {
    let asked = coverage::without_products(scene);
    if asked.chars().any(char::is_alphanumeric) { asked } else { scene.question.to_owned() }
}

/// Fields that a question is about. Of "how long is the warranty", no length is asked for: what the others explain is left out.
pub(super) fn fields_asked(scene: &crate::act::Scene, product: &domain::Product) -> Vec<String> {
    let asked = facts::asked(scene, Some(product));
    let is_known = |name: &String| name == "warranty" || facts::has(product, name);
    let known: Vec<String> = asked.iter().filter(|name| is_known(name)).cloned().collect();
    let explains = !known.is_empty() && Asks::of(scene, [product]).are_all_about(&known, product);
    if explains { known } else { asked }
}

/// A kind of accessory by the one character that its name ends in, where the device takes some of it: `有什么壳`.
fn short_kind(scene: &crate::act::Scene, device: &domain::Product) -> Option<(String, &'static str)> {
    const SHORT: &[&str] = &["壳", "膜", "套", "线", "带", "包"];
    let text = scene.message.text;
    let said = SHORT.iter().find(|word| {
        text.contains(&format!("什么{word}"))
            || text.contains(&format!("哪些{word}"))
            || text.contains(&format!("有{word}"))
    })?;
    let all = scene.world.catalogue.accessories(&device.product_id, SHORT_KIND_MAX);
    let path = all.iter().filter_map(|product| product.category.as_deref()).find(|path| path.ends_with(said))?;
    Some((path.to_owned(), said))
}

/// A kind named beside the device's own, with its words: in `手表配什么表带`, the strap's.
fn other_kind<'s>(scene: &'s crate::act::Scene, device: &domain::Product) -> Option<(&'s str, &'s str)> {
    let own = device.category.as_deref().unwrap_or_default();
    scene.kinds().find(|(path, _)| !fits::in_category(own, path))
}

/// The products that a name may mean.
fn candidates(entity: &crate::understand::Entity) -> Option<&Vec<String>> {
    match &entity.what {
        Named::Product { candidates, .. } if !candidates.is_empty() => Some(candidates),
        _ => None,
    }
}

/// What is said to a question that only sounds like one about the price; nothing if it is one.
fn beside_price(scene: &crate::act::Scene, product: &domain::Product) -> Option<Answer> {
    facts::beside(scene, product, &["price".to_owned()])
}
