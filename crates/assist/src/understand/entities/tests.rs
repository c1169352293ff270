//! What messages name, in a table of both languages. Not here: what is wanted.

use domain::Day;

use super::super::heard::fold;
use super::*;

/// A Sunday.
const TODAY: &str = "2026-11-29";

fn of(text: &str) -> Vec<Named> {
    asked(text, false, false)
}

fn asked(text: &str, asks_yes_no: bool, asks_rating: bool) -> Vec<Named> {
    let names = ProductNames::default();
    let today: Day = TODAY.parse().expect("a day");
    let context = Context { names: &names, order_numbers: &[], today, asks_yes_no, asks_rating };
    find(text, &fold(text), &context).into_iter().map(|entity| entity.what).collect()
}

fn one<T>(text: &str, pick: impl Fn(&Named) -> Option<T>) -> Option<T> {
    of(text).iter().find_map(pick)
}

fn order(what: &Named) -> Option<String> {
    match what {
        Named::OrderNumber { value } => Some(value.clone()),
        _ => None,
    }
}

fn day(what: &Named) -> Option<String> {
    match what {
        Named::Day { day } => Some(day.to_string()),
        _ => None,
    }
}

fn count(what: &Named) -> Option<i64> {
    match what {
        Named::Count { value } => Some(*value),
        _ => None,
    }
}

#[test]
fn orders_have_their_forms() {
    let cases = [
        ("订单号TC20261103到哪了", Some("TC20261103")),
        ("order #12345 please", Some("12345")),
        ("my order number is SO-991823", Some("SO-991823")),
        ("２０２６１１０３０００１２３４０１", Some("20261103000123401")),
        ("2026110300012340A", Some("2026110300012340A")),
        ("订单 8812", Some("8812")),
        ("13912345678", None),
        ("我的电话是13912345678", None),
        ("16GB内存", None),
        ("订单到哪了", None),
        ("in order to return it", None),
        ("order two phones", None),
        ("税号91310000123456789", None),
    ];
    for (text, expected) in cases {
        assert_eq!(one(text, order).as_deref(), expected, "{text}");
    }
}

fn specs(text: &str) -> Vec<(String, f64, String)> {
    let spec = |what: Named| match what {
        Named::Spec { attribute, value, unit } => Some((attribute, value, unit)),
        _ => None,
    };
    of(text).into_iter().filter_map(spec).collect()
}

#[test]
fn memory_and_storage_are_read_as_they_are_sold() {
    for (text, wanted) in [
        ("12+512 和 16+256 差多少钱", &[12.0, 512.0, 16.0, 256.0][..]),
        ("64+1024的笔记本", &[64.0, 1024.0]),
        ("the 16GB+1TB one", &[16.0, 1024.0]),
        ("8G + 256G", &[8.0, 256.0]),
        ("3+2等于几", &[]),
        ("电话 010+512345", &[]),
    ] {
        let found = specs(text);
        let values: Vec<f64> = found.iter().map(|(_, value, _)| *value).collect();
        assert_eq!(values, wanted, "{text}: {found:?}");
        let named: Vec<&str> = found.iter().map(|(attribute, ..)| attribute.as_str()).collect();
        assert!(named.chunks(2).all(|pair| pair == ["memory", "storage"]), "{text}: {named:?}");
    }
}

#[test]
fn hours_are_a_value_where_something_lasts_for_them() {
    let hours = |attribute: &str, value: f64| vec![(attribute.to_owned(), value, "h".to_owned())];
    assert_eq!(specs("续航超过40小时的耳机"), hours("battery_life", 40.0));
    assert_eq!(specs("headphones with a battery life over 30 hours"), hours("battery_life", 30.0));
    assert_eq!(specs("飞行时间30分钟以上的无人机"), hours("flight_time", 0.5));
    assert_eq!(specs("24小时内能送到吗"), []);
}

#[test]
fn days_are_worked_out() {
    let cases = [
        ("昨天买的", "2026-11-28"),
        ("前天下的单", "2026-11-27"),
        ("大前天", "2026-11-26"),
        ("上周五", "2026-11-20"),
        ("这周五", "2026-11-27"),
        ("下周一来修", "2026-11-30"),
        ("周三下的单", "2026-11-25"),
        ("预约周三上门", "2026-12-02"),
        ("3天前", "2026-11-26"),
        ("两周后", "2026-12-13"),
        ("6月18日买的", "2026-06-18"),
        ("12月1日上门", "2026-12-01"),
        ("12月1日买的", "2025-12-01"),
        ("2026年11月3号", "2026-11-03"),
        ("2026-11-03", "2026-11-03"),
        ("18号收到的", "2026-11-18"),
        ("yesterday", "2026-11-28"),
        ("the day before yesterday", "2026-11-27"),
        ("last friday", "2026-11-27"),
        ("next monday", "2026-11-30"),
        ("I ordered it on Wednesday", "2026-11-25"),
        ("come on Wednesday", "2026-12-02"),
        ("June 18", "2026-06-18"),
        ("18th of June 2025", "2025-06-18"),
        ("two days ago", "2026-11-27"),
        ("in 3 days", "2026-12-02"),
        ("昨晚拍的", "2026-11-28"),
    ];
    for (text, expected) in cases {
        assert_eq!(one(text, day).as_deref(), Some(expected), "{text}");
    }
    for text in ["2月30日", "1号楼", "第二天", "99/99", "", "今年", "这个月"] {
        assert_eq!(one(text, day), None, "{text}");
    }
}

