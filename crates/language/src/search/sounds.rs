//! How Chinese words sound: pinyin without tones, in full (`huawei`) and by first letters (`hw`), every reading of
//! characters that have several. Folded so that what southern speakers confuse meets: `zh` and `z`, `ing` and `in`. No
//! sound says which word was meant.

use pinyin::ToPinyinMulti;

use super::units::is_ideograph;

/// Readings of a word that are kept.
const READINGS_MAX: usize = 8;

/// A word's readings: in full and by first letters, each once, the usual reading first. Empty if a character has none.
pub(super) fn readings(word: &str) -> Vec<(String, String)> {
    let mut found = vec![(String::new(), String::new())];
    for character in word.chars() {
        let Some(several) = character.to_pinyin_multi() else { return Vec::new() };
        let mut syllables: Vec<String> = Vec::new();
        for reading in several {
            let syllable = reading.plain().replace('ü', "v");
            if !syllable.is_empty() && !syllables.contains(&syllable) {
                syllables.push(syllable);
            }
        }
        let mut next = Vec::new();
        for syllable in &syllables {
            for (full, initials) in &found {
                let reading = (format!("{full}{syllable}"), format!("{initials}{}", &syllable[..1]));
                if next.len() < READINGS_MAX && syllable.is_char_boundary(1) && !next.contains(&reading) {
                    next.push(reading);
                }
            }
        }
        found = next;
    }
    found.retain(|(full, _)| !full.is_empty());
    found
}

/// One spelling for sounds that are often confused.
pub(super) fn blurred(sound: &str) -> String {
    let mut blurred = String::with_capacity(sound.len());
    let bytes = sound.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| bytes[at]);
        let skip = match (before, byte) {
            (Some(b'z' | b'c' | b's'), b'h') => true,
            // `ing` and `in`, `eng` and `en`, `ang` and `an`; but the `g` of `gan` after `n` begins a syllable.
            (Some(b'n'), b'g') => !bytes.get(at + 1).is_some_and(|next| b"aeiouv".contains(next)),
            _ => false,
        };
        if !skip {
            blurred.push(byte as char);
        }
    }
    blurred
}

/// Whether a word is written in ideographs alone.
pub(super) fn is_heard(word: &str) -> bool {
    !word.is_empty() && word.chars().all(is_ideograph)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_sounds() {
        let full = |word: &str| readings(word).into_iter().map(|(full, _)| full).collect::<Vec<_>>();
        assert_eq!(full("华为")[0], "huawei");
        assert_eq!(readings("小米手机")[0], ("xiaomishouji".to_owned(), "xmsj".to_owned()));
        assert!(full("乐视").contains(&"leshi".to_owned()) && full("乐视").contains(&"yueshi".to_owned()));
        assert!(full("绿")[0] == "lv");
        assert!(full("重量").contains(&"zhongliang".to_owned()));
        assert!(full("abc").is_empty() && readings("行".repeat(12).as_str()).len() <= READINGS_MAX);
    }

    #[test]
    fn confused_sounds_meet() {
        for (one, other) in [("zhongxing", "zongxin"), ("shouji", "souji"), ("chongdian", "congdian")] {
            assert_eq!(blurred(one), blurred(other));
        }
        assert_eq!(blurred("nangao"), "nangao");
        assert_ne!(blurred("huawei"), blurred("huwei"));
    }
}
