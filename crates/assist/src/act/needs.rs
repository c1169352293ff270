//! What a thing must have or be able to do beyond its kind, its price and values with units: `支持无线充电`, "with NFC", `雷电接口`. Whether a
//! product has it is read from its name and its sheet in either language; what neither says is not known, and never taken for granted.
//! Which products are looked at, and what is said, stands in `wishes`.

use std::cell::{OnceCell, RefCell};
use std::sync::{Arc, LazyLock};

use domain::Product;
use regex::Regex;
use rustc_hash::FxHashMap;

use super::Scene;
use super::attributes::{Family, fold, label, named, of_key, word_at};
use super::coverage;
use super::find::is_negative;
use crate::turn::Lang;
use crate::understand::Named;

/// Letters of a need that is read from its place in the sentence.
const LETTERS_MAX: usize = 24;

/// One thing that is needed.
#[derive(Clone, Debug)]
pub struct Need {
    /// As the message has it.
    pub words: String,
    /// The attribute that it is, if it is one.
    attribute: Option<String>,
    /// What a name or a value has that meets it, folded; empty where it is enough that the attribute is stated.
    forms: Vec<String>,
    /// What specifications say of it, by key and value: thousands of products of a list share them.
    said: RefCell<FxHashMap<String, FxHashMap<String, Says>>>,
    /// Finds its words in texts of any case.
    pattern: OnceCell<Option<Regex>>,
}

/// Two needs are the same whatever has been read for them.
impl PartialEq for Need {
    fn eq(&self, other: &Self) -> bool {
        (&self.words, &self.attribute, &self.forms) == (&other.words, &other.attribute, &other.forms)
    }
}

/// What one specification says of a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Nothing,
    Denies,
    /// That the thing has it; the least is most to the point.
    Has(usize),
}

/// Words that name one value of an attribute and not the attribute, all of one meaning.
const VALUES: &[&[&str]] = &[
    &["雷电", "thunderbolt"],
    &["type-c口", "typec口", "usb-c", "type-c", "typec", "usb c", "type c"],
    &["hdmi"],
    &["displayport", "dp接口"],
    &["5g网络", "5g"],
    &["4g"],
    &["全网通"],
    &["oled"],
    &["lcd"],
    &["4k"],
    &["8k"],
    &["双卡双待", "双卡", "dual sim"],
    &["esim"],
    &["背光", "backlit", "backlight"],
    &["指纹", "fingerprint"],
    &["人脸识别", "面容", "face id", "face unlock"],
    &["独立显卡", "独显", "dedicated graphics", "discrete graphics"],
    &["耳机孔", "headphone jack"],
    &["windows"],
    &["安卓", "android"],
    &["鸿蒙", "harmonyos", "harmony"],
    &["wifi7", "wi-fi 7", "wi fi 7", "wifi 7"],
    &["wifi6", "wi-fi 6", "wi fi 6", "wifi 6"],
    &["wifi", "wi-fi", "wi fi", "无线网", "无线打印"],
    &["ip68"],
    &["ip67"],
    &["麦克风", "microphone"],
    &["防尘", "dustproof", "dust resistant"],
];

/// The same, folded.
static FORMS: LazyLock<Vec<Vec<String>>> =
    LazyLock::new(|| VALUES.iter().map(|all| all.iter().map(|value| fold(value)).collect()).collect());

/// What everything has and what is asked for by other means.
const NO_NEEDS: &[&str] = &["price", "color", "screen", "stock", "brand", "category", "launched", "size", "use"];

/// What no sheet says and everybody judges by themselves.
const TASTE: &[&str] = &[
    "性价比",
    "便宜",
    "实惠",
    "好用",
    "好看",
    "漂亮",
    "大气",
    "高端",
    "合适",
    "适合",
    "推荐",
    "最",
    "比较",
    "更",
    "好一点",
    "耐用",
    "质量",
    "good",
    "nice",
    "cheap",
    "best",
    "better",
    "great",
    "decent",
    "high quality",
    "beautiful",
];

impl Need {
    /// All of a message: what it names by a word for an attribute, and what stands where things say what they have (`支持…的`, "with …").
    pub fn all(scene: &Scene) -> Vec<Need> {
        let text = scene.message.text;
        let mut needs: Vec<Need> = Vec::new();
        for entity in &scene.understood.entities {
            if let Named::Attribute { name } = &entity.what
                && !NO_NEEDS.contains(&name.as_str())
            {
                let words = text.get(entity.range.clone()).unwrap_or_default().trim();
                // `雷电接口`: the value says it, the attribute adds nothing.
                let is_known = |known: &Need| known.attribute.as_deref() == Some(name) && !known.forms.is_empty();
                let need = Need::of(words, Some(name));
                if need.forms.is_empty() && needs.iter().any(is_known) {
                    continue;
                }
                needs.retain(|known| {
                    need.forms.is_empty() || known.attribute != need.attribute || !known.forms.is_empty()
                });
                needs.push(need);
            }
        }
        // `5G` may look like five grams.
        let folded = fold(text);
        for all in FORMS.iter() {
            let Some((value, at)) = all.iter().find_map(|value| Some((value, word_at(&folded, value)?))) else {
                continue;
            };
            if !needs.iter().any(|need| need.forms.contains(&all[0])) {
                let words = text.get(at..at + value.len()).filter(|_| folded.len() == text.len()).unwrap_or(value);
                needs.push(Need::of(words, None));
            }
        }
        needs.extend(placed(scene));
        needs
    }

