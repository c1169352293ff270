//! Words that every shop of electronics hears: kinds of things in two languages, attributes, colours. All in folded
//! form. Which of them a shop has is known from its products alone.

use std::sync::LazyLock;

use language::text::MAKERS;
use rustc_hash::FxHashSet;

use super::heard::Words;

/// Names of one kind of thing.
pub(super) const KINDS: &[&[&str]] = &[
    &[
        "笔记本",
        "笔记本电脑",
        "手提电脑",
        "轻薄本",
        "游戏本",
        "超极本",
        "全能本",
        "商务本",
        "本子",
        "laptop",
        "notebook",
        "ultrabook",
        "notebook computer",
        "gaming laptop",
    ],
    &["手机", "智能手机", "phone", "smartphone", "cell phone", "cellphone", "mobile phone", "mobile"],
    &["真无线耳机", "真无线", "无线耳机", "入耳式耳机", "earbud", "earphone", "耳塞"],
    &["耳机", "头戴耳机", "头戴式耳机", "耳麦", "蓝牙耳机", "headphone", "headset"],
    &["平板", "平板电脑", "tablet"],
    &["智能手表", "手表", "smartwatch", "smart watch", "watch"],
    &["手环", "智能手环", "fitness band", "fitness tracker"],
    &["智能电视", "电视", "电视机", "tv", "television", "smart tv"],
    &["微单相机", "相机", "照相机", "数码相机", "微单", "单反", "camera", "digital camera"],
    &["镜头", "lens", "lenses"],
    &["显示器", "显示屏", "monitor"],
    &["台式电脑", "台式机", "台式", "desktop", "desktop computer", "desktop pc"],
    &["电脑", "computer", "pc"],
    &["键盘", "机械键盘", "keyboard"],
    &["鼠标", "无线鼠标", "mouse", "mice"],
    &["蓝牙音箱", "音箱", "音响", "speaker", "bluetooth speaker"],
    &["充电宝", "移动电源", "power bank", "powerbank"],
    &["充电器", "充电头", "charger", "charging brick"],
    &["数据线", "充电线", "cable", "charging cable"],
    &["手机壳", "保护壳", "手机套", "phone case"],
    &["平板保护套", "保护套", "平板套", "平板壳", "tablet case", "tablet cover", "case", "cover"],
    &["钢化膜", "手机膜", "贴膜", "screen protector"],
    &["无线路由器", "路由器", "路由", "router", "wifi router"],
    &["打印机", "printer"],
    &["墨盒", "墨水盒", "ink cartridge", "ink", "cartridge"],
    &["投影仪", "投影机", "projector"],
    &["u盘", "优盘", "flash drive", "usb stick"],
    &["移动固态硬盘", "移动硬盘", "portable ssd", "portable hard drive", "external drive", "external ssd"],
    &["存储卡", "内存卡", "memory card", "sd card"],
    &["内存条", "memory module", "ram stick"],
    &["无人机", "航拍无人机", "drone"],
    &["电子书阅读器", "电子书", "电纸书", "e-reader", "ereader", "e-book reader"],
    &["游戏机", "掌上游戏机", "掌机", "console", "game console", "handheld console", "handheld"],
    &["扩展坞", "拓展坞", "dock", "docking station", "docking hub", "usb hub"],
    &[
        "支架",
        "挂架",
        "壁挂架",
        "显示器支架",
        "电视支架",
        "电视挂架",
        "mount",
        "screen mount",
        "wall mount",
        "tv mount",
        "bracket",
        "monitor arm",
        "stand",
    ],
    &["表带", "strap", "watch strap", "watch band"],
    &["手写笔", "触控笔", "电容笔", "stylus", "stylus pen", "digital pen", "pen"],
    &["内胆包", "电脑内胆包", "电脑包", "sleeve", "laptop sleeve", "laptop bag"],
    &["备用电池", "相机电池", "spare battery", "camera battery"],
    &["冰箱", "电冰箱", "refrigerator", "fridge"],
    &["洗衣机", "洗烘一体机", "烘干机", "washer", "dryer", "washing machine", "washer dryer", "washer & dryer"],
    &["空调", "air conditioner", "aircon"],
    &["咖啡机", "coffee machine", "coffee maker"],
    &["微波炉", "microwave", "microwave oven"],
    &["热水器", "water heater"],
    &["摄像机", "camcorder", "video camera"],
    &["录音笔", "recording pen", "voice recorder"],
    &["mp3", "mp3播放器", "mp3 player", "mp4 player"],
    &["家庭影院", "home theater", "home theatre", "home theater system"],
    &["扫描仪", "scanner"],
    &["电风扇", "风扇", "fan"],
    &["台灯", "lamp"],
    &["吹风机", "电吹风", "hair dryer", "hairdryer"],
    &["吸尘器", "vacuum cleaner"],
    &["扫地机器人", "扫地机", "robot vacuum"],
    &["电饭煲", "电饭锅", "rice cooker"],
    &["空气净化器", "air purifier"],
    &["洗碗机", "dishwasher"],
    &["电动牙刷", "electric toothbrush"],
    &["剃须刀", "shaver"],
    &["自行车", "bicycle"],
];

