//! Sentences about products.

use super::format::list;
use crate::turn::Lang;

/// Fields of a product: label and value.
pub fn fields(lang: Lang, name: &str, told: &[(String, String)]) -> String {
    let items: Vec<String> = told.iter().map(|(label, value)| format!("{label} {value}")).collect();
    match lang {
        Lang::Zh => format!("{name}：{}。", items.join("；")),
        Lang::En => format!("{name}: {}.", items.join("; ")),
    }
}

/// That a sheet does not name a purpose, with the figures that matter to it.
pub fn purpose_unstated(lang: Lang, name: &str, purpose: &str, told: &[(String, String)]) -> String {
    let figures: Vec<String> = told.iter().map(|(label, value)| field_short(lang, label, value)).collect();
    match lang {
        Lang::Zh => format!("{name} 的资料没有写明适不适合{purpose}。与此有关的参数：{}。", figures.join("，")),
        Lang::En => format!(
            "Our data do not say whether {name} is good for {purpose}. What matters to it: {}.",
            figures.join(", ")
        ),
    }
}

/// A field beside a product in a list: `内存 16 GB`.
pub fn field_short(lang: Lang, label: &str, value: &str) -> String {
    match lang {
        Lang::Zh => format!("{label} {value}"),
        Lang::En => format!("{} {value}", label.to_lowercase()),
    }
}

pub fn stock_word(lang: Lang, is: bool) -> &'static str {
    match is {
        true => lang.choose("有货", "in stock"),
        false => lang.choose("暂时缺货", "out of stock"),
    }
}

pub fn not_in_catalogue(lang: Lang, name: &str, missing: &[String]) -> String {
    let what = list(missing, lang);
    match lang {
        Lang::Zh => format!("{name} 的商品资料里没有写明{what}，不过相关文档中提到："),
        Lang::En => format!("The catalogue does not give the {what} of {name}, but its documents say:"),
    }
}

pub fn not_told(lang: Lang, name: &str, missing: &[String]) -> String {
    let what = list(missing, lang);
    match lang {
        Lang::Zh => format!("{name} 的商品资料里没有写明{what}，我不能随便猜测。"),
        Lang::En => format!("The catalogue does not say what the {what} of {name} is, and I will not guess."),
    }
}

/// What is asked stands in no field of the product, so that it has no name here.
pub fn not_in_data(lang: Lang, name: &str) -> String {
    match lang {
        Lang::Zh => format!("{name} 的商品资料和本店文档里没有写明您问的这一点，我不能随便猜测。"),
        Lang::En => {
            format!("Neither the catalogue nor the shop's documents tell this about {name}, and I will not guess.")
        }
    }
}

pub fn nothing_known(lang: Lang, name: &str) -> String {
    match lang {
        Lang::Zh => format!("商品资料里还没有 {name} 的参数。"),
        Lang::En => format!("The catalogue has no details of {name} yet."),
    }
}

pub fn price(lang: Lang, name: &str, price: &str) -> String {
    match lang {
        Lang::Zh => format!("{name} 现在的价格是 {price}。"),
        Lang::En => format!("{name} costs {price} now."),
    }
}

pub fn but_out_of_stock(lang: Lang) -> &'static str {
    lang.choose("目前缺货。", "It is out of stock at the moment.")
}

pub fn no_price(lang: Lang, name: &str) -> String {
    match lang {
        Lang::Zh => format!("{name} 目前没有标价，我不能给您一个不确定的数字。"),
        Lang::En => format!("{name} has no price in the catalogue, and I will not make one up."),
    }
}

pub fn stock(lang: Lang, name: &str, is: bool) -> String {
    match (lang, is) {
        (Lang::Zh, true) => format!("{name} 有货，可以下单。"),
        (Lang::Zh, false) => format!("{name} 目前缺货。"),
        (Lang::En, true) => format!("{name} is in stock."),
        (Lang::En, false) => format!("{name} is out of stock at the moment."),
    }
}

pub fn retired(lang: Lang, name: &str) -> String {
    match lang {
        Lang::Zh => format!("{name} 已经停售。"),
        Lang::En => format!("{name} is no longer sold."),
    }
}

