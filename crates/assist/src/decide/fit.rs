//! Whether things go together, where a message says which in whatever words: `我新手机能用壳小满 Cobal 4 那个蓝壳吗`, "and the Tukraft one?". Both
//! sides are looked for by what is said of each (see `sides`); the one that is not said is the last thing talked about that it can be asked of.
//! Which of the shop's rows say so is read in [`crate::act::fits`]; lists of what fits are made elsewhere.

use std::sync::Arc;

use domain::Product;

use super::Turning;
use super::referents;
use super::sides::{self, Phrase};
use super::wording::{corrects, goes_on};
use crate::act::{Answer, attributes, facts, fits};
use crate::understand::intents::Family;
use crate::understand::{Intent, Named};
use crate::world::Fitness;

/// Words by which it is asked whether things go together.
const FIT_ZH: &[&str] = &[
    "适配",
    "兼容",
    "能用",
    "可以用",
    "用得",
    "能装",
    "能加",
    "能上",
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
    "充电快",
    "充电吗",
    "充不",
    "能插",
    "插得",
    "配得",
    "合适",
    "适合",
    "能不能用",
    "能不能装",
    "能不能充",
    "配吗",
    "能给",
    "充我",
    "能戴",
    "能配",
    "配吧",
    "配不",
    "匹配",
    "装不装得",
    "装不上",
    "能不能上",
    "配我",
    "搭我",
    "用不用得",
    "塞得",
    "能放",
    "能塞",
];
const FIT_EN: &[&str] = &[
    "fit",
    "work with",
    "works with",
    "work on",
    "works on",
    "work for",
    "compatible",
    "charge my",
    "charge the",
    "charge it",
    "go with",
    "goes with",
    "go in",
    "go on",
    "go into",
    "go round",
    "go around",
    "go over",
    "slide into",
    "slot into",
    "hold my",
    "hold the",
    "holds the",
    "use it with",
    "ok for",
    "ok with",
    "good for",
    " take ",
    " takes ",
    "use the",
    "use my",
    "use that",
    "suit",
    "match my",
];
/// Words that ask for some, of which nobody has said which.
const SOME: &[&str] = &[
    "哪",
    "什么",
    "有没有",
    "有吗",
    "推荐",
    "which ",
    "what ",
    "any ",
    "do you have",
    "do you sell",
    "recommend",
    "looking for",
];
/// Words that ask for one of these and for none.
const NOT_SOME: &[&str] = &["what about", "what if"];
/// Where somebody travels with a thing, nothing has to go with it.
const TRAVELS: &[&str] = &[
    "飞机", "高铁", "安检", "托运", "登机", "火车", "plane", "flight", "airport", "carry-on", "carry on", "cabin",
    "luggage",
];
/// Devices of which it is looked whether all take the same.
const DEVICES_MAX: usize = 12;
/// Accessories of a device that are looked through for a kind.
const ACCESSORIES_MAX: usize = 2_000;
/// A wish, a rule or an order that is this sure is no question of fit, whatever words it has.
const SURE: f32 = 0.5;

/// What may be meant by the two sides of a question; neither is empty.
struct Sides {
    accessories: Vec<Arc<Product>>,
    devices: Vec<Arc<Product>>,
}

impl Turning<'_, '_> {
    /// Whether the two things that a message sets beside each other go together, or the one that it names with what was talked about.
    pub(super) fn sides_fit(&mut self) -> Option<Answer> {
        if !self.asks_whether_fits() {
            return None;
        }
        let scene = self.scene;
        let phrases = self.telling(sides::phrases(&scene));
        let said: Vec<&str> = phrases.iter().map(Phrase::text).collect();
        self.step("understand", format!("whether these go together: {}", said.join(" | ")));
        if phrases.is_empty() && asks_for_some(scene.message.text) {
            return self.others_that_fit();
        }
        // `16寸的有哪个能装` after a sleeve goes on with sleeves.
        let of_fit = matches!(self.dialogue.last_intent.as_deref(), Some("compatibility" | "accessories"));
        let goes_on = of_fit && phrases.len() == 1 && phrases[0].kind_said().is_none();
        let found = match asks_for_some(scene.message.text) && !goes_on {
            true => self.devices_of(&phrases),
            false => self.of_phrases(&phrases),
        };
        // `能用手写笔吗，哪款`: what of the kind goes with the device talked about.
        let has_kind_alone = phrases.iter().any(|phrase| phrase.kind_alone().is_some());
        match found {
            None if has_kind_alone => self.kind_that_fits("compatibility", scene.message.text),
            found => found,
        }
    }

