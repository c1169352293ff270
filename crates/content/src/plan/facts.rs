//! What a product's own fields say: quantities and words of its specs, quantities and words of its name, a few plain patterns and
//! words of its description, and what it fits. Each fact keeps the field and the words it stands in. Two that contradict each other are
//! both set aside.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::Product;
use language::text::{QuantityKind, quantities};
use regex::Regex;
use serde::{Deserialize, Serialize};

use super::attributes::{Attribute, attribute};
use super::kinds::Kind;
use super::names;
use super::units::{Reading, read};

/// Bytes of a description that are read.
const DESCRIPTION_BYTES_MAX: usize = 4000;
/// Specs of one product that are read.
const SPECS_MAX: usize = 200;

/// One thing that a field says.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    pub attribute: &'static Attribute,
    /// `specs.memory`, `name`, `description`.
    pub field: String,
    /// The words it was read from, as they stand in the field.
    pub quote: String,
    pub reading: Reading,
}

impl PartialEq for Attribute {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

/// Words of a name or a description that say something of the product.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    pub row: &'static FeatureRow,
    /// `name` or `description`.
    pub field: &'static str,
    /// The words as they stand there.
    pub quote: String,
}

/// A row of `features.tsv`.
#[derive(Debug, PartialEq)]
pub struct FeatureRow {
    pub word: &'static str,
    pub group: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    pub use_zh: &'static str,
    pub use_en: &'static str,
    /// Kinds of goods of which it is said; any, if empty.
    kinds: Vec<&'static str>,
    /// Whether a description may say it, too.
    is_described: bool,
}

/// What was read and is not said, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Omitted {
    pub field: String,
    pub value: String,
    pub why: String,
}

/// All that a product's fields say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub facts: Vec<Fact>,
    pub features: Vec<Feature>,
    /// What it fits, with the field.
    pub fits: Option<(String, String)>,
    pub omitted: Vec<Omitted>,
}

impl Facts {
    /// The fact of an attribute.
    pub fn of(&self, key: &str) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.attribute.key == key)
    }
}

/// Reads a product.
pub fn facts(product: &Product, kind: Option<&Kind>) -> Facts {
    let mut found = Facts::default();
    let mut all = Vec::new();
    from_specs(product, &mut all, &mut found.omitted);
    // What specs give is not read again from texts, but a text that says otherwise is heard.
    from_name(product, kind, &mut all);
    if all.len() < 4 {
        from_description(product, kind, &mut all);
    }
    settle(all, &mut found);
    found.features = features(product, kind, &found.facts);
    found.fits = fits(product, kind);
    found
}

fn from_specs(product: &Product, all: &mut Vec<Fact>, omitted: &mut Vec<Omitted>) {
    for (name, value) in product.specs.iter().take(SPECS_MAX) {
        let field = || format!("specs.{name}");
        let Some(attribute) = attribute(name) else { continue };
        // A list of colours is a choice, and no colour of the product.
        if attribute.key == "colour" && value.contains([',', '/', '、']) {
            continue;
        }
        match read(value, attribute.dimensions) {
            Some(reading) => all.push(Fact { attribute, field: field(), quote: value.clone(), reading }),
            None if value.trim().is_empty() => {}
            None => omitted.push(Omitted {
                field: field(),
                value: value.chars().take(80).collect(),
                why: "the value is not one that can be said".to_owned(),
            }),
        }
    }
    // The refresh rate often stands in the type of display.
    if let Some(display) = product.specs.get("display").filter(|_| !product.specs.contains_key("refresh_rate")) {
        static RATE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(\d{2,3}) ?Hz\b").expect("a constant"));
        if let Some(found) = RATE.captures(&display[..floor(display, 200)])
            && let Some(fact) = fact("refresh_rate", "specs.display", &found[0], &format!("{} Hz", &found[1]))
        {
            all.push(fact);
        }
    }
}

