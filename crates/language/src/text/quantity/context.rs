//! What the words beside a number say about it: memory or storage, weight or size, at most or at least.

use super::{Bound, QuantityKind as Kind};

/// Characters that are looked at on either side.
const N_NEAR: usize = 8;

/// The words just before `at`, back to a mark, a digit or a few characters; lower case.
pub(super) fn before(text: &str, at: usize) -> String {
    let mut from = at;
    for (n, (start, character)) in text[..at].char_indices().rev().enumerate() {
        let n_most = if character.is_ascii() { 3 * N_NEAR } else { N_NEAR };
        if n >= n_most || ends_phrase(character) {
            break;
        }
        from = start;
    }
    text[from..at].to_lowercase()
}

/// The words just after `at`.
pub(super) fn after(text: &str, at: usize) -> String {
    let mut end = at;
    for (n, (start, character)) in text[at..].char_indices().enumerate() {
        let n_most = if character.is_ascii() { 3 * N_NEAR } else { N_NEAR };
        if n >= n_most || (ends_phrase(character) && n > 0) || character.is_ascii_digit() {
            break;
        }
        end = at + start + character.len_utf8();
    }
    text[at..end].to_lowercase()
}

fn ends_phrase(character: char) -> bool {
    character.is_ascii_digit()
        || matches!(character, ',' | '，' | '。' | ';' | '!' | '?' | '\n' | '、' | '+' | '/' | '|')
}

const GRAPHICS: &[&str] = &["显存", "显卡", "独显", "vram", "gddr"];
const MEMORY: &[&str] = &["内存", "运存", "运行", "ram", "memory", "ddr"];
const STORAGE: &[&str] = &[
    "硬盘",
    "固态",
    "存储",
    "储存",
    "闪存",
    "ssd",
    "hdd",
    "rom",
    "storage",
    "emmc",
    "ufs",
    "u盘",
    "优盘",
    "机械",
    "disk",
    "内存卡",
    "存储卡",
    "tf卡",
    "sd卡",
    "microsd",
];
const WEIGHT: &[&str] = &["重", "轻", "克", "weigh", "light"];
const NETWORK: &[&str] = &[
    "网",
    "手机",
    "信号",
    "卡",
    "全网通",
    "版",
    "流量",
    "基带",
    "lte",
    "network",
    "phone",
    "cellular",
    "时代",
    "制式",
];

fn any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// What `value` GB of something is. Words after the number count before words in front of it; without any, large sizes
/// are storage.
pub(super) fn bytes_kind(text: &str, start: usize, end: usize, value: f64) -> Kind {
    let near = [after(text, end), before(text, start)];
    for words in &near {
        // 内存卡 is a card for storage.
        let found = [(Kind::GraphicsMemory, GRAPHICS), (Kind::Storage, STORAGE), (Kind::Memory, MEMORY)]
            .into_iter()
            .filter_map(|(kind, list)| Some((list.iter().filter_map(|word| words.find(word)).min()?, kind)));
        let is_after = std::ptr::eq(words, &near[0]);
        let nearest = if is_after { found.min_by_key(|(at, _)| *at) } else { found.max_by_key(|(at, _)| *at) };
        if let Some((_, kind)) = nearest {
            return if words.contains("内存卡") { Kind::Storage } else { kind };
        }
    }
    if value > 64.0 { Kind::Storage } else { Kind::Memory }
}

/// Whether `16g` is a weight, by the words beside it.
pub(super) fn is_weight(text: &str, start: usize, end: usize) -> bool {
    let words = before(text, start);
    let next = after(text, end);
    let bytes = |words: &str| any(words, MEMORY) || any(words, STORAGE) || any(words, GRAPHICS);
    (any(&words, WEIGHT) && !bytes(&words)) || (any(&next, &["重", "轻"]) && !bytes(&next) && !next.starts_with(' '))
}

/// Whether `4G` is a network, by the words after it.
pub(super) fn is_network(text: &str, start: usize, end: usize, value: f64) -> bool {
    if !(2.0..=6.0).contains(&value) {
        return false;
    }
    let (words, next) = (before(text, start), after(text, end));
    let bytes = |words: &str| any(words, MEMORY) || any(words, STORAGE) || any(words, GRAPHICS);
    if bytes(&next) || (bytes(&words) && !any(&next, NETWORK)) {
        return false;
    }
    any(&next.chars().take(4).collect::<String>(), NETWORK)
}

/// Whether the words in front speak of money.
pub(super) fn speaks_of_price(text: &str, start: usize) -> bool {
    any(
        &before(text, start),
        &[
            "预算", "价格", "价位", "售价", "卖", "到手", "只要", "便宜", "花了", "原价", "现价", "券后", "budget",
            "price", "cost", "pay",
        ],
    )
}

