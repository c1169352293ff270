//! What a message wants in its conversation: its own intent, that of the order it speaks of, or the last one's where it only goes
//! on or puts right what was understood. What follows from an intent is in `route`.

use super::Turning;
use super::referents::{self, Meant};
use super::wording::{corrects, goes_on};
use crate::act::{attributes, coverage, facts, fits};
use crate::turn::Lang;
use crate::understand::intents::Family;
use crate::understand::{Entity, Intent, Named, Reference};

/// A question of fit that is this sure stands, whatever was talked about.
const GUESSED: f32 = 0.5;
/// An intent surer than this stands, however short the message.
pub(super) const SURE: f32 = 0.75;

impl Turning<'_, '_> {
    /// "What did I pay for it?", `这单多少钱`, and `大概哪天能到` after a parcel was told: the order is meant, whatever else it sounds
    /// like.
    pub(super) fn for_order(&self, intent: Option<&str>) -> Option<&'static str> {
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
            "coming",
            "deliver",
            "courier",
            "carrier",
            "tracking",
        ];
        let scene = &self.scene;
        scene.message.customer_id?;
        const OF_ORDER: &[&str] = &["in my order", "on my order", "我订单里", "订单里的", "order include"];
        let has_kind = scene.kinds().next().is_some();
        let points = scene.understood.references.iter().any(|one| matches!(one, Reference::Order { .. }));
        let family = intent.and_then(Intent::named).map(|intent| intent.family);
        let names_own = referents::own_order_named(scene).is_some();
        let may = match intent {
            _ if (points || names_own) && matches!(family, None | Some(Family::Product | Family::Orders)) => true,
            None
            | Some(
                "price" | "product_fact" | "stock" | "shipping_policy" | "find_product" | "compare" | "payment"
                | "order_status",
            ) => true,
            Some("order_list") => has_kind,
            _ => false,
        };
        // `我买的 Calyx 4 跟 Fjord 5 比，哪个轻`: of two things that are named no order is asked for.
        let named = scene.understood.entities.iter().filter(|entity| matches!(entity.what, Named::Product { .. }));
        let sets_against = named.count() > 1;
        // `镜头那单能让我弟去取货吗`: a rule of the shop is asked for.
        let asks_rule = coverage::says_concept(scene.message.text, &["pick up", "somebody else", "instalment"]);
        if !may || asks_rule || sets_against || scene.understood.order_number().is_some() {
            return None;
        }
        let text = attributes::fold(scene.message.text);
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if names_own && family != Some(Family::Orders) {
            return Some(if has(PARCEL) { "delivery" } else { "order_status" });
        }
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
    pub(super) fn intent(&mut self) -> Option<String> {
        let own = self.scene.understood.intent.clone();
        let last = self.dialogue.last_intent.clone().filter(|_| self.puts_right());
        if let Some(last) = last {
            self.step("understand", format!("puts right what was meant by {last}"));
            return Some(last);
        }
        // `一分钟打几页` of a printer is near `打几分`, and rates nobody.
        let is_talk = own.as_deref().and_then(Intent::named).is_some_and(|intent| intent.family == Family::Talk);
        let names = |entity: &Entity| matches!(entity.what, Named::Product { .. });
        if is_talk && self.scene.understood.entities.iter().any(names) && !facts::asked(&self.scene, None).is_empty() {
            self.step("understand", "a field of a product, whatever it sounds like");
            return Some("product_fact".to_owned());
        }
        // "Is it ok to take the power bank on a plane?" asks what no list of what fits can say.
        if super::fit::travels(self.scene.message.text)
            && own.as_deref().is_some_and(|own| matches!(own, "compatibility" | "accessories"))
        {
            return None;
        }
        if self.asks_fit() {
            return Some("compatibility".to_owned());
        }
        // "Replacing my old laptop, how does the new one compare to it" gives nothing in payment.
        let text = attributes::fold(self.scene.message.text);
        if own.as_deref() == Some("trade_in")
            && [" compare", "vs ", "better than"].iter().any(|word| text.contains(word))
        {
            self.step("understand", "compared, and not given in payment");
            return Some("compare".to_owned());
        }
        // "The Ondra 4 vs the Pulsa 4, what's the difference", whatever else is told.
        if own.is_none() && self.sets_two_against() {
            self.step("understand", "two names are set against each other");
            return Some("compare".to_owned());
        }
        if self.compares_on() {
            self.step("understand", "what was set side by side is compared on");
            return Some("compare".to_owned());
        }
        if own.as_deref() != Some("compatibility") && self.asks_accessory() {
            self.step("understand", "what goes with the thing pointed at");
            return Some("accessories".to_owned());
        }
        let goes_on = goes_on(self.scene.message.text);
        // `那手机壳能装我新买的手机吗` goes on from nothing.
        let is_fit = own.as_deref() == Some("compatibility") && self.scene.understood.confidence >= GUESSED;
        if own.is_some() && (is_fit || !(goes_on && self.scene.understood.confidence < SURE)) {
            return own;
        }
        let taken_up = self.taken_up(goes_on);
        if let Some(intent) = &taken_up {
            self.step("understand", format!("goes on with {intent}"));
        }
        taken_up.or(own)
    }

    /// `谁轻点`, "what's the price gap", `内存一样大？` after a comparison: of the same things, by what is asked now.
    fn compares_on(&self) -> bool {
        const DIFFERENCES: &[&str] = &[
            "差多少",
            "差几",
            "差价",
            "一样",
            "相差",
            "区别",
            "谁",
            "gap",
            "difference",
            "differ",
            "same",
            "by how much",
        ];
        const HAN_MAX: usize = 14;
        const LETTERS_MAX: usize = 48;
        let text = attributes::fold(self.scene.message.text);
        let is_short = text.chars().count() <= self.scene.lang.choose(HAN_MAX, LETTERS_MAX);
        let names = |entity: &Entity| {
            matches!(entity.what, Named::Product { .. } | Named::Category { .. } | Named::OrderNumber { .. })
        };
        let points = |one: &Reference| matches!(one, Reference::Ordinal { .. } | Reference::Order { .. });
        let by_measure = crate::understand::compared_by(&text).is_some();
        let asks = by_measure
            || DIFFERENCES.iter().any(|word| text.contains(word)) && !facts::asked(&self.scene, None).is_empty();
        self.dialogue.last_intent.as_deref() == Some("compare")
            && self.dialogue.listed.len() > 1
            && is_short
            && asks
            && !self.scene.understood.entities.iter().any(names)
            && !self.scene.understood.references.iter().any(points)
    }

    /// `内胆包装得下第一台吗`, "does the sleeve hold the first one?": whether one thing goes with another that is pointed at.
    pub(super) fn asks_fit(&self) -> bool {
        const WORDS: &[&str] = &[
            "装得下",
            "装得进",
            "装不下",
            "放得下",
            "放得进",
            "塞得下",
            "塞得进",
            "套得上",
            "能装下",
            "能放下",
            " hold the ",
            " hold it",
            " holds the ",
            "fit in",
        ];
        let text = attributes::fold(self.scene.message.text);
        let points = |one: &Reference| {
            matches!(one, Reference::Ordinal { .. } | Reference::It | Reference::Other | Reference::With { .. })
        };
        self.scene.understood.references.iter().any(points) && WORDS.iter().any(|word| text.contains(word))
    }

    /// `第一款用什么充电器`, "what case does it take": a thing of another kind that goes with the one pointed at.
    fn asks_accessory(&self) -> bool {
        const ZH: &[&str] = &[
            "用什么",
            "用哪",
            "配什么",
            "配哪",
            "配个",
            "搭什么",
            "搭哪",
            "买什么",
            "买哪",
            "需要什么",
            "能用哪",
            "能用什么",
        ];
        const EN: &[&str] = &[" take", " need", " use", " fit", " go with", " goes with", " work with", " works with"];
        let text = attributes::fold(self.scene.message.text);
        let scene = &self.scene;
        let points = !scene.understood.references.is_empty()
            || scene.understood.entities.iter().any(|entity| matches!(entity.what, Named::Product { .. }));
        if !points || !scene.lang.choose(ZH, EN).iter().any(|word| text.contains(word)) {
            return false;
        }
        let Meant::These(ids) = referents::products(scene, self.dialogue) else { return false };
        let Some(device) = ids.first().and_then(|id| scene.product(id)).filter(|_| ids.len() == 1) else {
            return false;
        };
        let own = device.category.as_deref().unwrap_or_default();
        scene.kinds().any(|kind| !fits::in_category(own, kind.0) && !fits::of_kind(scene, &device, kind).is_empty())
    }

    /// `不是这个，我说的是 Fenn 4 Pro`, "no, I mean the 16-inch one": another thing is meant, and the question stays. Only where there was one
    /// about products, and no attribute is asked for now.
    pub(super) fn puts_right(&self) -> bool {
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
        // "And what is the cheapest?" of a list of accessories asks a price, and no accessory of one of them.
        let extreme = |one: &Reference| matches!(one, Reference::With { extreme: Some(_), .. });
        if last.as_deref() == Some("accessories") && self.scene.understood.references.iter().any(extreme) {
            return Some("price".to_owned());
        }
        let keeps = matches!(last_family, Some(Family::Product | Family::Orders | Family::Support));
        let points = !self.scene.understood.references.is_empty() || self.scene.understood.order_number().is_some();
        if keeps && (goes_on || points) {
            return last;
        }
        // "When does it go out?" with nothing talked of points at no product.
        let points_nowhere = matches!(&meant, Meant::OneOf(candidates) if candidates.is_empty());
        (names_product && !points_nowhere).then(|| "product_fact".to_owned())
    }
}
