//! A description of a few sentences: how many, what they bring, what is more and less frequent among them, where it is
//! going. Every figure stands beside that of all customers.

use super::contrast::{Contrasts, LevelContrast};
use super::facts::{Attribute, Measure, Per};
use super::name::{capitalised, inner};
use super::number::{Currency, compact, money, percent};
use super::{GroupProfile, ProfileOptions, Trend};
use crate::Text;

const N_LEVELS: usize = 3;
const N_NUMBERS: usize = 2;
/// Numbers that differ less than this many standard deviations are not told.
const EFFECT: f64 = 0.3;

pub(super) fn describe(profile: &GroupProfile, contrasts: &Contrasts, options: &ProfileOptions) -> Text {
    let currency = &options.currency;
    let sentences = [
        Some(size(profile, currency)),
        listed(more(contrasts)),
        listed(contrasts.worth_a_word(false).filter_map(less).take(1).collect()),
        listed(numbers(contrasts, currency)),
        trend(&profile.trend, options.recent_days),
    ];
    let told: Vec<Text> = sentences.into_iter().flatten().collect();
    Text::new(
        told.iter().map(|text| text.zh.as_str()).collect::<String>(),
        told.iter().map(|text| text.en.as_str()).collect::<Vec<_>>().join(" "),
    )
}

fn size(profile: &GroupProfile, currency: &Currency) -> Text {
    let (n, value) = (compact(profile.n_customers as f64), money(profile.value_cents.0 as f64, currency));
    let (share, value_share) = (percent(profile.customers_share), percent(profile.value_share));
    if profile.n_customers == 1 {
        return Text::new(
            format!("1位客户，贡献消费{}（{value_share}）。", value.zh),
            format!("One customer, spending {} ({value_share} of the total).", value.en),
        );
    }
    Text::new(
        format!("{}位客户，占全部客户的{share}；消费{}，占总消费的{value_share}。", n.zh, value.zh),
        format!("{} customers, {share} of all; they spent {}, {value_share} of the total.", n.en, value.en),
    )
}

/// Clauses joined to a sentence.
fn listed(clauses: Vec<Text>) -> Option<Text> {
    if clauses.is_empty() {
        return None;
    }
    let zh = clauses.iter().map(|clause| clause.zh.as_str()).collect::<Vec<_>>().join("；");
    let en = clauses.iter().map(|clause| clause.en.as_str()).collect::<Vec<_>>().join("; ");
    Some(Text::new(format!("{zh}。"), format!("{}.", capitalised(&en))))
}

/// What is over-represented, one clause per attribute before a second of the same.
fn more(contrasts: &Contrasts) -> Vec<Text> {
    let worth: Vec<&LevelContrast> = contrasts.worth_a_word(true).collect();
    let is_first = |at: usize| worth[..at].iter().all(|level| level.attribute != worth[at].attribute);
    let (firsts, seconds): (Vec<usize>, Vec<usize>) = (0..worth.len()).partition(|&at| is_first(at));
    firsts.into_iter().chain(seconds).take(N_LEVELS).map(|at| clause(worth[at])).collect()
}

/// "62% have bought laptops (all customers: 15%)".
fn clause(level: &LevelContrast) -> Text {
    let (share, overall) = (percent(level.share), percent(level.share_overall));
    let (zh, en) = said(level);
    Text::new(format!("{share}{zh}（全部客户{overall}）"), format!("{share} {en} (all customers: {overall})"))
}

