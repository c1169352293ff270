//! Things that a customer calls their own by what they are: `我这打印机`, "my phone", "the power bank I bought", and of the order just told
//! "that strap". Which of their orders has such a thing says which one it is; whether it goes with another is asked of these. What is named
//! by its model stands in `referents`.

use std::sync::{Arc, LazyLock};

use domain::Product;
use regex::Regex;

use super::Turning;
use super::referents::bought_in;
use super::sides;
use crate::act::{Answer, Outcome, attributes, coverage, facts, policies};
use crate::policy::windows::{self, Purchase, Verdict};
use crate::say;
use crate::understand::intents::Family;
use crate::understand::{Entity, Intent, Named, kinds};
use crate::world::OrderRecord;

impl Turning<'_, '_> {
    /// The bought things that are called the customer's own, one a kind, in the order of the message; none of a kind of which there are
    /// several, or none.
    pub(super) fn owned(&self) -> Vec<String> {
        let Some(customer_id) = self.scene.message.customer_id else { return Vec::new() };
        let text = self.scene.message.text;
        let told = self.dialogue.order_id.as_deref();
        let called: Vec<(&str, &str, bool)> = self
            .scene
            .understood
            .entities
            .iter()
            .filter_map(|entity| {
                let Named::Category { value } = &entity.what else { return None };
                let is_pointed = told.is_some() && is_pointed_at(text, entity.range.clone());
                let is_called = is_own(text, entity.range.clone()) || is_pointed;
                is_called.then_some(())?;
                Some((value.as_str(), text.get(entity.range.clone())?, is_pointed))
            })
            .collect();
        if called.is_empty() {
            return Vec::new();
        }
        let orders = self.scene.world.orders.orders_of(customer_id).unwrap_or_default();
        let own = || orders.iter().filter(|order| order.customer_id == customer_id);
        let all = bought_in(own());
        let of_told = bought_in(own().filter(|order| Some(order.order_id.as_str()) == told));
        let of_kind = |(path, word, is_pointed): (&str, &str, bool)| {
            let is = |id: &&&str| {
                let product = self.scene.product(id);
                product.is_some_and(|product| kinds::is_of(product.category.as_deref().unwrap_or_default(), path, word))
            };
            let only = |ids: &[&str]| {
                let mut found = ids.iter().filter(is);
                found.next().filter(|_| found.next().is_none()).map(|id| (*id).to_owned())
            };
            // "That strap" is the one of the order just told; of "my strap" it comes first.
            only(&of_told).or_else(|| only(&all).filter(|_| !is_pointed))
        };
        called.into_iter().filter_map(of_kind).collect()
    }

    /// `我买的笔记本保修到什么时候`, "is my charger still covered?": of a thing that the customer bought, the day on which its warranty ends, from
    /// the day on which it came. Nothing where something happened to it, or where nothing of their own is spoken of.
    pub(super) fn own_warranty(&self, product: &Arc<Product>) -> Option<Answer> {
        const OWN: &[&str] = &[
            "我",
            "还在",
            "还有",
            "过保",
            "到什么时候",
            "到啥时候",
            "my ",
            "i bought",
            "still",
            "until",
            "run out",
            "expire",
        ];
        let scene = &self.scene;
        let customer_id = scene.message.customer_id?;
        let text = attributes::fold(scene.message.text);
        if policies::asks_extension(scene.question) {
            return None;
        }
        if !OWN.iter().any(|word| text.contains(word)) || !coverage::circumstances(scene.question).is_empty() {
            return None;
        }
        let orders = scene.world.orders.orders_of(customer_id).unwrap_or_default();
        let has =
            |order: &&OrderRecord| order.customer_id == customer_id && windows::n_kept(order, &product.product_id) > 0;
        let order = orders.iter().filter(has).max_by_key(|order| order.ordered_at)?;
        let verdict = self.judged("warranty", order, product);
        // Where no length is set there is nothing to count.
        if verdict.evidence.is_empty() {
            return None;
        }
        Some(self.told_of_own("warranty", order, product, verdict))
    }

