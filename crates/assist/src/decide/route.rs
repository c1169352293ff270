//! From intent to act: curated answers first, then what answers the intent, then documents, then products, then a question.

use super::Turning;
use super::referents::{self, Meant, MeantOrder};
use crate::act::coverage::{self, Asks};
use crate::act::groups::Thing;
use crate::act::{
    Answer, Outcome, attributes, compare, documents, facts, find, fits, groups, opinions, orders, places, policies,
    talk,
};
use crate::hand_over::Reason;
use crate::memory;
use crate::say;
use crate::state::Asked;
use crate::turn::{Action, Lang};
use crate::understand::intents::Family;
use crate::understand::{Intent, Named, Reference};
use crate::world::Fitness;

/// An intent surer than this stands, however short the message.
const SURE: f32 = 0.75;
/// Candidates named in a question back.
const N_CANDIDATES: usize = 5;

impl Turning<'_, '_> {
    /// Answers by intent.
    pub(super) fn route(&mut self) -> Answer {
        let remembered = memory::product_meant(&self.scene, self.dialogue);
        let is_earlier = |one: &Reference| matches!(one, Reference::Earlier { is_sure: true });
        if self.scene.understood.references.iter().any(is_earlier) && remembered.is_none() && self.is_about_products() {
            return self.not_remembered();
        }
        if self.dialogue.forms.is_empty() && gives_up(self.scene.message.text) {
            self.step("understand", "nothing is wanted any more");
            return Answer::of(say::talk::went_on(self.lang()));
        }
        if let Some(answer) = self.wished() {
            return answer;
        }
        let intent = self.intent();
        let mut answer = match self.for_order(intent.as_deref()).map(str::to_owned).or(intent) {
            Some(intent) if intent == "shipping_policy" => {
                let answer = self.run(&intent);
                self.for_place(answer)
            }
            Some(intent) => self.run(&intent),
            None => {
                let answer = self.without_intent();
                self.for_place(answer)
            }
        };
        let used = remembered.filter(|fact| self.dialogue.products.contains(&fact.value));
        if let Some((fact, product)) = used.and_then(|fact| Some((fact, self.scene.product(&fact.value)?))) {
            let day = self.scene.day_of(fact.at).to_string();
            answer.begin_with(&say::memory::product(self.lang(), &say::format::name(&product), &day));
            answer.cite(memory::evidence(&self.scene, fact));
            answer.cite(crate::act::field(&product, "name", product.name.as_str()));
            answer.step("memory", format!("{} of {}", fact.value, fact.conversation_id));
        }
        self.or_written(answer)
    }

    /// Neither an order nor the shop's ways are asked about: those are looked up whatever was said before.
    fn is_about_products(&self) -> bool {
        let understood = &self.scene.understood;
        let of_order = understood.references.iter().any(|one| matches!(one, Reference::Order { .. }));
        let family = understood.intent.as_deref().and_then(Intent::named).map(|intent| intent.family);
        !of_order
            && understood.order_number().is_none()
            && matches!(family, None | Some(Family::Product | Family::Support))
    }

    /// An earlier conversation is meant, and nothing is known of it.
    fn not_remembered(&mut self) -> Answer {
        self.step("memory", "nothing known");
        let is_known = self.scene.message.customer_id.is_some();
        let text = if is_known { say::memory::nothing_known(self.lang()) } else { say::memory::only_here(self.lang()) };
        let intent = self
            .scene
            .understood
            .intent
            .clone()
            .filter(|intent| Intent::named(intent).is_some_and(|intent| intent.family == Family::Product));
        let asked = Asked::WhichProduct {
            intent: intent.unwrap_or_else(|| "product_fact".to_owned()),
            candidates: Vec::new(),
            question: clipped(self.scene.message.text),
        };
        Answer::ask(text, "which_product", asked)
    }

    /// Where nothing answers, what people of the shop wrote on a question that is near, if it explains this one.
    fn or_written(&mut self, answer: Answer) -> Answer {
        let failed = answer.trace.iter().any(|step| step.found.starts_with("failed"));
        let is_open = matches!(answer.outcome, Outcome::Unknown | Outcome::Missed)
            && matches!(answer.action, Action::None | Action::AskBack { .. });
        let no_order = self.scene.understood.order_number().is_none() && !self.scene.understood.is_injection;
        let names_product =
            matches!(referents::explicit(&self.scene, self.dialogue), Meant::These(_) | Meant::OneOf(_));
        if failed || !is_open || !no_order || names_product {
            return answer;
        }
        let near = documents::curated_near(&self.scene, None);
        near.unwrap_or(answer)
    }

