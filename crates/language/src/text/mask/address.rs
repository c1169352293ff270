//! Postal addresses. Chinese ones by their chain: province, city, district, road and number, building, room; English ones
//! by a number, capitalised words and a word for a road.

use super::{PersonalKind as Kind, Spot};
use crate::text::lexicon::is_ideograph;

/// What a road, village or estate is called.
const ROADS: &[&str] = &[
    "大道", "街道", "胡同", "小区", "花园", "公寓", "大厦", "广场", "新村", "路", "街", "巷", "弄", "苑", "村", "镇",
    "里", "城",
];
/// What a road is called in English, short forms among them. Also read where a form asks for an address.
pub const ENGLISH_ROADS: &[&str] = &[
    "street",
    "st",
    "avenue",
    "ave",
    "road",
    "rd",
    "boulevard",
    "blvd",
    "lane",
    "ln",
    "drive",
    "dr",
    "court",
    "ct",
    "place",
    "pl",
    "square",
    "terrace",
    "parkway",
    "pkwy",
    "way",
    "close",
    "crescent",
    "highway",
];
/// What a number in an address counts.
const NUMBERED: &[&str] =
    &["号楼", "单元", "号院", "号", "栋", "幢", "弄", "座", "楼", "层", "室", "户", "院", "期", "组", "房", "区"];
const REGIONS: &[char] = &['省', '市', '区', '县', '州', '盟', '旗', '镇', '乡'];
const ASKED: &[&str] = &["地址", "住在", "家住", "寄到", "寄往", "送到", "送货", "收货", "发到", "位于"];
const PROVINCES: &[&str] = &[
    "北京",
    "天津",
    "上海",
    "重庆",
    "河北",
    "山西",
    "辽宁",
    "吉林",
    "黑龙江",
    "江苏",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "海南",
    "四川",
    "贵州",
    "云南",
    "陕西",
    "甘肃",
    "青海",
    "台湾",
    "内蒙古",
    "广西",
    "西藏",
    "宁夏",
    "新疆",
    "香港",
    "澳门",
];
/// Numbers of one address at most.
const N_NUMBERED_MAX: usize = 8;
/// Characters looked back over for the beginning.
const N_BACK: usize = 30;

pub(super) fn find(text: &str, spots: &mut Vec<Spot>) {
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let found = if is_ideograph(character) {
            chinese(text, at)
        } else if character.is_ascii_digit() && !text[..at].ends_with(|last: char| last.is_ascii_alphanumeric()) {
            english(text, at)
        } else {
            None
        };
        at = match found {
            Some(range) => {
                let end = range.end;
                spots.push((range, Kind::Address));
                end
            }
            None => at + character.len_utf8(),
        };
    }
}

/// An address whose road is named at `at`: numbers must follow.
fn chinese(text: &str, at: usize) -> Option<std::ops::Range<usize>> {
    let road = ROADS.iter().find(|road| text[at..].starts_with(**road))?;
    let (n_numbered, end) = numbered(text, at + road.len());
    if n_numbered == 0 {
        return None;
    }
    let (start, n_regions, asked) = beginning(text, at);
    // 网络10层, 套路1号: a chain of regions, a word that asks for it, or a room is wanted too.
    let room = ["室", "单元", "栋", "幢"].iter().any(|word| text[at..end].contains(word));
    let named = text[start..at].chars().count() >= 2;
    ((n_regions > 0 || asked || (n_numbered >= 2 && room)) && (named || n_regions > 0)).then_some(start..end)
}

