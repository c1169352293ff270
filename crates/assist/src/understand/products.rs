//! Names of a shop's products, brands and categories, found in what customers write. A name is a run of words of a product's
//! title that means this product and few others: the whole title, what stands between the maker and the kind of thing
//! (`Velo 5 Pro`), its beginning, a model number in it (`WH-1000XM5`). Where a name fits several products, other words of the
//! message (a colour, a size, the maker) narrow it down. Spaces, hyphens, case, width and script do not count.
//!
//! An index of hashed runs of words: looking up is linear in the message's length, whatever the number of products.

use std::hash::Hasher;
use std::ops::Range;
use std::sync::LazyLock;

use domain::Product;
use language::text::{MAKERS, Quantity, quantities};
use rayon::prelude::*;
use regex::Regex;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::heard::{Words, fold, is_han, joins, pattern};
use super::variants::{Families, VARIANTS_MAX};
use super::{colours, kinds, lists};
use crate::knowledge::words::edits;

/// Products that one name may mean, of those that are told.
pub const CANDIDATES_MAX: usize = 12;
/// Words of a title that are looked at.
const TITLE_WORDS: usize = 14;
/// Words of a name.
const NAME_WORDS: usize = 8;
/// Atoms of a name: characters of Han, runs of letters, runs of digits.
const NAME_ATOMS: usize = 24;
/// Products that may share a title's beginning, or a model number, for it still to be a name.
const SHARED_START: usize = 256;
const SHARED_PART: usize = 24;
/// Atoms of a message that narrow a name down.
const MESSAGE_ATOMS: usize = 256;

/// Every name by which products, brands and categories of the shop may be called.
#[derive(Clone, Debug, Default)]
pub struct ProductNames {
    ids: Vec<String>,
    /// Numbers of products by id.
    by_id: FxHashMap<Box<str>, u32>,
    families: Families,
    /// Path of each product's category.
    paths: Vec<Box<str>>,
    /// Of each product: hashes of all words of its titles, sorted.
    words: Vec<Box<[u64]>>,
    names: FxHashMap<u64, Name>,
    /// Words in letters before the numbers of models, sorted: what a misspelt one may have meant.
    series: Vec<Box<str>>,
    /// Products of each name, one name after the other.
    products: Vec<u32>,
    pub(super) brands: Words<String>,
    pub(super) categories: Words<String>,
}

/// Where the products of a name stand, those that it names in full first.
#[derive(Clone, Copy, Debug)]
struct Name {
    start: u32,
    n: u32,
    n_full: u32,
}

/// A name found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundProduct {
    /// Bytes of the folded text.
    pub range: Range<usize>,
    /// Ids, best first.
    pub candidates: Vec<String>,
}

/// How a run of words names a product, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    Full,
    Start,
    Part,
}

