//! What is seen of a character: itself and two neighbours on either side, pairs of them, and their classes.

/// Features of one character.
pub(super) const N_FEATURES: usize = 12;

/// Characters with two blanks of padding on either side.
#[derive(Default)]
pub(super) struct Features {
    codes: Vec<u64>,
    classes: Vec<u64>,
}

/// What stands for the beginning and end of a text.
const OUTSIDE: u64 = 1;

/// A large odd number: the golden ratio in 64 bits.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

#[inline]
fn hash(template: u64, first: u64, second: u64) -> u64 {
    let mut mixed = (first << 24 ^ second).wrapping_mul(MIX) ^ template.wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ (mixed >> 29)
}

/// Digits are one character to the learner, and so are letters.
fn code(character: char) -> u64 {
    u64::from(match character {
        '0'..='9' | '０'..='９' => '0',
        'a'..='z' | 'A'..='Z' | 'ａ'..='ｚ' | 'Ａ'..='Ｚ' => 'a',
        other => other,
    } as u32)
}

fn class(character: char) -> u64 {
    match character {
        '0'..='9' | '０'..='９' => 1,
        'a'..='z' | 'A'..='Z' | 'ａ'..='ｚ' | 'Ａ'..='Ｚ' => 2,
        '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '百' | '千' | '万' | '亿' | '零'
        | '〇' | '○' | '两' => 3,
        '年' | '月' | '日' | '时' | '分' | '秒' => 4,
        '·' | '．' | '.' | '％' | '%' | '－' | '-' => 5,
        _ if crate::text::lexicon::is_ideograph(character) => 6,
        _ if character.is_whitespace() => 7,
        _ if character.is_alphabetic() => 2,
        _ => 8,
    }
}

impl Features {
    pub(super) fn read(&mut self, characters: &[char]) {
        self.codes.clear();
        self.classes.clear();
        self.codes.extend([OUTSIDE; 2]);
        self.classes.extend([0; 2]);
        self.codes.extend(characters.iter().map(|&character| code(character)));
        self.classes.extend(characters.iter().map(|&character| class(character)));
        self.codes.extend([OUTSIDE; 2]);
        self.classes.extend([0; 2]);
    }

    /// The features of character `at`, hashed.
    #[inline]
    pub(super) fn at(&self, at: usize) -> [u64; N_FEATURES] {
        let c: &[u64; 5] = self.codes[at..at + 5].try_into().expect("five characters");
        let k: &[u64; 5] = self.classes[at..at + 5].try_into().expect("five classes");
        let same = u64::from(c[2] == c[1])
            | u64::from(c[2] == c[3]) << 1
            | u64::from(c[2] == c[0]) << 2
            | u64::from(c[2] == c[4]) << 3;
        [
            hash(1, c[0], 0),
            hash(2, c[1], 0),
            hash(3, c[2], 0),
            hash(4, c[3], 0),
            hash(5, c[4], 0),
            hash(6, c[0], c[1]),
            hash(7, c[1], c[2]),
            hash(8, c[2], c[3]),
            hash(9, c[3], c[4]),
            hash(10, c[1], c[3]),
            hash(11, k[0] << 16 | k[1] << 12 | k[2] << 8 | k[3] << 4 | k[4], 0),
            hash(12, same, c[2]),
        ]
    }
}