/// The field by which a computer has no operating system, with its value.
pub(super) fn without_os(product: &Product, kind: Option<&Kind>) -> Option<(String, String)> {
    const NONE: &[&str] = &["no os", "no operating system", "without os", "none", "无", "无系统", "无操作系统"];
    let is_computer = kind.is_some_and(|kind| matches!(kind.key, "laptop" | "desktop"));
    let says = |(name, value): &(&String, &String)| {
        attribute(name).is_some_and(|found| found.key == "os") && NONE.contains(&value.trim().to_lowercase().as_str())
    };
    let (name, value) = product.specs.iter().find(says).filter(|_| is_computer)?;
    Some((format!("specs.{name}"), value.clone()))
}

fn fact(key: &str, field: &str, quote: &str, value: &str) -> Option<Fact> {
    let attribute = attribute(key)?;
    let reading = read(value, attribute.dimensions)?;
    Some(Fact { attribute, field: field.to_owned(), quote: quote.to_owned(), reading })
}

/// The last boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at.min(text.len()))
}

/// Quantities of the name, where the kind of goods makes clear what they measure.
fn from_name(product: &Product, kind: Option<&Kind>, all: &mut Vec<Fact>) {
    let Some(kind) = kind else { return };
    let name = names::clean(&product.name);
    for quantity in quantities(&name) {
        let before = name[..quantity.range.start].trim_end().to_lowercase();
        let is_bound = ["up to", "upto", "supports", "max", "for"].iter().any(|word| before.ends_with(word));
        if is_bound || quantity.high.is_some() {
            continue;
        }
        let quote = &name[quantity.range.clone()];
        // 4G in a name is a network.
        if quote.len() == 2 && quote.ends_with(['G', 'g']) && !name[quantity.range.end..].starts_with('+') {
            continue;
        }
        // Storage that specs give is not read again as a capacity of its own.
        let has_size = all.iter().any(|fact| matches!(fact.attribute.key, "storage" | "memory"));
        let Some((key, value)) = measured(kind, quantity.kind, quantity.value, quote, &name) else { continue };
        // A name seldom gives what specs give otherwise; where it does, both are doubtful.
        if !(key == "capacity" && has_size)
            && let Some(fact) = fact(key, "name", quote, &value)
        {
            all.push(fact);
        }
    }
    patterns_of_name(kind, &name, all);
}

/// What names give in words of the trade beside quantities: drivers, the length of a cable, the throughput of a router.
fn patterns_of_name(kind: &Kind, name: &str, all: &mut Vec<Fact>) {
    static NAMED: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
        let all: [(&'static [&'static str], &'static str, &'static str, &str); 4] = [
            (&["headphones", "earbuds"], "driver_size", "mm", r"(?i)\b(\d{1,2}(?:\.\d)?) ?mm (?:[a-z]+ )?drivers?\b"),
            (&["cable"], "length", "m", r"(?i)\b(\d{1,2}(?:\.\d)?) ?(?:m|mtr|meters?|metres?)\b"),
            (&["cable"], "length", "ft", r"(?i)\b(\d{1,2}(?:\.\d)?) ?(?:ft|feet|foot)\b"),
            (&["router"], "throughput", "Mbps", r"(?i)\b(\d{2,5}) ?mbps\b"),
        ];
        all.map(|(kinds, key, unit, pattern)| (kinds, key, unit, Regex::new(pattern).expect("constants"))).into()
    });
    for (kinds, key, unit, pattern) in NAMED.iter() {
        if kinds.contains(&kind.key) {
            matched(name, "name", (key, unit, pattern), all);
        }
    }
}