    /// `鼠标还能退不`, "can I still send back the case?": of a thing that they bought, whether its days are over, of the newest that is called
    /// so. Nothing where something happened to it, or where nothing of their own is spoken of.
    pub(super) fn own_window(&mut self) -> Option<Answer> {
        let scene = self.scene;
        let policy = still_asked(scene.message.text)?;
        let customer_id = scene.message.customer_id?;
        if !self.dialogue.forms.is_empty() || !coverage::circumstances(scene.question).is_empty() {
            return None;
        }
        let phrases = sides::phrases(&scene);
        let product = match phrases.as_slice() {
            [said] => self.owned_as(said).into_iter().next(),
            [] => {
                let told = self.in_order_told();
                told.first().filter(|_| told.len() == 1).and_then(|id| scene.product(id))
            }
            _ => None,
        }?;
        let orders = scene.world.orders.orders_of(customer_id).unwrap_or_default();
        let has =
            |order: &&OrderRecord| order.customer_id == customer_id && windows::n_kept(order, &product.product_id) > 0;
        let order = orders.iter().filter(has).max_by_key(|order| order.ordered_at)?;
        let verdict = self.judged(policy, order, &product);
        if verdict.evidence.is_empty() {
            return None;
        }
        let is_over = !verdict.allowed;
        let mut answer = self.told_of_own(policy, order, &product, verdict);
        // Of what came with a defect more is allowed.
        if is_over && policy == "return_window" {
            let rule = policies::policy(&scene, "return_policy", Some(&product));
            if rule.outcome == Outcome::Answered {
                answer.append(rule);
            }
        }
        let form = if policy == "return_window" { "return_request" } else { "exchange_request" };
        if !is_over && let Some(form) = self.book.form(form) {
            answer.suggest(form.title(self.lang()));
        }
        self.dialogue.mention(&product.product_id);
        self.dialogue.last_intent = Some("return_policy".to_owned());
        Some(answer)
    }

    /// `我平板多大屏`, "how much memory does my laptop have": a field of what they own.
    pub(super) fn own_fact(&mut self) -> Option<Answer> {
        let understood = &self.scene.understood;
        let family = understood.intent.as_deref().and_then(Intent::named).map(|intent| intent.family);
        let is_name = |what: &Named| matches!(what, Named::Product { .. } | Named::Brand { .. });
        let names = understood.entities.iter().any(|entity| is_name(&entity.what));
        if names || !matches!(family, None | Some(Family::Product)) || self.scene.kinds().count() != 1 {
            return None;
        }
        let asked = facts::asked(&self.scene, None);
        let is_of_table = |name: &String| matches!(name.as_str(), "price" | "stock" | "warranty" | "color");
        if asked.is_empty() || asked.iter().any(is_of_table) || !self.dialogue.forms.is_empty() {
            return None;
        }
        // "Is my power bank coming today?" asks for a parcel.
        if self.for_order(understood.intent.as_deref()).is_some() || super::fit::asks_for_some(self.scene.message.text)
        {
            return None;
        }
        let text = self.scene.message.text;
        let is_called =
            |entity: &Entity| matches!(entity.what, Named::Category { .. }) && is_own(text, entity.range.clone());
        let owned = match understood.entities.iter().any(is_called) {
            true => self.owned(),
            false => self.of_kind_talked(),
        };
        let product = owned.first().filter(|_| owned.len() == 1).and_then(|id| self.scene.product(id))?;
        // What its sheet does not say is asked of documents, in the words as they are.
        if !asked.iter().all(|name| facts::has(&product, name)) {
            return None;
        }
        Some(self.run_for("product_fact", &owned, text))
    }

