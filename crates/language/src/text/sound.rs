//! How single Chinese characters sound: pinyin without tones, the usual reading only. Words with several readings are told
//! apart in search.

use pinyin::ToPinyin;

/// The usual reading of a character (最 is `zui`, 绿 is `lü`); nothing for what is no Chinese character.
pub fn syllable(character: char) -> Option<&'static str> {
    character.to_pinyin().map(|reading| reading.plain())
}

#[cfg(test)]
mod tests {
    use super::syllable;

    #[test]
    fn characters_sound() {
        let heard: Vec<_> = "最佳绿a".chars().map(syllable).collect();
        assert_eq!(heard, [Some("zui"), Some("jia"), Some("lü"), None]);
    }
}
