//! A text from anywhere, looked at: what the law, the shop's rules and, if a product is named, its fields and prices say of it.

use content::brief::{Audience, Brief};
use content::channel::{FieldCard, channel};
use content::check::report::Report;
use content::check::{CopyCheck, price};
use data::ShopConfig;
use domain::{Cents, Day};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::asked::{OfferAsked, lang, signature};
use super::write::{Grounds, Prepared, too_long};
use super::{Stock, TEXT_CHARS_MAX, Voiced};
use crate::error::{Result, ServiceError, clipped};

/// A text to be looked at.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = CopyCheckBody)]
#[serde(deny_unknown_fields)]
pub struct LookAsked {
    /// At most 100,000 characters.
    #[schema(max_length = 100_000, pattern = r"^[^\x00]*$")]
    pub text: String,
    /// What the plan of a product is said in; the shop's own if absent.
    #[schema(pattern = "^(zh|en)$")]
    pub language: Option<String>,
    /// Whose fields every figure has to be found in.
    #[schema(min_length = 1, max_length = 200)]
    pub product_id: Option<String>,
    /// Whose limits hold, with `field`.
    #[schema(min_length = 1, max_length = 40)]
    pub channel: Option<String>,
    #[schema(min_length = 1, max_length = 40)]
    pub field: Option<String>,
    pub offer: Option<OfferAsked>,
}

/// What was found.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CopyCheckAnswer)]
pub struct Looked {
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub report: Report,
    pub n_characters: usize,
    /// Of the field; absent if none was named.
    pub limit: Option<FieldLimit>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct FieldLimit {
    pub max: usize,
    /// As the channel counts.
    pub counted: usize,
}

/// Looks at a text. `history` is what the product was sold for, if one is named.
///
/// # Errors
/// If the text is too long, or a name is not known.
pub fn look(
    asked: &LookAsked,
    config: &ShopConfig,
    stock: &Stock,
    history: &[(Day, Cents)],
    voiced: &Voiced,
    today: Day,
) -> Result<Looked> {
    let n_characters = asked.text.chars().count();
    if n_characters > TEXT_CHARS_MAX {
        let message = format!("the text has {n_characters} characters; allowed: at most {TEXT_CHARS_MAX}");
        return Err(ServiceError::usage("text", message));
    }
    let card = card(asked)?;
    let report = match &asked.product_id {
        Some(id) => prepared(asked, id, config, stock, history, today)?.report(&asked.text, card, voiced)?,
        None => alone(asked, today)?.text(&asked.text, card, &voiced.house()).map_err(too_long)?,
    };
    let limit = card
        .map(|card| FieldLimit { max: card.count.max_for(&asked.text, card.max), counted: card.count.of(&asked.text) });
    Ok(Looked { report, n_characters, limit })
}

fn card(asked: &LookAsked) -> Result<Option<&'static FieldCard>> {
    let Some(name) = &asked.channel else {
        return match &asked.field {
            Some(_) => Err(ServiceError::usage("field", "a field is of a channel; name the channel too")),
            None => Ok(None),
        };
    };
    let channel = channel(name).ok_or_else(|| unknown_channel(name))?;
    let Some(name) = &asked.field else { return Ok(None) };
    let found = channel.fields.iter().find(|card| card.name == name);
    found.map(Some).ok_or_else(|| {
        let allowed: Vec<&str> = channel.fields.iter().map(|card| card.name).collect();
        let message = format!("field is '{}'; allowed: {}", clipped(name), allowed.join(", "));
        ServiceError::usage("field", message)
    })
}

/// That there is no such channel.
pub fn unknown_channel(name: &str) -> ServiceError {
    let allowed: Vec<&str> = content::channel::registry().iter().map(|one| one.name).collect();
    ServiceError::usage("channel", format!("channel is '{}'; allowed: {}", clipped(name), allowed.join(", ")))
}

/// The product's plan, as for a plain push: which channel it is for changes no fact.
fn prepared(
    asked: &LookAsked,
    id: &str,
    config: &ShopConfig,
    stock: &Stock,
    history: &[(Day, Cents)],
    today: Day,
) -> Result<Prepared> {
    let brief = Brief {
        products: vec![(**stock.product(id)?).clone()],
        audience: Audience::default(),
        channel: "push".to_owned(),
        lang: lang(asked.language.as_deref(), config)?,
        offer: asked.offer.as_ref().map(OfferAsked::read).transpose()?,
        shop_name: signature(config),
        currency: config.currency.clone(),
        today: Some(today),
        may_compare: true,
        ..Brief::default()
    };
    Prepared::new(brief, &Grounds { history, ..Grounds::of(stock) })
}

fn alone(asked: &LookAsked, today: Day) -> Result<CopyCheck> {
    let offer = asked.offer.as_ref().map(OfferAsked::read).transpose()?;
    let offer = offer.map(|offer| price::Offer {
        now_cents: offer.price_cents,
        ends_on: offer.ends_on,
        today,
        ..price::Offer::default()
    });
    Ok(CopyCheck::of_text(offer))
}
