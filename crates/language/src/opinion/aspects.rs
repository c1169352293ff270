//! What customers of 3C products speak about: a seed of our own, in Chinese and English, that learning extends. Not which
//! words praise or blame whatever they are said of: see [`words`](super::words).

use serde::Serialize;

/// One aspect of products.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Aspect {
    /// Stable: stored and sent.
    pub key: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    /// What it is called; of two that fit, the longer is taken.
    #[serde(skip)]
    pub terms: &'static [&'static str],
    /// Said of this aspect they praise; elsewhere they may say something else.
    #[serde(skip)]
    pub good: &'static [&'static str],
    /// Said of this aspect they blame.
    #[serde(skip)]
    pub bad: &'static [&'static str],
    /// Praise that names the aspect without its name.
    #[serde(skip)]
    pub praises: &'static [&'static str],
    /// Blame that names the aspect without its name.
    #[serde(skip)]
    pub blames: &'static [&'static str],
}

macro_rules! aspect {
    ($key:literal $zh:literal $en:literal: $($term:literal)*; good $($good:literal)*; bad $($bad:literal)*;
        praises $($praise:literal)*; blames $($blame:literal)*) => {
        Aspect {
            key: $key, zh: $zh, en: $en, terms: &[$($term),*], good: &[$($good),*], bad: &[$($bad),*],
            praises: &[$($praise),*], blames: &[$($blame),*],
        }
    };
}

