//! Searching a small shop: what is found, in which order, why, and what hostile input does.

use math::Factors;
use proptest::prelude::*;

use super::*;
use crate::LanguageError;
use crate::vectors::SentenceEncoder;

fn go_on(_: f64) -> bool {
    true
}

fn product(id: &str, name: &str, brand: &str, category: &str, specs: &[(&str, &str)], yuan: i64) -> Entry {
    Entry {
        brand: Some(brand.into()),
        category: Some(category.into()),
        specs: specs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        price_cents: Some(yuan * 100),
        ..Entry::new(id, name, "")
    }
}

fn shop() -> Vec<Entry> {
    let laptop = |id, name, brand, memory, weight, yuan| {
        product(id, name, brand, "电脑/笔记本", &[("内存", memory), ("重量", weight)], yuan)
    };
    vec![
        laptop("l1", "联想小新 Pro 14 轻薄本 i7-13700H", "联想", "16GB", "1.46kg", 5299),
        laptop("l2", "联想拯救者 Y7000P 游戏本 RTX4060", "联想", "16GB", "2.5kg", 7999),
        laptop("l3", "华为 MateBook D 14", "华为", "16GB", "1.39kg", 4699),
        laptop("l4", "Apple MacBook Air 13 M2", "Apple", "8GB", "1.24kg", 7499),
        product("p1", "华为 Mate 60 Pro 手机", "华为", "手机", &[("内存", "12GB"), ("存储", "512GB")], 6999),
        product("p2", "小米14 手机 徕卡影像", "小米", "手机", &[("内存", "12GB"), ("存储", "256GB")], 4299),
        product("p3", "Apple iPhone 15 手机", "Apple", "手机", &[("内存", "6GB"), ("存储", "128GB")], 5999),
        product("a1", "iPhone 15 手机壳 硅胶", "图拉斯", "配件/手机壳", &[], 59),
        product("e1", "AirPods Pro 降噪耳机", "Apple", "耳机", &[], 1899),
        product("e2", "華為 FreeBuds 降噪耳機", "华为", "耳机", &[], 799),
    ]
}

fn index_of(entries: Vec<Entry>) -> Index {
    let mut index = Index::new().unwrap();
    index.apply(&Changes { put: entries, remove: vec![] }, None, &go_on).unwrap();
    index
}

fn ids(index: &Index, text: &str) -> Vec<String> {
    let answer = index.snapshot().search(&Request::new(text), &Settled::products()).unwrap();
    answer.hits.into_iter().map(|hit| hit.entry.id).collect()
}

#[test]
fn short_and_long_queries_in_any_script_find() {
    let index = index_of(shop());
    for (query, first) in [
        ("壳", "a1"),
        ("耳机", "e1"),
        ("降噪耳机", "e1"),
        ("华为降噪耳机", "e2"),
        ("華為耳機", "e2"),
        ("13700H", "l1"),
        ("i7 13700", "l1"),
        ("i7-13700h", "l1"),
        ("mate60pro", "p1"),
        ("Mate 60 Pro", "p1"),
        ("ＲＴＸ ４０６０", "l2"),
        ("air pods", "e1"),
        ("y7000p", "l2"),
        ("huawei shouji", "p1"),
        ("xiaomi", "p2"),
        ("xm sj", "p2"),
        ("xiaomishouji", "p2"),
        ("华维手机", "p1"),
        ("小咪手机", "p2"),
        ("iphon 15", "p3"),
        ("macbok air", "l4"),
        ("拯就者", "l2"),
    ] {
        assert_eq!(ids(&index, query).first().map(String::as_str), Some(first), "{query}: {:?}", ids(&index, query));
    }
    assert!(ids(&index, "洗衣机").is_empty());
}

#[test]
fn what_is_left_of_a_question_is_not_looked_for_beside_a_kind() {
    let mut entries = shop();
    entries.push(product("k1", "罗技 有线键盘", "罗技", "电脑/键盘", &[], 99));
    let index = index_of(entries);
    let snapshot = index.snapshot();
    let attributes = Attributes::of(&snapshot);
    for (text, wanted) in [
        ("有哪些手机", &["p1", "p2", "p3"][..]),
        ("有什么手机", &["p1", "p2", "p3"]),
        ("你们有没有键盘", &["k1"]),
        ("What keyboards do you have?", &["k1"]),
        ("do you sell keyboards", &["k1"]),
        ("show me your keyboards please", &["k1"]),
    ] {
        let understood = parse_query(text, &attributes).unwrap();
        let found = snapshot.ids(&understood.request(), &Settled::products()).unwrap();
        let mut ids: Vec<&str> = found.hits.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        assert_eq!((ids.as_slice(), found.relaxed), (wanted, vec![]), "{text}: '{}'", understood.words);
    }
    // What says something is still looked for.
    let understood = parse_query("徕卡的手机有哪些", &attributes).unwrap();
    let found = snapshot.ids(&understood.request(), &Settled::products()).unwrap();
    assert_eq!(found.hits.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ["p2"]);
}

