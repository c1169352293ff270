//! Comparisons: "20 g lighter than the one before" holds if the two products' fields differ by that much in that direction.
//! A comparison with nothing to compare with is unbound, as is one that the fields turn round.

use std::ops::Range;

use language::text::{Quantity, QuantityKind};

use super::super::clause::{clause, has_word, sentence};
use super::super::finding::{Risk, Said};
use super::grounds::{Field, Fields, Owner, Relation, folded};
use super::{ClaimKind, Writer, figures};

/// Words that set a product against another.
const COMPARERS: &[&str] = &[
    "上一代",
    "前代",
    "上代",
    "前作",
    "老款",
    "旧款",
    "上一款",
    "than",
    "previous generation",
    "predecessor",
    "last generation",
    "previous model",
    "compared to",
    "compared with",
    "versus",
];
/// What 比 is part of without comparing.
const NO_COMPARERS: &[&str] = &[
    "对比",
    "性价比",
    "屏占比",
    "比例",
    "比如",
    "比较",
    "占比",
    "相比之下",
    "环比",
    "比赛",
    "比特",
    "比拼",
    "无比",
    "比分",
    "宽高比",
    "可比",
    "百分比",
    "比心",
    // Prices are held against prices elsewhere.
    "比标价",
    "比原价",
    "比平时",
    "比市场价",
    "比吊牌价",
];

/// A way to say how two differ: words, the kinds of figures meant, and whether more is meant.
struct Direction {
    words: &'static [&'static str],
    kinds: &'static [QuantityKind],
    is_more: bool,
}

use QuantityKind::{
    Battery, Brightness, Camera, Cores, Duration, Energy, Frequency, Length, Memory, Power, Price, RefreshRate, Screen,
    Storage, Weight,
};

const DIRECTIONS: &[Direction] = &[
    Direction { words: &["轻", "减重", "lighter", "weighs less"], kinds: &[Weight], is_more: false },
    Direction { words: &["重了", "更重", "heavier"], kinds: &[Weight], is_more: true },
    Direction { words: &["薄", "thinner", "slimmer"], kinds: &[Length], is_more: false },
    Direction { words: &["更厚", "thicker"], kinds: &[Length], is_more: true },
    Direction { words: &["便宜", "cheaper", "costs less"], kinds: &[Price], is_more: false },
    Direction {
        words: &["续航", "更耐用", "longer battery", "lasts longer", "battery life"],
        kinds: &[Battery, Duration, Energy],
        is_more: true,
    },
    Direction {
        words: &["屏幕更大", "大屏", "larger screen", "bigger screen", "larger display"],
        kinds: &[Screen],
        is_more: true,
    },
    Direction { words: &["更亮", "brighter"], kinds: &[Brightness], is_more: true },
    Direction { words: &["内存更大", "more memory", "more ram"], kinds: &[Memory], is_more: true },
    Direction { words: &["存储更大", "容量更大", "more storage"], kinds: &[Storage, Battery], is_more: true },
    Direction {
        words: &["充电更快", "快充", "charges faster", "faster charging"], kinds: &[Power], is_more: true
    },
    Direction { words: &["刷新率更高", "higher refresh"], kinds: &[RefreshRate], is_more: true },
    Direction { words: &["更清晰", "more megapixels", "sharper camera"], kinds: &[Camera], is_more: true },
    Direction { words: &["更快", "快了", "faster"], kinds: &[Frequency, Power, RefreshRate, Cores], is_more: true },
];
/// Without a thing that is named.
const MORE: &[&str] = &[
    "提升", "增加", "提高", "多", "高", "大", "长", "快", "升级", "more", "longer", "faster", "larger", "bigger",
    "higher", "increase", "up",
];
const LESS: &[&str] = &[
    "减少", "降低", "少", "低", "小", "短", "轻", "薄", "减", "less", "fewer", "lower", "smaller", "shorter",
    "lighter", "thinner",
];