pub fn stock_not_tracked(lang: Lang, name: &str) -> String {
    match lang {
        Lang::Zh => format!("{name} 的库存这里没有记录，无法确认现在有没有货。"),
        Lang::En => format!("The stock of {name} is not recorded here, so I cannot say whether it is available now."),
    }
}

pub fn successor(lang: Lang, name: &str, newer: &str, price: Option<&str>) -> String {
    match (lang, price) {
        (Lang::Zh, Some(price)) => format!("{name} 的新款是 {newer}，现价 {price}。"),
        (Lang::Zh, None) => format!("{name} 的新款是 {newer}。"),
        (Lang::En, Some(price)) => format!("{newer} is the newer model of {name}; it costs {price}."),
        (Lang::En, None) => format!("{newer} is the newer model of {name}."),
    }
}

pub fn no_successor(lang: Lang, name: &str) -> String {
    match lang {
        Lang::Zh => format!("商品目录里没有登记 {name} 的后续型号。"),
        Lang::En => format!("The catalogue lists no newer model of {name}."),
    }
}

pub fn ask_compare(lang: Lang) -> &'static str {
    lang.choose("比较这两款", "Compare the two")
}

pub fn which(lang: Lang) -> &'static str {
    lang.choose("您说的是哪一款？", "Which product do you mean?")
}

pub fn which_no_list(lang: Lang) -> &'static str {
    lang.choose(
        "您想了解哪一款商品？请告诉我名称或型号。",
        "Which product is it about? Please give me its name or model.",
    )
}

pub fn which_other(lang: Lang) -> &'static str {
    lang.choose("您想拿它和哪一款比较？", "Which product should I compare it with?")
}

pub fn which_device(lang: Lang, accessory: &str) -> String {
    match lang {
        Lang::Zh => format!("您想把 {accessory} 用在哪一款设备上？请告诉我型号。"),
        Lang::En => format!("Which device should {accessory} be used with? Please give me its model."),
    }
}

/// The head of a comparison.
pub fn comparing(lang: Lang, names: &[String]) -> String {
    match lang {
        Lang::Zh => format!("{}的对比如下。", list(names, lang)),
        Lang::En => format!("Here is how {} compare.", list(names, lang)),
    }
}

/// One row in words: label and name–value pairs, with who is better.
pub fn difference(lang: Lang, label: &str, pairs: &[(String, String)], better: Option<(&str, &str)>) -> String {
    let items: Vec<String> = pairs.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let row = match lang {
        Lang::Zh => format!("{label}：{}", items.join("，")),
        Lang::En => format!("{label}: {}", items.join(", ")),
    };
    match (lang, better) {
        (Lang::Zh, Some((name, word))) => format!("{row}（{name} {word}）"),
        (Lang::En, Some((name, word))) => format!("{row} ({name} is {word})"),
        (_, None) => row,
    }
}

/// How the better one is called for an attribute.
pub fn better_word(lang: Lang, attribute: &str) -> &'static str {
    match attribute {
        "price" => lang.choose("更便宜", "cheaper"),
        "weight" => lang.choose("更轻", "lighter"),
        "memory" | "storage" | "capacity" | "battery" => lang.choose("更大", "larger"),
        "battery_life" | "warranty" | "length" | "flight_time" => lang.choose("更长", "longer"),
        "resolution" | "refresh" | "power" | "charging" => lang.choose("更高", "higher"),
        "speed" | "throughput" | "ethernet" => lang.choose("更快", "faster"),
        "bluetooth" => lang.choose("更新", "newer"),
        _ => lang.choose("更多", "more"),
    }
}

pub fn cheaper_by(lang: Lang, name: &str, amount: &str) -> String {
    match lang {
        Lang::Zh => format!("{name} 便宜 {amount}。"),
        Lang::En => format!("{name} is {amount} cheaper."),
    }
}

pub fn no_difference(lang: Lang) -> &'static str {
    lang.choose("商品资料里它们没有不同的参数。", "The catalogue gives no attribute in which they differ.")
}

