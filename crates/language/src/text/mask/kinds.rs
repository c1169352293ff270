//! The kinds of what is personal.

/// What a mark stands for. In order of certainty: where two are possible the first is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonalKind {
    Email,
    /// A national id with a right check digit.
    Id,
    /// The number of a device.
    Imei,
    /// Of a bank card, with a right check digit.
    Card,
    Phone,
    Order,
    Wechat,
    Qq,
    Serial,
    Plate,
    /// A network address outside private ranges.
    Ip,
    Address,
    /// A name that stands where names are asked for.
    Name,
    /// A long number of a kind that is not known.
    Number,
}

impl PersonalKind {
    /// As marks have it.
    pub fn name(self) -> &'static str {
        use PersonalKind::*;
        match self {
            Email => "EMAIL",
            Id => "ID",
            Imei => "IMEI",
            Card => "CARD",
            Phone => "PHONE",
            Order => "ORDER",
            Wechat => "WECHAT",
            Qq => "QQ",
            Serial => "SERIAL",
            Plate => "PLATE",
            Ip => "IP",
            Address => "ADDRESS",
            Name => "NAME",
            Number => "NUMBER",
        }
    }
}
