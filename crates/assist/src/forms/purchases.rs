//! Which of the customer's orders, and which of its lines, a message means: by number, place in the list, what is in it, or
//! because there is only one. Orders of others are never looked at, so that nothing of them can be told.

use std::collections::BTreeSet;

use domain::Day;

use super::clean::Words;
use super::notice::Notice;
use super::read::Reading;
use super::read::choice::number;
use super::{Filling, FormWorld};
use crate::evidence::figures::MONTHS;
use crate::policy::windows::n_kept;
use crate::state::LISTED_MAX;
use crate::understand::{Named, Reference, Understanding};
use crate::world::{DeliveryStatus, OrderRecord};

/// Orders that are looked through for what is in them; the newest.
const ORDERS_MAX: usize = 50;
/// Days for which what was ordered is what somebody speaks of, before all that they have bought of the kind.
pub const RECENT_DAYS: i32 = 60;
/// Digits at the end of an order number that name it: 尾号0023.
const TAIL_MIN: usize = 4;
/// Words with which somebody gives the end of a number without being asked.
const TAIL_CUES: &[&str] = &["尾号", "末尾", "最后几位", "ending", "ends in", "ends with"];

/// Orders of which something was kept, newest first.
pub fn open_orders<'a>(world: &FormWorld<'a>) -> impl Iterator<Item = &'a OrderRecord> {
    let own = |order: &&OrderRecord| world_owns(world, order);
    world.orders.iter().filter(own).filter(|order| is_open(order)).take(ORDERS_MAX).collect::<Vec<_>>().into_iter()
}

/// A world may be handed orders of one customer only; a slip must not show them to another.
fn world_owns(world: &FormWorld, order: &OrderRecord) -> bool {
    world.customer_id.is_some_and(|customer_id| order.customer_id == customer_id)
}

fn is_open(order: &OrderRecord) -> bool {
    let over = order
        .delivery
        .as_ref()
        .is_some_and(|delivery| matches!(delivery.status, DeliveryStatus::Cancelled | DeliveryStatus::Returned));
    !over && lines(order).next().is_some()
}

/// Products of an order of which something was kept, each once, in its order.
pub fn lines(order: &OrderRecord) -> impl Iterator<Item = &str> {
    let mut seen = BTreeSet::new();
    let ids = order.lines.iter().map(|line| line.product_id.as_str());
    ids.filter(move |id| seen.insert(*id)).filter(|id| n_kept(order, id) > 0)
}

/// The customer's order of this number, whatever became of it.
pub fn order<'a>(world: &FormWorld<'a>, order_id: &str) -> Option<&'a OrderRecord> {
    let owns = world.customer_id?;
    world.orders.iter().find(|order| order.order_id == order_id && order.customer_id == owns)
}

/// Reads an order. `asked`: it was asked for, so that places in the list and ends of numbers count.
pub fn read_order(
    message: &Words,
    understanding: &Understanding,
    filling: &Filling,
    world: &FormWorld,
    asked: bool,
) -> Reading {
    // By its number, as a whole word; the longest, since one number may begin another.
    let own = world.orders.iter().filter(|order| world_owns(world, order));
    let named = own.filter_map(|order| Some((order, message.find(&order.order_id.to_ascii_lowercase())?)));
    if let Some((order, range)) = named.max_by_key(|(_, range)| range.len()) {
        return Reading::Value(order.order_id.clone(), Some(range));
    }
    if let Some(order) = by_tail(message, world).filter(|_| asked || message.has_any(TAIL_CUES)) {
        return Reading::value(&order.order_id);
    }
    if let Some(named) = understanding.order_number() {
        return Reading::Bad(Notice::NotYourOrder(named.chars().take(40).collect()));
    }
    if asked && let Some(chosen) = offered(message, understanding, filling) {
        return chosen;
    }
    if let Some(order) = referred(understanding, world) {
        return Reading::value(&order.order_id);
    }
    by_content(message, understanding, world, asked)
}

