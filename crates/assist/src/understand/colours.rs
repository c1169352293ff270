//! Colours under their names in both languages. Which of them a product has is known from the catalogue.

use crate::turn::Lang;

use super::heard::{fold, joins};

/// One colour: English names, the first of which stands for it; Chinese names without `色`.
struct Colour {
    en: &'static [&'static str],
    zh: &'static [&'static str],
}

const COLOURS: &[Colour] = &[
    Colour { en: &["black"], zh: &["黑"] },
    Colour { en: &["white"], zh: &["白"] },
    Colour { en: &["silver"], zh: &["银"] },
    Colour { en: &["grey", "gray", "graphite"], zh: &["灰"] },
    Colour { en: &["azure", "sky blue"], zh: &["天蓝"] },
    Colour { en: &["blue", "navy"], zh: &["蓝"] },
    Colour { en: &["red"], zh: &["红"] },
    Colour { en: &["green"], zh: &["绿"] },
    Colour { en: &["pink", "rose"], zh: &["粉", "粉红"] },
    Colour { en: &["gold", "golden"], zh: &["金"] },
    Colour { en: &["purple", "violet"], zh: &["紫"] },
    Colour { en: &["yellow"], zh: &["黄"] },
    Colour { en: &["orange"], zh: &["橙", "橘"] },
    Colour { en: &["brown"], zh: &["棕", "褐"] },
    Colour { en: &["cyan", "teal"], zh: &["青"] },
    Colour { en: &["beige"], zh: &["米"] },
    Colour { en: &["titanium"], zh: &["钛"] },
    Colour { en: &["transparent"], zh: &["透明"] },
];

/// What may follow a colour of one character for it to be one: `黑的`, `红款`. Others stand within words (`明白的`).
const AFTER: &[&str] = &["色", "款", "版"];

/// Colours that a text names, by their English names, in the order of the list.
pub fn named_in(text: &str) -> Vec<&'static str> {
    let folded = fold(text);
    let text = folded.text();
    let mut found = Vec::new();
    for colour in COLOURS {
        let en = colour.en.iter().any(|word| has_word(text, word));
        let zh = colour.zh.iter().any(|word| has_han(text, word, colour.en[0]));
        if en || zh {
            found.push(colour.en[0]);
        }
    }
    // `sky blue` is no blue.
    if found.contains(&"azure") && !text.replace("sky blue", "").contains("blue") {
        found.retain(|name| *name != "blue");
    }
    found
}

/// Colours that a text says are not wanted, by their English names: `不要黑色的`, "that's not black".
pub fn denied_in(text: &str) -> Vec<&'static str> {
    const NOT: &[&str] = &[
        "不要",
        "不是",
        "不想要",
        "非",
        "除了",
        "别",
        "not",
        "not in",
        "no",
        "anything but",
        "except",
        "other than",
        "not the",
    ];
    let folded = fold(text);
    let own = folded.text();
    let mut found = Vec::new();
    for colour in COLOURS {
        let is_denied = |at: usize| NOT.iter().any(|not| own[..at].trim_end().ends_with(not));
        let en = colour.en.iter().any(|word| own.match_indices(word).any(|(at, _)| !joins(own, at) && is_denied(at)));
        let zh = colour.zh.iter().any(|word| own.match_indices(word).any(|(at, _)| is_denied(at)));
        if (en || zh) && named_in(text).contains(&colour.en[0]) {
            found.push(colour.en[0]);
        }
    }
    found
}

/// Where a text names colours, `色` and its like with them, in bytes of the text.
pub fn places(text: &str) -> Vec<std::ops::Range<usize>> {
    let folded = fold(text);
    let own = folded.text();
    let mut found = Vec::new();
    for colour in COLOURS {
        for word in colour.en {
            let is_word = |at: &usize| !joins(own, *at) && !joins(own, at + word.len());
            found.extend(own.match_indices(word).map(|(at, _)| at).filter(is_word).map(|at| at..at + word.len()));
        }
        for word in colour.zh {
            let ends = own.match_indices(word).filter_map(|(at, _)| {
                let end = at + word.len();
                AFTER.iter().find(|after| own[end..].starts_with(**after)).map(|after| at..end + after.len())
            });
            found.extend(ends);
        }
    }
    found.into_iter().map(|range| folded.original(range)).collect()
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| !joins(text, at) && !joins(text, at + word.len()))
}

fn has_han(text: &str, word: &str, name: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let is_colour = AFTER.iter().any(|after| text[at + word.len()..].starts_with(after));
        // `天蓝色` is no blue of its own, `粉红色` no red.
        let is_longer = name == "blue" && text[..at].ends_with('天') || name == "red" && text[..at].ends_with('粉');
        is_colour && !is_longer
    })
}

/// The colour that a catalogue's word is: `Black`, `曜石黑`.
pub fn of(value: &str) -> Option<&'static str> {
    let folded = fold(value);
    let text = folded.text().trim();
    let ends = |colour: &&Colour| {
        let en = colour.en.iter().any(|word| {
            text.strip_suffix(word).is_some_and(|before| !before.ends_with(|c: char| c.is_ascii_alphanumeric()))
        });
        en || colour.zh.iter().any(|word| text.trim_end_matches('色').ends_with(word))
    };
    COLOURS.iter().find(ends).map(|colour| colour.en[0])
}

/// A colour as it is said; a word that is none in the list stands as it is.
pub fn said(value: &str, lang: Lang) -> String {
    let trimmed = value.trim();
    let known = COLOURS.iter().find(|colour| {
        colour.en.iter().any(|word| trimmed.eq_ignore_ascii_case(word))
            || colour.zh.iter().any(|word| trimmed.trim_end_matches('色') == *word)
    });
    match (known, lang) {
        (Some(colour), Lang::Zh) if !trimmed.is_ascii() || trimmed.eq_ignore_ascii_case(colour.en[0]) => {
            let word = colour.zh[0];
            if word == "透明" { word.to_owned() } else { format!("{word}色") }
        }
        (Some(colour), Lang::En) if !trimmed.is_ascii() => colour.en[0].to_owned(),
        _ => trimmed.to_owned(),
    }
}

/// All names of a colour, for finding it in titles of either language.
pub(super) fn words(name: &str) -> impl Iterator<Item = String> {
    let colour = COLOURS.iter().find(|colour| colour.en[0] == name);
    colour.into_iter().flat_map(|colour| {
        let en = colour.en.iter().map(|word| (*word).to_owned());
        en.chain(colour.zh.iter().map(|word| format!("{word}色")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_known_in_both_languages() {
        assert_eq!(named_in("有没有粉色的"), ["pink"]);
        assert_eq!(named_in("in Blue or GREY please"), ["grey", "blue"]);
        assert_eq!(named_in("天蓝色"), ["azure"]);
        assert_eq!(named_in("明白了，白天送"), Vec::<&str>::new());
        assert_eq!(named_in("a redder one, blackbird"), Vec::<&str>::new());
        assert_eq!(of("Space Grey"), Some("grey"));
        let text = "有没有粉红色的，or Sky Blue?";
        let places: Vec<&str> = places(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(places, ["Sky Blue", "Blue", "红色", "粉红色"]);
        assert_eq!(of("曜石黑"), Some("black"));
        assert_eq!(of("512 GB"), None);
        assert_eq!(said("Black", Lang::Zh), "黑色");
        assert_eq!(said("银色", Lang::En), "silver");
        assert_eq!(said("Moss", Lang::Zh), "Moss");
    }
}
