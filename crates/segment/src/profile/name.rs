//! Short names from the strongest facts: a head (who they are), an adjective (how they spend), and what else is
//! particular. Larger groups are named first and so more simply; a name that is taken gets what is particular next, and
//! only when nothing is left a number.

use std::collections::BTreeSet;

use super::contrast::{Contrasts, LevelContrast};
use super::facts::{Attribute, Measure};
use crate::Text;

/// A number is worth a word from this effect on: half a standard deviation of all customers.
const EFFECT: f64 = 0.5;
/// Levels that may head a name, at most.
const N_HEADS_MAX: usize = 3;

/// Names in the order of groups. Never the same twice, in either language.
pub(super) fn names(groups: &[Contrasts], sizes: &[u64]) -> Vec<Text> {
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|&group| std::cmp::Reverse(sizes[group]));
    let (mut zh, mut en) = (BTreeSet::new(), BTreeSet::new());
    let mut names = vec![Text::default(); groups.len()];
    for group in order {
        let candidates = candidates(&groups[group]);
        let is_free = |name: &Text| !zh.contains(&name.zh) && !en.contains(&name.en);
        let numbered = || (2..).map(|number| numbered(&candidates[0], number));
        let name = candidates.iter().cloned().chain(numbered()).find(is_free).expect("numbers do not end");
        zh.insert(name.zh.clone());
        en.insert(name.en.clone());
        names[group] = name;
    }
    names
}

fn numbered(name: &Text, number: usize) -> Text {
    Text::new(format!("{}（{number}）", name.zh), format!("{} ({number})", name.en))
}

/// From the best to the longest; one at least.
fn candidates(contrasts: &Contrasts) -> Vec<Text> {
    let mut candidates = Vec::new();
    for head in heads(contrasts) {
        let tails: Vec<Text> = tails(contrasts, &head);
        // One particular says enough; with none the head stands alone.
        candidates.extend(tails.iter().map(|tail| joined(&head.text, &[tail])));
        if tails.is_empty() {
            candidates.push(head.text.clone());
        }
        for (at, first) in tails.iter().enumerate() {
            candidates.extend(tails[at + 1..].iter().map(|second| joined(&head.text, &[first, second])));
        }
    }
    candidates
}

fn joined(head: &Text, tails: &[&Text]) -> Text {
    let all =
        |of: fn(&Text) -> &str, between: &str| tails.iter().map(|tail| of(tail)).collect::<Vec<_>>().join(between);
    Text::new(format!("{} · {}", head.zh, all(|t| &t.zh, "、")), format!("{}, {}", head.en, all(|t| &t.en, ", ")))
}

/// What a name begins with, and what it has said by that.
struct Head {
    text: Text,
    said: Vec<Said>,
}

#[derive(Clone, Debug, PartialEq)]
enum Said {
    Level(Attribute, String),
    Price,
    Number(Measure),
}

fn heads(contrasts: &Contrasts) -> Vec<Head> {
    let mut heads = Vec::new();
    let adjective = adjective(contrasts);
    let bought =
        contrasts.worth_a_word(true).filter(|level| matches!(level.attribute, Attribute::Category | Attribute::Brand));
    // Categories say more than brands, whatever the order of strength.
    let (mut levels, brands): (Vec<&LevelContrast>, Vec<_>) =
        bought.partition(|level| level.attribute == Attribute::Category);
    levels.extend(brands);
    for level in levels.into_iter().take(N_HEADS_MAX) {
        // A brand's name has no plural.
        let en = match level.attribute {
            Attribute::Category => singular(&inner(&level.name.en)),
            _ => level.name.en.clone(),
        };
        let noun = Text::new(format!("{}买家", level.name.zh), format!("{en} buyers"));
        let mut said = vec![Said::Level(level.attribute, level.level.clone())];
        let text = match &adjective {
            Some((adjective, what)) => {
                said.push(what.clone());
                Text::new(format!("{}{}", adjective.zh, noun.zh), format!("{} {}", adjective.en, noun.en))
            }
            None => Text::new(noun.zh, capitalised(&noun.en)),
        };
        heads.push(Head { text, said });
    }
    heads.extend(heads_of_habits(contrasts));
    if heads.is_empty() {
        heads.push(Head { text: Text::new("普通客户", "Everyday customers"), said: Vec::new() });
    }
    heads
}

