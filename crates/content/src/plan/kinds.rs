//! What kind of goods a product is, told from its category and its name: what it is called, and which statements make sense of
//! it (16 GB means something else in a phone than in a laptop). A product of no kind told here is still written about, without
//! statements that need the kind.

use domain::Product;

/// One kind of goods.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    pub key: &'static str,
    pub zh: &'static str,
    /// Singular, in lower case.
    pub en: &'static str,
    pub en_plural: &'static str,
    /// Ends of categories, in lower case.
    categories: &'static [&'static str],
    /// Words in names, in lower case. The kind whose word stands last in the name's head (before "for", brackets and commas)
    /// is taken, as English names end with what the thing is.
    words: &'static [&'static str],
    /// Bought to go with something else.
    pub is_accessory: bool,
}

macro_rules! kinds {
    ($($key:literal $zh:literal $en:literal $plural:literal $accessory:literal: [$($category:literal)*] [$($word:literal)*];)*) => {
        &[$(Kind {
            key: $key, zh: $zh, en: $en, en_plural: $plural, categories: &[$($category),*], words: &[$($word),*],
            is_accessory: $accessory,
        }),*]
    };
}

/// All kinds.
pub static KINDS: &[Kind] = kinds![
    "laptop" "笔记本电脑" "laptop" "laptops" false:
        ["laptops" "笔记本电脑" "notebook" "ultrabook" "gaming" "2 in 1 convertible" "workstation" "netbook"]
        ["laptop" "notebook pc" "chromebook" "macbook" "笔记本电脑"];
    "desktop" "台式机" "desktop PC" "desktop PCs" false: ["desktops" "台式机"] ["desktop pc" "台式机" "台式电脑"];
    "monitor" "显示器" "monitor" "monitors" false: ["monitors" "显示器"] ["monitor" "显示器"];
    "tablet" "平板电脑" "tablet" "tablets" false: ["tablets" "平板电脑"] ["tablet" "ipad" "galaxy tab" "lenovo tab" "redmi pad" "realme pad" "xiaomi pad" "oneplus pad" "平板电脑"];
    "phone" "手机" "phone" "phones" false:
        ["smartphones" "手机" "unlocked cell phones" "all unlocked cell phones" "prepaid phones" "all prepaid phones"
         "all cell phones with plans" "iphone" "refurbished phones"]
        ["smartphone" "cell phone" "mobile phone" "keypad phone" "keypad mobile" "手机"];
    "watch" "智能手表" "smart watch" "smart watches" false: ["smart watches" "智能手表"] ["smart watch" "smartwatch" "智能手表"];
    "headphones" "耳机" "headphones" "headphones" false: ["headphones" "头戴耳机"]
        ["headphones" "headphone" "headset" "头戴耳机"];
    "earbuds" "耳机" "earbuds" "earbuds" false: ["earbuds" "真无线耳机"]
        ["earbuds" "earbud" "buds" "earphones" "earphone" "airdopes" "neckband" "真无线耳机"];
    "speaker" "音箱" "speaker" "speakers" false: ["speakers" "音箱"] ["speaker" "soundbar" "sound bar" "speakers" "音箱"];
    "camera" "相机" "camera" "cameras" false: ["cameras" "微单相机"] ["mirrorless camera" "digital camera" "dslr camera" "action camera" "微单相机"];
    "drone" "无人机" "drone" "drones" false: ["drones" "无人机"] ["drone" "无人机"];
    "router" "路由器" "router" "routers" false: ["routers" "路由器"] ["router" "wifi mesh" "路由器"];
    "printer" "打印机" "printer" "printers" false: ["printers" "打印机"] ["printer" "打印机"];
    "tv" "电视" "TV" "TVs" false: ["televisions" "电视"] ["led tv" "smart tv" "google tv" "android tv" "qled tv" "oled tv" "智能电视"];
    "ereader" "电子书阅读器" "e-reader" "e-readers" false: ["e-readers" "电子书阅读器"] ["e-reader" "ereader" "电子书阅读器"];
    "console" "掌上游戏机" "handheld console" "handheld consoles" false: ["consoles" "掌上游戏机" "handhelds"] ["handheld console" "掌上游戏机"];
    "phone_case" "手机壳" "phone case" "phone cases" true:
        ["手机壳" "cell phone cases & clips" "iphone cases & clips" "phone cases"]
        ["phone case" "back cover" "back case" "flip cover" "flip case" "folio case" "wallet case" "hard shell case" "bumper case" "手机壳" "cover case" "case cover"];
    "protector" "屏幕贴膜" "screen protector" "screen protectors" true: ["手机膜" "screen protectors"]
        ["screen protector" "screen guard" "tempered glass" "钢化膜"];
    "tablet_case" "平板保护套" "tablet cover" "tablet covers" true: ["平板保护套"] ["tablet cover" "tablet case" "平板保护套"];
    "sleeve" "电脑包" "laptop sleeve" "laptop sleeves" true: ["电脑包"] ["laptop sleeve" "sleeve" "电脑内胆包"];
    "bag" "双肩包" "backpack" "backpacks" true: [] ["backpack" "laptop bag"];
    "charger" "充电器" "charger" "chargers" true: ["充电器" "chargers"] ["charger" "power adapter" "wall charger" "car charger" "充电器"];
    "cable" "数据线" "cable" "cables" true: ["数据线" "data cables"] ["cable" "cord" "数据线"];
    "power_bank" "充电宝" "power bank" "power banks" true: ["充电宝" "power banks" "portable chargers"] ["power bank" "powerbank" "portable charger" "充电宝"];
    "keyboard" "键盘" "keyboard" "keyboards" true: ["keyboards" "键盘"] ["keyboard" "keyboard and mouse" "keyboard & mouse" "键盘"];
    "mouse" "鼠标" "mouse" "mice" true: ["mice" "鼠标"] ["mouse" "鼠标"];
    "drive" "移动固态硬盘" "portable SSD" "portable SSDs" true: ["移动硬盘" "portable ssds"] ["portable ssd" "移动固态硬盘"];
    "memory_card" "存储卡" "memory card" "memory cards" true: ["存储卡" "memory cards"] ["memory card" "microsd card" "sd card" "存储卡"];
    "lens" "镜头" "lens" "lenses" true: ["lenses" "镜头"] ["lens" "镜头"];
    "battery" "备用电池" "spare battery" "spare batteries" true: ["相机电池" "camera batteries" "internal batteries"] ["spare battery" "replacement battery" "备用电池"];
    "dock" "扩展坞" "docking hub" "docking hubs" true: ["扩展坞" "docks"] ["docking hub" "docking station" "usb hub" "扩展坞"];
    "memory_module" "内存条" "memory module" "memory modules" true: ["内存条" "memory modules"] ["memory module" "内存条"];
    "strap" "表带" "watch strap" "watch straps" true: ["表带" "straps"] ["watch strap" "watch band" "表带"];
    "stylus" "手写笔" "stylus" "styluses" true: ["手写笔" "styluses"] ["stylus" "手写笔"];
    "ink" "耗材" "cartridge" "cartridges" true: ["墨盒硒鼓" "ink"] ["ink cartridge" "toner" "墨盒"];
    "mount" "支架" "mount" "mounts" true: ["显示器支架" "mounts"] ["screen mount" "wall mount" "phone stand" "laptop stand" "phone holder" "mobile holder" "支架"];
    "webcam" "摄像头" "webcam" "webcams" true: [] ["webcam" "网络摄像头"];
];