    fn of(words: &str, attribute: Option<&str>) -> Need {
        let folded = fold(words);
        let values = FORMS.iter().find(|all| all.contains(&folded)).cloned();
        let forms = values.unwrap_or_else(|| if attribute.is_some() { Vec::new() } else { vec![folded] });
        Need {
            words: words.to_owned(),
            attribute: attribute.map(str::to_owned),
            forms,
            said: RefCell::default(),
            pattern: OnceCell::new(),
        }
    }

    /// The specification by which a product has it; `Some(None)` where its name says it; nothing where nothing does.
    pub fn met_by<'p>(&self, product: &'p Product) -> Option<Option<(&'p str, &'p str)>> {
        let mut best: Option<(usize, (&str, &str))> = None;
        let mut is_denied = false;
        for (key, value) in &product.specs {
            match self.said_by(key, value) {
                Says::Has(place) if best.is_none_or(|(known, _)| place < known) => best = Some((place, (key, value))),
                Says::Denies => is_denied = true,
                _ => {}
            }
        }
        if let Some((_, by)) = best {
            return Some(Some(by));
        }
        let folded = fold(&product.name);
        let is_named = match self.forms.is_empty() {
            true => !is_denied && word_at(&folded, &fold(&self.words)).is_some(),
            false => self.stands_in(&folded),
        };
        is_named.then_some(None)
    }

    fn said_by(&self, key: &str, value: &str) -> Says {
        if let Some(&says) = self.said.borrow().get(key).and_then(|known| known.get(value)) {
            return says;
        }
        let says = if self.forms.is_empty() { self.of_attribute(key, value) } else { self.of_value(key, value) };
        self.said.borrow_mut().entry(key.to_owned()).or_default().insert(value.to_owned(), says);
        says
    }

    /// Whether one of its forms stands in a folded text.
    fn stands_in(&self, folded: &str) -> bool {
        self.forms.iter().any(|form| word_at(folded, form).is_some())
    }

    /// A value that is asked for may stand in a specification's value or in its name in either language.
    fn of_value(&self, key: &str, value: &str) -> Says {
        let texts = [value, key, &label(key, Lang::Zh), &label(key, Lang::En)];
        match !is_negative(value) && texts.iter().any(|text| self.stands_in(&fold(text))) {
            true => Says::Has(0),
            false => Says::Nothing,
        }
    }

    fn of_attribute(&self, key: &str, value: &str) -> Says {
        let attribute = self.attribute.as_deref().unwrap_or_default();
        let Some(place) = Family::of(attribute).place(key).filter(|_| !value.trim().is_empty()) else {
            return Says::Nothing;
        };
        if is_negative(value) {
            return Says::Denies;
        }
        // An attribute of the same family has to name what is asked: connected by Bluetooth, not by a cable.
        let known = named(attribute);
        let is_own = || known.is_some_and(|known| of_key(key).is_some_and(|own| own.name == known.name));
        let names_it = || {
            let folded = fold(value);
            known.is_some_and(|known| known.texts().any(|text| word_at(&folded, text).is_some()))
        };
        match known.is_none() || is_own() || is_family(attribute) || names_it() {
            true => Says::Has(place),
            false => Says::Nothing,
        }
    }

    /// Whether a product's sheet or its name in the customer's language says that it has it.
    pub fn is_met(&self, scene: &Scene, product: &Arc<Product>) -> bool {
        if self.met_by(product).is_some() {
            return true;
        }
        // Its name in another language is read of those alone that may have the word in it.
        let pattern = || Regex::new(&format!("(?i){}", regex::escape(&self.words))).ok();
        let Some(pattern) = self.pattern.get_or_init(pattern) else { return false };
        let may = product.extra.as_deref().is_some_and(|extra| pattern.is_match(extra));
        may && self.met_by(&scene.spoken(product.clone())).is_some()
    }

    /// Whether a value is needed, and not only that an attribute is stated.
    pub fn names_value(&self) -> bool {
        !self.forms.is_empty()
    }

    /// Whether it is one value of an attribute that may look like an amount: `5G`.
    pub fn is_value(words: &str) -> bool {
        let folded = fold(words);
        FORMS.iter().any(|all| all.contains(&folded))
    }

    /// Whether it is what a value with its unit asks for already: "a battery above 5000 mAh".
    pub fn is(&self, is_of: impl Fn(&str) -> bool) -> bool {
        self.attribute.as_deref().is_some_and(is_of)
    }
}

/// Attributes that stand for their whole family: any port is one of the ports.
fn is_family(attribute: &str) -> bool {
    matches!(attribute, "ports" | "battery" | "battery_life" | "storage" | "cpu" | "processor" | "waterproof")
}

