//! Windows at their bounds, and mistakes in `service.toml`.

use std::sync::Arc;

use domain::{Cents, Day, Millis, Product};

use super::warranty::WarrantyRule;
use super::windows::{PriceDifference, Purchase, Verdict, check, n_kept, price_difference};
use super::{Policies, TEMPLATE};
use crate::evidence::{Evidence, unsupported};
use crate::turn::Lang;
use crate::world::{Delivery, DeliveryStatus, OrderLine, OrderRecord};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn utc(at: Millis) -> Day {
    Day(at.0.div_euclid(86_400_000) as i32)
}

fn bought(delivery: Option<Delivery>) -> OrderRecord {
    OrderRecord {
        order_id: "TC1".into(),
        customer_id: "c1".into(),
        // 2026-11-01, noon in UTC.
        ordered_at: Millis((i64::from(day("2026-11-01").0) * 24 + 12) * 3_600_000),
        lines: vec![OrderLine {
            product_id: "p1".into(),
            quantity: 3,
            unit_price_cents: Cents(10_000),
            discount_cents: Some(Cents(1_000)),
        }],
        delivery,
    }
}

fn at(status: DeliveryStatus, delivered_on: Option<&str>) -> Option<Delivery> {
    Some(Delivery { status, delivered_on: delivered_on.map(day), ..Delivery::default() })
}

/// Delivered on the 3rd.
fn delivered() -> OrderRecord {
    bought(at(DeliveryStatus::Delivered, Some("2026-11-03")))
}

struct Case<'a> {
    order: &'a OrderRecord,
    policies: Policies,
    today: &'a str,
    cause: Option<&'a str>,
    price: Option<i64>,
    n: i64,
    /// What its sheet says of its warranty.
    warranty: Option<&'a str>,
    /// What the customer wrote of it.
    told: Vec<&'a str>,
}

impl<'a> Case<'a> {
    fn of(order: &'a OrderRecord, today: &'a str) -> Self {
        let policies = Policies::all_set();
        Case { order, policies, today, cause: None, price: Some(9_000), n: 1, warranty: None, told: Vec::new() }
    }

    fn because(mut self, cause: &'a str) -> Self {
        self.cause = Some(cause);
        self
    }

    fn purchase(&self, lang: Lang) -> Purchase<'_> {
        let product = Product {
            product_id: "p1".into(),
            name: "星野耳机".into(),
            category: Some("Audio/Headphones/In-ear".into()),
            price_cents: self.price.map(Cents),
            specs: self.warranty.map(|own| ("warranty".to_owned(), own.to_owned())).into_iter().collect(),
            ..Product::default()
        };
        Purchase {
            order: self.order,
            product_id: Some("p1"),
            product: Some(Arc::new(product)),
            n: self.n,
            cause: self.cause,
            told: self.told.clone(),
            policies: &self.policies,
            today: day(self.today),
            day_of: &utc,
            currency: "CNY",
            lang,
        }
    }

    /// The verdict, the same in both languages, with nothing said that no evidence has.
    fn asks(&self, policy: &str) -> Verdict {
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| check(policy, &self.purchase(lang)));
        assert_eq!((zh.allowed, zh.instead), (en.allowed, en.instead));
        for verdict in [&zh, &en] {
            assert_eq!(unsupported(&verdict.why, &verdict.evidence, &[]), [], "{}", verdict.why);
        }
        zh
    }
}

#[test]
fn the_last_day_of_a_window_still_counts() {
    let order = delivered();
    for (policy, cause, last, over) in [
        ("return_window", "no_reason", "2026-11-10", "2026-11-11"),
        ("return_window", "defect", "2026-11-10", "2026-11-11"),
        ("exchange_window", "defect", "2026-11-18", "2026-11-19"),
        ("warranty", "defect", "2027-11-03", "2027-11-04"),
        ("price_protection_window", "no_reason", "2026-11-10", "2026-11-11"),
    ] {
        for (today, allowed) in [("2026-11-03", true), (last, true), (over, false)] {
            let verdict = Case::of(&order, today).because(cause).asks(policy);
            assert_eq!(verdict.allowed, allowed, "{policy} {today}: {}", verdict.why);
            assert!(verdict.why.contains(last) && verdict.why.contains("2026-11-03"), "{}", verdict.why);
        }
    }
}

