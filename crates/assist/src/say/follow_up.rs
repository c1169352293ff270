//! Questions that a customer may want to ask next, as they would ask them.

use crate::turn::Lang;

pub fn stock(lang: Lang) -> &'static str {
    lang.choose("它有货吗？", "Is it in stock?")
}

pub fn price(lang: Lang) -> &'static str {
    lang.choose("它多少钱？", "How much is it?")
}

pub fn successor(lang: Lang) -> &'static str {
    lang.choose("它有新款吗？", "Is there a newer model of it?")
}

pub fn accessories(lang: Lang) -> &'static str {
    lang.choose("它有哪些适配的配件？", "Which accessories fit it?")
}

pub fn opinions(lang: Lang) -> &'static str {
    lang.choose("大家对它评价怎么样？", "What do customers say about it?")
}

pub fn warranty(lang: Lang) -> &'static str {
    lang.choose("它保修多久？", "How long is its warranty?")
}

pub fn measure(lang: Lang, label: &str) -> String {
    match lang {
        Lang::Zh => format!("它的{label}是多少？"),
        Lang::En => format!("What is its {}?", lowered(label)),
    }
}

pub fn arrival(lang: Lang) -> &'static str {
    lang.choose("什么时候送到？", "When will it arrive?")
}

pub fn change_address(lang: Lang) -> &'static str {
    lang.choose("修改收货地址", "Change the delivery address")
}

pub fn cancel(lang: Lang) -> &'static str {
    lang.choose("取消这个订单", "Cancel this order")
}

pub fn invoice(lang: Lang) -> &'static str {
    lang.choose("我要开发票", "I need an invoice")
}

/// `Screen size` within a sentence; `NFC` stays.
fn lowered(label: &str) -> String {
    let mut characters = label.chars();
    match (characters.next(), characters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(std::iter::once(second)).chain(characters).collect()
        }
        _ => label.to_owned(),
    }
}
