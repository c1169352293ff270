//! Sentences by hand: what each rule is for, and what it must leave alone. The measured fixture is in `tests/law`.

use proptest::prelude::*;

use super::*;

/// Category, risk and words of every finding.
fn found(text: &str) -> Vec<(String, Risk, String)> {
    check(text).into_iter().map(|one| (one.category.into_owned(), one.risk, one.matched)).collect()
}

fn is_flagged(text: &str) -> bool {
    check(text).iter().any(|one| one.risk >= Risk::Review)
}

#[test]
fn a_finding_says_all_there_is_to_say() {
    let found = check("星曜 X7，拍照最 佳");
    assert_eq!(found.len(), 1);
    let one = &found[0];
    let span = one.span.clone().unwrap();
    assert_eq!((one.matched.as_str(), span.bytes, span.chars), ("最 佳", 18..25, 8..11));
    assert_eq!((one.category.as_ref(), one.risk), ("absolute", Risk::Block));
    assert_eq!(one.message.en, "“最 佳” (disguised) is an absolute term, which no advertiser can prove");
    assert_eq!(one.article.as_ref().unwrap().en, "PRC Advertising Law, art. 9(3), and SAMR's guide of 2023");
    assert_eq!(one.fix.as_ref().unwrap().with, "出色");
}

#[test]
fn the_same_words_elsewhere() {
    for (unlawful, lawful) in [
        ("全网最佳", "最佳观看距离 3 米"),
        ("行业最大电池", "最大支持 64GB"),
        ("顶级音质", "顶级域名"),
        ("唯一能拍月亮的手机", "唯一识别码"),
        ("销量第一", "第一次开机"),
        ("全网最低价", "最低工作温度"),
        ("万能充电器", "万能角度尺"),
        ("特供机型", "线上特供机型"),
        ("治疗失眠", "不能用于治疗失眠"),
        ("好评返现", "严禁好评返现"),
        ("吊打友商", "游戏里吊打对手"),
        ("拆封不退", "拆封后支持七天无理由退货"),
        ("招财进宝", "招财进宝表情包"),
        ("保本保息", "不承诺保本保息"),
        ("偷拍神器", "防偷拍检测"),
        ("清华大学教授都在推荐", "教授推荐算法课程"),
        ("戴上它血压平稳不用吃药", "血压数据每小时记一次"),
        ("业界楷模", "最小的孙子也会用"),
        ("Lowers your blood pressure", "It does not diagnose or treat any illness"),
        ("Recommended by NASA", "The lightest setting"),
    ] {
        assert!(is_flagged(unlawful), "{unlawful}");
        assert!(!is_flagged(lawful), "{lawful}: {:?}", found(lawful));
    }
}

#[test]
fn facts_that_need_a_proof_are_notes() {
    for text in ["国家级高新技术企业", "本系列最轻的一台", "荣获 CES 最佳创新奖", "我们努力做到最好"]
    {
        let found = found(text);
        assert!(!found.is_empty() && found.iter().all(|one| one.1 == Risk::Note), "{text}: {found:?}");
    }
}

#[test]
fn disguises_are_seen_through() {
    for text in [
        "zui佳选择",
        "ZUI 佳选择",
        "醉佳选择",
        "蕞佳选择",
        "最*佳",
        "最🔥佳",
        "最\u{200b}佳",
        "國家級",
        "N0.1",
        "№１",
        "第①品牌",
        "唯1能做到的手机",
        "ｔｏｐ１",
        "顶-级",
        "d一品牌",
        "tор1",
        "zuì佳",
        "最の佳",
        "绝対防水",
        "ⓣⓞⓟ1",
    ] {
        assert!(is_flagged(text), "{text}");
    }
}

#[test]
fn what_is_hidden_is_no_note() {
    assert!(is_flagged("国/家/级实验室品质") && !is_flagged("国家级实验室"));
}

#[test]
fn outer_terms_cover_inner_ones() {
    assert_eq!(found("全网最低价"), [("false_price".into(), Risk::Block, "全网最低价".into())]);
    assert_eq!(found("最低价格区间"), []);
    assert_eq!(found("最佳观看距离"), []);
}

#[test]
fn english_copy() {
    for (text, category) in [
        ("The best phone on the market", "absolute"),
        ("#1 in sound", "absolute"),
        ("Results guaranteed!", "unproven"),
        ("Get a free gift today", "false_price"),
        ("Was $999, now yours", "false_price"),
        ("Lowest price anywhere", "false_price"),
        ("Treats insomnia", "medical"),
        ("Risk-free, eco-friendly", "unproven"),
        ("Leave a 5-star review and get a gift card", "fake_review"),
        ("Better than Samsung", "disparaging"),
        ("Today only!", "false_price"),
    ] {
        let found = found(text);
        assert!(found.iter().any(|one| one.0 == category && one.1 >= Risk::Review), "{text}: {found:?}");
    }
    for text in [
        "Best before 2027",
        "Feel free to ask",
        "Hands-free calls",
        "Works best with USB-C",
        "No guarantee of stock",
        "Free shipping on orders over $50",
        "The restaurant",
        "Lead-free solder",
        "A phone that lasts",
    ] {
        assert!(!is_flagged(text), "{text}: {:?}", found(text));
    }
}

#[test]
fn names_and_proofs_are_known() {
    let settings =
        Settings {
            names: vec!["最生活顶级毛巾".into()], proven: vec!["销量第一".into()], needs_label: true
        };
    let found = Law::new(&settings).check("最生活顶级毛巾，销量第一");
    let said: Vec<_> = found.iter().map(|one| (one.category.as_ref(), one.risk)).collect();
    assert_eq!(said, [("hidden_ad", Risk::Review), ("absolute", Risk::Note)]);
    assert_eq!(Law::new(&settings).check("【广告】最生活顶级毛巾").len(), 0);
}

#[test]
fn long_and_odd_texts_end() {
    for text in
        ["最".repeat(350_000), "*".repeat(1_000_000), "第一".repeat(20_000), "a ".repeat(100_000), "比".repeat(50_000)]
    {
        assert!(check(&text).len() <= N_FINDINGS_MAX);
    }
    assert_eq!(check(""), []);
}

#[test]
fn every_rule_has_terms_that_it_may_find() {
    for rule in rules::all() {
        assert!(rule::words(rule.terms).next().is_some(), "{rule:?}");
        for term in rule::words(rule.terms) {
            // A term has to be written as texts are folded, or it is never found.
            let folded: String = Folded::new(&term).chars.iter().collect();
            assert_eq!(folded, term.trim_end(), "{term}");
        }
    }
}

proptest! {
    #[test]
    fn spans_lie_between_characters(text in "\\PC{0,20}(最|佳|第|一|\\*|❤\u{fe0f}|①|国家级|NO\\.1|zui|ﬀ|é|\u{301}|㏀| |，|best ){0,12}\\PC{0,20}") {
        for one in check(&text) {
            let span = one.span.unwrap();
            prop_assert_eq!(text.get(span.bytes.clone()), Some(one.matched.as_str()));
            prop_assert_eq!(text[..span.bytes.start].chars().count(), span.chars.start);
            prop_assert_eq!(one.matched.chars().count(), span.chars.len());
        }
    }
}
