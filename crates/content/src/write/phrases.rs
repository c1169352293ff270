//! Phrases for single things: points as noun phrases, comparisons, gains, opinions, amounts of money, days. In Chinese and in
//! English, each as it is said there. Not here: sentences.

use domain::{Cents, Day};
use math::random::Random;

use crate::brief::Lang;
use crate::plan::attributes::Direction;
use crate::plan::facts::Fact;
use crate::plan::kinds::Kind;
use crate::plan::{Claim, Plan, Point};

/// Attributes whose values are said in Chinese as they stand in Latin letters.
const LATIN_IN_CHINESE: &[&str] = &[
    "cpu",
    "gpu",
    "os",
    "network",
    "wifi",
    "bluetooth",
    "display",
    "panel",
    "port",
    "charge_port",
    "usb",
    "video_port",
    "memory_type",
    "card_slot",
    "battery_type",
    "cartridge",
    "water_resistance",
    "video",
    "focal_length",
    "aperture",
    "stylus_protocol",
    "mount",
    "sensor",
    "host_port",
    "output_connector",
    "vesa",
    "layout",
];

fn has_han(text: &str) -> bool {
    text.chars().any(|one| matches!(u32::from(one), 0x3400..=0x9FFF))
}

/// The noun phrase of a point: `16GB内存`, `a(n) 14-inch screen`; `None` if it cannot be said in the language.
pub fn noun(point: &Point, lang: Lang, random: &mut Random) -> Option<String> {
    match &point.claim {
        Claim::Spec { fact, .. } => {
            let value = lang.choose(&fact.reading.zh, &fact.reading.en);
            let is_word = fact.reading.number.is_none();
            let is_said = match lang {
                Lang::Zh => !is_word || has_han(value) || LATIN_IN_CHINESE.contains(&fact.attribute.key),
                Lang::En => !has_han(value),
            };
            let ways = lang.choose(fact.attribute.nouns_zh, fact.attribute.nouns_en);
            let way = ways[random.below(ways.len())];
            is_said.then(|| filled(fact, lang, value, way))
        }
        Claim::Feature { feature, .. } => Some(lang.choose(feature.row.zh, feature.row.en).to_owned()),
        _ => None,
    }
}

/// All noun phrases of a point.
pub fn nouns(point: &Point, lang: Lang) -> Vec<String> {
    // The first says whether it can be said at all.
    let first = noun(point, lang, &mut Random::new(0));
    let all = match &point.claim {
        Claim::Spec { fact, .. } => {
            let value = lang.choose(&fact.reading.zh, &fact.reading.en);
            let ways = lang.choose(fact.attribute.nouns_zh, fact.attribute.nouns_en);
            ways.iter().map(|way| filled(fact, lang, value, way)).collect()
        }
        _ => first.iter().cloned().collect(),
    };
    if first.is_some() { all } else { Vec::new() }
}

fn filled(fact: &Fact, lang: Lang, value: &str, way: &'static str) -> String {
    let (value, way) = adapted(lang, fact.attribute.key, value, way);
    let way = way.replace("(s)", if fact.reading.bare == "1" { "" } else { "s" });
    way.replace("{v}", &value).replace("{n}", &fact.reading.bare)
}