/// A year and a half after delivery, in a shop whose warranty is a year.
#[test]
fn the_warranty_is_that_of_the_thing_bought() {
    let order = delivered();
    let rule = |days| WarrantyRule { categories: vec!["Audio/Headphones".into()], days };
    for (sheet, of_kind, allowed, words) in [
        (None, None, false, "365 天"),
        (Some("24 months"), None, true, "24 个月"),
        (Some("2 years"), Some(rule(Some(0))), true, "最晚 2028-11-03"),
        (Some("12 months"), None, false, "最晚 2027-11-03"),
        (None, Some(rule(Some(700))), true, "700 天"),
        (None, Some(rule(Some(0))), false, "没有保修"),
        (None, Some(rule(None)), true, "由同事核对"),
        (Some("see the maker's leaflet"), None, true, "由同事核对"),
    ] {
        let mut case = Case::of(&order, "2028-05-03").because("defect");
        case.warranty = sheet;
        case.policies.returns.warranty = of_kind.into_iter().collect();
        let verdict = case.asks("warranty");
        assert_eq!(verdict.allowed, allowed, "{sheet:?}: {}", verdict.why);
        assert!(verdict.why.contains(words), "{sheet:?}: {}", verdict.why);
        assert!(case.asks("warranty_cover").allowed);
    }
}

/// Ordered on the 1st and delivered on the 3rd, seven days.
#[test]
fn a_window_counts_from_payment_where_the_shop_says_so() {
    let (order, under_way) = (delivered(), bought(at(DeliveryStatus::Shipped, None)));
    for order in [&order, &under_way] {
        for (today, allowed) in [("2026-11-08", true), ("2026-11-09", false)] {
            let mut case = Case::of(order, today);
            case.policies.returns.from_payment = vec!["price_protection_days".into()];
            let verdict = case.asks("price_protection_window");
            assert_eq!(verdict.allowed, allowed, "{today}: {}", verdict.why);
            assert!(verdict.why.contains("从付款起算") && verdict.instead.is_none(), "{}", verdict.why);
            // The others go on counting from delivery.
            assert!(case.asks("return_window").allowed);
        }
    }
}

#[test]
fn the_working_out_is_evidence() {
    let order = delivered();
    let verdict = Case::of(&order, "2026-11-08").asks("return_window");
    assert!(
        verdict.evidence.contains(&Evidence::Policy { name: "returns.no_reason_days".into(), value: "7 天".into() })
    );
    let how = Evidence::Computed { how: "2026-11-03 + 7 days".into(), value: "2026-11-10".into() };
    assert!(verdict.evidence.contains(&how), "{:?}", verdict.evidence);
}

#[test]
fn without_a_day_of_delivery_it_counts_from_the_order_and_says_so() {
    for delivery in [None, at(DeliveryStatus::Delivered, None)] {
        let order = bought(delivery);
        let verdict = Case::of(&order, "2026-11-08").asks("return_window");
        assert!(verdict.allowed && verdict.why.contains("签收日期未知"), "{}", verdict.why);
        // What is not known may be in the customer's favour: a person looks it up.
        let verdict = Case::of(&order, "2026-11-09").asks("return_window");
        assert_eq!((verdict.allowed, verdict.instead), (false, Some("human")));
    }
}

#[test]
fn before_delivery_no_window_has_begun() {
    for status in [DeliveryStatus::Paid, DeliveryStatus::Shipped, DeliveryStatus::OutForDelivery] {
        let order = bought(at(status, None));
        let verdict = Case::of(&order, "2027-06-01").asks("return_window");
        assert!(verdict.allowed && verdict.why.contains("尚未签收"), "{}", verdict.why);
    }
}

#[test]
fn what_is_too_late_for_one_thing_is_not_for_another() {
    let order = delivered();
    for (today, policy, instead) in [
        ("2026-11-12", "return_window", "exchange_request"),
        ("2026-11-20", "return_window", "repair_booking"),
        ("2026-11-20", "exchange_window", "repair_booking"),
    ] {
        assert_eq!(Case::of(&order, today).because("defect").asks(policy).instead, Some(instead), "{today}");
    }
    assert_eq!(Case::of(&order, "2026-11-12").asks("return_window").instead, None);
    let late = Case::of(&order, "2028-01-01").asks("warranty_cover");
    assert!(late.allowed && late.why.contains("可能收费"), "{}", late.why);
}

