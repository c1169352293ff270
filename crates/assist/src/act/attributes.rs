//! What products are described by: the names that catalogues, and the customers, give to one attribute, what it is called in
//! both languages, and which end of it is better where that is no matter of taste. It looks nothing up.

use std::sync::LazyLock;

use domain::Product;
use rustc_hash::FxHashMap;

use crate::turn::Lang;

/// Which of two values is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    More,
    Less,
}

/// One attribute under all its names.
#[derive(Debug)]
pub struct Attribute {
    pub name: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    /// Names of specifications in catalogues, folded as [`fold`] does.
    keys: &'static [&'static str],
    /// Words of customers for it, folded.
    words: &'static [&'static str],
    pub better: Option<Better>,
}

impl Attribute {
    /// Every name and word for it, in both languages.
    pub fn texts(&self) -> impl Iterator<Item = &'static str> {
        [self.zh, self.en].into_iter().chain(self.keys.iter().copied()).chain(self.words.iter().copied())
    }
}

macro_rules! attribute {
    ($name:literal $zh:literal $en:literal: $($key:literal)*; $($word:literal)*; $better:expr) => {
        Attribute { name: $name, zh: $zh, en: $en, keys: &[$($key),*], words: &[$($word),*], better: $better }
    };
}

use Better::{Less, More};

