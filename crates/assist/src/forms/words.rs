//! Words that steer a form rather than fill it in: yes and no, cancelling, correcting, leaving out, asking. A yes must be the
//! whole message, because what follows from it cannot be taken back.

use std::sync::LazyLock;

use regex::Regex;

use super::clean::{Words, find};

const YES: &[&str] = &[
    "是",
    "是的",
    "是啊",
    "对",
    "对的",
    "对啊",
    "没错",
    "好",
    "好的",
    "好啊",
    "好滴",
    "行",
    "行的",
    "可以",
    "可以的",
    "嗯",
    "嗯嗯",
    "恩",
    "确认",
    "确定",
    "确认提交",
    "提交",
    "提交吧",
    "发吧",
    "弄吧",
    "办吧",
    "整吧",
    "来吧",
    "就这么办",
    "交上去",
    "交吧",
    "交了吧",
    "提交了吧",
    "递上去",
    "没问题",
    "没有问题",
    "就这样",
    "send it",
    "send it off",
    "file it",
    "submit it",
    "go for it",
    "all good",
    "all correct",
    "all right",
    "looks right",
    "looks good",
    "looks fine",
    "i said yes",
    "that's right",
    "thats right",
    "that is right",
    "that's correct",
    "thats correct",
    "that's fine",
    "thats fine",
    "that's it",
    "thats it",
    "that works",
    "do it",
    "do that",
    "cool",
    "great",
    "perfect",
    "yeh",
    "ye",
    "yea",
    "正确",
    "同意",
    "办理",
    "确认无误",
    "无误",
    "yes",
    "yeah",
    "yep",
    "yup",
    "ok",
    "okay",
    "sure",
    "correct",
    "right",
    "confirm",
    "confirmed",
    "submit",
    "agreed",
    "go ahead",
    "that is correct",
    "looks good",
    "fine",
    "absolutely",
    "of course",
    "y",
];
const NO: &[&str] = &[
    "不",
    "不是",
    "不对",
    "不行",
    "不可以",
    "不好",
    "否",
    "错",
    "错了",
    "有误",
    "不正确",
    "不确认",
    "先不",
    "no",
    "nope",
    "nah",
    "wrong",
    "incorrect",
    "not yet",
    "not right",
    "that's wrong",
    "that is wrong",
    "n",
    "not correct",
];
/// What may stand beside a yes, a no or a cancel without changing it.
const BESIDE: &[&str] = &[
    "吧",
    "了",
    "的",
    "啊",
    "呀",
    "哦",
    "噢",
    "呢",
    "哈",
    "嘛",
    "啦",
    "就",
    "那",
    "那就",
    "我",
    "请",
    "帮我",
    "谢谢",
    "谢谢你",
    "麻烦",
    "麻烦你",
    "麻烦了",
    "您",
    "你",
    "这样",
    "还是",
    "先",
    "要",
    "pls",
    "plz",
    "mate",
    "lol",
    "then",
    "please",
    "thanks",
    "thank you",
    "it",
    "that",
    "this",
    "is",
    "i",
    "the",
    "form",
    "then",
    "just",
    "so",
    "and",
    "now",
    "actually",
    "let's",
    "all",
    "um",
    "well",
    "oh",
    "我要",
    "我想",
    "想",
    "这个",
    "个",
    "申请",
    "表单",
    "一下",
    "都",
    "全部",
    "它",
    "request",
    "my",
    "for me",
    "a",
    "is it",
];
/// Cancels any form.
const CANCEL: &[&str] = &[
    "算了",
    "取消",
    "取消申请",
    "不申请了",
    "不办了",
    "不弄了",
    "不填了",
    "不用了",
    "不需要了",
    "放弃",
    "停止",
    "退出",
    "不想弄了",
    "不想填了",
    "不想办了",
    "never mind",
    "nevermind",
    "nvm",
    "forget it",
    "forget about it",
    "cancel",
    "stop",
    "quit",
    "exit",
    "abort",
    "changed my mind",
    "i changed my mind",
    "i've changed my mind",
    "no longer need",
    "no longer want",
    "don't want it anymore",
    "drop it",
    "leave it",
];
/// Cancels the form it is about, and none else.
const CANCEL_OF: &[(&str, &[&str])] = &[
    (
        "return_request",
        &[
            "不退了",
            "不退货了",
            "不想退了",
            "不用退了",
            "keep it",
            "取消退货",
            "don't return it",
            "don't want to return it",
        ],
    ),
    ("exchange_request", &["不换了", "不换货了", "不想换了", "不用换了", "取消换货", "don't exchange it"]),
    (
        "repair_booking",
        &["不修了", "不维修了", "不用修了", "不想修了", "取消维修", "取消预约", "don't repair it", "cancel the repair"],
    ),
    ("invoice", &["不开了", "不开发票了", "不用开了", "不要发票了", "取消发票"]),
    ("price_protection", &["不价保了", "不保了", "取消价保"]),
    ("trade_in", &["不换了", "不卖了", "取消换新", "don't trade it in"]),
    (
        "cancel_order",
        &[
            "不取消了",
            "别取消",
            "别取消了",
            "不用取消了",
            "don't cancel",
            "don't cancel it",
            "keep the order",
            "不要取消",
        ],
    ),
    ("change_address", &["不改了", "不用改了", "不想改了", "取消修改", "keep the address", "don't change it"]),
];
/// Something said before is to be different.
const CORRECTING: &[&str] = &[
    "不对",
    "不是这个",
    "错了",
    "填错",
    "写错",
    "说错",
    "弄错",
    "搞错",
    "打错",
    "选错",
    "输错",
    "改成",
    "改为",
    "换成",
    "改一下",
    "修改",
    "更正",
    "另一个",
    "另外一个",
    "别的",
    "重新",
    "应该是",
    "而是",
    "是另",
    "不是",
    "改到",
    "有误",
    "要改",
    "change",
    "wrong",
    "instead",
    "correct",
    "correction",
    "actually",
    "not that",
    "the other",
    "another",
    "should be",
    "i meant",
    "just the",
    "changed my mind",
    "no wait",
    "rather",
    "mistake",
    "update",
    "edit",
    "fix",
    "sorry",
];
/// The other one, without saying which.
const OTHER: &[&str] = &[
    "另一个",
    "另外一个",
    "另一笔",
    "另一单",
    "另外那",
    "别的",
    "其他",
    "the other",
    "another",
    "other one",
    "different",
];
const SKIP: &[&str] = &[
    "跳过",
    "没有",
    "无",
    "不填",
    "不用",
    "不需要",
    "略过",
    "没",
    "暂无",
    "不提供",
    "skip",
    "none",
    "no",
    "nothing",
    "n/a",
    "na",
    "pass",
    "不",
];
const ASKING: &[&str] = &[
    "吗",
    "么",
    "什么",
    "怎么",
    "多少",
    "几点",
    "哪里",
    "哪个",
    "哪些",
    "为什么",
    "为何",
    "如何",
    "多久",
    "是否",
    "能不能",
    "可不可以",
    "有没有",
    "是不是",
    "多长时间",
    "几天",
    "请问",
    "what",
    "how",
    "why",
    "when",
    "where",
    "which",
    "who",
    "can i",
    "can you",
    "do you",
    "is there",
    "are there",
    "does it",
    "could you",
    "will it",
    "is it",
];