pub fn not_comparable(lang: Lang, label: &str) -> String {
    match lang {
        Lang::Zh => format!("商品资料里没有写明它们的{label}，我不能随便猜测。"),
        Lang::En => format!("The catalogue does not give their {label}, and I will not guess."),
    }
}

pub fn fits(lang: Lang, accessory: &str, device: &str, why: Option<&str>) -> String {
    match (lang, why) {
        (Lang::Zh, Some(why)) => format!("可以，{accessory} 适配 {device}（{why}）。"),
        (Lang::Zh, None) => format!("可以，{accessory} 适配 {device}。"),
        (Lang::En, Some(why)) => format!("Yes, {accessory} fits {device} ({why})."),
        (Lang::En, None) => format!("Yes, {accessory} fits {device}."),
    }
}

pub fn fits_not(lang: Lang, accessory: &str, device: &str, needed: &[String]) -> String {
    let needed = list(needed, lang);
    match (lang, needed.is_empty()) {
        (Lang::Zh, true) => format!("不可以，{accessory} 的适配清单里没有 {device}。"),
        (Lang::Zh, false) => format!("不可以，{accessory} 不适配 {device}：它要求{needed}。"),
        (Lang::En, true) => format!("No, {device} is not among what {accessory} fits."),
        (Lang::En, false) => format!("No, {accessory} does not fit {device}: it needs {needed}."),
    }
}

/// None of several accessories goes with a device; `has_more` where not all of them are named.
pub fn none_fits(lang: Lang, names: &[String], has_more: bool, device: &str, needed: &[String]) -> String {
    let (names, needed) = (list(names, lang), list(needed, lang));
    let more = if has_more { lang.choose("等", " and others of the kind") } else { "" };
    match (lang, needed.is_empty()) {
        (Lang::Zh, true) => format!("不可以，{names}{more}都不适配 {device}。"),
        (Lang::Zh, false) => format!("不可以，{names}{more}都不适配 {device}：它们要求{needed}。"),
        (Lang::En, true) => format!("No, none of these fits {device}: {names}{more}."),
        (Lang::En, false) => format!("No, none of these fits {device}: {names}{more}. They need {needed}."),
    }
}

/// What an accessory goes with, and the condition by which it does.
pub fn goes_with(lang: Lang, accessory: &str, why: Option<&str>) -> String {
    match (lang, why) {
        (Lang::Zh, Some(why)) => format!("{accessory} 适配（{why}）："),
        (Lang::Zh, None) => format!("{accessory} 适配："),
        (Lang::En, Some(why)) => format!("{accessory} goes with these ({why}):"),
        (Lang::En, None) => format!("{accessory} goes with these:"),
    }
}

/// All of several accessories go with a device.
pub fn all_fit(lang: Lang, device: &str) -> String {
    match lang {
        Lang::Zh => format!("可以，这些都适配 {device}："),
        Lang::En => format!("Yes, these all fit {device}:"),
    }
}

/// Some of several accessories go with a device.
pub fn some_fit(lang: Lang, device: &str) -> String {
    match lang {
        Lang::Zh => format!("要看是哪一款。适配 {device} 的是下面这些，同名的其他款不适配："),
        Lang::En => format!("It depends which one. These fit {device}; the others called so do not:"),
    }
}

pub fn fits_unknown(lang: Lang, accessory: &str, device: &str) -> String {
    match lang {
        Lang::Zh => format!("店里没有 {accessory} 与 {device} 的适配记录，我不能说它一定能用。"),
        Lang::En => {
            format!("The shop has no record of whether {accessory} fits {device}, so I cannot say that it does.")
        }
    }
}

pub fn both_named(lang: Lang, condition: &str, value: &str) -> String {
    match lang {
        Lang::Zh => format!("{condition} 为 {value}"),
        Lang::En => format!("{condition} {value}"),
    }
}

pub fn accessories(lang: Lang, device: &str) -> String {
    match lang {
        Lang::Zh => format!("适配 {device} 的配件："),
        Lang::En => format!("These accessories fit {device}:"),
    }
}

