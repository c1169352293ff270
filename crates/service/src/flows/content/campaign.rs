//! Approved copies handed to whoever sends them out: for every customer of an audience who agreed to the channel which copy they get, with
//! what probability, and its words as they go out. Rows are named as in the table `exposures`, so that what was sent, and what came of
//! it, is imported as it stands. Nothing is sent here, and how a customer is reached is not known here.

use std::collections::{BTreeMap, BTreeSet};

use content::brief::Lang;
use content::channel::{Channel, channel};
use content::check::{Risk, Verdict, copy};
use content::write::escape;
use data::state::drafts::DraftQuery;
use data::{Shop, ShopConfig};
use serde::Serialize;
use strategy::bandit::{Bandit, BetaThompson, Context};
use strategy::experiment::{Arm, Assignment, Place};
use utoipa::ToSchema;

use super::asked::lang;
use super::config::{ContentConfig, check_url};
use super::drafts::{self, DraftDetail};
use super::export::csv_row;
use super::look::unknown_channel;
use super::response;
use super::sheets::{address, check_name};
use super::write::Prepared;
use super::{Purpose, Voiced};
use crate::error::{Kind, Result, ServiceError, clipped};
use crate::flows::audience::{self, Audience};
use crate::flows::rows::{query, query_rows, quoted, texts};
use crate::store::Store;

/// The arm of those who get nothing.
pub const CONTROL: &str = "control";
/// Copies of one campaign: they share the arms of an experiment with the control.
const DRAFTS_MAX: usize = 50;
const PAGE: usize = 200;
/// Bytes of one file.
const BYTES_MAX: usize = 256 << 20;
/// Part of the customers that is spread evenly over copies, however the others are: so each has a propensity that is not next to nothing.
const FLOOR: f64 = 0.1;
const CONTROL_MAX: f64 = 0.9;
/// Where a page of a mail leads; the address under which somebody stops it is the sender's.
const PRODUCT_PLACE: &str = "{{product_url}}";

/// How customers are shared out among copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Split {
    /// All alike.
    #[default]
    Even,
    /// By the probability that a copy is the best, as far as the campaign's exposures tell (Thompson).
    Learned,
}

/// What is to be handed over.
#[derive(Clone, Debug, Default)]
pub struct CampaignAsked {
    pub campaign: String,
    /// Identifies an audience, or is its name.
    pub audience: String,
    /// Of the copies.
    pub channel: String,
    /// What the channel is called in customers' consent; known of sms, push and email.
    pub contact: Option<String>,
    pub product: Option<String>,
    /// The shop's own if absent.
    pub language: Option<String>,
    /// The share that gets nothing, 0 to 0.9; 0.1 if absent.
    pub control: Option<f64>,
    /// The share of the audience that takes part now, above 0; all if absent.
    pub share: Option<f64>,
    /// even or learned; even if absent.
    pub split: Option<String>,
    /// Where a product stands on the web; `[content] product_url` if absent.
    pub address: Option<String>,
}

/// The same, checked.
#[derive(Clone, Debug)]
pub struct CampaignWanted {
    campaign: String,
    audience: Audience,
    channel: &'static Channel,
    contact: String,
    product: Option<String>,
    lang: Lang,
    control: f64,
    share: f64,
    split: Split,
    address: Option<String>,
}

/// A campaign as it is handed over.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CampaignHandOver)]
pub struct Campaign {
    pub campaign_id: String,
    pub audience_id: String,
    pub audience_name: String,
    /// As customers' consent names it.
    pub channel: String,
    /// The control first, where there is one.
    pub arms: Vec<CampaignCopy>,
    /// By id.
    pub customers: Vec<CampaignCustomer>,
    /// Of the audience, when it was last made anew.
    pub n_members: u64,
    /// Members who did not agree to the channel.
    pub n_without_consent: u64,
    /// Members who are in the campaign's exposures already.
    pub n_before: u64,
    /// Members who are not asked this time, as only a share is.
    pub n_later: u64,
    /// Approved drafts that may not go out, and why.
    pub left_out: Vec<CampaignLeftOut>,
}

