//! What a text may say: the fields of its product, of products it is compared with, and what the caller states beside them
//! (an offer, a rating), in the forms in which claims are looked up. Nothing here reads the text that is checked.

use std::collections::BTreeSet;
use std::hash::Hasher;
use std::ops::Range;

use domain::Product;
use language::text::{MAKERS, Normaliser, Quantity, QuantityKind};
use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};

use super::figures;

/// How another product stands to the one that the text is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    Predecessor,
    Compared,
    /// Sold together, or fits.
    Together,
}

/// Another product that the text may speak of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Other {
    pub relation: Relation,
    pub product: Product,
}

/// Something true that is no field of a product: `rating` is `4.8 of 1,204 reviews`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    pub field: String,
    pub value: String,
}

/// Everything that a text may rest on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Grounds {
    pub product: Product,
    pub others: Vec<Other>,
    pub stated: Vec<Stated>,
    /// Sentences that are true as they stand; a text may say them word for word.
    pub said: Vec<Stated>,
    /// ISO 4217, of all prices.
    pub currency: String,
}

/// The sign before a sum of this currency, as [`quantities`](language::text::quantities) reads it.
pub fn sign_of(currency: &str) -> &'static str {
    match currency {
        "USD" | "AUD" | "CAD" | "SGD" | "NZD" | "HKD" | "TWD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "INR" => "₹",
        _ => "¥",
    }
}

/// Whose field it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Product,
    Stated,
    Other(usize),
}

/// One field with what it says.
#[derive(Debug)]
pub(super) struct Field {
    pub owner: Owner,
    pub product_id: Option<String>,
    pub name: String,
    /// The name in lower case.
    pub name_folded: String,
    pub value: String,
    /// Name and value in lower case and one script.
    pub folded: String,
    pub quantities: Vec<Quantity>,
    /// Numbers as they are written, with unit or without.
    pub numbers: Vec<f64>,
    /// Words of letters and digits, and up to four in a row as one, by their hashes in upper case, in order.
    words: Vec<u64>,
    /// Whether the value says no.
    pub is_denied: bool,
}

/// The fields in the order in which a claim is bound to them: a specification before what a description says.
#[derive(Debug)]
pub(super) struct Fields {
    pub all: Vec<Field>,
    pub relations: Vec<Relation>,
    /// Names of the makers that any field names.
    pub makers: BTreeSet<usize>,
}

const LOOKED_UP: Normaliser = Normaliser { simplify: true, fold_case: true, max_repeats: 0, keep_lines: false };

/// Lower case, one width, simplified.
pub(super) fn folded(text: &str) -> String {
    LOOKED_UP.apply(text).into_text().into_owned()
}

/// Values that say that a product does not have something.
const NO: &[&str] =
    &["no", "none", "false", "n/a", "无", "否", "没有", "不支持", "不含", "0", "without", "not supported", "-"];

impl Field {
    /// Whether a word of letters and digits in upper case stands in it, in one piece or in up to four.
    pub fn has_word(&self, word: &str) -> bool {
        self.words.binary_search(&hashed(word.as_bytes(), FxHasher::default()).finish()).is_ok()
    }
}

/// A hash of bytes that can be gone on with.
fn hashed(bytes: &[u8], mut hasher: FxHasher) -> FxHasher {
    bytes.iter().for_each(|byte| hasher.write_u8(*byte));
    hasher
}

impl Fields {
    pub fn new(grounds: &Grounds) -> Self {
        let mut all = Vec::new();
        of_product(&grounds.product, Owner::Product, &grounds.currency, &mut all);
        for stated in &grounds.stated {
            all.push(field(Owner::Stated, None, &stated.field, &stated.value));
        }
        for (at, other) in grounds.others.iter().enumerate() {
            of_product(&other.product, Owner::Other(at), &grounds.currency, &mut all);
        }
        let described = |owner, product: &Product| {
            product.description.as_ref().map(|text| field(owner, Some(&product.product_id), "description", text))
        };
        all.extend(described(Owner::Product, &grounds.product));
        all.extend(
            grounds.others.iter().enumerate().filter_map(|(at, other)| described(Owner::Other(at), &other.product)),
        );
        let mut makers: BTreeSet<usize> = all.iter().flat_map(|field| super::names::makers_in(&field.folded)).collect();
        makers.extend((0..MAKERS.len()).filter(|at| is_short(&all, MAKERS[*at].short)));
        Fields { makers, relations: grounds.others.iter().map(|other| other.relation).collect(), all }
    }

