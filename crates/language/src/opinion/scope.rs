//! What English sentences show beside n-grams: the part of a sentence that speaks of the aspect, which ends at marks and at
//! turns such as "but"; words under a negation as other words than without it; wishes and conditions, which neither praise
//! nor blame; comparisons; and what stands on the other side of a turn.

use super::polarity::{Mention, fold};

/// A word or mark of a sentence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Word<'a> {
    pub text: &'a str,
    pub start: usize,
    pub end: usize,
    /// Stands under a negation.
    pub is_turned: bool,
}

/// Words that say another thing than what was said before.
const TURNS: &str = "\
but however although though except while whereas yet unless despite besides\
";
/// Words after which the next few are denied.
const NEGATIONS: &str = "\
not no n't nt never none without hardly barely cannot can't don't doesn't didn't isn't wasn't won't
aren't weren't couldn't wouldn't shouldn't haven't hasn't hadn't ain't dont doesnt didnt isnt wasnt
wont cant neither nor nothing nobody lack lacks lacking less fewer rarely seldom\
";
/// What is wished for, needed or supposed is neither praised nor blamed.
const SUPPOSED: &str = "\
would could should if wish want wanted need needs needed looking hope might may when bought purchased
came comes use using used install installed plug connect add upgrade upgraded ordered called asked
suppose supposed claims says said\
";
const COMPARED: &str = "\
than more most as compared unlike versus vs\
";
/// A negation reaches so many words.
const REACH: usize = 4;

/// Whether a list, separated by white space, has the word.
fn is_in(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|one| one == word)
}

/// Words, numbers with what belongs to them, and marks, each by itself.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut found: Vec<Word> = Vec::new();
    let mut open: Option<usize> = None;
    let is_inner = |at: usize, c: char| match c {
        '.' | ',' => {
            let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
            is_digit(text[..at].chars().next_back()) && is_digit(text[at + 1..].chars().next())
        }
        _ => c.is_alphanumeric() || c == '\'' || c == '’' || c == '-',
    };
    let word = |start: usize, end: usize| Word { text: &text[start..end], start, end, is_turned: false };
    for (at, c) in text.char_indices() {
        if is_inner(at, c) {
            open.get_or_insert(at);
            continue;
        }
        if let Some(start) = open.take() {
            found.push(word(start, at));
        }
        if !c.is_whitespace() {
            found.push(word(at, at + c.len_utf8()));
        }
    }
    if let Some(start) = open {
        found.push(word(start, text.len()));
    }
    let mut left = 0;
    for word in &mut found {
        let low = word.text.to_lowercase();
        if ends_part(&low) {
            left = 0;
        } else if is_in(NEGATIONS, &low) {
            left = REACH;
        } else if left > 0 {
            (word.is_turned, left) = (true, left - 1);
        }
    }
    found
}

fn ends_part(low: &str) -> bool {
    matches!(low, "." | "," | ";" | ":" | "!" | "?" | "(" | ")" | "-" | "--" | "–" | "—") || is_in(TURNS, low)
}

/// The words of the part of the sentence that the mention stands in: first and one past the last.
pub(super) fn part(all: &[Word], mention: &Mention) -> (usize, usize) {
    let inside = |word: &Word| word.end > mention.start && word.start < mention.end;
    let first = all.iter().position(inside).unwrap_or(0);
    let last = all.iter().rposition(inside).map_or(first, |at| at + 1);
    let ends = |word: &Word| ends_part(&word.text.to_lowercase());
    let from = all[..first].iter().rposition(ends).map_or(0, |at| at + 1);
    let to = all[last..].iter().position(ends).map_or(all.len(), |at| last + at);
    (from, to)
}