/// Every attribute, in the order in which tables show them.
static ATTRIBUTES: &[Attribute] = &[
    attribute!("memory" "内存" "Memory": "memory" "ram" "内存" "运存" "运行内存" "内存容量" "memory size" "system memory";
        "内存" "运存" "memory" "ram"; Some(More)),
    attribute!("memory_type" "内存类型" "Memory type": "memory type" "内存类型"; "内存类型" "内存代数" "memory type" "ddr"; None),
    attribute!("storage" "存储容量" "Storage": "storage" "rom" "硬盘" "存储" "硬盘容量" "存储容量" "机身存储" "ssd" "internal storage";
        "存储" "硬盘" "固态" "storage" "ssd" "disk" "hard drive"; Some(More)),
    attribute!("capacity" "容量" "Capacity": "capacity" "容量"; "容量" "capacity"; Some(More)),
    attribute!("processor" "处理器" "Processor": "cpu" "processor" "处理器" "chipset" "芯片" "soc" "cpu型号";
        "处理器" "芯片" "cpu" "processor" "chipset" "chip"; None),
    attribute!("cores" "处理器核心数" "CPU cores": "cpu cores" "cores" "cpu core" "核心数" "处理器核心数"; "核心" "几核" "几个核" "cores"; Some(More)),
    attribute!("graphics" "显卡" "Graphics": "gpu" "graphics" "显卡" "graphics card"; "显卡" "gpu" "graphics"; None),
    attribute!("screen" "屏幕尺寸" "Screen size": "screen" "screen size" "inches" "屏幕" "屏幕尺寸" "尺寸" "display size";
        "屏幕" "尺寸" "几寸" "多少寸" "英寸" "屏" "多大屏" "how large" "bigger" "screen" "display" "inch" "inches"; None),
    attribute!("touch" "触控屏" "Touch screen": "touch" "touch screen" "touchscreen" "触控" "触屏" "触控屏";
        "触屏" "触控" "触摸" "touch screen" "touchscreen"; None),
    attribute!("resolution" "分辨率" "Resolution": "resolution" "分辨率" "screen resolution" "screenresolution" "display resolution";
        "分辨率" "分辩率" "resolution"; Some(More)),
    attribute!("panel" "面板" "Panel": "panel" "面板" "display type" "屏幕材质"; "面板" "panel" "oled" "lcd"; None),
    attribute!("refresh" "刷新率" "Refresh rate": "refresh" "refresh rate" "刷新率" "屏幕刷新率"; "刷新率" "refresh"; Some(More)),
    attribute!("battery" "电池容量" "Battery capacity": "battery" "battery capacity" "battery size" "电池" "电池容量";
        "电池" "电量" "毫安" "毫安时" "多少毫安" "battery" "mah"; Some(More)),
    attribute!("battery_life" "续航时间" "Battery life": "battery life" "续航" "续航时间"; "续航" "battery life" "用多久" "last"; Some(More)),
    attribute!("battery_type" "电池型号" "Battery type": "battery type" "pack type" "电池型号"; "电池型号" "battery type"; None),
    attribute!("charging" "充电功率" "Charging power": "charging power" "充电功率" "快充" "charging" "fast charging";
        "快充" "充电功率" "充电速度" "充电多少瓦" "充电多快" "charging" "charge" "fast charging" "charging speed"; Some(More)),
    attribute!("wireless_charging" "无线充电" "Wireless charging": "wireless charging" "无线充电" "无线充电功率";
        "无线充电" "无线快充" "wireless charging" "charge wirelessly" "qi charging"; Some(More)),
    attribute!("charge_port" "充电接口" "Charging port": "charge port" "充电接口" "usb" "usb port"; "充电口" "充电接口" "charging port" "usb"; None),
    attribute!("ports" "接口" "Ports": "port" "ports" "接口" "扩展接口" "interfaces"; "接口" "插口" "端口" "几个口" "多少个口" "ports" "port" "connector"; None),
    attribute!("video_port" "视频接口" "Video port": "video port" "视频接口"; "hdmi" "视频接口" "displayport" "video port"; None),
    attribute!("ethernet" "网口速率" "Ethernet": "ethernet" "网口速率" "网口"; "网口" "ethernet" "lan"; Some(More)),
    attribute!("camera" "主摄像素" "Main camera": "camera" "主摄像素" "摄像头" "rear camera"; "摄像头" "像素" "相机" "拍照" "camera" "megapixel" "megapixels" "pixels" "mp"; None),
    attribute!("video" "视频规格" "Video": "video" "视频规格"; "视频" "录像" "几k" "4k" "8k" "video" "film in"; None),
    attribute!("sensor" "传感器画幅" "Sensor": "sensor" "传感器" "传感器画幅"; "画幅" "传感器" "sensor"; None),
    attribute!("mount" "镜头卡口" "Lens mount": "mount" "lens mount" "卡口" "镜头卡口"; "卡口" "mount"; None),
    attribute!("card" "存储卡类型" "Card type": "card slot" "card type" "存储卡类型"; "存储卡" "卡槽" "memory card" "card slot"; None),
    attribute!("network" "网络制式" "Network": "network" "网络制式" "网络"; "5g" "4g" "网络" "network"; None),
    attribute!("wifi" "无线标准" "Wi-Fi": "wifi" "wi fi" "无线标准" "wlan"; "wifi" "wi-fi" "wi fi" "wifi几" "wi fi 几" "wifi5" "wifi6" "wifi6e" "wifi7" "无线网"; None),
    attribute!("bluetooth" "蓝牙版本" "Bluetooth": "bluetooth" "蓝牙" "蓝牙版本"; "蓝牙" "bluetooth"; Some(More)),
    attribute!("throughput" "无线速率" "Throughput": "throughput" "无线速率"; "速率" "网速" "throughput"; Some(More)),
    attribute!("noise_cancelling" "降噪" "Noise cancelling": "noise cancelling" "noise canceling" "降噪"; "降噪" "noise"; None),
    attribute!("water_resistance" "防水等级" "Water resistance": "water resistance" "waterproof" "防水" "防水等级";
        "防水" "防尘" "游泳" "淋雨" "waterproof" "water resist" "water-resist" "in the rain" "swim"; None),
    attribute!("connection" "连接方式" "Connection": "connection" "connectivity" "连接方式"; "连接" "有线" "无线" "有线还是无线" "wireless" "wired" "connection" "connect"; None),
    attribute!("weight" "重量" "Weight": "weight" "重量" "裸机重量" "机身重量" "净重"; "重量" "多重" "多沉" "更轻" "多少克" "几克" "几斤" "多少斤" "重不重" "weight" "weigh" "heavy" "lighter" "heavier"; Some(Less)),
    attribute!("size" "外形尺寸" "Dimensions": "dimensions" "size" "外形尺寸" "三围" "机身尺寸" "case size" "表盘尺寸"; "三围" "厚度" "多厚" "dimensions" "size" "thick"; None),
    attribute!("color" "颜色" "Colour": "color" "colour" "颜色" "colors" "colours"; "颜色" "色" "color" "colour"; None),
    attribute!("material" "材质" "Material": "material" "材质"; "材质" "material" "made of"; None),
    attribute!("os" "操作系统" "Operating system": "os" "opsys" "operating system" "操作系统" "系统"; "系统" "os" "operating system" "windows" "android"; None),
    attribute!("use" "适用场景" "Made for": "use" "适用场景"; "适合" "用途" "suited" "suitable for" "good for"; None),
    attribute!("power" "功率" "Power": "power" "output power" "rated power" "功率" "输出功率" "额定功率" "power supply" "电源功率";
        "功率" "瓦" "多少瓦" "几瓦" "power" "watt"; Some(More)),
    attribute!("output_connector" "输出接口" "Output connector": "output connector" "输出接口"; "输出接口" "output"; None),
    attribute!("host" "主机接口" "Host connector": "host connector" "host port" "主机接口"; "主机接口" "host"; None),
    attribute!("speed" "速度" "Speed": "speed" "read speed" "write speed" "读取速度" "写入速度" "打印速度"; "速度" "读写" "读取" "写入" "多快" "快一点" "更快" "哪个快" "一分钟打" "每分钟" "一分钟能打" "一分钟可以打" "speed" "fast" "faster" "quicker" "quick" "pages a minute" "pages per minute"; Some(More)),
    attribute!("length" "长度" "Length": "length" "长度"; "多长" "长度" "几米" "length" "long"; None),
    attribute!("fits_size" "适用尺寸" "Fits size": "fits screen size" "适用尺寸"; "适用尺寸" "fits"; None),
    attribute!("vesa" "壁挂孔距" "VESA pattern": "vesa" "vesa pattern" "壁挂孔距" "适用孔距"; "孔距" "壁挂" "vesa"; None),
    attribute!("stylus" "手写笔协议" "Stylus protocol": "stylus protocol" "pen protocol" "手写笔协议"; "手写笔" "stylus" "pen"; None),
    attribute!("flight_time" "飞行时间" "Flight time": "flight time" "飞行时间"; "飞行" "滞空" "飞多久" "能飞" "flight" "fly" "in the air" "airborne"; Some(More)),
    attribute!("antennas" "天线数量" "Antennas": "antennas" "天线数量" "天线"; "天线" "antenna"; Some(More)),
    attribute!("strap" "表带宽度" "Strap width": "strap width" "表带宽度" "width" "宽度"; "表带宽度" "宽度" "多宽" "strap width" "width" "how wide"; None),
    attribute!("layout" "键盘配列" "Layout": "layout" "键盘配列" "配列"; "配列" "多少键" "几键" "多少个键" "layout" "how many keys" "number of keys"; None),
    attribute!("switch" "轴体" "Switches": "switch" "轴体"; "什么轴" "轴体" "哪种轴" "switches" "switch"; None),
    attribute!("sensitivity" "灵敏度" "Sensitivity": "sensitivity" "灵敏度" "dpi"; "灵敏度" "dpi" "sensitivity"; Some(More)),
    attribute!("duplex" "双面打印" "Double-sided printing": "duplex" "自动双面" "双面打印"; "双面" "duplex" "double sided" "two sided" "both sides"; None),
    attribute!("technology" "打印方式" "Printing technology": "technology" "打印方式" "打印技术"; "喷墨还是激光" "激光还是喷墨" "inkjet or laser" "laser or inkjet"; None),
    attribute!("cartridge" "墨盒型号" "Cartridge": "cartridge" "cartridge type" "墨盒型号"; "墨盒型号" "什么墨盒" "哪种墨盒" "which ink" "what ink" "which cartridge" "what cartridge" "cartridge"; None),
    attribute!("pages" "可打印页数" "Pages": "pages" "可打印页数"; "打多少页" "打几页" "多少页" "how many pages"; Some(More)),
    attribute!("aperture" "光圈" "Aperture": "aperture" "光圈"; "光圈" "aperture"; None),
    attribute!("focal_length" "焦距" "Focal length": "focal length" "焦距"; "焦距" "focal length"; None),
    attribute!("load" "承重" "Load": "load" "承重"; "承重" "能承" "load"; Some(More)),
    attribute!("positioning" "卫星定位" "Satellite positioning": "satellite positioning" "gps" "卫星定位"; "定位" "gps" "satellite positioning"; None),
    attribute!("warranty" "保修期" "Warranty": "warranty" "保修" "保修期" "质保"; "保修" "质保" "warranty" "guarantee"; Some(More)),
    attribute!("nfc" "NFC" "NFC": "nfc"; "nfc"; None),
];

