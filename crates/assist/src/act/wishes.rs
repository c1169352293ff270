//! Lists by conditions: a kind, a maker, a colour, a price, a value with its unit, what it must have, what it is for, what is in stock, and the
//! most or least of it. Every condition is kept; where nothing meets them all, that is said and the nearest is offered as such; where nothing
//! of the shop's data says it, that is said.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};

use domain::Product;
use language::text::Bound;
use regex::{Captures, Regex};
use rustc_hash::FxHashMap;

use super::attributes::{self, label, specs_for};
use super::groups::Thing;
use super::needs::{self, Need};
use super::purposes::{self, Purpose};
use super::values::Valued;
use super::{Answer, Outcome, Scene, find, in_stock, is_sold};
use crate::evidence::Evidence;
use crate::say;
use crate::understand::variants::{colour, stem};
use crate::understand::{Extreme, Named, colours, compared_by, kinds};

/// Things listed.
const N_LISTED: usize = 5;

/// Which end of an order is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Most {
    Cheapest,
    Dearest,
    Newest,
    BestSelling,
    /// Of an attribute that is measured: its place in [`MEASURED`].
    Of(usize),
}

/// An end of an order by an attribute, with the words that ask for it and those that it is told by.
struct Measured {
    attribute: &'static str,
    is_most: bool,
    words: &'static [&'static str],
    zh: &'static str,
    en: &'static str,
}

const fn measured(
    attribute: &'static str,
    is_most: bool,
    words: &'static [&'static str],
    zh: &'static str,
    en: &'static str,
) -> Measured {
    Measured { attribute, is_most, words, zh, en }
}

/// Those that say more come first: `屏幕最大` before `最大`.
static MEASURED: &[Measured] = &[
    measured(
        "battery_life",
        true,
        &[
            "longest battery",
            "best battery",
            "lasts longest",
            "lasts the longest",
            "longest lasting",
            "longest-lasting",
            "续航最长",
            "续航最久",
            "续航最好",
            "续航长的",
            "续航久的",
            "long battery life",
        ],
        "续航最长的",
        "longest-lasting",
    ),
    measured(
        "battery",
        true,
        &[
            "biggest battery",
            "largest battery",
            "big battery",
            "large battery",
            "电池最大",
            "电池大的",
            "电池大点",
            "电池大一点",
            "大电池的",
        ],
        "电池最大的",
        "largest-battery",
    ),
    measured("memory", true, &["most memory", "most ram", "内存最大", "内存大的"], "内存最大的", "largest-memory"),
    measured(
        "storage",
        true,
        &["most storage", "largest capacity", "biggest capacity", "存储最大", "容量最大", "硬盘最大", "容量大的"],
        "容量最大的",
        "largest-capacity",
    ),
    measured("refresh", true, &["highest refresh", "刷新率最高"], "刷新率最高的", "highest-refresh"),
    measured(
        "camera",
        true,
        &["most megapixels", "best camera", "像素最高", "拍照最好", "拍照最清楚", "相机最好"],
        "主摄像素最高的",
        "highest-resolution",
    ),
    measured(
        "weight",
        false,
        &["lightest", "lightweight", "最轻", "轻点的", "轻一点的", "轻便的"],
        "最轻的",
        "lightest",
    ),
    measured("weight", true, &["heaviest", "最重的"], "最重的", "heaviest"),
    measured("speed", true, &["fastest", "quickest", "速度最快", "最快的"], "最快的", "fastest"),
    measured("screen", true, &["biggest", "largest", "屏幕最大", "尺寸最大", "最大的"], "屏幕最大的", "largest"),
    measured("screen", false, &["smallest", "屏幕最小", "尺寸最小", "最小的"], "屏幕最小的", "smallest"),
];

/// What somebody looks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes<'a> {
    pub values: Vec<Valued>,
    /// The word for a kind of thing, and the shop's category.
    pub kinds: Vec<(&'a str, &'a str)>,
    pub brands: Vec<&'a str>,
    pub colours: Vec<&'static str>,
    /// Colours that are not wanted.
    pub not_colours: Vec<&'static str>,
    /// Whether what cannot be had now is as good.
    pub with_unavailable: bool,
    /// Cents.
    pub least: Option<i64>,
    pub most: Option<i64>,
    pub in_stock: bool,
    pub extreme: Option<Most>,
    pub needs: Vec<Need>,
    pub purpose: Option<&'static Purpose>,
    /// Whether things to choose from are asked for, not whether one thing has something.
    for_some: bool,
    /// A value with a unit is asked for that cannot be compared.
    has_other_value: bool,
}

/// A thing that others are set against, and what they are to have more or less of.
pub struct Than {
    pub product: Arc<Product>,
    pub attribute: &'static str,
    pub is_more: bool,
}

impl Than {
    /// In the unit of its dimension; a price in cents.
    fn of(&self, product: &Product) -> Option<f64> {
        match self.attribute {
            "price" => product.price_cents.map(|price| price.0 as f64),
            attribute => purposes::figure(product, attribute),
        }
    }

