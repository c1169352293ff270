//! Behaviour of the library on small documents and questions of our own, in both languages, and on hostile texts.

use std::sync::atomic::{AtomicUsize, Ordering};

use domain::KnowledgeDocument;
use language::LanguageError;
use language::text::Tokeniser;
use language::vectors::SentenceEncoder;
use math::Factors;
use proptest::prelude::*;

use super::*;

fn document(id: &str, title: &str, text: &str, products: &[&str]) -> KnowledgeDocument {
    KnowledgeDocument {
        document_id: id.into(),
        title: title.into(),
        text: text.into(),
        product_ids: products.iter().map(|id| (*id).to_owned()).collect(),
        ..KnowledgeDocument::default()
    }
}

fn library() -> Vec<KnowledgeDocument> {
    vec![
        document(
            "policy-returns",
            "退货规定",
            "# 七天无理由\n签收起七天之内，商品完好的可以退货，寄回的运费由顾客负担。\n# 退款\n仓库收到退货以后，三个工作日之内原路退款。",
            &[],
        ),
        document(
            "policy-invoice",
            "发票说明",
            "确认收货以后自动开具电子发票，在订单页下载。公司抬头请在下单时填写税号。",
            &[],
        ),
        document(
            "policy-warranty",
            "Warranty",
            "Notebooks and phones have a warranty of 12 months. Batteries have 6 months.",
            &[],
        ),
        document(
            "guide-a",
            "甲型音箱使用说明",
            "长按电源键三秒开机。蓝牙配对时指示灯闪烁蓝色，在手机的列表里选择音箱。",
            &["a"],
        ),
        document("guide-b", "乙型音箱使用说明", "短按电源键一次开机。蓝牙配对需要先按住配对键五秒。", &["b"]),
        document(
            "sheet-c",
            "Camera C7 specifications",
            "Weight: 480 g. The battery lasts 9 hours. Memory cards up to 512 GB fit.",
            &["c"],
        ),
    ]
}

fn knowledge() -> KnowledgeBase {
    KnowledgeBase::new(&library(), &Tokeniser::default(), None).unwrap()
}

#[test]
fn questions_find_their_passage() {
    let knowledge = knowledge();
    for (question, id, text) in [
        ("退货的运费谁出？", "policy-returns", "寄回的运费由顾客负担"),
        ("钱什么时候退回来，退款要几天", "policy-returns", "三个工作日"),
        ("怎么开票？抬头写公司", "policy-invoice", "抬头"),
        ("how long is the guarantee of a laptop", "policy-warranty", "12 months"),
        ("What memory card fits the C7?", "sheet-c", "512 GB"),
    ] {
        let found = knowledge.passages(question, &[], 3).unwrap();
        assert_eq!(found[0].document_id, id, "{question}: {found:?}");
        assert!(found[0].text.contains(text), "{question}: {found:?}");
        assert!(found[0].coverage > 0.5, "{question}: {}", found[0].coverage);
        let (whole, version) = knowledge.document(id).unwrap();
        assert_eq!(whole.text[found[0].start..found[0].end], found[0].text);
        assert_eq!(version, found[0].version);
    }
}

#[test]
fn coverage_is_low_where_nothing_answers() {
    let knowledge = knowledge();
    for question in
        ["你们收购黄金首饰吗", "附近有没有停车场和餐厅", "do you sell gift cards for restaurants", "明天北京天气怎么样"]
    {
        let found = knowledge.passages(question, &[], 3).unwrap();
        assert!(found.iter().all(|passage| passage.coverage < 0.5), "{question}: {found:?}");
    }
    for question in ["", "？？？", "怎么办呢", "\u{0}\u{1b}[2J"] {
        assert!(knowledge.passages(question, &[], 3).unwrap().is_empty(), "{question:?}");
    }
}

