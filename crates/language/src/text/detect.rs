//! Which language a text is in: by script, and among Latin scripts by the commonest words. For choosing lexicons and
//! answers, not for telling all of the world's languages apart: what is neither Chinese nor English is `Other`.

use super::normalise::is_traditional;

/// The language of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    SimplifiedChinese,
    TraditionalChinese,
    English,
    /// Sentences of Chinese and English together; foreign names alone do not make a text mixed.
    Mixed,
    /// Another language, or no words at all.
    Other,
}

impl Language {
    pub fn is_chinese(self) -> bool {
        matches!(self, Language::SimplifiedChinese | Language::TraditionalChinese | Language::Mixed)
    }
}

/// Characters looked at: enough to be sure, however long the text.
const N_CHARACTERS: usize = 4096;

/// Words that English texts cannot do without.
const ENGLISH: &[&str] = &[
    "the", "is", "are", "was", "and", "of", "to", "it", "this", "that", "my", "for", "with", "you", "have", "has",
    "not", "but", "can", "what", "how", "does", "do", "when", "will", "very", "would", "they", "your", "from", "which",
    "be", "been", "an", "i", "we", "there", "it's", "don't", "i'm", "where", "why", "please", "could", "should", "all",
    "after",
];

/// Words of other languages in Latin letters that English does not have.
const FOREIGN: &[&str] = &[
    "der", "die", "das", "und", "ist", "nicht", "ein", "eine", "mit", "auf", "ich", "les", "des", "une", "est", "pas",
    "pour", "dans", "que", "avec", "el", "los", "las", "una", "por", "para", "con", "del", "muy", "il", "che", "di",
    "per", "non", "sono", "uma", "não", "com", "em", "het", "een", "niet", "je", "och", "att", "det", "som", "jest",
    "nie", "na",
];

/// What was counted.
#[derive(Default)]
struct Counts {
    n_ideographs: usize,
    n_traditional: usize,
    /// Kana, Hangul, Cyrillic, Arabic …
    n_foreign_letters: usize,
    n_latin_words: usize,
    n_english: usize,
    n_foreign: usize,
}

/// The language of a text, by its first few thousand characters.
pub fn detect(text: &str) -> Language {
    let counts = count(text);
    let n_words = counts.n_latin_words;
    if counts.n_foreign_letters * 4 > counts.n_ideographs + counts.n_foreign_letters + 4 * n_words
        || counts.n_ideographs + n_words == 0
    {
        return Language::Other;
    }
    if counts.n_ideographs > 0 {
        // Three ideographs make about two words.
        let n_chinese = counts.n_ideographs * 2 / 3;
        if counts.n_english >= 2 && n_words >= 4 {
            if n_chinese >= n_words * 4 {
                return chinese(&counts);
            }
            return if n_chinese * 4 > n_words { Language::Mixed } else { Language::English };
        }
        if n_chinese * 4 >= n_words || counts.n_english == 0 && counts.n_ideographs >= 2 {
            return chinese(&counts);
        }
    }
    if counts.n_foreign > counts.n_english { Language::Other } else { Language::English }
}

fn chinese(counts: &Counts) -> Language {
    // Of running traditional text a third is written differently; of simplified text, next to nothing.
    if counts.n_traditional * 12 > counts.n_ideographs {
        Language::TraditionalChinese
    } else {
        Language::SimplifiedChinese
    }
}

fn count(text: &str) -> Counts {
    let end = text.char_indices().nth(N_CHARACTERS).map_or(text.len(), |(at, _)| at);
    let text = &text[..end];
    let mut counts = Counts::default();
    for word in text.split(|character: char| !character.is_alphanumeric() && !matches!(character, '\'' | '’')) {
        let mut latin_from = None;
        for (at, character) in word.char_indices() {
            let latin = character.is_ascii_alphabetic()
                || matches!(character, '\u{c0}'..='\u{24f}' | '\'' | '’')
                || (latin_from.is_some() && character.is_ascii_digit());
            if latin {
                latin_from.get_or_insert(at);
                continue;
            }
            if let Some(from) = latin_from.take() {
                counts.latin(&word[from..at]);
            }
            counts.other(character);
        }
        if let Some(from) = latin_from {
            counts.latin(&word[from..]);
        }
    }
    counts
}

impl Counts {
    fn latin(&mut self, word: &str) {
        let letters = word.chars().filter(|character| character.is_alphabetic()).count();
        // Model numbers say nothing.
        if letters == 0 || word.bytes().any(|byte| byte.is_ascii_digit()) {
            return;
        }
        self.n_latin_words += 1;
        let lower = word.replace('’', "'").to_lowercase();
        self.n_english += usize::from(ENGLISH.contains(&lower.as_str()));
        let accented = !lower.is_ascii();
        self.n_foreign += usize::from(accented || FOREIGN.contains(&lower.as_str()));
    }

    fn other(&mut self, character: char) {
        match character {
            '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' => {
                self.n_ideographs += 1;
                self.n_traditional += usize::from(is_traditional(character));
            }
            _ if character.is_alphabetic() && !character.is_ascii() => self.n_foreign_letters += 1,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_apart() {
        use Language::*;
        let cases = [
            ("这款手机的屏幕很好", SimplifiedChinese),
            ("這款手機的螢幕很好，電池也耐用", TraditionalChinese),
            ("乾隆年间的瓷器，手机里有照片", SimplifiedChinese),
            ("华为Mate 60 Pro", SimplifiedChinese),
            ("RTX 4060显卡搭配i7-13700H", SimplifiedChinese),
            ("iPhone 15 Pro Max 好用吗", SimplifiedChinese),
            ("The battery lasts all day", English),
            ("great phone", English),
            ("I bought 小米14 and it is the best phone that I have", English),
            ("电池真的很差，要求退货。 It is the worst phone that I have bought, 客服也不理人", Mixed),
            ("バッテリーがすぐになくなります", Other),
            ("배터리가 빨리 닳아요", Other),
            ("Le téléphone est très bon pour les photos", Other),
            ("Der Akku ist nicht gut", Other),
            ("Батарея быстро садится", Other),
            ("", Other),
            ("12345 !!", Other),
            ("好", SimplifiedChinese),
            ("a", English),
            ("😀😀", Other),
        ];
        for (text, expected) in cases {
            assert_eq!(detect(text), expected, "{text}");
        }
    }

    #[test]
    fn a_long_text_is_judged_by_its_beginning() {
        assert_eq!(detect(&"哈".repeat(1_000_000)), Language::SimplifiedChinese);
        assert_eq!(detect(&"a".repeat(1_000_000)), Language::English);
    }
}
