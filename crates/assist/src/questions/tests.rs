//! Questions of a small shop read into types, statements and words; and texts that mean no good.

use domain::Day;
use proptest::prelude::*;

use super::answer::{Cells, figures};
use super::names::{Lexicon, Names};
use super::read::{Reading, nearest, read};
use super::sql::{Part, statements};
use super::words::Goal;
use super::*;
use crate::turn::Lang;

fn lexicon() -> Lexicon {
    let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    Lexicon::new(&Names {
        categories: all(&["手机通讯/手机", "电脑/笔记本电脑", "影音/头戴耳机", "影音/真无线耳机"]),
        brands: all(&["科梵", "Apple 苹果", "O'Neil; drop table orders --"]),
        products: all(&["科梵 Strato 4 笔记本电脑 16GB", "Apple Nova X100"]),
        channels: all(&["search_ads", "short_video", "store", "sms"]),
        stores: all(&["online", "上海店"]),
        // There is a place of this name.
        cities: all(&["北京", "杭州", "重庆", "QUARTER"]),
        regions: all(&["北京", "浙江"]),
        genders: all(&["F", "M"]),
        campaigns: all(&["K001"]),
        segments: vec![("g1".to_owned(), "学生".to_owned(), "Students".to_owned())],
    })
}

fn today() -> Day {
    "2026-06-30".parse().unwrap()
}

fn reading(text: &str) -> Reading {
    read(text, &lexicon(), today(), None).unwrap()
}

