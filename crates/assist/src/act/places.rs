//! Places that something is to be sent to: whether one is named, and whether what is about to be said speaks of it. No list of
//! the world's places: what is not said to be served is not served for all that we know.

use std::sync::LazyLock;

use regex::Regex;

use super::attributes::fold;
use crate::evidence::Evidence;

/// Words of what is sent everywhere, or abroad.
const WIDE: &[&str] = &[
    "海外",
    "国外",
    "境外",
    "国际",
    "全球",
    "全国",
    "港澳台",
    "abroad",
    "overseas",
    "international",
    "worldwide",
    "other countries",
    "all over",
];

/// The place to which somebody asks whether something can be sent, folded.
pub fn asked_whether(text: &str) -> Option<String> {
    static ZH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:寄|送|发|运|配送|发货)到?(?:货)?(?:去|到|往)?(?P<place>[\p{Han}]{2,8}?)(?:去)?(?:吗|么|嘛|不|没|$|[？?。！])|(?P<before>[\p{Han}]{2,6}?)(?:能|可以)(?:不能)?(?:送|寄|发货|配送|到)").expect("a sound pattern")
    });
    static EN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:ship|deliver|send|post|mail)[a-z]*\b[^?.!]{0,30}?\bto (?:the |my )?(?P<place>[a-z][a-z .'-]{1,30}?)(?: please| too| as well)?(?:[?.!,]|$)").expect("a sound pattern")
    });
    let folded = fold(text).replace("do u ", "do you ").replace("can u ", "can you ");
    let in_english = ["can ", "do ", "will ", "could ", "does ", "is "].iter().any(|word| folded.contains(word));
    let in_chinese = ["吗", "么", "能不能", "可以", "能", "嘛"].iter().any(|word| folded.contains(word));
    let captures = match () {
        () if in_chinese => ZH.captures(&folded),
        () if in_english => EN.captures(&folded),
        () => None,
    }?;
    let place = captures.name("place").or_else(|| captures.name("before"))?.as_str().trim();
    const NO_PLACE: &[&str] = &[
        "货",
        "快递",
        "顺丰",
        "上门",
        "家里",
        "家",
        "公司",
        "我家",
        "门口",
        "楼上",
        "我这",
        "这里",
        "那里",
        "今天",
        "明天",
        "当天",
        "大件",
        "自己",
        "你",
        "您",
        "me",
        "us",
        "my home",
        "home",
        "door",
        "the door",
        "doorstep",
        "office",
        "work",
        "a friend",
        "another address",
        "you",
        "address",
        "store",
        "shop",
        "somebody",
        "someone",
    ];
    let is_place = !NO_PLACE.iter().any(|word| place == *word || !word.is_ascii() && place.contains(word));
    is_place.then(|| place.to_owned())
}

/// Whether what an answer rests on speaks of a place, or of all places.
pub fn is_told(place: &str, evidence: &[Evidence]) -> bool {
    let says = |text: &str| {
        let text = fold(text);
        text.contains(place) || WIDE.iter().any(|word| text.contains(word))
    };
    evidence.iter().any(|one| match one {
        Evidence::Document { text, .. } => says(text),
        Evidence::Curated { question, text, .. } => says(question) || says(text),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_where_something_is_to_go_there() {
        for (text, wanted) in [
            ("能寄到火星吗", Some("火星")),
            ("可以送到西藏吗？", Some("西藏")),
            ("能送货上门吗", None),
            ("今天能发货吗", None),
            ("Can you ship to Mars?", Some("mars")),
            ("do you deliver to the USA", Some("usa")),
            ("Can you ship a TV to New York?", Some("new york")),
            ("can you deliver to my home", None),
            ("how long does delivery take", None),
        ] {
            assert_eq!(asked_whether(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn a_place_is_told_of_by_its_name_or_by_all() {
        let document = |text: &str| Evidence::Document {
            document_id: "d".into(),
            version: String::new(),
            title: String::new(),
            text: text.into(),
            start: 0,
            end: 0,
        };
        assert!(is_told("usa", &[document("We ship to the USA in 10 days.")]));
        assert!(is_told("火星", &[document("支持全球配送。")]));
        assert!(!is_told("mars", &[document("Shipped the same day.")]));
    }
}
