//! The units in which shops state things: how they are written, what they measure, and how many base units they are.

use super::QuantityKind as Kind;

/// One way to write a unit.
pub(super) struct Unit {
    /// In lower case for Latin letters.
    pub written: &'static str,
    pub kind: Kind,
    /// Base units in one.
    pub factor: f64,
    /// What a number must be for the unit to be believed: short units also end model numbers.
    pub allowed: Allowed,
    pub case: Case,
}

/// How large a number may be before a unit.
pub(super) enum Allowed {
    Any,
    UpTo(f64),
    OneOf(&'static [f64]),
}

/// Which case a unit is written in.
#[derive(PartialEq)]
pub(super) enum Case {
    Either,
    Lower,
    Upper,
}

impl Allowed {
    pub fn allows(&self, value: f64) -> bool {
        match self {
            Allowed::Any => true,
            Allowed::UpTo(most) => value <= *most,
            Allowed::OneOf(values) => values.contains(&value),
        }
    }
}

/// Sizes that memory and storage come in, in GB.
pub(super) const SIZES: &[f64] = &[
    1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 16.0, 18.0, 20.0, 24.0, 32.0, 36.0, 48.0, 64.0, 80.0, 96.0, 120.0, 128.0,
    160.0, 192.0, 240.0, 250.0, 256.0, 320.0, 384.0, 480.0, 500.0, 512.0, 640.0, 750.0, 768.0, 960.0, 1000.0, 1024.0,
    2048.0,
];
const DISKS: &[f64] = &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0, 18.0, 20.0, 22.0, 24.0];
const LINES: &[f64] = &[240.0, 360.0, 480.0, 540.0, 576.0, 720.0, 1080.0, 1200.0, 1440.0, 2160.0, 4320.0];

const fn unit(written: &'static str, kind: Kind, factor: f64) -> Unit {
    Unit { written, kind, factor, allowed: Allowed::Any, case: Case::Either }
}

const fn up_to(written: &'static str, kind: Kind, factor: f64, most: f64, case: Case) -> Unit {
    Unit { written, kind, factor, allowed: Allowed::UpTo(most), case }
}

const fn one_of(written: &'static str, kind: Kind, factor: f64, values: &'static [f64], case: Case) -> Unit {
    Unit { written, kind, factor, allowed: Allowed::OneOf(values), case }
}