/// Whether an order may be the one that a message is about: it names no thing, or one that the order has.
pub fn may_mean(order: &OrderRecord, message: &Words, understanding: &Understanding, world: &FormWorld) -> bool {
    !names_thing(understanding) || lines(order).any(|id| named(id, message, understanding, world) > 0)
}

/// The same of a line.
pub fn line_may_mean(id: &str, message: &Words, understanding: &Understanding, world: &FormWorld) -> bool {
    !names_thing(understanding) || named(id, message, understanding, world) > 0
}

fn names_thing(understanding: &Understanding) -> bool {
    understanding.entities.iter().any(|entity| match &entity.what {
        Named::Category { value } => !value.is_empty(),
        Named::Product { candidates, .. } => !candidates.is_empty(),
        _ => false,
    })
}

/// A place in the list that was shown.
pub fn offered(message: &Words, understanding: &Understanding, filling: &Filling) -> Option<Reading> {
    let ordinal = understanding.references.iter().find_map(|reference| match reference {
        Reference::Ordinal { n } => Some(*n),
        _ => None,
    });
    let n = match (number(&message.folded), ordinal) {
        (Some(n), _) => n,
        (None, Some(n)) if n > 0 => usize::try_from(n).ok()?,
        (None, Some(-1)) => filling.offered.len(),
        _ => return None,
    };
    filling.offered.get(n.checked_sub(1)?).map(Reading::value)
}

fn referred<'a>(understanding: &Understanding, world: &FormWorld<'a>) -> Option<&'a OrderRecord> {
    understanding.references.iter().find_map(|reference| match reference {
        Reference::Order { newest: true } => open_orders(world).next(),
        Reference::Order { newest: false } => order(world, world.order_id?),
        _ => None,
    })
}

fn by_tail<'a>(message: &Words, world: &FormWorld<'a>) -> Option<&'a OrderRecord> {
    let tails = message.folded.split(|mark: char| !mark.is_ascii_alphanumeric()).filter(|word| word.len() >= TAIL_MIN);
    let tails: Vec<&str> = tails.take(20).collect();
    let mut hits =
        open_orders(world).filter(|order| tails.iter().any(|tail| order.order_id.to_ascii_lowercase().ends_with(tail)));
    hits.next().filter(|_| hits.next().is_none())
}

/// The one order that has what the message names; where several do, or an order is asked for, the one of the day or month it names.
fn by_content(message: &Words, understanding: &Understanding, world: &FormWorld, asked: bool) -> Reading {
    let score =
        |order: &OrderRecord| lines(order).map(|id| named(id, message, understanding, world)).max().unwrap_or(0);
    let scored: Vec<(usize, &OrderRecord)> = open_orders(world).map(|order| (score(order), order)).collect();
    let best = scored.iter().map(|(score, _)| *score).max().unwrap_or(0);
    let when = When::named(message, understanding, world.today);
    let is_at = |order: &OrderRecord| when.as_ref().is_some_and(|when| when.is(order, world));
    let of_best = |score: usize| score == best && (best > 0 || asked);
    let mut dated = scored.iter().filter(|(score, order)| of_best(*score) && is_at(order));
    if let (Some((_, order)), None) = (dated.next(), dated.next()) {
        return Reading::value(&order.order_id);
    }
    let best_of = |since: i32| {
        let is_since = |order: &OrderRecord| world.today.0 - (world.day_of)(order.ordered_at).0 <= since;
        only_best(scored.iter().filter(|(_, order)| is_since(order)).copied().collect())
    };
    // Of several orders with such a thing, the one that was made lately.
    best_of(i32::MAX)
        .or_else(|| best_of(RECENT_DAYS).filter(|_| best > 0))
        .map_or(Reading::Silent, |order| Reading::value(&order.order_id))
}

/// When an order was made or came, as customers tell it.
enum When {
    Day(Day),
    /// The last such month that has begun.
    Month {
        year: i16,
        month: i8,
    },
}

impl When {
    fn named(message: &Words, understanding: &Understanding, today: Day) -> Option<When> {
        let day = understanding.entities.iter().find_map(|entity| match entity.what {
            Named::Day { day } => Some(When::Day(day)),
            _ => None,
        });
        day.or_else(|| {
            let (month, now) = (month(&message.folded)?, today.to_date()?);
            let year = if month <= now.month() { now.year() } else { now.year() - 1 };
            Some(When::Month { year, month })
        })
    }