/// What customers call a kind where no other is near: by a name of [`KINDS`], its short ones. A character alone counts where it begins a
/// word: see [`is_end_of_other`].
pub(super) const SHORT_KINDS: &[(&str, &[&str])] =
    &[("手机壳", &["壳子", "壳"]), ("钢化膜", &["膜", "保护膜", "屏幕膜", "protector", "screen film"])];

/// Whether a character that is short for a kind ends another word here: the `壳` of `外壳`, the `膜` of `隔膜`.
pub(super) fn is_end_of_other(word: &str, before: Option<char>) -> bool {
    const ENDS: &[(&str, &str)] =
        &[("壳", "外机后底内弹贝脱躯地果蛋上下前贴面空"), ("膜", "薄隔耳角鼓保覆镀偏粘地农塑肋网")];
    ENDS.iter().any(|(own, ends)| *own == word && before.is_some_and(|before| ends.contains(before)))
}

/// Words for the same kind of thing as `word`, itself among them; only itself where it is none that is known.
pub(crate) fn same_kind(word: &str) -> Vec<&str> {
    let singular = word.strip_suffix('s').unwrap_or(word);
    let known = KINDS.iter().filter(|list| list.iter().any(|one| *one == word || *one == singular));
    let mut all: Vec<&str> = known.flat_map(|list| list.iter().copied()).collect();
    all.push(singular);
    all
}

/// All words for kinds of things.
pub(super) static KIND_WORDS: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| {
    let plurals = ["laptops", "notebooks", "phones", "smartphones", "headphones", "earbuds", "earphones", "tablets"];
    KINDS.iter().flat_map(|list| list.iter().copied()).chain(plurals).collect()
});

/// Ends of words for kinds of things.
pub(super) const KIND_ENDS: &[&str] = &[
    "手机",
    "电脑",
    "笔记本",
    "游戏本",
    "轻薄本",
    "耳机",
    "音箱",
    "鼠标",
    "键盘",
    "显示器",
    "手表",
    "手环",
    "平板",
    "相机",
    "电视",
    "路由器",
    "打印机",
    "手机壳",
    "保护壳",
    "保护套",
    "钢化膜",
    "充电器",
    "数据线",
    "充电宝",
    "支架",
    "无人机",
    "投影仪",
    "硬盘",
    "存储卡",
    "内存条",
    "表带",
    "扩展坞",
];

/// Things that are named after what they go with.
pub(super) const ACCESSORIES: &[&str] =
    &["case", "cases", "cover", "protector", "strap", "sleeve", "for", "compatible", "适用", "适用于", "专用"];
pub(super) const ACCESSORY_ENDS: &[&str] =
    &["手机壳", "保护壳", "保护套", "手机套", "钢化膜", "手机膜", "贴膜", "表带", "内胆包", "备用电池", "墨盒"];

/// Words of titles that tell no product from others.
pub(super) const COMMON: &[&str] = &[
    "pro",
    "max",
    "plus",
    "ultra",
    "mini",
    "air",
    "se",
    "lite",
    "new",
    "the",
    "and",
    "for",
    "with",
    "of",
    "in",
    "gen",
    "black",
    "white",
    "silver",
    "grey",
    "gray",
    "blue",
    "red",
    "green",
    "pink",
    "gold",
    "purple",
    "yellow",
    "orange",
    "wireless",
    "wired",
    "bluetooth",
    "usb",
    "type",
    "type-c",
    "usb-c",
    "wifi",
    "wi-fi",
    "5g",
    "4g",
    "lte",
    "nfc",
    "hd",
    "uhd",
    "4k",
    "8k",
    "led",
    "oled",
    "lcd",
    "ips",
    "amoled",
    "ssd",
    "hdd",
    "ram",
    "rom",
    "gaming",
    "office",
    "student",
    "design",
    "smart",
    "digital",
    "portable",
    "noise",
    "cancelling",
    "canceling",
    "mechanical",
    "optical",
    "silicone",
    "leather",
    "clear",
    "matte",
    "privacy",
    "steel",
    "nylon",
    "kit",
    "set",
    "pack",
    "edition",
    "version",
    "model",
    "series",
    "standard",
    "touch",
    "screen",
    "display",
    "battery",
    "memory",
    "storage",
    "color",
    "colour",
    "黑色",
    "白色",
    "银色",
    "灰色",
    "蓝色",
    "红色",
    "绿色",
    "粉色",
    "金色",
    "紫色",
    "黄色",
    "无线",
    "有线",
    "蓝牙",
    "游戏",
    "办公",
    "学生",
    "设计",
    "智能",
    "数码",
    "便携",
    "降噪",
    "主动降噪",
    "被动降噪",
    "机械",
    "硅胶",
    "真皮",
    "高清",
    "磨砂",
    "防窥",
    "全网通",
    "官方",
    "正品",
    "国行",
    "新款",
    "套装",
    "标准版",
    "旗舰",
    "专业版",
    "青春版",
];