    /// `手机多大屏` after a film was talked about: the phone that it was asked of, or the only one that they have. Nothing where what was talked
    /// about last is of that kind, or where nothing was.
    fn of_kind_talked(&self) -> Vec<String> {
        let Some((path, word)) = self.scene.kinds().next() else { return Vec::new() };
        let last = self.dialogue.products.first().and_then(|id| self.scene.product(id));
        let is_of_kind =
            |product: &Arc<Product>| kinds::is_of(product.category.as_deref().unwrap_or_default(), path, word);
        match (last, sides::phrases(&self.scene).as_slice()) {
            (Some(last), [said]) if !is_of_kind(&last) && said.kind_alone().is_some() => {
                self.meant_by(said, None).into_iter().map(|product| product.product_id.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What a policy says of a thing in an order of theirs, nothing being the matter with it.
    fn judged(&self, policy: &str, order: &OrderRecord, product: &Arc<Product>) -> Verdict {
        let scene = &self.scene;
        windows::check(
            policy,
            &Purchase {
                order,
                product_id: Some(&product.product_id),
                product: Some(product.clone()),
                n: 1,
                cause: None,
                told: Vec::new(),
                policies: scene.policies,
                today: scene.world.today,
                day_of: scene.world.day_of,
                currency: scene.world.currency,
                lang: scene.lang,
            },
        )
    }

    fn told_of_own(&self, policy: &str, order: &OrderRecord, product: &Product, verdict: Verdict) -> Answer {
        let name = say::format::name(product);
        let mut answer = Answer::of(format!("{name}{}{}", self.lang().choose("：", ": "), verdict.why));
        verdict.evidence.into_iter().for_each(|one| {
            answer.cite(one);
        });
        answer.cite(crate::act::field(product, "name", product.name.as_str()));
        answer.step("policy", format!("{policy} of {} in {}", product.product_id, order.order_id));
        answer
    }

    /// `我这台`, "mine": the only device of the order told last that is not `beside`.
    pub(super) fn mine(&self, beside: &str) -> Option<String> {
        const MINE: &[&str] = &[
            "我这台",
            "我这个",
            "我那台",
            "我那个",
            "我买的这",
            "我买的那",
            "mine",
            "my one",
            "the one i bought",
            "the one i have",
        ];
        let text = attributes::fold(self.scene.message.text);
        if !MINE.iter().any(|word| text.contains(word)) {
            return None;
        }
        let told = self.in_order_told();
        let is_device = |id: &&String| *id != beside && !self.scene.world.catalogue.is_accessory(id);
        let mut devices = told.iter().filter(is_device);
        devices.next().filter(|_| devices.next().is_none()).cloned()
    }

    /// The things of the order told last.
    pub(super) fn in_order_told(&self) -> Vec<String> {
        let (Some(customer_id), Some(told)) = (self.scene.message.customer_id, &self.dialogue.order_id) else {
            return Vec::new();
        };
        let orders = self.scene.world.orders.orders_of(customer_id).unwrap_or_default();
        let own = orders.iter().filter(|order| order.customer_id == customer_id && order.order_id == *told);
        bought_in(own).into_iter().map(str::to_owned).collect()
    }
}

/// The policy by which something bought is still taken back or changed, where that is asked.
fn still_asked(text: &str) -> Option<&'static str> {
    static ZH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:还|仍|现在)(?:能不能|可不可以|能|可以|可|来得及)[^，。,?？]{0,4}(?P<what>退|换)(?:[^款差钱到]|$)|(?P<late>过(?:了)?(?:退|换)货期|还在(?:无理由)?(?:退|换)货期)")
            .expect("a sound pattern")
    });
    static EN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:can|could|may) (?:i|we) still (?P<what>return|send|give|bring|take|exchange|swap)\b|\btoo late to (?P<late>return|send|exchange|swap)\b|\bstill (?:be )?(?P<be>returnable|returned|exchanged)\b|\bcan i (?P<bought>return|exchange) (?:the|my) [a-z0-9 ]{2,40} i (?:bought|got|ordered)\b")
            .expect("a sound pattern")
    });
    let found = ZH.find(text).or_else(|| EN.find(text))?.as_str().to_lowercase();
    let is_exchange = ["换", "exchange", "swap"].iter().any(|word| found.contains(word));
    Some(if is_exchange { "exchange_window" } else { "return_window" })
}

