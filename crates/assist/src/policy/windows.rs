//! What the shop's windows allow for something bought: returns, exchanges, the warranty, price protection, changes before
//! it is sent. Each check says why in the customer's language and what it rests on. It stores and decides nothing else.

use std::sync::Arc;

use domain::{Cents, Day, Millis, Product};

use super::Policies;
use super::warranty::{Length, Warranty};
use crate::evidence::Evidence;
use crate::knowledge::is_accident;
use crate::turn::Lang;
use crate::world::{DeliveryStatus, OrderRecord};

/// Every policy that a form may name, with what it says.
pub static POLICIES: &[(&str, &str)] = &[
    ("return_window", "within the days for returns: without a reason, or because of a defect, by the field `cause`"),
    ("exchange_window", "within the days for exchanges because of a defect"),
    ("warranty", "within the warranty"),
    ("warranty_cover", "always allowed; says whether the warranty covers it"),
    ("price_protection_window", "within the days of price protection, and the price has fallen"),
    ("not_shipped", "the order has not been sent"),
    ("bought", "the order stands, and something of the line has been kept"),
];

/// The value of the field `cause` that stands for a return without a reason.
pub const NO_REASON: &str = "no_reason";
/// The one for a reason in the customer's own words, which is none of the shop's doing as far as anybody knows.
pub const OTHER_CAUSE: &str = "other";

/// What is to be returned, exchanged, repaired, and so on, and by which rules.
pub struct Purchase<'a> {
    pub order: &'a OrderRecord,
    /// The line; absent for checks of the whole order.
    pub product_id: Option<&'a str>,
    /// As the catalogue has it now.
    pub product: Option<Arc<Product>>,
    /// How many pieces.
    pub n: i64,
    /// The value of the field `cause`; absent counts as [`NO_REASON`].
    pub cause: Option<&'a str>,
    /// What the customer wrote of the thing, in their words.
    pub told: Vec<&'a str>,
    pub policies: &'a Policies,
    pub today: Day,
    /// See [`crate::world::World::day_of`].
    pub day_of: &'a dyn Fn(Millis) -> Day,
    /// ISO 4217.
    pub currency: &'a str,
    pub lang: Lang,
}

/// What a policy says to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub allowed: bool,
    /// In the customer's language; every figure in it stands in the evidence.
    pub why: String,
    pub evidence: Vec<Evidence>,
    /// Where it is not allowed, the intent of what is possible; `human` where only a person can tell.
    pub instead: Option<&'static str>,
}

/// Pieces of a product that were bought in an order and not given back.
pub fn n_kept(order: &OrderRecord, product_id: &str) -> i64 {
    let of = order.lines.iter().filter(|line| line.product_id == product_id);
    of.fold(0i64, |sum, line| sum.saturating_add(line.quantity))
}

/// Asks one policy. An unknown name, which reading `service.toml` refuses, is not allowed.
pub fn check(name: &str, purchase: &Purchase) -> Verdict {
    if let Some(verdict) = over(purchase) {
        return verdict;
    }
    match name {
        "return_window" => return_window(purchase),
        "exchange_window" => exchange_window(purchase),
        "warranty" => warranty(purchase, false),
        "warranty_cover" => warranty(purchase, true),
        "price_protection_window" => price_protection(purchase),
        "not_shipped" => not_shipped(purchase),
        "bought" => allow(String::new(), Vec::new()),
        _ => refuse(
            purchase.lang.choose("这条规则本店没有设定。", "The shop has no such rule.").to_owned(),
            Vec::new(),
            Some("human"),
        ),
    }
}

fn allow(why: String, evidence: Vec<Evidence>) -> Verdict {
    Verdict { allowed: true, why, evidence, instead: None }
}

fn refuse(why: String, evidence: Vec<Evidence>, instead: Option<&'static str>) -> Verdict {
    Verdict { allowed: false, why, evidence, instead }
}

