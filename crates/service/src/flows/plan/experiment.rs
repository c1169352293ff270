//! Did it work? Campaigns whose exposures say who got what, arm against control: who responded, and what they spent in the
//! days after, with what they spent in the days before taken off (CUPED).
//!
//! The unit is the customer. Whoever was in several arms of a campaign is in none, and the answer says how many they were.

use std::collections::BTreeMap;

use data::Shop;
use data::arrow::array::Array;
use domain::Day;
use math::distributions::chi_squared_upper;
use serde::{Deserialize, Serialize};
use strategy::experiment::sequential::Mixture;
use strategy::experiment::{
    Comparison, Correction, Design, Method, Prior, Question, Role, Units, compare, sample_ratio, samples,
};
use utoipa::ToSchema;

use super::measures::{ArmDecision, Asked, Guardrail, MEASURES_MAX, Read, decided};
use super::{Backing, Interval};
use crate::error::{Result, ServiceError, clipped};
use crate::flows::audience::present;
use crate::flows::rows::{floats, integers, query, quoted, texts};
use crate::flows::segment::Text;

/// Names of arms that mean "nothing was done", the first that a campaign has.
const CONTROLS: &[&str] = &["control", "holdout", "none", "no_offer", "0"];
const DAYS_MAX: i32 = 365;

/// A campaign as its exposures tell it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Campaign {
    pub campaign_id: String,
    pub first_day: String,
    pub last_day: String,
    pub arms: Vec<CampaignArm>,
    /// The arm of those who got nothing, if one is called so.
    pub control: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CampaignArm {
    pub arm: String,
    pub n_customers: u64,
    /// Customers who responded, as the exposures say.
    pub n_responded: u64,
}

/// What is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The share that responded, as the exposures say.
    Response,
    /// The share that ordered within the days after the first exposure.
    Ordered,
    /// What a customer spent within the days after, in hundredths of the currency.
    #[default]
    Revenue,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Response => "response",
            Outcome::Ordered => "ordered",
            Outcome::Revenue => "revenue",
        }
    }

    /// # Errors
    /// If it is none of them.
    pub fn named(name: &str) -> Result<Outcome> {
        match name {
            "response" => Ok(Outcome::Response),
            "ordered" => Ok(Outcome::Ordered),
            "revenue" => Ok(Outcome::Revenue),
            _ => {
                let message = format!("the outcome is '{}'; allowed: response, ordered, revenue", clipped(name));
                Err(ServiceError::usage("outcome", message))
            }
        }
    }
}

/// How to read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Once, when all planned customers are there.
    #[default]
    Fixed,
    /// As often as one likes: intervals hold at all times together.
    Sequential,
    /// As a probability and an expected loss.
    Bayesian,
}

impl Reading {
    /// # Errors
    /// If it is none of them.
    pub fn named(name: &str) -> Result<Reading> {
        match name {
            "fixed" => Ok(Reading::Fixed),
            "sequential" => Ok(Reading::Sequential),
            "bayesian" => Ok(Reading::Bayesian),
            _ => {
                let message = format!("the method is '{}'; allowed: fixed, sequential, bayesian", clipped(name));
                Err(ServiceError::usage("method", message))
            }
        }
    }
}

/// What to compare.
#[derive(Clone, Debug)]
pub struct VerdictRequest {
    pub campaign_id: String,
    /// The arm that got nothing; found by its name if absent.
    pub control: Option<String>,
    pub outcome: Outcome,
    /// Days after the first exposure that count, and as many before it for what customers did anyway.
    pub days: i32,
    pub reading: Reading,
    pub level: f64,
    /// Measures that are of interest beside the outcome, and such as must not get worse.
    pub secondary: Vec<Outcome>,
    pub guardrails: Vec<Guardrail>,
    /// Customers that are to take part, all arms together; those whose days are not over yet are waited for if absent.
    pub planned: Option<u64>,
}

impl Default for VerdictRequest {
    fn default() -> Self {
        VerdictRequest {
            campaign_id: String::new(),
            control: None,
            outcome: Outcome::Revenue,
            days: 30,
            reading: Reading::Fixed,
            level: 0.95,
            secondary: Vec::new(),
            guardrails: Vec::new(),
            planned: None,
        }
    }
}

/// One arm against the control.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArmVerdict {
    pub arm: String,
    pub n_customers: u64,
    /// Of the arm and of the control: the share, or hundredths of the currency a customer.
    pub mean: f64,
    pub control_mean: f64,
    /// Whether customers count as one over the chance with which they came into their arm, since it was not the same for all.
    pub is_weighted: bool,
    /// Arm less control, and in parts of the control.
    pub difference: Option<Interval>,
    pub relative: Option<Interval>,
    /// `above`, `below` or `open`, by the difference's interval; with several arms `open`, too, where the corrected p-value is no longer
    /// below 1 less the level.
    pub shows: String,
    pub p_value: Option<f64>,
    /// After correction for the number of arms (Benjamini and Hochberg).
    pub adjusted_p_value: Option<f64>,
    /// The chance that the arm is better, where read so.
    pub chance_better: Option<f64>,
    /// How much of the variance is left once what was spent before is taken off; 1 without.
    pub variance_kept: f64,
    /// What the arm brought more than the control would have, all its customers together; of revenue alone, in hundredths.
    pub incremental_cents: Option<Interval>,
    /// What the arm cost, as the exposures say.
    pub cost_cents: i64,
    /// What to do by all measures, if others than the outcome were asked for.
    pub decision: Option<ArmDecision>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// A campaign's verdict.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CampaignVerdict {
    pub campaign_id: String,
    pub control: String,
    pub n_control: u64,
    pub outcome: Outcome,
    pub method: Reading,
    pub days: i32,
    pub level: f64,
    pub as_of: String,
    /// Customers of several arms: in none here.
    pub n_in_several_arms: u64,
    /// Customers whose days after are not over yet: in none here either.
    pub n_too_recent: u64,
    pub arms: Vec<ArmVerdict>,
}

