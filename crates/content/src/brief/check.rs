//! Whether a brief can be written: limits, channel, language, offer. Not whether what it says is lawful.

use domain::Cents;

use super::{Brief, BriefError, Goal, Lang, Offer};
use crate::channel::{self, Channel};

/// Products of one brief.
pub const PRODUCTS_MAX: usize = 20;
/// Characters of the shop's name, as it opens a text message.
const SHOP_CHARS_MAX: usize = 16;
const COUPON_CHARS_MAX: usize = 24;
const GIFT_CHARS_MAX: usize = 40;
const WEIGHTS_MAX: usize = 200;

impl Brief {
    /// Whether it can be written, and on which channel.
    ///
    /// # Errors
    /// What was found, what is allowed, and what to do.
    pub fn check(&self) -> Result<&'static Channel, BriefError> {
        self.check_products()?;
        let channel = channel::channel(&self.channel).ok_or_else(|| BriefError::UnknownChannel {
            found: clipped(&self.channel),
            allowed: channel::registry().iter().map(|one| one.name).collect::<Vec<_>>().join(", "),
        })?;
        if !channel.languages.contains(&self.lang) {
            return Err(BriefError::Language {
                channel: channel.name,
                found: self.lang.choose("Chinese", "English"),
                allowed: self.lang.choose("en", "zh"),
            });
        }
        self.check_audience()?;
        words("shop_name", &self.shop_name, SHOP_CHARS_MAX)?;
        if channel.needs_shop && self.shop_name.trim().is_empty() {
            return Err(unfit("shop_name", "", "the shop's name, with which this channel begins"));
        }
        if !currency_is_known(&self.currency) {
            return Err(unfit("currency", &self.currency, "three capital letters of ISO 4217, such as CNY"));
        }
        if let Some(offer) = &self.offer {
            self.check_offer(offer)?;
        }
        match self.goal {
            Goal::Promotion if self.offer.is_none() => {
                Err(BriefError::Missing { goal: self.goal.name(), what: "an offer (a price, a coupon or a gift)" })
            }
            Goal::Upgrade | Goal::CrossSell if self.audience.owned.is_none() => {
                Err(BriefError::Missing { goal: self.goal.name(), what: "what the customers own (audience.owned)" })
            }
            _ => Ok(channel),
        }
    }

    fn check_products(&self) -> Result<(), BriefError> {
        if self.products.is_empty() {
            return Err(BriefError::NoProduct);
        }
        if self.products.len() > PRODUCTS_MAX {
            return Err(BriefError::TooManyProducts { found: self.products.len(), allowed: PRODUCTS_MAX });
        }
        let owned = self.audience.owned.as_ref();
        for product in self.products.iter().chain(owned) {
            if crate::plan::names::clean(&product.name).is_empty() {
                return Err(BriefError::NoName { product_id: product.product_id.clone() });
            }
            if let Some(price) = product.price_cents.filter(|price| price.0 < 0) {
                return Err(unfit("price_cents", &price.0.to_string(), "a price of 0 or more, or none"));
            }
        }
        Ok(())
    }

    fn check_audience(&self) -> Result<(), BriefError> {
        let weights = &self.audience.weights;
        if weights.len() > WEIGHTS_MAX {
            return Err(unfit("audience.weights", &format!("{} entries", weights.len()), "at most 200 entries"));
        }
        let share = |what, value: f64| match (0.0..=1.0).contains(&value) {
            true => Ok(()),
            false => Err(unfit(what, &value.to_string(), "a number from 0 to 1")),
        };
        weights.values().try_for_each(|weight| share("audience.weights", *weight))?;
        self.audience.price_sensitivity.map_or(Ok(()), |value| share("audience.price_sensitivity", value))
    }

    fn check_offer(&self, offer: &Offer) -> Result<(), BriefError> {
        let Offer { price_cents, coupon, coupon_off_cents, gift, ends_on } = offer;
        if price_cents.is_none() && coupon.is_none() && gift.is_none() {
            return Err(BriefError::EmptyOffer);
        }
        words("offer.coupon", coupon.as_deref().unwrap_or_default(), COUPON_CHARS_MAX)?;
        words("offer.gift", gift.as_deref().unwrap_or_default(), GIFT_CHARS_MAX)?;
        let hero = self.hero();
        for (what, amount) in [("offer.price_cents", price_cents), ("offer.coupon_off_cents", coupon_off_cents)] {
            if let Some(amount) = amount.filter(|amount| amount.0 <= 0) {
                return Err(unfit(what, &amount.0.to_string(), "more than 0"));
            }
        }
        if let (Some(price), Some(list)) = (price_cents, hero.price_cents)
            && price.0 >= list.0
        {
            return Err(above_list(&hero.product_id, *price, list));
        }
        let to_pay = price_cents.or(hero.price_cents);
        if let (Some(off), Some(price)) = (coupon_off_cents, to_pay)
            && off.0 >= price.0
        {
            return Err(unfit("offer.coupon_off_cents", &off.to_string(), "less than the price"));
        }
        match (ends_on, self.today) {
            (Some(end), Some(today)) if *end < today => {
                Err(BriefError::OfferEnded { ends_on: end.to_string(), today: today.to_string() })
            }
            _ => Ok(()),
        }
    }
}

fn above_list(product_id: &str, offer: Cents, list: Cents) -> BriefError {
    BriefError::OfferAboveList { product_id: product_id.to_owned(), offer: offer.to_string(), list: list.to_string() }
}

fn unfit(what: &'static str, found: &str, allowed: &str) -> BriefError {
    BriefError::Unfit { what, found: clipped(found), allowed: allowed.to_owned() }
}

/// What is shown of something from outside.
fn clipped(text: &str) -> String {
    text.chars().filter(|one| !one.is_control()).take(60).collect()
}

/// One line of a few characters.
fn words(what: &'static str, text: &str, most: usize) -> Result<(), BriefError> {
    if text.chars().count() > most || text.chars().any(char::is_control) {
        return Err(unfit(what, text, &format!("one line of at most {most} characters")));
    }
    Ok(())
}

fn currency_is_known(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|letter| letter.is_ascii_uppercase())
}

/// The language's code.
impl Lang {
    pub fn code(self) -> &'static str {
        self.choose("zh", "en")
    }
}
