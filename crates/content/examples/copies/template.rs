//! What we are set beside: one template for each category, as shops that write none themselves keep them, filled with the same
//! names, specs and statements of use that the plan has. Written to be read: whole sentences, no empty places, the offer said.

use tercet_content::brief::{Brief, Lang};
use tercet_content::plan::{Claim, Plan};
use tercet_content::write::{Line, money};

/// A template of a category: kinds of goods, Chinese, English. `{name}`, `{noun}`, `{specs}` (up to three), `{use}`, `{price}`.
/// What stands in brackets is left out where one of its places is empty.
type Template = (&'static [&'static str], &'static str, &'static str);

const TEMPLATES: &[Template] = &[
    (
        &["laptop", "desktop", "tablet"],
        "{name}现已上架。[配备{specs}，][{use}，]无论办公、学习还是娱乐都能从容应对。[售价{price}，]欢迎选购。",
        "The {name} is now available. [It comes with {specs}. ][{use}. ]A good companion for work, study and play. [Yours for {price}. ]Order today.",
    ),
    (
        &["phone"],
        "新机到店：{name}。[{specs}，][{use}。]拍照、游戏、日常使用都得心应手。[到手{price}，]点击下单。",
        "New phone in: {name}. [It has {specs}. ][{use}. ]Photos, games and everyday use are all taken care of. [Just {price}. ]Shop now.",
    ),
    (
        &["phone_case", "tablet_case", "sleeve", "bag", "strap"],
        "{name}到货，[{specs}，][{use}，]给爱机贴心保护，多款可选。[{price}，]喜欢就带走吧。",
        "The {name} has arrived. [It comes with {specs}. ][{use}. ]Stylish protection for your device. [Only {price}. ]Add to cart today.",
    ),
    (
        &["protector"],
        "{name}，[{specs}，][{use}，]高清透亮，贴合屏幕。[{price}，]欢迎下单。",
        "The {name}: clear and easy to apply. [It comes with {specs}. ][{use}. ][{price}. ]Protect your screen today.",
    ),
    (
        &["charger", "cable", "power_bank", "battery", "dock"],
        "{name}上新，[{specs}，][{use}，]充电更安心。[{price}，]出门必备，欢迎选购。",
        "Power up with the {name}. [It offers {specs}. ][{use}. ]A must for home and travel. [{price}. ]Buy now.",
    ),
    (
        &["headphones", "earbuds", "speaker"],
        "{name}上架，[{specs}，][{use}，]享受好声音。[{price}，]快来试试。",
        "Hear more with the {name}. [You get {specs}. ][{use}. ]Enjoy your music anywhere. [{price}. ]Shop now.",
    ),
    (
        &["watch"],
        "{name}新品上市，[{specs}，][{use}，]记录健康每一天。[{price}，]欢迎选购。",
        "Meet the {name}. [You get {specs}. ][{use}. ]Your companion for every day. [{price}. ]Order now.",
    ),
    (
        &["tv", "monitor", "camera", "drone", "printer", "router"],
        "{name}现货发售，[{specs}，][{use}。][售价{price}，]详情请点击查看。",
        "The {name} is in stock. [Highlights: {specs}. ][{use}. ][Price: {price}. ]See details.",
    ),
];

const OTHERWISE: (&str, &str) = (
    "新品{name}{noun}上市，[{specs}，][{use}，]品质之选。[{price}，]欢迎选购。",
    "The new {name} is here. [It has {specs}. ][{use}. ][Yours for {price}. ]Order yours today.",
);

/// The template of the product's category, filled.
pub fn filled(brief: &Brief, plan: &Plan) -> String {
    let lang = brief.lang;
    let key = plan.kind.map(|kind| kind.key);
    let found = TEMPLATES.iter().find(|(kinds, _, _)| key.is_some_and(|key| kinds.contains(&key)));
    let text = found.map_or(lang.choose(OTHERWISE.0, OTHERWISE.1), |(_, zh, en)| lang.choose(zh, en));
    let noun = plan.kind.map_or("", |kind| lang.choose(kind.zh, kind.en));
    let price = brief.offer.as_ref().and_then(|offer| offer.price_cents).or(plan.price_cents);
    let places = [
        ("{name}", plan.short.clone()),
        ("{noun}", noun.to_owned()),
        ("{specs}", specs(plan, lang)),
        (
            "{use}",
            lang.choose(
                use_of(plan, lang).unwrap_or_default().to_owned(),
                capital(use_of(plan, lang).unwrap_or_default()),
            ),
        ),
        ("{price}", price.map_or(String::new(), |price| money(price, &brief.currency, lang))),
    ];
    let mut made = String::new();
    for part in text.split(['[', ']']) {
        let is_optional = text.contains(&format!("[{part}]"));
        let is_empty = places.iter().any(|(place, value)| part.contains(place) && value.is_empty());
        if !(is_optional && is_empty) {
            made.push_str(part);
        }
    }
    let made = places.iter().fold(made, |text, (place, value)| text.replace(place, value));
    tidy(&made)
}

/// No comma stands before a full stop.
fn tidy(text: &str) -> String {
    text.replace("，。", "。").replace("  ", " ").trim_end().to_owned()
}

/// Up to three specs as the plan's first phrase says each, with articles.
fn specs(plan: &Plan, lang: Lang) -> String {
    let values = plan.points.iter().filter_map(|point| match &point.claim {
        Claim::Spec { fact, .. } => {
            let value = lang.choose(&fact.reading.zh, &fact.reading.en);
            let is_disk = ["SSD", "HDD", "硬盘"].iter().any(|disk| value.contains(disk));
            let way = match is_disk {
                true => lang.choose("{v}", "a(n) {v}"),
                false => lang.choose(fact.attribute.nouns_zh, fact.attribute.nouns_en)[0],
            };
            Some(way.replace("{v}", value).replace("{n}", &fact.reading.bare).replace("(s)", "s"))
        }
        Claim::Feature { feature, .. } => Some(lang.choose(feature.row.zh, feature.row.en).to_owned()),
        _ => None,
    });
    let values: Vec<String> = values.take(3).collect();
    let joined = match (lang, values.split_last()) {
        (Lang::Zh, _) => values.join("、"),
        (Lang::En, Some((last, rest))) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => values.concat(),
    };
    let mut line = Line::default();
    line.push(&joined);
    line.text
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn use_of(plan: &Plan, lang: Lang) -> Option<&'static str> {
    plan.points.iter().find_map(|point| match &point.claim {
        Claim::Spec { use_of: Some((found, _)), .. } => Some(lang.choose(found.zh[0], found.en[0])),
        Claim::Feature { feature, .. } => {
            Some(lang.choose(feature.row.use_zh, feature.row.use_en)).filter(|text| !text.is_empty())
        }
        _ => None,
    })
}