#[test]
fn a_defect_goes_back_as_long_as_anything_does() {
    let order = delivered();
    let mut case = Case::of(&order, "2026-11-30").because("defect");
    case.policies.returns.no_reason_days = Some(30);
    assert!(case.asks("return_window").allowed);
    case.policies.returns.no_reason_except = vec!["Audio".into()];
    assert!(!case.asks("return_window").allowed, "an excepted category has the days for defects only");
}

#[test]
fn excepted_categories_go_back_for_a_reason_only() {
    let order = delivered();
    for (path, excepted) in [
        ("Audio", true),
        ("Audio/Headphones/", true),
        ("Audio/Headphones/In-ear", true),
        ("Audio/Head", false),
        ("Headphones", false),
    ] {
        let mut case = Case::of(&order, "2026-11-04");
        case.policies.returns.no_reason_except = vec![path.into()];
        let verdict = case.asks("return_window");
        assert_eq!(verdict.allowed, !excepted, "{path}: {}", verdict.why);
        assert!(case.because("defect").asks("return_window").allowed);
    }
}

#[test]
fn the_price_difference_is_worked_out_after_the_discount() {
    let order = delivered();
    // 3 × 100.00 less 10.00 are 96.66 a piece, rounded down.
    for (price, n, expected) in [
        (Some(9_000), 2, Some((9_666, 9_000, 2, 1_332))),
        (Some(9_666), 1, Some((9_666, 9_666, 1, 0))),
        (Some(12_000), 1, Some((9_666, 12_000, 1, -2_334))),
        (Some(9_000), 99, Some((9_666, 9_000, 3, 1_998))),
        (None, 1, None),
    ] {
        let mut case = Case::of(&order, "2026-11-08");
        (case.price, case.n) = (price, n);
        let difference = price_difference(&case.purchase(Lang::Zh));
        let of = |one: PriceDifference| (one.paid_cents, one.now_cents, one.n, one.total());
        assert_eq!(difference.map(of), expected);
        let verdict = case.asks("price_protection_window");
        assert_eq!(verdict.allowed, expected.is_some_and(|(_, _, _, total)| total > 0), "{}", verdict.why);
        assert_eq!(verdict.instead, if price.is_none() { Some("human") } else { None });
    }
    let mut case = Case::of(&order, "2026-11-08");
    case.n = 2;
    let verdict = case.asks("price_protection_window");
    assert!(verdict.why.contains("¥13.32"), "{}", verdict.why);
}

#[test]
fn time_left_of_a_warranty_covers_no_drop() {
    let order = delivered();
    for (told, is_accident) in [
        ("屏幕摔碎了", true),
        ("手机泡水开不了机", true),
        ("I dropped it and the glass is cracked", true),
        ("充不进电", false),
        ("the left bud is silent", false),
    ] {
        let mut case = Case::of(&order, "2026-11-08");
        case.told = vec![told];
        let verdict = case.asks("warranty_cover");
        assert!(verdict.allowed);
        assert_eq!(verdict.why.contains("不代表摔落"), is_accident, "{told}: {}", verdict.why);
    }
}

#[test]
fn what_has_gone_back_is_over() {
    let mut order = delivered();
    order.lines.push(OrderLine { product_id: "p1".into(), quantity: -2, ..OrderLine::default() });
    assert_eq!(n_kept(&order, "p1"), 1);
    assert!(Case::of(&order, "2026-11-04").asks("return_window").allowed);
    order.lines.push(OrderLine { product_id: "p1".into(), quantity: -1, ..OrderLine::default() });
    assert!(!Case::of(&order, "2026-11-04").asks("return_window").allowed);
    for status in [DeliveryStatus::Cancelled, DeliveryStatus::Returned] {
        let order = bought(at(status, None));
        for policy in super::windows::POLICIES {
            assert!(!Case::of(&order, "2026-11-04").asks(policy.0).allowed, "{}", policy.0);
        }
    }
}

