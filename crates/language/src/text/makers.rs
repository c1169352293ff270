//! Makers of electronics by their names in two scripts, in folded form. The one list of the program: search, customer service
//! and masking read it. Which of them a shop has is known from its products alone.

/// One maker.
#[derive(Debug)]
pub struct Maker {
    /// Names that mean the maker wherever they stand.
    pub names: &'static [&'static str],
    /// Names that mean it only where a maker may be expected, as in a search: `mi`, `brother` are words of running text too.
    pub short: &'static [&'static str],
}

impl Maker {
    /// All names, those that are sure first.
    pub fn all(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.names.iter().chain(self.short).copied()
    }
}

const fn maker(names: &'static [&'static str], short: &'static [&'static str]) -> Maker {
    Maker { names, short }
}

/// Every maker that is known by more than one name, or is often asked for.
pub static MAKERS: &[Maker] = &[
    maker(&["苹果", "apple"], &[]),
    maker(&["华为", "huawei"], &[]),
    maker(&["小米", "xiaomi"], &["mi"]),
    maker(&["红米", "redmi"], &[]),
    maker(&["荣耀", "honor"], &[]),
    maker(&["三星", "samsung"], &[]),
    maker(&["联想", "lenovo"], &[]),
    maker(&["戴尔", "dell"], &[]),
    maker(&["惠普", "hp"], &[]),
    maker(&["华硕", "asus"], &[]),
    maker(&["宏碁", "宏基", "acer"], &[]),
    maker(&["微软", "microsoft"], &[]),
    maker(&["微星", "msi"], &[]),
    maker(&["雷蛇", "razer"], &[]),
    maker(&["外星人", "alienware"], &[]),
    maker(&["机械革命", "mechrevo"], &[]),
    maker(&["索尼", "sony"], &[]),
    maker(&["佳能", "canon"], &[]),
    maker(&["尼康", "nikon"], &[]),
    maker(&["富士", "fujifilm"], &[]),
    maker(&["松下", "panasonic"], &[]),
    maker(&["一加", "oneplus"], &[]),
    maker(&["真我", "realme"], &[]),
    maker(&["魅族", "meizu"], &[]),
    maker(&["中兴", "zte"], &[]),
    maker(&["努比亚", "nubia"], &[]),
    maker(&["诺基亚", "nokia"], &[]),
    maker(&["摩托罗拉", "motorola"], &["moto"]),
    maker(&["谷歌", "google"], &[]),
    maker(&["漫步者", "edifier"], &[]),
    maker(&["罗技", "logitech"], &[]),
    maker(&["飞利浦", "philips"], &[]),
    maker(&["海信", "hisense"], &[]),
    maker(&["创维", "skyworth"], &[]),
    maker(&["夏普", "sharp"], &[]),
    maker(&["东芝", "toshiba"], &[]),
    maker(&["大疆", "dji"], &[]),
    maker(&["安克", "anker"], &[]),
    maker(&["绿联", "ugreen"], &[]),
    maker(&["倍思", "baseus"], &[]),
    maker(&["闪迪", "sandisk"], &[]),
    maker(&["西部数据", "西数", "western digital"], &["wd"]),
    maker(&["希捷", "seagate"], &[]),
    maker(&["金士顿", "kingston"], &[]),
    maker(&["森海塞尔", "sennheiser"], &[]),
    maker(&["铁三角", "audio technica", "audio-technica"], &[]),
    maker(&["佳明", "garmin"], &[]),
    maker(&["普联", "tp link", "tp-link"], &[]),
    maker(&["爱普生", "epson"], &[]),
    maker(&[], &["兄弟", "brother"]),
    maker(&["博士音响", "bose"], &[]),
    maker(&["博世", "bosch"], &[]),
    maker(&["任天堂", "nintendo"], &[]),
    maker(&["英伟达", "nvidia"], &[]),
    maker(&["英特尔", "intel"], &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_one_maker_and_folded() {
        let mut seen = std::collections::BTreeSet::new();
        for name in MAKERS.iter().flat_map(Maker::all) {
            assert!(seen.insert(name), "{name} is two makers'");
            assert_eq!(name.trim().to_lowercase(), name);
        }
    }
}