    fn of_phrases(&mut self, phrases: &[Phrase]) -> Option<Answer> {
        let Sides { accessories, devices } = match phrases {
            [one, other] => match self.two_sides(one, other) {
                Some(sides) => sides,
                None => return self.name_unknown(one, other),
            },
            [one] => self.one_side(one)?,
            _ => return None,
        };
        self.told_of(&accessories, &devices)
    }

    /// "Does my green case fit the Koto 23 5?", where there is a Koto 23 4 alone: which one is meant is asked.
    fn name_unknown(&mut self, one: &Phrase, other: &Phrase) -> Option<Answer> {
        let (some, others) = (self.meant_by(one, None), self.meant_by(other, None));
        let (known, said) = match (some.as_slice(), others.as_slice()) {
            ([known, ..], []) => (known, other),
            ([], [known, ..]) => (known, one),
            _ => return None,
        };
        // `能用在我手机上吗` of somebody who bought none here: which phone it is, is asked.
        if said.is_own && said.kind_said().is_some() {
            let is_one = some.len().max(others.len()) == 1;
            let known = known.clone();
            self.dialogue.mention(&known.product_id);
            return is_one.then(|| self.ask_other("compatibility", &known));
        }
        if said.named.len() < 2 || said.is_own {
            return None;
        }
        self.dialogue.mention(&known.product_id);
        Some(self.which("compatibility", said.named.to_vec()))
    }

    /// `那哪支能用` after a pen that does not go with it: those of its kind that do.
    fn others_that_fit(&mut self) -> Option<Answer> {
        if self.dialogue.last_intent.as_deref() != Some("compatibility") {
            return None;
        }
        let talked = self.talked_things();
        let catalogue = self.scene.world.catalogue;
        let accessory = talked.iter().find(|product| catalogue.is_accessory(&product.product_id))?;
        let path = accessory.category.clone()?;
        let device = talked.iter().find(|product| {
            product.category != accessory.category
                && catalogue.fits(&accessory.product_id, &product.product_id) != Fitness::Unknown
        })?;
        let (answer, ids) = fits::accessories(&self.scene, device, Some((&path, "")));
        self.dialogue.mention(&device.product_id);
        self.list(ids);
        Some(answer)
    }

