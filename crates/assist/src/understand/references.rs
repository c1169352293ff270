//! What a message points back to: the second one, both, the other one, the cheaper one, that order. By patterns of the two
//! languages; what was listed, and which of it is meant, is known elsewhere.

use std::ops::Range;
use std::sync::LazyLock;

use language::text::{QuantityKind, quantities};
use regex::{Captures, Regex};

use super::entities::numeral;
use super::heard::pattern;
use super::lists::{COLOURS_EN, COLOURS_ZH};
use super::{Extreme, Reference};

/// References of one message that are told.
pub const REFERENCES_MAX: usize = 8;

/// What counts things one by one.
const PIECE: &str = "(?:个|款|台|部|件|种|条|张|只|副|双|家|块|样|把|支)";

/// References in a folded text, in its order, each once, with the bytes it was read from.
pub(super) fn find(folded: &str) -> Vec<(Range<usize>, Reference)> {
    let mut found: Vec<(Range<usize>, Reference)> = Vec::new();
    earlier(folded, &mut found);
    ordinals(folded, &mut found);
    orders(folded, &mut found);
    all_and_other(folded, &mut found);
    properties(folded, &mut found);
    extremes(folded, &mut found);
    it(folded, &mut found);
    found.sort_by_key(|(range, _)| (range.start, range.end));
    let mut references: Vec<(Range<usize>, Reference)> = Vec::new();
    for (range, reference) in found {
        if references.len() < REFERENCES_MAX && !references.iter().any(|(_, known)| *known == reference) {
            references.push((range, reference));
        }
    }
    references
}

/// A number alone chooses from a list: `1`, `2.`.
pub(super) fn bare_number(folded: &str, n_listed: usize) -> Option<(Range<usize>, Reference)> {
    let number = folded.trim().trim_end_matches(['.', '。', ')', '）', '、', '!', '！']);
    let n = number.parse::<usize>().ok().filter(|n| (1..=n_listed).contains(n))?;
    Some((0..folded.len(), Reference::Ordinal { n: n as i32 }))
}

/// Adds what does not stand within what is there already.
fn add(found: &mut Vec<(Range<usize>, Reference)>, range: Range<usize>, reference: Reference) {
    let is_within = |(other, _): &(Range<usize>, Reference)| other.start < range.end && range.start < other.end;
    if found.len() < 4 * REFERENCES_MAX && !found.iter().any(is_within) {
        found.push((range, reference));
    }
}

fn whole(captures: &Captures) -> Range<usize> {
    captures.get(0).expect("the whole").range()
}

fn ordinals(text: &str, found: &mut Vec<(Range<usize>, Reference)>) {
    static ONE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"第(?P<zh>\d{{1,2}}|[一二三四五六七八九十两])(?:{PIECE}|(?:[和跟与、,，]|$|呢|的))|(?P<last>最后(?:一|那)?{PIECE}|倒数第一{PIECE}?)|(?P<first>头一{PIECE}|最上面(?:那|一)?{PIECE}|最前面(?:那|一)?{PIECE})|(?P<former>前者|前面(?:那|这){PIECE})|(?P<latter>后者|后(?:面|头)(?:那|这|的那)?{PIECE}|后一{PIECE})|\b(?P<en>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|1st|2nd|3rd|[4-9]th|10th)(?: (?:one|option|product|item|model|phone|laptop))?\b|\b(?:number|option|no\.) ?(?P<no>\d{{1,2}})\b|\b(?P<last_en>last one|the last)\b|\bthe (?P<former_en>former)\b|\bthe (?P<latter_en>latter)\b"
        ))
    });
    static FIRST_TWO: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(r"(?:前|头|前面那?)(?P<zh>[两二三俩2-3]){PIECE}?|\bfirst (?P<en>two|three|2|3)\b"))
    });
    for captures in FIRST_TWO.captures_iter(text).take(REFERENCES_MAX) {
        let range = whole(&captures);
        // `前两天` is a time.
        if text[range.end..].starts_with(['天', '年', '周', '月', '次', '日']) || text[range.end..].starts_with(" day")
        {
            continue;
        }
        let n = captures.name("zh").or(captures.name("en")).and_then(|word| numeral(word.as_str())).unwrap_or(2.0);
        (1..=n as i32).for_each(|n| found.push((range.clone(), Reference::Ordinal { n })));
    }
    for captures in ONE.captures_iter(text).take(4 * REFERENCES_MAX) {
        let range = whole(&captures);
        let has = |name: &str| captures.name(name).is_some();
        let n = match () {
            () if has("last") || has("last_en") || has("latter") || has("latter_en") => Some(-1),
            () if has("first") || has("former") || has("former_en") => Some(1),
            () if has("en") => english(&captures["en"]),
            () => captures.name("zh").or(captures.name("no")).and_then(|word| numeral(word.as_str())).map(|n| n as i32),
        };
        let is_time = ["time", "day", "week", "month", "generation", "gen", "hand", "class"]
            .iter()
            .any(|word| text[range.end..].trim_start().starts_with(word));
        // `at first`, `first of all`.
        let is_talk = text[..range.start].ends_with("at ")
            || text[..range.start].ends_with(" a ")
            || text[range.end..].starts_with(" of all");
        if let Some(n) = n.filter(|n| *n != 0 && !is_time && !is_talk) {
            add(found, range, Reference::Ordinal { n });
        }
    }
}

