//! What the words of a message do in its conversation: go on, put right, give up, ask about another day. By lists alone; nothing
//! is decided here.

use crate::act::attributes;

/// Whether a text has one of some words.
fn has_any(text: &str, words: &[&str]) -> bool {
    let folded = attributes::fold(text);
    words.iter().any(|word| folded.contains(word))
}

/// Whether one of several is asked for by a measure: `哪个更轻`, `which is cheaper`. That compares them, whatever else it sounds like.
pub(super) fn asks_better(text: &str) -> bool {
    let folded = attributes::fold(text);
    let fits = ["fit", "compatible", "work with", "适配", "兼容", "配套"].iter().any(|word| folded.contains(word));
    let better = |word: &str| {
        ["more", "less", "better", "last", "lasts", "best"].contains(&word) || (word.len() > 5 && word.ends_with("er"))
    };
    let in_english = folded.contains("which") && folded.split(|c: char| !c.is_alphanumeric()).any(better);
    !fits && (in_english || folded.contains("哪个") || folded.contains("哪款更"))
}

/// Whether a price of another day or another shop is asked.
pub(super) fn is_elsewhere(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "下个月",
        "下月",
        "下周",
        "明年",
        "明天",
        "年后",
        "年之后",
        "个月后",
        "二手",
        "别家",
        "别的店",
        "其他店",
        "其它店",
        "京东",
        "淘宝",
        "天猫",
        "拼多多",
        "next month",
        "next week",
        "next year",
        "tomorrow",
        "second hand",
        "secondhand",
        "resale",
        "resell",
        "years from now",
        "be worth",
        "other shop",
        "another shop",
        "other store",
        "elsewhere",
    ];
    has_any(text, WORDS)
}

/// Whether the way is asked: `怎么退货`. `没有发票怎么办` asks what then, not how.
pub(super) fn asks_way(text: &str) -> bool {
    let folded = attributes::fold(text);
    let asks =
        ["怎么", "咋", "如何", "怎样", "how do ", "how can ", "how to "].iter().any(|word| folded.contains(word));
    asks && !folded.contains("怎么办")
}

/// Whether who, when, why or where is asked: no list of products answers it. Who looks for something to buy is not asking that.
pub(super) fn asks_no_list(text: &str) -> bool {
    const ZH: &[&str] = &[
        "谁",
        "什么时候",
        "啥时候",
        "何时",
        "几时",
        "哪天",
        "几月",
        "哪一年",
        "会出新",
        "要出新",
        "还会出",
        "会推出",
        "会发布",
        "哪年",
        "为什么",
        "为啥",
        "为何",
        "在哪",
        "哪里",
        "哪儿",
        "哪个国家",
        "哪个城市",
    ];
    const EN: &[&str] = &["who", "whose", "when", "why", "where"];
    const LOOKS: &[&str] = &[
        "推荐",
        "想买",
        "要买",
        "买到",
        "能买",
        "买个",
        "买台",
        "求",
        "送给",
        "需要",
        "recommend",
        "need",
        "want ",
        "suggest",
        "looking for",
        "buy",
        "find",
        "show me",
        "order one",
    ];
    let folded = attributes::fold(text);
    let first = folded.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| !word.is_empty()).unwrap_or_default();
    // "The phone for people who travel" asks for no person: the word has to begin the question, or what follows a comma.
    let begins =
        |word: &&str| first == *word || [", ", "and "].iter().any(|before| folded.contains(&format!("{before}{word}")));
    let asks = ZH.iter().any(|word| folded.contains(word)) || EN.iter().any(begins);
    asks && !LOOKS.iter().any(|word| folded.contains(word))
}

/// `会降价吗`, "will it get cheaper?": what a price will be is asked.
pub(super) fn foretells_price(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "会降",
        "会不会降",
        "要降价",
        "还降",
        "会便宜",
        "会不会便宜",
        "会打折吗",
        "什么时候降",
        "啥时候降",
        "get cheaper",
        "go down in price",
        "price go down",
        "be cheaper",
        "drop in price soon",
        "go on sale",
    ];
    has_any(text, WORDS)
}

