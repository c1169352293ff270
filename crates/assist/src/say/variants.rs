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

/// The head of a list of what each variant has.
pub fn each(lang: Lang, name: &str, label: &str) -> String {
    match lang {
        Lang::Zh => format!("{name} 各款的{label}："),
        Lang::En => format!("{label} of {name}, by version:"),
    }
}

/// One variant with what it has.
pub fn of_version(lang: Lang, label: &str, value: &str) -> String {
    format!("{label}{}{value}", lang.choose("：", ": "))
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

/// The makers of a kind of thing, or of all that is sold; whether there are more than are named.
pub fn makers(lang: Lang, kind: Option<&str>, names: &[String], is_more: bool) -> String {
    let all = list(names, lang);
    match (lang, kind) {
        (Lang::Zh, kind) => format!("{}有这些品牌：{all}{}。", kind.unwrap_or("本店"), if is_more { "等" } else { "" }),
        (Lang::En, Some(kind)) => {
            format!("Brands of {kind} here: {all}{}.", if is_more { ", among others" } else { "" })
        }
        (Lang::En, None) => format!("Brands here: {all}{}.", if is_more { ", among others" } else { "" }),
    }
}

/// The head of a list whose first is the most or least of its kind.
pub fn extreme(lang: Lang, word: &str, name: &str, price: Option<&str>, of_stock: bool) -> String {
    let price = price.map_or(String::new(), |price| lang.choose(format!("，价格 {price}"), format!(", at {price}")));
    match (lang, of_stock) {
        (Lang::Zh, true) => format!("现货里{word}是 {name}{price}。"),
        (Lang::Zh, false) => format!("{word}是 {name}{price}。"),
        (Lang::En, true) => format!("In stock, the {word} is {name}{price}."),
        (Lang::En, false) => format!("The {word} one is {name}{price}."),
    }
}

pub fn followed_by(lang: Lang) -> &'static str {
    lang.choose("按这个顺序是：", "In that order:")
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

/// The head of a list of what says of itself that it has what is asked for.
pub fn stated(lang: Lang, needs: &[String]) -> String {
    let needs = quoted(lang, needs);
    match lang {
        Lang::Zh => format!("资料里写明有{needs}的："),
        Lang::En => format!("According to their data these have {needs}:"),
    }
}

/// That something is for a purpose, as a sheet would say it.
pub fn suits(lang: Lang, purpose: &str) -> String {
    lang.choose(format!("适合{purpose}"), format!("made for {purpose}"))
}

/// That no data tell whether anything of a kind has or serves something, before what there is of the kind.
pub fn unstated(lang: Lang, kind: &str, needs: &[String]) -> String {
    let needs = quoted(lang, needs);
    match lang {
        Lang::Zh => format!("店里{kind}的资料都没有写明{needs}，我不能替它们保证。店里的{kind}有："),
        Lang::En => {
            format!("Nothing in our data on {kind} mentions {needs}, so I cannot say that any has it. What there is:")
        }
    }
}

/// That nothing of a kind is quite what was asked for, before what there is of the kind.
pub fn none_like_it(lang: Lang, kind: &str) -> String {
    match lang {
        Lang::Zh => format!("没有找到完全符合要求的{kind}。店里的{kind}有："),
        Lang::En => format!("I found nothing that is quite what you ask for ({kind}). What there is:"),
    }
}

/// The head of a list of what has more or less of something than another thing, or that there is none.
pub fn beyond(lang: Lang, name: &str, attribute: &str, value: &str, is_more: bool, is_none: bool) -> String {
    match (lang, is_none) {
        (Lang::Zh, false) => format!("{attribute}比 {name}（{value}）更{}的有：", if is_more { "高" } else { "低" }),
        (Lang::Zh, true) => {
            format!("店里没有同类商品的{attribute}比 {name}（{value}）更{}。", if is_more { "高" } else { "低" })
        }
        (Lang::En, false) => {
            format!(
                "With {} {} than {name} ({value}):",
                if is_more { "more" } else { "less" },
                attribute.to_lowercase()
            )
        }
        (Lang::En, true) => format!(
            "We have nothing of its kind with {} {} than {name} ({value}).",
            if is_more { "more" } else { "less" },
            attribute.to_lowercase()
        ),
    }
}

/// The head of a list of what serves a purpose: by its sheet, or by the figures that matter to it.
pub fn for_purpose(lang: Lang, purpose: &str, is_made_for_it: bool, figures: &[String]) -> String {
    let figures = list(figures, lang);
    match (lang, is_made_for_it, figures.is_empty()) {
        (Lang::Zh, true, true) => format!("资料里写明适合{purpose}的："),
        (Lang::Zh, true, false) => format!("资料里写明适合{purpose}的，按{figures}从好到差："),
        (Lang::Zh, false, _) => {
            format!("资料里没有写明哪款适合{purpose}。只看与{purpose}有关的参数（{figures}），从好到差是：")
        }
        (Lang::En, true, true) => format!("Made for {purpose} by their data:"),
        (Lang::En, true, false) => {
            format!("Made for {purpose} by their data, best first by {}:", figures.to_lowercase())
        }
        (Lang::En, false, _) => format!(
            "None says that it is made for {purpose}. By the figures that matter to it alone ({}), best first:",
            figures.to_lowercase()
        ),
    }
}

fn quoted(lang: Lang, words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("“{word}”")).collect();
    list(&quoted, lang)
}

pub fn in_stock_only(lang: Lang) -> &'static str {
    lang.choose("有货", "in stock")
}
