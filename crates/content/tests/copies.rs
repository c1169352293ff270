//! The measures of the example `copies`, held against values worked out by hand; and its second reader against planted errors.

use domain::{Cents, Product};
use tercet_content::brief::{Brief, Lang, Offer};

#[path = "../examples/copies/catalogues.rs"]
#[allow(dead_code, reason = "the example reads more of it")]
mod catalogues;
#[path = "../examples/copies/diversity.rs"]
mod diversity;
#[path = "../examples/copies/verify.rs"]
#[allow(dead_code, reason = "the example recounts comparisons too")]
mod verify;

use diversity::{distinct_2, self_bleu, words};
use verify::{Known, figures};

fn texts(all: &[&str]) -> Vec<Vec<String>> {
    all.iter().map(|text| words(text)).collect()
}

/// What a preposition follows is no inch, but has to stand in a field all the same.
#[test]
fn a_preposition_is_no_unit() {
    let specs = [("bluetooth".to_owned(), "5.3".to_owned()), ("wifi".to_owned(), "Wi-Fi 6".to_owned())];
    let product = Product { product_id: "c".into(), name: "Opalo".into(), specs: specs.into(), ..Product::default() };
    let known = Known::of(&Brief { products: vec![product], ..Brief::default() }, None, &[], &[]);
    assert_eq!(known.unbound("bluetooth 5.3 in the Opalo, Wi-Fi 6 in practice"), Vec::<String>::new());
    assert_eq!(known.unbound("a 5.3 in screen").len(), 0, "the price of reading no grammar");
    assert_eq!(known.unbound("Wi-Fi 7 in practice, 5.3 inches").len(), 2);
    // Nor does a name tell inches.
    let product = Product { name: "Lumo Bluetooth 5.0 in Ear Earbuds".into(), ..Product::default() };
    let known = Known::of(&Brief { products: vec![product], ..Brief::default() }, None, &[], &[]);
    assert_eq!(known.unbound("Lumo Bluetooth 5.0. Yours."), Vec::<String>::new());
    assert_eq!(known.unbound("Lumo Bluetooth 5.1. Yours.").len(), 1);
}

/// A sum is the price, or stands in the name as it is; a part of a longer one is neither.
#[test]
fn sums_of_names_are_known_whole() {
    let card = Product {
        product_id: "c".into(),
        name: "Verizon - $45.50 Prepaid Card, 512MB".into(),
        price_cents: Some(Cents(4_550)),
        ..Product::default()
    };
    let brief = Brief { products: vec![card], ..Brief::default() };
    let known = Known::of(&brief, None, &[], &[]);
    assert_eq!(known.unbound("The Verizon $45.50 prepaid card, 0.5 GB, for $45.50"), Vec::<String>::new());
    for wrong in ["$45 prepaid", "$5.50 prepaid", "$0.50", "1 GB"] {
        assert_eq!(known.unbound(wrong).len(), 1, "{wrong}");
    }
}

#[test]
fn distinct_pairs_by_hand() {
    // ab, bc | ab, bd: four pairs, three of them distinct.
    assert!((distinct_2(&texts(&["a b c", "a b d"])) - 0.75).abs() < 1e-12);
    // 屏幕, 幕大 | 屏幕, 幕小.
    assert!((distinct_2(&texts(&["屏幕大", "屏幕小"])) - 0.75).abs() < 1e-12);
    assert!((distinct_2(&texts(&["a a a a"])) - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!(distinct_2(&[]), 0.0);
}

#[test]
fn self_bleu_by_hand() {
    assert!((self_bleu(&texts(&["a b c d", "a b c d"]), 1) - 1.0).abs() < 1e-12);
    // Of `a b c d` against `a b c e`: 3/4 words, and smoothed (2+1)/(3+1), (1+1)/(2+1), (0+1)/(1+1).
    let expected = (0.75f64 * 0.75 * (2.0 / 3.0) * 0.5).powf(0.25);
    assert!((self_bleu(&texts(&["a b c d", "a b c e"]), 1) - expected).abs() < 1e-12);
    // Nothing in common: no word, and only what smoothing adds.
    assert!(self_bleu(&texts(&["a b c d", "e f g h"]), 1) < 0.01);
}

#[test]
fn figures_are_read_with_their_units() {
    let read = |text: &str| figures(text).into_iter().map(|(_, figure)| figure).collect::<Vec<_>>();
    let is = |number: &str, unit| (number.to_owned(), unit);
    assert_eq!(read("16GB内存，14英寸屏，¥5,999"), [is("16", "gb"), is("14", "inch"), is("5999", "")]);
    assert_eq!(read("a 6.50-inch screen, 1920 x 1080"), [is("6.5", "inch"), is("1920", ""), is("1080", "")]);
    assert_eq!(read("i7-13700H"), [is("7", ""), is("13700", "hour")]);
}

fn brief() -> Brief {
    let specs = [("memory", "16 GB"), ("weight", "1.25 kg"), ("panel", "IPS")];
    let product = Product {
        product_id: "p".into(),
        name: "Korvane Velo 2 Laptop, 16 GB / 512 GB".into(),
        price_cents: Some(Cents(599_900)),
        specs: specs.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        ..Product::default()
    };
    let offer = Offer { price_cents: Some(Cents(549_900)), ends_on: "2026-12-12".parse().ok(), ..Offer::default() };
    Brief { products: vec![product], lang: Lang::En, currency: "CNY".into(), offer: Some(offer), ..Brief::default() }
}

#[test]
fn the_second_reader_finds_planted_errors() {
    let older = Product { specs: [("weight".to_owned(), "1.4 kg".to_owned())].into(), ..Product::default() };
    let known = Known::of(&brief(), Some(&older), &[], &[(24, 20)]);
    for text in [
        "Korvane Velo 2: 16 GB of memory, 1.25 kg, now ¥5,499 instead of ¥5,999, ¥500 off until 12 December",
        "16GB内存，1.25kg，比上一代轻了150g，现在5499元，12月12日截止",
        "重量从1.4kg降到1.25kg",
        "the weight goes down from 1.4 kg to 1.25 kg",
        "20 of the 24 similarly priced laptops in our shop are heavier",
        "An IPS panel",
        "活动到2026年12月12日",
        "until 12 December 2026",
    ] {
        assert_eq!(known.unbound(text), [""; 0], "{text}");
    }
    for text in [
        "8 GB of memory",
        "16 MB",
        "1.3 kg",
        "now ¥5,399",
        "until 13 December",
        "until 12 December 2027",
        "2027年12月12日结束",
        "比上一代轻了250g",
        "重量从1.5kg降到1.25kg",
        "a weight of 1.4 kg",
        "21 of the 25 similarly priced laptops in our shop are heavier",
        "Velo 3",
        "An OLED panel",
        "支持NFC",
    ] {
        assert!(!known.unbound(text).is_empty(), "{text}");
    }
}
