//! Sentences about people: handing over, when somebody is there, what is down.

use crate::turn::Lang;

pub fn offer(lang: Lang) -> &'static str {
    lang.choose("需要我转人工客服吗？", "Shall I pass you on to a person?")
}

pub fn yes(lang: Lang) -> &'static str {
    lang.choose("转人工客服", "Yes, a person please")
}

pub fn no(lang: Lang) -> &'static str {
    lang.choose("不用了", "No, thanks")
}

pub fn part_down(lang: Lang) -> &'static str {
    lang.choose(
        "这部分信息现在查不到，系统暂时有问题，很抱歉。",
        "I am sorry, this part of the shop cannot be reached at the moment.",
    )
}

pub fn hours(lang: Lang, hours: &str) -> String {
    match lang {
        Lang::Zh => format!("人工客服时间是 {hours}。"),
        Lang::En => format!("People are at the desk {hours}."),
    }
}

pub fn always_open(lang: Lang) -> &'static str {
    lang.choose("人工客服全天在线。", "People are at the desk around the clock.")
}
