//! Who gets the credit for a sale that several channels touched? Rules (last, first, linear, time decay, position), the removal
//! effect of a Markov chain, and Shapley's fair division. All share what was converted, none proves a cause: what an experiment or
//! the mix model says stands beside it ([`compare`]).

mod lab;
mod markov;
mod several;
mod shapley;
mod simulate;

pub use lab::ATTRIBUTION;
pub use markov::removal_effects;
pub use several::{Divided, divide};
pub use shapley::{PLAYERS_MAX, shapley_of_game};
pub use simulate::{World, simulate};

use crate::StrategyError;

/// Journeys that are accepted, at most.
pub const JOURNEYS_MAX: usize = 50_000_000;

/// One touch of a customer by a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Touch {
    pub channel: usize,
    /// When, in days on any scale; a journey's touches stand in the order of time.
    pub at_days: f64,
}

/// One customer's way, up to a sale or to nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Journey {
    pub touches: Vec<Touch>,
    pub converted: bool,
    /// Money of the sale; not read if there was none.
    pub value: f64,
    /// As many journeys alike; 1 for one.
    pub weight: f64,
}

/// How credit is divided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    Last,
    First,
    /// Equal parts for all touches.
    Linear,
    /// A touch counts half as much for each `half_life_days` before the last one.
    TimeDecay {
        half_life_days: f64,
    },
    /// `first` and `last` to the ends, the rest in equal parts to what is between; 0.4 and 0.4 are usual.
    Position {
        first: f64,
        last: f64,
    },
    /// The share of sales lost when a channel's touches lead nowhere (Anderl et al. 2016, first order).
    Markov,
    /// Shapley's value of the game in which a set of channels wins the sales whose channels are all in it (Zhao et al. 2018).
    Shapley,
}

/// Credit by channel.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Credit {
    /// Sales credited to each channel; they sum to all sales that a channel touched. Shape: (n_channels).
    pub conversions: Vec<f64>,
    /// Money credited. Shape: (n_channels).
    pub value: Vec<f64>,
    /// Sales that no channel touched.
    pub untouched: f64,
}

/// Divides the sales of `journeys` over `n_channels` channels.
///
/// # Errors
/// If a channel is out of range, touches are out of order, a weight or value is negative or not finite, or the rule's own numbers
/// are out of range.
pub fn attribute(journeys: &[Journey], n_channels: usize, rule: Rule) -> Result<Credit, StrategyError> {
    check(journeys, n_channels)?;
    check_rule(rule)?;
    Ok(attribute_checked(journeys, n_channels, rule, &|at| journeys[at].weight))
}

/// As [`attribute`], of what was checked, with other weights: for the bootstrap.
fn attribute_checked(journeys: &[Journey], n_channels: usize, rule: Rule, weight: &dyn Fn(usize) -> f64) -> Credit {
    let mut credit = Credit { conversions: vec![0.0; n_channels], value: vec![0.0; n_channels], untouched: 0.0 };
    let mut shares = Vec::new();
    for (at, journey) in journeys.iter().enumerate().filter(|(_, journey)| journey.converted) {
        let weight = weight(at);
        if journey.touches.is_empty() {
            credit.untouched += weight;
            continue;
        }
        // The chain divides the sum below; until then its part is kept evenly.
        shares_of(&journey.touches, rule, &mut shares);
        for (touch, share) in journey.touches.iter().zip(&shares) {
            credit.conversions[touch.channel] += weight * share;
            credit.value[touch.channel] += weight * share * journey.value;
        }
    }
    if rule == Rule::Markov {
        let effects = removal_effects(journeys, n_channels, weight);
        let sum: f64 = effects.iter().sum();
        let (conversions, value): (f64, f64) = (credit.conversions.iter().sum(), credit.value.iter().sum());
        let part = |effect: &f64| if sum > 0.0 { effect / sum } else { 0.0 };
        credit.conversions = effects.iter().map(|effect| conversions * part(effect)).collect();
        credit.value = effects.iter().map(|effect| value * part(effect)).collect();
    }
    credit
}

/// Each touch's part of one sale; they sum to 1.
fn shares_of(touches: &[Touch], rule: Rule, shares: &mut Vec<f64>) {
    let n = touches.len();
    shares.clear();
    shares.resize(n, 0.0);
    match rule {
        Rule::Last => shares[n - 1] = 1.0,
        Rule::First => shares[0] = 1.0,
        Rule::Linear | Rule::Markov => shares.fill(1.0 / n as f64),
        Rule::TimeDecay { half_life_days } => {
            let end = touches[n - 1].at_days;
            for (share, touch) in shares.iter_mut().zip(touches) {
                *share = (-(end - touch.at_days) / half_life_days * std::f64::consts::LN_2).exp();
            }
            let sum: f64 = shares.iter().sum();
            shares.iter_mut().for_each(|share| *share /= sum);
        }
        Rule::Position { first, last } => match n {
            1 => shares[0] = 1.0,
            2 => (shares[0], shares[1]) = two_ends(first, last),
            _ => {
                shares.fill((1.0 - first - last) / (n - 2) as f64);
                (shares[0], shares[n - 1]) = (first, last);
            }
        },
        Rule::Shapley => shapley::shares(touches, shares),
    }
}

