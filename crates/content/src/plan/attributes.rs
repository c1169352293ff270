//! What is known of each attribute of 3C products: what sources call it, what it is measured in, whether more or less of it is
//! better, how much it usually matters, and how it is said in Chinese and in English. Not here: what a value is good for
//! (see [`super::uses`]).
//!
//! In the phrases `{v}` is the value with its unit, `{n}` its number alone, `{d}` a difference, `a(n)` the fitting article.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::units::Dimension;

/// Which of two values is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    More,
    Less,
    Neither,
}

/// One attribute.
#[derive(Debug)]
pub struct Attribute {
    /// As `specs` names it.
    pub key: &'static str,
    /// What else `specs` may call it, in lower case without spaces and punctuation.
    names: &'static [&'static str],
    pub label_zh: &'static str,
    pub label_en: &'static str,
    /// What it is measured in; empty for words.
    pub dimensions: &'static [Dimension],
    pub direction: Direction,
    /// How much it usually matters, 0 to 1.
    pub weight: f64,
    pub nouns_zh: &'static [&'static str],
    pub nouns_en: &'static [&'static str],
    /// What others are, compared with this product: `内存比它小`, `have less memory`.
    pub worse: Option<(&'static str, &'static str)>,
    /// What this product has over its predecessor: `内存多了{d}`, `{d} more memory`.
    pub gain: Option<(&'static str, &'static str)>,
}

use Dimension::*;
use Direction::{Less, More, Neither};

macro_rules! attributes {
    ($($key:literal [$($name:literal)*] $label_zh:literal $label_en:literal [$($dimension:ident)*] $direction:ident $weight:literal
        zh[$($noun_zh:literal)*] en[$($noun_en:literal)*] $(worse $worse_zh:literal $worse_en:literal)? $(gain $gain_zh:literal $gain_en:literal)?;)*) => {
        &[$(Attribute {
            key: $key, names: &[$($name),*], label_zh: $label_zh, label_en: $label_en, dimensions: &[$($dimension),*],
            direction: $direction, weight: $weight, nouns_zh: &[$($noun_zh),*], nouns_en: &[$($noun_en),*],
            worse: attributes!(@pair $($worse_zh $worse_en)?), gain: attributes!(@pair $($gain_zh $gain_en)?),
        }),*]
    };
    (@pair) => { None };
    (@pair $zh:literal $en:literal) => { Some(($zh, $en)) };
}

