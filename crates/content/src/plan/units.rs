//! Values of specs as quantities: the number, what it measures, and how it is written in each language. A text that is no
//! quantity is a word, translated where we know it. No conversion but of a whole number of the next unit (1024 GB is 1 TB), so
//! that the figure said is the figure given.

/// What a number measures; numbers of one dimension can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// GB.
    Bytes,
    /// mm.
    Length,
    /// Pixels of the whole picture.
    Pixels,
    Megapixels,
    Hertz,
    Nits,
    Ppi,
    Dpi,
    /// mAh.
    Charge,
    /// Wh.
    Energy,
    /// V.
    Voltage,
    /// W.
    Power,
    /// Minutes.
    Duration,
    /// g.
    Mass,
    /// Mbit/s.
    Speed,
    /// MB/s.
    ByteSpeed,
    PagesPerMinute,
    Pages,
    Months,
    /// A bare number.
    Count,
}

use Dimension::*;

struct Unit {
    written: &'static [&'static str],
    dimension: Dimension,
    /// Base units in one.
    factor: f64,
    zh: &'static str,
    en: &'static str,
}

const fn unit(
    written: &'static [&'static str],
    dimension: Dimension,
    factor: f64,
    zh: &'static str,
    en: &'static str,
) -> Unit {
    Unit { written, dimension, factor, zh, en }
}

static UNITS: &[Unit] = &[
    unit(&["gb", "g", "gib"], Bytes, 1.0, "GB", " GB"),
    unit(&["tb", "t"], Bytes, 1024.0, "TB", " TB"),
    unit(&["mb"], Bytes, 1.0 / 1024.0, "MB", " MB"),
    unit(&["in", "inch", "inches", "\"", "英寸", "寸"], Length, 25.4, "英寸", " in"),
    unit(&["mm", "毫米"], Length, 1.0, "mm", " mm"),
    unit(&["cm", "厘米"], Length, 10.0, "cm", " cm"),
    unit(&["m", "米"], Length, 1000.0, "米", " m"),
    unit(&["ft", "feet", "foot", "英尺"], Length, 304.8, "英尺", " ft"),
    unit(&["mp", "megapixel", "megapixels"], Megapixels, 1.0, "MP", " MP"),
    unit(&["hz", "赫兹"], Hertz, 1.0, "Hz", " Hz"),
    unit(&["mhz"], Hertz, 1e6, "MHz", " MHz"),
    unit(&["ghz"], Hertz, 1e9, "GHz", " GHz"),
    unit(&["nits", "nit", "尼特"], Nits, 1.0, "尼特", " nits"),
    unit(&["ppi"], Ppi, 1.0, "ppi", " ppi"),
    unit(&["dpi"], Dpi, 1.0, "dpi", " dpi"),
    unit(&["mah", "毫安时"], Charge, 1.0, "mAh", " mAh"),
    unit(&["wh"], Energy, 1.0, "Wh", " Wh"),
    unit(&["v", "volt", "volts", "伏"], Voltage, 1.0, "V", " V"),
    unit(&["w", "watt", "watts", "瓦"], Power, 1.0, "W", " W"),
    unit(&["h", "hours", "hour", "hrs", "小时"], Duration, 60.0, "小时", " hours"),
    unit(&["min", "minutes", "分钟"], Duration, 1.0, "分钟", " minutes"),
    unit(&["g", "克"], Mass, 1.0, "克", " g"),
    unit(&["kg", "公斤", "千克"], Mass, 1000.0, "kg", " kg"),
    unit(&["mbps"], Speed, 1.0, "Mbps", " Mbps"),
    unit(&["gbps"], Speed, 1000.0, "Gbps", " Gbps"),
    unit(&["mb/s"], ByteSpeed, 1.0, "MB/s", " MB/s"),
    unit(&["ppm"], PagesPerMinute, 1.0, "页/分钟", " pages a minute"),
    unit(&["pages", "页"], Pages, 1.0, "页", " pages"),
    unit(&["months", "month", "个月"], Months, 1.0, "个月", " months"),
    unit(&[""], Count, 1.0, "", ""),
];

/// A value as it is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// In the base unit of the dimension; `None` for words.
    pub number: Option<(f64, Dimension)>,
    pub zh: String,
    pub en: String,
    /// The number as written, without unit; the words, for words.
    pub bare: String,
}

