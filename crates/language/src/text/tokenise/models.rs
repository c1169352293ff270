//! Names of products and parts that are one word though they are written with letters, digits, hyphens and spaces:
//! `RTX 4060 Ti`, `i7-13700H`, `Mate 60 Pro`, `WiFi 6E`, `PCIe 4.0 x4`, `骁龙8 Gen 3`, `Type-C`. Known by the words with
//! which such names begin and end; a shop's own come from its lexicon.

/// Words with which a name of several words begins: a number, a code or a suffix must follow. In lower case.
const SERIES: &[&str] = &[
    "airpods",
    "alienware",
    "android",
    "aspire",
    "bluetooth",
    "bravia",
    "ccd",
    "civi",
    "coloros",
    "ddr",
    "dimensity",
    "emui",
    "eos",
    "exynos",
    "freebuds",
    "galaxy",
    "gddr",
    "geforce",
    "gopro",
    "gtx",
    "harmonyos",
    "hdmi",
    "honor",
    "hyperos",
    "ideapad",
    "imac",
    "inspiron",
    "ios",
    "ipad",
    "iphone",
    "iqoo",
    "kindle",
    "kirin",
    "latitude",
    "lpddr",
    "macbook",
    "macos",
    "matebook",
    "matepad",
    "miui",
    "nexus",
    "nova",
    "nvme",
    "oneplus",
    "oppo",
    "pavilion",
    "pcie",
    "pixel",
    "playstation",
    "poco",
    "powershot",
    "ps",
    "pura",
    "radeon",
    "realme",
    "redmi",
    "redmibook",
    "reno",
    "rog",
    "rtx",
    "rx",
    "ryzen",
    "sata",
    "snapdragon",
    "thinkbook",
    "thinkpad",
    "threadripper",
    "thunderbolt",
    "tuf",
    "usb",
    "vivo",
    "vivobook",
    "vostro",
    "wifi",
    "wi-fi",
    "win",
    "windows",
    "xbox",
    "xeon",
    "xiaomi",
    "xperia",
    "xps",
    "zenbook",
    "zenfone",
];

/// Words of the same kind that are also everyday words: believed when written with a capital letter, or beside Chinese.
const SERIES_OR_WORD: &[&str] = &[
    "ace", "apple", "arc", "buds", "core", "envy", "find", "gen", "intel", "legion", "magic", "mate", "mi", "mini",
    "nitro", "note", "omen", "pad", "pencil", "pocket", "predator", "quest", "spectre", "surface", "swift", "switch",
    "tab", "ultra", "watch", "yoga", "series", "mix", "turbo", "neo", "gt", "se", "mac", "hero",
];

/// Words that go on with a name.
const SUFFIX: &[&str] = &[
    "pro", "max", "plus", "ultra", "mini", "lite", "air", "se", "ti", "super", "turbo", "gt", "neo", "fold", "flip",
    "fe", "edge", "oled", "art", "rs", "xt", "xtx", "play", "note", "book", "active", "classic", "slim", "elite",
];

/// Chinese names after which a number belongs to the name.
const CHINESE_SERIES: &[&str] = &[
    "小米",
    "红米",
    "荣耀",
    "骁龙",
    "天玑",
    "麒麟",
    "酷睿",
    "锐龙",
    "蓝牙",
    "苹果",
    "一加",
    "真我",
    "魅族",
    "努比亚",
    "鸿蒙",
    "雷电",
    "小新",
    "拯救者",
];

/// What follows a number that counts things.
const COUNTERS: &[char] = &[
    '个', '台', '部', '件', '款', '次', '块', '元', '万', '千', '百', '年', '月', '天', '日', '号', '点', '折', '条',
    '只', '张', '多', '分', '小', '位', '人', '家', '种', '倍', '星', '米', '寸', '核', '期', '周', '层', '股', '斤',
    '克', '岁', '度', '本', '双', '套', '箱', '包', '盒', '把',
];

/// Most bytes that are looked at for one name.
const N_BYTES_MAX: usize = 80;

/// A word of letters and digits, hyphens and points inside, and what it is made of.
#[derive(Clone, Copy)]
pub(in crate::text) struct Code {
    pub end: usize,
    pub n_letters: usize,
    pub n_digits: usize,
}

/// The word of letters and digits at `at`. Points join digits, hyphens both sides of anything.
pub(in crate::text) fn code_at(text: &str, at: usize) -> Code {
    let bytes = &text.as_bytes()[at..];
    let mut code = Code { end: at, n_letters: 0, n_digits: 0 };
    let mut i = 0;
    while i < bytes.len() && i < N_BYTES_MAX {
        let next = bytes.get(i + 1).copied().unwrap_or(b' ');
        match bytes[i] {
            byte if byte.is_ascii_digit() => code.n_digits += 1,
            byte if byte.is_ascii_alphabetic() => code.n_letters += 1,
            b'-' | b'_' if i > 0 && next.is_ascii_alphanumeric() => {}
            b'.' if i > 0 && bytes[i - 1].is_ascii_digit() && next.is_ascii_digit() => {}
            _ => break,
        }
        i += 1;
    }
    code.end = at + i;
    code
}