#[test]
fn other_products_are_left_out() {
    let knowledge = knowledge();
    let ids = |question: &str, products: &[&str]| {
        let found = knowledge.passages(question, products, 5).unwrap();
        found.into_iter().map(|passage| passage.document_id).collect::<Vec<_>>()
    };
    let all = ids("蓝牙怎么配对", &[]);
    assert!(all.contains(&"guide-a".to_owned()) && all.contains(&"guide-b".to_owned()), "{all:?}");
    assert_eq!(ids("蓝牙怎么配对", &["a"]), ["guide-a"]);
    assert_eq!(ids("蓝牙怎么配对", &["b"]), ["guide-b"]);
    // General documents stay, and where a product has none others are no answer.
    assert_eq!(ids("退货的运费谁出", &["a"])[0], "policy-returns");
    assert!(ids("蓝牙怎么配对", &["no such product"]).is_empty());
}

#[test]
fn a_products_name_in_the_question_asks_nothing_of_general_documents() {
    let knowledge = knowledge();
    let found = knowledge.passages("Camera C7 warranty months?", &["c"], 5).unwrap();
    let general = found.iter().find(|passage| passage.document_id == "policy-warranty").unwrap();
    assert!(general.coverage > 0.6, "{}", general.coverage);
}

#[test]
fn the_order_of_documents_and_storing_change_nothing() {
    let mut turned = library();
    turned.reverse();
    let (one, other) = (knowledge(), KnowledgeBase::new(&turned, &Tokeniser::default(), None).unwrap());
    let stored = KnowledgeBase::from_parts(&turned, &one.to_bytes(), &Tokeniser::default(), None).unwrap();
    for question in ["退货运费", "warranty", "蓝牙配对", "battery"] {
        let wanted = one.passages(question, &[], 5).unwrap();
        assert_eq!(wanted, other.passages(question, &[], 5).unwrap());
        assert_eq!(wanted, stored.passages(question, &[], 5).unwrap());
    }
    let refused = |documents: &[KnowledgeDocument], bytes: &[u8]| {
        KnowledgeBase::from_parts(documents, bytes, &Tokeniser::default(), None).err().map(|error| error.to_string())
    };
    assert!(refused(&library()[1..], &one.to_bytes()).unwrap().contains("other documents"));
    assert!(refused(&library(), b"nothing").unwrap().contains("no index"));
    assert!(refused(&library(), &one.to_bytes()[..200]).is_some());
}

/// Encodes a text as how many letters and ideographs it has, and counts what it is given.
struct Counting(AtomicUsize);

impl SentenceEncoder for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    fn dim(&self) -> usize {
        2
    }

    fn encode(&self, texts: &[&str]) -> Result<Factors, LanguageError> {
        self.0.fetch_add(texts.len(), Ordering::SeqCst);
        let mut vectors = Factors::zeros(texts.len(), 2);
        for (row, text) in texts.iter().enumerate() {
            let n_ascii = text.chars().filter(char::is_ascii).count() as f32;
            let rest = text.chars().count() as f32 - n_ascii + 1.0;
            let length = (n_ascii * n_ascii + rest * rest).sqrt();
            vectors.row_mut(row)[..2].copy_from_slice(&[n_ascii / length, rest / length]);
        }
        Ok(vectors)
    }
}

