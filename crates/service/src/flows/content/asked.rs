//! What is asked for, in the words of requests and commands, and the brief that it becomes.

use std::collections::BTreeMap;

use content::brief::{Audience, Brief, BriefError, Goal, Lang, Length, Offer, Tone};
use content::channel::{Count, clip};
use content::plan::names::clean;
use data::ShopConfig;
use domain::{Cents, Day};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::hands::Who;
use super::{Stock, audience};
use crate::error::{Result, ServiceError, clipped};
use crate::flows::segment::Published;

/// Variants of one request.
pub const VARIANTS_MAX: usize = content::vary::VARIANTS_MAX;
const VARIANTS: usize = 4;
/// Characters of the shop's name in a text message.
const SIGNATURE_CHARS_MAX: usize = 16;
const AMOUNT_MAX: i64 = 1_000_000_000_000;
pub const LENGTHS: [&str; 3] = ["short", "medium", "long"];

/// Copy that is asked for; kept with a draft, so that it can be checked again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteAsked {
    /// The first is written about, the others are named with it where there is room.
    #[schema(min_items = 1, max_items = 20)]
    pub product_ids: Vec<String>,
    /// The name of a channel's card.
    #[schema(min_length = 1, max_length = 40)]
    pub channel: String,
    #[schema(pattern = "^(launch|promotion|win_back|cross_sell|upgrade)$")]
    pub goal: String,
    /// plain if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(plain|warm|lively|expert|refined)$")]
    pub tone: Option<String>,
    /// The shop's own if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(zh|en)$")]
    pub language: Option<String>,
    /// medium if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(short|medium|long)$")]
    pub length: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<AudienceAsked>,
    /// What the customers own: the older device for upgrade, the device that it goes with for cross_sell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200)]
    pub owned_product_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferAsked>,
    /// 4 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 12)]
    pub n_variants: Option<usize>,
    /// The same seed gives the same texts; 0 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Whether a product may be compared with the shop's other products; yes if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_compare: Option<bool>,
    /// best (all that can write, the judge takes the best), grammar, learned or model; best if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(best|grammar|learned|model)$")]
    pub writer: Option<String>,
}

/// For whom.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AudienceAsked {
    /// Key of a customer group in service: what it buys orders the selling points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200)]
    pub segment: Option<String>,
    /// Attribute (memory) or aspect (battery) to how much it matters, 0 to 1; goes before what the group tells.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, f64>,
    /// 0: price hardly matters, 1: price decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub price_sensitivity: Option<f64>,
}

/// What is offered: at least one of price, coupon and gift.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferAsked {
    /// Below the product's price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub price_cents: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 24)]
    pub coupon: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub coupon_off_cents: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub gift: Option<String>,
    /// The last day, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "date", pattern = r"^\d{4}-\d{2}-\d{2}$")]
    pub ends_on: Option<String>,
}

impl OfferAsked {
    /// # Errors
    /// If an amount or the day cannot be one.
    pub fn read(&self) -> Result<Offer> {
        let amount = |what: &str, cents: Option<i64>| match cents {
            Some(found) if !(1..=AMOUNT_MAX).contains(&found) => {
                let message = format!("{what} is {found}; allowed: 1 to {AMOUNT_MAX} cents");
                Err(ServiceError::usage("offer", message))
            }
            cents => Ok(cents.map(Cents)),
        };
        let day = |text: &String| {
            text.parse::<Day>().map_err(|_| {
                let message = format!("offer.ends_on is '{}'; allowed: a day, YYYY-MM-DD", clipped(text));
                ServiceError::usage("offer", message)
            })
        };
        Ok(Offer {
            price_cents: amount("offer.price_cents", self.price_cents)?,
            coupon: self.coupon.clone(),
            coupon_off_cents: amount("offer.coupon_off_cents", self.coupon_off_cents)?,
            gift: self.gift.clone(),
            ends_on: self.ends_on.as_ref().map(day).transpose()?,
        })
    }
}

