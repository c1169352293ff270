//! A message that changes one condition of the list before (`那黑色的呢`, "and under 3000?"): the wish as it would be said again in
//! one piece, which is then answered like any other. What a message that asks about one of the listed things means stands in `meant`.

use std::ops::Range;

use language::text::quantities;

use crate::act::attributes;
use crate::state::{Asked, Dialogue};
use crate::understand::{Entity, Named, Reference, Understanding, colours};

/// Turns after which a list is not the one that is gone on from.
const TURNS_MAX: u32 = 2;

/// What stands around a condition and asks for nothing by itself; longer ones first.
const AROUND_ZH: &[&str] = &[
    "有没有",
    "没有",
    "只要",
    "换成",
    "里面",
    "其中",
    "还有",
    "来个",
    "预算",
    "价格",
    "有",
    "要",
    "换",
    "的",
    "款",
    "版",
    "那",
    "呢",
    "吗",
    "么",
    "啊",
    "呀",
    "或者",
    "在",
    "是",
];
const AROUND_EN: &[&str] = &[
    "and", "in", "what", "about", "how", "only", "just", "with", "for", "from", "ones", "any", "those", "got", "do",
    "you", "have", "are", "there", "but", "maybe", "please", "show", "me", "or", "by", "same", "instead",
];

/// The whole wish of a message that says nothing but other conditions of the last list. `earlier` understands what was said then.
pub(super) fn of(
    text: &str,
    understood: &Understanding,
    dialogue: &Dialogue,
    earlier: impl FnOnce(&str) -> Understanding,
) -> Option<String> {
    let wish = dialogue
        .wish
        .as_ref()
        .filter(|wish| dialogue.n_turns.saturating_add(1).saturating_sub(wish.said_in) <= TURNS_MAX)?;
    let is_asked = !matches!(dialogue.asked, None | Some(Asked::HandOver { .. } | Asked::Rephrase));
    let is_free = dialogue.forms.is_empty() && !is_asked && !dialogue.with_person;
    // A colour alone points to one of those listed; with no other word it is another condition.
    let is_colour =
        |one: &Reference| matches!(one, Reference::With { attribute, extreme: None, .. } if attribute == "color");
    if !is_free || !understood.references.iter().all(is_colour) || understood.is_injection {
        return None;
    }
    let stated = conditions(text, understood)?;
    let mut before = earlier(&wish.text);
    // What was a wish for one product by name is none for a list.
    if before.entities.iter().any(|entity| matches!(entity.what, Named::Product { .. })) {
        return None;
    }
    before.entities.retain(|entity| is_replaced(&entity.what, &understood.entities));
    let mut gone: Vec<Range<usize>> = extents(&wish.text, &before.entities);
    if !colours::named_in(text).is_empty() {
        gone.extend(colours::places(&wish.text));
    }
    let rest = without(&wish.text, gone);
    let rest = rest.trim().trim_end_matches(['?', '？', '。', '.', '!', '！', '吗', '呢']).trim_end();
    Some(format!("{rest} {stated}"))
}

/// The conditions that a message states; nothing if it says anything else.
fn conditions(text: &str, understood: &Understanding) -> Option<String> {
    let is_condition = |what: &Named| match what {
        Named::Brand { .. } | Named::Money { .. } | Named::Spec { .. } | Named::Count { .. } => true,
        Named::Attribute { name } => matches!(name.as_str(), "stock" | "price" | "color"),
        _ => false,
    };
    let entities = &understood.entities;
    if !entities.iter().all(|entity| is_condition(&entity.what)) {
        return None;
    }
    let states = |what: &Named| matches!(what, Named::Brand { .. } | Named::Money { .. } | Named::Spec { .. });
    let places = colours::places(text);
    if places.is_empty() && !entities.iter().any(|entity| states(&entity.what)) {
        return None;
    }
    let mut own = extents(text, entities);
    own.extend(places);
    let rest = attributes::fold(&without(text, own));
    let rest = AROUND_ZH.iter().fold(rest, |rest, word| rest.replace(word, " "));
    let is_around = |word: &str| word.is_empty() || AROUND_EN.contains(&word);
    if !rest.split(|character: char| !character.is_alphanumeric()).all(is_around) {
        return None;
    }
    // "And in black?" is said again as "in black".
    let begins = ["and ", "but ", "or ", "what about ", "how about ", "那", "还有"];
    let mut stated = text.trim().trim_end_matches(['?', '？', '。', '.', '!', '！', '吗', '呢']);
    while let Some(rest) = begins.iter().find_map(|begin| {
        let head = stated.get(..begin.len())?;
        head.eq_ignore_ascii_case(begin).then(|| stated[begin.len()..].trim_start())
    }) {
        stated = rest;
    }
    Some(stated.to_owned())
}

/// Whether a condition of before is said anew.
fn is_replaced(what: &Named, now: &[Entity]) -> bool {
    now.iter().any(|entity| match (what, &entity.what) {
        (Named::Brand { .. }, Named::Brand { .. }) | (Named::Money { .. }, Named::Money { .. }) => true,
        (Named::Spec { attribute, .. }, Named::Spec { attribute: other, .. }) => attribute == other,
        _ => false,
    })
}

/// Where entities stand, with the words that bound their amounts.
fn extents(text: &str, entities: &[Entity]) -> Vec<Range<usize>> {
    let written = quantities(text);
    let mut all = Vec::new();
    for entity in entities {
        let overlaps = |range: &Range<usize>| range.start < entity.range.end && entity.range.start < range.end;
        all.extend(written.iter().filter(|one| overlaps(&one.range)).map(|one| one.extent.clone()));
        all.push(entity.range.clone());
    }
    all
}

fn without(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    ranges.retain(|range| text.get(range.clone()).is_some());
    ranges.sort_by_key(|range| range.start);
    let (mut rest, mut at) = (String::new(), 0);
    for range in ranges {
        if range.end <= at {
            continue;
        }
        if let Some(kept) = text.get(at..range.start.max(at)) {
            rest.push_str(kept);
            rest.push(' ');
        }
        at = at.max(range.end);
    }
    rest.push_str(text.get(at..).unwrap_or_default());
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_out_once() {
        let cut = |text: &str, words: &[&str]| {
            let place = |word: &&str| text.find(word).map(|at| at..at + word.len());
            without(text, words.iter().filter_map(place).collect())
        };
        assert_eq!(cut("a white fox", &["white", "hit", "te"]), "a   fox");
        assert_eq!(cut("白色的", &["白色"]), " 的");
        assert_eq!(without("x", vec![5..9, 7..9]), "x");
    }
}