/// The end of the name that begins with a Latin letter or digit at `at`, if one does. `stop` is where the next quantity
/// begins: names do not reach into it.
pub(in crate::text) fn latin_name(text: &str, at: usize, stop: usize) -> Option<usize> {
    let first = code_at(text, at);
    let word = &text[at..first.end];
    let mut named = first.n_letters > 0 && first.n_digits > 0;
    let mut end = first.end;
    if !named && (first.n_letters == 0 || !is_series(text, at, first.end)) {
        return None;
    }
    let mut n_numbers = usize::from(named);
    let mut last_word = word;
    while let Some((next_at, next)) = next_word(text, end, stop) {
        let next_word = &text[next_at..next.end];
        let number = next.n_digits > 0;
        let fits = if number && next.n_letters == 0 {
            (n_numbers == 0 || is_any(last_word, &["gen", "core", "ultra", "ryzen", "series"]))
                && counts_nothing(text, next)
        } else if number {
            // Core Ultra 7 155H; PCIe 4.0 x4.
            n_numbers == 0 && starts_code(next_word)
                || n_numbers == 1 && (is_lanes(next_word) || is_grade(last_word) && next.n_digits >= 3)
        } else {
            is_any(next_word, SUFFIX) || is_any(next_word, &["gen"]) || (n_numbers == 0 && is_series_word(next_word))
        };
        if !fits || (number && next.n_digits > 5) {
            break;
        }
        named |= number || is_any(next_word, SUFFIX);
        n_numbers += usize::from(number);
        (end, last_word) = (next.end, next_word);
    }
    if !named {
        return None;
    }
    // Galaxy S10+.
    let plus =
        text[end..].strip_prefix('+').is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()));
    Some(if plus && n_numbers > 0 { end + 1 } else { end })
}

/// The end of a Chinese name with its number at `at`: `小米14 Pro`, `蓝牙5.3`.
pub(in crate::text) fn chinese_name(text: &str, at: usize, stop: usize) -> Option<usize> {
    let rest = &text[at..];
    if !rest.starts_with(opens_series) {
        return None;
    }
    let series = CHINESE_SERIES.iter().find(|series| rest.starts_with(**series))?;
    let (number_at, number) = next_word(text, at + series.len(), stop)?;
    let fits = text.as_bytes()[number_at].is_ascii_digit() && number.n_digits <= 5 && number.n_letters <= 2;
    if !fits || (number.n_letters == 0 && !counts_nothing(text, number)) {
        return None;
    }
    Some(suffixes(text, number.end, stop))
}

/// Whether one of the Chinese names begins with this character.
#[inline]
pub(in crate::text) fn opens_series(character: char) -> bool {
    matches!(
        character,
        '小' | '红'
            | '荣'
            | '骁'
            | '天'
            | '麒'
            | '酷'
            | '锐'
            | '蓝'
            | '苹'
            | '一'
            | '真'
            | '魅'
            | '努'
            | '鸿'
            | '雷'
            | '拯'
    )
}

/// Past the suffixes that go on with a name, from its end so far.
pub(in crate::text) fn suffixes(text: &str, mut end: usize, stop: usize) -> usize {
    while let Some((at, next)) = next_word(text, end, stop) {
        let word = &text[at..next.end];
        if is_any(word, SUFFIX) {
            end = next.end;
        } else if is_any(word, &["gen"]) {
            let Some((_, number)) = next_word(text, next.end, stop).filter(|(_, next)| next.n_letters == 0) else {
                break;
            };
            end = number.end;
        } else if word.len() <= 5 && word[..3.min(word.len())].eq_ignore_ascii_case("gen") && next.n_digits > 0 {
            end = next.end;
        } else {
            break;
        }
    }
    end
}

/// The word after at most one space, if it begins before `stop`.
fn next_word(text: &str, end: usize, stop: usize) -> Option<(usize, Code)> {
    let bytes = text.as_bytes();
    let at = end + usize::from(bytes.get(end) == Some(&b' '));
    if at >= stop || !bytes.get(at)?.is_ascii_alphanumeric() {
        return None;
    }
    let code = code_at(text, at);
    (code.end <= stop).then_some((at, code))
}

fn is_any(word: &str, words: &[&str]) -> bool {
    word.len() <= 16 && words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn is_series_word(word: &str) -> bool {
    is_any(word, SERIES) || is_any(word, SERIES_OR_WORD)
}

fn is_series(text: &str, at: usize, end: usize) -> bool {
    let word = &text[at..end];
    if is_any(word, SERIES) {
        return true;
    }
    let beside_chinese = text[..at].chars().next_back().is_some_and(|last| last > '\u{2e80}');
    is_any(word, SERIES_OR_WORD) && (word.as_bytes()[0].is_ascii_uppercase() || beside_chinese)
}

/// A code that a series may go on with: `S24`, `8s`, `X50i`; not a word with a digit at its end.
fn starts_code(word: &str) -> bool {
    word.len() <= 12
}

/// The number of a line of processors: 5, 7, 9.
fn is_grade(word: &str) -> bool {
    word.len() == 1 && word.as_bytes()[0].is_ascii_digit()
}

fn is_lanes(word: &str) -> bool {
    word.len() <= 3 && word.starts_with(['x', 'X']) && word[1..].bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a number does not count what comes after it (`iPhone 3个`).
fn counts_nothing(text: &str, number: Code) -> bool {
    !text[number.end..].trim_start_matches(' ').starts_with(COUNTERS)
}

/// Whether letters joined by hyphens are one word: `Type-C`, `Wi-Fi`, `e-ink`; but `high-quality` is two.
pub(in crate::text) fn stays_joined(word: &str) -> bool {
    word.len() <= 12 && word.split('-').any(|part| part.len() <= 2)
}

/// One way to write a name: lower case, without spaces.
pub(in crate::text) fn canonical(name: &str) -> String {
    let mut out: String = name.chars().filter(|&character| character != ' ').flat_map(char::to_lowercase).collect();
    for (written, one) in [("wi-fi", "wifi"), ("typec", "type-c"), ("usbc", "usb-c")] {
        if out.starts_with(written) {
            out.replace_range(..written.len(), one);
        }
    }
    out
}