    fn is(&self, order: &OrderRecord, world: &FormWorld) -> bool {
        let ordered = (world.day_of)(order.ordered_at);
        match self {
            When::Day(day) => {
                let delivered = order.delivery.as_ref().and_then(|delivery| delivery.delivered_on);
                ordered == *day || delivered == Some(*day)
            }
            When::Month { year, month } => {
                ordered.to_date().is_some_and(|date| (date.year(), date.month()) == (*year, *month))
            }
        }
    }
}

/// The month that a text names: `10月`, `十月`, "October", "Oct".
fn month(folded: &str) -> Option<i8> {
    // "May I" and "march on" are no months: these two count behind a preposition alone.
    let words: Vec<&str> =
        folded.split(|mark: char| !mark.is_ascii_alphabetic()).filter(|word| !word.is_empty()).collect();
    let is_month = |at: usize, name: &str| {
        let (word, before) = (words[at], at.checked_sub(1).map_or("", |at| words[at]));
        let is_clear = !matches!(name, "may" | "march") || matches!(before, "in" | "from" | "of" | "last" | "since");
        is_clear && (word == name || word.len() == 3 && name.starts_with(word))
    };
    let named = |(n, name): (usize, &&str)| {
        (0..words.len()).any(|at| is_month(at, name)).then(|| i8::try_from(n + 1).ok()).flatten()
    };
    MONTHS.iter().enumerate().find_map(named).or_else(|| {
        let before = &folded[..folded.find('月')?];
        let start = before
            .char_indices()
            .rev()
            .take_while(|(_, mark)| mark.is_ascii_digit() || "一二三四五六七八九十".contains(*mark));
        let text = &before[start.last()?.0..];
        let n = text.parse::<usize>().ok().or_else(|| super::read::count::chinese(text))?;
        i8::try_from(n).ok().filter(|n| (1..=12).contains(n))
    })
}

/// Reads a line of an order.
pub fn read_line(
    message: &Words,
    understanding: &Understanding,
    filling: &Filling,
    order: &OrderRecord,
    world: &FormWorld,
    asked: bool,
) -> Reading {
    if asked && let Some(chosen) = offered(message, understanding, filling) {
        return chosen;
    }
    // One form is for one thing: of both it is asked which comes first.
    if message.has_any(&["都退", "都要退", "都想退", "全退", "全部退", "都换", "both", "all of them"]) {
        return Reading::Silent;
    }
    let scored = lines(order).map(|id| (named(id, message, understanding, world), id)).collect();
    if let Some(id) = only_best(scored) {
        return Reading::value(id);
    }
    let elsewhere = understanding.products().next().is_some_and(|id| !lines(order).any(|line| line == id));
    if asked && elsewhere { Reading::Bad(Notice::NotInOrder) } else { Reading::Silent }
}

/// The one with the highest score; none if two share it or nothing scores.
fn only_best<T: Copy>(scored: Vec<(usize, T)>) -> Option<T> {
    let best = scored.iter().map(|(score, _)| *score).max().filter(|best| *best > 0)?;
    let mut hits = scored.iter().filter(|(score, _)| *score == best);
    let (_, hit) = hits.next()?;
    hits.next().is_none().then_some(*hit)
}

