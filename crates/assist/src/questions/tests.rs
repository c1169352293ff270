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
fn what_is_left_out_is_left_out() {
    let phones = "手机通讯/手机";
    let earphones = ["影音/头戴耳机", "影音/真无线耳机"];
    let of = |text: &str| {
        let found = question(text);
        found.check().unwrap();
        found.filters.into_iter().map(|own| (own.field, own.values.join(" "), own.excluded)).collect::<Vec<_>>()
    };
    let both = format!("{phones} {}", earphones.join(" "));
    let category = |values: &str| vec![(Dimension::Category, values.to_owned(), true)];
    for text in
        ["手机以外的销售额", "除了手机的销售额", "手机除外的销售额", "除手机外的销售额", "除了手机之外，上个月的销售额"]
    {
        assert_eq!(of(text), category(phones), "{text}");
    }
    for text in ["除了手机和耳机的销售额", "手机、耳机以外的销售额", "revenue excluding phones and earphones"]
    {
        let found = of(text);
        let values: std::collections::BTreeSet<&str> = found[0].1.split(' ').collect();
        assert_eq!(values, both.split(' ').collect(), "{text}");
        assert!(found.len() == 1 && found[0].2, "{text}: {found:?}");
    }
    let brand = (Dimension::Brand, "Apple 苹果".to_owned(), false);
    assert_eq!(of("除手机外苹果的销售额"), [category(phones), vec![brand.clone()]].concat());
    assert_eq!(of("苹果的销售额，不含手机"), [vec![brand.clone()], category(phones)].concat());
    let city = (Dimension::City, "杭州".to_owned(), false);
    assert_eq!(of("revenue without phones in Hangzhou"), [category(phones), vec![city]].concat());
    let not_apple = (Dimension::Brand, "Apple 苹果".to_owned(), true);
    assert_eq!(of("revenue except phones and Apple"), [category(phones), vec![not_apple]].concat());
    assert_eq!(of("除了周日的订单数"), [(Dimension::Weekday, "6".to_owned(), true)]);
}

#[test]
fn means_say_over_what() {
    for (text, measure) in [
        ("日均订单数上个月", Measure::OrdersPerDay),
        ("上个月平均每天的销售额", Measure::RevenuePerDay),
        ("上周日均销量", Measure::UnitsPerDay),
        ("average revenue per day last month", Measure::RevenuePerDay),
        ("average daily orders last week", Measure::OrdersPerDay),
        ("每单利润", Measure::MarginPerOrder),
        ("margin per order last month", Measure::MarginPerOrder),
        ("平均每单", Measure::AverageOrder),
        ("每单多少钱", Measure::AverageOrder),
        ("每个客户的销售额", Measure::PerBuyer),
        ("人均", Measure::PerBuyer),
        ("人均订单数", Measure::OrdersPerBuyer),
        ("average orders per customer", Measure::OrdersPerBuyer),
        ("average orders per day last month", Measure::OrdersPerDay),
        ("average order last month", Measure::AverageOrder),
        ("平均客单价", Measure::AverageOrder),
        ("average conversion last month", Measure::Conversion),
    ] {
        let found = question(text);
        assert_eq!((found.measures.as_slice(), found.over), (&[measure][..], None), "{text}");
        found.check().unwrap();
    }
    // Each day by itself, and a part of May that is thirty-one days long.
    assert_eq!(question("每天的销售额").over, Some(Dimension::Day));
    let sql = &statements(&question("average revenue per day in May"), today())[0].sql;
    assert!(
        sql.starts_with("select cast(sum(o.quantity") && sql.contains(" as double) / 31 as revenue_per_day"),
        "{sql}"
    );
    let daily = Question { period: question("revenue in May").period, ..Question::of(Measure::RevenuePerDay) };
    daily.check().unwrap();
    for wrong in [
        Question { period: None, ..daily.clone() },
        Question { over: Some(Dimension::Month), ..daily.clone() },
        Question { by: Some(Dimension::Weekday), ..daily.clone() },
        Question { compare: Some(Compare::YearBefore), period: None, ..Question::of(Measure::Revenue) },
    ] {
        assert!(wrong.check().is_err(), "{wrong:?}");
    }
}