/// The campaigns that the exposures tell of, the last to begin first.
///
/// # Errors
/// If the table cannot be read.
pub async fn campaigns(shop: &Shop) -> Result<Vec<Campaign>> {
    let sql = "select campaign_id, arm, count(*) as n, sum(responded) as responded,
          min(first_day) as first_day, max(last_day) as last_day
        from (
          select campaign_id, arm, customer_id, max(case when responded then 1 else 0 end) as responded,
            cast(min(shop_day(at)) as int) as first_day, cast(max(shop_day(at)) as int) as last_day
          from exposures group by campaign_id, arm, customer_id
        ) as customers group by campaign_id, arm order by campaign_id, arm";
    let mut found: BTreeMap<String, (i64, i64, Vec<CampaignArm>)> = BTreeMap::new();
    for batch in query(shop, sql).await? {
        let (names, arms) = (texts(&batch, "campaign_id")?, texts(&batch, "arm")?);
        let number = |name: &str| integers(&batch, name);
        let (n, responded, first, last) =
            (number("n")?, number("responded")?, number("first_day")?, number("last_day")?);
        for row in 0..batch.num_rows() {
            let of =
                found.entry(names.value(row).to_owned()).or_insert((first.value(row), last.value(row), Vec::new()));
            (of.0, of.1) = (of.0.min(first.value(row)), of.1.max(last.value(row)));
            of.2.push(CampaignArm {
                arm: arms.value(row).to_owned(),
                n_customers: n.value(row) as u64,
                n_responded: responded.value(row) as u64,
            });
        }
    }
    let mut campaigns: Vec<(i64, Campaign)> = found
        .into_iter()
        .map(|(campaign_id, (first, last, arms))| {
            let [first_day, last_day] = [first, last].map(|day| Day(day as i32).to_string());
            let control = control(arms.iter().map(|arm| arm.arm.as_str()));
            (first, Campaign { campaign_id, first_day, last_day, arms, control })
        })
        .collect();
    campaigns.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.campaign_id.cmp(&b.1.campaign_id)));
    Ok(campaigns.into_iter().map(|(_, campaign)| campaign).collect())
}

fn control<'a>(arms: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    let named = |name: &&&str| arms.clone().any(|arm| arm.eq_ignore_ascii_case(name));
    let name = CONTROLS.iter().find(named)?;
    arms.clone().find(|arm| arm.eq_ignore_ascii_case(name)).map(str::to_owned)
}

/// The arm that got nothing: the one that is named, or one that is called so.
pub(super) fn control_of(campaign: &Campaign, named: Option<&str>) -> Result<String> {
    let known = || campaign.arms.iter().map(|arm| arm.arm.as_str()).collect::<Vec<_>>().join(", ");
    match named {
        Some(name) if campaign.arms.iter().any(|arm| arm.arm == name) => Ok(name.to_owned()),
        Some(name) => {
            let message = format!("there is no arm '{}'; there are: {}", clipped(name), known());
            Err(ServiceError::usage("control", message))
        }
        None => campaign.control.clone().ok_or_else(|| {
            ServiceError::usage("control", format!("none of the arms is called control; there are: {}", known()))
                .help("name the arm of those who got nothing as control")
        }),
    }
}

/// The customers of one arm.
#[derive(Default)]
struct Arm {
    value: Vec<f64>,
    before: Vec<f64>,
    cost_cents: i64,
    /// The probability with which each customer was given this arm; NaN where the exposures do not say.
    propensity: Vec<f64>,
}

/// What is known of how customers came into an arm.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Chance {
    /// The same for all: the share that was planned.
    Same(f64),
    /// Different, but known: each customer counts as one over its own.
    Varied,
    Unknown,
}

impl Arm {
    fn add(&mut self, value: f64, before: f64, cost_cents: i64, propensity: f64) {
        self.value.push(value);
        self.before.push(before);
        self.cost_cents += cost_cents;
        self.propensity.push(propensity);
    }

    fn chance(&self) -> Chance {
        let Some(first) = self.propensity.first().copied() else { return Chance::Unknown };
        if !self.propensity.iter().all(|chance| *chance > 0.0) {
            return Chance::Unknown;
        }
        match self.propensity.iter().all(|chance| (chance - first).abs() <= 1e-9) {
            true => Chance::Same(first),
            false => Chance::Varied,
        }
    }

    /// One over the chance of each customer, or one for all. Shape: (n_customers).
    fn weights(&self, is_weighted: bool) -> Vec<f64> {
        self.propensity.iter().map(|chance| if is_weighted { 1.0 / chance } else { 1.0 }).collect()
    }
}

