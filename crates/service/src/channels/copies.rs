//! What sendings hand to channels: a copy for one customer by one way. Which channels carry copies, and under what terms, stands on
//! their cards. Who gets what, and whether it may leave, is decided in `sendings`.

use domain::Customer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::config::{EmailConfig, WebhookConfig};
use super::http::Failure;
use super::{Channel, Channels};

/// The card of what is handed over as a file.
pub const FILE: &str = "csv";
/// Before the keys of copies.
pub const KEY_START: &str = "sd_";
const KEY_DIGITS: usize = 24;
/// Stands for the key in an address.
const KEY_PLACE: &str = "{key}";

/// What a channel says of itself to whoever sends by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SendingCard)]
pub struct Card {
    /// Its name in `tercet.toml`; `csv` for a file.
    pub channel: String,
    /// `email`, `webhook` or `csv`.
    pub kind: String,
    /// As `customers.consent` names them; empty for a file, which carries any.
    pub ways: Vec<String>,
    /// Contacts a minute at most.
    pub per_minute: Option<u64>,
    /// Whether the other side takes an id once: what may have arrived is then sent again with the same id.
    pub knows_ids: bool,
    /// Where customers end it, with `{key}` in it.
    pub unsubscribe_url: Option<String>,
}

impl Card {
    pub(super) fn of_webhook(config: &WebhookConfig) -> Card {
        Card {
            kind: "webhook".to_owned(),
            ways: config.campaigns.clone(),
            per_minute: config.per_minute,
            knows_ids: config.knows_ids,
            unsubscribe_url: config.unsubscribe_url.clone(),
            ..Card::default()
        }
    }

    /// A mailbox shows a mail twice that comes twice.
    pub(super) fn of_mail(config: &EmailConfig) -> Card {
        Card {
            kind: "email".to_owned(),
            ways: config.campaigns.clone(),
            per_minute: config.per_minute,
            knows_ids: false,
            unsubscribe_url: config.unsubscribe_url.clone(),
            ..Card::default()
        }
    }

    /// A file is made of what is noted, as often as it is asked for.
    pub fn file() -> Card {
        Card { channel: FILE.to_owned(), kind: FILE.to_owned(), knows_ids: true, ..Card::default() }
    }

    pub fn carries(&self, way: &str) -> bool {
        self.kind == FILE || self.ways.iter().any(|own| own == way)
    }
}

/// A copy as it leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = SendingParcel)]
pub struct CopyParcel {
    /// The receiver may tell repetitions by it.
    pub key: String,
    pub sending_id: String,
    pub campaign_id: String,
    pub customer_id: String,
    pub way: String,
    /// Where it goes, as the channel understands it.
    pub address: String,
    pub draft_id: String,
    pub product_id: String,
    pub lang: String,
    /// Of mails and pushes; empty where there is none.
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    /// Where the customer ends it.
    pub stop_url: Option<String>,
}

impl Channels {
    /// The cards of the channels that carry copies, and that of the file.
    pub fn cards(&self) -> Vec<Card> {
        let named = |(name, channel): (&str, &Channel)| {
            let card = channel.card().filter(|card| !card.ways.is_empty())?;
            Some(Card { channel: name.to_owned(), ..card.clone() })
        };
        self.iter().filter_map(named).chain([Card::file()]).collect()
    }
}

impl Channel {
    fn card(&self) -> Option<&Card> {
        match self {
            Channel::Webhook(webhook) => Some(&webhook.card),
            Channel::Email(mailbox) => Some(&mailbox.card),
            Channel::Callback(_) | Channel::Events(_) => None,
        }
    }

    /// Where a copy for a customer goes; `None` where that is not known.
    pub fn copy_address(&self, customer: &Customer) -> Option<String> {
        match self {
            Channel::Webhook(_) => Some(customer.customer_id.clone()),
            Channel::Email(mailbox) => mailbox.address_of(customer),
            Channel::Callback(_) | Channel::Events(_) => None,
        }
    }

    /// Where the customer who gets the copy with this key ends it.
    pub fn stop_url(&self, key: &str) -> Option<String> {
        match self {
            Channel::Email(mailbox) => {
                let url = mailbox.card.unsubscribe_url.as_ref().map(|url| url.replace(KEY_PLACE, key));
                Some(url.unwrap_or_else(|| mailbox.stop_address(key)))
            }
            _ => self.card()?.unsubscribe_url.as_ref().map(|url| url.replace(KEY_PLACE, key)),
        }
    }

    /// Hands a copy over.
    ///
    /// # Errors
    /// Why it was not taken, and whether it may have arrived all the same.
    pub fn send_copy(&self, parcel: &CopyParcel, now: i64) -> Result<(), Failure> {
        match self {
            Channel::Webhook(webhook) => webhook.send_copy(parcel, now),
            Channel::Email(mailbox) => mailbox.send_copy(parcel),
            Channel::Callback(_) | Channel::Events(_) => Err(Failure::lasting("the channel carries no copies")),
        }
    }
}

/// The key of a copy that stands in a text: in the subject of a mail that asks for no more, in the id of one that came back.
pub fn key_in(text: &str) -> Option<String> {
    let from = text.find(KEY_START)?;
    let digits: String = text[from + KEY_START.len()..].chars().take_while(char::is_ascii_hexdigit).collect();
    (digits.len() == KEY_DIGITS).then(|| format!("{KEY_START}{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_where_they_come_back() {
        let key = format!("{KEY_START}{}", "0a".repeat(12));
        for text in [format!("unsubscribe {key}"), format!("Re: unsubscribe {key} bye"), format!("{key}@shop.example")]
        {
            assert_eq!(key_in(&text).as_deref(), Some(key.as_str()), "{text}");
        }
        for text in ["", "sd_12", "unsubscribe", &key[3..], &format!("{key}0")] {
            assert_eq!(key_in(text), None, "{text}");
        }
    }

    #[test]
    fn a_file_carries_any_way() {
        assert!(Card::file().carries("sms") && !Card::default().carries("sms"));
    }
}