/// Bytes of a value that are read; longer ones are not values.
const VALUE_BYTES_MAX: usize = 80;

/// Reads the value of an attribute with these dimensions; `None` if it is empty, too long, a denial (`no`, `none`) or not of
/// the dimension.
pub fn read(value: &str, dimensions: &[Dimension]) -> Option<Reading> {
    // A sign in front is no mark to be left out: nothing has a weight of -5 g.
    if value
        .trim_start()
        .strip_prefix(['-', '−'])
        .is_some_and(|rest| rest.starts_with(|one: char| one.is_ascii_digit()))
    {
        return None;
    }
    if is_markup(value) {
        return None;
    }
    let value = super::names::clean(value);
    if value.is_empty() || value.len() > VALUE_BYTES_MAX || is_denial(&value) {
        return None;
    }
    if dimensions.is_empty() {
        return words(&value);
    }
    if dimensions.contains(&Pixels)
        && let Some(reading) = pixels(&value)
    {
        return Some(reading);
    }
    if let Some(reading) = several(&value, dimensions) {
        return Some(reading);
    }
    let (number, rest) = leading_number(&value)?;
    let (unit, after) = unit_of(rest, dimensions)?;
    // `512 GB SSD`: what stands behind the unit is kept, if it is a word of the trade.
    let tail = kept_tail(after)?;
    Some(quantity(number, unit, tail))
}

fn quantity(number: f64, unit: &'static Unit, tail: &str) -> Reading {
    let (number, unit) = match unit.en {
        " GB" if number >= 1024.0 && number % 1024.0 == 0.0 => (number / 1024.0, &UNITS[1]),
        _ => (number, unit),
    };
    let bare = show(number);
    let is_one_of = number == 1.0 && [" hours", " minutes", " months", " pages"].contains(&unit.en);
    let en_unit = if is_one_of { unit.en.trim_end_matches('s') } else { unit.en };
    let tail_zh = match tail {
        "SSD" => "固态硬盘",
        "HDD" => "机械硬盘",
        "Hybrid" => "混合硬盘",
        other => other,
    };
    let space_en = if tail.is_empty() { "" } else { " " };
    Reading {
        number: Some((number * unit.factor, unit.dimension)),
        zh: format!("{bare}{}{tail_zh}", unit.zh),
        en: format!("{bare}{en_unit}{space_en}{tail}"),
        bare,
    }
}

/// A difference between two values of one dimension, in the unit in which the larger one is written.
pub fn difference(a: &Reading, b: &Reading) -> Option<(String, String)> {
    let ((a_number, dimension), (b_number, other)) = (a.number?, b.number?);
    if dimension != other {
        return None;
    }
    let gap = (a_number - b_number).abs();
    let units = UNITS.iter().filter(|unit| unit.dimension == dimension);
    let fitting = |unit: &&Unit| (gap / unit.factor * 10.0).fract().abs() < 1e-6 && gap / unit.factor >= 1.0;
    let unit = units.filter(fitting).max_by(|a, b| a.factor.total_cmp(&b.factor))?;
    let reading = quantity(gap / unit.factor, unit, "");
    Some((reading.zh, reading.en))
}

/// Up to two decimals, no trailing zeros.
fn show(number: f64) -> String {
    let rounded = (number * 100.0).round() / 100.0;
    format!("{rounded}")
}

/// What another program left in a value: `960<U+039C>`, `<i>HDR</i>`, `{{7*7}}`.
fn is_markup(value: &str) -> bool {
    value.contains("{{")
        || value
            .match_indices('<')
            .any(|(at, _)| value[at + 1..].starts_with(|one: char| one.is_ascii_alphabetic() || "/!".contains(one)))
}

fn is_denial(value: &str) -> bool {
    ["no", "none", "无", "不支持", "n/a", "na", "-", "unknown", "未知", "null", "nan", "no os", "other"]
        .contains(&value.to_lowercase().as_str())
}

/// A decimal number at the beginning (thousands may be parted by commas), and the rest.
pub fn leading_number(text: &str) -> Option<(f64, &str)> {
    let n = text.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',')).count();
    let written = text[..n].trim_end_matches([',', '.']);
    let is_thousands = written.split(',').skip(1).all(|group| group.len() == 3 || group.find('.') == Some(3));
    if !is_thousands {
        return None;
    }
    let number = written.replace(',', "").parse::<f64>().ok().filter(|number| *number > 0.0 && *number < 1e9)?;
    // What would be rounded is not said.
    ((number * 100.0).fract().abs() < 1e-6 || (number * 100.0).fract() > 1.0 - 1e-6)
        .then_some((number, text[written.len()..].trim_start()))
}