/// Columns of an arm as a comparison takes them: sums over weights (Hájek 1971), so that customers of a kind that is rare in an
/// arm count for those who are missing there.
struct Weighted {
    value: Vec<f64>,
    before: Vec<f64>,
    per: Vec<f64>,
}

impl Weighted {
    fn of(arm: &Arm, is_weighted: bool) -> Weighted {
        let per = arm.weights(is_weighted);
        let times = |values: &[f64]| values.iter().zip(&per).map(|(value, weight)| value * weight).collect();
        Weighted { value: times(&arm.value), before: times(&arm.before), per }
    }

    fn units(&self, is_weighted: bool, has_before: bool) -> Units<'_> {
        Units {
            value: &self.value,
            per: is_weighted.then_some(&self.per[..]),
            before: has_before.then_some(&self.before[..]),
            before_per: (is_weighted && has_before).then_some(&self.per[..]),
        }
    }

    fn mean(&self) -> f64 {
        let per: f64 = self.per.iter().sum();
        if per > 0.0 { self.value.iter().sum::<f64>() / per } else { 0.0 }
    }
}

/// Compares the arms of a campaign with its control.
///
/// # Errors
/// If there is no such campaign or arm, or a parameter is out of range. Too little data is no error but a refusal of the arm.
pub async fn verdict(shop: &Shop, request: &VerdictRequest) -> Result<CampaignVerdict> {
    if !(1..=DAYS_MAX).contains(&request.days) {
        return Err(ServiceError::usage("days", format!("days is {}; allowed: 1 to {DAYS_MAX}", request.days)));
    }
    if !(0.5..=0.999).contains(&request.level) {
        return Err(ServiceError::usage("level", format!("level is {}; allowed: 0.5 to 0.999", request.level)));
    }
    let campaigns = campaigns(shop).await?;
    let campaign = campaigns
        .iter()
        .find(|campaign| campaign.campaign_id == request.campaign_id)
        .ok_or_else(|| ServiceError::not_found("campaign", &request.campaign_id))?;
    let control = control_of(campaign, request.control.as_deref())?;
    let present = present(shop).await?;
    let mut told = CampaignVerdict {
        campaign_id: campaign.campaign_id.clone(),
        control,
        n_control: 0,
        outcome: request.outcome,
        method: request.reading,
        days: request.days,
        level: request.level,
        as_of: present.day.to_string(),
        n_in_several_arms: 0,
        n_too_recent: 0,
        arms: Vec::new(),
    };
    let blank = told.clone();
    let of_goal = arms(shop, request, present.day, &mut told).await?;
    let found = compared(&mut told, of_goal, request)?;
    let others = others(request)?;
    if others.is_empty() && request.planned.is_none() {
        return Ok(told);
    }
    let mut read = Vec::new();
    for (outcome, role) in others {
        let asked = VerdictRequest { outcome, ..request.clone() };
        let mut told = CampaignVerdict { outcome, ..blank.clone() };
        let arms = arms(shop, &asked, present.day, &mut told).await?;
        let found = compared(&mut told, arms, &asked)?;
        read.push(Read { outcome, role, told, found });
    }
    let asked = Asked { method: method(request.reading), level: request.level, planned: request.planned };
    decided(&mut told, &found, &read, &asked)?;
    Ok(told)
}

/// The measures beside the outcome, each once.
fn others(request: &VerdictRequest) -> Result<Vec<(Outcome, Role)>> {
    let secondary = request.secondary.iter().map(|outcome| (*outcome, Role::Secondary));
    let guardrails = request.guardrails.iter().map(|one| (one.outcome, Role::Guardrail { margin: one.margin }));
    let all: Vec<(Outcome, Role)> = secondary.chain(guardrails).collect();
    if all.len() > MEASURES_MAX {
        let message = format!("{} measures beside the outcome; allowed: at most {MEASURES_MAX}", all.len());
        return Err(ServiceError::usage("measures", message));
    }
    for (at, (outcome, _)) in all.iter().enumerate() {
        if *outcome == request.outcome || all[..at].iter().any(|(other, _)| other == outcome) {
            let message = format!("the measure '{}' is asked for twice; allowed: once", outcome.name());
            return Err(ServiceError::usage("measures", message).help("the outcome itself is the goal"));
        }
    }
    if let Some(found) = request.planned.filter(|planned| *planned == 0) {
        return Err(ServiceError::usage("planned", format!("planned is {found}; allowed: 1 or more customers")));
    }
    Ok(all)
}

fn method(reading: Reading) -> Method {
    match reading {
        Reading::Fixed => Method::Fixed,
        Reading::Sequential => Method::Sequential(Mixture::Units(5000.0)),
        Reading::Bayesian => Method::Bayesian(None::<Prior>),
    }
}

