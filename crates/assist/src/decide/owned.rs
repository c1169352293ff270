//! Things that a customer calls their own by what they are: `我这打印机`, "my phone", "the power bank I bought", and of the order just told
//! "that strap". Which of their orders has such a thing says which one it is; whether it goes with another is asked of these. What is named
//! by its model stands in `referents`.

use std::sync::{Arc, LazyLock};

use domain::Product;
use regex::Regex;

use super::Turning;
use super::referents::{self, Meant, bought_in};
use crate::act::{Answer, attributes, coverage, policies};
use crate::policy::windows::{self, Purchase};
use crate::say;
use crate::understand::{Named, kinds};
use crate::world::OrderRecord;

/// Words by which it is asked whether things go together.
const FIT_ZH: &[&str] = &[
    "适配",
    "兼容",
    "能用",
    "可以用",
    "用得",
    "能装",
    "装得",
    "装在",
    "装上",
    "放得",
    "套得",
    "套上",
    "能套",
    "能贴",
    "贴得",
    "贴我",
    "能充",
    "充得",
    "充电不",
    "充电吗",
    "充不",
    "能插",
    "插得",
    "配得",
    "合适",
    "能不能用",
    "配吗",
    "能给",
    "充我",
    "能戴",
    "能配",
];
const FIT_EN: &[&str] = &[
    "fit",
    "work with",
    "works with",
    "work on",
    "compatible",
    "charge my",
    "charge the",
    "charge it",
    "go with",
    "goes with",
    "go in",
    "go on",
    "go into",
    "hold my",
    "hold the",
    "use it with",
    "ok for",
    "ok with",
];

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

    /// "Would the power bank I bought charge my phone?", `那块备用电池能装在我的相机上吗`: whether a thing of the customer's own goes with another of
    /// theirs, or with one that is named or pointed at.
    pub(super) fn own_fits(&mut self) -> Option<Answer> {
        let text = attributes::fold(self.scene.message.text);
        let asks = self.lang().choose(FIT_ZH, FIT_EN).iter().any(|word| text.contains(word));
        if !asks || self.scene.message.customer_id.is_none() || !self.dialogue.forms.is_empty() {
            return None;
        }
        let owned = self.owned();
        let pair = match (owned.as_slice(), referents::explicit(&self.scene, self.dialogue)) {
            ([one, other], Meant::Nothing) => vec![one.clone(), other.clone()],
            ([own], Meant::Nothing) if self.names_nothing_else() => {
                // `是给我那本子用的，插得上吗` of the dock just told.
                // `我买的硬盘能用吗` names another thing, whatever it is called.
                if ["我买的", "i bought", "i ordered"].iter().any(|word| text.contains(word)) {
                    return None;
                }
                let told = self.accessories_told();
                let mut others = told.iter().filter(|id| *id != own);
                let other = others.next().filter(|_| others.next().is_none())?;
                vec![other.clone(), own.clone()]
            }
            ([own], meant) => {
                // `我那个100w充电头能给第二台充不`: the measure, and the `那个`, are those of their own.
                let counted = referents::counted(&self.scene, self.dialogue);
                let ids = match meant {
                    _ if !counted.is_empty() => counted,
                    Meant::These(ids) => ids,
                    _ => return None,
                };
                let mut others = ids.iter().filter(|id| *id != own);
                let other = others.next().filter(|_| others.next().is_none())?;
                vec![own.clone(), self.device_talked_of(own, other)]
            }
            _ => return None,
        };
        // Of two devices nobody asks which fits which.
        let catalogue = self.scene.world.catalogue;
        if !pair.iter().any(|id| catalogue.is_accessory(id)) {
            return None;
        }
        self.step("understand", "whether a thing of their own goes with another");
        Some(self.run_for("compatibility", &pair, self.scene.message.text))
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
        let verdict = windows::check(
            "warranty",
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
        );
        // Where no length is set there is nothing to count.
        if verdict.evidence.is_empty() {
            return None;
        }
        let mut answer =
            Answer::of(format!("{}{}{}", say::format::name(product), scene.lang.choose("：", ": "), verdict.why));
        verdict.evidence.into_iter().for_each(|one| {
            answer.cite(one);
        });
        answer.cite(crate::act::field(product, "name", product.name.as_str()));
        answer.step("policy", format!("warranty of {} in {}", product.product_id, order.order_id));
        Some(answer)
    }

    /// "Does the strap fit the Zephy 12?" after the watch Zephy 12 3 Plus was told is about the watch, and not about the memory card of that
    /// name: of two accessories nobody asks which fits which either.
    fn device_talked_of(&self, own: &str, named: &str) -> String {
        let is_accessory = |id: &str| self.scene.world.catalogue.is_accessory(id);
        let said = self.scene.understood.entities.iter().find_map(|entity| match &entity.what {
            Named::Product { candidates, text } if candidates.iter().any(|id| id == named) => {
                Some(attributes::fold(text))
            }
            _ => None,
        });
        let in_name = |id: &&String| {
            let product = self.scene.product(id);
            let name = product.map(|product| format!("{} ", attributes::fold(&product.name))).unwrap_or_default();
            said.as_ref().is_some_and(|said| name.contains(&format!("{said} ")))
        };
        if !is_accessory(own) || !is_accessory(named) {
            return named.to_owned();
        }
        let told = self.dialogue.products.iter().chain(&self.dialogue.listed);
        let bought = self.in_order_told();
        let mut devices = bought.iter().chain(told).filter(|id| !is_accessory(id)).filter(in_name);
        devices.next().map_or_else(|| named.to_owned(), Clone::clone)
    }

    /// Whether a message names no maker, no product, and no kind of thing but one.
    fn names_nothing_else(&self) -> bool {
        let names = |what: &Named| matches!(what, Named::Product { .. } | Named::Brand { .. });
        let entities = &self.scene.understood.entities;
        self.scene.kinds().count() == 1
            && !entities.iter().any(|entity| names(&entity.what))
            && referents::counted(&self.scene, self.dialogue).is_empty()
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

    /// Accessories of the order told last: what `插得上吗` after it is about.
    fn accessories_told(&self) -> Vec<String> {
        let mut told = self.in_order_told();
        told.retain(|id| self.scene.world.catalogue.is_accessory(id));
        told
    }

    /// The things of the order told last.
    fn in_order_told(&self) -> Vec<String> {
        let (Some(customer_id), Some(told)) = (self.scene.message.customer_id, &self.dialogue.order_id) else {
            return Vec::new();
        };
        let orders = self.scene.world.orders.orders_of(customer_id).unwrap_or_default();
        let own = orders.iter().filter(|order| order.customer_id == customer_id && order.order_id == *told);
        bought_in(own).into_iter().map(str::to_owned).collect()
    }
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
