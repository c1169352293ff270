//! Whether things go together, in the words of somebody in a hurry: of what they own, what was talked about, and what is named by half.

use super::*;

fn talk(lang: Lang, turns: &[(&str, &str)]) {
    let mut talk = Talk::new(lang, Some(CUSTOMER));
    for (text, wanted) in turns {
        let turn = talk.say(text);
        assert!(turn.reply.text.contains(wanted), "{text}: {} {:?}", turn.reply.text, turn.trace);
    }
}

#[test]
fn both_sides_are_known_by_what_is_said_of_each() {
    talk(
        Lang::Zh,
        &[
            ("我那台笔记本能加 rivo dock 11 那个扩展坞不", "不可以，远山 Rivo Dock 11 扩展坞 不适配 远山 Velo 14"),
            ("那 dock 6 呢", "可以，远山 Rivo Dock 6 扩展坞 适配 远山 Velo 14"),
            ("不对说错了 是那个内胆包 tarn 的", "可以，远山 Tarn Sleeve 电脑内胆包 适配 远山 Velo 14"),
            ("orla 5能用tarn那个手机壳吗", "Tarn Shell 手机壳 适配 远山 Orla 5"),
        ],
    );
    talk(
        Lang::En,
        &[
            (
                "does the rivo dock 11 work w my laptop",
                "No, Farhill Rivo Dock 11 Docking hub does not fit Farhill Velo 14",
            ),
            ("hm and the dock 6", "Yes, Farhill Rivo Dock 6 Docking hub fits Farhill Velo 14"),
            ("sry meant the tarn sleeve", "Yes, Farhill Tarn Sleeve Laptop sleeve fits Farhill Velo 14"),
        ],
    );
}

/// Of docks by half a name one fits and one does not: told apart, and none is picked.
#[test]
fn of_several_that_are_called_so_those_that_fit_are_told() {
    talk(Lang::Zh, &[("我的笔记本能接 rivo dock 吗，能用不", "要看是哪一款")]);
    talk(Lang::En, &[("can i use the rivo dock with my laptop", "It depends which one")]);
}

/// A kind alone is no thing: what fits is listed as ever; and who has no phone hears nothing of theirs.
#[test]
fn a_kind_alone_and_what_is_not_theirs_decide_nothing() {
    let turn = Talk::new(Lang::Zh, Some(CUSTOMER)).say("我的手机能用 tarn 手机壳吗");
    assert!(!turn.reply.text.starts_with("可以") && !turn.reply.text.starts_with("不可以"), "{}", turn.reply.text);
    let turn = Talk::new(Lang::Zh, Some(CUSTOMER)).say("我的笔记本能用什么扩展坞");
    assert!(turn.reply.text.contains("Rivo Dock 6") && !turn.reply.text.contains("Dock 11"), "{}", turn.reply.text);
}

#[test]
fn what_is_set_against_each_other_may_be_named_by_versions() {
    let mut talk = Talk::new(Lang::En, None);
    let turn = talk.say("whats the diff between the velo 16 pro 32g 1tb and the velo 14");
    assert!(turn.reply.text.contains("Velo 16 Pro") && turn.reply.text.contains("Velo 14"), "{}", turn.reply.text);
    let turn = Talk::new(Lang::Zh, None).say("velo 16 pro 32g+1t 跟 velo 14 哪个好 帮我比下");
    assert!(turn.reply.text.contains("对比"), "{}", turn.reply.text);
}

/// What was asked back is dropped for a new question of fit, and who has a thing is no thing.
#[test]
fn a_question_of_fit_is_heard_whatever_was_asked_before() {
    talk(
        Lang::En,
        &[
            ("compare the velo 16 pro", "Which product should I compare it with?"),
            (
                "ok and would the tarn sleeve fit my laptop",
                "Yes, Farhill Tarn Sleeve Laptop sleeve fits Farhill Velo 14",
            ),
            ("my brother has a velo 16 pro, will the tarn sleeve fit that one or no", "No, Farhill Tarn Sleeve"),
        ],
    );
    talk(
        Lang::Zh,
        &[("换个扩展坞吧 rivo dock 6 能上我这台笔记本吗", "可以，远山 Rivo Dock 6 扩展坞 适配 远山 Velo 14")],
    );
}

/// Of an order told before and a thing named now, the thing counts; what stays is not what goes back.
#[test]
fn the_thing_named_goes_back_whatever_order_was_told() {
    let mut talk = Talk::new(Lang::Zh, Some(CUSTOMER));
    talk.say(&format!("订单 {ORDER} 到哪了"));
    let turn = talk.say("充电器不想要了 就退充电器 电脑都留");
    assert!(turn.reply.text.contains(PARCEL) || turn.reply.text.contains("Koto 65"), "{}", turn.reply.text);
    assert!(!turn.reply.text.contains("Velo 14"), "{}", turn.reply.text);
}

/// What was agreed to is filed before a person is asked for.
#[test]
fn a_yes_with_a_wish_for_a_person_files_first() {
    let mut talk = Talk::new(Lang::En, Some(CUSTOMER));
    for text in [
        &format!("I want to return the laptop of order {ORDER}"),
        "it is defective",
        "the screen flickers",
        "13800001234",
    ] {
        talk.say(text);
    }
    let turn = talk.say("yes submit, and then put me through to a human");
    assert!(matches!(turn.action, Action::Submit(_)), "{:?} {}", turn.action, turn.reply.text);
    assert!(turn.reply.text.contains("person"), "{}", turn.reply.text);
    let turn = talk.say("yes");
    assert!(matches!(turn.action, Action::HandOver(_)), "{:?} {}", turn.action, turn.reply.text);
}