/// A word without the endings of its forms.
pub(super) fn stem(word: &str) -> String {
    let low = word.to_lowercase().replace('’', "'");
    let low = low.strip_suffix("'s").unwrap_or(&low);
    if !low.is_ascii() || low.len() < 4 {
        return low.to_owned();
    }
    let bare = |cut: usize| {
        let root = &low[..low.len() - cut];
        let bytes = root.as_bytes();
        let n = bytes.len();
        // "running" is of "run"; "calling" of "call".
        let doubled =
            n > 2 && bytes[n - 1] == bytes[n - 2] && !matches!(bytes[n - 1], b'l' | b's' | b'z' | b'e' | b'o');
        root[..n - usize::from(doubled)].to_owned()
    };
    match low {
        _ if low.ends_with("ies") && low.len() > 4 => format!("{}y", &low[..low.len() - 3]),
        _ if ["sses", "xes", "ches", "shes", "zes"].iter().any(|end| low.ends_with(end)) => {
            low[..low.len() - 2].to_owned()
        }
        _ if low.ends_with("ing") && low.len() > 5 => bare(3),
        _ if low.ends_with("ed") && low.len() > 4 => bare(2),
        _ if low.ends_with('e') => low[..low.len() - 1].to_owned(),
        _ if low.ends_with("es") && low.len() > 4 => low[..low.len() - 2].to_owned(),
        _ if low.ends_with('s') && !low.ends_with("ss") && !low.ends_with("us") => low[..low.len() - 1].to_owned(),
        _ => low.to_owned(),
    }
}

/// A word's key: its stem, and whether it stands under a negation.
pub(super) fn symbol(word: &Word) -> u64 {
    fold(super::polarity::hash(&stem(word.text)), u64::from(word.is_turned))
}

/// Kinds of words that the part has, as numbers below 8.
pub(super) fn cues(part: &[Word]) -> Vec<u64> {
    let lower: Vec<String> = part.iter().map(|word| word.text.to_lowercase()).collect();
    let any = |list: &str| lower.iter().any(|word| is_in(list, word));
    let kinds = [
        any(SUPPOSED),
        any(COMPARED),
        any(NEGATIONS),
        any("too so very really extremely super"),
        lower.iter().any(|word| word.starts_with(|c: char| c.is_ascii_digit())),
        any("is are was were 's be been"),
        any("the my this its their"),
        part.len() <= 4,
    ];
    kinds.iter().zip(0..).filter(|(is_there, _)| **is_there).map(|(_, kind)| kind).collect()
}

/// Whether a turn stands before the part, and after it, in the sentence.
pub(super) fn turns(all: &[Word], (from, to): (usize, usize)) -> [bool; 2] {
    let is_turn = |word: &Word| is_in(TURNS, &word.text.to_lowercase());
    [all[..from].iter().any(is_turn), all[to..].iter().any(is_turn)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part_of(text: &str, aspect: &str) -> String {
        let start = text.find(aspect).unwrap();
        let mention = Mention { text, start, end: start + aspect.len() };
        let all = words(text);
        let (from, to) = part(&all, &mention);
        text[all[from].start..all[to - 1].end].to_owned()
    }

    #[test]
    fn parts_end_at_marks_and_turns() {
        let text = "I love the screen but the battery life isn't great, though the 13.3-inch case is fine.";
        assert_eq!(part_of(text, "screen"), "I love the screen");
        assert_eq!(part_of(text, "battery life"), "the battery life isn't great");
        assert_eq!(part_of(text, "case"), "the 13.3-inch case is fine");
        assert_eq!(part_of("keyboard", "keyboard"), "keyboard");
    }

    #[test]
    fn negations_reach_some_words_and_no_further_than_a_mark() {
        let turned = |text| words(text).iter().filter(|word| word.is_turned).map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(turned("It is not a very good screen at all"), ["a", "very", "good", "screen"]);
        assert_eq!(turned("It did n't last, nice"), ["last"]);
        assert_eq!(turned("no problems but slow"), ["problems"]);
    }

    #[test]
    fn forms_of_a_word_have_one_stem() {
        for (forms, stem_) in [
            (&["run", "runs", "running"][..], "run"),
            (&["work", "works", "working", "worked"], "work"),
            (&["battery", "batteries", "battery's"], "battery"),
            (&["crash", "crashes", "crashed"], "crash"),
            (&["love", "loves", "loved", "loving"], "lov"),
            (&["glass"], "glass"),
            (&["屏幕"], "屏幕"),
        ] {
            for form in forms {
                assert_eq!(stem(form), stem_, "{form}");
            }
        }
    }
}
