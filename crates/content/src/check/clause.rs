//! The clause and the sentence around a place in a text, for checks that read what stands beside a figure. No grammar: marks
//! of punctuation alone.

use std::ops::Range;

/// Most bytes of a clause on either side: what is farther away says nothing of a figure, and a text without marks costs no
/// more than one with.
const N_BYTES_MAX: usize = 240;

fn ends_clause(character: char, next: Option<char>) -> bool {
    match character {
        '，' | '；' | ';' | '、' | '|' | '（' | '）' | '(' | ')' => true,
        // 1,299 and 6.7 are one number.
        ',' => !next.is_some_and(|next| next.is_ascii_digit()),
        _ => ends_sentence(character, next),
    }
}

fn ends_sentence(character: char, next: Option<char>) -> bool {
    match character {
        '。' | '！' | '!' | '？' | '?' | '\n' | '…' => true,
        '.' => next.is_none_or(char::is_whitespace),
        _ => false,
    }
}

fn around(text: &str, at: &Range<usize>, ends: fn(char, Option<char>) -> bool) -> Range<usize> {
    let from = text.floor_char_boundary(at.start.saturating_sub(N_BYTES_MAX));
    let to = text.ceil_char_boundary((at.end + N_BYTES_MAX).min(text.len()));
    let mut start = from;
    let mut before = text[from..at.start].char_indices().peekable();
    while let Some((offset, character)) = before.next() {
        let next = before.peek().map(|one| one.1).or_else(|| text[at.start..].chars().next());
        if ends(character, next) {
            start = from + offset + character.len_utf8();
        }
    }
    let mut after = text[at.end..to].char_indices().peekable();
    let mut end = to;
    while let Some((offset, character)) = after.next() {
        if ends(character, after.peek().map(|one| one.1).or_else(|| text[to..].chars().next())) {
            end = at.end + offset;
            break;
        }
    }
    start..end
}

/// The bytes of the clause around these bytes.
pub(super) fn clause(text: &str, at: &Range<usize>) -> Range<usize> {
    around(text, at, ends_clause)
}

/// The bytes of the sentence around these bytes.
pub(super) fn sentence(text: &str, at: &Range<usize>) -> Range<usize> {
    around(text, at, ends_sentence)
}

/// Whether one of the words stands in a text; words of Latin letters as whole words. Expects lower case on both sides.
pub(super) fn has_word(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| find_word(text, word).is_some())
}

/// Where a word stands first: of Latin letters, as a whole word.
pub(super) fn find_word(text: &str, word: &str) -> Option<usize> {
    let whole = |at: usize| {
        let edge = |side: Option<char>, own: Option<char>| {
            own.is_some_and(|own| own.is_ascii_alphanumeric()) && side.is_some_and(|side| side.is_ascii_alphanumeric())
        };
        !edge(text[..at].chars().next_back(), word.chars().next())
            && !edge(text[at + word.len()..].chars().next(), word.chars().next_back())
    };
    text.match_indices(word).map(|(at, _)| at).find(|at| whole(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_end_at_marks_and_not_inside_numbers() {
        let text = "屏幕 6.7 英寸，售价 1,299 元。The phone is light. It costs $5.";
        let at = |part: &str| text.find(part).map(|at| at..at + part.len()).unwrap();
        assert_eq!(&text[clause(text, &at("6.7"))], "屏幕 6.7 英寸");
        assert_eq!(&text[clause(text, &at("1,299"))], "售价 1,299 元");
        assert_eq!(&text[sentence(text, &at("6.7"))], "屏幕 6.7 英寸，售价 1,299 元");
        assert_eq!(&text[sentence(text, &at("light"))], "The phone is light");
    }

    #[test]
    fn words_stand_whole() {
        assert!(has_word("8 gb ram", &["ram"]) && !has_word("diagram", &["ram"]) && has_word("内存大", &["内存"]));
    }
}