/// An order that was cancelled or went back, and a line of which nothing was kept.
fn over(purchase: &Purchase) -> Option<Verdict> {
    let order = purchase.order;
    let status = order.delivery.as_ref().map(|delivery| delivery.status);
    if let Some(status @ (DeliveryStatus::Cancelled | DeliveryStatus::Returned)) = status {
        let word = status_word(status, purchase.lang);
        let why = match purchase.lang {
            Lang::Zh => format!("订单 {} 的状态是“{word}”，不能再办理。", order.order_id),
            Lang::En => format!("Order {} is {word}, so nothing more can be done with it.", order.order_id),
        };
        return Some(refuse(why, vec![order_id(order), order_field(order, "status", word)], None));
    }
    let product_id = purchase.product_id?;
    (n_kept(order, product_id) <= 0).then(|| {
        let why = match purchase.lang {
            Lang::Zh => format!("订单 {} 中的这件商品已经全部退回。", order.order_id),
            Lang::En => format!("All of this item in order {} has already gone back.", order.order_id),
        };
        refuse(why, vec![order_id(order), order_field(order, "quantity", "0")], None)
    })
}

/// A length of time, from when it counts, and whether today is within it.
struct Window {
    length: Length,
    /// Absent: not delivered yet, so that it has not begun.
    from: Option<Day>,
    start: Start,
    /// What says how long it is.
    grounds: Vec<Evidence>,
}

/// What a window counts from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Delivery,
    /// The shop says so; an order is paid on the day it is made.
    Payment,
    /// The day of delivery, which is not known.
    OrderInstead,
}

impl Window {
    /// A window of `service.toml`.
    fn of(key: &str, days: u32, purchase: &Purchase) -> Window {
        let length = Length::Days(days);
        let grounds = vec![Evidence::Policy { name: key.into(), value: length.words(purchase.lang) }];
        Window::lasting(key, length, grounds, purchase)
    }

    fn lasting(key: &str, length: Length, grounds: Vec<Evidence>, purchase: &Purchase) -> Window {
        let delivery = purchase.order.delivery.as_ref();
        let delivered_on = delivery.and_then(|delivery| delivery.delivered_on);
        let on_its_way = delivery.is_some_and(|delivery| delivery.status != DeliveryStatus::Delivered);
        let ordered_on = || Some((purchase.day_of)(purchase.order.ordered_at));
        let (from, start) = match delivered_on {
            _ if purchase.policies.returns.is_from_payment(key) => (ordered_on(), Start::Payment),
            Some(day) => (Some(day), Start::Delivery),
            None if on_its_way => (None, Start::Delivery),
            None => (ordered_on(), Start::OrderInstead),
        };
        Window { length, from, start, grounds }
    }

    fn last(&self) -> Option<Day> {
        Some(self.length.last(self.from?))
    }

    fn is_open(&self, today: Day) -> bool {
        self.last().is_none_or(|last| today <= last)
    }