/// Values that already hold what their phrase adds.
fn adapted(lang: Lang, key: &str, value: &str, way: &'static str) -> (String, &'static str) {
    let lower = value.to_lowercase();
    let is_disk = value.contains("硬盘") || lower.contains("ssd") || lower.contains("hdd");
    match (key, lang) {
        ("storage", Lang::En) if lower.ends_with("hybrid") => (value.to_owned(), "a(n) {v} drive"),
        ("layout", Lang::En) => (value.replace(" keys", "-key"), way),
        ("storage", Lang::Zh) if is_disk => (value.to_owned(), "{v}"),
        ("storage", Lang::En) if is_disk => (value.replace(" plus ", " plus a(n) "), "a(n) {v}"),
        ("display" | "panel", Lang::Zh) if ["屏", "面板", "触控"].iter().any(|end| value.ends_with(end)) => {
            (value.to_owned(), "{v}")
        }
        ("display" | "panel", Lang::En)
            if lower.ends_with("panel") || lower.ends_with("display") || lower.ends_with("touchscreen") =>
        {
            (value.to_owned(), "a(n) {v}")
        }
        ("gpu", Lang::En) if lower.contains("graphics") => (value.to_owned(), "{v}"),
        ("gpu" | "cpu", Lang::Zh) => (value.to_owned(), way),
        ("os", Lang::Zh) if lower.ends_with("os") => (value.to_owned(), "{v}"),
        ("usb" | "port" | "charge_port", Lang::Zh) if value.ends_with('口') => (value.to_owned(), "{v}"),
        ("connection", Lang::En) => (value.to_owned(), if lower == "wired" { "a wired connection" } else { "{v}" }),
        ("bluetooth", _) if lower.starts_with("bluetooth") => (value.to_owned(), "{v}"),
        ("technology", Lang::Zh) => (value.to_owned(), "{v}打印"),
        ("capacity", Lang::En) => (value.to_owned(), "{v} of capacity"),
        _ => (value.to_owned(), way),
    }
}

/// Whether a text may begin with a point's noun alone.
pub fn leads(point: &Point) -> bool {
    match &point.claim {
        Claim::Spec { fact, .. } => fact.attribute.leads(),
        _ => false,
    }
}

/// What a point is good for: one of its statements.
pub fn use_of(point: &Point, lang: Lang, random: &mut Random) -> Option<&'static str> {
    let ways = uses(point, lang);
    // A draw for one way alone would change what the others draw.
    match (&point.claim, ways.as_slice()) {
        (_, []) => None,
        (Claim::Feature { .. }, ways) => ways.first().copied(),
        (_, ways) => Some(ways[random.below(ways.len())]),
    }
}

/// All statements of what a point is good for.
pub fn uses(point: &Point, lang: Lang) -> Vec<&'static str> {
    match &point.claim {
        Claim::Spec { use_of: Some((found, _)), .. } => lang.choose(&found.zh, &found.en).clone(),
        Claim::Feature { feature, .. } => {
            let said = lang.choose(feature.row.use_zh, feature.row.use_en);
            if said.is_empty() { Vec::new() } else { vec![said] }
        }
        _ => Vec::new(),
    }
}

/// `本店价格相近的24款手机里，20款内存比它小`.
pub fn comparison(point: &Point, lang: Lang, kind: Option<&Kind>) -> Option<String> {
    let Claim::Spec { fact, standing: Some((standing, _)), .. } = &point.claim else { return None };
    let (worse_zh, worse_en) = fact.attribute.worse?;
    let (n, k, kind) = (standing.n, standing.n_worse, kind?);
    Some(match lang {
        Lang::Zh if k == n => format!("本店价格相近的{n}款{}{}", kind.zh, of_all(worse_zh)),
        Lang::Zh => format!("本店价格相近的{n}款{}里，{k}款{worse_zh}", kind.zh),
        Lang::En if k == n => format!("all {n} similarly priced {} in our shop {worse_en}", kind.en_plural),
        Lang::En => format!("{k} of the {n} similarly priced {} in our shop {worse_en}", kind.en_plural),
    })
}

/// `内存比它小` said of every one of them: `，内存都比它小`; `比它重` is `都比它重`.
fn of_all(worse: &str) -> String {
    let all = worse.replacen("比它", "都比它", 1);
    if all.starts_with('都') { all } else { format!("，{all}") }
}

/// `内存多了4GB`, `4 GB more memory`.
pub fn gain(point: &Point, lang: Lang) -> Option<String> {
    let Claim::Spec { fact, change: Some((change, _)), .. } = &point.claim else { return None };
    let (zh, en) = fact.attribute.gain?;
    Some(match lang {
        Lang::Zh => zh.replace("{d}", &change.zh),
        Lang::En => en.replace("{d}", &change.en),
    })
}