/// Units in Latin letters and signs. `g` alone is told apart by what stands around it.
pub(super) const LATIN: &[Unit] = &[
    unit("tb", Kind::Storage, 1024.0),
    one_of("t", Kind::Storage, 1024.0, DISKS, Case::Upper),
    unit("gb", Kind::Storage, 1.0),
    unit("gib", Kind::Storage, 1.0),
    one_of("g", Kind::Storage, 1.0, SIZES, Case::Either),
    one_of("g", Kind::Network, 1.0, &[5.0], Case::Either),
    up_to("g", Kind::Weight, 1.0, 100_000.0, Case::Lower),
    unit("mb", Kind::Storage, 1.0 / 1024.0),
    unit("mah", Kind::Battery, 1.0),
    up_to("ah", Kind::Battery, 1000.0, 1000.0, Case::Either),
    unit("wh", Kind::Energy, 1.0),
    up_to("w", Kind::Power, 1.0, 5000.0, Case::Either),
    unit("kw", Kind::Power, 1000.0),
    unit("watt", Kind::Power, 1.0),
    unit("watts", Kind::Power, 1.0),
    up_to("hz", Kind::RefreshRate, 1.0, 1000.0, Case::Either),
    unit("khz", Kind::Frequency, 1e-3),
    unit("mhz", Kind::Frequency, 1.0),
    unit("ghz", Kind::Frequency, 1000.0),
    unit("kg", Kind::Weight, 1000.0),
    unit("mg", Kind::Weight, 1e-3),
    unit("lb", Kind::Weight, 453.592_37),
    unit("lbs", Kind::Weight, 453.592_37),
    unit("pounds", Kind::Weight, 453.592_37),
    unit("oz", Kind::Weight, 28.349_523_125),
    unit("ounces", Kind::Weight, 28.349_523_125),
    unit("grams", Kind::Weight, 1.0),
    unit("inch", Kind::Screen, 1.0),
    unit("inches", Kind::Screen, 1.0),
    up_to("in", Kind::Screen, 1.0, 120.0, Case::Lower),
    up_to("\"", Kind::Screen, 1.0, 120.0, Case::Either),
    up_to("''", Kind::Screen, 1.0, 120.0, Case::Either),
    up_to("″", Kind::Screen, 1.0, 120.0, Case::Either),
    unit("mm", Kind::Length, 1.0),
    unit("cm", Kind::Length, 10.0),
    unit("centimetres", Kind::Length, 10.0),
    unit("centimeters", Kind::Length, 10.0),
    unit("millimetres", Kind::Length, 1.0),
    unit("millimeters", Kind::Length, 1.0),
    unit("milligrams", Kind::Weight, 1e-3),
    up_to("m", Kind::Length, 1000.0, 1000.0, Case::Lower),
    unit("nit", Kind::Brightness, 1.0),
    unit("nits", Kind::Brightness, 1.0),
    unit("mp", Kind::Camera, 1.0),
    unit("megapixel", Kind::Camera, 1.0),
    unit("megapixels", Kind::Camera, 1.0),
    unit("fps", Kind::FrameRate, 1.0),
    unit("dpi", Kind::Density, 1.0),
    unit("ppi", Kind::Density, 1.0),
    unit("db", Kind::Loudness, 1.0),
    up_to("v", Kind::Voltage, 1.0, 500.0, Case::Upper),
    up_to("a", Kind::Current, 1.0, 20.0, Case::Upper),
    unit("°c", Kind::Temperature, 1.0),
    unit("℃", Kind::Temperature, 1.0),
    unit("mbps", Kind::Speed, 1.0),
    unit("gbps", Kind::Speed, 1000.0),
    unit("mb/s", Kind::Speed, 8.0),
    unit("gb/s", Kind::Speed, 8000.0),
    up_to("h", Kind::Duration, 3600.0, 200.0, Case::Lower),
    unit("hr", Kind::Duration, 3600.0),
    unit("hrs", Kind::Duration, 3600.0),
    unit("hour", Kind::Duration, 3600.0),
    unit("hours", Kind::Duration, 3600.0),
    unit("min", Kind::Duration, 60.0),
    unit("mins", Kind::Duration, 60.0),
    unit("minute", Kind::Duration, 60.0),
    unit("minutes", Kind::Duration, 60.0),
    unit("ms", Kind::Duration, 1e-3),
    up_to("s", Kind::Duration, 1.0, 1000.0, Case::Lower),
    unit("sec", Kind::Duration, 1.0),
    unit("seconds", Kind::Duration, 1.0),
    unit("day", Kind::Duration, 86_400.0),
    unit("days", Kind::Duration, 86_400.0),
    unit("week", Kind::Duration, 7.0 * 86_400.0),
    unit("weeks", Kind::Duration, 7.0 * 86_400.0),
    unit("month", Kind::Duration, 30.0 * 86_400.0),
    unit("months", Kind::Duration, 30.0 * 86_400.0),
    unit("year", Kind::Duration, 365.0 * 86_400.0),
    unit("years", Kind::Duration, 365.0 * 86_400.0),
    unit("%", Kind::Percent, 1.0),
    unit("yuan", Kind::Price, 1.0),
    unit("rmb", Kind::Price, 1.0),
    unit("cny", Kind::Price, 1.0),
    unit("usd", Kind::Price, 1.0),
    unit("dollar", Kind::Price, 1.0),
    unit("dollars", Kind::Price, 1.0),
    unit("bucks", Kind::Price, 1.0),
    unit("eur", Kind::Price, 1.0),
    unit("euro", Kind::Price, 1.0),
    unit("euros", Kind::Price, 1.0),
    unit("gbp", Kind::Price, 1.0),
    unit("€", Kind::Price, 1.0),
    unit("inr", Kind::Price, 1.0),
    unit("rupees", Kind::Price, 1.0),
    unit("core", Kind::Cores, 1.0),
    unit("cores", Kind::Cores, 1.0),
    one_of("p", Kind::Resolution, 1.0, LINES, Case::Either),
    one_of("k", Kind::Resolution, 1.0, &[2.0, 2.5, 2.8, 3.0, 4.0, 5.0, 5.5, 6.0, 8.0], Case::Either),
];

