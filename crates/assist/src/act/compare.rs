//! Products side by side: every attribute that one of them has, which is better where that is no matter of taste, and the
//! differences in words.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Product;
use rustc_hash::FxHashMap;

use super::attributes::{Better, fold, named, of_key, rank};
use super::groups::Thing;
use super::{Answer, Outcome, Scene, field};
use crate::evidence::Evidence;
use crate::evidence::figures::{Unit, Value, figures};
use crate::say;
use crate::turn::{Block, Comparison, ComparisonRow};
use crate::understand::Extreme;

/// Products compared at most.
pub const N_MAX: usize = 4;
/// Rows of the table.
const ROWS_MAX: usize = 24;
/// Differences told in words.
const WORDS_MAX: usize = 8;

/// One attribute of all products.
struct Row {
    /// Canonical, or the shop's own name.
    name: String,
    /// The key and value of each product, as the catalogue has them.
    values: Vec<Option<(String, String)>>,
    better: Option<usize>,
    /// The end that was asked for, where it is a matter of taste.
    end: Option<Extreme>,
}

impl Row {
    fn texts(&self) -> Vec<Option<&str>> {
        self.values.iter().map(|value| value.as_ref().map(|(_, value)| value.as_str())).collect()
    }

    /// Marks the product at the end that was asked for, where none is better by itself.
    fn order_by(&mut self, extreme: Extreme) {
        if named(&self.name).is_some_and(|attribute| attribute.better.is_some()) {
            return;
        }
        let better = if extreme == Extreme::Most { Better::More } else { Better::Less };
        self.better = best(&self.texts(), better);
        self.end = Some(extreme);
    }
}

/// Compares products; with attributes asked for, tells those, else that by which they are set against each other (`哪个大`), else those
/// in which they differ.
pub fn compare(scene: &Scene, things: &[Thing], wanted: &[String]) -> Answer {
    let things = &things[..things.len().min(N_MAX)];
    let products: Vec<Arc<Product>> = things.iter().map(|thing| thing.whole.clone()).collect();
    let products = products.as_slice();
    let mut rows = rows(scene, things);
    let by = products.first().map_or_else(Vec::new, |first| super::facts::compared(scene, first));
    let by_measure: Vec<String> = by.iter().map(|(name, _)| (*name).to_owned()).collect();
    // `哪个屏大哪个轻`: a word for the screen, and two measures.
    let wanted: Vec<String> =
        wanted.iter().cloned().chain(by_measure.into_iter().filter(|name| !wanted.contains(name))).collect();
    let wanted = wanted.as_slice();
    for (name, extreme) in by {
        rows.iter_mut().filter(|row| row.name == name).for_each(|row| row.order_by(extreme));
    }
    let names: Vec<String> = products.iter().map(|product| say::format::name(product)).collect();
    let mut answer = Answer { rewordable: true, ..Answer::of(say::products::comparing(scene.lang, &names)) };
    let names = short(&names);
    let wanted: Vec<&str> =
        wanted.iter().map(|name| named(name).map_or(name.as_str(), |attribute| attribute.name)).collect();
    let asked =
        |row: &&Row| wanted.iter().any(|name| *name == row.name || *name == "battery" && row.name == "battery_life");
    let chosen: Vec<&Row> = match wanted.is_empty() {
        true => telling(&rows),
        false => rows.iter().filter(asked).collect(),
    };
    for row in &chosen {
        let words = in_words(scene, row, &names);
        // What was asked for is the answer; the rest stands in the table.
        if wanted.is_empty() { answer.shown_line(words) } else { answer.line(words) }
    }
    if let Some(words) = price_difference(scene, products, &names, &mut answer)
        && (wanted.is_empty() || wanted.contains(&"price"))
    {
        answer.line(words);
    }
    if chosen.is_empty() {
        answer.rewordable = false;
        match wanted.first() {
            Some(name) => {
                answer.line(say::products::not_comparable(scene.lang, &super::attributes::label(name, scene.lang)));
                answer.outcome = Outcome::Unknown;
            }
            None => answer.line(say::products::no_difference(scene.lang)),
        }
    }
    for row in rows.iter().take(ROWS_MAX) {
        for (thing, value) in things.iter().zip(&row.values) {
            let Some((key, value)) = value else { continue };
            // A price from one end to the other rests on the versions at both.
            if key == "price" && thing.is_group() {
                for version in &thing.variants {
                    if let Some(price) = version.price_cents {
                        answer.cite(field(version, "price", scene.money(price.0)));
                    }
                }
            } else {
                answer.cite(field(&thing.whole, key, value.as_str()));
            }
        }
    }
    for product in products {
        answer.cite(field(product, "name", product.name.as_str()));
    }
    answer.step("products", format!("compared {}", super::facts::ids(products)));
    answer.blocks.push(table(scene, products, &rows));
    answer
}