#[test]
fn an_order_is_changed_before_it_is_sent() {
    for (status, allowed, instead) in [
        (DeliveryStatus::Placed, true, None),
        (DeliveryStatus::Packed, true, None),
        (DeliveryStatus::Shipped, false, Some("human")),
        (DeliveryStatus::OutForDelivery, false, Some("human")),
        (DeliveryStatus::Delivered, false, Some("return_request")),
    ] {
        let order = bought(at(status, None));
        let verdict = Case::of(&order, "2026-11-02").asks("not_shipped");
        assert_eq!((verdict.allowed, verdict.instead), (allowed, instead), "{status:?}");
    }
    assert!(Case::of(&bought(None), "2026-11-02").asks("not_shipped").why.contains("同事确认"));
}

#[test]
fn extreme_numbers_do_not_overflow() {
    let mut order = delivered();
    order.lines[0].unit_price_cents = Cents(i64::MAX);
    order.lines[0].quantity = i64::MAX;
    order.ordered_at = Millis(i64::MAX);
    let mut case = Case::of(&order, "2026-11-04");
    case.price = Some(i64::MIN);
    case.n = i64::MAX;
    case.policies.returns.warranty_days = Some(u32::MAX);
    for (policy, _) in super::windows::POLICIES {
        check(policy, &case.purchase(Lang::En));
    }
    assert!(!check("no_such", &case.purchase(Lang::En)).allowed);
}

/// An order of a summer evening, asked about in winter: New York is four hours behind UTC then, and five now.
#[test]
fn an_order_keeps_the_day_of_its_own_season() {
    let midnight = |text: &str| i64::from(day(text).0) * 86_400_000;
    let new_york = |at: Millis| {
        let is_summer = (midnight("2026-03-08")..midnight("2026-11-01")).contains(&at.0);
        Day((at.0 - if is_summer { 4 } else { 5 } * 3_600_000).div_euclid(86_400_000) as i32)
    };
    let order = OrderRecord { ordered_at: Millis(midnight("2026-06-30") + 4 * 3_600_000), ..bought(None) };
    let case = Case::of(&order, "2026-12-01");
    let purchase = Purchase { day_of: &new_york, ..case.purchase(Lang::En) };
    let verdict = check("return_window", &purchase);
    assert!(verdict.why.contains("2026-06-30"), "{}", verdict.why);
}

#[test]
fn the_template_is_valid_and_states_the_defaults() {
    assert_eq!(Policies::from_toml(TEMPLATE).unwrap(), Policies::default());
    assert_eq!(Policies::from_toml("").unwrap(), Policies::default());
    // Its examples are right, too.
    let examples: String = TEMPLATE
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest)
                if rest.starts_with('[')
                    || rest.split_once(" = ").is_some_and(|(key, _)| !key.contains([' ', '`'])) =>
            {
                rest
            }
            _ if line.starts_with('#') => "",
            _ => line,
        })
        .filter(|line| !matches!(*line, "no_reason_except = []" | "from_payment = []" | "words = []" | "closed = []"))
        .map(|line| format!("{line}\n"))
        .collect();
    let policies = Policies::from_toml(&examples).unwrap();
    assert_eq!(policies.forms[0].name, "engraving");
    assert_eq!(policies.desk.skills["return_request"], "after_sales");
    assert_eq!((policies.desk.closed.len(), policies.desk.rules[0].priority), (2, Some(2)));
    assert_eq!(policies.returns.no_reason_except.len(), 2);
    assert_eq!((policies.returns.from_payment.len(), policies.returns.warranty.len()), (1, 1));
}

/// A form in TOML, with its one field changed.
fn form(field: &str) -> String {
    let labels = "label_zh = \"甲\"\nlabel_en = \"A\"\nask_zh = \"甲？\"\nask_en = \"A?\"\n";
    format!(
        "[[forms]]\nname = \"own\"\ntitle_zh = \"自\"\ntitle_en = \"Own\"\nwords = [\"own\"]\n[[forms.fields]]\n{labels}{field}"
    )
}