fn heads_of_habits(contrasts: &Contrasts) -> Vec<Head> {
    const BY_NUMBER: &[(Measure, bool, &str, &str)] = &[
        (Measure::Orders, true, "高频客户", "Frequent buyers"),
        (Measure::SpendCents, true, "高消费客户", "Big spenders"),
        (Measure::RecencyDays, true, "久未下单客户", "Lapsed customers"),
        (Measure::BasketCents, true, "高客单客户", "Big-ticket buyers"),
        (Measure::DiscountShare, true, "优惠敏感客户", "Bargain hunters"),
        (Measure::AccessoryShare, true, "配件常客", "Accessory regulars"),
        (Measure::ReturnShare, true, "退货较多的客户", "Frequent returners"),
        (Measure::ServiceContacts, true, "咨询较多的客户", "Customers who ask a lot"),
        (Measure::Views, true, "爱逛的客户", "Keen browsers"),
        (Measure::DeviceAgeDays, true, "待换机客户", "Owners of ageing devices"),
        (Measure::SpendCents, false, "低消费客户", "Light spenders"),
        (Measure::RecencyDays, false, "近期活跃客户", "Recently active customers"),
    ];
    let newest =
        contrasts.worth_a_word(true).find(|level| level.attribute == Attribute::Generation && level.level == "newest");
    let mut heads: Vec<Head> = newest
        .map(|level| Head {
            text: Text::new("新品尝鲜客户", "Early adopters"),
            said: vec![Said::Level(level.attribute, level.level.clone())],
        })
        .into_iter()
        .collect();
    let mut by_number: Vec<_> = BY_NUMBER.iter().map(|of| (contrasts.effect(of.0), of)).collect();
    by_number.retain(|&(effect, of)| if of.1 { effect >= EFFECT } else { effect <= -EFFECT });
    by_number.sort_by(|x, y| y.0.abs().total_cmp(&x.0.abs()));
    heads.extend(by_number.into_iter().map(|(_, &(measure, _, zh, en))| {
        let mut said = vec![Said::Number(measure)];
        // What is dear is dear by either measure.
        if measure == Measure::BasketCents {
            said.push(Said::Price);
        }
        Head { text: Text::new(zh, en), said }
    }));
    heads
}

/// How they spend, before a noun.
fn adjective(contrasts: &Contrasts) -> Option<(Text, Said)> {
    let band = contrasts
        .worth_a_word(true)
        .find(|level| level.attribute == Attribute::PriceBand && (level.is_highest() || level.is_lowest()));
    let basket = contrasts.effect(Measure::BasketCents);
    let dear = band.map_or(basket >= EFFECT, LevelContrast::is_highest);
    let cheap = band.map_or(basket <= -EFFECT, LevelContrast::is_lowest);
    match (dear, cheap) {
        (true, _) => Some((Text::new("高客单", "Big-ticket"), Said::Price)),
        (_, true) => Some((Text::new("低客单", "Budget"), Said::Price)),
        _ if contrasts.effect(Measure::Orders) >= EFFECT => {
            Some((Text::new("高频", "Frequent"), Said::Number(Measure::Orders)))
        }
        _ => None,
    }
}

/// What else is particular, the most telling first.
fn tails(contrasts: &Contrasts, head: &Head) -> Vec<Text> {
    let is_new = |said: &Said| !head.said.contains(said);
    let mut tails: Vec<(f64, Text)> = contrasts
        .worth_a_word(true)
        .filter(|level| is_new(&Said::Level(level.attribute, level.level.clone())))
        .filter(|level| level.attribute != Attribute::PriceBand || is_new(&Said::Price))
        .filter_map(|level| Some((level.telling(), tail_of_level(level)?)))
        .collect();
    const BY_NUMBER: &[(Measure, bool, &str, &str)] = &[
        (Measure::RecencyDays, true, "久未下单", "quiet lately"),
        (Measure::RecencyDays, false, "近期活跃", "active lately"),
        (Measure::Orders, true, "复购多", "buying often"),
        (Measure::DiscountShare, true, "爱用优惠", "keen on discounts"),
        (Measure::AccessoryShare, true, "爱买配件", "fond of accessories"),
        (Measure::DeviceAgeDays, true, "设备待换", "due for a new device"),
        (Measure::ReturnShare, true, "退货较多", "returning more"),
        (Measure::ServiceContacts, true, "咨询较多", "asking more"),
        (Measure::Views, true, "爱浏览", "browsing a lot"),
        (Measure::SpendCents, false, "消费偏低", "spending little"),
    ];
    for &(measure, positive, zh, en) in BY_NUMBER {
        let effect = contrasts.effect(measure);
        let is_large = if positive { effect >= EFFECT } else { effect <= -EFFECT };
        if is_large && is_new(&Said::Number(measure)) {
            // An effect of half a deviation speaks about as loud as a level that half have and a quarter elsewhere.
            tails.push((effect.abs() * 0.6, Text::new(zh, en)));
        }
    }
    tails.sort_by(|x, y| y.0.total_cmp(&x.0));
    tails.into_iter().map(|(_, text)| text).collect()
}