impl Kind {
    /// One of it, in English: `laptop`, but `pair of headphones`.
    pub fn one(&self) -> &'static str {
        match self.key {
            "headphones" => "pair of headphones",
            "earbuds" => "pair of earbuds",
            _ => self.en,
        }
    }
}

/// The kind with this key.
pub fn kind(key: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.key == key)
}

/// Where the last word for a kind of goods ends that begins within the first so many bytes; `None` without one.
pub(super) fn noun_end(name: &str, bytes_max: usize) -> Option<usize> {
    let lower = name.to_ascii_lowercase();
    let head = &lower[..lower.floor_char_boundary(bytes_max)];
    let ends = KINDS.iter().flat_map(|kind| kind.words).filter_map(|word| word_end(head, word));
    ends.max()
}

/// What kind of goods a product is; `None` if neither category nor name tells. A category counts before the name, unless the name says plainly that the
/// thing is another: a case among phones, a router among cables.
pub fn kind_of(product: &Product) -> Option<&'static Kind> {
    let category = product.category.as_deref().unwrap_or_default().to_lowercase();
    let parts: Vec<&str> = category.split('/').map(str::trim).collect();
    let by_category = parts.iter().rev().find_map(|part| {
        KINDS
            .iter()
            .find(|kind| kind.categories.contains(part) || kind.categories.contains(&part.trim_end_matches('s')))
    });
    let by_name = by_name(&product.name);
    match (by_category, by_name) {
        (Some(of_category), Some(of_name)) => {
            Some(if is_contradicted(of_category, of_name, &product.name) { of_name } else { of_category })
        }
        (Some(of_category), None) => Some(of_category),
        // What goes with phones is no phone.
        (None, found) => found.filter(|kind| kind.is_accessory || !parts.iter().any(|part| is_for(part, kind))),
    }
}