/// What fields of the table `products` are called.
static FIELDS: &[Attribute] = &[
    attribute!("price" "价格" "Price": "price"; "价格" "多少钱" "几多钱" "价钱" "售价" "价位" "报价" "报个价" "啥价" "什么价" "到手价" "多少银子" "贵" "price" "cost" "how much is"; Some(Less)),
    attribute!("stock" "库存" "Stock": "stock"; "库存" "有货" "现货" "补货" "缺货" "还有吗" "还有么" "还有没有" "还卖吗" "stock" "available" "availability"; None),
    attribute!("brand" "品牌" "Brand": "brand"; "品牌" "牌子" "哪家的" "谁家" "哪家公司" "哪个公司" "什么公司" "哪家出" "哪家做" "哪家生产" "谁生产" "谁做的" "谁出的" "厂家" "厂商" "制造商" "生产商"
        "brand" "maker" "who makes" "who made" "who manufactures" "manufacturer" "manufactured by" "made by" "which company makes" "what company makes" "what make"; None),
    attribute!("category" "类别" "Category": "category"; "类别" "category"; None),
    attribute!("launched" "上市日期" "Launched": "launched on"; "上市" "哪年" "发布" "launch" "released" "come out"; None),
];

/// Attributes that a question about one of them means as well.
const FAMILIES: &[(&str, &[&str])] = &[
    ("screen", &["screen", "resolution", "panel", "refresh"]),
    ("display", &["screen", "resolution", "panel", "refresh"]),
    ("battery", &["battery", "battery_life", "battery_type", "capacity"]),
    ("battery_life", &["battery_life", "battery"]),
    ("ports", &["ports", "charge_port", "video_port", "ethernet", "host", "output_connector"]),
    ("charging", &["charging", "charge_port"]),
    ("power", &["power", "charging"]),
    // Of what has no version of Bluetooth, how it is connected says whether it has any.
    ("bluetooth", &["bluetooth", "connection"]),
    ("waterproof", &["water_resistance"]),
    ("cpu", &["processor", "cores"]),
    ("processor", &["processor", "cores"]),
    ("storage", &["storage", "capacity"]),
    ("capacity", &["capacity", "storage"]),
    ("colour", &["color"]),
    ("gpu", &["graphics"]),
    ("size", &["size", "screen"]),
    ("dimensions", &["size"]),
    ("memory", &["memory"]),
];