/// The unit at the beginning of a text, and what follows it.
fn unit_of<'a>(rest: &'a str, dimensions: &[Dimension]) -> Option<(&'static Unit, &'a str)> {
    let lower = rest.to_lowercase();
    let head = lower.split([' ', '(', ',']).next().unwrap_or_default();
    let mut units = UNITS.iter().filter(|unit| dimensions.contains(&unit.dimension));
    let unit = units.find(|unit| unit.written.contains(&head))?;
    // Lower case may change the length of letters outside ASCII, and units have none that do.
    Some((unit, rest.get(head.len()..)?.trim_start()))
}

/// What may stand behind a value: the technology of a disk. Anything else makes the value unclear.
fn kept_tail(after: &str) -> Option<&str> {
    match after {
        "" => Some(""),
        "SSD" | "HDD" | "Hybrid" => Some(after),
        "Flash Storage" => Some(""),
        _ => None,
    }
}

/// `128 GB SSD + 1 TB HDD`: the sum is compared, the parts are said.
fn several(value: &str, dimensions: &[Dimension]) -> Option<Reading> {
    if !dimensions.contains(&Bytes) || !value.contains('+') {
        return None;
    }
    let parts: Option<Vec<Reading>> = value.split('+').map(|part| read(part, &[Bytes])).collect();
    let parts = parts.filter(|parts| (2..=3).contains(&parts.len()))?;
    let sum = parts.iter().filter_map(|part| part.number).map(|(number, _)| number).sum();
    let joined = |one: fn(&Reading) -> &str, sign: &str| parts.iter().map(one).collect::<Vec<_>>().join(sign);
    Some(Reading {
        number: Some((sum, Bytes)),
        zh: joined(|part| &part.zh, "加"),
        en: joined(|part| &part.en, " plus "),
        bare: joined(|part| &part.bare, "+"),
    })
}

/// `1920 x 1080 px`.
fn pixels(value: &str) -> Option<Reading> {
    let text = value.trim_end_matches("px").trim();
    let (a, b) = text.split_once(['x', '×', '*', 'X'])?;
    let side = |text: &str| text.trim().parse::<u32>().ok().filter(|side| (100..=20_000).contains(side));
    let (a, b) = (side(a)?, side(b)?);
    let (wide, high) = (a.max(b), a.min(b));
    let said = format!("{wide}×{high}");
    Some(Reading {
        number: Some((f64::from(wide) * f64::from(high), Pixels)),
        zh: said.clone(),
        en: format!("{wide} x {high}"),
        bare: said,
    })
}

/// Values in words, in Chinese.
const WORDS: &[(&str, &str)] = &[
    ("black", "黑色"),
    ("silver", "银色"),
    ("white", "白色"),
    ("blue", "蓝色"),
    ("grey", "灰色"),
    ("gray", "灰色"),
    ("green", "绿色"),
    ("red", "红色"),
    ("gold", "金色"),
    ("pink", "粉色"),
    ("purple", "紫色"),
    ("silicone", "硅胶"),
    ("leather", "真皮"),
    ("aramid", "芳纶"),
    ("nylon", "尼龙"),
    ("steel", "不锈钢"),
    ("felt", "毛毡"),
    ("clear", "高清"),
    ("matte", "磨砂"),
    ("privacy", "防窥"),
    ("membrane", "薄膜按键"),
    ("mechanical", "机械轴"),
    ("optical", "光轴"),
    ("wired", "有线"),
    ("bluetooth", "蓝牙"),
    ("2.4 ghz", "2.4GHz无线"),
    ("inkjet", "喷墨"),
    ("laser", "激光"),
    ("passive", "被动降噪"),
    ("active", "主动降噪"),
    ("full frame", "全画幅"),
    ("three colours", "三色"),
    ("with keyboard", "带键盘"),
    ("yes", "支持"),
    ("windows 10", "Windows 10"),
    ("touchscreen", "触控屏"),
];

/// Words said otherwise in English than tables have them.
const WORDS_EN: &[(&str, &str)] = &[
    ("passive", "passive noise isolation"),
    ("active", "active noise cancelling"),
    ("full frame", "full-frame"),
    ("clear", "clear"),
    ("75 %", "75 %"),
];

