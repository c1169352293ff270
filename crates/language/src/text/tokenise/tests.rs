//! Tables of texts and their tokens, and the laws of ranges.

use proptest::prelude::*;

use super::*;

fn tokeniser() -> Tokeniser {
    let lexicon = Lexicon::from_catalogue(
        ["华为畅享 70X", "华为畅享 60", "小米14 Pro", "Nokia 105"],
        ["华为", "小米", "Nokia"],
        ["手机", "轻薄本"],
        ["徕卡镜头", "徕卡镜头"],
    );
    Tokeniser::new(&lexicon)
}

fn check(text: &str, expected: &str) {
    let words = tokeniser_once().words(text);
    assert_eq!(words.join(" "), expected, "{text}");
}

#[test]
fn names_of_models_are_one_token() {
    check("RTX 4060", "rtx4060");
    check("RTX4060显卡", "rtx4060 显卡");
    check("RTX 4060 Ti Super", "rtx4060tisuper");
    check("i7-13700H处理器", "i7-13700h 处理器");
    check("华为Mate 60 Pro手机", "华为 mate60pro 手机");
    check("iPhone 15 Pro Max", "iphone15promax");
    check("WiFi 6E和Wi-Fi 6E", "wifi6e 和 wifi6e");
    check("Type-C接口", "type-c 接口");
    check("PCIe 4.0 x4固态", "pcie4.0x4 固态");
    check("小米14 Pro真香", "小米14pro 真香");
    check("骁龙8 Gen 3", "骁龙8gen3");
    check("蓝牙5.3", "蓝牙5.3");
    check("Core Ultra 7 155H", "coreultra7155h");
    check("Galaxy S10+ vs Galaxy S24 Ultra", "galaxys10+ vs galaxys24ultra");
    check("nokia 105是老人机", "nokia105 是 老人 机");
    check("MacBook Air", "macbookair");
    check("买了iPhone 3个", "买 了 iphone 3 个");
    check("Redmi Note 12 Turbo", "redminote12turbo");
}

#[test]
fn quantities_are_one_token() {
    check("16GB 16 G 16g", "16gb 16gb 16gb");
    check("5000mAh大电池", "5000mah 大 电池");
    check("6.7英寸144Hz", "6.7inch 144hz");
    check("¥5,999到手", "5999cny 到手");
    check("1TB固态", "1tb 固态");
    check("5000元以下 16G 轻薄本", "5000cny 以下 16gb 轻薄本");
    check("2024年6月18日买的", "2024-06-18 买 的");
    check("1,234,567 3.14", "1234567 3.14");
}

#[test]
fn words_of_both_languages() {
    check("这款手机的屏幕很清晰，U盘坏了", "这 款 手机 的 屏幕 很 清晰 , u盘 坏 了");
    check("The phone's battery doesn't last, it's BAD", "the phone battery doesn't last , it's bad");
    check("high-quality e-ink", "high - quality e-ink");
    check("這款手機很好", "这 款 手机 很 好");
    check("徕卡镜头", "徕卡镜头");
    check("好👍🏽👍🏽🇨🇳❤️", "好 👍🏽 👍🏽 🇨🇳 ❤️");
    check("バッテリー", "バッテリー");
    check("", "");
    check("好", "好");
}

#[test]
fn search_mode_gives_parts_too() {
    let words = tokeniser_once().clone().mode(Mode::Search).words("i7-13700H RTX4060 iPhone 15 Pro ¥5,999 中国科学院");
    let expected = "i7 13700 13700h i7-13700h rtx 4060 rtx4060 iphone 15 pro iphone15pro 5999 5999cny 中国 科学 学院 科学院 中国科学院";
    assert_eq!(words.join(" "), expected);
}

#[test]
fn stop_words_and_marks_can_be_left_out() {
    let short = tokeniser_once().clone().without_stop_words().without_punctuation();
    assert_eq!(short.words("这款手机的屏幕，非常好！").join(" "), "款 手机 屏幕 非常 好");
    assert_eq!(short.words("The battery of my phone is not good.").join(" "), "battery phone not good");
}

#[test]
fn tokens_know_where_they_came_from_and_what_they_are() {
    let text = "　這款ＲＴＸ　４０６０　５９９９元，好👍";
    let found = tokeniser_once().tokenise(text);
    let found: Vec<_> = found.iter().map(|token| (&text[token.range.clone()], &*token.text, token.kind)).collect();
    use TokenKind::*;
    assert_eq!(
        found,
        [
            ("這", "这", Word),
            ("款", "款", Word),
            ("ＲＴＸ　４０６０", "rtx4060", Model),
            ("５９９９元", "5999cny", Quantity),
            ("，", ",", Punctuation),
            ("好", "好", Word),
            ("👍", "👍", Emoji),
        ]
    );
}