/// One form for names of specifications.
pub fn fold(name: &str) -> String {
    name.trim()
        .chars()
        .map(|character| if matches!(character, '_' | '-') { ' ' } else { character })
        .collect::<String>()
        .to_lowercase()
}

/// The attribute that a specification of a catalogue is. Lists ask this of every specification of thousands of products.
pub fn of_key(key: &str) -> Option<&'static Attribute> {
    static KEYS: LazyLock<FxHashMap<String, &'static Attribute>> = LazyLock::new(|| {
        let forms = |key: &str| [key.to_owned(), key.replace(' ', "_")];
        let all = ATTRIBUTES.iter().flat_map(|attribute| attribute.keys.iter().map(move |key| (key, attribute)));
        all.flat_map(|(key, attribute)| forms(key).map(|form| (form, attribute))).collect()
    });
    KEYS.get(key).or_else(|| KEYS.get(&fold(key))).copied()
}

/// The attribute of this name.
pub fn named(name: &str) -> Option<&'static Attribute> {
    static NAMES: LazyLock<FxHashMap<&str, &'static Attribute>> = LazyLock::new(|| {
        let all = || ATTRIBUTES.iter().chain(FIELDS).rev();
        let keys = all().flat_map(|attribute| attribute.keys.iter().map(move |key| (*key, attribute)));
        // A name comes before a key that is the same, and the first of a kind before others.
        keys.chain(all().map(|attribute| (attribute.name, attribute))).collect()
    });
    NAMES.get(name).or_else(|| NAMES.get(fold(name).as_str())).copied()
}