    fn told(&self, scene: &Scene, product: &Product) -> Option<String> {
        match self.attribute {
            "price" => product.price_cents.map(|price| scene.money(price.0)),
            attribute => specs_for(product, attribute).first().map(|(_, value)| say::format::value(value, scene.lang)),
        }
    }
}

/// Things listed, of which some stand for all their variants.
pub struct Listed {
    pub answer: Answer,
    pub things: Vec<Thing>,
}

impl<'a> Wishes<'a> {
    pub fn of(scene: &Scene<'a>) -> Self {
        let text = scene.message.text;
        let folded = text.to_lowercase();
        let mut wishes = Wishes {
            colours: colours::named_in(text),
            not_colours: colours::denied_in(text),
            with_unavailable: UNAVAILABLE.iter().any(|word| folded.contains(word)),
            extreme: extreme(&folded).or_else(|| end_of_kind(scene)),
            needs: Need::all(scene),
            purpose: purposes::of(text),
            for_some: needs::asks_for_some(scene),
            ..Wishes::default()
        };
        let denied = wishes.not_colours.clone();
        wishes.colours.retain(|colour| !denied.contains(colour));
        let (mut least, mut most) = (None, None);
        for entity in &scene.understood.entities {
            match &entity.what {
                Named::Category { value } => {
                    wishes.kinds.push((text.get(entity.range.clone()).unwrap_or_default(), value.as_str()));
                }
                Named::Brand { value } => wishes.brands.push(value),
                Named::Money { cents, is_max, is_min } => match (is_max, is_min) {
                    (_, true) => least = Some(*cents),
                    _ => most = Some(*cents),
                },
                Named::Attribute { name } if name == "stock" => wishes.in_stock = true,
                _ => {}
            }
        }
        wishes.in_stock &= !wishes.with_unavailable;
        (wishes.values, wishes.has_other_value) = Valued::all(scene);
        wishes.values.retain(|value| !Need::is_value(&value.words));
        // "A battery above 5000 mAh" asks for the value, and "the longest battery" for an order.
        let is_valued = |name: &str| wishes.values.iter().any(|value| value.is_of(name));
        wishes.needs.retain(|need| !need.is(is_valued));
        if wishes.extreme.is_some_and(|most| matches!(most, Most::Of(_))) || wishes.purpose.is_some() {
            wishes.needs.retain(|need| !need.is(is_measured));
        }
        // A colour is a condition of its own.
        wishes.needs.retain(|need| colours::named_in(&need.words).is_empty());
        // `支持手写笔的平板`: a tablet is looked for, and a pen is what it must take.
        if wishes.kinds.len() > 1 {
            let needs = &wishes.needs;
            wishes.kinds.retain(|(word, _)| !needs.iter().any(|need| need.words.contains(*word)));
        }
        let (from, to) = price_band(&folded);
        (wishes.least, wishes.most) = if from.or(to).is_some() { (from, to) } else { (least, most) };
        wishes
    }

    /// The same of a category, without what is said by comparison.
    pub fn than(self, category: &'a str, than: &Than) -> Self {
        let mut wishes = Wishes { kinds: vec![(category, category)], extreme: None, purpose: None, ..self };
        wishes.needs.retain(|need| !need.is(|name| is_measured(name) || name == than.attribute));
        wishes
    }

    /// Whether a list by conditions is wanted: something to choose from, and a condition.
    pub fn are_stated(&self) -> bool {
        let has_thing = !self.kinds.is_empty() || !self.brands.is_empty();
        let has_price = self.least.or(self.most).is_some();
        let has_colour = !self.colours.is_empty() || !self.not_colours.is_empty();
        let has_condition = has_price || has_colour || self.in_stock || !self.values.is_empty();
        let has_use = self.purpose.is_some() || self.for_some && !self.needs.is_empty();
        has_thing
            && (self.extreme.is_some()
                || !self.kinds.is_empty() && has_use
                || !self.has_other_value && !self.kinds.is_empty() && (has_condition || !self.brands.is_empty()))
    }

    /// Whether nothing else is wished for than what a kind, colours and a price say.
    pub fn are_plain(&self) -> bool {
        self.extreme.is_none()
            && self.brands.is_empty()
            && self.needs.is_empty()
            && self.purpose.is_none()
            && self.values.is_empty()
    }

    /// Whether a product is of the kind, the colour and the price; what else is wished for is not asked.
    pub fn are_met_by(&self, product: &Product) -> bool {
        self.is_kind(product) && self.misses(product) == Some(0) && self.is_colour(product)
    }

    fn is_kind(&self, product: &Product) -> bool {
        let path = product.category.as_deref().unwrap_or_default();
        self.kinds.is_empty() || self.kinds.iter().any(|(word, value)| kinds::is_of(path, value, word))
    }

    fn is_brand(&self, product: &Product) -> bool {
        self.brands.is_empty() || product.brand.as_deref().is_some_and(|brand| self.brands.contains(&brand))
    }