/// Which attribute a quantity of a name gives, and its value with a unit.
fn measured(kind: &Kind, of: QuantityKind, value: f64, quote: &str, name: &str) -> Option<(&'static str, String)> {
    let key = kind.key;
    let is_computer = matches!(key, "phone" | "tablet" | "laptop" | "desktop");
    let has_screen = is_computer || matches!(key, "tv" | "monitor" | "ereader" | "console");
    let lower = name.to_lowercase();
    Some(match of {
        // Shops call the storage of a phone its memory where they give one size only.
        QuantityKind::Memory | QuantityKind::Storage if matches!(key, "phone" | "tablet") && !has_both(name) => {
            ("capacity", format!("{value} GB"))
        }
        QuantityKind::Memory if is_computer => ("memory", format!("{value} GB")),
        QuantityKind::Storage if is_computer => ("storage", format!("{value} GB")),
        QuantityKind::Storage if matches!(key, "drive" | "memory_card" | "memory_module") => {
            ("capacity", format!("{value} GB"))
        }
        QuantityKind::Screen if has_screen && quote_is_inches(quote) => ("screen_size", format!("{value} in")),
        QuantityKind::Battery if matches!(key, "phone" | "tablet") => ("battery", format!("{value} mAh")),
        QuantityKind::Battery if key == "power_bank" => ("capacity", format!("{value} mAh")),
        QuantityKind::Power if matches!(key, "charger" | "power_bank") => ("output_power", format!("{value} W")),
        QuantityKind::Power if key == "speaker" => ("power", format!("{value} W")),
        QuantityKind::RefreshRate if has_screen => ("refresh_rate", format!("{value} Hz")),
        QuantityKind::Camera if key == "camera" => ("resolution", format!("{value} MP")),
        QuantityKind::Camera if key == "phone" => ("camera", format!("{value} MP")),
        QuantityKind::Duration
            if matches!(key, "headphones" | "earbuds" | "speaker")
                && (4.0 * 3600.0..=200.0 * 3600.0).contains(&value)
                && ["playtime", "playback", "battery", "backup", "play time"]
                    .iter()
                    .any(|word| lower.contains(word)) =>
        {
            ("battery_life", format!("{} h", value / 3600.0))
        }
        _ => return None,
    })
}

fn quote_is_inches(quote: &str) -> bool {
    !quote.to_lowercase().contains("cm")
}

/// Whether a name gives two sizes in bytes.
fn has_both(name: &str) -> bool {
    static SIZE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)\b\d+ ?(gb|tb)\b").expect("a constant"));
    SIZE.find_iter(name).count() >= 2
}

/// What a pattern of a description gives: kinds of goods, attribute, unit, pattern whose first group is the number.
type Pattern = (&'static [&'static str], &'static str, &'static str, Regex);

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    const AUDIO: &[&str] = &["headphones", "earbuds", "speaker"];
    let all: [(&'static [&'static str], &'static str, &'static str, &str); 11] = [
        (
            &["phone"],
            "screen_size",
            "in",
            r"(?i)\b(\d{1,2}(?:\.\d{1,2})?)[- ]inch\b[^.;:]{0,40}\b(?:display|screen|touch ?screen)",
        ),
        (&["phone"], "camera", "MP", r"(?i)\b(\d{1,3}(?:\.\d)?)[- ]?(?:megapixel|mp)\b[^.;:,]{0,20}\brear"),
        (&["phone"], "battery", "mAh", r"(?i)\b(\d{4,5}) ?mAh\b"),
        (&["battery", "power_bank"], "capacity", "mAh", r"(?i)\b(\d{1,2},\d{3}|\d{3,5}) ?mAh\b"),
        (&["battery"], "voltage", "V", r"(?i)\b(\d{1,2}(?:\.\d{1,2})?)[- ]?(?:volts?|v)\b"),
        (&["charger", "power_bank"], "output_power", "W", r"(?i)\b(\d{1,3})[- ]?(?:watts?|w)\b"),
        (
            &["cable", "charger"],
            "length",
            "ft",
            r"(?i)\b(\d{1,2}(?:\.\d)?)(?:['\u{2019}\u{2032}]|[- ](?:foot|feet|ft\.?)) (?:[a-z-]+ )?(?:cable|cord|length|long)\b",
        ),
        (AUDIO, "talk_time", "h", r"(?i)\bup to (\d{1,3}(?:\.\d)?)[- ]hours? of (?:continuous )?talk"),
        (
            AUDIO,
            "play_time",
            "h",
            r"(?i)\bup to (\d{1,3}(?:\.\d)?)[- ]hours? of (?:continuous )?(?:play|music|listening)",
        ),
        (AUDIO, "driver_size", "mm", r"(?i)\b(\d{1,2}(?:\.\d)?) ?mm (?:[a-z]+ )?drivers?\b"),
        (
            &["phone_case", "tablet_case", "protector"],
            "thickness_below",
            "mm",
            r"(?i)\b(?:less than|under) (\d(?:\.\d{1,2})?) ?mm (?:thin|thick)\b",
        ),
    ];
    all.map(|(kinds, key, unit, pattern)| (kinds, key, unit, Regex::new(pattern).expect("constants"))).into()
});

