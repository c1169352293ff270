//! Specs of consumer electronics, normalised: one name per attribute whatever the shop calls it in English or Chinese,
//! one spelling per quantity (`8GB`, `8 gb` and `8192MB` are `8 GB`). Text that is no quantity stays as it is. Not
//! here: which column holds which attribute (see `mapping`).

/// What kind of quantity an attribute is, hence which units it may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    Text,
    Bytes,
    Storage,
    Frequency,
    Charge,
    Mass,
    Inches,
    Pixels,
    Power,
}

struct Attribute {
    name: &'static str,
    quantity: Quantity,
    /// The unit of a bare number.
    default_unit: &'static str,
    /// Other names, in lower case without spaces and punctuation.
    synonyms: &'static [&'static str],
}

const fn attribute(
    name: &'static str,
    quantity: Quantity,
    default_unit: &'static str,
    synonyms: &'static [&'static str],
) -> Attribute {
    Attribute { name, quantity, default_unit, synonyms }
}

static ATTRIBUTES: &[Attribute] = &[
    attribute("memory", Quantity::Bytes, "GB", &["ram", "ramsize", "内存", "运行内存", "运存", "内存容量"]),
    attribute(
        "storage",
        Quantity::Storage,
        "GB",
        &[
            "rom",
            "ssd",
            "hdd",
            "harddisk",
            "harddrive",
            "internalstorage",
            "存储",
            "存储容量",
            "机身存储",
            "硬盘",
            "硬盘容量",
        ],
    ),
    attribute("cpu_clock", Quantity::Frequency, "GHz", &["cpuspeed", "clock", "主频", "处理器主频", "cpu主频"]),
    attribute("refresh_rate", Quantity::Frequency, "Hz", &["刷新率", "屏幕刷新率"]),
    attribute("battery", Quantity::Charge, "mAh", &["batterycapacity", "电池", "电池容量"]),
    attribute("weight", Quantity::Mass, "kg", &["mass", "重量", "毛重", "净重", "机身重量"]),
    attribute(
        "screen_size",
        Quantity::Inches,
        "inch",
        &["inches", "displaysize", "screen", "屏幕尺寸", "屏幕", "主屏尺寸", "尺寸"],
    ),
    attribute(
        "resolution",
        Quantity::Pixels,
        "px",
        &["screenresolution", "displayresolution", "分辨率", "屏幕分辨率", "主屏分辨率"],
    ),
    attribute("power", Quantity::Power, "W", &["wattage", "功率", "额定功率", "充电功率"]),
    attribute("cpu", Quantity::Text, "", &["processor", "chipset", "处理器", "芯片", "cpu型号"]),
    attribute("gpu", Quantity::Text, "", &["graphics", "graphicscard", "显卡", "显卡型号"]),
    attribute("os", Quantity::Text, "", &["opsys", "operatingsystem", "操作系统", "系统"]),
    attribute("colour", Quantity::Text, "", &["color", "colors", "颜色", "机身颜色"]),
    attribute("usb", Quantity::Text, "", &["接口", "充电接口"]),
];

/// Letters and digits of a heading, in lower case: what synonyms are compared by.
pub fn plain_name(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn find(name: &str) -> Option<&'static Attribute> {
    let plain = plain_name(name);
    ATTRIBUTES.iter().find(|a| plain_name(a.name) == plain || a.synonyms.contains(&plain.as_str()))
}

/// The attribute's one name, if Tercet knows it: `内存` and `RAM` are `memory`.
pub fn attribute_name(name: &str) -> Option<&'static str> {
    find(name).map(|attribute| attribute.name)
}

