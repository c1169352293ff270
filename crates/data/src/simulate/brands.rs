//! Invented makers and model names. None of them exists; any likeness is chance.

/// A maker: how dear it is, how well known, and what it makes (category keys).
#[derive(Debug)]
pub struct Brand {
    pub zh: &'static str,
    pub en: &'static str,
    /// 0 cheap, 1 dear.
    pub tier: f64,
    pub strength: f64,
    pub makes: &'static [&'static str],
}

const fn brand(zh: &'static str, en: &'static str, tier: f64, strength: f64, makes: &'static [&'static str]) -> Brand {
    Brand { zh, en, tier, strength, makes }
}

const PHONE_PARTS: &[&str] = &["phone_case", "protector", "charger", "cable", "power_bank", "tablet_case", "strap"];
const PC_PARTS: &[&str] = &["keyboard", "mouse", "sleeve", "dock", "arm", "memory_module", "storage"];
const PHOTO_PARTS: &[&str] = &["lens", "memory_card", "camera_battery"];

pub static BRANDS: &[Brand] = &[
    brand("科梵", "Korvane", 0.75, 2.6, &["laptop", "desktop", "monitor", "tablet", "mouse", "keyboard", "dock"]),
    brand("维伦纳", "Velunar", 0.80, 3.0, &["phone", "tablet", "watch", "earbuds", "laptop", "charger", "stylus"]),
    brand("索律诺", "Soluno", 0.45, 2.8, &["phone", "watch", "earbuds", "tv", "router", "tablet", "power_bank"]),
    brand("奥睿力", "Aurelix", 0.62, 2.0, &["phone", "tablet", "earbuds", "watch", "charger"]),
    brand("米拉沃", "Miravo", 0.25, 2.4, &["phone", "tv", "router", "earbuds", "speaker", "tablet", "ereader"]),
    brand("腾德瑞", "Tandrel", 0.40, 1.8, &["laptop", "desktop", "monitor", "printer", "ink"]),
    brand(
        "赫萨罗",
        "Hexaro",
        0.70,
        1.5,
        &["laptop", "desktop", "keyboard", "mouse", "headphones", "monitor", "console"],
    ),
    brand("贝里欧", "Brellio", 0.55, 1.5, &["headphones", "earbuds", "speaker", "tv"]),
    brand("阔维思", "Quorvex", 0.35, 1.3, &["router", "storage", "dock", "memory_module"]),
    brand("宁博睿", "Nimbrel", 0.60, 1.6, &["camera", "lens", "drone", "memory_card", "camera_battery"]),
    brand("派莎拉", "Pyxara", 0.72, 1.4, &["camera", "lens", "printer", "ink", "camera_battery"]),
    brand("臻提罗", "Zentiro", 0.85, 1.2, &["headphones", "speaker", "tv", "camera", "lens"]),
    brand("奥塔维", "Oktavi", 0.30, 1.4, &["speaker", "headphones", "keyboard", "mouse"]),
    brand("法墨拉", "Falmora", 0.50, 1.1, &["printer", "ink", "ereader", "stylus"]),
    brand("丽仁莎", "Lirenza", 0.66, 1.0, &["watch", "strap", "earbuds", "phone"]),
    brand("卓沃纳", "Drovana", 0.58, 1.0, &["drone", "console", "camera_battery", "router"]),
    brand("云维希", "Yunvex", 0.20, 1.5, &["phone", "tablet", "tv", "monitor", "laptop"]),
    brand("辛卓尔", "Cindral", 0.48, 1.0, &["monitor", "arm", "dock", "keyboard"]),
    brand("梵特洛", "Vantelo", 0.52, 1.2, &["ereader", "tablet", "tablet_case", "stylus"]),
    brand("格瑞隆", "Grellon", 0.38, 1.1, &["console", "headphones", "mouse", "keyboard"]),
    brand("壳小满", "Keplum", 0.30, 2.0, PHONE_PARTS),
    brand("贝护", "Bevora", 0.55, 1.6, PHONE_PARTS),
    brand("充未来", "Ampiro", 0.45, 1.8, &["charger", "cable", "power_bank", "dock"]),
    brand("途匠", "Tukraft", 0.42, 1.2, &["sleeve", "tablet_case", "phone_case", "strap"]),
    brand("机匠角", "Oddnook", 0.28, 1.3, PC_PARTS),
    brand("锐桌", "Ruidesk", 0.60, 1.1, PC_PARTS),
    brand("影备", "Lumstow", 0.40, 1.2, PHOTO_PARTS),
    brand("墨盈", "Inkwel", 0.20, 1.4, &["ink"]),
    brand("存一", "Cuneon", 0.35, 1.3, &["memory_card", "storage", "memory_module"]),
    brand("膜法匠", "Glaswyn", 0.35, 1.4, &["protector", "phone_case", "tablet_case"]),
];