/// A few plain patterns of the description, each of the kinds of goods of which it speaks; nothing else of accessories, whose
/// descriptions speak of devices.
fn from_description(product: &Product, kind: Option<&Kind>, all: &mut Vec<Fact>) {
    let (Some(kind), Some(text)) = (kind, &product.description) else { return };
    let text = &text[..floor(text, DESCRIPTION_BYTES_MAX)];
    for (kinds, key, unit, pattern) in PATTERNS.iter() {
        if kinds.contains(&kind.key) {
            matched(text, "description", (key, unit, pattern), all);
        }
    }
}

/// The number of a pattern, if a text gives one alone.
fn matched(text: &str, field: &str, (key, unit, pattern): (&str, &str, &Regex), all: &mut Vec<Fact>) {
    if all.iter().any(|fact| fact.attribute.key == key) {
        return;
    }
    let found: Vec<_> = pattern.captures_iter(text).collect();
    if let [first, rest @ ..] = &found[..]
        && rest.iter().all(|other| other[1] == first[1])
        && let Some(fact) = fact(key, field, &first[0], &format!("{} {unit}", &first[1]))
    {
        all.push(fact);
    }
}

/// One fact for each attribute; those that contradict each other are set aside.
fn settle(mut all: Vec<Fact>, found: &mut Facts) {
    // Full HD is the resolution in another word.
    if all.iter().any(|fact| fact.attribute.key == "resolution") {
        all.retain(|fact| fact.attribute.key != "display" || !fact.reading.bare.eq_ignore_ascii_case("full hd"));
    }
    let mut by_key: BTreeMap<&str, Vec<Fact>> = BTreeMap::new();
    for fact in all {
        by_key.entry(fact.attribute.key).or_default().push(fact);
    }
    for (_, mut facts) in by_key {
        let agree = facts.iter().all(|fact| same(&fact.reading, &facts[0].reading));
        if agree {
            found.facts.push(facts.swap_remove(0));
            continue;
        }
        let said: Vec<String> = facts.iter().map(|fact| format!("{} is '{}'", fact.field, fact.quote)).collect();
        found.omitted.extend(facts.iter().map(|fact| Omitted {
            field: fact.field.clone(),
            value: fact.quote.clone(),
            why: format!("contradictory: {}", said.join(", ")),
        }));
    }
    found.facts.sort_by_key(|fact| super::attributes::ATTRIBUTES.iter().position(|one| one == fact.attribute));
}

fn same(a: &Reading, b: &Reading) -> bool {
    match (a.number, b.number) {
        (Some((a, of)), Some((b, other))) => of == other && (a - b).abs() <= 1e-3 * a.abs().max(b.abs()),
        _ => a.bare.eq_ignore_ascii_case(&b.bare),
    }
}

