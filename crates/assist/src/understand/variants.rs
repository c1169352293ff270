//! Variants of one product: the same maker, kind and name but for a colour, a size or a storage at the end of it. Worked out
//! once for a whole catalogue.

use std::sync::LazyLock;

use domain::Product;
use language::text::{QuantityKind, quantities};
use rayon::prelude::*;
use regex::Regex;
use rustc_hash::FxHashMap;

use super::colours;
use super::heard::fold;
use crate::knowledge::words::View;

/// Variants of one product that are looked at.
pub const VARIANTS_MAX: usize = 48;

/// Marks between the words of a title's end.
const MARKS: &[char] =
    &[' ', '\u{3000}', ',', '，', '、', '-', '–', '/', '+', '·', '|', '(', ')', '（', '）', '【', '】'];
/// Marks that open or join what was cut off.
const LEFT: &[char] = &[' ', '\u{3000}', ',', '，', '、', '-', '–', '/', '+', '·', '|', '(', '（', '【'];
/// Words that go before a colour.
const SHADES: &[&str] =
    &["space", "deep", "light", "dark", "sky", "rose", "navy", "midnight", "forest", "matte", "bright", "phantom"];

/// Which products are variants of one another.
#[derive(Clone, Debug, Default)]
pub struct Families {
    /// Of each product: its family.
    of: Vec<u32>,
    /// Products of each family that has several, in the catalogue's order.
    members: FxHashMap<u32, Box<[u32]>>,
}

impl Families {
    /// In time linear in the number of products.
    pub fn of(products: &[&Product]) -> Self {
        let mut numbers: FxHashMap<(Option<&str>, Option<&str>, String), u32> = FxHashMap::default();
        let mut all: Vec<Vec<u32>> = Vec::new();
        let mut of = Vec::with_capacity(products.len());
        let names: Vec<String> =
            products.par_iter().map(|product| fold(stem(product)).into_text().into_owned()).collect();
        for (at, (product, name)) in products.iter().zip(names).enumerate() {
            let key = (product.brand.as_deref(), product.category.as_deref(), name);
            let number = *numbers.entry(key).or_insert_with(|| {
                all.push(Vec::new());
                all.len() as u32 - 1
            });
            all[number as usize].push(at as u32);
            of.push(number);
        }
        let several = all.into_iter().enumerate().filter(|(_, members)| members.len() > 1);
        Families { of, members: several.map(|(number, members)| (number as u32, members.into())).collect() }
    }

    /// A number that variants share.
    pub fn number(&self, product: u32) -> u32 {
        self.of[product as usize]
    }

    /// All variants of a product, itself among them; nothing if it is the only one.
    pub fn variants(&self, product: u32) -> &[u32] {
        self.of.get(product as usize).and_then(|number| self.members.get(number)).map_or(&[], |members| members)
    }
}

/// A product's name without the colour, size and storage at its end; the whole name if nothing else were left of it.
pub fn stem(product: &Product) -> &str {
    stem_of(&product.name, product)
}

/// The same of the product's name in another language.
pub fn stem_of<'n>(name: &'n str, product: &Product) -> &'n str {
    let colour = ["colour", "color", "颜色"].iter().find_map(|key| product.specs.get(*key));
    let brand = product.brand.as_deref().unwrap_or_default();
    let mut end = name.len();
    while let Some(cut) = without_last(name, end, colour.map(String::as_str)) {
        end = cut;
    }
    let stem = name[..end].trim_end_matches(LEFT);
    let rest = stem.strip_prefix(brand).unwrap_or(stem);
    let says_something = rest.chars().filter(|character| character.is_alphanumeric()).count() > 1;
    if says_something { stem } else { name }
}

/// Where a name ends without its last word, if that tells variants apart.
fn without_last(name: &str, end: usize, colour: Option<&str>) -> Option<usize> {
    let text = name[..end].trim_end_matches(MARKS);
    if let Some(colour) = colour.map(str::trim).filter(|colour| !colour.is_empty())
        && let Some(at) = text.len().checked_sub(colour.len()).filter(|at| text.is_char_boundary(*at))
        && text[at..].eq_ignore_ascii_case(colour)
        && !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric())
    {
        return Some(at);
    }
    let measured = quantities(text).into_iter().find(|one| one.range.end == text.len());
    if let Some(quantity) = measured {
        use QuantityKind::{Length, Memory, Screen, Storage};
        let tells = matches!(quantity.kind, Memory | Storage | Screen | Length);
        return (tells && quantity.range.start > 0).then_some(quantity.range.start);
    }
    let at = text.rfind(MARKS).map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    let word = &text[at..];
    let folded = word.to_lowercase();
    let is_shade = end < name.len() && SHADES.contains(&folded.as_str());
    let is_colour = match word.is_ascii() {
        true => colours::of(word).is_some() && word.bytes().all(|byte| byte.is_ascii_alphabetic()),
        false => word.ends_with('色') && word.chars().count() <= 5 && colours::of(word).is_some(),
    };
    (at > 0 && (is_shade || is_colour)).then_some(at)
}