/// The rows that are told in words: those in which one is better, and where these are few (of several versions each, none may be) the others
/// in which they differ.
fn telling(rows: &[Row]) -> Vec<&Row> {
    const FEW: usize = 2;
    let of = |value: &Option<(String, String)>| value.as_ref().map(|(_, value)| value.clone());
    let differs = |row: &&Row| row.values.windows(2).any(|two| of(&two[0]) != of(&two[1]));
    let n_better = rows.iter().filter(|row| row.better.is_some()).count();
    let is_told = |row: &&Row| row.better.is_some() || n_better < FEW && differs(row);
    rows.iter().filter(is_told).take(WORDS_MAX).collect()
}

/// Names without the words that all of them begin and end with, as long as they stay apart.
fn short(names: &[String]) -> Vec<String> {
    let words: Vec<Vec<&str>> = names.iter().map(|name| name.split(' ').collect()).collect();
    let least = words.iter().map(Vec::len).min().unwrap_or(0);
    let Some(first) = words.first() else { return Vec::new() };
    let same_at_end = |n: usize| words.iter().all(|own| own[own.len() - 1 - n] == first[first.len() - 1 - n]);
    // What they begin with is the maker; the series belongs to the model.
    let head = usize::from(least > 2 && words.iter().all(|own| own[0] == first[0]));
    let tail = (0..least.saturating_sub(head + 1)).take_while(|&n| same_at_end(n)).count();
    // "512" without its GB is another name.
    let is_unit =
        |word: &str| word.is_ascii() && size(&format!("1 {word}")).is_some_and(|(_, unit)| unit != Unit::Bare);
    let is_cut = |n: usize| {
        let ends_bare = |own: &Vec<&str>| own[own.len() - 1 - n].ends_with(|last: char| last.is_ascii_digit());
        n > 0 && words.iter().any(ends_bare) && is_unit(first[first.len() - n])
    };
    let tail = (0..=tail).rev().find(|&n| !is_cut(n)).unwrap_or(0);
    let short: Vec<String> = words.iter().map(|own| own[head..own.len() - tail].join(" ")).collect();
    let apart = short.iter().enumerate().all(|(at, name)| !name.is_empty() && !short[..at].contains(name));
    if apart { short } else { names.to_vec() }
}

