//! Sentences about products that come in several colours or sizes, and about wishes.

use super::format::list;
use crate::turn::Lang;

/// That what was said is the same for all variants.
pub fn holds_for_all(lang: Lang, labels: &[String]) -> String {
    let all = list(labels, lang);
    match lang {
        Lang::Zh => format!("各款（{all}）都一样。"),
        Lang::En => format!("This holds for all versions ({all})."),
    }
}

/// That what was said differs between variants.
pub fn differs(lang: Lang, labels: &[String]) -> String {
    let all = list(labels, lang);
    match lang {
        Lang::Zh => format!("不同款式（{all}）有所不同。"),
        Lang::En => format!("It depends on the version ({all})."),
    }
}

pub fn price_range(lang: Lang, name: &str, least: &str, most: &str) -> String {
    match lang {
        Lang::Zh => format!("{name} 按款式不同，价格在 {least} 到 {most} 之间："),
        Lang::En => format!("{name} costs {least} to {most}, depending on the version:"),
    }
}

/// One variant with its price.
pub fn priced(lang: Lang, label: &str, price: &str, out_of_stock: bool) -> String {
    let out = if out_of_stock { lang.choose("（缺货）", " (out of stock)") } else { "" };
    match lang {
        Lang::Zh => format!("{label}：{price}{out}"),
        Lang::En => format!("{label}: {price}{out}"),
    }
}

pub fn stock_of_some(lang: Lang, name: &str, has: &[String], lacks: &[String]) -> String {
    let (has, lacks) = (list(has, lang), list(lacks, lang));
    match lang {
        Lang::Zh => format!("{name} 有货的款式：{has}；缺货：{lacks}。"),
        Lang::En => format!("{name} is in stock in {has}; out of stock: {lacks}."),
    }
}

pub fn colours(lang: Lang, name: &str, colours: &[String], more: usize) -> String {
    let all = list(colours, lang);
    match (lang, more) {
        (Lang::Zh, 0) => format!("{name} 有这些颜色：{all}。"),
        (Lang::Zh, more) => format!("{name} 有这些颜色：{all}，另外还有 {more} 种。"),
        (Lang::En, 0) => format!("{name} comes in {all}."),
        (Lang::En, more) => format!("{name} comes in {all}, and {more} more."),
    }
}

pub fn has_colour(lang: Lang, name: &str, colour: &str, price: Option<&str>) -> String {
    match (lang, price) {
        (Lang::Zh, Some(price)) => format!("有，{name} 有{colour}款，价格 {price}。"),
        (Lang::Zh, None) => format!("有，{name} 有{colour}款。"),
        (Lang::En, Some(price)) => format!("Yes, {name} comes in {colour}; it costs {price}."),
        (Lang::En, None) => format!("Yes, {name} comes in {colour}."),
    }
}

pub fn no_colour(lang: Lang, name: &str, wanted: &str) -> String {
    match lang {
        Lang::Zh => format!("{name} 没有{wanted}款。"),
        Lang::En => format!("No, {name} does not come in {wanted}."),
    }
}

/// The head of a list whose first is the most or least of its kind.
pub fn extreme(lang: Lang, word: &str, name: &str, price: Option<&str>) -> String {
    match (lang, price) {
        (Lang::Zh, Some(price)) => format!("{word}是 {name}，价格 {price}。"),
        (Lang::Zh, None) => format!("{word}是 {name}。"),
        (Lang::En, Some(price)) => format!("The {word} one is {name}, at {price}."),
        (Lang::En, None) => format!("The {word} one is {name}."),
    }
}

pub fn followed_by(lang: Lang) -> &'static str {
    lang.choose("依次还有：", "In that order there are:")
}

pub fn all_out_of_stock(lang: Lang) -> &'static str {
    lang.choose("这些目前都缺货：", "All of these are out of stock at the moment:")
}

/// That nothing meets all conditions, before the nearest.
pub fn nearest(lang: Lang, unmet: &[String]) -> String {
    let unmet = list(unmet, lang);
    match lang {
        Lang::Zh => format!("没有完全符合的商品（{unmet}），最接近的有："),
        Lang::En => format!("Nothing meets all of it ({unmet}); the nearest are:"),
    }
}

pub fn in_stock_only(lang: Lang) -> &'static str {
    lang.choose("有货", "in stock")
}