/// All attributes that are spoken of, in the order of tables.
pub static ATTRIBUTES: &[Attribute] = attributes![
    "memory" ["ram" "内存" "运行内存" "运存" "内存容量"] "内存" "Memory" [Bytes] More 0.9
        zh["{v}内存" "{v}运行内存"] en["{v} of memory" "{v} of RAM"]
        worse "内存比它小" "have less memory" gain "内存多了{d}" "{d} more memory";
    "storage" ["rom" "ssd" "hdd" "internalstorage" "存储" "存储容量" "机身存储" "硬盘" "硬盘容量"] "存储" "Storage" [Bytes] More 0.8
        zh["{v}存储" "{v}存储空间"] en["{v} of storage"]
        worse "存储空间比它小" "have less storage" gain "存储多了{d}" "{d} more storage";
    "screen_size" ["inches" "displaysize" "屏幕尺寸" "主屏尺寸" "尺寸"] "屏幕尺寸" "Screen size" [Length] Neither 0.7
        zh["{v}屏幕" "{v}屏"] en["a(n) {n}-inch screen" "a(n) {n}-inch display"];
    "resolution" ["screenresolution" "displayresolution" "分辨率" "屏幕分辨率" "主屏分辨率"] "分辨率" "Resolution" [Pixels Megapixels] More 0.5
        zh["{v}分辨率"] en["{v} resolution"]
        worse "分辨率比它低" "have a lower resolution";
    "refresh_rate" ["刷新率" "屏幕刷新率"] "刷新率" "Refresh rate" [Hertz] More 0.75
        zh["{v}刷新率"] en["a(n) {v} refresh rate"]
        worse "刷新率比它低" "refresh more slowly" gain "刷新率高了{d}" "{d} more on the refresh rate";
    "brightness" ["亮度" "屏幕亮度"] "亮度" "Brightness" [Nits] More 0.5
        zh["{v}亮度"] en["{v} of brightness"] worse "亮度比它低" "are less bright" gain "亮度高了{d}" "{d} more brightness";
    "panel" ["面板" "面板类型"] "面板" "Panel" [] Neither 0.6 zh["{v}面板"] en["a(n) {v} panel"];
    "display" ["displaytype" "显示屏类型" "屏幕类型"] "屏幕类型" "Display" [] Neither 0.5 zh["{v}屏幕"] en["a(n) {v} display"];
    "pixel_density" ["ppi" "像素密度"] "像素密度" "Pixel density" [Ppi] More 0.3
        zh["{v}像素密度"] en["a density of {v}"] worse "像素密度比它低" "have a lower pixel density";
    "battery" ["batterycapacity" "电池" "电池容量"] "电池容量" "Battery" [Charge Energy] More 0.8
        zh["{v}电池" "{v}电池容量"] en["a(n) {v} battery"]
        worse "电池比它小" "have a smaller battery" gain "电池多了{d}" "{d} more battery";
    "battery_life" ["续航" "续航时间" "playtime" "使用时间"] "续航" "Battery life" [Duration] More 0.85
        zh["{v}续航"] en["{v} of battery life"]
        worse "续航比它短" "run for less time" gain "续航长了{d}" "{d} more battery life";
    "flight_time" ["飞行时间"] "飞行时间" "Flight time" [Duration] More 0.9
        zh["{v}飞行时间"] en["{v} in the air"] worse "飞行时间比它短" "fly for less time" gain "飞行时间长了{d}" "{d} more in the air";
    "charging_power" ["充电功率" "快充功率"] "充电功率" "Charging power" [Power] More 0.7
        zh["{v}充电" "{v}快充"] en["{v} charging"] worse "充电功率比它低" "charge at a lower power" gain "充电功率高了{d}" "{d} more charging power";
    "weight" ["mass" "重量" "毛重" "净重" "机身重量"] "重量" "Weight" [Mass] Less 0.6
        zh["{v}机身"] en["a(n) {v} body"]
        worse "比它重" "are heavier" gain "轻了{d}" "{d} less to carry";
    "camera" ["主摄像素" "主摄" "maincamera"] "主摄像素" "Main camera" [Megapixels] More 0.75
        zh["{v}主摄"] en["a(n) {v} main camera"] worse "主摄像素比它低" "have a lower-resolution main camera" gain "主摄多了{d}" "{d} more in the main camera";
    "cpu" ["processor" "chipset" "处理器" "芯片" "cpu型号"] "处理器" "Processor" [] Neither 0.7 zh["{v}处理器"] en["a(n) {v} processor"];
    "cpu_cores" ["处理器核心数" "核心数"] "处理器核心" "CPU cores" [Count] More 0.55
        zh["{v}核处理器"] en["a(n) {v}-core processor"] worse "处理器核心比它少" "have fewer cores" gain "处理器多了{d}核" "{d} more cores";
    "gpu" ["graphics" "graphicscard" "显卡" "显卡型号"] "显卡" "Graphics" [] Neither 0.5 zh["{v}显卡"] en["{v} graphics"];
    "os" ["opsys" "operatingsystem" "操作系统" "系统"] "操作系统" "Operating system" [] Neither 0.25 zh["{v}系统"] en["{v}"];
    "network" ["网络制式" "网络"] "网络" "Network" [] Neither 0.5 zh["{v}网络"] en["{v}"];
    "wifi" ["无线标准" "wifi标准"] "无线标准" "Wi-Fi" [] Neither 0.7 zh["{v}无线"] en["{v}"];
    "throughput" ["无线速率"] "无线速率" "Throughput" [Speed] More 0.7
        zh["{v}无线速率"] en["{v} of wireless throughput"] worse "无线速率比它低" "have a lower throughput" gain "无线速率高了{d}" "{d} more throughput";
    "ethernet" ["网口速率" "有线网口"] "网口速率" "Ethernet" [Speed] More 0.5
        zh["{v}有线网口"] en["{v} Ethernet"] worse "网口速率比它低" "have slower Ethernet";
    "antennas" ["天线数量"] "天线" "Antennas" [Count] Neither 0.2 zh["{v}根天线"] en["{v} antennas"];
    "bluetooth" ["蓝牙版本" "蓝牙"] "蓝牙" "Bluetooth" [Count] Neither 0.4 zh["蓝牙{v}"] en["Bluetooth {v}"];
    "noise_cancelling" ["降噪"] "降噪" "Noise cancelling" [] Neither 0.9 zh["{v}"] en["{v}"];
    "water_resistance" ["防水等级" "防水"] "防水等级" "Water resistance" [] Neither 0.6 zh["{v}防水等级"] en["a water rating of {v}"];
    "satellite_positioning" ["卫星定位" "gps"] "卫星定位" "Satellite positioning" [] Neither 0.4 zh["卫星定位"] en["satellite positioning"];
    "case_size" ["表盘尺寸"] "表盘" "Case size" [Length] Neither 0.4 zh["{v}表盘"] en["a(n) {v} case"];
    "strap_width" ["表带宽度" "width"] "表带宽度" "Strap width" [Length] Neither 0.3 zh["{v}表带宽度"] en["a(n) {v} strap width"];
    "charge_port" ["充电接口"] "充电接口" "Charging port" [] Neither 0.35 zh["{v}充电口"] en["{v} charging"];
    "port" ["扩展接口" "接口"] "接口" "Port" [] Neither 0.4 zh["{v}接口"] en["a(n) {v} port"];
    "usb" ["usb接口"] "USB" "USB" [] Neither 0.2 zh["{v}接口"] en["{v}"];
    "video_port" ["视频接口"] "视频接口" "Video port" [] Neither 0.3 zh["{v}接口"] en["{v} input"];
    "memory_type" ["内存类型" "moduletype" "module_type"] "内存类型" "Memory type" [] Neither 0.35 zh["{v}内存规格"] en["{v} modules"];
    "power_supply" ["电源功率"] "电源功率" "Power supply" [Power] Neither 0.3 zh["{v}电源"] en["a(n) {v} power supply"];
    "vesa" ["壁挂孔距" "vesapattern" "适用孔距"] "安装孔距" "Mounting pattern" [] Neither 0.3 zh["{v}安装孔距"] en["a(n) {v} mounting pattern"];
    "stylus_protocol" ["手写笔协议" "penprotocol"] "手写笔协议" "Pen protocol" [] Neither 0.35 zh["{v}手写笔协议"] en["the {v} pen protocol"];
    "power" ["功率" "wattage"] "功率" "Power" [Power] More 0.7
        zh["{v}功率"] en["{v} of output"] worse "功率比它小" "have less output" gain "功率高了{d}" "{d} more output";
    "sensor" ["传感器画幅" "画幅"] "画幅" "Sensor" [] Neither 0.7 zh["{v}传感器"] en["a(n) {v} sensor"];
    "mount" ["镜头卡口" "lensmount"] "镜头卡口" "Lens mount" [] Neither 0.4 zh["{v}"] en["the {v}"];
    "card_slot" ["存储卡类型" "cardtype"] "存储卡" "Card" [] Neither 0.3 zh["{v}卡规格"] en["the {v} card format"];
    "battery_type" ["电池型号" "packtype"] "电池型号" "Battery type" [] Neither 0.3 zh["{v}电池型号"] en["{v} battery format"];
    "video" ["视频规格" "videoresolution"] "视频规格" "Video" [] Neither 0.6 zh["{v}视频拍摄"] en["{v} video"];
    "technology" ["打印方式"] "打印方式" "Technology" [] Neither 0.5 zh["{v}打印"] en["{v} printing"];
    "speed" ["打印速度"] "打印速度" "Speed" [PagesPerMinute] More 0.7
        zh["{v}打印速度"] en["{v}"] worse "打印速度比它慢" "print more slowly" gain "打印快了{d}" "{d} more";
    "duplex" ["自动双面"] "自动双面" "Duplex" [] Neither 0.55 zh["自动双面打印"] en["automatic duplex printing"];
    "cartridge" ["耗材型号" "cartridgetype"] "耗材型号" "Cartridge" [] Neither 0.3 zh["{v}耗材"] en["{v} cartridges"];
    "switch" ["轴体"] "轴体" "Switch" [] Neither 0.7 zh["{v}"] en["{v} switches"];
    "layout" ["键位布局"] "键位" "Layout" [] Neither 0.4 zh["{v}布局"] en["a(n) {v} layout"];
    "connection" ["连接方式"] "连接方式" "Connection" [] Neither 0.5 zh["{v}连接"] en["{v} connection"];
    "sensitivity" ["灵敏度"] "灵敏度" "Sensitivity" [Dpi] More 0.6
        zh["{v}灵敏度"] en["{v} of sensitivity"] worse "灵敏度比它低" "have a lower sensitivity" gain "灵敏度高了{d}" "{d} more sensitivity";
    "capacity" ["容量" "标称容量"] "容量" "Capacity" [Bytes Charge] More 0.85
        zh["{v}容量"] en["{v} of capacity"] worse "容量比它小" "hold less" gain "容量多了{d}" "{d} more capacity";
    "read_speed" ["读取速度"] "读取速度" "Read speed" [ByteSpeed] More 0.7
        zh["{v}读取速度"] en["a read speed of {v}"] worse "读取比它慢" "read more slowly" gain "读取快了{d}" "{d} more read speed";
    "write_speed" ["写入速度"] "写入速度" "Write speed" [ByteSpeed] More 0.7
        zh["{v}写入速度"] en["a write speed of {v}"] worse "写入比它慢" "write more slowly" gain "写入快了{d}" "{d} more write speed";
    "host_port" ["主机接口" "hostconnector"] "主机接口" "Host port" [] Neither 0.4 zh["{v}主机接口"] en["a(n) {v} host connection"];
    "material" ["材质"] "材质" "Material" [] Neither 0.7 zh["{v}材质"] en["{v}"];
    "finish" ["膜面"] "膜面" "Finish" [] Neither 0.7 zh["{v}膜面"] en["a(n) {v} finish"];
    "pieces" ["片数" "packof"] "件数" "Pieces" [Count] More 0.4 zh["一盒{v}件"] en["a pack of {v}"];
    "fits_screen_size" ["适用尺寸"] "适用尺寸" "Fits" [Length] Neither 0.6 zh["{v}机型的空间"] en["room for a(n) {n}-inch device"];
    "output_connector" ["输出接口"] "输出接口" "Output" [] Neither 0.5 zh["{v}输出"] en["{v} output"];
    "output_power" ["输出功率"] "输出功率" "Output power" [Power] More 0.85
        zh["{v}输出"] en["{v} of output"] worse "输出功率比它低" "deliver less power" gain "输出功率高了{d}" "{d} more output";
    "rated_power" ["额定功率"] "额定功率" "Rated power" [Power] More 0.7
        zh["{v}额定功率"] en["a rating of {v}"] worse "额定功率比它低" "carry less power";
    "ports" ["接口数量"] "接口数量" "Ports" [Count] More 0.6
        zh["{v}个接口"] en["{v} port(s)"] worse "接口比它少" "have fewer ports" gain "接口多了{d}个" "{d} more ports";
    "voltage" ["电压" "标称电压"] "电压" "Voltage" [Voltage] Neither 0.3 zh["{v}电压"] en["a voltage of {v}"];
    "talk_time" ["通话时间"] "通话时间" "Talk time" [Duration] Neither 0.6 zh["可达{v}的通话时间"] en["up to {v} of talk time"];
    "play_time" ["播放时间"] "播放时间" "Playback" [Duration] Neither 0.6 zh["可达{v}的播放时间"] en["up to {v} of playback"];
    "driver_size" ["驱动单元" "单元尺寸"] "发声单元" "Drivers" [Length] Neither 0.4 zh["{v}发声单元"] en["{v} drivers"];
    "thickness_below" [] "厚度" "Thickness" [Length] Neither 0.6 zh["不到{v}的厚度"] en["a thickness of less than {v}"];
    "length" ["长度" "线长"] "长度" "Length" [Length] Neither 0.5 zh["{v}线长"] en["a length of {v}"];
    "focal_length" ["焦距"] "焦距" "Focal length" [] Neither 0.7 zh["{v}焦距"] en["a focal length of {v}"];
    "aperture" ["最大光圈" "光圈"] "最大光圈" "Aperture" [] Neither 0.75 zh["{v}光圈"] en["a(n) {v} aperture"];
    "clock" ["频率"] "频率" "Clock" [Hertz] More 0.5 zh["{v}频率"] en["a clock of {v}"] worse "频率比它低" "run at a lower clock";
    "pressure_levels" ["压感级数"] "压感" "Pressure levels" [Count] More 0.75
        zh["{v}级压感"] en["{v} pressure levels"] worse "压感级数比它少" "have fewer pressure levels";
    "pages" ["可打印页数"] "可打印页数" "Yield" [Pages] More 0.8
        zh["约{v}打印量"] en["a yield of about {v}"] worse "打印量比它少" "print fewer pages" gain "打印量多了{d}" "{d} more";
    "load" ["承重"] "承重" "Load" [Mass] More 0.7 zh["{v}承重"] en["a load of up to {v}"] worse "承重比它小" "carry less" gain "承重多了{d}" "{d} more load";
    "warranty" ["保修期" "质保"] "保修期" "Warranty" [Months] More 0.4
        zh["{v}保修"] en["a warranty of {v}"] worse "保修比它短" "come with a shorter warranty" gain "保修长了{d}" "{d} more warranty";
    "colour" ["color" "colors" "颜色" "机身颜色" "colours"] "颜色" "Colour" [] Neither 0.15 zh["{v}配色"] en["{v}"];
];

