//! A mailbox as a channel. Mail comes from a Maildir, which any fetcher or mail server fills, or is `POST`ed raw and signed; replies
//! leave by a program that sends as `sendmail` does. A reply stays in its thread by Message-ID and References; what machines write is never answered. An address
//! is no proof of who somebody is: nobody is known as a customer by it.

mod letter;
mod quotes;
mod read;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domain::Customer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::letter::FileOfMail;
pub use self::read::{Kind, Mail, is_address};
use super::config::{EmailConfig, Secrets, secret};
use super::copies::{Card, CopyParcel, key_in};
use super::http::Failure;
use super::notices::NoticeParcel;
use super::signed::SECRET_CHARS_MIN;
use super::{Incoming, Parcel, Told};
use crate::auth::limits::Limits;
use crate::clock;
use crate::conversations::TEXT_CHARS_MAX;
use crate::error::{Kind as ErrorKind, Result, ServiceError};
use crate::serving::{ServedShop, off_thread};

/// Longer mails are not read.
pub const RAW_BYTES_MAX: usize = 4 << 20;
/// Mails of one address that are answered at once, and an hour: two machines that answer each other come to rest.
const BURST: f64 = 10.0;
const AN_HOUR: f64 = 10.0;
/// The code of a mail beyond that.
const FLOOD: &str = "mail_rate";
/// Flags of a Maildir.
const SEEN: &str = ":2,S";
const UNSEEN: &str = ":2,";
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// Mails of one look.
const LOOK_MAX: usize = 100;
/// Ids of a thread that a reply names, the newest.
const REFERENCES_MAX: usize = 20;

/// What a reply to a mail needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Thread {
    to: String,
    subject: String,
    /// Of the thread so far, the last being the one replied to; without angle brackets.
    references: Vec<String>,
}

/// A mail to somebody of the shop.
pub struct ReportMail<'a> {
    /// The same at every try.
    pub key: &'a str,
    pub to: &'a str,
    pub subject: &'a str,
    pub text: &'a str,
    pub files: &'a [FileOfMail],
}

/// The channel.
pub struct Mailbox {
    address: String,
    shop_name: String,
    sendmail: PathBuf,
    pub inbox: Option<PathBuf>,
    /// Of mails that are POSTed.
    pub secret: Option<String>,
    answered: Limits,
    /// Ways by which notices are sent here.
    notices: Vec<String>,
    /// Ways by which sendings leave here, and how.
    pub(super) card: Card,
}

impl Mailbox {
    /// # Errors
    /// If the address is none, or a secret's variable is not set.
    pub fn new(
        name: &str,
        config: &EmailConfig,
        root: &Path,
        shop_name: &str,
        secrets: Secrets<'_>,
    ) -> std::result::Result<Mailbox, String> {
        let address = config.address.trim().to_lowercase();
        if !read::is_address(&address) {
            return Err(format!("address is '{}'; allowed: NAME@HOST", crate::error::clipped(&config.address)));
        }
        let signing =
            |variable: &String| secret(secrets, variable, &format!("the secret of '{name}'"), SECRET_CHARS_MIN);
        Ok(Mailbox {
            address,
            shop_name: shop_name.to_owned(),
            sendmail: config.sendmail.clone(),
            inbox: config.inbox.as_ref().map(|inbox| root.join(inbox)),
            secret: config.secret_env.as_ref().map(signing).transpose()?,
            answered: Limits::new(BURST, AN_HOUR / 3600.0),
            notices: config.notices.clone(),
            card: Card::of_mail(config),
        })
    }

