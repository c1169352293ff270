//! Products as they may be called in advertising: their names without the words that no advertisement may say. A name as a shop
//! lists it (`… Indestructible Cable`, `India's No 1 Smartwatch Brand …`) would otherwise keep every copy of the product from passing.
//! Not here: short names and what a name tells (`plan::names`).

use std::sync::LazyLock;

use domain::Product;
use regex::Regex;

use super::finding::Risk;
use super::law::{Category, Law};
use crate::brief::Brief;
use crate::plan::names;

/// A name without such words, cleaned, and the words. The clean name and nothing if no word has to go, or if nothing by which the
/// product could be called would be left: then no copy passes, and the law check says why.
pub fn lawful(name: &str) -> (String, Vec<String>) {
    static LAW: LazyLock<Law> = LazyLock::new(Law::default);
    let clean = names::clean(name);
    let mut spans: Vec<std::ops::Range<usize>> = LAW
        .check(&clean)
        .into_iter()
        // A maker that is no own one is what an accessory fits.
        .filter(|one| one.risk >= Risk::Review && one.category != Category::Disparaging.name())
        .filter_map(|one| one.span.map(|span| with_its_noun(&clean, span.bytes)))
        .collect();
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let (mut made, mut removed, mut at) = (String::new(), Vec::new(), 0);
    for span in spans {
        if span.start < at {
            continue;
        }
        made.push_str(&clean[at..span.start]);
        removed.push(clean[span.clone()].trim().to_owned());
        at = span.end;
    }
    made.push_str(&clean[at..]);
    let left = names::clean(&made);
    if removed.is_empty() || !is_name(&left) { (clean, Vec::new()) } else { (left, removed) }
}

/// Calls the products of a brief by names that may be said; gives the words of the first one's name that were left out.
pub fn call_lawfully(brief: &mut Brief) -> Vec<String> {
    let mut of_hero = Vec::new();
    let owned = brief.audience.owned.iter_mut();
    for (at, product) in brief.products.iter_mut().chain(owned).enumerate() {
        let (name, removed) = lawful(&product.name);
        if !removed.is_empty() {
            product.name = name;
        }
        if at == 0 {
            of_hero = removed;
        }
    }
    of_hero
}

/// The same of one product; nothing if it may be called as it is.
pub fn called_lawfully(product: &Product) -> Option<Product> {
    let (name, removed) = lawful(&product.name);
    (!removed.is_empty()).then(|| Product { name, ..product.clone() })
}

/// `India's No 1 Smartwatch Brand` is one claim, not the word in the middle of it.
fn with_its_noun(name: &str, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
    static BEHIND: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^(?:\s+\w+){0,2}\s+(?i:brand|seller|company)\b").expect("a constant"));
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i:\w+['’]s\s+|\bthe\s+)$").expect("a constant"));
    let start = BEFORE.find(&name[..span.start]).map_or(span.start, |found| found.start());
    let end = BEHIND.find(&name[span.end..]).map_or(span.end, |found| span.end + found.end());
    start..end
}

/// Whether something is left that tells one product from another: two words, or one with a digit, or four characters of Chinese.
fn is_name(left: &str) -> bool {
    let words = left.split(|one: char| !one.is_alphanumeric()).filter(|word| !word.is_empty());
    words.clone().count() >= 2
        || left.bytes().any(|byte| byte.is_ascii_digit())
        || (!left.is_ascii() && left.chars().filter(|one| one.is_alphanumeric()).count() >= 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_may_not_be_said_leave_the_name() {
        for (name, left, removed) in [
            (
                "boAt AUX 500 Indestructible 3.5mm Male to Male Aux Cable",
                "boAt AUX 500 3.5mm Male to Male Aux Cable",
                &["Indestructible"][..],
            ),
            (
                "Fire-Boltt India's No 1 Smartwatch Brand Talk 2 Bluetooth Calling Smartwatch",
                "Fire-Boltt Talk 2 Bluetooth Calling Smartwatch",
                &["India's No 1 Smartwatch Brand"],
            ),
            ("史上最强手机 X5", "手机 X5", &["史上最强"]),
            ("澜图 Orbit 3 手机", "澜图 Orbit 3 手机", &[]),
            ("Case for iPhone 15, better than Samsung", "Case for iPhone 15, better than Samsung", &[]),
            // Nothing would be left.
            ("史上最强手机", "史上最强手机", &[]),
        ] {
            let found = lawful(name);
            assert_eq!(found.0, left, "{name}: {found:?}");
            assert_eq!(found.1, removed, "{name}");
        }
    }

    #[test]
    fn the_products_of_a_brief_are_called_so() {
        let product = |name: &str| Product { product_id: "x".into(), name: name.into(), ..Product::default() };
        let mut brief =
            Brief { products: vec![product("Unbreakable Glass X2"), product("Volta 3")], ..Brief::default() };
        assert_eq!(call_lawfully(&mut brief), ["Unbreakable"]);
        assert_eq!(brief.products.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Glass X2", "Volta 3"]);
        assert!(call_lawfully(&mut brief).is_empty());
        assert!(called_lawfully(&product("Volta 3")).is_none());
    }
}