impl WriteAsked {
    /// The brief, checked.
    ///
    /// # Errors
    /// If a name, a product or a group is not known, or the brief cannot be written.
    pub fn brief(&self, config: &ShopConfig, stock: &Stock, groups: Option<&Published>, today: Day) -> Result<Brief> {
        self.n_variants()?;
        self.who()?;
        let product = |id: &String| Ok::<_, ServiceError>((**stock.product(id)?).clone());
        let products = self.product_ids.iter().map(product).collect::<Result<Vec<_>>>()?;
        let mut audience = self.audience.as_ref().map_or(Ok(Audience::default()), |asked| asked.read(groups))?;
        audience.owned = self.owned_product_id.as_ref().map(product).transpose()?;
        let brief = Brief {
            products,
            audience,
            goal: goal(&self.goal)?,
            channel: self.channel.clone(),
            tone: tone(self.tone.as_deref())?,
            lang: lang(self.language.as_deref(), config)?,
            offer: self.offer.as_ref().map(OfferAsked::read).transpose()?,
            length: length(self.length.as_deref())?,
            shop_name: signature(config),
            currency: config.currency.clone(),
            today: Some(today),
            may_compare: self.may_compare.unwrap_or(true),
        };
        brief.check()?;
        Ok(brief)
    }

    /// Who writes.
    ///
    /// # Errors
    /// If there is no such writer.
    pub fn who(&self) -> Result<Who> {
        Who::named(self.writer.as_deref())
    }

    /// # Errors
    /// If it is not 1 to 12.
    pub fn n_variants(&self) -> Result<usize> {
        let n = self.n_variants.unwrap_or(VARIANTS);
        if !(1..=VARIANTS_MAX).contains(&n) {
            return Err(ServiceError::usage("n_variants", format!("n_variants is {n}; allowed: 1 to {VARIANTS_MAX}")));
        }
        Ok(n)
    }
}

impl AudienceAsked {
    fn read(&self, groups: Option<&Published>) -> Result<Audience> {
        let mut audience = Audience::default();
        if let Some(key) = &self.segment {
            let groups = groups.ok_or_else(<Published as crate::flows::in_service::Published>::none_yet)?;
            let mut all = groups.groups()?.groups.iter();
            let group = all.find(|group| group.key == *key).ok_or_else(|| ServiceError::not_found("group", key))?;
            let (weights, price_sensitivity) = audience::tastes(group);
            audience = Audience { name: Some(group.name.en.clone()), weights, price_sensitivity, owned: None };
        }
        audience.weights.extend(self.weights.clone());
        audience.price_sensitivity = self.price_sensitivity.or(audience.price_sensitivity);
        Ok(audience)
    }
}

/// The shop's name as it signs text messages.
pub fn signature(config: &ShopConfig) -> String {
    clip(&clean(&config.name), SIGNATURE_CHARS_MAX, Count::Chars).to_owned()
}

/// One of these names.
fn named<'a>(what: &'static str, found: Option<&'a str>, allowed: &[&'static str]) -> Result<Option<&'a str>> {
    match found {
        Some(name) if !allowed.contains(&name) => {
            let message = format!("{what} is '{}'; allowed: {}", clipped(name), allowed.join(", "));
            Err(ServiceError::usage(what, message))
        }
        found => Ok(found),
    }
}

/// # Errors
/// If there is no such goal.
pub fn goal(name: &str) -> Result<Goal> {
    named("goal", Some(name), &Goal::ALL.map(Goal::name))?;
    Ok(Goal::ALL.into_iter().find(|goal| goal.name() == name).unwrap_or_default())
}

fn tone(name: Option<&str>) -> Result<Tone> {
    let name = named("tone", name, &Tone::ALL.map(Tone::name))?;
    Ok(Tone::ALL.into_iter().find(|tone| Some(tone.name()) == name).unwrap_or_default())
}

fn length(name: Option<&str>) -> Result<Length> {
    Ok(match named("length", name, &LENGTHS)? {
        Some("short") => Length::Short,
        Some("long") => Length::Long,
        _ => Length::Medium,
    })
}

/// The language asked for, or the shop's.
///
/// # Errors
/// If it is neither zh nor en.
pub fn lang(name: Option<&str>, config: &ShopConfig) -> Result<Lang> {
    let name = named("language", name, &["zh", "en"])?.unwrap_or(&config.language);
    Ok(if name == "zh" { Lang::Zh } else { Lang::En })
}

impl From<BriefError> for ServiceError {
    fn from(error: BriefError) -> Self {
        let code = match &error {
            BriefError::NoProduct | BriefError::TooManyProducts { .. } | BriefError::NoName { .. } => "product_ids",
            BriefError::UnknownChannel { .. } => "channel",
            BriefError::Language { .. } => "language",
            BriefError::OfferAboveList { .. } | BriefError::OfferEnded { .. } | BriefError::EmptyOffer => "offer",
            BriefError::Missing { .. } => "goal",
            BriefError::Unfit { .. } => "brief",
        };
        ServiceError::usage(code, error.to_string())
    }
}