/// Parts that many products have.
pub(super) const CHIPS: &[&str] = &[
    "rtx",
    "gtx",
    "rx",
    "i3",
    "i5",
    "i7",
    "i9",
    "r5",
    "r7",
    "r9",
    "ryzen",
    "core",
    "intel",
    "amd",
    "nvidia",
    "geforce",
    "radeon",
    "snapdragon",
    "ddr",
    "ddr4",
    "ddr5",
    "win10",
    "win11",
    "windows",
    "android",
    "ios",
    "wifi6",
    "wifi7",
    "mp3",
    "mp4",
    "usb3",
    "pcie",
    "nvme",
    "m2",
];

/// What goes on after a model's name and makes it another's.
pub(super) const SUFFIXES: &[&str] = &["pro", "max", "plus", "ultra", "mini", "se", "lite", "promax"];

/// Names of well-known series, for names that the shop does not have.
pub(super) const SERIES: &[&str] = &[
    "iphone",
    "ipad",
    "macbook",
    "imac",
    "airpods",
    "galaxy",
    "mate",
    "pixel",
    "thinkpad",
    "matebook",
    "matepad",
    "surface",
    "ps5",
    "ps4",
    "xbox",
    "kindle",
    "xps",
    "vivobook",
    "zenbook",
    "rog",
    "拯救者",
    "小新",
    "苹果手机",
    "redmi note",
    "apple watch",
    "switch",
    "mi",
    "nova",
    "pura",
];

/// Where a maker's name, or that of a well-known series, stands in a folded text.
pub(crate) fn foreign(folded: &str) -> Option<std::ops::Range<usize>> {
    // Words of running text too.
    const AMBIGUOUS: &[&str] = &["sharp", "honor", "mate", "switch", "mi", "nova", "surface"];
    static NAMES: LazyLock<Words<()>> = LazyLock::new(|| {
        let makers = MAKERS.iter().flat_map(|maker| maker.names.iter().copied());
        let all = makers.chain(SERIES.iter().copied()).filter(|name| !AMBIGUOUS.contains(name));
        Words::new(all.map(|name| (name, ())))
    });
    NAMES.find(folded).into_iter().map(|(range, ())| range).next()
}