/// One copy, or the control.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CampaignCopy {
    /// The draft's id, or `control`.
    pub arm: String,
    /// The probability with which a customer gets it.
    pub propensity: f64,
    pub n_customers: u64,
    /// Exposures of this arm so far, and how many responded.
    pub n_shown: u64,
    pub n_responded: u64,
    /// Absent of the control.
    pub product_id: Option<String>,
    /// Where it leads; absent where nothing says where products stand.
    pub url: Option<String>,
    pub fields: Vec<CampaignField>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CampaignField {
    pub name: String,
    pub text: String,
    pub is_html: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CampaignCustomer {
    pub customer_id: String,
    pub arm: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CampaignLeftOut {
    pub draft_id: String,
    pub why: String,
}

impl CampaignAsked {
    /// # Errors
    /// If a name, a share or an address is none, or there is no such audience.
    pub fn checked(self, store: &Store, config: &ShopConfig) -> Result<CampaignWanted> {
        check_name("campaign", &self.campaign)?;
        let card = channel(&self.channel).ok_or_else(|| unknown_channel(&self.channel))?;
        let own = match card.name {
            "push" => Some("app_push"),
            name @ ("sms" | "email") => Some(name),
            _ => None,
        };
        let contact = self.contact.or(own.map(str::to_owned)).ok_or_else(|| {
            let message = format!("contact is missing; copies of {} go to nobody in particular", card.name);
            ServiceError::usage("contact", message)
                .help("name the channel that customers agreed to, as their consent does; sms, push and email have it")
        })?;
        check_name("contact", &contact)?;
        let share = |what: &'static str, found: f64, is_right: bool, allowed: &str| match is_right {
            true => Ok(found),
            false => Err(ServiceError::usage(what, format!("{what} is {found}; allowed: {allowed}"))),
        };
        let control = self.control.unwrap_or(0.1);
        let control = share("control", control, (0.0..=CONTROL_MAX).contains(&control), "0 to 0.9")?;
        let part = self.share.unwrap_or(1.0);
        let part = share("share", part, part > 0.0 && part <= 1.0, "above 0, at most 1")?;
        let split = match self.split.as_deref().unwrap_or("even") {
            "even" => Split::Even,
            "learned" => Split::Learned,
            other => {
                let message = format!("split is '{}'; allowed: even, learned", clipped(other));
                return Err(ServiceError::usage("split", message));
            }
        };
        let url = self.address.as_deref().map_or(Ok(()), check_url);
        url.map_err(|said| ServiceError::usage("address", said))?;
        let lang = lang(self.language.as_deref(), config)?;
        let address = match self.address {
            Some(address) => Some(address),
            None => ContentConfig::of(config)?.product_url,
        };
        let audience = audience::named(store, &self.audience)?;
        Ok(CampaignWanted {
            campaign: self.campaign,
            audience,
            channel: card,
            contact,
            product: self.product,
            lang,
            control,
            share: part,
            split,
            address,
        })
    }
}

impl CampaignWanted {
    /// Approved drafts that could go out: of one product, so that only words differ among arms.
    ///
    /// # Errors
    /// If there are none, too many, or of several products.
    pub fn drafts(&self, store: &Store) -> Result<Vec<DraftDetail>> {
        let query = DraftQuery {
            state: Some("approved".to_owned()),
            product_id: self.product.clone(),
            channel: Some(self.channel.name.to_owned()),
            words: None,
        };
        let (mut found, mut after) = (Vec::<DraftDetail>::new(), String::new());
        let mut products: BTreeMap<String, usize> = BTreeMap::new();
        loop {
            let page = store.drafts_after(&query, &after, PAGE)?;
            for detail in page.iter().map(drafts::read) {
                let detail = detail?;
                if detail.row.language == self.lang.code() {
                    *products.entry(detail.row.product_id.clone()).or_default() += 1;
                    // What is too much is counted and not kept.
                    if found.len() <= DRAFTS_MAX {
                        found.push(detail);
                    }
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE => after.clone_from(&last.id),
                _ => break,
            }
        }
        let (channel, code) = (self.channel.name, self.lang.code());
        if products.len() > 1 {
            let some: Vec<String> = products.iter().take(5).map(|(id, n)| format!("{id} ({n})")).collect();
            let message = format!("copies of {} products are approved for {channel} in {code}", products.len());
            return Err(ServiceError::usage("product", message)
                .help(format!("name one, so that only words differ: product={}", some.join(", "))));
        }
        match found.len() {
            0 => Err(ServiceError::conflict("drafts", format!("no draft is approved for {channel} in {code}"))
                .help("write some, keep them, and let somebody approve them: docs/content.md")),
            n if n > DRAFTS_MAX => {
                let message = format!("there are more than {DRAFTS_MAX} approved drafts; allowed: {DRAFTS_MAX}");
                Err(ServiceError::conflict("drafts", message).help("reject or reopen those that are not to go out"))
            }
            _ => Ok(found),
        }
    }
}

/// How a draft that is about to go out is prepared to be checked.
pub fn purpose(detail: &DraftDetail) -> Purpose {
    Purpose::ByPeople { draft_id: Some(detail.row.draft_id.clone()) }
}

/// Why an approved draft may not go out any more, if so: prices, goods, rules and days have gone on since it was approved.
///
/// # Errors
/// If that cannot be found out.
pub fn why_not(detail: &DraftDetail, prepared: Result<Prepared>, voiced: &Voiced) -> Result<Option<CampaignLeftOut>> {
    let out = |why: String| Some(CampaignLeftOut { draft_id: detail.row.draft_id.clone(), why });
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(error) if matches!(error.kind, Kind::Usage | Kind::NotFound | Kind::Conflict) => {
            return Ok(out(error.message));
        }
        Err(error) => return Err(error),
    };
    let reports = prepared.reports(&detail.draft, voiced)?;
    if copy::verdict(reports.values()) != Verdict::Blocked {
        return Ok(None);
    }
    let blocking = reports.values().flat_map(|report| &report.findings).find(|one| one.risk == Risk::Block);
    Ok(out(blocking.map_or_else(|| "its checks block it".to_owned(), |one| one.message.en.to_string())))
}

/// Shares the audience out among the drafts that may go out.
///
/// # Errors
/// If none of them may, one leads to a product and nothing says where products stand, or tables cannot be read.
pub async fn hand_over(
    shop: &Shop,
    wanted: &CampaignWanted,
    drafts: Vec<DraftDetail>,
    left_out: Vec<CampaignLeftOut>,
) -> Result<Campaign> {
    let ready: Vec<DraftDetail> =
        drafts.into_iter().filter(|one| left_out.iter().all(|out| out.draft_id != one.row.draft_id)).collect();
    if ready.is_empty() {
        let why = left_out.first().map_or(String::new(), |one| format!("{}: {}", one.draft_id, one.why));
        return Err(ServiceError::conflict("drafts", format!("no approved draft may go out now; {why}"))
            .help("mend them, or write anew, and let somebody approve them"));
    }
    let shown = shown(shop, &wanted.campaign).await?;
    let before = customers_of(shop, &wanted.campaign).await?;
    let members = audience::members_of(shop, &wanted.audience.id, Some(&wanted.contact)).await?;
    let n_reachable = members.len() as u64;
    let mut arms = copies(wanted, ready, &shown)?;
    let experiment = Assignment::new(
        &wanted.campaign,
        arms.iter().map(|arm| Arm { name: arm.arm.clone(), weight: arm.propensity }).collect(),
        wanted.share,
        None,
        None,
    )?;
    let (mut customers, mut n_before, mut n_later) = (Vec::new(), 0, 0);
    for customer_id in members {
        if before.contains(&customer_id) {
            n_before += 1;
            continue;
        }
        match experiment.place(&customer_id, None) {
            Place::Arm { arm_idx, .. } => {
                arms[arm_idx].n_customers += 1;
                customers.push(CampaignCustomer { customer_id, arm: arms[arm_idx].arm.clone() });
            }
            Place::Holdout | Place::Outside => n_later += 1,
        }
    }
    let n_members = wanted.audience.n_customers.max(n_reachable);
    Ok(Campaign {
        campaign_id: wanted.campaign.clone(),
        audience_id: wanted.audience.id.clone(),
        audience_name: wanted.audience.name.clone(),
        channel: wanted.contact.clone(),
        arms,
        customers,
        n_members,
        n_without_consent: n_members - n_reachable,
        n_before,
        n_later,
        left_out,
    })
}

/// Exposures of a campaign and responses to them, by arm.
async fn shown(shop: &Shop, campaign: &str) -> Result<BTreeMap<String, (u64, u64)>> {
    let sql = response::by_arm(&format!("campaign_id = {}", quoted(campaign)));
    let row = |row: serde_json::Map<String, serde_json::Value>| {
        let count = |name: &str| row[name].as_u64().unwrap_or(0);
        (row["arm"].as_str().unwrap_or_default().to_owned(), (count("n"), count("n_responded")))
    };
    Ok(query_rows(shop, &sql).await?.into_iter().map(row).collect())
}

async fn customers_of(shop: &Shop, campaign: &str) -> Result<BTreeSet<String>> {
    let sql = format!("select distinct customer_id from exposures where campaign_id = {}", quoted(campaign));
    let mut found = BTreeSet::new();
    for batch in query(shop, &sql).await? {
        found.extend(texts(&batch, "customer_id")?.iter().flatten().map(str::to_owned));
    }
    Ok(found)
}

/// The arms with their words and probabilities, no customer in them yet.
fn copies(
    wanted: &CampaignWanted,
    drafts: Vec<DraftDetail>,
    shown: &BTreeMap<String, (u64, u64)>,
) -> Result<Vec<CampaignCopy>> {
    let of = |arm: &str| shown.get(arm).copied().unwrap_or_default();
    let counts: Vec<(u64, u64)> = drafts.iter().map(|one| of(&one.row.draft_id)).collect();
    let weights = weights(wanted.split, &counts)?;
    let mut arms = Vec::with_capacity(drafts.len() + 1);
    if wanted.control > 0.0 {
        let (n_shown, n_responded) = of(CONTROL);
        arms.push(CampaignCopy {
            arm: CONTROL.to_owned(),
            propensity: wanted.control,
            n_customers: 0,
            n_shown,
            n_responded,
            product_id: None,
            url: None,
            fields: Vec::new(),
        });
    }
    for ((detail, (n_shown, n_responded)), weight) in drafts.into_iter().zip(counts).zip(weights) {
        let arm = detail.row.draft_id;
        let product_id = detail.row.product_id;
        let to = |url: &String| address(url, &product_id, Some(&wanted.campaign), Some(&arm));
        let url = wanted.address.as_ref().map(to);
        let fields = detail.draft.fields.into_iter().map(|field| {
            if !field.text.contains(PRODUCT_PLACE) {
                return Ok(CampaignField { name: field.name, text: field.text, is_html: field.is_html });
            }
            let url = url.as_deref().ok_or_else(|| {
                let message = format!("{arm} leads to its product, and nothing says where products stand");
                ServiceError::usage("address", message)
                    .help("say it once, [content] product_url in tercet.toml, or for this campaign: address=")
            })?;
            let url = if field.is_html { escape(url) } else { url.to_owned() };
            let text = field.text.replace(PRODUCT_PLACE, &url);
            Ok(CampaignField { name: field.name, text, is_html: field.is_html })
        });
        let fields = fields.collect::<Result<_>>()?;
        let propensity = (1.0 - wanted.control) * weight;
        let product_id = Some(product_id.clone());
        arms.push(CampaignCopy { arm, propensity, n_customers: 0, n_shown, n_responded, product_id, url, fields });
    }
    Ok(arms)
}

/// The share of each copy among those who get one, adding up to 1; `counts` are exposures and responses of each so far.
fn weights(split: Split, counts: &[(u64, u64)]) -> Result<Vec<f64>> {
    let even = 1.0 / counts.len() as f64;
    if split == Split::Even {
        return Ok(vec![even; counts.len()]);
    }
    let counts: Vec<(f64, f64)> =
        counts.iter().map(|(n, yes)| (*yes.min(n) as f64, n.saturating_sub(*yes) as f64)).collect();
    let best = BetaThompson::from_counts(&counts, (1.0, 1.0))?.probabilities(&Context::default())?;
    Ok(best.into_iter().map(|chance| FLOOR * even + (1.0 - FLOOR) * chance).collect())
}

/// One row for each customer, with the words that they get; the control has none.
///
/// # Errors
/// If it would be too long.
pub fn csv(campaign: &Campaign) -> Result<String> {
    let mut names: Vec<&str> = Vec::new();
    for field in campaign.arms.iter().flat_map(|arm| &arm.fields) {
        if !names.contains(&field.name.as_str()) {
            names.push(&field.name);
        }
    }
    let fixed = ["customer_id", "campaign_id", "arm", "propensity", "channel", "product_id", "url"];
    let mut text = String::new();
    csv_row(&mut text, fixed.into_iter().chain(names.iter().copied()));
    let tails: BTreeMap<&str, String> = campaign
        .arms
        .iter()
        .map(|arm| {
            let propensity = format!("{:.6}", arm.propensity);
            let known = [arm.product_id.as_deref().unwrap_or_default(), arm.url.as_deref().unwrap_or_default()];
            let of = |name: &&str| {
                arm.fields.iter().find(|field| field.name == **name).map_or("", |field| field.text.as_str())
            };
            let mut tail = String::new();
            let head = [campaign.campaign_id.as_str(), &arm.arm, &propensity, &campaign.channel];
            csv_row(&mut tail, head.into_iter().chain(known).chain(names.iter().map(of)));
            (arm.arm.as_str(), tail)
        })
        .collect();
    for one in &campaign.customers {
        let mut cell = String::new();
        csv_row(&mut cell, [one.customer_id.as_str()]);
        text.push_str(cell.trim_end_matches("\r\n"));
        text.push(',');
        text.push_str(&tails[one.arm.as_str()]);
        if text.len() > BYTES_MAX {
            let message = format!("the file would have more than {BYTES_MAX} bytes");
            return Err(ServiceError::usage("campaign", message)
                .help("JSON has each copy once (format=json); or let a share of the audience take part: share=0.5"));
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_go_where_the_best_may_be() {
        let even = weights(Split::Even, &[(0, 0), (100, 50), (0, 0)]).unwrap();
        assert!(even.iter().all(|weight| (weight - 1.0 / 3.0).abs() < 1e-12), "{even:?}");
        let none = weights(Split::Learned, &[(0, 0), (0, 0)]).unwrap();
        assert!(none.iter().all(|weight| (weight - 0.5).abs() < 1e-6), "nothing is known yet: {none:?}");
        let told = weights(Split::Learned, &[(400, 20), (400, 60)]).unwrap();
        assert!((told.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{told:?}");
        assert!(told[0] >= FLOOR / 2.0 - 1e-9 && told[1] > 0.9, "the worse is still tried: {told:?}");
        // More responses than exposures are no reason to fail.
        assert!(weights(Split::Learned, &[(1, 3), (2, 0)]).is_ok());
    }

    #[test]
    fn a_row_is_a_customer_with_what_they_get() {
        let copy = |arm: &str, fields: Vec<CampaignField>| CampaignCopy {
            arm: arm.to_owned(),
            propensity: 0.5,
            n_customers: 1,
            n_shown: 0,
            n_responded: 0,
            product_id: (arm != CONTROL).then(|| "p1".to_owned()),
            url: None,
            fields,
        };
        let field = |name: &str, text: &str| CampaignField { name: name.into(), text: text.into(), is_html: false };
        let customer = |id: &str, arm: &str| CampaignCustomer { customer_id: id.into(), arm: arm.into() };
        let campaign = Campaign {
            campaign_id: "spring, again".into(),
            audience_id: "aud_1".into(),
            audience_name: "All".into(),
            channel: "app_push".into(),
            arms: vec![copy(CONTROL, Vec::new()), copy("cd_1", vec![field("title", "a \"b\""), field("body", "c\nd")])],
            customers: vec![customer("c,1", "cd_1"), customer("c2", CONTROL)],
            n_members: 2,
            n_without_consent: 0,
            n_before: 0,
            n_later: 0,
            left_out: Vec::new(),
        };
        let expected = "customer_id,campaign_id,arm,propensity,channel,product_id,url,title,body\r\n\
             \"c,1\",\"spring, again\",cd_1,0.500000,app_push,p1,,\"a \"\"b\"\"\",\"c\nd\"\r\n\
             c2,\"spring, again\",control,0.500000,app_push,,,,\r\n";
        assert_eq!(csv(&campaign).unwrap(), expected);
    }
}