/// Attributes that are told, but that no copy begins with: by themselves they move nobody.
const NO_LEAD: &[&str] = &[
    "weight",
    "pixel_density",
    "os",
    "colour",
    "usb",
    "antennas",
    "memory_type",
    "gpu",
    "strap_width",
    "warranty",
    "cartridge",
    "battery_type",
    "charge_port",
    "port",
    "video_port",
    "vesa",
    "connection",
    "display",
    "resolution",
    "case_size",
    "cpu_cores",
];

impl Attribute {
    /// Whether a copy may begin with its value alone, without what it is good for.
    pub fn leads(&self) -> bool {
        !NO_LEAD.contains(&self.key)
    }
}

/// A name in lower case without spaces and punctuation.
fn plain(name: &str) -> String {
    name.chars().filter(|one| one.is_alphanumeric()).flat_map(char::to_lowercase).take(64).collect()
}

/// Attributes by their names in plain letters; a key counts before another's other names.
static BY_NAME: LazyLock<FxHashMap<String, &'static Attribute>> = LazyLock::new(|| {
    let mut names = FxHashMap::default();
    for attribute in ATTRIBUTES {
        names.insert(plain(attribute.key), attribute);
    }
    for (attribute, name) in ATTRIBUTES.iter().flat_map(|one| one.names.iter().map(move |name| (one, name))) {
        names.entry(plain(name)).or_insert(attribute);
    }
    names
});

/// The attribute that a field of `specs` gives.
pub fn attribute(name: &str) -> Option<&'static Attribute> {
    BY_NAME.get(&plain(name)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_by_any_name() {
        for (name, key) in [
            ("memory", "memory"),
            ("RAM", "memory"),
            ("运行内存", "memory"),
            ("battery_capacity", "battery"),
            ("Screen Size", "screen_size"),
            ("vesa_pattern", "vesa"),
        ] {
            assert_eq!(attribute(name).map(|found| found.key), Some(key), "{name}");
        }
        assert!(attribute("shoe size").is_none());
    }

    #[test]
    fn what_is_compared_has_a_direction() {
        for one in ATTRIBUTES {
            assert!(!one.nouns_zh.is_empty() && !one.nouns_en.is_empty(), "{}", one.key);
            assert!(one.worse.is_none() || one.direction != Direction::Neither, "{}", one.key);
            assert!(one.gain.is_none_or(|(zh, en)| zh.contains("{d}") && en.contains("{d}")), "{}", one.key);
            assert!((0.0..=1.0).contains(&one.weight));
        }
    }
}
