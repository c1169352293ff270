//! How channels count characters, and how a text is cut without breaking one.

use serde::Serialize;

/// A way of counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Each Unicode character is one.
    Chars,
    /// Full-width characters (Chinese, Japanese, Korean, full-width forms, emoji) are two, others one.
    Wide2,
    /// Text messages: UTF-16 units. A message that stays within the alphabet of GSM 03.38 may have more; see
    /// [`Count::max_for`].
    Sms,
}

/// Units of a text message in the alphabet of GSM 03.38.
const SMS_GSM_MAX: usize = 160;

impl Count {
    /// How long a text is.
    pub fn of(self, text: &str) -> usize {
        match self {
            Count::Chars => text.chars().count(),
            Count::Wide2 => text.chars().map(|one| if is_wide(one) { 2 } else { 1 }).sum(),
            Count::Sms => match is_gsm(text) {
                true => text.chars().map(|one| if GSM_DOUBLE.contains(one) { 2 } else { 1 }).sum(),
                false => text.chars().map(char::len_utf16).sum(),
            },
        }
    }

    /// The limit that holds for this text: `max`, but 160 for a text message in GSM 03.38.
    pub fn max_for(self, text: &str, max: usize) -> usize {
        if self == Count::Sms && is_gsm(text) { SMS_GSM_MAX.max(max) } else { max }
    }

    /// Whether the text is within the limit.
    pub fn fits(self, text: &str, max: usize) -> bool {
        self.of(text) <= self.max_for(text, max)
    }
}

/// The basic characters of GSM 03.38 that are letters and signs of English, and those that take two places.
const GSM_SIGNS: &str = "@£$¥\n\r_!\"#¤%&'()*+,-./:;<=>?¡¿ §èéùìòÇØøÅåÆæßÉÄÖÑÜäöñüà";
const GSM_DOUBLE: &str = "^{}\\[~]|€";

fn is_gsm(text: &str) -> bool {
    text.chars().all(|one| one.is_ascii_alphanumeric() || GSM_SIGNS.contains(one) || GSM_DOUBLE.contains(one))
}

/// Whether a character takes two columns: the wide and full-width ranges of Unicode's East Asian Width (UAX 11) that
/// shops meet, and emoji.
pub fn is_wide(one: char) -> bool {
    matches!(u32::from(one),
        0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0x33FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xA000..=0xA4CF
        | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6
        | 0x1F000..=0x1FAFF | 0x20000..=0x3FFFD | 0x2014 | 0x2018..=0x201D | 0x2026)
}

/// Whether a character belongs to the one before it: combining marks, joiners, variation selectors, skin tones.
pub fn joins_previous(one: char) -> bool {
    matches!(u32::from(one),
        0x0300..=0x036F | 0x200D | 0x20D0..=0x20FF | 0xFE00..=0xFE0F | 0x1F3FB..=0x1F3FF | 0xE0020..=0xE007F | 0x0900..=0x0903
        | 0x093A..=0x094F)
}

/// The longest beginning within `max` that ends between words and breaks no character; never ends in a space or in a
/// sign that opens something.
pub fn clip(text: &str, max: usize, count: Count) -> &str {
    if count.fits(text, max) {
        return text;
    }
    let (mut hard, mut soft) = (0, 0);
    let mut before = ' ';
    let mut n_flags = 0;
    for (at, one) in text.char_indices() {
        if !count.fits(&text[..at], max) {
            break;
        }
        let is_joined = joins_previous(one) || before == '\u{200D}' || (is_flag(one) && n_flags % 2 == 1);
        if !is_joined {
            hard = at;
            if one.is_whitespace() || is_wide(one) || is_wide(before) {
                soft = at;
            }
        }
        n_flags = if is_flag(one) { n_flags + 1 } else { 0 };
        before = one;
    }
    // A word longer than the field is cut; other words are kept whole.
    let end = if soft > 0 { soft } else { hard };
    text[..end].trim_end_matches(|one: char| one.is_whitespace() || "([{（【-–—,，、|/+&:：·".contains(one))
}

/// Half of a flag: two make one.
fn is_flag(one: char) -> bool {
    (0x1F1E6..=0x1F1FF).contains(&u32::from(one))
}