fn english(word: &str) -> Option<i32> {
    const WORDS: [&str; 10] =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    let by_word = WORDS.iter().position(|own| *own == word).map(|at| at as i32 + 1);
    by_word.or_else(|| word.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().ok())
}

/// `上次说的那款`, `昨天聊到的笔记本`, `the phone I asked about last time`.
fn earlier(text: &str, found: &mut Vec<(Range<usize>, Reference)>) {
    const SPOKE_ZH: &str = "(?:说|聊|谈|问|看|推荐|提|介绍|咨询)(?:过|到|起)?(?:过)?的?";
    static ZH: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"(?P<sure>上次|上一次|上回|昨天|前天|前几天|上周|那天)(?:我们|咱们|我|你们?|您)?(?:跟你|和你|给我)?{SPOKE_ZH}(?:那|这)?{PIECE}?|(?P<maybe>之前|以前|先前)(?:我们|咱们|我|你们?|您)?(?:跟你|和你|给我)?{SPOKE_ZH}(?:那|这)?{PIECE}?"
        ))
    });
    static EN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:(?:that |which )?\b(?:we|i|you) (?:spoke|talked|chatted|asked|discussed|looked|told|mentioned|recommended|showed|suggested|were talking|was asking)\b(?: of| about| at)?(?: me| you)?(?: about)?|\bfrom) (?P<when>last time|yesterday|the other day|last week|before|earlier|previously|the last conversation|our last (?:chat|conversation|talk))\b",
        )
    });
    for captures in ZH.captures_iter(text).take(REFERENCES_MAX) {
        add(found, whole(&captures), Reference::Earlier { is_sure: captures.name("sure").is_some() });
    }
    for captures in EN.captures_iter(text).take(REFERENCES_MAX) {
        let is_sure = !["before", "earlier", "previously"].contains(&&captures["when"]);
        add(found, whole(&captures), Reference::Earlier { is_sure });
    }
}

fn orders(text: &str, found: &mut Vec<(Range<usize>, Reference)>) {
    static ORDER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?P<newest>(?:最近|最新|刚刚?)(?:买|下单|拍|订)的(?:那|这)?(?:个|件|款|单)?|(?:最近|最新|最后|上)(?:的|那|一|这)*(?:个|笔|份)?(?:订单|单子|单)|刚(?:才|刚)?(?:下|拍|买)的?(?:那|这)?(?:个|笔)?(?:订单|单子|单)|\b(?:my |the )?(?:latest|newest|last|most recent|recent) (?:order|purchase)\b)|(?P<that>(?:这|那|该|此|刚才|刚刚|之前|前面)(?:的|那|这|一)*(?:个|笔|份)?(?:订单|单子|单)|\b(?:that|this|the same|the) order\b)",
        )
    });
    for captures in ORDER.captures_iter(text).take(REFERENCES_MAX) {
        add(found, whole(&captures), Reference::Order { newest: captures.name("newest").is_some() });
    }
}