impl ProductNames {
    /// From the shop's products. Titles in a second language are read from `extra` (`name_zh`, `name_en`, `category_zh`,
    /// `category_en`), where they are.
    pub fn of<'a>(products: impl IntoIterator<Item = &'a Product>) -> Self {
        let products: Vec<&Product> = products.into_iter().collect();
        let read: Vec<Read> = products.par_iter().map(|product| Read::of(product)).collect();
        let mut names = ProductNames {
            ids: products.iter().map(|product| product.product_id.clone()).collect(),
            ..ProductNames::default()
        };
        names.by_id = (0u32..).zip(&names.ids).map(|(at, id)| (id.as_str().into(), at)).collect();
        names.families = Families::of(&products);
        names.paths = products.iter().map(|product| product.category.as_deref().unwrap_or_default().into()).collect();
        names.add_brands(&products, &read);
        names.add_categories(&products, &read);
        names.index(&read);
        names.series = read.iter().flat_map(|read| read.series.iter().cloned()).collect();
        names.series.sort_unstable();
        names.series.dedup();
        names.words = read.into_iter().map(|read| read.words.into_boxed_slice()).collect();
        names
    }

    /// Products known.
    pub fn n_products(&self) -> usize {
        self.ids.len()
    }

    /// Ids of a product's variants, itself among them, in the catalogue's order; none if it is the only one of its name.
    pub fn variants(&self, product_id: &str) -> impl Iterator<Item = &str> {
        let variants = self.by_id.get(product_id).map_or(&[][..], |&product| self.families.variants(product));
        variants.iter().take(VARIANTS_MAX).map(|&product| self.ids[product as usize].as_str())
    }

    fn add_brands(&mut self, products: &[&Product], read: &[Read]) {
        let mut brands: Vec<(&str, &str)> = Vec::new();
        for (product, read) in products.iter().zip(read) {
            let Some(brand) = product.brand.as_deref() else { continue };
            brands.extend(read.brands.iter().map(|name| (name.as_str(), brand)));
        }
        brands.sort_unstable();
        brands.dedup();
        for (name, brand) in &brands {
            self.brands.add(name, (*brand).to_owned());
        }
        for maker in MAKERS {
            let own = maker.all().find_map(|name| self.brands.get(name).cloned());
            if let Some(own) = own {
                maker.names.iter().for_each(|name| self.brands.add(name, own.clone()));
            }
        }
    }

    fn add_categories(&mut self, products: &[&Product], read: &[Read]) {
        let mut categories: Vec<(&str, &str)> = Vec::new();
        for (product, read) in products.iter().zip(read) {
            let Some(category) = product.category.as_deref() else { continue };
            categories.extend(read.categories.iter().map(|name| (name.as_str(), category)));
        }
        categories.sort_unstable();
        categories.dedup();
        for (name, category) in &categories {
            self.categories.add(name, (*category).to_owned());
        }
        // Catalogues name a category by many things, customers want one: `Mounts`, a mount.
        for (name, category) in &categories {
            self.categories.add(name.strip_suffix('s').unwrap_or(name), (*category).to_owned());
        }
        // What customers call it: by the shop's category with the most letters in common, the shortest path of equals.
        for list in lists::KINDS {
            let own =
                categories.iter().filter(|(name, _)| list.iter().any(|word| *name == *word || singular(name, word)));
            let fallback = categories.iter().filter(|(name, _)| list.iter().any(|word| within(name, word)));
            if let Some((_, category)) = own.chain(fallback).next() {
                let short =
                    lists::SHORT_KINDS.iter().filter(|(name, _)| list.contains(name)).flat_map(|(_, short)| *short);
                list.iter().chain(short).for_each(|name| self.categories.add(name, (*category).to_owned()));
            }
        }
    }

    fn index(&mut self, read: &[Read]) {
        let taken: FxHashSet<u64> =
            read.iter().filter(|read| !read.is_accessory).flat_map(|read| read.keys.iter().map(|key| key.0)).collect();
        let mut keys: Vec<(u64, How, u8, u32)> = Vec::new();
        for (product, read) in read.iter().enumerate() {
            // A case named after a phone is not meant by the phone's name.
            let own = read.keys.iter().filter(|key| !read.is_accessory || !taken.contains(&key.0) || key.2);
            keys.extend(own.map(|key| (key.0, key.1, read.n_words, product as u32)));
        }
        keys.par_sort_unstable();
        // One entry a product, by its surest way.
        for same in keys.chunk_by(|x, y| x.0 == y.0) {
            let start = self.products.len();
            let mut seen: Vec<u32> = Vec::new();
            let mut n_full = 0;
            let is_known = |how: How| same.iter().any(|key| key.1 == how);
            let is_name = match () {
                () if is_known(How::Full) => true,
                () if is_known(How::Start) => same.len() <= SHARED_START,
                () => self.is_shared_by_few(same.iter().map(|key| key.3)),
            };
            let n_max = SHARED_START;
            for key in same.iter().filter(|_| is_name).take(4 * n_max) {
                if seen.len() < n_max && !seen.contains(&key.3) {
                    seen.push(key.3);
                    n_full += u32::from(key.1 == How::Full);
                }
            }
            if !seen.is_empty() {
                self.names.insert(same[0].0, Name { start: start as u32, n: seen.len() as u32, n_full });
                self.products.extend(seen);
            }
        }
    }

    /// Whether few enough products have a model number, variants of one counted once.
    fn is_shared_by_few(&self, products: impl Iterator<Item = u32>) -> bool {
        let mut families: Vec<u32> = Vec::new();
        for (n, product) in products.enumerate() {
            let family = self.families.number(product);
            if n >= SHARED_START || families.len() > SHARED_PART {
                return false;
            }
            if !families.contains(&family) {
                families.push(family);
            }
        }
        families.len() <= SHARED_PART
    }

    /// Names in a folded text, left to right, the longest at each place.
    pub fn find(&self, folded: &str) -> Vec<FoundProduct> {
        let mut found = self.by_name(folded);
        for (range, id) in self.by_number(folded) {
            let is_free = |one: &FoundProduct| one.range.end <= range.start || range.end <= one.range.start;
            if found.iter().all(is_free) {
                found.push(FoundProduct { range, candidates: vec![id.to_owned()] });
            }
        }
        found.sort_by_key(|one| one.range.start);
        found
    }

    /// Ids that are numbers alone mean their product only after a word that says so: others count, cost or date something.
    fn by_number(&self, folded: &str) -> Vec<(Range<usize>, &str)> {
        static MARKED: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?:商品编号|产品编号|货号|编号|商品|产品|\b(?:product|item|article|sku)(?: (?:number|no\.?|id))?|\bid|#)\s*(?:is|是|为|:|：|#|=)?\s*(?P<id>\d{1,18})",
            )
        });
        let found = MARKED.captures_iter(folded).filter_map(|captures| {
            let range = captures.name("id")?.range();
            let known = self.by_id.get_key_value(&folded[range.clone()])?;
            let ends = !joins(folded, range.end) && counts_nothing(&folded[range.end..]);
            ends.then(|| (range, self.ids[*known.1 as usize].as_str()))
        });
        found.take(8).collect()
    }

    fn by_name(&self, folded: &str) -> Vec<FoundProduct> {
        if self.names.is_empty() {
            return Vec::new();
        }
        let atoms = atoms(folded);
        let mut found: Vec<(Range<usize>, Range<usize>, Name)> = Vec::new();
        let mut at = 0;
        while at < atoms.len() {
            let named = self.longest(folded, &atoms, at, atoms[at].hash).or_else(|| self.misspelt(folded, &atoms, at));
            match named
                .filter(|(end, name)| !self.is_general(&folded[atoms[at].range.start..atoms[end - 1].range.end], name))
            {
                Some((end, name)) => {
                    found.push((at..end, atoms[at].range.start..atoms[end - 1].range.end, name));
                    at = end;
                }
                None => at += 1,
            }
        }
        if found.is_empty() {
            return Vec::new();
        }
        let is_named = |at: usize| found.iter().any(|(atoms, ..)| atoms.contains(&at));
        // What is asked for tells no product from others: a power bank (`充电宝`) is not meant by `充电功率`.
        let asked: Vec<Range<usize>> = lists::ATTRIBUTE_WORDS
            .find(folded)
            .into_iter()
            .map(|(range, _)| range)
            .filter(|range| !lists::COMMON.contains(&&folded[range.clone()]))
            .collect();
        let is_asked = |at: usize| asked.iter().any(|range| range.contains(&atoms[at].range.start));
        let beside: Vec<u64> = (0..atoms.len().min(MESSAGE_ATOMS))
            .filter(|&at| !is_named(at) && !is_asked(at) && !PARTICLES.contains(&folded[atoms[at].range.clone()]))
            .map(|at| atoms[at].hash)
            .collect();
        let is_kind =
            |range: &Range<usize>| found.iter().all(|(_, own, _)| own.end <= range.start || range.end <= own.start);
        let kinds = self.categories.find(folded).into_iter();
        let (outside, inside): (Vec<_>, Vec<_>) = kinds.partition(|(range, _)| is_kind(range));
        let words = |kinds: Vec<(Range<usize>, &'_ String)>| -> Vec<(&str, String)> {
            kinds.into_iter().map(|(range, path)| (&folded[range], path.clone())).collect()
        };
        let (said, of_others) = (words(outside), words(inside));
        let colours: Vec<Vec<u64>> = colours::named_in(folded).into_iter().map(colour_hashes).collect();
        let around = Around { beside, measures: measures(folded).collect(), said, of_others, colours };
        let products = |name: &Name| &self.products[name.start as usize..(name.start + name.n) as usize];
        let mut joined: Vec<(Range<usize>, Vec<u32>)> = Vec::new();
        for (own, range, name) in &found {
            let full = &products(name)[..name.n_full as usize];
            let all = if full.is_empty() { products(name) } else { full };
            // A model number says which of the products with a name is meant, and a name which of those with a number.
            if let Some((before, known)) = joined.last_mut().filter(|last| belongs(&folded[last.0.end..range.start])) {
                let words: Vec<u64> = atoms[own.clone()].iter().map(|atom| atom.hash).collect();
                let before_words: Vec<u64> =
                    atoms.iter().filter(|atom| before.contains(&atom.range.start)).map(|atom| atom.hash).collect();
                let mut both = self.with_words(known, &words);
                if both.is_empty() {
                    both = self.with_words(products(name), &before_words);
                }
                if !both.is_empty() {
                    *known = both;
                    before.end = range.end;
                    continue;
                }
            }
            let named = self.of_kind_said(all, &atoms[own.clone()], &around);
            joined.push((range.clone(), named.unwrap_or_else(|| all.to_vec())));
        }
        joined
            .into_iter()
            .map(|(range, products)| FoundProduct { candidates: self.candidates(products, &around), range })
            .collect()
    }

    /// Whether a name is a maker's, or what things are asked for by, and no product has it in full: `Contoso`, which cases for its
    /// phones begin with, and `waterproof`.
    fn is_general(&self, text: &str, name: &Name) -> bool {
        name.n_full == 0 && (self.brands.get(text).is_some() || lists::ATTRIBUTE_WORDS.get(text).is_some())
    }

    /// Those of products whose titles have all of some words.
    fn with_words(&self, products: &[u32], words: &[u64]) -> Vec<u32> {
        let has = |product: &&u32| words.iter().all(|word| self.words[**product as usize].binary_search(word).is_ok());
        products.iter().filter(has).copied().collect()
    }

    /// `Fenn 3 平板` where the only tablet of that name is the `Fenn 3 Pro`: of a kind of device that none of the products with the
    /// very name is, those that have all its words.
    fn of_kind_said(&self, named: &[u32], own: &[Atom], around: &Around) -> Option<Vec<u32>> {
        const DEVICES: &[&str] = &[
            "笔记本",
            "手机",
            "耳机",
            "真无线耳机",
            "平板",
            "手表",
            "电视",
            "相机",
            "显示器",
            "台式机",
            "键盘",
            "鼠标",
            "音箱",
            "路由器",
            "打印机",
            "无人机",
            "电子书",
            "掌机",
        ];
        let is_device = |word: &str| lists::same_kind(word).iter().any(|same| DEVICES.contains(same));
        let (word, path) = around.said.iter().find(|(word, _)| is_device(word))?;
        let is_of = |product: u32| kinds::is_of(&self.paths[product as usize], path, word);
        let has_number = own.iter().any(|atom| atom.is_digits);
        if !has_number || named.iter().any(|&product| is_of(product)) {
            return None;
        }
        let words: Vec<u64> = own.iter().map(|atom| atom.hash).collect();
        let all: Vec<u32> = (0..self.ids.len() as u32).filter(|&product| is_of(product)).collect();
        Some(self.with_words(&all, &words)).filter(|found| !found.is_empty())
    }

    /// A name whose first word, before a number, has one letter wrong: `Oppalo 5`.
    fn misspelt(&self, text: &str, atoms: &[Atom], at: usize) -> Option<(usize, Name)> {
        const LETTERS_MIN: usize = 5;
        let (word, next) = (&text[atoms[at].range.clone()], atoms.get(at + 1)?);
        let is_series = |word: &str| self.series.binary_search_by(|known| (**known).cmp(word)).is_ok();
        if word.len() < LETTERS_MIN || !word.is_ascii() || !next.is_digits || is_series(word) {
            return None;
        }
        let from = self.series.partition_point(|known| known.as_bytes()[0] < word.as_bytes()[0]);
        let same_first = self.series[from..].iter().take_while(|known| known.as_bytes()[0] == word.as_bytes()[0]);
        let mut near = same_first.filter(|known| edits(known, word) == 1);
        // Two that are as near leave a doubt.
        let (meant, other) = (near.next()?, near.next());
        if other.is_some() { None } else { self.longest(text, atoms, at, hash(meant)) }
    }

    /// The longest name that begins at an atom: where it ends. `first`: the hash of its first word.
    fn longest(&self, text: &str, atoms: &[Atom], at: usize, first: u64) -> Option<(usize, Name)> {
        let starts_inside = joins(text, atoms[at].range.start) && atoms[at].is_digits;
        if starts_inside {
            return None;
        }
        let mut state = FxHasher::default();
        let mut best = None;
        for (n, atom) in atoms[at..].iter().take(NAME_ATOMS).enumerate() {
            state.write_u64(if n == 0 { first } else { atom.hash });
            let end = at + n + 1;
            let Some(name) = self.names.get(&state.finish()) else { continue };
            // Another model's name goes on: `15 Pro` is not the `15`.
            let next = atoms.get(end);
            let is_number = |next: &Atom| !atom.is_digits && next.is_digits && !counts(text, next);
            let goes_on = joins(text, atom.range.end)
                || next.is_some_and(|next| {
                    next.is_suffix || is_number(next) && !self.has_range(text, &atoms[end..], *name)
                });
            if !goes_on {
                best = Some((end, *name));
            }
        }
        best
    }

    /// Whether atoms begin with a range that a product of the name has in its title: `Nimbo 16-35` is the lens of that focal range,
    /// and no Nimbo of the sixteenth generation.
    fn has_range(&self, text: &str, atoms: &[Atom], name: Name) -> bool {
        let [low, high, ..] = atoms else { return false };
        let between = &text[low.range.end..high.range.start];
        let is_range = low.is_digits && high.is_digits && matches!(between, "-" | "–" | "~" | "到" | "至");
        let products = &self.products[name.start as usize..(name.start + name.n) as usize];
        is_range && !self.with_words(products, &[low.hash, high.hash]).is_empty()
    }

    /// The products of a name that agree most with what stands around it: all variants, if they are of one family, else one of
    /// each of the first few.
    fn candidates(&self, mut products: Vec<u32>, around: &Around) -> Vec<String> {
        let keep = |products: &mut Vec<u32>, is: &dyn Fn(u32) -> bool| {
            if products.iter().any(|&product| is(product)) {
                products.retain(|&product| is(product));
            }
        };
        if !around.said.is_empty() {
            let is_said = |product: u32| {
                let path = &self.paths[product as usize];
                around.said.iter().any(|(word, value)| kinds::is_of(path, value, word))
            };
            keep(&mut products, &is_said);
        }
        // A measure tells products apart better than single words and characters do.
        const MEASURE: usize = 3;
        let n_shared = |product: u32| {
            let words = &self.words[product as usize];
            let n_in = |all: &[u64]| all.iter().filter(|word| words.binary_search(word).is_ok()).count();
            n_in(&around.beside) + MEASURE * n_in(&around.measures)
        };
        let most = products.iter().map(|&product| n_shared(product)).max().unwrap_or(0);
        products.retain(|&product| n_shared(product) == most);
        if !around.colours.is_empty() {
            let is_coloured = |product: u32| {
                let words = &self.words[product as usize];
                around.colours.iter().any(|names| names.iter().any(|word| words.binary_search(word).is_ok()))
            };
            keep(&mut products, &is_coloured);
        }
        // "Cobal 3 or Tarn 3 Lite e-reader": the kind of the one holds for the other, where it has such a thing.
        if !around.of_others.is_empty() {
            let is_said = |product: u32| {
                let path = &self.paths[product as usize];
                around.of_others.iter().any(|(word, value)| kinds::is_of(path, value, word))
            };
            keep(&mut products, &is_said);
        }
        let family = |&product: &u32| self.families.number(product);
        let is_one = products.windows(2).all(|two| family(&two[0]) == family(&two[1]));
        if is_one {
            products.truncate(VARIANTS_MAX);
        } else {
            let mut seen: Vec<u32> = Vec::new();
            products.retain(|product| {
                let is_new = seen.len() < CANDIDATES_MAX && !seen.contains(&family(product));
                if is_new {
                    seen.push(family(product));
                }
                is_new
            });
        }
        products.into_iter().map(|product| self.ids[product as usize].clone()).collect()
    }
}