/// Whether a message is a yes or a no and nothing else.
pub fn yes_no(message: &Words) -> Option<bool> {
    if is_asking(message) {
        return None;
    }
    match (covered(message, YES), covered(message, NO)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// Whether a message cancels a form, given whether words are what the form waits for.
pub fn cancels(message: &Words, form: &str, awaits_words: bool) -> bool {
    let of_form = CANCEL_OF.iter().find(|(name, _)| *name == form).map_or(&[][..], |(_, words)| words);
    // 取消 alone, said to the form that cancels an order, may mean either: it is asked again.
    let both = |word: &&str| form == "cancel_order" && matches!(*word, "取消" | "取消申请" | "cancel");
    let any: Vec<&str> = CANCEL.iter().chain(of_form).copied().filter(|word| !both(word)).collect();
    if covered(message, &any) {
        return true;
    }
    // 算了，太麻烦 · never mind, I'll keep them: what stands first counts, unless the words may be a reason.
    let first = message.folded.split(|mark: char| ",，。.!！;；".contains(mark)).next().unwrap_or_default();
    let first = Words::of(first);
    let strong: &[&str] = &["算了", "never mind", "nevermind", "forget it"];
    let starts = strong.iter().any(|word| message.folded.starts_with(word));
    !awaits_words && message.n_characters() <= 40 && (starts || covered(&first, &any))
}

pub fn is_correcting(message: &Words) -> bool {
    message.has_any(CORRECTING)
}

/// The same where free words are awaited, which may have a 不是 or an "another" of their own.
pub fn is_surely_correcting(message: &Words) -> bool {
    const FIRST: &[&str] = &[
        "不对",
        "错了",
        "不是这个",
        "不不",
        "等等",
        "其实",
        "no,",
        "no wait",
        "wait",
        "oh no",
        "wrong",
        "sorry",
        "correction",
        "actually",
    ];
    const ANYWHERE: &[&str] = &[
        "我要退的是",
        "我要换的是",
        "我退的是",
        "return that one",
        "i want to return that",
        "just the",
        "only the",
        "i meant",
        "i mean the",
        "changed my mind",
        "改成",
        "改为",
        "换成",
        "改到",
        "更正",
        "填错",
        "写错",
        "说错",
        "弄错",
        "搞错",
        "选错",
        "输错",
        "改一下",
        "change the",
        "change my",
        "update the",
        "update my",
        "correct the",
        "correct my",
        "should be",
        "make it",
    ];
    // `不是电池，是镜头`.
    static OTHER_ONE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^不是[^，。,!！ 是]{1,8}[，,。!！ ]{1,2}(?:而)?(?:是|我?要|我说)").expect("a sound pattern")
    });
    OTHER_ONE.is_match(&message.folded)
        || FIRST.iter().any(|word| message.folded.starts_with(word))
        || message.has_any(ANYWHERE)
}