async fn arms(
    shop: &Shop,
    request: &VerdictRequest,
    today: Day,
    told: &mut CampaignVerdict,
) -> Result<BTreeMap<String, Arm>> {
    let (days, campaign) = (request.days, quoted(&request.campaign_id));
    let sql = format!(
        "with seen as (
          select customer_id, min(arm) as arm, count(distinct arm) as n_arms, cast(min(shop_day(at)) as int) as day,
            max(case when responded then 1 else 0 end) as responded, sum(coalesce(cost_cents, 0)) as cost,
            min(propensity) as propensity
          from exposures where campaign_id = {campaign} group by customer_id
        ), bought as (
          select customer_id, cast(shop_day(ordered_at) as int) as day, sum(case when quantity > 0 then 1 else 0 end) as n,
            sum(quantity * unit_price_cents - coalesce(discount_cents, 0)) as cents
          from orders group by customer_id, cast(shop_day(ordered_at) as int)
        )
        select s.customer_id as customer_id, s.arm as arm, s.n_arms as n_arms, s.day as day, s.responded as responded, s.cost as cost, s.propensity as propensity,
          cast(coalesce(sum(case when b.day >= s.day and b.day < s.day + {days} then b.cents end), 0) as double) as after,
          coalesce(sum(case when b.day >= s.day and b.day < s.day + {days} then b.n end), 0) as orders_after,
          cast(coalesce(sum(case when b.day < s.day and b.day >= s.day - {days} then b.cents end), 0) as double) as before,
          coalesce(sum(case when b.day < s.day and b.day >= s.day - {days} then b.n end), 0) as orders_before
        from seen s left join bought b on b.customer_id = s.customer_id
        group by s.customer_id, s.arm, s.n_arms, s.day, s.responded, s.cost, s.propensity order by s.customer_id"
    );
    let mut arms: BTreeMap<String, Arm> = BTreeMap::new();
    let is_over = |day: i64| request.outcome == Outcome::Response || day + i64::from(days) <= i64::from(today.0) + 1;
    for batch in query(shop, &sql).await? {
        let names = texts(&batch, "arm")?;
        let number = |name: &str| integers(&batch, name);
        let (n_arms, day, responded, cost) = (number("n_arms")?, number("day")?, number("responded")?, number("cost")?);
        let (after, before) = (floats(&batch, "after")?, floats(&batch, "before")?);
        let propensity = floats(&batch, "propensity")?;
        let (orders_after, orders_before) = (number("orders_after")?, number("orders_before")?);
        for row in 0..batch.num_rows() {
            if n_arms.value(row) > 1 {
                told.n_in_several_arms += 1;
                continue;
            }
            if !is_over(day.value(row)) {
                told.n_too_recent += 1;
                continue;
            }
            let yes = |n: i64| f64::from(u8::from(n > 0));
            let (value, past) = match request.outcome {
                Outcome::Response => (yes(responded.value(row)), yes(orders_before.value(row))),
                Outcome::Ordered => (yes(orders_after.value(row)), yes(orders_before.value(row))),
                Outcome::Revenue => (after.value(row), before.value(row)),
            };
            let chance = if propensity.is_valid(row) { propensity.value(row) } else { f64::NAN };
            arms.entry(names.value(row).to_owned()).or_default().add(value, past, cost.value(row), chance);
        }
    }
    Ok(arms)
}

/// Fills the arms, and gives what was found of each that could be compared.
fn compared(
    told: &mut CampaignVerdict,
    mut arms: BTreeMap<String, Arm>,
    request: &VerdictRequest,
) -> Result<BTreeMap<String, Comparison>> {
    let control = arms.remove(&told.control).unwrap_or_default();
    told.n_control = control.value.len() as u64;
    let mut all = BTreeMap::new();
    for (name, arm) in &arms {
        let (verdict, found) = one(name, &control, arm, method(request.reading), request)?;
        told.arms.push(verdict);
        all.extend(found.map(|found| (name.clone(), found)));
    }
    let raw: Vec<f64> = told.arms.iter().filter_map(|arm| arm.p_value).collect();
    let mut adjusted = Correction::BenjaminiHochberg.adjust(&raw)?.into_iter();
    for arm in told.arms.iter_mut().filter(|arm| arm.p_value.is_some()) {
        arm.adjusted_p_value = adjusted.next();
        correct(arm, raw.len(), request.level);
    }
    Ok(all)
}

/// Of several arms one comes out by chance more often than of one: what the correction takes back is open.
fn correct(arm: &mut ArmVerdict, n_arms: usize, level: f64) {
    let Some(p) = arm.adjusted_p_value.filter(|p| *p > 1.0 - level && arm.shows != "open") else { return };
    "open".clone_into(&mut arm.shows);
    arm.backing = arm.backing.clone().but(
        "open_after_correction",
        format!("单看这一组区间不含 0，但一共比较了 {n_arms} 组：校正后 p = {p:.3}，还不能下结论。"),
        format!(
            "On its own this arm's interval leaves out 0, but {n_arms} arms were compared: after correction p is {p:.3}, and nothing is shown."
        ),
    );
}