#[test]
fn only_what_has_changed_is_indexed_and_all_is_found_as_if_it_were_new() {
    let encoder = Arc::new(Counting(AtomicUsize::new(0)));
    let made = |documents: &[KnowledgeDocument]| {
        KnowledgeBase::new(documents, &Tokeniser::default(), Some(encoder.clone())).unwrap()
    };
    let mut documents = library();
    let mut one = made(&documents);
    // One is changed, one gone, one new, one moved by its id.
    documents[1].text = "发票在收货三天以后自动开具，可以在订单页重开。".into();
    documents.remove(3);
    documents.push(document("aaa-first", "Gift cards", "Gift cards are valid for 36 months.", &[]));
    let n = encoder.0.load(Ordering::SeqCst);
    one = one.with_documents(&documents).unwrap();
    assert_eq!(encoder.0.load(Ordering::SeqCst) - n, 2, "the changed one and the new one have a passage each");
    let alike = |one: &KnowledgeBase, other: &KnowledgeBase| {
        assert_eq!((one.n_documents(), one.n_passages()), (other.n_documents(), other.n_passages()));
        for (question, products) in [
            ("退货的运费谁出？", &[][..]),
            ("发票什么时候开具", &[]),
            ("how long are gift cards valid", &[]),
            ("蓝牙配对", &["a"]),
            ("蓝牙配对", &["b"]),
            ("what card fits the C7", &["c"]),
        ] {
            let told = |base: &KnowledgeBase| -> Vec<(String, String, f32)> {
                let found = base.passages(question, products, 5).unwrap();
                found.into_iter().map(|one| (one.document_id, one.text, one.coverage)).collect()
            };
            let (found, wanted) = (told(one), told(other));
            // What an index counts of words may lag behind by what was taken out of it; what is covered does not.
            assert_eq!(found.first(), wanted.first(), "{question}");
            let sorted = |mut all: Vec<(String, String, f32)>| {
                all.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
                all
            };
            assert_eq!(sorted(found), sorted(wanted), "{question}");
        }
    };
    alike(&one, &made(&documents));
    // Again and again, back to what it was, and the same once more.
    documents.insert(0, document("guide-a", "甲型音箱使用说明", "长按电源键五秒开机。蓝牙配对时指示灯闪烁。", &["a"]));
    one = one.with_documents(&documents).unwrap();
    alike(&one, &made(&documents));
    one = one.with_documents(&library()).unwrap();
    alike(&one, &made(&library()));
    let n = encoder.0.load(Ordering::SeqCst);
    one = one.with_documents(&library()).unwrap();
    assert_eq!(encoder.0.load(Ordering::SeqCst), n, "nothing has changed");
    // What is kept on disk is of the newest.
    let stored = KnowledgeBase::from_parts(&library(), &one.to_bytes(), &Tokeniser::default(), Some(encoder)).unwrap();
    alike(&stored, &one);
    assert!(one.with_documents(&[]).unwrap().passages("退货", &[], 3).unwrap().is_empty());
}

#[test]
fn versions_follow_content() {
    let (old, mut new) = (library(), library());
    new[0].text = new[0].text.replace("三个工作日", "五个工作日") + "\n# 例外\n拆封的耳机不退。";
    new[1].title = "开发票".into();
    new[3].product_ids.push("a2".into());
    new.remove(4);
    new.push(document("new", "新到", "文字", &[]));
    let changes = what_changed(&old, &new);
    assert_eq!(changes.added.iter().map(|one| one.document_id.as_str()).collect::<Vec<_>>(), ["new"]);
    assert_eq!(changes.removed.iter().map(|one| one.document_id.as_str()).collect::<Vec<_>>(), ["guide-b"]);
    let changed: Vec<&str> = changes.changed.iter().map(|one| one.document_id.as_str()).collect();
    assert_eq!(changed, ["guide-a", "policy-invoice", "policy-returns"]);
    assert!(changes.changed[0].products_changed && changes.changed[0].sections.is_empty());
    assert_eq!(changes.changed[1].title_was.as_deref(), Some("发票说明"));
    let sections: Vec<(String, ChangeKind)> =
        changes.changed[2].sections.iter().map(|one| (one.sections.join("/"), one.kind)).collect();
    assert_eq!(sections, [("退款".to_owned(), ChangeKind::Changed), ("例外".to_owned(), ChangeKind::Added)]);
    let back = what_changed(&new, &old);
    assert!(back.changed[2].sections.iter().any(|one| one.kind == ChangeKind::Removed));
    assert!(what_changed(&old, &old).is_empty());
    assert_eq!(version_of(&old[0]).len(), 32);
}