/// From what to what it has changed: `刷新率从144Hz提高到165Hz`, `the refresh rate goes from 144 Hz to 165 Hz`. Not of counts, whose unit is the
/// attribute's name.
pub fn rise(point: &Point, lang: Lang) -> Option<String> {
    let Claim::Spec { fact, change: Some((change, _)), .. } = &point.claim else { return None };
    let (_, dimension) = fact.reading.number?;
    fact.attribute.gain?;
    let (label, was, now) = match lang {
        Lang::Zh => (fact.attribute.label_zh, &change.before.zh, &fact.reading.zh),
        Lang::En => (fact.attribute.label_en, &change.before.en, &fact.reading.en),
    };
    let is_told = dimension != crate::plan::units::Dimension::Count && fact.attribute.key != "cpu_cores";
    is_told.then(|| match (lang, fact.attribute.direction) {
        (Lang::Zh, Direction::Less) => format!("{label}从{was}降到{now}"),
        (Lang::Zh, _) => format!("{label}从{was}提高到{now}"),
        (Lang::En, Direction::Less) => format!("the {} goes down from {was} to {now}", label.to_lowercase()),
        (Lang::En, _) => format!("the {} goes up from {was} to {now}", label.to_lowercase()),
    })
}

/// `42条提到屏幕的评价里，38条给了好评`.
pub fn opinion(point: &Point, lang: Lang, random: &mut Random) -> Option<String> {
    let ways = opinions(point, lang)?;
    let at = random.below(ways.len());
    Some(ways[at].clone())
}

/// All ways to say an opinion.
pub fn opinions(point: &Point, lang: Lang) -> Option<[String; 3]> {
    let Claim::Opinion { opinion, .. } = &point.claim else { return None };
    let (n, k) = (opinion.n_reviews, opinion.n_praise);
    let aspect = lang.choose(opinion.label_zh.clone(), opinion.label_en.to_lowercase());
    let aspect = aspect.as_str();
    let ways_zh = [
        format!("{n}条提到{aspect}的评价里，{k}条给了好评"),
        format!("说到{aspect}，{n}条评价里有{k}条是夸的"),
        format!("有{n}条评价提到{aspect}，其中{k}条表示满意"),
    ];
    let ways_en = [
        format!("{k} of the {n} reviews that mention the {aspect} praise it"),
        format!("of {n} reviews about the {aspect}, {k} are happy with it"),
        format!("the {aspect} comes up in {n} reviews, and {k} of them like it"),
    ];
    Some(lang.choose(ways_zh, ways_en))
}

/// A verb that agrees with a noun phrase.
pub fn agreeing(noun: &str, singular: &'static str, plural: &'static str) -> &'static str {
    const PLURALS: &[&str] = &[
        "switches",
        "levels",
        "ports",
        "antennas",
        "modules",
        "cartridges",
        "graphics",
        "drivers",
        "cutouts",
        "slots",
        "contacts",
        "edges",
        "indicators",
        "controls",
    ];
    let last = noun.rsplit(' ').next().unwrap_or_default();
    if PLURALS.contains(&last) || noun.contains("in the box") || noun.contains(" plugs at ") {
        plural
    } else {
        singular
    }
}

/// Several noun phrases as one.
pub fn and(lang: Lang, at: usize, n: usize, random: &mut Random) -> &'static str {
    if at == 0 {
        return "";
    }
    match lang {
        Lang::Zh if at + 1 == n => ["和", "以及", "、"][random.below(3)],
        Lang::Zh => "、",
        Lang::En if at + 1 == n && n == 2 => [" and ", " along with ", " and "][random.below(3)],
        Lang::En if at + 1 == n => " and ",
        Lang::En => ", ",
    }
}