fn one(
    name: &str,
    control: &Arm,
    arm: &Arm,
    method: Method,
    request: &VerdictRequest,
) -> Result<(ArmVerdict, Option<Comparison>)> {
    let chances = (control.chance(), arm.chance());
    let is_weighted =
        !matches!(chances, (Chance::Unknown, _) | (_, Chance::Unknown) | (Chance::Same(_), Chance::Same(_)));
    let [base, treated] = [control, arm].map(|arm| Weighted::of(arm, is_weighted));
    let mut told = ArmVerdict {
        arm: name.to_owned(),
        n_customers: arm.value.len() as u64,
        mean: treated.mean(),
        control_mean: base.mean(),
        is_weighted,
        difference: None,
        relative: None,
        shows: "open".to_owned(),
        p_value: None,
        adjusted_p_value: None,
        chance_better: None,
        variance_kept: 1.0,
        incremental_cents: None,
        cost_cents: arm.cost_cents,
        decision: None,
        backing: Backing::refused(
            "empty_arm",
            "有一组里没有可以比较的顾客。",
            "There are no customers to compare in one of the groups.",
        ),
    };
    if control.value.is_empty() || arm.value.is_empty() {
        return Ok((told, None));
    }
    // What never varied before takes nothing off.
    let varies = |values: &[f64]| values.iter().any(|value| *value != values[0]);
    let has_before = varies(&control.before) && varies(&arm.before);
    // Without a plan that is the same for all, any sizes are taken as wanted there; where chances varied they are looked at here.
    let weights = match chances {
        (Chance::Same(control), Chance::Same(arm)) => [control, arm],
        _ => [control.value.len() as f64, arm.value.len() as f64],
    };
    let question = Question { method, level: request.level, weights };
    let compared = samples(&base.units(is_weighted, has_before), &treated.units(is_weighted, has_before))?;
    let answer = compare(&compared, &question)?;
    told.backing = Backing::of(&answer);
    match chances {
        (Chance::Same(_), Chance::Same(_)) => {}
        // Nobody has said what was planned: no probability is told.
        (Chance::Unknown, _) | (_, Chance::Unknown) => told.backing.sample_ratio_p = None,
        _ => {
            let p = split_p(control, arm);
            if p < sample_ratio::P_MIN {
                told.backing = split_off(p);
                return Ok((told, None));
            }
            told.backing.sample_ratio_p = Some(p);
        }
    }
    if let Some(found) = &answer.value {
        fill(&mut told, found, request.outcome);
    }
    if told.shows != "open" && told.backing.would_change.is_empty() {
        let days = request.days;
        told.backing = told.backing.changed_by(
            format!("换一个时间、换一批顾客再做一次：这个结果只说明这批顾客在 {days} 天里的表现。"),
            format!("The same again at another time or with other customers: this tells of these ones and of {days} days alone."),
        );
    }
    Ok((told, answer.value))
}

/// How likely a split at least as uneven is, by the chance that each customer had. Who came into an arm with chance p counts 1 / p there:
/// in each arm this sums to the number of all customers on average, whatever the chances.
fn split_p(control: &Arm, arm: &Arm) -> f64 {
    let sums = |arm: &Arm| {
        let per = arm.propensity.iter().map(|chance| 1.0 / chance);
        per.fold((0.0, 0.0), |(sum, square), one| (sum + one, square + one * one))
    };
    let ((base, base_square), (treated, treated_square)) = (sums(control), sums(arm));
    // Nobody is in both, so that a customer with chances p and q adds 1 / p + 1 / q to the difference's variance, for which the
    // sums of squares stand on average.
    let z = (treated - base) / (base_square + treated_square).sqrt();
    chi_squared_upper(z * z, 1.0)
}

fn split_off(p: f64) -> Backing {
    let mut backing = Backing::refused(
        "sample_ratio_mismatch",
        format!(
            "两组人数和每位顾客的分组概率不符，偶然出现的概率只有 {p:.1e}。有一组的记录丢失或被误删，先查分流和埋点，结果不可用。"
        ),
        format!(
            "The groups' sizes do not fit the chances that their customers had; chance does this with probability {p:.1e}. Units went \
             missing on one side: check assignment and logging first, the result cannot be used."
        ),
    );
    backing.sample_ratio_p = Some(p);
    backing
}

fn fill(told: &mut ArmVerdict, found: &Comparison, outcome: Outcome) {
    told.difference = Some(found.absolute.into());
    told.relative = found.relative.map(Interval::from);
    told.shows = match found.shows() {
        std::cmp::Ordering::Greater => "above",
        std::cmp::Ordering::Less => "below",
        std::cmp::Ordering::Equal => "open",
    }
    .to_owned();
    told.p_value = found.p_value;
    told.chance_better = found.posterior.map(|posterior| posterior.chance_better);
    told.variance_kept = found.variance_kept;
    let all = found.absolute.scaled(told.n_customers as f64);
    told.incremental_cents = (outcome == Outcome::Revenue).then(|| all.into());
}

/// How large an experiment must be.
#[derive(Clone, Copy, Debug)]
pub struct DesignRequest {
    /// The share that does it without the treatment; or, with `deviation`, the mean.
    pub baseline: f64,
    /// The standard deviation of a customer's value; absent for a share.
    pub deviation: Option<f64>,
    /// The smallest effect worth finding, in parts of the baseline.
    pub lift: f64,
    pub power: f64,
    pub level: f64,
    /// Customers who come in a day, all arms together.
    pub per_day: Option<f64>,
}

/// How large an experiment must be, and how long it will take.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Needed {
    /// Customers, both arms together.
    pub n_customers: u64,
    /// Whole weeks in days; absent without customers a day.
    pub n_days: Option<u64>,
    /// As many for an effect half as large.
    pub n_for_half_the_effect: u64,
    /// What would change the number.
    pub would_change: Vec<Text>,
}

