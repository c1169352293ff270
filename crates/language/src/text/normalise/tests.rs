//! Hand-worked cases, and the law that every part of the result can be traced back.

use proptest::prelude::*;

use super::*;

fn check(text: &str, expected: &str) {
    assert_eq!(normalise(text).text(), expected, "{text:?}");
}

#[test]
fn widths_become_one() {
    check("ＲＴＸ　４０６０", "RTX 4060");
    check("价格：￥５，９９９", "价格:¥5，999");
    check("16：9，好！", "16:9,好!");
    check("ｱｲﾌｫﾝ ｶﾞ", "アイフォン ガ");
    check("㏘", "㏘");
    check("ﬁne 𝐛𝐨𝐥𝐝 Mate X Ⅱ", "fine bold Mate X II");
    check("1.5㎏ 3㎝ 2㎓", "1.5kg 3cm 2GHz");
}

#[test]
fn what_shops_write_stays() {
    for text in ["30℃", "75㎡", "①屏幕 ②电池", "½", "10²", "5μm", "“好”…《说明书》、。", "1920×1080", "¥5,999", "6.7\""]
    {
        check(text, text);
    }
    check("Snapdragon™ 8", "Snapdragon 8");
}

#[test]
fn traditional_becomes_simplified() {
    check("繁體中文螢幕與電池", "繁体中文萤幕与电池");
    check("乾淨的乾坤", "干净的乾坤");
    check("瞭解計畫，項鍊", "了解计划,项链");
    check("錢鍾書和乾隆", "钱锺书和乾隆");
    assert_eq!(to_simplified("简体"), "简体");
    assert!(matches!(to_simplified("简体"), Cow::Borrowed(_)));
    assert_eq!(to_simplified("二噁英"), "二𫫇英");
}

#[test]
fn blanks_and_unseen_characters_go() {
    check("  a \t b\u{200b}c\u{0} \r\n\r\n d \n", "a b c\nd".replace("b c", "bc").as_str());
    check("\u{feff}好\u{fffd}的", "好 的");
    check("a\u{202e}b", "ab");
    check("\n \n", "");
    check("", "");
}

#[test]
fn repetitions_are_cut() {
    check("哈哈哈哈哈哈", "哈哈哈");
    check("太好了！！！！！", "太好了!!!");
    check("sooooooo good", "sooo good");
    check("10000000元", "10000000元");
    check("8000000000", "8000000000");
    let longer = Normaliser { max_repeats: 0, ..Normaliser::default() };
    assert_eq!(longer.apply("哈哈哈哈哈").text(), "哈哈哈哈哈");
}

#[test]
fn emoji_stay_whole() {
    for text in ["👍🏽", "👨‍👩‍👧", "❤️", "1️⃣", "🇨🇳", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"] {
        check(text, text);
    }
    check("a\u{200d}b\u{fe0f}", "ab");
    check("\u{fe0f}\u{200d}", "");
}

#[test]
fn case_is_folded_on_request() {
    let fold = Normaliser { fold_case: true, ..Normaliser::default() };
    assert_eq!(fold.apply("ＲＴＸ Ärger Ⅳ").text(), "rtx ärger iv");
}

#[test]
fn accents_join_their_letters() {
    check("cafe\u{301}s", "cafés");
    let text = normalise("cafe\u{301}s");
    assert_eq!(text.original(3..5), 3..6);
    assert_eq!(text.original(5..6), 6..7);
    let with_gap = normalise("e\u{200b}\u{301}x");
    assert_eq!(with_gap.text(), "éx");
    assert_eq!(with_gap.original(0..2), 0..6);
}

#[test]
fn ranges_lead_back() {
    let original = "　價格：５９９９元\u{200b}，  好";
    let text = normalise(original);
    assert_eq!(text.text(), "价格:5999元, 好");
    let at = text.text().find("5999元").unwrap();
    assert_eq!(&original[text.original(at..at + 7)], "５９９９元");
    let at = text.text().find('好').unwrap();
    assert_eq!(&original[text.original(at..at + 3)], "好");
    assert_eq!(&original[text.original(0..3)], "價");
}

#[test]
fn as_many_bytes_in_other_characters_lead_back_to_the_whole() {
    let text = normalise("㏀");
    assert_eq!(text.text().to_lowercase(), "kω");
    assert_eq!(text.original(0..1), 0.."㏀".len());
}

#[test]
fn unchanged_text_is_borrowed() {
    assert!(matches!(normalise("好用的手机, RTX 4060").into_text(), Cow::Borrowed(_)));
}

#[test]
fn a_megabyte_of_anything_is_fine() {
    for one in ["哈", "乾", "a", " ", "\u{301}", "\u{200b}", "Ａ", "😀", "\u{fdfa}", "0"] {
        let text = one.repeat(1 << 20 >> (one.len() - 1).min(2));
        assert!(normalise(&text).text().len() <= text.len());
    }
}

fn texts() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        any::<char>().prop_map(String::from),
        prop::sample::select(vec![
            "乾", "坤", "乾坤", "憑藉", "Ａ", "￥", "，", "１", " ", "\u{3000}", "\n", "\r\n", "\u{200b}", "\u{fe0f}",
            "e", "\u{301}", "哈", "😀", "\u{200d}", "ﬁ", "㎏", "Ⅳ", "™", "a", "2", "ｶ", "ﾞ",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(parts, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn every_range_leads_back_to_whole_characters(original in texts(), fold in any::<bool>(), limit in 0usize..4) {
        let normaliser = Normaliser { fold_case: fold, max_repeats: limit, ..Normaliser::default() };
        let text = normaliser.apply(&original);
        let mut last_end = 0;
        for (at, character) in text.text().char_indices() {
            let range = text.original(at..at + character.len_utf8());
            prop_assert!(original.get(range.clone()).is_some_and(|part| !part.is_empty()), "{original:?} {range:?}");
            prop_assert!(range.end >= last_end);
            last_end = range.end;
        }
        let whole = text.original(0..text.text().len());
        prop_assert!(original.get(whole).is_some());
    }

    #[test]
    fn a_character_alone_explains_what_was_written(original in texts()) {
        let normaliser = Normaliser { max_repeats: 0, ..Normaliser::default() };
        let text = normaliser.apply(&original);
        for (at, character) in text.text().char_indices().filter(|(_, character)| character.is_alphanumeric()) {
            let part = &original[text.original(at..at + character.len_utf8())];
            let again = normaliser.apply(part).into_text();
            prop_assert!(again.contains(character) || to_simplified(&original).contains(character), "{part:?} {character:?}");
        }
    }

    #[test]
    fn normal_text_stays(original in texts()) {
        let once = normalise(&original).into_text().into_owned();
        let twice = normalise(&once);
        prop_assert_eq!(twice.text(), once.as_str());
    }
}