    /// That of the program's ids.
    fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The mail that carries a delivery, and whom it is for.
    fn letter(&self, key: &str, parcel: &Parcel) -> std::result::Result<(String, String), Failure> {
        let none = || Failure::lasting("the customer's address is none");
        let thread: Thread = serde_json::from_value(parcel.thread.clone()).map_err(|_| none())?;
        if !read::is_address(&thread.to) {
            return Err(none());
        }
        let letter = letter::Letter {
            from_name: &self.shop_name,
            from: &self.address,
            to: &thread.to,
            subject: &read::reply_subject(&thread.subject),
            // The same at every try: a mailbox shows a mail once that comes twice.
            id: &format!("{key}@{}", self.domain()),
            references: &thread.references,
            is_automatic: parcel.message["from"] != "person",
            text: &format!("{}\n\n-- \n{}\n", parcel.text, self.shop_name),
            html: None,
            stop: None,
            files: &[],
        };
        Ok((letter.write(), thread.to))
    }

    pub(super) fn send(&self, key: &str, parcel: &Parcel) -> std::result::Result<(), Failure> {
        let (letter, to) = self.letter(key, parcel)?;
        letter::hand_to(&self.sendmail, &self.address, &to, letter.as_bytes())
    }

    pub(super) fn carries(&self, way: &str) -> bool {
        self.notices.iter().any(|own| own == way)
    }

    /// Where a customer has mail, as the shop's table says.
    pub(super) fn address_of(&self, customer: &Customer) -> Option<String> {
        let extra: Value = serde_json::from_str(customer.extra.as_deref()?).ok()?;
        let address = extra["email"].as_str()?.trim().to_owned();
        read::is_address(&address).then_some(address)
    }

    /// A mail that answers none.
    pub(super) fn send_notice(&self, key: &str, parcel: &NoticeParcel) -> std::result::Result<(), Failure> {
        if !read::is_address(&parcel.address) {
            return Err(Failure::lasting("the customer's address is none"));
        }
        let letter = letter::Letter {
            from_name: &self.shop_name,
            from: &self.address,
            to: &parcel.address,
            subject: &parcel.subject,
            id: &format!("{key}@{}", self.domain()),
            references: &[],
            is_automatic: true,
            text: &format!("{}\n\n-- \n{}\n", parcel.text, self.shop_name),
            html: None,
            stop: None,
            files: &[],
        };
        letter::hand_to(&self.sendmail, &self.address, &parcel.address, letter.write().as_bytes())
    }

    /// Where a mail goes by which somebody takes their consent back: its subject says what they got.
    pub(super) fn stop_address(&self, key: &str) -> String {
        format!("mailto:{}?subject=unsubscribe%20{key}", self.address)
    }

    /// A mail of a sending.
    pub(super) fn send_copy(&self, parcel: &CopyParcel) -> std::result::Result<(), Failure> {
        if !read::is_address(&parcel.address) {
            return Err(Failure::lasting("the customer's address is none"));
        }
        let letter = letter::Letter {
            from_name: &self.shop_name,
            from: &self.address,
            to: &parcel.address,
            subject: &parcel.subject,
            id: &format!("{}@{}", parcel.key, self.domain()),
            references: &[],
            is_automatic: true,
            text: &parcel.text,
            html: parcel.html.as_deref(),
            stop: parcel.stop_url.as_deref(),
            files: &[],
        };
        letter::hand_to(&self.sendmail, &self.address, &parcel.address, letter.write().as_bytes())
    }

    /// A mail to somebody of the shop, with files.
    pub fn send_report(&self, mail: &ReportMail<'_>) -> std::result::Result<(), Failure> {
        if !read::is_address(mail.to) {
            return Err(Failure::lasting("the address is none"));
        }
        let letter = letter::Letter {
            from_name: &self.shop_name,
            from: &self.address,
            to: mail.to,
            subject: mail.subject,
            id: &format!("{}@{}", mail.key, self.domain()),
            references: &[],
            is_automatic: true,
            text: mail.text,
            html: None,
            stop: None,
            files: mail.files,
        };
        letter::hand_to(&self.sendmail, &self.address, mail.to, letter.write().as_bytes())
    }

    /// Which thread a mail belongs to: that of the mails it names, if the same address wrote in it before.
    fn peer(&self, mail: &Mail, state: &data::state::SqliteState) -> Result<String> {
        let ours = mail.references.iter().rev().find_map(|id| self.conversation_of(id));
        if let Some(thread) = ours.map(|id| state.thread_of(id)).transpose()?.flatten()
            && thread.peer.split(' ').next() == Some(mail.from.as_str())
        {
            return Ok(thread.peer);
        }
        Ok(format!("{} {}", mail.from, mail.references.first().unwrap_or(&mail.id)))
    }

