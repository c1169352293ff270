//! Claims by hand: what a product's fields bear out and what they do not.

use domain::{Cents, Product};
use proptest::prelude::*;

use super::*;

fn product(id: &str, name: &str, price: i64, specs: &[(&str, &str)]) -> Product {
    Product {
        product_id: id.into(),
        name: name.into(),
        brand: Some("小米".into()),
        price_cents: Some(Cents(price)),
        specs: specs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        ..Product::default()
    }
}

fn grounds() -> Grounds {
    let specs: &[(&str, &str)] = &[
        ("memory", "8 GB"),
        ("storage", "256 GB"),
        ("screen", "6.67 inch AMOLED"),
        ("battery", "5000 mAh"),
        ("charging", "67 W"),
        ("weight", "189 g"),
        ("cpu", "Snapdragon 8 Gen 3"),
        ("nfc", "yes"),
        ("wireless charging", "no"),
        ("refresh_rate", "120 Hz"),
    ];
    let before: &[(&str, &str)] =
        &[("memory", "6 GB"), ("battery", "4000 mAh"), ("weight", "209 g"), ("refresh_rate", "120 Hz")];
    Grounds {
        currency: "CNY".into(),
        product: product("P2", "星曜 X7 Pro", 299_900, specs),
        others: vec![Other { relation: Relation::Predecessor, product: product("P1", "星曜 X6", 279_900, before) }],
        stated: vec![Stated { field: "rating".into(), value: "4.8 分，1,204 条评价".into() }],
        said: vec![Stated {
            field: "memory".into(), value: "本店价格相近的24款手机里，20款内存比它小".into()
        }],
    }
}

fn unbound(text: &str) -> Vec<String> {
    check(text, &grounds()).findings.into_iter().map(|found| found.matched).collect()
}

/// A shop writes specs into names: those of the one before are its own, and no claims about this one.
#[test]
fn figures_in_the_name_of_another_are_its_own() {
    let named = |id: &str, figures: &str, rate: &str| {
        let name = format!("星曜 Nimbo 显示器 {figures}");
        product(id, &name, 99_900, &[("refresh_rate", rate), ("resolution", figures)])
    };
    let grounds = Grounds {
        product: named("P2", "3840x2160 165Hz", "165 Hz"),
        others: vec![Other { relation: Relation::Predecessor, product: named("P1", "2560x1440 144Hz", "144 Hz") }],
        ..Grounds::default()
    };
    let report =
        check("陪你的是星曜 Nimbo 显示器 2560x1440 144Hz，接班的是星曜 Nimbo 显示器 3840x2160 165Hz", &grounds);
    assert_eq!(report.findings, []);
    let of_before = report.evidence.iter().filter(|one| one.sources[0].product_id.as_deref() == Some("P1"));
    assert_eq!(of_before.map(|one| one.claim).collect::<Vec<_>>(), [ClaimKind::Model]);
    for text in ["144Hz 刷新率", "2560x1440 的分辨率", "星曜 Nimbo 显示器 2560x1440 165Hz 144Hz"] {
        assert!(!check(text, &grounds).findings.is_empty(), "{text}");
    }
}

#[test]
fn what_fields_say_is_bound() {
    for text in [
        "星曜 X7 Pro，8GB 内存，256GB 存储",
        "8G+256G，售价 2999 元",
        "6.7 英寸 AMOLED 屏，120Hz",
        "5000毫安时大电池，67W 快充",
        "重 189 克，约 190 克也说得过去",
        "搭载 Snapdragon 8 Gen 3，支持 NFC",
        "小米出品，1,204 条评价，4.8 分",
        "不支持无线充电",
        "无人机也好，真无线 NFC 也好",
        "Note Nord NFC",
        "第 1 步：打开后盖",
        "比上一代轻 20 克",
        "电池比上一代大 25%",
        "比上一代更轻",
        "8GB 内存，上一代为 6GB",
        "It weighs 189 g, 20 g lighter than the previous model",
    ] {
        let report = check(text, &grounds());
        assert_eq!(report.findings, [], "{text}");
    }
}