#[test]
fn mistakes_are_named() {
    let options = "options = [{ value = \"a\", zh = \"甲\", en = \"A\" }, { value = \"b\", zh = \"乙\", en = \"B\" }]";
    assert!(Policies::from_toml(&form(&format!("name = \"a\"\ntype = \"choice\"\n{options}"))).is_ok());
    for (text, key, allowed) in [
        ("[desk]\nopens = \"9:00\"".to_owned(), "desk.opens = '9:00'", "HH:MM"),
        ("[desk]\ncloses = \"24:00\"".into(), "desk.closes = '24:00'", "00:00 to 23:59"),
        ("[desk]\ndays = [0]".into(), "desk.days = '0'", "1 (Monday) to 7"),
        ("[desk]\ndays = [8]".into(), "desk.days = '8'", "1 (Monday) to 7"),
        ("[desk]\ndays = [1, 1]".into(), "desk.days = '1'", "each day once"),
        ("[desk]\ndays = []".into(), "desk.days", "at least one"),
        ("[desk]\nclosed = [\"2026-13-01\"]".into(), "closed", "2026-13-01"),
        ("[[desk.rules]]\nname = \"a\"".into(), "desk.rules[1] = 'a'", "at least one of intents"),
        (
            "[[desk.rules]]\nname = \"a\"\nintents = [\"returns\"]".into(),
            "desk.rules[1].intents = 'returns'",
            "return_request",
        ),
        (
            "[[desk.rules]]\nname = \"a\"\nwords = [\"x\"]\npriority = 4".into(),
            "desk.rules[1].priority = '4'",
            "3 (now)",
        ),
        ("[desk.skills]\nreturns = \"a\"".into(), "desk.skills = 'returns'", "return_request"),
        ("[assistant]\ncurated_threshold = 1.2".into(), "assistant.curated_threshold = '1.2'", "0 to 1"),
        ("[assistant]\nanger_max = nan".into(), "assistant.anger_max = 'NaN'", "0 to 1"),
        ("[assistant]\nmisses_max = 0".into(), "assistant.misses_max = '0'", "1 to 255"),
        ("[assistant]\nname_zh = \" \"".into(), "assistant.name_zh", "1 to 2000"),
        ("[assistant]\nnam = \"x\"".into(), "nam", "template"),
        ("[returns]\nno_reason_days = -7".into(), "-7", "template"),
        ("[returns]\nwarranty_days = 99999".into(), "returns.warranty_days = '99999'", "36525"),
        ("[returns]\nno_reason_except = [\"/\"]".into(), "returns.no_reason_except = '/'", "Computers/Laptops"),
        ("[returns]\nfrom_payment = [\"days\"]".into(), "returns.from_payment = 'days'", "price_protection_days"),
        ("[[returns.warranty]]\ndays = 1".into(), "returns.warranty[1].categories", "at least one category path"),
        (
            "[[returns.warranty]]\ncategories = [\"A\"]\ndays = 99999".into(),
            "returns.warranty[1].days = '99999'",
            "36525",
        ),
        ("forms_off = [\"returns\"]".into(), "forms_off = 'returns'", "return_request"),
        ("opens = 9".into(), "opens", "template"),
        ("[desk".into(), "line", "template"),
        (form("name = \"a\"\ntype = \"number\""), "number", "template"),
        (form("name = \"a\"\ntype = \"text\""), "max", "template"),
        (form("name = \"a\"\ntype = \"text\"\nmax = 0"), "forms[1].fields[1].max = '0'", "1 to 2000"),
        (form("name = \"a\"\ntype = \"count\"\nmax = 0"), "forms[1].fields[1].max = '0'", "1 to 10000"),
        (form("name = \"A b\"\ntype = \"phone\""), "forms[1].fields[1].name = 'A b'", "a-z"),
        (form("name = \"confirm\"\ntype = \"phone\""), "forms[1].fields[1].name = 'confirm'", "not 'confirm'"),
        (form("name = \"a\"\ntype = \"phone\"\noptinal = true"), "optinal", "optional"),
        (form("name = \"a\"\ntype = \"choice\"\noptions = []"), "forms[1].fields[1].options", "at least two"),
        (
            form("name = \"a\"\ntype = \"order_line\""),
            "forms[1].fields[1].type = 'order_line'",
            "after a field of the type order",
        ),
        (
            form("name = \"a\"\ntype = \"phone\"\nonly_if = { field = \"b\", is = [\"x\"] }"),
            "only_if.field = 'b'",
            "a choice that stands before",
        ),
        (form("name = \"a\"\ntype = \"phone\"").replace("words = [\"own\"]\n", ""), "forms[1].words", "no intent"),
        (
            form("name = \"a\"\ntype = \"phone\"").replace("words", "policies = [\"returns\"]\nwords"),
            "forms[1].policies = 'returns'",
            "return_window",
        ),
        (
            form("name = \"a\"\ntype = \"phone\"").replace("words", "policies = [\"warranty\"]\nwords"),
            "forms[1].policies = 'warranty'",
            "type order",
        ),
        (form("name = \"a\"\ntype = \"phone\"").replace("title_zh = \"自\"\n", ""), "title_zh", "template"),
        (
            "[[forms]]\nname = \"own\"\ntitle_zh = \"自\"\ntitle_en = \"Own\"\nwords = [\"own\"]\nfields = []".into(),
            "forms[1].fields",
            "at least one field",
        ),
    ] {
        let error = Policies::from_toml(&text).unwrap_err().to_string();
        assert!(
            error.starts_with("service.toml: found ") && error.contains(key) && error.contains(allowed),
            "{text}\n{error}"
        );
    }
    let twice = form(
        "name = \"a\"\ntype = \"phone\"\n[[forms.fields]]\nname = \"a\"\nlabel_zh = \"甲\"\nlabel_en = \"A\"\nask_zh = \"甲\"\nask_en = \"A\"\ntype = \"email\"",
    );
    assert!(Policies::from_toml(&twice).unwrap_err().to_string().contains("forms[1].fields[2].name = 'a'"));
    let two = form("name = \"a\"\ntype = \"phone\"");
    assert!(Policies::from_toml(&format!("{two}\n{two}")).unwrap_err().to_string().contains("forms[2].name = 'own'"));
    assert!(Policies::from_toml(&"#".repeat(2 << 20)).is_err());
}

