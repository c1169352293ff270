//! Figures to fields: the same kind, the same value to the digits that are written, and the field that the words beside the
//! figure ask for.

use std::ops::Range;

use language::text::{Bound, Quantity, QuantityKind, quantities};

use super::super::clause::{clause, has_word};
use super::super::finding::{Risk, Said};
use super::grounds::{Field, Fields, Owner, Relation, folded, in_digits, numbers};
use super::{ClaimKind, Writer, figures};
use crate::write::MONTHS;

/// Words of a text, and of the names of the fields they ask for. A figure beside one binds to such a field, if there is any.
const HINTS: &[&[&str]] = &[
    &["续航", "battery life", "battery_life", "playback", "播放"],
    &["保修", "质保", "warranty"],
    &["厚", "薄", "thick", "thin", "depth"],
    &["宽", "width", "wide"],
    &["充电", "快充", "闪充", "charg"],
    &["前置", "自拍", "front", "selfie"],
    &["后置", "主摄", "rear", "main camera", "main_camera"],
    &["屏幕", "screen", "display"],
    &["显存", "vram", "graphics"],
    &["内存", "运存", "ram", "memory"],
    &["存储", "硬盘", "闪存", "storage", "ssd", "rom"],
    &["重", "轻", "weigh", "weight", "light"],
    &["价", "price", "cost", "元"],
    &["响应", "response"],
    &["距离", "range", "distance"],
];

/// Words by which a clause says that it speaks of the product before, or of another.
pub(super) const OF_ANOTHER: &[&str] = &[
    "上一代",
    "前代",
    "上代",
    "前作",
    "老款",
    "旧款",
    "上一款",
    "相比",
    "比",
    "而",
    "previous",
    "predecessor",
    "last generation",
    "than",
    "compared",
    "older",
    "versus",
    "vs",
    "搭配",
    "配合",
    "兼容",
    "with the",
    "together",
    "同系列",
    "另一款",
    "对比",
];

/// Binds the quantities of a text that no comparison has taken; gives the bytes of all quantities.
pub(super) fn bind_figures(
    text: &str,
    fields: &Fields,
    compared: &[Range<usize>],
    writer: &mut Writer,
) -> Vec<Range<usize>> {
    let all = figures::read(text);
    let taken = all.iter().map(|quantity| quantity.range.clone()).collect();
    for quantity in all {
        if compared.contains(&quantity.range) {
            continue;
        }
        let around = folded(&text[clause(text, &quantity.range)]);
        match bind(text, &quantity, fields, &around) {
            Some(field) => writer.bound(&quantity.range, ClaimKind::Figure, &[field]),
            None => unbound(text, &quantity, fields, writer),
        }
    }
    taken
}

/// The field that says this quantity, the likeliest first.
fn bind<'a>(text: &str, quantity: &Quantity, fields: &'a Fields, around: &str) -> Option<&'a Field> {
    let written = &text[quantity.range.clone()];
    let says = |field: &&Field| field.quantities.iter().any(|known| agrees(written, quantity, known, around));
    let mut saying: Vec<&Field> = fields.all.iter().filter(says).collect();
    if saying.is_empty() {
        saying = fields.all.iter().filter(|field| says_otherwise(quantity, written, field)).collect();
    }
    let of_another = has_word(around, OF_ANOTHER);
    saying.retain(|field| match field.owner {
        Owner::Other(at) => fields.relations[at] == Relation::Together || of_another,
        _ => true,
    });
    // A sentence about the one before is borne out by the one before.
    if of_another && let Some(other) = saying.iter().find(|field| matches!(field.owner, Owner::Other(_))) {
        return Some(other);
    }
    let asked: Vec<&[&str]> = HINTS.iter().copied().filter(|hints| has_part(around, hints)).collect();
    let is_asked = |field: &Field| asked.iter().any(|hints| has_part(&field.name_folded, hints));
    let kinds = |field: &&Field| field.quantities.iter().any(|known| known.kind == quantity.kind);
    let is_answerable = fields.all.iter().filter(kinds).any(is_asked);
    if !is_answerable {
        return saying.first().copied();
    }
    // Fields with names of their own speak for themselves; a name, a description or what is stated may hold anything.
    let is_loose = |field: &Field| {
        field.owner == Owner::Stated || matches!(field.name.as_str(), "name" | "description" | "category" | "display")
    };
    saying.into_iter().find(|field| is_asked(field) || is_loose(field))
}