/// # Errors
/// If a parameter is out of range.
pub fn design(request: &DesignRequest) -> Result<Needed> {
    let mut design = match request.deviation {
        None => Design::of_share(request.baseline),
        Some(deviation) => Design::of_mean(request.baseline, deviation * deviation),
    };
    design.level = request.level;
    let effect = request.baseline * request.lift;
    let n_customers = design.units(effect, request.power)? as u64;
    let n_days = request.per_day.map(|per_day| design.days(effect, request.power, per_day)).transpose()?;
    let half = design.units(effect / 2.0, request.power)? as u64;
    let lift = 100.0 * request.lift / 2.0;
    let mut would_change = vec![Text {
        zh: format!("要看出一半大的效果（{lift:.1}%），需要 {half} 位顾客。"),
        en: format!("An effect half as large ({lift:.1} %) takes {half} customers."),
    }];
    would_change.push(match request.deviation {
        Some(_) => Text {
            zh: "扣除顾客之前的花费（experiment read 会这样做）能减小标准差，需要的顾客就更少。".to_owned(),
            en: "What customers spent before, taken off as experiment read does, makes the deviation smaller, and fewer are enough."
                .to_owned(),
        },
        None => Text {
            zh: "基准比例变了，需要的人数也会变：先用最近的数据核对基准。".to_owned(),
            en: "Another share without the treatment takes another number: check it against what happened lately.".to_owned(),
        },
    });
    let n_days = n_days.map(|days| days as u64);
    Ok(Needed { n_customers, n_days, n_for_half_the_effect: half, would_change })
}

#[cfg(test)]
mod tests {
    use super::*;
    use strategy::experiment::simulate::{Truth, simulate};

    fn arm(group: &strategy::experiment::simulate::Group) -> Arm {
        let propensity = vec![0.5; group.value.len()];
        Arm { value: group.value.clone(), before: group.before.clone(), cost_cents: 500, propensity }
    }

    /// Twice as many in one arm as planned: customers went missing on the other side, and there is nothing to compare.
    #[test]
    fn a_split_that_did_not_work_as_planned_is_refused() {
        let [control, treated] = simulate(&Truth { n_treated: 1000, ..Truth::default() }, 9);
        let arms = BTreeMap::from([("control".to_owned(), arm(&control)), ("mail".to_owned(), arm(&treated))]);
        let mut told = blank();
        compared(&mut told, arms, &VerdictRequest::default()).unwrap();
        assert_eq!(told.arms[0].backing.caveats[0].kind, "sample_ratio_mismatch");
        assert!(told.arms[0].backing.is_refused() && told.arms[0].difference.is_none());
    }

    /// Customers with a chance of 0.3 to 0.9 of being treated, by `n` and `seed`; of the control every `keep`-th part is kept.
    fn drawn(n: usize, seed: u64, keep: f64) -> (Arm, Arm) {
        let mut random = math::random::Random::new(seed);
        let (mut control, mut treated) = (Arm::default(), Arm::default());
        for _ in 0..n {
            let chance = 0.3 + 0.6 * random.uniform();
            let is_treated = random.uniform() < chance;
            let (is_kept, value) = (random.uniform() < keep, random.uniform());
            match is_treated {
                true => treated.add(value, 0.0, 0, chance),
                false if is_kept => control.add(value, 0.0, 0, 1.0 - chance),
                false => {}
            }
        }
        (control, treated)
    }

    /// By simulation: as planned, one split in twenty has p below 0.05; with half of the controls gone all are found.
    #[test]
    fn a_split_by_unequal_chances_is_held_against_them() {
        let below = |keep: f64, p_max: f64| {
            let p = |seed| {
                let (control, treated) = drawn(1000, seed, keep);
                split_p(&control, &treated)
            };
            (0..2000).filter(|seed| p(*seed) < p_max).count()
        };
        let size = below(1.0, 0.05);
        assert!((70..=130).contains(&size), "{size} of 2000, expected 100");
        assert!(below(1.0, sample_ratio::P_MIN) <= 8);
        assert_eq!(below(0.5, sample_ratio::P_MIN), 2000);
        let request = VerdictRequest::default();
        let (control, mut treated) = drawn(1000, 1, 0.5);
        let told = one("mail", &control, &treated, Method::Fixed, &request).unwrap().0;
        assert_eq!(told.backing.caveats[0].kind, "sample_ratio_mismatch");
        assert!(told.backing.is_refused() && told.difference.is_none() && told.backing.sample_ratio_p.unwrap() < 1e-6);
        let (control, kept) = drawn(1000, 1, 1.0);
        let told = one("mail", &control, &kept, Method::Fixed, &request).unwrap().0;
        assert!(told.difference.is_some() && told.backing.sample_ratio_p.is_some_and(|p| p < 1.0), "{told:?}");
        // Where nobody says what was planned, no probability is told.
        treated.propensity.fill(f64::NAN);
        let told = one("mail", &control, &treated, Method::Fixed, &request).unwrap().0;
        assert!(told.difference.is_some() && told.backing.sample_ratio_p.is_none());
    }