    /// The fields of the product with a quantity of this kind, for the message about one that is not there.
    pub fn of_kind(&self, kind: QuantityKind) -> impl Iterator<Item = &Field> {
        self.all.iter().filter(move |field| {
            field.owner != Owner::Stated && field.quantities.iter().any(|quantity| quantity.kind == kind)
        })
    }
}

/// Short names of makers count where a maker is expected: as the brand.
fn is_short(all: &[Field], short: &[&str]) -> bool {
    all.iter().any(|field| field.name == "brand" && short.contains(&field.value.to_lowercase().as_str()))
}

fn of_product(product: &Product, owner: Owner, currency: &str, all: &mut Vec<Field>) {
    let mut add = |name: &str, value: &str| all.push(field(owner, Some(&product.product_id), name, value));
    for (name, value) in &product.specs {
        add(name, value);
    }
    add("name", &product.name);
    if let Some(brand) = &product.brand {
        add("brand", brand);
    }
    if let Some(category) = &product.category {
        add("category", category);
    }
    if let Some(price) = product.price_cents {
        add("price", &format!("{}{price}", sign_of(currency)));
    }
    if let Some(day) = product.launched_on {
        add("launched_on", &day.to_string());
    }
}

fn field(owner: Owner, product_id: Option<&String>, name: &str, value: &str) -> Field {
    let said = format!("{} {value}", name.replace('_', " "));
    let from = said.len() - value.len();
    // Fields write inches as `14 in`, which in a sentence is no unit.
    let inches = value.trim_end().strip_suffix(" in").filter(|number| number.trim().parse::<f64>().is_ok());
    let mut quantities = match inches {
        Some(number) => figures::read(&format!("{}{number} inch", &said[..from])),
        None => figures::read(&said),
    };
    quantities.retain(|quantity| quantity.range.start >= from);
    let folded = folded(&said);
    let no = folded.strip_prefix(name.to_lowercase().as_str()).unwrap_or(&folded).trim();
    Field {
        owner,
        product_id: product_id.cloned(),
        name_folded: name.to_lowercase(),
        name: name.to_owned(),
        value: value.to_owned(),
        quantities,
        numbers: numbers(value),
        words: words(&folded),
        is_denied: NO.contains(&no) || NO.contains(&value.trim().to_lowercase().as_str()),
        folded,
    }
}

/// The numbers of a text in digits.
pub(super) fn numbers(text: &str) -> Vec<f64> {
    in_digits(text).into_iter().flat_map(|range| text[range].replace(',', "").parse::<f64>()).collect()
}

/// Where numbers in digits stand, with the marks within them, in bytes and in order.
pub(super) fn in_digits(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let from = at;
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        while digit(at) || (matches!(bytes.get(at), Some(b',' | b'.')) && digit(at + 1)) {
            at += 1;
        }
        found.push(from..at);
    }
    found
}

/// Hashes of the words of letters and digits in upper case, and of runs of up to four of them as one word, in order.
fn words(folded: &str) -> Vec<u64> {
    const N_JOINED: usize = 4;
    let split: Vec<String> = folded
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_uppercase)
        .collect();
    let mut all = Vec::with_capacity(split.len() * N_JOINED);
    for from in 0..split.len() {
        let mut joined = FxHasher::default();
        for word in split[from..].iter().take(N_JOINED) {
            joined = hashed(word.as_bytes(), joined);
            all.push(joined.finish());
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_with_their_names() {
        let specs = [("memory", "16 GB"), ("storage", "512 GB"), ("nfc", "no"), ("cpu", "Intel Core i7-13700H")];
        let product = Product {
            product_id: "P1".into(),
            name: "星曜 X7".into(),
            specs: specs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            ..Product::default()
        };
        let fields = Fields::new(&Grounds { product, ..Grounds::default() });
        let kinds = |name: &str| {
            let field = fields.all.iter().find(|field| field.name == name).unwrap();
            field.quantities.iter().map(|quantity| (quantity.kind, quantity.value)).collect::<Vec<_>>()
        };
        assert_eq!(kinds("memory"), [(QuantityKind::Memory, 16.0)]);
        assert_eq!(kinds("storage"), [(QuantityKind::Storage, 512.0)]);
        let field = |name: &str| fields.all.iter().find(|field| field.name == name).unwrap();
        assert!(field("nfc").is_denied && !field("cpu").is_denied);
        assert!(field("cpu").has_word("I713700H") && field("cpu").has_word("13700H"));
        assert!(fields.makers.iter().any(|maker| MAKERS[*maker].names.contains(&"intel")));
    }

    #[test]
    fn numbers_in_digits() {
        assert_eq!(numbers("1,204 条评价，4.8 分。5."), [1204.0, 4.8, 5.0]);
        assert_eq!(numbers("x"), [0.0; 0]);
    }
}