fn all_and_other(text: &str, found: &mut Vec<(Range<usize>, Reference)>) {
    static ALL: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"(?:这|那|刚才那?|上面那?|前面那?)(?:[两二俩几三四五]|些){PIECE}?|[两俩]{PIECE}都|(?:它|他)(?:们俩|俩|们)|全都|都(?:要|比|买|看看|可以|发)|\b(?:both|all of (?:them|these|those)|these two|those two|the two|them|these|those|all three)\b"
        ))
    });
    static OTHER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"(?:另外?|其他|别的)(?:的|那|一|外)*{PIECE}|\b(?:the )?other one\b|\bthe other\b|\banother one\b"
        ))
    });
    for other in OTHER.find_iter(text).take(REFERENCES_MAX) {
        let next = &text[other.end()..];
        // `另一个地址`, `the other day`.
        if !next.starts_with(['地', '颜', '问', '电']) && !next.starts_with(" day") {
            add(found, other.range(), Reference::Other);
        }
    }
    for all in ALL.find_iter(text).take(REFERENCES_MAX) {
        let is_time = text[all.end()..].starts_with(['天', '年', '周', '月', '次', '日', '种'])
            || text[all.end()..].starts_with("个月")
            || text[all.end()..].starts_with(" day");
        if !is_time {
            add(found, all.range(), Reference::All);
        }
    }
}

/// `16寸那个`, `the 16-inch one`, `黑色的呢`, `那款黑色的`.
fn properties(text: &str, found: &mut Vec<(Range<usize>, Reference)>) {
    static POINTS_ZH: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"^(?:的)?(?:版本?|屏|内存|存储|显存)?的?(?:(?:那|这){PIECE}|那{PIECE}?|的?(?:呢|怎么样|有吗|有货吗)|版?的?$)"
        ))
    });
    static POINTS_EN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"^(?:[ -](?:of )?(?:ram|memory|storage|screen|inch|ssd))?[ -](?:one|ones|model|version|variant)\b")
    });
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| pattern(&format!(r"(?:那|这){PIECE}$")));
    for quantity in quantities(text).into_iter().take(4 * REFERENCES_MAX) {
        let Some(attribute) = attribute_of(quantity.kind) else { continue };
        let (start, end) = (quantity.range.start, quantity.range.end);
        let points = POINTS_ZH.find(&text[end..]).or_else(|| POINTS_EN.find(&text[end..]));
        let is_bare_end =
            points.is_some_and(|points| points.is_empty() || points.as_str() == "的") && text[end..].len() < 4;
        let points = match points {
            Some(points) if !is_bare_end || text[end..].starts_with('的') => Some(points.end()),
            _ => BEFORE.is_match(&text[..start]).then_some(0),
        };
        if let Some(length) = points {
            let value = Some(format!("{} {}", quantity.value, quantity.unit));
            let reference = Reference::With { attribute: attribute.to_owned(), value, extreme: None };
            add(found, start..end + length, reference);
        }
    }
    colours(text, found);
}

fn colours(text: &str, found: &mut Vec<(Range<usize>, Reference)>) {
    static ZH: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"(?P<before>那{PIECE}|这{PIECE})?(?P<colour>{COLOURS_ZH})(?P<after>的?那{PIECE}|那{PIECE}|的|版|款|呢|有货|有现货)?"
        ))
    });
    static EN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"\b(?P<colour>{COLOURS_EN})(?: (?:one|ones|version|model)\b|\?|$)|\bin (?P<in>{COLOURS_EN})\b"
        ))
    });
    for captures in ZH.captures_iter(text).take(4 * REFERENCES_MAX) {
        let colour = captures["colour"].to_owned();
        let is_pointed = captures.name("before").is_some() || captures.name("after").is_some();
        // A colour by one character is meant only where it is pointed at: `白` stands in `明白的`.
        let is_word =
            colour.ends_with('色') || (captures.name("after").is_some_and(|after| after.as_str().contains('那')));
        if is_pointed && is_word {
            let value = Some(colour);
            add(found, whole(&captures), Reference::With { attribute: "color".to_owned(), value, extreme: None });
        }
    }
    for captures in EN.captures_iter(text).take(4 * REFERENCES_MAX) {
        let value = captures.name("colour").or(captures.name("in")).map(|colour| colour.as_str().to_owned());
        add(found, whole(&captures), Reference::With { attribute: "color".to_owned(), value, extreme: None });
    }
}