    /// The conversation of a Message-ID that is ours: `CONVERSATION-SEQ-PART@DOMAIN`.
    fn conversation_of<'a>(&self, id: &'a str) -> Option<&'a str> {
        let (key, domain) = id.split_once('@')?;
        let mut parts = key.rsplitn(3, '-');
        let numbers = [parts.next()?, parts.next()?];
        let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let conversation = parts.next()?;
        (domain.eq_ignore_ascii_case(self.domain()) && numbers.iter().all(is_number) && conversation.starts_with("cv_"))
            .then_some(conversation)
    }

    fn incoming(&self, channel: &str, mail: Mail, state: &data::state::SqliteState) -> Result<Incoming> {
        let peer = self.peer(&mail, state)?;
        let mut references = mail.references.clone();
        references.push(mail.id.clone());
        references.drain(..references.len().saturating_sub(REFERENCES_MAX));
        let is_first = mail.references.is_empty();
        let thread = Thread { to: mail.from.clone(), subject: mail.subject.clone(), references };
        Ok(Incoming {
            channel: channel.to_owned(),
            peer,
            key: format!("{} {}", mail.from, mail.id),
            told: told(&mail, is_first),
            lang: None,
            thread: serde_json::to_value(&thread).unwrap_or(Value::Null),
            customer_id: None,
        })
    }
}

/// What a mail says: without what it quotes; a first mail with its subject, in which many ask.
fn told(mail: &Mail, is_first: bool) -> Told {
    let text = quotes::own_words(&mail.text);
    let subject = mail.subject.trim();
    let whole = match is_first && !subject.is_empty() && !text.contains(subject) {
        true => format!("{subject}\n{text}"),
        false => text,
    };
    let whole: String = whole.trim().chars().take(TEXT_CHARS_MAX).collect();
    match whole.is_empty() {
        true => Told::Unreadable("附件", "attachments"),
        false => Told::Text(whole.replace('\0', "\u{fffd}")),
    }
}

/// What is made of a mail.
enum Sorted {
    Heard(Box<Incoming>),
    /// One of ours came back: the conversation it belonged to.
    Returned(String),
    /// Something of a sending came back: its key.
    CopyReturned(String),
    /// Whoever got something of a sending wants no more.
    OptsOut(String),
    /// No person wrote it, or it is our own.
    Left,
}

/// Takes a mail: has it answered, or notes that ours did not arrive, or leaves alone what no person wrote.
///
/// # Errors
/// If it is none, its sender sends too many, or nothing can be written.
pub async fn receive(shop: &Arc<ServedShop>, channel: &str, raw: Vec<u8>) -> Result<()> {
    let (own, name) = (shop.clone(), channel.to_owned());
    match off_thread(move || sorted(&own, &name, &raw)).await? {
        Sorted::Left => {}
        Sorted::Returned(conversation_id) => {
            let note = "一封回复被退回 / a mail of this conversation came back as undeliverable".to_owned();
            if let Err(error) = shop.note(&conversation_id, "tercet".to_owned(), note).await {
                tracing::warn!(channel, message = %error.code, "a returned mail belongs to no conversation");
            }
        }
        Sorted::CopyReturned(key) => {
            let own = shop.clone();
            off_thread(move || Ok(own.shop.state()?.note_returned(&key, clock::now().0)?)).await?;
        }
        Sorted::OptsOut(key) => {
            if let Err(error) = shop.opt_out_by_key(&key).await {
                tracing::warn!(channel, message = %error.code, "a mail that asks for no more belongs to nothing sent");
            }
        }
        Sorted::Heard(incoming) => drop(shop.hear(*incoming).await?),
    }
    Ok(())
}