/// What a search counted in is given back clean, after searches that touch few entries and such that touch most.
#[test]
fn no_search_leaves_anything_to_the_next() {
    let many: Vec<Entry> = (0..60)
        .map(|at| {
            let kind = if at % 9 == 0 { "耳机" } else { "手机" };
            product(&format!("m{at}"), &format!("小米{at} {kind}"), "小米", kind, &[], 100 + at)
        })
        .collect();
    let used = index_of(many.clone()).snapshot();
    for text in ["手机", "小米7", "耳机", "", "小米9 耳机", "手机", "没有这个", "耳机", "小米7"] {
        let request = Request::new(text);
        let fresh = index_of(many.clone()).snapshot();
        let wanted = fresh.search(&request, &Settled::products()).unwrap();
        assert_eq!(used.search(&request, &Settled::products()).unwrap(), wanted, "{text}");
    }
}

#[test]
fn an_index_is_filled_as_entries_are_put() {
    let put = shop();
    let mut filled = Index::new().unwrap();
    filled.fill(put.len(), &|at| put[at].clone(), None, &go_on).unwrap();
    let (one, other) = (filled.snapshot(), index_of(put.clone()).snapshot());
    assert_eq!(one.n_alive(), put.len());
    for text in ["手机", "耳机", "huawei shouji", "pro 15"] {
        let answer = |of: &Snapshot| of.search(&Request::new(text), &Settled::products()).unwrap();
        assert_eq!(answer(&one), answer(&other), "{text}");
    }
    let unfit = |at: usize| if at == 1 { Entry::default() } else { put[at].clone() };
    assert!(Index::new().unwrap().fill(3, &unfit, None, &go_on).is_err());
}

#[test]
fn ids_alone_are_those_of_the_hits() {
    let popular = |(at, entry): (usize, Entry)| Entry { popularity: Some(at as f64), ..entry };
    let mut index = index_of(shop().into_iter().enumerate().map(popular).collect());
    let changes = Changes {
        put: vec![product("p2", "小米15 手机", "小米", "手机", &[], 4499)],
        remove: vec!["e1".into()],
    };
    index.apply(&changes, None, &go_on).unwrap();
    let snapshot = index.snapshot();
    let filters = vec![Filter::one_of("brand", ["苹果"]), Filter::between("price", None, Some(6500.0))];
    for text in ["手机", "耳机", "", "huawei shouji", "。", "pro 15"] {
        for (filters, limit, offset) in [(Vec::new(), 10, 0), (filters.clone(), 3, 1)] {
            let request = Request { filters, limit, offset, ..Request::new(text) };
            let wanted = snapshot.search(&request, &Settled::products()).unwrap();
            let found = snapshot.ids(&request, &Settled::products()).unwrap();
            let hits: Vec<(&str, f32)> = wanted.hits.iter().map(|hit| (hit.entry.id.as_str(), hit.score)).collect();
            assert_eq!((found.hits, found.relaxed), (hits, wanted.relaxed), "{text}");
        }
    }
    let deep = Request { offset: DEPTH_MAX, ..Request::new("手机") };
    assert!(snapshot.ids(&deep, &Settled::products()).is_err());
}

#[test]
fn corrections_are_suggested() {
    let index = index_of(shop());
    let suggested = |text| index.snapshot().search(&Request::new(text), &Settled::products()).unwrap().did_you_mean;
    assert_eq!(suggested("iphnoe 15").as_deref(), Some("iphone 15"));
    assert_eq!(suggested("华维").as_deref(), Some("华为"));
    assert_eq!(suggested("xiaomi").as_deref(), Some("小米"));
    assert_eq!(suggested("iphone 15"), None);
    assert_eq!(suggested("zzzzzz"), None);
}

