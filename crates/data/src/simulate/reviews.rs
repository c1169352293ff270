//! The phrases reviews are made of: per aspect, praise and blame, in Chinese and English.

use super::Language;
use super::categories::N_ASPECTS;

type Phrases = &'static [&'static str];

/// Per aspect: praise zh, blame zh, praise en, blame en.
static PHRASES: [[Phrases; 4]; N_ASPECTS] = [
    [
        &["运行很流畅", "速度非常快，一点不卡", "性能比上一代强不少"],
        &["用起来有点卡", "速度没有宣传的快", "多开几个就变慢"],
        &["it runs smoothly", "it is really fast", "much quicker than my old one"],
        &["it lags now and then", "it is slower than advertised", "it struggles with several things at once"],
    ],
    [
        &["续航很给力", "一天一充完全够用", "电池比想象中耐用"],
        &["掉电太快了", "续航不行，半天就没电", "充电时间有点长"],
        &["the battery lasts all day", "battery life is excellent", "I charge it far less than before"],
        &["the battery drains too fast", "battery life is poor", "charging takes ages"],
    ],
    [
        &["屏幕显示细腻", "色彩很正，看着舒服", "画面清晰没有漏光"],
        &["屏幕偏黄", "边缘有点漏光", "户外看不清"],
        &["the screen is gorgeous", "colours are accurate", "the picture is crisp"],
        &["the screen has a yellow tint", "there is some light bleed", "hard to read outdoors"],
    ],
    [
        &["拍照很清楚", "夜景拍得不错", "对焦又快又准"],
        &["拍照糊", "夜景噪点多", "对焦经常跑"],
        &["the photos are sharp", "night shots look great", "autofocus is quick and sure"],
        &["photos come out soft", "night shots are noisy", "autofocus hunts a lot"],
    ],
    [
        &["音质很好，低音饱满", "声音干净有层次", "降噪效果明显"],
        &["音质一般", "低音发闷", "声音开大会破音"],
        &["the sound is rich", "clear highs and solid bass", "it sounds better than its price"],
        &["the sound is thin", "the bass is muddy", "it distorts when loud"],
    ],
    [
        &["手感舒服", "戴久了也不累", "很轻，拿着不累"],
        &["戴久了不舒服", "有点沉", "手感偏硬"],
        &["it is comfortable for hours", "it feels light in the hand", "it fits me well"],
        &["it gets uncomfortable after a while", "it is heavier than I like", "it feels stiff"],
    ],
    [
        &["做工扎实", "质感很好", "细节处理到位"],
        &["做工粗糙", "用了几天就有划痕", "塑料感强"],
        &["the build is solid", "it feels well made", "finish and details are spot on"],
        &["it feels cheap", "it scratched within days", "the build is sloppy"],
    ],
    [
        &["连接很稳定", "信号强，不掉线", "一插就识别"],
        &["经常断连", "信号不稳定", "有时识别不了"],
        &["the connection is stable", "signal is strong everywhere", "it was recognised at once"],
        &["it keeps disconnecting", "the signal drops", "sometimes it is not recognised"],
    ],
    [
        &["上手简单", "设置很方便，老人也会用", "说明清楚"],
        &["设置太复杂", "说明书看不懂", "操作逻辑别扭"],
        &["it is easy to set up", "anyone can use it", "the instructions are clear"],
        &["the set-up is a pain", "the manual is useless", "the controls are awkward"],
    ],
    [
        &["很安静", "发热控制得好", "几乎听不到噪音"],
        &["噪音有点大", "发热严重", "一忙风扇就响"],
        &["it stays quiet", "it hardly gets warm", "no noise at all"],
        &["it is noisy", "it gets hot", "the fan is always on"],
    ],
    [
        &["性价比很高", "这个价格很值", "活动价买的很划算"],
        &["不值这个价", "刚买就降价", "同价位有更好的"],
        &["great value for money", "worth every penny", "a bargain at this price"],
        &["not worth the price", "overpriced for what it is", "there is better for the same money"],
    ],
    [
        &["物流很快，第二天就到", "包装完好", "客服态度好"],
        &["物流太慢", "包装破了", "等了一个星期才到"],
        &["delivery was quick", "well packed", "service was friendly"],
        &["delivery took a week", "the box arrived damaged", "nobody answered my messages"],
    ],
];

static OPENINGS: [[Phrases; 2]; 3] = [
    [&["有点失望", "不太满意", "买了后悔"], &["disappointed", "not happy with this one", "I regret buying it"]],
    [&["总体一般", "中规中矩", "用了一段时间来评价"], &["it is all right", "mixed feelings", "average overall"]],
    [
        &["很满意", "收到就用上了，非常喜欢", "用了一周来评价", "第二次买了", "给家人买的，很喜欢"],
        &["very happy with it", "love it", "used it for a week now", "bought it for my parents and they love it"],
    ],
];

static CLOSINGS: [[Phrases; 2]; 3] = [
    [&["不推荐", "准备退货", "希望改进"], &["would not recommend", "sending it back", "I expected more"]],
    [&["将就用吧", "先用着看", "对得起价格"], &["it will do", "fine for now", "you get what you pay for"]],
    [&["推荐购买", "会回购", "值得入手", "五星好评"], &["recommended", "would buy again", "five stars", "go for it"]],
];

fn mood(stars: u8) -> usize {
    match stars {
        0..=2 => 0,
        3 => 1,
        _ => 2,
    }
}

pub fn opening(stars: u8, language: Language) -> Phrases {
    OPENINGS[mood(stars)][language.choose(0, 1)]
}

pub fn closing(stars: u8, language: Language) -> Phrases {
    CLOSINGS[mood(stars)][language.choose(0, 1)]
}

pub fn phrases(aspect: usize, good: bool, language: Language) -> Phrases {
    PHRASES[aspect][usize::from(!good) + language.choose(0, 2)]
}

/// English parts as one text: `Love it. The screen is gorgeous, but it is noisy. Recommended.`
pub fn sentence(parts: &[String]) -> String {
    let mut text = String::new();
    for part in parts {
        if part.starts_with("but ") {
            text = text.trim_end_matches('.').to_owned() + ", " + part;
        } else {
            let mut letters = part.chars();
            let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
            text += &format!("{}{first}{}", if text.is_empty() { "" } else { " " }, letters.as_str());
        }
        text.push('.');
    }
    text
}
