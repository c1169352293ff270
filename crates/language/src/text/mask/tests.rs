//! Invented people and numbers.

use proptest::prelude::*;

use super::*;

fn check(text: &str, expected: &str) {
    assert_eq!(mask(text).text, expected, "{text}");
}

#[test]
fn phones() {
    check("电话13812345678，谢谢", "电话[PHONE]，谢谢");
    check("138 1234 5678", "[PHONE]");
    check("138-1234-5678", "[PHONE]");
    check("１３８１２３４５６７８", "[PHONE]");
    check("1 3 8 1 2 3 4 5 6 7 8", "[PHONE]");
    check("138\u{200b}1234\u{200b}5678", "[PHONE]");
    check("+86 13812345678", "[PHONE]");
    check("+86-138-1234-5678", "[PHONE]");
    check("8613812345678", "[PHONE]");
    check("微信13812345678", "微信[PHONE]");
    check("010-62345678转8", "[PHONE]转8");
    check("(0755)26543210", "[PHONE]");
    check("座机 62345678", "座机 [PHONE]");
    check("call (555) 234-5678 or 555-234-5679", "call [PHONE] or [PHONE]");
    check("+1 555 234 5678, +44 20 7946 0958", "[PHONE], [PHONE]");
    check("13812345678 13987654321", "[PHONE] [PHONE]");
    check("客服400-800-8820", "客服400-800-8820");
}

#[test]
fn ids_cards_and_devices() {
    check("身份证11010519491231002X", "身份证[ID]");
    check("110105 19491231 002X", "[ID]");
    check("11010519491231002x。", "[ID]。");
    check(
        "卡号6222021234567890128",
        "卡号[CARD]"
            .replace("[CARD]", if numbers::luhn(&digits("6222021234567890128")) { "[CARD]" } else { "[NUMBER]" })
            .as_str(),
    );
    check("4111 1111 1111 1111", "[CARD]");
    check("4111-1111-1111-1111", "[CARD]");
    check("490154203237518", "[CARD]");
    check("356938035643809", "[IMEI]");
    check("IMEI: 356938035643800", "IMEI: [IMEI]");
    check("序列号：C02XG2JHH7JY", "序列号：[SERIAL]");
    check("S/N C02XG2JHH7JY ok", "S/N [SERIAL] ok");
}

fn digits(text: &str) -> Vec<u8> {
    text.bytes().map(|byte| byte - b'0').collect()
}

#[test]
fn accounts_and_addresses_of_the_net() {
    check("a.b+c@example.com.cn。", "[EMAIL]。");
    check("QQ：123456789", "QQ：[QQ]");
    check("加微信abc_1234聊", "加微信[WECHAT]聊");
    check("VX: zhang-san88", "VX: [WECHAT]");
    check("从203.0.113.7登录", "从[IP]登录");
    check("路由器192.168.1.1", "路由器192.168.1.1");
    check("固件版本12.3.4.56", "固件版本12.3.4.56");
}

#[test]
fn orders() {
    check("订单号：123456789012", "订单号：[ORDER]");
    check("order no. AB-12345678", "order no. [ORDER]");
    let shop = Masker::new(&[r"TC\d{8}"]).unwrap();
    assert_eq!(shop.mask("查一下TC20240618吧").text, "查一下[ORDER]吧");
    assert!(matches!(Masker::new(&["("]), Err(LanguageError::Unfit { .. })));
    assert!(matches!(Masker::new(&["a*"]), Err(LanguageError::Unfit { .. })));
    check("运单998877665544332211", "运单[NUMBER]");
}