fn tail_of_level(level: &LevelContrast) -> Option<Text> {
    let Text { zh, en } = &level.name;
    Some(match level.attribute {
        Attribute::Category => Text::new(format!("也买{zh}"), format!("also {}", inner(en))),
        Attribute::Brand => Text::new(format!("偏爱{zh}"), format!("fond of {en}")),
        Attribute::PriceBand if level.is_highest() => Text::new("偏爱高价位", "choosing the top price range"),
        Attribute::PriceBand if level.is_lowest() => Text::new("偏爱低价位", "choosing the low price range"),
        Attribute::PriceBand => Text::new(format!("{zh}价位"), format!("priced {}", inner(en))),
        Attribute::Channel => Text::new(format!("多用{zh}"), format!("mostly via {}", inner(en))),
        Attribute::Hour | Attribute::Weekday => Text::new(zh, en.strip_prefix("on ").unwrap_or(en)),
        Attribute::Generation => match level.level.as_str() {
            "newest" => Text::new("爱买新品", "first to buy new models"),
            "previous" => Text::new("多买上一代", "a generation behind"),
            "older" => Text::new("多买旧款", "on older models"),
            _ => Text::new(zh, inner(en)),
        },
        Attribute::AgeBand => Text::new(zh, format!("aged {en}")),
        Attribute::Region => Text::new(zh, format!("in {en}")),
    })
}

/// A name within a sentence: words without their capitals, unless those are a brand's or an abbreviation's (`TV`,
/// `iPhone cases`, `USB hubs`).
pub(super) fn inner(name: &str) -> String {
    let is_plain = |word: &str| word.chars().count() > 1 && word.chars().skip(1).all(|letter| !letter.is_uppercase());
    let within = |word: &str| if is_plain(word) { word.to_lowercase() } else { word.to_owned() };
    name.split(' ').map(within).collect::<Vec<_>>().join(" ")
}

/// The singular of what shops sell, as before "buyers".
fn singular(name: &str) -> String {
    let stem = |ending: &str| name.strip_suffix(ending);
    if let Some(stem) = stem("ies") {
        return format!("{stem}y");
    }
    if ["sses", "nses", "ches", "shes", "xes"].iter().any(|ending| name.ends_with(ending)) {
        return name[..name.len() - 2].to_owned();
    }
    match stem("s") {
        Some(stem) if !stem.ends_with(['s', 'u']) && stem.chars().count() > 1 => stem.to_owned(),
        _ => name.to_owned(),
    }
}

pub(super) fn capitalised(text: &str) -> String {
    // `iPhone` keeps its own way.
    if text.chars().nth(1).is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_fit_their_place() {
        for (name, within, one) in [
            ("Laptops", "laptops", "laptop"),
            ("Accessories", "accessories", "accessory"),
            ("Lenses", "lenses", "lens"),
            ("Games and Toys", "games and toys", "games and toy"),
            ("Smart watches", "smart watches", "smart watch"),
            ("TVs", "TVs", "TV"),
            ("iPhone cases", "iPhone cases", "iPhone case"),
            ("Ink", "ink", "ink"),
            ("", "", ""),
        ] {
            assert_eq!((inner(name).as_str(), singular(within).as_str()), (within, one));
        }
        assert_eq!(capitalised("spend per customer"), "Spend per customer");
        assert_eq!(capitalised("iPhone buyers"), "iPhone buyers");
    }
}
