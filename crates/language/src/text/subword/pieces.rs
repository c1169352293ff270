//! Text cut where no merge crosses: runs of letters, of digits, of ideographs, of marks, each with the one space before
//! it. Together the pieces are the text.

/// Longest piece in characters; the work on one grows with the square.
pub(super) const N_CHARACTERS_MAX: usize = 32;

#[derive(Clone, Copy, PartialEq)]
enum Class {
    Letter,
    Digit,
    Ideograph,
    Space,
    Mark,
}

fn class(character: char) -> Class {
    match character {
        'a'..='z' | 'A'..='Z' => Class::Letter,
        '0'..='9' => Class::Digit,
        _ if crate::text::lexicon::is_ideograph(character) => Class::Ideograph,
        _ if character.is_whitespace() => Class::Space,
        _ if character.is_alphabetic() => Class::Letter,
        _ if character.is_numeric() => Class::Digit,
        _ => Class::Mark,
    }
}

/// The pieces of a text, in order.
pub fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, after) = rest.split_at(first_piece(rest)?);
        rest = after;
        Some(piece)
    })
}

/// Length of the first piece in bytes.
fn first_piece(text: &str) -> Option<usize> {
    let mut characters = text.chars().take(N_CHARACTERS_MAX);
    let first = characters.next()?;
    let mut len = first.len_utf8();
    let mut of = class(first);
    for character in characters {
        let next = class(character);
        let opens = first == ' ' && len == 1 && next != Class::Space;
        if opens {
            of = next;
        } else if next != of {
            break;
        }
        len += character.len_utf8();
    }
    // Of several spaces the last belongs to the word after them.
    if of == Class::Space
        && len > 1
        && text[..len].ends_with(' ')
        && text[len..].starts_with(|next: char| !next.is_whitespace())
    {
        len -= 1;
    }
    Some(len)
}
