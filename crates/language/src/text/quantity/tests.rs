//! Tables of what shops write, and what each means.

use proptest::prelude::*;

use super::QuantityKind::*;
use super::*;

/// Each quantity as `part of the text, kind, number in base units`.
fn check(text: &str, expected: &[(&str, QuantityKind, f64)]) {
    let found = quantities(text);
    let found: Vec<_> = found.iter().map(|one| (&text[one.range.clone()], one.kind, one.value)).collect();
    assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!((found.0, found.1), (expected.0, expected.1), "{text}: {found:?}");
        assert!((found.2 - expected.2).abs() <= expected.2.abs() * 1e-6, "{text}: {found:?} {expected:?}");
    }
}

#[test]
fn specifications() {
    check("16GB", &[("16GB", Memory, 16.0)]);
    check("16 G内存", &[("16 G", Memory, 16.0)]);
    check("运存16g", &[("16g", Memory, 16.0)]);
    check("机身重16g", &[("16g", Weight, 16.0)]);
    check("显存8G", &[("8G", GraphicsMemory, 8.0)]);
    check("8GB GDDR6显存", &[("8GB", GraphicsMemory, 8.0)]);
    check("512GB固态硬盘", &[("512GB", Storage, 512.0)]);
    check("512GBSSD", &[("512GB", Storage, 512.0)]);
    check("1TB", &[("1TB", Storage, 1024.0)]);
    check("1T硬盘", &[("1T", Storage, 1024.0)]);
    check("8G+256G", &[("8G", Memory, 8.0), ("256G", Storage, 256.0)]);
    check("12GB + 1TB", &[("12GB", Memory, 12.0), ("1TB", Storage, 1024.0)]);
    check("12+512", &[("12", Memory, 12.0), ("512", Storage, 512.0)]);
    check("6.7英寸", &[("6.7英寸", Screen, 6.7)]);
    check("６．７寸屏", &[("６．７寸", Screen, 6.7)]);
    check("15.6-inch display", &[("15.6-inch", Screen, 15.6)]);
    check("6.7\" screen", &[("6.7\"", Screen, 6.7)]);
    check("\"iPhone 15\" is good", &[]);
    check("5000mAh", &[("5000mAh", Battery, 5000.0)]);
    check("5000毫安大电池", &[("5000毫安", Battery, 5000.0)]);
    check("144Hz高刷", &[("144Hz", RefreshRate, 144.0)]);
    check("3.2GHz", &[("3.2GHz", Frequency, 3200.0)]);
    check("DDR5 4800MHz", &[("4800MHz", Frequency, 4800.0)]);
    check("120W快充", &[("120W", Power, 120.0)]);
    check("65瓦", &[("65瓦", Power, 65.0)]);
    check("1.2kg", &[("1.2kg", Weight, 1200.0)]);
    // Apart, a small letter is as good as a large one.
    check("a laptop of 1500 g", &[("1500 g", Weight, 1500.0)]);
    check("16 g of memory", &[("16 g", Memory, 16.0)]);
    check("2.5斤", &[("2.5斤", Weight, 1250.0)]);
    check("厚7.9毫米", &[("7.9毫米", Length, 7.9)]);
    check("4K", &[("4K", Resolution, 3840.0 * 2160.0)]);
    check("1080P", &[("1080P", Resolution, 1920.0 * 1080.0)]);
    check("2560x1600", &[("2560x1600", Resolution, 2560.0 * 1600.0)]);
    check("1920×1080", &[("1920×1080", Resolution, 1920.0 * 1080.0)]);
    check("5000万像素", &[("5000万像素", Camera, 50.0)]);
    check("5000万主摄", &[("5000万", Camera, 50.0)]);
    check("48MP camera", &[("48MP", Camera, 48.0)]);
    check("Its 8-megapixel rear camera", &[("8-megapixel", Camera, 8.0)]);
    check("8核", &[("8核", Cores, 8.0)]);
    check("13代酷睿", &[("13代", Generation, 13.0)]);
    check("5G手机", &[("5G", Network, 5.0)]);
    check("5g手机", &[("5g", Network, 5.0)]);
    check("4G网络", &[("4G", Network, 4.0)]);
    check("4G内存", &[("4G", Memory, 4.0)]);
    check("16:10", &[("16:10", AspectRatio, 1.6)]);
    check("1600尼特", &[("1600尼特", Brightness, 1600.0)]);
    check("续航10小时", &[("10小时", Duration, 36_000.0)]);
    check("七天无理由", &[("七天", Duration, 7.0 * 86_400.0)]);
    check("100%sRGB", &[("100%", Percent, 100.0)]);
}

#[test]
fn prices() {
    check("¥5,999", &[("¥5,999", Price, 5999.0)]);
    check("￥５９９９", &[("￥５９９９", Price, 5999.0)]);
    check("5999元", &[("5999元", Price, 5999.0)]);
    check("1.2万元", &[("1.2万元", Price, 12_000.0)]);
    check("预算1.2万", &[("1.2万", Price, 12_000.0)]);
    check("销量1.2万", &[("1.2万", Count, 12_000.0)]);
    check("$1,299.99", &[("$1,299.99", Price, 1299.99)]);
    check("RMB 5999", &[("RMB 5999", Price, 5999.0)]);
    check("₹1,499 for now", &[("₹1,499", Price, 1499.0)]);
    check("价格不错，新到手写笔：2048级压感", &[]);
    check("a price for about 1420 pages", &[]);
    check("预算5k", &[("5k", Price, 5000.0)]);
    check("五千块", &[("五千块", Price, 5000.0)]);
    check("一万二千元", &[("一万二千元", Price, 12_000.0)]);
    check("三千五百块钱", &[("三千五百块钱", Price, 3500.0)]);
    check("千元机", &[("千元", Price, 1000.0)]);
    check("8折", &[("8折", Discount, 0.8)]);
    check("85折", &[("85折", Discount, 0.85)]);
    check("两块屏幕", &[]);
    check("一块主板", &[]);
}

