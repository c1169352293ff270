//! A simulated shop: products and pieces of manuals from a seed, with the frequencies of words that texts have, and what
//! customers might type for them. No claim about a real shop.

use math::Random;
use tercet_language::search::Entry;

const BRANDS: &[&str] = &[
    "华为",
    "小米",
    "荣耀",
    "联想",
    "Apple",
    "三星",
    "戴尔",
    "惠普",
    "华硕",
    "索尼",
    "佳能",
    "漫步者",
    "罗技",
    "大疆",
    "安克",
    "绿联",
    "vivo",
    "OPPO",
    "一加",
    "真我",
    "微星",
    "雷蛇",
    "海信",
    "创维",
];
/// A kind of product, its category, series names.
const KINDS: &[(&str, &str, &[&str])] = &[
    ("手机", "手机通讯/手机", &["Mate", "nova", "Note", "Magic", "Galaxy", "Find", "Reno", "Redmi"]),
    ("轻薄笔记本电脑", "电脑办公/笔记本", &["小新", "MateBook", "灵耀", "XPS", "Pavilion", "RedmiBook", "Yoga"]),
    ("游戏笔记本电脑", "电脑办公/笔记本", &["拯救者", "天选", "暗影精灵", "泰坦", "灵刃"]),
    ("蓝牙降噪耳机", "影音/耳机", &["FreeBuds", "AirPods", "Buds", "WH", "LolliPods"]),
    ("平板电脑", "电脑办公/平板", &["MatePad", "iPad", "Pad", "Tab"]),
    ("智能手表", "智能设备/手表", &["Watch GT", "Watch", "Band", "Forerunner"]),
    ("机械键盘", "外设/键盘", &["G", "MX", "K", "BlackWidow"]),
    ("4K显示器", "电脑办公/显示器", &["ProArt", "UltraSharp", "Odyssey", "U"]),
    ("移动电源充电宝", "配件/充电宝", &["PowerCore", "Zero", "Nano"]),
    ("手机壳保护套", "配件/手机壳", &["磨砂", "液态硅胶", "透明"]),
];
const CHINESE: &[&str] = &[
    "屏幕",
    "电池",
    "充电",
    "快充",
    "续航",
    "拍照",
    "像素",
    "防水",
    "蓝牙",
    "连接",
    "设置",
    "系统",
    "更新",
    "应用",
    "通知",
    "音量",
    "亮度",
    "指纹",
    "解锁",
    "面部",
    "识别",
    "存储",
    "空间",
    "清理",
    "备份",
    "恢复",
    "密码",
    "账号",
    "登录",
    "网络",
    "无线",
    "路由",
    "热点",
    "流量",
    "信号",
    "通话",
    "短信",
    "联系人",
    "相机",
    "录像",
    "夜景",
    "人像",
    "美颜",
    "闪光灯",
    "散热",
    "风扇",
    "键盘",
    "背光",
    "触控板",
    "接口",
    "扩展坞",
    "投屏",
    "遥控",
    "护眼",
    "模式",
    "省电",
    "性能",
    "游戏",
    "帧率",
    "刷新率",
    "分辨率",
    "色域",
    "机身",
    "重量",
    "厚度",
    "金属",
    "玻璃",
    "保修",
    "退货",
    "换货",
    "发票",
    "配送",
    "安装",
    "客服",
    "维修",
    "配件",
    "原装",
    "支持",
    "打开",
    "关闭",
    "长按",
    "按钮",
    "重启",
    "屏蔽",
    "勿扰",
    "闹钟",
    "日历",
    "天气",
    "地图",
    "导航",
    "支付",
    "钱包",
    "门禁",
    "手势",
    "分屏",
    "悬浮窗",
    "字体",
    "主题",
    "壁纸",
    "语音",
    "助手",
    "翻译",
    "录音",
    "文件",
    "传输",
    "共享",
    "打印",
];
const ENGLISH: &[&str] = &[
    "battery",
    "screen",
    "charging",
    "wireless",
    "bluetooth",
    "settings",
    "camera",
    "notification",
    "storage",
    "memory",
    "account",
    "password",
    "network",
    "update",
    "software",
    "device",
    "connect",
    "pairing",
    "volume",
    "brightness",
    "display",
    "fingerprint",
    "recognition",
    "backup",
    "restore",
    "transfer",
    "message",
    "contact",
    "calendar",
    "keyboard",
    "gesture",
    "mode",
    "power",
    "saving",
    "location",
    "privacy",
    "security",
    "screenshot",
    "recording",
    "video",
    "photo",
    "gallery",
    "music",
    "speaker",
    "microphone",
    "headset",
    "adapter",
    "cable",
    "warranty",
    "return",
    "repair",
    "delivery",
    "install",
    "remove",
    "enable",
    "disable",
    "button",
    "menu",
    "option",
    "panel",
    "shortcut",
    "widget",
    "wallpaper",
    "theme",
];