/// Words that compare: attribute and end of it.
const EXTREMES: &[(&[&str], &str, Extreme)] = &[
    (
        &["便宜", "价格低", "实惠", "cheap", "cheaper", "cheapest", "less expensive", "least expensive"],
        "price",
        Extreme::Least,
    ),
    (
        &["贵", "价格高", "pricey", "pricier", "more expensive", "most expensive", "dearer", "expensive"],
        "price",
        Extreme::Most,
    ),
    (&["轻", "轻便", "lighter", "lightest", "light", "weighs less", "weigh less"], "weight", Extreme::Least),
    (&["重", "heavier", "heaviest", "heavy"], "weight", Extreme::Most),
    (
        &["大屏", "屏幕大", "屏大", "大", "bigger", "biggest", "larger", "largest", "big", "large"],
        "screen",
        Extreme::Most,
    ),
    (&["小屏", "屏幕小", "小", "smaller", "smallest", "small"], "screen", Extreme::Least),
    (&["续航长", "续航久", "电池大", "续航好", "longer battery", "bigger battery"], "battery", Extreme::Most),
    (&["内存大", "more memory", "more ram"], "memory", Extreme::Most),
    (&["容量大", "存储大", "more storage"], "storage", Extreme::Most),
    (&["新", "newer", "newest", "latest"], "launched", Extreme::Most),
    (&["旧", "老", "older", "oldest"], "launched", Extreme::Least),
];

/// `哪个大`, `哪款更轻一点`, `谁更便宜`, "which is bigger": by what things are set against each other.
pub(super) fn compared_by(folded: &str) -> Vec<(&'static str, Extreme)> {
    static ASKED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"(?:哪(?:一)?{PIECE}?|谁)(?:的)?(?:手机|电脑|屏幕|显示器|电视)?(?:会|要|更|比较|最|能)*(?P<zh>{})|(?P<of>{})的?(?:一点)?(?:是|的是)哪|\bwhich(?:'?s)?\b[^.?!]{{0,60}}?\b(?P<en>{})\b|\b(?P<end>{})[,:]? which\b",
            words_of_extremes(false),
            words_of_extremes(false),
            words_of_extremes(true),
            words_of_extremes(true)
        ))
    });
    let told = |captures: regex::Captures| {
        let word = ["zh", "of", "en", "end"].iter().find_map(|name| captures.name(name))?.as_str().to_owned();
        let (_, attribute, extreme) = EXTREMES.iter().find(|(words, ..)| words.contains(&word.as_str()))?;
        Some((*attribute, *extreme))
    };
    let mut all: Vec<(&'static str, Extreme)> = Vec::new();
    for measure in ASKED.captures_iter(folded).take(REFERENCES_MAX).filter_map(told) {
        if !all.iter().any(|(name, _)| *name == measure.0) {
            all.push(measure);
        }
    }
    all
}

/// Words that compare, the longest first, as alternatives of a pattern.
fn words_of_extremes(is_ascii: bool) -> String {
    let mut words: Vec<&str> = EXTREMES.iter().flat_map(|(words, ..)| words.iter().copied()).collect();
    words.retain(|word| word.is_ascii() == is_ascii);
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.join("|")
}