/// Finds the comparisons of a text and binds those that hold; gives the bytes of the figures that they took. A clause in which
/// something stands that is known to be true (`said`) compares by that: only its figures and names are read.
pub(super) fn find(text: &str, fields: &Fields, said: &[Range<usize>], writer: &mut Writer) -> Vec<Range<usize>> {
    // What is said is blank by now, and blanks at the ends of a clause are cut off.
    let is_said = |at: &Range<usize>| {
        let whole = clause(text, at);
        said.iter().any(|one| one.start < whole.end && whole.start < one.end)
    };
    let all = figures::read(text);
    let mut taken = Vec::new();
    for at in clauses(text).into_iter().filter(|at| !is_said(at)) {
        let said = folded(&text[at.clone()]);
        if !compares(&said) {
            continue;
        }
        let whole = folded(&text[sentence(text, &at)]);
        let inside: Vec<&Quantity> =
            all.iter().filter(|one| at.start <= one.range.start && one.range.end <= at.end).collect();
        one(text, &at, (&said, &whole), &inside, fields, writer, &mut taken);
    }
    taken
}

/// The clauses of a text, without blanks at their ends.
fn clauses(text: &str) -> Vec<Range<usize>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let around = clause(text, &(at..at));
        let (start, end) = (around.start.max(at), around.end.max(at));
        let part = &text[start..end];
        let start = start + (part.len() - part.trim_start().len());
        let end = (start + text[start.min(end)..end].trim().len()).max(start);
        if start < end {
            found.push(start..end);
        }
        let next = around.end.max(at);
        at = next + text[next..].chars().next().map_or(1, char::len_utf8);
    }
    found
}

/// Who asks for a difference states none.
const ASKS: &[&str] = &["多了什么", "少了什么", "有什么不同", "有什么不一样", "有什么区别"];

fn compares(said: &str) -> bool {
    if ASKS.iter().any(|asks| said.contains(asks)) {
        return false;
    }
    if has_word(said, COMPARERS) {
        return true;
    }
    let mut said = said.to_owned();
    for word in NO_COMPARERS {
        said = said.replace(word, "");
    }
    // 比…更轻, 比…多 20 克: a comparison says how.
    said.find('比').is_some_and(|at| {
        has_word(
            &said[at..],
            &["更", "多", "少", "轻", "薄", "快", "大", "小", "长", "短", "高", "低", "强", "便宜", "提升", "贵", "亮"],
        )
    })
}

fn one(
    text: &str,
    at: &Range<usize>,
    (said, whole): (&str, &str),
    inside: &[&Quantity],
    fields: &Fields,
    writer: &mut Writer,
    taken: &mut Vec<Range<usize>>,
) {
    if let Some(field) = fields.all.iter().find(|field| states(field, said)) {
        // Its figures are bound with it.
        taken.extend(inside.iter().map(|quantity| quantity.range.clone()));
        return writer.bound(at, ClaimKind::Comparison, &[field]);
    }
    let compared = |relation: &Relation| *relation != Relation::Together;
    if !fields.relations.iter().any(compared) {
        let message = Said::fixed("没有可以比较的商品", "no product to compare with was given");
        return writer.unbound(at, "unbound_comparison", Risk::Block, message, None);
    }
    let mut is_borne_out = false;
    for quantity in inside {
        if let Some(pair) = difference(quantity, said, fields) {
            writer.bound(&quantity.range, ClaimKind::Comparison, &pair);
            taken.push(quantity.range.clone());
            is_borne_out = true;
        }
    }
    // Figures that stand in a field of either are bound as figures; a share or a difference is not.
    let is_open = |quantity: &&&Quantity| {
        !taken.contains(&quantity.range) && quantity.kind == QuantityKind::Percent && said.contains('%')
    };
    if let Some(open) = inside.iter().find(is_open) {
        let message = Said::new(
            format!("两款商品的字段相差不是“{}”", &text[open.range.clone()]),
            format!("the fields of the two do not differ by “{}”", &text[open.range.clone()]),
        );
        taken.push(open.range.clone());
        return writer.unbound(&open.range, "unbound_comparison", Risk::Block, message, None);
    }
    if is_borne_out || !inside.is_empty() {
        return;
    }
    by_direction(at, whole, said, fields, writer);
}

