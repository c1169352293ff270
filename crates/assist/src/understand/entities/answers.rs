//! Answers to what was asked: yes and no, stars, and the reason for a return or repair.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::super::heard::pattern;
use super::numbers::numeral;
use super::{Gathered, Named};

/// Characters of a reason.
const REASON_MAX: usize = 120;

const YES: &[&str] = &[
    "是",
    "是的",
    "是啊",
    "对",
    "对的",
    "对啊",
    "好",
    "好的",
    "好吧",
    "好呀",
    "好啊",
    "行",
    "行的",
    "行吧",
    "可以",
    "可以的",
    "可以啊",
    "嗯",
    "嗯嗯",
    "恩",
    "嗯好",
    "要",
    "要的",
    "需要",
    "没错",
    "确认",
    "确定",
    "同意",
    "当然",
    "没问题",
    "ok",
    "okay",
    "okey",
    "k",
    "yes",
    "yeah",
    "yep",
    "yup",
    "ya",
    "y",
    "sure",
    "correct",
    "right",
    "confirm",
    "confirmed",
    "of course",
    "please do",
    "yes please",
    "go ahead",
    "sounds good",
    "fine",
    "that's right",
    "thats right",
    "absolutely",
    "do it",
    "中",
    "得",
    "成",
    "麻烦了",
    "转吧",
    "提交",
    "提交吧",
    "是滴",
    "好滴",
    "好嘞",
    "嗯呢",
    "哦好",
];

const NO: &[&str] = &[
    "不",
    "不是",
    "不用",
    "不用了",
    "不要",
    "不要了",
    "不需要",
    "不对",
    "不行",
    "不可以",
    "没有",
    "否",
    "算了",
    "先不",
    "先不了",
    "暂时不用",
    "不必",
    "不必了",
    "别",
    "不确认",
    "不同意",
    "取消",
    "no",
    "nope",
    "nah",
    "n",
    "no thanks",
    "no thank you",
    "not now",
    "don't",
    "dont",
    "never mind",
    "nevermind",
    "wrong",
    "not really",
    "negative",
    "cancel",
    "不了",
    "不是的",
    "不对的",
    "免了",
    "没",
    "不好",
];

/// Yes or no, and where it stands in the folded text: all of a short message, or with `leads` what it begins with.
pub(in super::super) fn yes_or_no(folded: &str, leads: bool) -> Option<(Range<usize>, bool)> {
    let is_mark = |character: char| !character.is_alphanumeric();
    let start = folded.len() - folded.trim_start_matches(is_mark).len();
    let body = folded[start..].trim_end_matches(is_mark);
    if let Some(yes) =
        whole(body).or_else(|| whole(body.trim_end_matches(['吧', '啊', '呀', '呢', '哦', '哈', '啦', '的'])))
    {
        return Some((start..start + body.len(), yes));
    }
    // `yes, please`, `好的谢谢`: what is said before the first mark, or before thanks.
    let end = body.find(is_thanks_or_mark)?;
    let head = body[..end].trim_end();
    let rest = body[end..].trim_matches(is_mark);
    let is_polite = ["please", "thanks", "thank you", "谢谢", "多谢", "麻烦你", "麻烦了", "亲", ""].contains(&rest);
    (leads || is_polite).then(|| whole(head)).flatten().map(|yes| (start..start + head.len(), yes))
}

/// Marks and spaces end the first words; so do `谢` and `麻`, with which polite words go on.
fn is_thanks_or_mark(character: char) -> bool {
    !(character.is_alphanumeric() || character == '\'') || matches!(character, '谢' | '麻' | '亲')
}

fn whole(text: &str) -> Option<bool> {
    match () {
        () if YES.contains(&text) => Some(true),
        () if NO.contains(&text) => Some(false),
        () => None,
    }
}

/// Whether stars or satisfaction are spoken of, in a message that is about little else.
pub(super) fn speaks_of_rating(folded: &str) -> bool {
    const WORDS: &[&str] =
        &["星", "分", "满意", "好评", "差评", "star", "rate", "rating", "satisfied", "out of", "/5", "/10"];
    folded.chars().count() <= 40 && WORDS.iter().any(|word| folded.contains(word))
}

/// The stars of a message that is an answer to the question for them.
fn stars_alone(folded: &str) -> Option<u8> {
    let body = folded.trim_matches(|character: char| !character.is_alphanumeric());
    numeral(body).and_then(of_five)
}

