//! Sentences about what is remembered from earlier conversations: always with where it comes from.

use crate::turn::Lang;

/// Before an answer about a product of an earlier conversation.
pub fn product(lang: Lang, name: &str, day: &str) -> String {
    match lang {
        Lang::Zh => format!("您指的应该是我们 {day} 聊到的 {name}。"),
        Lang::En => format!("You mean {name}, I think, which we spoke of on {day}."),
    }
}

/// Below a list that keeps to what the customer once said they would spend.
pub fn budget(lang: Lang, amount: &str, day: &str) -> String {
    match lang {
        Lang::Zh => format!("按您 {day} 说过的预算挑选：{amount} 以内。不想限制的话，告诉我“不限预算”。"),
        Lang::En => {
            format!("Chosen within {amount}, the budget you gave on {day}. Say “any budget” if it does not matter.")
        }
    }
}

/// Somebody unknown refers to an earlier conversation.
pub fn only_here(lang: Lang) -> &'static str {
    lang.choose(
        "没有登录时，我只记得这次会话里的内容。请告诉我商品的名称或型号，或者登录后再问。",
        "Unless you are signed in I remember only this conversation. Please give me the product's name or model, or sign in.",
    )
}

/// A known customer refers to something that is not remembered.
pub fn nothing_known(lang: Lang) -> &'static str {
    lang.choose(
        "之前的会话里没有记下这样的商品。请告诉我名称或型号。",
        "I have no such product from our earlier conversations. Please give me its name or model.",
    )
}

/// Below a greeting: what is still open.
pub fn open_cases(lang: Lang, titles: &[String]) -> String {
    let titles = super::format::list(titles, lang);
    match lang {
        Lang::Zh => format!("您还有办理中的申请：{titles}。"),
        Lang::En => format!("These requests of yours are still open: {titles}."),
    }
}