    /// "What did I pay for it?", `这单多少钱`, and `大概哪天能到` after a parcel was told: the order is meant, whatever else it sounds
    /// like.
    fn for_order(&self, intent: Option<&str>) -> Option<&'static str> {
        const OWN: &[&str] = &[
            "我买",
            "我订",
            "我下的",
            "我拍的",
            "did i buy",
            "i bought",
            "did i order",
            "i ordered",
            "did i pay",
            "i paid",
        ];
        const PARCEL: &[&str] = &[
            "能到",
            "会到",
            "到了吗",
            "到了没",
            "到没",
            "到哪",
            "哪天",
            "几天",
            "多久",
            "什么时候",
            "啥时候",
            "签收",
            "送到",
            "收到",
            "快递",
            "单号",
            "物流",
            "发货",
            "几号",
            "arrive",
            "get here",
            "come",
            "deliver",
            "courier",
            "carrier",
            "tracking",
        ];
        let scene = &self.scene;
        scene.message.customer_id?;
        const OF_ORDER: &[&str] = &["in my order", "on my order", "我订单里", "订单里的", "order include"];
        let has_kind = scene.kinds().next().is_some();
        let may = match intent {
            None
            | Some(
                "price" | "product_fact" | "stock" | "shipping_policy" | "find_product" | "compare" | "payment"
                | "order_status",
            ) => true,
            Some("order_list") => has_kind,
            _ => false,
        };
        if !may || scene.understood.order_number().is_some() {
            return None;
        }
        let text = attributes::fold(scene.message.text);
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let points = scene.understood.references.iter().any(|one| matches!(one, Reference::Order { .. }));
        let asks = coverage::is_question(scene.message.text)
            || has(&["多少", "几", "什么", "哪", "吗", "did i", "what", "how"]);
        if asks && (points || has(OWN) || has(OF_ORDER)) {
            return Some("order_status");
        }
        // "Will my phone come today?"
        if intent.is_none() && has_kind && has(&["my ", "我的", "我那"]) && has(PARCEL) {
            return Some("delivery");
        }
        let last = self.dialogue.last_intent.as_deref().and_then(Intent::named).map(|last| last.family);
        let in_order = last == Some(Family::Orders) && self.dialogue.order_id.is_some();
        let is_short = text.chars().count() <= if scene.lang == Lang::Zh { 14 } else { 48 };
        let names = scene.understood.entities.iter().any(|entity| matches!(entity.what, Named::Product { .. }));
        (in_order && is_short && !names && has(PARCEL)).then_some("delivery")
    }

    /// The intent of the message; of one that only goes on, or puts right what was understood, the last one's.
    fn intent(&mut self) -> Option<String> {
        let own = self.scene.understood.intent.clone();
        let last = self.dialogue.last_intent.clone().filter(|_| self.puts_right());
        if let Some(last) = last {
            self.step("understand", format!("puts right what was meant by {last}"));
            return Some(last);
        }
        let goes_on = goes_on(self.scene.message.text);
        if own.is_some() && !(goes_on && self.scene.understood.confidence < SURE) {
            return own;
        }
        let taken_up = self.taken_up(goes_on);
        if let Some(intent) = &taken_up {
            self.step("understand", format!("goes on with {intent}"));
        }
        taken_up.or(own)
    }

    /// `不是这个，我说的是 Fenn 4 Pro`, "no, I mean the 16-inch one": another thing is meant, and the question stays. Only where there was one
    /// about products, and no attribute is asked for now.
    fn puts_right(&self) -> bool {
        let last = self.dialogue.last_intent.as_deref().and_then(Intent::named).map(|last| last.family);
        let points = self
            .scene
            .understood
            .references
            .iter()
            .any(|one| !matches!(one, Reference::It | Reference::Earlier { .. }));
        let names = self.scene.understood.entities.iter().any(|entity| matches!(entity.what, Named::Product { .. }));
        corrects(self.scene.message.text)
            && matches!(last, Some(Family::Product | Family::Support))
            && (points || names)
            && facts::asked(&self.scene, None).is_empty()
    }

    /// "And the battery?", "那第二个呢": what such a message asks.
    fn taken_up(&self, goes_on: bool) -> Option<String> {
        let last = self.dialogue.last_intent.clone();
        let last_family = last.as_deref().and_then(Intent::named).map(|intent| intent.family);
        let meant = referents::explicit(&self.scene, self.dialogue);
        let names_product = matches!(meant, Meant::These(_) | Meant::OneOf(_));
        let asked = facts::asked(&self.scene, None);
        if let Some(first) = asked.first() {
            let can_mean =
                names_product || !self.dialogue.products.is_empty() || self.scene.message.page_product_id.is_some();
            let keeps_comparing = last.as_deref() == Some("compare") && !names_product;
            return match first.as_str() {
                _ if !can_mean => None,
                _ if keeps_comparing => last,
                "price" => Some("price".to_owned()),
                "stock" => Some("stock".to_owned()),
                "warranty" => Some("warranty".to_owned()),
                _ => Some("product_fact".to_owned()),
            };
        }
        let keeps = matches!(last_family, Some(Family::Product | Family::Orders | Family::Support));
        let points = !self.scene.understood.references.is_empty() || self.scene.understood.order_number().is_some();
        if keeps && (goes_on || points) {
            return last;
        }
        names_product.then(|| "product_fact".to_owned())
    }

    /// Runs an intent on the message.
    pub(super) fn run(&mut self, intent: &str) -> Answer {
        // "What will it be worth second hand in three years?" offers nothing now.
        let intent = if intent == "trade_in" && is_later(self.scene.message.text) { "price" } else { intent };
        let family = Intent::named(intent).map(|intent| intent.family);
        if !matches!(family, Some(Family::Talk | Family::Person)) {
            self.dialogue.last_intent = Some(intent.to_owned());
        }
        let curated_first = !matches!(family, Some(Family::Orders | Family::Form | Family::Person | Family::Talk));
        if let Some(answer) = self.how_to(intent, family) {
            return answer;
        }
        // "And its price?" is about the product talked of, whatever general question it is near.
        let text = attributes::fold(self.scene.message.text);
        let is_short = text.chars().count() <= if self.scene.lang == Lang::Zh { 8 } else { 28 };
        let of_fields = matches!(intent, "price" | "stock" | "product_fact") && is_short;
        let about_known = (goes_on(self.scene.message.text) || of_fields) && !self.dialogue.products.is_empty();
        if curated_first
            && !about_known
            && let Some(answer) = documents::curated(&self.scene)
        {
            return answer;
        }
        if let Some(answer) = self.ways_first(intent, family) {
            return answer;
        }
        // "Where does your boss live?" sounds like small talk and is a question that the shop does not answer.
        if family == Some(Family::Talk)
            && coverage::is_question(self.scene.message.text)
            && Asks::of(&self.scene, None).are_beside(intent)
        {
            return self.missed();
        }
        match family {
            Some(Family::Talk) => talk::talk(&self.scene, intent, self.dialogue.n_turns),
            Some(Family::Person) => self.hand_over(Reason::Asked),
            Some(Family::Orders) if self.asks_carriers(intent) => self.policy("shipping_policy"),
            Some(Family::Orders) => self.orders(intent),
            Some(Family::Form) => self.open_form(intent),
            Some(Family::Policy) => self.policy(intent),
            Some(Family::Support) => self.support(intent),
            Some(Family::Product) => self.product(intent),
            // A form of the shop's own has a name that no intent has.
            None if self.book.form(intent).is_some() => self.open_form(intent),
            None => self.without_intent(),
        }
    }

    /// "Do I pay postage for 60 yuan?" asks for a rule of the shop and not for products that cost 60 yuan; "when do I get my
    /// money back?" of somebody who is not signed in is answered by the rule, before signing in is asked for.
    fn ways_first(&mut self, intent: &str, family: Option<Family>) -> Option<Answer> {
        let scene = self.scene;
        let signed_in = scene.message.customer_id.is_some() || scene.understood.order_number().is_some();
        let is_question = coverage::is_question(scene.message.text);
        match family {
            Some(Family::Product) => {
                let no_product =
                    !matches!(referents::explicit(&scene, self.dialogue), Meant::These(_) | Meant::OneOf(_));
                let asks_ways = no_product && Asks::beyond_search(&scene).asks_ways();
                if asks_ways { documents::written(&scene, None) } else { None }
            }
            Some(Family::Orders | Family::Form) if is_question && !signed_in => {
                let mut answer = documents::curated_near(&scene, None)?;
                answer.line(say::orders::sign_in_for_own(self.lang()));
                answer.action = Action::AskBack { what: "sign_in".to_owned() };
                answer.asked = Some(Asked::SignIn { intent: intent.to_owned() });
                Some(answer)
            }
            _ => None,
        }
    }

    /// "Which courier do you use?": how the shop sends is asked, not where a parcel is.
    fn asks_carriers(&self, intent: &str) -> bool {
        let text = attributes::fold(self.scene.message.text);
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let general =
            ["一般", "通常", "默认", "你们", "最快", "最好", "do you", "usually", "fastest", "best", "normally"];
        let carrier = [
            "哪家快递",
            "什么快递",
            "哪个快递",
            "which courier",
            "what courier",
            "which carrier",
            "what carrier",
            "who delivers",
        ];
        let own = ["我的", "我买", "这单", "my ", "订单", "order"];
        intent == "delivery"
            && self.scene.understood.order_number().is_none()
            && has(&general)
            && has(&carrier)
            && !has(&own)
    }

    /// "怎么退货", "how do I cancel an order?": the way is asked, not the thing itself, so nobody has to sign in to hear it.
    fn how_to(&self, intent: &str, family: Option<Family>) -> Option<Answer> {
        let text = attributes::fold(self.scene.message.text);
        // `没有发票怎么办` asks what then, not how.
        let asks_way =
            ["怎么", "如何", "怎样", "how do ", "how can ", "how to "].iter().any(|word| text.contains(word))
                && !text.contains("怎么办");
        // A short question about returns is near every curated answer about them: the document has the steps.
        if asks_way && matches!(intent, "return_policy" | "return_request") {
            let mut answer = self.way_to_return()?;
            answer.suggest(say::talk::ask_return(self.lang()));
            return Some(answer);
        }
        let asks = match family {
            Some(Family::Form) => {
                let asks_length =
                    ["how long", "how much", "多久", "多少钱", "几天"].iter().any(|word| text.contains(word));
                asks_way || asks_length || text.ends_with(['吗', '?', '？'])
            }
            Some(Family::Orders) => text.contains("多久") || text.contains("how long"),
            _ => false,
        };
        let signed_in = self.scene.message.customer_id.is_some();
        let general = asks && !signed_in && self.scene.understood.order_number().is_none();
        if !general {
            return None;
        }
        let near = || documents::written(&self.scene, None).filter(|_| asks_way || family == Some(Family::Orders));
        documents::curated(&self.scene).or_else(near)
    }

    /// What documents say to how a return is asked for: in full, for "怎么退货" shares its words with every mention of returns.
    fn way_to_return(&self) -> Option<Answer> {
        let in_full = self.lang().choose("如何申请退货", "How can I ask for a return?");
        documents::search(&self.scene, in_full, &[], documents::Cut::Steps)
    }

    /// Runs an intent for products that are known, with the question that was waiting for them.
    pub(super) fn run_for(&mut self, intent: &str, ids: &[String], question: &str) -> Answer {
        self.dialogue.last_intent = Some(intent.to_owned());
        let question =
            if question.trim().is_empty() { self.scene.message.text.to_owned() } else { question.to_owned() };
        self.for_products(intent, ids, &question)
    }

    fn product(&mut self, intent: &str) -> Answer {
        let question = self.question();
        let intent = self.narrowed(self.of_two(intent));
        if let Some(answer) = self.kind_that_fits(intent, &question).or_else(|| self.names_that_fit(intent)) {
            return answer;
        }
        match intent {
            "find_product" => return self.listing(find::find),
            "recommend" => return self.recommend(),
            _ => {}
        }
        match referents::products(&self.scene, self.dialogue) {
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
    fn kind_that_fits(&mut self, intent: &str, question: &str) -> Option<Answer> {
        let asks = matches!(intent, "compatibility" | "accessories" | "recommend" | "find_product" | "stock" | "price");
        let named: Vec<&Vec<String>> = self.scene.understood.entities.iter().filter_map(candidates).collect();
        let points =
            !self.scene.understood.references.is_empty() && matches!(intent, "compatibility" | "accessories" | "stock");
        let devices = match (named.as_slice(), referents::products(&self.scene, self.dialogue)) {
            ([ids], _) => self.scene.products(ids),
            ([], Meant::These(ids)) if points && ids.len() == 1 => self.scene.products(&ids),
            _ => return None,
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

    /// "Does the Orla 5 case fit the Orla 5?" where several cases go by the name, and all fit or none does.
    fn names_that_fit(&mut self, intent: &str) -> Option<Answer> {
        let named: Vec<&Vec<String>> = self.scene.understood.entities.iter().filter_map(candidates).collect();
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
    fn of_two<'i>(&self, intent: &'i str) -> &'i str {
        let text = attributes::fold(self.scene.message.text);
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
        ];
        let named: Vec<&Vec<String>> = self.scene.understood.entities.iter().filter_map(candidates).collect();
        let [some, others] = named.as_slice() else { return intent };
        if AGAINST.iter().any(|word| text.contains(word)) || matches!(intent, "compatibility" | "trade_in") {
            return intent;
        }
        let fits = |a: &str, b: &str| self.scene.world.catalogue.fits(a, b) != Fitness::Unknown;
        let goes = |a: &str, b: &str| fits(a, b) != fits(b, a);
        let is_pair = some.iter().any(|a| others.iter().any(|b| goes(a, b)));
        if is_pair { "compatibility" } else { intent }
    }

    /// "And the battery of the second one?" after a comparison asks about that one alone.
    fn narrowed<'i>(&self, intent: &'i str) -> &'i str {
        let goes_on = goes_on(self.scene.message.text) && !facts::asked(&self.scene, None).is_empty();
        let only_one = matches!(referents::explicit(&self.scene, self.dialogue), Meant::These(ids) if ids.len() == 1);
        if intent == "compare" && goes_on && only_one { "product_fact" } else { intent }
    }

    /// The question to be answered: of a message that only goes on and names no attribute, the last one.
    fn question(&self) -> String {
        let own = self.scene.message.text;
        let asks = !facts::asked(&self.scene, None).is_empty();
        match &self.dialogue.last_question {
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
        let other = page.into_iter().chain(talked).find(|id| !ids.iter().any(|known| known == id)).map(str::to_owned);
        ids.extend(other);
        ids
    }

    fn for_products(&mut self, intent: &str, ids: &[String], question: &str) -> Answer {
        let things = self.things(ids);
        let products: Vec<std::sync::Arc<domain::Product>> = things.iter().map(|thing| thing.whole.clone()).collect();
        let Some(first) = products.first() else { return self.nothing_meant(intent) };
        let scene = crate::act::Scene { question, ..self.scene };
        self.mark(&things);
        products.iter().rev().for_each(|product| self.dialogue.mention(&product.product_id));
        self.dialogue.last_question = Some(clipped(question));
        if let Some(answer) = self.about_colour(&scene, intent, &things) {
            return answer;
        }
        let is_beside = intent == "accessories" && Asks::of(&scene, [&**first]).are_beside(intent);
        let intent = if is_beside { "product_fact" } else { intent };
        let intent = self.of_fields(&scene, intent, &things);
        let asks_price = intent == "price" && products.len() == 1;
        let beside = asks_price.then(|| beside_price(&scene, first)).flatten();
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
                compare::compare(&scene, &products, &wanted)
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
            _ => compare::compare(&scene, &products, &facts::asked(&scene, Some(first))),
        };
        if let [thing] = things.as_slice()
            && matches!(intent, "product_fact" | "warranty")
        {
            let wanted = facts::asked(&scene, Some(first));
            self.told_for_all(&scene, thing, &wanted, &mut answer);
        }
        if products.len() > 1 {
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
    fn fact(&self, scene: &crate::act::Scene, product: &domain::Product) -> Answer {
        let wanted = facts::asked(scene, Some(product));
        let is_elsewhere =
            facts::asks_maker_of_part(scene, product, &wanted) || wanted.is_empty() && facts::asks_particular(scene);
        if is_elsewhere { facts::whether(scene, product) } else { facts::fact_or_unknown(scene, product, &wanted) }
    }

    /// Whether the shop has no row of what this fits.
    fn is_no_accessory(&self, product: &domain::Product) -> bool {
        self.scene.world.catalogue.fits(&product.product_id, &product.product_id) == Fitness::Unknown
    }

    fn accessories(&mut self, scene: &crate::act::Scene, device: &domain::Product) -> Answer {
        let (answer, ids) = fits::accessories(scene, device, other_kind(scene, device));
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
        self.list(ids);
        answer
    }

    fn listing(&mut self, find: impl Fn(&crate::act::Scene) -> (Answer, Vec<String>)) -> Answer {
        let (answer, ids) = find(&self.scene);
        self.dialogue.last_question = Some(clipped(self.scene.message.text));
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
    fn which(&mut self, intent: &str, mut candidates: Vec<String>) -> Answer {
        candidates.truncate(N_CANDIDATES);
        if let Some(answer) = self.none_can_tell(intent, &candidates) {
            return answer;
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

    fn ask_other(&mut self, intent: &str, first: &domain::Product) -> Answer {
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
    fn not_sold(&mut self, name: &str) -> Answer {
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

    fn orders(&mut self, intent: &str) -> Answer {
        let own = match orders::own(&self.scene, intent) {
            Ok(own) => own,
            Err(answer) => return *answer,
        };
        let meant = referents::order(&self.scene, self.dialogue, &own);
        if meant == MeantOrder::NotOwn {
            return orders::not_yours(&self.scene, &own);
        }
        if own.is_empty() {
            return orders::none(&self.scene);
        }
        if intent == "order_list" {
            self.dialogue.listed_orders =
                own.iter().take(orders::N_LISTED).map(|order| order.order_id.clone()).collect();
            return orders::list(&self.scene, &own);
        }
        match meant {
            MeantOrder::This(order) => {
                self.dialogue.order_id = Some(order.order_id.clone());
                order.lines.iter().take(1).for_each(|line| self.dialogue.mention(&line.product_id));
                match intent {
                    "refund_status" => orders::refund(&self.scene, order),
                    _ => orders::status(&self.scene, order, intent == "delivery"),
                }
            }
            _ => {
                self.dialogue.listed_orders =
                    own.iter().take(orders::N_LISTED).map(|order| order.order_id.clone()).collect();
                orders::which(&self.scene, &own, intent)
            }
        }
    }

    fn policy(&mut self, intent: &str) -> Answer {
        let product = match referents::explicit(&self.scene, self.dialogue) {
            Meant::These(ids) => ids.first().and_then(|id| self.scene.product(id)),
            _ if intent == "warranty" => match referents::products(&self.scene, self.dialogue) {
                Meant::These(ids) => ids.first().and_then(|id| self.scene.product(id)),
                _ => None,
            },
            _ => None,
        };
        if let Some(product) = &product {
            self.dialogue.mention(&product.product_id);
        }
        self.dialogue.last_question = Some(clipped(self.scene.message.text));
        policies::policy(&self.scene, intent, product.as_deref())
    }

    /// As an answer stands, unless it is asked whether something goes to a place of which it says nothing: "can you ship to Mars?".
    fn for_place(&self, answer: Answer) -> Answer {
        let Some(place) =
            places::asked_whether(self.scene.message.text).filter(|_| answer.outcome == Outcome::Answered)
        else {
            return answer;
        };
        if places::is_told(&place, &answer.evidence) {
            return answer;
        }
        let mut unknown = Answer::unknown(say::talk::no_answer(self.lang()));
        unknown.trace = answer.trace;
        unknown.step("documents", format!("nothing about {place}"));
        unknown
    }

    fn support(&mut self, intent: &str) -> Answer {
        let products = match referents::products(&self.scene, self.dialogue) {
            Meant::These(ids) => self.scene.products(&ids),
            Meant::OneOf(candidates) if !candidates.is_empty() => return self.which(intent, candidates),
            _ => Vec::new(),
        };
        products.iter().rev().for_each(|product| self.dialogue.mention(&product.product_id));
        self.dialogue.last_question = Some(clipped(self.scene.message.text));
        let scene = self.scene;
        let mut answer = self.support_for(&scene, &products);
        if intent == "trouble" && self.book.form("repair_booking").is_some() {
            answer.suggest(say::talk::ask_repair(self.lang()));
        }
        answer
    }

    fn support_for(&mut self, scene: &crate::act::Scene, products: &[std::sync::Arc<domain::Product>]) -> Answer {
        let ids: Vec<&str> = products.iter().map(|product| product.product_id.as_str()).collect();
        let found = documents::search(scene, scene.question, &ids, documents::Cut::Steps);
        // "Ondra 3 screen inches" sounds like trouble with it, and asks for a field.
        let field = || match products {
            [product] if !facts::asked(scene, Some(product)).is_empty() => {
                Some(self.fact(scene, product)).filter(|answer| answer.outcome == Outcome::Answered)
            }
            _ => None,
        };
        found.or_else(field).unwrap_or_else(|| {
            let mut answer = Answer::unknown(say::talk::no_answer(scene.lang));
            answer.step("documents", "nothing about it");
            answer
        })
    }

    /// No intent is sure: curated answers, documents, products, then the question to say it otherwise.
    fn without_intent(&mut self) -> Answer {
        if let Some(answer) = documents::curated(&self.scene) {
            return answer;
        }
        if let Some(filling) = self.book.open_by_words(self.scene.message.text) {
            return self.open_form(&filling.form);
        }
        let explicit = referents::explicit(&self.scene, self.dialogue);
        if let Meant::OneOf(candidates) = &explicit
            && !candidates.is_empty()
        {
            return self.which("product_fact", candidates.clone());
        }
        let ids = match &explicit {
            Meant::These(ids) => ids.clone(),
            _ => Vec::new(),
        };
        if self.of_two("product_fact") == "compatibility" {
            return self.product("compatibility");
        }
        let by_id: Vec<&str> = ids.iter().map(String::as_str).collect();
        // `申请一下` says nothing by which a document could be found.
        let says_little = ids.is_empty() && Asks::of(&self.scene, None).say_little();
        let found = documents::search(&self.scene, self.scene.question, &by_id, documents::Cut::Answer);
        if let Some(answer) = found.filter(|_| !says_little) {
            return answer;
        }
        if !ids.is_empty() {
            self.dialogue.last_intent = Some("product_fact".to_owned());
            return self.for_products("product_fact", &ids, self.scene.message.text);
        }
        if self.scene.understood.order_number().is_some() {
            return self.run("order_status");
        }
        let describes = |entity: &crate::understand::Entity| {
            matches!(
                entity.what,
                Named::Brand { .. } | Named::Category { .. } | Named::Spec { .. } | Named::Money { .. }
            )
        };
        let asks = Asks::beyond_search(&self.scene);
        if self.scene.understood.entities.iter().any(describes) && asks.is_for_search(self.scene.message.text) {
            let (answer, ids) = find::find(&self.scene);
            if answer.outcome == Outcome::Answered {
                self.list(ids);
                return answer;
            }
        }
        self.missed()
    }

    fn missed(&mut self) -> Answer {
        if self.scene.understood.is_injection {
            return Answer::of(say::talk::not_for_me(self.lang()));
        }
        let stranger = referents::stranger(&self.scene, &[]).filter(|_| self.scene.lang == Lang::Zh);
        let sells = ["卖", "有没有", "有", "买", "sell", "have", "stock", "carry", "got"];
        let asks_for = || sells.iter().any(|word| self.scene.message.text.to_lowercase().contains(word));
        if let Some(name) = stranger.or_else(|| find::not_carried(&self.scene).filter(|_| asks_for())) {
            return self.not_sold(&name);
        }
        // What is understood to be a question and is none of the shop's goes to a person at once.
        if coverage::is_question(self.scene.message.text) {
            let mut answer = Answer::unknown(say::talk::not_in_shop(self.lang()));
            answer.step("documents", "nothing about it");
            return answer;
        }
        let mut answer =
            Answer::ask(say::talk::rephrase(self.lang(), self.dialogue.n_misses), "rephrase", Asked::Rephrase);
        answer.outcome = Outcome::Missed;
        say::talk::starters(self.lang()).iter().for_each(|text| answer.suggest(*text));
        answer
    }
}

/// Whether one of several is asked for by a measure: `哪个更轻`, `which is cheaper`. That compares them, whatever else it sounds like.
fn asks_better(text: &str) -> bool {
    let folded = attributes::fold(text);
    let fits = ["fit", "compatible", "work with", "适配", "兼容", "配套"].iter().any(|word| folded.contains(word));
    let better = |word: &str| {
        ["more", "less", "better", "last", "lasts", "best"].contains(&word) || (word.len() > 5 && word.ends_with("er"))
    };
    let in_english = folded.contains("which") && folded.split(|c: char| !c.is_alphanumeric()).any(better);
    !fits && (in_english || folded.contains("哪个") || folded.contains("哪款更"))
}

/// Fields that a question is about. Of "how long is the warranty", no length is asked for: what the others explain is left out.
fn fields_asked(scene: &crate::act::Scene, product: &domain::Product) -> Vec<String> {
    let asked = facts::asked(scene, Some(product));
    let is_known = |name: &String| name == "warranty" || facts::has(product, name);
    let known: Vec<String> = asked.iter().filter(|name| is_known(name)).cloned().collect();
    let explains = !known.is_empty() && Asks::of(scene, [product]).are_all_about(&known, product);
    if explains { known } else { asked }
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

/// Whether a price of another day or another shop is asked.
fn is_elsewhere(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "下个月",
        "下月",
        "下周",
        "明年",
        "明天",
        "年后",
        "年之后",
        "个月后",
        "二手",
        "别家",
        "别的店",
        "其他店",
        "其它店",
        "京东",
        "淘宝",
        "天猫",
        "拼多多",
        "next month",
        "next week",
        "next year",
        "tomorrow",
        "second hand",
        "secondhand",
        "resale",
        "resell",
        "years from now",
        "be worth",
        "other shop",
        "another shop",
        "other store",
        "elsewhere",
    ];
    let folded = attributes::fold(text);
    WORDS.iter().any(|word| folded.contains(word))
}

/// Whether something years ahead is asked.
fn is_later(text: &str) -> bool {
    let folded = attributes::fold(text);
    ["in three years", "in two years", "in a year", "years from now", "years later", "年之后", "年以后", "年后"]
        .iter()
        .any(|word| folded.contains(word))
}

/// A message that takes up what was said: `那内存呢`, `and the battery?`.
fn goes_on(text: &str) -> bool {
    let folded = attributes::fold(text);
    let said = folded.trim_end_matches(['?', '？', '。', '.', '!', '！', ' ']);
    let short = said.chars().count() <= 40;
    let begins = ["那", "还有", "and ", "but ", "what about ", "how about ", "what's about "]
        .iter()
        .any(|start| said.starts_with(start));
    short && (begins || said.ends_with('呢'))
}

/// `算了，不退了`, "never mind": what was wanted is not wanted any more.
fn gives_up(text: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "算了",
        "不退了",
        "不换了",
        "不修了",
        "不用退",
        "不用换",
        "不用修",
        "那就不",
        "先不",
        "never mind",
        "nevermind",
        "forget it",
        "no need",
        "i'll keep it",
        "i will keep it",
        "leave it",
    ];
    let folded = attributes::fold(text);
    let asks = folded.contains(['?', '？', '吗', '多', '哪', '什']);
    !asks && folded.chars().count() <= 32 && BEGINNINGS.iter().any(|start| folded.starts_with(start))
}

/// `我说的是`, "I mean": something was understood otherwise than it was meant.
pub(super) fn corrects(text: &str) -> bool {
    let folded = attributes::fold(text);
    const MEANS: &[&str] = &[
        "我说的是",
        "我是说",
        "我问的是",
        "我指的是",
        "不是这",
        "不是那",
        "不对",
        "i mean",
        "not that",
        "not this",
        "i was asking about",
        "wrong one",
    ];
    folded.chars().count() <= 60 && MEANS.iter().any(|word| folded.contains(word))
}

/// `前两款`, `the first three`: how many of a list.
fn first_n(text: &str) -> Option<usize> {
    let folded = attributes::fold(text);
    const WORDS: &[(&str, usize)] = &[
        ("前两", 2),
        ("前二", 2),
        ("前2", 2),
        ("前三", 3),
        ("前3", 3),
        ("前四", 4),
        ("前4", 4),
        ("first two", 2),
        ("first 2", 2),
        ("first three", 3),
        ("first 3", 3),
        ("first four", 4),
    ];
    WORDS.iter().find(|(word, _)| folded.contains(word)).map(|(_, n)| *n)
}

/// A question as it is remembered.
pub(super) fn clipped(text: &str) -> String {
    text[..text.floor_char_boundary(400)].to_owned()
}

/// A person is offered in words that fit the reason.
pub(super) fn reason_word(answer: &Answer) -> &'static str {
    let failed = answer.trace.iter().any(|step| step.found.starts_with("failed"));
    if failed { "failure" } else { "unanswered" }
}