/// Whether another one than before is meant, without a word which.
pub fn means_other(message: &Words) -> bool {
    message.has_any(OTHER)
}

/// Whether an optional field is left out.
pub fn skips(message: &Words) -> bool {
    covered(message, SKIP)
}

/// Whether a message asks something.
pub fn is_asking(message: &Words) -> bool {
    message.folded.trim_end().ends_with(['?', '？']) || message.has_any(ASKING) || message.folded.ends_with('呢')
}

/// Whether a message consists of these words, at least one of them, and of what may stand beside them.
pub fn covered(message: &Words, words: &[&str]) -> bool {
    const CHARACTERS_MAX: usize = 40;
    if message.is_empty() || message.n_characters() > CHARACTERS_MAX {
        return false;
    }
    let mut rest = message.folded.replace('’', "'");
    let mut found = false;
    loop {
        rest = rest.trim_start_matches(|mark: char| !mark.is_alphanumeric()).to_owned();
        if rest.is_empty() {
            return found;
        }
        // The longest first: 不对 is no 不 followed by a 对.
        let (hit, beside) = (longest(&rest, words), longest(&rest, BESIDE));
        if hit == 0 && beside == 0 {
            return false;
        }
        found |= hit > 0 && hit >= beside;
        rest.drain(..hit.max(beside));
    }
}

fn longest(rest: &str, words: &[&str]) -> usize {
    let begins = |word: &&&str| rest.starts_with(**word) && find(rest, word).is_some_and(|range| range.start == 0);
    words.iter().filter(begins).map(|word| word.len()).max().unwrap_or(0)
}