/// How surely a message names a product: by id, or by the longest words it shares with the name or category.
fn named(product_id: &str, message: &Words, understanding: &Understanding, world: &FormWorld) -> usize {
    const SURE: usize = 1000;
    let candidates = |what: &Named| matches!(what, Named::Product { candidates, .. } if candidates.iter().any(|id| id == product_id));
    if understanding.products().any(|id| id == product_id) {
        return 2 * SURE;
    }
    let maybe = if understanding.entities.iter().any(|entity| candidates(&entity.what)) { SURE } else { 0 };
    let Some(product) = (world.product)(product_id) else { return maybe };
    let category = product.category.as_deref().unwrap_or_default();
    let brand = product.brand.as_deref().unwrap_or_default();
    let of_entity = understanding.entities.iter().map(|entity| match &entity.what {
        Named::Category { value } if !value.is_empty() && category.contains(value.as_str()) => 20,
        Named::Brand { value } if brand.eq_ignore_ascii_case(value) => 10,
        _ => 0,
    });
    let words = shared(&message.folded, &Words::of(&format!("{} {category}", product.name)).folded);
    // `退壳`: the last character of its kind is what people call it.
    const SHORT: &[&str] = &["壳", "膜", "套", "线", "带", "包", "笔", "头"];
    let is_short = |word: &&&str| category.ends_with(**word) && message.folded.contains(**word);
    let short = if SHORT.iter().any(|word| is_short(&word)) { 4 } else { 0 };
    // "That RAM": what people call it besides.
    const ALIASES: &[(&str, &str)] = &[
        ("ram", "memory module"),
        ("ram", "内存条"),
        ("memory stick", "memory module"),
        ("drive", "ssd"),
        ("stick", "memory module"),
        ("buds", "earbuds"),
        ("cam", "camera"),
    ];
    let of = Words::of(&format!("{} {category}", product.name)).folded;
    let is_alias = |(said, kind): &&(&str, &str)| {
        let mut parts = message.folded.split(|mark: char| !mark.is_ascii_alphanumeric());
        of.contains(kind) && (parts.any(|part| part == *said) || said.contains(' ') && message.folded.contains(said))
    };
    let alias = if ALIASES.iter().any(|one| is_alias(&one)) { 6 } else { 0 };
    maybe + of_entity.max().unwrap_or(0) + words + short + alias
}

/// Bytes of words that a message shares with a name: Latin words whole and of three letters or digits and more, Chinese in
/// runs of two characters and more.
fn shared(message: &str, name: &str) -> usize {
    const CHARACTERS_MAX: usize = 200;
    const USUAL: &[&str] = &["the", "and", "for", "with", "pro", "order", "return", "black", "white", "new"];
    let message: String = message.chars().take(CHARACTERS_MAX).collect();
    let name: String = name.chars().take(CHARACTERS_MAX).collect();
    let split = |text: &str| -> BTreeSet<String> {
        text.split(|mark: char| !mark.is_ascii_alphanumeric())
            .filter(|word| word.len() >= 3 && !USUAL.contains(word))
            // Headphones and headphone are one.
            .map(|word| word.strip_suffix('s').filter(|stem| stem.len() >= 4).unwrap_or(word).to_owned())
            .collect()
    };
    let latin: usize = split(&message).intersection(&split(&name)).map(String::len).sum();
    latin + longest_chinese(&message, &name)
}

/// Bytes of the longest run of Chinese characters in both, two at least.
fn longest_chinese(left: &str, right: &str) -> usize {
    let of = |text: &str| -> Vec<char> { text.chars().collect() };
    let (left, right) = (of(left), of(right));
    let mut lengths = vec![0usize; right.len() + 1];
    let mut best = 0;
    for one in left {
        // From the back, since each length grows out of the one before it.
        for (n, other) in right.iter().enumerate().rev() {
            lengths[n + 1] = if one == *other && ('\u{4e00}'..='\u{9fff}').contains(&one) { lengths[n] + 1 } else { 0 };
            best = best.max(lengths[n + 1]);
        }
    }
    if best >= 2 { best * 3 } else { 0 }
}

/// Orders to choose from; `unsent`: those that have not been sent, as far as there are some.
pub fn order_options<'a>(world: &FormWorld<'a>, unsent: bool) -> Vec<&'a OrderRecord> {
    let waits = |order: &&OrderRecord| {
        let status = order.delivery.as_ref().map(|delivery| delivery.status);
        matches!(status, None | Some(DeliveryStatus::Placed | DeliveryStatus::Paid | DeliveryStatus::Packed))
    };
    let waiting: Vec<_> = open_orders(world).filter(|order| unsent && waits(order)).take(LISTED_MAX).collect();
    if waiting.is_empty() { open_orders(world).take(LISTED_MAX).collect() } else { waiting }
}