/// What stands around a name in a message.
struct Around<'t> {
    /// Hashes of the words that name nothing and ask for nothing.
    beside: Vec<u64>,
    /// Hashes of measures: `16 GB`.
    measures: Vec<u64>,
    /// Words for kinds of things, with the shop's category; and those that stand within names.
    said: Vec<(&'t str, String)>,
    of_others: Vec<(&'t str, String)>,
    /// Hashes of the names of each colour.
    colours: Vec<Vec<u64>>,
}

/// Hashes of the words by which titles name a colour: in Chinese the character before `色`.
fn colour_hashes(name: &str) -> Vec<u64> {
    let of = |word: String| {
        let all = atoms(&word);
        let at = if word.is_ascii() { Some(0).filter(|_| all.len() == 1) } else { all.len().checked_sub(2) };
        Some(all.get(at?)?.hash)
    };
    colours::words(name).filter_map(of).collect()
}

/// Whether what stands between two names leaves them one: no word that sets things against each other.
fn belongs(between: &str) -> bool {
    const APART: &[&str] = &[
        "和", "跟", "与", "或", "还是", "比", "、", "，", ",", ";", "；", "?", "？", "。", "vs", "or", "and", "than",
        "with", "for", "to", "fit", "fits", "on", "能装", "装在", "装上", "适配", "兼容", "用在", "能用", "能套",
        "贴在", "能贴",
    ];
    let has = |word: &&str| match word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        true => between.split(|c: char| !c.is_ascii_alphanumeric()).any(|own| own == *word),
        false => between.contains(*word),
    };
    between.len() <= 32 && !APART.iter().any(has)
}

