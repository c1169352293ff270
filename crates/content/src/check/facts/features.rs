//! Words for what a device has or can, by all the names that shops use: a text may say one only if a field does. A table;
//! figures are read elsewhere.

/// One thing a device may have. Names are in lower case and simplified characters; of Latin letters they stand as whole words.
#[derive(Debug)]
pub(super) struct Feature {
    pub names: &'static [&'static str],
    /// Words that say it only of fields: a value may be shorter than what a text writes.
    pub fields: &'static [&'static str],
}

const fn feature(names: &'static [&'static str], fields: &'static [&'static str]) -> Feature {
    Feature { names, fields }
}

pub(super) const FEATURES: &[Feature] = &[
    feature(&["amoled"], &[]),
    feature(&["oled"], &["amoled", "poled", "p-oled"]),
    feature(&["mini led", "mini-led", "miniled"], &[]),
    feature(&["ips"], &[]),
    feature(&["lcd", "液晶屏"], &["lcd", "ips", "tft", "pls"]),
    feature(&["ltpo"], &[]),
    feature(&["曲面屏", "曲屏", "curved screen", "curved display"], &["curved", "曲面"]),
    feature(&["折叠屏", "可折叠屏", "foldable"], &["fold", "折叠", "flip"]),
    feature(&["触控屏", "触摸屏", "触屏", "touchscreen", "touch screen"], &["touch", "触控", "触摸"]),
    feature(&["高刷", "高刷新率", "high refresh"], &["hz", "刷新率"]),
    feature(&["hdr10+", "hdr10", "hdr", "dolby vision", "杜比视界"], &["hdr", "dolby", "杜比"]),
    feature(&["杜比全景声", "dolby atmos"], &["atmos", "dolby", "杜比"]),
    feature(&["视网膜屏", "retina"], &["retina", "视网膜"]),
    feature(
        &["防水", "waterproof", "water resistant", "water-resistant"],
        &["ip5", "ip6", "ipx", "water", "防水", "防溅", "atm"],
    ),
    feature(&["防尘", "dustproof"], &["ip5", "ip6", "dust", "防尘"]),
    feature(&["军规", "三防", "mil-std", "military grade", "military-grade"], &["mil", "军规", "三防"]),
    feature(&["无线充电", "无线快充", "wireless charging", "qi充电"], &["wireless charg", "qi", "magsafe", "无线充"]),
    feature(&["反向充电", "reverse charging"], &["reverse", "反向"]),
    feature(
        &["快充", "闪充", "超级快充", "fast charging", "quick charge"],
        &["charg", "充电", "快充", "闪充", "pd", "w"],
    ),
    feature(&["nfc"], &[]),
    feature(&["5g"], &[]),
    feature(&["双卡", "dual sim", "dual-sim"], &["dual", "双卡", "sim 2", "2 sim"]),
    feature(&["esim"], &[]),
    feature(&["指纹", "fingerprint"], &["finger", "指纹", "touch id"]),
    feature(
        &["面部识别", "人脸识别", "人脸解锁", "face id", "face unlock", "face recognition"],
        &["face", "人脸", "面部", "windows hello"],
    ),
    feature(&["光学防抖", "ois", "optical image stabilization", "optical stabilisation"], &["ois", "防抖", "optical"]),
    feature(&["潜望", "periscope"], &[]),
    feature(&["长焦", "telephoto"], &["tele", "长焦", "optical zoom", "光学变焦"]),
    feature(
        &["超广角", "广角镜头", "ultrawide", "ultra-wide", "ultra wide"],
        &["ultrawide", "ultra-wide", "ultra wide", "广角"],
    ),
    feature(&["微距", "macro lens", "macro camera"], &["macro", "微距"]),
    feature(&["夜景模式", "night mode"], &["night", "夜景"]),
    feature(&["8k视频", "8k录像", "8k video"], &["8k"]),
    feature(&["4k视频", "4k录像", "4k video"], &["4k", "2160p"]),
    feature(
        &["主动降噪", "anc", "noise cancelling", "noise canceling", "noise-cancelling", "降噪"],
        &["noise", "降噪", "anc"],
    ),
    feature(&["空间音频", "spatial audio"], &["spatial", "空间音"]),
    feature(
        &["立体声扬声器", "双扬声器", "stereo speakers", "dual speakers"],
        &["stereo", "立体声", "双扬", "dual speaker"],
    ),
    feature(&["耳机孔", "3.5mm耳机", "headphone jack"], &["3.5", "jack", "耳机孔"]),
    feature(&["ldac", "aptx", "lhdc"], &[]),
    feature(&["蓝牙", "bluetooth"], &["bluetooth", "蓝牙", "bt"]),
    feature(&["wi-fi 7", "wifi 7", "wifi7"], &["wifi 7", "wi-fi 7", "802.11be", "wifi7"]),
    feature(&["wi-fi 6e", "wifi 6e", "wifi6e"], &["6e"]),
    feature(&["wi-fi 6", "wifi 6", "wifi6"], &["wifi 6", "wi-fi 6", "802.11ax", "wifi6", "6e"]),
    feature(&["雷电", "雷雳", "thunderbolt"], &["thunderbolt", "雷电", "雷雳"]),
    feature(&["hdmi"], &[]),
    feature(&["displayport", "dp接口"], &["displayport", "dp"]),
    feature(&["usb-c", "type-c", "usb type-c"], &["usb-c", "type-c", "type c", "usb c", "typec"]),
    feature(&["lightning"], &[]),
    feature(&["红外遥控", "红外", "infrared"], &["infrared", "红外", "ir"]),
    feature(&["gps", "北斗", "beidou"], &["gps", "gnss", "北斗", "beidou"]),
    feature(&["磁吸", "magsafe", "magnetic"], &["mag", "磁"]),
    feature(&["背光键盘", "键盘背光", "backlit keyboard"], &["backlit", "背光"]),
    feature(
        &["机械键盘", "机械轴", "mechanical keyboard", "mechanical switches"],
        &["mechanical", "机械", "轴", "switch"],
    ),
    feature(&["热插拔", "hot-swappable", "hot swappable"], &["hot", "热插拔"]),
    feature(
        &["独立显卡", "独显", "dedicated graphics", "discrete graphics"],
        &["rtx", "gtx", "radeon", "geforce", "独显", "独立", "dedicated", "discrete", "arc a"],
    ),
    feature(
        &["液冷", "水冷", "liquid cooling", "vapor chamber", "vc均热板"],
        &["liquid", "液冷", "水冷", "vapor", "vc"],
    ),
    feature(&["固态硬盘", "ssd", "nvme"], &["ssd", "nvme", "固态", "flash"]),
    feature(&["机械硬盘", "hdd"], &["hdd", "机械硬盘"]),
    feature(&["ddr5"], &[]),
    feature(&["ddr4"], &[]),
    feature(&["钛合金", "titanium"], &["titan", "钛"]),
    feature(&["陶瓷机身", "陶瓷后盖", "ceramic body", "ceramic back"], &["ceramic", "陶瓷"]),
    feature(&["全金属", "铝合金", "aluminium", "aluminum"], &["alumin", "铝", "metal", "金属"]),
    feature(&["碳纤维", "carbon fiber", "carbon fibre"], &["carbon", "碳纤"]),
    feature(&["玻璃机身", "glass back"], &["glass", "玻璃"]),
    feature(&["大猩猩玻璃", "gorilla glass"], &["gorilla", "大猩猩"]),
    feature(&["蓝宝石", "sapphire"], &["sapphire", "蓝宝石"]),
    feature(&["心率", "heart rate"], &["heart", "心率"]),
    feature(&["血氧", "blood oxygen", "spo2"], &["oxygen", "血氧", "spo2"]),
    feature(&["心电图", "ecg"], &["ecg", "心电"]),
    feature(&["手写笔", "触控笔", "stylus"], &["stylus", "手写笔", "触控笔", "pen"]),
    feature(&["可扩展存储", "存储卡槽", "microsd"], &["microsd", "存储卡", "sd", "tf"]),
    feature(&["卫星通信", "卫星通话", "satellite"], &["satellite", "卫星"]),
    feature(&["可拆卸电池", "removable battery"], &["removable", "可拆"]),
    feature(&["太阳能充电", "solar charging"], &["solar", "太阳能"]),
    feature(&["激光雷达", "lidar"], &[]),
    feature(&["自动集尘", "auto-empty", "self-emptying"], &["empty", "集尘"]),
    feature(&["光线追踪", "光追", "ray tracing"], &["ray", "光追", "光线追踪", "rtx"]),
    feature(&["无风扇", "fanless"], &["fanless", "无风扇"]),
];