/// Two ways to ask the same.
const SAME: &[(&str, &str)] = &[
    ("怎么退货", "退货流程是什么"),
    ("怎么退货", "我想退货怎么操作"),
    ("怎么退货", "如何办理退货"),
    ("怎么退货", "How do I return a product?"),
    ("保修多久", "保修期是多长时间"),
    ("保修多久", "质保几年"),
    ("保修多久", "请问质保期多久呀"),
    ("保修多久", "How long is the warranty?"),
    ("什么时候发货", "多久能发货"),
    ("什么时候发货", "请问啥时候给我发货呀"),
    ("退款多久到账", "退款几天能到"),
    ("退款多久到账", "钱什么时候退给我，退款多久"),
    ("怎么开发票", "如何开票"),
    ("怎么开发票", "发票怎么开"),
    ("怎么修改收货地址", "收货地址能改吗，怎么改"),
    ("支持分期付款吗", "可以分期吗"),
    ("支持花呗吗", "能用花呗付款吗"),
    ("运费谁承担", "邮费谁出"),
    ("降价了可以补差价吗", "买贵了能退差价吗"),
    ("手机无法开机怎么办", "手机开不了机"),
    ("蓝牙连不上怎么办", "蓝牙连接不了"),
    ("充不进电怎么办", "充电充不进去了怎么办"),
    ("怎么联系人工客服", "转人工"),
    ("是不是正品", "你们家是正品吗"),
    ("怎么取消订单", "订单如何取消"),
    ("以旧换新怎么参加", "旧手机怎么以旧换新"),
    ("你们几点上班", "营业时间是几点"),
    ("How do I return a product?", "How can I send back my product"),
    ("How do I return a product?", "how to return an item"),
    ("How long is the warranty?", "what is the warranty period"),
    ("How long is the warranty?", "How many months of guarantee do I get?"),
    ("When will my order ship?", "how soon do you ship my order"),
    ("How much is shipping?", "what does shipping cost"),
    ("Can I get an invoice?", "I need an invoice please"),
    ("How do I cancel my order?", "I want to cancel an order"),
    ("Do you price match?", "price matching available?"),
    ("Can I pay in installments?", "do you offer monthly payments"),
    ("How do I reset my phone?", "factory reset of the phone"),
    ("My phone won't turn on", "the phone does not power on"),
    ("How do I connect the headphones by bluetooth?", "pairing earbuds over Bluetooth how"),
    ("Is it genuine?", "are your products authentic"),
    ("Can I talk to a human?", "I want a real person"),
];

/// Questions that a wrong answer would be given to.
const DIFFERENT: &[(&str, &str)] = &[
    ("怎么退货", "怎么换货"),
    ("怎么退货", "怎么开发票"),
    ("怎么退货", "退货的运费谁承担"),
    ("怎么退货", "退货邮费怎么算"),
    ("退货邮费怎么算", "怎么退货"),
    ("退货要不要自己出邮费", "退货"),
    ("Who pays the postage when I return something?", "return"),
    ("怎么退货", "退款多久到账"),
    ("保修多久", "怎么申请保修"),
    ("保修多久", "多久发货"),
    ("保修多久", "电池能用多久"),
    ("什么时候发货", "什么时候退款"),
    ("什么时候发货", "发货地是哪里"),
    ("怎么开发票", "发票抬头写错了怎么改"),
    ("怎么修改收货地址", "你们的地址在哪里"),
    ("怎么修改收货地址", "怎么修改密码"),
    ("支持花呗吗", "支持蓝牙吗"),
    ("运费谁承担", "运费多少钱"),
    ("降价了可以补差价吗", "最近会降价吗"),
    ("手机无法开机怎么办", "手机无法充电怎么办"),
    ("蓝牙连不上怎么办", "无线网连不上怎么办"),
    ("怎么取消订单", "怎么查订单"),
    ("是不是正品", "有没有现货"),
    ("iPhone 15 多少钱", "iPhone 16 多少钱"),
    ("会员有什么优惠", "会员怎么退"),
    ("你们几点上班", "你们几点发货"),
    ("怎么投诉", "怎么评价"),
    ("How do I return a product?", "How do I exchange a product?"),
    ("How do I return a product?", "How long does a refund take?"),
    ("How long is the warranty?", "How do I claim the warranty?"),
    ("How long is the warranty?", "How long does delivery take?"),
    ("When will my order ship?", "When will I get my refund?"),
    ("How much is shipping?", "How much is the phone?"),
    ("Can I get an invoice?", "Can I get a discount?"),
    ("How do I cancel my order?", "How do I track my order?"),
    ("How do I reset my phone?", "How do I charge my phone?"),
    ("My phone won't turn on", "My phone won't charge"),
    ("Is it genuine?", "Is it waterproof?"),
    ("Can I talk to a human?", "Can I pick up my order?"),
    ("Do you price match?", "What is the price?"),
];