fn has_part(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// Whether a known quantity is the one that is written.
fn agrees(written: &str, said: &Quantity, known: &Quantity, around: &str) -> bool {
    if !same_kind(said.kind, known.kind, around) {
        return false;
    }
    if said.kind == QuantityKind::Date {
        return same_date(said.value, known.value);
    }
    if let Some(high) = said.high {
        let within = |value: f64| (said.value..=high).contains(&value);
        return match known.high {
            Some(known_high) => same(written, said.value, known.value) && same(written, high, known_high),
            None => within(known.value),
        };
    }
    let ends = [Some(known.value), known.high];
    ends.into_iter().flatten().any(|value| match said.bound {
        Bound::Exactly => same(written, said.value, value),
        Bound::About => (said.value - value).abs() <= 0.05 * value.abs(),
        Bound::AtLeast => value >= said.value * (1.0 - 1e-9),
        Bound::AtMost => value <= said.value * (1.0 + 1e-9),
    })
}

/// Sizes in bytes are told apart by words alone: without any, a size is whichever the field is.
fn same_kind(said: QuantityKind, known: QuantityKind, around: &str) -> bool {
    use QuantityKind::{GraphicsMemory, Memory, Storage};
    let is_size = |kind| matches!(kind, Memory | Storage | GraphicsMemory);
    if said == known {
        return true;
    }
    let names = |words: &[&str]| has_part(around, words);
    is_size(said)
        && is_size(known)
        && !names(&["内存", "运存", "ram", "memory", "存储", "硬盘", "闪存", "storage", "ssd", "rom", "显存", "vram"])
}

/// Parts that are not named (0) agree with any.
fn same_date(said: f64, known: f64) -> bool {
    let parts = |value: f64| [value as u32 / 10_000, value as u32 / 100 % 100, value as u32 % 100];
    parts(said).iter().zip(parts(known)).all(|(said, known)| *said == 0 || known == 0 || *said == known)
}

/// Equal to the digits that are written: 6.7 is said of 6.67, but 1 kg is not said of 1.37 kg.
fn same(written: &str, said: f64, known: f64) -> bool {
    if (said - known).abs() <= 1e-6 * said.abs().max(known.abs()) {
        return true;
    }
    let normal = folded(written);
    let Some(number) = numbers(&normal).first().copied().filter(|number| *number != 0.0) else { return false };
    let digits = normal.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
    let scale = 10f64.powi(digits as i32);
    let known_in_unit = known / (said / number);
    (known_in_unit * scale).round() == (number * scale).round() && (said - known).abs() <= 0.025 * known.abs()
}

/// Kinds that fields say in words: a network in a list, a generation in a name.
fn says_otherwise(quantity: &Quantity, written: &str, field: &Field) -> bool {
    let n = quantity.value;
    match quantity.kind {
        QuantityKind::Network => has_word(&field.folded, &[&format!("{n}g")]),
        QuantityKind::Generation => {
            let forms =
                [format!("{n}代"), format!("gen {n}"), format!("gen{n}"), format!("{n}th gen"), format!("第{n}代")];
            forms.iter().any(|form| field.folded.contains(form.as_str()))
        }
        QuantityKind::Count | QuantityKind::Cores | QuantityKind::Percent => field.numbers.contains(&n),
        _ => {
            // What the reader of quantities sees otherwise in a field (a list, a name) still says the same characters.
            let said = compact(&folded(written));
            said.len() >= 3 && has_compact(&field.folded, &said)
        }
    }
}

fn compact(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace() && *character != '-').collect()
}

/// Whether the same characters stand in the field, and no longer number around them.
fn has_compact(field: &str, said: &str) -> bool {
    let field = compact(field);
    field.match_indices(said).any(|(at, _)| {
        let joins = |side: Option<char>, own: Option<char>| {
            let both = |is: fn(&char) -> bool| side.as_ref().is_some_and(is) && own.as_ref().is_some_and(is);
            both(char::is_ascii_digit) || (side == Some('.') && own.is_some_and(|own| own.is_ascii_digit()))
        };
        !joins(field[..at].chars().next_back(), said.chars().next())
            && !joins(field[at + said.len()..].chars().next(), said.chars().next_back())
    })
}

fn unbound(text: &str, quantity: &Quantity, fields: &Fields, writer: &mut Writer) {
    let written = &text[quantity.range.clone()];
    let mut own: Vec<&Field> = fields.of_kind(quantity.kind).filter(|field| field.owner == Owner::Product).collect();
    let around = folded(&text[clause(text, &quantity.range)]);
    let asked: Vec<&[&str]> = HINTS.iter().copied().filter(|hints| has_part(&around, hints)).collect();
    let is_asked = |field: &&Field| asked.iter().any(|hints| has_part(&field.name_folded, hints));
    if own.iter().any(is_asked) {
        own.retain(is_asked);
    }
    own.retain(|field| field.name != "description");
    let message = if own.is_empty() {
        Said::new(format!("“{written}”在商品字段里找不到"), format!("no field says “{written}”"))
    } else {
        let list = |joiner: &str, is: &str| {
            let says: Vec<String> =
                own.iter().take(3).map(|field| format!("{}{is}{}", field.name, field.value)).collect();
            says.join(joiner)
        };
        Said::new(
            format!("文案写“{written}”，商品的 {}", list("，", " 是 ")),
            format!("the text says “{written}”, the product's {}", list(", ", " is ")),
        )
    };
    // A single field of the same kind is what was meant.
    let single = (own.len() == 1 && own[0].quantities.len() == 1).then(|| own[0].value.trim().to_owned());
    let risk = if quantity.kind == QuantityKind::Time { Risk::Review } else { Risk::Block };
    writer.unbound(&quantity.range, "unbound_figure", risk, message, single);
}