    /// One arm of four just leaves out 0: as one of four it shows nothing, and nothing is shipped.
    #[test]
    fn what_the_correction_takes_back_is_open() {
        let column = |shift: f64| {
            let mut arm = Arm::default();
            (0..400).for_each(|at| arm.add(f64::from(at % 20) + shift, 0.0, 0, 0.2));
            arm
        };
        let read = |names: &[&str]| {
            let shift = |name: &str| if name == "a" { 0.85 } else { 0.01 };
            let mut arms: BTreeMap<String, Arm> =
                names.iter().map(|name| ((*name).to_owned(), column(shift(name)))).collect();
            arms.insert("control".to_owned(), column(0.0));
            let mut told = blank();
            let found = compared(&mut told, arms, &VerdictRequest::default()).unwrap();
            decided(&mut told, &found, &[], &Asked { method: Method::Fixed, level: 0.95, planned: None }).unwrap();
            told.arms.remove(0)
        };
        let (alone, of_four) = (read(&["a"]), read(&["a", "b", "c", "d"]));
        assert_eq!((alone.shows.as_str(), alone.decision.unwrap().step.as_str()), ("above", "ship"));
        assert!(of_four.p_value.unwrap() < 0.05 && of_four.adjusted_p_value.unwrap() > 0.05, "{of_four:?}");
        assert_eq!(of_four.shows, "open");
        assert!(of_four.backing.caveats.iter().any(|one| one.kind == "open_after_correction"));
        assert_eq!(of_four.decision.unwrap().step, "no_difference");
    }

    #[test]
    fn a_plan_is_known_only_if_all_exposures_give_the_same() {
        let of = |chances: &[f64]| {
            let mut arm = Arm::default();
            chances.iter().for_each(|chance| arm.add(1.0, 0.0, 0, *chance));
            arm.chance()
        };
        assert_eq!((of(&[0.5, 0.5]), of(&[0.5, 0.4])), (Chance::Same(0.5), Chance::Varied));
        for chances in [&[0.5, f64::NAN][..], &[f64::NAN, 0.5], &[0.0, 0.5], &[]] {
            assert_eq!(of(chances), Chance::Unknown);
        }
    }

    /// Of the old, who buy anyway, nine in ten are treated; of the new half. The treatment does nothing.
    #[test]
    fn unequal_chances_are_no_effect() {
        let (mut control, mut treated) = (Arm::default(), Arm::default());
        for at in 0..2000u32 {
            let (is_old, draw) = (at % 2 == 0, at / 2 % 10);
            let (chance, is_treated) = if is_old { (0.9, draw < 9) } else { (0.5, draw < 5) };
            // Whether somebody buys has nothing to do with the draw.
            let buys = f64::from(u8::from(at / 20 % 10 < if is_old { 8 } else { 2 }));
            let arm = if is_treated { &mut treated } else { &mut control };
            arm.add(buys, 0.0, 0, if is_treated { chance } else { 1.0 - chance });
        }
        let request = VerdictRequest { outcome: Outcome::Ordered, ..VerdictRequest::default() };
        let told = one("mail", &control, &treated, Method::Fixed, &request).unwrap().0;
        assert!(
            told.is_weighted && (told.mean - 0.5).abs() < 1e-9 && (told.control_mean - 0.5).abs() < 1e-9,
            "{told:?}"
        );
        assert_eq!((told.shows.as_str(), told.backing.is_refused()), ("open", false), "{told:?}");
        control.propensity.fill(f64::NAN);
        let told = one("mail", &control, &treated, Method::Fixed, &request).unwrap().0;
        assert!(!told.is_weighted && told.shows == "above", "{told:?}");
    }

    /// The goal rises; what must not fall holds, falls, or is not known well enough.
    #[test]
    fn guardrails_are_held_beside_the_goal() {
        let [control, treated] = simulate(&Truth { effect: 2.0, ..Truth::default() }, 9);
        let read = |values: &dyn Fn(&Arm) -> Arm, request: &VerdictRequest| {
            let [control, treated] = [arm(&control), values(&arm(&treated))];
            let arms = BTreeMap::from([("control".to_owned(), control), ("mail".to_owned(), treated)]);
            let mut told = blank();
            let found = compared(&mut told, arms, request).unwrap();
            (told, found)
        };
        let request = VerdictRequest::default();
        let times = |factor: f64| {
            move |arm: &Arm| Arm {
                value: arm.value.iter().map(|value| value * factor).collect(),
                before: arm.before.clone(),
                cost_cents: arm.cost_cents,
                propensity: arm.propensity.clone(),
            }
        };
        let step = |factor: f64, margin: f64, planned: Option<u64>| {
            let (mut goal, found) = read(&times(1.0), &request);
            let (told, of_guardrail) = read(&times(factor), &request);
            let role = Role::Guardrail { margin };
            let others = [Read { outcome: Outcome::Ordered, role, told, found: of_guardrail }];
            decided(&mut goal, &found, &others, &Asked { method: Method::Fixed, level: 0.95, planned }).unwrap();
            goal.arms.remove(0).decision.unwrap()
        };
        let held = step(1.0, 0.05, None);
        assert_eq!((held.step.as_str(), held.measures[0].role.as_str()), ("ship", "guardrail"), "{held:?}");
        assert_eq!(
            (held.measures[0].margin, held.measures[0].adjusted_p_value, held.progress),
            (Some(0.05), None, 1.0)
        );
        let hurt = step(0.5, 0.05, None);
        assert_eq!(hurt.step, "stop");
        assert!(hurt.reasons[0].en.contains("guardrail ordered"), "{hurt:?}");
        // The planned customers are not there yet: nothing is read but harm.
        let early = step(1.0, 0.05, Some(1_000_000));
        assert!(early.step == "continue" && early.progress < 0.1, "{early:?}");
    }