/// An amount as it is written in the language: `5999元`, `¥5,999`, `$199.99`.
pub fn money(amount: Cents, currency: &str, lang: Lang) -> String {
    let cents = amount.0.unsigned_abs() % 100;
    let whole = grouped(amount.0.unsigned_abs() / 100, if lang == Lang::Zh { 5 } else { 4 });
    let number = if cents == 0 { whole } else { format!("{whole}.{cents:02}") };
    match (currency, lang) {
        ("CNY", Lang::Zh) => format!("{number}元"),
        ("CNY", Lang::En) => format!("¥{number}"),
        ("USD", _) => format!("${number}"),
        ("EUR", _) => format!("€{number}"),
        ("GBP", _) => format!("£{number}"),
        ("INR", _) => format!("₹{number}"),
        ("JPY", _) => format!("JP¥{number}"),
        _ => format!("{currency} {number}"),
    }
}

/// Thousands parted by commas, from so many digits on.
fn grouped(number: u64, from: usize) -> String {
    let digits = number.to_string();
    if digits.len() < from {
        return digits;
    }
    let mut made = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            made.push(',');
        }
        made.push(digit);
    }
    made
}

/// In English.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `12月2日`, `2 December`.
pub fn day(day: Day, lang: Lang) -> Option<String> {
    let date = day.to_date()?;
    let (month, of_month) = (usize::try_from(date.month()).ok()?, date.day());
    Some(match lang {
        Lang::Zh => format!("{month}月{of_month}日"),
        Lang::En => format!("{of_month} {}", MONTHS[month - 1]),
    })
}

/// The last day of an offer: with its year, where that is not plain from `today`.
pub fn last_day(end: Day, today: Option<Day>, lang: Lang) -> Option<String> {
    /// Beyond half a year nobody is sure which December is meant.
    const PLAIN_DAYS: i32 = 180;
    let said = day(end, lang)?;
    let year = end.to_date()?.year();
    Some(match today {
        Some(today) if end.0 - today.0 > PLAIN_DAYS => match lang {
            Lang::Zh => format!("{year}年{said}"),
            Lang::En => format!("{said} {year}"),
        },
        _ => said,
    })
}

/// Whether a name already tells a value: `16GB+512GB` tells 16 GB.
pub fn is_in_name(plan: &Plan, value: &str) -> bool {
    let plain =
        |text: &str| text.chars().filter(|one| !one.is_whitespace()).flat_map(char::to_lowercase).collect::<String>();
    plain(&plan.short).contains(&plain(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of all of them Chinese says 都.
    #[test]
    fn what_holds_of_all_is_said_of_all() {
        for (worse, said) in
            [("内存比它小", "，内存都比它小"), ("比它重", "都比它重"), ("接口比它少", "，接口都比它少")]
        {
            assert_eq!(of_all(worse), said);
        }
        for worse in crate::plan::attributes::ATTRIBUTES.iter().filter_map(|one| one.worse) {
            assert_eq!(of_all(worse.0).matches("都比它").count(), 1, "{}", worse.0);
        }
    }

    #[test]
    fn money_and_days_are_written_as_each_language_does() {
        for (cents, currency, zh, en) in [
            (599_900, "CNY", "5999元", "¥5,999"),
            (1_299_900, "CNY", "12,999元", "¥12,999"),
            (19_999, "USD", "$199.99", "$199.99"),
            (133_969, "EUR", "€1339.69", "€1,339.69"),
            (1_099_900, "INR", "₹10,999", "₹10,999"),
            (500, "CHF", "CHF 5", "CHF 5"),
        ] {
            assert_eq!(money(Cents(cents), currency, Lang::Zh), zh);
            assert_eq!(money(Cents(cents), currency, Lang::En), en);
        }
        let end: Day = "2026-12-02".parse().unwrap();
        assert_eq!((day(end, Lang::Zh).unwrap(), day(end, Lang::En).unwrap()), ("12月2日".into(), "2 December".into()));
        for (days, zh, en) in [(180, "12月2日", "2 December"), (181, "2026年12月2日", "2 December 2026")] {
            let said = |lang| last_day(end, Some(Day(end.0 - days)), lang).unwrap();
            assert_eq!((said(Lang::Zh), said(Lang::En)), (zh.to_owned(), en.to_owned()));
        }
    }
}