/// The table of words, read once.
static FEATURES: LazyLock<Vec<FeatureRow>> = LazyLock::new(|| {
    let rows = include_str!("features.tsv").lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    rows.map(|line| {
        let mut cells = line.split('\t');
        let mut next = || cells.next().unwrap_or_default();
        let [word, group, zh, en, use_zh, use_en, kinds, described] = std::array::from_fn(|_| next());
        let kinds = kinds.split(',').filter(|kind| !kind.is_empty()).collect();
        FeatureRow { word, group, zh, en, use_zh, use_en, kinds, is_described: described == "d" }
    })
    .collect()
});

/// Words of the name and of the description, one of each group, unless a spec says the same.
fn features(product: &Product, kind: Option<&Kind>, facts: &[Fact]) -> Vec<Feature> {
    let name = names::clean(&product.name);
    // What follows "for" is of the device.
    let own = own_part(&name);
    let lower = own.to_ascii_lowercase();
    let description = product.description.as_deref().unwrap_or_default();
    let described = &description[..floor(description, DESCRIPTION_BYTES_MAX)];
    let described_lower = described.to_ascii_lowercase();
    let mut found: Vec<Feature> = Vec::new();
    for row in FEATURES.iter() {
        let is_told = found
            .iter()
            .any(|other| other.row.group == row.group || (row.group == "wireless" && other.row.group == "calls"))
            || facts.iter().any(|fact| says(fact, row));
        if is_told || !is_said_of(row, kind) {
            continue;
        }
        if let Some(at) = whole(&lower, row.word).filter(|_| !is_likeness(&lower, row.word)) {
            found.push(Feature { row, field: "name", quote: own[at..at + row.word.len()].to_owned() });
        } else if row.is_described
            && let Some(at) = whole(&described_lower, row.word).filter(|at| !is_denied(&described_lower[..*at]))
        {
            let quote = described[at..at + row.word.len()].to_owned();
            found.push(Feature { row, field: "description", quote });
        }
    }
    found
}

/// Whether a word makes sense of a kind of goods, and is more than what the kind is called anyway (a portable SSD).
fn is_said_of(row: &FeatureRow, kind: Option<&Kind>) -> bool {
    // Of an accessory these words tell what it is for.
    let is_of_device = ["network", "sim", "carrier", "screen", "detail"].contains(&row.group);
    match kind {
        None => !is_of_device && row.kinds.is_empty(),
        Some(kind) => {
            !(is_of_device && kind.is_accessory)
                && (row.kinds.is_empty() || row.kinds.contains(&kind.key))
                && whole(&kind.en.to_ascii_lowercase(), row.word).is_none()
        }
    }
}

/// Whether a name speaks of what only looks like a material: a leather finish, faux leather.
fn is_likeness(lower: &str, word: &str) -> bool {
    const BEFORE: &[&str] = &["pu", "faux", "vegan", "synthetic", "artificial", "eco", "imitation"];
    const BEHIND: &[&str] = &["finish", "look", "texture", "pattern", "feel", "like"];
    let beside = |words: &[&str], joined: fn(&str, &str) -> String| {
        words.iter().any(|other| whole(lower, &joined(other, word)).is_some())
    };
    beside(BEFORE, |other, word| format!("{other} {word}"))
        || beside(BEHIND, |other, word| format!("{word} {other}"))
        || beside(BEHIND, |other, word| format!("{word}-{other}"))
}

/// Whether what stands before a word takes it back: `without a kickstand`, `no card slots`. A few words are looked at.
fn is_denied(before: &str) -> bool {
    let sentence = before.rsplit(['.', ';', '!', '?']).next().unwrap_or_default();
    let near = sentence.split_whitespace().rev().take(4);
    near.into_iter().any(|word| ["no", "not", "without", "non", "lacks", "isn't", "doesn't", "nor"].contains(&word))
}

