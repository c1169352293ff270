//! What a contact brings and costs, as the shop's own former campaigns with a control group found it: each campaign's cheapest arm
//! against those who got nothing, drawn together. Nothing is assumed where no campaign was ever measured.

use std::collections::BTreeMap;

use data::Shop;
use strategy::contact::{Found, expected};

use super::rules::Rules;
use crate::error::Result;
use crate::flows::plan::Interval;
use crate::flows::plan::experiment::{self, Campaign, CampaignVerdict, VerdictRequest};
use crate::flows::rows::query_rows;

/// Campaigns that are read, the last ones.
const CAMPAIGNS_MAX: usize = 12;
/// Days after an exposure in which what customers spend counts.
pub const DAYS: i32 = 30;
const LEVEL: f64 = 0.9;
/// What half the interval of a level of 90 % is, in standard errors.
const HALF: f64 = 1.644_853_627;

/// What contacts did.
#[derive(Clone, Debug, Default)]
pub struct Effect {
    /// What a contact adds to what a customer would have spent within thirty days, in parts of it.
    pub lift: Option<Interval>,
    pub n_campaigns: usize,
    pub n_customers: u64,
    /// What a contact cost by channel, in hundredths of the currency.
    pub costs: BTreeMap<String, f64>,
    /// The verdicts it was drawn from, the last to begin first.
    pub verdicts: Vec<(Campaign, CampaignVerdict)>,
}

impl Effect {
    /// What a contact costs; as much as the dearest of which that is known where it is not: no channel is used for being unknown.
    pub fn cost_of(&self, channel: &str) -> f64 {
        let dearest = || self.costs.values().copied().fold(0.0, f64::max);
        self.costs.get(channel).copied().unwrap_or_else(dearest)
    }
}

/// # Errors
/// If the exposures or orders cannot be read.
pub async fn effect(shop: &Shop, rules: &Rules) -> Result<Effect> {
    let mut effect = Effect { costs: costs(shop, rules).await?, ..Effect::default() };
    let campaigns = experiment::campaigns(shop).await?;
    let mut found = Vec::new();
    for campaign in campaigns.into_iter().filter(|campaign| campaign.control.is_some()).take(CAMPAIGNS_MAX) {
        let request = VerdictRequest {
            campaign_id: campaign.campaign_id.clone(),
            days: DAYS,
            level: LEVEL,
            ..VerdictRequest::default()
        };
        let verdict = experiment::verdict(shop, &request).await?;
        let each = |cents: i64, n: u64| cents as f64 / n.max(1) as f64;
        let plain = verdict.arms.iter().filter(|arm| arm.relative.is_some()).min_by(|a, b| {
            each(a.cost_cents, a.n_customers).total_cmp(&each(b.cost_cents, b.n_customers)).then(a.arm.cmp(&b.arm))
        });
        if let Some((arm, one)) = plain.and_then(|arm| Some((arm, log_ratio(&arm.relative?)?))) {
            found.push(one);
            effect.n_customers += arm.n_customers + verdict.n_control;
        }
        effect.verdicts.push((campaign, verdict));
    }
    effect.n_campaigns = found.len();
    effect.lift = drawn_together(&found)?;
    Ok(effect)
}

/// What one campaign found, as the logarithm of how many times as much those who were written to spent. The error of a ratio grows with the
/// ratio: drawn together as they are, campaigns that happened to find less would weigh most, and the whole would lie too low.
fn log_ratio(relative: &Interval) -> Option<Found> {
    let ratio = 1.0 + relative.value;
    let error = (relative.high - relative.low) / (2.0 * HALF) / ratio;
    (ratio > 0.0 && error.is_finite() && error > 0.0).then(|| Found { effect: ratio.ln(), error })
}

/// What the next campaign is to be expected to find, in parts of what customers would have spent.
fn drawn_together(found: &[Found]) -> Result<Option<Interval>> {
    let log = expected(found, LEVEL)
        .map_err(|error| crate::ServiceError::failed(format!("former campaigns: {error}")))?
        .map(Interval::from);
    Ok(log.map(|log| Interval { value: log.value.exp_m1(), low: log.low.exp_m1(), high: log.high.exp_m1(), ..log }))
}