/// What tells a variant from the others of its name: `Black`, `12GB+512GB`.
pub fn label(product: &Product) -> &str {
    let stem = stem(product);
    let label = product.name[stem.len()..].trim_matches(MARKS);
    let colour = || ["colour", "color", "颜色"].iter().find_map(|key| product.specs.get(*key));
    if label.is_empty() { colour().map_or("", |colour| colour.trim()) } else { label }
}

/// The colours of a product's variants, each once, as the catalogue writes them.
pub fn colour(product: &Product) -> Option<&str> {
    let own = ["colour", "color", "颜色"].iter().find_map(|key| product.specs.get(*key));
    let own = own.map(|colour| colour.trim()).filter(|colour| !colour.is_empty());
    own.or_else(|| Some(label(product)).filter(|label| colours::of(label).is_some()))
}

/// Numbers of a text that may be sizes, as they are written: of `12+512` both.
pub fn numbers(text: &str) -> Vec<String> {
    let runs =
        text.split(|character: char| !character.is_ascii_digit()).filter(|run| !run.is_empty() && run.len() <= 4);
    runs.map(str::to_owned).collect()
}

/// Sizes that a text sets beside each other, `12+512` or `16 GB / 256 GB`: the two of each pair, as they are written.
pub fn pairs(text: &str) -> Vec<[String; 2]> {
    static PAIR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)(\d{1,4})\s*(?:gb?|tb?)?\s*[+/]\s*(\d{1,4})").expect("a sound pattern"));
    PAIR.captures_iter(text).map(|pair| [pair[1].to_owned(), pair[2].to_owned()]).collect()
}

/// Whether the name of a product has a number with a unit behind it: `512` in `12GB+512GB`.
pub fn has_size(product: &Product, number: &str) -> bool {
    View::of([product.name.as_str()]).has_amount(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(name: &str, brand: &str, colour: Option<&str>) -> Product {
        Product {
            name: name.into(),
            brand: Some(brand.into()),
            specs: colour.map(|colour| ("colour".to_owned(), colour.to_owned())).into_iter().collect(),
            ..Product::default()
        }
    }

    #[test]
    fn what_tells_variants_apart_stands_at_the_end_of_the_name() {
        for (name, stem_is, label_is) in [
            ("Acme Disc Player T120 Black", "Acme Disc Player T120", "Black"),
            ("Acme Orla 7 手机 12GB+512GB", "Acme Orla 7 手机", "12GB+512GB"),
            ("Acme Orla 7 (Space Grey)", "Acme Orla 7", "Space Grey"),
            ("Acme Orla 7 手机壳 硅胶 蓝色", "Acme Orla 7 手机壳 硅胶", "蓝色"),
            ("Acme Watch 41mm", "Acme Watch", "41mm"),
            ("Acme Orla 7 (2021)", "Acme Orla 7 (2021)", ""),
            ("Acme Black", "Acme Black", ""),
            ("Acme Monitor 27 144 Hz", "Acme Monitor 27 144 Hz", ""),
        ] {
            let product = product(name, "Acme", None);
            assert_eq!((stem(&product), label(&product)), (stem_is, label_is), "{name}");
        }
        let moss = product("Acme Orla 7 Moss", "Acme", Some("Moss"));
        assert_eq!((stem(&moss), colour(&moss)), ("Acme Orla 7", Some("Moss")));
    }

    #[test]
    fn families_have_one_maker_and_one_name() {
        let all = [
            product("Acme T120 Black", "Acme", None),
            product("Acme T120 White", "Acme", None),
            product("Acme T121 White", "Acme", None),
            product("Acme T120 Red", "Other", None),
        ];
        let families = Families::of(&all.iter().collect::<Vec<_>>());
        assert_eq!(families.variants(0), [0, 1]);
        assert_eq!(families.variants(1), [0, 1]);
        assert!(families.variants(2).is_empty() && families.variants(3).is_empty() && families.variants(9).is_empty());
    }
}