    /// A person can find out what the shop's tables do not know.
    fn instead_of(&self, instead: Option<&'static str>) -> Option<&'static str> {
        if self.start == Start::OrderInstead { Some("human") } else { instead }
    }

    /// How it was counted, in words.
    fn words(&self, today: Day, lang: Lang) -> String {
        let (Some(from), Some(last)) = (self.from, self.last()) else {
            return lang
                .choose("订单尚未签收，期限从签收之日起算", "it counts from delivery, which is yet to come")
                .into();
        };
        match (lang, self.start) {
            (Lang::Zh, Start::Delivery) => format!("{from} 签收，最晚 {last}，今天是 {today}"),
            (Lang::Zh, Start::Payment) => format!("从付款起算，{from} 下单，最晚 {last}，今天是 {today}"),
            (Lang::Zh, Start::OrderInstead) => {
                format!("签收日期未知，按下单日 {from} 计算，最晚 {last}，今天是 {today}")
            }
            (Lang::En, Start::Delivery) => format!("delivered on {from}, last day {last}, today is {today}"),
            (Lang::En, Start::Payment) => {
                format!("counted from payment, ordered on {from}, last day {last}, today is {today}")
            }
            (Lang::En, Start::OrderInstead) => {
                format!(
                    "the day of delivery is not known, so counted from the order on {from}: last day {last}, today is {today}"
                )
            }
        }
    }

    fn evidence(&self, purchase: &Purchase) -> Vec<Evidence> {
        let mut evidence = self.grounds.clone();
        let (Some(from), Some(last)) = (self.from, self.last()) else {
            let status = purchase.order.delivery.as_ref().map(|delivery| delivery.status).unwrap_or_default();
            evidence.push(order_field(purchase.order, "status", status_word(status, purchase.lang)));
            return evidence;
        };
        let field = if self.start == Start::Delivery { "delivered_on" } else { "ordered_at" };
        evidence.push(order_field(purchase.order, field, from));
        let how = format!("{from} + {}", self.length.words(Lang::En));
        evidence.push(Evidence::Computed { how, value: last.to_string() });
        evidence.push(Evidence::Computed { how: "today".into(), value: purchase.today.to_string() });
        evidence
    }
}

fn return_window(purchase: &Purchase) -> Verdict {
    let rules = &purchase.policies.returns;
    let no_reason = purchase.cause.is_none_or(|cause| matches!(cause, NO_REASON | OTHER_CAUSE));
    let category = purchase.product.as_ref().and_then(|product| product.category.as_deref());
    let excepted = category.and_then(|category| rules.excepted(category));
    if let (true, Some(path), Some(category)) = (no_reason, excepted, category) {
        return excluded(purchase, path, category);
    }
    if no_reason {
        let name = purchase.lang.choose("无理由退货", "Returns without a reason");
        let Some(days) = rules.no_reason_days else { return unset(name, purchase) };
        return said(name, &Window::of("returns.no_reason_days", days, purchase), purchase, None);
    }
    let name = purchase.lang.choose("质量问题退货", "Returns because of a defect");
    // What goes back without a reason goes back with one.
    let Some(defect) = rules.defect_return_days else { return unset(name, purchase) };
    let (days, key) = match rules.no_reason_days.filter(|days| excepted.is_none() && *days > defect) {
        Some(days) => (days, "returns.no_reason_days"),
        None => (defect, "returns.defect_return_days"),
    };
    let is_open = |days: u32| Window::of("returns.defect_exchange_days", days, purchase).is_open(purchase.today);
    let exchange = rules.defect_exchange_days.is_none_or(is_open);
    let instead = if exchange { "exchange_request" } else { "repair_booking" };
    said(name, &Window::of(key, days, purchase), purchase, Some(instead))
}

/// A window that the shop has not set: nothing is refused or promised by it.
fn unset(name: &str, purchase: &Purchase) -> Verdict {
    let why = match purchase.lang {
        Lang::Zh => format!("{name}的期限由同事核对，提交后会答复您。"),
        Lang::En => format!("{name}: a colleague checks the time allowed and answers after it is submitted."),
    };
    allow(why, Vec::new())
}

fn excluded(purchase: &Purchase, path: &str, category: &str) -> Verdict {
    let why = match purchase.lang {
        Lang::Zh => format!("“{path}”类商品不支持无理由退货。如果有质量问题，可以按质量问题申请。"),
        Lang::En => format!("Items under “{path}” are not taken back without a reason. A defect can still be claimed."),
    };
    let mut evidence = vec![Evidence::Policy { name: "returns.no_reason_except".into(), value: path.into() }];
    if let Some(product) = &purchase.product {
        evidence.push(product_field(product, "category", category));
    }
    refuse(why, evidence, None)
}

fn exchange_window(purchase: &Purchase) -> Verdict {
    let name = purchase.lang.choose("质量问题换货", "Exchanges because of a defect");
    let Some(days) = purchase.policies.returns.defect_exchange_days else { return unset(name, purchase) };
    let window = Window::of("returns.defect_exchange_days", days, purchase);
    said(name, &window, purchase, Some("repair_booking"))
}

fn warranty(purchase: &Purchase, is_told_only: bool) -> Verdict {
    let name = purchase.lang.choose("保修", "The warranty");
    let own = Warranty::of(purchase.product.as_deref(), None, &purchase.policies.returns, purchase.lang);
    let Some(length) = own.length else { return unset(name, purchase) };
    let mut verdict = if own.is_none() {
        refuse(crate::say::talk::no_warranty(purchase.lang).to_owned(), own.grounds, None)
    } else {
        let window = Window::lasting("returns.warranty_days", length, own.grounds, purchase);
        said(name, &window, purchase, None)
    };
    if is_told_only && !verdict.allowed {
        verdict.allowed = true;
        verdict.instead = None;
        verdict.why.push_str(purchase.lang.choose("维修可能收费。", " The repair may cost money."));
    } else if is_told_only && purchase.told.iter().any(|text| is_accident(text)) {
        // That its time is not over does not say that a drop is covered.
        let words = (
            "期限之内也不代表摔落、进水这类损坏可以免费维修，是否收费由检测后的同事答复您。",
            " That does not say that a drop or water is covered: a colleague looks at it and tells you whether it costs money.",
        );
        verdict.why.push_str(purchase.lang.choose(words.0, words.1));
    }
    verdict
}

/// The sentence of a window, open or closed.
fn said(name: &str, window: &Window, purchase: &Purchase, instead: Option<&'static str>) -> Verdict {
    let (lang, today) = (purchase.lang, purchase.today);
    let open = window.is_open(today);
    let (length, counted) = (window.length.words(lang), window.words(today, lang));
    let why = match (lang, open) {
        (Lang::Zh, true) => format!("{name}期限为 {length}：{counted}，在期限内。"),
        (Lang::Zh, false) => format!("{name}期限为 {length}：{counted}，已经超过期限。"),
        (Lang::En, true) => format!("{name}: {length}; {counted}. It is within them."),
        (Lang::En, false) => format!("{name}: {length}; {counted}. They are over."),
    };
    let evidence = window.evidence(purchase);
    if open { allow(why, evidence) } else { refuse(why, evidence, window.instead_of(instead)) }
}

fn price_protection(purchase: &Purchase) -> Verdict {
    let name = purchase.lang.choose("价格保护", "Price protection");
    let key = "returns.price_protection_days";
    let mut verdict = match purchase.policies.returns.price_protection_days {
        Some(days) => said(name, &Window::of(key, days, purchase), purchase, None),
        None => unset(name, purchase),
    };
    if !verdict.allowed {
        return verdict;
    }
    let (allowed, instead, words) = match price_difference(purchase) {
        Some(difference) => {
            verdict.evidence.extend(difference.evidence(purchase));
            (difference.total() > 0, None, difference.words(purchase))
        }
        None => {
            let words = purchase.lang.choose(
                "这件商品的现价未知，需要同事核对。",
                "Its price now is not known here; a colleague has to check.",
            );
            (false, Some("human"), words.to_owned())
        }
    };
    if purchase.lang == Lang::En {
        verdict.why.push(' ');
    }
    verdict.why.push_str(&words);
    Verdict { allowed, instead, ..verdict }
}

/// What was paid for a piece, what it costs now, and for how many pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceDifference {
    pub paid_cents: i64,
    pub now_cents: i64,
    pub n: i64,
}