/// Whether no unit and no money follows a number.
fn counts_nothing(rest: &str) -> bool {
    let rest = rest.trim_start();
    let unit = [
        "元", "块", "美元", "美金", "dollar", "usd", "yuan", "rmb", "年", "月", "日", "天", "个", "台", "件", "寸",
        "gb", "%",
    ];
    !unit.iter().any(|unit| rest.starts_with(unit))
}

/// `laptops` is a plural of `laptop`.
fn singular(name: &str, word: &str) -> bool {
    name.strip_suffix('s').is_some_and(|name| name == word)
}

/// Whether a category's name holds a word; words of letters whole, or as a plural.
fn within(name: &str, word: &str) -> bool {
    let ends = |at: usize| !joins(name, at) || name[at..].starts_with('s') && !joins(name, at + 1);
    let is_long = word.len() > 3 || word.bytes().any(|byte| byte.is_ascii_digit());
    name.match_indices(word).any(|(at, _)| !joins(name, at) && ends(at + word.len())) && is_long
}

/// A piece of text that names are made of.
struct Atom {
    range: Range<usize>,
    hash: u64,
    is_digits: bool,
    /// `pro`, `max` …: goes on after a model's name.
    is_suffix: bool,
}

/// Whether digits count or measure something: `16寸`, `2台`, `512 g`.
fn counts(text: &str, digits: &Atom) -> bool {
    const UNITS: &[&str] = &[
        "寸", "英", "g", "t", "个", "台", "款", "元", "块", "部", "件", "月", "年", "天", "号", "inch", "\"", "-inch",
        "pcs", "pieces",
    ];
    // Before another letter these are words: `Velo 14 with`.
    const WHOLE: &[&str] = &["mm", "cm", "w", "wh", "mah", "hz", "毫米", "厘米", "瓦", "毫安"];
    let rest = text[digits.range.end..].trim_start();
    let is_whole = |unit: &&str| {
        let after = rest.strip_prefix(*unit).map(|after| after.chars().next());
        after.is_some_and(|next| !unit.is_ascii() || !next.is_some_and(|next| next.is_ascii_alphanumeric()))
    };
    UNITS.iter().any(|unit| rest.starts_with(unit)) || WHOLE.iter().any(is_whole)
}