    /// Of more than two phrases those that name things: who has them, and what is said besides, is left out, as is a kind alone beside names of
    /// it (`能贴别的手机吗，比如 Fjord 29`), and what says once more what another one does.
    fn telling<'p>(&self, mut phrases: Vec<Phrase<'p>>) -> Vec<Phrase<'p>> {
        if phrases.len() < 3 {
            return phrases;
        }
        let first = |phrase: &Phrase| self.meant_by(phrase, None).first().map(|product| product.product_id.clone());
        phrases.retain(|phrase| phrase.names_thing() || first(phrase).is_some());
        if phrases.iter().filter(|phrase| phrase.kind_alone().is_none()).count() == 2 {
            phrases.retain(|phrase| phrase.kind_alone().is_none());
        }
        let mut seen: Vec<String> = Vec::new();
        phrases.retain(|phrase| match first(phrase) {
            Some(id) if seen.contains(&id) => false,
            Some(id) => {
                seen.push(id);
                true
            }
            None => true,
        });
        phrases
    }

    /// `我那个备用电池能装哪些相机`: of an accessory that is known and a kind of device, the devices that it goes with.
    fn devices_of(&mut self, phrases: &[Phrase]) -> Option<Answer> {
        let [one, other] = phrases else { return None };
        let (said, kind) = match (one.kind_alone(), other.kind_alone()) {
            (None, Some(kind)) => (one, kind),
            (Some(kind), None) => (other, kind),
            _ => return None,
        };
        let meant = self.meant_by(said, None);
        let [accessory] = meant.as_slice() else { return None };
        let takes_kind = !fits::of_kind(&self.scene, accessory, kind).is_empty();
        if takes_kind || !self.scene.world.catalogue.is_accessory(&accessory.product_id) {
            return None;
        }
        let (answer, ids) = fits::devices(&self.scene, accessory, kind)?;
        self.dialogue.last_intent = Some("compatibility".to_owned());
        self.list(ids);
        self.dialogue.mention(&accessory.product_id);
        Some(answer)
    }

    /// Whether a message asks in so many words whether two things that it names go together: a question of its own, whatever was asked back.
    pub(super) fn asks_fit_anew(&self) -> bool {
        let text = attributes::fold(self.scene.message.text);
        let asks = self.lang().choose(FIT_ZH, FIT_EN).iter().any(|word| text.contains(word));
        asks && sides::phrases(&self.scene).len() > 1
    }

    /// Whether a message asks it, in its own words or by going on from such a question.
    fn asks_whether_fits(&self) -> bool {
        let text = attributes::fold(self.scene.message.text);
        let understood = &self.scene.understood;
        let family = understood.intent.as_deref().and_then(Intent::named).map(|intent| intent.family);
        // `换个表带吧，那条皮的能上我这块表吗`: another one is wanted, and none is sent back.
        let is_another = understood.is("exchange_request")
            && ["换个", "换一", "换条", "换根", "换块"].iter().any(|word| text.contains(word))
            && self.asks_fit_anew();
        let is_other =
            !is_another && matches!(family, Some(Family::Form | Family::Orders | Family::Policy | Family::Person));
        if !self.dialogue.forms.is_empty() || is_other && understood.confidence >= SURE {
            return false;
        }
        if travels(self.scene.message.text) || understood.order_number().is_some() {
            return false;
        }
        let of_fit = |intent: Option<&str>| matches!(intent, Some("compatibility" | "accessories"));
        let after_fit = of_fit(self.dialogue.last_intent.as_deref());
        let takes_up = (goes_on(self.scene.message.text) || corrects(self.scene.message.text)) && self.asks_no_field();
        let is_understood = understood.is("compatibility") && understood.confidence >= SURE;
        is_understood
            || after_fit && takes_up
            || self.lang().choose(FIT_ZH, FIT_EN).iter().any(|word| text.contains(word))
    }

    /// Whether no field is asked for; the `16寸` of `那16寸的呢` is a size that it has.
    fn asks_no_field(&self) -> bool {
        let is_size = |name: &String| {
            let entities = &self.scene.understood.entities;
            entities.iter().any(|entity| matches!(&entity.what, Named::Spec { attribute, .. } if attribute == name))
        };
        facts::asked(&self.scene, None).iter().all(is_size)
    }

    /// The accessory and the device of two phrases.
    fn two_sides(&self, one: &Phrase, other: &Phrase) -> Option<Sides> {
        let (some, others) = (self.meant_by(one, None), self.meant_by(other, None));
        let sides = self.roles(some.clone(), others.clone());
        // `保护套` of a tablet is none of a phone: the kind is that of the device's own accessories.
        let own = |said: &Phrase, devices: &[Arc<Product>]| {
            let path = self.kind_for(said, devices.first()?)?;
            let found = self.meant_by(&said.of_kind(&path), None);
            if found.is_empty() { None } else { self.roles(found, devices.to_vec()) }
        };
        let takes = |sides: &Sides| self.takes_kind(&sides.devices[0], &sides.accessories[0]);
        if sides.as_ref().is_some_and(takes) {
            return sides;
        }
        own(one, &others).or_else(|| own(other, &some)).or(sides)
    }

    /// Whether a device takes anything of the category of an accessory.
    fn takes_kind(&self, device: &Product, accessory: &Product) -> bool {
        let all = self.scene.world.catalogue.accessories(&device.product_id, ACCESSORIES_MAX);
        all.iter().any(|other| other.category == accessory.category)
    }

    /// The category of a device's accessories that is called by the word that a phrase has for its kind.
    fn kind_for(&self, said: &Phrase, device: &Product) -> Option<String> {
        let word = said.kind_said().map(str::to_lowercase)?;
        let word = word.strip_suffix('s').unwrap_or(&word).to_owned();
        let all = self.scene.world.catalogue.accessories(&device.product_id, ACCESSORIES_MAX);
        let called = |path: &&str| {
            let last = path.rsplit('/').next().unwrap_or(path).to_lowercase();
            attributes::word_at(&last, &word).is_some()
        };
        let spoken = |product: &Arc<Product>| self.scene.spoken(product.clone());
        let by_name = || {
            let of_name =
                |product: &&Arc<Product>| attributes::word_at(&spoken(product).name.to_lowercase(), &word).is_some();
            all.iter().find(of_name).and_then(|product| product.category.as_deref())
        };
        let mut paths = all.iter().filter_map(|product| product.category.as_deref());
        paths.find(called).or_else(by_name).map(str::to_owned)
    }

    /// The accessory and the device where one is said, and the other was talked about.
    fn one_side(&self, said: &Phrase) -> Option<Sides> {
        let talked = self.talked_things();
        let is_accessory = |product: &&Arc<Product>| self.scene.world.catalogue.is_accessory(&product.product_id);
        // "And the Tukraft one?" is of the kind of the accessory before it.
        let last = talked.iter().find(is_accessory).and_then(|product| product.category.clone());
        let mut some = self.meant_by(said, last.as_deref());
        // "The keyboard one" of covers is no keyboard.
        if some.is_empty() && said.kind_said().is_some() {
            some = self.meant_by(&said.without_kind(), last.as_deref());
        }
        let first = some.first()?;
        let counted = referents::counted(&self.scene, self.dialogue);
        let others: Vec<&str> = match counted.is_empty() {
            true => talked.iter().map(|product| product.product_id.as_str()).collect(),
            false => counted.iter().map(String::as_str).collect(),
        };
        let others: Vec<&str> = others.into_iter().filter(|id| *id != first.product_id).collect();
        // What the shop has rows of with it comes before what it might be asked of.
        let catalogue = self.scene.world.catalogue;
        let is_known = |id: &&str| {
            catalogue.fits(&first.product_id, id) != Fitness::Unknown
                || catalogue.fits(id, &first.product_id) != Fitness::Unknown
        };
        let known = others.iter().copied().find(is_known);
        let other = known.or_else(|| self.goes_with(&first.product_id, &others))?;
        self.roles(some.clone(), self.scene.products(&[other.to_owned()]))
    }

    /// Of two sides the accessories first; nothing where neither side has one, or one of them is nothing.
    fn roles(&self, some: Vec<Arc<Product>>, others: Vec<Arc<Product>>) -> Option<Sides> {
        let (one, other) = (some.first()?, others.first()?);
        let is_accessory = |product: &Arc<Product>| self.scene.world.catalogue.is_accessory(&product.product_id);
        if one.product_id == other.product_id || !is_accessory(one) && !is_accessory(other) {
            return None;
        }
        let (accessory, _) = fits::ordered(&self.scene, one, other);
        Some(match accessory.product_id == one.product_id {
            true => Sides { accessories: some, devices: others },
            false => Sides { accessories: others, devices: some },
        })
    }

    /// What the shop's rows say of the one side and the other; where it depends on which of several devices is meant, that is asked.
    fn told_of(&mut self, accessories: &[Arc<Product>], devices: &[Arc<Product>]) -> Option<Answer> {
        let (accessory, device) = (accessories.first()?, devices.first()?);
        let ids = |products: &[Arc<Product>]| products.iter().map(|one| one.product_id.clone()).collect::<Vec<_>>();
        // Of many phones that are called so, none is meant.
        if devices.len() > DEVICES_MAX {
            return None;
        }
        let is_same = devices.iter().all(|other| fits::are_alike(&self.scene, accessories, device, other));
        if !is_same {
            self.dialogue.mention(&accessory.product_id);
            return Some(self.which("compatibility", ids(devices)));
        }
        let is_one = accessories.len() == 1
            || referents::is_one(&self.scene, &ids(accessories)) && fits::all_alike(&self.scene, accessories, device);
        if is_one {
            let pair = [accessory.product_id.clone(), device.product_id.clone()];
            return Some(self.run_for("compatibility", &pair, self.scene.message.text));
        }
        let (answer, ids) = fits::several(&self.scene, accessories, device)?;
        self.dialogue.last_intent = Some("compatibility".to_owned());
        self.dialogue.wonder(super::wording::clipped(self.scene.message.text));
        self.dialogue.mention(&device.product_id);
        self.list(ids);
        Some(answer)
    }
}

/// Whether some are asked for, of which nobody has said which.
pub(super) fn asks_for_some(text: &str) -> bool {
    let text = attributes::fold(text);
    SOME.iter().any(|word| text.contains(word)) && !NOT_SOME.iter().any(|word| text.contains(word))
}

/// Whether it is asked what may be taken along on a journey.
pub(super) fn travels(text: &str) -> bool {
    let text = attributes::fold(text);
    TRAVELS.iter().any(|word| text.contains(word))
}