/// What an attribute is called; a name of the shop's own stands as it is.
pub fn label(key: &str, lang: Lang) -> String {
    match of_key(key).or_else(|| named(key)) {
        Some(attribute) => lang.choose(attribute.zh, attribute.en).to_owned(),
        None => key.replace('_', " "),
    }
}

/// Place in tables: known attributes first, in their order.
pub fn rank(key: &str) -> usize {
    let known = of_key(key).and_then(|one| ATTRIBUTES.iter().position(|other| std::ptr::eq(one, other)));
    known.unwrap_or(ATTRIBUTES.len())
}

/// The attributes that answer a question about one, most to the point first.
pub struct Family<'n> {
    /// The one that is asked for.
    own: &'n str,
    /// All of them, where there are others.
    all: Option<&'static [&'static str]>,
}

impl<'n> Family<'n> {
    pub fn of(name: &'n str) -> Self {
        let own = named(name).map_or(name, |attribute| attribute.name);
        Family { own, all: FAMILIES.iter().find(|(key, _)| *key == own || *key == name).map(|(_, all)| *all) }
    }

    /// How much to the point a specification is, from 0; nothing if it is none of them.
    pub fn place(&self, key: &str) -> Option<usize> {
        let place = |is: &dyn Fn(&str) -> bool| match self.all {
            Some(all) => all.iter().position(|name| is(name)),
            None => is(self.own).then_some(0),
        };
        match of_key(key) {
            Some(attribute) => place(&|name| attribute.name == name),
            None => {
                let folded = fold(key);
                place(&|name| folded == fold(name))
            }
        }
    }
}

/// Specifications of a product that answer a question about an attribute, most to the point first: key and value.
pub fn specs_for<'p>(product: &'p Product, name: &str) -> Vec<(&'p str, &'p str)> {
    let family = Family::of(name);
    let stated = product.specs.iter().filter(|(_, value)| !value.trim().is_empty());
    let mut found: Vec<(usize, (&str, &str))> =
        stated.filter_map(|(key, value)| Some((family.place(key)?, (key.as_str(), value.as_str())))).collect();
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, spec)| spec).collect()
}

/// The attribute that a word means but for one letter: `wieght`, `battry`. Of long words alone, and their first letter stays.
pub fn slipped_in(text: &str) -> Option<&'static str> {
    const LETTERS_MIN: usize = 5;
    let folded = fold(text);
    let is_of = |attribute: &&Attribute, word: &str| {
        attribute.texts().any(|form| {
            form.is_ascii()
                && form.len() >= LETTERS_MIN
                && form.as_bytes()[0] == word.as_bytes()[0]
                && crate::knowledge::words::edits(word, form) == 1
        })
    };
    let mut words =
        folded.split(|character: char| !character.is_ascii_alphabetic()).filter(|word| word.len() >= LETTERS_MIN);
    words.find_map(|word| {
        let all = ATTRIBUTES.iter().chain(FIELDS);
        all.into_iter().find(|attribute| is_of(attribute, word)).map(|attribute| attribute.name)
    })
}

