//! Profiles of a shop that could be: six groups of 52,000 customers, counted as an engine would. And laws on random counts.

use std::collections::BTreeSet;

use domain::Cents;
use proptest::prelude::*;

use super::*;

fn level(key: &str, zh: &str, en: &str) -> Level {
    Level { key: key.into(), name: Text::new(zh, en) }
}

const SIZES: [u64; 6] = [4_000, 9_000, 6_000, 8_000, 15_000, 10_000];

/// Counts by customer from shares in per cent. Shape of shares: (n_groups, n_levels).
fn by_customer(attribute: Attribute, levels: Vec<Level>, shares: [&[u64]; 6]) -> AttributeFacts {
    let counts = SIZES.iter().zip(shares).map(|(size, shares)| shares.iter().map(|share| size * share / 100).collect());
    AttributeFacts { attribute, per: Per::Customer, levels, counts: counts.collect() }
}

/// Counts of purchases, three per customer, from shares in per cent.
fn by_purchase(attribute: Attribute, levels: Vec<Level>, shares: [&[u64]; 6]) -> AttributeFacts {
    let mut facts = by_customer(attribute, levels, shares);
    facts.per = Per::Purchase;
    facts.counts.iter_mut().flatten().for_each(|count| *count *= 3);
    facts
}

/// Means with a spread of `spread` within groups.
fn number(measure: Measure, means: [f64; 6], spread: f64) -> NumberFacts {
    let moments = SIZES.iter().zip(means).map(|(&n, mean)| Moments {
        n,
        sum: n as f64 * mean,
        sum_squares: n as f64 * (mean * mean + spread * spread),
    });
    NumberFacts { measure, moments: moments.collect() }
}

fn shop() -> Facts {
    let values = [(36_000, 31_000), (21_000, 20_800), (9_000, 12_000), (11_000, 9_000), (6_000, 6_100), (5_000, 0)];
    let keys = ["g0", "g1", "g2", "g3", "g4", "g5"];
    let groups = keys.iter().zip(SIZES).zip(values).map(|((key, n_customers), (now, before))| GroupFacts {
        key: (*key).into(),
        n_customers,
        value_cents: Cents(now * 100_000),
        recent: Some(Recent {
            n_active: n_customers / 2,
            n_active_before: n_customers / 2 - 100,
            value_cents: Cents(now * 10_000),
            value_cents_before: Cents(before * 10_000),
        }),
    });
    let categories = vec![
        level("phone", "手机", "Phones"),
        level("laptop", "笔记本电脑", "Laptops"),
        level("headphones", "耳机", "Headphones"),
        level("camera", "相机", "Cameras"),
        level("tv", "电视", "TVs"),
    ];
    let bands = vec![
        level("low", "1000元以下", "under ¥1K"),
        level("mid", "1000–5000元", "¥1K–5K"),
        level("high", "5000元以上", "over ¥5K"),
    ];
    let days = (1..=7).map(|day| level(&day.to_string(), "", "")).collect();
    Facts {
        groups: groups.collect(),
        attributes: vec![
            by_customer(
                Attribute::Category,
                categories,
                [
                    &[20, 72, 4, 5, 8],
                    &[90, 6, 30, 4, 6],
                    &[40, 14, 18, 6, 8],
                    &[30, 12, 70, 3, 6],
                    &[38, 14, 18, 6, 8],
                    &[38, 14, 18, 6, 8],
                ],
            ),
            by_customer(
                Attribute::Brand,
                vec![level("korvane", "科梵", "Korvane"), level("velunar", "维伦纳", "Velunar")],
                [&[20, 17], &[8, 40], &[15, 18], &[15, 18], &[15, 18], &[15, 18]],
            ),
            by_purchase(
                Attribute::PriceBand,
                bands,
                [&[5, 25, 70], &[20, 55, 25], &[40, 40, 20], &[60, 35, 5], &[45, 40, 15], &[45, 40, 15]],
            ),
            by_purchase(
                Attribute::Weekday,
                days,
                [
                    &[8, 8, 8, 8, 8, 30, 30],
                    &[14, 14, 14, 14, 14, 15, 15],
                    &[14, 14, 14, 14, 14, 15, 15],
                    &[14, 14, 14, 14, 14, 15, 15],
                    &[14, 14, 14, 14, 14, 15, 15],
                    &[14, 14, 14, 14, 14, 15, 15],
                ],
            ),
            by_purchase(
                Attribute::Generation,
                vec![
                    level("newest", "新品", "newest"),
                    level("previous", "上一代", "previous"),
                    level("older", "旧款", "older"),
                ],
                [&[30, 50, 20], &[55, 35, 10], &[20, 50, 30], &[20, 50, 30], &[20, 50, 30], &[20, 50, 30]],
            ),
        ],
        numbers: vec![
            number(Measure::RecencyDays, [60.0, 45.0, 320.0, 70.0, 80.0, 80.0], 40.0),
            number(Measure::SpendCents, [900_000.0, 233_000.0, 150_000.0, 137_000.0, 40_000.0, 50_000.0], 60_000.0),
            number(Measure::AccessoryShare, [0.1, 0.3, 0.4, 0.5, 0.4, 0.4], 0.2),
            number(Measure::DiscountShare, [0.1, 0.15, 0.3, 0.6, 0.3, 0.3], 0.15),
        ],
    }
}