/// All aspects, in the order in which lists show them.
pub const ASPECTS: &[Aspect] = &[
    aspect!("screen" "屏幕" "Screen":
        "屏幕" "显示屏" "屏" "显示效果" "分辨率" "像素点" "色彩" "亮度" "可视角度" "视角" "刷新率" "触摸屏" "触屏" "液晶屏" "液晶" "显示器" "画质" "画面" "清晰度" "对比度" "护眼"
        "screen" "display" "resolution" "brightness" "touchscreen" "touch screen" "refresh rate" "viewing angle" "colors" "colours" "panel" "monitor";
        good "大" "高" "清" "细" "宽" "large" "big" "high"; bad "小" "暗" "窄" "黄" "small" "dim" "dark" "low";
        praises "赏心悦目"; blames "亮点" "坏点" "漏光" "偏黄" "闪屏" "花屏" "黑屏" "dead pixel" "dead pixels" "backlight bleed"),
    aspect!("battery" "电池续航" "Battery":
        "电池" "续航" "续航能力" "待机" "待机时间" "电量" "耗电" "用电" "电池容量" "使用时间" "掉电"
        "battery" "battery life" "standby" "standby time" "runtime" "charge life";
        good "长" "久" "耐用" "大" "long" "lasts"; bad "短" "快" "小" "不足" "short" "drains" "dies";
        praises "耐用时间长" "lasts all day" "lasts long"; blames "掉电快" "耗电快" "费电" "不耐用" "drains fast" "drains quickly" "dies quickly"),
    aspect!("charging" "充电" "Charging":
        "充电" "充电器" "充电速度" "快充" "闪充" "无线充电" "充电线" "充电头" "适配器" "电源适配器"
        "charging" "charger" "charge" "fast charging" "power adapter" "charging cable" "power cord";
        good "快" "fast" "quick"; bad "慢" "烫" "slow"; praises ; blames "充不进电" "充不满" "充不上电" "won't charge" "doesn't charge" "does not charge"),
    aspect!("heat" "散热" "Heat":
        "散热" "发热" "发热量" "温度" "热量" "发烫" "散热性" "散热系统"
        "heat" "temperature" "cooling" "thermals" "overheating";
        good "低" "小" "凉" "少" "low" "cool"; bad "高" "大" "烫" "热" "严重" "多" "high" "hot";
        praises "不烫" "不发热" "不热" "runs cool" "stays cool"; blames "很烫" "太烫" "烫手" "发烫" "过热" "太热" "gets hot" "runs hot" "overheats" "too hot"),
    aspect!("noise" "噪音" "Noise":
        "噪音" "噪声" "杂音" "风扇" "风扇声" "静音" "静音效果" "运行声音" "机器声音" "电流声" "硬盘声"
        "noise" "fan" "fans" "fan noise" "noise level";
        good "小" "低" "轻" "少" "low" "quiet" "silent"; bad "大" "高" "吵" "响" "明显" "严重" "loud" "noisy" "high";
        praises "安静" "很静" "没有噪音" "没噪音" "silent" "quiet"; blames "太吵" "很吵" "吵人" "吵死" "noisy" "嗡嗡"),
    aspect!("keyboard" "键盘" "Keyboard":
        "键盘" "按键" "键程" "键位" "键盘手感" "键帽" "按钮" "打字" "回车键" "空格键"
        "keyboard" "keys" "key" "typing" "buttons" "button" "key travel";
        good "大" "软" "large"; bad "小" "硬" "松" "塌" "small" "stiff" "mushy"; praises ; blames "失灵" "粘键" "连键"),
    aspect!("touchpad" "触控板" "Touchpad":
        "触控板" "触摸板" "触摸版" "鼠标" "触控" "指点杆" "手势"
        "touchpad" "trackpad" "touch pad" "mouse" "mousepad" "mouse pad" "trackpoint";
        good "大" "灵" "large" "smooth"; bad "小" "不灵" "small" "jumpy"; praises ; blames "漂移"),
    aspect!("camera" "拍照" "Camera":
        "拍照" "相机" "摄像头" "照相" "像素" "镜头" "成像" "照片" "拍摄" "拍照效果" "前置" "后置" "夜拍" "夜景" "对焦" "变焦" "防抖" "闪光灯" "快门" "摄影" "录像" "照片质量" "成像质量" "白平衡" "焦距" "光圈" "感光度" "噪点" "取景器"
        "camera" "photo" "photos" "picture" "pictures" "picture quality" "lens" "zoom" "autofocus" "focus" "flash" "webcam" "video" "shutter" "image quality";
        good "高" "广" "锐利" "清" "high" "sharp"; bad "低" "糊" "blurry" "grainy" "low"; praises "拍得清楚"; blames "模糊" "红眼" "跑焦"),
    aspect!("signal" "信号" "Signal":
        "信号" "网络" "通话" "通话质量" "无线" "无线网" "网速" "上网" "上网速度" "蓝牙" "流量" "wifi" "wi-fi" "4g" "5g" "gps" "定位" "网卡"
        "signal" "reception" "network" "wireless" "bluetooth" "connectivity" "connection" "call quality" "internet";
        good "强" "快" "满" "strong" "fast" "stable"; bad "弱" "差" "慢" "weak" "slow" "spotty"; praises ; blames "断网" "掉线" "连不上" "没信号" "搜不到" "disconnects" "drops calls"),
    aspect!("speaker" "音质" "Sound":
        "音质" "音效" "喇叭" "扬声器" "音响" "外放" "铃声" "音量" "声音" "听筒" "耳机" "低音" "音色" "音箱" "麦克风" "话筒"
        "sound" "speaker" "speakers" "audio" "volume" "sound quality" "bass" "headphones" "earphones" "headset" "microphone" "mic";
        good "大" "响" "亮" "洪亮" "loud" "clear" "rich"; bad "小" "轻" "破" "闷" "quiet" "tinny" "low" "muffled"; praises ; blames "破音" "听不清" "刺耳"),
    aspect!("performance" "性能" "Performance":
        "性能" "速度" "运行速度" "反应" "反应速度" "处理器" "显卡" "内存" "配置" "开机速度" "开机" "运行" "芯片" "跑分" "游戏" "玩游戏" "cpu" "响应速度" "散热性能" "图形性能" "运算" "兼容性" "功能"
        "performance" "speed" "processor" "graphics" "graphics card" "gaming" "games" "ram" "memory" "gpu" "boot time" "startup" "features" "specs";
        good "快" "高" "强" "大" "多" "全" "fast" "high" "powerful" "quick"; bad "慢" "低" "弱" "卡" "少" "slow" "low" "laggy" "weak";
        praises "流畅" "不卡" "很快" "秒开" "runs fast" "runs smoothly" "snappy"; blames "很卡" "太卡" "卡顿" "卡死" "死机" "反应慢" "太慢" "很慢" "卡机" "lags" "laggy" "freezes" "sluggish" "crashes"),
    aspect!("system" "系统软件" "Software":
        "系统" "软件" "操作系统" "界面" "预装" "预装软件" "驱动" "操作" "桌面" "应用" "广告" "更新" "升级" "win7" "win8" "win10" "win11" "xp" "vista" "windows" "安卓" "鸿蒙" "ios" "激活" "菜单" "程序"
        "software" "system" "operating system" "os" "interface" "ui" "apps" "app" "drivers" "driver" "bloatware" "updates" "android" "setup" "programs" "menu";
        good "简单" "干净" "simple" "clean" "easy"; bad "多" "复杂" "旧" "complicated" "outdated" "buggy"; praises "容易上手" "easy to use" "user friendly"; blames "蓝屏" "闪退" "重启" "自动关机" "不兼容" "中毒" "blue screen" "crashes constantly"),
    aspect!("storage" "存储" "Storage":
        "硬盘" "固态" "固态硬盘" "存储" "容量" "空间" "内存卡" "存储卡" "机械硬盘" "ssd" "读写速度" "存储空间"
        "storage" "hard drive" "hard disk" "hdd" "disk" "disk space" "capacity" "memory card";
        good "大" "快" "large" "fast" "huge"; bad "小" "慢" "响" "少" "small" "slow"; praises ; blames "坏道" "内存不足"),
    aspect!("weight" "重量尺寸" "Size and weight":
        "重量" "体积" "厚度" "尺寸" "大小" "分量" "便携性" "便携" "个头" "机身重量"
        "weight" "size" "thickness" "portability" "dimensions" "form factor";
        good "轻" "小" "薄" "适中" "合适" "light" "small" "thin" "compact" "perfect"; bad "重" "大" "厚" "heavy" "bulky" "thick" "big";
        praises "轻薄" "轻便" "小巧" "便于携带" "携带方便" "很轻" "lightweight" "portable" "light weight"; blames "太重" "很重" "笨重" "有点重" "太厚" "heavy" "bulky"),
    aspect!("build" "做工" "Build quality":
        "做工" "质量" "工艺" "质感" "手感" "材质" "用料" "外壳" "机身" "后盖" "转轴" "接缝" "缝隙" "品质" "接口" "usb接口" "材料" "塑料" "金属" "边框" "机壳" "键盘缝隙" "屏轴" "端口" "插口"
        "build" "build quality" "quality" "construction" "material" "materials" "case" "hinge" "plastic" "ports" "port" "usb ports" "body" "chassis" "casing";
        good "精细" "扎实" "厚实" "多" "全" "solid" "sturdy"; bad "粗糙" "松" "薄" "软" "少" "大" "flimsy" "cheap" "loose"; praises "结实" "坚固" "精致" "well made" "well built"; blames "粗糙" "塑料感强" "塑料感" "掉漆" "异响" "松动" "裂" "开裂" "划痕" "瑕疵" "坏了" "fell apart" "broke" "scratched"),
    aspect!("appearance" "外观" "Appearance":
        "外观" "外形" "颜色" "造型" "设计" "样子" "款式" "外表" "颜值" "样式" "模具" "线条" "外观设计"
        "design" "look" "looks" "appearance" "color" "colour" "style" "styling";
        good "亮" "正" "sleek" "slim"; bad "土" "老气" "ugly" "dated"; praises "漂亮" "好看" "美观" "时尚" "大气" "高大上" "beautiful" "gorgeous" "sleek" "stylish"; blames "难看" "丑" "老土" "指纹" "ugly" "fingerprint"),
    aspect!("price" "价格" "Price":
        "价格" "性价比" "价钱" "价位" "售价" "优惠" "价值" "降价" "价保" "保价" "活动" "促销"
        "price" "value" "cost" "deal" "money" "price point" "bargain";
        good "低" "高性价比" "实惠" "合理" "公道" "划算" "优惠" "low" "reasonable" "fair" "affordable" "great"; bad "高" "贵" "虚高" "偏高" "不值" "high" "expensive" "steep" "overpriced";
        praises "很值" "性价比高" "性价比很高" "性价比超高" "性价比挺高" "性价比较高" "性价比非常高" "便宜" "实惠" "划算" "物美价廉" "物有所值" "超值" "值得" "cheap price" "affordable" "inexpensive" "worth it" "worth the money" "good buy"; blames "太贵" "很贵" "贵了" "偏贵" "不值" "刚买就降价" "买贵" "overpriced" "too expensive" "not worth" "waste of money"),
    aspect!("delivery" "物流" "Delivery":
        "物流" "快递" "送货" "发货" "配送" "送货速度" "发货速度" "快递员" "到货" "送货员" "收货" "运输" "物流速度"
        "delivery" "shipping" "courier" "shipment" "arrival";
        good "快" "及时" "准时" "迅速" "fast" "quick" "prompt" "on time"; bad "慢" "晚" "久" "拖" "slow" "late" "delayed"; praises "第二天就到" "当天到" "arrived on time" "arrived early" "arrived quickly"; blames "等了很久" "迟迟不" "arrived late" "never arrived"),
    aspect!("packaging" "包装" "Packaging":
        "包装" "包装盒" "箱子" "盒子" "外包装" "泡沫" "封条" "包裹"
        "packaging" "package" "box" "packing";
        good "严实" "完好" "结实" "牢固" "secure" "intact"; bad "破" "烂" "简陋" "压坏" "damaged" "torn" "poor"; praises "完好无损"; blames "破损" "被拆过" "拆封" "was opened" "damaged box"),
    aspect!("service" "客服服务" "Service":
        "服务" "客服" "态度" "卖家" "店家" "商家" "服务态度" "店主" "掌柜" "售前" "安装师傅" "师傅" "工作人员"
        "service" "customer service" "seller" "vendor" "staff" "tech support" "technical support" "support" "customer support";
        good "热情" "耐心" "周到" "快" "helpful" "friendly" "responsive"; bad "差" "恶劣" "慢" "冷淡" "rude" "unhelpful" "slow"; praises "有问必答" "耐心解答"; blames "不理人" "没人理" "推卸" "骗人" "欺骗" "忽悠" "never replied" "rude"),
    aspect!("after_sales" "售后" "After-sales":
        "售后" "售后服务" "退货" "换货" "保修" "维修" "退款" "返修" "质保" "退换" "退换货" "三包" "发票"
        "warranty" "return" "refund" "repair" "replacement" "after-sales" "rma";
        good "快" "方便" "easy" "quick"; bad "慢" "麻烦" "难" "推" "slow" "difficult"; praises "包退" ; blames "不给退" "不能退" "拒绝" "不给换" "没有发票" "不开发票" "不给发票" "refused to refund"),
    aspect!("accessories" "配件赠品" "Accessories":
        "配件" "赠品" "附件" "数据线" "说明书" "贴膜" "保护套" "皮套" "耳塞" "鼠标垫" "电脑包" "礼品" "保护膜"
        "accessories" "accessory" "cable" "manual" "sleeve" "adapter" "cord";
        good "齐全" "多" "全" "丰富" "complete"; bad "少" "缺" "差" "missing"; praises "配件齐全" ; blames "没有赠品" "没送" "少了" "缺少" "漏发" "没有说明书"),
    aspect!("authenticity" "正品" "Authenticity":
        "正品" "真伪" "真假" "行货" "正版" "水货" "翻新机" "二手" "假货" "翻新" "序列号" "原装" "串号"
        "authenticity" "genuine" "refurbished" "counterfeit" "original";
        good ; bad ; praises "是正品" "正品行货" "真品" "行货" "genuine product" "authentic"; blames "假货" "水货" "翻新机" "翻新" "假的" "山寨" "二手" "盗版" "样机" "展示机" "counterfeit" "fake" "knock off"),
    aspect!("whole" "整体" "Overall":
        "手机" "电脑" "笔记本" "本本" "机器" "平板" "相机" "东西" "产品" "宝贝" "商品" "机子" "本子" "总体" "整体" "整体感觉" "这款" "平板电脑" "车" "整机" "效果"
        "laptop" "phone" "computer" "machine" "tablet" "product" "device" "netbook" "notebook" "item" "unit" "it";
        good ; bad ; praises ; blames ),
];

/// The number of an aspect, by its key.
pub fn aspect(key: &str) -> Option<usize> {
    ASPECTS.iter().position(|aspect| aspect.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_terms_are_in_one_case() {
        for (at, aspect) in ASPECTS.iter().enumerate() {
            assert_eq!(super::aspect(aspect.key), Some(at), "{}", aspect.key);
            let words = [aspect.terms, aspect.good, aspect.bad, aspect.praises, aspect.blames].concat();
            for word in words {
                assert_eq!(word, word.to_lowercase(), "{}", aspect.key);
                assert!(!word.trim().is_empty() && word.trim() == word, "{}: {word:?}", aspect.key);
            }
            let both = aspect.good.iter().find(|word| aspect.bad.contains(word));
            assert_eq!(both, None, "{} both praises and blames", aspect.key);
        }
    }
}
