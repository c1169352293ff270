//! What is offered: a price, a coupon, a gift, until when. Only what stands here is ever promised.

use domain::{Cents, Day};
use serde::{Deserialize, Serialize};

/// An offer. At least one of price, coupon and gift.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Offer {
    /// What the product costs while the offer lasts; below its list price.
    pub price_cents: Option<Cents>,
    /// What is typed in to get it.
    pub coupon: Option<String>,
    /// What the coupon takes off.
    pub coupon_off_cents: Option<Cents>,
    /// What comes with the product, in the language that is written.
    pub gift: Option<String>,
    /// The last day.
    pub ends_on: Option<Day>,
}
