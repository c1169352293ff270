//! Hours, rules, summaries: a desk by day, one by night, and what a person is told.

use std::sync::Arc;

use domain::{Day, Product};

use super::hours::{Opening, minute_of, weekday};
use super::*;
use crate::evidence::unsupported;
use crate::forms::Filling;
use crate::policy::{DeskRule, DeskRules};
use crate::understand::Emotion;
use crate::world::{Delivery, DeliveryStatus};

fn desk(opens: &str, closes: &str, days: &[u8]) -> DeskRules {
    DeskRules { opens: opens.into(), closes: closes.into(), days: days.to_vec(), ..DeskRules::default() }
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// A day of the week, 1 to 7: 2026-11-23 is a Monday.
fn on(weekday: u8) -> Day {
    Day(day("2026-11-23").0 + i32::from(weekday) - 1)
}

#[test]
fn weekdays_and_times() {
    for (text, expected) in [("1970-01-01", 4), ("2026-11-23", 1), ("2026-11-29", 7), ("1969-12-28", 7)] {
        assert_eq!(weekday(day(text)), expected, "{text}");
    }
    for (text, expected) in [("00:00", Some(0)), ("09:30", Some(570)), ("23:59", Some(1439))] {
        assert_eq!(minute_of(text), expected, "{text}");
    }
    for text in ["24:00", "9:00", "09:60", "0900", "09:00:00", "+9:00", "", "０９:００"] {
        assert_eq!(minute_of(text), None, "{text}");
    }
}

#[test]
fn a_desk_is_open_within_its_hours() {
    let by_day = desk("09:00", "21:00", &[1, 2, 3, 4, 5]);
    let by_night = desk("20:00", "04:00", &[5, 6]);
    let always = desk("00:00", "00:00", &[1, 2, 3, 4, 5, 6, 7]);
    let from_noon = desk("12:00", "12:00", &[1]);
    for (desk, weekday, time, open) in [
        (&by_day, 1, "08:59", false),
        (&by_day, 1, "09:00", true),
        (&by_day, 5, "20:59", true),
        (&by_day, 5, "21:00", false),
        (&by_day, 6, "12:00", false),
        (&by_night, 5, "19:59", false),
        (&by_night, 5, "20:00", true),
        // The night of Friday goes on into Saturday, that of Saturday into Sunday, and no further.
        (&by_night, 5, "03:59", false),
        (&by_night, 6, "03:59", true),
        (&by_night, 6, "04:00", false),
        (&by_night, 7, "03:59", true),
        (&by_night, 7, "20:00", false),
        (&by_night, 1, "03:59", false),
        (&always, 7, "23:59", true),
        (&always, 1, "00:00", true),
        (&from_noon, 1, "11:59", false),
        (&from_noon, 1, "12:00", true),
        (&from_noon, 2, "11:59", true),
        (&from_noon, 2, "12:00", false),
    ] {
        assert_eq!(
            desk.is_open(on(weekday), minute_of(time).unwrap()),
            open,
            "{}-{} {weekday} {time}",
            desk.opens,
            desk.closes
        );
    }
}

#[test]
fn a_closed_desk_says_when_it_opens() {
    let by_day = desk("09:00", "18:00", &[1, 2, 3, 4, 5]);
    for (weekday, time, days_ahead) in
        [(1, "08:00", 0), (1, "18:00", 1), (5, "18:30", 3), (6, "10:00", 2), (7, "23:00", 1)]
    {
        let day = Day(on(weekday).0 + days_ahead as i32);
        let expected = Opening { days_ahead, day, minute_of_day: 540 };
        assert_eq!(by_day.opens_next(on(weekday), minute_of(time).unwrap()), Some(expected), "{weekday} {time}");
    }
    let once = desk("09:00", "18:00", &[3]);
    assert_eq!(once.opens_next(on(3), 1200).map(|opening| opening.days_ahead), Some(7));
    // 2026-11-27 is a Friday.
    for (today, minute, zh, en) in [
        ("2026-11-27", 60, "今天 09:00", "today at 09:00"),
        ("2026-11-26", 1200, "明天 09:00", "tomorrow at 09:00"),
        ("2026-11-27", 1200, "周一 09:00", "on Monday at 09:00"),
    ] {
        assert_eq!(by_day.opens_next_in_words(day(today), minute, Lang::Zh).0, zh);
        assert_eq!(by_day.opens_next_in_words(day(today), minute, Lang::En).0, en);
    }
}

#[test]
fn closed_days_are_no_days_of_the_desk() {
    // The week of China's national day: from Thursday, 2026-10-01, to the next one.
    let closed = (0..8).map(|n| Day(day("2026-10-01").0 + n)).collect();
    let by_day = DeskRules { closed, ..desk("09:00", "18:00", &[1, 2, 3, 4, 5, 6, 7]) };
    assert!(by_day.is_open(day("2026-09-30"), 600) && !by_day.is_open(day("2026-10-01"), 600));
    assert!(by_day.is_open(day("2026-10-09"), 600) && !by_day.is_open(day("2026-10-08"), 600));
    for (lang, wanted) in [(Lang::Zh, "2026-10-09 09:00"), (Lang::En, "on 2026-10-09 at 09:00")] {
        let (words, evidence) = by_day.opens_next_in_words(day("2026-10-01"), 600, lang);
        assert_eq!(words, wanted);
        assert_eq!(unsupported(&words, &evidence, &[]), []);
    }
    // The night that began before goes on into a closed day, and none begins on it.
    let by_night = DeskRules { closed: vec![day("2026-10-01")], ..desk("20:00", "04:00", &[1, 2, 3, 4, 5, 6, 7]) };
    assert!(by_night.is_open(day("2026-10-01"), 60) && !by_night.is_open(day("2026-10-01"), 1300));
    assert!(!by_night.is_open(day("2026-10-02"), 60));
    let never = DeskRules { closed: (0..100).map(|n| Day(day("2026-10-01").0 + n)).collect(), ..by_day };
    assert_eq!(never.opens_next(day("2026-10-01"), 0), None);
}

proptest::proptest! {
    /// What is said to be the next opening is an opening: closed the minute before, or around the clock; and nothing opens
    /// between.
    #[test]
    fn the_next_opening_is_the_next(opens in 0..1440u32, closes in 0..1440u32, days in proptest::collection::btree_set(1..=7u8, 1..7), weekday in 1..=7u8, minute in 0..1440u32) {
        let time = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        let desk = desk(&time(opens), &time(closes), &days.into_iter().collect::<Vec<_>>());
        let today = on(weekday);
        proptest::prop_assume!(!desk.is_open(today, minute));
        let opening = desk.opens_next(today, minute).unwrap();
        proptest::prop_assert!(desk.is_open(opening.day, opening.minute_of_day));
        let until = opening.days_ahead * 1440 + opening.minute_of_day;
        for later in minute..until {
            let day = Day(today.0 + (later / 1440) as i32);
            proptest::prop_assert!(!desk.is_open(day, later % 1440), "{day} {later}");
        }
    }
}

fn understanding(intent: &str, anger: f32, urgency: f32) -> Understanding {
    Understanding {
        intent: Some(intent.into()),
        confidence: 0.9,
        emotion: Emotion { anger, urgency, ..Emotion::default() },
        ..Understanding::default()
    }
}

#[test]
fn rules_call_a_person() {
    let mut policies = Policies::default();
    policies.desk.words = vec!["12315".into(), "律师".into(), "lawyer".into()];
    let calm = Dialogue::default();
    for (text, understanding, dialogue, expected) in [
        ("转人工", understanding("human", 0.0, 0.0), &calm, Some(Reason::Asked)),
        ("我要打12315投诉", understanding("complaint", 0.0, 0.0), &calm, Some(Reason::Rule)),
        ("My LAWYER will write to you", understanding("complaint", 0.0, 0.0), &calm, Some(Reason::Rule)),
        ("the lawyers' laptop", understanding("find_product", 0.0, 0.0), &calm, None),
        ("垃圾！！！", understanding("complaint", 0.9, 0.0), &calm, Some(Reason::Anger)),
        (
            "还没到",
            understanding("delivery", 0.1, 0.0),
            &Dialogue { anger: 0.8, ..Dialogue::default() },
            Some(Reason::Anger),
        ),
        ("嗯？", Understanding::default(), &Dialogue { n_misses: 2, ..Dialogue::default() }, Some(Reason::Unanswered)),
        ("嗯？", Understanding::default(), &Dialogue { n_misses: 1, ..Dialogue::default() }, None),
        ("这款多重", understanding("product_fact", 0.0, 0.0), &calm, None),
        ("人工", Understanding { confidence: 0.2, ..understanding("human", 0.0, 0.0) }, &calm, None),
    ] {
        assert_eq!(called(&policies, dialogue, &understanding, text, &product), expected, "{text}");
    }
}

#[test]
fn a_rule_of_the_shop_calls_a_person_when_all_of_it_is_so() {
    let rule = DeskRule {
        name: "dear headphones".into(),
        intents: vec!["return_request".into(), "repair_booking".into()],
        categories: vec!["音频".into()],
        price_from_cents: Some(40_000),
        ..DeskRule::default()
    };
    let about =
        |ids: &[&str]| Dialogue { products: ids.iter().map(|id| (*id).into()).collect(), ..Dialogue::default() };
    let reason = |rule: &DeskRule, intent: &str, dialogue: &Dialogue| {
        let mut policies = Policies::default();
        policies.desk.rules = vec![rule.clone()];
        called(&policies, dialogue, &understanding(intent, 0.0, 0.0), "我要退货", &product)
    };
    assert_eq!(reason(&rule, "return_request", &about(&["p1"])), Some(Reason::Rule));
    assert_eq!(reason(&rule, "product_fact", &about(&["p1"])), None, "not what is wanted");
    assert_eq!(reason(&rule, "return_request", &about(&[])), None, "nothing is talked about");
    assert_eq!(reason(&rule, "return_request", &about(&["p2", "p1"])), None, "another was talked about last");
    for other in [
        DeskRule { price_from_cents: Some(49_901), ..rule.clone() },
        DeskRule { categories: vec!["音频/音箱".into()], ..rule.clone() },
        DeskRule { words: vec!["发票".into()], ..rule.clone() },
    ] {
        assert_eq!(reason(&other, "return_request", &about(&["p1"])), None, "{other:?}");
    }
}

#[test]
fn a_rule_says_which_queue_and_how_soon() {
    let ruled = |policies: &mut Policies| {
        policies.desk.skills.insert("return_request".into(), "after_sales".into());
        let rule = DeskRule { name: "key".into(), words: vec!["转人工".into()], ..DeskRule::default() };
        policies.desk.rules = vec![
            DeskRule { words: vec!["发票".into()], skill: Some("invoices".into()), ..rule.clone() },
            DeskRule { skill: Some("key_accounts".into()), priority: Some(0), ..rule },
        ];
    };
    story_told(Reason::Asked, ruled, Lang::Zh, &[], |hand_over, _| {
        assert_eq!((hand_over.skill.as_str(), hand_over.priority), ("key_accounts", 0));
    });
}

fn product(product_id: &str) -> Option<Arc<Product>> {
    let product = |name: &str, category: &str, cents: i64| Product {
        product_id: product_id.into(),
        name: name.into(),
        category: Some(category.into()),
        price_cents: Some(domain::Cents(cents)),
        ..Product::default()
    };
    match product_id {
        "p1" => Some(Arc::new(product("星野 S7 耳机", "音频/耳机", 49_900))),
        "p2" => Some(Arc::new(product("星野 A1 手机", "手机", 299_900))),
        _ => None,
    }
}

fn orders() -> Vec<OrderRecord> {
    let delivery = Some(Delivery { status: DeliveryStatus::Shipped, ..Delivery::default() });
    let own = OrderRecord { order_id: "TC1".into(), customer_id: "c1".into(), delivery, ..OrderRecord::default() };
    let other = OrderRecord { order_id: "TC9".into(), customer_id: "c2".into(), ..OrderRecord::default() };
    vec![own, other]
}

fn dialogue() -> Dialogue {
    let filling = Filling {
        form: "return_request".into(),
        values: [("order_id".to_owned(), "TC1".to_owned())].into(),
        asked: Some("phone".into()),
        ..Filling::default()
    };
    Dialogue {
        products: vec!["p1".into()],
        order_id: Some("TC9".into()),
        last_intent: Some("delivery".into()),
        last_question: Some("我的耳机\n到哪了".into()),
        forms: vec![filling],
        anger: 0.5,
        n_misses: 1,
        ..Dialogue::default()
    }
}

fn story_told<T>(
    reason: Reason,
    change: impl FnOnce(&mut Policies),
    lang: Lang,
    evidence: &[Evidence],
    then: impl FnOnce(HandOver, &Policies) -> T,
) -> T {
    let mut policies = Policies::default();
    change(&mut policies);
    let (book, dialogue, orders) = (FormBook::of(&policies).unwrap(), dialogue(), orders());
    let said = [
        Said { by_customer: true, text: "我的耳机\n到哪了" },
        Said { by_customer: false, text: "正在派送" },
        Said { by_customer: true, text: "转人工！" },
    ];
    let hand_over = hand_over(
        reason,
        &Story {
            policies: &policies,
            book: &book,
            dialogue: &dialogue,
            understanding: &understanding("human", 0.2, 0.7),
            said: &said,
            customer_id: Some("c1"),
            orders: &orders,
            product: &product,
            evidence,
            today: day("2026-11-27"),
            minute_of_day: 600,
            lang,
        },
    );
    then(hand_over, &policies)
}

#[test]
fn a_person_is_told_the_whole_story() {
    for (lang, expected) in [
        (
            Lang::Zh,
            [
                "原因：客户要求转人工",
                "客户：c1",
                "查物流",
                "星野 S7 耳机",
                "TC1（已发货）",
                "停在“联系电话”",
                "有些不满、着急",
                "客户：转人工！",
                "我的耳机 到哪了",
            ],
        ),
        (
            Lang::En,
            [
                "asked for a person",
                "Customer: c1",
                "ask where a parcel is",
                "星野 S7 耳机",
                "TC1 (shipped)",
                "stopped at Phone",
                "displeased, in a hurry",
                "Customer: 转人工！",
                "Last said:",
            ],
        ),
    ] {
        story_told(
            Reason::Asked,
            |_| {},
            lang,
            &[],
            |hand_over, _| {
                for words in expected {
                    assert!(hand_over.summary.contains(words), "{words}\n{}", hand_over.summary);
                }
                // Nothing of another's order.
                assert_eq!(hand_over.order_ids, ["TC1"]);
                assert!(!hand_over.summary.contains("TC9"));
                assert_eq!(hand_over.product_ids, ["p1"]);
                assert_eq!(hand_over.customer_id.as_deref(), Some("c1"));
                assert!(hand_over.desk_open);
            },
        );
    }
}

#[test]
fn skill_and_priority_follow_the_rules() {
    let skill =
        |change: fn(&mut Policies)| story_told(Reason::Asked, change, Lang::Zh, &[], |hand_over, _| hand_over.skill);
    assert_eq!(skill(|_| {}), GENERAL);
    assert_eq!(skill(|policies| drop(policies.desk.skills.insert("delivery".into(), "logistics".into()))), "logistics");
    let both = |policies: &mut Policies| {
        policies.desk.skills.insert("delivery".into(), "logistics".into());
        policies.desk.skills.insert("return_request".into(), "after_sales".into());
    };
    assert_eq!(skill(both), "after_sales", "the form in hand comes before what was asked earlier");
    let priority = |reason| story_told(reason, |_| {}, Lang::Zh, &[], |hand_over, _| hand_over.priority);
    assert_eq!([Reason::Unanswered, Reason::Asked, Reason::Failure, Reason::Anger].map(priority), [1, 2, 3, 3]);
}

#[test]
fn suggested_replies_say_what_the_evidence_says() {
    let evidence = [
        Evidence::Order { order_id: "TC1".into(), field: "status".into(), value: "已发货".into() },
        Evidence::Computed { how: "today".into(), value: "2026-11-27".into() },
        Evidence::Product {
            product_id: "p1".into(),
            name: "星野 S7 耳机".into(),
            field: "price".into(),
            value: "499.00".into(),
        },
        Evidence::Curated {
            answer_id: "a1".into(), question: "多久到".into(), text: "一般次日送达。".into()
        },
    ];
    story_told(
        Reason::Asked,
        |_| {},
        Lang::Zh,
        &evidence,
        |hand_over, _| {
            assert_eq!(
                hand_over.suggested,
                ["一般次日送达。", "您的订单 TC1 目前状态：已发货。", "星野 S7 耳机 的价格是 499.00。"]
            );
            for reply in &hand_over.suggested {
                assert_eq!(unsupported(reply, &evidence, &[]), [], "{reply}");
            }
        },
    );
    story_told(Reason::Anger, |_| {}, Lang::En, &[], |hand_over, _| assert_eq!(hand_over.suggested.len(), 1));
}

#[test]
fn the_customer_is_always_told() {
    for reason in [Reason::Asked, Reason::Rule, Reason::Unanswered, Reason::Anger, Reason::Form, Reason::Failure] {
        for lang in [Lang::Zh, Lang::En] {
            for closes in ["21:00", "09:30"] {
                let close = |policies: &mut Policies| policies.desk.closes = closes.into();
                story_told(reason, close, lang, &[], |hand_over, policies| {
                    assert_eq!(hand_over.desk_open, closes == "21:00");
                    let (text, evidence) = told(&hand_over, policies, day("2026-11-27"), 600, lang);
                    assert!(!text.is_empty());
                    assert_eq!(unsupported(&text, &evidence, &[]), [], "{text}");
                    // The next day is told where nobody is there.
                    let tomorrow = lang.choose("明天 09:00", "tomorrow at 09:00");
                    assert_eq!(text.contains(tomorrow), !hand_over.desk_open, "{text}");
                });
            }
        }
    }
}
