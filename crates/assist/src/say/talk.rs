//! Sentences of conversation: greetings, not understanding, quoting documents, rules of the shop.

use crate::turn::Lang;

/// What the first reply of a conversation begins with: nobody shall take it for a person.
pub fn introduction(lang: Lang, name: &str, shop: &str) -> String {
    match lang {
        Lang::Zh => format!("您好，我是{shop}的自动客服{name}。"),
        Lang::En => format!("Hello, I am {name}, the automatic assistant of {shop}."),
    }
}

/// The varied part is chosen by the turn: not random, not always the same.
pub fn greeting(lang: Lang, n_turns: u32) -> &'static str {
    let zh = ["请问有什么可以帮您？", "您想了解商品，还是查询订单？"];
    let en = ["How can I help you?", "Is it about a product or about an order?"];
    lang.choose(zh, en)[n_turns as usize % 2]
}

pub fn thanks(lang: Lang, n_turns: u32) -> &'static str {
    let zh = ["不客气，还有其他问题随时问我。", "应该的，很高兴能帮到您。"];
    let en = ["You are welcome. Just ask if there is anything else.", "My pleasure. I am glad that it helped."];
    lang.choose(zh, en)[n_turns as usize % 2]
}

pub fn goodbye(lang: Lang) -> &'static str {
    lang.choose(
        "再见，祝您生活愉快！如果方便，请用一到五星评价这次服务。",
        "Goodbye, and all the best! If you like, rate this service with one to five stars.",
    )
}

pub fn ask_rating(lang: Lang) -> &'static str {
    lang.choose(
        "请用一到五星评价这次服务，五星最好。",
        "Please rate this service with one to five stars; five is best.",
    )
}

pub fn rated(lang: Lang, is_good: bool) -> &'static str {
    match is_good {
        true => lang.choose("谢谢您的评价！", "Thank you for your rating!"),
        false => lang.choose(
            "谢谢您的评价。没有帮好您，很抱歉；需要的话可以转人工客服。",
            "Thank you for your rating. I am sorry that I did not help better; I can get you a person if you like.",
        ),
    }
}

pub fn who(lang: Lang, name: &str, shop: &str) -> String {
    match lang {
        Lang::Zh => format!(
            "我是{shop}的自动客服{name}，不是真人。我可以介绍商品、比较参数、查配件是否适配、查订单和物流、办理退换货；我答不了的，可以转给人工客服。"
        ),
        Lang::En => format!(
            "I am {name}, the automatic assistant of {shop}, not a person. I can tell you about products, compare them, check whether an accessory fits, look up orders and parcels, and file returns; what I cannot answer I can pass on to a person."
        ),
    }
}

pub fn small_talk(lang: Lang, n_turns: u32) -> &'static str {
    let zh = ["聊天我不太在行，商品和订单的事可以放心问我。", "这个我说不好，不过挑商品、查订单我很乐意帮忙。"];
    let en = [
        "I am not much of a talker, but I know this shop's products and your orders.",
        "That is beyond me, but I will gladly help with products and orders.",
    ];
    lang.choose(zh, en)[n_turns as usize % 2]
}

/// What the customer may want to say first.
pub fn starters(lang: Lang) -> [&'static str; 3] {
    lang.choose(
        ["查我的订单", "推荐一款笔记本", "退货政策"],
        ["Where is my order?", "Recommend a laptop", "How do returns work?"],
    )
}

pub fn empty(lang: Lang) -> &'static str {
    lang.choose("我没有收到内容，请输入您的问题。", "Your message is empty. Please type your question.")
}

pub fn too_long(lang: Lang) -> &'static str {
    lang.choose(
        "这条消息太长了，请把问题说得短一些，或者分几条发。",
        "This message is too long. Please ask more briefly, or in several messages.",
    )
}

pub fn rephrase(lang: Lang, n_misses: u8) -> &'static str {
    let zh =
        ["抱歉，我没有听懂。您可以换个说法吗？比如商品名称、型号或订单问题。", "还是没有听懂，抱歉。请再换个说法。"];
    let en = [
        "Sorry, I did not understand. Could you put it another way, for instance with a product's name or model, or what it is about an order?",
        "Sorry, I still do not understand. Please try other words.",
    ];
    lang.choose(zh, en)[usize::from(n_misses.min(1))]
}