/// `怎么下单`, "how do I order?"
pub(super) fn asks_how_to_buy(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "怎么下单",
        "如何下单",
        "怎样下单",
        "在哪下单",
        "怎么购买",
        "下单流程",
        "怎么买",
        "how do i order",
        "how to order",
        "how can i order",
        "how do i buy",
        "how can i buy",
        "how do i place an order",
        "how can i place an order",
        "how to place an order",
        "order by phone",
        "电话下单",
        "打电话订",
    ];
    has_any(text, WORDS)
}

/// `接下来呢`, "what happens next?": how far something is, that has been asked for.
pub(super) fn asks_progress(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "接下来",
        "然后呢",
        "下一步",
        "进度",
        "怎么样了",
        "处理了吗",
        "什么时候处理",
        "多久处理",
        "多久能",
        "happens next",
        "happens now",
        "what next",
        "next step",
        "how far",
        "status of my",
        "progress",
    ];
    has_any(text, WORDS)
}

/// Whether a form is named by what it is for: `我的退货`, "my return".
pub(super) fn names_form(text: &str, form: &str) -> bool {
    const WORDS: &[(&str, &[&str])] = &[
        ("return", &["退货", "退换", "退的", "return"]),
        ("exchange", &["换货", "退换", "exchange"]),
        ("repair", &["维修", "送修", "寄修", "修理", "repair"]),
        ("invoice", &["发票", "开票", "invoice"]),
        ("price", &["价保", "价格保护", "差价", "price protection", "price match"]),
        ("trade", &["以旧换新", "旧机", "trade-in", "trade in"]),
    ];
    let mut of_form = WORDS.iter().filter(|(name, _)| form.starts_with(name));
    has_any(text, &["申请", "表单", "request", "form i"]) || of_form.any(|(_, words)| has_any(text, words))
}

/// `扣了两次钱`, "I was charged twice".
pub(super) fn paid_too_often(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "扣了两次",
        "扣了2次",
        "扣两次",
        "重复扣",
        "多扣",
        "扣错",
        "付了两次",
        "charged twice",
        "double charged",
        "charged me twice",
        "charged two times",
        "paid twice",
        "overcharged",
    ];
    has_any(text, WORDS)
}

/// Another shop is named: `京东`, "jd.com".
pub(super) fn names_other_shop(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "别家",
        "别的店",
        "其他店",
        "其它店",
        "别的平台",
        "其他平台",
        "京东",
        "淘宝",
        "天猫",
        "拼多多",
        "抖音",
        "苏宁",
        "jd.com",
        "taobao",
        "tmall",
        "pinduoduo",
        "amazon",
        "best buy",
        "competitor",
        "other shop",
        "other store",
        "another shop",
        "another store",
        "elsewhere",
    ];
    has_any(text, WORDS)
}

/// Whether something years ahead is asked.
pub(super) fn is_later(text: &str) -> bool {
    let folded = attributes::fold(text);
    ["in three years", "in two years", "in a year", "years from now", "years later", "年之后", "年以后", "年后"]
        .iter()
        .any(|word| folded.contains(word))
}

/// A message that takes up what was said: `那内存呢`, `and the battery?`.
pub(super) fn goes_on(text: &str) -> bool {
    const SOUNDS: &[&str] = &[
        "hm ", "hmm ", "um ", "oh ", "ok ", "okay ", "ah ", "so ", "嗯", "哦", "噢", "好的", "好 ", "行 ", "，", ",",
        " ",
    ];
    let folded = attributes::fold(text);
    let mut said = folded.trim_end_matches(['?', '？', '。', '.', '!', '！', ' ']);
    while let Some(rest) = SOUNDS.iter().find_map(|sound| said.strip_prefix(sound)) {
        said = rest;
    }
    let short = said.chars().count() <= 40;
    let begins = ["那", "还有", "and ", "but ", "what about ", "how about ", "what's about "]
        .iter()
        .any(|start| said.starts_with(start));
    short && (begins || said.ends_with('呢'))
}

