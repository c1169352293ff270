//! Behaviour of the selector on exchanges of our own, in both languages, and on hostile texts.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// Ways to ask and ways to answer, of one matter each.
const MATTERS: &[(&[&str], &[&str])] = &[
    (
        &["什么时候发货", "今天能发货吗", "多久发货呀", "怎么还不发货"],
        &["今天下午四点之前付款当天寄出", "预计明天寄出，请留意短信"],
    ),
    (
        &["可以退货吗", "不想要了怎么退", "我要退货", "退货怎么弄"],
        &["七天之内可以申请，在订单里点售后", "您在订单里点售后申请就可以了"],
    ),
    (
        &["发票怎么开", "能开公司发票吗", "发票什么时候给", "我要发票"],
        &["收货以后自动开具电子版，订单里下载", "抬头和税号请在下单时填写"],
    ),
    (
        &["屏幕碎了能修吗", "屏幕坏了保修吗", "修屏幕多少钱", "屏幕不亮了"],
        &["人为损坏不在保修之内，可以付费维修", "麻烦您寄到维修点检测"],
    ),
    (
        &["when will it arrive", "how long is delivery", "where is my parcel", "delivery time please"],
        &["It should reach you within three days.", "The courier will call you before."],
    ),
    (
        &["do you have it in black", "which colours are there", "is the white one available", "any other colour"],
        &["It comes in black and silver.", "Only the silver one is left."],
    ),
];

fn exchanges() -> Vec<Exchange> {
    let of_matter = |(asked, said): &(&[&str], &[&str])| {
        let pairs = asked.iter().flat_map(|asked| said.iter().map(move |said| (*asked, *said)));
        let before = |asked: &str| if asked.is_ascii() { "hello" } else { "你好" };
        pairs
            .map(|(asked, said)| Exchange { context: vec![before(asked).into(), asked.into()], reply: said.into() })
            .collect::<Vec<_>>()
    };
    MATTERS.iter().flat_map(of_matter).collect()
}

static SELECTOR: LazyLock<Selector> = LazyLock::new(|| Selector::learn(&exchanges(), 1).unwrap());

#[test]
fn the_reply_to_the_matter_is_first() {
    let candidates: Vec<&str> = MATTERS.iter().map(|(_, said)| said[0]).collect();
    let asked = [
        "请问我的东西多久能发货",
        "收到了不喜欢，可以退货吗",
        "需要发票",
        "手机屏幕裂了保修吗",
        "where is my parcel, when will it arrive",
        "other colours available?",
    ];
    for (wanted, asked) in asked.iter().enumerate() {
        let order = SELECTOR.rank(&["你好", asked], &candidates);
        assert_eq!(order[0].0, wanted, "{asked}: {order:?}");
        assert_eq!(order.len(), candidates.len());
    }
}

#[test]
fn learning_is_repeatable_and_can_be_stored() {
    let again = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap()
        .install(|| Selector::learn(&exchanges(), 1).unwrap());
    assert_eq!(again.to_bytes(), SELECTOR.to_bytes());
    let bytes = SELECTOR.to_bytes();
    let read = Selector::from_bytes(&bytes).unwrap();
    assert!(read == *SELECTOR);
    for at in [0, 7, 8, 20, bytes.len() / 2, bytes.len() - 1] {
        assert!(Selector::from_bytes(&bytes[..at]).is_err());
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(Selector::from_bytes(&damaged).is_err(), "byte {at}");
    }
    assert_ne!(Selector::learn(&exchanges(), 2).unwrap().to_bytes(), bytes);
}

#[test]
fn too_little_teaches_nothing() {
    assert!(Selector::learn(&[], 1).is_err());
    let empty = vec![Exchange { context: vec!["?".into()], reply: "！".into() }; 100];
    assert!(Selector::learn(&empty, 1).is_err());
    // All replies the same: nothing to tell apart, but nothing breaks.
    let same = vec![Exchange { context: vec!["你好".into()], reply: "在的".into() }; 40];
    let order = Selector::learn(&same, 1).unwrap().rank(&["你好"], &["在的", "不在"]);
    assert!(order.iter().all(|(_, score)| score.is_finite()));
}

#[test]
fn a_megabyte_is_cut_short() {
    for piece in ["发货", "return it ", "😀", "\u{0}", "a"] {
        let long = piece.repeat((1 << 20) / piece.len());
        let order = SELECTOR.rank(&[&long, &long], &[&long, "在的"]);
        assert!(order.len() == 2 && order.iter().all(|(_, score)| score.is_finite()));
    }
    assert!(SELECTOR.rank(&["你好"], &[]).is_empty());
    assert_eq!(SELECTOR.rank(&[], &["在的", "在的"]).iter().map(|one| one.0).collect::<Vec<_>>(), [0, 1]);
}

proptest! {
    #[test]
    fn any_text_can_be_ranked(context in proptest::collection::vec(".{0,20}|\\PC{0,20}", 0..4), replies in proptest::collection::vec(".{0,20}|[发货退a-z]{0,9}", 0..5)) {
        let context: Vec<&str> = context.iter().map(String::as_str).collect();
        let replies: Vec<&str> = replies.iter().map(String::as_str).collect();
        let order = SELECTOR.rank(&context, &replies);
        let mut places: Vec<usize> = order.iter().map(|one| one.0).collect();
        places.sort_unstable();
        prop_assert_eq!(places, (0..replies.len()).collect::<Vec<_>>());
        prop_assert!(order.windows(2).all(|two| two[0].1 >= two[1].1));
        prop_assert_eq!(order, SELECTOR.rank(&context, &replies));
    }
}