/// Attributes that a text asks for by their own words, or by the names of a product's specifications; those named first
/// come first, at most four.
pub fn asked_in(text: &str, product: Option<&Product>) -> Vec<String> {
    let folded = fold(text);
    let mut found: Vec<(usize, usize, String)> = Vec::new();
    for attribute in ATTRIBUTES.iter().chain(FIELDS) {
        let place = attribute
            .words
            .iter()
            .filter_map(|word| Some((word_at(&folded, word)?, word.len())))
            .min_by_key(|(at, length)| (*at, usize::MAX - *length));
        if let Some((at, length)) = place {
            found.push((at, length, attribute.name.to_owned()));
        }
    }
    for key in product.into_iter().flat_map(|product| product.specs.keys()).filter(|key| of_key(key).is_none()) {
        if let Some(at) = word_at(&folded, &fold(key)) {
            found.push((at, key.len(), key.clone()));
        }
    }
    found.sort_by_key(|(at, length, _)| (*at, usize::MAX - *length));
    // Of words that begin or stand within another, the longer is meant.
    let spans: Vec<(usize, usize)> = found.iter().map(|(at, length, _)| (*at, *at + *length)).collect();
    let inside = |(from, to): (usize, usize)| spans.iter().any(|&(a, b)| a <= from && to <= b && b - a > to - from);
    let mut names: Vec<String> = Vec::new();
    for (at, length, name) in found {
        if !inside((at, at + length)) && !names.contains(&name) {
            names.push(name);
        }
    }
    names.truncate(4);
    names
}

/// Where a word stands: Latin words only whole.
pub fn word_at(text: &str, word: &str) -> Option<usize> {
    if word.is_empty() {
        return None;
    }
    let latin = word.is_ascii();
    text.match_indices(word).map(|(at, _)| at).find(|&at| {
        let before = text[..at].chars().next_back().is_some_and(|character| character.is_ascii_alphanumeric());
        let rest = &text[at + word.len()..];
        let after = rest.strip_prefix('s').unwrap_or(rest).chars().next();
        !latin || !before && !after.is_some_and(|character| character.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_keys_belong_to_one_attribute() {
        let mut keys = std::collections::BTreeSet::new();
        for attribute in ATTRIBUTES.iter().chain(FIELDS) {
            for key in attribute.keys {
                assert!(keys.insert(*key), "{key} belongs to two attributes");
                assert_eq!(fold(key), *key, "keys are folded");
            }
        }
        for (_, family) in FAMILIES {
            assert!(family.iter().all(|name| named(name).is_some()), "{family:?}");
        }
    }

    #[test]
    fn questions_name_attributes() {
        for (text, wanted) in [
            ("它的内存多大", vec!["memory"]),
            ("续航怎么样？重量呢", vec!["battery_life", "weight"]),
            ("How much does it weigh?", vec!["weight"]),
            ("What battery life does it have", vec!["battery_life"]),
            ("你好", vec![]),
            ("compost", vec![]),
        ] {
            assert_eq!(asked_in(text, None), wanted, "{text}");
        }
    }

    #[test]
    fn one_attribute_has_many_keys() {
        let product = Product {
            specs: [("Ram", "16 GB"), ("screen_size", "14 in"), ("refresh_rate", "120 Hz"), ("foo bar", "1")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            ..Product::default()
        };
        assert_eq!(specs_for(&product, "memory"), [("Ram", "16 GB")]);
        assert_eq!(specs_for(&product, "screen"), [("screen_size", "14 in"), ("refresh_rate", "120 Hz")]);
        assert_eq!(specs_for(&product, "foo_bar"), [("foo bar", "1")]);
        assert_eq!(specs_for(&product, "weight"), []);
    }
}