fn profiled() -> Vec<GroupProfile> {
    profile(&shop(), &ProfileOptions::default()).unwrap()
}

#[test]
fn groups_are_named_by_what_sets_them_apart() {
    let names: Vec<(String, String)> = profiled().into_iter().map(|group| (group.name.zh, group.name.en)).collect();
    let expected = [
        ("高客单笔记本电脑买家 · 周末", "Big-ticket laptop buyers, weekends"),
        ("高客单手机买家 · 爱买新品", "Big-ticket phone buyers, first to buy new models"),
        ("久未下单客户", "Lapsed customers"),
        ("低客单耳机买家 · 爱用优惠", "Budget headphone buyers, keen on discounts"),
        // The smaller of two groups that no fact tells apart.
        ("低消费客户", "Light spenders"),
        ("低消费客户（2）", "Light spenders (2)"),
    ];
    assert_eq!(names, expected.map(|(zh, en)| (zh.to_owned(), en.to_owned())));
}

#[test]
fn descriptions_tell_size_facts_and_trend() {
    let found = profiled();
    assert_eq!(
        found[0].description.zh,
        "4000位客户，占全部客户的7.7%；消费3600万元，占总消费的41%。72%买过笔记本电脑（全部客户17%）；\
         70%的购买在5000元以上价位（全部客户20%）；60%的订单在周末（全部客户32%）。较少人买过耳机（4%，全部客户27%）。\
         人均消费9000元（全部客户1691元）；配件占比10%（全部客户38%）。最近90天消费比此前90天增长16%。"
    );
    assert_eq!(
        found[0].description.en,
        "4K customers, 7.7% of all; they spent ¥36M, 41% of the total. 72% have bought laptops (all customers: 17%); \
         70% of purchases are priced over ¥5K (all customers: 20%); 60% of orders are placed on weekends (all customers: \
         32%). Fewer have bought headphones (4%; all customers: 27%). Spend per customer: ¥9K (all customers: ¥1.7K); share \
         of accessories: 10% (all customers: 38%). In the last 90 days they spent 16% more than in the 90 before."
    );
    let directions: Vec<Direction> = found.iter().map(|group| group.trend.direction).collect();
    use Direction::{Growing, Shrinking, Steady, Unknown};
    assert_eq!(directions, [Growing, Steady, Shrinking, Growing, Steady, Unknown]);
    // What is listed is what was counted: days of the week, not the parts they are told by.
    let weekday = found[0].over.iter().find(|level| level.attribute == Attribute::Weekday).unwrap();
    assert!(["6", "7"].contains(&weekday.level.as_str()) && weekday.n == 3 * 1_200);
    assert_eq!((weekday.share, found[0].over[0].level.as_str()), (0.3, "laptop"));
}

#[test]
fn trends_are_told_as_people_would() {
    let said = |now: i64, before: i64| {
        let mut facts = shop();
        let (value_cents, value_cents_before) = (Cents(now), Cents(before));
        facts.groups[0].recent = Some(Recent { value_cents, value_cents_before, ..Recent::default() });
        let found = profile(&facts, &ProfileOptions { recent_days: 30, ..ProfileOptions::default() }).unwrap();
        let sentence = found[0].description.en.rsplit_once("In the last ").map(|(_, rest)| rest.to_owned());
        (sentence, found[0].trend.direction)
    };
    let of = |text: &str| Some(format!("30 days they spent {text}."));
    assert_eq!(said(300, 100), (of("3.0 times as much as in the 30 before"), Direction::Growing));
    assert_eq!(said(110, 100), (of("10% more than in the 30 before"), Direction::Growing));
    assert_eq!(said(101, 100), (of("about as much as in the 30 before"), Direction::Steady));
    assert_eq!(said(40, 100), (of("60% less than in the 30 before"), Direction::Shrinking));
    assert_eq!(said(0, 100), (of("nothing"), Direction::Shrinking));
    assert_eq!(said(100, 0), (None, Direction::Unknown));
}