/// Few words often, many seldom.
fn drawn<'a>(words: &[&'a str], random: &mut Random) -> &'a str {
    words[(random.uniform().powf(2.2) * words.len() as f64) as usize % words.len()]
}

/// A word that only some texts have.
fn rare(random: &mut Random) -> String {
    let syllables = ["ka", "lo", "mi", "ten", "ra", "vo", "su", "ne", "xi", "dor", "pel", "qua", "zen", "bri"];
    (0..3).map(|_| syllables[random.below(syllables.len())]).collect()
}

fn sentences(n: usize, chinese: bool, random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..n {
        for at in 0..8 + random.below(10) {
            if chinese {
                text.push_str(drawn(CHINESE, random));
                text.push_str(["", "", "的", "，", "和", ""][random.below(6)]);
            } else {
                text.push_str(if at == 0 { "" } else { " " });
                text.push_str(["the ", "", "your ", "to ", "", ""][random.below(6)]);
                text.push_str(drawn(ENGLISH, random));
            }
            if random.below(25) == 0 {
                text.push_str(&format!(" {} ", rare(random)));
            }
        }
        text.push_str(if chinese { "。" } else { ". " });
    }
    text
}

fn product(at: usize, random: &mut Random) -> Entry {
    let brand = drawn(BRANDS, random);
    let (kind, category, series) = KINDS[random.below(KINDS.len())];
    let model = format!("{}{}", ["", "X", "Pro ", "V", "S"][random.below(5)], 10 + random.below(9000));
    let memory = [8, 12, 16, 24, 32][random.below(5)];
    let storage = ["128GB", "256GB", "512GB", "1TB"][random.below(4)];
    let name = format!("{brand} {} {model} {kind} {memory}GB+{storage}", drawn(series, random));
    let specs = vec![
        ("memory".to_owned(), format!("{memory} GB")),
        ("storage".to_owned(), storage.to_owned()),
        ("weight".to_owned(), format!("{:.2} kg", 0.2 + random.uniform() * 2.5)),
        ("颜色".to_owned(), ["黑色", "白色", "银色", "蓝色", "紫色"][random.below(5)].to_owned()),
    ];
    Entry {
        brand: Some(brand.to_owned()),
        category: Some(category.to_owned()),
        specs,
        price_cents: Some((5.0 + random.uniform().powi(2) * 15_000.0) as i64 * 100),
        launched_on: Some(18_000 + random.below(2500) as i32),
        popularity: Some(random.below(5000) as f64),
        ..Entry::new(format!("p{at}"), name, sentences(3, true, random))
    }
}

fn piece(at: usize, random: &mut Random) -> Entry {
    let chinese = random.below(2) == 0;
    let words = if chinese { CHINESE } else { ENGLISH };
    let name = format!("{} {}", drawn(words, random), drawn(words, random));
    let group = Some(format!("d{}", at / 8));
    Entry {
        group,
        sections: vec![drawn(words, random).to_owned()],
        ..Entry::new(format!("k{at}"), name, sentences(6, chinese, random))
    }
}

/// Half products, half pieces of documents.
pub fn entries(n: usize, seed: u64) -> Vec<Entry> {
    let mut random = Random::new(seed);
    (0..n).map(|at| if at % 2 == 0 { product(at, &mut random) } else { piece(at, &mut random) }).collect()
}

/// What customers type: one to six characters, models, sounds, misspellings, conditions, questions.
pub fn queries(n: usize, seed: u64) -> Vec<String> {
    let mut random = Random::new(seed ^ 0x51ed);
    let r = &mut random;
    let question = |r: &mut Random| {
        format!(
            "how do I {} the {} {} on my {}",
            drawn(ENGLISH, r),
            drawn(ENGLISH, r),
            drawn(ENGLISH, r),
            drawn(ENGLISH, r)
        )
    };
    (0..n)
        .map(|at| match at % 10 {
            0 => drawn(CHINESE, r).chars().take(1).collect(),
            1 => drawn(CHINESE, r).to_owned(),
            2 => format!("{}{}", drawn(CHINESE, r), drawn(CHINESE, r)),
            3 => format!("{}{}{}怎么{}", drawn(BRANDS, r), drawn(CHINESE, r), drawn(CHINESE, r), drawn(CHINESE, r)),
            4 => format!("{} {} X{}", drawn(BRANDS, r), KINDS[r.below(KINDS.len())].2[0], 10 + r.below(9000)),
            5 => {
                ["huawei shouji", "xiaomi", "lianxiang", "hw sj", "jianpan", "shouhuan", "erji"][r.below(7)].to_owned()
            }
            6 => {
                let mut word = drawn(ENGLISH, r).to_owned();
                word.remove(r.below(word.len()));
                format!("{word} {}", drawn(ENGLISH, r))
            }
            7 => format!("{}元以下 16G {}", 1000 + r.below(9) * 1000, KINDS[r.below(KINDS.len())].0),
            8 => question(r),
            _ => rare(r),
        })
        .collect()
}
