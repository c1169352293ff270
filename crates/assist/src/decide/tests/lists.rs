//! Lists by what things have and are for, more and less, what is not sold, and answered questions about something else: what a stranger found
//! untrue, held in a shop of a few products.

use super::*;

/// How a case or a shell is sent in is not written anywhere; a form asks for a day and a telephone.
#[test]
fn how_something_is_sent_in_is_not_answered_by_a_form() {
    for (lang, text) in [(Lang::Zh, "寄修需要原包装吗"), (Lang::En, "Do I need the original packaging for a repair?")]
    {
        let turn = Talk::new(lang, None).say(text);
        asks(&turn, "hand_over");
    }
}

/// What a sheet says is listed with it; what no sheet says is not taken for granted.
#[test]
fn a_list_has_only_what_is_known_to_have_what_is_asked_for() {
    for (lang, text, wanted, unwanted) in [
        (Lang::Zh, "哪些笔记本是雷电接口", &["写明有“雷电”", "Velo 16 Pro"][..], "Velo 14"),
        (Lang::Zh, "有没有带雷电的笔记本", &["Velo 16 Pro"], "Velo 14"),
        (Lang::En, "Which laptops have Thunderbolt?", &["Velo 16 Pro", "Thunderbolt 4"], "Velo 14"),
        (Lang::Zh, "哪些手机支持无线充电", &["没有写明“无线充电”", "Orla 5"], "为您找到"),
        (
            Lang::En,
            "Do you have phones with wireless charging?",
            &["mentions “wireless charging”", "Orla 5"],
            "what I found",
        ),
        (Lang::Zh, "有没有带NFC的手机", &["没有写明“NFC”", "Orla 5"], "为您找到"),
        (Lang::Zh, "有防蓝光的笔记本吗", &["没有写明“防蓝光”", "Velo 14"], "为您找到"),
        (Lang::Zh, "有没有防蓝光的笔记本", &["没有写明“防蓝光”", "Velo 14"], "为您找到"),
    ] {
        let turn = Talk::new(lang, None).say(text);
        has(&turn, wanted);
        assert!(!turn.reply.text.contains(unwanted), "{text}: {}", turn.reply.text);
    }
}

/// The fixture's sheets name no purpose: figures put notebooks in order, and it is said that they did.
#[test]
fn what_a_thing_is_for_puts_a_list_in_order() {
    for (lang, text, wanted) in [
        (Lang::Zh, "哪款笔记本适合打游戏", &["没有写明哪款适合打游戏", "1. 远山 Velo 16 Pro", "内存 32 GB"][..]),
        (Lang::En, "Which notebook is good for gaming?", &["By the figures", "1. Farhill Velo 16 Pro", "memory 32 GB"]),
        (Lang::Zh, "出差用哪款笔记本好", &["出差和旅行", "1. 远山 Velo 14", "重量 1380 g"]),
    ] {
        has(&Talk::new(lang, None).say(text), wanted);
    }
}

#[test]
fn more_and_less_are_measured_against_what_was_talked_about() {
    for (lang, first, second, wanted, unwanted) in [
        (Lang::Zh, "Velo 16 Pro 多少钱", "有没有更轻的", &["比 远山 Velo 16 Pro", "1890 g", "Velo 14"][..], "Koto"),
        (Lang::En, "How much is the Velo 16 Pro?", "anything lighter?", &["less weight", "Velo 14"], "Koto"),
        (Lang::Zh, "Velo 14 多少钱", "有更便宜的吗", &["没有同类商品的价格"], "1."),
        (Lang::Zh, "你好", "有没有比 Orla 5 电池更大的手机", &["Orla 6", "5000 mAh"], "Velo"),
    ] {
        let mut talk = Talk::new(lang, None);
        talk.say(first);
        let turn = talk.say(second);
        has(&turn, wanted);
        assert!(!turn.reply.text.contains(unwanted), "{second}: {}", turn.reply.text);
    }
}