#[test]
fn shares_of_purchases_are_told_as_such() {
    let mut facts = shop();
    facts.attributes[0].per = Per::Purchase;
    let found = profile(&facts, &ProfileOptions::default()).unwrap();
    let en = &found[0].description.en;
    assert!(en.contains("66% of purchases are laptops (all customers: "), "{en}");
    assert!(en.contains(". 3.7% of purchases are headphones (all customers: "), "{en}");
    assert!(found[0].description.zh.contains("。3.7%的购买是耳机（全部客户"));
}

#[test]
fn actions_follow_from_facts_and_tell_them() {
    let found = profiled();
    use ActionKind::{Accessory, CrossSell, Launch, Loyalty, PriceDrop, Recommend, WinBack};
    let expected = [
        [Loyalty, Accessory, CrossSell],
        [Launch, Accessory, CrossSell],
        [WinBack, CrossSell, Recommend],
        [PriceDrop, CrossSell, Recommend],
    ];
    for (group, expected) in found.iter().zip(expected) {
        let kinds: Vec<ActionKind> = group.actions.iter().map(|action| action.kind).collect();
        assert_eq!(kinds, expected, "{}", group.key);
    }
    let first = |group: usize| found[group].actions[0].reason.clone();
    assert_eq!(
        first(0),
        Text::new("人均消费9000元，全部客户1691元", "Spend per customer: ¥9K, against ¥1.7K among all customers")
    );
    assert_eq!(
        first(1),
        Text::new(
            "55%的购买是刚上市的新品，全部客户27%",
            "55% of purchases are newly launched models, against 27% of all customers"
        )
    );
    let missing = &found[0].actions[2];
    assert_eq!(missing.reason.zh, "只有4%买过耳机，全部客户27%");
    assert_eq!(missing.target, Some(Target { attribute: Attribute::Category, level: "headphones".into() }));
    // With nothing known but numbers there are three all the same, and who has gone is not rewarded for staying.
    let bare = Facts { attributes: Vec::new(), ..shop() };
    let kinds = |group: usize| -> Vec<ActionKind> {
        let found = profile(&bare, &ProfileOptions::default()).unwrap();
        found[group].actions.iter().map(|action| action.kind).collect()
    };
    assert_eq!(kinds(2), [WinBack, Recommend, Launch]);
    assert_eq!(kinds(4), [Recommend, Loyalty, Launch]);
    for kind in ActionKind::ALL {
        assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.key()));
    }
}

#[test]
fn groups_that_do_not_differ_have_no_facts_but_names_and_actions() {
    let mut facts = shop();
    let same = |counts: &mut Vec<Vec<u64>>| *counts = vec![counts[4].clone(); 6];
    facts.attributes.iter_mut().for_each(|of| same(&mut of.counts));
    facts.numbers.iter_mut().for_each(|of| of.moments = vec![of.moments[4]; 6]);
    facts.groups.iter_mut().for_each(|group| group.n_customers = 15_000);
    let found = profile(&facts, &ProfileOptions::default()).unwrap();
    for group in &found {
        assert!(group.over.is_empty() && group.under.is_empty(), "{:?}", group.over);
        assert_eq!(group.actions.len(), 3);
    }
    let names: Vec<&str> = found.iter().map(|group| group.name.en.as_str()).collect();
    assert_eq!(names[..3], ["Everyday customers", "Everyday customers (2)", "Everyday customers (3)"]);
}