/// What follows the share.
pub(super) fn said(level: &LevelContrast) -> (String, String) {
    let Text { zh, en } = &level.name;
    let by_customer = level.per == Per::Customer;
    let either = |customer: (String, String), purchase: (String, String)| if by_customer { customer } else { purchase };
    let pair = |zh: &str, en: &str| (zh.to_owned(), en.to_owned());
    match level.attribute {
        Attribute::Category => either(
            (format!("买过{zh}"), format!("have bought {}", inner(en))),
            (format!("的购买是{zh}"), format!("of purchases are {}", inner(en))),
        ),
        Attribute::Brand => either(
            (format!("买过{zh}"), format!("have bought {en}")),
            (format!("的购买来自{zh}"), format!("of purchases are from {en}")),
        ),
        Attribute::PriceBand => either(
            (format!("买过{zh}价位的商品"), format!("have bought something priced {}", inner(en))),
            (format!("的购买在{zh}价位"), format!("of purchases are priced {}", inner(en))),
        ),
        Attribute::Channel => either(
            (format!("在{zh}下过单"), format!("have ordered via {}", inner(en))),
            (format!("的订单来自{zh}"), format!("of orders come via {}", inner(en))),
        ),
        Attribute::Hour | Attribute::Weekday => (format!("的订单在{zh}"), format!("of orders are placed {en}")),
        Attribute::Generation => match level.level.as_str() {
            "newest" => either(
                pair("买过刚上市的新品", "have bought newly launched models"),
                pair("的购买是刚上市的新品", "of purchases are newly launched models"),
            ),
            "previous" => either(
                pair("买过上一代机型", "have bought previous-generation models"),
                pair("的购买是上一代机型", "of purchases are previous-generation models"),
            ),
            "older" => either(
                pair("买过更早的机型", "have bought older models"),
                pair("的购买是更早的机型", "of purchases are older models"),
            ),
            _ => either(
                (format!("买过{zh}"), format!("have bought {}", inner(en))),
                (format!("的购买是{zh}"), format!("of purchases are {}", inner(en))),
            ),
        },
        Attribute::AgeBand => either(
            (format!("是{zh}"), format!("are aged {en}")),
            (format!("的购买来自{zh}的客户"), format!("of purchases are by those aged {en}")),
        ),
        Attribute::Region => either(
            (format!("在{zh}"), format!("live in {en}")),
            (format!("的购买来自{zh}"), format!("of purchases are from {en}")),
        ),
    }
}

/// "fewer have bought headphones (3%; all customers: 18%)", of what one can buy.
fn less(level: &LevelContrast) -> Option<Text> {
    let name = match level.attribute {
        Attribute::Category => Text::new(level.name.zh.clone(), inner(&level.name.en)),
        Attribute::Brand => level.name.clone(),
        _ => return None,
    };
    if level.per == Per::Purchase {
        return Some(clause(level));
    }
    let (share, overall) = (percent(level.share), percent(level.share_overall));
    let (zh, en) =
        if level.n == 0 { ("没有人买过", "nobody has bought") } else { ("较少人买过", "fewer have bought") };
    Some(Text::new(
        format!("{zh}{}（{share}，全部客户{overall}）", name.zh),
        format!("{en} {} ({share}; all customers: {overall})", name.en),
    ))
}

fn numbers(contrasts: &Contrasts, currency: &Currency) -> Vec<Text> {
    let differs = contrasts.numbers.iter().filter(|number| contrasts.effect(number.measure).abs() >= EFFECT);
    let clause = |measure: Measure, mean: f64, overall: f64| {
        let (mean, overall) = (measure.written(mean, currency), measure.written(overall, currency));
        // Two figures that read the same tell nothing.
        (mean != overall).then(|| {
            let name = measure.name();
            Text::new(
                format!("{}{}（全部客户{}）", name.zh, mean.zh, overall.zh),
                format!("{}: {} (all customers: {})", name.en, mean.en, overall.en),
            )
        })
    };
    differs.filter_map(|number| clause(number.measure, number.mean, number.mean_overall)).take(N_NUMBERS).collect()
}

/// What was spent in the last days beside as many before.
fn trend(trend: &Trend, days: u32) -> Option<Text> {
    let change = trend.value_change?;
    let (zh, en) = match change {
        // Beyond double, how many times says more than per cent.
        1.0.. => (
            format!("是此前{days}天的{:.1}倍", change + 1.0),
            format!("{:.1} times as much as in the {days} before", change + 1.0),
        ),
        0.05.. => (
            format!("比此前{days}天增长{}", percent(change)),
            format!("{} more than in the {days} before", percent(change)),
        ),
        _ if change <= -1.0 => ("为零".to_owned(), "nothing".to_owned()),
        _ if change <= -0.05 => (
            format!("比此前{days}天下降{}", percent(-change)),
            format!("{} less than in the {days} before", percent(-change)),
        ),
        _ => (format!("与此前{days}天基本持平"), format!("about as much as in the {days} before")),
    };
    Some(Text::new(format!("最近{days}天消费{zh}。"), format!("In the last {days} days they spent {en}.")))
}