    #[test]
    fn a_guardrail_that_cannot_be_read_ships_nothing() {
        let [control, treated] = simulate(&Truth { effect: 2.0, ..Truth::default() }, 9);
        let arms = BTreeMap::from([("control".to_owned(), arm(&control)), ("mail".to_owned(), arm(&treated))]);
        let mut goal = blank();
        let found = compared(&mut goal, arms, &VerdictRequest::default()).unwrap();
        let role = Role::Guardrail { margin: 0.1 };
        let others = [Read { outcome: Outcome::Ordered, role, told: blank(), found: BTreeMap::new() }];
        decided(&mut goal, &found, &others, &Asked { method: Method::Fixed, level: 0.95, planned: None }).unwrap();
        let decision = goal.arms[0].decision.as_ref().unwrap();
        assert!(decision.reasons.iter().all(|reason| reason.zh.contains('“') && !reason.zh.contains("ordered")));
        assert!(decision.step == "continue" && decision.reasons.last().unwrap().en.contains("could not be read"));
    }

    #[test]
    fn measures_are_asked_for_once_and_guardrails_written_with_a_margin() {
        let guardrail = Guardrail::read("ordered=0.02").unwrap();
        assert_eq!(guardrail, Guardrail { outcome: Outcome::Ordered, margin: 0.02 });
        for text in ["ordered", "ordered=", "ordered=-1", "ordered=2", "ordered=NaN"] {
            assert!(Guardrail::read(text).unwrap_err().message.contains("MEASURE=MARGIN"), "{text}");
        }
        assert!(Guardrail::read("clicks=0.1").unwrap_err().message.contains("response, ordered, revenue"));
        let twice = VerdictRequest { secondary: vec![Outcome::Revenue], ..VerdictRequest::default() };
        assert!(others(&twice).unwrap_err().message.contains("'revenue' is asked for twice"));
        let both = VerdictRequest {
            secondary: vec![Outcome::Ordered],
            guardrails: vec![guardrail],
            ..VerdictRequest::default()
        };
        assert!(others(&both).is_err());
        assert_eq!(
            others(&VerdictRequest { secondary: vec![Outcome::Ordered], ..VerdictRequest::default() }).unwrap().len(),
            1
        );
    }

    fn blank() -> CampaignVerdict {
        CampaignVerdict {
            campaign_id: "618".to_owned(),
            control: "control".to_owned(),
            n_control: 0,
            outcome: Outcome::Revenue,
            method: Reading::Fixed,
            days: 30,
            level: 0.95,
            as_of: String::new(),
            n_in_several_arms: 0,
            n_too_recent: 0,
            arms: Vec::new(),
        }
    }

    #[test]
    fn each_arm_is_compared_and_what_was_spent_before_taken_off() {
        let [control, treated] = simulate(&Truth { effect: 2.0, ..Truth::default() }, 9);
        for reading in [Reading::Fixed, Reading::Sequential, Reading::Bayesian] {
            let arms = BTreeMap::from([
                ("control".to_owned(), arm(&control)),
                ("mail".to_owned(), arm(&treated)),
                ("quiet".to_owned(), Arm::default()),
            ]);
            let mut told = blank();
            compared(&mut told, arms, &VerdictRequest { reading, ..VerdictRequest::default() }).unwrap();
            let [mail, quiet] = told.arms.as_slice() else { panic!("two arms") };
            let difference = mail.difference.unwrap();
            assert!(difference.low < 2.0 && 2.0 < difference.high && mail.variance_kept < 0.9, "{mail:?}");
            // A decision says what would change it, too, and how the split came out.
            assert!(
                !mail.backing.would_change.is_empty() && mail.backing.sample_ratio_p.is_some(),
                "{:?}",
                mail.backing
            );
            assert_eq!((mail.shows.as_str(), mail.p_value.is_some()), ("above", reading != Reading::Bayesian));
            let all = mail.incremental_cents.unwrap();
            assert!((all.value - difference.value * mail.n_customers as f64).abs() < 1e-6);
            assert!(quiet.backing.is_refused() && quiet.difference.is_none());
        }
    }

    #[test]
    fn the_control_is_known_by_its_name() {
        assert_eq!(control(["a", "Holdout", "b"].into_iter()).as_deref(), Some("Holdout"));
        assert_eq!(control(["none", "control"].into_iter()).as_deref(), Some("control"));
        assert_eq!(control(["a", "b"].into_iter()), None);
    }

    /// Casagrande, Pike and Smith's normal approximation for 10 % against 12 %: 3,841 a group by R's power.prop.test(power = .8).
    #[test]
    fn a_design_tells_customers_and_whole_weeks() {
        let request = DesignRequest {
            baseline: 0.10,
            deviation: None,
            lift: 0.2,
            power: 0.8,
            level: 0.95,
            per_day: Some(1000.0),
        };
        let needed = design(&request).unwrap();
        assert!((needed.n_customers as f64 - 7682.0).abs() < 80.0, "{needed:?}");
        assert_eq!(needed.n_days, Some(14));
        // Four times as many for half of it, nearly: the variance of a share falls a little.
        let times = needed.n_for_half_the_effect as f64 / needed.n_customers as f64;
        assert!((3.7..=4.1).contains(&times) && needed.would_change.len() == 2, "{needed:?}");
        assert!(needed.would_change[0].en.contains(&needed.n_for_half_the_effect.to_string()));
        assert!(design(&DesignRequest { lift: 0.0, ..request }).is_err());
    }
}
