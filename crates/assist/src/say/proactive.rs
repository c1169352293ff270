//! What customers are told without having asked. Templates: figures and names come in, nothing else is claimed.

use crate::proactive::NoticeKind;
use crate::turn::Lang;

pub fn late(lang: Lang, order_id: &str, promised: &str, status: &str, n_days: i32) -> String {
    match lang {
        Lang::Zh => format!(
            "您好，您的订单 {order_id} 原定 {promised} 送达，目前状态是“{status}”，已经晚了 {n_days} 天，非常抱歉。需要帮助请直接回复。"
        ),
        Lang::En => format!(
            "Hello, your order {order_id} was expected on {promised} and is “{status}” now, {} late. We are sorry. Just reply if you need help.",
            if n_days == 1 { format!("{n_days} day") } else { format!("{n_days} days") }
        ),
    }
}

/// With what is known of the parcel.
pub fn shipped(
    lang: Lang,
    order_id: &str,
    status: &str,
    carrier: Option<&str>,
    number: Option<&str>,
    expected: Option<&str>,
) -> String {
    let mut text = match lang {
        Lang::Zh => format!("您好，您的订单 {order_id} {status}。"),
        Lang::En => format!("Hello, your order {order_id} is {status}."),
    };
    let mut add = |sentence: String| {
        if lang == Lang::En {
            text.push(' ');
        }
        text.push_str(&sentence);
    };
    match (carrier, number) {
        (Some(carrier), Some(number)) => add(super::orders::parcel(lang, carrier, number)),
        (Some(carrier), None) => add(super::orders::carrier(lang, carrier)),
        (None, Some(number)) => add(super::orders::tracking(lang, number)),
        (None, None) => {}
    }
    if let Some(day) = expected {
        add(super::orders::expected_on(lang, day, false));
    }
    text
}

pub fn back_in_stock(lang: Lang, asked_on: &str, name: &str, price: &str) -> String {
    match lang {
        Lang::Zh => format!("您好，您 {asked_on} 要我们提醒的 {name} 到货了，现价 {price}，数量以下单时为准。"),
        Lang::En => format!(
            "Hello, {name}, which you asked us on {asked_on} to tell you of, is in stock again, now {price}, while there are some."
        ),
    }
}

pub fn price_fallen(lang: Lang, ordered_on: &str, name: &str, paid: &str, now: &str, total: &str) -> String {
    match lang {
        Lang::Zh => format!(
            "您好，您 {ordered_on} 购买的 {name} 降价了：买价每件 {paid}，现价 {now}，还在价格保护期内，可以退差价 {total}。回复“申请价保”即可办理。"
        ),
        Lang::En => format!(
            "Hello, {name}, which you ordered on {ordered_on}, has become cheaper: you paid {paid} a piece, it is {now} now. Price protection still holds, so {total} can be paid back. Reply “price protection” to ask for it."
        ),
    }
}

pub fn upgrade(lang: Lang, bought_on: &str, old: &str, new: &str, price: &str) -> String {
    match lang {
        Lang::Zh => format!(
            "您好，您 {bought_on} 购买的 {old} 已经有新款：{new}，现价 {price}。想看看两款的区别，或者用旧机换新，请直接回复。"
        ),
        Lang::En => format!(
            "Hello, {old}, which you bought on {bought_on}, has a successor: {new}, now {price}. Just reply to see how they differ, or to trade in the old one."
        ),
    }
}

/// The subject of a mail. What promotes is marked in front, as China's measures on e-mail services ask (2006, article 13).
pub fn subject(lang: Lang, kind: NoticeKind, order_id: &str) -> String {
    let order_id = super::format::plain(order_id);
    match (kind, lang) {
        (NoticeKind::DeliveryLate, Lang::Zh) => format!("订单 {order_id} 的配送延误"),
        (NoticeKind::DeliveryLate, Lang::En) => format!("Your order {order_id} is late"),
        (NoticeKind::OrderShipped, Lang::Zh) => format!("订单 {order_id} 已发货"),
        (NoticeKind::OrderShipped, Lang::En) => format!("Your order {order_id} is on its way"),
        (NoticeKind::BackInStock, Lang::Zh) => "您要的商品到货了".to_owned(),
        (NoticeKind::BackInStock, Lang::En) => "What you asked for is in stock again".to_owned(),
        (NoticeKind::PriceProtection, Lang::Zh) => format!("订单 {order_id} 可以退差价"),
        (NoticeKind::PriceProtection, Lang::En) => format!("Money back on your order {order_id}"),
        (NoticeKind::UpgradeDue, Lang::Zh) => "（广告）您购买的商品有新款了".to_owned(),
        (NoticeKind::UpgradeDue, Lang::En) => "(AD) What you bought has a successor".to_owned(),
    }
}