/// An order to the service itself is answered as any other text.
pub fn not_for_me(lang: Lang) -> &'static str {
    lang.choose(
        "我只能回答本店商品、订单和服务的问题，别的要求我不会照做。",
        "I can only answer questions about this shop's products, orders and service; I do not follow other instructions.",
    )
}

pub fn no_answer(lang: Lang) -> &'static str {
    lang.choose(
        "这个问题我没有找到可靠的依据，不能随便回答您。",
        "I have found nothing reliable on this, and I will not make something up.",
    )
}

/// To a question that is none of this shop's, or that nothing of the shop answers.
pub fn not_in_shop(lang: Lang) -> &'static str {
    lang.choose(
        "这个问题超出了本店商品和服务资料的范围，我没有依据，不能随便回答您。",
        "Nothing among this shop's products and rules answers this, and I will not make something up.",
    )
}

/// Below a rule, that what it is about can be done here: by the name of the form, which opens it.
pub fn can_file(lang: Lang, title: &str) -> String {
    match lang {
        Lang::Zh => format!("需要办理的话，回复“{title}”就可以。"),
        Lang::En => format!("To have it done, say “{title}”."),
    }
}

/// The rule nearest to a question that nothing answers as it was asked.
pub fn nearest_rule(lang: Lang, rule: &str) -> String {
    match lang {
        Lang::Zh => format!("这个问题没有完全对应的说明，最接近的规定是：{rule}"),
        Lang::En => format!("I have found nothing on exactly this. The nearest of the shop's rules: {rule}"),
    }
}

pub fn quotation(lang: Lang, title: &str, quote: &str, n: usize) -> String {
    let breaks = if quote.contains('\n') { "\n" } else { "" };
    match lang {
        Lang::Zh => format!("《{title}》中写道：{breaks}“{quote}”[{n}]"),
        Lang::En => format!("From “{title}”: {breaks}“{quote}” [{n}]"),
    }
}

/// The windows that the shop has set; empty if none is. `is_none`: nothing goes back without a reason.
pub fn returns(
    lang: Lang,
    no_reason: Option<&str>,
    is_none: bool,
    defect: Option<&str>,
    exchange: Option<&str>,
) -> String {
    let without = match (lang, no_reason) {
        (Lang::Zh, Some(_)) if is_none => Some("本店不支持无理由退货".to_owned()),
        (Lang::En, Some(_)) if is_none => Some("Items are not taken back without a reason".to_owned()),
        (Lang::Zh, Some(days)) => Some(format!("签收后 {days}内可以无理由退货")),
        (Lang::En, Some(days)) => {
            Some(format!("Within {days} of delivery you can return an item without giving a reason"))
        }
        (_, None) => None,
    };
    let with = match (lang, defect, exchange) {
        (_, None, None) => None,
        (Lang::Zh, Some(days), None) => Some(format!("有质量问题的，{days}内可以退货")),
        (Lang::Zh, None, Some(days)) => Some(format!("有质量问题的，{days}内可以换货")),
        (Lang::Zh, Some(defect), Some(days)) => Some(format!("有质量问题的，{defect}内可以退货，{days}内可以换货")),
        (Lang::En, Some(days), None) => Some(format!("with a defect you can return it within {days}")),
        (Lang::En, None, Some(days)) => Some(format!("with a defect you can exchange it within {days}")),
        (Lang::En, Some(defect), Some(days)) => {
            Some(format!("with a defect you can return it within {defect} or exchange it within {days}"))
        }
    };
    let parts: Vec<String> = without.into_iter().chain(with).collect();
    match parts.is_empty() {
        true => String::new(),
        false => parts.join(lang.choose("；", "; ")) + lang.choose("。", "."),
    }
}

pub fn returns_except(lang: Lang, name: &str, path: &str) -> String {
    match lang {
        Lang::Zh => format!("{name} 属于“{path}”，不支持无理由退货。"),
        Lang::En => format!("{name} belongs to “{path}”, which is not taken back without a reason."),
    }
}