/// Without a middle its part goes to the ends, in their proportion.
fn two_ends(first: f64, last: f64) -> (f64, f64) {
    let sum = first + last;
    if sum > 0.0 { (first / sum, last / sum) } else { (0.5, 0.5) }
}

fn check_rule(rule: Rule) -> Result<(), StrategyError> {
    match rule {
        Rule::TimeDecay { half_life_days } if !(half_life_days > 0.0 && half_life_days.is_finite()) => {
            Err(StrategyError::unfit("half-life", half_life_days, "days above 0"))
        }
        Rule::Position { first, last } if !(first >= 0.0 && last >= 0.0 && first + last <= 1.0) => {
            Err(StrategyError::unfit(
                "parts of first and last touch",
                format!("{first} and {last}"),
                "0 or more, together at most 1",
            ))
        }
        _ => Ok(()),
    }
}

fn check(journeys: &[Journey], n_channels: usize) -> Result<(), StrategyError> {
    if journeys.is_empty() {
        return Err(StrategyError::Empty { needed: 1 });
    }
    if journeys.len() > JOURNEYS_MAX {
        return Err(StrategyError::unfit("journeys", journeys.len(), JOURNEYS_MAX));
    }
    if n_channels == 0 || n_channels > markov::CHANNELS_MAX {
        return Err(StrategyError::unfit("channels", n_channels, format!("1 to {}", markov::CHANNELS_MAX)));
    }
    for (at, journey) in journeys.iter().enumerate() {
        let wrong = |found: String, allowed: &str| Err(StrategyError::bad_value("journeys", at, found, allowed));
        if let Some(touch) =
            journey.touches.iter().find(|touch| touch.channel >= n_channels || !touch.at_days.is_finite())
        {
            return wrong(
                format!("channel {} at {}", touch.channel, touch.at_days),
                "a channel of the list, a finite time",
            );
        }
        if journey.touches.windows(2).any(|pair| pair[0].at_days > pair[1].at_days) {
            return wrong("a touch before the one above it".to_owned(), "touches in the order of time");
        }
        if !(journey.weight >= 0.0 && journey.weight.is_finite()) {
            return wrong(format!("weight {}", journey.weight), "0 or more");
        }
        if journey.converted && !(journey.value >= 0.0 && journey.value.is_finite()) {
            return wrong(format!("value {}", journey.value), "0 or more");
        }
    }
    Ok(())
}

/// One channel in an attribution and in the mix model.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Compared {
    /// Its part of what all channels are credited with.
    pub attributed: f64,
    /// Its part of what the mix model says all channels caused, with its interval.
    pub caused: crate::Estimate,
    /// Whether the attribution lies outside that interval.
    pub disagrees: bool,
}