/// `不是换货，就问这条装不装得上`: a form was opened for what nobody asked for.
pub(super) fn wants_no_such_form(text: &str, form: &str) -> bool {
    const RETURN: &[&str] = &[
        "不是退货",
        "不是要退",
        "没说要退",
        "没要退",
        "not a return",
        "not returning",
        "don't want to return",
        "dont want to return",
    ];
    const EXCHANGE: &[&str] = &[
        "不是换货",
        "不是要换",
        "没说要换",
        "没要换",
        "not an exchange",
        "not exchanging",
        "don't want to exchange",
        "dont want to exchange",
    ];
    // "Cancel that. Will the strap fit": something else is asked.
    const DROPS: &[&str] = &["cancel that.", "cancel that,", "forget that.", "forget that,", "never mind that"];
    const MORE: usize = 24;
    let folded = attributes::fold(text);
    if folded.len() > MORE && DROPS.iter().any(|start| folded.starts_with(start)) {
        return true;
    }
    match form {
        "return_request" => has_any(text, RETURN),
        "exchange_request" => has_any(text, EXCHANGE),
        "trade_in" => {
            has_any(text, &["not a trade in", "not a trade-in", "not trading", "不是以旧换新", "没要以旧换新"])
        }
        _ => false,
    }
}

/// `算了，不退了`, "never mind": what was wanted is not wanted any more.
pub(super) fn gives_up(text: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "算了",
        "不退了",
        "不换了",
        "不修了",
        "不用退",
        "不用换",
        "不用修",
        "那就不",
        "先不",
        "never mind",
        "nevermind",
        "forget it",
        "no need",
        "i'll keep it",
        "i will keep it",
        "leave it",
    ];
    let folded = attributes::fold(text);
    let asks = folded.contains(['?', '？', '吗', '多', '哪', '什']);
    // `算了，我先把台式机退掉`: something else is wanted.
    const OTHERS: &[&str] =
        &["退", "换", "修", "查", "买", "看看", "先", "return", "send", "exchange", "buy", "check", "order", "repair"];
    let Some(start) = BEGINNINGS.iter().filter(|start| folded.starts_with(**start)).max_by_key(|start| start.len())
    else {
        return false;
    };
    let wants_other = OTHERS.iter().any(|word| folded[start.len()..].contains(word));
    !asks && folded.chars().count() <= 32 && !wants_other
}

/// `我说的是`, "I mean": something was understood otherwise than it was meant.
pub(super) fn corrects(text: &str) -> bool {
    let folded = attributes::fold(text);
    const MEANS: &[&str] = &[
        "我说的是",
        "我是说",
        "我问的是",
        "我指的是",
        "不是这",
        "不是那",
        "不对",
        "i mean",
        "i meant",
        "sorry meant",
        "sorry, meant",
        "meant the",
        "打错了",
        "说错了",
        "not that",
        "not this",
        "i was asking about",
        "wrong one",
    ];
    folded.chars().count() <= 60 && MEANS.iter().any(|word| folded.contains(word))
}

/// `前两款`, `the first three`: how many of a list.
pub(super) fn first_n(text: &str) -> Option<usize> {
    let folded = attributes::fold(text);
    const WORDS: &[(&str, usize)] = &[
        ("前两", 2),
        ("前二", 2),
        ("前2", 2),
        ("前三", 3),
        ("前3", 3),
        ("前四", 4),
        ("前4", 4),
        ("first two", 2),
        ("first 2", 2),
        ("first three", 3),
        ("first 3", 3),
        ("first four", 4),
    ];
    WORDS.iter().find(|(word, _)| folded.contains(word)).map(|(_, n)| *n)
}

/// A question as it is remembered.
pub(super) fn clipped(text: &str) -> String {
    text[..text.floor_char_boundary(400)].to_owned()
}
