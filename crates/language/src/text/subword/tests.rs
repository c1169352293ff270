//! Merges worked by hand and by a peer, and the law that texts come back.

use proptest::prelude::*;

use super::*;
use crate::LanguageError;

fn settings(vocabulary: usize, min_count: usize) -> domain::Settings {
    CARD.settings([("vocabulary", vocabulary.to_string().as_str()), ("min_count", min_count.to_string().as_str())])
        .unwrap()
}

fn go_on(_: f64) -> bool {
    true
}

#[test]
fn merges_follow_the_counts() {
    // Sennrich et al. 2016, figure 1, without the marks for the ends of words: e s (9), es t (9), l o (7), lo w (7).
    let words = [("low", 5), ("lower", 2), ("newest", 6), ("widest", 3)];
    let model = train_on_words(words, &settings(FIRST_CHARACTER as usize + 10 + 4, 1), &go_on).unwrap();
    let merges: Vec<_> = model.merges().collect();
    assert_eq!(merges, [("e", "s"), ("es", "t"), ("l", "o"), ("lo", "w")]);
    assert_eq!(model.encode("lowest").iter().map(|&id| model.shown(id).unwrap()).collect::<Vec<_>>(), ["low", "est"]);
}

#[test]
fn runs_of_one_character_merge_from_the_left() {
    let model = train_on_words([("aaaaa", 3)], &settings(FIRST_CHARACTER as usize + 3, 1), &go_on).unwrap();
    assert_eq!(model.merges().collect::<Vec<_>>(), [("a", "a"), ("aa", "a")]);
    assert_eq!(model.decode(&model.encode("aaaaaaa")), "aaaaaaa");
}

/// Hugging Face tokenizers 0.23.3, `bench/peers/language/golden_subword.py`.
#[test]
fn merges_are_those_of_a_peer() {
    let text = include_str!("golden.txt");
    let characters: std::collections::BTreeSet<char> = text.chars().filter(|one| !one.is_whitespace()).collect();
    let wanted = settings(FIRST_CHARACTER as usize + characters.len() + 60, 2);
    let model = train_on_words(text.split_whitespace().map(|word| (word, 1)), &wanted, &go_on).unwrap();
    let found: Vec<_> = model.merges().map(|(left, right)| format!("{left}\t{right}")).collect();
    let expected: Vec<_> = include_str!("golden_merges.txt").lines().collect();
    assert_eq!(found, expected);
}

#[test]
fn what_was_never_seen_is_spelled_in_bytes() {
    let model = train(["the phone"], &settings(300, 2), &go_on).unwrap();
    let ids = model.encode("屏");
    assert_eq!(ids.iter().map(|&id| model.shown(id).unwrap()).collect::<Vec<_>>(), ["<0xE5>", "<0xB1>", "<0x8F>"]);
    assert_eq!(model.decode(&ids), "屏");
    assert_eq!(model.decode(&[BEGIN, ids[0], ids[1], ids[2], END, u32::MAX]), "屏");
    assert_eq!(model.decode(&ids[..2]), "\u{fffd}");
}

#[test]
fn odd_input_is_fine() {
    let none = train([], &settings(300, 1), &go_on).unwrap();
    assert_eq!(none.len(), FIRST_CHARACTER as usize);
    assert_eq!(none.decode(&none.encode("好a")), "好a");
    let long = "哈".repeat(300_000);
    let model = train([long.as_str()], &settings(300, 1), &go_on).unwrap();
    assert_eq!(model.decode(&model.encode(&long)), long);
    assert_eq!(train(["ab"], &settings(300, 1), &|_| false), Err(LanguageError::Cancelled));
}

#[test]
fn the_order_of_texts_does_not_matter() {
    let texts = ["屏幕很好 屏幕", "电池 not good", "手机屏幕", "good phone good"];
    let forward = train(texts, &settings(290, 1), &go_on).unwrap();
    let backward = train(texts.into_iter().rev(), &settings(290, 1), &go_on).unwrap();
    assert_eq!(forward, backward);
}

#[test]
fn foreign_bytes_are_refused() {
    let model = train(["low lower newest widest 屏幕 屏幕"], &settings(290, 1), &go_on).unwrap();
    let bytes = model.to_bytes();
    assert_eq!(SubwordModel::from_bytes(&bytes), Ok(model));
    for end in 0..bytes.len() {
        assert!(matches!(SubwordModel::from_bytes(&bytes[..end]), Err(LanguageError::Corrupt(_))), "{end}");
    }
    let mut huge = bytes.clone();
    huge[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(SubwordModel::from_bytes(&huge), Err(LanguageError::Corrupt(_))));
    // Doubling merges would make a piece of 2^100 bytes.
    let mut doubling = b"TSUB".to_vec();
    let merges = (0..100).flat_map(|n| [FIRST_CHARACTER + n, FIRST_CHARACTER + n]);
    doubling.extend([1, 1, 100, u32::from(b'a')].into_iter().chain(merges).flat_map(u32::to_le_bytes));
    assert!(matches!(SubwordModel::from_bytes(&doubling), Err(LanguageError::Corrupt(_))));
}

/// A small vocabulary learned once.
fn small() -> &'static SubwordModel {
    static ONCE: std::sync::LazyLock<SubwordModel> = std::sync::LazyLock::new(|| {
        train(
            ["the phone's screen is good 屏幕很好，电池不好 16GB 屏幕", "good screen 电池"],
            &settings(330, 1),
            &go_on,
        )
        .unwrap()
    });
    &ONCE
}

proptest! {
    #[test]
    fn every_text_comes_back(text in prop_oneof![any::<String>(), "[a-z 屏幕电池好，16]{0,40}"]) {
        prop_assert_eq!(pieces(&text).collect::<String>(), text.as_str());
        let ids = small().encode(&text);
        prop_assert!(ids.iter().all(|&id| (id as usize) < small().len()));
        prop_assert_eq!(small().decode(&ids), text);
    }

    #[test]
    fn bytes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..64), head in any::<bool>()) {
        if head {
            bytes.splice(0..0, *b"TSUB\x01\0\0\0");
        }
        let _ = SubwordModel::from_bytes(&bytes);
    }
}