/// Runs of letters, runs of digits, and single characters of other scripts.
fn atoms(text: &str) -> Vec<Atom> {
    let mut atoms = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let run = |is: fn(&u8) -> bool| at + text.as_bytes()[at..].iter().take_while(|byte| is(byte)).count();
        let end = match first {
            _ if first.is_ascii_alphabetic() => run(u8::is_ascii_alphabetic),
            _ if first.is_ascii_digit() => run(u8::is_ascii_digit),
            _ => at + first.len_utf8(),
        };
        if first.is_alphanumeric() {
            let word = &text[at..end];
            atoms.push(Atom {
                range: at..end,
                hash: hash(word),
                is_digits: first.is_ascii_digit(),
                is_suffix: lists::SUFFIXES.contains(&word),
            });
        } else if first == '+' {
            // `S24+` is another model than `S24`; `16+512` is a sum of sizes.
            let is_suffix = !text[end..].starts_with(|next: char| next.is_ascii_digit());
            if is_suffix {
                atoms.push(Atom { range: at..end, hash: hash("plus"), is_digits: false, is_suffix });
            }
        }
        at = end;
    }
    atoms
}

fn hash(word: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(word.as_bytes());
    hasher.write_u8(0xff);
    hasher.finish()
}

/// Characters that hold sentences together and tell no product from others: the `上` of `装在它上面` is not that of `掌上游戏机`.
const PARTICLES: &str = "上下在能给我你他的了吗吧呢啊个这那台款是不有一和跟与还要到用会可以装配对";

/// Hashes of a text's measures in one form: `16 GB`, `16g`.
fn measures(text: &str) -> impl Iterator<Item = u64> {
    quantities(text).into_iter().map(|quantity| hash(&format!("={}{}", quantity.value, quantity.unit)))
}

/// A product's titles read.
struct Read {
    /// Key, how it names the product, and whether it says what kind of thing it is.
    keys: Vec<(u64, How, bool)>,
    words: Vec<u64>,
    n_words: u8,
    is_accessory: bool,
    /// Words in letters before a model's number.
    series: Vec<Box<str>>,
    brands: Vec<String>,
    categories: Vec<String>,
}

impl Read {
    fn of(product: &Product) -> Self {
        let mut read = Read {
            keys: Vec::new(),
            words: Vec::new(),
            n_words: 0,
            is_accessory: false,
            series: Vec::new(),
            brands: Vec::new(),
            categories: Vec::new(),
        };
        if let Some(brand) = &product.brand {
            read.brands.extend(brand_names(brand));
        }
        read.categories.extend(product.category.iter().flat_map(|path| category_names(path)));
        let extra = product.extra.as_deref().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
        let of_extra = |name: &str| extra.as_ref().and_then(|extra| extra.get(name)).and_then(|value| value.as_str());
        let others = [of_extra("name_zh"), of_extra("name_en")];
        let titles = [Some(product.name.as_str())].into_iter().chain(others).flatten();
        for path in [of_extra("category_zh"), of_extra("category_en")].into_iter().flatten() {
            read.categories.extend(category_names(path));
        }
        let mut seen: Vec<&str> = Vec::new();
        for title in titles {
            if !seen.contains(&title) {
                read.title(title, !seen.is_empty());
                seen.push(title);
            }
        }
        for value in ["colour", "color", "颜色"].iter().filter_map(|name| product.specs.get(*name)) {
            read.words.extend(atoms(fold(value).text()).into_iter().map(|atom| atom.hash));
        }
        let id = key_of(&atoms(fold(&product.product_id).text()));
        let bytes = product.product_id.as_bytes();
        if bytes.len() >= 4 && bytes.iter().any(u8::is_ascii_digit) && bytes.iter().any(|byte| !byte.is_ascii_digit()) {
            read.keys.push((id, How::Full, true));
        }
        read.keys.sort_unstable_by_key(|key| (key.0, key.1, !key.2));
        read.keys.dedup_by_key(|key| key.0);
        read.words.sort_unstable();
        read.words.dedup();
        read
    }