/// Attributes of products: the canonical name and what people call it.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("memory", &["内存", "运存", "运行内存", "跑内存", "ram", "memory"]),
    (
        "storage",
        &[
            "存储",
            "存储空间",
            "硬盘",
            "固态",
            "固态硬盘",
            "机身内存",
            "容量",
            "storage",
            "ssd",
            "hard drive",
            "hard disk",
            "disk space",
            "rom",
            "capacity",
        ],
    ),
    (
        "screen",
        &[
            "屏幕",
            "屏",
            "显示屏",
            "几寸",
            "多少寸",
            "多大屏",
            "屏幕尺寸",
            "大屏",
            "小屏",
            "screen",
            "display",
            "screen size",
            "inches",
        ],
    ),
    ("battery", &["电池", "续航", "待机", "电量", "毫安", "battery", "battery life"]),
    ("weight", &["重量", "多重", "几斤", "多少克", "重不重", "轻不轻", "weight", "weigh", "heavy"]),
    ("cpu", &["处理器", "cpu", "芯片", "几核", "主频", "processor", "chip", "chipset", "soc"]),
    ("gpu", &["显卡", "独显", "集显", "显存", "gpu", "graphics card", "graphics", "video card"]),
    (
        "camera",
        &["摄像头", "像素", "镜头", "前置", "后置", "主摄", "长焦", "megapixel", "camera", "cameras", "webcam", "lens"],
    ),
    ("refresh", &["刷新率", "高刷", "多少赫兹", "refresh rate", "hz"]),
    (
        "ports",
        &[
            "接口",
            "端口",
            "usb口",
            "type-c口",
            "typec口",
            "hdmi",
            "雷电",
            "耳机孔",
            "网口",
            "插孔",
            "port",
            "usb port",
            "hdmi port",
            "headphone jack",
            "thunderbolt",
            "usb",
            "usb-c",
            "type-c",
            "typec",
        ],
    ),
    ("touch", &["触屏", "触摸屏", "触控屏", "触控", "触摸", "touch", "touch screen", "touchscreen"]),
    ("os", &["系统", "操作系统", "os", "operating system", "windows", "android", "安卓", "鸿蒙"]),
    ("color", &["颜色", "配色", "什么色", "哪些色", "color", "colour"]),
    ("resolution", &["分辨率", "清晰度", "resolution"]),
    (
        "price",
        &["价格", "多少钱", "售价", "价钱", "什么价", "报价", "价位", "几钱", "几多钱", "price", "cost", "how much"],
    ),
    (
        "stock",
        &[
            "库存",
            "有货",
            "现货",
            "缺货",
            "断货",
            "无货",
            "补货",
            "到货",
            "stock",
            "in stock",
            "available",
            "sold out",
            "out of stock",
        ],
    ),
    (
        "warranty",
        &[
            "保修",
            "质保",
            "联保",
            "保修期",
            "三包",
            "保到什么时候",
            "保到啥时候",
            "保多久",
            "保几年",
            "warranty",
            "guarantee",
        ],
    ),
    ("power", &["功率", "瓦数", "多少瓦", "wattage", "watts", "power consumption"]),
    ("charging", &["快充", "充电速度", "充电功率", "fast charging", "quick charge", "charging speed"]),
    ("wireless_charging", &["无线充电", "无线快充", "wireless charging"]),
    ("size", &["尺寸", "厚度", "长宽高", "体积", "多厚", "dimension", "dimensions", "thickness", "how thick"]),
    ("bluetooth", &["蓝牙", "蓝牙版本", "bluetooth"]),
    ("wifi", &["无线网", "wifi", "wi-fi", "wifi6", "wifi7", "wlan"]),
    ("network", &["网络", "5g", "4g", "全网通", "5g网络", "network", "lte"]),
    ("nfc", &["nfc"]),
    ("sim", &["双卡", "sim卡", "卡槽", "双卡双待", "dual sim", "sim", "esim"]),
    ("waterproof", &["防水", "防尘", "waterproof", "water resistant", "water resistance", "ip68", "ip67"]),
    ("noise_cancelling", &["降噪", "noise cancelling", "noise canceling", "anc"]),
    ("brightness", &["亮度", "尼特", "brightness", "nits"]),
    ("audio", &["音质", "扬声器", "喇叭", "sound quality", "sound", "microphone", "麦克风"]),
    ("keyboard", &["背光", "键程", "backlit", "backlight"]),
    ("fingerprint", &["指纹", "面容", "人脸识别", "fingerprint", "face id", "face unlock"]),
    ("material", &["材质", "什么材料", "material"]),
];

pub(super) static ATTRIBUTE_WORDS: LazyLock<Words<&'static str>> =
    LazyLock::new(|| Words::new(ATTRIBUTES.iter().flat_map(|(name, words)| words.iter().map(|word| (*word, *name)))));

/// Colours, as customers say them.
pub(super) const COLOURS_ZH: &str = "(?:深空|曜石|星光|远峰|暗夜|雾|深|浅|亮|哑光|玫瑰|香槟|天空|雅川|冰)?(?:黑|白|银|灰|蓝|红|绿|粉|金|紫|黄|橙|棕|青|钛)色?";
pub(super) const COLOURS_EN: &str = "black|white|silver|gr[ae]y|blue|red|green|pink|gold|purple|yellow|orange|brown|titanium|midnight|starlight|graphite";

/// Words for makers and kinds, whatever a shop has: for what is masked.
pub(super) static BRAND_WORDS: LazyLock<Words<()>> =
    LazyLock::new(|| Words::new(MAKERS.iter().flat_map(|maker| maker.names.iter().map(|word| (*word, ())))));
pub(super) static KIND_LIST: LazyLock<Words<()>> =
    LazyLock::new(|| Words::new(KIND_WORDS.iter().map(|word| (*word, ()))));

/// Where a word for a kind of thing stands in a folded text, whatever the shop has.
pub(crate) fn kind_said(folded: &str) -> Option<std::ops::Range<usize>> {
    KIND_LIST.find(folded).into_iter().map(|(range, ())| range).next()
}
