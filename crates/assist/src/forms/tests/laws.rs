//! Laws for any messages: nothing panics, nothing incomplete is submitted, nothing is submitted without a yes.

use proptest::prelude::*;

use super::*;
use crate::forms::clean::Words;
use crate::forms::words::yes_no;

/// Things that customers say, and things that nobody says.
fn message() -> impl Strategy<Value = String> {
    let known = proptest::sample::select(vec![
        "我要退 TC100023 的耳机，左耳没声音了",
        "TC100024",
        "1",
        "2",
        "第三个",
        "确认",
        "yes",
        "ok 确认",
        "不对",
        "no",
        "电话改成 13900001111",
        "13812345678",
        "+14155552671",
        "mei@example.com",
        "91350100M000100Y43",
        "明天",
        "上海市浦东新区张江路88号2栋301室",
        "个人",
        "公司",
        "质量问题",
        "不想要了",
        "另一个订单",
        "跳过",
        "几点开门？",
        "it keeps crashing",
        "to the store",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => any::<String>(), 1 => "[0-9+() -]{0,40}", 1 => "[不是对的确认取消改电话订单吗？，0-9]{0,20}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_submitted_is_complete_and_confirmed(
        which in 0..FormBook::built_in().len(),
        messages in proptest::collection::vec(message(), 1..14),
        is_english in any::<bool>(),
        is_known in any::<bool>(),
    ) {
        let form = &FormBook::built_in()[which];
        let lang = if is_english { Lang::En } else { Lang::Zh };
        let mut talk = Talk::of(&form.name, lang);
        talk.customer_id = is_known.then_some("c1");
        for text in &messages {
            let waited = talk.filling.asked.as_deref() == Some(CONFIRM);
            let before = talk.filling.clone();
            let step = talk.say(text);
            talk.world(|world| view(&talk.filling, form, world));
            if let FormStep::Submit { submission, .. } = &step {
                prop_assert!(waited && yes_no(&Words::of(text)) == Some(true), "{text}");
                prop_assert!(is_known || !form.needs_identity());
                for field in form.fields.iter().filter(|field| !field.optional && field.applies(&before)) {
                    prop_assert!(submission.values.contains_key(&field.name), "{} lacks {}", form.name, field.name);
                }
            }
            if step == FormStep::NotMine {
                prop_assert_eq!(&talk.filling, &before);
            }
            if step.ends() {
                break;
            }
        }
    }

    #[test]
    fn any_text_is_taken_by_any_field(text in any::<String>(), which in 0..FormBook::built_in().len()) {
        let form = &FormBook::built_in()[which];
        for field in &form.fields {
            let mut talk = Talk::of(&form.name, Lang::Zh);
            talk.filling.asked = Some(field.name.clone());
            talk.filling.values.insert("order_id".into(), "TC100024".into());
            talk.say(&text);
            talk.again();
        }
    }

    /// Masking never shows the whole of a number.
    #[test]
    fn masks_hide(value in "[0-9]{1,20}") {
        for kind in [FieldKind::Phone, FieldKind::TaxNumber, FieldKind::Address] {
            prop_assert!(masked(&kind, &value) != value);
        }
    }
}

#[test]
fn a_megabyte_is_taken_in_stride() {
    let nothing = Understanding::default();
    for piece in ["a", "1", "路", "0 ", "@", "+1(", "不", "周", "\u{200b}", "12/"] {
        let text = piece.repeat((1 << 20) / piece.len());
        for form in FormBook::built_in() {
            let mut talk = Talk::of(&form.name, Lang::Zh);
            talk.take(&text, &nothing);
            for field in &form.fields {
                talk.filling.asked = Some(field.name.clone());
                talk.take(&text, &nothing);
            }
        }
    }
}