impl PriceDifference {
    /// Positive: the price has fallen.
    pub fn total(&self) -> i64 {
        self.paid_cents.saturating_sub(self.now_cents).saturating_mul(self.n)
    }

    fn words(&self, purchase: &Purchase) -> String {
        let say = |cents| crate::say::format::money(cents, purchase.currency);
        let (paid, now, n) = (say(self.paid_cents), say(self.now_cents), self.n);
        match (purchase.lang, self.total() > 0) {
            (Lang::Zh, true) => format!("买价每件 {paid}，现价 {now}，{n} 件差价共 {}。", say(self.total())),
            (Lang::Zh, false) => format!("买价每件 {paid}，现价 {now}，没有降价。"),
            (Lang::En, true) => {
                format!("You paid {paid} a piece, it is {now} now; the difference for {n} is {}.", say(self.total()))
            }
            (Lang::En, false) => format!("You paid {paid} a piece and it is {now} now, so it is no cheaper."),
        }
    }

    fn evidence(&self, purchase: &Purchase) -> Vec<Evidence> {
        let (paid, now) = (Cents(self.paid_cents), Cents(self.now_cents));
        let mut evidence = vec![order_field(purchase.order, "unit_price", paid)];
        evidence.extend(purchase.product.as_ref().map(|product| product_field(product, "price", &now.to_string())));
        evidence.push(order_field(purchase.order, "quantity", self.n));
        let how = format!("({paid} - {now}) x {}", self.n);
        evidence.push(Evidence::Computed { how, value: Cents(self.total()).to_string() });
        evidence
    }
}