/// Units in Chinese, longest first where one begins another.
pub(super) const CHINESE: &[Unit] = &[
    unit("块钱", Kind::Price, 1.0),
    unit("元人民币", Kind::Price, 1.0),
    unit("元", Kind::Price, 1.0),
    unit("块", Kind::Price, 1.0),
    unit("人民币", Kind::Price, 1.0),
    unit("美元", Kind::Price, 1.0),
    unit("美金", Kind::Price, 1.0),
    unit("美刀", Kind::Price, 1.0),
    unit("刀", Kind::Price, 1.0),
    unit("欧元", Kind::Price, 1.0),
    unit("英镑", Kind::Price, 1.0),
    unit("日元", Kind::Price, 1.0),
    unit("卢比", Kind::Price, 1.0),
    unit("港币", Kind::Price, 1.0),
    unit("港元", Kind::Price, 1.0),
    unit("英寸", Kind::Screen, 1.0),
    unit("英吋", Kind::Screen, 1.0),
    unit("吋", Kind::Screen, 1.0),
    unit("寸", Kind::Screen, 1.0),
    unit("毫安时", Kind::Battery, 1.0),
    unit("毫安", Kind::Battery, 1.0),
    unit("瓦时", Kind::Energy, 1.0),
    unit("毫瓦时", Kind::Energy, 1e-3),
    unit("千瓦", Kind::Power, 1000.0),
    unit("瓦特", Kind::Power, 1.0),
    unit("瓦", Kind::Power, 1.0),
    unit("赫兹", Kind::RefreshRate, 1.0),
    unit("赫", Kind::RefreshRate, 1.0),
    unit("兆赫", Kind::Frequency, 1.0),
    unit("千克", Kind::Weight, 1000.0),
    unit("公斤", Kind::Weight, 1000.0),
    unit("斤", Kind::Weight, 500.0),
    unit("克", Kind::Weight, 1.0),
    unit("毫克", Kind::Weight, 1e-3),
    unit("毫米", Kind::Length, 1.0),
    unit("厘米", Kind::Length, 10.0),
    unit("公分", Kind::Length, 10.0),
    unit("米", Kind::Length, 1000.0),
    unit("像素", Kind::Camera, 1e-6),
    unit("尼特", Kind::Brightness, 1.0),
    unit("分贝", Kind::Loudness, 1.0),
    unit("帧", Kind::FrameRate, 1.0),
    unit("伏", Kind::Voltage, 1.0),
    unit("安", Kind::Current, 1.0),
    unit("摄氏度", Kind::Temperature, 1.0),
    unit("个小时", Kind::Duration, 3600.0),
    unit("小时", Kind::Duration, 3600.0),
    unit("个钟", Kind::Duration, 3600.0),
    unit("分钟", Kind::Duration, 60.0),
    unit("毫秒", Kind::Duration, 1e-3),
    unit("秒", Kind::Duration, 1.0),
    unit("天", Kind::Duration, 86_400.0),
    unit("周", Kind::Duration, 7.0 * 86_400.0),
    unit("个星期", Kind::Duration, 7.0 * 86_400.0),
    unit("星期", Kind::Duration, 7.0 * 86_400.0),
    unit("个多月", Kind::Duration, 30.0 * 86_400.0),
    unit("个月", Kind::Duration, 30.0 * 86_400.0),
    unit("年", Kind::Duration, 365.0 * 86_400.0),
    unit("核心", Kind::Cores, 1.0),
    unit("核", Kind::Cores, 1.0),
    unit("代", Kind::Generation, 1.0),
    up_to("折", Kind::Discount, 0.1, 99.0, Case::Either),
];

/// The currency that a price's unit or sign means.
pub(super) fn currency(written: &str) -> &'static str {
    match written {
        "$" | "us$" | "usd" | "dollar" | "dollars" | "bucks" | "美元" | "美金" | "美刀" | "刀" => "USD",
        "€" | "eur" | "euro" | "euros" | "欧元" => "EUR",
        "£" | "gbp" | "英镑" => "GBP",
        "₹" | "inr" | "rupees" | "卢比" => "INR",
        "日元" => "JPY",
        "hk$" | "港币" | "港元" => "HKD",
        _ => "CNY",
    }
}
