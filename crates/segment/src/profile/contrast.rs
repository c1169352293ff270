//! Which differences between a group and the rest are sure, and how large they are. Levels: log-odds with an informative
//! Dirichlet prior (Monroe, Colaresi, Quinn 2008, eq. 15–16 and 19, with all four terms of the variance, since a level may
//! be half of everything). Numbers: Welch's statistic, and the difference in standard deviations. Over all groups, levels
//! and numbers together the false discoveries are held at a share (Benjamini and Hochberg 1995).
//!
//! Purchases of one customer are not independent: counts of purchases are shrunk to as many as the group has customers
//! before they are tested.

use math::special::normal_cdf;
use serde::Serialize;

use super::ProfileOptions;
use super::facts::{Attribute, AttributeFacts, Facts, Level, Measure, Moments, Per};
use super::number::{Currency, compact, decimal, money, percent};
use crate::Text;

/// What a level must at least tell of a group to be worth a word: 30 % instead of 25 %, or 10 % instead of 6 %.
const TELLING: f64 = 0.05;

/// A level in a group against the rest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LevelContrast {
    pub attribute: Attribute,
    pub level: String,
    pub name: Text,
    pub per: Per,
    pub n: u64,
    /// In the group.
    pub share: f64,
    /// Among all customers, the group's included.
    pub share_overall: f64,
    /// The one over the other; 0 for a level nobody has.
    pub lift: f64,
    /// Against the rest, with the prior.
    pub log_odds: f64,
    pub z: f64,
    /// The least share of false facts at which this one would be told.
    pub q: f64,
    /// Where the level stands among its attribute's, and how many there are.
    #[serde(skip)]
    pub(super) place: (usize, usize),
    /// Whether it is told of instead of the levels that it was added up from.
    #[serde(skip)]
    pub(super) is_folded: bool,
}

/// A number in a group against the rest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NumberContrast {
    pub measure: Measure,
    pub name: Text,
    pub mean: f64,
    pub mean_overall: f64,
    /// The difference of the two in standard deviations of all customers; 0 if they do not vary.
    pub effect: f64,
    /// Against the rest.
    pub z: f64,
    pub q: f64,
}

/// All of a group's.
pub(super) struct Contrasts {
    /// The most telling first.
    pub levels: Vec<LevelContrast>,
    pub numbers: Vec<NumberContrast>,
    false_share: f64,
}

impl LevelContrast {
    /// How much the level tells of the group: its part of the divergence from all customers. Negative if it is
    /// under-represented.
    pub fn telling(&self) -> f64 {
        let lift = self.lift.max(1e-3);
        if lift >= 1.0 { self.share * lift.ln() } else { self.share_overall * lift.ln() }
    }

    pub fn is_highest(&self) -> bool {
        self.place.1 > 1 && self.place.0 + 1 == self.place.1
    }

    pub fn is_lowest(&self) -> bool {
        self.place.1 > 1 && self.place.0 == 0
    }
}

impl Contrasts {
    /// Levels sure to be over- or under-represented, without those added up for the words alone.
    pub fn listed(&self, over: bool, n_max: usize) -> Vec<LevelContrast> {
        let sure = self.sure(over).filter(|level| !level.is_folded);
        sure.take(n_max).cloned().collect()
    }

    fn sure(&self, over: bool) -> impl Iterator<Item = &LevelContrast> {
        self.levels.iter().filter(move |level| level.q <= self.false_share && (level.z > 0.0) == over)
    }

    /// Levels worth a word: sure, common enough, and clearly more (or less) than elsewhere. Hours and days of the week
    /// speak through parts of the day and the week.
    pub fn worth_a_word(&self, over: bool) -> impl Iterator<Item = &LevelContrast> {
        let is_time = |level: &LevelContrast| matches!(level.attribute, Attribute::Hour | Attribute::Weekday);
        let is_clear = move |level: &LevelContrast| {
            if over {
                level.lift >= 1.2 && level.telling() >= TELLING
            } else {
                level.lift <= 0.7 && level.share_overall >= 0.05
            }
        };
        self.sure(over).filter(move |level| is_clear(level) && is_time(level) == level.is_folded)
    }

    /// The effect of a number, if it is sure.
    pub fn effect(&self, measure: Measure) -> f64 {
        self.number(measure).filter(|number| number.q <= self.false_share).map_or(0.0, |number| number.effect)
    }

    pub fn number(&self, measure: Measure) -> Option<&NumberContrast> {
        self.numbers.iter().find(|number| number.measure == measure)
    }
}