fn alike(a: &str, b: &str) -> f32 {
    let others = [
        "怎么退货",
        "保修多久",
        "什么时候发货",
        "怎么开发票",
        "蓝牙连不上怎么办",
        "How do I return a product?",
        "How long is the warranty?",
    ];
    let answer = |(at, question): (usize, &&str)| CuratedAnswer {
        answer_id: format!("{at:02}"),
        question: (*question).to_owned(),
        answer_zh: "答".into(),
        answer_en: "answer".into(),
        is_on: true,
        ..CuratedAnswer::default()
    };
    let all: Vec<&str> = others.into_iter().filter(|other| *other != a).chain([a]).collect();
    let answers: Vec<CuratedAnswer> = all.iter().enumerate().map(answer).collect();
    let curated = Curated::new(&answers, &Tokeniser::default(), None).unwrap();
    let found = curated.nearest(b, all.len()).unwrap();
    found.iter().find(|hit| hit.question == a).map_or(0.0, |hit| hit.similarity)
}

#[test]
fn the_same_question_is_above_the_threshold_and_others_below() {
    let below: Vec<_> = SAME.iter().map(|(a, b)| (a, b, alike(a, b))).filter(|one| one.2 < 0.72).collect();
    let above: Vec<_> = DIFFERENT.iter().map(|(a, b)| (a, b, alike(a, b))).filter(|one| one.2 >= 0.72).collect();
    assert!(SAME.len() + DIFFERENT.len() >= 60);
    assert!(below.is_empty() && above.is_empty(), "the same, but below: {below:#?}\ndifferent, but above: {above:#?}");
}

#[test]
fn answers_are_in_the_language_of_the_question() {
    let answer = |id: &str, question: &str, variants: &[&str], is_on: bool| CuratedAnswer {
        answer_id: id.into(),
        question: question.into(),
        variants: variants.iter().map(|text| (*text).to_owned()).collect(),
        answer_zh: format!("{id} 的答案"),
        answer_en: if id == "2" { String::new() } else { format!("answer {id}") },
        is_on,
    };
    let answers = [
        answer("1", "怎么退货", &["how do I return it"], true),
        answer("2", "怎么开发票", &["how do I get an invoice"], true),
        answer("3", "怎么退货呢", &[], false),
    ];
    let curated = Curated::new(&answers, &Tokeniser::default(), None).unwrap();
    assert_eq!(curated.n_answers(), 2);
    let first = |question: &str| curated.nearest(question, 1).unwrap().remove(0);
    assert_eq!((first("怎么退货").similarity, first("怎么退货").answer.as_str()), (1.0, "1 的答案"));
    let found = first("How do I return it?");
    assert_eq!((found.answer.as_str(), found.question.as_str()), ("answer 1", "how do I return it"));
    // No answer in English: the Chinese one is better than none.
    assert_eq!(first("How do I get an invoice?").answer, "2 的答案");
    assert_eq!(curated.nearest("怎么退货", 10).unwrap().len(), 2);
    assert!(curated.nearest("", 3).unwrap().is_empty() && curated.nearest("怎么退货", 0).unwrap().is_empty());
}