#[test]
fn every_score_is_the_sum_of_what_is_said_of_it() {
    let index = index_of(shop());
    let settled = Settled { popularity: 0.0, ..Settled::products() };
    let answer = index.snapshot().search(&Request::new("华为 mate60pro 手机"), &settled).unwrap();
    for hit in &answer.hits {
        let sum: f32 = hit.terms.iter().map(|term| term.score).sum::<f32>() + hit.proximity;
        assert!((sum - hit.score).abs() < 1e-4 * hit.score, "{}: {sum} and {}", hit.entry.id, hit.score);
    }
    assert_eq!(answer.hits[0].entry.id, "p1");
    let name = &answer.hits[0].entry.name;
    let shown: Vec<&str> = answer.hits[0].name_highlights.iter().map(|place| &name[place.clone()]).collect();
    assert_eq!(shown, ["华为", "Mate", "60", "Pro", "手机"]);
}

#[test]
fn filters_facets_and_orders_agree() {
    let index = index_of(shop());
    let snapshot = index.snapshot();
    let request = Request {
        filters: vec![Filter::one_of("brand", ["华为"]), Filter::between("price", None, Some(5000.0))],
        with_facets: true,
        sort: Sort::PriceUp,
        ..Request::new("")
    };
    let answer = snapshot.search(&request, &Settled::products()).unwrap();
    let found: Vec<&str> = answer.hits.iter().map(|hit| hit.entry.id.as_str()).collect();
    assert_eq!((found, answer.n_total), (vec!["e2", "l3"], 2));
    let brands = answer.facets.iter().find(|facet| facet.attribute == "brand").unwrap();
    assert_eq!(brands.values, [("华为".into(), 2), ("Apple".into(), 1), ("图拉斯".into(), 1), ("小米".into(), 1)]);
    let category = answer.facets.iter().find(|facet| facet.attribute == "category").unwrap();
    assert_eq!(category.values, [("电脑".into(), 1), ("电脑/笔记本".into(), 1), ("耳机".into(), 1)]);
    assert_eq!(answer.price_bands.iter().map(|band| band.n).sum::<u32>(), 3);

    let request = Request {
        filters: vec![Filter::one_of("brand", ["小米"]), Filter::between("memory", Some(64.0), None)],
        ..Request::new("手机")
    };
    let answer = snapshot.search(&request, &Settled::products()).unwrap();
    assert_eq!((answer.hits[0].entry.id.as_str(), &answer.relaxed[..]), ("p2", &request.filters[1..]));

    let request = Request {
        filters: vec![
            Filter::new("brand", Condition::NoneOf(vec!["Apple".into()])),
            Filter::new("text", Condition::Lacks("徕卡".into())),
        ],
        ..Request::new("手机")
    };
    let answer = snapshot.search(&request, &Settled::products()).unwrap();
    assert!(answer.hits.iter().all(|hit| !["p3", "p2"].contains(&hit.entry.id.as_str())) && answer.n_total >= 1);
}

#[test]
fn pages_follow_each_other() {
    let entries =
        (0..150).map(|at| Entry::new(format!("e{at:03}"), format!("charger {}", at % 7), "usb charger")).collect();
    let index = index_of(entries);
    let page = |offset, limit| {
        let request = Request { offset, limit, ..Request::new("charger") };
        let answer = index.snapshot().search(&request, &Settled::products()).unwrap();
        assert_eq!(answer.n_total, 150);
        answer.hits.into_iter().map(|hit| hit.entry.id).collect::<Vec<_>>()
    };
    let all = page(0, 200);
    assert_eq!((0..15).flat_map(|at| page(at * 10, 10)).collect::<Vec<_>>(), all);
    assert!(all.is_sorted() && all.len() == 150);
}

#[test]
fn a_document_is_shown_once() {
    let chunk =
        |id: &str, group: &str, body: &str| Entry { group: Some(group.into()), ..Entry::new(id, "说明书", body) };
    let index = index_of(vec![
        chunk("m1#0", "m1", "如何充电：连接充电器"),
        chunk("m1#1", "m1", "充电时请勿覆盖充电器，充电完成后拔下"),
        chunk("m2#0", "m2", "保修期内充电器可更换"),
    ]);
    let request = Request { one_per_group: true, ..Request::new("怎么充电") };
    let answer = index.snapshot().search(&request, &Settled::documents()).unwrap();
    let groups: Vec<_> = answer.hits.iter().map(|hit| hit.entry.group.clone().unwrap()).collect();
    assert_eq!((groups.len(), answer.n_total), (2, 2));
    assert_eq!(groups[0], "m1");
}