/// All rows: the price, then attributes in their order, then what only this shop knows.
fn rows(scene: &Scene, things: &[Thing]) -> Vec<Row> {
    let mut by_name: BTreeMap<String, Vec<Option<(String, String)>>> = BTreeMap::new();
    for (at, thing) in things.iter().enumerate() {
        for (key, value) in thing.whole.specs.iter().filter(|(_, value)| !value.trim().is_empty()) {
            let name = of_key(key).map_or_else(|| fold(key), |attribute| attribute.name.to_owned());
            let values = by_name.entry(name).or_insert_with(|| vec![None; things.len()]);
            values[at].get_or_insert_with(|| (key.clone(), value.clone()));
        }
    }
    // One that stands for its variants has no price of its own, but they have.
    let price = |thing: &Thing| {
        let own = thing.whole.price_cents.map(|price| price.0);
        let all: Vec<i64> = match own {
            Some(own) => vec![own],
            None => thing.variants.iter().filter_map(|one| one.price_cents).map(|price| price.0).collect(),
        };
        let (least, most) = (*all.iter().min()?, *all.iter().max()?);
        let (least, most) = (scene.money(least), scene.money(most));
        Some(("price".to_owned(), if least == most { least } else { format!("{least} – {most}") }))
    };
    let prices: Vec<Option<(String, String)>> = things.iter().map(price).collect();
    let mut rows: Vec<Row> = by_name.into_iter().map(|(name, values)| row(name, values)).collect();
    rows.sort_by(|a, b| rank_of(a).cmp(&rank_of(b)).then_with(|| a.name.cmp(&b.name)));
    if prices.iter().any(Option::is_some) {
        rows.insert(0, row("price".to_owned(), prices));
    }
    rows
}

fn rank_of(row: &Row) -> usize {
    row.values.iter().flatten().map(|(key, _)| rank(key)).min().unwrap_or(usize::MAX)
}

fn row(name: String, values: Vec<Option<(String, String)>>) -> Row {
    let mut row = Row { name, values, better: None, end: None };
    let better = named(&row.name).and_then(|attribute| attribute.better);
    row.better = better.and_then(|better| best(&row.texts(), better));
    row
}

/// The one that is better than all others; none if values are missing, equal, or measured differently.
pub fn best(values: &[Option<&str>], better: Better) -> Option<usize> {
    // `12 / 8`: of several versions, each.
    let sizes: Vec<Vec<(f64, Unit)>> = values
        .iter()
        .map(|value| {
            value.as_ref()?.split(" / ").flat_map(|part| part.split(" – ")).map(size).collect::<Option<Vec<_>>>()
        })
        .collect::<Option<_>>()?;
    let unit = sizes.first()?.first()?.1;
    if sizes.len() < 2 || sizes.iter().flatten().any(|(_, other)| *other != unit) {
        return None;
    }
    let sign = if better == Better::More { 1.0 } else { -1.0 };
    let end = |at: usize, worst: bool| {
        let own = sizes[at].iter().map(|(size, _)| sign * size);
        if worst { own.fold(f64::INFINITY, f64::min) } else { own.fold(f64::NEG_INFINITY, f64::max) }
    };
    // Its worst version is better than the best of every other.
    (0..sizes.len()).find(|&at| (0..sizes.len()).all(|other| other == at || end(at, true) > end(other, false)))
}

/// Values whose size is kept, and the letters of the longest.
const N_SIZES: usize = 4096;
const SIZED_MAX: usize = 64;

/// What a value measures: its first number; of a resolution, all pixels. Lists ask this of thousands of products that share their
/// values, so each thread keeps what it has read.
pub fn size(value: &str) -> Option<(f64, Unit)> {
    thread_local! {
        static KNOWN: RefCell<FxHashMap<String, Option<(f64, Unit)>>> = RefCell::default();
    }
    if value.len() > SIZED_MAX {
        return measured(value);
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(&size) = known.get(value) {
            return size;
        }
        if known.len() >= N_SIZES {
            known.clear();
        }
        let size = measured(value);
        known.insert(value.to_owned(), size);
        size
    })
}

fn measured(value: &str) -> Option<(f64, Unit)> {
    let numbers: Vec<(f64, Unit)> = figures(value)
        .into_iter()
        .filter_map(|figure| match figure.value {
            Value::Number { base, unit, .. } => Some((base, unit)),
            _ => None,
        })
        .collect();
    match numbers.as_slice() {
        [(width, Unit::Bare), (height, _), ..] if value.contains(['x', 'X', '×', '*']) => {
            Some((width * height, Unit::Bare))
        }
        [first, ..] => Some(*first),
        [] => None,
    }
}