/// Whether the words after speak of a camera.
pub(super) fn speaks_of_camera(text: &str, end: usize) -> bool {
    any(&after(text, end), &["像素", "主摄", "摄像", "镜头", "后置", "前置", "广角", "长焦", "拍照"])
}

const BEFORE: &[(&str, Bound)] = &[
    ("不超过", Bound::AtMost),
    ("不高于", Bound::AtMost),
    ("不大于", Bound::AtMost),
    ("低于", Bound::AtMost),
    ("小于", Bound::AtMost),
    ("少于", Bound::AtMost),
    ("不到", Bound::AtMost),
    ("最多", Bound::AtMost),
    ("<=", Bound::AtMost),
    ("≤", Bound::AtMost),
    ("<", Bound::AtMost),
    ("no more than", Bound::AtMost),
    ("less than", Bound::AtMost),
    ("cheaper than", Bound::AtMost),
    ("lighter than", Bound::AtMost),
    ("smaller than", Bound::AtMost),
    ("at most", Bound::AtMost),
    ("up to", Bound::AtMost),
    ("under", Bound::AtMost),
    ("below", Bound::AtMost),
    ("within", Bound::AtMost),
    ("不低于", Bound::AtLeast),
    ("不少于", Bound::AtLeast),
    ("不小于", Bound::AtLeast),
    ("至少", Bound::AtLeast),
    ("高于", Bound::AtLeast),
    ("大于", Bound::AtLeast),
    ("超过", Bound::AtLeast),
    (">=", Bound::AtLeast),
    ("≥", Bound::AtLeast),
    (">", Bound::AtLeast),
    ("at least", Bound::AtLeast),
    ("more than", Bound::AtLeast),
    ("larger than", Bound::AtLeast),
    ("bigger than", Bound::AtLeast),
    ("over", Bound::AtLeast),
    ("above", Bound::AtLeast),
    ("大约", Bound::About),
    ("大概", Bound::About),
    ("差不多", Bound::About),
    ("约", Bound::About),
    ("about", Bound::About),
    ("around", Bound::About),
    ("approximately", Bound::About),
];

const AFTER: &[(&str, Bound)] = &[
    ("及以下", Bound::AtMost),
    ("或以下", Bound::AtMost),
    ("以下", Bound::AtMost),
    ("以内", Bound::AtMost),
    ("之内", Bound::AtMost),
    ("封顶", Bound::AtMost),
    ("or less", Bound::AtMost),
    ("or under", Bound::AtMost),
    ("and under", Bound::AtMost),
    ("and below", Bound::AtMost),
    ("及以上", Bound::AtLeast),
    ("或以上", Bound::AtLeast),
    ("以上", Bound::AtLeast),
    ("起步", Bound::AtLeast),
    ("起", Bound::AtLeast),
    ("往上", Bound::AtLeast),
    ("or more", Bound::AtLeast),
    ("and up", Bound::AtLeast),
    ("and above", Bound::AtLeast),
    ("左右", Bound::About),
    ("上下", Bound::About),
    ("出头", Bound::About),
    ("多", Bound::About),
];

/// The bound that the words say, and the bytes of number and words together.
pub(super) fn bound(text: &str, start: usize, end: usize) -> (Bound, std::ops::Range<usize>) {
    let next = &text[end..];
    let gap = next.len() - next.trim_start_matches(' ').len();
    if gap <= 1 {
        let rest = &next[gap..];
        for (word, bound) in AFTER {
            let found =
                rest.as_bytes().get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()));
            if found && ends_word(rest, word) {
                return (*bound, start..end + gap + word.len());
            }
        }
    }
    let head = text[..start].trim_end_matches([' ', '¥', '$']);
    for (word, bound) in BEFORE {
        let from = head.len().wrapping_sub(word.len());
        let found = head.as_bytes().get(from..).is_some_and(|tail| tail.eq_ignore_ascii_case(word.as_bytes()));
        if found && begins_word(head, from, word) && start - head.len() <= 2 {
            return (*bound, from..end);
        }
    }
    (Bound::Exactly, start..end)
}

/// Whether the number was written in words such as 之间, or its bound stands after it.
fn ends_word(rest: &str, word: &str) -> bool {
    !word.is_ascii() || !rest[word.len()..].starts_with(|next: char| next.is_ascii_alphanumeric())
}

fn begins_word(head: &str, from: usize, word: &str) -> bool {
    !word.starts_with(|first: char| first.is_ascii_alphabetic())
        || !head[..from].ends_with(|last: char| last.is_ascii_alphanumeric())
}