/// "That green strap", `那块电池`: pointed at, with a word of what it is like between.
fn is_pointed_at(text: &str, range: std::ops::Range<usize>) -> bool {
    static POINTS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(?:\b(?:that|this|the|those|these) (?:[a-z0-9'-]+ ){0,2}|[那这](?:个|块|条|张|副|台|部|只|根|款)?[\p{Han}a-zA-Z0-9. ]{0,4})$")
            .expect("a sound pattern")
    });
    POINTS.is_match(text.get(..range.start).unwrap_or_default())
}

/// Whether the word for a kind of thing is said of what somebody has.
pub(super) fn is_own(text: &str, range: std::ops::Range<usize>) -> bool {
    const BEFORE_ZH: &[&str] =
        &["我的", "我这", "我这个", "我这台", "我那", "我那个", "我那台", "我家", "我家的", "我买的", "我"];
    const BEFORE_EN: &[&str] = &["my", "our"];
    const AFTER: &[&str] = &["i bought", "i got", "i have", "ive got", "i've got", "i ordered"];
    // `我那个100w充电头`, "my green sleeve": what it is like stands between.
    static LIKE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:\d[a-z0-9.]*|黑色?|白色?|银色?|灰色?|蓝色?|红色?|绿色?|粉色?|black|white|silver|gr[ae]y|blue|red|green|pink|\b(?:new|old|spare|other))\s*的?\s*$")
            .expect("a sound pattern")
    });
    let before = text.get(..range.start).unwrap_or_default().to_lowercase();
    let before = LIKE.replace(&before, "");
    let before = before.trim_end();
    let after = text.get(range.end..).unwrap_or_default().to_lowercase();
    let ends = |word: &&&str| {
        let rest = before.strip_suffix(**word);
        rest.is_some_and(|rest| !rest.ends_with(|last: char| last.is_ascii_alphanumeric()))
    };
    BEFORE_ZH.iter().any(|word| before.ends_with(word))
        || BEFORE_EN.iter().any(|word| ends(&word))
        || AFTER.iter().any(|word| after.trim_start().starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_ones_own_is_known_by_the_words_around() {
        for (text, kind, wanted) in [
            ("三色墨盒我这打印机用得上不", "打印机", true),
            ("does it fit my phone", "phone", true),
            ("would the power bank i bought charge it", "power bank", true),
            ("do you have a phone", "phone", false),
            ("army phone", "phone", false),
            ("我那个100w充电头能给它充不", "充电头", true),
            ("does my green sleeve fit", "sleeve", true),
            ("有没有打印机", "打印机", false),
        ] {
            let at = text.find(kind).expect("it is there");
            assert_eq!(is_own(text, at..at + kind.len()), wanted, "{text}");
        }
    }

    #[test]
    fn whether_something_may_still_go_back_is_asked_in_many_words() {
        for (text, wanted) in [
            ("鼠标还能退不", Some("return_window")),
            ("笔记本现在还能退吗 我买了快两周了", Some("return_window")),
            ("那个壳还可以换吗", Some("exchange_window")),
            ("can i still send back the case", Some("return_window")),
            ("is it too late to exchange the strap", Some("exchange_window")),
            ("我要退鼠标", None),
            ("退款还能退到微信吗", None),
            ("how do i return the case", None),
        ] {
            assert_eq!(still_asked(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_pointed_at_may_have_words_between() {
        for (text, kind, wanted) in [
            ("will that green sleeve fit the fenn", "sleeve", true),
            ("那块备用电池能装吗", "备用电池", true),
            ("do you have a sleeve", "sleeve", false),
            ("有没有备用电池", "备用电池", false),
        ] {
            let at = text.find(kind).expect("it is there");
            assert_eq!(is_pointed_at(text, at..at + kind.len()), wanted, "{text}");
        }
    }
}