/// What stands between `支持` and `的`, behind "with", and is neither a name, a kind, a value nor one of the shop's ways.
fn placed(scene: &Scene) -> Option<Need> {
    static ZH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:支持|带有|自带|带|具备|配有|配备|有)([^，。？！,.?!\s的]{2,12}?)(?:功能)?(?:的|吗|么|不|$|[，。？！,.?!\s])").expect("a sound pattern")
    });
    static EN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:with|supports?|supporting|featuring|that (?:has|have|supports?))\s+(?:an?\s+|the\s+)?([a-z][a-z0-9 \-]{2,23}?)\s*(?:[?.!,]|$|\bfor\b|\bunder\b|\bbelow\b|\band\b)").expect("a sound pattern")
    });
    // `有没有防蓝光的`: what stands behind is asked for. Places stay as they are.
    let text = &scene.message.text.replace("有没有", "      有");
    let found = scene.lang.choose(&*ZH, &*EN).captures(text)?.get(1)?;
    let verbs = ["支持", "带有", "自带", "具备", "配有", "配备", "带"];
    let words = verbs.iter().fold(found.as_str().trim(), |words, verb| words.strip_prefix(verb).unwrap_or(words));
    let is_taken = |entity: &crate::understand::Entity| {
        !matches!(entity.what, Named::Category { .. })
            && entity.range.start < found.end()
            && found.start() < entity.range.end
    };
    let is_taken = scene.understood.entities.iter().any(is_taken);
    // `有哪些牌子的冰箱` asks, and names nothing that a thing has.
    let asks = ["哪", "什么", "啥", "几", "多少", "怎"].iter().any(|word| words.starts_with(word));
    let is_taste = asks || TASTE.iter().any(|word| words.contains(word));
    if is_taken
        || is_taste
        || words.chars().count() > LETTERS_MAX
        || !coverage::says_something(words)
        || coverage::asks_ways(words)
        || super::purposes::of(words).is_some()
    {
        return None;
    }
    Some(Need::of(words, None))
}

/// Whether things to choose from are asked for: `哪些手机…`, "do you have phones that …". What is asked of one thing is answered of it.
pub fn asks_for_some(scene: &Scene) -> bool {
    const ZH: &[&str] = &[
        "哪些",
        "哪款",
        "哪个",
        "哪种",
        "哪台",
        "哪部",
        "哪几",
        "有没有",
        "有什么",
        "有啥",
        "推荐",
        "想买",
        "想要",
        "想找",
        "求",
        "给我找",
        "你们的",
        "你们有",
        "你家有",
        "店里有",
        "有支持",
        "有带",
    ];
    const EN: &[&str] = &[
        "which",
        "what ",
        "any ",
        "do you have",
        "do you sell",
        "do you stock",
        "have you got",
        "looking for",
        "recommend",
        "show me",
        "need a",
        "want a",
        "is there ",
        "got a ",
        "have a ",
        "i need",
        "i want",
        "your ",
        "are there",
        "got any",
        "do your",
    ];
    let text = fold(scene.message.text);
    let words = scene.lang.choose(ZH, EN);
    let is_asked = words.iter().any(|word| text.contains(word));
    let there_is = scene.lang == Lang::Zh
        && text.starts_with('有')
        && text.trim_end_matches(['?', '？', '。']).ends_with(['吗', '么', '嘛']);
    scene.understood.references.is_empty() && (is_asked || there_is)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(name: &str, specs: &[(&str, &str)]) -> Product {
        let specs = specs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Product { name: name.to_owned(), specs, ..Product::default() }
    }

    #[test]
    fn only_what_a_sheet_or_a_name_says_meets_a_need() {
        let phone = product("Orla 5", &[("network", "5G"), ("charging_power", "67 W"), ("charge_port", "USB-C")]);
        let buds = product("Tarn 耳机", &[("noise_cancelling", "passive"), ("connection", "wired")]);
        let wireless = product("Tarn 2", &[("noise_cancelling", "active"), ("connection", "Bluetooth")]);
        let laptop = product("Velo 16", &[("port", "Thunderbolt 4"), ("stylus_protocol", "ActivePen 2")]);
        for (product, words, attribute, is_met) in [
            (&phone, "5g", Some("network"), true),
            (&phone, "4g", Some("network"), false),
            (&phone, "无线充电", Some("wireless_charging"), false),
            (&phone, "nfc", Some("nfc"), false),
            (&phone, "type-c", Some("ports"), true),
            (&phone, "雷电", Some("ports"), false),
            (&laptop, "雷电", Some("ports"), true),
            (&laptop, "手写笔", None, true),
            (&laptop, "防蓝光", None, false),
            (&buds, "降噪", Some("noise_cancelling"), false),
            (&buds, "蓝牙", Some("bluetooth"), false),
            (&wireless, "降噪", Some("noise_cancelling"), true),
            (&wireless, "bluetooth", Some("bluetooth"), true),
        ] {
            assert_eq!(Need::of(words, attribute).met_by(product).is_some(), is_met, "{} {words}", product.name);
        }
    }
}