/// The value of an attribute in its one spelling. A bare number gets `unit`, or the attribute's usual unit.
pub fn normalise(name: &str, value: &str, unit: Option<&str>) -> String {
    let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some(attribute) = find(name) else {
        return match unit {
            Some(unit) if number(&value).is_some_and(|(_, rest)| rest.is_empty()) => format!("{value} {unit}"),
            _ => value,
        };
    };
    let unit = unit.unwrap_or(attribute.default_unit);
    let normal = match attribute.quantity {
        Quantity::Text => None,
        Quantity::Bytes => amount(&value, unit).and_then(|(n, unit)| bytes(n, &unit)),
        Quantity::Storage => storage(&value, unit),
        Quantity::Frequency => amount(&value, unit).and_then(|(n, unit)| frequency(n, &unit)),
        Quantity::Charge => amount(&value, unit).and_then(|(n, unit)| charge(n, &unit)),
        Quantity::Mass => amount(&value, unit).and_then(|(n, unit)| mass(n, &unit)),
        Quantity::Inches => amount(&value, unit).and_then(|(n, unit)| inches(n, &unit)),
        Quantity::Pixels => pixels(&value),
        Quantity::Power => amount(&value, unit).and_then(|(n, unit)| power(n, &unit)),
    };
    normal.unwrap_or(value)
}

/// A leading decimal number, and the rest.
fn number(text: &str) -> Option<(f64, &str)> {
    let n = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let value = text[..n].parse::<f64>().ok().filter(|value| value.is_finite() && *value < 1e12)?;
    Some((value, text[n..].trim_start()))
}

/// A whole text `8GB`, `8 GB`, `8`: the number and its unit in lower case.
fn amount(text: &str, default_unit: &str) -> Option<(f64, String)> {
    let (value, unit) = number(text)?;
    let unit = if unit.is_empty() { default_unit } else { unit };
    Some((value, unit.trim_end_matches('.').to_lowercase()))
}

/// To three decimals. Scales are chosen by rounded values, so that what is shown is read as the same again.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// Up to three decimals, no trailing zeros.
fn show(value: f64, unit: &str) -> Option<String> {
    let rounded = rounded(value);
    (rounded > 0.0).then(|| format!("{rounded} {unit}"))
}

/// Shops count memory in powers of two and disks loosely; 1024 or exactly 1000 of a unit are one of the next.
fn bytes(value: f64, unit: &str) -> Option<String> {
    let units = ["KB", "MB", "GB", "TB", "PB"];
    let mut idx = match unit {
        "kb" | "k" => 0,
        "mb" | "m" | "兆" => 1,
        "gb" | "g" | "gib" | "吉" => 2,
        "tb" | "t" | "tib" => 3,
        _ => return None,
    };
    let mut value = rounded(value);
    while idx + 1 < units.len() && value >= 1000.0 && (value % 1024.0 == 0.0 || value % 1000.0 == 0.0) {
        value /= if value % 1024.0 == 0.0 { 1024.0 } else { 1000.0 };
        idx += 1;
    }
    show(value, units[idx])
}

/// `1TB HDD + 128GB SSD`: each disk in its own spelling, the order kept.
fn storage(text: &str, default_unit: &str) -> Option<String> {
    let disks: Option<Vec<String>> = text.split('+').map(|disk| one_disk(disk.trim(), default_unit)).collect();
    disks.map(|disks| disks.join(" + "))
}

fn one_disk(text: &str, default_unit: &str) -> Option<String> {
    let (value, rest) = number(text)?;
    let n_letters = rest.chars().take_while(|c| c.is_alphanumeric()).map(char::len_utf8).sum();
    let (unit, kind) = rest.split_at(n_letters);
    let unit = if unit.is_empty() { default_unit } else { unit };
    let size = bytes(value, &unit.to_lowercase())?;
    let kind = kind.trim();
    Some(if kind.is_empty() { size } else { format!("{size} {kind}") })
}

fn frequency(value: f64, unit: &str) -> Option<String> {
    let factor = match unit {
        "hz" | "赫兹" | "赫" => 1.0,
        "khz" => 1e3,
        "mhz" => 1e6,
        "ghz" => 1e9,
        _ => return None,
    };
    let hertz = rounded(value * factor);
    let (scale, unit) = match hertz {
        hertz if hertz >= 1e9 => (1e9, "GHz"),
        hertz if hertz >= 1e6 => (1e6, "MHz"),
        hertz if hertz >= 1e4 => (1e3, "kHz"),
        _ => (1.0, "Hz"),
    };
    show(hertz / scale, unit)
}

fn charge(value: f64, unit: &str) -> Option<String> {
    match unit {
        "mah" | "毫安" | "毫安时" => show(value, "mAh"),
        "ah" => show(value * 1000.0, "mAh"),
        "wh" => show(value, "Wh"),
        _ => None,
    }
}

