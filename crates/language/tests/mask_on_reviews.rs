//! Masking on real reviews, some of which hold numbers that their writers forgot. Prints counts alone, never a text.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use regex::Regex;
use tercet_language::text::{QuantityKind, mask, quantities};

/// The reviews as one text of lines, or nothing if the data are not here.
fn reviews() -> Option<String> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("TERCET_DATA").map_or_else(beside, PathBuf::from);
    let zip = std::fs::read(data.join("text/reviews_online_shopping_10_cats/online_shopping_10_cats.zip")).ok()?;
    // The only file of the archive begins after its header: 30 bytes, its name, its extra field.
    let two = |at: usize| usize::from(u16::from_le_bytes([zip[at], zip[at + 1]]));
    let mut text = String::new();
    flate2::read::DeflateDecoder::new(&zip[30 + two(26) + two(28)..]).read_to_string(&mut text).ok()?;
    Some(text)
}

#[test]
fn no_mobile_number_is_left_and_few_reviews_are_touched() {
    let Some(text) = reviews() else {
        println!("skipped: no reviews at TERCET_DATA");
        return;
    };
    let mobile = Regex::new(r"1[3-9][0-9]{9}").unwrap();
    let (mut n_reviews, mut n_touched, mut n_before, mut n_after, mut n_prices) = (0, 0, 0, 0, 0);
    let mut by_kind: BTreeMap<&str, usize> = BTreeMap::new();
    for review in text.lines() {
        let masked = mask(review);
        let personal = |text: &str| mobile.find_iter(text).filter(|found| !all_one(found.as_str())).count();
        n_before += personal(review);
        n_after += personal(&masked.text);
        n_reviews += 1;
        n_touched += usize::from(!masked.hidden.is_empty());
        for hidden in &masked.hidden {
            *by_kind.entry(hidden.kind.name()).or_default() += 1;
            let part = &review[hidden.range.clone()];
            let priced =
                |one: &tercet_language::text::Quantity| one.kind == QuantityKind::Price && one.range == (0..part.len());
            n_prices += usize::from(quantities(part).iter().any(priced));
        }
    }
    println!(
        "{n_reviews} reviews, {n_touched} touched; mobile numbers before {n_before}, after {n_after}; {by_kind:?}"
    );
    assert!(n_before > 0, "the data hold some");
    assert_eq!(n_after, 0);
    assert_eq!(n_prices, 0, "a price is not personal");
    // Reviews rarely hold anything personal: many masks would be false ones.
    assert!(n_touched * 200 < n_reviews, "{n_touched} of {n_reviews}");
}

/// `11111111111`: somebody leaned on a key.
fn all_one(digits: &str) -> bool {
    digits.bytes().skip(2).all(|digit| digits.as_bytes()[2] == digit)
}