    /// `is_second`: a title in another language, which begins with the maker's name there, if the first one did.
    fn title(&mut self, title: &str, is_second: bool) {
        let folded = fold(title);
        let text = folded.text();
        let measured = quantities(text);
        let pieces = atoms(text);
        for two in pieces.windows(2).filter(|two| two[1].is_digits) {
            let word = &text[two[0].range.clone()];
            if word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                self.series.push(word.into());
            }
        }
        self.words.extend(pieces.into_iter().map(|atom| atom.hash));
        self.words.extend(measures(text));
        let mut words = title_words(text, &measured, &self.brands);
        self.n_words = self.n_words.max(words.len().min(255) as u8);
        if is_second
            && self.brands.len() < 8
            && words.first().is_some_and(|word| word.sort == Sort::Plain || word.sort == Sort::Han)
        {
            words[0].sort = Sort::Brand;
            self.brands.push(text[words[0].range.clone()].to_owned());
        }
        self.is_accessory |= words.iter().any(|word| lists::ACCESSORIES.contains(&&text[word.range.clone()]))
            || lists::ACCESSORY_ENDS.iter().any(|end| text.contains(end));
        let core = core(&words);
        for start in 0..words.len() {
            for end in start + 1..=words.len().min(start + NAME_WORDS) {
                self.run(text, &words, start..end, &core);
            }
        }
        if words.len() > NAME_WORDS {
            self.run(text, &words, 0..words.len(), &core);
        }
    }

    /// Adds a run of words, if it is a name.
    fn run(&mut self, text: &str, words: &[TitleWord], run: Range<usize>, core: &Range<usize>) {
        let own = &words[run.clone()];
        let Some(how) = how(text, words, &run, core) else { return };
        let pieces: Vec<Atom> = own.iter().flat_map(|word| atoms(&text[word.range.clone()])).collect();
        if pieces.len() <= NAME_ATOMS {
            self.keys.push((key_of(&pieces), how, own.iter().any(|word| word.sort == Sort::Kind)));
        }
    }
}

fn key_of(atoms: &[Atom]) -> u64 {
    let mut state = FxHasher::default();
    atoms.iter().for_each(|atom| state.write_u64(atom.hash));
    state.finish()
}

/// `华为（HUAWEI）` is called by either.
fn brand_names(brand: &str) -> Vec<String> {
    let folded = fold(brand).into_text().into_owned();
    let parts = folded.split(['(', ')', '（', '）', '/', '|']).map(str::trim);
    let all = [folded.trim()].into_iter().chain(parts);
    let mut names: Vec<String> = all.filter(|part| part.chars().count() > 1).map(str::to_owned).collect();
    names.dedup();
    names
}

/// The last part of a path, and what it joins: `Laptops`, `手机/耳机`.
fn category_names(path: &str) -> Vec<String> {
    let folded = fold(path).into_text().into_owned();
    let last = folded.rsplit('/').next().unwrap_or("").trim().to_owned();
    [last].into_iter().filter(|name| name.chars().count() > 1).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Brand,
    /// What kind of thing it is.
    Kind,
    /// Says nothing about which one it is: a colour, `wireless`.
    Common,
    Quantity,
    /// A part that many products have: `rtx4060`.
    Chip,
    /// Letters and digits in one.
    Code,
    Number,
    /// `pro`, `max` …: makes it another model.
    Suffix,
    Plain,
    Han,
}

struct TitleWord {
    range: Range<usize>,
    sort: Sort,
}

/// Words of a title up to the first mark that ends its head, each with what it is.
fn title_words(text: &str, measured: &[Quantity], brands: &[String]) -> Vec<TitleWord> {
    let mut words: Vec<TitleWord> = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if matches!(first, ',' | ';' | '|' | '，' | '；' | '【' | '[') && !words.is_empty()
            || words.len() == TITLE_WORDS
        {
            break;
        }
        if let Some(quantity) = measured.iter().find(|quantity| quantity.range.start == at && quantity.range.end > at) {
            words.push(TitleWord { range: quantity.range.clone(), sort: Sort::Quantity });
            at = quantity.range.end;
            continue;
        }
        if let Some(brand) =
            brands.iter().filter(|brand| text[at..].starts_with(brand.as_str())).max_by_key(|b| b.len())
            && !joins(text, at)
            && !joins(text, at + brand.len())
        {
            words.push(TitleWord { range: at..at + brand.len(), sort: Sort::Brand });
            at += brand.len();
            continue;
        }
        let end = match first {
            _ if is_han(first) => at + run_of(&text[at..], is_han),
            _ if first.is_ascii_alphanumeric() => at + code_len(&text[at..]),
            _ if first.is_alphanumeric() => {
                at + run_of(&text[at..], |c| c.is_alphanumeric() && !c.is_ascii() && !is_han(c))
            }
            _ => {
                at += first.len_utf8();
                continue;
            }
        };
        words.push(TitleWord { range: at..end, sort: sort_of(&text[at..end]) });
        at = end;
    }
    words
}

fn run_of(text: &str, is: impl Fn(char) -> bool) -> usize {
    text.find(|character: char| !is(character)).unwrap_or(text.len())
}

/// Letters and digits, also joined by hyphens: `wh-1000xm5`.
fn code_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let mut end = 0;
    while is_letter(end) || (end > 0 && bytes.get(end) == Some(&b'-') && is_letter(end + 1)) {
        end += 1;
    }
    end
}

fn sort_of(word: &str) -> Sort {
    let first = word.chars().next().unwrap_or(' ');
    if lists::KIND_WORDS.contains(word) || lists::KIND_ENDS.iter().any(|end| word.ends_with(end)) {
        return Sort::Kind;
    }
    if lists::SUFFIXES.contains(&word) || word == "air" {
        return Sort::Suffix;
    }
    if lists::COMMON.contains(&word) {
        return Sort::Common;
    }
    if !first.is_ascii() {
        return Sort::Han;
    }
    let has = |is: fn(&u8) -> bool| word.as_bytes().iter().any(is);
    match (has(u8::is_ascii_alphabetic), has(u8::is_ascii_digit)) {
        _ if is_chip(word) => Sort::Chip,
        (true, true) => Sort::Code,
        (false, _) => Sort::Number,
        _ => Sort::Plain,
    }
}

fn is_chip(word: &str) -> bool {
    lists::CHIPS.iter().any(|chip| {
        word.strip_prefix(chip)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
    })
}