fn in_words(scene: &Scene, row: &Row, names: &[String]) -> String {
    let nothing = scene.lang.choose("未注明", "not given");
    let value = |value: &Option<(String, String)>| {
        value.as_ref().map_or(nothing.to_owned(), |(_, value)| say::format::value(value, scene.lang))
    };
    let pairs: Vec<(String, String)> = names.iter().cloned().zip(row.values.iter().map(value)).collect();
    let word = match row.end {
        Some(Extreme::Most) => scene.lang.choose("更大", "larger"),
        Some(Extreme::Least) => scene.lang.choose("更小", "smaller"),
        None => say::products::better_word(scene.lang, &row.name),
    };
    let better = row.better.map(|at| (names[at].as_str(), word));
    say::products::difference(scene.lang, &label(scene, row), &pairs, better)
}

fn label(scene: &Scene, row: &Row) -> String {
    let key = row.values.iter().flatten().next().map_or(row.name.as_str(), |(key, _)| key.as_str());
    super::attributes::label(key, scene.lang)
}

/// Of two products, by how much one is cheaper.
fn price_difference(scene: &Scene, products: &[Arc<Product>], names: &[String], answer: &mut Answer) -> Option<String> {
    let [first, second] = products else { return None };
    let (a, b) = (first.price_cents?.0, second.price_cents?.0);
    let difference = a.saturating_sub(b).saturating_abs();
    if difference == 0 {
        return None;
    }
    let amount = scene.money(difference);
    let how = format!("{} - {}", scene.money(a.max(b)), scene.money(a.min(b)));
    answer.cite(Evidence::Computed { how, value: amount.clone() });
    Some(say::products::cheaper_by(scene.lang, &names[usize::from(b < a)], &amount))
}

fn table(scene: &Scene, products: &[Arc<Product>], rows: &[Row]) -> Block {
    let value =
        |value: &Option<(String, String)>| value.as_ref().map(|(_, value)| say::format::value(value, scene.lang));
    let rows = rows.iter().take(ROWS_MAX).map(|row| ComparisonRow {
        label: label(scene, row),
        values: row.values.iter().map(value).collect(),
        better: row.better,
    });
    Block::Comparison(Comparison {
        products: products.iter().map(|product| scene.card(product, None)).collect(),
        rows: rows.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_by_what_differs() {
        let short = |names: &[&str]| short(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(short(&["远山 Velo 14 笔记本电脑", "远山 Velo 16 Pro 笔记本电脑"]), ["Velo 14", "Velo 16 Pro"]);
        assert_eq!(short(&["A 1", "A 2"]), ["A 1", "A 2"]);
        assert_eq!(
            short(&["V Luma, 16 GB / 512 GB", "K Quill, 32 GB / 1024 GB"]),
            ["V Luma, 16 GB / 512 GB", "K Quill, 32 GB / 1024 GB"]
        );
        assert_eq!(short(&["A B", "A B"]), ["A B", "A B"]);
        assert_eq!(short(&[]), Vec::<String>::new());
    }

    #[test]
    fn the_better_one_is_found_where_both_are_measured_alike() {
        let better = |a, b, which| best(&[a, b], which);
        assert_eq!(better(Some("16 GB"), Some("32GB"), Better::More), Some(1));
        assert_eq!(better(Some("1.2 kg"), Some("1300 g"), Better::Less), Some(0));
        assert_eq!(better(Some("1 TB"), Some("1024 GB"), Better::More), None);
        assert_eq!(better(Some("60 Wh"), Some("5000 mAh"), Better::More), None);
        assert_eq!(better(Some("16 GB"), None, Better::More), None);
        assert_eq!(better(Some("1920 x 1200"), Some("2560 x 1600"), Better::More), Some(1));
        assert_eq!(better(Some("gaming"), Some("office"), Better::More), None);
    }
}