/// Whether a fact already says what a word does.
fn says(fact: &Fact, row: &FeatureRow) -> bool {
    match row.group {
        "network" => fact.attribute.key == "network",
        // What a charger's power is good for is that.
        "charging" => fact.attribute.key == "output_power" && !row.word.starts_with("wireless"),
        "material" => fact.attribute.key == "material",
        "guard" => fact.attribute.key == "finish",
        "wireless" => matches!(fact.attribute.key, "connection" | "bluetooth"),
        "quiet" => fact.attribute.key == "noise_cancelling",
        "screen" => matches!(fact.attribute.key, "display" | "panel"),
        "water" => fact.attribute.key == "water_resistance",
        "switch" => fact.attribute.key == "switch",
        "port" => matches!(fact.attribute.key, "port" | "charge_port" | "output_connector" | "usb"),
        "detail" => fact.attribute.key == "resolution",
        _ => false,
    }
}

/// Where a word stands whole.
fn whole(text: &str, word: &str) -> Option<usize> {
    let is_edge = |one: Option<char>| one.is_none_or(|one| !one.is_alphanumeric());
    text.match_indices(word)
        .map(|(at, _)| at)
        .find(|at| is_edge(text[..*at].chars().next_back()) && is_edge(text[at + word.len()..].chars().next()))
}

/// A name without the device it is for.
fn own_part(name: &str) -> String {
    static FOR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:for|compatible with|compatible for|compatible)\b[^|(),]*").expect("a constant")
    });
    FOR.replace_all(name, " ").into_owned()
}

/// Characters of what an accessory fits.
const FITS_CHARS_MAX: usize = 48;
/// Words by which a device is known.
const DEVICES: &[&str] = &[
    "iphone",
    "ipad",
    "apple",
    "samsung",
    "galaxy",
    "redmi",
    "oneplus",
    "xiaomi",
    "realme",
    "vivo",
    "oppo",
    "macbook",
    "dell",
    "lenovo",
    "watch",
    "nokia",
    "motorola",
    "moto",
    "htc",
    "google",
    "pixel",
    "huawei",
    "sony",
    "kindle",
    "airpods",
    "cell phones",
    "mobile phones",
    "lg",
    "nothing phone",
    "nexus",
    "yamaha",
    "casio",
    "canon",
    "nikon",
    "gopro",
    "dji",
    "poco",
    "iqoo",
    "infinix",
    "tecno",
    "honor",
    "micromax",
    "lava",
    "zte",
    "alcatel",
    "blackberry",
    "asus",
    "acer",
    "playstation",
    "xbox",
    "nintendo",
    "fire tv",
];