/// What price protection would pay; none where the order has no such line or the price now is not known. What was paid is
/// after the line's discount, rounded down to a cent.
pub fn price_difference(purchase: &Purchase) -> Option<PriceDifference> {
    let product_id = purchase.product_id?;
    let line = purchase.order.lines.iter().find(|line| line.product_id == product_id && line.quantity > 0)?;
    let now_cents = purchase.product.as_ref()?.price_cents?.0;
    let sum = i128::from(line.unit_price_cents.0) * i128::from(line.quantity);
    let paid = (sum - i128::from(line.discount_cents.unwrap_or_default().0)).div_euclid(i128::from(line.quantity));
    let paid_cents = i64::try_from(paid).ok()?;
    Some(PriceDifference { paid_cents, now_cents, n: purchase.n.clamp(1, n_kept(purchase.order, product_id).max(1)) })
}

fn not_shipped(purchase: &Purchase) -> Verdict {
    let order = purchase.order;
    let Some(delivery) = &order.delivery else {
        let why = purchase.lang.choose(
            "目前查不到这个订单是否已经发货，申请提交后由同事确认。",
            "Whether it has been sent is not known here; a colleague will check.",
        );
        return allow(why.to_owned(), Vec::new());
    };
    let word = status_word(delivery.status, purchase.lang);
    let evidence = vec![order_id(order), order_field(order, "status", word)];
    let waits = matches!(delivery.status, DeliveryStatus::Placed | DeliveryStatus::Paid | DeliveryStatus::Packed);
    let why = match (purchase.lang, waits) {
        (Lang::Zh, true) => format!("订单 {} 还没有发货（{word}），可以办理。", order.order_id),
        (Lang::Zh, false) => format!("订单 {} 的状态是“{word}”，发货后不能再改。", order.order_id),
        (Lang::En, true) => format!("Order {} has not been sent ({word}), so it can be changed.", order.order_id),
        (Lang::En, false) => format!("Order {} is {word}; after it is sent it cannot be changed.", order.order_id),
    };
    let instead = if delivery.status == DeliveryStatus::Delivered { "return_request" } else { "human" };
    if waits { allow(why, evidence) } else { refuse(why, evidence, Some(instead)) }
}

/// Where an order is, in a word.
pub fn status_word(status: DeliveryStatus, lang: Lang) -> &'static str {
    use DeliveryStatus::*;
    match status {
        Placed => lang.choose("已下单", "placed"),
        Paid => lang.choose("已付款", "paid"),
        Packed => lang.choose("已打包", "packed"),
        Shipped => lang.choose("已发货", "shipped"),
        OutForDelivery => lang.choose("派送中", "out for delivery"),
        Delivered => lang.choose("已签收", "delivered"),
        Cancelled => lang.choose("已取消", "cancelled"),
        Returned => lang.choose("已退回", "returned"),
    }
}

fn order_id(order: &OrderRecord) -> Evidence {
    order_field(order, "order_id", &order.order_id)
}

fn order_field(order: &OrderRecord, field: &str, value: impl ToString) -> Evidence {
    Evidence::Order { order_id: order.order_id.clone(), field: field.into(), value: value.to_string() }
}

fn product_field(product: &Product, field: &str, value: &str) -> Evidence {
    Evidence::Product {
        product_id: product.product_id.clone(),
        name: product.name.clone(),
        field: field.into(),
        value: value.into(),
    }
}