/// Whether a part of a category speaks of what goes with a kind of goods: `cell phone accessories`.
fn is_for(part: &str, kind: &Kind) -> bool {
    let last = kind.en.rsplit(' ').next().unwrap_or(kind.en).to_lowercase();
    (part.contains("accessor") && part.contains(&last)) || (part.contains("配件") && part.contains(kind.zh))
}

/// Whether a name says plainly that the thing is not of its category's kind: one of the two goes with the other, or both go with something, and the
/// name ends with the word of its own kind and has none of the category's.
fn is_contradicted(of_category: &Kind, of_name: &Kind, name: &str) -> bool {
    let beginning = beginning(name);
    let head = head(&beginning);
    let stands = |kind: &Kind| kind.words.iter().any(|word| word_end(head, word).is_some());
    // A name that gives memory and storage is a device's, whatever part of it is named last.
    let has_sizes = head.contains("gb") || head.contains("ram");
    let goes_with = of_category.is_accessory || of_name.is_accessory;
    let is_part = has_sizes && !of_category.is_accessory;
    of_category.key != of_name.key && goes_with && !is_part && !stands(of_category)
}

/// The beginning of a name in lower case.
fn beginning(name: &str) -> String {
    name.chars().take(120).flat_map(char::to_lowercase).collect()
}

/// Of the beginning of a name what stands before the goods that it goes with, or more of its own.
fn head(beginning: &str) -> &str {
    let stops = [" for ", " compatible ", " with ", "(", ",", "|", " - ", ":"];
    let ends = stops.iter().filter_map(|stop| beginning.find(stop)).filter(|at| *at > 8);
    &beginning[..ends.min().unwrap_or(beginning.len())]
}

/// The kind that a name's head ends with.
fn by_name(name: &str) -> Option<&'static Kind> {
    let beginning = beginning(name);
    let last = |text: &str| {
        let found = KINDS.iter().flat_map(|kind| kind.words.iter().map(move |word| (kind, *word)));
        let (end, _, kind) = found
            .filter_map(|(kind, word)| Some((word_end(text, word)?, word.len(), kind)))
            .max_by_key(|(end, length, _)| (*end, *length))?;
        (!is_another(&text[end..], &beginning, kind)).then_some(kind)
    };
    let stops = [" for ", " compatible", " with "];
    let own = stops.iter().filter_map(|stop| beginning.find(stop)).min().unwrap_or(beginning.len());
    // Behind the head devices are still named, but accessories may be named for what they go with.
    last(head(&beginning))
        .or_else(|| last(&beginning[..own]).filter(|kind| !kind.is_accessory))
        .or_else(|| by_sizes(&beginning))
}

/// Whether what follows the word of a kind makes another thing of it (a keyboard bag, a phone's signal booster), or the name has what no thing of that
/// kind has (a cable with ports of a network).
fn is_another(behind: &str, beginning: &str, kind: &Kind) -> bool {
    const THINGS: &[&str] = &[
        "bag",
        "booster",
        "cleaner",
        "cleaning",
        "cover",
        "case",
        "stand",
        "holder",
        "mount",
        "strap",
        "skin",
        "pouch",
        "sleeve",
        "charger",
        "cable",
        "adapter",
        "adaptor",
        "protector",
        "battery",
        "repair",
        "replacement",
        "tray",
        "shelf",
        "arm",
        "trolley",
        "bracket",
        "remote",
        "filter",
        "cap",
        "hood",
        "organizer",
        "organiser",
    ];
    const THINGS_ZH: &[&str] = &["信号", "袋", "包", "贴", "膜", "架", "座", "清洁", "维修", "套", "垫", "盖", "收纳"];
    // A case that is called a cover, too, stays one.
    let is_one = ["phone_case", "tablet_case", "sleeve", "bag", "protector", "mount", "charger", "strap", "dock"]
        .contains(&kind.key);
    let mut next = behind.split(|one: char| !one.is_alphanumeric()).filter(|word| !word.is_empty()).take(2);
    let is_followed =
        next.any(|word| THINGS.contains(&word)) || THINGS_ZH.iter().any(|thing| behind.starts_with(thing));
    !is_one && is_followed
        || NOT_WITH.iter().any(|(key, words)| *key == kind.key && words.iter().any(|word| beginning.contains(word)))
}