#[test]
fn addresses_plates_and_names() {
    check("寄到浙江省杭州市西湖区文三路12号3栋502室，谢谢", "寄到[ADDRESS]，谢谢");
    check("地址：北京市海淀区中关村大街1号", "地址：[ADDRESS]");
    check("我住在幸福小区3号楼2单元501", "我住在[ADDRESS]");
    check("广东省深圳市南山区科技园路8号", "[ADDRESS]");
    check("221B Baker Street, London", "[ADDRESS], London");
    check("ship it to 1600 Pine Hill Road, Apt 5", "ship it to [ADDRESS]");
    check("车牌粤B·12345", "车牌[PLATE]");
    check("京AD12345停在门口", "[PLATE]停在门口");
    check("收货人：张三丰，电话13812345678", "收货人：[NAME]，电话[PHONE]");
    check("我叫李雷", "我叫[NAME]");
    check("My name is John Smith.", "My name is [NAME].");
}

#[test]
fn what_is_not_personal_stays() {
    for text in [
        "RTX 4060 i7-13700H Mate 60 Pro iPhone 15 Pro Max",
        "¥5,999 5999元 1.2万 12999.00",
        "5000mAh 16GB+1TB 6.7英寸 2560x1600 144Hz 1920×1080",
        "2024-06-18 12:30 2024年6月18日",
        "PCIe 4.0 x4, USB 3.2, WiFi 6E, ISO 12800",
        "网络10层 套路1号 一路10楼 接口3号",
        "新RTX4060 黑S24 云GTX960",
        "1000000000 666666666666 100000000000",
        "电话质量很好，订单很快，微信 Windows 版",
        "3 in 1, 24 Hours a Day, 100 Best Phones",
        "",
        "[PHONE]",
    ] {
        check(text, text);
    }
}

#[test]
fn marks_can_be_put_back() {
    let original = "张三 13812345678 和 13987654321，再打13812345678";
    let masked = Masker::default().numbered().mask(original);
    assert_eq!(masked.text, "张三 [PHONE_1] 和 [PHONE_2]，再打[PHONE_1]");
    assert_eq!(unmask(&masked.text, &masked.key(original)), original);
    assert_eq!(unmask("[PHONE_9] [ [x", &masked.key(original)), "[PHONE_9] [ [x");
    for hidden in &masked.hidden {
        assert_eq!(&masked.text[hidden.masked.clone()], hidden.mark);
    }
}

#[test]
fn long_texts_of_one_kind_are_fine() {
    for one in [
        "1",
        "1 ",
        "a@",
        "@",
        "(010)",
        "+1",
        "路1号",
        "区",
        "订单",
        "13812345678 ",
        "qq:",
        "京A",
        "[",
        "9 Ab ",
        "1.",
        "街道",
        "号",
    ] {
        let text = one.repeat(200_000 / one.len());
        let masked = Masker::default().numbered().mask(&text);
        assert_eq!(unmask(&masked.text, &masked.key(&text)), text, "{one}");
    }
}

fn texts() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        any::<char>().prop_map(String::from),
        "[0-9]{1,12}",
        prop::sample::select(vec![
            "138",
            "1234",
            "5678",
            " ",
            "-",
            "+86",
            "(010)",
            "@",
            "a.cn",
            "浙江省",
            "路",
            "12号",
            "室",
            "收货人",
            "张三",
            "订单号",
            "：",
            "微信",
            "京A",
            "X",
            "110105",
            "19491231",
            "１",
            "\u{200b}",
            ".",
            "My name is ",
            "Al ",
            "Street",
            "[",
            "]",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(parts, 0..16).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn only_marks_are_new(text in texts()) {
        let masked = Masker::default().numbered().mask(&text);
        prop_assert_eq!(unmask(&masked.text, &masked.key(&text)), text.clone());
        let mut last = 0;
        for hidden in &masked.hidden {
            prop_assert!(hidden.range.start >= last && text.get(hidden.range.clone()).is_some_and(|part| !part.is_empty()));
            last = hidden.range.end;
        }
    }

    #[test]
    fn no_mobile_number_is_left(text in texts()) {
        // As the data's readers look for them.
        let left = Regex::new(r"1[3-9][0-9]{9}").unwrap();
        let masked = mask(&text).text;
        for found in left.find_iter(&masked) {
            let digits = found.as_str().as_bytes();
            prop_assert!(digits[2..].iter().all(|&digit| digit == digits[2]), "{text:?} {masked:?}");
        }
    }
}
