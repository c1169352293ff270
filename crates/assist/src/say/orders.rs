//! Sentences about orders and parcels.

use super::format::list as joined;
use crate::turn::Lang;

pub fn sign_in(lang: Lang) -> &'static str {
    lang.choose(
        "为了保护您的信息，查询和办理订单需要先登录。登录之后我马上帮您处理。",
        "To protect your data, please sign in first; then I can look after your orders at once.",
    )
}

/// Below a general rule: the customer's own order can be looked at, too.
pub fn sign_in_for_own(lang: Lang) -> &'static str {
    lang.choose(
        "要查询或办理您自己的订单，请先登录，我会接着为您办理。",
        "To look at an order of your own, please sign in first, and I will go on from here.",
    )
}

pub fn not_yours(lang: Lang) -> &'static str {
    lang.choose(
        "您的订单里没有这个单号。请核对一下号码，或者让我列出您的订单。",
        "That number is not among your orders. Please check it, or let me list your orders.",
    )
}

pub fn ask_mine(lang: Lang) -> &'static str {
    lang.choose("我的订单", "My orders")
}

pub fn none(lang: Lang) -> &'static str {
    lang.choose("您的账号下没有订单记录。", "There are no orders in your account.")
}

pub fn status(lang: Lang, id: &str, word: &str) -> String {
    match lang {
        Lang::Zh => format!("订单 {id}：{word}。"),
        Lang::En => format!("Order {id}: {word}."),
    }
}

pub fn status_unknown(lang: Lang, id: &str) -> String {
    match lang {
        Lang::Zh => format!("订单 {id} 的配送状态店里还没有记录。"),
        Lang::En => format!("The shop has no record yet of where order {id} is."),
    }
}

pub fn delivered_on(lang: Lang, day: &str) -> String {
    match lang {
        Lang::Zh => format!("签收日期是 {day}。"),
        Lang::En => format!("It was delivered on {day}."),
    }
}

pub fn expected_on(lang: Lang, day: &str, is_late: bool) -> String {
    match (lang, is_late) {
        (Lang::Zh, false) => format!("预计 {day} 送达。"),
        (Lang::Zh, true) => format!("原定 {day} 送达，已经晚了，很抱歉。"),
        (Lang::En, false) => format!("It is expected on {day}."),
        (Lang::En, true) => format!("It was expected on {day} and is late. I am sorry."),
    }
}

/// Of what came: the day for which it was promised.
pub fn promised_for(lang: Lang, day: &str, was_late: bool) -> String {
    match (lang, was_late) {
        (Lang::Zh, false) => format!("原定 {day} 送达，按时送到。"),
        (Lang::Zh, true) => format!("原定 {day} 送达，比原定的晚了。"),
        (Lang::En, false) => format!("It was expected on {day} and came in time."),
        (Lang::En, true) => format!("It was expected on {day} and came late."),
    }
}

pub fn parcel(lang: Lang, carrier: &str, number: &str) -> String {
    match lang {
        Lang::Zh => format!("承运方是{carrier}，运单号 {number}。"),
        Lang::En => format!("It is carried by {carrier}, tracking number {number}."),
    }
}

pub fn carrier(lang: Lang, carrier: &str) -> String {
    match lang {
        Lang::Zh => format!("承运方是{carrier}。"),
        Lang::En => format!("It is carried by {carrier}."),
    }
}

pub fn tracking(lang: Lang, number: &str) -> String {
    match lang {
        Lang::Zh => format!("运单号 {number}。"),
        Lang::En => format!("Its tracking number is {number}."),
    }
}

pub fn no_tracking(lang: Lang) -> &'static str {
    lang.choose("目前还没有运单号。", "There is no tracking number yet.")
}

pub fn item(lang: Lang, name: &str, n: i64) -> String {
    match lang {
        Lang::Zh => format!("{name} × {n}"),
        Lang::En => format!("{n} × {name}"),
    }
}

pub fn contents(lang: Lang, ordered_on: &str, items: &[String], more: bool, total: &str) -> String {
    let items = joined(items, lang);
    match (lang, more) {
        (Lang::Zh, false) => format!("下单日期 {ordered_on}，包含 {items}，合计 {total}。"),
        (Lang::Zh, true) => format!("下单日期 {ordered_on}，包含 {items} 等，合计 {total}。"),
        (Lang::En, false) => format!("Ordered on {ordered_on}: {items}, {total} in all."),
        (Lang::En, true) => format!("Ordered on {ordered_on}: {items} and more, {total} in all."),
    }
}

pub fn list(lang: Lang) -> &'static str {
    lang.choose("您最近的订单：", "Your latest orders:")
}

pub fn listed(lang: Lang, n: usize, id: &str, ordered_on: &str, what: &str, status: Option<&str>) -> String {
    let comma = lang.choose("，", ", ");
    let status = status.map(|word| format!("{comma}{word}")).unwrap_or_default();
    format!("{n}. {id}{comma}{ordered_on}{comma}{what}{status}")
}

pub fn which(lang: Lang) -> &'static str {
    lang.choose("您说的是哪个订单？", "Which order do you mean?")
}

pub fn went_back(lang: Lang, name: &str, n: u64, amount: &str) -> String {
    match lang {
        Lang::Zh => format!("已登记退回 {name} × {n}，金额 {amount}。"),
        Lang::En => format!("The return of {n} × {name} for {amount} is recorded."),
    }
}

/// That a return was asked for and nothing is known of its refund yet.
pub fn return_asked_for(lang: Lang, order: &str) -> String {
    match lang {
        Lang::Zh => format!("订单 {order} 的退货申请已经提交，还没有退款的记录。"),
        Lang::En => format!("The return for order {order} is submitted; there is no record of a refund yet."),
    }
}

pub fn nothing_went_back(lang: Lang, id: &str) -> String {
    match lang {
        Lang::Zh => format!("订单 {id} 没有退货或取消的记录。"),
        Lang::En => format!("Order {id} has no return or cancellation on record."),
    }
}

pub fn refund_not_known(lang: Lang) -> &'static str {
    lang.choose("款项是否已经到账，我这里查不到。", "Whether the money has arrived is not something I can see.")
}