#[test]
fn an_empty_group_one_group_and_none_are_no_trouble() {
    let mut facts = shop();
    facts.groups[2].n_customers = 0;
    facts.groups[2].value_cents = Cents(0);
    facts.attributes.iter_mut().for_each(|of| of.counts[2].fill(0));
    facts.numbers.iter_mut().for_each(|of| of.moments[2] = Moments::default());
    let found = profile(&facts, &ProfileOptions::default()).unwrap();
    assert!(found[2].over.is_empty() && found[2].numbers.is_empty());
    assert_eq!(found[0].name, profiled()[0].name);
    let mut one = shop();
    one.groups.truncate(1);
    one.attributes.iter_mut().for_each(|of| of.counts.truncate(1));
    one.numbers.iter_mut().for_each(|of| of.moments.truncate(1));
    let found = profile(&one, &ProfileOptions::default()).unwrap();
    assert_eq!((found[0].name.zh.as_str(), found[0].customers_share), ("普通客户", 1.0));
    assert!(profile(&Facts::default(), &ProfileOptions::default()).unwrap().is_empty());
}

#[test]
fn what_is_wrong_is_said() {
    let error = |spoil: fn(&mut Facts)| {
        let mut facts = shop();
        spoil(&mut facts);
        profile(&facts, &ProfileOptions::default()).unwrap_err().to_string()
    };
    assert!(error(|facts| facts.attributes[0].counts[0][1] = 4_001).contains("4001 of Category in 'g0'"));
    assert!(error(|facts| facts.attributes[3].per = Per::Customer).contains("Weekday per customer"));
    assert!(
        error(|facts| facts.attributes[3].levels[0].key = "Mon".into()).contains("'Mon' of Weekday, allowed 1 to 7")
    );
    assert!(error(|facts| facts.attributes[0].counts.truncate(5)).contains("5 for Category, allowed 6"));
    assert!(error(|facts| facts.attributes[1].counts[0].truncate(1)).contains("1 for Brand, allowed 2"));
    assert!(error(|facts| facts.numbers[0].moments.truncate(1)).contains("1 for RecencyDays, allowed 6"));
    assert!(error(|facts| facts.numbers[0].moments[3].sum = f64::NAN).contains("row 3, column 0 holds NaN"));
    let options = ProfileOptions { prior: 0.0, ..Default::default() };
    assert!(profile(&shop(), &options).unwrap_err().to_string().contains("prior: found 0"));
}

proptest! {
    /// Whatever is counted: names differ in both languages, there are three actions of different kinds, what is listed is
    /// sure and on its side, and everything is finite.
    #[test]
    fn profiles_hold_together(
        counts in proptest::collection::vec(proptest::collection::vec(0u64..60, 4), 1..9),
        spend in proptest::collection::vec(0.0..1e6f64, 9),
    ) {
        let n_groups = counts.len();
        let names = [("手机", "Phones"), ("笔记本电脑", "Laptops"), ("耳机", "Headphones"), ("相机", "Cameras")];
        let levels: Vec<Level> = names.iter().map(|&(zh, en)| level(en, zh, en)).collect();
        let group = |at: usize| GroupFacts { key: at.to_string(), n_customers: 60, value_cents: Cents(at as i64), recent: Some(Recent { value_cents: Cents(at as i64), value_cents_before: Cents(2), ..Recent::default() }) };
        let moments = |at: usize| Moments { n: 60, sum: 60.0 * spend[at], sum_squares: 61.0 * spend[at] * spend[at] };
        let facts = Facts {
            groups: (0..n_groups).map(group).collect(),
            attributes: vec![AttributeFacts { attribute: Attribute::Category, per: Per::Customer, levels, counts }],
            numbers: vec![NumberFacts { measure: Measure::SpendCents, moments: (0..n_groups).map(moments).collect() }],
        };
        let found = profile(&facts, &ProfileOptions::default()).unwrap();
        let distinct = |of: fn(&GroupProfile) -> &String| found.iter().map(of).collect::<BTreeSet<_>>().len();
        prop_assert_eq!(distinct(|group| &group.name.zh), n_groups);
        prop_assert_eq!(distinct(|group| &group.name.en), n_groups);
        for group in &found {
            let kinds: BTreeSet<ActionKind> = group.actions.iter().map(|action| action.kind).collect();
            prop_assert_eq!(kinds.len(), 3);
            prop_assert!(group.over.iter().all(|level| level.q <= 0.05 && level.log_odds > 0.0 && level.z.is_finite()));
            prop_assert!(group.under.iter().all(|level| level.q <= 0.05 && level.log_odds < 0.0));
            prop_assert!(!group.description.zh.contains("NaN") && !group.description.en.contains("inf"));
        }
        prop_assert_eq!(profile(&facts, &ProfileOptions::default()).unwrap(), found);
    }
}
