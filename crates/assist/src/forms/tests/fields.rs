//! Tables for every kind of field: what is taken, as what, and what is refused.

use super::*;
use crate::forms::clean::Words;
use crate::forms::notice::Notice;
use crate::forms::read::{Reading, address, choice, count, day as days, email, phone, tax_number, text};

fn value(reading: Reading) -> Option<String> {
    match reading {
        Reading::Value(value, _) => Some(value),
        _ => None,
    }
}

fn is_bad(reading: &Reading) -> bool {
    matches!(reading, Reading::Bad(_))
}

#[test]
fn phones() {
    for (text, expected) in [
        ("13812345678", "13812345678"),
        ("138-1234-5678", "13812345678"),
        ("138 1234 5678", "13812345678"),
        ("我的电话是13812345678，谢谢", "13812345678"),
        ("+86 138 1234 5678", "13812345678"),
        ("0086-13812345678", "13812345678"),
        ("8613812345678", "13812345678"),
        ("021-58881234", "021-58881234"),
        ("(021) 5888 1234", "021-58881234"),
        ("+86 21 5888 1234", "021-58881234"),
        ("0755-23456789", "0755-23456789"),
        ("400-888-1234", "4008881234"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("00442079460958", "+442079460958"),
        ("+81 3-1234-5678", "+81312345678"),
        ("订单 TC100023 电话 13812345678", "13812345678"),
        ("100023 13812345678", "13812345678"),
    ] {
        assert_eq!(value(phone::read(&Words::of(text), true, Lang::Zh)).as_deref(), Some(expected), "{text}");
    }
    for text in [
        "1381234567",
        "138123456789",
        "23812345678",
        "+1 415 555",
        "12345",
        "+999999999",
        "+12345678901234567",
        "12812345678",
    ] {
        assert!(is_bad(&phone::read(&Words::of(text), true, Lang::Zh)), "{text}");
    }
    // Ten digits are a number where English is spoken only.
    assert_eq!(value(phone::read(&Words::of("(415) 555-2671"), true, Lang::En)).as_deref(), Some("+14155552671"));
    assert!(is_bad(&phone::read(&Words::of("(415) 555-2671"), true, Lang::Zh)));
    // Not asked for, only what can be nothing else.
    for (text, expected) in [("TC13812345678", None), ("型号 4008881234", None), ("打13812345678", Some("13812345678"))]
    {
        assert_eq!(value(phone::read(&Words::of(text), false, Lang::Zh)).as_deref(), expected, "{text}");
    }
}

#[test]
fn emails() {
    for (text, expected) in [
        ("a.b+c@example.com", "a.b+c@example.com"),
        ("邮箱是 Mei@Example.COM.cn。", "mei@example.com.cn"),
        ("send it to x_1@mail.example.org.", "x_1@mail.example.org"),
        ("ｍｅｉ＠example.com", "mei@example.com"),
    ] {
        assert_eq!(value(email::read(&Words::of(text), true)).as_deref(), Some(expected), "{text}");
    }
    for text in [
        "a@b",
        "a@@example.com",
        "@example.com",
        ".a@example.com",
        "a..b@example.com",
        "a@-example.com",
        "a@example.c",
        "example.com",
    ] {
        assert!(is_bad(&email::read(&Words::of(text), true)), "{text}");
    }
}

#[test]
fn tax_numbers() {
    // The first is the example of GB 32100-2015; 15 digits are of the time before.
    for (text, expected) in [
        ("91350100M000100Y43", "91350100M000100Y43"),
        ("税号 91350100m000100y43", "91350100M000100Y43"),
        ("9135 0100 M000 100Y 43", "91350100M000100Y43"),
        ("350100123456789", "350100123456789"),
    ] {
        assert_eq!(value(tax_number::read(&Words::of(text), true)).as_deref(), Some(expected), "{text}");
    }
    for (text, expected) in [
        ("91350100M000100Y42", Notice::TaxCheck),
        ("91350100M000100Y34", Notice::TaxCheck),
        ("91350100I000100Y43", Notice::TaxSigns),
        ("91350100M000100Y4", Notice::TaxLength),
        ("3501001234567890", Notice::TaxLength),
    ] {
        assert_eq!(tax_number::read(&Words::of(text), true), Reading::Bad(expected), "{text}");
    }
    assert_eq!(tax_number::read(&Words::of("350100123456789"), false), Reading::Silent);
}

/// Any slip of one character, and any exchange of two neighbours, is found.
#[test]
fn the_check_digit_finds_slips() {
    let signs = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let right: Vec<char> = "91350100M000100Y43".chars().collect();
    for at in 0..right.len() {
        for sign in signs.chars().filter(|sign| *sign != right[at]) {
            let mut slip = right.clone();
            slip[at] = sign;
            assert!(tax_number::check(&slip.iter().collect::<String>()).is_err(), "{slip:?}");
        }
        if at > 0 && right[at] != right[at - 1] {
            let mut slip = right.clone();
            slip.swap(at, at - 1);
            assert!(tax_number::check(&slip.iter().collect::<String>()).is_err(), "{slip:?}");
        }
    }
}

#[test]
fn days_from_today() {
    let read = |text: &str| days::read(&Words::of(text), &Understanding::default(), true, day(TODAY), true);
    for (text, expected) in [
        ("今天", "2026-11-10"),
        ("明天下午", "2026-11-11"),
        ("后天", "2026-11-12"),
        ("大后天吧", "2026-11-13"),
        ("3天后", "2026-11-13"),
        ("周五", "2026-11-13"),
        ("周二", "2026-11-10"),
        ("周一", "2026-11-16"),
        ("下周三", "2026-11-18"),
        ("下下周日", "2026-11-29"),
        ("11月20日", "2026-11-20"),
        ("2026年12月1号", "2026-12-01"),
        ("2026-12-01", "2026-12-01"),
        ("12/1", "2026-12-01"),
        ("1月3日", "2027-01-03"),
        ("15号", "2026-11-15"),
        ("3号", "2026-12-03"),
        ("tomorrow morning", "2026-11-11"),
        ("the day after tomorrow", "2026-11-12"),
        ("in 4 days", "2026-11-14"),
        ("friday", "2026-11-13"),
        ("next Wednesday", "2026-11-18"),
        ("Dec 1st", "2026-12-01"),
        ("1 December 2026", "2026-12-01"),
    ] {
        assert_eq!(value(read(text)).as_deref(), Some(expected), "{text}");
    }
    for (text, expected) in [
        ("昨天", Notice::DayPast(day("2026-11-09"))),
        ("11月9日", Notice::DayPast(day("2026-11-09"))),
        ("2026-01-05", Notice::DayPast(day("2026-01-05"))),
        ("2062-12-01", Notice::DayFar(day("2062-12-01"))),
    ] {
        assert_eq!(read(text), Reading::Bad(expected), "{text}");
    }
    for text in ["2026-02-30", "13月40日", "不知道", "whenever", ""] {
        assert_eq!(read(text), Reading::Silent, "{text}");
    }
    let past = |text: &str| days::read(&Words::of(text), &Understanding::default(), true, day(TODAY), false);
    assert_eq!(value(past("12月1日")).as_deref(), Some("2025-12-01"));
    assert_eq!(value(past("上上个月没有，昨天")).as_deref(), Some("2026-11-09"));
    assert_eq!(past("明天"), Reading::Bad(Notice::DayToCome(day("2026-11-11"))));
}

#[test]
fn counts() {
    let read = |text: &str| count::read(&Words::of(text), true, 3);
    for (text, expected) in [
        ("2", "2"),
        ("两台", "2"),
        ("一个", "1"),
        ("退三件", "3"),
        ("2 pieces", "2"),
        ("just one", "1"),
        ("x2", "2"),
        ("全部", "3"),
        ("all", "3"),
    ] {
        assert_eq!(value(read(text)).as_deref(), Some(expected), "{text}");
    }
    for (text, expected) in [
        ("4", Notice::CountOver(3)),
        ("十二台", Notice::CountOver(3)),
        ("99999999999999999999", Notice::CountOver(3)),
        ("0", Notice::NoCount),
    ] {
        assert_eq!(read(text), Reading::Bad(expected), "{text}");
    }
    assert_eq!(count::read(&Words::of("用了3个月，2号坏的"), false, 3), Reading::Silent);
    assert_eq!(value(count::read(&Words::of("退两台"), false, 3)).as_deref(), Some("2"));
}

#[test]
fn choices() {
    let form = FormBook::built_in().iter().find(|form| form.name == "return_request").unwrap();
    let FieldKind::Choice { options } = &form.field("cause").unwrap().kind else { panic!() };
    let read = |text: &str| choice::read(options, &Words::of(text), true);
    for (text, expected) in [
        ("1", "no_reason"),
        ("第二个", "defect"),
        ("选3", "damaged"),
        ("the fourth one", "wrong_item"),
        ("质量问题", "defect"),
        ("没有声音", "defect"),
        ("IT IS DEFECTIVE", "defect"),
        ("买多了", "no_reason"),
        ("不是质量问题，就是不喜欢", "no_reason"),
        ("发错货了", "wrong_item"),
        ("it is not as described", "not_as_described"),
    ] {
        assert_eq!(value(read(text)).as_deref(), Some(expected), "{text}");
    }
    assert_eq!(read("9"), Reading::Bad(Notice::Choice));
    for text in ["", "随便", "不是质量问题", "blue"] {
        assert_eq!(read(text), Reading::Silent, "{text}");
    }
}

#[test]
fn addresses() {
    let read = |text: &str| address::read(&Words::of(text), text, true);
    for (text, expected) in [
        ("上海市浦东新区张江路88号2栋301室", "上海市浦东新区张江路88号2栋301室"),
        ("地址改成：北京市海淀区中关村大街1号", "北京市海淀区中关村大街1号"),
        ("12 Baker Street, London", "12 Baker Street, London"),
        ("my new address is 500 Terry Ave, Seattle, WA 98109", "500 Terry Ave, Seattle, WA 98109"),
    ] {
        assert_eq!(value(read(text)).as_deref(), Some(expected), "{text}");
    }
    for text in ["上海", "家里", "123456", "同上", "at my place", "somewhere nice", &"路".repeat(300)] {
        assert!(is_bad(&read(text)), "{text}");
    }
}

#[test]
fn texts() {
    assert_eq!(value(text::read("  左耳\n没声音。 ", 500)).as_deref(), Some("左耳 没声音"));
    assert_eq!(text::read("？？ 🙂", 500), Reading::Bad(Notice::NoText));
    assert_eq!(value(text::read(&"长".repeat(20), 20)).map(|value| value.chars().count()), Some(20));
    assert_eq!(text::read(&"长".repeat(21), 20), Reading::Bad(Notice::TextLong(20)));
}

#[test]
fn what_cannot_be_seen_is_dropped() {
    let words = Words::of("\u{202e}１３８\u{200b}1234\u{0}5678\u{feff}");
    assert_eq!(words.text, "13812345678");
    assert_eq!(Words::of(&"a".repeat(1 << 20)).text.len(), crate::forms::clean::CHARACTERS_MAX);
}

#[test]
fn counts_stay_within_what_was_bought() {
    let mut talk = Talk::of("return_request", Lang::Zh);
    assert_eq!(asked(&talk.say_as("退 TC100024 的鼠标", "return_request")), "count");
    assert!(matches!(talk.say("3个"), FormStep::Refused { .. }));
    assert_eq!(asked(&talk.say("2个")), "cause");
    // One has gone back already: the other is what is left.
    let mut talk = Talk::of("return_request", Lang::Zh);
    talk.orders[1].lines.push(line("p3", -1, 19_900));
    talk.say_as("退 TC100024 的鼠标", "return_request");
    assert_eq!(talk.value("count"), Some("1"));
}
