//! A rule that can be learned is learned; everything else is laws.

use proptest::prelude::*;

use super::*;
use crate::LanguageError;

const SENTENCES: [&str; 8] = [
    "手机 的 屏幕 很 清晰 。",
    "电池 很 好 ， 屏幕 也 好",
    "手机 电池 不 好",
    "屏幕 很 大 ， 手机 很 好",
    "这 手机 的 电池 很 好 。",
    "客服 很 好 ， 快递 很 快",
    "快递 很 慢 ， 客服 不 好",
    "手机 很 好 ， 客服 也 很 好",
];

fn learned() -> PerceptronSegmenter {
    train(&SENTENCES, &CARD.settings([("n_epochs", "20"), ("table_bits", "12")]).unwrap(), 1, &|_| true).unwrap()
}

#[test]
fn what_was_taught_is_known() {
    let segmenter = learned();
    for sentence in SENTENCES {
        assert_eq!(segmenter.segment(&sentence.replace(' ', "")).join(" "), sentence);
    }
    assert_eq!(segmenter.segment("屏幕不好，电池也很好。").join(" "), "屏幕 不 好 ， 电池 也 很 好 。");
}

#[test]
fn one_seed_gives_one_segmenter() {
    assert_eq!(learned(), learned());
    assert_eq!(learned().to_bytes(), learned().to_bytes());
}

#[test]
fn nothing_to_learn_from_is_said() {
    let settings = CARD.settings([("table_bits", "8")]).unwrap();
    assert!(matches!(train(&["", " "], &settings, 1, &|_| true), Err(LanguageError::Unfit { .. })));
    assert_eq!(train(&SENTENCES, &settings, 1, &|_| false), Err(LanguageError::Cancelled));
}

#[test]
fn long_texts_of_one_kind_are_fine() {
    let segmenter = learned();
    for one in ["哈", "a", " ", "手机", "😀", "。"] {
        let text = one.repeat(100_000);
        assert_eq!(segmenter.segment(&text).concat(), text);
    }
    assert!(segmenter.segment("").is_empty());
}

#[test]
fn foreign_bytes_are_refused() {
    let segmenter = learned();
    let bytes = segmenter.to_bytes();
    assert_eq!(PerceptronSegmenter::from_bytes(&bytes).unwrap(), segmenter);
    for end in (0..bytes.len()).step_by(7) {
        assert!(matches!(PerceptronSegmenter::from_bytes(&bytes[..end]), Err(LanguageError::Corrupt(_))));
    }
    for (at, value) in [(4, 9_u32), (8, 60), (8, 7), (12, u32::MAX), (16, 1 << 20), (N_FIRST_ROW, u32::MAX)] {
        let mut wrong = bytes.clone();
        wrong[at..at + 4].copy_from_slice(&value.to_le_bytes());
        assert!(matches!(PerceptronSegmenter::from_bytes(&wrong), Err(LanguageError::Corrupt(_))), "{at} {value}");
    }
}

/// Where the number of the first row stands: after 16 bytes and 16 transitions.
const N_FIRST_ROW: usize = 16 + 64;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn words_are_the_text(text in any::<String>()) {
        static ONCE: std::sync::LazyLock<PerceptronSegmenter> = std::sync::LazyLock::new(learned);
        prop_assert_eq!(ONCE.segment(&text).concat(), text);
    }
}