    fn is_colour(&self, product: &Product) -> bool {
        if self.colours.is_empty() && self.not_colours.is_empty() {
            return true;
        }
        let own = colour(product).and_then(colours::of);
        let is_wanted = self.colours.is_empty() || own.is_some_and(|own| self.colours.contains(&own));
        is_wanted && (self.not_colours.is_empty() || own.is_some_and(|own| !self.not_colours.contains(&own)))
    }

    /// By how many cents a price misses what is wanted; nothing for a product without one.
    fn misses(&self, product: &Product) -> Option<i64> {
        let price = product.price_cents.map(|price| price.0);
        if self.least.or(self.most).is_none() {
            return Some(0);
        }
        let (least, most) = (self.least.unwrap_or(0), self.most.unwrap_or(i64::MAX));
        price.map(|price| least.saturating_sub(price).max(price.saturating_sub(most)).max(0))
    }

    fn has_values(&self, product: &Product) -> bool {
        self.values.iter().all(|value| value.is_met(product))
    }

    /// Whether a product has the maker, the colour, the values and all else that is asked for; its kind is not asked.
    pub fn are_had_by(&self, scene: &Scene, product: &Arc<Product>) -> bool {
        self.is_brand(product) && self.is_colour(product) && self.has_values(product) && self.has_needs(scene, product)
    }

    /// By which share a product misses the values, added up; last comes what does not state them.
    fn misses_values(&self, product: &Product) -> f64 {
        self.values.iter().map(|value| value.misses(product).unwrap_or(f64::INFINITY)).sum()
    }

    fn has_needs(&self, scene: &Scene, product: &Arc<Product>) -> bool {
        self.needs.iter().all(|need| need.is_met(scene, product))
    }
}

/// Whether an attribute is one by which things can be put in an order.
fn is_measured(attribute: &str) -> bool {
    let own = attributes::named(attribute).map_or(attribute, |known| known.name);
    MEASURED.iter().any(|one| one.attribute == own)
}

/// Words by which it does not matter whether something can be had now.
const UNAVAILABLE: &[&str] = &[
    "even if out of stock",
    "even out of stock",
    "including out of stock",
    "in stock or not",
    "缺货也",
    "没货也",
    "包括缺货",
    "不管有没有货",
    "不管有货没货",
];

/// Which end of an order words ask for.
fn extreme(folded: &str) -> Option<Most> {
    const WORDS: &[(Most, &[&str])] = &[
        (
            Most::Cheapest,
            &["cheapest", "least expensive", "lowest price", "lowest-price", "最便宜", "价格最低", "最实惠"],
        ),
        (Most::Dearest, &["most expensive", "dearest", "priciest", "highest price", "最贵", "价格最高"]),
        (Most::Newest, &["newest", "latest", "most recent", "最新", "刚上市"]),
        (
            Most::BestSelling,
            &[
                "best selling",
                "best-selling",
                "bestselling",
                "best seller",
                "most popular",
                "top selling",
                "卖得最好",
                "卖的最好",
                "最热销",
                "最畅销",
                "销量最",
                "最受欢迎",
                "卖得最多",
            ],
        ),
    ];
    let has = |words: &[&str]| words.iter().any(|word| folded.contains(word));
    let of_table = WORDS.iter().find(|(_, words)| has(words)).map(|(most, _)| *most);
    of_table.or_else(|| MEASURED.iter().position(|one| has(one.words)).map(Most::Of))
}

/// `笔记本哪个轻`, "which laptop is lighter?" of a whole kind: the end of an order, as if `最轻` were said.
fn end_of_kind(scene: &Scene) -> Option<Most> {
    let entities = &scene.understood.entities;
    let is = |is: fn(&Named) -> bool| entities.iter().any(|entity| is(&entity.what));
    let is_of_kind =
        is(|what| matches!(what, Named::Category { .. })) && !is(|what| matches!(what, Named::Product { .. }));
    if !is_of_kind || !scene.understood.references.is_empty() {
        return None;
    }
    let (attribute, end) = compared_by(scene.message.text)?;
    match (attribute, end) {
        ("price", Extreme::Least) => Some(Most::Cheapest),
        ("price", Extreme::Most) => Some(Most::Dearest),
        ("launched", Extreme::Most) => Some(Most::Newest),
        _ => MEASURED
            .iter()
            .position(|one| one.attribute == attribute && one.is_most == (end == Extreme::Most))
            .map(Most::Of),
    }
}