#[test]
fn questions_that_ask_the_same_come_together() {
    let texts = [
        "这款耳机支持降噪吗",
        "耳机有没有降噪",
        "有降噪吗 这个耳机",
        "这款耳机支持降噪吗",
        "can I pay by bank transfer",
        "is bank transfer possible for payment",
        "pay with a bank transfer?",
        "什么时候补货",
        "多久补货",
        "？？？",
        "",
    ];
    let knowledge =
        KnowledgeBase::new(&[document("d", "补货", "缺货的商品一般两周补货。", &[])], &Tokeniser::default(), None)
            .unwrap();
    let clusters = cluster_questions(&texts, &Tokeniser::default(), Some(&knowledge)).unwrap();
    let members: Vec<&[usize]> = clusters.iter().map(|cluster| cluster.members.as_slice()).collect();
    assert_eq!(members, [&[0, 1, 2, 3][..], &[4, 5, 6], &[7, 8]]);
    assert!(clusters[0].name.contains("降噪") && clusters[1].name.contains("transfer"));
    assert_eq!(clusters[2].suggestion.as_ref().unwrap().document_id, "d");
    assert!(clusters[1].suggestion.is_none());
    assert_eq!(clusters, cluster_questions(&texts, &Tokeniser::default(), Some(&knowledge)).unwrap());
    assert!(cluster_questions::<&str>(&[], &Tokeniser::default(), None).unwrap().is_empty());
}

#[test]
fn a_megabyte_is_cut_short() {
    let knowledge = knowledge();
    let curated = Curated::new(
        &[CuratedAnswer {
            question: "怎么退货".into(),
            answer_zh: "答".into(),
            is_on: true,
            ..CuratedAnswer::default()
        }],
        &Tokeniser::default(),
        None,
    )
    .unwrap();
    for piece in ["退货运费", "return it ", "😀", "\u{0}", "a", "退", "1.1.", "，"] {
        let long = piece.repeat((1 << 20) / piece.len());
        assert!(knowledge.passages(&long, &["a"], 3).unwrap().len() <= 3);
        assert!(curated.nearest(&long, 3).unwrap().len() <= 1);
        let passage = Passage { text: long.clone(), ..Passage::default() };
        assert!(answer_sentences(&passage, &long, 200).iter().all(|range| range.end <= long.len()));
        assert!(cluster_questions(&[long.as_str(), "退货"], &Tokeniser::default(), None).unwrap().len() <= 2);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_text_can_be_asked(question in "\\PC{0,40}|[退货保修运费a-z ?？\\n]{0,40}|.{0,40}", other in ".{0,20}") {
        let found = KNOWLEDGE.passages(&question, &[other.as_str()], 4).unwrap();
        for passage in &found {
            prop_assert!((0.0..=1.0).contains(&passage.coverage) && passage.score.is_finite());
        }
        prop_assert_eq!(&found, &KNOWLEDGE.passages(&question, &[other.as_str()], 4).unwrap());
        let clusters = cluster_questions(&[&question, &other], &Tokeniser::default(), None).unwrap();
        prop_assert!(clusters.iter().all(|cluster| !cluster.members.is_empty()));
        let alike = alike(&other, &question);
        prop_assert!((0.0..=1.0).contains(&alike));
    }

    #[test]
    fn any_text_can_be_a_document(text in "[#.。\\n ]{0,3}\\PC{0,60}|.{0,80}", title in ".{0,10}") {
        let documents = [document("x", &title, &text, &[]), document(&title, &text, &title, &["p"])];
        let knowledge = KnowledgeBase::new(&documents, &Tokeniser::default(), None).unwrap();
        for passage in knowledge.passages(&text, &[], 4).unwrap() {
            let (whole, _) = knowledge.document(&passage.document_id).unwrap();
            prop_assert_eq!(&whole.text[passage.start..passage.end], &passage.text);
        }
    }
}

static KNOWLEDGE: std::sync::LazyLock<KnowledgeBase> = std::sync::LazyLock::new(knowledge);