fn question(text: &str) -> Question {
    let found = reading(text);
    assert!(found.unread.is_empty() && found.goal.is_none() && found.absent.is_empty(), "{text}: {found:?}");
    found.question.unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn questions_are_said_back() {
    for (text, zh, en) in [
        ("上个月销售额", "销售额，2026年5月", "revenue, May 2026"),
        (
            "Revenue of Hangzhou by brand in Q1",
            "销售额，按品牌，城市：杭州，2026年第1季度",
            "revenue, by brand, city: 杭州, Q1 2026",
        ),
        (
            "苹果今年的销量",
            "销量，品牌：Apple 苹果，2026年1月1日至6月30日",
            "units sold, brand: Apple 苹果, 1 January – 30 June 2026",
        ),
        ("女性客户最近7天的订单数", "订单数，性别：F，2026年6月24日至30日", "orders, gender: F, 24–30 June 2026"),
        ("Chongqing revenue yesterday", "销售额，城市：重庆，2026年6月29日", "revenue, city: 重庆, 29 June 2026"),
        (
            "Students' average order value in 2025",
            "客单价，客群：g1，2025年",
            "average order value, customer group: g1, 2025",
        ),
        (
            "strato 4 revenue in May",
            "销售额，商品名含 “strato 4”，2026年5月",
            "revenue, products named “strato 4”, May 2026",
        ),
        (
            "revenue this month vs last year",
            "销售额，2026年6月，同比（2025年6月）",
            "revenue, June 2026, against the year before (June 2025)",
        ),
        ("orders by quarter in 2025", "订单数，按季度，2025年", "orders, by quarter, 2025"),
        (
            "revenue in 2025 compared to the year before",
            "销售额，2025年，同比（2024年）",
            "revenue, 2025, against the year before (2024)",
        ),
        ("线上订单数 昨天", "订单数，门店：online，2026年6月29日", "orders, store: online, 29 June 2026"),
        (
            "return rate by brand in May, worst first",
            "退货率，按品牌，2026年5月，从高到低，前 10 个",
            "return rate, by brand, May 2026, most first, 10 rows at most",
        ),
    ] {
        let found = question(text);
        assert_eq!((say::words(&found, Lang::Zh).as_str(), say::words(&found, Lang::En).as_str()), (zh, en), "{text}");
        found.check().unwrap();
    }
}

#[test]
fn slips_and_sounds_are_mended_and_told() {
    let found = reading("科凡上月销售额");
    assert_eq!(found.mended, [("科凡".to_owned(), "科梵".to_owned())]);
    assert_eq!(found.question.unwrap().filters[0].values, ["科梵"]);
    let found = reading("revenu by brnad last month");
    assert_eq!(found.question.unwrap().by, Some(Dimension::Brand));
    assert_eq!(found.mended.len(), 2);
    assert!(found.unread.is_empty());
}

#[test]
fn what_is_not_understood_is_named() {
    for (text, unread) in [
        ("华为的销售额", &["华为"][..]),
        ("revenue for Samsung last month", &["samsung"]),
        ("how many brands do we sell", &["how many brands"]),
        ("revenue of flubber by zorgification", &["flubber", "zorgification"]),
        ("2月30日的销售额", &["2-30"]),
        ("select * from customers", &["select"]),
    ] {
        let found = reading(text);
        assert_eq!(found.unread, unread, "{text}");
        for near in nearest(&found, today()) {
            near.check().unwrap();
        }
    }
    assert_eq!(reading("按支付方式看销售额").absent[0].1, "the way of payment");
    assert_eq!(reading("hello").question, None);
}

#[test]
fn questions_of_what_to_do_lead_elsewhere() {
    for (text, goal) in [
        ("今天该做什么？", Goal::Decisions),
        ("what should I do about phones today", Goal::Decisions),
        ("how much budget for search", Goal::Budget),
        ("下个月手机能卖多少", Goal::Forecast),
        ("手机要不要降价", Goal::Prices),
        ("who should we contact", Goal::Audiences),
        ("客户都在抱怨什么", Goal::Opinions),
        ("who are our best customers", Goal::Customers),
    ] {
        assert_eq!(reading(text).goal, Some(goal), "{text}");
    }
}

#[test]
fn a_question_follows_another() {
    let lexicon = lexicon();
    let mut before = None;
    for (text, en) in [
        ("revenue in May", "revenue, May 2026"),
        ("and by brand?", "revenue, by brand, May 2026"),
        ("那4月呢", "revenue, by brand, April 2026"),
        (
            "compared to the same period last year",
            "revenue, by brand, April 2026, against the year before (April 2025)",
        ),
        ("只看手机", "revenue, by brand, category: 手机, April 2026, against the year before (April 2025)"),
        ("orders in March", "orders, March 2026"),
    ] {
        let found = read(text, &lexicon, today(), before.as_ref()).unwrap();
        assert!(found.unread.is_empty(), "{text}: {:?}", found.unread);
        before = found.question;
        assert_eq!(say::words(before.as_ref().unwrap(), Lang::En), en, "{text}");
    }
}

#[test]
fn what_the_tables_lack_is_refused_with_what_they_have() {
    let refused = question("advertising spend by channel").check();
    assert_eq!(refused, Ok(()));
    let found = reading("advertising spend by store");
    // What customers spend in stores is revenue.
    assert_eq!(found.question.unwrap().measures, [Measure::Revenue]);
    let found = question("clicks by brand").check().unwrap_err();
    assert!(found.en.starts_with("clicks is not known by brand; it is by: channel,"), "{}", found.en);
    let plain = Question::of(Measure::Revenue);
    let filter = |values: Vec<String>| Filter { field: Dimension::Brand, values, excluded: false };
    for wrong in [
        Question { measures: vec![], ..plain.clone() },
        Question { top: Some(0), ..plain.clone() },
        Question { over: Some(Dimension::Brand), ..plain.clone() },
        Question { filters: vec![filter(vec![])], ..plain.clone() },
        Question { filters: vec![filter(vec!["x".repeat(1000)])], ..plain.clone() },
        Question { period: Some(Period::new(Day(2), Day(1))), ..plain.clone() },
    ] {
        assert!(wrong.check().is_err(), "{wrong:?}");
    }
}

#[test]
fn names_are_literals_whatever_they_hold() {
    let hostile = "O'Neil; drop table orders --";
    let asked = question("revenue of O'Neil; drop table orders -- in May");
    assert_eq!(asked.filters[0].values, [hostile]);
    let sql = &statements(&asked, today())[0].sql;
    assert!(sql.contains("p.brand = 'O''Neil; drop table orders --'"), "{sql}");
}

#[test]
fn a_text_of_a_megabyte_is_no_question() {
    let n = 1 << 20;
    assert_eq!(read(&"销".repeat(n), &lexicon(), today(), None), Err(n));
    assert_eq!(read(" \u{0} ", &lexicon(), today(), None), Err(0));
}

#[test]
fn figures_are_put_together() {
    let asked = Question {
        by: Some(Dimension::Brand),
        period: Some(Period::new(Day(100), Day(109))),
        compare: Some(Compare::Previous),
        show: Show::Growth,
        order: Order::Most,
        top: Some(2),
        ..Question::of(Measure::Revenue)
    };
    let cell = |label: &str, value: f64| Cells { label: Some(label.to_owned()), at: None, values: vec![Some(value)] };
    let whole = |value: f64| vec![Cells { values: vec![Some(value)], ..Cells::default() }];
    let results = [
        (Part::Rows, vec![Measure::Revenue], vec![cell("a", 100.0), cell("b", 300.0), cell("new", 5.0)]),
        (Part::RowsBefore, vec![Measure::Revenue], vec![cell("a", 50.0), cell("b", 300.0), cell("gone", 10.0)]),
        (Part::Whole, vec![Measure::Revenue], whole(405.0)),
        (Part::WholeBefore, vec![Measure::Revenue], whole(360.0)),
    ];
    let found = figures(&asked, &results);
    let rows: Vec<_> = found.rows.iter().map(|row| (row.label.as_deref().unwrap(), row.change)).collect();
    assert_eq!(rows, [("a", Some(1.0)), ("b", Some(0.0))]);
    // What is new has no change, what is gone has lost all.
    assert_eq!(found.n_more, 2);
    assert_eq!(found.whole.as_ref().unwrap().change, Some(0.125));
    let said = say::sentence(&asked, &found, "CNY", Lang::En);
    assert_eq!(
        said,
        "11–20 April 1970, in all: revenue 4.05 CNY; 3.60 CNY in 1–10 April 1970 (+12.5%). The most: a, +100.0%."
    );
}

#[test]
fn days_without_anything_are_nothing() {
    let asked = Question {
        over: Some(Dimension::Day),
        period: Some(Period::new(Day(100), Day(102))),
        ..Question::of(Measure::Orders)
    };
    let cells = vec![Cells { label: None, at: Some(Day(101)), values: vec![Some(3.0)] }];
    let found = figures(&asked, &[(Part::Rows, vec![Measure::Orders], cells)]);
    let values: Vec<_> = found.rows.iter().map(|row| row.values[0]).collect();
    assert_eq!(values, [Some(0.0), Some(3.0), Some(0.0)]);
}

#[test]
fn a_typed_question_is_read_and_written() {
    let asked = question("今年各品牌的销售额和订单数，同比，前5");
    let text = serde_json::to_string(&asked).unwrap();
    assert_eq!(serde_json::from_str::<Question>(&text).unwrap(), asked);
    assert!(serde_json::from_str::<Question>(r#"{"measures": ["revenue"], "sql": "drop table orders"}"#).is_err());
    assert!(serde_json::from_str::<Question>(r#"{"measures": ["everything"]}"#).is_err());
}

/// The part of a statement that stands outside of quotes.
fn bare(sql: &str) -> String {
    sql.split('\'').step_by(2).collect::<Vec<_>>().join("?")
}

proptest! {
    /// Whatever is typed is read to something or told; and nothing of it stands in a statement outside of quotes.
    #[test]
    fn any_text_is_read(text in "\\PC{0,80}", tail in "(销售额|revenue|by brand|上个月|strato 4|'; drop table orders --|%s| )*") {
        let text = format!("{text}{tail}");
        if let Ok(found) = read(&text, &lexicon(), today(), None)
            && let Some(asked) = found.question.filter(|asked| asked.check().is_ok())
        {
            for statement in statements(&asked, today()) {
                let bare = bare(&statement.sql).to_lowercase();
                prop_assert!(!bare.contains("drop") && !bare.contains("--") && !bare.contains(';'), "{}", bare);
            }
            let _ = (say::words(&asked, Lang::Zh), say::words(&asked, Lang::En));
        }
    }

    #[test]
    fn any_value_is_one_literal(value in "\\PC{1,40}") {
        prop_assume!(!value.contains('\0'));
        let filters = vec![Filter { field: Dimension::Brand, values: vec![value], excluded: false }];
        let asked = Question { filters, ..Question::of(Measure::Revenue) };
        let sql = &statements(&asked, today())[0].sql;
        prop_assert_eq!(sql.matches('\'').count() % 2, 0);
        prop_assert!(bare(sql).ends_with("(p.brand = ??)") || bare(sql).contains("(p.brand = "));
    }
}