#[test]
fn examples_of_the_template_are_what_the_law_asks_at_least() {
    let lines =
        TEMPLATE.lines().map(|line| line.strip_prefix("# ").filter(|rest| rest.contains("_days = ")).unwrap_or(line));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    let rules = Policies::from_toml(&text).unwrap().returns;
    assert!(rules.no_reason_days >= Some(7) && rules.defect_return_days >= Some(7));
    assert!(rules.defect_exchange_days >= Some(15) && rules.warranty_days.is_some());
}

#[test]
fn a_window_that_is_not_set_neither_refuses_nor_states_days() {
    let order = delivered();
    for policy in ["return_window", "exchange_window", "warranty", "warranty_cover", "price_protection_window"] {
        let mut case = Case::of(&order, "2036-11-03").because("defect");
        case.policies = Policies::default();
        let verdict = case.asks(policy);
        assert!(verdict.allowed, "{policy}: {}", verdict.why);
        let states_days = verdict.evidence.iter().any(|one| matches!(one, Evidence::Policy { .. }));
        assert!(!states_days && !verdict.why.contains('天'), "{policy}: {}", verdict.why);
    }
}

proptest::proptest! {
    /// Any text is read or refused with its reason, and a window never reopens.
    #[test]
    fn any_file_is_read_or_refused(text in ".{0,200}") {
        if let Err(error) = Policies::from_toml(&text) {
            proptest::prop_assert!(error.to_string().starts_with("service.toml: found "));
        }
    }

    #[test]
    fn a_closed_window_stays_closed(first in 0..800i32, more in 0..800i32, cause in 0..2usize) {
        let order = delivered();
        let cause = ["no_reason", "defect"][cause];
        let start = day("2026-11-03").0;
        let [earlier, later] = [first, first + more].map(|days| Day(start + days).to_string());
        for policy in ["return_window", "exchange_window", "warranty", "price_protection_window"] {
            let open = |today: &str| Case::of(&order, today).because(cause).asks(policy).allowed;
            proptest::prop_assert!(open(&earlier) || !open(&later), "{policy}");
        }
    }
}