/// The least and the most that something may cost, in cents, from words in either language and any currency.
fn price_band(folded: &str) -> (Option<i64>, Option<i64>) {
    const N: &str = r"(\d[\d,]*(?:\.\d{1,2})?)";
    const MARK: &str = r"(?:[$¥￥€£]|usd |rmb )?\s*";
    const UNIT: &str = r"\s*(?:美元|美金|人民币|元|块钱?|刀|dollars?|usd|yuan|rmb|cny|bucks|euros?)?";
    static BAND: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(r"{MARK}{N}{UNIT}\s*(?:到|至|-|–|~|～|and|to)\s*{MARK}{N}{UNIT}")).expect("a sound pattern")
    });
    static MOST: LazyLock<Regex> = LazyLock::new(|| {
        let before = "under|below|less than|up to|at most|no more than|within|cheaper than|maximum|不超过|低于|少于|最多|预算|budget(?: of| is)?";
        Regex::new(&format!(
            r"(?:{before})\s*(?:是|为|在)?\s*{MARK}{N}{UNIT}|{MARK}{N}{UNIT}\s*(?:以下|以内|之内|or less)"
        ))
        .expect("a sound pattern")
    });
    static LEAST: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(
            r"(?:over|above|more than|at least|超过|高于)\s*{MARK}{N}{UNIT}|{MARK}{N}{UNIT}\s*(?:以上|or more)"
        ))
        .expect("a sound pattern")
    });
    static ABOUT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(r"{MARK}{N}{UNIT}\s*(?:左右|上下|附近|出头)|(?:around|about|roughly)\s*(?:[$¥￥€£]){N}"))
            .expect("a sound pattern")
    });
    // `3000左右`: a fifth more or less.
    if let Some(captures) = ABOUT.captures(folded)
        && let Some(about) = captures.get(1).or(captures.get(2)).and_then(|number| cents(number.as_str()))
        && about >= 10_000
    {
        return (Some(about / 5 * 4), Some(about / 5 * 6));
    }
    let is_money = |text: &str| {
        [
            "$", "¥", "￥", "€", "£", "元", "块", "美金", "刀", "dollar", "usd", "yuan", "rmb", "cny", "buck", "euro",
            "之间", "between", "预算", "budget",
        ]
        .iter()
        .any(|mark| text.contains(mark))
    };
    let value = |captures: &Captures, at: usize| cents(captures.get(at)?.as_str());
    if let Some(captures) = BAND.captures(folded)
        && is_money(folded)
        && let (Some(a), Some(b)) = (value(&captures, 1), value(&captures, 2))
        && a < b
    {
        return (Some(a), Some(b));
    }
    let one = |pattern: &Regex| {
        let captures = pattern.captures(folded).filter(|captures| is_money(&captures[0]))?;
        value(&captures, 1).or_else(|| value(&captures, 2))
    };
    let most = one(&MOST);
    // `no more than` holds `more than`.
    (if most.is_some() { None } else { one(&LEAST) }, most)
}

fn cents(number: &str) -> Option<i64> {
    let value: f64 = number.replace(',', "").parse().ok()?;
    (value < 1e12).then_some((value * 100.0).round() as i64)
}

