//! What becomes of a single character: kept, written otherwise, a space, or nothing.
//!
//! Not all of Unicode's compatibility form (NFKC) is wanted. It tears what shops write apart: `℃` would become `°C`,
//! `㎡` `m2`, `①` a bare `1` that sticks to the digit beside it, `½` three characters, `²` a `2`, and `™` the letters
//! `TM` glued to a name. Those stay as they are (marks of trade go). Taken from NFKC are full-width and half-width forms,
//! ligatures, styled letters, Roman numerals, radicals and compatibility ideographs, and squared units whose long form
//! is read the same way (`㎏` is `kg`).

use unicode_normalization::UnicodeNormalization;

/// What becomes of a character.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fate {
    Keep,
    /// One character for another.
    Be(char),
    /// Several characters: its compatibility form.
    Compatible,
    Space,
    Line,
    Nothing,
    /// This mark, joined with the character before it (NFC).
    Combine(char),
}

/// The fate of a character outside printable ASCII and the main block of ideographs, which are kept.
pub(super) fn fate(character: char) -> Fate {
    match character {
        '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => Fate::Line,
        '\r' => Fate::Line,
        '\t'
        | '\u{b}'
        | '\u{c}'
        | ' '
        | '\u{a0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{3000}'
        | '\u{fffd}' => Fate::Space,
        // Full-width forms of printable ASCII.
        '\u{ff01}'..='\u{ff5e}' => Fate::Be(char::from_u32(character as u32 - 0xfee0).unwrap_or(character)),
        '￥' => Fate::Be('¥'),
        '\u{ff9e}' => Fate::Combine('\u{3099}'),
        '\u{ff9f}' => Fate::Combine('\u{309a}'),
        '\u{ff5f}'..='\u{ffee}' => Fate::Compatible,
        '\u{300}'..='\u{36f}' | '\u{3099}' | '\u{309a}' => Fate::Combine(character),
        '\u{2160}'..='\u{217f}' | '\u{fb00}'..='\u{fb06}' | '\u{1d400}'..='\u{1d7ff}' => Fate::Compatible,
        '\u{2f00}'..='\u{2fd5}' | '\u{2e9f}' | '\u{2ef3}' | '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}' => {
            Fate::Compatible
        }
        // Squared units that are one word: no areas, no fractions, no abbreviations with points.
        '\u{3380}'..='\u{339e}'
        | '\u{33a9}'..='\u{33ac}'
        | '\u{33b0}'..='\u{33c1}'
        | '\u{33c5}'
        | '\u{33c8}'
        | '\u{33ca}' => Fate::Compatible,
        '‐' | '‑' | '‒' | '–' | '−' => Fate::Be('-'),
        '‘' | '’' | 'ʼ' => Fate::Be('\''),
        '™' | '®' | '©' | '℠' => Fate::Nothing,
        _ if is_invisible(character) => Fate::Nothing,
        _ => Fate::Keep,
    }
}

/// Control characters, marks of direction, and other characters without a face. Joiners and selectors are kept by the
/// caller inside emoji.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' | '\u{e000}'..='\u{f8ff}')
}

/// Pushes the compatibility form of one character.
pub(super) fn push_compatible(character: char, out: &mut String) {
    out.extend(std::iter::once(character).nfkc());
}

/// Joins a combining character to the last one written, as NFC does; false if they have no joint form.
pub(super) fn combine(mark: char, out: &mut String) -> bool {
    let Some(last) = out.chars().next_back() else { return false };
    match unicode_normalization::char::compose(last, mark) {
        Some(joint) => {
            out.pop();
            out.push(joint);
            true
        }
        None => false,
    }
}

/// A character with which a picture may begin: what keeps a joiner or selector after it.
pub(crate) fn is_pictograph(character: char) -> bool {
    matches!(character as u32,
        0x1f000..=0x1faff | 0x2600..=0x27bf | 0x2b00..=0x2bff | 0x2300..=0x23ff | 0x2190..=0x21ff | 0x25a0..=0x25ff
        | 0x3030 | 0x303d | 0x3297 | 0x3299)
}