/// Today is a Tuesday.
#[test]
fn times_have_ends() {
    for (text, days) in [
        ("revenue from 1 May", "1 May – 30 June 2026"),
        ("从5月1日的销售额", "1 May – 30 June 2026"),
        ("从5月开始的销售额", "1 May – 30 June 2026"),
        ("5月1日起的销售额", "1 May – 30 June 2026"),
        ("revenue since May", "1 May – 30 June 2026"),
        ("orders from May", "May 2026"),
        ("revenue until May", "until 31 May 2026"),
        ("截至5月1日的销售额", "until 1 May 2026"),
        ("from November to January revenue", "1 November 2025 – 31 January 2026"),
        ("上周一的销售额", "22 June 2026"),
        ("上上周五的销售额", "19 June 2026"),
        ("本周一的销售额", "29 June 2026"),
        ("revenue last Monday", "29 June 2026"),
        ("revenue last Tuesday", "23 June 2026"),
        ("上周日的订单数", "28 June 2026"),
    ] {
        let found = question(text);
        assert_eq!(say::period(found.period.as_ref().unwrap(), Lang::En), days, "{text}");
        assert_eq!((found.compare.clone(), found.filters.len()), (None, 0), "{text}");
        found.check().unwrap();
    }
    for text in ["周一的销售额", "revenue on Mondays"] {
        let found = question(text);
        assert_eq!((found.filters[0].field, found.filters[0].values[0].as_str()), (Dimension::Weekday, "0"), "{text}");
        assert_eq!(found.over, None, "{text}");
    }
    // What has no beginning begins with the first day there is, not with thousands of empty ones.
    let asked = Question { over: Some(Dimension::Day), ..question("revenue until May") };
    let cell = |day: &str| Cells { at: Some(day.parse().unwrap()), values: vec![Some(3.0)], ..Cells::default() };
    let found = figures(&asked, &[(Part::Rows, vec![Measure::Revenue], vec![cell("2026-05-29")])]);
    assert_eq!(found.rows.len(), 3);
}

#[test]
fn all_there_is_is_said_once() {
    let asked = Question { by: Some(Dimension::Brand), ..Question::of(Measure::Orders) };
    let cell = |label: Option<&str>| Cells { label: label.map(str::to_owned), at: None, values: vec![Some(3.0)] };
    let results = [
        (Part::Rows, vec![Measure::Orders], vec![cell(Some("a"))]),
        (Part::Whole, vec![Measure::Orders], vec![cell(None)]),
    ];
    let found = figures(&asked, &results);
    let said = say::sentence(&asked, &found, "CNY", Lang::En);
    assert_eq!(said, "in all: orders 3. The most: a, 3.");
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
        ("2月30日的销售额", &["2月30日"]),
        ("2026-05-10 到 2026-05-01 的销售额", &["2026-05-10 到 2026-05-01"]),
        ("revenue from 10 May to 1 May", &["10 may to 1 may"]),
        ("没有销售的商品", &["没有"]),
        ("second best brand by revenue", &["second"]),
        ("销售额第二的品牌", &["第二"]),
        ("上个月第一周的销售额", &["第一周"]),
        ("drop table customers", &["table"]),
        ("revenue; drop table orders", &["table"]),
        ("average revenue by brand last month", &["average"]),
        ("除去退货的销售额", &["除去 退货"]),
        ("除了苹果手机的销售额", &["除了苹果手机"]),
        ("revenue last month except", &["except"]),
        ("上个月前3天的销售额", &["前3天"]),
        ("按客户看销售额", &["按 客户"]),
        ("revenue by month and week", &["week"]),
        ("average customers per day last month", &["average"]),
        ("average orders last month", &["average orders"]),
        ("revenue before May", &["before"]),
        ("revenue until", &["until"]),
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