/// What meets all wishes, in stock first; nothing if the shop has none of the kind at all.
pub fn list(scene: &Scene, wishes: &Wishes) -> Option<Listed> {
    let today = scene.world.today;
    // Thousands of products share a category: whether it is meant is worked out once.
    let known: RefCell<FxHashMap<String, bool>> = RefCell::default();
    let is_kind = |product: &Product| {
        let path = product.category.as_deref().unwrap_or_default();
        if let Some(&is) = known.borrow().get(path) {
            return is;
        }
        let is = wishes.is_kind(product);
        known.borrow_mut().insert(path.to_owned(), is);
        is
    };
    let is_meant = |product: &Product| is_kind(product) && (!wishes.kinds.is_empty() || wishes.is_brand(product));
    let accepts = |product: &Product| is_sold(product, today) && is_meant(product);
    let all = scene.world.catalogue.select(&accepts);
    if !wishes.needs.is_empty() {
        let is_said = |need: &Need| all.iter().any(|(product, _)| need.is_met(scene, product));
        let (said, unsaid): (Vec<Need>, Vec<Need>) = wishes.needs.iter().cloned().partition(is_said);
        if !unsaid.is_empty() && !all.is_empty() {
            let rest = Wishes { needs: said, ..wishes.clone() };
            return without(scene, &rest, &unsaid.iter().map(|need| need.words.as_str()).collect::<Vec<_>>());
        }
    }
    // Of what states no colour at all nobody knows which it has.
    if !wishes.colours.is_empty() && !all.is_empty() && !all.iter().any(|(product, _)| colour(product).is_some()) {
        let said: Vec<String> = wishes.colours.iter().map(|colour| colours::said(colour, scene.lang)).collect();
        let rest = Wishes { colours: Vec::new(), ..wishes.clone() };
        return without(scene, &rest, &said.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let meets = |product: &Arc<Product>| {
        wishes.is_brand(product)
            && wishes.misses(product) == Some(0)
            && wishes.is_colour(product)
            && wishes.has_values(product)
            && wishes.has_needs(scene, product)
            && !(wishes.in_stock && in_stock(product, today) == Some(false))
    };
    let mut met: Vec<(Arc<Product>, i64)> = all.iter().filter(|(product, _)| meets(product)).cloned().collect();
    if let Some(Most::Of(at)) = wishes.extreme {
        met.retain(|(product, _)| purposes::figure(product, MEASURED[at].attribute).is_some());
        // Nothing of the kind is measured so: a search may still understand what is meant.
        if met.is_empty() {
            return None;
        }
    }
    // A value that nothing of the kind states is a matter for the search, which knows more names of things.
    let is_stated = |value: &Valued| all.iter().any(|(product, _)| value.misses(product).is_some());
    if !wishes.values.iter().all(is_stated) {
        return None;
    }
    if met.is_empty() {
        return nearest(scene, wishes, all);
    }
    if let Some(purpose) = wishes.purpose.filter(|_| wishes.extreme.is_none()) {
        return for_purpose(scene, wishes, purpose, met);
    }
    // What can be had comes before what cannot, and so does the cheapest of it.
    let any_in_stock = met.iter().any(|(product, _)| in_stock(product, today) != Some(false));
    let sorted = sorted(scene, wishes, met);
    // What is out of stock comes last: of an end of an order it is said that the first can be had.
    let is_out = |product: &Arc<Product>| in_stock(product, today) == Some(false);
    let of_stock =
        !wishes.with_unavailable && sorted.iter().any(is_out) && sorted.first().is_some_and(|first| !is_out(first));
    let things = things(scene, sorted);
    let mut answer = Answer { rewordable: false, ..Answer::default() };
    answer.step("products", format!("{} meet the wishes", things.len()));
    match (wishes.extreme, things.first()) {
        (Some(most), Some(first)) => {
            let name = say::format::name(&first.whole);
            let price = first.whole.price_cents.map(|price| scene.money(price.0));
            answer.text = say::variants::extreme(scene.lang, word(scene, most), &name, price.as_deref(), of_stock);
            if let Most::Of(at) = most
                && let Some((key, value)) = specs_for(&first.whole, MEASURED[at].attribute).first()
            {
                answer.cite(super::field(&first.whole, key, *value));
                let told = [(label(key, scene.lang), say::format::value(value, scene.lang))];
                answer.say(say::products::fields(scene.lang, &name, &told));
            }
            if things.len() > 1 {
                answer.line(say::variants::followed_by(scene.lang));
            }
        }
        _ if any_in_stock && !wishes.needs.is_empty() => {
            let words: Vec<String> = wishes.needs.iter().map(|need| say::format::plain(&need.words)).collect();
            answer.text = say::variants::stated(scene.lang, &words);
        }
        _ if any_in_stock => answer.text = say::products::found(scene.lang).to_owned(),
        _ => answer.text = say::variants::all_out_of_stock(scene.lang).to_owned(),
    }
    let by_need = |product: &Product| told(scene, wishes.needs.iter().filter_map(|need| need.met_by(product)?));
    Some(listed(scene, answer, things, by_need))
}

/// What of its sheet is told beside a product: label and value of some specifications.
fn told<'p>(scene: &Scene, specs: impl Iterator<Item = (&'p str, &'p str)>) -> Told {
    let mut told = Told::default();
    for (key, value) in specs {
        if !told.fields.iter().any(|(known, _)| known == key) {
            told.fields.push((key.to_owned(), value.to_owned()));
        }
    }
    let of = |(key, value): &(String, String)| {
        say::products::field_short(scene.lang, &label(key, scene.lang), &say::format::value(value, scene.lang))
    };
    let all: Vec<String> = told.fields.iter().map(of).collect();
    told.text = (!all.is_empty()).then(|| all.join(scene.lang.choose("，", ", ")));
    told
}

/// A few specifications in words, and as they stand on the sheet.
#[derive(Default)]
struct Told {
    text: Option<String>,
    fields: Vec<(String, String)>,
}

/// What there is of the kind, after that nothing of the shop's data says that any of it has or serves what is asked for.
fn without(scene: &Scene, rest: &Wishes, unsaid: &[&str]) -> Option<Listed> {
    let mut found = list(scene, rest)?;
    let kind = rest.kinds.first().map_or("", |(word, _)| *word);
    let unsaid: Vec<String> = unsaid.iter().map(|words| say::format::plain(words)).collect();
    let head = say::variants::unstated(scene.lang, &say::format::plain(kind), &unsaid);
    found.answer.replace_head(say::products::found(scene.lang), &head);
    found.answer.outcome = Outcome::Unknown;
    found.answer.rewordable = false;
    found.answer.step("products", format!("no sheet says: {}", unsaid.join(", ")));
    Some(found)
}

/// What there is of a kind of which a search found nothing with all that was asked for, or nothing.
pub fn of_kind_instead(scene: &Scene) -> Option<Listed> {
    let wishes = Wishes { needs: Vec::new(), purpose: None, extreme: None, values: Vec::new(), ..Wishes::of(scene) };
    let mut found = list(scene, &wishes)?;
    let kind = wishes.kinds.first().map_or("", |(word, _)| *word);
    found.answer.replace_head(
        say::products::found(scene.lang),
        &say::variants::none_like_it(scene.lang, &say::format::plain(kind)),
    );
    found.answer.rewordable = false;
    Some(found)
}

/// What meets all wishes and has more or less of something than another; that nothing has is said. Nothing where that thing does not state it.
pub fn beyond(scene: &Scene, wishes: &Wishes, than: &Than) -> Option<Listed> {
    let own = than.of(&than.product)?;
    let today = scene.world.today;
    let goes_beyond =
        |product: &Product| than.of(product).is_some_and(|value| if than.is_more { value > own } else { value < own });
    let accepts = |product: &Product| {
        is_sold(product, today)
            && wishes.is_kind(product)
            && wishes.is_brand(product)
            && wishes.misses(product) == Some(0)
            && wishes.is_colour(product)
            && wishes.has_values(product)
            && goes_beyond(product)
    };
    let mut met = scene.world.catalogue.select(&accepts);
    met.retain(|(product, _)| wishes.has_needs(scene, product));
    let name = say::format::name(&than.product);
    let told_of = than.told(scene, &than.product)?;
    let attribute = label(than.attribute, scene.lang);
    let mut answer = Answer { rewordable: false, ..Answer::default() };
    answer.step(
        "products",
        format!(
            "{} have {} {} than {}",
            met.len(),
            if than.is_more { "more" } else { "less" },
            than.attribute,
            than.product.product_id
        ),
    );
    answer.text = say::variants::beyond(scene.lang, &name, &attribute, &told_of, than.is_more, met.is_empty());
    let field = match than.attribute {
        "price" => ("price", told_of.clone()),
        attribute => specs_for(&than.product, attribute).first().map(|(key, value)| (*key, (*value).to_owned()))?,
    };
    answer.cite(super::field(&than.product, field.0, field.1));
    let things = things(scene, sorted(scene, wishes, met));
    if things.is_empty() {
        return Some(Listed { answer, things });
    }
    let why = |product: &Product| told(scene, specs_for(product, than.attribute).into_iter().take(1));
    Some(listed(scene, answer, things, why))
}

/// What a purpose is served by: what says so of itself, else what its figures put first.
fn for_purpose(
    scene: &Scene,
    wishes: &Wishes,
    purpose: &'static Purpose,
    mut met: Vec<(Arc<Product>, i64)>,
) -> Option<Listed> {
    let rest = || Wishes { purpose: None, ..wishes.clone() };
    let is_made_for_it = met.iter().any(|(product, _)| purpose.stated_by(product).is_some());
    if is_made_for_it {
        met.retain(|(product, _)| purpose.stated_by(product).is_some());
    }
    let figures = purpose.told_by(met.iter().map(|(product, _)| &**product));
    if figures.is_empty() && !is_made_for_it {
        let suits = say::variants::suits(scene.lang, purpose.name(scene.lang));
        return without(scene, &rest(), &[&suits]);
    }
    met.sort_by(|(a, a_orders), (b, b_orders)| b_orders.cmp(a_orders).then_with(|| a.product_id.cmp(&b.product_id)));
    let places = purposes::places(&met.iter().map(|(product, _)| &**product).collect::<Vec<_>>(), &figures);
    let mut placed: Vec<(f64, Arc<Product>)> =
        places.into_iter().zip(met.into_iter().map(|(product, _)| product)).collect();
    let out = |product: &Product| in_stock(product, scene.world.today) == Some(false);
    placed.sort_by(|(a, one), (b, other)| out(one).cmp(&out(other)).then(a.total_cmp(b)));
    let things = things(scene, placed.into_iter().map(|(_, product)| product).collect());
    let labels: Vec<String> = figures.iter().map(|(name, _)| label(name, scene.lang)).collect();
    let mut answer = Answer { rewordable: false, ..Answer::default() };
    answer.text = say::variants::for_purpose(scene.lang, purpose.name(scene.lang), is_made_for_it, &labels);
    answer.step(
        "products",
        format!("for {}: by {}", purpose.en, figures.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")),
    );
    let why = |product: &Product| {
        let own = figures.iter().filter_map(|(name, _)| specs_for(product, name).into_iter().next());
        told(scene, purpose.stated_by(product).into_iter().chain(own))
    };
    Some(listed(scene, answer, things, why))
}

fn word(scene: &Scene, most: Most) -> &'static str {
    match most {
        Most::Cheapest => scene.lang.choose("最便宜的", "cheapest"),
        Most::Dearest => scene.lang.choose("最贵的", "most expensive"),
        Most::Newest => scene.lang.choose("最新的", "newest"),
        Most::BestSelling => scene.lang.choose("卖得最好的", "best-selling"),
        Most::Of(at) => scene.lang.choose(MEASURED[at].zh, MEASURED[at].en),
    }
}

/// Best first: what is in stock, then the end that is asked for, else what is ordered most.
fn sorted(scene: &Scene, wishes: &Wishes, all: Vec<(Arc<Product>, i64)>) -> Vec<Arc<Product>> {
    // What an order is made by is read of each once: comparing reads it of each a dozen times.
    let mut keyed: Vec<(bool, f64, i64, Arc<Product>)> = Vec::with_capacity(all.len());
    let any_launched = all.iter().any(|(product, _)| product.launched_on.is_some());
    for (product, n_orders) in all {
        let place = match wishes.extreme {
            Some(Most::Cheapest) => product.price_cents.map(|price| price.0 as f64),
            Some(Most::Dearest) => product.price_cents.map(|price| -(price.0 as f64)),
            Some(Most::Newest) if any_launched => product.launched_on.map(|day| -f64::from(day.0)),
            Some(Most::Newest) => Some(0.0),
            Some(Most::Of(at)) => {
                let own = purposes::figure(&product, MEASURED[at].attribute);
                own.map(|value| if MEASURED[at].is_most { -value } else { value })
            }
            Some(Most::BestSelling) | None => Some(by_bound(wishes, &product)),
        };
        let Some(place) = place else { continue };
        let is_out = !wishes.with_unavailable && in_stock(&product, scene.world.today) == Some(false);
        keyed.push((is_out, place, n_orders, product));
    }
    keyed.sort_by(|(a_out, a_place, a_orders, a), (b_out, b_place, b_orders, b)| {
        let by_orders = match wishes.extreme {
            Some(Most::BestSelling) | None => b_orders.cmp(a_orders),
            _ => Ordering::Equal,
        };
        let by_place = a_out.cmp(b_out).then(a_place.total_cmp(b_place));
        by_place.then(by_orders).then_with(|| a.product_id.cmp(&b.product_id))
    });
    keyed.into_iter().map(|(.., product)| product).collect()
}

/// "Lighter than 1.5 kg": the lightest first, where it is the one value that is asked for; what is ordered the least, the same for all others.
fn by_bound(wishes: &Wishes, product: &Product) -> f64 {
    let [value] = wishes.values.as_slice() else { return 0.0 };
    let own = value.stated(product).into_iter().min_by(f64::total_cmp).unwrap_or(0.0);
    match value.bound {
        Bound::AtMost => own,
        Bound::AtLeast => -own,
        Bound::Exactly | Bound::About => 0.0,
    }
}

/// The first few, variants of one price taken together.
fn things(scene: &Scene, products: Vec<Arc<Product>>) -> Vec<Thing> {
    let mut groups: Vec<(String, Vec<Arc<Product>>)> = Vec::new();
    for product in products {
        let near =
            |group: &[Arc<Product>]| group[0].brand == product.brand && group[0].price_cents == product.price_cents;
        // What a name has before its variant is worked out of few names.
        if groups.len() == N_LISTED && !groups.iter().any(|(_, group)| near(group)) {
            continue;
        }
        let own = stem(&product);
        match groups.iter().position(|(known, group)| near(group) && known == own) {
            Some(at) => groups[at].1.push(product),
            None if groups.len() < N_LISTED => groups.push((own.to_owned(), vec![product])),
            None => {}
        }
    }
    let spoken = |group: Vec<Arc<Product>>| group.into_iter().map(|product| scene.spoken(product)).collect();
    groups.into_iter().filter_map(|(_, group)| Thing::group(spoken(group))).collect()
}

fn listed(scene: &Scene, mut answer: Answer, things: Vec<Thing>, why: impl Fn(&Product) -> Told) -> Listed {
    let all: Vec<Told> = things.iter().map(|thing| why(&thing.whole)).collect();
    let shown: Vec<_> = things.iter().zip(&all).map(|(thing, told)| (thing.whole.clone(), told.text.clone())).collect();
    find::lines(scene, &shown, &mut answer);
    for (thing, told) in things.iter().zip(all) {
        for (key, value) in told.fields {
            answer.cite(super::field(&thing.whole, &key, value));
        }
        answer.cite(super::field(&thing.whole, "name", thing.variants[0].name.as_str()));
    }
    Listed { answer, things }
}

/// What comes nearest to wishes that nothing meets: the price goes first, then the colour, then the maker, and before the kind the values
/// with their units; the kind stays.
fn nearest(scene: &Scene, wishes: &Wishes, all: Vec<(Arc<Product>, i64)>) -> Option<Listed> {
    let today = scene.world.today;
    let has = |product: &Product| !(wishes.in_stock && in_stock(product, today) == Some(false));
    // Without a word for the kind, nothing says that another maker's things are wanted.
    let last = if wishes.kinds.is_empty() { 2 } else { 4 };
    let levels = || (1..=last).map(|level| (level, true)).chain((1..=last).map(|level| (level, false)));
    let (level, mut near) = levels().find_map(|(level, keeps_values)| {
        let keeps = |product: &Arc<Product>| {
            (!keeps_values || wishes.has_values(product))
                && (level > 2 || wishes.is_brand(product))
                && (level > 1 || wishes.is_colour(product))
                && wishes.has_needs(scene, product)
                && (level > 3 || has(product))
        };
        let near: Vec<(Arc<Product>, i64)> = all.iter().filter(|(product, _)| keeps(product)).cloned().collect();
        (!near.is_empty()).then_some((level, near))
    })?;
    // By what is missed; read of each once, since comparing asks for it a dozen times.
    let missed = |(product, n_orders): (Arc<Product>, i64)| {
        let out = in_stock(&product, today) == Some(false);
        let price = wishes.misses(&product).unwrap_or(i64::MAX);
        (wishes.misses_values(&product), (out, price, std::cmp::Reverse(n_orders)), product)
    };
    let mut keyed: Vec<_> = near.drain(..).map(missed).collect();
    keyed.sort_by(|(a_values, a, one), (b_values, b, other)| {
        a_values.total_cmp(b_values).then(a.cmp(b)).then_with(|| one.product_id.cmp(&other.product_id))
    });
    near.extend(keyed.into_iter().map(|(_, (_, _, n_orders), product)| (product, n_orders.0)));
    let mut answer = Answer::default();
    let unmet = unmet(scene, wishes, level, &near, &mut answer);
    answer.text = say::variants::nearest(scene.lang, &unmet);
    answer.step("products", format!("nothing meets all: {}", unmet.join(", ")));
    let things = things(scene, near.into_iter().map(|(product, _)| product).collect());
    Some(listed(scene, answer, things, |product| {
        told(scene, wishes.needs.iter().filter_map(|need| need.met_by(product)?))
    }))
}

/// The conditions that the nearest products do not meet, in words.
fn unmet(
    scene: &Scene,
    wishes: &Wishes,
    level: usize,
    near: &[(Arc<Product>, i64)],
    answer: &mut Answer,
) -> Vec<String> {
    let mut unmet = Vec::new();
    if let Some((first, _)) = near.first() {
        for value in wishes.values.iter().filter(|value| !value.is_met(first)) {
            let words = say::format::plain(&value.words);
            answer.cite(Evidence::Computed { how: "the value wished for".to_owned(), value: words.clone() });
            unmet.push(words);
        }
    }
    let misses = |(product, _): &(Arc<Product>, i64)| wishes.misses(product) != Some(0);
    if near.first().is_some_and(misses) {
        let bound = |cents: Option<i64>| cents.map(|cents| scene.money(cents));
        let text = match (bound(wishes.least), bound(wishes.most)) {
            (Some(least), Some(most)) => format!("{least} – {most}"),
            (Some(least), None) => format!("≥ {least}"),
            (None, Some(most)) => format!("≤ {most}"),
            (None, None) => String::new(),
        };
        answer.cite(Evidence::Computed { how: "the price wished for".to_owned(), value: text.clone() });
        unmet.push(text);
    }
    if level > 1 {
        unmet.extend(wishes.colours.iter().map(|colour| colours::said(colour, scene.lang)));
    }
    if level > 2 {
        unmet.extend(wishes.brands.iter().map(|brand| say::format::plain(brand)));
    }
    if level > 3 && wishes.in_stock {
        unmet.push(say::variants::in_stock_only(scene.lang).to_owned());
    }
    unmet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_in_either_language_and_currency() {
        for (text, least, most) in [
            ("between $100 and $130 please", Some(100), Some(130)),
            ("有没有100到130美元之间的耳机", Some(100), Some(130)),
            ("想买一台洗衣机,1100美元以内", None, Some(1100)),
            ("which do you have below $1,100?", None, Some(1100)),
            ("预算3000", None, Some(3000)),
            ("no more than 50 dollars", None, Some(50)),
            ("over 2000 yuan", Some(2000), None),
            ("32 to 64 GB", None, None),
            ("above 16 inches", None, None),
        ] {
            let band = (least.map(|price| price * 100), most.map(|price| price * 100));
            assert_eq!(price_band(text), band, "{text}");
        }
    }

    #[test]
    fn words_ask_for_an_end_of_an_order() {
        assert_eq!(extreme("what's your cheapest tv"), Some(Most::Cheapest));
        assert_eq!(extreme("最贵的冰箱"), Some(Most::Dearest));
        assert_eq!(extreme("the best-selling phone"), Some(Most::BestSelling));
        assert_eq!(extreme("a cheap phone"), None);
        for (text, attribute, is_most) in [
            ("最轻的笔记本", "weight", false),
            ("the phone with the longest battery life", "battery_life", true),
            ("Which smart watch lasts longest on a charge?", "battery_life", true),
            ("电池最大的手机", "battery", true),
            ("三千以内拍照最好的手机", "camera", true),
            ("屏幕最大的电视", "screen", true),
        ] {
            let Some(Most::Of(at)) = extreme(text) else { panic!("{text}") };
            assert_eq!((MEASURED[at].attribute, MEASURED[at].is_most), (attribute, is_most), "{text}");
        }
    }
}