#[test]
fn plain_mode_is_jieba() {
    let plain = Tokeniser::default().mode(Mode::Plain);
    let text = "我来到北京清华大学，买了RTX 4060和16GB内存。\n";
    let jieba: Vec<_> = GENERAL.cut(text, true).into_iter().map(|token| token.word.to_owned()).collect();
    assert_eq!(plain.words(text), jieba);
}

#[test]
fn a_megabyte_of_anything_is_cut() {
    let tokeniser = tokeniser_once();
    for one in
        ["哈", "a", "1", "😀", "カ", " ", "。", "华", "一", "小米", "iphone 1 ", "a-", "é", "\u{301}", "\u{fffd}"]
    {
        let text = one.repeat(300_000 / one.len());
        for mode in [Mode::Exact, Mode::Search, Mode::Plain] {
            let tokeniser =
                tokeniser.clone().mode(mode).normaliser(Normaliser { max_repeats: 0, ..Normaliser::default() });
            let longest = tokeniser.tokenise(&text).into_iter().map(|token| token.range.len()).max();
            assert!(mode == Mode::Plain || longest.unwrap_or(0) <= 600, "{one}");
        }
    }
}

fn texts() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        any::<char>().prop_map(String::from),
        prop::sample::select(vec![
            "手机", "的", "小米", "14", " ", "Pro", "RTX", "4060", "-", "i7", "16", "GB", "元", "，", "１", "Ａ",
            "\u{200d}", "👍", "\u{fe0f}", "U", "盘", "繁體", "+", "'s", "it", ".", "gen", "x4", "Nokia", "华为", "カ",
            "é", "\n",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(parts, 0..20).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn exact_tokens_are_in_order_and_lose_no_letter(text in texts()) {
        let mut last = 0;
        let mut covered = String::new();
        for token in tokeniser_once().tokenise(&text) {
            prop_assert!(text.get(token.range.clone()).is_some_and(|part| !part.is_empty()), "{text:?} {token:?}");
            prop_assert!(token.range.start >= last, "{text:?} {token:?}");
            prop_assert!(!token.text.is_empty() && !token.text.contains(' '), "{text:?} {token:?}");
            last = token.range.end;
            covered.push_str(&text[token.range]);
        }
        let letters = |text: &str| {
            let unlimited = Normaliser { max_repeats: 0, ..Normaliser::default() };
            unlimited.apply(text).text().chars().filter(|one| one.is_alphanumeric()).count()
        };
        prop_assert!(letters(&covered) <= letters(&text));
        let normal = crate::text::normalise(&text);
        let seen = crate::text::normalise(&covered).text().chars().filter(|one| one.is_alphanumeric()).count();
        prop_assert!(seen <= letters(&text) && (seen > 0 || normal.text().chars().all(|one| !one.is_alphanumeric())));
    }

    #[test]
    fn search_tokens_hold_the_exact_ones(text in texts()) {
        let exact = tokeniser_once().tokenise(&text);
        let search = tokeniser_once().clone().mode(Mode::Search).tokenise(&text);
        for token in exact {
            prop_assert!(search.contains(&token), "{text:?} {token:?}");
        }
    }

    #[test]
    fn plain_tokens_are_the_text(text in texts()) {
        prop_assert_eq!(tokeniser_once().clone().mode(Mode::Plain).words(&text).concat(), text);
    }
}

fn tokeniser_once() -> &'static Tokeniser {
    static ONCE: LazyLock<Tokeniser> = LazyLock::new(tokeniser);
    &ONCE
}

#[test]
fn a_learned_segmenter_cuts_instead_of_the_dictionary() {
    // Apart, as no dictionary has it, so that it shows who cut.
    let lines = ["手 机 很 好", "手 机 不 贵", "好 手 机", "我 的 手 机", "很 好 的 手 机"];
    let lines: Vec<String> = lines.iter().cycle().take(100).map(ToString::to_string).collect();
    let card = &crate::text::perceptron::CARD;
    let settings = card.settings([("n_epochs", "20"), ("table_bits", "12")]).unwrap();
    let segmenter = Arc::new(crate::text::perceptron::train(&lines, &settings, 1, &|_| true).unwrap());
    let nothing = Lexicon::new();
    let learned = Tokeniser::new(&nothing).with_segmenter(segmenter.clone(), &nothing);
    assert_eq!(learned.words("我的手机很好, RTX 4060").join(" "), "我 的 手 机 很 好 , rtx4060");
    assert_eq!(learned.clone().mode(Mode::Search).words("手机"), ["手机"], "indexes are cut by the dictionary");
    let tokens = learned.tokenise("我的手机");
    assert_eq!(tokens.iter().map(|token| token.range.clone()).collect::<Vec<_>>(), [0..3, 3..6, 6..9, 9..12]);
    // The shop's own words stay whole.
    let lexicon = Lexicon::from_catalogue(["X 1"], ["Acme"], ["手机"], ["手机"]);
    let own = Tokeniser::new(&lexicon).with_segmenter(segmenter, &lexicon);
    assert_eq!(own.words("我的手机很好").join(" "), "我 的 手机 很 好");
}
