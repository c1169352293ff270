//! The card of scores by recency, frequency and money, and the parameters of every card that reads purchases. Cards hold no
//! code: whoever reads the file hands its rows to [`super::Activity::of`] and [`super::Cuts`].

use domain::{Card, Kind, Param};

/// The column of the customer.
pub(crate) const CUSTOMER: Param = Param {
    name: "customer",
    sentence: "The column that says who bought.",
    unit: "",
    kind: Kind::Text { default: "customer" },
};

/// The column of the day.
pub(crate) const DAY: Param = Param {
    name: "day",
    sentence: "The column that says when, YYYY-MM-DD; a time behind it is not looked at.",
    unit: "",
    kind: Kind::Text { default: "day" },
};

/// The column of the money.
pub(crate) const MONEY: Param = Param {
    name: "money",
    sentence: "The column that says for how much, in whole units; refunds are negative.",
    unit: "",
    kind: Kind::Text { default: "money" },
};

/// The day up to which rows count.
pub(crate) const AS_OF: Param = Param {
    name: "as_of",
    sentence: "The day from which is looked back, later rows left out; nothing: the last day of the file.",
    unit: "",
    kind: Kind::Text { default: "" },
};

/// What such a card reads.
pub(crate) const PURCHASES: &str = "a table with a row a purchase: customer, day, money";

pub static CARD: Card = Card {
    name: "rfm",
    sentence: "Scores customers 1 to 5 by how lately, how often and for how much they bought, and names eleven groups.",
    family: "scores",
    params: &[CUSTOMER, DAY, MONEY, AS_OF],
    input: PURCHASES,
    source: "Hughes 1994, Strategic Database Marketing; scores by fifths of the customers, equal values alike",
};