/// What an accessory fits: `fits_model` of its specs, or what its name says after "for".
fn fits(product: &Product, kind: Option<&Kind>) -> Option<(String, String)> {
    if let Some(model) = product.specs.get("fits_model") {
        let model = names::clean(model);
        return (!model.is_empty() && model.chars().count() <= 60).then(|| ("specs.fits_model".to_owned(), model));
    }
    if kind.is_some_and(|kind| !kind.is_accessory) {
        return None;
    }
    static FOR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:[Ff]or|[Cc]ompatible [Ww]ith|[Cc]ompatible [Ff]or)\s+([^|(),:;\[]+)").expect("a constant")
    });
    let name = names::clean(&product.name);
    // `Nothing Phone (1)`: a number in brackets belongs to the model.
    static GENERATION: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)\b(phone) \((\d[a-z]?)\)").expect("a constant"));
    let bracketed = GENERATION.is_match(&name);
    let name = GENERATION.replace_all(&name, "$1 \u{1}$2\u{2}").into_owned();
    static FOR_LIST: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[Ff]or\s+(.+?) - ").expect("a constant"));
    // `Brand - Case for A, B and C - Colour` lists devices; elsewhere a comma begins something else.
    let listed = FOR_LIST.captures(&name).and_then(|found| Some(found.get(1)?.as_str()));
    let device = listed.or_else(|| Some(FOR.captures(&name)?.get(1)?.as_str()))?;
    let device = device.split(" - ").next().unwrap_or_default().split(" with ").next().unwrap_or_default().trim();
    let device = [" Back Cover", " Back Case", " Case", " Cover", " Cell Phones", " Bands", " Band", " Strap"]
        .iter()
        .fold(device, |text, end| text.strip_suffix(end).unwrap_or(text));
    let whole_again = device.replace('\u{1}', "(").replace('\u{2}', ")");
    // Behind the bracketed number stands what the accessory is.
    let device = match (bracketed, whole_again.find(')')) {
        (true, Some(end)) => &whole_again[..=end],
        _ => whole_again.as_str(),
    };
    // Of a long list the first is told.
    let device = match device.chars().count() > FITS_CHARS_MAX {
        true => device.split(" / ").next().unwrap_or_default().trim_end(),
        false => device,
    };
    // Cleaning takes the last word of a name that a source cut off (`… Lite 8.7 inch ...`), which may be a unit.
    let at = product.name.find(device);
    let device = at.map_or(device, |at| names::without_torn_figure(device, &product.name[at..]));
    let lower = device.to_lowercase();
    let is_device =
        device.chars().next().is_some_and(|first| first.is_uppercase() || first.is_ascii_digit() || first == 'i')
            && !["most ", "select ", "all ", "any ", "other "].iter().any(|word| lower.starts_with(word))
            && DEVICES.iter().any(|word| whole(&lower, word).is_some());
    // A maker alone is half a name that a source cut off.
    let is_whole = device.contains(' ')
        || device.bytes().any(|byte| byte.is_ascii_digit())
        || ["iphone", "ipad", "macbook", "kindle", "airpods"].contains(&lower.as_str());
    (is_device && is_whole && device.chars().count() <= FITS_CHARS_MAX).then(|| ("name".to_owned(), device.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::kinds::kind_of;

    fn read_product(name: &str, specs: &[(&str, &str)], description: Option<&str>) -> Facts {
        let specs = specs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let product =
            Product { name: name.into(), specs, description: description.map(str::to_owned), ..Product::default() };
        facts(&product, kind_of(&product))
    }

    fn told(facts: &Facts) -> Vec<(&str, &str, &str)> {
        facts.facts.iter().map(|fact| (fact.attribute.key, fact.reading.en.as_str(), fact.field.as_str())).collect()
    }

    #[test]
    fn specs_come_first_and_contradictions_are_set_aside() {
        let read = read_product(
            "Velo 2 Laptop, 16 GB / 512 GB",
            &[("memory", "16 GB"), ("storage", "512 GB"), ("shoe size", "44")],
            None,
        );
        assert_eq!(told(&read), [("memory", "16 GB", "specs.memory"), ("storage", "512 GB", "specs.storage")]);
        let read = read_product("Velo 2 Laptop", &[("memory", "16 GB"), ("RAM", "8 GB"), ("weight", "1.2 kg")], None);
        assert_eq!(told(&read), [("weight", "1.2 kg", "specs.weight")]);
        assert_eq!(read.omitted.len(), 2);
        assert!(read.omitted[0].why.contains("contradictory"));
    }

    #[test]
    fn names_and_descriptions_are_read_with_care() {
        let read = read_product("URBN 20000 mAh Li-Polymer Power Bank | 12W Fast Charge", &[], None);
        assert_eq!(told(&read), [("capacity", "20000 mAh", "name"), ("output_power", "12 W", "name")]);
        assert!(read.features.is_empty(), "its power tells that already");
        let read = read_product("Spigen Back Cover Case for iPhone 14 Pro (TPU | Crystal Clear)", &[], None);
        assert_eq!(read.fits, Some(("name".into(), "iPhone 14 Pro".into())));
        let read = read_product("Tempered Glass Screen Protector for Samsung Tab A7 Lite 8.7 inch ...", &[], None);
        assert_eq!(read.fits, Some(("name".into(), "Samsung Tab A7 Lite".into())));
        assert_eq!(read_product("Watch Case Cover Compatible for Apple Wat...", &[], None).fits, None);
        let read = read_product(
            "Alcatel Ideal Cell Phone",
            &[],
            Some("It has a 4.5-inch display. A 5-inch screen is another."),
        );
        assert!(told(&read).is_empty());
        let read = read_product("Alcatel Ideal Cell Phone", &[], Some("It has a 4.5-inch display."));
        assert_eq!(told(&read), [("screen_size", "4.5 in", "description")]);
    }

    /// What a description states of the thing itself is told, with its words; what it takes back, or says of the device, is not.
    #[test]
    fn descriptions_tell_of_accessories() {
        let read = read_product(
            "Lenmar - Lithium-Ion Spare Battery for Samsung Galaxy Note 4",
            &[],
            Some("Let this 3.8-volt lithium ion battery revive your phone with its 3220 mAh capacity."),
        );
        assert_eq!(told(&read), [("capacity", "3220 mAh", "description"), ("voltage", "3.8 V", "description")]);
        let read =
            read_product("Dynex - Wall Charger", &[], Some("The 3.3' cable length helps allow flexible placement."));
        assert_eq!(told(&read), [("length", "3.3 ft", "description")]);
        let words = |description: &str| {
            let read = read_product("Mujjo - Phone Case for Apple iPhone 7", &[], Some(description));
            read.features.iter().map(|one| (one.field, one.quote.clone(), one.row.group)).collect::<Vec<_>>()
        };
        assert_eq!(
            words("The durable full-grain leather develops a patina, and its soft suede interior protects it."),
            [
                ("description", "full-grain leather".into(), "material"),
                ("description", "suede interior".into(), "inside")
            ]
        );
        assert_eq!(words("A slim case without a kickstand. There are no extra card slots."), []);
        let read =
            read_product("Incipio - Feather Phone Case", &[], Some("Measuring less than 1 mm thin, feather is ideal."));
        assert_eq!(told(&read), [("thickness_below", "1 mm", "description")]);
    }

    #[test]
    fn names_tell_more_than_sizes() {
        let read = read_product("Ambrane Wired in Ear Earphones with in-line Mic, 12mm Dynamic Drivers", &[], None);
        assert_eq!(told(&read), [("driver_size", "12 mm", "name")]);
        assert_eq!(read.features[0].row.en, "an in-line microphone");
        let read = read_product("TheGiftKart Flip Back Cover Case | Dual-Color Leather Finish", &[], None);
        assert!(read.features.iter().all(|one| one.row.group != "material"), "a finish is no material");
        let read = read_product("TP-Link TL-WR841N 300Mbps Wireless Router", &[], None);
        assert_eq!(told(&read), [("throughput", "300 Mbps", "name")]);
        assert!(read.features.is_empty(), "a router is no cable fewer");
        assert!(read_product("Yunpan Portable SSD 1 TB", &[], None).features.is_empty(), "it is called that anyway");
        for (name, device) in [
            ("Ringke Fusion-X Compatible For Nothing Phone (1) Case Cover Transparent", "Nothing Phone (1)"),
            ("Mexa Keyboard Bag Compatible With Yamaha PSR-E363, E373", "Yamaha PSR-E363"),
            ("FOLX Steel Bands Compatible with Apple Watch Bands, Loop Magnetic Milanese", "Apple Watch"),
            (
                "Robustrion Flip Stand Case Cover for Samsung Galaxy Tab S8 Plus / S7 Plus / S7 FE Tablet Cover",
                "Samsung Galaxy Tab S8 Plus",
            ),
            ("Spigen Back Cover Case for iPhone 14 Pro (TPU | Crystal Clear)", "iPhone 14 Pro"),
        ] {
            assert_eq!(read_product(name, &[], None).fits, Some(("name".into(), device.into())), "{name}");
        }
    }
}
