//! The trained writer on a small shop: what it learns from, that its drafts keep every figure bound, and that it is the same again.

use std::sync::OnceLock;

use domain::{Cents, Product};
use language::text::Masker;

use super::*;
use crate::brief::{Brief, Goal, Offer};
use crate::channel::channel;
use crate::check::voice::{Rules, Voices};
use crate::check::{Check, CopyCheck, House};
use crate::plan::{Market, Plan};
use crate::write::Angle;

fn laptop(nth: usize) -> Product {
    let specs = [
        ("memory", ["8 GB", "16 GB", "32 GB"][nth % 3]),
        ("storage", ["256 GB", "512 GB", "1 TB"][nth / 3 % 3]),
        ("screen_size", ["13.3 in", "14 in", "16 in"][nth % 3]),
        ("weight", ["1.2 kg", "1.4 kg"][nth % 2]),
        ("refresh_rate", ["60 Hz", "120 Hz"][nth / 2 % 2]),
    ];
    Product {
        product_id: format!("P{nth}"),
        name: format!("科梵 Velo {nth} 笔记本电脑"),
        brand: Some("科梵".into()),
        category: Some("电脑/笔记本电脑".into()),
        price_cents: Some(Cents(499_900 + 10_000 * nth as i64)),
        specs: specs.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        // One in two is new.
        launched_on: ["2026-11-01", "2025-11-01"][nth / 3 % 2].parse().ok(),
        ..Product::default()
    }
}

fn brief(nth: usize, name: &str) -> Brief {
    let goal = [Goal::Launch, Goal::Promotion, Goal::WinBack][nth % 3];
    let offer = (goal == Goal::Promotion).then(|| Offer {
        price_cents: Some(Cents(399_900)),
        ends_on: "2026-12-12".parse().ok(),
        ..Offer::default()
    });
    Brief {
        products: vec![laptop(nth)],
        goal,
        channel: name.into(),
        lang: Lang::Zh,
        offer,
        shop_name: "云栈数码".into(),
        currency: "CNY".into(),
        today: "2026-11-29".parse().ok(),
        ..Brief::default()
    }
}

fn with_task<T>(brief: &Brief, seed: u64, then: impl FnOnce(&Task) -> T) -> T {
    let plan = Plan::new(brief, &Market::default());
    let task = Task {
        brief,
        plan: &plan,
        channel: channel(&brief.channel).unwrap(),
        angle: Angle::Goal,
        seed,
        last_openings: &[],
    };
    then(&task)
}

fn pairs() -> Vec<PlannedPair> {
    let channels = ["push", "social", "email", "live", "selling_points"];
    let all =
        (0..60).flat_map(|nth| with_task(&brief(nth, channels[nth % 5]), nth as u64, |task| pairs_of_task(task, 3)));
    merged(all, 1)
}

fn learned() -> &'static Learned {
    static LEARNED: OnceLock<Learned> = OnceLock::new();
    LEARNED.get_or_init(|| {
        let settings = ["epochs=8", "dim_hidden=48", "dim_embedding=32"];
        Learned::learn(Lang::Zh, &pairs(), &settings, 1, 1, &|_| true).unwrap()
    })
}

#[test]
fn sentences_of_the_grammar_are_pairs_without_figures() {
    let pairs = pairs();
    assert!(pairs.len() > 200, "{}", pairs.len());
    for pair in &pairs {
        let words: String = pair.target.iter().filter(|unit| !unit.starts_with('{')).map(String::as_str).collect();
        assert!(!words.bytes().any(|byte| byte.is_ascii_digit()) && !words.contains("Velo"), "{pair:?}");
    }
    for opening in ["open.launch", "open.present"] {
        assert!(pairs.iter().any(|pair| pair.heading == opening && pair.source.contains(&"{short}".to_owned())));
    }
    assert_eq!(merged(pairs.clone(), 1), pairs);
}

#[test]
fn a_shops_text_lends_its_words_where_it_says_only_what_the_plan_says() {
    let brief = brief(1, "social");
    let plan = Plan::new(&brief, &Market::default());
    let text = "16GB内存在手，开着三十个网页开会也不卡。16GB内存，全网最好。32GB内存随便用。配有16GB内存和14英寸屏幕。支持蓝牙的16GB内存和14英寸屏幕。";
    let found = pairs_of_text(&brief, &plan, text);
    let said: Vec<String> = found.iter().map(|pair| pair.target.concat()).collect();
    assert_eq!(said, ["配有{np1}和{np2}。"], "{found:?}");
    // A use that the plan has, word for word.
    let uses = crate::write::statements(&plan, Lang::Zh);
    let one = uses.iter().find(|one| one.key == "memory" && one.said == crate::write::Said::Use).unwrap();
    let found = pairs_of_text(&brief, &plan, &format!("手里有16GB内存，{}。", one.text));
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().all(|pair| pair.target.concat() == "手里有{np1}，{use1}。"));
}

#[test]
fn every_figure_of_its_drafts_is_bound() {
    let masker = Masker::default();
    let house = House { masker: &masker, own: &[], voices: &Voices::default(), rules: &Rules::default() };
    let (mut n_own, mut n_drafts) = (0, 0);
    for nth in 0..12 {
        let brief = brief(nth, ["push", "social", "email", "sms"][nth % 4]);
        let plan = Plan::new(&brief, &Market::default());
        let check = CopyCheck::new(&brief, &plan, &Market::default(), &[]);
        let drafts = with_task(&brief, nth as u64, |task| learned().write(task, 2).unwrap());
        for draft in &drafts {
            n_drafts += 1;
            assert_eq!(draft.writer, "learned");
            let reports = check.draft(draft, brief.check().unwrap(), &house).unwrap();
            let unbound = reports
                .values()
                .flat_map(|report| &report.findings)
                .find(|one| one.check == Check::Facts || one.check == Check::Limits);
            assert_eq!(unbound, None, "{}", draft.plain());
            for sentence in &draft.sentences {
                let text = draft.text(&sentence.field).unwrap();
                assert!(text.get(sentence.start..sentence.end).is_some_and(|text| !text.is_empty()));
                if sentence.writer == "learned" {
                    n_own += 1;
                    let sum: f64 = sentence.attention.iter().map(|one| one.weight).sum();
                    assert!(sentence.attention.is_empty() || (sum - 1.0).abs() < 1e-6, "{sum}");
                    assert!(sentence.attention.iter().all(|one| one.evidence < draft.evidence.len()));
                }
            }
        }
    }
    assert!(n_drafts >= 12 && n_own > n_drafts, "{n_drafts} drafts, {n_own} sentences");
}

#[test]
fn it_is_the_same_again_and_after_it_was_kept() {
    let kept = Learned::from_bytes(&learned().to_bytes()).unwrap();
    assert_eq!(kept.lang(), Lang::Zh);
    let brief = brief(4, "social");
    let write = |model: &Learned, seed: u64| with_task(&brief, seed, |task| model.write(task, 2).unwrap());
    assert_eq!(write(learned(), 3), write(&kept, 3));
    assert_ne!(write(learned(), 3), write(learned(), 4));
    let english = Brief { lang: Lang::En, ..brief.clone() };
    let refused = with_task(&english, 1, |task| learned().write(task, 1)).unwrap_err();
    assert!(refused.to_string().contains("learned zh"), "{refused}");
    assert!(Learned::from_bytes(b"nothing").is_err());
}