/// Out of five, or of ten.
fn of_five(value: f64) -> Option<u8> {
    match value {
        _ if value.fract() != 0.0 => None,
        1.0..=5.0 => Some(value as u8),
        6.0..=10.0 => Some((value / 2.0).ceil() as u8),
        _ => None,
    }
}

pub(super) fn stars(gathered: &mut Gathered, asked: bool) {
    static STARS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?P<n>\d{1,2}|[一二两三四五六七八九十])\s*(?:颗星|星|分)(?P<after>[钟期之级区])?|\b(?P<m>\d|ten|one|two|three|four|five)[\s-]*stars?\b|\b(?P<x>\d{1,2}|five|ten|four|three|two|one)\s*(?:/|out of)\s*(?P<of>5|10|five|ten)\b|\b(?:rate|rating)\b[^\d]{0,20}(?P<r>\d{1,2})\b|(?P<full>满分|full marks)",
        )
    });
    const WORDS: &[(&str, u8)] = &[
        ("非常不满意", 1),
        ("很不满意", 1),
        ("不太满意", 2),
        ("不满意", 2),
        ("非常满意", 5),
        ("很满意", 5),
        ("特别满意", 5),
        ("满意", 4),
        ("一般", 3),
        ("not satisfied", 2),
        ("unsatisfied", 2),
        ("dissatisfied", 2),
        ("very satisfied", 5),
        ("satisfied", 4),
    ];
    let folded = gathered.folded.text();
    if asked && let Some(stars) = stars_alone(folded) {
        gathered.add_folded(0..folded.len(), Named::Rating { stars });
        return;
    }
    if let Some(captures) = STARS.captures_iter(folded).find(|captures| captures.name("after").is_none()) {
        let number = ["n", "m", "x", "r"].iter().find_map(|name| captures.name(name));
        let stars = match number {
            Some(number) => numeral(number.as_str()).and_then(of_five),
            None => Some(5),
        };
        if let Some(stars) = stars {
            gathered.add_folded(captures.get(0).expect("the whole").range(), Named::Rating { stars });
            return;
        }
    }
    if let Some((at, word, stars)) = WORDS.iter().find_map(|(word, stars)| Some((folded.find(word)?, word, *stars)))
        && (asked || folded.chars().count() <= 30)
    {
        gathered.add_folded(at..at + word.len(), Named::Rating { stars });
    }
}

/// Why: what stands after `因为` and `because`, else the clause that speaks of a fault or a change of mind.
pub(super) fn reason(gathered: &mut Gathered) {
    static WHY: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:因为|由于|原因是|理由是|\bbecause(?: of)?|\bdue to|\bthe reason is|\breason:?)\s*(?P<why>[^，。！？,.!?;；\n]{2,})",
        )
    });
    static FAULT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"[^，。！？,.!?;；\n]*?(?:质量问题|有问题|坏了|坏的|坏掉|摔碎|碎了|裂了|划痕|坏点|开不了机|充不进电|充不上电|没声音|黑屏|花屏|闪屏|死机|发错|买错|拍错|不喜欢|不想要|不合适|不符|二手|瑕疵|漏液|进水|没反应|发热|断连|尺寸不对|颜色不对|\b(?:broken|defective|faulty|damaged|cracked|wrong (?:item|color|colour|size|model)|does ?n[o']?t work|not working|won'?t turn on|won'?t charge|changed my mind|don'?t like|scratch(?:ed|es)?|not as described|overheats|too (?:big|small|slow|heavy))\b)[^，。！？,.!?;；\n]*",
        )
    });
    let folded = gathered.folded.text();
    let range = match WHY.captures(folded).and_then(|captures| captures.name("why").map(|why| why.range())) {
        Some(range) => Some(range),
        None => FAULT.find(folded).map(|found| found.range()),
    };
    let Some(range) = range else { return };
    let text = &folded[range.clone()];
    let start = range.start + (text.len() - text.trim_start().len());
    let end =
        text.char_indices().nth(REASON_MAX).map_or(range.start + text.trim_end().len(), |(at, _)| range.start + at);
    if start < end {
        let original = gathered.folded.original(start..end);
        let text = gathered.text[original].to_owned();
        gathered.add_beside(start..end, Named::Reason { text });
    }
}