/// Words that no thing of a kind has in its name: a cable has no ports of a network, what is drawn on no screen, and what is worn before the
/// eyes is not heard.
const NOT_WITH: &[(&str, &[&str])] = &[
    ("cable", &["lan port", "wps button", "mbps wireless", "dual band", "dual_band", "single band", "single_band"]),
    ("tablet", &["drawing tablet", "graphic tablet", "graphics tablet", "pen tablet", "writing tablet", "writing pad"]),
    ("headphones", &["vr headset", "virtual reality", "vr box", "vr glasses"]),
];

/// Phones and laptops whose names give memory and storage, or a processor, instead of their kind.
fn by_sizes(name: &str) -> Option<&'static Kind> {
    let any = |words: &[&str]| words.iter().any(|word| word_end(name, word).is_some());
    if any(&["case", "cover", "for", "compatible", "charger", "adapter", "card", "drive", "pad", "tab", "desktop"]) {
        return None;
    }
    let is_laptop = any(&["intel core", "ryzen", "core i3", "core i5", "core i7"])
        && (name.contains("ram") || name.contains("ssd"));
    let is_phone =
        name.contains("gb") && any(&["storage"]) && (name.contains("ram") || name.matches("gb").count() >= 2);
    if is_laptop {
        return kind("laptop");
    }
    is_phone.then(|| kind("phone")).flatten()
}

/// Where the last whole occurrence of a word ends.
fn word_end(text: &str, word: &str) -> Option<usize> {
    let is_edge = |one: Option<char>| one.is_none_or(|one| !one.is_ascii_alphanumeric());
    text.rmatch_indices(word).find_map(|(at, _)| {
        let end = at + word.len();
        (is_edge(text[..at].chars().next_back()) && is_edge(text[end..].chars().next())).then_some(end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, category: Option<&str>) -> Option<&'static str> {
        let product = Product { name: name.to_owned(), category: category.map(str::to_owned), ..Product::default() };
        kind_of(&product).map(|kind| kind.key)
    }

    #[test]
    fn kinds_are_told_by_category_then_name() {
        for (name, category, expected) in [
            ("HP 250 G6", Some("Computers/Laptops/Notebook"), Some("laptop")),
            ("科梵 Velo 2 笔记本电脑 16GB+512GB", Some("电脑/笔记本电脑"), Some("laptop")),
            ("POPIO Tempered Glass Screen Protector for Samsung Galaxy Watch 4", None, Some("protector")),
            (
                "OtterBox - Strada Series Case for Apple iPhone 7",
                Some("Cell Phones/Cell Phone Accessories/Cell Phone Cases & Clips"),
                Some("phone_case"),
            ),
            ("Dell Laptop Charger 65W", None, Some("charger")),
            ("Energizer CR2032 3V Lithium Battery - Pack of 4 Pieces", None, None),
            ("Noise ColorFit Pulse 2: 1.8\" Biggest Display Smart Watch", None, Some("watch")),
            ("realme narzo 50 (Speed Black, 6GB RAM+128GB Storage) Helio G96", None, Some("phone")),
            ("HP 15s,11th Gen Intel Core i3-1115G4 8GB RAM/512GB SSD", None, Some("laptop")),
            ("Cat Care Compatible with Airpods Pro Case", None, None),
            ("Lenovo Tab M10 FHD Plus (10.3 Inch, 128 GB) with Earphone", None, Some("tablet")),
            ("Motorola G32 (4GB, 64GB) with Earphone", None, None),
            ("Logitech MK235 Wireless Keyboard and Mouse Set for Windows", None, Some("keyboard")),
            ("boAt Stone 620 Bluetooth Speaker with 12W RMS", None, Some("speaker")),
            // What goes with a thing is not the thing.
            ("Mexa Keyboard Bag Compatible With Yamaha PSR-E363, E373", None, None),
            (
                "zBoost - SOHO Cell Phone Signal Booster for Small Homes",
                Some("Cell Phones/Cell Phone Accessories/Signal Boosters"),
                None,
            ),
            (
                "TP-Link TL-WR841N RJ-45 300Mbps Wireless Single_Band N Cable, 4 Fast LAN Ports, Easy Setup, WPS Button",
                None,
                None,
            ),
            ("ALLie - VR Headset - White", None, None),
            ("XP-Pen StarG640 Ultra-Thin Graphic Drawing Tablet (6\" x 4\")", None, None),
            ("TP-Link Archer C6 Gigabit WiFi Router", Some("Computers/Data Cables"), Some("router")),
            ("Spigen Phone Case for iPhone 7", Some("Phones/Smartphones"), Some("phone_case")),
            ("ASUS Vivobook 15 8GB RAM Backlit Keyboard", Some("Computers/Laptops"), Some("laptop")),
        ] {
            assert_eq!(told(name, category), expected, "{name}");
        }
    }
}
