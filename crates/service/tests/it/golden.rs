//! The written questions of `tests/service`, asked of the simulated shop in both languages. The figures that answers must have
//! are those of its tables; how many may be missed is what customer service is held to.

use std::path::Path;
use std::sync::Arc;

use data::Shop;
use data::simulate::{Language, Settings, Size, simulate};
use domain::{Day, Millis};
use service::flows::assist::{self, AssistRequest};
use service::flows::language::{self, LanguageRequest};
use service::metrics::Metrics;
use service::serving::ServedShop;
use service::talk::golden;

/// 2026-06-30, the last day of the shop's history.
const END: Day = Day(20_634);
/// Noon of that day: what was delivered a week before may still be returned.
const NOON: Millis = Millis(20_634 * 86_400_000 + 43_200_000);
const SHARE_MIN: f64 = 0.95;

/// The shop that `tercet demo --make-only --seed 1 --end 2026-06-30 --lang …` makes, with what answers need.
async fn simulated(dir: &Path, lang: &str) -> Arc<ServedShop> {
    Shop::create(dir).unwrap();
    let config = dir.join("tercet.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let wanted = format!("language = \"{lang}\"");
    let text = text.replacen("language = \"zh\"", &wanted, 1).replacen("language = \"en\"", &wanted, 1);
    std::fs::write(&config, text).unwrap();
    let shop = Shop::open(dir).unwrap();
    let language = if lang == "en" { Language::En } else { Language::Zh };
    simulate(&shop, &Settings::new(Size::Tiny, 1, END, language), &mut |_, _| {}).unwrap();
    language::train(&shop, LanguageRequest { seed: 1, ..LanguageRequest::default() }, &|_, _| true).await.unwrap();
    assist::train(&shop, AssistRequest::default(), &|_, _| true).await.unwrap();
    drop(shop);
    ServedShop::open_beside(Shop::open(dir).unwrap(), Arc::new(Metrics::default())).await.unwrap()
}

/// Of questions typed carelessly, with several in one message and corrections.
const SHARE_CARELESS_MIN: f64 = 0.9;

/// Holds the conversations of files with one shop, each file with the share of turns that must be as expected.
fn hold(lang: &str, files: &[(&str, f64)]) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (shop, ready) = runtime.block_on(async {
        let shop = simulated(&folder.path().join("shop"), lang).await;
        let ready = shop.assistant().await.unwrap();
        (shop, ready)
    });
    for (file, share_min) in files {
        let conversations = golden::read(file).unwrap();
        let held = conversations.iter().map(|one| shop.hold(&ready, one, NOON, runtime.handle()));
        let turns: Vec<golden::TurnReport> = held.flat_map(|report| report.turns).collect();
        let unmet: Vec<String> = turns
            .iter()
            .filter(|turn| !turn.unmet.is_empty())
            .map(|turn| format!("{} → {}: {:?}", turn.say, turn.reply, turn.unmet))
            .collect();
        let share = 1.0 - unmet.len() as f64 / turns.len() as f64;
        println!("{lang}: {} of {} turns as expected\n{}", turns.len() - unmet.len(), turns.len(), unmet.join("\n"));
        assert!(share >= *share_min, "{lang}: {share:.3} of {} turns\n{}", turns.len(), unmet.join("\n"));
        let unsupported: Vec<&str> =
            turns.iter().filter(|turn| turn.was_unsupported).map(|turn| turn.say.as_str()).collect();
        assert!(unsupported.is_empty(), "{unsupported:?}");
    }
}

#[test]
fn written_questions_in_chinese_are_answered_as_expected() {
    let golden = include_str!("../../../../tests/service/golden-zh.toml");
    let careless = include_str!("../../../../tests/service/written-zh.toml");
    let natural = include_str!("../../../../tests/service/natural-zh.toml");
    hold("zh", &[(golden, SHARE_MIN), (careless, SHARE_CARELESS_MIN), (natural, SHARE_MIN)]);
}

#[test]
fn written_questions_in_english_are_answered_as_expected() {
    let golden = include_str!("../../../../tests/service/golden-en.toml");
    let careless = include_str!("../../../../tests/service/written-en.toml");
    let natural = include_str!("../../../../tests/service/natural-en.toml");
    hold("en", &[(golden, SHARE_MIN), (careless, SHARE_CARELESS_MIN), (natural, SHARE_MIN)]);
}