#[test]
fn changes_are_whole_and_survive_as_bytes() {
    let mut index = index_of(shop());
    let before = index.snapshot();
    let changes = Changes {
        put: vec![Entry::new("p1", "荣耀 Magic6", ""), Entry::new("x", "旧", ""), Entry::new("x", "新", "")],
        remove: vec!["e1".into(), "nobody".into()],
    };
    index.apply(&changes, None, &go_on).unwrap();
    assert_eq!((before.n_alive(), index.n_entries()), (10, 10));
    assert!(!ids(&index, "mate60pro").contains(&"p1".into()) && !ids(&index, "airpods").contains(&"e1".into()));
    assert_eq!(
        (ids(&index, "荣耀"), ids(&index, "新").first().cloned()),
        (vec!["p1".to_owned()], Some("x".to_owned()))
    );
    assert_eq!(index.snapshot().get("x").unwrap().unwrap().name, "新");
    assert_eq!(index.snapshot().get("e1").unwrap(), None);

    let same = Index::from_bytes(index.to_bytes()).unwrap();
    let again = Index::from_files(index.files()).unwrap();
    let request = Request { with_facets: true, ..Request::new("华为 手机") };
    let answer = |index: &Index| index.snapshot().search(&request, &Settled::products()).unwrap();
    assert_eq!((answer(&same), answer(&again)), (answer(&index), answer(&index)));

    let bytes = index.to_bytes();
    let unfit = Changes { put: vec![Entry::new("y", "", ""), Entry::default()], remove: vec!["p2".into()] };
    assert!(index.apply(&unfit, None, &go_on).is_err());
    assert_eq!(index.apply(&changes, None, &|_| false), Err(LanguageError::Cancelled));
    assert_eq!(index.to_bytes(), bytes);
}

#[test]
fn the_answer_does_not_depend_on_how_entries_came_in() {
    let all = index_of(shop());
    let mut pieces = Index::new().unwrap();
    for entry in shop().into_iter().rev() {
        pieces.apply(&Changes { put: vec![entry], remove: vec![] }, None, &go_on).unwrap();
    }
    for text in ["华为手机", "iphone", "降噪", "apple pro 14"] {
        let request = Request { with_facets: true, ..Request::new(text) };
        let answer = |index: &Index| index.snapshot().search(&request, &Settled::products()).unwrap();
        assert_eq!(answer(&all), answer(&pieces), "{text}");
    }
}

#[test]
fn damaged_bytes_are_refused() {
    let bytes = index_of(shop()).to_bytes();
    for at in (0..bytes.len()).step_by(bytes.len() / 97) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x20;
        assert!(matches!(Index::from_bytes(damaged), Err(LanguageError::Corrupt(_))), "byte {at} changed");
        assert!(Index::from_bytes(bytes[..at].to_vec()).is_err(), "cut at {at}");
    }
    let index = index_of(shop());
    for at in 0..index.files().len() {
        let mut files = index.files();
        let (name, _) = files.remove(at);
        assert!(name == ".managed.json" || Index::from_files(files).is_err(), "without {name}");
        let mut files = index.files();
        let middle = files[at].1.len() / 2;
        files[at].1[middle] ^= 0x20;
        assert!(files[at].0 == ".managed.json" || Index::from_files(files).is_err(), "{name} damaged");
    }
}

/// Counts of letters as vectors of a given length.
struct Letters(usize);

impl SentenceEncoder for Letters {
    fn name(&self) -> &str {
        "letters"
    }

    fn dim(&self) -> usize {
        self.0
    }

    fn encode(&self, texts: &[&str]) -> Result<Factors, LanguageError> {
        let mut rows = Factors::zeros(texts.len(), self.0);
        for (at, text) in texts.iter().enumerate() {
            let letters = text.bytes().filter(u8::is_ascii_lowercase);
            letters.for_each(|byte| rows.row_mut(at)[usize::from(byte - b'a')] += 1.0);
        }
        Ok(rows)
    }
}

#[test]
fn meaning_finds_what_words_do_not() {
    let mut index = Index::new().unwrap();
    let put = vec![Entry::new("a", "zzz zz", ""), Entry::new("b", "qqq xx", ""), Entry::new("c", "电池", "")];
    index.apply(&Changes { put, remove: vec![] }, Some(&Letters(26)), &go_on).unwrap();
    let mut index = Index::from_bytes(index.to_bytes()).unwrap();
    assert_eq!(index.snapshot().vector_dim(), Some(26));
    for fusion in [Fusion::Linear, Fusion::Reciprocal] {
        let settled = Settled { fusion, ..Settled::documents() };
        let request = Request::new("zqzz").with_meaning(&Letters(26)).unwrap();
        let answer = index.snapshot().search(&request, &settled).unwrap();
        let found: Vec<&str> = answer.hits.iter().map(|hit| hit.entry.id.as_str()).collect();
        assert_eq!((found, answer.n_total), (vec!["a", "b"], 2), "{fusion:?}");
    }
    assert!(index.apply(&Changes::default(), Some(&Letters(27)), &go_on).is_err());
}

