//! One attribution by several rules, each channel's part with an interval from resampled journeys. Not here: how a rule divides.

use super::lab::resample;
use super::{Journey, Rule, attribute};
use crate::{Answer, Caveat, Estimate, RunOptions, StrategyError, Support};
use domain::Text;

/// Below this many sales the parts are too unsure to be acted upon, and below the second not told.
const SALES_ENOUGH: f64 = 100.0;
const SALES_NEEDED: f64 = 10.0;

/// What one rule says.
#[derive(Clone, Debug, PartialEq)]
pub struct Divided {
    pub rule: Rule,
    /// Each channel's part of the sales that a channel touched. Shape: (n_channels).
    pub shares: Vec<Estimate>,
    /// Money credited. Shape: (n_channels).
    pub value: Vec<f64>,
}

/// Divides the sales of `journeys` by each of the rules.
///
/// # Errors
/// Those of [`attribute`], or if the run was cancelled. Too few sales are no error but a refusal.
pub fn divide(
    journeys: &[Journey],
    n_channels: usize,
    rules: &[Rule],
    n_resamples: usize,
    level: f64,
    run: &RunOptions,
) -> Result<Answer<Vec<Divided>>, StrategyError> {
    let mut divided = Vec::with_capacity(rules.len());
    let mut n_sold = 0.0;
    for rule in rules {
        let credit = attribute(journeys, n_channels, *rule)?;
        n_sold = credit.conversions.iter().fold(0.0, |sum, value| sum + value);
        if n_sold < SALES_NEEDED {
            return Ok(Answer::refused(Support::of(journeys.len()), few_sales(n_sold)));
        }
        let resampled = resample(journeys, n_channels, *rule, n_resamples, run)?;
        let share = |at: usize| {
            let value = credit.conversions[at] / n_sold;
            if resampled[at].is_empty() {
                return Estimate::exact(value);
            }
            let spread = crate::budget::interval(&resampled[at], level);
            Estimate { value, low: spread.low.min(value), high: spread.high.max(value), level }
        };
        divided.push(Divided { rule: *rule, shares: (0..n_channels).map(share).collect(), value: credit.value });
    }
    let answer = Answer::given(divided, Support::of(journeys.len()));
    let answer = if n_sold < SALES_ENOUGH { answer.doubted(few_sales(n_sold)) } else { answer };
    Ok(not_causal(answer))
}

/// Says that credit is no cause.
pub(super) fn not_causal<T>(answer: Answer<T>) -> Answer<T> {
    answer
        .doubted(Caveat::new(
            "not_causal",
            "归因分配的是功劳，不证明因果：没有广告也会购买的客户同样被算给了渠道。请与组合模型或实验的结果对照。",
            "Attribution divides credit and proves no cause: customers who would have bought anyway are credited too. Hold it \
             against the mix model or an experiment.",
        ))
        .changed_by(Text::new("在部分地区关停一个渠道的实验。", "An experiment that switches one channel off in some regions."))
}

pub(super) fn few_sales(n: f64) -> Caveat {
    Caveat::new(
        "few_sales",
        format!("只有 {n:.0} 笔经渠道触达的成交，份额很不稳定。"),
        format!("Only {n:.0} sales were touched by a channel: the shares are very unsure."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;
    use crate::attribution::{World, simulate};

    fn world() -> World {
        World { first: vec![0.6, 0.4], next: vec![vec![0.1, 0.3], vec![0.2, 0.0]], sale: vec![0.1, 0.3], value: 100.0 }
    }

    const RULES: [Rule; 3] = [Rule::Last, Rule::Markov, Rule::Shapley];

    /// Parts of the removal effect hold those of very many journeys in about nine of ten shops.
    #[test]
    fn parts_sum_to_one_and_their_intervals_cover() {
        let truth = divide(&simulate(&world(), 200_000, 99), 2, &RULES, 0, 0.9, &RunOptions::default()).unwrap();
        let truth = truth.value.unwrap();
        let mut inside = [0; 3];
        for seed in 0..200 {
            let journeys = simulate(&world(), 600, seed);
            let found = divide(&journeys, 2, &RULES, 200, 0.9, &RunOptions { seed, ..RunOptions::default() }).unwrap();
            for (at, (found, truth)) in found.value.unwrap().iter().zip(&truth).enumerate() {
                let sum: f64 = found.shares.iter().map(|share| share.value).sum();
                assert!((sum - 1.0).abs() < 1e-9);
                inside[at] +=
                    usize::from((found.shares[0].low..=found.shares[0].high).contains(&truth.shares[0].value));
            }
        }
        for (rule, inside) in RULES.iter().zip(inside) {
            crate::coverage::assert_covers(&format!("attribution: a channel's part, {rule:?}"), inside, 200);
        }
    }

    #[test]
    fn few_sales_are_refused_or_said() {
        let of = |n: usize| divide(&simulate(&world(), n, 1), 2, &RULES, 20, 0.9, &RunOptions::default()).unwrap();
        let refused = of(20);
        assert_eq!((refused.support.verdict, refused.caveats[0].kind), (Verdict::Refused, "few_sales"));
        let kinds = |answer: &Answer<Vec<Divided>>| answer.caveats.iter().map(|one| one.kind).collect::<Vec<_>>();
        assert_eq!(kinds(&of(200)), ["few_sales", "not_causal"]);
        assert_eq!(kinds(&of(2000)), ["not_causal"]);
    }
}