fn sorted(shop: &ServedShop, channel: &str, raw: &[u8]) -> Result<Sorted> {
    let Some(super::Channel::Email(mailbox)) = shop.channels.get(channel) else { return Ok(Sorted::Left) };
    let none = || ServiceError::usage("mail", "the body is no mail with a sender (RFC 5322)");
    let mail = read::read(raw).ok_or_else(none)?;
    let is_own = mail.from == mailbox.address;
    match mail.kind {
        Kind::Bounce => {
            if let Some(key) = mail.references.iter().find_map(|id| key_in(id)) {
                return Ok(Sorted::CopyReturned(key));
            }
            let ours = mail.references.iter().find_map(|id| mailbox.conversation_of(id));
            return Ok(ours.map_or(Sorted::Left, |id| Sorted::Returned(id.to_owned())));
        }
        Kind::Automatic => return Ok(Sorted::Left),
        Kind::Person if is_own => return Ok(Sorted::Left),
        Kind::Person => {
            if let Some(key) = key_in(&mail.subject) {
                return Ok(Sorted::OptsOut(key));
            }
        }
    }
    let state = shop.shop.state()?;
    // What was heard is not counted again.
    if state.heard_in(channel, &format!("{} {}", mail.from, mail.id))?.is_none() {
        let taken = mailbox.answered.take(&mail.from, 1.0, clock::now().0);
        taken.map_err(|_| ServiceError::new(ErrorKind::TooMany, FLOOD, "an address sends too many mails an hour"))?;
    }
    Ok(Sorted::Heard(Box::new(mailbox.incoming(channel, mail, &state)?)))
}