#[test]
fn hostile_queries_are_text_or_refused() {
    let index = index_of(shop());
    let snapshot = index.snapshot();
    for text in [
        "",
        " ",
        "\u{0}\u{1}\u{7f}",
        "!!!???",
        "\"华为",
        "a AND (b OR",
        "name:华为 -手机 +pro~2^3",
        "[* TO *]",
        "\\",
        "👍🏽👨‍👩‍👧",
        "\u{fffd}\u{fffd}",
        "\u{202e}华为",
        "ﷺ",
        "的",
        "怎么",
        "a",
        "%",
        "'s",
        "--",
        "1.1.1.",
        "．．",
        &"华".repeat(1300),
        &"x".repeat(4096),
        &"a b ".repeat(1000),
    ] {
        let request = Request { with_facets: true, ..Request::new(text) };
        snapshot.search(&request, &Settled::products()).unwrap();
    }
    let long = "手机".repeat(200_000);
    let error = snapshot.search(&Request::new(&long), &Settled::products()).unwrap_err().to_string();
    assert!(error.contains("1200000") && error.contains("4096"), "{error}");
    assert!(snapshot.search(&Request { offset: 9_999, ..Request::new("a") }, &Settled::products()).is_err());
    for filter in [Filter::between("colour", None, None), Filter::between("price", Some(f64::NAN), None)] {
        let request = Request { filters: vec![filter], ..Request::new("手机") };
        assert!(snapshot.search(&request, &Settled::products()).is_err());
    }
    let empty = Index::new().unwrap();
    assert_eq!(ids(&empty, "华为"), Vec::<String>::new());
    assert!(Index::from_bytes(empty.to_bytes()).is_ok());
    let odd = Entry {
        specs: vec![("a\u{1f}b".into(), "\u{0}".into()), ("".into(), "x".into())],
        ..Entry::new("\u{0}", "\u{0}", &*"é".repeat(1_000_000))
    };
    assert_eq!(index_of(vec![odd]).n_entries(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_text_can_be_put_in_and_looked_for(name in "\\PC{0,40}", body in "\\PC{0,80}", query in "\\PC{0,30}") {
        let index = index_of(vec![Entry::new("1", name.as_str(), body.as_str()), Entry::new("2", "手机", "phone")]);
        let answer = index.snapshot().search(&Request::new(&query), &Settled::documents()).unwrap();
        for hit in answer.hits {
            if let Some(snippet) = hit.snippet {
                prop_assert_eq!(&hit.entry.body[snippet.range], &snippet.text);
            }
        }
    }

    #[test]
    fn what_an_entry_says_finds_it(words in prop::collection::vec("[a-z]{3,9}|[0-9]{2,5}|[\u{4e00}-\u{4e80}]{1,5}", 1..6)) {
        let name = words.join(" ");
        let index = index_of(vec![Entry::new("it", name.as_str(), ""), Entry::new("other", "无关", "nothing")]);
        for word in &words {
            prop_assert!(ids(&index, word).contains(&"it".to_owned()), "{} in {}", word, name);
        }
    }
}

#[test]
fn a_sentence_is_understood_and_answered() {
    let index = index_of(shop());
    let snapshot = index.snapshot();
    let attributes = Attributes::of(&snapshot);
    let found = |text: &str| {
        let understood = parse_query(text, &attributes).unwrap();
        let answer = snapshot.search(&understood.request(), &Settled::products()).unwrap();
        let ids: Vec<String> = answer.hits.into_iter().map(|hit| hit.entry.id).collect();
        (ids.join(" "), answer.relaxed.len())
    };
    assert_eq!(found("5000元以下 16G 轻薄本"), ("l3".into(), 0));
    assert_eq!(found("16G 的轻薄本"), ("l1 l3 l2".into(), 0));
    assert_eq!(found("笔记本 不要联想"), ("l3 l4".into(), 0));
    assert_eq!(found("最便宜的手机"), ("p2 p3 p1".into(), 0));
    assert_eq!(found("3000元以下的手机"), ("p1 p2 p3".into(), 1));
}