/// Binds numbers in digits that are part of no quantity and no name.
pub(super) fn bare_numbers(text: &str, fields: &Fields, taken: &[Range<usize>], writer: &mut Writer) {
    for range in in_digits(text) {
        let is_taken = taken.iter().any(|other| other.start < range.end && range.start < other.end);
        if is_taken || counts_nothing(text, &range) {
            continue;
        }
        let Ok(number) = text[range.clone()].replace(',', "").parse::<f64>() else { continue };
        let word = word_before(text, &range);
        let says = |field: &&Field| {
            field.numbers.contains(&number) && word.is_none_or(|word| says_bare(field, number, &folded(word)))
        };
        match fields.all.iter().find(says) {
            Some(field) => writer.bound(&range, ClaimKind::Number, &[field]),
            None => {
                let written = &text[range.clone()];
                let message = Said::new(
                    format!("数字“{written}”在商品字段里找不到"),
                    format!("no field says the number “{written}”"),
                );
                writer.unbound(&range, "unbound_number", Risk::Review, message, None);
            }
        }
    }
}

/// First words of a sentence: their capital makes them no name.
const FIRST_WORDS: &str = "about add after all and at before buy by choose code day enjoy every first for from get in it just last less \
    meet more new next now of on only or order our over page pay pick plus room save see since step take than the this till to try \
    under until up use week with your";

/// Chips by their Chinese names.
const CHIPS: &[(&str, &str)] =
    &[("骁龙", "snapdragon"), ("天玑", "dimensity"), ("麒麟", "kirin"), ("锐龙", "ryzen"), ("酷睿", "core")];

/// The name directly before a number, of which the number may be a part: `Pixel 8`, `iPhone 8`, `骁龙 8`.
fn word_before<'a>(text: &'a str, range: &Range<usize>) -> Option<&'a str> {
    let before = text[..range.start].strip_suffix(' ').unwrap_or(&text[..range.start]);
    if let Some((chip, _)) = CHIPS.iter().find(|(chip, _)| before.ends_with(chip)) {
        return Some(&before[before.len() - chip.len()..]);
    }
    let n = before.bytes().rev().take_while(u8::is_ascii_alphabetic).count();
    let word = &before[before.len() - n..];
    let is_name = word.bytes().any(|byte| byte.is_ascii_uppercase());
    let is_plain =
        || MONTHS.contains(&word) || FIRST_WORDS.split_whitespace().any(|one| one.eq_ignore_ascii_case(word));
    (n > 1 && is_name && !is_plain()).then_some(word)
}

/// Whether a field says a number of a name: it has the name, is called by it (`Bluetooth 5.3`), or holds the number alone.
fn says_bare(field: &Field, number: f64, word: &str) -> bool {
    let is_bare = |at: &Range<usize>| {
        !quantities(&field.value).iter().any(|one| one.range.start <= at.start && at.end <= one.range.end)
            && word_before(&field.value, at).is_none()
            && field.value[at.clone()].replace(',', "").parse::<f64>().is_ok_and(|known| known == number)
    };
    let in_english = CHIPS.iter().find(|(chip, _)| *chip == word).map(|(_, name)| *name);
    let has = |word: &str| field.name_folded.contains(word) || field.folded.contains(word);
    has(word) || in_english.is_some_and(has) || in_digits(&field.value).iter().any(is_bare)
}

/// Ordinals, numbers of lists, marks of citations.
fn counts_nothing(text: &str, range: &Range<usize>) -> bool {
    let (before, after) = (&text[..range.start], &text[range.end..]);
    let is_item = before.trim_end_matches(' ').is_empty() || before.trim_end_matches(' ').ends_with('\n');
    before.trim_end().ends_with('第')
        || (before.ends_with('[') && after.starts_with(']'))
        || (before.ends_with(['(', '（']) && after.starts_with([')', '）']) && range.len() <= 2)
        || (is_item && range.len() <= 2 && after.starts_with(['.', '、', ')', '）']))
}
