//! Numbers with their units, as shops write them: `16GB`, `6.7英寸`, `5000mAh`, `¥5,999`, `1.2万`, `2024年6月18日`,
//! `5000元以下`. Each is read as a kind, a number in a base unit, and where it stands. What `16G` is (memory, storage,
//! weight) is told by the words beside it, and by what things come in. Model numbers (`i7-13700H`) are not quantities.

mod context;
mod dates;
mod numbers;
mod scan;
#[cfg(test)]
mod tests;
mod units;

use std::ops::Range;

pub(crate) use scan::scan;

/// What is measured, with the base unit of the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuantityKind {
    /// GB.
    Memory,
    /// GB.
    GraphicsMemory,
    /// GB; a TB is 1024.
    Storage,
    /// Inches.
    Screen,
    /// mAh.
    Battery,
    /// Wh.
    Energy,
    /// W.
    Power,
    /// Hz.
    RefreshRate,
    /// MHz.
    Frequency,
    /// g.
    Weight,
    /// mm.
    Length,
    /// Whole units of the currency that `unit` names.
    Price,
    /// Pixels, width × height.
    Resolution,
    /// Megapixels.
    Camera,
    /// Frames per second.
    FrameRate,
    /// Nits.
    Brightness,
    /// Dots per inch.
    Density,
    /// dB.
    Loudness,
    /// V.
    Voltage,
    /// A.
    Current,
    /// °C.
    Temperature,
    /// Mbit/s.
    Speed,
    /// Seconds; a month is 30 days, a year 365.
    Duration,
    Percent,
    /// The part of the price that is paid: 8折 is 0.8.
    Discount,
    Cores,
    Generation,
    /// The generation of a mobile network: 5 for 5G.
    Network,
    /// Width / height.
    AspectRatio,
    /// yyyymmdd; 0 for parts that are not named.
    Date,
    /// Minutes since midnight.
    Time,
    /// A large number without a unit (1.2万).
    Count,
}

impl QuantityKind {
    /// The base unit; a price's is its currency.
    pub fn unit(self) -> &'static str {
        use QuantityKind::*;
        match self {
            Memory | GraphicsMemory | Storage => "GB",
            Screen => "inch",
            Battery => "mAh",
            Energy => "Wh",
            Power => "W",
            RefreshRate => "Hz",
            Frequency => "MHz",
            Weight => "g",
            Length => "mm",
            Price => "CNY",
            Resolution => "px",
            Camera => "MP",
            FrameRate => "fps",
            Brightness => "nit",
            Density => "dpi",
            Loudness => "dB",
            Voltage => "V",
            Current => "A",
            Temperature => "℃",
            Speed => "Mbps",
            Duration => "s",
            Percent => "%",
            Discount => "折",
            Cores => "core",
            Generation => "gen",
            Network => "G",
            AspectRatio => ":1",
            Date => "yyyymmdd",
            Time => "min",
            Count => "",
        }
    }
}

/// How a number bounds what is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    Exactly,
    /// 以下, 不超过, under.
    AtMost,
    /// 以上, 至少, over.
    AtLeast,
    /// 左右, about.
    About,
}

/// A number with its unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    pub kind: QuantityKind,
    /// In base units.
    pub value: f64,
    /// The upper end, where a range was written (`5000-6000元`).
    pub high: Option<f64>,
    pub bound: Bound,
    /// The base unit; for a price the currency.
    pub unit: &'static str,
    /// The bytes of number and unit.
    pub range: Range<usize>,
    /// The bytes with the words that bound it: all of `5000元以下`.
    pub extent: Range<usize>,
}

impl Quantity {
    /// One way to write it, without spaces, in lower case: `16 G`, `16g` and `16GB` of memory are `16gb`.
    pub fn canonical(&self) -> String {
        let one = |value: f64| match self.kind {
            QuantityKind::Storage if value >= 1024.0 && value % 1024.0 == 0.0 => format!("{}tb", value / 1024.0),
            QuantityKind::Date => dates::written(value as u32),
            QuantityKind::Time => format!("{:02}:{:02}", value as u32 / 60, value as u32 % 60),
            QuantityKind::Discount => format!("{}折", tidy(value * 10.0)),
            QuantityKind::Duration => duration(value),
            _ => format!("{}{}", tidy(value), self.unit.to_lowercase()),
        };
        match self.high {
            Some(high) => format!("{}-{}", tidy(self.value), one(high)),
            None => one(self.value),
        }
    }
}

/// Without the digits that reckoning in binary adds.
fn tidy(value: f64) -> f64 {
    let scaled = value * 1e6;
    if scaled.abs() < 9e15 { scaled.round() / 1e6 } else { value }
}

fn duration(seconds: f64) -> String {
    const PARTS: &[(f64, &str)] =
        &[(365.0 * 86_400.0, "年"), (30.0 * 86_400.0, "月"), (86_400.0, "天"), (3600.0, "小时"), (60.0, "分钟")];
    match PARTS.iter().find(|(length, _)| seconds >= *length && (seconds / length * 2.0).fract() == 0.0) {
        Some((length, name)) => format!("{}{name}", seconds / length),
        None => format!("{}秒", tidy(seconds)),
    }
}

/// The quantities of a text, in order; ranges are bytes of `text`. Time is linear in its length.
pub fn quantities(text: &str) -> Vec<Quantity> {
    let normal = super::Normaliser { max_repeats: 0, ..super::Normaliser::default() }.apply(text);
    let mut found = scan(normal.text());
    for quantity in &mut found {
        quantity.range = normal.original(quantity.range.clone());
        quantity.extent = normal.original(quantity.extent.clone());
    }
    found
}