pub fn no_such_accessory(lang: Lang, device: &str, kind: &str) -> String {
    match lang {
        Lang::Zh => format!("店里没有登记适配 {device} 的“{kind}”。登记为适配的有："),
        Lang::En => format!("The shop lists no “{kind}” that fits {device}. What it lists as fitting:"),
    }
}

pub fn no_accessories(lang: Lang, device: &str) -> String {
    match lang {
        Lang::Zh => format!("店里没有登记适配 {device} 的配件。"),
        Lang::En => format!("The shop lists no accessories that fit {device}."),
    }
}

pub fn found(lang: Lang) -> &'static str {
    lang.choose("为您找到：", "Here is what I found:")
}

pub fn found_relaxed(lang: Lang, relaxed: &[String]) -> String {
    let quoted: Vec<String> = relaxed.iter().map(|word| format!("“{word}”")).collect();
    let what = list(&quoted, lang);
    match lang {
        Lang::Zh => format!("没有完全符合的商品，放宽了{what}之后找到："),
        Lang::En => format!("Nothing meets all of it; without {what} there is:"),
    }
}

pub fn found_nothing(lang: Lang) -> &'static str {
    lang.choose("没有找到符合的商品。", "I found no product like that.")
}

/// One line of a list.
pub fn listed(lang: Lang, n: usize, name: &str, price: Option<&str>, out_of_stock: bool, why: Option<&str>) -> String {
    let mut line = format!("{n}. {name}");
    if let Some(price) = price {
        line.push_str(&lang.choose(format!("，{price}"), format!(", {price}")));
    }
    if out_of_stock {
        line.push_str(lang.choose("（缺货）", " (out of stock)"));
    }
    if let Some(why) = why {
        line.push_str(&lang.choose(format!("：{why}"), format!(": {why}")));
    }
    line
}

pub fn recommended(lang: Lang, is_personal: bool) -> &'static str {
    match is_personal {
        true => lang.choose("根据您的喜好，推荐：", "For you I would suggest:"),
        false => lang.choose("推荐您看看：", "You may like:"),
    }
}

pub fn nothing_to_recommend(lang: Lang) -> &'static str {
    lang.choose(
        "暂时没有合适的推荐。您可以告诉我用途和预算。",
        "I have nothing suitable to suggest yet. You can tell me what it is for and your budget.",
    )
}

pub fn opinions(lang: Lang, name: &str) -> String {
    match lang {
        Lang::Zh => format!("顾客对 {name} 的评价："),
        Lang::En => format!("What customers say about {name}:"),
    }
}

pub fn opinion(lang: Lang, label: &str, n_praise: u32, n_complaint: u32, quote: Option<&str>) -> String {
    let row = match lang {
        Lang::Zh => format!("{label}：好评 {n_praise} 条，差评 {n_complaint} 条"),
        Lang::En => format!("{label}: praised by {n_praise}, criticised by {n_complaint}"),
    };
    match (lang, quote) {
        (Lang::Zh, Some(quote)) => format!("{row}，例如“{quote}”"),
        (Lang::En, Some(quote)) => format!("{row}, for instance “{quote}”"),
        (_, None) => row,
    }
}

/// Nobody complained in what was counted; reviews that say nothing clear were not.
pub fn no_complaints(lang: Lang, name: &str) -> String {
    match lang {
        Lang::Zh => format!("在已统计的 {name} 评价里没有发现明确的批评。"),
        Lang::En => format!("Among the reviews of {name} that were added up, none clearly criticises it."),
    }
}

pub fn no_opinions(lang: Lang, name: &str) -> String {
    match lang {
        Lang::Zh => format!("还没有足够的评价可以总结 {name} 的口碑。"),
        Lang::En => format!("There are not enough reviews of {name} to sum up yet."),
    }
}

pub fn no_opinions_on(lang: Lang, name: &str, label: &str) -> String {
    match lang {
        Lang::Zh => format!("评价里还没有人提到 {name} 的{label}。"),
        Lang::En => format!("No review mentions the {label} of {name} yet."),
    }
}