/// The words that tell a product from others of its maker: after the maker, up to the kind of thing or a measure.
fn core(words: &[TitleWord]) -> Range<usize> {
    let start = words.iter().take_while(|word| word.sort == Sort::Brand).count();
    let n = words[start..].iter().take_while(|word| is_own(word) || word.sort == Sort::Suffix).count();
    start..start + n
}

/// Whether a word may tell one product from another.
fn is_own(word: &TitleWord) -> bool {
    matches!(word.sort, Sort::Code | Sort::Number | Sort::Plain | Sort::Han)
}

/// How a run of words names its product, if it does.
fn how(text: &str, words: &[TitleWord], run: &Range<usize>, core: &Range<usize>) -> Option<How> {
    let own = &words[run.clone()];
    let (first, last) = (own.first()?, own.last()?);
    let starts = run.start == 0 || run.start == core.start;
    let n_own = own.iter().filter(|word| is_own(word)).count();
    let n_letters = |word: &TitleWord| text[word.range.clone()].chars().count();
    let is_weak = n_own == 0
        || (n_own == 1
            && own
                .iter()
                .find(|word| is_own(word))
                .is_some_and(|word| word.sort == Sort::Number || n_letters(word) < 2));
    if !core.is_empty() && starts && run.end >= core.end && !is_weak {
        let is_whole =
            own[core.end - run.start..].iter().all(|word| matches!(word.sort, Sort::Kind)) || run.end == words.len();
        if is_whole {
            return Some(How::Full);
        }
    }
    if run.start == 0 && run.end == words.len() && words.len() > 1 {
        return Some(How::Full);
    }
    if matches!(first.sort, Sort::Common | Sort::Quantity | Sort::Chip | Sort::Kind | Sort::Suffix)
        || last.sort == Sort::Quantity
        || is_weak
    {
        return None;
    }
    if starts && run.start < core.end {
        let is_word = own.len() == 1 && lists::COMMON.contains(&&text[first.range.clone()]);
        return (!is_word && (own.len() > 1 || n_letters(first) > 2)).then_some(How::Start);
    }
    let is_model = own
        .windows(2)
        .any(|two| matches!(two[0].sort, Sort::Plain | Sort::Han) && matches!(two[1].sort, Sort::Number | Sort::Code));
    let is_code = own.iter().any(|word| word.sort == Sort::Code && n_letters(word) > 2);
    ((is_model && first.sort != Sort::Number || is_code) && last.sort != Sort::Common).then_some(How::Part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(id: &str, name: &str, brand: &str, category: &str) -> Product {
        Product {
            product_id: id.into(),
            name: name.into(),
            brand: (!brand.is_empty()).then(|| brand.into()),
            category: (!category.is_empty()).then(|| category.into()),
            ..Product::default()
        }
    }

    fn shop() -> Vec<Product> {
        vec![
            product("P1", "Apple iPhone 15", "Apple", "Phones"),
            product("P2", "Apple iPhone 15 Pro", "Apple", "Phones"),
            product("P3", "Apple iPhone 15 Pro Max", "Apple", "Phones"),
            product("P4", "华为 Mate 60 Pro 手机 12 GB+512 GB", "华为", "手机通讯/手机"),
            product("P5", "华为 Mate 60 Pro 手机 12 GB+256 GB", "华为", "手机通讯/手机"),
            product("P6", "壳小满 Mate 60 Pro 手机壳 黑色", "壳小满", "配件/手机壳"),
            product("P7", "Sony WH-1000XM5 Wireless Noise Cancelling Headphones, black", "Sony", "Audio/Headphones"),
            product("P8", "Contoso 512MB MP3 Player E51 Silver", "Contoso", "Audio/MP3"),
            product("P9", "Contoso 512MB MP3 Player E51 Blue", "Contoso", "Audio/MP3"),
            product("P10", "小米14", "小米", "手机通讯/手机"),
            product("P11", "罗技 M590 静音无线蓝牙鼠标", "罗技", "电脑配件/鼠标"),
            product("P12", "联想拯救者 Y7000P RTX4060 游戏本", "联想", "电脑/笔记本"),
        ]
    }

    fn found(text: &str) -> Vec<(String, Vec<String>)> {
        let names = ProductNames::of(&shop());
        let folded = fold(text);
        let names = names.find(folded.text());
        names.into_iter().map(|found| (folded.text()[found.range].to_owned(), found.candidates)).collect()
    }

    fn one(text: &str) -> Vec<String> {
        found(text).into_iter().flat_map(|found| found.1).collect()
    }

    #[test]
    fn names_mean_their_products() {
        assert_eq!(one("iPhone 15 多少钱"), ["P1"]);
        assert_eq!(one("IPHONE15PRO有货吗"), ["P2"]);
        assert_eq!(one("how much is the apple iphone 15 pro max"), ["P3"]);
        assert_eq!(one("wh1000xm5怎么样"), ["P7"]);
        assert_eq!(one("ＷＨ－１０００ＸＭ５"), ["P7"]);
        assert_eq!(one("小米14和iphone15比"), ["P10", "P1"]);
        assert_eq!(one("M590好用吗"), ["P11"]);
        assert_eq!(one("拯救者y7000p"), ["P12"]);
        assert_eq!(one("Y7000P 散热"), ["P12"]);
        assert_eq!(one("p000"), Vec::<String>::new());
    }

    #[test]
    fn a_name_of_several_is_narrowed_by_other_words() {
        assert_eq!(one("mate60pro多少钱"), ["P4", "P5"]);
        assert_eq!(one("mate60pro 256g多少钱"), ["P5"]);
        assert_eq!(one("華為Mate 60 Pro 512GB"), ["P4"]);
        assert_eq!(one("E51 in blue please"), ["P9"]);
        assert_eq!(one("contoso E51"), ["P8", "P9"]);
        assert_eq!(one("Mate 60 Pro 手机壳"), ["P6"]);
    }

    #[test]
    fn other_models_and_common_words_are_no_products() {
        assert_eq!(one("iPhone 15 Plus"), Vec::<String>::new());
        assert_eq!(one("iphone 155"), Vec::<String>::new());
        for text in [
            "noise cancelling headphones",
            "有静音鼠标吗",
            "RTX4060的笔记本",
            "512MB",
            "无线蓝牙",
            "手机壳",
            "apple",
            "pro max",
            "15",
            "华为手机",
        ] {
            assert_eq!(one(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn variants_are_found_together_and_narrowed_by_a_colour_in_either_language() {
        let all: Vec<Product> = ["Black", "White", "Red", "Blue", "Grey", "Pink", "Green"]
            .iter()
            .enumerate()
            .map(|(at, colour)| product(&format!("T{at}00"), &format!("Acme Disc T120 {colour}"), "Acme", "Audio"))
            .collect();
        let names = ProductNames::of(&all);
        let found = |text: &str| names.find(fold(text).text()).into_iter().flat_map(|one| one.candidates).count();
        assert_eq!(found("how much is the disc T120"), 7);
        assert_eq!(names.find("t120有红色的吗")[0].candidates, ["T200"]);
        assert_eq!(names.variants("T300").count(), 7);
        assert_eq!(names.variants("T900").count(), 0);
    }

    #[test]
    fn a_model_number_beats_the_rest_of_the_name() {
        let all = [
            product("A1", "Acme Cooler 19CuFt M7600", "Acme", "Home/Coolers"),
            product("A2", "Acme Cooler 24CuFt X9800", "Acme", "Home/Coolers"),
            product("A3", "Bolt Cooler 24CuFt X9800", "Bolt", "Home/Coolers"),
            product("A4", "Acme Projector X9800", "Acme", "Office/Projectors"),
        ];
        let names = ProductNames::of(&all);
        let one = |text: &str| -> Vec<String> {
            names.find(fold(text).text()).into_iter().flat_map(|one| one.candidates).collect()
        };
        assert_eq!(one("how large is the Acme Cooler X9800"), ["A2"]);
        assert_eq!(one("X9800 投影仪多少钱"), ["A4"]);
        assert_eq!(one("compare the Acme Cooler M7600 and the Bolt Cooler X9800"), ["A1", "A3"]);
    }

    #[test]
    fn a_range_in_the_title_is_no_other_model() {
        let all = [
            product("L1", "Nimbrel Nimbo Lens, 16-35 mm / f/1.8", "Nimbrel", "Photo/Lenses"),
            product("L2", "Nimbrel Nimbo 4 Smartphone, 16 GB", "Nimbrel", "Phones"),
        ];
        let names = ProductNames::of(&all);
        let one = |text: &str| -> Vec<String> {
            names.find(fold(text).text()).into_iter().flat_map(|one| one.candidates).collect()
        };
        assert_eq!(one("Nimbo 16-35 lens on another body?"), ["L1"]);
        assert_eq!(one("nimbo 16-35镜头能装吗"), ["L1"]);
        assert_eq!(one("nimbo 4"), ["L2"]);
        for text in ["nimbo 18-55 lens", "nimbo 16 phone", "nimbo 16 35"] {
            assert_eq!(one(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_number_is_an_id_only_where_it_is_said_to_be_one() {
        let all = [product("1100", "Acme Lamp", "Acme", "Lamps"), product("2021", "Acme Fan", "Acme", "Fans")];
        let names = ProductNames::of(&all);
        for text in ["1100美元以内", "on 20 february 2021", "a laptop for 1100 dollars", "1100", "商品1100元以内"]
        {
            assert_eq!(names.find(text), [], "{text}");
        }
        assert_eq!(names.find("商品编号 1100 有货吗")[0].candidates, ["1100"]);
        assert_eq!(names.find("product 2021, please")[0].candidates, ["2021"]);
    }

    #[test]
    fn brands_and_categories_are_the_shops_by_any_name() {
        let names = ProductNames::of(&shop());
        assert_eq!(names.brands.get("苹果").map(String::as_str), Some("Apple"));
        assert_eq!(names.brands.get("huawei").map(String::as_str), Some("华为"));
        assert_eq!(names.brands.get("nokia"), None);
        assert_eq!(names.categories.get("耳机").map(String::as_str), Some("Audio/Headphones"));
        assert_eq!(names.categories.get("laptop").map(String::as_str), Some("电脑/笔记本"));
    }

    #[test]
    fn a_second_language_is_read_from_extra() {
        let mut product = product("P1", "科梵 Velo 5 Pro 笔记本电脑 16 GB+512 GB", "科梵", "电脑/笔记本电脑");
        product.extra = Some(
            r#"{"name_en": "Korvane Velo 5 Pro laptop, 16 GB / 512 GB", "category_en": "Computers/Laptops"}"#.into(),
        );
        let names = ProductNames::of([&product]);
        for text in ["velo 5 pro", "korvane velo 5 pro", "科梵velo5pro", "the velo 5 pro laptop"] {
            assert_eq!(names.find(text).len(), 1, "{text}");
        }
        assert_eq!(names.brands.get("korvane").map(String::as_str), Some("科梵"));
        assert_eq!(names.categories.get("laptops").map(String::as_str), Some("电脑/笔记本电脑"));
    }

    #[test]
    fn many_products_of_one_name_are_told_up_to_five() {
        let many: Vec<Product> = (0..1000)
            .map(|n| product(&format!("P{n:06}"), &format!("Acme Orla 7 phone, {n} colours"), "Acme", "Phones"))
            .collect();
        let names = ProductNames::of(&many);
        let found = names.find("orla 7");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].candidates.len(), CANDIDATES_MAX);
        assert_eq!(names.find("p000123")[0].candidates, ["P000123"]);
    }
}