/// Contrasts of all groups, in their order.
pub(super) fn of_all(facts: &Facts, options: &ProfileOptions) -> Vec<Contrasts> {
    let mut groups: Vec<Contrasts> = facts
        .groups
        .iter()
        .map(|_| Contrasts { levels: Vec::new(), numbers: Vec::new(), false_share: options.false_share })
        .collect();
    for attribute in &facts.attributes {
        add_levels(attribute, false, facts, options, &mut groups);
        if let Some(folded) = folded(attribute) {
            add_levels(&folded, true, facts, options, &mut groups);
        }
    }
    for number in &facts.numbers {
        add_numbers(number.measure, &number.moments, &mut groups);
    }
    let zs = |group: &Contrasts| {
        let levels = group.levels.iter().map(|level| level.z);
        levels.chain(group.numbers.iter().map(|number| number.z)).collect::<Vec<f64>>()
    };
    let mut qs = q_values(&groups.iter().flat_map(zs).collect::<Vec<f64>>()).into_iter();
    for group in &mut groups {
        let places = group.levels.iter_mut().map(|level| &mut level.q);
        for (place, q) in places.chain(group.numbers.iter_mut().map(|number| &mut number.q)).zip(&mut qs) {
            *place = q;
        }
        // Sorts are stable: ties stay in the order in which facts were given.
        group.levels.sort_by(|x, y| y.telling().abs().total_cmp(&x.telling().abs()));
        group.numbers.sort_by(|x, y| y.effect.abs().total_cmp(&x.effect.abs()));
    }
    groups
}

