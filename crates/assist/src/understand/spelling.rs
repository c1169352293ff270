//! Words of Latin letters that no example has, taken for the word that was meant: one slip away (a letter lost, typed twice or
//! too many, two swapped, a key beside the right one), run together with the next, or parted from it a letter too early or too
//! late. What is mended is read by the model of intents alone; names, and what is quoted, stay as they were typed.

use std::borrow::Cow;

/// Letters of a word in which a slip is looked for; shorter ones are like too many others, longer ones are no words.
const LETTERS_MIN: usize = 4;
const LETTERS_MAX: usize = 16;
/// From so many letters on a wrong letter may be a slip: of shorter words another one is mostly another word.
const CHANGED_MIN: usize = 5;
/// Examples that must have a word for it to be what was meant.
const EXAMPLES_MIN: u32 = 2;
/// Words of one message that are looked at.
const WORDS_MAX: usize = 32;

/// Rows of a keyboard, upper to lower; a key's neighbours are beside it, and above and below it.
const ROWS: [&[u8]; 3] = [b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"];

/// A text in small letters with its slips mended. `n_with`: how many examples have a word.
pub(super) fn mended<'t>(text: &'t str, n_with: &dyn Fn(&[u8]) -> u32) -> Cow<'t, str> {
    let words: Vec<&str> = text.split(' ').collect();
    if words.iter().all(|word| !is_slip(word, n_with)) {
        return Cow::Borrowed(text);
    }
    let mut out: Vec<Cow<str>> = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let word = words[at];
        let next = words.get(at + 1).copied().unwrap_or_default();
        if at < WORDS_MAX
            && let Some([first, second]) = moved(word, next, n_with)
        {
            out.extend([Cow::Owned(first), Cow::Owned(second)]);
            at += 2;
            continue;
        }
        let meant = if at < WORDS_MAX && is_slip(word, n_with) { meant(word.as_bytes(), n_with) } else { None };
        out.push(meant.map_or(Cow::Borrowed(word), Cow::Owned));
        at += 1;
    }
    Cow::Owned(out.join(" "))
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn is_slip(word: &str, n_with: &dyn Fn(&[u8]) -> u32) -> bool {
    (LETTERS_MIN..=LETTERS_MAX).contains(&word.len()) && is_word(word) && n_with(word.as_bytes()) == 0
}

/// What a word that is none may have been: the one of most examples, else two words run together.
fn meant(word: &[u8], n_with: &dyn Fn(&[u8]) -> u32) -> Option<String> {
    let mut best = (EXAMPLES_MIN - 1, Vec::new());
    let mut see = |candidate: &[u8]| {
        let n = n_with(candidate);
        if n > best.0 {
            best = (n, candidate.to_vec());
        }
    };
    each_swap_and_loss(word, &mut see);
    each_change(word, &mut see);
    let found = if best.1.is_empty() { parted(word, n_with)? } else { best.1 };
    String::from_utf8(found).ok()
}

/// With two neighbours swapped back, or a letter left out.
fn each_swap_and_loss(word: &[u8], see: &mut impl FnMut(&[u8])) {
    let mut changed = word.to_vec();
    for at in 1..word.len() {
        changed.swap(at - 1, at);
        see(&changed);
        changed.swap(at - 1, at);
    }
    let mut shorter = word[1..].to_vec();
    see(&shorter);
    for at in 1..word.len() {
        shorter[at - 1] = word[at - 1];
        see(&shorter);
    }
}

/// With a lost letter put back, or a letter of a neighbouring key changed back.
fn each_change(word: &[u8], see: &mut impl FnMut(&[u8])) {
    let mut longer = Vec::with_capacity(word.len() + 1);
    for at in 0..=word.len() {
        longer.clear();
        longer.extend_from_slice(&word[..at]);
        longer.push(0);
        longer.extend_from_slice(&word[at..]);
        for letter in b'a'..=b'z' {
            longer[at] = letter;
            see(&longer);
        }
    }
    if word.len() < CHANGED_MIN {
        return;
    }
    let mut changed = word.to_vec();
    for at in 0..word.len() {
        for letter in beside(word[at]) {
            changed[at] = letter;
            see(&changed);
        }
        changed[at] = word[at];
    }
}

/// Letters of the keys around a letter's.
fn beside(letter: u8) -> impl Iterator<Item = u8> {
    let place = |letter: u8| {
        let find = |(row, keys): (usize, &&[u8])| Some((row, keys.iter().position(|&key| key == letter)?));
        ROWS.iter().enumerate().find_map(find)
    };
    let own = place(letter);
    let is_near = move |&other: &u8| match (own, place(other)) {
        (Some((row, at)), Some((other_row, other_at))) => {
            other != letter && row.abs_diff(other_row) <= 1 && at.abs_diff(other_at) <= 1
        }
        _ => false,
    };
    (b'a'..=b'z').filter(is_near)
}

/// Two words without the space between them.
fn parted(word: &[u8], n_with: &dyn Fn(&[u8]) -> u32) -> Option<Vec<u8>> {
    let rarer = |at: usize| n_with(&word[..at]).min(n_with(&word[at..]));
    let (n, at) = (2..word.len() - 1).map(|at| (rarer(at), at)).max_by_key(|(n, at)| (*n, usize::MAX - at))?;
    (n >= EXAMPLES_MIN).then(|| [&word[..at], b" ", &word[at..]].concat())
}

/// `ho wmuch`, `howm uch`: the space stands a letter too early or too late.
fn moved(word: &str, next: &str, n_with: &dyn Fn(&[u8]) -> u32) -> Option<[String; 2]> {
    let is_short = |word: &str| word.len() <= LETTERS_MAX;
    let is_unknown = |word: &str| n_with(word.as_bytes()) == 0;
    if !is_word(word) || !is_word(next) || !is_short(word) || !is_short(next) || !(is_unknown(word) || is_unknown(next))
    {
        return None;
    }
    let early = (next.len() > 1).then(|| [format!("{word}{}", &next[..1]), next[1..].to_owned()]);
    let last = word.len() - 1;
    let late = (last > 0).then(|| [word[..last].to_owned(), format!("{}{next}", &word[last..])]);
    let are_known = |two: &[String; 2]| two.iter().all(|word| n_with(word.as_bytes()) >= EXAMPLES_MIN);
    [early, late].into_iter().flatten().find(are_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] =
        &["how", "much", "is", "the", "return", "policy", "delivery", "where", "my", "order", "phone"];

    fn n_with(word: &[u8]) -> u32 {
        if KNOWN.iter().any(|known| known.as_bytes() == word) { 5 } else { 0 }
    }

    #[test]
    fn slips_are_mended_and_all_else_stays() {
        for (typed, meant) in [
            ("retrun polcy", "return policy"),
            ("wehre is my oorder", "where is my order"),
            ("ho wmuch is delievry", "how much is delivery"),
            ("howm uch is it", "how much is it"),
            ("howmuch is the phome", "how much is the phone"),
            ("rder", "order"),
            // Too short, no word, not near any.
            ("teh mu 66 㐀 zzzzzz", "teh mu 66 㐀 zzzzzz"),
            ("how much is the phone", "how much is the phone"),
            ("多少钱", "多少钱"),
            ("", ""),
        ] {
            assert_eq!(mended(typed, &n_with), meant, "{typed}");
        }
    }

    #[test]
    fn keys_have_neighbours() {
        let of = |letter: u8| String::from_utf8(beside(letter).collect()).expect("letters");
        assert_eq!(of(b'q'), "asw");
        assert_eq!(of(b'g'), "bfhnrtvy");
        assert_eq!(of(b'?'), "");
    }
}
