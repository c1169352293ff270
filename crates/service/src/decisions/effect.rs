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
        if let Some((arm, relative)) = plain.and_then(|arm| Some((arm, arm.relative?))) {
            let error = (relative.high - relative.low) / (2.0 * HALF);
            if error.is_finite() && error > 0.0 {
                found.push(Found { effect: relative.value, error });
                effect.n_customers += arm.n_customers + verdict.n_control;
            }
        }
        effect.verdicts.push((campaign, verdict));
    }
    effect.n_campaigns = found.len();
    effect.lift = expected(&found, LEVEL)
        .map_err(|error| crate::ServiceError::failed(format!("former campaigns: {error}")))?
        .map(Interval::from);
    Ok(effect)
}

/// The cheapest arm of the last campaign on each channel tells what a contact there costs; the rules go before it.
async fn costs(shop: &Shop, rules: &Rules) -> Result<BTreeMap<String, f64>> {
    let sql = "select channel, min(cents) as cents from (
        select channel, campaign_id, arm, avg(cast(coalesce(cost_cents, 0) as double)) as cents from exposures
        where channel is not null and lower(arm) not in ('control', 'holdout', 'none', 'no_offer', '0')
        group by channel, campaign_id, arm) as arms where cents > 0 group by channel";
    let mut costs = BTreeMap::new();
    for row in query_rows(shop, sql).await? {
        if let (Some(channel), Some(cents)) = (row["channel"].as_str(), row["cents"].as_f64()) {
            costs.insert(channel.to_owned(), cents);
        }
    }
    costs.extend(rules.contact_costs.iter().map(|(channel, cost)| (channel.clone(), cost * 100.0)));
    Ok(costs)
}