/// What a contact costs by channel, as former campaigns tell it.
pub const COSTS: &str = "select channel, min(cents) as cents from (
        select channel, campaign_id, arm, avg(cast(coalesce(cost_cents, 0) as double)) as cents from exposures
        where channel is not null and lower(arm) not in ('control', 'holdout', 'none', 'no_offer', '0')
        group by channel, campaign_id, arm) as arms where cents > 0 group by channel";

/// The cheapest arm of the last campaign on each channel tells what a contact there costs; the rules go before it.
async fn costs(shop: &Shop, rules: &Rules) -> Result<BTreeMap<String, f64>> {
    let mut costs = BTreeMap::new();
    for row in query_rows(shop, COSTS).await? {
        if let (Some(channel), Some(cents)) = (row["channel"].as_str(), row["cents"].as_f64()) {
            costs.insert(channel.to_owned(), cents);
        }
    }
    costs.extend(rules.contact_costs.iter().map(|(channel, cost)| (channel.clone(), cost * 100.0)));
    Ok(costs)
}

#[cfg(test)]
mod tests {
    use math::random::Random;

    use super::*;

    /// The mean of what `n` customers spent and its variance: 15 % order, and then a lognormal amount.
    fn spent(random: &mut Random, n: usize, lift: f64) -> (f64, f64) {
        let mut normal =
            || (-2.0 * (1.0 - random.uniform()).ln()).sqrt() * (std::f64::consts::TAU * random.uniform()).cos();
        let all: Vec<f64> = (0..n)
            .map(|_| {
                let (has, amount) =
                    (math::special::normal_cdf(normal()) < 0.15 * (1.0 + lift), (6.5 + 1.1 * normal()).exp());
                if has { amount } else { 0.0 }
            })
            .collect();
        let mean = all.iter().sum::<f64>() / n as f64;
        (mean, all.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / ((n - 1) * n) as f64)
    }

    /// Campaigns of a shop in which contacts truly add a twentieth, each as its verdict tells it: a ratio with the error of the delta method.
    fn shop(random: &mut Random) -> Vec<Interval> {
        (0..6)
            .map(|_| {
                let ((control, of_control), (treated, of_treated)) =
                    (spent(random, 130, 0.0), spent(random, 130, 0.05));
                let value = treated / control - 1.0;
                let error = (of_treated / control.powi(2) + of_control * treated.powi(2) / control.powi(4)).sqrt();
                Interval { value, low: value - HALF * error, high: value + HALF * error, level: LEVEL }
            })
            .collect()
    }

    /// 300 shops. Ratios drawn together by their own errors came to −16 % on average, where +5 % is true.
    #[test]
    fn campaigns_are_drawn_together_without_a_bias() {
        let mut random = Random::new(8);
        let (mut sum, mut n_held, mut n) = (0.0, 0, 0);
        for _ in 0..300 {
            let found: Vec<Found> = shop(&mut random).iter().filter_map(log_ratio).collect();
            let lift = drawn_together(&found).unwrap().unwrap();
            assert!(lift.low < lift.value && lift.value < lift.high && lift.low > -1.0, "{lift:?}");
            sum += lift.value;
            n_held += usize::from(lift.low <= 0.05 && 0.05 <= lift.high);
            n += 1;
        }
        let (mean, held) = (sum / f64::from(n), n_held as f64 / f64::from(n));
        assert!((mean - 0.05).abs() < 0.04, "a mean of {mean} where 0.05 is true");
        assert!(held > 0.85, "{held} of the 90 % intervals hold what is true");
    }

    #[test]
    fn what_has_no_ratio_tells_nothing() {
        let of = |value: f64, low: f64, high: f64| log_ratio(&Interval { value, low, high, level: LEVEL });
        assert_eq!(of(-1.0, -1.2, -0.8), None);
        assert_eq!(of(0.1, 0.1, 0.1), None);
        let one = of(0.0, -HALF * 0.2, HALF * 0.2).unwrap();
        assert!(one.effect == 0.0 && (one.error - 0.2).abs() < 1e-12, "{one:?}");
        assert_eq!(drawn_together(&[]).unwrap(), None);
    }
}