/// Reads a channel's Maildir until the server stops.
pub async fn watch(shop: Arc<ServedShop>, channel: String) {
    let Some(super::Channel::Email(mailbox)) = shop.channels.get(&channel) else { return };
    let Some(inbox) = mailbox.inbox.clone() else { return };
    loop {
        if let Err(error) = look(&shop, &channel, &inbox).await {
            tracing::warn!(channel, message = %error.message, "the inbox cannot be read; it is tried again");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// One look into `new`: what is done with goes to `cur`. A stop between the two only means that a mail is read again, and is
/// known by its id.
///
/// # Errors
/// If the folder cannot be read.
async fn look(shop: &Arc<ServedShop>, channel: &str, inbox: &Path) -> Result<()> {
    let folder = inbox.to_owned();
    for path in off_thread(move || waiting(&folder)).await? {
        let file = path.clone();
        let raw = off_thread(move || Ok(fs::read(file)?)).await?;
        match receive(shop, channel, raw).await {
            Ok(()) => set_aside_soon(inbox, path, SEEN).await?,
            // People find it in the mailbox; nobody else waits behind it.
            Err(error) if error.kind == ErrorKind::Usage || error.code == FLOOD => {
                tracing::warn!(channel, message = %error.message, "a mail is set aside unread");
                set_aside_soon(inbox, path, UNSEEN).await?;
            }
            // Tried again: the disk may be full.
            Err(error) => tracing::error!(channel, message = %error.message, "a mail is tried again"),
        }
    }
    Ok(())
}

/// Mails in `new`, by name; those too long go to `cur` unread.
fn waiting(inbox: &Path) -> Result<Vec<PathBuf>> {
    for name in ["new", "cur", "tmp"] {
        fs::create_dir_all(inbox.join(name))?;
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(inbox.join("new"))? {
        let path = entry?.path();
        let about = fs::symlink_metadata(&path)?;
        if !about.is_file() {
            continue;
        }
        if about.len() > RAW_BYTES_MAX as u64 {
            tracing::warn!(bytes = about.len(), "a mail is too long and is set aside unread");
            set_aside(inbox, &path, UNSEEN)?;
            continue;
        }
        found.push(path);
    }
    found.sort();
    found.truncate(LOOK_MAX);
    Ok(found)
}

async fn set_aside_soon(inbox: &Path, path: PathBuf, flags: &'static str) -> Result<()> {
    let inbox = inbox.to_owned();
    off_thread(move || set_aside(&inbox, &path, flags)).await
}

/// Moves a mail out of `new`, as a Maildir has it.
fn set_aside(inbox: &Path, path: &Path, flags: &str) -> Result<()> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let base = name.split(":2,").next().unwrap_or_default().to_owned();
    Ok(fs::rename(path, inbox.join("cur").join(format!("{base}{flags}")))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox() -> Mailbox {
        let config = EmailConfig {
            address: "service@shop.example".into(),
            inbox: Some("mail".into()),
            secret_env: None,
            sendmail: "/usr/sbin/sendmail".into(),
            notices: vec!["email".into()],
            campaigns: vec!["email".into()],
            per_minute: None,
            unsubscribe_url: None,
        };
        Mailbox::new("email", &config, Path::new("/shop"), "小店", &|_| None).unwrap()
    }

    #[test]
    fn a_reply_stays_in_its_thread_and_says_that_a_machine_wrote_it() {
        let thread = Thread {
            to: "li@example.com".into(),
            subject: "退货".into(),
            references: vec!["a@x".into(), "b@x".into()],
        };
        let parcel = |from: &str| Parcel {
            peer: "li@example.com a@x".into(),
            thread: serde_json::to_value(&thread).unwrap(),
            text: "您好\n第二行".into(),
            message: serde_json::json!({"from": from}),
            conversation: Value::Null,
        };
        let mailbox = mailbox();
        let written = |parcel: &Parcel| mailbox.letter("cv_1-3-0", parcel).unwrap().0;
        let mail = read::read(written(&parcel("bot")).as_bytes()).unwrap();
        assert_eq!(mail.id, "cv_1-3-0@shop.example");
        assert_eq!(mail.references, ["a@x", "b@x"]);
        assert_eq!((mail.subject.as_str(), mail.kind), ("Re: 退货", Kind::Automatic));
        assert_eq!(quotes::own_words(&mail.text), "您好\n第二行");
        assert_eq!(read::read(written(&parcel("person")).as_bytes()).unwrap().kind, Kind::Person);
        // Neither a subject nor an id can add a header, nor an address a receiver.
        let forged = Thread {
            subject: "x\r\nBcc: all@example.com".into(),
            references: vec!["a@x>\r\nBcc: all@example.com".into()],
            ..thread.clone()
        };
        let forged = Parcel { thread: serde_json::to_value(&forged).unwrap(), ..parcel("bot") };
        assert!(!written(&forged).lines().any(|line| line.starts_with("Bcc")), "{}", written(&forged));
        for to in ["a@x.com\r\nBcc: b@x.com", "-oQ@x.com", "a@x.com, b@x.com"] {
            let forged = Thread { to: to.into(), ..thread.clone() };
            let forged = Parcel { thread: serde_json::to_value(&forged).unwrap(), ..parcel("bot") };
            assert!(mailbox.letter("k", &forged).is_err(), "{to}");
        }
    }

    #[test]
    fn a_notice_goes_to_the_address_of_the_table_and_to_no_other() {
        let of = |extra: Option<&str>| {
            let customer = Customer { extra: extra.map(str::to_owned), ..Customer::default() };
            mailbox().address_of(&customer)
        };
        assert_eq!(of(Some("{\"email\": \" li@example.com\"}")).as_deref(), Some("li@example.com"));
        for extra in [None, Some("{}"), Some("not json"), Some("{\"email\": \"a@x.com, b@x.com\"}")] {
            assert_eq!(of(extra), None, "{extra:?}");
        }
        assert!(mailbox().carries("email") && !mailbox().carries("sms"));
    }

    #[test]
    fn ids_of_ours_name_their_conversation() {
        let mailbox = mailbox();
        assert_eq!(mailbox.conversation_of("cv_ab12-3-0@shop.example"), Some("cv_ab12"));
        for id in [
            "cv_ab12-3-0@other.example",
            "cv_ab12-x-0@shop.example",
            "ab12-3-0@shop.example",
            "cv_ab12",
            "-0@shop.example",
            "",
        ] {
            assert_eq!(mailbox.conversation_of(id), None, "{id}");
        }
    }
}
