//! Counting, cutting, and the cards themselves.

use std::collections::BTreeSet;

use super::*;

#[test]
fn channels_count_in_their_own_way() {
    for (text, chars, wide, sms) in [
        ("abc", 3, 3, 3),
        ("内存16GB", 6, 8, 6),
        ("，。【】", 4, 8, 4),
        ("😀", 1, 2, 2),
        ("[a]", 3, 3, 5),
        ("€", 1, 1, 2),
        ("“”", 2, 4, 2),
    ] {
        assert_eq!((Count::Chars.of(text), Count::Wide2.of(text), Count::Sms.of(text)), (chars, wide, sms), "{text}");
    }
    assert_eq!(Count::Sms.max_for("plain text", 70), 160);
    assert_eq!(Count::Sms.max_for("plain text™", 70), 70);
    assert!(Count::Sms.fits(&"a".repeat(160), 70) && !Count::Sms.fits(&"a".repeat(161), 70));
    assert!(Count::Sms.fits(&"字".repeat(70), 70) && !Count::Sms.fits(&"字".repeat(71), 70));
}

#[test]
fn texts_are_cut_between_words_and_never_within_a_character() {
    for (text, max, expected) in [
        ("Samsung Galaxy M33 5G", 16, "Samsung Galaxy"),
        ("Samsung Galaxy (Blue)", 16, "Samsung Galaxy"),
        ("科梵 Velo 2 笔记本电脑", 12, "科梵 Velo 2"),
        ("科梵笔记本电脑", 7, "科梵笔"),
        ("Supercalifragilistic", 5, "Super"),
        ("e\u{301}e\u{301}e\u{301}", 3, "e\u{301}"),
        ("👨\u{200D}👩\u{200D}👧x", 4, ""),
        ("🇨🇳🇫🇷", 5, "🇨🇳"),
        ("short", 10, "short"),
        ("", 3, ""),
    ] {
        assert_eq!(clip(text, max, Count::Wide2), expected, "{text}");
    }
}

#[test]
fn cards_are_complete() {
    let names: BTreeSet<&str> = registry().iter().map(|card| card.name).collect();
    assert_eq!(names.len(), registry().len());
    for card in registry() {
        assert_eq!(channel(card.name).map(|found| found.name), Some(card.name));
        assert!(card.fields[0].is_required, "{} has no first field", card.name);
        assert!(
            !card.sentence.is_empty() && !card.languages.is_empty() && card.fields.iter().all(|field| field.max > 0)
        );
        // In Chinese, not the English once more.
        assert!(card.sentence_zh.ends_with('。') && !card.sentence_zh.contains(char::is_lowercase), "{}", card.name);
        let fields: BTreeSet<&str> = card.fields.iter().map(|field| field.name).collect();
        assert_eq!(fields.len(), card.fields.len());
    }
    assert!(channel("fax").is_none());
}
