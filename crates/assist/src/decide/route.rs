//! From intent to act: curated answers first, then what answers the intent, then documents, then products, then a question.
//! Which intent a message has in its conversation stands in `meant`, what is told of products in `products`.

use super::Turning;
use super::referents::{self, Meant, MeantOrder};
use super::wording::{
    asks_how_to_buy, asks_no_list, asks_way, clipped, foretells_price, gives_up, goes_on, is_later, names_other_shop,
    paid_too_often,
};
use crate::act::coverage::{self, Asks};
use crate::act::nearest::Matter;
use crate::act::{Answer, Outcome, attributes, documents, facts, find, nearest, orders, places, policies, talk};
use crate::evidence::Evidence;
use crate::forms::STOCK_ALERT;
use crate::hand_over::Reason;
use crate::memory;
use crate::say;
use crate::state::Asked;
use crate::turn::{Action, Lang};
use crate::understand::intents::Family;
use crate::understand::{Intent, Named, Reference};

/// How sure an intent must be for the rule of what it does to be told, where that does not explain the question by itself.
const SURE: f32 = 0.8;
/// Below this a question is not taken for the wish that it sounds like, where nothing is written on that.
const GUESSED: f32 = 0.5;

impl Turning<'_, '_> {
    /// Answers by intent.
    pub(super) fn route(&mut self) -> Answer {
        let remembered = memory::product_meant(&self.scene, self.dialogue);
        let is_earlier = |one: &Reference| matches!(one, Reference::Earlier { is_sure: true });
        if self.scene.understood.references.iter().any(is_earlier) && remembered.is_none() && self.is_about_products() {
            return self.not_remembered();
        }
        let text = self.scene.message.text;
        let needs_nobody = crate::understand::declines_person(text) && self.scene.understood.is("small_talk");
        if self.dialogue.forms.is_empty() && (gives_up(text) || needs_nobody) {
            self.step("understand", "nothing is wanted any more");
            return Answer::of(say::talk::went_on(self.lang()));
        }
        if let Some(answer) = self.progress_of_filed() {
            return answer;
        }
        if let Some(answer) = self.own_window().or_else(|| self.sides_fit()).or_else(|| self.own_fact()) {
            return answer;
        }
        // "Which ink does my printer take": what fits their own thing, whatever was understood.
        let wanted = self.scene.understood.intent.as_deref().and_then(Intent::named).map(|intent| intent.family);
        if !matches!(wanted, Some(Family::Form | Family::Orders | Family::Policy))
            && self.scene.kinds().count() == 2
            && self.owned().len() == 1
            && let Some(answer) = self.kind_that_fits("accessories", self.scene.message.text)
        {
            return answer;
        }
        if let Some(answer) = self.which_is_cheaper().or_else(|| self.more_or_less()).or_else(|| self.wished()) {
            return answer;
        }
        // "Tell me when it is back in stock" sounds like a question about the stock.
        let alert = self.book.open_by_words(self.scene.message.text).filter(|filling| filling.form == STOCK_ALERT);
        if let Some(filling) = alert {
            return self.open_form(&filling.form);
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
        if failed || !is_open || !no_order {
            return answer;
        }
        match referents::explicit(&self.scene, self.dialogue) {
            Meant::These(ids) => {
                let product = ids.first().and_then(|id| self.scene.product(id));
                let near = product.and_then(|product| documents::on_kind_of(&self.scene, &product));
                // Of a product many things are asked in the words of the shop's ways: whether it can be paid with.
                return near.or_else(|| self.nearest_rule(&answer, false)).unwrap_or(answer);
            }
            // "When does it go out?" points at none.
            Meant::OneOf(candidates) if !candidates.is_empty() => {
                return self.nearest_rule(&answer, false).unwrap_or(answer);
            }
            _ => {}
        }
        let near = documents::on_arrival(&self.scene, None)
            .or_else(|| documents::curated_near(&self.scene, None))
            .or_else(|| documents::on_ways(&self.scene))
            .or_else(|| self.nearest_rule(&answer, true));
        near.unwrap_or(answer)
    }

    /// The rule that comes nearest to what nothing answers, by any of the shop's ways that the message names if `by_any_way`, else only where
    /// a rule is what was understood to be asked for.
    fn nearest_rule(&self, answer: &Answer, by_any_way: bool) -> Option<Answer> {
        let text = self.scene.message.text;
        let for_person = answer.trace.iter().any(|step| step.found == "for a person");
        let is_other = foretells_price(text) || names_other_shop(text) || is_later(text);
        let understood = &self.scene.understood;
        let intent = understood.intent.as_deref().and_then(Intent::named);
        // These ask for no field of a product, in whatever sentence about one.
        const RULES: &[&str] = &[
            "instalment",
            "postage",
            "delivery",
            "return",
            "invoice",
            "trade-in",
            "price protection",
            "pick up",
            "repair",
        ];
        let is_of_rules =
            intent.is_some_and(|intent| intent.family == Family::Policy) || coverage::says_concept(text, RULES);
        if for_person || is_other || !(by_any_way || is_of_rules) || answer.outcome != Outcome::Unknown {
            return None;
        }
        let matter =
            intent.filter(|_| understood.confidence >= SURE).and_then(|intent| rule_about(intent.name, self.lang()));
        let mut found = nearest::nearest_rule(&self.scene, matter)?;
        found.trace.splice(0..0, answer.trace.iter().cloned());
        Some(found)
    }

    /// Runs an intent on the message.
    pub(super) fn run(&mut self, intent: &str) -> Answer {
        // "What will it be worth second hand in three years?" offers nothing now.
        let intent = if intent == "trade_in" && is_later(self.scene.message.text) { "price" } else { intent };
        // How to buy is asked, and no order is; that money was taken twice is for a person, and no passage that says "twice".
        if asks_how_to_buy(self.scene.message.text) || paid_too_often(self.scene.message.text) {
            let mut answer = Answer::unknown(say::talk::no_answer(self.lang()));
            answer.step("documents", "for a person");
            return documents::curated(&self.scene).unwrap_or(answer);
        }
        // What a price will be, and what it is elsewhere, nobody here knows; a form to get the difference back is no answer.
        if intent == "price_protection"
            && (foretells_price(self.scene.message.text) || names_other_shop(self.scene.message.text))
        {
            let mut answer = Answer::unknown(say::talk::no_answer(self.lang()));
            answer.step("products", "the price of another day or shop");
            return answer;
        }
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
        let of_fields = matches!(intent, "price" | "stock" | "product_fact" | "warranty") && is_short;
        let points = |one: &Reference| !matches!(one, Reference::Order { .. } | Reference::Earlier { .. });
        let of_listed = family == Some(Family::Product) && self.scene.understood.references.iter().any(points);
        let goes_on = goes_on(self.scene.message.text);
        // "Is my charger still covered?" is about theirs, and no rule for all.
        let of_own = intent == "warranty" && self.owned().len() == 1;
        let about_known = of_own || (goes_on || of_fields || of_listed) && !self.dialogue.products.is_empty();
        // What is answered on delivery is mostly when it leaves.
        let is_parcel = self.scene.understood.order_number().is_some() || self.scene.message.customer_id.is_some();
        let is_of_way = intent == "shipping_policy" || intent == "delivery" && !is_parcel;
        if let Some(answer) = is_of_way.then(|| self.on_arrival()).flatten() {
            return answer;
        }
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
            Some(Family::Orders) => {
                let answer = self.orders(intent);
                self.with_stuck_parcel(answer)
            }
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
            // While a return is being filed, when its money comes is asked of the rules: nothing is on record yet.
            Some(Family::Orders) if intent == "refund_status" && !self.dialogue.forms.is_empty() => {
                let matter = matter_of(intent, scene.question, self.lang())?;
                documents::curated_near(&scene, None).or_else(|| documents::rule_of(&scene, matter))
            }
            Some(Family::Orders | Family::Form)
                if !signed_in && Intent::named(intent).is_some_and(|own| own.needs_identity) =>
            {
                let is_stuck = intent == "delivery" && is_stuck(scene.message.text);
                let matter = match is_stuck {
                    true => Some(stuck_matter(self.lang())),
                    false => matter_of(intent, scene.question, self.lang()),
                };
                let arrival = || if intent == "delivery" { documents::on_arrival(&scene, None) } else { None };
                let matter_itself = || documents::on_matter(&scene, matter?);
                let near = || arrival().or_else(|| documents::curated_near(&scene, None)).or_else(matter_itself);
                // Of what was typed wrong, how it is done right is no answer.
                let mistaken = coverage::mistaken(scene.question);
                let tells = |answer: &Answer| coverage::have_all([answer.text.as_str()], &mistaken);
                let asked = if is_question { near().filter(tells) } else { None };
                // Who wants it done hears the rule as well: it may be all that they need.
                let is_wish = family == Some(Family::Form) || intent == "refund_status" || is_stuck;
                let is_sure = !is_question || is_stuck || scene.understood.confidence >= SURE;
                let rule = || documents::rule_of(&scene, matter.filter(|_| is_wish && is_sure)?);
                let Some(mut answer) = asked.or_else(rule) else {
                    // "What is the address of your warehouse?" sounds a little like a wish to change one.
                    let is_guess = is_question && family == Some(Family::Form) && scene.understood.confidence < GUESSED;
                    return is_guess.then(|| self.without_intent());
                };
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
        let asks_way = asks_way(self.scene.message.text);
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
        let asks_more = signed_in && self.dialogue.forms.is_empty() && family == Some(Family::Form);
        if asks_more && coverage::is_question(self.scene.message.text) {
            let mut told = if wants_repair(&text) { None } else { self.beyond_form(intent) };
            // Who hears the rule may want it done.
            if let (Some(answer), Some(form)) = (&mut told, self.book.form(intent)) {
                let title = form.title(self.lang());
                answer.line(say::talk::can_file(self.lang(), title));
                answer.suggest(title);
            }
            return told.or_else(|| self.sending_unknown(&text));
        }
        // Who is filling in the form and asks how long it takes wants to hear that, not the form's question again.
        let in_form = !self.dialogue.forms.is_empty();
        let general = asks && (!signed_in || in_form) && self.scene.understood.order_number().is_none();
        if !general {
            return None;
        }
        let near = || documents::written(&self.scene, None).filter(|_| asks_way || family == Some(Family::Orders));
        documents::curated(&self.scene).or_else(near).or_else(|| self.sending_unknown(&text))
    }

    /// "Do I need the original box for a repair?": how something is to be sent is asked, and nobody has written on that. Who is asked to sign in
    /// for it, or for a day and a telephone, has not been answered.
    fn sending_unknown(&self, folded: &str) -> Option<Answer> {
        const SENDING: &[&str] = &[
            "包装",
            "盒子",
            "打包",
            "怎么包",
            "到付",
            "运费",
            "邮费",
            "packag",
            "the box",
            "original box",
            "pack it",
            "postage",
            "shipping cost",
            "who pays",
        ];
        // "Dead outta the box" is no packaging.
        let folded = &folded.replace("outta the box", "").replace("out of the box", "");
        let is_asked =
            coverage::is_question(self.scene.message.text) && SENDING.iter().any(|word| folded.contains(word));
        is_asked.then(|| {
            let mut answer = Answer::unknown(say::talk::no_answer(self.lang()));
            answer.step("documents", "nothing on how it is sent");
            answer
        })
    }

    /// `发票抬头开错了能重开吗`, "the name on my invoice is wrong, can it be redone?": more is asked than the form takes down, and people of the
    /// shop have written on it. Who only wants the thing done says less, or is asked by the form.
    fn beyond_form(&self, intent: &str) -> Option<Answer> {
        let form = self.book.form(intent)?;
        let answer = documents::written(&self.scene, None)?;
        let texts = form.fields.iter().flat_map(|field| [field.label_zh.as_str(), field.label_en.as_str()]);
        let known = [form.title_zh.as_str(), form.title_en.as_str()].into_iter().chain(texts);
        let found = answer.evidence.iter().flat_map(|one| match one {
            Evidence::Curated { question, text, .. } => [question.as_str(), text.as_str()],
            Evidence::Document { title, text, .. } => [title.as_str(), text.as_str()],
            _ => [""; 2],
        });
        if Asks::of(&self.scene, None).go_beyond(known, found) { Some(answer) } else { None }
    }

    /// What documents say to how a return is asked for: in full, for "怎么退货" shares its words with every mention of returns. A shop
    /// that has written it down in the other language alone is quoted in that.
    fn way_to_return(&self) -> Option<Answer> {
        let (zh, en) = ("如何申请退货", "How can I ask for a return?");
        let (own, other) = self.lang().choose((zh, en), (en, zh));
        let covered = |text: &str| {
            let found = self.scene.world.library.passages(text, &[], 1).unwrap_or_default();
            found.first().map_or(0.0, |passage| passage.coverage)
        };
        let in_full = if covered(other) > covered(own) { other } else { own };
        documents::search(&self.scene, in_full, &[], documents::Cut::Steps)
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
                // Of several things none is meant: a form must ask which.
                if let [line] = order.lines.as_slice() {
                    self.dialogue.mention(&line.product_id);
                }
                match intent {
                    "refund_status" => {
                        let is_asked_for = self.dialogue.has_filed("return_request", &order.order_id);
                        orders::refund(&self.scene, order, is_asked_for)
                    }
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

    /// `快递三天没动了`, "my parcel hasn't moved": below where it is, what the shop does about one that is stuck.
    fn with_stuck_parcel(&self, mut answer: Answer) -> Answer {
        if is_stuck(self.scene.message.text)
            && answer.outcome == Outcome::Answered
            && let Some(rule) = documents::search(&self.scene, stuck_matter(self.lang()), &[], documents::Cut::Answer)
        {
            answer.append(rule);
        }
        answer
    }

    /// How long a parcel is on its way, whatever is to come.
    fn on_arrival(&self) -> Option<Answer> {
        let product = match referents::explicit(&self.scene, self.dialogue) {
            Meant::These(ids) => ids.first().and_then(|id| self.scene.product(id)),
            _ => None,
        };
        documents::on_arrival(&self.scene, product.as_deref())
    }

    /// The warranty of each version of the one thing named, where they differ in it.
    fn warranty_by_version(&mut self) -> Option<Answer> {
        let (Meant::These(ids) | Meant::OneOf(ids)) = referents::explicit(&self.scene, self.dialogue) else {
            return None;
        };
        let things = self.things(&ids);
        let answer = super::products::each_version(&self.scene, "warranty", &things)?;
        self.mark(&things);
        ids.first().into_iter().for_each(|id| self.dialogue.mention(id));
        Some(answer)
    }

    fn policy(&mut self, intent: &str) -> Answer {
        // `有货没 保修多久`: the warranty is not all that is asked of the thing named.
        if intent == "warranty"
            && let Meant::These(ids) = referents::explicit(&self.scene, self.dialogue)
            && let [id] = ids.as_slice()
            && let Some(product) = self.scene.product(id)
            && super::products::fields_asked(&self.scene, &product).len() > 1
        {
            return self.for_products("warranty", &ids, self.scene.message.text);
        }
        if let Some(answer) = (intent == "warranty").then(|| self.warranty_by_version()).flatten() {
            return answer;
        }
        let owned = if intent == "warranty" { self.owned() } else { Vec::new() };
        let product = match referents::explicit(&self.scene, self.dialogue) {
            Meant::These(ids) => ids.first().and_then(|id| self.scene.product(id)),
            // `我买的笔记本保修到什么时候`: theirs, and no other of its kind.
            _ if intent == "warranty" && owned.len() == 1 => self.scene.product(&owned[0]),
            _ if intent == "warranty" => match referents::products(&self.scene, self.dialogue) {
                Meant::These(ids) => ids.first().and_then(|id| self.scene.product(id)),
                _ => None,
            },
            _ => None,
        };
        if let Some(product) = &product {
            self.dialogue.mention(&product.product_id);
        }
        if intent == "warranty"
            && let Some(answer) = product.as_ref().and_then(|product| self.own_warranty(product))
        {
            return answer;
        }
        self.dialogue.wonder(clipped(self.scene.message.text));
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
        self.dialogue.wonder(clipped(self.scene.message.text));
        let scene = self.scene;
        let mut answer = self.support_for(&scene, &products);
        if intent == "trouble" && self.book.form("repair_booking").is_some() {
            answer.suggest(say::talk::ask_repair(self.lang()));
        }
        answer
    }

    pub(super) fn support_for(
        &mut self,
        scene: &crate::act::Scene,
        products: &[std::sync::Arc<domain::Product>],
    ) -> Answer {
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
        // A short question about returns is near every curated answer about them: the document has the way.
        let asks_way = asks_way(self.scene.message.text) || coverage::asks_place(self.scene.message.text);
        let asks_return = asks_way && Asks::of(&self.scene, None).are_only("return");
        if let Some(answer) = asks_return.then(|| self.way_to_return()).flatten() {
            return answer;
        }
        if let Some(answer) = documents::on_arrival(&self.scene, None).or_else(|| documents::curated(&self.scene)) {
            return answer;
        }
        if let Some(filling) = self.book.open_by_words(self.scene.message.text) {
            return self.open_form(&filling.form);
        }
        if let Some(answer) = self.one_with_a_value("find_product") {
            return answer;
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
        let is_for_search = asks.is_for_search(self.scene.message.text) && !asks_no_list(self.scene.message.text);
        if is_for_search && self.scene.understood.entities.iter().any(describes) {
            let (answer, ids) = find::find(&self.scene);
            if answer.outcome == Outcome::Answered {
                self.list(ids);
                return answer;
            }
        }
        self.missed()
    }

    pub(super) fn missed(&mut self) -> Answer {
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
            answer.step("documents", format!("nothing about {}", Asks::of(&self.scene, None).told()));
            return answer;
        }
        let mut answer =
            Answer::ask(say::talk::rephrase(self.lang(), self.dialogue.n_misses), "rephrase", Asked::Rephrase);
        answer.outcome = Outcome::Missed;
        say::talk::starters(self.lang()).iter().for_each(|text| answer.suggest(*text));
        answer
    }
}

/// "Can I get it repaired?", of a thing and in so many words: it is wanted, and no rule is asked for.
fn wants_repair(folded: &str) -> bool {
    const WORDS: &[&str] = &[
        "get it repaired",
        "get it fixed",
        "have it repaired",
        "have it fixed",
        "get this fixed",
        "get that fixed",
        "want it fixed",
        "想修",
        "帮我修",
        "能帮修",
        "要修",
    ];
    WORDS.iter().any(|word| folded.contains(word))
}

/// Whether a parcel is said to have stopped on its way.
fn is_stuck(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "没动",
        "不动了",
        "没更新",
        "没有更新",
        "不更新",
        "停在",
        "卡在",
        "卡住",
        "没有物流",
        "没物流",
        "hasn't moved",
        "hasnt moved",
        "has not moved",
        "not moving",
        "isn't moving",
        "isnt moving",
        "stuck",
        "no update",
        "not updated",
        "hasn't been updated",
        "hasnt been updated",
    ];
    let folded = attributes::fold(text);
    WORDS.iter().any(|word| folded.contains(word))
}

/// What the rule on such parcels is looked for by.
fn stuck_matter(lang: Lang) -> &'static str {
    lang.choose("物流没有更新怎么办", "What if tracking has not moved?")
}

/// The question that the shop's rules answer about what an intent does: somebody who only asks has the rule before signing in.
pub(super) fn matter_of(intent: &str, question: &str, lang: Lang) -> Option<&'static str> {
    // When something of theirs will be sent the shop's rule foretells as well.
    if intent == "delivery" {
        let when = lang.choose("什么时候发货", "When will my order be shipped?");
        return coverage::asks_time(question).then_some(when);
    }
    const MATTERS: &[(&str, &str, &str)] = &[
        ("price_protection", "降价了可以退差价吗", "Do I get the difference back if the price drops?"),
        ("refund_status", "退货后退款多久到账", "When do I get my refund for a return?"),
        ("return_request", "几天之内可以退货", "How long can I return something?"),
        ("exchange_request", "几天之内可以换货", "How long can I exchange something?"),
        ("repair_booking", "维修要多久", "How long does a repair take?"),
        ("cancel_order", "怎么取消订单", "How do I cancel an order?"),
        ("change_address", "怎么修改收货地址", "How do I change the address?"),
        ("invoice", "怎么开发票", "How do I get an invoice?"),
        ("trade_in", "以旧换新怎么办理", "How does trade-in work?"),
    ];
    let (_, zh, en) = MATTERS.iter().find(|(name, ..)| *name == intent)?;
    Some(lang.choose(zh, en))
}

/// What a rule of the shop is looked for by, where a policy is asked for in words that name none of the shop's ways.
fn rule_about(intent: &str, lang: Lang) -> Option<Matter> {
    const MATTERS: &[(&str, &str, &str)] = &[
        ("payment", "支持哪些支付方式", "Which ways to pay are there?"),
        ("store_info", "门店几点营业", "When are the shops open?"),
        ("shipping_policy", "一般几天送达", "How many days does delivery take?"),
        ("warranty", "保修多久", "How long is the warranty?"),
    ];
    let (_, zh, en) = MATTERS.iter().find(|(name, ..)| *name == intent)?;
    Some(Matter { question: lang.choose(zh, en), is_first: matches!(intent, "payment" | "store_info") })
}

/// A person is offered in words that fit the reason.
pub(super) fn reason_word(answer: &Answer) -> &'static str {
    let failed = answer.trace.iter().any(|step| step.found.starts_with("failed"));
    if failed { "failure" } else { "unanswered" }
}