/// Times of day and of week added up to parts that have a word.
fn folded(facts: &AttributeFacts) -> Option<AttributeFacts> {
    type Part = (&'static str, &'static str, &'static str, fn(u32) -> bool);
    const PARTS_OF_DAY: &[Part] = &[
        ("night", "深夜", "late at night", |hour| !(6..23).contains(&hour)),
        ("morning", "上午", "in the morning", |hour| (6..12).contains(&hour)),
        ("afternoon", "下午", "in the afternoon", |hour| (12..18).contains(&hour)),
        ("evening", "晚上", "in the evening", |hour| (18..23).contains(&hour)),
    ];
    const PARTS_OF_WEEK: &[Part] =
        &[("workday", "工作日", "on weekdays", |day| day <= 5), ("weekend", "周末", "on weekends", |day| day > 5)];
    let parts = match facts.attribute {
        Attribute::Hour => PARTS_OF_DAY,
        Attribute::Weekday => PARTS_OF_WEEK,
        _ => return None,
    };
    let sum = |counts: &Vec<u64>, holds: fn(u32) -> bool| {
        let of = |(level, count): (&Level, &u64)| level.key.parse().is_ok_and(holds).then_some(*count);
        facts.levels.iter().zip(counts).filter_map(of).sum()
    };
    Some(AttributeFacts {
        attribute: facts.attribute,
        per: facts.per,
        levels: parts.iter().map(|&(key, zh, en, _)| Level { key: key.into(), name: Text::new(zh, en) }).collect(),
        counts: facts.counts.iter().map(|counts| parts.iter().map(|part| sum(counts, part.3)).collect()).collect(),
    })
}

fn add_levels(
    facts: &AttributeFacts,
    is_folded: bool,
    all: &Facts,
    options: &ProfileOptions,
    groups: &mut [Contrasts],
) {
    let sizes: Vec<f64> = match facts.per {
        Per::Customer => all.groups.iter().map(|group| group.n_customers as f64).collect(),
        Per::Purchase => facts.counts.iter().map(|counts| counts.iter().sum::<u64>() as f64).collect(),
    };
    let independent: Vec<f64> = match facts.per {
        Per::Customer => vec![1.0; sizes.len()],
        Per::Purchase => {
            let share =
                |(group, &size): (&super::GroupFacts, &f64)| (group.n_customers as f64 / size.max(1.0)).min(1.0);
            all.groups.iter().zip(&sizes).map(share).collect()
        }
    };
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    for (at, level) in facts.levels.iter().enumerate() {
        let count = |group: usize| facts.counts[group][at] as f64;
        let n_groups = groups.len();
        let share_overall = share((0..n_groups).map(count).sum(), sizes.iter().sum());
        let tested = |group: usize| (count(group) * independent[group], sizes[group] * independent[group]);
        let (all_hits, all_trials) =
            (0..n_groups).map(tested).fold((0.0, 0.0), |sum, group| (sum.0 + group.0, sum.1 + group.1));
        for (group, contrasts) in groups.iter_mut().enumerate() {
            let (hits, trials) = tested(group);
            // Sums less their parts are off by rounding.
            let rest = ((all_hits - hits).max(0.0), (all_trials - trials).max(0.0));
            let (log_odds, z) = log_odds((hits, trials), rest, share(all_hits, all_trials), options.prior);
            let share = share(count(group), sizes[group]);
            contrasts.levels.push(LevelContrast {
                attribute: facts.attribute,
                level: level.key.clone(),
                name: level.name.clone(),
                per: facts.per,
                n: facts.counts[group][at],
                share,
                share_overall,
                lift: if share_overall > 0.0 { share / share_overall } else { 0.0 },
                log_odds,
                z,
                q: 1.0,
                place: (at, facts.levels.len()),
                is_folded,
            });
        }
    }
}

/// The difference of log-odds between (hits, trials) of a group and of the rest, and its z; `share` is the prior's, worth
/// `prior` trials on either side. Nothing differs where nobody or everybody has the level, or one side is empty.
fn log_odds(group: (f64, f64), rest: (f64, f64), share: f64, prior: f64) -> (f64, f64) {
    if share <= 0.0 || share >= 1.0 || group.1 <= 0.0 || rest.1 <= 0.0 {
        return (0.0, 0.0);
    }
    let sides = [group, rest].map(|(hits, trials)| {
        let (with, without) = (hits + prior * share, trials - hits + prior * (1.0 - share));
        ((with / without).ln(), 1.0 / with + 1.0 / without)
    });
    let difference = sides[0].0 - sides[1].0;
    (difference, difference / (sides[0].1 + sides[1].1).sqrt())
}

fn add_numbers(measure: Measure, moments: &[Moments], groups: &mut [Contrasts]) {
    let all = moments.iter().fold(Moments::default(), |sum, part| sum.plus(part, 1.0));
    for (of_group, contrasts) in moments.iter().zip(groups) {
        if of_group.n == 0 {
            continue;
        }
        let rest = Moments { n: all.n - of_group.n, ..all.plus(of_group, -1.0) };
        let error = (of_group.variance() / of_group.n as f64 + rest.variance() / rest.n.max(1) as f64).sqrt();
        let z = if rest.n > 0 && error > 0.0 { (of_group.mean() - rest.mean()) / error } else { 0.0 };
        let spread = all.variance().sqrt();
        let difference = of_group.mean() - all.mean();
        contrasts.numbers.push(NumberContrast {
            measure,
            name: measure.name(),
            mean: of_group.mean(),
            mean_overall: all.mean(),
            effect: if spread > 0.0 { difference / spread } else { 0.0 },
            // A single customer has no spread to be sure by.
            z: if of_group.n > 1 { z } else { 0.0 },
            q: 1.0,
        });
    }
}

impl Moments {
    fn plus(&self, other: &Moments, sign: f64) -> Moments {
        Moments {
            n: if sign > 0.0 { self.n + other.n } else { self.n },
            sum: self.sum + sign * other.sum,
            sum_squares: self.sum_squares + sign * other.sum_squares,
        }
    }

    fn mean(&self) -> f64 {
        if self.n > 0 { self.sum / self.n as f64 } else { 0.0 }
    }

    fn variance(&self) -> f64 {
        if self.n < 2 {
            return 0.0;
        }
        let variance = (self.sum_squares - self.sum * self.mean()) / (self.n - 1) as f64;
        // What is left of equal values is rounding.
        if variance > 1e-12 * self.sum_squares / self.n as f64 { variance } else { 0.0 }
    }
}

/// The least false share at which each would be told, two-sided.
fn q_values(zs: &[f64]) -> Vec<f64> {
    let p = |z: f64| (2.0 * normal_cdf(-z.abs())).min(1.0);
    let mut order: Vec<usize> = (0..zs.len()).collect();
    order.sort_by(|&x, &y| zs[x].abs().total_cmp(&zs[y].abs()));
    let (mut qs, mut least) = (vec![1.0; zs.len()], 1.0f64);
    // From the least sure, whose rank is the last.
    for (at, &index) in order.iter().enumerate() {
        let rank = zs.len() - at;
        least = least.min(p(zs[index]) * zs.len() as f64 / rank as f64);
        qs[index] = least;
    }
    qs
}

impl Measure {
    pub fn name(self) -> Text {
        match self {
            Measure::RecencyDays => Text::new("平均距上次下单", "average time since the last order"),
            Measure::Orders => Text::new("人均订单", "orders per customer"),
            Measure::SpendCents => Text::new("人均消费", "spend per customer"),
            Measure::BasketCents => Text::new("客单价", "average order value"),
            Measure::DiscountShare => Text::new("优惠订单占比", "orders with a discount"),
            Measure::ReturnShare => Text::new("退货订单占比", "orders with a return"),
            Measure::DeviceAgeDays => Text::new("主力设备平均已用", "average age of the main device"),
            Measure::AccessoryShare => Text::new("配件占比", "share of accessories"),
            Measure::ServiceContacts => Text::new("人均咨询次数", "service contacts per customer"),
            Measure::Views => Text::new("人均浏览商品", "products viewed per customer"),
        }
    }

    /// A value of it with its unit.
    pub(super) fn written(self, value: f64, currency: &Currency) -> Text {
        let few = |value: f64| if value < 100.0 { Text::new(decimal(value), decimal(value)) } else { compact(value) };
        let with =
            |number: Text, zh: &str, en: &str| Text::new(format!("{}{zh}", number.zh), format!("{}{en}", number.en));
        match self {
            // Days are not rounded to thousands: people count in them.
            Measure::RecencyDays | Measure::DeviceAgeDays => {
                Text::new(format!("{value:.0}天"), format!("{value:.0} days"))
            }
            Measure::Orders => with(few(value), "单", ""),
            Measure::SpendCents | Measure::BasketCents => money(value, currency),
            Measure::DiscountShare | Measure::ReturnShare | Measure::AccessoryShare => {
                Text::new(percent(value), percent(value))
            }
            Measure::ServiceContacts => with(few(value), "次", ""),
            Measure::Views => with(few(value), "件", ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_odds_worked_by_hand() {
        // 30 of 100 against 10 of 100, prior share 0.2 worth 10 trials: (32/78)/(12/98).
        let (found, z) = log_odds((30.0, 100.0), (10.0, 100.0), 0.2, 10.0);
        let expected = (32.0 / 78.0f64).ln() - (12.0 / 98.0f64).ln();
        assert!((found - expected).abs() < 1e-12);
        let error = (1.0 / 32.0 + 1.0 / 78.0 + 1.0 / 12.0 + 1.0 / 98.0f64).sqrt();
        assert!((z - expected / error).abs() < 1e-12);
        assert_eq!(log_odds((5.0, 5.0), (5.0, 5.0), 1.0, 10.0), (0.0, 0.0));
        assert_eq!(log_odds((5.0, 9.0), (0.0, 0.0), 0.5, 10.0), (0.0, 0.0));
        // Exchanged sides exchange the sign.
        assert!((log_odds((10.0, 100.0), (30.0, 100.0), 0.2, 10.0).1 + z).abs() < 1e-12);
    }

    #[test]
    fn false_facts_are_held_at_a_share() {
        // Two-sided p of 0.01, 0.04, 0.03, 0.5: q of 0.04, 0.16/3, 0.16/3, 0.5 (Benjamini and Hochberg's steps).
        let z = |p: f64| {
            let (mut low, mut high) = (0.0, 10.0);
            for _ in 0..80 {
                let middle = (low + high) / 2.0;
                if 2.0 * normal_cdf(-middle) > p { low = middle } else { high = middle }
            }
            low
        };
        let found = q_values(&[z(0.01), -z(0.04), z(0.03), z(0.5)]);
        for (found, expected) in found.iter().zip([0.04, 0.16 / 3.0, 0.16 / 3.0, 0.5]) {
            assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
        }
        assert!(q_values(&[]).is_empty());
    }

    #[test]
    fn numbers_differ_by_their_spread() {
        let moments = |values: &[f64]| Moments {
            n: values.len() as u64,
            sum: values.iter().sum(),
            sum_squares: values.iter().map(|value| value * value).sum(),
        };
        let none = || Contrasts { levels: Vec::new(), numbers: Vec::new(), false_share: 0.05 };
        let mut groups = [none(), none()];
        add_numbers(Measure::Orders, &[moments(&[1.0, 2.0, 3.0]), moments(&[5.0, 7.0])], &mut groups);
        let found = &groups[0].numbers[0];
        // All: mean 3.6, variance 5.8. Welch: (2 − 6) / √(1/3 + 2/2).
        assert!((found.effect - (2.0 - 3.6) / 5.8f64.sqrt()).abs() < 1e-12);
        assert!((found.z + 4.0 / (4.0 / 3.0f64).sqrt()).abs() < 1e-12);
        let mut groups = [none(), none(), none()];
        add_numbers(Measure::Orders, &[moments(&[4.1; 3]), moments(&[4.1; 7]), moments(&[])], &mut groups);
        assert_eq!((groups[0].numbers[0].effect, groups[0].numbers[0].z), (0.0, 0.0));
        assert!(groups[2].numbers.is_empty());
    }
}
