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
    static GIGS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)(\d) ?gigs?\b").expect("a sound pattern"));
    // `64/1tb`, `32+1T`: of two sizes the first has the unit that stands behind the other.
    static SIZES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(?-u:\b)(\d{1,3})\s?([/+])\s?(\d{1,2})\s?tb?(?-u:\b)").expect("a sound pattern")
    });
    // `手机套得上`, `我这块表`: where words run together.
    static JOINED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(手机|平板|电脑|手表|相机)(套|装|贴|充)(得|不上|上)").expect("a sound pattern"));
    static WATCH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(我这块|我那块|我的|这块|那块|我这)表([^带盘示现格面达情白扬演针]|$)").expect("a sound pattern")
    });
    let text = SHORT.replace_all(text, long);
    static STACKS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)\b(?:stack|measure)s? up (?:against|to|with)\b").expect("a sound pattern"));
    let text = STACKS.replace_all(&text, "compare with");
    let text = SIZES.replace_all(&text, "${1}GB${2}${3}TB");
    let text = JOINED.replace_all(&text, "${1} ${2}${3}");
    let text = WATCH.replace_all(&text, "${1}手表${2}");
    limits(&in_digits(&GIGS.replace_all(&text, "${1}GB")))
}

/// Round numbers of ideographs in digits: `两千出头` as 2000, `三千五` as 3500, `一万二` as 12000. Longer ones are left as they are.
fn in_digits(text: &str) -> std::borrow::Cow<'_, str> {
    const DIGITS: &str = "一二三四五六七八九";
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("(?P<n>[一二两三四五六七八九])(?P<unit>[百千万])(?:(?P<more>[一二两三四五六七八九])(?P<end>[百千])?)?(?P<next>[零〇一二两三四五六七八九十百千万亿分]?)")
            .expect("a sound pattern")
    });
    NUMBER.replace_all(text, |captures: &Captures| {
        let whole = captures[0].to_owned();
        let digit = |name: &str| {
            let one = captures.name(name)?.as_str().replace('两', "二");
            DIGITS.chars().position(|own| one.starts_with(own)).map(|at| at as u64 + 1)
        };
        let size = |unit: &str| match unit {
            "百" => 100,
            "千" => 1_000,
            _ => 10_000,
        };
        let unit = size(&captures["unit"]);
        let end = captures.name("end").map_or(unit / 10, |end| size(end.as_str()));
        match (digit("n"), digit("more"), captures["next"].is_empty(), end < unit) {
            (Some(n), more, true, true) => (n * unit + more.unwrap_or(0) * end).to_string(),
            _ => whole,
        }
    })
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
    fn round_numbers_are_written_in_digits() {
        for (text, wanted) in [
            ("两千出头的手机", "2000出头的手机"),
            ("预算三千五", "预算3500"),
            ("三千五百左右", "3500左右"),
            ("一万二以内", "12000以内"),
            ("五百块", "500块"),
            ("三千五百六", "三千五百六"),
            ("万一坏了", "万一坏了"),
            ("千元机", "千元机"),
            ("一百二十赫兹", "一百二十赫兹"),
            ("百分之五", "百分之五"),
        ] {
            assert_eq!(written_out(text), wanted);
        }
    }

    #[test]
    fn only_what_stands_alone_is_written_out_and_limits_are_said_plainly() {
        for (text, wanted) in [
            ("does the dock work w the korvane one", "does the dock work with the korvane one"),
            ("can u send it", "can you send it"),
            ("my question abt the strap", "my question about the strap"),
            ("what are your hours plz", "what are your hours please"),
            ("the 32gig one or 64 gigs", "the 32GB one or 64GB"),
            ("ondra 4 plus 64/1tb or pulsa", "ondra 4 plus 64GB/1TB or pulsa"),
            ("我这手机套得上吗", "我这手机 套得上吗"),
            ("皮的能上我这块表吗", "皮的能上我这块手表吗"),
            ("我的表带", "我的表带"),
            // A drive, a unit, a row, and another language.
            ("the 65 w charger", "the 65 w charger"),
            ("100W", "100W"),
            ("u", "u"),
            ("u盘有吗", "u盘有吗"),
            ("别超过3000的手机有哪些", "不超过3000的手机有哪些"),
            ("手机预算不能超过两千", "手机预算不超过2000"),
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
