//! Words that people type in one or two letters, `w` for "with", written out, and limits that are denied said as limits (`别超过3000`, "not above
//! 7k"), so that everything else reads plain words. Only small letters that stand alone and can be nothing else in a sentence; what somebody
//! said is kept as they said it elsewhere.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A message with its shorthand written out.
pub fn written_out(text: &str) -> String {
    static SHORT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?P<before>[a-z,] )(?P<short>w/?|abt|u|ur|r|plz|bc|btw|thx)(?P<after> [a-z]|[?.!]|$)")
            .expect("a sound pattern")
    });
    let long = |captures: &Captures| {
        let word = match &captures["short"] {
            "w" | "w/" => "with",
            "abt" => "about",
            "u" => "you",
            "ur" => "your",
            "r" => "are",
            "plz" => "please",
            "bc" => "because",
            "btw" => "by the way",
            _ => "thanks",
        };
        format!("{}{word}{}", &captures["before"], &captures["after"])
    };
    limits(&SHORT.replace_all(text, long))
}

/// A text in which no limit is denied: `别超过` is `不超过`, "isn't above" is "at most".
fn limits(text: &str) -> String {
    static ZH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:最好)?(?:千万)?(?:别|不要|不能|不可以|不可|不想|不许)(?:再)?(?:超过|高于|多于|大于|重于)")
            .expect("a sound pattern")
    });
    static EN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)\b(?:(?:do|does|is|are|can|must|should)(?:n'?t| not)|cannot|not|never) (?:be |cost |go |weigh |get )?(?:more|above|over|beyond|higher|heavier)(?: than)?( [$¥€£]?\d)|\bno (?:heavier|more|higher|larger|bigger|longer|wider|dearer|more expensive) than( [$¥€£]?\d)",
        )
        .expect("a sound pattern")
    });
    let text = ZH.replace_all(text, "不超过");
    EN.replace_all(&text, "at most${1}${2}").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_alone_is_written_out_and_limits_are_said_plainly() {
        for (text, wanted) in [
            ("does the dock work w the korvane one", "does the dock work with the korvane one"),
            ("can u send it", "can you send it"),
            ("my question abt the strap", "my question about the strap"),
            ("what are your hours plz", "what are your hours please"),
            // A drive, a unit, a row, and another language.
            ("the 65 w charger", "the 65 w charger"),
            ("100W", "100W"),
            ("u", "u"),
            ("u盘有吗", "u盘有吗"),
            ("别超过3000的手机有哪些", "不超过3000的手机有哪些"),
            ("手机预算不能超过两千", "手机预算不超过两千"),
            ("a laptop that isnt above 7k", "a laptop that at most 7k"),
            ("phones that dont cost more than 3000", "phones that at most 3000"),
            ("phone no heavier than 200 g", "phone at most 200 g"),
            ("不要超过一台", "不超过一台"),
            ("do not move over there", "do not move over there"),
        ] {
            assert_eq!(written_out(text), wanted, "{text}");
        }
    }
}