/// How long it is: of all goods, or of such goods as are asked about.
pub fn warranty(lang: Lang, length: &str, of_some: bool) -> String {
    match (lang, of_some) {
        (Lang::Zh, false) => format!("本店商品的保修期是 {length}。"),
        (Lang::Zh, true) => format!("这类商品的保修期是 {length}。"),
        (Lang::En, false) => format!("The shop's warranty is {length}."),
        (Lang::En, true) => format!("The warranty on such goods is {length}."),
    }
}

pub fn no_warranty(lang: Lang) -> &'static str {
    lang.choose("这类商品没有保修。", "There is no warranty on such goods.")
}

/// As it is asked of documents.
pub fn who_pays_return(lang: Lang) -> &'static str {
    lang.choose("退货的运费由谁承担？", "Who pays the postage of a return?")
}

pub fn ask_return(lang: Lang) -> &'static str {
    lang.choose("我要退货", "I want to return something")
}

pub fn ask_accessories(lang: Lang) -> &'static str {
    lang.choose("有哪些适配的配件？", "Which accessories fit?")
}

pub fn ask_compare_first(lang: Lang) -> &'static str {
    lang.choose("比较前两款", "Compare the first two")
}

pub fn went_on(lang: Lang) -> &'static str {
    lang.choose("好的，那我们继续。还有什么可以帮您？", "All right, let us go on. What else can I do for you?")
}

/// That a form which another one interrupted is not submitted, and what it asks.
pub fn still_open(lang: Lang, form: &str, question: &str) -> String {
    match lang {
        Lang::Zh => format!("刚才的“{form}”还没有提交。{question}"),
        Lang::En => format!("“{form}” from before is not submitted yet. {question}"),
    }
}

/// A form that is submitted is asked about, or was filled in again.
pub fn filed_already(lang: Lang, form: &str) -> String {
    match lang {
        Lang::Zh => format!("“{form}”已经提交过，不用再交一次；同事处理后会通知您。"),
        Lang::En => {
            format!("{form}: it is submitted already and need not be again. You will hear from us about the result.")
        }
    }
}

/// The questions of a message that were not answered with the others.
pub fn left_over(lang: Lang, parts: &[String]) -> String {
    let quoted: Vec<String> = parts.iter().map(|part| format!("“{part}”")).collect();
    match lang {
        Lang::Zh => format!("还有{}没有回答，请单独再问一次。", quoted.join("、")),
        Lang::En => format!("Still open: {}. Please ask that by itself.", quoted.join(", ")),
    }
}

pub fn back_to_form(lang: Lang, title: &str) -> String {
    match lang {
        Lang::Zh => format!("我们接着办“{title}”。"),
        Lang::En => format!("Back to “{title}”."),
    }
}

/// What stands where a reply could not be proved.
pub fn not_proved(lang: Lang) -> &'static str {
    lang.choose(
        "这个问题我没有足够可靠的依据，不能给您一个不确定的答案。需要转人工客服吗？",
        "I do not have enough to go on for a reliable answer. Shall I pass you on to a person?",
    )
}

pub fn not_sold(lang: Lang, name: &str) -> String {
    match lang {
        Lang::Zh => format!("店里没有找到“{name}”这款商品，我不能替别的商品回答。"),
        Lang::En => format!("I cannot find “{name}” in this shop, and I will not answer for another product."),
    }
}

pub fn ask_repair(lang: Lang) -> &'static str {
    lang.choose("预约维修", "Book a repair")
}

/// What a customer says to get another form.
pub fn instead(lang: Lang, title: &str) -> String {
    match lang {
        Lang::Zh => format!("我要{title}"),
        Lang::En => format!("{title}, please"),
    }
}

pub fn can_instead(lang: Lang, title: &str) -> String {
    match lang {
        Lang::Zh => format!("您可以改为办理“{title}”。"),
        Lang::En => format!("What is possible is “{title}”."),
    }
}

/// What has been done, without a figure.
pub fn done(lang: Lang, is_handed_over: bool) -> &'static str {
    match is_handed_over {
        true => lang.choose("已为您转接人工客服。", "I have passed this on to a person."),
        false => lang.choose("已经为您处理。", "This has been done for you."),
    }
}