#[test]
fn what_no_field_says_is_marked() {
    for (text, marked) in [
        ("16GB 大内存", "16GB"),
        ("内存 256GB", "256GB"),
        ("6.1 英寸小屏", "6.1 英寸"),
        ("售价 1999 元", "1999 元"),
        ("搭载 A17 芯片", "A17"),
        ("星曜 X9 新品", "X9"),
        ("不输 iPhone15 的屏幕，堪比苹果", "iPhone15"),
        ("支持无线充电", "无线充电"),
        ("雷电接口", "雷电"),
        ("不支持 NFC", "NFC"),
        ("比上一代轻 50%", "50%"),
        ("比上一代刷新率更高", "比上一代刷新率更高"),
        ("保修 3 年", "3 年"),
        ("超过 20 台", "20"),
    ] {
        assert!(unbound(text).contains(&marked.to_owned()), "{text}: {:?}", unbound(text));
    }
}

/// A figure behind a name is part of that name: 8 GB of memory make no Pixel 8.
#[test]
fn a_figure_of_a_field_makes_no_name() {
    for text in ["Pixel 8 is here", "the iPhone 8 of this shop", "骁龙 67 芯片", "Dimensity 8 inside"] {
        let report = check(text, &grounds());
        assert!(!report.findings.is_empty(), "{text}: {:?}", report.evidence);
    }
    for text in ["Snapdragon 8 Gen 3", "骁龙 8 芯片", "Get 8 GB of memory", "Now 2999"] {
        assert_eq!(unbound(text), [""; 0], "{text}");
    }
}

#[test]
fn units_in_words_are_units() {
    for text in ["199 milligrams", "188毫克", "a screen of 6.3 centimetres", "5000毫瓦时", "3582 milliwatt-hours"]
    {
        assert!(!unbound(text).is_empty(), "{text}");
    }
}

#[test]
fn the_message_says_what_the_field_says() {
    let found = &check("16GB 内存", &grounds()).findings[0];
    assert_eq!(found.message.zh, "文案写“16GB”，商品的 memory是8 GB".replace("memory是", "memory 是 "));
    assert_eq!(found.message.en, "the text says “16GB”, the product's memory is 8 GB");
    assert_eq!(found.fix.as_ref().unwrap().with, "8 GB");
}

#[test]
fn evidence_names_its_fields() {
    let report = check("比上一代轻 20 克，8GB 内存", &grounds());
    let fields = |at: usize| {
        let sources = &report.evidence[at].sources;
        sources.iter().map(|one| (one.product_id.as_deref().unwrap_or(""), one.value.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(report.evidence[0].claim, ClaimKind::Comparison);
    assert_eq!(fields(0), [("P2", "189 g"), ("P1", "209 g")]);
    assert_eq!(fields(1), [("P2", "8 GB")]);
    assert_eq!(report.evidence[1].span.chars, 11..14);
}

#[test]
fn nothing_to_compare_with() {
    let alone = Grounds { others: Vec::new(), ..grounds() };
    let found = check("比上一代轻 20 克", &alone).findings;
    assert!(found.iter().any(|one| one.category == "unbound_comparison"), "{found:?}");
    assert_eq!(check("屏占比高，性价比也高", &alone).findings, []);
}

#[test]
fn a_product_without_fields_bears_out_nothing() {
    let found = check("8GB 内存，OLED，小米，X7", &Grounds::default()).findings;
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!(check("", &Grounds::default()), FactReport::default());
}

proptest! {
    #[test]
    fn hostile_text_is_survived(text in "\\PC{0,30}(16GB|比上一代轻|½|①|i7-13700H|8折|OLED|，|\u{202e}|5,000){0,5}\\PC{0,30}") {
        let report = check(&text, &grounds());
        let spans = report.findings.iter().filter_map(|one| one.span.as_ref());
        for span in spans.chain(report.evidence.iter().map(|one| &one.span)) {
            let part = text.get(span.bytes.clone());
            prop_assert!(part.is_some_and(|part| part.chars().count() == span.chars.len()));
        }
    }
}

/// What the caller knows to be true is borne out whole; what stands beside it is read as ever.
#[test]
fn sentences_known_to_be_true_are_borne_out() {
    let report = check("放在货架上看，本店价格相近的24款手机里，20款内存比它小。续航 99 小时。", &grounds());
    assert_eq!(report.evidence[0].claim, ClaimKind::Statement);
    let marked: Vec<_> = report.findings.iter().map(|one| one.matched.as_str()).collect();
    assert_eq!(marked, ["99 小时"]);
    assert!(!unbound("本店价格相近的24款手机里，21款内存比它小").is_empty());
}