#[test]
fn which_of_two_costs_less_is_told_of_those_compared() {
    for (lang, first, second, wanted) in [
        (Lang::Zh, "Velo 14 和 Velo 16 Pro 有什么区别", "哪个便宜", ["¥5,999", "¥2,500"]),
        (Lang::En, "Compare the Velo 14 and the Velo 16 Pro", "whats the price difference", ["¥5,999", "¥2,500"]),
    ] {
        let mut talk = Talk::new(lang, None);
        talk.say(first);
        let turn = talk.say(second);
        has(&turn, &wanted);
        assert!(!turn.reply.text.contains("16 GB"), "only the price: {}", turn.reply.text);
    }
}

/// What the shop does not sell is not answered with what it does.
#[test]
fn kinds_that_the_shop_does_not_have_are_denied() {
    for (lang, text) in [
        (Lang::Zh, "有冰箱吗"),
        (Lang::Zh, "我想买个微波炉"),
        (Lang::Zh, "推荐一款投影仪"),
        (Lang::En, "do you sell refrigerators?"),
        (Lang::En, "do you sell bicycles?"),
        (Lang::En, "do you have coffee machines?"),
    ] {
        let turn = Talk::new(lang, None).say(text);
        assert!(!turn.reply.text.contains("1."), "{text}: {}", turn.reply.text);
        assert!(matches!(&turn.action, Action::AskBack { .. }), "{text}: {:?}", turn.action);
    }
}

/// Of an order with several things none is taken for the one meant.
#[test]
fn a_wish_about_one_thing_of_an_order_is_no_answer_to_which_order() {
    let mut talk = Talk::new(Lang::En, Some(CUSTOMER));
    talk.say("where is my order");
    let turn = talk.say("I want to return the phone case");
    assert!(turn.reply.blocks.iter().any(|block| matches!(block, crate::turn::Block::Form(_))), "{}", turn.reply.text);
}

#[test]
fn a_choice_of_a_form_calls_nobody() {
    let mut talk = Talk::new(Lang::En, Some(CUSTOMER));
    talk.say(&format!("I need an invoice for order {ORDER}"));
    for _ in 0..4 {
        let asked = talk.dialogue.forms.last().and_then(|filling| filling.asked.clone());
        let answer = match asked.as_deref() {
            Some("kind") => "A person",
            _ => "Li Wei",
        };
        let turn = talk.say(answer);
        assert!(!matches!(turn.action, Action::HandOver(_)), "{asked:?} {}", turn.reply.text);
    }
}

/// What has no answer in the shop's data is not answered by a passage that shares a word.
#[test]
fn money_taken_twice_and_how_to_buy_are_for_a_person() {
    for (lang, text) in [
        (Lang::En, "I was charged twice"),
        (Lang::Zh, "扣了两次钱怎么回事"),
        (Lang::Zh, "怎么下单"),
        (Lang::Zh, "可以电话下单吗"),
    ] {
        let turn = Talk::new(lang, Some(CUSTOMER)).say(text);
        asks(&turn, "hand_over");
    }
}

#[test]
fn accessories_are_of_the_device_that_was_pointed_at() {
    let mut talk = Talk::new(Lang::Zh, None);
    talk.say("Orla 5 多少钱");
    let turn = talk.say("它用什么充电器");
    has(&turn, &["Koto 65"]);
    // The charger was listed for the phone; its case is meant.
    let turn = talk.say("那它有什么壳");
    has(&turn, &["Tarn Shell"]);
    assert!(!turn.reply.text.contains("没有登记"), "{}", turn.reply.text);
}

/// A price alone, what it will be, and what it is elsewhere.
#[test]
fn no_rule_answers_a_question_about_a_price() {
    for (lang, text) in [(Lang::Zh, "Velo 14 会降价吗"), (Lang::En, "do you price match jd.com"), (Lang::Zh, "多少钱")]
    {
        let turn = Talk::new(lang, Some(CUSTOMER)).say(text);
        assert!(matches!(&turn.action, Action::AskBack { .. }), "{text}: {} {:?}", turn.reply.text, turn.action);
        assert!(turn.reply.blocks.is_empty(), "{text}: {}", turn.reply.text);
    }
}
