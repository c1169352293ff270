//! The sentences of reasons in Chinese and English. No logic beyond choosing one.

use domain::EventKind;

use super::Language;
use crate::rank::TermName;

/// What the shop says of a pinned item.
pub(super) fn pinned(language: Language) -> &'static str {
    match language {
        Language::Zh => "本店精选推荐",
        Language::En => "Our shop's choice",
    }
}

/// The sentence for a term, naming the own product where there is one.
pub(super) fn text(name: TermName, kind: Option<EventKind>, product: Option<&str>, language: Language) -> String {
    match language {
        Language::Zh => chinese(name, kind, product),
        Language::En => english(name, kind, product),
    }
}

fn chinese(name: TermName, kind: Option<EventKind>, product: Option<&str>) -> String {
    let own = product.map(|product| match kind {
        Some(kind) => format!("您{}的“{product}”", did_zh(kind)),
        None => format!("正在查看的“{product}”"),
    });
    match (name, own) {
        (TermName::OwnEvent, Some(_)) => {
            format!("您{}“{}”", did_zh(kind.unwrap_or(EventKind::View)), product.unwrap_or(""))
        }
        (TermName::Accessory, Some(own)) => format!("与{own}适配"),
        (TermName::Bundle, Some(own)) => format!("常与{own}一起购买"),
        (TermName::Successor, Some(own)) => format!("{own}的新一代产品"),
        (TermName::PriceDrop, Some(own)) => format!("{own}降价了"),
        (TermName::Content, Some(own)) => format!("与{own}相似"),
        (name, _) => plain_zh(name).to_owned(),
    }
}

fn english(name: TermName, kind: Option<EventKind>, product: Option<&str>) -> String {
    let own = product.map(|product| match kind {
        Some(kind) => format!("the {product} you {}", did_en(kind)),
        None => format!("the {product} you are looking at"),
    });
    match (name, own) {
        (TermName::OwnEvent, Some(_)) => {
            format!("You {} {}", did_en(kind.unwrap_or(EventKind::View)), product.unwrap_or(""))
        }
        (TermName::Accessory, Some(own)) => format!("It fits {own}"),
        (TermName::Bundle, Some(own)) => format!("Often bought with {own}"),
        (TermName::Successor, Some(own)) => format!("The successor of {own}"),
        (TermName::PriceDrop, Some(own)) => format!("The price has fallen of {own}"),
        (TermName::Content, Some(own)) => format!("Similar to {own}"),
        (name, _) => plain_en(name).to_owned(),
    }
}

fn did_zh(kind: EventKind) -> &'static str {
    match kind {
        EventKind::View => "浏览过",
        EventKind::Search => "搜索过",
        EventKind::Favourite => "收藏过",
        EventKind::Cart => "加入过购物车",
        EventKind::Uncart => "移出过购物车",
        EventKind::Purchase => "购买过",
        EventKind::Rate => "评价过",
        EventKind::Return => "退回过",
        EventKind::Ask => "咨询过",
    }
}

fn did_en(kind: EventKind) -> &'static str {
    match kind {
        EventKind::View => "viewed",
        EventKind::Search => "searched for",
        EventKind::Favourite => "saved",
        EventKind::Cart => "put in your cart",
        EventKind::Uncart => "took out of your cart",
        EventKind::Purchase => "bought",
        EventKind::Rate => "rated",
        EventKind::Return => "returned",
        EventKind::Ask => "asked about",
    }
}

fn plain_zh(name: TermName) -> &'static str {
    match name {
        TermName::OwnEvent | TermName::Remainder => "与您的其他浏览和购买有关",
        TermName::SimilarCustomers => "与您喜好相近的顾客也选择了它",
        TermName::ModelPopularity => "购买的人最多",
        TermName::Popularity => "许多顾客都选择了它",
        TermName::Regional => "在您所在的地区很受欢迎",
        TermName::Baseline => "总体评价较好",
        TermName::Content => "与您看过的商品相似",
        TermName::Margin | TermName::Boost => "本店主推",
        TermName::Stock => "库存充足",
        TermName::NewProduct => "新品上市",
        TermName::Accessory => "与您的设备适配",
        TermName::Bundle => "常与您选的商品一起购买",
        TermName::Successor => "您已有产品的新一代",
        TermName::PriceDrop => "您看过的商品降价了",
        TermName::Bury | TermName::Durable | TermName::Diversity => "让推荐更丰富",
        TermName::Exploration => "为您换个新选择",
    }
}

fn plain_en(name: TermName) -> &'static str {
    match name {
        TermName::OwnEvent | TermName::Remainder => "Related to other things you viewed or bought",
        TermName::SimilarCustomers => "Customers with taste like yours chose it",
        TermName::ModelPopularity => "What most customers choose",
        TermName::Popularity => "Many customers have chosen it",
        TermName::Regional => "Popular in your region",
        TermName::Baseline => "Well received overall",
        TermName::Content => "Similar to what you viewed",
        TermName::Margin | TermName::Boost => "Featured by our shop",
        TermName::Stock => "Well in stock",
        TermName::NewProduct => "New in our shop",
        TermName::Accessory => "It fits what you have",
        TermName::Bundle => "Often bought with what you chose",
        TermName::Successor => "The successor of what you have",
        TermName::PriceDrop => "The price of something you viewed has fallen",
        TermName::Bury | TermName::Durable | TermName::Diversity => "For variety",
        TermName::Exploration => "Something different for you",
    }
}