/// A value in words: to the first comma or bracket, which begin what only data sheets need.
fn words(value: &str) -> Option<Reading> {
    let end = value.find([',', '(', ';', '，', '（']).unwrap_or(value.len());
    let head = value[..end].trim().trim_end_matches(['/', '-']).trim();
    if head.is_empty() || head.chars().count() > 44 {
        return None;
    }
    // `IPS Panel Full HD` is of one screen: what it is and how fine.
    let joined = if head.ends_with(" Panel") { head.to_owned() } else { head.replace(" Panel ", " ") };
    let head = joined.as_str();
    let lower = head.to_lowercase();
    let zh = WORDS.iter().find(|(en, _)| *en == lower).map_or_else(|| head.to_owned(), |(_, zh)| (*zh).to_owned());
    let anywhere = [
        (" Panel", "面板"),
        (" / Touchscreen", "触控屏"),
        ("Touchscreen", "触控屏"),
        ("Full HD", "全高清"),
        (" / ", ""),
        ("面板 ", "面板"),
    ];
    let zh = anywhere.iter().fold(zh, |text, (en, zh)| text.replace(en, zh));
    let at_end = [(" mount", "卡口"), (" keys", "键"), (" in", "英寸"), (" Display", "")];
    let zh = at_end
        .iter()
        .fold(zh, |text, (en, zh)| text.strip_suffix(en).map(|head| format!("{head}{zh}")).unwrap_or(text));
    let en = WORDS_EN
        .iter()
        .find(|(word, _)| *word == lower)
        .map_or_else(|| head.replace(" / Touchscreen", " touchscreen"), |(_, said)| (*said).to_owned());
    Some(Reading { number: None, zh, en, bare: head.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_said() {
        for (value, dimensions, zh, en) in [
            ("16 GB", &[Bytes][..], "16GB", "16 GB"),
            ("1024 GB", &[Bytes], "1TB", "1 TB"),
            ("128 GB SSD + 1 TB HDD", &[Bytes], "128GB固态硬盘加1TB机械硬盘", "128 GB SSD plus 1 TB HDD"),
            ("14 in", &[Length], "14英寸", "14 in"),
            ("1 h", &[Duration], "1小时", "1 hour"),
            ("36 h", &[Duration], "36小时", "36 hours"),
            ("1920 x 1080 px", &[Pixels], "1920×1080", "1920 x 1080"),
            ("24 MP", &[Pixels, Megapixels], "24MP", "24 MP"),
            ("1.37 kg", &[Mass], "1.37kg", "1.37 kg"),
            ("2000 nits", &[Nits], "2000尼特", "2000 nits"),
            ("active", &[], "主动降噪", "active noise cancelling"),
            ("Super AMOLED, 120Hz", &[], "Super AMOLED", "Super AMOLED"),
            ("Full HD / Touchscreen", &[], "全高清触控屏", "Full HD touchscreen"),
            ("8", &[Count], "8", "8"),
        ] {
            let reading = read(value, dimensions).unwrap_or_else(|| panic!("{value}"));
            assert_eq!((reading.zh.as_str(), reading.en.as_str()), (zh, en), "{value}");
        }
        for (value, dimensions) in [
            ("none", &[][..]),
            ("16 GB", &[Mass]),
            ("", &[]),
            ("1.234567 kg", &[Mass]),
            ("1,2 kg", &[Mass]),
            ("8 GB up to 64 GB", &[Bytes]),
            ("-5 g", &[Mass]),
            ("GTX 960<U+039C>", &[]),
            ("<i>HDR</i>", &[]),
            ("{{7*7}}", &[]),
        ] {
            assert_eq!(read(value, dimensions), None, "{value}");
        }
    }

    #[test]
    fn differences_are_in_whole_units() {
        let read = |value: &str, dimension| read(value, &[dimension]).unwrap();
        let apart = |a: &str, b: &str, dimension| difference(&read(a, dimension), &read(b, dimension));
        assert_eq!(apart("16 GB", "12 GB", Bytes), Some(("4GB".into(), "4 GB".into())));
        assert_eq!(apart("1.15 kg", "1.3 kg", Mass), Some(("150克".into(), "150 g".into())));
        assert_eq!(apart("5000 mAh", "4500 mAh", Charge), Some(("500mAh".into(), "500 mAh".into())));
    }
}