/// How many numbers with their counters stand at `at` (`12号3栋502室`), and where they end.
fn numbered(text: &str, mut at: usize) -> (usize, usize) {
    let mut n = 0;
    while n < N_NUMBERED_MAX {
        let rest = text[at..].trim_start_matches([' ', '-', '(', ')']);
        let from = text.len() - rest.len();
        if from - at > 3 {
            return (n, at);
        }
        let len: usize = rest
            .chars()
            .take(8)
            .take_while(|one| {
                one.is_ascii_alphanumeric() || *one == '-' || "一二三四五六七八九十百甲乙丙东西南北".contains(*one)
            })
            .map(char::len_utf8)
            .sum();
        let after = &rest[len..];
        match NUMBERED.iter().find(|word| after.starts_with(**word)) {
            Some(word) if len > 0 => at = from + len + word.len(),
            // A bare number at the end is the room, after a building.
            _ if n > 0 && len >= 3 && rest[..len].bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => {
                return (n + 1, from + len);
            }
            _ => return (n, at),
        }
        n += 1;
        // An estate may follow the road's number: 人民路12号阳光花园3栋.
        let estate: usize = text[at..].chars().take(8).take_while(|&one| is_ideograph(one)).map(char::len_utf8).sum();
        let more = ROADS.iter().filter_map(|road| Some(text[at..at + estate].rfind(road)? + road.len())).max();
        if let Some(more) = more
            && text[at + more..]
                .starts_with(|next: char| next.is_ascii_digit() || "一二三四五六七八九十".contains(next))
        {
            at += more;
        }
    }
    (n, at)
}

/// Where the address begins whose road is named at `at`, how many regions stand in front, and whether it was asked for.
fn beginning(text: &str, at: usize) -> (usize, usize, bool) {
    let mut from = at;
    for (n, (start, character)) in text[..at].char_indices().rev().enumerate() {
        let part = is_ideograph(character) || character.is_ascii_digit() || character == ' ' || character == '-';
        if n >= N_BACK || !part {
            break;
        }
        from = start;
    }
    let run = &text[from..at];
    let before = &text[text.floor_char_boundary(from.saturating_sub(24))..at];
    let asked = ASKED.iter().filter_map(|word| Some(before.rfind(word)? + word.len())).max();
    let after_asked = asked.map_or(from, |end| (at - before.len() + end).max(from));
    let skip =
        text[after_asked..at].len() - text[after_asked..at].trim_start_matches(['是', '为', '在', '到', ' ']).len();
    let run_start = after_asked + skip;
    let run = &run[run_start - from..];
    let n_regions = run.matches(REGIONS).count();
    let province = PROVINCES.iter().filter_map(|name| run.find(name)).min();
    let start = match province {
        Some(offset) => run_start + offset,
        None if asked.is_some() => run_start,
        // Three characters before the first region, four before the road.
        None => match run.find(REGIONS) {
            Some(region) => back(text, run_start, run_start + region, 3),
            None => back(text, run_start, at, 4),
        },
    };
    (start, n_regions + usize::from(province.is_some()), asked.is_some())
}

/// `n` characters back from `at`, not before `least`.
fn back(text: &str, least: usize, at: usize, n: usize) -> usize {
    text[least..at].char_indices().rev().take(n).last().map_or(at, |(offset, _)| least + offset)
}

/// `221B Baker Street`, `1600 Pennsylvania Ave NW, Apt 5`.
fn english(text: &str, at: usize) -> Option<std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    let n = bytes[at..].iter().take(7).take_while(|byte| byte.is_ascii_digit()).count();
    let n =
        n + usize::from(bytes.get(at + n).is_some_and(u8::is_ascii_uppercase) && bytes.get(at + n + 1) == Some(&b' '));
    if n > 6 || bytes.get(at + n) != Some(&b' ') {
        return None;
    }
    let mut end = at + n;
    for n_words in 0..5 {
        let from = end + 1;
        let len = bytes.get(from..)?.iter().take(20).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if len == 0 || !(bytes[from].is_ascii_uppercase() || bytes[from].is_ascii_digit()) {
            return None;
        }
        end = from + len;
        let word = text[from..end].to_ascii_lowercase();
        if n_words > 0 && ENGLISH_ROADS.contains(&word.as_str()) {
            return Some(at..flat(text, end));
        }
        if bytes.get(end) != Some(&b' ') {
            return None;
        }
    }
    None
}

/// Past a flat's number: `, Apt 5B`.
fn flat(text: &str, end: usize) -> usize {
    let rest = text[end..].trim_start_matches(['.', ',', ' ']);
    let lower = rest.get(..8.min(rest.len())).unwrap_or_default().to_ascii_lowercase();
    for word in ["apt", "suite", "unit", "flat", "#"] {
        if lower.starts_with(word) {
            let after = rest[word.len()..].trim_start_matches(['.', ' ', '#']);
            let n = after.bytes().take(8).take_while(u8::is_ascii_alphanumeric).count();
            if n > 0 {
                return text.len() - after.len() + n;
            }
        }
    }
    end
}
