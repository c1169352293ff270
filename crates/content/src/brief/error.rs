//! Why a brief is refused: what was found, what is allowed, what to do.

/// The one error of a brief.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BriefError {
    #[error("the brief names no product; name at least one")]
    NoProduct,
    #[error("the brief names {found} products; at most {allowed} are written about at once: split it")]
    TooManyProducts { found: usize, allowed: usize },
    #[error("the product '{product_id}' has no name; give it one, as nothing can be said of it without")]
    NoName { product_id: String },
    #[error("there is no channel '{found}'; there are: {allowed}")]
    UnknownChannel { found: String, allowed: String },
    #[error("the channel '{channel}' is not written in {found}; choose another channel or language: {allowed}")]
    Language { channel: &'static str, found: &'static str, allowed: &'static str },
    #[error("{what} is '{found}'; allowed: {allowed}")]
    Unfit { what: &'static str, found: String, allowed: String },
    #[error(
        "the offer's price {offer} is not below the price {list} of '{product_id}'; lower it or leave the offer out"
    )]
    OfferAboveList { product_id: String, offer: String, list: String },
    #[error("the offer ended on {ends_on} and today is {today}; extend it or leave it out")]
    OfferEnded { ends_on: String, today: String },
    #[error("an offer needs a price, a coupon or a gift; give one or leave the offer out")]
    EmptyOffer,
    #[error("the goal {goal} needs {what}; give it or choose another goal")]
    Missing { goal: &'static str, what: &'static str },
}
