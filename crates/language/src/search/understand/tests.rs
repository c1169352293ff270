//! What queries ask for, by what is read from them.

use super::*;

fn attributes() -> Attributes {
    let brands = ["Apple", "华为（HUAWEI）", "小米", "联想", "TCL"].map(str::to_owned);
    let categories = ["电脑", "电脑/笔记本", "手机", "耳机", "配件", "配件/手机壳"].map(str::to_owned);
    Attributes::new(&brands, &categories, vec!["memory", "price", "screen", "storage", "weight", "refresh"])
}

/// Conditions as text: what, and the words it was read from.
fn read(query: &str) -> (Vec<String>, String) {
    let understood = parse_query(query, &attributes()).unwrap();
    let number =
        |bound: Option<f64>| bound.map_or(String::new(), |bound| format!("{}", (bound * 100.0).round() / 100.0));
    let filters = understood.filters.iter().map(|filter| {
        let what = match &filter.condition {
            Condition::Between { min, max } => format!("{}..{}", number(*min), number(*max)),
            Condition::OneOf(values) => values.join("|"),
            Condition::NoneOf(values) => format!("!{}", values.join("|")),
            Condition::Lacks(word) => format!("!{word}"),
        };
        let soft = if filter.is_soft { "~" } else { "" };
        format!("{soft}{} {what} <{}>", filter.attribute, &query[filter.from.clone().unwrap()])
    });
    let mut read: Vec<String> = filters.collect();
    if let Some(from) = understood.sort_from.clone() {
        read.push(format!("{:?} <{}>", understood.sort, &query[from]));
    }
    (read, understood.words)
}

#[test]
fn conditions_are_read_from_words() {
    let mut wrong = Vec::new();
    for (query, conditions, words) in [
        (
            "5000元以下 16G 轻薄本",
            &[
                "price ..5000 <5000元以下>",
                "memory 16..16 <16G>",
                "~weight ..1.5 <轻薄本>",
                "category 电脑/笔记本 <轻薄本>",
            ][..],
            "",
        ),
        ("3k-5k 手机", &["price 3000..5000 <3k-5k>", "category 手机 <手机>"], ""),
        ("5k以下 手机", &["price ..5000 <5k以下>", "category 手机 <手机>"], ""),
        ("手机或耳机", &["category 手机|耳机 <手机>"], ""),
        ("手机 耳机", &["~category 手机 <手机>", "category 耳机 <耳机>"], "手机"),
        ("三千到五千的手机", &["price 3000..5000 <三千到五千>", "category 手机 <手机>"], ""),
        ("4k 电视", &[], "4k 电视"),
        ("under $800 laptop", &["price ..800 <under $800>", "category 电脑/笔记本 <laptop>"], ""),
        ("一万左右的笔记本", &["price 8000..12000 <一万左右>", "category 电脑/笔记本 <笔记本>"], ""),
        ("三千以内 拍照手机", &["price ..3000 <三千以内>", "category 手机 <手机>"], "拍照"),
        ("苹果耳机", &["brand Apple <苹果>", "category 耳机 <耳机>"], ""),
        ("華為手機", &["brand 华为（HUAWEI） <華為>", "category 手机 <手機>"], ""),
        ("huawei mate 60", &["brand 华为（HUAWEI） <huawei>"], "mate 60"),
        ("手机 不要苹果", &["category 手机 <手机>", "brand !Apple <不要苹果>"], ""),
        ("非曲面 电视", &["text !曲面 <非曲面>"], "电视"),
        ("非常好的耳机", &["category 耳机 <耳机>"], "非常好"),
        ("最便宜的小米手机", &["brand 小米 <小米>", "category 手机 <手机>", "PriceUp <最便宜>"], ""),
        ("newest laptops", &["category 电脑/笔记本 <laptops>", "Newest <newest>"], ""),
        ("苹果手机壳", &["~brand Apple <苹果>", "category 配件/手机壳 <手机壳>"], "苹果"),
        ("headphones without noise", &["category 耳机 <headphones>"], "without noise"),
        ("充电很慢怎么办", &[], "充电很慢怎么办"),
        ("mint phone", &["category 手机 <phone>"], "mint"),
        ("", &[], ""),
    ] {
        let (found, rest) = read(query);
        if (found.iter().map(String::as_str).collect::<Vec<_>>(), rest.as_str()) != (conditions.to_vec(), words) {
            wrong.push(format!("{query}: {found:?}, left {rest:?}; wanted {conditions:?}, left {words:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn purposes_are_hints() {
    let understood = parse_query("打游戏的笔记本", &attributes()).unwrap();
    assert!(understood.hints.contains(&"电竞".to_owned()));
    assert_eq!(understood.words, "打游戏");
    let request = understood.request();
    assert_eq!((request.text, request.filters.len()), ("打游戏", 1));
}

#[test]
fn what_a_shop_does_not_have_stays_words() {
    let nothing = Attributes::default();
    let understood = parse_query("5000元以下 苹果 笔记本", &nothing).unwrap();
    assert_eq!((understood.filters.len(), understood.words.as_str()), (0, "5000元以下 苹果 笔记本"));
    assert!(parse_query(&"华".repeat(2000), &nothing).is_err());
    for text in ["不要", "非", "不要不要不要", "的", "\u{0}", "5000元以下以下以下", "--", "$", "🎧不要🎧"]
    {
        parse_query(text, &attributes()).unwrap();
    }
}