#[test]
fn bounds_and_ranges() {
    let one = |text: &str| {
        let found = quantities(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        found.into_iter().next().unwrap()
    };
    for (text, bound, value, extent) in [
        ("5000元以下", Bound::AtMost, 5000.0, "5000元以下"),
        ("5000以下", Bound::AtMost, 5000.0, "5000以下"),
        ("不超过5000块", Bound::AtMost, 5000.0, "不超过5000块"),
        ("under $500", Bound::AtMost, 500.0, "under $500"),
        ("under 500", Bound::AtMost, 500.0, "under 500"),
        ("3000元左右", Bound::About, 3000.0, "3000元左右"),
        ("3000多块", Bound::About, 3000.0, "3000多块"),
        ("at least 3000 yuan", Bound::AtLeast, 3000.0, "at least 3000 yuan"),
        ("3k以内", Bound::AtMost, 3000.0, "3k以内"),
    ] {
        let found = one(text);
        assert_eq!((found.bound, found.value, found.kind), (bound, value, Price), "{text}");
        assert_eq!(&text[found.extent], extent);
    }
    for (text, low, high) in [
        ("5000-6000元", 5000.0, 6000.0),
        ("3千到5千元", 3000.0, 5000.0),
        ("3到5千元", 3000.0, 5000.0),
        ("5000元到6000元", 5000.0, 6000.0),
        ("$100-$200", 100.0, 200.0),
        ("预算3000到5000", 3000.0, 5000.0),
        ("3000-4000左右", 3000.0, 4000.0),
    ] {
        let found = one(text);
        assert_eq!((found.kind, found.value, found.high), (Price, low, Some(high)), "{text}");
    }
    assert_eq!(one("16G以上").bound, Bound::AtLeast);
    assert_eq!((one("13-14英寸").value, one("13-14英寸").high), (13.0, Some(14.0)));
    assert_eq!(quantities("5000元以下 16G 轻薄本").len(), 2);
}

#[test]
fn dates_and_times() {
    check("2024年6月18日发货", &[("2024年6月18日", Date, 20_240_618.0)]);
    check("2024-06-18", &[("2024-06-18", Date, 20_240_618.0)]);
    check("6月18号", &[("6月18号", Date, 618.0)]);
    check("2024款", &[("2024", Date, 20_240_000.0)]);
    check("晚上20:30", &[("20:30", Time, 1230.0)]);
    check("用了6个月", &[("6个月", Duration, 6.0 * 30.0 * 86_400.0)]);
}

#[test]
fn model_numbers_are_no_quantities() {
    for text in [
        "i7-13700H",
        "RTX 4060",
        "RTX4060",
        "RTX 4060 Max-Q",
        "Mate 60 Pro",
        "iPhone 15 Pro Max",
        "WiFi 6E",
        "PCIe 4.0 x4",
        "Type-C",
        "R7 7840HS",
        "5600G处理器",
        "K70",
        "A17",
        "WH-1000XM5",
        "400-800-8820",
        "13812345678",
        "一天",
        "一样",
        "十分",
        "万一",
        "三折叠",
        "2安全",
        "",
        "1",
        "1.2.3",
    ] {
        check(text, &[]);
    }
}

#[test]
fn one_way_to_write_it() {
    for (text, expected) in [
        ("16 G内存", "16gb"),
        ("1TB", "1tb"),
        ("1024GB", "1tb"),
        ("6.7寸", "6.7inch"),
        ("5000mAh", "5000mah"),
        ("¥5,999", "5999cny"),
        ("5000-6000元", "5000-6000cny"),
        ("2024年6月18日", "2024-06-18"),
        ("八折", "8折"),
        ("24小时", "1天"),
        ("10小时", "10小时"),
        ("3年", "3年"),
    ] {
        assert_eq!(quantities(text)[0].canonical(), expected, "{text}");
    }
}

#[test]
fn long_texts_of_one_kind_are_fine() {
    for one in ["1", "1,", "9-", "一", "万", "¥", "1x", "8+", "5000元", "12:", "g", "1\"", "百", " "] {
        let _ = quantities(&one.repeat(200_000));
    }
}

proptest! {
    #[test]
    fn ranges_are_in_order_and_whole(parts in prop::collection::vec(prop_oneof![
        any::<char>().prop_map(String::from),
        prop::sample::select(vec!["16", "G", "GB", "元", "-", "到", "万", "五", "千", "点", ".", ",", "x", "+", "¥", "\"", " ",
            "1080", "p", "k", "以下", "不超过", "月", "年", "2024", ":", "内存", "'", "°", "％", "１"]).prop_map(str::to_owned),
    ], 0..16)) {
        let text = parts.concat();
        let mut last = 0;
        for found in quantities(&text) {
            prop_assert!(text.get(found.range.clone()).is_some_and(|part| !part.is_empty()));
            prop_assert!(text.get(found.extent.clone()).is_some());
            prop_assert!(found.range.start >= last && found.value.is_finite());
            prop_assert!(!found.canonical().contains(' '));
            last = found.range.end;
        }
    }
}