fn mass(value: f64, unit: &str) -> Option<String> {
    let factor = match unit {
        "g" | "gr" | "gram" | "grams" | "克" => 1.0,
        "kg" | "kgs" | "kilogram" | "千克" | "公斤" => 1000.0,
        "lb" | "lbs" | "pound" | "pounds" | "磅" => 453.592_37,
        "oz" | "ounce" | "ounces" => 28.349_523,
        "斤" => 500.0,
        _ => return None,
    };
    let grams = rounded(value * factor);
    if grams >= 1000.0 { show(grams / 1000.0, "kg") } else { show(grams, "g") }
}

fn inches(value: f64, unit: &str) -> Option<String> {
    match unit {
        "inch" | "inches" | "in" | "\"" | "''" | "”" | "″" | "英寸" | "寸" => show(value, "inch"),
        "cm" | "厘米" => show((value / 2.54 * 10.0).round() / 10.0, "inch"),
        _ => None,
    }
}

/// The last `a x b` in the text, larger side first: `IPS Panel Full HD 1920x1080` is `1920 x 1080 px`.
fn pixels(text: &str) -> Option<String> {
    let joined = text.replace(['×', '*', 'X'], "x").replace(" x ", "x");
    let word = joined.split_whitespace().rev().find(|word| side_pair(word).is_some())?;
    let (a, b) = side_pair(word)?;
    Some(format!("{} x {} px", a.max(b), a.min(b)))
}

fn side_pair(word: &str) -> Option<(u32, u32)> {
    let (a, b) = word.split_once('x')?;
    let b = b.trim_end_matches(|c: char| !c.is_ascii_digit());
    let side = |text: &str| text.parse::<u32>().ok().filter(|side| (16..=100_000).contains(side));
    Some((side(a)?, side(b)?))
}

fn power(value: f64, unit: &str) -> Option<String> {
    match unit {
        "w" | "watt" | "watts" | "瓦" => show(value, "W"),
        "kw" | "千瓦" => show(value * 1000.0, "W"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_have_one_spelling() {
        for (name, value, expected) in [
            ("Ram", "8GB", "8 GB"),
            ("内存", "8192 MB", "8 GB"),
            ("ram", "12", "12 GB"),
            ("storage", "1000", "1 TB"),
            ("storage", "1TB HDD + 128GB SSD", "1 TB HDD + 128 GB SSD"),
            ("storage", "128GB SSD +  1.0TB Hybrid", "128 GB SSD + 1 TB Hybrid"),
            ("硬盘", "512G", "512 GB"),
            ("weight", "1.37kg", "1.37 kg"),
            ("weight", "1370 g", "1.37 kg"),
            ("重量", "199克", "199 g"),
            ("weight", "0.92kg", "920 g"),
            ("Inches", "13.3", "13.3 inch"),
            ("屏幕尺寸", "15.6英寸", "15.6 inch"),
            ("screen size", "6.1\"", "6.1 inch"),
            ("ScreenResolution", "IPS Panel Retina Display 2560x1600", "2560 x 1600 px"),
            ("display_resolution", "1206 x 2622", "2622 x 1206 px"),
            ("分辨率", "1920×1080", "1920 x 1080 px"),
            ("刷新率", "144Hz", "144 Hz"),
            ("cpu_clock", "2.3GHz", "2.3 GHz"),
            ("cpu_clock", "900MHz", "900 MHz"),
            ("battery", "5000mAh", "5000 mAh"),
            ("电池容量", "5Ah", "5000 mAh"),
            ("power", "65W", "65 W"),
            ("colour", " Space  Grey ", "Space Grey"),
            ("ram", "unknown", "unknown"),
        ] {
            assert_eq!(normalise(name, value, None), expected, "{name}: {value}");
        }
        assert_eq!(normalise("weight", "199.0", Some("g")), "199 g");
        assert_eq!(normalise("ppi", "460", Some("ppi")), "460 ppi");
        assert_eq!(attribute_name("运行内存"), Some("memory"));
        assert_eq!(attribute_name("shoe size"), None);
    }
}