/// Words of model series.
pub const SERIES: &[&str] = &[
    "Velo", "Sirra", "Ondra", "Pulsa", "Merid", "Tessa", "Orla", "Fenn", "Rivo", "Calyx", "Quill", "Drift", "Brisk",
    "Nimbo", "Vanta", "Zephy", "Koto", "Luma", "Strato", "Mistral", "Opalo", "Fjord", "Cobal", "Plume", "Tarn",
    "Saffi",
];

/// Suffixes from the cheapest tier to the dearest.
pub const SUFFIXES: &[&str] = &["SE", "Lite", "", "", "Plus", "Pro"];

/// Values of specs as they are written in Chinese names and texts.
pub fn in_chinese(value: &str) -> String {
    let word = match value {
        "black" => "黑色",
        "silver" => "银色",
        "white" => "白色",
        "blue" => "蓝色",
        "grey" => "灰色",
        "green" => "绿色",
        "silicone" => "硅胶",
        "leather" => "真皮",
        "aramid" => "芳纶",
        "nylon" => "尼龙",
        "steel" => "不锈钢",
        "felt" => "毛毡",
        "with keyboard" => "带键盘",
        "clear" => "高清",
        "matte" => "磨砂",
        "privacy" => "防窥",
        "membrane" => "薄膜",
        "mechanical" => "机械轴",
        "optical" => "光轴",
        "wired" => "有线",
        "Bluetooth" => "蓝牙",
        "2.4 GHz" => "2.4G无线",
        "inkjet" => "喷墨",
        "laser" => "激光",
        "none" => "无",
        "passive" => "被动降噪",
        "active" => "主动降噪",
        "three colours" => "三色",
        "full frame" => "全画幅",
        "office" => "办公",
        "gaming" => "游戏",
        "design" => "设计",
        "student" => "学生",
        "yes" => "支持",
        "no" => "不支持",
        other => {
            let units = [
                (" in", "英寸"),
                (" months", "个月"),
                (" mount", "卡口"),
                (" keys", "键"),
                (" pages", "页"),
                (" min", "分钟"),
            ];
            return units.iter().fold(other.to_owned(), |text, (en, zh)| text.replace(en, zh)).replace(' ', "");
        }
    };
    word.to_owned()
}

/// Names of specs in Chinese, for texts.
pub fn spec_in_chinese(key: &str) -> &str {
    match key {
        "memory" => "运行内存",
        "storage" => "存储容量",
        "screen_size" => "屏幕尺寸",
        "cpu_cores" => "处理器核心数",
        "resolution" => "分辨率",
        "battery_capacity" => "电池容量",
        "weight" => "重量",
        "port" => "扩展接口",
        "charge_port" => "充电接口",
        "memory_type" => "内存类型",
        "use" => "适用场景",
        "warranty" => "保修期",
        "power_supply" => "电源功率",
        "refresh_rate" => "刷新率",
        "panel" => "面板",
        "vesa" => "壁挂孔距",
        "video_port" => "视频接口",
        "stylus_protocol" | "pen_protocol" => "手写笔协议",
        "charging_power" => "充电功率",
        "camera" => "主摄像素",
        "network" => "网络制式",
        "case_size" => "表盘尺寸",
        "strap_width" | "width" => "表带宽度",
        "battery_life" => "续航时间",
        "water_resistance" => "防水等级",
        "satellite_positioning" => "卫星定位",
        "noise_cancelling" => "降噪",
        "connection" => "连接方式",
        "colour" => "颜色",
        "colours" => "颜色",
        "bluetooth" => "蓝牙版本",
        "power" => "功率",
        "sensor" => "传感器画幅",
        "mount" | "lens_mount" => "镜头卡口",
        "card_slot" | "card_type" => "存储卡类型",
        "battery_type" | "pack_type" => "电池型号",
        "video" => "视频规格",
        "flight_time" => "飞行时间",
        "wifi" => "无线标准",
        "throughput" => "无线速率",
        "ethernet" => "网口速率",
        "antennas" => "天线数量",
        "technology" => "打印方式",
        "speed" => "打印速度",
        "cartridge" | "cartridge_type" => "耗材型号",
        "duplex" => "自动双面",
        "switch" => "轴体",
        "layout" => "键位布局",
        "sensitivity" => "灵敏度",
        "capacity" => "容量",
        "read_speed" => "读取速度",
        "write_speed" => "写入速度",
        "host_port" | "host_connector" => "主机接口",
        "material" => "材质",
        "finish" => "膜面",
        "pieces" => "片数",
        "fits_screen_size" => "适用尺寸",
        "output_connector" => "输出接口",
        "output_power" => "输出功率",
        "ports" => "接口数量",
        "length" => "长度",
        "rated_power" => "额定功率",
        "focal_length" => "焦距",
        "aperture" => "最大光圈",
        "module_type" => "内存代数",
        "clock" => "频率",
        "pressure_levels" => "压感级数",
        "pages" => "可打印页数",
        "vesa_pattern" => "适用孔距",
        "load" => "承重",
        "fits_model" => "适用机型",
        other => other,
    }
}