#[test]
fn money_has_its_bounds() {
    let money = |text: &str| -> Vec<(i64, bool, bool)> {
        let pick = |what: &Named| match *what {
            Named::Money { cents, is_max, is_min } => Some((cents, is_max, is_min)),
            _ => None,
        };
        of(text).iter().filter_map(pick).collect()
    };
    assert_eq!(money("5000元以下"), [(500_000, true, false)]);
    assert_eq!(money("不超过3000块"), [(300_000, true, false)]);
    assert_eq!(money("2000元以上"), [(200_000, false, true)]);
    assert_eq!(money("3000-5000元"), [(300_000, false, true), (500_000, true, false)]);
    assert_eq!(money("¥5,999"), [(599_900, false, false)]);
    assert_eq!(money("under $300"), [(30_000, true, false)]);
    assert_eq!(money("预算5k"), [(500_000, false, false)]);
    assert_eq!(money("5k以下的"), [(500_000, true, false)]);
    assert_eq!(money("under 2k"), [(200_000, true, false)]);
    assert_eq!(money("16GB"), []);
}

#[test]
fn measures_counts_and_contacts() {
    let specs = |text: &str| -> Vec<(String, f64, String)> {
        let pick = |what: &Named| match what {
            Named::Spec { attribute, value, unit } => Some((attribute.clone(), *value, unit.clone())),
            _ => None,
        };
        of(text).iter().filter_map(pick).collect()
    };
    assert_eq!(specs("16G内存"), [("memory".to_owned(), 16.0, "GB".to_owned())]);
    assert_eq!(specs("6.7英寸"), [("screen".to_owned(), 6.7, "inch".to_owned())]);
    assert_eq!(specs("a 144Hz monitor"), [("refresh".to_owned(), 144.0, "Hz".to_owned())]);
    assert_eq!(specs("1TB ssd"), [("storage".to_owned(), 1024.0, "GB".to_owned())]);
    for (text, expected) in [
        ("买两台", Some(2)),
        ("要3个充电器", Some(3)),
        ("买一台", Some(1)),
        ("3 pieces please", Some(3)),
        ("i need two", Some(2)),
        ("这两个哪个好", None),
        ("第3个", None),
        ("有一个问题", None),
        ("两个月了", None),
    ] {
        assert_eq!(one(text, count), expected, "{text}");
    }
    assert!(of("电话139 1234 5678").contains(&Named::Phone { value: "13912345678".into() }));
    assert!(of("发到li.lei@example.com").contains(&Named::Email { value: "li.lei@example.com".into() }));
    assert!(of("送到北京市朝阳区建国路88号院3号楼1202室").iter().any(|what| matches!(what, Named::Address { .. })));
}

#[test]
fn answers() {
    let yes = |text: &str| {
        of(text).iter().find_map(|what| match what {
            Named::YesNo { yes } => Some(*yes),
            _ => None,
        })
    };
    for text in [
        "好的",
        "嗯",
        "是的",
        "可以",
        "yes",
        "Yep!",
        "ok",
        "好的谢谢",
        "yes please",
        "对",
        "没问题",
        "好的，谢谢",
        "确认。",
        "要的",
        "Sure, thanks",
    ] {
        assert_eq!(yes(text), Some(true), "{text}");
    }
    for text in ["不用了", "不", "no", "nope", "no thanks", "不要", "算了", "不用了谢谢", "No.", "先不了"]
    {
        assert_eq!(yes(text), Some(false), "{text}");
    }
    for text in ["好的手机", "不能开机", "no signal", "不用的旧手机", "", "yes it is broken", "好用吗"]
    {
        assert_eq!(yes(text), None, "{text}");
    }
    assert!(asked("好，帮我转吧", true, false).contains(&Named::YesNo { yes: true }));
    let stars = |text: &str, asks: bool| {
        asked(text, false, asks).iter().find_map(|what| match what {
            Named::Rating { stars } => Some(*stars),
            _ => None,
        })
    };
    for (text, asks, expected) in [
        ("五星好评", false, Some(5)),
        ("4 stars", false, Some(4)),
        ("3/5", false, Some(3)),
        ("5", true, Some(5)),
        ("5", false, None),
        ("满分", false, Some(5)),
        ("10分", true, Some(5)),
        ("不满意", true, Some(2)),
        ("五分钟了", false, None),
        ("9折", true, None),
        ("三", true, Some(3)),
        ("0", true, None),
    ] {
        assert_eq!(stars(text, asks), expected, "{text}");
    }
}

#[test]
fn reasons_are_quoted() {
    let reason = |text: &str| {
        of(text).into_iter().find_map(|what| match what {
            Named::Reason { text } => Some(text),
            _ => None,
        })
    };
    assert_eq!(reason("我要退货，因为屏幕有坏点，谢谢").as_deref(), Some("屏幕有坏点"));
    assert_eq!(reason("退货，电池发热很严重").as_deref(), Some("电池发热很严重"));
    assert_eq!(reason("return it because the left earbud is silent").as_deref(), Some("the left earbud is silent"));
    assert_eq!(reason("It arrived damaged. I want a refund").as_deref(), Some("It arrived damaged"));
    assert_eq!(reason("我要退货"), None);
}

#[test]
fn attributes_have_one_name_in_both_languages() {
    let attributes = |text: &str| -> Vec<String> {
        let pick = |what: Named| match what {
            Named::Attribute { name } => Some(name),
            _ => None,
        };
        of(text).into_iter().filter_map(pick).collect()
    };
    assert_eq!(attributes("运存和硬盘多大"), ["memory", "storage"]);
    assert_eq!(attributes("電池續航怎麼樣"), ["battery"]);
    assert_eq!(attributes("how heavy is it and which CPU"), ["weight", "cpu"]);
    assert_eq!(attributes("多少钱 有现货吗"), ["price", "stock"]);
    assert_eq!(attributes("programs"), Vec::<String>::new());
}