/// Whether the caller states the whole clause.
fn states(field: &Field, said: &str) -> bool {
    field.owner == Owner::Stated && field.folded.contains(said)
}

/// Fields of the product and of another that have the same name and a figure of the same kind.
fn field_pairs(fields: &Fields) -> impl Iterator<Item = (&Field, &Field)> {
    let own = fields.all.iter().filter(|field| field.owner == Owner::Product);
    own.flat_map(move |own| {
        let others = fields.all.iter().filter(move |other| {
            matches!(other.owner, Owner::Other(at) if fields.relations[at] != Relation::Together)
                && other.name == own.name
                && !matches!(own.name.as_str(), "description" | "name" | "launched_on")
        });
        others.map(move |other| (own, other))
    })
}

/// The figures of two fields, kind by kind.
fn figure_pairs<'a>(own: &'a Field, other: &'a Field) -> impl Iterator<Item = (QuantityKind, f64, f64)> + 'a {
    own.quantities.iter().filter_map(move |one| {
        let same = other.quantities.iter().find(|known| known.kind == one.kind)?;
        Some((one.kind, one.value, same.value))
    })
}

/// The two fields that differ by what the quantity says, in the direction that the clause says.
fn difference<'a>(quantity: &Quantity, said: &str, fields: &'a Fields) -> Option<[&'a Field; 2]> {
    let wanted = direction(said);
    for (own, other) in field_pairs(fields) {
        for (kind, a, b) in figure_pairs(own, other) {
            let is_meant = wanted.is_none_or(|(kinds, _)| kinds.is_empty() || kinds.contains(&kind));
            let is_right = wanted.is_none_or(|(_, is_more)| (a > b) == is_more);
            let differs = match quantity.kind {
                QuantityKind::Percent => b != 0.0 && ((a - b).abs() / b.abs() * 100.0 - quantity.value).abs() <= 0.5,
                kind_said => {
                    kind_said == kind && ((a - b).abs() - quantity.value).abs() <= 1e-6 * quantity.value.abs().max(1.0)
                }
            };
            if a != b && is_meant && is_right && differs {
                return Some([own, other]);
            }
        }
    }
    None
}

/// Which figures a clause compares, empty for any, and whether it says more.
fn direction(said: &str) -> Option<(&'static [QuantityKind], bool)> {
    let named = DIRECTIONS.iter().find(|one| has_word(said, one.words));
    if let Some(one) = named {
        // 续航缩短: the thing is named, the direction is another.
        let is_turned = one.is_more && has_word(said, &["缩短", "减少", "降低", "更短", "shorter", "less"]);
        return Some((one.kinds, one.is_more != is_turned));
    }
    if has_word(said, LESS) {
        return Some((&[], false));
    }
    has_word(said, MORE).then_some((&[], true))
}

/// A comparison without a figure: any pair of fields of the kind has to bear it out.
fn by_direction(at: &Range<usize>, whole: &str, said: &str, fields: &Fields, writer: &mut Writer) {
    let wanted = direction(said).or_else(|| direction(whole));
    let Some((kinds, is_more)) = wanted.filter(|(kinds, _)| !kinds.is_empty()) else {
        let message = Said::fixed("看不出比较的是哪个字段", "which field is compared is not clear");
        return writer.unbound(at, "unclear_comparison", Risk::Review, message, None);
    };
    let mut turned: Option<(&Field, &Field)> = None;
    for (own, other) in field_pairs(fields) {
        for (_, a, b) in figure_pairs(own, other).filter(|(kind, _, _)| kinds.contains(kind)) {
            if a != b && (a > b) == is_more {
                return writer.bound(at, ClaimKind::Comparison, &[own, other]);
            }
            turned = Some((own, other));
        }
    }
    let message = match turned {
        Some((own, other)) => Said::new(
            format!("商品的 {} 是 {}，比较的商品是 {}", own.name, own.value, other.value),
            format!("the product's {} is {}, the other's {}", own.name, own.value, other.value),
        ),
        None => Said::fixed("两款商品没有可以比较的字段", "the two have no field that can be compared"),
    };
    writer.unbound(at, "unbound_comparison", Risk::Block, message, None);
}