/// `便宜的那个`, `最轻的那款`, `the cheaper one`.
fn extremes(text: &str, found: &mut Vec<(Range<usize>, Reference)>) {
    static POINTED: LazyLock<Regex> = LazyLock::new(|| {
        let words = words_of_extremes;
        pattern(&format!(
            r"(?P<zh>{})(?:一?点儿?|一?些)?的?(?:那|这){PIECE}|(?:那|这){PIECE}(?:最|更|比较)?(?P<zh_after>{})(?:一?点儿?|一?些)?的|最(?P<most>{})的(?:那|一)?{PIECE}?|\bthe (?P<en>{})(?: one| model| version|$|[?!.,])",
            words(false),
            words(false),
            words(false),
            words(true)
        ))
    });
    static OF: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"(?P<zh>电池|续航|屏幕|内存|存储|容量|像素|刷新率)最(?P<zh_end>大|长|久|多|高|小|短|少|低)的?(?:那|这|一){PIECE}|\bone with the (?P<en_end>biggest|largest|longest|best|most|highest|smallest|shortest|least|lowest) (?P<en>battery|screen|memory|ram|storage|capacity|camera|refresh)"
        ))
    });
    const OF_WHAT: &[(&[&str], &str)] = &[
        (&["电池", "续航", "battery"], "battery"),
        (&["屏幕", "screen"], "screen"),
        (&["内存", "memory", "ram"], "memory"),
        (&["存储", "容量", "storage", "capacity"], "storage"),
        (&["像素", "camera"], "camera"),
        (&["刷新率", "refresh"], "refresh"),
    ];
    for captures in OF.captures_iter(text).take(REFERENCES_MAX) {
        let part = |zh: &str, en: &str| captures.name(zh).or(captures.name(en)).map_or("", |part| part.as_str());
        let is_least =
            ["小", "短", "少", "低", "smallest", "shortest", "least", "lowest"].contains(&part("zh_end", "en_end"));
        let extreme = Some(if is_least { Extreme::Least } else { Extreme::Most });
        if let Some((_, attribute)) = OF_WHAT.iter().find(|(words, _)| words.contains(&part("zh", "en"))) {
            add(found, whole(&captures), Reference::With { attribute: (*attribute).to_owned(), value: None, extreme });
        }
    }
    for captures in POINTED.captures_iter(text).take(4 * REFERENCES_MAX) {
        let word = ["zh", "zh_after", "most", "en"]
            .iter()
            .find_map(|name| captures.name(name))
            .map_or("", |word| word.as_str());
        if let Some((_, attribute, extreme)) = EXTREMES.iter().find(|(words, ..)| words.contains(&word)) {
            let reference =
                Reference::With { attribute: (*attribute).to_owned(), value: None, extreme: Some(*extreme) };
            add(found, whole(&captures), reference);
        }
    }
}

fn attribute_of(kind: QuantityKind) -> Option<&'static str> {
    Some(match kind {
        QuantityKind::Memory => "memory",
        QuantityKind::Storage => "storage",
        QuantityKind::Screen => "screen",
        QuantityKind::Battery => "battery",
        QuantityKind::Power => "power",
        QuantityKind::RefreshRate => "refresh",
        QuantityKind::Camera => "camera",
        QuantityKind::Price => "price",
        QuantityKind::Weight => "weight",
        QuantityKind::Network => "network",
        _ => return None,
    })
}