/// Sets an attribution beside the contributions that the mix model estimates for the same channels and the same time.
/// Attribution knows only customers who were seen; the mix model knows only sums. Where they disagree, an experiment decides.
///
/// # Errors
/// If the lengths differ.
pub fn compare(credit: &[f64], contributions: &[crate::Estimate]) -> Result<Vec<Compared>, StrategyError> {
    if credit.len() != contributions.len() {
        let what = "contributions of the mix model".to_owned();
        return Err(StrategyError::Length { what, found: contributions.len(), expected: credit.len() });
    }
    let part = |sum: f64| if sum > 0.0 { 1.0 / sum } else { 0.0 };
    let of_credit = part(credit.iter().sum());
    let of_mix = part(contributions.iter().map(|one| one.value).sum());
    let one = |(credit, contribution): (&f64, &crate::Estimate)| {
        let (attributed, caused) = (credit * of_credit, contribution.scaled(of_mix));
        Compared { attributed, caused, disagrees: attributed < caused.low || attributed > caused.high }
    };
    Ok(credit.iter().zip(contributions).map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(super) fn journey(channels: &[usize], converted: bool) -> Journey {
        let touch = |(at, channel): (usize, &usize)| Touch { channel: *channel, at_days: at as f64 };
        Journey { touches: channels.iter().enumerate().map(touch).collect(), converted, value: 10.0, weight: 1.0 }
    }

    const RULES: [Rule; 7] = [
        Rule::Last,
        Rule::First,
        Rule::Linear,
        Rule::TimeDecay { half_life_days: 1.0 },
        Rule::Position { first: 0.4, last: 0.4 },
        Rule::Markov,
        Rule::Shapley,
    ];

    /// By hand: the journey 0 → 1 → 1 → 2 with a sale of 10.
    #[test]
    fn each_rule_divides_as_it_says() {
        let journeys = [journey(&[0, 1, 1, 2], true)];
        for (rule, expected) in [
            (Rule::Last, [0.0, 0.0, 1.0]),
            (Rule::First, [1.0, 0.0, 0.0]),
            (Rule::Linear, [0.25, 0.5, 0.25]),
            // 1/8 + 1/4 + 1/2 + 1 = 15/8.
            (Rule::TimeDecay { half_life_days: 1.0 }, [1.0 / 15.0, 6.0 / 15.0, 8.0 / 15.0]),
            (Rule::Position { first: 0.4, last: 0.4 }, [0.4, 0.2, 0.4]),
            (Rule::Shapley, [1.0 / 3.0; 3]),
            // Without any of them nothing is left.
            (Rule::Markov, [1.0 / 3.0; 3]),
        ] {
            let credit = attribute(&journeys, 3, rule).unwrap();
            for (at, expected) in expected.iter().enumerate() {
                assert!((credit.conversions[at] - expected).abs() < 1e-12, "{rule:?} {credit:?}");
                assert!((credit.value[at] - 10.0 * expected).abs() < 1e-11, "{rule:?} {credit:?}");
            }
        }
        let two = attribute(&[journey(&[0, 1], true)], 2, Rule::Position { first: 0.6, last: 0.2 }).unwrap();
        assert!((two.conversions[0] - 0.75).abs() < 1e-12);
    }

    fn some_journeys() -> impl Strategy<Value = Vec<Journey>> {
        let one = (prop::collection::vec(0usize..5, 0..6), any::<bool>(), 1u32..4).prop_map(
            |(channels, converted, weight)| Journey { weight: f64::from(weight), ..journey(&channels, converted) },
        );
        prop::collection::vec(one, 1..30)
    }

    proptest! {
        /// Efficiency: all that was touched and sold is divided, no more. A channel that is nowhere gets nothing.
        #[test]
        fn credits_sum_to_the_sales(journeys in some_journeys()) {
            let sold = |touched: bool| -> f64 {
                journeys.iter().filter(|one| one.converted && one.touches.is_empty() != touched).map(|one| one.weight).sum()
            };
            for rule in RULES {
                let credit = attribute(&journeys, 6, rule).unwrap();
                prop_assert!((credit.conversions.iter().sum::<f64>() - sold(true)).abs() < 1e-9, "{rule:?} {credit:?}");
                prop_assert!((credit.value.iter().sum::<f64>() - 10.0 * sold(true)).abs() < 1e-8);
                prop_assert_eq!(credit.untouched, sold(false));
                prop_assert!(credit.conversions[5] == 0.0 && credit.conversions.iter().all(|one| *one >= -1e-12));
            }
        }

        /// Symmetry: two channels that change places in every journey change their credit.
        #[test]
        fn channels_that_change_places_change_credit(journeys in some_journeys()) {
            let swapped: Vec<Journey> = journeys.iter().map(|one| {
                let swap = |touch: &Touch| Touch { channel: [1, 0, 2, 3, 4][touch.channel], ..*touch };
                Journey { touches: one.touches.iter().map(swap).collect(), ..one.clone() }
            }).collect();
            for rule in RULES {
                let (a, b) = (attribute(&journeys, 5, rule).unwrap(), attribute(&swapped, 5, rule).unwrap());
                for (from, to) in [(0, 1), (1, 0), (2, 2)] {
                    prop_assert!((a.conversions[from] - b.conversions[to]).abs() < 1e-9, "{rule:?}");
                }
            }
        }

        /// A journey of weight 2 is the journey twice.
        #[test]
        fn weights_are_repetitions(journeys in some_journeys()) {
            let twice: Vec<Journey> = journeys.iter().flat_map(|one| {
                vec![Journey { weight: 1.0, ..one.clone() }; one.weight as usize]
            }).collect();
            for rule in RULES {
                let (a, b) = (attribute(&journeys, 5, rule).unwrap(), attribute(&twice, 5, rule).unwrap());
                for at in 0..5 {
                    prop_assert!((a.conversions[at] - b.conversions[at]).abs() < 1e-9, "{rule:?}");
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_attributed_is_named() {
        let told = |journeys: &[Journey], n, rule| attribute(journeys, n, rule).unwrap_err().to_string();
        assert!(told(&[], 1, Rule::Last).contains("at least 1"));
        assert!(told(&[journey(&[3], true)], 2, Rule::Last).contains("row 0 holds channel 3"));
        let mut late = journey(&[0, 1], true);
        late.touches[0].at_days = 9.0;
        assert!(told(&[late], 2, Rule::Last).contains("order of time"));
        let wrong = Journey { value: -1.0, ..journey(&[0], true) };
        assert!(told(&[wrong], 2, Rule::Last).contains("value -1"));
        assert!(told(&[journey(&[0], true)], 2, Rule::TimeDecay { half_life_days: 0.0 }).contains("above 0"));
        assert!(told(&[journey(&[0], true)], 2, Rule::Position { first: 0.7, last: 0.7 }).contains("at most 1"));
    }

    #[test]
    fn beside_the_mix_model_a_share_outside_its_interval_disagrees() {
        let estimate = |value: f64| crate::Estimate { value, low: value * 0.8, high: value * 1.2, level: 0.9 };
        let compared = compare(&[8.0, 2.0], &[estimate(500.0), estimate(500.0)]).unwrap();
        assert_eq!((compared[0].attributed, compared[0].caused.value, compared[0].disagrees), (0.8, 0.5, true));
        assert!(compare(&[1.0], &[]).is_err());
    }
}