fn it(text: &str, found: &mut Vec<(Range<usize>, Reference)>) {
    static IT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"它(?:的)?|(?:这|那|此|该|上一?|刚才那?|前一)(?:一)?(?:款|台|部|件|型号|产品|商品|机器|玩意儿?)|(?:这|那|上一|前一|刚才那)个|\b(?:it|its|it's|this one|that one|this product|the same one|the previous one|this thing|this model|this)\b",
        )
    });
    for it in IT.find_iter(text).take(4 * REFERENCES_MAX) {
        let next = text[it.end()..].trim_start();
        // `这个月`, `这个问题`, `this week`: something else is pointed at.
        const OTHERS: &[&str] = &[
            "月",
            "星期",
            "礼拜",
            "时候",
            "问题",
            "地址",
            "快递",
            "活动",
            "优惠",
            "客服",
            "店",
            "人",
            "事",
            "们",
            "week",
            "month",
            "year",
            "morning",
            "afternoon",
            "evening",
            "address",
            "shop",
            "store",
            "order",
            "is a scam",
            "is unacceptable",
            "is ridiculous",
            "is terrible",
            "company",
            "service",
        ];
        if !OTHERS.iter().any(|word| next.starts_with(word)) {
            add(found, it.range(), Reference::It);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Vec<Reference> {
        find(super::super::heard::fold(text).text()).into_iter().map(|(_, reference)| reference).collect()
    }

    fn with(attribute: &str, value: Option<&str>, extreme: Option<Extreme>) -> Vec<Reference> {
        vec![Reference::With { attribute: attribute.into(), value: value.map(str::to_owned), extreme }]
    }

    #[test]
    fn places_in_a_list() {
        let cases: &[(&str, &[i32])] = &[
            ("第二个呢", &[2]),
            ("第2款多少钱", &[2]),
            ("我要第十台", &[10]),
            ("最后一个", &[-1]),
            ("前者好还是后者好", &[1, -1]),
            ("比较一下第一个和第三个", &[1, 3]),
            ("前两款哪个轻", &[1, 2]),
            ("the second one please", &[2]),
            ("what about the 3rd", &[3]),
            ("compare the first and the second", &[1, 2]),
            ("option 4", &[4]),
            ("the last one", &[-1]),
            ("前两天买的", &[]),
            ("第二天到", &[]),
            ("first of all hello", &[]),
        ];
        for (text, expected) in cases {
            let expected: Vec<Reference> = expected.iter().map(|&n| Reference::Ordinal { n }).collect();
            assert_eq!(one(text), expected, "{text}");
        }
    }

    #[test]
    fn the_one_with_the_most_of_something() {
        for (text, attribute, extreme) in [
            ("and the one with the biggest battery?", "battery", Extreme::Most),
            ("the one with the smallest screen", "screen", Extreme::Least),
            ("续航最长的那款", "battery", Extreme::Most),
            ("内存最小的那个多少钱", "memory", Extreme::Least),
        ] {
            assert_eq!(one(text), with(attribute, None, Some(extreme)), "{text}");
        }
    }

    #[test]
    fn a_number_alone_chooses_from_a_list() {
        assert_eq!(bare_number("2.", 3).map(|found| found.1), Some(Reference::Ordinal { n: 2 }));
        for (text, n_listed) in [("4", 3), ("0", 3), ("2 of them", 3), ("1", 0)] {
            assert_eq!(bare_number(text, n_listed), None, "{text}");
        }
    }

    #[test]
    fn things_talked_about() {
        for text in
            ["它多少钱", "这个防水吗", "这款有现货吗", "上一个", "how much is it", "is this one waterproof", "那款呢"]
        {
            assert_eq!(one(text), [Reference::It], "{text}");
        }
        for text in ["这两个哪个好", "那几款都发我", "它俩", "both", "compare them", "which of these is lighter"]
        {
            assert_eq!(one(text), [Reference::All], "{text}");
        }
        for text in ["另一个呢", "另外那款", "the other one", "how about the other"] {
            assert_eq!(one(text), [Reference::Other], "{text}");
        }
        for text in ["这个月有活动吗", "你好", "this week", "换另一个地址", "都有什么"] {
            assert_eq!(one(text), [], "{text}");
        }
    }

    #[test]
    fn things_with_a_property() {
        assert_eq!(one("16寸那个"), with("screen", Some("16 inch"), None));
        assert_eq!(one("how about the 16-inch one"), with("screen", Some("16 inch"), None));
        assert_eq!(one("那黑色的呢"), with("color", Some("黑色"), None));
        assert_eq!(one("白色那款有货吗"), with("color", Some("白色"), None));
        assert_eq!(one("and the black one?"), with("color", Some("black"), None));
        assert_eq!(one("便宜的那个"), with("price", None, Some(Extreme::Least)));
        assert_eq!(one("贵一点的那款"), with("price", None, Some(Extreme::Most)));
        assert_eq!(one("the cheaper one"), with("price", None, Some(Extreme::Least)));
        assert_eq!(one("最轻的那台"), with("weight", None, Some(Extreme::Least)));
        assert_eq!(one("the lightest one"), with("weight", None, Some(Extreme::Least)));
        assert_eq!(one("明白的"), []);
        assert_eq!(one("有便宜点的吗"), []);
    }

    #[test]
    fn things_are_set_against_each_other_by_a_measure() {
        for (text, wanted) in [
            ("fjord 3 和 calyx 4 显示器哪个大", Some(("screen", Extreme::Most))),
            ("哪款更轻一点", Some(("weight", Extreme::Least))),
            ("这两个谁更便宜", Some(("price", Extreme::Least))),
            ("which of them is lighter?", Some(("weight", Extreme::Least))),
            ("which one has the bigger screen", Some(("screen", Extreme::Most))),
            ("哪个好", None),
            ("which one do you recommend", None),
            ("大的", None),
        ] {
            assert_eq!(compared_by(text), wanted.into_iter().collect::<Vec<_>>(), "{text}");
        }
    }

    #[test]
    fn orders() {
        for text in ["最近的订单", "我上一单到哪了", "my latest order", "刚下的那单"] {
            assert_eq!(one(text), [Reference::Order { newest: true }], "{text}");
        }
        for text in ["那个订单取消吧", "这单不要了", "cancel that order"] {
            assert_eq!(one(text), [Reference::Order { newest: false }], "{text}");
        }
    }
}
